// SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later
/* How the address range of a pool is divided */

#include "../slice.h"
#include "suite.h"

#define SIZE	4096
#define N	128

static struct kdbus_space space;

static void setup(size_t size)
{
	/* Some kernels run the suites before the module has made its cache. */
	if (!unit_module_is_up())
		EXPECT_EQ(0, kdbus_slice_cache_init());
	kdbus_space_init(&space, size);
}

static void teardown(void)
{
	kdbus_space_deinit(&space);
	if (!unit_module_is_up())
		kdbus_slice_cache_deinit();
}

/* What the pool does: the spare is made before the lock is taken. */
static struct kdbus_slice *reserve(size_t size)
{
	if (!space.spare)
		space.spare = kdbus_slice_new();
	return kdbus_space_reserve(&space, size);
}

/* Of one that ends at a multiple of @align; both structures that this may need are there. */
static struct kdbus_slice *reserve_ending(size_t size, size_t align)
{
	struct kdbus_slice *slice, *extra = kdbus_slice_new();

	if (!space.spare)
		space.spare = kdbus_slice_new();
	slice = kdbus_space_reserve_ending(&space, size, align, &extra);
	kdbus_slice_free(extra);
	return slice;
}

static void release(struct kdbus_slice *slice)
{
	slice->held = false;
	kdbus_space_release(&space, slice);
}

/* No gaps, no neighbours that are both free, sums are right. */
static void check_space(void)
{
	struct kdbus_slice *slice;
	size_t offset = 0, busy = 0;
	bool last_free = false;

	list_for_each_entry(slice, &space.slices, entry) {
		EXPECT_EQ(offset, slice->offset);
		EXPECT_TRUE(slice->size && slice->size % 8 == 0);
		EXPECT_FALSE(slice->free && last_free);
		EXPECT_EQ(!slice->free, kdbus_space_find(&space, offset) == slice);
		EXPECT_EQ(!slice->free, kdbus_space_find_at(&space, offset) == slice);
		EXPECT_EQ(!slice->free,
			  kdbus_space_find_at(&space, offset + slice->size - 1) == slice);
		offset += slice->size;
		busy += slice->free ? 0 : slice->size;
		last_free = slice->free;
	}
	EXPECT_EQ(space.size, offset);
	EXPECT_EQ(space.busy_bytes, busy);
}

TEST(fresh_space_hands_out_increasing_offsets_from_0)
{
	size_t i;

	setup(SIZE);
	for (i = 0; i < SIZE / 64; i++) {
		struct kdbus_slice *slice = reserve(64);

		if (!EXPECT_TRUE(!IS_ERR(slice)))
			return;
		EXPECT_EQ(i * 64, slice->offset);
		EXPECT_EQ(64, slice->size);
		slice->held = false;
	}
	check_space();
	teardown();
}

TEST(sizes_are_rounded_up_to_8)
{
	static const struct {
		size_t wanted, got;
	} cases[] = { { 1, 8 }, { 7, 8 }, { 8, 8 }, { 9, 16 }, { 4095, 4096 } };
	size_t i;

	setup(SIZE);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct kdbus_slice *slice = reserve(cases[i].wanted);

		if (!EXPECT_TRUE(!IS_ERR(slice)))
			return;
		EXPECT_EQ(cases[i].got, slice->size);
		release(slice);
	}
	teardown();
}

TEST(space_can_be_used_up_exactly)
{
	struct kdbus_slice *slice;

	setup(SIZE);
	slice = reserve(SIZE);
	if (!EXPECT_TRUE(!IS_ERR(slice)))
		return;
	EXPECT_EQ(-EXFULL, PTR_ERR(reserve(8)));
	EXPECT_EQ(SIZE, space.busy_bytes);
	release(slice);
	EXPECT_EQ(0, space.busy_bytes);
	teardown();
}

TEST(larger_than_the_space_is_refused)
{
	setup(SIZE);
	EXPECT_EQ(-EXFULL, PTR_ERR(reserve(SIZE + 1)));
	EXPECT_EQ(-EXFULL, PTR_ERR(reserve(SIZE_MAX)));
	EXPECT_EQ(-EXFULL, PTR_ERR(reserve(SIZE_MAX - 6)));
	check_space();
	teardown();
}

