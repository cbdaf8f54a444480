// SPDX-License-Identifier: LGPL-2.1-or-later
/* Peers that misbehave: never read, fork, die or vanish in the middle of traffic. */
#include <sys/mount.h>
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.hostile"
#define MANY		256
#define SENDERS		3

FIXTURE_BUS(hostile)

/*
 * A thread that sends to one connection until told to stop or until the world
 * ends.  Everything that SEND may say while peers come and go is counted.
 */
struct traffic {
	struct conn *from;
	__u64 to;
	bool broadcast;
	bool sync;
	bool *stop;
	unsigned int sent;
	unsigned int refused;
	int unexpected;
	pthread_t thread;
};

static bool may_happen(int ret)
{
	return ret == -ENOBUFS || ret == -EXFULL || ret == -ENXIO || ret == -ESRCH ||
	       ret == -ECONNRESET || ret == -EPIPE || ret == -ETIMEDOUT || ret == -EMLINK;
}

static void *traffic_run(void *data)
{
	struct traffic *traffic = data;
	struct args msg;
	int ret;

	while (!__atomic_load_n(traffic->stop, __ATOMIC_RELAXED)) {
		if (traffic->sync) {
			args_call(&msg, traffic->to, traffic->sent + 1);
			msg.msg.timeout_ns = deadline_ms(5);
			ret = msg_send_flags(traffic->from, &msg, KDBUS_SEND_SYNC_REPLY, NULL);
		} else if (traffic->broadcast) {
			ret = send_broadcast(traffic->from, traffic->sent + 1);
		} else {
			ret = send_bytes(traffic->from, traffic->to, traffic->sent + 1, 3000);
		}
		if (ret == 0)
			traffic->sent++;
		else if (may_happen(ret))
			traffic->refused++;
		else
			traffic->unexpected = ret;
		if (ret == -ECONNRESET && !traffic->sync)
			break;
	}
	return NULL;
}

static int traffic_start(struct traffic *traffic, struct conn *from, __u64 to, bool *stop)
{
	memset(traffic, 0, sizeof(*traffic));
	traffic->from = from;
	traffic->to = to;
	traffic->stop = stop;
	return 0;
}

static int traffic_go(struct traffic *traffic)
{
	return -pthread_create(&traffic->thread, NULL, traffic_run, traffic);
}

/* 0, or an errno that nobody should see */
static int traffic_join(struct traffic *traffic)
{
	pthread_join(traffic->thread, NULL);
	return traffic->unexpected;
}

/* abi: 13.5/messages, design/6.4 */
TEST_F(hostile, receiver_that_never_reads_holds_up_neither_senders_nor_others)
{
	struct conn lazy, alice;
	unsigned int i;

	ASSERT_EQ(0, conn_new(&lazy, &self->bus));
	ASSERT_EQ(0, conn_new_as(&alice, &self->bus, ALICE, ALICE));
	ASSERT_EQ(0, match_all(&lazy, 1));
	ASSERT_EQ(0, match_all(&self->b, 1));
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, send_plain(&self->a, lazy.id, i + 1));
	}
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(-ENOBUFS, send_plain(&self->a, lazy.id, 999));
	}
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, send_broadcast(&self->a, i + 1));
		ASSERT_EQ(i + 1, recv_cookie(&self->b));
	}
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 1));
	EXPECT_EQ(0, send_broadcast(&alice, 7));
	EXPECT_EQ(MANY + 1, recv_all(&lazy));
	conn_close(&alice);
	conn_close(&lazy);
}

/* abi: 13.2/received-not-freed */
TEST_F(hostile, receiver_that_never_frees_fills_only_its_own_pool)
{
	struct kdbus_cmd_recv recv;
	struct conn hoarder;
	unsigned int n = 0;
	int ret;

	ASSERT_EQ(0, conn_new_pool(&hoarder, &self->bus, 65536));
	while ((ret = send_bytes(&self->a, hoarder.id, 1, 4096)) == 0) {
		ASSERT_EQ(0, msg_recv(&hoarder, 0, &recv)) {
			TH_LOG("after %u", n);
		}
		n++;
	}
	EXPECT_EQ(-EXFULL, ret);
	EXPECT_LE(15, n);
	EXPECT_GE(16, n);
	EXPECT_EQ(0, send_bytes(&self->a, self->b.id, 1, 4096));
	EXPECT_EQ(0, conn_free(&hoarder, recv.msg.offset));
	EXPECT_EQ(0, send_bytes(&self->a, hoarder.id, 1, 4096));
	conn_close(&hoarder);
}

