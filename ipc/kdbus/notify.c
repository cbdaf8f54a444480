// SPDX-License-Identifier: GPL-2.0
/* What happened on a bus, told to whom it concerns. */

#include <linux/ktime.h>
#include <linux/slab.h>

#include "access.h"
#include "bus.h"
#include "conn.h"
#include "delay.h"
#include "deliver.h"
#include "domain.h"
#include "item.h"
#include "match.h"
#include "notify.h"
#include "receivers.h"
#include "wellknown.h"

/**
 * DOC: Notifications
 *
 * An event gets its number and its place in the list of the bus where it happens, under
 * the lock that makes it happen.  The command that caused it delivers it before
 * it returns, without that lock: it takes the notify lock and delivers
 * everything on the list, its own events and those of others.  So all
 * receivers see all events in one order, and whoever comes back from a command
 * finds what it caused in the queues.
 *
 * An event is allocated before what it tells about can happen.  A copy that a
 * receiver has no room for counts as lost there.
 */

/* Header, the largest item, time stamp. */
#define NOTIFY_IMAGE_MAX (sizeof(struct kdbus_msg) + \
			  KDBUS_ALIGN8(KDBUS_ITEM_HEADER_SIZE + \
				       sizeof(struct kdbus_notify_name_change) + \
				       KDBUS_WELLKNOWN_MAX + 1) + \
			  KDBUS_ITEM_HEADER_SIZE + sizeof(struct kdbus_timestamp))

/**
 * kdbus_event_new() - memory for something that will happen
 * @name: copied; NULL if the event is not about a name
 *
 * Return: the event, to be freed by kfree() unless it is queued; or NULL.
 */
struct kdbus_event *kdbus_event_new(const char *name)
{
	size_t size = name ? strlen(name) + 1 : 0;
	struct kdbus_event *event;

	event = kzalloc(struct_size(event, name, size), GFP_KERNEL_ACCOUNT);
	if (event && name)
		memcpy(event->name, name, size);
	return event;
}

static void notify_queue(struct kdbus_bus *bus, struct kdbus_event *event)
{
	spin_lock(&bus->events_lock);
	event->seqnum = kdbus_bus_next_seqnum(bus);
	event->monotonic_ns = ktime_get_ns();
	event->realtime_ns = ktime_get_real_ns();
	list_add_tail(&event->entry, &bus->events);
	spin_unlock(&bus->events_lock);
}

/**
 * kdbus_notify_id() - a connection came or went
 * @bus: where
 * @event: owned by the bus afterwards
 * @type: KDBUS_ITEM_ID_ADD or KDBUS_ITEM_ID_REMOVE
 * @conn: which
 */
void kdbus_notify_id(struct kdbus_bus *bus, struct kdbus_event *event, u64 type,
		     const struct kdbus_conn *conn)
{
	event->type = type;
	event->new_id = conn->id;
	event->new_flags = conn->flags;
	notify_queue(bus, event);
}

/**
 * kdbus_notify_name() - a name got, changed or lost its owner
 * @bus: where
 * @event: has the name; owned by the bus afterwards
 * @old_id: who had it, 0 for nobody
 * @old_flags: of the association
 * @new_id: who has it, 0 for nobody
 * @new_flags: of the association
 */
void kdbus_notify_name(struct kdbus_bus *bus, struct kdbus_event *event,
		       u64 old_id, u64 old_flags, u64 new_id, u64 new_flags)
{
	if (!old_id)
		event->type = KDBUS_ITEM_NAME_ADD;
	else if (!new_id)
		event->type = KDBUS_ITEM_NAME_REMOVE;
	else
		event->type = KDBUS_ITEM_NAME_CHANGE;
	event->old_id = old_id;
	event->old_flags = old_flags;
	event->new_id = new_id;
	event->new_flags = new_flags;
	notify_queue(bus, event);
}

/**
 * kdbus_notify_reply() - there will be no reply to a call
 * @bus: where
 * @event: owned by the bus afterwards
 * @type: KDBUS_ITEM_REPLY_TIMEOUT or KDBUS_ITEM_REPLY_DEAD
 * @caller: who waits; the event takes a reference
 * @cookie: of the call
 */
void kdbus_notify_reply(struct kdbus_bus *bus, struct kdbus_event *event, u64 type,
			struct kdbus_conn *caller, u64 cookie)
{
	event->type = type;
	event->dst = kdbus_conn_get(caller);
	event->cookie = cookie;
	notify_queue(bus, event);
}

static struct kdbus_item *image_id(const struct kdbus_event *event, void *at)
{
	struct kdbus_item *item;

	item = kdbus_item_init(at, event->type, sizeof(item->id_change));
	item->id_change.id = event->new_id;
	item->id_change.flags = event->new_flags;
	return item;
}

static struct kdbus_item *image_name(const struct kdbus_event *event, void *at)
{
	size_t len = strlen(event->name) + 1;
	struct kdbus_item *item;

	item = kdbus_item_init(at, event->type, sizeof(item->name_change) + len);
	item->name_change.old_id.id = event->old_id;
	item->name_change.old_id.flags = event->old_flags;
	item->name_change.new_id.id = event->new_id;
	item->name_change.new_id.flags = event->new_flags;
	memcpy((u8 *)at + KDBUS_ITEM_HEADER_SIZE + sizeof(item->name_change), event->name, len);
	return item;
}

