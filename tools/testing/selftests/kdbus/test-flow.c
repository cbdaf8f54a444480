// SPDX-License-Identifier: LGPL-2.1-or-later
/* SEND that waits for room: when it ends, and what has become of the message then. */
#include <signal.h>
#include <sys/eventfd.h>
#include "flow.h"
#include "kselftest_harness.h"

#define NAME		"org.example.flow"
#define FOR_EVER	(~0ULL)

FIXTURE(flow) {
	struct flow flow;
	struct conn *a, *b, *c;
};

FIXTURE_SETUP(flow)
{
	ASSERT_EQ(0, flow_begin(&self->flow));
	self->a = &self->flow.a;
	self->b = &self->flow.b;
	self->c = &self->flow.c;
}

FIXTURE_TEARDOWN(flow)
{
	flow_end(&self->flow);
}

/* abi: flow/number */
TEST(has_the_numbers)
{
	EXPECT_EQ(1ULL << 16, KDBUS_SEND_WAIT);
	EXPECT_EQ(1ULL << 17, KDBUS_EXCHANGE_SEND_WAIT);
	EXPECT_EQ(1ULL << 16, KDBUS_SEND_RETURN_LOST);
	EXPECT_EQ(1ULL << 19, KDBUS_EXCHANGE_RETURN_LOST);
	EXPECT_EQ(0x802, KDBUS_ITEM_DEADLINE);
}

/* ---- how the wait begins and ends well ---- */

/* abi: flow/no-wait */
TEST_F(flow, with_room_it_does_not_wait_even_when_the_deadline_is_past)
{
	EXPECT_EQ(0, send_plain_wait(self->a, self->b->id, 1, 0));
	EXPECT_EQ(0, send_plain_wait(self->a, self->b->id, 2, 1));
	EXPECT_EQ(1, recv_cookie(self->b));
	EXPECT_EQ(2, recv_cookie(self->b));
}

/* abi: flow/queue */
TEST_F(flow, waits_for_a_place_in_the_queue)
{
	struct sync_call wait;
	unsigned int i;

	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	flow_wait_init(&wait, self->a, self->b->id, 100);
	ASSERT_EQ(0, flow_wait_start(&wait));
	EXPECT_EQ(1, recv_cookie(self->b));
	EXPECT_EQ(0, sync_call_join(&wait));
	EXPECT_EQ(0, wait.cmd.send.return_flags);
	for (i = 1; i < FLOW_QUEUE; i++)
		EXPECT_EQ(1 + i, recv_cookie(self->b));
	EXPECT_EQ(100, recv_cookie(self->b));
	EXPECT_EQ(-EAGAIN, recv_cookie(self->b));
}

/* abi: flow/bytes */
TEST_F(flow, waits_for_its_share_of_the_pool)
{
	static const char bytes[500];
	struct sync_call wait;
	struct conn small;
	struct args msg;
	int n = 0;

	ASSERT_EQ(0, conn_new_pool(&small, &self->flow.bus, FLOW_SMALL));
	args_msg(&msg, small.id, 1);
	args_vec(&msg, bytes, sizeof(bytes));
	while (msg_send(self->a, &msg) == 0)
		n++;
	ASSERT_LT(0, n);
	flow_wait_init(&wait, self->a, small.id, 100);
	args_vec(&wait.msg, bytes, sizeof(bytes));
	ASSERT_EQ(0, flow_wait_start(&wait));
	EXPECT_EQ(1, recv_cookie(&small));
	EXPECT_EQ(0, sync_call_join(&wait));
	while (--n)
		EXPECT_EQ(1, recv_cookie(&small));
	EXPECT_EQ(100, recv_cookie(&small));
	conn_close(&small);
}

/* Receive and keep: how many slices it was, their offsets at @kept (64). */
static int fill_pool(struct conn *from, struct conn *to, __u64 *kept)
{
	struct kdbus_cmd_recv recv;
	int ret, n = 0;

	for (;;) {
		ret = send_plain(from, to->id, 1);
		if (ret)
			return ret == -EXFULL ? n : ret;
		ret = msg_recv(to, 0, &recv);
		if (ret)
			return ret;
		if (n == 64)
			return -E2BIG;
		kept[n++] = recv.msg.offset;
	}
}

