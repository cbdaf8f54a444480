// SPDX-License-Identifier: LGPL-2.1-or-later
/* HELLO: its checks, their order, what it returns. */
#include "common.h"
#include "kselftest_harness.h"

FIXTURE(hello) {
	struct bus bus;
	struct args args;
	int fd;
};

FIXTURE_SETUP(hello)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	self->fd = open_at(self->bus.dir, "bus");
	ASSERT_LE(0, self->fd);
	args_hello_default(&self->args);
}

FIXTURE_TEARDOWN(hello)
{
	close(self->fd);
	bus_close(&self->bus);
}

static int hello(int fd, struct args *args)
{
	return command(fd, KDBUS_CMD_HELLO, args);
}

/* abi: 8.4/effects-returned */
TEST_F(hello, returns_what_was_asked_and_leaves_the_rest)
{
	struct kdbus_cmd_hello *cmd = &self->args.hello;
	const struct kdbus_item *item;
	const __u8 *pool;

	cmd->attach_flags_send = KDBUS_ATTACH_CREDS;
	cmd->attach_flags_recv = ~0ULL;
	cmd->return_flags = ~0ULL;
	cmd->bus_flags = ~0ULL;
	cmd->id = ~0ULL;
	cmd->offset = ~0ULL;
	cmd->items_size = ~0ULL;
	ASSERT_EQ(0, hello(self->fd, &self->args));
	EXPECT_EQ(sizeof(*cmd), cmd->size);
	EXPECT_EQ(KDBUS_HELLO_ACCEPT_FD, cmd->flags);
	EXPECT_EQ(0ULL, cmd->return_flags);
	EXPECT_EQ(KDBUS_ATTACH_CREDS, cmd->attach_flags_send);
	EXPECT_EQ(~0ULL, cmd->attach_flags_recv);
	EXPECT_EQ(KDBUS_MAKE_ACCESS_WORLD, cmd->bus_flags);
	EXPECT_NE(0ULL, cmd->id);
	EXPECT_NE(~0ULL, cmd->id);
	EXPECT_EQ(POOL_SIZE, cmd->pool_size);
	EXPECT_EQ(0ULL, cmd->offset);
	EXPECT_EQ(32ULL, cmd->items_size);

	pool = mmap(NULL, POOL_SIZE, PROT_READ, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, pool);
	item = (const void *)pool;
	EXPECT_EQ(32ULL, item->size);
	EXPECT_EQ(KDBUS_ITEM_BLOOM_PARAMETER, item->type);
	EXPECT_EQ(BLOOM_SIZE, item->bloom_parameter.size);
	EXPECT_EQ(1ULL, item->bloom_parameter.n_hash);
}

/* abi: 8.4/2 */
TEST_F(hello, argument_that_cannot_be_parsed_is_refused_first)
{
	char text[80];

	memset(text, 'x', sizeof(text));
	text[70] = 0;
	self->args.hello.pool_size = 1;
	args_str(&self->args, KDBUS_ITEM_CONN_DESCRIPTION, text);
	EXPECT_EQ(-ENAMETOOLONG, hello(self->fd, &self->args));
	self->args.size = sizeof(struct kdbus_cmd_hello) - 8;
	EXPECT_EQ(-EINVAL, hello(self->fd, &self->args));
}

/* abi: 8.4/3, 5.4/pool-size */
TEST_F(hello, pool_size_is_a_non_zero_multiple_of_the_page_size)
{
	static const __u64 bad[] = { 0, 1, 8, 4095, 4097, POOL_SIZE - 8, ~0ULL };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		self->args.hello.pool_size = bad[i];
		EXPECT_EQ(-EINVAL, hello(self->fd, &self->args)) {
			TH_LOG("pool of %llu", bad[i]);
		}
	}
	self->args.hello.pool_size = sysconf(_SC_PAGESIZE);
	EXPECT_EQ(0, hello(self->fd, &self->args));
}

/* abi: 5.4/pool-size */
TEST_F(hello, pool_of_a_gibibyte_is_only_address_space)
{
	self->args.hello.pool_size = 1ULL << 30;
	EXPECT_EQ(0, hello(self->fd, &self->args));
}

