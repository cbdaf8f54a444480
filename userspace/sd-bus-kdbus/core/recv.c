// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * recv.c - the next message for the client
 *
 * Whatever lies in the queue is made into a valid D-Bus message from the sender that the kernel
 * names, or dropped with a reason. See conn.h for who calls what.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "body.h"
#include "build.h"
#include "internal.h"
#include "names.h"
#include "notify.h"
#include "payload.h"
#include "query.h"
#include "judge.h"

/* What became of one entry of the queue. */
enum outcome {
	READY,		/* the client gets it */
	NOTHING,	/* it meant nothing to the client */
};

static int receive(struct kbus_conn *conn, uint64_t flags, struct kdbus_cmd_recv *ret)
{
	struct {
		struct kdbus_cmd_recv recv;
		struct kbus_free_item free;
	} cmd;
	int r;

	do {
		cmd.recv = (struct kdbus_cmd_recv){ .flags = flags };
		cmd.recv.size = sizeof(cmd.recv) + kbus_free_item_add(conn, &cmd.free);
		r = kbus_ioctl(conn->fd, KDBUS_CMD_RECV, &cmd);
	} while (kbus_free_item_failed(conn, r));
	*ret = cmd.recv;
	if ((r == 0 || r == -EAGAIN) && ret->return_flags & KDBUS_RECV_RETURN_DROPPED_MSGS)
		conn->stats.n_lost += ret->dropped_msgs;
	return r;
}

/* -ENOMEM: the message is lost, because it cannot be seen. */
static int set_message(struct kbus_conn *conn, struct kbus_incoming *in, uint64_t offset,
		       uint64_t size)
{
	in->offset = offset;
	in->msg = kbus_pool_at(conn, offset, size);
	if (!in->msg) {
		kbus_free_slice(conn, offset);
		return -ENOMEM;
	}
	in->src_id = in->msg->src_id;
	return 0;
}

/*
 * Take the peeked message out of the queue. If it left the queue already, because its name fell
 * back to an activator, its slice is still ours, and RECV yields the next one, which is kept.
 */
static int take_from_queue(struct kbus_conn *conn, struct kbus_incoming *in)
{
	struct kdbus_cmd_recv cmd;
	int r;

	if (in->is_taken)
		return 0;
	if (in->has_second) {
		conn->second = in->is_taken = true;
		return 0;
	}
	conn->second = false;
	r = receive(conn, 0, &cmd);
	if (r == 0 && cmd.msg.offset != in->offset) {
		conn->stashed = true;
		conn->stash_offset = cmd.msg.offset;
		conn->stash_size = cmd.msg.msg_size;
	}
	if (r < 0 && r != -EAGAIN)
		return r;
	in->is_taken = true;
	return 0;
}

/* Give back what @in holds, its descriptors excepted. */
static void let_go(struct kbus_conn *conn, struct kbus_incoming *in)
{
	if (in->memory)
		free(in->memory);
	if (in->mapping)
		munmap(in->mapping, in->mapping_size);
	/* What was only peeked at will be again, and must not be given back by that. */
	if (in->msg && in->is_taken)
		kbus_slice_done(conn, in->offset, in->msg->size + in->size);
	else if (in->msg)
		kbus_free_slice(conn, in->offset);
	in->memory = in->mapping = NULL;
	in->msg = NULL;
	in->n_parts = 0;
}

/* Who waits for an answer to this message learns why there will be none. */
static void answer_dropped(struct kbus_conn *conn, const struct kdbus_msg *msg, const char *error,
			   const char *text)
{
	char destination[KBUS_UNIQUE_MAX];
	const struct kbus_fields fields = {
		.flags = KBUS_NO_REPLY_EXPECTED,
		.serial = kbus_conn_next_serial(conn),
		.reply_serial = msg->cookie,
		.error_name = error,
		.destination = destination,
		.sender = conn->unique,
	};
	struct kbus_envelope e = {
		.dst_id = msg->src_id,
		.payload_type = KDBUS_PAYLOAD_DBUS,
		.cookie = fields.serial,
		.cookie_reply = msg->cookie,
	};
	uint8_t *data;
	size_t size;

	if (!(msg->flags & KDBUS_MSG_EXPECT_REPLY) || !(uint32_t)msg->cookie || conn->is_monitor)
		return;
	kbus_unique_format(destination, msg->src_id);
	if (kbus_build_error(&fields, text, &data, &size) < 0)
		return;
	e.head = (struct iovec){ .iov_base = data, .iov_len = size };
	kbus_deliver(conn, &e);
	free(data);
}

