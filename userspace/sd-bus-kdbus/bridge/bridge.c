// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bridge.c - make a socket a connection to a bus in the kernel, and end it
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/single_threaded.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../core/internal.h"
#include "../core/query.h"
#include "bridge.h"
#include "libc.h"
#include "table.h"

/* What statfs() says of the file systems "kdbus" and "kdbusfs". */
#define KDBUS_SUPER_MAGIC 0x44427573

/*
 * Pages are there where messages lie only, but to map and unmap costs with the size. What one user may
 * queue is a sixth of it at first, and a D-Bus client may have 10,000 calls under way.
 */
#define POOL_SIZE (32UL << 20)

static struct {
	pthread_mutex_t lock;
	struct bridge *first;
} unused = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void before_fork(void)
{
	pthread_mutex_lock(&unused.lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&unused.lock);
}

static void init_fork(void)
{
	pthread_atfork(before_fork, after_fork, after_fork);
}

static struct bridge *bridge_new(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct bridge *bridge;

	pthread_once(&once, init_fork);
	pthread_mutex_lock(&unused.lock);
	bridge = unused.first;
	if (bridge)
		unused.first = bridge->next;
	pthread_mutex_unlock(&unused.lock);
	if (bridge)
		return bridge;
	bridge = calloc(1, sizeof(*bridge));
	if (!bridge)
		return NULL;
	pthread_mutex_init(&bridge->lock, NULL);
	bridge->fd = -1;
	return bridge;
}

/* Takes an empty bridge that no table entry points to. */
static void bridge_put(struct bridge *bridge)
{
	pthread_mutex_lock(&unused.lock);
	bridge->next = unused.first;
	unused.first = bridge;
	pthread_mutex_unlock(&unused.lock);
}

/**
 * bridge_lock() - take what the table named
 * @bridge: from table_find(), possibly outdated
 * @fd: what was looked up
 *
 * A process with one thread has nobody to lock out, and gets no second one before bridge_unlock().
 *
 * Return: true with the lock held; false if the descriptor was closed meanwhile, without.
 */
bool bridge_lock(struct bridge *bridge, int fd)
{
	if (!__libc_single_threaded) {
		pthread_mutex_lock(&bridge->lock);
		bridge->is_locked = true;
	}
	if (__builtin_expect(bridge->fd == fd, 1))
		return true;
	bridge_unlock(bridge);
	return false;
}

/**
 * bridge_unlock() - give the lock back
 * @bridge: locked
 */
void bridge_unlock(struct bridge *bridge)
{
	if (!bridge->is_locked)
		return;
	bridge->is_locked = false;
	pthread_mutex_unlock(&bridge->lock);
}

/* Let a connection answer at @fd, which is its descriptor already. Consumes @conn, also on error. */
static int bridge_attach(int fd, struct kbus_conn *conn)
{
	struct bridge *bridge = bridge_new();
	int r;

	if (!bridge) {
		kbus_conn_free(conn);
		return -ENOMEM;
	}
	pthread_mutex_lock(&bridge->lock);
	bridge->fd = fd;
	bridge->conn = conn;
	conn->options.replace_file = bridge_replace_file;
	conn->options.replace_context = bridge;
	bridge->epoll_fd = -1;
	bridge->generation++;
	sasl_init(&bridge->sasl, geteuid(), conn->bus_id);
	r = table_add(fd, bridge);
	if (r < 0) {
		bridge->fd = -1;
		bridge->conn = kbus_conn_free(conn);
	}
	pthread_mutex_unlock(&bridge->lock);
	if (r < 0)
		bridge_put(bridge);
	return r;
}

static void forget_partial(struct bridge *bridge)
{
	size_t i;

	for (i = 0; i < bridge->n_fds; i++)
		libc_next()->close(bridge->fds[i]);
	bridge->n_fds = 0;
	free(bridge->partial);
	bridge->partial = NULL;
	bridge->partial_size = bridge->partial_capacity = 0;
}

/* What the library did not read to its end. */
static void forget_incoming(struct bridge *bridge)
{
	size_t i;

	if (!bridge->has_in)
		return;
	for (i = 0; bridge->in.is_taken && i < bridge->in.n_fds; i++)
		libc_next()->close(bridge->in.fds[i]);
	kbus_conn_release(bridge->conn, &bridge->in);
	bridge->has_in = false;
}

