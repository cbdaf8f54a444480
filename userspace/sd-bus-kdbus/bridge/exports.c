// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * exports.c - the functions of the C library that the bridge takes over
 *
 * Built twice. Under their own names, to be preloaded or linked first. With "kd_" in front, for copies
 * of libraries whose undefined symbols were renamed so: nobody else calls those.
 *
 * Each asks the table, and hands a descriptor that is not bridged to the C library. That a descriptor
 * which the C library refuses as "not a socket" is the node of a bus, which somebody else opened, is
 * looked at only after the refusal, so that it costs nobody anything.
 */
/* The build asks for 64-bit offsets, and then fstat is another name of fstat64: both are meant here. */
#undef _FILE_OFFSET_BITS
#include <errno.h>
#include <string.h>
#include <sys/un.h>

#include "bridge.h"
#include "libc.h"
#include "table.h"

#ifdef KDBUS_RENAMED
#define TAKEN(name) kd_##name
#else
#define TAKEN(name) name
#endif
#define EXPORT __attribute__((visibility("default")))

/* What a function of the C library returns for a result of the bridge. */
#define RETURN(result)					\
	do {						\
		__auto_type r_ = (result);		\
		if (r_ < 0) {				\
			errno = -(int)r_;		\
			return -1;			\
		}					\
		return r_;				\
	} while (0)

EXPORT int TAKEN(connect)(int fd, const struct sockaddr *address, socklen_t size);
EXPORT int TAKEN(close)(int fd);
EXPORT ssize_t TAKEN(read)(int fd, void *data, size_t size);
EXPORT ssize_t TAKEN(readv)(int fd, const struct iovec *vec, int n);
EXPORT ssize_t TAKEN(recv)(int fd, void *data, size_t size, int flags);
EXPORT ssize_t TAKEN(recvmsg)(int fd, struct msghdr *msg, int flags);
EXPORT ssize_t TAKEN(write)(int fd, const void *data, size_t size);
EXPORT ssize_t TAKEN(writev)(int fd, const struct iovec *vec, int n);
EXPORT ssize_t TAKEN(send)(int fd, const void *data, size_t size, int flags);
EXPORT ssize_t TAKEN(sendmsg)(int fd, const struct msghdr *msg, int flags);
EXPORT int TAKEN(getsockopt)(int fd, int level, int name, void *value, socklen_t *size);
EXPORT int TAKEN(setsockopt)(int fd, int level, int name, const void *value, socklen_t size);
EXPORT int TAKEN(getsockname)(int fd, struct sockaddr *address, socklen_t *size);
EXPORT int TAKEN(getpeername)(int fd, struct sockaddr *address, socklen_t *size);
EXPORT int TAKEN(fstat)(int fd, struct stat *st);
EXPORT int TAKEN(fstat64)(int fd, struct stat64 *st);
EXPORT int TAKEN(poll)(struct pollfd *fds, nfds_t n, int timeout);
EXPORT int TAKEN(ppoll)(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
			const sigset_t *mask);
EXPORT int TAKEN(epoll_ctl)(int epoll_fd, int operation, int fd, struct epoll_event *event);
EXPORT int TAKEN(shutdown)(int fd, int how);

EXPORT int TAKEN(connect)(int fd, const struct sockaddr *address, socklen_t size)
{
	int r;

	if (address && address->sa_family == AF_UNIX && !table_find(fd)) {
		r = bridge_connect(fd, (const struct sockaddr_un *)address, size);
		if (r != -BRIDGE_NOT_MINE)
			RETURN(r);
	}
	return libc_next()->connect(fd, address, size);
}

EXPORT int TAKEN(close)(int fd)
{
	struct bridge *bridge = table_find(fd);

	if (__builtin_expect(bridge != NULL, 0))
		bridge_close(bridge, fd);
	return libc_next()->close(fd);
}

EXPORT ssize_t TAKEN(recvmsg)(int fd, struct msghdr *msg, int flags)
{
	struct bridge *bridge = table_find(fd);
	ssize_t r;

	if (__builtin_expect(bridge != NULL, 0)) {
		r = bridge_receive(bridge, fd, msg, flags);
		if (r != -BRIDGE_NOT_MINE)
			RETURN(r);
	}
	return libc_next()->recvmsg(fd, msg, flags);
}

EXPORT ssize_t TAKEN(read)(int fd, void *data, size_t size)
{
	struct bridge *bridge = table_find(fd);
	struct iovec vec = { data, size };
	struct msghdr msg = { .msg_iov = &vec, .msg_iovlen = 1 };
	ssize_t r;

	if (__builtin_expect(bridge != NULL, 0)) {
		r = bridge_receive(bridge, fd, &msg, 0);
		if (r != -BRIDGE_NOT_MINE)
			RETURN(r);
	}
	return libc_next()->read(fd, data, size);
}

