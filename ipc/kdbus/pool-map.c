// SPDX-License-Identifier: GPL-2.0
/* How the owner of a pool sees it. */

#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/pgtable.h>

#include "compat.h"
#include "delay.h"
#include "pool.h"
#include "pool-internal.h"

/**
 * struct pool_entries - shared pages on their way into a page table
 * @mm: whose
 * @prot: of the mapping
 * @pages: the next one
 */
struct pool_entries {
	struct mm_struct *mm;
	pgprot_t prot;
	struct page **pages;
};

static int pool_enter_page(pte_t *pte, unsigned long addr, void *data)
{
	struct pool_entries *entries = data;
	struct page *page = *entries->pages++;

	/* What is there already has been entered by another thread; a marker is nothing. */
	if (!pte_present(ptep_get(pte)))
		set_pte_at(entries->mm, addr, pte,
			   pte_mkspecial(pfn_pte(page_to_pfn(page), entries->prot)));
	return 0;
}

static int pool_enter_nothing(pte_t *pte, unsigned long addr, void *data)
{
	return 0;
}

/* From here on until the fault is over there is one, because the mapping cannot go away. */
static bool pool_have_table(struct vm_fault *vmf)
{
	return likely(!pmd_none(READ_ONCE(*vmf->pmd))) ||
	       !apply_to_page_range(vmf->vma->vm_mm, vmf->address & PAGE_MASK, PAGE_SIZE,
				    pool_enter_nothing, NULL);
}

/* The shared pages of a slice from the one that was touched on, as one table has. */
static vm_fault_t pool_enter_shared(struct vm_fault *vmf, const struct kdbus_slice *slice,
				    unsigned long first)
{
	unsigned long addr = vmf->address & PAGE_MASK, index = vmf->pgoff - first;
	struct vm_area_struct *vma = vmf->vma;
	struct pool_entries entries = {
		.mm = vma->vm_mm,
		.prot = vma->vm_page_prot,
		.pages = &slice->payload->pages[index],
	};
	unsigned long end;

	end = addr + kdbus_payload_bytes(slice->payload) - (index << PAGE_SHIFT);
	end = min3(end, vma->vm_end, ALIGN(addr + 1, PMD_SIZE));
	return apply_to_page_range(vma->vm_mm, addr, end - addr, pool_enter_page, &entries) ?
	       VM_FAULT_OOM : VM_FAULT_NOPAGE;
}

/* VM_FAULT_FALLBACK if it is a page of the pool. */
static vm_fault_t pool_fault_shared(struct kdbus_pool *pool, struct vm_fault *vmf)
{
	vm_fault_t ret = VM_FAULT_FALLBACK;
	struct kdbus_slice *slice;
	unsigned long first;

	if (!pool_have_table(vmf))
		return VM_FAULT_OOM;
	mutex_lock(&pool->map_lock);
	spin_lock(&pool->lock);
	slice = kdbus_pool_shared_at_locked(pool, vmf->pgoff, &first);
	if (slice)
		slice->mapped = true;
	spin_unlock(&pool->lock);
	kdbus_delay_point();
	if (slice)
		ret = pool_enter_shared(vmf, slice, first);
	mutex_unlock(&pool->map_lock);
	return ret;
}

static vm_fault_t pool_fault(struct vm_fault *vmf)
{
	struct kdbus_pool *pool = vmf->vma->vm_private_data;
	struct page *page;
	vm_fault_t ret;

	if (vmf->pgoff >= pool->size >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;

	ret = pool_fault_shared(pool, vmf);
	if (ret != VM_FAULT_FALLBACK)
		return ret;
	kdbus_delay_point();
	/* What no message has reached yet reads as zeroes. */
	page = kdbus_pool_lock_fault_page(pool, vmf->pgoff);
	if (page == ERR_PTR(-EAGAIN))
		return VM_FAULT_NOPAGE;
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

/*
 * How debuggers read what is shared: their own way needs a page that can be pinned.  What the owner
 * cannot change they cannot either.
 */
static int pool_access(struct vm_area_struct *vma, unsigned long addr, void *data, int size,
		       int write)
{
	unsigned long first, index = vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);
	struct kdbus_pool *pool = vma->vm_private_data;
	struct kdbus_payload *payload = NULL;
	struct kdbus_slice *slice;

	if (write)
		return -EACCES;
	spin_lock(&pool->lock);
	slice = kdbus_pool_shared_at_locked(pool, index, &first);
	if (slice)
		payload = kdbus_payload_get(slice->payload);
	spin_unlock(&pool->lock);
	if (!payload)
		return -EFAULT;
	size = min_t(int, size, PAGE_SIZE - offset_in_page(addr));
	memcpy(data, page_address(payload->pages[index - first]) + offset_in_page(addr), size);
	kdbus_payload_put(payload);
	return size;
}

static const struct vm_operations_struct pool_vm_ops = {
	.fault = pool_fault,
	.access = pool_access,
};

static int pool_file_release(struct inode *inode, struct file *file)
{
	struct kdbus_pool *pool = file->private_data;

	mutex_lock(&pool->pages_lock);
	if (pool->file == file)
		pool->file = NULL;
	mutex_unlock(&pool->pages_lock);
	kdbus_pool_put(pool);
	return 0;
}

static const struct file_operations pool_file_ops = {
	.owner = THIS_MODULE,
	.release = pool_file_release,
};

/*
 * Nothing is ever entered into the page cache of a pool: the address space is there only to
 * find the mappings.  So it needs no inode of its own and borrows that of all anonymous files.
 */
static void pool_mapping_init(struct address_space *mapping, struct inode *host)
{
	static const struct address_space_operations no_ops;

	address_space_init_once(mapping);
	mapping->a_ops = &no_ops;
	mapping->host = host;
	mapping_set_gfp_mask(mapping, GFP_KERNEL);
}

static struct file *pool_file_new_locked(struct kdbus_pool *pool)
{
	struct file *file;

	lockdep_assert_held(&pool->pages_lock);

	file = anon_inode_getfile("[kdbus-pool]", &pool_file_ops, pool, O_RDONLY);
	if (IS_ERR(file))
		return file;
	kref_get(&pool->ref);
	/* An earlier file may still be on its way out, but its mappings are gone. */
	if (!pool->mapping.host)
		pool_mapping_init(&pool->mapping, file_inode(file));
	file->f_mapping = &pool->mapping;
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
		file = pool_file_new_locked(pool);
		if (!IS_ERR(file))
			pool->file = file;
	}
	mutex_unlock(&pool->pages_lock);
	if (IS_ERR(file))
		return PTR_ERR(file);

	vma_set_file(vma, file);
	fput(file);
	vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTDUMP | VM_MIXEDMAP, VM_MAYWRITE);
	vma->vm_ops = &pool_vm_ops;
	vma->vm_private_data = pool;
	return 0;
}
