// SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later
/* How much of a receiver each sending user may fill */

#include "../quota.h"
#include "suite.h"

#include "quota_cases.h"

static const char users[3];

TEST(charges_follow_the_formula)
{
	struct kdbus_share share[3];
	struct kdbus_quota quota;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(quota_cases); i++) {
		const struct quota_case *c = &quota_cases[i];

		kdbus_quota_init(&quota, c->capacity, 256, 16);
		kdbus_quota_add(&quota, &share[1], &users[1]);
		kdbus_quota_add(&quota, &share[2], &users[2]);
		for (j = 0; j < ARRAY_SIZE(c->charge) && c->charge[j].user; j++)
			EXPECT_EQ_CASE(c->charge[j].result,
				       kdbus_quota_charge(&quota, &share[c->charge[j].user],
							  c->charge[j].bytes, c->charge[j].fds),
				       "%s, charge %zu", c->what, j);
	}
}

TEST(number_of_messages_is_bounded_per_user)
{
	struct kdbus_share share[3];
	struct kdbus_quota quota;
	unsigned int i;

	kdbus_quota_init(&quota, 16 * MIB, 256, 16);
	kdbus_quota_add(&quota, &share[1], &users[1]);
	kdbus_quota_add(&quota, &share[2], &users[2]);
	for (i = 0; i < 256; i++)
		EXPECT_EQ(0, kdbus_quota_charge(&quota, &share[1], 8, 0));
	EXPECT_EQ(-ENOBUFS, kdbus_quota_charge(&quota, &share[1], 8, 0));
	EXPECT_EQ(0, kdbus_quota_charge(&quota, &share[2], 8, 0));
	kdbus_quota_uncharge(&quota, &share[1], 8, 0);
	EXPECT_EQ(0, kdbus_quota_charge(&quota, &share[1], 8, 0));
	/* The count is looked at before the descriptors. */
	EXPECT_EQ(-ENOBUFS, kdbus_quota_charge(&quota, &share[1], 8, 17));
}

TEST(user_without_a_share_has_nothing_queued)
{
	struct kdbus_quota quota;
	struct kdbus_share share;

	kdbus_quota_init(&quota, MIB, 1, 16);
	EXPECT_EQ(0, kdbus_quota_check(&quota, NULL, 174762, 16));
	EXPECT_EQ(-ENOBUFS, kdbus_quota_check(&quota, NULL, 174763, 16));
	EXPECT_EQ(-EMFILE, kdbus_quota_check(&quota, NULL, 8, 17));
	kdbus_quota_add(&quota, &share, &users[1]);
	EXPECT_EQ(0, kdbus_quota_charge(&quota, &share, 174762, 0));
	EXPECT_EQ(-ENOBUFS, kdbus_quota_check(&quota, &share, 8, 0));
	/* A third of what is left */
	EXPECT_EQ(0, kdbus_quota_check(&quota, NULL, 116508, 0));
	EXPECT_EQ(-ENOBUFS, kdbus_quota_check(&quota, NULL, 116509, 0));
}

TEST(what_is_returned_can_be_charged_again)
{
	struct kdbus_quota quota;
	struct kdbus_share share;
	unsigned int i;

	kdbus_quota_init(&quota, MIB, 256, 16);
	kdbus_quota_add(&quota, &share, &users[1]);
	for (i = 0; i < 1000; i++) {
		EXPECT_EQ(0, kdbus_quota_charge(&quota, &share, 174762, 16));
		kdbus_quota_uncharge(&quota, &share, 174762, 16);
	}
	EXPECT_EQ(0, quota.accounted);
	EXPECT_EQ(0, share.bytes);
	EXPECT_EQ(0, share.fds);
	EXPECT_EQ(0, share.messages);
}

