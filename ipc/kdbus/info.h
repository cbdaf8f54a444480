/* SPDX-License-Identifier: GPL-2.0 */
/* CONN_INFO and BUS_CREATOR_INFO: who is that? */
#ifndef KDBUS_INFO_H
#define KDBUS_INFO_H

struct kdbus_arg;
struct kdbus_conn;

extern const struct kdbus_arg_rules kdbus_conn_info_rules;
extern const struct kdbus_arg_rules kdbus_creator_info_rules;

int kdbus_cmd_conn_info(struct kdbus_conn *conn, struct kdbus_arg *arg);
int kdbus_cmd_creator_info(struct kdbus_conn *conn, struct kdbus_arg *arg);

#endif
