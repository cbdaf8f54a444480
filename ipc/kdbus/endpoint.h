/* SPDX-License-Identifier: GPL-2.0 */
/* An entrance to a bus. */
#ifndef KDBUS_ENDPOINT_H
#define KDBUS_ENDPOINT_H

#include <linux/list.h>
#include <linux/mutex.h>

#include "node.h"
#include "policy.h"

struct file;
struct kdbus_arg;
struct kdbus_bus;
struct kdbus_conn;
struct kdbus_user;

/**
 * struct kdbus_ep - an entrance to a bus
 * @node: its file; carries the references
 * @bus: pinned, set once
 * @entry: link in kdbus_bus.endpoints; under kdbus_bus.lock
 * @is_custom: made by ENDPOINT_MAKE; set once
 * @user: charged for everything that its connections do; pinned, custom ones only; set once
 * @policy: what its connections may see, talk to and own; custom ones only
 * @lock: see DOC: Lock order
 * @dead: no new connections; under @lock, read without as a hint
 * @conns: struct kdbus_conn; under @lock
 */
struct kdbus_ep {
	struct kdbus_node node;
	struct kdbus_bus *bus;
	struct list_head entry;
	bool is_custom;
	struct kdbus_user *user;
	struct kdbus_policy policy;
	struct mutex lock;	/* connections */
	bool dead;
	struct list_head conns;
};

static inline struct kdbus_ep *kdbus_ep_of_node(struct kdbus_node *node)
{
	return container_of(node, struct kdbus_ep, node);
}

extern const struct kdbus_arg_rules kdbus_endpoint_make_rules;
extern const struct kdbus_arg_rules kdbus_endpoint_update_rules;

struct kdbus_ep *kdbus_ep_new(struct kdbus_bus *bus, u64 make_flags, bool is_custom);
int kdbus_ep_link(struct kdbus_ep *ep);
bool kdbus_ep_is_dead(const struct kdbus_ep *ep);
void kdbus_ep_shutdown(struct kdbus_ep *ep);
bool kdbus_ep_is_owner(const struct kdbus_ep *ep, const struct file *file);
bool kdbus_ep_is_privileged(const struct kdbus_ep *ep, const struct file *file);

int kdbus_ep_make(struct kdbus_ep *opened, const struct kdbus_arg *arg, struct kdbus_ep **made);
int kdbus_ep_update(struct kdbus_ep *ep, const struct kdbus_arg *arg);

int kdbus_uid_prefix_check(struct kdbus_domain *domain, const char *name);

#endif
