// SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later
/* Which connections asked for a signal or a notification: each rule, each command */

#include "items.h"
#include "../match.h"
#include "suite.h"

#define BLOOM	64
#define ANY	KDBUS_MATCH_ID_ANY
#define MAX_ENTRIES	256

static struct kdbus_match_index index_;
static struct kdbus_match_owner owner;
static struct items items;

static void setup(void)
{
	kdbus_match_index_init(&index_, BLOOM);
	kdbus_match_owner_init(&owner);
	items_init(&items);
}

static void teardown(void)
{
	kdbus_match_drop(&index_, &owner);
	kdbus_match_owner_deinit(&owner);
	kdbus_match_index_deinit(&index_);
}

static int add(u64 cookie)
{
	return kdbus_match_add(&index_, &owner, cookie, items_first(&items), items.size, false,
			       MAX_ENTRIES);
}

static int replace(u64 cookie, unsigned int max)
{
	return kdbus_match_add(&index_, &owner, cookie, items_first(&items), items.size, true, max);
}

static void rule_mask(u64 first_word)
{
	u64 mask[BLOOM / 8] = { first_word };

	items_add(&items, KDBUS_ITEM_BLOOM_MASK, mask, sizeof(mask));
}

static void rule_id(u64 type, u64 id)
{
	struct kdbus_notify_id_change change = { .id = id, .flags = 0x1234 };

	items_add(&items, type, &change, sizeof(change));
}

static void rule_name(u64 type, u64 old_id, u64 new_id, const char *name)
{
	struct {
		struct kdbus_notify_name_change change;
		char name[64];
	} rule = { .change = { .old_id = { old_id, 1 }, .new_id = { new_id, 2 } } };
	size_t size = sizeof(rule.change);

	if (name) {
		strcpy(rule.name, name);
		size += strlen(name) + 1;
	}
	items_add(&items, type, &rule, size);
}

/* Connection @id is the primary owner of "a.b" if it is 7, of nothing else. */
static bool sends_as(const struct kdbus_match_signal *sig, const char *name)
{
	return sig->src_id == 7 && !strcmp(name, "a.b");
}

static void each_name(const struct kdbus_match_signal *sig,
		      void (*fn)(const char *name, void *arg), void *arg)
{
	if (sig->src_id == 7)
		fn("a.b", arg);
}

static void count(struct kdbus_match_owner *o, void *ctx)
{
	EXPECT_TRUE(o == &owner);
	++*(unsigned int *)ctx;
}

static union {
	struct kdbus_bloom_filter filter;
	u64 words[1 + BLOOM / 8];
} filter;

static struct kdbus_match_signal signal_from(u64 src_id, u64 dst_id, u64 first_word)
{
	memset(&filter, 0, sizeof(filter));
	filter.words[1] = first_word;
	return (struct kdbus_match_signal){
		.src_id = src_id,
		.dst_id = dst_id,
		.filter = &filter.filter,
		.filter_size = BLOOM,
		.sends_as = sends_as,
		.each_name = each_name,
	};
}

/* Does a broadcast reach the owner? */
static bool hears_from(u64 src_id, u64 first_word)
{
	struct kdbus_match_signal sig = signal_from(src_id, KDBUS_DST_ID_BROADCAST, first_word);
	unsigned int n = 0;

	rcu_read_lock();
	kdbus_match_signal(&index_, &sig, NULL, count, &n);
	EXPECT_EQ(n > 0, kdbus_match_accepts_signal(&owner, &sig));
	rcu_read_unlock();
	return n;
}

static bool hears(u64 first_word)
{
	return hears_from(5, first_word);
}

static bool accepts_unicast(u64 dst_id)
{
	struct kdbus_match_signal sig = signal_from(5, dst_id, 0);
	bool accepts;

	rcu_read_lock();
	accepts = kdbus_match_accepts_signal(&owner, &sig);
	rcu_read_unlock();
	return accepts;
}

static bool hears_event(u64 type, u64 old_id, u64 new_id, const char *name)
{
	struct kdbus_match_event ev = {
		.type = type, .old_id = old_id, .new_id = new_id, .name = name,
	};
	unsigned int n = 0;

	rcu_read_lock();
	kdbus_match_event(&index_, &ev, count, &n);
	rcu_read_unlock();
	return n;
}

static const u64 name_types[] = {
	KDBUS_ITEM_NAME_ADD, KDBUS_ITEM_NAME_REMOVE, KDBUS_ITEM_NAME_CHANGE,
};

