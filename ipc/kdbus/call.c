// SPDX-License-Identifier: GPL-2.0
/* Calls that wait for their reply. */

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "bus.h"
#include "call.h"
#include "conn.h"
#include "delay.h"
#include "deliver.h"
#include "domain.h"
#include "endpoint.h"
#include "notify.h"
#include "work.h"

/**
 * DOC: Calls
 *
 * A call is on two lists: that of its caller, whose lock decides how it ends, and
 * the owed list of whoever has to answer, so that his end is noticed.  It ends by
 * a reply, by its deadline, by the replier's leaving or dropping the message, or
 * by the caller's leaving; whoever takes it out of PENDING tells the caller: by an
 * event if it is asynchronous, else by waking it.
 *
 * There is one timer per connection, set to the earliest deadline that was asked for
 * since it last fired.  It is not touched when a call ends in time: with the usual
 * deadlines far ahead it fires once in a while, finds nothing, and steady traffic
 * never pays for it.
 *
 * A synchronous caller that a signal takes out of SEND leaves its call behind as
 * interrupted.  When the system call restarts it finds the call by its cookie;
 * if it does not come back, the deadline removes the call without a word.
 */

/* The timer looks again at least so often; keeps sums of jiffies small. */
#define CALL_LOOK_AGAIN_NS (3600ULL * NSEC_PER_SEC)

/* Memory for a call, in no list, with nobody waiting; of a synchronous one that of the last. */
static struct kdbus_call *call_alloc(struct kdbus_conn *caller, bool is_sync)
{
	struct kdbus_call *call = is_sync ? xchg(&caller->spare_call, NULL) : NULL;

	if (call)
		return call;
	call = kmalloc(sizeof(*call), GFP_KERNEL_ACCOUNT);
	if (call) {
		INIT_HLIST_NODE(&call->caller_entry);
		INIT_HLIST_NODE(&call->owed_entry);
		init_waitqueue_head(&call->wait);
	}
	return call;
}

/**
 * kdbus_call_new() - a call whose message is not sent yet
 * @caller: connection that calls; borrowed
 * @cookie: of the message
 * @deadline_ns: CLOCK_MONOTONIC
 * @is_sync: the caller will wait for the reply
 *
 * Context: May sleep.
 * Return: the call, with one reference that kdbus_call_cancel() or the list of the
 *         caller drops and one for the sender; ERR_PTR(-ENOMEM).
 */
struct kdbus_call *kdbus_call_new(struct kdbus_conn *caller, u64 cookie, u64 deadline_ns,
				  bool is_sync)
{
	struct kdbus_call *call;

	call = call_alloc(caller, is_sync);
	if (!call)
		return ERR_PTR(-ENOMEM);
	call->event = NULL;
	if (!is_sync) {
		call->event = kdbus_event_new(NULL);
		if (!call->event) {
			kfree(call);
			return ERR_PTR(-ENOMEM);
		}
	}
	refcount_set(&call->ref.refcount, 2);
	call->caller = caller;
	call->replier = NULL;
	call->cookie = cookie;
	call->deadline_ns = deadline_ns;
	call->registration = 0;
	call->is_admitted = false;
	call->is_sync = is_sync;
	call->interrupted = false;
	call->state = KDBUS_CALL_NEW;
	call->result = 0;
	call->reply = NULL;
	return call;
}

static void call_free(struct kref *ref)
{
	struct kdbus_call *call = container_of(ref, struct kdbus_call, ref);

	WARN_ON_ONCE(call->reply || !hlist_unhashed(&call->caller_entry) ||
		     !hlist_unhashed(&call->owed_entry));
	kfree(call->event);
	kfree(call);
}

/**
 * kdbus_call_put() - drop a reference
 * @call: the call
 */
void kdbus_call_put(struct kdbus_call *call)
{
	kref_put(&call->ref, call_free);
}

