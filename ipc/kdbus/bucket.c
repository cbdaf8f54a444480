// SPDX-License-Identifier: GPL-2.0
/* The groups of a subset index, found by two of their bits */

#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "bucket.h"

/* A bit is common if more than one in this many groups has it, and some do. */
#define COMMON_SHARE		8
#define COMMON_MIN		8

/* Bits of a group between which is chosen. */
#define MAX_CANDIDATES		24

/* What the first or another shelf of a bucket costs readers, in groups more in a slot. */
#define BUCKET_PENALTY		8
#define SHELF_PENALTY		4

#define MIN_SLOTS		4U
#define MAX_SLOTS		64U

/**
 * struct slot - groups with the same two bits
 * @head: RCU list
 * @n_groups: how many; for writers
 */
struct slot {
	struct hlist_head head;
	unsigned int n_groups;
};

/**
 * struct shelf - groups of a bucket with another bit in a certain word
 * @present: bits in the word that have a slot
 * @word: set once
 * @next: shelf of the bucket for another word; RCU
 * @common: for each bit in @present, bits of the summary of all that is there,
 *	maybe not all such bits.  Spares most readers a look at the slot
 * @at: for each bit in @present, which slot it has, from 1 on
 * @rcu: for freeing
 * @n_groups: for writers
 * @room: slots that can be given out; set once
 * @n_slots: those that were; for writers
 * @slot: the slots
 *
 * Slots are given out one after the other, and kept when they get empty.  If there
 * is none left, a larger shelf takes the place of this one.  Slot 0 stays empty: it
 * is what readers find who see a bit earlier than the number of its slot.
 */
struct shelf {
	u64 present;
	unsigned long word;
	struct shelf __rcu *next;
	u64 common[64];
	u8 at[64];
	struct rcu_head rcu;
	unsigned int n_groups;
	unsigned int room;
	unsigned int n_slots;
	struct slot slot[];
};

/**
 * struct rack - buckets of the bits of a word
 * @present: bits that have a bucket; a hint for readers
 * @bucket: the first shelf of each, by the bit in the word; RCU lists
 * @rcu: for freeing
 */
struct rack {
	u64 present;
	struct shelf __rcu *bucket[64];
	struct rcu_head rcu;
};

/**
 * struct kdbus_subset_root - all buckets
 * @rack: by word, NULL without buckets
 * @n_racks: for writers
 * @rcu: for freeing
 */
struct kdbus_subset_root {
	struct rack __rcu *rack[KDBUS_SUBSET_WORDS];
	unsigned int n_racks;
	struct rcu_head rcu;
};

/* Shelves */

/* Where the pointer to a bucket's shelf for a word is, or would be. */
static struct shelf __rcu **shelf_where(struct shelf __rcu **bucket, unsigned int word)
{
	struct shelf __rcu **where = bucket;
	struct shelf *shelf;

	for (;;) {
		shelf = rcu_dereference_protected(*where, true);
		if (!shelf || shelf->word == word)
			return where;
		where = &shelf->next;
	}
}

static struct slot *shelf_find(struct shelf *shelf, unsigned int bit)
{
	if (!(shelf->present & BIT_ULL(bit % 64)))
		return NULL;
	return &shelf->slot[shelf->at[bit % 64]];
}

static struct shelf *shelf_new(unsigned int word, unsigned int room)
{
	struct shelf *shelf;

	shelf = kzalloc(struct_size(shelf, slot, room + 1), GFP_KERNEL_ACCOUNT);
	if (!shelf)
		return NULL;
	shelf->word = word;
	shelf->room = room;
	return shelf;
}

/* An empty slot for a bit that has none; the shelf has room. */
static struct slot *shelf_take(struct shelf *shelf, unsigned int bit)
{
	unsigned int i = ++shelf->n_slots;

	WRITE_ONCE(shelf->at[bit % 64], i);
	WRITE_ONCE(shelf->present, shelf->present | BIT_ULL(bit % 64));
	return &shelf->slot[i];
}

/*
 * A larger shelf in place of a full one, with the slots that are in use.  Readers
 * of the old one see all that was there; what is removed while they read stays
 * allocated for them.
 */
static struct shelf *shelf_grow(struct shelf __rcu **where)
{
	struct shelf *old = rcu_dereference_protected(*where, true);
	unsigned int i, n_used = 0;
	struct shelf *new;

	for (i = 1; i <= old->n_slots; i++)
		n_used += old->slot[i].n_groups > 0;

	new = shelf_new(old->word, clamp(2 * n_used, MIN_SLOTS, MAX_SLOTS));
	if (!new)
		return NULL;

	for (i = 0; i < 64; i++) {
		struct slot *from = shelf_find(old, i);
		struct slot *to;

		if (!from || !from->n_groups)
			continue;
		to = shelf_take(new, i);
		*to = *from;
		new->common[i] = old->common[i];
	}
	new->n_groups = old->n_groups;
	RCU_INIT_POINTER(new->next, rcu_dereference_protected(old->next, true));

