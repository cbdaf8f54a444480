/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Large payloads that tell where they come from, and which pages they lie in. */
#ifndef KDBUS_SELFTEST_SHARED_H
#define KDBUS_SELFTEST_SHARED_H

#include "common.h"

#define PAGE		4096UL
/* a payload of so many bytes is shared */
#define SHARE_MIN	32768UL

/* Bytes that differ from page to page and from seed to seed. */
void pattern_fill(void *data, size_t size, unsigned int seed);
bool pattern_is(const void *data, size_t size, unsigned int seed);

/*
 * A message of one vector of @size bytes of the pattern with seed @cookie: a signal to @dst_id, or
 * (not to KDBUS_DST_ID_BROADCAST) a plain message
 */
int send_pattern(struct conn *conn, __u64 dst_id, __u64 cookie, size_t size);
int send_pattern_name(struct conn *conn, const char *name, __u64 cookie, size_t size);

/* A match for signals to everybody, not for who comes and goes. */
int match_signals(struct conn *conn);

/* Connections on @bus: @a sends, @b and @c hear signals; 0 or -errno. */
int trio_open(struct bus *bus, struct conn *a, struct conn *b, struct conn *c);
/* Close them, and the bus. */
void trio_close(struct bus *bus, struct conn *a, struct conn *b, struct conn *c);

/*
 * Where the payload of a message of one vector lies and how long it is; NULL if there is none.
 */
const __u8 *payload_of(const struct kdbus_msg *msg, size_t *size);

/* Do the payloads of these messages lie in the same pages? */
bool payload_is_shared(const struct kdbus_msg *a, const struct kdbus_msg *b);

/* Is it what send_pattern() sent with the cookie of the message? */
bool payload_is_right(const struct kdbus_msg *msg, size_t size);

/* Receive the next message and look at all of it: its cookie, -errno of RECV, -EBADMSG. */
__s64 recv_pattern(struct conn *conn, size_t size);

/* Number of the page of memory that is mapped at @address (after touching it); 0 if unknown. */
__u64 page_frame(const void *address);

/* Are these two ranges of memory the same pages, from the first to the last? */
bool same_pages(const void *a, const void *b, size_t size);

#endif /* KDBUS_SELFTEST_SHARED_H */
