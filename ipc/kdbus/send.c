// SPDX-License-Identifier: GPL-2.0
/* SEND: a message's way from the memory of its sender to the queues. */

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/ktime.h>
#include <linux/poll.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "access.h"
#include "arg.h"
#include "bus.h"
#include "call.h"
#include "conn.h"
#include "delay.h"
#include "deliver.h"
#include "item.h"
#include "match.h"
#include "message.h"
#include "name.h"
#include "publish.h"
#include "receivers.h"
#include "recv.h"
#include "send.h"

/**
 * DOC: SEND
 *
 * kdbus_send() reads from top to bottom: import, check, take references on
 * files, then dispatch by what kind of message it is.  Each kind finds its
 * destination, asks the policy, writes the copies and commits them.
 *
 * Until the commit nobody but the sender is concerned; the sender's memory may
 * stall or fail without anybody else's noticing.  The commit is one short
 * section under the lock of the receiver.
 */

const struct kdbus_arg_rules kdbus_send_rules = {
	.size = sizeof(struct kdbus_cmd_send),
	.flags = KDBUS_SEND_SYNC_REPLY,
	.n_items = 2,
	.items = { { .type = KDBUS_ITEM_CANCEL_FD }, { .type = KDBUS_ITEM_FREE } },
};

/**
 * struct send_target - where a unicast message goes
 * @conn: the receiver; pinned
 * @name: what it was addressed by; pinned, or NULL
 */
struct send_target {
	struct kdbus_conn *conn;
	struct kdbus_name_entry *name;
};

static void send_unpin(struct send_target *target)
{
	kdbus_conn_put(target->conn);
	kdbus_name_put(target->name);
}

static int send_pin_id(struct kdbus_message *message, struct send_target *target)
{
	struct kdbus_conn *dst;

	dst = kdbus_conn_find(message->src->bus, kdbus_message_header(message)->dst_id);
	if (!dst)
		return -ENXIO;
	if (!kdbus_conn_is_ordinary(dst)) {
		kdbus_conn_put(dst);
		return -ENXIO;
	}
	target->conn = dst;
	target->name = NULL;
	return 0;
}

static int send_pin_name(struct kdbus_message *message, struct send_target *target)
{
	const struct kdbus_msg *msg = kdbus_message_header(message);
	bool is_reply = !(msg->flags & (KDBUS_MSG_EXPECT_REPLY | KDBUS_MSG_SIGNAL)) &&
			msg->cookie_reply;
	int ret = 0;

	/* What must not be seen does not exist, whatever else would be said of it. */
	if (!is_reply && !kdbus_may_see_name(message->src, current_cred(), message->dst_name))
		return -ESRCH;
	target->name = kdbus_name_find(message->src->bus, message->dst_name, &target->conn);
	if (!target->name)
		return -ESRCH;
	if (msg->dst_id != KDBUS_DST_ID_NAME && msg->dst_id != target->conn->id)
		ret = -EREMCHG;
	else if ((msg->flags & KDBUS_MSG_NO_AUTO_START) &&
		 kdbus_conn_is_activator(target->conn))
		ret = -EADDRNOTAVAIL;
	if (ret)
		send_unpin(target);
	return ret;
}

/* Find and pin the destination. */
static int send_pin(struct kdbus_message *message, struct send_target *target)
{
	return message->dst_name ? send_pin_name(message, target) : send_pin_id(message, target);
}

static void send_copy(struct kdbus_message *message, struct kdbus_conn *dst)
{
	struct kdbus_entry *entry = kdbus_message_copy_to(message, dst);

	if (IS_ERR(entry) || kdbus_deliver_commit(dst, entry))
		kdbus_conn_count_lost(dst);
}

/*
 * Collect the metadata that monitors and receivers get, while nobody waits for
 * us.  What somebody asks for in between is left out.
 */
