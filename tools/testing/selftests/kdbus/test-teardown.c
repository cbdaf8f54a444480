// SPDX-License-Identifier: LGPL-2.1-or-later
/* How connections, buses and domains end, and what the others learn of it. */
#include <sys/mount.h>
#include <sys/syscall.h>
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.teardown"

FIXTURE_BUS(teardown)

static int recv_once(struct conn *conn)
{
	struct kdbus_cmd_recv recv;

	return msg_recv(conn, 0, &recv);
}

/* Every command of a connection says ECONNRESET: 0, or what one said instead. */
static int all_reset(struct conn *conn)
{
	static const unsigned long commands[] = {
		KDBUS_CMD_UPDATE, KDBUS_CMD_BYEBYE, KDBUS_CMD_FREE, KDBUS_CMD_CONN_INFO,
		KDBUS_CMD_BUS_CREATOR_INFO, KDBUS_CMD_LIST, KDBUS_CMD_SEND, KDBUS_CMD_RECV,
		KDBUS_CMD_NAME_ACQUIRE, KDBUS_CMD_NAME_RELEASE, KDBUS_CMD_MATCH_ADD,
		KDBUS_CMD_MATCH_REMOVE,
	};
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		ret = command(conn->fd, commands[i], (void *)8UL);
		if (ret != -ECONNRESET) {
			fprintf(stderr, "# command %lx: %d\n", commands[i], ret);
			return ret ? ret : -EPROTO;
		}
	}
	return 0;
}

/* abi: 19.5/1-commands, 2.3/dead-connection */
TEST_F(teardown, disconnected_connection_refuses_every_command_with_econnreset)
{
	ASSERT_EQ(0, conn_bye(&self->a));
	EXPECT_EQ(0, all_reset(&self->a));
	bus_close(&self->bus);
	EXPECT_EQ(0, all_reset(&self->b));
}

/* abi: 19.5/1-poll */
TEST_F(teardown, disconnected_connection_hangs_up)
{
	ASSERT_EQ(0, conn_bye(&self->a));
	EXPECT_EQ(POLLERR | POLLHUP, conn_poll(&self->a, 0));
	ASSERT_EQ(0, send_plain(&self->b, self->b.id, 1));
	bus_close(&self->bus);
	EXPECT_EQ(POLLERR | POLLHUP, conn_poll(&self->b, 0));
}

static void *hangup_thread(void *data)
{
	return (void *)(intptr_t)wait_hangup(*(int *)data);
}

/* abi: 19.5/1-poll, 2.5/disconnected */
TEST_F(teardown, end_of_the_bus_wakes_those_who_poll)
{
	pthread_t thread;
	void *result;

	ASSERT_EQ(0, pthread_create(&thread, NULL, hangup_thread, &self->a.fd));
	bus_close(&self->bus);
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(NULL, result);
}

/* abi: 19.5/1-sync */
TEST_F(teardown, blocked_synchronous_calls_of_the_connection_end_with_econnreset)
{
	struct sync_call call;

	sync_call_init(&call, &self->a, self->b.id, 1);
	ASSERT_EQ(0, sync_call_start(&call));
	ASSERT_EQ(0, conn_wait(&self->b));
	ASSERT_EQ(0, conn_bye(&self->a));
	EXPECT_EQ(-ECONNRESET, sync_call_join(&call));
}

/* abi: 19.5/1-sync, 2.3/endpoint-disconnects */
TEST_F(teardown, end_of_the_bus_ends_blocked_synchronous_calls)
{
	struct sync_call call;

	sync_call_init(&call, &self->a, self->b.id, 1);
	ASSERT_EQ(0, sync_call_start(&call));
	ASSERT_EQ(0, conn_wait(&self->b));
	bus_close(&self->bus);
	/* the caller's own end or that of the replier, whichever came first */
	EXPECT_TRUE(sync_call_join(&call) == -ECONNRESET || call.ret == -EPIPE);
}

