/* SPDX-License-Identifier: GPL-2.0 */
/* LIST: the connections and names of a bus. */
#ifndef KDBUS_LIST_H
#define KDBUS_LIST_H

struct kdbus_arg;
struct kdbus_conn;

extern const struct kdbus_arg_rules kdbus_list_rules;

int kdbus_cmd_list(struct kdbus_conn *conn, struct kdbus_arg *arg);

#endif
