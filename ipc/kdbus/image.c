// SPDX-License-Identifier: GPL-2.0
/* What one receiver finds in its pool: header, items, metadata, payload. */

#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/slab.h>

#include "bus.h"
#include "conn.h"
#include "deliver.h"
#include "domain.h"
#include "endpoint.h"
#include "item.h"
#include "message.h"
#include "meta.h"
#include "name.h"
#include "payload.h"
#include "pool.h"
#include "receivers.h"
#include "slice.h"

/* What a connection that speaks for somebody else still tells. */
#define IMAGE_NOT_OF_PROCESS \
	(KDBUS_ATTACH_TIMESTAMP | KDBUS_ATTACH_NAMES | KDBUS_ATTACH_CONN_DESCRIPTION)

/**
 * struct image_meta - metadata items for one receiver
 * @kinds: what is attached
 * @data: the items, padded; @room or allocated
 * @size: bytes with all padding
 * @end: bytes without the padding of the last item
 * @room: for the usual case
 */
struct image_meta {
	u64 kinds;
	void *data;
	size_t size;
	size_t end;
	u64 room[40];
};

/* Which kinds of metadata a receiver gets. */
static u64 image_kinds(struct kdbus_message *message, struct kdbus_conn *dst)
{
	struct kdbus_conn *src = message->src;
	u64 wanted = READ_ONCE(dst->attach_recv) & src->ep->node.domain->attach_mask;
	u64 given;

	if (!wanted)
		return 0;
	if (src->is_faked)
		return wanted & IMAGE_NOT_OF_PROCESS;
	given = READ_ONCE(src->attach_send) | KDBUS_META_IMPLICIT;
	if (wanted & ~given)
		given |= kdbus_meta_visible(&dst->view);
	return wanted & given;
}

/* What all receivers are told alike: collected for the first one who wants it. */
static int image_collect(struct kdbus_message *message, u64 kinds)
{
	int ret;

	if ((kinds & KDBUS_META_PROCESS) && !message->has_meta) {
		kdbus_meta_init(&message->meta);
		message->has_meta = true;
	}
	if (kinds & KDBUS_META_PROCESS)
		kdbus_meta_collect(&message->meta, kinds & KDBUS_META_PROCESS);
	if ((kinds & KDBUS_ATTACH_NAMES) && !message->has_names) {
		ret = kdbus_names_snapshot(message->src, &message->names, &message->names_size);
		if (ret)
			return ret;
		message->has_names = true;
	}
	if ((kinds & KDBUS_ATTACH_TIMESTAMP) && !message->has_time) {
		message->monotonic_ns = ktime_get_ns();
		message->realtime_ns = ktime_get_real_ns();
		message->has_time = true;
	}
	return 0;
}

static size_t image_meta_size(const struct kdbus_message *message, struct kdbus_conn *dst,
			      u64 kinds)
{
	const char *description = message->src->description;
	size_t size = 0;

	if (kinds & KDBUS_META_PROCESS)
		size += kdbus_meta_size(&message->meta, &dst->view, kinds & KDBUS_META_PROCESS);
	if (kinds & KDBUS_ATTACH_NAMES)
		size += message->names_size;
	if ((kinds & KDBUS_ATTACH_CONN_DESCRIPTION) && description)
		size += KDBUS_ALIGN8(KDBUS_ITEM_HEADER_SIZE + strlen(description) + 1);
	if (kinds & KDBUS_ATTACH_TIMESTAMP)
		size += KDBUS_ITEM_HEADER_SIZE + sizeof(struct kdbus_timestamp);
	return size;
}

static void image_meta_write(const struct kdbus_message *message, struct kdbus_conn *dst,
			     struct image_meta *meta)
{
	const char *description = message->src->description;
	struct kdbus_item *item;
	void *at = meta->data;

