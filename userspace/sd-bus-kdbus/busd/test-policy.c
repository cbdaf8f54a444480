// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * test-policy.c - from XML to what the kernel grants
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kdbus.h>

#include "check.h"
#include "policy-file.h"

#define USER	KDBUS_POLICY_ACCESS_USER
#define GROUP	KDBUS_POLICY_ACCESS_GROUP
#define WORLD	KDBUS_POLICY_ACCESS_WORLD
#define TALK	KDBUS_POLICY_TALK
#define OWN	KDBUS_POLICY_OWN

/* What a system bus says before anybody adds to it. */
#define DENY_ALL							\
	"<policy context='default'><deny own='*'/><deny send_type='method_call'/>" \
	"<allow send_type='signal'/><allow receive_type='method_call'/></policy>"

static char references[1024];

static int note_reference(void *context, enum policy_reference what, const char *path)
{
	size_t length = strlen(references);

	(void)context;
	snprintf(references + length, sizeof(references) - length, "%d:%s;", what,
		 path ? path : "");
	return path && !strcmp(path, "/broken") ? -EIO : 0;
}

static int parse(struct policy *policy, const char *text)
{
	char why[256] = "";
	int r;

	*policy = (struct policy){ 0 };
	references[0] = '\0';
	r = policy_file_parse(policy, text, strlen(text), note_reference, NULL, why, sizeof(why));
	return r < 0 && !*why ? -EPROTO : r;
}

static int reduce(struct policy_table *table, const char *rules, size_t *n_unexpressed)
{
	struct policy policy;
	char *text;
	int r;

	if (asprintf(&text, "<busconfig>%s</busconfig>", rules) < 0)
		return -ENOMEM;
	r = parse(&policy, text);
	free(text);
	if (!r)
		r = policy_reduce(&policy, table);
	if (n_unexpressed)
		*n_unexpressed = policy.n_unexpressed;
	policy_deinit(&policy);
	return r;
}

/* The access of one audience to a name: 0 for none, -1 if the name has no entry. */
static int access_of(const struct policy_table *table, const char *name, uint64_t type, uint64_t id)
{
	const struct policy_entry *entry = policy_table_find(table, name);
	size_t i;

	if (!entry)
		return -1;
	for (i = 0; i < entry->n_grants; i++)
		if (entry->grants[i].type == type && entry->grants[i].id == id)
			return entry->grants[i].access;
	return 0;
}

static bool a_service_file_of_debian_is_reduced(void)
{
	struct policy_table t;

	CHECK(!reduce(&t, DENY_ALL
		      "<policy user='0'><allow own='a.b'/><allow send_destination='a.b'/></policy>"
		      "<policy context='default'><allow send_destination='a.b'/>"
		      "<allow receive_sender='a.b'/></policy>", NULL));
	CHECK(t.n_entries == 1);
	CHECK(access_of(&t, "a.b", USER, 0) == OWN);
	CHECK(access_of(&t, "a.b", WORLD, 0) == TALK);
	policy_table_deinit(&t);
	return true;
}

static bool rules_about_sending_are_written_for_receivers(void)
{
	static const struct {
		const char *rules, *text;
	} cases[] = {
		{ "<policy context='default'><deny own='*'/></policy>", "" },
		{ "<policy context='default'><deny send_type='method_call'/></policy>",
		  "deny default type=method_call\n" },
		{ "<policy user='7'><allow send_destination='a.b' send_interface='c.d'"
		  " send_member='E' send_path='/f'/></policy>",
		  "allow user 7 destination=a.b interface=c.d member=E path=/f\n" },
		{ "<policy group='7'><deny send_destination_prefix='a.b' send_error='x.y'"
		  " max_fds='0' min_fds='1'/></policy>",
		  "deny group 7 prefix=a.b error=x.y min_fds=1 max_fds=0\n" },
		{ "<policy context='mandatory'><allow send_destination='*'/></policy>",
		  "allow mandatory\n" },
		{ "<policy at_console='true'><allow send_member='X'/><deny send_member='Y'/>"
		  "</policy>", "allow default member=X\n" },
		{ "<policy context='default'><allow send_broadcast='true' send_member='X'/>"
		  "<deny eavesdrop='true' send_member='Y'/></policy>",
		  "allow default broadcast=true member=X\n" },
		{ "<policy context='default'><deny send_member='two words'/>"
		  "<deny send_member=''/><deny send_broadcast='maybe'/>"
		  "<deny send_type='call'/><deny send_member='X' max_fds='-1'/></policy>", "" },
		{ "<policy context='default'>"
		  "<allow send_requested_reply='true' send_type='method_return'/>"
		  "<deny send_requested_reply='false' send_type='error'/></policy>",
		  "allow default type=method_return requested_reply=true\n"
		  "deny default type=error requested_reply=false\n" },
		{ "<policy context='default'><allow receive_type='signal'/>"
		  "<allow eavesdrop='true'/><deny eavesdrop='true'/>"
		  "<allow receive_sender='*'/></policy>",
		  "allow default receive type=signal\nallow default receive\n"
		  "allow default receive\n" },
		{ "<policy user='7'><deny receive_sender='a.b' receive_interface='c.d'"
		  " receive_member='E' receive_path='/f' receive_error='g.h' min_fds='1'"
		  " receive_requested_reply='true' receive_type='error'/></policy>",
		  "deny user 7 receive sender=a.b interface=c.d member=E path=/f type=error"
		  " error=g.h requested_reply=true min_fds=1\n" },
	};
	struct policy policy;
	char *text;
	size_t i;
	bool same;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CHECK(asprintf(&text, "<busconfig>%s</busconfig>", cases[i].rules) > 0);
		CHECK(!parse(&policy, text));
		same = !strcmp(policy.text ? policy.text : "", cases[i].text) &&
			policy.text_size == strlen(cases[i].text);
		if (!same)
			printf("# case %zu: %s\n", i, policy.text ? policy.text : "(none)");
		CHECK(same);
		policy_deinit(&policy);
		free(text);
	}
	return true;
}

