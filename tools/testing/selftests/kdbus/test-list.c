// SPDX-License-Identifier: LGPL-2.1-or-later
/* LIST: which records a connection gets. */
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.list"
#define OTHER_NAME	"org.example.other"
#define ACT_NAME	"org.example.activated"
#define UNIQUE		KDBUS_LIST_UNIQUE
#define NAMES		KDBUS_LIST_NAMES
#define ACTIVATORS	KDBUS_LIST_ACTIVATORS
#define QUEUED		KDBUS_LIST_QUEUED

/* @owner owns NAME and OTHER_NAME, @waiter queues for NAME, @plain has none. */
FIXTURE(list) {
	struct bus bus;
	struct conn owner;
	struct conn waiter;
	struct conn plain;
	struct conn activator;
};

FIXTURE_SETUP(list)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new(&self->owner, &self->bus));
	ASSERT_EQ(0, conn_new_flags(&self->waiter, &self->bus, 0));
	ASSERT_EQ(0, conn_new(&self->plain, &self->bus));
	ASSERT_EQ(0, conn_new_named(&self->activator, &self->bus, KDBUS_HELLO_ACTIVATOR,
				    ACT_NAME));
	ASSERT_EQ(0, name_acquire(&self->owner, NAME, KDBUS_NAME_ALLOW_REPLACEMENT, NULL));
	ASSERT_EQ(0, name_acquire(&self->owner, OTHER_NAME, 0, NULL));
	ASSERT_EQ(0, name_acquire(&self->waiter, NAME, KDBUS_NAME_QUEUE, NULL));
}

FIXTURE_TEARDOWN(list)
{
	conn_close(&self->activator);
	conn_close(&self->plain);
	conn_close(&self->waiter);
	conn_close(&self->owner);
	bus_close(&self->bus);
}

static int counted(struct conn *conn, __u64 flags)
{
	struct list list;
	int n, ret = list_get(&list, conn, flags);

	if (ret)
		return ret;
	n = list_count(&list);
	ret = list_done(&list);
	return ret ? ret : n;
}

/* abi: 9.3/unique, 5.3/list-unique */
TEST_F(list, unique_gives_one_record_without_items_per_connection)
{
	const struct kdbus_info *info;
	struct list list;

	ASSERT_EQ(0, list_get(&list, &self->plain, UNIQUE));
	EXPECT_EQ(4, list_count(&list));
	EXPECT_EQ(4 * sizeof(*info), list.size);
	LIST_FOREACH(info, &list) {
		EXPECT_EQ(sizeof(*info), info->size);
	}
	EXPECT_EQ(1, list_count_of(&list, self->owner.id, NULL));
	EXPECT_EQ(1, list_count_of(&list, self->waiter.id, NULL));
	EXPECT_EQ(1, list_count_of(&list, self->plain.id, NULL));
	EXPECT_EQ(1, list_count_of(&list, self->activator.id, NULL));
	EXPECT_EQ(0, list_done(&list));
}

/* abi: 9.3/names, 5.3/list-names */
TEST_F(list, names_gives_a_record_per_primary_owner)
{
	struct list list;

	ASSERT_EQ(0, list_get(&list, &self->plain, NAMES));
	EXPECT_EQ(2, list_count(&list));
	EXPECT_EQ(1, list_count_of(&list, self->owner.id, NAME));
	EXPECT_EQ(1, list_count_of(&list, self->owner.id, OTHER_NAME));
	EXPECT_EQ(0, list_done(&list));
}

/* abi: 9.3/queued, 5.3/list-queued */
TEST_F(list, queued_gives_a_record_per_waiter)
{
	struct list list;

	ASSERT_EQ(0, list_get(&list, &self->plain, QUEUED));
	EXPECT_EQ(1, list_count(&list));
	EXPECT_EQ(1, list_count_of(&list, self->waiter.id, NAME));
	EXPECT_EQ(0, list_done(&list));
}

/* abi: 9.3/activators, 5.3/list-activators */
TEST_F(list, activators_gives_a_record_per_activator_queued_or_not)
{
	struct list list;

	ASSERT_EQ(0, list_get(&list, &self->plain, ACTIVATORS));
	EXPECT_EQ(1, list_count(&list));
	EXPECT_EQ(1, list_count_of(&list, self->activator.id, ACT_NAME));
	EXPECT_EQ(0, list_done(&list));
	ASSERT_EQ(0, name_acquire(&self->plain, ACT_NAME, 0, NULL));
	EXPECT_EQ(1, list_counted(&self->plain, ACTIVATORS, self->activator.id, ACT_NAME));
	EXPECT_EQ(0, list_counted(&self->plain, QUEUED, self->activator.id, NULL));
	EXPECT_EQ(1, list_counted(&self->plain, NAMES, self->plain.id, ACT_NAME));
}

