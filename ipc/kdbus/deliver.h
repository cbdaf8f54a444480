/* SPDX-License-Identifier: GPL-2.0 */
/* A copy of a message on its way into one queue. */
#ifndef KDBUS_DELIVER_H
#define KDBUS_DELIVER_H

#include <linux/types.h>

#include "entry.h"

struct kdbus_conn;
struct kdbus_files;
struct kdbus_patience;
struct kdbus_payload;
struct kdbus_user;

struct kdbus_entry *kdbus_deliver_reserve(struct kdbus_conn *dst, struct kdbus_user *user,
					  size_t size, s64 priority, struct kdbus_files *files,
					  gfp_t effort, const struct kdbus_patience *patience);
struct kdbus_entry *kdbus_deliver_reserve_shared(struct kdbus_conn *dst, struct kdbus_user *user,
						 size_t own, struct kdbus_payload *payload,
						 s64 priority, struct kdbus_files *files);
void kdbus_deliver_commit_locked(struct kdbus_conn *dst, struct kdbus_entry *entry, u64 seen);
int kdbus_deliver_commit(struct kdbus_conn *dst, struct kdbus_entry *entry, u64 seen);
void kdbus_deliver_abort(struct kdbus_conn *dst, struct kdbus_entry *entry);
struct kdbus_entry *kdbus_deliver_image(struct kdbus_conn *dst, struct kdbus_user *user,
					const void *image, size_t size);

void kdbus_entry_uncharge_locked(struct kdbus_conn *dst, struct kdbus_entry *entry);
void kdbus_entry_free(struct kdbus_conn *dst, struct kdbus_entry *entry);

#endif
