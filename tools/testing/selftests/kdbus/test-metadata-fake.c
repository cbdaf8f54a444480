// SPDX-License-Identifier: LGPL-2.1-or-later
/* Metadata: snapshots of connections and buses, and claims to be somebody else. */
#include <sys/prctl.h>
#include "metadata.h"
#include "kselftest_harness.h"

#define OVERFLOW_ID	65534
#define UNKNOWN_ID	0xffffffffULL

/* what a mediator claims about its client: the rest is unknown */
static const struct kdbus_creds alice = {
	.uid = UNKNOWN_ID, .euid = ALICE, .suid = UNKNOWN_ID, .fsuid = UNKNOWN_ID,
	.gid = UNKNOWN_ID, .egid = STAFF, .sgid = UNKNOWN_ID, .fsgid = UNKNOWN_ID,
};

FIXTURE_BUS(fake)

/* HELLO with these claims; any may be NULL. */
static int conn_new_fake(struct conn *conn, const char *path, const struct kdbus_creds *creds,
			 const struct kdbus_pids *pids, const char *seclabel)
{
	struct args args;

	args_hello_default(&args);
	if (creds)
		args_item(&args, KDBUS_ITEM_CREDS, creds, sizeof(*creds));
	if (pids)
		args_item(&args, KDBUS_ITEM_PIDS, pids, sizeof(*pids));
	if (seclabel)
		args_str(&args, KDBUS_ITEM_SECLABEL, seclabel);
	return conn_new_args(conn, path, &args);
}

/* ---- the snapshot of a connection ---- */

/* abi: 18.4/connection, 9.1/kinds */
TEST_F(fake, conn_info_has_all_process_kinds_and_neither_name_nor_timestamp)
{
	const struct kdbus_info *info;

	ASSERT_EQ(0, conn_info(&self->b, self->a.id, NULL, _KDBUS_ATTACH_ANY, &info));
	EXPECT_EQ(KINDS_PROCESS & kinds_here(), info_kinds(info));
}

/* abi: 18.4/connection */
TEST_F(fake, conn_info_tells_what_was_true_at_hello)
{
	const struct kdbus_info *info;
	struct conn c;

	ASSERT_EQ(0, prctl(PR_SET_NAME, "at-hello"));
	ASSERT_EQ(0, conn_new(&c, &self->bus));
	ASSERT_EQ(0, prctl(PR_SET_NAME, "later"));
	ASSERT_EQ(0, become(ALICE, STAFF));
	ASSERT_EQ(0, conn_info(&self->b, c.id, NULL, _KDBUS_ATTACH_ANY, &info));
	EXPECT_TRUE(item_is_text(info_item(info, KDBUS_ITEM_TID_COMM), "at-hello"));
	EXPECT_TRUE(item_is_text(info_item(info, KDBUS_ITEM_PID_COMM), "at-hello"));
	EXPECT_EQ(0, info_item(info, KDBUS_ITEM_CREDS)->creds.euid);
	conn_close(&c);
}

/* abi: 18.4/connection-hello-caller */
TEST_F(fake, conn_info_tells_of_who_said_hello_and_not_of_who_opened)
{
	const struct kdbus_info *info;
	struct args args;
	struct conn c;
	int fd;

	fd = open(self->bus.path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	args_hello_default(&args);
	ASSERT_EQ(0, become(ALICE, STAFF));
	ASSERT_EQ(0, conn_hello(&c, fd, &args));
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, conn_info(&self->b, c.id, NULL, KDBUS_ATTACH_CREDS, &info));
	EXPECT_EQ(ALICE, info_item(info, KDBUS_ITEM_CREDS)->creds.euid);
	EXPECT_EQ(STAFF, info_item(info, KDBUS_ITEM_CREDS)->creds.egid);
	conn_close(&c);
}

struct hello {
	struct conn conn;
	struct args args;
};