/* abi: 19.5/3 */
TEST_F(teardown, disconnected_connection_is_found_no_more)
{
	const struct kdbus_info *info;

	ASSERT_EQ(0, conn_bye(&self->b));
	EXPECT_EQ(-ENXIO, send_plain(&self->a, self->b.id, 1));
	EXPECT_EQ(-ENXIO, conn_info(&self->a, self->b.id, NULL, 0, &info));
	EXPECT_EQ(0, list_counted(&self->a, KDBUS_LIST_UNIQUE, self->b.id, NULL));
}

/* abi: 19.5/4 */
TEST_F(teardown, names_are_free_at_once)
{
	ASSERT_EQ(0, name_acquire(&self->b, NAME, 0, NULL));
	ASSERT_EQ(0, name_acquire(&self->a, NAME, KDBUS_NAME_QUEUE, NULL));
	ASSERT_EQ(0, conn_bye(&self->b));
	EXPECT_EQ(1, list_counted(&self->a, KDBUS_LIST_NAMES, self->a.id, NAME));
}

/* abi: 19.5/5-queue, 12/fds-released */
TEST_F(teardown, queued_messages_are_discarded_with_their_descriptors)
{
	int pipes[2];
	struct pollfd pfd;
	struct args msg;

	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	args_msg(&msg, self->b.id, 1);
	args_fds(&msg, &pipes[1], 1);
	ASSERT_EQ(0, msg_send(&self->a, &msg));
	close(pipes[1]);
	conn_close(&self->b);
	pfd.fd = pipes[0];
	pfd.events = POLLIN;
	ASSERT_EQ(1, poll_patiently(&pfd));
	EXPECT_EQ(POLLHUP, pfd.revents);
	close(pipes[0]);
}

/* abi: 19.5/5-trackers */
TEST_F(teardown, own_pending_calls_end_silently)
{
	ASSERT_EQ(0, send_call(&self->a, self->b.id, 1));
	EXPECT_EQ(1, recv_cookie(&self->b));
	conn_close(&self->a);
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	EXPECT_EQ(-ENXIO, send_reply(&self->b, self->a.id, 2, 1));
}

/* abi: 19.5/6 */
TEST_F(teardown, calls_to_the_connection_end_for_their_callers)
{
	struct sync_call call;
	struct conn c;

	ASSERT_EQ(0, conn_new(&c, &self->bus));
	ASSERT_EQ(0, send_call(&c, self->b.id, 5));
	sync_call_init(&call, &self->a, self->b.id, 1);
	ASSERT_EQ(0, sync_call_start(&call));
	ASSERT_EQ(0, conn_wait(&self->b));
	EXPECT_EQ(5, recv_cookie(&self->b));
	ASSERT_EQ(0, conn_wait(&self->b));
	EXPECT_EQ(1, recv_cookie(&self->b));
	conn_close(&self->b);
	EXPECT_EQ(-EPIPE, sync_call_join(&call));
	EXPECT_EQ(0, expect_reply_event(&c, KDBUS_ITEM_REPLY_DEAD, 5));
	conn_close(&c);
}

/* abi: 19.5/triggers, design/6.6 */
TEST_F(teardown, death_of_a_process_ends_its_connections)
{
	struct conn conn;
	int go[2];
	pid_t pid;
	char byte;

	ASSERT_EQ(0, pipe2(go, O_CLOEXEC));
	ASSERT_EQ(0, match_all(&self->a, 1));
	pid = child_fork();
	if (pid == 0) {
		if (conn_new(&conn, &self->bus) || name_acquire(&conn, NAME, 0, NULL))
			child_exit(-1);
		if (write(go[1], "", 1) != 1)
			child_exit(-2);
		for (;;)
			pause();
	}
	ASSERT_EQ(1, read(go[0], &byte, 1));
	ASSERT_EQ(0, send_name(&self->a, NAME, 1));
	ASSERT_EQ(2, recv_all(&self->a));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(-1000 - SIGKILL, child_result(pid));
	EXPECT_EQ(2, recv_all(&self->a));
	EXPECT_EQ(-ESRCH, send_name(&self->a, NAME, 2));
	close(go[0]);
	close(go[1]);
}

