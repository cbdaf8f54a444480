// SPDX-License-Identifier: GPL-2.0
/* A message passes from the kernel to user space. */

#include <linux/err.h>
#include <uapi/linux/kdbus.h>

#include "conn.h"
#include "delay.h"
#include "deliver.h"
#include "files.h"
#include "flow.h"
#include "pool.h"
#include "publish.h"
#include "slice.h"

/**
 * DOC: Publication
 *
 * The message is out of the queue, and nobody else has it.  Prepare installs
 * its descriptors and says where it lies.  Then the caller's memory is told;
 * that may fail, and undo makes it as it was.  Commit gives the slice to user
 * space until FREE, and the room in the quota back.
 */

/**
 * kdbus_publish_nothing() - what is told where no message is
 * @conn: whose pool
 * @info: out
 */
void kdbus_publish_nothing(const struct kdbus_conn *conn, struct kdbus_msg_info *info)
{
	info->offset = kdbus_pool_size(conn->pool);
	info->msg_size = 0;
	info->return_flags = 0;
}

/**
 * kdbus_publish_prepare() - install descriptors, say where the message is
 * @conn: whose pool; current gets the descriptors
 * @entry: charged, in no queue
 * @info: out
 *
 * Context: May sleep.
 */
void kdbus_publish_prepare(struct kdbus_conn *conn, struct kdbus_entry *entry,
			   struct kdbus_msg_info *info)
{
	info->offset = entry->slice->offset;
	info->msg_size = entry->slice->size;
	info->return_flags = entry->is_ahead ? KDBUS_RECV_RETURN_BEHIND : 0;
	if (entry->files &&
	    !kdbus_files_install(entry->files, conn->pool, entry->slice,
				 conn->flags & KDBUS_HELLO_ACCEPT_FD))
		info->return_flags |= KDBUS_RECV_RETURN_INCOMPLETE_FDS;
}

/**
 * kdbus_publish_undo() - take the descriptors back
 * @conn: as prepared
 * @entry: as prepared
 */
void kdbus_publish_undo(struct kdbus_conn *conn, struct kdbus_entry *entry)
{
	if (entry->files)
		kdbus_files_uninstall(entry->files, conn->pool, entry->slice);
}

/**
 * kdbus_publish_commit() - the message belongs to user space
 * @conn: as prepared
 * @entry: prepared; freed
 */
void kdbus_publish_commit(struct kdbus_conn *conn, struct kdbus_entry *entry)
{
	struct kdbus_slice *slice = entry->slice;

	kdbus_delay_point();
	spin_lock(&conn->lock);
	kdbus_entry_uncharge_locked(conn, entry);
	if (unlikely(conn->flow.n_waiters))
		kdbus_flow_serve_locked(conn);
	spin_unlock(&conn->lock);
	entry->slice = NULL;
	kdbus_entry_free(conn, entry);
	kdbus_pool_hand_over(conn->pool, slice);
}

/**
 * kdbus_publish_data() - give the answer to a query to user space
 * @conn: who asked
 * @data: what
 * @size: bytes, a multiple of 8, not 0
 * @offset: out: where it lies; undone by kdbus_publish_take_back()
 *
 * Context: May sleep.
 * Return: 0, -EXFULL, -ENOMEM.
 */
int kdbus_publish_data(struct kdbus_conn *conn, const void *data, size_t size, u64 *offset)
{
	struct kdbus_slice *slice;
	int ret;

	slice = kdbus_pool_reserve(conn->pool, size);
	if (IS_ERR(slice))
		return PTR_ERR(slice);
	ret = kdbus_pool_populate(conn->pool, slice, KDBUS_POOL_PATIENT);
	if (!ret) {
		kdbus_pool_write(conn->pool, slice, 0, data, size);
		*offset = slice->offset;
		kdbus_pool_hand_over(conn->pool, slice);
	} else {
		kdbus_pool_release(conn->pool, slice);
	}
	return ret;
}

/**
 * kdbus_publish_take_back() - the caller could not be told of the answer to a query
 * @conn: who asked
 * @offset: from kdbus_publish_data()
 */
void kdbus_publish_take_back(struct kdbus_conn *conn, u64 offset)
{
	kdbus_pool_unpublish(conn->pool, offset);
	kdbus_flow_serve(conn);
}
