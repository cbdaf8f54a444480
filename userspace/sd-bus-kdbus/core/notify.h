/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* notify.h - notifications of the kernel as signals and errors of D-Bus */
#ifndef KBUS_NOTIFY_H
#define KBUS_NOTIFY_H

#include "conn.h"

bool kbus_notify_concerns_us(const struct kbus_conn *conn, const struct kdbus_msg *msg);
int kbus_notify_broadcast(struct kbus_conn *conn, const struct kdbus_msg *msg,
			  uint8_t **ret_data, size_t *ret_size);
int kbus_notify_own(struct kbus_conn *conn, const struct kdbus_msg *msg, uint8_t **ret_data,
		    size_t *ret_size);
int kbus_notify_watch_names(struct kbus_conn *conn);

#endif /* KBUS_NOTIFY_H */
