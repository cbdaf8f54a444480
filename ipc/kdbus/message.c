// SPDX-License-Identifier: GPL-2.0
/* A message from user space: copied once, checked whole. */

#include <linux/err.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "bus.h"
#include "conn.h"
#include "destination.h"
#include "domain.h"
#include "endpoint.h"
#include "files.h"
#include "item.h"
#include "message.h"
#include "payload.h"
#include "wellknown.h"

static const struct kdbus_arg_rules message_rules = {
	.size = sizeof(struct kdbus_msg),
	.flags = KDBUS_MSG_EXPECT_REPLY | KDBUS_MSG_NO_AUTO_START | KDBUS_MSG_SIGNAL,
	.is_message = true,
	.n_items = 5,
	.items = {
		{ .type = KDBUS_ITEM_PAYLOAD_VEC, .repeats = true },
		{ .type = KDBUS_ITEM_PAYLOAD_MEMFD, .repeats = true },
		{ .type = KDBUS_ITEM_FDS },
		{ .type = KDBUS_ITEM_BLOOM_FILTER },
		{ .type = KDBUS_ITEM_DST_NAME },
	},
};

/**
 * kdbus_message_init() - an empty message
 * @message: uninitialised memory
 * @src: the sender; borrowed
 */
void kdbus_message_init(struct kdbus_message *message, struct kdbus_conn *src)
{
	message->src = src;
	message->arg.data = message->arg.inline_data;
	message->dst_name = NULL;
	message->destination = NULL;
	message->filter = NULL;
	message->n_fds = 0;
	message->n_memfds = 0;
	message->files = NULL;
	message->pieces = message->inline_pieces;
	message->n_pieces = 0;
	message->payload_size = 0;
	message->loaded = NULL;
	message->payload = NULL;
	message->monitors = NULL;
	message->patience = NULL;
	message->unreadable = false;
	message->is_lost = false;
	message->has_meta = false;
	message->has_names = false;
	message->has_time = false;
}

/**
 * kdbus_message_forget_destination() - let others have what the sender remembers
 * @message: the message
 */
void kdbus_message_forget_destination(struct kdbus_message *message)
{
	if (message->destination)
		kdbus_destination_give_back(message->destination);
	message->destination = NULL;
}

/**
 * kdbus_message_deinit() - free what belongs to a message
 * @message: the message
 */
void kdbus_message_deinit(struct kdbus_message *message)
{
	/* Nearly no message has any of them. */
	if (unlikely(message->destination))
		kdbus_destination_give_back(message->destination);
	if (message->has_names)
		kfree(message->names);
	if (message->has_meta)
		kdbus_meta_deinit(&message->meta);
	if (unlikely(message->loaded))
		kvfree(message->loaded);
	if (unlikely(message->payload))
		kdbus_payload_put(message->payload);
	if (message->pieces != message->inline_pieces)
		kvfree(message->pieces);
	if (message->files)
		kdbus_files_put(message->files);
	kdbus_arg_release(&message->arg);
}

/**
 * kdbus_message_import() - copy header and items from user space
 * @message: initialised
 * @user: from user space, anything
 *
 * Return: as kdbus_arg_import(); @message->arg.negotiate tells what was asked.
 */
int kdbus_message_import(struct kdbus_message *message, void __user *user)
{
	return kdbus_arg_import(&message->arg, user, &message_rules);
}

static int check_header(const struct kdbus_msg *msg, bool is_sync)
{
	bool expects_reply = msg->flags & KDBUS_MSG_EXPECT_REPLY;
	bool is_signal = msg->flags & KDBUS_MSG_SIGNAL;

	if (msg->payload_type == KDBUS_PAYLOAD_KERNEL)
		return -EINVAL;
	if (msg->dst_id == KDBUS_DST_ID_BROADCAST) {
		if (!is_signal)
			return -EBADMSG;
		if (msg->timeout_ns)
			return -ENOTUNIQ;
	}
	if (expects_reply) {
		if (!msg->timeout_ns)
			return -EINVAL;
		return is_signal ? -ENOTUNIQ : 0;
	}
	if (is_sync || (msg->cookie_reply && is_signal))
		return -EINVAL;
	return 0;
}

