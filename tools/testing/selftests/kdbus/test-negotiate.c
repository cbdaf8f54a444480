// SPDX-License-Identifier: LGPL-2.1-or-later
/* Asking what is supported, without doing it. */
#include "commands.h"
#include "kselftest_harness.h"

FIXTURE_COMMANDS(negotiate);

/* abi: 6.4/flags, 6.2/12 */
/* abi: 6.4/BUS_MAKE, 6.4/ENDPOINT_MAKE, 6.4/HELLO, 6.4/SEND, 6.4/RECV, 6.4/LIST */
/* abi: 6.4/MATCH_ADD, 6.4/NAME_ACQUIRE, 6.4/others */
TEST_F(negotiate, flags_become_the_supported_ones)
{
	self->args.cmd.flags = KDBUS_FLAG_NEGOTIATE;
	EXPECT_EQ(0, command(self->fd, variant->cmd->nr, &self->args));
	EXPECT_EQ(variant->cmd->flags, self->args.cmd.flags);
}

/* abi: 6.4/flags */
TEST_F(negotiate, flags_may_be_asked_for_together_with_supported_ones)
{
	self->args.cmd.flags = KDBUS_FLAG_NEGOTIATE | variant->cmd->flags;
	EXPECT_EQ(0, command(self->fd, variant->cmd->nr, &self->args));
	EXPECT_EQ(variant->cmd->flags, self->args.cmd.flags);
}

/* abi: 6.2/12, 6.4/no-effect */
TEST_F(negotiate, nothing_happens)
{
	struct args args = self->args;

	args.cmd.flags |= KDBUS_FLAG_NEGOTIATE;
	ASSERT_EQ(0, command(self->fd, variant->cmd->nr, &args));
	/* what can be done once has not been done */
	self->args.cmd.return_flags = 0;
	EXPECT_EQ(0, command(self->fd, variant->cmd->nr, &self->args));
	EXPECT_EQ(variant->cmd->return_flags, self->args.cmd.return_flags);
}

/* abi: 6.4/probe, 6.4/mandatory-not-required */
TEST_F(negotiate, fixed_structure_of_zeros_is_enough)
{
	args_init(&self->args, variant->cmd->fixed);
	self->args.cmd.flags = KDBUS_FLAG_NEGOTIATE;
	EXPECT_EQ(0, command(self->fd, variant->cmd->nr, &self->args));
	EXPECT_EQ(variant->cmd->flags, self->args.cmd.flags);
}

static const __u64 asked[] = {
	KDBUS_ITEM_NEGOTIATE, KDBUS_ITEM_PAYLOAD_VEC, KDBUS_ITEM_PAYLOAD_OFF,
	KDBUS_ITEM_PAYLOAD_MEMFD, KDBUS_ITEM_FDS, KDBUS_ITEM_CANCEL_FD,
	KDBUS_ITEM_BLOOM_PARAMETER, KDBUS_ITEM_BLOOM_FILTER, KDBUS_ITEM_BLOOM_MASK,
	KDBUS_ITEM_DST_NAME, KDBUS_ITEM_MAKE_NAME, KDBUS_ITEM_ATTACH_FLAGS_SEND,
	KDBUS_ITEM_ATTACH_FLAGS_RECV, KDBUS_ITEM_ID, KDBUS_ITEM_NAME, KDBUS_ITEM_DST_ID,
	KDBUS_ITEM_TIMESTAMP, KDBUS_ITEM_CREDS, KDBUS_ITEM_PIDS, KDBUS_ITEM_OWNED_NAME,
	KDBUS_ITEM_CMDLINE, KDBUS_ITEM_SECLABEL, KDBUS_ITEM_CONN_DESCRIPTION,
	KDBUS_ITEM_POLICY_ACCESS, KDBUS_ITEM_NAME_ADD, KDBUS_ITEM_NAME_REMOVE,
	KDBUS_ITEM_NAME_CHANGE, KDBUS_ITEM_ID_ADD, KDBUS_ITEM_ID_REMOVE,
	KDBUS_ITEM_REPLY_TIMEOUT, KDBUS_ITEM_REPLY_DEAD, 0, 0x7fff, ~0ULL, 1ULL << 32,
};

/* abi: 6.4/items */
TEST_F(negotiate, unsupported_item_types_become_0)
{
	struct kdbus_item *item;
	unsigned int i;

	args_init(&self->args, variant->cmd->fixed);
	item = args_item(&self->args, KDBUS_ITEM_NEGOTIATE, asked, sizeof(asked));
	self->args.cmd.flags = KDBUS_FLAG_NEGOTIATE;
	ASSERT_EQ(0, command(self->fd, variant->cmd->nr, &self->args));
	for (i = 0; i < ARRAY_SIZE(asked); i++) {
		EXPECT_EQ(command_takes(variant->cmd, asked[i]) ? asked[i] : 0, item->data64[i]) {
			TH_LOG("type %llx", asked[i]);
		}
	}
}

/* abi: 6.4/items-without-flag */
TEST_F(negotiate, item_works_while_the_command_is_executed)
{
	struct kdbus_item *item;
	unsigned int i;

	item = args_item(&self->args, KDBUS_ITEM_NEGOTIATE, asked, sizeof(asked));
	EXPECT_EQ(0, command(self->fd, variant->cmd->nr, &self->args));
	EXPECT_EQ(variant->cmd->return_flags, self->args.cmd.return_flags);
	for (i = 0; i < ARRAY_SIZE(asked); i++) {
		EXPECT_EQ(command_takes(variant->cmd, asked[i]) ? asked[i] : 0, item->data64[i]) {
			TH_LOG("type %llx", asked[i]);
		}
	}
}

