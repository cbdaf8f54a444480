// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * peer-netlink.c - Netlink between two processes, unicast
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "peer.h"

struct netlink {
	size_t size;
	int fd;			/* of whichever process looks at it, -1 if not open */
	uint32_t number;
	struct sockaddr_nl service;
	uint8_t *data;
};

static int open_socket(struct netlink *n, struct sockaddr_nl *own)
{
	socklen_t length = sizeof(*own);
	int room = 8 << 20;

	n->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_USERSOCK);
	if (n->fd < 0)
		return -errno;
	setsockopt(n->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	setsockopt(n->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	*own = (struct sockaddr_nl){ .nl_family = AF_NETLINK };
	if (bind(n->fd, (struct sockaddr *)own, sizeof(*own)) < 0 ||
	    getsockname(n->fd, (struct sockaddr *)own, &length) < 0)
		return -errno;
	return 0;
}

static int netlink_open(const struct peer_options *options, void **ret_state)
{
	struct netlink *n = calloc(1, sizeof(*n));

	if (!n)
		return -ENOMEM;
	n->fd = -1;
	n->size = options->size;
	n->data = calloc(1, n->size + 1);
	if (!n->data) {
		free(n);
		return -ENOMEM;
	}
	*ret_state = n;
	return 0;
}

static int netlink_serve(void *state, int ready_fd)
{
	struct sockaddr_nl own, client;
	struct netlink *n = state;
	uint32_t number = 0;
	socklen_t length;
	int r;

	r = open_socket(n, &own);
	if (r == 0)
		r = peer_ready(ready_fd, own.nl_pid);
	while (r == 0) {
		length = sizeof(client);
		if (recvfrom(n->fd, n->data, n->size + 1, 0, (struct sockaddr *)&client,
			     &length) != (ssize_t)n->size ||
		    !is_stamped(n->data, n->size, ++number))
			return -EBADMSG;
		if (sendto(n->fd, n->data, n->size, 0, (struct sockaddr *)&client,
			   sizeof(client)) != (ssize_t)n->size)
			return -errno;
	}
	return r;
}

static int netlink_attach(void *state, uint64_t address)
{
	struct netlink *n = state;
	struct sockaddr_nl own;

	n->service = (struct sockaddr_nl){ .nl_family = AF_NETLINK, .nl_pid = address };
	return open_socket(n, &own);
}

static int netlink_call(void *state)
{
	struct netlink *n = state;

	stamp(n->data, n->size, ++n->number);
	if (sendto(n->fd, n->data, n->size, 0, (struct sockaddr *)&n->service,
		   sizeof(n->service)) != (ssize_t)n->size)
		return -errno;
	if (recv(n->fd, n->data, n->size + 1, 0) != (ssize_t)n->size ||
	    !is_stamped(n->data, n->size, n->number))
		return -EBADMSG;
	return 0;
}

static void netlink_close(void *state)
{
	struct netlink *n = state;

	if (n->fd >= 0)
		close(n->fd);
	free(n->data);
	free(n);
}

const struct peer peer_netlink = {
	.name = "Netlink",
	.open = netlink_open,
	.serve = netlink_serve,
	.attach = netlink_attach,
	.call = netlink_call,
	.close = netlink_close,
};
