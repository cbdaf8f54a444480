// SPDX-License-Identifier: GPL-2.0
/* LIST: the connections and names of a bus. */

#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "access.h"
#include "arg.h"
#include "bus.h"
#include "conn.h"
#include "item.h"
#include "list.h"
#include "name.h"
#include "notify.h"
#include "pool.h"
#include "publish.h"

const struct kdbus_arg_rules kdbus_list_rules = {
	.size = sizeof(struct kdbus_cmd_list),
	.flags = KDBUS_LIST_UNIQUE | KDBUS_LIST_NAMES | KDBUS_LIST_ACTIVATORS | KDBUS_LIST_QUEUED,
};

/**
 * struct list_buffer - records, as they come
 * @data: owned
 * @size: bytes in use
 * @room: bytes allocated
 */
struct list_buffer {
	void *data;
	size_t size;
	size_t room;
};

static void *list_append(struct list_buffer *buffer, size_t size)
{
	size_t room = max_t(size_t, buffer->room, 1024);
	void *data;

	while (room - buffer->size < size)
		room *= 2;
	if (room != buffer->room) {
		data = kvmalloc(room, GFP_KERNEL_ACCOUNT);
		if (!data)
			return NULL;
		if (buffer->size)
			memcpy(data, buffer->data, buffer->size);
		kvfree(buffer->data);
		buffer->data = data;
		buffer->room = room;
	}
	data = buffer->data + buffer->size;
	buffer->size += size;
	return data;
}

/* One record: a connection, with one of its names or without. */
static int list_record(struct list_buffer *buffer, const struct kdbus_conn *peer,
		       const struct kdbus_claim *claim)
{
	size_t size = sizeof(struct kdbus_info);
	struct kdbus_info *info;

	if (claim)
		size += KDBUS_ALIGN8(kdbus_claim_item_size(claim));
	info = list_append(buffer, size);
	if (!info)
		return -ENOMEM;
	info->size = size;
	info->id = peer->id;
	info->flags = peer->flags;
	if (claim)
		kdbus_claim_item_write(claim, info->items);
	return 0;
}

static bool list_wants(u64 flags, const struct kdbus_claim *claim)
{
	if (claim->flags & KDBUS_NAME_ACTIVATOR)
		return flags & KDBUS_LIST_ACTIVATORS;
	if (claim->flags & KDBUS_NAME_IN_QUEUE)
		return flags & KDBUS_LIST_QUEUED;
	return flags & KDBUS_LIST_NAMES;
}

/* All records of one connection; the names lock is held. */
static int list_conn(struct list_buffer *buffer, struct kdbus_conn *conn, u64 flags,
		     struct kdbus_conn *peer)
{
	struct kdbus_claim *claim;
	bool listed = false;
	int ret;

	list_for_each_entry(claim, &peer->claims, conn_entry) {
		if (!list_wants(flags, claim))
			continue;
		/* Also if it must not be seen: the connection is not listed without a name then. */
		listed = true;
		if (!kdbus_may_see_name(conn, current_cred(), claim->name->text))
			continue;
		ret = list_record(buffer, peer, claim);
		if (ret)
			return ret;
	}
	return listed || !(flags & KDBUS_LIST_UNIQUE) ? 0 : list_record(buffer, peer, NULL);
}

/* The connection with the smallest id from @id on, with a reference; or NULL. */
static struct kdbus_conn *list_next(struct kdbus_bus *bus, unsigned long *id)
{
	struct kdbus_conn *peer;

	rcu_read_lock();
	peer = xa_find(&bus->conns, id, ULONG_MAX, XA_PRESENT);
	while (peer && !kref_get_unless_zero(&peer->ref))
		peer = xa_find_after(&bus->conns, id, ULONG_MAX, XA_PRESENT);
	rcu_read_unlock();
	return peer;
}

static int list_all(struct list_buffer *buffer, struct kdbus_conn *conn, u64 flags)
{
	struct kdbus_bus *bus = conn->bus;
	struct kdbus_conn *peer;
	unsigned long id = 0;
	int ret = 0;

	mutex_lock(&bus->names.lock);
	while (!ret && (peer = list_next(bus, &id))) {
		if (!kdbus_conn_is_monitor(peer))
			ret = list_conn(buffer, conn, flags, peer);
		kdbus_conn_put(peer);
		id++;
		cond_resched();
	}
	mutex_unlock(&bus->names.lock);
	return ret;
}

/**
 * kdbus_cmd_list() - KDBUS_CMD_LIST
 * @conn: who asks
 * @arg: imported
 *
 * Return: 0; -EXFULL, -EFAULT, -ENOMEM.
 */
int kdbus_cmd_list(struct kdbus_conn *conn, struct kdbus_arg *arg)
{
	struct kdbus_cmd_list *cmd = arg->list;
	struct list_buffer buffer = {};
	int ret;

	ret = list_all(&buffer, conn, cmd->flags);
	/* Nobody learns from us what others have not been told. */
	kdbus_notify_flush(conn->bus);
	if (ret)
		goto out_free;
	cmd->offset = kdbus_pool_size(conn->pool);
	cmd->list_size = buffer.size;
	if (buffer.size)
		ret = kdbus_publish_data(conn, buffer.data, buffer.size, &cmd->offset);
	if (!ret) {
		ret = kdbus_arg_write_back(arg, offsetof(struct kdbus_cmd_list, offset),
					   offsetofend(struct kdbus_cmd_list, list_size));
		if (ret && buffer.size)
			kdbus_publish_take_back(conn, cmd->offset);
	}
out_free:
	kvfree(buffer.data);
	return ret;
}
