// SPDX-License-Identifier: GPL-2.0
/* EXCHANGE: send, free and receive in one command. */

#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>

#include "arg.h"
#include "conn.h"
#include "exchange.h"
#include "publish.h"
#include "queue.h"
#include "recv.h"
#include "send.h"

/**
 * DOC: EXCHANGE
 *
 * A service that loops over EXCHANGE makes one system call per request: it
 * sends the reply, gives the request's slice back, and sleeps until the next
 * request is there.  The command is made of the same parts as SEND, FREE and
 * RECV; what it adds is the wait, and a rule for what happens when it ends
 * without a message.
 *
 * A system call that has sent something must not be restarted, or it would
 * send that twice.  So once it has sent or freed anything the command succeeds,
 * and tells in return_flags how far it came.  What ended the wait is not lost:
 * it is still there when the next command looks.
 *
 * Several threads may wait on one connection.  A message wakes one of them, if
 * all take any message.  Whoever waits for urgent messages only is always woken,
 * because it may have to leave the message to others.
 */

const struct kdbus_arg_rules kdbus_exchange_rules = {
	.size = sizeof(struct kdbus_cmd_exchange),
	.flags = KDBUS_EXCHANGE_USE_PRIORITY | KDBUS_EXCHANGE_SEND_WAIT,
	.n_items = 3,
	.items = {
		{ .type = KDBUS_ITEM_FREE },
		{ .type = KDBUS_ITEM_CANCEL_FD },
		{ .type = KDBUS_ITEM_DEADLINE },
	},
};

/* Is it worth looking for a message?  Whoever makes it so wakes us: kdbus_conn_wake(). */
static bool exchange_may_go_on(struct kdbus_conn *conn, const s64 *least)
{
	bool urgent;

	if (READ_ONCE(conn->lost) || !kdbus_conn_is_active(conn))
		return true;
	if (!least)
		return !kdbus_queue_is_empty(&conn->queue);
	spin_lock(&conn->lock);
	urgent = kdbus_queue_most_urgent(&conn->queue, *least);
	spin_unlock(&conn->lock);
	return urgent;
}

/*
 * Sleep once, unless there may be a message.  Returns why there is no point in sleeping again;
 * whoever was chosen to be woken meanwhile has to look for the message all the same.
 */
static int exchange_wait(struct kdbus_conn *conn, const s64 *least, u64 timeout_ns)
{
	ktime_t deadline = ns_to_ktime(min_t(u64, timeout_ns, KTIME_MAX));
	bool for_ever = timeout_ns >= KTIME_MAX;
	bool timed_out = false;
	DEFINE_WAIT(wait);

	if (least)
		prepare_to_wait(&conn->wait, &wait, TASK_INTERRUPTIBLE);
	else
		prepare_to_wait_exclusive(&conn->wait, &wait, TASK_INTERRUPTIBLE);
	if (!exchange_may_go_on(conn, least) && !signal_pending(current))
		timed_out = !schedule_hrtimeout_range(for_ever ? NULL : &deadline, 0,
						      HRTIMER_MODE_ABS);
	finish_wait(&conn->wait, &wait);
	return timed_out ? -ETIMEDOUT : signal_pending(current) ? -ERESTARTSYS : 0;
}

/* Take a message, or wait for one.  NULL is a loss, without a message behind it. */
static struct kdbus_entry *exchange_take(struct kdbus_conn *conn,
					 const struct kdbus_cmd_exchange *cmd, u64 *lost)
{
	const s64 *least = cmd->flags & KDBUS_EXCHANGE_USE_PRIORITY ? &cmd->priority : NULL;
	int ended = cmd->timeout_ns ? 0 : -EAGAIN;
	struct kdbus_entry *entry;

	*lost = 0;
	for (;;) {
		if (exchange_may_go_on(conn, least)) {
			entry = kdbus_recv_begin(conn, least, lost);
			if (entry || *lost)
				return entry;
			if (!kdbus_conn_is_active(conn))
				return ERR_PTR(-ECONNRESET);
			continue;
		}
		if (ended)
			return ERR_PTR(ended);
		ended = exchange_wait(conn, least, cmd->timeout_ns);
	}
}

