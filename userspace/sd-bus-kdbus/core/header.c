// SPDX-License-Identifier: LGPL-2.1-or-later
/* header.c - the header of a D-Bus message: read it in place, rewrite who sent it */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "body.h"
#include "bytes.h"
#include "header.h"
#include "names.h"
#include "signature.h"

#define PROTOCOL_VERSION	1

/* The fields as bytes: from @at to @end; places count from @data. */
struct cursor {
	const uint8_t *data;
	size_t at;
	size_t end;
	bool swap;
};

/*
 * One field as it stands in the header.
 * @code: which one
 * @start, @end: its bytes, from the code on, without padding before it
 * @type: type of its value; 0 for a container, which no known field has
 * @text, @size: its value, if it is a string, a path or a signature
 * @number: its value, if it is a number of 32 bits
 */
struct field {
	uint8_t code;
	size_t start;
	size_t end;
	char type;
	const char *text;
	size_t size;
	uint32_t number;
};

/**
 * kbus_message_size() - how long a message is, from its first bytes
 * @fixed: the first 16 bytes
 * @ret_header_size: bytes of the header, a multiple of 8
 * @ret_size: bytes of header and body
 *
 * Return: 0, or -EBADMSG if no message begins like this.
 */
int kbus_message_size(const uint8_t fixed[KBUS_HEADER_FIXED], size_t *ret_header_size,
		      size_t *ret_size)
{
	size_t header_size, body_size, fields_size;
	bool swap;

	if (fixed[0] != kbus_order_mark(false) && fixed[0] != kbus_order_mark(true))
		return -EBADMSG;
	if (fixed[3] != PROTOCOL_VERSION)
		return -EBADMSG;
	swap = fixed[0] == kbus_order_mark(true);
	body_size = kbus_load32(fixed + 4, swap);
	fields_size = kbus_load32(fixed + 12, swap);
	if (fields_size > KBUS_ARRAY_MAX || body_size > KBUS_MESSAGE_MAX)
		return -EBADMSG;
	header_size = KBUS_ALIGN(KBUS_HEADER_FIXED + fields_size, 8);
	if (header_size + body_size > KBUS_MESSAGE_MAX)
		return -EBADMSG;
	*ret_header_size = header_size;
	*ret_size = header_size + body_size;
	return 0;
}

/* A string or path at the cursor, where no padding is needed: its length, its bytes, a NUL. */
static int next_text(struct cursor *c, struct field *field)
{
	size_t at = c->at;

	if (c->end - at < 5)
		return -EBADMSG;
	field->size = kbus_load32(c->data + at, c->swap);
	at += 4;
	if (field->size >= c->end - at || c->data[at + field->size])
		return -EBADMSG;
	field->text = (const char *)c->data + at;
	c->at = at + field->size + 1;
	return 0;
}

static int next_signature(struct cursor *c, struct field *field)
{
	size_t at = c->at;

	if (c->end - at < 2)
		return -EBADMSG;
	field->size = c->data[at++];
	if (field->size >= c->end - at || c->data[at + field->size])
		return -EBADMSG;
	field->text = (const char *)c->data + at;
	c->at = at + field->size + 1;
	return 0;
}

static int next_number(struct cursor *c, struct field *field)
{
	if (c->end - c->at < 4)
		return -EBADMSG;
	field->number = kbus_load32(c->data + c->at, c->swap);
	c->at += 4;
	return 0;
}

/* A value that only unknown fields have: any type at all, checked as a body's value is. */
static int next_other(struct cursor *c, const char *signature, size_t signature_size)
{
	char copy[KBUS_SIGNATURE_MAX + 1];
	size_t used;
	int r;

	if (!kbus_signature_is_single(signature, signature_size))
		return -EBADMSG;
	memcpy(copy, signature, signature_size);
	copy[signature_size] = '\0';
	r = kbus_value_validate(copy, c->data, c->end, c->at, c->swap, &used);
	if (r < 0)
		return r;
	c->at = used;
	return 0;
}

/* The variant of a field: signature, value. */
static int next_value(struct cursor *c, struct field *field)
{
	const uint8_t *p = c->data + c->at;

	if (c->end - c->at >= 3 && p[0] == 1 && !p[2]) {
		c->at += 3;
		field->type = p[1];
		if (field->type == 's' || field->type == 'o')
			return next_text(c, field);
		if (field->type == 'g')
			return next_signature(c, field);
		if (field->type == 'u')
			return next_number(c, field);
		return next_other(c, (const char *)p + 1, 1);
	}
	field->type = 0;
	if (next_signature(c, field) < 0)
		return -EBADMSG;
	return next_other(c, field->text, field->size);
}

