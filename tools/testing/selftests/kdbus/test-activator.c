// SPDX-License-Identifier: LGPL-2.1-or-later
/* Activators, and messages that move with a name. */
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.activated"
#define OTHER_NAME	"org.example.other"

FIXTURE(activator) {
	struct bus bus;
	struct conn starter;
	struct conn service;
	struct conn client;
};

FIXTURE_SETUP(activator)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new(&self->service, &self->bus));
	ASSERT_EQ(0, conn_new(&self->client, &self->bus));
	ASSERT_EQ(0, conn_new_named(&self->starter, &self->bus, KDBUS_HELLO_ACTIVATOR, NAME));
}

FIXTURE_TEARDOWN(activator)
{
	conn_close(&self->client);
	conn_close(&self->service);
	conn_close(&self->starter);
	bus_close(&self->bus);
}

static int send_fd_by_name(struct conn *conn, const char *name, __u64 cookie, int fd)
{
	struct args msg;

	args_msg_name(&msg, name, cookie);
	args_fds(&msg, &fd, 1);
	return msg_send(conn, &msg);
}

static int call_by_name(struct conn *conn, const char *name, __u64 cookie)
{
	struct args msg;

	args_call(&msg, KDBUS_DST_ID_NAME, cookie);
	args_str(&msg, KDBUS_ITEM_DST_NAME, name);
	return msg_send(conn, &msg);
}

/* abi: 14.6/only-one */
TEST_F(activator, second_activator_is_refused_with_eexist)
{
	struct conn second;

	EXPECT_EQ(-EEXIST, conn_new_named(&second, &self->bus, KDBUS_HELLO_ACTIVATOR, NAME));
	ASSERT_EQ(0, conn_new_named(&second, &self->bus, KDBUS_HELLO_ACTIVATOR, OTHER_NAME));
	conn_close(&second);
	conn_close(&self->starter);
	EXPECT_EQ(0, conn_new_named(&self->starter, &self->bus, KDBUS_HELLO_ACTIVATOR, NAME));
}

/* abi: 14.6/free-name, 14.6/flags, 23.2/8 */
TEST_F(activator, holds_a_free_name_as_activator_and_primary)
{
	EXPECT_EQ(1, list_counted(&self->client, KDBUS_LIST_ACTIVATORS, self->starter.id, NAME));
	EXPECT_EQ(0, list_counted(&self->client, KDBUS_LIST_NAMES, self->starter.id, NAME));
	ASSERT_EQ(0, match_all(&self->client, 1));
	conn_close(&self->starter);
	EXPECT_EQ(0, expect_name(&self->client, KDBUS_ITEM_NAME_REMOVE, NAME, self->starter.id,
				 0x30, 0, 0));
	EXPECT_EQ(0, expect_id(&self->client, KDBUS_ITEM_ID_REMOVE, self->starter.id,
			       KDBUS_HELLO_ACTIVATOR));
}

/* abi: 14.6/take-over, 14.6/fall-back, 23.2/8 */
TEST_F(activator, yields_to_an_owner_and_takes_the_name_back)
{
	__u64 flags, v = self->starter.id, s = self->service.id, c = self->client.id;
	struct conn watch;

	ASSERT_EQ(0, conn_new(&watch, &self->bus));
	ASSERT_EQ(0, match_all(&watch, 1));
	EXPECT_EQ(0, name_acquire(&self->service, NAME, KDBUS_NAME_ALLOW_REPLACEMENT, &flags));
	EXPECT_EQ(0x62, flags);
	EXPECT_EQ(0, expect_name(&watch, KDBUS_ITEM_NAME_CHANGE, NAME, v, 0x30, s, 0x22));
	EXPECT_EQ(0, name_acquire(&self->client, NAME, KDBUS_NAME_REPLACE_EXISTING, &flags));
	EXPECT_EQ(0x60, flags);
	EXPECT_EQ(0, expect_name(&watch, KDBUS_ITEM_NAME_CHANGE, NAME, s, 0x22, c, 0x20));
	conn_close(&self->client);
	EXPECT_EQ(0, expect_name(&watch, KDBUS_ITEM_NAME_CHANGE, NAME, c, 0x20, v, 0x30));
	EXPECT_EQ(0, expect_id(&watch, KDBUS_ITEM_ID_REMOVE, c, KDBUS_HELLO_ACCEPT_FD));
	EXPECT_EQ(-EAGAIN, recv_cookie(&watch));
	conn_close(&watch);
}