/* abi: 2.3/inherited */
TEST_F(hostile, children_of_a_sender_share_its_connection)
{
	struct kdbus_cmd_recv recv;
	const struct kdbus_msg *msg;
	unsigned int last[5] = {}, child, n = 0, i;
	pid_t pid[4];

	for (child = 0; child < 4; child++) {
		pid[child] = child_fork();
		if (pid[child])
			continue;
		for (i = 1; i <= 50; i++)
			if (send_plain(&self->a, self->b.id, child * 1000 + i))
				child_exit(-1);
		child_exit(0);
	}
	for (i = 1; i <= 50; i++) {
		ASSERT_EQ(0, send_plain(&self->a, self->b.id, 4000 + i));
	}
	for (child = 0; child < 4; child++) {
		EXPECT_EQ(0, child_result(pid[child]));
	}
	/* all there, and those of each process in order */
	while (msg_recv(&self->b, 0, &recv) == 0) {
		msg = (const void *)(self->b.pool + recv.msg.offset);
		ASSERT_GT(5000, msg->cookie);
		EXPECT_EQ(last[msg->cookie / 1000] + 1, msg->cookie % 1000);
		last[msg->cookie / 1000] = msg->cookie % 1000;
		EXPECT_EQ(self->a.id, msg->src_id);
		EXPECT_EQ(0, conn_free(&self->b, recv.msg.offset));
		n++;
	}
	EXPECT_EQ(250, n);
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 1));
}

/* abi: 11.6/4-order, design/6.6 */
TEST_F(hostile, killed_caller_leaves_nothing_that_the_replier_could_answer_into)
{
	struct kdbus_cmd_recv recv;
	const struct kdbus_msg *msg;
	struct conn conn;
	__u64 src, cookie;
	pid_t pid;

	pid = child_fork();
	if (pid == 0) {
		if (conn_new(&conn, &self->bus))
			child_exit(-1);
		child_exit(send_sync(&conn, self->b.id, 5));
	}
	ASSERT_EQ(0, conn_wait(&self->b));
	ASSERT_EQ(0, msg_recv(&self->b, 0, &recv));
	msg = (const void *)(self->b.pool + recv.msg.offset);
	src = msg->src_id;
	cookie = msg->cookie;
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(-1000 - SIGKILL, child_result(pid));
	EXPECT_EQ(-ENXIO, send_reply(&self->b, src, 6, cookie));
}

/* abi: 11.6/4-order */
TEST_F(hostile, killed_thread_of_a_shared_connection_leaves_the_connection_alive)
{
	pid_t pid = child_fork();

	if (pid == 0)
		child_exit(send_sync(&self->a, self->b.id, 5));
	ASSERT_EQ(0, conn_wait(&self->b));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(-1000 - SIGKILL, child_result(pid));
	EXPECT_EQ(5, recv_cookie(&self->b));
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 6));
	EXPECT_EQ(6, recv_cookie(&self->b));
	/* nobody waits for it, but the call is pending until its deadline */
	EXPECT_EQ(0, conn_bye(&self->a));
}

/* abi: 19.5/in-progress, design/6.7 */
TEST_F(hostile, receivers_may_close_during_traffic)
{
	struct traffic traffic[SENDERS];
	struct conn from[SENDERS], to;
	bool stop = false;
	unsigned int i, round;

	for (i = 0; i < SENDERS; i++) {
		ASSERT_EQ(0, conn_new(&from[i], &self->bus));
	}
	for (round = 0; round < 20; round++) {
		stop = false;
		ASSERT_EQ(0, conn_new(&to, &self->bus));
		ASSERT_EQ(0, match_all(&to, 1));
		for (i = 0; i < SENDERS; i++) {
			traffic_start(&traffic[i], &from[i], to.id, &stop);
			traffic[i].broadcast = i == 1;
			traffic[i].sync = i == 2;
			ASSERT_EQ(0, traffic_go(&traffic[i]));
		}
		ASSERT_EQ(0, conn_wait(&to));
		EXPECT_LE(0, recv_cookie(&to));
		conn_close(&to);
		__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
		for (i = 0; i < SENDERS; i++) {
			EXPECT_EQ(0, traffic_join(&traffic[i]));
		}
	}
	for (i = 0; i < SENDERS; i++)
		conn_close(&from[i]);
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 1));
	EXPECT_EQ(1, recv_cookie(&self->b));
}

/* abi: 10.2/busy, 19.5/in-progress */
TEST_F(hostile, bye_during_traffic_fails_or_ends_the_connection)
{
	struct traffic traffic;
	struct conn to;
	bool stop = false;
	int ret;

	ASSERT_EQ(0, conn_new(&to, &self->bus));
	traffic_start(&traffic, &self->a, to.id, &stop);
	ASSERT_EQ(0, traffic_go(&traffic));
	do {
		recv_all(&to);
		ret = conn_bye(&to);
	} while (ret == -EBUSY);
	EXPECT_EQ(0, ret);
	EXPECT_EQ(-ECONNRESET, conn_bye(&to));
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	EXPECT_EQ(0, traffic_join(&traffic));
	EXPECT_EQ(-ENXIO, send_plain(&self->a, to.id, 1));
	conn_close(&to);
}

