/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order of messages by logical clocks with staging, as Documentation/kdbus/order.rst has it */
#ifndef CLOCK_H
#define CLOCK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a ticket stands */
enum { TICKET_OPEN, TICKET_FINAL };

/**
 * struct ticket - what the staged copies of one message share
 * @state: TICKET_*; released after @stamp, acquired before it
 * @stamp: the largest proposal so far, then the final one
 *
 * On the stack of the sender until every copy is settled or received.
 */
struct ticket {
	atomic_int state;
	uint64_t stamp;
};

/**
 * struct stage - one staged copy
 * @ticket: of the message; set once
 * @entry: the copy; NULL once it is settled; under the lock of the receiver
 */
struct stage {
	struct ticket *ticket;
	struct entry *entry;
};

/**
 * struct entry - a copy in a queue
 * @prev: link; the queue is sorted
 * @next: link
 * @stamp: proposed while @stage is set, then final
 * @sender: second key
 * @stage: NULL once it is settled
 * @message: what it is a copy of
 */
struct entry {
	struct entry *prev, *next;
	uint64_t stamp;
	uint64_t sender;
	struct stage *stage;
	const void *message;
};

/**
 * struct conn - a connection's part in the order
 * @lock: guards the queue, and writes of @clock
 * @queue: head of the list
 * @clock: only grows; its own sender reads it without the lock
 * @sent: last stamp of an own message to several
 */
struct conn {
	pthread_mutex_t lock;
	struct entry queue;
	_Atomic uint64_t clock;
	_Atomic uint64_t sent;
};

void conn_init(struct conn *conn);
void conn_send(struct conn *src, uint64_t id, struct conn **dst, struct entry **entries, size_t n);
struct entry *conn_receive(struct conn *conn);

#endif