TEST(shares_are_found_by_user)
{
	struct kdbus_share share[3];
	struct kdbus_quota quota;

	kdbus_quota_init(&quota, MIB, 256, 16);
	EXPECT_TRUE(!kdbus_quota_find(&quota, &users[0]));
	kdbus_quota_add(&quota, &share[0], &users[0]);
	kdbus_quota_add(&quota, &share[1], &users[1]);
	EXPECT_TRUE(kdbus_quota_find(&quota, &users[0]) == &share[0]);
	EXPECT_TRUE(kdbus_quota_find(&quota, &users[1]) == &share[1]);
	EXPECT_TRUE(!kdbus_quota_find(&quota, &users[2]));
}

TEST(only_idle_shares_beyond_the_limit_are_taken_the_longest_unused_first)
{
	struct kdbus_share share[3];
	struct kdbus_quota quota;
	unsigned int i;

	kdbus_quota_init(&quota, MIB, 256, 16);
	for (i = 0; i < 3; i++)
		kdbus_quota_add(&quota, &share[i], &users[i]);
	EXPECT_EQ(0, kdbus_quota_charge(&quota, &share[0], 8, 0));
	EXPECT_TRUE(kdbus_quota_find(&quota, &users[1]) == &share[1]);

	EXPECT_TRUE(!kdbus_quota_take_idle(&quota, 3));
	/* 0 is not idle, 1 was used after 2. */
	EXPECT_TRUE(kdbus_quota_take_idle(&quota, 2) == &share[2]);
	EXPECT_TRUE(!kdbus_quota_find(&quota, &users[2]));
	EXPECT_TRUE(kdbus_quota_take_idle(&quota, 1) == &share[1]);
	EXPECT_TRUE(!kdbus_quota_take_idle(&quota, 0));
	kdbus_quota_uncharge(&quota, &share[0], 8, 0);
	EXPECT_TRUE(kdbus_quota_take_idle(&quota, 0) == &share[0]);
	EXPECT_EQ(0, quota.n_shares);
}

TEST(random_charges_agree_with_the_formula)
{
	struct kdbus_share share[3];
	unsigned int n_refused = 0;
	struct kdbus_quota quota;
	unsigned int i, j;

	kdbus_quota_init(&quota, MIB, 20, 16);
	for (j = 0; j < 3; j++)
		kdbus_quota_add(&quota, &share[j], &users[j]);

	for (i = 0; i < UNIT_ROUNDS(20000); i++) {
		unsigned int u = unit_random() % 3, fds = unit_random() % 4;
		size_t bytes = 8 + unit_random() % 60000;
		s64 avail = MIB / 2, sum = 0;
		struct kdbus_share *s = &share[u];
		int expected = 0;

		if (s->messages && unit_random() % 3 == 0) {
			size_t part = s->messages == 1 ? s->bytes : s->bytes / s->messages;

			kdbus_quota_uncharge(&quota, s, part, s->messages == 1 ? s->fds : 0);
			continue;
		}
		for (j = 0; j < 3; j++)
			sum += share[j].bytes;
		EXPECT_EQ(sum, quota.accounted);
		if (avail < sum ||
		    (avail - sum + (s64)s->bytes) / 3 < (s64)(s->bytes + bytes) ||
		    s->messages >= 20)
			expected = -ENOBUFS;
		else if (s->fds + fds > 16)
			expected = -EMFILE;
		n_refused += expected != 0;
		EXPECT_EQ(expected, kdbus_quota_check(&quota, s, bytes, fds));
		EXPECT_EQ(expected, kdbus_quota_charge(&quota, s, bytes, fds));
	}
	EXPECT_TRUE(n_refused > UNIT_ROUNDS(1000));
}

static struct unit_case cases[] = {
	CASE(charges_follow_the_formula),
	CASE(number_of_messages_is_bounded_per_user),
	CASE(user_without_a_share_has_nothing_queued),
	CASE(what_is_returned_can_be_charged_again),
	CASE(shares_are_found_by_user),
	CASE(only_idle_shares_beyond_the_limit_are_taken_the_longest_unused_first),
	CASE(random_charges_agree_with_the_formula),
	{}
};

SUITE("kdbus-quota", cases);
