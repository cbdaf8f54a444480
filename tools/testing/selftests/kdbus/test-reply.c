// SPDX-License-Identifier: LGPL-2.1-or-later
/* Asynchronous calls: replies, their trackers, timeouts, dead peers. */
#include "common.h"
#include "kselftest_harness.h"

FIXTURE_BUS(reply)

/* The next message is a notification of this type for this call: 0 or -errno. */
static int recv_notice(struct conn *conn, __u64 type, __u64 cookie_reply)
{
	const struct kdbus_msg *msg = msg_next(conn);
	const struct kdbus_item *item;
	int ret = 0;

	if (!msg)
		return -errno;
	item = msg_item(msg, type);
	if (!item || item->size != ITEM_HEADER || msg->src_id != KDBUS_SRC_ID_KERNEL ||
	    msg->dst_id != conn->id || msg->flags || msg->cookie_reply != cookie_reply ||
	    msg->payload_type != KDBUS_PAYLOAD_KERNEL)
		ret = -EPROTO;
	msg_done(conn, msg);
	return ret;
}

/* REPLY_DEAD of the calls 1 and 2, in either order, and nothing else. */
static int recv_dead_pair(struct conn *conn)
{
	const struct kdbus_msg *msg;
	__u64 seen = 0;
	int i;

	for (i = 0; i < 2; i++) {
		msg = msg_next(conn);
		if (!msg)
			return -errno;
		if (!msg_item(msg, KDBUS_ITEM_REPLY_DEAD))
			return -EPROTO;
		seen |= 1ULL << msg->cookie_reply;
		msg_done(conn, msg);
	}
	return seen == (1 << 1 | 1 << 2) ? 0 : -EPROTO;
}

static int send_call_until(struct conn *conn, __u64 dst_id, __u64 cookie, __u64 deadline)
{
	struct args msg;

	args_call(&msg, dst_id, cookie);
	msg.msg.timeout_ns = deadline;
	return msg_send(conn, &msg);
}

/* abi: 11.5/reply, 11.4/row-reply */
TEST_F(reply, answers_a_call_once)
{
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, send_call(&self->a, self->b.id, 1));
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 2, 1));
	msg = msg_next(&self->a);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(2ULL, msg->cookie);
	EXPECT_EQ(1ULL, msg->cookie_reply);
	EXPECT_EQ(0ULL, msg->flags);
	EXPECT_EQ(-EBADSLT, send_reply(&self->b, self->a.id, 3, 1));
}

/* abi: 11.5/no-tracker */
TEST_F(reply, without_a_call_is_ebadslt)
{
	EXPECT_EQ(-EBADSLT, send_reply(&self->b, self->a.id, 1, 1));
	/* a message that expects no reply */
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 5));
	EXPECT_EQ(-EBADSLT, send_reply(&self->b, self->a.id, 1, 5));
}

/* abi: 11.5/no-tracker */
TEST_F(reply, with_another_cookie_is_ebadslt)
{
	ASSERT_EQ(0, send_call(&self->a, self->b.id, 1));
	EXPECT_EQ(-EBADSLT, send_reply(&self->b, self->a.id, 1, 2));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 1, 1));
}

/* abi: 11.5/no-tracker */
TEST_F(reply, by_somebody_else_is_ebadslt)
{
	struct conn other;

	ASSERT_EQ(0, conn_new(&other, &self->bus));
	ASSERT_EQ(0, send_call(&self->a, self->b.id, 1));
	EXPECT_EQ(-EBADSLT, send_reply(&other, self->a.id, 1, 1));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 1, 1));
	conn_close(&other);
}

/* abi: 11.5/no-tracker */
TEST_F(reply, to_somebody_else_is_ebadslt)
{
	struct conn other;

	ASSERT_EQ(0, conn_new(&other, &self->bus));
	ASSERT_EQ(0, send_call(&self->a, self->b.id, 1));
	EXPECT_EQ(-EBADSLT, send_reply(&self->b, other.id, 1, 1));
	conn_close(&other);
}

/* abi: 11.5/before-received */
TEST_F(reply, may_be_sent_before_the_call_is_received)
{
	ASSERT_EQ(0, send_call(&self->a, self->b.id, 1));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 2, 1));
	EXPECT_EQ(2, recv_cookie(&self->a));
	EXPECT_EQ(1, recv_cookie(&self->b));
}

