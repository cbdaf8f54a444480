// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What each type of item may look like.  Each test sends a command that is
 * right but for the one item.
 */
#include "commands.h"
#include "kselftest_harness.h"

FIXTURE(items) {
	struct world world;
};

FIXTURE_SETUP(items)
{
	ASSERT_EQ(0, world_new(&self->world));
}

FIXTURE_TEARDOWN(items)
{
	world_free(&self->world);
}

static int run(struct world *world, const struct command *cmd, struct args *args, int fd)
{
	int ret = fd < 0 ? fd : command(fd, cmd->nr, args);

	if (world->file >= 0)
		close(world->file);
	world->file = -1;
	return ret;
}

static int try_hello(struct world *world, __u64 flags, __u64 type, const void *payload, size_t size)
{
	struct args args;
	int fd = command_hello.prepare(world, &args);

	args.hello.flags = flags;
	args_item(&args, type, payload, size);
	return run(world, &command_hello, &args, fd);
}

static int try_command(struct world *world, const struct command *cmd, __u64 type,
		       const void *payload, size_t size)
{
	struct args args;
	int fd = cmd->prepare(world, &args);

	args_item(&args, type, payload, size);
	return run(world, cmd, &args, fd);
}

/* NAME_ACQUIRE of just this payload */
static int try_name(struct world *world, const void *payload, size_t size)
{
	struct args args;

	args_cmd(&args);
	args_item(&args, KDBUS_ITEM_NAME, payload, size);
	return command(world->a.fd, KDBUS_CMD_NAME_ACQUIRE, &args);
}

static int try_message(struct world *world, __u64 flags, __u64 type, const void *payload,
		       size_t size)
{
	struct args msg;

	args_msg(&msg, world->b.id, 1);
	msg.msg.flags = flags;
	args_item(&msg, type, payload, size);
	return msg_send(&world->a, &msg);
}

static int try_bus_name(struct world *world, const void *payload, size_t size)
{
	struct args args;
	int fd = command_bus_make.prepare(world, &args);

	args_cmd(&args);
	args_item(&args, KDBUS_ITEM_MAKE_NAME, payload, size);
	args_bloom_parameter(&args, BLOOM_SIZE, 1);
	return run(world, &command_bus_make, &args, fd);
}

/* abi: 6.3/NEGOTIATE */
TEST_F(items, negotiate_payload_is_a_multiple_of_8)
{
	size_t size;

	for (size = 0; size <= 32; size++) {
		EXPECT_EQ(size % 8 ? -EINVAL : 0,
			  try_command(&self->world, &command_update, KDBUS_ITEM_NEGOTIATE, NULL,
				      size));
	}
}

/* abi: 6.3/PAYLOAD_VEC */
TEST_F(items, vec_payload_is_16_bytes)
{
	struct kdbus_vec vecs[3] = { { .size = 8 }, { .size = 8 } };
	size_t size;

	for (size = 0; size <= 40; size++) {
		EXPECT_EQ(size == 16 ? 0 : -EINVAL,
			  try_message(&self->world, 0, KDBUS_ITEM_PAYLOAD_VEC, vecs, size));
	}
}

/* abi: 6.3/PAYLOAD_VEC */
TEST_F(items, vec_of_no_bytes_is_einval)
{
	struct kdbus_vec vec = { .size = 0, .address = (uintptr_t)&vec };

	EXPECT_EQ(-EINVAL, try_message(&self->world, 0, KDBUS_ITEM_PAYLOAD_VEC, &vec,
				       sizeof(vec)));
}

/* abi: 6.3/PAYLOAD_MEMFD */
TEST_F(items, memfd_payload_is_24_bytes)
{
	struct kdbus_memfd memfds[2] = { { .size = 8 } };
	size_t size;

	memfds[0].fd = memfd_new("12345678", 8, SEALS_ALL);
	ASSERT_LE(0, memfds[0].fd);
	for (size = 0; size <= 48; size++) {
		EXPECT_EQ(size == 24 ? 0 : -EINVAL,
			  try_message(&self->world, 0, KDBUS_ITEM_PAYLOAD_MEMFD, memfds, size));
	}
}

