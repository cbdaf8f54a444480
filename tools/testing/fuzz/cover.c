// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Coverage by KCOV.  A feature is a pair of places that one operation reached one after the other,
 * or what cover_feature() is told.  Features are numbers below COVER_FEATURES, made by hashing:
 * two of them may fall together, which only makes the fuzzer a little blind.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "world.h"

#define KCOV_INIT_TRACE		_IOR('c', 1, unsigned long)
#define KCOV_ENABLE		_IO('c', 100)
#define KCOV_DISABLE		_IO('c', 101)
#define KCOV_TRACE_PC		0

#define ENTRIES		(1u << 19)
#define MARKS		4096
#define EXTRAS		256

/**
 * struct trace - what KCOV writes for a lane
 * @fd: of kcov
 * @area: shared with the kernel: a count, then that many places
 * @marks: a count, then where operations begin
 */
static struct trace {
	int fd;
	uint64_t *area;
	uint32_t *marks;
} traces[LANES];

static uint64_t *extras;

static void *shared_memory(size_t size, int fd)
{
	int flags = fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* Without KCOV the fuzzer still runs, and replays. */
bool cover_init(void)
{
	unsigned int i;

	extras = shared_memory((EXTRAS + 1) * sizeof(*extras), -1);
	for (i = 0; i < LANES; i++) {
		struct trace *trace = &traces[i];

		trace->fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
		if (trace->fd < 0 || ioctl(trace->fd, KCOV_INIT_TRACE, (unsigned long)ENTRIES))
			return false;
		trace->area = shared_memory(ENTRIES * sizeof(uint64_t), trace->fd);
		trace->marks = shared_memory((MARKS + 1) * sizeof(uint32_t), -1);
		if (!trace->area || !trace->marks)
			return false;
	}
	return true;
}

bool cover_is_on(void)
{
	return traces[LANES - 1].area;
}

/* From now on the calling thread is traced. */
void cover_enable(unsigned int lane)
{
	if (traces[lane].area && ioctl(traces[lane].fd, KCOV_ENABLE, KCOV_TRACE_PC))
		finding("the fuzzer: KCOV_ENABLE of lane %u fails", lane);
}

/* From now on it is not, so that another can be in its place. */
void cover_disable(unsigned int lane)
{
	if (traces[lane].area)
		ioctl(traces[lane].fd, KCOV_DISABLE, 0);
}

void cover_start(void)
{
	unsigned int i;

	extras[0] = 0;
	for (i = 0; i < LANES; i++) {
		if (!traces[i].area)
			continue;
		__atomic_store_n(traces[i].area, 0, __ATOMIC_RELAXED);
		traces[i].marks[0] = 0;
	}
}

/* The lane begins another operation. */
void cover_mark(unsigned int lane)
{
	struct trace *trace = &traces[lane];

	if (trace->area && trace->marks[0] < MARKS)
		trace->marks[++trace->marks[0]] = __atomic_load_n(trace->area, __ATOMIC_RELAXED);
}

void cover_feature(uint64_t feature)
{
	uint64_t n = __atomic_fetch_add(&extras[0], 1, __ATOMIC_RELAXED);

	if (n < EXTRAS)
		extras[1 + n] = feature;
}

static uint32_t hash(uint64_t a, uint64_t b)
{
	uint64_t h = (a ^ b * 0x9e3779b97f4a7c15ULL) * 0xd6e8feb86659fd93ULL;

	return (h ^ h >> 32) % COVER_FEATURES;
}

static void remember_pc(uint64_t pc)
{
	uint32_t at = hash(pc, 0) % COVER_PCS, i;

	for (i = 0; i < COVER_PCS; i++, at = (at + 1) % COVER_PCS) {
		if (shared->pc[at] == pc)
			return;
		if (!shared->pc[at]) {
			shared->pc[at] = pc;
			__atomic_fetch_add(&shared->pcs, 1, __ATOMIC_RELAXED);
			return;
		}
	}
}

/* Features of everything since cover_start(), each once as far as @limit allows. */
unsigned int cover_collect(uint32_t *features, unsigned int limit)
{
	static uint8_t mine[COVER_FEATURES];
	unsigned int count = 0, i, lane, mark;

	for (lane = 0; lane < LANES && traces[lane].area; lane++) {
		uint64_t *area = traces[lane].area, end = area[0], previous = 0, at;

		if (end > ENTRIES - 1)
			end = ENTRIES - 1;
		for (at = 0, mark = 1; at < end; at++) {
			uint64_t pc = area[1 + at];
			uint32_t feature;

			while (mark <= traces[lane].marks[0] && traces[lane].marks[mark] <= at) {
				previous = 0;
				mark++;
			}
			feature = hash(previous, pc);
			previous = pc;
			if (mine[feature] || count == limit)
				continue;
			remember_pc(pc);
			mine[feature] = 1;
			features[count++] = feature;
		}
	}
	for (i = 0; i < extras[0] && i < EXTRAS; i++) {
		uint32_t feature = hash(~0ULL, extras[1 + i]);

		if (!mine[feature] && count < limit) {
			mine[feature] = 1;
			features[count++] = feature;
		}
	}
	for (i = 0; i < count; i++)
		mine[features[i]] = 0;
	return count;
}

/* How many of them nobody has seen before; those come first then, and are known from now on. */
unsigned int cover_learn(uint32_t *features, unsigned int count)
{
	unsigned int fresh = 0, i;

	for (i = 0; i < count; i++) {
		if (!shared->seen[features[i]]) {
			shared->seen[features[i]] = 1;
			features[fresh++] = features[i];
		}
	}
	__atomic_fetch_add(&shared->features, fresh, __ATOMIC_RELAXED);
	return fresh;
}
