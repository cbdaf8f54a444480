// SPDX-License-Identifier: LGPL-2.1-or-later
/* SEND and RECV through io_uring. */
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include "common.h"
#include "ring.h"
#include "kselftest_harness.h"

#define ENTRIES		32

FIXTURE(uring) {
	struct bus bus;
	struct conn a;
	struct conn b;
	struct ring ring;
};

FIXTURE_SETUP(uring)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new(&self->a, &self->bus));
	ASSERT_EQ(0, conn_new(&self->b, &self->bus));
	ASSERT_EQ(0, ring_open(&self->ring, ENTRIES));
}

FIXTURE_TEARDOWN(uring)
{
	ring_close(&self->ring);
	conn_close(&self->b);
	conn_close(&self->a);
	bus_close(&self->bus);
}

static const struct kdbus_msg *msg_at(const struct conn *conn, __u64 offset)
{
	return (const void *)(conn->pool + offset);
}

/* Start a RECV that finds nothing.  0 or -errno. */
static int park(struct ring *ring, struct conn *conn, struct args *args, __u64 user_data)
{
	__u64 other;
	__s32 result;
	int ret;

	ring_command(ring, conn->fd, KDBUS_CMD_RECV, args, user_data);
	ret = ring_submit(ring, 1);
	if (ret != 1)
		return ret < 0 ? ret : -EIO;
	return ring_poll(ring, &other, &result) == -EAGAIN ? 0 : -EALREADY;
}

/* What ioctl() says, and what the ring says, to the same argument. */
static void expect_as_ioctl(struct __test_metadata *_metadata, struct ring *ring, int fd,
			    __u32 number, const void *argument, int expected)
{
	EXPECT_EQ(expected, command(fd, number, (void *)argument));
	EXPECT_EQ(expected, ring_run(ring, fd, number, argument));
}

/* abi: uring/RECV */
TEST_F(uring, recv_takes_a_message_that_is_there)
{
	struct args recv;

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 7));
	args_recv(&recv);
	EXPECT_EQ(0, ring_run(&self->ring, self->b.fd, KDBUS_CMD_RECV, &recv));
	EXPECT_EQ(7, msg_at(&self->b, recv.recv.msg.offset)->cookie);
	EXPECT_EQ(64, recv.recv.msg.msg_size);
	EXPECT_EQ(0, conn_free(&self->b, recv.recv.msg.offset));
	EXPECT_EQ(0, recv_all(&self->b));
}

/* abi: uring/wait */
TEST_F(uring, recv_waits_for_a_message)
{
	struct args recv;
	__u64 user_data;
	__s32 result;

	args_recv(&recv);
	ASSERT_EQ(0, park(&self->ring, &self->b, &recv, 5));
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 7));
	ASSERT_EQ(0, ring_wait(&self->ring, &user_data, &result));
	EXPECT_EQ(5, user_data);
	EXPECT_EQ(0, result);
	EXPECT_EQ(7, msg_at(&self->b, recv.recv.msg.offset)->cookie);
	EXPECT_EQ(0, recv_all(&self->b));
}

/* abi: uring/wait */
TEST_F(uring, recv_waits_for_a_message_of_another_process)
{
	struct args recv;
	__u64 user_data;
	__s32 result;
	pid_t child;

	args_recv(&recv);
	ASSERT_EQ(0, park(&self->ring, &self->b, &recv, 5));
	child = child_fork();
	if (child == 0)
		child_exit(send_bytes(&self->a, self->b.id, 7, 100));
	ASSERT_EQ(0, ring_wait(&self->ring, &user_data, &result));
	EXPECT_EQ(0, child_result(child));
	EXPECT_EQ(0, result);
	EXPECT_EQ(7, msg_at(&self->b, recv.recv.msg.offset)->cookie);
}

