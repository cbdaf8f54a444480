// SPDX-License-Identifier: LGPL-2.1-or-later
/* CONN_INFO and BUS_CREATOR_INFO: whom they find, and the shape of the answer. */
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.info"
#define OTHER_NAME	"org.example.other"

FIXTURE_BUS(info)

static int creator_info(struct conn *conn, __u64 attach_flags, struct args *args,
			const struct kdbus_info **info)
{
	int ret;

	args_info(args);
	args->info.attach_flags = attach_flags;
	ret = command(conn->fd, KDBUS_CMD_BUS_CREATOR_INFO, args);
	if (ret == 0)
		*info = (const void *)(conn->pool + args->info.offset);
	return ret;
}

/* abi: 9.1/4 */
TEST_F(info, connections_of_any_kind_are_found_by_id)
{
	static const __u64 kinds[] = {
		0, KDBUS_HELLO_ACCEPT_FD, KDBUS_HELLO_ACTIVATOR, KDBUS_HELLO_POLICY_HOLDER,
		KDBUS_HELLO_MONITOR, KDBUS_HELLO_MONITOR | KDBUS_HELLO_ACCEPT_FD,
	};
	const struct kdbus_info *info;
	bool named;
	struct conn c;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		named = kinds[i] & (KDBUS_HELLO_ACTIVATOR | KDBUS_HELLO_POLICY_HOLDER);
		ASSERT_EQ(0, named ? conn_new_named(&c, &self->bus, kinds[i], NAME) :
			  conn_new_flags(&c, &self->bus, kinds[i]));
		ASSERT_EQ(0, conn_info(&self->a, c.id, NULL, 0, &info));
		EXPECT_EQ(c.id, info->id);
		EXPECT_EQ(kinds[i], info->flags);
		EXPECT_EQ(sizeof(*info), info->size);
		EXPECT_EQ(0, conn_info(&c, self->a.id, NULL, 0, &info));
		conn_close(&c);
		EXPECT_EQ(-ENXIO, conn_info(&self->a, c.id, NULL, 0, &info));
	}
}

/* abi: 9.1/4 */
TEST_F(info, unknown_id_is_refused_with_enxio)
{
	const struct kdbus_info *info;

	EXPECT_EQ(-ENXIO, conn_info(&self->a, self->b.id + 100000, NULL, 0, &info));
	EXPECT_EQ(-ENXIO, conn_info(&self->a, ~0ULL, NULL, 0, &info));
	/* ids of buses and connections come from one sequence */
	EXPECT_EQ(-ENXIO, conn_info(&self->a, self->a.id - 1, NULL, 0, &info));
}

/* abi: 9.1/4 */
TEST_F(info, connections_of_other_buses_are_not_found)
{
	const struct kdbus_info *info;
	struct conn elsewhere;
	struct bus bus;

	ASSERT_EQ(0, bus_make(&bus));
	ASSERT_EQ(0, conn_new(&elsewhere, &bus));
	ASSERT_EQ(0, name_acquire(&elsewhere, NAME, 0, NULL));
	EXPECT_EQ(-ENXIO, conn_info(&self->a, elsewhere.id, NULL, 0, &info));
	EXPECT_EQ(-ESRCH, conn_info(&self->a, 0, NAME, 0, &info));
	conn_close(&elsewhere);
	bus_close(&bus);
}

/* abi: 9.1/5 */
TEST_F(info, neither_id_nor_name_is_refused_with_einval)
{
	const struct kdbus_info *info;

	EXPECT_EQ(-EINVAL, conn_info(&self->a, 0, NULL, 0, &info));
}

