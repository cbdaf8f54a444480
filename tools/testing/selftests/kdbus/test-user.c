// SPDX-License-Identifier: LGPL-2.1-or-later
/* Users without any privilege: what works for them, what does not. */
#include "common.h"
#include "kselftest_harness.h"

#define NAME "com.example.Service"

/* a bus of ALICE that everybody may connect to */
FIXTURE(user) {
	struct bus bus;
	struct conn a;		/* of ALICE */
	struct conn b;		/* of ALICE */
	struct conn s;		/* of BOB */
};

FIXTURE_SETUP(user)
{
	ASSERT_EQ(0, become(ALICE, STAFF));
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new(&self->a, &self->bus));
	ASSERT_EQ(0, conn_new(&self->b, &self->bus));
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, conn_new_as(&self->s, &self->bus, BOB, STAFF));
	/* no test keeps a way back to root, except by become_root() */
	ASSERT_EQ(0, become(ALICE, STAFF));
}

FIXTURE_TEARDOWN(user)
{
	conn_close(&self->s);
	conn_close(&self->b);
	conn_close(&self->a);
	bus_close(&self->bus);
}

/* abi: 2.2/control, 8.1/5 */
TEST_F(user, makes_a_bus_and_calls_on_it)
{
	EXPECT_EQ(0, send_call(&self->a, self->b.id, 1));
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 2, 1));
	EXPECT_EQ(2, recv_cookie(&self->a));
}

/* abi: 8.1/5 */
TEST_F(user, cannot_make_a_bus_with_the_prefix_of_another)
{
	struct args args;
	char name[64];
	int fd = open_at(domain_path(), "control");

	ASSERT_LE(0, fd);
	args_bus(&args, "0-system", 0);
	EXPECT_EQ(-EINVAL, command(fd, KDBUS_CMD_BUS_MAKE, &args));
	snprintf(name, sizeof(name), "%u-user", BOB);
	args_bus(&args, name, 0);
	EXPECT_EQ(-EINVAL, command(fd, KDBUS_CMD_BUS_MAKE, &args));
	close(fd);
}

/* abi: 1/owner, 15.4/own-policy */
TEST_F(user, owner_of_the_bus_may_own_any_name)
{
	EXPECT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	EXPECT_EQ(0, send_name(&self->b, NAME, 1));
	EXPECT_EQ(1, recv_cookie(&self->a));
}

/* abi: 15.4/own-policy */
TEST_F(user, stranger_on_the_bus_may_own_no_name)
{
	EXPECT_EQ(-EPERM, name_acquire(&self->s, NAME, 0, NULL));
}

/* abi: 15.4/talk-owner */
TEST_F(user, owner_of_the_bus_may_talk_to_strangers)
{
	EXPECT_EQ(0, send_plain(&self->a, self->s.id, 1));
	EXPECT_EQ(1, recv_cookie(&self->s));
}

/* abi: 15.4/talk-same-user */
TEST_F(user, stranger_may_talk_to_his_own_connections_only)
{
	struct conn own;

	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, conn_new_as(&own, &self->bus, BOB, STAFF));
	ASSERT_EQ(0, become(BOB, STAFF));
	EXPECT_EQ(0, send_plain(&self->s, own.id, 1));
	EXPECT_EQ(1, recv_cookie(&own));
	EXPECT_EQ(-EPERM, send_plain(&self->s, self->a.id, 2));
	ASSERT_EQ(0, become_root());
	conn_close(&own);
}

/* abi: 15.5/send-unicast */
TEST_F(user, talking_is_judged_by_who_sends_not_by_who_opened)
{
	/* the descriptor of BOB in the hands of ALICE, and of BOB */
	EXPECT_EQ(0, send_plain(&self->s, self->a.id, 1));
	EXPECT_EQ(1, recv_cookie(&self->a));
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, become(BOB, STAFF));
	EXPECT_EQ(-EPERM, send_plain(&self->s, self->a.id, 2));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
}

