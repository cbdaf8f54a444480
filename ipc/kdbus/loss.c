// SPDX-License-Identifier: GPL-2.0
/* Loss in place: that messages are missing is told where they would have been. */

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/slab.h>

#include "conn.h"
#include "deliver.h"
#include "entry.h"
#include "item.h"
#include "loss.h"
#include "pool.h"
#include "slice.h"
#include "ticket.h"

/**
 * DOC: Loss in place
 *
 * Who asks for it at HELLO finds a message in his queue where others are missing.  It
 * is an entry without a slice, which is staged and committed instead of the copy for which
 * there was no room, and so gets the place that the copy would have had.  It takes no
 * room in the pool while it waits: the message is written when it is about to be received.
 *
 * Entries that have come to lie side by side are made one: at the end of the queue before
 * another is added, and wherever what was between them is taken out.  So there are not more
 * of them than messages, however long a reader is stuck.  A connection
 * keeps one entry, and room in the pool for one such message, from HELLO on.  If that entry
 * is in use and memory cannot be had, the number is told with the next loss that is written,
 * marked as not exactly there: never not at all.
 *
 * The counter of all losses goes on beside it.
 */

/* Header and one item. */
#define LOSS_SIZE (sizeof(struct kdbus_msg) + KDBUS_ITEM_HEADER_SIZE + sizeof(struct kdbus_lost))

static bool loss_is_wanted(const struct kdbus_conn *conn)
{
	return conn->flags & KDBUS_HELLO_LOSS_IN_PLACE;
}

static bool loss_can_grow(const struct kdbus_queue_node *node)
{
	const struct kdbus_entry *entry = container_of(node, struct kdbus_entry, node);

	return entry->lost && !entry->slice;
}

static noinline struct kdbus_slice *loss_reserve(struct kdbus_conn *conn)
{
	struct kdbus_slice *room;
	int ret;

	room = kdbus_pool_reserve(conn->pool, LOSS_SIZE);
	if (IS_ERR(room))
		return room;
	ret = kdbus_pool_populate(conn->pool, room, KDBUS_POOL_PATIENT);
	if (ret) {
		kdbus_pool_release(conn->pool, room);
		return ERR_PTR(ret);
	}
	return room;
}

/**
 * kdbus_loss_init() - keep what telling a loss needs
 * @conn: not yet joined
 *
 * Context: May sleep.
 * Return: 0; -ENOMEM, -EXFULL.
 */
int kdbus_loss_init(struct kdbus_conn *conn)
{
	struct kdbus_slice *room;

	if (!loss_is_wanted(conn))
		return 0;
	conn->loss.spare = kdbus_entry_alloc(&conn->loss.spare);
	if (!conn->loss.spare)
		return -ENOMEM;
	room = loss_reserve(conn);
	if (IS_ERR(room))
		return PTR_ERR(room);
	conn->loss.room = room;
	return 0;
}

static struct kdbus_entry *loss_of(struct kdbus_queue_node *node)
{
	return container_of(node, struct kdbus_entry, node);
}

/* If the entries on both sides of a gap are losses, make them one. */
static noinline bool loss_join_at_locked(struct kdbus_conn *conn, struct list_head *previous)
{
	struct list_head *head = &conn->queue.entries;
	struct kdbus_queue_node *first, *second;

	lockdep_assert_held(&conn->lock);

	if (previous == head || previous->next == head)
		return false;
	first = list_entry(previous, struct kdbus_queue_node, entry);
	second = list_next_entry(first, entry);
	if (!loss_can_grow(first) || !loss_can_grow(second))
		return false;
	loss_of(first)->lost += loss_of(second)->lost;
	kdbus_queue_remove(&conn->queue, second);
	kdbus_entry_release(loss_of(second), &conn->loss.spare);
	return true;
}

/**
 * kdbus_loss_join_locked() - something was taken out of the queue
 * @conn: the receiver; its lock is held
 * @previous: link of the entry that was before, or the head of the queue
 *
 * Where something is staged nothing is joined: it may find its place in between.
 */
void kdbus_loss_join_locked(struct kdbus_conn *conn, struct list_head *previous)
{
	if (unlikely(loss_is_wanted(conn)) && !conn->n_staged)
		loss_join_at_locked(conn, previous);
}

/**
 * kdbus_loss_join_behind_locked() - a loss is about to be received
 * @conn: the receiver; its lock is held
 * @entry: the loss; gets what lies behind it with nothing in between
 */
void kdbus_loss_join_behind_locked(struct kdbus_conn *conn, struct kdbus_entry *entry)
{
	while (!conn->n_staged && loss_join_at_locked(conn, &entry->node.entry))
		;
}

/**
 * kdbus_loss_join_all_locked() - much was taken out of the queue
 * @conn: the receiver; its lock is held
 */