/* abi: 6.3/PAYLOAD_MEMFD */
TEST_F(items, memfd_of_no_bytes_is_einval)
{
	struct kdbus_memfd memfd = { .size = 0, .fd = memfd_new("12345678", 8, SEALS_ALL) };

	ASSERT_LE(0, memfd.fd);
	EXPECT_EQ(-EINVAL, try_message(&self->world, 0, KDBUS_ITEM_PAYLOAD_MEMFD, &memfd,
				       sizeof(memfd)));
	/* and that comes before the descriptor */
	memfd.fd = -1;
	EXPECT_EQ(-EINVAL, try_message(&self->world, 0, KDBUS_ITEM_PAYLOAD_MEMFD, &memfd,
				       sizeof(memfd)));
}

/* abi: 6.3/PAYLOAD_MEMFD-fd */
TEST_F(items, memfd_with_negative_descriptor_is_ebadf)
{
	struct kdbus_memfd memfd = { .size = 8, .fd = -1 };

	EXPECT_EQ(-EBADF, try_message(&self->world, 0, KDBUS_ITEM_PAYLOAD_MEMFD, &memfd,
				      sizeof(memfd)));
	memfd.fd = INT_MIN;
	EXPECT_EQ(-EBADF, try_message(&self->world, 0, KDBUS_ITEM_PAYLOAD_MEMFD, &memfd,
				      sizeof(memfd)));
}

/* abi: 6.3/FDS */
TEST_F(items, fds_payload_is_a_multiple_of_4)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int fds[4] = { null, null, null, null };
	size_t size;

	ASSERT_LE(0, null);
	for (size = 0; size <= sizeof(fds); size++) {
		EXPECT_EQ(size % 4 ? -EINVAL : 0,
			  try_message(&self->world, 0, KDBUS_ITEM_FDS, fds, size));
		recv_all(&self->world.b);
	}
}

/* abi: 6.3/FDS, 21/H9 */
TEST_F(items, empty_fds_means_no_descriptors)
{
	struct conn deaf;

	ASSERT_EQ(0, try_message(&self->world, 0, KDBUS_ITEM_FDS, NULL, 0));
	EXPECT_EQ(1, recv_cookie(&self->world.b));
	/* so one that takes no descriptors gets it too */
	ASSERT_EQ(0, conn_new_flags(&deaf, &self->world.bus, 0));
	conn_close(&self->world.b);
	self->world.b = deaf;
	EXPECT_EQ(0, try_message(&self->world, 0, KDBUS_ITEM_FDS, NULL, 0));
	EXPECT_EQ(1, recv_cookie(&self->world.b));
}

/* abi: 6.3/CANCEL_FD */
TEST_F(items, cancel_fd_payload_is_4_bytes)
{
	int pipes[2], payload[4] = { 0 };
	size_t size;

	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	payload[0] = pipes[0];
	for (size = 0; size <= sizeof(payload); size++) {
		EXPECT_EQ(size == 4 ? 0 : -EINVAL,
			  try_command(&self->world, &command_send, KDBUS_ITEM_CANCEL_FD, payload,
				      size));
	}
}

/* abi: 6.3/BLOOM_PARAMETER */
TEST_F(items, bloom_parameter_payload_is_16_bytes)
{
	struct kdbus_bloom_parameter bloom[2] = { { .size = 8, .n_hash = 1 } };
	char name[BUS_NAME_MAX + 1];
	struct args args;
	size_t size;
	int fd;

	for (size = 0; size <= sizeof(bloom); size++) {
		fd = command_bus_make.prepare(&self->world, &args);
		bus_name_unique(name);
		args_cmd(&args);
		args_str(&args, KDBUS_ITEM_MAKE_NAME, name);
		args_item(&args, KDBUS_ITEM_BLOOM_PARAMETER, bloom, size);
		EXPECT_EQ(size == 16 ? 0 : -EINVAL,
			  run(&self->world, &command_bus_make, &args, fd));
	}
}

