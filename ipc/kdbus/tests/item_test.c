// SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later
/* Items, each for itself */

#include "../item.h"
#include "suite.h"

#include "item_cases.h"

TEST(each_type_of_item_has_its_form)
{
	static const u8 zero[512];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(item_cases); i++) {
		const struct item_case *c = &item_cases[i];
		/* Just as large, so that a look behind the end is seen. */
		struct kdbus_item *item = kmalloc(KDBUS_ITEM_HEADER_SIZE + c->size, GFP_KERNEL);

		if (!EXPECT_TRUE(item))
			return;
		item->size = KDBUS_ITEM_HEADER_SIZE + c->size;
		item->type = c->type;
		memcpy((u8 *)item + KDBUS_ITEM_HEADER_SIZE, c->payload ?: zero, c->size);
		EXPECT_EQ_CASE(c->result, kdbus_item_check(item), "%s", c->what);
		kfree(item);
	}
}

TEST(padding_of_a_new_item_is_zero_and_nothing_behind_it_is_touched)
{
	size_t size;

	for (size = 0; size <= 16; size++) {
		u64 room[6];
		u8 *bytes = (u8 *)room;
		struct kdbus_item *item;
		size_t i, end = KDBUS_ALIGN8(KDBUS_ITEM_HEADER_SIZE + size);

		memset(room, 0xa5, sizeof(room));
		item = kdbus_item_init(bytes, 0x4711, size);
		EXPECT_EQ(KDBUS_ITEM_HEADER_SIZE + size, item->size);
		EXPECT_EQ(0x4711, item->type);
		EXPECT_EQ(size, kdbus_item_payload_size(item));
		EXPECT_TRUE((u8 *)kdbus_item_next(item) == bytes + end);
		for (i = KDBUS_ITEM_HEADER_SIZE + size; i < sizeof(room); i++)
			EXPECT_EQ_CASE(i < end ? 0 : 0xa5, bytes[i], "%zu bytes, byte %zu",
				       size, i);
	}
}

static struct unit_case cases[] = {
	CASE(each_type_of_item_has_its_form),
	CASE(padding_of_a_new_item_is_zero_and_nothing_behind_it_is_touched),
	{}
};

SUITE("kdbus-item", cases);
