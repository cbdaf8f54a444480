// SPDX-License-Identifier: GPL-2.0
/* CONN_INFO and BUS_CREATOR_INFO: who is that? */

#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/slab.h>

#include "access.h"
#include "arg.h"
#include "bus.h"
#include "conn.h"
#include "domain.h"
#include "endpoint.h"
#include "info.h"
#include "item.h"
#include "meta.h"
#include "name.h"
#include "pool.h"
#include "publish.h"

const struct kdbus_arg_rules kdbus_conn_info_rules = {
	.size = sizeof(struct kdbus_cmd_info),
	.n_items = 1,
	.items = { { .type = KDBUS_ITEM_NAME } },
};

const struct kdbus_arg_rules kdbus_creator_info_rules = {
	.size = sizeof(struct kdbus_cmd_info),
};

/**
 * struct info_parts - what a record is made of
 * @id: of the connection or the bus
 * @flags: of the connection or the bus
 * @bus_name: MAKE_NAME comes first; or NULL
 * @meta: process metadata to choose from
 * @kinds: which of it
 * @names: OWNED_NAME items; or NULL
 * @names_size: bytes of @names
 * @description: CONN_DESCRIPTION comes last; or NULL
 */
struct info_parts {
	u64 id;
	u64 flags;
	const char *bus_name;
	const struct kdbus_meta *meta;
	u64 kinds;
	const void *names;
	size_t names_size;
	const char *description;
};

static size_t string_item_size(const char *string)
{
	return string ? KDBUS_ALIGN8(KDBUS_ITEM_HEADER_SIZE + strlen(string) + 1) : 0;
}

static void *string_item_write(void *at, u64 type, const char *string)
{
	struct kdbus_item *item;

	if (!string)
		return at;
	item = kdbus_item_init(at, type, strlen(string) + 1);
	memcpy(item->str, string, strlen(string) + 1);
	return kdbus_item_next(item);
}

/* Put the record into the pool of @conn and tell where. */
static int info_answer(struct kdbus_conn *conn, struct kdbus_arg *arg,
		       const struct info_parts *parts)
{
	struct kdbus_cmd_info *cmd = arg->info;
	struct kdbus_meta look;
	struct kdbus_info *info;
	size_t size;
	void *at;
	int ret;

	kdbus_meta_borrow(&look, parts->meta, parts->kinds & KDBUS_META_PROCESS);
	size = sizeof(*info) + string_item_size(parts->bus_name) +
	       kdbus_meta_size(&look, &conn->view, parts->kinds & KDBUS_META_PROCESS) +
	       parts->names_size + string_item_size(parts->description);
	info = kvmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!info) {
		ret = -ENOMEM;
		goto out_deinit;
	}
	info->size = size;
	info->id = parts->id;
	info->flags = parts->flags;
	at = string_item_write(info->items, KDBUS_ITEM_MAKE_NAME, parts->bus_name);
	at += kdbus_meta_write(&look, &conn->view, parts->kinds & KDBUS_META_PROCESS, at);
	if (parts->names_size)
		memcpy(at, parts->names, parts->names_size);
	string_item_write(at + parts->names_size, KDBUS_ITEM_CONN_DESCRIPTION,
			  parts->description);

	cmd->info_size = size;
	ret = kdbus_publish_data(conn, info, size, &cmd->offset);
	if (!ret) {
		ret = kdbus_arg_write_back(arg, offsetof(struct kdbus_cmd_info, offset),
					   offsetofend(struct kdbus_cmd_info, info_size));
		if (ret)
			kdbus_publish_take_back(conn, cmd->offset);
	}
	kvfree(info);
out_deinit:
	kdbus_meta_deinit(&look);
	return ret;
}

static int info_find_name(struct kdbus_conn *conn, const char *text, u64 id,
			  struct kdbus_conn **found)
{
	struct kdbus_name_entry *name;

	if (!kdbus_may_see_name(conn, current_cred(), text))
		return -ESRCH;
	name = kdbus_name_find(conn->bus, text, found);
	if (!name)
		return -ESRCH;
	kdbus_name_put(name);
	if (id && id != (*found)->id) {
		kdbus_conn_put(*found);
		return -ESRCH;
	}
	return 0;
}

static int info_find_id(struct kdbus_conn *conn, u64 id, struct kdbus_conn **found)
{
	if (!id)
		return -EINVAL;
	*found = kdbus_conn_find(conn->bus, id);
	if (!*found)
		return -ENXIO;
	if (!kdbus_may_see(conn, current_cred(), *found)) {
		kdbus_conn_put(*found);
		return -ENXIO;
	}
	return 0;
}

/**
 * kdbus_cmd_conn_info() - KDBUS_CMD_CONN_INFO
 * @conn: who asks
 * @arg: imported
 *
 * Return: 0; -EINVAL, -ESRCH, -ENXIO, -EXFULL, -EFAULT, -ENOMEM.
 */
int kdbus_cmd_conn_info(struct kdbus_conn *conn, struct kdbus_arg *arg)
{
	u64 id = arg->info->id, kinds = arg->info->attach_flags;
	const struct kdbus_item *name = kdbus_arg_item(arg, 0);
	struct info_parts parts = {};
	struct kdbus_conn *peer;
	void *names = NULL;
	int ret;

	ret = kdbus_attach_flags_check(&kinds);
	if (!ret)
		ret = name ? info_find_name(conn, name->str, id, &peer) :
			     info_find_id(conn, id, &peer);
	if (ret)
		return ret;

	kinds &= READ_ONCE(peer->attach_send) & conn->ep->node.domain->attach_mask;
	parts.id = peer->id;
	parts.flags = peer->flags;
	parts.meta = &peer->meta;
	parts.kinds = kinds;
	if (kinds & KDBUS_ATTACH_CONN_DESCRIPTION)
		parts.description = peer->description;
	if (kinds & KDBUS_ATTACH_NAMES)
		ret = kdbus_names_snapshot(peer, &names, &parts.names_size);
	parts.names = names;
	if (!ret)
		ret = info_answer(conn, arg, &parts);
	kfree(names);
	kdbus_conn_put(peer);
	return ret;
}

/**
 * kdbus_cmd_creator_info() - KDBUS_CMD_BUS_CREATOR_INFO
 * @conn: who asks
 * @arg: imported
 *
 * Return: 0; -EINVAL, -EXFULL, -EFAULT, -ENOMEM.
 */
int kdbus_cmd_creator_info(struct kdbus_conn *conn, struct kdbus_arg *arg)
{
	struct kdbus_bus *bus = conn->bus;
	u64 kinds = arg->info->attach_flags;
	struct info_parts parts = {
		.id = bus->id,
		.flags = bus->flags,
		.bus_name = bus->name,
		.meta = &bus->creator,
	};
	int ret;

	ret = kdbus_attach_flags_check(&kinds);
	if (ret)
		return ret;
	parts.kinds = kinds & bus->creator_mask & bus->node.domain->attach_mask;
	return info_answer(conn, arg, &parts);
}
