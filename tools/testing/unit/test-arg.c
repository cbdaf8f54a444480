// SPDX-License-Identifier: LGPL-2.1-or-later
/* Bytes from user space become checked structures */

#include <stdlib.h>

#include "arg.h"
#include "tests/items.h"

#define MAX_SIZE	32768
#define NEGOTIATE	KDBUS_FLAG_NEGOTIATE

static const struct kdbus_arg_rules rules = {
	.size = sizeof(struct kdbus_cmd),
	.flags = 0x3,
	.mandatory = 1U << 0,
	.n_items = 4,
	.items = {
		{ .type = KDBUS_ITEM_NAME },
		{ .type = KDBUS_ITEM_ID },
		{ .type = KDBUS_ITEM_PAYLOAD_VEC, .repeats = true },
		{ .type = KDBUS_ITEM_FDS, .repeats = true },
	},
};

static struct kdbus_arg arg;

/* The command, in an allocation of just its size; @base is what is freed. */
static u8 *base;
static struct kdbus_cmd *cmd;

static void command(u64 flags, const struct items *items)
{
	size_t size = sizeof(*cmd) + items->size;

	free(base);
	base = malloc(size);
	cmd = (void *)base;
	*cmd = (struct kdbus_cmd){ .size = size, .flags = flags, .return_flags = 0x4711 };
	memcpy(base + sizeof(*cmd), items->data, items->size);
	unit_user_memory = (struct unit_user_memory){ .start = base, .size = size };
}

static int import_rules(const struct kdbus_arg_rules *r)
{
	int ret = kdbus_arg_import(&arg, cmd, r);

	kdbus_arg_release(&arg);
	return ret;
}

static int import(void)
{
	return import_rules(&rules);
}

static struct items items;

static void good_items(void)
{
	items_init(&items);
	items_add_str(&items, KDBUS_ITEM_NAME, "a.b");
}

static void good_command(void)
{
	good_items();
	command(0, &items);
}

TEST(good_command_is_taken_with_or_without_padding)
{
	good_command();
	EXPECT_EQ(0, import());
	EXPECT_EQ(0, cmd->return_flags);

	/* 20 bytes of item: the object may end anywhere up to 24. */
	for (items.size = 20; items.size <= 24; items.size++) {
		command(0x3, &items);
		EXPECT_EQ_CASE(0, import(), "%zu bytes", items.size);
	}
	items.size = 25;
	command(0, &items);
	EXPECT_EQ(-EINVAL, import());
	items.size = 32;
	command(0, &items);
	EXPECT_EQ(-EINVAL, import());
}

TEST(address_has_to_be_aligned_and_readable)
{
	static u64 memory[8];
	unsigned int offset;

	unit_user_memory = (struct unit_user_memory){ .start = (u8 *)memory, .size = 64 };
	for (offset = 1; offset < 8; offset++) {
		EXPECT_EQ(-EFAULT, kdbus_arg_import(&arg, (u8 *)memory + offset, &rules));
		kdbus_arg_release(&arg);
	}
	EXPECT_EQ(-EFAULT, kdbus_arg_import(&arg, NULL, &rules));
	kdbus_arg_release(&arg);

	good_command();
	unit_user_memory.size = 7;
	EXPECT_EQ(-EFAULT, import());
}

/* Where less than there may be of an argument fits behind it. */
TEST(command_at_the_end_of_the_address_space_is_like_others)
{
	good_command();
	unit_user_memory.is_last = true;
	EXPECT_EQ(0, kdbus_arg_import(&arg, cmd, &rules));
	EXPECT_EQ(cmd->size, arg.size);
	EXPECT_EQ(0, strcmp(kdbus_arg_item(&arg, 0)->str, "a.b"));
	EXPECT_EQ(0, cmd->return_flags);
	kdbus_arg_release(&arg);

	cmd->size++;
	EXPECT_EQ(-EFAULT, import());
	cmd->size = sizeof(*cmd) - 1;
	EXPECT_EQ(-EINVAL, import());
	cmd->size = MAX_SIZE + 1;
	EXPECT_EQ(-EMSGSIZE, import());
	unit_user_memory.size = 0;
	EXPECT_EQ(-EFAULT, import());
}

