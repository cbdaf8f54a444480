// SPDX-License-Identifier: GPL-2.0
/* Messages waiting for RECV, in order of their stamps and of priority. */

#include "queue.h"

/**
 * kdbus_queue_init() - an empty queue
 * @queue: uninitialised memory
 */
void kdbus_queue_init(struct kdbus_queue *queue)
{
	INIT_LIST_HEAD(&queue->entries);
	queue->priorities = RB_ROOT_CACHED;
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
	node->stamp = 0;
	node->sender = 0;
	node->stage = NULL;
}

/* What is staged holds back its equals: it may turn out to be before any of them. */
static bool node_before(const struct kdbus_queue_node *a, const struct kdbus_queue_node *b)
{
	if (a->stamp != b->stamp)
		return a->stamp < b->stamp;
	if (a->stage || b->stage)
		return a->stage;
	return a->sender < b->sender;
}

static bool node_more_urgent(const struct kdbus_queue_node *a, const struct kdbus_queue_node *b)
{
	if (a->priority != b->priority)
		return a->priority < b->priority;
	return node_before(a, b);
}

static void queue_add_priority(struct kdbus_queue *queue, struct kdbus_queue_node *node)
{
	struct rb_node **pos = &queue->priorities.rb_root.rb_node, *parent = NULL;
	bool leftmost = true;

	while (*pos) {
		parent = *pos;
		if (node_more_urgent(node, rb_entry(parent, struct kdbus_queue_node, rb))) {
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
 * kdbus_queue_append() - add the last entry
 * @queue: the queue
 * @node: in no queue; its stage, if any, is set
 * @stamp: larger than all in @queue
 */
void kdbus_queue_append(struct kdbus_queue *queue, struct kdbus_queue_node *node, u64 stamp)
{
	node->stamp = stamp;
	list_add_tail(&node->entry, &queue->entries);
	queue_add_priority(queue, node);
}

/* Put @node, which is in no list, before @other or where it belongs behind it. */
static void queue_add_from(struct kdbus_queue *queue, struct kdbus_queue_node *node,
			   struct kdbus_queue_node *other)
{
	list_for_each_entry_from(other, &queue->entries, entry)
		if (node_before(node, other))
			break;
	/* The head of the list if nothing is behind it. */
	list_add_tail(&node->entry, &other->entry);
}

/**
 * kdbus_queue_settle() - a staged entry gets the place that it keeps
 * @queue: the queue that it is in
 * @node: the entry; staged
 * @stamp: final; not smaller than the one proposed
 */
void kdbus_queue_settle(struct kdbus_queue *queue, struct kdbus_queue_node *node, u64 stamp)
{
	struct kdbus_queue_node *next = list_next_entry(node, entry);
	struct rb_node *rb = rb_next(&node->rb);

	node->stamp = stamp;
	node->stage = NULL;
	if (!list_is_last(&node->entry, &queue->entries) && node_before(next, node)) {
		list_del(&node->entry);
		queue_add_from(queue, node, next);
	}
	if (rb && node_more_urgent(rb_entry(rb, struct kdbus_queue_node, rb), node)) {
		rb_erase_cached(&node->rb, &queue->priorities);
		queue_add_priority(queue, node);
	}
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
	queue_add_from(queue, node,
		       list_first_entry(&queue->entries, struct kdbus_queue_node, entry));
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
