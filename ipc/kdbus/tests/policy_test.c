// SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later
/* Who may see, talk to and own which names */

#include "items.h"
#include "../policy.h"
#include "suite.h"

#include "policy_cases.h"

static struct kdbus_policy db;
static struct items items;
static const char owners[4];

static void setup(void)
{
#ifdef UNIT_SHIM
	unit_user_ns = (struct user_namespace){ .first = 0, .n = U32_MAX };
#endif
	kdbus_policy_init(&db);
	items_init(&items);
}

static void teardown(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(owners); i++)
		kdbus_policy_drop(&db, &owners[i]);
	kdbus_policy_deinit(&db);
}

static void name(const char *str)
{
	items_add_str(&items, KDBUS_ITEM_NAME, str);
}

static void grant(u64 type, u64 level, u64 id)
{
	struct kdbus_policy_access access = { .type = type, .access = level, .id = id };

	items_add(&items, KDBUS_ITEM_POLICY_ACCESS, &access, sizeof(access));
}

static void grant_world(u64 level)
{
	grant(KDBUS_POLICY_ACCESS_WORLD, level, 0);
}

static int set(const char *owner)
{
	int ret = kdbus_policy_set(&db, owner, items_first(&items), items.size, UINT_MAX, true);

	items_init(&items);
	return ret;
}

static struct {
	struct group_info info;
	kgid_t gid[8];
} groups;

static struct cred cred_of(u32 uid, u32 gid)
{
	groups.info.ngroups = 3;
	groups.gid[0].val = 50;
	groups.gid[1].val = 60;
	groups.gid[2].val = 70;
	return (struct cred){
		.euid = { uid }, .egid = { gid }, .group_info = &groups.info,
	};
}

static int level(const char *str)
{
	struct cred cred = cred_of(1000, 100);

	return kdbus_policy_level(&db, &cred, str);
}

#ifdef UNIT_SHIM
TEST(empty_database_grants_nothing_and_costs_nothing)
{
	long n_before = unit_n_allocated();

	setup();
	EXPECT_EQ(-1, level("a.b"));
	EXPECT_EQ(n_before, unit_n_allocated());
	teardown();
}
#endif

TEST(highest_matching_grant_counts)
{
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(policy_grant_cases); i++) {
		const struct policy_grant_case *c = &policy_grant_cases[i];

		setup();
		name("a.b");
		for (j = 0; j < c->n_grants; j++)
			grant(c->grant[j].type, c->grant[j].access, c->grant[j].id);
		EXPECT_EQ(0, set(&owners[0]));
		EXPECT_EQ_CASE(c->level, level("a.b"), "%s", c->what);
		teardown();
	}
}

TEST(names_are_covered_by_exact_entry_then_by_wildcard)
{
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(policy_name_cases); i++) {
		const struct policy_name_case *c = &policy_name_cases[i];

		setup();
		for (j = 0; j < ARRAY_SIZE(c->entry) && c->entry[j].name; j++) {
			name(c->entry[j].name);
			if (c->entry[j].level >= 0)
				grant_world(c->entry[j].level);
		}
		EXPECT_EQ_CASE(0, set(&owners[0]), "%s", c->what);
		EXPECT_EQ_CASE(c->level, level(c->query), "%s", c->what);
		teardown();
	}
}