TEST(smallest_sufficient_area_is_taken)
{
	struct kdbus_slice *slice[6];
	size_t i;

	setup(SIZE);
	for (i = 0; i < 6; i++)
		slice[i] = reserve(i % 2 ? 8 : 256 - 64 * (i / 2));
	/* Free areas of 256, 192 and 128 bytes, and the rest. */
	release(slice[0]);
	release(slice[2]);
	release(slice[4]);
	EXPECT_EQ(256 + 8 + 192 + 8, reserve(120)->offset);
	EXPECT_EQ(256 + 8, reserve(136)->offset);
	EXPECT_EQ(0, reserve(200)->offset);
	check_space();
	list_for_each_entry(slice[0], &space.slices, entry)
		slice[0]->held = false;
	teardown();
}

TEST(exact_fit_is_used_whole_and_needs_no_spare)
{
	struct kdbus_slice *a, *b, *c;

	setup(SIZE);
	a = reserve(64);
	b = reserve(64);
	release(a);
	kdbus_slice_free(space.spare);
	space.spare = NULL;
	c = kdbus_space_reserve(&space, 64);
	if (!EXPECT_TRUE(!IS_ERR(c)))
		return;
	EXPECT_EQ(0, c->offset);
	EXPECT_EQ(-EAGAIN, PTR_ERR(kdbus_space_reserve(&space, 8)));
	release(b);
	release(c);
	check_space();
	teardown();
}

TEST(one_slice_at_a_time_needs_no_memory)
{
	struct kdbus_slice *a, *b;
	int round;

	setup(SIZE);
	for (round = 0; round < 3; round++) {
		a = kdbus_space_reserve(&space, 64 + round * 8);
		if (!EXPECT_TRUE(!IS_ERR(a)))
			return;
		EXPECT_EQ(-EAGAIN, PTR_ERR(kdbus_space_reserve(&space, 64)));
		release(a);
		check_space();
	}

	/* The structures that came with the space are kept rather than those that cost memory. */
	a = reserve(64);
	b = reserve(64);
	if (!EXPECT_TRUE(!IS_ERR(a) && !IS_ERR(b)))
		return;
	release(a);
	release(b);
	EXPECT_TRUE(space.spare >= space.first && space.spare <= &space.first[1]);
	teardown();
}

TEST(neighbours_merge_whatever_the_order_of_release)
{
	static const int orders[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	struct kdbus_slice *slice[3];
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		setup(SIZE);
		for (j = 0; j < 3; j++)
			slice[j] = reserve(512);
		for (j = 0; j < 3; j++) {
			release(slice[orders[i][j]]);
			check_space();
		}
		slice[0] = reserve(SIZE);
		if (!EXPECT_TRUE(!IS_ERR(slice[0])))
			return;
		release(slice[0]);
		teardown();
	}
}

TEST(only_starts_of_busy_slices_are_found)
{
	struct kdbus_slice *a, *b;

	setup(SIZE);
	a = reserve(64);
	b = reserve(64);
	EXPECT_TRUE(kdbus_space_find(&space, 64) == b);
	EXPECT_TRUE(!kdbus_space_find(&space, 8));
	EXPECT_TRUE(!kdbus_space_find(&space, 1));
	EXPECT_TRUE(!kdbus_space_find(&space, 128));
	EXPECT_TRUE(!kdbus_space_find(&space, SIZE));
	EXPECT_TRUE(!kdbus_space_find(&space, SIZE_MAX));
	release(a);
	EXPECT_TRUE(!kdbus_space_find(&space, 0));
	release(b);
	teardown();
}

TEST(round_end_leaves_free_what_is_on_either_side)
{
	struct kdbus_slice *a, *b, *c;

	setup(SIZE);
	a = reserve(40);
	b = reserve_ending(500, 1024);
	if (!EXPECT_TRUE(!IS_ERR(a) && !IS_ERR(b)))
		return;
	EXPECT_EQ(504, b->size);
	EXPECT_EQ(1024 - 504, b->offset);
	EXPECT_TRUE(b->held);
	check_space();
	/* the gap is the smallest that holds this */
	c = reserve(16);
	EXPECT_EQ(40, c->offset);
	release(b);
	check_space();
	/* an end that is round already: nothing in front, and nothing behind */
	b = reserve_ending(1024 - 56, 1024);
	EXPECT_EQ(56, b->offset);
	check_space();
	release(a);
	release(b);
	release(c);
	check_space();
	b = reserve_ending(SIZE, SIZE);
	EXPECT_EQ(0, b->offset);
	release(b);
	teardown();
}

