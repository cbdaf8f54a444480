// SPDX-License-Identifier: LGPL-2.1-or-later
/* Processes that die while others wait for them, or while they wait. */
#include <signal.h>
#include "common.h"
#include "kselftest_harness.h"

FIXTURE_BUS(death)

/*
 * A process with a connection of its own that tells its id, and then does as
 * @run says.
 */
struct peer {
	pid_t pid;
	__u64 id;
};

static int peer_start(struct peer *peer, const struct bus *bus,
		      int (*run)(struct conn *conn, __u64 other), __u64 other)
{
	int told[2];

	if (pipe2(told, O_CLOEXEC) < 0)
		return -errno;
	peer->pid = child_fork();
	if (peer->pid == 0) {
		struct conn conn;
		int ret = conn_new(&conn, bus);

		if (ret == 0 && write(told[1], &conn.id, sizeof(conn.id)) != sizeof(conn.id))
			ret = -EIO;
		child_exit(ret ? ret : run(&conn, other));
	}
	close(told[1]);
	if (read(told[0], &peer->id, sizeof(peer->id)) != sizeof(peer->id))
		return -EPIPE;
	close(told[0]);
	return 0;
}

static int wait_for_ever(struct conn *conn, __u64 other)
{
	for (;;)
		pause();
	return 0;
}

static int die_on_message(struct conn *conn, __u64 other)
{
	int ret = conn_wait(conn);

	if (ret)
		return ret;
	/* received, not answered */
	return recv_cookie(conn) == 1 ? 0 : -EPROTO;
}

static int die_without_looking(struct conn *conn, __u64 other)
{
	return conn_wait(conn);
}

static int call_for_ever(struct conn *conn, __u64 other)
{
	return send_sync(conn, other, 1);
}

static int call_and_end(struct conn *conn, __u64 other)
{
	return send_call(conn, other, 1);
}

/* abi: 11.5/replier-gone */
TEST_F(death, caller_learns_when_the_replier_exits_after_receiving)
{
	struct peer peer;

	ASSERT_EQ(0, peer_start(&peer, &self->bus, die_on_message, 0));
	EXPECT_EQ(-EPIPE, send_sync(&self->a, peer.id, 1));
	EXPECT_EQ(0, child_result(peer.pid));
}

/* abi: 11.5/replier-gone */
TEST_F(death, caller_learns_when_the_replier_exits_without_receiving)
{
	struct peer peer;

	ASSERT_EQ(0, peer_start(&peer, &self->bus, die_without_looking, 0));
	EXPECT_EQ(-EPIPE, send_sync(&self->a, peer.id, 1));
	EXPECT_EQ(0, child_result(peer.pid));
}

/* abi: 11.5/replier-gone */
TEST_F(death, caller_learns_when_the_replier_is_killed)
{
	struct sync_call call;
	struct peer peer;

	ASSERT_EQ(0, peer_start(&peer, &self->bus, wait_for_ever, 0));
	sync_call_init(&call, &self->a, peer.id, 1);
	ASSERT_EQ(0, sync_call_start(&call));
	ASSERT_EQ(0, task_wait_sleeping(call.tid));
	ASSERT_EQ(0, kill(peer.pid, SIGKILL));
	EXPECT_EQ(-EPIPE, sync_call_join(&call));
	EXPECT_EQ(-1000 - SIGKILL, child_result(peer.pid));
}

/* abi: 11.5/replier-gone, 17/reply-dead */
TEST_F(death, asynchronous_caller_is_told_when_the_replier_is_killed)
{
	const struct kdbus_msg *msg;
	struct peer peer;

	ASSERT_EQ(0, peer_start(&peer, &self->bus, wait_for_ever, 0));
	ASSERT_EQ(0, send_call(&self->a, peer.id, 5));
	ASSERT_EQ(0, kill(peer.pid, SIGKILL));
	EXPECT_EQ(-1000 - SIGKILL, child_result(peer.pid));
	/* before the parent could learn of the death */
	msg = msg_next(&self->a);
	ASSERT_NE(NULL, msg);
	EXPECT_NE(NULL, msg_item(msg, KDBUS_ITEM_REPLY_DEAD));
	EXPECT_EQ(5ULL, msg->cookie_reply);
}

/* abi: 11.5/caller-gone, 19.5/5-trackers */
TEST_F(death, reply_to_a_killed_caller_is_enxio)
{
	struct peer peer;

	ASSERT_EQ(0, peer_start(&peer, &self->bus, call_for_ever, self->b.id));
	ASSERT_EQ(0, conn_wait(&self->b));
	ASSERT_EQ(0, kill(peer.pid, SIGKILL));
	EXPECT_EQ(-1000 - SIGKILL, child_result(peer.pid));
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(-ENXIO, send_reply(&self->b, peer.id, 2, 1));
}

/* abi: 11.5/caller-gone */
TEST_F(death, message_of_a_dead_sender_stays_queued)
{
	struct peer peer;

	ASSERT_EQ(0, peer_start(&peer, &self->bus, call_and_end, self->b.id));
	EXPECT_EQ(0, child_result(peer.pid));
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(-ENXIO, send_reply(&self->b, peer.id, 2, 1));
}

