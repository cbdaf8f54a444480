// SPDX-License-Identifier: LGPL-2.1-or-later
/* Metadata: translation into the namespaces and the root of who receives it. */
#include <grp.h>
#include <libgen.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <linux/capability.h>
#include "metadata.h"
#include "kselftest_harness.h"

#define OVERFLOW_ID	65534
#define NO_ID		0xffffffffU

FIXTURE_BUS(view)

/* ---- user namespaces: ids ---- */

/* abi: 18.5/creds, 18.5/creds-overflow */
TEST_F(view, creds_without_mapping_become_the_overflow_id)
{
	const struct kdbus_creds expected = {
		.uid = OVERFLOW_ID, .euid = OVERFLOW_ID, .suid = OVERFLOW_ID,
		.fsuid = OVERFLOW_ID, .gid = OVERFLOW_ID, .egid = OVERFLOW_ID,
		.sgid = OVERFLOW_ID, .fsgid = OVERFLOW_ID,
	};
	const struct kdbus_msg *msg;
	struct conn c;

	ASSERT_EQ(0, conn_new_elsewhere(&c, &self->bus, enter_user_namespace, NULL));
	msg = msg_with(&self->a, &c, KDBUS_ATTACH_CREDS);
	ASSERT_NE(NULL, msg);
	EXPECT_TRUE(item_is(msg_item(msg, KDBUS_ITEM_CREDS), &expected, sizeof(expected)));
	conn_close(&c);
}

/* abi: 18.5/creds */
TEST_F(view, creds_are_mapped_one_by_one)
{
	const struct kdbus_creds expected = {
		.uid = 5, .euid = 6, .suid = OVERFLOW_ID, .fsuid = 6,
		.gid = 7, .egid = OVERFLOW_ID, .sgid = 8, .fsgid = OVERFLOW_ID,
	};
	const struct kdbus_msg *msg;
	struct conn c;

	ASSERT_EQ(0, conn_new_elsewhere(&c, &self->bus, enter_user_namespace, NULL));
	ASSERT_EQ(0, setresgid(ALICE + 7, 0, ALICE + 8));
	ASSERT_EQ(0, setresuid(ALICE + 5, ALICE + 6, 0));
	msg = msg_with(&self->a, &c, KDBUS_ATTACH_CREDS);
	ASSERT_NE(NULL, msg);
	EXPECT_TRUE(item_is(msg_item(msg, KDBUS_ITEM_CREDS), &expected, sizeof(expected)));
	conn_close(&c);
}

/* abi: 18.5/auxgroups */
TEST_F(view, auxgroups_are_mapped_and_none_is_dropped)
{
	const gid_t groups[] = { 1, ALICE + 3, ALICE + 1000 };
	const __u64 expected[] = { OVERFLOW_ID, 3, OVERFLOW_ID };
	const struct kdbus_msg *msg;
	struct conn c;

	ASSERT_EQ(0, conn_new_elsewhere(&c, &self->bus, enter_user_namespace, NULL));
	ASSERT_EQ(0, setgroups(3, groups));
	msg = msg_with(&self->a, &c, KDBUS_ATTACH_AUXGROUPS);
	ASSERT_NE(NULL, msg);
	EXPECT_TRUE(item_is(msg_item(msg, KDBUS_ITEM_AUXGROUPS), expected, sizeof(expected)));
	conn_close(&c);
}

static int enter_user_namespace_as_5(void *arg)
{
	int ret = enter_user_namespace(arg);

	if (ret)
		return ret;
	return setresgid(5, 5, 5) < 0 || setresuid(5, 5, 5) < 0 ? -errno : 0;
}

/* abi: 18.5/creds */
TEST_F(view, sender_in_a_user_namespace_has_its_global_ids_outside)
{
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_CREDS));
	ASSERT_EQ(0, send_elsewhere(&self->a, self->b.id, 1, enter_user_namespace_as_5, NULL,
				    NULL));
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(ALICE + 5, msg_item(msg, KDBUS_ITEM_CREDS)->creds.uid);
	EXPECT_EQ(ALICE + 5, msg_item(msg, KDBUS_ITEM_CREDS)->creds.fsgid);
}

