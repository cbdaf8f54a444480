// SPDX-License-Identifier: LGPL-2.1-or-later
/* Synchronous calls: how they end. */
#include <signal.h>
#include "common.h"
#include "kselftest_harness.h"

FIXTURE(sync) {
	struct bus bus;
	struct conn a;		/* calls */
	struct conn b;		/* answers */
	struct sync_call call;	/* cookie 1, to b */
};

FIXTURE_SETUP(sync)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new(&self->a, &self->bus));
	ASSERT_EQ(0, conn_new(&self->b, &self->bus));
	sync_call_init(&self->call, &self->a, self->b.id, 1);
}

FIXTURE_TEARDOWN(sync)
{
	conn_close(&self->b);
	conn_close(&self->a);
	bus_close(&self->bus);
}

/* Start the call, and wait until it is in the other's queue and its thread sleeps. */
static int start_and_block(struct sync_call *call, struct conn *replier)
{
	int ret = sync_call_start(call);

	if (ret == 0)
		ret = conn_wait(replier);
	return ret ? ret : task_wait_sleeping(call->tid);
}

/* abi: 11.6/success, 13.4/sync, 2.5/sync */
TEST_F(sync, call_returns_with_the_reply)
{
	const struct kdbus_msg *msg;
	struct args reply;

	ASSERT_EQ(0, start_and_block(&self->call, &self->b));
	EXPECT_EQ(1, recv_cookie(&self->b));
	args_reply(&reply, self->a.id, 2, 1);
	args_vec(&reply, "answer", 7);
	EXPECT_EQ(0, msg_send(&self->b, &reply));
	EXPECT_EQ(0, sync_call_join(&self->call));

	EXPECT_EQ(104ULL, self->call.cmd.send.reply.msg_size);
	EXPECT_EQ(0ULL, self->call.cmd.send.reply.return_flags);
	msg = sync_call_reply(&self->call);
	EXPECT_EQ(2ULL, msg->cookie);
	EXPECT_EQ(1ULL, msg->cookie_reply);
	EXPECT_EQ(self->b.id, msg->src_id);
	EXPECT_STREQ("answer", (const char *)msg + A8(msg->size));
	/* never in the queue */
	EXPECT_EQ(POLLOUT | POLLWRNORM, conn_poll(&self->a, 0));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	EXPECT_EQ(0, conn_free(&self->a, self->call.cmd.send.reply.offset));
	EXPECT_EQ(-ENXIO, conn_free(&self->a, self->call.cmd.send.reply.offset));
}

/* abi: 11.6/bye-not-blocked */
TEST_F(sync, reply_that_is_not_freed_does_not_hold_bye)
{
	ASSERT_EQ(0, start_and_block(&self->call, &self->b));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 2, 1));
	EXPECT_EQ(0, sync_call_join(&self->call));
	EXPECT_EQ(0, conn_bye(&self->a));
}

/* abi: 11.6/queue-untouched */
TEST_F(sync, call_leaves_other_messages_queued)
{
	ASSERT_EQ(0, start_and_block(&self->call, &self->b));
	EXPECT_EQ(0, send_plain(&self->b, self->a.id, 50));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 2, 1));
	EXPECT_EQ(0, send_plain(&self->b, self->a.id, 51));
	EXPECT_EQ(0, sync_call_join(&self->call));
	EXPECT_EQ(50, recv_cookie(&self->a));
	EXPECT_EQ(51, recv_cookie(&self->a));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
}

/* abi: 11.6/2 */
TEST_F(sync, deadline_that_passed_is_etimedout_before_the_lookup)
{
	struct args msg;

	args_call(&msg, 12345678, 1);
	msg.msg.timeout_ns = 1;
	EXPECT_EQ(-ETIMEDOUT, msg_send_flags(&self->a, &msg, KDBUS_SEND_SYNC_REPLY, NULL));
	msg.msg.timeout_ns = now_ns();
	EXPECT_EQ(-ETIMEDOUT, msg_send_flags(&self->a, &msg, KDBUS_SEND_SYNC_REPLY, NULL));
	msg.msg.timeout_ns = deadline_ms(PATIENCE_MS);
	EXPECT_EQ(-ENXIO, msg_send_flags(&self->a, &msg, KDBUS_SEND_SYNC_REPLY, NULL));
}

