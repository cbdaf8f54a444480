// SPDX-License-Identifier: GPL-2.0
/* Questions for room: whoever asked is told when there is. */

#include <linux/slab.h>
#include <linux/wait.h>

#include "conn.h"
#include "delay.h"
#include "flow.h"
#include "item.h"
#include "name.h"
#include "pool.h"
#include "question.h"
#include "quota.h"

/**
 * DOC: Questions for room
 *
 * For those who do not sleep in SEND.  A question that cannot be answered with yes stays at
 * the receiver, and is answered by what makes room there after the waiters have been served:
 * the asker polls, and has to ask or send again.  An answer holds nothing, so all whose
 * message would find room get it.
 *
 * A connection has one question.  Either side can end it: the receiver under his lock, the
 * asker under that of the question and then that of the receiver.  The reference to the
 * receiver belongs to whoever finds it in the question.  The receiver takes it out last, so
 * an asker who does not find it knows that nobody is at the question any more.
 */

/**
 * kdbus_question_of() - where a connection asks
 * @conn: the connection
 *
 * Made at the first one, as most never ask.
 *
 * Context: May sleep.
 * Return: the question, or NULL if there is no memory.
 */
struct kdbus_question *kdbus_question_of(struct kdbus_conn *conn)
{
	/* Pairs with the exchange below. */
	struct kdbus_question *question = smp_load_acquire(&conn->question), *other;

	if (question)
		return question;
	question = kzalloc(sizeof(*question), GFP_KERNEL_ACCOUNT);
	if (!question)
		return NULL;
	mutex_init(&question->lock);
	question->asker = conn;
	INIT_LIST_HEAD(&question->link);
	/* Pairs with the read above, and with that of pollers. */
	other = cmpxchg(&conn->question, NULL, question);
	if (!other)
		return question;
	kfree(question);
	return other;
}

/* Would the message find room, if SEND did not wait? */
static bool question_fits_locked(struct kdbus_conn *dst, const struct kdbus_question *question)
{
	struct kdbus_share *share = kdbus_quota_find(&dst->quota, question->asker->user);

	if (share && !list_empty(&share->waiters))
		return false;
	return !kdbus_quota_check(&dst->quota, share, question->size, question->n_fds) &&
	       kdbus_pool_has_room(dst->pool, question->size);
}

static void question_add_locked(struct kdbus_conn *dst, struct kdbus_question *question)
{
	lockdep_assert_held(&dst->lock);

	list_add_tail(&question->link, &dst->flow.questions);
	WRITE_ONCE(dst->flow.n_waiters, dst->flow.n_waiters + 1);
}

static void question_remove_locked(struct kdbus_conn *dst, struct kdbus_question *question)
{
	lockdep_assert_held(&dst->lock);

	list_del_init(&question->link);
	WRITE_ONCE(dst->flow.n_waiters, dst->flow.n_waiters - 1);
}

/* It is not open any more.  The reference that it had is not the last: @dst is in use. */
static void question_answer_locked(struct kdbus_conn *dst, struct kdbus_question *question)
{
	lockdep_assert_held(&dst->lock);

	question_remove_locked(dst, question);
	WRITE_ONCE(question->answered, true);
	wake_up_interruptible_all(&question->asker->wait);
	/* The asker may go from here on. */
	kdbus_conn_put(xchg(&question->dst, NULL));
}

/**
 * kdbus_questions_answer_locked() - there may be more room than before
 * @dst: the receiver; its lock is held
 */
void kdbus_questions_answer_locked(struct kdbus_conn *dst)
{
	struct kdbus_question *question, *next;

	lockdep_assert_held(&dst->lock);

	list_for_each_entry_safe(question, next, &dst->flow.questions, link)
		if (question_fits_locked(dst, question))
			question_answer_locked(dst, question);
}

/**
 * kdbus_questions_name_lost_locked() - the receiver does not own a name any more
 * @dst: the receiver; its lock is held
 * @name: the name
 */
