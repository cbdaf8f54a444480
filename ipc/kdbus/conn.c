// SPDX-License-Identifier: GPL-2.0
/* A connection: its identity, its queue, its life. */

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

#include "bus.h"
#include "conn.h"
#include "delay.h"
#include "endpoint.h"
#include "entry.h"
#include "pool.h"

/* Added to kdbus_conn.active when the connection is taken apart. */
#define CONN_INACTIVE INT_MIN

/**
 * kdbus_conn_new() - a connection that nobody can find yet
 * @ep: pinned
 * @file: the open endpoint; its credentials count
 * @flags: KDBUS_HELLO_*
 * @pool_size: in bytes, checked
 * @description: copied; may be NULL
 * @is_owner: may do what the owner of the bus may
 *
 * The accounting user, the metadata and the work of @deadline are the caller's to fill in.
 *
 * Context: Process context of the HELLO caller, may sleep.
 * Return: the connection with one reference, or an ERR_PTR.
 */
struct kdbus_conn *kdbus_conn_new(struct kdbus_ep *ep, const struct file *file, u64 flags,
				  size_t pool_size, const char *description, bool is_owner)
{
	const struct kdbus_limits *limits = &ep->node.domain->limits;
	struct kdbus_conn *conn;
	int ret;

	conn = kzalloc(sizeof(*conn), GFP_KERNEL_ACCOUNT);
	if (!conn)
		return ERR_PTR(-ENOMEM);
	kref_init(&conn->ref);
	conn->flags = flags;
	conn->slot = -1;
	init_waitqueue_head(&conn->wait);
	atomic_set(&conn->active, 0);
	mutex_init(&conn->leave);
	mutex_init(&conn->staging);
	spin_lock_init(&conn->lock);
	kdbus_queue_init(&conn->queue);
	kdbus_clock_init(&conn->clock);
	kdbus_flow_init(&conn->flow);
	kdbus_quota_init(&conn->quota, pool_size, limits->queued_messages, limits->queued_fds);
	INIT_HLIST_HEAD(&conn->calls);
	conn->deadline_ns = U64_MAX;
	spin_lock_init(&conn->owed_lock);
	INIT_HLIST_HEAD(&conn->owed);
	INIT_LIST_HEAD(&conn->claims);
	kdbus_match_owner_init(&conn->matches);
	kdbus_meta_init(&conn->meta);
	INIT_LIST_HEAD(&conn->ep_entry);
	INIT_LIST_HEAD(&conn->monitor_entry);

	if (description) {
		conn->description = kstrdup(description, GFP_KERNEL_ACCOUNT);
		if (!conn->description) {
			ret = -ENOMEM;
			goto out_free;
		}
	}
	conn->pool = kdbus_pool_new(pool_size);
	if (IS_ERR(conn->pool)) {
		ret = PTR_ERR(conn->pool);
		goto out_free_description;
	}
	ret = kdbus_view_init(&conn->view, file->f_cred);
	if (ret)
		goto out_put_pool;

	kdbus_node_get(&ep->node);
	conn->ep = ep;
	conn->bus = ep->bus;
	conn->is_owner = is_owner;
	return conn;

out_put_pool:
	kdbus_pool_put(conn->pool);
out_free_description:
	kfree(conn->description);
out_free:
	kfree(conn);
	return ERR_PTR(ret);
}

static void conn_free(struct kref *ref)
{
	struct kdbus_conn *conn = container_of(ref, struct kdbus_conn, ref);
	struct kdbus_share *share, *next;

	WARN_ON(!kdbus_queue_is_empty(&conn->queue) || !hlist_empty(&conn->calls) ||
		!hlist_empty(&conn->owed) || !list_empty(&conn->claims) || conn->n_calls);

	list_for_each_entry_safe(share, next, &conn->quota.shares, entry) {
		kdbus_user_put((struct kdbus_user *)share->user);
		kfree(share);
	}
	kdbus_entry_release(conn->spare, NULL);
	kdbus_loss_deinit(&conn->loss, conn->pool);
	kfree(conn->question);
	kfree(conn->spare_call);
	kfree(conn->memo);
	kdbus_destination_deinit(&conn->destination);
	kdbus_match_owner_deinit(&conn->matches);
	kdbus_pool_put(conn->pool);
	kdbus_meta_deinit(&conn->meta);
	kdbus_view_deinit(&conn->view);
	if (conn->slot >= 0)
		ida_free(&conn->bus->conn_slots, conn->slot);
	if (conn->user)
		kdbus_user_put(conn->user);
	kfree(conn->bye);
	kfree(conn->description);
	kdbus_node_put(&conn->ep->node);
	/* kdbus_conn_find() and readers of the match index may still look at it. */
	kfree_rcu(conn, rcu);
}