/* abi: 19.5/3, 19.5/5-queue */
TEST_F(death, killed_receiver_makes_its_id_unknown)
{
	struct peer peer;
	int i;

	ASSERT_EQ(0, peer_start(&peer, &self->bus, wait_for_ever, 0));
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, send_plain(&self->a, peer.id, i));
	}
	ASSERT_EQ(0, kill(peer.pid, SIGKILL));
	EXPECT_EQ(-1000 - SIGKILL, child_result(peer.pid));
	EXPECT_EQ(-ENXIO, send_plain(&self->a, peer.id, 1));
}

/* abi: 13.5/returned-disconnect */
TEST_F(death, dead_receivers_return_what_was_charged)
{
	struct kdbus_cmd_recv recv;
	struct conn conn;
	int i;

	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, conn_new(&conn, &self->bus));
		ASSERT_EQ(0, send_bytes(&self->a, conn.id, 1, 2 << 20));
		conn_close(&conn);
	}
	ASSERT_EQ(0, send_bytes(&self->a, self->b.id, 1, 2 << 20));
	EXPECT_EQ(0, msg_recv(&self->b, 0, &recv));
}

/* abi: 11.3/referenced */
TEST_F(death, killed_receiver_closes_descriptors_in_its_queue)
{
	struct pollfd pfd;
	struct peer peer;
	struct args msg;
	int pipes[2];

	ASSERT_EQ(0, peer_start(&peer, &self->bus, wait_for_ever, 0));
	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	args_msg(&msg, peer.id, 1);
	args_fds(&msg, &pipes[1], 1);
	ASSERT_EQ(0, msg_send(&self->a, &msg));
	close(pipes[1]);
	ASSERT_EQ(0, kill(peer.pid, SIGKILL));
	EXPECT_EQ(-1000 - SIGKILL, child_result(peer.pid));
	pfd = (struct pollfd){ .fd = pipes[0], .events = POLLIN };
	EXPECT_EQ(1, poll_patiently(&pfd));
	EXPECT_EQ(POLLHUP, pfd.revents);
}

/* abi: 19.5/4 */
TEST_F(death, names_of_a_killed_owner_go_to_the_next)
{
	int ready[2];
	pid_t child;
	char byte;

	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	child = child_fork();
	ASSERT_LE(0, child);
	if (child == 0) {
		struct conn conn;

		if (conn_new(&conn, &self->bus) || name_acquire(&conn, "com.example", 0, NULL) ||
		    write(ready[1], "", 1) != 1)
			child_exit(-EIO);
		for (;;)
			pause();
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	ASSERT_EQ(0, name_acquire(&self->b, "com.example", KDBUS_NAME_QUEUE, NULL));
	ASSERT_EQ(0, kill(child, SIGKILL));
	EXPECT_EQ(-1000 - SIGKILL, child_result(child));
	EXPECT_EQ(0, send_name(&self->a, "com.example", 3));
	EXPECT_EQ(3, recv_cookie(&self->b));
}

/* abi: 11.6/several, 19.5/6 */
TEST_F(death, all_callers_learn_of_one_death)
{
	struct sync_call calls[16];
	struct peer peer;
	int i;

	ASSERT_EQ(0, peer_start(&peer, &self->bus, wait_for_ever, 0));
	for (i = 0; i < 16; i++) {
		sync_call_init(&calls[i], i % 2 ? &self->a : &self->b, peer.id, i + 1);
		ASSERT_EQ(0, sync_call_start(&calls[i]));
		ASSERT_EQ(0, task_wait_sleeping(calls[i].tid));
	}
	ASSERT_EQ(0, kill(peer.pid, SIGKILL));
	for (i = 0; i < 16; i++) {
		EXPECT_EQ(-EPIPE, sync_call_join(&calls[i]));
	}
	EXPECT_EQ(-1000 - SIGKILL, child_result(peer.pid));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 2.3/vanish, 19.5/1-sync */
TEST_F(death, killed_bus_owner_ends_calls_in_progress)
{
	struct sync_call call;
	struct conn a, b;
	struct bus bus;
	int ready[2];
	pid_t child;

	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	child = child_fork();
	ASSERT_LE(0, child);
	if (child == 0) {
		if (bus_make(&bus) || write(ready[1], &bus, sizeof(bus)) != sizeof(bus))
			child_exit(-EIO);
		for (;;)
			pause();
	}
	ASSERT_EQ(sizeof(bus), read(ready[0], &bus, sizeof(bus)));
	ASSERT_EQ(0, conn_new(&a, &bus));
	ASSERT_EQ(0, conn_new(&b, &bus));
	sync_call_init(&call, &a, b.id, 1);
	ASSERT_EQ(0, sync_call_start(&call));
	ASSERT_EQ(0, conn_wait(&b));
	ASSERT_EQ(0, task_wait_sleeping(call.tid));
	ASSERT_EQ(0, kill(child, SIGKILL));
	EXPECT_EQ(-1000 - SIGKILL, child_result(child));
	EXPECT_EQ(-ECONNRESET, sync_call_join(&call));
	EXPECT_EQ(-ECONNRESET, recv_cookie(&b));
	conn_close(&b);
	conn_close(&a);
}

TEST_HARNESS_MAIN
