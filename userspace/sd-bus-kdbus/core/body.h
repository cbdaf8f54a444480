/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* body.h - the body of a D-Bus message: is it valid, and what are its values */
#ifndef KBUS_BODY_H
#define KBUS_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "header.h"

/**
 * struct kbus_reader - a place in marshalled values
 * @data: first byte, borrowed; alignment counts from here, so it is a multiple of 8 in the message
 * @size: bytes at @data
 * @pos: bytes read
 * @signature: types that are still to be read; borrowed
 * @swap: values have the other byte order than this machine
 *
 * Plain data on the caller's stack. Reading checks bounds, types and strings, so bytes that nobody
 * validated can be read too.
 */
struct kbus_reader {
	const uint8_t *data;
	size_t size;
	size_t pos;
	const char *signature;
	bool swap;
};

/**
 * struct kbus_array - an array that is being read
 * @end: position in the reader where it ends
 * @element: signature of one element; borrowed
 * @after: signature that follows the array
 */
struct kbus_array {
	size_t end;
	const char *element;
	const char *after;
};

int kbus_value_validate(const char *type, const void *data, size_t size, size_t at, bool swap,
			size_t *ret_end);
int kbus_body_validate(const char *signature, const void *body, size_t size, bool swap);

void kbus_reader_init(struct kbus_reader *reader, const struct kbus_header *header,
		      const void *body);
int kbus_read_u32(struct kbus_reader *reader, uint32_t *ret);
int kbus_read_string(struct kbus_reader *reader, const char **ret, size_t *ret_size);
int kbus_read_array_open(struct kbus_reader *reader, struct kbus_array *array);
bool kbus_read_array_next(struct kbus_reader *reader, const struct kbus_array *array);
int kbus_read_array_close(struct kbus_reader *reader, const struct kbus_array *array);
int kbus_read_struct_open(struct kbus_reader *reader);
int kbus_read_struct_close(struct kbus_reader *reader);
int kbus_read_skip(struct kbus_reader *reader);

#endif /* KBUS_BODY_H */