TEST(bad_grants_are_refused)
{
	static const struct {
		u64 type, level, id;
		int result;
	} cases[] = {
		{ 0, 0, 0, -EINVAL },
		{ 4, 0, 0, -EINVAL },
		{ ~0ULL, 0, 0, -EINVAL },
		{ (1ULL << 32) + KDBUS_POLICY_ACCESS_WORLD, 0, 0, -EINVAL },
		{ KDBUS_POLICY_ACCESS_WORLD, 3, 0, -EINVAL },
		{ KDBUS_POLICY_ACCESS_WORLD, ~0ULL, 0, -EINVAL },
		{ KDBUS_POLICY_ACCESS_WORLD, 1ULL << 32, 0, -EINVAL },
		{ KDBUS_POLICY_ACCESS_WORLD, 2, ~0ULL, 0 },
		{ KDBUS_POLICY_ACCESS_USER, 0, U32_MAX, -EINVAL },
		{ KDBUS_POLICY_ACCESS_USER, 0, 1ULL << 32, -EINVAL },
		{ KDBUS_POLICY_ACCESS_USER, 0, ~0ULL, -EINVAL },
		{ KDBUS_POLICY_ACCESS_GROUP, 0, U32_MAX, -EINVAL },
		{ KDBUS_POLICY_ACCESS_GROUP, 0, 1ULL << 32, -EINVAL },
		{ KDBUS_POLICY_ACCESS_USER, 2, 0, 0 },
		{ KDBUS_POLICY_ACCESS_GROUP, 2, 0, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		setup();
		name("a.b");
		grant(cases[i].type, cases[i].level, cases[i].id);
		EXPECT_EQ_CASE(cases[i].result, set(&owners[0]), "grant %zu", i);
		teardown();
	}
}

#ifdef UNIT_SHIM
TEST(ids_are_those_of_the_callers_namespace)
{
	setup();
	unit_user_ns = (struct user_namespace){ .first = 1000, .n = 10 };
	name("a.b");
	grant(KDBUS_POLICY_ACCESS_USER, KDBUS_POLICY_OWN, 0);
	name("a.c");
	grant(KDBUS_POLICY_ACCESS_USER, KDBUS_POLICY_OWN, 1);
	EXPECT_EQ(0, set(&owners[0]));
	EXPECT_EQ(KDBUS_POLICY_OWN, level("a.b"));
	EXPECT_EQ(-1, level("a.c"));

	name("a.b");
	grant(KDBUS_POLICY_ACCESS_USER, KDBUS_POLICY_OWN, 10);
	EXPECT_EQ(-EINVAL, set(&owners[0]));
	name("a.b");
	grant(KDBUS_POLICY_ACCESS_GROUP, KDBUS_POLICY_OWN, 10);
	EXPECT_EQ(-EINVAL, set(&owners[0]));
	teardown();
}
#endif

TEST(grant_before_any_name_is_refused)
{
	setup();
	grant_world(KDBUS_POLICY_OWN);
	name("a.b");
	EXPECT_EQ(-EINVAL, set(&owners[0]));
	EXPECT_EQ(-1, level("a.b"));
	teardown();
}

TEST(bad_names_are_refused)
{
	static const char *const bad[] = { "", "a", "a..b", "1.b", "a.*.b", "*", ":1.1" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		setup();
		name(bad[i]);
		EXPECT_EQ_CASE(-EINVAL, set(&owners[0]), "%s", bad[i]);
		teardown();
	}
}

static int set_limited(unsigned int max_names, bool wildcards_ok)
{
	int ret = kdbus_policy_set(&db, &owners[0], items_first(&items), items.size, max_names,
				   wildcards_ok);

	items_init(&items);
	return ret;
}

TEST(wildcards_are_refused_where_not_allowed)
{
	setup();
	name("a.b.*");
	EXPECT_EQ(-EINVAL, set_limited(1, false));
	name("a.b.*");
	EXPECT_EQ(0, set_limited(1, true));
	teardown();
}

TEST(number_of_names_is_bounded)
{
	setup();
	name("a.b");
	name("a.c");
	EXPECT_EQ(-E2BIG, set_limited(1, true));
	name("a.b");
	name("bad");
	EXPECT_EQ(-E2BIG, set_limited(1, true));
	name("bad");
	name("a.b");
	EXPECT_EQ(-EINVAL, set_limited(1, true));
	name("a.b");
	grant(9, 9, 9);
	name("a.c");
	EXPECT_EQ(-EINVAL, set_limited(1, true));
	name("a.b");
	EXPECT_EQ(0, set_limited(1, true));
	teardown();
}

TEST(other_items_are_skipped)
{
	setup();
	items_add_u64(&items, KDBUS_ITEM_ATTACH_FLAGS_SEND, 1);
	name("a.b");
	items_add_u64(&items, KDBUS_ITEM_ATTACH_FLAGS_RECV, 1);
	grant_world(KDBUS_POLICY_TALK);
	items_add_str(&items, KDBUS_ITEM_CONN_DESCRIPTION, "x");
	grant(KDBUS_POLICY_ACCESS_USER, KDBUS_POLICY_OWN, 1000);
	EXPECT_EQ(0, set(&owners[0]));
	EXPECT_EQ(KDBUS_POLICY_OWN, level("a.b"));
	teardown();
}

TEST(name_twice_in_the_input_is_refused)
{
	setup();
	name("a.b");
	name("a.c");
	name("a.b");
	EXPECT_EQ(-EEXIST, set(&owners[0]));
	name("a.b.*");
	name("a.b.*");
	EXPECT_EQ(-EEXIST, set(&owners[0]));
	name("a.b.*");
	name("a.b");
	EXPECT_EQ(0, set(&owners[0]));
	teardown();
}

TEST(name_of_another_owner_is_refused)
{
	setup();
	name("a.b");
	EXPECT_EQ(0, set(&owners[0]));
	name("a.b");
	grant_world(KDBUS_POLICY_OWN);
	EXPECT_EQ(-EEXIST, set(&owners[1]));
	EXPECT_EQ(-1, level("a.b"));
	name("a.b.*");
	EXPECT_EQ(0, set(&owners[1]));
	name("a.b");
	grant_world(KDBUS_POLICY_OWN);
	EXPECT_EQ(0, set(&owners[0]));
	EXPECT_EQ(KDBUS_POLICY_OWN, level("a.b"));
	teardown();
}

TEST(duplicates_are_told_after_all_items)
{
	setup();
	name("a.b");
	name("a.b");
	grant(9, 9, 9);
	EXPECT_EQ(-EINVAL, set(&owners[0]));
	teardown();
}

TEST(success_replaces_all_entries_of_the_owner_only)
{
	setup();
	name("a.b");
	grant_world(KDBUS_POLICY_OWN);
	name("a.c");
	grant_world(KDBUS_POLICY_OWN);
	EXPECT_EQ(0, set(&owners[0]));
	name("x.y");
	grant_world(KDBUS_POLICY_OWN);
	EXPECT_EQ(0, set(&owners[1]));

	name("a.b");
	grant_world(KDBUS_POLICY_SEE);
	EXPECT_EQ(0, set(&owners[0]));
	EXPECT_EQ(KDBUS_POLICY_SEE, level("a.b"));
	EXPECT_EQ(-1, level("a.c"));
	EXPECT_EQ(KDBUS_POLICY_OWN, level("x.y"));

	EXPECT_EQ(0, set(&owners[0]));
	EXPECT_EQ(-1, level("a.b"));
	kdbus_policy_drop(&db, &owners[1]);
	EXPECT_EQ(-1, level("x.y"));
	teardown();
}

TEST(error_leaves_the_old_entries)
{
	setup();
	name("a.b");
	grant_world(KDBUS_POLICY_OWN);
	EXPECT_EQ(0, set(&owners[0]));
	name("a.b");
	grant_world(KDBUS_POLICY_SEE);
	name("bad");
	EXPECT_EQ(-EINVAL, set(&owners[0]));
	EXPECT_EQ(KDBUS_POLICY_OWN, level("a.b"));
	teardown();
}

TEST(dropping_an_owner_without_entries_does_nothing)
{
	setup();
	name("a.b");
	grant_world(KDBUS_POLICY_OWN);
	EXPECT_EQ(0, set(&owners[0]));
	kdbus_policy_drop(&db, &owners[1]);
	EXPECT_EQ(KDBUS_POLICY_OWN, level("a.b"));
	teardown();
}

TEST(what_was_said_holds_until_something_changes)
{
	struct cred cred = cred_of(1000, 100);
	struct kdbus_verdict verdict = {};

	setup();
	EXPECT_EQ(-1, kdbus_policy_recall(&db, &cred, "a.b", &verdict));
	name("a.b");
	grant_world(KDBUS_POLICY_TALK);
	EXPECT_EQ(0, set(&owners[0]));
	EXPECT_EQ(KDBUS_POLICY_TALK, kdbus_policy_recall(&db, &cred, "a.b", &verdict));
	EXPECT_EQ(db.n_changes, verdict.n_changes);
	/* Who keeps it for another name is answered for the first one. */
	EXPECT_EQ(KDBUS_POLICY_TALK, kdbus_policy_recall(&db, &cred, "a.c", &verdict));
	name("a.c");
	grant_world(KDBUS_POLICY_SEE);
	EXPECT_EQ(0, set(&owners[1]));
	EXPECT_EQ(KDBUS_POLICY_SEE, kdbus_policy_recall(&db, &cred, "a.c", &verdict));
	kdbus_policy_drop(&db, &owners[1]);
	EXPECT_EQ(-1, kdbus_policy_recall(&db, &cred, "a.c", &verdict));
	teardown();
}

/* The model: what each owner has for each name; level -1 is an entry that grants nothing. */

#define N_TEXTS		24
#define NO_ENTRY	-2

static char texts[N_TEXTS][16];
static int model[N_TEXTS], model_owner[N_TEXTS];

static int model_level(const char *query)
{
	const char *dot = strrchr(query, '.');
	char wildcard[20];
	size_t i;

	for (i = 0; i < N_TEXTS; i++)
		if (model[i] != NO_ENTRY && !strcmp(texts[i], query))
			return model[i];
	snprintf(wildcard, sizeof(wildcard), "%.*s.*", (int)(dot - query), query);
	for (i = 0; i < N_TEXTS; i++)
		if (model[i] != NO_ENTRY && !strcmp(texts[i], wildcard))
			return model[i];
	return -1;
}

static void model_step(bool fail)
{
	int owner = unit_random() % ARRAY_SIZE(owners), wanted[N_TEXTS];
	int expected = 0, ret;
	size_t i;

	for (i = 0; i < N_TEXTS; i++) {
		wanted[i] = unit_random() % 4 ? NO_ENTRY : (int)(unit_random() % 4) - 1;
		if (wanted[i] == NO_ENTRY)
			continue;
		if (model[i] != NO_ENTRY && model_owner[i] != owner) {
			if (unit_random() % 8)
				wanted[i] = NO_ENTRY;
			else
				expected = -EEXIST;
		}
		if (wanted[i] == NO_ENTRY)
			continue;
		name(texts[i]);
		if (wanted[i] >= 0)
			grant_world(wanted[i]);
	}

#ifdef UNIT_SHIM
	if (fail)
		unit_fail_alloc_after(unit_random() % 8);
#endif
	ret = set(&owners[owner]);
#ifdef UNIT_SHIM
	if (fail && unit_alloc_failed() && ret == -ENOMEM)
		return;
#endif
	EXPECT_EQ(expected, ret);
	if (ret)
		return;
	for (i = 0; i < N_TEXTS; i++) {
		if (model[i] != NO_ENTRY && model_owner[i] == owner)
			model[i] = NO_ENTRY;
		if (wanted[i] == NO_ENTRY)
			continue;
		model[i] = wanted[i];
		model_owner[i] = owner;
	}
}

static void run_model(bool fail)
{
	struct cred cred = cred_of(1000, 100);
	static struct kdbus_verdict verdicts[N_TEXTS];
	char query[16];
	size_t i, round;

	setup();
	memset(verdicts, 0, sizeof(verdicts));
	for (i = 0; i < N_TEXTS; i++) {
		model[i] = NO_ENTRY;
		if (i % 4 == 3)
			snprintf(texts[i], sizeof(texts[i]), "n.e%zu.*", i / 4);
		else
			snprintf(texts[i], sizeof(texts[i]), "n.e%zu.f%zu", i / 4, i % 4);
	}
	for (round = 0; round < UNIT_ROUNDS(3000) && !unit_failed(); round++) {
		model_step(fail && round % 2);
		for (i = 0; i < N_TEXTS; i++) {
			snprintf(query, sizeof(query), "n.e%zu.f%zu", i / 4, i % 4);
			EXPECT_EQ_CASE(model_level(query), level(query), "%s", query);
			EXPECT_EQ_CASE(model_level(query),
				       kdbus_policy_recall(&db, &cred, query, &verdicts[i]),
				       "%s again", query);
		}
		if (round % 32 == 0)
			unit_grace_period();
	}
	teardown();
}

TEST(random_changes_agree_with_a_search_over_all)
{
	run_model(false);
}

#ifdef UNIT_SHIM
TEST(failing_allocations_leave_the_old_entries)
{
	run_model(true);
}
#endif

static struct unit_case cases[] = {
	CASE(highest_matching_grant_counts),
	CASE(names_are_covered_by_exact_entry_then_by_wildcard),
	CASE(bad_grants_are_refused),
	CASE(grant_before_any_name_is_refused),
	CASE(bad_names_are_refused),
	CASE(wildcards_are_refused_where_not_allowed),
	CASE(number_of_names_is_bounded),
	CASE(other_items_are_skipped),
	CASE(name_twice_in_the_input_is_refused),
	CASE(name_of_another_owner_is_refused),
	CASE(duplicates_are_told_after_all_items),
	CASE(success_replaces_all_entries_of_the_owner_only),
	CASE(error_leaves_the_old_entries),
	CASE(dropping_an_owner_without_entries_does_nothing),
	CASE(what_was_said_holds_until_something_changes),
	CASE(random_changes_agree_with_a_search_over_all),
	{}
};

SUITE("kdbus-policy", cases);
