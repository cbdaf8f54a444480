// SPDX-License-Identifier: LGPL-2.1-or-later
/* send.c - a D-Bus message of the client: read its header, find out where it goes, send it there */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "error.h"
#include "internal.h"
#include "names.h"

#define HEADER_ON_STACK	1024	/* larger headers are rare enough for malloc() */

/*
 * The message as the client gave it.
 * @parts, @n_parts: its pieces
 * @size: bytes in all of them
 * @gathered: what had to be put together; owned
 */
struct source {
	const struct iovec *parts;
	size_t n_parts;
	size_t size;
	uint8_t *gathered;
	struct iovec gathered_part;
};

static size_t size_of(const struct iovec *parts, size_t n_parts)
{
	size_t size = 0, i;

	for (i = 0; i < n_parts; i++)
		if (__builtin_add_overflow(size, parts[i].iov_len, &size))
			return SIZE_MAX;
	return size;
}

static void copy_out(const struct iovec *parts, size_t n_parts, uint8_t *out)
{
	size_t i;

	for (i = 0; i < n_parts; i++) {
		if (!parts[i].iov_len)
			continue;
		memcpy(out, parts[i].iov_base, parts[i].iov_len);
		out += parts[i].iov_len;
	}
}

/* Put all pieces together, for the few who need it so. */
static int gather(struct source *s)
{
	if (s->n_parts == 1)
		return 0;
	s->gathered = malloc(s->size);
	if (!s->gathered)
		return -ENOMEM;
	copy_out(s->parts, s->n_parts, s->gathered);
	s->gathered_part = (struct iovec){ .iov_base = s->gathered, .iov_len = s->size };
	s->parts = &s->gathered_part;
	s->n_parts = 1;
	return 0;
}

/* Read the header, which stock libraries send in one piece. */
static int read_header(struct kbus_conn *conn, struct source *s, struct kbus_header *header)
{
	size_t header_size, size;
	int r;

	if (s->size < KBUS_HEADER_FIXED || s->size > KBUS_MESSAGE_MAX)
		return -EBADMSG;
	if (s->parts[0].iov_len < KBUS_HEADER_FIXED) {
		r = gather(s);
		if (r < 0)
			return r;
	}
	r = kbus_message_size(s->parts[0].iov_base, &header_size, &size);
	if (r < 0)
		return r;
	if (size != s->size)
		return -EBADMSG;
	if (s->parts[0].iov_len < header_size) {
		r = gather(s);
		if (r < 0)
			return r;
	}
	return kbus_repeat_scan(&conn->last_sent, header, s->parts[0].iov_base,
				s->parts[0].iov_len);
}

/* The body in one piece; memory that this needs is @s's. */
static int contiguous_body(struct source *s, struct kbus_header *header, const void **ret)
{
	static const uint64_t nothing;
	int r;

	*ret = &nothing;
	if (!header->body_size)
		return 0;
	if (s->parts[0].iov_len == header->size && s->n_parts == 2) {
		*ret = s->parts[1].iov_base;
		return 0;
	}
	if (s->n_parts > 1) {
		r = gather(s);
		if (r == 0)
			r = kbus_header_scan(header, s->parts[0].iov_base, s->size);
		if (r < 0)
			return r;
	}
	*ret = (const uint8_t *)s->parts[0].iov_base + header->size;
	return 0;
}

/* Who gets the message. False if nobody can have that name here. */
static bool find_destination(const struct kbus_header *h, struct kbus_envelope *e)
{
	if (!h->destination)
		e->dst_id = KDBUS_DST_ID_BROADCAST;
	else if (h->destination[0] == ':')
		return kbus_unique_parse(h->destination, &e->dst_id);
	else if (strlen(h->destination) <= KBUS_NAME_MAX)
		e->dst_name = h->destination;
	else
		return false;
	return true;
}

static uint64_t flags_of(const struct kbus_header *h)
{
	uint64_t flags = 0;

	/* A signal to one destination is not marked: it would be dropped for want of a match. */
	if (!h->destination)
		return KDBUS_MSG_SIGNAL;
	if (h->type == KBUS_METHOD_CALL && !(h->flags & KBUS_NO_REPLY_EXPECTED))
		flags |= KDBUS_MSG_EXPECT_REPLY;
	if (h->flags & KBUS_NO_AUTO_START)
		flags |= KDBUS_MSG_NO_AUTO_START;
	return flags;
}

static bool is_reply(const struct kbus_header *h)
{
	return h->type == KBUS_METHOD_RETURN || h->type == KBUS_ERROR;
}

