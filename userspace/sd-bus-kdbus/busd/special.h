/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * special.h - connections that are no peers: activators and holders of policy
 *
 * They send nothing, so a descriptor is all there is of them.
 */
#ifndef KDBUS_BUSD_SPECIAL_H
#define KDBUS_BUSD_SPECIAL_H

#include <stdint.h>

#include <linux/kdbus.h>

#include "policy.h"

int special_open(const char *endpoint, uint64_t hello_flag, const char *name,
		 const struct policy_entry *policy);
int special_set_policy(int fd, const char *name, const struct policy_entry *policy);

/* Told about a message before it is dropped; @msg is valid until the function returns. */
typedef void (*special_message_fn)(void *context, const struct kdbus_msg *msg);

int special_drop_messages(int fd, special_message_fn fn, void *context);

#endif /* KDBUS_BUSD_SPECIAL_H */
