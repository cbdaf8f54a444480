/* SPDX-License-Identifier: GPL-2.0 */
/* UPDATE: a connection changes its mind. */
#ifndef KDBUS_UPDATE_H
#define KDBUS_UPDATE_H

struct kdbus_arg;
struct kdbus_conn;

extern const struct kdbus_arg_rules kdbus_update_rules;

int kdbus_cmd_update(struct kdbus_conn *conn, struct kdbus_arg *arg);

#endif
