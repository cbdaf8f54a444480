// SPDX-License-Identifier: LGPL-2.1-or-later
/* RECV: which message, what is left behind, which descriptors. */
#include "common.h"
#include "kselftest_harness.h"

FIXTURE_BUS(recv)

static int send_priority(struct conn *from, struct conn *to, __u64 cookie, __s64 priority)
{
	struct args msg;

	args_msg(&msg, to->id, cookie);
	msg.msg.priority = priority;
	return msg_send(from, &msg);
}

/* Receive by priority and free: cookie or -errno. */
static __s64 recv_priority(struct conn *conn, __s64 priority)
{
	struct kdbus_cmd_recv recv = {
		.size = sizeof(recv),
		.flags = KDBUS_RECV_USE_PRIORITY,
		.priority = priority,
	};
	int ret = command(conn->fd, KDBUS_CMD_RECV, &recv);
	__s64 cookie;

	if (ret)
		return ret;
	cookie = ((const struct kdbus_msg *)(conn->pool + recv.msg.offset))->cookie;
	ret = conn_free(conn, recv.msg.offset);
	return ret ? ret : cookie;
}

static int send_fds(struct conn *from, struct conn *to, const int *fds, size_t n, int memfd)
{
	struct args msg;

	args_msg(&msg, to->id, 1);
	if (memfd >= 0)
		args_memfd(&msg, memfd, 0, 8);
	args_fds(&msg, fds, n);
	return msg_send(from, &msg);
}

/* abi: 12/empty, 12/eagain-written */
TEST_F(recv, empty_queue_is_eagain_and_tells_so)
{
	struct kdbus_cmd_recv recv = {
		.size = sizeof(recv),
		.return_flags = ~0ULL,
		.dropped_msgs = ~0ULL,
		.msg = { 1, 2, 3 },
	};

	EXPECT_EQ(-EAGAIN, command(self->b.fd, KDBUS_CMD_RECV, &recv));
	EXPECT_EQ(0ULL, recv.return_flags);
	EXPECT_EQ(0ULL, recv.dropped_msgs);
	EXPECT_EQ(self->b.pool_size, recv.msg.offset);
	EXPECT_EQ(0ULL, recv.msg.msg_size);
	EXPECT_EQ(0ULL, recv.msg.return_flags);
}

/* abi: 12/oldest */
TEST_F(recv, oldest_message_comes_first_whatever_its_priority)
{
	ASSERT_EQ(0, send_priority(&self->a, &self->b, 1, 5));
	ASSERT_EQ(0, send_priority(&self->a, &self->b, 2, -5));
	ASSERT_EQ(0, send_priority(&self->a, &self->b, 3, 0));
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(2, recv_cookie(&self->b));
	EXPECT_EQ(3, recv_cookie(&self->b));
}

/* abi: 12/priority */
TEST_F(recv, smallest_priority_comes_first_and_the_oldest_of_equals)
{
	ASSERT_EQ(0, send_priority(&self->a, &self->b, 1, 5));
	ASSERT_EQ(0, send_priority(&self->a, &self->b, 2, -5));
	ASSERT_EQ(0, send_priority(&self->a, &self->b, 3, 0));
	ASSERT_EQ(0, send_priority(&self->a, &self->b, 4, -5));
	ASSERT_EQ(0, send_priority(&self->a, &self->b, 5, INT64_MAX));
	ASSERT_EQ(0, send_priority(&self->a, &self->b, 6, INT64_MIN));
	EXPECT_EQ(6, recv_priority(&self->b, INT64_MAX));
	EXPECT_EQ(2, recv_priority(&self->b, INT64_MAX));
	EXPECT_EQ(4, recv_priority(&self->b, INT64_MAX));
	EXPECT_EQ(3, recv_priority(&self->b, INT64_MAX));
	EXPECT_EQ(1, recv_priority(&self->b, INT64_MAX));
	EXPECT_EQ(5, recv_priority(&self->b, INT64_MAX));
	EXPECT_EQ(-EAGAIN, recv_priority(&self->b, INT64_MAX));
}

