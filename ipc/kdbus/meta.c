// SPDX-License-Identifier: GPL-2.0
/* Snapshots of what is known about a task: life and collection */

#include <linux/audit.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/path.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/user_namespace.h>

#include "meta.h"
#include "meta-fake.h"
#include "meta-task.h"

/* Kinds that cost nothing to collect: they are read where they are. */
#define META_IN_PLACE							\
	(KDBUS_ATTACH_CREDS | KDBUS_ATTACH_PIDS |			\
	 KDBUS_ATTACH_AUXGROUPS | KDBUS_ATTACH_CAPS)

/* Kinds that a snapshot needs memory for. */
#define META_TEXT							\
	(KDBUS_ATTACH_EXE | KDBUS_ATTACH_CMDLINE |			\
	 KDBUS_ATTACH_CGROUP | KDBUS_ATTACH_SECLABEL)

/**
 * kdbus_meta_init() - make an empty snapshot
 * @meta: memory of the caller, who ends its life with kdbus_meta_deinit()
 *
 * Context: Any.
 */
void kdbus_meta_init(struct kdbus_meta *meta)
{
	/* One by one: the rest has no meaning before its kind is valid. */
	meta->asked = 0;
	meta->valid = 0;
	meta->life = KDBUS_META_CURRENT;
	meta->fake = NULL;
	meta->exe = NULL;
	meta->cmdline = NULL;
	meta->cgroup = NULL;
	meta->seclabel = NULL;
}

/**
 * kdbus_meta_deinit() - drop what a snapshot holds
 * @meta: a snapshot, made in any way
 *
 * Context: Process context.  May sleep.
 */
void kdbus_meta_deinit(struct kdbus_meta *meta)
{
	/* Most messages end here. */
	if (!(meta->asked & META_TEXT))
		return;

	kfree(meta->exe);
	if (meta->life == KDBUS_META_BORROWED)
		return;
	kfree(meta->cmdline);
	kfree(meta->cgroup);
	kfree(meta->seclabel);
	if (meta->life == KDBUS_META_CURRENT)
		return;
	kfree(meta->fake);
	put_cred(meta->cred);
	put_pid(meta->tgid);
	put_pid(meta->tid);
	put_pid(meta->ppid);
	path_put(&meta->exe_path);
}

/*
 * Name the executable at @path for current.  The name is right for one root
 * directory only: give none if a thread that shares ours is just changing it.
 */
static void meta_name_exe(struct kdbus_meta *meta, const struct path *path)
{
	struct kdbus_root after;

	kdbus_root_init(&meta->exe_root);
	meta->exe = kdbus_text_path(path);
	kdbus_root_init(&after);
	if (meta->exe && kdbus_root_equal(&meta->exe_root, &after))
		meta->valid |= KDBUS_ATTACH_EXE;
}

/* The executable of current, for a snapshot that does not keep it. */
static void meta_collect_exe(struct kdbus_meta *meta)
{
	struct path path;

	if (!kdbus_task_exe(&path))
		return;
	meta_name_exe(meta, &path);
	path_put(&path);
}

static void meta_collect_text(struct kdbus_meta *meta, u64 kinds)
{
	if (kinds & KDBUS_ATTACH_CMDLINE) {
		meta->cmdline = kdbus_task_cmdline();
		if (meta->cmdline)
			meta->valid |= KDBUS_ATTACH_CMDLINE;
	}
	if (kinds & KDBUS_ATTACH_CGROUP) {
		meta->cgroup = kdbus_task_cgroup();
		if (meta->cgroup)
			meta->valid |= KDBUS_ATTACH_CGROUP;
	}
	if (kinds & KDBUS_ATTACH_SECLABEL) {
		meta->seclabel = kdbus_task_seclabel();
		if (meta->seclabel)
			meta->valid |= KDBUS_ATTACH_SECLABEL;
	}
}

