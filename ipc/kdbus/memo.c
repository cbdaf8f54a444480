// SPDX-License-Identifier: GPL-2.0
/* Whom the last broadcast of a sender was for. */

#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "memo.h"

/**
 * DOC: Memo
 *
 * Who sends a signal is likely to send the same one again: a property that changes, a
 * device that reports.  Its filter has the same bits each time, and unless somebody adds
 * or removes a match it finds the same connections.  So with more than a few matches on
 * a bus each sender remembers what its last filter has found, as far as nothing but
 * the filter decides that; matches for a sender's id or name are looked up each time.
 *
 * The index counts its changes.  What is remembered is true as long as that number is
 * the one that was read before the search.  The number changes after a match
 * is out of the index and before its owner can be freed, so whoever reads the old
 * number, under RCU, may still use the owner: it is as if he had searched before.
 */

/**
 * kdbus_memo_new() - nothing is remembered
 * @bloom_size: bytes of the filters
 *
 * Context: May sleep.
 * Return: the memory, charged to current, to be freed by kfree(); or NULL.
 */
struct kdbus_memo *kdbus_memo_new(size_t bloom_size)
{
	size_t filter_size = sizeof(struct kdbus_bloom_filter) + bloom_size;
	struct kdbus_memo *memo;

	memo = kzalloc(struct_size(memo, filter, filter_size / sizeof(u64)), GFP_KERNEL_ACCOUNT);
	if (!memo)
		return NULL;
	spin_lock_init(&memo->lock);
	memo->filter_size = filter_size;
	return memo;
}

/**
 * kdbus_memo_recall() - what has this filter found?
 * @memo: the memory
 * @n_changes: of the index, read under RCU
 * @filter: generation and bits
 * @found: out: whom
 *
 * Context: RCU read lock held.
 * Return: whether it is known.
 */
bool kdbus_memo_recall(struct kdbus_memo *memo, unsigned long n_changes,
		       const struct kdbus_bloom_filter *filter, struct kdbus_memo_found *found)
{
	bool known;

	spin_lock(&memo->lock);
	known = memo->n_changes == n_changes &&
		!memcmp(memo->filter, filter, memo->filter_size);
	if (known)
		*found = memo->found;
	spin_unlock(&memo->lock);
	return known;
}

/**
 * kdbus_memo_keep() - remember what a filter has found
 * @memo: the memory
 * @n_changes: of the index, read before it was searched; not 0
 * @filter: generation and bits
 * @found: whom
 *
 * Context: RCU read lock held, since before @n_changes was read.
 */
void kdbus_memo_keep(struct kdbus_memo *memo, unsigned long n_changes,
		     const struct kdbus_bloom_filter *filter,
		     const struct kdbus_memo_found *found)
{
	if (found->n > KDBUS_MEMO_OWNERS)
		return;
	spin_lock(&memo->lock);
	memo->n_changes = n_changes;
	memo->found = *found;
	memcpy(memo->filter, filter, memo->filter_size);
	spin_unlock(&memo->lock);
}
