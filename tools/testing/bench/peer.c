// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * peer.c - bring two processes together over a peer, and time its calls
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer.h"

/* More than that is split by AF_UNIX streams, and what is made of them. */
#define PART_SIZE	(32U << 10)

/* What the service tells its client when it is ready, or why it is not */
struct ready {
	int64_t error;
	uint64_t address;
};

/**
 * peer_ready() - let the client begin
 * @ready_fd: as given to serve()
 * @address: whatever the peer's attach() needs to find the service
 *
 * Return: 0 or -errno.
 */
int peer_ready(int ready_fd, uint64_t address)
{
	struct ready ready = { .address = address };

	return write(ready_fd, &ready, sizeof(ready)) == sizeof(ready) ? 0 : -EIO;
}

/**
 * peer_preempt_clients() - let this process run as soon as it is woken up
 *
 * Whether a woken process takes the CPU from its waker at once is decided by the scheduler from how
 * much both ran before, and a pair of processes stays in either way for seconds. They differ by 20
 * per cent, so a benchmark has to choose. Serving first is the cheaper way for all peers but
 * binder: the reply is there before the client would have gone to sleep.
 *
 * Return: 0 or -errno.
 */
int peer_preempt_clients(void)
{
	return setpriority(PRIO_PROCESS, 0, -20) < 0 ? -errno : 0;
}

/*
 * Binder takes the priority above away with the first call, and for it the other way is the cheaper
 * one: the service does not run before its client sleeps, and the reply gives the client the CPU at
 * once. That is so by rule when the service is SCHED_IDLE. A call with 64 bytes takes 21,550
 * instructions that way, 23,900 when the service comes first, and when the scheduler is left alone
 * it changes from the one to the other in the middle of a measurement.
 */
static int yield_to_clients(void)
{
	const struct sched_param param = { 0 };

	return sched_setscheduler(0, SCHED_IDLE, &param) < 0 ? -errno : 0;
}

/**
 * peer_run_on() - stay on one CPU
 * @cpu: which
 *
 * Return: 0 or -errno.
 */
int peer_run_on(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	return sched_setaffinity(0, sizeof(cpus), &cpus) < 0 ? -errno : 0;
}

/**
 * peer_in_parts() - say that messages of that size come in parts
 * @size: of the payload
 *
 * The first part wakes the receiver, who had better not run before the last one was sent: then both
 * would take turns for each part. So whoever receives such messages does not preempt.
 *
 * Return: 0 or -errno.
 */
int peer_in_parts(size_t size)
{
	const struct sched_param param = { 0 };

	return size > PART_SIZE && sched_setscheduler(0, SCHED_BATCH, &param) < 0 ? -errno : 0;
}

/* Undo what peer_in_parts() has done to the client. */
static int preempt_again(void)
{
	const struct sched_param param = { 0 };

	return sched_setscheduler(0, SCHED_OTHER, &param) < 0 ? -errno : 0;
}

static void run_service(const struct peer *peer, void *state, int cpu, int ready_fd)
{
	struct ready ready = { .error = peer_run_on(cpu) };

	/* Nobody else would end this process if the benchmark died. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (ready.error == 0)
		ready.error = peer->inherits_priority ? yield_to_clients() :
							peer_preempt_clients();
	if (ready.error == 0)
		ready.error = peer->serve(state, ready_fd);
	if (write(ready_fd, &ready, sizeof(ready)) != sizeof(ready))
		_exit(2);
	_exit(1);
}

/**
 * peer_start() - have a service in a process of its own
 * @peer: the peer
 * @state: from its open()
 * @cpu: where the service runs
 * @ret_address: what attach() needs to find it
 *
 * Return: the pid of a service that is ready, for peer_stop(), or -errno.
 */
pid_t peer_start(const struct peer *peer, void *state, int cpu, uint64_t *ret_address)
{
	struct ready ready;
	int fds[2], r = 0;
	pid_t pid;

	if (pipe(fds) < 0)
		return -errno;
	pid = fork();
	if (pid < 0) {
		r = -errno;
		close(fds[0]);
		close(fds[1]);
		return r;
	}
	if (pid == 0) {
		close(fds[0]);
		run_service(peer, state, cpu, fds[1]);
	}
	close(fds[1]);
	if (read(fds[0], &ready, sizeof(ready)) != sizeof(ready))
		r = -EPIPE;
	else if (ready.error)
		r = ready.error;
	close(fds[0]);
	if (r < 0) {
		peer_stop(pid);
		return r;
	}
	*ret_address = ready.address;
	return pid;
}

/**
 * peer_stop() - end a process that was started for a measurement
 * @pid: the process
 */
void peer_stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/**
 * peer_measure() - time calls over a peer, between this process and a new one
 * @peer: the peer
 * @options: what to call with
 * @settings: how often
 * @stats: result
 *
 * Return: 0 or -errno; -ENOTTY says that the kernel lacks a command.
 */
int peer_measure(const struct peer *peer, const struct peer_options *options,
		 const struct settings *settings, struct stats *stats)
{
	struct phase phase = { .run = peer->call };
	uint64_t address = 0;
	void *state;
	pid_t pid;
	int r;

	r = peer->open(options, &state);
	if (r < 0)
		return r;
	pid = peer_start(peer, state, settings->service_cpu, &address);
	if (pid < 0) {
		r = pid;
		goto out_close;
	}
	r = peer->attach(state, address);
	if (r == 0)
		r = measure(settings, &phase, 1, state);
	peer_stop(pid);
	if (r == 0)
		r = preempt_again();
	*stats = phase.stats;
out_close:
	peer->close(state);
	return r;
}
