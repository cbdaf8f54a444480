// SPDX-License-Identifier: LGPL-2.1-or-later
/* How long buses, endpoints and connections live: as long as their files. */
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include "common.h"
#include "kselftest_harness.h"

FIXTURE_BUS(life)

/* abi: 2.3/appears */
TEST_F(life, bus_and_endpoint_exist_when_bus_make_returns)
{
	EXPECT_EQ(0, access(self->bus.dir, F_OK));
	EXPECT_EQ(0, access(self->bus.path, F_OK));
}

/* abi: 2.3/vanish */
TEST_F(life, bus_vanishes_when_its_file_is_closed)
{
	bus_close(&self->bus);
	EXPECT_EQ(-1, access(self->bus.dir, F_OK));
	EXPECT_EQ(ENOENT, errno);
}

/* abi: 2.3/vanish, 2.4/dup */
TEST_F(life, dup_keeps_the_bus)
{
	int dup = fcntl(self->bus.fd, F_DUPFD_CLOEXEC, 0);

	ASSERT_LE(0, dup);
	bus_close(&self->bus);
	EXPECT_EQ(0, access(self->bus.path, F_OK));
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 1));
	close(dup);
	EXPECT_EQ(-1, access(self->bus.path, F_OK));
	EXPECT_EQ(-ECONNRESET, send_plain(&self->a, self->b.id, 2));
}

/* abi: 2.3/vanish, 2.4/fork */
TEST_F(life, forked_child_keeps_the_bus)
{
	int end[2];
	pid_t child;
	char byte;

	ASSERT_EQ(0, pipe2(end, O_CLOEXEC));
	child = child_fork();
	ASSERT_LE(0, child);
	if (child == 0) {
		close(end[1]);
		child_exit(read(end[0], &byte, 1) == 0 ? 0 : -EIO);
	}
	close(end[0]);
	bus_close(&self->bus);
	EXPECT_EQ(0, access(self->bus.path, F_OK));
	close(end[1]);
	EXPECT_EQ(0, child_result(child));
	EXPECT_EQ(-1, access(self->bus.path, F_OK));
	EXPECT_EQ(ENOENT, errno);
}

/* abi: 2.3/vanish, 2.4/scm-rights */
TEST_F(life, descriptor_in_a_socket_keeps_the_bus)
{
	int pair[2], fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	ASSERT_EQ(0, fd_pass(pair[0], self->bus.fd));
	bus_close(&self->bus);
	EXPECT_EQ(0, access(self->bus.path, F_OK));
	fd = fd_take(pair[1]);
	ASSERT_LE(0, fd);
	close(pair[0]);
	close(pair[1]);
	EXPECT_EQ(0, access(self->bus.path, F_OK));
	close(fd);
	EXPECT_EQ(-1, access(self->bus.path, F_OK));
}

/* abi: 2.3/vanish */
TEST_F(life, exec_keeps_the_bus)
{
	int end[2], started[2];
	pid_t child;
	char byte;

	ASSERT_EQ(0, pipe2(end, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(started, O_CLOEXEC));
	child = child_fork();
	ASSERT_LE(0, child);
	if (child == 0) {
		dup2(end[0], STDIN_FILENO);
		dup2(started[1], STDOUT_FILENO);
		fcntl(self->bus.fd, F_SETFD, 0);
		execlp("sh", "sh", "-c", "echo; read line; exit 0", NULL);
		child_exit(-ENOENT);
	}
	close(end[0]);
	close(started[1]);
	/* the newline comes from the new program image */
	ASSERT_EQ(1, read(started[0], &byte, 1));
	bus_close(&self->bus);
	EXPECT_EQ(0, access(self->bus.path, F_OK));
	close(end[1]);
	EXPECT_EQ(0, child_result(child));
	EXPECT_EQ(-1, access(self->bus.path, F_OK));
}

/* abi: 2.3/vanish */
TEST_F(life, killed_owner_takes_the_bus_along)
{
	struct bus bus = { .fd = -1 };
	int ready[2];
	pid_t child;

	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	child = child_fork();
	ASSERT_LE(0, child);
	if (child == 0) {
		if (bus_make(&bus) || write(ready[1], bus.path, PATH_MAX) != PATH_MAX)
			child_exit(-EIO);
		for (;;)
			pause();
	}
	close(ready[1]);
	ASSERT_EQ(PATH_MAX, read(ready[0], bus.path, PATH_MAX));
	EXPECT_EQ(0, access(bus.path, F_OK));
	ASSERT_EQ(0, kill(child, SIGKILL));
	EXPECT_EQ(-1000 - SIGKILL, child_result(child));
	EXPECT_EQ(-1, access(bus.path, F_OK));
	EXPECT_EQ(ENOENT, errno);
}

/* abi: 2.3/reuse */
TEST_F(life, bus_name_can_be_used_again_at_once)
{
	struct args args;
	int fd;

	bus_close(&self->bus);
	args_bus(&args, self->bus.name, 0);
	fd = open_at(domain_path(), "control");
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, command(fd, KDBUS_CMD_BUS_MAKE, &args));
	close(fd);
}