static bool hears_any_event(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(name_types); i++)
		if (hears_event(name_types[i], 3, 4, "a.b"))
			return true;
	return hears_event(KDBUS_ITEM_ID_ADD, 0, 4, NULL) ||
	       hears_event(KDBUS_ITEM_ID_REMOVE, 3, 0, NULL);
}

TEST(nothing_is_heard_without_an_entry)
{
	setup();
	EXPECT_FALSE(hears(~0ULL));
	EXPECT_FALSE(accepts_unicast(9));
	EXPECT_FALSE(hears_any_event());
	teardown();
}

TEST(entry_without_rules_hears_everything)
{
	setup();
	EXPECT_EQ(0, add(1));
	EXPECT_TRUE(hears(0));
	EXPECT_TRUE(accepts_unicast(9));
	EXPECT_TRUE(hears_event(KDBUS_ITEM_NAME_ADD, 0, 4, "a.b"));
	EXPECT_TRUE(hears_event(KDBUS_ITEM_NAME_REMOVE, 4, 0, "a.b"));
	EXPECT_TRUE(hears_event(KDBUS_ITEM_NAME_CHANGE, 3, 4, "a.b"));
	EXPECT_TRUE(hears_event(KDBUS_ITEM_ID_ADD, 0, 4, NULL));
	EXPECT_TRUE(hears_event(KDBUS_ITEM_ID_REMOVE, 4, 0, NULL));
	teardown();
}

TEST(negotiate_item_makes_no_rule)
{
	u64 types[] = { KDBUS_ITEM_NAME, 0 };

	setup();
	items_add(&items, KDBUS_ITEM_NEGOTIATE, types, sizeof(types));
	EXPECT_EQ(0, add(1));
	EXPECT_TRUE(hears(0));
	EXPECT_TRUE(hears_any_event());

	rule_mask(0x4);
	EXPECT_EQ(0, replace(1, MAX_ENTRIES));
	EXPECT_TRUE(hears(0x4));
	EXPECT_FALSE(hears(0x8));
	EXPECT_FALSE(hears_any_event());
	teardown();
}

TEST(mask_rule_wants_all_its_bits_and_no_notification)
{
	setup();
	rule_mask(0x5);
	EXPECT_EQ(0, add(1));
	EXPECT_TRUE(hears(0x5));
	EXPECT_TRUE(hears(0xf));
	EXPECT_FALSE(hears(0x4));
	EXPECT_FALSE(hears(0));
	EXPECT_FALSE(hears_any_event());
	teardown();
}

TEST(all_rules_of_an_entry_have_to_be_satisfied)
{
	setup();
	rule_mask(0x1);
	rule_mask(0x2);
	EXPECT_EQ(0, add(1));
	EXPECT_TRUE(hears(0x3));
	EXPECT_FALSE(hears(0x1));
	EXPECT_FALSE(hears(0x2));

	items_add_u64(&items, KDBUS_ITEM_ID, 5);
	EXPECT_EQ(0, replace(1, MAX_ENTRIES));
	EXPECT_TRUE(hears_from(5, 0x3));
	EXPECT_FALSE(hears_from(6, 0x3));
	EXPECT_FALSE(hears_from(5, 0x1));
	teardown();
}

TEST(one_satisfied_entry_is_enough)
{
	setup();
	rule_mask(0x1);
	EXPECT_EQ(0, add(1));
	items_init(&items);
	rule_mask(0x2);
	EXPECT_EQ(0, add(2));
	EXPECT_TRUE(hears(0x1));
	EXPECT_TRUE(hears(0x2));
	EXPECT_FALSE(hears(0x4));
	teardown();
}

TEST(block_of_the_generation_counts_and_the_last_one_for_later_generations)
{
	u64 mask[2 * BLOOM / 8] = { [0] = 0x01, [BLOOM / 8] = 0x80 };
	struct kdbus_match_signal sig;
	static const struct {
		u64 generation, bits;
		bool heard;
	} cases[] = {
		{ 0, 0x03, true }, { 1, 0x03, false }, { 7, 0x80, true }, { 0, 0x80, false },
		{ 0, 0x00, false }, { 1, 0x00, false },
	};
	unsigned int n;
	size_t i;

	setup();
	items_add(&items, KDBUS_ITEM_BLOOM_MASK, mask, sizeof(mask));
	EXPECT_EQ(0, add(1));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		sig = signal_from(5, KDBUS_DST_ID_BROADCAST, cases[i].bits);
		filter.filter.generation = cases[i].generation;
		n = 0;
		rcu_read_lock();
		kdbus_match_signal(&index_, &sig, NULL, count, &n);
		rcu_read_unlock();
		EXPECT_EQ_CASE(cases[i].heard, n, "case %zu", i);
	}
	teardown();
}

