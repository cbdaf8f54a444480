// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sharing.c - see sharing.h
 *
 * One client and its service run on the first CPU, another client with another service on the
 * second one. What both CPUs write is what the two pairs share; the emulator's plugin
 * (sharing-plugin.c) looks. What both pairs inherited from this process, like credentials, they
 * share as well: so would two programs of one session.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conn.h"
#include "peer.h"
#include "profile.h"
#include "sharing.h"

#define SIZE		64
#define WARMUP		500

struct way {
	const char *id;
	const struct peer *peer;
	struct peer_options options;
	bool uses_bus;
};

static const struct way ways[] = {
	{ "seqpacket", &peer_seqpacket, { .size = SIZE } },
	{ "call", &peer_kdbus, { .size = SIZE }, true },
	{ "exchange", &peer_kdbus, { .size = SIZE, .exchange = true }, true },
	{ "exchange-name", &peer_kdbus, { .size = SIZE, .exchange = true, .by_name = true }, true },
	{ "exchange-metadata", &peer_kdbus,
	  { .size = SIZE, .exchange = true, .metadata = true }, true },
};

struct pair {
	const struct peer *peer;
	void *state;		/* NULL if not open */
	pid_t service;		/* 0 if there is none */
	uint64_t address;
};

/* What the client of the second pair tells the first one: calls that it made, or -errno */
struct shared {
	int64_t calls;
};

static int pair_open(struct pair *pair, const struct way *way, const char *bus_name, int cpu)
{
	struct peer_options options = way->options;
	pid_t pid;
	int r;

	*pair = (struct pair){ .peer = way->peer };
	options.bus_name = bus_name;
	options.number = cpu;
	r = way->peer->open(&options, &pair->state);
	if (r < 0) {
		pair->state = NULL;
		return r;
	}
	pid = peer_start(way->peer, pair->state, cpu, &pair->address);
	if (pid < 0)
		return pid;
	pair->service = pid;
	return 0;
}

static void pair_close(struct pair *pair)
{
	if (pair->service)
		peer_stop(pair->service);
	if (pair->state)
		pair->peer->close(pair->state);
}

static void call_until_killed(struct pair *pair, int cpu, struct shared *shared)
{
	int64_t calls = 0;
	int r;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	r = peer_run_on(cpu);
	if (r == 0)
		r = pair->peer->attach(pair->state, pair->address);
	while (r == 0) {
		r = pair->peer->call(pair->state);
		profile_call();
		if (r == 0)
			__atomic_store_n(&shared->calls, ++calls, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&shared->calls, (int64_t)r, __ATOMIC_RELAXED);
	_exit(1);
}

/* Call until both clients have made so many calls from now on. */
static int call_until(struct pair *pair, size_t calls, struct shared *shared, int64_t *ret_mine,
		      int64_t *ret_other)
{
	int64_t begin = __atomic_load_n(&shared->calls, __ATOMIC_RELAXED), other = 0, mine = 0;
	int r = 0;

	while (r == 0 && (mine < (int64_t)calls || other < (int64_t)calls)) {
		r = pair->peer->call(pair->state);
		profile_call();
		mine++;
		other = __atomic_load_n(&shared->calls, __ATOMIC_RELAXED);
		if (other < 0)
			return other;
		other -= begin;
	}
	*ret_mine = mine;
	*ret_other = other;
	return r;
}

static int run_pairs(const struct way *way, struct pair *pairs, struct shared *shared, size_t calls)
{
	int64_t mine, other;
	pid_t pid;
	int r;

	shared->calls = 0;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		call_until_killed(&pairs[1], 1, shared);
	r = pairs[0].peer->attach(pairs[0].state, pairs[0].address);
	if (r == 0)
		r = call_until(&pairs[0], WARMUP, shared, &mine, &other);
	if (r == 0) {
		profile_begin();
		r = call_until(&pairs[0], calls, shared, &mine, &other);
		profile_end();
	}
	peer_stop(pid);
	if (r == 0)
		printf("%s %lld %lld\n", way->id, (long long)mine, (long long)other);
	return r;
}

static int run_way(const struct way *way, struct shared *shared, size_t calls)
{
	struct pair pairs[2] = { 0 };
	char bus_name[64];
	int bus = -1, r = 0, i;

	if (way->uses_bus)
		bus = r = conn_make_bus(bus_name, sizeof(bus_name));
	for (i = 0; i < 2 && r >= 0; i++)
		r = pair_open(&pairs[i], way, way->uses_bus ? bus_name : NULL, i);
	if (r >= 0)
		r = run_pairs(way, pairs, shared, calls);
	pair_close(&pairs[1]);
	pair_close(&pairs[0]);
	if (bus >= 0)
		close(bus);
	return r;
}

/**
 * sharing_run() - have two pairs call at once, each on a CPU of its own
 * @calls: at least so many of each pair between the marks of profile.h
 * @wanted: id of the only way of calling, NULL for all
 *
 * For each way one line is printed, in the order of the stretches between the marks: its id, and
 * the calls of the first and of the second pair.
 *
 * Return: 0 or -errno.
 */
int sharing_run(size_t calls, const char *wanted)
{
	struct shared *shared;
	size_t i;
	int r = 0;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return -ENODEV;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		return -errno;
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]) && r >= 0; i++)
		if (!wanted || strcmp(wanted, ways[i].id) == 0)
			r = run_way(&ways[i], shared, calls);
	munmap(shared, sizeof(*shared));
	return r < 0 ? r : 0;
}
