/* SPDX-License-Identifier: GPL-2.0 */
/* NAME_ACQUIRE, NAME_RELEASE, MATCH_ADD, MATCH_REMOVE: what a connection registers. */
#ifndef KDBUS_REGISTRY_H
#define KDBUS_REGISTRY_H

struct kdbus_arg;
struct kdbus_conn;

extern const struct kdbus_arg_rules kdbus_name_acquire_rules;
extern const struct kdbus_arg_rules kdbus_name_release_rules;
extern const struct kdbus_arg_rules kdbus_match_add_rules;
extern const struct kdbus_arg_rules kdbus_match_remove_rules;

int kdbus_cmd_name_acquire(struct kdbus_conn *conn, struct kdbus_arg *arg);
int kdbus_cmd_name_release(struct kdbus_conn *conn, struct kdbus_arg *arg);
int kdbus_cmd_match_add(struct kdbus_conn *conn, struct kdbus_arg *arg);
int kdbus_cmd_match_remove(struct kdbus_conn *conn, struct kdbus_arg *arg);

#endif
