// SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later
/* Bloom masks against filters */

#include "../bloom.h"
#include "suite.h"

#include "bloom_cases.h"

#define MAX_WORDS	(4096 / 8)

static const size_t bloom_sizes[] = { 8, 16, 64, 72, 128, 520, 4096 };

TEST(mask_matches_iff_all_bits_of_its_block_are_in_the_filter)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bloom_cases); i++) {
		const struct bloom_case *c = &bloom_cases[i];

		EXPECT_EQ_CASE(c->match,
			       kdbus_bloom_match(c->mask, c->n_blocks * sizeof(u64), &c->filter,
						 c->generation, sizeof(u64)),
			       "%s", c->what);
	}
}

TEST(each_single_bit_counts_at_every_size)
{
	static u64 mask[MAX_WORDS], filter[MAX_WORDS];
	size_t i, bit;

	for (i = 0; i < ARRAY_SIZE(bloom_sizes); i++) {
		for (bit = 0; bit < bloom_sizes[i] * 8; bit++) {
			memset(mask, 0, sizeof(mask));
			memset(filter, 0xff, sizeof(filter));
			mask[bit / 64] = BIT_ULL(bit % 64);
			EXPECT_TRUE(kdbus_bloom_match(mask, bloom_sizes[i], filter, 0,
						      bloom_sizes[i]));
			filter[bit / 64] &= ~BIT_ULL(bit % 64);
			EXPECT_FALSE(kdbus_bloom_match(mask, bloom_sizes[i], filter, 0,
						       bloom_sizes[i]));
		}
	}
}

static bool contains(const struct kdbus_bits *bits, const struct kdbus_bits *subset)
{
	size_t i;

	for (i = 0; i < KDBUS_SUBSET_WORDS; i++)
		if (subset->word[i] & ~bits->word[i])
			return false;
	return true;
}

/* Few bits, so that containment happens. */
static void random_words(u64 *words, size_t n_words, unsigned int n_bits)
{
	memset(words, 0, n_words * sizeof(*words));
	while (n_bits--) {
		size_t bit = unit_random() % (n_words * 64);

		words[bit / 64] |= BIT_ULL(bit % 64);
	}
}

TEST(folding_keeps_containment_for_every_generation)
{
	static u64 mask[3 * MAX_WORDS], filter[MAX_WORDS];
	unsigned int n_matches = 0, n_excluded = 0;
	struct kdbus_bits folded, required;
	size_t i, j, round;
	u64 generation;

	for (i = 0; i < ARRAY_SIZE(bloom_sizes); i++) {
		size_t n_words = bloom_sizes[i] / sizeof(u64);

		for (round = 0; round < 200; round++) {
			size_t n_blocks = round % 3 + 1;

			random_words(mask, n_words * n_blocks, 4 * n_blocks);
			random_words(filter, n_words, n_words * 8);
			for (j = 0; j < n_words; j++)
				filter[j] |= mask[j + (round % n_blocks) * n_words];
			/* Half of the filters lack something. */
			for (j = 0; j < n_words && round & 4; j++)
				filter[j] &= unit_random();

			memset(&folded, 0, sizeof(folded));
			memset(&required, 0, sizeof(required));
			kdbus_bloom_fold(&folded, filter, bloom_sizes[i]);
			kdbus_bloom_fold_mask(&required, mask, n_blocks * bloom_sizes[i],
					      bloom_sizes[i]);
			for (generation = 0; generation < 4; generation++) {
				if (!kdbus_bloom_match(mask, n_blocks * bloom_sizes[i], filter,
						       generation, bloom_sizes[i]))
					continue;
				n_matches++;
				EXPECT_TRUE(contains(&folded, &required));
			}
			n_excluded += !contains(&folded, &required);
		}
	}
	/* Or the test would have shown nothing. */
	EXPECT_TRUE(n_matches > 500);
	EXPECT_TRUE(n_excluded > 100);
}

TEST(folding_adds_to_what_is_there)
{
	struct kdbus_bits bits = { .word = { [7] = 1 } };
	u64 filter[9] = { [0] = 2, [8] = 4 };

	kdbus_bloom_fold(&bits, filter, sizeof(filter));
	EXPECT_EQ(6, bits.word[0]);
	EXPECT_EQ(1, bits.word[7]);
}

TEST(only_bits_of_all_generations_are_required)
{
	struct kdbus_bits bits = { .word = { 0 } };
	u64 mask[2] = { 0x07, 0x0e };

	kdbus_bloom_fold_mask(&bits, mask, sizeof(mask), sizeof(u64));
	EXPECT_EQ(0x06, bits.word[0]);
}

static struct unit_case cases[] = {
	CASE(mask_matches_iff_all_bits_of_its_block_are_in_the_filter),
	CASE(each_single_bit_counts_at_every_size),
	CASE(folding_keeps_containment_for_every_generation),
	CASE(folding_adds_to_what_is_there),
	CASE(only_bits_of_all_generations_are_required),
	{}
};

SUITE("kdbus-bloom", cases);