struct opened {
	int fd;
	struct conn *conn;
	const struct bus *bus;
};

/* Open in a new user namespace; the descriptor comes here by itself. */
static int open_and_pass(void *arg)
{
	struct opened *opened = arg;
	int fd;

	fd = open(opened->bus->path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd_pass(opened->fd, fd);
}

/* abi: 18.5/user-namespace-of-opener, 22/passed-file */
TEST_F(view, user_namespace_is_that_of_who_opened_and_pids_are_of_who_said_hello)
{
	const struct kdbus_msg *msg;
	struct opened opened = { .bus = &self->bus };
	struct args args;
	struct conn c;
	int pair[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	opened.fd = pair[1];
	ASSERT_EQ(0, run_elsewhere(enter_user_namespace, open_and_pass, &opened, NULL));
	args_hello_default(&args);
	ASSERT_EQ(0, conn_hello(&c, fd_take(pair[0]), &args));
	msg = msg_with(&self->a, &c, KDBUS_ATTACH_CREDS | KDBUS_ATTACH_PIDS);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(OVERFLOW_ID, msg_item(msg, KDBUS_ITEM_CREDS)->creds.uid);
	EXPECT_EQ(getpid(), msg_item(msg, KDBUS_ITEM_PIDS)->pids.pid);
	conn_close(&c);
	close(pair[0]);
	close(pair[1]);
}

FIXTURE(login) {
	struct bus bus;
	struct conn a;
	struct conn inside;
};

FIXTURE_VARIANT(login) { const char *loginuid; __u32 expected; };

FIXTURE_VARIANT_ADD(login, mapped) { .loginuid = "61009", .expected = 8 };
FIXTURE_VARIANT_ADD(login, unmapped) { .loginuid = "12", .expected = NO_ID };
FIXTURE_VARIANT_ADD(login, unset) { .loginuid = "4294967295", .expected = NO_ID };

FIXTURE_SETUP(login)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new(&self->a, &self->bus));
	ASSERT_EQ(0, conn_new_elsewhere(&self->inside, &self->bus, enter_user_namespace, NULL));
}

FIXTURE_TEARDOWN(login)
{
	conn_close(&self->inside);
	conn_close(&self->a);
	bus_close(&self->bus);
}

/* abi: 18.5/audit */
TEST_F(login, uid_of_audit_is_mapped_or_unknown_and_the_session_verbatim)
{
	const struct kdbus_msg *msg;
	struct kdbus_audit expected;
	char session[32];

	if (access("/proc/self/loginuid", F_OK) < 0)
		SKIP(return, "the kernel has no audit support");
	ASSERT_EQ(0, file_write_text("/proc/self/loginuid", variant->loginuid));
	ASSERT_LT(0, file_read("/proc/self/sessionid", session, sizeof(session)));
	msg = msg_with(&self->a, &self->inside, KDBUS_ATTACH_AUDIT);
	ASSERT_NE(NULL, msg);
	expected.sessionid = strtoul(session, NULL, 10);
	expected.loginuid = variant->expected;
	EXPECT_TRUE(item_is(msg_item(msg, KDBUS_ITEM_AUDIT), &expected, sizeof(expected)));
}

/* ---- pid namespaces ---- */

/* abi: 18.5/pids, 18.5/pids-invisible */
TEST_F(view, pids_are_zero_for_a_viewer_who_cannot_see_them)
{
	const struct kdbus_pids expected = {};
	const struct kdbus_msg *msg;
	struct conn c;

	ASSERT_EQ(0, conn_new_elsewhere(&c, &self->bus, enter_pid_namespace, NULL));
	msg = msg_with(&self->a, &c, KDBUS_ATTACH_PIDS);
	ASSERT_NE(NULL, msg);
	EXPECT_TRUE(item_is(msg_item(msg, KDBUS_ITEM_PIDS), &expected, sizeof(expected)));
	conn_close(&c);
}

