// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bus-id.c - which bus does libsystemd reach at an address?
 *
 * Built twice: as a program, and as a plugin for plugin-host.
 */
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <systemd/sd-bus.h>

#include "bus-id.h"

/* Prints the id of the bus, and whether the process is privileged by its file's mode. */
int bus_id_print(const char *address)
{
	sd_bus_message *reply = NULL;
	const char *id = NULL;
	sd_bus *bus = NULL;
	int r;

	r = sd_bus_new(&bus);
	if (r >= 0)
		r = sd_bus_set_address(bus, address);
	if (r >= 0)
		r = sd_bus_set_bus_client(bus, 1);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r >= 0)
		r = sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
				       "org.freedesktop.DBus", "GetId", NULL, &reply, NULL);
	if (r >= 0)
		r = sd_bus_message_read(reply, "s", &id);
	if (r >= 0)
		printf("%s%s\n", id, getauxval(AT_SECURE) ? " secure" : "");
	else
		printf("error: %s\n", strerror(-r));
	sd_bus_message_unref(reply);
	sd_bus_flush_close_unref(bus);
	return r < 0;
}
