// SPDX-License-Identifier: LGPL-2.1-or-later
/* Synchronous calls that a signal interrupts. */
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

FIXTURE(interrupt) {
	struct bus bus;
	struct conn a;
	struct conn b;
	struct sync_call call;
};

static volatile sig_atomic_t n_signals;

static void count_signal(int number)
{
	n_signals++;
}

static int handle_signal(int flags)
{
	struct sigaction action = { .sa_handler = count_signal, .sa_flags = flags };

	return sigaction(SIGUSR1, &action, NULL);
}

FIXTURE_SETUP(interrupt)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new(&self->a, &self->bus));
	ASSERT_EQ(0, conn_new(&self->b, &self->bus));
	sync_call_init(&self->call, &self->a, self->b.id, 1);
}

FIXTURE_TEARDOWN(interrupt)
{
	conn_close(&self->b);
	conn_close(&self->a);
	bus_close(&self->bus);
}

static int start_and_block(struct sync_call *call, struct conn *replier)
{
	int ret = sync_call_start(call);

	if (ret == 0)
		ret = conn_wait(replier);
	return ret ? ret : task_wait_sleeping(call->tid);
}

/* Interrupt the call of the fixture; its message has arrived once. */
static int interrupt(struct sync_call *call, struct conn *replier)
{
	int ret = start_and_block(call, replier);

	if (ret)
		return ret;
	if (pthread_kill(call->thread, SIGUSR1))
		return -ESRCH;
	return sync_call_join(call);
}

/* abi: 11.6/5-restart */
TEST_F(interrupt, call_goes_on_after_a_signal_with_sa_restart)
{
	int i;

	ASSERT_EQ(0, handle_signal(SA_RESTART));
	ASSERT_EQ(0, start_and_block(&self->call, &self->b));
	for (i = 1; i <= 3; i++) {
		ASSERT_EQ(0, pthread_kill(self->call.thread, SIGUSR1));
		while (n_signals < i)
			sched_yield();
		ASSERT_EQ(0, task_wait_sleeping(self->call.tid));
	}
	/* sent once */
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 2, 1));
	EXPECT_EQ(0, sync_call_join(&self->call));
	EXPECT_EQ(2, sync_call_reply(&self->call)->cookie);
	EXPECT_EQ(3, n_signals);
}

/* abi: 11.6/5-eintr */
TEST_F(interrupt, call_is_eintr_without_sa_restart)
{
	ASSERT_EQ(0, handle_signal(0));
	EXPECT_EQ(-EINTR, interrupt(&self->call, &self->b));
	EXPECT_EQ(1, recv_cookie(&self->b));
}

/* abi: 11.6/5-eintr, 11.6/1 */
TEST_F(interrupt, call_with_a_descriptor_to_cancel_is_eintr_and_goes_on_when_it_is_made_again)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	ASSERT_LE(0, fd);
	args_cancel_fd(&self->call.cmd, fd);
	ASSERT_EQ(0, handle_signal(0));
	EXPECT_EQ(-EINTR, interrupt(&self->call, &self->b));
	ASSERT_EQ(0, start_and_block(&self->call, &self->b));
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 2, 1));
	EXPECT_EQ(0, sync_call_join(&self->call));
	EXPECT_EQ(2, sync_call_reply(&self->call)->cookie);
	close(fd);
}

/* abi: 11.6/1 */
TEST_F(interrupt, same_call_again_waits_on_without_sending_again)
{
	ASSERT_EQ(0, handle_signal(0));
	EXPECT_EQ(-EINTR, interrupt(&self->call, &self->b));
	ASSERT_EQ(0, start_and_block(&self->call, &self->b));
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 2, 1));
	EXPECT_EQ(0, sync_call_join(&self->call));
	EXPECT_EQ(2, sync_call_reply(&self->call)->cookie);
}

/* abi: 11.6/1, 11.6/5-tracker-stays */
TEST_F(interrupt, reply_that_came_meanwhile_is_returned_by_the_same_call)
{
	ASSERT_EQ(0, handle_signal(0));
	EXPECT_EQ(-EINTR, interrupt(&self->call, &self->b));
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 2, 1));
	ASSERT_EQ(0, sync_call_start(&self->call));
	EXPECT_EQ(0, sync_call_join(&self->call));
	EXPECT_EQ(2, sync_call_reply(&self->call)->cookie);
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
}

/* abi: 11.6/1, 11.5/replier-gone */
TEST_F(interrupt, death_of_the_replier_is_told_by_the_same_call)
{
	ASSERT_EQ(0, handle_signal(0));
	EXPECT_EQ(-EINTR, interrupt(&self->call, &self->b));
	conn_close(&self->b);
	ASSERT_EQ(0, sync_call_start(&self->call));
	EXPECT_EQ(-EPIPE, sync_call_join(&self->call));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
}

/* abi: 11.6/1 */
TEST_F(interrupt, another_cookie_is_another_call)
{
	ASSERT_EQ(0, handle_signal(0));
	EXPECT_EQ(-EINTR, interrupt(&self->call, &self->b));
	EXPECT_EQ(1, recv_cookie(&self->b));
	sync_call_init(&self->call, &self->a, self->b.id, 2);
	ASSERT_EQ(0, start_and_block(&self->call, &self->b));
	EXPECT_EQ(2, recv_cookie(&self->b));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 3, 2));
	EXPECT_EQ(0, sync_call_join(&self->call));
}

/* abi: 11.6/5-dropped-at-deadline */
TEST_F(interrupt, call_that_nobody_comes_back_to_ends_silently_at_its_deadline)
{
	struct args later;

	ASSERT_EQ(0, handle_signal(0));
	self->call.msg.msg.timeout_ns = deadline_ms(2000);
	EXPECT_EQ(-EINTR, interrupt(&self->call, &self->b));
	EXPECT_EQ(1, recv_cookie(&self->b));
	/* When a call that ends later has ended, this one has. */
	args_call(&later, self->b.id, 2);
	later.msg.timeout_ns = self->call.msg.msg.timeout_ns + 1;
	ASSERT_EQ(0, msg_send(&self->a, &later));
	EXPECT_EQ(2, recv_cookie(&self->b));
	ASSERT_EQ(0, conn_wait(&self->a));
	EXPECT_EQ(0, expect_reply_event(&self->a, KDBUS_ITEM_REPLY_TIMEOUT, 2));
	EXPECT_EQ(-EBADSLT, send_reply(&self->b, self->a.id, 2, 1));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
}

/* abi: 11.6/4-order */
TEST_F(interrupt, fatal_signal_ends_the_call_and_the_process)
{
	struct kdbus_msg_info reply;
	struct args msg;
	pid_t child;

	args_call(&msg, self->b.id, 1);
	child = child_fork();
	ASSERT_LE(0, child);
	if (child == 0)
		child_exit(msg_send_flags(&self->a, &msg, KDBUS_SEND_SYNC_REPLY, &reply));
	ASSERT_EQ(0, conn_wait(&self->b));
	ASSERT_EQ(0, kill(child, SIGKILL));
	EXPECT_EQ(-1000 - SIGKILL, child_result(child));
	/* the connection is ours too, and still works */
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(0, send_plain(&self->b, self->a.id, 3));
	EXPECT_EQ(3, recv_cookie(&self->a));
}

TEST_HARNESS_MAIN
