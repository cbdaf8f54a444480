// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The order of messages by logical clocks with staging, on real threads
 *
 * The steps of Documentation/kdbus/order.rst with locks and atomics of user space.  NO_STAGING,
 * NO_KNOWN and RELAXED plant the mistakes that the test has to notice.
 */

#include <sched.h>

#include "clock.h"

#define MAX_RECEIVERS	16

#ifdef RELAXED
#define COMMIT_ORDER	memory_order_relaxed
#else
#define COMMIT_ORDER	memory_order_release
#endif

#ifdef NO_KNOWN
#define SETTLES_KNOWN	false
#else
#define SETTLES_KNOWN	true
#endif

static uint64_t max_stamp(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Preemption anywhere between two sections; which pause it is does not matter. */
static void pause_anywhere(void)
{
	static _Thread_local unsigned int n = 1;

	n = n * 1103515245 + 12345;
	if (n >> 29 == 0)
		sched_yield();
}

void conn_init(struct conn *conn)
{
	pthread_mutex_init(&conn->lock, NULL);
	conn->queue.next = conn->queue.prev = &conn->queue;
	atomic_init(&conn->clock, 0);
	atomic_init(&conn->sent, 0);
}

static void entry_remove(struct entry *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
}

static void entry_insert(struct entry *before, struct entry *entry)
{
	entry->prev = before->prev;
	entry->next = before;
	before->prev->next = entry;
	before->prev = entry;
}

/* Is @a in front of @b?  Of equal stamps what is not settled is in front, since it holds back. */
static bool entry_is_before(const struct entry *a, const struct entry *b)
{
	if (a->stamp != b->stamp)
		return a->stamp < b->stamp;
	if (a->stage || b->stage)
		return a->stage;
	return a->sender < b->sender;
}

static void clock_raise_locked(struct conn *conn, uint64_t stamp)
{
	uint64_t clock = atomic_load_explicit(&conn->clock, memory_order_relaxed);

	atomic_store_explicit(&conn->clock, max_stamp(clock, stamp), memory_order_relaxed);
}

static uint64_t clock_propose_locked(struct conn *conn, uint64_t seen)
{
	uint64_t clock = atomic_load_explicit(&conn->clock, memory_order_relaxed);

	clock = max_stamp(clock, seen) + 1;
	atomic_store_explicit(&conn->clock, clock, memory_order_relaxed);
	return clock;
}

/* The final stamp: not below any proposal, and different from all others of this sender. */
static uint64_t clock_commit(struct conn *src, uint64_t proposed)
{
	uint64_t sent = atomic_load_explicit(&src->sent, memory_order_relaxed), stamp;

	do {
		stamp = max_stamp(proposed, sent + 1);
	} while (!atomic_compare_exchange_weak_explicit(&src->sent, &sent, stamp,
							memory_order_relaxed,
							memory_order_relaxed));
	return stamp;
}

/* Its ticket is final: give the entry the place that it has. */
static void entry_settle_locked(struct conn *conn, struct entry *entry)
{
	struct entry *pos = entry->next;

	entry->stamp = entry->stage->ticket->stamp;
	entry->stage->entry = NULL;
	entry->stage = NULL;
	clock_raise_locked(conn, entry->stamp);
	entry_remove(entry);
	while (pos != &conn->queue && entry_is_before(pos, entry))
		pos = pos->next;
	entry_insert(pos, entry);
}

static bool entry_is_committed(const struct entry *entry)
{
	return atomic_load_explicit(&entry->stage->ticket->state, memory_order_acquire) ==
	       TICKET_FINAL;
}

/* What was committed before a message is sent stands in front of it, whoever knows of that. */
static void settle_known_locked(struct conn *conn)
{
	struct entry *entry = conn->queue.next, *next;

	for (; entry != &conn->queue; entry = next) {
		next = entry->next;
		if (SETTLES_KNOWN && entry->stage && entry_is_committed(entry))
			entry_settle_locked(conn, entry);
	}
}

static void stage_one(struct conn *dst, struct entry *entry, struct stage *stage, uint64_t seen)
{
	pthread_mutex_lock(&dst->lock);
	settle_known_locked(dst);
	entry->stamp = clock_propose_locked(dst, seen);
#ifdef NO_STAGING
	entry->stage = NULL;
	stage->entry = NULL;
#else
	entry->stage = stage;
	stage->entry = entry;
#endif
	entry_insert(&dst->queue, entry);
	stage->ticket->stamp = max_stamp(stage->ticket->stamp, entry->stamp);
	pthread_mutex_unlock(&dst->lock);
}

static void settle_one(struct conn *dst, struct stage *stage)
{
	pthread_mutex_lock(&dst->lock);
	if (stage->entry)
		entry_settle_locked(dst, stage->entry);
	pthread_mutex_unlock(&dst->lock);
}

/* To one receiver: staged and committed in one section. */
static void send_one(struct conn *dst, struct entry *entry, uint64_t seen)
{
	pthread_mutex_lock(&dst->lock);
	settle_known_locked(dst);
	entry->stamp = clock_propose_locked(dst, seen);
	entry->stage = NULL;
	entry_insert(&dst->queue, entry);
	pthread_mutex_unlock(&dst->lock);
}

/**
 * conn_send() - put one copy of a message into each queue
 * @src: the sender
 * @id: of the sender
 * @dst: the receivers
 * @entries: the copies; owned by the queues afterwards
 * @n: how many, 1 to MAX_RECEIVERS
 */
void conn_send(struct conn *src, uint64_t id, struct conn **dst, struct entry **entries, size_t n)
{
	uint64_t seen = atomic_load_explicit(&src->clock, memory_order_relaxed);
	struct ticket ticket = { .stamp = 0 };
	struct stage stages[MAX_RECEIVERS];
	size_t i;

	for (i = 0; i < n; i++)
		entries[i]->sender = id;
	if (n == 1) {
		send_one(dst[0], entries[0], seen);
		return;
	}
	atomic_init(&ticket.state, TICKET_OPEN);
	for (i = 0; i < n; i++) {
		stages[i].ticket = &ticket;
		stage_one(dst[i], entries[i], &stages[i], seen);
		pause_anywhere();
	}
	ticket.stamp = clock_commit(src, ticket.stamp);
	atomic_store_explicit(&ticket.state, TICKET_FINAL, COMMIT_ORDER);
	for (i = 0; i < n; i++) {
		pause_anywhere();
		settle_one(dst[i], &stages[i]);
	}
}

/**
 * conn_receive() - take the first message
 * @conn: the receiver
 *
 * Waits for the commit of what is staged in front.
 *
 * Return: the entry, owned by the caller; NULL if the queue is empty.
 */
struct entry *conn_receive(struct conn *conn)
{
	struct entry *entry;

	pthread_mutex_lock(&conn->lock);
	while ((entry = conn->queue.next) != &conn->queue && entry->stage) {
		if (entry_is_committed(entry)) {
			entry_settle_locked(conn, entry);
			continue;
		}
		/* Not under the lock: the sender may wait for one whose owner waits for us. */
		pthread_mutex_unlock(&conn->lock);
		sched_yield();
		pthread_mutex_lock(&conn->lock);
	}
	if (entry == &conn->queue)
		entry = NULL;
	else
		entry_remove(entry);
	pthread_mutex_unlock(&conn->lock);
	return entry;
}
