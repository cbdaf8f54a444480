// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * peer-dbus-kdbus.c - calls of the samples: marshalled by libdbus, carried by kdbus
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dbus-call.h"
#include "peer.h"

struct dbus_kdbus {
	char bus_name[32];
	int bus_fd;
	bool connected;
	struct bus bus;
	struct dbus_call call;
};

static void dbus_kdbus_close(void *state)
{
	struct dbus_kdbus *d = state;

	if (d->connected)
		bus_close(&d->bus);
	if (d->bus_fd >= 0)
		close(d->bus_fd);
	dbus_call_deinit(&d->call);
	free(d);
}

static int dbus_kdbus_open(const struct peer_options *options, void **ret_state)
{
	struct dbus_kdbus *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	snprintf(d->bus_name, sizeof(d->bus_name), "bench-dbus-%d", getpid());
	d->bus_fd = -1;
	r = dbus_call_init(&d->call, options->method);
	if (r == 0)
		d->bus_fd = r = bus_make(d->bus_name);
	if (r < 0) {
		dbus_kdbus_close(d);
		return r;
	}
	*ret_state = d;
	return 0;
}

static int serve_one(struct bus *bus)
{
	struct message_attachments with;
	struct bus_parcel parcel;
	DBusMessage *call, *reply;
	size_t i;
	int r;

	r = message_receive(bus, &parcel, &call);
	if (r < 0)
		return r;
	if (!call)
		return -EBADMSG;
	with = (struct message_attachments){ .memfd = parcel.memfd,
					     .memfd_size = parcel.memfd_size,
					     .fds = parcel.fds, .n_fds = parcel.n_fds };
	reply = sample_handle(call, &with);
	r = reply ? message_send(bus, reply, NULL) : -ENOMEM;
	if (reply)
		dbus_message_unref(reply);
	dbus_message_unref(call);
	for (i = 0; i < parcel.n_fds; i++)
		close(parcel.fds[i]);
	bus_free(bus, &parcel);
	return r;
}

static int dbus_kdbus_serve(void *state, int ready_fd)
{
	struct dbus_kdbus *d = state;
	int r;

	r = bus_open(&d->bus, d->bus_name);
	if (r == 0)
		r = bus_own_name(&d->bus, SAMPLE_NAME);
	if (r == 0)
		r = peer_ready(ready_fd, d->bus.id);
	while (r >= 0) {
		r = bus_wait(&d->bus, -1);
		if (r > 0)
			r = serve_one(&d->bus);
	}
	return r;
}

static int dbus_kdbus_attach(void *state, uint64_t address)
{
	struct dbus_kdbus *d = state;
	int r;

	(void)address;
	r = bus_open(&d->bus, d->bus_name);
	d->connected = r == 0;
	return r;
}

static int dbus_kdbus_call(void *state)
{
	struct dbus_kdbus *d = state;
	DBusMessage *message, *reply;
	struct bus_parcel parcel;
	int r;

	message = dbus_call_new_message(&d->call, true);
	if (!message)
		return -ENOMEM;
	r = message_call(&d->bus, message, &d->call.with, &parcel, &reply);
	dbus_message_unref(message);
	if (r < 0)
		return r;
	r = dbus_call_check_reply(&d->call, reply);
	dbus_message_unref(reply);
	bus_free(&d->bus, &parcel);
	return r;
}

const struct peer peer_dbus_kdbus = {
	.name = "libdbus over kdbus",
	.open = dbus_kdbus_open,
	.serve = dbus_kdbus_serve,
	.attach = dbus_kdbus_attach,
	.call = dbus_kdbus_call,
	.close = dbus_kdbus_close,
};
