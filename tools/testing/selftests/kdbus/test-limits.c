// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Every limit: its default, and the mount option that changes it.  All tests use
 * a domain of their own, where nobody else's connections and buses count.
 */
#include <sys/resource.h>
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.limits"

FIXTURE(limits) {
	char domain[PATH_MAX];
	struct bus bus;
	struct conn a;
	struct conn b;
};

FIXTURE_VARIANT(limits) {
	const char *type;
	const char *options;
	unsigned int payload;
	unsigned int memfds;
	unsigned int fds;
	unsigned int queued_fds;
	unsigned int queued_messages;
	unsigned int calls;
	unsigned int names;
	unsigned int matches;
	unsigned int match_bytes;
	unsigned int connections;
	unsigned int buses;
};

FIXTURE_VARIANT_ADD(limits, by_default) {
	.type = "kdbus", .options = "",
	.payload = 2 * 1024 * 1024, .memfds = 16, .fds = 16, .queued_fds = 16,
	.queued_messages = 256, .calls = 128, .names = 256, .matches = 256,
	.match_bytes = 4 * 1024 * 1024, .connections = 1024, .buses = 16,
};

FIXTURE_VARIANT_ADD(limits, of_kdbusfs_by_default) {
	.type = "kdbusfs", .options = "",
	.payload = 2 * 1024 * 1024, .memfds = 16, .fds = 16, .queued_fds = 16,
	.queued_messages = 256, .calls = 128, .names = 256, .matches = 256,
	.match_bytes = 4 * 1024 * 1024, .connections = 1024, .buses = 16,
};

FIXTURE_VARIANT_ADD(limits, lowered_by_options) {
	.type = "kdbus",
	.options = "max_payload=4096,max_memfds=2,max_fds=3,max_queued_fds=5,"
		   "max_queued_messages=9,max_calls=4,max_names=6,max_matches=7,"
		   "max_match_bytes=100000,max_shared_bytes=50000,max_connections=8,max_buses=3",
	.payload = 4096, .memfds = 2, .fds = 3, .queued_fds = 5, .queued_messages = 9,
	.calls = 4, .names = 6, .matches = 7, .match_bytes = 100000,
	.connections = 8, .buses = 3,
};

FIXTURE_VARIANT_ADD(limits, raised_by_options) {
	.type = "kdbusfs",
	.options = "max_payload=2500000,max_memfds=20,max_fds=30,max_queued_fds=40,"
		   "max_queued_messages=300,max_calls=140,max_names=260,max_matches=270,"
		   "max_match_bytes=6000000,max_connections=1030,max_buses=20",
	.payload = 2500000, .memfds = 20, .fds = 30, .queued_fds = 40, .queued_messages = 300,
	.calls = 140, .names = 260, .matches = 270, .match_bytes = 6000000,
	.connections = 1030, .buses = 20,
};

FIXTURE_SETUP(limits)
{
	ASSERT_EQ(0, mount_namespace_unshare());
	ASSERT_EQ(0, domain_mount_options(variant->type, variant->options, self->domain));
	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, KDBUS_MAKE_ACCESS_WORLD));
	ASSERT_EQ(0, conn_new(&self->a, &self->bus));
	ASSERT_EQ(0, conn_new(&self->b, &self->bus));
}

FIXTURE_TEARDOWN(limits)
{
	conn_close(&self->b);
	conn_close(&self->a);
	bus_close(&self->bus);
	domain_umount(self->domain);
}

