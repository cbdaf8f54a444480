// SPDX-License-Identifier: GPL-2.0
/* Pages of a pool: when they come, and when they go. */

#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>

#include "delay.h"
#include "pool.h"
#include "pool-internal.h"
#include "work.h"

/* Pages that are removed in one go. */
#define POOL_TRIM_BATCH 32

static struct page *pool_new_page(struct kdbus_pool *pool, gfp_t gfp)
{
	struct mem_cgroup *memcg;
	struct page *page;

	memcg = set_active_memcg(pool->memcg);
	page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO | gfp);
	set_active_memcg(memcg);
	return page;
}

/* Put a new page where none is; it is freed on error. */
static int pool_add_page_locked(struct kdbus_pool *pool, unsigned long index, struct page *page)
{
	int ret;

	lockdep_assert_held(&pool->pages_lock);

	ret = xa_err(xa_store(&pool->pages, index, page, GFP_KERNEL | __GFP_NOWARN));
	if (ret)
		put_page(page);
	else
		WRITE_ONCE(pool->n_pages, pool->n_pages + 1);
	return ret;
}

static int pool_fill_locked(struct kdbus_pool *pool, unsigned long index, gfp_t effort)
{
	struct page *page;

	if (xa_load(&pool->pages, index))
		return 0;
	page = pool_new_page(pool, effort | __GFP_NOWARN);
	return page ? pool_add_page_locked(pool, index, page) : -ENOMEM;
}

static int pool_populate_slow(struct kdbus_pool *pool, unsigned long first, unsigned long last,
			      gfp_t effort)
{
	unsigned long index;
	int ret = 0;

	mutex_lock(&pool->pages_lock);
	for (index = first; index <= last && !ret; index++) {
		ret = pool_fill_locked(pool, index, effort);
		if (!((index - first) & 63))
			cond_resched();
	}
	mutex_unlock(&pool->pages_lock);
	return ret;
}

/* @pages are out of the tree: they are nowhere when this returns. */
static void pool_drop_pages_locked(struct kdbus_pool *pool, struct page **pages,
				   const unsigned long *indices, unsigned int n)
{
	unsigned int i, end;

	lockdep_assert_held(&pool->pages_lock);

	kdbus_delay_point();
	for (i = 0; i < n; i++) {
		/* A fault that found the page before ends here, see DOC: Pool. */
		lock_page(pages[i]);
		unlock_page(pages[i]);
	}
	for (i = 0; pool->file && i < n; i = end) {
		/* Neighbours in one go: there may be many mappings. */
		for (end = i + 1; end < n && indices[end] == indices[end - 1] + 1; end++)
			;
		unmap_mapping_range(&pool->mapping, (loff_t)indices[i] << PAGE_SHIFT,
				    (loff_t)(end - i) << PAGE_SHIFT, 1);
	}
	for (i = 0; i < n; i++)
		put_page(pages[i]);
}

static void pool_take_page_locked(struct kdbus_pool *pool, unsigned long index)
{
	lockdep_assert_held(&pool->pages_lock);

	xa_erase(&pool->pages, index);
	WRITE_ONCE(pool->n_pages, pool->n_pages - 1);
}

static void pool_make_way_locked(struct kdbus_pool *pool, unsigned long first,
				 unsigned long last)
{
	unsigned long indices[POOL_TRIM_BATCH], index;
	struct page *pages[POOL_TRIM_BATCH], *page;
	unsigned int n;

	lockdep_assert_held(&pool->pages_lock);

	do {
		n = 0;
		xa_for_each_range(&pool->pages, index, page, first, last) {
			pool_take_page_locked(pool, index);
			indices[n] = index;
			pages[n++] = page;
			if (n == POOL_TRIM_BATCH)
				break;
		}
		pool_drop_pages_locked(pool, pages, indices, n);
		cond_resched();
	} while (n);
}

/* Remove pages of the pool from where a slice has shared ones; no others are added there. */
static noinline void pool_make_way(struct kdbus_pool *pool, const struct kdbus_slice *slice)
{
	unsigned long first = (slice->offset + kdbus_slice_own_size(slice)) >> PAGE_SHIFT;
	unsigned long last = (slice->offset + slice->size - 1) >> PAGE_SHIFT;
	unsigned long index = first;

	/* Also waits for who removes some that are not in the tree any more. */
	mutex_lock(&pool->pages_lock);
	if (unlikely(xa_find(&pool->pages, &index, last, XA_PRESENT)))
		pool_make_way_locked(pool, first, last);
	mutex_unlock(&pool->pages_lock);
}

/* For a slice that has not rested. */
static noinline int pool_populate_new(struct kdbus_pool *pool, struct kdbus_slice *slice,
				      gfp_t effort)
{
	unsigned long first = slice->offset >> PAGE_SHIFT;
	unsigned long last = (slice->offset + slice->size - 1) >> PAGE_SHIFT;
	unsigned long index;
	struct page *page;
	int ret;

	if (unlikely(slice->payload)) {
		pool_make_way(pool, slice);
		last = (slice->offset + kdbus_slice_own_size(slice) - 1) >> PAGE_SHIFT;
	}
	for (index = first; index <= last; index++)
		if (unlikely(!xa_load(&pool->pages, index))) {
			ret = pool_populate_slow(pool, index, last, effort);
			if (ret)
				return ret;
			break;
		}

	page = xa_load(&pool->pages, first);
	slice->addr = page_address(page);
	return 0;
}

