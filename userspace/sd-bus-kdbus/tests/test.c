// SPDX-License-Identifier: LGPL-2.1-or-later
/* test.c - runs tests one after the other, prints TAP */
#include <stdarg.h>
#include <stdlib.h>

#include "test.h"

static struct test *first_test;
static struct test **last_link = &first_test;
static bool failed;

/**
 * test_register() - a test comes after those that are known
 * @test: static
 */
void test_register(struct test *test)
{
	*last_link = test;
	last_link = &test->next;
}

/**
 * test_fail() - the running test has failed
 * @file: where
 * @line: where
 * @format: what, as of printf()
 */
void test_fail(const char *file, int line, const char *format, ...)
{
	char text[1024];
	va_list args;

	failed = true;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printf("# %s:%d: %s\n", file, line, text);
}

/**
 * test_failed() - has the running test failed?
 *
 * Return: true if it has.
 */
bool test_failed(void)
{
	return failed;
}

int main(void)
{
	bool any_failed = false;
	struct test *test;
	unsigned int n = 0;

	for (test = first_test; test; test = test->next)
		n++;
	printf("1..%u\n", n);
	n = 0;
	for (test = first_test; test; test = test->next) {
		failed = false;
		test->run();
		printf("%s %u %s\n", failed ? "not ok" : "ok", ++n, test->name);
		fflush(stdout);
		any_failed |= failed;
	}
	return any_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