/* abi: 19.5/in-progress, 2.3/endpoint-disconnects */
TEST_F(hostile, bus_may_end_during_traffic)
{
	struct traffic traffic[SENDERS];
	struct conn from[SENDERS], to;
	struct bus bus;
	bool stop = false;
	unsigned int i, round;

	for (round = 0; round < 20; round++) {
		stop = false;
		ASSERT_EQ(0, bus_make(&bus));
		ASSERT_EQ(0, conn_new(&to, &bus));
		ASSERT_EQ(0, match_all(&to, 1));
		for (i = 0; i < SENDERS; i++) {
			ASSERT_EQ(0, conn_new(&from[i], &bus));
			traffic_start(&traffic[i], &from[i], to.id, &stop);
			traffic[i].broadcast = i == 1;
			traffic[i].sync = i == 2;
			ASSERT_EQ(0, traffic_go(&traffic[i]));
		}
		ASSERT_EQ(0, conn_wait(&to));
		bus_close(&bus);
		EXPECT_EQ(-ECONNRESET, recv_cookie(&to));
		for (i = 0; i < SENDERS; i++) {
			EXPECT_EQ(-ECONNRESET, send_plain(&from[i], to.id, 1));
		}
		__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
		for (i = 0; i < SENDERS; i++) {
			EXPECT_EQ(0, traffic_join(&traffic[i]));
			conn_close(&from[i]);
		}
		conn_close(&to);
	}
}

/* abi: design/6.7 */
TEST(domain_may_be_unmounted_lazily_during_traffic)
{
	struct traffic traffic;
	char domain[PATH_MAX];
	struct conn from, to;
	struct bus bus;
	bool stop = false;
	unsigned int i;

	ASSERT_EQ(0, mount_namespace_unshare());
	ASSERT_EQ(0, domain_mount("kdbus", domain));
	ASSERT_EQ(0, bus_make_in(&bus, domain, 0));
	ASSERT_EQ(0, conn_new(&from, &bus));
	ASSERT_EQ(0, conn_new(&to, &bus));
	traffic_start(&traffic, &from, to.id, &stop);
	ASSERT_EQ(0, traffic_go(&traffic));
	ASSERT_EQ(0, conn_wait(&to));
	ASSERT_EQ(0, umount2(domain, MNT_DETACH));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, conn_wait(&to));
		EXPECT_LE(0, recv_cookie(&to));
	}
	close(bus.fd);
	EXPECT_EQ(-ECONNRESET, recv_cookie(&to));
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	EXPECT_EQ(0, traffic_join(&traffic));
	conn_close(&from);
	conn_close(&to);
	EXPECT_EQ(0, rmdir(domain));
}

/* abi: 2.3/vanish, 8.4/14 */
TEST_F(hostile, endpoint_may_end_while_others_say_hello_on_it)
{
	struct args args;
	struct endpoint ep;
	int fd[3], ret;
	unsigned int i, round;
	pid_t pid[3];

	for (round = 0; round < 15; round++) {
		ASSERT_EQ(0, endpoint_make(&ep, &self->bus));
		for (i = 0; i < 3; i++) {
			fd[i] = open(ep.path, O_RDWR | O_CLOEXEC);
			ASSERT_LE(0, fd[i]);
		}
		for (i = 0; i < 3; i++) {
			pid[i] = child_fork();
			if (pid[i])
				continue;
			/* the child's copy would keep the endpoint alive */
			close(ep.fd);
			args_hello_default(&args);
			ret = command(fd[i], KDBUS_CMD_HELLO, &args);
			child_exit(ret == -ESHUTDOWN ? 0 : ret);
		}
		endpoint_close(&ep);
		for (i = 0; i < 3; i++) {
			EXPECT_EQ(0, child_result(pid[i]));
			args_hello_default(&args);
			ret = command(fd[i], KDBUS_CMD_HELLO, &args);
			EXPECT_TRUE(ret == -ESHUTDOWN || ret == -ECONNRESET || ret == -EBADFD) {
				TH_LOG("HELLO said %d", ret);
			}
			close(fd[i]);
		}
	}
}

/* abi: 14.7/moves, design/6.7 */
TEST_F_TIMEOUT(hostile, name_may_change_hands_during_traffic_to_it, 120)
{
	struct conn activator, client;
	struct kdbus_cmd_recv recv;
	unsigned int i, lost = 0, got = 0;
	pid_t pid;
	int ret;

	ASSERT_EQ(0, conn_new_named(&activator, &self->bus, KDBUS_HELLO_ACTIVATOR, NAME));
	pid = child_fork();
	if (pid == 0) {
		if (conn_new(&client, &self->bus))
			child_exit(-1);
		for (i = 0; i < 200; i++) {
			ret = send_name(&client, NAME, i + 1);
			if (ret)
				child_exit(ret);
		}
		child_exit(0);
	}
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
		ASSERT_EQ(0, name_release(&self->a, NAME));
	}
	EXPECT_EQ(0, child_result(pid));
	EXPECT_EQ(-EAGAIN, msg_recv(&self->a, 0, &recv));
	while (msg_recv(&activator, 0, &recv) == 0) {
		EXPECT_EQ(got + 1,
			  ((const struct kdbus_msg *)(activator.pool + recv.msg.offset))->cookie);
		EXPECT_EQ(0, conn_free(&activator, recv.msg.offset));
		lost += recv.dropped_msgs;
		got++;
	}
	EXPECT_EQ(0, lost);
	EXPECT_EQ(200, got);
	conn_close(&activator);
}

TEST_HARNESS_MAIN
