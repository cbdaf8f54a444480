/* SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later */
/* What a suite of tests is written with: KUnit in the kernel, TAP in user space */
#ifndef KDBUS_TESTS_SUITE_H
#define KDBUS_TESTS_SUITE_H

/**
 * DOC: Suites for two places
 *
 * The suites in ipc/kdbus/tests test what knows neither a bus nor a process.  They
 * are compiled twice: in the kernel, as suites of KUnit, with its locks, lists and
 * sanitizers; and as programs of user space, against a shim of the kernel's headers
 * (tools/testing/unit), where they run in a blink, and memory can fail on demand.
 *
 * A file has tests, each a TEST(its_claim), and at its end a list of them, each a
 * CASE(), for one SUITE().  What needs the shim stands between #ifdef UNIT_SHIM.
 */

#ifdef __KERNEL__

#include <kunit/test.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/jhash.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>

/* Under sanitizers, in an emulated machine: a part of what user space does. */
#define UNIT_ROUNDS(n)	((n) / 20)

/**
 * struct unit_place - where an expectation stands
 * @file: of the suite
 * @line: in it
 * @text: what is looked at, as it is written there
 */
struct unit_place {
	const char *file;
	int line;
	const char *text;
};

int unit_init(struct kunit *test);
bool unit_module_is_up(void);
u64 unit_random(void);
bool unit_failed(void);
void unit_grace_period(void);
__printf(4, 5)
bool unit_expect_eq(const struct unit_place *place, long long expected, long long seen,
		    const char *format, ...);

#define TEST(name_)	static void name_(struct kunit *unit_test_)
#define unit_case	kunit_case
#define CASE(name_)	KUNIT_CASE(name_)

#define SUITE(name_, cases_)						\
	static struct kunit_suite unit_suite_ = {			\
		.name = name_,						\
		.init = unit_init,					\
		.test_cases = cases_,					\
	};								\
	kunit_test_suite(unit_suite_)

/* Expected first, seen second; @... tells which case, printf-like. */
#define EXPECT_EQ_CASE(expected_, seen_, ...)				\
	({								\
		static const struct unit_place place_ = {		\
			.file = __FILE__, .line = __LINE__, .text = #seen_, \
		};							\
									\
		unit_expect_eq(&place_, (long long)(expected_),		\
			       (long long)(seen_), __VA_ARGS__);	\
	})
#define EXPECT_EQ(expected_, seen_)	EXPECT_EQ_CASE(expected_, seen_, "%s", #expected_)
#define EXPECT_TRUE(seen_)		EXPECT_EQ(true, !!(seen_))
#define EXPECT_FALSE(seen_)		EXPECT_EQ(false, !!(seen_))
#else /* !__KERNEL__ */

#include "kernel.h"
#include "unit.h"

#define UNIT_SHIM
#define UNIT_ROUNDS(n)	(n)
#define unit_module_is_up()	false

/* Each test registers itself: see TEST() in unit.h. */
struct unit_case {
	const char *name;
};

#define CASE(name_)		{ #name_ }
#define SUITE(name_, cases_)	static_assert(sizeof(cases_) > sizeof((cases_)[0]), name_)

#endif

#endif