/* abi: 18.5/pids */
TEST_F(view, sender_in_a_pid_namespace_has_its_outer_pid_outside)
{
	const struct kdbus_msg *msg;
	struct kdbus_pids seen;
	pid_t pid = 0;

	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_PIDS));
	ASSERT_EQ(0, send_elsewhere(&self->a, self->b.id, 1, enter_pid_namespace, NULL, &pid));
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	seen = msg_item(msg, KDBUS_ITEM_PIDS)->pids;
	EXPECT_LT(1, pid);
	EXPECT_EQ(pid, seen.pid);
	EXPECT_EQ(pid, seen.tid);
	EXPECT_NE(0, seen.ppid);
}

/* In a new pid namespace: a viewer that is in it sees the numbers of it. */
static int look_from_inside(void *arg)
{
	const struct kdbus_pids expected = { .pid = 1, .tid = 1, .ppid = 0 };
	struct opened *opened = arg;
	const struct kdbus_msg *msg;
	struct conn c;
	int ret;

	ret = conn_new_recv(&c, opened->bus, _KDBUS_ATTACH_ANY);
	if (ret)
		return ret;
	ret = send_plain(opened->conn, c.id, 1);
	if (ret)
		return ret;
	msg = msg_next(&c);
	if (!msg)
		return -errno;
	/* the sender's mask is 0: what it shows is visible in /proc */
	if ((msg_kinds(msg) & KINDS_PROC) != (kinds_here() & KINDS_PROC))
		return -EACCES;
	return item_is(msg_item(msg, KDBUS_ITEM_PIDS), &expected, sizeof(expected)) ? 0 : -EPROTO;
}

/* abi: 18.5/pids, 18.2/visible */
TEST_F(view, sender_and_viewer_in_one_pid_namespace_see_each_other)
{
	struct opened opened = { .conn = &self->a, .bus = &self->bus };

	ASSERT_EQ(0, conn_update_send(&self->a, 0));
	EXPECT_EQ(0, run_elsewhere(enter_pid_namespace, look_from_inside, &opened, NULL));
}

/* ---- root directories ---- */

static void exe_read(char *path)
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);

	path[n < 0 ? 0 : n] = '\0';
}

/* abi: 18.5/exe-other-root */
TEST_F(view, exe_is_dropped_if_the_receiver_said_hello_under_another_root)
{
	const struct kdbus_msg *msg;
	struct conn c;

	ASSERT_EQ(0, conn_new_elsewhere(&c, &self->bus, enter_root, "/tmp"));
	msg = msg_with(&self->a, &c, KDBUS_ATTACH_EXE | KDBUS_ATTACH_PIDS);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_PIDS, msg_kinds(msg));
	conn_close(&c);
}

/* abi: 18.5/exe-other-root */
TEST_F(view, exe_is_dropped_if_the_sender_is_under_another_root)
{
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_EXE | KDBUS_ATTACH_PIDS));
	ASSERT_EQ(0, send_elsewhere(&self->a, self->b.id, 1, enter_root, "/tmp", NULL));
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_PIDS, msg_kinds(msg));
}

static int enter_mount_namespace(void *arg)
{
	return mount_namespace_unshare();
}

/* abi: 18.5/exe-other-root */
TEST_F(view, exe_is_dropped_if_the_same_directory_is_root_of_another_mount_namespace)
{
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_EXE | KDBUS_ATTACH_PIDS));
	ASSERT_EQ(0, send_elsewhere(&self->a, self->b.id, 1, enter_mount_namespace, NULL, NULL));
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_PIDS, msg_kinds(msg));
}

/* abi: 18.5/exe */
TEST_F(view, exe_is_a_path_from_the_root_that_sender_and_receiver_share)
{
	char exe[PATH_MAX], dir[PATH_MAX], name[PATH_MAX];
	const struct kdbus_msg *msg;
	struct conn c;

	exe_read(exe);
	strcpy(dir, exe);
	snprintf(name, sizeof(name), "%s", strrchr(exe, '/'));
	ASSERT_EQ(0, conn_new_elsewhere(&c, &self->bus, enter_root, dirname(dir)));
	strcpy(dir, exe);
	ASSERT_EQ(0, send_elsewhere(&self->a, c.id, 1, enter_root, dirname(dir), NULL));
	msg = msg_next(&c);
	ASSERT_NE(NULL, msg);
	EXPECT_TRUE(item_is_text(msg_item(msg, KDBUS_ITEM_EXE), name));
	conn_close(&c);
}