TEST(id_rule_wants_that_sender_or_any)
{
	setup();
	items_add_u64(&items, KDBUS_ITEM_ID, 6);
	EXPECT_EQ(0, add(1));
	EXPECT_TRUE(hears_from(6, 0));
	EXPECT_FALSE(hears_from(7, 0));
	EXPECT_FALSE(hears_any_event());

	items_init(&items);
	items_add_u64(&items, KDBUS_ITEM_ID, ANY);
	EXPECT_EQ(0, replace(1, MAX_ENTRIES));
	EXPECT_TRUE(hears_from(6, 0));
	EXPECT_TRUE(hears_from(7, 0));
	EXPECT_FALSE(hears_any_event());

	items_init(&items);
	items_add_u64(&items, KDBUS_ITEM_ID, 0);
	EXPECT_EQ(0, replace(1, MAX_ENTRIES));
	EXPECT_FALSE(hears_from(6, 0));
	teardown();
}

TEST(two_different_id_rules_are_never_satisfied)
{
	setup();
	items_add_u64(&items, KDBUS_ITEM_ID, 6);
	items_add_u64(&items, KDBUS_ITEM_ID, 7);
	EXPECT_EQ(0, add(1));
	EXPECT_FALSE(hears_from(6, 0));
	EXPECT_FALSE(hears_from(7, 0));
	teardown();
}

TEST(dst_id_rule_is_compared_with_the_id_as_sent)
{
	setup();
	items_add_u64(&items, KDBUS_ITEM_DST_ID, 9);
	EXPECT_EQ(0, add(1));
	EXPECT_FALSE(hears(0));
	EXPECT_TRUE(accepts_unicast(9));
	EXPECT_FALSE(accepts_unicast(8));
	EXPECT_FALSE(accepts_unicast(KDBUS_DST_ID_NAME));

	items_init(&items);
	items_add_u64(&items, KDBUS_ITEM_DST_ID, ANY);
	EXPECT_EQ(0, replace(1, MAX_ENTRIES));
	EXPECT_TRUE(hears(0));
	EXPECT_TRUE(accepts_unicast(9));
	EXPECT_FALSE(hears_any_event());
	teardown();
}

TEST(name_rule_wants_the_primary_owner)
{
	setup();
	items_add_str(&items, KDBUS_ITEM_NAME, "a.b");
	EXPECT_EQ(0, add(1));
	EXPECT_TRUE(hears_from(7, 0));
	EXPECT_FALSE(hears_from(6, 0));
	EXPECT_FALSE(hears_event(KDBUS_ITEM_NAME_ADD, 0, 7, "a.b"));

	items_add_u64(&items, KDBUS_ITEM_ID, 7);
	EXPECT_EQ(0, replace(1, MAX_ENTRIES));
	EXPECT_TRUE(hears_from(7, 0));

	items_init(&items);
	items_add_str(&items, KDBUS_ITEM_NAME, "a.c");
	EXPECT_EQ(0, replace(1, MAX_ENTRIES));
	EXPECT_FALSE(hears_from(7, 0));
	teardown();
}

TEST(notification_rule_hears_its_type_only_and_no_signal)
{
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(name_types); i++) {
		setup();
		rule_name(name_types[i], ANY, ANY, NULL);
		EXPECT_EQ(0, add(1));
		for (j = 0; j < ARRAY_SIZE(name_types); j++)
			EXPECT_EQ(i == j, hears_event(name_types[j], 3, 4, "a.b"));
		EXPECT_FALSE(hears_event(KDBUS_ITEM_ID_ADD, 0, 4, NULL));
		EXPECT_FALSE(hears_event(KDBUS_ITEM_ID_REMOVE, 3, 0, NULL));
		EXPECT_FALSE(hears(~0ULL));
		teardown();
	}
}

