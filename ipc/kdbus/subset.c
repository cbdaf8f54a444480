// SPDX-License-Identifier: GPL-2.0
/* Which of many small bit sets are contained in a given one? */

#include <linux/bug.h>
#include <linux/jhash.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "bucket.h"
#include "subset.h"

/* Groups that are listed before buckets are made. */
#define MAX_FEW			8

static u64 bits_summary(const struct kdbus_bits *bits)
{
	u64 summary = 0;
	unsigned int i;

	for (i = 0; i < KDBUS_SUBSET_WORDS; i++)
		summary |= bits->word[i];
	return summary;
}

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
	for (bit = kdbus_bits_next(bits, 0); bit != KDBUS_NO_BIT;
	     bit = kdbus_bits_next(bits, bit + 1))
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
		ret = kdbus_bucket_add(index, census, group);
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
	if (group->first != KDBUS_NO_BIT) {
		kdbus_hashtab_del(&index->groups, &group->node);
		kdbus_bucket_del(index, group);
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
	group->first = KDBUS_NO_BIT;
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
	struct kdbus_subset_root *root = rcu_dereference(index->root);
	struct kdbus_subset_reader visit = { .bits = bits, .fn = fn, .ctx = ctx };

	if (!root && hlist_empty(&index->few))
		return;

	visit.missing = ~bits_summary(bits);
	kdbus_group_visit(&visit, &index->few);
	if (root)
		kdbus_bucket_visit(root, &visit);
}
