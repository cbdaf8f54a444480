/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * repeat.h - headers that say what the last one said
 */

/**
 * DOC: Repeated headers
 *
 * Who calls a method once calls it again, all replies to one client look alike, and signals come from
 * few objects. So a header is compared with the last one on the same way first. If all of it but serial,
 * reply serial and size of the body is the same, it is as valid as that one was, and its strings lie at
 * the same places. Such a message of the client goes the same way again, with the header that the kernel
 * got last time, in which only these three change, and a short body in one piece with it. If it
 * is a broadcast, the bits that its header sets in the filter are remembered too. A signal that arrives
 * with the header of the last one is first shown to the rule that wanted that one, of which only what the
 * rule asks of arguments, and of the sender's names, is looked at.
 */
#ifndef KBUS_REPEAT_H
#define KBUS_REPEAT_H

#include "header.h"

#define KBUS_REPEAT_MAX	384	/* bytes of a header that is remembered */

/**
 * struct kbus_repeat - the last header of one way; all zero is none
 * @bytes: the header
 * @header: what was read there; its strings lie in @bytes, @header.size is 0 if there is none
 * @reply_at: where the reply serial is in @bytes, or 0
 * @kind: a number that successive headers share if they say the same; never 0 after the first one
 *
 * Not to be copied. For either kbus_repeat_parse() or kbus_repeat_scan(), not for both.
 */
struct kbus_repeat {
	uint8_t bytes[KBUS_REPEAT_MAX] __attribute__((aligned(8)));
	struct kbus_header header;
	size_t reply_at;
	uint64_t kind;
};

/**
 * struct kbus_news - what is new in a header that says the same as the last one
 * @body_size: bytes of the body that follows
 * @serial: number of the message, never 0
 * @reply_serial: number of the call that it answers, 0 if it answers none
 */
struct kbus_news {
	size_t body_size;
	uint32_t serial;
	uint32_t reply_serial;
};

bool kbus_repeat_again(const struct kbus_repeat *last, const uint8_t *data, size_t size,
		       struct kbus_news *news);
int kbus_repeat_parse(struct kbus_repeat *last, struct kbus_header *header, const void *data,
		      size_t size);
int kbus_repeat_scan(struct kbus_repeat *last, struct kbus_header *header, const void *data,
		     size_t size);

#endif /* KBUS_REPEAT_H */