/* abi: 12/priority-bound */
TEST_F(recv, no_message_of_that_priority_is_eagain)
{
	ASSERT_EQ(0, send_priority(&self->a, &self->b, 1, 10));
	EXPECT_EQ(-EAGAIN, recv_priority(&self->b, 9));
	EXPECT_EQ(-EAGAIN, recv_priority(&self->b, INT64_MIN));
	EXPECT_EQ(1, recv_priority(&self->b, 10));
}

/* abi: 12/priority */
TEST_F(recv, both_orders_may_be_mixed)
{
	ASSERT_EQ(0, send_priority(&self->a, &self->b, 1, 3));
	ASSERT_EQ(0, send_priority(&self->a, &self->b, 2, 2));
	ASSERT_EQ(0, send_priority(&self->a, &self->b, 3, 1));
	EXPECT_EQ(3, recv_priority(&self->b, INT64_MAX));
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(2, recv_cookie(&self->b));
}

/* abi: 12/PEEK */
TEST_F(recv, peek_leaves_the_message_and_shows_the_same_slice_again)
{
	struct kdbus_cmd_recv first, second;

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_PEEK, &first));
	EXPECT_EQ(64ULL, first.msg.msg_size);
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_PEEK, &second));
	EXPECT_EQ(first.msg.offset, second.msg.offset);
	EXPECT_EQ(first.msg.msg_size, second.msg.msg_size);
	ASSERT_EQ(0, msg_recv(&self->b, 0, &second));
	EXPECT_EQ(first.msg.offset, second.msg.offset);
	EXPECT_EQ(-EAGAIN, msg_recv(&self->b, KDBUS_RECV_PEEK, &second));
	EXPECT_EQ(0, conn_free(&self->b, first.msg.offset));
}

/* abi: 12/PEEK */
TEST_F(recv, peek_can_look_by_priority)
{
	struct kdbus_cmd_recv recv = {
		.size = sizeof(recv),
		.flags = KDBUS_RECV_PEEK | KDBUS_RECV_USE_PRIORITY,
		.priority = INT64_MAX,
	};

	ASSERT_EQ(0, send_priority(&self->a, &self->b, 1, 5));
	ASSERT_EQ(0, send_priority(&self->a, &self->b, 2, 4));
	ASSERT_EQ(0, command(self->b.fd, KDBUS_CMD_RECV, &recv));
	EXPECT_EQ(2, ((const struct kdbus_msg *)(self->b.pool + recv.msg.offset))->cookie);
	EXPECT_EQ(1, recv_cookie(&self->b));
}

/* abi: 12/PEEK-fds, 21/H2 */
TEST_F(recv, peek_installs_no_descriptor_and_shows_none)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int memfd = memfd_new("12345678", 8, SEALS_ALL);
	const struct kdbus_msg *msg;
	struct kdbus_cmd_recv recv;
	int next;

	ASSERT_LE(0, null);
	ASSERT_LE(0, memfd);
	ASSERT_EQ(0, send_fds(&self->a, &self->b, &null, 1, memfd));
	next = fd_lowest_free();
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_PEEK, &recv));
	EXPECT_EQ(next, fd_lowest_free());
	EXPECT_EQ(0ULL, recv.msg.return_flags);
	msg = (const void *)(self->b.pool + recv.msg.offset);
	EXPECT_EQ(-1, msg_item(msg, KDBUS_ITEM_FDS)->fds[0]);
	EXPECT_EQ(-1, msg_item(msg, KDBUS_ITEM_PAYLOAD_MEMFD)->memfd.fd);
	ASSERT_EQ(0, msg_recv(&self->b, 0, &recv));
	EXPECT_TRUE(fd_same_file(null, msg_item(msg, KDBUS_ITEM_FDS)->fds[0]));
	EXPECT_TRUE(fd_same_file(memfd, msg_item(msg, KDBUS_ITEM_PAYLOAD_MEMFD)->memfd.fd));
}

