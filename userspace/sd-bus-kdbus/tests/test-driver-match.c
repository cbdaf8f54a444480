// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-driver-match.c - signals that clients asked the bus for. Needs the module */
#include "client.h"
#include "matchset.h"

#define NAME	"org.example.kdbus.Test"

static bool add_match(struct client *c, const char *rule)
{
	bool ok = bus_expect_text(c, NULL, "AddMatch", rule);

	if (ok)
		client_done(c);
	return ok;
}

static bool remove_match(struct client *c, const char *rule)
{
	bool ok = bus_expect_text(c, NULL, "RemoveMatch", rule);

	if (ok)
		client_done(c);
	return ok;
}

/* A broadcast of @sender with one string, and whether @receiver gets it. */
static bool hears(struct client *sender, struct client *receiver, const char *member,
		  const char *text)
{
	struct kbus_writer body = {};
	int r;

	kbus_put_string(&body, text);
	EXPECT_EQ(0, client_signal(sender, NULL, member, "s", &body));
	r = kbus_conn_recv(receiver->conn, &receiver->in);
	if (r < 0)
		return false;
	EXPECT_STR(member, receiver->in.header.member);
	EXPECT_STR(sender->conn->unique, receiver->in.header.sender);
	client_done(receiver);
	return true;
}

TEST(signals_come_to_those_who_asked)
{
	struct pair p;

	if (pair_open(&p)) {
		EXPECT_FALSE(hears(&p.a, &p.b, "Ring", "x"));
		add_match(&p.b, "type='signal',member='Ring'");
		EXPECT_TRUE(hears(&p.a, &p.b, "Ring", "x"));
		EXPECT_FALSE(hears(&p.a, &p.b, "Other", "x"));
		/* An equal rule counts. */
		add_match(&p.b, "member='Ring',type='signal'");
		remove_match(&p.b, "type='signal',member='Ring'");
		EXPECT_TRUE(hears(&p.a, &p.b, "Ring", "x"));
		remove_match(&p.b, "type='signal',member='Ring'");
		EXPECT_FALSE(hears(&p.a, &p.b, "Ring", "x"));
		bus_expect_text(&p.b, "MatchRuleNotFound", "RemoveMatch", "member='Ring'");
		bus_expect_text(&p.b, "MatchRuleInvalid", "AddMatch", "member='9'");
		bus_expect_text(&p.b, "MatchRuleInvalid", "RemoveMatch", "x");
	}
	pair_close(&p);
}

TEST(each_key_of_a_rule)
{
	static const struct {
		const char *rule;
		const char *member;
		const char *text;
		bool heard;
	} cases[] = {
		{ "", "M", "x", true },
		{ "interface='org.example.Test'", "M", "x", true },
		{ "interface='org.example.Other'", "M", "x", false },
		{ "path='/test'", "M", "x", true }, { "path='/t'", "M", "x", false },
		{ "path_namespace='/test'", "M", "x", true },
		{ "path_namespace='/'", "M", "x", true },
		{ "path_namespace='/te'", "M", "x", false },
		{ "arg0='x'", "M", "x", true }, { "arg0='x'", "M", "y", false },
		{ "arg0path='/a/'", "M", "/a/b", true }, { "arg0path='/a/'", "M", "/b", false },
		{ "arg0namespace='a.b'", "M", "a.b.c", true },
		{ "arg0namespace='a.b'", "M", "a.b", true },
		{ "arg0namespace='a.b'", "M", "a.bc", false },
		{ "type='method_call'", "M", "x", false },
		{ "sender='" NAME "'", "M", "x", true },
		{ "sender='org.example.Other'", "M", "x", false },
		{ "sender=':1.1'", "M", "x", false },
		{ "destination=':1.1'", "M", "x", false },
		{ "eavesdrop='true',member='M'", "M", "x", true },
	};
	char rule[64];
	struct pair p;
	size_t i;

	if (pair_open(&p)) {
		bus_request_name(&p.a, NAME, 0, 1);
		for (i = 0; i < N_ENTRIES(cases); i++) {
			add_match(&p.b, cases[i].rule);
			EXPECT_EQ_CASE(cases[i].heard,
				       hears(&p.a, &p.b, cases[i].member, cases[i].text), "%s",
				       cases[i].rule);
			remove_match(&p.b, cases[i].rule);
		}
		snprintf(rule, sizeof(rule), "sender='%s'", p.a.conn->unique);
		add_match(&p.b, rule);
		EXPECT_TRUE(hears(&p.a, &p.b, "M", "x"));
		EXPECT_FALSE(hears(&p.b, &p.b, "M", "x"));
	}
	pair_close(&p);
}

/* Sender and receiver remember a header that comes again, not what comes with it. */
TEST(signals_that_differ_in_their_argument)
{
	static const char *const texts[] = { "x", "x", "x", "y", "x", "/x", "y", "x.z", "x" };
	struct pair p;
	size_t i, j;

	if (pair_open(&p)) {
		add_match(&p.b, "arg0='x'");
		for (i = 0; i < 100; i++) {
			const char *text = texts[i % N_ENTRIES(texts)];

			EXPECT_EQ_CASE(strcmp(text, "x") == 0, hears(&p.a, &p.b, "M", text),
				       "signal %zu", i);
		}
		remove_match(&p.b, "arg0='x'");
		EXPECT_FALSE(hears(&p.a, &p.b, "M", "x"));
		/* Runs of one, two, ... of each. */
		add_match(&p.b, "member='N',arg0path='/x/'");
		for (i = 0; i < 8; i++) {
			for (j = 0; j <= i; j++)
				EXPECT_FALSE(hears(&p.a, &p.b, "M", "/x/y"));
			for (j = 0; j <= i; j++)
				EXPECT_TRUE(hears(&p.a, &p.b, "N", "/x/y"));
		}
	}
	pair_close(&p);
}

