// SPDX-License-Identifier: LGPL-2.1-or-later
/* BYEBYE and FREE. */
#include "common.h"
#include "kselftest_harness.h"

FIXTURE_BUS(bye)

/* abi: 10.2/success, 10.2/poll */
TEST_F(bye, disconnects_and_keeps_the_descriptor)
{
	EXPECT_EQ(0, conn_bye(&self->b));
	EXPECT_EQ(-ENXIO, send_plain(&self->a, self->b.id, 1));
	EXPECT_EQ(POLLERR | POLLHUP, conn_poll(&self->b, 0));
	EXPECT_EQ(-ECONNRESET, send_plain(&self->b, self->a.id, 1));
}

/* abi: 10.2/twice */
TEST_F(bye, second_one_is_econnreset)
{
	EXPECT_EQ(0, conn_bye(&self->b));
	EXPECT_EQ(-ECONNRESET, conn_bye(&self->b));
}

/* abi: 10.2/busy */
TEST_F(bye, queued_message_is_ebusy_and_changes_nothing)
{
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	EXPECT_EQ(-EBUSY, conn_bye(&self->b));
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 2));
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(-EBUSY, conn_bye(&self->b));
	EXPECT_EQ(2, recv_cookie(&self->b));
	EXPECT_EQ(0, conn_bye(&self->b));
}

/* abi: 10.2/busy */
TEST_F(bye, received_message_that_is_not_freed_does_not_matter)
{
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	ASSERT_NE(NULL, msg_next(&self->b));
	EXPECT_EQ(0, conn_bye(&self->b));
}

/* abi: 10.2/order */
TEST_F(bye, argument_is_parsed_before_the_queue_is_looked_at)
{
	struct args args;

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	args_cmd(&args);
	args.cmd.flags = 1ULL << 32;
	EXPECT_EQ(-EINVAL, command(self->b.fd, KDBUS_CMD_BYEBYE, &args));
}

/* abi: 10.2/effects, 19.5/4 */
TEST_F(bye, releases_names)
{
	ASSERT_EQ(0, name_acquire(&self->b, "com.example", 0, NULL));
	EXPECT_EQ(0, conn_bye(&self->b));
	EXPECT_EQ(-ESRCH, send_name(&self->a, "com.example", 1));
	EXPECT_EQ(0, name_acquire(&self->a, "com.example", 0, NULL));
}

/* abi: 2.6/after-bye */
TEST_F(bye, pool_can_still_be_mapped)
{
	void *pool;

	ASSERT_EQ(0, conn_bye(&self->b));
	pool = mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->b.fd, 0);
	EXPECT_NE(MAP_FAILED, pool);
}

FIXTURE_BUS(release)

/* abi: 10.3/pool-size */
TEST_F(release, offset_of_the_pool_size_means_nothing)
{
	EXPECT_EQ(0, conn_free(&self->b, self->b.pool_size));
	EXPECT_EQ(0, conn_free(&self->b, self->b.pool_size));
}

/* abi: 10.3/published */
TEST_F(release, published_slice_is_freed_once)
{
	struct kdbus_cmd_recv recv;

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	ASSERT_EQ(0, msg_recv(&self->b, 0, &recv));
	EXPECT_EQ(0, conn_free(&self->b, recv.msg.offset));
	EXPECT_EQ(-ENXIO, conn_free(&self->b, recv.msg.offset));
}

/* abi: 10.3/anything-else */
TEST_F(release, any_other_offset_is_enxio)
{
	struct kdbus_cmd_recv recv;
	__u64 offset;

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	ASSERT_EQ(0, msg_recv(&self->b, 0, &recv));
	/* inside */
	for (offset = 1; offset < recv.msg.msg_size; offset++) {
		EXPECT_EQ(-ENXIO, conn_free(&self->b, recv.msg.offset + offset));
	}
	/* never allocated, out of range */
	EXPECT_EQ(-ENXIO, conn_free(&self->b, recv.msg.offset + recv.msg.msg_size));
	EXPECT_EQ(-ENXIO, conn_free(&self->b, self->b.pool_size - 8));
	EXPECT_EQ(-ENXIO, conn_free(&self->b, self->b.pool_size + 8));
	EXPECT_EQ(-ENXIO, conn_free(&self->b, ~0ULL));
	EXPECT_EQ(-ENXIO, conn_free(&self->b, 1ULL << 63));
	EXPECT_EQ(0, conn_free(&self->b, recv.msg.offset));
}

/* abi: 10.3/unpublished */
TEST_F(release, queued_message_that_was_not_received_is_enxio)
{
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	/* a pool that is empty places the message at its start */
	EXPECT_EQ(-ENXIO, conn_free(&self->b, 0));
	EXPECT_EQ(1, recv_cookie(&self->b));
}

/* abi: 10.3/peeked */
TEST_F(release, peeked_message_stays_queued)
{
	struct kdbus_cmd_recv recv;

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_PEEK, &recv));
	EXPECT_EQ(0, conn_free(&self->b, recv.msg.offset));
	EXPECT_EQ(-ENXIO, conn_free(&self->b, recv.msg.offset));
	EXPECT_EQ(1, recv_cookie(&self->b));
}

/* abi: 10.3/other-connection */
TEST_F(release, slice_of_another_connection_is_enxio)
{
	struct kdbus_cmd_recv recv;

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	ASSERT_EQ(0, msg_recv(&self->b, 0, &recv));
	EXPECT_EQ(-ENXIO, conn_free(&self->a, recv.msg.offset));
	EXPECT_EQ(0, conn_free(&self->b, recv.msg.offset));
}

TEST_HARNESS_MAIN
