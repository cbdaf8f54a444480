/* SPDX-License-Identifier: GPL-2.0 */
/* Loss in place: that messages are missing is told where they would have been. */
#ifndef KDBUS_LOSS_H
#define KDBUS_LOSS_H

#include <linux/list.h>
#include <linux/types.h>

#include "entry.h"
#include "pool.h"

struct kdbus_conn;
struct kdbus_stage;

/**
 * struct kdbus_loss - what a connection keeps so that every loss can be told
 * @spare: an entry, or NULL while it is in use; exchanged whole
 * @room: a slice, or NULL while it is in use; exchanged whole
 * @unplaced: messages lost while there was no memory to note their place; under the lock of
 *            the connection
 */
struct kdbus_loss {
	struct kdbus_entry *spare;
	struct kdbus_slice *room;
	u64 unplaced;
};

/**
 * kdbus_loss_deinit() - let go of what was kept
 * @loss: of a connection that nobody uses any more
 * @pool: of that connection
 */
static inline void kdbus_loss_deinit(struct kdbus_loss *loss, struct kdbus_pool *pool)
{
	kdbus_entry_release(loss->spare, NULL);
	if (loss->room)
		kdbus_pool_release(pool, loss->room);
}

int kdbus_loss_init(struct kdbus_conn *conn);

void kdbus_loss_stage(struct kdbus_stage *stage);
void kdbus_loss_now(struct kdbus_conn *conn);

void kdbus_loss_join_locked(struct kdbus_conn *conn, struct list_head *previous);
void kdbus_loss_join_behind_locked(struct kdbus_conn *conn, struct kdbus_entry *entry);
void kdbus_loss_join_all_locked(struct kdbus_conn *conn);

struct kdbus_slice *kdbus_loss_room(struct kdbus_conn *conn);
void kdbus_loss_write_locked(struct kdbus_conn *conn, struct kdbus_entry *entry,
			     struct kdbus_slice *room);
void kdbus_loss_put_room(struct kdbus_conn *conn, struct kdbus_slice *room);
void kdbus_loss_refill(struct kdbus_conn *conn);

#endif
