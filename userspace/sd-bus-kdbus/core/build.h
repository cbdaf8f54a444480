/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * build.h - make small messages
 *
 * First the body, value by value, then kbus_build() puts a header before it:
 *
 *	struct kbus_writer w = {};
 *
 *	kbus_put_string(&w, "hello");
 *	r = kbus_build(&w, &(struct kbus_fields){ .type = KBUS_METHOD_RETURN, .serial = 1,
 *			.reply_serial = call->serial, .destination = ":1.5", .signature = "s" },
 *		       &data, &size);
 *
 * The writer remembers its first error, so only kbus_build() needs to be checked.
 */
#ifndef KBUS_BUILD_H
#define KBUS_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "header.h"

#define KBUS_WRITER_DEPTH	8	/* containers in containers that a writer can make */

/**
 * struct kbus_writer - values being marshalled, in the byte order of this machine
 * @data: bytes so far; owned
 * @size: bytes at @data that are written
 * @capacity: bytes allocated at @data
 * @error: first thing that went wrong, -errno, or 0
 * @depth: arrays that are open
 * @array: for each of them, where its length stands and where its elements begin
 *
 * All zero is an empty writer. kbus_build() and kbus_writer_deinit() empty it.
 */
struct kbus_writer {
	uint8_t *data;
	size_t size;
	size_t capacity;
	int error;
	unsigned int depth;
	struct {
		size_t length_at;
		size_t start;
	} array[KBUS_WRITER_DEPTH];
};

/**
 * struct kbus_fields - what a header shall say
 * @type: &enum kbus_type
 * @flags: &enum kbus_flag
 * @serial: must not be 0
 * @reply_serial: call that is answered, or 0
 * @n_fds: descriptors that will go with the message
 * @path: these strings are borrowed for the time of the call; NULL leaves the field out
 * @interface: see @path
 * @member: see @path
 * @error_name: see @path
 * @destination: see @path
 * @sender: see @path
 * @signature: types that were put into the writer
 */
struct kbus_fields {
	uint8_t type;
	uint8_t flags;
	uint32_t serial;
	uint32_t reply_serial;
	uint32_t n_fds;
	const char *path;
	const char *interface;
	const char *member;
	const char *error_name;
	const char *destination;
	const char *sender;
	const char *signature;
};

void kbus_writer_deinit(struct kbus_writer *writer);
void kbus_put_byte(struct kbus_writer *writer, uint8_t value);
void kbus_put_bool(struct kbus_writer *writer, bool value);
void kbus_put_u32(struct kbus_writer *writer, uint32_t value);
void kbus_put_u64(struct kbus_writer *writer, uint64_t value);
void kbus_put_string(struct kbus_writer *writer, const char *value);
void kbus_put_signature(struct kbus_writer *writer, const char *value);
void kbus_put_array_open(struct kbus_writer *writer, char element);
void kbus_put_array_close(struct kbus_writer *writer);
void kbus_put_struct(struct kbus_writer *writer);
void kbus_put_bytes(struct kbus_writer *writer, const void *data, size_t size);

int kbus_build(struct kbus_writer *body, const struct kbus_fields *fields, uint8_t **ret_data,
	       size_t *ret_size);
int kbus_build_error(const struct kbus_fields *fields, const char *text, uint8_t **ret_data,
		     size_t *ret_size);

#endif /* KBUS_BUILD_H */