/* What a receiver finds in its pool; returns the size. */
static size_t notify_image(const struct kdbus_event *event, void *image)
{
	struct kdbus_msg *msg = image;
	struct kdbus_item *item = image + sizeof(*msg);

	memset(msg, 0, sizeof(*msg));
	msg->src_id = KDBUS_SRC_ID_KERNEL;
	msg->payload_type = KDBUS_PAYLOAD_KERNEL;
	if (event->dst) {
		msg->dst_id = event->dst->id;
		msg->cookie_reply = event->cookie;
		item = kdbus_item_init(item, event->type, 0);
	} else {
		msg->dst_id = KDBUS_DST_ID_BROADCAST;
		msg->flags = KDBUS_MSG_SIGNAL;
		if (event->type == KDBUS_ITEM_ID_ADD || event->type == KDBUS_ITEM_ID_REMOVE)
			item = image_id(event, item);
		else
			item = image_name(event, item);
	}

	item = kdbus_item_init(kdbus_item_next(item), KDBUS_ITEM_TIMESTAMP,
			       sizeof(item->timestamp));
	item->timestamp.seqnum = event->seqnum;
	item->timestamp.monotonic_ns = event->monotonic_ns;
	item->timestamp.realtime_ns = event->realtime_ns;
	msg->size = (void *)kdbus_item_next(item) - image;
	return msg->size;
}

static void notify_monitors(struct kdbus_bus *bus, const void *image, size_t size)
{
	struct kdbus_user *user = bus->node.domain->kernel_user;
	struct kdbus_conn *monitor;

	if (!READ_ONCE(bus->n_monitors))
		return;
	down_read(&bus->monitors_sem);
	list_for_each_entry(monitor, &bus->monitors, monitor_entry)
		if (kdbus_deliver_image(monitor, user, image, size))
			kdbus_conn_count_lost(monitor);
	up_read(&bus->monitors_sem);
}

/* Not even the receivers can be listed: everybody may have missed something. */
static void notify_lost_everywhere(struct kdbus_bus *bus)
{
	struct kdbus_conn *conn;
	unsigned long id;

	rcu_read_lock();
	xa_for_each(&bus->conns, id, conn)
		if (kdbus_conn_is_ordinary(conn))
			kdbus_conn_count_lost(conn);
	rcu_read_unlock();
}

static void notify_broadcast(struct kdbus_bus *bus, const struct kdbus_event *event,
			     const void *image, size_t size)
{
	struct kdbus_user *user = bus->node.domain->kernel_user;
	bool is_id = event->type == KDBUS_ITEM_ID_ADD || event->type == KDBUS_ITEM_ID_REMOVE;
	struct kdbus_match_event wanted = {
		.type = event->type,
		.old_id = event->old_id,
		.new_id = event->new_id,
		.name = is_id ? NULL : event->name,
	};
	struct kdbus_receivers receivers;
	unsigned int i;

	if (event->type == KDBUS_ITEM_ID_REMOVE) {
		wanted.old_id = event->new_id;
		wanted.new_id = 0;
	}
	if (kdbus_receivers_of_event(&receivers, bus, &wanted)) {
		notify_lost_everywhere(bus);
		return;
	}
	for (i = 0; i < receivers.n; i++) {
		struct kdbus_conn *dst = receivers.conns[i];

		if (!is_id && !kdbus_may_see_name(dst, NULL, event->name))
			continue;
		if (kdbus_deliver_image(dst, user, image, size))
			kdbus_conn_count_lost(dst);
	}
	kdbus_receivers_free(&receivers);
}

static void notify_deliver(struct kdbus_bus *bus, const struct kdbus_event *event)
{
	struct kdbus_user *user = bus->node.domain->kernel_user;
	u64 image[DIV_ROUND_UP(NOTIFY_IMAGE_MAX, sizeof(u64))];
	size_t size;

	size = notify_image(event, image);
	notify_monitors(bus, image, size);
	/* The caller has left, or has no room: then it is lost without a word. */
	if (event->dst)
		kdbus_deliver_image(event->dst, user, image, size);
	else
		notify_broadcast(bus, event, image, size);
}

static struct kdbus_event *notify_next(struct kdbus_bus *bus)
{
	struct kdbus_event *event;

	spin_lock(&bus->events_lock);
	event = list_first_entry_or_null(&bus->events, struct kdbus_event, entry);
	if (event)
		list_del(&event->entry);
	spin_unlock(&bus->events_lock);
	return event;
}

/**
 * kdbus_notify_flush() - deliver what has happened
 * @bus: where
 *
 * Context: Sleeps; of the locks of the bus none may be held but conn.leave.
 */
void kdbus_notify_flush(struct kdbus_bus *bus)
{
	struct kdbus_event *event;

	kdbus_delay_point();
	mutex_lock(&bus->notify_lock);
	while ((event = notify_next(bus))) {
		kdbus_delay_point();
		notify_deliver(bus, event);
		kdbus_conn_put(event->dst);
		kfree(event);
	}
	mutex_unlock(&bus->notify_lock);
}