/* Remove a message that the client does not get. */
static void discard(struct kbus_conn *conn, struct kbus_incoming *in)
{
	struct kdbus_cmd_recv cmd;

	if (in->is_taken) {
		answer_dropped(conn, in->msg, "org.freedesktop.DBus.Error.InvalidArgs",
			       "The message was not acceptable to its receiver");
		kbus_payload_close(in->msg, false);
	} else {
		receive(conn, KDBUS_RECV_DROP, &cmd);
	}
	let_go(conn, in);
}

static int reject(struct kbus_conn *conn, struct kbus_incoming *in, enum kbus_reason reason,
		  const char *detail)
{
	kbus_drop(conn, reason, in->src_id, detail);
	discard(conn, in);
	return NOTHING;
}

/* The policy of the bus, as far as the kernel does not know it. */
static bool is_denied(struct kbus_conn *conn, const struct kbus_incoming *in)
{
	if (conn->has_no_rules || conn->is_monitor || conn->options.is_driver)
		return false;
	/* The bus's own words. */
	if (in->src_id == conn->id && strcmp(in->header.sender, KBUS_DRIVER_NAME) == 0)
		return false;
	return !kbus_judge_allows(conn, in);
}

static int deny(struct kbus_conn *conn, struct kbus_incoming *in)
{
	int r = take_from_queue(conn, in);

	if (r < 0)
		return r;
	kbus_drop(conn, KBUS_DROP_POLICY, in->src_id, in->header.member);
	answer_dropped(conn, in->msg, "org.freedesktop.DBus.Error.AccessDenied",
		       "The policy of the bus does not let you send this message to this name");
	kbus_payload_close(in->msg, false);
	let_go(conn, in);
	return NOTHING;
}

/*
 * May this message say that it comes from the bus? Our own do, and those of the connection that owns
 * the bus's name.
 */
static bool is_from_driver(struct kbus_conn *conn, const struct kbus_incoming *in)
{
	uint64_t owner, flags;

	if (in->src_id == conn->id)
		return true;
	return kbus_name_owner(conn, KBUS_DRIVER_NAME, &owner, &flags) == 0 &&
	       !(flags & KDBUS_HELLO_ACTIVATOR) && owner == in->src_id;
}

/*
 * A service did not start, and the owner of the bus says why. The call waited elsewhere, so to the
 * kernel this is no reply.
 */
static bool is_failed_start(struct kbus_conn *conn, const struct kbus_incoming *in)
{
	const struct kbus_header *h = &in->header;

	return h->type == KBUS_ERROR && !in->msg->cookie_reply &&
	       !(in->msg->flags & KDBUS_MSG_EXPECT_REPLY) && h->sender &&
	       strcmp(h->sender, KBUS_DRIVER_NAME) == 0 && is_from_driver(conn, in);
}