/* abi: 5.4/vec-sum, 5.4/max_payload */
TEST_F(limits, payload_in_vectors_is_bounded_with_emsgsize)
{
	const char *bytes = mmap(NULL, variant->payload + 1, PROT_READ,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct args msg;

	ASSERT_NE(MAP_FAILED, bytes);
	args_msg(&msg, self->b.id, 1);
	args_vec(&msg, bytes, variant->payload);
	EXPECT_EQ(0, msg_send(&self->a, &msg));
	args_vec(&msg, bytes, 1);
	EXPECT_EQ(-EMSGSIZE, msg_send(&self->a, &msg));
	args_msg(&msg, self->b.id, 2);
	args_vec(&msg, bytes, variant->payload + 1);
	EXPECT_EQ(-EMSGSIZE, msg_send(&self->a, &msg));
	/* null vectors count in full */
	args_msg(&msg, self->b.id, 3);
	args_vec(&msg, NULL, variant->payload);
	args_vec(&msg, NULL, 1);
	EXPECT_EQ(-EMSGSIZE, msg_send(&self->a, &msg));
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 5.4/memfds, 5.4/max_memfds */
TEST_F(limits, memfds_per_message_are_bounded_with_e2big)
{
	int fd = memfd_new("x", 1, SEALS_ALL);
	struct args msg;
	unsigned int i;

	ASSERT_LE(0, fd);
	args_msg(&msg, self->b.id, 1);
	for (i = 0; i < variant->memfds; i++)
		args_memfd(&msg, fd, 0, 1);
	EXPECT_EQ(0, msg_send(&self->a, &msg));
	args_memfd(&msg, fd, 0, 1);
	EXPECT_EQ(-E2BIG, msg_send(&self->a, &msg));
	args_msg(&msg, self->b.id, 2);
	for (i = 0; i < 128; i++)
		args_memfd(&msg, fd, 0, 1);
	EXPECT_EQ(-E2BIG, msg_send(&self->a, &msg));
	close(fd);
}

/* abi: 5.4/fds, 5.4/max_fds */
TEST_F(limits, descriptors_per_message_are_bounded_with_emfile)
{
	int fds[64], fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct args msg;
	unsigned int i;

	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = fd;
	args_msg(&msg, self->b.id, 1);
	args_fds(&msg, fds, variant->fds);
	EXPECT_EQ(0, msg_send(&self->a, &msg));
	EXPECT_EQ(1, recv_cookie(&self->b));
	args_msg(&msg, self->b.id, 2);
	args_fds(&msg, fds, variant->fds + 1);
	EXPECT_EQ(-EMFILE, msg_send(&self->a, &msg));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	close(fd);
}

/* abi: 5.4/queued-fds, 5.4/max_queued_fds */
TEST_F(limits, queued_descriptors_of_a_user_are_bounded_with_emfile)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct args msg;
	unsigned int i;

	ASSERT_LE(0, fd);
	args_msg(&msg, self->b.id, 1);
	args_fds(&msg, &fd, 1);
	/* the limit on messages may come first */
	ASSERT_GE(variant->queued_messages, variant->queued_fds);
	for (i = 0; i < variant->queued_fds; i++) {
		ASSERT_EQ(0, msg_send(&self->a, &msg));
	}
	EXPECT_EQ(-EMFILE, msg_send(&self->a, &msg));
	EXPECT_EQ(-EMFILE, msg_send(&self->b, &msg));
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 2));
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(0, msg_send(&self->a, &msg));
	EXPECT_EQ(-EMFILE, msg_send(&self->a, &msg));
	close(fd);
}

/* abi: 5.4/queued-messages, 5.4/max_queued_messages */
TEST_F(limits, queued_messages_of_a_user_are_bounded_with_enobufs)
{
	unsigned int i;

	for (i = 0; i < variant->queued_messages; i++) {
		ASSERT_EQ(0, send_plain(&self->a, self->b.id, i + 1));
	}
	EXPECT_EQ(-ENOBUFS, send_plain(&self->a, self->b.id, 999));
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 1000));
	EXPECT_EQ(-ENOBUFS, send_plain(&self->a, self->b.id, 1001));
	EXPECT_EQ(variant->queued_messages, recv_all(&self->b));
}

/* abi: 5.4/pending-replies, 5.4/max_calls */
TEST_F(limits, pending_calls_of_a_connection_are_bounded_with_emlink)
{
	unsigned int i;

	for (i = 0; i < variant->calls; i++) {
		ASSERT_EQ(0, send_call(&self->a, self->b.id, i + 1));
	}
	EXPECT_EQ(-EMLINK, send_call(&self->a, self->b.id, 999));
	EXPECT_EQ(-EMLINK, send_sync(&self->a, self->b.id, 999));
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 1000));
	EXPECT_EQ(0, send_call(&self->b, self->a.id, 1));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 2, 1));
	EXPECT_EQ(0, send_call(&self->a, self->b.id, 999));
	EXPECT_EQ(-EMLINK, send_call(&self->a, self->b.id, 998));
}