	if (meta->kinds & KDBUS_META_PROCESS)
		at += kdbus_meta_write(&message->meta, &dst->view,
				       meta->kinds & KDBUS_META_PROCESS, at);
	if ((meta->kinds & KDBUS_ATTACH_NAMES) && message->names_size) {
		memcpy(at, message->names, message->names_size);
		at += message->names_size;
	}
	if ((meta->kinds & KDBUS_ATTACH_CONN_DESCRIPTION) && description) {
		item = kdbus_item_init(at, KDBUS_ITEM_CONN_DESCRIPTION, strlen(description) + 1);
		memcpy(item->str, description, strlen(description) + 1);
		at = kdbus_item_next(item);
	}
	if (meta->kinds & KDBUS_ATTACH_TIMESTAMP) {
		item = kdbus_item_init(at, KDBUS_ITEM_TIMESTAMP, sizeof(item->timestamp));
		item->timestamp.seqnum = message->seqnum;
		item->timestamp.monotonic_ns = message->monotonic_ns;
		item->timestamp.realtime_ns = message->realtime_ns;
	}

	/* The size of a message does not count the padding of its last item. */
	KDBUS_ITEMS_FOREACH(item, meta->data, meta->size)
		meta->end = (void *)item + item->size - meta->data;
}

/* @meta->kinds are set, and not none. */
static int image_meta_make(struct kdbus_message *message, struct kdbus_conn *dst,
			   struct image_meta *meta)
{
	int ret;

	meta->data = meta->room;
	meta->end = 0;
	ret = image_collect(message, meta->kinds);
	if (ret)
		return ret;
	meta->size = image_meta_size(message, dst, meta->kinds);
	if (meta->size > sizeof(meta->room)) {
		meta->data = kvmalloc(meta->size, GFP_KERNEL_ACCOUNT);
		if (!meta->data)
			return -ENOMEM;
	}
	image_meta_write(message, dst, meta);
	return 0;
}

static void image_meta_free(struct image_meta *meta)
{
	if (meta->data != meta->room)
		kvfree(meta->data);
}

/*
 * Header and items, with sizes and offsets as this receiver finds them.  @meta is NULL if there
 * is none.
 */
static __always_inline void image_write_items(struct kdbus_message *message,
					      struct kdbus_conn *dst,
					      const struct kdbus_slice *slice,
					      const struct image_meta *meta, size_t items_end)
{
	const struct kdbus_piece *piece = message->pieces, *end = piece + message->n_pieces;
	struct kdbus_msg *msg = kdbus_message_header(message);
	size_t offset = items_end + (meta ? meta->size : 0);

	for (; piece < end; piece++) {
		if (piece->item)
			piece->item->vec.offset = offset;
		offset += piece->size;
	}
	msg->size = meta && meta->size ? items_end + meta->end : message->size;
	kdbus_pool_write(dst->pool, slice, 0, msg, items_end);
	if (meta && meta->size)
		kdbus_pool_write(dst->pool, slice, items_end, meta->data, meta->size);
}

/* The payload is in kernel memory already. */
static noinline void image_write_loaded(const struct kdbus_message *message,
					struct kdbus_conn *dst, const struct kdbus_slice *slice,
					size_t pos)
{
	if (message->loaded)
		kdbus_pool_write(dst->pool, slice, pos, message->loaded, message->payload_size);
	else
		kdbus_pool_write_payload(dst->pool, slice, pos, message->payload);
}

/* Straight from the memory of the sender. */
static __always_inline int image_write_pieces(const struct kdbus_message *message,
					      struct kdbus_conn *dst,
					      const struct kdbus_slice *slice, size_t pos)
{
	const struct kdbus_piece *piece = message->pieces, *end = piece + message->n_pieces;

	for (; piece < end; piece++) {
		if (unlikely(!piece->addr))
			kdbus_pool_zero(dst->pool, slice, pos, piece->size);
		else if (kdbus_pool_write_user(dst->pool, slice, pos, piece->addr, piece->size))
			return -EFAULT;
		pos += piece->size;
	}
	return 0;
}

static __always_inline int image_write_payload(const struct kdbus_message *message,
					       struct kdbus_conn *dst,
					       const struct kdbus_slice *slice, size_t base)
{
	size_t end = base + message->payload_size;

	if (unlikely(message->unreadable))
		return -EFAULT;
	/* Whoever shares it has it. */
	if (unlikely(slice->payload))
		return 0;
	if (unlikely(message->loaded || message->payload))
		image_write_loaded(message, dst, slice, base);
	else if (image_write_pieces(message, dst, slice, base))
		return -EFAULT;
	if (unlikely(end < slice->size))
		kdbus_pool_zero(dst->pool, slice, end, slice->size - end);
	return 0;
}