/* abi: 9.1/3 */
TEST_F(info, owner_is_found_by_name)
{
	const struct kdbus_info *info;

	ASSERT_EQ(0, name_acquire(&self->b, NAME, 0, NULL));
	ASSERT_EQ(0, name_acquire(&self->a, NAME, KDBUS_NAME_QUEUE, NULL));
	ASSERT_EQ(0, conn_info(&self->a, 0, NAME, 0, &info));
	EXPECT_EQ(self->b.id, info->id);
	ASSERT_EQ(0, conn_info(&self->a, self->b.id, NAME, 0, &info));
	EXPECT_EQ(self->b.id, info->id);
}

/* abi: 9.1/3 */
TEST_F(info, name_of_another_id_is_refused_with_esrch)
{
	const struct kdbus_info *info;

	ASSERT_EQ(0, name_acquire(&self->b, NAME, 0, NULL));
	EXPECT_EQ(-ESRCH, conn_info(&self->a, self->a.id, NAME, 0, &info));
	EXPECT_EQ(-ESRCH, conn_info(&self->a, ~0ULL, NAME, 0, &info));
}

/* abi: 9.1/3, 9.1/name-unchecked */
TEST_F(info, unknown_and_impossible_names_are_refused_with_esrch)
{
	static const char * const names[] = { NAME, "", "single", "a..b", "a.b.*", "with space" };
	const struct kdbus_info *info;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_EQ(-ESRCH, conn_info(&self->a, 0, names[i], 0, &info)) {
			TH_LOG("name '%s'", names[i]);
		}
	}
	ASSERT_EQ(0, name_acquire(&self->b, NAME, 0, NULL));
	ASSERT_EQ(0, name_release(&self->b, NAME));
	EXPECT_EQ(-ESRCH, conn_info(&self->a, 0, NAME, 0, &info));
}

/* abi: 9.1/3, 22/activator-flag */
TEST_F(info, activator_is_found_by_name_until_somebody_owns_it)
{
	const struct kdbus_info *info;
	struct conn activator;

	ASSERT_EQ(0, conn_new_named(&activator, &self->bus, KDBUS_HELLO_ACTIVATOR, NAME));
	ASSERT_EQ(0, conn_info(&self->a, 0, NAME, 0, &info));
	EXPECT_EQ(activator.id, info->id);
	EXPECT_EQ(KDBUS_HELLO_ACTIVATOR, info->flags);
	ASSERT_EQ(0, name_acquire(&self->b, NAME, 0, NULL));
	ASSERT_EQ(0, conn_info(&self->a, 0, NAME, 0, &info));
	EXPECT_EQ(self->b.id, info->id);
	conn_close(&activator);
}

/* abi: 9.1/2, 7/attach-flags */
TEST_F(info, attach_flags_beyond_those_known_are_refused_with_einval)
{
	const struct kdbus_info *info;
	struct args args;

	EXPECT_EQ(-EINVAL, conn_info(&self->a, self->b.id, NULL, 0x4000, &info));
	EXPECT_EQ(-EINVAL, conn_info(&self->a, self->b.id, NULL, ~0ULL - 1, &info));
	EXPECT_EQ(-EINVAL, creator_info(&self->a, 0x4000, &args, &info));
	EXPECT_EQ(0, conn_info(&self->a, self->b.id, NULL, ~0ULL, &info));
	EXPECT_EQ(0, conn_info(&self->a, self->b.id, NULL, _KDBUS_ATTACH_ALL, &info));
	EXPECT_EQ(0, creator_info(&self->a, ~0ULL, &args, &info));
}

/* abi: 9.1/order */
TEST_F(info, attach_flags_are_checked_before_the_destination)
{
	const struct kdbus_info *info;

	EXPECT_EQ(-EINVAL, conn_info(&self->a, 0, NAME, 0x4000, &info));
	EXPECT_EQ(-EINVAL, conn_info(&self->a, ~0ULL, NULL, 0x4000, &info));
}

