// SPDX-License-Identifier: LGPL-2.1-or-later
/* How every command reads its argument: each row alone, and their order. */
#include "commands.h"
#include "kselftest_harness.h"

#define STALE 0xdeadbeefULL

FIXTURE_COMMANDS(parser);

/* abi: 6.2/valid, 3/returns-0 */
TEST_F(parser, right_arguments_succeed)
{
	self->args.cmd.return_flags = STALE;
	EXPECT_EQ(0, command(self->fd, variant->cmd->nr, &self->args));
	EXPECT_EQ(variant->cmd->return_flags, self->args.cmd.return_flags);
}

/* abi: 6.2/1 */
TEST_F(parser, misaligned_address_is_efault)
{
	static __u8 memory[sizeof(struct args) + 8] __attribute__((aligned(8)));
	unsigned int shift;

	for (shift = 1; shift < 8; shift++) {
		memcpy(memory + shift, &self->args, sizeof(self->args));
		EXPECT_EQ(-EFAULT, command(self->fd, variant->cmd->nr, memory + shift));
	}
}

/* abi: 6.2/1 */
TEST_F(parser, unreadable_size_is_efault)
{
	void *hole = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, hole);
	EXPECT_EQ(-EFAULT, command(self->fd, variant->cmd->nr, hole));
	EXPECT_EQ(-EFAULT, command(self->fd, variant->cmd->nr, NULL));
	EXPECT_EQ(-EFAULT, command(self->fd, variant->cmd->nr, (void *)~7UL));
}

/* abi: 6.2/2 */
TEST_F(parser, size_below_the_fixed_structure_is_einval)
{
	size_t size;

	for (size = 0; size < variant->cmd->fixed; size++) {
		self->args.size = size;
		EXPECT_EQ(-EINVAL, command(self->fd, variant->cmd->nr, &self->args));
	}
}

/* abi: 6.2/3, 5.4/argument-size */
TEST_F(parser, size_above_32768_is_emsgsize)
{
	self->args.size = ARGS_MAX + 1;
	EXPECT_EQ(-EMSGSIZE, command(self->fd, variant->cmd->nr, &self->args));
	self->args.size = ~0ULL;
	EXPECT_EQ(-EMSGSIZE, command(self->fd, variant->cmd->nr, &self->args));
	self->args.size = 1ULL << 32;
	EXPECT_EQ(-EMSGSIZE, command(self->fd, variant->cmd->nr, &self->args));
}

/* abi: 5.4/argument-size */
TEST_F(parser, size_of_32768_is_taken)
{
	size_t used = A8(self->args.size) + ITEM_HEADER;

	args_item(&self->args, KDBUS_ITEM_NEGOTIATE, NULL, ARGS_MAX - used);
	ASSERT_EQ(ARGS_MAX, self->args.size);
	EXPECT_EQ(0, command(self->fd, variant->cmd->nr, &self->args));
}

/* abi: 6.2/4 */
TEST_F(parser, unreadable_rest_is_efault)
{
	void *hole;

	args_item(&self->args, KDBUS_ITEM_NEGOTIATE, NULL, 8);
	hole = args_before_hole(&self->args, self->args.size - 8);
	ASSERT_NE(NULL, hole);
	EXPECT_EQ(-EFAULT, command(self->fd, variant->cmd->nr, hole));
	hole = args_before_hole(&self->args, 8);
	ASSERT_NE(NULL, hole);
	EXPECT_EQ(-EFAULT, command(self->fd, variant->cmd->nr, hole));
}

/* abi: 6.2/4 */
TEST_F(parser, not_a_byte_beyond_size_is_read)
{
	void *hole = args_before_hole(&self->args, A8(self->args.size));

	ASSERT_NE(NULL, hole);
	EXPECT_EQ(0, command(self->fd, variant->cmd->nr, hole));
}

