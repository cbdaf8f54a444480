/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * policy.h - who may send what to whom, down to interface and member
 */

/**
 * DOC: Exact policy
 *
 * The kernel knows who may talk to a name at all. What a D-Bus policy says beyond that (interface,
 * member, path, type, broadcasts, replies, and who may receive what) is decided by whoever receives the
 * message, from rules that the owner of the bus published as text. A line is a rule:
 *
 *     (allow|deny) (default|group ID|user ID|mandatory) [receive] [KEY=VALUE]...
 *
 * It is about sending, and its context is the sender's, or with "receive" about receiving, and its context
 * is the receiver's. Keys of both are interface, member, path, type, error, requested_reply, min_fds and
 * max_fds; of rules about sending also destination, prefix and broadcast; of rules about receiving also
 * sender. Contexts are taken in the order default, group, user, mandatory; within each, the order of lines
 * counts, and the last rule that fits decides. What no rule fits is denied.
 *
 * All replies that arrive were requested, since the kernel delivers no others. A rule that denies them
 * without "requested_reply=true" therefore fits none.
 */
#ifndef KBUS_POLICY_H
#define KBUS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "header.h"

struct kbus_policy;

/* What has to be judged, and by which rules; the others allow all of it. */
enum kbus_policy_need {
	KBUS_JUDGE_CALL		= 1 << 0,	/* calls, by rules about sending */
	KBUS_JUDGE_SIGNAL	= 1 << 1,	/* signals to one destination, likewise */
	KBUS_JUDGE_BROADCAST	= 1 << 2,	/* signals to all, likewise */
	KBUS_JUDGE_REPLY	= 1 << 3,	/* results and errors, likewise */
	KBUS_JUDGE_RECEIVE	= 1 << 4,	/* all of them, by rules about receiving */
	KBUS_JUDGE_SENDER_NAMES	= 1 << 5,	/* the latter ask for names of the sender */
};

/**
 * struct kbus_policy_party - one end of a message
 * @uid: user
 * @gids: all groups
 * @n_gids: entries at @gids
 */
struct kbus_policy_party {
	uint32_t uid;
	const uint32_t *gids;
	size_t n_gids;
};

/**
 * struct kbus_policy_question - may this message pass from one end to the other?
 * @header: of the message; its sender is true
 * @sender: who sent it
 * @receiver: who gets it
 * @names: well-known names of the receiver
 * @n_names: entries at @names
 * @sender_owns: does the sender own this well-known name?
 * @context: handed to @sender_owns
 *
 * All of it is borrowed.
 */
struct kbus_policy_question {
	const struct kbus_header *header;
	struct kbus_policy_party sender;
	struct kbus_policy_party receiver;
	const char *const *names;
	size_t n_names;
	bool (*sender_owns)(void *context, const char *name);
	void *context;
};

int kbus_policy_parse(const char *text, size_t size, struct kbus_policy **ret);
void kbus_policy_free(struct kbus_policy *policy);
unsigned int kbus_policy_needs(const struct kbus_policy *policy, const char *const *names,
			       size_t n_names);
enum kbus_policy_need kbus_policy_need_of(const struct kbus_header *header);
bool kbus_policy_may_send(const struct kbus_policy *policy,
			  const struct kbus_policy_question *question);
bool kbus_policy_may_receive(const struct kbus_policy *policy,
			     const struct kbus_policy_question *question);

#endif /* KBUS_POLICY_H */