/**
 * kdbus_call_recycle() - drop the reference of a synchronous caller
 * @call: collected or cancelled
 *
 * If it is the last one the memory is kept for the next call.
 */
void kdbus_call_recycle(struct kdbus_call *call)
{
	struct kdbus_conn *caller = call->caller;

	if (kref_read(&call->ref) == 1) {
		/* Pairs with the release in kref_put() of whoever else had a reference. */
		smp_acquire__after_ctrl_dep();
		if (!cmpxchg(&caller->spare_call, NULL, call))
			return;
	}
	kdbus_call_put(call);
}

/* It does not count for the caller any more; the reference of the list is the caller's to put. */
static void call_unlink_locked(struct kdbus_call *call)
{
	lockdep_assert_held(&call->caller->lock);

	hlist_del_init(&call->caller_entry);
	if (call->is_admitted)
		call->caller->n_calls--;
	call->is_admitted = false;
}

/* Nobody has to answer any more. */
static void call_settle_locked(struct kdbus_call *call)
{
	lockdep_assert_held(&call->caller->lock);

	spin_lock(&call->replier->owed_lock);
	hlist_del_init(&call->owed_entry);
	spin_unlock(&call->replier->owed_lock);
}

/**
 * kdbus_call_admit() - count a call for its caller
 * @call: new
 *
 * May be called again: it counts once.
 *
 * Return: 0; -EMLINK if the caller has too many calls.
 */
int kdbus_call_admit(struct kdbus_call *call)
{
	struct kdbus_conn *caller = call->caller;
	int ret = 0;

	spin_lock(&caller->lock);
	if (call->is_admitted)
		goto out_unlock;
	if (caller->n_calls >= caller->ep->node.domain->limits.calls) {
		ret = -EMLINK;
	} else {
		caller->n_calls++;
		call->is_admitted = true;
	}
out_unlock:
	spin_unlock(&caller->lock);
	return ret;
}

/* Make sure that the timer fires at @deadline_ns or before. */
static void calls_arm_locked(struct kdbus_conn *caller, u64 deadline_ns)
{
	u64 now, delay;

	lockdep_assert_held(&caller->lock);

	if (deadline_ns >= caller->deadline_ns || caller->closed)
		return;
	caller->deadline_ns = deadline_ns;
	caller->was_timed = true;
	now = ktime_get_ns();
	delay = deadline_ns > now ? min_t(u64, deadline_ns - now, CALL_LOOK_AGAIN_NS) : 0;
	mod_delayed_work(kdbus_workqueue, &caller->deadline,
			 delay ? nsecs_to_jiffies(delay) + 1 : 0);
}

/**
 * kdbus_call_open() - let a reply find a call, whose message follows at once
 * @call: new; the caller has been entered
 * @registration: of the name that the message is sent to, or 0
 *
 * From now on it ends at its deadline.
 */
void kdbus_call_open(struct kdbus_call *call, u64 registration)
{
	struct kdbus_conn *caller = call->caller;

	call->registration = registration;
	spin_lock(&caller->lock);
	hlist_add_head(&call->caller_entry, &caller->calls);
	calls_arm_locked(caller, call->deadline_ns);
	spin_unlock(&caller->lock);
}

/**
 * kdbus_call_owe_locked() - from now on @replier has to answer
 * @call: open
 * @replier: receiver of the message, its lock held, about to get it
 *
 * The lock of the caller is not needed: nobody else looks at a NEW call, and
 * whoever looks because of the message finds it PENDING.
 */
void kdbus_call_owe_locked(struct kdbus_call *call, struct kdbus_conn *replier)
{
	lockdep_assert_held(&replier->lock);

	call->replier = replier;
	spin_lock(&replier->owed_lock);
	hlist_add_head(&call->owed_entry, &replier->owed);
	spin_unlock(&replier->owed_lock);
	kdbus_delay_point();
	/* Pairs with the reads under the lock of the caller, which see NEW or all of it. */
	smp_store_release(&call->state, KDBUS_CALL_PENDING);
}