/* abi: uring/one-each */
TEST_F(uring, each_message_ends_one_of_several_that_wait)
{
	struct args recv[3];
	__u64 user_data, seen = 0, cookies = 0, i;
	__s32 result;

	for (i = 0; i < 3; i++) {
		args_recv(&recv[i]);
		ASSERT_EQ(0, park(&self->ring, &self->b, &recv[i], i));
	}
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, send_plain(&self->a, self->b.id, i));
		ASSERT_EQ(0, ring_wait(&self->ring, &user_data, &result));
		ASSERT_EQ(0, result);
		ASSERT_GT(3, user_data);
		seen |= 1ULL << user_data;
		cookies |= 1ULL << msg_at(&self->b, recv[user_data].recv.msg.offset)->cookie;
		EXPECT_EQ(-EAGAIN, ring_poll(&self->ring, &user_data, &result));
	}
	EXPECT_EQ(7, seen);
	EXPECT_EQ(7, cookies);
}

/* abi: uring/one-each */
TEST_F(uring, messages_that_come_at_once_end_as_many_that_wait)
{
	struct args recv[3];
	__u64 user_data, cookies = 0, i;
	__s32 result;

	for (i = 0; i < 3; i++) {
		args_recv(&recv[i]);
		ASSERT_EQ(0, park(&self->ring, &self->b, &recv[i], i));
	}
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, send_plain(&self->a, self->b.id, i));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, ring_wait(&self->ring, &user_data, &result));
		ASSERT_EQ(0, result);
		ASSERT_GT(3, user_data);
		cookies |= 1ULL << msg_at(&self->b, recv[user_data].recv.msg.offset)->cookie;
	}
	EXPECT_EQ(7, cookies);
	EXPECT_EQ(3, recv_cookie(&self->b));
}

/* abi: uring/SEND */
TEST_F(uring, several_commands_end_in_one_system_call)
{
	struct args msg[3], send[3], recv[3];
	__u64 user_data, ended = 0, i;
	__s32 result;

	for (i = 0; i < 3; i++) {
		args_msg(&msg[i], self->b.id, i + 1);
		args_send(&send[i], &msg[i]);
		ring_command(&self->ring, self->a.fd, KDBUS_CMD_SEND, &send[i], i);
	}
	for (i = 0; i < 3; i++) {
		args_recv(&recv[i]);
		ring_command(&self->ring, self->b.fd, KDBUS_CMD_RECV, &recv[i], 3 + i);
	}
	ASSERT_EQ(6, ring_submit(&self->ring, 6));
	for (i = 0; i < 6; i++) {
		ASSERT_EQ(0, ring_poll(&self->ring, &user_data, &result));
		EXPECT_EQ(0, result);
		ended |= 1ULL << user_data;
	}
	EXPECT_EQ(63, ended);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(i + 1, msg_at(&self->b, recv[i].recv.msg.offset)->cookie);
		EXPECT_EQ(self->a.pool_size, send[i].send.reply.offset);
	}
}

/* abi: uring/SEND */
TEST_F(uring, send_frees_what_it_lists)
{
	struct args msg, send;
	__u64 offset;

	ASSERT_EQ(0, send_plain(&self->b, self->a.id, 1));
	offset = (const __u8 *)msg_next(&self->a) - self->a.pool;
	args_msg(&msg, self->b.id, 2);
	args_send(&send, &msg);
	args_item(&send, KDBUS_ITEM_FREE, &offset, sizeof(offset));
	EXPECT_EQ(0, ring_run(&self->ring, self->a.fd, KDBUS_CMD_SEND, &send));
	EXPECT_EQ(-ENXIO, conn_free(&self->a, offset));
	EXPECT_EQ(2, recv_cookie(&self->b));
	expect_as_ioctl(_metadata, &self->ring, self->a.fd, KDBUS_CMD_SEND, &send, -ENXIO);
	EXPECT_EQ(0, recv_all(&self->b));
}

