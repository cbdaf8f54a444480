// SPDX-License-Identifier: GPL-2.0
/* What the suites expect, told to KUnit */

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "suite.h"

/* KUnit runs one test at a time. */
static struct kunit *current_test;
static u64 random_state;

/**
 * unit_init() - a test begins
 * @test: which
 *
 * Return: 0.
 */
int unit_init(struct kunit *test)
{
	current_test = test;
	random_state = 1;
	return 0;
}

/**
 * unit_module_is_up() - has kdbus been initialised?
 *
 * Return: whether; what its initialisation makes is there then.
 */
bool unit_module_is_up(void)
{
#ifdef MODULE
	return THIS_MODULE->state == MODULE_STATE_LIVE;
#else
	return true;
#endif
}

/**
 * unit_random() - next number of a sequence
 *
 * Return: a number; the sequence is the same for each test, and in user space.
 */
u64 unit_random(void)
{
	u64 x = random_state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/**
 * unit_failed() - has an expectation of this test not been met?
 *
 * Return: whether.
 */
bool unit_failed(void)
{
	return current_test->status == KUNIT_FAILURE;
}

/**
 * unit_grace_period() - let readers end, and what they kept be freed
 *
 * Context: Sleeps.
 */
void unit_grace_period(void)
{
	synchronize_rcu_expedited();
	rcu_barrier();
}

/**
 * unit_expect_eq() - note that two numbers shall be equal
 * @place: where that is said
 * @expected: the right number
 * @seen: the other one
 * @format: which case it is, and what goes into that
 *
 * Context: Any.
 * Return: whether they are.
 */
bool unit_expect_eq(const struct unit_place *place, long long expected, long long seen,
		    const char *format, ...)
{
	struct va_format which = { .fmt = format };
	va_list args;

	if (likely(expected == seen))
		return true;
	va_start(args, format);
	which.va = &args;
	KUNIT_FAIL(current_test, "%s:%d: %pV: %s is %lld, not %lld", place->file, place->line,
		   &which, place->text, seen, expected);
	va_end(args);
	return false;
}
