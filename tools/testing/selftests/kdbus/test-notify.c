// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the kernel tells about connections, names and calls. */
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.notify"
#define OTHER_NAME	"org.example.other"
#define MANY		256

/* @watch has a match for everything and is connected before the others. */
FIXTURE(notify) {
	struct bus bus;
	struct conn watch;
	struct conn a;
	struct conn b;
};

FIXTURE_SETUP(notify)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new(&self->watch, &self->bus));
	ASSERT_EQ(0, conn_new(&self->a, &self->bus));
	ASSERT_EQ(0, conn_new(&self->b, &self->bus));
	ASSERT_EQ(0, match_all(&self->watch, 1));
}

FIXTURE_TEARDOWN(notify)
{
	conn_close(&self->b);
	conn_close(&self->a);
	conn_close(&self->watch);
	bus_close(&self->bus);
}

/* abi: 17/id-add, 17/id-remove, 17/synchrony, 19.5/7 */
TEST_F(notify, connections_are_told_when_they_come_and_go)
{
	struct conn c;

	ASSERT_EQ(0, conn_new(&c, &self->bus));
	EXPECT_EQ(0, expect_id(&self->watch, KDBUS_ITEM_ID_ADD, c.id, KDBUS_HELLO_ACCEPT_FD));
	conn_close(&c);
	EXPECT_EQ(0, expect_id(&self->watch, KDBUS_ITEM_ID_REMOVE, c.id, KDBUS_HELLO_ACCEPT_FD));
	ASSERT_EQ(0, conn_new_flags(&c, &self->bus, 0));
	EXPECT_EQ(0, expect_id(&self->watch, KDBUS_ITEM_ID_ADD, c.id, 0));
	EXPECT_EQ(0, conn_bye(&c));
	EXPECT_EQ(0, expect_id(&self->watch, KDBUS_ITEM_ID_REMOVE, c.id, 0));
	conn_close(&c);
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->watch));
}

/* abi: 17/id-add, 17/id-remove, 19.1/invisible, 19.2/holder */
TEST_F(notify, holders_are_told_with_their_flags_and_monitors_are_not)
{
	struct conn c;

	ASSERT_EQ(0, conn_new_named(&c, &self->bus, KDBUS_HELLO_POLICY_HOLDER, NAME));
	EXPECT_EQ(0, expect_id(&self->watch, KDBUS_ITEM_ID_ADD, c.id, KDBUS_HELLO_POLICY_HOLDER));
	conn_close(&c);
	EXPECT_EQ(0, expect_id(&self->watch, KDBUS_ITEM_ID_REMOVE, c.id,
			       KDBUS_HELLO_POLICY_HOLDER));
	ASSERT_EQ(0, conn_new_flags(&c, &self->bus, KDBUS_HELLO_MONITOR));
	conn_close(&c);
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->watch));
}

/* abi: 17/name-add, 17/name-remove */
TEST_F(notify, names_are_told_when_they_come_and_go)
{
	EXPECT_EQ(0, name_acquire(&self->a, NAME, KDBUS_NAME_ALLOW_REPLACEMENT, NULL));
	EXPECT_EQ(0, expect_name(&self->watch, KDBUS_ITEM_NAME_ADD, NAME, 0, 0, self->a.id,
				 OWNED | KDBUS_NAME_ALLOW_REPLACEMENT));
	EXPECT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	EXPECT_EQ(-EEXIST, name_acquire(&self->b, NAME, 0, NULL));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->watch));
	EXPECT_EQ(0, name_release(&self->a, NAME));
	EXPECT_EQ(0, expect_name(&self->watch, KDBUS_ITEM_NAME_REMOVE, NAME, self->a.id, OWNED,
				 0, 0));
}