/* abi: 11.2/cookie */
TEST_F(reply, call_with_cookie_0_cannot_be_answered)
{
	ASSERT_EQ(0, send_call(&self->a, self->b.id, 0));
	EXPECT_EQ(0, recv_cookie(&self->b));
	/* cookie_reply 0 is no reply, but a plain message */
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 7, 0));
	EXPECT_EQ(7, recv_cookie(&self->a));
}

/* abi: 11.5/newest-first */
TEST_F(reply, of_two_calls_with_one_cookie_each_can_be_answered)
{
	ASSERT_EQ(0, send_call(&self->a, self->b.id, 1));
	ASSERT_EQ(0, send_call(&self->a, self->b.id, 1));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 2, 1));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 3, 1));
	EXPECT_EQ(-EBADSLT, send_reply(&self->b, self->a.id, 4, 1));
	EXPECT_EQ(2, recv_cookie(&self->a));
	EXPECT_EQ(3, recv_cookie(&self->a));
}

/* abi: 11.5/newest-first */
TEST_F(reply, of_two_calls_with_one_cookie_the_newest_is_answered_first)
{
	ASSERT_EQ(0, send_call_until(&self->a, self->b.id, 1, deadline_ms(1000)));
	ASSERT_EQ(0, send_call(&self->a, self->b.id, 1));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 2, 1));
	EXPECT_EQ(2, recv_cookie(&self->a));
	/* the older one, with the earlier deadline, is still there to pass */
	ASSERT_EQ(0, conn_wait(&self->a));
	EXPECT_EQ(0, recv_notice(&self->a, KDBUS_ITEM_REPLY_TIMEOUT, 1));
}

/* abi: 11.5/self-call */
TEST_F(reply, connection_may_call_itself)
{
	ASSERT_EQ(0, send_call(&self->a, self->a.id, 1));
	EXPECT_EQ(1, recv_cookie(&self->a));
	EXPECT_EQ(0, send_reply(&self->a, self->a.id, 2, 1));
	EXPECT_EQ(2, recv_cookie(&self->a));
}

/* abi: 11.5/reply-by-name */
TEST_F(reply, may_be_addressed_by_name)
{
	struct args msg;

	ASSERT_EQ(0, name_acquire(&self->a, "com.example.Client", 0, NULL));
	ASSERT_EQ(0, send_call(&self->a, self->b.id, 1));
	args_msg_name(&msg, "com.example.Client", 2);
	msg.msg.cookie_reply = 1;
	EXPECT_EQ(0, msg_send(&self->b, &msg));
	EXPECT_EQ(2, recv_cookie(&self->a));
}

/* abi: 11.4/row-call, 11.5/call-as-reply */
TEST_F(reply, that_expects_a_reply_is_a_call)
{
	/* with EXPECT_REPLY the field is a deadline, so this is a call */
	ASSERT_EQ(0, send_call(&self->a, self->b.id, 1));
	EXPECT_EQ(0, send_call(&self->b, self->a.id, 2));
	EXPECT_EQ(2, recv_cookie(&self->a));
	EXPECT_EQ(0, send_reply(&self->a, self->b.id, 3, 2));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 4, 1));
}

/* abi: 11.5/reply-no-policy, 15.5/reply */
TEST_F(reply, needs_no_right_to_talk)
{
	struct conn service;

	ASSERT_EQ(0, conn_new_as(&service, &self->bus, ALICE, STAFF));
	/* root may talk to anyone; ALICE may talk to nobody here */
	ASSERT_EQ(0, send_call(&self->a, service.id, 1));
	EXPECT_EQ(1, recv_cookie(&service));
	ASSERT_EQ(0, become(ALICE, STAFF));
	EXPECT_EQ(-EPERM, send_plain(&service, self->a.id, 2));
	EXPECT_EQ(0, send_reply(&service, self->a.id, 3, 1));
	ASSERT_EQ(0, become_root());
	EXPECT_EQ(3, recv_cookie(&self->a));
	conn_close(&service);
}