/* abi: 12/DROP */
TEST_F(recv, drop_removes_the_oldest_and_shows_nothing)
{
	struct kdbus_cmd_recv recv;

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 2));
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_DROP, &recv));
	EXPECT_EQ(self->b.pool_size, recv.msg.offset);
	EXPECT_EQ(0ULL, recv.msg.msg_size);
	EXPECT_EQ(0ULL, recv.msg.return_flags);
	EXPECT_EQ(2, recv_cookie(&self->b));
	EXPECT_EQ(-EAGAIN, msg_recv(&self->b, KDBUS_RECV_DROP, &recv));
}

/* abi: 12/DROP */
TEST_F(recv, drop_with_peek_drops)
{
	struct kdbus_cmd_recv recv;

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_DROP | KDBUS_RECV_PEEK, &recv));
	EXPECT_EQ(self->b.pool_size, recv.msg.offset);
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 12/DROP */
TEST_F(recv, drop_gives_the_room_back_and_closes_descriptors)
{
	struct kdbus_cmd_recv recv;
	struct pollfd pfd;
	int pipes[2];

	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	ASSERT_EQ(0, send_fds(&self->a, &self->b, &pipes[1], 1, -1));
	close(pipes[1]);
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_DROP, &recv));
	pfd = (struct pollfd){ .fd = pipes[0], .events = POLLIN };
	EXPECT_EQ(1, poll_patiently(&pfd));
	EXPECT_EQ(POLLHUP, pfd.revents);
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 2));
	ASSERT_EQ(0, msg_recv(&self->b, 0, &recv));
	EXPECT_EQ(0ULL, recv.msg.offset);
}

/* abi: 12/peeked-then-dropped */
TEST_F(recv, message_that_was_peeked_and_dropped_can_still_be_read)
{
	struct kdbus_cmd_recv peek, recv;

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_PEEK, &peek));
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_DROP, &recv));
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 2));
	ASSERT_EQ(0, msg_recv(&self->b, 0, &recv));
	EXPECT_NE(peek.msg.offset, recv.msg.offset);
	EXPECT_EQ(1, ((const struct kdbus_msg *)(self->b.pool + peek.msg.offset))->cookie);
	EXPECT_EQ(0, conn_free(&self->b, peek.msg.offset));
}

/* abi: 12/drop-and-priority */
TEST_F(recv, drop_by_priority_is_einval)
{
	struct kdbus_cmd_recv recv;

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	EXPECT_EQ(-EINVAL, msg_recv(&self->b, KDBUS_RECV_DROP | KDBUS_RECV_USE_PRIORITY, &recv));
	EXPECT_EQ(-EINVAL, msg_recv(&self->b, 0x7, &recv));
	EXPECT_EQ(1, recv_cookie(&self->b));
	/* before the queue is looked at */
	EXPECT_EQ(-EINVAL, msg_recv(&self->b, KDBUS_RECV_DROP | KDBUS_RECV_USE_PRIORITY, &recv));
}

/* abi: 12/other-errors */
TEST_F(recv, other_errors_leave_the_answer_alone)
{
	struct kdbus_cmd_recv recv = {
		.size = sizeof(recv),
		.flags = KDBUS_RECV_DROP | KDBUS_RECV_USE_PRIORITY,
		.dropped_msgs = 7,
		.msg = { 1, 2, 3 },
	};

	EXPECT_EQ(-EINVAL, command(self->b.fd, KDBUS_CMD_RECV, &recv));
	EXPECT_EQ(7ULL, recv.dropped_msgs);
	EXPECT_EQ(1ULL, recv.msg.offset);
	EXPECT_EQ(2ULL, recv.msg.msg_size);
	EXPECT_EQ(3ULL, recv.msg.return_flags);
}

