// SPDX-License-Identifier: LGPL-2.1-or-later
/* notify.c - notifications of the kernel as signals and errors of D-Bus */
#include <errno.h>
#include <string.h>

#include "build.h"
#include "error.h"
#include "internal.h"
#include "names.h"
#include "notify.h"
#include "query.h"

/* The item that says what happened; the kernel puts it first. */
static const struct kdbus_item *event_of(const struct kdbus_msg *msg)
{
	const struct kdbus_item *item;

	KBUS_FOREACH_ITEM(item, msg)
		if (item->type >= _KDBUS_ITEM_KERNEL_BASE)
			return item;
	return NULL;
}

static bool is_about_name(const struct kdbus_item *event)
{
	return event && (event->type == KDBUS_ITEM_NAME_ADD ||
			 event->type == KDBUS_ITEM_NAME_REMOVE ||
			 event->type == KDBUS_ITEM_NAME_CHANGE);
}

/* Who owned a name on this side, as D-Bus sees it: who waits in the queue and activators do not. */
static uint64_t owner_of(const struct kdbus_notify_id_change *side)
{
	return side->flags & (KDBUS_NAME_IN_QUEUE | KDBUS_NAME_ACTIVATOR) ? 0 : side->id;
}

static int build_signal(struct kbus_conn *conn, const char *member, const char *signature,
			const char *destination, struct kbus_writer *body, uint8_t **ret_data,
			size_t *ret_size)
{
	const struct kbus_fields fields = {
		.type = KBUS_SIGNAL,
		.flags = KBUS_NO_REPLY_EXPECTED,
		.serial = kbus_conn_next_serial(conn),
		.path = KBUS_DRIVER_PATH,
		.interface = KBUS_DRIVER_INTERFACE,
		.member = member,
		.destination = destination,
		.sender = KBUS_DRIVER_NAME,
		.signature = signature,
	};

	return kbus_build(body, &fields, ret_data, ret_size);
}

static int build_owner_changed(struct kbus_conn *conn, const char *name, uint64_t old_id,
			       uint64_t new_id, uint8_t **ret_data, size_t *ret_size)
{
	char old_owner[KBUS_UNIQUE_MAX] = "", new_owner[KBUS_UNIQUE_MAX] = "";
	struct kbus_writer body = {};

	/*
	 * A monitor was told of the names that it lost when it became one. With dbus-daemon that, too,
	 * is over before it sees what happens on the bus, even where another had waited for a name.
	 */
	if (old_id == new_id || (old_id && old_id == conn->former_id))
		return 1;
	if (old_id)
		kbus_unique_format(old_owner, old_id);
	if (new_id)
		kbus_unique_format(new_owner, new_id);
	kbus_put_string(&body, name);
	kbus_put_string(&body, old_owner);
	kbus_put_string(&body, new_owner);
	return build_signal(conn, "NameOwnerChanged", "sss", NULL, &body, ret_data, ret_size);
}

/* A connection came or went. Those that only stand for others are none to D-Bus. */
static int build_id_changed(struct kbus_conn *conn, const struct kdbus_item *event,
			    uint8_t **ret_data, size_t *ret_size)
{
	const uint64_t id = event->id_change.id;
	const bool is_new = event->type == KDBUS_ITEM_ID_ADD;
	char name[KBUS_UNIQUE_MAX];

	if (event->id_change.flags & (KDBUS_HELLO_ACTIVATOR | KDBUS_HELLO_POLICY_HOLDER))
		return 1;
	kbus_unique_format(name, id);
	return build_owner_changed(conn, name, is_new ? 0 : id, is_new ? id : 0, ret_data,
				   ret_size);
}

static int build_no_reply(struct kbus_conn *conn, const struct kdbus_msg *msg,
			  const char *text, uint8_t **ret_data, size_t *ret_size)
{
	char destination[KBUS_UNIQUE_MAX];
	const struct kbus_fields fields = {
		.flags = KBUS_NO_REPLY_EXPECTED,
		.serial = kbus_conn_next_serial(conn),
		.reply_serial = msg->cookie_reply,
		.error_name = KBUS_ERROR_PREFIX "NoReply",
		.destination = destination,
		.sender = KBUS_DRIVER_NAME,
	};

	if (!fields.reply_serial || fields.reply_serial == conn->failed_serial)
		return 1;
	kbus_unique_format(destination, msg->dst_id);
	return kbus_build_error(&fields, text, ret_data, ret_size);
}

