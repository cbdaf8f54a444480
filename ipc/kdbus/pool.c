// SPDX-License-Identifier: GPL-2.0
/* Memory that a connection's owner maps to read its messages. */

#include <linux/align.h>
#include <linux/err.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "delay.h"
#include "payload.h"
#include "pool.h"
#include "pool-internal.h"
#include "usercopy.h"
#include "work.h"

/**
 * DOC: Pool
 *
 * A pool is address space divided into slices (slice.c), backed by pages where
 * slices are or recently were.  Its owner maps it read-only; only the kernel
 * writes.  Pages are charged to the memory cgroup of the owner, who chose to
 * have the pool, for a sender with an allocation that fails instead of
 * calling the OOM killer: a sender must not get the receiver's processes killed.
 *
 * The pages are our own, not those of a shmem file: finding one costs a look-up
 * in a tree that holds a few entries, and a new one is neither entered into the
 * page cache nor into an LRU list.  They cannot be swapped out, so they are
 * given back when the pool has been idle for a second, all but the first.
 *
 * Two locks.  @lock is a leaf spinlock around the slices.  @pages_lock is a mutex around
 * adding and removing pages, and outside @lock.  A page under a slice in use
 * is never removed, so whoever has a slice may write to its pages without any lock.
 * Pages under free slices are removed in this order: out of the tree (under
 * @lock, so that no slice can be put there meanwhile without missing the page),
 * then a lock and unlock of the page (a page fault that found it earlier has
 * put it into the page table by then), then out of the page tables.  A sender
 * whose new slice misses the page waits for @pages_lock, so it never adds a
 * page where an old one is still mapped.
 *
 * The slice that was given back last rests: for the space it is still in use.  If
 * the next message has the same size, and would get the same place were it
 * released, it finds the slice and its pages without a look into any tree; a call
 * and its reply keep using the same two places so.  Else it is released first, so
 * nobody can tell that it rested; only a message that shares its payload (payload.c) takes
 * any resting slice that fits, which saves dividing what is free in three.  The trimmer
 * ends its rest, too.
 *
 * The mapping holds its own file, not the connection's: the connection ends when
 * its last descriptor is closed, mapped or not.
 */

/**
 * kdbus_pool_new() - an empty pool, charged to the memory cgroup of current
 * @size: length in bytes; a multiple of the page size, not 0
 *
 * Context: May sleep.
 * Return: the pool with one reference, or ERR_PTR(-ENOMEM).
 */
struct kdbus_pool *kdbus_pool_new(size_t size)
{
	struct kdbus_pool *pool;

	pool = kzalloc(sizeof(*pool), GFP_KERNEL_ACCOUNT);
	if (!pool)
		return ERR_PTR(-ENOMEM);
	kdbus_space_init(&pool->space, size);
	kref_init(&pool->ref);
	pool->size = size;
	spin_lock_init(&pool->lock);
	xa_init(&pool->pages);
	mutex_init(&pool->pages_lock);
	mutex_init(&pool->map_lock);
	INIT_DELAYED_WORK(&pool->trim, kdbus_pool_trim);
	pool->memcg = get_mem_cgroup_from_mm(current->mm);
	return pool;
}

static void pool_free(struct kref *ref)
{
	struct kdbus_pool *pool = container_of(ref, struct kdbus_pool, ref);
	struct kdbus_slice *slice;
	struct page *page;
	unsigned long index;

	if (pool->trims)
		cancel_delayed_work_sync(&pool->trim);
	xa_for_each(&pool->pages, index, page)
		put_page(page);
	xa_destroy(&pool->pages);
	list_for_each_entry(slice, &pool->space.slices, entry)
		if (slice->payload)
			kdbus_payload_put(slice->payload);
	kdbus_space_deinit(&pool->space);
	mem_cgroup_put(pool->memcg);
	kfree(pool);
}

/**
 * kdbus_pool_put() - drop a reference
 * @pool: the pool; with the connection's reference no slice is held any more
 *
 * Context: May sleep.
 */
void kdbus_pool_put(struct kdbus_pool *pool)
{
	kref_put(&pool->ref, pool_free);
}

/**
 * kdbus_pool_size() - length of the address range
 * @pool: the pool
 *
 * Return: bytes.
 */
size_t kdbus_pool_size(const struct kdbus_pool *pool)
{
	return pool->size;
}

/*
 * The slice that rests, if it is what the space would hand out were it released:
 * it has the size, and all that is free, if anything, is the area behind it.
 */
