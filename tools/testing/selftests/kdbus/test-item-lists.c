// SPDX-License-Identifier: LGPL-2.1-or-later
/* Items together: padding, repetition, which must be there, in which order they are judged. */
#include "commands.h"
#include "kselftest_harness.h"

FIXTURE(list) {
	struct world world;
	struct args args;
};

FIXTURE_SETUP(list)
{
	ASSERT_EQ(0, world_new(&self->world));
}

FIXTURE_TEARDOWN(list)
{
	world_free(&self->world);
}

static void too_long(struct args *args)
{
	char text[80];

	memset(text, 'x', sizeof(text));
	text[70] = 0;
	args_str(args, KDBUS_ITEM_CONN_DESCRIPTION, text);
}

static int hello(struct world *world, struct args *args)
{
	int fd = open_at(world->bus.dir, "bus");
	int ret = command(fd, KDBUS_CMD_HELLO, args);

	close(fd);
	return ret;
}

static int bus(struct args *args)
{
	int fd = open_at(domain_path(), "control");
	int ret = command(fd, KDBUS_CMD_BUS_MAKE, args);

	close(fd);
	return ret;
}

/* abi: 6.1/padding */
TEST_F(list, size_may_include_any_part_of_the_last_padding)
{
	__u64 size;

	args_cmd(&self->args);
	args_str(&self->args, KDBUS_ITEM_NAME, "a.b");
	for (size = self->args.size; size <= A8(self->args.size); size++) {
		struct args copy = self->args;

		copy.size = size;
		EXPECT_EQ(0, command(self->world.a.fd, KDBUS_CMD_NAME_ACQUIRE, &copy));
	}
}

/* abi: 6.1/padding, 6.2/9 */
TEST_F(list, size_beyond_the_last_padding_is_einval)
{
	__u64 more;

	args_cmd(&self->args);
	args_str(&self->args, KDBUS_ITEM_NAME, "a.b");
	self->args.size = A8(self->args.size);
	for (more = 1; more <= 16; more++) {
		struct args copy = self->args;

		copy.size += more;
		EXPECT_EQ(-EINVAL, command(self->world.a.fd, KDBUS_CMD_NAME_ACQUIRE, &copy));
	}
}

/* abi: 6.1/padding */
TEST_F(list, content_of_padding_is_ignored)
{
	struct kdbus_item *item;

	args_cmd(&self->args);
	item = args_str(&self->args, KDBUS_ITEM_NAME, "a.b");
	memset(item->data + 4, 0xff, 4);
	self->args.size = A8(self->args.size);
	EXPECT_EQ(0, command(self->world.a.fd, KDBUS_CMD_NAME_ACQUIRE, &self->args));
	EXPECT_EQ(-EEXIST, name_acquire(&self->world.b, "a.b", 0, NULL));
}

/* abi: 6.1/alignment */
TEST_F(list, next_item_starts_at_a_multiple_of_8)
{
	args_hello_default(&self->args);
	args_str(&self->args, KDBUS_ITEM_CONN_DESCRIPTION, "a");
	args_str(&self->args, KDBUS_ITEM_SECLABEL, "label");
	EXPECT_EQ(0, hello(&self->world, &self->args));
}

