// SPDX-License-Identifier: LGPL-2.1-or-later
/* Monitors: see everything, are seen by nobody. */
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.monitor"

FIXTURE(monitor) {
	struct bus bus;
	struct conn monitor;
	struct conn a;
	struct conn b;
};

FIXTURE_SETUP(monitor)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new(&self->a, &self->bus));
	ASSERT_EQ(0, conn_new(&self->b, &self->bus));
	ASSERT_EQ(0, conn_new_flags(&self->monitor, &self->bus, KDBUS_HELLO_MONITOR));
}

FIXTURE_TEARDOWN(monitor)
{
	conn_close(&self->b);
	conn_close(&self->a);
	conn_close(&self->monitor);
	bus_close(&self->bus);
}

static void *answer_one(void *data)
{
	struct conn *conn = data;
	const struct kdbus_msg *msg;
	__s64 ret = conn_wait(conn);

	if (ret == 0) {
		msg = msg_next(conn);
		ret = msg ? send_reply(conn, msg->src_id, 32, msg->cookie) : -errno;
	}
	return (void *)(intptr_t)ret;
}

/* abi: 19.1/calls, 19.1/replies */
TEST_F(monitor, sees_calls_and_replies)
{
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 11));
	EXPECT_EQ(11, recv_cookie(&self->monitor));
	EXPECT_EQ(0, send_call(&self->a, self->b.id, 12));
	EXPECT_EQ(12, recv_cookie(&self->monitor));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 13, 12));
	EXPECT_EQ(13, recv_cookie(&self->monitor));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->monitor));
}

/* abi: 19.1/sync-replies */
TEST_F(monitor, sees_synchronous_calls_and_their_replies)
{
	pthread_t thread;
	void *answered;

	ASSERT_EQ(0, pthread_create(&thread, NULL, answer_one, &self->b));
	EXPECT_EQ(0, send_sync(&self->a, self->b.id, 31));
	ASSERT_EQ(0, pthread_join(thread, &answered));
	EXPECT_EQ(NULL, answered);
	EXPECT_EQ(31, recv_cookie(&self->monitor));
	EXPECT_EQ(32, recv_cookie(&self->monitor));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->monitor));
}

/* abi: 19.1/signals */
TEST_F(monitor, sees_signals_that_nobody_else_gets)
{
	EXPECT_EQ(0, send_broadcast(&self->a, 21));
	EXPECT_EQ(0, send_signal(&self->a, self->b.id, 22));
	EXPECT_EQ(21, recv_cookie(&self->monitor));
	EXPECT_EQ(22, recv_cookie(&self->monitor));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 19.1/notifications */
TEST_F(monitor, sees_all_notifications_without_a_match)
{
	struct kdbus_cmd_recv recv;
	struct conn c;

	ASSERT_EQ(0, conn_new(&c, &self->bus));
	EXPECT_EQ(0, expect_id(&self->monitor, KDBUS_ITEM_ID_ADD, c.id, KDBUS_HELLO_ACCEPT_FD));
	EXPECT_EQ(0, name_acquire(&c, NAME, 0, NULL));
	EXPECT_EQ(0, expect_name(&self->monitor, KDBUS_ITEM_NAME_ADD, NAME, 0, 0, c.id, OWNED));
	EXPECT_EQ(0, send_call(&self->a, c.id, 11));
	EXPECT_EQ(11, recv_cookie(&self->monitor));
	EXPECT_EQ(0, msg_recv(&c, KDBUS_RECV_DROP, &recv));
	EXPECT_EQ(0, expect_reply_event(&self->monitor, KDBUS_ITEM_REPLY_DEAD, 11));
	EXPECT_EQ(0, expect_reply_event(&self->a, KDBUS_ITEM_REPLY_DEAD, 11));
	conn_close(&c);
	EXPECT_EQ(0, expect_name(&self->monitor, KDBUS_ITEM_NAME_REMOVE, NAME, c.id, OWNED, 0, 0));
	EXPECT_EQ(0, expect_id(&self->monitor, KDBUS_ITEM_ID_REMOVE, c.id, KDBUS_HELLO_ACCEPT_FD));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->monitor));
}

