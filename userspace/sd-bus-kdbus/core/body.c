// SPDX-License-Identifier: LGPL-2.1-or-later
/* body.c - the body of a D-Bus message: is it valid, and what are its values */
#include <errno.h>
#include <string.h>

#include "body.h"
#include "bytes.h"
#include "names.h"
#include "signature.h"

/*
 * A place in marshalled values. Whoever enters an array moves @end to the array's end for that
 * time, so that no element reaches beyond it.
 */
struct cursor {
	const uint8_t *data;
	size_t at;
	size_t end;
	unsigned int depth;
	bool swap;
};

/* Go on to a multiple of @alignment; what lies between must be 0. */
static int align(struct cursor *c, size_t alignment)
{
	size_t at = KBUS_ALIGN(c->at, alignment);

	if (at > c->end || !kbus_is_zero(c->data + c->at, at - c->at))
		return -EBADMSG;
	c->at = at;
	return 0;
}

static int get_u32(struct cursor *c, uint32_t *ret)
{
	if (align(c, 4) < 0 || c->end - c->at < 4)
		return -EBADMSG;
	*ret = kbus_load32(c->data + c->at, c->swap);
	c->at += 4;
	return 0;
}

static int get_text(struct cursor *c, const char **ret, size_t *ret_size)
{
	uint32_t size;

	if (get_u32(c, &size) < 0 || size >= c->end - c->at || c->data[c->at + size])
		return -EBADMSG;
	*ret = (const char *)c->data + c->at;
	*ret_size = size;
	c->at += size + 1;
	return 0;
}

static int get_signature(struct cursor *c, const char **ret, size_t *ret_size)
{
	size_t size;

	if (c->end - c->at < 2)
		return -EBADMSG;
	size = c->data[c->at];
	if (size + 2 > c->end - c->at || c->data[c->at + 1 + size])
		return -EBADMSG;
	*ret = (const char *)c->data + c->at + 1;
	*ret_size = size;
	c->at += size + 2;
	return 0;
}

static int check_value(struct cursor *c, const char *type, const char **ret_after);

/* Length of an array, and the padding before its elements. */
static int enter_array(struct cursor *c, char element, size_t *ret_end)
{
	uint32_t size;

	if (get_u32(c, &size) < 0 || size > KBUS_ARRAY_MAX ||
	    align(c, kbus_type_alignment(element)) < 0 || size > c->end - c->at)
		return -EBADMSG;
	*ret_end = c->at + size;
	return 0;
}

static int check_bools(struct cursor *c, size_t end)
{
	for (; c->at < end; c->at += 4)
		if (kbus_load32(c->data + c->at, c->swap) > 1)
			return -EBADMSG;
	return 0;
}

static int check_array(struct cursor *c, const char *element, const char **ret_after)
{
	const size_t fixed = kbus_type_size(*element), outer_end = c->end;
	const char *after;
	size_t end;

	if (enter_array(c, *element, &end) < 0)
		return -EBADMSG;
	*ret_after = element + kbus_type_length(element);
	if (fixed) {
		if ((end - c->at) % fixed)
			return -EBADMSG;
		if (*element == 'b')
			return check_bools(c, end);
		c->at = end;
		return 0;
	}
	c->end = end;
	while (c->at < end)
		if (check_value(c, element, &after) < 0)
			return -EBADMSG;
	c->end = outer_end;
	return 0;
}

/* A struct or an entry of a dict, whose signature goes on at @type. */
static int check_members(struct cursor *c, const char *type, const char **ret_after)
{
	if (align(c, 8) < 0)
		return -EBADMSG;
	while (*type != ')' && *type != '}')
		if (check_value(c, type, &type) < 0)
			return -EBADMSG;
	*ret_after = type + 1;
	return 0;
}

static int check_variant(struct cursor *c)
{
	const char *type;
	size_t size;

	if (get_signature(c, &type, &size) < 0 || !kbus_signature_is_single(type, size))
		return -EBADMSG;
	return check_value(c, type, &type);
}

static int check_container(struct cursor *c, const char *type, const char **ret_after)
{
	int r;

	if (c->depth >= KBUS_DEPTH_TOTAL)
		return -EBADMSG;
	c->depth++;
	if (*type == 'a') {
		r = check_array(c, type + 1, ret_after);
	} else if (*type == 'v') {
		*ret_after = type + 1;
		r = check_variant(c);
	} else {
		r = check_members(c, type + 1, ret_after);
	}
	c->depth--;
	return r;
}