TEST(round_end_is_found_where_there_is_room_for_any)
{
	struct kdbus_slice *a, *b, *c;

	setup(SIZE);
	a = reserve(1000);
	b = reserve(8);
	release(a);
	/* 1000 bytes have no end at 1024, though they are enough */
	c = reserve_ending(900, 1024);
	if (!EXPECT_TRUE(!IS_ERR(b) && !IS_ERR(c)))
		return;
	EXPECT_EQ(2048, c->offset + c->size);
	check_space();
	EXPECT_EQ(-EXFULL, PTR_ERR(reserve_ending(3000, 1024)));
	EXPECT_EQ(-EXFULL, PTR_ERR(reserve_ending(SIZE + 1, 1024)));
	EXPECT_EQ(-EXFULL, PTR_ERR(reserve_ending(SIZE_MAX, 1024)));
	check_space();
	release(b);
	release(c);
	teardown();
}

TEST(round_end_takes_the_structures_that_it_needs_and_no_other)
{
	struct kdbus_slice *slice, *extra = NULL;

	setup(SIZE);
	/* in the middle: two; at the end: one; all of it: none */
	EXPECT_EQ(-EAGAIN, PTR_ERR(kdbus_space_reserve_ending(&space, 64, 1024, &extra)));
	check_space();
	slice = kdbus_space_reserve_ending(&space, 64, SIZE, &extra);
	if (!EXPECT_TRUE(!IS_ERR(slice)))
		return;
	EXPECT_TRUE(!space.spare);
	release(slice);
	slice = kdbus_space_reserve_ending(&space, SIZE, SIZE, &extra);
	if (!EXPECT_TRUE(!IS_ERR(slice)))
		return;
	EXPECT_TRUE(!!space.spare);
	release(slice);
	extra = kdbus_slice_new();
	slice = kdbus_space_reserve_ending(&space, 64, 1024, &extra);
	if (!EXPECT_TRUE(!IS_ERR(slice)))
		return;
	EXPECT_TRUE(!extra && !space.spare);
	release(slice);
	check_space();
	teardown();
}

TEST(slice_is_found_by_any_offset_in_it)
{
	struct kdbus_slice *a, *b;

	setup(SIZE);
	a = reserve(64);
	b = reserve(64);
	release(a);
	EXPECT_TRUE(!kdbus_space_find_at(&space, 0));
	EXPECT_TRUE(!kdbus_space_find_at(&space, 63));
	EXPECT_TRUE(kdbus_space_find_at(&space, 64) == b);
	EXPECT_TRUE(kdbus_space_find_at(&space, 127) == b);
	EXPECT_TRUE(!kdbus_space_find_at(&space, 128));
	EXPECT_TRUE(!kdbus_space_find_at(&space, SIZE_MAX));
	release(b);
	teardown();
}

/* The rule of best fit, spelled out as a search over all slices. */
static size_t expected_offset(size_t size)
{
	size_t best_size = SIZE_MAX, best = SIZE_MAX;
	struct kdbus_slice *slice;

	list_for_each_entry(slice, &space.slices, entry) {
		if (!slice->free || slice->size < size || slice->size >= best_size)
			continue;
		best_size = slice->size;
		best = slice->offset;
	}
	return best;
}

/* Is there room at all for a slice that ends at a multiple of @align? */
static bool has_room_ending(size_t size, size_t align)
{
	struct kdbus_slice *slice;

	/* The smallest that is large enough is tried, and then the smallest that fits any end. */
	list_for_each_entry(slice, &space.slices, entry)
		if (slice->free && slice->size >= size + align - 8)
			return true;
	return false;
}

