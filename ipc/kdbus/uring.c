// SPDX-License-Identifier: GPL-2.0
/* SEND and RECV as commands of io_uring. */

#include <linux/err.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "arg.h"
#include "compat-uring.h"
#include "conn.h"
#include "publish.h"
#include "recv.h"
#include "send.h"
#include "uring.h"

/**
 * DOC: io_uring
 *
 * A program that has a ring can have several commands in flight, and begin and
 * end them with one system call.  IORING_OP_URING_CMD takes SEND and RECV: cmd_op
 * is the number that ioctl() takes, the first eight bytes of the command's payload
 * are the address of the same argument, and the next eight are 0.  Results go to
 * that argument, and what ioctl() would return to the completion.  So everything
 * that is known about the two commands stays true; the differences are:
 *
 * RECV waits.  Where the queue has nothing to say it does not fail with EAGAIN;
 * the command is parked on the connection's wait queue, where pollers are, too. Who
 * wakes it only leaves a note for the submitter, which looks again before it
 * returns to user space: nobody's memory is touched from a foreign process, and no
 * thread waits.  Parked commands are woken one per message, like threads
 * in EXCHANGE.  Cancellation takes the command off the wait queue.  Kernels that
 * cannot cancel such commands (6.1) would not get rid of a ring with one; on
 * these a worker of io_uring waits, whom a signal ends.
 *
 * SEND is done at once, if the sender's memory is there.  If it is not, nothing has
 * happened yet, and a worker of io_uring begins again: the submitter does
 * not wait for the memory.  The worker belongs to the submitter's process, but has a
 * thread id and a name of its own, which is what metadata of the sending thread
 * says.  Everything that may wait for others (flags of SEND, so SYNC_REPLY) is a
 * worker's from the beginning.
 *
 * Who owns a parked RECV is decided by its state, under the lock of the wait queue:
 * whoever takes it out of URING_PARKED completes it and frees it.
 */

/**
 * enum uring_state - who goes on with a RECV
 * @URING_LOOKING: who looks for a message in this moment
 * @URING_PARKED: whoever wakes it, or cancels it
 * @URING_WOKEN: the submitter, soon
 */
enum uring_state {
	URING_LOOKING,
	URING_PARKED,
	URING_WOKEN,
};

/**
 * struct uring_recv - a RECV that waits for a message
 * @entry: link in the connection's wait queue, except in URING_WOKEN
 * @cmd: the command, not completed; it pins the file, and that the connection
 * @conn: the receiver; borrowed from the file
 * @address: argument of the command
 * @state: under the lock of the wait queue
 * @again: woken while looking; likewise
 * @cancelled: likewise
 */
struct uring_recv {
	struct wait_queue_entry entry;
	struct io_uring_cmd *cmd;
	struct kdbus_conn *conn;
	u64 address;
	enum uring_state state;
	bool again;
	bool cancelled;
};

static struct uring_recv **uring_recv_of(struct io_uring_cmd *cmd)
{
	BUILD_BUG_ON(sizeof(struct uring_recv *) > sizeof(cmd->pdu));
	return (struct uring_recv **)cmd->pdu;
}

/*
 * RECV, as an ioctl.  @nothing: there is neither a message nor anything else to
 * be told.  @exclusive: messages are for anybody who waits; it is as in EXCHANGE.
 */
static int uring_look(struct kdbus_conn *conn, u64 address, bool *exclusive, bool *nothing)
{
	void __user *user = u64_to_user_ptr(address);
	struct kdbus_arg arg __uninitialized;
	int ret;

	*nothing = false;
	if (!kdbus_conn_is_active(conn))
		return -ECONNRESET;
	if (conn->flags & KDBUS_HELLO_POLICY_HOLDER)
		return -EOPNOTSUPP;
	ret = kdbus_arg_import(&arg, user, &kdbus_recv_rules);
	if (!ret && !arg.negotiate) {
		*exclusive = !(arg.recv->flags & KDBUS_RECV_USE_PRIORITY);
		ret = kdbus_cmd_recv(conn, &arg);
		*nothing = ret == -EAGAIN && !arg.recv->dropped_msgs;
	}
	kdbus_arg_release(&arg);
	return ret;
}