/* What header and kernel say must be the same. NULL if it is, else what is not. */
static const char *find_mismatch(struct kbus_conn *conn, const struct kbus_incoming *in)
{
	const struct kbus_header *h = &in->header;
	const struct kdbus_msg *msg = in->msg;

	/* The bus's own words do not pass through the kernel's idea of calls. */
	if (in->src_id == conn->id && h->sender && strcmp(h->sender, KBUS_DRIVER_NAME) == 0)
		return NULL;
	if (msg->cookie != h->serial)
		return "serial";
	if (msg->dst_id == KDBUS_DST_ID_BROADCAST)
		return h->type == KBUS_SIGNAL && !h->destination ? NULL : "broadcast";
	if (is_failed_start(conn, in))
		return NULL;
	if (h->type == KBUS_METHOD_RETURN || h->type == KBUS_ERROR)
		return !(msg->flags & KDBUS_MSG_EXPECT_REPLY) &&
		       msg->cookie_reply == h->reply_serial ? NULL : "reply to no call";
	if (h->type == KBUS_METHOD_CALL && !(h->flags & KBUS_NO_REPLY_EXPECTED))
		return msg->flags & KDBUS_MSG_EXPECT_REPLY ? NULL : "call without reply";
	return NULL;
}

static bool sender_is_true(struct kbus_conn *conn, const struct kbus_incoming *in)
{
	const char *sender = in->header.sender;
	uint64_t id;

	if (!sender)
		return false;
	if (strcmp(sender, KBUS_DRIVER_NAME) == 0)
		return is_from_driver(conn, in);
	return kbus_unique_parse(sender, &id) && id == in->src_id;
}

/* Write the header anew when the sender did not name itself, or lied. */
static int correct_header(struct kbus_conn *conn, struct kbus_incoming *in)
{
	const char *sender = in->header.sender;
	char unique[KBUS_UNIQUE_MAX];
	const bool is_true = sender_is_true(conn, in);
	struct kbus_header header;
	size_t capacity;
	ssize_t size;
	uint8_t *copy;

	if (is_true && !in->header.has_unknown)
		return 0;
	if (!is_true) {
		conn->stats.n_sender_set++;
		kbus_unique_format(unique, in->src_id);
		sender = unique;
	}
	/* The body stays where it is: in the pool, in a mapping, or behind the old header. */
	capacity = in->header.size + KBUS_SENDER_ROOM;
	copy = malloc(capacity + (in->memory ? in->header.body_size : 0));
	if (!copy)
		return -ENOMEM;
	size = kbus_header_set_sender(&in->header, sender, copy, capacity);
	if (size < 0 || kbus_header_parse(&header, copy, size) < 0) {
		free(copy);
		return -EBADMSG;
	}
	if (in->memory) {
		memcpy(copy + size, in->body, in->header.body_size);
		in->body = copy + size;
		free(in->memory);
	}
	in->memory = copy;
	in->header = header;
	/* Another sender may leave the same things out. */
	in->kind = 0;
	return 0;
}

/* The parts that the client reads: header and body, as one if they lie together. */
static void set_parts(struct kbus_incoming *in)
{
	const struct kbus_header *h = &in->header;

	in->size = h->size + h->body_size;
	in->parts[0] = (struct iovec){ .iov_base = (void *)h->data, .iov_len = h->size };
	in->n_parts = 1;
	if (!h->body_size)
		return;
	if (h->data + h->size == in->body) {
		in->parts[0].iov_len += h->body_size;
		return;
	}
	in->parts[1] = (struct iovec){ .iov_base = (void *)in->body, .iov_len = h->body_size };
	in->n_parts = 2;
}

/*
 * Descriptors and memory files come only with RECV. Something else must stay in the queue then, so
 * that poll() goes on to report this message.
 */
static int take_early(struct kbus_conn *conn, struct kbus_incoming *in)
{
	int r = 0;

	if (!in->is_taken)
		r = kbus_post_token(conn);
	return r ?: take_from_queue(conn, in);
}

/* Is the cut just between header and body? Then neither needs to be copied. */
static bool is_cut_right(const struct kbus_payload *payload)
{
	size_t header_size, size;

	return payload->is_split && payload->head.iov_len >= KBUS_HEADER_FIXED &&
	       kbus_message_size(payload->head.iov_base, &header_size, &size) == 0 &&
	       header_size == payload->head.iov_len;
}