/* abi: 17/name-change, 23.2/notifications */
TEST_F(notify, changes_of_the_owner_are_told_with_the_flags_before_and_after)
{
	__u64 a = self->a.id, b = self->b.id;

	EXPECT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	EXPECT_EQ(0, expect_name(&self->watch, KDBUS_ITEM_NAME_ADD, NAME, 0, 0, a, 0x20));
	EXPECT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_QUEUE, NULL));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->watch));
	EXPECT_EQ(0, name_release(&self->a, NAME));
	EXPECT_EQ(0, expect_name(&self->watch, KDBUS_ITEM_NAME_CHANGE, NAME, a, 0x20, b, 0x24));
	EXPECT_EQ(0, name_release(&self->b, NAME));
	EXPECT_EQ(0, expect_name(&self->watch, KDBUS_ITEM_NAME_REMOVE, NAME, b, 0x24, 0, 0));
}

/* abi: 17/name-change, 23.2/notifications */
TEST_F(notify, replaced_owner_is_told_and_stays_queued_only_if_it_asked_to)
{
	__u64 a = self->a.id, b = self->b.id;

	EXPECT_EQ(0, name_acquire(&self->a, NAME, KDBUS_NAME_ALLOW_REPLACEMENT | KDBUS_NAME_QUEUE,
				  NULL));
	EXPECT_EQ(0, expect_name(&self->watch, KDBUS_ITEM_NAME_ADD, NAME, 0, 0, a, 0x26));
	EXPECT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_REPLACE_EXISTING, NULL));
	EXPECT_EQ(0, expect_name(&self->watch, KDBUS_ITEM_NAME_CHANGE, NAME, a, 0x26, b, 0x20));
	EXPECT_EQ(0, name_release(&self->b, NAME));
	EXPECT_EQ(0, expect_name(&self->watch, KDBUS_ITEM_NAME_CHANGE, NAME, b, 0x20, a, 0x26));
	EXPECT_EQ(0, name_acquire(&self->a, NAME, KDBUS_NAME_ALLOW_REPLACEMENT, NULL));
	EXPECT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_REPLACE_EXISTING, NULL));
	EXPECT_EQ(0, expect_name(&self->watch, KDBUS_ITEM_NAME_CHANGE, NAME, a, 0x22, b, 0x20));
	EXPECT_EQ(0, name_release(&self->b, NAME));
	EXPECT_EQ(0, expect_name(&self->watch, KDBUS_ITEM_NAME_REMOVE, NAME, b, 0x20, 0, 0));
}

/* abi: 17/own-events */
TEST_F(notify, connections_hear_of_their_own_names_but_not_of_their_own_arrival)
{
	struct conn c;

	ASSERT_EQ(0, conn_new(&c, &self->bus));
	ASSERT_EQ(0, match_all(&c, 1));
	EXPECT_EQ(-EAGAIN, recv_cookie(&c));
	EXPECT_EQ(0, name_acquire(&c, NAME, 0, NULL));
	EXPECT_EQ(0, expect_name(&c, KDBUS_ITEM_NAME_ADD, NAME, 0, 0, c.id, OWNED));
	EXPECT_EQ(0, name_release(&c, NAME));
	EXPECT_EQ(0, expect_name(&c, KDBUS_ITEM_NAME_REMOVE, NAME, c.id, OWNED, 0, 0));
	conn_close(&c);
}

/* abi: 17/layout */
TEST_F(notify, only_item_besides_the_event_is_a_timestamp)
{
	struct kdbus_cmd_recv recv;
	const struct kdbus_item *event, *stamp;
	const struct kdbus_msg *msg;
	__u64 before = now_ns();

	EXPECT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	ASSERT_EQ(0, msg_recv(&self->watch, 0, &recv));
	msg = (const void *)(self->watch.pool + recv.msg.offset);
	event = msg->items;
	EXPECT_EQ(KDBUS_ITEM_NAME_ADD, event->type);
	EXPECT_EQ(16 + 32 + strlen(NAME) + 1, event->size);
	stamp = ITEM_NEXT(event);
	EXPECT_EQ(KDBUS_ITEM_TIMESTAMP, stamp->type);
	EXPECT_EQ(40, stamp->size);
	EXPECT_EQ((const __u8 *)stamp + 40, (const __u8 *)msg + msg->size);
	EXPECT_EQ(A8(msg->size), recv.msg.msg_size);
	EXPECT_LE(before, stamp->timestamp.monotonic_ns);
	EXPECT_GE(now_ns(), stamp->timestamp.monotonic_ns);
	EXPECT_LT(0, stamp->timestamp.realtime_ns);
	EXPECT_LT(0, stamp->timestamp.seqnum);
}

