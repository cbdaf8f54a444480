// SPDX-License-Identifier: GPL-2.0
/* Which of many small bit sets are contained in a given one? */

#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/jhash.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "subset.h"

/* Groups that are listed before buckets are made. */
#define MAX_FEW			8

/*
 * A bucket with this many groups is full: others are preferred.  Its sparse array
 * just fits in a page.
 */
#define BUCKET_FULL		160

/* A bit is common if more than one in this many groups has it, and some do. */
#define COMMON_SHARE		8
#define COMMON_MIN		8

#define NO_BIT			UINT_MAX

/**
 * struct slot - element of a sparse array
 * @head: what is there; RCU list
 * @n: how many; for writers
 */
struct slot {
	struct hlist_head head;
	unsigned int n;
};

/**
 * struct kdbus_subset_sparse - array of 512, of which only some are there
 * @rcu: for freeing
 * @n_used: slots that are not empty; for writers
 * @rank: number of slots before the first one of each word
 * @present: which slots there are
 * @slot: those, packed; behind @common
 * @common: for each slot, bits of the summary of all that is there, maybe not
 *	all such bits.  Spares most readers a look at the slot
 *
 * @rank, @present and @slot are set once: another slot makes another array.
 */
struct kdbus_subset_sparse {
	struct rcu_head rcu;
	unsigned int n_used;
	u16 rank[KDBUS_SUBSET_WORDS];
	u64 present[KDBUS_SUBSET_WORDS];
	struct slot *slot;
	u64 common[];
};

/**
 * struct bucket - groups with a common bit
 * @link: link in the slot of the root
 * @bit: the bit; set once
 * @single: groups that have no other bit; RCU list
 * @by_second: groups by another one of their bits
 * @n_groups: for writers
 * @rcu: for freeing
 */
struct bucket {
	struct hlist_node link;
	unsigned int bit;
	struct hlist_head single;
	struct kdbus_subset_sparse __rcu *by_second;
	unsigned int n_groups;
	struct rcu_head rcu;
};

/**
 * struct kdbus_subset_group - entries with equal sets
 * @link: link in a list of the index, of a bucket or of a slot
 * @summary: @bits, folded to one word; set once
 * @entries: RCU list, never empty
 * @bits: the set; set once
 * @node: link in the table of groups, unless listed in the index
 * @bucket: borrowed, lives as long as it has groups; NULL if listed in the
 *	index.  Set once
 * @second: slot in the bucket, %NO_BIT if listed there.  Set once
 * @rcu: for freeing
 */
struct kdbus_subset_group {
	struct hlist_node link;
	u64 summary;
	struct hlist_head entries;
	struct kdbus_bits bits;
	struct kdbus_hashtab_node node;
	struct bucket *bucket;
	unsigned int second;
	struct rcu_head rcu;
};

static u64 bits_summary(const struct kdbus_bits *bits)
{
	u64 summary = 0;
	unsigned int i;

	for (i = 0; i < KDBUS_SUBSET_WORDS; i++)
		summary |= bits->word[i];
	return summary;
}

static bool bits_contain(const struct kdbus_bits *bits, const struct kdbus_bits *subset)
{
	unsigned int i;

	for (i = 0; i < KDBUS_SUBSET_WORDS; i++)
		if (subset->word[i] & ~bits->word[i])
			return false;
	return true;
}

/* The next set bit from @bit on, or %NO_BIT. */
static unsigned int bits_next(const struct kdbus_bits *bits, unsigned int bit)
{
	while (bit < KDBUS_SUBSET_BITS) {
		u64 rest = bits->word[bit / 64] >> (bit % 64);

		if (rest)
			return bit + __ffs64(rest);
		bit = (bit / 64 + 1) * 64;
	}
	return NO_BIT;
}

/* Sparse arrays */

/* Where the slot of a present bit is, given the mask of all bits below it in its word. */
static size_t sparse_index(const struct kdbus_subset_sparse *sparse, unsigned int word, u64 below)
{
	return sparse->rank[word] + (size_t)hweight64(sparse->present[word] & below);
}

static struct slot *sparse_find(struct kdbus_subset_sparse *sparse, unsigned int bit)
{
	u64 mask = BIT_ULL(bit % 64);

