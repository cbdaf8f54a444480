// SPDX-License-Identifier: LGPL-2.1-or-later
/* UPDATE: what a connection may change about itself. */
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.update"
#define OTHER_NAME	"org.example.other"
#define WORLD		KDBUS_POLICY_ACCESS_WORLD
#define OWN		KDBUS_POLICY_OWN
#define BAD_FLAGS	0x4000ULL

FIXTURE_BUS(update)

static int update(struct conn *conn, struct args *args)
{
	return command(conn->fd, KDBUS_CMD_UPDATE, args);
}

static int update_flags(struct conn *conn, __u64 type, __u64 flags)
{
	struct args args;

	args_cmd(&args);
	args_u64(&args, type, flags);
	return update(conn, &args);
}

/* Number of metadata items of a message that @from sends to @to now. */
static int metadata_count(struct conn *from, struct conn *to)
{
	const struct kdbus_msg *msg;
	const struct kdbus_item *item;
	int n = 0, ret = send_plain(from, to->id, 11);

	if (ret)
		return ret;
	msg = msg_next(to);
	if (!msg)
		return -errno;
	ITEM_FOREACH(item, msg)
		n++;
	ret = msg_done(to, msg);
	return ret ? ret : n;
}

/* abi: 10.1/without-items */
TEST_F(update, nothing_to_change_succeeds)
{
	struct args args;

	args_cmd(&args);
	EXPECT_EQ(0, update(&self->a, &args));
	args.cmd.flags = 1;
	EXPECT_EQ(-EINVAL, update(&self->a, &args));
}

/* abi: 10.1/attach-recv, 18.2/per-message */
TEST_F(update, attach_flags_recv_count_from_the_next_message_on)
{
	EXPECT_EQ(0, metadata_count(&self->a, &self->b));
	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_TIMESTAMP | KDBUS_ATTACH_CREDS));
	EXPECT_EQ(2, metadata_count(&self->a, &self->b));
	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_TIMESTAMP));
	EXPECT_EQ(1, metadata_count(&self->a, &self->b));
	ASSERT_EQ(0, conn_update_recv(&self->b, 0));
	EXPECT_EQ(0, metadata_count(&self->a, &self->b));
}

/* abi: 10.1/queued-unchanged */
TEST_F(update, messages_already_queued_stay_as_they_are)
{
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 11));
	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_TIMESTAMP));
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(sizeof(*msg), msg->size);
}

/* abi: 10.1/attach-send */
TEST_F(update, attach_flags_send_count_for_conn_info)
{
	const struct kdbus_info *info;

	ASSERT_EQ(0, conn_info(&self->b, self->a.id, NULL, KDBUS_ATTACH_CREDS, &info));
	EXPECT_NE(NULL, info_item(info, KDBUS_ITEM_CREDS));
	ASSERT_EQ(0, update_flags(&self->a, KDBUS_ITEM_ATTACH_FLAGS_SEND, KDBUS_ATTACH_PIDS));
	ASSERT_EQ(0, conn_info(&self->b, self->a.id, NULL, ~0ULL, &info));
	EXPECT_EQ(NULL, info_item(info, KDBUS_ITEM_CREDS));
	EXPECT_NE(NULL, info_item(info, KDBUS_ITEM_PIDS));
	ASSERT_EQ(0, update_flags(&self->a, KDBUS_ITEM_ATTACH_FLAGS_SEND, 0));
	ASSERT_EQ(0, conn_info(&self->b, self->a.id, NULL, ~0ULL, &info));
	EXPECT_EQ(sizeof(*info), info->size);
}

/* abi: 10.1/values, 7/attach-flags */
TEST_F(update, attach_flags_beyond_those_known_are_refused_with_einval)
{
	EXPECT_EQ(-EINVAL, update_flags(&self->a, KDBUS_ITEM_ATTACH_FLAGS_SEND, BAD_FLAGS));
	EXPECT_EQ(-EINVAL, update_flags(&self->a, KDBUS_ITEM_ATTACH_FLAGS_RECV, BAD_FLAGS));
	EXPECT_EQ(-EINVAL, update_flags(&self->a, KDBUS_ITEM_ATTACH_FLAGS_RECV, ~0ULL - 1));
	EXPECT_EQ(0, update_flags(&self->a, KDBUS_ITEM_ATTACH_FLAGS_SEND, ~0ULL));
	EXPECT_EQ(0, update_flags(&self->a, KDBUS_ITEM_ATTACH_FLAGS_RECV, _KDBUS_ATTACH_ALL));
}

/* abi: 10.1/all-or-nothing */
TEST_F(update, one_bad_value_leaves_both_flags)
{
	struct args args;

	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_TIMESTAMP));
	args_cmd(&args);
	args_u64(&args, KDBUS_ITEM_ATTACH_FLAGS_RECV, 0);
	args_u64(&args, KDBUS_ITEM_ATTACH_FLAGS_SEND, BAD_FLAGS);
	EXPECT_EQ(-EINVAL, update(&self->b, &args));
	EXPECT_EQ(1, metadata_count(&self->a, &self->b));
	args_cmd(&args);
	args_u64(&args, KDBUS_ITEM_ATTACH_FLAGS_RECV, 0);
	args_u64(&args, KDBUS_ITEM_ATTACH_FLAGS_SEND, 0);
	EXPECT_EQ(0, update(&self->b, &args));
	EXPECT_EQ(0, metadata_count(&self->a, &self->b));
}

