// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * peer-seqpacket.c - AF_UNIX SOCK_SEQPACKET: the ruler that everything else is compared with; and
 * the same over TIPC
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"

struct seqpacket {
	size_t size;
	int client, service;	/* the two ends of a socket pair */
	uint32_t number;
	uint8_t *data;
};

static int pair_open(int family, const struct peer_options *options, void **ret_state)
{
	struct seqpacket *s;
	int fds[2], room = 8 << 20;

	if (socketpair(family, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return errno == EAFNOSUPPORT ? -ENODEV : -errno;
	s = calloc(1, sizeof(*s));
	if (!s)
		goto out_close;
	s->size = options->size;
	s->data = calloc(1, s->size + 1);
	if (!s->data)
		goto out_free;
	s->client = fds[0];
	s->service = fds[1];
	/* The default does not hold a message of 1 MiB. Without privilege that size just fails. */
	setsockopt(s->client, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	setsockopt(s->service, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	*ret_state = s;
	return 0;
out_free:
	free(s);
out_close:
	close(fds[0]);
	close(fds[1]);
	return -ENOMEM;
}

static int seqpacket_open(const struct peer_options *options, void **ret_state)
{
	return pair_open(AF_UNIX, options, ret_state);
}

static int tipc_open(const struct peer_options *options, void **ret_state)
{
	/* Messages of no bytes are dropped on their way. */
	if (!options->size)
		return -EOPNOTSUPP;
	return pair_open(AF_TIPC, options, ret_state);
}

static int seqpacket_serve(void *state, int ready_fd)
{
	struct seqpacket *s = state;
	uint32_t number = 0;
	int r;

	r = peer_ready(ready_fd, 0);
	while (r == 0) {
		if (recv(s->service, s->data, s->size + 1, 0) != (ssize_t)s->size ||
		    !is_stamped(s->data, s->size, ++number))
			return -EBADMSG;
		if (send(s->service, s->data, s->size, 0) != (ssize_t)s->size)
			return -errno;
	}
	return r;
}

static int seqpacket_attach(void *state, uint64_t address)
{
	struct seqpacket *s = state;

	(void)address;
	/* Then nobody waits for a service that has died. */
	close(s->service);
	s->service = -1;
	return 0;
}

static int seqpacket_call(void *state)
{
	struct seqpacket *s = state;

	stamp(s->data, s->size, ++s->number);
	if (send(s->client, s->data, s->size, 0) != (ssize_t)s->size)
		return -errno;
	if (recv(s->client, s->data, s->size + 1, 0) != (ssize_t)s->size ||
	    !is_stamped(s->data, s->size, s->number))
		return -EBADMSG;
	return 0;
}

static void seqpacket_close(void *state)
{
	struct seqpacket *s = state;

	close(s->client);
	if (s->service >= 0)
		close(s->service);
	free(s->data);
	free(s);
}

const struct peer peer_seqpacket = {
	.name = "seqpacket",
	.open = seqpacket_open,
	.serve = seqpacket_serve,
	.attach = seqpacket_attach,
	.call = seqpacket_call,
	.close = seqpacket_close,
};

const struct peer peer_tipc = {
	.name = "TIPC",
	.open = tipc_open,
	.serve = seqpacket_serve,
	.attach = seqpacket_attach,
	.call = seqpacket_call,
	.close = seqpacket_close,
};