/* abi: flow/pool */
TEST_F(flow, waits_for_what_the_receiver_has_to_free)
{
	struct sync_call wait;
	struct conn small;
	__u64 kept[64];

	ASSERT_EQ(0, conn_new_pool(&small, &self->flow.bus, FLOW_SMALL));
	ASSERT_LT(2, fill_pool(self->a, &small, kept));
	flow_wait_init(&wait, self->a, small.id, 100);
	ASSERT_EQ(0, flow_wait_start(&wait));
	ASSERT_EQ(0, conn_free(&small, kept[1]));
	EXPECT_EQ(0, sync_call_join(&wait));
	EXPECT_EQ(100, recv_cookie(&small));
	conn_close(&small);
}

/* abi: flow/fds */
TEST_F(flow, waits_for_descriptors)
{
	int fds[16] = { 0 };
	struct sync_call wait;
	struct args msg;

	args_msg(&msg, self->b->id, 1);
	args_fds(&msg, fds, 16);
	ASSERT_EQ(0, msg_send(self->a, &msg));
	ASSERT_EQ(-EMFILE, msg_send(self->a, &msg));
	flow_wait_init(&wait, self->a, self->b->id, 100);
	args_fds(&wait.msg, fds, 1);
	ASSERT_EQ(0, flow_wait_start(&wait));
	EXPECT_EQ(1, recv_cookie(self->b));
	EXPECT_EQ(0, sync_call_join(&wait));
}

/* abi: flow/name */
TEST_F(flow, waits_at_whoever_has_the_name)
{
	struct sync_call wait;

	ASSERT_EQ(0, name_acquire(self->b, NAME, 0, NULL));
	ASSERT_EQ(0, name_acquire(self->c, NAME, KDBUS_NAME_QUEUE, NULL));
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	flow_wait_init(&wait, self->a, KDBUS_DST_ID_NAME, 100);
	args_str(&wait.msg, KDBUS_ITEM_DST_NAME, NAME);
	ASSERT_EQ(0, flow_wait_start(&wait));
	/* the new owner gets it, when the old one has room or before */
	ASSERT_EQ(0, name_release(self->b, NAME));
	EXPECT_EQ(1, recv_cookie(self->b));
	EXPECT_EQ(0, sync_call_join(&wait));
	EXPECT_EQ(100, recv_cookie(self->c));
}

/* abi: flow/signal-to-one */
TEST_F(flow, signal_to_one_waits_instead_of_being_dropped)
{
	struct sync_call wait;
	struct args msg;

	ASSERT_EQ(0, match_all(self->b, 2));
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	args_signal(&msg, self->b->id, 2);
	EXPECT_EQ(-ETIMEDOUT, send_wait(self->a, &msg, 1));
	flow_wait_init(&wait, self->a, self->b->id, 100);
	args_signal(&wait.msg, self->b->id, 100);
	ASSERT_EQ(0, flow_wait_start(&wait));
	EXPECT_EQ(1, recv_cookie(self->b));
	EXPECT_EQ(0, sync_call_join(&wait));
	EXPECT_EQ(FLOW_QUEUE, recv_all(self->b));
	/* one that nobody wants does not wait */
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->c, 1));
	args_signal(&msg, self->c->id, 3);
	EXPECT_EQ(0, send_wait(self->a, &msg, 1));
}

/* abi: flow/reply */
TEST_F(flow, reply_waits_for_room_at_the_caller)
{
	struct sync_call wait;
	unsigned int i;

	ASSERT_EQ(0, send_call(self->b, self->a->id, 7));
	ASSERT_EQ(7, recv_cookie(self->a));
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->c, self->b, 1));
	flow_wait_init(&wait, self->a, self->b->id, 100);
	args_reply(&wait.msg, self->b->id, 100, 7);
	ASSERT_EQ(0, flow_wait_start(&wait));
	EXPECT_EQ(1, recv_cookie(self->b));
	EXPECT_EQ(0, sync_call_join(&wait));
	for (i = 1; i < FLOW_QUEUE; i++)
		EXPECT_EQ(1 + i, recv_cookie(self->b));
	EXPECT_EQ(100, recv_cookie(self->b));
}

