// SPDX-License-Identifier: LGPL-2.1-or-later
/* siphash.c - SipHash-2-4, after the paper of Aumasson and Bernstein */
#include <string.h>

#include "siphash.h"

static uint64_t rotate(uint64_t x, unsigned int bits)
{
	return x << bits | x >> (64 - bits);
}

static uint64_t load64(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

static void mix(uint64_t v[4], unsigned int rounds)
{
	uint64_t a = v[0], b = v[1], c = v[2], d = v[3];

	while (rounds--) {
		a += b;
		c += d;
		b = rotate(b, 13) ^ a;
		d = rotate(d, 16) ^ c;
		a = rotate(a, 32);
		c += b;
		a += d;
		b = rotate(b, 17) ^ c;
		d = rotate(d, 21) ^ a;
		c = rotate(c, 32);
	}
	v[0] = a;
	v[1] = b;
	v[2] = c;
	v[3] = d;
}

static void absorb(struct kbus_siphash *hash, uint64_t word)
{
	hash->v[3] ^= word;
	mix(hash->v, 2);
	hash->v[0] ^= word;
}

/**
 * kbus_siphash_init() - begin a hash
 * @hash: filled
 * @key: 16 bytes
 */
void kbus_siphash_init(struct kbus_siphash *hash, const uint8_t key[16])
{
	const uint64_t k0 = load64(key), k1 = load64(key + 8);

	*hash = (struct kbus_siphash){
		/* "somepseudorandomlygeneratedbytes" */
		.v = { k0 ^ 0x736f6d6570736575ULL, k1 ^ 0x646f72616e646f6dULL,
		       k0 ^ 0x6c7967656e657261ULL, k1 ^ 0x7465646279746573ULL },
	};
}

/**
 * kbus_siphash_add() - hash more bytes
 * @hash: the hash
 * @data: bytes
 * @size: how many
 */
void kbus_siphash_add(struct kbus_siphash *hash, const void *data, size_t size)
{
	const uint8_t *p = data;

	while (size && hash->size % 8) {
		hash->tail |= (uint64_t)*p++ << 8 * (hash->size++ % 8);
		size--;
		if (hash->size % 8 == 0) {
			absorb(hash, hash->tail);
			hash->tail = 0;
		}
	}
	for (; size >= 8; size -= 8, p += 8, hash->size += 8)
		absorb(hash, load64(p));
	for (; size; size--)
		hash->tail |= (uint64_t)*p++ << 8 * (hash->size++ % 8);
}

/**
 * kbus_siphash_end() - the hash of what was added
 * @hash: unchanged, so that more can be added for the hash of a longer text
 *
 * Return: the hash.
 */
uint64_t kbus_siphash_end(const struct kbus_siphash *hash)
{
	struct kbus_siphash h = *hash;

	absorb(&h, h.tail | (uint64_t)h.size << 56);
	h.v[2] ^= 0xff;
	mix(h.v, 4);
	return h.v[0] ^ h.v[1] ^ h.v[2] ^ h.v[3];
}
