// SPDX-License-Identifier: LGPL-2.1-or-later
/* BUS_MAKE: its checks, their order, its effects. */
#include "common.h"
#include "kselftest_harness.h"

FIXTURE(bus) {
	char name[BUS_NAME_MAX + 1];
	struct args args;
	int fd;
};

FIXTURE_SETUP(bus)
{
	self->fd = open_at(domain_path(), "control");
	ASSERT_LE(0, self->fd);
	bus_name_unique(self->name);
	args_bus(&self->args, self->name, 0);
}

FIXTURE_TEARDOWN(bus)
{
	close(self->fd);
}

static int make(int fd, struct args *args)
{
	return command(fd, KDBUS_CMD_BUS_MAKE, args);
}

static void args_bloom(struct args *args, const char *name, __u64 size, __u64 n_hash)
{
	args_cmd(args);
	args_str(args, KDBUS_ITEM_MAKE_NAME, name);
	args_bloom_parameter(args, size, n_hash);
}

static bool exists(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", domain_path(), name);
	return access(path, F_OK) == 0;
}

/* abi: 8.1/effects */
TEST_F(bus, make_writes_nothing_but_return_flags)
{
	struct args before;

	self->args.cmd.return_flags = ~0ULL;
	before = self->args;
	before.cmd.return_flags = 0;
	EXPECT_EQ(0, make(self->fd, &self->args));
	EXPECT_EQ(0, memcmp(&before, &self->args, sizeof(before)));
	EXPECT_TRUE(exists(self->name));
}

/* abi: 8.1/3, 5.4/bloom-size */
TEST_F(bus, bloom_size_is_a_multiple_of_8_from_8_to_4096)
{
	static const __u64 bad[] = { 0, 1, 4, 7, 9, 12, 4095, 4097, 4104, 1ULL << 32, ~0ULL,
				     ~7ULL };
	static const __u64 good[] = { 8, 16, 64, 4088, 4096 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		args_bloom(&self->args, self->name, bad[i], 1);
		EXPECT_EQ(-EINVAL, make(self->fd, &self->args)) {
			TH_LOG("size %llu", bad[i]);
		}
	}
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		args_bloom(&self->args, self->name, good[i], 1);
		EXPECT_EQ(0, make(self->fd, &self->args)) {
			TH_LOG("size %llu", good[i]);
		}
		close(self->fd);
		self->fd = open_at(domain_path(), "control");
	}
}

/* abi: 8.1/3, 5.4/bloom-n-hash */
TEST_F(bus, bloom_without_hash_function_is_einval)
{
	args_bloom(&self->args, self->name, BLOOM_SIZE, 0);
	EXPECT_EQ(-EINVAL, make(self->fd, &self->args));
	args_bloom(&self->args, self->name, BLOOM_SIZE, ~0ULL);
	EXPECT_EQ(0, make(self->fd, &self->args));
}

/* abi: 8.1/4 */
TEST_F(bus, invalid_owner_mask_is_einval)
{
	args_bloom(&self->args, self->name, BLOOM_SIZE, 1);
	args_u64(&self->args, KDBUS_ITEM_ATTACH_FLAGS_SEND, 1ULL << 14);
	EXPECT_EQ(-EINVAL, make(self->fd, &self->args));
	args_bloom(&self->args, self->name, BLOOM_SIZE, 1);
	args_u64(&self->args, KDBUS_ITEM_ATTACH_FLAGS_SEND, ~0ULL - 1);
	EXPECT_EQ(-EINVAL, make(self->fd, &self->args));
}

/* abi: 8.1/4 */
TEST_F(bus, owner_mask_is_optional)
{
	args_bloom(&self->args, self->name, BLOOM_SIZE, 1);
	EXPECT_EQ(0, make(self->fd, &self->args));
}

