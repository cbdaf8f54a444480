// SPDX-License-Identifier: GPL-2.0
/* HELLO: an open endpoint becomes a connection. */

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/limits.h>
#include <linux/slab.h>

#include "arg.h"
#include "bus.h"
#include "call.h"
#include "conn.h"
#include "delay.h"
#include "domain.h"
#include "endpoint.h"
#include "hello.h"
#include "item.h"
#include "leave.h"
#include "meta.h"
#include "name.h"
#include "notify.h"
#include "policy.h"
#include "pool.h"
#include "publish.h"
#include "wellknown.h"

enum {
	HELLO_NAME,
	HELLO_CREDS,
	HELLO_PIDS,
	HELLO_SECLABEL,
	HELLO_DESCRIPTION,
	HELLO_POLICY,
};

const struct kdbus_arg_rules kdbus_hello_rules = {
	.size = sizeof(struct kdbus_cmd_hello),
	.flags = KDBUS_HELLO_ACCEPT_FD | KDBUS_HELLO_KINDS | KDBUS_HELLO_LOSS_IN_PLACE,
	.n_items = 6,
	.items = {
		[HELLO_NAME] = { .type = KDBUS_ITEM_NAME },
		[HELLO_CREDS] = { .type = KDBUS_ITEM_CREDS },
		[HELLO_PIDS] = { .type = KDBUS_ITEM_PIDS },
		[HELLO_SECLABEL] = { .type = KDBUS_ITEM_SECLABEL },
		[HELLO_DESCRIPTION] = { .type = KDBUS_ITEM_CONN_DESCRIPTION },
		[HELLO_POLICY] = { .type = KDBUS_ITEM_POLICY_ACCESS, .repeats = true },
	},
};

static bool hello_wants_name(const struct kdbus_arg *arg)
{
	return arg->hello->flags & (KDBUS_HELLO_ACTIVATOR | KDBUS_HELLO_POLICY_HOLDER);
}

static bool hello_is_faked(const struct kdbus_arg *arg)
{
	return kdbus_arg_item(arg, HELLO_CREDS) || kdbus_arg_item(arg, HELLO_PIDS) ||
	       kdbus_arg_item(arg, HELLO_SECLABEL);
}

/* What can be said of the argument and the file; the order is part of the interface. */
static int hello_check(struct kdbus_ep *ep, struct file *file, struct kdbus_arg *arg,
		       u64 *attach_send, u64 *attach_recv)
{
	const struct kdbus_cmd_hello *cmd = arg->hello;
	const struct kdbus_item *name = kdbus_arg_item(arg, HELLO_NAME);
	u64 kinds = cmd->flags & KDBUS_HELLO_KINDS;

	if (!cmd->pool_size || cmd->pool_size % PAGE_SIZE ||
	    cmd->pool_size > min_t(u64, KDBUS_POOL_SIZE_MAX, LONG_MAX))
		return -EINVAL;
	if (kinds & (kinds - 1))
		return -EINVAL;
	if ((kinds & KDBUS_HELLO_POLICY_HOLDER) && (cmd->flags & KDBUS_HELLO_LOSS_IN_PLACE))
		return -EINVAL;
	if (!name != !hello_wants_name(arg))
		return -EINVAL;
	if (name &&
	    !kdbus_wellknown_is_valid(name->str, kdbus_item_payload_size(name) - 1, true))
		return -EINVAL;
	if ((kinds & KDBUS_HELLO_MONITOR) && ep->is_custom)
		return -EOPNOTSUPP;
	if ((kinds || hello_is_faked(arg)) && !kdbus_ep_is_owner(ep, file))
		return -EPERM;

	*attach_send = cmd->attach_flags_send;
	*attach_recv = cmd->attach_flags_recv;
	return kdbus_attach_flags_check(attach_send) ?: kdbus_attach_flags_check(attach_recv);
}

