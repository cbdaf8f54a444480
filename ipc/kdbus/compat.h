/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Everything that depends on the kernel's version.
 *
 * The code is written for the newest kernel.  Here older ones get the new names
 * and shapes.  Version numbers are used for what stable branches never change
 * (prototypes of the VFS); the thresholds lie in gaps between kernels that
 * were tried (6.1, 6.12, 7.x).
 */
#ifndef KDBUS_COMPAT_H
#define KDBUS_COMPAT_H

#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define mnt_idmap user_namespace

static inline void vm_flags_mod(struct vm_area_struct *vma, unsigned long set,
				unsigned long clear)
{
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static inline void simple_inode_init_ts(struct inode *inode)
{
	inode->i_mtime = current_time(inode);
	inode->i_atime = inode->i_mtime;
	inode->i_ctime = inode->i_mtime;
}
#endif

/* Take a reference unless the last one is gone; *@file itself is stable. */
static inline bool kdbus_get_file_active(struct file **file)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	return get_file_rcu(*file);
#else
	return get_file_active(file);
#endif
}

/* Install @file at the lowest free number of current. */
static inline int kdbus_receive_fd(struct file *file, unsigned int flags)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
	return receive_fd(file, flags);
#else
	return receive_fd(file, NULL, flags);
#endif
}

/*
 * Make @inode visible under @dentry and keep it until it is removed.  Consumes
 * the caller's reference on @dentry.
 */
static inline void kdbus_dentry_publish(struct dentry *dentry, struct inode *inode)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
	if (d_unhashed(dentry))
		d_add(dentry, inode);
	else
		d_instantiate(dentry, inode);
#else
	d_make_persistent(dentry, inode);
	dput(dentry);
#endif
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
#define kdbus_kill_super kill_litter_super
#else
#define kdbus_kill_super kill_anon_super
#endif

#endif