/* What is right in front of the last address that a process can have. */
static __u8 *end_of_memory(void)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	/* Numbers: to the compiler a pointer that is counted from NULL points nowhere. */
	uintptr_t at = sizeof(void *) == 8 ? 1ULL << 47 : 0;
	void *found;

	do {
		at -= page;
		found = mmap((void *)at, page, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	} while (found == MAP_FAILED && errno == ENOMEM);
	return found == MAP_FAILED ? NULL : found + page;
}

/* abi: 6.2/valid */
TEST_F(parser, argument_at_the_end_of_the_address_space_is_read)
{
	size_t size = A8(self->args.size);
	__u8 *end = end_of_memory();
	struct kdbus_cmd *cmd;

	ASSERT_NE(NULL, end);
	/* One word too far. */
	memcpy(end - size + 8, &self->args, size - 8);
	EXPECT_EQ(-EFAULT, command(self->fd, variant->cmd->nr, end - size + 8));

	cmd = (void *)(end - size);
	memcpy(cmd, &self->args, size);
	cmd->return_flags = STALE;
	EXPECT_EQ(0, command(self->fd, variant->cmd->nr, cmd));
	EXPECT_EQ(variant->cmd->return_flags, cmd->return_flags);
}

/* abi: 6.2/6 */
TEST_F(parser, return_flags_are_stored_on_error_too)
{
	self->args.cmd.return_flags = STALE;
	self->args.cmd.flags = 1ULL << 32;
	EXPECT_EQ(-EINVAL, command(self->fd, variant->cmd->nr, &self->args));
	EXPECT_EQ(0, self->args.cmd.return_flags);
}

/* abi: 6.2/6 */
TEST_F(parser, return_flags_are_not_stored_before_the_size_is_known)
{
	self->args.cmd.return_flags = STALE;
	self->args.size = ARGS_MAX + 1;
	EXPECT_EQ(-EMSGSIZE, command(self->fd, variant->cmd->nr, &self->args));
	EXPECT_EQ(STALE, self->args.cmd.return_flags);
	self->args.size = variant->cmd->fixed - 1;
	EXPECT_EQ(-EINVAL, command(self->fd, variant->cmd->nr, &self->args));
	EXPECT_EQ(STALE, self->args.cmd.return_flags);
}

/* abi: 6.2/6 */
TEST_F(parser, return_flags_that_cannot_be_stored_are_efault)
{
	void *memory;

	self->args.cmd.flags = 1ULL << 32;
	memory = args_read_only(&self->args);
	ASSERT_NE(NULL, memory);
	EXPECT_EQ(-EFAULT, command(self->fd, variant->cmd->nr, memory));
}

/* abi: 6.2/6 */
TEST_F(parser, success_that_cannot_be_told_is_efault)
{
	void *memory = args_read_only(&self->args);

	ASSERT_NE(NULL, memory);
	EXPECT_EQ(-EFAULT, command(self->fd, variant->cmd->nr, memory));
}

/* abi: 6.2/7 */
TEST_F(parser, unknown_flags_are_einval)
{
	__u64 known = variant->cmd->flags | variant->cmd->ignored;
	unsigned int bit;

	for (bit = 0; bit < 63; bit++) {
		/* bits 16 to 31 may gain a meaning */
		if (known & (1ULL << bit) || (bit >= 16 && bit < 32))
			continue;
		self->args.cmd.flags = 1ULL << bit;
		EXPECT_EQ(-EINVAL, command(self->fd, variant->cmd->nr, &self->args)) {
			TH_LOG("bit %u", bit);
		}
	}
}

/* abi: 6.2/7, 6.2/unknown-in-negotiation */
TEST_F(parser, unknown_flags_are_einval_in_negotiation_too)
{
	self->args.cmd.flags = KDBUS_FLAG_NEGOTIATE | 1ULL << 32;
	EXPECT_EQ(-EINVAL, command(self->fd, variant->cmd->nr, &self->args));
}