/* abi: 2.3/endpoint-disconnects, 2.3/dead-connection */
TEST_F(life, closing_the_bus_disconnects_everybody)
{
	bus_close(&self->bus);
	EXPECT_EQ(POLLERR | POLLHUP, conn_poll(&self->a, 0));
	EXPECT_EQ(-ECONNRESET, send_plain(&self->a, self->b.id, 1));
	EXPECT_EQ(-ECONNRESET, recv_cookie(&self->b));
	EXPECT_EQ(-ECONNRESET, name_acquire(&self->a, "com.example", 0, NULL));
	EXPECT_EQ(-ECONNRESET, conn_bye(&self->a));
}

/* abi: 2.3/dead-hello */
TEST_F(life, hello_on_an_endpoint_that_is_gone_fails_with_eshutdown)
{
	struct args args;
	int fd;

	fd = open(self->bus.path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	bus_close(&self->bus);
	args_hello_default(&args);
	EXPECT_EQ(-ESHUTDOWN, command(fd, KDBUS_CMD_HELLO, &args));
	close(fd);
}

/* abi: 2.3/dead-open */
TEST_F(life, open_of_an_endpoint_that_is_gone_fails_with_eshutdown)
{
	int path = open(self->bus.path, O_PATH | O_CLOEXEC);
	char link[64];

	/* a way to the node that needs no look-up */
	ASSERT_LE(0, path);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", path);
	bus_close(&self->bus);
	EXPECT_EQ(-1, open(link, O_RDWR | O_CLOEXEC));
	EXPECT_EQ(ESHUTDOWN, errno);
	EXPECT_EQ(-1, open(self->bus.path, O_RDWR | O_CLOEXEC));
	EXPECT_EQ(ENOENT, errno);
}

/* abi: 2.3/dead-bus-make, 8.1/1 */
TEST(open_control_file_keeps_a_detached_domain_alive)
{
	char domain[PATH_MAX];
	struct args args;
	int fd;

	ASSERT_EQ(0, mount_namespace_unshare());
	ASSERT_EQ(0, domain_mount("kdbus", domain));
	fd = open_at(domain, "control");
	ASSERT_LE(0, fd);
	/*
	 * The file pins the super block, so that the domain cannot die under it, and
	 * the ESHUTDOWN of this command is out of reach.
	 */
	ASSERT_EQ(0, umount2(domain, MNT_DETACH));
	args_bus(&args, "0-late", 0);
	EXPECT_EQ(0, command(fd, KDBUS_CMD_BUS_MAKE, &args));
	close(fd);
	rmdir(domain);
}

/* abi: 2.4/closing, 19.5/5-queue */
TEST_F(life, closing_a_connection_makes_its_id_unknown)
{
	__u64 id = self->b.id;

	EXPECT_EQ(0, send_plain(&self->a, id, 1));
	conn_close(&self->b);
	EXPECT_EQ(-ENXIO, send_plain(&self->a, id, 2));
}

/* abi: 2.4/dup, 2.4/shared-role */
TEST_F(life, dup_of_a_connection_is_the_same_connection)
{
	struct conn twin = self->b;

	twin.fd = fcntl(self->b.fd, F_DUPFD_CLOEXEC, 0);
	ASSERT_LE(0, twin.fd);
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 5));
	EXPECT_EQ(5, recv_cookie(&twin));
	close(self->b.fd);
	self->b.fd = -1;
	EXPECT_EQ(0, send_plain(&self->a, twin.id, 6));
	EXPECT_EQ(6, recv_cookie(&twin));
	close(twin.fd);
	EXPECT_EQ(-ENXIO, send_plain(&self->a, twin.id, 7));
}