/* abi: 6.2/8d, 6.5/once */
TEST_F(list, second_item_of_hello_is_einval)
{
	static const struct {
		__u64 type;
		size_t size;
	} once[] = {
		{ KDBUS_ITEM_CREDS, sizeof(struct kdbus_creds) },
		{ KDBUS_ITEM_PIDS, sizeof(struct kdbus_pids) },
		{ KDBUS_ITEM_SECLABEL, 1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(once); i++) {
		args_hello_default(&self->args);
		args_item(&self->args, once[i].type, NULL, once[i].size);
		EXPECT_EQ(0, hello(&self->world, &self->args));
		args_hello_default(&self->args);
		args_item(&self->args, once[i].type, NULL, once[i].size);
		args_item(&self->args, once[i].type, NULL, once[i].size);
		EXPECT_EQ(-EINVAL, hello(&self->world, &self->args));
	}
	args_hello_default(&self->args);
	args_str(&self->args, KDBUS_ITEM_CONN_DESCRIPTION, "a");
	args_str(&self->args, KDBUS_ITEM_CONN_DESCRIPTION, "a");
	EXPECT_EQ(-EINVAL, hello(&self->world, &self->args));
	args_hello_default(&self->args);
	self->args.hello.flags = KDBUS_HELLO_POLICY_HOLDER;
	args_str(&self->args, KDBUS_ITEM_NAME, "a.b");
	args_str(&self->args, KDBUS_ITEM_NAME, "a.c");
	EXPECT_EQ(-EINVAL, hello(&self->world, &self->args));
}

/* abi: 6.2/8d, 6.5/once */
TEST_F(list, second_item_of_bus_make_is_einval)
{
	char name[BUS_NAME_MAX + 1];

	bus_name_unique(name);
	args_bus(&self->args, name, 0);
	args_str(&self->args, KDBUS_ITEM_MAKE_NAME, name);
	EXPECT_EQ(-EINVAL, bus(&self->args));
	args_bus(&self->args, name, 0);
	args_bloom_parameter(&self->args, BLOOM_SIZE, 1);
	EXPECT_EQ(-EINVAL, bus(&self->args));
	args_bus(&self->args, name, 0);
	args_u64(&self->args, KDBUS_ITEM_ATTACH_FLAGS_SEND, 0);
	EXPECT_EQ(-EINVAL, bus(&self->args));
	args_bus(&self->args, name, 0);
	EXPECT_EQ(0, bus(&self->args));
}

/* abi: 6.2/8d, 6.5/once */
TEST_F(list, second_item_of_other_commands_is_einval)
{
	int fd = self->world.a.fd;

	args_cmd(&self->args);
	args_u64(&self->args, KDBUS_ITEM_ATTACH_FLAGS_SEND, 0);
	args_u64(&self->args, KDBUS_ITEM_ATTACH_FLAGS_SEND, 0);
	EXPECT_EQ(-EINVAL, command(fd, KDBUS_CMD_UPDATE, &self->args));
	args_cmd(&self->args);
	args_u64(&self->args, KDBUS_ITEM_ATTACH_FLAGS_RECV, 0);
	args_u64(&self->args, KDBUS_ITEM_ATTACH_FLAGS_RECV, 0);
	EXPECT_EQ(-EINVAL, command(fd, KDBUS_CMD_UPDATE, &self->args));

	ASSERT_EQ(0, name_acquire(&self->world.a, "a.b", 0, NULL));
	args_cmd(&self->args);
	args_str(&self->args, KDBUS_ITEM_NAME, "a.b");
	args_str(&self->args, KDBUS_ITEM_NAME, "a.b");
	EXPECT_EQ(-EINVAL, command(fd, KDBUS_CMD_NAME_ACQUIRE, &self->args));
	EXPECT_EQ(-EINVAL, command(fd, KDBUS_CMD_NAME_RELEASE, &self->args));
	args_info(&self->args);
	args_str(&self->args, KDBUS_ITEM_NAME, "a.b");
	args_str(&self->args, KDBUS_ITEM_NAME, "a.b");
	EXPECT_EQ(-EINVAL, command(fd, KDBUS_CMD_CONN_INFO, &self->args));

	fd = open_at(self->world.bus.dir, "bus");
	ASSERT_LE(0, fd);
	args_cmd(&self->args);
	args_str(&self->args, KDBUS_ITEM_MAKE_NAME, "0-a");
	args_str(&self->args, KDBUS_ITEM_MAKE_NAME, "0-a");
	EXPECT_EQ(-EINVAL, command(fd, KDBUS_CMD_ENDPOINT_MAKE, &self->args));
	close(fd);
}

/* abi: 6.2/8d, 6.5/once, 6.5/SEND-message */
TEST_F(list, second_item_of_send_is_einval)
{
	struct args msg;
	int fd = 0;

	args_msg(&msg, self->world.b.id, 1);
	args_send(&self->args, &msg);
	args_cancel_fd(&self->args, fd);
	args_cancel_fd(&self->args, fd);
	EXPECT_EQ(-EINVAL, command(self->world.a.fd, KDBUS_CMD_SEND, &self->args));

	args_msg(&msg, self->world.b.id, 1);
	args_fds(&msg, &fd, 1);
	args_fds(&msg, &fd, 1);
	EXPECT_EQ(-EINVAL, msg_send(&self->world.a, &msg));
	args_signal(&msg, self->world.b.id, 1);
	args_bloom_filter(&msg, 0, NULL, BLOOM_SIZE);
	EXPECT_EQ(-EINVAL, msg_send(&self->world.a, &msg));
	ASSERT_EQ(0, name_acquire(&self->world.b, "a.b", 0, NULL));
	args_msg_name(&msg, "a.b", 1);
	args_str(&msg, KDBUS_ITEM_DST_NAME, "a.b");
	EXPECT_EQ(-EINVAL, msg_send(&self->world.a, &msg));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->world.b));
}

/* abi: 6.5/SEND-message */
TEST_F(list, message_takes_only_its_items)
{
	__u64 type;

	for (type = 0; type <= 20; type++) {
		struct args msg;

		switch (type) {
		case KDBUS_ITEM_PAYLOAD_VEC:
		case KDBUS_ITEM_PAYLOAD_MEMFD:
		case KDBUS_ITEM_FDS:
		case KDBUS_ITEM_BLOOM_FILTER:
		case KDBUS_ITEM_DST_NAME:
			continue;
		}
		args_msg(&msg, self->world.b.id, 1);
		args_item(&msg, type, NULL, 8);
		EXPECT_EQ(-EINVAL, msg_send(&self->world.a, &msg)) {
			TH_LOG("type %llu", type);
		}
	}
}