/* abi: 9.1/1 */
TEST_F(info, flags_and_foreign_items_are_refused_with_einval)
{
	struct args args;

	args_info(&args);
	args.info.id = self->b.id;
	args.info.flags = 1;
	EXPECT_EQ(-EINVAL, command(self->a.fd, KDBUS_CMD_CONN_INFO, &args));
	args.info.flags = 0;
	args_u64(&args, KDBUS_ITEM_ID, self->b.id);
	EXPECT_EQ(-EINVAL, command(self->a.fd, KDBUS_CMD_CONN_INFO, &args));
	args_info(&args);
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	EXPECT_EQ(-EINVAL, command(self->a.fd, KDBUS_CMD_BUS_CREATOR_INFO, &args));
}

/* abi: 9.1/size */
TEST_F(info, size_includes_padding_and_equals_info_size)
{
	const struct kdbus_info *info;
	const struct kdbus_item *item, *last = NULL;
	struct args args;
	struct conn c;

	args_hello_default(&args);
	args_str(&args, KDBUS_ITEM_CONN_DESCRIPTION, "four");
	ASSERT_EQ(0, conn_new_args(&c, self->bus.path, &args));
	args_info(&args);
	args.info.id = c.id;
	args.info.attach_flags = KDBUS_ATTACH_CONN_DESCRIPTION;
	ASSERT_EQ(0, command(self->a.fd, KDBUS_CMD_CONN_INFO, &args));
	info = (const void *)(self->a.pool + args.info.offset);
	EXPECT_EQ(info->size, args.info.info_size);
	EXPECT_EQ(0, info->size % 8);
	EXPECT_EQ(sizeof(*info) + A8(16 + 5), info->size);
	ITEM_FOREACH(item, info)
		last = item;
	ASSERT_NE(NULL, last);
	EXPECT_EQ(KDBUS_ITEM_CONN_DESCRIPTION, last->type);
	EXPECT_STREQ("four", last->str);
	conn_close(&c);
}

/* abi: 9.1/selected, 18.2/conn-info */
TEST_F(info, items_need_both_the_request_and_the_targets_consent)
{
	const struct kdbus_info *info;
	struct args args;
	struct conn c;

	args_hello_default(&args);
	args.hello.attach_flags_send = KDBUS_ATTACH_CREDS | KDBUS_ATTACH_NAMES;
	args_str(&args, KDBUS_ITEM_CONN_DESCRIPTION, "test");
	ASSERT_EQ(0, conn_new_args(&c, self->bus.path, &args));
	ASSERT_EQ(0, name_acquire(&c, NAME, 0, NULL));
	ASSERT_EQ(0, conn_info(&self->a, c.id, NULL, ~0ULL, &info));
	EXPECT_NE(NULL, info_item(info, KDBUS_ITEM_CREDS));
	EXPECT_NE(NULL, info_item(info, KDBUS_ITEM_OWNED_NAME));
	EXPECT_EQ(NULL, info_item(info, KDBUS_ITEM_PIDS));
	EXPECT_EQ(NULL, info_item(info, KDBUS_ITEM_AUXGROUPS));
	EXPECT_EQ(NULL, info_item(info, KDBUS_ITEM_CONN_DESCRIPTION));
	ASSERT_EQ(0, conn_info(&self->a, c.id, NULL, KDBUS_ATTACH_PIDS, &info));
	EXPECT_EQ(sizeof(*info), info->size);
	ASSERT_EQ(0, conn_info(&self->a, c.id, NULL, KDBUS_ATTACH_CREDS, &info));
	EXPECT_EQ(sizeof(*info) + 80, info->size);
	conn_close(&c);
}

/* abi: 9.1/no-timestamp */
TEST_F(info, timestamp_is_never_there)
{
	const struct kdbus_info *info;
	struct args args;

	ASSERT_EQ(0, conn_info(&self->a, self->b.id, NULL, ~0ULL, &info));
	EXPECT_EQ(NULL, info_item(info, KDBUS_ITEM_TIMESTAMP));
	EXPECT_NE(NULL, info_item(info, KDBUS_ITEM_PIDS));
	ASSERT_EQ(0, creator_info(&self->a, ~0ULL, &args, &info));
	EXPECT_EQ(NULL, info_item(info, KDBUS_ITEM_TIMESTAMP));
}

