/* SPDX-License-Identifier: GPL-2.0 */
/* Items: the typed, sized records behind every structure. */
#ifndef KDBUS_ITEM_H
#define KDBUS_ITEM_H

#include <linux/align.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <uapi/linux/kdbus.h>

#define KDBUS_ITEM_HEADER_SIZE	offsetof(struct kdbus_item, data)

/* What the next item, and the payload area, start at a multiple of. */
#define KDBUS_ALIGN8(x)		ALIGN((x), 8)

/**
 * kdbus_item_payload_size() - bytes of an item behind its header
 * @item: a validated item
 *
 * Return: the size, without padding.
 */
static inline size_t kdbus_item_payload_size(const struct kdbus_item *item)
{
	return item->size - KDBUS_ITEM_HEADER_SIZE;
}

/**
 * kdbus_item_next() - where the next item starts
 * @item: a validated item
 *
 * Return: the address behind @item and its padding.
 */
static inline struct kdbus_item *kdbus_item_next(const struct kdbus_item *item)
{
	return (void *)((u8 *)item + KDBUS_ALIGN8(item->size));
}

int kdbus_item_check_other(const struct kdbus_item *item);

/**
 * kdbus_item_is_usual() - is it one of those that nearly every call has, and well-formed?
 * @item: as for kdbus_item_check()
 *
 * Return: whether.
 */
static inline bool kdbus_item_is_usual(const struct kdbus_item *item)
{
	size_t payload = kdbus_item_payload_size(item);

	if (item->type == KDBUS_ITEM_PAYLOAD_VEC)
		return payload == sizeof(item->vec) && item->vec.size;
	return item->type == KDBUS_ITEM_FREE && payload % sizeof(u64) == 0;
}

/**
 * kdbus_item_check() - is an item from user space well-formed?
 * @item: in kernel memory, its size inside of the buffer and at least that of
 *        the header
 *
 * Only what can be said by the item alone.
 *
 * Return: 0, -EINVAL, -EBADF for a negative memfd, -ENAMETOOLONG.
 */
static inline int kdbus_item_check(const struct kdbus_item *item)
{
	return kdbus_item_is_usual(item) ? 0 : kdbus_item_check_other(item);
}

/**
 * KDBUS_ITEMS_FOREACH() - walk over items
 * @item: cursor, a struct kdbus_item pointer
 * @items: the first one
 * @items_size: bytes of all, the last one's padding included or not
 *
 * Only for items that kdbus_arg_import() has let pass: sizes are trusted.
 */
#define KDBUS_ITEMS_FOREACH(item, items, items_size)			\
	for ((item) = (void *)(items);					\
	     (u8 *)(item) < (u8 *)(items) + (items_size);		\
	     (item) = kdbus_item_next(item))

struct kdbus_item *kdbus_item_init(void *at, u64 type, size_t payload_size);

#endif