static int say_hello(void *arg)
{
	struct hello *hello = arg;

	return command(hello->conn.fd, KDBUS_CMD_HELLO, &hello->args);
}

/* abi: 18.4/connection */
TEST_F(fake, conn_info_knows_a_process_that_is_gone)
{
	const struct kdbus_info *info;
	struct hello *hello;
	struct kdbus_pids seen;
	pid_t pid = 0;

	hello = mmap(NULL, sizeof(*hello), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)hello);
	hello->conn.fd = open(self->bus.path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, hello->conn.fd);
	args_hello_default(&hello->args);
	ASSERT_EQ(0, run_elsewhere(enter_nothing, say_hello, hello, &pid));
	ASSERT_EQ(0, conn_info(&self->b, hello->args.hello.id, NULL, _KDBUS_ATTACH_ANY, &info));
	ASSERT_EQ(KINDS_PROCESS & kinds_here(), info_kinds(info));
	seen = info_item(info, KDBUS_ITEM_PIDS)->pids;
	EXPECT_EQ(pid, seen.pid);
	EXPECT_EQ(pid, seen.tid);
	EXPECT_NE(getpid(), seen.ppid);
	EXPECT_NE(0, seen.ppid);
	close(hello->conn.fd);
}

/* abi: 9.1/size */
TEST_F(fake, conn_info_size_covers_all_items_with_padding)
{
	const struct kdbus_info *info;
	const struct kdbus_item *item;
	struct args args;

	args_info(&args);
	args.info.id = self->a.id;
	args.info.attach_flags = _KDBUS_ATTACH_ANY;
	ASSERT_EQ(0, command(self->b.fd, KDBUS_CMD_CONN_INFO, &args));
	info = (const void *)(self->b.pool + args.info.offset);
	EXPECT_EQ(args.info.info_size, info->size);
	EXPECT_EQ(0, info->size % 8);
	ITEM_FOREACH(item, info) {
		EXPECT_LE(ITEM_HEADER, item->size);
	}
	EXPECT_EQ((const void *)info + info->size, (const void *)item);
}

/* ---- the snapshot of a bus ---- */

/* abi: 18.4/bus, 9.2/kinds */
TEST_F(fake, bus_creator_info_has_the_name_first_and_then_all_process_kinds)
{
	const struct kdbus_info *info;

	ASSERT_EQ(0, bus_info(&self->a, _KDBUS_ATTACH_ANY, &info));
	EXPECT_EQ(KDBUS_ITEM_MAKE_NAME, info->items[0].type);
	EXPECT_TRUE(item_is_text(info->items, self->bus.name));
	EXPECT_EQ(KINDS_PROCESS & kinds_here(), info_kinds(info));
}

/* abi: 9.2/nothing-asked */
TEST_F(fake, bus_creator_info_without_kinds_is_the_name_alone)
{
	const struct kdbus_info *info;

	ASSERT_EQ(0, bus_info(&self->a, 0, &info));
	EXPECT_TRUE(item_is_text(info_item(info, KDBUS_ITEM_MAKE_NAME), self->bus.name));
	EXPECT_EQ(sizeof(*info) + A8(ITEM_HEADER + strlen(self->bus.name) + 1), info->size);
}

/* abi: 18.4/bus */
TEST_F(fake, bus_creator_info_tells_of_who_made_the_bus)
{
	const struct kdbus_info *info;
	struct conn c;
	struct bus bus;

	ASSERT_EQ(0, prctl(PR_SET_NAME, "bus-maker"));
	ASSERT_EQ(0, become(ALICE, STAFF));
	ASSERT_EQ(0, bus_make(&bus));
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, prctl(PR_SET_NAME, "asker"));
	ASSERT_EQ(0, conn_new_as(&c, &bus, BOB, BOB));
	ASSERT_EQ(0, bus_info(&c, _KDBUS_ATTACH_ANY, &info));
	EXPECT_EQ(ALICE, info_item(info, KDBUS_ITEM_CREDS)->creds.euid);
	EXPECT_EQ(STAFF, info_item(info, KDBUS_ITEM_CREDS)->creds.egid);
	EXPECT_EQ(getpid(), info_item(info, KDBUS_ITEM_PIDS)->pids.pid);
	EXPECT_TRUE(item_is_text(info_item(info, KDBUS_ITEM_TID_COMM), "bus-maker"));
	conn_close(&c);
	bus_close(&bus);
}

