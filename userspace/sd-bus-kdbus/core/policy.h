/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * policy.h - who may send what to a name, down to interface and member
 */

/**
 * DOC: Exact policy
 *
 * The kernel knows who may talk to a name at all. What a D-Bus policy says beyond that (interface,
 * member, path, type) is decided by whoever receives the message, from rules that the owner of the
 * bus published as text. A line is a rule:
 *
 *     (allow|deny) (default|group ID|user ID|mandatory) [KEY=VALUE]...
 *
 * with the keys destination, prefix, interface, member, path, type, error, min_fds and max_fds.
 * Contexts are taken in the order default, group, user, mandatory; within each, the order of lines
 * counts, and the last rule that fits decides. What no rule fits is denied.
 */
#ifndef KBUS_POLICY_H
#define KBUS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "header.h"

struct kbus_policy;

/**
 * struct kbus_policy_question - may this sender send this message to the owner of these names?
 * @header: of the message, which is not a reply
 * @names: well-known names of the receiver
 * @n_names: entries at @names
 * @uid: user of the sender
 * @gids: all groups of the sender
 * @n_gids: entries at @gids
 *
 * All of it is borrowed.
 */
struct kbus_policy_question {
	const struct kbus_header *header;
	const char *const *names;
	size_t n_names;
	uint32_t uid;
	const uint32_t *gids;
	size_t n_gids;
};

int kbus_policy_parse(const char *text, size_t size, struct kbus_policy **ret);
void kbus_policy_free(struct kbus_policy *policy);
bool kbus_policy_is_fine(const struct kbus_policy *policy, const char *name);
bool kbus_policy_allows(const struct kbus_policy *policy,
			const struct kbus_policy_question *question);

#endif /* KBUS_POLICY_H */