TEST(size_has_bounds_that_are_checked_before_memory_is_read)
{
	static const struct {
		u64 size;
		int result;
	} cases[] = {
		{ 0, -EINVAL }, { 23, -EINVAL }, { 24, -EFAULT }, { MAX_SIZE, -EFAULT },
		{ MAX_SIZE + 1, -EMSGSIZE }, { ~0ULL, -EMSGSIZE }, { 1ULL << 63, -EMSGSIZE },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		good_command();
		cmd->size = cases[i].size;
		/* Flags that are wrong too: they come later. */
		cmd->flags = 0x4;
		unit_user_memory.size = 8;
		EXPECT_EQ_CASE(cases[i].result, import(), "size %llu", cases[i].size);
		EXPECT_EQ(0x4711, cmd->return_flags);
	}
}

TEST(largest_command_is_taken)
{
	static const struct kdbus_vec vec = { .size = 1 };

	good_items();
	while (items.size + 40 + sizeof(*cmd) <= MAX_SIZE)
		items_add(&items, KDBUS_ITEM_PAYLOAD_VEC, &vec, sizeof(vec));
	command(0, &items);
	EXPECT_EQ(0, import());

	unit_fail_alloc_after(0);
	EXPECT_EQ(-ENOMEM, import());
	EXPECT_TRUE(unit_alloc_failed());
}

static void grow_size(void)
{
	cmd->size++;
}

TEST(size_that_changes_between_two_reads_is_refused)
{
	static const u8 types[512];

	good_items();
	items_add(&items, KDBUS_ITEM_NEGOTIATE, types, sizeof(types));
	command(0, &items);
	unit_user_memory.after_read = grow_size;
	EXPECT_EQ(-EINVAL, import());
}

TEST(size_of_a_small_command_is_read_once)
{
	size_t size;

	good_command();
	size = cmd->size;
	unit_user_memory.after_read = grow_size;
	EXPECT_EQ(0, kdbus_arg_import(&arg, cmd, &rules));
	EXPECT_TRUE(cmd->size > size);
	EXPECT_EQ(size, arg.size);
	EXPECT_EQ(size, arg.cmd->size);
	kdbus_arg_release(&arg);
}

TEST(unwritable_command_is_refused_before_its_flags_are_looked_at)
{
	good_command();
	cmd->flags = 0x4;
	unit_user_memory.read_only = true;
	EXPECT_EQ(-EFAULT, import());
}

TEST(return_flags_are_cleared_whatever_the_result)
{
	good_command();
	cmd->flags = 0x4;
	EXPECT_EQ(-EINVAL, import());
	EXPECT_EQ(0, cmd->return_flags);

	items_init(&items);
	command(0, &items);
	EXPECT_EQ(-EINVAL, import());
	EXPECT_EQ(0, cmd->return_flags);
}

TEST(each_unknown_flag_is_refused)
{
	unsigned int bit;

	for (bit = 0; bit < 63; bit++) {
		good_command();
		cmd->flags = BIT_ULL(bit);
		EXPECT_EQ_CASE(bit < 2 ? 0 : -EINVAL, import(), "bit %u", bit);
		good_command();
		cmd->flags = BIT_ULL(bit) | NEGOTIATE;
		EXPECT_EQ_CASE(bit < 2 ? 0 : -EINVAL, import(), "bit %u, negotiating", bit);
	}
}

TEST(ignored_flags_are_let_pass_and_not_reported)
{
	struct kdbus_arg_rules lax = rules;

	lax.ignored_flags = 0x78;
	good_command();
	cmd->flags = 0x79;
	EXPECT_EQ(0, kdbus_arg_import(&arg, cmd, &lax));
	EXPECT_EQ(0x1, arg.cmd->flags);
	kdbus_arg_release(&arg);
	cmd->flags = 0x78 | NEGOTIATE;
	EXPECT_EQ(0, import_rules(&lax));
	EXPECT_EQ(0x3, cmd->flags);
}

TEST(item_sizes_have_to_fit)
{
	static const u64 sizes[] = {
		0, 1, 15, 21, 25, 1000, MAX_SIZE, ~0ULL, ~0ULL - 7, 1ULL << 63, (1ULL << 32) + 20,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		good_command();
		((struct kdbus_item *)(base + sizeof(*cmd)))->size = sizes[i];
		EXPECT_EQ_CASE(-EINVAL, import(), "size %llu", sizes[i]);
	}
}

TEST(rest_that_is_no_item_is_refused)
{
	size_t rest;

	for (rest = 1; rest < 16; rest++) {
		good_items();
		items.size = 24 + rest;
		command(0, &items);
		EXPECT_EQ_CASE(-EINVAL, import(), "%zu bytes", rest);
	}
}