/* abi: 9.1/current-names */
TEST_F(info, names_are_the_current_ones_not_the_queued)
{
	const struct kdbus_info *info;

	ASSERT_EQ(0, conn_info(&self->a, self->b.id, NULL, KDBUS_ATTACH_NAMES, &info));
	EXPECT_EQ(NULL, info_item(info, KDBUS_ITEM_OWNED_NAME));
	ASSERT_EQ(0, name_acquire(&self->a, OTHER_NAME, 0, NULL));
	ASSERT_EQ(0, name_acquire(&self->b, OTHER_NAME, KDBUS_NAME_QUEUE, NULL));
	ASSERT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_ALLOW_REPLACEMENT, NULL));
	ASSERT_EQ(0, conn_info(&self->a, self->b.id, NULL, KDBUS_ATTACH_NAMES, &info));
	ASSERT_NE(NULL, info_item(info, KDBUS_ITEM_OWNED_NAME));
	EXPECT_STREQ(NAME, info_item(info, KDBUS_ITEM_OWNED_NAME)->name.name);
	EXPECT_EQ(OWNED | KDBUS_NAME_ALLOW_REPLACEMENT,
		  info_item(info, KDBUS_ITEM_OWNED_NAME)->name.flags);
	EXPECT_EQ(NULL, info_item_nth(info, KDBUS_ITEM_OWNED_NAME, 1));
	ASSERT_EQ(0, name_release(&self->a, OTHER_NAME));
	ASSERT_EQ(0, conn_info(&self->a, self->b.id, NULL, KDBUS_ATTACH_NAMES, &info));
	EXPECT_NE(NULL, info_item_nth(info, KDBUS_ITEM_OWNED_NAME, 1));
}

/* abi: 9.1/names-unfiltered */
TEST_F(info, names_in_the_answer_are_not_filtered_by_policy)
{
	const struct kdbus_info *info;
	struct endpoint ep;
	struct conn inside;

	ASSERT_EQ(0, endpoint_make(&ep, &self->bus));
	ASSERT_EQ(0, endpoint_grant(&ep, NAME, KDBUS_POLICY_SEE));
	ASSERT_EQ(0, conn_new_at(&inside, ep.path, 0, 0));
	ASSERT_EQ(0, name_acquire(&self->b, NAME, 0, NULL));
	ASSERT_EQ(0, name_acquire(&self->b, OTHER_NAME, 0, NULL));
	ASSERT_EQ(0, conn_info(&inside, 0, NAME, KDBUS_ATTACH_NAMES, &info));
	EXPECT_NE(NULL, info_item_nth(info, KDBUS_ITEM_OWNED_NAME, 1));
	conn_close(&inside);
	endpoint_close(&ep);
}

/* abi: 9/exfull, 9/error-leaves-members */
TEST_F(info, without_room_in_the_pool_both_are_refused_with_exfull)
{
	const struct kdbus_info *info;
	struct conn small;
	struct args args;
	unsigned int n = 0;

	ASSERT_EQ(0, conn_new_pool(&small, &self->bus, 4096));
	while (conn_info(&small, self->a.id, NULL, 0, &info) == 0) {
		ASSERT_GT(4096 / 8, n++);
	}
	EXPECT_LT(0, n);
	args_info(&args);
	args.info.id = self->a.id;
	args.info.offset = 77;
	args.info.info_size = 78;
	EXPECT_EQ(-EXFULL, command(small.fd, KDBUS_CMD_CONN_INFO, &args));
	EXPECT_EQ(77, args.info.offset);
	EXPECT_EQ(78, args.info.info_size);
	EXPECT_EQ(-EXFULL, creator_info(&small, 0, &args, &info));
	conn_close(&small);
}