/* abi: 9.2/owner-mask */
TEST_F(fake, bus_creator_info_is_limited_by_the_owners_mask)
{
	const struct kdbus_info *info;
	struct args args;
	struct conn c;
	struct bus bus;

	bus_name_unique(bus.name);
	args_cmd(&args);
	args.cmd.flags = KDBUS_MAKE_ACCESS_WORLD;
	args_str(&args, KDBUS_ITEM_MAKE_NAME, bus.name);
	args_bloom_parameter(&args, BLOOM_SIZE, 1);
	args_u64(&args, KDBUS_ITEM_ATTACH_FLAGS_SEND, KDBUS_ATTACH_PIDS | KDBUS_ATTACH_EXE);
	bus.fd = open_at(domain_path(), "control");
	ASSERT_LE(0, bus.fd);
	ASSERT_EQ(0, command(bus.fd, KDBUS_CMD_BUS_MAKE, &args));
	snprintf(bus.path, sizeof(bus.path), "%.*s/%s/bus", PATH_MAX - 100, domain_path(),
		 bus.name);
	ASSERT_EQ(0, conn_new(&c, &bus));
	ASSERT_EQ(0, bus_info(&c, _KDBUS_ATTACH_ANY, &info));
	EXPECT_EQ(KDBUS_ATTACH_PIDS | KDBUS_ATTACH_EXE, info_kinds(info));
	conn_close(&c);
	bus_close(&bus);
}

/* abi: 9.2/translated */
TEST_F(fake, bus_creator_info_is_translated_for_who_asks)
{
	const struct kdbus_info *info;
	struct conn c;

	ASSERT_EQ(0, conn_new_elsewhere(&c, &self->bus, enter_user_namespace, NULL));
	ASSERT_EQ(0, bus_info(&c, KDBUS_ATTACH_CREDS, &info));
	EXPECT_EQ(OVERFLOW_ID, info_item(info, KDBUS_ITEM_CREDS)->creds.uid);
	conn_close(&c);
}

/* ---- fakes ---- */

/* abi: 18.6/creds, 18.6/unknown, 18.6/only-what-is-given */
TEST_F(fake, conn_info_has_the_creds_that_were_claimed_and_nothing_else)
{
	const struct kdbus_info *info;
	struct conn c;

	ASSERT_EQ(0, conn_new_fake(&c, self->bus.path, &alice, NULL, NULL));
	ASSERT_EQ(0, conn_info(&self->b, c.id, NULL, _KDBUS_ATTACH_ANY, &info));
	EXPECT_EQ(KDBUS_ATTACH_CREDS, info_kinds(info));
	EXPECT_TRUE(item_is(info_item(info, KDBUS_ITEM_CREDS), &alice, sizeof(alice)));
	conn_close(&c);
}

/* abi: 18.6/pids, 18.6/unknown, 18.6/only-what-is-given */
TEST_F(fake, conn_info_has_the_pids_that_were_claimed_and_nothing_else)
{
	const struct kdbus_pids pids = { .pid = 1, .tid = 0, .ppid = getpid() };
	const struct kdbus_info *info;
	struct conn c;

	ASSERT_EQ(0, conn_new_fake(&c, self->bus.path, NULL, &pids, NULL));
	ASSERT_EQ(0, conn_info(&self->b, c.id, NULL, _KDBUS_ATTACH_ANY, &info));
	EXPECT_EQ(KDBUS_ATTACH_PIDS, info_kinds(info));
	EXPECT_TRUE(item_is(info_item(info, KDBUS_ITEM_PIDS), &pids, sizeof(pids)));
	conn_close(&c);
}

