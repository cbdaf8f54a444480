// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * row-oneway.c - send and receive within one thread: no switch between processes, only the bus
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn.h"
#include "peer.h"
#include "row.h"

#define MAX_SIZE	65536
#define POOL_SIZE	(16UL << 20)

struct one_way {
	size_t size;
	uint32_t number;
	int sockets[2];
	struct conn sender, receiver;
	struct letter letter;
	uint8_t data[MAX_SIZE], received[MAX_SIZE];
};

static int socket_one_way(void *work)
{
	struct one_way *w = work;

	stamp(w->data, w->size, ++w->number);
	if (send(w->sockets[0], w->data, w->size, 0) != (ssize_t)w->size)
		return -errno;
	if (recv(w->sockets[1], w->received, w->size, 0) != (ssize_t)w->size ||
	    !is_stamped(w->received, w->size, w->number))
		return -EBADMSG;
	return 0;
}

static int kdbus_one_way(void *work)
{
	struct one_way *w = work;
	const struct kdbus_item *item;
	const struct kdbus_msg *msg;
	struct kdbus_msg_info info;
	int r;

	stamp(w->data, w->size, ++w->number);
	r = conn_send(&w->sender, &w->letter);
	if (r == 0)
		r = conn_recv(&w->receiver, &info);
	if (r < 0)
		return r;
	msg = (const void *)(w->receiver.pool + info.offset);
	item = msg_item(msg, KDBUS_ITEM_PAYLOAD_OFF);
	if (!item || item->vec.size != w->size ||
	    !is_stamped((const uint8_t *)msg + item->vec.offset, w->size, w->number))
		return -EBADMSG;
	return conn_free(&w->receiver, info.offset);
}

static int measure_socket(struct one_way *w, const struct settings *settings, struct stats *stats)
{
	struct phase phase = { .run = socket_one_way };
	int r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, w->sockets) < 0)
		return -errno;
	r = measure(settings, &phase, 1, w);
	*stats = phase.stats;
	close(w->sockets[0]);
	close(w->sockets[1]);
	return r;
}

static int measure_kdbus(struct one_way *w, const struct settings *settings, struct stats *stats)
{
	struct phase phase = { .run = kdbus_one_way };
	char bus_name[64];
	int bus, r;

	bus = conn_make_bus(bus_name, sizeof(bus_name));
	if (bus < 0)
		return bus;
	r = conn_open(&w->sender, bus_name, POOL_SIZE, 0);
	if (r < 0)
		goto out_bus;
	r = conn_open(&w->receiver, bus_name, POOL_SIZE, 0);
	if (r < 0)
		goto out_sender;
	letter_init(&w->letter, w->receiver.id);
	letter_vec(&w->letter, w->data, w->size);
	r = measure(settings, &phase, 1, w);
	*stats = phase.stats;
	conn_close(&w->receiver);
out_sender:
	conn_close(&w->sender);
out_bus:
	close(bus);
	return r;
}

/**
 * row_one_way() - SEND, RECV and FREE beside send() and recv()
 * @row: size of the payload
 * @settings: how often
 * @result: filled on success
 *
 * Return: 0 or -errno.
 */
int row_one_way(const struct row *row, const struct settings *settings,
		struct row_result *result)
{
	static struct one_way w;
	int r;

	if (row->size > MAX_SIZE)
		return -EMSGSIZE;
	w.size = row->size;
	w.number = 0;
	r = measure_socket(&w, settings, &result->ruler);
	if (r < 0)
		return r;
	return measure_kdbus(&w, settings, &result->own);
}
