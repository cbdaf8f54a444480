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
#include "name.h"
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
 *
 * In the order of messages an event stands where the command that caused it would have sent
 * it.  Between the change and its delivery others could act on the change, and be
 * heard before it: whoever sends to a name whose change is not told yet has it told first,
 * and so has whoever gets an error that is the consequence of a change.
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
	event->seen = kdbus_clock_read(&conn->clock);
	event->new_id = conn->id;
	event->new_flags = conn->flags;
	notify_queue(bus, event);
}

/**
 * kdbus_notify_name() - a name got, changed or lost its owner
 * @cause: whose command did it
 * @event: has the text of the name; owned by the bus afterwards
 * @name: the name; if it has an owner now, the caller has counted that in its n_untold
 * @old_id: who had it, 0 for nobody
 * @old_flags: of the association
 * @new_id: who has it, 0 for nobody
 * @new_flags: of the association
 */
void kdbus_notify_name(const struct kdbus_conn *cause, struct kdbus_event *event,
		       struct kdbus_name_entry *name, u64 old_id, u64 old_flags, u64 new_id,
		       u64 new_flags)
{
	if (!old_id)
		event->type = KDBUS_ITEM_NAME_ADD;
	else if (!new_id)
		event->type = KDBUS_ITEM_NAME_REMOVE;
	else
		event->type = KDBUS_ITEM_NAME_CHANGE;
	if (new_id)
		event->subject = kdbus_name_get(name);
	event->seen = kdbus_clock_read(&cause->clock);
	event->old_id = old_id;
	event->old_flags = old_flags;
	event->new_id = new_id;
	event->new_flags = new_flags;
	notify_queue(cause->bus, event);
}

/**
 * kdbus_notify_reply() - there will be no reply to a call
 * @bus: where
 * @event: owned by the bus afterwards
 * @type: KDBUS_ITEM_REPLY_TIMEOUT or KDBUS_ITEM_REPLY_DEAD
 * @caller: who waits; the event takes a reference
 * @cookie: of the call
 * @seen: what the connection knew that will not reply
 */
void kdbus_notify_reply(struct kdbus_bus *bus, struct kdbus_event *event, u64 type,
			struct kdbus_conn *caller, u64 cookie, u64 seen)
{
	event->type = type;
	event->seen = seen;
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

static bool event_is_of_id(const struct kdbus_event *event)
{
	return event->type == KDBUS_ITEM_ID_ADD || event->type == KDBUS_ITEM_ID_REMOVE;
}

/* Not even the receivers can be listed: everybody may have missed something. */
static void notify_lost_everywhere(struct kdbus_bus *bus)
{
	struct kdbus_conn *conn;
	unsigned long id;

	rcu_read_lock();
	xa_for_each(&bus->conns, id, conn)
		if (kdbus_conn_is_ordinary(conn))
			kdbus_loss_now(conn);
	rcu_read_unlock();
}

/* Who wants to hear of the event. */
static int notify_find(struct kdbus_bus *bus, const struct kdbus_event *event,
		       struct kdbus_receivers *receivers)
{
	struct kdbus_match_event wanted = {
		.type = event->type,
		.old_id = event->old_id,
		.new_id = event->new_id,
		.name = event_is_of_id(event) ? NULL : event->name,
	};

	if (event->type == KDBUS_ITEM_ID_REMOVE) {
		wanted.old_id = event->new_id;
		wanted.new_id = 0;
	}
	return kdbus_receivers_of_event(receivers, bus, &wanted);
}

/* Write a copy, if there is room. */
static struct kdbus_entry *notify_copy(struct kdbus_conn *dst, const void *image, size_t size)
{
	struct kdbus_user *user = dst->bus->node.domain->kernel_user;
	struct kdbus_entry *entry;

	entry = kdbus_deliver_image(dst, user, image, size);
	return IS_ERR(entry) ? NULL : entry;
}

static void notify_copy_or_count(struct kdbus_stage *stage, const void *image, size_t size)
{
	stage->entry = notify_copy(stage->conn, image, size);
	if (!stage->entry)
		kdbus_loss_stage(stage);
}

/* What it calls is not on the stack of what delivers to monitors. */
static noinline_for_stack void notify_copy_to_all(struct kdbus_bus *bus,
						  const struct kdbus_event *event,
						  struct kdbus_receivers *receivers,
						  const void *image, size_t size)
{
	unsigned int i;

	if (notify_find(bus, event, receivers)) {
		notify_lost_everywhere(bus);
		return;
	}
	for (i = 0; i < receivers->n; i++) {
		struct kdbus_stage *stage = &receivers->stages[i];

		if (event_is_of_id(event) || kdbus_may_see_name(stage->conn, NULL, event->name))
			notify_copy_or_count(stage, image, size);
	}
}

/* If he has left, or has no room, it is lost without a word. */
static void notify_copy_to_caller(struct kdbus_conn *caller, struct kdbus_receivers *receivers,
				  const void *image, size_t size)
{
	struct kdbus_entry *entry = notify_copy(caller, image, size);

	if (entry)
		kdbus_receivers_add(receivers, caller, entry);
}

/* All copies.  The image is not on the stack while they are committed. */
static noinline_for_stack void notify_write(struct kdbus_bus *bus, const struct kdbus_event *event,
					    struct kdbus_receivers *receivers)
{
	u64 image[DIV_ROUND_UP(NOTIFY_IMAGE_MAX, sizeof(u64))] __uninitialized;
	unsigned int i;
	size_t size;

	size = notify_image(event, image);
	if (event->dst)
		notify_copy_to_caller(event->dst, receivers, image, size);
	else
		notify_copy_to_all(bus, event, receivers, image, size);
	i = receivers->n;
	kdbus_receivers_add_monitors(receivers, bus);
	for (; i < receivers->n; i++)
		notify_copy_or_count(&receivers->stages[i], image, size);
}

static void notify_deliver(struct kdbus_bus *bus, const struct kdbus_event *event)
{
	struct kdbus_receivers receivers __uninitialized;

	kdbus_receivers_init(&receivers);
	notify_write(bus, event, &receivers);
	kdbus_receivers_commit(&receivers, &bus->clock, NULL, event->seen);
	kdbus_receivers_free(&receivers);
}

/* What it tells is no secret any more. */
static void notify_done(struct kdbus_event *event)
{
	if (event->subject)
		kdbus_name_told(event->subject);
	kdbus_conn_put(event->dst);
	kfree(event);
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
		notify_done(event);
	}
	mutex_unlock(&bus->notify_lock);
}
