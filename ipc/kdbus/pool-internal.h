/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the pool share: pool.c, pool-pages.c, pool-map.c. */
#ifndef KDBUS_POOL_INTERNAL_H
#define KDBUS_POOL_INTERNAL_H

#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "payload.h"
#include "slice.h"

struct mem_cgroup;
struct page;

/* Pages that an idle pool keeps, its first: a small message finds its page at once. */
#define KDBUS_POOL_KEEP_PAGES 1
/* How long a pool must have been without traffic before pages go. */
#define KDBUS_POOL_IDLE_JIFFIES HZ

/**
 * struct kdbus_pool - memory for one connection's messages
 * @ref: the connection and the file of the mappings
 * @size: length in bytes, a multiple of the page size; set once
 * @lock: guards @space and @resting; leaf
 * @space: the slices
 * @resting: slice that nobody needs and that is not released yet, or NULL
 * @pages: pages by index; added and removed under @pages_lock, read under RCU
 * @pages_lock: see DOC: Pool
 * @map_lock: see DOC: Shared payload
 * @n_pages: number of entries in @pages; under @pages_lock, read as a hint
 * @busy: there was traffic since the trimmer looked
 * @trims: @trim was queued at least once
 * @trim: gives pages back when idle
 * @memcg: who pays for pages; pinned, may be NULL
 * @file: file of the mappings, made at the first; under @pages_lock; weak, it
 *        pins the pool and removes itself
 * @mapping: what @file maps, so that its mappings can be found; set up with the first @file
 */
struct kdbus_pool {
	struct kref ref;
	size_t size;
	spinlock_t lock;	/* slices */
	struct kdbus_space space;
	struct kdbus_slice *resting;
	struct xarray pages;
	struct mutex pages_lock;	/* adding and removing pages */
	struct mutex map_lock;		/* mapping and unmapping of shared pages */
	unsigned long n_pages;
	bool busy;
	bool trims;
	struct delayed_work trim;
	struct mem_cgroup *memcg;
	struct file *file;
	struct address_space mapping;
};

void kdbus_pool_trim(struct work_struct *work);
struct page *kdbus_pool_lock_fault_page(struct kdbus_pool *pool, unsigned long index);

/**
 * kdbus_slice_own_size() - how much of a slice lies in pages of the pool
 * @slice: in use
 *
 * Return: bytes from its start on; all but what is shared.
 */
static inline size_t kdbus_slice_own_size(const struct kdbus_slice *slice)
{
	return slice->size - (slice->payload ? kdbus_payload_bytes(slice->payload) : 0);
}

/**
 * kdbus_pool_shared_at_locked() - what of a shared payload is there?
 * @pool: the pool, its lock held
 * @index: of a page
 * @first: out: index of the first page of the payload in the pool
 *
 * Return: the slice, held or published, that ends in shared pages of which this is one; or NULL.
 */
static inline struct kdbus_slice *kdbus_pool_shared_at_locked(struct kdbus_pool *pool,
							      unsigned long index,
							      unsigned long *first)
{
	struct kdbus_slice *slice;

	lockdep_assert_held(&pool->lock);

	slice = kdbus_space_find_at(&pool->space, (size_t)index << PAGE_SHIFT);
	if (!slice || !slice->payload || !(slice->held || slice->published))
		return NULL;
	*first = (slice->offset + kdbus_slice_own_size(slice)) >> PAGE_SHIFT;
	return index >= *first ? slice : NULL;
}

/**
 * kdbus_pool_end_rest_locked() - let no slice rest
 * @pool: the pool, its lock held
 */
static inline void kdbus_pool_end_rest_locked(struct kdbus_pool *pool)
{
	struct kdbus_slice *slice = pool->resting;

	lockdep_assert_held(&pool->lock);

	pool->resting = NULL;
	if (slice)
		kdbus_space_release(&pool->space, slice);
}

#endif