/* abi: 17/layout */
TEST_F(notify, other_metadata_is_never_attached)
{
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, conn_update_recv(&self->watch, _KDBUS_ATTACH_ANY));
	EXPECT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	msg = msg_next(&self->watch);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ITEM_TIMESTAMP, ITEM_NEXT(msg->items)->type);
	EXPECT_EQ(64 + A8(msg->items->size) + 40, msg->size);
}

/* abi: 17/sequence-numbers, 1/sequence-numbers */
TEST_F(notify, notifications_and_messages_share_one_sequence)
{
	const struct kdbus_msg *msg;
	__u64 seqnum[3];
	unsigned int i;

	ASSERT_EQ(0, conn_update_recv(&self->watch, KDBUS_ATTACH_TIMESTAMP));
	EXPECT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	EXPECT_EQ(0, send_broadcast(&self->a, 1));
	EXPECT_EQ(0, name_release(&self->a, NAME));
	for (i = 0; i < 3; i++) {
		msg = msg_next(&self->watch);
		ASSERT_NE(NULL, msg);
		ASSERT_NE(NULL, msg_item(msg, KDBUS_ITEM_TIMESTAMP));
		seqnum[i] = msg_item(msg, KDBUS_ITEM_TIMESTAMP)->timestamp.seqnum;
	}
	EXPECT_EQ(seqnum[0] + 1, seqnum[1]);
	EXPECT_EQ(seqnum[1] + 1, seqnum[2]);
}

/* abi: 17/reply-timeout */
TEST_F(notify, passed_deadline_of_a_call_is_told_to_the_caller_only)
{
	struct args msg;

	args_call(&msg, self->b.id, 77);
	msg.msg.timeout_ns = deadline_ms(20);
	EXPECT_EQ(0, msg_send(&self->a, &msg));
	ASSERT_EQ(0, conn_wait(&self->a));
	EXPECT_EQ(0, expect_reply_event(&self->a, KDBUS_ITEM_REPLY_TIMEOUT, 77));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->watch));
	EXPECT_EQ(77, recv_cookie(&self->b));
	EXPECT_EQ(-EBADSLT, send_reply(&self->b, self->a.id, 1, 77));
}

/* abi: 17/reply-timeout */
TEST_F(notify, deadline_in_the_past_is_told_at_once)
{
	const struct kdbus_msg *msg;
	struct args call;

	args_call(&call, self->b.id, 77);
	call.msg.timeout_ns = 1;
	EXPECT_EQ(0, msg_send(&self->a, &call));
	ASSERT_EQ(0, conn_wait(&self->a));
	msg = msg_next(&self->a);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ITEM_REPLY_TIMEOUT, msg->items->type);
	EXPECT_EQ(16, msg->items->size);
	EXPECT_EQ(self->a.id, msg->dst_id);
	EXPECT_EQ(0, msg->src_id);
	EXPECT_EQ(0, msg->flags);
	EXPECT_EQ(77, msg->cookie_reply);
	EXPECT_EQ(KDBUS_ITEM_TIMESTAMP, ITEM_NEXT(msg->items)->type);
	EXPECT_EQ(64 + 16 + 40, msg->size);
}