/* abi: flow/reply */
TEST_F(flow, reply_that_gave_up_can_be_sent_again)
{
	struct args msg;

	ASSERT_EQ(0, send_call(self->b, self->a->id, 7));
	ASSERT_EQ(7, recv_cookie(self->a));
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->c, self->b, 1));
	args_reply(&msg, self->b->id, 100, 7);
	EXPECT_EQ(-ETIMEDOUT, send_wait(self->a, &msg, 1));
	EXPECT_EQ(FLOW_QUEUE, recv_all(self->b));
	args_reply(&msg, self->b->id, 101, 7);
	EXPECT_EQ(0, send_wait(self->a, &msg, 1));
	EXPECT_EQ(101, recv_cookie(self->b));
	/* answered once */
	args_reply(&msg, self->b->id, 102, 7);
	EXPECT_EQ(-EBADSLT, send_wait(self->a, &msg, 1));
	EXPECT_EQ(-EAGAIN, recv_cookie(self->b));
}

/* abi: flow/sync */
TEST_F(flow, call_waits_for_room_and_then_for_its_reply)
{
	struct sync_call call;
	unsigned int i;

	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->c, self->b, 1));
	sync_call_init(&call, self->a, self->b->id, 100);
	call.cmd.send.flags |= KDBUS_SEND_WAIT;
	ASSERT_EQ(0, flow_wait_start(&call));
	for (i = 0; i < FLOW_QUEUE; i++)
		EXPECT_EQ(1 + i, recv_cookie(self->b));
	ASSERT_EQ(0, conn_wait(self->b));
	EXPECT_EQ(100, recv_cookie(self->b));
	EXPECT_EQ(0, send_reply(self->b, self->a->id, 5, 100));
	EXPECT_EQ(0, sync_call_join(&call));
	EXPECT_EQ(5, sync_call_reply(&call)->cookie);
}

/* abi: flow/sync */
TEST_F(flow, call_that_finds_no_room_ends_at_its_own_deadline)
{
	struct sync_call call;
	__u64 deadline = deadline_ms(50);

	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->c, self->b, 1));
	sync_call_init(&call, self->a, self->b->id, 100);
	call.cmd.send.flags |= KDBUS_SEND_WAIT;
	call.msg.msg.timeout_ns = deadline;
	ASSERT_EQ(0, sync_call_start(&call));
	EXPECT_EQ(-ETIMEDOUT, sync_call_join(&call));
	EXPECT_LE(deadline, now_ns());
	EXPECT_EQ(FLOW_QUEUE, recv_all(self->b));
}

/* ---- how it ends otherwise: nothing was sent ---- */

/* abi: flow/deadline */
TEST_F(flow, ends_with_etimedout_at_the_deadline_and_not_before)
{
	__u64 deadline = deadline_ms(50);

	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	EXPECT_EQ(-ETIMEDOUT, send_plain_wait(self->a, self->b->id, 100, deadline));
	EXPECT_LE(deadline, now_ns());
	EXPECT_EQ(-ETIMEDOUT, send_plain_wait(self->a, self->b->id, 100, 1));
	EXPECT_EQ(FLOW_QUEUE, recv_all(self->b));
	/* and nothing is left of it */
	EXPECT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
}

/* abi: flow/deadline */
TEST_F(flow, deadline_of_all_ones_is_none)
{
	struct sync_call wait;

	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	flow_wait_init(&wait, self->a, self->b->id, 100);
	args_deadline(&wait.cmd, FOR_EVER);
	ASSERT_EQ(0, flow_wait_start(&wait));
	EXPECT_EQ(1, recv_cookie(self->b));
	EXPECT_EQ(0, sync_call_join(&wait));
}

