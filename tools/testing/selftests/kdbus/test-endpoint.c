// SPDX-License-Identifier: LGPL-2.1-or-later
/* Custom endpoints: making them, setting their policy, their end. */
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.endpoint"
#define OTHER_NAME	"org.example.other"
#define USER		KDBUS_POLICY_ACCESS_USER
#define WORLD		KDBUS_POLICY_ACCESS_WORLD
#define SEE		KDBUS_POLICY_SEE
#define TALK		KDBUS_POLICY_TALK
#define OWN		KDBUS_POLICY_OWN

/* @file is an opened "bus" node without a role. */
FIXTURE(endpoint) {
	struct bus bus;
	int file;
	char name[BUS_NAME_MAX + 1];
	char path[PATH_MAX];
};

FIXTURE_SETUP(endpoint)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	self->file = open(self->bus.path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->file);
	bus_name_unique(self->name);
	snprintf(self->path, sizeof(self->path), "%.*s/%s", PATH_MAX - 100, self->bus.dir,
		 self->name);
}

FIXTURE_TEARDOWN(endpoint)
{
	close(self->file);
	bus_close(&self->bus);
}

static int make(int file, const char *name, __u64 flags)
{
	struct args args;

	args_cmd(&args);
	args.cmd.flags = flags;
	if (name)
		args_str(&args, KDBUS_ITEM_MAKE_NAME, name);
	return command(file, KDBUS_CMD_ENDPOINT_MAKE, &args);
}

static int hello(int file)
{
	struct args args;

	args_hello_default(&args);
	return command(file, KDBUS_CMD_HELLO, &args);
}

/* abi: 8.2/effects, 2.2/custom-endpoint */
TEST_F(endpoint, appears_before_the_command_returns)
{
	struct conn conn;

	EXPECT_EQ(-1, access(self->path, F_OK));
	EXPECT_EQ(0, make(self->file, self->name, 0));
	EXPECT_EQ(0, access(self->path, F_OK));
	ASSERT_EQ(0, conn_new_at(&conn, self->path, 0, 0));
	conn_close(&conn);
}

/* abi: 2.2/mode-private, 2.2/mode-group, 2.2/mode-world, 2.2/owner-custom */
TEST_F(endpoint, mode_follows_the_access_flags_and_owner_is_the_maker)
{
	static const struct {
		__u64 flags;
		mode_t mode;
	} modes[] = {
		{ 0, 0600 }, { KDBUS_MAKE_ACCESS_GROUP, 0660 }, { KDBUS_MAKE_ACCESS_WORLD, 0666 },
		{ KDBUS_MAKE_ACCESS_GROUP | KDBUS_MAKE_ACCESS_WORLD, 0666 },
	};
	char name[BUS_NAME_MAX + 1], path[PATH_MAX];
	struct bus bus;
	struct stat st;
	unsigned int i;
	int file;

	ASSERT_EQ(0, become(ALICE, STAFF));
	ASSERT_EQ(0, bus_make(&bus));
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		file = open(bus.path, O_RDWR | O_CLOEXEC);
		ASSERT_LE(0, file);
		bus_name_unique(name);
		snprintf(path, sizeof(path), "%.*s/%s", PATH_MAX - 100, bus.dir, name);
		ASSERT_EQ(0, make(file, name, modes[i].flags));
		ASSERT_EQ(0, stat(path, &st));
		EXPECT_EQ(modes[i].mode, st.st_mode & 07777);
		EXPECT_EQ(ALICE, st.st_uid);
		EXPECT_EQ(STAFF, st.st_gid);
		close(file);
	}
	bus_close(&bus);
	ASSERT_EQ(0, become_root());
}

/* abi: 8.2/flags */
TEST_F(endpoint, unknown_flags_are_refused_with_einval)
{
	EXPECT_EQ(-EINVAL, make(self->file, self->name, 4));
	EXPECT_EQ(-EINVAL, make(self->file, self->name, 1ULL << 32));
	EXPECT_EQ(-1, access(self->path, F_OK));
}

/* abi: 8.2/eperm, 15.5/endpoint-make */
TEST_F(endpoint, file_of_a_stranger_is_refused_with_eperm)
{
	int file = open_as(ALICE, ALICE, self->bus.path);
	char name[BUS_NAME_MAX + 1];

	ASSERT_LE(0, file);
	EXPECT_EQ(-EPERM, make(file, self->name, 0));
	ASSERT_EQ(0, become(ALICE, ALICE));
	bus_name_unique(name);
	EXPECT_EQ(-EPERM, make(file, name, 0));
	ASSERT_EQ(0, become_root());
	/* the file can still become a connection */
	EXPECT_EQ(0, hello(file));
	close(file);
}

