/* SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later */
/* Policy entries, and what they give to uid 1000, gid 100, groups 50, 60, 70 */
#ifndef KDBUS_TESTS_POLICY_CASES_H
#define KDBUS_TESTS_POLICY_CASES_H

struct policy_grant_case {
	const char *what;
	unsigned int n_grants;
	struct kdbus_policy_access grant[4];
	int level;
};

#define USER	KDBUS_POLICY_ACCESS_USER
#define GROUP	KDBUS_POLICY_ACCESS_GROUP
#define WORLD	KDBUS_POLICY_ACCESS_WORLD
#define SEE	KDBUS_POLICY_SEE
#define TALK	KDBUS_POLICY_TALK
#define OWN	KDBUS_POLICY_OWN

static const struct policy_grant_case policy_grant_cases[] = {
	{ "no_grants", 0, { { 0 } }, -1 },
	{ "see_for_world", 1, { { WORLD, SEE, 0 } }, SEE },
	{ "talk_for_world", 1, { { WORLD, TALK, 0 } }, TALK },
	{ "own_for_world", 1, { { WORLD, OWN, 0 } }, OWN },
	{ "world_ignores_the_id", 1, { { WORLD, OWN, 4711 } }, OWN },
	{ "that_user", 1, { { USER, TALK, 1000 } }, TALK },
	{ "other_user", 1, { { USER, OWN, 1001 } }, -1 },
	{ "gid_is_no_uid", 1, { { USER, OWN, 100 } }, -1 },
	{ "effective_group", 1, { { GROUP, TALK, 100 } }, TALK },
	{ "first_supplementary_group", 1, { { GROUP, TALK, 50 } }, TALK },
	{ "last_supplementary_group", 1, { { GROUP, TALK, 70 } }, TALK },
	{ "other_group", 1, { { GROUP, OWN, 80 } }, -1 },
	{ "uid_is_no_gid", 1, { { GROUP, OWN, 1000 } }, -1 },
	{ "highest_first", 2, { { USER, OWN, 1000 }, { WORLD, SEE, 0 } }, OWN },
	{ "highest_last", 2, { { WORLD, SEE, 0 }, { USER, OWN, 1000 } }, OWN },
	{ "grants_of_others_do_not_count", 3,
	  { { USER, OWN, 1 }, { GROUP, OWN, 1 }, { WORLD, TALK, 0 } }, TALK },
	{ "same_grant_twice", 2, { { USER, TALK, 1000 }, { USER, TALK, 1000 } }, TALK },
};

struct policy_name_case {
	const char *what;
	struct {
		const char *name;
		int level;	/* for the world; -1 for no grant */
	} entry[4];
	const char *query;
	int level;
};

static const struct policy_name_case policy_name_cases[] = {
	{ "exact", { { "a.b", OWN } }, "a.b", OWN },
	{ "prefix_of_entry", { { "a.b.c", OWN } }, "a.b", -1 },
	{ "entry_is_prefix", { { "a.b", OWN } }, "a.b.c", -1 },
	{ "case_matters", { { "a.b", OWN } }, "a.B", -1 },
	{ "wildcard_covers_one_element", { { "a.b.*", TALK } }, "a.b.c", TALK },
	{ "wildcard_covers_long_element", { { "a.b.*", TALK } }, "a.b.cdefghij", TALK },
	{ "wildcard_covers_not_two_elements", { { "a.b.*", TALK } }, "a.b.c.d", -1 },
	{ "wildcard_covers_not_its_prefix", { { "a.b.*", TALK } }, "a.b", -1 },
	{ "wildcard_covers_not_a_longer_element", { { "a.b.*", TALK } }, "a.bc.d", -1 },
	{ "wildcard_below_one_element", { { "a.*", TALK } }, "a.b", TALK },
	{ "exact_hides_wildcard", { { "a.*", OWN }, { "a.b", SEE } }, "a.b", SEE },
	{ "exact_after_wildcard_or_before", { { "a.b", SEE }, { "a.*", OWN } }, "a.b", SEE },
	{ "exact_without_grant_hides_wildcard", { { "a.*", OWN }, { "a.b", -1 } }, "a.b", -1 },
	{ "other_exact_hides_nothing", { { "a.*", OWN }, { "a.c", -1 } }, "a.b", OWN },
	{ "exact_prefix_of_wildcard_is_another_entry",
	  { { "a.b", SEE }, { "a.b.*", OWN } }, "a.b", SEE },
	{ "wildcard_beside_exact_prefix", { { "a.b", SEE }, { "a.b.*", OWN } }, "a.b.c", OWN },
	{ "deeper_wildcard_does_not_matter", { { "a.*", SEE }, { "a.b.*", OWN } }, "a.b", SEE },
};

#undef USER
#undef GROUP
#undef WORLD
#undef SEE
#undef TALK
#undef OWN

#endif
