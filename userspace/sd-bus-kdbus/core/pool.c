// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pool.c - our view of the pool
 *
 * A client that is never told anything needs no view. What a client that talks little gets lies at the
 * beginning of its pool, and to end a mapping costs the more the larger it is. So only the beginning is
 * mapped, until something lies behind it; then all of it is, beside the beginning, into which there may be
 * pointers.
 */
#include <errno.h>
#include <sys/mman.h>

#include "internal.h"

#define WINDOW_SIZE	(256UL << 10)

/* Map that much from the beginning. */
static int map(struct kbus_conn *conn, size_t size)
{
	void *pool = mmap(NULL, size, PROT_READ, MAP_SHARED, conn->fd, 0);

	if (pool == MAP_FAILED)
		return -errno;
	conn->pool = pool;
	conn->pool_mapped = size;
	return 0;
}

/* Have at least @end bytes. */
static int map_more(struct kbus_conn *conn, uint64_t end)
{
	const uint8_t *window = conn->pool;
	const size_t window_mapped = conn->pool_mapped;
	int r;

	if (end <= WINDOW_SIZE && WINDOW_SIZE < conn->pool_size)
		return map(conn, WINDOW_SIZE);
	r = map(conn, conn->pool_size);
	if (r == 0) {
		conn->pool_window = window;
		conn->pool_window_mapped = window_mapped;
	}
	return r;
}

/**
 * kbus_pool_at() - where a part of the pool is in memory
 * @conn: the connection
 * @offset: as a command returned it
 * @size: bytes that are to be read
 *
 * Return: its address, valid until kbus_pool_unmap(), or NULL if there is no memory for the mapping.
 */
const void *kbus_pool_at(struct kbus_conn *conn, uint64_t offset, uint64_t size)
{
	if (__builtin_expect(offset + size > conn->pool_mapped, 0) &&
	    map_more(conn, offset + size) < 0)
		return NULL;
	return conn->pool + offset;
}

/**
 * kbus_pool_unmap() - see the pool no longer
 * @conn: the connection
 */
void kbus_pool_unmap(struct kbus_conn *conn)
{
	if (conn->pool)
		munmap((void *)conn->pool, conn->pool_mapped);
	if (conn->pool_window)
		munmap((void *)conn->pool_window, conn->pool_window_mapped);
	conn->pool = conn->pool_window = NULL;
	conn->pool_mapped = conn->pool_window_mapped = 0;
}