/* abi: 6.4/items */
TEST_F(negotiate, empty_item_is_taken)
{
	args_item(&self->args, KDBUS_ITEM_NEGOTIATE, NULL, 0);
	EXPECT_EQ(0, command(self->fd, variant->cmd->nr, &self->args));
}

/* abi: 6.2/10 */
TEST_F(negotiate, answer_that_cannot_be_stored_is_efault)
{
	void *memory;

	self->args.cmd.flags = KDBUS_FLAG_NEGOTIATE;
	memory = args_read_only(&self->args);
	ASSERT_NE(NULL, memory);
	EXPECT_EQ(-EFAULT, command(self->fd, variant->cmd->nr, memory));
}

/* abi: 6.2/unknown-in-negotiation */
TEST_F(negotiate, malformed_items_are_einval_still)
{
	struct kdbus_item *item = args_item(&self->args, KDBUS_ITEM_NEGOTIATE, NULL, 8);

	self->args.cmd.flags = KDBUS_FLAG_NEGOTIATE;
	item->size = ITEM_HEADER - 1;
	EXPECT_EQ(-EINVAL, command(self->fd, variant->cmd->nr, &self->args));
	item->size = ITEM_HEADER + 8;
	item->type = KDBUS_ITEM_REPLY_DEAD;
	EXPECT_EQ(-EINVAL, command(self->fd, variant->cmd->nr, &self->args));
}

FIXTURE_BUS(message)

/* abi: 6.4/message */
TEST_F(message, flags_become_the_supported_ones)
{
	struct args msg;

	args_msg(&msg, self->b.id, 1);
	msg.msg.flags = KDBUS_FLAG_NEGOTIATE;
	EXPECT_EQ(0, msg_send_flags(&self->a, &msg, KDBUS_FLAG_NEGOTIATE, NULL));
	EXPECT_EQ(0x7ULL, msg.msg.flags);
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 6.4/message-items */
TEST_F(message, unsupported_item_types_become_0)
{
	static const __u64 takes[] = {
		KDBUS_ITEM_NEGOTIATE, KDBUS_ITEM_PAYLOAD_VEC, KDBUS_ITEM_PAYLOAD_MEMFD,
		KDBUS_ITEM_FDS, KDBUS_ITEM_BLOOM_FILTER, KDBUS_ITEM_DST_NAME,
	};
	struct kdbus_item *item;
	struct args msg;
	unsigned int i, j;

	args_msg(&msg, self->b.id, 1);
	item = args_item(&msg, KDBUS_ITEM_NEGOTIATE, asked, sizeof(asked));
	EXPECT_EQ(0, msg_send_flags(&self->a, &msg, KDBUS_FLAG_NEGOTIATE, NULL));
	for (i = 0; i < ARRAY_SIZE(asked); i++) {
		__u64 expected = 0;

		for (j = 0; j < ARRAY_SIZE(takes); j++) {
			if (asked[i] == takes[j])
				expected = asked[i];
		}
		EXPECT_EQ(expected, item->data64[i]);
	}
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 6.4/command-negotiates-without-message */
TEST_F(message, is_not_needed_to_negotiate_the_command)
{
	struct args args;

	args_init(&args, sizeof(args.send));
	args.send.flags = KDBUS_FLAG_NEGOTIATE;
	EXPECT_EQ(0, command(self->a.fd, KDBUS_CMD_SEND, &args));
	EXPECT_EQ(KDBUS_SEND_SYNC_REPLY | KDBUS_SEND_WAIT, args.send.flags);
}

/* abi: 6.4/message-only */
TEST_F(message, cannot_negotiate_alone)
{
	struct args msg;

	args_msg(&msg, self->b.id, 1);
	msg.msg.flags = KDBUS_FLAG_NEGOTIATE;
	EXPECT_EQ(-EINVAL, msg_send(&self->a, &msg));
	/* though it has been told by then */
	EXPECT_EQ(0x7ULL, msg.msg.flags);
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 6.4/command-only */
TEST_F(message, is_parsed_when_only_the_command_negotiates)
{
	struct args msg;

	args_msg(&msg, self->b.id, 1);
	EXPECT_EQ(0, msg_send_flags(&self->a, &msg, KDBUS_FLAG_NEGOTIATE, NULL));
	EXPECT_EQ(0ULL, msg.msg.flags);
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	msg.msg.flags = 1ULL << 32;
	EXPECT_EQ(-EINVAL, msg_send_flags(&self->a, &msg, KDBUS_FLAG_NEGOTIATE, NULL));
	msg.msg.flags = 0;
	msg.size = sizeof(struct kdbus_msg) - 1;
	EXPECT_EQ(-EINVAL, msg_send_flags(&self->a, &msg, KDBUS_FLAG_NEGOTIATE, NULL));
	msg.size = ARGS_MAX + 1;
	EXPECT_EQ(-EMSGSIZE, msg_send_flags(&self->a, &msg, KDBUS_FLAG_NEGOTIATE, NULL));
}

/* abi: 6.4/command-only */
TEST_F(message, is_not_validated_beyond_the_parser_in_negotiation)
{
	struct args msg;

	/* no destination, payload type of the kernel */
	args_init(&msg, sizeof(msg.msg));
	EXPECT_EQ(0, msg_send_flags(&self->a, &msg, KDBUS_FLAG_NEGOTIATE, NULL));
}

/* abi: 6.2/6 */
TEST_F(message, negotiation_stores_return_flags_of_send)
{
	struct args args;

	args_init(&args, sizeof(args.send));
	args.send.flags = KDBUS_FLAG_NEGOTIATE;
	args.send.return_flags = ~0ULL;
	EXPECT_EQ(0, command(self->a.fd, KDBUS_CMD_SEND, &args));
	EXPECT_EQ(0ULL, args.send.return_flags);
}

TEST_HARNESS_MAIN