/* Find header and body. 0, or -errno with the reason to drop it. */
static int find_parts(struct kbus_conn *conn, struct kbus_incoming *in,
		      const struct kbus_payload *payload, enum kbus_reason *reason)
{
	const bool cut_right = is_cut_right(payload);
	const void *data = payload->head.iov_base;
	size_t size = payload->head.iov_len;
	int r = 0;

	if (!payload->is_plain && !cut_right) {
		r = kbus_payload_gather(in->msg, in, &size);
		data = in->memory;
	}
	if (r < 0) {
		*reason = r == -EMSGSIZE ? KBUS_DROP_SIZE :
			  r == -ENODATA ? KBUS_DROP_NOT_DBUS : KBUS_DROP_MEMORY;
		return r;
	}
	*reason = KBUS_DROP_HEADER;
	r = kbus_repeat_parse(&conn->last_received, &in->header, data, size);
	if (r < 0)
		return r;
	in->kind = conn->last_received.kind;
	in->body = (const uint8_t *)data + in->header.size;
	*reason = KBUS_DROP_SIZE;
	if (cut_right)
		size += payload->memfd->size;
	if (size != in->header.size + in->header.body_size)
		return -EBADMSG;
	*reason = KBUS_DROP_MEMORY;
	return cut_right ? kbus_payload_map(payload, in) : 0;
}

/* Descriptors: as many as the header says, all of them installed. */
static bool fds_are_right(struct kbus_incoming *in, const struct kbus_payload *payload)
{
	size_t i;

	if (payload->n_fds != in->header.n_fds || payload->n_fds > KBUS_FDS_MAX)
		return false;
	for (i = 0; i < payload->n_fds; i++)
		if (payload->fds[i] < 0)
			return false;
	return true;
}

/* A message of a client. */
static int open_message(struct kbus_conn *conn, struct kbus_incoming *in)
{
	struct kbus_payload payload;
	enum kbus_reason reason;
	const char *mismatch;
	int r;

	kbus_payload_find(in->msg, &payload);
	if (payload.memfd || payload.n_fds) {
		r = take_early(conn, in);
		if (r < 0)
			return r;
	}
	if (find_parts(conn, in, &payload, &reason) < 0)
		return reject(conn, in, reason, NULL);
	mismatch = find_mismatch(conn, in);
	if (mismatch)
		return reject(conn, in, KBUS_DROP_MISMATCH, mismatch);
	if (!fds_are_right(in, &payload))
		return reject(conn, in, KBUS_DROP_FDS, NULL);
	if (payload.n_fds && !conn->wants_fds)
		return reject(conn, in, KBUS_DROP_FDS_UNWANTED, NULL);
	if (!conn->options.no_body_validation && in->src_id != conn->id &&
	    kbus_body_validate(in->header.signature, in->body, in->header.body_size,
			       in->header.swap) < 0)
		return reject(conn, in, KBUS_DROP_BODY, in->header.signature);
	/* First who sent it, because rules ask for that too. */
	r = correct_header(conn, in);
	if (r < 0)
		return reject(conn, in, r == -ENOMEM ? KBUS_DROP_MEMORY : KBUS_DROP_SIZE, NULL);
	if ((conn->is_monitor ? kbus_matchset_count(conn->matches) > 0 :
				in->msg->dst_id == KDBUS_DST_ID_BROADCAST) &&
	    !kbus_is_wanted(conn, in))
		return reject(conn, in, KBUS_DROP_FILTERED, NULL);
	if (is_denied(conn, in))
		return deny(conn, in);
	if (in->header.type == KBUS_ERROR && !in->msg->cookie_reply && in->src_id != conn->id)
		conn->failed_serial = in->header.reply_serial;
	if (payload.memfd && in->is_taken)
		kbus_payload_close(in->msg, true);
	if (payload.n_fds && in->is_taken) {
		in->n_fds = payload.n_fds;
		memcpy(in->fds, payload.fds, payload.n_fds * sizeof(int));
	}
	set_parts(in);
	return READY;
}