/* abi: 8.1/5, 8.1/prefix-alone */
TEST_F(bus, name_without_prefix_of_the_euid_is_einval)
{
	static const char * const names[] = {
		"bus", "0", "0-", "-0-bus", "00-bus", "1-bus", "0bus", "0.bus", "0_-bus", "+0-bus",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		args_bus(&self->args, names[i], 0);
		EXPECT_EQ(-EINVAL, make(self->fd, &self->args)) {
			TH_LOG("\"%s\"", names[i]);
		}
	}
}

/* abi: 8.1/5 */
TEST_F(bus, prefix_is_the_effective_uid)
{
	char name[64];

	ASSERT_EQ(0, setresuid(0, ALICE, 0));
	EXPECT_EQ(-EINVAL, make(self->fd, &self->args));
	bus_name_unique(name);
	args_bus(&self->args, name, 0);
	EXPECT_EQ(0, make(self->fd, &self->args));
}

/* abi: 8.1/5 */
TEST_F(bus, prefix_is_that_of_the_caller_not_of_the_opener)
{
	char name[64];

	/* the fixture opened the file as root */
	ASSERT_EQ(0, become(ALICE, STAFF));
	EXPECT_EQ(-EINVAL, make(self->fd, &self->args));
	bus_name_unique(name);
	args_bus(&self->args, name, 0);
	EXPECT_EQ(0, make(self->fd, &self->args));
	EXPECT_TRUE(exists(name));
}

/* abi: 8.1/6 */
TEST_F(bus, taken_name_is_eexist)
{
	int other = open_at(domain_path(), "control");

	ASSERT_LE(0, other);
	ASSERT_EQ(0, make(self->fd, &self->args));
	EXPECT_EQ(-EEXIST, make(other, &self->args));
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(0, make(other, &self->args));
	close(other);
}

/* abi: 8.1/7, 5.4/buses */
TEST_F(bus, seventeenth_bus_of_a_user_is_emfile)
{
	char name[64];
	int fds[17], i;

	for (i = 0; i < 17; i++) {
		fds[i] = open_at(domain_path(), "control");
		ASSERT_LE(0, fds[i]);
		ASSERT_EQ(0, become(user_unique(), STAFF));
		bus_name_unique(name);
		args_bus(&self->args, name, 0);
		EXPECT_EQ(i < 16 ? 0 : -EMFILE, make(fds[i], &self->args));
		ASSERT_EQ(0, become_root());
	}
	EXPECT_FALSE(exists(name));
	/* somebody else is not concerned */
	args_bus(&self->args, self->name, 0);
	EXPECT_EQ(0, make(self->fd, &self->args));
	/* room again */
	close(fds[0]);
	ASSERT_EQ(0, become(user_unique(), STAFF));
	args_bus(&self->args, name, 0);
	EXPECT_EQ(0, make(fds[16], &self->args));
}

/* abi: 8.1/7 */
TEST_F(bus, buses_are_counted_for_the_real_uid)
{
	char name[64];
	int fd, i;

	for (i = 0; i < 17; i++) {
		fd = open_at(domain_path(), "control");
		ASSERT_LE(0, fd);
		/* different effective users, one real one */
		ASSERT_EQ(0, setresuid(user_unique(), ALICE + i, 0));
		bus_name_unique(name);
		args_bus(&self->args, name, 0);
		EXPECT_EQ(i < 16 ? 0 : -EMFILE, make(fd, &self->args));
		ASSERT_EQ(0, become_root());
	}
}

