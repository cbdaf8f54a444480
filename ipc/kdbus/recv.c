// SPDX-License-Identifier: GPL-2.0
/* RECV and FREE: messages leave the queue, slices leave the pool. */

#include <linux/err.h>
#include <linux/limits.h>

#include "arg.h"
#include "bus.h"
#include "call.h"
#include "conn.h"
#include "delay.h"
#include "deliver.h"
#include "item.h"
#include "notify.h"
#include "pool.h"
#include "publish.h"
#include "recv.h"
#include "slice.h"
#include "ticket.h"

/**
 * DOC: RECV
 *
 * A message is taken out of the queue, the caller is told where it lies, and only
 * then is it gone: if the caller's memory cannot be written, the message goes back to
 * its place, its descriptors are closed again, and the count of lost messages
 * is restored.
 */

const struct kdbus_arg_rules kdbus_recv_rules = {
	.size = sizeof(struct kdbus_cmd_recv),
	.flags = KDBUS_RECV_PEEK | KDBUS_RECV_DROP | KDBUS_RECV_USE_PRIORITY,
	.n_items = 1,
	.items = { { .type = KDBUS_ITEM_FREE } },
};

const struct kdbus_arg_rules kdbus_free_rules = {
	.size = sizeof(struct kdbus_cmd_free),
};

/* The lock is released while a message in front is not committed. */
static struct kdbus_entry *recv_select_locked(struct kdbus_conn *conn, const s64 *least)
{
	struct kdbus_queue_node *node;
	struct kdbus_entry *entry;

	lockdep_assert_held(&conn->lock);

	for (;;) {
		if (least)
			node = kdbus_queue_most_urgent(&conn->queue, *least);
		else
			node = kdbus_queue_first(&conn->queue);
		if (!node)
			return NULL;
		entry = container_of(node, struct kdbus_entry, node);
		if (likely(!node->stage))
			return entry;
		kdbus_stage_resolve_locked(conn, entry);
	}
}

static bool recv_is_unwritten(const struct kdbus_entry *entry)
{
	return entry && unlikely(entry->lost) && !entry->slice;
}

/*
 * A loss is to be received that is not written.  The lock is released while room for it is
 * found, so it may be something else in the end.
 */
static noinline struct kdbus_entry *recv_find_loss_locked(struct kdbus_conn *conn,
							  const s64 *least)
{
	struct kdbus_slice *room;
	struct kdbus_entry *entry;

	spin_unlock(&conn->lock);
	room = kdbus_loss_room(conn);
	spin_lock(&conn->lock);
	if (IS_ERR(room))
		return ERR_CAST(room);
	entry = recv_select_locked(conn, least);
	if (recv_is_unwritten(entry)) {
		kdbus_loss_write_locked(conn, entry, room);
	} else {
		kdbus_loss_put_room(conn, room);
		kdbus_flow_serve_locked(conn);
	}
	return entry;
}

/*
 * The same, and a loss that is selected is written.  The lock is released meanwhile.
 * -EXFULL or -ENOMEM if it cannot be.
 */
static struct kdbus_entry *recv_find_locked(struct kdbus_conn *conn, const s64 *least)
{
	struct kdbus_entry *entry = recv_select_locked(conn, least);

	return recv_is_unwritten(entry) ? recv_find_loss_locked(conn, least) : entry;
}

/* The counter starts again. */
static u64 recv_take_lost_locked(struct kdbus_conn *conn)
{
	u64 lost = conn->lost;

	lockdep_assert_held(&conn->lock);

	WRITE_ONCE(conn->lost, 0);
	return lost;
}

static struct kdbus_entry *recv_begin(struct kdbus_conn *conn, const s64 *least, bool drop,
				      u64 *lost)
{
	struct kdbus_entry *entry;
	struct list_head *previous;

	spin_lock(&conn->lock);
	entry = drop ? recv_select_locked(conn, least) : recv_find_locked(conn, least);
	if (!IS_ERR_OR_NULL(entry)) {
		if (unlikely(entry->lost))
			kdbus_loss_join_behind_locked(conn, entry);
		previous = entry->node.entry.prev;
		kdbus_queue_remove(&conn->queue, &entry->node);
		kdbus_loss_join_locked(conn, previous);
	}
	*lost = IS_ERR(entry) ? 0 : recv_take_lost_locked(conn);
	spin_unlock(&conn->lock);
	return entry;
}