TEST(random_traffic_with_round_ends_loses_nothing)
{
	static struct kdbus_slice *busy[N];
	unsigned int n_ending = 0;
	size_t i, round;

	memset(busy, 0, sizeof(busy));
	setup(SIZE);
	for (round = 0; round < UNIT_ROUNDS(20000); round++) {
		size_t size = 1 + unit_random() % 200;
		struct kdbus_slice *slice;
		bool has_room;

		i = unit_random() % N;
		if (busy[i]) {
			release(busy[i]);
			busy[i] = NULL;
		} else if (unit_random() % 2) {
			slice = reserve(size);
			if (!IS_ERR(slice))
				busy[i] = slice;
		} else {
			has_room = has_room_ending(ALIGN(size, 8), 128);
			slice = reserve_ending(size, 128);
			if (!IS_ERR(slice)) {
				EXPECT_EQ(ALIGN(size, 8), slice->size);
				EXPECT_EQ(0, (slice->offset + slice->size) % 128);
				busy[i] = slice;
				n_ending++;
			} else {
				EXPECT_EQ(-EXFULL, PTR_ERR(slice));
				EXPECT_FALSE(has_room);
			}
		}
		if (round % 16 == 0)
			check_space();
	}
	EXPECT_TRUE(n_ending > UNIT_ROUNDS(1000));
	for (i = 0; i < N; i++)
		if (busy[i])
			release(busy[i]);
	check_space();
	EXPECT_EQ(0, space.busy_bytes);
	teardown();
}

TEST(random_traffic_follows_best_fit_and_loses_nothing)
{
	static struct kdbus_slice *busy[N];
	unsigned int n_full = 0;
	size_t i, round;

	memset(busy, 0, sizeof(busy));
	setup(SIZE);
	for (round = 0; round < UNIT_ROUNDS(50000); round++) {
		size_t size = 1 + unit_random() % 200;
		size_t expected = expected_offset(ALIGN(size, 8));
		struct kdbus_slice *slice;

		EXPECT_EQ(expected != SIZE_MAX, kdbus_space_has_room(&space, size));
		i = unit_random() % N;
		if (busy[i]) {
			release(busy[i]);
			busy[i] = NULL;
		} else {
			slice = reserve(size);
			if (expected == SIZE_MAX) {
				EXPECT_EQ(-EXFULL, PTR_ERR(slice));
				n_full++;
			} else {
				if (!EXPECT_TRUE(!IS_ERR(slice)))
					return;
				EXPECT_EQ(expected, slice->offset);
				EXPECT_TRUE(slice->held);
				EXPECT_FALSE(slice->published);
				busy[i] = slice;
			}
		}
		if (round % 16 == 0)
			check_space();
	}
	EXPECT_TRUE(n_full > UNIT_ROUNDS(100));
	for (i = 0; i < N; i++)
		if (busy[i])
			release(busy[i]);
	check_space();
	EXPECT_EQ(0, space.busy_bytes);
	teardown();
}

#ifdef UNIT_SHIM
TEST(failing_allocations_are_reported)
{
	unit_fail_alloc_after(0);
	EXPECT_EQ(-ENOMEM, kdbus_slice_cache_init());
	unit_alloc_failed();
}
#endif

static struct unit_case cases[] = {
	CASE(fresh_space_hands_out_increasing_offsets_from_0),
	CASE(sizes_are_rounded_up_to_8),
	CASE(space_can_be_used_up_exactly),
	CASE(larger_than_the_space_is_refused),
	CASE(smallest_sufficient_area_is_taken),
	CASE(exact_fit_is_used_whole_and_needs_no_spare),
	CASE(one_slice_at_a_time_needs_no_memory),
	CASE(neighbours_merge_whatever_the_order_of_release),
	CASE(only_starts_of_busy_slices_are_found),
	CASE(round_end_leaves_free_what_is_on_either_side),
	CASE(round_end_is_found_where_there_is_room_for_any),
	CASE(round_end_takes_the_structures_that_it_needs_and_no_other),
	CASE(slice_is_found_by_any_offset_in_it),
	CASE(random_traffic_with_round_ends_loses_nothing),
	CASE(random_traffic_follows_best_fit_and_loses_nothing),
	{}
};

SUITE("kdbus-slice", cases);