/* abi: 5.4/names, 5.4/max_names, 14.3/e2big */
TEST_F(limits, names_of_a_connection_owned_and_queued_are_bounded_with_e2big)
{
	char name[64];
	unsigned int i;

	ASSERT_EQ(0, name_acquire(&self->b, NAME, 0, NULL));
	ASSERT_EQ(0, name_acquire(&self->a, NAME, KDBUS_NAME_QUEUE, NULL));
	for (i = 1; i < variant->names; i++) {
		snprintf(name, sizeof(name), "org.example.n%u", i);
		ASSERT_EQ(0, name_acquire(&self->a, name, 0, NULL));
	}
	EXPECT_EQ(-E2BIG, name_acquire(&self->a, "org.example.more", 0, NULL));
	EXPECT_EQ(-E2BIG, name_acquire(&self->a, "org.example.more", KDBUS_NAME_QUEUE, NULL));
	/* names that it has already are no more */
	EXPECT_EQ(0, name_acquire(&self->a, name, 0, NULL));
	EXPECT_EQ(0, name_acquire(&self->a, NAME, KDBUS_NAME_QUEUE, NULL));
	EXPECT_EQ(0, name_release(&self->a, NAME));
	EXPECT_EQ(0, name_acquire(&self->a, "org.example.more", 0, NULL));
}

/* abi: 5.4/matches, 5.4/max_matches */
TEST_F(limits, matches_of_a_connection_are_bounded_with_emfile)
{
	unsigned int i;

	for (i = 0; i < variant->matches; i++) {
		ASSERT_EQ(0, match_all(&self->a, i));
	}
	EXPECT_EQ(-EMFILE, match_all(&self->a, i));
	EXPECT_EQ(0, match_all(&self->b, i));
	EXPECT_EQ(0, match_remove(&self->a, 0));
	EXPECT_EQ(0, match_all(&self->a, i));
}

/* An entry that is nearly as large as one can be. */
#define LARGE_MATCH	(450 * BLOOM_SIZE)

static int match_large(struct conn *conn, __u64 cookie, __u64 flags)
{
	struct args args;

	args_match(&args, cookie);
	args.match.flags = flags;
	args_item(&args, KDBUS_ITEM_BLOOM_MASK, NULL, LARGE_MATCH);
	return match_add(conn, &args);
}

/* abi: 5.4/max_match_bytes, design/6.4 */
TEST_F(limits, bytes_of_all_matches_of_a_user_are_bounded_with_emfile)
{
	struct conn alice;
	unsigned int n;
	int ret;

	for (n = 0; (ret = match_large(&self->a, n, 0)) == 0; n++)
		;
	EXPECT_EQ(-EMFILE, ret);
	EXPECT_LT(n, variant->matches);
	EXPECT_GE(variant->match_bytes, n * LARGE_MATCH);
	EXPECT_LT(variant->match_bytes, (n + 1) * (LARGE_MATCH + 256));
	/* another connection of the same user, and one of another */
	EXPECT_EQ(-EMFILE, match_large(&self->b, 1, 0));
	ASSERT_EQ(0, conn_new_as(&alice, &self->bus, ALICE, ALICE));
	EXPECT_EQ(0, match_large(&alice, 1, 0));
	conn_close(&alice);
	/* what goes makes room for what comes */
	EXPECT_EQ(0, match_large(&self->a, 0, KDBUS_MATCH_REPLACE));
	EXPECT_EQ(-EMFILE, match_large(&self->b, 1, 0));
	EXPECT_EQ(0, match_remove(&self->a, 0));
	EXPECT_EQ(0, match_large(&self->b, 1, 0));
	EXPECT_EQ(-EMFILE, match_large(&self->b, 2, 0));
	EXPECT_EQ(0, conn_bye(&self->a));
	EXPECT_EQ(0, match_large(&self->b, 2, 0));
}

/* so many take their time on a kernel that looks at everything */
/* abi: 5.4/connections, 5.4/max_connections, 8.4/13, 19.3/connection-limit */
TEST_F_TIMEOUT(limits, connections_of_a_user_are_bounded_with_emfile, 300)
{
	struct rlimit files = { 4096, 4096 };
	struct args args;
	unsigned int i;
	int *fds;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
	fds = calloc(variant->connections, sizeof(*fds));
	ASSERT_NE(NULL, fds);
	args_hello_default(&args);
	args.hello.pool_size = 4096;
	for (i = 0; i < variant->connections; i++) {
		fds[i] = open(self->bus.path, O_RDWR | O_CLOEXEC);
		ASSERT_LE(0, fds[i]);
		if (i < variant->connections - 2) {
			ASSERT_EQ(0, command(fds[i], KDBUS_CMD_HELLO, &args)) {
				TH_LOG("connection %u", i);
			}
		}
	}
	/* two are the fixture's; the next is too many, of whatever kind */
	EXPECT_EQ(-EMFILE, command(fds[i - 1], KDBUS_CMD_HELLO, &args));
	args.hello.flags = KDBUS_HELLO_MONITOR;
	EXPECT_EQ(-EMFILE, command(fds[i - 1], KDBUS_CMD_HELLO, &args));
	close(fds[0]);
	EXPECT_EQ(0, command(fds[i - 1], KDBUS_CMD_HELLO, &args));
	args.hello.flags = 0;
	EXPECT_EQ(-EMFILE, command(fds[i - 2], KDBUS_CMD_HELLO, &args));
	for (i = 1; i < variant->connections; i++)
		close(fds[i]);
	free(fds);
}