/* abi: 8.4/4 */
TEST_F(hello, special_kinds_exclude_each_other)
{
	__u64 kinds;

	for (kinds = 0; kinds <= 0xf; kinds++) {
		if (__builtin_popcountll(kinds & ~KDBUS_HELLO_ACCEPT_FD) < 2)
			continue;
		args_hello_default(&self->args);
		self->args.hello.flags = kinds;
		EXPECT_EQ(-EINVAL, hello(self->fd, &self->args));
		args_str(&self->args, KDBUS_ITEM_NAME, "com.example");
		EXPECT_EQ(-EINVAL, hello(self->fd, &self->args));
	}
}

/* abi: 8.4/5 */
TEST_F(hello, name_without_need_is_einval)
{
	args_str(&self->args, KDBUS_ITEM_NAME, "com.example");
	EXPECT_EQ(-EINVAL, hello(self->fd, &self->args));
	self->args.hello.flags = KDBUS_HELLO_MONITOR;
	EXPECT_EQ(-EINVAL, hello(self->fd, &self->args));
}

/* abi: 8.4/6 */
TEST_F(hello, activator_and_policy_holder_need_a_name)
{
	self->args.hello.flags = KDBUS_HELLO_ACTIVATOR;
	EXPECT_EQ(-EINVAL, hello(self->fd, &self->args));
	self->args.hello.flags = KDBUS_HELLO_POLICY_HOLDER;
	EXPECT_EQ(-EINVAL, hello(self->fd, &self->args));
}

/* abi: 8.4/7 */
TEST_F(hello, invalid_name_is_einval)
{
	static const char * const names[] = { "", "single", ".com.example", "com..example",
					      "com.1example", "com.example." };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		args_hello_default(&self->args);
		self->args.hello.flags = KDBUS_HELLO_POLICY_HOLDER;
		args_str(&self->args, KDBUS_ITEM_NAME, names[i]);
		EXPECT_EQ(-EINVAL, hello(self->fd, &self->args));
	}
}

/* abi: 8.4/9, 1/owner */
TEST_F(hello, special_kinds_are_for_the_owner_of_the_bus)
{
	int fd = open_as(ALICE, STAFF, self->bus.path);

	ASSERT_LE(0, fd);
	self->args.hello.flags = KDBUS_HELLO_MONITOR;
	EXPECT_EQ(-EPERM, hello(fd, &self->args));
	self->args.hello.flags = KDBUS_HELLO_ACTIVATOR;
	args_str(&self->args, KDBUS_ITEM_NAME, "com.example");
	EXPECT_EQ(-EPERM, hello(fd, &self->args));
	self->args.hello.flags = KDBUS_HELLO_POLICY_HOLDER;
	EXPECT_EQ(-EPERM, hello(fd, &self->args));
	close(fd);
}

/* abi: 8.4/10, 1/owner */
TEST_F(hello, foreign_credentials_are_for_the_owner_of_the_bus)
{
	int fd = open_as(ALICE, STAFF, self->bus.path);

	ASSERT_LE(0, fd);
	args_item(&self->args, KDBUS_ITEM_CREDS, NULL, sizeof(struct kdbus_creds));
	EXPECT_EQ(-EPERM, hello(fd, &self->args));
	args_hello_default(&self->args);
	args_item(&self->args, KDBUS_ITEM_PIDS, NULL, sizeof(struct kdbus_pids));
	EXPECT_EQ(-EPERM, hello(fd, &self->args));
	args_hello_default(&self->args);
	args_str(&self->args, KDBUS_ITEM_SECLABEL, "label");
	EXPECT_EQ(-EPERM, hello(fd, &self->args));
	args_hello_default(&self->args);
	EXPECT_EQ(0, hello(fd, &self->args));
	close(fd);
}

