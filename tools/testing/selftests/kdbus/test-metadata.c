// SPDX-License-Identifier: LGPL-2.1-or-later
/* Metadata: what each of the fourteen kinds says. */
#include <grp.h>
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "metadata.h"
#include "kselftest_harness.h"

FIXTURE_BUS(metadata)

/* What a program started by exec_and_send() does instead of tests: send. */
static void __attribute__((constructor)) send_if_told(void)
{
	struct conn conn = {};
	unsigned long long dst_id;
	char *order = getenv("KDBUS_TEST_SEND");

	if (!order)
		return;
	if (sscanf(order, "%d:%llu", &conn.fd, &dst_id) != 2)
		_exit(EPROTO);
	child_exit(send_plain(&conn, dst_id, 1));
}

/* Run this program with @argv, and let it send to @dst_id over @conn. */
static int exec_and_send(struct conn *conn, __u64 dst_id, char **argv)
{
	char order[64], *envp[] = { order, NULL };
	pid_t child = child_fork();

	if (child)
		return child_result(child);
	snprintf(order, sizeof(order), "KDBUS_TEST_SEND=%d:%llu", conn->fd,
		 (unsigned long long)dst_id);
	fcntl(conn->fd, F_SETFD, 0);
	execve("/proc/self/exe", argv, envp);
	child_exit(-errno);
}

/* Run @routine(@arg) in a thread to its end. */
static int in_thread(void *(*routine)(void *), void *arg)
{
	pthread_t thread;
	int ret;

	ret = pthread_create(&thread, NULL, routine, arg);
	return -(ret ? ret : pthread_join(thread, NULL));
}

/* ---- TIMESTAMP ---- */

static __u64 clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* abi: 18.1/timestamp */
TEST_F(metadata, timestamp_is_sequence_number_and_both_clocks_at_send)
{
	__u64 mono = clock_ns(CLOCK_MONOTONIC), real = clock_ns(CLOCK_REALTIME);
	const struct kdbus_msg *first, *second;
	const struct kdbus_item *item;
	__u64 seqnum;

	first = msg_with(&self->a, &self->b, KDBUS_ATTACH_TIMESTAMP);
	ASSERT_NE(NULL, first);
	EXPECT_EQ(KDBUS_ATTACH_TIMESTAMP, msg_kinds(first));
	item = msg_item(first, KDBUS_ITEM_TIMESTAMP);
	ASSERT_NE(NULL, item);
	EXPECT_EQ(40, item->size);
	EXPECT_LE(mono, item->timestamp.monotonic_ns);
	EXPECT_GE(clock_ns(CLOCK_MONOTONIC), item->timestamp.monotonic_ns);
	EXPECT_LE(real, item->timestamp.realtime_ns);
	EXPECT_GE(clock_ns(CLOCK_REALTIME), item->timestamp.realtime_ns);
	seqnum = item->timestamp.seqnum;
	EXPECT_NE(0, seqnum);

	second = msg_with(&self->a, &self->b, KDBUS_ATTACH_TIMESTAMP);
	ASSERT_NE(NULL, second);
	item = msg_item(second, KDBUS_ITEM_TIMESTAMP);
	ASSERT_NE(NULL, item);
	EXPECT_EQ(seqnum + 1, item->timestamp.seqnum);
}

/* ---- CREDS, AUXGROUPS ---- */

/* abi: 18.1/creds */
TEST_F(metadata, creds_are_all_four_uids_and_gids_of_the_sender)
{
	const struct kdbus_creds expected = {
		.uid = ALICE, .euid = BOB, .suid = 0, .fsuid = ALICE,
		.gid = STAFF, .egid = 61101, .sgid = 61102, .fsgid = 61103,
	};
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, setresgid(expected.gid, expected.egid, expected.sgid));
	setfsgid(expected.fsgid);
	ASSERT_EQ(0, setresuid(expected.uid, expected.euid, expected.suid));
	setfsuid(expected.fsuid);

	msg = msg_with(&self->a, &self->b, KDBUS_ATTACH_CREDS);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_CREDS, msg_kinds(msg));
	EXPECT_TRUE(item_is(msg_item(msg, KDBUS_ITEM_CREDS), &expected, sizeof(expected)));
}