/* abi: 14.6/owned-name */
TEST_F(activator, joins_an_owned_name_silently_as_queued)
{
	struct conn watch, second;
	const struct kdbus_info *info;
	struct list list;
	__u64 flags = 0;

	ASSERT_EQ(0, conn_new(&watch, &self->bus));
	EXPECT_EQ(0, name_acquire(&self->service, OTHER_NAME, 0, NULL));
	ASSERT_EQ(0, match_all(&watch, 1));
	ASSERT_EQ(0, conn_new_named(&second, &self->bus, KDBUS_HELLO_ACTIVATOR, OTHER_NAME));
	EXPECT_EQ(0, expect_id(&watch, KDBUS_ITEM_ID_ADD, second.id, KDBUS_HELLO_ACTIVATOR));
	EXPECT_EQ(-EAGAIN, recv_cookie(&watch));
	ASSERT_EQ(0, list_get(&list, &watch, KDBUS_LIST_ACTIVATORS));
	LIST_FOREACH(info, &list)
		if (info->id == second.id)
			flags = info->items->name.flags;
	EXPECT_EQ(KDBUS_NAME_ACTIVATOR | KDBUS_NAME_IN_QUEUE, flags);
	EXPECT_EQ(0, list_done(&list));
	EXPECT_EQ(0, send_name(&watch, OTHER_NAME, 11));
	EXPECT_EQ(11, recv_cookie(&self->service));
	conn_close(&second);
	EXPECT_EQ(0, expect_id(&watch, KDBUS_ITEM_ID_REMOVE, second.id, KDBUS_HELLO_ACTIVATOR));
	conn_close(&watch);
}

/* abi: 14.3/activator-never-blocks */
TEST_F(activator, never_blocks_an_acquisition)
{
	__u64 flags;

	EXPECT_EQ(0, name_acquire(&self->service, NAME, 0, &flags));
	EXPECT_EQ(0x60, flags);
	EXPECT_EQ(-EEXIST, name_acquire(&self->client, NAME, 0, NULL));
	EXPECT_EQ(0, name_acquire(&self->client, NAME, KDBUS_NAME_QUEUE, &flags));
	EXPECT_EQ(0x4c, flags);
}

/* abi: 14.5/next-queued-before-activator */
TEST_F(activator, queued_owners_come_before_the_activator)
{
	struct conn watch;

	ASSERT_EQ(0, conn_new(&watch, &self->bus));
	EXPECT_EQ(0, name_acquire(&self->service, NAME, 0, NULL));
	EXPECT_EQ(0, name_acquire(&self->client, NAME, KDBUS_NAME_QUEUE, NULL));
	ASSERT_EQ(0, match_all(&watch, 1));
	EXPECT_EQ(0, name_release(&self->service, NAME));
	EXPECT_EQ(0, expect_name(&watch, KDBUS_ITEM_NAME_CHANGE, NAME, self->service.id, 0x20,
				 self->client.id, 0x24));
	EXPECT_EQ(0, name_release(&self->client, NAME));
	EXPECT_EQ(0, expect_name(&watch, KDBUS_ITEM_NAME_CHANGE, NAME, self->client.id, 0x24,
				 self->starter.id, 0x30));
	conn_close(&watch);
}

/* abi: 14.5/activator-leaves-silently */
TEST_F(activator, leaves_an_owned_name_silently)
{
	struct conn watch;

	ASSERT_EQ(0, conn_new(&watch, &self->bus));
	EXPECT_EQ(0, name_acquire(&self->service, NAME, 0, NULL));
	ASSERT_EQ(0, match_all(&watch, 1));
	conn_close(&self->starter);
	EXPECT_EQ(0, expect_id(&watch, KDBUS_ITEM_ID_REMOVE, self->starter.id,
			       KDBUS_HELLO_ACTIVATOR));
	EXPECT_EQ(0, name_release(&self->service, NAME));
	EXPECT_EQ(0, expect_name(&watch, KDBUS_ITEM_NAME_REMOVE, NAME, self->service.id, OWNED,
				 0, 0));
	conn_close(&watch);
}

