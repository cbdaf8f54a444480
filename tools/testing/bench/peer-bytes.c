// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * peer-bytes.c - channels that carry bytes without borders: AF_UNIX SOCK_STREAM, and two pipes
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"

/* A pipe holds as much as an unprivileged user may make it hold; a socket, a whole message. */
#define PIPE_ROOM	(1 << 20)
#define SOCKET_ROOM	(8 << 20)

struct bytes {
	size_t size;
	bool is_socket;
	int client[2], service[2];	/* each: where to read, where to write */
	uint32_t number;
	uint8_t *data;
};

/* What is meant for sockets is cheaper on them. */
static ssize_t read_some(const struct bytes *b, int fd, uint8_t *data, size_t size)
{
	return b->is_socket ? recv(fd, data, size, 0) : read(fd, data, size);
}

static ssize_t write_some(const struct bytes *b, int fd, const uint8_t *data, size_t size)
{
	return b->is_socket ? send(fd, data, size, 0) : write(fd, data, size);
}

static int read_all(const struct bytes *b, int fd)
{
	size_t done = 0;
	ssize_t n;

	while (done < b->size) {
		n = read_some(b, fd, b->data + done, b->size - done);
		if (n <= 0)
			return n < 0 ? -errno : -EPIPE;
		done += n;
	}
	return 0;
}

static int write_all(const struct bytes *b, int fd)
{
	size_t done = 0;
	ssize_t n;

	while (done < b->size) {
		n = write_some(b, fd, b->data + done, b->size - done);
		if (n < 0)
			return -errno;
		done += n;
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
	int fds[2], room = SOCKET_ROOM, r;
	struct bytes *b;

	r = new_bytes(options, &b);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) {
		r = -errno;
		free(b->data);
		free(b);
		return r;
	}
	b->is_socket = true;
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	setsockopt(fds[1], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
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
	fcntl(there[1], F_SETPIPE_SZ, PIPE_ROOM);
	fcntl(back[1], F_SETPIPE_SZ, PIPE_ROOM);
	b->client[0] = back[0];
	b->client[1] = there[1];
	b->service[0] = there[0];
	b->service[1] = back[1];
	*ret_state = b;
	return 0;
}

/* Close one end, which may be one descriptor or two, and may be closed already. */
static void close_end(int *fds)
{
	if (fds[0] >= 0)
		close(fds[0]);
	if (fds[1] >= 0 && fds[1] != fds[0])
		close(fds[1]);
	fds[0] = fds[1] = -1;
}

static int bytes_serve(void *state, int ready_fd)
{
	struct bytes *b = state;
	uint32_t number = 0;
	int r;

	r = b->is_socket ? peer_in_parts(b->size) : 0;
	if (r == 0)
		r = peer_ready(ready_fd, 0);
	while (r == 0) {
		r = read_all(b, b->service[0]);
		if (r == 0 && !is_stamped(b->data, b->size, ++number))
			r = -EBADMSG;
		if (r == 0)
			r = write_all(b, b->service[1]);
	}
	return r;
}

static int bytes_attach(void *state, uint64_t address)
{
	struct bytes *b = state;

	(void)address;
	/* Then nobody waits for a service that has died. */
	close_end(b->service);
	return b->is_socket ? peer_in_parts(b->size) : 0;
}

static int bytes_call(void *state)
{
	struct bytes *b = state;
	int r;

	stamp(b->data, b->size, ++b->number);
	r = write_all(b, b->client[1]);
	if (r == 0)
		r = read_all(b, b->client[0]);
	if (r == 0 && !is_stamped(b->data, b->size, b->number))
		r = -EBADMSG;
	return r;
}

static void bytes_close(void *state)
{
	struct bytes *b = state;

	close_end(b->client);
	close_end(b->service);
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
