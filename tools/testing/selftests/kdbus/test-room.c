// SPDX-License-Identifier: LGPL-2.1-or-later
/* ROOM: whether a message would find room, and being told when it would. */
#include <sys/epoll.h>
#include "flow.h"
#include "kselftest_harness.h"

#define NAME		"org.example.room"
#define HEADER		sizeof(struct kdbus_msg)

FIXTURE(room) {
	struct flow flow;
	struct conn *a, *b, *c;
	struct args args;
};

FIXTURE_SETUP(room)
{
	ASSERT_EQ(0, flow_begin(&self->flow));
	self->a = &self->flow.a;
	self->b = &self->flow.b;
	self->c = &self->flow.c;
	args_init(&self->args, sizeof(struct kdbus_cmd_room));
}

FIXTURE_TEARDOWN(room)
{
	flow_end(&self->flow);
}

static void args_room(struct args *args, __u64 dst_id, __u64 msg_size, __u64 n_fds)
{
	struct kdbus_cmd_room *room = (void *)args;

	args_init(args, sizeof(*room));
	room->dst_id = dst_id;
	room->msg_size = msg_size;
	room->n_fds = n_fds;
}

static int room(struct conn *conn, __u64 dst_id, __u64 msg_size, __u64 n_fds)
{
	struct args args;

	args_room(&args, dst_id, msg_size, n_fds);
	return command(conn->fd, KDBUS_CMD_ROOM, &args);
}

static int room_of_name(struct conn *conn, __u64 dst_id, const char *name)
{
	struct args args;

	args_room(&args, dst_id, HEADER, 0);
	args_str(&args, KDBUS_ITEM_NAME, name);
	return command(conn->fd, KDBUS_CMD_ROOM, &args);
}

/* Does it poll POLLPRI now? */
static bool is_told(struct conn *conn)
{
	struct pollfd pfd = { .fd = conn->fd, .events = POLLPRI };

	return poll(&pfd, 1, 0) == 1 && pfd.revents & POLLPRI;
}

static bool comes_to_be_told(struct conn *conn)
{
	struct pollfd pfd = { .fd = conn->fd, .events = POLLPRI };

	return poll_patiently(&pfd) == 1 && pfd.revents & POLLPRI;
}

/* abi: room/number */
TEST(has_the_number_and_the_size)
{
	EXPECT_EQ(48, sizeof(struct kdbus_cmd_room));
	EXPECT_EQ(0x403095c1UL, (unsigned long)KDBUS_CMD_ROOM);
}

/* abi: room/yes, room/eagain */
TEST_F(room, says_whether_a_message_would_find_room)
{
	EXPECT_EQ(0, room(self->a, self->b->id, HEADER, 0));
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	EXPECT_EQ(-EAGAIN, room(self->a, self->b->id, HEADER, 0));
	ASSERT_EQ(1, recv_cookie(self->b));
	EXPECT_EQ(0, room(self->a, self->b->id, HEADER, 0));
	/* it does not send anything, nor keep room */
	EXPECT_EQ(0, send_plain(self->c, self->b->id, 100));
	EXPECT_EQ(FLOW_QUEUE, recv_all(self->b));
}

/* abi: room/poll */
TEST_F(room, connection_polls_pollpri_once_there_is_room)
{
	EXPECT_FALSE(is_told(self->a));
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	ASSERT_EQ(-EAGAIN, room(self->a, self->b->id, HEADER, 0));
	EXPECT_FALSE(is_told(self->a));
	ASSERT_EQ(1, recv_cookie(self->b));
	EXPECT_TRUE(comes_to_be_told(self->a));
	/* until it asks again */
	EXPECT_TRUE(is_told(self->a));
	EXPECT_EQ(0, send_plain(self->a, self->b->id, 50));
	EXPECT_EQ(-EAGAIN, room(self->a, self->b->id, HEADER, 0));
	EXPECT_FALSE(is_told(self->a));
	ASSERT_EQ(2, recv_cookie(self->b));
	EXPECT_TRUE(comes_to_be_told(self->a));
	EXPECT_EQ(0, room(self->a, self->b->id, HEADER, 0));
	EXPECT_FALSE(is_told(self->a));
}

