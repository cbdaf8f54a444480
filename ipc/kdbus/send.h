/* SPDX-License-Identifier: GPL-2.0 */
/* SEND: a message's way from the memory of its sender to the queues. */
#ifndef KDBUS_SEND_H
#define KDBUS_SEND_H

struct kdbus_arg;
struct kdbus_conn;

extern const struct kdbus_arg_rules kdbus_send_rules;

int kdbus_cmd_send(struct kdbus_conn *conn, struct kdbus_arg *arg);

#endif