/* abi: 10.1/policy-of-others, 7/update-policy */
TEST_F(update, policy_of_an_ordinary_connection_is_refused_with_eopnotsupp)
{
	struct args args;

	EXPECT_EQ(-EOPNOTSUPP, policy_update(&self->a, NAME, WORLD, OWN, 0));
	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_NAME, "bad");
	EXPECT_EQ(-EOPNOTSUPP, update(&self->a, &args));
	args_cmd(&args);
	args_policy(&args, WORLD, OWN, 0);
	EXPECT_EQ(-EOPNOTSUPP, update(&self->a, &args));
}

/* abi: 10.1/order */
TEST_F(update, attach_send_is_checked_before_attach_recv_before_policy)
{
	struct conn activator;
	struct args args;

	ASSERT_EQ(0, conn_new_named(&activator, &self->bus, KDBUS_HELLO_ACTIVATOR, NAME));
	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	args_u64(&args, KDBUS_ITEM_ATTACH_FLAGS_RECV, BAD_FLAGS);
	args_u64(&args, KDBUS_ITEM_ATTACH_FLAGS_SEND, BAD_FLAGS);
	/* kind before value, send before recv */
	EXPECT_EQ(-EOPNOTSUPP, update(&activator, &args));
	EXPECT_EQ(-EINVAL, update(&self->a, &args));
	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	args_u64(&args, KDBUS_ITEM_ATTACH_FLAGS_RECV, BAD_FLAGS);
	EXPECT_EQ(-EINVAL, update(&activator, &args));
	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	args_u64(&args, KDBUS_ITEM_ATTACH_FLAGS_RECV, 0);
	EXPECT_EQ(-EOPNOTSUPP, update(&activator, &args));
	conn_close(&activator);
}

/* abi: 10.1/all-or-nothing */
TEST_F(update, refused_policy_of_an_ordinary_connection_leaves_its_flags)
{
	struct args args;

	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_TIMESTAMP));
	args_cmd(&args);
	args_u64(&args, KDBUS_ITEM_ATTACH_FLAGS_RECV, 0);
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	EXPECT_EQ(-EOPNOTSUPP, update(&self->b, &args));
	EXPECT_EQ(1, metadata_count(&self->a, &self->b));
}

/* abi: 10.1/kinds, 7/update-attach-send, 7/update-attach-recv */
TEST_F(update, kinds_differ_in_what_they_may_change)
{
	static const struct {
		__u64 kind;
		int send;
		int recv;
		int policy;
	} kinds[] = {
		{ KDBUS_HELLO_ACTIVATOR, -EOPNOTSUPP, 0, -EOPNOTSUPP },
		{ KDBUS_HELLO_POLICY_HOLDER, -EOPNOTSUPP, -EOPNOTSUPP, 0 },
		{ KDBUS_HELLO_MONITOR, 0, 0, -EOPNOTSUPP },
		{ 0, 0, 0, -EOPNOTSUPP },
	};
	struct conn c;
	unsigned int i;
	bool named;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		named = kinds[i].kind & (KDBUS_HELLO_ACTIVATOR | KDBUS_HELLO_POLICY_HOLDER);
		ASSERT_EQ(0, named ? conn_new_named(&c, &self->bus, kinds[i].kind, NAME) :
			  conn_new_flags(&c, &self->bus, kinds[i].kind));
		EXPECT_EQ(kinds[i].send, update_flags(&c, KDBUS_ITEM_ATTACH_FLAGS_SEND, 0)) {
			TH_LOG("kind %llu", kinds[i].kind);
		}
		EXPECT_EQ(kinds[i].recv, update_flags(&c, KDBUS_ITEM_ATTACH_FLAGS_RECV, 0)) {
			TH_LOG("kind %llu", kinds[i].kind);
		}
		EXPECT_EQ(kinds[i].policy, policy_update(&c, OTHER_NAME, WORLD, OWN, 0)) {
			TH_LOG("kind %llu", kinds[i].kind);
		}
		conn_close(&c);
	}
}

/* abi: 10.1/parser */
TEST_F(update, flags_item_twice_is_refused_with_einval)
{
	struct args args;

	args_cmd(&args);
	args_u64(&args, KDBUS_ITEM_ATTACH_FLAGS_RECV, 0);
	args_u64(&args, KDBUS_ITEM_ATTACH_FLAGS_RECV, 0);
	EXPECT_EQ(-EINVAL, update(&self->a, &args));
	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_CONN_DESCRIPTION, "new");
	EXPECT_EQ(-EINVAL, update(&self->a, &args));
}

/* abi: 10.1/disconnected */
TEST_F(update, disconnected_connection_is_refused_with_econnreset)
{
	ASSERT_EQ(0, conn_bye(&self->a));
	EXPECT_EQ(-ECONNRESET, conn_update_recv(&self->a, 0));
}

TEST_HARNESS_MAIN
