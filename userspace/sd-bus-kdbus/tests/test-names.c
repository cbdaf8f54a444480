// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-names.c - the strings with rules */
#include <stdlib.h>

#include "names.h"
#include "signature.h"
#include "test.h"

typedef bool (*is_valid_fn)(const char *text, size_t size);

/* @text in memory of exactly its size, so that reading behind it is seen. */
static bool check(is_valid_fn is_valid, const char *text, size_t size)
{
	char *copy = malloc(size ?: 1);
	bool result;

	memcpy(copy, text, size);
	result = is_valid(copy, size);
	free(copy);
	return result;
}

static void expect_all(is_valid_fn is_valid, bool expected, const char *const *texts)
{
	for (; *texts; texts++)
		EXPECT_EQ_CASE(expected, check(is_valid, *texts, strlen(*texts)), "\"%s\"", *texts);
}

#define LIST(...)	((const char *const[]){ __VA_ARGS__, NULL })

TEST(paths)
{
	expect_all(kbus_path_is_valid, true, LIST("/", "/a", "/a/b", "/A_9/0", "/_"));
	expect_all(kbus_path_is_valid, false,
		   LIST("", "a", "//", "/a/", "/a//b", "/a-b", "/a.b", "/\xc3\xa4", "a/b"));
}

TEST(interfaces_and_error_names)
{
	expect_all(kbus_interface_is_valid, true, LIST("a.b", "org.x_y.Z9", "_._"));
	expect_all(kbus_interface_is_valid, false,
		   LIST("", "a", ".a.b", "a.b.", "a..b", "a.9b", "a-b.c", ":1.2", "a.b "));
}

TEST(members)
{
	expect_all(kbus_member_is_valid, true, LIST("a", "A9", "_", "Get_X"));
	expect_all(kbus_member_is_valid, false, LIST("", "9a", "a.b", "a-b", "a b"));
}

TEST(bus_names)
{
	expect_all(kbus_bus_name_is_valid, true,
		   LIST("a.b", "a-b.c", "-a.-b", ":1.2", ":1.a-b", ":9.9", "com.x.y.z"));
	expect_all(kbus_bus_name_is_valid, false,
		   LIST("", ":", ":1", ":1.", ":.1", "a", "a.1b", "1a.b", "a..b", "a.b:", ":1..2"));
	expect_all(kbus_well_known_is_valid, false, LIST(":1.2", ""));
}

TEST(namespaces)
{
	expect_all(kbus_namespace_is_valid, true, LIST("a", "com", "com.example", "a-b"));
	expect_all(kbus_namespace_is_valid, false, LIST("", ".", "a.", ".a", "1a", ":1.2"));
}

TEST(names_have_at_most_255_bytes)
{
	char name[257];

	memset(name, 'a', sizeof(name));
	name[1] = '.';
	EXPECT_TRUE(kbus_interface_is_valid(name, 255));
	EXPECT_FALSE(kbus_interface_is_valid(name, 256));
	EXPECT_TRUE(kbus_bus_name_is_valid(name, 255));
	EXPECT_FALSE(kbus_bus_name_is_valid(name, 256));
	EXPECT_FALSE(kbus_namespace_is_valid(name, 256));
	EXPECT_TRUE(kbus_member_is_valid(name + 2, 255));
	EXPECT_FALSE(kbus_member_is_valid(name + 2, 256));
	name[0] = ':';
	name[1] = '1';
	name[2] = '.';
	EXPECT_TRUE(kbus_unique_is_valid(name, 255));
	EXPECT_FALSE(kbus_unique_is_valid(name, 256));
}

