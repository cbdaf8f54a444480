// SPDX-License-Identifier: LGPL-2.1-or-later
/* See ring.h */
#include <linux/time_types.h>
#include <sys/syscall.h>
#include "common.h"
#include "ring.h"

/* Offset of a command's payload in a submission */
#define PAYLOAD_OFFSET	48

static __u32 *sq_word(struct ring *ring, __u32 offset)
{
	return (__u32 *)((char *)ring->sq + offset);
}

static __u32 *cq_word(struct ring *ring, __u32 offset)
{
	return (__u32 *)((char *)ring->cq + offset);
}

static void *ring_map(struct ring *ring, size_t size, off_t offset)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd,
		    offset);
}

int ring_open(struct ring *ring, unsigned int entries)
{
	struct io_uring_params *p = &ring->params;
	int ret;

	memset(ring, 0, sizeof(*ring));
	ring->fd = syscall(SYS_io_uring_setup, entries, p);
	if (ring->fd < 0)
		return -errno;
	ring->sq_size = p->sq_off.array + p->sq_entries * sizeof(__u32);
	ring->cq_size = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);
	ring->sqes_size = p->sq_entries * sizeof(struct io_uring_sqe);
	ring->sq = ring_map(ring, ring->sq_size, IORING_OFF_SQ_RING);
	ring->cq = ring_map(ring, ring->cq_size, IORING_OFF_CQ_RING);
	ring->sqes = ring_map(ring, ring->sqes_size, IORING_OFF_SQES);
	if (ring->sq == MAP_FAILED || ring->cq == MAP_FAILED || ring->sqes == MAP_FAILED) {
		ret = -errno;
		ring_close(ring);
		return ret;
	}
	return 0;
}

void ring_close(struct ring *ring)
{
	if (ring->fd < 0)
		return;
	if (ring->sqes != MAP_FAILED)
		munmap(ring->sqes, ring->sqes_size);
	if (ring->cq != MAP_FAILED)
		munmap(ring->cq, ring->cq_size);
	if (ring->sq != MAP_FAILED)
		munmap(ring->sq, ring->sq_size);
	close(ring->fd);
	ring->fd = -1;
}

static void set_payload(struct io_uring_sqe *sqe, unsigned int word, __u64 value)
{
	memcpy((char *)sqe + PAYLOAD_OFFSET + word * sizeof(value), &value, sizeof(value));
}

struct io_uring_sqe *ring_command(struct ring *ring, int fd, __u32 number, const void *argument,
				  __u64 user_data)
{
	__u32 *tail_word = sq_word(ring, ring->params.sq_off.tail);
	__u32 mask = *sq_word(ring, ring->params.sq_off.ring_mask);
	__u32 tail = *tail_word;
	struct io_uring_sqe *sqe = &ring->sqes[tail & mask];

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = number;
	sqe->user_data = user_data;
	set_payload(sqe, 0, (uintptr_t)argument);
	sq_word(ring, ring->params.sq_off.array)[tail & mask] = tail & mask;
	__atomic_store_n(tail_word, tail + 1, __ATOMIC_RELEASE);
	return sqe;
}

void ring_set_reserved(struct io_uring_sqe *sqe, __u64 value)
{
	set_payload(sqe, 1, value);
}

int ring_submit(struct ring *ring, unsigned int n)
{
	int ret = syscall(SYS_io_uring_enter, ring->fd, n, 0, 0, NULL, 0);

	return ret < 0 ? -errno : ret;
}

int ring_poll(struct ring *ring, __u64 *user_data, __s32 *result)
{
	__u32 *head_word = cq_word(ring, ring->params.cq_off.head);
	__u32 mask = *cq_word(ring, ring->params.cq_off.ring_mask);
	__u32 head = *head_word;
	const struct io_uring_cqe *cqe;

	/* What is to be done in this thread's context is done on the way. */
	syscall(SYS_io_uring_enter, ring->fd, 0, 0, IORING_ENTER_GETEVENTS, NULL, 0);
	if (head == __atomic_load_n(cq_word(ring, ring->params.cq_off.tail), __ATOMIC_ACQUIRE))
		return -EAGAIN;
	cqe = (void *)((char *)ring->cq + ring->params.cq_off.cqes +
		       (head & mask) * sizeof(*cqe));
	*user_data = cqe->user_data;
	*result = cqe->res;
	__atomic_store_n(head_word, head + 1, __ATOMIC_RELEASE);
	return 0;
}

int ring_wait(struct ring *ring, __u64 *user_data, __s32 *result)
{
	__u64 deadline = deadline_ms(PATIENCE_MS), now;
	struct __kernel_timespec timeout;
	struct io_uring_getevents_arg arg = { .ts = (uintptr_t)&timeout };

	while (ring_poll(ring, user_data, result)) {
		now = now_ns();
		if (now >= deadline)
			return -ETIME;
		timeout.tv_sec = (deadline - now) / 1000000000;
		timeout.tv_nsec = (deadline - now) % 1000000000;
		syscall(SYS_io_uring_enter, ring->fd, 0, 1,
			IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg, sizeof(arg));
	}
	return 0;
}

int ring_run(struct ring *ring, int fd, __u32 number, const void *argument)
{
	__u64 user_data;
	__s32 result;
	int ret;

	ring_command(ring, fd, number, argument, 1);
	ret = ring_submit(ring, 1);
	if (ret != 1)
		return ret < 0 ? ret : -EIO;
	ret = ring_wait(ring, &user_data, &result);
	return ret ? ret : result;
}
