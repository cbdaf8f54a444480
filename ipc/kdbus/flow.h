/* SPDX-License-Identifier: GPL-2.0 */
/* Flow control: a sender waits for room at a receiver. */
#ifndef KDBUS_FLOW_H
#define KDBUS_FLOW_H

#include <linux/err.h>
#include <linux/list.h>
#include <linux/types.h>

struct file;
struct kdbus_conn;
struct kdbus_entry;
struct kdbus_name_entry;
struct kdbus_user;

/**
 * struct kdbus_patience - how long a sender waits
 * @src: the sender; when it has left, nobody waits any more
 * @deadline_ns: CLOCK_MONOTONIC; from KTIME_MAX on there is none
 * @cancel: a file that ends the wait when it is readable; may be NULL
 * @name: the receiver is waited for only while he owns this; NULL for an id
 */
struct kdbus_patience {
	struct kdbus_conn *src;
	u64 deadline_ns;
	struct file *cancel;
	const struct kdbus_name_entry *name;
};

/**
 * struct kdbus_flow - who waits for room at a receiver, or wants to be told
 * @turns: struct kdbus_share of users who wait, the one whose turn it is first
 * @round: counts turns, from 1 on
 * @questions: struct kdbus_question of those who want to be told
 * @n_waiters: of all of them; read without the lock as a hint
 *
 * Under the lock of the connection.
 */
struct kdbus_flow {
	struct list_head turns;
	unsigned int round;
	struct list_head questions;
	unsigned int n_waiters;
};

static inline void kdbus_flow_init(struct kdbus_flow *flow)
{
	INIT_LIST_HEAD(&flow->turns);
	flow->round = 1;
	INIT_LIST_HEAD(&flow->questions);
	flow->n_waiters = 0;
}

/* Did the sender end the wait, rather than that which he waited for? */
static inline bool kdbus_flow_gave_up(const void *entry)
{
	return entry == ERR_PTR(-ETIMEDOUT) || entry == ERR_PTR(-ECANCELED) ||
	       entry == ERR_PTR(-ERESTARTSYS);
}

int kdbus_flow_wait(struct kdbus_conn *dst, struct kdbus_user *user, struct kdbus_entry *entry,
		    size_t size, const struct kdbus_patience *patience);
void kdbus_flow_serve(struct kdbus_conn *dst);
void kdbus_flow_serve_locked(struct kdbus_conn *dst);
void kdbus_flow_end_locked(struct kdbus_conn *dst);
void kdbus_flow_name_lost_locked(struct kdbus_conn *dst, const struct kdbus_name_entry *name);

#endif