/* abi: 19.1/notifications */
TEST_F(monitor, sees_timeouts_of_calls)
{
	struct args msg;

	args_call(&msg, self->b.id, 12);
	msg.msg.timeout_ns = deadline_ms(20);
	EXPECT_EQ(0, msg_send(&self->a, &msg));
	EXPECT_EQ(12, recv_cookie(&self->monitor));
	ASSERT_EQ(0, conn_wait(&self->monitor));
	EXPECT_EQ(0, expect_reply_event(&self->monitor, KDBUS_ITEM_REPLY_TIMEOUT, 12));
}

/* abi: 19.1/every-monitor */
TEST_F(monitor, every_monitor_gets_its_copy)
{
	struct conn second;

	ASSERT_EQ(0, conn_new_flags(&second, &self->bus, KDBUS_HELLO_MONITOR));
	EXPECT_EQ(0, send_bytes(&self->a, self->b.id, 11, 1000));
	EXPECT_EQ(11, recv_cookie(&self->monitor));
	EXPECT_EQ(11, recv_cookie(&second));
	EXPECT_EQ(11, recv_cookie(&self->b));
	conn_close(&second);
}

/* abi: 19.1/without-policy, 15.5/monitors */
TEST_F(monitor, sees_messages_that_its_own_user_could_not_receive)
{
	struct conn alice, monitor, peer;
	struct bus bus;

	ASSERT_EQ(0, bus_make_as(&bus, ALICE, ALICE));
	ASSERT_EQ(0, become(ALICE, ALICE));
	ASSERT_EQ(0, conn_new_flags(&monitor, &bus, KDBUS_HELLO_MONITOR));
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, conn_new_as(&alice, &bus, BOB, BOB));
	ASSERT_EQ(0, conn_new_as(&peer, &bus, BOB, BOB));
	ASSERT_EQ(0, become(BOB, BOB));
	EXPECT_EQ(0, send_plain(&alice, peer.id, 11));
	EXPECT_EQ(0, send_broadcast(&alice, 12));
	ASSERT_EQ(0, become_root());
	EXPECT_EQ(0, expect_id(&monitor, KDBUS_ITEM_ID_ADD, alice.id, KDBUS_HELLO_ACCEPT_FD));
	EXPECT_EQ(0, expect_id(&monitor, KDBUS_ITEM_ID_ADD, peer.id, KDBUS_HELLO_ACCEPT_FD));
	EXPECT_EQ(11, recv_cookie(&monitor));
	EXPECT_EQ(12, recv_cookie(&monitor));
	conn_close(&peer);
	conn_close(&alice);
	conn_close(&monitor);
	bus_close(&bus);
}

/* abi: 19.1/not-delivered, 11.5/monitors-unaware */
TEST_F(monitor, does_not_see_what_policy_or_lookup_or_emlink_refused)
{
	struct conn alice;
	unsigned int i;

	ASSERT_EQ(0, conn_new_as(&alice, &self->bus, ALICE, ALICE));
	EXPECT_EQ(0, expect_id(&self->monitor, KDBUS_ITEM_ID_ADD, alice.id,
			       KDBUS_HELLO_ACCEPT_FD));
	ASSERT_EQ(0, become(ALICE, ALICE));
	EXPECT_EQ(-EPERM, send_plain(&alice, self->b.id, 1));
	ASSERT_EQ(0, become_root());
	EXPECT_EQ(-ENXIO, send_plain(&self->a, ~0ULL - 1, 2));
	EXPECT_EQ(-ESRCH, send_name(&self->a, NAME, 3));
	EXPECT_EQ(-EBADSLT, send_reply(&self->a, self->b.id, 4, 99));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->monitor));
	for (i = 0; i < 128; i++) {
		ASSERT_EQ(0, send_call(&self->a, self->b.id, 100 + i));
		ASSERT_EQ(100 + i, recv_cookie(&self->monitor));
	}
	EXPECT_EQ(-EMLINK, send_call(&self->a, self->b.id, 5));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->monitor));
	conn_close(&alice);
}

/* abi: 19.1/before-receivers, 11.5/monitors-first, 19.4/monitors-first */
TEST_F(monitor, has_its_copy_even_when_the_receiver_could_not_take_it)
{
	struct args msg;
	struct conn c;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, conn_new_flags(&c, &self->bus, 0));
	EXPECT_EQ(0, expect_id(&self->monitor, KDBUS_ITEM_ID_ADD, c.id, 0));
	args_msg(&msg, c.id, 11);
	args_fds(&msg, &fd, 1);
	EXPECT_EQ(-ECOMM, msg_send(&self->a, &msg));
	EXPECT_EQ(11, recv_cookie(&self->monitor));
	EXPECT_EQ(-EAGAIN, recv_cookie(&c));
	conn_close(&c);
	close(fd);
}

