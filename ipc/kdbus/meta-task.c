// SPDX-License-Identifier: GPL-2.0
/* Asking current for what is text */

#include <linux/cgroup.h>
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernfs.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm_types.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "compat-meta.h"
#include "meta-task.h"

/**
 * kdbus_text_new() - make a text
 * @data: bytes to copy
 * @len: how many; the final NUL, which is added, does not count
 *
 * Context: Process context.  May sleep.
 * Return: the text, to be freed with kfree(); NULL without memory.
 */
struct kdbus_text *kdbus_text_new(const char *data, size_t len)
{
	struct kdbus_text *text;

	text = kmalloc(struct_size(text, data, len + 1), GFP_KERNEL_ACCOUNT);
	if (!text)
		return NULL;
	text->size = len + 1;
	memcpy(text->data, data, len);
	text->data[len] = '\0';
	return text;
}

/* Most paths fit here, and need no page to be put together in. */
#define SHORT_PATH	256

static struct kdbus_text *text_path_in(const struct path *path, char *buf,
				       int size)
{
	char *name = d_path(path, buf, size);

	return IS_ERR(name) ? NULL : kdbus_text_new(name, strlen(name));
}

/**
 * kdbus_text_path() - name a path as current sees it
 * @path: the path
 *
 * Context: Process context.  May sleep.
 * Return: the text, to be freed with kfree(); NULL if it is too long or there
 *	is no memory.
 */
struct kdbus_text *kdbus_text_path(const struct path *path)
{
	char room[SHORT_PATH], *buf;
	struct kdbus_text *text;

	text = text_path_in(path, room, sizeof(room));
	if (text)
		return text;
	buf = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!buf)
		return NULL;
	text = text_path_in(path, buf, PATH_MAX);
	kfree(buf);
	return text;
}

/**
 * kdbus_task_exe() - find the executable of current
 * @path: where it is; the caller owes a path_put() if this returns true
 *
 * Context: Process context.  May sleep.
 * Return: whether current has an executable.
 */
bool kdbus_task_exe(struct path *path)
{
	struct mm_struct *mm = current->mm;
	struct file *file;

	if (!mm)
		return false;
	rcu_read_lock();
	file = kdbus_get_file_rcu(&mm->exe_file);
	rcu_read_unlock();
	if (!file)
		return false;

	/* The path is enough, and does not keep others from writing. */
	*path = file->f_path;
	path_get(path);
	fput(file);
	return true;
}

/**
 * struct task_args - where a process keeps its argument vector
 * @start: address of the first argument
 * @end: behind the last one
 * @title_end: how far a title that outgrew the vector can reach
 */
struct task_args {
	unsigned long start;
	unsigned long end;
	unsigned long title_end;
};

static void task_args_get(struct task_args *args, struct mm_struct *mm)
{
	spin_lock(&mm->arg_lock);
	args->start = mm->arg_start;
	args->end = mm->arg_end;
	args->title_end = mm->arg_end;
	if (mm->env_start == mm->arg_end && mm->env_end > mm->env_start)
		args->title_end = mm->env_end;
	spin_unlock(&mm->arg_lock);
}

/* What is between @start and @end, cut at KDBUS_CMDLINE_MAX; ends in NUL. */
static struct kdbus_text *task_args_read(unsigned long start, unsigned long end)
{
	struct kdbus_text *text;
	size_t size;

	size = min_t(unsigned long, end - start, KDBUS_CMDLINE_MAX - 1);
	text = kmalloc(struct_size(text, data, size + 1), GFP_KERNEL_ACCOUNT);
	if (!text)
		return NULL;
	if (copy_from_user(text->data, (const void __user *)start, size)) {
		kfree(text);
		return NULL;
	}
	text->data[size] = '\0';
	text->size = text->data[size - 1] ? size + 1 : size;
	return text;
}

/**
 * kdbus_task_cmdline() - copy the argument vector of current
 *
 * Description: A vector longer than KDBUS_CMDLINE_MAX is cut there.  Reading it may fault,
 * and the fault may take as long as the owner of the memory likes: that is
 * current.
 *
 * Context: Process context, no locks held.  May sleep.
 * Return: all arguments, each with its NUL, to be freed with kfree(); NULL if
 *	there are none, they cannot be read, or there is no memory.
 */
struct kdbus_text *kdbus_task_cmdline(void)
{
	struct kdbus_text *text;
	struct task_args args;
	size_t size;

	if (!current->mm)
		return NULL;
	task_args_get(&args, current->mm);
	if (args.start >= args.end)
		return NULL;
	size = args.end - args.start;
	text = task_args_read(args.start, args.end);
	if (!text || text->size <= size || size >= KDBUS_CMDLINE_MAX)
		return text;

	/*
	 * The vector does not end in NUL: the process wrote a title over it,
	 * possibly on into its environment.  A title is one string.
	 */
	kfree(text);
	text = task_args_read(args.start, args.title_end);
	if (text)
		text->size = strlen(text->data) + 1;
	return text;
}

#ifdef CONFIG_CGROUPS
static struct kdbus_text *task_cgroup_in(char *buf, int size)
{
	int len;

	/* cgroup_path_ns() would take a mutex of the whole system. */
	rcu_read_lock();
	len = kernfs_path_from_node(task_dfl_cgroup(current)->kn, NULL, buf,
				    size);
	rcu_read_unlock();

	/*
	 * What does not fit is an error in some kernels, and how long it would
	 * be in others.  Some only tell what fitted: a path that takes all the
	 * room may have been cut.
	 */
	return len > 0 && len < size - 1 ? kdbus_text_new(buf, len) : NULL;
}

/**
 * kdbus_task_cgroup() - name the cgroup of current
 *
 * Description: The path is that in the unified (v2) hierarchy, seen from its root.  A
 * service manager that still uses version 1 for its controllers keeps its own
 * tree in the unified hierarchy as well ("hybrid").  Only where it runs on
 * version 1 alone is its tree a named hierarchy, which a module has no means to
 * find; the path is then "/".
 *
 * Context: Process context.  May sleep.
 * Return: the path, to be freed with kfree(); NULL if it is too long or there
 *	is no memory.
 */
struct kdbus_text *kdbus_task_cgroup(void)
{
	char room[SHORT_PATH] __uninitialized, *buf;
	struct kdbus_text *text;

	text = task_cgroup_in(room, sizeof(room));
	if (text)
		return text;
	buf = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!buf)
		return NULL;
	text = task_cgroup_in(buf, PATH_MAX);
	kfree(buf);
	return text;
}
#else
struct kdbus_text *kdbus_task_cgroup(void)
{
	return NULL;
}
#endif

/**
 * kdbus_task_seclabel() - copy the security label of current
 *
 * Description: The task is asked and not its credentials, because AppArmor knows labels of
 * tasks only.
 *
 * Context: Process context.  May sleep.
 * Return: the label, to be freed with kfree(); NULL if no security module gives
 *	one, or without memory.
 */
struct kdbus_text *kdbus_task_seclabel(void)
{
	struct lsm_context context = {};
	struct kdbus_text *text = NULL;
	struct lsm_prop prop = {};
	size_t len;

	security_current_getlsmprop_subj(&prop);
	if (kdbus_lsmprop_to_secctx(&prop, &context) < 0)
		return NULL;
	if (context.context) {
		/* Some modules count the NUL, others do not write one. */
		len = strnlen(context.context, context.len);
		text = kdbus_text_new(context.context, len);
	}
	kdbus_release_secctx(&context);
	return text;
}