/* abi: 18.5/exe */
TEST_F(view, exe_of_conn_info_is_a_path_from_the_root_of_who_asks)
{
	const struct kdbus_info *info;
	char exe[PATH_MAX], dir[PATH_MAX];
	struct conn c;

	exe_read(exe);
	strcpy(dir, exe);
	ASSERT_EQ(0, conn_new_elsewhere(&c, &self->bus, enter_root, dirname(dir)));
	ASSERT_EQ(0, conn_info(&self->b, c.id, NULL, KDBUS_ATTACH_EXE, &info));
	EXPECT_TRUE(item_is_text(info_item(info, KDBUS_ITEM_EXE), exe));
	conn_close(&c);
}

/* abi: 18.5/exe-other-root */
TEST_F(view, exe_of_conn_info_is_dropped_after_who_asks_changed_its_root)
{
	const struct kdbus_info *info;

	ASSERT_EQ(0, conn_info(&self->b, self->a.id, NULL, KDBUS_ATTACH_EXE, &info));
	EXPECT_EQ(KDBUS_ATTACH_EXE, info_kinds(info));
	ASSERT_EQ(0, enter_root("/tmp"));
	ASSERT_EQ(0, conn_info(&self->b, self->a.id, NULL, KDBUS_ATTACH_EXE, &info));
	EXPECT_EQ(0, info_kinds(info));
}

/* abi: 18.5/root-not-pinned */
TEST_F(view, root_of_a_receiver_may_be_unmounted_while_the_receiver_lives)
{
	char path[] = "/tmp/kdbus-test-XXXXXX";
	const struct kdbus_msg *msg;
	struct conn c;

	ASSERT_EQ(0, mount_namespace_unshare());
	ASSERT_NE(NULL, mkdtemp(path));
	ASSERT_EQ(0, mount("tmpfs", path, "tmpfs", 0, NULL));
	ASSERT_EQ(0, conn_new_elsewhere(&c, &self->bus, enter_root, path));
	EXPECT_EQ(0, umount2(path, 0));
	rmdir(path);
	msg = msg_with(&self->a, &c, KDBUS_ATTACH_EXE | KDBUS_ATTACH_PIDS);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_PIDS, msg_kinds(msg));
	conn_close(&c);
}

/* ---- capabilities ---- */

/* The sets that @c gets from @from; false if there is no message. */
static bool caps_received(struct conn *c, __u64 sets[CAPS_SETS])
{
	const struct kdbus_msg *msg = msg_next(c);

	return msg && caps_of_item(msg_item(msg, KDBUS_ITEM_CAPS), sets);
}

/* Leave a single capability in effect. */
static int caps_keep_one(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};

	data[0].permitted = 1 << CAP_SYS_PTRACE | 1 << CAP_SETUID;
	data[0].effective = 1 << CAP_SETUID;
	data[0].inheritable = 1 << CAP_SETUID;
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

/* abi: 18.5/caps-owner */
TEST_F(view, caps_are_full_but_inheritable_for_the_owner_of_the_receivers_namespace)
{
	__u64 seen[CAPS_SETS];
	struct conn c;

	ASSERT_EQ(0, conn_new_elsewhere(&c, &self->bus, enter_user_namespace, NULL));
	ASSERT_EQ(0, caps_keep_one());
	ASSERT_EQ(0, send_plain(&self->a, c.id, 1));
	ASSERT_TRUE(caps_received(&c, seen));
	EXPECT_EQ(0, seen[CAPS_INH]);
	EXPECT_EQ(caps_all(), seen[CAPS_PRM]);
	EXPECT_EQ(caps_all(), seen[CAPS_EFF]);
	EXPECT_EQ(caps_all(), seen[CAPS_BND]);
	conn_close(&c);
}