static void send_collect(struct kdbus_message *message, struct kdbus_conn **dst, unsigned int n)
{
	struct kdbus_bus *bus = message->src->bus;
	struct kdbus_conn *monitor;
	u64 kinds = 0;
	unsigned int i;

	if (READ_ONCE(bus->n_monitors)) {
		down_read(&bus->monitors_sem);
		list_for_each_entry(monitor, &bus->monitors, monitor_entry)
			kinds |= kdbus_message_kinds(message, monitor);
		up_read(&bus->monitors_sem);
	}
	for (i = 0; i < n; i++)
		kinds |= kdbus_message_kinds(message, dst[i]);
	kdbus_message_collect(message, kinds);
}

/* Monitors see everything that reaches delivery, before its receivers do. */
static void send_to_monitors(struct kdbus_message *message)
{
	struct kdbus_bus *bus = message->src->bus;
	struct kdbus_conn *monitor;

	if (likely(!READ_ONCE(bus->n_monitors)))
		return;
	/* One that came after we staged, or did not, has come too late for this message. */
	if (message->payload_size && !message->staged)
		return;
	down_read(&bus->monitors_sem);
	list_for_each_entry(monitor, &bus->monitors, monitor_entry)
		send_copy(message, monitor);
	up_read(&bus->monitors_sem);
}

/* The same for a message to one receiver, of whom nothing is held yet. */
static void send_unicast_to_monitors(struct kdbus_message *message, struct kdbus_conn *dst)
{
	if (likely(!READ_ONCE(message->src->bus->n_monitors)))
		return;
	send_collect(message, &dst, 1);
	send_to_monitors(message);
	message->is_collected = false;
}

/*
 * Make a copy visible.  -EAGAIN if the name got another owner meanwhile: then,
 * and after any error, @entry is gone and @call as it was before.
 */
static int send_commit(struct kdbus_message *message, struct send_target *target,
		       struct kdbus_entry *entry, struct kdbus_call *call)
{
	struct kdbus_conn *src = message->src, *dst = target->conn;
	int ret = 0;

	kdbus_delay_point();
	if (!kdbus_conn_enter(src)) {
		kdbus_deliver_abort(dst, entry);
		return -ECONNRESET;
	}
	entry->registration = target->name ? target->name->registration : 0;
	if (call)
		kdbus_call_open(call, entry->registration);

	kdbus_delay_point();
	spin_lock(&dst->lock);
	if (unlikely(dst->closed)) {
		ret = -ECONNRESET;
	} else if (target->name && !kdbus_name_is_owned_by(target->name, dst)) {
		ret = -EAGAIN;
	} else {
		if (call) {
			kdbus_call_owe_locked(call, dst);
			kref_get(&call->ref);
			entry->call = call;
		}
		kdbus_deliver_commit_locked(dst, entry);
	}
	spin_unlock(&dst->lock);

	if (ret && call)
		kdbus_call_close(call);
	kdbus_conn_leave(src);
	if (ret)
		kdbus_deliver_abort(dst, entry);
	else
		kdbus_conn_wake(dst);
	return ret;
}

/* Calls and messages that want no reply. */
static int send_unicast(struct kdbus_message *message, struct kdbus_call *call, bool *monitored)
{
	struct send_target target;
	struct kdbus_entry *entry;
	int ret;

	ret = send_pin(message, &target);
	if (ret)
		return ret;
	kdbus_delay_point();
	if (!kdbus_may_talk(message->src, current_cred(), target.conn)) {
		ret = -EPERM;
		goto out_unpin;
	}
	if (call) {
		ret = kdbus_call_admit(call);
		if (ret)
			goto out_unpin;
	}
	if (!*monitored)
		send_unicast_to_monitors(message, target.conn);
	*monitored = true;

	entry = kdbus_message_copy_to(message, target.conn);
	ret = IS_ERR(entry) ? PTR_ERR(entry) : send_commit(message, &target, entry, call);
out_unpin:
	send_unpin(&target);
	return ret;
}

static int send_unicast_retry(struct kdbus_message *message, struct kdbus_call *call)
{
	bool monitored = false;
	int ret;

	do {
		ret = send_unicast(message, call, &monitored);
	} while (ret == -EAGAIN && !fatal_signal_pending(current));
	return ret;
}