/**
 * kbus_notify_broadcast() - what a notification means to everybody
 * @conn: the connection
 * @msg: from the kernel
 * @ret_data: NameOwnerChanged, or NoReply for a call of this client; for free()
 * @ret_size: bytes at @ret_data
 *
 * Return: 0, 1 if D-Bus has no word for it, -ENOMEM.
 */
int kbus_notify_broadcast(struct kbus_conn *conn, const struct kdbus_msg *msg,
			  uint8_t **ret_data, size_t *ret_size)
{
	const struct kdbus_item *event = event_of(msg);

	if (is_about_name(event))
		return build_owner_changed(conn, event->name_change.name,
					   owner_of(&event->name_change.old_id),
					   owner_of(&event->name_change.new_id), ret_data,
					   ret_size);
	switch (event ? event->type : 0) {
	case KDBUS_ITEM_ID_ADD:
	case KDBUS_ITEM_ID_REMOVE:
		return build_id_changed(conn, event, ret_data, ret_size);
	case KDBUS_ITEM_REPLY_TIMEOUT:
		return build_no_reply(conn, msg, "The reply did not come in time", ret_data,
				      ret_size);
	case KDBUS_ITEM_REPLY_DEAD:
		return build_no_reply(conn, msg,
				      "The receiver disconnected or dropped the call", ret_data,
				      ret_size);
	default:
		return 1;
	}
}

/**
 * kbus_notify_concerns_us() - did this client get or lose a name?
 * @conn: the connection
 * @msg: from the kernel
 *
 * Return: true if it did.
 */
bool kbus_notify_concerns_us(const struct kbus_conn *conn, const struct kdbus_msg *msg)
{
	const struct kdbus_item *event = event_of(msg);
	uint64_t old_id, new_id;

	if (!is_about_name(event))
		return false;
	old_id = owner_of(&event->name_change.old_id);
	new_id = owner_of(&event->name_change.new_id);
	return old_id != new_id && (old_id == conn->id || new_id == conn->id);
}

/**
 * kbus_notify_own() - what a notification means to this client alone
 * @conn: the connection
 * @msg: from the kernel; kbus_notify_concerns_us()
 * @ret_data: NameAcquired or NameLost; for free()
 * @ret_size: bytes at @ret_data
 *
 * Return: 0 or -ENOMEM.
 */
int kbus_notify_own(struct kbus_conn *conn, const struct kdbus_msg *msg, uint8_t **ret_data,
		    size_t *ret_size)
{
	const struct kdbus_item *event = event_of(msg);
	const bool is_new = owner_of(&event->name_change.new_id) == conn->id;
	struct kbus_writer body = {};

	kbus_put_string(&body, event->name_change.name);
	return build_signal(conn, is_new ? "NameAcquired" : "NameLost", "s", conn->unique, &body,
			    ret_data, ret_size);
}

static int watch(struct kbus_conn *conn, uint64_t type, uint64_t old_id, uint64_t new_id)
{
	struct {
		struct kdbus_cmd_match cmd;
		uint64_t item_size;
		uint64_t item_type;
		struct kdbus_notify_id_change old_id;
		struct kdbus_notify_id_change new_id;
	} cmd = {
		.cmd.size = sizeof(cmd),
		/* Cookies of the client's rules come later. */
		.cmd.cookie = 0,
		.item_size = KBUS_ITEM_SIZE(2 * sizeof(struct kdbus_notify_id_change)),
		.item_type = type,
		.old_id.id = old_id,
		.new_id.id = new_id,
	};

	return kbus_ioctl(conn->fd, KDBUS_CMD_MATCH_ADD, &cmd);
}

/**
 * kbus_notify_watch_names() - hear from now on when this client gets or loses names
 * @conn: the connection
 *
 * Needed before the first name is asked for; most clients never do, and spare the kernel this.
 *
 * Return: 0, or -EMFILE if there are too many matches.
 */
int kbus_notify_watch_names(struct kbus_conn *conn)
{
	int r;

	if (conn->watches_names)
		return 0;
	r = watch(conn, KDBUS_ITEM_NAME_ADD, KDBUS_MATCH_ID_ANY, conn->id);
	r = r ?: watch(conn, KDBUS_ITEM_NAME_REMOVE, conn->id, KDBUS_MATCH_ID_ANY);
	r = r ?: watch(conn, KDBUS_ITEM_NAME_CHANGE, conn->id, KDBUS_MATCH_ID_ANY);
	r = r ?: watch(conn, KDBUS_ITEM_NAME_CHANGE, KDBUS_MATCH_ID_ANY, conn->id);
	if (r < 0) {
		kbus_match_uninstall(conn, 0);
		return r;
	}
	conn->watches_names = true;
	return 0;
}
