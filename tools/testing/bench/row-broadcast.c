// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * row-broadcast.c - one signal to many receivers
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "row.h"
#include "signal-bus.h"

/* The same over sockets: a pair for each receiver, and the sender writes to all */
struct fan {
	size_t n_receivers;
	size_t size;
	uint32_t number;
	int (*sockets)[2];
	uint8_t *data, *received;
};

static int send_sockets(void *work)
{
	struct fan *f = work;
	size_t i;

	stamp(f->data, f->size, ++f->number);
	for (i = 0; i < f->n_receivers; i++)
		if (send(f->sockets[i][0], f->data, f->size, 0) != (ssize_t)f->size)
			return -errno;
	return 0;
}

static int drain_sockets(void *work)
{
	struct fan *f = work;
	size_t i;

	for (i = 0; i < f->n_receivers; i++)
		if (recv(f->sockets[i][1], f->received, f->size, 0) != (ssize_t)f->size ||
		    !is_stamped(f->received, f->size, f->number))
			return -EBADMSG;
	return 0;
}

static void close_sockets(struct fan *f, size_t n)
{
	while (n--) {
		close(f->sockets[n][0]);
		close(f->sockets[n][1]);
	}
	free(f->sockets);
	free(f->data);
	free(f->received);
}

static int open_sockets(struct fan *f, size_t n, size_t size)
{
	size_t i = 0;
	int r;

	*f = (struct fan){ .n_receivers = n, .size = size };
	f->sockets = calloc(n, sizeof(*f->sockets));
	f->data = calloc(1, size);
	f->received = calloc(1, size);
	r = f->sockets && f->data && f->received ? 0 : -ENOMEM;
	for (; i < n && r == 0; i++) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, f->sockets[i]) < 0) {
			r = -errno;
			break;
		}
	}
	if (r < 0)
		close_sockets(f, i);
	return r;
}

static double sum(const struct phase *phases)
{
	return phases[0].stats.p50 + phases[1].stats.p50;
}

/* Sending and receiving as one; the p99 of the sum is not known, but it is not more than this. */
static struct stats both(const struct phase *phases)
{
	return (struct stats){
		.p50 = sum(phases),
		.p99 = phases[0].stats.p99 + phases[1].stats.p99,
	};
}

/* The same signal in a domain where nothing is shared. */
static int measure_copies(const struct row *row, const struct settings *settings,
			  struct phase *signal)
{
	char domain[] = "/tmp/kdbus-bench-XXXXXX";
	const char *before = getenv("KDBUS_DOMAIN");
	struct signal_bus bus;
	int r;

	if (!mkdtemp(domain))
		return -errno;
	if (mount("kdbus", domain, "kdbus", 0, "max_shared_bytes=0") < 0) {
		r = -errno;
		rmdir(domain);
		return r;
	}
	setenv("KDBUS_DOMAIN", domain, 1);
	r = signal_open(&bus, row->count, row->size);
	if (r == 0) {
		bus.reads = true;
		r = measure(settings, signal, 2, &bus);
		signal_close(&bus);
	}
	if (before)
		setenv("KDBUS_DOMAIN", before, 1);
	else
		unsetenv("KDBUS_DOMAIN");
	umount2(domain, MNT_DETACH);
	rmdir(domain);
	return r;
}

static int measure_sockets(const struct row *row, const struct settings *settings,
			   struct phase *sockets)
{
	struct fan fan;
	int r;

	r = open_sockets(&fan, row->count, row->size);
	if (r < 0)
		return r;
	r = measure(settings, sockets, 2, &fan);
	close_sockets(&fan, row->count);
	return r;
}

/**
 * row_broadcast() - one SEND to many receivers beside as many sends on sockets
 * @row: count is the number of receivers, size that of the payload; with ROW_DRAIN receiving is
 *       part of both; with ROW_COPIES the ruler is another SEND, which gives each a copy
 * @settings: how often
 * @result: filled on success
 *
 * All receivers belong to one thread, so nobody is woken up in the middle.
 *
 * Return: 0 or -errno.
 */
int row_broadcast(const struct row *row, const struct settings *settings,
		  struct row_result *result)
{
	struct phase sockets[] = { { .run = send_sockets }, { .run = drain_sockets } };
	struct phase copies[] = { { .run = signal_send }, { .run = signal_drain } };
	struct phase signal[] = { { .run = signal_send }, { .run = signal_drain } };
	bool reads = row->flags & ROW_COPIES, drain = row->flags & ROW_DRAIN;
	const char *ruler = reads ? "copies" : "sockets";
	struct phase *other = reads ? copies : sockets;
	struct settings once = *settings;
	struct signal_bus bus;
	int r;

	once.batch = 1;
	if (row->count * row->size > 1 << 20)
		once.warmup = once.repeats = 20 + settings->repeats / 10;
	if (reads)
		r = measure_copies(row, &once, copies);
	else
		r = measure_sockets(row, &once, sockets);
	if (r < 0)
		return r;

	r = signal_open(&bus, row->count, row->size);
	if (r < 0)
		return r;
	bus.reads = reads;
	r = measure(&once, signal, 2, &bus);
	signal_close(&bus);
	if (r < 0)
		return r;

	result->ruler = drain ? both(other) : other[0].stats;
	result->own = drain ? both(signal) : signal[0].stats;
	if (!drain && !settings->profiled)
		snprintf(result->note, sizeof(result->note),
			 "with receiving: %.0f, %s %.0f, ratio %.2f", sum(signal), ruler,
			 sum(other), sum(signal) / sum(other));
	return 0;
}
