// SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later
/* Whom the last broadcast of a sender was for: when that holds, when not */

#include "items.h"
#include "../match.h"
#include "../memo.h"
#include "suite.h"

#define BLOOM	64
#define MAX_ENTRIES	256

static struct kdbus_match_index index_;
static struct kdbus_match_owner owners[KDBUS_MEMO_OWNERS + 1];
static struct kdbus_memo *memo;

static void setup(void)
{
	unsigned int i;

	kdbus_match_index_init(&index_, BLOOM);
	for (i = 0; i < ARRAY_SIZE(owners); i++)
		kdbus_match_owner_init(&owners[i]);
	memo = kdbus_memo_new(BLOOM);
	EXPECT_TRUE(memo);
}

static void teardown(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(owners); i++) {
		kdbus_match_drop(&index_, &owners[i]);
		kdbus_match_owner_deinit(&owners[i]);
	}
	kfree(memo);
	kdbus_match_index_deinit(&index_);
}

/* An entry for signals whose filter has these bits: @later if it is of a generation from 1 on. */
static void want(struct kdbus_match_owner *owner, u64 cookie, u64 bits, u64 later)
{
	u64 mask[2 * BLOOM / 8] = { [0] = bits, [BLOOM / 8] = later };
	static struct items items;

	items_init(&items);
	items_add(&items, KDBUS_ITEM_BLOOM_MASK, mask, sizeof(mask));
	EXPECT_EQ(0, kdbus_match_add(&index_, owner, cookie, items_first(&items), items.size,
				     false, MAX_ENTRIES));
}

static void want_sender(struct kdbus_match_owner *owner, const char *name)
{
	static struct items items;

	items_init(&items);
	items_add_str(&items, KDBUS_ITEM_NAME, name);
	EXPECT_EQ(0, kdbus_match_add(&index_, owner, 1, items_first(&items), items.size, false,
				     MAX_ENTRIES));
}

/* The sender owns "a.b" now, or nothing. */
static bool owns_name;

static bool sends_as(const struct kdbus_match_signal *sig, const char *name)
{
	return owns_name && !strcmp(name, "a.b");
}

static void each_name(const struct kdbus_match_signal *sig,
		      void (*fn)(const char *name, void *arg), void *arg)
{
	if (owns_name)
		fn("a.b", arg);
}

static void hear(struct kdbus_match_owner *owner, void *ctx)
{
	*(unsigned int *)ctx |= BIT(owner - owners);
}

/* Who hears a broadcast, a bit each: searched or remembered, and then remembered if it can be. */
static unsigned int heard(u64 generation, u64 bits)
{
	static u64 filter[1 + BLOOM / 8];
	struct kdbus_match_signal sig = {
		.src_id = 5,
		.dst_id = KDBUS_DST_ID_BROADCAST,
		.filter = (const void *)filter,
		.filter_size = BLOOM,
		.sends_as = sends_as,
		.each_name = each_name,
	};
	unsigned int first = 0, second = 0;

	filter[0] = generation;
	filter[1] = bits;
	rcu_read_lock();
	kdbus_match_signal(&index_, &sig, memo, hear, &first);
	kdbus_match_signal(&index_, &sig, memo, hear, &second);
	rcu_read_unlock();
	EXPECT_EQ(first, second);
	return first;
}

TEST(what_a_filter_found_holds_until_a_match_comes_or_goes)
{
	setup();
	want(&owners[0], 1, 0x1, 0x1);
	EXPECT_EQ(0x1, heard(0, 0x1));
	want(&owners[1], 1, 0x1, 0x1);
	EXPECT_EQ(0x3, heard(0, 0x1));
	EXPECT_EQ(0, kdbus_match_remove(&index_, &owners[0], 1));
	EXPECT_EQ(0x2, heard(0, 0x1));
	kdbus_match_drop(&index_, &owners[1]);
	EXPECT_EQ(0, heard(0, 0x1));
	teardown();
}

TEST(what_a_filter_found_is_not_for_another_filter)
{
	setup();
	want(&owners[0], 1, 0x1, 0x80);
	EXPECT_EQ(0x1, heard(0, 0x1));
	EXPECT_EQ(0, heard(0, 0x2));
	EXPECT_EQ(0x1, heard(0, 0x1));
	EXPECT_EQ(0, heard(1, 0x1));
	EXPECT_EQ(0x1, heard(1, 0x80));
	teardown();
}

TEST(what_a_filter_found_is_only_what_does_not_depend_on_the_sender)
{
	setup();
	owns_name = true;
	want(&owners[0], 1, 0x1, 0x1);
	want_sender(&owners[1], "a.b");
	EXPECT_EQ(0x3, heard(0, 0x1));
	EXPECT_EQ(1, memo->found.n);
	owns_name = false;
	EXPECT_EQ(0x1, heard(0, 0x1));
	teardown();
}

TEST(each_is_remembered_once_and_not_more_than_there_is_room_for)
{
	unsigned int i;

	setup();
	for (i = 0; i < 2 * KDBUS_MEMO_OWNERS; i++)
		want(&owners[i % KDBUS_MEMO_OWNERS], i, BIT(i), 0);
	EXPECT_EQ(BIT(KDBUS_MEMO_OWNERS) - 1, heard(0, 0xff));
	EXPECT_EQ(KDBUS_MEMO_OWNERS, memo->found.n);
	EXPECT_EQ(index_.n_changes, memo->n_changes);
	want(&owners[KDBUS_MEMO_OWNERS], 1, 0, 0);
	EXPECT_EQ(BIT(KDBUS_MEMO_OWNERS + 1) - 1, heard(0, 0xff));
	EXPECT_TRUE(memo->n_changes < index_.n_changes);
	teardown();
}

static struct unit_case cases[] = {
	CASE(what_a_filter_found_holds_until_a_match_comes_or_goes),
	CASE(what_a_filter_found_is_not_for_another_filter),
	CASE(what_a_filter_found_is_only_what_does_not_depend_on_the_sender),
	CASE(each_is_remembered_once_and_not_more_than_there_is_room_for),
	{}
};

SUITE("kdbus-memo", cases);
