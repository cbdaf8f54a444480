// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * peer-uring.c - calls over kdbus by io_uring: one system call per side and call
 *
 * The client submits its call and RECV for the reply, the service its reply and RECV for the next
 * call. What was received is given back with the next SEND.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "conn.h"
#include "peer.h"

#define POOL_SIZE	(16UL << 20)
#define ENTRIES		4
#define PAYLOAD_OFFSET	48	/* of a command in a submission */

enum { DATA_SEND, DATA_RECV };

/* A ring that one thread uses; its memory goes with the process */
struct ring {
	int fd;			/* -1 if not open */
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	uint32_t *sq_tail, *cq_head, *cq_tail, *array;
	uint32_t sq_mask, cq_mask;
	uint32_t n_queued;	/* submissions that the kernel has not been told of */
};

/* SEND with a place to be given back */
struct send_and_free {
	struct kdbus_cmd_send cmd;
	uint64_t size, type, offset;
};

struct uring {
	size_t size;
	char bus_name[64];
	int bus_fd;
	struct conn conn;	/* of whichever process looks at it; fd -1 if not open */
	struct ring ring;	/* likewise */
	struct letter letter;
	struct send_and_free send;
	struct kdbus_cmd_recv recv;
	uint32_t number;
	uint8_t *data;
};

static void *ring_map(struct ring *ring, size_t size, off_t offset)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd,
		    offset);
}

static int ring_open(struct ring *ring)
{
	struct io_uring_params p = {
		.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	};
	char *sq, *cq;

	ring->fd = syscall(SYS_io_uring_setup, ENTRIES, &p);
	if (ring->fd < 0)
		return errno == ENOSYS || errno == EPERM ? -ENODEV : -errno;
	sq = ring_map(ring, p.sq_off.array + p.sq_entries * sizeof(uint32_t), IORING_OFF_SQ_RING);
	cq = ring_map(ring, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe),
		      IORING_OFF_CQ_RING);
	ring->sqes = ring_map(ring, p.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || ring->sqes == MAP_FAILED)
		return -errno;
	ring->sq_tail = (uint32_t *)(sq + p.sq_off.tail);
	ring->array = (uint32_t *)(sq + p.sq_off.array);
	ring->sq_mask = *(uint32_t *)(sq + p.sq_off.ring_mask);
	ring->cq_head = (uint32_t *)(cq + p.cq_off.head);
	ring->cq_tail = (uint32_t *)(cq + p.cq_off.tail);
	ring->cq_mask = *(uint32_t *)(cq + p.cq_off.ring_mask);
	ring->cqes = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
	return 0;
}

static void ring_command(struct ring *ring, int fd, uint32_t number, void *argument,
			 unsigned int flags, uint64_t data)
{
	uint32_t tail = *ring->sq_tail, i = tail & ring->sq_mask;
	struct io_uring_sqe *sqe = &ring->sqes[i];
	uint64_t address = (uintptr_t)argument;

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->flags = flags;
	sqe->fd = fd;
	sqe->cmd_op = number;
	sqe->user_data = data;
	memcpy((char *)sqe + PAYLOAD_OFFSET, &address, sizeof(address));
	ring->array[i] = i;
	__atomic_store_n(ring->sq_tail, tail + 1, __ATOMIC_RELEASE);
	ring->n_queued++;
}

/* Submit, and wait for RECV; SEND is told of if it fails only. */
static int ring_enter(struct ring *ring)
{
	const struct io_uring_cqe *cqe;
	uint32_t head = *ring->cq_head;
	int r;

	do {
		r = syscall(SYS_io_uring_enter, ring->fd, ring->n_queued, 1,
			    IORING_ENTER_GETEVENTS, NULL, 0);
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r > 0)
			ring->n_queued -= r;
	} while (head == __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE));
	cqe = &ring->cqes[head & ring->cq_mask];
	r = cqe->res < 0 ? cqe->res : cqe->user_data == DATA_RECV ? 0 : -EBADMSG;
	__atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
	/* A kernel, or a module, without such commands */
	return r == -EOPNOTSUPP ? -ENOTTY : r;
}

