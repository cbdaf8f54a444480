/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * header.h - the header of a D-Bus message: read it in place, rewrite who sent it
 *
 * A message is a header and a body. The header ends on a multiple of 8, so the two may lie apart
 * in memory, and whoever changes the header needs no copy of the body.
 */
#ifndef KBUS_HEADER_H
#define KBUS_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define KBUS_HEADER_FIXED	16		/* bytes that tell how long the message is */
#define KBUS_ARRAY_MAX		(64UL << 20)	/* bytes of an array, and of the header's fields */
#define KBUS_MESSAGE_MAX	(128UL << 20)	/* bytes of a message, header and body */

enum kbus_type {
	KBUS_METHOD_CALL	= 1,
	KBUS_METHOD_RETURN	= 2,
	KBUS_ERROR		= 3,
	KBUS_SIGNAL		= 4,
};

enum kbus_flag {
	KBUS_NO_REPLY_EXPECTED	= 1,
	KBUS_NO_AUTO_START	= 2,
	KBUS_ALLOW_INTERACTIVE	= 4,
};

enum kbus_field {
	KBUS_FIELD_PATH		= 1,
	KBUS_FIELD_INTERFACE	= 2,
	KBUS_FIELD_MEMBER	= 3,
	KBUS_FIELD_ERROR_NAME	= 4,
	KBUS_FIELD_REPLY_SERIAL	= 5,
	KBUS_FIELD_DESTINATION	= 6,
	KBUS_FIELD_SENDER	= 7,
	KBUS_FIELD_SIGNATURE	= 8,
	KBUS_FIELD_UNIX_FDS	= 9,
	KBUS_FIELD_LAST		= KBUS_FIELD_UNIX_FDS,
};

/**
 * struct kbus_header - what the header of a message says
 * @data: the header's bytes; borrowed, the strings below lie in it
 * @size: bytes at @data that belong to the header, a multiple of 8
 * @body_size: bytes of the body that follows
 * @swap: the message has the other byte order than this machine
 * @type: &enum kbus_type, or a type of the future
 * @flags: &enum kbus_flag, unknown bits as they were
 * @serial: the sender's number for this message, never 0
 * @reply_serial: number of the call that this answers, or 0
 * @n_fds: descriptors that belong to the message
 * @has_unknown: there are fields that the specification does not know
 * @path: object, or NULL
 * @interface: or NULL
 * @member: method or signal, or NULL
 * @error_name: or NULL
 * @destination: bus name, or NULL
 * @sender: bus name that the sender claims, or NULL
 * @signature: types of the body; "" if there is none, never NULL
 *
 * Plain data. Strings end in a NUL and obey the rules of names.h, unless they were only scanned; the
 * fields that @type needs are there.
 */
struct kbus_header {
	const uint8_t *data;
	size_t size;
	size_t body_size;
	bool swap;
	bool has_unknown;
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

/* Bytes that kbus_header_set_sender() may add to a header. */
#define KBUS_SENDER_ROOM	280

int kbus_message_size(const uint8_t fixed[KBUS_HEADER_FIXED], size_t *ret_header_size,
		      size_t *ret_size);
int kbus_header_parse(struct kbus_header *header, const void *data, size_t size);
int kbus_header_scan(struct kbus_header *header, const void *data, size_t size);
size_t kbus_header_reply_at(const struct kbus_header *header);
void kbus_header_renew(uint8_t *data, size_t reply_at, const struct kbus_header *header);
ssize_t kbus_header_set_sender(const struct kbus_header *header, const char *sender,
			       void *buffer, size_t capacity);

#endif /* KBUS_HEADER_H */
