// SPDX-License-Identifier: GPL-2.0
/* Messages follow their name from one queue to another. */

#include <linux/err.h>

#include "bus.h"
#include "call.h"
#include "conn.h"
#include "delay.h"
#include "deliver.h"
#include "files.h"
#include "move.h"
#include "payload.h"
#include "pool.h"
#include "slice.h"
#include "ticket.h"

/* Take what was sent to this registration out of the queue of @from. */
static void move_take(struct kdbus_conn *from, u64 registration, struct list_head *taken)
{
	struct kdbus_entry *entry, *next;

	spin_lock(&from->lock);
again:
	list_for_each_entry_safe(entry, next, &from->queue.entries, node.entry) {
		if (entry->registration != registration)
			continue;
		/* The name has no owner, so nothing is added, and this comes to an end. */
		if (unlikely(entry->node.stage)) {
			kdbus_stage_resolve_locked(from, entry);
			goto again;
		}
		kdbus_queue_remove(&from->queue, &entry->node);
		list_add_tail(&entry->node.entry, taken);
	}
	kdbus_loss_join_all_locked(from);
	spin_unlock(&from->lock);
}

/* Room for a copy of @entry at @to; what is shared stays so, if possible. */
static struct kdbus_entry *move_reserve(struct kdbus_conn *to, struct kdbus_user *user,
					const struct kdbus_entry *entry)
{
	const struct kdbus_slice *slice = entry->slice;
	struct kdbus_entry *copy;

	if (slice->payload) {
		copy = kdbus_deliver_reserve_shared(to, user, slice->size -
						    kdbus_payload_bytes(slice->payload),
						    slice->payload, entry->node.priority,
						    entry->files);
		if (!IS_ERR(copy) || copy == ERR_PTR(-ENOMEM))
			return copy;
	}
	return kdbus_deliver_reserve(to, user, slice->size, entry->node.priority, entry->files,
				     KDBUS_POOL_PATIENT, NULL);
}

/* Queue a copy of @entry, charged to the same user, at @to. */
static int move_copy(struct kdbus_conn *from, struct kdbus_conn *to, struct kdbus_entry *entry)
{
	/* Charged at @from until this is over, so the share keeps the user. */
	struct kdbus_user *user = (struct kdbus_user *)entry->share->user;
	struct kdbus_entry *copy;

	copy = move_reserve(to, user, entry);
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	kdbus_pool_copy(to->pool, copy->slice, from->pool, entry->slice);
	copy->registration = entry->registration;

	kdbus_delay_point();
	spin_lock(&to->lock);
	if (to->closed) {
		spin_unlock(&to->lock);
		kdbus_deliver_abort(to, copy);
		return -ECONNRESET;
	}
	copy->call = entry->call;
	entry->call = NULL;
	kdbus_deliver_commit_locked(to, copy, entry->node.stamp);
	spin_unlock(&to->lock);
	return 0;
}

/**
 * kdbus_move_messages() - move what was sent to a name, and the duty to reply
 * @from: who had the name
 * @to: who gets it
 * @registration: of the name
 *
 * From an activator all calls move, so that the service can answer.  Back to an
 * activator only those whose message is still queued: what the owner has
 * received nobody else can answer, and its caller shall know when the owner dies.
 *
 * In order, to the end of the queue, with stamps that also follow those that they
 * had.  What @to cannot take is lost and counted there; calls among it end.  The
 * caller flushes the notifications.
 *
 * Context: The names lock is held and the name has no owner, so nothing is
 *          sent to it meanwhile.  May sleep.
 */
void kdbus_move_messages(struct kdbus_conn *from, struct kdbus_conn *to, u64 registration)
{
	struct kdbus_entry *entry, *next;
	LIST_HEAD(taken);

	lockdep_assert_held(&from->bus->names.lock);

	if (!kdbus_conn_is_activator(to))
		kdbus_calls_redirect(from, to, registration);
	kdbus_delay_point();
	move_take(from, registration, &taken);
	list_for_each_entry_safe(entry, next, &taken, node.entry) {
		if (entry->call)
			kdbus_call_redirect(entry->call, from, to);
		if (move_copy(from, to, entry))
			kdbus_loss_now(to);
		list_del_init(&entry->node.entry);
		/* Still there, so the message was lost: its caller shall know. */
		if (entry->call)
			kdbus_call_drop(entry->call);
		entry->call = NULL;

		spin_lock(&from->lock);
		kdbus_entry_uncharge_locked(from, entry);
		spin_unlock(&from->lock);
		kdbus_entry_free(from, entry);
	}
	kdbus_flow_serve(from);
	kdbus_conn_wake(to);
}
