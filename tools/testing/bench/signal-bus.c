// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * signal-bus.c - see signal-bus.h
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peer.h"
#include "signal-bus.h"

#define POOL_SIZE	(1UL << 20)

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
	bloom_add(filter, "arg0", SIGNAL_ARG0);
}

/**
 * signal_match() - ask for signals of our interface with some first argument
 * @conn: connection
 * @cookie: names the match
 * @arg0: the argument; SIGNAL_ARG0 is what the sender's signals have
 *
 * Return: 0 or -errno.
 */
int signal_match(struct conn *conn, uint64_t cookie, const char *arg0)
{
	uint8_t mask[BLOOM_SIZE] = { 0 };

	bloom_add(mask, "message-type", "signal");
	bloom_add(mask, "interface", "org.example.Bench");
	bloom_add(mask, "arg0", arg0);
	return conn_match(conn, cookie, mask);
}

/**
 * signal_send() - send it; a phase of measure()
 * @work: struct signal_bus
 *
 * Return: 0 or -errno.
 */
int signal_send(void *work)
{
	struct signal_bus *b = work;

	stamp(b->data, b->size, ++b->number);
	return conn_send(&b->sender, &b->letter);
}

/**
 * signal_drain() - receive it everywhere, look at it, free it; a phase of measure()
 * @work: struct signal_bus
 *
 * Return: 0 or -errno.
 */
int signal_drain(void *work)
{
	struct signal_bus *b = work;
	const struct kdbus_item *item;
	const struct kdbus_msg *msg;
	struct kdbus_msg_info info;
	const uint8_t *payload;
	size_t i;
	int r;

	for (i = 0; i < b->n_receivers; i++) {
		r = conn_recv(&b->receivers[i], &info);
		if (r < 0)
			return r;
		msg = (const void *)(b->receivers[i].pool + info.offset);
		item = msg_item(msg, KDBUS_ITEM_PAYLOAD_OFF);
		if (!item)
			return -EBADMSG;
		payload = (const uint8_t *)msg + item->vec.offset;
		if (!is_stamped(payload, b->size, b->number) ||
		    (b->reads && memcmp(payload, b->data, b->size)))
			return -EBADMSG;
		r = conn_free(&b->receivers[i], info.offset);
		if (r < 0)
			return r;
	}
	return 0;
}

static void close_receivers(struct signal_bus *b, size_t n)
{
	while (n--)
		conn_close(&b->receivers[n]);
	free(b->receivers);
	free(b->data);
	conn_close(&b->sender);
	close(b->bus);
}

/**
 * signal_open() - make a bus with a sender, and receivers that want its signal
 * @b: filled on success
 * @n: how many receivers
 * @size: bytes of payload
 *
 * Return: 0 or -errno.
 */
int signal_open(struct signal_bus *b, size_t n, size_t size)
{
	uint8_t filter[BLOOM_SIZE] = { 0 };
	size_t i = 0;
	int r;

	*b = (struct signal_bus){ .n_receivers = n, .size = size };
	b->bus = conn_make_bus(b->bus_name, sizeof(b->bus_name));
	if (b->bus < 0)
		return b->bus;
	r = conn_open(&b->sender, b->bus_name, POOL_SIZE, 0);
	if (r < 0) {
		close(b->bus);
		return r;
	}
	b->receivers = calloc(n, sizeof(*b->receivers));
	b->data = calloc(1, size);
	r = b->receivers && b->data ? 0 : -ENOMEM;
	for (; i < n && r == 0; i++) {
		r = conn_open(&b->receivers[i], b->bus_name, POOL_SIZE, 0);
		if (r < 0)
			break;
		r = signal_match(&b->receivers[i], 1, SIGNAL_ARG0);
	}
	if (r < 0) {
		close_receivers(b, i);
		return r;
	}
	fill_filter(filter);
	letter_init(&b->letter, KDBUS_DST_ID_BROADCAST);
	letter_vec(&b->letter, b->data, size);
	b->filter = letter_signal(&b->letter, filter);
	return 0;
}

/**
 * signal_close() - everybody leaves
 * @b: from signal_open()
 */
void signal_close(struct signal_bus *b)
{
	close_receivers(b, b->n_receivers);
}
