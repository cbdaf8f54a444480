// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * row-crowd.c - one signal to one receiver, while others want other signals or none
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "row.h"
#include "signal-bus.h"

#define PAYLOAD		64
#define CROWD_POOL_SIZE	4096UL
#define MATCHES_EACH	250U	/* of one connection; the default limit is 256 */

/* A crowd: connections that a signal does not concern */
struct crowd {
	struct conn *conns;
	size_t n_conns;
	size_t n_matches;
};

static void close_crowd(struct crowd *crowd)
{
	while (crowd->n_conns--)
		conn_close(&crowd->conns[crowd->n_conns]);
	free(crowd->conns);
}

static int add_connection(struct crowd *crowd, const char *bus_name)
{
	int fd, r;

	fd = conn_open_endpoint(bus_name);
	if (fd < 0)
		return fd;
	r = conn_hello(&crowd->conns[crowd->n_conns], fd, CROWD_POOL_SIZE, 0);
	if (r < 0)
		close(fd);
	else
		crowd->n_conns++;
	return r;
}

/* Ask for signals of the same interface, but with another first argument than they have. */
static int add_unrelated_match(struct crowd *crowd, struct conn *conn)
{
	char arg0[32];

	snprintf(arg0, sizeof(arg0), "other-%zu", crowd->n_matches);
	return signal_match(conn, ++crowd->n_matches, arg0);
}

static int open_crowd(struct crowd *crowd, const char *bus_name, size_t n_conns,
		      size_t n_matches)
{
	size_t i;
	int r = 0;

	*crowd = (struct crowd){ .conns = calloc(n_conns, sizeof(*crowd->conns)) };
	if (!crowd->conns)
		return -ENOMEM;
	for (i = 0; i < n_conns && r == 0; i++)
		r = add_connection(crowd, bus_name);
	for (i = 0; i < n_matches && r == 0; i++)
		r = add_unrelated_match(crowd, &crowd->conns[i % n_conns]);
	if (r < 0)
		close_crowd(crowd);
	return r;
}

/* Nobody in the crowd may have got anything, else its matches were not unrelated. */
static int crowd_got_nothing(const struct crowd *crowd)
{
	struct pollfd pollfd = { .events = POLLIN };
	size_t i;

	for (i = 0; i < crowd->n_conns; i++) {
		pollfd.fd = crowd->conns[i].fd;
		if (poll(&pollfd, 1, 0) != 0)
			return -EBADMSG;
	}
	return 0;
}

/* Nothing that was found for the last one holds for the next. */
static int send_with_another_filter(void *work)
{
	struct signal_bus *b = work;

	b->filter->generation++;
	return signal_send(work);
}

static int measure_crowd(const struct row *row, const struct settings *settings,
			 struct row_result *result, size_t n_conns, size_t n_matches)
{
	int (*send)(void *work) = row->flags & ROW_FILTERS ? send_with_another_filter :
							     signal_send;
	struct phase alone[] = { { .run = send }, { .run = signal_drain } };
	struct phase crowded[] = { { .run = send }, { .run = signal_drain } };
	struct settings once = *settings;
	struct signal_bus bus;
	struct crowd crowd;
	int r;

	once.batch = 1;
	r = signal_open(&bus, 1, PAYLOAD);
	if (r < 0)
		return r;
	r = measure(&once, alone, 2, &bus);
	if (r < 0)
		goto out_close;
	r = open_crowd(&crowd, bus.bus_name, n_conns, n_matches);
	if (r < 0)
		goto out_close;
	r = measure(&once, crowded, 2, &bus);
	if (r == 0)
		r = crowd_got_nothing(&crowd);
	snprintf(result->note, sizeof(result->note), "%zu other connections, %zu matches",
		 crowd.n_conns, crowd.n_matches);
	close_crowd(&crowd);
	result->own = crowded[0].stats;
	result->ruler = alone[0].stats;
out_close:
	signal_close(&bus);
	return r;
}

/**
 * row_crowd_matches() - a signal to one receiver, among matches for other signals
 * @row: count is the number of unrelated matches; ROW_FILTERS
 * @settings: how often
 * @result: filled on success; the ruler is the same without them
 *
 * Return: 0 or -errno.
 */
int row_crowd_matches(const struct row *row, const struct settings *settings,
		      struct row_result *result)
{
	size_t n_conns = (row->count + MATCHES_EACH - 1) / MATCHES_EACH;

	return measure_crowd(row, settings, result, n_conns, row->count);
}

/**
 * row_crowd_connections() - a signal to one receiver, among connections without matches
 * @row: count is the number of other connections
 * @settings: how often
 * @result: filled on success; the ruler is the same without them
 *
 * Return: 0 or -errno.
 */
int row_crowd_connections(const struct row *row, const struct settings *settings,
			  struct row_result *result)
{
	return measure_crowd(row, settings, result, row->count, 0);
}
