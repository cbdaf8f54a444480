/* SPDX-License-Identifier: GPL-2.0 */
/* The groups of a subset index, found by two of their bits */
#ifndef KDBUS_BUCKET_H
#define KDBUS_BUCKET_H

#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/rculist.h>
#include <linux/types.h>

#include "hashtab.h"
#include "subset.h"

#define KDBUS_NO_BIT	UINT_MAX

/**
 * struct kdbus_subset_group - entries with equal sets
 * @link: link in a list of the index, of a bucket or of a slot
 * @summary: @bits, folded to one word; set once
 * @entries: RCU list, never empty
 * @bits: the set; set once
 * @node: link in the table of groups, unless listed in the index
 * @first: the bit of the bucket, %KDBUS_NO_BIT if listed in the index.  Set once
 * @second: the bit of the slot.  Set once
 * @rcu: for freeing
 */
struct kdbus_subset_group {
	struct hlist_node link;
	u64 summary;
	struct hlist_head entries;
	struct kdbus_bits bits;
	struct kdbus_hashtab_node node;
	unsigned int first;
	unsigned int second;
	struct rcu_head rcu;
};

/**
 * struct kdbus_subset_reader - a reader on its way
 * @bits: what it has
 * @missing: bits that no set in @bits has in its summary
 * @fn: called for each entry found
 * @ctx: for @fn
 */
struct kdbus_subset_reader {
	const struct kdbus_bits *bits;
	u64 missing;
	kdbus_subset_visit_fn fn;
	void *ctx;
};

/* The next set bit from @bit on, or %KDBUS_NO_BIT. */
static inline unsigned int kdbus_bits_next(const struct kdbus_bits *bits, unsigned int bit)
{
	while (bit < KDBUS_SUBSET_BITS) {
		u64 rest = bits->word[bit / 64] >> (bit % 64);

		if (rest)
			return bit + __ffs64(rest);
		bit = (bit / 64 + 1) * 64;
	}
	return KDBUS_NO_BIT;
}

static inline bool kdbus_bits_contain(const struct kdbus_bits *bits,
				      const struct kdbus_bits *subset)
{
	unsigned int i;

	for (i = 0; i < KDBUS_SUBSET_WORDS; i++)
		if (subset->word[i] & ~bits->word[i])
			return false;
	return true;
}

/**
 * kdbus_group_visit() - look at each group of a list
 * @visit: the reader
 * @head: the list; RCU
 *
 * Context: RCU read lock held.  Writes no shared memory.
 */
static __always_inline void kdbus_group_visit(const struct kdbus_subset_reader *visit,
					      const struct hlist_head *head)
{
	struct kdbus_subset_group *group;
	struct kdbus_subset_entry *entry;

	hlist_for_each_entry_rcu(group, head, link) {
		if (group->summary & visit->missing ||
		    !kdbus_bits_contain(visit->bits, &group->bits))
			continue;
		hlist_for_each_entry_rcu(entry, &group->entries, link)
			visit->fn(entry, visit->ctx);
	}
}

int kdbus_bucket_add(struct kdbus_subset_index *index, const struct kdbus_subset_census *census,
		     struct kdbus_subset_group *group);
void kdbus_bucket_del(struct kdbus_subset_index *index, struct kdbus_subset_group *group);
void kdbus_bucket_visit(const struct kdbus_subset_root *root,
			const struct kdbus_subset_reader *visit);

#endif