/* abi: 19.2/pollin, 19.2/recv */
TEST_F(activator, queues_messages_for_its_name_and_polls_readable)
{
	struct kdbus_cmd_recv recv;

	EXPECT_EQ(POLLOUT | POLLWRNORM, conn_poll(&self->starter, 0));
	EXPECT_EQ(0, send_name(&self->client, NAME, 11));
	EXPECT_EQ(POLLOUT | POLLWRNORM | POLLIN | POLLRDNORM, conn_poll(&self->starter, 0));
	EXPECT_EQ(0, msg_recv(&self->starter, KDBUS_RECV_PEEK, &recv));
	EXPECT_EQ(0, conn_free(&self->starter, recv.msg.offset));
	EXPECT_EQ(11, recv_cookie(&self->starter));
	EXPECT_EQ(0, call_by_name(&self->client, NAME, 12));
	EXPECT_EQ(0, msg_recv(&self->starter, KDBUS_RECV_DROP, &recv));
	EXPECT_EQ(0, expect_reply_event(&self->client, KDBUS_ITEM_REPLY_DEAD, 12));
}

/* abi: 19.2/not-by-id, 11.4/special */
TEST_F(activator, and_policy_holders_cannot_be_addressed_by_id)
{
	struct conn holder;
	struct args msg;

	ASSERT_EQ(0, conn_new_named(&holder, &self->bus, KDBUS_HELLO_POLICY_HOLDER, OTHER_NAME));
	EXPECT_EQ(-ENXIO, send_plain(&self->client, self->starter.id, 11));
	EXPECT_EQ(-ENXIO, send_signal(&self->client, self->starter.id, 11));
	EXPECT_EQ(-ENXIO, send_plain(&self->client, holder.id, 11));
	EXPECT_EQ(-ESRCH, send_name(&self->client, OTHER_NAME, 11));
	args_msg_name(&msg, NAME, 12);
	msg.msg.dst_id = self->starter.id;
	EXPECT_EQ(0, msg_send(&self->client, &msg));
	EXPECT_EQ(12, recv_cookie(&self->starter));
	conn_close(&holder);
}

/* abi: 11.4/no-auto-start, 5.3/no-auto-start */
TEST_F(activator, message_that_must_not_start_a_service_is_refused_with_eaddrnotavail)
{
	struct args msg;

	args_msg_name(&msg, NAME, 11);
	msg.msg.flags = KDBUS_MSG_NO_AUTO_START;
	EXPECT_EQ(-EADDRNOTAVAIL, msg_send(&self->client, &msg));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->starter));
	EXPECT_EQ(0, name_acquire(&self->service, NAME, 0, NULL));
	EXPECT_EQ(0, msg_send(&self->client, &msg));
	EXPECT_EQ(11, recv_cookie(&self->service));
}

/* abi: 19.2/holder */
TEST_F(activator, policy_holder_is_listed_but_never_owns_its_name)
{
	const struct kdbus_info *info;
	struct conn holder;

	ASSERT_EQ(0, conn_new_named(&holder, &self->bus, KDBUS_HELLO_POLICY_HOLDER, OTHER_NAME));
	EXPECT_EQ(1, list_counted(&self->client, KDBUS_LIST_UNIQUE, holder.id, NULL));
	EXPECT_EQ(0, list_counted(&self->client, KDBUS_LIST_NAMES | KDBUS_LIST_ACTIVATORS |
				  KDBUS_LIST_QUEUED, holder.id, NULL));
	EXPECT_EQ(-ESRCH, conn_info(&self->client, 0, OTHER_NAME, 0, &info));
	EXPECT_EQ(0, conn_info(&self->client, holder.id, NULL, 0, &info));
	EXPECT_EQ(KDBUS_HELLO_POLICY_HOLDER, info->flags);
	conn_close(&holder);
}

