// SPDX-License-Identifier: GPL-2.0
/* SEND: a message's way from the memory of its sender to the queues. */

#include <linux/err.h>
#include <linux/file.h>
#include <linux/ktime.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "arg.h"
#include "bus.h"
#include "call.h"
#include "conn.h"
#include "delay.h"
#include "deliver.h"
#include "flow.h"
#include "item.h"
#include "message.h"
#include "notify.h"
#include "publish.h"
#include "receivers.h"
#include "recv.h"
#include "send.h"
#include "signals.h"
#include "unicast.h"

/**
 * DOC: SEND
 *
 * kdbus_send() reads from top to bottom: import, check, take references on
 * files, then dispatch by what kind of message it is.  Each kind finds its
 * destination, asks the policy, writes the copies and commits them.
 *
 * Until the commit nobody but the sender is concerned; the sender's memory may
 * stall or fail without anybody else's noticing.  The commit is one short
 * section under the lock of the receiver; with several receivers, one for each of
 * them, see DOC: Order.
 *
 * Monitors get a copy of everything that is certain to be delivered, at the same place
 * in the order.  They also see what a receiver has no room for.
 */

const struct kdbus_arg_rules kdbus_send_rules = {
	.size = sizeof(struct kdbus_cmd_send),
	.flags = KDBUS_SEND_SYNC_REPLY | KDBUS_SEND_WAIT,
	.n_items = 3,
	.items = {
		{ .type = KDBUS_ITEM_FREE },
		{ .type = KDBUS_ITEM_CANCEL_FD },
		{ .type = KDBUS_ITEM_DEADLINE },
	},
};

/* Calls and messages that want no reply. */
static int send_unicast(struct kdbus_message *message, struct kdbus_call *call)
{
	struct kdbus_target target __uninitialized;
	struct kdbus_entry *entry;
	int ret;

	ret = kdbus_target_pin_to_talk(message, &target);
	if (ret)
		return ret;
	if (call) {
		ret = kdbus_call_admit(call);
		if (ret)
			goto out_unpin;
	}
	entry = kdbus_unicast_copy(message, target.conn);
	ret = IS_ERR(entry) ? PTR_ERR(entry) : kdbus_unicast_commit(message, &target, entry, call);
out_unpin:
	kdbus_target_unpin(&target);
	return ret;
}