/*
 * A slice that shares the payload if there is one to be shared and room for whole pages, else
 * one for a copy.
 */
static struct kdbus_entry *image_reserve(struct kdbus_message *message, struct kdbus_conn *dst,
					 size_t base, const struct kdbus_patience *patience)
{
	s64 priority = kdbus_message_header(message)->priority;
	struct kdbus_user *user = message->src->user;
	struct kdbus_entry *entry;

	if (unlikely(message->payload)) {
		entry = kdbus_deliver_reserve_shared(dst, user, base, message->payload, priority,
						     message->files);
		if (!IS_ERR(entry) || entry == ERR_PTR(-ENOMEM))
			return entry;
	}
	return kdbus_deliver_reserve(dst, user, base + message->payload_size, priority,
				     message->files, KDBUS_POOL_PATIENT, patience);
}

/* A copy with metadata, or NULL for one without. */
static __always_inline struct kdbus_entry *image_write(struct kdbus_message *message,
						       struct kdbus_conn *dst,
						       const struct image_meta *meta,
						       const struct kdbus_patience *patience)
{
	size_t items_end = KDBUS_ALIGN8(message->size);
	size_t base = items_end + (meta ? meta->size : 0);
	struct kdbus_entry *entry;
	int ret;

	entry = image_reserve(message, dst, base, patience);
	if (IS_ERR(entry))
		return entry;
	image_write_items(message, dst, entry->slice, meta, items_end);
	ret = image_write_payload(message, dst, entry->slice, base);
	if (unlikely(ret)) {
		kdbus_deliver_abort(dst, entry);
		return ERR_PTR(ret);
	}
	return entry;
}

/* Apart from what most messages need, because of its stack. */
static noinline_for_stack struct kdbus_entry *
image_write_with_meta(struct kdbus_message *message, struct kdbus_conn *dst, u64 kinds,
		      const struct kdbus_patience *patience)
{
	struct image_meta meta __uninitialized;
	struct kdbus_entry *entry;
	int ret;

	meta.kinds = kinds;
	ret = image_meta_make(message, dst, &meta);
	if (ret)
		return ERR_PTR(ret);
	entry = image_write(message, dst, &meta, patience);
	image_meta_free(&meta);
	return entry;
}

/**
 * kdbus_message_copy_to() - write a copy of a message into the pool of a receiver
 * @message: checked, files imported
 * @dst: the receiver, pinned by the caller
 * @patience: how long to wait for room; NULL not to
 *
 * Context: May sleep; unless the payload is loaded, for as long as the memory of the
 *          sender takes.
 * Return: an entry to be committed or aborted; what kdbus_deliver_reserve()
 *         returns; -EFAULT.
 */
struct kdbus_entry *kdbus_message_copy_to(struct kdbus_message *message, struct kdbus_conn *dst,
					  const struct kdbus_patience *patience)
{
	u64 kinds = image_kinds(message, dst);

	if (kinds)
		return image_write_with_meta(message, dst, kinds, patience);
	return image_write(message, dst, NULL, patience);
}

/**
 * kdbus_message_copy_or_count() - write a copy for one of several receivers
 * @message: checked, files imported
 * @stage: gets the copy; if there is none the message is lost to the receiver
 *
 * Context: As kdbus_message_copy_to().
 */
void kdbus_message_copy_or_count(struct kdbus_message *message, struct kdbus_stage *stage)
{
	struct kdbus_entry *entry = kdbus_message_copy_to(message, stage->conn, NULL);

	if (IS_ERR(entry))
		kdbus_loss_stage(stage);
	else
		stage->entry = entry;
}

/**
 * kdbus_message_copy_to_monitors() - write copies for those who may see everything
 * @message: checked, files imported
 * @receivers: among others the monitors
 * @i: index of the first of them
 *
 * Context: As kdbus_message_copy_to().
 */
void kdbus_message_copy_to_monitors(struct kdbus_message *message,
				    struct kdbus_receivers *receivers, unsigned int i)
{
	for (; i < receivers->n; i++)
		kdbus_message_copy_or_count(message, &receivers->stages[i]);
}
