// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * row-broadcast.c - one signal to many receivers, and to one in a crowd
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn.h"
#include "peer.h"
#include "row.h"

#define PAYLOAD		64
#define POOL_SIZE	(1UL << 20)
#define CROWD_POOL_SIZE	4096UL
#define MATCHES_EACH	10	/* of each connection in the crowd */

struct broadcast {
	size_t n_receivers;
	uint32_t number;
	int bus;
	char bus_name[64];
	struct conn sender;
	struct conn *receivers;
	int (*sockets)[2];
	struct letter letter;
	uint8_t data[PAYLOAD];
};

/* What a D-Bus library puts into the filter of a signal with one string argument. */
static void fill_filter(uint8_t *filter)
{
	bloom_add(filter, "message-type", "signal");
	bloom_add(filter, "interface", "org.example.Bench");
	bloom_add(filter, "member", "Changed");
	bloom_add(filter, "path", "/org/example/Bench");
	bloom_add(filter, "path-slash-prefix", "/org/example/Bench");
	bloom_add(filter, "path-slash-prefix", "/org/example");
	bloom_add(filter, "path-slash-prefix", "/org");
	bloom_add(filter, "path-slash-prefix", "/");
	bloom_add(filter, "arg0", "wanted");
}

/* A rule for signals of our interface with some first argument. */
static int add_match(struct conn *conn, uint64_t cookie, const char *arg0)
{
	uint8_t mask[BLOOM_SIZE] = { 0 };

	bloom_add(mask, "message-type", "signal");
	bloom_add(mask, "interface", "org.example.Bench");
	bloom_add(mask, "arg0", arg0);
	return conn_match(conn, cookie, mask);
}

static int send_signal(void *work)
{
	struct broadcast *b = work;

	stamp(b->data, PAYLOAD, ++b->number);
	return conn_send(&b->sender, &b->letter);
}

static int drain_signal(void *work)
{
	struct broadcast *b = work;
	const struct kdbus_item *item;
	const struct kdbus_msg *msg;
	struct kdbus_msg_info info;
	size_t i;
	int r;

	for (i = 0; i < b->n_receivers; i++) {
		r = conn_recv(&b->receivers[i], &info);
		if (r < 0)
			return r;
		msg = (const void *)(b->receivers[i].pool + info.offset);
		item = msg_item(msg, KDBUS_ITEM_PAYLOAD_OFF);
		if (!item || !is_stamped((const uint8_t *)msg + item->vec.offset, PAYLOAD,
					 b->number))
			return -EBADMSG;
		r = conn_free(&b->receivers[i], info.offset);
		if (r < 0)
			return r;
	}
	return 0;
}

static int send_sockets(void *work)
{
	struct broadcast *b = work;
	size_t i;

	stamp(b->data, PAYLOAD, ++b->number);
	for (i = 0; i < b->n_receivers; i++)
		if (send(b->sockets[i][0], b->data, PAYLOAD, 0) != PAYLOAD)
			return -errno;
	return 0;
}

static int drain_sockets(void *work)
{
	struct broadcast *b = work;
	uint8_t received[PAYLOAD];
	size_t i;

	for (i = 0; i < b->n_receivers; i++)
		if (recv(b->sockets[i][1], received, PAYLOAD, 0) != PAYLOAD ||
		    !is_stamped(received, PAYLOAD, b->number))
			return -EBADMSG;
	return 0;
}

static void close_receivers(struct broadcast *b, size_t n)
{
	while (n--)
		conn_close(&b->receivers[n]);
	free(b->receivers);
	conn_close(&b->sender);
	close(b->bus);
}

/* A bus with a sender, and receivers that want its signal. */
static int open_receivers(struct broadcast *b, size_t n)
{
	uint8_t filter[BLOOM_SIZE] = { 0 };
	size_t i = 0;
	int r;

	b->n_receivers = n;
	b->bus = conn_make_bus(b->bus_name, sizeof(b->bus_name));
	if (b->bus < 0)
		return b->bus;
	r = conn_open(&b->sender, b->bus_name, POOL_SIZE, 0);
	if (r < 0) {
		close(b->bus);
		return r;
	}
	b->receivers = calloc(n, sizeof(*b->receivers));
	r = b->receivers ? 0 : -ENOMEM;
	for (; i < n && r == 0; i++) {
		r = conn_open(&b->receivers[i], b->bus_name, POOL_SIZE, 0);
		if (r < 0)
			break;
		r = add_match(&b->receivers[i], 1, "wanted");
	}
	if (r < 0) {
		close_receivers(b, i);
		return r;
	}
	fill_filter(filter);
	letter_init(&b->letter, KDBUS_DST_ID_BROADCAST);
	letter_vec(&b->letter, b->data, PAYLOAD);
	letter_signal(&b->letter, filter);
	return 0;
}