/* abi: 8.1/2, 8.1/3, 8.1/4, 8.1/5 (order) */
TEST_F(bus, checks_ordering)
{
	char long_name[80];
	int other = open_at(domain_path(), "control");

	ASSERT_LE(0, other);
	/* parser before bloom */
	memset(long_name, 'x', sizeof(long_name));
	long_name[70] = 0;
	args_bloom(&self->args, long_name, 7, 0);
	EXPECT_EQ(-ENAMETOOLONG, make(self->fd, &self->args));
	/* bloom, mask and prefix before the name is looked up */
	args_bus(&self->args, self->name, 0);
	ASSERT_EQ(0, make(other, &self->args));
	args_bloom(&self->args, self->name, 7, 0);
	EXPECT_EQ(-EINVAL, make(self->fd, &self->args));
	args_bloom(&self->args, self->name, BLOOM_SIZE, 1);
	args_u64(&self->args, KDBUS_ITEM_ATTACH_FLAGS_SEND, 1ULL << 14);
	EXPECT_EQ(-EINVAL, make(self->fd, &self->args));
	args_bus(&self->args, self->name, 0);
	EXPECT_EQ(-EEXIST, make(self->fd, &self->args));
	close(other);
}

/* abi: 8.1/6, 8.1/7 (order) */
TEST_F(bus, taken_name_comes_before_too_many_buses)
{
	char name[64];
	int fd, i;

	for (i = 0; i < 17; i++) {
		fd = open_at(domain_path(), "control");
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, become(user_unique(), STAFF));
		if (i < 16)
			bus_name_unique(name);
		args_bus(&self->args, name, 0);
		EXPECT_EQ(i < 16 ? 0 : -EEXIST, make(fd, &self->args));
		ASSERT_EQ(0, become_root());
	}
}

/* abi: 8.1/effects */
TEST_F(bus, flags_and_random_id_are_told_by_hello)
{
	struct args hello, first;
	struct conn conn;
	char path[PATH_MAX];

	self->args.cmd.flags = KDBUS_MAKE_ACCESS_WORLD | KDBUS_MAKE_ACCESS_GROUP;
	ASSERT_EQ(0, make(self->fd, &self->args));
	snprintf(path, sizeof(path), "%s/%s/bus", domain_path(), self->name);
	args_hello_default(&first);
	ASSERT_EQ(0, conn_new_args(&conn, path, &first));
	EXPECT_EQ(0x3ULL, conn.hello.bus_flags);
	/* version 4, DCE variant */
	EXPECT_EQ(0x40, conn.hello.id128[6] & 0xf0);
	EXPECT_EQ(0x80, conn.hello.id128[8] & 0xc0);
	conn_close(&conn);
	args_hello_default(&hello);
	ASSERT_EQ(0, conn_new_args(&conn, path, &hello));
	EXPECT_EQ(0, memcmp(first.hello.id128, hello.hello.id128, 16));
	conn_close(&conn);
}

/* abi: 8.1/effects */
TEST(two_buses_have_different_random_ids)
{
	struct bus one, two;
	struct conn a, b;

	ASSERT_EQ(0, bus_make(&one));
	ASSERT_EQ(0, bus_make(&two));
	ASSERT_EQ(0, conn_new(&a, &one));
	ASSERT_EQ(0, conn_new(&b, &two));
	EXPECT_NE(0, memcmp(a.hello.id128, b.hello.id128, 16));
	conn_close(&a);
	conn_close(&b);
	bus_close(&one);
	bus_close(&two);
}

/* abi: 1/bus-separate */
TEST(connections_of_two_buses_do_not_meet)
{
	struct bus one, two;
	struct conn a, b;

	ASSERT_EQ(0, bus_make(&one));
	ASSERT_EQ(0, bus_make(&two));
	ASSERT_EQ(0, conn_new(&a, &one));
	ASSERT_EQ(0, conn_new(&b, &two));
	EXPECT_EQ(-ENXIO, send_plain(&a, b.id, 1));
	EXPECT_EQ(0, name_acquire(&b, "com.example", 0, NULL));
	EXPECT_EQ(-ESRCH, send_name(&a, "com.example", 1));
	EXPECT_EQ(0, name_acquire(&a, "com.example", 0, NULL));
	conn_close(&a);
	conn_close(&b);
	bus_close(&one);
	bus_close(&two);
}

TEST_HARNESS_MAIN
