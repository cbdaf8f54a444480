/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * message.h - D-Bus messages of stock libdbus as payload of kdbus messages
 *
 * libdbus marshals and parses; kdbus carries the bytes and knows who sent them. The D-Bus header's
 * fields and those of the kernel's header correspond:
 *
 *	DESTINATION ":1.5"		to_id = 5
 *	DESTINATION "org.example.X"	to_name
 *	serial, REPLY_SERIAL		cookie, reply_to
 *	SENDER				src_id: set at the receiving side, where it cannot be forged
 *
 * The public functions of libdbus that turn a message into bytes and back have no place for file
 * descriptors (type 'h'). So descriptors travel beside the message, in the kdbus message that
 * carries it, and the D-Bus arguments name them by their index, as a plain uint32.
 */
#ifndef SAMPLES_KDBUS_MESSAGE_H
#define SAMPLES_KDBUS_MESSAGE_H

#include <dbus/dbus.h>

#include "bus.h"

/* What travels beside the marshalled message. Borrowed by whoever gets a pointer to this. */
struct message_attachments {
	int memfd;		/* sealed memfd */
	size_t memfd_size;	/* its bytes, or 0 for none */
	const int *fds;		/* descriptors */
	size_t n_fds;		/* entries at @fds */
};

int message_send(struct bus *bus, DBusMessage *message, const struct message_attachments *with);
int message_call(struct bus *bus, DBusMessage *call, const struct message_attachments *with,
		 struct bus_parcel *parcel, DBusMessage **ret_reply);
int message_receive(struct bus *bus, struct bus_parcel *parcel, DBusMessage **ret_message);

#endif /* SAMPLES_KDBUS_MESSAGE_H */
