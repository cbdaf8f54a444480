/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program of the fuzzer: a short sequence of operations on descriptors that are named by slots.
 *
 * Programs are what is generated, mutated, kept and replayed.  As text a program has one line for
 * each operation:
 *
 *	LANE KIND SLOT PLACE ADJUST VALUE... [ITEM]...
 *	item: [TYPE c|m xREPEAT ADJUST WORD,WORD,.../TAIL]
 *
 * PLACE says in what kind of memory the argument lies, ADJUST is added to the size that it
 * announces.  An item belongs to the command (c) or its message (m); its payload is the words and
 * then a string of the grammar (sN) or N bytes made from a seed (fN:SEED), or nothing (-).
 */
#ifndef KDBUS_FUZZ_PROG_H
#define KDBUS_FUZZ_PROG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PROG_OPS	160
#define PROG_VALUES	12
#define PROG_ITEMS	6
#define PROG_WORDS	8
#define PROG_SLOTS	16
#define PROG_TEXT	(256 * 1024)

/*
 * Who runs an operation.  Everything before the first operation of another lane is over when the
 * lanes start; from then on they run side by side.
 */
enum lane {
	LANE_MAIN,		/* first thread */
	LANE_THREAD,		/* second thread of the same process */
	LANE_PROCESS,		/* a child, which shares the descriptors that were open */
	LANE_FAULT,		/* runs while a user fault waits, then resolves it */
	LANES,
};

/* Values that are known only at run time have one of these in their upper 16 bits. */
enum symbol {
	SYMBOL_ID	= 0xfa01,	/* id of the connection in a slot */
	SYMBOL_OFFSET	= 0xfa02,	/* what the last command on the slot returned */
	SYMBOL_NOW	= 0xfa03,	/* CLOCK_MONOTONIC plus nanoseconds */
	SYMBOL_FD	= 0xfa04,	/* descriptor in a slot */
	SYMBOL_MEMORY	= 0xfa05,	/* kind of memory in bits 40 to 47, offset below */
	SYMBOL_SENDER	= 0xfa06,	/* who sent what the slot received last */
	SYMBOL_COOKIE	= 0xfa07,	/* cookie of what the slot received last */
};

#define SYMBOL_SHIFT	48
#define SYMBOL_ARGUMENT	((1ULL << SYMBOL_SHIFT) - 1)
#define MEMORY_SHIFT	40

static inline uint64_t symbol(enum symbol symbol, uint64_t argument)
{
	return (uint64_t)symbol << SYMBOL_SHIFT | (argument & SYMBOL_ARGUMENT);
}

/* Where an argument lies. */
enum place {
	PLACE_OK,		/* ordinary memory, watched on both sides */
	PLACE_END,		/* ends where readable memory ends */
	PLACE_CUT,		/* half of it lies in memory that faults */
	PLACE_ODD,		/* not aligned to 8 */
	PLACE_READ_ONLY,
	PLACE_FAULT,		/* a page that is provided only when it is wanted */
	PLACE_FLIP,		/* memory that another lane changes */
	PLACE_NULL,
	PLACE_KERNEL,
	PLACES,
};

/* Kinds of memory that payload is taken from. */
enum memory {
	MEMORY_OK,
	MEMORY_NONE,		/* no access at all */
	MEMORY_END,		/* the last page before that */
	MEMORY_FAULT,		/* as PLACE_FAULT */
	MEMORY_TRUNCATED,	/* mapping of a file that ends before */
	MEMORY_POOL,		/* what the slot (offset bits 32 to 39) has mapped */
	MEMORIES,
};

enum tail {
	TAIL_NONE,
	TAIL_STRING,
	TAIL_FILL,
};

struct item {
	uint64_t type;
	int32_t adjust;
	uint16_t repeat;
	uint8_t message;
	uint8_t words;
	uint8_t tail;
	uint8_t seed;
	uint16_t argument;	/* number of the string, or bytes to fill */
	uint64_t word[PROG_WORDS];
};

struct op {
	uint8_t kind;
	uint8_t lane;
	uint8_t slot;
	uint8_t place;
	uint8_t items;
	int32_t adjust;
	uint64_t value[PROG_VALUES];
	struct item item[PROG_ITEMS];
};

struct prog {
	unsigned int ops;
	struct op op[PROG_OPS];
};

size_t prog_print(const struct prog *prog, char *text, size_t size);
bool prog_parse(struct prog *prog, const char *text, const char **end);
void prog_remove(struct prog *prog, unsigned int first, unsigned int count);
bool prog_has_lane(const struct prog *prog, enum lane lane);

#endif
