// SPDX-License-Identifier: GPL-2.0
/* Sleeping until something is so, or a time, a file, a signal. */

#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "wait.h"

/* As schedule(), until @deadline_ns; true if it is over. */
static bool wait_sleep(u64 deadline_ns)
{
	ktime_t deadline = ns_to_ktime(deadline_ns);

	return !schedule_hrtimeout_range(deadline_ns < KTIME_MAX ? &deadline : NULL, 0,
					 HRTIMER_MODE_ABS);
}

/* Wait with a file that may cancel; apart because of its stack. */
static noinline int wait_cancelable(wait_queue_head_t *head, bool (*is_over)(const void *arg),
				    const void *arg, struct file *cancel, u64 deadline_ns)
{
	struct poll_wqueues wqueues;
	bool timed_out = false;
	DEFINE_WAIT(wait);
	__poll_t mask;
	int ret;

	poll_initwait(&wqueues);
	mask = vfs_poll(cancel, &wqueues.pt);
	wqueues.pt._qproc = NULL;
	for (;;) {
		prepare_to_wait(head, &wait, TASK_INTERRUPTIBLE);
		ret = 0;
		if (is_over(arg))
			break;
		ret = -ECANCELED;
		if (mask & EPOLLIN)
			break;
		ret = signal_pending(current) ? -ERESTARTSYS : -ETIMEDOUT;
		if (signal_pending(current) || timed_out)
			break;
		if (!wqueues.triggered)
			timed_out = wait_sleep(deadline_ns);
		__set_current_state(TASK_RUNNING);
		/* Before asking, which may sleep: what triggers meanwhile is seen above. */
		smp_store_mb(wqueues.triggered, 0);
		mask = vfs_poll(cancel, &wqueues.pt);
	}
	finish_wait(head, &wait);
	poll_freewait(&wqueues);
	return ret;
}

/**
 * kdbus_wait() - sleep until something is so
 * @head: woken when it may have become so
 * @is_over: is it?
 * @arg: for that
 * @cancel: a file that ends the wait when it is readable; may be NULL
 * @deadline_ns: CLOCK_MONOTONIC; from KTIME_MAX on there is none
 *
 * Context: Sleeps.
 * Return: 0 if it is so; -ECANCELED; -ERESTARTSYS; -ETIMEDOUT.
 */
int kdbus_wait(wait_queue_head_t *head, bool (*is_over)(const void *arg), const void *arg,
	       struct file *cancel, u64 deadline_ns)
{
	bool timed_out = false;
	DEFINE_WAIT(wait);
	int ret = 0;

	if (cancel)
		return wait_cancelable(head, is_over, arg, cancel, deadline_ns);
	/* Whom we have woken may run before us: then it may be so without going to sleep. */
	cond_resched();
	if (is_over(arg))
		return 0;
	for (;;) {
		prepare_to_wait(head, &wait, TASK_INTERRUPTIBLE);
		if (is_over(arg))
			break;
		ret = signal_pending(current) ? -ERESTARTSYS : timed_out ? -ETIMEDOUT : 0;
		if (ret)
			break;
		timed_out = wait_sleep(deadline_ns);
	}
	finish_wait(head, &wait);
	return ret;
}