/* A call whose reply, or whose failure, comes as a message. */
static int send_async_call(struct kdbus_message *message)
{
	const struct kdbus_msg *msg = kdbus_message_header(message);
	struct kdbus_call *call;
	int ret;

	call = kdbus_call_new(message->src, msg->cookie, msg->timeout_ns, false);
	if (IS_ERR(call))
		return PTR_ERR(call);
	ret = send_unicast_retry(message, call);
	kdbus_delay_point();
	if (ret)
		kdbus_call_cancel(call);
	else
		kdbus_call_arm(call);
	kdbus_call_put(call);
	return ret;
}

static bool send_claims_name(const struct kdbus_match_signal *signal, const char *name)
{
	struct kdbus_conn *src = (struct kdbus_conn *)signal->ctx;
	struct kdbus_claim *claim;

	list_for_each_entry_rcu(claim, &src->claims, conn_entry)
		if (kdbus_claim_is_held(claim) && !strcmp(claim->name->text, name))
			return true;
	return false;
}

static void send_each_name(const struct kdbus_match_signal *signal,
			   void (*fn)(const char *name, void *arg), void *arg)
{
	struct kdbus_conn *src = (struct kdbus_conn *)signal->ctx;
	struct kdbus_claim *claim;

	list_for_each_entry_rcu(claim, &src->claims, conn_entry)
		if (kdbus_claim_is_held(claim))
			fn(claim->name->text, arg);
}

static void send_describe(const struct kdbus_message *message, struct kdbus_match_signal *signal)
{
	signal->src_id = message->src->id;
	signal->dst_id = kdbus_message_header(message)->dst_id;
	signal->filter = message->filter;
	signal->filter_size = message->filter_size;
	signal->sends_as = send_claims_name;
	signal->each_name = send_each_name;
	signal->ctx = message->src;
}

static bool send_is_wanted(const struct kdbus_message *message, struct kdbus_conn *dst)
{
	struct kdbus_match_signal signal;
	bool wanted;

	send_describe(message, &signal);
	rcu_read_lock();
	wanted = kdbus_match_accepts_signal(&dst->matches, &signal);
	rcu_read_unlock();
	return wanted && kdbus_may_talk(dst, NULL, message->src);
}

/* A signal for one: dropped without a word if it is not wanted or finds no room. */
static int send_signal(struct kdbus_message *message)
{
	struct send_target target;
	struct kdbus_entry *entry;
	bool monitored = false;
	int ret;

	do {
		ret = send_pin(message, &target);
		if (ret)
			return ret;
		if (!monitored)
			send_unicast_to_monitors(message, target.conn);
		monitored = true;
		if (send_is_wanted(message, target.conn)) {
			entry = kdbus_message_copy_to(message, target.conn);
			if (!IS_ERR(entry))
				ret = send_commit(message, &target, entry, NULL);
		}
		send_unpin(&target);
	} while (ret == -EAGAIN && !fatal_signal_pending(current));
	return kdbus_conn_is_active(message->src) ? 0 : ret;
}

/* The receivers are not on the stack of those who call. */
static noinline_for_stack int send_broadcast(struct kdbus_message *message)
{
	struct kdbus_match_signal signal;
	struct kdbus_receivers receivers;
	unsigned int i;
	int ret;

	ret = kdbus_message_stage(message);
	if (ret)
		return ret;
	send_describe(message, &signal);
	ret = kdbus_receivers_of_signal(&receivers, message->src->bus, &signal);
	if (ret)
		return ret;
	send_collect(message, receivers.conns, receivers.n);

	kdbus_delay_point();
	/* Nothing waits for the sender from here on. */
	if (kdbus_conn_enter(message->src)) {
		send_to_monitors(message);
		for (i = 0; i < receivers.n; i++)
			if (kdbus_may_talk(receivers.conns[i], NULL, message->src))
				send_copy(message, receivers.conns[i]);
		kdbus_conn_leave(message->src);
	} else {
		ret = -ECONNRESET;
	}
	kdbus_receivers_free(&receivers);
	return ret;
}

/* A reply to a caller who waits in SEND. */
static int send_sync_reply(struct kdbus_message *message, struct kdbus_conn *caller,
			   struct kdbus_call *call)
{
	struct kdbus_entry *entry;
	int ret;