static int hello_identify(struct kdbus_conn *conn, const struct kdbus_arg *arg)
{
	const struct kdbus_item *creds = kdbus_arg_item(arg, HELLO_CREDS);
	const struct kdbus_item *pids = kdbus_arg_item(arg, HELLO_PIDS);
	const struct kdbus_item *seclabel = kdbus_arg_item(arg, HELLO_SECLABEL);

	conn->is_faked = hello_is_faked(arg);
	if (conn->is_faked)
		return kdbus_meta_fake(&conn->meta, creds ? &creds->creds : NULL,
				       pids ? &pids->pids : NULL,
				       seclabel ? seclabel->str : NULL);
	kdbus_meta_pin(&conn->meta);
	return 0;
}

/* Whom the connection is charged to. */
static struct kdbus_user *hello_find_user(struct kdbus_conn *conn, struct file *file)
{
	struct kdbus_ep *ep = conn->ep;
	kuid_t uid = file->f_cred->uid;

	if (ep->is_custom)
		return kdbus_user_get(ep->user);
	if (uid_valid(kdbus_meta_faked_uid(&conn->meta)) && kdbus_ep_is_privileged(ep, file))
		uid = kdbus_meta_faked_uid(&conn->meta);
	return kdbus_user_find(ep->node.domain, uid);
}

static int hello_charge(struct kdbus_conn *conn, struct file *file)
{
	struct kdbus_user *user = hello_find_user(conn, file);

	if (IS_ERR(user))
		return PTR_ERR(user);
	if (!kdbus_user_charge(&user->connections, conn->ep->node.domain->limits.connections)) {
		kdbus_user_put(user);
		return -EMFILE;
	}
	conn->user = user;
	kdbus_match_owner_bound(&conn->matches, &user->match_bytes,
				conn->ep->node.domain->limits.match_bytes);
	return 0;
}

static int hello_take_slot(struct kdbus_conn *conn)
{
	struct kdbus_bus *bus = conn->bus;

	conn->slot = ida_alloc(&bus->conn_slots, GFP_KERNEL_ACCOUNT);
	if (conn->slot < 0)
		return conn->slot;
	mutex_lock(&bus->lock);
	WRITE_ONCE(bus->n_slots, max_t(unsigned int, bus->n_slots, conn->slot + 1));
	mutex_unlock(&bus->lock);
	return 0;
}

/* Let others find the connection, if the endpoint is still there. */
static int hello_link(struct kdbus_conn *conn)
{
	struct kdbus_ep *ep = conn->ep;
	int ret;

	ret = hello_take_slot(conn);
	if (ret)
		return ret;
	mutex_lock(&ep->lock);
	if (ep->dead) {
		ret = -ESHUTDOWN;
	} else {
		conn->id = kdbus_domain_new_id(ep->node.domain);
		/* Both pair with kdbus_conn_find(). */
		ret = xa_err(xa_store(&conn->bus->conns, conn->id, conn, GFP_KERNEL_ACCOUNT));
		if (!ret) {
			rcu_assign_pointer(conn->bus->recent[conn->id % KDBUS_BUS_RECENT], conn);
			list_add_tail(&conn->ep_entry, &ep->conns);
		}
	}
	mutex_unlock(&ep->lock);
	return ret;
}

static void hello_add_monitor(struct kdbus_conn *conn)
{
	struct kdbus_bus *bus = conn->bus;

	down_write(&bus->monitors_sem);
	list_add_tail(&conn->monitor_entry, &bus->monitors);
	WRITE_ONCE(bus->n_monitors, bus->n_monitors + 1);
	up_write(&bus->monitors_sem);
}

/* Say that it is here; after this its leaving is told, too. */
static int hello_announce(struct kdbus_conn *conn)
{
	struct kdbus_event *event;

	if (kdbus_conn_is_monitor(conn)) {
		hello_add_monitor(conn);
		return 0;
	}
	event = kdbus_event_new(NULL);
	conn->bye = kdbus_event_new(NULL);
	if (!event || !conn->bye) {
		kfree(event);
		kfree(conn->bye);
		conn->bye = NULL;
		return -ENOMEM;
	}
	kdbus_notify_id(conn->bus, event, KDBUS_ITEM_ID_ADD, conn);
	return 0;
}

