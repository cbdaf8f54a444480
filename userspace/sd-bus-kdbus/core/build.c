// SPDX-License-Identifier: LGPL-2.1-or-later
/* build.c - make small messages */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "bytes.h"
#include "names.h"
#include "signature.h"

/**
 * kbus_writer_deinit() - forget what was written
 * @writer: may be all zero
 */
void kbus_writer_deinit(struct kbus_writer *writer)
{
	free(writer->data);
	*writer = (struct kbus_writer){};
}

/* Room for @size bytes at a multiple of @alignment; the padding before it is 0. NULL on error. */
static uint8_t *extend(struct kbus_writer *w, size_t alignment, size_t size)
{
	size_t start = KBUS_ALIGN(w->size, alignment), capacity;
	uint8_t *data;

	if (w->error)
		return NULL;
	if (size > KBUS_MESSAGE_MAX || start + size > KBUS_MESSAGE_MAX) {
		w->error = -EMSGSIZE;
		return NULL;
	}
	if (start + size > w->capacity) {
		capacity = start + size < 128 ? 256 : 2 * (start + size);
		data = realloc(w->data, capacity);
		if (!data) {
			w->error = -ENOMEM;
			return NULL;
		}
		w->data = data;
		w->capacity = capacity;
	}
	if (start > w->size)
		memset(w->data + w->size, 0, start - w->size);
	w->size = start + size;
	return w->data + start;
}

/**
 * kbus_put_byte() - append a value of type y
 * @writer: where to
 * @value: what
 */
void kbus_put_byte(struct kbus_writer *writer, uint8_t value)
{
	kbus_put_bytes(writer, &value, 1);
}

/**
 * kbus_put_bool() - append a value of type b
 * @writer: where to
 * @value: what
 */
void kbus_put_bool(struct kbus_writer *writer, bool value)
{
	kbus_put_u32(writer, value);
}

/**
 * kbus_put_u32() - append a value of type u, i or h
 * @writer: where to
 * @value: what
 */
void kbus_put_u32(struct kbus_writer *writer, uint32_t value)
{
	uint8_t *p = extend(writer, 4, 4);

	if (p)
		memcpy(p, &value, 4);
}

/**
 * kbus_put_u64() - append a value of type t or x
 * @writer: where to
 * @value: what
 */
void kbus_put_u64(struct kbus_writer *writer, uint64_t value)
{
	uint8_t *p = extend(writer, 8, 8);

	if (p)
		memcpy(p, &value, 8);
}

/**
 * kbus_put_string() - append a value of type s or o
 * @writer: where to
 * @value: valid for its type; the writer does not check
 */
void kbus_put_string(struct kbus_writer *writer, const char *value)
{
	const size_t size = strlen(value);
	uint8_t *p;

	kbus_put_u32(writer, size);
	p = extend(writer, 1, size + 1);
	if (p)
		memcpy(p, value, size + 1);
}

/**
 * kbus_put_signature() - append a value of type g; before a value, this makes it a variant
 * @writer: where to
 * @value: valid signature
 */
void kbus_put_signature(struct kbus_writer *writer, const char *value)
{
	const size_t size = strlen(value);
	uint8_t *p;

	if (size > KBUS_SIGNATURE_MAX) {
		writer->error = writer->error ?: -EINVAL;
		return;
	}
	p = extend(writer, 1, size + 2);
	if (!p)
		return;
	p[0] = size;
	memcpy(p + 1, value, size + 1);
}

/**
 * kbus_put_array_open() - begin an array; what is put now are its elements
 * @writer: where to
 * @element: first character of an element's type
 */
void kbus_put_array_open(struct kbus_writer *writer, char element)
{
	uint8_t *p;

	if (writer->depth == KBUS_WRITER_DEPTH) {
		writer->error = writer->error ?: -EINVAL;
		return;
	}
	p = extend(writer, 4, 4);
	if (!p)
		return;
	writer->array[writer->depth].length_at = p - writer->data;
	extend(writer, kbus_type_alignment(element), 0);
	writer->array[writer->depth].start = writer->size;
	writer->depth++;
}

/**
 * kbus_put_array_close() - end the array that was begun last
 * @writer: where to
 */
void kbus_put_array_close(struct kbus_writer *writer)
{
	size_t size;

	if (writer->error)
		return;
	if (!writer->depth) {
		writer->error = -EINVAL;
		return;
	}
	writer->depth--;
	size = writer->size - writer->array[writer->depth].start;
	if (size > KBUS_ARRAY_MAX) {
		writer->error = -EMSGSIZE;
		return;
	}
	kbus_store32(writer->data + writer->array[writer->depth].length_at, size, false);
}

