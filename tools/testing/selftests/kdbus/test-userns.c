// SPDX-License-Identifier: LGPL-2.1-or-later
/* Domains mounted inside a user namespace, and users outside of any. */
#include <sys/socket.h>
#include "common.h"
#include "kselftest_harness.h"

FIXTURE(userns) {
	char domain[PATH_MAX];
	struct bus bus;
};

FIXTURE_VARIANT(userns) {
	const char *type;
};

FIXTURE_VARIANT_ADD(userns, kdbus) { .type = "kdbus" };
FIXTURE_VARIANT_ADD(userns, kdbusfs) { .type = "kdbusfs" };

/* ALICE outside is 0 inside; inside ids 1 to 999 are ALICE + n outside. */
static int enter(void)
{
	char map[64];
	int ret;

	snprintf(map, sizeof(map), "0 %u 1000", ALICE);
	ret = user_namespace_unshare(map, map);
	if (ret)
		return ret;
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return -errno;
	return 0;
}

FIXTURE_SETUP(userns)
{
	self->bus.fd = -1;
	ASSERT_EQ(0, enter());
	ASSERT_EQ(0, domain_mount(variant->type, self->domain));
}

FIXTURE_TEARDOWN(userns)
{
	bus_close(&self->bus);
	EXPECT_EQ(0, domain_umount(self->domain));
}

/* abi: 2.1/user-namespace */
TEST_F(userns, mounted_domain_carries_a_call_and_its_reply)
{
	struct conn a, b;

	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, 0));
	ASSERT_EQ(0, conn_new(&a, &self->bus));
	ASSERT_EQ(0, conn_new(&b, &self->bus));
	EXPECT_EQ(0, send_call(&a, b.id, 1));
	EXPECT_EQ(1, recv_cookie(&b));
	EXPECT_EQ(0, send_reply(&b, a.id, 2, 1));
	EXPECT_EQ(2, recv_cookie(&a));
	conn_close(&b);
	conn_close(&a);
}

/* abi: 2.2/global-root */
TEST_F(userns, root_and_control_belong_to_global_root)
{
	char control[PATH_MAX + 16];
	struct stat st;

	snprintf(control, sizeof(control), "%s/control", self->domain);
	ASSERT_EQ(0, stat(self->domain, &st));
	EXPECT_EQ(65534, st.st_uid);
	EXPECT_EQ(65534, st.st_gid);
	ASSERT_EQ(0, stat(control, &st));
	EXPECT_EQ(65534, st.st_uid);
	EXPECT_EQ(65534, st.st_gid);
}

/* abi: 8.1/5, 2.2/owner-bus */
TEST_F(userns, bus_prefix_is_the_euid_inside)
{
	struct stat st;

	ASSERT_EQ(0, setresuid(0, 7, 0));
	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, 0));
	EXPECT_EQ(0, strncmp("7-", self->bus.name, 2));
	ASSERT_EQ(0, setresuid(0, 0, 0));
	ASSERT_EQ(0, stat(self->bus.dir, &st));
	EXPECT_EQ(7, st.st_uid);
}

/* abi: 8.1/5 */
TEST_F(userns, bus_prefix_of_the_euid_outside_is_refused)
{
	struct args args;
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "%u-outside", ALICE);
	args_bus(&args, name, 0);
	fd = open_at(self->domain, "control");
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, command(fd, KDBUS_CMD_BUS_MAKE, &args));
	close(fd);
}

/* abi: 1/privileged */
TEST_F(userns, cap_ipc_owner_in_the_domains_namespace_makes_an_owner)
{
	struct conn activator;

	/* a bus of somebody else: the root of the namespace still rules it */
	ASSERT_EQ(0, setresuid(0, 7, 0));
	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, KDBUS_MAKE_ACCESS_WORLD));
	ASSERT_EQ(0, setresuid(0, 0, 0));
	EXPECT_EQ(0, conn_new_named(&activator, &self->bus, KDBUS_HELLO_ACTIVATOR, "com.example"));
	conn_close(&activator);
}

/* abi: 1/privileged */
TEST(user_namespace_root_is_not_privileged_in_a_domain_outside)
{
	struct conn conn;
	struct bus bus;

	ASSERT_EQ(0, bus_make(&bus));
	ASSERT_EQ(0, enter());
	EXPECT_EQ(-EPERM, conn_new_named(&conn, &bus, KDBUS_HELLO_ACTIVATOR, "com.example"));
	bus_close(&bus);
}

/* abi: 8.1/5 */
TEST(caller_without_mapping_in_the_domain_cannot_make_a_bus)
{
	static const char * const names[] = { "0-root", "65534-overflow", "4294967295-invalid" };
	char domain[PATH_MAX];
	struct args args;
	int pair[2], fd;
	unsigned int i;
	pid_t child;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	child = child_fork();
	ASSERT_LE(0, child);
	if (child == 0) {
		if (enter() || domain_mount("kdbus", domain))
			child_exit(-EIO);
		fd = open_at(domain, "control");
		child_exit(fd < 0 ? fd : fd_pass(pair[1], fd));
	}
	ASSERT_EQ(0, child_result(child));
	fd = fd_take(pair[0]);
	ASSERT_LE(0, fd);
	/* this is root outside, whom that namespace does not know */
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		args_bus(&args, names[i], 0);
		EXPECT_EQ(-EINVAL, command(fd, KDBUS_CMD_BUS_MAKE, &args));
	}
	close(fd);
}

/* abi: 2.1/user-namespace */
TEST(mount_without_cap_sys_admin_is_refused)
{
	char path[PATH_MAX];

	ASSERT_EQ(0, mount_namespace_unshare());
	ASSERT_EQ(0, drop_privileges(ALICE, STAFF));
	EXPECT_EQ(-EPERM, domain_mount("kdbus", path));
	EXPECT_EQ(-EPERM, domain_mount("kdbusfs", path));
}

TEST_HARNESS_MAIN