/**
 * kdbus_conn_get() - take a reference
 * @conn: the connection
 *
 * Return: @conn.
 */
struct kdbus_conn *kdbus_conn_get(struct kdbus_conn *conn)
{
	kref_get(&conn->ref);
	return conn;
}

/**
 * kdbus_conn_put() - drop a reference
 * @conn: the connection, or NULL
 *
 * Context: May sleep.
 */
void kdbus_conn_put(struct kdbus_conn *conn)
{
	if (conn)
		kref_put(&conn->ref, conn_free);
}

/**
 * kdbus_conn_find() - look up a connection by its id
 * @bus: where
 * @id: from user space, anything
 *
 * Return: the connection with a reference for the caller, or NULL.
 */
struct kdbus_conn *kdbus_conn_find(struct kdbus_bus *bus, u64 id)
{
	struct kdbus_conn *conn;

	if (id != (unsigned long)id)
		return NULL;
	rcu_read_lock();
	/* Both pair with the store in hello.c and the removal in leave.c. */
	conn = rcu_dereference(bus->recent[id % KDBUS_BUS_RECENT]);
	if (unlikely(!conn || conn->id != id))
		conn = xa_load(&bus->conns, id);
	if (conn && !kref_get_unless_zero(&conn->ref))
		conn = NULL;
	rcu_read_unlock();
	kdbus_delay_point();
	return conn;
}

/**
 * kdbus_conn_leave() - end what kdbus_conn_enter() began
 * @conn: the connection
 */
void kdbus_conn_leave(struct kdbus_conn *conn)
{
	kdbus_delay_point();
	if (unlikely(atomic_dec_return(&conn->active) == CONN_INACTIVE))
		wake_up_var(&conn->active);
}

/**
 * kdbus_conn_deactivate() - keep new commands out and wait for those inside
 * @conn: the connection; its leave lock is held
 *
 * Context: Sleeps.
 * Return: false if this was done before.
 */
bool kdbus_conn_deactivate(struct kdbus_conn *conn)
{
	lockdep_assert_held(&conn->leave);

	if (!kdbus_conn_is_active(conn))
		return false;
	kdbus_delay_point();
	atomic_add(CONN_INACTIVE, &conn->active);
	/* Pollers see a hang-up, callers of SEND that wait for a reply give up. */
	wake_up_all(&conn->wait);
	wait_var_event(&conn->active, atomic_read(&conn->active) == CONN_INACTIVE);
	return true;
}

/**
 * kdbus_conn_wake() - tell pollers, and one who waits, that there is something to receive
 * @conn: the connection
 *
 * Context: Any but interrupts.
 */
void kdbus_conn_wake(struct kdbus_conn *conn)
{
	kdbus_delay_point();
	/* The barrier in it pairs with that of poll_wait(). */
	if (wq_has_sleeper(&conn->wait))
		wake_up_interruptible_sync_poll(&conn->wait, EPOLLIN | EPOLLRDNORM);
}

/**
 * kdbus_conn_count_lost() - a message could not be queued and its sender will not tell
 * @conn: the receiver
 */
void kdbus_conn_count_lost(struct kdbus_conn *conn)
{
	bool first;

	spin_lock(&conn->lock);
	first = !conn->lost;
	/* Pairs with the reads of those who poll or wait, as all writes do. */
	WRITE_ONCE(conn->lost, conn->lost + 1);
	spin_unlock(&conn->lock);
	if (first)
		kdbus_conn_wake(conn);
}
