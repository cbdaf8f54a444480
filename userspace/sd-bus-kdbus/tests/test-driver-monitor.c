// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-driver-monitor.c - clients that become monitors. Needs the module */
#define _GNU_SOURCE
#include <errno.h>

#include "client.h"
#include "driver-call.h"

/* Calls BecomeMonitor with @rule, or without one. The client had @names, up to NULL, besides its own. */
static bool become_monitor_without(struct client *c, const char *rule, const char *const *names)
{
	struct kbus_writer body = {};
	char unique[KBUS_UNIQUE_MAX];

	snprintf(unique, sizeof(unique), "%s", c->conn->unique);
	kbus_put_array_open(&body, 's');
	if (rule)
		kbus_put_string(&body, rule);
	kbus_put_array_close(&body);
	kbus_put_u32(&body, 0);
	EXPECT_EQ(0, client_call_bus(c, KBUS_INTERFACE_MONITORING, "BecomeMonitor", "asu", &body));
	if (!expect_signal(c, "NameLost", (const char *const[]){ unique, NULL }))
		return false;
	for (; *names; names++)
		if (!expect_signal(c, "NameLost", (const char *const[]){ *names, NULL }))
			return false;
	if (!EXPECT_EQ(0, client_read(c)))
		return false;
	EXPECT_EQ(KBUS_METHOD_RETURN, c->in.header.type);
	EXPECT_EQ(c->serial, c->in.header.reply_serial);
	client_done(c);
	return true;
}

static bool become_monitor(struct client *c, const char *rule)
{
	return become_monitor_without(c, rule, (const char *const[]){ NULL });
}

/* The next message that @c gets is @member. */
static bool sees(struct client *c, const char *member)
{
	bool ok = EXPECT_EQ_CASE(0, client_read(c), "%s", member) &&
		  EXPECT_STR(member, c->in.header.member);

	client_done(c);
	return ok;
}

TEST(a_monitor_sees_what_others_say)
{
	struct client m;
	struct pair p;

	if (pair_open(&p) && client_open(&m, NULL)) {
		become_monitor(&m, NULL);
		/* Its own connection is gone, but that it knows. */
		EXPECT_TRUE(client_has_nothing(&m));
		client_call(&p.a, p.b.conn->unique, "Call", NULL, NULL);
		sees(&m, "Call");
		client_signal(&p.a, p.b.conn->unique, "Unicast", NULL, NULL);
		sees(&m, "Unicast");
		client_signal(&p.a, NULL, "Broadcast", NULL, NULL);
		sees(&m, "Broadcast");
		EXPECT_EQ(-EACCES, client_signal(&m, NULL, "M", NULL, NULL));
		EXPECT_EQ(-EACCES, client_call_bus(&m, NULL, "GetId", NULL, NULL));
		EXPECT_TRUE(client_has_nothing(&m));
		client_close(&m);
	}
	pair_close(&p);
}

TEST(a_monitor_knows_whose_names_a_destination_has)
{
	static const char name[] = "org.example.Witness";
	char rule[128];
	struct client m, n;
	struct pair p;

	if (pair_open(&p) && client_open(&m, NULL) && client_open(&n, NULL)) {
		bus_request_name(&p.b, name, 0, 1);
		snprintf(rule, sizeof(rule), "destination='%s',member='Wanted'", name);
		become_monitor(&m, rule);
		snprintf(rule, sizeof(rule), "destination='%s',member='Wanted'",
			 p.b.conn->unique);
		become_monitor(&n, rule);
		client_signal(&p.a, name, "Wanted", NULL, NULL);
		client_signal(&p.a, p.b.conn->unique, "Wanted", NULL, NULL);
		client_signal(&p.b, p.a.conn->unique, "Wanted", NULL, NULL);
		client_signal(&p.a, NULL, "Wanted", NULL, NULL);
		sees(&m, "Wanted");
		sees(&n, "Wanted");
		sees(&m, "Wanted");
		sees(&n, "Wanted");
		EXPECT_TRUE(client_has_nothing(&m));
		EXPECT_TRUE(client_has_nothing(&n));
		client_close(&n);
		client_close(&m);
	}
	pair_close(&p);
}

TEST(a_monitor_is_told_of_each_name_that_it_had)
{
	static const char *const names[] = { "org.example.A", "org.example.B", NULL };
	struct client c;
	struct pair p;

	if (pair_open(&p) && client_open(&c, NULL)) {
		bus_request_name(&p.a, names[0], 0, 1);
		bus_request_name(&p.a, names[1], 0, 1);
		bus_request_name(&p.b, "org.example.C", 0, 1);
		/* Somebody else's, for which it only waits. */
		bus_request_name(&p.a, "org.example.C", 0, 2);
		become_monitor_without(&p.a, "member='NameOwnerChanged'", names);
		EXPECT_TRUE(client_has_nothing(&p.a));
		/* And others may have them. */
		bus_request_name(&c, names[0], 4, 1);
		expect_signal(&p.a, "NameOwnerChanged",
			      (const char *const[]){ names[0], "", c.conn->unique, NULL });
		client_close(&c);
	}
	pair_close(&p);
}

/* As with dbus-daemon: the names had gone to others when it began to watch. */
TEST(a_monitor_hears_nothing_but_NameLost_of_a_name_that_another_waited_for)
{
	static const char *const names[] = { "org.example.A", NULL };
	char next_owner[KBUS_UNIQUE_MAX];
	struct client c;
	struct pair p;

	if (pair_open(&p) && client_open(&c, NULL)) {
		bus_request_name(&p.a, names[0], 0, 1);
		bus_request_name(&p.b, names[0], 0, 2);
		become_monitor_without(&p.a, NULL, names);
		/* What happens to the name later is news again. */
		client_signal(&c, NULL, "Mark", NULL, NULL);
		sees(&p.a, "Mark");
		snprintf(next_owner, sizeof(next_owner), "%s", p.b.conn->unique);
		bus_answers_text(&c, "GetNameOwner", names[0], next_owner);
		client_close(&p.b);
		expect_signal(&p.a, "NameOwnerChanged",
			      (const char *const[]){ names[0], next_owner, "", NULL });
		client_close(&c);
	}
	pair_close(&p);
}

TEST(a_monitor_with_rules_sees_what_they_want)
{
	struct kbus_writer body = {};
	struct client m;
	struct pair p;

	if (pair_open(&p) && client_open(&m, NULL)) {
		kbus_put_array_open(&body, 's');
		kbus_put_string(&body, "nonsense");
		kbus_put_array_close(&body);
		kbus_put_u32(&body, 0);
		bus_expect(&m, "MatchRuleInvalid", KBUS_INTERFACE_MONITORING, "BecomeMonitor", "asu",
			   &body);
		kbus_put_array_open(&body, 's');
		kbus_put_array_close(&body);
		kbus_put_u32(&body, 1);
		bus_expect(&m, "InvalidArgs", KBUS_INTERFACE_MONITORING, "BecomeMonitor", "asu",
			   &body);
		become_monitor(&m, "type='method_call',member='Wanted'");
		client_call(&p.a, p.b.conn->unique, "Other", NULL, NULL);
		client_signal(&p.a, p.b.conn->unique, "Wanted", NULL, NULL);
		client_call(&p.a, p.b.conn->unique, "Wanted", NULL, NULL);
		ASSERT_EQ(0, client_read(&m));
		EXPECT_STR("Wanted", m.in.header.member);
		EXPECT_EQ(KBUS_METHOD_CALL, m.in.header.type);
		client_done(&m);
		client_close(&m);
	}
	pair_close(&p);
}