/**
 * kdbus_recv_begin() - take a message out of the queue
 * @conn: the receiver
 * @least: the least urgent priority wanted, then the most urgent message is
 *         taken; NULL for the oldest
 * @lost: out: number of messages lost since this was asked for last
 *
 * Context: May sleep.
 * Return: the message, for kdbus_recv_finish() or kdbus_recv_undo(); or NULL; -EXFULL or
 *         -ENOMEM if it is a loss that cannot be written.
 */
struct kdbus_entry *kdbus_recv_begin(struct kdbus_conn *conn, const s64 *least, u64 *lost)
{
	return recv_begin(conn, least, false, lost);
}

/* The message is gone; whoever waits for an answer to it learns that. */
static void recv_discard(struct kdbus_conn *conn, struct kdbus_entry *entry)
{
	struct kdbus_call *call = entry->call;

	entry->call = NULL;
	kdbus_deliver_abort(conn, entry);
	if (call) {
		kdbus_call_drop(call);
		kdbus_notify_flush(conn->bus);
	}
}

/**
 * kdbus_recv_undo() - the caller could not be told
 * @conn: the receiver
 * @entry: from kdbus_recv_begin(); NULL if there was none
 * @lost: likewise
 *
 * The message waits again, unless the queue was closed meanwhile.
 */
void kdbus_recv_undo(struct kdbus_conn *conn, struct kdbus_entry *entry, u64 lost)
{
	bool closed;

	spin_lock(&conn->lock);
	closed = conn->closed;
	WRITE_ONCE(conn->lost, conn->lost + lost);
	if (entry && !closed)
		kdbus_queue_put_back(&conn->queue, &entry->node);
	spin_unlock(&conn->lock);
	if (entry && closed)
		recv_discard(conn, entry);
	else
		kdbus_conn_wake(conn);
}

/**
 * kdbus_recv_finish() - the caller has been told
 * @conn: the receiver
 * @entry: from kdbus_recv_begin(), prepared for publication; freed
 */
void kdbus_recv_finish(struct kdbus_conn *conn, struct kdbus_entry *entry)
{
	if (entry->call)
		kdbus_call_put(entry->call);
	entry->call = NULL;
	kdbus_publish_commit(conn, entry);
}

/* All results of RECV, in one go. */
static int recv_answer(struct kdbus_arg *arg, u64 lost)
{
	int ret;

	arg->recv->dropped_msgs = lost;
	arg->recv->return_flags = lost ? KDBUS_RECV_RETURN_DROPPED_MSGS : 0;
	ret = kdbus_arg_write_back(arg, offsetof(struct kdbus_cmd_recv, return_flags),
				   offsetofend(struct kdbus_cmd_recv, msg));
	/* They are there, or not to be. */
	arg->recv->return_flags = 0;
	return ret;
}

static int recv_peek(struct kdbus_conn *conn, struct kdbus_arg *arg, const s64 *least)
{
	struct kdbus_cmd_recv *cmd = arg->recv;
	struct kdbus_entry *entry;
	bool published = false;
	u64 lost;
	int ret;

	kdbus_publish_nothing(conn, &cmd->msg);
	spin_lock(&conn->lock);
	entry = recv_find_locked(conn, least);
	if (IS_ERR(entry)) {
		spin_unlock(&conn->lock);
		return PTR_ERR(entry);
	}
	if (entry) {
		cmd->msg.offset = entry->slice->offset;
		cmd->msg.msg_size = entry->slice->size;
		published = kdbus_pool_publish(conn->pool, entry->slice);
	}
	lost = recv_take_lost_locked(conn);
	spin_unlock(&conn->lock);

	ret = recv_answer(arg, lost);
	if (ret) {
		kdbus_recv_undo(conn, NULL, lost);
		if (published)
			kdbus_pool_unpublish(conn->pool, cmd->msg.offset);
	}
	return ret ?: entry ? 0 : -EAGAIN;
}