/* abi: 2.3/inherited, 1/last-close */
TEST_F(teardown, connection_lives_while_a_child_has_its_descriptor)
{
	int go[2];
	pid_t pid;
	char byte;

	ASSERT_EQ(0, pipe2(go, O_CLOEXEC));
	pid = child_fork();
	if (pid == 0) {
		close(go[1]);
		/* until the parent closes its end */
		child_exit(read(go[0], &byte, 1) == 0 ? 0 : -1);
	}
	close(self->b.fd);
	self->b.fd = -1;
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 1));
	close(go[1]);
	EXPECT_EQ(0, child_result(pid));
	EXPECT_EQ(-ENXIO, send_plain(&self->a, self->b.id, 1));
	close(go[0]);
}

/* abi: 2.3/children-first, 19.5/triggers */
TEST_F(teardown, end_of_the_bus_removes_its_nodes_and_ends_all_connections)
{
	struct endpoint ep;
	struct conn inside;
	char dir[PATH_MAX];

	ASSERT_EQ(0, endpoint_make(&ep, &self->bus));
	ASSERT_EQ(0, conn_new_at(&inside, ep.path, 0, 0));
	snprintf(dir, sizeof(dir), "%s", self->bus.dir);
	bus_close(&self->bus);
	EXPECT_EQ(-1, access(dir, F_OK));
	EXPECT_EQ(-1, access(ep.path, F_OK));
	EXPECT_EQ(-ECONNRESET, recv_once(&self->a));
	EXPECT_EQ(-ECONNRESET, recv_once(&self->b));
	EXPECT_EQ(-ECONNRESET, recv_once(&inside));
	EXPECT_EQ(POLLERR | POLLHUP, conn_poll(&inside, 0));
	conn_close(&inside);
	endpoint_close(&ep);
}

/* abi: 2.3/reuse */
TEST_F(teardown, name_of_a_bus_is_free_when_its_owner_has_closed)
{
	char name[BUS_NAME_MAX + 1];
	struct args args;
	struct bus again;

	memcpy(name, self->bus.name, sizeof(name));
	memcpy(again.name, name, sizeof(name));
	args_bus(&args, name, 0);
	EXPECT_EQ(-EEXIST, bus_make_args(&again, domain_path(), &args));
	bus_close(&self->bus);
	EXPECT_EQ(0, bus_make_args(&again, domain_path(), &args));
	/* those on the old one are not on the new one */
	EXPECT_EQ(-ECONNRESET, recv_once(&self->a));
	bus_close(&again);
}

/* abi: 2.3/open-files, 1/domain */
TEST(unmount_is_refused_while_files_are_open_unless_lazy)
{
	char domain[PATH_MAX];
	struct conn a, b;
	struct bus bus;

	ASSERT_EQ(0, mount_namespace_unshare());
	ASSERT_EQ(0, domain_mount("kdbus", domain));
	ASSERT_EQ(0, bus_make_in(&bus, domain, 0));
	ASSERT_EQ(0, conn_new(&a, &bus));
	ASSERT_EQ(0, conn_new(&b, &bus));
	EXPECT_EQ(-1, umount2(domain, 0));
	EXPECT_EQ(EBUSY, errno);
	ASSERT_EQ(0, umount2(domain, MNT_DETACH));
	/* open files keep what they had */
	EXPECT_EQ(0, send_plain(&a, b.id, 1));
	EXPECT_EQ(1, recv_cookie(&b));
	EXPECT_EQ(0, send_plain(&a, b.id, 2));
	bus_close(&bus);
	EXPECT_EQ(-ECONNRESET, recv_once(&b));
	conn_close(&a);
	conn_close(&b);
	EXPECT_EQ(0, rmdir(domain));
}