/* abi: 5.4/buses, 5.4/max_buses, 8.1/7, 19.3/bus-limit */
TEST_F(limits, buses_of_a_user_are_bounded_with_emfile)
{
	struct bus bus[32], alice;
	unsigned int i;

	ASSERT_GE(ARRAY_SIZE(bus), variant->buses);
	for (i = 1; i < variant->buses; i++) {
		ASSERT_EQ(0, bus_make_in(&bus[i], self->domain, 0));
	}
	EXPECT_EQ(-EMFILE, bus_make_in(&bus[0], self->domain, 0));
	/* the real uid counts, and another one has its own */
	ASSERT_EQ(0, setresuid(0, ALICE, 0));
	EXPECT_EQ(-EMFILE, bus_make_in(&alice, self->domain, 0));
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, become(ALICE, ALICE));
	EXPECT_EQ(0, bus_make_in(&alice, self->domain, 0));
	ASSERT_EQ(0, become_root());
	bus_close(&bus[1]);
	EXPECT_EQ(0, bus_make_in(&bus[1], self->domain, 0));
	EXPECT_EQ(-EMFILE, bus_make_in(&bus[0], self->domain, 0));
	for (i = 1; i < variant->buses; i++)
		bus_close(&bus[i]);
	bus_close(&alice);
}

/* abi: 5.4/argument-size, 5.4/fixed-limits */
TEST_F(limits, arguments_and_messages_are_bounded_by_32768_bytes_with_emsgsize)
{
	static const char text[24];
	struct args msg, cmd;

	args_msg(&msg, self->b.id, 1);
	while (msg.size + 32 <= 32768)
		args_vec(&msg, text, 1);
	EXPECT_EQ(32768, msg.size);
	EXPECT_EQ(0, msg_send(&self->a, &msg));
	args_vec(&msg, text, 1);
	EXPECT_EQ(-EMSGSIZE, msg_send(&self->a, &msg));
	args_match(&cmd, 1);
	while (cmd.size + 32 <= 32768)
		args_id_change(&cmd, KDBUS_ITEM_ID_ADD, 1);
	EXPECT_EQ(0, match_add(&self->a, &cmd));
	args_id_change(&cmd, KDBUS_ITEM_ID_ADD, 1);
	EXPECT_EQ(-EMSGSIZE, match_add(&self->a, &cmd));
}

/* Read the options of the domain's mount as /proc shows them; 0 or -errno. */
static int mount_options(const char *path, char *options, size_t size)
{
	char line[2 * PATH_MAX], *field;
	FILE *file = fopen("/proc/self/mounts", "re");
	int ret = -ENOENT;

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		field = strstr(line, path);
		if (!field)
			continue;
		field = strchr(field + strlen(path) + 1, ' ');
		if (!field)
			continue;
		snprintf(options, size, "%s", field + 1);
		ret = 0;
	}
	fclose(file);
	return ret;
}

/* abi: 5.4/shown */
TEST_F(limits, options_are_shown_and_defaults_are_not)
{
	char shown[1024], want[1024], *option, *save;

	ASSERT_EQ(0, mount_options(self->domain, shown, sizeof(shown)));
	snprintf(want, sizeof(want), "%s", variant->options);
	for (option = strtok_r(want, ",", &save); option; option = strtok_r(NULL, ",", &save)) {
		EXPECT_NE(NULL, strstr(shown, option)) {
			TH_LOG("%s is not in %s", option, shown);
		}
	}
	if (!*variant->options) {
		EXPECT_EQ(NULL, strstr(shown, "max_"));
		EXPECT_EQ(NULL, strstr(shown, "attach_mask"));
	}
}