static int recv_take(struct kdbus_conn *conn, struct kdbus_arg *arg, const s64 *least)
{
	struct kdbus_cmd_recv *cmd = arg->recv;
	bool drop = cmd->flags & KDBUS_RECV_DROP;
	struct kdbus_entry *entry;
	u64 lost;
	int ret;

	entry = recv_begin(conn, least, drop, &lost);
	if (IS_ERR(entry))
		return PTR_ERR(entry);
	kdbus_delay_point();
	if (entry && !drop)
		kdbus_publish_prepare(conn, entry, &cmd->msg);
	else
		kdbus_publish_nothing(conn, &cmd->msg);
	ret = recv_answer(arg, lost);
	if (ret) {
		if (entry && !drop)
			kdbus_publish_undo(conn, entry);
		kdbus_recv_undo(conn, entry, lost);
	} else if (!entry) {
		ret = -EAGAIN;
	} else if (drop) {
		recv_discard(conn, entry);
	} else {
		kdbus_recv_finish(conn, entry);
	}
	return ret;
}

/**
 * kdbus_cmd_recv() - KDBUS_CMD_RECV
 * @conn: the receiver
 * @arg: imported
 *
 * Context: May sleep for as long as the caller's memory takes.
 * Return: 0; -EAGAIN if there is no such message; -EINVAL, -ENXIO, -EFAULT.
 */
int kdbus_cmd_recv(struct kdbus_conn *conn, struct kdbus_arg *arg)
{
	const struct kdbus_item *free = kdbus_arg_item(arg, 0);
	u64 flags = arg->recv->flags;
	const s64 *least = flags & KDBUS_RECV_USE_PRIORITY ? &arg->recv->priority : NULL;
	int ret;

	if ((flags & KDBUS_RECV_DROP) && least)
		return -EINVAL;
	if (!kdbus_free_check(conn, free))
		return -ENXIO;
	if ((flags & KDBUS_RECV_PEEK) && !(flags & KDBUS_RECV_DROP))
		ret = recv_peek(conn, arg, least);
	else
		ret = recv_take(conn, arg, least);
	if (!ret)
		kdbus_free_all(conn, free);
	return ret;
}

/**
 * kdbus_free_check() - can what a command lists be freed?
 * @conn: whose pool
 * @item: KDBUS_ITEM_FREE of the command, or NULL
 *
 * Return: whether.
 */
bool kdbus_free_check(struct kdbus_conn *conn, const struct kdbus_item *item)
{
	return !item || kdbus_pool_has_published(conn->pool, item->data64,
						 kdbus_item_payload_size(item) / sizeof(u64));
}

/**
 * kdbus_free_all() - free what a command lists
 * @conn: whose pool
 * @item: KDBUS_ITEM_FREE of the command, or NULL; checked
 *
 * What somebody else has freed since it was checked is passed over.
 */
void kdbus_free_all(struct kdbus_conn *conn, const struct kdbus_item *item)
{
	if (!item)
		return;
	kdbus_pool_unpublish_all(conn->pool, item->data64,
				 kdbus_item_payload_size(item) / sizeof(u64));
	kdbus_loss_refill(conn);
	kdbus_flow_serve(conn);
}

/**
 * kdbus_cmd_free() - KDBUS_CMD_FREE
 * @conn: whose pool
 * @arg: imported
 *
 * Return: 0; -ENXIO if no published slice starts at that offset.
 */
int kdbus_cmd_free(struct kdbus_conn *conn, struct kdbus_arg *arg)
{
	int ret;

	/* Where nothing was published, the size of the pool was told: it can be freed. */
	if (arg->free->offset == kdbus_pool_size(conn->pool))
		return 0;
	ret = kdbus_pool_unpublish(conn->pool, arg->free->offset);
	if (!ret) {
		kdbus_loss_refill(conn);
		kdbus_flow_serve(conn);
	}
	return ret;
}
