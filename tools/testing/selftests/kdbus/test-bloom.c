// SPDX-License-Identifier: LGPL-2.1-or-later
/* Bloom filters of signals against bloom masks of matches. */
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define SMALL	8	/* bytes; the smallest bloom size */
#define LARGE	4096	/* the largest */

FIXTURE(bloom) {
	struct bus bus;
	struct conn from;
	struct conn to;
};

FIXTURE_SETUP(bloom)
{
	ASSERT_EQ(0, bus_make_bloom(&self->bus, SMALL));
	ASSERT_EQ(0, conn_new(&self->from, &self->bus));
	ASSERT_EQ(0, conn_new(&self->to, &self->bus));
}

FIXTURE_TEARDOWN(bloom)
{
	conn_close(&self->to);
	conn_close(&self->from);
	bus_close(&self->bus);
}

static int add_mask(struct conn *conn, const void *mask, size_t size)
{
	struct args args;

	args_match(&args, 1);
	args_item(&args, KDBUS_ITEM_BLOOM_MASK, mask, size);
	return match_add(conn, &args);
}

/* 1: delivered, 0: not, or -errno */
static int delivered(struct conn *from, struct conn *to, __u64 generation, const void *filter,
		     size_t size)
{
	int ret = send_filter(from, KDBUS_DST_ID_BROADCAST, 11, generation, filter, size);
	__s64 cookie;

	if (ret)
		return ret;
	cookie = recv_cookie(to);
	if (cookie == 11)
		return 1;
	return cookie == -EAGAIN ? 0 : -EPROTO;
}

static int delivered_word(struct conn *from, struct conn *to, __u64 generation, __u64 filter)
{
	return delivered(from, to, generation, &filter, sizeof(filter));
}

/* abi: 16.5/all-bits */
TEST_F(bloom, every_bit_of_the_mask_has_to_be_in_the_filter)
{
	static const struct {
		__u64 mask;
		__u64 filter;
		int delivered;
	} cases[] = {
		{ 0x1, 0x1, 1 }, { 0x1, 0x3, 1 }, { 0x3, 0x1, 0 }, { 0x3, 0x3, 1 },
		{ 0x1, 0x2, 0 }, { 0x1, 0x0, 0 }, { ~0ULL, ~0ULL, 1 },
		{ ~0ULL, ~0ULL >> 1, 0 }, { 1ULL << 63, ~0ULL, 1 },
		{ 1ULL << 63, ~0ULL >> 1, 0 }, { 0xff00, 0xffff, 1 }, { 0xff00, 0xfe00, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(0, add_mask(&self->to, &cases[i].mask, SMALL));
		EXPECT_EQ(cases[i].delivered,
			  delivered_word(&self->from, &self->to, 0, cases[i].filter)) {
			TH_LOG("mask %llx filter %llx", cases[i].mask, cases[i].filter);
		}
		ASSERT_EQ(0, match_remove(&self->to, 1));
	}
}

/* abi: 16.5/all-bits */
TEST_F(bloom, each_single_bit_of_a_mask_counts)
{
	__u64 mask, filter;
	unsigned int bit;

	for (bit = 0; bit < 64; bit++) {
		mask = 1ULL << bit;
		ASSERT_EQ(0, add_mask(&self->to, &mask, SMALL));
		filter = mask;
		EXPECT_EQ(1, delivered_word(&self->from, &self->to, 0, filter)) {
			TH_LOG("bit %u", bit);
		}
		EXPECT_EQ(0, delivered_word(&self->from, &self->to, 0, ~filter)) {
			TH_LOG("bit %u", bit);
		}
		ASSERT_EQ(0, match_remove(&self->to, 1));
	}
}

/* abi: 16.5/zero-mask */
TEST_F(bloom, zero_mask_takes_every_filter)
{
	__u64 mask = 0;

	ASSERT_EQ(0, add_mask(&self->to, &mask, SMALL));
	EXPECT_EQ(1, delivered_word(&self->from, &self->to, 0, 0));
	EXPECT_EQ(1, delivered_word(&self->from, &self->to, 0, ~0ULL));
	EXPECT_EQ(1, delivered_word(&self->from, &self->to, 99, 0x10));
}

/* abi: 16.5/generation, 23.3/example */
TEST_F(bloom, generation_of_the_filter_selects_the_block_and_the_last_serves_later_ones)
{
	__u64 mask[] = { 0x01, 0x80 };

	ASSERT_EQ(0, add_mask(&self->to, mask, sizeof(mask)));
	EXPECT_EQ(1, delivered_word(&self->from, &self->to, 0, 0x03));
	EXPECT_EQ(0, delivered_word(&self->from, &self->to, 1, 0x03));
	EXPECT_EQ(1, delivered_word(&self->from, &self->to, 1, 0x80));
	EXPECT_EQ(1, delivered_word(&self->from, &self->to, 7, 0x80));
	EXPECT_EQ(0, delivered_word(&self->from, &self->to, 7, 0x01));
	EXPECT_EQ(1, delivered_word(&self->from, &self->to, ~0ULL, 0x80));
	EXPECT_EQ(1, delivered_word(&self->from, &self->to, 1ULL << 32, 0x80));
	EXPECT_EQ(0, delivered_word(&self->from, &self->to, 1ULL << 32, 0x01));
	EXPECT_EQ(0, delivered_word(&self->from, &self->to, 0, 0x00));
	EXPECT_EQ(0, delivered_word(&self->from, &self->to, 1, 0x00));
}

/* abi: 16.5/generation */
TEST_F(bloom, single_block_serves_all_generations)
{
	__u64 mask = 0x01;

	ASSERT_EQ(0, add_mask(&self->to, &mask, SMALL));
	EXPECT_EQ(1, delivered_word(&self->from, &self->to, 0, 0x01));
	EXPECT_EQ(1, delivered_word(&self->from, &self->to, 5, 0x01));
	EXPECT_EQ(0, delivered_word(&self->from, &self->to, 5, 0x02));
}

/* abi: 16.5/several-masks */
TEST_F(bloom, two_masks_of_one_entry_have_to_hold_together)
{
	__u64 one = 0x1, two = 0x2;
	struct args args;

	args_match(&args, 1);
	args_item(&args, KDBUS_ITEM_BLOOM_MASK, &one, SMALL);
	args_item(&args, KDBUS_ITEM_BLOOM_MASK, &two, SMALL);
	ASSERT_EQ(0, match_add(&self->to, &args));
	EXPECT_EQ(0, delivered_word(&self->from, &self->to, 0, 0x1));
	EXPECT_EQ(0, delivered_word(&self->from, &self->to, 0, 0x2));
	EXPECT_EQ(1, delivered_word(&self->from, &self->to, 0, 0x3));
}

/* abi: 16.5/several-masks */
TEST_F(bloom, two_entries_with_masks_are_alternatives)
{
	__u64 one = 0x1, two = 0x2;

	ASSERT_EQ(0, add_mask(&self->to, &one, SMALL));
	ASSERT_EQ(0, add_mask(&self->to, &two, SMALL));
	EXPECT_EQ(1, delivered_word(&self->from, &self->to, 0, 0x1));
	EXPECT_EQ(1, delivered_word(&self->from, &self->to, 0, 0x2));
	EXPECT_EQ(0, delivered_word(&self->from, &self->to, 0, 0x4));
}

/* abi: 16.5/unicast */
TEST_F(bloom, filters_of_unicast_signals_count_too)
{
	__u64 mask = 0x1, right = 0x1, wrong = 0x2;

	ASSERT_EQ(0, add_mask(&self->to, &mask, SMALL));
	EXPECT_EQ(0, send_filter(&self->from, self->to.id, 21, 0, &wrong, SMALL));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->to));
	EXPECT_EQ(0, send_filter(&self->from, self->to.id, 22, 0, &right, SMALL));
	EXPECT_EQ(22, recv_cookie(&self->to));
}

