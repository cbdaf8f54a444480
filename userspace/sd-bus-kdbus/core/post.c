// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * post.c - what the bus says to its own client
 *
 * It is sent to our own id, so that it takes its place behind what waits already, and poll() tells of
 * it. When the kernel has no room, something waits in the queue, so the descriptor is readable
 * anyway: then it is kept here, and sent when a message has left the queue.
 *
 * A client that begins to speak gets three messages of the bus, and nothing that they could be out of
 * order with: those may all be kept here, with one in the queue that means nothing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "internal.h"
#include "names.h"

/**
 * kbus_posted_free() - forget a message that waited
 * @posted: the message, or NULL
 */
void kbus_posted_free(struct kbus_posted *posted)
{
	size_t i;

	if (!posted)
		return;
	for (i = 0; i < posted->n_fds; i++)
		close(posted->fds[i]);
	free(posted->data);
	free(posted);
}

/**
 * kbus_backlog_free() - forget all messages that wait
 * @conn: the connection
 */
void kbus_backlog_free(struct kbus_conn *conn)
{
	struct kbus_posted *posted;

	while ((posted = kbus_backlog_take(conn)))
		kbus_posted_free(posted);
}

/**
 * kbus_backlog_take() - the message that waits longest
 * @conn: the connection
 *
 * Return: the message, for kbus_posted_free(), or NULL.
 */
struct kbus_posted *kbus_backlog_take(struct kbus_conn *conn)
{
	struct kbus_posted *posted = conn->backlog;

	if (!posted)
		return NULL;
	conn->backlog = posted->next;
	if (!conn->backlog)
		conn->backlog_tail = &conn->backlog;
	return posted;
}

/**
 * kbus_backlog_put() - let a message wait behind the others
 * @conn: the connection
 * @posted: the message; the backlog's from now on
 */
void kbus_backlog_put(struct kbus_conn *conn, struct kbus_posted *posted)
{
	posted->next = NULL;
	*conn->backlog_tail = posted;
	conn->backlog_tail = &posted->next;
}

static int send_to_self(struct kbus_conn *conn, uint64_t type, const void *data, size_t size,
			const int *fds, size_t n_fds)
{
	struct kbus_envelope e = {
		.dst_id = conn->id,
		.payload_type = type,
		.head = { .iov_base = (void *)data, .iov_len = size },
		.fds = fds,
		.n_fds = n_fds,
	};
	struct iovec body;
	size_t head_size, message_size;

	/* A long list of names may be too long for vectors; only a body may become a memfd. */
	if (type == KDBUS_PAYLOAD_DBUS && size > KBUS_MEMFD_THRESHOLD &&
	    kbus_message_size(data, &head_size, &message_size) == 0 && head_size < size) {
		e.head.iov_len = head_size;
		body.iov_base = (uint8_t *)data + head_size;
		body.iov_len = size - head_size;
		e.rest = &body;
		e.n_rest = 1;
	}
	return kbus_deliver(conn, &e);
}

/**
 * kbus_backlog_flush() - send what waits, as far as there is room now
 * @conn: the connection
 */
void kbus_backlog_flush(struct kbus_conn *conn)
{
	struct kbus_posted *posted;

	while ((posted = conn->backlog)) {
		if (send_to_self(conn, posted->type, posted->data, posted->size, posted->fds,
				 posted->n_fds) < 0)
			return;
		kbus_posted_free(kbus_backlog_take(conn));
	}
}

/* Keep a message until there is room. Consumes @data, also on error. */
static int keep(struct kbus_conn *conn, uint64_t type, uint8_t *data, size_t size,
		const int *fds, size_t n_fds)
{
	struct kbus_posted *posted = calloc(1, sizeof(*posted));
	int fd;

	if (!posted) {
		free(data);
		return -ENOMEM;
	}
	posted->data = data;
	posted->size = size;
	posted->type = type;
	while (posted->n_fds < n_fds) {
		fd = fcntl(fds[posted->n_fds], F_DUPFD_CLOEXEC, 3);
		if (fd < 0) {
			fd = -errno;
			kbus_posted_free(posted);
			return fd;
		}
		posted->fds[posted->n_fds++] = fd;
	}
	kbus_backlog_put(conn, posted);
	return 0;
}