/* abi: 18.6/seclabel, 18.6/only-what-is-given */
TEST_F(fake, conn_info_has_the_label_that_was_claimed_and_nothing_else)
{
	const struct kdbus_info *info;
	struct conn c;

	ASSERT_EQ(0, conn_new_fake(&c, self->bus.path, NULL, NULL, "some:label"));
	ASSERT_EQ(0, conn_info(&self->b, c.id, NULL, _KDBUS_ATTACH_ANY, &info));
	EXPECT_EQ(KDBUS_ATTACH_SECLABEL, info_kinds(info));
	EXPECT_TRUE(item_is_text(info_item(info, KDBUS_ITEM_SECLABEL), "some:label"));
	conn_close(&c);
}

/* abi: 18.6/seclabel */
TEST_F(fake, label_may_be_empty)
{
	const struct kdbus_info *info;
	struct conn c;

	ASSERT_EQ(0, conn_new_fake(&c, self->bus.path, NULL, NULL, ""));
	ASSERT_EQ(0, conn_info(&self->b, c.id, NULL, _KDBUS_ATTACH_ANY, &info));
	EXPECT_TRUE(item_is_text(info_item(info, KDBUS_ITEM_SECLABEL), ""));
	conn_close(&c);
}

/* abi: 18.4/fakes-in-messages */
TEST_F(fake, messages_carry_neither_real_nor_claimed_process_items)
{
	const struct kdbus_pids pids = { .pid = 1 };
	const struct kdbus_msg *msg;
	struct args args;
	struct conn c;

	args_hello_default(&args);
	args_item(&args, KDBUS_ITEM_CREDS, &alice, sizeof(alice));
	args_item(&args, KDBUS_ITEM_PIDS, &pids, sizeof(pids));
	args_str(&args, KDBUS_ITEM_SECLABEL, "label");
	args_str(&args, KDBUS_ITEM_CONN_DESCRIPTION, "mediator");
	ASSERT_EQ(0, conn_new_args(&c, self->bus.path, &args));
	ASSERT_EQ(0, name_acquire(&c, "org.example", 0, NULL));
	msg = msg_with(&c, &self->b, _KDBUS_ATTACH_ANY);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_TIMESTAMP | KDBUS_ATTACH_NAMES | KDBUS_ATTACH_CONN_DESCRIPTION,
		  msg_kinds(msg));
	conn_close(&c);
}

/* abi: 18.4/fakes-in-messages */
TEST_F(fake, one_claim_is_enough_to_hide_the_process_in_messages)
{
	const struct kdbus_msg *msg;
	struct conn c;

	ASSERT_EQ(0, conn_new_fake(&c, self->bus.path, NULL, NULL, "label"));
	msg = msg_with(&c, &self->b, _KDBUS_ATTACH_ANY);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_TIMESTAMP, msg_kinds(msg));
	conn_close(&c);
}

/* abi: 18.5/fakes */
TEST_F(fake, claims_are_translated_but_unknown_ids_stay_unknown)
{
	struct kdbus_creds claim = alice, expected = alice;
	const struct kdbus_pids pids = { .pid = getpid() };
	const struct kdbus_info *info;
	struct conn fake, inside;

	claim.suid = 12;
	expected.euid = 0;
	expected.suid = OVERFLOW_ID;
	expected.egid = STAFF - ALICE;
	ASSERT_EQ(0, conn_new_fake(&fake, self->bus.path, &claim, &pids, NULL));
	ASSERT_EQ(0, conn_new_elsewhere(&inside, &self->bus, enter_user_namespace, NULL));
	ASSERT_EQ(0, conn_info(&inside, fake.id, NULL, _KDBUS_ATTACH_ANY, &info));
	EXPECT_TRUE(item_is(info_item(info, KDBUS_ITEM_CREDS), &expected, sizeof(expected)));
	conn_close(&inside);

	ASSERT_EQ(0, conn_new_elsewhere(&inside, &self->bus, enter_pid_namespace, NULL));
	ASSERT_EQ(0, conn_info(&inside, fake.id, NULL, _KDBUS_ATTACH_ANY, &info));
	EXPECT_EQ(0, info_item(info, KDBUS_ITEM_PIDS)->pids.pid);
	conn_close(&inside);
	conn_close(&fake);
}