/* abi: 11.5/tracker-consumed, 21/H13 */
TEST_F(reply, that_cannot_be_delivered_uses_up_the_call)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct conn deaf;
	struct args msg;

	ASSERT_LE(0, null);
	ASSERT_EQ(0, conn_new_flags(&deaf, &self->bus, 0));
	ASSERT_EQ(0, send_call(&deaf, self->b.id, 1));
	args_reply(&msg, deaf.id, 2, 1);
	args_fds(&msg, &null, 1);
	EXPECT_EQ(-ECOMM, msg_send(&self->b, &msg));
	EXPECT_EQ(-EBADSLT, send_reply(&self->b, deaf.id, 2, 1));
	conn_close(&deaf);
}

/* abi: 11.5/timeout, 17/reply-timeout */
TEST_F(reply, that_does_not_come_in_time_is_told)
{
	__u64 deadline = deadline_ms(100);

	ASSERT_EQ(0, send_call_until(&self->a, self->b.id, 9, deadline));
	ASSERT_EQ(0, conn_wait(&self->a));
	EXPECT_LE(deadline, now_ns());
	EXPECT_EQ(0, recv_notice(&self->a, KDBUS_ITEM_REPLY_TIMEOUT, 9));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	/* too late */
	EXPECT_EQ(-EBADSLT, send_reply(&self->b, self->a.id, 1, 9));
	EXPECT_EQ(9, recv_cookie(&self->b));
}

/* abi: 11.5/deadline-past */
TEST_F(reply, deadline_that_passed_already_is_told_at_once)
{
	ASSERT_EQ(0, send_call_until(&self->a, self->b.id, 9, 1));
	EXPECT_EQ(9, recv_cookie(&self->b));
	ASSERT_EQ(0, conn_wait(&self->a));
	EXPECT_EQ(0, recv_notice(&self->a, KDBUS_ITEM_REPLY_TIMEOUT, 9));
}

/* abi: 11.5/deadline-order, 21/H16 */
TEST_F(reply, deadlines_pass_in_their_own_order)
{
	__u64 now = now_ns();

	/* the later ones are set first */
	ASSERT_EQ(0, send_call_until(&self->a, self->b.id, 1, deadline_ms(PATIENCE_MS)));
	ASSERT_EQ(0, send_call_until(&self->a, self->b.id, 2, now + 1500000000ULL));
	ASSERT_EQ(0, send_call_until(&self->a, self->b.id, 3, now + 750000000ULL));
	ASSERT_EQ(0, conn_wait(&self->a));
	EXPECT_EQ(0, recv_notice(&self->a, KDBUS_ITEM_REPLY_TIMEOUT, 3));
	ASSERT_EQ(0, conn_wait(&self->a));
	EXPECT_EQ(0, recv_notice(&self->a, KDBUS_ITEM_REPLY_TIMEOUT, 2));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 4, 1));
}

/* abi: 11.5/caller-gone */
TEST_F(reply, to_a_caller_that_is_gone_is_enxio)
{
	__u64 id = self->a.id;

	ASSERT_EQ(0, send_call(&self->a, self->b.id, 1));
	conn_close(&self->a);
	EXPECT_EQ(-ENXIO, send_reply(&self->b, id, 2, 1));
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 11.5/replier-gone, 17/reply-dead, 21/H5, 19.5/6 */
TEST_F(reply, of_one_that_closes_is_told_dead_once)
{
	ASSERT_EQ(0, send_call(&self->a, self->b.id, 1));
	ASSERT_EQ(0, send_call(&self->a, self->b.id, 2));
	/* one call is received, the other one is still queued */
	EXPECT_EQ(1, recv_cookie(&self->b));
	conn_close(&self->b);
	EXPECT_EQ(0, recv_dead_pair(&self->a));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
}

/* In that in which he came to owe the answers: those that move with a name are the last. */
TEST_F(reply, of_several_calls_is_told_dead_in_their_order)
{
	static const char name[] = "com.example.Service";
	struct conn starter;
	struct args msg;
	int i;

	ASSERT_EQ(0, conn_new_named(&starter, &self->bus, KDBUS_HELLO_ACTIVATOR, name));
	for (i = 21; i <= 40; i++) {
		args_msg_name(&msg, name, i);
		msg.msg.flags = KDBUS_MSG_EXPECT_REPLY;
		msg.msg.timeout_ns = deadline_ms(PATIENCE_MS);
		ASSERT_EQ(0, msg_send(&self->a, &msg));
	}
	for (i = 1; i <= 20; i++) {
		ASSERT_EQ(0, send_call(&self->a, self->b.id, i));
	}
	ASSERT_EQ(0, name_acquire(&self->b, name, 0, NULL));
	for (i = 1; i <= 40; i++) {
		EXPECT_EQ(i, recv_cookie(&self->b));
	}
	conn_close(&self->b);
	for (i = 1; i <= 40; i++) {
		EXPECT_EQ(0, recv_notice(&self->a, KDBUS_ITEM_REPLY_DEAD, i));
	}
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	conn_close(&starter);
}

/* abi: 17/reply-dead, 17/synchrony */
TEST_F(reply, of_one_that_says_bye_is_told_dead_before_bye_returns)
{
	ASSERT_EQ(0, send_call(&self->a, self->b.id, 3));
	EXPECT_EQ(3, recv_cookie(&self->b));
	ASSERT_EQ(0, conn_bye(&self->b));
	EXPECT_EQ(0, recv_notice(&self->a, KDBUS_ITEM_REPLY_DEAD, 3));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
}

/* abi: 11.5/dropped, 12/DROP, 17/synchrony */
TEST_F(reply, to_a_call_that_is_dropped_is_told_dead)
{
	struct kdbus_cmd_recv recv;

	ASSERT_EQ(0, send_call(&self->a, self->b.id, 4));
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_DROP, &recv));
	EXPECT_EQ(0, recv_notice(&self->a, KDBUS_ITEM_REPLY_DEAD, 4));
	EXPECT_EQ(-EBADSLT, send_reply(&self->b, self->a.id, 1, 4));
}

