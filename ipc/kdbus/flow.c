// SPDX-License-Identifier: GPL-2.0
/* Flow control: a sender waits for room at a receiver. */

#include <linux/err.h>

#include "conn.h"
#include "delay.h"
#include "entry.h"
#include "flow.h"
#include "name.h"
#include "pool.h"
#include "question.h"
#include "quota.h"
#include "slice.h"
#include "wait.h"

/**
 * DOC: Flow control
 *
 * Waiting is part of reserving: nothing of the message can be seen, and nothing is held
 * back by it.  A sender who finds no room stands behind those of his user who wait at the
 * same receiver.  Whatever makes room there gives it away under the lock of the
 * receiver: it charges the quota and takes the range of the pool for a waiter, and then
 * wakes him; so nobody else gets in between.  A SEND of the same user that does not
 * wait finds no room while somebody waits.
 *
 * Users take turns.  If what is free is not enough for the one whose turn it is, the others
 * may go before him, but each of them only once: then they wait until he has got his.
 */

/**
 * struct flow_waiter - a sender who waits
 * @link: in kdbus_share.waiters; empty when he has got his result
 * @share: of his user at the receiver
 * @entry: gets slice and charge
 * @size: bytes of the slice
 * @spare: memory for dividing the pool, or NULL
 * @patience: borrowed
 * @result: -EINPROGRESS while he waits
 *
 * On the stack of the sender; under the lock of the receiver.
 */
struct flow_waiter {
	struct list_head link;
	struct kdbus_share *share;
	struct kdbus_entry *entry;
	size_t size;
	struct kdbus_slice *spare;
	const struct kdbus_patience *patience;
	int result;
};

static struct flow_waiter *flow_first(struct kdbus_share *share)
{
	return list_first_entry(&share->waiters, struct flow_waiter, link);
}

static void flow_add_locked(struct kdbus_conn *dst, struct flow_waiter *waiter)
{
	struct kdbus_share *share = waiter->share;

	lockdep_assert_held(&dst->lock);

	if (list_empty(&share->waiters))
		list_add_tail(&share->turn, &dst->flow.turns);
	list_add_tail(&waiter->link, &share->waiters);
	WRITE_ONCE(dst->flow.n_waiters, dst->flow.n_waiters + 1);
}

/* It was the turn of @share: now it is that of the next. */
static void flow_next_turn_locked(struct kdbus_conn *dst, struct kdbus_share *share)
{
	lockdep_assert_held(&dst->lock);

	if (!list_is_first(&share->turn, &dst->flow.turns))
		return;
	list_move_tail(&share->turn, &dst->flow.turns);
	dst->flow.round++;
}

/* He waits no more. */
static void flow_remove_locked(struct kdbus_conn *dst, struct flow_waiter *waiter, int result)
{
	struct kdbus_share *share = waiter->share;

	lockdep_assert_held(&dst->lock);

	list_del_init(&waiter->link);
	if (list_empty(&share->waiters)) {
		flow_next_turn_locked(dst, share);
		list_del_init(&share->turn);
	}
	WRITE_ONCE(dst->flow.n_waiters, dst->flow.n_waiters - 1);
	/* He does not go before he has had the lock. */
	WRITE_ONCE(waiter->result, result);
	wake_up_all(&waiter->patience->src->wait);
}

/* Give him room, if there is. */
static int flow_grant_locked(struct kdbus_conn *dst, struct flow_waiter *waiter)
{
	struct kdbus_entry *entry = waiter->entry;
	struct kdbus_slice *slice;
	int ret;

	ret = kdbus_quota_charge(&dst->quota, waiter->share, waiter->size, entry->n_fds);
	if (ret)
		return ret;
	slice = kdbus_pool_reserve_now(dst->pool, waiter->size, &waiter->spare);
	if (IS_ERR(slice)) {
		kdbus_quota_uncharge(&dst->quota, waiter->share, waiter->size, entry->n_fds);
		return PTR_ERR(slice);
	}
	entry->share = waiter->share;
	entry->slice = slice;
	return 0;
}

/* Serve one waiter; false if there is not enough for anybody who may be served. */
static bool flow_serve_one_locked(struct kdbus_conn *dst)
{
	struct kdbus_share *share;

	list_for_each_entry(share, &dst->flow.turns, turn) {
		struct flow_waiter *waiter = flow_first(share);

		if (share->round == dst->flow.round || flow_grant_locked(dst, waiter))
			continue;
		if (list_is_first(&share->turn, &dst->flow.turns))
			flow_next_turn_locked(dst, share);
		else
			share->round = dst->flow.round;
		flow_remove_locked(dst, waiter, 0);
		return true;
	}
	return false;
}

/**
 * kdbus_flow_serve_locked() - there may be more room than before
 * @dst: the receiver; its lock is held
 */
void kdbus_flow_serve_locked(struct kdbus_conn *dst)
{
	lockdep_assert_held(&dst->lock);

	if (!dst->flow.n_waiters)
		return;
	while (flow_serve_one_locked(dst))
		;
	kdbus_questions_answer_locked(dst);
}

