// SPDX-License-Identifier: GPL-2.0
/* Memory that a connection's owner maps to read its messages. */

#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "compat.h"
#include "delay.h"
#include "pool.h"
#include "slice.h"
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
 * The slice that was given back last rests: for the space it is still in use, so
 * that the next message of the same size finds it, and its pages, without a
 * look into any tree.  A call and its reply keep using the same two places so.
 * It is woken from its rest when something of another size is given back, when
 * room is short, and when the trimmer comes.
 *
 * The mapping holds its own file, not the connection's: the connection ends when
 * its last descriptor is closed, mapped or not.
 */

/* Pages that an idle pool keeps, its first: a small message finds its page at once. */
#define POOL_KEEP_PAGES 1
/* How long a pool must have been without traffic before pages go. */
#define POOL_IDLE_JIFFIES HZ
/* Pages that are removed in one go. */
#define POOL_TRIM_BATCH 32

/**
 * struct kdbus_pool - memory for one connection's messages
 * @ref: the connection and the file of the mappings
 * @size: length in bytes, a multiple of the page size; set once
 * @lock: guards @space and @resting; leaf
 * @space: the slices
 * @resting: slice that nobody needs and that is not released yet, or NULL
 * @pages: pages by index; added and removed under @pages_lock, read under RCU
 * @pages_lock: see DOC: Pool
 * @n_pages: number of entries in @pages; under @pages_lock, read as a hint
 * @busy: there was traffic since the trimmer looked
 * @trim: gives pages back when idle
 * @memcg: who pays for pages; pinned, may be NULL
 * @file: file of the mappings, made at the first; under @pages_lock; weak, it
 *        pins the pool and removes itself
 */
struct kdbus_pool {
	struct kref ref;
	size_t size;
	spinlock_t lock;	/* slices */
	struct kdbus_space space;
	struct kdbus_slice *resting;
	struct xarray pages;
	struct mutex pages_lock;	/* adding and removing pages */
	unsigned long n_pages;
	bool busy;
	struct delayed_work trim;
	struct mem_cgroup *memcg;
	struct file *file;
};

static void pool_trim(struct work_struct *work);

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
	int ret;

	pool = kzalloc(sizeof(*pool), GFP_KERNEL_ACCOUNT);
	if (!pool)
		return ERR_PTR(-ENOMEM);

	ret = kdbus_space_init(&pool->space, size);
	if (ret) {
		kfree(pool);
		return ERR_PTR(ret);
	}
	kref_init(&pool->ref);
	pool->size = size;
	spin_lock_init(&pool->lock);
	xa_init(&pool->pages);
	mutex_init(&pool->pages_lock);
	INIT_DELAYED_WORK(&pool->trim, pool_trim);
	pool->memcg = get_mem_cgroup_from_mm(current->mm);
	return pool;
}