	entry = kdbus_message_copy_to(message, caller);
	if (IS_ERR(entry)) {
		ret = PTR_ERR(entry);
		/* To the caller a lack of his own looks like a fault of the other side. */
		kdbus_call_finish(call, ret == -ECOMM ? -EREMOTEIO : ret, NULL);
		return ret;
	}
	ret = kdbus_call_finish(call, 0, entry);
	if (ret)
		kdbus_deliver_abort(caller, entry);
	return ret;
}

static int send_reply(struct kdbus_message *message)
{
	struct send_target target;
	struct kdbus_entry *entry;
	struct kdbus_call *call;
	int ret;

	ret = send_pin(message, &target);
	if (ret)
		return ret;
	/* Taken before delivery: what comes of it, the call has been answered. */
	call = kdbus_call_take(target.conn, message->src,
			       kdbus_message_header(message)->cookie_reply);
	if (!call) {
		ret = -EBADSLT;
		goto out_unpin;
	}
	send_unicast_to_monitors(message, target.conn);
	kdbus_delay_point();
	if (call->is_sync) {
		ret = send_sync_reply(message, target.conn, call);
	} else {
		entry = kdbus_message_copy_to(message, target.conn);
		/* The call is to the caller, wherever the name has gone since. */
		ret = IS_ERR(entry) ? PTR_ERR(entry) : kdbus_deliver_commit(target.conn, entry);
	}
	kdbus_call_put(call);
out_unpin:
	send_unpin(&target);
	return ret;
}

/* Wait for the reply of a call whose message is queued. */
static int send_wait(struct kdbus_call *call, struct file *cancel, struct kdbus_entry **reply)
{
	int waited, ret;

	waited = kdbus_call_wait(call, cancel);
	kdbus_delay_point();
	if (waited == -ERESTARTSYS && kdbus_call_interrupt(call))
		return waited;
	ret = kdbus_call_collect(call, reply);
	return ret == -EINPROGRESS ? waited : ret;
}

static int send_sync_call(struct kdbus_message *message, const struct kdbus_item *free,
			  struct file *cancel, struct kdbus_entry **reply)
{
	const struct kdbus_msg *msg = kdbus_message_header(message);
	struct kdbus_call *call;
	int ret;

	/* One that was interrupted has been sent, and what it lists was freed then. */
	call = kdbus_call_adopt(message->src, msg->cookie);
	if (!call) {
		if ((s64)msg->timeout_ns <= (s64)ktime_get_ns())
			return -ETIMEDOUT;
		if (!kdbus_free_check(message->src, free))
			return -ENXIO;
		call = kdbus_call_new(message->src, msg->cookie, msg->timeout_ns, true);
		if (IS_ERR(call))
			return PTR_ERR(call);
		ret = send_unicast_retry(message, call);
		if (ret) {
			kdbus_call_cancel(call);
			goto out_put;
		}
		kdbus_call_arm(call);
		kdbus_free_all(message->src, free);
	}
	ret = send_wait(call, cancel, reply);
out_put:
	kdbus_call_recycle(call);
	return ret;
}

/* Everything that does not wait for a reply. */
static int send_and_go_on(struct kdbus_message *message)
{
	const struct kdbus_msg *msg = kdbus_message_header(message);

	if (msg->dst_id == KDBUS_DST_ID_BROADCAST)
		return send_broadcast(message);
	if (msg->flags & KDBUS_MSG_SIGNAL)
		return send_signal(message);
	if (msg->flags & KDBUS_MSG_EXPECT_REPLY)
		return send_async_call(message);
	if (msg->cookie_reply)
		return send_reply(message);
	return send_unicast_retry(message, NULL);
}

static int send_dispatch(struct kdbus_message *message, const struct kdbus_send_how *how,
			 struct file *cancel, struct kdbus_entry **reply)
{
	int ret;

	message->seqnum = kdbus_bus_next_seqnum(message->src->bus);
	if (unlikely(READ_ONCE(message->src->bus->n_monitors))) {
		ret = kdbus_message_stage(message);
		if (ret)
			return ret;
	}
	if (how->is_sync)
		return send_sync_call(message, how->free, cancel, reply);
	if (!kdbus_free_check(message->src, how->free))
		return -ENXIO;
	ret = send_and_go_on(message);
	if (!ret)
		kdbus_free_all(message->src, how->free);
	return ret;
}

