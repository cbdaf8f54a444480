/* SPDX-License-Identifier: GPL-2.0 */
/* A connection: its identity, its queue, its life. */
#ifndef KDBUS_CONN_H
#define KDBUS_CONN_H

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <uapi/linux/kdbus.h>

#include "clock.h"
#include "destination.h"
#include "flow.h"
#include "loss.h"
#include "match.h"
#include "meta.h"
#include "queue.h"
#include "quota.h"
#include "view.h"

struct file;
struct kdbus_bus;
struct kdbus_call;
struct kdbus_entry;
struct kdbus_ep;
struct kdbus_event;
struct kdbus_memo;
struct kdbus_pool;
struct kdbus_question;
struct kdbus_user;

/* HELLO flags that make a connection something else than an ordinary one. */
#define KDBUS_HELLO_KINDS \
	(KDBUS_HELLO_ACTIVATOR | KDBUS_HELLO_POLICY_HOLDER | KDBUS_HELLO_MONITOR)

/**
 * struct kdbus_conn - a connection
 * @ref: who uses it; the memory lives one RCU grace period longer
 * @rcu: for that
 * @id: unique in the domain; set once
 * @flags: KDBUS_HELLO_*; set once
 * @slot: dense number in its bus; set once
 * @ep: how it came in; pinned, set once
 * @bus: pinned by @ep; set once
 * @user: charged for it and for what it sends; pinned, set once
 * @view: namespaces of its owner, and in view.cred the credentials that its file
 *        was opened with; set once
 * @meta: its owner at HELLO, or what that faked; set once
 * @is_owner: may do what the owner of the bus may; set once
 * @is_faked: speaks for somebody else: its messages carry nothing of its process; set once
 * @description: owned, may be NULL; set once
 * @attach_send: metadata that it gives; read and written whole
 * @attach_recv: metadata that it wants; likewise
 * @wait: pollers, and who waits in EXCHANGE
 * @pool: memory of its messages; set once
 *
 * @active: number of commands inside kdbus_conn_enter(), negative when it has
 *          been taken apart
 * @leave: held by whoever takes it apart
 * @bye: event that says that it is gone, so that leaving needs no memory; under
 *       @leave
 *
 * @question: where it asks for room; owned, NULL until the first time; written once
 *
 * @staging: PREEMPT_RT: held while it has a ticket that is open
 *
 * @lock: guards the following up to @deadline_ns
 * @closed: takes no more messages
 * @was_timed: @deadline was armed at least once
 * @queue: messages for RECV
 * @n_staged: messages in @queue that are not known to be committed
 * @clock: what it knows of the order of messages; written under @lock, read without
 * @spare: memory for the next entry, or NULL; exchanged whole, without the lock
 * @spare_call: memory for the next synchronous call, or NULL; likewise
 * @quota: how full it is, by sending user
 * @flow: who waits for room
 * @lost: messages that could not be queued since the last RECV
 * @loss: for those with %KDBUS_HELLO_LOSS_IN_PLACE; has rules of its own
 * @calls: struct kdbus_call by this connection, from sending to their end; the newest first
 * @n_calls: their number, and of those about to be sent
 * @deadline_ns: when @deadline fires; U64_MAX if it is not armed
 * @deadline: ends calls whose time is up
 *
 * @owed_lock: guards @owed; leaf, but for that of another connection while calls move,
 *             under the names lock
 * @owed: struct kdbus_call that this connection has to answer; the newest first
 *
 * @claims: struct kdbus_claim on names in order of acquisition; written under
 *          the names lock of the bus, read under RCU
 * @n_claims: their number; under the names lock
 *
 * @matches: what it wants to hear
 * @memo: whom its last broadcast was for; owned, NULL until a search for it costs much;
 *        written once
 * @destination: a name that it has sent to; has rules of its own
 * @is_popular: its last broadcast had many receivers; a hint, read and written whole
 * @ep_entry: link in kdbus_ep.conns; under the lock of @ep
 * @monitor_entry: link in kdbus_bus.monitors; under monitors_sem
 */
struct kdbus_conn {
	struct kref ref;
	struct rcu_head rcu;
	u64 id;
	u64 flags;
	int slot;
	struct kdbus_ep *ep;
	struct kdbus_bus *bus;
	struct kdbus_user *user;
	struct kdbus_view view;
	struct kdbus_meta meta;
	bool is_owner;
	bool is_faked;
	char *description;
	u64 attach_send;
	u64 attach_recv;
	wait_queue_head_t wait;
	struct kdbus_pool *pool;

	atomic_t active;
	struct mutex leave;	/* taking it apart */
	struct kdbus_event *bye;

	struct kdbus_question *question;

	struct mutex staging;	/* its message is not committed */

	spinlock_t lock;	/* queue, quota, calls */
	bool closed;
	bool was_timed;
	struct kdbus_queue queue;
	unsigned int n_staged;
	struct kdbus_clock clock;
	struct kdbus_entry *spare;
	struct kdbus_call *spare_call;
	struct kdbus_quota quota;
	struct kdbus_flow flow;
	u64 lost;
	struct kdbus_loss loss;
	struct hlist_head calls;
	unsigned int n_calls;
	u64 deadline_ns;
	struct delayed_work deadline;

	spinlock_t owed_lock;	/* calls to be answered */
	struct hlist_head owed;

	struct list_head claims;
	unsigned int n_claims;

	struct kdbus_match_owner matches;
	struct kdbus_memo *memo;
	struct kdbus_destination destination;
	bool is_popular;
	struct list_head ep_entry;
	struct list_head monitor_entry;
};

static inline bool kdbus_conn_is_ordinary(const struct kdbus_conn *conn)
{
	return !(conn->flags & KDBUS_HELLO_KINDS);
}

static inline bool kdbus_conn_is_monitor(const struct kdbus_conn *conn)
{
	return conn->flags & KDBUS_HELLO_MONITOR;
}

static inline bool kdbus_conn_is_activator(const struct kdbus_conn *conn)
{
	return conn->flags & KDBUS_HELLO_ACTIVATOR;
}

/**
 * kdbus_conn_enter() - take part in the bus, until kdbus_conn_leave()
 * @conn: connection that gives the command
 *
 * Whoever takes the connection apart waits for us.  Nothing may be done in
 * between that waits for user space.
 *
 * Return: false if the connection has been taken apart already.
 */
static inline bool kdbus_conn_enter(struct kdbus_conn *conn)
{
	return atomic_inc_unless_negative(&conn->active);
}

/**
 * kdbus_conn_is_active() - has nobody begun to take the connection apart?
 * @conn: the connection
 *
 * Return: whether; the answer may be old when it is used.
 */
static inline bool kdbus_conn_is_active(const struct kdbus_conn *conn)
{
	return atomic_read(&conn->active) >= 0;
}

struct kdbus_conn *kdbus_conn_new(struct kdbus_ep *ep, const struct file *file, u64 flags,
				  size_t pool_size, const char *description, bool is_owner);
struct kdbus_conn *kdbus_conn_get(struct kdbus_conn *conn);
struct kdbus_conn *kdbus_conn_find(struct kdbus_bus *bus, u64 id);
void kdbus_conn_put(struct kdbus_conn *conn);

void kdbus_conn_leave(struct kdbus_conn *conn);
bool kdbus_conn_deactivate(struct kdbus_conn *conn);

void kdbus_conn_count_lost(struct kdbus_conn *conn);
void kdbus_conn_wake(struct kdbus_conn *conn);

#endif