/* abi: 12/DROP */
TEST_F(reply, dropping_a_call_that_was_answered_tells_nothing)
{
	struct kdbus_cmd_recv recv;

	ASSERT_EQ(0, send_call(&self->a, self->b.id, 4));
	ASSERT_EQ(0, send_reply(&self->b, self->a.id, 5, 4));
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_DROP, &recv));
	EXPECT_EQ(5, recv_cookie(&self->a));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
}

/* abi: 5.4/pending-replies, 11.5/emlink */
TEST_F(reply, call_129_that_waits_is_emlink)
{
	int i;

	for (i = 1; i <= 128; i++) {
		ASSERT_EQ(0, send_call(&self->a, self->b.id, i));
	}
	EXPECT_EQ(-EMLINK, send_call(&self->a, self->b.id, 129));
	EXPECT_EQ(-EMLINK, send_sync(&self->a, self->b.id, 129));
	/* other messages are not concerned */
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 130));
	/* room again */
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 1, 77));
	EXPECT_EQ(0, send_call(&self->a, self->b.id, 131));
	EXPECT_EQ(-EMLINK, send_call(&self->a, self->b.id, 132));
	EXPECT_EQ(130, recv_all(&self->b));
}

/* abi: 5.4/pending-replies */
TEST_F(reply, refused_call_leaves_no_tracker)
{
	void *hole = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct args msg;
	int i;

	ASSERT_NE(MAP_FAILED, hole);
	for (i = 1; i <= 200; i++) {
		args_call(&msg, self->b.id, i);
		args_vec(&msg, hole, 8);
		ASSERT_EQ(-EFAULT, msg_send(&self->a, &msg));
	}
	EXPECT_EQ(-EBADSLT, send_reply(&self->b, self->a.id, 1, 200));
	for (i = 1; i <= 128; i++) {
		ASSERT_EQ(0, send_call(&self->a, self->b.id, i));
	}
}

/* abi: 11.5/tracker-by-name */
TEST_F(reply, to_a_call_by_name_comes_from_the_owner_at_that_time)
{
	struct args msg;

	ASSERT_EQ(0, name_acquire(&self->b, "com.example.Service", 0, NULL));
	args_msg_name(&msg, "com.example.Service", 1);
	msg.msg.flags = KDBUS_MSG_EXPECT_REPLY;
	msg.msg.timeout_ns = deadline_ms(PATIENCE_MS);
	ASSERT_EQ(0, msg_send(&self->a, &msg));
	ASSERT_EQ(0, name_release(&self->b, "com.example.Service"));
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 2, 1));
	EXPECT_EQ(2, recv_cookie(&self->a));
}

TEST_HARNESS_MAIN
