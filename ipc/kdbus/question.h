/* SPDX-License-Identifier: GPL-2.0 */
/* Questions for room: whoever asked is told when there is. */
#ifndef KDBUS_QUESTION_H
#define KDBUS_QUESTION_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct kdbus_conn;
struct kdbus_name_entry;

/**
 * struct kdbus_question - what a connection asked last
 * @lock: one question at a time; outside of the locks of connections
 * @asker: whose it is; set once
 * @dst: whom it asked, pinned, while that is open, else NULL; whoever exchanges it for NULL
 *       drops the reference.  When it is NULL nobody else looks at the question
 * @link: in kdbus_flow.questions of @dst; under its lock
 * @name: what it asked for, only compared; NULL for an id
 * @size: bytes of the slice
 * @n_fds: number of descriptors
 * @answered: asking again is worth while; written whole, read by pollers without a lock
 *
 * Owned by the connection that asks.
 */
struct kdbus_question {
	struct mutex lock;	/* asking */
	struct kdbus_conn *asker;
	struct kdbus_conn *dst;
	struct list_head link;
	const struct kdbus_name_entry *name;
	size_t size;
	unsigned int n_fds;
	bool answered;
};

struct kdbus_question *kdbus_question_of(struct kdbus_conn *conn);
int kdbus_question_ask(struct kdbus_question *question, struct kdbus_conn *dst,
		       const struct kdbus_name_entry *name, u64 size, u64 n_fds);
void kdbus_question_end(struct kdbus_question *question);
void kdbus_question_forget(struct kdbus_conn *conn);

void kdbus_questions_answer_locked(struct kdbus_conn *dst);
void kdbus_questions_name_lost_locked(struct kdbus_conn *dst,
				      const struct kdbus_name_entry *name);
void kdbus_questions_end_locked(struct kdbus_conn *dst);

#endif
