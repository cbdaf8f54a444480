/* SPDX-License-Identifier: GPL-2.0 */
/* A connection leaves its bus. */
#ifndef KDBUS_LEAVE_H
#define KDBUS_LEAVE_H

struct kdbus_arg;
struct kdbus_conn;

extern const struct kdbus_arg_rules kdbus_byebye_rules;

void kdbus_leave(struct kdbus_conn *conn);
int kdbus_cmd_byebye(struct kdbus_conn *conn, struct kdbus_arg *arg);

#endif
