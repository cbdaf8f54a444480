/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libc.h - the C library's own functions, behind those that the bridge takes over
 */
#ifndef KDBUS_BRIDGE_LIBC_H
#define KDBUS_BRIDGE_LIBC_H

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

/**
 * struct libc - what comes after this library in the order of symbols
 *
 * Another library that takes the same functions over may be in between; it is called then.
 */
struct libc {
	int (*connect)(int fd, const struct sockaddr *address, socklen_t size);
	int (*close)(int fd);
	ssize_t (*read)(int fd, void *data, size_t size);
	ssize_t (*readv)(int fd, const struct iovec *vec, int n);
	ssize_t (*recv)(int fd, void *data, size_t size, int flags);
	ssize_t (*recvmsg)(int fd, struct msghdr *msg, int flags);
	ssize_t (*write)(int fd, const void *data, size_t size);
	ssize_t (*writev)(int fd, const struct iovec *vec, int n);
	ssize_t (*send)(int fd, const void *data, size_t size, int flags);
	ssize_t (*sendmsg)(int fd, const struct msghdr *msg, int flags);
	int (*getsockopt)(int fd, int level, int name, void *value, socklen_t *size);
	int (*setsockopt)(int fd, int level, int name, const void *value, socklen_t size);
	int (*getsockname)(int fd, struct sockaddr *address, socklen_t *size);
	int (*getpeername)(int fd, struct sockaddr *address, socklen_t *size);
	int (*fstat)(int fd, struct stat *st);
	int (*fstat64)(int fd, struct stat64 *st);
	int (*poll)(struct pollfd *fds, nfds_t n, int timeout);
	int (*ppoll)(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
		     const sigset_t *mask);
	int (*epoll_ctl)(int epoll_fd, int operation, int fd, struct epoll_event *event);
	int (*shutdown)(int fd, int how);
};

extern struct libc libc_table;

void libc_resolve(void);

/**
 * libc_next() - the functions behind this library
 *
 * A constructor of another library may call a function of this one before this library's own
 * constructor ran, so each use looks.
 *
 * Return: the table, complete.
 */
static inline const struct libc *libc_next(void)
{
	if (__builtin_expect(!libc_table.shutdown, 0))
		libc_resolve();
	return &libc_table;
}

#endif /* KDBUS_BRIDGE_LIBC_H */
