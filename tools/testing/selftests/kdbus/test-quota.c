// SPDX-License-Identifier: LGPL-2.1-or-later
/* How much of a receiver's pool and queue one user may take. */
#include "common.h"
#include "kselftest_harness.h"

#define MIB (1UL << 20)

FIXTURE(quota) {
	struct bus bus;
	struct conn u;		/* of root */
	struct conn u2;		/* of root again */
	struct conn v;		/* of ALICE */
	struct conn w;		/* of BOB */
	struct conn to;		/* pool of 1 MiB */
};

FIXTURE_SETUP(quota)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new(&self->u, &self->bus));
	ASSERT_EQ(0, conn_new(&self->u2, &self->bus));
	ASSERT_EQ(0, conn_new_as(&self->v, &self->bus, ALICE, STAFF));
	ASSERT_EQ(0, conn_new_as(&self->w, &self->bus, BOB, STAFF));
	ASSERT_EQ(0, conn_new_pool(&self->to, &self->bus, MIB));
}

FIXTURE_TEARDOWN(quota)
{
	conn_close(&self->to);
	conn_close(&self->w);
	conn_close(&self->v);
	conn_close(&self->u2);
	conn_close(&self->u);
	bus_close(&self->bus);
}

/*
 * A message whose slice has exactly @slice bytes.  The caller is root, who may
 * talk to anybody; the connection's opener pays.
 */
static int send_slice(struct conn *from, struct conn *to, size_t slice)
{
	return send_bytes(from, to->id, 1, slice - sizeof(struct kdbus_msg) - 32);
}

/* abi: 13.5/user-alone, 23.4/alone */
TEST_F(quota, one_user_alone_gets_a_third_of_the_half)
{
	/* 174762 is no multiple of 8 */
	EXPECT_EQ(-ENOBUFS, send_slice(&self->u, &self->to, 174768));
	EXPECT_EQ(0, send_slice(&self->u, &self->to, 174760));
	EXPECT_EQ(-ENOBUFS, send_plain(&self->u, self->to.id, 1));
}

/* abi: 13.5/second-user, 23.4/second */
TEST_F(quota, second_user_gets_a_third_of_what_is_left)
{
	ASSERT_EQ(0, send_slice(&self->u, &self->to, 100000));
	/* 141429 is no multiple of 8 */
	EXPECT_EQ(-ENOBUFS, send_slice(&self->v, &self->to, 141432));
	EXPECT_EQ(0, send_slice(&self->v, &self->to, 141424));
}

/* abi: 23.4/own-bound */
TEST_F(quota, own_bound_does_not_change_by_what_one_queued)
{
	ASSERT_EQ(0, send_slice(&self->u, &self->to, 100000));
	EXPECT_EQ(-ENOBUFS, send_slice(&self->u, &self->to, 174768 - 100000));
	EXPECT_EQ(0, send_slice(&self->u, &self->to, 174760 - 100000));
}

/* abi: 13.5/per-user */
TEST_F(quota, connections_of_one_user_share_its_bound)
{
	ASSERT_EQ(0, send_slice(&self->u, &self->to, 100000));
	EXPECT_EQ(-ENOBUFS, send_slice(&self->u2, &self->to, 174768 - 100000));
	EXPECT_EQ(0, send_slice(&self->u2, &self->to, 174760 - 100000));
}

/* abi: 13.5/per-receiver */
TEST_F(quota, bound_is_per_receiver)
{
	struct conn other;

	ASSERT_EQ(0, conn_new_pool(&other, &self->bus, MIB));
	EXPECT_EQ(0, send_slice(&self->u, &self->to, 174760));
	EXPECT_EQ(0, send_slice(&self->u, &other, 174760));
	conn_close(&other);
}

/* abi: 13.5/half */
TEST_F(quota, all_users_together_cannot_take_more_than_half)
{
	struct conn many[24];
	size_t total = 0;
	int i, n;

	for (i = 0; i < 24; i++) {
		ASSERT_EQ(0, conn_new_as(&many[i], &self->bus, ALICE + 200 + i, STAFF));
		for (n = 0; n < 60; n++) {
			if (send_slice(&many[i], &self->to, 4096) == 0)
				total += 4096;
		}
	}
	EXPECT_GE(MIB / 2, total);
	EXPECT_LE(MIB / 2 - 16384, total);
	for (i = 0; i < 24; i++)
		conn_close(&many[i]);
}