/* abi: 18.5/caps-below */
TEST_F(view, caps_are_verbatim_in_a_namespace_below_that_another_user_owns)
{
	__u64 expected[CAPS_SETS], seen[CAPS_SETS];
	struct conn c;
	int i;

	ASSERT_EQ(0, conn_new_elsewhere(&c, &self->bus, enter_user_namespace, NULL));
	ASSERT_EQ(0, prctl(PR_SET_KEEPCAPS, 1));
	ASSERT_EQ(0, setresuid(BOB, BOB, BOB));
	ASSERT_EQ(0, caps_keep_one());
	ASSERT_EQ(0, caps_read(expected));
	ASSERT_EQ(0, send_plain(&self->a, c.id, 1));
	ASSERT_TRUE(caps_received(&c, seen));
	for (i = 0; i < CAPS_SETS; i++) {
		EXPECT_EQ(expected[i], seen[i]);
	}
	EXPECT_EQ(1ULL << CAP_SETUID, seen[CAPS_EFF]);
	conn_close(&c);
}

/* abi: 18.5/caps-outside */
TEST_F(view, caps_held_in_a_namespace_are_nothing_outside)
{
	__u64 seen[CAPS_SETS];
	int i;

	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_CAPS));
	ASSERT_EQ(0, send_elsewhere(&self->a, self->b.id, 1, enter_user_namespace, NULL, NULL));
	ASSERT_TRUE(caps_received(&self->b, seen));
	for (i = 0; i < CAPS_SETS; i++) {
		EXPECT_EQ(0, seen[i]);
	}
}

/* abi: 18.5/caps-sibling */
TEST_F(view, caps_held_in_a_namespace_are_nothing_in_a_sibling)
{
	__u64 seen[CAPS_SETS];
	struct conn c;
	int i;

	ASSERT_EQ(0, conn_new_elsewhere(&c, &self->bus, enter_user_namespace, NULL));
	ASSERT_EQ(0, send_elsewhere(&self->a, c.id, 1, enter_user_namespace, NULL, NULL));
	ASSERT_TRUE(caps_received(&c, seen));
	for (i = 0; i < CAPS_SETS; i++) {
		EXPECT_EQ(0, seen[i]);
	}
	conn_close(&c);
}

/* In a user namespace: sender and receiver share it. */
static int caps_look_from_inside(void *arg)
{
	__u64 expected[CAPS_SETS], seen[CAPS_SETS];
	struct opened *opened = arg;
	struct conn c;
	int ret;

	ret = conn_new_recv(&c, opened->bus, KDBUS_ATTACH_CAPS);
	if (ret == 0)
		ret = caps_keep_one();
	if (ret == 0)
		ret = caps_read(expected);
	if (ret == 0)
		ret = send_plain(opened->conn, c.id, 1);
	if (ret)
		return ret;
	if (!caps_received(&c, seen))
		return -ENOMSG;
	return memcmp(expected, seen, sizeof(seen)) == 0 ? 0 : -EPROTO;
}

/* abi: 18.5/caps-own */
TEST_F(view, caps_are_verbatim_for_a_receiver_in_the_senders_own_namespace)
{
	struct opened opened = { .conn = &self->a, .bus = &self->bus };

	EXPECT_EQ(0, run_elsewhere(enter_user_namespace, caps_look_from_inside, &opened, NULL));
}

/* ---- the rest ---- */

/* abi: 18.5/verbatim */
TEST_F(view, other_kinds_are_the_same_in_every_namespace)
{
	const __u64 kinds = (KDBUS_ATTACH_TID_COMM | KDBUS_ATTACH_PID_COMM |
			     KDBUS_ATTACH_CMDLINE | KDBUS_ATTACH_CGROUP |
			     KDBUS_ATTACH_SECLABEL) & kinds_here();
	const struct kdbus_msg *here, *there;
	struct conn c;

	ASSERT_EQ(0, conn_new_elsewhere(&c, &self->bus, enter_user_namespace, NULL));
	here = msg_with(&self->a, &self->b, kinds);
	there = msg_with(&self->a, &c, kinds);
	ASSERT_NE(NULL, here);
	ASSERT_NE(NULL, there);
	EXPECT_EQ(kinds, msg_kinds(here));
	EXPECT_EQ(here->size, there->size);
	EXPECT_EQ(0, memcmp(here->items, there->items, here->size - sizeof(*here)));
	conn_close(&c);
}

TEST_HARNESS_MAIN
