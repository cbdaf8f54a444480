/* SPDX-License-Identifier: GPL-2.0 */
/* match.h - which connections asked for a signal or a notification */
#ifndef KDBUS_MATCH_H
#define KDBUS_MATCH_H

#include <linux/mutex.h>
#include <linux/types.h>
#include <uapi/linux/kdbus.h>

#include "hashtab.h"
#include "subset.h"

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

/* Topics that need no key: everything, signals, five kinds of notification. */
#define KDBUS_MATCH_N_KINDS	7

/**
 * struct kdbus_match_topic - what entries can hang on
 * @node: link in the index's table; unused in those embedded there
 * @sets: the entries, by required bits; read under RCU, written under the
 *	index's lock
 * @n_entries: under the index's lock
 * @kind: number of the embedded topic that this one is a part of; set once
 * @by: which property is the key; set once
 * @id: the key if it is an id; set once
 * @rcu: for freeing
 * @name: the key if it is a name, else empty; set once
 */
struct kdbus_match_topic {
	struct kdbus_hashtab_node node;
	struct kdbus_subset_index sets;
	unsigned int n_entries;
	u8 kind;
	u8 by;
	u64 id;
	struct rcu_head rcu;
	char name[];
};

/**
 * struct kdbus_match_index - all matches of a bus
 * @lock: serialises writers; entries are allocated before it is taken
 * @bloom_size: size in bytes of the bus's bloom filters; set once
 * @seed: makes hashes unpredictable; set once
 * @census: owned, made with the first entry that has a bloom mask; under @lock
 * @topics: topics with a key; read under RCU, written under @lock
 * @any: topics without a key
 */
struct kdbus_match_index {
	struct mutex lock;
	size_t bloom_size;
	u32 seed;
	struct kdbus_subset_census *census;
	struct kdbus_hashtab topics;
	struct {
		struct kdbus_subset_index sets;
		unsigned int n_entries;
	} any[KDBUS_MATCH_N_KINDS];
};

/**
 * struct kdbus_match_owner - the matches of one connection
 * @entries: owned; RCU list, written under the index's lock
 * @n_entries: number of @entries; under the index's lock
 * @dead: takes no more entries; under the index's lock
 *
 * Embedded in the connection, which stays allocated for a grace period after
 * kdbus_match_drop().
 */
struct kdbus_match_owner {
	struct hlist_head entries;
	unsigned int n_entries;
	bool dead;
};

/**
 * struct kdbus_match_signal - a signal sent by a connection
 * @src_id: id of the sender
 * @dst_id: as sent: %KDBUS_DST_ID_BROADCAST, an id, or %KDBUS_DST_ID_NAME
 * @filter: borrowed, its data aligned to 8 bytes
 * @filter_size: bytes of @filter->data; equals the bus's bloom size
 * @sends_as: is the sender the primary owner of the well-known name?  Does not
 *	sleep
 * @each_name: calls @fn with each well-known name that the sender is the
 *	primary owner of.  Does not sleep
 * @ctx: for the callbacks
 */
struct kdbus_match_signal {
	u64 src_id;
	u64 dst_id;
	const struct kdbus_bloom_filter *filter;
	size_t filter_size;
	bool (*sends_as)(const struct kdbus_match_signal *sig, const char *name);
	void (*each_name)(const struct kdbus_match_signal *sig,
			  void (*fn)(const char *name, void *arg), void *arg);
	const void *ctx;
};

/**
 * struct kdbus_match_event - a broadcast notification
 * @type: item type, %KDBUS_ITEM_NAME_ADD to %KDBUS_ITEM_ID_REMOVE
 * @old_id: NAME_*: former owner or 0; ID_REMOVE: the id; ID_ADD: 0
 * @new_id: NAME_*: new owner or 0; ID_ADD: the id; ID_REMOVE: 0
 * @name: NAME_*: the name; ID_*: NULL
 */
struct kdbus_match_event {
	u64 type;
	u64 old_id;
	u64 new_id;
	const char *name;
};

typedef void (*kdbus_match_visit)(struct kdbus_match_owner *owner, void *ctx);

void kdbus_match_index_init(struct kdbus_match_index *index, size_t bloom_size);
void kdbus_match_index_deinit(struct kdbus_match_index *index);

void kdbus_match_owner_init(struct kdbus_match_owner *owner);
void kdbus_match_owner_deinit(struct kdbus_match_owner *owner);

int kdbus_match_add(struct kdbus_match_index *index, struct kdbus_match_owner *owner, u64 cookie,
		    const struct kdbus_item *items, size_t items_size, bool replace,
		    unsigned int max_entries);
int kdbus_match_remove(struct kdbus_match_index *index, struct kdbus_match_owner *owner,
		       u64 cookie);
void kdbus_match_drop(struct kdbus_match_index *index, struct kdbus_match_owner *owner);

bool kdbus_match_accepts_signal(const struct kdbus_match_owner *owner,
				const struct kdbus_match_signal *sig);
void kdbus_match_signal(const struct kdbus_match_index *index,
			const struct kdbus_match_signal *sig, kdbus_match_visit visit, void *ctx);
void kdbus_match_event(const struct kdbus_match_index *index,
		       const struct kdbus_match_event *ev, kdbus_match_visit visit, void *ctx);

#endif