/* abi: 6.3/BLOOM_FILTER */
TEST_F(items, bloom_filter_payload_is_at_least_8_bytes)
{
	size_t size;

	for (size = 0; size < 8; size++) {
		EXPECT_EQ(-EINVAL, try_message(&self->world, KDBUS_MSG_SIGNAL,
					       KDBUS_ITEM_BLOOM_FILTER, NULL, size));
	}
	/* the parser lets it pass, the size of the bus does not */
	EXPECT_EQ(-EDOM, try_message(&self->world, KDBUS_MSG_SIGNAL, KDBUS_ITEM_BLOOM_FILTER,
				     NULL, 8));
	EXPECT_EQ(0, try_message(&self->world, KDBUS_MSG_SIGNAL, KDBUS_ITEM_BLOOM_FILTER, NULL,
				 8 + BLOOM_SIZE));
}

/* abi: 6.3/BLOOM_MASK */
TEST_F(items, bloom_mask_of_wrong_size_passes_the_parser)
{
	EXPECT_EQ(-EDOM, try_command(&self->world, &command_match_add, KDBUS_ITEM_BLOOM_MASK,
				     NULL, 0));
	EXPECT_EQ(-EDOM, try_command(&self->world, &command_match_add, KDBUS_ITEM_BLOOM_MASK,
				     NULL, 3));
	EXPECT_EQ(0, try_command(&self->world, &command_match_add, KDBUS_ITEM_BLOOM_MASK, NULL,
				 BLOOM_SIZE));
}

/* Strings of the character class of bus names and descriptions. */
static const struct {
	const char *name;
	bool valid;
} sysnames[] = {
	{ "a", true }, { "Z", true }, { "0", true }, { "_", true }, { "a-b", true },
	{ "a.b", true }, { "a--..b", true }, { "a_", true }, { "_a", true },
	{ "-a", false }, { "a-", false }, { ".a", false }, { "a.", false }, { "-", false },
	{ ".", false }, { "a b", false }, { "a/b", false }, { "a:b", false }, { "a\nb", false },
	{ "a\xe4", false }, { "\xc0", false }, { "a\x7f", false }, { "a\x01", false },
	{ "a@b", false }, { "a[b", false }, { "a`b", false }, { "a{b", false },
};

/* abi: 6.3/CONN_DESCRIPTION, 6.3/sysname, 21/H11 */
TEST_F(items, description_follows_the_sysname_rule)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sysnames); i++) {
		EXPECT_EQ(sysnames[i].valid ? 0 : -EINVAL,
			  try_hello(&self->world, 0, KDBUS_ITEM_CONN_DESCRIPTION,
				    sysnames[i].name, strlen(sysnames[i].name) + 1)) {
			TH_LOG("\"%s\"", sysnames[i].name);
		}
	}
}

/* abi: 6.3/MAKE_NAME, 6.3/sysname, 21/H11 */
TEST_F(items, bus_name_follows_the_sysname_rule)
{
	char name[BUS_NAME_MAX + 32];
	unsigned int i;
	size_t start;

	for (i = 0; i < ARRAY_SIZE(sysnames); i++) {
		if (strchr("-.", sysnames[i].name[0]) && sysnames[i].name[1])
			continue;	/* wrong only at the start */
		bus_name_unique(name);
		start = strlen(name);
		strcpy(name + start, sysnames[i].name);
		EXPECT_EQ(sysnames[i].valid ? 0 : -EINVAL,
			  try_bus_name(&self->world, name, strlen(name) + 1)) {
			TH_LOG("\"%s\"", name);
		}
	}
}

/* abi: 6.3/CONN_DESCRIPTION, 5.4/name-length */
TEST_F(items, description_length_is_1_to_63)
{
	char text[80];

	memset(text, 'x', sizeof(text));
	/* no payload, an empty string */
	EXPECT_EQ(-EINVAL, try_hello(&self->world, 0, KDBUS_ITEM_CONN_DESCRIPTION, "", 0));
	EXPECT_EQ(-EINVAL, try_hello(&self->world, 0, KDBUS_ITEM_CONN_DESCRIPTION, "", 1));
	text[63] = 0;
	EXPECT_EQ(0, try_hello(&self->world, 0, KDBUS_ITEM_CONN_DESCRIPTION, text, 64));
	text[63] = 'x';
	text[64] = 0;
	EXPECT_EQ(-ENAMETOOLONG,
		  try_hello(&self->world, 0, KDBUS_ITEM_CONN_DESCRIPTION, text, 65));
}

