/* SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later */
/* Bloom masks and filters of 8 bytes, and whether they match */
#ifndef KDBUS_TESTS_BLOOM_CASES_H
#define KDBUS_TESTS_BLOOM_CASES_H

struct bloom_case {
	const char *what;
	u64 mask[3];
	unsigned int n_blocks;
	u64 filter;
	u64 generation;
	bool match;
};

static const struct bloom_case bloom_cases[] = {
	{ "bit_is_there", { 0x01 }, 1, 0x03, 0, true },
	{ "bit_is_missing", { 0x04 }, 1, 0x03, 0, false },
	{ "one_of_two_bits_is_missing", { 0x05 }, 1, 0x03, 0, false },
	{ "equal", { 0x03 }, 1, 0x03, 0, true },
	{ "highest_bit", { 1ULL << 63 }, 1, 1ULL << 63, 0, true },
	{ "empty_mask_empty_filter", { 0 }, 1, 0, 0, true },
	{ "empty_mask", { 0 }, 1, 0xff, 0, true },
	{ "empty_filter", { 0x01 }, 1, 0, 0, false },
	{ "single_block_serves_later_generation", { 0x01 }, 1, 0x01, 9, true },
	{ "generation_0_of_2", { 0x01, 0x80 }, 2, 0x03, 0, true },
	{ "generation_1_of_2_lacks_bit", { 0x01, 0x80 }, 2, 0x03, 1, false },
	{ "last_block_serves_later_generation", { 0x01, 0x80 }, 2, 0x80, 7, true },
	{ "last_block_serves_highest_generation", { 0x01, 0x80 }, 2, 0x80, ~0ULL, true },
	{ "neither_block", { 0x01, 0x80 }, 2, 0, 0, false },
	{ "middle_block", { 0x01, 0x02, 0x04 }, 3, 0x02, 1, true },
	{ "not_the_block_before", { 0x01, 0x02, 0x04 }, 3, 0x01, 1, false },
	{ "not_the_block_after", { 0x01, 0x02, 0x04 }, 3, 0x04, 1, false },
};

#endif