static bool groups_and_users_get_what_everybody_does_not(void)
{
	struct policy_table t;

	CHECK(!reduce(&t, DENY_ALL
		      "<policy group='7'><allow send_destination='a.b'/></policy>"
		      "<policy user='9'><allow own='a.b'/></policy>", NULL));
	CHECK(access_of(&t, "a.b", WORLD, 0) == 0);
	CHECK(access_of(&t, "a.b", GROUP, 7) == TALK);
	CHECK(access_of(&t, "a.b", USER, 9) == OWN);
	CHECK(access_of(&t, "a.b", USER, 7) == 0);
	policy_table_deinit(&t);
	return true;
}

static bool talking_is_widened(void)
{
	struct policy_table t;

	/* What allows under a condition allows; what denies under one is passed over. */
	CHECK(!reduce(&t, DENY_ALL
		      "<policy context='default'>"
		      "<allow send_destination='a.b' send_interface='i.i'/>"
		      "<deny send_destination='a.b' send_member='M'/>"
		      "<allow send_destination='a.c'/><deny send_destination='a.c'/>"
		      "<allow send_destination='a.d' send_type='signal'/></policy>"
		      "<policy at_console='true'><allow send_destination='a.e'/></policy>"
		      "<policy at_console='false'><allow send_destination='a.f'/></policy>", NULL));
	CHECK(access_of(&t, "a.b", WORLD, 0) == TALK);
	CHECK(access_of(&t, "a.c", WORLD, 0) == 0);
	CHECK(access_of(&t, "a.d", WORLD, 0) == -1);
	CHECK(access_of(&t, "a.e", WORLD, 0) == TALK);
	CHECK(access_of(&t, "a.f", WORLD, 0) == -1);
	policy_table_deinit(&t);
	return true;
}

static bool owning_is_never_widened(void)
{
	struct policy_table t;
	size_t lost = 0;

	CHECK(!reduce(&t, DENY_ALL
		      "<policy context='default'><allow own='a.b'/><allow own='a.c'/>"
		      "<allow own='a.f'/></policy>"
		      "<policy user='9'><deny own='a.b'/></policy>"
		      "<policy group='7'><allow own='a.d'/></policy>"
		      "<policy user='9'><deny own='a.d'/></policy>"
		      "<policy at_console='true'><allow own='a.e'/></policy>"
		      "<policy context='mandatory'><deny own='a.c'/></policy>", &lost));
	CHECK(access_of(&t, "a.b", WORLD, 0) == 0);
	CHECK(access_of(&t, "a.c", WORLD, 0) == 0);
	CHECK(access_of(&t, "a.d", GROUP, 7) == 0);
	CHECK(access_of(&t, "a.e", WORLD, 0) == 0);
	CHECK(access_of(&t, "a.f", WORLD, 0) == OWN);
	CHECK(lost > 0);
	policy_table_deinit(&t);
	return true;
}

static bool later_contexts_overrule_earlier_ones(void)
{
	struct policy_table t;

	CHECK(!reduce(&t,
		      "<policy context='mandatory'><deny send_destination='a.b'/></policy>"
		      "<policy user='9'><allow send_destination='a.b'/></policy>"
		      "<policy context='default'><deny send_type='method_call'/>"
		      "<allow send_destination='a.b'/></policy>"
		      "<policy user='9'><allow send_destination='a.c'/></policy>", NULL));
	CHECK(access_of(&t, "a.b", WORLD, 0) == 0);
	CHECK(access_of(&t, "a.b", USER, 9) == 0);
	CHECK(access_of(&t, "a.c", USER, 9) == TALK);
	policy_table_deinit(&t);
	return true;
}

static bool prefixes_reach_one_level(void)
{
	struct policy_table t;

	CHECK(!reduce(&t, DENY_ALL
		      "<policy context='default'><allow own_prefix='a.b'/>"
		      "<deny own='a.b.c'/></policy>", NULL));
	CHECK(t.n_entries == 3);
	CHECK(access_of(&t, "a.b", WORLD, 0) == OWN);
	CHECK(access_of(&t, "a.b.*", WORLD, 0) == OWN);
	CHECK(access_of(&t, "a.b.c", WORLD, 0) == 0);
	policy_table_deinit(&t);
	return true;
}