/* abi: 6.3/MAKE_NAME, 5.4/name-length */
TEST_F(items, bus_name_length_is_up_to_63)
{
	char name[80];
	size_t start;

	EXPECT_EQ(-EINVAL, try_bus_name(&self->world, "", 0));
	EXPECT_EQ(-EINVAL, try_bus_name(&self->world, "", 1));
	memset(name, 0, sizeof(name));
	bus_name_unique(name);
	start = strlen(name);
	memset(name + start, 'x', 64 - start);
	EXPECT_EQ(-ENAMETOOLONG, try_bus_name(&self->world, name, 65));
	name[63] = 0;
	EXPECT_EQ(0, try_bus_name(&self->world, name, 64));
}

/* abi: 6.3/CONN_DESCRIPTION */
TEST_F(items, description_has_one_nul_at_its_end)
{
	EXPECT_EQ(-EINVAL, try_hello(&self->world, 0, KDBUS_ITEM_CONN_DESCRIPTION, "abcd", 4));
	EXPECT_EQ(-EINVAL, try_hello(&self->world, 0, KDBUS_ITEM_CONN_DESCRIPTION, "ab\0cd", 6));
	EXPECT_EQ(-EINVAL, try_hello(&self->world, 0, KDBUS_ITEM_CONN_DESCRIPTION, "abcd\0", 6));
}

/* abi: 6.3/MAKE_NAME (order) */
TEST_F(items, checks_ordering_of_name_length_and_form)
{
	char text[80];

	/* neither terminated nor valid, but too long */
	memset(text, '/', sizeof(text));
	EXPECT_EQ(-ENAMETOOLONG,
		  try_hello(&self->world, 0, KDBUS_ITEM_CONN_DESCRIPTION, text, 65));
	EXPECT_EQ(-ENAMETOOLONG, try_bus_name(&self->world, text, 65));
	EXPECT_EQ(-EINVAL, try_hello(&self->world, 0, KDBUS_ITEM_CONN_DESCRIPTION, text, 64));
}

/* abi: 6.3/ATTACH_FLAGS */
TEST_F(items, attach_flags_payload_is_8_bytes)
{
	size_t size;

	for (size = 0; size <= 24; size++) {
		EXPECT_EQ(size == 8 ? 0 : -EINVAL,
			  try_command(&self->world, &command_update, KDBUS_ITEM_ATTACH_FLAGS_SEND,
				      NULL, size));
		EXPECT_EQ(size == 8 ? 0 : -EINVAL,
			  try_command(&self->world, &command_update, KDBUS_ITEM_ATTACH_FLAGS_RECV,
				      NULL, size));
	}
}

/* abi: 6.3/ID */
TEST_F(items, id_payload_is_8_bytes)
{
	size_t size;

	for (size = 0; size <= 24; size++) {
		EXPECT_EQ(size == 8 ? 0 : -EINVAL,
			  try_command(&self->world, &command_match_add, KDBUS_ITEM_ID, NULL, size));
		EXPECT_EQ(size == 8 ? 0 : -EINVAL,
			  try_command(&self->world, &command_match_add, KDBUS_ITEM_DST_ID, NULL,
				      size));
	}
}

/* abi: 6.3/CREDS */
TEST_F(items, creds_payload_is_64_bytes)
{
	__u64 unknown[10];
	size_t size;

	for (size = 0; size < ARRAY_SIZE(unknown); size++)
		unknown[size] = 0xffffffff;
	for (size = 0; size <= sizeof(unknown); size += 4) {
		EXPECT_EQ(size == 64 ? 0 : -EINVAL,
			  try_hello(&self->world, 0, KDBUS_ITEM_CREDS, unknown, size));
	}
}

/* abi: 6.3/PIDS, 21/H10 */
TEST_F(items, pids_payload_is_24_bytes)
{
	size_t size;

	for (size = 0; size <= 40; size += 4) {
		EXPECT_EQ(size == 24 ? 0 : -EINVAL,
			  try_hello(&self->world, 0, KDBUS_ITEM_PIDS, NULL, size));
	}
}