/* abi: 17/reply-timeout, 21/H16 */
TEST_F(notify, each_deadline_is_told_at_its_own_time_whatever_the_order)
{
	struct args msg;

	args_call(&msg, self->b.id, 1);
	EXPECT_EQ(0, msg_send(&self->a, &msg));
	args_call(&msg, self->b.id, 2);
	msg.msg.timeout_ns = deadline_ms(60);
	EXPECT_EQ(0, msg_send(&self->a, &msg));
	args_call(&msg, self->b.id, 3);
	msg.msg.timeout_ns = deadline_ms(20);
	EXPECT_EQ(0, msg_send(&self->a, &msg));
	ASSERT_EQ(0, conn_wait(&self->a));
	EXPECT_EQ(0, expect_reply_event(&self->a, KDBUS_ITEM_REPLY_TIMEOUT, 3));
	ASSERT_EQ(0, conn_wait(&self->a));
	EXPECT_EQ(0, expect_reply_event(&self->a, KDBUS_ITEM_REPLY_TIMEOUT, 2));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
}

/* abi: 17/reply-dead, 21/H5 */
TEST_F(notify, death_of_the_replier_is_told_once_whether_it_read_the_call_or_not)
{
	EXPECT_EQ(0, send_call(&self->a, self->b.id, 1));
	EXPECT_EQ(0, send_call(&self->a, self->b.id, 2));
	EXPECT_EQ(1, recv_cookie(&self->b));
	conn_close(&self->b);
	EXPECT_EQ(0, expect_reply_event(&self->a, KDBUS_ITEM_REPLY_DEAD, 1));
	EXPECT_EQ(0, expect_reply_event(&self->a, KDBUS_ITEM_REPLY_DEAD, 2));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	EXPECT_EQ(0, expect_id(&self->watch, KDBUS_ITEM_ID_REMOVE, self->b.id,
			       KDBUS_HELLO_ACCEPT_FD));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->watch));
}

/* abi: 17/reply-dead */
TEST_F(notify, dropped_call_is_told_as_dead)
{
	struct kdbus_cmd_recv recv;

	EXPECT_EQ(0, send_call(&self->a, self->b.id, 5));
	EXPECT_EQ(0, msg_recv(&self->b, KDBUS_RECV_DROP, &recv));
	EXPECT_EQ(0, expect_reply_event(&self->a, KDBUS_ITEM_REPLY_DEAD, 5));
	conn_close(&self->b);
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
}

/* abi: 17/order */
TEST_F(notify, one_disconnect_tells_names_then_dead_calls_then_the_id)
{
	__u64 b = self->b.id;

	ASSERT_EQ(0, match_all(&self->a, 1));
	EXPECT_EQ(0, name_acquire(&self->b, NAME, 0, NULL));
	EXPECT_EQ(1, recv_all(&self->a));
	EXPECT_EQ(0, send_call(&self->a, b, 9));
	conn_close(&self->b);
	EXPECT_EQ(0, expect_name(&self->a, KDBUS_ITEM_NAME_REMOVE, NAME, b, OWNED, 0, 0));
	EXPECT_EQ(0, expect_reply_event(&self->a, KDBUS_ITEM_REPLY_DEAD, 9));
	EXPECT_EQ(0, expect_id(&self->a, KDBUS_ITEM_ID_REMOVE, b, KDBUS_HELLO_ACCEPT_FD));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
}

/* abi: 17/order */
TEST_F(notify, activator_is_told_by_id_first_then_by_name)
{
	struct conn c;

	ASSERT_EQ(0, conn_new_named(&c, &self->bus, KDBUS_HELLO_ACTIVATOR, NAME));
	EXPECT_EQ(0, expect_id(&self->watch, KDBUS_ITEM_ID_ADD, c.id, KDBUS_HELLO_ACTIVATOR));
	EXPECT_EQ(0, expect_name(&self->watch, KDBUS_ITEM_NAME_ADD, NAME, 0, 0, c.id,
				 ACTIVATABLE));
	conn_close(&c);
	EXPECT_EQ(0, expect_name(&self->watch, KDBUS_ITEM_NAME_REMOVE, NAME, c.id, ACTIVATABLE,
				 0, 0));
	EXPECT_EQ(0, expect_id(&self->watch, KDBUS_ITEM_ID_REMOVE, c.id, KDBUS_HELLO_ACTIVATOR));
}

