/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test.h - tests that run one after the other and print TAP */
#ifndef KBUS_TEST_H
#define KBUS_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/**
 * struct test - a test
 * @next: the test defined after this one
 * @name: reads as a claim
 * @run: the test
 */
struct test {
	struct test *next;
	const char *name;
	void (*run)(void);
};

void test_register(struct test *test);
void test_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool test_failed(void);

#define TEST(name_)							\
	static void name_(void);					\
	__attribute__((constructor)) static void name_##_register(void)	\
	{								\
		static struct test test = { .name = #name_, .run = name_ }; \
									\
		test_register(&test);					\
	}								\
	static void name_(void)

/* Expected first, seen second; @... tells which case, printf-like. True if they are equal. */
#define EXPECT_EQ_CASE(expected, seen, ...)				\
	({								\
		long long expected_ = (long long)(expected);		\
		long long seen_ = (long long)(seen);			\
		char case_[256];					\
									\
		if (expected_ != seen_) {				\
			snprintf(case_, sizeof(case_), __VA_ARGS__);	\
			test_fail(__FILE__, __LINE__, "%s: %s is %lld, not %lld",\
				  case_, #seen, seen_, expected_);	\
		}							\
		expected_ == seen_;					\
	})

#define EXPECT_EQ(expected, seen)	EXPECT_EQ_CASE(expected, seen, "%s", #expected)
#define EXPECT_TRUE(seen)		EXPECT_EQ(true, !!(seen))
#define EXPECT_FALSE(seen)		EXPECT_EQ(false, !!(seen))
#define EXPECT_STR_CASE(expected, seen, ...)				\
	({								\
		const char *expected_ = (expected), *seen_ = (seen);	\
		char case_[256];					\
		bool equal_ = expected_ && seen_ ? strcmp(expected_, seen_) == 0 : \
						   expected_ == seen_;	\
									\
		if (!equal_) {						\
			snprintf(case_, sizeof(case_), __VA_ARGS__);	\
			test_fail(__FILE__, __LINE__, "%s: %s is \"%s\", not \"%s\"",\
				  case_, #seen, seen_ ?: "(none)",	\
				  expected_ ?: "(none)");		\
		}							\
		equal_;							\
	})
#define EXPECT_STR(expected, seen)	EXPECT_STR_CASE(expected, seen, "%s", #expected)
#define ASSERT_TRUE(seen)						\
	do {								\
		if (!EXPECT_TRUE(seen))					\
			return;						\
	} while (0)
#define ASSERT_EQ(expected, seen)					\
	do {								\
		if (!EXPECT_EQ(expected, seen))				\
			return;						\
	} while (0)

#define N_ENTRIES(array)		(sizeof(array) / sizeof((array)[0]))

#endif /* KBUS_TEST_H */