/* abi: 18.1/auxgroups */
TEST_F(metadata, auxgroups_are_one_u64_per_supplementary_group)
{
	const gid_t groups[] = { 7, 61200, 61201 };
	const __u64 expected[] = { 7, 61200, 61201 };
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, setgroups(3, groups));
	msg = msg_with(&self->a, &self->b, KDBUS_ATTACH_AUXGROUPS);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_AUXGROUPS, msg_kinds(msg));
	EXPECT_TRUE(item_is(msg_item(msg, KDBUS_ITEM_AUXGROUPS), expected, sizeof(expected)));
}

/* abi: 18.1/auxgroups-empty */
TEST_F(metadata, auxgroups_are_present_without_payload_if_there_are_none)
{
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, setgroups(0, NULL));
	msg = msg_with(&self->a, &self->b, KDBUS_ATTACH_AUXGROUPS);
	ASSERT_NE(NULL, msg);
	EXPECT_TRUE(item_is(msg_item(msg, KDBUS_ITEM_AUXGROUPS), "", 0));
}

/* ---- PIDS, TID_COMM, PID_COMM ---- */

struct thread_send {
	struct conn *conn;
	__u64 dst_id;
	pid_t tid;
	int ret;
};

static void *thread_send(void *arg)
{
	struct thread_send *ts = arg;

	prctl(PR_SET_NAME, "the-thread");
	ts->tid = syscall(SYS_gettid);
	ts->ret = send_plain(ts->conn, ts->dst_id, 1);
	return NULL;
}

/* abi: 18.1/pids */
TEST_F(metadata, pids_are_process_thread_and_parent)
{
	struct thread_send ts = { .conn = &self->a, .dst_id = self->b.id };
	const struct kdbus_msg *msg;
	struct kdbus_pids expected;

	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_PIDS));
	ASSERT_EQ(0, in_thread(thread_send, &ts));
	ASSERT_EQ(0, ts.ret);
	ASSERT_NE(getpid(), ts.tid);
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_PIDS, msg_kinds(msg));
	expected.pid = getpid();
	expected.tid = ts.tid;
	expected.ppid = getppid();
	EXPECT_TRUE(item_is(msg_item(msg, KDBUS_ITEM_PIDS), &expected, sizeof(expected)));
}

/* abi: 18.1/tid-comm, 18.1/pid-comm */
TEST_F(metadata, tid_comm_names_the_thread_and_pid_comm_its_leader)
{
	struct thread_send ts = { .conn = &self->a, .dst_id = self->b.id };
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_TID_COMM | KDBUS_ATTACH_PID_COMM));
	ASSERT_EQ(0, prctl(PR_SET_NAME, "the-leader"));
	ASSERT_EQ(0, in_thread(thread_send, &ts));
	ASSERT_EQ(0, ts.ret);
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_TID_COMM | KDBUS_ATTACH_PID_COMM, msg_kinds(msg));
	EXPECT_TRUE(item_is_text(msg_item(msg, KDBUS_ITEM_TID_COMM), "the-thread"));
	EXPECT_TRUE(item_is_text(msg_item(msg, KDBUS_ITEM_PID_COMM), "the-leader"));
}

/* abi: 18.1/tid-comm */
TEST_F(metadata, tid_comm_may_be_empty)
{
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, prctl(PR_SET_NAME, ""));
	msg = msg_with(&self->a, &self->b, KDBUS_ATTACH_TID_COMM);
	ASSERT_NE(NULL, msg);
	EXPECT_TRUE(item_is_text(msg_item(msg, KDBUS_ITEM_TID_COMM), ""));
}

/* ---- NAMES ---- */

