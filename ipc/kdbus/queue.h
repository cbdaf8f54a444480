/* SPDX-License-Identifier: GPL-2.0 */
/* Messages waiting for RECV, in order of arrival and of priority. */
#ifndef KDBUS_QUEUE_H
#define KDBUS_QUEUE_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

/**
 * struct kdbus_queue_node - what links an entry into a queue
 * @entry: link in kdbus_queue.entries; empty while in no queue
 * @rb: link in kdbus_queue.priorities
 * @priority: smaller is more urgent; set once
 * @position: place in the order of arrival, kept when an entry is put back
 */
struct kdbus_queue_node {
	struct list_head entry;
	struct rb_node rb;
	s64 priority;
	u64 position;
};

/**
 * struct kdbus_queue - entries in order
 * @entries: by arrival
 * @priorities: by priority, of equals by arrival
 * @last_position: position of the youngest
 *
 * Its owner serialises.
 */
struct kdbus_queue {
	struct list_head entries;
	struct rb_root_cached priorities;
	u64 last_position;
};

void kdbus_queue_init(struct kdbus_queue *queue);
void kdbus_queue_node_init(struct kdbus_queue_node *node, s64 priority);
void kdbus_queue_add(struct kdbus_queue *queue, struct kdbus_queue_node *node);
void kdbus_queue_put_back(struct kdbus_queue *queue, struct kdbus_queue_node *node);
void kdbus_queue_remove(struct kdbus_queue *queue, struct kdbus_queue_node *node);
struct kdbus_queue_node *kdbus_queue_first(struct kdbus_queue *queue);
struct kdbus_queue_node *kdbus_queue_most_urgent(struct kdbus_queue *queue, s64 least);

static inline bool kdbus_queue_is_empty(const struct kdbus_queue *queue)
{
	return list_empty(&queue->entries);
}

static inline bool kdbus_queue_node_is_queued(const struct kdbus_queue_node *node)
{
	return !list_empty(&node->entry);
}

#endif