/**
 * kdbus_call_close() - undo kdbus_call_open()
 * @call: open; its message was not queued
 */
void kdbus_call_close(struct kdbus_call *call)
{
	spin_lock(&call->caller->lock);
	hlist_del_init(&call->caller_entry);
	spin_unlock(&call->caller->lock);
}

static bool call_is_pending(const struct kdbus_call *call)
{
	/* Pairs with kdbus_call_owe_locked(). */
	return smp_load_acquire(&call->state) == KDBUS_CALL_PENDING;
}

/**
 * kdbus_call_cancel() - the message of a new call could not be sent
 * @call: new, open or not
 */
void kdbus_call_cancel(struct kdbus_call *call)
{
	spin_lock(&call->caller->lock);
	call_unlink_locked(call);
	spin_unlock(&call->caller->lock);
	kdbus_call_put(call);
}

/* The newest call that such a reply can be to. */
static struct kdbus_call *call_find_locked(struct kdbus_conn *caller, struct kdbus_conn *replier,
					   u64 cookie)
{
	struct kdbus_call *call;

	lockdep_assert_held(&caller->lock);

	hlist_for_each_entry(call, &caller->calls, caller_entry)
		if (call->cookie == cookie && call_is_pending(call) && call->replier == replier)
			return call;
	return NULL;
}

/**
 * kdbus_call_is_expected() - is there a call that a message replies to?
 * @caller: receiver of the reply
 * @replier: its sender
 * @cookie: of the call
 *
 * Return: whether; it may end at any time.
 */
bool kdbus_call_is_expected(struct kdbus_conn *caller, struct kdbus_conn *replier, u64 cookie)
{
	bool found;

	spin_lock(&caller->lock);
	found = call_find_locked(caller, replier, cookie);
	spin_unlock(&caller->lock);
	return found;
}

/**
 * kdbus_call_take() - find the call that a message replies to
 * @caller: receiver of the reply
 * @replier: its sender
 * @cookie: of the call
 *
 * The newest of several.  Nobody else can end the call afterwards, but a
 * synchronous caller does not wait longer than its deadline.
 *
 * Return: the call with a reference for the caller of this function, or NULL.
 */
struct kdbus_call *kdbus_call_take(struct kdbus_conn *caller, struct kdbus_conn *replier,
				   u64 cookie)
{
	struct kdbus_call *call;

	spin_lock(&caller->lock);
	call = call_find_locked(caller, replier, cookie);
	if (call) {
		call_settle_locked(call);
		if (call->is_sync) {
			WRITE_ONCE(call->state, KDBUS_CALL_TAKEN);
			kref_get(&call->ref);
		} else {
			/* The reference of the list becomes ours. */
			call->state = KDBUS_CALL_DONE;
			call_unlink_locked(call);
		}
	}
	spin_unlock(&caller->lock);
	return call;
}

static void call_done_locked(struct kdbus_call *call, int result, struct kdbus_entry *reply)
{
	call->result = result;
	call->reply = reply;
	WRITE_ONCE(call->state, KDBUS_CALL_DONE);
	/* The barrier in it pairs with that of prepare_to_wait() in kdbus_wait(). */
	if (wq_has_sleeper(&call->wait))
		wake_up_interruptible_sync_poll(&call->wait, EPOLLIN);
}

/**
 * kdbus_call_finish() - give a synchronous caller its result
 * @call: taken
 * @result: what SEND returns
 * @reply: if that is 0: reserved in the pool of the caller and written; owned by
 *         the call if 0 is returned
 * @seen: what the replier knows; the caller knows it then
 *
 * Return: 0; -EBADSLT if the caller has given up meanwhile.
 */
