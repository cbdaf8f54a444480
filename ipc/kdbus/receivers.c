// SPDX-License-Identifier: GPL-2.0
/* The connections that get copies of a message. */

#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "bus.h"
#include "conn.h"
#include "deliver.h"
#include "match.h"
#include "memo.h"
#include "receivers.h"

/**
 * DOC: Receivers
 *
 * The match index is read under RCU and may show a connection once for each of
 * its entries; copies are made by code that sleeps.  So the receivers are
 * collected first, each once.  A few fit into the structure itself.  If there are
 * more, room for all connections of the bus is allocated and the index is
 * asked again: what a broadcast costs follows the number of those who hear it.  Whose
 * last broadcast had many receivers gets that room at once.
 *
 * Then copies are written for them, while nothing of the message can be seen.  Those
 * that could be made are committed together.
 */

static bool receivers_has(const struct kdbus_receivers *receivers, const struct kdbus_conn *conn)
{
	unsigned int i;

	for (i = 0; i < receivers->n; i++)
		if (receivers->stages[i].conn == conn)
			return true;
	return false;
}

static void receivers_visit(struct kdbus_match_owner *owner, void *ctx)
{
	struct kdbus_conn *conn = container_of(owner, struct kdbus_conn, matches);
	struct kdbus_receivers *receivers = ctx;

	if (receivers->seen) {
		/* One that came after the set was sized has missed this broadcast. */
		if ((unsigned int)conn->slot >= receivers->n_slots ||
		    __test_and_set_bit(conn->slot, receivers->seen))
			return;
	} else if (receivers_has(receivers, conn)) {
		return;
	}
	if (receivers->n == receivers->room) {
		receivers->missed = true;
		return;
	}
	if (kref_get_unless_zero(&conn->ref))
		receivers->stages[receivers->n++] = (struct kdbus_stage){ .conn = conn };
}

/**
 * kdbus_receivers_init() - nobody
 * @receivers: uninitialised memory
 */
void kdbus_receivers_init(struct kdbus_receivers *receivers)
{
	receivers->stages = receivers->inline_stages;
	receivers->n = 0;
	receivers->room = KDBUS_RECEIVERS_INLINE;
	receivers->missed = false;
	receivers->seen = NULL;
	receivers->n_slots = 0;
}

/* Make room for @n more. */
static int receivers_grow(struct kdbus_receivers *receivers, unsigned int n)
{
	unsigned int room = receivers->n + n;
	struct kdbus_stage *stages;

	stages = kvmalloc_array(room, sizeof(*stages), GFP_KERNEL_ACCOUNT);
	if (!stages)
		return -ENOMEM;
	memcpy(stages, receivers->stages, receivers->n * sizeof(*stages));
	if (receivers->stages != receivers->inline_stages)
		kvfree(receivers->stages);
	receivers->stages = stages;
	receivers->room = room;
	return 0;
}

/* Forget all, and make room for every connection of the bus. */
static int receivers_enlarge(struct kdbus_receivers *receivers, struct kdbus_bus *bus)
{
	unsigned int n_slots = READ_ONCE(bus->n_slots);
	int ret;

	kdbus_receivers_free(receivers);
	ret = receivers_grow(receivers, n_slots);
	if (ret)
		return ret;
	receivers->seen = bitmap_zalloc(n_slots, GFP_KERNEL_ACCOUNT);
	receivers->n_slots = n_slots;
	if (!receivers->seen) {
		kdbus_receivers_free(receivers);
		return -ENOMEM;
	}
	return 0;
}

/* Where the sender remembers what a search finds; NULL if a search costs little. */
static struct kdbus_memo *receivers_memo(struct kdbus_conn *src)
{
	struct kdbus_memo *memo, *other;

	if (likely(!kdbus_match_is_crowded(&src->bus->matches)))
		return NULL;
	memo = READ_ONCE(src->memo);
	if (memo)
		return memo;
	memo = kdbus_memo_new(src->bus->bloom.size);
	/* Several threads of the sender may be here. */
	other = memo ? cmpxchg(&src->memo, NULL, memo) : NULL;
	if (!other)
		return memo;
	kfree(memo);
	return other;
}

/**
 * kdbus_receivers_of_signal() - who has a matching entry
 * @receivers: uninitialised memory; to be freed unless an error is returned
 * @src: the sender
 * @signal: what
 *
 * Context: May sleep.
 * Return: 0 or -ENOMEM.
 */
