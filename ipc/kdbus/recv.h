/* SPDX-License-Identifier: GPL-2.0 */
/* RECV and FREE: messages leave the queue, slices leave the pool. */
#ifndef KDBUS_RECV_H
#define KDBUS_RECV_H

#include <linux/types.h>

struct kdbus_arg;
struct kdbus_conn;
struct kdbus_entry;
struct kdbus_item;

extern const struct kdbus_arg_rules kdbus_recv_rules;
extern const struct kdbus_arg_rules kdbus_free_rules;

int kdbus_cmd_recv(struct kdbus_conn *conn, struct kdbus_arg *arg);
int kdbus_cmd_free(struct kdbus_conn *conn, struct kdbus_arg *arg);

struct kdbus_entry *kdbus_recv_begin(struct kdbus_conn *conn, const s64 *least, u64 *lost);
void kdbus_recv_undo(struct kdbus_conn *conn, struct kdbus_entry *entry, u64 lost);
void kdbus_recv_finish(struct kdbus_conn *conn, struct kdbus_entry *entry);

bool kdbus_free_check(struct kdbus_conn *conn, const struct kdbus_item *item);
void kdbus_free_all(struct kdbus_conn *conn, const struct kdbus_item *item);

#endif
