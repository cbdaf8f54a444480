// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * receive.c - messages of the kernel become the bytes that a library reads
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/single_threaded.h>

#include "../core/internal.h"
#include "bridge.h"
#include "libc.h"

static size_t buffer_size(const struct msghdr *msg)
{
	size_t i, size = 0;

	for (i = 0; i < (size_t)msg->msg_iovlen; i++)
		size += msg->msg_iov[i].iov_len;
	return size;
}

/* One piece of the message into one buffer, which is what nearly all reads are. */
static size_t hand_out_piece(struct bridge *bridge, const struct iovec *to)
{
	const struct iovec *part = &bridge->in.parts[0];
	size_t n = part->iov_len - bridge->position;

	if (n > to->iov_len)
		n = to->iov_len;
	memcpy(to->iov_base, (const uint8_t *)part->iov_base + bridge->position, n);
	bridge->position += n;
	return n;
}

/* Copy what comes next of the message into the library's buffers. */
static size_t hand_out(struct bridge *bridge, const struct msghdr *msg)
{
	const struct kbus_incoming *in = &bridge->in;
	size_t part = 0, skip = bridge->position, done = 0, i, n, room;
	uint8_t *to;

	if (in->n_parts == 1 && msg->msg_iovlen == 1)
		return hand_out_piece(bridge, msg->msg_iov);
	while (part < in->n_parts && skip >= in->parts[part].iov_len)
		skip -= in->parts[part++].iov_len;
	for (i = 0; i < (size_t)msg->msg_iovlen; i++) {
		to = msg->msg_iov[i].iov_base;
		room = msg->msg_iov[i].iov_len;
		while (room > 0 && part < in->n_parts) {
			n = in->parts[part].iov_len - skip;
			if (n > room)
				n = room;
			memcpy(to, (const uint8_t *)in->parts[part].iov_base + skip, n);
			to += n;
			room -= n;
			done += n;
			skip += n;
			if (skip == in->parts[part].iov_len) {
				part++;
				skip = 0;
			}
		}
	}
	bridge->position += done;
	return done;
}

/* Give the message's descriptors to the library, or close what it has no room for. */
static void hand_out_fds(struct kbus_incoming *in, struct msghdr *msg, size_t room, int flags)
{
	size_t i, n = 0;
	struct cmsghdr *control = msg->msg_control;

	if (room >= CMSG_SPACE(0))
		n = (room - CMSG_SPACE(0)) / sizeof(int);
	if (n > in->n_fds)
		n = in->n_fds;
	if (n > 0) {
		control->cmsg_level = SOL_SOCKET;
		control->cmsg_type = SCM_RIGHTS;
		control->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(control), in->fds, n * sizeof(int));
		msg->msg_controllen = CMSG_SPACE(n * sizeof(int));
		if (msg->msg_controllen > room)
			msg->msg_controllen = room;
	}
	for (i = 0; i < n && !(flags & MSG_CMSG_CLOEXEC); i++)
		fcntl(in->fds[i], F_SETFD, 0);
	for (i = n; i < in->n_fds; i++)
		libc_next()->close(in->fds[i]);
	if (n < in->n_fds)
		msg->msg_flags |= MSG_CTRUNC;
	in->n_fds = 0;
}

/*
 * libsystemd asks after each message whether there is another, and then polls; likewise after it sent
 * something. Where the answer was no, it is given without asking the kernel the next few times: what is
 * there will be seen by poll(), but not by an epoll set that told of it already.
 */
#define GUESSES 15

static int next_eager(struct bridge *bridge)
{
	const enum bridge_last last = bridge->last;
	int r;

	bridge->last = BRIDGE_ASKED;
	/* What waits here instead of in the queue would not be seen by poll(). */
	if (last != BRIDGE_ASKED && bridge->n_guesses[last] > 0 && !bridge->is_edge &&
	    !bridge->conn->backlog && !bridge->conn->stashed) {
		bridge->n_guesses[last]--;
		return -EAGAIN;
	}
	r = kbus_conn_recv(bridge->conn, &bridge->in);
	if (last != BRIDGE_ASKED)
		bridge->n_guesses[last] = r == -EAGAIN ? GUESSES : 0;
	return r;
}

/*
 * libdbus has room for nearly all messages at once, which then need not be peeked at first. For one
 * that does not fit another message in the queue keeps the descriptor readable.
 */
#define MUCH_ROOM 2048