/* abi: flow/cancel */
TEST_F(flow, ends_with_ecanceled_when_the_descriptor_is_readable)
{
	struct sync_call wait;
	__u64 one = 1;
	int fd;

	fd = eventfd(0, EFD_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	flow_wait_init(&wait, self->a, self->b->id, 100);
	args_cancel_fd(&wait.cmd, fd);
	ASSERT_EQ(0, flow_wait_start(&wait));
	ASSERT_EQ(sizeof(one), write(fd, &one, sizeof(one)));
	EXPECT_EQ(-ECANCELED, sync_call_join(&wait));
	EXPECT_EQ(FLOW_QUEUE, recv_all(self->b));
	/* where there is room nobody looks at it */
	EXPECT_EQ(0, sync_call_start(&wait) ?: sync_call_join(&wait));
	EXPECT_EQ(100, recv_cookie(self->b));
	close(fd);
}

static void nothing(int signal)
{
}

/* abi: flow/signal */
TEST_F(flow, ends_with_eintr_when_a_signal_comes)
{
	struct sigaction action = { .sa_handler = nothing };
	struct sync_call wait;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	flow_wait_init(&wait, self->a, self->b->id, 100);
	ASSERT_EQ(0, flow_wait_start(&wait));
	ASSERT_EQ(0, pthread_kill(wait.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, sync_call_join(&wait));
	EXPECT_EQ(FLOW_QUEUE, recv_all(self->b));
}

/* abi: flow/signal */
TEST_F(flow, goes_on_after_a_signal_that_restarts_calls)
{
	struct sigaction action = { .sa_handler = nothing, .sa_flags = SA_RESTART };
	struct sync_call wait;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	flow_wait_init(&wait, self->a, self->b->id, 100);
	ASSERT_EQ(0, flow_wait_start(&wait));
	ASSERT_EQ(0, pthread_kill(wait.thread, SIGUSR1));
	ASSERT_EQ(0, task_wait_sleeping(wait.tid));
	EXPECT_EQ(1, recv_cookie(self->b));
	EXPECT_EQ(0, sync_call_join(&wait));
	EXPECT_EQ(FLOW_QUEUE, recv_all(self->b));
}

/* abi: flow/signal, 11.5/monitors-unaware */
TEST_F(flow, monitor_sees_once_what_was_restarted_and_not_what_gave_up)
{
	struct sigaction action = { .sa_handler = nothing, .sa_flags = SA_RESTART };
	struct sync_call wait;
	struct conn monitor;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	ASSERT_EQ(0, conn_new_flags(&monitor, &self->flow.bus, KDBUS_HELLO_MONITOR));
	EXPECT_EQ(-ETIMEDOUT, send_plain_wait(self->a, self->b->id, 99, 1));
	flow_wait_init(&wait, self->a, self->b->id, 100);
	ASSERT_EQ(0, flow_wait_start(&wait));
	ASSERT_EQ(0, pthread_kill(wait.thread, SIGUSR1));
	ASSERT_EQ(0, task_wait_sleeping(wait.tid));
	EXPECT_EQ(-EAGAIN, recv_cookie(&monitor));
	EXPECT_EQ(1, recv_cookie(self->b));
	EXPECT_EQ(0, sync_call_join(&wait));
	EXPECT_EQ(100, recv_cookie(&monitor));
	EXPECT_EQ(-EAGAIN, recv_cookie(&monitor));
	conn_close(&monitor);
}

/* abi: flow/receiver-left */
TEST_F(flow, ends_with_econnreset_when_the_receiver_leaves)
{
	struct sync_call wait;

	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	flow_wait_init(&wait, self->a, self->b->id, 100);
	ASSERT_EQ(0, flow_wait_start(&wait));
	conn_close(self->b);
	EXPECT_EQ(-ECONNRESET, sync_call_join(&wait));
}

/* abi: flow/sender-left */
TEST_F(flow, ends_with_econnreset_when_the_sender_is_disconnected)
{
	struct sync_call wait;

	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	flow_wait_init(&wait, self->a, self->b->id, 100);
	ASSERT_EQ(0, flow_wait_start(&wait));
	ASSERT_EQ(0, conn_bye(self->a));
	EXPECT_EQ(-ECONNRESET, sync_call_join(&wait));
	EXPECT_EQ(FLOW_QUEUE, recv_all(self->b));
}

/* abi: flow/too-much */
TEST_F(flow, does_not_wait_for_what_can_never_be)
{
	static const char bytes[FLOW_SMALL];
	struct conn small;
	struct args msg;
	int ret;

	ASSERT_EQ(0, conn_new_pool(&small, &self->flow.bus, FLOW_SMALL));
	args_msg(&msg, small.id, 1);
	args_vec(&msg, bytes, sizeof(bytes));
	ret = msg_send(self->a, &msg);
	EXPECT_TRUE(ret == -ENOBUFS || ret == -EXFULL);
	EXPECT_EQ(ret, send_wait(self->a, &msg, deadline_ms(PATIENCE_MS)));
	conn_close(&small);
}

/* abi: flow/killed */
TEST_F(flow, waiter_that_is_killed_leaves_nothing_and_lets_the_next_one_on)
{
	struct sync_call wait;
	struct pollfd pfd;
	int pipes[2];
	pid_t pid;

	ASSERT_EQ(0, pipe(pipes));
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	pid = child_fork();
	if (pid == 0) {
		struct conn own;
		int ret = conn_new(&own, &self->flow.bus);

		if (ret == 0)
			ret = write(pipes[1], "", 1) == 1 ? 0 : -EIO;
		child_exit(ret ? ret : send_plain_wait(&own, self->b->id, 99, 0));
	}
	ASSERT_LT(0, pid);
	pfd = (struct pollfd) { .fd = pipes[0], .events = POLLIN };
	ASSERT_EQ(1, poll_patiently(&pfd));
	/* whether it has come to wait by now does not matter: it has nothing to hold */
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(-1000 - SIGKILL, child_result(pid));
	flow_wait_init(&wait, self->a, self->b->id, 100);
	ASSERT_EQ(0, flow_wait_start(&wait));
	EXPECT_EQ(1, recv_cookie(self->b));
	EXPECT_EQ(0, sync_call_join(&wait));
	EXPECT_EQ(FLOW_QUEUE, recv_all(self->b));
	EXPECT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	close(pipes[0]);
	close(pipes[1]);
}

/* ---- broadcasts ---- */

/* abi: flow/broadcast */
TEST_F(flow, broadcast_waits_for_all_and_nobody_has_it_before)
{
	struct sync_call wait;
	unsigned int i;

	ASSERT_EQ(0, flow_match_signals(self->c));
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	flow_wait_init(&wait, self->a, 0, 0);
	args_signal(&wait.msg, KDBUS_DST_ID_BROADCAST, 100);
	ASSERT_EQ(0, flow_wait_start(&wait));
	EXPECT_EQ(-EAGAIN, recv_cookie(self->c));
	EXPECT_EQ(1, recv_cookie(self->b));
	EXPECT_EQ(0, sync_call_join(&wait));
	EXPECT_EQ(0, wait.cmd.send.return_flags);
	EXPECT_EQ(100, recv_cookie(self->c));
	for (i = 1; i < FLOW_QUEUE; i++)
		EXPECT_EQ(1 + i, recv_cookie(self->b));
	EXPECT_EQ(100, recv_cookie(self->b));
}

/* abi: flow/broadcast-deadline */
TEST_F(flow, broadcast_is_lost_at_the_deadline_to_those_without_room_only)
{
	struct kdbus_cmd_recv recv;
	struct args msg, args;

	ASSERT_EQ(0, flow_match_signals(self->c));
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	args_signal(&msg, KDBUS_DST_ID_BROADCAST, 100);
	args_send_wait(&args, &msg);
	args_deadline(&args, deadline_ms(20));
	EXPECT_EQ(0, command(self->a->fd, KDBUS_CMD_SEND, &args));
	EXPECT_EQ(KDBUS_SEND_RETURN_LOST, args.send.return_flags);
	EXPECT_EQ(100, recv_cookie(self->c));
	ASSERT_EQ(0, msg_recv(self->b, 0, &recv));
	EXPECT_EQ(1, recv.dropped_msgs);
	EXPECT_EQ(FLOW_QUEUE - 1, recv_all(self->b));
	/* without the flag nobody is told of a loss */
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	args_send(&args, &msg);
	EXPECT_EQ(0, command(self->a->fd, KDBUS_CMD_SEND, &args));
	EXPECT_EQ(0, args.send.return_flags);
}

/* abi: flow/broadcast-cancel */
TEST_F(flow, broadcast_that_is_cancelled_was_sent_to_nobody)
{
	struct kdbus_cmd_recv recv;
	struct sync_call wait;
	__u64 one = 1;
	int fd;

	fd = eventfd(0, EFD_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, flow_match_signals(self->c));
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	flow_wait_init(&wait, self->a, 0, 0);
	args_signal(&wait.msg, KDBUS_DST_ID_BROADCAST, 100);
	args_cancel_fd(&wait.cmd, fd);
	ASSERT_EQ(0, flow_wait_start(&wait));
	ASSERT_EQ(sizeof(one), write(fd, &one, sizeof(one)));
	EXPECT_EQ(-ECANCELED, sync_call_join(&wait));
	EXPECT_EQ(-EAGAIN, recv_cookie(self->c));
	ASSERT_EQ(0, msg_recv(self->b, 0, &recv));
	EXPECT_EQ(0, recv.dropped_msgs);
	/* what it had kept at c for itself is free again */
	EXPECT_EQ(FLOW_QUEUE, flow_fill(self->a, self->c, 1));
	close(fd);
}

/* abi: flow/broadcast */
TEST_F(flow, broadcast_goes_on_when_the_receiver_that_it_waits_for_leaves)
{
	struct sync_call wait;

	ASSERT_EQ(0, flow_match_signals(self->c));
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	flow_wait_init(&wait, self->a, 0, 0);
	args_signal(&wait.msg, KDBUS_DST_ID_BROADCAST, 100);
	ASSERT_EQ(0, flow_wait_start(&wait));
	conn_close(self->b);
	EXPECT_EQ(0, sync_call_join(&wait));
	EXPECT_EQ(100, recv_cookie(self->c));
}

/* abi: flow/only-who-waits */
TEST_F(flow, stuck_reader_delays_only_who_chose_to_wait)
{
	struct sync_call wait;
	unsigned int i;

	ASSERT_EQ(0, flow_match_signals(self->c));
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->a, self->b, 1));
	flow_wait_init(&wait, self->a, 0, 0);
	args_signal(&wait.msg, KDBUS_DST_ID_BROADCAST, 100);
	args_deadline(&wait.cmd, deadline_ms(PATIENCE_MS));
	ASSERT_EQ(0, flow_wait_start(&wait));
	for (i = 1; i < FLOW_QUEUE; i++) {
		EXPECT_EQ(0, send_broadcast(self->c, 50 + i));
		EXPECT_EQ(50 + i, recv_cookie(self->c));
		EXPECT_EQ(0, send_plain(self->c, self->a->id, i));
		EXPECT_EQ(i, recv_cookie(self->a));
		EXPECT_EQ(-ENOBUFS, send_plain(self->c, self->b->id, i));
	}
	EXPECT_EQ(1, recv_cookie(self->b));
	EXPECT_EQ(0, sync_call_join(&wait));
	EXPECT_EQ(100, recv_cookie(self->c));
}