void kdbus_questions_name_lost_locked(struct kdbus_conn *dst,
				      const struct kdbus_name_entry *name)
{
	struct kdbus_question *question, *next;

	lockdep_assert_held(&dst->lock);

	list_for_each_entry_safe(question, next, &dst->flow.questions, link)
		if (question->name == name)
			question_answer_locked(dst, question);
}

/**
 * kdbus_questions_end_locked() - the receiver takes nothing any more
 * @dst: the receiver; its lock is held
 */
void kdbus_questions_end_locked(struct kdbus_conn *dst)
{
	struct kdbus_question *question, *next;

	lockdep_assert_held(&dst->lock);

	list_for_each_entry_safe(question, next, &dst->flow.questions, link)
		question_answer_locked(dst, question);
}

/**
 * kdbus_question_end() - nobody wants to know any more
 * @question: its lock is held
 */
void kdbus_question_end(struct kdbus_question *question)
{
	struct kdbus_conn *dst;

	lockdep_assert_held(&question->lock);

	/* Pairs with the exchange by the receiver. */
	dst = xchg(&question->dst, NULL);
	kdbus_delay_point();
	if (dst) {
		spin_lock(&dst->lock);
		if (!list_empty(&question->link))
			question_remove_locked(dst, question);
		spin_unlock(&dst->lock);
		kdbus_conn_put(dst);
	}
	WRITE_ONCE(question->answered, false);
}

/**
 * kdbus_question_forget() - the asker leaves
 * @conn: the asker; has been deactivated
 */
void kdbus_question_forget(struct kdbus_conn *conn)
{
	struct kdbus_question *question = conn->question;

	if (likely(!question))
		return;
	mutex_lock(&question->lock);
	kdbus_question_end(question);
	mutex_unlock(&question->lock);
}

/* What SEND would say of such a message before it looks for room, and without any in use. */
static int question_check_locked(struct kdbus_conn *dst, const struct kdbus_name_entry *name,
				 u64 size, u64 n_fds)
{
	lockdep_assert_held(&dst->lock);

	if (dst->closed)
		return -ECONNRESET;
	if (name && !kdbus_name_is_owned_by(name, dst))
		return -ESTALE;
	if (n_fds && !(dst->flags & KDBUS_HELLO_ACCEPT_FD))
		return -ECOMM;
	return kdbus_quota_could_ever(&dst->quota, size, min_t(u64, n_fds, UINT_MAX));
}

/**
 * kdbus_question_ask() - would a message find room?
 * @question: ended; its lock is held
 * @dst: the receiver, pinned by the caller
 * @name: what he was found by, pinned by the caller; or NULL
 * @size: bytes of the slice, from user space, anything
 * @n_fds: number of descriptors, likewise
 *
 * The asker takes part in the bus (kdbus_conn_enter()).
 *
 * Return: 0; -EAGAIN if there is no room: pollers will be told; -ECONNRESET, -ECOMM,
 *         -ENOBUFS, -EMFILE; -ESTALE if the name has gone.
 */
int kdbus_question_ask(struct kdbus_question *question, struct kdbus_conn *dst,
		       const struct kdbus_name_entry *name, u64 size, u64 n_fds)
{
	int ret;

	lockdep_assert_held(&question->lock);

	spin_lock(&dst->lock);
	ret = question_check_locked(dst, name, size, n_fds);
	if (ret)
		goto out_unlock;
	question->name = name;
	question->size = KDBUS_ALIGN8(size);
	question->n_fds = n_fds;
	question->dst = kdbus_conn_get(dst);
	/* Before looking: what makes room either comes before that, or sees us. */
	question_add_locked(dst, question);
	if (question_fits_locked(dst, question)) {
		question_remove_locked(dst, question);
		kdbus_conn_put(xchg(&question->dst, NULL));
	} else {
		ret = -EAGAIN;
	}
out_unlock:
	spin_unlock(&dst->lock);
	return ret;
}
