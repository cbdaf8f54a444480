/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* siphash.h - SipHash-2-4 */
#ifndef KBUS_SIPHASH_H
#define KBUS_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct kbus_siphash - a hash in progress
 * @v: state
 * @tail: bytes that do not make a word yet, first in the lowest bits
 * @size: bytes so far
 *
 * Plain data: a copy goes on from where the original was.
 */
struct kbus_siphash {
	uint64_t v[4];
	uint64_t tail;
	size_t size;
};

void kbus_siphash_init(struct kbus_siphash *hash, const uint8_t key[16]);
void kbus_siphash_add(struct kbus_siphash *hash, const void *data, size_t size);
uint64_t kbus_siphash_end(const struct kbus_siphash *hash);

#endif /* KBUS_SIPHASH_H */