static bool is_owned_name(const struct kdbus_item *item, __u64 flags, const char *name)
{
	return item && item->type == KDBUS_ITEM_OWNED_NAME &&
	       item->size == ITEM_HEADER + sizeof(__u64) + strlen(name) + 1 &&
	       item->name.flags == flags && strcmp(item->name.name, name) == 0;
}

/* abi: 18.1/names, 18.3/names */
TEST_F(metadata, names_are_one_item_each_in_order_of_acquisition)
{
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, name_acquire(&self->a, "org.z", 0, NULL));
	ASSERT_EQ(0, name_acquire(&self->a, "org.a", KDBUS_NAME_ALLOW_REPLACEMENT, NULL));
	ASSERT_EQ(0, name_acquire(&self->a, "org.m", 0, NULL));
	msg = msg_with(&self->a, &self->b, KDBUS_ATTACH_NAMES);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_NAMES, msg_kinds(msg));
	EXPECT_TRUE(is_owned_name(msg_item_nth(msg, KDBUS_ITEM_OWNED_NAME, 0),
				  KDBUS_NAME_PRIMARY, "org.z"));
	EXPECT_TRUE(is_owned_name(msg_item_nth(msg, KDBUS_ITEM_OWNED_NAME, 1),
				  KDBUS_NAME_PRIMARY | KDBUS_NAME_ALLOW_REPLACEMENT, "org.a"));
	EXPECT_TRUE(is_owned_name(msg_item_nth(msg, KDBUS_ITEM_OWNED_NAME, 2),
				  KDBUS_NAME_PRIMARY, "org.m"));
	EXPECT_EQ(NULL, msg_item_nth(msg, KDBUS_ITEM_OWNED_NAME, 3));
}

/* abi: 18.1/names-absent */
TEST_F(metadata, names_are_absent_if_none_is_held)
{
	const struct kdbus_msg *msg = msg_with(&self->a, &self->b, KDBUS_ATTACH_NAMES);

	ASSERT_NE(NULL, msg);
	EXPECT_EQ(0, msg_kinds(msg));
}

/* abi: 18.1/names-queued */
TEST_F(metadata, names_do_not_tell_what_is_only_queued_for)
{
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, name_acquire(&self->b, "org.taken", 0, NULL));
	ASSERT_EQ(0, name_acquire(&self->a, "org.taken", KDBUS_NAME_QUEUE, NULL));
	msg = msg_with(&self->a, &self->b, KDBUS_ATTACH_NAMES);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(0, msg_kinds(msg));
}

/* ---- EXE, CMDLINE ---- */

/* abi: 18.1/exe */
TEST_F(metadata, exe_is_the_path_of_the_executable)
{
	const struct kdbus_msg *msg;
	char path[PATH_MAX] = "";

	ASSERT_LT(0, readlink("/proc/self/exe", path, sizeof(path) - 1));
	msg = msg_with(&self->a, &self->b, KDBUS_ATTACH_EXE);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_EXE, msg_kinds(msg));
	EXPECT_TRUE(item_is_text(msg_item(msg, KDBUS_ITEM_EXE), path));
}

/* abi: 18.1/cmdline */
TEST_F(metadata, cmdline_is_the_whole_vector_each_argument_with_its_nul)
{
	char *argv[] = { "one", "with a space", "", "four", NULL };
	static const char expected[] = "one\0with a space\0\0four";
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_CMDLINE));
	ASSERT_EQ(0, exec_and_send(&self->a, self->b.id, argv));
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_CMDLINE, msg_kinds(msg));
	EXPECT_TRUE(item_is(msg_item(msg, KDBUS_ITEM_CMDLINE), expected, sizeof(expected)));
}

