/* SPDX-License-Identifier: GPL-2.0 */
/* ROOM: would a message find room? */
#ifndef KDBUS_ROOM_H
#define KDBUS_ROOM_H

struct kdbus_arg;
struct kdbus_arg_rules;
struct kdbus_conn;

extern const struct kdbus_arg_rules kdbus_room_rules;

int kdbus_cmd_room(struct kdbus_conn *conn, struct kdbus_arg *arg);

#endif