/* abi: 6.5/repeat, 6.5/SEND-message */
TEST_F(list, payload_items_may_repeat)
{
	struct args msg;
	int memfd = memfd_new("payload", 7, SEALS_ALL);

	ASSERT_LE(0, memfd);
	args_msg(&msg, self->world.b.id, 1);
	args_vec(&msg, "payload", 7);
	args_vec(&msg, "payload", 7);
	args_memfd(&msg, memfd, 0, 7);
	args_memfd(&msg, memfd, 0, 7);
	EXPECT_EQ(0, msg_send(&self->world.a, &msg));
}

/* abi: 6.5/repeat */
TEST_F(list, match_rules_and_grants_may_repeat)
{
	args_match(&self->args, 1);
	args_u64(&self->args, KDBUS_ITEM_ID, 1);
	args_u64(&self->args, KDBUS_ITEM_ID, 1);
	args_str(&self->args, KDBUS_ITEM_NAME, "a.b");
	args_str(&self->args, KDBUS_ITEM_NAME, "a.b");
	args_id_change(&self->args, KDBUS_ITEM_ID_ADD, 1);
	args_id_change(&self->args, KDBUS_ITEM_ID_ADD, 1);
	args_name_change(&self->args, KDBUS_ITEM_NAME_ADD, 1, 1, NULL);
	args_name_change(&self->args, KDBUS_ITEM_NAME_ADD, 1, 1, NULL);
	EXPECT_EQ(0, match_add(&self->world.a, &self->args));

	args_hello_default(&self->args);
	args_policy(&self->args, KDBUS_POLICY_ACCESS_WORLD, KDBUS_POLICY_SEE, 0);
	args_policy(&self->args, KDBUS_POLICY_ACCESS_WORLD, KDBUS_POLICY_SEE, 0);
	EXPECT_EQ(0, hello(&self->world, &self->args));
}

/* abi: 6.2/11, 6.5/mandatory */
TEST_F(list, missing_mandatory_item_is_einval)
{
	char name[BUS_NAME_MAX + 1];
	int fd;

	bus_name_unique(name);
	args_cmd(&self->args);
	args_bloom_parameter(&self->args, BLOOM_SIZE, 1);
	EXPECT_EQ(-EINVAL, bus(&self->args));
	args_cmd(&self->args);
	args_str(&self->args, KDBUS_ITEM_MAKE_NAME, name);
	EXPECT_EQ(-EINVAL, bus(&self->args));

	args_cmd(&self->args);
	EXPECT_EQ(-EINVAL, command(self->world.a.fd, KDBUS_CMD_NAME_ACQUIRE, &self->args));
	EXPECT_EQ(-EINVAL, command(self->world.a.fd, KDBUS_CMD_NAME_RELEASE, &self->args));
	fd = open_at(self->world.bus.dir, "bus");
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, command(fd, KDBUS_CMD_ENDPOINT_MAKE, &self->args));
	close(fd);
}

/* abi: 6.2/7, 6.2/8c (order) */
TEST_F(list, flags_are_judged_before_items)
{
	args_hello_default(&self->args);
	self->args.hello.flags = 1ULL << 32;
	too_long(&self->args);
	EXPECT_EQ(-EINVAL, hello(&self->world, &self->args));
	self->args.hello.flags = 0;
	EXPECT_EQ(-ENAMETOOLONG, hello(&self->world, &self->args));
}

/* abi: 6.2/8, 6.2/8b, 6.2/8c (order) */
TEST_F(list, items_are_judged_one_after_the_other)
{
	args_hello_default(&self->args);
	too_long(&self->args);
	args_item(&self->args, KDBUS_ITEM_FDS, NULL, 4);
	EXPECT_EQ(-ENAMETOOLONG, hello(&self->world, &self->args));
	args_hello_default(&self->args);
	args_item(&self->args, KDBUS_ITEM_FDS, NULL, 4);
	too_long(&self->args);
	EXPECT_EQ(-EINVAL, hello(&self->world, &self->args));
}

/* abi: 6.2/8c, 6.2/8d (order) */
TEST_F(list, content_is_judged_before_repetition)
{
	args_hello_default(&self->args);
	args_str(&self->args, KDBUS_ITEM_CONN_DESCRIPTION, "a");
	too_long(&self->args);
	EXPECT_EQ(-ENAMETOOLONG, hello(&self->world, &self->args));
}

/* abi: 6.2/8c, 6.2/11 (order) */
TEST_F(list, items_are_judged_before_missing_ones)
{
	char name[80];

	memset(name, 'x', sizeof(name));
	name[70] = 0;
	args_cmd(&self->args);
	args_str(&self->args, KDBUS_ITEM_MAKE_NAME, name);
	EXPECT_EQ(-ENAMETOOLONG, bus(&self->args));
}

TEST_HARNESS_MAIN
