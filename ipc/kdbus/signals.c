// SPDX-License-Identifier: GPL-2.0
/* Signals: for whoever wants to hear them. */

#include <linux/err.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/sort.h>

#include "access.h"
#include "bus.h"
#include "conn.h"
#include "delay.h"
#include "deliver.h"
#include "flow.h"
#include "loss.h"
#include "match.h"
#include "message.h"
#include "name.h"
#include "receivers.h"
#include "signals.h"
#include "unicast.h"

static bool signal_claims_name(const struct kdbus_match_signal *signal, const char *name)
{
	struct kdbus_conn *src = (struct kdbus_conn *)signal->ctx;
	struct kdbus_claim *claim;

	list_for_each_entry_rcu(claim, &src->claims, conn_entry)
		if (kdbus_claim_is_held(claim) && !strcmp(claim->name->text, name))
			return true;
	return false;
}

static void signal_each_name(const struct kdbus_match_signal *signal,
			     void (*fn)(const char *name, void *arg), void *arg)
{
	struct kdbus_conn *src = (struct kdbus_conn *)signal->ctx;
	struct kdbus_claim *claim;

	list_for_each_entry_rcu(claim, &src->claims, conn_entry)
		if (kdbus_claim_is_held(claim))
			fn(claim->name->text, arg);
}

static void signal_describe(const struct kdbus_message *message, struct kdbus_match_signal *signal)
{
	signal->src_id = message->src->id;
	signal->dst_id = kdbus_message_header(message)->dst_id;
	signal->filter = message->filter;
	signal->filter_size = message->filter_size;
	signal->sends_as = signal_claims_name;
	signal->each_name = signal_each_name;
	signal->ctx = message->src;
}

static bool signal_is_wanted(const struct kdbus_message *message, struct kdbus_conn *dst)
{
	struct kdbus_match_signal signal;
	bool wanted;

	signal_describe(message, &signal);
	rcu_read_lock();
	wanted = kdbus_match_accepts_signal(&dst->matches, &signal);
	rcu_read_unlock();
	return wanted && kdbus_may_talk(dst, NULL, message->src);
}

/**
 * kdbus_signal_send() - send a signal to one receiver
 * @message: loaded if there are monitors
 *
 * Dropped without a word if it is not wanted, or finds no room and is not to wait for it.
 *
 * Context: May sleep for as long as the memory of the sender takes.
 * Return: 0; what kdbus_target_pin() returns; -ECONNRESET; of a message that waits what
 *         kdbus_deliver_reserve() returns.
 */
int kdbus_signal_send(struct kdbus_message *message)
{
	struct kdbus_target target;
	struct kdbus_entry *entry;
	int ret;

	do {
		ret = kdbus_target_pin(message, &target);
		if (ret)
			return ret;
		if (signal_is_wanted(message, target.conn)) {
			entry = kdbus_unicast_copy(message, target.conn);
			if (!IS_ERR(entry))
				ret = kdbus_unicast_commit(message, &target, entry, NULL);
			else if (message->patience)
				ret = PTR_ERR(entry);
		} else {
			kdbus_unicast_show(message);
		}
		kdbus_target_unpin(&target);
	} while (ret == -EAGAIN && !fatal_signal_pending(current));
	if (message->patience || !kdbus_conn_is_active(message->src))
		return ret;
	return 0;
}

static int signal_compare_ids(const void *a, const void *b)
{
	const struct kdbus_stage *first = a, *second = b;

	return first->conn->id < second->conn->id ? -1 : first->conn->id > second->conn->id;
}

/* Wait for one receiver; 0 also if he is gone, or has no room by the deadline: then he loses it. */
static int signal_copy_patiently(struct kdbus_message *message, struct kdbus_stage *stage)
{
	struct kdbus_entry *entry;

	entry = kdbus_message_copy_to(message, stage->conn, message->patience);
	if (!IS_ERR(entry)) {
		stage->entry = entry;
		return 0;
	}
	if (entry == ERR_PTR(-ECANCELED) || entry == ERR_PTR(-ERESTARTSYS))
		return PTR_ERR(entry);
	if (!kdbus_conn_is_active(message->src))
		return -ECONNRESET;
	if (kdbus_conn_is_active(stage->conn)) {
		kdbus_loss_stage(stage);
		message->is_lost = true;
	}
	return 0;
}

/*
 * Write a copy for each who may hear of it, and wait for those who have no room while
 * holding the copies of others: in the order of ids, so that no two senders wait for each other.
 */
static int signal_copy_to_all_patiently(struct kdbus_message *message,
					struct kdbus_receivers *receivers)
{
	unsigned int i;
	int ret = 0;

	sort(receivers->stages, receivers->n, sizeof(receivers->stages[0]), signal_compare_ids,
	     NULL);
	for (i = 0; i < receivers->n && !ret; i++)
		if (kdbus_may_talk(receivers->stages[i].conn, NULL, message->src))
			ret = signal_copy_patiently(message, &receivers->stages[i]);
	return ret;
}

/* Write a copy for each who may hear of it, as far as there is room. */
static void signal_copy_to_all(struct kdbus_message *message, struct kdbus_receivers *receivers)
{
	unsigned int i;

	for (i = 0; i < receivers->n; i++)
		if (kdbus_may_talk(receivers->stages[i].conn, NULL, message->src))
			kdbus_message_copy_or_count(message, &receivers->stages[i]);
}

/**
 * kdbus_signal_broadcast() - send a signal to all who want it
 * @message: checked
 *
 * The receivers are not on the stack of those who call.
 *
 * Context: May sleep for as long as the memory of the sender takes.
 * Return: 0; -ENOMEM, -ECONNRESET; -ECANCELED, -ERESTARTSYS: nobody has got it.
 */
noinline_for_stack int kdbus_signal_broadcast(struct kdbus_message *message)
{
	struct kdbus_conn *src = message->src;
	struct kdbus_match_signal signal;
	struct kdbus_receivers receivers __uninitialized;
	unsigned int n;
	int ret;

	ret = kdbus_message_load(message);
	if (ret)
		return ret;
	signal_describe(message, &signal);
	ret = kdbus_receivers_of_signal(&receivers, src, &signal);
	if (ret)
		return ret;
	if (message->patience)
		ret = signal_copy_to_all_patiently(message, &receivers);
	else
		signal_copy_to_all(message, &receivers);
	if (ret)
		goto out_free;
	n = receivers.n;
	kdbus_receivers_add_monitors(&receivers, src->bus);
	kdbus_message_copy_to_monitors(message, &receivers, n);

	kdbus_delay_point();
	if (kdbus_conn_enter(src)) {
		kdbus_receivers_commit(&receivers, &src->clock, src,
				       kdbus_clock_read(&src->clock));
		kdbus_conn_leave(src);
	} else {
		ret = -ECONNRESET;
	}
out_free:
	kdbus_receivers_free(&receivers);
	return ret;
}