static void uring_recv_again(struct io_uring_cmd *cmd, unsigned int issue_flags);

DEFINE_KDBUS_URING_TASK_WORK(uring_recv_work, uring_recv_again)

/* Called by wake_up(), under the lock of the wait queue.  Not 0: this wake-up is used. */
static int uring_wake(struct wait_queue_entry *entry, unsigned int mode, int flags, void *key)
{
	struct uring_recv *recv = container_of(entry, struct uring_recv, entry);

	if (recv->state == URING_LOOKING) {
		if (recv->again)
			return 0;
		recv->again = true;
		return 1;
	}
	recv->state = URING_WOKEN;
	list_del_init(&entry->entry);
	io_uring_cmd_complete_in_task(recv->cmd, uring_recv_work);
	return 1;
}

/* From now on messages wake us, if only to look once more. */
static void uring_recv_arm(struct uring_recv *recv, bool exclusive)
{
	struct wait_queue_head *wait = &recv->conn->wait;

	spin_lock_irq(&wait->lock);
	recv->state = URING_LOOKING;
	recv->again = false;
	recv->entry.flags = exclusive ? WQ_FLAG_EXCLUSIVE : 0;
	if (exclusive)
		__add_wait_queue_entry_tail(wait, &recv->entry);
	else
		__add_wait_queue(wait, &recv->entry);
	spin_unlock_irq(&wait->lock);
	/* Pairs with wq_has_sleeper() of kdbus_conn_wake(). */
	smp_mb();
}

/* Having looked: -EIOCBQUEUED, somebody else goes on; -EAGAIN, look again; or @ret. */
static int uring_recv_park(struct uring_recv *recv, bool nothing, int ret)
{
	struct wait_queue_head *wait = &recv->conn->wait;

	spin_lock_irq(&wait->lock);
	if (nothing && recv->cancelled) {
		ret = -ECANCELED;
	} else if (nothing && recv->again) {
		ret = -EAGAIN;
	} else if (nothing) {
		recv->state = URING_PARKED;
		ret = -EIOCBQUEUED;
	}
	if (ret != -EIOCBQUEUED)
		list_del_init(&recv->entry.entry);
	spin_unlock_irq(&wait->lock);
	return ret;
}

/* The end of it.  We may have been chosen to be woken for a message that we did not take. */
static void uring_recv_done(struct uring_recv *recv, int ret, unsigned int issue_flags)
{
	struct kdbus_conn *conn = recv->conn;

	if (!kdbus_queue_is_empty(&conn->queue))
		kdbus_conn_wake(conn);
	/* The file, and with it the connection, may go with the command. */
	kdbus_uring_done(recv->cmd, ret, issue_flags);
	kfree(recv);
}

/* Look until there is something, or park. */
static void uring_recv_run(struct uring_recv *recv, bool exclusive, unsigned int issue_flags)
{
	bool nothing;
	int ret;

	do {
		uring_recv_arm(recv, exclusive);
		ret = uring_look(recv->conn, recv->address, &exclusive, &nothing);
		ret = uring_recv_park(recv, nothing, ret);
	} while (nothing && ret == -EAGAIN);
	if (ret != -EIOCBQUEUED)
		uring_recv_done(recv, ret, issue_flags);
}

/* After it was woken: in the submitter's context, or in a foreign one if that is gone. */
static void uring_recv_again(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct uring_recv *recv = *uring_recv_of(cmd);

	if (current->mm)
		uring_recv_run(recv, recv->entry.flags & WQ_FLAG_EXCLUSIVE, issue_flags);
	else
		uring_recv_done(recv, -ECANCELED, issue_flags);
}