static int check_fixed(struct cursor *c, char type, size_t size)
{
	if (align(c, size) < 0 || size > c->end - c->at)
		return -EBADMSG;
	if (type == 'b' && kbus_load32(c->data + c->at, c->swap) > 1)
		return -EBADMSG;
	c->at += size;
	return 0;
}

static bool is_string(char type)
{
	return type == 's' || type == 'o' || type == 'g';
}

/* A string, a path or a signature, checked; -EBADMSG also for other types. */
static int get_string(struct cursor *c, char type, const char **ret, size_t *ret_size)
{
	int r;

	if (!is_string(type))
		return -EBADMSG;
	r = type == 'g' ? get_signature(c, ret, ret_size) : get_text(c, ret, ret_size);
	if (r < 0)
		return r;
	if (type == 's')
		return kbus_utf8_is_valid(*ret, *ret_size) ? 0 : -EBADMSG;
	if (type == 'o')
		return kbus_path_is_valid(*ret, *ret_size) ? 0 : -EBADMSG;
	return kbus_signature_is_valid(*ret, *ret_size) ? 0 : -EBADMSG;
}

/* The value of the first complete type at @type; @ret_after is where the signature goes on. */
static int check_value(struct cursor *c, const char *type, const char **ret_after)
{
	const size_t fixed = kbus_type_size(*type);
	const char *text;
	size_t size;

	if (fixed) {
		*ret_after = type + 1;
		return check_fixed(c, *type, fixed);
	}
	if (!is_string(*type))
		return check_container(c, type, ret_after);
	*ret_after = type + 1;
	return get_string(c, *type, &text, &size);
}

/**
 * kbus_value_validate() - check one value
 * @type: valid signature, not empty; its first complete type counts
 * @data: where places count from
 * @size: bytes at @data
 * @at: where the value begins, before the padding that its alignment needs; at most @size
 * @swap: the other byte order
 * @ret_end: on success, where the value ends
 *
 * Return: 0 or -EBADMSG.
 */
int kbus_value_validate(const char *type, const void *data, size_t size, size_t at, bool swap,
			size_t *ret_end)
{
	struct cursor c = { .data = data, .at = at, .end = size, .swap = swap };
	const char *after;

	if (check_value(&c, type, &after) < 0)
		return -EBADMSG;
	*ret_end = c.at;
	return 0;
}

/**
 * kbus_body_validate() - check a body as a whole
 * @signature: its types; valid
 * @body: its bytes
 * @size: bytes at @body
 * @swap: the other byte order
 *
 * Return: 0, or -EBADMSG if a value is wrong, or values and bytes do not end together.
 */
int kbus_body_validate(const char *signature, const void *body, size_t size, bool swap)
{
	struct cursor c = { .data = body, .end = size, .swap = swap };

	while (*signature)
		if (check_value(&c, signature, &signature) < 0)
			return -EBADMSG;
	return c.at == size ? 0 : -EBADMSG;
}

/* What the functions above need to know of a reader. */
static struct cursor cursor_of(const struct kbus_reader *reader)
{
	return (struct cursor){ .data = reader->data, .at = reader->pos, .end = reader->size,
				.swap = reader->swap };
}

/**
 * kbus_reader_init() - read a body from its beginning
 * @reader: filled
 * @header: header of the message; its signature is borrowed
 * @body: @header->body_size bytes; borrowed
 */
void kbus_reader_init(struct kbus_reader *reader, const struct kbus_header *header,
		      const void *body)
{
	*reader = (struct kbus_reader){
		.data = body,
		.size = header->body_size,
		.signature = header->signature,
		.swap = header->swap,
	};
}

/**
 * kbus_read_u32() - read a number of 32 bits: types u, i, b, h
 * @reader: where to read; moved on success
 * @ret: written on success
 *
 * Return: 0, -ENXIO if another type comes next, or -EBADMSG if the bytes are wrong.
 */