static struct kdbus_slice *pool_wake_slice_locked(struct kdbus_pool *pool, size_t size)
{
	struct kdbus_slice *slice = pool->resting;
	struct rb_node *free = pool->space.free.rb_node;

	lockdep_assert_held(&pool->lock);

	if (!slice || slice->size != size)
		return NULL;
	if (free && (free->rb_left || free->rb_right ||
		     slice->entry.next != &rb_entry(free, struct kdbus_slice, rb)->entry))
		return NULL;
	pool->resting = NULL;
	slice->held = true;
	return slice;
}

/* Out of line, so that steady traffic does not save the registers that trees need. */
static noinline struct kdbus_slice *pool_divide_locked(struct kdbus_pool *pool, size_t size)
{
	lockdep_assert_held(&pool->lock);

	kdbus_pool_end_rest_locked(pool);
	return kdbus_space_reserve(&pool->space, size);
}

static struct kdbus_slice *pool_reserve_locked(struct kdbus_pool *pool, size_t size)
{
	struct kdbus_slice *slice;

	slice = pool_wake_slice_locked(pool, ALIGN(size, 8));
	return likely(slice) ? slice : pool_divide_locked(pool, size);
}

/* A division that needs memory. */
static noinline struct kdbus_slice *pool_reserve_patiently(struct kdbus_pool *pool, size_t size)
{
	struct kdbus_slice *slice, *spare;

	do {
		spare = kdbus_slice_new();
		if (!spare)
			return ERR_PTR(-ENOMEM);
		spin_lock(&pool->lock);
		if (!pool->space.spare)
			swap(pool->space.spare, spare);
		slice = pool_reserve_locked(pool, size);
		spin_unlock(&pool->lock);
		kdbus_slice_free(spare);
		/* Somebody may have taken the spare before us. */
	} while (unlikely(slice == ERR_PTR(-EAGAIN)));
	return slice;
}

/**
 * kdbus_pool_reserve() - take a slice into use
 * @pool: the pool
 * @size: bytes wanted, not 0
 *
 * The slice is held by the kernel and may lack pages: kdbus_pool_populate() must
 * succeed before it is written to.
 *
 * Context: May sleep.
 * Return: the slice, to be released by kdbus_pool_release(); -EXFULL if there is no room; -ENOMEM.
 */
struct kdbus_slice *kdbus_pool_reserve(struct kdbus_pool *pool, size_t size)
{
	struct kdbus_slice *slice;

	spin_lock(&pool->lock);
	slice = pool_reserve_locked(pool, size);
	spin_unlock(&pool->lock);
	return likely(slice != ERR_PTR(-EAGAIN)) ? slice : pool_reserve_patiently(pool, size);
}

/**
 * kdbus_pool_reserve_now() - the same without sleeping
 * @pool: the pool
 * @size: bytes wanted, not 0
 * @spare: memory for one more slice, owned by the pool once it is used; or NULL
 *
 * Context: Any but interrupts; does not sleep.
 * Return: as kdbus_pool_reserve(); -EAGAIN if memory is needed.
 */
struct kdbus_slice *kdbus_pool_reserve_now(struct kdbus_pool *pool, size_t size,
					   struct kdbus_slice **spare)
{
	struct kdbus_slice *slice;

	spin_lock(&pool->lock);
	if (!pool->space.spare)
		swap(pool->space.spare, *spare);
	slice = pool_reserve_locked(pool, size);
	spin_unlock(&pool->lock);
	return slice;
}

/**
 * kdbus_pool_has_room() - could a slice be taken into use?
 * @pool: the pool
 * @size: bytes wanted, not 0
 *
 * Context: Any but interrupts; does not sleep.
 * Return: whether; for as long as nobody takes another one.
 */
bool kdbus_pool_has_room(struct kdbus_pool *pool, size_t size)
{
	bool has_room;

	spin_lock(&pool->lock);
	kdbus_pool_end_rest_locked(pool);
	has_room = kdbus_space_has_room(&pool->space, size);
	spin_unlock(&pool->lock);
	return has_room;
}

/* The resting slice, if it has the size, and its end is that of a page. */
static struct kdbus_slice *pool_wake_shared_locked(struct kdbus_pool *pool, size_t size)
{
	struct kdbus_slice *slice = pool->resting;

	lockdep_assert_held(&pool->lock);

	if (!slice || slice->size != size || !PAGE_ALIGNED(slice->offset + size))
		return NULL;
	pool->resting = NULL;
	slice->held = true;
	/* Where the payload will be it has no pages. */
	slice->addr = NULL;
	return slice;
}