static int post(struct kbus_conn *conn, uint64_t type, uint8_t *data, size_t size,
		const int *fds, size_t n_fds)
{
	int r;

	if (conn->is_greeting) {
		r = conn->has_token ? 0 : kbus_post_token(conn);
		if (r == 0)
			return keep(conn, type, data, size, fds, n_fds);
		free(data);
		return r;
	}
	kbus_backlog_flush(conn);
	/* A monitor cannot send, not even to itself. */
	if (!conn->backlog && !conn->is_monitor) {
		r = send_to_self(conn, type, data, size, fds, n_fds);
		if (r == 0 || r == -ECONNRESET) {
			free(data);
			return r;
		}
	}
	return keep(conn, type, data, size, fds, n_fds);
}

/**
 * kbus_conn_post() - a message of the bus to its own client
 * @conn: the connection
 * @data: made by kbus_build(); consumed, also on error
 * @size: bytes at @data
 * @fds: descriptors that belong to it; stay the caller's
 * @n_fds: entries at @fds, at most %KBUS_FDS_MAX
 *
 * Return: 0, -ECONNRESET if the connection is gone, -ENOMEM or -EMFILE.
 */
int kbus_conn_post(struct kbus_conn *conn, uint8_t *data, size_t size, const int *fds,
		   size_t n_fds)
{
	return post(conn, KDBUS_PAYLOAD_DBUS, data, size, fds, n_fds);
}

/**
 * kbus_conn_post_raw() - bytes for the client that are no D-Bus message
 * @conn: the connection
 * @data: what to hand out; copied
 * @size: bytes at @data, at least 1
 *
 * Return: as kbus_conn_post().
 */
int kbus_conn_post_raw(struct kbus_conn *conn, const void *data, size_t size)
{
	uint8_t *copy = malloc(size);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, data, size);
	return post(conn, KBUS_PAYLOAD_RAW, copy, size, NULL, 0);
}

/**
 * kbus_post_token() - keep the descriptor readable for a message that has left the queue
 * @conn: the connection
 *
 * Return: 0 also if there is no room, because then there is something to read.
 */
int kbus_post_token(struct kbus_conn *conn)
{
	int r;

	if (conn->is_monitor)
		return 0;
	r = send_to_self(conn, KBUS_PAYLOAD_TOKEN, "", 1, NULL, 0);
	conn->has_token = r == 0 || conn->has_token;
	return r == -ECONNRESET ? r : 0;
}

/**
 * kbus_conn_next_serial() - a serial for a message of the bus to this client
 * @conn: the connection
 *
 * Return: the serial, never 0.
 */
uint32_t kbus_conn_next_serial(struct kbus_conn *conn)
{
	if (!++conn->last_serial)
		conn->last_serial = 1;
	return conn->last_serial;
}

/**
 * kbus_post_error() - answer a call of our client with an error of the bus
 * @conn: the connection
 * @reply_serial: serial of the call
 * @error: name of the error
 * @text: for humans
 *
 * Return: as kbus_conn_post().
 */
int kbus_post_error(struct kbus_conn *conn, uint32_t reply_serial, const char *error,
		    const char *text)
{
	const struct kbus_fields fields = {
		.flags = KBUS_NO_REPLY_EXPECTED,
		.serial = kbus_conn_next_serial(conn),
		.reply_serial = reply_serial,
		.error_name = error,
		.destination = conn->unique,
		.sender = KBUS_DRIVER_NAME,
	};
	uint8_t *data;
	size_t size;
	int r;

	r = kbus_build_error(&fields, text, &data, &size);
	return r ?: kbus_conn_post(conn, data, size, NULL, 0);
}
