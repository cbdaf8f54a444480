/* SPDX-License-Identifier: GPL-2.0 */
/* SEND: a message's way from the memory of its sender to the queues. */
#ifndef KDBUS_SEND_H
#define KDBUS_SEND_H

#include <linux/types.h>

struct kdbus_arg;
struct kdbus_conn;
struct kdbus_entry;
struct kdbus_item;

/**
 * struct kdbus_send_how - what a command that sends says beside the message
 * @negotiate: look at the message, but do not send it
 * @is_sync: wait for the reply
 * @waits: for room
 * @deadline: DEADLINE, or NULL
 * @cancel: CANCEL_FD, or NULL
 * @free: FREE, or NULL: freed when the message has been sent, before a reply is
 *        waited for
 */
struct kdbus_send_how {
	bool negotiate;
	bool is_sync;
	bool waits;
	const struct kdbus_item *deadline;
	const struct kdbus_item *cancel;
	const struct kdbus_item *free;
};

extern const struct kdbus_arg_rules kdbus_send_rules;

int kdbus_cmd_send(struct kdbus_conn *conn, struct kdbus_arg *arg);
int kdbus_send(struct kdbus_conn *conn, u64 address, const struct kdbus_send_how *how,
	       struct kdbus_entry **reply, bool *is_lost);
int kdbus_send_check_how(const struct kdbus_send_how *how);

#endif
