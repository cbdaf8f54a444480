// SPDX-License-Identifier: GPL-2.0
/* A synchronous caller sleeps. */

#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>

#include "call.h"

static bool call_is_done(const struct kdbus_call *call)
{
	/* The lock in kdbus_call_collect() orders what is read after this. */
	return READ_ONCE(call->state) == KDBUS_CALL_DONE;
}

/* Wait with a file that may cancel; apart because of its stack. */
static noinline int call_wait_cancelable(struct kdbus_call *call, struct file *cancel)
{
	struct poll_wqueues wqueues;
	DEFINE_WAIT(wait);
	__poll_t mask;
	int ret;

	poll_initwait(&wqueues);
	mask = vfs_poll(cancel, &wqueues.pt);
	wqueues.pt._qproc = NULL;
	for (;;) {
		prepare_to_wait(&call->wait, &wait, TASK_INTERRUPTIBLE);
		ret = 0;
		if (call_is_done(call))
			break;
		ret = -ECANCELED;
		if (mask & EPOLLIN)
			break;
		ret = -ERESTARTSYS;
		if (signal_pending(current))
			break;
		if (!wqueues.triggered)
			schedule();
		__set_current_state(TASK_RUNNING);
		/* Before asking, which may sleep: what triggers meanwhile is seen above. */
		smp_store_mb(wqueues.triggered, 0);
		mask = vfs_poll(cancel, &wqueues.pt);
	}
	finish_wait(&call->wait, &wait);
	poll_freewait(&wqueues);
	return ret;
}

/**
 * kdbus_call_wait() - wait until a synchronous call has its result
 * @call: synchronous
 * @cancel: a file that ends the wait when it is readable; may be NULL
 *
 * Context: Sleeps.  The connection must not be entered.
 * Return: 0 if the result is there; -ECANCELED; -ERESTARTSYS.
 */
int kdbus_call_wait(struct kdbus_call *call, struct file *cancel)
{
	if (cancel)
		return call_wait_cancelable(call, cancel);
	return wait_event_interruptible(call->wait, call_is_done(call));
}
