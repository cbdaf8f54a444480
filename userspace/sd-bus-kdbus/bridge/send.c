// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * send.c - the bytes that a library writes become messages for the kernel
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "bridge.h"
#include "libc.h"

#define PARTS_MAX KBUS_BODY_PARTS

/**
 * struct cursor - what a library gave to sendmsg() and was not looked at yet
 * @vec: pieces; borrowed
 * @n: pieces from @vec on
 * @skip: bytes of the first piece that are done
 * @left: bytes in all
 * @fds: descriptors that belong to the first message; the library's
 * @n_fds: entries at @fds
 */
struct cursor {
	const struct iovec *vec;
	size_t n;
	size_t skip;
	size_t left;
	const int *fds;
	size_t n_fds;
};

static void cursor_advance(struct cursor *at, size_t n)
{
	at->left -= n;
	at->skip += n;
	while (at->n > 0 && at->skip >= at->vec->iov_len) {
		at->skip -= at->vec->iov_len;
		at->vec++;
		at->n--;
	}
}

/* Copy the next @n bytes, which are there. */
static void cursor_read(struct cursor *at, uint8_t *to, size_t n)
{
	size_t piece;

	while (n > 0) {
		piece = at->vec->iov_len - at->skip;
		if (piece > n)
			piece = n;
		memcpy(to, (const uint8_t *)at->vec->iov_base + at->skip, piece);
		to += piece;
		n -= piece;
		cursor_advance(at, piece);
	}
}

static int negotiate(struct bridge *bridge, struct cursor *at)
{
	const bool is_start = bridge->sasl.state == SASL_NUL;
	struct sasl_answer answer = { .size = 0 };
	ssize_t used;

	while (at->left > 0 && bridge->sasl.state != SASL_DONE) {
		used = sasl_feed(&bridge->sasl, (const char *)at->vec->iov_base + at->skip,
				 at->vec->iov_len - at->skip, &answer);
		if (used < 0)
			return used;
		cursor_advance(at, used);
	}
	bridge->conn->wants_fds = bridge->sasl.fds;
	bridge->is_eager = is_start && bridge->sasl.state == SASL_DONE;
	bridge->conn->options.no_body_validation = bridge->is_eager;
	if (answer.size == 0)
		return 0;
	return kbus_conn_post_raw(bridge->conn, answer.text, answer.size);
}

/* Keep copies of descriptors whose message is not complete yet. */
static int keep_fds(struct bridge *bridge, struct cursor *at)
{
	size_t i;
	int fd;

	for (i = 0; i < at->n_fds; i++) {
		if (bridge->n_fds == KBUS_FDS_MAX)
			return -EBADMSG;
		fd = fcntl(at->fds[i], F_DUPFD_CLOEXEC, 3);
		if (fd < 0)
			return -errno;
		bridge->fds[bridge->n_fds++] = fd;
	}
	at->n_fds = 0;
	return 0;
}

static int reserve_partial(struct bridge *bridge, size_t size)
{
	uint8_t *data;

	if (size <= bridge->partial_capacity)
		return 0;
	data = realloc(bridge->partial, size);
	if (!data)
		return -ENOMEM;
	bridge->partial = data;
	bridge->partial_capacity = size;
	return 0;
}

/* Collect bytes until the unfinished message has @size of them; false if there are not enough. */
static bool fill_partial(struct bridge *bridge, struct cursor *at, size_t size)
{
	size_t n = size - bridge->partial_size;

	if (n > at->left)
		n = at->left;
	cursor_read(at, bridge->partial + bridge->partial_size, n);
	bridge->partial_size += n;
	return bridge->partial_size == size;
}

static void close_kept(struct bridge *bridge)
{
	size_t i;

	for (i = 0; i < bridge->n_fds; i++)
		libc_next()->close(bridge->fds[i]);
	bridge->n_fds = 0;
}

/* A message that comes in more than one write, or in more pieces than a send takes. */
static int send_collected(struct bridge *bridge, struct cursor *at)
{
	struct iovec whole;
	size_t header_size, size;
	int r;

	r = keep_fds(bridge, at);
	if (r == 0)
		r = reserve_partial(bridge, KBUS_HEADER_FIXED);
	if (r < 0)
		return r;
	if (bridge->partial_size < KBUS_HEADER_FIXED &&
	    !fill_partial(bridge, at, KBUS_HEADER_FIXED))
		return 0;
	r = kbus_message_size(bridge->partial, &header_size, &size);
	if (r == 0)
		r = reserve_partial(bridge, size);
	if (r < 0)
		return r;
	if (!fill_partial(bridge, at, size))
		return 0;
	whole = (struct iovec){ bridge->partial, size };
	r = kbus_conn_send(bridge->conn, &whole, 1, bridge->fds, bridge->n_fds);
	close_kept(bridge);
	free(bridge->partial);
	bridge->partial = NULL;
	bridge->partial_size = bridge->partial_capacity = 0;
	return r;
}

/*
 * The pieces of the next message, if it is all there and none is cut.
 *
 * Return: number of pieces at @parts, 0 if it has to be collected, -EBADMSG.
 */
