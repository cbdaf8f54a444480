// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bench-libdbus.c - libdbus on both ends
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <dbus/dbus.h>

#include "bench.h"

static struct {
	DBusConnection *bus;
	uint8_t *data;
	size_t size;
	uint32_t number;
} client;

static void serve(int ready_fd)
{
	DBusConnection *bus = dbus_bus_get_private(DBUS_BUS_SYSTEM, NULL);
	DBusMessage *m, *reply;
	const void *data;
	int n;

	if (!bus || dbus_bus_request_name(bus, BENCH_NAME, 0, NULL) !=
			    DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER)
		return;
	if (write(ready_fd, "", 1) != 1)
		return;
	while (dbus_connection_read_write(bus, -1)) {
		while ((m = dbus_connection_pop_message(bus))) {
			if (dbus_message_is_method_call(m, BENCH_INTERFACE, "Echo") &&
			    dbus_message_get_args(m, NULL, DBUS_TYPE_ARRAY, DBUS_TYPE_BYTE, &data,
						  &n, DBUS_TYPE_INVALID)) {
				reply = dbus_message_new_method_return(m);
				dbus_message_append_args(reply, DBUS_TYPE_ARRAY, DBUS_TYPE_BYTE,
							 &data, n, DBUS_TYPE_INVALID);
				dbus_connection_send(bus, reply, NULL);
				dbus_message_unref(reply);
			}
			dbus_message_unref(m);
		}
	}
}

static int attach(size_t size)
{
	client.bus = dbus_bus_get_private(DBUS_BUS_SYSTEM, NULL);
	client.size = size;
	client.data = calloc(1, size + sizeof(client.number));
	return client.bus && client.data ? 0 : -ECONNREFUSED;
}

static int call(void *work)
{
	DBusMessage *m, *reply;
	const uint8_t *data;
	int n, r = -EBADMSG;

	(void)work;
	client.number++;
	memcpy(client.data, &client.number, sizeof(client.number));
	m = dbus_message_new_method_call(BENCH_NAME, BENCH_PATH, BENCH_INTERFACE, "Echo");
	dbus_message_append_args(m, DBUS_TYPE_ARRAY, DBUS_TYPE_BYTE, &client.data,
				 (int)client.size, DBUS_TYPE_INVALID);
	reply = dbus_connection_send_with_reply_and_block(client.bus, m, -1, NULL);
	dbus_message_unref(m);
	if (!reply)
		return -ECONNRESET;
	if (dbus_message_get_args(reply, NULL, DBUS_TYPE_ARRAY, DBUS_TYPE_BYTE, &data, &n,
				  DBUS_TYPE_INVALID) &&
	    (size_t)n == client.size && memcmp(data, client.data, n < 16 ? n : 16) == 0)
		r = 0;
	dbus_message_unref(reply);
	return r;
}

const struct library library_libdbus = { "libdbus", serve, attach, call };