TEST(item_that_the_command_does_not_take_is_refused_also_when_negotiating)
{
	good_items();
	items_add_u64(&items, KDBUS_ITEM_DST_ID, 1);
	command(0, &items);
	EXPECT_EQ(-EINVAL, import());
	command(NEGOTIATE, &items);
	EXPECT_EQ(-EINVAL, import());
	EXPECT_EQ(NEGOTIATE, cmd->flags);
}

TEST(only_repeating_items_may_repeat)
{
	static const struct kdbus_vec vec = { .size = 1 };

	good_items();
	items_add(&items, KDBUS_ITEM_PAYLOAD_VEC, &vec, sizeof(vec));
	items_add(&items, KDBUS_ITEM_PAYLOAD_VEC, &vec, sizeof(vec));
	command(0, &items);
	EXPECT_EQ(0, import());
	items_add_str(&items, KDBUS_ITEM_NAME, "a.b");
	command(0, &items);
	EXPECT_EQ(-EINVAL, import());

	good_items();
	items_add(&items, KDBUS_ITEM_NEGOTIATE, "", 0);
	command(0, &items);
	EXPECT_EQ(0, import());
	items_add(&items, KDBUS_ITEM_NEGOTIATE, "", 0);
	command(0, &items);
	EXPECT_EQ(-EINVAL, import());
}

TEST(mandatory_item_may_lack_only_when_negotiating)
{
	items_init(&items);
	items_add_u64(&items, KDBUS_ITEM_ID, 1);
	command(0, &items);
	EXPECT_EQ(-EINVAL, import());
	command(NEGOTIATE, &items);
	EXPECT_EQ(0, import());
	EXPECT_TRUE(arg.negotiate);
	EXPECT_EQ(0x3, cmd->flags);
}

TEST(errors_come_in_the_order_of_the_items)
{
	static const struct kdbus_memfd memfd = { .size = 1, .fd = -1 };
	struct kdbus_arg_rules more = rules;

	more.items[0].type = KDBUS_ITEM_PAYLOAD_MEMFD;
	items_init(&items);
	items_add(&items, KDBUS_ITEM_PAYLOAD_MEMFD, &memfd, sizeof(memfd));
	items_add_u64(&items, 0x4711, 1);
	command(0, &items);
	EXPECT_EQ(-EBADF, import_rules(&more));

	items_init(&items);
	items_add_u64(&items, 0x4711, 1);
	items_add(&items, KDBUS_ITEM_PAYLOAD_MEMFD, &memfd, sizeof(memfd));
	command(0, &items);
	EXPECT_EQ(-EINVAL, import_rules(&more));
}

TEST(listed_types_are_answered_with_and_without_the_flag)
{
	static const u64 types[] = {
		KDBUS_ITEM_NAME, KDBUS_ITEM_DST_ID, KDBUS_ITEM_NEGOTIATE, 0, ~0ULL, KDBUS_ITEM_FDS,
	};
	static const u64 answers[] = {
		KDBUS_ITEM_NAME, 0, KDBUS_ITEM_NEGOTIATE, 0, 0, KDBUS_ITEM_FDS,
	};
	u64 flags, *seen;

	for (flags = 0; flags <= 1; flags++) {
		good_items();
		items_add(&items, KDBUS_ITEM_NEGOTIATE, types, sizeof(types));
		command(flags ? NEGOTIATE : 0, &items);
		EXPECT_EQ(0, import());
		EXPECT_EQ(flags, arg.negotiate);
		seen = (u64 *)(base + sizeof(*cmd) + 24 + 16);
		EXPECT_EQ(0, memcmp(answers, seen, sizeof(answers)));
	}
}

TEST(message_has_no_return_flags_to_clear)
{
	struct kdbus_arg_rules message = { .size = sizeof(struct kdbus_msg), .is_message = true };
	struct kdbus_msg msg = { .size = sizeof(msg), .priority = -7 };

	unit_user_memory = (struct unit_user_memory){ .start = (u8 *)&msg, .size = sizeof(msg) };
	EXPECT_EQ(0, kdbus_arg_import(&arg, &msg, &message));
	EXPECT_EQ(-7, arg.msg->priority);
	EXPECT_EQ(-7, msg.priority);
	kdbus_arg_release(&arg);
	unit_user_memory.read_only = true;
	EXPECT_EQ(0, kdbus_arg_import(&arg, &msg, &message));
	kdbus_arg_release(&arg);
}