/* abi: 15.5/reply */
TEST_F(user, stranger_may_answer)
{
	ASSERT_EQ(0, send_call(&self->a, self->s.id, 1));
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, become(BOB, STAFF));
	EXPECT_EQ(1, recv_cookie(&self->s));
	EXPECT_EQ(0, send_reply(&self->s, self->a.id, 2, 1));
	EXPECT_EQ(-EPERM, send_reply(&self->s, self->a.id, 3, 0));
	EXPECT_EQ(2, recv_cookie(&self->a));
}

/* abi: 11.6/success */
TEST_F(user, synchronous_call_to_a_stranger_works)
{
	struct sync_call call;

	sync_call_init(&call, &self->a, self->s.id, 1);
	ASSERT_EQ(0, sync_call_start(&call));
	ASSERT_EQ(0, conn_wait(&self->s));
	EXPECT_EQ(1, recv_cookie(&self->s));
	EXPECT_EQ(0, send_reply(&self->s, self->a.id, 2, 1));
	EXPECT_EQ(0, sync_call_join(&call));
}

/* abi: 2.2/denied-open */
TEST_F(user, private_bus_cannot_be_opened_by_others)
{
	struct bus private;

	ASSERT_EQ(0, bus_make_in(&private, domain_path(), 0));
	ASSERT_EQ(0, become_root());
	EXPECT_EQ(-EACCES, open_as(BOB, STAFF, private.path));
	ASSERT_EQ(0, become(BOB, STAFF));
	EXPECT_EQ(-1, open(private.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	EXPECT_EQ(EACCES, errno);
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, become(ALICE, STAFF));
	EXPECT_LE(0, open(private.path, O_RDWR | O_CLOEXEC));
	bus_close(&private);
}

/* abi: 8.2/eperm */
TEST_F(user, stranger_cannot_make_an_endpoint)
{
	struct args args;
	char name[64];
	int fd;

	ASSERT_EQ(0, become_root());
	fd = open_as(BOB, STAFF, self->bus.path);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, become(BOB, STAFF));
	snprintf(name, sizeof(name), "%u-custom", BOB);
	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_MAKE_NAME, name);
	EXPECT_EQ(-EPERM, command(fd, KDBUS_CMD_ENDPOINT_MAKE, &args));
	/* before the argument is read */
	EXPECT_EQ(-EPERM, command(fd, KDBUS_CMD_ENDPOINT_MAKE, (void *)8UL));
	close(fd);
}

/* abi: 13.5/per-user */
TEST_F(user, stranger_cannot_use_up_what_others_may_send)
{
	int i;

	ASSERT_EQ(0, become_root());
	/* the messages of BOB, whom ALICE's process drives here, fill his share */
	ASSERT_EQ(0, become(ALICE, STAFF));
	for (i = 0; i < 256; i++) {
		ASSERT_EQ(0, send_plain(&self->s, self->a.id, i));
	}
	EXPECT_EQ(-ENOBUFS, send_plain(&self->s, self->a.id, 256));
	EXPECT_EQ(0, send_plain(&self->b, self->a.id, 257));
}

/* abi: 1/owner */
TEST(process_that_dropped_everything_for_good_has_a_bus_of_its_own)
{
	struct conn a, b;
	struct bus bus;

	ASSERT_EQ(0, drop_privileges(ALICE, STAFF));
	ASSERT_EQ(0, bus_make_in(&bus, domain_path(), 0));
	ASSERT_EQ(0, conn_new(&a, &bus));
	ASSERT_EQ(0, conn_new(&b, &bus));
	EXPECT_EQ(0, name_acquire(&b, NAME, 0, NULL));
	EXPECT_EQ(0, send_name(&a, NAME, 1));
	EXPECT_EQ(1, recv_cookie(&b));
	conn_close(&b);
	conn_close(&a);
	bus_close(&bus);
}

TEST_HARNESS_MAIN
