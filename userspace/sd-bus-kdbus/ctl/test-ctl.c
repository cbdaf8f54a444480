// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * test-ctl.c - words become arguments, arguments become a line
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../busd/check.h"
#include "ctl.h"

#define WORDS(...)	((char *[]){ __VA_ARGS__, NULL })

static int count(char **words)
{
	int n = 0;

	while (words[n])
		n++;
	return n;
}

static int put(struct kbus_writer *writer, const char *signature, char **words)
{
	*writer = (struct kbus_writer){ 0 };
	return args_put(writer, signature, words, count(words));
}

/* Is this what is printed of the bytes? */
static bool prints(const char *signature, const void *body, size_t size, bool swap,
		   const char *expected)
{
	const struct kbus_header header = {
		.signature = signature,
		.body_size = size,
		.swap = swap,
	};
	char *text = NULL;
	size_t length;
	bool same;
	FILE *file;

	file = open_memstream(&text, &length);
	value_print(file, &header, body);
	fclose(file);
	same = !strcmp(text, expected);
	if (!same)
		printf("# printed:%s\n# expected:%s\n", text, expected);
	free(text);
	return same;
}

/* There and back again. */
static bool turns_into(const char *signature, char **words, const char *expected)
{
	struct kbus_writer writer;
	bool same;

	CHECK(!put(&writer, signature, words));
	same = prints(signature, writer.data, writer.size, false, expected);
	kbus_writer_deinit(&writer);
	return same;
}

static bool values_of_all_types(void)
{
	CHECK(turns_into("ynqiuxt", WORDS("255", "-32768", "65535", "-5", "0xffffffff",
					  "-9223372036854775808", "18446744073709551615"),
			 " 255 -32768 65535 -5 4294967295 -9223372036854775808"
			 " 18446744073709551615"));
	CHECK(turns_into("bbd", WORDS("yes", "false", "1.5"), " true false 1.5"));
	CHECK(turns_into("sog", WORDS("a \"b\\\n\x01", "/a/b", "a{sv}"),
			 " \"a \\\"b\\\\\\n\\x01\" \"/a/b\" \"a{sv}\""));
	CHECK(turns_into("as", WORDS("2", "a", "b"), " [\"a\", \"b\"]"));
	CHECK(turns_into("asay", WORDS("0", "3", "1", "2", "3"), " [] [1, 2, 3]"));
	CHECK(turns_into("a{sv}", WORDS("2", "k", "u", "7", "l", "as", "1", "x"),
			 " {\"k\": <7>, \"l\": <[\"x\"]>}"));
	CHECK(turns_into("(i(sb))at", WORDS("1", "s", "no", "2", "3", "4"),
			 " (1, (\"s\", false)) [3, 4]"));
	return true;
}

static bool wrong_words_are_refused(void)
{
	static const struct {
		const char *signature;
		char *words[4];
		int error;
	} wrong[] = {
		{ "y", { "256" }, -ERANGE },
		{ "y", { "-1" }, -EINVAL },
		{ "n", { "32768" }, -ERANGE },
		{ "u", { "4294967296" }, -ERANGE },
		{ "t", { "18446744073709551616" }, -ERANGE },
		{ "i", { "x" }, -EINVAL },
		{ "i", { "" }, -EINVAL },
		{ "b", { "maybe" }, -EINVAL },
		{ "d", { "1.5x" }, -EINVAL },
		{ "o", { "a" }, -EINVAL },
		{ "g", { "(" }, -EINVAL },
		{ "v", { "ii", "1" }, -EINVAL },
		{ "s", { "\xff" }, -EINVAL },
		{ "h", { "1" }, -EOPNOTSUPP },
		{ "ss", { "a" }, -ENODATA },
		{ "as", { "2", "a" }, -ENODATA },
		{ "as", { "99999999", "a" }, -ENODATA },
		{ "s", { "a", "b" }, -E2BIG },
		{ "", { "a" }, -E2BIG },
	};
	struct kbus_writer writer;
	size_t i;
	int r;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		r = put(&writer, wrong[i].signature, (char **)wrong[i].words);
		kbus_writer_deinit(&writer);
		if (r != wrong[i].error)
			printf("# case %zu: %d, not %d\n", i, r, wrong[i].error);
		CHECK(r == wrong[i].error);
	}
	return true;
}

static bool the_other_byte_order_is_read(void)
{
	static const uint8_t body[] = { 0, 0, 0, 5, 0, 0, 0, 1, 'x', 0 };

	CHECK(prints("us", body, sizeof(body), true, " 5 \"x\""));
	return true;
}

/* Each cut and each changed byte is survived; under the sanitizers this shows a read outside. */
static bool broken_bodies_are_survived(void)
{
	static const char signature[] = "sa{sv}(iay)g";
	struct kbus_header header = { .signature = signature };
	struct kbus_writer writer;
	uint8_t *copy;
	size_t i, size;
	FILE *null;

	CHECK(!put(&writer, signature, WORDS("hello", "2", "k", "u", "7", "l", "as", "1", "x", "5",
					     "2", "1", "2", "a{sv}")));
	null = fopen("/dev/null", "w");
	CHECK(null);
	for (size = 0; size < writer.size; size++) {
		/* Exactly as large as it says, so that one byte behind it is noticed. */
		copy = malloc(size ? size : 1);
		memcpy(copy, writer.data, size);
		header.body_size = size;
		CHECK(value_print(null, &header, copy) == -EBADMSG);
		free(copy);
	}
	header.body_size = writer.size;
	for (i = 0; i < 8 * writer.size; i++) {
		copy = malloc(writer.size);
		memcpy(copy, writer.data, writer.size);
		copy[i / 8] ^= 1 << i % 8;
		value_print(null, &header, copy);
		free(copy);
	}
	fclose(null);
	kbus_writer_deinit(&writer);
	return true;
}

static bool units_are_found_in_control_groups(void)
{
	char unit[32];

	unit_of_cgroup("/system.slice/dbus.service", unit, sizeof(unit));
	CHECK(!strcmp(unit, "dbus.service"));
	unit_of_cgroup("/user.slice/user-1.slice/user@1.service/app.slice/x.service/sub", unit,
		       sizeof(unit));
	CHECK(!strcmp(unit, "x.service"));
	unit_of_cgroup("/user.slice/session-2.scope", unit, sizeof(unit));
	CHECK(!strcmp(unit, "session-2.scope"));
	unit_of_cgroup("/", unit, sizeof(unit));
	CHECK(!strcmp(unit, "-"));
	unit_of_cgroup(NULL, unit, sizeof(unit));
	CHECK(!strcmp(unit, "-"));
	return true;
}

int main(void)
{
	static const struct check_test tests[] = {
		{ "values_of_all_types", values_of_all_types },
		{ "wrong_words_are_refused", wrong_words_are_refused },
		{ "the_other_byte_order_is_read", the_other_byte_order_is_read },
		{ "broken_bodies_are_survived", broken_bodies_are_survived },
		{ "units_are_found_in_control_groups", units_are_found_in_control_groups },
	};

	return check_run(tests, sizeof(tests) / sizeof(*tests));
}