/* abi: 11.6/2 */
TEST_F(sync, deadline_with_bit_63_is_in_the_past)
{
	struct args msg;

	args_call(&msg, self->b.id, 1);
	msg.msg.timeout_ns = 1ULL << 63;
	EXPECT_EQ(-ETIMEDOUT, msg_send_flags(&self->a, &msg, KDBUS_SEND_SYNC_REPLY, NULL));
	msg.msg.timeout_ns = ~0ULL;
	EXPECT_EQ(-ETIMEDOUT, msg_send_flags(&self->a, &msg, KDBUS_SEND_SYNC_REPLY, NULL));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 11.6/4-far-deadline */
TEST_F(sync, deadline_in_the_far_future_is_taken)
{
	self->call.msg.msg.timeout_ns = (1ULL << 63) - 1;
	ASSERT_EQ(0, start_and_block(&self->call, &self->b));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 2, 1));
	EXPECT_EQ(0, sync_call_join(&self->call));
}

/* abi: 11.6/4-deadline, 11.5/timeout */
TEST_F(sync, deadline_that_passes_is_etimedout)
{
	self->call.msg.msg.timeout_ns = deadline_ms(1000);
	ASSERT_EQ(0, sync_call_start(&self->call));
	EXPECT_EQ(-ETIMEDOUT, sync_call_join(&self->call));
	EXPECT_LE(self->call.msg.msg.timeout_ns, now_ns());
	/* no notification on top, and too late to answer */
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	EXPECT_EQ(-EBADSLT, send_reply(&self->b, self->a.id, 2, 1));
	EXPECT_EQ(1, recv_cookie(&self->b));
}

/* abi: 11.6/3 */
TEST_F(sync, call_to_nobody_fails_like_any_message)
{
	struct args msg;

	EXPECT_EQ(-ENXIO, send_sync(&self->a, 12345678, 1));
	args_msg_name(&msg, "com.example", 1);
	msg.msg.flags = KDBUS_MSG_EXPECT_REPLY;
	msg.msg.timeout_ns = deadline_ms(PATIENCE_MS);
	EXPECT_EQ(-ESRCH, msg_send_flags(&self->a, &msg, KDBUS_SEND_SYNC_REPLY, NULL));
}

/* abi: 11.6/3 */
TEST_F(sync, call_whose_payload_cannot_be_read_fails)
{
	void *hole = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct args msg;

	ASSERT_NE(MAP_FAILED, hole);
	args_call(&msg, self->b.id, 1);
	args_vec(&msg, hole, 8);
	EXPECT_EQ(-EFAULT, msg_send_flags(&self->a, &msg, KDBUS_SEND_SYNC_REPLY, NULL));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 11.6/4-cancel */
TEST_F(sync, cancel_fd_that_is_readable_already_is_ecanceled)
{
	int pipes[2];

	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	ASSERT_EQ(1, write(pipes[1], "x", 1));
	args_cancel_fd(&self->call.cmd, pipes[0]);
	ASSERT_EQ(0, sync_call_start(&self->call));
	EXPECT_EQ(-ECANCELED, sync_call_join(&self->call));
	/* it has been sent nevertheless */
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(-EBADSLT, send_reply(&self->b, self->a.id, 2, 1));
}

/* abi: 11.6/4-cancel */
TEST_F(sync, cancel_fd_that_becomes_readable_is_ecanceled)
{
	int pipes[2];

	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	args_cancel_fd(&self->call.cmd, pipes[0]);
	ASSERT_EQ(0, start_and_block(&self->call, &self->b));
	ASSERT_EQ(1, write(pipes[1], "x", 1));
	EXPECT_EQ(-ECANCELED, sync_call_join(&self->call));
	EXPECT_EQ(-EBADSLT, send_reply(&self->b, self->a.id, 2, 1));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
}

/* abi: 11.6/4-cancel */
TEST_F(sync, cancel_fd_may_be_a_kdbus_connection)
{
	struct conn other;

	ASSERT_EQ(0, conn_new(&other, &self->bus));
	args_cancel_fd(&self->call.cmd, other.fd);
	ASSERT_EQ(0, start_and_block(&self->call, &self->b));
	ASSERT_EQ(0, send_plain(&self->b, other.id, 9));
	EXPECT_EQ(-ECANCELED, sync_call_join(&self->call));
	conn_close(&other);
}

/* abi: 11.6/4-cancel */
TEST_F(sync, reply_comes_although_there_is_a_cancel_fd)
{
	int pipes[2];

	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	args_cancel_fd(&self->call.cmd, pipes[0]);
	ASSERT_EQ(0, start_and_block(&self->call, &self->b));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 2, 1));
	EXPECT_EQ(0, sync_call_join(&self->call));
}

/* abi: 11.6/4-disconnected, 10.2/while-blocked, 19.5/1-sync */
TEST_F(sync, bye_of_the_caller_is_econnreset)
{
	ASSERT_EQ(0, start_and_block(&self->call, &self->b));
	EXPECT_EQ(0, conn_bye(&self->a));
	EXPECT_EQ(-ECONNRESET, sync_call_join(&self->call));
	EXPECT_EQ(-ENXIO, send_reply(&self->b, self->a.id, 2, 1));
}