static struct kbus_envelope envelope_of(const struct kbus_header *h)
{
	return (struct kbus_envelope){
		.flags = flags_of(h),
		.payload_type = KDBUS_PAYLOAD_DBUS,
		.cookie = h->serial,
		.cookie_reply = is_reply(h) ? h->reply_serial : 0,
	};
}

/* The kernel did not take it: tell the client, if it wants to know. */
static int refused(struct kbus_conn *conn, const struct kbus_header *h, int error)
{
	const char *name, *text;

	switch (kbus_error_of_send(error, h->flags & KBUS_NO_AUTO_START, &name, &text)) {
	case KBUS_VERDICT_CLOSED:
		return -ECONNRESET;
	case KBUS_VERDICT_ERROR:
		if (h->type == KBUS_METHOD_CALL && !(h->flags & KBUS_NO_REPLY_EXPECTED))
			return kbus_post_error(conn, h->serial, name, text);
		break;
	default:
		break;
	}
	kbus_drop(conn, KBUS_DROP_SEND, 0, text);
	return 0;
}

/* A short body behind the remembered header: one piece costs the kernel, and each receiver, less than two. */
static void join_short_body(struct kbus_conn *conn, const struct kbus_header *h,
			    struct kbus_envelope *e)
{
	struct kbus_route *route = &conn->route;

	if (e->head.iov_base != route->head || h->body_size > KBUS_BODY_SHORT)
		return;
	copy_out(e->rest, e->n_rest, route->head + route->head_size);
	e->head.iov_len += h->body_size;
	e->n_rest = 0;
}

/* The summary of a header; that of one which goes the same way again is remembered. */
static void sum_up_header(struct kbus_conn *conn, const struct kbus_header *h,
			  const struct kbus_envelope *e, uint64_t *filter)
{
	struct kbus_route *route = &conn->route;
	const size_t size = conn->bloom.size;

	if (e->head.iov_base == route->head && route->has_filter) {
		memcpy(filter, route->filter, size);
		return;
	}
	memset(filter, 0, size);
	kbus_bloom_add_header(&conn->bloom, filter, h);
	if (e->head.iov_base != route->head || size > sizeof(route->filter))
		return;
	memcpy(route->filter, filter, size);
	route->has_filter = true;
}

/* A broadcast carries a summary of what it says. */
static int deliver_broadcast(struct kbus_conn *conn, const struct kbus_header *h,
			     struct kbus_envelope *e)
{
	uint64_t filter[KBUS_BLOOM_MAX / 8];
	const void *body = e->n_rest == 1 ? e->rest[0].iov_base : NULL;
	uint8_t *copy = NULL;
	int r;

	r = kbus_conn_have_bloom(conn);
	if (r < 0)
		return r;
	if (e->n_rest > 1) {
		copy = malloc(h->body_size);
		if (!copy)
			return -ENOMEM;
		copy_out(e->rest, e->n_rest, copy);
		body = copy;
	}
	sum_up_header(conn, h, e, filter);
	kbus_bloom_add_args(&conn->bloom, filter, h, body ?: filter);
	free(copy);
	e->filter = filter;
	join_short_body(conn, h, e);
	r = kbus_deliver(conn, e);
	e->filter = NULL;
	return r;
}

/* Hand it to the kernel, with the header at @head. */
static int forward_with_head(struct kbus_conn *conn, const struct kbus_header *h,
			     struct kbus_envelope *e)
{
	int r;

	if (e->dst_id == KDBUS_DST_ID_BROADCAST) {
		r = deliver_broadcast(conn, h, e);
	} else {
		join_short_body(conn, h, e);
		r = kbus_deliver(conn, e);
	}
	/* The bus speaks for activators, which cannot answer: no reply to the kernel, but to D-Bus. */
	if (r == -EBADSLT && conn->options.is_driver && h->type == KBUS_ERROR) {
		e->cookie_reply = 0;
		r = kbus_deliver(conn, e);
	}
	if (r == 0)
		conn->stats.n_sent++;
	/* Descriptors that are none are the mistake of whoever called sendmsg(). */
	if (r == 0 || r == -EBADF)
		return r;
	return refused(conn, h, r);
}

/* Keep how a message went out that the client sent, and whose header is the last that we remember. */
static void keep_route(struct kbus_conn *conn, const struct kbus_header *header,
		       const struct kbus_envelope *e)
{
	struct kbus_route *route = &conn->route;
	struct kbus_header sent;

	if (!conn->last_sent.header.size ||
	    e->head.iov_len > sizeof(route->head) - KBUS_BODY_SHORT)
		return;
	memcpy(route->head, e->head.iov_base, e->head.iov_len);
	route->reply_at = 0;
	if (header->reply_serial) {
		sent = *header;
		sent.data = route->head;
		route->reply_at = kbus_header_reply_at(&sent);
	}
	route->dst_id = e->dst_id;
	route->to_name = e->dst_name;
	route->flags = e->flags;
	route->has_filter = false;
	route->head_size = e->head.iov_len;
}

