/* SPDX-License-Identifier: GPL-2.0 */
/* Through whose eyes metadata is read: namespaces, root, /proc */
#ifndef KDBUS_VIEW_H
#define KDBUS_VIEW_H

#include <linux/types.h>
#include <linux/uidgid.h>

struct cred;
struct dentry;
struct pid;
struct pid_namespace;
struct user_namespace;
struct vfsmount;

/**
 * DOC: whose eyes
 *
 * The same process has other numbers in another namespace.  A view says into
 * which ones metadata is translated for a connection: the user namespace of the
 * credentials that its file was opened with, the pid namespace and the root
 * directory of the task that said HELLO.  The last two are not the opener's,
 * because a file may be opened inside a container and used by its manager.
 *
 * The root directory is recorded as an identity and not pinned.  A reference
 * would keep its mount busy for as long as the connection lives, also after
 * the process that said HELLO is gone and nothing in /proc can explain the
 * EBUSY of umount(2).  The price: when a root directory is unmounted while the
 * connection lives on elsewhere, both addresses, the device number and the
 * inode number may in theory come back for another directory.  Then the
 * receiver gets one path that is right in that other root.  Nothing is ever
 * dereferenced through the identity.
 *
 * Whether a receiver may read about others in /proc was a property of the pid
 * namespace in 2015, and since Linux 5.8 is one of each proc mount (hidepid=,
 * gid=).  What counts here is the mount that the HELLO caller has at /proc, as
 * it was at that moment.  If there is none, or if it shows a pid namespace
 * below the caller's own, the strictest one is assumed: everything is hidden
 * but from group 0.  Otherwise unmounting /proc in an own mount namespace would
 * be a way around hidepid.
 */

/**
 * struct kdbus_root - identity of a root directory
 * @mnt: mount; for comparison only
 * @dentry: directory in it; for comparison only
 * @ino: inode number of the directory
 * @dev: device number of its file system
 */
struct kdbus_root {
	const struct vfsmount *mnt;
	const struct dentry *dentry;
	u64 ino;
	dev_t dev;
};

/**
 * struct kdbus_view - into whose namespaces metadata is translated
 * @cred: credentials that the file was opened with; pinned
 * @user_ns: user namespace of @cred; borrowed from @cred
 * @pid_ns: pid namespace of the HELLO caller; pinned
 * @tgid: process of the HELLO caller; pinned
 * @root: root directory of the HELLO caller; identity only
 * @proc_gid: the group that @proc_hidden does not concern
 * @proc_hidden: the /proc of the HELLO caller hid foreign processes
 *
 * Set once before the connection is visible, then read without a lock.
 */
struct kdbus_view {
	const struct cred *cred;
	struct user_namespace *user_ns;
	struct pid_namespace *pid_ns;
	struct pid *tgid;
	struct kdbus_root root;
	kgid_t proc_gid;
	bool proc_hidden;
};

void kdbus_root_init(struct kdbus_root *root);

static inline bool kdbus_root_equal(const struct kdbus_root *a,
				    const struct kdbus_root *b)
{
	return a->mnt == b->mnt && a->dentry == b->dentry &&
	       a->ino == b->ino && a->dev == b->dev;
}

int kdbus_view_init(struct kdbus_view *view, const struct cred *opener);
void kdbus_view_deinit(struct kdbus_view *view);
bool kdbus_view_may_read_current(const struct kdbus_view *view);

#endif
