// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * slice.c - give parts of the pool back with the command that takes the next message
 *
 * A system call less per message. What is large is given back at once: nobody knows when the next
 * message comes.
 */
#include <errno.h>

#include "internal.h"
#include "query.h"

#define KEEP_MAX	65536	/* bytes of the pool that may wait for that */

/**
 * kbus_slice_done() - a slice is not needed any more
 * @conn: the connection
 * @offset: the slice
 * @size: its size
 */
void kbus_slice_done(struct kbus_conn *conn, uint64_t offset, uint64_t size)
{
	if (conn->no_free_items || conn->has_unfreed || size > KEEP_MAX) {
		kbus_free_slice(conn, offset);
		return;
	}
	conn->has_unfreed = true;
	conn->unfreed = offset;
}

/**
 * kbus_free_item_add() - let a command give back what waits for that
 * @conn: the connection
 * @item: room for an item behind the command
 *
 * Return: bytes by which the command gets longer, 0 if nothing waits.
 */
size_t kbus_free_item_add(const struct kbus_conn *conn, struct kbus_free_item *item)
{
	if (!conn->has_unfreed)
		return 0;
	*item = (struct kbus_free_item){
		.size = sizeof(*item),
		.type = KDBUS_ITEM_FREE,
		.offset = conn->unfreed,
	};
	return sizeof(*item);
}

/**
 * kbus_free_item_failed() - look at what a command with such an item returned
 * @conn: the connection
 * @result: 0 or -errno of the command
 *
 * A command that fails frees nothing. Older kernels refuse the item as they refuse any wrong argument;
 * then it is left out from now on.
 *
 * Return: true if the command has to be issued again.
 */
bool kbus_free_item_failed(struct kbus_conn *conn, int result)
{
	if (!conn->has_unfreed)
		return false;
	if (result == 0)
		conn->has_unfreed = false;
	if (result != -EINVAL)
		return false;
	conn->has_unfreed = false;
	conn->no_free_items = true;
	kbus_free_slice(conn, conn->unfreed);
	return true;
}
