/* SPDX-License-Identifier: GPL-2.0 */
/* HELLO: an open endpoint becomes a connection. */
#ifndef KDBUS_HELLO_H
#define KDBUS_HELLO_H

struct file;
struct kdbus_arg;
struct kdbus_conn;
struct kdbus_ep;

extern const struct kdbus_arg_rules kdbus_hello_rules;

int kdbus_hello(struct kdbus_ep *ep, struct file *file, struct kdbus_arg *arg,
		struct kdbus_conn **made);

#endif