EXPORT ssize_t TAKEN(readv)(int fd, const struct iovec *vec, int n)
{
	struct bridge *bridge = table_find(fd);
	struct msghdr msg = { .msg_iov = (struct iovec *)vec, .msg_iovlen = n };
	ssize_t r;

	if (__builtin_expect(bridge != NULL, 0)) {
		r = bridge_receive(bridge, fd, &msg, 0);
		if (r != -BRIDGE_NOT_MINE)
			RETURN(r);
	}
	return libc_next()->readv(fd, vec, n);
}

EXPORT ssize_t TAKEN(recv)(int fd, void *data, size_t size, int flags)
{
	struct bridge *bridge = table_find(fd);
	struct iovec vec = { data, size };
	struct msghdr msg = { .msg_iov = &vec, .msg_iovlen = 1 };
	ssize_t r;

	if (__builtin_expect(bridge != NULL, 0)) {
		r = bridge_receive(bridge, fd, &msg, flags);
		if (r != -BRIDGE_NOT_MINE)
			RETURN(r);
	}
	return libc_next()->recv(fd, data, size, flags);
}

/*
 * The C library refused to write: is it the node of a bus, opened by somebody else, on which a client
 * begins to speak?
 */
static ssize_t send_adopted(int fd, const struct msghdr *msg, int flags)
{
	struct bridge *bridge;
	ssize_t r;

	if (errno != ENOTSOCK && errno != EINVAL)
		return -1;
	if (!bridge_begins_here(fd, msg))
		return -1;
	bridge = table_find(fd);
	r = bridge ? bridge_send(bridge, fd, msg, flags) : -ENOTSOCK;
	RETURN(r == -BRIDGE_NOT_MINE ? -ENOTSOCK : r);
}

EXPORT ssize_t TAKEN(sendmsg)(int fd, const struct msghdr *msg, int flags)
{
	struct bridge *bridge = table_find(fd);
	ssize_t r;

	if (__builtin_expect(bridge != NULL, 0)) {
		r = bridge_send(bridge, fd, msg, flags);
		if (r != -BRIDGE_NOT_MINE)
			RETURN(r);
	}
	r = libc_next()->sendmsg(fd, msg, flags);
	return r < 0 ? send_adopted(fd, msg, flags) : r;
}

EXPORT ssize_t TAKEN(write)(int fd, const void *data, size_t size)
{
	struct bridge *bridge = table_find(fd);
	struct iovec vec = { (void *)data, size };
	struct msghdr msg = { .msg_iov = &vec, .msg_iovlen = 1 };
	ssize_t r;

	if (__builtin_expect(bridge != NULL, 0)) {
		r = bridge_send(bridge, fd, &msg, 0);
		if (r != -BRIDGE_NOT_MINE)
			RETURN(r);
	}
	r = libc_next()->write(fd, data, size);
	return r < 0 ? send_adopted(fd, &msg, 0) : r;
}

EXPORT ssize_t TAKEN(writev)(int fd, const struct iovec *vec, int n)
{
	struct bridge *bridge = table_find(fd);
	struct msghdr msg = { .msg_iov = (struct iovec *)vec, .msg_iovlen = n };
	ssize_t r;

	if (__builtin_expect(bridge != NULL, 0)) {
		r = bridge_send(bridge, fd, &msg, 0);
		if (r != -BRIDGE_NOT_MINE)
			RETURN(r);
	}
	r = libc_next()->writev(fd, vec, n);
	return r < 0 ? send_adopted(fd, &msg, 0) : r;
}

EXPORT ssize_t TAKEN(send)(int fd, const void *data, size_t size, int flags)
{
	struct bridge *bridge = table_find(fd);
	struct iovec vec = { (void *)data, size };
	struct msghdr msg = { .msg_iov = &vec, .msg_iovlen = 1 };
	ssize_t r;

	if (__builtin_expect(bridge != NULL, 0)) {
		r = bridge_send(bridge, fd, &msg, flags);
		if (r != -BRIDGE_NOT_MINE)
			RETURN(r);
	}
	r = libc_next()->send(fd, data, size, flags);
	return r < 0 ? send_adopted(fd, &msg, flags) : r;
}

EXPORT int TAKEN(getsockopt)(int fd, int level, int name, void *value, socklen_t *size)
{
	struct bridge *bridge = table_find(fd);
	int r;

	if (__builtin_expect(bridge != NULL, 0)) {
		r = bridge_getsockopt(bridge, fd, level, name, value, size);
		if (r != -BRIDGE_NOT_MINE)
			RETURN(r);
	}
	return libc_next()->getsockopt(fd, level, name, value, size);
}

