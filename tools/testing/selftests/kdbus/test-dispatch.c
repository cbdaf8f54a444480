// SPDX-License-Identifier: LGPL-2.1-or-later
/* Finding the destination of a unicast message, and what it may refuse. */
#include "common.h"
#include "kselftest_harness.h"

#define NAME "com.example.Service"

FIXTURE_BUS(dispatch)

/* abi: 11.4/no-id */
TEST_F(dispatch, unknown_id_is_enxio)
{
	EXPECT_EQ(-ENXIO, send_plain(&self->a, self->b.id + 1000, 1));
	EXPECT_EQ(-ENXIO, send_plain(&self->a, 1, 1));
	EXPECT_EQ(-ENXIO, send_plain(&self->a, ~0ULL - 1, 1));
}

/* abi: 11.4/special */
TEST_F(dispatch, special_connections_cannot_be_addressed_by_id)
{
	struct conn monitor, activator, holder;

	ASSERT_EQ(0, conn_new_flags(&monitor, &self->bus, KDBUS_HELLO_MONITOR));
	ASSERT_EQ(0, conn_new_named(&activator, &self->bus, KDBUS_HELLO_ACTIVATOR, NAME));
	ASSERT_EQ(0, conn_new_named(&holder, &self->bus, KDBUS_HELLO_POLICY_HOLDER,
				    "com.example.Held"));
	EXPECT_EQ(-ENXIO, send_plain(&self->a, monitor.id, 1));
	EXPECT_EQ(-ENXIO, send_plain(&self->a, activator.id, 1));
	EXPECT_EQ(-ENXIO, send_plain(&self->a, holder.id, 1));
	conn_close(&holder);
	conn_close(&activator);
	conn_close(&monitor);
}

/* abi: 11.4/no-name */
TEST_F(dispatch, unknown_name_is_esrch)
{
	EXPECT_EQ(-ESRCH, send_name(&self->a, NAME, 1));
	ASSERT_EQ(0, name_acquire(&self->b, NAME, 0, NULL));
	EXPECT_EQ(0, send_name(&self->a, NAME, 2));
	ASSERT_EQ(0, name_release(&self->b, NAME));
	EXPECT_EQ(-ESRCH, send_name(&self->a, NAME, 3));
	EXPECT_EQ(2, recv_cookie(&self->b));
}

/* abi: 11.4/no-name */
TEST_F(dispatch, name_of_a_policy_holder_is_esrch)
{
	struct conn holder;

	ASSERT_EQ(0, conn_new_named(&holder, &self->bus, KDBUS_HELLO_POLICY_HOLDER, NAME));
	EXPECT_EQ(-ESRCH, send_name(&self->a, NAME, 1));
	conn_close(&holder);
}

/* abi: 11.4/id-and-name */
TEST_F(dispatch, id_that_does_not_own_the_name_is_eremchg)
{
	struct args msg;

	ASSERT_EQ(0, name_acquire(&self->b, NAME, 0, NULL));
	args_msg_name(&msg, NAME, 1);
	msg.msg.dst_id = self->a.id;
	EXPECT_EQ(-EREMCHG, msg_send(&self->a, &msg));
	msg.msg.dst_id = 12345678;
	EXPECT_EQ(-EREMCHG, msg_send(&self->a, &msg));
	msg.msg.dst_id = self->b.id;
	EXPECT_EQ(0, msg_send(&self->a, &msg));
	EXPECT_EQ(1, recv_cookie(&self->b));
}

/* abi: 11.4/no-name, 11.4/id-and-name (order) */
TEST_F(dispatch, unknown_name_comes_before_the_id)
{
	struct args msg;

	args_msg_name(&msg, NAME, 1);
	msg.msg.dst_id = self->b.id;
	EXPECT_EQ(-ESRCH, msg_send(&self->a, &msg));
}

/* abi: 11.4/no-auto-start */
TEST_F(dispatch, no_auto_start_with_only_an_activator_is_eaddrnotavail)
{
	struct conn activator;
	struct args msg;

	ASSERT_EQ(0, conn_new_named(&activator, &self->bus, KDBUS_HELLO_ACTIVATOR, NAME));
	args_msg_name(&msg, NAME, 1);
	msg.msg.flags = KDBUS_MSG_NO_AUTO_START;
	EXPECT_EQ(-EADDRNOTAVAIL, msg_send(&self->a, &msg));
	EXPECT_EQ(-EAGAIN, recv_cookie(&activator));
	ASSERT_EQ(0, name_acquire(&self->b, NAME, 0, NULL));
	EXPECT_EQ(0, msg_send(&self->a, &msg));
	EXPECT_EQ(1, recv_cookie(&self->b));
	conn_close(&activator);
}

/* abi: 11.4/name-activator */
TEST_F(dispatch, name_that_nobody_owns_goes_to_its_activator)
{
	struct conn activator;

	ASSERT_EQ(0, conn_new_named(&activator, &self->bus, KDBUS_HELLO_ACTIVATOR, NAME));
	EXPECT_EQ(0, send_name(&self->a, NAME, 1));
	EXPECT_EQ(1, recv_cookie(&activator));
	ASSERT_EQ(0, name_acquire(&self->b, NAME, 0, NULL));
	EXPECT_EQ(0, send_name(&self->a, NAME, 2));
	EXPECT_EQ(2, recv_cookie(&self->b));
	EXPECT_EQ(-EAGAIN, recv_cookie(&activator));
	conn_close(&activator);
}