/* abi: 11.6/4-disconnected, 19.5/1-sync */
TEST_F(sync, end_of_the_bus_is_econnreset)
{
	ASSERT_EQ(0, start_and_block(&self->call, &self->b));
	bus_close(&self->bus);
	EXPECT_EQ(-ECONNRESET, sync_call_join(&self->call));
}

/* abi: 11.5/replier-gone, 19.5/6 */
TEST_F(sync, close_of_the_replier_is_epipe)
{
	ASSERT_EQ(0, start_and_block(&self->call, &self->b));
	conn_close(&self->b);
	EXPECT_EQ(-EPIPE, sync_call_join(&self->call));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
}

/* abi: 11.5/replier-gone */
TEST_F(sync, bye_of_the_replier_is_epipe)
{
	ASSERT_EQ(0, start_and_block(&self->call, &self->b));
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(0, conn_bye(&self->b));
	EXPECT_EQ(-EPIPE, sync_call_join(&self->call));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
}

/* abi: 11.5/dropped, 12/DROP */
TEST_F(sync, call_that_is_dropped_is_epipe)
{
	struct kdbus_cmd_recv recv;

	ASSERT_EQ(0, start_and_block(&self->call, &self->b));
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_DROP, &recv));
	EXPECT_EQ(-EPIPE, sync_call_join(&self->call));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	EXPECT_EQ(-EBADSLT, send_reply(&self->b, self->a.id, 2, 1));
}

/* abi: 11.6/no-accept-fd */
TEST_F(sync, reply_with_descriptors_to_one_that_takes_none_is_eremoteio)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct args reply;
	struct conn deaf;

	ASSERT_LE(0, null);
	ASSERT_EQ(0, conn_new_flags(&deaf, &self->bus, 0));
	sync_call_init(&self->call, &deaf, self->b.id, 1);
	ASSERT_EQ(0, start_and_block(&self->call, &self->b));
	args_reply(&reply, deaf.id, 2, 1);
	args_fds(&reply, &null, 1);
	EXPECT_EQ(-ECOMM, msg_send(&self->b, &reply));
	EXPECT_EQ(-EREMOTEIO, sync_call_join(&self->call));
	conn_close(&deaf);
}

/* abi: 11.6/any-other-error */
TEST_F(sync, reply_beyond_the_quota_is_enobufs_for_both)
{
	struct args reply;

	ASSERT_EQ(0, start_and_block(&self->call, &self->b));
	/* fill the share of this user in the caller's pool */
	ASSERT_EQ(0, send_bytes(&self->b, self->a.id, 9, 2 << 20));
	ASSERT_EQ(0, send_bytes(&self->b, self->a.id, 9, 512 << 10));
	args_reply(&reply, self->a.id, 2, 1);
	args_vec(&reply, self->b.pool, 256 << 10);
	EXPECT_EQ(-ENOBUFS, msg_send(&self->b, &reply));
	EXPECT_EQ(-ENOBUFS, sync_call_join(&self->call));
}

/* abi: 11.6/any-other-error */
TEST_F(sync, reply_that_cannot_be_read_is_efault_for_both)
{
	void *hole = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct args reply;

	ASSERT_NE(MAP_FAILED, hole);
	ASSERT_EQ(0, start_and_block(&self->call, &self->b));
	args_reply(&reply, self->a.id, 2, 1);
	args_vec(&reply, hole, 8);
	EXPECT_EQ(-EFAULT, msg_send(&self->b, &reply));
	EXPECT_EQ(-EFAULT, sync_call_join(&self->call));
}

/* abi: 11.6/fds-installed */
TEST_F(sync, descriptors_of_the_reply_are_installed_in_the_caller)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int memfd = memfd_new("12345678", 8, SEALS_ALL);
	const struct kdbus_item *item;
	struct args reply;

	ASSERT_LE(0, null);
	ASSERT_LE(0, memfd);
	ASSERT_EQ(0, start_and_block(&self->call, &self->b));
	args_reply(&reply, self->a.id, 2, 1);
	args_memfd(&reply, memfd, 0, 8);
	args_fds(&reply, &null, 1);
	ASSERT_EQ(0, msg_send(&self->b, &reply));
	ASSERT_EQ(0, sync_call_join(&self->call));
	item = msg_item(sync_call_reply(&self->call), KDBUS_ITEM_FDS);
	ASSERT_NE(NULL, item);
	EXPECT_TRUE(fd_same_file(null, item->fds[0]));
	EXPECT_EQ(FD_CLOEXEC, fcntl(item->fds[0], F_GETFD));
	item = msg_item(sync_call_reply(&self->call), KDBUS_ITEM_PAYLOAD_MEMFD);
	ASSERT_NE(NULL, item);
	EXPECT_NE(memfd, item->memfd.fd);
	EXPECT_TRUE(fd_same_file(memfd, item->memfd.fd));
}