/* abi: 9.3/combinations */
TEST_F(list, unique_adds_those_without_a_selected_name)
{
	struct list list;

	EXPECT_EQ(5, counted(&self->plain, UNIQUE | NAMES));
	EXPECT_EQ(4, counted(&self->plain, UNIQUE | QUEUED));
	EXPECT_EQ(4, counted(&self->plain, UNIQUE | ACTIVATORS));
	EXPECT_EQ(4, counted(&self->plain, NAMES | QUEUED | ACTIVATORS));
	ASSERT_EQ(0, list_get(&list, &self->plain, UNIQUE | NAMES | QUEUED | ACTIVATORS));
	EXPECT_EQ(5, list_count(&list));
	EXPECT_EQ(2, list_count_of(&list, self->owner.id, NULL));
	EXPECT_EQ(1, list_count_of(&list, self->waiter.id, NAME));
	EXPECT_EQ(1, list_count_of(&list, self->activator.id, ACT_NAME));
	EXPECT_EQ(1, list_count_of(&list, self->plain.id, NULL));
	EXPECT_EQ(0, list_count_of(&list, self->plain.id, NAME));
	EXPECT_EQ(0, list_done(&list));
}

/* abi: 9.3/empty */
TEST_F(list, empty_result_is_at_the_end_of_the_pool_and_may_be_freed)
{
	struct list list;

	ASSERT_EQ(0, list_get(&list, &self->plain, 0));
	EXPECT_EQ(self->plain.pool_size, list.offset);
	EXPECT_EQ(0, list.size);
	EXPECT_EQ(0, list_done(&list));
	EXPECT_EQ(0, list_done(&list));
}

/* abi: 9.3/record-size, 9.3/name-item, 9.3/hello-flags */
TEST_F(list, name_record_has_one_item_with_flags_and_name)
{
	const struct kdbus_info *info;
	const struct kdbus_item *item;
	unsigned int seen = 0;
	struct list list;

	ASSERT_EQ(0, list_get(&list, &self->plain, NAMES | QUEUED | ACTIVATORS | UNIQUE));
	LIST_FOREACH(info, &list) {
		EXPECT_EQ(0, info->size % 8);
		item = info->items;
		if (info->id == self->plain.id) {
			EXPECT_EQ(sizeof(*info), info->size);
			EXPECT_EQ(KDBUS_HELLO_ACCEPT_FD, info->flags);
			continue;
		}
		seen++;
		EXPECT_EQ(KDBUS_ITEM_OWNED_NAME, item->type);
		EXPECT_EQ(24 + strlen(item->name.name) + 1, item->size);
		EXPECT_EQ(sizeof(*info) + A8(item->size), info->size);
		if (info->id == self->waiter.id) {
			EXPECT_EQ(0, info->flags);
			EXPECT_EQ(KDBUS_NAME_IN_QUEUE | KDBUS_NAME_QUEUE, item->name.flags);
		} else if (info->id == self->activator.id) {
			EXPECT_EQ(KDBUS_HELLO_ACTIVATOR, info->flags);
			EXPECT_EQ(ACTIVATABLE, item->name.flags);
		} else {
			EXPECT_EQ(self->owner.id, info->id);
			EXPECT_EQ(KDBUS_HELLO_ACCEPT_FD, info->flags);
			EXPECT_EQ(strcmp(item->name.name, NAME) ? OWNED :
				  OWNED | KDBUS_NAME_ALLOW_REPLACEMENT, item->name.flags);
		}
	}
	EXPECT_EQ(4, seen);
	EXPECT_EQ(0, list_done(&list));
}

/* abi: 9.3/adjacent */
TEST_F(list, records_of_one_connection_are_adjacent)
{
	const struct kdbus_info *info;
	struct list list;
	char name[64];
	unsigned int i, changes = 0;
	__u64 last = 0;

	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "org.example.n%u", i);
		ASSERT_EQ(0, name_acquire(i % 2 ? &self->owner : &self->plain, name, 0, NULL));
	}
	ASSERT_EQ(0, list_get(&list, &self->plain, NAMES | QUEUED | ACTIVATORS | UNIQUE));
	EXPECT_EQ(24, list_count(&list));
	LIST_FOREACH(info, &list) {
		changes += info->id != last;
		last = info->id;
	}
	EXPECT_EQ(4, changes);
	EXPECT_EQ(0, list_done(&list));
}

/* abi: 9.3/without-monitors */
TEST_F(list, monitors_are_not_listed_but_may_list)
{
	struct conn monitor;

	ASSERT_EQ(0, conn_new_flags(&monitor, &self->bus, KDBUS_HELLO_MONITOR));
	EXPECT_EQ(4, counted(&self->plain, UNIQUE));
	EXPECT_EQ(4, counted(&monitor, UNIQUE));
	conn_close(&monitor);
}

