/* SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later */
/* Charges of two users to a receiver, in order, and whether they are accepted */
#ifndef KDBUS_TESTS_QUOTA_CASES_H
#define KDBUS_TESTS_QUOTA_CASES_H

struct quota_charge {
	unsigned int user;	/* 1 or 2; 0 ends the list */
	size_t bytes;
	unsigned int fds;
	int result;
};

struct quota_case {
	const char *what;
	size_t capacity;
	struct quota_charge charge[5];
};

#define MIB	(1024 * 1024)

static const struct quota_case quota_cases[] = {
	{ "one_user_gets_a_third_of_half", MIB, { { 1, 174762, 0, 0 } } },
	{ "one_byte_more_is_too_much", MIB, { { 1, 174763, 0, -ENOBUFS } } },
	{ "second_user_gets_a_third_of_the_rest", MIB,
	  { { 1, 100000, 0, 0 }, { 2, 141429, 0, 0 } } },
	{ "second_user_gets_no_byte_more", MIB,
	  { { 1, 100000, 0, 0 }, { 2, 141430, 0, -ENOBUFS } } },
	{ "own_bytes_do_not_shrink_the_own_bound", MIB,
	  { { 1, 100000, 0, 0 }, { 1, 74762, 0, 0 }, { 1, 1, 0, -ENOBUFS } } },
	{ "refused_charge_leaves_no_trace", MIB,
	  { { 1, 174763, 0, -ENOBUFS }, { 1, 8, 17, -EMFILE }, { 2, 174762, 0, 0 } } },
	{ "two_mib_fit_once_into_16_mib_and_128_kib_after_it", 16 * MIB,
	  { { 1, 2 * MIB, 0, 0 }, { 1, 2 * MIB, 0, -ENOBUFS }, { 1, 128 * 1024, 0, 0 } } },
	{ "16_mib_have_2796202_bytes_for_one_user", 16 * MIB,
	  { { 1, 2796202, 0, 0 }, { 1, 1, 0, -ENOBUFS } } },
	{ "no_descriptor_beyond_16", MIB,
	  { { 1, 8, 16, 0 }, { 1, 8, 1, -EMFILE }, { 1, 8, 0, 0 }, { 2, 8, 16, 0 } } },
	{ "bytes_are_looked_at_before_descriptors", MIB, { { 1, MIB, 17, -ENOBUFS } } },
	{ "bytes_of_a_user_stay_below_4_gib", (size_t)1 << 40,
	  { { 1, U32_MAX, 0, 0 }, { 1, 1, 0, -ENOBUFS }, { 2, U32_MAX, 0, 0 } } },
	{ "more_than_4_gib_at_once", (size_t)1 << 40, { { 1, (size_t)U32_MAX + 1, 0, -ENOBUFS } } },
};

#endif