/* Empty a locked bridge; its descriptor stays open. */
static void bridge_detach(struct bridge *bridge)
{
	table_remove(bridge->fd);
	bridge->fd = -1;
	forget_incoming(bridge);
	bridge->is_shut = bridge->is_eager = bridge->is_watched = bridge->is_edge = false;
	bridge->last = BRIDGE_ASKED;
	memset(bridge->n_guesses, 0, sizeof(bridge->n_guesses));
	forget_partial(bridge);
	sasl_deinit(&bridge->sasl);
	bridge->conn = kbus_conn_free(bridge->conn);
}

/**
 * bridge_close() - a descriptor is about to be closed
 * @bridge: from table_find()
 * @fd: descriptor; the caller closes it afterwards
 *
 * A child of vfork() closes its own copy of the descriptor, and nothing changes for the parent.
 */
void bridge_close(struct bridge *bridge, int fd)
{
	if (!table_is_mine() || !bridge_lock(bridge, fd))
		return;
	bridge_detach(bridge);
	bridge_unlock(bridge);
	bridge_put(bridge);
}

/*
 * A thread that waits in poll() has the monitor that was there, and goes on to wait until that sees
 * something: a connection that comes and goes.
 */
static void wake_monitor(const char *path)
{
	struct kbus_conn *passing;

	if (!__libc_single_threaded && kbus_conn_open(path, NULL, &passing) == 0)
		kbus_conn_free(passing);
}

/*
 * A monitor cannot say goodbye, so a socket without another end comes in its place. A process that
 * may open nothing more keeps the monitor: reads find the end of the stream, but poll() tells of it
 * only with the next message on the bus.
 */
static void hang_up_monitor(struct bridge *bridge)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return;
	/* Makes it readable, too, for whoever asks for nothing else. */
	libc_next()->shutdown(fd, SHUT_RDWR);
	r = bridge_replace_file(bridge, fd);
	libc_next()->close(fd);
	if (r < 0)
		return;
	/* The mapping would keep the connection, which nobody reads any more. */
	kbus_pool_unmap(bridge->conn);
	wake_monitor(bridge->conn->path);
}

/**
 * bridge_disconnect() - end the conversation, as a bus does after a violation
 * @bridge: locked
 *
 * Queued messages are dropped, so that callers learn it; the kernel then makes poll() report a
 * hang-up, and reads find the end of the stream.
 */
void bridge_disconnect(struct bridge *bridge)
{
	struct kdbus_cmd_recv drop;
	struct kdbus_cmd bye;
	int r;

	bridge->is_shut = true;
	forget_incoming(bridge);
	forget_partial(bridge);
	if (bridge->conn->is_monitor) {
		hang_up_monitor(bridge);
		return;
	}
	do {
		do {
			drop = (struct kdbus_cmd_recv){ .size = sizeof(drop),
							.flags = KDBUS_RECV_DROP };
		} while (kbus_ioctl(bridge->fd, KDBUS_CMD_RECV, &drop) == 0);
		bye = (struct kdbus_cmd){ .size = sizeof(bye) };
		r = kbus_ioctl(bridge->fd, KDBUS_CMD_BYEBYE, &bye);
	} while (r == -EBUSY);
}

/**
 * bridge_shutdown() - shutdown() of a bridged descriptor
 * @bridge: from table_find()
 * @fd: descriptor
 *
 * D-Bus has no half-open connections, so any direction ends both.
 *
 * Return: 0 or -BRIDGE_NOT_MINE.
 */
int bridge_shutdown(struct bridge *bridge, int fd)
{
	if (!bridge_lock(bridge, fd))
		return -BRIDGE_NOT_MINE;
	bridge_disconnect(bridge);
	bridge_unlock(bridge);
	return 0;
}

static bool is_kdbus_path(const char *path)
{
	struct statfs fs;

	/* Other files of this kind may not be harmless to open. */
	return statfs(path, &fs) == 0 && (unsigned long)fs.f_type == KDBUS_SUPER_MAGIC;
}

/*
 * libsystemd binds its socket to "<random>/bus/<program>/<connection>" in the abstract name space, to
 * say who it is.
 */
