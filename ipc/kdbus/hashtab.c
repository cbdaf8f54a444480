// SPDX-License-Identifier: GPL-2.0
/* A hash table that grows under readers that take no lock */

#include <linux/bug.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "hashtab.h"

#define MIN_BUCKETS	16U
#define MAX_BUCKETS	65536U

/**
 * struct kdbus_hashtab_buckets - one size of the table
 * @rcu: for freeing
 * @grace: RCU state at publication: when its grace period is over, nobody
 *	walks the links that these buckets do not use
 * @mask: number of buckets - 1
 * @which: index of the link that these buckets use
 * @head: the buckets
 */
struct kdbus_hashtab_buckets {
	struct rcu_head rcu;
	unsigned long grace;
	u32 mask;
	unsigned int which;
	struct hlist_head head[];
};

/* For writers, whose lock is the user's and not known here. */
static struct kdbus_hashtab_buckets *buckets_of(const struct kdbus_hashtab *tab)
{
	return rcu_dereference_protected(tab->buckets, true);
}

static struct kdbus_hashtab_node *node_of(struct hlist_node *link, unsigned int which)
{
	return container_of(link - which, struct kdbus_hashtab_node, link[0]);
}

/**
 * kdbus_hashtab_init() - initialise a table
 * @tab: the table; costs no memory until something is added
 */
void kdbus_hashtab_init(struct kdbus_hashtab *tab)
{
	RCU_INIT_POINTER(tab->buckets, NULL);
	tab->n = 0;
}

/**
 * kdbus_hashtab_deinit() - check that a table was emptied, and release it
 * @tab: the table
 *
 * Context: No writer.  Readers may still be on their way out.
 */
void kdbus_hashtab_deinit(struct kdbus_hashtab *tab)
{
	struct kdbus_hashtab_buckets *buckets = buckets_of(tab);

	WARN_ON_ONCE(tab->n);

	RCU_INIT_POINTER(tab->buckets, NULL);
	if (buckets)
		kvfree_rcu(buckets, rcu);
}

/**
 * kdbus_hashtab_reserve() - make room for nodes
 * @tab: the table
 * @n_more: nodes that are going to be added
 *
 * Only the first reservation of an empty table can fail; after that a table
 * which finds no memory, or is still being left by readers of its last growth,
 * gets along with the buckets it has.
 *
 * Context: Process context, the user's lock held.  May sleep.
 * Return: 0, or -ENOMEM.
 */
int kdbus_hashtab_reserve(struct kdbus_hashtab *tab, unsigned int n_more)
{
	struct kdbus_hashtab_buckets *old = buckets_of(tab);
	struct kdbus_hashtab_buckets *new;
	unsigned int n_buckets;
	unsigned int i;

	n_buckets = clamp(tab->n + n_more, MIN_BUCKETS, MAX_BUCKETS);
	n_buckets = roundup_pow_of_two(n_buckets);
	if (old && (n_buckets - 1 <= old->mask || !poll_state_synchronize_rcu(old->grace)))
		return 0;

	new = kvzalloc(struct_size(new, head, n_buckets), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!new)
		return old ? 0 : -ENOMEM;

	new->mask = n_buckets - 1;
	new->which = old ? !old->which : 0;
	for (i = 0; old && i <= old->mask; i++) {
		struct hlist_node *pos;

		hlist_for_each(pos, &old->head[i]) {
			struct kdbus_hashtab_node *node = node_of(pos, old->which);

			hlist_add_head(&node->link[new->which], &new->head[node->hash & new->mask]);
		}
	}

	rcu_assign_pointer(tab->buckets, new);
	new->grace = get_state_synchronize_rcu();
	if (old)
		kvfree_rcu(old, rcu);
	return 0;
}

/**
 * kdbus_hashtab_add() - add a node
 * @tab: the table, with room reserved
 * @node: was in no table before
 * @hash: of the node's key
 *
 * Context: The user's lock held since the reservation.
 */
void kdbus_hashtab_add(struct kdbus_hashtab *tab, struct kdbus_hashtab_node *node, u32 hash)
{
	struct kdbus_hashtab_buckets *buckets = buckets_of(tab);

	node->hash = hash;
	hlist_add_head_rcu(&node->link[buckets->which], &buckets->head[hash & buckets->mask]);
	tab->n++;
}

/**
 * kdbus_hashtab_del() - remove a node
 * @tab: the table
 * @node: a node of the table; to be freed after a grace period
 *
 * Context: The user's lock held.
 */
void kdbus_hashtab_del(struct kdbus_hashtab *tab, struct kdbus_hashtab_node *node)
{
	struct kdbus_hashtab_buckets *buckets = buckets_of(tab);

	hlist_del_rcu(&node->link[buckets->which]);
	if (--tab->n)
		return;

	RCU_INIT_POINTER(tab->buckets, NULL);
	kvfree_rcu(buckets, rcu);
}

/**
 * kdbus_hashtab_find() - look up a node
 * @tab: the table
 * @hash: of the key
 * @equal: does a node have the key?  Called for nodes with that hash only
 * @key: for @equal
 *
 * Context: RCU read lock held, or the user's lock: that keeps the result allocated.
 * Return: the node, or NULL.
 */
struct kdbus_hashtab_node *kdbus_hashtab_find(const struct kdbus_hashtab *tab, u32 hash,
					      kdbus_hashtab_equal equal, const void *key)
{
	struct kdbus_hashtab_node *node = NULL;
	struct kdbus_hashtab_buckets *buckets;
	struct hlist_node *pos = NULL;

	/* Again for callers who hold a lock instead, which is not known here. */
	rcu_read_lock();
	buckets = rcu_dereference(tab->buckets);
	if (buckets)
		pos = rcu_dereference(hlist_first_rcu(&buckets->head[hash & buckets->mask]));
	for (; pos; pos = rcu_dereference(hlist_next_rcu(pos))) {
		node = node_of(pos, buckets->which);
		if (node->hash == hash && equal(node, key))
			break;
	}
	rcu_read_unlock();

	return pos ? node : NULL;
}