static int pieces_of_message(const struct cursor *at, struct iovec parts[PARTS_MAX], size_t *size)
{
	size_t header_size, i, n, left;
	int r;

	if (at->left < KBUS_HEADER_FIXED || at->vec->iov_len - at->skip < KBUS_HEADER_FIXED)
		return 0;
	r = kbus_message_size((const uint8_t *)at->vec->iov_base + at->skip, &header_size, size);
	if (r < 0)
		return r;
	if (at->left < *size)
		return 0;
	left = *size;
	for (i = 0, n = 0; left > 0 && i < at->n; i++) {
		parts[n] = at->vec[i];
		if (i == 0) {
			parts[n].iov_base = (uint8_t *)parts[n].iov_base + at->skip;
			parts[n].iov_len -= at->skip;
		}
		if (parts[n].iov_len == 0)
			continue;
		if (parts[n].iov_len > left)
			parts[n].iov_len = left;
		left -= parts[n].iov_len;
		if (++n == PARTS_MAX && left > 0)
			return 0;
	}
	return n;
}

/* Is all that is left one message? Nearly always it is. */
static bool is_one_message(const struct cursor *at)
{
	size_t header_size, size;

	return at->skip == 0 && at->vec->iov_len >= KBUS_HEADER_FIXED && at->n <= PARTS_MAX &&
	       kbus_message_size(at->vec->iov_base, &header_size, &size) == 0 && size == at->left;
}

/* The next message, or what there is of it. */
static int send_next(struct bridge *bridge, struct cursor *at)
{
	struct iovec parts[PARTS_MAX];
	size_t size;
	int n, r;

	if (bridge->partial_size == 0 && is_one_message(at)) {
		r = kbus_conn_send(bridge->conn, at->vec, at->n, at->fds, at->n_fds);
		if (r == 0)
			at->left = 0;
		return r;
	}
	n = bridge->partial_size > 0 ? 0 : pieces_of_message(at, parts, &size);
	if (n < 0)
		return n;
	if (n == 0)
		return send_collected(bridge, at);
	r = kbus_conn_send(bridge->conn, parts, n, at->fds, at->n_fds);
	if (r < 0)
		return r;
	at->n_fds = 0;
	cursor_advance(at, size);
	return 0;
}

/* Descriptors in the control data; -EINVAL if there are more than a message may carry. */
static ssize_t collect_fds(const struct msghdr *msg, int fds[KBUS_FDS_MAX])
{
	struct cmsghdr *control;
	size_t n, n_fds = 0;

	if (!msg->msg_control || msg->msg_controllen < sizeof(*control))
		return 0;
	for (control = CMSG_FIRSTHDR(msg); control;
	     control = CMSG_NXTHDR((struct msghdr *)msg, control)) {
		if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
			continue;
		n = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		if (n > KBUS_FDS_MAX - n_fds)
			return -EINVAL;
		memcpy(fds + n_fds, CMSG_DATA(control), n * sizeof(int));
		n_fds += n;
	}
	return n_fds;
}

static int send_all(struct bridge *bridge, struct cursor *at)
{
	const uint64_t id = bridge->conn->id;
	int r = 0;

	if (bridge->is_shut)
		return -EPIPE;
	if (bridge->sasl.state != SASL_DONE)
		r = negotiate(bridge, at);
	while (r == 0 && at->left > 0)
		r = send_next(bridge, at);
	/* BecomeMonitor in the middle of a message: what is left of that went with the old pool. */
	if (bridge->has_in && bridge->conn->id != id) {
		bridge->has_in = false;
		bridge->in.msg = NULL;
		return -EPROTO;
	}
	return r;
}

/**
 * bridge_send() - sendmsg() of a bridged descriptor
 * @bridge: from table_find()
 * @fd: descriptor
 * @msg: what the library wrote
 * @flags: nothing here waits and nothing raises SIGPIPE, whatever they say
 *
 * A message that cannot be delivered is a D-Bus error that the library reads later. One that no bus
 * would take ends the conversation, which the library sees when it reads.
 *
 * Return: bytes, -errno, or -BRIDGE_NOT_MINE.
 */
ssize_t bridge_send(struct bridge *bridge, int fd, const struct msghdr *msg, int flags)
{
	int fds[KBUS_FDS_MAX];
	struct cursor at = { .vec = msg->msg_iov, .n = msg->msg_iovlen, .fds = fds };
	ssize_t n_fds = collect_fds(msg, fds);
	size_t i, total;
	int r;

	(void)flags;
	if (n_fds < 0)
		return n_fds;
	at.n_fds = n_fds;
	for (i = 0; i < at.n; i++)
		at.left += at.vec[i].iov_len;
	total = at.left;
	cursor_advance(&at, 0);
	if (!bridge_lock(bridge, fd))
		return -BRIDGE_NOT_MINE;
	bridge->last = BRIDGE_SENT;
	bridge->conn->awaits_reply = bridge->is_eager && bridge_is_calling();
	r = send_all(bridge, &at);
	if (r == -EBADMSG || r == -EACCES || r == -EPROTO) {
		bridge_disconnect(bridge);
		r = 0;
		at.left = 0;
	} else if (r == -ECONNRESET) {
		r = -EPIPE;
	}
	bridge_unlock(bridge);
	return r < 0 && at.left == total ? r : (ssize_t)(total - at.left);
}
