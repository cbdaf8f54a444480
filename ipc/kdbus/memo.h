/* SPDX-License-Identifier: GPL-2.0 */
/* Whom the last broadcast of a sender was for. */
#ifndef KDBUS_MEMO_H
#define KDBUS_MEMO_H

#include <linux/spinlock.h>
#include <linux/types.h>
#include <uapi/linux/kdbus.h>

struct kdbus_match_owner;

/* What was for more than so many is not remembered: then the copies cost more than the search. */
#define KDBUS_MEMO_OWNERS 4

/**
 * struct kdbus_memo_found - owners, each once
 * @n: how many; one more than there is room for if there were too many
 * @owner: the first of them
 */
struct kdbus_memo_found {
	unsigned int n;
	struct kdbus_match_owner *owner[KDBUS_MEMO_OWNERS];
};

/**
 * struct kdbus_memo - what a filter has found
 * @lock: guards the rest; leaf
 * @n_changes: of the index, when this was true; 0 if nothing is remembered
 * @found: whom; weak: valid for readers who find the index unchanged
 * @filter_size: bytes of @filter; set once
 * @filter: a struct kdbus_bloom_filter: generation and bits
 */
struct kdbus_memo {
	spinlock_t lock;	/* what is remembered */
	unsigned long n_changes;
	struct kdbus_memo_found found;
	size_t filter_size;
	u64 filter[];
};

struct kdbus_memo *kdbus_memo_new(size_t bloom_size);
bool kdbus_memo_recall(struct kdbus_memo *memo, unsigned long n_changes,
		       const struct kdbus_bloom_filter *filter, struct kdbus_memo_found *found);
void kdbus_memo_keep(struct kdbus_memo *memo, unsigned long n_changes,
		     const struct kdbus_bloom_filter *filter,
		     const struct kdbus_memo_found *found);

/**
 * kdbus_memo_found_add() - one more owner
 * @found: where
 * @owner: may be there already
 */
static inline void kdbus_memo_found_add(struct kdbus_memo_found *found,
					struct kdbus_match_owner *owner)
{
	unsigned int i;

	if (found->n > KDBUS_MEMO_OWNERS)
		return;
	for (i = 0; i < found->n; i++)
		if (found->owner[i] == owner)
			return;
	if (found->n < KDBUS_MEMO_OWNERS)
		found->owner[found->n] = owner;
	found->n++;
}

#endif