/* The ring, or its owner, goes. */
static int uring_cancel(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct uring_recv *recv = *uring_recv_of(cmd);
	struct wait_queue_head *wait = &recv->conn->wait;
	bool parked;

	spin_lock_irq(&wait->lock);
	recv->cancelled = true;
	parked = recv->state == URING_PARKED;
	if (parked) {
		recv->state = URING_WOKEN;
		list_del_init(&recv->entry.entry);
	}
	spin_unlock_irq(&wait->lock);
	if (parked)
		uring_recv_done(recv, -ECANCELED, issue_flags);
	return 0;
}

/* How a command ends that was not parked: what is returned must not be taken for "later". */
static int uring_result(struct io_uring_cmd *cmd, int ret, unsigned int issue_flags)
{
	/* A worker's signal; there is nothing to be restarted. */
	if (ret == -ERESTARTSYS)
		ret = -EINTR;
	if (ret != -EAGAIN)
		return ret;
	kdbus_uring_done(cmd, ret, issue_flags);
	return -EIOCBQUEUED;
}

/* In a worker, on kernels that do not cancel commands: the signal that ends it does. */
static int uring_recv_in_worker(struct kdbus_conn *conn, u64 address)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	bool exclusive, nothing;
	int ret;

	add_wait_queue(&conn->wait, &wait);
	for (;;) {
		ret = uring_look(conn, address, &exclusive, &nothing);
		if (!nothing)
			break;
		if (signal_pending(current)) {
			ret = -ECANCELED;
			break;
		}
		wait_woken(&wait, TASK_INTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT);
	}
	remove_wait_queue(&conn->wait, &wait);
	return ret;
}

static int uring_recv(struct kdbus_conn *conn, struct io_uring_cmd *cmd, u64 address,
		      unsigned int issue_flags)
{
	struct uring_recv *recv;
	bool exclusive, nothing;
	int ret;

	ret = uring_look(conn, address, &exclusive, &nothing);
	if (!nothing)
		return uring_result(cmd, ret, issue_flags);
	if (!KDBUS_URING_CAN_CANCEL) {
		if (issue_flags & IO_URING_F_NONBLOCK)
			return -EAGAIN;
		ret = uring_recv_in_worker(conn, address);
		return uring_result(cmd, ret, issue_flags);
	}

	recv = kzalloc(sizeof(*recv), GFP_KERNEL_ACCOUNT);
	if (!recv)
		return -ENOMEM;
	recv->cmd = cmd;
	recv->conn = conn;
	recv->address = address;
	init_waitqueue_func_entry(&recv->entry, uring_wake);
	INIT_LIST_HEAD(&recv->entry.entry);
	*uring_recv_of(cmd) = recv;
	io_uring_cmd_mark_cancelable(cmd, issue_flags);
	uring_recv_run(recv, exclusive, issue_flags);
	return -EIOCBQUEUED;
}

/* Which slices to free.  Return whether that is all that the items say. */
static bool uring_send_is_plain(const struct kdbus_arg *arg, const struct kdbus_item **free)
{
	unsigned int i;

	*free = NULL;
	if (arg->negotiate || arg->send->flags)
		return false;
	for (i = 0; i < ARRAY_SIZE(arg->items); i++) {
		const struct kdbus_item *item = kdbus_arg_item(arg, i);

		if (item && item->type != KDBUS_ITEM_FREE)
			return false;
		if (item)
			*free = item;
	}
	return true;
}

/* With page faults off: nothing that asks for more than to be sent, or that negotiates. */
static bool uring_send_looks_plain(struct kdbus_cmd_send __user *user)
{
	struct kdbus_msg __user *msg;
	u64 flags, msg_flags, address;

	if (get_user(flags, &user->flags) || get_user(address, &user->msg_address))
		return false;
	msg = u64_to_user_ptr(address);
	if (get_user(msg_flags, &msg->flags))
		return false;
	return !flags && !(msg_flags & KDBUS_FLAG_NEGOTIATE);
}

/*
 * SEND without waiting for anything, not even memory: then -EAGAIN, and nothing
 * happened.  Whether there are flags is found out beforehand, because the answer to
 * a negotiation changes them: a worker would not see one any more.
 */
