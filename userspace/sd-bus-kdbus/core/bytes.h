/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bytes.h - numbers in memory of either byte order, at any place */
#ifndef KBUS_BYTES_H
#define KBUS_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define KBUS_ALIGN(n, to)	(((n) + (to) - 1) & ~((size_t)(to) - 1))

static inline uint32_t kbus_load32(const void *at, bool swap)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return swap ? __builtin_bswap32(value) : value;
}

static inline void kbus_store32(void *at, uint32_t value, bool swap)
{
	if (swap)
		value = __builtin_bswap32(value);
	memcpy(at, &value, sizeof(value));
}

static inline bool kbus_is_zero(const uint8_t *p, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (p[i])
			return false;
	return true;
}

/* The byte order that a message's first byte tells, of this machine or the other. */
static inline char kbus_order_mark(bool swap)
{
	return (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) != swap ? 'l' : 'B';
}

#endif /* KBUS_BYTES_H */
