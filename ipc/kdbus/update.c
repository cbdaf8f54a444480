// SPDX-License-Identifier: GPL-2.0
/* UPDATE: a connection changes its mind. */

#include <linux/errno.h>

#include "arg.h"
#include "bus.h"
#include "conn.h"
#include "item.h"
#include "policy.h"
#include "update.h"

enum {
	UPDATE_SEND,
	UPDATE_RECV,
	UPDATE_NAME,
	UPDATE_POLICY,
};

const struct kdbus_arg_rules kdbus_update_rules = {
	.size = sizeof(struct kdbus_cmd),
	.n_items = 4,
	.items = {
		[UPDATE_SEND] = { .type = KDBUS_ITEM_ATTACH_FLAGS_SEND },
		[UPDATE_RECV] = { .type = KDBUS_ITEM_ATTACH_FLAGS_RECV },
		[UPDATE_NAME] = { .type = KDBUS_ITEM_NAME, .repeats = true },
		[UPDATE_POLICY] = { .type = KDBUS_ITEM_POLICY_ACCESS, .repeats = true },
	},
};

/* New attach flags from @item, if it is there and such connections have any. */
static int update_flags(const struct kdbus_conn *conn, const struct kdbus_item *item,
			u64 kinds_without, u64 *flags)
{
	if (!item)
		return 0;
	if (conn->flags & kinds_without)
		return -EOPNOTSUPP;
	*flags = item->id;
	return kdbus_attach_flags_check(flags);
}

static int update_policy(struct kdbus_conn *conn, struct kdbus_arg *arg)
{
	const struct kdbus_item *items;
	size_t items_size;
	int ret;

	if (!kdbus_arg_item(arg, UPDATE_NAME) && !kdbus_arg_item(arg, UPDATE_POLICY))
		return 0;
	if (!(conn->flags & KDBUS_HELLO_POLICY_HOLDER))
		return -EOPNOTSUPP;
	/* Whoever leaves drops his entries: none may come after that. */
	if (!kdbus_conn_enter(conn))
		return -ECONNRESET;
	items = kdbus_arg_items(arg, &items_size);
	ret = kdbus_policy_set(&conn->bus->policy, conn, items, items_size, 1, true);
	kdbus_conn_leave(conn);
	return ret;
}

/**
 * kdbus_cmd_update() - KDBUS_CMD_UPDATE
 * @conn: whose properties
 * @arg: imported
 *
 * Return: 0; -EOPNOTSUPP, -EINVAL, -ECONNRESET and what kdbus_policy_set() returns.
 */
int kdbus_cmd_update(struct kdbus_conn *conn, struct kdbus_arg *arg)
{
	const struct kdbus_item *send = kdbus_arg_item(arg, UPDATE_SEND);
	const struct kdbus_item *recv = kdbus_arg_item(arg, UPDATE_RECV);
	u64 send_flags, recv_flags;
	int ret;

	ret = update_flags(conn, send, KDBUS_HELLO_ACTIVATOR | KDBUS_HELLO_POLICY_HOLDER,
			   &send_flags) ?:
	      update_flags(conn, recv, KDBUS_HELLO_POLICY_HOLDER, &recv_flags) ?:
	      update_policy(conn, arg);
	if (ret)
		return ret;
	/* Pairs with the lockless reads in image.c and info.c. */
	if (send)
		WRITE_ONCE(conn->attach_send, send_flags);
	if (recv)
		WRITE_ONCE(conn->attach_recv, recv_flags);
	return 0;
}
