// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * row-connect.c - what it costs to come and go
 */
#include <errno.h>
#include <unistd.h>

#include "conn.h"
#include "row.h"

#define POOL_SIZE	(16UL << 20)

/* open, HELLO, FREE of its answer, mmap, munmap, close */
static int connect_once(void *work)
{
	struct conn conn;
	int r;

	r = conn_open(&conn, work, POOL_SIZE, 0);
	if (r == 0)
		conn_close(&conn);
	return r;
}

/**
 * row_connect() - connect to a bus, map the pool, and disconnect
 * @row: no parameters
 * @settings: how often
 * @result: filled on success
 *
 * Return: 0 or -errno.
 */
int row_connect(const struct row *row, const struct settings *settings, struct row_result *result)
{
	struct phase phase = { .run = connect_once };
	struct settings once = *settings;
	char bus_name[64];
	int bus, r;

	(void)row;
	once.batch = 1;
	bus = conn_make_bus(bus_name, sizeof(bus_name));
	if (bus < 0)
		return bus;
	r = measure(&once, &phase, 1, bus_name);
	result->own = phase.stats;
	close(bus);
	return r;
}
