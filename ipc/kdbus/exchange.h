/* SPDX-License-Identifier: GPL-2.0 */
/* EXCHANGE: send, free and receive in one command. */
#ifndef KDBUS_EXCHANGE_H
#define KDBUS_EXCHANGE_H

struct kdbus_arg;
struct kdbus_conn;

extern const struct kdbus_arg_rules kdbus_exchange_rules;

int kdbus_cmd_exchange(struct kdbus_conn *conn, struct kdbus_arg *arg);

#endif
