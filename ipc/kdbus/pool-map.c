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

#include "compat.h"
#include "delay.h"
#include "pool.h"
#include "pool-internal.h"

static vm_fault_t pool_fault(struct vm_fault *vmf)
{
	struct kdbus_pool *pool = vmf->vma->vm_private_data;
	struct page *page;

	if (vmf->pgoff >= pool->size >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;

	/* What no message has reached yet reads as zeroes. */
	page = kdbus_pool_lock_fault_page(pool, vmf->pgoff);
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
	vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTDUMP, VM_MAYWRITE);
	vma->vm_ops = &pool_vm_ops;
	vma->vm_private_data = pool;
	return 0;
}
