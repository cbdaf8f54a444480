// SPDX-License-Identifier: GPL-2.0
/* One message gets the same place in several queues. */

#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/processor.h>

#include "bus.h"
#include "clock.h"
#include "conn.h"
#include "delay.h"
#include "entry.h"
#include "receivers.h"
#include "ticket.h"

/**
 * DOC: Order
 *
 * Each queue is sorted by stamps, and among equal stamps by the id of the sender.
 * The stamp of a message is larger than what its sender knew, and than what each of
 * its receivers may have received already; only the receivers know the latter.  So a
 * copy for each is staged at the stamp that the receiver proposes, and holds back what
 * is behind it.  When all have been asked, the largest proposal becomes the stamp, with
 * one store.  Whoever comes first to a staged copy then gives it that place: the sender,
 * who looks at each receiver once more, the receiver, or who sends something else to him.
 *
 * A message to one receiver has nobody to agree with.  It is queued at what the
 * receiver proposes, in one step; see kdbus_deliver_commit_locked().
 *
 * A receiver who finds an open ticket at the head of his queue waits for the commit.
 * Whoever has an open ticket cannot be preempted and does not sleep, so this is like waiting
 * for a spinlock.  The receiver lets go of his own lock meanwhile: the sender may need
 * it.  Where spinlocks sleep, a mutex of the sender lends him the priority of who waits.
 *
 * Documentation/kdbus/order.rst has the proof, tools/testing/model checks it.
 */

/**
 * kdbus_ticket_open() - begin to queue a message
 * @ticket: uninitialised memory; to be committed by kdbus_ticket_commit()
 * @clock: of the sender
 * @src: the sender, entered; NULL for the kernel, which holds the notify lock
 * @seen: what the sender knows
 *
 * Context: Not to be preempted until the commit; PREEMPT_RT: not to open another one.
 */
void kdbus_ticket_open(struct kdbus_ticket *ticket, struct kdbus_clock *clock,
		       struct kdbus_conn *src, u64 seen)
{
	ticket->is_final = false;
	ticket->stamp = 0;
	ticket->seen = seen;
	ticket->clock = clock;
	ticket->src = src;
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		preempt_disable();
	else if (src)
		mutex_lock(&src->staging);
}

/**
 * kdbus_ticket_stage_locked() - hold a place in a queue
 * @ticket: open
 * @stage: has an entry; the lock of the receiver is held, it has not closed its queue
 *
 * The queue owns the entry then, and looks at @stage until the entry has its place.
 */
void kdbus_ticket_stage_locked(struct kdbus_ticket *ticket, struct kdbus_stage *stage)
{
	struct kdbus_queue_node *node = &stage->entry->node;
	struct kdbus_conn *dst = stage->conn;
	u64 stamp;

	lockdep_assert_held(&dst->lock);

	if (unlikely(dst->n_staged))
		kdbus_stage_settle_known_locked(dst);
	stamp = kdbus_clock_tick(&dst->clock, ticket->seen);
	node->sender = ticket->src ? ticket->src->id : KDBUS_SRC_ID_KERNEL;
	node->stage = stage;
	stage->ticket = ticket;
	dst->n_staged++;
	kdbus_queue_append(&dst->queue, node, stamp);
	ticket->stamp = max(ticket->stamp, stamp);
}

/**
 * kdbus_ticket_stage_all() - hold a place in many queues
 * @ticket: open
 * @receivers: those without an entry, and those who have left, are passed over
 */
void kdbus_ticket_stage_all(struct kdbus_ticket *ticket, struct kdbus_receivers *receivers)
{
	unsigned int i;

	for (i = 0; i < receivers->n; i++) {
		struct kdbus_stage *stage = &receivers->stages[i];

		if (!stage->entry)
			continue;
		kdbus_delay_point();
		spin_lock(&stage->conn->lock);
		if (!stage->conn->closed)
			kdbus_ticket_stage_locked(ticket, stage);
		spin_unlock(&stage->conn->lock);
	}
}

/**
 * kdbus_ticket_commit() - the message is there
 * @ticket: open, with all entries staged that will be
 *
 * The caller settles what he has staged.
 */
