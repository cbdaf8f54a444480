// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who pays: the users that queued messages and connections are charged to. */
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define MANY		256	/* messages that a user may queue at one receiver */

/* Everybody may talk to @sink, which owns a name that is open to the world. */
FIXTURE(account) {
	struct bus bus;
	struct conn holder;
	struct conn sink;
};

#define NAME		"org.example.sink"

FIXTURE_SETUP(account)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new_policy(&self->holder, &self->bus, KDBUS_HELLO_POLICY_HOLDER, NAME,
				     KDBUS_POLICY_ACCESS_WORLD, KDBUS_POLICY_TALK, 0));
	ASSERT_EQ(0, conn_new(&self->sink, &self->bus));
	ASSERT_EQ(0, name_acquire(&self->sink, NAME, 0, NULL));
}

FIXTURE_TEARDOWN(account)
{
	conn_close(&self->sink);
	conn_close(&self->holder);
	bus_close(&self->bus);
}

/* Send until refused: number of messages taken, or -errno if not for quota. */
static int fill(struct conn *from, struct conn *to)
{
	int n = 0, ret;

	while ((ret = send_plain(from, to->id, n + 1)) == 0)
		n++;
	return ret == -ENOBUFS ? n : ret;
}

/* HELLO with faked uids; all other ids unknown. */
static int conn_new_fake(struct conn *conn, const char *path, uid_t opener, __u64 uid)
{
	struct kdbus_creds creds;
	struct args args;
	int fd = opener ? open_as(opener, opener, path) : open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return opener ? fd : -errno;
	memset(&creds, 0xff, sizeof(creds));
	creds.uid = uid;
	creds.euid = uid;
	creds.suid = creds.fsuid = 0xffffffff;
	creds.gid = creds.egid = creds.sgid = creds.fsgid = 0xffffffff;
	if (uid == 0xffffffff)
		creds.euid = 0;
	args_hello_default(&args);
	args_item(&args, KDBUS_ITEM_CREDS, &creds, sizeof(creds));
	return conn_hello(conn, fd, &args);
}

/* abi: 19.3/real-uid, 13.5/per-user */
TEST_F(account, connections_of_one_user_share_and_users_do_not)
{
	struct conn alice[2], bob;

	ASSERT_EQ(0, conn_new_as(&alice[0], &self->bus, ALICE, ALICE));
	ASSERT_EQ(0, conn_new_as(&alice[1], &self->bus, ALICE, STAFF));
	ASSERT_EQ(0, conn_new_as(&bob, &self->bus, BOB, BOB));
	EXPECT_EQ(MANY, fill(&alice[0], &self->sink));
	EXPECT_EQ(0, fill(&alice[1], &self->sink));
	EXPECT_EQ(MANY, fill(&bob, &self->sink));
	EXPECT_EQ(MANY, fill(&self->sink, &self->sink));
	EXPECT_EQ(3 * MANY, recv_all(&self->sink));
	EXPECT_EQ(MANY, fill(&alice[1], &self->sink));
	conn_close(&bob);
	conn_close(&alice[1]);
	conn_close(&alice[0]);
}

/* abi: 19.3/open-time */
TEST_F(account, real_uid_that_opened_the_file_pays)
{
	struct conn mixed, alice, bob;
	struct args args;
	int fd;

	/* opened with real uid ALICE and effective uid BOB, HELLO by root */
	ASSERT_EQ(0, setresuid(ALICE, BOB, 0));
	fd = open(self->bus.path, O_RDWR | O_CLOEXEC);
	ASSERT_EQ(0, become_root());
	ASSERT_LE(0, fd);
	args_hello_default(&args);
	ASSERT_EQ(0, conn_hello(&mixed, fd, &args));
	ASSERT_EQ(0, conn_new_as(&alice, &self->bus, ALICE, ALICE));
	ASSERT_EQ(0, conn_new_as(&bob, &self->bus, BOB, BOB));
	EXPECT_EQ(MANY, fill(&mixed, &self->sink));
	EXPECT_EQ(0, fill(&alice, &self->sink));
	EXPECT_EQ(MANY, fill(&bob, &self->sink));
	conn_close(&bob);
	conn_close(&alice);
	conn_close(&mixed);
}

/* abi: 19.3/receivers-apart */
TEST_F(account, quota_at_one_receiver_does_not_touch_another)
{
	struct conn other;

	ASSERT_EQ(0, conn_new(&other, &self->bus));
	EXPECT_EQ(MANY, fill(&other, &self->sink));
	EXPECT_EQ(MANY, fill(&other, &other));
	conn_close(&other);
}