/* abi: uring/sync */
TEST_F(uring, a_synchronous_call_does_not_hold_its_submitter_up)
{
	struct args msg, send;
	const struct kdbus_msg *call;
	__u64 user_data;
	__s32 result;

	args_call(&msg, self->b.id, 5);
	args_send(&send, &msg);
	send.send.flags = KDBUS_SEND_SYNC_REPLY;
	ring_command(&self->ring, self->a.fd, KDBUS_CMD_SEND, &send, 9);
	ASSERT_EQ(1, ring_submit(&self->ring, 1));
	ASSERT_EQ(0, conn_wait(&self->b));
	EXPECT_EQ(-EAGAIN, ring_poll(&self->ring, &user_data, &result));
	call = msg_next(&self->b);
	ASSERT_NE(NULL, call);
	EXPECT_EQ(5, call->cookie);
	ASSERT_EQ(0, send_reply(&self->b, self->a.id, 6, 5));
	ASSERT_EQ(0, ring_wait(&self->ring, &user_data, &result));
	EXPECT_EQ(0, result);
	EXPECT_EQ(6, msg_at(&self->a, send.send.reply.offset)->cookie);
}

/* A page that nobody answers for, behind userfaultfd: descriptor or -errno. */
static int page_that_waits(char **ret_page, size_t size)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	*ret_page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = (uintptr_t)*ret_page;
	reg.range.len = size;
	if (*ret_page == MAP_FAILED || ioctl(fd, UFFDIO_API, &api) < 0 ||
	    ioctl(fd, UFFDIO_REGISTER, &reg) < 0)
		return -errno;
	return fd;
}

/* abi: uring/memory */
TEST_F(uring, send_does_not_hold_its_submitter_up_when_memory_does)
{
	size_t size = sysconf(_SC_PAGESIZE);
	struct args msg, send;
	const struct kdbus_item *item;
	const struct kdbus_msg *got;
	struct uffdio_copy copy;
	struct uffd_msg event;
	struct pollfd pfd;
	__u64 user_data;
	__s32 result;
	char *page, *content;
	int fd;

	fd = page_that_waits(&page, size);
	ASSERT_LE(0, fd);
	content = malloc(size);
	ASSERT_NE(NULL, content);
	memset(content, 'x', size);

	args_msg(&msg, self->b.id, 5);
	args_vec(&msg, page, size);
	args_send(&send, &msg);
	ring_command(&self->ring, self->a.fd, KDBUS_CMD_SEND, &send, 9);
	/* This would not return if the memory were waited for here. */
	ASSERT_EQ(1, ring_submit(&self->ring, 1));
	pfd = (struct pollfd){ .fd = fd, .events = POLLIN };
	ASSERT_EQ(1, poll_patiently(&pfd));
	ASSERT_EQ(sizeof(event), read(fd, &event, sizeof(event)));
	EXPECT_EQ(-EAGAIN, ring_poll(&self->ring, &user_data, &result));
	EXPECT_EQ(0, recv_all(&self->b));

	copy = (struct uffdio_copy){
		.dst = (uintptr_t)page,
		.src = (uintptr_t)content,
		.len = size,
	};
	ASSERT_EQ(0, ioctl(fd, UFFDIO_COPY, &copy));
	ASSERT_EQ(0, ring_wait(&self->ring, &user_data, &result));
	EXPECT_EQ(0, result);
	got = msg_next(&self->b);
	ASSERT_NE(NULL, got);
	item = msg_item(got, KDBUS_ITEM_PAYLOAD_OFF);
	ASSERT_NE(NULL, item);
	EXPECT_EQ(size, item->vec.size);
	EXPECT_EQ(0, memcmp((const char *)got + item->vec.offset, content, size));
	EXPECT_EQ(0, recv_all(&self->b));
	free(content);
	close(fd);
}

