// SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later
/* The grammar of well-known names */

#include "suite.h"
#include "../wellknown.h"

#include "wellknown_cases.h"

TEST(names_follow_the_grammar)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wellknown_cases); i++) {
		const struct wellknown_case *c = &wellknown_cases[i];

		EXPECT_EQ_CASE(c->valid,
			       kdbus_wellknown_is_valid(c->name, strlen(c->name), false),
			       "%s", c->what);
	}
}

TEST(wildcards_follow_the_grammar_where_allowed)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wellknown_cases); i++) {
		const struct wellknown_case *c = &wellknown_cases[i];

		EXPECT_EQ_CASE(c->valid_wildcard,
			       kdbus_wellknown_is_valid(c->name, strlen(c->name), true),
			       "%s", c->what);
	}
}

TEST(every_byte_value_is_judged_as_ascii)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	char name[] = "a.b?";
	int byte;

	for (byte = 0; byte < 256; byte++) {
		bool expected = byte && strchr(allowed, byte);

		name[3] = byte;
		EXPECT_EQ_CASE(expected, kdbus_wellknown_is_valid(name, 4, false),
			       "byte %d", byte);
	}
}

TEST(bytes_behind_the_length_are_not_read)
{
	EXPECT_TRUE(kdbus_wellknown_is_valid("a.b!", 3, false));
	EXPECT_TRUE(kdbus_wellknown_is_valid("a.*.c", 3, true));
	EXPECT_FALSE(kdbus_wellknown_is_valid("a.b", 2, true));
}

TEST(only_a_lone_asterisk_at_the_end_is_a_wildcard)
{
	EXPECT_TRUE(kdbus_wellknown_is_wildcard("a.*", 3));
	EXPECT_FALSE(kdbus_wellknown_is_wildcard("a.b", 3));
	EXPECT_FALSE(kdbus_wellknown_is_wildcard("a*", 2));
	EXPECT_FALSE(kdbus_wellknown_is_wildcard("*", 1));
	EXPECT_FALSE(kdbus_wellknown_is_wildcard("", 0));
}

static struct unit_case cases[] = {
	CASE(names_follow_the_grammar),
	CASE(wildcards_follow_the_grammar_where_allowed),
	CASE(every_byte_value_is_judged_as_ascii),
	CASE(bytes_behind_the_length_are_not_read),
	CASE(only_a_lone_asterisk_at_the_end_is_a_wildcard),
	{}
};

SUITE("kdbus-wellknown", cases);