	if (!sparse || !(sparse->present[bit / 64] & mask))
		return NULL;
	return &sparse->slot[sparse_index(sparse, bit / 64, mask - 1)];
}

/* The old array's slots that are in use, and an empty one for @bit. */
static struct kdbus_subset_sparse *sparse_grown(struct kdbus_subset_sparse *old, unsigned int bit)
{
	unsigned int n_slots = (old ? old->n_used : 0) + 1;
	struct kdbus_subset_sparse *new;
	unsigned int n = 0;
	unsigned int i;

	new = kzalloc(struct_size(new, common, n_slots) + n_slots * sizeof(*new->slot),
		      GFP_KERNEL_ACCOUNT);
	if (!new)
		return NULL;

	new->slot = (struct slot *)&new->common[n_slots];
	new->n_used = n_slots - 1;
	for (i = 0; i < KDBUS_SUBSET_BITS; i++) {
		struct slot *slot = sparse_find(old, i);

		if (i % 64 == 0)
			new->rank[i / 64] = n;
		if (i != bit && !(slot && slot->n))
			continue;
		new->present[i / 64] |= BIT_ULL(i % 64);
		if (slot) {
			new->slot[n] = *slot;
			new->common[n] = old->common[slot - old->slot];
		}
		n++;
	}
	return new;
}

/*
 * Find or make a slot.  Readers of the old array see all that was there; what is
 * removed while they read stays allocated for them.
 */
static struct slot *sparse_get(struct kdbus_subset_sparse __rcu **where, unsigned int bit)
{
	struct kdbus_subset_sparse *old = rcu_dereference_protected(*where, true);
	struct kdbus_subset_sparse *new;
	struct slot *slot = sparse_find(old, bit);
	unsigned int i;

	if (slot)
		return slot;

	new = sparse_grown(old, bit);
	if (!new)
		return NULL;

	rcu_assign_pointer(*where, new);
	/* One slot is the new, empty one. */
	for (i = 0; i < new->n_used + 1; i++)
		if (new->slot[i].head.first)
			new->slot[i].head.first->pprev = &new->slot[i].head.first;
	if (old)
		kfree_rcu(old, rcu);

	return sparse_find(new, bit);
}

/* Readers who see the link have to see @common without what it lacks. */
static void sparse_fill(struct kdbus_subset_sparse __rcu **where, struct slot *slot,
			struct hlist_node *link, u64 summary)
{
	struct kdbus_subset_sparse *sparse = rcu_dereference_protected(*where, true);
	u64 *common = &sparse->common[slot - sparse->slot];

	if (!slot->n++) {
		sparse->n_used++;
		WRITE_ONCE(*common, summary);
	} else {
		WRITE_ONCE(*common, *common & summary);
	}
	hlist_add_head_rcu(link, &slot->head);
}

/* A slot may stay empty, but not all of them. */
static void sparse_prune(struct kdbus_subset_sparse __rcu **where)
{
	struct kdbus_subset_sparse *sparse = rcu_dereference_protected(*where, true);

	if (!sparse || sparse->n_used)
		return;
	RCU_INIT_POINTER(*where, NULL);
	kfree_rcu(sparse, rcu);
}

static void sparse_take(struct kdbus_subset_sparse __rcu **where, unsigned int bit,
			struct hlist_node *link)
{
	struct kdbus_subset_sparse *sparse = rcu_dereference_protected(*where, true);
	struct slot *slot = sparse_find(sparse, bit);

	hlist_del_rcu(link);
	if (!--slot->n)
		sparse->n_used--;
	sparse_prune(where);
}

/* Choice of bits */

static bool bit_is_common(const struct kdbus_subset_census *census, unsigned int bit)
{
	return census->count[bit] > max_t(u32, COMMON_MIN, census->n_groups / COMMON_SHARE);
}

static struct bucket *bucket_find(struct kdbus_subset_index *index, unsigned int bit)
{
	struct slot *slot = sparse_find(rcu_dereference_protected(index->root, true), bit);

	return slot && slot->n ? hlist_entry(slot->head.first, struct bucket, link) : NULL;
}

/* Fullest bucket that is not full; if all are, the least full. */
static bool is_better_load(unsigned int load, unsigned int best)
{
	if (load < BUCKET_FULL && best < BUCKET_FULL)
		return load > best;
	return load < best;
}