int kdbus_call_finish(struct kdbus_call *call, int result, struct kdbus_entry *reply,
		      u64 seen)
{
	struct kdbus_conn *caller = call->caller;
	int ret = -EBADSLT;

	kdbus_delay_point();
	spin_lock(&caller->lock);
	if (call->state == KDBUS_CALL_TAKEN) {
		kdbus_clock_tick(&caller->clock, seen);
		if (reply)
			reply->is_ahead = !kdbus_queue_is_empty(&caller->queue);
		call_done_locked(call, result, reply);
		ret = 0;
	}
	spin_unlock(&caller->lock);
	return ret;
}

/*
 * End a pending call without a reply: tell the caller.  Returns whether the
 * reference of the list is now the caller's to put.  @seen: what whoever ends it knew.
 */
static bool call_fail_locked(struct kdbus_call *call, u64 event_type, int result, u64 seen)
{
	struct kdbus_conn *caller = call->caller;
	struct kdbus_event *event;

	lockdep_assert_held(&caller->lock);

	call_settle_locked(call);
	if (call->is_sync) {
		kdbus_clock_raise(&caller->clock, seen);
		call_done_locked(call, result, NULL);
		return false;
	}
	call->state = KDBUS_CALL_DONE;
	call_unlink_locked(call);
	event = call->event;
	call->event = NULL;
	kdbus_notify_reply(caller->bus, event, event_type, caller, call->cookie, seen);
	return true;
}

/* As call_fail_locked(), if @call still waits, and if not NULL for @replier. */
static void call_fail(struct kdbus_call *call, struct kdbus_conn *caller,
		      struct kdbus_conn *replier)
{
	bool put = false;

	kdbus_delay_point();
	spin_lock(&caller->lock);
	if (call_is_pending(call) && (!replier || call->replier == replier))
		put = call_fail_locked(call, KDBUS_ITEM_REPLY_DEAD, -EPIPE,
				       kdbus_clock_read(&call->replier->clock));
	spin_unlock(&caller->lock);
	if (put)
		kdbus_call_put(call);
}

/* The first call on a list that the owed_lock of @replier guards, with references. */
static struct kdbus_call *calls_first_owed(struct kdbus_conn *replier, struct hlist_head *owed)
{
	struct kdbus_call *call;

	spin_lock(&replier->owed_lock);
	call = hlist_entry_safe(owed->first, struct kdbus_call, owed_entry);
	if (call) {
		/* On the list, so its caller has not left yet: see kdbus_calls_forget(). */
		kdbus_conn_get(call->caller);
		kref_get(&call->ref);
	}
	spin_unlock(&replier->owed_lock);
	return call;
}

/*
 * The caller of a call that is not over, with a reference, or NULL.  While the
 * call is owed its caller has not left, and whoever leaves after we looked stays
 * allocated for us.  A call that moves is on a list all the time.
 */
static struct kdbus_conn *call_get_caller(struct kdbus_call *call)
{
	struct kdbus_conn *caller = NULL;

	rcu_read_lock();
	if (!hlist_unhashed_lockless(&call->owed_entry) &&
	    kref_get_unless_zero(&call->caller->ref))
		caller = call->caller;
	rcu_read_unlock();
	return caller;
}

/**
 * kdbus_call_drop() - the message is gone, nobody will answer it
 * @call: of the message; the reference is consumed
 *
 * Whoever owes the answer: the duty may have moved on while the message was
 * being dropped.  The caller of this function flushes the notifications.
 */
void kdbus_call_drop(struct kdbus_call *call)
{
	struct kdbus_conn *caller = call_get_caller(call);

	if (caller) {
		call_fail(call, caller, NULL);
		kdbus_conn_put(caller);
	}
	kdbus_call_put(call);
}

/* Under the owed_lock of both lists.  Never off both, see call_get_caller(). */
static void call_move_owed(struct kdbus_call *call, struct hlist_head *to)
{
	__hlist_del(&call->owed_entry);
	hlist_add_head(&call->owed_entry, to);
}