static bool what_no_grant_can_say_is_counted(void)
{
	struct policy_table t;
	size_t lost = 0;

	CHECK(!reduce(&t, "<policy context='default'><allow send_interface='i.i'/></policy>",
		      &lost));
	CHECK(t.n_entries == 0 && lost == 1);
	policy_table_deinit(&t);
	return true;
}

static bool unknown_accounts_are_left_out(void)
{
	struct policy_table t;

	CHECK(!reduce(&t, DENY_ALL "<policy user='no-such-user-here'><allow own='a.b'/></policy>"
		      "<policy group='no-such-group-here'><allow own='a.c'/></policy>"
		      "<policy user='root'><allow own='a.d'/></policy>", NULL));
	CHECK(t.n_entries == 1);
	CHECK(access_of(&t, "a.d", USER, 0) == OWN);
	policy_table_deinit(&t);
	return true;
}

static bool references_are_told_in_their_place(void)
{
	struct policy policy;

	CHECK(!parse(&policy, "<busconfig><include>one.conf</include>"
		     "<include ignore_missing='yes'> two.conf </include>"
		     "<include if_selinux_enabled='yes'>three</include>"
		     "<includedir>\nfour\n</includedir><servicedir>/five</servicedir>"
		     "<standard_system_servicedirs/><standard_session_servicedirs/>"
		     "<limit name='x'>6</limit><type>system</type></busconfig>"));
	CHECK(!strcmp(references, "0:one.conf;1:two.conf;2:four;3:/five;5:;4:;"));
	policy_deinit(&policy);
	CHECK(parse(&policy, "<busconfig><include>/broken</include></busconfig>") == -EIO);
	policy_deinit(&policy);
	return true;
}

static bool wrong_files_are_refused(void)
{
	static const char * const wrong[] = {
		"", "x", "<busconfig>", "<other/>", "<busconfig></other>",
		"<busconfig><policy/></busconfig>",
		"<busconfig><policy user='0' group='0'/></busconfig>",
		"<busconfig><policy context='x'/></busconfig>",
		"<busconfig><include> </include></busconfig>",
		"<busconfig/><busconfig/>",
	};
	struct policy policy;
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		CHECK(parse(&policy, wrong[i]) == -EBADMSG);
		policy_deinit(&policy);
	}
	return true;
}

static bool a_long_path_is_refused(void)
{
	struct policy policy;
	char text[6000] = "<busconfig><include>";
	size_t n = strlen(text);

	memset(text + n, 'x', 5000);
	strcpy(text + n + 5000, "</include></busconfig>");
	CHECK(parse(&policy, text) == -EBADMSG);
	policy_deinit(&policy);
	return true;
}

static bool equal_entries_are_recognised(void)
{
	struct policy_table a, b;

	CHECK(!reduce(&a, DENY_ALL "<policy user='9'><allow own='a.b'/></policy>", NULL));
	CHECK(!reduce(&b, DENY_ALL "<policy user='8'><allow own='a.b'/></policy>"
		      "<policy user='9'><allow own='a.c'/></policy>", NULL));
	CHECK(policy_entry_equal(policy_table_find(&a, "a.b"), policy_table_find(&b, "a.c")));
	CHECK(!policy_entry_equal(policy_table_find(&a, "a.b"), policy_table_find(&b, "a.b")));
	CHECK(!policy_entry_equal(policy_table_find(&a, "a.b"), NULL));
	CHECK(policy_entry_equal(NULL, policy_table_find(&a, "x.y")));
	policy_table_deinit(&a);
	policy_table_deinit(&b);
	return true;
}

int main(void)
{
	static const struct check_test tests[] = {
		{ "a_service_file_of_debian_is_reduced", a_service_file_of_debian_is_reduced },
		{ "groups_and_users_get_what_everybody_does_not",
		  groups_and_users_get_what_everybody_does_not },
		{ "rules_about_sending_are_written_for_receivers",
		  rules_about_sending_are_written_for_receivers },
		{ "talking_is_widened", talking_is_widened },
		{ "owning_is_never_widened", owning_is_never_widened },
		{ "later_contexts_overrule_earlier_ones", later_contexts_overrule_earlier_ones },
		{ "prefixes_reach_one_level", prefixes_reach_one_level },
		{ "what_no_grant_can_say_is_counted", what_no_grant_can_say_is_counted },
		{ "unknown_accounts_are_left_out", unknown_accounts_are_left_out },
		{ "references_are_told_in_their_place", references_are_told_in_their_place },
		{ "wrong_files_are_refused", wrong_files_are_refused },
		{ "a_long_path_is_refused", a_long_path_is_refused },
		{ "equal_entries_are_recognised", equal_entries_are_recognised },
	};

	return check_run(tests, sizeof(tests) / sizeof(*tests));
}
