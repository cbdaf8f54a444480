/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* payload.h - the payload of a message in the pool, as bytes that lie together */
#ifndef KBUS_PAYLOAD_H
#define KBUS_PAYLOAD_H

#include "conn.h"

/**
 * struct kbus_payload - where the payload is
 * @head: what lies in the pool, from the first piece on
 * @fds: numbers in the message, if it has descriptors
 * @n_fds: entries at @fds
 * @memfd: the first memfd item, or NULL
 * @is_plain: @head is all there is
 * @is_split: @head and one memfd behind it are all there is
 *
 * Borrows the message. A payload that is neither plain nor split has to be gathered.
 */
struct kbus_payload {
	struct iovec head;
	const int *fds;
	size_t n_fds;
	const struct kdbus_memfd *memfd;
	bool is_plain;
	bool is_split;
};

void kbus_payload_find(const struct kdbus_msg *msg, struct kbus_payload *payload);
int kbus_payload_map(const struct kbus_payload *payload, struct kbus_incoming *in);
int kbus_payload_gather(const struct kdbus_msg *msg, struct kbus_incoming *in,
			size_t *ret_size);
void kbus_payload_close(const struct kdbus_msg *msg, bool memfds_only);

#endif /* KBUS_PAYLOAD_H */
