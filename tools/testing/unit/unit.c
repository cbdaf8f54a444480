// SPDX-License-Identifier: LGPL-2.1-or-later
/* Unit tests of the module's mechanisms, in user space: runs them, prints TAP */

#include <stdarg.h>
#include <stdlib.h>

#include "unit.h"

static struct unit_test *first_test;
static struct unit_test **last_link = &first_test;
static bool failed;
static uint64_t random_state;

void unit_register(struct unit_test *test)
{
	*last_link = test;
	last_link = &test->next;
}

void unit_fail(const char *file, int line, const char *format, ...)
{
	char text[512];
	va_list args;

	/* Maybe from several threads. */
	__atomic_store_n(&failed, true, __ATOMIC_RELAXED);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printf("# %s:%d: %s\n", file, line, text);
}

bool unit_failed(void)
{
	return __atomic_load_n(&failed, __ATOMIC_RELAXED);
}

uint64_t unit_random(void)
{
	uint64_t x = random_state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/* Whatever the test allocated and should have freed is freed after this. */
static void check_leaks(long n_before)
{
	long n;

	unit_grace_period();
	n = unit_n_allocated() - n_before;
	if (n)
		unit_fail(__FILE__, __LINE__, "%ld allocations leaked", n);
}

int main(void)
{
	bool any_failed = false;
	struct unit_test *test;
	unsigned int n = 0;

	for (test = first_test; test; test = test->next)
		n++;
	printf("1..%u\n", n);

	n = 0;
	for (test = first_test; test; test = test->next) {
		long n_before = unit_n_allocated();

		failed = false;
		random_state = 1;
		test->run();
		check_leaks(n_before);

		printf("%s %u %s\n", unit_failed() ? "not ok" : "ok", ++n, test->name);
		fflush(stdout);
		any_failed |= unit_failed();
	}
	return any_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