/* abi: room/poll-unasked */
TEST_F(room, who_does_not_ask_never_sees_that_bit)
{
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	EXPECT_EQ(-ENOBUFS, send_plain(self->c, self->b->id, 1));
	EXPECT_EQ(FLOW_QUEUE, recv_all(self->b));
	EXPECT_FALSE(is_told(self->a));
	EXPECT_FALSE(is_told(self->b));
	EXPECT_FALSE(is_told(self->c));
}

static void *receive_one(void *data)
{
	return (void *)(intptr_t)recv_cookie(data);
}

/* abi: room/poll-wakes */
TEST_F(room, wakes_an_epoll_that_is_under_way)
{
	struct epoll_event event = { .events = EPOLLPRI | EPOLLET };
	pthread_t thread;
	void *ret;
	int fd;

	fd = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, epoll_ctl(fd, EPOLL_CTL_ADD, self->a->fd, &event));
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	ASSERT_EQ(-EAGAIN, room(self->a, self->b->id, HEADER, 0));
	EXPECT_EQ(0, epoll_wait(fd, &event, 1, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, receive_one, self->b));
	EXPECT_EQ(1, epoll_wait(fd, &event, 1, PATIENCE_MS));
	EXPECT_EQ(EPOLLPRI, event.events);
	ASSERT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(1, (intptr_t)ret);
	close(fd);
}

/* abi: room/bytes */
TEST_F(room, counts_bytes_as_the_pool_does)
{
	static const char bytes[500];
	struct kdbus_cmd_recv recv;
	struct conn small;
	struct args msg;
	__u64 size;

	ASSERT_EQ(0, conn_new_pool(&small, &self->flow.bus, FLOW_SMALL));
	args_msg(&msg, small.id, 1);
	args_vec(&msg, bytes, sizeof(bytes));
	ASSERT_EQ(0, msg_send(self->a, &msg));
	ASSERT_EQ(0, msg_recv(&small, 0, &recv));
	ASSERT_EQ(0, conn_free(&small, recv.msg.offset));
	size = recv.msg.msg_size;
	while (room(self->a, small.id, size, 0) == 0)
		ASSERT_EQ(0, msg_send(self->a, &msg));
	EXPECT_EQ(-ENOBUFS, msg_send(self->a, &msg));
	conn_close(&small);
}

/* abi: room/fds */
TEST_F(room, counts_descriptors)
{
	int fds[16] = { 0 };
	struct args msg;

	EXPECT_EQ(0, room(self->a, self->b->id, 256, 16));
	args_msg(&msg, self->b->id, 1);
	args_fds(&msg, fds, 10);
	ASSERT_EQ(0, msg_send(self->a, &msg));
	EXPECT_EQ(0, room(self->a, self->b->id, 256, 6));
	EXPECT_EQ(-EAGAIN, room(self->a, self->b->id, 256, 7));
	EXPECT_EQ(-EMFILE, room(self->a, self->b->id, 256, 17));
	EXPECT_EQ(1, recv_cookie(self->b));
}

/* abi: room/ecomm */
TEST_F(room, descriptors_for_one_who_takes_none_are_ecomm)
{
	struct conn conn;

	ASSERT_EQ(0, conn_new_flags(&conn, &self->flow.bus, 0));
	EXPECT_EQ(-ECOMM, room(self->a, conn.id, 256, 1));
	EXPECT_EQ(0, room(self->a, conn.id, 256, 0));
	conn_close(&conn);
}

/* abi: room/name */
TEST_F(room, takes_a_name_and_follows_the_rules_of_send)
{
	EXPECT_EQ(-ESRCH, room_of_name(self->a, KDBUS_DST_ID_NAME, NAME));
	ASSERT_EQ(0, name_acquire(self->b, NAME, 0, NULL));
	EXPECT_EQ(0, room_of_name(self->a, KDBUS_DST_ID_NAME, NAME));
	EXPECT_EQ(0, room_of_name(self->a, self->b->id, NAME));
	EXPECT_EQ(-EREMCHG, room_of_name(self->a, self->c->id, NAME));
	EXPECT_EQ(-ESRCH, room_of_name(self->a, KDBUS_DST_ID_NAME, "nodot"));
	EXPECT_EQ(-EINVAL, room(self->a, KDBUS_DST_ID_NAME, HEADER, 0));
}

