/* SPDX-License-Identifier: GPL-2.0 */
/* The payload of one message, shared by all who receive it. */
#ifndef KDBUS_PAYLOAD_H
#define KDBUS_PAYLOAD_H

#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/types.h>

struct kdbus_piece;
struct kdbus_user;

/**
 * struct kdbus_payload - the payload area of one message, in pages of its own
 * @ref: the message while it is being sent, and each slice that ends in these pages
 * @user: whose shared_pages it counts in; pinned, set once
 * @n_pages: length of @pages; set once
 * @pages: in order; what is behind the last byte is zero.  Written by
 *         kdbus_payload_fill() before anybody else knows of them, and never again
 */
struct kdbus_payload {
	struct kref ref;
	struct kdbus_user *user;
	unsigned int n_pages;
	struct page *pages[];
};

/**
 * kdbus_payload_bytes() - how much of a slice these pages are
 * @payload: the pages
 *
 * Return: bytes, a multiple of the page size.
 */
static inline size_t kdbus_payload_bytes(const struct kdbus_payload *payload)
{
	return (size_t)payload->n_pages << PAGE_SHIFT;
}

struct kdbus_payload *kdbus_payload_new(struct kdbus_user *user, size_t size);
int kdbus_payload_fill(struct kdbus_payload *payload, const struct kdbus_piece *pieces,
		       unsigned int n_pieces);
struct kdbus_payload *kdbus_payload_get(struct kdbus_payload *payload);
void kdbus_payload_put(struct kdbus_payload *payload);

#endif