/* abi: 12/fd-order, 12/cloexec */
TEST_F(recv, descriptors_get_the_lowest_numbers_fds_first)
{
	int memfds[2], fds[3], i, expected[5];
	const struct kdbus_item *item;
	const struct kdbus_msg *msg;
	struct args args;

	for (i = 0; i < 3; i++) {
		fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		ASSERT_LE(0, fds[i]);
	}
	for (i = 0; i < 2; i++) {
		memfds[i] = memfd_new("12345678", 8, SEALS_ALL);
		ASSERT_LE(0, memfds[i]);
	}
	/* memfds stand before and behind the descriptors */
	args_msg(&args, self->b.id, 1);
	args_memfd(&args, memfds[0], 0, 8);
	args_fds(&args, fds, 3);
	args_memfd(&args, memfds[1], 0, 8);
	ASSERT_EQ(0, msg_send(&self->a, &args));
	for (i = 0; i < 5; i++) {
		expected[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		ASSERT_LE(0, expected[i]);
	}
	for (i = 0; i < 5; i++)
		close(expected[i]);
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	item = msg_item(msg, KDBUS_ITEM_FDS);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(expected[i], item->fds[i]);
		EXPECT_TRUE(fd_same_file(fds[i], item->fds[i]));
		EXPECT_EQ(FD_CLOEXEC, fcntl(item->fds[i], F_GETFD));
	}
	for (i = 0; i < 2; i++) {
		item = msg_item_nth(msg, KDBUS_ITEM_PAYLOAD_MEMFD, i);
		EXPECT_EQ(expected[3 + i], item->memfd.fd);
		EXPECT_TRUE(fd_same_file(memfds[i], item->memfd.fd));
		EXPECT_EQ(FD_CLOEXEC, fcntl(item->memfd.fd, F_GETFD));
	}
}

/* abi: 12/incomplete, 5.3/recv-return */
TEST_F(recv, descriptor_that_finds_no_number_reads_minus_1)
{
	int memfd = memfd_new("12345678", 8, SEALS_ALL), fds[3], i, first, second;
	const struct kdbus_item *item;
	const struct kdbus_msg *msg;
	struct kdbus_cmd_recv recv;

	ASSERT_LE(0, memfd);
	for (i = 0; i < 3; i++) {
		fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		ASSERT_LE(0, fds[i]);
	}
	ASSERT_EQ(0, send_fds(&self->a, &self->b, fds, 3, memfd));
	/* room for two */
	first = open("/dev/null", O_RDONLY | O_CLOEXEC);
	second = fd_lowest_free();
	close(first);
	ASSERT_EQ(0, fd_limit(second + 1));
	ASSERT_EQ(0, msg_recv(&self->b, 0, &recv));
	ASSERT_EQ(0, fd_limit(1024));
	EXPECT_EQ(KDBUS_RECV_RETURN_INCOMPLETE_FDS, recv.msg.return_flags);
	EXPECT_EQ(0ULL, recv.return_flags);
	msg = (const void *)(self->b.pool + recv.msg.offset);
	item = msg_item(msg, KDBUS_ITEM_FDS);
	EXPECT_TRUE(fd_same_file(fds[0], item->fds[0]));
	EXPECT_TRUE(fd_same_file(fds[1], item->fds[1]));
	EXPECT_EQ(-1, item->fds[2]);
	EXPECT_EQ(-1, msg_item(msg, KDBUS_ITEM_PAYLOAD_MEMFD)->memfd.fd);
	/* delivered nevertheless */
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 12/fds-without-accept */
TEST_F(recv, monitor_that_takes_no_descriptors_reads_minus_1)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), memfd;
	const struct kdbus_msg *msg;
	struct kdbus_cmd_recv recv;
	struct conn monitor;

	memfd = memfd_new("12345678", 8, SEALS_ALL);
	ASSERT_LE(0, null);
	ASSERT_LE(0, memfd);
	ASSERT_EQ(0, conn_new_flags(&monitor, &self->bus, KDBUS_HELLO_MONITOR));
	ASSERT_EQ(0, send_fds(&self->a, &self->b, &null, 1, memfd));
	ASSERT_EQ(0, msg_recv(&monitor, 0, &recv));
	EXPECT_EQ(0ULL, recv.msg.return_flags);
	msg = (const void *)(monitor.pool + recv.msg.offset);
	EXPECT_EQ(-1, msg_item(msg, KDBUS_ITEM_FDS)->fds[0]);
	EXPECT_TRUE(fd_same_file(memfd, msg_item(msg, KDBUS_ITEM_PAYLOAD_MEMFD)->memfd.fd));
	conn_close(&monitor);
}