/* abi: 19.1/fds-without-accept */
TEST_F(monitor, takes_messages_with_fds_but_gets_no_descriptors_without_accept_fd)
{
	const struct kdbus_item *item;
	const struct kdbus_msg *msg;
	struct args args;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int lowest;

	ASSERT_LE(0, fd);
	args_msg(&args, self->b.id, 11);
	args_fds(&args, &fd, 1);
	EXPECT_EQ(0, msg_send(&self->a, &args));
	lowest = fd_lowest_free();
	msg = msg_next(&self->monitor);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(lowest, fd_lowest_free());
	item = msg_item(msg, KDBUS_ITEM_FDS);
	ASSERT_NE(NULL, item);
	EXPECT_EQ(ITEM_HEADER + sizeof(int), item->size);
	EXPECT_EQ(-1, item->fds[0]);
	close(fd);
}

/* abi: 19.1/fds-with-accept */
TEST_F(monitor, gets_descriptors_with_accept_fd)
{
	const struct kdbus_item *item;
	const struct kdbus_msg *msg;
	struct conn monitor;
	struct args args;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, conn_new_flags(&monitor, &self->bus,
				    KDBUS_HELLO_MONITOR | KDBUS_HELLO_ACCEPT_FD));
	args_msg(&args, self->b.id, 11);
	args_fds(&args, &fd, 1);
	EXPECT_EQ(0, msg_send(&self->a, &args));
	msg = msg_next(&monitor);
	ASSERT_NE(NULL, msg);
	item = msg_item(msg, KDBUS_ITEM_FDS);
	ASSERT_NE(NULL, item);
	EXPECT_LE(0, item->fds[0]);
	EXPECT_TRUE(fd_same_file(fd, item->fds[0]));
	close(item->fds[0]);
	conn_close(&monitor);
	close(fd);
}

/* abi: 19.1/full-monitor */
TEST_F(monitor, full_pool_of_a_monitor_loses_copies_and_disturbs_nobody)
{
	struct kdbus_cmd_recv recv;
	struct conn monitor;
	struct args args;
	unsigned int i;

	args_hello_default(&args);
	args.hello.flags = KDBUS_HELLO_MONITOR;
	args.hello.pool_size = 4096;
	ASSERT_EQ(0, conn_new_args(&monitor, self->bus.path, &args));
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(0, send_bytes(&self->a, self->b.id, i + 1, 4096));
	}
	EXPECT_EQ(10, recv_all(&self->b));
	EXPECT_EQ(10, recv_all(&self->monitor));
	EXPECT_EQ(-EAGAIN, msg_recv(&monitor, 0, &recv));
	EXPECT_EQ(10, recv.dropped_msgs);
	EXPECT_EQ(KDBUS_RECV_RETURN_DROPPED_MSGS, recv.return_flags);
	conn_close(&monitor);
}

/* abi: 19.1/charged-to-sender */
TEST_F(monitor, copies_are_charged_to_the_user_of_the_sender)
{
	struct kdbus_cmd_recv recv;
	struct conn alice;
	unsigned int i;

	ASSERT_EQ(0, conn_new_as(&alice, &self->bus, ALICE, ALICE));
	EXPECT_EQ(1, recv_all(&self->monitor));
	for (i = 0; i < 256; i++) {
		ASSERT_EQ(0, send_plain(&self->a, self->b.id, i + 1));
		ASSERT_EQ(i + 1, recv_cookie(&self->b));
	}
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 257));
	ASSERT_EQ(0, become(ALICE, ALICE));
	EXPECT_EQ(0, send_plain(&alice, alice.id, 258));
	ASSERT_EQ(0, become_root());
	EXPECT_EQ(0, msg_recv(&self->monitor, 0, &recv));
	EXPECT_EQ(1, recv.dropped_msgs);
	EXPECT_EQ(256, recv_all(&self->monitor));
	conn_close(&alice);
}

/* abi: 19.1/not-addressable */
TEST_F(monitor, cannot_be_addressed)
{
	EXPECT_EQ(-ENXIO, send_plain(&self->a, self->monitor.id, 11));
	EXPECT_EQ(-ENXIO, send_signal(&self->a, self->monitor.id, 12));
	EXPECT_EQ(-ENXIO, send_call(&self->a, self->monitor.id, 13));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->monitor));
}

