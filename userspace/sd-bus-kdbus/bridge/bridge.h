/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bridge.h - a descriptor that a D-Bus library takes for a stream socket, and is a kdbus connection
 */
#ifndef KDBUS_BRIDGE_BRIDGE_H
#define KDBUS_BRIDGE_BRIDGE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>

#include "../core/conn.h"
#include "sasl.h"

struct pollfd;
struct timespec;

/**
 * DOC: Bridge
 *
 * A D-Bus library connects a stream socket and then writes and reads bytes. The bridge puts a kdbus
 * connection at the number of that socket. What the library writes is cut into messages, which go to
 * the kernel; what the kernel queues is handed out as bytes.
 *
 * Three rules keep the library's main loop working, which polls the descriptor itself and knows
 * nothing of this:
 *
 * - Whatever the bus says to its own client (answers of SASL and of org.freedesktop.DBus, errors)
 *   is sent to the own id, so that the kernel makes the descriptor readable, and keeps the order.
 * - A message stays in the queue until its last byte is handed out, because a library may poll
 *   between the first byte and the last. GDBus does. libsystemd reads on until a message is whole
 *   and never polls before; it is known by saying all that there is to say of SASL in one write,
 *   and saves a system call per message. When it waits, it saves another (see poll.c).
 * - Whether a read waits follows O_NONBLOCK of the descriptor as it is at that moment.
 *
 * Lock order: the lock of a bridge, then the lock of the list of unused ones. No lock is held while
 * waiting.
 */

/* A result besides 0 and -errno: call the C library. */
#define BRIDGE_NOT_MINE 10000

#define BRIDGE_MODE (S_IFSOCK | 0777)

enum bridge_last {
	BRIDGE_ASKED,	/* whether there is a message */
	BRIDGE_READ,	/* a message, to its end */
	BRIDGE_SENT,	/* something */
	BRIDGE_N_LAST,
};

/**
 * struct bridge - one bridged descriptor
 * @lock: guards all that follows
 * @is_locked: @lock is held, by whoever reads this as true in its own turn
 * @fd: number of the descriptor, -1 in an unused bridge
 * @next: in the list of unused bridges; under the lock of that list
 * @conn: the connection; owned, its descriptor is the application's
 * @sasl: how the conversation begins
 * @is_eager: the library reads a message to its end without polling, and checks bodies itself
 * @last: what was done last
 * @n_guesses: after that, how many more times to say that nothing is there without asking; see receive.c
 * @is_watched: the descriptor is in an epoll set, or was
 * @is_edge: in one that tells of a message once
 * @epoll_fd: number of the set that it went into last, which may be another's by now if that set was
 *	closed; -1 if there is none
 * @event: what that set asks
 * @generation: how many connections this bridge had
 * @is_shut: the library or a violation ended the conversation
 * @has_in: @in is being handed out
 * @in: message for the library
 * @position: bytes of @in that were handed out
 * @partial: what the library wrote of a message that is not complete; owned
 * @partial_size: bytes at @partial
 * @partial_capacity: allocated bytes at @partial
 * @fds: descriptors that came with @partial; owned
 * @n_fds: entries at @fds
 *
 * Never freed, only used again: see "Table".
 */
struct bridge {
	pthread_mutex_t lock;
	bool is_locked;
	int fd;
	struct bridge *next;
	struct kbus_conn *conn;
	struct sasl sasl;
	bool is_eager;
	enum bridge_last last;
	unsigned int n_guesses[BRIDGE_N_LAST];
	bool is_watched;
	bool is_edge;
	int epoll_fd;
	struct epoll_event event;
	uint64_t generation;
	bool is_shut;
	bool has_in;
	struct kbus_incoming in;
	size_t position;
	uint8_t *partial;
	size_t partial_size;
	size_t partial_capacity;
	int fds[KBUS_FDS_MAX];
	size_t n_fds;
};

/* life: bridge.c */
int bridge_connect(int fd, const struct sockaddr_un *address, socklen_t size);
bool bridge_begins_here(int fd, const struct msghdr *msg);
void bridge_close(struct bridge *bridge, int fd);
int bridge_shutdown(struct bridge *bridge, int fd);
bool bridge_lock(struct bridge *bridge, int fd);
void bridge_unlock(struct bridge *bridge);
void bridge_disconnect(struct bridge *bridge);

/* bytes: receive.c, send.c */
ssize_t bridge_receive(struct bridge *bridge, int fd, struct msghdr *msg, int flags);
ssize_t bridge_send(struct bridge *bridge, int fd, const struct msghdr *msg, int flags);

/* calls: call.c */
bool bridge_is_calling(void);

/* waiting: poll.c */
int bridge_wait(struct bridge *bridge, struct pollfd *fd, const struct timespec *timeout);
bool bridge_any_ready(const struct pollfd *fds, unsigned long n);
int bridge_add_ready(struct pollfd *fds, unsigned long n);
int bridge_watch(struct bridge *bridge, int fd, int epoll_fd, int operation,
		 struct epoll_event *event);
int bridge_replace_file(void *context, int file);

/* what a socket answers: socket.c */
int bridge_getsockopt(struct bridge *bridge, int fd, int level, int name, void *value,
		      socklen_t *size);
int bridge_setsockopt(struct bridge *bridge, int fd, int level);
int bridge_getsockname(struct bridge *bridge, int fd, struct sockaddr *address, socklen_t *size);
int bridge_getpeername(struct bridge *bridge, int fd, struct sockaddr *address, socklen_t *size);

#endif /* KDBUS_BRIDGE_BRIDGE_H */