int kdbus_receivers_of_signal(struct kdbus_receivers *receivers, struct kdbus_conn *src,
			      const struct kdbus_match_signal *signal)
{
	bool was_popular = READ_ONCE(src->is_popular), is_popular;
	struct kdbus_memo *memo = receivers_memo(src);
	struct kdbus_bus *bus = src->bus;
	int ret = 0;

	kdbus_receivers_init(receivers);
	receivers->missed = was_popular;
	do {
		if (receivers->missed)
			ret = receivers_enlarge(receivers, bus);
		if (ret)
			return ret;
		rcu_read_lock();
		kdbus_match_signal(&bus->matches, signal, memo, receivers_visit, receivers);
		rcu_read_unlock();
	} while (receivers->missed);

	is_popular = receivers->n > KDBUS_RECEIVERS_INLINE;
	if (is_popular != was_popular)
		WRITE_ONCE(src->is_popular, is_popular);
	return 0;
}

/**
 * kdbus_receivers_of_event() - who has a matching entry
 * @receivers: uninitialised memory; to be freed unless an error is returned
 * @bus: where
 * @event: what
 *
 * Context: May sleep.
 * Return: 0 or -ENOMEM.
 */
int kdbus_receivers_of_event(struct kdbus_receivers *receivers, struct kdbus_bus *bus,
			     const struct kdbus_match_event *event)
{
	int ret = 0;

	kdbus_receivers_init(receivers);
	do {
		if (receivers->missed)
			ret = receivers_enlarge(receivers, bus);
		if (ret)
			return ret;
		rcu_read_lock();
		kdbus_match_event(&bus->matches, event, receivers_visit, receivers);
		rcu_read_unlock();
	} while (receivers->missed);
	return 0;
}

/**
 * kdbus_receivers_add() - one who has his copy
 * @receivers: nobody so far
 * @conn: the receiver; a reference is taken
 * @entry: reserved there and written; owned by the set afterwards
 */
void kdbus_receivers_add(struct kdbus_receivers *receivers, struct kdbus_conn *conn,
			 struct kdbus_entry *entry)
{
	receivers->stages[receivers->n++] = (struct kdbus_stage){
		.conn = kdbus_conn_get(conn),
		.entry = entry,
	};
}

/**
 * kdbus_receivers_add_monitors() - those who see everything
 * @receivers: the set; nothing of it is staged yet
 * @bus: where
 *
 * If there is no memory for the list, the message is lost to all monitors.
 *
 * Context: May sleep.
 */
void kdbus_receivers_add_monitors(struct kdbus_receivers *receivers, struct kdbus_bus *bus)
{
	struct kdbus_conn *monitor;
	bool fits = true;

	if (likely(!READ_ONCE(bus->n_monitors)))
		return;
	down_read(&bus->monitors_sem);
	if (bus->n_monitors > receivers->room - receivers->n)
		fits = !receivers_grow(receivers, bus->n_monitors);
	list_for_each_entry(monitor, &bus->monitors, monitor_entry) {
		if (fits)
			kdbus_receivers_add(receivers, monitor, NULL);
		else
			kdbus_loss_now(monitor);
	}
	up_read(&bus->monitors_sem);
}

/* How many have a copy?  @last is one of them. */
static unsigned int receivers_with_copy(struct kdbus_receivers *receivers,
					struct kdbus_stage **last)
{
	unsigned int i, n = 0;

	for (i = 0; i < receivers->n; i++) {
		if (receivers->stages[i].entry) {
			*last = &receivers->stages[i];
			n++;
		}
	}
	return n;
}

/**
 * kdbus_receivers_commit() - make all copies visible, at the same place in all queues
 * @receivers: with copies or without
 * @clock: of the sender
 * @src: the sender, entered; NULL for the kernel, which holds the notify lock
 * @seen: what the sender knows
 */
void kdbus_receivers_commit(struct kdbus_receivers *receivers, struct kdbus_clock *clock,
			    struct kdbus_conn *src, u64 seen)
{
	struct kdbus_ticket ticket;
	struct kdbus_stage *last;
	unsigned int n;

	n = receivers_with_copy(receivers, &last);
	if (n == 1) {
		kdbus_deliver_commit(last->conn, last->entry, seen);
		last->entry = NULL;
	} else if (n) {
		kdbus_ticket_open(&ticket, clock, src, seen);
		kdbus_ticket_stage_all(&ticket, receivers);
		kdbus_ticket_commit(&ticket);
		kdbus_stage_settle_all(receivers);
	}
}

/**
 * kdbus_receivers_free() - let go of the connections, and of copies that are not committed
 * @receivers: the set; nobody afterwards
 */
void kdbus_receivers_free(struct kdbus_receivers *receivers)
{
	unsigned int i;

	for (i = 0; i < receivers->n; i++) {
		struct kdbus_stage *stage = &receivers->stages[i];

		if (stage->entry)
			kdbus_deliver_abort(stage->conn, stage->entry);
		kdbus_conn_put(stage->conn);
	}
	if (receivers->stages != receivers->inline_stages)
		kvfree(receivers->stages);
	bitmap_free(receivers->seen);
	kdbus_receivers_init(receivers);
}