/* abi: 5.4/bad-options */
TEST(bad_mount_options_are_refused_with_einval)
{
	static const char * const options[] = {
		"max_payload=", "max_payload=x", "max_buses=-1", "max_names", "max_calls=99999999999",
		"attach_mask=0x4000", "attach_mask=", "unheard=1",
	};
	char domain[PATH_MAX];
	unsigned int i;

	ASSERT_EQ(0, mount_namespace_unshare());
	for (i = 0; i < ARRAY_SIZE(options); i++) {
		EXPECT_EQ(-EINVAL, domain_mount_options("kdbus", options[i], domain)) {
			TH_LOG("option %s", options[i]);
		}
	}
}

/* abi: 5.4/attach_mask */
TEST(metadata_outside_of_the_attach_mask_does_not_travel)
{
	const struct kdbus_info *info;
	const struct kdbus_msg *msg;
	char domain[PATH_MAX];
	struct conn a, b;
	struct args args;
	struct bus bus;

	ASSERT_EQ(0, mount_namespace_unshare());
	/* TIMESTAMP, CREDS, NAMES */
	ASSERT_EQ(0, domain_mount_options("kdbus", "attach_mask=0x13", domain));
	ASSERT_EQ(0, bus_make_in(&bus, domain, KDBUS_MAKE_ACCESS_WORLD));
	ASSERT_EQ(0, conn_new(&a, &bus));
	ASSERT_EQ(0, conn_new_recv(&b, &bus, _KDBUS_ATTACH_ANY));
	ASSERT_EQ(0, name_acquire(&a, NAME, 0, NULL));
	ASSERT_EQ(0, send_plain(&a, b.id, 1));
	msg = msg_next(&b);
	ASSERT_NE(NULL, msg);
	EXPECT_NE(NULL, msg_item(msg, KDBUS_ITEM_TIMESTAMP));
	EXPECT_NE(NULL, msg_item(msg, KDBUS_ITEM_CREDS));
	EXPECT_NE(NULL, msg_item(msg, KDBUS_ITEM_OWNED_NAME));
	EXPECT_EQ(NULL, msg_item(msg, KDBUS_ITEM_PIDS));
	EXPECT_EQ(NULL, msg_item(msg, KDBUS_ITEM_AUXGROUPS));
	EXPECT_EQ(NULL, msg_item(msg, KDBUS_ITEM_CAPS));
	EXPECT_EQ(NULL, msg_item(msg, KDBUS_ITEM_CMDLINE));
	EXPECT_EQ(0, msg_done(&b, msg));
	ASSERT_EQ(0, conn_info(&b, a.id, NULL, ~0ULL, &info));
	EXPECT_NE(NULL, info_item(info, KDBUS_ITEM_CREDS));
	EXPECT_EQ(NULL, info_item(info, KDBUS_ITEM_PIDS));
	args_info(&args);
	args.info.attach_flags = ~0ULL;
	ASSERT_EQ(0, command(b.fd, KDBUS_CMD_BUS_CREATOR_INFO, &args));
	info = (const void *)(b.pool + args.info.offset);
	EXPECT_NE(NULL, info_item(info, KDBUS_ITEM_CREDS));
	EXPECT_EQ(NULL, info_item(info, KDBUS_ITEM_PIDS));
	conn_close(&b);
	conn_close(&a);
	bus_close(&bus);
	EXPECT_EQ(0, domain_umount(domain));
}

/* abi: 5.4/attach_mask, 17/layout */
TEST(notifications_keep_their_timestamp_whatever_the_attach_mask)
{
	char domain[PATH_MAX];
	struct conn a, b;
	struct bus bus;
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, mount_namespace_unshare());
	ASSERT_EQ(0, domain_mount_options("kdbus", "attach_mask=0x0", domain));
	ASSERT_EQ(0, bus_make_in(&bus, domain, KDBUS_MAKE_ACCESS_WORLD));
	ASSERT_EQ(0, conn_new(&a, &bus));
	ASSERT_EQ(0, conn_new_recv(&b, &bus, _KDBUS_ATTACH_ANY));
	ASSERT_EQ(0, match_all(&b, 1));
	ASSERT_EQ(0, send_plain(&a, b.id, 1));
	msg = msg_next(&b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(sizeof(*msg), msg->size);
	EXPECT_EQ(0, msg_done(&b, msg));
	ASSERT_EQ(0, name_acquire(&a, NAME, 0, NULL));
	msg = msg_next(&b);
	ASSERT_NE(NULL, msg);
	EXPECT_NE(NULL, msg_item(msg, KDBUS_ITEM_TIMESTAMP));
	conn_close(&b);
	conn_close(&a);
	bus_close(&bus);
	EXPECT_EQ(0, domain_umount(domain));
}

TEST_HARNESS_MAIN
