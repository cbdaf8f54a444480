/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check.h - a test program: a table of cases, printed as TAP
 */
#ifndef KDBUS_BUSD_CHECK_H
#define KDBUS_BUSD_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A named test; @run returns whether all is as it should be. */
struct check_test {
	const char *name;
	bool (*run)(void);
};

/* Inside a test: leave it, telling where, unless the condition holds. */
#define CHECK(condition)						\
	do {								\
		if (!(condition)) {					\
			printf("# %s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			return false;					\
		}							\
	} while (0)

/* All tests of the table; the exit status of main(). */
static inline int check_run(const struct check_test *tests, size_t n)
{
	int failed = 0;
	bool ok;
	size_t i;

	printf("TAP version 13\n1..%zu\n", n);
	for (i = 0; i < n; i++) {
		ok = tests[i].run();
		failed |= !ok;
		printf("%s %zu %s\n", ok ? "ok" : "not ok", i + 1, tests[i].name);
	}
	return failed;
}

#endif /* KDBUS_BUSD_CHECK_H */