void kdbus_loss_join_all_locked(struct kdbus_conn *conn)
{
	struct list_head *at = &conn->queue.entries;

	if (likely(!loss_is_wanted(conn)) || conn->n_staged)
		return;
	do {
		while (loss_join_at_locked(conn, at))
			;
		at = at->next;
	} while (at != &conn->queue.entries);
}

/* Make one of those at the end of the queue. */
static void loss_compact_locked(struct kdbus_conn *conn)
{
	struct list_head *head = &conn->queue.entries;

	while (!conn->n_staged && !list_empty(head) && loss_join_at_locked(conn, head->prev->prev))
		;
}

static struct kdbus_entry *loss_entry(struct kdbus_conn *conn)
{
	struct kdbus_entry *entry;

	spin_lock(&conn->lock);
	loss_compact_locked(conn);
	entry = xchg(&conn->loss.spare, NULL);
	if (!entry)
		entry = kdbus_entry_alloc_now();
	if (!entry)
		conn->loss.unplaced++;
	spin_unlock(&conn->lock);
	if (entry)
		kdbus_entry_init(entry, 0);
	return entry;
}

/**
 * kdbus_loss_stage() - there is no room for a copy of a message
 * @stage: the receiver; gets an entry that takes the place of the copy, if the receiver
 *         wants that
 */
void kdbus_loss_stage(struct kdbus_stage *stage)
{
	struct kdbus_conn *conn = stage->conn;

	kdbus_conn_count_lost(conn);
	if (!loss_is_wanted(conn))
		return;
	stage->entry = loss_entry(conn);
	if (stage->entry)
		stage->entry->lost = 1;
}

/**
 * kdbus_loss_now() - a message is lost whose place is the end of the queue
 * @conn: the receiver
 */
void kdbus_loss_now(struct kdbus_conn *conn)
{
	struct kdbus_stage stage = { .conn = conn };

	kdbus_loss_stage(&stage);
	if (stage.entry)
		kdbus_deliver_commit(conn, stage.entry, 0);
}

/**
 * kdbus_loss_room() - where to write that something is missing
 * @conn: who receives it
 *
 * Context: May sleep.
 * Return: for kdbus_loss_write_locked() or kdbus_loss_put_room(); -EXFULL, -ENOMEM.
 */
struct kdbus_slice *kdbus_loss_room(struct kdbus_conn *conn)
{
	struct kdbus_slice *room = loss_reserve(conn), *kept;

	if (!IS_ERR(room))
		return room;
	kept = xchg(&conn->loss.room, NULL);
	return kept ?: room;
}

/**
 * kdbus_loss_put_room() - it is not needed
 * @conn: as it was got
 * @room: from kdbus_loss_room(), or NULL
 */
void kdbus_loss_put_room(struct kdbus_conn *conn, struct kdbus_slice *room)
{
	if (room && cmpxchg(&conn->loss.room, NULL, room))
		kdbus_pool_release(conn->pool, room);
}

/**
 * kdbus_loss_refill() - something was freed: keep room again, if it is in use
 * @conn: whose pool
 *
 * Context: May sleep.
 */
void kdbus_loss_refill(struct kdbus_conn *conn)
{
	struct kdbus_slice *room;

	if (likely(!loss_is_wanted(conn)) || READ_ONCE(conn->loss.room))
		return;
	room = loss_reserve(conn);
	if (!IS_ERR(room))
		kdbus_loss_put_room(conn, room);
}

/**
 * kdbus_loss_write_locked() - make the message that says what is missing
 * @conn: who receives it; its lock is held
 * @entry: the loss; settled, without a slice
 * @room: from kdbus_loss_room(); owned by @entry afterwards
 */
void kdbus_loss_write_locked(struct kdbus_conn *conn, struct kdbus_entry *entry,
			     struct kdbus_slice *room)
{
	u64 image[LOSS_SIZE / sizeof(u64)] = {};
	struct kdbus_msg *msg = (struct kdbus_msg *)image;
	struct kdbus_item *item;

	lockdep_assert_held(&conn->lock);

	kdbus_loss_join_behind_locked(conn, entry);
	msg->size = sizeof(image);
	msg->dst_id = conn->id;
	msg->src_id = KDBUS_SRC_ID_KERNEL;
	msg->payload_type = KDBUS_PAYLOAD_KERNEL;
	item = kdbus_item_init(msg->items, KDBUS_ITEM_LOST, sizeof(item->lost));
	item->lost.count = entry->lost + conn->loss.unplaced;
	item->lost.flags = conn->loss.unplaced ? KDBUS_LOST_EARLIER : 0;
	conn->loss.unplaced = 0;

	kdbus_pool_write(conn->pool, room, 0, image, sizeof(image));
	entry->slice = room;
}
