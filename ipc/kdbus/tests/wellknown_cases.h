/* SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later */
/* Names, and whether they are well-known names */
#ifndef KDBUS_TESTS_WELLKNOWN_CASES_H
#define KDBUS_TESTS_WELLKNOWN_CASES_H

#define A61	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi"
#define A63	A61 "jk"

struct wellknown_case {
	const char *what;
	const char *name;
	bool valid;		/* as a name */
	bool valid_wildcard;	/* where a wildcard is allowed */
};

static const struct wellknown_case wellknown_cases[] = {
	{ "empty", "", false, false },
	{ "one_element", "abc", false, false },
	{ "two_elements", "a.b", true, true },
	{ "many_elements", "org.freedesktop.systemd1.Manager", true, true },
	{ "all_kinds_of_characters", "az.AZ_-.z09", true, true },
	{ "underscore_starts_element", "_a._b", true, true },
	{ "dash_starts_element", "-a.-b", true, true },
	{ "digit_starts_first_element", "1a.b", false, false },
	{ "digit_starts_later_element", "a.1b", false, false },
	{ "digit_ends_element", "a1.b1", true, true },
	{ "dot_at_start", ".a.b", false, false },
	{ "dot_at_end", "a.b.", false, false },
	{ "two_dots", "a..b", false, false },
	{ "only_a_dot", ".", false, false },
	{ "unique_name", ":1.5", false, false },
	{ "space", "a.b c", false, false },
	{ "slash", "a.b/c", false, false },
	{ "latin1_letter", "a.b\xe4", false, false },
	{ "utf8_letter", "a.b\xc3\xa4", false, false },
	{ "wildcard", "a.b.*", false, true },
	{ "wildcard_below_one_element", "a.*", false, true },
	{ "wildcard_alone", "*", false, false },
	{ "wildcard_below_nothing", ".*", false, false },
	{ "wildcard_in_the_middle", "a.*.b", false, false },
	{ "wildcard_at_start", "*.a", false, false },
	{ "wildcard_as_part_of_element", "a.b*", false, false },
	{ "asterisk_twice", "a.**", false, false },
	{ "wildcard_twice", "a.*.*", false, false },
	{ "wildcard_after_two_dots", "a..*", false, false },
	{ "longest", A63 "." A63 "." A63 "." A63, true, true },
	{ "too_long", A63 "." A63 "." A63 "." A63 "a", false, false },
	{ "longest_wildcard", A63 "." A63 "." A63 "." A61 ".*", false, true },
	{ "too_long_wildcard", A63 "." A63 "." A63 "." A63 ".*", false, false },
};

#endif