/* abi: 9.3/holders */
TEST_F(list, policy_holders_are_listed_as_unique)
{
	const struct kdbus_info *info;
	struct conn holder;
	struct list list;
	__u64 flags = 0;

	ASSERT_EQ(0, conn_new_named(&holder, &self->bus, KDBUS_HELLO_POLICY_HOLDER, NAME));
	ASSERT_EQ(0, list_get(&list, &self->plain, UNIQUE | NAMES));
	LIST_FOREACH(info, &list)
		if (info->id == holder.id)
			flags = info->flags;
	EXPECT_EQ(KDBUS_HELLO_POLICY_HOLDER, flags);
	EXPECT_EQ(6, list_count(&list));
	EXPECT_EQ(0, list_done(&list));
	/* it may list, too, but not free */
	ASSERT_EQ(0, list_get(&list, &holder, UNIQUE));
	EXPECT_EQ(5, list_count(&list));
	EXPECT_EQ(-EOPNOTSUPP, list_done(&list));
	conn_close(&holder);
}

/* abi: 9.3/other-endpoints */
TEST_F(list, connections_of_all_endpoints_are_listed)
{
	struct endpoint ep;
	struct conn conn;

	ASSERT_EQ(0, endpoint_make(&ep, &self->bus));
	ASSERT_EQ(0, conn_new_at(&conn, ep.path, 0, 0));
	EXPECT_EQ(1, list_counted(&self->plain, UNIQUE, conn.id, NULL));
	EXPECT_EQ(1, list_counted(&conn, UNIQUE, self->plain.id, NULL));
	EXPECT_EQ(1, list_counted(&conn, UNIQUE, conn.id, NULL));
	conn_close(&conn);
	EXPECT_EQ(0, list_counted(&self->plain, UNIQUE, conn.id, NULL));
	endpoint_close(&ep);
}

/* abi: 9.3/unknown-flags */
TEST_F(list, unknown_flags_are_refused_with_einval)
{
	EXPECT_EQ(-EINVAL, counted(&self->plain, 0x10));
	EXPECT_EQ(-EINVAL, counted(&self->plain, 1ULL << 62));
}

/* abi: 9/exfull, 9/error-leaves-members */
TEST_F(list, result_that_does_not_fit_the_pool_is_refused_with_exfull)
{
	struct conn small;
	struct args args;
	unsigned int i;
	char name[250];

	ASSERT_EQ(0, conn_new_pool(&small, &self->bus, 4096));
	memset(name, 'x', sizeof(name));
	memcpy(name, "org.", 4);
	name[240] = '\0';
	for (i = 0; i < 20; i++) {
		name[10] = 'a' + i;
		ASSERT_EQ(0, name_acquire(&self->owner, name, 0, NULL));
	}
	args_list(&args);
	args.list.flags = NAMES;
	args.list.offset = 77;
	args.list.list_size = 78;
	EXPECT_EQ(-EXFULL, command(small.fd, KDBUS_CMD_LIST, &args));
	EXPECT_EQ(77, args.list.offset);
	EXPECT_EQ(78, args.list.list_size);
	EXPECT_EQ(5, counted(&small, UNIQUE));
	conn_close(&small);
}

/* abi: 9/unaccounted */
TEST_F(list, results_are_kept_until_freed_and_charged_to_no_quota)
{
	struct list list[4];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, list_get(&list[i], &self->plain, UNIQUE));
		EXPECT_EQ(0, list[i].offset % 8);
		EXPECT_EQ(4, list_count(&list[0]));
	}
	EXPECT_NE(list[0].offset, list[1].offset);
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, list_done(&list[i]));
	}
	EXPECT_EQ(-ENXIO, list_done(&list[0]));
}

/* abi: 9.3/released */
TEST_F(list, released_names_leave_the_list)
{
	ASSERT_EQ(0, name_release(&self->owner, NAME));
	EXPECT_EQ(1, list_counted(&self->plain, NAMES, self->waiter.id, NAME));
	EXPECT_EQ(0, list_counted(&self->plain, QUEUED, self->waiter.id, NAME));
	EXPECT_EQ(1, list_counted(&self->plain, NAMES, self->owner.id, NULL));
	ASSERT_EQ(0, name_release(&self->owner, OTHER_NAME));
	EXPECT_EQ(0, list_counted(&self->plain, NAMES, self->owner.id, NULL));
	EXPECT_EQ(1, list_counted(&self->plain, NAMES | UNIQUE, self->owner.id, NULL));
}

TEST_HARNESS_MAIN