/* abi: room/name-lost */
TEST_F(room, that_was_asked_of_a_name_is_told_when_the_name_is_lost)
{
	ASSERT_EQ(0, name_acquire(self->b, NAME, 0, NULL));
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	ASSERT_EQ(-EAGAIN, room_of_name(self->a, KDBUS_DST_ID_NAME, NAME));
	EXPECT_FALSE(is_told(self->a));
	ASSERT_EQ(0, name_release(self->b, NAME));
	EXPECT_TRUE(comes_to_be_told(self->a));
	EXPECT_EQ(-ESRCH, room_of_name(self->a, KDBUS_DST_ID_NAME, NAME));
	EXPECT_FALSE(is_told(self->a));
}

/* abi: room/left */
TEST_F(room, end_of_the_destination_is_told)
{
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	ASSERT_EQ(-EAGAIN, room(self->a, self->b->id, HEADER, 0));
	conn_close(self->b);
	EXPECT_TRUE(comes_to_be_told(self->a));
	EXPECT_EQ(-ENXIO, room(self->a, self->b->id, HEADER, 0));
	EXPECT_FALSE(is_told(self->a));
}

/* abi: room/left */
TEST_F(room, who_asked_may_leave_while_the_question_is_open)
{
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	ASSERT_EQ(-EAGAIN, room(self->a, self->b->id, HEADER, 0));
	conn_close(self->a);
	EXPECT_EQ(FLOW_QUEUE, recv_all(self->b));
	EXPECT_EQ(FLOW_QUEUE, flow_fill(self->c, self->b, 1));
}

/* abi: room/next-question */
TEST_F(room, question_takes_the_place_of_the_one_before)
{
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->c, 1));
	ASSERT_EQ(-EAGAIN, room(self->a, self->b->id, HEADER, 0));
	ASSERT_EQ(-EAGAIN, room(self->a, self->c->id, HEADER, 0));
	EXPECT_EQ(FLOW_QUEUE, recv_all(self->b));
	EXPECT_FALSE(is_told(self->a));
	ASSERT_EQ(1, recv_cookie(self->c));
	EXPECT_TRUE(comes_to_be_told(self->a));
}

/* abi: room/too-much */
TEST_F(room, more_than_can_ever_be_is_told_at_once)
{
	EXPECT_EQ(-ENOBUFS, room(self->a, self->b->id, POOL_SIZE / 2, 0));
	EXPECT_EQ(-ENOBUFS, room(self->a, self->b->id, ~0ULL, 0));
	EXPECT_EQ(-ENOBUFS, room(self->a, self->b->id, ~0ULL - 7, 0));
	EXPECT_EQ(-EMFILE, room(self->a, self->b->id, HEADER, ~0ULL));
	EXPECT_FALSE(is_told(self->a));
}

#define QUESTIONS	300

/* Takes what @conn gets, until it has been told that the last has come. */
static void *receive_till_told(void *data)
{
	struct conn *conn = data;
	struct pollfd pfd = { .fd = conn->fd, .events = POLLIN };
	__s64 cookie = 0;

	while (cookie != QUESTIONS && poll_patiently(&pfd) == 1)
		cookie = recv_cookie(conn);
	return (void *)(intptr_t)(cookie == QUESTIONS);
}

/* abi: room/poll */
TEST_F(room, no_answer_is_missed_while_others_make_room_and_take_it)
{
	unsigned int n, waited = 0;
	pthread_t thread;
	void *all_came;

	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->c, self->b, QUESTIONS + 1));
	ASSERT_EQ(-EAGAIN, room(self->a, self->b->id, HEADER, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, receive_till_told, self->b));
	for (n = 1; n <= QUESTIONS;) {
		/* another one, which takes what there is, and may not find it */
		send_plain(self->c, self->b->id, QUESTIONS + 1);
		switch (room(self->a, self->b->id, HEADER, 0)) {
		case -EAGAIN:
			waited++;
			ASSERT_TRUE(comes_to_be_told(self->a));
			break;
		case 0:
			if (send_plain(self->a, self->b->id, n) == 0)
				n++;
			break;
		default:
			ASSERT_TRUE(false);
		}
	}
	ASSERT_EQ(0, pthread_join(thread, &all_came));
	EXPECT_TRUE((bool)all_came);
	EXPECT_LT(0, waited);
}

