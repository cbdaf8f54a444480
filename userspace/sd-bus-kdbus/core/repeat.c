// SPDX-License-Identifier: LGPL-2.1-or-later
/* repeat.c - headers that say what the last one said; repeat.h is the overview */
#include <string.h>

#include "bytes.h"
#include "repeat.h"

/* Where the parts are that differ from message to message. */
enum {
	BODY_SIZE_AT	= 4,
	SERIAL_AT	= 8,
	FIELDS_AT	= 12,
};

/* The same place in another copy of the header. */
static const char *moved(const char *text, const void *from, const void *to)
{
	return text ? (const char *)to + (text - (const char *)from) : NULL;
}

static void move_strings(struct kbus_header *h, const void *from, const void *to)
{
	h->path = moved(h->path, from, to);
	h->interface = moved(h->interface, from, to);
	h->member = moved(h->member, from, to);
	h->error_name = moved(h->error_name, from, to);
	h->destination = moved(h->destination, from, to);
	h->sender = moved(h->sender, from, to);
	/* "" need not be in the header. */
	h->signature = *h->signature ? moved(h->signature, from, to) : "";
}

static bool is_same(const struct kbus_repeat *last, const uint8_t *data, size_t size)
{
	const size_t end = last->header.size, gap = last->reply_at;

	if (!end || size < end || memcmp(data, last->bytes, BODY_SIZE_AT) != 0)
		return false;
	if (!gap)
		return memcmp(data + FIELDS_AT, last->bytes + FIELDS_AT, end - FIELDS_AT) == 0;
	return memcmp(data + FIELDS_AT, last->bytes + FIELDS_AT, gap - FIELDS_AT) == 0 &&
	       memcmp(data + gap + 4, last->bytes + gap + 4, end - gap - 4) == 0;
}

/**
 * kbus_repeat_again() - does a header say what the last one said, and nothing wrong besides?
 * @last: the last one
 * @data: a message from its beginning
 * @size: bytes at @data; of the body nothing needs to be there
 * @news: filled if so
 *
 * Return: true if it does.
 */
bool kbus_repeat_again(const struct kbus_repeat *last, const uint8_t *data, size_t size,
		       struct kbus_news *news)
{
	const bool swap = last->header.swap;

	if (!is_same(last, data, size))
		return false;
	news->body_size = kbus_load32(data + BODY_SIZE_AT, swap);
	news->serial = kbus_load32(data + SERIAL_AT, swap);
	news->reply_serial = last->reply_at ? kbus_load32(data + last->reply_at, swap) : 0;
	return news->serial && !news->reply_serial == !last->reply_at &&
	       news->body_size <= KBUS_MESSAGE_MAX - last->header.size &&
	       (!news->body_size || *last->header.signature);
}

/* Read a header that is like the last one. False if it is not, or has something else wrong. */
static bool read_again(const struct kbus_repeat *last, struct kbus_header *header,
		       const uint8_t *data, size_t size)
{
	struct kbus_news news;

	if (!kbus_repeat_again(last, data, size, &news))
		return false;
	*header = last->header;
	header->data = data;
	header->body_size = news.body_size;
	header->serial = news.serial;
	header->reply_serial = news.reply_serial;
	move_strings(header, last->bytes, data);
	return true;
}

static void remember(struct kbus_repeat *last, const struct kbus_header *header)
{
	last->header.size = 0;
	last->kind++;
	if (header->size > sizeof(last->bytes) || header->has_unknown)
		return;
	memcpy(last->bytes, header->data, header->size);
	last->header = *header;
	last->header.data = last->bytes;
	move_strings(&last->header, header->data, last->bytes);
	last->reply_at = header->reply_serial ? kbus_header_reply_at(header) : 0;
}

/**
 * kbus_repeat_parse() - kbus_header_parse() of one of many messages
 * @last: the header before this one; this one from now on
 * @header: filled on success; borrows @data
 * @data: the message from its beginning
 * @size: bytes at @data; of the body nothing needs to be there
 *
 * Return: as kbus_header_parse().
 */
int kbus_repeat_parse(struct kbus_repeat *last, struct kbus_header *header, const void *data,
		      size_t size)
{
	int r;

	if (read_again(last, header, data, size))
		return 0;
	r = kbus_header_parse(header, data, size);
	if (r == 0)
		remember(last, header);
	return r;
}

/**
 * kbus_repeat_scan() - kbus_header_scan() of one of many messages
 * @last: the header before this one; this one from now on
 * @header: filled on success; borrows @data
 * @data: the message from its beginning
 * @size: bytes at @data; of the body nothing needs to be there
 *
 * Return: as kbus_header_scan().
 */
int kbus_repeat_scan(struct kbus_repeat *last, struct kbus_header *header, const void *data,
		     size_t size)
{
	int r;

	if (read_again(last, header, data, size))
		return 0;
	r = kbus_header_scan(header, data, size);
	if (r == 0)
		remember(last, header);
	return r;
}
