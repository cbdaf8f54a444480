/* SPDX-License-Identifier: GPL-2.0 */
/* Messages waiting for RECV, in order of their stamps and of priority. */
#ifndef KDBUS_QUEUE_H
#define KDBUS_QUEUE_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

struct kdbus_stage;

/**
 * struct kdbus_queue_node - what links an entry into a queue
 * @entry: link in kdbus_queue.entries; empty while in no queue
 * @rb: link in kdbus_queue.priorities
 * @priority: smaller is more urgent; set once
 * @stamp: place in the order, see kdbus_clock; kept when an entry is put back
 * @sender: second key, for messages that several queues have
 * @stage: the entry is staged: @stamp is a proposal; NULL once it is final
 */
struct kdbus_queue_node {
	struct list_head entry;
	struct rb_node rb;
	s64 priority;
	u64 stamp;
	u64 sender;
	struct kdbus_stage *stage;
};

/**
 * struct kdbus_queue - entries in order
 * @entries: by stamp; of equals those that are staged, then by sender
 * @priorities: by priority, of equals as above
 *
 * Its owner serialises.
 */
struct kdbus_queue {
	struct list_head entries;
	struct rb_root_cached priorities;
};

void kdbus_queue_init(struct kdbus_queue *queue);
void kdbus_queue_node_init(struct kdbus_queue_node *node, s64 priority);
void kdbus_queue_append(struct kdbus_queue *queue, struct kdbus_queue_node *node, u64 stamp);
void kdbus_queue_settle(struct kdbus_queue *queue, struct kdbus_queue_node *node, u64 stamp);
void kdbus_queue_put_back(struct kdbus_queue *queue, struct kdbus_queue_node *node);
void kdbus_queue_remove(struct kdbus_queue *queue, struct kdbus_queue_node *node);
struct kdbus_queue_node *kdbus_queue_first(struct kdbus_queue *queue);
struct kdbus_queue_node *kdbus_queue_most_urgent(struct kdbus_queue *queue, s64 least);

/*
 * Without the owner's lock the answer may be old; whoever appends wakes those who sleep for it.
 * The read pairs with the marked stores of list_add() and list_del(), which are those to the next
 * pointer alone: list_empty_careful() would look at the other one as well.
 */
static inline bool kdbus_queue_is_empty(const struct kdbus_queue *queue)
{
	return list_empty(&queue->entries);
}

static inline bool kdbus_queue_node_is_queued(const struct kdbus_queue_node *node)
{
	return !list_empty(&node->entry);
}

#endif