/* abi: uring/priority */
TEST_F(uring, recv_by_priority_leaves_what_is_not_urgent_to_others)
{
	struct args recv, msg;
	__u64 user_data;
	__s32 result;

	args_recv(&recv);
	recv.recv.flags = KDBUS_RECV_USE_PRIORITY;
	recv.recv.priority = 0;
	ASSERT_EQ(0, park(&self->ring, &self->b, &recv, 5));
	args_msg(&msg, self->b.id, 1);
	msg.msg.priority = 10;
	ASSERT_EQ(0, msg_send(&self->a, &msg));
	EXPECT_EQ(-EAGAIN, ring_poll(&self->ring, &user_data, &result));
	EXPECT_EQ(1, recv_cookie(&self->b));
	args_msg(&msg, self->b.id, 2);
	msg.msg.priority = -10;
	ASSERT_EQ(0, msg_send(&self->a, &msg));
	ASSERT_EQ(0, ring_wait(&self->ring, &user_data, &result));
	EXPECT_EQ(0, result);
	EXPECT_EQ(2, msg_at(&self->b, recv.recv.msg.offset)->cookie);
}

/* Make a connection lose a signal that does not fit into its pool. */
static int lose_one(struct conn *from)
{
	static char data[65536];
	struct args msg;

	args_signal(&msg, KDBUS_DST_ID_BROADCAST, 1);
	args_vec(&msg, data, sizeof(data));
	return msg_send(from, &msg);
}

/* abi: uring/lost */
TEST_F(uring, recv_ends_without_a_message_when_one_was_lost)
{
	struct conn small;
	struct args recv;
	__u64 user_data;
	__s32 result;

	ASSERT_EQ(0, conn_new_pool(&small, &self->bus, sysconf(_SC_PAGESIZE)));
	ASSERT_EQ(0, match_all(&small, 1));
	ASSERT_EQ(0, lose_one(&self->a));
	args_recv(&recv);
	EXPECT_EQ(-EAGAIN, ring_run(&self->ring, small.fd, KDBUS_CMD_RECV, &recv));
	EXPECT_EQ(1, recv.recv.dropped_msgs);
	EXPECT_EQ(KDBUS_RECV_RETURN_DROPPED_MSGS, recv.recv.return_flags);

	args_recv(&recv);
	ASSERT_EQ(0, park(&self->ring, &small, &recv, 5));
	ASSERT_EQ(0, lose_one(&self->a));
	ASSERT_EQ(0, ring_wait(&self->ring, &user_data, &result));
	EXPECT_EQ(-EAGAIN, result);
	EXPECT_EQ(1, recv.recv.dropped_msgs);
	conn_close(&small);
}

/* abi: uring/bye */
TEST_F(uring, bye_ends_recv_that_waits)
{
	struct args recv[2];
	__u64 user_data;
	__s32 result;
	int i;

	for (i = 0; i < 2; i++) {
		args_recv(&recv[i]);
		ASSERT_EQ(0, park(&self->ring, &self->b, &recv[i], i));
	}
	ASSERT_EQ(0, conn_bye(&self->b));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, ring_wait(&self->ring, &user_data, &result));
		EXPECT_EQ(-ECONNRESET, result);
	}
	expect_as_ioctl(_metadata, &self->ring, self->b.fd, KDBUS_CMD_RECV, &recv[0],
			-ECONNRESET);
	expect_as_ioctl(_metadata, &self->ring, self->b.fd, KDBUS_CMD_SEND, &recv[0],
			-ECONNRESET);
}