/**
 * kdbus_pool_reserve_shared() - take a slice into use that ends in pages which are shared
 * @pool: the pool
 * @own: bytes wanted in front of them, a multiple of 8, not 0
 * @payload: the pages; the slice takes a reference
 *
 * Context: May sleep.
 * Return: as kdbus_pool_reserve(); only the first @own bytes may be written to.
 */
struct kdbus_slice *kdbus_pool_reserve_shared(struct kdbus_pool *pool, size_t own,
					      struct kdbus_payload *payload)
{
	struct kdbus_slice *slice, *spare = NULL, *extra = NULL;
	size_t size = own + kdbus_payload_bytes(payload);

	for (;;) {
		spin_lock(&pool->lock);
		if (!pool->space.spare)
			swap(pool->space.spare, spare);
		slice = pool_wake_shared_locked(pool, size);
		if (!slice) {
			kdbus_pool_end_rest_locked(pool);
			slice = kdbus_space_reserve_ending(&pool->space, size, PAGE_SIZE, &extra);
		}
		if (!IS_ERR(slice))
			slice->payload = kdbus_payload_get(payload);
		spin_unlock(&pool->lock);
		if (likely(slice != ERR_PTR(-EAGAIN)))
			break;
		/* Dividing may leave something on both sides. */
		spare = spare ?: kdbus_slice_new();
		extra = extra ?: kdbus_slice_new();
		if (!spare || !extra) {
			slice = ERR_PTR(-ENOMEM);
			break;
		}
	}
	kdbus_slice_free(spare);
	kdbus_slice_free(extra);
	return slice;
}

/* The slice is in use by nobody any more; under @lock. */
static __always_inline void pool_release_locked(struct kdbus_pool *pool, struct kdbus_slice *slice)
{
	lockdep_assert_held(&pool->lock);

	kdbus_pool_end_rest_locked(pool);
	pool->resting = slice;
	if (READ_ONCE(pool->n_pages) <= KDBUS_POOL_KEEP_PAGES)
		return;
	/* Racy on purpose: a lost store delays the trimmer by one period. */
	WRITE_ONCE(pool->busy, true);
	pool->trims = true;
	if (!delayed_work_pending(&pool->trim))
		queue_delayed_work(kdbus_workqueue, &pool->trim, KDBUS_POOL_IDLE_JIFFIES);
}

/*
 * The same for one that ends in shared pages, which nobody finds since it is neither held
 * nor published: see DOC: Shared payload.
 */
static noinline void pool_release_shared(struct kdbus_pool *pool, struct kdbus_slice *slice)
{
	struct kdbus_payload *payload = slice->payload;
	size_t own = kdbus_slice_own_size(slice);

	might_sleep();

	kdbus_delay_point();
	if (READ_ONCE(slice->mapped)) {
		/* Page faults that found it before end here. */
		mutex_lock(&pool->map_lock);
		unmap_mapping_range(&pool->mapping, slice->offset + own, slice->size - own, 1);
		mutex_unlock(&pool->map_lock);
	}
	kdbus_delay_point();
	spin_lock(&pool->lock);
	slice->payload = NULL;
	slice->mapped = false;
	/* Where the payload was it has no pages. */
	slice->addr = NULL;
	pool_release_locked(pool, slice);
	spin_unlock(&pool->lock);
	kdbus_payload_put(payload);
}

/**
 * kdbus_pool_release() - the kernel does not need a slice any more
 * @pool: the pool
 * @slice: held by the caller; stays in use while it is published
 *
 * Context: Any but interrupts; does not sleep unless the slice has shared pages.
 */
void kdbus_pool_release(struct kdbus_pool *pool, struct kdbus_slice *slice)
{
	bool shared = false;

	spin_lock(&pool->lock);
	slice->held = false;
	if (!slice->published) {
		shared = slice->payload;
		if (likely(!shared))
			pool_release_locked(pool, slice);
	}
	spin_unlock(&pool->lock);
	if (unlikely(shared))
		pool_release_shared(pool, slice);
}

/**
 * kdbus_pool_hand_over() - from now on a slice is user space's alone, until it says FREE
 * @pool: the pool
 * @slice: held by the caller, completely written; not to be used any more
 *
 * Context: Any but interrupts; does not sleep.
 */
void kdbus_pool_hand_over(struct kdbus_pool *pool, struct kdbus_slice *slice)
{
	spin_lock(&pool->lock);
	slice->published = true;
	slice->held = false;
	spin_unlock(&pool->lock);
}

/**
 * kdbus_pool_publish() - let user space refer to a slice until it says FREE
 * @pool: the pool
 * @slice: held by the caller, completely written
 *
 * Publishing twice is the same as once.
 *
 * Context: Any but interrupts; does not sleep.
 * Return: whether it was not published before.
 */