/* abi: 11.4/name-owner */
TEST_F(dispatch, name_goes_to_the_primary_owner_not_to_those_queued)
{
	ASSERT_EQ(0, name_acquire(&self->b, NAME, 0, NULL));
	ASSERT_EQ(0, name_acquire(&self->a, NAME, KDBUS_NAME_QUEUE, NULL));
	EXPECT_EQ(0, send_name(&self->a, NAME, 1));
	EXPECT_EQ(1, recv_cookie(&self->b));
	ASSERT_EQ(0, name_release(&self->b, NAME));
	EXPECT_EQ(0, send_name(&self->b, NAME, 2));
	EXPECT_EQ(2, recv_cookie(&self->a));
}

/* abi: 11.4/name-owner */
TEST_F(dispatch, all_names_of_a_connection_reach_it)
{
	char name[64];
	int i;

	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), NAME "%d", i);
		ASSERT_EQ(0, name_acquire(&self->b, name, 0, NULL));
		EXPECT_EQ(0, send_name(&self->a, name, i));
		EXPECT_EQ(i, recv_cookie(&self->b));
	}
}

/* abi: 11.4/row-plain, 19.4/one-sender */
TEST_F(dispatch, messages_arrive_in_the_order_they_were_sent)
{
	int i;

	ASSERT_EQ(0, name_acquire(&self->b, NAME, 0, NULL));
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, i % 2 ? send_name(&self->a, NAME, i) :
				     send_plain(&self->a, self->b.id, i));
	}
	for (i = 0; i < 100; i++) {
		EXPECT_EQ(i, recv_cookie(&self->b));
	}
}

/* abi: 11.5/ecomm */
TEST_F(dispatch, descriptors_for_one_that_takes_none_are_ecomm)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct conn deaf;
	struct args msg;

	ASSERT_LE(0, null);
	ASSERT_EQ(0, conn_new_flags(&deaf, &self->bus, 0));
	args_msg(&msg, deaf.id, 1);
	args_fds(&msg, &null, 1);
	EXPECT_EQ(-ECOMM, msg_send(&self->a, &msg));
	EXPECT_EQ(-EAGAIN, recv_cookie(&deaf));
	conn_close(&deaf);
}

/* abi: 11.5/efault */
TEST_F(dispatch, payload_that_cannot_be_read_is_efault)
{
	void *hole = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct args msg;

	ASSERT_NE(MAP_FAILED, hole);
	args_msg(&msg, self->b.id, 1);
	args_vec(&msg, hole, 100);
	EXPECT_EQ(-EFAULT, msg_send(&self->a, &msg));
	/* readable at first */
	ASSERT_EQ(0, mprotect(hole, 4096, PROT_READ));
	args_msg(&msg, self->b.id, 1);
	args_vec(&msg, hole, 8192);
	EXPECT_EQ(-EFAULT, msg_send(&self->a, &msg));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 11.5/efault, 13.5/failure-leaves-counters */
TEST_F(dispatch, unreadable_payload_is_not_charged)
{
	void *hole = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct args msg;
	int i;

	ASSERT_NE(MAP_FAILED, hole);
	args_msg(&msg, self->b.id, 1);
	args_vec(&msg, hole, 4096);
	for (i = 0; i < 300; i++) {
		ASSERT_EQ(-EFAULT, msg_send(&self->a, &msg));
	}
	/* all of the quota is there still, and the pool is empty */
	for (i = 0; i < 256; i++) {
		ASSERT_EQ(0, send_plain(&self->a, self->b.id, i));
	}
	EXPECT_EQ(256, recv_all(&self->b));
}

/* abi: 11.5/unicast-signal */
TEST_F(dispatch, unicast_signal_needs_a_match_of_the_receiver)
{
	struct args msg;

	args_signal(&msg, self->b.id, 1);
	EXPECT_EQ(0, msg_send(&self->a, &msg));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	ASSERT_EQ(0, match_all(&self->b, 1));
	EXPECT_EQ(0, msg_send(&self->a, &msg));
	EXPECT_EQ(1, recv_cookie(&self->b));
	args_signal(&msg, 12345678, 1);
	EXPECT_EQ(-ENXIO, msg_send(&self->a, &msg));
}

/* abi: 11.4/row-broadcast */
TEST_F(dispatch, broadcast_without_receivers_succeeds)
{
	EXPECT_EQ(0, send_broadcast(&self->a, 1));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 15.4/talk-same-user, 15.5/send-unicast */
TEST_F(dispatch, stranger_may_not_talk_to_one_without_names)
{
	struct conn stranger;

	ASSERT_EQ(0, conn_new_as(&stranger, &self->bus, ALICE, STAFF));
	ASSERT_EQ(0, become(ALICE, STAFF));
	EXPECT_EQ(-EPERM, send_plain(&stranger, self->b.id, 1));
	EXPECT_EQ(-EPERM, send_call(&stranger, self->b.id, 1));
	EXPECT_EQ(-EPERM, send_sync(&stranger, self->b.id, 1));
	ASSERT_EQ(0, become_root());
	/* the same euid as the peer's real one */
	EXPECT_EQ(0, send_plain(&stranger, self->b.id, 2));
	EXPECT_EQ(2, recv_cookie(&self->b));
	conn_close(&stranger);
}

/* abi: 11.1/8, 11.4/no-id (order) */
TEST_F(dispatch, destination_is_looked_up_before_the_right_to_talk)
{
	struct conn stranger;

	ASSERT_EQ(0, conn_new_as(&stranger, &self->bus, ALICE, STAFF));
	ASSERT_EQ(0, become(ALICE, STAFF));
	EXPECT_EQ(-ENXIO, send_plain(&stranger, 12345678, 1));
	EXPECT_EQ(-ESRCH, send_name(&stranger, NAME, 1));
	ASSERT_EQ(0, become_root());
	conn_close(&stranger);
}

TEST_HARNESS_MAIN