TEST(utf8_that_is_valid)
{
	expect_all(kbus_utf8_is_valid, true,
		   LIST("", "plain", "plain text longer than a word", "\x01\x7f", "\xc2\x80",
			"\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
			"\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "1234567\xc3\xa4", "\xef\xbf\xbe"));
}

TEST(utf8_that_is_not)
{
	expect_all(kbus_utf8_is_valid, false,
		   LIST("\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
			"\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3",
			"\xe2\x82", "\xf0\x9f\x98", "1234567\xc3", "12345678\xff", "\xc3\x28"));
	EXPECT_FALSE(kbus_utf8_is_valid("a\0b", 3));
	EXPECT_FALSE(kbus_utf8_is_valid("1234567\0", 8));
}

TEST(unique_names_of_this_bus)
{
	static const struct {
		const char *name;
		uint64_t id;
	} good[] = {
		{ ":1.1", 1 }, { ":1.42", 42 }, { ":1.18446744073709551615", UINT64_MAX },
	};
	const char *const bad[] = { ":1.0", ":1.", ":1.01", ":1.18446744073709551616", ":2.1",
				    ":1.1x", ":1.-1", ":1.1.1", "1.1", ":1", "" };
	char name[KBUS_UNIQUE_MAX];
	uint64_t id;
	size_t i;

	for (i = 0; i < N_ENTRIES(good); i++) {
		EXPECT_TRUE(kbus_unique_parse(good[i].name, &id));
		EXPECT_EQ((int64_t)good[i].id, (int64_t)id);
		EXPECT_EQ(strlen(good[i].name), kbus_unique_format(name, good[i].id));
		EXPECT_STR(good[i].name, name);
	}
	for (i = 0; i < N_ENTRIES(bad); i++)
		EXPECT_EQ_CASE(false, kbus_unique_parse(bad[i], &id), "\"%s\"", bad[i]);
}

TEST(signatures_that_are_valid)
{
	expect_all(kbus_signature_is_valid, true,
		   LIST("", "s", "ybnqiuxtdhsogv", "as", "aas", "a{sv}", "a{s(iu)}", "(i)", "(i(ss)a(v))",
			"a{ya{ss}}", "aa{sv}"));
}

TEST(signatures_that_are_not)
{
	expect_all(kbus_signature_is_valid, false,
		   LIST("a", "aa", "()", "(", ")", "(i", "i)", "{sv}", "a{s}", "a{svs}", "a{vs}",
			"a{(i)s}", "a{asv}", "a{}", "a{sv", "z", "e", "r", "m", " ", "(i}", "a{s)"));
}

TEST(signatures_have_at_most_255_bytes)
{
	char text[256];

	memset(text, 'y', sizeof(text));
	EXPECT_TRUE(kbus_signature_is_valid(text, 255));
	EXPECT_FALSE(kbus_signature_is_valid(text, 256));
}

TEST(signatures_nest_32_deep_in_arrays_and_in_structs)
{
	char text[256];

	memset(text, 'a', 33);
	text[32] = 's';
	EXPECT_TRUE(kbus_signature_is_valid(text, 33));
	text[32] = 'a';
	text[33] = 's';
	EXPECT_FALSE(kbus_signature_is_valid(text, 34));

	memset(text, '(', 33);
	text[32] = 's';
	memset(text + 33, ')', 33);
	EXPECT_TRUE(kbus_signature_is_valid(text, 65));
	text[32] = '(';
	text[33] = 's';
	memset(text + 34, ')', 33);
	EXPECT_FALSE(kbus_signature_is_valid(text, 67));
}

TEST(single_signatures)
{
	expect_all(kbus_signature_is_single, true, LIST("s", "as", "(ii)", "a{sv}", "v"));
	expect_all(kbus_signature_is_single, false, LIST("", "ss", "s(i)", "a{sv}s", "a"));
}

TEST(first_types_of_signatures)
{
	EXPECT_EQ(1, kbus_type_length("ss"));
	EXPECT_EQ(2, kbus_type_length("ass"));
	EXPECT_EQ(5, kbus_type_length("a{sv}i"));
	EXPECT_EQ(7, kbus_type_length("(i(ss))u"));
	EXPECT_EQ(9, kbus_type_length("aa{s(ii)}"));
}