/**
 * kbus_put_struct() - begin a struct or an entry of a dict; its end needs no call
 * @writer: where to
 */
void kbus_put_struct(struct kbus_writer *writer)
{
	extend(writer, 8, 0);
}

/**
 * kbus_put_bytes() - append bytes as they are: an array of y, or values that are marshalled already
 * @writer: where to
 * @data: what
 * @size: bytes at @data
 */
void kbus_put_bytes(struct kbus_writer *writer, const void *data, size_t size)
{
	uint8_t *p = extend(writer, 1, size);

	if (p && size)
		memcpy(p, data, size);
}

/* Room for a field with @size bytes of value; NULL on error. */
static uint8_t *put_field(struct kbus_writer *w, enum kbus_field field, char type, size_t size)
{
	uint8_t *p = extend(w, 8, 4 + size);

	if (!p)
		return NULL;
	memcpy(p, (const uint8_t[]){ field, 1, type, 0 }, 4);
	return p + 4;
}

static void put_text(struct kbus_writer *w, enum kbus_field field, char type, const char *value)
{
	const size_t size = value ? strlen(value) : 0;
	uint8_t *p = value ? put_field(w, field, type, 4 + size + 1) : NULL;

	if (!p)
		return;
	kbus_store32(p, size, false);
	memcpy(p + 4, value, size + 1);
}

static void put_number(struct kbus_writer *w, enum kbus_field field, uint32_t value)
{
	uint8_t *p = value ? put_field(w, field, 'u', 4) : NULL;

	if (p)
		kbus_store32(p, value, false);
}

static void put_fields(struct kbus_writer *w, const struct kbus_fields *f)
{
	kbus_put_array_open(w, '(');
	put_text(w, KBUS_FIELD_PATH, 'o', f->path);
	put_text(w, KBUS_FIELD_INTERFACE, 's', f->interface);
	put_text(w, KBUS_FIELD_MEMBER, 's', f->member);
	put_text(w, KBUS_FIELD_ERROR_NAME, 's', f->error_name);
	put_number(w, KBUS_FIELD_REPLY_SERIAL, f->reply_serial);
	put_text(w, KBUS_FIELD_DESTINATION, 's', f->destination);
	put_text(w, KBUS_FIELD_SENDER, 's', f->sender);
	if (f->signature && *f->signature) {
		put_field(w, KBUS_FIELD_SIGNATURE, 'g', 0);
		kbus_put_signature(w, f->signature);
	}
	put_number(w, KBUS_FIELD_UNIX_FDS, f->n_fds);
	kbus_put_array_close(w);
	kbus_put_struct(w);
}

/**
 * kbus_build() - make a message of a header and the values of a writer
 * @body: values that fit @fields->signature; empty afterwards, also on error. May be NULL
 * @fields: what the header shall say
 * @ret_data: the message, for free(); written on success
 * @ret_size: bytes at @ret_data
 *
 * Return: 0, the writer's first error, -EINVAL if an array is open or the serial is 0, -EMSGSIZE
 * or -ENOMEM.
 */
int kbus_build(struct kbus_writer *body, const struct kbus_fields *fields, uint8_t **ret_data,
	       size_t *ret_size)
{
	struct kbus_writer none = {}, w = {};

	body = body ?: &none;
	if (body->depth || !fields->serial)
		body->error = body->error ?: -EINVAL;
	w.error = body->error;
	kbus_put_bytes(&w, (const uint8_t[]){ kbus_order_mark(false), fields->type,
					      fields->flags, 1 }, 4);
	kbus_put_u32(&w, body->size);
	kbus_put_u32(&w, fields->serial);
	put_fields(&w, fields);
	kbus_put_bytes(&w, body->data, body->size);
	kbus_writer_deinit(body);
	if (w.error) {
		int r = w.error;

		kbus_writer_deinit(&w);
		return r;
	}
	*ret_data = w.data;
	*ret_size = w.size;
	return 0;
}

/**
 * kbus_build_error() - make an error message with a text
 * @fields: what the header shall say, @error_name and @reply_serial among it; type and signature are
 *	set here
 * @text: for humans
 * @ret_data: see kbus_build()
 * @ret_size: see kbus_build()
 *
 * Return: as kbus_build().
 */
int kbus_build_error(const struct kbus_fields *fields, const char *text, uint8_t **ret_data,
		     size_t *ret_size)
{
	struct kbus_fields f = *fields;
	struct kbus_writer w = {};

	f.type = KBUS_ERROR;
	f.signature = "s";
	kbus_put_string(&w, text);
	return kbus_build(&w, &f, ret_data, ret_size);
}
