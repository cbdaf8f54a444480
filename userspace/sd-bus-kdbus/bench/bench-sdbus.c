// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bench-sdbus.c - libsystemd: a service with a vtable, a client, signals, connections
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <systemd/sd-bus.h>

#include "bench.h"

static struct {
	sd_bus *bus;
	const char *destination;
	uint8_t *data;
	size_t size;
	uint32_t number;
} client;

static int peer_fds[2];

static int echo(sd_bus_message *m, void *context, sd_bus_error *error)
{
	sd_bus_message *reply = NULL;
	const void *data;
	size_t size;
	int r;

	(void)context, (void)error;
	r = sd_bus_message_read_array(m, 'y', &data, &size);
	if (r >= 0)
		r = sd_bus_message_new_method_return(m, &reply);
	if (r >= 0)
		r = sd_bus_message_append_array(reply, 'y', data, size);
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	sd_bus_message_unref(reply);
	return r;
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Echo", "ay", "ay", echo, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END
};

static void serve_bus(sd_bus *bus, int ready_fd)
{
	int r = sd_bus_add_object_vtable(bus, NULL, BENCH_PATH, BENCH_INTERFACE, vtable, NULL);

	if (r < 0 || write(ready_fd, "", 1) != 1)
		return;
	do {
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, UINT64_MAX);
	} while (r >= 0 || r == -EINTR);
}

static void serve(int ready_fd)
{
	sd_bus *bus = NULL;

	if (sd_bus_open_system(&bus) >= 0 && sd_bus_request_name(bus, BENCH_NAME, 0) >= 0)
		serve_bus(bus, ready_fd);
}

static int prepare(size_t size)
{
	client.size = size;
	client.data = calloc(1, size + sizeof(client.number));
	return client.data ? 0 : -ENOMEM;
}

static int attach(size_t size)
{
	const char *unique;
	int r = sd_bus_open_system(&client.bus);

	client.destination = BENCH_NAME;
	if (r >= 0)
		r = sd_bus_get_unique_name(client.bus, &unique);
	return r < 0 ? r : prepare(size);
}

static int call(void *work)
{
	sd_bus_message *m = NULL, *reply = NULL;
	const void *data;
	size_t size;
	int r;

	(void)work;
	client.number++;
	memcpy(client.data, &client.number, sizeof(client.number));
	r = sd_bus_message_new_method_call(client.bus, &m, client.destination, BENCH_PATH,
					   BENCH_INTERFACE, "Echo");
	if (r >= 0)
		r = sd_bus_message_append_array(m, 'y', client.data, client.size);
	if (r >= 0)
		r = sd_bus_call(client.bus, m, 0, NULL, &reply);
	if (r >= 0)
		r = sd_bus_message_read_array(reply, 'y', &data, &size);
	if (r >= 0)
		r = size == client.size && memcmp(data, client.data, size < 16 ? size : 16) == 0
			    ? 0 : -EBADMSG;
	sd_bus_message_unref(reply);
	sd_bus_message_unref(m);
	return r;
}

const struct library library_sdbus = { "sdbus", serve, attach, call };

/* Two processes and a socket pair, no bus: what libsystemd itself costs. */

/**
 * start_peer() - libsystemd at one end of a socket pair
 * @ret: the connection; also on error the caller's to unref
 * @fd: the end; the connection's if that succeeds
 * @is_server: this end is the one that knows an id
 *
 * Return: 0 or more, or -errno.
 */
int start_peer(sd_bus **ret, int fd, int is_server)
{
	int r = sd_bus_new(ret);
	sd_id128_t id = { 0 };

	if (r >= 0)
		r = sd_bus_set_fd(*ret, fd, fd);
	if (r >= 0 && is_server)
		r = sd_bus_set_server(*ret, 1, id);
	return r < 0 ? r : sd_bus_start(*ret);
}

static void serve_peer(int ready_fd)
{
	sd_bus *bus = NULL;

	close(peer_fds[0]);
	if (start_peer(&bus, peer_fds[1], 1) >= 0)
		serve_bus(bus, ready_fd);
}

static int attach_peer(size_t size)
{
	int r = start_peer(&client.bus, peer_fds[0], 0);

	return r < 0 ? r : prepare(size);
}

__attribute__((constructor)) static void make_peers(void)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, peer_fds) < 0)
		abort();
}

const struct library library_peers = { "peers", serve_peer, attach_peer, call };

static int connect_and(int (*use)(sd_bus *bus))
{
	const char *unique;
	sd_bus *bus = NULL;
	int r;

	r = sd_bus_open_system(&bus);
	if (r >= 0)
		r = sd_bus_get_unique_name(bus, &unique);
	if (r >= 0 && use)
		r = use(bus);
	sd_bus_flush_close_unref(bus);
	return r < 0 ? r : 0;
}

/**
 * connect_once() - connect, get a name, go
 * @work: not used
 *
 * Return: 0 or -errno.
 */
int connect_once(void *work)
{
	(void)work;
	return connect_and(NULL);
}

static int ask_for_id(sd_bus *bus)
{
	return sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
				  "org.freedesktop.DBus", "GetId", NULL, NULL, NULL);
}

/**
 * connect_and_call() - connect, get a name, call the bus and wait for its answer, go
 * @work: not used
 *
 * What is put off until the first message is paid for here.
 *
 * Return: 0 or -errno.
 */
int connect_and_call(void *work)
{
	(void)work;
	return connect_and(ask_for_id);
}