/* abi: 16.5/many-entries */
TEST_F(bloom, many_masks_select_by_their_own_bits_only)
{
	struct conn to[8];
	unsigned int i, bit;
	__u64 mask;

	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, conn_new(&to[i], &self->bus));
		for (bit = i; bit < 64; bit += 8) {
			mask = 1ULL << bit | 1ULL << (bit + 1) % 64;
			ASSERT_EQ(0, add_mask(&to[i], &mask, SMALL));
		}
	}
	for (bit = 0; bit < 64; bit++) {
		mask = 1ULL << bit | 1ULL << (bit + 1) % 64;
		ASSERT_EQ(0, send_filter(&self->from, KDBUS_DST_ID_BROADCAST, bit + 1, 0, &mask,
					 SMALL));
		for (i = 0; i < 8; i++) {
			EXPECT_EQ(i == bit % 8 ? (int)bit + 1 : -EAGAIN, recv_cookie(&to[i])) {
				TH_LOG("bit %u receiver %u", bit, i);
			}
		}
	}
	for (i = 0; i < 8; i++)
		conn_close(&to[i]);
}

/* abi: 16.5/all-bytes */
TEST(every_byte_of_the_largest_bloom_field_counts)
{
	static __u8 mask[2 * LARGE], filter[LARGE];
	struct conn from, to;
	struct bus bus;
	size_t byte;

	ASSERT_EQ(0, bus_make_bloom(&bus, LARGE));
	ASSERT_EQ(0, conn_new(&from, &bus));
	ASSERT_EQ(0, conn_new(&to, &bus));
	for (byte = 0; byte < LARGE; byte += byte < LARGE - 8 ? 255 : 1) {
		memset(mask, 0, sizeof(mask));
		mask[byte] = 0x10;
		mask[LARGE + byte] = 0x20;
		ASSERT_EQ(0, add_mask(&to, mask, sizeof(mask)));
		memset(filter, 0, sizeof(filter));
		filter[byte] = 0x10;
		EXPECT_EQ(1, delivered(&from, &to, 0, filter, LARGE)) {
			TH_LOG("byte %zu", byte);
		}
		EXPECT_EQ(0, delivered(&from, &to, 1, filter, LARGE)) {
			TH_LOG("byte %zu", byte);
		}
		memset(filter, 0xff, sizeof(filter));
		filter[byte] = (__u8)~0x20;
		EXPECT_EQ(1, delivered(&from, &to, 0, filter, LARGE)) {
			TH_LOG("byte %zu", byte);
		}
		EXPECT_EQ(0, delivered(&from, &to, 1, filter, LARGE)) {
			TH_LOG("byte %zu", byte);
		}
		ASSERT_EQ(0, match_remove(&to, 1));
	}
	conn_close(&to);
	conn_close(&from);
	bus_close(&bus);
}

TEST_HARNESS_MAIN