/* abi: 8.2/eperm */
TEST_F(endpoint, on_a_custom_endpoint_nobody_may_make_another)
{
	char name[BUS_NAME_MAX + 1];
	int file;

	ASSERT_EQ(0, make(self->file, self->name, 0));
	file = open(self->path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, file);
	bus_name_unique(name);
	EXPECT_EQ(-EPERM, make(file, name, 0));
	close(file);
}

/* abi: 8.2/order, 6.2/eperm-first */
TEST_F(endpoint, right_is_checked_before_the_argument_is_read)
{
	int file = open_as(ALICE, ALICE, self->bus.path);

	ASSERT_LE(0, file);
	EXPECT_EQ(-EPERM, command(file, KDBUS_CMD_ENDPOINT_MAKE, (void *)8UL));
	EXPECT_EQ(-EFAULT, command(self->file, KDBUS_CMD_ENDPOINT_MAKE, (void *)8UL));
	close(file);
}

/* abi: 8.2/parser */
TEST_F(endpoint, name_is_mandatory)
{
	EXPECT_EQ(-EINVAL, make(self->file, NULL, 0));
	EXPECT_EQ(0, make(self->file, self->name, 0));
}

/* abi: 8.2/prefix */
TEST_F(endpoint, name_without_the_uid_of_the_caller_is_refused_with_einval)
{
	char name[BUS_NAME_MAX + 1];

	EXPECT_EQ(-EINVAL, make(self->file, "bus", 0));
	EXPECT_EQ(-EINVAL, make(self->file, "custom", 0));
	EXPECT_EQ(-EINVAL, make(self->file, "1-custom", 0));
	EXPECT_EQ(-EINVAL, make(self->file, "0custom", 0));
	EXPECT_EQ(-EINVAL, make(self->file, "00-custom", 0));
	EXPECT_EQ(-EINVAL, make(self->file, "0-", 0));

	/* the current euid counts, not the one that opened the file */
	snprintf(name, sizeof(name), "%u-custom", ALICE);
	EXPECT_EQ(-EINVAL, make(self->file, name, 0));
	ASSERT_EQ(0, become(ALICE, ALICE));
	EXPECT_EQ(-EINVAL, make(self->file, self->name, 0));
	EXPECT_EQ(0, make(self->file, name, 0));
	ASSERT_EQ(0, become_root());
}

/* abi: 8.2/name-length, 5.4/name-length */
TEST_F(endpoint, name_of_63_bytes_is_the_longest)
{
	char name[66];

	memset(name, 'x', sizeof(name));
	memcpy(name, "0-", 2);
	name[64] = '\0';
	EXPECT_EQ(-ENAMETOOLONG, make(self->file, name, 0));
	name[63] = '\0';
	EXPECT_EQ(0, make(self->file, name, 0));
}

/* abi: 8.2/duplicate */
TEST_F(endpoint, taken_name_is_refused_with_eexist_until_its_owner_closes)
{
	int second = open(self->bus.path, O_RDWR | O_CLOEXEC);

	ASSERT_LE(0, second);
	ASSERT_EQ(0, make(self->file, self->name, 0));
	EXPECT_EQ(-EEXIST, make(second, self->name, 0));
	close(self->file);
	self->file = -1;
	EXPECT_EQ(0, make(second, self->name, 0));
	close(second);
}

/* abi: 8.2/policy-items */
TEST_F(endpoint, policy_is_not_taken_when_it_is_made)
{
	struct args args;

	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_MAKE_NAME, self->name);
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	EXPECT_EQ(-EINVAL, command(self->file, KDBUS_CMD_ENDPOINT_MAKE, &args));
}

/* abi: 8.2/dead, 2.3/dead-hello */
TEST_F(endpoint, file_of_a_dead_bus_is_refused_with_eshutdown)
{
	bus_close(&self->bus);
	EXPECT_EQ(-ESHUTDOWN, make(self->file, self->name, 0));
	EXPECT_EQ(-ESHUTDOWN, hello(self->file));
}

/* abi: 2.4/has-role */
TEST_F(endpoint, owner_file_takes_no_second_role)
{
	struct kdbus_cmd_recv recv;
	struct conn owner = { .fd = self->file };
	char name[BUS_NAME_MAX + 1];

	ASSERT_EQ(0, make(self->file, self->name, 0));
	bus_name_unique(name);
	EXPECT_EQ(-EBADFD, make(self->file, name, 0));
	EXPECT_EQ(-EBADFD, hello(self->file));
	EXPECT_EQ(-EBADFD, msg_recv(&owner, 0, &recv));
	EXPECT_EQ(POLLERR | POLLHUP, conn_poll(&owner, 0));
}