/* abi: 17/order */
TEST_F(notify, all_receivers_see_events_in_one_order)
{
	struct conn conn[8];
	unsigned int i;

	ASSERT_EQ(0, match_all(&self->a, 1));
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, conn_new(&conn[i], &self->bus));
	}
	for (i = 0; i < 8; i++)
		conn_close(&conn[i]);
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(0, expect_id(&self->a, KDBUS_ITEM_ID_ADD, conn[i].id, 1));
		EXPECT_EQ(0, expect_id(&self->watch, KDBUS_ITEM_ID_ADD, conn[i].id, 1));
	}
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(0, expect_id(&self->a, KDBUS_ITEM_ID_REMOVE, conn[i].id, 1));
		EXPECT_EQ(0, expect_id(&self->watch, KDBUS_ITEM_ID_REMOVE, conn[i].id, 1));
	}
}

/* abi: 17/quota, 17/lost-broadcast */
TEST_F(notify, kernel_queues_256_and_counts_the_rest_as_lost)
{
	struct kdbus_cmd_recv recv;
	unsigned int i;

	for (i = 0; i < MANY / 2 + 2; i++) {
		ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
		ASSERT_EQ(0, name_release(&self->a, NAME));
	}
	ASSERT_EQ(0, msg_recv(&self->watch, 0, &recv));
	EXPECT_EQ(KDBUS_RECV_RETURN_DROPPED_MSGS, recv.return_flags);
	EXPECT_EQ(4, recv.dropped_msgs);
	EXPECT_EQ(MANY - 1, recv_all(&self->watch));
}

/* abi: 17/quota */
TEST_F(notify, kernel_and_users_do_not_share_a_quota)
{
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, send_plain(&self->a, self->watch.id, i + 1));
	}
	EXPECT_EQ(-ENOBUFS, send_plain(&self->a, self->watch.id, 1));
	for (i = 0; i < MANY / 2; i++) {
		ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
		ASSERT_EQ(0, name_release(&self->a, NAME));
	}
	EXPECT_EQ(2 * MANY, recv_all(&self->watch));
}

/* abi: 17/lost-reply-event */
TEST_F(notify, reply_event_that_cannot_be_queued_is_lost_silently)
{
	struct kdbus_cmd_recv recv;
	unsigned int i;

	ASSERT_EQ(0, match_all(&self->a, 1));
	ASSERT_EQ(0, send_call(&self->a, self->b.id, 5));
	for (i = 0; i < MANY / 2; i++) {
		ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
		ASSERT_EQ(0, name_release(&self->a, NAME));
	}
	EXPECT_EQ(0, msg_recv(&self->b, KDBUS_RECV_DROP, &recv));
	ASSERT_EQ(0, msg_recv(&self->a, 0, &recv));
	EXPECT_EQ(0, recv.return_flags);
	EXPECT_EQ(0, recv.dropped_msgs);
	EXPECT_EQ(MANY - 1, recv_all(&self->a));
}

/* abi: 17/who-gets */
TEST_F(notify, activators_and_holders_get_no_broadcast_events)
{
	struct conn activator, c;

	ASSERT_EQ(0, conn_new_named(&activator, &self->bus, KDBUS_HELLO_ACTIVATOR, NAME));
	ASSERT_EQ(0, conn_new(&c, &self->bus));
	EXPECT_EQ(0, name_acquire(&c, OTHER_NAME, 0, NULL));
	conn_close(&c);
	EXPECT_EQ(-EAGAIN, recv_cookie(&activator));
	conn_close(&activator);
}

/* abi: 17/mapping */
TEST_F(notify, closed_connection_is_told_while_its_pool_is_still_mapped)
{
	close(self->b.fd);
	EXPECT_EQ(0, expect_id(&self->watch, KDBUS_ITEM_ID_REMOVE, self->b.id,
			       KDBUS_HELLO_ACCEPT_FD));
	/* the mapping is good until it is unmapped */
	EXPECT_EQ(0, *(volatile const __u8 *)(self->b.pool + self->b.pool_size - 1));
	self->b.fd = -1;
}

TEST_HARNESS_MAIN
