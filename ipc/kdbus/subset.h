/* SPDX-License-Identifier: GPL-2.0 */
/* Which of many small bit sets are contained in a given one? */
#ifndef KDBUS_SUBSET_H
#define KDBUS_SUBSET_H

#include <linux/types.h>

#include "hashtab.h"

/* Bits of a set.  Larger ones are folded before they come here (bloom.h). */
#define KDBUS_SUBSET_BITS	512
#define KDBUS_SUBSET_WORDS	(KDBUS_SUBSET_BITS / 64)

/**
 * DOC: subset index
 *
 * A broadcast carries some tens of bits, each of thousands of matches asks for
 * some of the 512; wanted are the matches whose bits are all there, without a
 * look at the others.
 *
 * Equal sets share one *group*, which holds the list of entries.  A group is
 * found by two of its bits: the first names a *bucket*; in the bucket is a *shelf*
 * for each word with a second bit, and on the shelf a *slot* for each such bit.  A
 * reader walks the buckets whose bit it has, ANDs one word for each shelf, and looks
 * at the slots whose bit it has.  Of 10,000 sets of random bits, a reader with 50
 * bits comes to (50 / 512)^2 of the slots, some 90, and leaves nearly all of them
 * after one look at a word that summarises what the groups there have in common.
 *
 * The choice of the two bits makes the difference.  Bits that very many sets
 * contain (those of an interface that everybody listens to) tell little and are
 * avoided.  A reader pays for each bucket and each shelf that it comes across, so
 * new ones are made only if the slots of those that are there fill up.  If there
 * is still a choice, it falls on the rarest bits.
 *
 * The first few groups of an index are just listed: most indices stay small.
 *
 * Readers hold the RCU read lock and write nothing.  Writers are serialised by
 * the user.  A full shelf is replaced by a larger one; removal leaves an empty
 * slot behind and needs no memory.
 */

/**
 * struct kdbus_bits - a set
 * @word: 512 bits, the lowest in @word[0]
 */
struct kdbus_bits {
	u64 word[KDBUS_SUBSET_WORDS];
};

/**
 * struct kdbus_subset_census - how common each bit is
 * @seed: makes hashes unpredictable; set once
 * @n_groups: groups counted in @count
 * @count: number of groups with that bit
 *
 * May be shared by several indices.  Under the user's lock.
 */
struct kdbus_subset_census {
	u32 seed;
	u32 n_groups;
	u32 count[KDBUS_SUBSET_BITS];
};

struct kdbus_subset_group;
struct kdbus_subset_root;

/**
 * struct kdbus_subset_index - a collection of sets
 * @few: the first groups, and the one of the empty set; RCU list
 * @root: buckets by their bit; read under RCU
 * @groups: all groups behind @root by content; only writers look
 * @n_few: groups in @few with at least one bit
 */
struct kdbus_subset_index {
	struct hlist_head few;
	struct kdbus_subset_root __rcu *root;
	struct kdbus_hashtab groups;
	unsigned int n_few;
};

/**
 * struct kdbus_subset_entry - what the user embeds in his objects
 * @link: link in the group's list; RCU
 * @group: borrowed, lives until its last entry is removed; under the user's
 *	lock
 */
struct kdbus_subset_entry {
	struct hlist_node link;
	struct kdbus_subset_group *group;
};

typedef void (*kdbus_subset_visit_fn)(struct kdbus_subset_entry *entry, void *ctx);

void kdbus_subset_init(struct kdbus_subset_index *index);
void kdbus_subset_deinit(struct kdbus_subset_index *index);
int kdbus_subset_add(struct kdbus_subset_index *index, struct kdbus_subset_census *census,
		     struct kdbus_subset_entry *entry, const struct kdbus_bits *bits);
void kdbus_subset_del(struct kdbus_subset_index *index, struct kdbus_subset_census *census,
		      struct kdbus_subset_entry *entry);
void kdbus_subset_visit(const struct kdbus_subset_index *index, const struct kdbus_bits *bits,
			kdbus_subset_visit_fn visit, void *ctx);

#endif