/* The padding before @p, which is @size bytes up to a multiple of 8 that is not the first. */
static bool padding_is_zero(const uint8_t *p, size_t size)
{
	uint64_t word;

	if (!size)
		return true;
	memcpy(&word, p - sizeof(word), sizeof(word));
	return !(le64toh(word) >> (64 - 8 * size));
}

/* The next field: 1 if there is one, 0 at the end. */
static int next_field(struct cursor *c, struct field *field)
{
	size_t at = KBUS_ALIGN(c->at, 8);
	int r;

	if (c->at == c->end)
		return 0;
	if (at >= c->end || !padding_is_zero(c->data + at, at - c->at))
		return -EBADMSG;
	field->start = at;
	field->code = c->data[at];
	c->at = at + 1;
	r = next_value(c, field);
	field->end = c->at;
	return r < 0 ? r : 1;
}

/* The fields that the specification knows: their first bytes, up to the value, and where that goes. */
static const struct {
	uint8_t start[4];
	uint8_t member;
} known[KBUS_FIELD_LAST + 1] = {
#define KNOWN(code, type, member) [code] = { { code, 1, type }, offsetof(struct kbus_header, member) }
	KNOWN(KBUS_FIELD_PATH, 'o', path),
	KNOWN(KBUS_FIELD_INTERFACE, 's', interface),
	KNOWN(KBUS_FIELD_MEMBER, 's', member),
	KNOWN(KBUS_FIELD_ERROR_NAME, 's', error_name),
	KNOWN(KBUS_FIELD_REPLY_SERIAL, 'u', reply_serial),
	KNOWN(KBUS_FIELD_DESTINATION, 's', destination),
	KNOWN(KBUS_FIELD_SENDER, 's', sender),
	KNOWN(KBUS_FIELD_SIGNATURE, 'g', signature),
	KNOWN(KBUS_FIELD_UNIX_FDS, 'u', n_fds),
#undef KNOWN
};

/* Does the text of a known field obey its rules? */
static bool text_is_valid(unsigned int code, const char *text, size_t size)
{
	switch (code) {
	case KBUS_FIELD_PATH:
		return kbus_path_is_valid(text, size);
	case KBUS_FIELD_INTERFACE:
		return kbus_interface_is_valid(text, size);
	case KBUS_FIELD_MEMBER:
		return kbus_member_is_valid(text, size);
	case KBUS_FIELD_ERROR_NAME:
		return kbus_error_name_is_valid(text, size);
	case KBUS_FIELD_SIGNATURE:
		return kbus_signature_is_valid(text, size);
	default:
		return kbus_bus_name_is_valid(text, size);
	}
}

/*
 * Keep the known field at @at; strings obey their rules if @check. A field begins on a multiple of 8, and
 * what comes before its value takes 4 bytes, so there is no padding inside, and the header, which ends on
 * a multiple of 8 too, has 8 bytes there.
 *
 * Returns where it ends, or 0 if it is wrong.
 */
static inline size_t keep_known(struct kbus_header *h, const struct cursor *c, size_t at, bool check)
{
	const uint8_t *p = c->data + at;
	const unsigned int code = p[0];
	uint8_t *member = (uint8_t *)h + known[code].member;
	uint32_t value = kbus_load32(p + 4, c->swap);
	const char *text;

	if (memcmp(p, known[code].start, 4) != 0)
		return 0;
	if (p[2] == 'u') {
		memcpy(member, &value, sizeof(value));
		return at + 8 <= c->end && (value || code != KBUS_FIELD_REPLY_SERIAL) ? at + 8 : 0;
	}
	at += 8;
	if (p[2] == 'g') {
		at -= 3;
		value = p[4];
	}
	text = (const char *)c->data + at;
	if (at >= c->end || value >= c->end - at || text[value] ||
	    (check && !text_is_valid(code, text, value)))
		return 0;
	memcpy(member, &text, sizeof(text));
	return at + value + 1;
}

