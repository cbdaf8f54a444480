/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* matchset.h - the rules of one connection: find equal ones, does any want this message? */
#ifndef KBUS_MATCHSET_H
#define KBUS_MATCHSET_H

#include "match.h"

struct kbus_matchset;

/**
 * struct kbus_match_entry - a rule in a set
 * @next: next in the bucket of rules with the same member and first argument
 * @next_equal: next in the bucket of rules with the same hash
 * @match: the rule; owned
 * @cookie: names the rule at the kernel; unique in the set
 * @count: how often the same rule was added
 */
struct kbus_match_entry {
	struct kbus_match_entry *next;
	struct kbus_match_entry *next_equal;
	struct kbus_match *match;
	uint64_t cookie;
	unsigned int count;
};

int kbus_matchset_new(struct kbus_matchset **ret);
void kbus_matchset_free(struct kbus_matchset *set);
struct kbus_match_entry *kbus_matchset_find(const struct kbus_matchset *set,
					    const struct kbus_match *match);
int kbus_matchset_add(struct kbus_matchset *set, struct kbus_match *match, uint64_t cookie,
		      struct kbus_match_entry **ret);
void kbus_matchset_remove(struct kbus_matchset *set, struct kbus_match_entry *entry);
bool kbus_matchset_test(struct kbus_matchset *set, const struct kbus_match_message *message);
size_t kbus_matchset_count(const struct kbus_matchset *set);

#endif /* KBUS_MATCHSET_H */