/* abi: 14.7/moves, 14.7/order, 14.7/poll */
TEST_F(activator, messages_move_to_the_new_owner_in_order_behind_what_it_has)
{
	unsigned int i;

	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, send_name(&self->client, NAME, 11 + i));
	}
	ASSERT_EQ(0, send_plain(&self->client, self->service.id, 10));
	ASSERT_EQ(0, name_acquire(&self->service, NAME, 0, NULL));
	EXPECT_EQ(POLLOUT | POLLWRNORM, conn_poll(&self->starter, 0));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->starter));
	for (i = 0; i < 6; i++) {
		EXPECT_EQ(10 + i, recv_cookie(&self->service));
	}
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->service));
}

static void *poll_readable(void *data)
{
	return (void *)(intptr_t)conn_wait(data);
}

/* abi: 14.7/poll */
TEST_F(activator, moved_messages_wake_the_poll_of_the_new_owner)
{
	pthread_t thread;
	void *result;

	ASSERT_EQ(0, send_name(&self->client, NAME, 11));
	ASSERT_EQ(0, pthread_create(&thread, NULL, poll_readable, &self->service));
	ASSERT_EQ(0, name_acquire(&self->service, NAME, 0, NULL));
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(NULL, result);
	EXPECT_EQ(11, recv_cookie(&self->service));
}

/* abi: 14.7/to-activator, 14.7/not-by-id */
TEST_F(activator, released_name_takes_messages_by_name_back_and_leaves_those_by_id)
{
	ASSERT_EQ(0, name_acquire(&self->service, NAME, 0, NULL));
	ASSERT_EQ(0, send_plain(&self->client, self->service.id, 11));
	ASSERT_EQ(0, send_name(&self->client, NAME, 12));
	ASSERT_EQ(0, send_plain(&self->client, self->service.id, 13));
	ASSERT_EQ(0, send_name(&self->client, NAME, 14));
	ASSERT_EQ(0, name_release(&self->service, NAME));
	EXPECT_EQ(12, recv_cookie(&self->starter));
	EXPECT_EQ(14, recv_cookie(&self->starter));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->starter));
	EXPECT_EQ(11, recv_cookie(&self->service));
	EXPECT_EQ(13, recv_cookie(&self->service));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->service));
}

/* abi: 14.7/to-activator */
TEST_F(activator, death_of_the_owner_moves_messages_back)
{
	ASSERT_EQ(0, name_acquire(&self->service, NAME, 0, NULL));
	ASSERT_EQ(0, send_name(&self->client, NAME, 12));
	ASSERT_EQ(0, send_plain(&self->client, self->service.id, 13));
	conn_close(&self->service);
	EXPECT_EQ(POLLOUT | POLLWRNORM | POLLIN | POLLRDNORM, conn_poll(&self->starter, 0));
	EXPECT_EQ(12, recv_cookie(&self->starter));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->starter));
}

/* abi: 14.7/registration */
TEST_F(activator, messages_to_an_earlier_registration_do_not_move)
{
	struct conn second;

	ASSERT_EQ(0, name_acquire(&self->service, OTHER_NAME, 0, NULL));
	ASSERT_EQ(0, send_name(&self->client, OTHER_NAME, 11));
	ASSERT_EQ(0, name_release(&self->service, OTHER_NAME));
	ASSERT_EQ(0, conn_new_named(&second, &self->bus, KDBUS_HELLO_ACTIVATOR, OTHER_NAME));
	ASSERT_EQ(0, name_acquire(&self->service, OTHER_NAME, 0, NULL));
	ASSERT_EQ(0, send_name(&self->client, OTHER_NAME, 12));
	ASSERT_EQ(0, name_release(&self->service, OTHER_NAME));
	EXPECT_EQ(12, recv_cookie(&second));
	EXPECT_EQ(-EAGAIN, recv_cookie(&second));
	EXPECT_EQ(11, recv_cookie(&self->service));
	conn_close(&second);
}

/* abi: 14.7/other-names-stay */
TEST_F(activator, messages_to_other_names_of_the_owner_stay)
{
	ASSERT_EQ(0, name_acquire(&self->service, NAME, 0, NULL));
	ASSERT_EQ(0, name_acquire(&self->service, OTHER_NAME, 0, NULL));
	ASSERT_EQ(0, send_name(&self->client, OTHER_NAME, 11));
	ASSERT_EQ(0, send_name(&self->client, NAME, 12));
	ASSERT_EQ(0, name_release(&self->service, NAME));
	EXPECT_EQ(11, recv_cookie(&self->service));
	EXPECT_EQ(12, recv_cookie(&self->starter));
}

