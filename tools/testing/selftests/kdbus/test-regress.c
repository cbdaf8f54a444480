// SPDX-License-Identifier: LGPL-2.1-or-later
/* Faults that reading the code has found, each shown by what went wrong. */
#include <sys/mount.h>
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.regress"

FIXTURE_BUS(regress)

/*
 * @fd: of the default endpoint, unset
 * @start: both threads wait here
 */
struct maker {
	int fd;
	struct args args;
	pthread_barrier_t start;
	int ret;
};

static void *endpoint_maker(void *data)
{
	struct maker *maker = data;

	pthread_barrier_wait(&maker->start);
	maker->ret = command(maker->fd, KDBUS_CMD_ENDPOINT_MAKE, &maker->args);
	return NULL;
}

/* One bus that ends while somebody makes an endpoint in it: 0, or what is wrong. */
static int end_of_bus_against_endpoint(struct maker *maker, char *path)
{
	pthread_t thread;
	struct bus bus;
	char name[32];
	int ret;

	ret = bus_make(&bus);
	if (ret)
		return ret;
	snprintf(name, sizeof(name), "%u-custom", geteuid());
	snprintf(path, PATH_MAX, "%.3000s/%s", bus.dir, name);
	maker->fd = open(bus.path, O_RDWR | O_CLOEXEC);
	if (maker->fd < 0)
		return -errno;
	args_cmd(&maker->args);
	args_str(&maker->args, KDBUS_ITEM_MAKE_NAME, name);
	ret = -pthread_create(&thread, NULL, endpoint_maker, maker);
	if (ret)
		return ret;
	pthread_barrier_wait(&maker->start);
	bus_close(&bus);
	pthread_join(thread, NULL);
	/* the endpoint of a bus that is gone: its maker closes it */
	close(maker->fd);
	return maker->ret == -ESHUTDOWN ? 0 : maker->ret;
}

/* abi: 2.3/children-first, 8.2/dead, design/6.7 */
TEST_F(regress, endpoint_made_while_its_bus_ends_goes_with_it)
{
	char path[PATH_MAX];
	struct maker maker;
	unsigned int i;

	ASSERT_EQ(0, pthread_barrier_init(&maker.start, NULL, 2));
	for (i = 0; i < 300; i++) {
		ASSERT_EQ(0, end_of_bus_against_endpoint(&maker, path));
		ASSERT_EQ(-1, access(path, F_OK));
		ASSERT_EQ(ENOENT, errno);
	}
	pthread_barrier_destroy(&maker.start);
}

static int call_with_fd(struct conn *conn, const char *name, __u64 cookie, int fd)
{
	struct args msg;

	args_msg_name(&msg, name, cookie);
	msg.msg.flags = KDBUS_MSG_EXPECT_REPLY;
	msg.msg.timeout_ns = deadline_ms(PATIENCE_MS);
	args_fds(&msg, &fd, 1);
	return msg_send(conn, &msg);
}

/* abi: 14.7/lost-fds, design/6.1, design/6.6 */
TEST_F(regress, call_whose_message_is_lost_with_its_name_ends_with_reply_dead)
{
	struct conn starter, plain;
	int fd;

	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, conn_new_named(&starter, &self->bus, KDBUS_HELLO_ACTIVATOR |
				    KDBUS_HELLO_ACCEPT_FD, NAME));
	ASSERT_EQ(0, conn_new_flags(&plain, &self->bus, 0));
	ASSERT_EQ(0, call_with_fd(&self->a, NAME, 11, fd));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	ASSERT_EQ(0, name_acquire(&plain, NAME, 0, NULL));
	EXPECT_EQ(0, expect_reply_event(&self->a, KDBUS_ITEM_REPLY_DEAD, 11));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	conn_close(&plain);
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	conn_close(&starter);
	close(fd);
}

/* A calls B @n times, by id and by name: 0, or what failed. */
static int owe_calls(struct conn *a, struct conn *b, unsigned int n)
{
	struct args msg;
	unsigned int i;
	int ret;

	for (i = 0; i < n; i++) {
		if (i % 2) {
			args_call(&msg, b->id, i + 1);
		} else {
			args_msg_name(&msg, NAME, i + 1);
			msg.msg.flags = KDBUS_MSG_EXPECT_REPLY;
			msg.msg.timeout_ns = deadline_ms(PATIENCE_MS);
		}
		ret = msg_send(a, &msg);
		if (ret)
			return ret;
	}
	return 0;
}

/* abi: 14.7/trackers */
TEST_F(regress, only_calls_to_the_name_move_with_it)
{
	struct conn starter;
	unsigned int i;
	int ret;

	ASSERT_EQ(0, conn_new_named(&starter, &self->bus, KDBUS_HELLO_ACTIVATOR, NAME));
	ASSERT_EQ(0, name_acquire(&self->b, NAME, 0, NULL));
	ASSERT_EQ(0, owe_calls(&self->a, &self->b, 100));
	ASSERT_EQ(0, name_release(&self->b, NAME));
	for (i = 0; i < 100; i++) {
		ret = send_reply(&self->b, self->a.id, 1, i + 1);
		ASSERT_EQ(i % 2 ? 0 : -EBADSLT, ret) {
			TH_LOG("call %u", i + 1);
		}
	}
	EXPECT_EQ(50, recv_all(&self->a));
	conn_close(&starter);
	for (i = 0; i < 100; i += 2) {
		ASSERT_EQ(0, expect_reply_event(&self->a, KDBUS_ITEM_REPLY_DEAD, i + 1));
	}
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
}

static int mounts_with(const char *options)
{
	char path[PATH_MAX];
	int ret;

	ret = domain_mount_options("kdbus", options, path);
	return ret ? ret : domain_umount(path);
}

/* abi: 5.4/max_calls, 5.4/max_queued_fds, design/6.4 */
TEST_F(regress, limits_of_a_domain_in_a_user_namespace_can_only_be_lowered)
{
	char map[64];

	snprintf(map, sizeof(map), "0 %u 1", ALICE);
	ASSERT_EQ(0, user_namespace_unshare(map, map));
	ASSERT_EQ(0, setresgid(0, 0, 0));
	ASSERT_EQ(0, setresuid(0, 0, 0));
	EXPECT_EQ(0, mounts_with("max_calls=128,max_queued_fds=16"));
	EXPECT_EQ(0, mounts_with("max_calls=1,max_queued_fds=1"));
	EXPECT_EQ(-EINVAL, mounts_with("max_calls=129"));
	EXPECT_EQ(-EINVAL, mounts_with("max_queued_fds=17"));
	EXPECT_EQ(-EINVAL, mounts_with("max_connections=16777216"));
}

TEST_HARNESS_MAIN