static int uring_send_now(struct kdbus_conn *conn, u64 address)
{
	struct kdbus_cmd_send __user *user = u64_to_user_ptr(address);
	struct kdbus_arg arg __uninitialized;
	struct kdbus_send_how how = { };
	bool is_lost;
	int ret;

	pagefault_disable();
	if (!uring_send_looks_plain(user)) {
		pagefault_enable();
		return -EAGAIN;
	}
	ret = kdbus_arg_import(&arg, user, &kdbus_send_rules);
	if (!ret && !uring_send_is_plain(&arg, &how.free))
		ret = -EAGAIN;
	if (!ret && !kdbus_arg_is_writable(&arg, offsetof(struct kdbus_cmd_send,
							  reply.return_flags)))
		ret = -EAGAIN;
	if (!ret)
		ret = kdbus_send(conn, arg.send->msg_address, &how, NULL, &is_lost);
	pagefault_enable();
	if (ret == -EFAULT)
		ret = -EAGAIN;

	/* It is sent, so from here on it waits for memory if it has to. */
	if (!ret) {
		kdbus_publish_nothing(conn, &arg.send->reply);
		ret = kdbus_arg_write_back(&arg, offsetof(struct kdbus_cmd_send, reply),
					   offsetofend(struct kdbus_cmd_send, reply));
	}
	kdbus_arg_release(&arg);
	return ret;
}

/* As an ioctl. */
static int uring_send_in_worker(struct kdbus_conn *conn, u64 address)
{
	struct kdbus_arg arg __uninitialized;
	int ret;

	ret = kdbus_arg_import(&arg, u64_to_user_ptr(address), &kdbus_send_rules);
	if (!ret)
		ret = kdbus_cmd_send(conn, &arg);
	if (!ret && arg.cmd->return_flags)
		ret = kdbus_arg_write_back(&arg, offsetof(struct kdbus_cmd, return_flags),
					   offsetofend(struct kdbus_cmd, return_flags));
	kdbus_arg_release(&arg);
	return ret;
}

static int uring_send(struct kdbus_conn *conn, struct io_uring_cmd *cmd, u64 address,
		      unsigned int issue_flags)
{
	if (!kdbus_conn_is_active(conn))
		return -ECONNRESET;
	if (conn->flags & KDBUS_HELLO_KINDS)
		return -EOPNOTSUPP;
	if (issue_flags & IO_URING_F_NONBLOCK)
		return uring_send_now(conn, address);
	return uring_result(cmd, uring_send_in_worker(conn, address), issue_flags);
}

/**
 * kdbus_uring_cmd() - a command through io_uring; see DOC: io_uring
 * @conn: the connection that the command's file is; NULL if it is something else
 * @cmd: the command
 * @issue_flags: what may be done
 *
 * Context: Submitter, or worker of io_uring.  Sleeps for as long as the caller's
 *          memory takes; without IO_URING_F_NONBLOCK for as long as an ioctl does.
 * Return: the result; -EAGAIN to be called again in a worker; -EIOCBQUEUED if the
 *         result was told, or will be.
 */
int kdbus_uring_cmd(struct kdbus_conn *conn, struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct kdbus_uring_payload payload;

	if (issue_flags & IO_URING_F_CANCEL)
		return uring_cancel(cmd, issue_flags);
	payload = kdbus_uring_payload(cmd);
	if (payload.reserved || (cmd->flags & IORING_URING_CMD_MASK))
		return -EINVAL;
	if (cmd->cmd_op != KDBUS_CMD_SEND && cmd->cmd_op != KDBUS_CMD_RECV)
		return -ENOTTY;
	if (!conn)
		return -EBADFD;
	if (cmd->cmd_op == KDBUS_CMD_SEND)
		return uring_send(conn, cmd, payload.address, issue_flags);
	return uring_recv(conn, cmd, payload.address, issue_flags);
}