/* Bytes that are handed out as they are. */
static void open_raw(struct kbus_incoming *in, const void *data, size_t size)
{
	in->header = (struct kbus_header){ .signature = "" };
	in->parts[0] = (struct iovec){ .iov_base = (void *)data, .iov_len = size };
	in->n_parts = 1;
	in->size = size;
}

/* A message of the bus that is in memory: made from a notification, or from the backlog. */
static int open_own(struct kbus_incoming *in, uint8_t *data, size_t size)
{
	in->memory = data;
	if (kbus_header_parse(&in->header, data, size) < 0)
		return -EBADMSG;
	in->body = data + in->header.size;
	set_parts(in);
	return 0;
}

/* NameOwnerChanged, or an error for a call that gets no reply. 1 if the client does not want it. */
static int open_first(struct kbus_conn *conn, struct kbus_incoming *in)
{
	uint8_t *data;
	size_t size;
	int r;

	r = kbus_notify_broadcast(conn, in->msg, &data, &size);
	if (r == 0)
		r = open_own(in, data, size);
	if (r != 0)
		return r;
	if (in->header.destination || kbus_is_wanted(conn, in) ||
	    (conn->is_monitor && !kbus_matchset_count(conn->matches)))
		return 0;
	free(in->memory);
	in->memory = NULL;
	return 1;
}

/*
 * A notification may mean two messages: NameOwnerChanged to those who asked, and NameAcquired or
 * NameLost to whom it concerns. It stays where it is until the second was handed out.
 */
static int open_notification(struct kbus_conn *conn, struct kbus_incoming *in)
{
	const bool concerns_us = kbus_notify_concerns_us(conn, in->msg);
	uint8_t *data;
	size_t size;
	int r = 1;

	in->has_second = false;
	if (!conn->second)
		r = open_first(conn, in);
	if (r == 0 && concerns_us) {
		in->has_second = true;
		if (!in->is_taken)
			return READY;
		conn->stashed = conn->second = true;
		conn->stash_offset = in->offset;
		conn->stash_size = in->msg->size;
		in->msg = NULL;
		kbus_post_token(conn);
		return READY;
	}
	if (r == 1 && concerns_us) {
		r = kbus_notify_own(conn, in->msg, &data, &size);
		if (r == 0)
			r = open_own(in, data, size);
		if (in->is_taken)
			conn->second = false;
	}
	if (r == 0)
		return READY;
	conn->second = false;
	return reject(conn, in, r < 0 ? KBUS_DROP_MEMORY : KBUS_DROP_FILTERED, NULL);
}

/* Make of the message at @in->msg what the client gets. &enum outcome or -errno. */
static int open_queued(struct kbus_conn *conn, struct kbus_incoming *in)
{
	const bool is_ours = in->src_id == conn->id;
	struct kbus_payload payload;

	if (in->msg->payload_type == KDBUS_PAYLOAD_KERNEL)
		return open_notification(conn, in);
	if (in->msg->payload_type == KDBUS_PAYLOAD_DBUS)
		return open_message(conn, in);
	if (is_ours && in->msg->payload_type == KBUS_PAYLOAD_RAW) {
		kbus_payload_find(in->msg, &payload);
		open_raw(in, payload.head.iov_base, payload.head.iov_len);
		return READY;
	}
	if (is_ours && in->msg->payload_type == KBUS_PAYLOAD_TOKEN) {
		conn->has_token = false;
		discard(conn, in);
		return NOTHING;
	}
	return reject(conn, in, KBUS_DROP_NOT_DBUS, "payload type");
}

/* The queue is empty: what did not fit into it comes now. */
static int open_backlog(struct kbus_conn *conn, struct kbus_incoming *in)
{
	struct kbus_posted *posted = kbus_backlog_take(conn);
	int r = 0;

	if (!posted)
		return -EAGAIN;
	in->is_taken = true;
	in->src_id = conn->id;
	if (posted->type == KDBUS_PAYLOAD_DBUS)
		r = open_own(in, posted->data, posted->size);
	else
		open_raw(in, posted->data, posted->size);
	if (r < 0) {
		kbus_posted_free(posted);
		in->memory = NULL;
		return NOTHING;
	}
	in->memory = posted->data;
	memcpy(in->fds, posted->fds, posted->n_fds * sizeof(int));
	in->n_fds = posted->n_fds;
	free(posted);
	return READY;
}