/* abi: 14.7/owner-to-owner */
TEST_F(activator, messages_do_not_move_from_owner_to_owner)
{
	ASSERT_EQ(0, name_acquire(&self->service, NAME, KDBUS_NAME_ALLOW_REPLACEMENT, NULL));
	ASSERT_EQ(0, send_name(&self->client, NAME, 11));
	ASSERT_EQ(0, name_acquire(&self->client, NAME, KDBUS_NAME_REPLACE_EXISTING, NULL));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->client));
	EXPECT_EQ(11, recv_cookie(&self->service));
}

/* abi: 14.7/lost-fds */
TEST_F(activator, message_with_fds_is_lost_to_an_owner_without_accept_fd)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct kdbus_cmd_recv recv;
	struct conn starter, plain;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, conn_new_named(&starter, &self->bus, KDBUS_HELLO_ACTIVATOR |
				    KDBUS_HELLO_ACCEPT_FD, OTHER_NAME));
	ASSERT_EQ(0, conn_new_flags(&plain, &self->bus, 0));
	EXPECT_EQ(-ECOMM, send_fd_by_name(&self->client, NAME, 10, fd));
	ASSERT_EQ(0, send_fd_by_name(&self->client, OTHER_NAME, 11, fd));
	ASSERT_EQ(0, send_name(&self->client, OTHER_NAME, 12));
	ASSERT_EQ(0, name_acquire(&plain, OTHER_NAME, 0, NULL));
	ASSERT_EQ(0, msg_recv(&plain, 0, &recv));
	EXPECT_EQ(1, recv.dropped_msgs);
	EXPECT_EQ(KDBUS_RECV_RETURN_DROPPED_MSGS, recv.return_flags);
	EXPECT_EQ(12, ((const struct kdbus_msg *)(plain.pool + recv.msg.offset))->cookie);
	EXPECT_EQ(-EAGAIN, msg_recv(&starter, 0, &recv));
	EXPECT_EQ(0, recv.dropped_msgs);
	conn_close(&plain);
	conn_close(&starter);
	close(fd);
}

/* abi: 14.7/lost-quota */
TEST_F(activator, message_that_does_not_fit_the_new_pool_is_lost_there)
{
	struct kdbus_cmd_recv recv;
	struct conn small;
	struct args msg;
	static const char bytes[4096];

	ASSERT_EQ(0, conn_new_pool(&small, &self->bus, 4096));
	args_msg_name(&msg, NAME, 11);
	args_vec(&msg, bytes, sizeof(bytes));
	ASSERT_EQ(0, msg_send(&self->client, &msg));
	ASSERT_EQ(0, name_acquire(&small, NAME, 0, NULL));
	EXPECT_EQ(POLLOUT | POLLWRNORM | POLLIN | POLLRDNORM, conn_poll(&small, 0));
	EXPECT_EQ(-EAGAIN, msg_recv(&small, 0, &recv));
	EXPECT_EQ(1, recv.dropped_msgs);
	EXPECT_EQ(KDBUS_RECV_RETURN_DROPPED_MSGS, recv.return_flags);
	EXPECT_EQ(POLLOUT | POLLWRNORM, conn_poll(&small, 0));
	conn_close(&small);
}

/* abi: 14.7/verbatim */
TEST_F(activator, moved_image_is_the_one_that_was_queued_first)
{
	const struct kdbus_item *off, *stamp;
	const struct kdbus_msg *msg;
	__u64 before, after;
	struct args args;

	ASSERT_EQ(0, conn_update_recv(&self->starter, KDBUS_ATTACH_TIMESTAMP));
	args_msg_name(&args, NAME, 11);
	args.msg.priority = -7;
	args_vec(&args, "moved", 5);
	before = now_ns();
	ASSERT_EQ(0, msg_send(&self->client, &args));
	after = now_ns();
	ASSERT_EQ(0, name_acquire(&self->service, NAME, 0, NULL));
	msg = msg_next(&self->service);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(11, msg->cookie);
	EXPECT_EQ(-7, msg->priority);
	EXPECT_EQ(0, msg->dst_id);
	EXPECT_EQ(self->client.id, msg->src_id);
	off = msg_item(msg, KDBUS_ITEM_PAYLOAD_OFF);
	ASSERT_NE(NULL, off);
	EXPECT_EQ(0, memcmp("moved", (const __u8 *)msg + off->vec.offset, 5));
	/* the service itself did not ask for this */
	stamp = msg_item(msg, KDBUS_ITEM_TIMESTAMP);
	ASSERT_NE(NULL, stamp);
	EXPECT_LE(before, stamp->timestamp.monotonic_ns);
	EXPECT_GE(after, stamp->timestamp.monotonic_ns);
	ASSERT_NE(NULL, msg_item(msg, KDBUS_ITEM_DST_NAME));
	EXPECT_STREQ(NAME, msg_item(msg, KDBUS_ITEM_DST_NAME)->str);
}