/* abi: 19.3/custom-endpoint, 8.2/accounting */
TEST_F(account, connections_of_a_custom_endpoint_share_an_anonymous_user)
{
	struct endpoint ep, second;
	struct conn alice, bob, elsewhere, outside;

	ASSERT_EQ(0, endpoint_make(&ep, &self->bus));
	ASSERT_EQ(0, endpoint_make(&second, &self->bus));
	ASSERT_EQ(0, endpoint_grant(&ep, NAME, KDBUS_POLICY_TALK));
	ASSERT_EQ(0, endpoint_grant(&second, NAME, KDBUS_POLICY_TALK));
	ASSERT_EQ(0, conn_new_at(&alice, ep.path, ALICE, ALICE));
	ASSERT_EQ(0, conn_new_at(&bob, ep.path, BOB, BOB));
	ASSERT_EQ(0, conn_new_at(&elsewhere, second.path, ALICE, ALICE));
	ASSERT_EQ(0, conn_new_as(&outside, &self->bus, ALICE, ALICE));
	EXPECT_EQ(MANY, fill(&alice, &self->sink));
	EXPECT_EQ(0, fill(&bob, &self->sink));
	EXPECT_EQ(MANY, fill(&elsewhere, &self->sink));
	EXPECT_EQ(MANY, fill(&outside, &self->sink));
	conn_close(&outside);
	conn_close(&elsewhere);
	conn_close(&bob);
	conn_close(&alice);
	endpoint_close(&second);
	endpoint_close(&ep);
}

/* abi: 18.6/faked-uid-charged, 19.3/faked-uid */
TEST_F(account, privileged_connection_is_charged_to_the_uid_that_it_fakes)
{
	struct conn fake, alice;

	ASSERT_EQ(0, conn_new_fake(&fake, self->bus.path, 0, ALICE));
	ASSERT_EQ(0, conn_new_as(&alice, &self->bus, ALICE, ALICE));
	EXPECT_EQ(MANY, fill(&fake, &self->sink));
	EXPECT_EQ(0, fill(&alice, &self->sink));
	EXPECT_EQ(MANY, fill(&self->sink, &self->sink));
	conn_close(&alice);
	conn_close(&fake);
}

/* abi: 18.6/faked-uid-unknown */
TEST_F(account, faked_unknown_uid_is_charged_to_the_real_one)
{
	struct conn fake;

	ASSERT_EQ(0, conn_new_fake(&fake, self->bus.path, 0, 0xffffffff));
	EXPECT_EQ(MANY, fill(&fake, &self->sink));
	EXPECT_EQ(0, fill(&self->sink, &self->sink));
	conn_close(&fake);
}

/* abi: 18.6/faked-uid-charged, 1/privileged */
TEST(owner_without_privilege_is_charged_to_its_real_uid_whatever_it_fakes)
{
	struct conn fake, alice, sink;
	struct bus bus;

	ASSERT_EQ(0, bus_make_as(&bus, ALICE, ALICE));
	ASSERT_EQ(0, conn_new_as(&sink, &bus, ALICE, ALICE));
	ASSERT_EQ(0, conn_new_as(&alice, &bus, ALICE, ALICE));
	ASSERT_EQ(0, conn_new_fake(&fake, bus.path, ALICE, BOB));
	ASSERT_EQ(0, become(ALICE, ALICE));
	EXPECT_EQ(MANY, fill(&fake, &sink));
	EXPECT_EQ(0, fill(&alice, &sink));
	ASSERT_EQ(0, become_root());
	conn_close(&fake);
	conn_close(&alice);
	conn_close(&sink);
	bus_close(&bus);
}

/* abi: 19.3/domain */
TEST_F(account, users_of_different_domains_are_different)
{
	struct conn sink, first, second;
	char domain[PATH_MAX];
	struct bus bus;

	ASSERT_EQ(0, mount_namespace_unshare());
	ASSERT_EQ(0, domain_mount_options("kdbus", "max_connections=2", domain));
	ASSERT_EQ(0, bus_make_in(&bus, domain, KDBUS_MAKE_ACCESS_WORLD));
	/* the connections of the fixture live in another domain */
	ASSERT_EQ(0, conn_new(&sink, &bus));
	ASSERT_EQ(0, conn_new(&first, &bus));
	EXPECT_EQ(-EMFILE, conn_new(&second, &bus));
	conn_close(&first);
	conn_close(&sink);
	bus_close(&bus);
	EXPECT_EQ(0, domain_umount(domain));
}

/* abi: design/6.4 */
TEST_F(account, one_user_cannot_use_up_the_pool_for_others)
{
	struct conn alice, bob;

	ASSERT_EQ(0, conn_new_as(&alice, &self->bus, ALICE, ALICE));
	ASSERT_EQ(0, conn_new_as(&bob, &self->bus, BOB, BOB));
	/* a third of what is free of half the pool */
	EXPECT_EQ(0, send_bytes(&alice, self->sink.id, 1, 2 * 1024 * 1024));
	EXPECT_EQ(-ENOBUFS, send_bytes(&alice, self->sink.id, 2, 2 * 1024 * 1024));
	EXPECT_EQ(0, send_bytes(&alice, self->sink.id, 3, 128 * 1024));
	EXPECT_EQ(0, send_bytes(&bob, self->sink.id, 4, 1024 * 1024));
	EXPECT_EQ(0, send_bytes(&self->sink, self->sink.id, 5, 1024 * 1024));
	EXPECT_EQ(1, recv_cookie(&self->sink));
	EXPECT_EQ(0, send_bytes(&alice, self->sink.id, 6, 1024 * 1024));
	conn_close(&bob);
	conn_close(&alice);
}

TEST_HARNESS_MAIN