/* abi: 18.1/cmdline-bound */
TEST_F(metadata, cmdline_is_cut_at_4096_bytes)
{
	static char filler[10001], expected[4096];
	char *argv[] = { "first", filler, NULL };
	const struct kdbus_msg *msg;

	memset(filler, 'x', sizeof(filler) - 1);
	memset(expected, 'x', sizeof(expected) - 1);
	memcpy(expected, "first", 6);
	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_CMDLINE));
	ASSERT_EQ(0, exec_and_send(&self->a, self->b.id, argv));
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_TRUE(item_is(msg_item(msg, KDBUS_ITEM_CMDLINE), expected, sizeof(expected)));
}

/* Where this process has its arguments: fields 48 and 49 of its stat file. */
static bool arguments_find(char **start, char **end)
{
	char stat[2048], *field;
	int i;

	if (file_read("/proc/self/stat", stat, sizeof(stat)) < 0)
		return false;
	field = strrchr(stat, ')');
	for (i = 2; field && i < 48; i++)
		field = strchr(field + 1, ' ');
	if (!field)
		return false;
	*start = (char *)strtoul(field, &field, 10);
	*end = (char *)strtoul(field, NULL, 10);
	return *start && *start < *end;
}

/* abi: 18.1/cmdline-title */
TEST_F(metadata, cmdline_is_one_string_after_a_title_was_written_over_it)
{
	const struct kdbus_msg *msg;
	char *start, *end;

	ASSERT_TRUE(arguments_find(&start, &end));
	/* without the last NUL of the arguments, on into the environment */
	ASSERT_EQ(end, environ[0]);
	ASSERT_LT(4, strlen(environ[0]));
	memset(start, 't', end + 4 - start);
	end[4] = '\0';
	msg = msg_with(&self->a, &self->b, KDBUS_ATTACH_CMDLINE);
	ASSERT_NE(NULL, msg);
	EXPECT_TRUE(item_is_text(msg_item(msg, KDBUS_ITEM_CMDLINE), start));

	/* a shorter one, with the rest of a longer one behind it */
	start[1] = '\0';
	msg = msg_with(&self->a, &self->b, KDBUS_ATTACH_CMDLINE);
	ASSERT_NE(NULL, msg);
	EXPECT_TRUE(item_is_text(msg_item(msg, KDBUS_ITEM_CMDLINE), "t"));
}

/*
 * Arguments lie on the stack of the main thread: meanwhile nothing there may be
 * touched.
 */
static struct {
	struct conn conn;
	struct thread_send send;
	char *page;
	size_t size;
} hidden;

static void *hide_and_send(void *arg)
{
	if (mprotect(hidden.page, hidden.size, PROT_NONE) < 0) {
		hidden.send.ret = -errno;
		return NULL;
	}
	thread_send(&hidden.send);
	mprotect(hidden.page, hidden.size, PROT_READ | PROT_WRITE);
	return NULL;
}

/* abi: 18.1/absent, 21/H4 */
TEST_F(metadata, cmdline_is_absent_and_send_succeeds_if_it_cannot_be_read)
{
	uintptr_t page_size = sysconf(_SC_PAGESIZE), first, last;
	const struct kdbus_msg *msg;
	char *start, *end;

	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_CMDLINE | KDBUS_ATTACH_PIDS));
	ASSERT_TRUE(arguments_find(&start, &end));
	first = (uintptr_t)start & ~(page_size - 1);
	last = ((uintptr_t)end - 1) & ~(page_size - 1);
	hidden.page = (char *)first;
	hidden.size = last + page_size - first;
	hidden.conn = self->a;
	hidden.send.conn = &hidden.conn;
	hidden.send.dst_id = self->b.id;
	ASSERT_EQ(0, in_thread(hide_and_send, NULL));
	ASSERT_EQ(0, hidden.send.ret);
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_PIDS, msg_kinds(msg));
}

/* ---- CGROUP ---- */

/*
 * @root: where the hierarchy is mounted
 * @path: of the cgroup below it, from its first slash
 */
struct cgroup_send {
	char root[PATH_MAX / 2];
	char path[1024];
	struct thread_send send;
};

