/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * match.h - match rules of D-Bus: parse one, test a message, tell the kernel
 */
#ifndef KBUS_MATCH_H
#define KBUS_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bloom.h"
#include "header.h"

#define KBUS_MATCH_TEXT_MAX	1024	/* bytes of a rule as text */
#define KBUS_MATCH_ARGS		64	/* arg0 to arg63 */

enum kbus_arg_kind {
	KBUS_ARG_EQUAL,		/* argN */
	KBUS_ARG_PATH,		/* argNpath */
	KBUS_ARG_NAMESPACE,	/* arg0namespace */
};

/**
 * struct kbus_match_arg - what a rule asks of one argument
 * @index: which one, 0 to 63
 * @kind: &enum kbus_arg_kind
 * @value: to compare with; in the rule's text
 */
struct kbus_match_arg {
	uint8_t index;
	uint8_t kind;
	const char *value;
};

/**
 * struct kbus_match - a match rule
 * @type: &enum kbus_type, or 0 for any
 * @sender: these are NULL for any; they lie in the memory of the rule
 * @interface: see @sender
 * @member: see @sender
 * @path: see @sender
 * @path_namespace: object whose whole tree is meant
 * @destination: see @sender
 * @n_args: entries at @args, ordered by index, then kind
 * @args: what is asked of arguments
 *
 * Made by kbus_match_parse(), read-only, one allocation.
 */
struct kbus_match {
	uint8_t type;
	const char *sender;
	const char *interface;
	const char *member;
	const char *path;
	const char *path_namespace;
	const char *destination;
	size_t n_args;
	struct kbus_match_arg args[];
};

/**
 * struct kbus_match_message - a message as rules see it
 * @header: borrowed
 * @body: borrowed; need not be valid beyond what can be read
 * @owns_name: does the sender own this well-known name? NULL: it owns none
 * @reaches: does whoever gets this message have this name, too, that the message does not say? NULL: no
 * @context: for @owns_name and @reaches
 * @kind: a number that two messages share only if their headers say the same, but for what changes from
 *	message to message; 0: nothing is known of that
 */
struct kbus_match_message {
	const struct kbus_header *header;
	const void *body;
	bool (*owns_name)(void *context, const char *name);
	bool (*reaches)(void *context, const char *name);
	void *context;
	uint64_t kind;
};

int kbus_match_parse(const char *text, size_t size, struct kbus_match **ret);
void kbus_match_free(struct kbus_match *match);
bool kbus_match_equal(const struct kbus_match *a, const struct kbus_match *b);
uint64_t kbus_match_hash(const struct kbus_match *match);
bool kbus_match_test(const struct kbus_match *match, const struct kbus_match_message *message);
bool kbus_match_test_again(const struct kbus_match *match,
			   const struct kbus_match_message *message);

/* Items for MATCH_ADD commands that let through what the rule wants, and a little more. */
#define KBUS_MATCH_ENTRIES	8	/* commands that one rule may need */
typedef int (*kbus_match_entry_fn)(void *context, const void *items, size_t size);
int kbus_match_translate(const struct kbus_match *match, const struct kbus_bloom *bloom,
			 kbus_match_entry_fn add, void *context);

#endif /* KBUS_MATCH_H */
