/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A ring of io_uring, by system calls, for commands of kdbus. */
#ifndef KDBUS_SELFTEST_RING_H
#define KDBUS_SELFTEST_RING_H

#include <linux/io_uring.h>
#include <sys/types.h>
#include <linux/types.h>

/*
 * @fd: -1 if it is closed
 * @sq, @cq, @sqes: shared with the kernel
 */
struct ring {
	int fd;
	void *sq, *cq;
	size_t sq_size, cq_size, sqes_size;
	struct io_uring_sqe *sqes;
	struct io_uring_params params;
};

/* 0 or -errno */
int ring_open(struct ring *ring, unsigned int entries);
void ring_close(struct ring *ring);

/* Put a command into the ring; it can be changed until ring_submit().  There has to be room. */
struct io_uring_sqe *ring_command(struct ring *ring, int fd, __u32 number, const void *argument,
				  __u64 user_data);
/* The second word of the command's payload */
void ring_set_reserved(struct io_uring_sqe *sqe, __u64 value);

/* Hand over what was put into it: how many, or -errno. */
int ring_submit(struct ring *ring, unsigned int n);

/* Take a result that is there: 0, or -EAGAIN. */
int ring_poll(struct ring *ring, __u64 *user_data, __s32 *result);
/* Wait for one: 0, or -ETIME after PATIENCE_MS. */
int ring_wait(struct ring *ring, __u64 *user_data, __s32 *result);

/* One command from beginning to end: its result, or -ETIME. */
int ring_run(struct ring *ring, int fd, __u32 number, const void *argument);

#endif /* KDBUS_SELFTEST_RING_H */
