// SPDX-License-Identifier: LGPL-2.1-or-later
/* Bloom masks and filters, bit by bit; and what folding promises. */

#include "bloom.h"
#include "reader.h"

#define MAX_SIZE	128
#define MAX_BLOCKS	4

static bool bit(const u64 *words, size_t n)
{
	return words[n / 64] >> n % 64 & 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader reader = { data, size };
	size_t bloom = 8 * (1 + read_u8(&reader) % (MAX_SIZE / 8)), i, block;
	size_t blocks = 1 + read_u8(&reader) % MAX_BLOCKS;
	u64 generation = read_u8(&reader);
	u64 *mask = malloc(bloom * blocks), *filter = malloc(bloom);
	struct kdbus_bits mask_bits = { { 0 } }, filter_bits = { { 0 } };
	bool expected = true;

	/* Only now and then a generation beyond the 256 first. */
	if (generation == 255)
		generation = read_u64(&reader);
	read_bytes(&reader, mask, bloom * blocks);
	read_bytes(&reader, filter, bloom);
	block = generation < blocks ? generation : blocks - 1;
	for (i = 0; i < bloom * 8; i++)
		if (bit(mask + block * bloom / 8, i) && !bit(filter, i))
			expected = false;
	REQUIRE(kdbus_bloom_match(mask, bloom * blocks, filter, generation, bloom) == expected);

	kdbus_bloom_fold(&filter_bits, filter, bloom);
	kdbus_bloom_fold_mask(&mask_bits, mask, bloom * blocks, bloom);
	for (i = 0; expected && i < KDBUS_SUBSET_WORDS; i++)
		REQUIRE(!(mask_bits.word[i] & ~filter_bits.word[i]));
	free(mask);
	free(filter);
	return 0;
}
