// SPDX-License-Identifier: GPL-2.0
/* RECV and FREE: messages leave the queue, slices leave the pool. */

#include <linux/limits.h>

#include "arg.h"
#include "bus.h"
#include "call.h"
#include "conn.h"
#include "delay.h"
#include "deliver.h"
#include "notify.h"
#include "pool.h"
#include "publish.h"
#include "recv.h"
#include "slice.h"

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
};

const struct kdbus_arg_rules kdbus_free_rules = {
	.size = sizeof(struct kdbus_cmd_free),
};

static struct kdbus_entry *recv_select_locked(struct kdbus_conn *conn,
					      const struct kdbus_cmd_recv *cmd)
{
	struct kdbus_queue_node *node;

	lockdep_assert_held(&conn->lock);

	if (cmd->flags & KDBUS_RECV_USE_PRIORITY)
		node = kdbus_queue_most_urgent(&conn->queue, cmd->priority);
	else
		node = kdbus_queue_first(&conn->queue);
	return node ? container_of(node, struct kdbus_entry, node) : NULL;
}

/* Report what was lost; the counter starts again. */
static void recv_take_lost_locked(struct kdbus_conn *conn, struct kdbus_cmd_recv *cmd)
{
	cmd->dropped_msgs = conn->lost;
	cmd->return_flags = conn->lost ? KDBUS_RECV_RETURN_DROPPED_MSGS : 0;
	conn->lost = 0;
}

/* All results of RECV, in one go. */
static int recv_answer(struct kdbus_conn *conn, struct kdbus_arg *arg)
{
	int ret;

	ret = kdbus_arg_write_back(arg, offsetof(struct kdbus_cmd_recv, return_flags),
				   offsetofend(struct kdbus_cmd_recv, msg));
	if (ret) {
		spin_lock(&conn->lock);
		conn->lost += arg->recv->dropped_msgs;
		spin_unlock(&conn->lock);
		arg->recv->return_flags = 0;
	}
	return ret;
}

static int recv_peek(struct kdbus_conn *conn, struct kdbus_arg *arg)
{
	struct kdbus_cmd_recv *cmd = arg->recv;
	struct kdbus_entry *entry;
	bool published = false;
	int ret;

	kdbus_publish_nothing(conn, &cmd->msg);
	spin_lock(&conn->lock);
	entry = recv_select_locked(conn, cmd);
	if (entry) {
		cmd->msg.offset = entry->slice->offset;
		cmd->msg.msg_size = entry->slice->size;
		published = kdbus_pool_publish(conn->pool, entry->slice);
	}
	recv_take_lost_locked(conn, cmd);
	spin_unlock(&conn->lock);

	ret = recv_answer(conn, arg);
	if (ret && published)
		kdbus_pool_unpublish(conn->pool, cmd->msg.offset);
	return ret ?: entry ? 0 : -EAGAIN;
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

/* The caller could not be told: the message waits again, unless the queue was closed meanwhile. */
static void recv_put_back(struct kdbus_conn *conn, struct kdbus_entry *entry)
{
	bool closed;

	spin_lock(&conn->lock);
	closed = conn->closed;
	if (!closed)
		kdbus_queue_put_back(&conn->queue, &entry->node);
	spin_unlock(&conn->lock);
	if (closed)
		recv_discard(conn, entry);
}

static void recv_finish(struct kdbus_conn *conn, struct kdbus_entry *entry)
{
	if (entry->call)
		kdbus_call_put(entry->call);
	entry->call = NULL;
	kdbus_publish_commit(conn, entry);
}

static int recv_take(struct kdbus_conn *conn, struct kdbus_arg *arg)
{
	struct kdbus_cmd_recv *cmd = arg->recv;
	bool drop = cmd->flags & KDBUS_RECV_DROP;
	struct kdbus_entry *entry;
	int ret;

	spin_lock(&conn->lock);
	entry = recv_select_locked(conn, cmd);
	if (entry)
		kdbus_queue_remove(&conn->queue, &entry->node);
	recv_take_lost_locked(conn, cmd);
	spin_unlock(&conn->lock);

	kdbus_publish_nothing(conn, &cmd->msg);
	kdbus_delay_point();
	if (entry && !drop)
		kdbus_publish_prepare(conn, entry, &cmd->msg);
	ret = recv_answer(conn, arg);
	if (!entry)
		return ret ?: -EAGAIN;
	if (ret) {
		if (!drop)
			kdbus_publish_undo(conn, entry);
		recv_put_back(conn, entry);
	} else if (drop) {
		recv_discard(conn, entry);
	} else {
		recv_finish(conn, entry);
	}
	return ret;
}

/**
 * kdbus_cmd_recv() - KDBUS_CMD_RECV
 * @conn: the receiver
 * @arg: imported
 *
 * Context: May sleep for as long as the caller's memory takes.
 * Return: 0; -EAGAIN if there is no such message; -EINVAL, -EFAULT.
 */
int kdbus_cmd_recv(struct kdbus_conn *conn, struct kdbus_arg *arg)
{
	u64 flags = arg->recv->flags;

	if ((flags & KDBUS_RECV_DROP) && (flags & KDBUS_RECV_USE_PRIORITY))
		return -EINVAL;
	if ((flags & KDBUS_RECV_PEEK) && !(flags & KDBUS_RECV_DROP))
		return recv_peek(conn, arg);
	return recv_take(conn, arg);
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
	/* Where nothing was published, the size of the pool was told: it can be freed. */
	if (arg->free->offset == kdbus_pool_size(conn->pool))
		return 0;
	return kdbus_pool_unpublish(conn->pool, arg->free->offset);
}