/* abi: 18.6/owner, 8.4/10 */
TEST_F(fake, claims_need_the_owner)
{
	const struct kdbus_pids pids = {};
	struct conn c;

	ASSERT_EQ(0, become(ALICE, ALICE));
	EXPECT_EQ(-EPERM, conn_new_fake(&c, self->bus.path, &alice, NULL, NULL));
	EXPECT_EQ(-EPERM, conn_new_fake(&c, self->bus.path, NULL, &pids, NULL));
	EXPECT_EQ(-EPERM, conn_new_fake(&c, self->bus.path, NULL, NULL, "label"));
}

FIXTURE(bad_creds) {
	struct bus bus;
};

FIXTURE_VARIANT(bad_creds) { size_t member; };

FIXTURE_VARIANT_ADD(bad_creds, uid) { .member = offsetof(struct kdbus_creds, uid) };
FIXTURE_VARIANT_ADD(bad_creds, euid) { .member = offsetof(struct kdbus_creds, euid) };
FIXTURE_VARIANT_ADD(bad_creds, suid) { .member = offsetof(struct kdbus_creds, suid) };
FIXTURE_VARIANT_ADD(bad_creds, fsuid) { .member = offsetof(struct kdbus_creds, fsuid) };
FIXTURE_VARIANT_ADD(bad_creds, gid) { .member = offsetof(struct kdbus_creds, gid) };
FIXTURE_VARIANT_ADD(bad_creds, egid) { .member = offsetof(struct kdbus_creds, egid) };
FIXTURE_VARIANT_ADD(bad_creds, sgid) { .member = offsetof(struct kdbus_creds, sgid) };
FIXTURE_VARIANT_ADD(bad_creds, fsgid) { .member = offsetof(struct kdbus_creds, fsgid) };

FIXTURE_SETUP(bad_creds)
{
	ASSERT_EQ(0, bus_make(&self->bus));
}

FIXTURE_TEARDOWN(bad_creds)
{
	bus_close(&self->bus);
}

struct claim {
	const char *path;
	struct kdbus_creds creds;
};

static int make_claim(void *arg)
{
	struct claim *claim = arg;
	struct conn c;

	return conn_new_fake(&c, claim->path, &claim->creds, NULL, NULL);
}

static int claim_enter_user_namespace(void *arg)
{
	return enter_user_namespace(NULL);
}

/* abi: 8.4/12-creds */
TEST_F(bad_creds, id_without_mapping_in_the_callers_user_namespace_is_refused)
{
	struct claim claim = { .path = self->bus.path, .creds = alice };
	__u64 *id = (__u64 *)((char *)&claim.creds + variant->member);

	claim.creds.euid = 3;
	claim.creds.egid = 3;
	*id = 999;
	EXPECT_EQ(0, run_elsewhere(claim_enter_user_namespace, make_claim, &claim, NULL));
	*id = 1000;
	EXPECT_EQ(-EINVAL, run_elsewhere(claim_enter_user_namespace, make_claim, &claim, NULL));
}

