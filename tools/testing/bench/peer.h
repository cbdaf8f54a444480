/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * peer.h - one way to make a call between two processes
 *
 * Each peer is a file of its own. Its functions run in two processes: the benchmark forks between
 * open() and serve() or attach(). Requests and replies have the same size, and both sides look at
 * the first and the last bytes of what they got, so that no peer can win by not delivering.
 */
#ifndef KDBUS_BENCH_PEER_H
#define KDBUS_BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "measure.h"

struct peer_options {
	size_t size;		/* payload bytes, each way */
	bool by_name;		/* address the service by its well-known name */
	bool exchange;		/* with the commands that came after 2015 */
	bool policy;		/* the client comes through an endpoint with a policy of its own */
	bool metadata;		/* receivers ask for credentials, names and time stamp */
	const char *bus_name;	/* kdbus: a bus that is there; NULL makes one */
	unsigned int number;	/* of the service, among those on that bus */
	size_t memfd_size;	/* requests carry a sealed memfd of that many bytes, too */
	const char *method;	/* peers with libdbus: the sample service's method to call */
};

struct peer {
	const char *name;
	bool inherits_priority;	/* the service runs with its caller's, whatever its own is */
	/* before the fork: what both sides inherit */
	int (*open)(const struct peer_options *options, void **ret_state);
	/*
	 * In the service's process: get ready, tell the address by peer_ready(), answer until
	 * killed. Returns on failure only, with -errno.
	 */
	int (*serve)(void *state, int ready_fd);
	/* in the client's process, when the service is ready */
	int (*attach)(void *state, uint64_t address);
	/* one call and its reply; 0 or -errno */
	int (*call)(void *state);
	/* in the client's process, after the service died */
	void (*close)(void *state);
};

extern const struct peer peer_binder;
extern const struct peer peer_binder_copied;
extern const struct peer peer_dbus_daemon;
extern const struct peer peer_dbus_kdbus;
extern const struct peer peer_eventfd;
extern const struct peer peer_futex;
extern const struct peer peer_kdbus;
extern const struct peer peer_mq;
extern const struct peer peer_netlink;
extern const struct peer peer_pipe;
extern const struct peer peer_seqpacket;
extern const struct peer peer_stream;
extern const struct peer peer_tipc;
extern const struct peer peer_uring;
extern const struct peer peer_zeromq;

int peer_ready(int ready_fd, uint64_t address);
int peer_preempt_clients(void);
int peer_in_parts(size_t size);
int peer_run_on(int cpu);
pid_t peer_start(const struct peer *peer, void *state, int cpu, uint64_t *ret_address);
void peer_stop(pid_t pid);
int peer_measure(const struct peer *peer, const struct peer_options *options,
		 const struct settings *settings, struct stats *stats);

/* Number a payload at its first and last bytes. */
static inline void stamp(uint8_t *data, size_t size, uint32_t number)
{
	if (size < 2 * sizeof(number))
		return;
	memcpy(data, &number, sizeof(number));
	memcpy(data + size - sizeof(number), &number, sizeof(number));
}

/* Whether a payload has that number. */
static inline bool is_stamped(const uint8_t *data, size_t size, uint32_t number)
{
	return size < 2 * sizeof(number) ||
	       (memcmp(data, &number, sizeof(number)) == 0 &&
		memcmp(data + size - sizeof(number), &number, sizeof(number)) == 0);
}

#endif /* KDBUS_BENCH_PEER_H */