static int next_whole(struct bridge *bridge, size_t size)
{
	int r = kbus_conn_recv(bridge->conn, &bridge->in);

	if (r == 0 && bridge->in.size > size)
		r = kbus_post_token(bridge->conn);
	return r;
}

static int next_message(struct bridge *bridge, size_t size)
{
	if (bridge->is_eager)
		return next_eager(bridge);
	if (size >= MUCH_ROOM)
		return next_whole(bridge, size);
	return kbus_conn_peek(bridge->conn, &bridge->in);
}

/*
 * One chunk of one message, at most @size bytes. The message leaves the queue with its last byte, and
 * its descriptors come with that.
 */
static ssize_t receive_some(struct bridge *bridge, struct msghdr *msg, size_t size, size_t room,
			    int flags)
{
	bool is_first;
	size_t n;
	int r;

	for (;;) {
		if (!bridge->has_in) {
			r = next_message(bridge, size);
			if (r < 0)
				return r;
			bridge->has_in = true;
			bridge->position = 0;
		}
		is_first = bridge->position == 0;
		n = hand_out(bridge, msg);
		if (bridge->position < bridge->in.size)
			return n;
		bridge->has_in = false;
		bridge->last = BRIDGE_READ;
		bridge->conn->was_interrupted = false;
		r = bridge->in.is_taken ? 0 : kbus_conn_take(bridge->conn, &bridge->in);
		if (r == 0) {
			if (bridge->in.n_fds)
				hand_out_fds(&bridge->in, msg, room, flags);
			kbus_conn_release(bridge->conn, &bridge->in);
			return n;
		}
		/* Its descriptors are lost. What was handed out of it cannot be taken back. */
		if (!is_first)
			return -ECONNRESET;
	}
}

/*
 * In a process with one thread: is this the rest of a message in one piece, without descriptors, that was
 * begun? Half of all reads are.
 */
static inline bool is_rest(const struct bridge *bridge, int fd, const struct msghdr *msg, int flags)
{
	return __libc_single_threaded && bridge->fd == fd && bridge->has_in && !bridge->is_shut &&
	       bridge->in.is_taken && !bridge->in.n_fds && bridge->in.n_parts == 1 &&
	       msg->msg_iovlen == 1 && !(flags & (MSG_PEEK | MSG_OOB));
}

static ssize_t receive_rest(struct bridge *bridge, struct msghdr *msg)
{
	const size_t n = hand_out_piece(bridge, msg->msg_iov);

	msg->msg_namelen = 0;
	msg->msg_controllen = 0;
	msg->msg_flags = 0;
	if (bridge->position == bridge->in.size) {
		bridge->has_in = false;
		bridge->last = BRIDGE_READ;
		bridge->conn->was_interrupted = false;
		kbus_conn_release(bridge->conn, &bridge->in);
	}
	return n;
}

static int wait_readable(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return libc_next()->poll(&poll_fd, 1, -1) < 0 ? -errno : 0;
}

/**
 * bridge_receive() - recvmsg() of a bridged descriptor
 * @bridge: from table_find()
 * @fd: descriptor
 * @msg: buffers of the library
 * @flags: MSG_DONTWAIT and MSG_CMSG_CLOEXEC are obeyed
 *
 * Return: bytes, never of more than one message; 0 at the end of the stream; -errno, or
 * -BRIDGE_NOT_MINE.
 */
ssize_t bridge_receive(struct bridge *bridge, int fd, struct msghdr *msg, int flags)
{
	size_t room, size;
	ssize_t r;

	if (is_rest(bridge, fd, msg, flags))
		return receive_rest(bridge, msg);
	room = msg->msg_control ? msg->msg_controllen : 0;
	size = buffer_size(msg);
	if (flags & (MSG_PEEK | MSG_OOB))
		return -EOPNOTSUPP;
	msg->msg_namelen = 0;
	msg->msg_controllen = 0;
	msg->msg_flags = 0;
	for (;;) {
		if (!bridge_lock(bridge, fd)) {
			msg->msg_controllen = room;
			return -BRIDGE_NOT_MINE;
		}
		if (bridge->is_shut || size == 0)
			r = 0;
		else
			r = receive_some(bridge, msg, size, room, flags);
		if (r == -ECONNRESET) {
			bridge_disconnect(bridge);
			r = 0;
		}
		bridge_unlock(bridge);
		if (r != -EAGAIN || flags & MSG_DONTWAIT)
			return r;
		if (fcntl(fd, F_GETFL) & O_NONBLOCK)
			return -EAGAIN;
		r = wait_readable(fd);
		if (r < 0)
			return r;
	}
}