/* Make (@make) or remove all that @path consists of, the innermost last or first. */
static int cgroup_each_level(const struct cgroup_send *cs, bool make)
{
	char dir[PATH_MAX];
	size_t len, end = strlen(cs->path);

	for (len = make ? 1 : end; len && len <= end; make ? len++ : len--) {
		if (cs->path[len] && cs->path[len] != '/')
			continue;
		snprintf(dir, sizeof(dir), "%s%.*s", cs->root, (int)len, cs->path);
		if ((make ? mkdir(dir, 0755) : rmdir(dir)) < 0)
			return -errno;
	}
	return 0;
}

/* In a child: move to a cgroup of one's own, send, move back. */
static int send_in_cgroup(struct cgroup_send *cs)
{
	char procs[PATH_MAX];
	int ret;

	snprintf(procs, sizeof(procs), "%s%s/cgroup.procs", cs->root, cs->path);
	ret = cgroup_each_level(cs, true) ?: file_write_text(procs, "0");
	if (ret == 0)
		ret = send_plain(cs->send.conn, cs->send.dst_id, 1);
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", cs->root);
	file_write_text(procs, "0");
	return ret ?: cgroup_each_level(cs, false);
}

/* A message that is sent from the cgroup @path names that and no other. */
static void cgroup_is_told(struct __test_metadata *_metadata, FIXTURE_DATA(metadata) *self,
			   const char *path)
{
	struct cgroup_send cs = {
		.root = "/tmp/kdbus-test-XXXXXX",
		.send = { .conn = &self->a, .dst_id = self->b.id },
	};
	const struct kdbus_msg *msg;
	pid_t child;

	snprintf(cs.path, sizeof(cs.path), "%s", path);
	ASSERT_NE(NULL, mkdtemp(cs.root));
	ASSERT_EQ(0, mount("cgroup2", cs.root, "cgroup2", 0, NULL));
	child = child_fork();
	if (child == 0)
		child_exit(send_in_cgroup(&cs));
	EXPECT_EQ(0, child_result(child));
	EXPECT_EQ(0, umount(cs.root));
	rmdir(cs.root);

	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_CGROUP, msg_kinds(msg));
	EXPECT_TRUE(item_is_text(msg_item(msg, KDBUS_ITEM_CGROUP), path));
	EXPECT_EQ(0, msg_done(&self->b, msg));
}

/* abi: 18.1/cgroup */
TEST_F(metadata, cgroup_is_the_path_in_the_hierarchy)
{
	char path[80];

	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_CGROUP));
	ASSERT_EQ(0, mount_namespace_unshare());
	snprintf(path, sizeof(path), "/kdbus-test-%d", getpid());
	cgroup_is_told(_metadata, self, path);
}

/* abi: 18.1/cgroup */
TEST_F(metadata, cgroup_with_a_long_path_is_told_whole)
{
	static const int lengths[] = { 253, 254, 255, 256, 257, 500 };
	char path[512];
	unsigned int i;
	int at;

	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_CGROUP));
	ASSERT_EQ(0, mount_namespace_unshare());
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memset(path, 'c', lengths[i]);
		path[lengths[i]] = '\0';
		/* A name has 255 characters at most. */
		for (at = 0; at < lengths[i]; at += 200)
			path[at] = '/';
		cgroup_is_told(_metadata, self, path);
	}
}

/* ---- CAPS, SECLABEL, AUDIT ---- */

