// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * service.c - a D-Bus service on kdbus
 *
 * Makes the bus if there is none yet, takes its name, prints "ready" and answers calls until it is
 * killed: the kernel cleans up after any process, however it ended.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interface.h"

/* Answer one message. An error here ends the service; a caller's mistake does not. */
static int serve_one(struct bus *bus)
{
	struct message_attachments with;
	struct bus_parcel parcel;
	DBusMessage *call, *reply = NULL;
	size_t i;
	int r;

	r = message_receive(bus, &parcel, &call);
	if (r < 0)
		return r == -EAGAIN ? 0 : r;

	with = (struct message_attachments){
		.memfd = parcel.memfd,
		.memfd_size = parcel.memfd_size,
		.fds = parcel.fds,
		.n_fds = parcel.n_fds,
	};
	if (call && dbus_message_get_type(call) == DBUS_MESSAGE_TYPE_METHOD_CALL)
		reply = sample_handle(call, &with);
	if (reply && !dbus_message_get_no_reply(call)) {
		r = message_send(bus, reply, NULL);
		/* The caller may have gone or given up meanwhile, which is its own business. */
		if (r < 0)
			fprintf(stderr, "service: reply not delivered: %s\n", strerror(-r));
	}

	if (reply)
		dbus_message_unref(reply);
	if (call)
		dbus_message_unref(call);
	for (i = 0; i < parcel.n_fds; i++)
		if (parcel.fds[i] >= 0)
			close(parcel.fds[i]);
	return bus_free(bus, &parcel);
}

int main(void)
{
	struct bus bus;
	int made, r;

	made = bus_make(SAMPLE_BUS);
	if (made < 0 && made != -EEXIST) {
		bus_explain("cannot make a bus", made);
		return EXIT_FAILURE;
	}
	r = bus_open(&bus, SAMPLE_BUS);
	if (r < 0) {
		bus_explain("cannot connect to the bus", r);
		return EXIT_FAILURE;
	}
	r = bus_own_name(&bus, SAMPLE_NAME);
	if (r < 0) {
		bus_explain("cannot get the name " SAMPLE_NAME, r);
		return EXIT_FAILURE;
	}
	printf("ready: %s is :1.%llu on %s/%u-%s\n", SAMPLE_NAME, (unsigned long long)bus.id,
	       bus_domain(), geteuid(), SAMPLE_BUS);
	fflush(stdout);

	do {
		r = bus_wait(&bus, -1);
		if (r > 0)
			r = serve_one(&bus);
	} while (r >= 0 || r == -EINTR);

	bus_explain("the connection broke", r);
	bus_close(&bus);
	if (made >= 0)
		close(made);
	return EXIT_FAILURE;
}