TEST(a_sender_hears_itself_if_it_asked)
{
	struct client a;

	if (client_open(&a, NULL)) {
		add_match(&a, "member='M'");
		EXPECT_TRUE(hears(&a, &a, "M", "x"));
	}
	client_close(&a);
}

TEST(owners_change)
{
	struct client c = {};
	char unique[KBUS_UNIQUE_MAX];
	struct pair p;

	if (pair_open(&p)) {
		add_match(&p.a, "sender='" KBUS_DRIVER_NAME "',member='NameOwnerChanged',arg0='"
			  NAME "'");
		bus_request_name(&p.b, NAME, 0, 1);
		expect_signal(&p.a, "NameOwnerChanged",
			      (const char *const[]){ NAME, "", p.b.conn->unique, NULL });
		client_close(&p.b);
		expect_signal(&p.a, "NameOwnerChanged", (const char *const[]){ NAME, NULL });
		EXPECT_TRUE(client_has_nothing(&p.a));

		/* Connections come and go. */
		add_match(&p.a, "member='NameOwnerChanged',interface='" KBUS_DRIVER_INTERFACE "'");
		if (client_open(&c, NULL)) {
			snprintf(unique, sizeof(unique), "%s", c.conn->unique);
			expect_signal(&p.a, "NameOwnerChanged",
				      (const char *const[]){ unique, "", unique, NULL });
			client_close(&c);
			expect_signal(&p.a, "NameOwnerChanged",
				      (const char *const[]){ unique, unique, "", NULL });
		}
		EXPECT_TRUE(client_has_nothing(&p.a));
	}
	pair_close(&p);
}

/* One notification of the kernel, two signals, whether it is taken at once or peeked. */
TEST(who_asks_hears_of_its_own_names_twice)
{
	struct kbus_writer body = {};
	struct client a;
	bool peek;

	for (peek = false;; peek = true) {
		if (!client_open(&a, NULL))
			break;
		add_match(&a, "member='NameOwnerChanged'");
		kbus_put_string(&body, NAME);
		kbus_put_u32(&body, 0);
		client_call_bus(&a, KBUS_DRIVER_INTERFACE, "RequestName", "su", &body);
		if (peek) {
			ASSERT_EQ(0, kbus_conn_peek(a.conn, &a.in));
			EXPECT_STR("NameOwnerChanged", a.in.header.member);
			EXPECT_EQ(0, kbus_conn_take(a.conn, &a.in));
			kbus_conn_release(a.conn, &a.in);
			EXPECT_TRUE(client_is_readable(&a));
			ASSERT_EQ(0, kbus_conn_peek(a.conn, &a.in));
			EXPECT_STR("NameAcquired", a.in.header.member);
			EXPECT_EQ(0, kbus_conn_take(a.conn, &a.in));
			kbus_conn_release(a.conn, &a.in);
		} else {
			expect_signal(&a, "NameOwnerChanged",
				      (const char *const[]){ NAME, "", a.conn->unique, NULL });
			expect_signal(&a, "NameAcquired", (const char *const[]){ NAME, NULL });
		}
		ASSERT_EQ(0, client_read(&a));
		EXPECT_EQ(KBUS_METHOD_RETURN, a.in.header.type);
		client_done(&a);
		EXPECT_TRUE(client_has_nothing(&a));
		client_close(&a);
		if (peek)
			break;
	}
}

TEST(a_thousand_rules)
{
	struct kbus_writer body = {};
	struct pair p;
	char rule[64];
	unsigned int i, n = 0;

	if (pair_open(&p)) {
		for (i = 0; i < 1000; i++) {
			snprintf(rule, sizeof(rule), "member='M',arg0='%u'", i);
			kbus_put_string(&body, rule);
			if (client_call_bus(&p.b, KBUS_DRIVER_INTERFACE, "AddMatch", "s", &body) < 0 ||
			    client_read(&p.b) < 0)
				break;
			n += p.b.in.header.type == KBUS_METHOD_RETURN;
			if (p.b.in.header.type == KBUS_ERROR)
				EXPECT_STR("org.freedesktop.DBus.Error.LimitsExceeded",
					   p.b.in.header.error_name);
			client_done(&p.b);
		}
		/* As many as the domain was mounted for, 256 if nobody said otherwise. */
		EXPECT_TRUE(n >= 256);
		EXPECT_EQ(n, kbus_matchset_count(p.b.conn->matches));
		EXPECT_TRUE(hears(&p.a, &p.b, "M", "0"));
		EXPECT_TRUE(hears(&p.a, &p.b, "M", "200"));
		EXPECT_FALSE(hears(&p.a, &p.b, "M", "1000"));
	}
	pair_close(&p);
}