int kbus_read_u32(struct kbus_reader *reader, uint32_t *ret)
{
	struct cursor c = cursor_of(reader);
	uint32_t value;

	if (!*reader->signature || !strchr("uibh", *reader->signature))
		return -ENXIO;
	if (get_u32(&c, &value) < 0 || (*reader->signature == 'b' && value > 1))
		return -EBADMSG;
	reader->pos = c.at;
	reader->signature++;
	*ret = value;
	return 0;
}

/**
 * kbus_read_string() - read a string, a path or a signature
 * @reader: where to read; moved on success
 * @ret: on success the text, which ends in a NUL; it lies in the body
 * @ret_size: its length; may be NULL
 *
 * Return: 0, -ENXIO if another type comes next, or -EBADMSG if the bytes are wrong.
 */
int kbus_read_string(struct kbus_reader *reader, const char **ret, size_t *ret_size)
{
	struct cursor c = cursor_of(reader);
	const char *text;
	size_t size;

	if (get_string(&c, *reader->signature, &text, &size) < 0)
		return is_string(*reader->signature) ? -EBADMSG : -ENXIO;
	reader->pos = c.at;
	reader->signature++;
	*ret = text;
	if (ret_size)
		*ret_size = size;
	return 0;
}

/**
 * kbus_read_array_open() - go into an array
 * @reader: where to read; on success before the first element
 * @array: filled on success, for the other two functions
 *
 * Then while kbus_read_array_next() says so, read one element; at the end kbus_read_array_close().
 *
 * Return: 0, -ENXIO if another type comes next, or -EBADMSG if the bytes are wrong.
 */
int kbus_read_array_open(struct kbus_reader *reader, struct kbus_array *array)
{
	struct cursor c = cursor_of(reader);

	if (*reader->signature != 'a')
		return -ENXIO;
	if (enter_array(&c, reader->signature[1], &array->end) < 0)
		return -EBADMSG;
	array->element = reader->signature + 1;
	array->after = array->element + kbus_type_length(array->element);
	reader->pos = c.at;
	return 0;
}

/**
 * kbus_read_array_next() - is there one more element?
 * @reader: where to read; expects the type of an element after this
 * @array: the array
 *
 * Return: true if there is.
 */
bool kbus_read_array_next(struct kbus_reader *reader, const struct kbus_array *array)
{
	reader->signature = array->element;
	return reader->pos < array->end;
}

/**
 * kbus_read_array_close() - leave an array
 * @reader: where to read; on success behind the array
 * @array: the array
 *
 * Return: 0, or -EBADMSG if the last element reached beyond the array's end.
 */
int kbus_read_array_close(struct kbus_reader *reader, const struct kbus_array *array)
{
	if (reader->pos > array->end)
		return -EBADMSG;
	reader->pos = array->end;
	reader->signature = array->after;
	return 0;
}

/**
 * kbus_read_struct_open() - go into a struct or an entry of a dict
 * @reader: where to read; on success before the first member
 *
 * Return: 0, -ENXIO if another type comes next, or -EBADMSG if the bytes are wrong.
 */
int kbus_read_struct_open(struct kbus_reader *reader)
{
	struct cursor c = cursor_of(reader);

	if (*reader->signature != '(' && *reader->signature != '{')
		return -ENXIO;
	if (align(&c, 8) < 0)
		return -EBADMSG;
	reader->pos = c.at;
	reader->signature++;
	return 0;
}

/**
 * kbus_read_struct_close() - leave a struct or an entry of a dict
 * @reader: where to read, behind the last member
 *
 * Return: 0, or -ENXIO if there are more members.
 */
int kbus_read_struct_close(struct kbus_reader *reader)
{
	if (*reader->signature != ')' && *reader->signature != '}')
		return -ENXIO;
	reader->signature++;
	return 0;
}

/**
 * kbus_read_skip() - pass over one value of any type
 * @reader: where to read; moved on success
 *
 * Return: 0, -ENXIO if there are no more values, or -EBADMSG if the bytes are wrong.
 */
int kbus_read_skip(struct kbus_reader *reader)
{
	struct cursor c = cursor_of(reader);
	const char *after;

	if (!*reader->signature || *reader->signature == ')' || *reader->signature == '}')
		return -ENXIO;
	if (check_value(&c, reader->signature, &after) < 0)
		return -EBADMSG;
	reader->pos = c.at;
	reader->signature = after;
	return 0;
}
