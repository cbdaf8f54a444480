// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The last programs of each worker, in memory that outlives the guest: a ring of bytes for each,
 * behind a word that counts all bytes that were ever written to it.
 */

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "world.h"

static unsigned char *memory;
static size_t ring;	/* bytes of each, with the word */

bool memory_log_init(const char *path, unsigned int workers)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat stat;

	if (fd < 0)
		return false;
	if (!fstat(fd, &stat)) {
		memory = mmap(NULL, stat.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		ring = stat.st_size / workers & ~7ul;
	}
	close(fd);
	return ring > 8 + PROG_TEXT && memory != MAP_FAILED;
}

void memory_log_write(unsigned int worker, const char *text, size_t size)
{
	unsigned char *mine = memory + worker * ring;
	volatile uint64_t *written = (volatile uint64_t *)mine;
	size_t room = ring - 8, at = *written % room, first = size;

	if (first > room - at)
		first = room - at;
	memcpy(mine + 8 + at, text, first);
	memcpy(mine + 8, text + first, size - first);
	*written += size;
}
