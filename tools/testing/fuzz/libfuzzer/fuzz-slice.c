// SPDX-License-Identifier: LGPL-2.1-or-later
/* The division of a pool: slices never overlap, and free ones are found if they are large enough. */

#include "kernel.h"
#include "slice.h"
#include "unit.h"
#include "reader.h"

#define SLICES	48

static struct kdbus_space space;
static struct kdbus_slice *taken[SLICES];

/* No gaps, no neighbours that are both free, the sums right; returns the largest free slice. */
static size_t check(void)
{
	size_t at = 0, busy = 0, largest = 0;
	struct kdbus_slice *slice;
	bool last_free = false;

	list_for_each_entry(slice, &space.slices, entry) {
		REQUIRE(slice->offset == at && slice->size && slice->size % 8 == 0);
		REQUIRE(!(slice->free && last_free));
		last_free = slice->free;
		at += slice->size;
		if (slice->free)
			largest = slice->size > largest ? slice->size : largest;
		else
			busy += slice->size;
		REQUIRE((kdbus_space_find(&space, slice->offset) == slice) == !slice->free);
		REQUIRE((kdbus_space_find_at(&space, at - 1) == slice) == !slice->free);
	}
	REQUIRE(at == space.size && busy == space.busy_bytes);
	return largest;
}

static void reserve(struct reader *reader, unsigned int number)
{
	size_t size = read_u8(reader) & 1 ? 1 + read_u8(reader) : 1 + read_u64(reader) % 70000;
	size_t largest = check();
	struct kdbus_slice *slice;

	if (taken[number])
		return;
	if (!space.spare && read_u8(reader) & 7)
		space.spare = kdbus_slice_new();
	slice = kdbus_space_reserve(&space, size);
	if (!IS_ERR(slice)) {
		REQUIRE(slice->size == (size + 7) / 8 * 8 && slice->held && !slice->published);
		taken[number] = slice;
	} else if (PTR_ERR(slice) == -EXFULL) {
		REQUIRE(size > largest);
	} else {
		REQUIRE(PTR_ERR(slice) == -EAGAIN && !space.spare && size <= largest);
	}
}

/* The same for a slice whose end is to be round. */
static void reserve_ending(struct reader *reader, unsigned int number)
{
	size_t align = 8ULL << read_u8(reader) % 10, size = 1 + read_u64(reader) % 70000;
	struct kdbus_slice *slice, *extra = NULL;
	size_t largest = check();

	if (taken[number])
		return;
	if (!space.spare && read_u8(reader) & 7)
		space.spare = kdbus_slice_new();
	if (read_u8(reader) & 7)
		extra = kdbus_slice_new();
	slice = kdbus_space_reserve_ending(&space, size, align, &extra);
	if (!IS_ERR(slice)) {
		REQUIRE(slice->size == (size + 7) / 8 * 8 && slice->held && !slice->published);
		REQUIRE((slice->offset + slice->size) % align == 0);
		taken[number] = slice;
	} else if (PTR_ERR(slice) == -EXFULL) {
		REQUIRE((size + 7) / 8 * 8 + align - 8 > largest);
	} else {
		REQUIRE(PTR_ERR(slice) == -EAGAIN && !(space.spare && extra) && size <= largest);
	}
	kdbus_slice_free(extra);
}

static void release(unsigned int number)
{
	struct kdbus_slice *slice = taken[number];

	if (!slice)
		return;
	REQUIRE(kdbus_space_find(&space, slice->offset) == slice);
	slice->held = false;
	taken[number] = NULL;
	kdbus_space_release(&space, slice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader reader = { data, size };
	long before = unit_n_allocated();
	unsigned int i;

	REQUIRE(!kdbus_slice_cache_init());
	kdbus_space_init(&space, 8 * (1 + read_u64(&reader) % 16384));
	memset(taken, 0, sizeof(taken));
	while (reader.left) {
		uint8_t what = read_u8(&reader);

		if (what & 1 && what >> 1 >= SLICES)
			reserve_ending(&reader, (what >> 1) % SLICES);
		else if (what & 1)
			reserve(&reader, (what >> 1) % SLICES);
		else
			release((what >> 1) % SLICES);
		check();
	}
	for (i = 0; i < SLICES; i++)
		release(i);
	REQUIRE(check() == space.size);
	kdbus_space_deinit(&space);
	kdbus_slice_cache_deinit();
	REQUIRE(unit_n_allocated() == before);
	return 0;
}