TEST(name_notifications_are_told_by_name_and_both_ids)
{
	static const struct {
		const char *what;
		u64 old_id, new_id;
		const char *name;
		bool heard;
	} cases[] = {
		{ "anything", ANY, ANY, NULL, true },
		{ "that_name", ANY, ANY, "a.b", true },
		{ "other_name", ANY, ANY, "a.c", false },
		{ "empty_name", ANY, ANY, "", false },
		{ "that_old", 3, ANY, NULL, true },
		{ "other_old", 4, ANY, NULL, false },
		{ "that_new", ANY, 4, NULL, true },
		{ "other_new", ANY, 3, NULL, false },
		{ "both_ids", 3, 4, NULL, true },
		{ "both_ids_swapped", 4, 3, NULL, false },
		{ "all", 3, 4, "a.b", true },
		{ "all_but_old", 5, 4, "a.b", false },
		{ "all_but_new", 3, 5, "a.b", false },
		{ "absent_old", 0, ANY, NULL, false },
		{ "absent_new", ANY, 0, NULL, false },
	};
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(name_types); i++) {
		for (j = 0; j < ARRAY_SIZE(cases); j++) {
			setup();
			rule_name(name_types[i], cases[j].old_id, cases[j].new_id, cases[j].name);
			EXPECT_EQ(0, add(1));
			EXPECT_EQ_CASE(cases[j].heard, hears_event(name_types[i], 3, 4, "a.b"),
				       "%s, type %zu", cases[j].what, i);
			teardown();
		}
	}
}

TEST(id_0_matches_the_absent_side_only)
{
	setup();
	rule_name(KDBUS_ITEM_NAME_ADD, 0, ANY, NULL);
	EXPECT_EQ(0, add(1));
	rule_name(KDBUS_ITEM_NAME_ADD, ANY, ANY, "a.b");
	EXPECT_EQ(0, add(2));
	EXPECT_TRUE(hears_event(KDBUS_ITEM_NAME_ADD, 0, 4, "a.b"));
	EXPECT_FALSE(hears_event(KDBUS_ITEM_NAME_ADD, 3, 4, "a.b"));
	teardown();
}

TEST(id_notifications_are_told_by_id)
{
	setup();
	rule_id(KDBUS_ITEM_ID_ADD, 4);
	EXPECT_EQ(0, add(1));
	EXPECT_TRUE(hears_event(KDBUS_ITEM_ID_ADD, 0, 4, NULL));
	EXPECT_FALSE(hears_event(KDBUS_ITEM_ID_ADD, 0, 5, NULL));
	EXPECT_FALSE(hears_event(KDBUS_ITEM_ID_REMOVE, 4, 0, NULL));

	items_init(&items);
	rule_id(KDBUS_ITEM_ID_REMOVE, 4);
	EXPECT_EQ(0, replace(1, MAX_ENTRIES));
	EXPECT_TRUE(hears_event(KDBUS_ITEM_ID_REMOVE, 4, 0, NULL));
	EXPECT_FALSE(hears_event(KDBUS_ITEM_ID_REMOVE, 5, 0, NULL));
	EXPECT_FALSE(hears_event(KDBUS_ITEM_ID_ADD, 0, 4, NULL));

	items_init(&items);
	rule_id(KDBUS_ITEM_ID_ADD, ANY);
	EXPECT_EQ(0, replace(1, MAX_ENTRIES));
	EXPECT_TRUE(hears_event(KDBUS_ITEM_ID_ADD, 0, 4, NULL));
	EXPECT_TRUE(hears_event(KDBUS_ITEM_ID_ADD, 0, 5, NULL));
	teardown();
}

TEST(rules_of_different_kinds_in_one_entry_hear_nothing_but_count)
{
	setup();
	rule_mask(0x1);
	rule_name(KDBUS_ITEM_NAME_ADD, ANY, ANY, NULL);
	EXPECT_EQ(0, add(1));
	EXPECT_EQ(1, owner.n_entries);
	EXPECT_FALSE(hears(~0ULL));
	EXPECT_FALSE(hears_any_event());

	items_init(&items);
	rule_name(KDBUS_ITEM_NAME_ADD, ANY, ANY, NULL);
	rule_id(KDBUS_ITEM_ID_ADD, ANY);
	EXPECT_EQ(0, add(2));
	EXPECT_FALSE(hears_any_event());
	EXPECT_EQ(2, owner.n_entries);
	EXPECT_EQ(0, kdbus_match_remove(&index_, &owner, 1));
	EXPECT_EQ(0, kdbus_match_remove(&index_, &owner, 2));
	EXPECT_EQ(0, owner.n_entries);
	teardown();
}