/* abi: 19.1/invisible */
TEST_F(monitor, is_in_no_list_but_can_be_asked_about_by_id)
{
	const struct kdbus_info *info;

	EXPECT_EQ(0, list_counted(&self->a, KDBUS_LIST_UNIQUE, self->monitor.id, NULL));
	EXPECT_EQ(0, list_counted(&self->monitor, KDBUS_LIST_UNIQUE, self->monitor.id, NULL));
	EXPECT_EQ(1, list_counted(&self->monitor, KDBUS_LIST_UNIQUE, self->a.id, NULL));
	EXPECT_EQ(0, conn_info(&self->a, self->monitor.id, NULL, 0, &info));
	EXPECT_EQ(KDBUS_HELLO_MONITOR, info->flags);
}

/* abi: 19.1/attach-flags, 10.1/monitor */
TEST_F(monitor, updates_its_attach_flags)
{
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, conn_update_recv(&self->monitor, KDBUS_ATTACH_TIMESTAMP | KDBUS_ATTACH_CREDS));
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 11));
	msg = msg_next(&self->monitor);
	ASSERT_NE(NULL, msg);
	EXPECT_NE(NULL, msg_item(msg, KDBUS_ITEM_TIMESTAMP));
	EXPECT_NE(NULL, msg_item(msg, KDBUS_ITEM_CREDS));
	EXPECT_EQ(NULL, msg_item(msg, KDBUS_ITEM_PIDS));
	EXPECT_EQ(0, msg_done(&self->monitor, msg));
	ASSERT_EQ(0, conn_update_recv(&self->monitor, 0));
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 12));
	msg = msg_next(&self->monitor);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(sizeof(*msg), msg->size);
}

/* abi: 7/monitor */
TEST_F(monitor, takes_no_part_in_the_bus)
{
	EXPECT_EQ(-EOPNOTSUPP, send_plain(&self->monitor, self->a.id, 1));
	EXPECT_EQ(-EOPNOTSUPP, conn_bye(&self->monitor));
	EXPECT_EQ(-EOPNOTSUPP, name_acquire(&self->monitor, NAME, 0, NULL));
	EXPECT_EQ(-EOPNOTSUPP, name_release(&self->monitor, NAME));
	EXPECT_EQ(-EOPNOTSUPP, match_all(&self->monitor, 1));
	EXPECT_EQ(-EOPNOTSUPP, match_remove(&self->monitor, 1));
}

/* abi: 12/order, 19.1/reads */
TEST_F(monitor, peeks_drops_and_polls_like_others)
{
	struct kdbus_cmd_recv recv, again;

	EXPECT_EQ(POLLOUT | POLLWRNORM, conn_poll(&self->monitor, 0));
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 11));
	EXPECT_EQ(POLLOUT | POLLWRNORM | POLLIN | POLLRDNORM, conn_poll(&self->monitor, 0));
	EXPECT_EQ(0, msg_recv(&self->monitor, KDBUS_RECV_PEEK, &recv));
	EXPECT_EQ(0, msg_recv(&self->monitor, KDBUS_RECV_PEEK, &again));
	EXPECT_EQ(recv.msg.offset, again.msg.offset);
	EXPECT_EQ(0, conn_free(&self->monitor, recv.msg.offset));
	EXPECT_EQ(0, msg_recv(&self->monitor, KDBUS_RECV_DROP, &recv));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->monitor));
}

/* abi: 19.1/dropping-a-call */
TEST_F(monitor, dropping_a_copy_of_a_call_does_not_end_the_call)
{
	struct kdbus_cmd_recv recv;

	EXPECT_EQ(0, send_call(&self->a, self->b.id, 11));
	EXPECT_EQ(0, msg_recv(&self->monitor, KDBUS_RECV_DROP, &recv));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	conn_close(&self->monitor);
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 12, 11));
	EXPECT_EQ(12, recv_cookie(&self->a));
}

/* abi: 19.1/owner-only, 8.4/9 */
TEST_F(monitor, needs_a_file_opened_by_the_owner)
{
	struct args args;
	struct conn conn;
	int fd = open_as(ALICE, ALICE, self->bus.path);

	ASSERT_LE(0, fd);
	args_hello_default(&args);
	args.hello.flags = KDBUS_HELLO_MONITOR;
	EXPECT_EQ(-EPERM, conn_hello(&conn, fd, &args));
}

TEST_HARNESS_MAIN
