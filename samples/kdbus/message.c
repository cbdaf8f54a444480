// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * message.c - between libdbus' DBusMessage and the kernel's messages; see message.h
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

/* How long a call waits for its reply, in milliseconds: what libdbus calls the default. */
#define CALL_TIMEOUT_MS	25000

/* Every message of a connection needs a number; this program has one connection. */
static dbus_uint32_t next_serial(void)
{
	static dbus_uint32_t serial;

	if (++serial == 0)
		serial = 1;
	return serial;
}

/* Fill @letter from the header of @message and the bytes at @data, which must outlive it. */
static int address_letter(DBusMessage *message, const struct message_attachments *with,
			  struct bus_letter *letter)
{
	const char *destination = dbus_message_get_destination(message);

	*letter = (struct bus_letter){
		.cookie = dbus_message_get_serial(message),
		.reply_to = dbus_message_get_reply_serial(message),
	};
	if (!destination)
		return -EDESTADDRREQ;
	if (strncmp(destination, ":1.", 3) == 0)
		letter->to_id = strtoull(destination + 3, NULL, 10);
	else
		letter->to_name = destination;
	if (with) {
		letter->memfd = with->memfd;
		letter->memfd_size = with->memfd_size;
		letter->fds = with->fds;
		letter->n_fds = with->n_fds;
	}
	return 0;
}

/* Parse the payload of @parcel, and note in the message who sent it. */
static int message_parse(const struct bus_parcel *parcel, DBusMessage **ret_message)
{
	const char *data = (const char *)parcel->data;
	DBusError error = DBUS_ERROR_INIT;
	DBusMessage *message;
	char sender[32];
	int size;

	if (parcel->msg->payload_type != KDBUS_PAYLOAD_DBUS || !data)
		return -EBADMSG;
	/* The peer may have sent anything: ask libdbus how long the message claims to be. */
	if (parcel->data_size < DBUS_MINIMUM_HEADER_SIZE)
		return -EBADMSG;
	size = dbus_message_demarshal_bytes_needed(data, parcel->data_size);
	if (size <= 0 || (size_t)size != parcel->data_size)
		return -EBADMSG;
	message = dbus_message_demarshal(data, size, &error);
	if (!message) {
		dbus_error_free(&error);
		return -EBADMSG;
	}

	/* Serials are what replies refer to, so header and kernel have to agree about them. */
	if (dbus_message_get_serial(message) != parcel->msg->cookie)
		goto out_unref;
	snprintf(sender, sizeof(sender), ":1.%llu", (unsigned long long)parcel->msg->src_id);
	if (!dbus_message_set_sender(message, sender))
		goto out_unref;
	*ret_message = message;
	return 0;
out_unref:
	dbus_message_unref(message);
	return -EBADMSG;
}

/**
 * message_send() - send a D-Bus message to its destination
 * @bus: connection
 * @message: a message with a destination; it gets a serial
 * @with: what travels beside it, or NULL
 *
 * Return: 0 or -errno.
 */
int message_send(struct bus *bus, DBusMessage *message, const struct message_attachments *with)
{
	struct bus_letter letter;
	char *data;
	int size, r;

	dbus_message_set_serial(message, next_serial());
	r = address_letter(message, with, &letter);
	if (r < 0)
		return r;
	if (!dbus_message_marshal(message, &data, &size))
		return -ENOMEM;
	letter.data = data;
	letter.data_size = size;
	r = bus_send(bus, &letter);
	dbus_free(data);
	return r;
}

/**
 * message_call() - call a method and wait for its reply
 * @bus: connection
 * @call: method call with a destination; it gets a serial
 * @with: what travels beside it, or NULL
 * @parcel: the reply as kdbus delivered it; bus_free() it
 * @ret_reply: the reply for libdbus, owned by the caller; error replies arrive here too
 *
 * Return: 0 or -errno; both outputs are set on success only.
 */
int message_call(struct bus *bus, DBusMessage *call, const struct message_attachments *with,
		 struct bus_parcel *parcel, DBusMessage **ret_reply)
{
	struct bus_letter letter;
	char *data;
	int size, r;

	dbus_message_set_serial(call, next_serial());
	r = address_letter(call, with, &letter);
	if (r < 0)
		return r;
	if (!dbus_message_marshal(call, &data, &size))
		return -ENOMEM;
	letter.data = data;
	letter.data_size = size;
	r = bus_call(bus, &letter, CALL_TIMEOUT_MS, parcel);
	dbus_free(data);
	if (r < 0)
		return r;
	r = message_parse(parcel, ret_reply);
	if (r < 0)
		bus_free(bus, parcel);
	return r;
}

/**
 * message_receive() - take a D-Bus message out of the queue
 * @bus: connection
 * @parcel: the message as kdbus delivered it; bus_free() it
 * @ret_message: the message for libdbus, owned by the caller; NULL if it was not a D-Bus message
 *
 * Return: 0, -EAGAIN if there is none, or -errno; both outputs are set on success only.
 */
int message_receive(struct bus *bus, struct bus_parcel *parcel, DBusMessage **ret_message)
{
	int r;

	r = bus_receive(bus, parcel);
	if (r < 0)
		return r;
	/* One bad message is its sender's problem, not a reason to stop listening. */
	if (message_parse(parcel, ret_message) < 0)
		*ret_message = NULL;
	return 0;
}