static void pool_free(struct kref *ref)
{
	struct kdbus_pool *pool = container_of(ref, struct kdbus_pool, ref);
	struct page *page;
	unsigned long index;

	cancel_delayed_work_sync(&pool->trim);
	xa_for_each(&pool->pages, index, page)
		put_page(page);
	xa_destroy(&pool->pages);
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

/* The slice that rests, if it has this size. */
static struct kdbus_slice *pool_wake_slice_locked(struct kdbus_pool *pool, size_t size)
{
	struct kdbus_slice *slice = pool->resting;

	lockdep_assert_held(&pool->lock);

	if (!slice || slice->size != size)
		return NULL;
	pool->resting = NULL;
	slice->held = true;
	return slice;
}

/* No slice rests afterwards; false if none did. */
static bool pool_end_rest_locked(struct kdbus_pool *pool)
{
	struct kdbus_slice *slice = pool->resting;

	lockdep_assert_held(&pool->lock);

	pool->resting = NULL;
	if (slice)
		kdbus_space_release(&pool->space, slice);
	return slice;
}

static struct kdbus_slice *pool_reserve_locked(struct kdbus_pool *pool, size_t size)
{
	struct kdbus_slice *slice;

	slice = pool_wake_slice_locked(pool, ALIGN(size, 8));
	if (likely(slice))
		return slice;
	slice = kdbus_space_reserve(&pool->space, size);
	if (slice == ERR_PTR(-EXFULL) && pool_end_rest_locked(pool))
		slice = kdbus_space_reserve(&pool->space, size);
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
	struct kdbus_slice *slice, *spare = NULL;

	for (;;) {
		spin_lock(&pool->lock);
		if (spare && !pool->space.spare) {
			pool->space.spare = spare;
			spare = NULL;
		}
		slice = pool_reserve_locked(pool, size);
		spin_unlock(&pool->lock);
		if (likely(slice != ERR_PTR(-EAGAIN)))
			break;
		/* Somebody may take the spare before us: try again with one more. */
		kdbus_slice_free(spare);
		spare = kdbus_slice_new();
		if (!spare)
			return ERR_PTR(-ENOMEM);
	}
	kdbus_slice_free(spare);
	return slice;
}

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
	unsigned long first = slice->offset >> PAGE_SHIFT;
	unsigned long last = (slice->offset + slice->size - 1) >> PAGE_SHIFT;
	unsigned long index;
	struct page *page;
	int ret;

	/* It rested, and its pages stayed. */
	if (slice->addr)
		return 0;
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

/* The slice is in use by nobody any more; under @lock. */
static void pool_release_locked(struct kdbus_pool *pool, struct kdbus_slice *slice)
{
	lockdep_assert_held(&pool->lock);

	pool_end_rest_locked(pool);
	pool->resting = slice;
	if (READ_ONCE(pool->n_pages) <= POOL_KEEP_PAGES)
		return;
	/* Racy on purpose: a lost store delays the trimmer by one period. */
	WRITE_ONCE(pool->busy, true);
	if (!delayed_work_pending(&pool->trim))
		queue_delayed_work(kdbus_workqueue, &pool->trim, POOL_IDLE_JIFFIES);
}

/**
 * kdbus_pool_release() - the kernel does not need a slice any more
 * @pool: the pool
 * @slice: held by the caller; stays in use while it is published
 *
 * Context: Any but interrupts; does not sleep.
 */
void kdbus_pool_release(struct kdbus_pool *pool, struct kdbus_slice *slice)
{
	spin_lock(&pool->lock);
	slice->held = false;
	if (!slice->published)
		pool_release_locked(pool, slice);
	spin_unlock(&pool->lock);
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

/**
 * kdbus_pool_unpublish() - user space does not need a slice any more
 * @pool: the pool
 * @offset: from user space, anything
 *
 * Return: 0; -ENXIO if no published slice starts at @offset.
 */
int kdbus_pool_unpublish(struct kdbus_pool *pool, u64 offset)
{
	return kdbus_pool_unpublish_all(pool, &offset, 1) ? 0 : -ENXIO;
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

/**
 * kdbus_pool_unpublish_all() - user space does not need some slices any more
 * @pool: the pool
 * @offsets: from user space, anything
 * @n: number of @offsets
 *
 * What is not there, or there twice, is passed over.
 *
 * Return: how many there were.
 */
size_t kdbus_pool_unpublish_all(struct kdbus_pool *pool, const u64 *offsets, size_t n)
{
	struct kdbus_slice *slice;
	size_t i, found = 0;

	spin_lock(&pool->lock);
	for (i = 0; i < n; i++) {
		slice = pool_find_published_locked(pool, offsets[i]);
		if (!slice)
			continue;
		slice->published = false;
		if (!slice->held)
			pool_release_locked(pool, slice);
		found++;
	}
	spin_unlock(&pool->lock);
	return found;
}

/*
 * Where byte @pos of a slice is in kernel memory, and in @chunk how many bytes
 * from there on lie in the same page, at most @size.
 */
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
	size_t chunk;

	for (; size; size -= chunk, pos += chunk, data += chunk) {
		void *to = pool_at(pool, slice, pos, size, &chunk);

		memcpy(to, data, chunk);
	}
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
 * kdbus_pool_copy() - copy a slice into another pool
 * @dst_pool: pool of @dst
 * @dst: held by the caller and populated; as large as @src
 * @src_pool: pool of @src
 * @src: held by the caller and populated
 */
void kdbus_pool_copy(struct kdbus_pool *dst_pool, const struct kdbus_slice *dst,
		     struct kdbus_pool *src_pool, const struct kdbus_slice *src)
{
	size_t pos, chunk;

	for (pos = 0; pos < src->size; pos += chunk) {
		void *from = pool_at(src_pool, src, pos, src->size - pos, &chunk);

		kdbus_pool_write(dst_pool, dst, pos, from, chunk);
	}
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
	pool_end_rest_locked(pool);
	for (rb = rb_last(&pool->space.free); rb; rb = rb_prev(rb)) {
		slice = rb_entry(rb, struct kdbus_slice, rb);
		if (slice->size < PAGE_SIZE)
			break;
		first = max_t(unsigned long, DIV_ROUND_UP(slice->offset, PAGE_SIZE),
			      POOL_KEEP_PAGES);
		end = (slice->offset + slice->size) >> PAGE_SHIFT;
		if (first >= end)
			continue;
		xa_for_each_range(&pool->pages, index, page, first, end - 1) {
			if (n == POOL_TRIM_BATCH)
				goto out;
			xa_erase(&pool->pages, index);
			WRITE_ONCE(pool->n_pages, pool->n_pages - 1);
			indices[n] = index;
			pages[n++] = page;
		}
	}
out:
	spin_unlock(&pool->lock);
	return n;
}

static void pool_trim(struct work_struct *work)
{
	struct kdbus_pool *pool = container_of(to_delayed_work(work), struct kdbus_pool, trim);
	unsigned long indices[POOL_TRIM_BATCH];
	struct page *pages[POOL_TRIM_BATCH];
	unsigned int i, n;

	if (READ_ONCE(pool->busy)) {
		WRITE_ONCE(pool->busy, false);
		queue_delayed_work(kdbus_workqueue, &pool->trim, POOL_IDLE_JIFFIES);
		return;
	}

	do {
		mutex_lock(&pool->pages_lock);
		n = pool_take_free_pages(pool, pages, indices);
		kdbus_delay_point();
		for (i = 0; i < n; i++) {
			/* A fault that found the page before ends here, see DOC: Pool. */
			lock_page(pages[i]);
			unlock_page(pages[i]);
			if (pool->file)
				unmap_mapping_range(pool->file->f_mapping,
						    (loff_t)indices[i] << PAGE_SHIFT,
						    PAGE_SIZE, 1);
			put_page(pages[i]);
		}
		mutex_unlock(&pool->pages_lock);
		cond_resched();
	} while (n);
}

/*
 * The page at @index, new if there is none; then @pages_lock is held.  Memory is waited
 * for without the lock, which senders may need.
 */
static struct page *pool_lock_fault_page(struct kdbus_pool *pool, unsigned long index)
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
			ret = pool_add_page_locked(pool, index, new);
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

static vm_fault_t pool_fault(struct vm_fault *vmf)
{
	struct kdbus_pool *pool = vmf->vma->vm_private_data;
	struct page *page;

	if (vmf->pgoff >= pool->size >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;

	/* What no message has reached yet reads as zeroes. */
	page = pool_lock_fault_page(pool, vmf->pgoff);
	if (IS_ERR(page))
		return VM_FAULT_OOM;
	/* Locked, so that the trimmer can wait for us. */
	get_page(page);
	lock_page(page);
	mutex_unlock(&pool->pages_lock);
	kdbus_delay_point();

	vmf->page = page;
	return VM_FAULT_LOCKED;
}

static const struct vm_operations_struct pool_vm_ops = {
	.fault = pool_fault,
};

static int pool_file_release(struct inode *inode, struct file *file)
{
	struct kdbus_pool *pool = file->private_data;

	mutex_lock(&pool->pages_lock);
	if (pool->file == file)
		pool->file = NULL;
	mutex_unlock(&pool->pages_lock);
	iput(file->f_mapping->host);
	kdbus_pool_put(pool);
	return 0;
}

static const struct file_operations pool_file_ops = {
	.owner = THIS_MODULE,
	.release = pool_file_release,
};

/* A file with an address space of its own, so that its mappings can be found. */
static struct file *pool_file_new(struct kdbus_pool *pool)
{
	struct inode *inode;
	struct file *file;

	file = anon_inode_getfile("[kdbus-pool]", &pool_file_ops, pool, O_RDONLY);
	if (IS_ERR(file))
		return file;
	kref_get(&pool->ref);

	inode = alloc_anon_inode(file_inode(file)->i_sb);
	if (IS_ERR(inode)) {
		/* The release function puts the inode of f_mapping: give it one more. */
		ihold(file_inode(file));
		fput(file);
		return ERR_CAST(inode);
	}
	file->f_mapping = inode->i_mapping;
	return file;
}

/**
 * kdbus_pool_mmap() - map a pool, read-only for ever
 * @pool: the pool
 * @vma: the new mapping, not yet visible
 *
 * Context: mmap_lock held.
 * Return: 0; -EPERM if it is to be writable; -EFAULT if it is larger than the
 *         pool; -ENOMEM, -ENFILE.
 */
int kdbus_pool_mmap(struct kdbus_pool *pool, struct vm_area_struct *vma)
{
	struct file *file;

	if (vma->vm_flags & VM_WRITE)
		return -EPERM;
	if (vma->vm_end - vma->vm_start > pool->size)
		return -EFAULT;

	mutex_lock(&pool->pages_lock);
	/* A file on its way to release has no references left to take. */
	if (pool->file && kdbus_get_file_active(&pool->file)) {
		file = pool->file;
	} else {
		file = pool_file_new(pool);
		if (!IS_ERR(file))
			pool->file = file;
	}
	mutex_unlock(&pool->pages_lock);
	if (IS_ERR(file))
		return PTR_ERR(file);

	vma_set_file(vma, file);
	fput(file);
	vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTDUMP, VM_MAYWRITE);
	vma->vm_ops = &pool_vm_ops;
	vma->vm_private_data = pool;
	return 0;
}
