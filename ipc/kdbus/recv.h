/* SPDX-License-Identifier: GPL-2.0 */
/* RECV and FREE: messages leave the queue, slices leave the pool. */
#ifndef KDBUS_RECV_H
#define KDBUS_RECV_H

struct kdbus_arg;
struct kdbus_conn;

extern const struct kdbus_arg_rules kdbus_recv_rules;
extern const struct kdbus_arg_rules kdbus_free_rules;

int kdbus_cmd_recv(struct kdbus_conn *conn, struct kdbus_arg *arg);
int kdbus_cmd_free(struct kdbus_conn *conn, struct kdbus_arg *arg);

#endif