/* abi: 14.7/fds-move */
TEST_F(activator, descriptors_move_with_their_message)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const struct kdbus_item *item;
	const struct kdbus_msg *msg;
	struct kdbus_cmd_recv recv;
	struct conn starter;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, conn_new_named(&starter, &self->bus, KDBUS_HELLO_ACTIVATOR |
				    KDBUS_HELLO_ACCEPT_FD, OTHER_NAME));
	ASSERT_EQ(0, send_fd_by_name(&self->client, OTHER_NAME, 11, fd));
	ASSERT_EQ(0, name_acquire(&self->service, OTHER_NAME, 0, NULL));
	ASSERT_EQ(0, msg_recv(&self->service, KDBUS_RECV_PEEK, &recv));
	msg = (const void *)(self->service.pool + recv.msg.offset);
	ASSERT_NE(NULL, msg_item(msg, KDBUS_ITEM_FDS));
	EXPECT_EQ(-1, msg_item(msg, KDBUS_ITEM_FDS)->fds[0]);
	ASSERT_EQ(0, msg_recv(&self->service, 0, &recv));
	item = msg_item((const void *)(self->service.pool + recv.msg.offset), KDBUS_ITEM_FDS);
	ASSERT_NE(NULL, item);
	EXPECT_TRUE(fd_same_file(fd, item->fds[0]));
	close(item->fds[0]);
	conn_close(&starter);
	close(fd);
}

/* abi: 14.7/charged-to-sender */
TEST_F(activator, moved_messages_are_charged_to_their_sender_at_the_new_owner)
{
	struct kdbus_cmd_recv recv;
	unsigned int i;

	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, send_name(&self->client, NAME, i + 1));
	}
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, send_plain(&self->client, self->service.id, 1000 + i));
	}
	ASSERT_EQ(0, name_acquire(&self->service, NAME, 0, NULL));
	EXPECT_EQ(-ENOBUFS, send_plain(&self->client, self->service.id, 2000));
	ASSERT_EQ(0, msg_recv(&self->service, 0, &recv));
	EXPECT_EQ(300 - 256, recv.dropped_msgs);
	EXPECT_EQ(255, recv_all(&self->service));
	/* and nothing is left charged at the source */
	ASSERT_EQ(0, name_release(&self->service, NAME));
	for (i = 0; i < 256; i++) {
		ASSERT_EQ(0, send_name(&self->client, NAME, i + 1));
	}
	EXPECT_EQ(-ENOBUFS, send_name(&self->client, NAME, 1));
}

/* abi: 14.7/charged-to-sender */
TEST_F(activator, new_owner_is_not_charged_for_what_it_takes_over)
{
	struct conn starter, alice;
	unsigned int i;

	ASSERT_EQ(0, conn_new_policy(&starter, &self->bus, KDBUS_HELLO_ACTIVATOR, OTHER_NAME,
				     KDBUS_POLICY_ACCESS_WORLD, KDBUS_POLICY_TALK, 0));
	ASSERT_EQ(0, conn_new_as(&alice, &self->bus, ALICE, ALICE));
	ASSERT_EQ(0, become(ALICE, ALICE));
	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, send_name(&alice, OTHER_NAME, i + 1));
	}
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, name_acquire(&self->service, OTHER_NAME, 0, NULL));
	ASSERT_EQ(0, become(ALICE, ALICE));
	for (i = 200; i < 256; i++) {
		ASSERT_EQ(0, send_name(&alice, OTHER_NAME, i + 1));
	}
	EXPECT_EQ(-ENOBUFS, send_name(&alice, OTHER_NAME, 999));
	ASSERT_EQ(0, become_root());
	for (i = 0; i < 256; i++) {
		ASSERT_EQ(0, send_plain(&self->service, self->service.id, i + 1));
	}
	EXPECT_EQ(-ENOBUFS, send_plain(&self->client, self->service.id, 999));
	EXPECT_EQ(512, recv_all(&self->service));
	conn_close(&alice);
	conn_close(&starter);
}