/* abi: 12/current-fd-table, 2.4/shared-role */
TEST_F(recv, descriptors_are_installed_in_the_process_that_receives)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), next = fd_lowest_free();
	pid_t child;

	ASSERT_LE(0, null);
	ASSERT_EQ(0, send_fds(&self->a, &self->b, &null, 1, -1));
	child = child_fork();
	ASSERT_LE(0, child);
	if (child == 0) {
		const struct kdbus_msg *msg = msg_next(&self->b);

		if (!msg)
			child_exit(-errno);
		child_exit(fd_same_file(null, msg_item(msg, KDBUS_ITEM_FDS)->fds[0]) ? 0 : -EBADF);
	}
	EXPECT_EQ(0, child_result(child));
	EXPECT_EQ(next, fd_lowest_free());
}

/* abi: 12/written, 6.2/6 */
TEST_F(recv, answer_that_cannot_be_written_is_efault)
{
	struct args *args = mmap(NULL, sizeof(*args), PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, args);
	args_recv(args);
	ASSERT_EQ(0, mprotect(args, sizeof(*args), PROT_READ));
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	EXPECT_EQ(-EFAULT, command(self->b.fd, KDBUS_CMD_RECV, args));
}

/* abi: 12/lost, 5.3/recv-return, 2.5/lost */
TEST_F(recv, lost_broadcasts_are_counted_told_once_and_poll_readable)
{
	struct kdbus_cmd_recv recv;
	int i;

	ASSERT_EQ(0, match_all(&self->b, 1));
	for (i = 0; i < 256 + 5; i++) {
		ASSERT_EQ(0, send_broadcast(&self->a, i));
	}
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_DROP, &recv));
	EXPECT_EQ(KDBUS_RECV_RETURN_DROPPED_MSGS, recv.return_flags);
	EXPECT_EQ(5ULL, recv.dropped_msgs);
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_DROP, &recv));
	EXPECT_EQ(0ULL, recv.return_flags);
	EXPECT_EQ(0ULL, recv.dropped_msgs);
}

/* abi: 12/lost, 2.5/lost */
TEST_F(recv, lost_broadcasts_are_told_with_eagain_too)
{
	struct kdbus_cmd_recv recv;
	char bytes[1024] = "";
	struct conn tiny;
	struct args msg;

	/* a page, so that a share is 682 bytes, and no broadcast of 1 KiB fits */
	ASSERT_EQ(0, conn_new_pool(&tiny, &self->bus, 4096));
	ASSERT_EQ(0, match_all(&tiny, 1));
	EXPECT_EQ(POLLOUT | POLLWRNORM, conn_poll(&tiny, 0));
	args_signal(&msg, KDBUS_DST_ID_BROADCAST, 1);
	args_vec(&msg, bytes, sizeof(bytes));
	ASSERT_EQ(0, msg_send(&self->a, &msg));
	EXPECT_EQ(POLLOUT | POLLWRNORM | POLLIN | POLLRDNORM, conn_poll(&tiny, 0));
	EXPECT_EQ(-EAGAIN, msg_recv(&tiny, 0, &recv));
	EXPECT_EQ(KDBUS_RECV_RETURN_DROPPED_MSGS, recv.return_flags);
	EXPECT_EQ(1ULL, recv.dropped_msgs);
	EXPECT_EQ(tiny.pool_size, recv.msg.offset);
	EXPECT_EQ(POLLOUT | POLLWRNORM, conn_poll(&tiny, 0));
	EXPECT_EQ(-EAGAIN, msg_recv(&tiny, 0, &recv));
	EXPECT_EQ(0ULL, recv.dropped_msgs);
	conn_close(&tiny);
}

TEST_HARNESS_MAIN
