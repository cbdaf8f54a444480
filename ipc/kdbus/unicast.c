// SPDX-License-Identifier: GPL-2.0
/* A message for one receiver: who that is, and the moment when he has it. */

#include <linux/cred.h>

#include "access.h"
#include "bus.h"
#include "call.h"
#include "conn.h"
#include "delay.h"
#include "deliver.h"
#include "destination.h"
#include "flow.h"
#include "message.h"
#include "name.h"
#include "receivers.h"
#include "ticket.h"
#include "unicast.h"

/**
 * kdbus_target_unpin() - let go of a destination
 * @target: pinned
 */
void kdbus_target_unpin(struct kdbus_target *target)
{
	kdbus_conn_put(target->conn);
	if (target->name)
		kdbus_name_put(target->name);
}

/**
 * kdbus_target_pin_id() - find a destination by its id
 * @src: who wants to send
 * @id: from user space, anything
 * @target: out: to be let go of by kdbus_target_unpin() if 0 is returned
 *
 * Return: 0; -ENXIO.
 */
int kdbus_target_pin_id(struct kdbus_conn *src, u64 id, struct kdbus_target *target)
{
	struct kdbus_conn *dst;

	dst = kdbus_conn_find(src->bus, id);
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

/* A name was looked up.  Does it count? */
static int target_admit_name(struct kdbus_conn *src, u64 id, struct kdbus_target *target)
{
	if (unlikely(!target->name || !kdbus_name_is_told(target->name)))
		kdbus_names_tell(src->bus);
	if (!target->name)
		return -ESRCH;
	if (id == KDBUS_DST_ID_NAME || id == target->conn->id)
		return 0;
	kdbus_target_unpin(target);
	return -EREMCHG;
}

/**
 * kdbus_target_pin_name() - find a destination by a name
 * @src: who wants to send
 * @text: the name
 * @id: who has to own it; %KDBUS_DST_ID_NAME for anybody
 * @target: out: to be let go of by kdbus_target_unpin() if 0 is returned
 *
 * Context: May sleep.
 * Return: 0; -ESRCH, -EREMCHG.
 */
int kdbus_target_pin_name(struct kdbus_conn *src, const char *text, u64 id,
			  struct kdbus_target *target)
{
	/* What must not be seen does not exist, whatever else would be said of it. */
	if (!kdbus_may_see_name(src, current_cred(), text))
		return -ESRCH;
	target->name = kdbus_name_find(src->bus, text, &target->conn);
	return target_admit_name(src, id, target);
}

/* Does the sender know the name, and has it an owner?  Otherwise it has to be looked up. */
static bool target_is_known(struct kdbus_message *message, struct kdbus_target *target)
{
	struct kdbus_name_entry *name;

	if (!message->destination)
		return false;
	name = message->destination->name;
	target->conn = kdbus_name_pin_owner(name);
	if (unlikely(!target->conn)) {
		kdbus_message_forget_destination(message);
		return false;
	}
	target->name = kdbus_name_get(name);
	return true;
}

static void target_look_up(struct kdbus_message *message, struct kdbus_target *target)
{
	struct kdbus_conn *src = message->src;

	target->name = kdbus_name_find(src->bus, message->dst_name, &target->conn);
	if (target->name)
		kdbus_destination_keep(&src->destination, target->name);
}

static bool target_may_be_seen(struct kdbus_message *message)
{
	if (likely(message->destination))
		return kdbus_may_see_destination(message->src, message->destination);
	return kdbus_may_see_name(message->src, current_cred(), message->dst_name);
}

static int target_find_named(struct kdbus_message *message, struct kdbus_target *target)
{
	const struct kdbus_msg *msg = kdbus_message_header(message);
	bool is_reply = !(msg->flags & (KDBUS_MSG_EXPECT_REPLY | KDBUS_MSG_SIGNAL)) &&
			msg->cookie_reply;
	int ret;

	/* Who was called may answer, whatever name that goes to. */
	if (!is_reply && !target_may_be_seen(message))
		return -ESRCH;
	if (!target_is_known(message, target))
		target_look_up(message, target);
	ret = target_admit_name(message->src, msg->dst_id, target);
	if (!ret && (msg->flags & KDBUS_MSG_NO_AUTO_START) &&
	    kdbus_conn_is_activator(target->conn)) {
		kdbus_target_unpin(target);
		ret = -EADDRNOTAVAIL;
	}
	return ret;
}

static bool target_may_hear(struct kdbus_message *message, struct kdbus_target *target)
{
	struct kdbus_conn *src = message->src;

	kdbus_delay_point();
	return likely(message->destination) ?
		kdbus_may_talk_to_owner(src, target->conn, message->destination) :
		kdbus_may_talk(src, current_cred(), target->conn);
}

/**
 * kdbus_target_has_moved() - has the name that a message is addressed by another owner by now?
 * @target: pinned
 *
 * Whoever has lost it may be somebody who may not be talked to: then the next owner is asked for.
 *
 * Return: whether; not if it is addressed by id alone.
 */
bool kdbus_target_has_moved(const struct kdbus_target *target)
{
	bool has_moved;

	if (!target->name)
		return false;
	spin_lock(&target->conn->lock);
	has_moved = !kdbus_name_is_owned_by(target->name, target->conn);
	spin_unlock(&target->conn->lock);
	return has_moved;
}

/* Apart from what is done by id, which shall not pay for it. */
static noinline int target_pin_named(struct kdbus_message *message, struct kdbus_target *target,
				     bool to_talk)
{
	int ret = target_find_named(message, target);

	if (!ret && to_talk && !target_may_hear(message, target)) {
		ret = kdbus_target_has_moved(target) ? -EAGAIN : -EPERM;
		kdbus_target_unpin(target);
	}
	if (!ret && message->patience)
		message->patience->name = target->name;
	kdbus_message_forget_destination(message);
	return ret;
}

static __always_inline int target_pin(struct kdbus_message *message, struct kdbus_target *target,
				      bool to_talk)
{
	struct kdbus_conn *src = message->src;
	int ret;

	if (message->dst_name)
		return target_pin_named(message, target, to_talk);
	ret = kdbus_target_pin_id(src, kdbus_message_header(message)->dst_id, target);
	if (ret)
		return ret;
	kdbus_delay_point();
	if (to_talk && !kdbus_may_talk(src, current_cred(), target->conn)) {
		kdbus_target_unpin(target);
		return -EPERM;
	}
	return 0;
}

/**
 * kdbus_target_pin() - find the destination of a message
 * @message: unicast
 * @target: out: to be let go of by kdbus_target_unpin() if 0 is returned
 *
 * Context: May sleep.
 * Return: 0; -ENXIO, -ESRCH, -EREMCHG, -EADDRNOTAVAIL.
 */
int kdbus_target_pin(struct kdbus_message *message, struct kdbus_target *target)
{
	return target_pin(message, target, false);
}

/**
 * kdbus_target_pin_to_talk() - the same, and ask whether the sender may talk to it
 * @message: unicast
 * @target: out: to be let go of by kdbus_target_unpin() if 0 is returned
 *
 * Context: May sleep.
 * Return: as kdbus_target_pin(); -EPERM; -EAGAIN if the name got another owner meanwhile.
 */
int kdbus_target_pin_to_talk(struct kdbus_message *message, struct kdbus_target *target)
{
	return target_pin(message, target, true);
}

/**
 * kdbus_unicast_show() - the message will be delivered: write the copies of monitors, once
 * @message: unicast
 *
 * Context: May sleep.
 */
void kdbus_unicast_show(struct kdbus_message *message)
{
	if (unlikely(message->monitors) && !message->monitors->n) {
		kdbus_receivers_add_monitors(message->monitors, message->src->bus);
		kdbus_message_copy_to_monitors(message, message->monitors, 0);
	}
}

/**
 * kdbus_unicast_copy() - write the copy of the receiver, and those of monitors
 * @message: unicast
 * @dst: the receiver
 *
 * Monitors see what there is no room for, but not that a sender waited and gave up: SEND may
 * be restarted, and they take no room while he waits.
 *
 * Context: May sleep, and waits if the message does.
 * Return: as kdbus_message_copy_to().
 */
struct kdbus_entry *kdbus_unicast_copy(struct kdbus_message *message, struct kdbus_conn *dst)
{
	struct kdbus_entry *entry;

	entry = kdbus_message_copy_to(message, dst, message->patience);
	if (!kdbus_flow_gave_up(entry))
		kdbus_unicast_show(message);
	return entry;
}

/**
 * kdbus_unicast_commit_monitors() - the monitors get it alone, if they have not got it yet
 * @message: unicast, with monitors
 *
 * What there was no room for, or what went past the queue.
 */
void kdbus_unicast_commit_monitors(struct kdbus_message *message)
{
	struct kdbus_conn *src = message->src;

	if (kdbus_conn_enter(src)) {
		kdbus_receivers_commit(message->monitors, &src->clock, src,
				       kdbus_clock_read(&src->clock));
		kdbus_conn_leave(src);
	}
	kdbus_receivers_free(message->monitors);
}

/*
 * The last look at the receiver, under his lock.  -EAGAIN if the name got another
 * owner meanwhile.  If there is a call he has to answer it from now on.
 */
static __always_inline int unicast_admit_locked(struct kdbus_target *target,
						struct kdbus_entry *entry,
						struct kdbus_call *call)
{
	struct kdbus_conn *dst = target->conn;

	lockdep_assert_held(&dst->lock);

	if (unlikely(dst->closed))
		return -ECONNRESET;
	/* He may have lost it since, and have got it back: that has to be told first as well. */
	if (target->name && (!kdbus_name_is_owned_by(target->name, dst) ||
			     !kdbus_name_is_told(target->name)))
		return -EAGAIN;
	if (call) {
		kdbus_call_owe_locked(call, dst);
		kref_get(&call->ref);
		entry->call = call;
	}
	return 0;
}

static int unicast_queue(struct kdbus_message *message, struct kdbus_target *target,
			 struct kdbus_entry *entry, struct kdbus_call *call)
{
	struct kdbus_conn *dst = target->conn;
	int ret;

	spin_lock(&dst->lock);
	ret = unicast_admit_locked(target, entry, call);
	if (!ret)
		kdbus_deliver_commit_locked(dst, entry, kdbus_clock_read(&message->src->clock));
	spin_unlock(&dst->lock);
	if (!ret)
		kdbus_conn_wake(dst);
	return ret;
}

/* The same with monitors, who get it if the receiver does. */
static noinline_for_stack int unicast_queue_monitored(struct kdbus_message *message,
						      struct kdbus_target *target,
						      struct kdbus_entry *entry,
						      struct kdbus_call *call)
{
	struct kdbus_stage stage = { .conn = target->conn, .entry = entry };
	struct kdbus_conn *src = message->src;
	struct kdbus_ticket ticket;
	int ret;

	kdbus_ticket_open(&ticket, &src->clock, src, kdbus_clock_read(&src->clock));
	spin_lock(&target->conn->lock);
	ret = unicast_admit_locked(target, entry, call);
	if (!ret)
		kdbus_ticket_stage_locked(&ticket, &stage);
	spin_unlock(&target->conn->lock);
	if (!ret)
		kdbus_ticket_stage_all(&ticket, message->monitors);
	kdbus_ticket_commit(&ticket);
	if (ret)
		return ret;
	kdbus_stage_settle(&stage);
	kdbus_stage_settle_all(message->monitors);
	kdbus_receivers_free(message->monitors);
	return 0;
}

/**
 * kdbus_unicast_commit() - make a copy visible
 * @message: what it is a copy of
 * @target: the receiver, who has @entry
 * @entry: written; consumed in any case
 * @call: open it for the reply, and let @target owe that; NULL if there is none
 *
 * After an error @call is as it was before.
 *
 * Return: 0; -EAGAIN if the name got another owner meanwhile; -ECONNRESET.
 */
int kdbus_unicast_commit(struct kdbus_message *message, struct kdbus_target *target,
			 struct kdbus_entry *entry, struct kdbus_call *call)
{
	struct kdbus_conn *src = message->src;
	int ret;

	kdbus_delay_point();
	if (!kdbus_conn_enter(src)) {
		kdbus_deliver_abort(target->conn, entry);
		return -ECONNRESET;
	}
	entry->registration = target->name ? target->name->registration : 0;
	if (call)
		kdbus_call_open(call, entry->registration);

	kdbus_delay_point();
	if (likely(!message->monitors))
		ret = unicast_queue(message, target, entry, call);
	else
		ret = unicast_queue_monitored(message, target, entry, call);
	if (ret && call)
		kdbus_call_close(call);
	kdbus_conn_leave(src);
	if (ret)
		kdbus_deliver_abort(target->conn, entry);
	return ret;
}
