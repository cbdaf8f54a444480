// SPDX-License-Identifier: GPL-2.0
/* The set of connections that get a copy of a broadcast. */

#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "bus.h"
#include "conn.h"
#include "match.h"
#include "receivers.h"

/**
 * DOC: Receivers
 *
 * The match index is read under RCU and may show a connection once for each of
 * its entries; copies are made by code that sleeps.  So the receivers are
 * collected first, each once.  A few fit into the structure itself.  If there are
 * more, room for all connections of the bus is allocated and the index is
 * asked again: what a broadcast costs follows the number of those who hear it.
 */

static bool receivers_has(const struct kdbus_receivers *receivers, const struct kdbus_conn *conn)
{
	unsigned int i;

	for (i = 0; i < receivers->n; i++)
		if (receivers->conns[i] == conn)
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
		receivers->conns[receivers->n++] = conn;
}

static void receivers_init(struct kdbus_receivers *receivers)
{
	receivers->conns = receivers->inline_conns;
	receivers->n = 0;
	receivers->room = KDBUS_RECEIVERS_INLINE;
	receivers->missed = false;
	receivers->seen = NULL;
	receivers->n_slots = 0;
}

/* Forget all, and make room for every connection of the bus. */
static int receivers_enlarge(struct kdbus_receivers *receivers, struct kdbus_bus *bus)
{
	unsigned int n_slots = READ_ONCE(bus->n_slots);

	kdbus_receivers_free(receivers);
	receivers_init(receivers);
	receivers->seen = bitmap_zalloc(n_slots, GFP_KERNEL_ACCOUNT);
	receivers->conns = kvmalloc_array(n_slots, sizeof(receivers->conns[0]),
					  GFP_KERNEL_ACCOUNT);
	if (!receivers->seen || !receivers->conns) {
		bitmap_free(receivers->seen);
		kvfree(receivers->conns);
		receivers_init(receivers);
		return -ENOMEM;
	}
	receivers->n_slots = n_slots;
	receivers->room = n_slots;
	return 0;
}

/**
 * kdbus_receivers_of_signal() - who has a matching entry
 * @receivers: uninitialised memory; to be freed unless an error is returned
 * @bus: where
 * @signal: what
 *
 * Context: May sleep.
 * Return: 0 or -ENOMEM.
 */
int kdbus_receivers_of_signal(struct kdbus_receivers *receivers, struct kdbus_bus *bus,
			      const struct kdbus_match_signal *signal)
{
	int ret = 0;

	receivers_init(receivers);
	do {
		if (receivers->missed)
			ret = receivers_enlarge(receivers, bus);
		if (ret)
			return ret;
		rcu_read_lock();
		kdbus_match_signal(&bus->matches, signal, receivers_visit, receivers);
		rcu_read_unlock();
	} while (receivers->missed);
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

	receivers_init(receivers);
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
 * kdbus_receivers_free() - let go of the connections
 * @receivers: the set
 */
void kdbus_receivers_free(struct kdbus_receivers *receivers)
{
	unsigned int i;

	for (i = 0; i < receivers->n; i++)
		kdbus_conn_put(receivers->conns[i]);
	if (receivers->conns != receivers->inline_conns)
		kvfree(receivers->conns);
	bitmap_free(receivers->seen);
}
