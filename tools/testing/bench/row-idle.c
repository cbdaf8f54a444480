// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * row-idle.c - kernel memory that a connection holds while nothing happens
 *
 * Counted in pages, over many connections: everything that the kernel handed out is missing from
 * its free pages, whoever it is accounted to. Pages that lie in the per-CPU lists of the allocator
 * count as free, which /proc/meminfo does not do.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conn.h"
#include "row.h"

#define POOL_SIZE	(16UL << 20)
#define N_ROUNDS	5

static int write_file(const char *path, const char *text)
{
	int fd, r = 0;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* Bytes that no one has: the free pages of all zones, and those in their per-CPU lists. */
static int read_free_memory(double *ret_bytes)
{
	unsigned long long pages = 0, value;
	bool in_pagesets = false;
	char line[256];
	FILE *file;

	file = fopen("/proc/zoneinfo", "re");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "Node", 4) == 0)
			in_pagesets = false;
		else if (strstr(line, "pagesets"))
			in_pagesets = true;
		else if (sscanf(line, " nr_free_pages %llu", &value) == 1)
			pages += value;
		else if (in_pagesets && sscanf(line, " count: %llu", &value) == 1)
			pages += value;
	}
	fclose(file);
	*ret_bytes = (double)pages * sysconf(_SC_PAGESIZE);
	return 0;
}

/* Let the slab allocator give empty slabs back: else those of one round would serve the next. */
static void shrink_slabs(void)
{
	struct dirent *entry;
	char path[512];
	DIR *dir;

	dir = opendir("/sys/kernel/slab");
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", entry->d_name);
		if (entry->d_name[0] != '.' && entry->d_type == DT_DIR)
			write_file(path, "1\n");
	}
	closedir(dir);
}

/*
 * Free memory, with caches dropped that have nothing to do with us, with what is freed late freed
 * by now, and with the kernel's counters up to date.
 */
static int settle_and_read(double *ret_bytes)
{
	int i, r;

	/* This command waits for a grace period of RCU; freed objects may wait for two. */
	for (i = 0; i < 3; i++)
		if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) < 0)
			return -errno;
	r = write_file("/proc/sys/vm/drop_caches", "3\n");
	shrink_slabs();
	if (r == 0)
		r = write_file("/proc/sys/vm/stat_refresh", "1\n");
	if (r < 0)
		return r;
	return read_free_memory(ret_bytes);
}

struct round {
	double connected;	/* bytes per connection that said HELLO and freed its answer */
	double mapped;		/* bytes more when its pool is mapped and not touched */
};

static int run_round(const char *bus_name, struct conn *conns, size_t n, struct round *round)
{
	double opened, connected, mapped;
	size_t n_open = 0, n_conns = 0, i;
	int r = 0;

	for (; n_open < n; n_open++) {
		conns[n_open] = (struct conn){ .fd = conn_open_endpoint(bus_name) };
		if (conns[n_open].fd < 0) {
			r = conns[n_open].fd;
			goto out_close;
		}
	}
	r = settle_and_read(&opened);
	for (; n_conns < n && r == 0; n_conns++)
		r = conn_hello(&conns[n_conns], conns[n_conns].fd, POOL_SIZE, 0);
	if (r == 0)
		r = settle_and_read(&connected);
	for (i = 0; i < n && r == 0; i++)
		r = conn_map(&conns[i]);
	if (r == 0)
		r = settle_and_read(&mapped);
	if (r == 0) {
		round->connected = (opened - connected) / n;
		round->mapped = (connected - mapped) / n;
	}
out_close:
	while (n_open--)
		conn_close(&conns[n_open]);
	return r;
}

/**
 * row_idle() - memory of a connection beyond that of its open file
 * @row: count is the number of connections
 * @settings: not used; the median of some rounds is taken
 * @result: filled on success
 *
 * Return: 0 or -errno.
 */
int row_idle(const struct row *row, const struct settings *settings, struct row_result *result)
{
	double connected[N_ROUNDS], total[N_ROUNDS], with_hello;
	struct round round;
	char bus_name[64];
	struct conn *conns;
	int bus, i, r = 0;

	(void)settings;
	conns = calloc(row->count, sizeof(*conns));
	if (!conns)
		return -ENOMEM;
	bus = conn_make_bus(bus_name, sizeof(bus_name));
	if (bus < 0) {
		free(conns);
		return bus;
	}
	/* The first round fills caches that later ones use, and does not count. */
	r = run_round(bus_name, conns, row->count, &round);
	for (i = 0; i < N_ROUNDS && r == 0; i++) {
		r = run_round(bus_name, conns, row->count, &round);
		connected[i] = round.connected;
		total[i] = round.connected + round.mapped;
	}
	close(bus);
	free(conns);
	if (r < 0)
		return r;

	with_hello = median(connected, N_ROUNDS);
	result->own.p50 = median(total, N_ROUNDS);
	result->own.p99 = total[N_ROUNDS - 1];
	snprintf(result->note, sizeof(result->note),
		 "%.0f of them before the pool is mapped; %zu connections, pools of %lu MiB",
		 with_hello, row->count, POOL_SIZE >> 20);
	return 0;
}
