/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bloom.h - what a signal says, summed up in a few bits that the kernel can compare
 *
 * The sender sets the bits of everything that a rule may ask for, a rule's mask has the bits of what
 * it does ask for; the kernel passes a signal when all bits of the mask are set. Both sides must
 * hash alike, so the keys, the strings and the order are a contract that dates from 2015.
 */
#ifndef KBUS_BLOOM_H
#define KBUS_BLOOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "header.h"

#define KBUS_BLOOM_MAX		4096	/* bytes; the kernel takes no more */
#define KBUS_BLOOM_KEYS		8	/* hash keys there are, 8 bytes of hash from each */

/**
 * struct kbus_bloom - how this bus hashes; both come from HELLO
 * @size: bytes of a filter, a multiple of 8
 * @n_hash: bits that each string sets
 */
struct kbus_bloom {
	size_t size;
	unsigned int n_hash;
};

bool kbus_bloom_is_valid(const struct kbus_bloom *bloom);
void kbus_bloom_add(const struct kbus_bloom *bloom, uint64_t *filter, const void *text,
		    size_t size);
void kbus_bloom_add_pair(const struct kbus_bloom *bloom, uint64_t *filter, const char *key,
			 const char *value, size_t size);
void kbus_bloom_add_header(const struct kbus_bloom *bloom, uint64_t *filter,
			   const struct kbus_header *header);
void kbus_bloom_add_args(const struct kbus_bloom *bloom, uint64_t *filter,
			 const struct kbus_header *header, const void *body);

#endif /* KBUS_BLOOM_H */