/* ---- wrong input ---- */

/* abi: flow/einval */
TEST_F(flow, deadline_is_refused_where_it_means_nothing)
{
	struct args msg, args;

	args_msg(&msg, self->b->id, 1);
	args_send(&args, &msg);
	args_deadline(&args, FOR_EVER);
	EXPECT_EQ(-EINVAL, command(self->a->fd, KDBUS_CMD_SEND, &args));
	args_send_wait(&args, &msg);
	args_deadline(&args, 0);
	EXPECT_EQ(-EINVAL, command(self->a->fd, KDBUS_CMD_SEND, &args));
	args_send_wait(&args, &msg);
	args_deadline(&args, FOR_EVER);
	args_deadline(&args, FOR_EVER);
	EXPECT_EQ(-EINVAL, command(self->a->fd, KDBUS_CMD_SEND, &args));
	args_send_wait(&args, &msg);
	args_item(&args, KDBUS_ITEM_DEADLINE, NULL, 4);
	EXPECT_EQ(-EINVAL, command(self->a->fd, KDBUS_CMD_SEND, &args));
	args_send_wait(&args, &msg);
	args_item(&args, KDBUS_ITEM_DEADLINE, NULL, 16);
	EXPECT_EQ(-EINVAL, command(self->a->fd, KDBUS_CMD_SEND, &args));
	args_recv(&args);
	args_deadline(&args, FOR_EVER);
	EXPECT_EQ(-EINVAL, command(self->b->fd, KDBUS_CMD_RECV, &args));
	/* nor is it part of a message */
	args_deadline(&msg, FOR_EVER);
	args_send_wait(&args, &msg);
	EXPECT_EQ(-EINVAL, command(self->a->fd, KDBUS_CMD_SEND, &args));
	EXPECT_EQ(-EAGAIN, recv_cookie(self->b));
}

