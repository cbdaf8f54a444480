// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * peer-kdbus.c - calls over kdbus
 *
 * With the commands of 2015: client: SEND with SYNC_REPLY, FREE; service: poll, RECV, FREE, SEND.
 * With those that came later: client: SEND with SYNC_REPLY and FREE; service: EXCHANGE.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "conn.h"
#include "peer.h"

#define ENDPOINT	"0-policy"
#define POOL_SIZE	(16UL << 20)
#define ALL_SEALS	(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)
#define METADATA	(KDBUS_ATTACH_CREDS | KDBUS_ATTACH_NAMES | KDBUS_ATTACH_TIMESTAMP)

struct kdbus {
	struct peer_options options;
	char bus_name[64];
	char name[32];		/* of the service */
	int bus_fd;		/* keeps the bus alive, -1 if somebody else does */
	int ep_fd;		/* keeps the client's own endpoint alive, -1 if it has none */
	int memfd;		/* -1 if none */
	struct conn conn;	/* of whichever process looks at it; fd -1 if not open */
	struct letter letter;
	uint64_t unused;	/* place in the pool to be given back with the next command */
	uint32_t number;
	uint8_t *data;
};

static int make_memfd(size_t size)
{
	int fd, r;

	fd = memfd_create("bench", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	/* Allocated, not just a hole: the receiver could read all of it. */
	if (fallocate(fd, 0, 0, size) < 0 || fcntl(fd, F_ADD_SEALS, ALL_SEALS) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

static void kdbus_close(void *state)
{
	struct kdbus *k = state;

	if (k->conn.fd >= 0)
		conn_close(&k->conn);
	if (k->memfd >= 0)
		close(k->memfd);
	if (k->ep_fd >= 0)
		close(k->ep_fd);
	if (k->bus_fd >= 0)
		close(k->bus_fd);
	free(k->data);
	free(k);
}

static int kdbus_open(const struct peer_options *options, void **ret_state)
{
	struct kdbus *k = calloc(1, sizeof(*k));
	int r;

	if (!k)
		return -ENOMEM;
	k->options = *options;
	k->bus_fd = k->memfd = k->ep_fd = -1;
	k->conn.fd = -1;
	k->data = calloc(1, options->size + 1);
	snprintf(k->name, sizeof(k->name), "org.example.Bench%u", options->number);
	r = k->data ? 0 : -ENOMEM;
	if (r == 0 && options->bus_name)
		snprintf(k->bus_name, sizeof(k->bus_name), "%s", options->bus_name);
	else if (r == 0)
		k->bus_fd = r = conn_make_bus(k->bus_name, sizeof(k->bus_name));
	if (r >= 0 && options->policy)
		k->ep_fd = r = conn_make_endpoint(k->bus_name, ENDPOINT, k->name);
	if (r >= 0 && options->memfd_size)
		k->memfd = r = make_memfd(options->memfd_size);
	if (r < 0) {
		kdbus_close(k);
		return r;
	}
	*ret_state = k;
	return 0;
}

static int connect_to_bus(struct kdbus *k, const char *endpoint)
{
	int fd, r;

	fd = conn_open_custom(k->bus_name, endpoint);
	if (fd < 0)
		return fd;
	r = conn_hello(&k->conn, fd, POOL_SIZE, k->options.metadata ? METADATA : 0);
	if (r == 0)
		r = conn_map(&k->conn);
	if (r < 0) {
		close(fd);
		k->conn.fd = -1;
	}
	k->unused = POOL_SIZE;
	return r;
}

/* Check what came in, and close its memfd: it is ours now. */
static int take_payload(struct kdbus *k, const struct kdbus_msg *msg, bool has_memfd,
			uint32_t number)
{
	const struct kdbus_item *item;

	if (k->options.size) {
		item = msg_item(msg, KDBUS_ITEM_PAYLOAD_OFF);
		if (!item || item->vec.size != k->options.size ||
		    !is_stamped((const uint8_t *)msg + item->vec.offset, item->vec.size, number))
			return -EBADMSG;
	}
	if (k->options.metadata &&
	    (!msg_item(msg, KDBUS_ITEM_CREDS) || !msg_item(msg, KDBUS_ITEM_TIMESTAMP)))
		return -ENODATA;
	if (has_memfd) {
		item = msg_item(msg, KDBUS_ITEM_PAYLOAD_MEMFD);
		if (!item || item->memfd.size != k->options.memfd_size || item->memfd.fd < 0)
			return -EBADMSG;
		close(item->memfd.fd);
	}
	return 0;
}

/* Look at a request, and make the letter the reply to it. */
static int make_reply(struct kdbus *k, const struct kdbus_msg_info *info, uint32_t number)
{
	const struct kdbus_msg *msg = (const void *)(k->conn.pool + info->offset);
	int r;

	r = take_payload(k, msg, k->memfd >= 0, number);
	if (r < 0)
		return r;
	stamp(k->data, k->options.size, number);
	k->letter.msg.dst_id = msg->src_id;
	k->letter.msg.cookie_reply = msg->cookie;
	k->letter.msg.cookie = number;
	return 0;
}

static int serve_by_recv(struct kdbus *k)
{
	struct pollfd pollfd = { .fd = k->conn.fd, .events = POLLIN };
	struct kdbus_msg_info info;
	uint32_t number = 0;
	int r;

	do {
		if (poll(&pollfd, 1, -1) < 0)
			return -errno;
		r = conn_recv(&k->conn, &info);
		if (r == 0)
			r = make_reply(k, &info, ++number);
		if (r == 0)
			r = conn_free(&k->conn, info.offset);
		if (r == 0)
			r = conn_send(&k->conn, &k->letter);
	} while (r == 0);
	return r;
}

static int serve_by_exchange(struct kdbus *k)
{
	struct kdbus_msg_info info;
	uint32_t number = 0;
	int r;

	r = conn_exchange(&k->conn, NULL, k->unused, &info);
	while (r == 0) {
		r = make_reply(k, &info, ++number);
		if (r == 0)
			r = conn_exchange(&k->conn, &k->letter, info.offset, &info);
	}
	return r;
}

static int kdbus_serve(void *state, int ready_fd)
{
	struct kdbus *k = state;
	int r;

	r = connect_to_bus(k, "bus");
	if (r == 0)
		r = conn_acquire(&k->conn, k->name);
	if (r < 0)
		return r;
	letter_init(&k->letter, 0);
	letter_vec(&k->letter, k->data, k->options.size);
	r = peer_ready(ready_fd, k->conn.id);
	if (r < 0)
		return r;
	return k->options.exchange ? serve_by_exchange(k) : serve_by_recv(k);
}

static int kdbus_attach(void *state, uint64_t address)
{
	struct kdbus *k = state;
	int r;

	r = connect_to_bus(k, k->options.policy ? ENDPOINT : "bus");
	if (r < 0)
		return r;
	letter_init(&k->letter, k->options.by_name ? KDBUS_DST_ID_NAME : address);
	if (k->options.by_name)
		letter_name(&k->letter, k->name);
	letter_vec(&k->letter, k->data, k->options.size);
	if (k->memfd >= 0)
		letter_memfd(&k->letter, k->memfd, k->options.memfd_size);
	k->letter.msg.flags = KDBUS_MSG_EXPECT_REPLY;
	return 0;
}

static int kdbus_call(void *state)
{
	struct kdbus_msg_info reply;
	struct kdbus *k = state;
	struct timespec now;
	int r;

	stamp(k->data, k->options.size, ++k->number);
	/* A client computes a deadline for every call, and the coarse clock is good enough. */
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	k->letter.msg.timeout_ns = (now.tv_sec + 25) * 1000000000ULL + now.tv_nsec;
	k->letter.msg.cookie = k->number;
	if (k->options.exchange)
		r = conn_call_and_free(&k->conn, &k->letter, k->unused, &reply);
	else
		r = conn_call(&k->conn, &k->letter, &reply);
	if (r < 0)
		return r;
	r = take_payload(k, (const void *)(k->conn.pool + reply.offset), false, k->number);
	if (r < 0)
		return r;
	k->unused = reply.offset;
	return k->options.exchange ? 0 : conn_free(&k->conn, reply.offset);
}

const struct peer peer_kdbus = {
	.name = "kdbus",
	.open = kdbus_open,
	.serve = kdbus_serve,
	.attach = kdbus_attach,
	.call = kdbus_call,
	.close = kdbus_close,
};
