/* SPDX-License-Identifier: GPL-2.0 */
/* A copy of a message on its way into one queue. */
#ifndef KDBUS_DELIVER_H
#define KDBUS_DELIVER_H

#include <linux/types.h>

#include "queue.h"

struct kdbus_call;
struct kdbus_conn;
struct kdbus_files;
struct kdbus_name_entry;
struct kdbus_share;
struct kdbus_slice;
struct kdbus_user;

/**
 * struct kdbus_entry - one copy of a message, in or on its way into a queue
 * @node: link in the queue
 * @slice: the image; held; owned
 * @share: what it is charged to, until it leaves the queue
 * @files: descriptors and memfds; pinned, or NULL
 * @n_fds: descriptors that it is charged for
 * @call: the call that it makes, to be told when it is dropped; pinned, or NULL
 * @registration: of the name that it was sent to, 0 if it was sent to an id
 *
 * Owned by the sender until kdbus_deliver_commit(), then by the queue, then by
 * whoever takes it out.
 */
struct kdbus_entry {
	struct kdbus_queue_node node;
	struct kdbus_slice *slice;
	struct kdbus_share *share;
	struct kdbus_files *files;
	unsigned int n_fds;
	struct kdbus_call *call;
	u64 registration;
};

int kdbus_deliver_init(void);
void kdbus_deliver_deinit(void);

struct kdbus_entry *kdbus_deliver_reserve(struct kdbus_conn *dst, struct kdbus_user *user,
					  size_t size, s64 priority, struct kdbus_files *files);
void kdbus_deliver_commit_locked(struct kdbus_conn *dst, struct kdbus_entry *entry);
int kdbus_deliver_commit(struct kdbus_conn *dst, struct kdbus_entry *entry);
void kdbus_deliver_abort(struct kdbus_conn *dst, struct kdbus_entry *entry);
int kdbus_deliver_image(struct kdbus_conn *dst, struct kdbus_user *user,
			const void *image, size_t size);

void kdbus_entry_uncharge_locked(struct kdbus_conn *dst, struct kdbus_entry *entry);
void kdbus_entry_free(struct kdbus_conn *dst, struct kdbus_entry *entry);

#endif