/* abi: 8.4/12-creds */
TEST_F(bad_creds, id_of_more_than_32_bits_is_refused)
{
	struct claim claim = { .path = self->bus.path, .creds = alice };
	__u64 *id = (__u64 *)((char *)&claim.creds + variant->member);

	*id = 1ULL << 32;
	EXPECT_EQ(-EINVAL, make_claim(&claim));
	*id = ~0ULL;
	EXPECT_EQ(-EINVAL, make_claim(&claim));
}

/* A number that no process has. */
static __u64 pid_unused(void)
{
	char text[32];

	file_read("/proc/sys/kernel/pid_max", text, sizeof(text));
	return strtoull(text, NULL, 10) + 1;
}

/* abi: 8.4/12-pids */
TEST_F(fake, claim_of_a_process_that_does_not_exist_is_refused)
{
	const struct kdbus_pids pid = { .pid = pid_unused() };
	const struct kdbus_pids tid = { .tid = pid_unused() };
	const struct kdbus_pids ppid = { .ppid = pid_unused() };
	const struct kdbus_pids wide = { .pid = 1ULL << 32 | 1 };
	struct conn c;

	EXPECT_EQ(-EINVAL, conn_new_fake(&c, self->bus.path, NULL, &pid, NULL));
	EXPECT_EQ(-EINVAL, conn_new_fake(&c, self->bus.path, NULL, &tid, NULL));
	EXPECT_EQ(-EINVAL, conn_new_fake(&c, self->bus.path, NULL, &ppid, NULL));
	EXPECT_EQ(-EINVAL, conn_new_fake(&c, self->bus.path, NULL, &wide, NULL));
}

/* abi: 18.6/policy */
TEST_F(fake, claims_do_not_give_or_take_rights)
{
	struct kdbus_creds root = alice;
	struct conn c, peer;

	/* the owner of the bus stays that, as whomever it speaks */
	ASSERT_EQ(0, conn_new_as(&peer, &self->bus, BOB, BOB));
	ASSERT_EQ(0, conn_new_fake(&c, self->bus.path, &alice, NULL, NULL));
	EXPECT_EQ(0, send_plain(&c, peer.id, 1));
	conn_close(&c);

	/* and others do not reach it for claiming to be them */
	root.uid = BOB;
	root.euid = BOB;
	ASSERT_EQ(0, conn_new_fake(&c, self->bus.path, &root, NULL, NULL));
	ASSERT_EQ(0, become(BOB, BOB));
	EXPECT_EQ(-EPERM, send_plain(&peer, c.id, 1));
	ASSERT_EQ(0, become_root());
	conn_close(&c);
	conn_close(&peer);
}

/* Send until the receiver refuses: how many it took. */
static int send_until_full(struct conn *from, struct conn *to)
{
	int n = 0;

	while (send_plain(from, to->id, 1) == 0)
		n++;
	return n;
}

/* abi: 18.6/accounting, 19.3/faked-uid */
TEST_F(fake, messages_are_charged_to_the_uid_that_a_privileged_connection_claims)
{
	struct kdbus_creds claim = alice;
	struct conn one, two;

	claim.uid = ALICE;
	ASSERT_EQ(0, conn_new_fake(&one, self->bus.path, &claim, NULL, NULL));
	ASSERT_EQ(0, conn_new_fake(&two, self->bus.path, &claim, NULL, NULL));
	EXPECT_EQ(256, send_until_full(&one, &self->b));
	EXPECT_EQ(-ENOBUFS, send_plain(&two, self->b.id, 1));
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 1));
	conn_close(&two);
	conn_close(&one);
}

/* abi: 18.6/accounting */
TEST_F(fake, messages_are_charged_to_the_real_uid_if_none_is_claimed)
{
	struct conn one;

	ASSERT_EQ(0, conn_new_fake(&one, self->bus.path, &alice, NULL, NULL));
	EXPECT_EQ(256, send_until_full(&one, &self->b));
	EXPECT_EQ(-ENOBUFS, send_plain(&self->a, self->b.id, 1));
	conn_close(&one);
}

TEST_HARNESS_MAIN