/* abi: 13.5/tests-rely */
TEST(pool_of_16_mib_takes_2_mib_but_not_twice_and_128_kib_still)
{
	struct conn a, b;
	struct bus bus;

	ASSERT_EQ(0, bus_make(&bus));
	ASSERT_EQ(0, conn_new(&a, &bus));
	ASSERT_EQ(0, conn_new(&b, &bus));
	EXPECT_EQ(0, send_bytes(&a, b.id, 1, 2 * MIB));
	EXPECT_EQ(-ENOBUFS, send_bytes(&a, b.id, 1, 2 * MIB));
	EXPECT_EQ(0, send_bytes(&a, b.id, 1, 128 << 10));
	conn_close(&b);
	conn_close(&a);
	bus_close(&bus);
}

/* abi: 13.5/returned-recv */
TEST_F(quota, charge_is_returned_by_recv_not_by_free)
{
	struct kdbus_cmd_recv recv;

	ASSERT_EQ(0, send_slice(&self->u, &self->to, 174760));
	ASSERT_EQ(-ENOBUFS, send_plain(&self->u, self->to.id, 1));
	ASSERT_EQ(0, msg_recv(&self->to, 0, &recv));
	EXPECT_EQ(0, send_slice(&self->u, &self->to, 174760));
}

/* abi: 13.5/returned-recv */
TEST_F(quota, peek_does_not_return_the_charge)
{
	struct kdbus_cmd_recv recv;

	ASSERT_EQ(0, send_slice(&self->u, &self->to, 174760));
	ASSERT_EQ(0, msg_recv(&self->to, KDBUS_RECV_PEEK, &recv));
	EXPECT_EQ(-ENOBUFS, send_plain(&self->u, self->to.id, 1));
}

/* abi: 13.5/returned-drop */
TEST_F(quota, charge_is_returned_by_drop)
{
	struct kdbus_cmd_recv recv;

	ASSERT_EQ(0, send_slice(&self->u, &self->to, 174760));
	ASSERT_EQ(0, msg_recv(&self->to, KDBUS_RECV_DROP, &recv));
	EXPECT_EQ(0, send_slice(&self->u, &self->to, 174760));
}

/* abi: 5.4/queued-messages, 13.5/messages, 11.5/enobufs */
TEST_F(quota, message_257_of_a_user_is_enobufs)
{
	struct conn big;
	int i;

	ASSERT_EQ(0, conn_new(&big, &self->bus));
	for (i = 0; i < 256; i++) {
		ASSERT_EQ(0, send_plain(i % 2 ? &self->u : &self->u2, big.id, i));
	}
	EXPECT_EQ(-ENOBUFS, send_plain(&self->u, big.id, 256));
	EXPECT_EQ(-ENOBUFS, send_plain(&self->u2, big.id, 256));
	/* somebody else is not concerned */
	EXPECT_EQ(0, send_plain(&self->v, big.id, 257));
	EXPECT_EQ(0, recv_cookie(&big));
	EXPECT_EQ(0, send_plain(&self->u, big.id, 258));
	EXPECT_EQ(-ENOBUFS, send_plain(&self->u, big.id, 259));
	EXPECT_EQ(257, recv_all(&big));
	conn_close(&big);
}