	rcu_assign_pointer(*where, new);
	for (i = 1; i <= new->n_slots; i++)
		new->slot[i].head.first->pprev = &new->slot[i].head.first;
	kfree_rcu(old, rcu);
	return new;
}

/* Readers who see the link have to see @common without what the group lacks. */
static void shelf_fill(struct shelf *shelf, struct slot *slot, struct kdbus_subset_group *group)
{
	u64 *common = &shelf->common[group->second % 64];

	if (slot->n_groups++)
		WRITE_ONCE(*common, *common & group->summary);
	else
		WRITE_ONCE(*common, group->summary);
	shelf->n_groups++;
	hlist_add_head_rcu(&group->link, &slot->head);
}

static int shelf_add(struct shelf __rcu **bucket, struct kdbus_subset_group *group)
{
	struct shelf __rcu **where = shelf_where(bucket, group->second / 64);
	struct shelf *shelf = rcu_dereference_protected(*where, true);
	struct slot *slot;

	if (!shelf) {
		shelf = shelf_new(group->second / 64, MIN_SLOTS);
		if (!shelf)
			return -ENOMEM;
		rcu_assign_pointer(*where, shelf);
	}

	slot = shelf_find(shelf, group->second);
	if (!slot && shelf->n_slots == shelf->room) {
		shelf = shelf_grow(where);
		if (!shelf)
			return -ENOMEM;
	}
	if (!slot)
		slot = shelf_take(shelf, group->second);
	shelf_fill(shelf, slot, group);
	return 0;
}

static void shelf_del(struct shelf __rcu **bucket, struct kdbus_subset_group *group)
{
	struct shelf __rcu **where = shelf_where(bucket, group->second / 64);
	struct shelf *shelf = rcu_dereference_protected(*where, true);

	hlist_del_rcu(&group->link);
	shelf_find(shelf, group->second)->n_groups--;
	if (--shelf->n_groups)
		return;
	rcu_assign_pointer(*where, rcu_dereference_protected(shelf->next, true));
	kfree_rcu(shelf, rcu);
}

/* Choice of bits */

/**
 * struct candidates - bits of a group by which it may be found
 * @bit: those that are not common, then some that are
 * @n: how many
 * @n_first: how many may be the first bit
 */
struct candidates {
	unsigned int bit[MAX_CANDIDATES];
	unsigned int n;
	unsigned int n_first;
};

static bool bit_is_common(const struct kdbus_subset_census *census, unsigned int bit)
{
	return census->count[bit] > max_t(u32, COMMON_MIN, census->n_groups / COMMON_SHARE);
}

static void candidates_add(struct candidates *candidates, const struct kdbus_subset_census *census,
			   const struct kdbus_bits *bits, bool common)
{
	unsigned int bit;

	for (bit = kdbus_bits_next(bits, 0); bit != KDBUS_NO_BIT;
	     bit = kdbus_bits_next(bits, bit + 1)) {
		if (candidates->n == MAX_CANDIDATES)
			return;
		if (bit_is_common(census, bit) == common)
			candidates->bit[candidates->n++] = bit;
	}
}

/* Common bits are for groups that have hardly any others. */
static void candidates_find(struct candidates *candidates,
			    const struct kdbus_subset_census *census,
			    const struct kdbus_bits *bits)
{
	candidates->n = 0;
	candidates_add(candidates, census, bits, false);
	candidates->n_first = candidates->n;
	if (candidates->n < 2)
		candidates_add(candidates, census, bits, true);
	if (!candidates->n_first)
		candidates->n_first = candidates->n;
}

static struct rack *rack_find(struct kdbus_subset_index *index, unsigned int word)
{
	struct kdbus_subset_root *root = rcu_dereference_protected(index->root, true);

	return root ? rcu_dereference_protected(root->rack[word], true) : NULL;
}

static unsigned int bucket_penalty(struct rack *rack, unsigned int first, unsigned int second)
{
	struct shelf *shelf;
	struct slot *slot;

	if (!rack || !(rack->present & BIT_ULL(first % 64)))
		return BUCKET_PENALTY;
	shelf = rcu_dereference_protected(*shelf_where(&rack->bucket[first % 64], second / 64),
					  true);
	if (!shelf)
		return SHELF_PENALTY;
	slot = shelf_find(shelf, second);
	return slot ? slot->n_groups : 0;
}

/*
 * The lowest penalty, and among equals the bits that tell most.  A group with one
 * bit gets a slot by this bit again.
 */
static void group_choose(struct kdbus_subset_index *index,
			 const struct kdbus_subset_census *census,
			 struct kdbus_subset_group *group)
{
	u64 cost, best = U64_MAX;
	struct candidates candidates;
	unsigned int i, j;

	candidates_find(&candidates, census, &group->bits);
	group->first = candidates.bit[0];
	group->second = candidates.bit[0];
	for (i = 0; i < candidates.n_first; i++) {
		unsigned int first = candidates.bit[i];
		struct rack *rack = rack_find(index, first / 64);

		for (j = 0; j < candidates.n; j++) {
			unsigned int second = candidates.bit[j];

			if (i == j)
				continue;
			cost = (u64)bucket_penalty(rack, first, second) << 32;
			cost += census->count[first] + census->count[second];
			if (cost >= best)
				continue;
			best = cost;
			group->first = first;
			group->second = second;
		}
	}
}