/* A field that the specification does not know is ignored, but its value must be one. */
static bool skip_unknown(struct cursor *c, bool check)
{
	struct field f;

	if (next_field(c, &f) <= 0)
		return false;
	if (!check)
		return true;
	switch (f.type) {
	case 's':
		return kbus_utf8_is_valid(f.text, f.size);
	case 'o':
		return kbus_path_is_valid(f.text, f.size);
	case 'g':
		return kbus_signature_is_valid(f.text, f.size);
	default:
		/* Numbers are always valid, all other types were checked when they were read. */
		return true;
	}
}

/* All fields: each known one at most once. */
static int keep_fields(struct kbus_header *h, struct cursor *c, bool check)
{
	unsigned int seen = 1, code;	/* 0 is no field */
	size_t at;

	while (c->at < c->end) {
		at = KBUS_ALIGN(c->at, 8);
		if (at >= c->end || !padding_is_zero(c->data + at, at - c->at))
			return -EBADMSG;
		code = c->data[at];
		if (code > KBUS_FIELD_LAST) {
			h->has_unknown = true;
			if (!skip_unknown(c, check))
				return -EBADMSG;
			continue;
		}
		c->at = seen >> code & 1 ? 0 : keep_known(h, c, at, check);
		if (!c->at)
			return -EBADMSG;
		seen |= 1U << code;
	}
	return 0;
}

/* Does the header have what its type needs? */
static bool is_complete(const struct kbus_header *h)
{
	switch (h->type) {
	case 0:
		return false;
	case KBUS_METHOD_CALL:
		return h->path && h->member;
	case KBUS_METHOD_RETURN:
		return h->reply_serial;
	case KBUS_ERROR:
		return h->reply_serial && h->error_name;
	case KBUS_SIGNAL:
		return h->path && h->interface && h->member;
	default:
		return true;
	}
}

/* Names that only a library uses towards its own program; a bus lets none of them pass. */
static bool is_local(const struct kbus_header *h)
{
	return (h->path && strcmp(h->path, "/org/freedesktop/DBus/Local") == 0) ||
	       (h->interface && strcmp(h->interface, "org.freedesktop.DBus.Local") == 0);
}

/* @check: names, paths and texts have to obey their rules. */
static int parse(struct kbus_header *header, const void *data, size_t size, bool check)
{
	struct cursor c = { .data = data };
	size_t message_size;
	int r;

	*header = (struct kbus_header){ .data = data, .signature = "" };
	if (size < KBUS_HEADER_FIXED)
		return -EBADMSG;
	r = kbus_message_size(data, &header->size, &message_size);
	if (r < 0)
		return r;
	if (header->size > size)
		return -EBADMSG;
	header->swap = c.data[0] == kbus_order_mark(true);
	header->type = c.data[1];
	header->flags = c.data[2];
	header->body_size = message_size - header->size;
	header->serial = kbus_load32(c.data + 8, header->swap);
	if (!header->serial)
		return -EBADMSG;

	c.swap = header->swap;
	c.at = KBUS_HEADER_FIXED;
	c.end = KBUS_HEADER_FIXED + kbus_load32(c.data + 12, c.swap);
	r = keep_fields(header, &c, check);
	if (r < 0)
		return r;
	if (!padding_is_zero(c.data + header->size, header->size - c.end))
		return -EBADMSG;
	if (!is_complete(header) || (check && is_local(header)))
		return -EBADMSG;
	if (!*header->signature && header->body_size)
		return -EBADMSG;
	return 0;
}

/**
 * kbus_header_parse() - read and check the header of a message
 * @header: filled on success; borrows @data
 * @data: the message from its beginning
 * @size: bytes at @data; of the body nothing needs to be there
 *
 * Everything is checked that the specification asks of a header, the rules for names included.
 *
 * Return: 0, or -EBADMSG if it is wrong or not complete.
 */
int kbus_header_parse(struct kbus_header *header, const void *data, size_t size)
{
	return parse(header, data, size, true);
}

/**
 * kbus_header_scan() - read the header of a message that its receiver will check
 * @header: filled on success; borrows @data
 * @data: the message from its beginning
 * @size: bytes at @data; of the body nothing needs to be there
 *
 * All is as the specification asks, but strings may hold anything.
 *
 * Return: 0, or -EBADMSG if it is wrong or not complete.
 */
int kbus_header_scan(struct kbus_header *header, const void *data, size_t size)
{
	return parse(header, data, size, false);
}

