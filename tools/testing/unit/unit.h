/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unit tests of the module's mechanisms, in user space */
#ifndef UNIT_H
#define UNIT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct unit_test - a test
 * @next: the test defined after this one
 * @name: reads as a claim
 * @run: the test
 */
struct unit_test {
	struct unit_test *next;
	const char *name;
	void (*run)(void);
};

void unit_register(struct unit_test *test);
void unit_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool unit_failed(void);

/* A deterministic sequence, the same for each test. */
uint64_t unit_random(void);

/* In the shim: memory and RCU */
void unit_fail_alloc_after(long n);
bool unit_alloc_failed(void);
long unit_n_allocated(void);
void unit_grace_period(void);

#define TEST(name_)							\
	static void name_(void);					\
	__attribute__((constructor)) static void name_##_register(void)	\
	{								\
		static struct unit_test test = { .name = #name_, .run = name_ }; \
									\
		unit_register(&test);					\
	}								\
	static void name_(void)

/* Expected first, seen second; @... tells which case, printf-like. */
#define EXPECT_EQ_CASE(expected, seen, ...)				\
	({								\
		long long expected_ = (long long)(expected);		\
		long long seen_ = (long long)(seen);			\
		char case_[256];					\
									\
		if (expected_ != seen_) {				\
			snprintf(case_, sizeof(case_), __VA_ARGS__);	\
			unit_fail(__FILE__, __LINE__, "%s: %s is %lld, not %lld",\
				  case_, #seen, seen_, expected_);	\
		}							\
		expected_ == seen_;					\
	})

#define EXPECT_EQ(expected, seen)	EXPECT_EQ_CASE(expected, seen, "%s", #expected)
#define EXPECT_TRUE(seen)		EXPECT_EQ(true, !!(seen))
#define EXPECT_FALSE(seen)		EXPECT_EQ(false, !!(seen))
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

#endif
