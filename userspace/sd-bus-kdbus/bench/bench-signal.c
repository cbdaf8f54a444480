// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bench-signal.c - one signal to many connections of libsystemd, by a bus or by nobody
 *
 * Without a bus each receiver has a socket pair. libsystemd makes the signal once, as it does for a bus, and
 * its bytes are written to all of them: what is left of the price if who distributes it does nothing else.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <systemd/sd-bus.h>

#include "bench.h"

static const char rule[] = "type='signal',interface='" BENCH_INTERFACE "',member='Changed',"
			   "arg0='wanted'";

static struct {
	sd_bus *sender, **receivers;
	size_t n;
	unsigned int number, *seen;
	int *fds;	/* without a bus, the other ends */
	int from;	/* where the bytes of the sender come out */
} signals;

static int on_signal(sd_bus_message *m, void *context, sd_bus_error *error)
{
	unsigned int number;

	(void)error;
	if (sd_bus_message_skip(m, "s") >= 0 && sd_bus_message_read(m, "u", &number) > 0)
		*(unsigned int *)context = number;
	return 0;
}

static int allocate(size_t n_receivers)
{
	signals.n = n_receivers;
	signals.receivers = calloc(n_receivers, sizeof(*signals.receivers));
	signals.seen = calloc(n_receivers, sizeof(*signals.seen));
	signals.fds = calloc(n_receivers, sizeof(*signals.fds));
	return signals.receivers && signals.seen && signals.fds ? 0 : -ENOMEM;
}

static int listen_at(size_t i)
{
	return sd_bus_add_match(signals.receivers[i], NULL, rule, on_signal, &signals.seen[i]);
}

/**
 * signal_open() - connections that wait for one signal, and one that sends it
 * @n_receivers: how many
 *
 * Return: 0 or -errno.
 */
int signal_open(size_t n_receivers)
{
	int r = allocate(n_receivers);
	size_t i;

	if (r == 0)
		r = sd_bus_open_system(&signals.sender);
	for (i = 0; i < n_receivers && r >= 0; i++) {
		r = sd_bus_open_system(&signals.receivers[i]);
		if (r >= 0)
			r = listen_at(i);
	}
	return r < 0 ? r : 0;
}

/* Two ends that have finished what libsystemd says to itself at first. */
static int make_pair(sd_bus **client, sd_bus **server)
{
	int fds[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		return -errno;
	r = start_peer(server, fds[1], 1);
	if (r >= 0)
		r = start_peer(client, fds[0], 0);
	while (r >= 0 && !(sd_bus_is_ready(*client) > 0 && sd_bus_is_ready(*server) > 0)) {
		r = sd_bus_process(*client, NULL);
		if (r >= 0)
			r = sd_bus_process(*server, NULL);
	}
	return r;
}

/**
 * signal_open_peers() - the same, with a socket pair to each
 * @n_receivers: how many
 *
 * Return: 0 or -errno.
 */
int signal_open_peers(size_t n_receivers)
{
	int r = allocate(n_receivers);
	sd_bus *server, *client;
	size_t i;

	if (r == 0)
		r = make_pair(&client, &signals.sender);
	if (r >= 0)
		signals.from = sd_bus_get_fd(client);
	for (i = 0; i < n_receivers && r >= 0; i++) {
		r = make_pair(&signals.receivers[i], &server);
		if (r >= 0)
			r = signals.fds[i] = sd_bus_get_fd(server);
		if (r >= 0)
			r = listen_at(i);
	}
	return r < 0 ? r : 0;
}

/* As sd_bus_emit_signal() does it, with a sender, which a bus would have set. */
static int emit(void)
{
	sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_signal(signals.sender, &m, BENCH_PATH, BENCH_INTERFACE, "Changed");
	if (r >= 0 && signals.from)
		r = sd_bus_message_set_sender(m, ":1.1");
	if (r >= 0)
		r = sd_bus_message_append(m, "su", "wanted", signals.number);
	if (r >= 0)
		r = sd_bus_send(signals.sender, m, NULL);
	sd_bus_message_unref(m);
	return r < 0 ? r : sd_bus_flush(signals.sender);
}

static int distribute(void)
{
	char bytes[1024];
	ssize_t n = read(signals.from, bytes, sizeof(bytes));
	size_t i;

	if (n <= 0 || n == sizeof(bytes))
		return -EIO;
	for (i = 0; i < signals.n; i++)
		if (write(signals.fds[i], bytes, n) != n)
			return -EIO;
	return 0;
}

/**
 * signal_once() - send the signal, and go on until all have it
 * @work: not used
 *
 * Return: 0 or -errno.
 */
int signal_once(void *work)
{
	size_t i;
	int r;

	(void)work;
	signals.number++;
	r = emit();
	if (r >= 0 && signals.from)
		r = distribute();
	for (i = 0; i < signals.n && r >= 0; i++) {
		while (r >= 0 && signals.seen[i] != signals.number) {
			r = sd_bus_process(signals.receivers[i], NULL);
			if (r == 0)
				r = sd_bus_wait(signals.receivers[i], UINT64_MAX);
		}
	}
	return r < 0 ? r : 0;
}