/**
 * kdbus_flow_serve() - there may be more room than before
 * @dst: the receiver
 *
 * After the room was made: whoever begins to wait looks for room himself, and either sees it or is
 * seen here, since both take the lock of the pool.
 *
 * Context: Any but interrupts.
 */
void kdbus_flow_serve(struct kdbus_conn *dst)
{
	if (likely(!READ_ONCE(dst->flow.n_waiters)))
		return;
	spin_lock(&dst->lock);
	kdbus_flow_serve_locked(dst);
	spin_unlock(&dst->lock);
}

/* End the wait of all at whom @name looks; of everybody if it is NULL. */
static void flow_end_locked(struct kdbus_conn *dst, const struct kdbus_name_entry *name,
			    int result)
{
	struct kdbus_share *share, *next_share;
	struct flow_waiter *waiter, *next;

	lockdep_assert_held(&dst->lock);

	list_for_each_entry_safe(share, next_share, &dst->flow.turns, turn)
		list_for_each_entry_safe(waiter, next, &share->waiters, link)
			if (!name || waiter->patience->name == name)
				flow_remove_locked(dst, waiter, result);
}

/**
 * kdbus_flow_end_locked() - the receiver takes nothing any more
 * @dst: the receiver; its lock is held
 */
void kdbus_flow_end_locked(struct kdbus_conn *dst)
{
	flow_end_locked(dst, NULL, -ECONNRESET);
	kdbus_questions_end_locked(dst);
}

/**
 * kdbus_flow_name_lost_locked() - the receiver does not own a name any more
 * @dst: the receiver; its lock is held
 * @name: the name
 *
 * Who waited for room for a message to it has to look for the new owner.
 */
void kdbus_flow_name_lost_locked(struct kdbus_conn *dst, const struct kdbus_name_entry *name)
{
	flow_end_locked(dst, name, -EAGAIN);
	kdbus_questions_name_lost_locked(dst, name);
	kdbus_flow_serve_locked(dst);
}

static bool flow_is_over(const void *arg)
{
	const struct flow_waiter *waiter = arg;

	return READ_ONCE(waiter->result) != -EINPROGRESS ||
	       !kdbus_conn_is_active(waiter->patience->src);
}

/* Stand in the line; the first in it looks for room at once. */
static int flow_begin(struct kdbus_conn *dst, struct kdbus_user *user, struct flow_waiter *waiter)
{
	const struct kdbus_name_entry *name = waiter->patience->name;
	int ret;

	spin_lock(&dst->lock);
	waiter->share = kdbus_quota_find(&dst->quota, user);
	if (dst->closed)
		ret = -ECONNRESET;
	else if (name && !kdbus_name_is_owned_by(name, dst))
		ret = -EAGAIN;
	else if (!waiter->share)
		ret = -ESTALE;
	else
		ret = kdbus_quota_could_ever(&dst->quota, waiter->size, waiter->entry->n_fds);
	if (!ret) {
		flow_add_locked(dst, waiter);
		kdbus_flow_serve_locked(dst);
	}
	spin_unlock(&dst->lock);
	return ret;
}

/**
 * kdbus_flow_wait() - wait for room
 * @dst: the receiver
 * @user: whom it is charged to; has a share there
 * @entry: gets slice and charge
 * @size: bytes of the slice
 * @patience: how long
 *
 * Context: Sleeps.
 * Return: 0; -ETIMEDOUT, -ECANCELED, -ERESTARTSYS; -ECONNRESET if either side has left;
 *         -EAGAIN if the name has gone; -ESTALE if the share has; -ENOBUFS or -EMFILE if there
 *         never can be room; -ENOMEM.
 */
noinline int kdbus_flow_wait(struct kdbus_conn *dst, struct kdbus_user *user,
			     struct kdbus_entry *entry, size_t size,
			     const struct kdbus_patience *patience)
{
	struct flow_waiter waiter = {
		.entry = entry,
		.size = size,
		.patience = patience,
		.result = -EINPROGRESS,
	};
	int ret;

	waiter.spare = kdbus_slice_new();
	if (!waiter.spare)
		return -ENOMEM;
	INIT_LIST_HEAD(&waiter.link);
	ret = flow_begin(dst, user, &waiter);
	if (ret)
		goto out_free;
	kdbus_delay_point();
	ret = kdbus_wait(&patience->src->wait, flow_is_over, &waiter, patience->cancel,
			 patience->deadline_ns);

	kdbus_delay_point();
	spin_lock(&dst->lock);
	if (waiter.result != -EINPROGRESS) {
		ret = waiter.result;
	} else {
		flow_remove_locked(dst, &waiter, ret ?: -ECONNRESET);
		ret = waiter.result;
		/* Those behind may want less. */
		kdbus_flow_serve_locked(dst);
	}
	spin_unlock(&dst->lock);
out_free:
	kdbus_slice_free(waiter.spare);
	return ret;
}