/* abi: 1/owner */
TEST_F(hello, privilege_is_that_of_the_opener)
{
	int fd = open_as(ALICE, STAFF, self->bus.path);

	/* said by root, on a file that somebody else opened */
	ASSERT_LE(0, fd);
	self->args.hello.flags = KDBUS_HELLO_MONITOR;
	EXPECT_EQ(-EPERM, hello(fd, &self->args));
	close(fd);
	/* said by somebody else, on a file that root opened */
	ASSERT_EQ(0, become(ALICE, STAFF));
	EXPECT_EQ(0, hello(self->fd, &self->args));
}

/* abi: 1/owner */
TEST(owner_is_whose_euid_made_the_bus)
{
	struct conn conn;
	struct bus bus;

	ASSERT_EQ(0, become(ALICE, STAFF));
	ASSERT_EQ(0, bus_make(&bus));
	EXPECT_EQ(0, conn_new_flags(&conn, &bus, KDBUS_HELLO_MONITOR));
	conn_close(&conn);
	ASSERT_EQ(0, become_root());
	/* root has CAP_IPC_OWNER */
	EXPECT_EQ(0, conn_new_flags(&conn, &bus, KDBUS_HELLO_MONITOR));
	conn_close(&conn);
	ASSERT_EQ(0, become(BOB, STAFF));
	EXPECT_EQ(-EPERM, conn_new_flags(&conn, &bus, KDBUS_HELLO_MONITOR));
	ASSERT_EQ(0, become_root());
	bus_close(&bus);
}

/* abi: 8.4/11, 7/attach-flags */
TEST_F(hello, invalid_attach_flags_are_einval)
{
	static const __u64 bad[] = { 1ULL << 14, 1ULL << 63, ~0ULL - 1, 0x7fff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		args_hello_default(&self->args);
		self->args.hello.attach_flags_send = bad[i];
		EXPECT_EQ(-EINVAL, hello(self->fd, &self->args));
		args_hello_default(&self->args);
		self->args.hello.attach_flags_recv = bad[i];
		EXPECT_EQ(-EINVAL, hello(self->fd, &self->args));
	}
	self->args.hello.attach_flags_send = 0;
	self->args.hello.attach_flags_recv = _KDBUS_ATTACH_ALL;
	EXPECT_EQ(0, hello(self->fd, &self->args));
}

/* abi: 8.4/13, 5.4/connections */
TEST_F(hello, connection_1025_of_a_user_is_emfile)
{
	int i, fd = -1;

	ASSERT_EQ(0, fd_limit(2048));
	for (i = 0; i < 1025; i++) {
		fd = open_as(user_unique(), STAFF, self->bus.path);
		ASSERT_LE(0, fd);
		args_hello_default(&self->args);
		self->args.hello.pool_size = sysconf(_SC_PAGESIZE);
		ASSERT_EQ(i < 1024 ? 0 : -EMFILE, hello(fd, &self->args)) {
			TH_LOG("connection %d", i + 1);
		}
	}
	/* somebody else is not concerned */
	args_hello_default(&self->args);
	EXPECT_EQ(0, hello(self->fd, &self->args));
	/* room again: descriptors grow, so the one before is a connection */
	close(fd - 1);
	self->args.hello.pool_size = sysconf(_SC_PAGESIZE);
	EXPECT_EQ(0, hello(fd, &self->args));
}

/* abi: 8.4/15 */
TEST_F(hello, second_activator_of_a_name_is_eexist)
{
	struct conn first, second;

	ASSERT_EQ(0, conn_new_named(&first, &self->bus, KDBUS_HELLO_ACTIVATOR, "com.example.A"));
	EXPECT_EQ(-EEXIST, conn_new_named(&second, &self->bus, KDBUS_HELLO_ACTIVATOR,
					  "com.example.A"));
	EXPECT_EQ(0, conn_new_named(&second, &self->bus, KDBUS_HELLO_ACTIVATOR, "com.example.B"));
	conn_close(&second);
	conn_close(&first);
}