/* abi: uring/cancel */
TEST_F(uring, cancelling_by_number_ends_recv_or_leaves_it_waiting)
{
	struct io_uring_sqe *sqe;
	__s32 result, cancel = 1, recv_result = 1;
	struct args recv;
	__u64 user_data;
	int n;

	args_recv(&recv);
	ASSERT_EQ(0, park(&self->ring, &self->b, &recv, 5));
	sqe = ring_command(&self->ring, -1, 0, NULL, 6);
	sqe->opcode = IORING_OP_ASYNC_CANCEL;
	sqe->addr = 5;
	sqe->off = 0;
	ASSERT_EQ(1, ring_submit(&self->ring, 1));
	for (n = 0; n < 2; n++) {
		ASSERT_EQ(0, ring_wait(&self->ring, &user_data, &result));
		*(user_data == 6 ? &cancel : &recv_result) = result;
		/* Kernels do not look for commands of files, unless a worker has them. */
		if (cancel == -ENOENT && recv_result > 0)
			ASSERT_EQ(0, send_plain(&self->a, self->b.id, 7));
	}
	if (cancel == -ENOENT) {
		EXPECT_EQ(0, recv_result);
		EXPECT_EQ(7, msg_at(&self->b, recv.recv.msg.offset)->cookie);
	} else {
		EXPECT_TRUE(cancel == 0 || cancel == -EALREADY);
		EXPECT_EQ(-ECANCELED, recv_result);
		ASSERT_EQ(0, send_plain(&self->a, self->b.id, 8));
		EXPECT_EQ(8, recv_cookie(&self->b));
	}
}

/* abi: uring/end */
TEST_F(uring, the_end_of_the_submitter_ends_recv_that_waits)
{
	pid_t child = child_fork();
	struct args recv[3];
	struct ring ring;
	int i, ret;

	if (child == 0) {
		ret = ring_open(&ring, ENTRIES);
		for (i = 0; i < 3 && !ret; i++) {
			args_recv(&recv[i]);
			ret = park(&ring, &self->b, &recv[i], i);
		}
		child_exit(ret);
	}
	ASSERT_EQ(0, child_result(child));
	/* Nobody takes it instead of us. */
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 3));
	EXPECT_EQ(3, recv_cookie(&self->b));
}

/* abi: uring/end */
TEST_F(uring, recv_that_waits_keeps_its_connection_until_the_ring_goes)
{
	struct conn watcher;
	struct args match, recv;
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, conn_new(&watcher, &self->bus));
	args_match(&match, 1);
	args_id_change(&match, KDBUS_ITEM_ID_REMOVE, self->b.id);
	ASSERT_EQ(0, match_add(&watcher, &match));
	args_recv(&recv);
	ASSERT_EQ(0, park(&self->ring, &self->b, &recv, 1));
	conn_close(&self->b);
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	ring_close(&self->ring);
	ASSERT_EQ(0, conn_wait(&watcher));
	msg = msg_next(&watcher);
	ASSERT_NE(NULL, msg);
	EXPECT_NE(NULL, msg_item(msg, KDBUS_ITEM_ID_REMOVE));
	conn_close(&watcher);
	ASSERT_EQ(0, conn_new(&self->b, &self->bus));
}

/* abi: uring/wrong */
TEST_F(uring, what_is_wrong_with_arguments_is_told_as_by_ioctl)
{
	struct args msg, send, recv;

	args_msg(&msg, 123456, 1);
	args_send(&send, &msg);
	expect_as_ioctl(_metadata, &self->ring, self->a.fd, KDBUS_CMD_SEND, &send, -ENXIO);
	send.send.flags = 1ULL << 40;
	expect_as_ioctl(_metadata, &self->ring, self->a.fd, KDBUS_CMD_SEND, &send, -EINVAL);
	send.send.flags = 0;
	send.send.size = 8;
	expect_as_ioctl(_metadata, &self->ring, self->a.fd, KDBUS_CMD_SEND, &send, -EINVAL);
	args_recv(&recv);
	recv.recv.flags = 1ULL << 40;
	expect_as_ioctl(_metadata, &self->ring, self->b.fd, KDBUS_CMD_RECV, &recv, -EINVAL);
	recv.recv.flags = KDBUS_RECV_DROP | KDBUS_RECV_USE_PRIORITY;
	expect_as_ioctl(_metadata, &self->ring, self->b.fd, KDBUS_CMD_RECV, &recv, -EINVAL);
	expect_as_ioctl(_metadata, &self->ring, self->b.fd, KDBUS_CMD_RECV, NULL, -EFAULT);
	expect_as_ioctl(_metadata, &self->ring, self->a.fd, KDBUS_CMD_SEND, NULL, -EFAULT);
	expect_as_ioctl(_metadata, &self->ring, self->a.fd, KDBUS_CMD_SEND, (void *)9UL,
			-EFAULT);
	args_send(&send, &msg);
	send.send.msg_address = 8;
	expect_as_ioctl(_metadata, &self->ring, self->a.fd, KDBUS_CMD_SEND, &send, -EFAULT);
}

