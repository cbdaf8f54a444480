/* SPDX-License-Identifier: GPL-2.0 */
/* A hash table that grows under readers that take no lock */
#ifndef KDBUS_HASHTAB_H
#define KDBUS_HASHTAB_H

#include <linux/types.h>

struct kdbus_hashtab_buckets;

/**
 * struct kdbus_hashtab - hash table
 * @buckets: owned, replaced as a whole when the table grows; NULL while empty.
 *	Read under RCU, written under the user's lock
 * @n: nodes in the table; under the user's lock
 *
 * The user embeds it, brings the lock for writers, and frees nodes after a
 * grace period.  Readers need RCU only.
 */
struct kdbus_hashtab {
	struct kdbus_hashtab_buckets __rcu *buckets;
	unsigned int n;
};

/**
 * struct kdbus_hashtab_node - what the user embeds in his objects
 * @link: link for the present buckets and for those that replace them, so
 *	that a reader who still walks the old ones does not end up in the new
 * @hash: set once
 */
struct kdbus_hashtab_node {
	struct hlist_node link[2];
	u32 hash;
};

typedef bool (*kdbus_hashtab_equal)(const struct kdbus_hashtab_node *node, const void *key);

void kdbus_hashtab_init(struct kdbus_hashtab *tab);
void kdbus_hashtab_deinit(struct kdbus_hashtab *tab);
int kdbus_hashtab_reserve(struct kdbus_hashtab *tab, unsigned int n_more);
void kdbus_hashtab_add(struct kdbus_hashtab *tab, struct kdbus_hashtab_node *node, u32 hash);
void kdbus_hashtab_del(struct kdbus_hashtab *tab, struct kdbus_hashtab_node *node);
struct kdbus_hashtab_node *kdbus_hashtab_find(const struct kdbus_hashtab *tab, u32 hash,
					      kdbus_hashtab_equal equal, const void *key);

#endif
