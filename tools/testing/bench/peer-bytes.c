// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * peer-bytes.c - channels that carry bytes without borders: AF_UNIX SOCK_STREAM, and two pipes
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"

struct bytes {
	size_t size;
	int client[2], service[2];	/* each: where to read, where to write */
	uint32_t number;
	uint8_t *data;
};

static int read_all(int fd, uint8_t *data, size_t size)
{
	ssize_t n;

	while (size) {
		n = read(fd, data, size);
		if (n <= 0)
			return n < 0 ? -errno : -EPIPE;
		data += n;
		size -= n;
	}
	return 0;
}

static int write_all(int fd, const uint8_t *data, size_t size)
{
	ssize_t n;

	while (size) {
		n = write(fd, data, size);
		if (n < 0)
			return -errno;
		data += n;
		size -= n;
	}
	return 0;
}

static int new_bytes(const struct peer_options *options, struct bytes **ret_bytes)
{
	struct bytes *b;

	/* A message of no bytes cannot be seen on such a channel. */
	if (!options->size)
		return -EOPNOTSUPP;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->size = options->size;
	b->data = calloc(1, b->size);
	if (!b->data) {
		free(b);
		return -ENOMEM;
	}
	*ret_bytes = b;
	return 0;
}

static int stream_open(const struct peer_options *options, void **ret_state)
{
	struct bytes *b;
	int fds[2], r;

	r = new_bytes(options, &b);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) {
		r = -errno;
		free(b->data);
		free(b);
		return r;
	}
	b->client[0] = b->client[1] = fds[0];
	b->service[0] = b->service[1] = fds[1];
	*ret_state = b;
	return 0;
}

static int pipe_open(const struct peer_options *options, void **ret_state)
{
	int there[2], back[2], r;
	struct bytes *b;

	r = new_bytes(options, &b);
	if (r < 0)
		return r;
	if (pipe(there) < 0 || pipe(back) < 0) {
		r = -errno;
		free(b->data);
		free(b);
		return r;
	}
	b->client[0] = back[0];
	b->client[1] = there[1];
	b->service[0] = there[0];
	b->service[1] = back[1];
	*ret_state = b;
	return 0;
}

static int bytes_serve(void *state, int ready_fd)
{
	struct bytes *b = state;
	uint32_t number = 0;
	int r;

	r = peer_ready(ready_fd, 0);
	while (r == 0) {
		r = read_all(b->service[0], b->data, b->size);
		if (r == 0 && !is_stamped(b->data, b->size, ++number))
			r = -EBADMSG;
		if (r == 0)
			r = write_all(b->service[1], b->data, b->size);
	}
	return r;
}

static int bytes_attach(void *state, uint64_t address)
{
	(void)state;
	(void)address;
	return 0;
}

static int bytes_call(void *state)
{
	struct bytes *b = state;
	int r;

	stamp(b->data, b->size, ++b->number);
	r = write_all(b->client[1], b->data, b->size);
	if (r == 0)
		r = read_all(b->client[0], b->data, b->size);
	if (r == 0 && !is_stamped(b->data, b->size, b->number))
		r = -EBADMSG;
	return r;
}

static void bytes_close(void *state)
{
	struct bytes *b = state;

	close(b->client[0]);
	close(b->service[0]);
	if (b->client[1] != b->client[0])
		close(b->client[1]);
	if (b->service[1] != b->service[0])
		close(b->service[1]);
	free(b->data);
	free(b);
}

const struct peer peer_stream = {
	.name = "stream",
	.open = stream_open,
	.serve = bytes_serve,
	.attach = bytes_attach,
	.call = bytes_call,
	.close = bytes_close,
};

const struct peer peer_pipe = {
	.name = "pipe",
	.open = pipe_open,
	.serve = bytes_serve,
	.attach = bytes_attach,
	.call = bytes_call,
	.close = bytes_close,
};
