// SPDX-License-Identifier: GPL-2.0
/* One copy of a message, as the kernel keeps it. */

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/slab.h>

#include "entry.h"

static struct kmem_cache *entry_cache;

/**
 * kdbus_entry_cache_init() - make the slab cache of entries
 *
 * Return: 0 or -ENOMEM.
 */
int kdbus_entry_cache_init(void)
{
	entry_cache = kmem_cache_create("kdbus_entry", sizeof(struct kdbus_entry), 0,
					SLAB_ACCOUNT, NULL);
	return entry_cache ? 0 : -ENOMEM;
}

/**
 * kdbus_entry_cache_deinit() - destroy the slab cache; all entries are gone
 */
void kdbus_entry_cache_deinit(void)
{
	kmem_cache_destroy(entry_cache);
}

/**
 * kdbus_entry_alloc() - memory for an entry
 * @spare: where one may be kept; every receiver has such a place, so that steady
 *         traffic allocates none
 *
 * Context: May sleep.
 * Return: uninitialised memory, or NULL.
 */
struct kdbus_entry *kdbus_entry_alloc(struct kdbus_entry **spare)
{
	return xchg(spare, NULL) ?: kmem_cache_alloc(entry_cache, GFP_KERNEL);
}

/**
 * kdbus_entry_alloc_now() - memory for an entry, if it can be had at once
 *
 * Context: Any but interrupts.
 * Return: uninitialised memory, or NULL.
 */
struct kdbus_entry *kdbus_entry_alloc_now(void)
{
	return kmem_cache_alloc(entry_cache, GFP_NOWAIT | __GFP_NOWARN | __GFP_ACCOUNT);
}

/**
 * kdbus_entry_init() - an entry without anything
 * @entry: uninitialised memory
 * @priority: of the message
 */
void kdbus_entry_init(struct kdbus_entry *entry, s64 priority)
{
	kdbus_queue_node_init(&entry->node, priority);
	entry->slice = NULL;
	entry->share = NULL;
	entry->files = NULL;
	entry->n_fds = 0;
	entry->is_ahead = false;
	entry->lost = 0;
	entry->call = NULL;
	entry->registration = 0;
}

/**
 * kdbus_entry_release() - memory of an entry is not needed any more
 * @entry: the memory, or NULL
 * @spare: where one may be kept; NULL to free it
 */
void kdbus_entry_release(struct kdbus_entry *entry, struct kdbus_entry **spare)
{
	if (entry && (!spare || cmpxchg(spare, NULL, entry)))
		kmem_cache_free(entry_cache, entry);
}
