/* SPDX-License-Identifier: GPL-2.0 */
/* Bloom masks (what a match asks for) against filters (what a signal has) */
#ifndef KDBUS_BLOOM_H
#define KDBUS_BLOOM_H

#include <linux/types.h>

#include "subset.h"

bool kdbus_bloom_match(const u64 *mask, size_t mask_size, const u64 *filter,
		       u64 generation, size_t bloom_size);
void kdbus_bloom_fold(struct kdbus_bits *bits, const u64 *filter, size_t bloom_size);
void kdbus_bloom_fold_mask(struct kdbus_bits *bits, const u64 *mask, size_t mask_size,
			   size_t bloom_size);

#endif