/* abi: 2.4/fork, 2.4/shared-role */
TEST_F(life, forked_child_drives_the_parents_connection)
{
	pid_t child = child_fork();

	ASSERT_LE(0, child);
	if (child == 0)
		child_exit(send_plain(&self->a, self->b.id, 8));
	EXPECT_EQ(0, child_result(child));
	EXPECT_EQ(8, recv_cookie(&self->b));
}

/* abi: 22/hello-by-child */
TEST_F(life, connection_made_by_a_child_lives_on_in_the_parent)
{
	int fd = open_at(self->bus.dir, "bus");
	const struct kdbus_msg *msg;
	struct conn conn = { .fd = fd };
	struct args *args;
	pid_t child;

	ASSERT_LE(0, fd);
	args = mmap(NULL, sizeof(*args), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, args);
	args_hello_default(args);
	child = child_fork();
	ASSERT_LE(0, child);
	if (child == 0)
		child_exit(command(fd, KDBUS_CMD_HELLO, args));
	ASSERT_EQ(0, child_result(child));
	conn.id = args->hello.id;
	conn.pool_size = args->hello.pool_size;
	conn.pool = mmap(NULL, conn.pool_size, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, conn.pool);
	EXPECT_EQ(0, send_plain(&self->a, conn.id, 7));
	msg = msg_next(&conn);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(7ULL, msg->cookie);
	EXPECT_EQ(0, send_plain(&conn, self->a.id, 8));
	EXPECT_EQ(8, recv_cookie(&self->a));
	conn_close(&conn);
}

/* abi: 2.4/scm-rights */
TEST_F(life, endpoint_opened_here_and_passed_says_hello_elsewhere)
{
	int pair[2], fd;
	struct conn conn;
	struct args args;
	pid_t child;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	child = child_fork();
	ASSERT_LE(0, child);
	if (child == 0) {
		fd = open(self->bus.path, O_RDWR | O_CLOEXEC);
		child_exit(fd < 0 ? -errno : fd_pass(pair[1], fd));
	}
	fd = fd_take(pair[0]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, child_result(child));
	args_hello_default(&args);
	ASSERT_EQ(0, conn_hello(&conn, fd, &args));
	EXPECT_EQ(0, send_plain(&self->a, conn.id, 9));
	ASSERT_EQ(0, conn_free(&conn, conn.hello.offset));
	EXPECT_EQ(9, recv_cookie(&conn));
	conn_close(&conn);
}

/* abi: 2.6/mapping-does-not-keep, 17/mapping */
TEST_F(life, mapped_pool_does_not_keep_a_connection)
{
	close(self->b.fd);
	self->b.fd = -1;
	EXPECT_EQ(-ENXIO, send_plain(&self->a, self->b.id, 1));
	/* still readable, though nobody fills it any more */
	EXPECT_EQ(0, self->b.pool[self->b.pool_size - 1]);
}

/* abi: 1/ids */
TEST_F(life, ids_grow_and_are_not_used_again)
{
	__u64 last = self->b.id;
	struct conn conn;
	int i;

	EXPECT_LT(self->a.id, self->b.id);
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, conn_new(&conn, &self->bus));
		EXPECT_LT(last, conn.id);
		last = conn.id;
		conn_close(&conn);
	}
}

TEST_HARNESS_MAIN