/* abi: 8.4/16 */
TEST_F(hello, policy_that_cannot_be_set_is_refused)
{
	struct conn holder, conn;

	ASSERT_EQ(0, conn_new_named(&holder, &self->bus, KDBUS_HELLO_POLICY_HOLDER,
				    "com.example.A"));
	EXPECT_EQ(-EEXIST, conn_new_named(&conn, &self->bus, KDBUS_HELLO_POLICY_HOLDER,
					  "com.example.A"));
	EXPECT_EQ(-EEXIST, conn_new_named(&conn, &self->bus, KDBUS_HELLO_ACTIVATOR,
					  "com.example.A"));
	/* wildcards are for policy holders */
	EXPECT_EQ(-EINVAL, conn_new_named(&conn, &self->bus, KDBUS_HELLO_ACTIVATOR,
					  "com.example.*"));
	EXPECT_EQ(0, conn_new_named(&conn, &self->bus, KDBUS_HELLO_POLICY_HOLDER,
				    "com.example.*"));
	conn_close(&conn);
	conn_close(&holder);
	/* nothing of the refused ones is left */
	EXPECT_EQ(0, conn_new_named(&conn, &self->bus, KDBUS_HELLO_ACTIVATOR, "com.example.A"));
	conn_close(&conn);
}

/* abi: 8.4/17 */
TEST_F(hello, result_that_cannot_be_written_is_efault_and_leaves_no_connection)
{
	struct args *args = mmap(NULL, sizeof(*args), PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct conn conn;

	ASSERT_NE(MAP_FAILED, args);
	*args = self->args;
	ASSERT_EQ(0, mprotect(args, sizeof(*args), PROT_READ));
	EXPECT_EQ(-EFAULT, hello(self->fd, args));
	/* the file is as before */
	EXPECT_EQ(0, hello(self->fd, &self->args));
	ASSERT_EQ(0, conn_new(&conn, &self->bus));
	EXPECT_EQ(-ENXIO, send_plain(&conn, self->args.hello.id - 1, 1));
	EXPECT_EQ(0, send_plain(&conn, self->args.hello.id, 1));
	conn_close(&conn);
}

/* abi: 8.4/3, 8.4/4, 8.4/9, 8.4/11 (order) */
TEST_F(hello, checks_ordering)
{
	int fd = open_as(ALICE, STAFF, self->bus.path);

	ASSERT_LE(0, fd);
	/* the argument is judged before the caller's right */
	self->args.hello.flags = KDBUS_HELLO_MONITOR;
	self->args.hello.pool_size = 1;
	EXPECT_EQ(-EINVAL, hello(fd, &self->args));
	self->args.hello.pool_size = POOL_SIZE;
	self->args.hello.flags = KDBUS_HELLO_MONITOR | KDBUS_HELLO_ACTIVATOR;
	EXPECT_EQ(-EINVAL, hello(fd, &self->args));
	/* which is judged before attach flags */
	self->args.hello.flags = KDBUS_HELLO_MONITOR;
	self->args.hello.attach_flags_recv = 1ULL << 14;
	EXPECT_EQ(-EPERM, hello(fd, &self->args));
	/* and the name before the right */
	args_hello_default(&self->args);
	self->args.hello.flags = KDBUS_HELLO_ACTIVATOR;
	args_str(&self->args, KDBUS_ITEM_NAME, "single");
	EXPECT_EQ(-EINVAL, hello(fd, &self->args));
	close(fd);
}

/* abi: 8.4/1, 8.4/14 */
TEST_F(hello, dead_endpoint_comes_before_the_argument)
{
	bus_close(&self->bus);
	EXPECT_EQ(-ESHUTDOWN, command(self->fd, KDBUS_CMD_HELLO, (void *)8UL));
}

/* abi: 8.4/slice */
TEST_F(hello, slice_can_be_freed_once)
{
	struct kdbus_cmd_free cmd = { .size = sizeof(cmd) };

	ASSERT_EQ(0, hello(self->fd, &self->args));
	cmd.offset = self->args.hello.offset;
	EXPECT_EQ(0, command(self->fd, KDBUS_CMD_FREE, &cmd));
	EXPECT_EQ(-ENXIO, command(self->fd, KDBUS_CMD_FREE, &cmd));
}

TEST_HARNESS_MAIN