/* abi: 2.3/vanish, 2.3/endpoint-disconnects */
TEST_F(endpoint, end_of_the_owner_file_removes_the_node_and_disconnects)
{
	struct kdbus_cmd_recv recv;
	struct conn conn;
	int unset;

	ASSERT_EQ(0, make(self->file, self->name, 0));
	ASSERT_EQ(0, conn_new_at(&conn, self->path, 0, 0));
	unset = open(self->path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, unset);
	close(self->file);
	self->file = -1;
	EXPECT_EQ(-1, access(self->path, F_OK));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-ECONNRESET, msg_recv(&conn, 0, &recv));
	EXPECT_EQ(POLLERR | POLLHUP, conn_poll(&conn, 0));
	EXPECT_EQ(-ESHUTDOWN, hello(unset));
	conn_close(&conn);
	close(unset);
}

/* abi: 2.3/vanish, 1/owner-of-endpoint */
TEST_F(endpoint, lives_until_the_last_copy_of_the_descriptor_is_closed)
{
	int copy;

	ASSERT_EQ(0, make(self->file, self->name, 0));
	copy = dup(self->file);
	ASSERT_LE(0, copy);
	close(self->file);
	self->file = -1;
	EXPECT_EQ(0, access(self->path, F_OK));
	close(copy);
	EXPECT_EQ(-1, access(self->path, F_OK));
}

/* abi: 8.3/dead, 2.3/dead-update */
TEST_F(endpoint, update_of_a_dead_endpoint_is_refused_with_eshutdown)
{
	struct args args;

	ASSERT_EQ(0, make(self->file, self->name, 0));
	bus_close(&self->bus);
	args_cmd(&args);
	EXPECT_EQ(-ESHUTDOWN, command(self->file, KDBUS_CMD_ENDPOINT_UPDATE, &args));
	/* before the routing by role */
	EXPECT_EQ(-ESHUTDOWN, command(self->file, KDBUS_CMD_RECV, &args));
}

/* abi: 8.3/not-owner-file */
TEST_F(endpoint, update_works_on_the_owner_file_only)
{
	struct conn conn;
	struct args args;
	int unset;

	args_cmd(&args);
	EXPECT_EQ(-EBADFD, command(self->file, KDBUS_CMD_ENDPOINT_UPDATE, &args));
	ASSERT_EQ(0, make(self->file, self->name, 0));
	EXPECT_EQ(0, command(self->file, KDBUS_CMD_ENDPOINT_UPDATE, &args));
	unset = open(self->path, O_RDWR | O_CLOEXEC);
	EXPECT_EQ(-EBADFD, command(unset, KDBUS_CMD_ENDPOINT_UPDATE, &args));
	ASSERT_EQ(0, conn_new_at(&conn, self->path, 0, 0));
	EXPECT_EQ(-EBADFD, command(conn.fd, KDBUS_CMD_ENDPOINT_UPDATE, &args));
	conn_close(&conn);
	close(unset);
}

/* One name is owned on the bus; what does a connection on the endpoint see of it? */
FIXTURE(endpoint_update) {
	struct bus bus;
	struct endpoint ep;
	struct conn owner;
	struct conn inside;
};

FIXTURE_SETUP(endpoint_update)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, endpoint_make(&self->ep, &self->bus));
	ASSERT_EQ(0, conn_new(&self->owner, &self->bus));
	ASSERT_EQ(0, conn_new_at(&self->inside, self->ep.path, 0, 0));
	ASSERT_EQ(0, name_acquire(&self->owner, NAME, 0, NULL));
}

FIXTURE_TEARDOWN(endpoint_update)
{
	conn_close(&self->inside);
	conn_close(&self->owner);
	endpoint_close(&self->ep);
	bus_close(&self->bus);
}

/* 1, 0 or -errno */
static int sees(struct conn *conn, const char *name)
{
	const struct kdbus_info *info;
	int ret = conn_info(conn, 0, name, 0, &info);

	if (ret)
		return ret == -ESRCH ? 0 : ret;
	ret = conn_free(conn, (const __u8 *)info - conn->pool);
	return ret ? ret : 1;
}

/* abi: 8.3/empty */
TEST_F(endpoint_update, policy_is_empty_at_first_and_after_an_update_without_items)
{
	struct args args;

	EXPECT_EQ(0, sees(&self->inside, NAME));
	ASSERT_EQ(0, endpoint_grant(&self->ep, NAME, SEE));
	EXPECT_EQ(1, sees(&self->inside, NAME));
	args_cmd(&args);
	ASSERT_EQ(0, endpoint_update(&self->ep, &args));
	EXPECT_EQ(0, sees(&self->inside, NAME));
}