/**
 * kdbus_calls_abandon() - a connection that leaves will not answer any more
 * @replier: the connection; nothing new is owed by it
 * @is_sync: the calls of those who wait in SEND, else of those who hear of it by a message
 *
 * Who waits goes on at once: whatever else tells of the end has to come before.
 * The caller of this function flushes the notifications.
 *
 * Context: May sleep.
 */
void kdbus_calls_abandon(struct kdbus_conn *replier, bool is_sync)
{
	struct kdbus_conn *caller;
	struct kdbus_call *call;
	struct hlist_node *next;
	HLIST_HEAD(owed);

	/* The oldest becomes the first. */
	spin_lock(&replier->owed_lock);
	hlist_for_each_entry_safe(call, next, &replier->owed, owed_entry)
		if (call->is_sync == is_sync)
			call_move_owed(call, &owed);
	spin_unlock(&replier->owed_lock);

	while ((call = calls_first_owed(replier, &owed))) {
		caller = call->caller;
		call_fail(call, caller, replier);
		kdbus_call_put(call);
		kdbus_conn_put(caller);
		cond_resched();
	}
}

static void call_redirect(struct kdbus_call *call, struct kdbus_conn *from, struct kdbus_conn *to)
{
	struct kdbus_conn *caller = call->caller;

	spin_lock(&caller->lock);
	if (call_is_pending(call) && call->replier == from) {
		/* The names lock orders the two. */
		spin_lock(&from->owed_lock);
		spin_lock_nested(&to->owed_lock, SINGLE_DEPTH_NESTING);
		call_move_owed(call, &to->owed);
		spin_unlock(&to->owed_lock);
		spin_unlock(&from->owed_lock);
		call->replier = to;
	}
	spin_unlock(&caller->lock);
}

/**
 * kdbus_call_redirect() - the message of a call moved, and the duty to answer with it
 * @call: of the message
 * @from: who had the message
 * @to: who gets it
 *
 * Context: The names lock is held: nothing else moves calls.
 */
void kdbus_call_redirect(struct kdbus_call *call, struct kdbus_conn *from, struct kdbus_conn *to)
{
	struct kdbus_conn *caller = call_get_caller(call);

	lockdep_assert_held(&from->bus->names.lock);

	if (caller) {
		call_redirect(call, from, to);
		kdbus_conn_put(caller);
	}
}

/**
 * kdbus_calls_redirect() - a name moved, and the duty to answer with it
 * @from: who had the name; nothing new is sent to it under that name
 * @to: who has it now
 * @registration: of the name
 *
 * Context: The names lock is held: nothing else moves calls.  May sleep.
 */
void kdbus_calls_redirect(struct kdbus_conn *from, struct kdbus_conn *to, u64 registration)
{
	struct kdbus_conn *caller;
	struct kdbus_call *call;
	struct hlist_node *next;
	HLIST_HEAD(moving);

	lockdep_assert_held(&from->bus->names.lock);

	/* Found in one go, so that it does not matter how many others @from owes. */
	spin_lock(&from->owed_lock);
	hlist_for_each_entry_safe(call, next, &from->owed, owed_entry)
		if (call->registration == registration)
			call_move_owed(call, &moving);
	spin_unlock(&from->owed_lock);

	while ((call = calls_first_owed(from, &moving))) {
		caller = call->caller;
		kdbus_delay_point();
		call_redirect(call, from, to);
		kdbus_call_put(call);
		kdbus_conn_put(caller);
		cond_resched();
	}
}

/* Put the reference that the list of the caller had, and a reply that nobody fetches. */
static void calls_put_gone(struct kdbus_conn *caller, struct hlist_head *gone)
{
	struct hlist_node *next;
	struct kdbus_call *call;

	kdbus_delay_point();
	hlist_for_each_entry_safe(call, next, gone, caller_entry) {
		hlist_del_init(&call->caller_entry);
		if (call->reply)
			kdbus_deliver_abort(caller, call->reply);
		call->reply = NULL;
		kdbus_call_put(call);
	}
}