/* Have a different value in each set: take these capabilities away. */
static int caps_thin_out(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (prctl(PR_CAPBSET_DROP, CAP_SYS_TIME, 0, 0, 0) < 0 ||
	    syscall(SYS_capget, &header, data) < 0)
		return -errno;
	data[0].inheritable = 1 << CAP_CHOWN;
	data[0].permitted &= ~(1 << CAP_KILL);
	data[0].effective &= ~(1 << CAP_KILL | 1 << CAP_SYS_NICE);
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

/* abi: 18.1/caps, 18.5/caps-payload, 18.5/caps-own */
TEST_F(metadata, caps_are_last_cap_and_the_four_sets)
{
	__u64 expected[CAPS_SETS], seen[CAPS_SETS];
	const struct kdbus_msg *msg;
	int i;

	ASSERT_EQ(0, caps_thin_out());
	ASSERT_EQ(0, caps_read(expected));
	msg = msg_with(&self->a, &self->b, KDBUS_ATTACH_CAPS);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_CAPS, msg_kinds(msg));
	ASSERT_TRUE(caps_of_item(msg_item(msg, KDBUS_ITEM_CAPS), seen));
	for (i = 0; i < CAPS_SETS; i++) {
		EXPECT_EQ(expected[i], seen[i]);
		EXPECT_EQ(0, seen[i] & ~caps_all());
	}
	EXPECT_NE(seen[CAPS_PRM], seen[CAPS_EFF]);
	EXPECT_NE(seen[CAPS_PRM], seen[CAPS_BND]);
}

/* abi: 18.1/seclabel */
TEST_F(metadata, seclabel_is_that_of_proc_or_absent_with_it)
{
	char label[4096] = "";
	const struct kdbus_msg *msg;
	ssize_t n;

	n = file_read("/proc/self/attr/current", label, sizeof(label));
	label[strcspn(label, "\n")] = '\0';
	msg = msg_with(&self->a, &self->b, KDBUS_ATTACH_SECLABEL);
	ASSERT_NE(NULL, msg);
	if (n > 0) {
		EXPECT_TRUE(item_is_text(msg_item(msg, KDBUS_ITEM_SECLABEL), label));
	} else {
		EXPECT_EQ(0, msg_kinds(msg));
	}
}

/* abi: 18.1/audit */
TEST_F(metadata, audit_is_session_and_login_uid_or_absent_without_audit)
{
	const struct kdbus_msg *msg;
	struct kdbus_audit expected;
	char text[32];

	if (file_read("/proc/self/sessionid", text, sizeof(text)) <= 0) {
		msg = msg_with(&self->a, &self->b, KDBUS_ATTACH_AUDIT);
		ASSERT_NE(NULL, msg);
		EXPECT_EQ(0, msg_kinds(msg));
		return;
	}
	ASSERT_EQ(0, file_write_text("/proc/self/loginuid", "61001"));
	ASSERT_LT(0, file_read("/proc/self/sessionid", text, sizeof(text)));
	expected.sessionid = strtoul(text, NULL, 10);
	expected.loginuid = ALICE;
	msg = msg_with(&self->a, &self->b, KDBUS_ATTACH_AUDIT);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_AUDIT, msg_kinds(msg));
	EXPECT_TRUE(item_is(msg_item(msg, KDBUS_ITEM_AUDIT), &expected, sizeof(expected)));
}

/* ---- CONN_DESCRIPTION ---- */

/* abi: 18.1/conn-description */
TEST_F(metadata, conn_description_is_that_of_hello)
{
	const struct kdbus_msg *msg;
	struct args args;
	struct conn c;

	args_hello_default(&args);
	args_str(&args, KDBUS_ITEM_CONN_DESCRIPTION, "who-I_am.1");
	ASSERT_EQ(0, conn_new_args(&c, self->bus.path, &args));
	msg = msg_with(&c, &self->b, KDBUS_ATTACH_CONN_DESCRIPTION);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_CONN_DESCRIPTION, msg_kinds(msg));
	EXPECT_TRUE(item_is_text(msg_item(msg, KDBUS_ITEM_CONN_DESCRIPTION), "who-I_am.1"));
	conn_close(&c);
}

/* abi: 18.1/conn-description-absent */
TEST_F(metadata, conn_description_is_absent_if_hello_gave_none)
{
	const struct kdbus_msg *msg = msg_with(&self->a, &self->b, KDBUS_ATTACH_CONN_DESCRIPTION);

	ASSERT_NE(NULL, msg);
	EXPECT_EQ(0, msg_kinds(msg));
}

TEST_HARNESS_MAIN
