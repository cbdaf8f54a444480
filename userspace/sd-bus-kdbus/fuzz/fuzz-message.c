// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fuzz-message.c - libFuzzer: headers and bodies, and the header with another sender
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../core/bloom.h"
#include "../core/body.h"
#include "../core/match.h"
#include "../core/repeat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static int same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The rewritten header says the same, but for the sender. */
static void check_sender(const struct kbus_header *before, const char *sender)
{
	const size_t capacity = before->size + KBUS_SENDER_ROOM;
	uint8_t *out = malloc(capacity);
	struct kbus_header after;
	ssize_t n;

	require(out != NULL);
	n = kbus_header_set_sender(before, sender, out, capacity);
	if (n >= 0) {
		require((size_t)n <= capacity);
		require(kbus_header_parse(&after, out, n) == 0);
		require((size_t)n == after.size && after.body_size == before->body_size);
		require(same(after.sender, sender) && !after.has_unknown);
		require(same(after.path, before->path) && same(after.member, before->member));
		require(same(after.interface, before->interface));
		require(same(after.destination, before->destination));
		require(same(after.signature, before->signature));
		require(same(after.error_name, before->error_name));
		require(after.serial == before->serial && after.n_fds == before->n_fds);
		require(after.reply_serial == before->reply_serial);
	}
	free(out);
}

/* Whatever is valid as a whole can be skipped value by value, to the end. */
static void check_body(const struct kbus_header *header, const void *body)
{
	const int valid = kbus_body_validate(header->signature, body, header->body_size,
					     header->swap) == 0;
	struct kbus_reader reader;
	int r;

	kbus_reader_init(&reader, header, body);
	do {
		r = kbus_read_skip(&reader);
	} while (r == 0);
	require((!*reader.signature && reader.pos == reader.size) == valid);
}

static void check_filter(const struct kbus_header *header, const void *body)
{
	const struct kbus_bloom bloom = { .size = 64, .n_hash = 8 };
	const struct kbus_match_message message = { .header = header, .body = body };
	uint64_t filter[8] = {};
	struct kbus_match *match;

	kbus_bloom_add_header(&bloom, filter, header);
	kbus_bloom_add_args(&bloom, filter, header, body);
	require(kbus_match_parse("arg0='x',arg3path='/a/'", 23, &match) == 0);
	kbus_match_test(match, &message);
	kbus_match_free(match);
}

static void require_same(const struct kbus_header *a, const struct kbus_header *b)
{
	require(a->data == b->data && a->size == b->size && a->body_size == b->body_size);
	require(a->swap == b->swap && a->has_unknown == b->has_unknown);
	require(a->type == b->type && a->flags == b->flags && a->n_fds == b->n_fds);
	require(a->serial == b->serial && a->reply_serial == b->reply_serial);
	require(a->path == b->path && a->interface == b->interface && a->member == b->member);
	require(a->error_name == b->error_name && a->destination == b->destination);
	require(a->sender == b->sender && same(a->signature, b->signature));
}

/* After a header was seen, one that differs by a byte is read as if it were the first. */
static void check_repeat(uint8_t *data, size_t size)
{
	struct kbus_header header, fresh;
	struct kbus_repeat last = {};
	size_t at = 0, i;
	int again;

	if (kbus_repeat_parse(&last, &header, data, size) < 0)
		return;
	require(kbus_repeat_parse(&last, &fresh, data, size) == 0);
	require_same(&header, &fresh);
	for (i = 0; i < size; i++)
		at = at * 31 + data[i];
	data[at % header.size] ^= 1U << (at >> 16) % 8;
	again = kbus_repeat_parse(&last, &header, data, size);
	require(again == kbus_header_parse(&fresh, data, size));
	if (again == 0)
		require_same(&header, &fresh);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kbus_header header;
	uint8_t *copy = malloc(size ? size : 1);

	require(copy != NULL);
	memcpy(copy, data, size);
	if (kbus_header_parse(&header, copy, size) == 0) {
		check_sender(&header, ":1.18446744073709551615");
		if (header.size + header.body_size <= size) {
			check_body(&header, copy + header.size);
			check_filter(&header, copy + header.size);
		}
	}
	check_repeat(copy, size);
	free(copy);
	return 0;
}