/* A field with a string, the last of the header so far. */
static size_t put_sender(uint8_t *out, size_t at, const char *sender, size_t sender_size, bool swap)
{
	size_t start = KBUS_ALIGN(at, 8);

	memset(out + at, 0, start - at);
	memcpy(out + start, (const uint8_t[]){ KBUS_FIELD_SENDER, 1, 's', 0 }, 4);
	kbus_store32(out + start + 4, sender_size, swap);
	memcpy(out + start + 8, sender, sender_size + 1);
	return start + 8 + sender_size + 1;
}

/*
 * Copy the known fields except SENDER to @out. Each begins on a multiple of 8 on both sides, so what
 * is inside keeps its alignment.
 */
static size_t copy_fields(const struct kbus_header *header, uint8_t *out)
{
	struct cursor c = { .data = header->data, .at = KBUS_HEADER_FIXED, .swap = header->swap };
	struct field field;
	size_t at = KBUS_HEADER_FIXED, start;

	c.end = KBUS_HEADER_FIXED + kbus_load32(c.data + 12, c.swap);
	while (next_field(&c, &field) > 0) {
		if (field.code > KBUS_FIELD_LAST || field.code == KBUS_FIELD_SENDER)
			continue;
		start = KBUS_ALIGN(at, 8);
		memset(out + at, 0, start - at);
		memcpy(out + start, c.data + field.start, field.end - field.start);
		at = start + field.end - field.start;
	}
	return at;
}

/**
 * kbus_header_reply_at() - where the reply serial is
 * @header: as it was parsed or scanned
 *
 * Return: the place of its four bytes in the header, 0 if there is none.
 */
size_t kbus_header_reply_at(const struct kbus_header *header)
{
	struct cursor c = { .data = header->data, .at = KBUS_HEADER_FIXED, .swap = header->swap };
	struct field field;

	c.end = KBUS_HEADER_FIXED + kbus_load32(c.data + 12, c.swap);
	while (next_field(&c, &field) > 0)
		if (field.code == KBUS_FIELD_REPLY_SERIAL)
			return field.end - sizeof(uint32_t);
	return 0;
}

/**
 * kbus_header_renew() - write into a header what differs from message to message
 * @data: the header
 * @reply_at: where its reply serial is, 0 if it has none
 * @header: says the size of the body and the serials
 */
void kbus_header_renew(uint8_t *data, size_t reply_at, const struct kbus_header *header)
{
	kbus_store32(data + 4, header->body_size, header->swap);
	kbus_store32(data + 8, header->serial, header->swap);
	if (reply_at)
		kbus_store32(data + reply_at, header->reply_serial, header->swap);
}

/**
 * kbus_header_set_sender() - write the header anew, with this SENDER and without unknown fields
 * @header: as it was parsed
 * @sender: unique name of the sender, or %KBUS_DRIVER_NAME
 * @buffer: gets the new header; not where the old one is
 * @capacity: bytes at @buffer; @header->size + %KBUS_SENDER_ROOM are enough
 *
 * The body is unchanged and follows the new header as it followed the old one.
 *
 * Return: bytes of the new header, -ENOSPC if @buffer is too small, or -EMSGSIZE if the message
 * would be longer than D-Bus allows.
 */
ssize_t kbus_header_set_sender(const struct kbus_header *header, const char *sender,
			       void *buffer, size_t capacity)
{
	const size_t sender_size = strlen(sender);
	uint8_t *out = buffer;
	size_t at, size;

	if (sender_size > KBUS_NAME_MAX || header->size > capacity ||
	    capacity - header->size < KBUS_SENDER_ROOM)
		return -ENOSPC;
	memcpy(out, header->data, KBUS_HEADER_FIXED);
	if (header->sender || header->has_unknown) {
		at = copy_fields(header, out);
	} else {
		/* The fields stay as they are, and one more follows. */
		at = KBUS_HEADER_FIXED + kbus_load32(header->data + 12, header->swap);
		memcpy(out + KBUS_HEADER_FIXED, header->data + KBUS_HEADER_FIXED,
		       at - KBUS_HEADER_FIXED);
	}
	at = put_sender(out, at, sender, sender_size, header->swap);
	size = KBUS_ALIGN(at, 8);
	if (at - KBUS_HEADER_FIXED > KBUS_ARRAY_MAX ||
	    size + header->body_size > KBUS_MESSAGE_MAX)
		return -EMSGSIZE;
	kbus_store32(out + 12, at - KBUS_HEADER_FIXED, header->swap);
	memset(out + at, 0, size - at);
	return size;
}
