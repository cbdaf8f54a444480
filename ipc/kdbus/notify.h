/* SPDX-License-Identifier: GPL-2.0 */
/* What happened on a bus, told to whom it concerns. */
#ifndef KDBUS_NOTIFY_H
#define KDBUS_NOTIFY_H

#include <linux/list.h>
#include <linux/types.h>

struct kdbus_bus;
struct kdbus_conn;
struct kdbus_name_entry;

/**
 * struct kdbus_event - something that happened
 * @entry: link in kdbus_bus.events
 * @type: KDBUS_ITEM_NAME_ADD to KDBUS_ITEM_REPLY_DEAD
 * @old_id: NAME_*: who had the name, or 0
 * @old_flags: name flags of that
 * @new_id: NAME_*: who has the name now, or 0; ID_*: who
 * @new_flags: name flags of that; ID_*: HELLO flags
 * @dst: REPLY_*: the caller; pinned
 * @cookie: REPLY_*: of the call
 * @seen: what the connection knew that caused it
 * @subject: NAME_*: the name, if it has an owner now; pinned, and counted in its n_untold
 * @seqnum: number in the order of all messages of the bus
 * @monotonic_ns: when
 * @realtime_ns: when
 * @name: NAME_*: the name
 *
 * Allocated when the thing that it tells about begins, so that its end can be
 * told without memory.  kfree() frees an event that was not queued.
 */
struct kdbus_event {
	struct list_head entry;
	u64 type;
	u64 old_id;
	u64 old_flags;
	u64 new_id;
	u64 new_flags;
	struct kdbus_conn *dst;
	u64 cookie;
	u64 seen;
	struct kdbus_name_entry *subject;
	u64 seqnum;
	u64 monotonic_ns;
	u64 realtime_ns;
	char name[];
};

struct kdbus_event *kdbus_event_new(const char *name);
void kdbus_notify_id(struct kdbus_bus *bus, struct kdbus_event *event, u64 type,
		     const struct kdbus_conn *conn);
void kdbus_notify_name(const struct kdbus_conn *cause, struct kdbus_event *event,
		       struct kdbus_name_entry *name, u64 old_id, u64 old_flags, u64 new_id,
		       u64 new_flags);
void kdbus_notify_reply(struct kdbus_bus *bus, struct kdbus_event *event, u64 type,
			struct kdbus_conn *caller, u64 cookie, u64 seen);
void kdbus_notify_flush(struct kdbus_bus *bus);

#endif
