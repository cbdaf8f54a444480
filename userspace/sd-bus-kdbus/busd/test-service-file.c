// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * test-service-file.c - .service files and command lines, right and wrong ones
 */
#include <errno.h>
#include <string.h>

#include "check.h"
#include "service-file.h"

static int parse(struct service_file *service, const char *text)
{
	const char *why = NULL;
	int r = service_file_parse(service, text, strlen(text), &why);

	/* Whoever is refused learns why. */
	if (r == -EBADMSG && !why)
		return -EPROTO;
	return r;
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool all_keys_are_read(void)
{
	struct service_file s;

	CHECK(!parse(&s, "# comment\n\n[D-BUS Service]\r\nName = org.example.A \n"
		     "Exec=/bin/a --b  \"c d\"\nUser=root\nSystemdService=a.service\nOther=1\n"));
	CHECK(same(s.name, "org.example.A"));
	CHECK(same(s.exec, "/bin/a --b  \"c d\""));
	CHECK(same(s.user, "root"));
	CHECK(same(s.unit, "a.service"));
	service_file_deinit(&s);
	CHECK(!s.name && !s.exec && !s.user && !s.unit);
	return true;
}

static bool the_last_line_needs_no_end(void)
{
	struct service_file s;

	CHECK(!parse(&s, "[D-BUS Service]\nName=a.b\nExec=/c"));
	CHECK(same(s.exec, "/c") && !s.unit);
	service_file_deinit(&s);
	return true;
}

static bool escapes_are_resolved(void)
{
	struct service_file s;

	CHECK(!parse(&s, "[D-BUS Service]\nName=a.b\nExec=/c\\sd \\\\ \\t\\q \\\n"));
	CHECK(same(s.exec, "/c d \\ \t\\q \\"));
	service_file_deinit(&s);
	return true;
}

static bool other_groups_do_not_count(void)
{
	struct service_file s;

	CHECK(!parse(&s, "[X]\nName=x.x\n[D-BUS Service]\nName=a.b\nExec=/c\n"
		     "[Y]\nExec=/y\nName=y.y\n"));
	CHECK(same(s.name, "a.b") && same(s.exec, "/c"));
	service_file_deinit(&s);
	return true;
}

static bool wrong_files_are_refused(void)
{
	static const char * const wrong[] = {
		"",
		"Name=a.b\nExec=/c\n",
		"[D-BUS Service]\nExec=/c\n",
		"[D-BUS Service]\nName=a.b\n",
		"[D-BUS Service]\nName=ab\nExec=/c\n",
		"[D-BUS Service]\nName=:1.5\nExec=/c\n",
		"[D-BUS Service]\nName=a.1b\nExec=/c\n",
		"[D-BUS Service]\nName=org.freedesktop.DBus\nExec=/c\n",
		"[D-BUS Service]\nName=a.b\nName=a.b\nExec=/c\n",
		"[D-BUS Service]\nName=a.b\nExec\n",
		"[D-BUS Service\nName=a.b\nExec=/c\n",
		"[D-BUS Service]\nName=a.b\nSystemdService=../x.service\n",
		"[D-BUS Service]\nName=a.b\nSystemdService=\n",
	};
	struct service_file s;
	const char *why;
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		CHECK(parse(&s, wrong[i]) == -EBADMSG);
		CHECK(!s.name && !s.exec && !s.user && !s.unit);
	}
	CHECK(service_file_parse(&s, "a\0b", 3, &why) == -EBADMSG);
	return true;
}

static bool each_beginning_of_a_file_is_survived(void)
{
	static const char text[] = "[D-BUS Service]\nName=org.example.A\nExec=/bin/a \\\\ b\n"
				   "User=root\nSystemdService=a.service\n";
	struct service_file s;
	const char *why;
	size_t i;

	for (i = 0; i <= strlen(text); i++)
		if (!service_file_parse(&s, text, i, &why))
			service_file_deinit(&s);
	return true;
}

static bool split(const char *line, int n, const char * const words[])
{
	char **argv;
	int i;

	CHECK(command_line_split(line, &argv) == n);
	for (i = 0; i < n; i++)
		CHECK(same(argv[i], words[i]));
	CHECK(!argv[n]);
	command_line_free(argv);
	return true;
}

static bool command_lines_are_split_as_a_shell_does(void)
{
	CHECK(split("/bin/a", 1, (const char *[]){ "/bin/a" }));
	CHECK(split("  a\t b ", 2, (const char *[]){ "a", "b" }));
	CHECK(split("a 'b \\ c' \"d \\\" e\"", 3, (const char *[]){ "a", "b \\ c", "d \" e" }));
	CHECK(split("a\\ b \"\" c'd'e", 3, (const char *[]){ "a b", "", "cde" }));
	CHECK(split("\"a\\b\\$\"", 1, (const char *[]){ "a\\b$" }));
	CHECK(split("'' '' ''", 3, (const char *[]){ "", "", "" }));
	return true;
}

static bool wrong_command_lines_are_refused(void)
{
	static const char * const wrong[] = { "", "  ", "a 'b", "a \"b", "a\\", "\"a\\" };
	char **argv;
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		CHECK(command_line_split(wrong[i], &argv) == -EBADMSG);
	return true;
}

int main(void)
{
	static const struct check_test tests[] = {
		{ "all_keys_are_read", all_keys_are_read },
		{ "the_last_line_needs_no_end", the_last_line_needs_no_end },
		{ "escapes_are_resolved", escapes_are_resolved },
		{ "other_groups_do_not_count", other_groups_do_not_count },
		{ "wrong_files_are_refused", wrong_files_are_refused },
		{ "each_beginning_of_a_file_is_survived", each_beginning_of_a_file_is_survived },
		{ "command_lines_are_split_as_a_shell_does",
		  command_lines_are_split_as_a_shell_does },
		{ "wrong_command_lines_are_refused", wrong_command_lines_are_refused },
	};

	return check_run(tests, sizeof(tests) / sizeof(*tests));
}