static unsigned int choose_first(struct kdbus_subset_index *index,
				 const struct kdbus_subset_census *census,
				 const struct kdbus_bits *bits)
{
	unsigned int best = NO_BIT, best_load = 0, bit;
	bool best_common = false;

	for (bit = bits_next(bits, 0); bit != NO_BIT; bit = bits_next(bits, bit + 1)) {
		const struct bucket *bucket = bucket_find(index, bit);
		unsigned int load = bucket ? bucket->n_groups : 0;
		bool common = bit_is_common(census, bit);

		if (best != NO_BIT && common > best_common)
			continue;
		if (best != NO_BIT && common == best_common && !is_better_load(load, best_load))
			continue;
		best = bit;
		best_load = load;
		best_common = common;
	}
	return best;
}

static unsigned int choose_second(const struct bucket *bucket,
				  const struct kdbus_subset_census *census,
				  const struct kdbus_bits *bits)
{
	struct kdbus_subset_sparse *sparse = rcu_dereference_protected(bucket->by_second, true);
	unsigned int best = NO_BIT, best_load = 0, bit;
	bool best_common = false;

	for (bit = bits_next(bits, 0); bit != NO_BIT; bit = bits_next(bits, bit + 1)) {
		const struct slot *slot = sparse_find(sparse, bit);
		unsigned int load = slot ? slot->n : 0;
		bool common = bit_is_common(census, bit);

		if (bit == bucket->bit)
			continue;
		if (best != NO_BIT && common > best_common)
			continue;
		if (best != NO_BIT && common == best_common &&
		    (load > best_load ||
		     (load == best_load && census->count[bit] >= census->count[best])))
			continue;
		best = bit;
		best_load = load;
		best_common = common;
	}
	return best;
}

/* Buckets */

static struct bucket *bucket_get(struct kdbus_subset_index *index, unsigned int bit)
{
	struct bucket *bucket = bucket_find(index, bit);
	struct slot *slot;

	if (bucket)
		return bucket;

	bucket = kzalloc(sizeof(*bucket), GFP_KERNEL_ACCOUNT);
	if (!bucket)
		return NULL;
	bucket->bit = bit;
	INIT_HLIST_HEAD(&bucket->single);

	slot = sparse_get(&index->root, bit);
	if (!slot) {
		kfree(bucket);
		return NULL;
	}
	sparse_fill(&index->root, slot, &bucket->link, 0);
	return bucket;
}

static void bucket_prune(struct kdbus_subset_index *index, struct bucket *bucket)
{
	if (bucket->n_groups)
		return;
	sparse_prune(&bucket->by_second);
	sparse_take(&index->root, bucket->bit, &bucket->link);
	kfree_rcu(bucket, rcu);
}

static int bucket_add(struct kdbus_subset_index *index, const struct kdbus_subset_census *census,
		      struct kdbus_subset_group *group)
{
	struct bucket *bucket = bucket_get(index, choose_first(index, census, &group->bits));
	struct slot *slot;

	if (!bucket)
		return -ENOMEM;

	group->bucket = bucket;
	group->second = choose_second(bucket, census, &group->bits);
	if (group->second == NO_BIT) {
		hlist_add_head_rcu(&group->link, &bucket->single);
	} else {
		slot = sparse_get(&bucket->by_second, group->second);
		if (!slot) {
			bucket_prune(index, bucket);
			return -ENOMEM;
		}
		sparse_fill(&bucket->by_second, slot, &group->link, group->summary);
	}
	bucket->n_groups++;
	return 0;
}

static void bucket_del(struct kdbus_subset_index *index, struct kdbus_subset_group *group)
{
	struct bucket *bucket = group->bucket;

	if (group->second == NO_BIT)
		hlist_del_rcu(&group->link);
	else
		sparse_take(&bucket->by_second, group->second, &group->link);
	bucket->n_groups--;
	bucket_prune(index, bucket);
}

/* Groups */

static bool group_equal(const struct kdbus_hashtab_node *node, const void *key)
{
	const struct kdbus_subset_group *group =
		container_of(node, struct kdbus_subset_group, node);

	return !memcmp(&group->bits, key, sizeof(group->bits));
}

