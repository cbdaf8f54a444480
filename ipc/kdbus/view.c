// SPDX-License-Identifier: GPL-2.0
/* Through whose eyes metadata is read: namespaces, root, /proc */

#include <linux/compiler.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/stringhash.h>
#include <linux/user_namespace.h>

#include "view.h"

static void root_identify(struct kdbus_root *root, const struct path *path)
{
	root->mnt = path->mnt;
	root->dentry = path->dentry;
	root->ino = d_inode(path->dentry)->i_ino;
	root->dev = path->dentry->d_sb->s_dev;
}

/**
 * kdbus_root_init() - identify the root directory of current
 * @root: identity to fill; holds no reference
 *
 * Context: Process context.  May sleep.
 */
void kdbus_root_init(struct kdbus_root *root)
{
	struct path path;

	*root = (struct kdbus_root){};
	if (!current->fs)
		return;
	get_fs_root(current->fs, &path);
	root_identify(root, &path);
	path_put(&path);
}

/* Does a proc mount for @shown list the tasks of @ns? */
static bool pid_ns_shows(const struct pid_namespace *shown,
			 const struct pid_namespace *ns)
{
	while (ns && ns != shown)
		ns = ns->parent;
	return ns;
}

/*
 * What is mounted on the directory "proc" of @root.  Nearly always that directory is in the
 * cache, pinned there by the mount, and then looking there is a quarter of what it takes to
 * resolve the path.  NULL in path->mnt: it is not so simple.
 */
static void view_find_mounted_proc(const struct path *root, struct path *path)
{
	struct qstr name = QSTR_INIT("proc", 4);
	struct dentry *dentry;

	path->mnt = NULL;
	if (root->dentry->d_flags & (DCACHE_OP_HASH | DCACHE_OP_COMPARE) ||
	    path_permission(root, MAY_EXEC))
		return;
	name.hash = full_name_hash(root->dentry, name.name, name.len);
	dentry = d_lookup(root->dentry, &name);
	if (!dentry)
		return;
	if ((dentry->d_flags & DCACHE_MANAGED_DENTRY) != DCACHE_MOUNTED) {
		dput(dentry);
		return;
	}
	path->mnt = mntget(root->mnt);
	path->dentry = dentry;
	while (follow_down_one(path))
		;
}

/* Find out what the /proc of current hides, see the top of view.h. */
static void view_look_at_proc(struct kdbus_view *view, const struct path *root)
{
	const struct proc_fs_info *info;
	struct super_block *sb;
	struct path path;

	view->proc_hidden = true;
	view->proc_gid = GLOBAL_ROOT_GID;

	view_find_mounted_proc(root, &path);
	if (!path.mnt && kern_path("/proc", LOOKUP_DIRECTORY, &path))
		return;
	sb = path.dentry->d_sb;
	if (sb->s_magic == PROC_SUPER_MAGIC) {
		info = proc_sb_info(sb);
		if (pid_ns_shows(info->pid_ns, view->pid_ns)) {
			view->proc_hidden = info->hide_pid != HIDEPID_OFF;
			view->proc_gid = info->pid_gid;
		}
	}
	path_put(&path);
}

/**
 * kdbus_view_init() - record through whose eyes a connection looks
 * @view: view to fill
 * @opener: credentials that the connection's file was opened with; the view
 *	takes a reference of its own
 *
 * The pid namespace, the root directory and the view of /proc are those of
 * current.  The caller ends the life of the view with kdbus_view_deinit().
 *
 * Context: Process context.  Sleeps, as it resolves a path; the file system
 *	that holds the root directory of current may take its time.
 * Return: 0.
 */
int kdbus_view_init(struct kdbus_view *view, const struct cred *opener)
{
	struct path root;

	/* Everybody who takes a reference clears the same flag in it: to the same value. */
	view->cred = data_race(get_cred(opener));
	view->user_ns = opener->user_ns;
	view->pid_ns = get_pid_ns(task_active_pid_ns(current));
	view->tgid = get_task_pid(current, PIDTYPE_TGID);
	get_fs_root(current->fs, &root);
	root_identify(&view->root, &root);
	view_look_at_proc(view, &root);
	path_put(&root);
	return 0;
}

/**
 * kdbus_view_deinit() - drop the references of a view
 * @view: view that kdbus_view_init() has filled
 *
 * Context: Any context in which memory may be freed.
 */
void kdbus_view_deinit(struct kdbus_view *view)
{
	put_pid(view->tgid);
	put_pid_ns(view->pid_ns);
	put_cred(view->cred);
}

/**
 * kdbus_view_may_read_current() - could the viewer read current in /proc?
 * @view: whose eyes
 *
 * A task that is not in the viewer's pid namespace cannot be read.  Where
 * foreign processes are hidden only the exempt group reads them; it is the
 * effective group of the file's opener that counts.  Nobody is foreign to the
 * connections that it made itself.
 *
 * Context: Any.
 * Return: whether it could.
 */
bool kdbus_view_may_read_current(const struct kdbus_view *view)
{
	struct pid *tgid = task_tgid(current);

	if (view->pid_ns != &init_pid_ns && !pid_nr_ns(tgid, view->pid_ns))
		return false;
	return !view->proc_hidden ||
	       gid_eq(view->cred->egid, view->proc_gid) ||
	       tgid == view->tgid;
}