/* What others may change at any time: it has to be copied. */
static void meta_collect_values(struct kdbus_meta *meta, u64 kinds)
{
	if (kinds & KDBUS_ATTACH_TID_COMM) {
		get_task_comm(meta->tid_comm, current);
		meta->valid |= KDBUS_ATTACH_TID_COMM;
	}
	if (kinds & KDBUS_ATTACH_PID_COMM) {
		/* A leader outlives its threads, if only as a zombie. */
		get_task_comm(meta->pid_comm, current->group_leader);
		meta->valid |= KDBUS_ATTACH_PID_COMM;
	}
	if (IS_ENABLED(CONFIG_AUDIT) && (kinds & KDBUS_ATTACH_AUDIT)) {
		meta->loginuid = audit_get_loginuid(current);
		meta->sessionid = audit_get_sessionid(current);
		meta->valid |= KDBUS_ATTACH_AUDIT;
	}
}

/**
 * kdbus_meta_collect() - ask current, for one message
 * @meta: snapshot on the stack of current; not a pinned or faked one
 * @kinds: KDBUS_ATTACH_* kinds wanted; others than KDBUS_META_PROCESS, and
 *	those asked for before, are ignored
 *
 * The snapshot borrows from current: until kdbus_meta_deinit() it may be used
 * by current only, within this system call, under these credentials.
 *
 * What does not exist is absent, as is text for which there is no memory.
 *
 * Context: Process context, no locks held: for EXE, CMDLINE, CGROUP and
 *	SECLABEL this sleeps, and CMDLINE reads user memory.  Does not sleep for
 *	others.
 */
void kdbus_meta_collect(struct kdbus_meta *meta, u64 kinds)
{
	kinds &= KDBUS_META_PROCESS & ~meta->asked;
	if (!kinds)
		return;

	meta->asked |= kinds;
	meta->cred = current_cred();
	meta->valid |= kinds & META_IN_PLACE;
	if (!(kinds & ~META_IN_PLACE))
		return;

	meta_collect_values(meta, kinds);
	meta_collect_text(meta, kinds);
	if (kinds & KDBUS_ATTACH_EXE)
		meta_collect_exe(meta);
}

/**
 * kdbus_meta_pin() - ask current, for as long as a connection or bus lives
 * @meta: snapshot after kdbus_meta_init(), nothing collected yet
 *
 * All kinds of KDBUS_META_PROCESS are collected.  The snapshot has references
 * of its own, and does not change any more: any task may read it.  It keeps the
 * executable's file system busy, as the process does by running.
 *
 * Context: Process context, no locks held.  Sleeps, and reads user memory.
 */
void kdbus_meta_pin(struct kdbus_meta *meta)
{
	meta->life = KDBUS_META_PINNED;
	meta->asked = KDBUS_META_PROCESS;
	meta->valid = META_IN_PLACE;

	/* Everybody who takes a reference clears the same flag in it: to the same value. */
	meta->cred = data_race(get_current_cred());
	meta->tgid = get_task_pid(current, PIDTYPE_TGID);
	meta->tid = get_task_pid(current, PIDTYPE_PID);
	rcu_read_lock();
	meta->ppid = get_task_pid(rcu_dereference(current->real_parent),
				  PIDTYPE_TGID);
	rcu_read_unlock();

	meta_collect_values(meta, KDBUS_META_PROCESS);
	meta_collect_text(meta, KDBUS_META_PROCESS);
	/* Only the path: its name depends on who asks, see kdbus_meta_borrow(). */
	if (!kdbus_task_exe(&meta->exe_path))
		meta->exe_path = (struct path){};
}

/**
 * kdbus_meta_borrow() - show a lasting snapshot to current
 * @meta: memory of the caller, in any state; becomes a copy of @from that
 *	borrows everything but the name of the executable
 * @from: a pinned or faked snapshot; has to outlive @meta
 * @kinds: KDBUS_ATTACH_* kinds that will be wanted of @meta
 *
 * The path of the executable is named as seen from the root directory of
 * current, now.  The caller ends the life of @meta with kdbus_meta_deinit().
 *
 * Context: Process context.  May sleep.
 */
void kdbus_meta_borrow(struct kdbus_meta *meta, const struct kdbus_meta *from,
		       u64 kinds)
{
	*meta = *from;
	meta->life = KDBUS_META_BORROWED;
	if ((kinds & KDBUS_ATTACH_EXE) && from->exe_path.dentry)
		meta_name_exe(meta, &from->exe_path);
}
