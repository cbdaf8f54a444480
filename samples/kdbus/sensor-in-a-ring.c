// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sensor-in-a-ring.c - a meter and a recorder that leave SEND and RECV to io_uring
 *
 * The meter sends eight readings with one system call. The recorder waits in one place, for readings and for
 * its clock; a real one would have its files and sockets there, too.
 */
#include <errno.h>
#include <inttypes.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sensor.h"

#define BATCH		8

/* [submit] A command of the ring is the number and the argument that ioctl() would have. */
static struct io_uring_sqe *submit(struct io_uring *ring, int fd, uint32_t command, void *argument)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	uint64_t address = (uintptr_t)argument;

	/* The ring has room for more than is ever in flight here. */
	if (!sqe)
		abort();
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = command;
	memcpy(sqe->cmd, &address, sizeof(address));
	io_uring_sqe_set_data(sqe, argument);
	return sqe;
}
/* [submit end] */

/* liburing returns errors, and so do completions. */
static int checked(int result, const char *what)
{
	errno = result < 0 ? -result : 0;
	check(result >= 0, what);
	return result;
}

static void ring_open(struct io_uring *ring)
{
	checked(io_uring_queue_init(2 * BATCH, ring, 0), "io_uring_queue_init");
}

/* [meter] Eight messages, each sent when the one before it is: else they might overtake each other. */
static void tell_batch(struct io_uring *ring, struct peer *sensor, uint64_t first)
{
	struct sensor_signal signals[BATCH];
	struct kdbus_cmd_send sends[BATCH];
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	int i;

	for (i = 0; i < BATCH; i++) {
		sensor_signal(&signals[i], first + i);
		sends[i] = (struct kdbus_cmd_send) {
			.size = sizeof(sends[i]),
			.flags = KDBUS_SEND_WAIT,
			.msg_address = (uintptr_t)&signals[i],
		};
		sqe = submit(ring, sensor->fd, KDBUS_CMD_SEND, &sends[i]);
		if (i < BATCH - 1)
			sqe->flags |= IOSQE_IO_LINK;
	}
	checked(io_uring_submit_and_wait(ring, BATCH), "io_uring_submit_and_wait");
	for (i = 0; i < BATCH; i++) {
		checked(io_uring_wait_cqe(ring, &cqe), "io_uring_wait_cqe");
		checked(cqe->res, "SEND in a ring");
		io_uring_cqe_seen(ring, cqe);
	}
}
/* [meter end] */

static int meter(struct peer *sensor, uint64_t recorder_id)
{
	struct io_uring ring;
	uint64_t next;

	(void)recorder_id;
	ring_open(&ring);
	for (next = 1; next <= READINGS; next += BATCH)
		tell_batch(&ring, sensor, next);
	io_uring_queue_exit(&ring);
	return EXIT_SUCCESS;
}

static void tick_later(struct io_uring *ring)
{
	static struct __kernel_timespec tick = { .tv_nsec = 10 * 1000 * 1000 };
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	io_uring_prep_timeout(sqe, &tick, 0, 0);
	io_uring_sqe_set_data(sqe, NULL);
}

static int take(struct peer *listener, uint64_t offset, uint64_t expected)
{
	const struct kdbus_msg *msg = (const void *)(listener->pool + offset);

	if (msg->cookie != expected) {
		fprintf(stderr, "number %llu in place of %" PRIu64 "\n",
			(unsigned long long)msg->cookie, expected);
		return EXIT_FAILURE;
	}
	sensor_done(listener, msg);
	return EXIT_SUCCESS;
}

/* One wait for everything; RECV ends when there is a message. */
static int record(struct peer *listener)
{
	struct kdbus_cmd_recv recv = { .size = sizeof(recv) };
	uint64_t next = 1, ticks = 0;
	struct io_uring ring;
	struct io_uring_cqe *cqe;
	int ret = EXIT_SUCCESS;

	ring_open(&ring);
	submit(&ring, listener->fd, KDBUS_CMD_RECV, &recv);
	tick_later(&ring);
	while (next <= READINGS && ret == EXIT_SUCCESS) {
		checked(io_uring_submit_and_wait(&ring, 1), "io_uring_submit_and_wait");
		checked(io_uring_peek_cqe(&ring, &cqe), "io_uring_peek_cqe");
		if (io_uring_cqe_get_data(cqe) == &recv) {
			checked(cqe->res, "RECV in a ring");
			ret = take(listener, recv.msg.offset, next++);
			submit(&ring, listener->fd, KDBUS_CMD_RECV, &recv);
		} else {
			ticks++;
			tick_later(&ring);
		}
		io_uring_cqe_seen(&ring, cqe);
	}
	io_uring_queue_exit(&ring);
	if (ret == EXIT_SUCCESS)
		printf("%d readings recorded in a ring, none missing; its clock ticked %" PRIu64
		       " times\n", READINGS, ticks);
	return ret;
}

int main(void)
{
	return sensor_and_recorder(meter, record);
}