static u32 group_hash(const struct kdbus_subset_census *census, const struct kdbus_bits *bits)
{
	return jhash2((const u32 *)bits, sizeof(*bits) / sizeof(u32), census->seed);
}

static struct kdbus_subset_group *group_find(struct kdbus_subset_index *index,
					     const struct kdbus_subset_census *census,
					     const struct kdbus_bits *bits)
{
	struct kdbus_subset_group *group;
	struct kdbus_hashtab_node *node = NULL;

	hlist_for_each_entry(group, &index->few, link)
		if (!memcmp(&group->bits, bits, sizeof(*bits)))
			return group;

	if (index->groups.n)
		node = kdbus_hashtab_find(&index->groups, group_hash(census, bits),
					  group_equal, bits);
	return node ? container_of(node, struct kdbus_subset_group, node) : NULL;
}

static void census_take(struct kdbus_subset_census *census, const struct kdbus_bits *bits,
			int change)
{
	unsigned int bit;

	census->n_groups += change;
	for (bit = bits_next(bits, 0); bit != NO_BIT; bit = bits_next(bits, bit + 1))
		census->count[bit] += change;
}

/* Makes the group visible, in the place that it will have for its life. */
static int group_place(struct kdbus_subset_index *index, struct kdbus_subset_census *census,
		       struct kdbus_subset_group *group)
{
	int ret;

	if (!group->summary) {
		hlist_add_head_rcu(&group->link, &index->few);
		return 0;
	}

	if (index->n_few < MAX_FEW) {
		hlist_add_head_rcu(&group->link, &index->few);
		index->n_few++;
	} else {
		ret = kdbus_hashtab_reserve(&index->groups, 1);
		if (ret)
			return ret;
		ret = bucket_add(index, census, group);
		if (ret)
			return ret;
		kdbus_hashtab_add(&index->groups, &group->node, group_hash(census, &group->bits));
	}
	census_take(census, &group->bits, 1);
	return 0;
}

static void group_unplace(struct kdbus_subset_index *index, struct kdbus_subset_census *census,
			  struct kdbus_subset_group *group)
{
	if (group->bucket) {
		kdbus_hashtab_del(&index->groups, &group->node);
		bucket_del(index, group);
	} else {
		hlist_del_rcu(&group->link);
		if (group->summary)
			index->n_few--;
	}
	if (group->summary)
		census_take(census, &group->bits, -1);
}

/**
 * kdbus_subset_init() - initialise an index
 * @index: the index; costs no memory until something is added
 */
void kdbus_subset_init(struct kdbus_subset_index *index)
{
	INIT_HLIST_HEAD(&index->few);
	RCU_INIT_POINTER(index->root, NULL);
	kdbus_hashtab_init(&index->groups);
	index->n_few = 0;
}

/**
 * kdbus_subset_deinit() - check that an index was emptied, and release it
 * @index: the index
 *
 * Context: No writer.  Readers may still be on their way out.
 */
void kdbus_subset_deinit(struct kdbus_subset_index *index)
{
	WARN_ON_ONCE(!hlist_empty(&index->few));
	WARN_ON_ONCE(rcu_access_pointer(index->root));
	kdbus_hashtab_deinit(&index->groups);
}

/**
 * kdbus_subset_add() - add an entry
 * @index: the index
 * @census: of this and maybe other indices; may be NULL if @bits is empty
 * @entry: the entry, owned by the caller
 * @bits: the entry's set; copied
 *
 * Context: Process context, the user's lock held.  May sleep.
 * Return: 0, or -ENOMEM with nothing changed.
 */
int kdbus_subset_add(struct kdbus_subset_index *index, struct kdbus_subset_census *census,
		     struct kdbus_subset_entry *entry, const struct kdbus_bits *bits)
{
	struct kdbus_subset_group *group = group_find(index, census, bits);
	int ret;

	if (group) {
		entry->group = group;
		hlist_add_head_rcu(&entry->link, &group->entries);
		return 0;
	}

	group = kzalloc(sizeof(*group), GFP_KERNEL_ACCOUNT);
	if (!group)
		return -ENOMEM;
	group->bits = *bits;
	group->summary = bits_summary(bits);
	group->second = NO_BIT;
	INIT_HLIST_HEAD(&group->entries);
	hlist_add_head(&entry->link, &group->entries);