/* abi: 14.7/trackers, 23.2/8 */
TEST_F(activator, new_owner_answers_calls_that_were_sent_to_the_activator)
{
	ASSERT_EQ(0, call_by_name(&self->client, NAME, 11));
	ASSERT_EQ(0, name_acquire(&self->service, NAME, 0, NULL));
	EXPECT_EQ(11, recv_cookie(&self->service));
	EXPECT_EQ(0, send_reply(&self->service, self->client.id, 12, 11));
	EXPECT_EQ(12, recv_cookie(&self->client));
	EXPECT_EQ(-EBADSLT, send_reply(&self->service, self->client.id, 13, 11));
}

/* abi: 14.7/trackers */
TEST_F(activator, death_of_the_new_owner_ends_calls_that_it_took_over)
{
	ASSERT_EQ(0, call_by_name(&self->client, NAME, 11));
	ASSERT_EQ(0, name_acquire(&self->service, NAME, 0, NULL));
	EXPECT_EQ(11, recv_cookie(&self->service));
	conn_close(&self->starter);
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->client));
	conn_close(&self->service);
	EXPECT_EQ(0, expect_reply_event(&self->client, KDBUS_ITEM_REPLY_DEAD, 11));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->client));
}

/* abi: 14.7/trackers */
TEST_F(activator, calls_survive_the_owner_until_the_activator_goes_too)
{
	ASSERT_EQ(0, name_acquire(&self->service, NAME, 0, NULL));
	ASSERT_EQ(0, call_by_name(&self->client, NAME, 11));
	conn_close(&self->service);
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->client));
	conn_close(&self->starter);
	EXPECT_EQ(0, expect_reply_event(&self->client, KDBUS_ITEM_REPLY_DEAD, 11));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->client));
}

/* The activator cannot answer what it does not get. */
/* abi: 14.7/trackers */
TEST_F(activator, call_that_the_owner_has_received_is_told_dead_when_it_dies)
{
	ASSERT_EQ(0, name_acquire(&self->service, NAME, 0, NULL));
	ASSERT_EQ(0, call_by_name(&self->client, NAME, 11));
	ASSERT_EQ(0, call_by_name(&self->client, NAME, 12));
	ASSERT_EQ(11, recv_cookie(&self->service));
	conn_close(&self->service);
	EXPECT_EQ(0, expect_reply_event(&self->client, KDBUS_ITEM_REPLY_DEAD, 11));
	/* the other one waits for the next service */
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->client));
	EXPECT_EQ(12, recv_cookie(&self->starter));
}

/* abi: 14.7/trackers */
TEST_F(activator, owner_may_answer_what_it_received_after_it_released_the_name)
{
	ASSERT_EQ(0, name_acquire(&self->service, NAME, 0, NULL));
	ASSERT_EQ(0, call_by_name(&self->client, NAME, 11));
	ASSERT_EQ(11, recv_cookie(&self->service));
	ASSERT_EQ(0, name_release(&self->service, NAME));
	EXPECT_EQ(0, send_reply(&self->service, self->client.id, 5, 11));
	EXPECT_EQ(5, recv_cookie(&self->client));
}

/* abi: 11.6/activator, 14.7/trackers */
TEST_F(activator, synchronous_call_waits_for_the_service_to_come)
{
	struct sync_call call;
	struct args msg;

	sync_call_init(&call, &self->client, KDBUS_DST_ID_NAME, 11);
	args_str(&call.msg, KDBUS_ITEM_DST_NAME, NAME);
	ASSERT_EQ(0, sync_call_start(&call));
	ASSERT_EQ(0, conn_wait(&self->starter));
	ASSERT_EQ(0, name_acquire(&self->service, NAME, 0, NULL));
	EXPECT_EQ(11, recv_cookie(&self->service));
	args_reply(&msg, self->client.id, 12, 11);
	EXPECT_EQ(0, msg_send(&self->service, &msg));
	EXPECT_EQ(0, sync_call_join(&call));
	EXPECT_EQ(12, sync_call_reply(&call)->cookie);
}