/* abi: 6.2/8a */
TEST_F(parser, half_an_item_header_is_einval)
{
	struct kdbus_item *item = args_item(&self->args, KDBUS_ITEM_NEGOTIATE, NULL, 0);
	__u64 start = (__u8 *)item - (__u8 *)&self->args;
	unsigned int bytes;

	for (bytes = 1; bytes < ITEM_HEADER; bytes++) {
		self->args.size = start + bytes;
		EXPECT_EQ(-EINVAL, command(self->fd, variant->cmd->nr, &self->args));
	}
}

/* abi: 6.2/8a */
TEST_F(parser, item_smaller_than_its_header_is_einval)
{
	struct kdbus_item *item = args_item(&self->args, KDBUS_ITEM_NEGOTIATE, NULL, 8);

	for (item->size = 0; item->size < ITEM_HEADER; item->size++) {
		EXPECT_EQ(-EINVAL, command(self->fd, variant->cmd->nr, &self->args));
	}
}

/* abi: 6.2/8a */
TEST_F(parser, item_beyond_the_object_is_einval)
{
	struct kdbus_item *item = args_item(&self->args, KDBUS_ITEM_NEGOTIATE, NULL, 8);

	item->size = ITEM_HEADER + 16;
	EXPECT_EQ(-EINVAL, command(self->fd, variant->cmd->nr, &self->args));
	item->size = ARGS_MAX;
	EXPECT_EQ(-EINVAL, command(self->fd, variant->cmd->nr, &self->args));
}

/* abi: 6.2/8a */
TEST_F(parser, item_that_wraps_around_is_einval)
{
	struct kdbus_item *item = args_item(&self->args, KDBUS_ITEM_NEGOTIATE, NULL, 8);
	__u64 back;

	for (back = 0; back < 32; back++) {
		item->size = ~0ULL - back;
		EXPECT_EQ(-EINVAL, command(self->fd, variant->cmd->nr, &self->args));
	}
	item->size = 1ULL << 63;
	EXPECT_EQ(-EINVAL, command(self->fd, variant->cmd->nr, &self->args));
	item->size = (1ULL << 32) + ITEM_HEADER + 8;
	EXPECT_EQ(-EINVAL, command(self->fd, variant->cmd->nr, &self->args));
}

/* abi: 6.2/8b, 6.5/BUS_MAKE, 6.5/ENDPOINT_MAKE, 6.5/ENDPOINT_UPDATE, 6.5/HELLO, 6.5/UPDATE */
/* abi: 6.5/CONN_INFO, 6.5/NAME_ACQUIRE, 6.5/NAME_RELEASE, 6.5/MATCH_ADD, 6.5/SEND-command */
/* abi: 6.5/none */
TEST_F(parser, items_of_other_commands_are_einval)
{
	static const __u64 ranges[][2] = {
		{ 0, 20 }, { 0xfff, 0x1010 }, { 0x1fff, 0x2003 }, { 0x7fff, 0x8008 },
		{ 0xffffffff, 0x100000002 }, { ~0ULL - 1, ~0ULL },
	};
	__u64 size = self->args.size, type;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		for (type = ranges[i][0]; type < ranges[i][1]; type++) {
			if (command_takes(variant->cmd, type))
				continue;
			self->args.size = size;
			args_item(&self->args, type, NULL, 8);
			EXPECT_EQ(-EINVAL, command(self->fd, variant->cmd->nr, &self->args)) {
				TH_LOG("type %llx", type);
			}
		}
	}
}

/* abi: 6.2/8d, 6.5/negotiate-once */
TEST_F(parser, second_negotiate_item_is_einval)
{
	args_item(&self->args, KDBUS_ITEM_NEGOTIATE, NULL, 8);
	args_item(&self->args, KDBUS_ITEM_NEGOTIATE, NULL, 8);
	EXPECT_EQ(-EINVAL, command(self->fd, variant->cmd->nr, &self->args));
}