static const char *description_of(int fd, char *buffer, size_t size)
{
	struct sockaddr_un name;
	socklen_t length = sizeof(name);
	const char *start;
	size_t n;

	if (libc_next()->getsockname(fd, (struct sockaddr *)&name, &length) < 0 ||
	    length <= offsetof(struct sockaddr_un, sun_path) + 1 || name.sun_path[0] != '\0')
		return NULL;
	n = length - offsetof(struct sockaddr_un, sun_path) - 1;
	if (n >= size)
		n = size - 1;
	memcpy(buffer, name.sun_path + 1, n);
	buffer[n] = '\0';
	start = strstr(buffer, "/bus/");
	return start && start[5] ? start + 5 : NULL;
}

/* Put a connection at the number of the socket that the application made, with its flags. */
static int replace_socket(int fd, struct kbus_conn *conn)
{
	const int old = conn->fd;
	int r;

	r = kbus_replace_file(fd, old);
	if (r < 0)
		return r;
	kbus_conn_set_fd(conn, fd, false);
	libc_next()->close(old);
	return 0;
}

/**
 * bridge_connect() - connect a socket, if the address is a bus in the kernel
 * @fd: socket of the application, which becomes the connection
 * @address: of family AF_UNIX
 * @size: bytes at @address
 *
 * Return: 0, -BRIDGE_NOT_MINE for other addresses, or -errno: the socket is as before then.
 */
int bridge_connect(int fd, const struct sockaddr_un *address, socklen_t size)
{
	struct kbus_options options = { .pool_size = POOL_SIZE, .local_greeting = true };
	char path[sizeof(address->sun_path) + 1], description[sizeof(path)];
	const size_t start = offsetof(struct sockaddr_un, sun_path);
	struct kbus_conn *conn;
	int saved = errno, r;

	if (size <= start || size > sizeof(*address) || address->sun_path[0] != '/')
		return -BRIDGE_NOT_MINE;
	memcpy(path, address->sun_path, size - start);
	path[size - start] = '\0';
	if (!is_kdbus_path(path)) {
		errno = saved;
		return -BRIDGE_NOT_MINE;
	}
	options.description = description_of(fd, description, sizeof(description));
	r = kbus_conn_open(path, &options, &conn);
	if (r < 0)
		return r == -ESHUTDOWN ? -ECONNREFUSED : r;
	r = replace_socket(fd, conn);
	if (r < 0) {
		kbus_conn_free(conn);
		return r;
	}
	r = bridge_attach(fd, conn);
	errno = saved;
	return r;
}

static bool starts_with_auth(const struct msghdr *msg)
{
	static const char auth[] = "\0AUTH";
	size_t i, n, done = 0;

	for (i = 0; i < (size_t)msg->msg_iovlen && done < sizeof(auth) - 1; i++) {
		n = msg->msg_iov[i].iov_len;
		if (n > sizeof(auth) - 1 - done)
			n = sizeof(auth) - 1 - done;
		if (memcmp(msg->msg_iov[i].iov_base, auth + done, n) != 0)
			return false;
		done += n;
	}
	return done > 0;
}

/**
 * bridge_begins_here() - does a client begin to speak on a node that it opened, or inherited?
 * @fd: descriptor that the C library could not write to
 * @msg: what the client wrote
 *
 * Return: true if @fd is bridged from now on; otherwise false, with errno as it was.
 */
bool bridge_begins_here(int fd, const struct msghdr *msg)
{
	struct kbus_options options = { .pool_size = POOL_SIZE, .local_greeting = true };
	char link[32], path[4096];
	struct kbus_conn *conn;
	int saved = errno, r;
	struct statfs fs;
	ssize_t n;

	if (!starts_with_auth(msg) || fstatfs(fd, &fs) < 0 ||
	    (unsigned long)fs.f_type != KDBUS_SUPER_MAGIC)
		goto not_here;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	r = kbus_conn_adopt(fd, path, &options, &conn);
	if (r < 0)
		goto not_here;
	kbus_conn_set_fd(conn, fd, false);
	if (bridge_attach(fd, conn) == 0)
		return true;
not_here:
	errno = saved;
	return false;
}