/* abi: 11.6/activator */
TEST_F(activator, synchronous_call_ends_with_epipe_when_the_taker_goes)
{
	struct sync_call call;

	sync_call_init(&call, &self->client, KDBUS_DST_ID_NAME, 11);
	args_str(&call.msg, KDBUS_ITEM_DST_NAME, NAME);
	ASSERT_EQ(0, sync_call_start(&call));
	ASSERT_EQ(0, conn_wait(&self->starter));
	ASSERT_EQ(0, name_acquire(&self->service, NAME, 0, NULL));
	ASSERT_EQ(0, name_release(&self->service, NAME));
	conn_close(&self->starter);
	EXPECT_EQ(-EPIPE, sync_call_join(&call));
}

/* abi: 7/activator */
TEST_F(activator, takes_no_part_in_the_bus)
{
	struct args args;

	EXPECT_EQ(-EOPNOTSUPP, send_plain(&self->starter, self->client.id, 1));
	EXPECT_EQ(-EOPNOTSUPP, conn_bye(&self->starter));
	EXPECT_EQ(-EOPNOTSUPP, name_acquire(&self->starter, OTHER_NAME, 0, NULL));
	EXPECT_EQ(-EOPNOTSUPP, name_release(&self->starter, NAME));
	EXPECT_EQ(-EOPNOTSUPP, match_all(&self->starter, 1));
	EXPECT_EQ(-EOPNOTSUPP, match_remove(&self->starter, 1));
	args_cmd(&args);
	args_u64(&args, KDBUS_ITEM_ATTACH_FLAGS_SEND, 0);
	EXPECT_EQ(-EOPNOTSUPP, command(self->starter.fd, KDBUS_CMD_UPDATE, &args));
	EXPECT_EQ(-EOPNOTSUPP, policy_update(&self->starter, NAME, KDBUS_POLICY_ACCESS_WORLD,
					     KDBUS_POLICY_OWN, 0));
	EXPECT_EQ(0, conn_update_recv(&self->starter, KDBUS_ATTACH_CREDS));
}

/* abi: 7/policy-holder */
TEST_F(activator, policy_holders_may_do_even_less)
{
	struct kdbus_cmd_recv recv;
	struct conn holder;
	struct args args;

	ASSERT_EQ(0, conn_new_named(&holder, &self->bus, KDBUS_HELLO_POLICY_HOLDER, OTHER_NAME));
	EXPECT_EQ(-EOPNOTSUPP, send_plain(&holder, self->client.id, 1));
	EXPECT_EQ(-EOPNOTSUPP, msg_recv(&holder, 0, &recv));
	EXPECT_EQ(-EOPNOTSUPP, conn_free(&holder, 0));
	EXPECT_EQ(-EOPNOTSUPP, conn_bye(&holder));
	EXPECT_EQ(-EOPNOTSUPP, name_acquire(&holder, OTHER_NAME, 0, NULL));
	EXPECT_EQ(-EOPNOTSUPP, name_release(&holder, OTHER_NAME));
	EXPECT_EQ(-EOPNOTSUPP, match_all(&holder, 1));
	EXPECT_EQ(-EOPNOTSUPP, match_remove(&holder, 1));
	EXPECT_EQ(-EOPNOTSUPP, conn_update_recv(&holder, 0));
	args_cmd(&args);
	args_u64(&args, KDBUS_ITEM_ATTACH_FLAGS_SEND, 0);
	EXPECT_EQ(-EOPNOTSUPP, command(holder.fd, KDBUS_CMD_UPDATE, &args));
	EXPECT_EQ(POLLOUT | POLLWRNORM, conn_poll(&holder, 0));
	EXPECT_EQ(1, list_counted(&self->client, KDBUS_LIST_UNIQUE, holder.id, NULL));
	conn_close(&holder);
}

TEST_HARNESS_MAIN