	ret = group_place(index, census, group);
	if (ret) {
		kfree(group);
		return ret;
	}
	entry->group = group;
	return 0;
}

/**
 * kdbus_subset_del() - remove an entry
 * @index: the index
 * @census: as when it was added
 * @entry: an entry of the index; to be freed after a grace period
 *
 * Context: The user's lock held.  Needs no memory.
 */
void kdbus_subset_del(struct kdbus_subset_index *index, struct kdbus_subset_census *census,
		      struct kdbus_subset_entry *entry)
{
	struct kdbus_subset_group *group = entry->group;

	hlist_del_rcu(&entry->link);
	if (!hlist_empty(&group->entries))
		return;

	group_unplace(index, census, group);
	kfree_rcu(group, rcu);
}

/* Readers */

/**
 * struct visit - a reader on its way
 * @bits: what it has
 * @missing: bits that no set in @bits has in its summary
 * @fn: called for each entry found
 * @ctx: for @fn
 */
struct visit {
	const struct kdbus_bits *bits;
	u64 missing;
	kdbus_subset_visit_fn fn;
	void *ctx;
};

static void visit_groups(const struct visit *visit, const struct hlist_head *head)
{
	struct kdbus_subset_group *group;
	struct kdbus_subset_entry *entry;

	hlist_for_each_entry_rcu(group, head, link) {
		if (group->summary & visit->missing || !bits_contain(visit->bits, &group->bits))
			continue;
		hlist_for_each_entry_rcu(entry, &group->entries, link)
			visit->fn(entry, visit->ctx);
	}
}

static __always_inline void visit_word(const struct visit *visit,
				       struct kdbus_subset_sparse *sparse, unsigned int word)
{
	u64 hits = sparse->present[word] & visit->bits->word[word];
	u64 rest;

	for (; hits; hits &= rest) {
		size_t index;

		/* Without the lowest one, plus all below it. */
		rest = hits - 1;
		index = sparse_index(sparse, word, rest & ~hits);
		if (!(READ_ONCE(sparse->common[index]) & visit->missing))
			visit_groups(visit, &sparse->slot[index].head);
	}
}

static void visit_bucket(const struct visit *visit, const struct bucket *bucket)
{
	struct kdbus_subset_sparse *sparse = rcu_dereference(bucket->by_second);

	if (!hlist_empty(&bucket->single))
		visit_groups(visit, &bucket->single);
	if (!sparse)
		return;

	/* Most words have no hit: a loop would cost more than what it does. */
	BUILD_BUG_ON(KDBUS_SUBSET_WORDS != 8);
	visit_word(visit, sparse, 0);
	visit_word(visit, sparse, 1);
	visit_word(visit, sparse, 2);
	visit_word(visit, sparse, 3);
	visit_word(visit, sparse, 4);
	visit_word(visit, sparse, 5);
	visit_word(visit, sparse, 6);
	visit_word(visit, sparse, 7);
}

/**
 * kdbus_subset_visit() - find the sets that are contained in another one
 * @index: the index
 * @bits: the other one
 * @fn: called once for each entry whose set is contained in @bits; must not
 *	sleep
 * @ctx: for @fn
 *
 * Entries that are added or removed meanwhile may be visited or not.
 *
 * Context: RCU read lock held.  Writes no shared memory.
 */
void kdbus_subset_visit(const struct kdbus_subset_index *index, const struct kdbus_bits *bits,
			kdbus_subset_visit_fn fn, void *ctx)
{
	struct kdbus_subset_sparse *root = rcu_dereference(index->root);
	struct visit visit = { .bits = bits, .fn = fn, .ctx = ctx };
	struct bucket *bucket;
	struct slot *slot;
	unsigned int i;
	u64 hits, rest;

	if (!root && hlist_empty(&index->few))
		return;

	visit.missing = ~bits_summary(bits);
	visit_groups(&visit, &index->few);
	if (!root)
		return;

	for (i = 0; i < KDBUS_SUBSET_WORDS; i++) {
		hits = root->present[i] & bits->word[i];
		for (; hits; hits &= rest) {
			rest = hits - 1;
			slot = &root->slot[sparse_index(root, i, rest & ~hits)];
			hlist_for_each_entry_rcu(bucket, &slot->head, link)
				visit_bucket(&visit, bucket);
		}
	}
}