/* Room for one more piece; each needs an item, so how many there can be is known. */
static struct kdbus_piece *add_piece(struct kdbus_message *message)
{
	struct kdbus_piece *pieces;

	if (unlikely(message->n_pieces == KDBUS_MESSAGE_INLINE_PIECES &&
		     message->pieces == message->inline_pieces)) {
		pieces = kvmalloc_array(message->arg.size / KDBUS_ITEM_HEADER_SIZE,
					sizeof(*pieces), GFP_KERNEL_ACCOUNT);
		if (!pieces)
			return NULL;
		memcpy(pieces, message->inline_pieces, sizeof(message->inline_pieces));
		message->pieces = pieces;
	}
	return &message->pieces[message->n_pieces++];
}

/* It becomes a piece of the payload, and the item what the receiver finds. */
static int take_vec(struct kdbus_message *message, struct kdbus_item *item, u64 *sum)
{
	u64 limit = message->src->ep->node.domain->limits.payload;
	u64 address = item->vec.address, size = item->vec.size;
	struct kdbus_piece *piece;

	if (size > limit || *sum + size > limit)
		return -EMSGSIZE;
	*sum += size;
	if (address && (address != (unsigned long)address ||
			!access_ok(u64_to_user_ptr(address), size)))
		return -EFAULT;
	piece = add_piece(message);
	if (!piece)
		return -ENOMEM;
	piece->addr = u64_to_user_ptr(address);
	piece->size = address ? size : size % 8;
	piece->item = address ? item : NULL;
	message->payload_size += piece->size;
	item->type = KDBUS_ITEM_PAYLOAD_OFF;
	item->vec.offset = ~0ULL;
	return 0;
}

/* Of a memfd the payload area has only what keeps the offsets behind it aligned. */
static int take_memfd(struct kdbus_message *message, struct kdbus_item *item)
{
	struct kdbus_piece *piece;

	if (item->memfd.start + item->memfd.size < item->memfd.start)
		return -EMSGSIZE;
	if (++message->n_memfds > message->src->ep->node.domain->limits.memfds)
		return -E2BIG;
	piece = add_piece(message);
	if (!piece)
		return -ENOMEM;
	piece->addr = NULL;
	piece->size = item->memfd.size % 8;
	piece->item = NULL;
	message->payload_size += piece->size;
	item->memfd.__pad = 0;
	return 0;
}

static int check_fds(struct kdbus_message *message, const struct kdbus_item *item)
{
	message->n_fds = kdbus_item_payload_size(item) / sizeof(int);
	return message->n_fds > message->src->ep->node.domain->limits.fds ? -EMFILE : 0;
}

static int check_filter(struct kdbus_message *message, const struct kdbus_item *item)
{
	size_t size = kdbus_item_payload_size(item) - sizeof(item->bloom_filter);

	if (size % sizeof(u64))
		return -EFAULT;
	if (size != message->src->bus->bloom.size)
		return -EDOM;
	message->filter = &item->bloom_filter;
	message->filter_size = size;
	return 0;
}

static int check_dst_name(struct kdbus_message *message, const struct kdbus_item *item)
{
	size_t size = kdbus_item_payload_size(item);

	if (kdbus_destination_take(&message->src->destination, item->str, size))
		message->destination = &message->src->destination;
	else if (!kdbus_wellknown_is_valid(item->str, size - 1, false))
		return -EINVAL;
	if (kdbus_message_header(message)->dst_id == KDBUS_DST_ID_BROADCAST)
		return -EBADMSG;
	message->dst_name = item->str;
	return 0;
}

static int check_item(struct kdbus_message *message, const struct kdbus_item *item)
{
	switch (item->type) {
	case KDBUS_ITEM_FDS:
		return check_fds(message, item);
	case KDBUS_ITEM_BLOOM_FILTER:
		return check_filter(message, item);
	case KDBUS_ITEM_DST_NAME:
		return check_dst_name(message, item);
	case KDBUS_ITEM_NEGOTIATE:
		return -EINVAL;
	}
	return 0;
}

