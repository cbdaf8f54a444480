/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * interface.h - what the sample service offers, and the calls that the client makes
 *
 * Pure D-Bus: nothing here knows how a message travels, so that the same calls can be made over
 * kdbus and over dbus-daemon.
 *
 *	Summarise(s title, i number, d price, ai numbers, a{sv} options, v note, (si) place)
 *		-> (s text, i sum, d double_price, as option_names)
 *	Refuse() -> error SAMPLE_ERROR
 *	ReadLine(u index or h descriptor) -> (s line)
 *	Checksum(t size) and a memfd, or Checksum(t size, h memfd) -> (t checksum, t inode)
 */
#ifndef SAMPLES_KDBUS_INTERFACE_H
#define SAMPLES_KDBUS_INTERFACE_H

#include <dbus/dbus.h>

#include "message.h"

#define SAMPLE_BUS	"sample"
#define SAMPLE_NAME	"org.example.kdbus.Sample"
#define SAMPLE_PATH	"/org/example/kdbus/Sample"
#define SAMPLE_ERROR	"org.example.kdbus.Sample.Error.Refused"

/* The service's side */
DBusMessage *sample_handle(DBusMessage *call, const struct message_attachments *with);

/* The client's side: build a call; check its reply and print what it says into @text */
DBusMessage *sample_new_call(const char *method);
DBusMessage *sample_new_summarise(void);
int sample_check_summary(DBusMessage *reply, char *text, size_t size);

uint64_t sample_checksum(const void *data, size_t size);

#endif /* SAMPLES_KDBUS_INTERFACE_H */
