// SPDX-License-Identifier: GPL-2.0
/* Messages waiting for RECV, in order of arrival and of priority. */

#include "queue.h"

/**
 * kdbus_queue_init() - an empty queue
 * @queue: uninitialised memory
 */
void kdbus_queue_init(struct kdbus_queue *queue)
{
	INIT_LIST_HEAD(&queue->entries);
	queue->priorities = RB_ROOT_CACHED;
	queue->last_position = 0;
}

/**
 * kdbus_queue_node_init() - an entry in no queue
 * @node: uninitialised memory
 * @priority: of the message; smaller is more urgent
 */
void kdbus_queue_node_init(struct kdbus_queue_node *node, s64 priority)
{
	INIT_LIST_HEAD(&node->entry);
	RB_CLEAR_NODE(&node->rb);
	node->priority = priority;
	node->position = 0;
}

static bool node_before(const struct kdbus_queue_node *a, const struct kdbus_queue_node *b)
{
	if (a->priority != b->priority)
		return a->priority < b->priority;
	return a->position < b->position;
}

static void queue_add_priority(struct kdbus_queue *queue, struct kdbus_queue_node *node)
{
	struct rb_node **pos = &queue->priorities.rb_root.rb_node, *parent = NULL;
	bool leftmost = true;

	while (*pos) {
		parent = *pos;
		if (node_before(node, rb_entry(parent, struct kdbus_queue_node, rb))) {
			pos = &parent->rb_left;
		} else {
			pos = &parent->rb_right;
			leftmost = false;
		}
	}
	rb_link_node(&node->rb, parent, pos);
	rb_insert_color_cached(&node->rb, &queue->priorities, leftmost);
}

/**
 * kdbus_queue_add() - append an entry
 * @queue: the queue
 * @node: in no queue
 */
void kdbus_queue_add(struct kdbus_queue *queue, struct kdbus_queue_node *node)
{
	node->position = ++queue->last_position;
	list_add_tail(&node->entry, &queue->entries);
	queue_add_priority(queue, node);
}

/**
 * kdbus_queue_put_back() - undo the removal of an entry
 * @queue: the queue that it was removed from
 * @node: removed by kdbus_queue_remove(), not changed since
 *
 * It gets the place that it had.
 */
void kdbus_queue_put_back(struct kdbus_queue *queue, struct kdbus_queue_node *node)
{
	struct kdbus_queue_node *other;

	list_for_each_entry(other, &queue->entries, entry)
		if (other->position > node->position)
			break;
	/* Before the first younger one; the head of the list if there is none. */
	list_add_tail(&node->entry, &other->entry);
	queue_add_priority(queue, node);
}

/**
 * kdbus_queue_remove() - take an entry out
 * @queue: the queue that it is in
 * @node: the entry
 */
void kdbus_queue_remove(struct kdbus_queue *queue, struct kdbus_queue_node *node)
{
	list_del_init(&node->entry);
	rb_erase_cached(&node->rb, &queue->priorities);
	RB_CLEAR_NODE(&node->rb);
}

/**
 * kdbus_queue_first() - the oldest entry
 * @queue: the queue
 *
 * Return: the entry, still queued; or NULL.
 */
struct kdbus_queue_node *kdbus_queue_first(struct kdbus_queue *queue)
{
	return list_first_entry_or_null(&queue->entries, struct kdbus_queue_node, entry);
}

/**
 * kdbus_queue_most_urgent() - the oldest of the most urgent entries
 * @queue: the queue
 * @least: only if its priority is at most this number
 *
 * Return: the entry, still queued; or NULL.
 */
struct kdbus_queue_node *kdbus_queue_most_urgent(struct kdbus_queue *queue, s64 least)
{
	struct rb_node *rb = rb_first_cached(&queue->priorities);
	struct kdbus_queue_node *node;

	if (!rb)
		return NULL;
	node = rb_entry(rb, struct kdbus_queue_node, rb);
	return node->priority <= least ? node : NULL;
}
