/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* notify.h - notifications of the kernel as signals and errors of D-Bus */
#ifndef KBUS_NOTIFY_H
#define KBUS_NOTIFY_H

#include "conn.h"

int kbus_notify_to_message(struct kbus_conn *conn, const struct kdbus_msg *msg,
			   uint8_t **ret_data, size_t *ret_size);

#endif /* KBUS_NOTIFY_H */
