// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * value.c - print the body of a message on one line: "hello" 5 ["a", "b"] {"key": <true>}
 *
 * The body may be anything: whatever is read is checked to lie inside.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "../core/signature.h"
#include "ctl.h"

#define DEPTH_MAX	64	/* containers in containers */
#define BYTES_SHOWN	64	/* of an array of bytes */

struct cursor {
	FILE *file;
	const uint8_t *data;
	size_t size;
	size_t at;
	bool swap;
	unsigned int depth;
};

static int print_value(struct cursor *c, const char *type);

/* The next @size bytes behind padding to their own multiple, or NULL. */
static const uint8_t *take(struct cursor *c, size_t alignment, size_t size)
{
	size_t start = (c->at + alignment - 1) / alignment * alignment;

	if (start > c->size || size > c->size - start)
		return NULL;
	c->at = start + size;
	return c->data + start;
}

/* An integer of @size bytes in the byte order of this machine. */
static int take_number(struct cursor *c, size_t size, uint64_t *ret)
{
	const uint8_t *p = take(c, size, size);
	uint16_t v16;
	uint32_t v32;
	uint64_t v64;

	if (!p)
		return -EBADMSG;
	switch (size) {
	case 1:
		*ret = *p;
		break;
	case 2:
		memcpy(&v16, p, 2);
		*ret = c->swap ? __builtin_bswap16(v16) : v16;
		break;
	case 4:
		memcpy(&v32, p, 4);
		*ret = c->swap ? __builtin_bswap32(v32) : v32;
		break;
	default:
		memcpy(&v64, p, 8);
		*ret = c->swap ? __builtin_bswap64(v64) : v64;
	}
	return 0;
}

static int print_number(struct cursor *c, char type)
{
	uint64_t value;
	double real;
	int r;

	r = take_number(c, kbus_type_size(type), &value);
	if (r < 0)
		return r;
	switch (type) {
	case 'b':
		fputs(value ? "true" : "false", c->file);
		break;
	case 'n':
		fprintf(c->file, "%d", (int16_t)value);
		break;
	case 'i':
		fprintf(c->file, "%" PRId32, (int32_t)value);
		break;
	case 'x':
		fprintf(c->file, "%" PRId64, (int64_t)value);
		break;
	case 'd':
		memcpy(&real, &value, 8);
		fprintf(c->file, "%.15g", real);
		break;
	case 'h':
		fprintf(c->file, "fd#%" PRIu64, value);
		break;
	default:
		fprintf(c->file, "%" PRIu64, value);
	}
	return 0;
}

/* A text in quotes, so that nothing in it can harm the terminal or look like something else. */
static void print_quoted(FILE *file, const char *text, size_t size)
{
	size_t i;

	fputc('"', file);
	for (i = 0; i < size; i++) {
		unsigned char byte = text[i];

		if (byte == '"' || byte == '\\')
			fprintf(file, "\\%c", byte);
		else if (byte == '\n')
			fputs("\\n", file);
		else if (byte < 0x20 || byte == 0x7f)
			fprintf(file, "\\x%02x", byte);
		else
			fputc(byte, file);
	}
	fputc('"', file);
}

static int take_text(struct cursor *c, bool short_length, const char **ret, size_t *ret_size)
{
	uint64_t size;
	int r;

	r = take_number(c, short_length ? 1 : 4, &size);
	if (r < 0 || size >= c->size)
		return -EBADMSG;
	*ret = (const char *)take(c, 1, size + 1);
	if (!*ret || (*ret)[size])
		return -EBADMSG;
	*ret_size = size;
	return 0;
}

static int print_text(struct cursor *c, bool is_signature)
{
	const char *text;
	size_t size;
	int r;

	r = take_text(c, is_signature, &text, &size);
	if (!r)
		print_quoted(c->file, text, size);
	return r;
}

static int print_bytes(struct cursor *c, size_t size)
{
	const uint8_t *p = take(c, 1, size);
	size_t i;

	if (!p)
		return -EBADMSG;
	for (i = 0; i < size && i < BYTES_SHOWN; i++)
		fprintf(c->file, "%s%u", i ? ", " : "", p[i]);
	if (i < size)
		fprintf(c->file, ", ... %zu more", size - i);
	return 0;
}

static int print_array(struct cursor *c, const char *element)
{
	bool is_dict = *element == '{', first = true;
	uint64_t size;
	size_t end;
	int r;

	r = take_number(c, 4, &size);
	if (r < 0 || !take(c, kbus_type_alignment(*element), 0) || size > c->size - c->at)
		return -EBADMSG;
	end = c->at + size;
	fputc(is_dict ? '{' : '[', c->file);
	if (*element == 'y')
		r = print_bytes(c, size);
	while (!r && c->at < end) {
		if (!first)
			fputs(", ", c->file);
		first = false;
		r = print_value(c, element);
	}
	fputc(is_dict ? '}' : ']', c->file);
	return r ? r : c->at == end ? 0 : -EBADMSG;
}

/* Members up to the closing bracket, @between them. */
static int print_members(struct cursor *c, const char *type, const char *between)
{
	const char *member;
	int r = 0;

	if (!take(c, 8, 0))
		return -EBADMSG;
	for (member = type + 1; !r && *member && !strchr(")}", *member);
	     member += kbus_type_length(member)) {
		if (member != type + 1)
			fputs(between, c->file);
		r = print_value(c, member);
	}
	return r;
}

static int print_variant(struct cursor *c)
{
	const char *type;
	size_t size;
	int r;

	r = take_text(c, true, &type, &size);
	if (r < 0 || !kbus_signature_is_single(type, size))
		return -EBADMSG;
	fputc('<', c->file);
	r = print_value(c, type);
	fputc('>', c->file);
	return r;
}

static int print_container(struct cursor *c, const char *type)
{
	int r;

	if (c->depth >= DEPTH_MAX)
		return -EBADMSG;
	c->depth++;
	switch (*type) {
	case 'a':
		r = print_array(c, type + 1);
		break;
	case '(':
		fputc('(', c->file);
		r = print_members(c, type, ", ");
		fputc(')', c->file);
		break;
	case '{':
		r = print_members(c, type, ": ");
		break;
	default:
		r = print_variant(c);
	}
	c->depth--;
	return r;
}

static int print_value(struct cursor *c, const char *type)
{
	if (strchr("a({v", *type))
		return print_container(c, type);
	if (strchr("sog", *type))
		return print_text(c, *type == 'g');
	return print_number(c, *type);
}

/**
 * value_print() - print all arguments of a message, a blank before each
 * @file: where to
 * @header: of the message
 * @body: its body
 *
 * Return: 0, or -EBADMSG after what could be read.
 */
int value_print(FILE *file, const struct kbus_header *header, const void *body)
{
	struct cursor c = {
		.file = file,
		.data = body,
		.size = header->body_size,
		.swap = header->swap,
	};
	const char *type;
	int r = 0;

	for (type = header->signature; !r && *type; type += kbus_type_length(type)) {
		fputc(' ', file);
		r = print_value(&c, type);
	}
	return r;
}