/* The next entry of the queue, with @flags for RECV. */
static int next_queued(struct kbus_conn *conn, uint64_t flags, struct kbus_incoming *in)
{
	struct kdbus_cmd_recv cmd;
	int r;

	if (conn->stashed) {
		conn->stashed = false;
		in->is_taken = true;
		return set_message(conn, in, conn->stash_offset, conn->stash_size);
	}
	r = receive(conn, flags, &cmd);
	if (r < 0)
		return r;
	in->is_taken = !(flags & KDBUS_RECV_PEEK);
	return set_message(conn, in, cmd.msg.offset, cmd.msg.msg_size);
}

static int next(struct kbus_conn *conn, uint64_t flags, struct kbus_incoming *in)
{
	int r;

	do {
		in->memory = in->mapping = NULL;
		in->msg = NULL;
		in->kind = 0;
		in->n_parts = 0;
		in->n_fds = 0;
		in->size = 0;
		in->has_second = false;
		/* A monitor's fd is readable through others' messages only: the bus comes first. */
		if (conn->backlog && (conn->is_monitor || conn->is_greeting)) {
			r = -EAGAIN;
		} else {
			if (conn->backlog)
				kbus_backlog_flush(conn);
			conn->is_greeting = conn->is_greeting && !conn->said_hello;
			r = next_queued(conn, flags, in);
		}
		if (r == -EAGAIN)
			r = open_backlog(conn, in);
		else if (r == 0)
			r = open_queued(conn, in);
	} while (r == NOTHING);
	if (r == 0)
		conn->stats.n_received++;
	return r;
}

/**
 * kbus_conn_peek() - look at the next message
 * @conn: the connection
 * @in: filled on success, for kbus_conn_release()
 *
 * Return: 0, -EAGAIN if there is none, -ECONNRESET if the connection is gone, -ENOMEM.
 */
int kbus_conn_peek(struct kbus_conn *conn, struct kbus_incoming *in)
{
	return next(conn, KDBUS_RECV_PEEK, in);
}

/**
 * kbus_conn_recv() - take the next message
 * @conn: the connection
 * @in: filled on success, for kbus_conn_release(); its descriptors are the caller's
 *
 * Return: as kbus_conn_peek().
 */
int kbus_conn_recv(struct kbus_conn *conn, struct kbus_incoming *in)
{
	return next(conn, 0, in);
}

/**
 * kbus_conn_take() - remove a peeked message from the queue
 * @conn: the connection
 * @in: the message; stays valid, its descriptors are the caller's from now on
 *
 * Return: 0 or -ECONNRESET.
 */
int kbus_conn_take(struct kbus_conn *conn, struct kbus_incoming *in)
{
	return take_from_queue(conn, in);
}

/**
 * kbus_conn_release() - give the memory of a message back
 * @conn: the connection
 * @in: from kbus_conn_peek() or kbus_conn_recv(); invalid afterwards
 *
 * What was not taken will be peeked again. Descriptors of what was taken stay open.
 */
void kbus_conn_release(struct kbus_conn *conn, struct kbus_incoming *in)
{
	let_go(conn, in);
}

/**
 * kbus_conn_drop() - remove a message unseen
 * @conn: the connection
 * @in: from kbus_conn_peek(); released by this
 *
 * Whoever waits for an answer to it learns that there will be none.
 *
 * Return: 0.
 */
int kbus_conn_drop(struct kbus_conn *conn, struct kbus_incoming *in)
{
	size_t i;

	if (in->msg) {
		discard(conn, in);
		return 0;
	}
	for (i = 0; i < in->n_fds; i++)
		close(in->fds[i]);
	let_go(conn, in);
	return 0;
}
