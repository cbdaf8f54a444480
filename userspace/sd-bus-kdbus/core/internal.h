/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* internal.h - what the files of a connection share among themselves */
#ifndef KBUS_INTERNAL_H
#define KBUS_INTERNAL_H

#include "conn.h"

/**
 * struct kbus_posted - a message of the bus to its own client that did not fit into the queue
 * @next: the one after this
 * @data: its bytes; owned
 * @size: bytes at @data
 * @type: payload type that it would have in the queue
 * @fds: duplicates, owned
 * @n_fds: entries at @fds
 */
struct kbus_posted {
	struct kbus_posted *next;
	uint8_t *data;
	size_t size;
	uint64_t type;
	int fds[KBUS_FDS_MAX];
	size_t n_fds;
};

/*
 * Payload types of what a connection sends to itself: D-Bus messages have the kernel's type, these
 * are seen by nobody else.
 */
#define KBUS_PAYLOAD_RAW	0x6b62757372617700ULL	/* bytes to hand out as they are */
#define KBUS_PAYLOAD_TOKEN	0x6b62757374636b00ULL	/* keeps the descriptor readable */

/**
 * struct kbus_envelope - a message on its way into the kernel; everything is borrowed
 * @dst_id: connection, 0 if @dst_name counts, or %KDBUS_DST_ID_BROADCAST
 * @dst_name: well-known name, or NULL
 * @flags: of &enum kdbus_msg_flags
 * @payload_type: %KDBUS_PAYLOAD_DBUS or one of those above
 * @cookie: our number for it
 * @cookie_reply: the call that it answers, or 0
 * @filter: for a broadcast, as many bytes as the bus says; else NULL
 * @head: first part of the payload, which never becomes a memfd
 * @rest: further parts
 * @n_rest: entries at @rest
 * @fds: descriptors
 * @n_fds: entries at @fds, at most %KBUS_FDS_MAX
 */
struct kbus_envelope {
	uint64_t dst_id;
	const char *dst_name;
	uint64_t flags;
	uint64_t payload_type;
	uint64_t cookie;
	uint64_t cookie_reply;
	const uint64_t *filter;
	struct iovec head;
	const struct iovec *rest;
	size_t n_rest;
	const int *fds;
	size_t n_fds;
};

void kbus_drop(struct kbus_conn *conn, enum kbus_reason reason, uint64_t src_id,
	       const char *detail);

/**
 * struct kbus_free_item - room for the item that gives a slice back
 * @size: bytes of the item
 * @type: %KDBUS_ITEM_FREE
 * @offset: the slice
 */
struct kbus_free_item {
	uint64_t size;
	uint64_t type;
	uint64_t offset;
};

bool kbus_is_wanted(struct kbus_conn *conn, struct kbus_incoming *in);

int kbus_replace_file(int fd, int file);
int kbus_conn_have_bloom(struct kbus_conn *conn);

const void *kbus_pool_at(struct kbus_conn *conn, uint64_t offset, uint64_t size);
void kbus_pool_unmap(struct kbus_conn *conn);

void kbus_slice_done(struct kbus_conn *conn, uint64_t offset, uint64_t size);
size_t kbus_free_item_add(const struct kbus_conn *conn, struct kbus_free_item *item);
bool kbus_free_item_failed(struct kbus_conn *conn, int result);

int kbus_deliver(struct kbus_conn *conn, const struct kbus_envelope *envelope);
int kbus_forward(struct kbus_conn *conn, const struct kbus_header *header,
		 const struct iovec *body, size_t n_body, const int *fds, size_t n_fds);

int kbus_post_token(struct kbus_conn *conn);
int kbus_post_error(struct kbus_conn *conn, uint32_t reply_serial, const char *error,
		    const char *text);
void kbus_backlog_flush(struct kbus_conn *conn);
void kbus_backlog_put(struct kbus_conn *conn, struct kbus_posted *posted);
struct kbus_posted *kbus_backlog_take(struct kbus_conn *conn);
void kbus_posted_free(struct kbus_posted *posted);
void kbus_backlog_free(struct kbus_conn *conn);

#endif /* KBUS_INTERNAL_H */