/* All results, in one go.  @steps: which have been taken. */
static int exchange_answer(struct kdbus_arg *arg, u64 steps, bool received, u64 lost)
{
	struct kdbus_cmd_exchange *cmd = arg->exchange;
	int ret;

	cmd->dropped_msgs = lost;
	cmd->return_flags = steps | (received ? KDBUS_EXCHANGE_RETURN_RECEIVED : 0) |
			    (lost ? KDBUS_RECV_RETURN_DROPPED_MSGS : 0);
	ret = kdbus_arg_write_back(arg, offsetof(struct kdbus_cmd_exchange, return_flags),
				   offsetofend(struct kdbus_cmd_exchange, msg));
	/* They are there, or not to be. */
	cmd->return_flags = 0;
	return ret;
}

/* The last step.  @steps: which have been taken. */
static int exchange_receive(struct kdbus_conn *conn, struct kdbus_arg *arg, u64 steps)
{
	struct kdbus_cmd_exchange *cmd = arg->exchange;
	struct kdbus_entry *entry;
	u64 lost;
	int ret;

	entry = exchange_take(conn, cmd, &lost);
	if (IS_ERR(entry)) {
		if (!steps)
			return PTR_ERR(entry);
		entry = NULL;
	}

	if (entry)
		kdbus_publish_prepare(conn, entry, &cmd->msg);
	else
		kdbus_publish_nothing(conn, &cmd->msg);
	ret = exchange_answer(arg, steps, entry, lost);
	if (ret) {
		if (entry)
			kdbus_publish_undo(conn, entry);
		kdbus_recv_undo(conn, entry, lost);
	} else if (entry) {
		kdbus_recv_finish(conn, entry);
	}
	return ret;
}

/**
 * kdbus_cmd_exchange() - KDBUS_CMD_EXCHANGE
 * @conn: sends and receives; ordinary
 * @arg: imported
 *
 * Context: May sleep for as long as the caller's memory takes, and until the deadline.
 * Return: 0 or a negative errno.
 */
int kdbus_cmd_exchange(struct kdbus_conn *conn, struct kdbus_arg *arg)
{
	struct kdbus_cmd_exchange *cmd = arg->exchange;
	struct kdbus_send_how how = {
		.negotiate = arg->negotiate,
		.waits = cmd->flags & KDBUS_EXCHANGE_SEND_WAIT,
		.free = kdbus_arg_item(arg, 0),
		.cancel = kdbus_arg_item(arg, 1),
		.deadline = kdbus_arg_item(arg, 2),
	};
	bool is_lost = false;
	u64 steps = 0;
	int ret;

	if (kdbus_send_check_how(&how) || (how.cancel && !how.waits))
		return -EINVAL;
	if (!kdbus_arg_is_writable(arg, offsetof(struct kdbus_cmd_exchange, msg.return_flags)))
		return -EFAULT;
	if (cmd->msg_address) {
		ret = kdbus_send(conn, cmd->msg_address, &how, NULL, &is_lost);
		if (ret)
			return ret;
		steps |= KDBUS_EXCHANGE_RETURN_SENT |
			 (is_lost ? KDBUS_EXCHANGE_RETURN_LOST : 0);
		/* Who gets it may run first: then the answer is there, and we need not sleep. */
		cond_resched();
	}
	if (how.negotiate)
		return 0;
	if (how.free) {
		if (!cmd->msg_address) {
			if (!kdbus_free_check(conn, how.free))
				return -ENXIO;
			kdbus_free_all(conn, how.free);
		}
		steps |= KDBUS_EXCHANGE_RETURN_FREED;
	}
	return exchange_receive(conn, arg, steps);
}