/* @is_clients: the header is the client's own. */
static int forward(struct kbus_conn *conn, const struct kbus_header *header,
		   struct kbus_envelope *e, bool is_clients)
{
	uint64_t on_stack[HEADER_ON_STACK / 8];
	size_t capacity = header->size + KBUS_SENDER_ROOM;
	void *head = capacity <= sizeof(on_stack) ? on_stack : malloc(capacity);
	const char *sender = conn->unique;
	ssize_t size;
	int r;

	if (!head)
		return -ENOMEM;
	if (conn->options.is_driver && header->sender &&
	    strcmp(header->sender, KBUS_DRIVER_NAME) == 0)
		sender = KBUS_DRIVER_NAME;
	size = kbus_header_set_sender(header, sender, head, capacity);
	e->head = (struct iovec){ .iov_base = head, .iov_len = size };
	if (size < 0) {
		r = -EBADMSG;
	} else if (!find_destination(header, e)) {
		r = refused(conn, header, ENXIO);
	} else {
		if (is_clients)
			keep_route(conn, header, e);
		r = forward_with_head(conn, header, e);
	}
	if (head != on_stack)
		free(head);
	return r;
}

/**
 * kbus_forward() - send a message to the kernel, in the name of this client
 * @conn: the connection
 * @header: its header
 * @body: its body in pieces
 * @n_body: entries at @body
 * @fds: descriptors; stay the caller's
 * @n_fds: entries at @fds
 *
 * Return: 0 also if it was refused, then the client gets the error as a message; -ECONNRESET, -EBADF,
 * -ENOMEM, -EBADMSG if it is too long with its sender.
 */
int kbus_forward(struct kbus_conn *conn, const struct kbus_header *header,
		 const struct iovec *body, size_t n_body, const int *fds, size_t n_fds)
{
	struct kbus_envelope e = envelope_of(header);

	e.rest = body;
	e.n_rest = n_body;
	e.fds = fds;
	e.n_fds = n_fds;
	return forward(conn, header, &e, false);
}

/*
 * What lies behind the header, in pieces: all but the first are the client's. @on_stack: room for
 * %KBUS_BODY_PARTS. Returns memory to be freed, or NULL also if none was needed.
 */
static struct iovec *set_body(const struct source *s, size_t header_size, struct kbus_envelope *e,
			      struct iovec *on_stack)
{
	struct iovec *body = on_stack;
	size_t n = 0, i;

	e->rest = NULL;
	if (s->n_parts > KBUS_BODY_PARTS) {
		body = malloc(s->n_parts * sizeof(*body));
		if (!body)
			return NULL;
	}
	if (s->parts[0].iov_len > header_size)
		body[n++] = (struct iovec){
			.iov_base = (uint8_t *)s->parts[0].iov_base + header_size,
			.iov_len = s->parts[0].iov_len - header_size,
		};
	for (i = 1; i < s->n_parts; i++)
		if (s->parts[i].iov_len)
			body[n++] = s->parts[i];
	e->rest = body;
	e->n_rest = n;
	return body == on_stack ? NULL : body;
}

static int forward_source(struct kbus_conn *conn, const struct source *s,
			  const struct kbus_header *h, const int *fds, size_t n_fds)
{
	struct kbus_envelope e = envelope_of(h);
	struct iovec on_stack[KBUS_BODY_PARTS], *allocated;
	int r;

	e.fds = fds;
	e.n_fds = n_fds;
	allocated = set_body(s, h->size, &e, on_stack);
	if (!e.rest)
		return -ENOMEM;
	r = forward(conn, h, &e, true);
	free(allocated);
	return r;
}

/*
 * A message whose header says the same as the last one that went to the kernel goes there on the same
 * way, without a look at what it says. False if this is none.
 */
