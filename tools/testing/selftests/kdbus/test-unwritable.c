// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Results that cannot be written: the first half of the argument can, so that the command gets as far
 * as its answer, and the rest cannot.  The world has to be as before.
 */
#include <sys/mman.h>

#include "common.h"
#include "kselftest_harness.h"

FIXTURE_BUS(unwritable)

/* A copy of @size bytes at @from whose first @writable bytes can be written, or NULL. */
static void *half_writable(const void *from, size_t size, size_t writable)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	if (pages == MAP_FAILED)
		return NULL;
	memcpy(pages + page - writable, from, size);
	if (mprotect(pages + page, page, PROT_READ))
		return NULL;
	return pages + page - writable;
}

static int recv_half(struct conn *conn, __u64 flags)
{
	struct kdbus_cmd_recv recv = { .size = sizeof(recv), .flags = flags };
	void *half = half_writable(&recv, sizeof(recv), 24);

	return half ? command(conn->fd, KDBUS_CMD_RECV, half) : -ENOMEM;
}

/* abi: 6.2/6, design/6.6 */
TEST_F(unwritable, received_message_goes_back_to_its_place)
{
	struct kdbus_cmd_recv recv;
	unsigned int i;

	for (i = 1; i <= 3; i++)
		ASSERT_EQ(0, send_plain(&self->a, self->b.id, i));
	EXPECT_EQ(-EFAULT, recv_half(&self->b, 0));
	EXPECT_EQ(-EFAULT, recv_half(&self->b, KDBUS_RECV_USE_PRIORITY));
	for (i = 1; i <= 3; i++) {
		const struct kdbus_msg *msg = msg_next(&self->b);

		ASSERT_NE(NULL, msg);
		EXPECT_EQ(i, msg->cookie);
		EXPECT_EQ(0, msg_done(&self->b, msg));
	}
	EXPECT_EQ(-EAGAIN, msg_recv(&self->b, 0, &recv));
}

/* abi: 6.2/6, design/6.6 */
TEST_F(unwritable, descriptors_are_taken_back_and_come_with_the_next_receive)
{
	const struct kdbus_msg *msg;
	int fds[2], lowest, memfd;
	struct args args;

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	memfd = memfd_new("12345678", 8, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	ASSERT_LE(0, memfd);
	args_msg(&args, self->b.id, 7);
	args_memfd(&args, memfd, 0, 8);
	args_fds(&args, fds, 2);
	ASSERT_EQ(0, msg_send(&self->a, &args));
	lowest = fd_lowest_free();
	EXPECT_EQ(-EFAULT, recv_half(&self->b, 0));
	EXPECT_EQ(lowest, fd_lowest_free());
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(lowest, msg_item(msg, KDBUS_ITEM_FDS)->fds[0]);
	EXPECT_TRUE(fd_same_file(fds[0], lowest));
	EXPECT_EQ(0, msg_done(&self->b, msg));
}

/* abi: 6.2/6, design/6.6 */
TEST_F(unwritable, peeked_message_is_not_published)
{
	struct kdbus_cmd_recv recv;

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	EXPECT_EQ(-EFAULT, recv_half(&self->b, KDBUS_RECV_PEEK));
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_PEEK, &recv));
	EXPECT_EQ(0, conn_free(&self->b, recv.msg.offset));
	/* one that was published before stays so */
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_PEEK, &recv));
	EXPECT_EQ(-EFAULT, recv_half(&self->b, KDBUS_RECV_PEEK));
	EXPECT_EQ(0, conn_free(&self->b, recv.msg.offset));
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_DROP, &recv));
}

/* abi: 6.2/6, design/6.6 */
TEST_F(unwritable, dropped_message_stays_and_its_caller_still_waits)
{
	const struct kdbus_msg *msg;
	struct kdbus_cmd_recv recv;

	ASSERT_EQ(0, send_call(&self->a, self->b.id, 5));
	EXPECT_EQ(-EFAULT, recv_half(&self->b, KDBUS_RECV_DROP));
	EXPECT_EQ(-EAGAIN, msg_recv(&self->a, 0, &recv));
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(5, msg->cookie);
	EXPECT_EQ(0, msg_done(&self->b, msg));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 6, 5));
}

/* abi: design/6.6 */
TEST_F(unwritable, count_of_lost_messages_is_not_lost_with_the_answer)
{
	struct kdbus_cmd_recv recv;
	struct conn small;
	unsigned int i;

	ASSERT_EQ(0, conn_new_pool(&small, &self->bus, sysconf(_SC_PAGESIZE)));
	ASSERT_EQ(0, match_all(&small, 1));
	for (i = 0; i < 40; i++)
		ASSERT_EQ(0, send_broadcast(&self->a, i + 1));
	EXPECT_EQ(-EFAULT, recv_half(&small, 0));
	ASSERT_EQ(0, msg_recv(&small, 0, &recv));
	EXPECT_NE(0, recv.dropped_msgs);
	EXPECT_EQ(KDBUS_RECV_RETURN_DROPPED_MSGS, recv.return_flags);
	conn_close(&small);
}

/* abi: 6.2/6 */
TEST_F(unwritable, message_is_not_sent_when_the_answer_cannot_be_stored)
{
	struct kdbus_cmd_exchange exchange = { .size = sizeof(exchange) };
	struct kdbus_cmd_send send = { .size = sizeof(send) };
	struct args msg;
	size_t last;
	void *half;

	args_msg(&msg, self->b.id, 1);
	send.msg_address = exchange.msg_address = (uintptr_t)&msg;
	for (last = 24; last < sizeof(send); last += 8) {
		half = half_writable(&send, sizeof(send), last);
		ASSERT_NE(NULL, half);
		EXPECT_EQ(-EFAULT, command(self->a.fd, KDBUS_CMD_SEND, half));
	}
	for (last = 24; last < sizeof(exchange); last += 8) {
		half = half_writable(&exchange, sizeof(exchange), last);
		ASSERT_NE(NULL, half);
		EXPECT_EQ(-EFAULT, command(self->a.fd, KDBUS_CMD_EXCHANGE, half));
	}
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 6.2/6, design/6.6 */
TEST_F(unwritable, query_leaves_nothing_in_the_pool)
{
	struct kdbus_cmd_list list = { .size = sizeof(list), .flags = KDBUS_LIST_UNIQUE };
	struct kdbus_cmd_info info = { .size = sizeof(info), .id = self->a.id };
	void *half_list, *half_info;
	struct conn small;
	int i;

	ASSERT_EQ(0, conn_new_pool(&small, &self->bus, sysconf(_SC_PAGESIZE)));
	half_list = half_writable(&list, sizeof(list), 24);
	ASSERT_NE(NULL, half_list);
	half_info = half_writable(&info, sizeof(info), 40);
	ASSERT_NE(NULL, half_info);
	/* many more than the pool has room for */
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(-EFAULT, command(small.fd, KDBUS_CMD_LIST, half_list));
		ASSERT_EQ(-EFAULT, command(small.fd, KDBUS_CMD_CONN_INFO, half_info));
	}
	EXPECT_EQ(0, command(small.fd, KDBUS_CMD_LIST, &list));
	conn_close(&small);
}

TEST_HARNESS_MAIN
