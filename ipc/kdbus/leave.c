// SPDX-License-Identifier: GPL-2.0
/* A connection leaves its bus. */

#include <linux/xarray.h>

#include "arg.h"
#include "bus.h"
#include "call.h"
#include "conn.h"
#include "delay.h"
#include "deliver.h"
#include "domain.h"
#include "endpoint.h"
#include "leave.h"
#include "match.h"
#include "name.h"
#include "notify.h"
#include "policy.h"
#include "question.h"
#include "ticket.h"

const struct kdbus_arg_rules kdbus_byebye_rules = {
	.size = sizeof(struct kdbus_cmd),
};

/* Nobody can find it any more. */
static void leave_unlink(struct kdbus_conn *conn)
{
	struct kdbus_bus *bus = conn->bus;

	/* Both pair with kdbus_conn_find(); a younger one may be in its place. */
	if (conn->id) {
		cmpxchg((struct kdbus_conn __force **)&bus->recent[conn->id % KDBUS_BUS_RECENT],
			conn, NULL);
		xa_erase(&bus->conns, conn->id);
	}
	mutex_lock(&conn->ep->lock);
	list_del_init(&conn->ep_entry);
	mutex_unlock(&conn->ep->lock);
	if (kdbus_conn_is_monitor(conn)) {
		down_write(&bus->monitors_sem);
		if (!list_empty(&conn->monitor_entry))
			WRITE_ONCE(bus->n_monitors, bus->n_monitors - 1);
		list_del_init(&conn->monitor_entry);
		up_write(&bus->monitors_sem);
	}
}

/* What nobody will receive.  Calls among it end with kdbus_calls_abandon(). */
static void leave_discard_queue(struct kdbus_conn *conn)
{
	struct kdbus_queue_node *node;
	struct kdbus_entry *entry;

	for (;;) {
		spin_lock(&conn->lock);
		node = kdbus_queue_first(&conn->queue);
		if (node) {
			entry = container_of(node, struct kdbus_entry, node);
			kdbus_queue_remove(&conn->queue, node);
			kdbus_stage_forget_locked(conn, entry);
		}
		spin_unlock(&conn->lock);
		if (!node)
			return;
		if (entry->call)
			kdbus_call_put(entry->call);
		entry->call = NULL;
		kdbus_deliver_abort(conn, entry);
	}
}

/* The steps of leaving, in the order in which others may see them. */
static void leave_locked(struct kdbus_conn *conn)
{
	struct kdbus_event *bye = conn->bye;

	lockdep_assert_held(&conn->leave);

	kdbus_question_forget(conn);
	spin_lock(&conn->lock);
	conn->closed = true;
	kdbus_flow_end_locked(conn);
	spin_unlock(&conn->lock);

	if (conn->flags & (KDBUS_HELLO_ACTIVATOR | KDBUS_HELLO_POLICY_HOLDER))
		kdbus_policy_drop(&conn->bus->policy, conn);
	kdbus_match_drop(&conn->bus->matches, &conn->matches);
	kdbus_delay_point();
	leave_unlink(conn);
	kdbus_names_release_all(conn);
	kdbus_delay_point();
	kdbus_calls_forget(conn);
	/* Nobody arms it any more, since @closed was set. */
	if (conn->was_timed)
		cancel_delayed_work_sync(&conn->deadline);
	kdbus_delay_point();
	leave_discard_queue(conn);
	kdbus_delay_point();
	kdbus_calls_abandon(conn, false);
	if (conn->user)
		atomic_dec(&conn->user->connections);

	/* Without an event it never said that it had come. */
	conn->bye = NULL;
	if (bye)
		kdbus_notify_id(conn->bus, bye, KDBUS_ITEM_ID_REMOVE, conn);
	kdbus_delay_point();
	kdbus_calls_abandon(conn, true);
	kdbus_notify_flush(conn->bus);
}

/**
 * kdbus_leave() - take a connection apart
 * @conn: pinned by the caller; may have left already
 *
 * When this returns, all that others see of it has happened.
 *
 * Context: Sleeps.
 */
void kdbus_leave(struct kdbus_conn *conn)
{
	mutex_lock(&conn->leave);
	if (kdbus_conn_deactivate(conn))
		leave_locked(conn);
	mutex_unlock(&conn->leave);
}

/**
 * kdbus_cmd_byebye() - KDBUS_CMD_BYEBYE
 * @conn: who leaves; ordinary
 * @arg: imported
 *
 * Return: 0; -ECONNRESET if it has left already; -EBUSY if messages are queued.
 */
int kdbus_cmd_byebye(struct kdbus_conn *conn, struct kdbus_arg *arg)
{
	int ret = 0;

	mutex_lock(&conn->leave);
	if (!kdbus_conn_is_active(conn)) {
		ret = -ECONNRESET;
		goto out_unlock;
	}
	/* From here on nothing can be queued, so that nothing is thrown away. */
	spin_lock(&conn->lock);
	if (kdbus_queue_is_empty(&conn->queue))
		conn->closed = true;
	else
		ret = -EBUSY;
	spin_unlock(&conn->lock);
	if (!ret && kdbus_conn_deactivate(conn))
		leave_locked(conn);
out_unlock:
	mutex_unlock(&conn->leave);
	return ret;
}
