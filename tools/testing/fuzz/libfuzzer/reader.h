/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes the bytes that libFuzzer makes apart: numbers, strings, items.  What is missing reads 0. */
#ifndef KDBUS_FUZZ_READER_H
#define KDBUS_FUZZ_READER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	const uint8_t *at;
	size_t left;
};

/* The entry that libFuzzer calls. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)						\
	do {								\
		if (!(condition)) {					\
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
			abort();					\
		}							\
	} while (0)

static inline void read_bytes(struct reader *reader, void *to, size_t size)
{
	size_t n = size < reader->left ? size : reader->left;

	memset(to, 0, size);
	memcpy(to, reader->at, n);
	reader->at += n;
	reader->left -= n;
}

static inline uint8_t read_u8(struct reader *reader)
{
	uint8_t value;

	read_bytes(reader, &value, sizeof(value));
	return value;
}

static inline uint64_t read_u64(struct reader *reader)
{
	uint64_t value;

	read_bytes(reader, &value, sizeof(value));
	return value;
}

#endif