EXPORT int TAKEN(setsockopt)(int fd, int level, int name, const void *value, socklen_t size)
{
	struct bridge *bridge = table_find(fd);
	int r;

	if (__builtin_expect(bridge != NULL, 0)) {
		r = bridge_setsockopt(bridge, fd, level);
		if (r != -BRIDGE_NOT_MINE)
			RETURN(r);
	}
	return libc_next()->setsockopt(fd, level, name, value, size);
}

EXPORT int TAKEN(getsockname)(int fd, struct sockaddr *address, socklen_t *size)
{
	struct bridge *bridge = table_find(fd);
	int r;

	if (__builtin_expect(bridge != NULL, 0)) {
		r = bridge_getsockname(bridge, fd, address, size);
		if (r != -BRIDGE_NOT_MINE)
			RETURN(r);
	}
	return libc_next()->getsockname(fd, address, size);
}

EXPORT int TAKEN(getpeername)(int fd, struct sockaddr *address, socklen_t *size)
{
	struct bridge *bridge = table_find(fd);
	int r;

	if (__builtin_expect(bridge != NULL, 0)) {
		r = bridge_getpeername(bridge, fd, address, size);
		if (r != -BRIDGE_NOT_MINE)
			RETURN(r);
	}
	return libc_next()->getpeername(fd, address, size);
}

EXPORT int TAKEN(fstat)(int fd, struct stat *st)
{
	int r = libc_next()->fstat(fd, st);

	if (r == 0 && table_find(fd))
		st->st_mode = BRIDGE_MODE;
	return r;
}

EXPORT int TAKEN(fstat64)(int fd, struct stat64 *st)
{
	int r = libc_next()->fstat64(fd, st);

	if (r == 0 && table_find(fd))
		st->st_mode = BRIDGE_MODE;
	return r;
}

/* The C library's header says that poll() and ppoll() only write to what they get. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

/* A single descriptor that is only waited for until it is readable. */
static struct bridge *find_single(const struct pollfd *fds, nfds_t n)
{
	return n == 1 && fds->events == POLLIN ? table_find(fds->fd) : NULL;
}

EXPORT int TAKEN(poll)(struct pollfd *fds, nfds_t n, int timeout)
{
	const struct timespec span = { timeout / 1000, timeout % 1000 * 1000000L };
	struct bridge *bridge = timeout ? find_single(fds, n) : NULL;
	int r;

	if (bridge) {
		r = bridge_wait(bridge, fds, timeout < 0 ? NULL : &span);
		if (r != -BRIDGE_NOT_MINE)
			RETURN(r);
	} else if (table_is_used() && bridge_any_ready(fds, n)) {
		r = libc_next()->poll(fds, n, 0);
		return r < 0 ? r : bridge_add_ready(fds, n);
	}
	return libc_next()->poll(fds, n, timeout);
}

EXPORT int TAKEN(ppoll)(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
			const sigset_t *mask)
{
	static const struct timespec zero;
	const bool waits = !timeout || timeout->tv_sec > 0 || timeout->tv_nsec > 0;
	struct bridge *bridge = waits && !mask ? find_single(fds, n) : NULL;
	int r;

	if (bridge) {
		r = bridge_wait(bridge, fds, timeout);
		if (r != -BRIDGE_NOT_MINE)
			RETURN(r);
	} else if (table_is_used() && bridge_any_ready(fds, n)) {
		r = libc_next()->ppoll(fds, n, &zero, mask);
		return r < 0 ? r : bridge_add_ready(fds, n);
	}
	return libc_next()->ppoll(fds, n, timeout, mask);
}

#pragma GCC diagnostic pop

EXPORT int TAKEN(epoll_ctl)(int epoll_fd, int operation, int fd, struct epoll_event *event)
{
	struct bridge *bridge = table_find(fd);
	int r;

	if (__builtin_expect(bridge != NULL, 0)) {
		r = bridge_watch(bridge, fd, epoll_fd, operation, event);
		if (r != -BRIDGE_NOT_MINE)
			RETURN(r);
	}
	return libc_next()->epoll_ctl(epoll_fd, operation, fd, event);
}

EXPORT int TAKEN(shutdown)(int fd, int how)
{
	struct bridge *bridge = table_find(fd);
	int r;

	if (__builtin_expect(bridge != NULL, 0)) {
		r = bridge_shutdown(bridge, fd);
		if (r != -BRIDGE_NOT_MINE)
			RETURN(r);
	}
	return libc_next()->shutdown(fd, how);
}
