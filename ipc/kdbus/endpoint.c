// SPDX-License-Identifier: GPL-2.0
/* An entrance to a bus. */

#include <linux/bits.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/slab.h>

#include "arg.h"
#include "bus.h"
#include "conn.h"
#include "delay.h"
#include "domain.h"
#include "endpoint.h"
#include "fs.h"
#include "item.h"
#include "leave.h"
#include "policy.h"

const struct kdbus_arg_rules kdbus_endpoint_make_rules = {
	.size = sizeof(struct kdbus_cmd),
	.flags = KDBUS_MAKE_ACCESS_GROUP | KDBUS_MAKE_ACCESS_WORLD,
	.mandatory = BIT(0),
	.n_items = 1,
	.items = { { .type = KDBUS_ITEM_MAKE_NAME } },
};

const struct kdbus_arg_rules kdbus_endpoint_update_rules = {
	.size = sizeof(struct kdbus_cmd),
	.n_items = 2,
	.items = {
		{ .type = KDBUS_ITEM_NAME, .repeats = true },
		{ .type = KDBUS_ITEM_POLICY_ACCESS, .repeats = true },
	},
};

static void ep_release(struct kdbus_node *node)
{
	struct kdbus_ep *ep = kdbus_ep_of_node(node);

	WARN_ON(!list_empty(&ep->conns));
	kdbus_policy_drop(&ep->policy, ep);
	kdbus_policy_deinit(&ep->policy);
	if (ep->user)
		kdbus_user_put(ep->user);
	kdbus_node_put(&ep->bus->node);
	kfree(ep);
}

/**
 * kdbus_ep_new() - an endpoint that is in no list and has no file
 * @bus: pinned
 * @make_flags: KDBUS_MAKE_ACCESS_*
 * @is_custom: it has a policy and an accounting user of its own
 *
 * Return: the endpoint with one reference, or ERR_PTR(-ENOMEM).
 */
struct kdbus_ep *kdbus_ep_new(struct kdbus_bus *bus, u64 make_flags, bool is_custom)
{
	struct kdbus_user *user = NULL;
	struct kdbus_ep *ep;

	ep = kzalloc(sizeof(*ep), GFP_KERNEL_ACCOUNT);
	if (!ep)
		return ERR_PTR(-ENOMEM);
	if (is_custom) {
		user = kdbus_user_new_anonymous(bus->node.domain);
		if (IS_ERR(user)) {
			kfree(ep);
			return ERR_CAST(user);
		}
	}
	kdbus_node_init(&ep->node, KDBUS_NODE_ENDPOINT, bus->node.domain, ep_release);
	kdbus_node_set_access(&ep->node, make_flags);
	kdbus_node_get(&bus->node);
	ep->bus = bus;
	INIT_LIST_HEAD(&ep->entry);
	ep->is_custom = is_custom;
	ep->user = user;
	kdbus_policy_init(&ep->policy);
	mutex_init(&ep->lock);
	INIT_LIST_HEAD(&ep->conns);
	return ep;
}

/**
 * kdbus_ep_link() - let the bus know its endpoint
 * @ep: new
 *
 * Return: 0; -ESHUTDOWN if the bus is gone.
 */
int kdbus_ep_link(struct kdbus_ep *ep)
{
	struct kdbus_bus *bus = ep->bus;
	int ret = 0;

	mutex_lock(&bus->lock);
	if (bus->dead)
		ret = -ESHUTDOWN;
	else
		list_add_tail(&ep->entry, &bus->endpoints);
	mutex_unlock(&bus->lock);
	return ret;
}

/**
 * kdbus_ep_is_dead() - has it been shut down?
 * @ep: the endpoint
 *
 * Return: whether; the answer may be old when it is used.
 */
bool kdbus_ep_is_dead(const struct kdbus_ep *ep)
{
	return READ_ONCE(ep->dead);
}

/* A connection that has not left, with a reference; NULL if there is none. */
static struct kdbus_conn *ep_first_conn(struct kdbus_ep *ep)
{
	struct kdbus_conn *conn;

	mutex_lock(&ep->lock);
	conn = list_first_entry_or_null(&ep->conns, struct kdbus_conn, ep_entry);
	if (conn)
		kdbus_conn_get(conn);
	mutex_unlock(&ep->lock);
	return conn;
}