TEST(first_item_of_each_type_is_remembered)
{
	static const struct kdbus_vec vecs[2] = { { .size = 1 }, { .size = 2 } };

	items_init(&items);
	items_add(&items, KDBUS_ITEM_PAYLOAD_VEC, &vecs[0], sizeof(vecs[0]));
	items_add_str(&items, KDBUS_ITEM_NAME, "a.b");
	items_add(&items, KDBUS_ITEM_PAYLOAD_VEC, &vecs[1], sizeof(vecs[1]));
	command(0, &items);
	EXPECT_EQ(0, kdbus_arg_import(&arg, cmd, &rules));
	EXPECT_EQ(0, strcmp(kdbus_arg_item(&arg, 0)->str, "a.b"));
	EXPECT_TRUE(!kdbus_arg_item(&arg, 1));
	EXPECT_EQ(1, kdbus_arg_item(&arg, 2)->vec.size);
	kdbus_arg_release(&arg);
}

/* The order of the specification, written down a second time. */
static int model(u64 flags, const u8 *bytes, size_t size)
{
	bool seen[5] = { false };
	size_t pos = 0, i;
	int ret;

	if (flags & ~(NEGOTIATE | 0x3))
		return -EINVAL;
	while (pos < size) {
		u64 header[2];
		u8 *copy;

		if (size - pos < 16)
			return -EINVAL;
		memcpy(header, bytes + pos, 16);
		if (header[0] < 16 || header[0] > size - pos)
			return -EINVAL;
		for (i = 0; i < 4; i++)
			if (rules.items[i].type == header[1])
				break;
		if (i == 4 && header[1] != KDBUS_ITEM_NEGOTIATE)
			return -EINVAL;
		copy = malloc(header[0]);
		memcpy(copy, bytes + pos, header[0]);
		ret = kdbus_item_check((void *)copy);
		free(copy);
		if (ret)
			return ret;
		if (seen[i] && (i == 4 || !rules.items[i].repeats))
			return -EINVAL;
		seen[i] = true;
		pos += (header[0] + 7) / 8 * 8;
	}
	if (pos != (size + 7) / 8 * 8)
		return -EINVAL;
	return seen[0] || flags & NEGOTIATE ? 0 : -EINVAL;
}

static void random_items(void)
{
	static const u64 types[] = {
		KDBUS_ITEM_NAME, KDBUS_ITEM_ID, KDBUS_ITEM_PAYLOAD_VEC, KDBUS_ITEM_PAYLOAD_VEC,
		KDBUS_ITEM_FDS, KDBUS_ITEM_FDS, KDBUS_ITEM_NEGOTIATE, KDBUS_ITEM_DST_ID,
	};
	static const struct kdbus_vec vec = { .size = 3 };
	unsigned int n = unit_random() % 6;

	items_init(&items);
	if (unit_random() % 4)
		items_add_str(&items, KDBUS_ITEM_NAME, "a.b.c" + unit_random() % 3);
	while (n--) {
		u64 type = types[unit_random() % (unit_random() % 8 ? 6 : 8)];

		if (type == KDBUS_ITEM_NAME)
			items_add_u64(&items, KDBUS_ITEM_ID, unit_random());
		else
			items_add(&items, type, &vec,
				  type == KDBUS_ITEM_FDS ? unit_random() % 4 * 4 :
				  type == KDBUS_ITEM_PAYLOAD_VEC ? sizeof(vec) : 8);
	}
	if (unit_random() % 4 == 0)
		items.size += unit_random() % 12;
}

TEST(mutated_commands_get_the_result_of_the_model)
{
	unsigned int n_good = 0, n_bad = 0, round;

	for (round = 0; round < 100000 && !unit_failed(); round++) {
		u64 flags = unit_random() % 8 ? unit_random() % 4 : unit_random() % 8;
		unsigned int n = unit_random() % 3;
		int expected;

		if (unit_random() % 8 == 0)
			flags |= NEGOTIATE;
		random_items();
		while (n-- && items.size) {
			u8 *bytes = (u8 *)items.data;

			bytes[unit_random() % items.size] = unit_random() % 3 ? unit_random() % 40 :
							    unit_random();
		}
		expected = model(flags, (u8 *)items.data, items.size);
		command(flags, &items);
		EXPECT_EQ_CASE(expected, import(), "round %u", round);
		if (expected)
			n_bad++;
		else
			n_good++;
	}
	EXPECT_TRUE(n_good > 10000);
	EXPECT_TRUE(n_bad > 10000);
	free(base);
	base = NULL;
}