/**
 * kdbus_calls_forget() - a connection that leaves does not wait any more
 * @caller: the connection; it makes no new calls
 *
 * A thread that still waits gets -ECONNRESET unless it has its result.
 */
void kdbus_calls_forget(struct kdbus_conn *caller)
{
	struct hlist_node *next;
	struct kdbus_call *call;
	HLIST_HEAD(gone);

	spin_lock(&caller->lock);
	hlist_for_each_entry_safe(call, next, &caller->calls, caller_entry) {
		if (call_is_pending(call))
			call_settle_locked(call);
		if (call->state != KDBUS_CALL_DONE)
			call_done_locked(call, -ECONNRESET, NULL);
		if (call->is_sync && !call->interrupted)
			continue;
		call_unlink_locked(call);
		hlist_add_head(&call->caller_entry, &gone);
	}
	spin_unlock(&caller->lock);

	calls_put_gone(caller, &gone);
}

/* Decide what the deadline does to one call; true if it goes to @gone. */
static bool call_expire_locked(struct kdbus_call *call)
{
	if (call->interrupted) {
		if (call_is_pending(call))
			call_settle_locked(call);
		call->state = KDBUS_CALL_DONE;
		call_unlink_locked(call);
		return true;
	}
	if (call_is_pending(call))
		return call_fail_locked(call, KDBUS_ITEM_REPLY_TIMEOUT, -ETIMEDOUT, 0);
	/* A reply that takes too long to be copied does not hold the caller up. */
	if (call->state == KDBUS_CALL_TAKEN)
		call_done_locked(call, -ETIMEDOUT, NULL);
	return false;
}

/**
 * kdbus_calls_deadline() - work of kdbus_conn.deadline
 * @work: embedded in the caller's connection
 */
void kdbus_calls_deadline(struct work_struct *work)
{
	struct kdbus_conn *caller = container_of(to_delayed_work(work), struct kdbus_conn,
						 deadline);
	u64 now = ktime_get_ns(), earliest = U64_MAX;
	struct hlist_node *next;
	struct kdbus_call *call;
	HLIST_HEAD(gone);

	spin_lock(&caller->lock);
	hlist_for_each_entry_safe(call, next, &caller->calls, caller_entry) {
		/* A NEW one is about to be sent, and not before that it can end. */
		if (smp_load_acquire(&call->state) == KDBUS_CALL_NEW) {
			earliest = min(earliest, max(call->deadline_ns, now + 1));
		} else if (call->deadline_ns <= now) {
			if (call_expire_locked(call))
				hlist_add_head(&call->caller_entry, &gone);
		} else {
			earliest = min(earliest, call->deadline_ns);
		}
	}
	caller->deadline_ns = U64_MAX;
	calls_arm_locked(caller, earliest);
	spin_unlock(&caller->lock);

	calls_put_gone(caller, &gone);
	kdbus_notify_flush(caller->bus);
}

/**
 * kdbus_call_collect() - take the result of a synchronous call, or give it up
 * @call: synchronous; off the list of its caller afterwards
 * @reply: out: the reply, owned by the caller of this function, or NULL
 *
 * Return: the result; -EINPROGRESS if there was none yet: nobody waits any more then.
 */
int kdbus_call_collect(struct kdbus_call *call, struct kdbus_entry **reply)
{
	struct kdbus_conn *caller = call->caller;
	int ret = -EINPROGRESS;

	kdbus_delay_point();
	spin_lock(&caller->lock);
	if (call_is_pending(call))
		call_settle_locked(call);
	if (call->state == KDBUS_CALL_DONE)
		ret = call->result;
	call->state = KDBUS_CALL_DONE;
	*reply = call->reply;
	call->reply = NULL;
	call_unlink_locked(call);
	spin_unlock(&caller->lock);
	/* The reference of the list. */
	kdbus_call_put(call);
	return ret;
}
