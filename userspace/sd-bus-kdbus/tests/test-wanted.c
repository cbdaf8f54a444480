// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-wanted.c - which messages of others a monitor sees, and what it asks the kernel for that */
#include <errno.h>

#include "internal.h"
#include "query.h"
#include "test.h"

/* The kernel of these tests: two names of connection 7, and one question that it may not answer. */
static struct {
	unsigned int n_asked;
	const char *failing;
	int error;
} kernel;

int kbus_name_owner(struct kbus_conn *conn, const char *name, uint64_t *ret_id,
		    uint64_t *ret_hello_flags)
{
	(void)conn;
	(void)ret_hello_flags;
	kernel.n_asked++;
	if (kernel.failing && strcmp(name, kernel.failing) == 0)
		return kernel.error;
	if (strcmp(name, "a.b") != 0 && strcmp(name, "a.c") != 0)
		return -ESRCH;
	*ret_id = 7;
	return 0;
}

bool kbus_incoming_owns_name(const struct kbus_incoming *in, const char *name)
{
	(void)in;
	return strcmp(name, "the.sender") == 0;
}

/* A monitor with such rules, up to NULL: does it see a call of ":1.5" to @destination? */
static bool sees(const char *const *rules, const char *destination)
{
	struct kbus_conn conn = { .is_monitor = true };
	struct kbus_incoming in = { .header = {
		.type = KBUS_METHOD_CALL, .path = "/a", .interface = "x.y", .member = "M",
		.sender = ":1.5", .destination = destination, .signature = "",
	} };
	struct kbus_match *match;
	bool wanted;

	kernel.n_asked = 0;
	if (!EXPECT_EQ(0, kbus_matchset_new(&conn.matches)))
		return false;
	for (; *rules; rules++) {
		if (EXPECT_EQ_CASE(0, kbus_match_parse(*rules, strlen(*rules), &match), "%s",
				   *rules))
			EXPECT_EQ(0, kbus_matchset_add(conn.matches, match, 0, NULL));
	}
	wanted = kbus_is_wanted(&conn, &in);
	kbus_matchset_free(conn.matches);
	return wanted;
}

#define RULES(...)	((const char *const[]){ __VA_ARGS__, NULL })

TEST(a_monitor_knows_each_name_of_a_destination)
{
	static const struct {
		const char *rule;
		const char *destination;
		bool wanted;
	} cases[] = {
		{ "destination='a.b'", "a.b", true }, { "destination='a.b'", ":1.7", true },
		{ "destination='a.b'", "a.c", true }, { "destination='a.b'", ":1.8", false },
		{ "destination=':1.7'", "a.b", true }, { "destination=':1.7'", ":1.7", true },
		{ "destination=':1.8'", "a.b", false }, { "destination=':x.y'", ":1.7", false },
		{ "destination='no.body'", "no.one", false },
		{ "destination='a.b'", "no.one", false }, { "destination='a.b'", NULL, false },
		{ "destination='a.b',sender='the.sender'", ":1.7", true },
		{ "destination='a.b',sender='the.other'", ":1.7", false },
	};
	size_t i;

	kernel.failing = NULL;
	for (i = 0; i < N_ENTRIES(cases); i++)
		EXPECT_EQ_CASE(cases[i].wanted, sees(RULES(cases[i].rule), cases[i].destination),
			       "%s to %s", cases[i].rule, cases[i].destination ?: "all");
}

TEST(a_monitor_that_cannot_find_out_sees_the_message)
{
	static const int errors[] = { -EXFULL, -ENOMEM };
	size_t i;

	for (i = 0; i < N_ENTRIES(errors); i++) {
		kernel.error = errors[i];
		kernel.failing = "a.b";
		EXPECT_TRUE(sees(RULES("destination='a.b'"), ":1.7"));
		EXPECT_TRUE(sees(RULES("destination=':1.8'"), "a.b"));
		EXPECT_FALSE(sees(RULES("destination='a.b',member='N'"), ":1.7"));
	}
	kernel.failing = NULL;
}

TEST(a_monitor_asks_for_a_destination_once)
{
	EXPECT_FALSE(sees(RULES("destination=':1.1'", "destination=':1.2'", "destination=':1.3'"),
			  "a.b"));
	EXPECT_EQ(1, kernel.n_asked);
	EXPECT_TRUE(sees(RULES("destination=':1.7'", "destination=':1.2'", "destination=':1.3'"),
			 "a.b"));
	EXPECT_EQ(1, kernel.n_asked);
	/* Whom nobody has reaches nobody. */
	EXPECT_FALSE(sees(RULES("destination='a.b'", "destination='a.c'"), "no.body"));
	EXPECT_EQ(1, kernel.n_asked);
}

TEST(a_monitor_asks_for_no_destination_where_the_rest_of_the_rule_says_no)
{
	EXPECT_FALSE(sees(RULES("destination='a.b',arg0='x'", "destination='a.b',sender=':1.6'",
				"destination='a.b',member='N'"), "a.c"));
	EXPECT_EQ(0, kernel.n_asked);
}
