// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-driver-monitor.c - clients that become monitors. Needs the module */
#define _GNU_SOURCE
#include <errno.h>

#include "client.h"
#include "driver-call.h"

/* Calls BecomeMonitor with @rule, or without one. */
static bool become_monitor(struct client *c, const char *rule)
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
	if (!expect_signal(c, "NameLost", (const char *const[]){ unique, NULL }) ||
	    !EXPECT_EQ(0, client_read(c)))
		return false;
	EXPECT_EQ(KBUS_METHOD_RETURN, c->in.header.type);
	EXPECT_EQ(c->serial, c->in.header.reply_serial);
	client_done(c);
	return true;
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
		/* Its own connection is gone. */
		expect_signal(&m, "NameOwnerChanged", (const char *const[]){ m.conn->unique, NULL });
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