/* abi: 9.2/result, 9.2/id-ignored, 9.2/make-name */
TEST_F(info, bus_is_told_by_id_and_flags_and_name)
{
	const struct kdbus_info *info;
	const struct kdbus_item *item;
	struct args args;

	ASSERT_EQ(0, creator_info(&self->a, 0, &args, &info));
	EXPECT_EQ(KDBUS_MAKE_ACCESS_WORLD, info->flags);
	EXPECT_GT(self->a.id, info->id);
	EXPECT_LT(0, info->id);
	EXPECT_EQ(args.info.info_size, info->size);
	item = info->items;
	EXPECT_EQ(KDBUS_ITEM_MAKE_NAME, item->type);
	EXPECT_EQ(ITEM_HEADER + strlen(self->bus.name) + 1, item->size);
	EXPECT_STREQ(self->bus.name, item->str);
	EXPECT_EQ(sizeof(*info) + A8(item->size), info->size);

	args_info(&args);
	args.info.id = ~0ULL;
	EXPECT_EQ(0, command(self->a.fd, KDBUS_CMD_BUS_CREATOR_INFO, &args));
}

/* abi: 9.2/no-conn-items */
TEST_F(info, bus_has_no_names_or_description)
{
	const struct kdbus_info *info;
	struct args args;

	ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	ASSERT_EQ(0, creator_info(&self->a, ~0ULL, &args, &info));
	EXPECT_EQ(NULL, info_item(info, KDBUS_ITEM_OWNED_NAME));
	EXPECT_EQ(NULL, info_item(info, KDBUS_ITEM_CONN_DESCRIPTION));
	EXPECT_EQ(KDBUS_ITEM_MAKE_NAME, info->items->type);
	EXPECT_EQ(NULL, info_item_nth(info, KDBUS_ITEM_MAKE_NAME, 1));
}

/* abi: 9.2/owner-mask, 8.1/4 */
TEST_F(info, creator_tells_what_its_mask_allows)
{
	const struct kdbus_info *info;
	struct args args;
	struct conn conn;
	struct bus bus;

	ASSERT_EQ(0, creator_info(&self->a, KDBUS_ATTACH_PIDS, &args, &info));
	ASSERT_NE(NULL, info_item(info, KDBUS_ITEM_PIDS));
	EXPECT_EQ(getpid(), info_item(info, KDBUS_ITEM_PIDS)->pids.pid);
	EXPECT_EQ(NULL, info_item(info, KDBUS_ITEM_CREDS));

	/* no ATTACH_FLAGS_SEND when the bus was made */
	ASSERT_EQ(0, bus_make_bloom(&bus, BLOOM_SIZE));
	ASSERT_EQ(0, conn_new(&conn, &bus));
	ASSERT_EQ(0, creator_info(&conn, ~0ULL, &args, &info));
	EXPECT_EQ(sizeof(*info) + A8(info->items->size), info->size);
	conn_close(&conn);
	bus_close(&bus);
}

/* abi: 9.2/snapshot */
TEST_F(info, creator_is_as_it_was_when_it_made_the_bus)
{
	const struct kdbus_info *info;
	struct args args;
	struct conn conn;
	struct bus bus;

	ASSERT_EQ(0, bus_make_as(&bus, ALICE, STAFF));
	ASSERT_EQ(0, conn_new(&conn, &bus));
	ASSERT_EQ(0, creator_info(&conn, KDBUS_ATTACH_CREDS, &args, &info));
	ASSERT_NE(NULL, info_item(info, KDBUS_ITEM_CREDS));
	EXPECT_EQ(ALICE, info_item(info, KDBUS_ITEM_CREDS)->creds.uid);
	EXPECT_EQ(ALICE, info_item(info, KDBUS_ITEM_CREDS)->creds.euid);
	EXPECT_EQ(STAFF, info_item(info, KDBUS_ITEM_CREDS)->creds.egid);
	conn_close(&conn);
	bus_close(&bus);
}

TEST_HARNESS_MAIN
