// SPDX-License-Identifier: LGPL-2.1-or-later
/* What poll, select and epoll say, and when they wake. */
#include <sched.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include "common.h"
#include "kselftest_harness.h"

#define IDLE	(POLLOUT | POLLWRNORM)
#define READY	(POLLOUT | POLLWRNORM | POLLIN | POLLRDNORM)

FIXTURE_BUS(poll)

static int events(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = ~0 };

	return poll(&pfd, 1, 0) < 0 ? -errno : (__u16)pfd.revents;
}

/* abi: 2.5/not-a-connection */
TEST_F(poll, files_that_are_no_connection_show_error_and_hang_up)
{
	int control = open_at(domain_path(), "control");
	int endpoint = open_at(self->bus.dir, "bus");

	ASSERT_LE(0, control);
	ASSERT_LE(0, endpoint);
	EXPECT_EQ(POLLERR | POLLHUP, events(control));
	EXPECT_EQ(POLLERR | POLLHUP, events(endpoint));
	EXPECT_EQ(POLLERR | POLLHUP, events(self->bus.fd));
}

/* abi: 2.5/not-a-connection */
TEST_F(poll, endpoint_owner_shows_error_and_hang_up)
{
	int owner = open_at(self->bus.dir, "bus");
	struct args args;

	ASSERT_LE(0, owner);
	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_MAKE_NAME, "0-custom");
	ASSERT_EQ(0, command(owner, KDBUS_CMD_ENDPOINT_MAKE, &args));
	EXPECT_EQ(POLLERR | POLLHUP, events(owner));
}

/* abi: 2.5/idle */
TEST_F(poll, connection_without_messages_is_writable)
{
	EXPECT_EQ(IDLE, events(self->b.fd));
}

/* abi: 2.5/queued */
TEST_F(poll, connection_with_a_message_is_readable_until_it_is_received)
{
	struct kdbus_cmd_recv recv;

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	EXPECT_EQ(READY, events(self->b.fd));
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_PEEK, &recv));
	EXPECT_EQ(READY, events(self->b.fd));
	ASSERT_EQ(0, msg_recv(&self->b, 0, &recv));
	EXPECT_EQ(IDLE, events(self->b.fd));
	EXPECT_EQ(IDLE, events(self->a.fd));
}

/* abi: 2.5/disconnected */
TEST_F(poll, disconnected_connection_shows_error_and_hang_up)
{
	ASSERT_EQ(0, conn_bye(&self->b));
	EXPECT_EQ(POLLERR | POLLHUP, events(self->b.fd));
	ASSERT_EQ(0, send_plain(&self->a, self->a.id, 1));
	bus_close(&self->bus);
	EXPECT_EQ(POLLERR | POLLHUP, events(self->a.fd));
}

#define ASK_MS	1000

struct stir {
	struct conn *from, *to;
	bool ends;
	int ret;
};

/* Messages come and go. */
static void *stir_queue(void *data)
{
	struct stir *stir = data;
	__s64 cookie = 0;

	while (!stir->ret && cookie >= 0 && !__atomic_load_n(&stir->ends, __ATOMIC_ACQUIRE)) {
		stir->ret = send_plain(stir->from, stir->to->id, 1);
		cookie = recv_cookie(stir->to);
	}
	if (!stir->ret && cookie < 0)
		stir->ret = cookie;
	return NULL;
}

