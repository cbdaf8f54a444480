/* SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later */
/* Lists of items, as the parser would hand them over */
#ifndef KDBUS_TESTS_ITEMS_H
#define KDBUS_TESTS_ITEMS_H

#include "../item.h"
#include "suite.h"

/**
 * struct items - list under construction
 * @size: bytes of @data in use; without the padding of the last item
 * @data: the items, padded with bytes that nobody may look at
 */
struct items {
	size_t size;
	u64 data[8192];
};

static inline void items_init(struct items *items)
{
	items->size = 0;
	memset(items->data, 0xa5, sizeof(items->data));
}

static inline void items_add(struct items *items, u64 type, const void *payload, size_t size)
{
	struct kdbus_item *item;

	items->size = KDBUS_ALIGN8(items->size);
	item = (void *)((u8 *)items->data + items->size);
	item->size = KDBUS_ITEM_HEADER_SIZE + size;
	item->type = type;
	memcpy((u8 *)item + KDBUS_ITEM_HEADER_SIZE, payload, size);
	items->size += item->size;
}

static inline void items_add_u64(struct items *items, u64 type, u64 value)
{
	items_add(items, type, &value, sizeof(value));
}

static inline void items_add_str(struct items *items, u64 type, const char *str)
{
	items_add(items, type, str, strlen(str) + 1);
}

static inline const struct kdbus_item *items_first(const struct items *items)
{
	return (const void *)items->data;
}

#endif