/* Buckets */

static void root_prune(struct kdbus_subset_index *index)
{
	struct kdbus_subset_root *root = rcu_dereference_protected(index->root, true);

	if (root->n_racks)
		return;
	RCU_INIT_POINTER(index->root, NULL);
	kfree_rcu(root, rcu);
}

static struct rack *rack_get(struct kdbus_subset_index *index, unsigned int word)
{
	struct kdbus_subset_root *root = rcu_dereference_protected(index->root, true);
	struct rack *rack = rack_find(index, word);

	if (rack)
		return rack;

	if (!root) {
		root = kzalloc(sizeof(*root), GFP_KERNEL_ACCOUNT);
		if (!root)
			return NULL;
		rcu_assign_pointer(index->root, root);
	}
	rack = kzalloc(sizeof(*rack), GFP_KERNEL_ACCOUNT);
	if (!rack) {
		root_prune(index);
		return NULL;
	}
	rcu_assign_pointer(root->rack[word], rack);
	root->n_racks++;
	return rack;
}

static void rack_prune(struct kdbus_subset_index *index, unsigned int word)
{
	struct kdbus_subset_root *root = rcu_dereference_protected(index->root, true);
	struct rack *rack = rack_find(index, word);

	if (rack->present)
		return;
	RCU_INIT_POINTER(root->rack[word], NULL);
	root->n_racks--;
	kfree_rcu(rack, rcu);
	root_prune(index);
}

/**
 * kdbus_bucket_add() - put a group where readers find it
 * @index: the index
 * @census: how common each bit is
 * @group: with at least one bit; the place is written into it
 *
 * Context: Process context, the user's lock held.  May sleep.
 * Return: 0, or -ENOMEM with nothing changed.
 */
int kdbus_bucket_add(struct kdbus_subset_index *index, const struct kdbus_subset_census *census,
		     struct kdbus_subset_group *group)
{
	struct rack *rack;
	int ret;

	group_choose(index, census, group);
	rack = rack_get(index, group->first / 64);
	if (!rack)
		return -ENOMEM;

	ret = shelf_add(&rack->bucket[group->first % 64], group);
	if (ret)
		rack_prune(index, group->first / 64);
	else
		WRITE_ONCE(rack->present, rack->present | BIT_ULL(group->first % 64));
	return ret;
}

/**
 * kdbus_bucket_del() - take a group out
 * @index: the index
 * @group: was put there; to be freed after a grace period
 *
 * Context: The user's lock held.  Needs no memory.
 */
void kdbus_bucket_del(struct kdbus_subset_index *index, struct kdbus_subset_group *group)
{
	struct rack *rack = rack_find(index, group->first / 64);
	unsigned int bit = group->first % 64;

	shelf_del(&rack->bucket[bit], group);
	if (!rcu_access_pointer(rack->bucket[bit]))
		WRITE_ONCE(rack->present, rack->present & ~BIT_ULL(bit));
	rack_prune(index, group->first / 64);
}

/* Readers */

static __always_inline u64 peek(const u64 *bits)
{
	/*
	 * Each bit means something for itself: any mix of old and new ones will do, and
	 * the compiler may read them as part of another instruction.
	 */
	return data_race(*bits);
}

/* Out of line, to leave the registers to those who find nothing. */
static noinline void visit_slot(const struct kdbus_subset_reader *visit, const struct shelf *shelf,
				unsigned long bit)
{
	kdbus_group_visit(visit, &shelf->slot[READ_ONCE(shelf->at[bit])].head);
}

/**
 * kdbus_bucket_visit() - find groups whose sets are contained in another one
 * @root: where
 * @visit: the other one, and what to do
 *
 * Context: RCU read lock held.  Writes no shared memory.
 */
void kdbus_bucket_visit(const struct kdbus_subset_root *root,
			const struct kdbus_subset_reader *visit)
{
	const u64 *words = visit->bits->word;
	u64 missing = visit->missing;
	struct shelf *shelf;
	struct rack *rack;
	unsigned long bit;
	u64 buckets, hits;
	unsigned int i;

	for (i = 0; i < KDBUS_SUBSET_WORDS; i++) {
		rack = rcu_dereference(root->rack[i]);
		buckets = rack ? peek(&rack->present) & words[i] : 0;
		for (; buckets; buckets &= buckets - 1) {
			shelf = rcu_dereference(rack->bucket[__ffs64(buckets)]);
			for (; shelf; shelf = rcu_dereference(shelf->next)) {
				hits = peek(&shelf->present) & words[shelf->word];
				for (; hits; hits &= hits - 1) {
					bit = __ffs64(hits);
					if (!(peek(&shelf->common[bit]) & missing))
						visit_slot(visit, shelf, bit);
				}
			}
		}
	}
}