/* abi: 11.6/incomplete-fds */
TEST_F(sync, descriptor_that_finds_no_number_is_incomplete)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct args reply;
	int next = fd_lowest_free();

	ASSERT_LE(0, null);
	ASSERT_EQ(0, start_and_block(&self->call, &self->b));
	args_reply(&reply, self->a.id, 2, 1);
	args_fds(&reply, &null, 1);
	ASSERT_EQ(0, fd_limit(next));
	EXPECT_EQ(0, msg_send(&self->b, &reply));
	EXPECT_EQ(0, sync_call_join(&self->call));
	ASSERT_EQ(0, fd_limit(1024));
	EXPECT_EQ(KDBUS_RECV_RETURN_INCOMPLETE_FDS, self->call.cmd.send.reply.return_flags);
	EXPECT_EQ(-1, msg_item(sync_call_reply(&self->call), KDBUS_ITEM_FDS)->fds[0]);
}

/* abi: 11.6/self */
TEST_F(sync, connection_may_call_itself_from_another_thread)
{
	sync_call_init(&self->call, &self->a, self->a.id, 1);
	ASSERT_EQ(0, start_and_block(&self->call, &self->a));
	EXPECT_EQ(1, recv_cookie(&self->a));
	EXPECT_EQ(0, send_reply(&self->a, self->a.id, 2, 1));
	EXPECT_EQ(0, sync_call_join(&self->call));
}

/* abi: 11.6/several, 2.4/concurrent */
TEST_F(sync, several_threads_may_call_on_one_connection)
{
	struct sync_call calls[8];
	int i;

	for (i = 0; i < 8; i++) {
		sync_call_init(&calls[i], &self->a, self->b.id, i + 1);
		ASSERT_EQ(0, sync_call_start(&calls[i]));
	}
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, conn_wait(&self->b));
		ASSERT_LT(0, recv_cookie(&self->b));
	}
	/* answered from the last to the first */
	for (i = 7; i >= 0; i--) {
		ASSERT_EQ(0, send_reply(&self->b, self->a.id, 100 + i, i + 1));
	}
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, sync_call_join(&calls[i]));
		EXPECT_EQ(100 + i, sync_call_reply(&calls[i])->cookie);
	}
}

/* abi: 11.2/cookie, 11.6/several, 11.5/newest-first */
TEST_F(sync, calls_with_the_same_cookie_at_the_same_time_are_both_sent)
{
	struct sync_call second;

	ASSERT_EQ(0, start_and_block(&self->call, &self->b));
	EXPECT_EQ(1, recv_cookie(&self->b));
	sync_call_init(&second, &self->a, self->b.id, 1);
	ASSERT_EQ(0, start_and_block(&second, &self->b));
	EXPECT_EQ(1, recv_cookie(&self->b));
	/* the newest is answered first */
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 10, 1));
	EXPECT_EQ(0, sync_call_join(&second));
	EXPECT_EQ(10, sync_call_reply(&second)->cookie);
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 11, 1));
	EXPECT_EQ(0, sync_call_join(&self->call));
	EXPECT_EQ(11, sync_call_reply(&self->call)->cookie);
}

/* abi: 13.5/sync-returned */
TEST_F(sync, charge_of_the_reply_is_returned_when_the_call_is_over)
{
	int i;

	for (i = 1; i <= 300; i++) {
		sync_call_init(&self->call, &self->a, self->b.id, i);
		ASSERT_EQ(0, sync_call_start(&self->call));
		ASSERT_EQ(0, conn_wait(&self->b));
		ASSERT_EQ(i, recv_cookie(&self->b));
		ASSERT_EQ(0, send_reply(&self->b, self->a.id, i, i));
		ASSERT_EQ(0, sync_call_join(&self->call));
		ASSERT_EQ(0, conn_free(&self->a, self->call.cmd.send.reply.offset));
	}
}

/* abi: 11.6/activator */
TEST_F(sync, call_to_an_activator_waits_for_the_one_that_takes_over)
{
	struct conn activator;

	ASSERT_EQ(0, conn_new_named(&activator, &self->bus, KDBUS_HELLO_ACTIVATOR,
				    "com.example.Service"));
	sync_call_init(&self->call, &self->a, KDBUS_DST_ID_NAME, 1);
	args_str(&self->call.msg, KDBUS_ITEM_DST_NAME, "com.example.Service");
	ASSERT_EQ(0, start_and_block(&self->call, &activator));
	ASSERT_EQ(0, name_acquire(&self->b, "com.example.Service", 0, NULL));
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 2, 1));
	EXPECT_EQ(0, sync_call_join(&self->call));
	conn_close(&activator);
}

TEST_HARNESS_MAIN