/* abi: flow/einval */
TEST_F(flow, flags_beside_it_are_refused)
{
	struct args msg, args;

	args_msg(&msg, self->b->id, 1);
	args_send_wait(&args, &msg);
	args.send.flags |= 1ULL << 17;
	EXPECT_EQ(-EINVAL, command(self->a->fd, KDBUS_CMD_SEND, &args));
	EXPECT_EQ(-EAGAIN, recv_cookie(self->b));
}

/* abi: flow/negotiate */
TEST_F(flow, flag_and_item_are_told_by_negotiation)
{
	static const __u64 types[] = { KDBUS_ITEM_DEADLINE, KDBUS_ITEM_CANCEL_FD };
	struct kdbus_item *item;
	struct args args;

	args_init(&args, sizeof(args.send));
	item = args_item(&args, KDBUS_ITEM_NEGOTIATE, types, sizeof(types));
	args.send.flags = KDBUS_FLAG_NEGOTIATE;
	EXPECT_EQ(0, command(self->a->fd, KDBUS_CMD_SEND, &args));
	EXPECT_EQ(KDBUS_SEND_SYNC_REPLY | KDBUS_SEND_WAIT, args.send.flags);
	EXPECT_EQ(KDBUS_ITEM_DEADLINE, item->data64[0]);
	args_exchange(&args);
	item = args_item(&args, KDBUS_ITEM_NEGOTIATE, types, sizeof(types));
	args.exchange.flags = KDBUS_FLAG_NEGOTIATE;
	EXPECT_EQ(0, command(self->a->fd, KDBUS_CMD_EXCHANGE, &args));
	EXPECT_EQ(KDBUS_EXCHANGE_USE_PRIORITY | KDBUS_EXCHANGE_SEND_WAIT, args.exchange.flags);
	EXPECT_EQ(KDBUS_ITEM_DEADLINE, item->data64[0]);
	EXPECT_EQ(KDBUS_ITEM_CANCEL_FD, item->data64[1]);
}

