// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * poll.c - wait for a bridged descriptor
 */
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <time.h>

#include "../core/internal.h"
#include "../core/wait.h"
#include "bridge.h"
#include "libc.h"
#include "table.h"

/**
 * DOC: Waiting
 *
 * A kdbus connection is pollable, so poll() and epoll need no bridge. But libsystemd, when it waits for
 * a reply or in sd_bus_wait(), polls one descriptor for POLLIN and then reads. For it the wait takes the
 * message from the queue at once, a system call less. From then until it is read, the kernel does not
 * call the descriptor readable; poll() and ppoll() do so here. A descriptor that is in an epoll set, as
 * with sd-event, is waited for in the ordinary way.
 *
 * sd_bus_call() sends and then waits, and nothing of the program runs in between. So what it sends goes to
 * the kernel with the wait for what comes next, see call.c.
 */

#define NSEC_PER_SEC 1000000000ULL

/* A descriptor with events that this connection alone knows of. */
static bool is_ready(const struct bridge *bridge)
{
	return bridge->conn->stashed || (bridge->has_in && bridge->in.is_taken);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

static uint64_t deadline_of(const struct timespec *timeout)
{
	uint64_t ns;

	if (!timeout)
		return UINT64_MAX;
	if (__builtin_mul_overflow((uint64_t)timeout->tv_sec, NSEC_PER_SEC, &ns) ||
	    __builtin_add_overflow(ns, timeout->tv_nsec + now_ns(), &ns))
		return UINT64_MAX;
	return ns;
}

/* Nothing came: did the time pass, did the connection end, or was there a signal? */
static int why_nothing(struct pollfd *fd, uint64_t deadline)
{
	int r;

	fd->revents = 0;
	if (deadline != UINT64_MAX && now_ns() >= deadline)
		return 0;
	r = libc_next()->poll(fd, 1, 0);
	return r < 0 ? -errno : r ?: -EINTR;
}

/**
 * bridge_wait() - ppoll() of one bridged descriptor for POLLIN
 * @bridge: from table_find()
 * @fd: its number, and what is asked; gets the answer
 * @timeout: NULL for none; not 0
 *
 * Return: 1, 0 after the timeout, -errno, or -BRIDGE_NOT_MINE: call the C library.
 */
int bridge_wait(struct bridge *bridge, struct pollfd *fd, const struct timespec *timeout)
{
	uint64_t deadline, generation;
	struct kbus_wait wait;
	int r;

	if (!bridge_lock(bridge, fd->fd))
		return -BRIDGE_NOT_MINE;
	if (is_ready(bridge)) {
		bridge_unlock(bridge);
		fd->revents = POLLIN;
		return 1;
	}
	if (bridge->conn->was_interrupted) {
		bridge->conn->was_interrupted = false;
		bridge_unlock(bridge);
		return -EINTR;
	}
	r = bridge->is_eager && !bridge->is_watched && !bridge->is_shut ?
		    kbus_wait_begin(bridge->conn, &wait) : -EOPNOTSUPP;
	generation = bridge->generation;
	bridge_unlock(bridge);
	if (r < 0)
		return -BRIDGE_NOT_MINE;
	deadline = deadline_of(timeout);
	kbus_wait_sleep(&wait, deadline);
	if (!bridge_lock(bridge, fd->fd))
		return -BRIDGE_NOT_MINE;
	r = bridge->generation == generation ? kbus_wait_end(bridge->conn, &wait) : -ENXIO;
	bridge_unlock(bridge);
	if (r < 0)
		return -BRIDGE_NOT_MINE;
	if (r == 0)
		return why_nothing(fd, deadline);
	fd->revents = POLLIN;
	return 1;
}

/**
 * bridge_any_ready() - is there a bridged descriptor with a message that the kernel does not tell of?
 * @fds: what is polled
 * @n: entries at @fds
 *
 * Return: true if there is; the caller then does not wait, and calls bridge_add_ready() afterwards.
 */
bool bridge_any_ready(const struct pollfd *fds, unsigned long n)
{
	struct bridge *bridge;
	unsigned long i;
	bool ready;

	for (i = 0; i < n; i++) {
		bridge = fds[i].events & POLLIN ? table_find(fds[i].fd) : NULL;
		if (!bridge || !bridge_lock(bridge, fds[i].fd))
			continue;
		ready = is_ready(bridge);
		bridge_unlock(bridge);
		if (ready)
			return true;
	}
	return false;
}

/**
 * bridge_add_ready() - add to what poll() found what it cannot know
 * @fds: what was polled
 * @n: entries at @fds
 *
 * Return: how many have events now.
 */
int bridge_add_ready(struct pollfd *fds, unsigned long n)
{
	unsigned long i;
	int count = 0;

	for (i = 0; i < n; i++) {
		if (bridge_any_ready(&fds[i], 1))
			fds[i].revents |= POLLIN;
		count += fds[i].revents != 0;
	}
	return count;
}

/* The descriptor is in a set, which asks for @event. */
static void remember_set(struct bridge *bridge, int epoll_fd, const struct epoll_event *event)
{
	bridge->epoll_fd = epoll_fd;
	bridge->event = *event;
	bridge->is_watched = true;
	bridge->is_edge = bridge->is_edge || event->events & EPOLLET;
	/* A message that was taken already: another one makes the descriptor readable. */
	if (is_ready(bridge))
		kbus_post_token(bridge->conn);
}

/**
 * bridge_watch() - epoll_ctl() of a bridged descriptor
 * @bridge: from table_find()
 * @fd: descriptor
 * @epoll_fd: the set
 * @operation: EPOLL_CTL_ADD, EPOLL_CTL_MOD or EPOLL_CTL_DEL
 * @event: what the set shall ask
 *
 * Locked, so that what is remembered of the set is true of the file that is at the number then.
 *
 * Return: 0, -errno, or -BRIDGE_NOT_MINE: call the C library.
 */
int bridge_watch(struct bridge *bridge, int fd, int epoll_fd, int operation,
		 struct epoll_event *event)
{
	int r = 0;

	if (!bridge_lock(bridge, fd))
		return -BRIDGE_NOT_MINE;
	if (libc_next()->epoll_ctl(epoll_fd, operation, fd, event) < 0)
		r = -errno;
	else if (operation != EPOLL_CTL_DEL)
		remember_set(bridge, epoll_fd, event);
	else if (bridge->epoll_fd == epoll_fd)
		bridge->epoll_fd = -1;
	bridge_unlock(bridge);
	return r;
}

/**
 * bridge_replace_file() - another file comes to the number of a bridged descriptor
 * @context: &struct bridge, locked
 * @file: descriptor of the other file; stays the caller's
 *
 * An epoll set knows files, not numbers. While anybody has the old one, such as a child, the set goes
 * on to tell of it, and no number names it any more. So it is taken out before. This also tells
 * whether it was in that set: the one that is remembered may be closed, and its number another's.
 *
 * Return: 0 or -errno; the set, if there is one, is told of what is at the number then.
 */
int bridge_replace_file(void *context, int file)
{
	struct bridge *bridge = context;
	const int fd = bridge->fd;
	int r;

	if (bridge->epoll_fd >= 0 &&
	    libc_next()->epoll_ctl(bridge->epoll_fd, EPOLL_CTL_DEL, fd, NULL) < 0)
		bridge->epoll_fd = -1;
	r = kbus_replace_file(fd, file);
	if (bridge->epoll_fd >= 0 &&
	    libc_next()->epoll_ctl(bridge->epoll_fd, EPOLL_CTL_ADD, fd, &bridge->event) < 0)
		bridge->epoll_fd = -1;
	return r;
}