bool kdbus_pool_publish(struct kdbus_pool *pool, struct kdbus_slice *slice)
{
	bool is_new;

	spin_lock(&pool->lock);
	is_new = !slice->published;
	slice->published = true;
	spin_unlock(&pool->lock);
	return is_new;
}

/* The published slice that starts at @offset, or NULL. */
static struct kdbus_slice *pool_find_published_locked(struct kdbus_pool *pool, u64 offset)
{
	struct kdbus_slice *slice;

	lockdep_assert_held(&pool->lock);

	if (offset >= pool->size)
		return NULL;
	slice = kdbus_space_find(&pool->space, offset);
	return slice && slice->published ? slice : NULL;
}

/**
 * kdbus_pool_has_published() - could these slices be given back?
 * @pool: the pool
 * @offsets: from user space, anything; the size of the pool stands for nothing
 * @n: number of @offsets
 *
 * Return: whether a published slice starts at each of them.
 */
bool kdbus_pool_has_published(struct kdbus_pool *pool, const u64 *offsets, size_t n)
{
	size_t i;

	spin_lock(&pool->lock);
	for (i = 0; i < n; i++)
		if (offsets[i] != pool->size && !pool_find_published_locked(pool, offsets[i]))
			break;
	spin_unlock(&pool->lock);
	return i == n;
}

/* See kdbus_pool_unpublish_all(). */
static __always_inline size_t pool_unpublish(struct kdbus_pool *pool, const u64 *offsets, size_t n)
{
	struct kdbus_slice *slice;
	size_t i, found = 0;

	spin_lock(&pool->lock);
	for (i = 0; i < n; i++) {
		slice = pool_find_published_locked(pool, offsets[i]);
		if (!slice)
			continue;
		slice->published = false;
		found++;
		if (slice->held)
			continue;
		if (likely(!slice->payload)) {
			pool_release_locked(pool, slice);
			continue;
		}
		spin_unlock(&pool->lock);
		pool_release_shared(pool, slice);
		spin_lock(&pool->lock);
	}
	spin_unlock(&pool->lock);
	return found;
}

/**
 * kdbus_pool_unpublish() - user space does not need a slice any more
 * @pool: the pool
 * @offset: from user space, anything
 *
 * Context: May sleep.
 * Return: 0; -ENXIO if no published slice starts at @offset.
 */
int kdbus_pool_unpublish(struct kdbus_pool *pool, u64 offset)
{
	return pool_unpublish(pool, &offset, 1) ? 0 : -ENXIO;
}

/**
 * kdbus_pool_unpublish_all() - user space does not need some slices any more
 * @pool: the pool
 * @offsets: from user space, anything
 * @n: number of @offsets
 *
 * What is not there, or there twice, is passed over.
 *
 * Context: May sleep.
 * Return: how many there were.
 */
size_t kdbus_pool_unpublish_all(struct kdbus_pool *pool, const u64 *offsets, size_t n)
{
	return pool_unpublish(pool, offsets, n);
}

/*
 * Where byte @pos of a slice is in kernel memory, if @size bytes from there on lie in the
 * first page of the slice, as most messages do whole; else NULL.
 */
static void *pool_at_first(const struct kdbus_slice *slice, size_t pos, size_t size)
{
	size_t at = offset_in_page(slice->offset) + pos;

	return likely(at + size <= PAGE_SIZE) ? slice->addr + at : NULL;
}

/* The same for any page of the pool; in @chunk how many bytes lie in that page, at most @size. */
static void *pool_at(struct kdbus_pool *pool, const struct kdbus_slice *slice,
		     size_t pos, size_t size, size_t *chunk)
{
	size_t at = offset_in_page(slice->offset) + pos;
	size_t in_page = offset_in_page(at);
	void *addr = slice->addr;

	*chunk = min(size, PAGE_SIZE - in_page);
	if (at >= PAGE_SIZE)
		addr = page_address(xa_load(&pool->pages, (slice->offset + pos) >> PAGE_SHIFT));
	return addr + in_page;
}

static noinline void pool_write_pages(struct kdbus_pool *pool, const struct kdbus_slice *slice,
				      size_t pos, const void *data, size_t size)
{
	size_t chunk;

	for (; size; size -= chunk, pos += chunk, data += chunk) {
		void *to = pool_at(pool, slice, pos, size, &chunk);

		memcpy(to, data, chunk);
	}
}