/* abi: room/einval */
TEST_F(room, wrong_arguments_are_refused)
{
	struct args args;

	EXPECT_EQ(-EINVAL, room(self->a, self->b->id, 0, 0));
	args_room(&args, self->b->id, HEADER, 0);
	args.cmd.flags = 1;
	EXPECT_EQ(-EINVAL, command(self->a->fd, KDBUS_CMD_ROOM, &args));
	args_room(&args, self->b->id, HEADER, 0);
	args_str(&args, KDBUS_ITEM_DST_NAME, NAME);
	EXPECT_EQ(-EINVAL, command(self->a->fd, KDBUS_CMD_ROOM, &args));
	args_room(&args, self->b->id, HEADER, 0);
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	EXPECT_EQ(-EINVAL, command(self->a->fd, KDBUS_CMD_ROOM, &args));
	args_room(&args, self->b->id, HEADER, 0);
	args.size = sizeof(struct kdbus_cmd_room) - 8;
	EXPECT_EQ(-EINVAL, command(self->a->fd, KDBUS_CMD_ROOM, &args));
}

/* abi: room/enxio */
TEST_F(room, what_cannot_be_addressed_is_enxio)
{
	struct conn conn;

	EXPECT_EQ(-ENXIO, room(self->a, KDBUS_DST_ID_BROADCAST, HEADER, 0));
	EXPECT_EQ(-ENXIO, room(self->a, 1ULL << 40, HEADER, 0));
	ASSERT_EQ(0, conn_new_named(&conn, &self->flow.bus, KDBUS_HELLO_ACTIVATOR, NAME));
	EXPECT_EQ(-ENXIO, room(self->a, conn.id, HEADER, 0));
	/* by its name it can */
	EXPECT_EQ(0, room_of_name(self->a, KDBUS_DST_ID_NAME, NAME));
	conn_close(&conn);
}

/* abi: room/kinds */
TEST_F(room, is_for_ordinary_connections)
{
	struct conn conn;

	ASSERT_EQ(0, conn_new_flags(&conn, &self->flow.bus, KDBUS_HELLO_MONITOR));
	EXPECT_EQ(-EOPNOTSUPP, room(&conn, self->b->id, HEADER, 0));
	conn_close(&conn);
	ASSERT_EQ(0, conn_new_named(&conn, &self->flow.bus, KDBUS_HELLO_ACTIVATOR, NAME));
	EXPECT_EQ(-EOPNOTSUPP, room(&conn, self->b->id, HEADER, 0));
	conn_close(&conn);
}

/* abi: room/eperm */
TEST_F(room, asks_the_policy)
{
	struct conn alice, bob;

	ASSERT_EQ(0, conn_new_as(&alice, &self->flow.bus, ALICE, STAFF));
	ASSERT_EQ(0, conn_new_as(&bob, &self->flow.bus, BOB, STAFF));
	ASSERT_EQ(0, become(ALICE, STAFF));
	EXPECT_EQ(-EPERM, send_plain(&alice, bob.id, 1));
	EXPECT_EQ(-EPERM, room(&alice, bob.id, HEADER, 0));
	ASSERT_EQ(0, become_root());
	conn_close(&bob);
	conn_close(&alice);
}

/* abi: room/negotiate */
TEST_F(room, negotiation_does_nothing)
{
	static const __u64 types[] = { KDBUS_ITEM_NAME, KDBUS_ITEM_DST_NAME };
	struct kdbus_item *item;
	struct args args;

	args_init(&args, sizeof(struct kdbus_cmd_room));
	args.cmd.flags = KDBUS_FLAG_NEGOTIATE;
	item = args_item(&args, KDBUS_ITEM_NEGOTIATE, types, sizeof(types));
	EXPECT_EQ(0, command(self->a->fd, KDBUS_CMD_ROOM, &args));
	EXPECT_EQ(0, args.cmd.flags);
	EXPECT_EQ(KDBUS_ITEM_NAME, item->data64[0]);
	EXPECT_EQ(0, item->data64[1]);
}

TEST_HARNESS_MAIN
