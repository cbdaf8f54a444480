/* SPDX-License-Identifier: GPL-2.0 */
/* One copy of a message, as the kernel keeps it. */
#ifndef KDBUS_ENTRY_H
#define KDBUS_ENTRY_H

#include <linux/types.h>

#include "queue.h"

struct kdbus_call;
struct kdbus_files;
struct kdbus_share;
struct kdbus_slice;

/**
 * struct kdbus_entry - one copy of a message, in or on its way into a queue
 * @node: link in the queue
 * @slice: the image; held; owned; NULL in a loss that is not written yet
 * @share: what it is charged to, until it leaves the queue; NULL in a loss
 * @files: descriptors and memfds; pinned, or NULL
 * @n_fds: descriptors that it is charged for
 * @is_ahead: a reply that has passed messages in the queue
 * @lost: it stands for so many messages that are missing; 0 in a message
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
	bool is_ahead;
	u64 lost;
	struct kdbus_call *call;
	u64 registration;
};

int kdbus_entry_cache_init(void);
void kdbus_entry_cache_deinit(void);
struct kdbus_entry *kdbus_entry_alloc(struct kdbus_entry **spare);
struct kdbus_entry *kdbus_entry_alloc_now(void);
void kdbus_entry_init(struct kdbus_entry *entry, s64 priority);
void kdbus_entry_release(struct kdbus_entry *entry, struct kdbus_entry **spare);

#endif