/* abi: 6.2/9 */
TEST_F(parser, bytes_behind_the_last_item_are_einval)
{
	args_item(&self->args, KDBUS_ITEM_NEGOTIATE, NULL, 8);
	for (self->args.size++; self->args.size & 7; self->args.size++) {
		EXPECT_EQ(-EINVAL, command(self->fd, variant->cmd->nr, &self->args));
	}
	EXPECT_EQ(-EINVAL, command(self->fd, variant->cmd->nr, &self->args));
}

/* abi: 6.2/1, 6.2/2, 6.2/3, 6.2/4 (order) */
TEST_F(parser, checks_ordering_of_address_and_size)
{
	struct args *hole;

	/* misaligned comes before a size that is too small */
	self->args.size = 0;
	EXPECT_EQ(-EFAULT, command(self->fd, variant->cmd->nr, (__u8 *)&self->args + 1));

	/* a size out of range comes before memory that is not there */
	hole = args_before_hole(&self->args, 8);
	ASSERT_NE(NULL, hole);
	hole->size = 8;
	EXPECT_EQ(-EINVAL, command(self->fd, variant->cmd->nr, hole));
	hole->size = ARGS_MAX + 1;
	EXPECT_EQ(-EMSGSIZE, command(self->fd, variant->cmd->nr, hole));
	hole->size = ARGS_MAX;
	EXPECT_EQ(-EFAULT, command(self->fd, variant->cmd->nr, hole));
}

/* abi: 6.2/4, 6.2/7 (order) */
TEST_F(parser, checks_ordering_of_memory_and_flags)
{
	void *hole;

	self->args.cmd.flags = 1ULL << 32;
	args_item(&self->args, KDBUS_ITEM_NEGOTIATE, NULL, 8);
	hole = args_before_hole(&self->args, self->args.size - 8);
	ASSERT_NE(NULL, hole);
	EXPECT_EQ(-EFAULT, command(self->fd, variant->cmd->nr, hole));
}

struct size_race {
	volatile __u64 *size;
	__u64 values[2];
	volatile bool stop;
};

static void *change_size(void *data)
{
	struct size_race *race = data;

	while (!race->stop) {
		*race->size = race->values[0];
		*race->size = race->values[1];
	}
	return NULL;
}

/*
 * Both sizes are right, so the only other answer is that it changed meanwhile.
 * The large argument needs an allocation between the reads, so that with
 * a second CPU the race is won soon.
 */
/* abi: 6.2/5 */
TEST(size_that_changes_between_two_reads_is_einval)
{
	__u64 end = deadline_ms(PATIENCE_MS);
	struct size_race race;
	struct args args;
	pthread_t thread;
	struct conn conn;
	struct bus bus;
	int ret;

	ASSERT_EQ(0, bus_make(&bus));
	ASSERT_EQ(0, conn_new(&conn, &bus));
	args_info(&args);
	args_item(&args, KDBUS_ITEM_NEGOTIATE, NULL, 30000);
	args_str(&args, KDBUS_ITEM_NAME, "no.such.name");
	race = (struct size_race){ .size = &args.size, .values = { args.size, A8(args.size) } };
	ASSERT_NE(race.values[0], race.values[1]);
	ASSERT_EQ(0, pthread_create(&thread, NULL, change_size, &race));
	do
		ret = command(conn.fd, KDBUS_CMD_CONN_INFO, &args);
	while (ret == -ESRCH && now_ns() < end);
	race.stop = true;
	ASSERT_EQ(0, pthread_join(thread, NULL));
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1) {
		EXPECT_EQ(-EINVAL, ret);
	} else {
		EXPECT_TRUE(ret == -ESRCH || ret == -EINVAL);
	}
	conn_close(&conn);
	bus_close(&bus);
}

TEST_HARNESS_MAIN