/* ---- EXCHANGE ---- */

static void *exchange_run(void *data)
{
	struct sync_call *call = data;

	call->ret = command(call->conn->fd, KDBUS_CMD_EXCHANGE, &call->cmd);
	return NULL;
}

/* abi: flow/exchange */
TEST_F(flow, exchange_waits_for_room_sends_and_then_receives)
{
	struct sync_call call = { .conn = self->a };
	unsigned int i;

	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->c, self->b, 1));
	args_msg(&call.msg, self->b->id, 100);
	args_exchange(&call.cmd);
	call.cmd.exchange.flags = KDBUS_EXCHANGE_SEND_WAIT;
	call.cmd.exchange.msg_address = (uintptr_t)&call.msg;
	call.cmd.exchange.timeout_ns = FOR_EVER;
	ASSERT_EQ(0, pthread_create(&call.thread, NULL, exchange_run, &call));
	for (i = 0; i < FLOW_QUEUE; i++)
		EXPECT_EQ(1 + i, recv_cookie(self->b));
	ASSERT_EQ(0, conn_wait(self->b));
	EXPECT_EQ(100, recv_cookie(self->b));
	ASSERT_EQ(0, send_plain(self->c, self->a->id, 7));
	EXPECT_EQ(0, sync_call_join(&call));
	EXPECT_EQ(KDBUS_EXCHANGE_RETURN_SENT | KDBUS_EXCHANGE_RETURN_RECEIVED,
		  call.cmd.exchange.return_flags);
}