/* abi: 5.4/queued-fds, 13.5/fds, 11.5/emfile */
TEST_F(quota, descriptor_17_of_a_user_is_emfile)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int fds[16], i;
	struct args msg;

	ASSERT_LE(0, null);
	for (i = 0; i < 16; i++)
		fds[i] = null;
	args_msg(&msg, self->to.id, 1);
	args_fds(&msg, fds, 10);
	ASSERT_EQ(0, msg_send(&self->u, &msg));
	EXPECT_EQ(-EMFILE, msg_send(&self->u2, &msg));
	args_msg(&msg, self->to.id, 2);
	args_fds(&msg, fds, 7);
	EXPECT_EQ(-EMFILE, msg_send(&self->u, &msg));
	args_msg(&msg, self->to.id, 3);
	args_fds(&msg, fds, 6);
	EXPECT_EQ(0, msg_send(&self->u2, &msg));
	/* somebody else, and messages without descriptors, are not concerned */
	args_msg(&msg, self->to.id, 4);
	args_fds(&msg, fds, 16);
	EXPECT_EQ(0, msg_send(&self->v, &msg));
	EXPECT_EQ(0, send_plain(&self->u, self->to.id, 5));
	EXPECT_EQ(1, recv_cookie(&self->to));
	args_msg(&msg, self->to.id, 6);
	args_fds(&msg, fds, 10);
	EXPECT_EQ(0, msg_send(&self->u, &msg));
}

/* abi: 13.5/memfds-not-counted */
TEST_F(quota, memfds_do_not_count_as_descriptors)
{
	int memfd = memfd_new("12345678", 8, SEALS_ALL), i, n;
	struct args msg;

	ASSERT_LE(0, memfd);
	args_msg(&msg, self->to.id, 1);
	for (i = 0; i < 16; i++)
		args_memfd(&msg, memfd, 0, 8);
	for (n = 0; n < 4; n++) {
		EXPECT_EQ(0, msg_send(&self->u, &msg));
	}
}

/* abi: 13.5/failure-leaves-counters */
TEST_F(quota, refused_descriptors_are_not_charged)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), fds[16], i;
	struct args msg;

	ASSERT_LE(0, null);
	for (i = 0; i < 16; i++)
		fds[i] = null;
	args_msg(&msg, self->to.id, 1);
	args_fds(&msg, fds, 16);
	ASSERT_EQ(0, msg_send(&self->u, &msg));
	for (i = 0; i < 300; i++) {
		ASSERT_EQ(-EMFILE, msg_send(&self->u, &msg));
	}
	/* neither messages nor bytes were taken */
	for (i = 0; i < 255; i++) {
		ASSERT_EQ(0, send_plain(&self->u, self->to.id, i));
	}
	EXPECT_EQ(-ENOBUFS, send_plain(&self->u, self->to.id, 1));
}

/* abi: 13.5/order */
TEST_F(quota, checks_ordering)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), fds[16], i;
	struct args msg;

	ASSERT_LE(0, null);
	for (i = 0; i < 16; i++)
		fds[i] = null;
	/* descriptors are looked at behind bytes and messages */
	args_msg(&msg, self->to.id, 1);
	args_fds(&msg, fds, 16);
	ASSERT_EQ(0, msg_send(&self->u, &msg));
	args_vec(&msg, self->u.pool, 174760);
	EXPECT_EQ(-ENOBUFS, msg_send(&self->u, &msg));
	args_msg(&msg, self->to.id, 1);
	args_fds(&msg, fds, 1);
	EXPECT_EQ(-EMFILE, msg_send(&self->u, &msg));
	for (i = 0; i < 255; i++) {
		ASSERT_EQ(0, send_plain(&self->u, self->to.id, i));
	}
	EXPECT_EQ(-ENOBUFS, msg_send(&self->u, &msg));
}

/* abi: 19.3/real-uid */
TEST_F(quota, user_is_the_real_uid_that_opened_the_file)
{
	struct conn alice;

	/* opened with real uid ALICE and effective uid 0 */
	ASSERT_EQ(0, setresuid(ALICE, 0, 0));
	ASSERT_EQ(0, conn_new(&alice, &self->bus));
	ASSERT_EQ(0, setresuid(0, 0, 0));
	ASSERT_EQ(0, send_slice(&self->v, &self->to, 100000));
	EXPECT_EQ(-ENOBUFS, send_slice(&alice, &self->to, 174768 - 100000));
	EXPECT_EQ(0, send_slice(&alice, &self->to, 174760 - 100000));
	conn_close(&alice);
}

TEST_HARNESS_MAIN