/* The file of the CANCEL_FD item, NULL if there is none. */
static struct file *send_cancel_file(const struct kdbus_item *item)
{
	struct file *file;

	if (!item)
		return NULL;
	file = fget(item->fds[0]);
	if (!file)
		return ERR_PTR(-EBADF);
	if (!file_can_poll(file)) {
		fput(file);
		return ERR_PTR(-EINVAL);
	}
	return file;
}

static int send_message(struct kdbus_message *message, const struct kdbus_send_how *how,
			struct kdbus_entry **reply)
{
	struct file *cancel;
	int ret;

	cancel = send_cancel_file(how->cancel);
	if (IS_ERR(cancel))
		return PTR_ERR(cancel);
	ret = kdbus_message_check(message, how->is_sync);
	if (!ret)
		ret = kdbus_message_import_files(message);
	if (!ret)
		ret = send_dispatch(message, how, cancel, reply);
	if (cancel)
		fput(cancel);
	return ret;
}

/**
 * kdbus_send() - send a message
 * @conn: the sender; ordinary
 * @address: of the message in user space, anything
 * @how: the rest of the command
 * @reply: out: of a synchronous call: the reply, to be published in the pool of
 *         @conn; else untouched
 *
 * Context: May sleep for as long as the sender's memory takes, and if @how says so
 *          until the reply comes.
 * Return: 0 or a negative errno.
 */
int kdbus_send(struct kdbus_conn *conn, u64 address, const struct kdbus_send_how *how,
	       struct kdbus_entry **reply)
{
	struct kdbus_message message __uninitialized;
	int ret;

	if (!address || address != (unsigned long)address)
		return -EFAULT;
	kdbus_message_init(&message, conn);
	ret = kdbus_message_import(&message, u64_to_user_ptr(address));
	if (!ret && !how->negotiate)
		ret = message.arg.negotiate ? -EINVAL : send_message(&message, how, reply);
	kdbus_message_deinit(&message);
	return ret;
}

/* Tell the caller of SEND where the reply is; without one, that there is none. */
static int send_answer(struct kdbus_conn *conn, struct kdbus_arg *arg, struct kdbus_entry *reply)
{
	struct kdbus_msg_info *info = &arg->send->reply;
	int ret;

	kdbus_publish_nothing(conn, info);
	if (reply)
		kdbus_publish_prepare(conn, reply, info);
	ret = kdbus_arg_write_back(arg, offsetof(struct kdbus_cmd_send, reply),
				   offsetofend(struct kdbus_cmd_send, reply));
	if (!reply)
		return ret;
	if (ret) {
		kdbus_publish_undo(conn, reply);
		kdbus_deliver_abort(conn, reply);
	} else {
		kdbus_publish_commit(conn, reply);
	}
	return ret;
}

/**
 * kdbus_cmd_send() - KDBUS_CMD_SEND
 * @conn: the sender; ordinary
 * @arg: imported
 *
 * Context: May sleep for as long as the sender's memory takes, and with SYNC_REPLY until
 *          the reply comes.
 * Return: 0 or a negative errno.
 */
int kdbus_cmd_send(struct kdbus_conn *conn, struct kdbus_arg *arg)
{
	struct kdbus_cmd_send *cmd = arg->send;
	struct kdbus_send_how how = {
		.negotiate = arg->negotiate,
		.is_sync = cmd->flags & KDBUS_SEND_SYNC_REPLY,
		.cancel = arg->items[0],
		.free = arg->items[1],
	};
	struct kdbus_entry *reply = NULL;
	int ret;

	if (how.negotiate && !cmd->msg_address)
		return 0;
	if (!kdbus_arg_is_writable(arg, offsetof(struct kdbus_cmd_send, reply.return_flags)))
		return -EFAULT;
	ret = kdbus_send(conn, cmd->msg_address, &how, &reply);
	return ret || how.negotiate ? ret : send_answer(conn, arg, reply);
}