static bool send_again(struct kbus_conn *conn, const struct source *s, const int *fds,
		       size_t n_fds, int *ret)
{
	struct kbus_header *h = &conn->last_sent.header;
	struct kbus_route *route = &conn->route;
	struct iovec on_stack[KBUS_BODY_PARTS];
	struct kbus_envelope e;
	struct kbus_news news;

	if (!route->head_size || s->n_parts > KBUS_BODY_PARTS || n_fds != h->n_fds ||
	    conn->is_monitor ||
	    !kbus_repeat_again(&conn->last_sent, s->parts[0].iov_base, s->parts[0].iov_len, &news) ||
	    s->size != h->size + news.body_size ||
	    route->head_size + news.body_size > KBUS_MESSAGE_MAX)
		return false;
	h->body_size = news.body_size;
	h->serial = news.serial;
	h->reply_serial = news.reply_serial;
	kbus_header_renew(route->head, route->reply_at, h);
	e = (struct kbus_envelope){
		.dst_id = route->dst_id,
		.dst_name = route->to_name ? h->destination : NULL,
		.flags = route->flags,
		.payload_type = KDBUS_PAYLOAD_DBUS,
		.cookie = h->serial,
		.cookie_reply = is_reply(h) ? h->reply_serial : 0,
		.head = { .iov_base = route->head, .iov_len = route->head_size },
		.fds = fds,
		.n_fds = n_fds,
	};
	set_body(s, h->size, &e, on_stack);
	*ret = forward_with_head(conn, h, &e);
	return true;
}

static bool is_for_driver(const struct kbus_conn *conn, const struct kbus_header *h)
{
	if (conn->options.is_driver)
		return false;
	if (h->destination)
		return strcmp(h->destination, KBUS_DRIVER_NAME) == 0;
	return h->type == KBUS_METHOD_CALL;
}

static bool is_hello(const struct kbus_header *h)
{
	return h->type == KBUS_METHOD_CALL && strcmp(h->member, "Hello") == 0;
}

/* May the client send this now? */
static int check_state(const struct kbus_conn *conn, const struct kbus_header *h, bool to_driver)
{
	if (conn->is_monitor)
		return -EACCES;
	if (conn->said_hello || conn->options.no_hello || conn->options.is_driver)
		return 0;
	return to_driver && is_hello(h) ? 0 : -EACCES;
}

static int dispatch(struct kbus_conn *conn, struct source *s, struct kbus_header *h,
		    const int *fds, size_t n_fds)
{
	const bool to_driver = is_for_driver(conn, h);
	const void *body;
	int r;

	if (h->n_fds != n_fds)
		return -EBADMSG;
	/* Whoever gets a message checks it anyway. Here the strings count if they are used here. */
	if (to_driver || !h->destination) {
		r = kbus_header_parse(h, h->data, h->size);
		if (r < 0)
			return r;
	}
	r = check_state(conn, h, to_driver);
	if (r < 0)
		return r;
	if (!to_driver && !h->destination && h->type != KBUS_SIGNAL) {
		kbus_drop(conn, KBUS_DROP_SEND, 0, "No destination");
		return 0;
	}
	if (!to_driver)
		return forward_source(conn, s, h, fds, n_fds);
	if (h->type != KBUS_METHOD_CALL) {
		kbus_drop(conn, KBUS_DROP_SEND, 0, "The bus takes method calls only");
		return 0;
	}
	r = contiguous_body(s, h, &body);
	return r ?: kbus_driver_call(conn, h, body);
}

/**
 * kbus_conn_send() - send a D-Bus message
 * @conn: the connection
 * @parts: the whole message, header and body, in pieces
 * @n_parts: entries at @parts, at least 1
 * @fds: descriptors that belong to it; stay the caller's
 * @n_fds: entries at @fds
 *
 * Return: 0 also if it could not be delivered: a call is answered with an error, else the drop is
 * counted. -EBADMSG if it is no valid message, -EACCES if the client may send none (it did not say
 * Hello, or is a monitor); a bus would disconnect the client. -ECONNRESET, -EBADF, -ENOMEM.
 */
int kbus_conn_send(struct kbus_conn *conn, const struct iovec *parts, size_t n_parts,
		   const int *fds, size_t n_fds)
{
	struct source s = { .parts = parts, .n_parts = n_parts, .size = size_of(parts, n_parts) };
	struct kbus_header header;
	int r;

	if (n_parts && send_again(conn, &s, fds, n_fds, &r))
		return r;
	conn->route.head_size = 0;
	r = n_parts ? read_header(conn, &s, &header) : -EBADMSG;
	if (r == 0)
		r = dispatch(conn, &s, &header, fds, n_fds);
	free(s.gathered);
	return r;
}

/**
 * kbus_conn_send_data() - send a D-Bus message that is in one piece and has no descriptors
 * @conn: the connection
 * @data: the message
 * @size: bytes at @data
 *
 * Return: as kbus_conn_send().
 */
int kbus_conn_send_data(struct kbus_conn *conn, const void *data, size_t size)
{
	const struct iovec part = { .iov_base = (void *)data, .iov_len = size };

	return kbus_conn_send(conn, &part, 1, NULL, 0);
}