/* Check all items, and make of each what the receiver finds: one walk does both. */
static int take_items(struct kdbus_message *message)
{
	struct kdbus_item *item;
	size_t items_size;
	u64 sum = 0;
	void *items;
	int ret;

	items = (void *)kdbus_arg_items(&message->arg, &items_size);
	message->size = sizeof(struct kdbus_msg);
	KDBUS_ITEMS_FOREACH(item, items, items_size) {
		message->size = (void *)item + item->size - message->arg.data;
		if (likely(item->type == KDBUS_ITEM_PAYLOAD_VEC)) {
			ret = take_vec(message, item, &sum);
		} else if (item->type == KDBUS_ITEM_PAYLOAD_MEMFD) {
			ret = take_memfd(message, item);
		} else {
			ret = check_item(message, item);
			memset((void *)item + item->size, 0,
			       KDBUS_ALIGN8(item->size) - item->size);
		}
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * kdbus_message_check() - does the message make sense?
 * @message: imported
 * @is_sync: the command wants to wait for the reply
 *
 * Afterwards header and items are what receivers find, but for the offsets of
 * the payload.
 *
 * Return: 0 or a negative errno; the order of the checks is part of the interface.
 */
int kdbus_message_check(struct kdbus_message *message, bool is_sync)
{
	struct kdbus_msg *msg = kdbus_message_header(message);
	bool is_signal = msg->flags & KDBUS_MSG_SIGNAL;
	int ret;

	if (msg->src_id && msg->src_id != message->src->id)
		return -EINVAL;
	ret = check_header(msg, is_sync) ?: take_items(message);
	if (ret)
		return ret;
	if (is_signal != !!message->filter)
		return -EBADMSG;
	if (msg->dst_id == KDBUS_DST_ID_NAME && !message->dst_name)
		return -EDESTADDRREQ;
	if (msg->dst_id == KDBUS_DST_ID_BROADCAST && message->n_fds)
		return -ENOTUNIQ;

	msg->src_id = message->src->id;
	return 0;
}

/**
 * kdbus_message_import_files() - take references on descriptors and memfds
 * @message: checked
 *
 * Return: 0 or what kdbus_files_import() returns.
 */
int kdbus_message_import_files(struct kdbus_message *message)
{
	struct kdbus_files *files;

	if (!message->n_fds && !message->n_memfds)
		return 0;
	files = kdbus_files_import(kdbus_message_header(message), message->n_fds,
				   message->n_memfds);
	if (IS_ERR(files))
		return PTR_ERR(files);
	message->files = files;
	return 0;
}

/* Into pages that receivers share; -EDQUOT if that is not worth it, or the sender shares enough. */
static int load_shared(struct kdbus_message *message)
{
	struct kdbus_payload *payload;

	if (message->payload_size < KDBUS_MESSAGE_SHARE_MIN)
		return -EDQUOT;
	payload = kdbus_payload_new(message->src->user, message->payload_size);
	if (IS_ERR(payload))
		return PTR_ERR(payload);
	if (kdbus_payload_fill(payload, message->pieces, message->n_pieces)) {
		/* A receiver could look where the memory of others has been. */
		kdbus_payload_put(payload);
		message->unreadable = true;
		return 0;
	}
	message->payload = payload;
	return 0;
}

/**
 * kdbus_message_load() - copy the payload into kernel memory
 * @message: checked
 *
 * For messages with more than one receiver: all get the same, and the memory
 * of the sender is waited for once, before anybody is involved.
 *
 * Context: May sleep for as long as the memory of the sender takes.
 * Return: 0 or -ENOMEM.  Unreadable memory is no error here: it is one at each receiver.
 */
int kdbus_message_load(struct kdbus_message *message)
{
	unsigned int i;
	void *to;
	int ret;

	if (!message->payload_size || message->loaded || message->payload || message->unreadable)
		return 0;
	ret = load_shared(message);
	if (ret != -EDQUOT)
		return ret;
	message->loaded = kvmalloc(message->payload_size, GFP_KERNEL_ACCOUNT);
	if (!message->loaded)
		return -ENOMEM;

	to = message->loaded;
	for (i = 0; i < message->n_pieces; i++) {
		const struct kdbus_piece *piece = &message->pieces[i];

		if (!piece->addr)
			memset(to, 0, piece->size);
		else if (copy_from_user(to, piece->addr, piece->size))
			message->unreadable = true;
		to += piece->size;
	}
	return 0;
}