/**
 * kdbus_pool_write() - put kernel memory into a slice
 * @pool: the pool
 * @slice: held by the caller and populated
 * @pos: bytes from the start of the slice
 * @data: what
 * @size: bytes; @pos + @size is inside the slice
 */
void kdbus_pool_write(struct kdbus_pool *pool, const struct kdbus_slice *slice,
		      size_t pos, const void *data, size_t size)
{
	void *to = pool_at_first(slice, pos, size);

	if (likely(to))
		memcpy(to, data, size);
	else
		pool_write_pages(pool, slice, pos, data, size);
}

/**
 * kdbus_pool_read() - read back what a slice holds
 * @pool: the pool
 * @slice: held by the caller and populated
 * @pos: bytes from the start of the slice
 * @data: out
 * @size: bytes; @pos + @size is inside the slice
 */
void kdbus_pool_read(struct kdbus_pool *pool, const struct kdbus_slice *slice,
		     size_t pos, void *data, size_t size)
{
	size_t chunk;

	for (; size; size -= chunk, pos += chunk, data += chunk) {
		const void *from = pool_at(pool, slice, pos, size, &chunk);

		memcpy(data, from, chunk);
	}
}

/**
 * kdbus_pool_zero() - put zero bytes into a slice
 * @pool: the pool
 * @slice: held by the caller and populated
 * @pos: bytes from the start of the slice
 * @size: bytes; @pos + @size is inside the slice
 */
void kdbus_pool_zero(struct kdbus_pool *pool, const struct kdbus_slice *slice,
		     size_t pos, size_t size)
{
	size_t chunk;

	for (; size; size -= chunk, pos += chunk) {
		void *to = pool_at(pool, slice, pos, size, &chunk);

		memset(to, 0, chunk);
	}
}

static noinline int pool_write_user_pages(struct kdbus_pool *pool,
					  const struct kdbus_slice *slice, size_t pos,
					  const void __user *data, size_t size)
{
	size_t chunk;

	for (; size; size -= chunk, pos += chunk, data += chunk) {
		void *to = pool_at(pool, slice, pos, size, &chunk);

		if (kdbus_copy_from_user(to, data, chunk))
			return -EFAULT;
		if (size > chunk && fatal_signal_pending(current))
			return -EFAULT;
	}
	return 0;
}

/**
 * kdbus_pool_write_user() - put memory of the calling process into a slice
 * @pool: the pool
 * @slice: held by the caller and populated
 * @pos: bytes from the start of the slice
 * @data: what
 * @size: bytes; @pos + @size is inside the slice
 *
 * Context: May sleep for as long as the memory of the caller takes; no lock
 *          may be held.
 * Return: 0; -EFAULT if the memory cannot be read.
 */
int kdbus_pool_write_user(struct kdbus_pool *pool, const struct kdbus_slice *slice,
			  size_t pos, const void __user *data, size_t size)
{
	void *to = pool_at_first(slice, pos, size);

	if (likely(to))
		return kdbus_copy_from_user(to, data, size);
	return pool_write_user_pages(pool, slice, pos, data, size);
}

/**
 * kdbus_pool_write_payload() - put a copy of what others share into a slice
 * @pool: the pool
 * @slice: held by the caller and populated
 * @pos: bytes from the start of the slice
 * @payload: what; as much of it as there is room for
 */
void kdbus_pool_write_payload(struct kdbus_pool *pool, const struct kdbus_slice *slice,
			      size_t pos, const struct kdbus_payload *payload)
{
	unsigned int i;
	size_t chunk;

	for (i = 0; i < payload->n_pages && pos < slice->size; i++, pos += chunk) {
		chunk = min(PAGE_SIZE, slice->size - pos);
		kdbus_pool_write(pool, slice, pos, page_address(payload->pages[i]), chunk);
	}
}

/**
 * kdbus_pool_copy() - copy a slice into another pool
 * @dst_pool: pool of @dst
 * @dst: held by the caller and populated; as large as @src; may share the payload of @src
 * @src_pool: pool of @src
 * @src: held by the caller and populated
 */
void kdbus_pool_copy(struct kdbus_pool *dst_pool, const struct kdbus_slice *dst,
		     struct kdbus_pool *src_pool, const struct kdbus_slice *src)
{
	size_t pos, chunk, own = kdbus_slice_own_size(src);

	for (pos = 0; pos < own; pos += chunk) {
		void *from = pool_at(src_pool, src, pos, own - pos, &chunk);

		kdbus_pool_write(dst_pool, dst, pos, from, chunk);
	}
	if (src->payload && !dst->payload)
		kdbus_pool_write_payload(dst_pool, dst, own, src->payload);
}
