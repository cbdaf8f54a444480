/* SPDX-License-Identifier: GPL-2.0 */
/* Which connections asked for a signal or a notification */
#ifndef KDBUS_MATCH_H
#define KDBUS_MATCH_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include "hashtab.h"
#include "rule.h"
#include "subset.h"

struct kdbus_memo;

/**
 * DOC: match index
 *
 * A connection (here: an *owner*) has entries, each a list of rules.  An entry
 * is satisfied when all its rules are; a broadcast goes to the owners with a
 * satisfied entry.  Nothing may depend on how many others there are: so each
 * entry hangs on one *topic*, chosen from its rules such that whatever can
 * satisfy the entry has this topic, and most other things have not:
 *
 * - entries without rules: the topic of everything;
 * - for signals: the sender's id if a rule names one, else the sender's name,
 *   else the topic of all signals;
 * - for notifications: type and name, else type and id, else type.
 *
 * Within a topic, the bits that the entry's bloom masks require in any case
 * select further (subset.h).  What the index finds is a candidate; its rules
 * decide.
 *
 * Entries that no broadcast can satisfy (a rule for one receiver, rules of
 * contradicting kinds) hang on no topic.  They are found by their owner only.
 *
 * Writers hold one mutex per index.  Readers hold the RCU read lock, write
 * nothing, and may sleep nowhere.
 */

/**
 * struct kdbus_match_index - all matches of a bus
 * @lock: serialises writers
 * @bloom_size: size in bytes of the bus's bloom filters; set once
 * @seed: makes hashes unpredictable; set once
 * @n_changes: how often an entry came or went, from 1 on; read without lock, written under @lock
 * @census: owned, made with the first entry that has a bloom mask; under @lock
 * @topics: topics with a key; read under RCU, written under @lock
 * @any: entries on topics without a key, by kind; read under RCU, written under
 *	@lock
 */
struct kdbus_match_index {
	struct mutex lock;	/* writers */
	size_t bloom_size;
	u32 seed;
	unsigned long n_changes;
	struct kdbus_subset_census *census;
	struct kdbus_hashtab topics;
	struct kdbus_subset_index any[KDBUS_RULE_N_KINDS];
};

/**
 * struct kdbus_match_owner - the matches of one connection
 * @entries: owned; RCU list, written under the index's lock
 * @n_entries: number of @entries; under the index's lock
 * @dead: takes no more entries; under the index's lock
 * @bytes: size of the entries of all connections that share an account; NULL if it is not
 *	bounded.  Borrowed, set once before the first entry
 * @max_bytes: largest value of @bytes; set with it
 *
 * Embedded in the connection, which stays allocated for a grace period after
 * kdbus_match_drop().
 */
struct kdbus_match_owner {
	struct hlist_head entries;
	unsigned int n_entries;
	bool dead;
	atomic_t *bytes;
	unsigned int max_bytes;
};

typedef void (*kdbus_match_visit)(struct kdbus_match_owner *owner, void *ctx);

void kdbus_match_index_init(struct kdbus_match_index *index, size_t bloom_size);
void kdbus_match_index_deinit(struct kdbus_match_index *index);

void kdbus_match_owner_init(struct kdbus_match_owner *owner);
void kdbus_match_owner_deinit(struct kdbus_match_owner *owner);
void kdbus_match_owner_bound(struct kdbus_match_owner *owner, atomic_t *bytes,
			     unsigned int max_bytes);

int kdbus_match_add(struct kdbus_match_index *index, struct kdbus_match_owner *owner, u64 cookie,
		    const struct kdbus_item *items, size_t items_size, bool replace,
		    unsigned int max_entries);
int kdbus_match_remove(struct kdbus_match_index *index, struct kdbus_match_owner *owner,
		       u64 cookie);
void kdbus_match_drop(struct kdbus_match_index *index, struct kdbus_match_owner *owner);

bool kdbus_match_accepts_signal(const struct kdbus_match_owner *owner,
				const struct kdbus_match_signal *sig);
bool kdbus_match_is_crowded(const struct kdbus_match_index *index);
void kdbus_match_signal(const struct kdbus_match_index *index,
			const struct kdbus_match_signal *sig, struct kdbus_memo *memo,
			kdbus_match_visit visit, void *ctx);
void kdbus_match_event(const struct kdbus_match_index *index,
		       const struct kdbus_match_event *ev, kdbus_match_visit visit, void *ctx);

#endif
