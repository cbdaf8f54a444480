// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * matchset.c - the rules of one connection
 *
 * A program may have thousands of rules that differ in the member or in the first argument only, so
 * that a message must not be tested against each. Rules lie in buckets by member and arg0, with NULL
 * for those that do not ask; a message looks into the four buckets that can hold its rules, if there are
 * rules of that kind.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "matchset.h"

#define BUCKETS_MIN	16

/**
 * struct kbus_matchset - rules
 * @by_content: buckets by member and arg0, linked by next
 * @by_hash: buckets by the hash of the whole rule, linked by next_equal
 * @n_buckets: entries of both arrays, a power of two
 * @count: rules, equal ones once
 * @n_kinds: rules that ask for no member or for one, and for no arg0 or for one
 * @recent: the rule that wanted the last message that any wanted, NULL after a rule was removed
 * @recent_kind: kind of that message
 */
struct kbus_matchset {
	struct kbus_match_entry **by_content;
	struct kbus_match_entry **by_hash;
	size_t n_buckets;
	size_t count;
	size_t n_kinds[2][2];
	const struct kbus_match_entry *recent;
	uint64_t recent_kind;
};

static uint64_t hash_step(uint64_t hash, const char *text)
{
	for (; text && *text; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3ULL;
	return (hash ^ (text ? 1 : 2)) * 0x100000001b3ULL;
}

static size_t content_bucket(const struct kbus_matchset *set, const char *member,
			     const char *arg0)
{
	uint64_t hash = hash_step(hash_step(0xcbf29ce484222325ULL, member), arg0);

	return (hash ^ hash >> 32) & (set->n_buckets - 1);
}

static size_t hash_bucket(const struct kbus_matchset *set, const struct kbus_match *match)
{
	uint64_t hash = kbus_match_hash(match);

	return (hash ^ hash >> 32) & (set->n_buckets - 1);
}

static const char *arg0_of_rule(const struct kbus_match *match)
{
	if (match->n_args && match->args[0].index == 0 && match->args[0].kind == KBUS_ARG_EQUAL)
		return match->args[0].value;
	return NULL;
}

static size_t *count_of_kind(struct kbus_matchset *set, const struct kbus_match *match)
{
	return &set->n_kinds[match->member != NULL][arg0_of_rule(match) != NULL];
}

static void link_entry(struct kbus_matchset *set, struct kbus_match_entry *entry)
{
	const struct kbus_match *m = entry->match;
	struct kbus_match_entry **content, **hash;

	content = &set->by_content[content_bucket(set, m->member, arg0_of_rule(m))];
	hash = &set->by_hash[hash_bucket(set, m)];
	entry->next = *content;
	*content = entry;
	entry->next_equal = *hash;
	*hash = entry;
}

static int allocate(struct kbus_matchset *set, size_t n)
{
	set->by_content = calloc(n, sizeof(*set->by_content));
	set->by_hash = calloc(n, sizeof(*set->by_hash));
	if (!set->by_content || !set->by_hash) {
		free(set->by_content);
		free(set->by_hash);
		return -ENOMEM;
	}
	set->n_buckets = n;
	return 0;
}

/* Twice the buckets. Without memory for that the set only gets slower. */
static void grow(struct kbus_matchset *set)
{
	struct kbus_matchset old = *set;
	struct kbus_match_entry *entry, *next;
	size_t i;

	if (allocate(set, 2 * old.n_buckets) < 0) {
		*set = old;
		return;
	}
	for (i = 0; i < old.n_buckets; i++) {
		for (entry = old.by_content[i]; entry; entry = next) {
			next = entry->next;
			link_entry(set, entry);
		}
	}
	free(old.by_content);
	free(old.by_hash);
}

/**
 * kbus_matchset_new() - an empty set
 * @ret: the set, for kbus_matchset_free(); written on success
 *
 * Return: 0 or -ENOMEM.
 */
int kbus_matchset_new(struct kbus_matchset **ret)
{
	struct kbus_matchset *set = calloc(1, sizeof(*set));

	if (!set)
		return -ENOMEM;
	if (allocate(set, BUCKETS_MIN) < 0) {
		free(set);
		return -ENOMEM;
	}
	*ret = set;
	return 0;
}

/**
 * kbus_matchset_free() - forget a set and its rules
 * @set: the set, or NULL
 */
void kbus_matchset_free(struct kbus_matchset *set)
{
	struct kbus_match_entry *entry, *next;
	size_t i;

	if (!set)
		return;
	for (i = 0; i < set->n_buckets; i++) {
		for (entry = set->by_content[i]; entry; entry = next) {
			next = entry->next;
			kbus_match_free(entry->match);
			free(entry);
		}
	}
	free(set->by_content);
	free(set->by_hash);
	free(set);
}

/**
 * kbus_matchset_find() - the entry of an equal rule
 * @set: the set
 * @match: what to look for
 *
 * Return: the entry, which stays the set's, or NULL.
 */
struct kbus_match_entry *kbus_matchset_find(const struct kbus_matchset *set,
					    const struct kbus_match *match)
{
	struct kbus_match_entry *entry;

	for (entry = set->by_hash[hash_bucket(set, match)]; entry; entry = entry->next_equal)
		if (kbus_match_equal(entry->match, match))
			return entry;
	return NULL;
}

/**
 * kbus_matchset_add() - put a rule into the set, of which it has no equal one
 * @set: the set
 * @match: the rule; the set's from now on, if this succeeds
 * @cookie: what it is called at the kernel
 * @ret: the entry, with a count of 1; may be NULL
 *
 * Return: 0 or -ENOMEM.
 */
int kbus_matchset_add(struct kbus_matchset *set, struct kbus_match *match, uint64_t cookie,
		      struct kbus_match_entry **ret)
{
	struct kbus_match_entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	*entry = (struct kbus_match_entry){ .match = match, .cookie = cookie, .count = 1 };
	if (set->count >= set->n_buckets)
		grow(set);
	link_entry(set, entry);
	set->count++;
	++*count_of_kind(set, match);
	if (ret)
		*ret = entry;
	return 0;
}

/**
 * kbus_matchset_remove() - take a rule out of the set and forget it, whatever its count
 * @set: the set
 * @entry: an entry of it; freed
 */
void kbus_matchset_remove(struct kbus_matchset *set, struct kbus_match_entry *entry)
{
	const struct kbus_match *m = entry->match;
	struct kbus_match_entry **link;

	link = &set->by_content[content_bucket(set, m->member, arg0_of_rule(m))];
	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	link = &set->by_hash[hash_bucket(set, m)];
	while (*link != entry)
		link = &(*link)->next_equal;
	*link = entry->next_equal;
	set->count--;
	set->recent = NULL;
	--*count_of_kind(set, m);
	kbus_match_free(entry->match);
	free(entry);
}

static bool test_bucket(struct kbus_matchset *set, const char *member, const char *arg0,
			const struct kbus_match_message *message)
{
	struct kbus_match_entry *entry;

	if (!set->n_kinds[member != NULL][arg0 != NULL])
		return false;
	entry = set->by_content[content_bucket(set, member, arg0)];
	for (; entry; entry = entry->next) {
		if (!kbus_match_test(entry->match, message))
			continue;
		set->recent = entry;
		set->recent_kind = message->kind;
		return true;
	}
	return false;
}

/**
 * kbus_matchset_test() - does any rule want this message?
 * @set: the set
 * @message: the message
 *
 * Of signals from one object the same rule wants one after the other, and with the same header only the
 * arguments can be a reason why not.
 *
 * Return: true if one does.
 */
bool kbus_matchset_test(struct kbus_matchset *set, const struct kbus_match_message *message)
{
	const char *member = message->header->member, *arg0 = NULL;
	struct kbus_reader reader;

	if (message->kind && set->recent && set->recent_kind == message->kind &&
	    kbus_match_test_again(set->recent->match, message))
		return true;
	if ((set->n_kinds[0][1] || set->n_kinds[1][1]) && *message->header->signature == 's') {
		kbus_reader_init(&reader, message->header, message->body);
		kbus_read_string(&reader, &arg0, NULL);
	}
	return test_bucket(set, NULL, NULL, message) ||
	       (member && test_bucket(set, member, NULL, message)) ||
	       (arg0 && test_bucket(set, NULL, arg0, message)) ||
	       (member && arg0 && test_bucket(set, member, arg0, message));
}

/**
 * kbus_matchset_count() - how many different rules there are
 * @set: the set
 *
 * Return: the number.
 */
size_t kbus_matchset_count(const struct kbus_matchset *set)
{
	return set->count;
}