void kdbus_ticket_commit(struct kdbus_ticket *ticket)
{
	kdbus_delay_point();
	ticket->stamp = kdbus_clock_agree(ticket->clock, ticket->stamp);
	/* Pairs with stage_is_committed(). */
	smp_store_release(&ticket->is_final, true);
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		preempt_enable();
	else if (ticket->src)
		mutex_unlock(&ticket->src->staging);
}

static void stage_settle_locked(struct kdbus_stage *stage)
{
	struct kdbus_conn *dst = stage->conn;
	u64 stamp = stage->ticket->stamp;

	lockdep_assert_held(&dst->lock);

	kdbus_clock_raise(&dst->clock, stamp);
	kdbus_queue_settle(&dst->queue, &stage->entry->node, stamp);
	dst->n_staged--;
	stage->entry = NULL;
}

static bool stage_is_committed(const struct kdbus_stage *stage)
{
	/* Pairs with kdbus_ticket_commit(). */
	return smp_load_acquire(&stage->ticket->is_final);
}

/**
 * kdbus_stage_settle_known_locked() - give their places to all entries that are committed
 * @conn: whose queue; its lock is held
 *
 * Before a message gets its stamp: so it is behind all that was committed before its
 * SEND began, whoever knows of that, and from where.
 */
noinline void kdbus_stage_settle_known_locked(struct kdbus_conn *conn)
{
	unsigned int left = conn->n_staged;
	struct kdbus_queue_node *node, *previous;

	lockdep_assert_held(&conn->lock);

	/* From the end, because they have not been there for long. */
	list_for_each_entry_safe_reverse(node, previous, &conn->queue.entries, entry) {
		if (!left)
			break;
		if (!node->stage)
			continue;
		left--;
		if (stage_is_committed(node->stage))
			stage_settle_locked(node->stage);
	}
}

/**
 * kdbus_stage_settle() - see to it that an entry has its place, and tell the receiver
 * @stage: its ticket is committed
 *
 * The queue does not look at @stage any more.
 */
void kdbus_stage_settle(struct kdbus_stage *stage)
{
	kdbus_delay_point();
	spin_lock(&stage->conn->lock);
	if (stage->entry)
		stage_settle_locked(stage);
	spin_unlock(&stage->conn->lock);
	kdbus_conn_wake(stage->conn);
}

/**
 * kdbus_stage_settle_all() - likewise, for all whose entry was staged
 * @receivers: of a message whose ticket is committed
 */
void kdbus_stage_settle_all(struct kdbus_receivers *receivers)
{
	unsigned int i;

	for (i = 0; i < receivers->n; i++)
		if (receivers->stages[i].ticket)
			kdbus_stage_settle(&receivers->stages[i]);
}

/* Let the one who has the ticket go on. */
static void stage_wait_rt(struct kdbus_conn *conn, struct kdbus_conn *src)
{
	struct mutex *lock = src ? &src->staging : &conn->bus->notify_lock;

	mutex_lock(lock);
	mutex_unlock(lock);
	kdbus_conn_put(src);
}

/**
 * kdbus_stage_resolve_locked() - what is the place of a staged entry?
 * @conn: whose queue; its lock is held, and is released while it has to be waited
 * @entry: staged; may be anywhere afterwards, so the caller has to look again
 */
noinline void kdbus_stage_resolve_locked(struct kdbus_conn *conn, struct kdbus_entry *entry)
{
	struct kdbus_stage *stage = entry->node.stage;
	struct kdbus_conn *src = stage->ticket->src;

	lockdep_assert_held(&conn->lock);

	if (stage_is_committed(stage)) {
		stage_settle_locked(stage);
		return;
	}
	if (IS_ENABLED(CONFIG_PREEMPT_RT) && src)
		kdbus_conn_get(src);
	spin_unlock(&conn->lock);
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		stage_wait_rt(conn, src);
	else
		cpu_relax();
	spin_lock(&conn->lock);
}

/**
 * kdbus_stage_forget_locked() - an entry will not be received
 * @conn: whose queue; its lock is held
 * @entry: removed from it; staged or not
 */
void kdbus_stage_forget_locked(struct kdbus_conn *conn, struct kdbus_entry *entry)
{
	lockdep_assert_held(&conn->lock);

	if (entry->node.stage) {
		conn->n_staged--;
		entry->node.stage->entry = NULL;
		entry->node.stage = NULL;
	}
}
