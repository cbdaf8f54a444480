// SPDX-License-Identifier: GPL-2.0
/* Bloom masks against filters */

#include <linux/minmax.h>

#include "bloom.h"

/**
 * kdbus_bloom_match() - are all bits that a mask asks for in a filter?
 * @mask: one block of @bloom_size bytes per generation, lowest first
 * @mask_size: bytes of all blocks; a positive multiple of @bloom_size
 * @filter: @bloom_size bytes
 * @generation: of the filter; if the mask has no block for it, the last counts
 * @bloom_size: bytes; a positive multiple of 8
 *
 * Context: Any.
 * Return: true if each bit set in the block is set in the filter.
 */
bool kdbus_bloom_match(const u64 *mask, size_t mask_size, const u64 *filter,
		       u64 generation, size_t bloom_size)
{
	size_t n_words = bloom_size / sizeof(*mask);
	size_t block = 0;
	size_t i;

	/* The division is for the few masks that have a choice. */
	if (mask_size != bloom_size)
		block = min_t(u64, generation, mask_size / bloom_size - 1);

	mask += block * n_words;
	for (i = 0; i < n_words; i++)
		if (mask[i] & ~filter[i])
			return false;

	return true;
}

/**
 * kdbus_bloom_fold() - shrink a filter to a small set of bits
 * @bits: the result is added to what is there
 * @filter: @bloom_size bytes
 * @bloom_size: bytes; a positive multiple of 8
 *
 * Folding keeps containment: if a filter contains a mask, the folded filter
 * contains the folded mask.
 *
 * Context: Any.
 */
void kdbus_bloom_fold(struct kdbus_bits *bits, const u64 *filter, size_t bloom_size)
{
	size_t n_words = bloom_size / sizeof(*filter);
	size_t i;

	for (i = 0; i < n_words; i++)
		bits->word[i % KDBUS_SUBSET_WORDS] |= filter[i];
}

/**
 * kdbus_bloom_fold_mask() - what a mask requires of filters of any generation
 * @bits: the result is added to what is there
 * @mask: as for kdbus_bloom_match()
 * @mask_size: as for kdbus_bloom_match()
 * @bloom_size: as for kdbus_bloom_match()
 *
 * Context: Any.
 */
void kdbus_bloom_fold_mask(struct kdbus_bits *bits, const u64 *mask, size_t mask_size,
			   size_t bloom_size)
{
	size_t n_words = bloom_size / sizeof(*mask);
	size_t n_blocks = mask_size / bloom_size;
	size_t i, block;

	for (i = 0; i < n_words; i++) {
		u64 in_all_blocks = ~0ULL;

		for (block = 0; block < n_blocks; block++)
			in_all_blocks &= mask[block * n_words + i];
		bits->word[i % KDBUS_SUBSET_WORDS] |= in_all_blocks;
	}
}