static int send_unicast_retry(struct kdbus_message *message, struct kdbus_call *call)
{
	int ret;

	do {
		ret = send_unicast(message, call);
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
	kdbus_call_put(call);
	return ret;
}

/*
 * Give a caller who waits in SEND his reply.  It is in no queue, so monitors see it
 * before, and not at the same time.
 */
static int send_finish(struct kdbus_message *message, struct kdbus_call *call,
		       struct kdbus_entry *entry)
{
	struct kdbus_conn *src = message->src;
	u64 seen = kdbus_clock_read(&src->clock);

	if (unlikely(message->monitors))
		kdbus_receivers_commit(message->monitors, &src->clock, src, seen);
	return kdbus_call_finish(call, 0, entry, seen);
}

/* A reply to a caller who waits in SEND.  @entry: its copy, or why there is none. */
static int send_sync_reply(struct kdbus_message *message, struct kdbus_conn *caller,
			   struct kdbus_call *call, struct kdbus_entry *entry)
{
	int ret;

	if (IS_ERR(entry)) {
		ret = PTR_ERR(entry);
		/* To the caller a lack of his own looks like a fault of the other side. */
		kdbus_call_finish(call, ret == -ECOMM ? -EREMOTEIO : ret, NULL, 0);
		return ret;
	}
	if (kdbus_conn_enter(message->src)) {
		ret = send_finish(message, call, entry);
		kdbus_conn_leave(message->src);
	} else {
		ret = -ECONNRESET;
		kdbus_call_finish(call, -EPIPE, NULL, 0);
	}
	if (ret)
		kdbus_deliver_abort(caller, entry);
	return ret;
}

/* A reply to one who does not wait in SEND is a message like others. */
static int send_async_reply(struct kdbus_message *message, struct kdbus_conn *caller,
			    struct kdbus_entry *entry)
{
	/* The call is to the caller, wherever the name has gone since. */
	struct kdbus_target target = { .conn = caller };

	return IS_ERR(entry) ? PTR_ERR(entry) : kdbus_unicast_commit(message, &target, entry, NULL);
}

/*
 * A reply that waits for room takes the call when it has it, so that one who gave up
 * can send it again.  NULL if it does not wait; -EBADSLT if there is no call.
 */
static struct kdbus_entry *send_reply_patiently(struct kdbus_message *message,
						struct kdbus_conn *caller)
{
	u64 cookie = kdbus_message_header(message)->cookie_reply;

	if (likely(!message->patience))
		return NULL;
	/* Wherever a name goes. */
	message->patience->name = NULL;
	if (!kdbus_call_is_expected(caller, message->src, cookie))
		return ERR_PTR(-EBADSLT);
	return kdbus_message_copy_to(message, caller, message->patience);
}

static int send_reply_to(struct kdbus_message *message, struct kdbus_conn *caller)
{
	struct kdbus_entry *entry;
	struct kdbus_call *call;
	int ret;

	entry = send_reply_patiently(message, caller);
	if (kdbus_flow_gave_up(entry))
		return PTR_ERR(entry);
	/* Taken before delivery: what comes of it, the call has been answered. */
	call = kdbus_call_take(caller, message->src, kdbus_message_header(message)->cookie_reply);
	if (!call) {
		if (!IS_ERR_OR_NULL(entry))
			kdbus_deliver_abort(caller, entry);
		/* It ended before: so much its caller has been told, too. */
		kdbus_notify_flush(message->src->bus);
		return -EBADSLT;
	}
	kdbus_unicast_show(message);
	kdbus_delay_point();
	if (!entry)
		entry = kdbus_message_copy_to(message, caller, NULL);
	ret = call->is_sync ? send_sync_reply(message, caller, call, entry) :
			      send_async_reply(message, caller, entry);
	kdbus_call_put(call);
	return ret;
}

static int send_reply(struct kdbus_message *message)
{
	struct kdbus_target target __uninitialized;
	int ret;

	ret = kdbus_target_pin(message, &target);
	if (ret)
		return ret;
	ret = send_reply_to(message, target.conn);
	kdbus_target_unpin(&target);
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
	/* Whoever ended it is heard before us. */
	if (ret == -EPIPE)
		kdbus_notify_flush(call->caller->bus);
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
		return kdbus_signal_broadcast(message);
	if (msg->flags & KDBUS_MSG_SIGNAL)
		return kdbus_signal_send(message);
	if (msg->flags & KDBUS_MSG_EXPECT_REPLY)
		return send_async_call(message);
	if (msg->cookie_reply)
		return send_reply(message);
	return send_unicast_retry(message, NULL);
}

static int send_route(struct kdbus_message *message, const struct kdbus_send_how *how,
		      struct file *cancel, struct kdbus_entry **reply)
{
	int ret;

	if (how->is_sync)
		return send_sync_call(message, how->free, cancel, reply);
	if (!kdbus_free_check(message->src, how->free))
		return -ENXIO;
	ret = send_and_go_on(message);
	if (!ret)
		kdbus_free_all(message->src, how->free);
	return ret;
}

/* Whoever becomes a monitor from here on comes too late for this message. */
static noinline_for_stack int send_monitored(struct kdbus_message *message,
					     const struct kdbus_send_how *how,
					     struct file *cancel, struct kdbus_entry **reply)
{
	struct kdbus_receivers monitors __uninitialized;
	int ret;

	/* All get the same, and the sender's memory is waited for before anybody sees it. */
	ret = kdbus_message_load(message);
	if (ret)
		return ret;
	kdbus_receivers_init(&monitors);
	message->monitors = &monitors;
	ret = send_route(message, how, cancel, reply);
	kdbus_unicast_commit_monitors(message);
	message->monitors = NULL;
	return ret;
}

static int send_dispatch(struct kdbus_message *message, const struct kdbus_send_how *how,
			 struct file *cancel, struct kdbus_entry **reply)
{
	struct kdbus_bus *bus = message->src->bus;
	bool is_broadcast = kdbus_message_header(message)->dst_id == KDBUS_DST_ID_BROADCAST;

	message->seqnum = kdbus_bus_next_seqnum(bus);
	if (unlikely(READ_ONCE(bus->n_monitors)) && !is_broadcast)
		return send_monitored(message, how, cancel, reply);
	return send_route(message, how, cancel, reply);
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

/* Until when to wait for room: whatever else ends the command earlier ends that, too. */
static void send_be_patient(struct kdbus_message *message, const struct kdbus_send_how *how,
			    struct file *cancel, struct kdbus_patience *patience)
{
	u64 deadline = how->deadline ? how->deadline->data64[0] : U64_MAX;

	if (how->is_sync)
		deadline = min(deadline, kdbus_message_header(message)->timeout_ns);
	*patience = (struct kdbus_patience){
		.src = message->src,
		.deadline_ns = deadline,
		.cancel = cancel,
	};
	message->patience = patience;
}

/* A sender who waits for room; apart because of the stack. */
static noinline_for_stack int send_patiently(struct kdbus_message *message,
					     const struct kdbus_send_how *how,
					     struct file *cancel, struct kdbus_entry **reply)
{
	struct kdbus_patience patience;

	send_be_patient(message, how, cancel, &patience);
	return send_dispatch(message, how, cancel, reply);
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
		ret = unlikely(how->waits) ? send_patiently(message, how, cancel, reply) :
					     send_dispatch(message, how, cancel, reply);
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
 * @is_lost: out: a receiver that was waited for had no room by the deadline
 *
 * Context: May sleep for as long as the sender's memory takes, and if @how says so
 *          until the reply comes.
 * Return: 0 or a negative errno.
 */
int kdbus_send(struct kdbus_conn *conn, u64 address, const struct kdbus_send_how *how,
	       struct kdbus_entry **reply, bool *is_lost)
{
	struct kdbus_message message __uninitialized;
	int ret;

	*is_lost = false;
	if (!address || address != (unsigned long)address)
		return -EFAULT;
	kdbus_message_init(&message, conn);
	ret = kdbus_message_import(&message, u64_to_user_ptr(address));
	if (!ret && !how->negotiate)
		ret = message.arg.negotiate ? -EINVAL : send_message(&message, how, reply);
	*is_lost = message.is_lost;
	kdbus_message_deinit(&message);
	return ret;
}

/**
 * kdbus_send_check_how() - does it make sense?
 * @how: as the caller said it
 *
 * Return: 0 or -EINVAL.
 */
int kdbus_send_check_how(const struct kdbus_send_how *how)
{
	return how->deadline && (!how->waits || !how->deadline->data64[0]) ? -EINVAL : 0;
}

/* Tell the caller of SEND where the reply is; without one, that there is none. */
static int send_answer(struct kdbus_conn *conn, struct kdbus_arg *arg, struct kdbus_entry *reply)
{
	struct kdbus_msg_info *info = &arg->send->reply;
	int ret;

	if (reply)
		kdbus_publish_prepare(conn, reply, info);
	else
		kdbus_publish_nothing(conn, info);
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
		.waits = cmd->flags & KDBUS_SEND_WAIT,
		.free = kdbus_arg_item(arg, 0),
		.cancel = kdbus_arg_item(arg, 1),
		.deadline = kdbus_arg_item(arg, 2),
	};
	struct kdbus_entry *reply = NULL;
	bool is_lost;
	int ret;

	if (how.negotiate && !cmd->msg_address)
		return 0;
	if (!kdbus_arg_is_writable(arg, offsetof(struct kdbus_cmd_send, reply.return_flags)))
		return -EFAULT;
	ret = kdbus_send_check_how(&how);
	if (ret)
		return ret;
	ret = kdbus_send(conn, cmd->msg_address, &how, &reply, &is_lost);
	if (is_lost)
		cmd->return_flags = KDBUS_SEND_RETURN_LOST;
	return ret || how.negotiate ? ret : send_answer(conn, arg, reply);
}
