// SPDX-License-Identifier: GPL-2.0
/* NAME_ACQUIRE, NAME_RELEASE, MATCH_ADD, MATCH_REMOVE: what a connection registers. */

#include <linux/bits.h>
#include <linux/cred.h>
#include <linux/errno.h>

#include "access.h"
#include "arg.h"
#include "bus.h"
#include "conn.h"
#include "domain.h"
#include "endpoint.h"
#include "item.h"
#include "match.h"
#include "name.h"
#include "notify.h"
#include "registry.h"
#include "wellknown.h"

/* Clients that pass the flags they got back in are let do so. */
#define NAME_OUTPUT_FLAGS \
	(KDBUS_NAME_IN_QUEUE | KDBUS_NAME_ACTIVATOR | KDBUS_NAME_PRIMARY | KDBUS_NAME_ACQUIRED)

const struct kdbus_arg_rules kdbus_name_acquire_rules = {
	.size = sizeof(struct kdbus_cmd),
	.flags = KDBUS_NAME_REPLACE_EXISTING | KDBUS_NAME_ALLOW_REPLACEMENT | KDBUS_NAME_QUEUE,
	.ignored_flags = NAME_OUTPUT_FLAGS,
	.mandatory = BIT(0),
	.n_items = 1,
	.items = { { .type = KDBUS_ITEM_NAME } },
};

const struct kdbus_arg_rules kdbus_name_release_rules = {
	.size = sizeof(struct kdbus_cmd),
	.mandatory = BIT(0),
	.n_items = 1,
	.items = { { .type = KDBUS_ITEM_NAME } },
};

const struct kdbus_arg_rules kdbus_match_add_rules = {
	.size = sizeof(struct kdbus_cmd_match),
	.flags = KDBUS_MATCH_REPLACE,
	.n_items = 9,
	.items = {
		{ .type = KDBUS_ITEM_BLOOM_MASK, .repeats = true },
		{ .type = KDBUS_ITEM_NAME, .repeats = true },
		{ .type = KDBUS_ITEM_ID, .repeats = true },
		{ .type = KDBUS_ITEM_DST_ID, .repeats = true },
		{ .type = KDBUS_ITEM_NAME_ADD, .repeats = true },
		{ .type = KDBUS_ITEM_NAME_REMOVE, .repeats = true },
		{ .type = KDBUS_ITEM_NAME_CHANGE, .repeats = true },
		{ .type = KDBUS_ITEM_ID_ADD, .repeats = true },
		{ .type = KDBUS_ITEM_ID_REMOVE, .repeats = true },
	},
};

const struct kdbus_arg_rules kdbus_match_remove_rules = {
	.size = sizeof(struct kdbus_cmd_match),
};

/**
 * kdbus_cmd_name_acquire() - KDBUS_CMD_NAME_ACQUIRE
 * @conn: who wants the name; ordinary
 * @arg: imported
 *
 * Return: 0; -EINVAL, -EPERM, -E2BIG, -EEXIST, -ECONNRESET, -ENOMEM.
 */
int kdbus_cmd_name_acquire(struct kdbus_conn *conn, struct kdbus_arg *arg)
{
	const struct kdbus_item *name = kdbus_arg_item(arg, 0);
	int ret;

	if (!kdbus_wellknown_is_valid(name->str, kdbus_item_payload_size(name) - 1, false))
		return -EINVAL;
	if (!kdbus_may_own(conn, current_cred(), name->str))
		return -EPERM;
	if (!kdbus_conn_enter(conn))
		return -ECONNRESET;
	ret = kdbus_name_acquire(conn, name->str, arg->cmd->flags, &arg->cmd->return_flags);
	kdbus_conn_leave(conn);
	kdbus_notify_flush(conn->bus);
	return ret;
}

/**
 * kdbus_cmd_name_release() - KDBUS_CMD_NAME_RELEASE
 * @conn: who gives the name up; ordinary
 * @arg: imported
 *
 * Return: 0; -ESRCH, -EADDRINUSE, -ECONNRESET.
 */
int kdbus_cmd_name_release(struct kdbus_conn *conn, struct kdbus_arg *arg)
{
	const char *name = kdbus_arg_item(arg, 0)->str;
	int ret;

	if (!kdbus_conn_enter(conn))
		return -ECONNRESET;
	ret = kdbus_name_release(conn, name);
	/* That it is somebody else's is more than one may know. */
	if (ret == -EADDRINUSE && !kdbus_may_see_name(conn, current_cred(), name))
		ret = -ESRCH;
	kdbus_conn_leave(conn);
	kdbus_notify_flush(conn->bus);
	return ret;
}

/**
 * kdbus_cmd_match_add() - KDBUS_CMD_MATCH_ADD
 * @conn: who wants to hear; ordinary
 * @arg: imported
 *
 * Return: 0 or what kdbus_match_add() returns.
 */
int kdbus_cmd_match_add(struct kdbus_conn *conn, struct kdbus_arg *arg)
{
	const struct kdbus_item *items;
	size_t items_size;

	items = kdbus_arg_items(arg, &items_size);
	return kdbus_match_add(&conn->bus->matches, &conn->matches, arg->match->cookie,
			       items, items_size, arg->match->flags & KDBUS_MATCH_REPLACE,
			       conn->ep->node.domain->limits.matches);
}

/**
 * kdbus_cmd_match_remove() - KDBUS_CMD_MATCH_REMOVE
 * @conn: who does not want to hear; ordinary
 * @arg: imported
 *
 * Return: 0 or -EBADSLT.
 */
int kdbus_cmd_match_remove(struct kdbus_conn *conn, struct kdbus_arg *arg)
{
	return kdbus_match_remove(&conn->bus->matches, &conn->matches, arg->match->cookie);
}
