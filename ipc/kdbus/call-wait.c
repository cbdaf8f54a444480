// SPDX-License-Identifier: GPL-2.0
/* A synchronous caller sleeps, or is called away. */

#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/spinlock.h>

#include "call.h"
#include "conn.h"
#include "delay.h"
#include "wait.h"

static bool call_is_done(const void *arg)
{
	const struct kdbus_call *call = arg;

	/*
	 * Pairs with the stores of kdbus_call_take() and call_done_locked().  What is read after
	 * this is ordered by the lock in kdbus_call_collect().
	 */
	return READ_ONCE(call->state) == KDBUS_CALL_DONE;
}

/**
 * kdbus_call_wait() - wait until a synchronous call has its result
 * @call: synchronous; ended by the timer of its caller at its deadline
 * @cancel: a file that ends the wait when it is readable; may be NULL
 *
 * Context: Sleeps.  The connection must not be entered.
 * Return: 0 if the result is there; -ECANCELED; -ERESTARTSYS.
 */
int kdbus_call_wait(struct kdbus_call *call, struct file *cancel)
{
	return kdbus_wait(&call->wait, call_is_done, call, cancel, KTIME_MAX);
}

/**
 * kdbus_call_interrupt() - a signal takes the synchronous caller out of SEND
 * @call: synchronous
 *
 * Return: false if the result is there, so that it must be collected instead.
 */
bool kdbus_call_interrupt(struct kdbus_call *call)
{
	bool interrupted;

	kdbus_delay_point();
	spin_lock(&call->caller->lock);
	interrupted = call->state != KDBUS_CALL_DONE;
	call->interrupted = interrupted;
	spin_unlock(&call->caller->lock);
	return interrupted;
}

/**
 * kdbus_call_adopt() - find the call that an interrupted SEND left behind
 * @caller: connection that sends
 * @cookie: of the message
 *
 * Return: the call with a reference, or NULL.
 */
struct kdbus_call *kdbus_call_adopt(struct kdbus_conn *caller, u64 cookie)
{
	struct kdbus_call *call;

	/* What the restarted thread left behind is there; others do not matter. */
	if (likely(hlist_empty(&caller->calls)))
		return NULL;
	spin_lock(&caller->lock);
	hlist_for_each_entry(call, &caller->calls, caller_entry) {
		if (!call->interrupted || call->cookie != cookie)
			continue;
		call->interrupted = false;
		kref_get(&call->ref);
		spin_unlock(&caller->lock);
		return call;
	}
	spin_unlock(&caller->lock);
	return NULL;
}