/* abi: uring/wrong-submission */
TEST_F(uring, what_is_wrong_with_a_submission_is_refused)
{
	static const __u32 others[] = {
		KDBUS_CMD_FREE, KDBUS_CMD_EXCHANGE, KDBUS_CMD_HELLO, KDBUS_CMD_BYEBYE,
		KDBUS_CMD_RECV + 1, KDBUS_CMD_SEND & 0xff, 0, ~0U,
	};
	struct io_uring_sqe *sqe;
	struct args recv;
	__u64 user_data;
	__s32 result;
	size_t i;

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 7));
	args_recv(&recv);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		EXPECT_EQ(-ENOTTY, ring_run(&self->ring, self->b.fd, others[i], &recv));

	sqe = ring_command(&self->ring, self->b.fd, KDBUS_CMD_RECV, &recv, 1);
	ring_set_reserved(sqe, 1);
	ASSERT_EQ(1, ring_submit(&self->ring, 1));
	ASSERT_EQ(0, ring_wait(&self->ring, &user_data, &result));
	EXPECT_EQ(-EINVAL, result);

	/* Buffers that were registered are for others; io_uring asks for one first. */
	sqe = ring_command(&self->ring, self->b.fd, KDBUS_CMD_RECV, &recv, 1);
	sqe->rw_flags = 1;
	ASSERT_EQ(1, ring_submit(&self->ring, 1));
	ASSERT_EQ(0, ring_wait(&self->ring, &user_data, &result));
	EXPECT_TRUE(result == -EINVAL || result == -EFAULT);
	EXPECT_EQ(7, recv_cookie(&self->b));
}

/* abi: uring/wrong-file */
TEST_F(uring, files_that_are_no_ordinary_connections_are_refused)
{
	struct conn activator, holder;
	struct args msg, send, recv;
	int fd;

	args_msg(&msg, self->b.id, 1);
	args_send(&send, &msg);
	args_recv(&recv);
	expect_as_ioctl(_metadata, &self->ring, self->bus.fd, KDBUS_CMD_SEND, &send, -EBADFD);
	expect_as_ioctl(_metadata, &self->ring, self->bus.fd, KDBUS_CMD_RECV, &recv, -EBADFD);
	fd = open(self->bus.path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	expect_as_ioctl(_metadata, &self->ring, fd, KDBUS_CMD_SEND, &send, -EBADFD);
	close(fd);

	ASSERT_EQ(0, conn_new_named(&activator, &self->bus, KDBUS_HELLO_ACTIVATOR,
				    "org.example.Activated"));
	ASSERT_EQ(0, conn_new_named(&holder, &self->bus, KDBUS_HELLO_POLICY_HOLDER,
				    "org.example.Held"));
	expect_as_ioctl(_metadata, &self->ring, activator.fd, KDBUS_CMD_SEND, &send,
			-EOPNOTSUPP);
	expect_as_ioctl(_metadata, &self->ring, holder.fd, KDBUS_CMD_SEND, &send, -EOPNOTSUPP);
	expect_as_ioctl(_metadata, &self->ring, holder.fd, KDBUS_CMD_RECV, &recv, -EOPNOTSUPP);
	conn_close(&holder);
	conn_close(&activator);
}

/* abi: uring/negotiate */
TEST_F(uring, negotiation_answers_and_does_nothing)
{
	struct args recv, send, by_ioctl;

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 7));
	args_recv(&recv);
	recv.recv.flags = KDBUS_FLAG_NEGOTIATE;
	EXPECT_EQ(0, ring_run(&self->ring, self->b.fd, KDBUS_CMD_RECV, &recv));
	args_recv(&by_ioctl);
	by_ioctl.recv.flags = KDBUS_FLAG_NEGOTIATE;
	EXPECT_EQ(0, command(self->b.fd, KDBUS_CMD_RECV, &by_ioctl));
	EXPECT_EQ(by_ioctl.recv.flags, recv.recv.flags);

	args_init(&send, sizeof(struct kdbus_cmd_send));
	send.send.flags = KDBUS_FLAG_NEGOTIATE;
	EXPECT_EQ(0, ring_run(&self->ring, self->a.fd, KDBUS_CMD_SEND, &send));
	args_init(&by_ioctl, sizeof(struct kdbus_cmd_send));
	by_ioctl.send.flags = KDBUS_FLAG_NEGOTIATE;
	EXPECT_EQ(0, command(self->a.fd, KDBUS_CMD_SEND, &by_ioctl));
	EXPECT_EQ(by_ioctl.send.flags, send.send.flags);
	EXPECT_EQ(7, recv_cookie(&self->b));
}