/**
 * kdbus_pool_populate() - make sure that a slice has its pages
 * @pool: the pool
 * @slice: held by the caller
 * @effort: KDBUS_POOL_PATIENT or KDBUS_POOL_HURRIED
 *
 * Context: May sleep.
 * Return: 0; -ENOMEM if there is no memory or the owner's cgroup has reached its limit.
 */
int kdbus_pool_populate(struct kdbus_pool *pool, struct kdbus_slice *slice, gfp_t effort)
{
	/* If it rested, its pages stayed. */
	return likely(slice->addr) ? 0 : pool_populate_new(pool, slice, effort);
}

/*
 * Take up to POOL_TRIM_BATCH pages that lie wholly under free slices.  Those are
 * found by size: how many small ones there are does not matter.
 */
static unsigned int pool_take_free_pages(struct kdbus_pool *pool, struct page **pages,
					 unsigned long *indices)
{
	unsigned long index, first, end;
	struct kdbus_slice *slice;
	unsigned int n = 0;
	struct rb_node *rb;
	struct page *page;

	lockdep_assert_held(&pool->pages_lock);

	spin_lock(&pool->lock);
	kdbus_pool_end_rest_locked(pool);
	for (rb = rb_last(&pool->space.free); rb; rb = rb_prev(rb)) {
		slice = rb_entry(rb, struct kdbus_slice, rb);
		if (slice->size < PAGE_SIZE)
			break;
		first = max_t(unsigned long, DIV_ROUND_UP(slice->offset, PAGE_SIZE),
			      KDBUS_POOL_KEEP_PAGES);
		end = (slice->offset + slice->size) >> PAGE_SHIFT;
		if (first >= end)
			continue;
		xa_for_each_range(&pool->pages, index, page, first, end - 1) {
			if (n == POOL_TRIM_BATCH)
				goto out;
			pool_take_page_locked(pool, index);
			indices[n] = index;
			pages[n++] = page;
		}
	}
out:
	spin_unlock(&pool->lock);
	return n;
}

/**
 * kdbus_pool_trim() - work of kdbus_pool.trim: give pages back when idle
 * @work: embedded in the pool
 */
void kdbus_pool_trim(struct work_struct *work)
{
	struct kdbus_pool *pool = container_of(to_delayed_work(work), struct kdbus_pool, trim);
	unsigned long indices[POOL_TRIM_BATCH];
	struct page *pages[POOL_TRIM_BATCH];
	unsigned int n;

	if (READ_ONCE(pool->busy)) {
		WRITE_ONCE(pool->busy, false);
		queue_delayed_work(kdbus_workqueue, &pool->trim, KDBUS_POOL_IDLE_JIFFIES);
		return;
	}

	do {
		mutex_lock(&pool->pages_lock);
		n = pool_take_free_pages(pool, pages, indices);
		pool_drop_pages_locked(pool, pages, indices, n);
		mutex_unlock(&pool->pages_lock);
		cond_resched();
	} while (n);
}

/* The page is freed on error. */
static int pool_add_fault_page_locked(struct kdbus_pool *pool, unsigned long index,
				      struct page *page)
{
	unsigned long first;
	bool shared;

	/* If it becomes so later, the page is removed by pool_make_way(). */
	spin_lock(&pool->lock);
	shared = kdbus_pool_shared_at_locked(pool, index, &first);
	spin_unlock(&pool->lock);
	if (!shared)
		return pool_add_page_locked(pool, index, page);
	put_page(page);
	return -EAGAIN;
}

/**
 * kdbus_pool_lock_fault_page() - a page for a page fault, new if there is none
 * @pool: the pool
 * @index: of the page, inside of the pool
 *
 * Memory is waited for without the lock, which senders may need.
 *
 * Context: May sleep.  Takes the pages_lock, if successful.
 * Return: the page, -ENOMEM, or -EAGAIN if meanwhile it has become one that is shared.
 */
struct page *kdbus_pool_lock_fault_page(struct kdbus_pool *pool, unsigned long index)
{
	struct page *page, *new = NULL;
	int ret;

	for (;;) {
		mutex_lock(&pool->pages_lock);
		page = xa_load(&pool->pages, index);
		if (page) {
			if (new)
				put_page(new);
			return page;
		}
		if (new) {
			ret = pool_add_fault_page_locked(pool, index, new);
			if (!ret)
				return new;
			mutex_unlock(&pool->pages_lock);
			return ERR_PTR(ret);
		}
		mutex_unlock(&pool->pages_lock);

		new = pool_new_page(pool, 0);
		if (!new)
			return ERR_PTR(-ENOMEM);
	}
}
