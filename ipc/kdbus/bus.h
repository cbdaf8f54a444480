/* SPDX-License-Identifier: GPL-2.0 */
/* A bus: what its connections share. */
#ifndef KDBUS_BUS_H
#define KDBUS_BUS_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/idr.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/xarray.h>
#include <uapi/linux/kdbus.h>

#include "clock.h"
#include "domain.h"
#include "hashtab.h"
#include "match.h"
#include "meta.h"
#include "node.h"
#include "policy.h"

struct kdbus_arg;
struct kdbus_conn;

/**
 * DOC: Lock order
 *
 * Outermost first.  A lock may be taken while those above it are held, never
 * the other way round; those in one line exclude each other::
 *
 *   handle.setup           one set-up command per file at a time
 *     conn.leave           one thread takes a connection apart
 *       question.lock      one question for room per connection at a time
 *     bus.lock             endpoints of a bus; it lives
 *     ep.lock              connections of an endpoint; it lives
 *     bus.notify_lock      events are delivered by one thread at a time, in order
 *       bus.names.lock     who owns which name; held while messages move
 *         policy.lock, match index lock
 *         domain.tree_lock names in the file system; then inode locks
 *         bus.monitors_sem
 *           conn.staging     PREEMPT_RT: a message is on its way into several queues
 *           conn.lock      queue, quota and calls of one connection; never two
 *             conn.owed_lock    calls that one connection has to answer
 *             bus.events_lock   events that wait for delivery
 *             pool.lock         slices
 *             memo.lock         what the last filter has found
 *           pool.pages_lock     pages of a pool; page locks; outside pool.lock
 *           pool.map_lock       page table entries of shared pages; outside pool.lock
 *
 * conn.lock and what is below it are spinlocks.  No lock at all is held while memory of a
 * process is copied, because that may take as long as the process likes.
 *
 * A connection that takes part in a command while it is being taken apart is
 * kept out by kdbus_conn_enter(), which is not a lock: only kdbus_conn_leave()
 * of the last command is waited for, and no command waits for user space in
 * between.
 */

/* Places for connections that are found at once. */
#define KDBUS_BUS_RECENT 256

/**
 * struct kdbus_names - the name registry of a bus
 * @lock: guards every change of an association
 * @by_text: names; read under RCU, written under @lock
 * @seed: makes hashes unpredictable; set once
 * @last_registration: number of the youngest incarnation of a name; under @lock
 */
struct kdbus_names {
	struct mutex lock;	/* associations with names */
	struct kdbus_hashtab by_text;
	u32 seed;
	u64 last_registration;
};

/**
 * struct kdbus_bus - a bus
 * @node: its directory; carries the references; pins the domain
 * @id: unique in the domain; set once
 * @id128: random UUID; set once
 * @flags: KDBUS_MAKE_* it was made with; set once
 * @bloom: size and number of hashes of its bloom filters; set once
 * @creator_mask: kinds of @creator that may be told; set once
 * @creator: who made it; set once
 * @name: of its directory; owned, set once
 * @user: whose number of buses it counts in; pinned, set once
 * @ep: default endpoint; not pinned, the bus is alive as long as its endpoints
 * @lock: see DOC: Lock order
 * @dead: no new endpoints; under @lock
 * @endpoints: struct kdbus_ep; under @lock
 * @conns: by id; weak, read under RCU
 * @recent: some of @conns, to be found without a tree; by the low bits of the id, the last one
 *          that came; weak, read under RCU
 * @conn_slots: dense numbers of connections, for sets of them
 * @n_slots: one more than the largest number in use so far; only grows, under @lock
 * @names: the registry
 * @policy: database of policy holders and activators
 * @matches: what connections want to hear
 * @monitors_sem: guards @monitors
 * @monitors: struct kdbus_conn
 * @n_monitors: length of @monitors, read without lock as a hint
 * @notify_lock: see DOC: Lock order
 * @events_lock: guards @events; leaf
 * @events: struct kdbus_event waiting for delivery, in order
 * @clock: of the kernel, who sends events; under @notify_lock
 * @seqnum: number of the last message.  The one word that every message of
 *          a bus writes, alone in its cache line
 */
struct kdbus_bus {
	struct kdbus_node node;
	u64 id;
	u8 id128[16];
	u64 flags;
	struct kdbus_bloom_parameter bloom;
	u64 creator_mask;
	struct kdbus_meta creator;
	char *name;
	struct kdbus_user *user;
	struct kdbus_ep *ep;

	struct mutex lock;	/* endpoints */
	bool dead;
	struct list_head endpoints;

	struct xarray conns;
	struct kdbus_conn __rcu *recent[KDBUS_BUS_RECENT];
	struct ida conn_slots;
	unsigned int n_slots;
	struct kdbus_names names;
	struct kdbus_policy policy;
	struct kdbus_match_index matches;

	struct rw_semaphore monitors_sem;
	struct list_head monitors;
	unsigned int n_monitors;

	struct mutex notify_lock;	/* delivery of events */
	spinlock_t events_lock;	/* events to be delivered */
	struct list_head events;
	struct kdbus_clock clock;

	atomic64_t seqnum ____cacheline_aligned_in_smp;
};

static inline u64 kdbus_bus_next_seqnum(struct kdbus_bus *bus)
{
	return atomic64_inc_return(&bus->seqnum);
}

extern const struct kdbus_arg_rules kdbus_bus_make_rules;

int kdbus_bus_make(struct kdbus_domain *domain, const struct kdbus_arg *arg,
		   struct kdbus_bus **made);
void kdbus_bus_shutdown(struct kdbus_bus *bus);

#endif