TEST(mask_has_to_be_one_or_more_blocks)
{
	static const u64 mask[3 * BLOOM / 8];
	static const struct {
		size_t size;
		int result;
	} cases[] = {
		{ 0, -EDOM }, { 1, -EDOM }, { 8, -EDOM }, { BLOOM - 1, -EDOM },
		{ BLOOM + 8, -EDOM }, { BLOOM, 0 }, { 2 * BLOOM, 0 }, { 3 * BLOOM, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		setup();
		items_add(&items, KDBUS_ITEM_BLOOM_MASK, mask, cases[i].size);
		EXPECT_EQ_CASE(cases[i].result, add(1), "%zu bytes", cases[i].size);
		teardown();
	}
}

TEST(name_rule_has_to_be_a_well_known_name)
{
	static const char *const bad[] = { "", "a", ".a", "a.*", ":1.2", "a..b" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		setup();
		items_add_str(&items, KDBUS_ITEM_NAME, bad[i]);
		EXPECT_EQ_CASE(-EINVAL, add(1), "%s", bad[i]);
		EXPECT_EQ(0, owner.n_entries);
		teardown();
	}
}

TEST(name_in_a_notification_rule_is_not_checked)
{
	setup();
	rule_name(KDBUS_ITEM_NAME_ADD, ANY, ANY, "..not a name..");
	EXPECT_EQ(0, add(1));
	teardown();
}

TEST(first_bad_rule_decides_the_error)
{
	setup();
	items_add_str(&items, KDBUS_ITEM_NAME, "bad");
	items_add(&items, KDBUS_ITEM_BLOOM_MASK, "", 1);
	EXPECT_EQ(-EINVAL, add(1));

	items_init(&items);
	items_add(&items, KDBUS_ITEM_BLOOM_MASK, "", 1);
	items_add_str(&items, KDBUS_ITEM_NAME, "bad");
	EXPECT_EQ(-EDOM, add(1));
	teardown();
}

TEST(bad_rule_is_told_before_full_and_leaves_what_it_would_replace)
{
	setup();
	EXPECT_EQ(0, add(1));
	items_add_str(&items, KDBUS_ITEM_NAME, "bad");
	EXPECT_EQ(-EINVAL, replace(1, 0));
	EXPECT_TRUE(hears(0));
	teardown();
}

TEST(number_of_entries_is_bounded)
{
	unsigned int i;

	setup();
	for (i = 0; i < MAX_ENTRIES; i++)
		EXPECT_EQ(0, add(i));
	EXPECT_EQ(-EMFILE, add(i));
	EXPECT_EQ(MAX_ENTRIES, owner.n_entries);
	EXPECT_EQ(0, kdbus_match_remove(&index_, &owner, 0));
	EXPECT_EQ(0, add(i));
	teardown();
}

TEST(replace_frees_its_own_room_first)
{
	setup();
	EXPECT_EQ(0, replace(1, 1));
	EXPECT_EQ(0, replace(1, 1));
	EXPECT_EQ(-EMFILE, replace(2, 1));
	EXPECT_EQ(1, owner.n_entries);
	teardown();
}

TEST(replace_removes_all_entries_with_the_cookie)
{
	setup();
	rule_mask(0x1);
	EXPECT_EQ(0, add(1));
	EXPECT_EQ(0, add(1));
	EXPECT_EQ(0, add(2));
	items_init(&items);
	rule_mask(0x2);
	EXPECT_EQ(0, replace(1, MAX_ENTRIES));
	EXPECT_EQ(2, owner.n_entries);
	EXPECT_TRUE(hears(0x2));
	EXPECT_TRUE(hears(0x1));
	EXPECT_EQ(0, kdbus_match_remove(&index_, &owner, 2));
	EXPECT_FALSE(hears(0x1));
	teardown();
}

TEST(replace_that_finds_the_table_full_has_removed_the_old_entries)
{
	setup();
	EXPECT_EQ(0, add(1));
	EXPECT_EQ(0, add(2));
	EXPECT_EQ(0, add(3));
	EXPECT_EQ(-EMFILE, replace(1, 2));
	EXPECT_EQ(2, owner.n_entries);
	EXPECT_EQ(-EBADSLT, kdbus_match_remove(&index_, &owner, 1));
	teardown();
}

TEST(cookies_need_not_be_unique_and_removal_takes_all)
{
	setup();
	rule_mask(0x1);
	EXPECT_EQ(0, add(1));
	items_init(&items);
	rule_mask(0x2);
	EXPECT_EQ(0, add(1));
	EXPECT_TRUE(hears(0x1));
	EXPECT_TRUE(hears(0x2));
	EXPECT_EQ(0, kdbus_match_remove(&index_, &owner, 1));
	EXPECT_FALSE(hears(0x3));
	EXPECT_EQ(-EBADSLT, kdbus_match_remove(&index_, &owner, 1));
	teardown();
}

TEST(cookies_of_another_connection_are_not_touched)
{
	struct kdbus_match_owner other;

	setup();
	kdbus_match_owner_init(&other);
	EXPECT_EQ(0, add(1));
	EXPECT_EQ(-EBADSLT, kdbus_match_remove(&index_, &other, 1));
	EXPECT_TRUE(hears(0));
	kdbus_match_drop(&index_, &other);
	EXPECT_TRUE(hears(0));
	kdbus_match_owner_deinit(&other);
	teardown();
}

TEST(dropped_owner_hears_nothing_and_takes_no_more_entries)
{
	setup();
	EXPECT_EQ(0, add(1));
	kdbus_match_drop(&index_, &owner);
	EXPECT_FALSE(hears(0));
	EXPECT_FALSE(accepts_unicast(9));
	EXPECT_EQ(-ECONNRESET, add(1));
	EXPECT_EQ(-ECONNRESET, replace(1, MAX_ENTRIES));
	EXPECT_EQ(-EBADSLT, kdbus_match_remove(&index_, &owner, 1));
	teardown();
}

TEST(last_item_may_come_with_or_without_its_padding)
{
	setup();
	items_add_str(&items, KDBUS_ITEM_NAME, "a.b");
	EXPECT_EQ(0, add(1));
	items.size = KDBUS_ALIGN8(items.size);
	EXPECT_EQ(0, add(1));
	EXPECT_EQ(2, owner.n_entries);
	EXPECT_TRUE(hears_from(7, 0));
	teardown();
}

TEST(largest_possible_list_of_rules_is_taken)
{
	static u64 mask[32000 / 8];

	setup();
	mask[0] = 0x1;
	items_add(&items, KDBUS_ITEM_BLOOM_MASK, mask, 32000 / BLOOM * BLOOM);
	EXPECT_EQ(0, add(1));
	EXPECT_TRUE(hears(0x1));
	EXPECT_FALSE(hears(0x2));
	teardown();
}

static struct unit_case cases[] = {
	CASE(nothing_is_heard_without_an_entry),
	CASE(entry_without_rules_hears_everything),
	CASE(negotiate_item_makes_no_rule),
	CASE(mask_rule_wants_all_its_bits_and_no_notification),
	CASE(all_rules_of_an_entry_have_to_be_satisfied),
	CASE(one_satisfied_entry_is_enough),
	CASE(block_of_the_generation_counts_and_the_last_one_for_later_generations),
	CASE(id_rule_wants_that_sender_or_any),
	CASE(two_different_id_rules_are_never_satisfied),
	CASE(dst_id_rule_is_compared_with_the_id_as_sent),
	CASE(name_rule_wants_the_primary_owner),
	CASE(notification_rule_hears_its_type_only_and_no_signal),
	CASE(name_notifications_are_told_by_name_and_both_ids),
	CASE(id_0_matches_the_absent_side_only),
	CASE(id_notifications_are_told_by_id),
	CASE(rules_of_different_kinds_in_one_entry_hear_nothing_but_count),
	CASE(mask_has_to_be_one_or_more_blocks),
	CASE(name_rule_has_to_be_a_well_known_name),
	CASE(name_in_a_notification_rule_is_not_checked),
	CASE(first_bad_rule_decides_the_error),
	CASE(bad_rule_is_told_before_full_and_leaves_what_it_would_replace),
	CASE(number_of_entries_is_bounded),
	CASE(replace_frees_its_own_room_first),
	CASE(replace_removes_all_entries_with_the_cookie),
	CASE(replace_that_finds_the_table_full_has_removed_the_old_entries),
	CASE(cookies_need_not_be_unique_and_removal_takes_all),
	CASE(cookies_of_another_connection_are_not_touched),
	CASE(dropped_owner_hears_nothing_and_takes_no_more_entries),
	CASE(last_item_may_come_with_or_without_its_padding),
	CASE(largest_possible_list_of_rules_is_taken),
	{}
};

SUITE("kdbus-match", cases);