/* abi: 8.3/replaces */
TEST_F(endpoint_update, replaces_the_whole_policy)
{
	ASSERT_EQ(0, endpoint_grant(&self->ep, NAME, OWN));
	ASSERT_EQ(0, endpoint_grant(&self->ep, OTHER_NAME, OWN));
	EXPECT_EQ(0, sees(&self->inside, NAME));
	ASSERT_EQ(0, endpoint_grant(&self->ep, NAME, TALK));
	EXPECT_EQ(1, sees(&self->inside, NAME));
}

/* abi: 8.3/many-names */
TEST_F(endpoint_update, takes_any_number_of_names)
{
	struct args args;
	char name[64];
	unsigned int i;

	args_cmd(&args);
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "org.example.n%u", i);
		args_str(&args, KDBUS_ITEM_NAME, name);
		args_policy(&args, WORLD, TALK, 0);
	}
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	args_policy(&args, USER, SEE, 0);
	ASSERT_EQ(0, endpoint_update(&self->ep, &args));
	EXPECT_EQ(1, sees(&self->inside, NAME));
	ASSERT_EQ(0, name_acquire(&self->owner, "org.example.n299", 0, NULL));
	EXPECT_EQ(1, sees(&self->inside, "org.example.n299"));
}

/* abi: 8.3/wildcards */
TEST_F(endpoint_update, takes_wildcards)
{
	ASSERT_EQ(0, endpoint_grant(&self->ep, "org.example.*", SEE));
	EXPECT_EQ(1, sees(&self->inside, NAME));
	ASSERT_EQ(0, endpoint_grant(&self->ep, "org.*", SEE));
	EXPECT_EQ(0, sees(&self->inside, NAME));
}

/* abi: 8.3/policy-errors, 15.2/duplicate-in-input */
TEST_F(endpoint_update, refused_policy_leaves_the_old_one)
{
	struct args args;

	ASSERT_EQ(0, endpoint_grant(&self->ep, NAME, SEE));

	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_NAME, OTHER_NAME);
	args_str(&args, KDBUS_ITEM_NAME, OTHER_NAME);
	EXPECT_EQ(-EEXIST, endpoint_update(&self->ep, &args));

	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_NAME, OTHER_NAME);
	args_str(&args, KDBUS_ITEM_NAME, "bad");
	EXPECT_EQ(-EINVAL, endpoint_update(&self->ep, &args));

	args_cmd(&args);
	args_policy(&args, WORLD, SEE, 0);
	EXPECT_EQ(-EINVAL, endpoint_update(&self->ep, &args));

	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_NAME, OTHER_NAME);
	args_policy(&args, WORLD, 3, 0);
	EXPECT_EQ(-EINVAL, endpoint_update(&self->ep, &args));

	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_NAME, OTHER_NAME);
	args_policy(&args, 4, SEE, 0);
	EXPECT_EQ(-EINVAL, endpoint_update(&self->ep, &args));

	args_cmd(&args);
	args.cmd.flags = 1;
	EXPECT_EQ(-EINVAL, endpoint_update(&self->ep, &args));

	EXPECT_EQ(1, sees(&self->inside, NAME));
}

/* abi: 15.2/duplicate-order */
TEST_F(endpoint_update, duplicates_are_looked_for_after_all_items)
{
	struct args args;

	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	args_str(&args, KDBUS_ITEM_NAME, "bad");
	EXPECT_EQ(-EINVAL, endpoint_update(&self->ep, &args));
}

/* abi: 15.2/wildcard-kind */
TEST_F(endpoint_update, exact_and_wildcard_of_one_text_do_not_clash)
{
	struct args args;

	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_NAME, "org.example");
	args_str(&args, KDBUS_ITEM_NAME, "org.example.*");
	args_policy(&args, WORLD, SEE, 0);
	EXPECT_EQ(0, endpoint_update(&self->ep, &args));
	EXPECT_EQ(1, sees(&self->inside, NAME));
}

/* abi: 15.1/per-endpoint */
TEST_F(endpoint_update, policies_of_endpoints_and_of_the_bus_are_separate)
{
	struct endpoint second;
	struct conn holder, inside;

	ASSERT_EQ(0, endpoint_make(&second, &self->bus));
	ASSERT_EQ(0, conn_new_at(&inside, second.path, 0, 0));
	ASSERT_EQ(0, endpoint_grant(&second, NAME, OWN));
	ASSERT_EQ(0, endpoint_grant(&self->ep, NAME, SEE));
	ASSERT_EQ(0, conn_new_named(&holder, &self->bus, KDBUS_HELLO_POLICY_HOLDER, NAME));
	EXPECT_EQ(1, sees(&inside, NAME));
	endpoint_close(&second);
	EXPECT_EQ(1, sees(&self->inside, NAME));
	conn_close(&holder);
	conn_close(&inside);
}

TEST_HARNESS_MAIN