/* abi: uring/peek */
TEST_F(uring, peek_waits_and_leaves_the_message)
{
	struct args recv;
	__u64 user_data;
	__s32 result;

	args_recv(&recv);
	recv.recv.flags = KDBUS_RECV_PEEK;
	ASSERT_EQ(0, park(&self->ring, &self->b, &recv, 5));
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 7));
	ASSERT_EQ(0, ring_wait(&self->ring, &user_data, &result));
	EXPECT_EQ(0, result);
	EXPECT_EQ(7, msg_at(&self->b, recv.recv.msg.offset)->cookie);
	EXPECT_EQ(7, recv_cookie(&self->b));
}

/* Two processes that take what they can, and how much each got */
struct takers {
	__u64 n_taken;
};

static int take_until(struct takers *shared, struct conn *conn, __u64 n)
{
	struct args recv[4];
	struct ring ring;
	__u64 user_data, i;
	__s32 result;
	int ret;

	ret = ring_open(&ring, ENTRIES);
	for (i = 0; i < 4 && !ret; i++) {
		args_recv(&recv[i]);
		ring_command(&ring, conn->fd, KDBUS_CMD_RECV, &recv[i], i);
		ret = ring_submit(&ring, 1) == 1 ? 0 : -EIO;
	}
	while (!ret && __atomic_load_n(&shared->n_taken, __ATOMIC_RELAXED) < n) {
		if (ring_poll(&ring, &user_data, &result)) {
			sched_yield();
			continue;
		}
		if (result)
			return result;
		ret = conn_free(conn, recv[user_data].recv.msg.offset);
		__atomic_add_fetch(&shared->n_taken, 1, __ATOMIC_RELAXED);
		args_recv(&recv[user_data]);
		ring_command(&ring, conn->fd, KDBUS_CMD_RECV, &recv[user_data], user_data);
		if (!ret && ring_submit(&ring, 1) != 1)
			ret = -EIO;
	}
	return ret;
}

/* abi: uring/one-each */
TEST_F(uring, nothing_is_forgotten_when_many_take)
{
	struct takers *shared;
	pid_t child[2];
	__u64 i;
	int ret;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	for (i = 0; i < 2; i++) {
		child[i] = child_fork();
		if (child[i] == 0)
			child_exit(take_until(shared, &self->b, 500));
	}
	for (i = 0; i < 500; i++) {
		do
			ret = send_plain(&self->a, self->b.id, i);
		while (ret == -ENOBUFS && !sched_yield());
		ASSERT_EQ(0, ret);
	}
	EXPECT_EQ(0, child_result(child[0]));
	EXPECT_EQ(0, child_result(child[1]));
	EXPECT_EQ(500, shared->n_taken);
	EXPECT_EQ(0, recv_all(&self->b));
}

TEST_HARNESS_MAIN