/* abi: 6.3/NAME */
TEST_F(items, name_is_a_string_with_one_nul_at_its_end)
{
	EXPECT_EQ(-EINVAL, try_name(&self->world, "", 0));
	EXPECT_EQ(-EINVAL, try_name(&self->world, "a.b", 3));
	EXPECT_EQ(-EINVAL, try_name(&self->world, "a.b\0\0", 5));
	EXPECT_EQ(-EINVAL, try_name(&self->world, "a.\0b", 5));
	EXPECT_EQ(0, try_name(&self->world, "a.b", 4));
}

/* abi: 6.3/NAME */
TEST_F(items, destination_name_is_a_string_with_one_nul_at_its_end)
{
	EXPECT_EQ(-EINVAL, try_message(&self->world, 0, KDBUS_ITEM_DST_NAME, "", 0));
	EXPECT_EQ(-EINVAL, try_message(&self->world, 0, KDBUS_ITEM_DST_NAME, "a.b", 3));
	EXPECT_EQ(-EINVAL, try_message(&self->world, 0, KDBUS_ITEM_DST_NAME, "a.b\0\0", 5));
	EXPECT_EQ(-EINVAL, try_message(&self->world, 0, KDBUS_ITEM_DST_NAME, "a.\0b", 5));
	EXPECT_EQ(-ESRCH, try_message(&self->world, 0, KDBUS_ITEM_DST_NAME, "a.b", 4));
}

/* abi: 6.3/SECLABEL */
TEST_F(items, label_is_a_string_with_one_nul_at_its_end)
{
	EXPECT_EQ(-EINVAL, try_hello(&self->world, 0, KDBUS_ITEM_SECLABEL, "", 0));
	EXPECT_EQ(-EINVAL, try_hello(&self->world, 0, KDBUS_ITEM_SECLABEL, "label", 5));
	EXPECT_EQ(-EINVAL, try_hello(&self->world, 0, KDBUS_ITEM_SECLABEL, "la\0el", 6));
	EXPECT_EQ(0, try_hello(&self->world, 0, KDBUS_ITEM_SECLABEL, "", 1));
	EXPECT_EQ(0, try_hello(&self->world, 0, KDBUS_ITEM_SECLABEL, "label", 6));
}

/* abi: 6.3/POLICY_ACCESS */
TEST_F(items, policy_access_payload_is_24_bytes)
{
	size_t size;

	/* an ordinary connection ignores what it says */
	for (size = 0; size <= 40; size++) {
		EXPECT_EQ(size == 24 ? 0 : -EINVAL,
			  try_hello(&self->world, 0, KDBUS_ITEM_POLICY_ACCESS, NULL, size));
	}
}

/* abi: 6.3/NAME_CHANGE */
TEST_F(items, name_change_payload_is_32_bytes_and_perhaps_a_string)
{
	__u64 type;
	char payload[48] = "";
	size_t size;

	for (type = KDBUS_ITEM_NAME_ADD; type <= KDBUS_ITEM_NAME_CHANGE; type++) {
		for (size = 0; size < 32; size++) {
			EXPECT_EQ(-EINVAL, try_command(&self->world, &command_match_add, type,
						       payload, size));
		}
		EXPECT_EQ(0, try_command(&self->world, &command_match_add, type, payload, 32));
		strcpy(payload + 32, "a.b");
		EXPECT_EQ(0, try_command(&self->world, &command_match_add, type, payload, 36));
		EXPECT_EQ(-EINVAL, try_command(&self->world, &command_match_add, type, payload,
					       35));
		EXPECT_EQ(-EINVAL, try_command(&self->world, &command_match_add, type, payload,
					       37));
	}
}

/* abi: 6.3/ID_CHANGE */
TEST_F(items, id_change_payload_is_16_bytes)
{
	size_t size;

	for (size = 0; size <= 24; size++) {
		EXPECT_EQ(size == 16 ? 0 : -EINVAL,
			  try_command(&self->world, &command_match_add, KDBUS_ITEM_ID_ADD, NULL,
				      size));
		EXPECT_EQ(size == 16 ? 0 : -EINVAL,
			  try_command(&self->world, &command_match_add, KDBUS_ITEM_ID_REMOVE, NULL,
				      size));
	}
}

TEST_HARNESS_MAIN