/* abi: design/6.7 */
TEST(domains_come_and_go_with_everything_in_them)
{
	char domain[PATH_MAX];
	struct conn a, b;
	unsigned int i;
	struct bus bus;

	ASSERT_EQ(0, mount_namespace_unshare());
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, domain_mount(i % 2 ? "kdbus" : "kdbusfs", domain));
		ASSERT_EQ(0, bus_make_in(&bus, domain, 0));
		ASSERT_EQ(0, conn_new(&a, &bus));
		ASSERT_EQ(0, conn_new(&b, &bus));
		ASSERT_EQ(0, match_all(&a, 1));
		ASSERT_EQ(0, name_acquire(&b, NAME, 0, NULL));
		ASSERT_EQ(0, send_call(&a, b.id, 1));
		ASSERT_EQ(0, send_bytes(&b, a.id, 2, 100000));
		/* in another order each time */
		if (i & 1)
			bus_close(&bus);
		if (i & 2)
			conn_close(&a);
		conn_close(&b);
		conn_close(&a);
		bus_close(&bus);
		ASSERT_EQ(0, domain_umount(domain));
	}
}

/* abi: 2.6/after-bye */
TEST_F(teardown, pool_stays_readable_after_the_end)
{
	struct kdbus_cmd_recv recv;
	const struct kdbus_msg *msg;
	void *again;

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 42));
	ASSERT_EQ(0, msg_recv(&self->b, 0, &recv));
	ASSERT_EQ(0, conn_bye(&self->b));
	msg = (const void *)(self->b.pool + recv.msg.offset);
	EXPECT_EQ(42, msg->cookie);
	again = mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->b.fd, 0);
	EXPECT_NE(MAP_FAILED, again);
	munmap(again, 4096);
	close(self->b.fd);
	self->b.fd = -1;
	EXPECT_EQ(42, msg->cookie);
}

/* abi: design/6.1 */
TEST_F(teardown, message_that_was_sent_is_queued_when_send_returns)
{
	unsigned int i;

	for (i = 1; i <= 200; i++) {
		ASSERT_EQ(0, send_bytes(&self->a, self->b.id, i, i * 7));
		ASSERT_EQ(i, recv_cookie(&self->b));
	}
}

/* abi: design/6.6 */
TEST_F(teardown, failed_commands_leave_the_world_as_it_was)
{
	struct kdbus_cmd_recv recv;
	struct args msg;
	unsigned int i;

	ASSERT_EQ(0, name_acquire(&self->b, NAME, 0, NULL));
	for (i = 0; i < 300; i++) {
		/* the copy fails in the middle of the payload */
		args_call(&msg, self->b.id, i + 1);
		args_vec(&msg, "data", 4);
		args_vec(&msg, (void *)8UL, 4096);
		ASSERT_EQ(-EFAULT, msg_send(&self->a, &msg));
		args_call(&msg, KDBUS_DST_ID_NAME, i + 1);
		args_str(&msg, KDBUS_ITEM_DST_NAME, NAME);
		args_vec(&msg, (void *)8UL, 4096);
		ASSERT_EQ(-EFAULT, msg_send(&self->a, &msg));
	}
	EXPECT_EQ(-EAGAIN, msg_recv(&self->b, 0, &recv));
	EXPECT_EQ(0, recv.dropped_msgs);
	/* neither quota nor pool nor pending calls were used up */
	for (i = 0; i < 128; i++) {
		ASSERT_EQ(0, send_call(&self->a, self->b.id, i + 1));
	}
	for (i = 0; i < 128; i++) {
		ASSERT_EQ(0, send_plain(&self->a, self->b.id, i + 1));
	}
	EXPECT_EQ(256, recv_all(&self->b));
	EXPECT_EQ(0, send_bytes(&self->a, self->b.id, 1, 2 * 1024 * 1024));
}

TEST_HARNESS_MAIN