/* abi: 2.5/queued, 2.5/idle */
TEST_F_TIMEOUT(poll, asked_while_messages_come_and_go_says_one_or_the_other, 120)
{
	struct stir stir = { .from = &self->a, .to = &self->b };
	__u64 end = deadline_ms(ASK_MS);
	unsigned int asked = 0;
	pthread_t thread;
	int said = 0;

	ASSERT_EQ(0, pthread_create(&thread, NULL, stir_queue, &stir));
	while (now_ns() < end) {
		said = events(self->b.fd);
		if (said != IDLE && said != READY)
			break;
		asked++;
	}
	__atomic_store_n(&stir.ends, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	EXPECT_LE(end, now_ns()) {
		TH_LOG("said %x", said);
	}
	EXPECT_EQ(0, stir.ret);
	EXPECT_LT(0, asked);
	EXPECT_EQ(IDLE, events(self->b.fd));
}

struct waiter {
	int fd;
	int ret;
	short revents;
	pid_t tid;
	pthread_t thread;
};

static void *wait_in_poll(void *data)
{
	struct waiter *waiter = data;
	struct pollfd pfd = { .fd = waiter->fd, .events = POLLIN };

	__atomic_store_n(&waiter->tid, gettid(), __ATOMIC_RELEASE);
	waiter->ret = poll_patiently(&pfd);
	waiter->revents = pfd.revents;
	return NULL;
}

static int waiter_start(struct waiter *waiter, int fd)
{
	memset(waiter, 0, sizeof(*waiter));
	waiter->fd = fd;
	if (pthread_create(&waiter->thread, NULL, wait_in_poll, waiter))
		return -EAGAIN;
	while (!__atomic_load_n(&waiter->tid, __ATOMIC_ACQUIRE))
		sched_yield();
	return task_wait_sleeping(waiter->tid);
}

/* What woke the waiter, or -ETIME. */
static int waiter_join(struct waiter *waiter)
{
	pthread_join(waiter->thread, NULL);
	return waiter->ret == 1 ? waiter->revents : -ETIME;
}

/* abi: 2.5/wake-message */
TEST_F(poll, waiter_wakes_when_a_message_comes)
{
	struct waiter waiter;

	ASSERT_EQ(0, waiter_start(&waiter, self->b.fd));
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	EXPECT_EQ(POLLIN, waiter_join(&waiter));
}

/* abi: 2.5/wake-lost */
TEST_F(poll, waiter_wakes_when_the_first_broadcast_is_lost)
{
	struct waiter waiter;
	char bytes[1024] = "";
	struct conn tiny;
	struct args msg;

	ASSERT_EQ(0, conn_new_pool(&tiny, &self->bus, 4096));
	ASSERT_EQ(0, match_all(&tiny, 1));
	ASSERT_EQ(0, waiter_start(&waiter, tiny.fd));
	args_signal(&msg, KDBUS_DST_ID_BROADCAST, 1);
	args_vec(&msg, bytes, sizeof(bytes));
	ASSERT_EQ(0, msg_send(&self->a, &msg));
	EXPECT_EQ(POLLIN, waiter_join(&waiter));
	conn_close(&tiny);
}

/* abi: 2.5/wake-moved */
TEST_F(poll, waiter_wakes_when_messages_are_moved_to_it)
{
	struct waiter waiter;
	struct conn activator;

	ASSERT_EQ(0, conn_new_named(&activator, &self->bus, KDBUS_HELLO_ACTIVATOR,
				    "com.example.Service"));
	ASSERT_EQ(0, send_name(&self->a, "com.example.Service", 1));
	ASSERT_EQ(0, waiter_start(&waiter, self->b.fd));
	ASSERT_EQ(0, name_acquire(&self->b, "com.example.Service", 0, NULL));
	EXPECT_EQ(POLLIN, waiter_join(&waiter));
	EXPECT_EQ(1, recv_cookie(&self->b));
	conn_close(&activator);
}

/* abi: 2.5/wake-disconnect */
TEST_F(poll, waiter_wakes_when_the_connection_ends)
{
	struct waiter waiter;

	ASSERT_EQ(0, waiter_start(&waiter, self->b.fd));
	ASSERT_EQ(0, conn_bye(&self->b));
	EXPECT_EQ(POLLERR | POLLHUP, waiter_join(&waiter));
	ASSERT_EQ(0, waiter_start(&waiter, self->a.fd));
	bus_close(&self->bus);
	EXPECT_EQ(POLLERR | POLLHUP, waiter_join(&waiter));
}

/* abi: 2.5/epoll-exact */
TEST_F(poll, epoll_for_input_reports_exactly_epollin)
{
	struct epoll_event event = { .events = EPOLLIN }, seen;
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_LE(0, epoll);
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->b.fd, &event));
	EXPECT_EQ(0, epoll_wait(epoll, &seen, 1, 0));
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	EXPECT_EQ(1, epoll_wait(epoll, &seen, 1, PATIENCE_MS));
	EXPECT_EQ(EPOLLIN, seen.events);
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(0, epoll_wait(epoll, &seen, 1, 0));
}

/* abi: 2.5/epoll-edge */
TEST_F(poll, edge_triggered_epoll_reports_each_message)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET }, seen;
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_LE(0, epoll);
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->b.fd, &event));
	ASSERT_EQ(0, epoll_wait(epoll, &seen, 1, 0));
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	EXPECT_EQ(1, epoll_wait(epoll, &seen, 1, PATIENCE_MS));
	EXPECT_EQ(0, epoll_wait(epoll, &seen, 1, 0));
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 2));
	EXPECT_EQ(1, epoll_wait(epoll, &seen, 1, PATIENCE_MS));
}

/* abi: 2.5/select */
TEST_F(poll, select_agrees)
{
	struct timeval now = { 0 };
	fd_set in, out;

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(self->b.fd, &in);
	FD_SET(self->b.fd, &out);
	EXPECT_EQ(1, select(self->b.fd + 1, &in, &out, NULL, &now));
	EXPECT_FALSE(FD_ISSET(self->b.fd, &in));
	EXPECT_TRUE(FD_ISSET(self->b.fd, &out));
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	FD_SET(self->b.fd, &in);
	EXPECT_EQ(2, select(self->b.fd + 1, &in, &out, NULL, &now));
}

TEST_HARNESS_MAIN