/**
 * kdbus_ep_shutdown() - the file disappears, connections leave
 * @ep: pinned by the caller; may be called again, also by several threads
 *
 * Context: Sleeps.
 */
void kdbus_ep_shutdown(struct kdbus_ep *ep)
{
	struct kdbus_conn *conn;

	mutex_lock(&ep->lock);
	WRITE_ONCE(ep->dead, true);
	mutex_unlock(&ep->lock);
	kdbus_delay_point();
	kdbus_fs_remove(&ep->node);

	kdbus_delay_point();
	while ((conn = ep_first_conn(ep))) {
		kdbus_leave(conn);
		kdbus_conn_put(conn);
	}

	mutex_lock(&ep->bus->lock);
	list_del_init(&ep->entry);
	mutex_unlock(&ep->bus->lock);
}

/**
 * kdbus_ep_is_privileged() - may the opener of a file do what the domain's root may?
 * @ep: what was opened
 * @file: the file
 *
 * Return: whether it is the default endpoint, and the opener had CAP_IPC_OWNER in
 *         the user namespace of the domain.
 */
bool kdbus_ep_is_privileged(const struct kdbus_ep *ep, const struct file *file)
{
	return !ep->is_custom &&
	       file_ns_capable(file, ep->node.domain->user_ns, CAP_IPC_OWNER);
}

/**
 * kdbus_ep_is_owner() - may the opener of a file do what the owner of the bus may?
 * @ep: what was opened
 * @file: the file
 *
 * Return: whether.
 */
bool kdbus_ep_is_owner(const struct kdbus_ep *ep, const struct file *file)
{
	return !ep->is_custom && (uid_eq(file->f_cred->euid, ep->bus->node.uid) ||
				  kdbus_ep_is_privileged(ep, file));
}

/**
 * kdbus_uid_prefix_check() - does a name begin with the uid of the caller?
 * @domain: whose user namespace counts
 * @name: of a bus or a custom endpoint
 *
 * Return: 0; -EINVAL if not, or if the uid has no number there.
 */
int kdbus_uid_prefix_check(struct kdbus_domain *domain, const char *name)
{
	uid_t uid = from_kuid(domain->user_ns, current_euid());
	char prefix[16];
	int len;

	if (uid == (uid_t)-1)
		return -EINVAL;
	len = snprintf(prefix, sizeof(prefix), "%u-", uid);
	return strncmp(name, prefix, len) ? -EINVAL : 0;
}

/**
 * kdbus_ep_make() - KDBUS_CMD_ENDPOINT_MAKE
 * @opened: endpoint whose file the command was given on
 * @arg: imported
 * @made: out: the new endpoint, with a reference
 *
 * Return: 0 or a negative errno.
 */
int kdbus_ep_make(struct kdbus_ep *opened, const struct kdbus_arg *arg, struct kdbus_ep **made)
{
	const char *name = kdbus_arg_item(arg, 0)->str;
	struct kdbus_bus *bus = opened->bus;
	struct kdbus_ep *ep;
	int ret;

	ret = kdbus_uid_prefix_check(bus->node.domain, name);
	if (ret)
		return ret;
	ep = kdbus_ep_new(bus, arg->cmd->flags, true);
	if (IS_ERR(ep))
		return PTR_ERR(ep);
	ret = kdbus_ep_link(ep);
	if (!ret)
		ret = kdbus_fs_add(&bus->node, &ep->node, name);
	if (ret) {
		kdbus_ep_shutdown(ep);
		kdbus_node_put(&ep->node);
		return ret;
	}
	*made = ep;
	return 0;
}

/**
 * kdbus_ep_update() - KDBUS_CMD_ENDPOINT_UPDATE
 * @ep: custom endpoint
 * @arg: imported
 *
 * Return: 0 or what kdbus_policy_set() returns.
 */
int kdbus_ep_update(struct kdbus_ep *ep, const struct kdbus_arg *arg)
{
	const struct kdbus_item *items;
	size_t items_size;

	items = kdbus_arg_items(arg, &items_size);
	return kdbus_policy_set(&ep->policy, ep, items, items_size, UINT_MAX, true);
}