/* abi: flow/exchange */
TEST_F(flow, exchange_that_finds_no_room_does_none_of_its_steps)
{
	struct kdbus_cmd_recv recv;
	struct args args, msg;

	ASSERT_EQ(0, send_plain(self->c, self->a->id, 7));
	ASSERT_EQ(0, msg_recv(self->a, 0, &recv));
	ASSERT_EQ(0, send_plain(self->c, self->a->id, 8));
	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->c, self->b, 1));
	args_msg(&msg, self->b->id, 100);
	args_exchange(&args);
	args.exchange.flags = KDBUS_EXCHANGE_SEND_WAIT;
	args.exchange.msg_address = (uintptr_t)&msg;
	args_item(&args, KDBUS_ITEM_FREE, &recv.msg.offset, sizeof(recv.msg.offset));
	args_deadline(&args, deadline_ms(20));
	EXPECT_EQ(-ETIMEDOUT, command(self->a->fd, KDBUS_CMD_EXCHANGE, &args));
	EXPECT_EQ(0, conn_free(self->a, recv.msg.offset));
	EXPECT_EQ(8, recv_cookie(self->a));
	EXPECT_EQ(FLOW_QUEUE, recv_all(self->b));
}

/* abi: flow/exchange-einval */
TEST_F(flow, exchange_takes_what_is_about_the_wait_only_with_its_flag)
{
	struct args args, msg;

	args_msg(&msg, self->b->id, 100);
	args_exchange(&args);
	args.exchange.msg_address = (uintptr_t)&msg;
	args_deadline(&args, FOR_EVER);
	EXPECT_EQ(-EINVAL, command(self->a->fd, KDBUS_CMD_EXCHANGE, &args));
	args_exchange(&args);
	args.exchange.msg_address = (uintptr_t)&msg;
	args_cancel_fd(&args, 0);
	EXPECT_EQ(-EINVAL, command(self->a->fd, KDBUS_CMD_EXCHANGE, &args));
	args_exchange(&args);
	args.exchange.flags = KDBUS_EXCHANGE_SEND_WAIT;
	args.exchange.msg_address = (uintptr_t)&msg;
	args_deadline(&args, 0);
	EXPECT_EQ(-EINVAL, command(self->a->fd, KDBUS_CMD_EXCHANGE, &args));
	args_exchange(&args);
	args.exchange.flags = KDBUS_EXCHANGE_SEND_WAIT;
	args.exchange.msg_address = (uintptr_t)&msg;
	args_cancel_fd(&args, 1000);
	EXPECT_EQ(-EBADF, command(self->a->fd, KDBUS_CMD_EXCHANGE, &args));
	EXPECT_EQ(-EAGAIN, recv_cookie(self->b));
}

/* abi: flow/exchange */
TEST_F(flow, exchange_tells_of_a_broadcast_that_some_have_lost)
{
	struct args args, msg;

	ASSERT_EQ(FLOW_QUEUE, flow_fill(self->c, self->b, 1));
	args_signal(&msg, KDBUS_DST_ID_BROADCAST, 100);
	args_exchange(&args);
	args.exchange.flags = KDBUS_EXCHANGE_SEND_WAIT;
	args.exchange.msg_address = (uintptr_t)&msg;
	args_deadline(&args, 1);
	EXPECT_EQ(0, command(self->a->fd, KDBUS_CMD_EXCHANGE, &args));
	EXPECT_EQ(KDBUS_EXCHANGE_RETURN_SENT | KDBUS_EXCHANGE_RETURN_LOST,
		  args.exchange.return_flags);
}

TEST_HARNESS_MAIN