static void queue_send(struct uring *u)
{
	ring_command(&u->ring, u->conn.fd, KDBUS_CMD_SEND, &u->send, IOSQE_CQE_SKIP_SUCCESS,
		     DATA_SEND);
}

static void queue_recv(struct uring *u)
{
	ring_command(&u->ring, u->conn.fd, KDBUS_CMD_RECV, &u->recv, 0, DATA_RECV);
}

static const struct kdbus_msg *take(struct uring *u, uint32_t number)
{
	const struct kdbus_msg *msg = (const void *)(u->conn.pool + u->recv.msg.offset);
	const struct kdbus_item *item;

	u->send.offset = u->recv.msg.offset;
	if (!u->size)
		return msg;
	item = msg_item(msg, KDBUS_ITEM_PAYLOAD_OFF);
	if (!item || item->vec.size != u->size ||
	    !is_stamped((const uint8_t *)msg + item->vec.offset, item->vec.size, number))
		return NULL;
	return msg;
}

static void uring_close(void *state)
{
	struct uring *u = state;

	if (u->ring.fd >= 0)
		close(u->ring.fd);
	if (u->conn.fd >= 0)
		conn_close(&u->conn);
	if (u->bus_fd >= 0)
		close(u->bus_fd);
	free(u->data);
	free(u);
}

static int uring_open(const struct peer_options *options, void **ret_state)
{
	struct uring *u = calloc(1, sizeof(*u));
	int r;

	if (!u)
		return -ENOMEM;
	u->size = options->size;
	u->conn.fd = u->ring.fd = -1;
	u->data = calloc(1, u->size + 1);
	u->bus_fd = r = u->data ? conn_make_bus(u->bus_name, sizeof(u->bus_name)) : -ENOMEM;
	if (r < 0) {
		uring_close(u);
		return r;
	}
	*ret_state = u;
	return 0;
}

static int connect_to_bus(struct uring *u, uint64_t address)
{
	int r;

	r = conn_open(&u->conn, u->bus_name, POOL_SIZE, 0);
	if (r < 0) {
		u->conn.fd = -1;
		return r;
	}
	letter_init(&u->letter, address);
	letter_vec(&u->letter, u->data, u->size);
	u->send = (struct send_and_free){
		.cmd.size = sizeof(u->send),
		.cmd.msg_address = (uintptr_t)&u->letter.msg,
		.size = sizeof(u->send) - offsetof(struct send_and_free, size),
		.type = KDBUS_ITEM_FREE,
		.offset = POOL_SIZE,
	};
	u->recv.size = sizeof(u->recv);
	return ring_open(&u->ring);
}

static int uring_serve(void *state, int ready_fd)
{
	const struct kdbus_msg *msg;
	struct uring *u = state;
	uint32_t number = 0;
	int r;

	r = connect_to_bus(u, 0);
	if (r == 0)
		r = peer_ready(ready_fd, u->conn.id);
	while (r == 0) {
		queue_recv(u);
		r = ring_enter(&u->ring);
		if (r < 0)
			break;
		msg = take(u, ++number);
		if (!msg)
			return -EBADMSG;
		stamp(u->data, u->size, number);
		u->letter.msg.dst_id = msg->src_id;
		u->letter.msg.cookie_reply = msg->cookie;
		u->letter.msg.cookie = number;
		queue_send(u);
	}
	return r;
}

static int uring_attach(void *state, uint64_t address)
{
	struct uring *u = state;
	int r;

	r = connect_to_bus(u, address);
	u->letter.msg.flags = KDBUS_MSG_EXPECT_REPLY;
	return r;
}

static int uring_call(void *state)
{
	struct uring *u = state;
	struct timespec now;
	int r;

	stamp(u->data, u->size, ++u->number);
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	u->letter.msg.timeout_ns = (now.tv_sec + 25) * 1000000000ULL + now.tv_nsec;
	u->letter.msg.cookie = u->number;
	queue_send(u);
	queue_recv(u);
	r = ring_enter(&u->ring);
	if (r < 0)
		return r;
	return take(u, u->number) ? 0 : -EBADMSG;
}

const struct peer peer_uring = {
	.name = "kdbus, io_uring",
	.open = uring_open,
	.serve = uring_serve,
	.attach = uring_attach,
	.call = uring_call,
	.close = uring_close,
};