/* What activators and policy holders bring along. */
static int hello_bring(struct kdbus_conn *conn, const struct kdbus_arg *arg)
{
	const struct kdbus_item *items;
	size_t items_size;
	int ret = 0;

	if (!hello_wants_name(arg))
		return 0;
	items = kdbus_arg_items(arg, &items_size);
	if (kdbus_conn_is_activator(conn))
		ret = kdbus_name_activate(conn, kdbus_arg_item(arg, HELLO_NAME)->str);
	return ret ?: kdbus_policy_set(&conn->bus->policy, conn, items, items_size, 1,
				       !kdbus_conn_is_activator(conn));
}

/* The first slice: what a client has to know about the bus. */
static int hello_publish_bloom(struct kdbus_conn *conn, struct kdbus_cmd_hello *cmd)
{
	u64 data[DIV_ROUND_UP(KDBUS_ITEM_HEADER_SIZE + sizeof(struct kdbus_bloom_parameter),
			      sizeof(u64))];
	struct kdbus_item *item;

	item = kdbus_item_init(data, KDBUS_ITEM_BLOOM_PARAMETER, sizeof(item->bloom_parameter));
	item->bloom_parameter = conn->bus->bloom;
	cmd->items_size = sizeof(data);
	return kdbus_publish_data(conn, data, sizeof(data), &cmd->offset);
}

static int hello_answer(struct kdbus_conn *conn, struct kdbus_arg *arg)
{
	struct kdbus_cmd_hello *cmd = arg->hello;

	cmd->bus_flags = conn->bus->flags;
	cmd->id = conn->id;
	memcpy(cmd->id128, conn->bus->id128, sizeof(cmd->id128));
	return kdbus_arg_write_back(arg, 0, sizeof(*cmd));
}

/* Everything that others can see; whatever fails, the connection has to leave. */
static int hello_join(struct kdbus_conn *conn, struct kdbus_arg *arg)
{
	int ret;

	/* Whoever shuts the endpoint down from now on waits for us. */
	if (!kdbus_conn_enter(conn))
		return -ESHUTDOWN;
	kdbus_delay_point();
	ret = hello_link(conn) ?: hello_announce(conn) ?: hello_bring(conn, arg);
	kdbus_delay_point();
	kdbus_conn_leave(conn);
	kdbus_notify_flush(conn->bus);
	return ret ?: hello_answer(conn, arg);
}

/**
 * kdbus_hello() - KDBUS_CMD_HELLO
 * @ep: the endpoint that was opened
 * @file: the open file
 * @arg: imported
 * @made: out: the connection, with a reference, to be ended by kdbus_leave()
 *
 * Context: May sleep.
 * Return: 0 or a negative errno.
 */
int kdbus_hello(struct kdbus_ep *ep, struct file *file, struct kdbus_arg *arg,
		struct kdbus_conn **made)
{
	const struct kdbus_item *description = kdbus_arg_item(arg, HELLO_DESCRIPTION);
	u64 attach_send, attach_recv;
	struct kdbus_conn *conn;
	int ret;

	ret = hello_check(ep, file, arg, &attach_send, &attach_recv);
	if (ret)
		return ret;
	conn = kdbus_conn_new(ep, file, arg->hello->flags, arg->hello->pool_size,
			      description ? description->str : NULL,
			      kdbus_ep_is_owner(ep, file));
	if (IS_ERR(conn))
		return PTR_ERR(conn);
	conn->attach_send = attach_send;
	conn->attach_recv = attach_recv;
	INIT_DELAYED_WORK(&conn->deadline, kdbus_calls_deadline);

	ret = hello_identify(conn, arg) ?: hello_charge(conn, file) ?:
	      hello_publish_bloom(conn, arg->hello) ?: kdbus_loss_init(conn) ?:
	      hello_join(conn, arg);
	if (ret) {
		kdbus_leave(conn);
		kdbus_conn_put(conn);
		return ret;
	}
	*made = conn;
	return 0;
}
