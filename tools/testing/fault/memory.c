// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Memory that faults: the argument, the message and the payload of a command lie across
 * the end of what can be read, or written, and that end moves through them.
 *
 * Arguments have to start at multiples of eight, so the end moves in steps of eight,
 * longer ones in the middle of long arguments; through payload it moves byte by byte, or
 * from page to page where the payload is large.  Commands that fail have to leave the
 * world as it was, however many they are.  One that does not look at what lies behind the
 * end succeeds, and is not counted.
 */
#include <sys/ioctl.h>

#include "fault.h"

#define REGION_PAGES	20

static struct world world;

/* Pages of which those from @end on are to fault, and copies @at their end. */
struct region {
	__u8 *start;
	__u8 *end;
	const __u8 *at;
	size_t page;
};

static int region_map(struct region *region)
{
	void *start;

	region->page = sysconf(_SC_PAGESIZE);
	start = mmap(NULL, 2 * REGION_PAGES * region->page, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (start == MAP_FAILED)
		return -errno;
	region->start = start;
	region->end = region->start + REGION_PAGES * region->page;
	return 0;
}

static void region_unmap(struct region *region)
{
	munmap(region->start, 2 * REGION_PAGES * region->page);
}

/* A copy of which the first @good bytes lie before the end; from there on @prot. */
static void *region_place(struct region *region, const void *data, size_t size, size_t good,
			  int prot)
{
	size_t beyond = REGION_PAGES * region->page;

	if (mprotect(region->end, beyond, PROT_READ | PROT_WRITE))
		abort();
	memcpy(region->end - good, data, size);
	if (mprotect(region->end, beyond, prot))
		abort();
	return region->end - good;
}

enum victim {
	ARGUMENT_UNREADABLE,
	ARGUMENT_UNWRITABLE,
	MESSAGE_UNREADABLE,
	PAYLOAD_UNREADABLE,
	VICTIMS,
};

static const char *const victim_names[VICTIMS] = {
	[ARGUMENT_UNREADABLE] = "an argument that cannot be read",
	[ARGUMENT_UNWRITABLE] = "an argument that cannot be written",
	[MESSAGE_UNREADABLE] = "a message that cannot be read",
	[PAYLOAD_UNREADABLE] = "payload that cannot be read",
};

/* How much of it there is in this world. */
static size_t victim_size(enum victim victim)
{
	switch (victim) {
	case ARGUMENT_UNREADABLE:
	case ARGUMENT_UNWRITABLE:
		return world.cmd.size;
	case MESSAGE_UNREADABLE:
		return world_sends(&world) ? world.msg.size : 0;
	case PAYLOAD_UNREADABLE:
		return world_sends(&world) ? world.n_bytes : 0;
	default:
		return 0;
	}
}

/* Of long arguments the beginning and the end are looked at closely. */
#define CLOSELY		128

/* The next place after @good. */
static size_t victim_next(enum victim victim, size_t size, size_t good)
{
	if (victim != PAYLOAD_UNREADABLE)
		return good < CLOSELY || good + CLOSELY > size ? good + 8 : good + 8 * 15;
	if (size <= 256)
		return good + 1;
	/* Around each page's end, and across it. */
	switch (good % 4096) {
	case 0:
		return good + 1;
	case 1:
		return good + 4094;
	default:
		return good + 1;
	}
}

/* Let the payload of the message, which starts at @bytes, start at @at. */
static void payload_moves(struct args *msg, const __u8 *bytes, const __u8 *at)
{
	const struct kdbus_item *item;

	ITEM_FOREACH(item, &msg->msg)
		if (item->type == KDBUS_ITEM_PAYLOAD_VEC && item->vec.address)
			((struct kdbus_item *)item)->vec.address += at - bytes;
}

/* Before the next place: the message refers to the world's own bytes again. */
static void payload_moves_back(struct region *region, enum victim victim)
{
	if (victim == PAYLOAD_UNREADABLE)
		payload_moves(&world.msg, region->at, world.bytes);
}

static int command_in(struct region *region, enum victim victim, size_t good)
{
	void *cmd = &world.cmd, *at;

	switch (victim) {
	case ARGUMENT_UNREADABLE:
		cmd = region_place(region, &world.cmd, world.cmd.size, good, PROT_NONE);
		break;
	case ARGUMENT_UNWRITABLE:
		cmd = region_place(region, &world.cmd, world.cmd.size, good, PROT_READ);
		break;
	case MESSAGE_UNREADABLE:
		at = region_place(region, &world.msg, world.msg.size, good, PROT_NONE);
		world.cmd.send.msg_address = (uintptr_t)at;
		break;
	default:
		at = region_place(region, world.bytes, world.n_bytes, good, PROT_NONE);
		payload_moves(&world.msg, world.bytes, at);
		region->at = at;
		break;
	}
	return ioctl(world.fd, world.nr, cmd) < 0 ? -errno : 0;
}

/*
 * One life of a world: the command with one place after the other, as long as it fails as it should.
 * @good is where to begin, and then where it succeeded; @size gets how large the victim is.
 */
static int run(const struct scenario *scenario, const char *domain, struct region *region,
	       enum victim victim, size_t *good, size_t *size, unsigned int *swept,
	       struct text *text)
{
	struct fault_trace trace;
	int ret, end, result = -EFAULT;

	text_clear(text);
	*size = 0;
	ret = world_make(&world, scenario, domain);
	if (!ret) {
		*size = victim_size(victim);
		while (*good < *size) {
			result = command_in(region, victim, *good);
			if (result != -EFAULT)
				break;
			(*swept)++;
			*good = victim_next(victim, *size, *good);
			payload_moves_back(region, victim);
		}
		world_show(&world, text);
	}
	end = world_end(&world);
	inject_trace(&trace);
	if (trace.report[0]) {
		tell("%s, %s: %s", scenario->name, victim_names[victim], trace.report);
		return -EPROTO;
	}
	if (result && result != -EFAULT) {
		tell("%s, %s from byte %zu: %s", scenario->name, victim_names[victim], *good,
		     strerror(-result));
		return -EPROTO;
	}
	return ret ?: end;
}

/* Whether a command that succeeds although @victim faults from @good on is right to do so. */
static bool may_succeed(const struct scenario *scenario, enum victim victim)
{
	switch (victim) {
	case ARGUMENT_UNWRITABLE:
		/* Nothing is written from there on, so nothing behind it either. */
		return true;
	case PAYLOAD_UNREADABLE:
		/* A signal whose payload cannot be read is lost by each of its receivers. */
		return scenario->flags & MAY_LOSE;
	default:
		return false;
	}
}

static int sweep_victim(const struct scenario *scenario, const char *domain,
			struct region *region, enum victim victim, unsigned int *swept)
{
	const char *ignored = scenario->flags & MAY_BE_SEEN ? "~mn" : "";
	static struct text untouched, seen;
	size_t size, good = SIZE_MAX;
	int ret;

	/* A reply whose payload cannot be read has used its call up. */
	if (victim == PAYLOAD_UNREADABLE && (scenario->flags & USES_CALL_UP))
		return 0;
	ret = run(scenario, domain, region, victim, &good, &size, swept, &untouched);
	if (ret || !size)
		return ret;
	if (size > (REGION_PAGES - 1) * region->page) {
		tell("%s: %zu bytes are too many", scenario->name, size);
		return -EPROTO;
	}
	good = 0;
	ret = run(scenario, domain, region, victim, &good, &size, swept, &seen);
	if (ret)
		return ret;
	if (good < size) {
		if (may_succeed(scenario, victim))
			return 0;
		tell("%s, %s from byte %zu: it succeeds", scenario->name, victim_names[victim],
		     good);
		return -EPROTO;
	}
	if (text_equal(&untouched, &seen, ignored))
		return 0;
	tell("%s, %s: it failed, and changed the world", scenario->name, victim_names[victim]);
	text_diff(&untouched, &seen, ignored);
	return -EPROTO;
}

int sweep_memory(const struct scenario *scenario, const char *domain, struct tally *tally)
{
	struct region region;
	unsigned int victim;
	int ret;

	if (scenario->act || (scenario->flags & LARGE))
		return 0;
	ret = region_map(&region);
	for (victim = 0; victim < VICTIMS && !ret; victim++)
		ret = sweep_victim(scenario, domain, &region, victim, &tally->memory);
	region_unmap(&region);
	return ret;
}
