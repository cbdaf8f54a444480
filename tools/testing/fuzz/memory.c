// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Memory of every kind for arguments and payload: ordinary, without access, read-only, cut off,
 * changed by others, and provided late through userfaultfd.
 */

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "world.h"

#define PAGE		4096ul
#define PAYLOAD		(4ul << 20)
#define NO_ACCESS	(16 * PAGE)
#define ARGUMENT	(12 * PAGE)	/* more than any argument may have */
#define GUARD		PAGE
#define ARGUMENTS	(LANES * 2)
#define FAULT_EXTRA	16		/* pages of payload that fault */
#define FAULT_SIZE	(ARGUMENTS * ARGUMENT + FAULT_EXTRA * PAGE)

static unsigned char *payload, *truncated, *arguments, *read_only, *fault, *fault_content;
static unsigned char *flip, *flip_seen;	/* the same memory: for us, and for the kernel */
static int uffd = -1;
static uint64_t fault_address;

/* Set in the thread that provides late pages: it would wait for itself. */
static _Thread_local bool provides;

static unsigned char *map(size_t size, int protection, int fd)
{
	int flags = MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0);
	void *memory = mmap(NULL, size, protection, flags, fd, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static bool fault_init(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	fault = mmap(NULL, FAULT_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fault_content = map(FAULT_SIZE, PROT_READ | PROT_WRITE, -1);
	uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (fault == MAP_FAILED || !fault_content)
		return false;
	if (uffd < 0)
		return true;
	range.range.start = (uintptr_t)fault;
	range.range.len = FAULT_SIZE;
	return !ioctl(uffd, UFFDIO_API, &api) && !ioctl(uffd, UFFDIO_REGISTER, &range);
}

bool memory_init(void)
{
	int file = memfd_create("fuzz-arguments", MFD_CLOEXEC);
	int small = memfd_create("fuzz-small", MFD_CLOEXEC);
	int changing = memfd_create("fuzz-flip", MFD_CLOEXEC);
	size_t stride = ARGUMENT + GUARD, i;

	if (file < 0 || small < 0 || changing < 0 || ftruncate(file, ARGUMENTS * stride) ||
	    ftruncate(small, PAGE) || ftruncate(changing, ARGUMENT))
		return false;
	payload = map(PAYLOAD + NO_ACCESS, PROT_READ | PROT_WRITE, -1);
	truncated = map(4 * PAGE, PROT_READ | PROT_WRITE, small);
	arguments = map(ARGUMENTS * stride, PROT_READ | PROT_WRITE, file);
	read_only = map(ARGUMENTS * stride, PROT_READ, file);
	flip = map(ARGUMENT, PROT_READ | PROT_WRITE, changing);
	flip_seen = map(ARGUMENT, PROT_READ | PROT_WRITE, changing);
	if (!payload || !truncated || !arguments || !read_only || !flip || !flip_seen)
		return false;
	for (i = 0; i < PAYLOAD / 8; i++)
		((uint64_t *)payload)[i] = i;
	mprotect(payload + PAYLOAD, NO_ACCESS, PROT_NONE);
	for (i = 0; i < ARGUMENTS; i++)
		mprotect(arguments + i * stride + ARGUMENT, GUARD, PROT_NONE);
	return fault_init();
}

/* Pages that were provided late are missing again, and what was taken away is back. */
void memory_fresh(void)
{
	mprotect(flip_seen, ARGUMENT, PROT_READ | PROT_WRITE);
	madvise(fault, FAULT_SIZE, MADV_DONTNEED);
}

void *memory_payload(enum memory kind, uint64_t offset)
{
	const struct slot *slot = &slots[(offset >> 32) % PROG_SLOTS];

	switch (kind) {
	case MEMORY_NONE:
		return payload + PAYLOAD + offset % NO_ACCESS;
	case MEMORY_END:
		return payload + PAYLOAD - PAGE + offset % PAGE;
	case MEMORY_FAULT:
		if (provides)
			return payload + offset % PAYLOAD;
		return fault + ARGUMENTS * ARGUMENT + offset % (FAULT_EXTRA * PAGE);
	case MEMORY_TRUNCATED:
		return truncated + offset % (4 * PAGE);
	case MEMORY_POOL:
		return slot->map ? slot->map + (uint32_t)offset % slot->mapped : NULL;
	default:
		return payload + offset % PAYLOAD;
	}
}

/*
 * Where to write @size bytes of an argument that announces @announced bytes, or NULL if nowhere;
 * *@user is what to tell the kernel.
 */
unsigned char *memory_place(enum lane lane, bool message, enum place place, size_t size,
			    size_t announced, unsigned char **user)
{
	unsigned int number = lane * 2 + message;
	size_t at = number * (ARGUMENT + GUARD), all = (size + 7) & ~7ul;
	unsigned char *area = arguments + at;

	switch (place) {
	case PLACE_END:
		all = announced > size && announced < ARGUMENT ? (announced + 7) & ~7ul : all;
		return *user = area + ARGUMENT - all;
	case PLACE_CUT:
		*user = area + ARGUMENT - ((size / 2 + 7) & ~7ul);
		return *user;
	case PLACE_ODD:
		return *user = area + PAGE / 2 + 1 + size % 7;
	case PLACE_READ_ONLY:
		*user = read_only + at + PAGE / 2;
		return area + PAGE / 2;
	case PLACE_FAULT:
		if (provides || uffd < 0)
			break;
		*user = fault + number * ARGUMENT;
		return fault_content + number * ARGUMENT;
	case PLACE_FLIP:
		*user = flip_seen;
		return flip;
	case PLACE_NULL:
		*user = NULL;
		return NULL;
	case PLACE_KERNEL:
		*user = (unsigned char *)0xffffffff81000000ul;
		return NULL;
	default:
		break;
	}
	return *user = area + PAGE / 2;
}

/*
 * Changes the start of what lies in PLACE_FLIP, and changes it back; without a mask it cannot be written
 * any more, as far as the kernel is concerned.
 */
void memory_flip(unsigned int times, uint64_t mask)
{
	volatile uint64_t *words = (volatile uint64_t *)flip;
	unsigned int i;

	if (!mask)
		mprotect(flip_seen, ARGUMENT, PROT_READ);
	for (i = 0; i < times; i++)
		words[(i / 2) % 16] ^= mask;
}

/* The calling thread resolves faults from now on. */
void memory_provide(void)
{
	provides = true;
}

/* Waits for somebody to miss a page; a signal may end that. */
bool memory_next_fault(void)
{
	struct pollfd poll_fd = { .fd = uffd, .events = POLLIN };
	struct uffd_msg message;

	if (poll(&poll_fd, 1, -1) != 1 || read(uffd, &message, sizeof(message)) != sizeof(message))
		return false;
	fault_address = message.arg.pagefault.address & ~(PAGE - 1);
	return message.event == UFFD_EVENT_PAGEFAULT;
}

void memory_resolve(void)
{
	struct uffdio_copy copy = {
		.dst = fault_address,
		.src = fault_address - (uintptr_t)fault + (uintptr_t)fault_content,
		.len = PAGE,
	};
	struct uffdio_range range = { .start = fault_address, .len = PAGE };

	if (ioctl(uffd, UFFDIO_COPY, &copy))
		ioctl(uffd, UFFDIO_WAKE, &range);
}
