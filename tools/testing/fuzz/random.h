/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream of pseudo-random numbers that depends on its seed alone. */
#ifndef KDBUS_FUZZ_RANDOM_H
#define KDBUS_FUZZ_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

/* splitmix64: any seed is good, also 0 and neighbours. */
static inline uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static inline uint32_t random_below(struct random *random, uint32_t limit)
{
	return limit ? (random_next(random) >> 32) * limit >> 32 : 0;
}

static inline bool one_in(struct random *random, uint32_t n)
{
	return random_below(random, n) == 0;
}

#endif