static void close_sockets(struct broadcast *b, size_t n)
{
	while (n--) {
		close(b->sockets[n][0]);
		close(b->sockets[n][1]);
	}
	free(b->sockets);
}

static int open_sockets(struct broadcast *b, size_t n)
{
	size_t i;
	int r;

	b->n_receivers = n;
	b->sockets = calloc(n, sizeof(*b->sockets));
	if (!b->sockets)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, b->sockets[i]) < 0) {
			r = -errno;
			close_sockets(b, i);
			return r;
		}
	}
	return 0;
}

/**
 * row_broadcast() - one SEND to many receivers beside as many sends on sockets
 * @row: size is the number of receivers
 * @settings: how often
 * @result: filled on success; the note tells the same with the receiving included
 *
 * All receivers belong to one thread, so nobody is woken up in the middle.
 *
 * Return: 0 or -errno.
 */
int row_broadcast(const struct row *row, const struct settings *settings,
		  struct row_result *result)
{
	struct phase sockets[] = { { .run = send_sockets }, { .run = drain_sockets } };
	struct phase signal[] = { { .run = send_signal }, { .run = drain_signal } };
	struct settings once = *settings;
	static struct broadcast b;
	int r;

	once.batch = 1;
	r = open_sockets(&b, row->size);
	if (r < 0)
		return r;
	r = measure(&once, sockets, 2, &b);
	close_sockets(&b, row->size);
	if (r < 0)
		return r;
	result->ruler = sockets[0].stats;

	r = open_receivers(&b, row->size);
	if (r < 0)
		return r;
	r = measure(&once, signal, 2, &b);
	close_receivers(&b, row->size);
	if (r < 0)
		return r;

	result->own = signal[0].stats;
	snprintf(result->note, sizeof(result->note),
		 "with receiving: %.0f, sockets %.0f, ratio %.2f",
		 signal[0].stats.p50 + signal[1].stats.p50,
		 sockets[0].stats.p50 + sockets[1].stats.p50,
		 (signal[0].stats.p50 + signal[1].stats.p50) /
		 (sockets[0].stats.p50 + sockets[1].stats.p50));
	return 0;
}

/* Connections with matches for the same interface, but for other first arguments. */
static int open_crowd(struct broadcast *b, struct conn *crowd, size_t n, size_t *ret_open)
{
	char arg0[32];
	size_t i, j;
	int fd, r;

	for (i = 0; i < n; i++) {
		*ret_open = i;
		fd = conn_open_endpoint(b->bus_name);
		if (fd < 0)
			return fd;
		r = conn_hello(&crowd[i], fd, CROWD_POOL_SIZE, 0);
		if (r < 0) {
			close(fd);
			return r;
		}
		*ret_open = i + 1;
		for (j = 0; j < MATCHES_EACH; j++) {
			snprintf(arg0, sizeof(arg0), "other-%zu", i * MATCHES_EACH + j);
			r = add_match(&crowd[i], j + 1, arg0);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* Nobody in the crowd may have got anything, else its matches were not unrelated. */
static int crowd_got_nothing(const struct conn *crowd, size_t n)
{
	struct pollfd pollfd = { .events = POLLIN };
	size_t i;

	for (i = 0; i < n; i++) {
		pollfd.fd = crowd[i].fd;
		if (poll(&pollfd, 1, 0) != 0)
			return -EBADMSG;
	}
	return 0;
}

/**
 * row_crowd() - a signal to one receiver on a crowded bus beside the same on an empty one
 * @row: size is the number of other connections; each has MATCHES_EACH unrelated matches
 * @settings: how often
 * @result: filled on success
 *
 * Return: 0 or -errno.
 */
int row_crowd(const struct row *row, const struct settings *settings, struct row_result *result)
{
	struct phase empty[] = { { .run = send_signal }, { .run = drain_signal } };
	struct phase crowded[] = { { .run = send_signal }, { .run = drain_signal } };
	struct settings once = *settings;
	static struct broadcast b;
	struct conn *crowd;
	size_t n_open = 0;
	int r;

	once.batch = 1;
	crowd = calloc(row->size, sizeof(*crowd));
	if (!crowd)
		return -ENOMEM;
	r = open_receivers(&b, 1);
	if (r < 0)
		goto out_free;
	r = measure(&once, empty, 2, &b);
	if (r < 0)
		goto out_close;
	r = open_crowd(&b, crowd, row->size, &n_open);
	if (r < 0)
		goto out_close;
	r = measure(&once, crowded, 2, &b);
	if (r < 0)
		goto out_close;
	r = crowd_got_nothing(crowd, n_open);
	result->own = crowded[0].stats;
	result->ruler = empty[0].stats;
	snprintf(result->note, sizeof(result->note), "%zu connections, %zu matches", n_open,
		 n_open * MATCHES_EACH);
out_close:
	while (n_open--)
		conn_close(&crowd[n_open]);
	close_receivers(&b, 1);
out_free:
	free(crowd);
	return r;
}
