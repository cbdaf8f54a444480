/* SPDX-License-Identifier: GPL-2.0 */
/* A message on its way: imported once, written once for each receiver. */
#ifndef KDBUS_MESSAGE_H
#define KDBUS_MESSAGE_H

#include <linux/types.h>

#include "arg.h"
#include "meta.h"

struct kdbus_conn;
struct kdbus_destination;
struct kdbus_entry;
struct kdbus_files;
struct kdbus_patience;
struct kdbus_payload;
struct kdbus_receivers;
struct kdbus_stage;

#define KDBUS_MESSAGE_INLINE_PIECES 4

/* A payload of so many bytes or more is shared by its receivers, see DOC: Shared payload. */
#define KDBUS_MESSAGE_SHARE_MIN 32768

/**
 * struct kdbus_piece - what one payload item adds to the payload area
 * @addr: memory of the sender, NULL for zero bytes
 * @size: bytes
 * @item: the item whose offset the receiver finds set, or NULL
 */
struct kdbus_piece {
	const void __user *addr;
	size_t size;
	struct kdbus_item *item;
};

/**
 * struct kdbus_message - a message on its way
 * @src: the sender; borrowed
 * @arg: checked copy of header and items, turned into what receivers find
 * @size: bytes of header and items, without the padding of the last one
 * @dst_name: text of the DST_NAME item, or NULL
 * @destination: what @src remembers of @dst_name, taken; NULL if it is another name
 * @filter: of a signal, or NULL
 * @filter_size: bytes of its data, valid if there is one
 * @n_fds: entries of the FDS item
 * @n_memfds: number of memfd items
 * @files: descriptors and memfds; owned, NULL if there are none
 * @pieces: the payload area; @inline_pieces or allocated
 * @n_pieces: number of @pieces
 * @payload_size: bytes of the payload area
 * @loaded: the payload area in kernel memory, if it is to be copied from there; owned, or NULL
 * @payload: the payload area in pages that receivers share; pinned, or NULL.  Without both it
 *           is copied straight from the sender
 * @monitors: who sees it besides its receiver, with copies as soon as it is certain to be
 *            delivered; borrowed, NULL if there are none
 * @patience: how long to wait for room; borrowed; NULL not to
 * @unreadable: the sender's memory could not be read while loading
 * @is_lost: a receiver that was waited for had no room by the deadline
 * @has_meta: @meta has been begun
 * @has_names: @names have been collected
 * @has_time: the times have been taken
 * @meta: what is known about the sender, collected when first asked for; valid if @has_meta
 * @names: OWNED_NAME items; owned; valid if @has_names
 * @names_size: bytes of @names
 * @seqnum: number in the order of all messages of the bus
 * @monotonic_ns: when it was sent
 * @realtime_ns: when it was sent
 * @inline_pieces: room for a few
 *
 * Lives on the stack of SEND.
 */
struct kdbus_message {
	struct kdbus_conn *src;
	struct kdbus_arg arg;
	size_t size;
	const char *dst_name;
	struct kdbus_destination *destination;
	const struct kdbus_bloom_filter *filter;
	size_t filter_size;
	unsigned int n_fds;
	unsigned int n_memfds;
	struct kdbus_files *files;
	struct kdbus_piece *pieces;
	unsigned int n_pieces;
	size_t payload_size;
	void *loaded;
	struct kdbus_payload *payload;
	struct kdbus_receivers *monitors;
	struct kdbus_patience *patience;
	bool unreadable;
	bool is_lost;
	bool has_meta;
	bool has_names;
	bool has_time;
	struct kdbus_meta meta;
	void *names;
	size_t names_size;
	u64 seqnum;
	u64 monotonic_ns;
	u64 realtime_ns;
	struct kdbus_piece inline_pieces[KDBUS_MESSAGE_INLINE_PIECES];
};

static inline struct kdbus_msg *kdbus_message_header(const struct kdbus_message *message)
{
	return message->arg.msg;
}

void kdbus_message_init(struct kdbus_message *message, struct kdbus_conn *src);
void kdbus_message_forget_destination(struct kdbus_message *message);
void kdbus_message_deinit(struct kdbus_message *message);
int kdbus_message_import(struct kdbus_message *message, void __user *user);
int kdbus_message_check(struct kdbus_message *message, bool is_sync);
int kdbus_message_import_files(struct kdbus_message *message);
int kdbus_message_load(struct kdbus_message *message);
struct kdbus_entry *kdbus_message_copy_to(struct kdbus_message *message, struct kdbus_conn *dst,
					  const struct kdbus_patience *patience);
void kdbus_message_copy_or_count(struct kdbus_message *message, struct kdbus_stage *stage);
void kdbus_message_copy_to_monitors(struct kdbus_message *message,
				    struct kdbus_receivers *receivers, unsigned int i);

#endif
