// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-driver.c - what the bus answers, in the process of its client. Needs the module */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "driver-call.h"
#include "signature.h"

#define NAME	"org.example.kdbus.Test"

/* Two clients in each test. */
struct pair {
	struct client a;
	struct client b;
};

static bool pair_open(struct pair *p)
{
	memset(p, 0, sizeof(*p));
	return client_open(&p->a, NULL) && client_open(&p->b, NULL);
}

static void pair_close(struct pair *p)
{
	client_close(&p->a);
	client_close(&p->b);
}

static bool call_bus(struct client *c, const char *member)
{
	return bus_expect(c, NULL, KBUS_DRIVER_INTERFACE, member, NULL, NULL);
}

/* Is @text among the strings of the answer's array? Reads the answer. */
static bool list_has(struct client *c, const char *text)
{
	struct kbus_reader r;
	struct kbus_array array;
	const char *one;
	bool found = false;

	kbus_reader_init(&r, &c->in.header, c->in.body);
	if (kbus_read_array_open(&r, &array) < 0)
		return false;
	while (kbus_read_array_next(&r, &array) && kbus_read_string(&r, &one, NULL) == 0)
		found |= strcmp(one, text) == 0;
	return found;
}

static bool answers_text(struct client *c, const char *member, const char *arg,
			 const char *expected)
{
	const char *text;
	bool ok;

	if (!bus_expect_text(c, NULL, member, arg))
		return false;
	ok = EXPECT_EQ(0, kbus_read_string(&c->args, &text, NULL)) &&
	     EXPECT_STR_CASE(expected, text, "%s", arg);
	client_done(c);
	return ok;
}

static bool answers_number(struct client *c, const char *member, const char *arg,
			   uint32_t expected)
{
	uint32_t number;
	bool ok;

	if (!bus_expect_text(c, NULL, member, arg))
		return false;
	ok = EXPECT_EQ(0, kbus_read_u32(&c->args, &number)) &&
	     EXPECT_EQ_CASE(expected, number, "%s %s", member, arg);
	client_done(c);
	return ok;
}

TEST(a_second_hello_is_an_error)
{
	struct client a;

	if (client_open(&a, NULL))
		bus_expect(&a, "Failed", KBUS_DRIVER_INTERFACE, "Hello", NULL, NULL);
	client_close(&a);
}

TEST(names_are_requested_and_released)
{
	struct pair p;

	if (pair_open(&p)) {
		bus_request_name(&p.a, NAME, 0, 1);
		bus_request_name(&p.a, NAME, 0, 4);
		bus_request_name(&p.b, NAME, 4, 3);
		bus_request_name(&p.b, NAME, 0, 2);
		answers_number(&p.b, "ReleaseName", "org.example.Nobody", 2);
		answers_text(&p.b, "GetNameOwner", NAME, p.a.conn->unique);
	}
	pair_close(&p);
}

TEST(a_name_that_is_released_goes_to_who_waits)
{
	struct kbus_writer body = {};
	struct pair p;
	uint32_t n;

	if (pair_open(&p)) {
		bus_request_name(&p.a, NAME, 0, 1);
		bus_request_name(&p.b, NAME, 0, 2);
		kbus_put_string(&body, NAME);
		client_call_bus(&p.a, KBUS_DRIVER_INTERFACE, "ReleaseName", "s", &body);
		expect_signal(&p.a, "NameLost", (const char *const[]){ NAME, NULL });
		ASSERT_EQ(0, client_read(&p.a));
		EXPECT_EQ(0, kbus_read_u32(&p.a.args, &n));
		EXPECT_EQ(1, n);
		client_done(&p.a);
		expect_signal(&p.b, "NameAcquired", (const char *const[]){ NAME, NULL });
		answers_number(&p.a, "ReleaseName", NAME, 3);
	}
	pair_close(&p);
}

TEST(a_name_is_replaced_when_its_owner_allows)
{
	struct pair p;

	if (pair_open(&p)) {
		bus_request_name(&p.a, NAME, 1 | 4, 1);
		bus_request_name(&p.b, NAME, 2, 1);
		expect_signal(&p.a, "NameLost", (const char *const[]){ NAME, NULL });
		bus_request_name(&p.a, NAME, 2 | 4, 3);
	}
	pair_close(&p);
}

TEST(names_that_nobody_may_own)
{
	static const char *const names[] = { "", ":1.1", "nodot", KBUS_DRIVER_NAME, "a..b" };
	struct kbus_writer body = {};
	struct client a;
	size_t i;

	if (client_open(&a, NULL)) {
		for (i = 0; i < N_ENTRIES(names); i++) {
			kbus_put_string(&body, names[i]);
			kbus_put_u32(&body, 0);
			bus_expect(&a, "InvalidArgs", KBUS_DRIVER_INTERFACE, "RequestName", "su",
				   &body);
			bus_expect_text(&a, "InvalidArgs", "ReleaseName", names[i]);
		}
	}
	client_close(&a);
}

TEST(lists_of_names)
{
	struct pair p;

	if (pair_open(&p)) {
		bus_request_name(&p.a, NAME, 0, 1);
		bus_request_name(&p.b, NAME, 0, 2);
		if (call_bus(&p.a, "ListNames")) {
			EXPECT_TRUE(list_has(&p.a, KBUS_DRIVER_NAME));
			EXPECT_TRUE(list_has(&p.a, NAME));
			EXPECT_TRUE(list_has(&p.a, p.a.conn->unique));
			EXPECT_TRUE(list_has(&p.a, p.b.conn->unique));
			client_done(&p.a);
		}
		if (call_bus(&p.a, "ListActivatableNames")) {
			EXPECT_TRUE(list_has(&p.a, KBUS_DRIVER_NAME));
			EXPECT_FALSE(list_has(&p.a, NAME));
			client_done(&p.a);
		}
		if (bus_expect_text(&p.a, NULL, "ListQueuedOwners", NAME)) {
			EXPECT_TRUE(list_has(&p.a, p.a.conn->unique));
			EXPECT_TRUE(list_has(&p.a, p.b.conn->unique));
			client_done(&p.a);
		}
		bus_expect_text(&p.a, "NameHasNoOwner", "ListQueuedOwners", "org.example.Nobody");
	}
	pair_close(&p);
}

TEST(owners_of_names)
{
	struct pair p;

	if (pair_open(&p)) {
		bus_request_name(&p.b, NAME, 0, 1);
		answers_text(&p.a, "GetNameOwner", NAME, p.b.conn->unique);
		answers_text(&p.a, "GetNameOwner", p.b.conn->unique, p.b.conn->unique);
		answers_text(&p.a, "GetNameOwner", KBUS_DRIVER_NAME, KBUS_DRIVER_NAME);
		bus_expect_text(&p.a, "NameHasNoOwner", "GetNameOwner", "org.example.Nobody");
		bus_expect_text(&p.a, "NameHasNoOwner", "GetNameOwner", ":1.999999");
		bus_expect_text(&p.a, "NameHasNoOwner", "GetNameOwner", "");
		answers_number(&p.a, "NameHasOwner", NAME, 1);
		answers_number(&p.a, "NameHasOwner", p.b.conn->unique, 1);
		answers_number(&p.a, "NameHasOwner", KBUS_DRIVER_NAME, 1);
		answers_number(&p.a, "NameHasOwner", "org.example.Nobody", 0);
	}
	pair_close(&p);
}

TEST(an_activator_is_no_owner)
{
	const struct kbus_options activator = {
		.hello_flags = KDBUS_HELLO_ACTIVATOR, .name = NAME,
	};
	struct kbus_conn *conn = NULL;
	struct client a;

	if (client_open(&a, NULL)) {
		EXPECT_EQ(0, kbus_conn_open(test_bus_path(), &activator, &conn));
		answers_number(&a, "NameHasOwner", NAME, 0);
		bus_expect_text(&a, "NameHasNoOwner", "GetNameOwner", NAME);
		bus_expect_text(&a, "NameHasNoOwner", "GetConnectionUnixUser", NAME);
		if (call_bus(&a, "ListActivatableNames")) {
			EXPECT_TRUE(list_has(&a, NAME));
			client_done(&a);
		}
		if (call_bus(&a, "ListNames")) {
			EXPECT_FALSE(list_has(&a, NAME));
			EXPECT_FALSE(list_has(&a, conn->unique));
			client_done(&a);
		}
	}
	kbus_conn_free(conn);
	client_close(&a);
}

TEST(credentials)
{
	struct kbus_array array;
	struct pair p;
	const char *key;
	unsigned int n_found = 0;

	if (pair_open(&p)) {
		answers_number(&p.a, "GetConnectionUnixUser", p.b.conn->unique, geteuid());
		answers_number(&p.a, "GetConnectionUnixUser", KBUS_DRIVER_NAME, geteuid());
		answers_number(&p.a, "GetConnectionUnixProcessID", p.b.conn->unique, getpid());
		bus_expect_text(&p.a, "NameHasNoOwner", "GetConnectionUnixProcessID", ":1.999999");
		bus_expect_text(&p.a, "AdtAuditDataUnknown", "GetAdtAuditSessionData",
				p.b.conn->unique);
		bus_expect_text(&p.a, "SELinuxSecurityContextUnknown",
				"GetConnectionSELinuxSecurityContext", p.b.conn->unique);
		if (bus_expect_text(&p.a, NULL, "GetConnectionCredentials", p.b.conn->unique)) {
			EXPECT_EQ(0, kbus_read_array_open(&p.a.args, &array));
			while (kbus_read_array_next(&p.a.args, &array)) {
				ASSERT_EQ(0, kbus_read_struct_open(&p.a.args));
				ASSERT_EQ(0, kbus_read_string(&p.a.args, &key, NULL));
				ASSERT_EQ(0, kbus_read_skip(&p.a.args));
				ASSERT_EQ(0, kbus_read_struct_close(&p.a.args));
				n_found += strcmp(key, "UnixUserID") == 0;
				n_found += strcmp(key, "ProcessID") == 0;
				n_found += strcmp(key, "UnixGroupIDs") == 0;
				n_found += strcmp(key, "ProcessFD") == 0;
			}
			EXPECT_EQ(4, n_found);
			EXPECT_EQ(1, p.a.in.n_fds);
			close(p.a.in.fds[0]);
			client_done(&p.a);
		}
		p.a.conn->wants_fds = false;
		if (bus_expect_text(&p.a, NULL, "GetConnectionCredentials", p.b.conn->unique)) {
			EXPECT_EQ(0, p.a.in.n_fds);
			client_done(&p.a);
		}
	}
	pair_close(&p);
}

TEST(ids_of_the_bus_and_the_machine)
{
	char first[33], second[33];
	const char *text;
	struct pair p;

	if (pair_open(&p)) {
		if (call_bus(&p.a, "GetId") &&
		    EXPECT_EQ(0, kbus_read_string(&p.a.args, &text, NULL))) {
			EXPECT_EQ(32, strlen(text));
			snprintf(first, sizeof(first), "%s", text);
			client_done(&p.a);
		}
		if (call_bus(&p.b, "GetId") &&
		    EXPECT_EQ(0, kbus_read_string(&p.b.args, &text, NULL))) {
			snprintf(second, sizeof(second), "%s", text);
			client_done(&p.b);
		}
		EXPECT_STR(first, second);
		if (bus_expect(&p.a, NULL, KBUS_INTERFACE_PEER, "Ping", NULL, NULL))
			client_done(&p.a);
		if (access("/etc/machine-id", R_OK) < 0 &&
		    access("/var/lib/dbus/machine-id", R_OK) < 0)
			bus_expect(&p.a, "FileNotFound", KBUS_INTERFACE_PEER, "GetMachineId", NULL,
				   NULL);
		else if (bus_expect(&p.a, NULL, KBUS_INTERFACE_PEER, "GetMachineId", NULL, NULL))
			client_done(&p.a);
	}
	pair_close(&p);
}

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

TEST(calls_that_the_bus_does_not_understand)
{
	struct kbus_fields no_reply = {
		.type = KBUS_METHOD_CALL, .flags = KBUS_NO_REPLY_EXPECTED, .path = "/",
		.member = "GetId", .destination = KBUS_DRIVER_NAME,
	};
	struct kbus_writer body = {};
	struct client a;

	if (client_open(&a, NULL)) {
		bus_expect(&a, "UnknownMethod", KBUS_DRIVER_INTERFACE, "Foo", NULL, NULL);
		bus_expect(&a, "UnknownMethod", "a.b", "GetId", NULL, NULL);
		bus_expect(&a, "InvalidArgs", KBUS_DRIVER_INTERFACE, "AddMatch", NULL, NULL);
		kbus_put_u32(&body, 1);
		bus_expect(&a, "InvalidArgs", KBUS_DRIVER_INTERFACE, "AddMatch", "u", &body);
		/* Without an interface the member decides. */
		if (bus_expect(&a, NULL, NULL, "GetId", NULL, NULL))
			client_done(&a);
		EXPECT_EQ(0, client_send(&a, &no_reply, NULL, NULL, 0));
		no_reply.member = "Foo";
		EXPECT_EQ(0, client_send(&a, &no_reply, NULL, NULL, 0));
		EXPECT_TRUE(client_has_nothing(&a));
	}
	client_close(&a);
}

TEST(properties_of_the_bus)
{
	struct kbus_writer body = {};
	struct client a;
	const char *const sets[][3] = {
		{ KBUS_DRIVER_INTERFACE, "Features", NULL },
		{ KBUS_DRIVER_INTERFACE, "Interfaces", NULL },
		{ "", "Interfaces", NULL },
		{ KBUS_DRIVER_INTERFACE, "Nothing", "UnknownProperty" },
		{ KBUS_INTERFACE_PEER, "Features", "UnknownProperty" },
		{ "a.b", "Features", "UnknownInterface" },
	};
	size_t i;

	if (client_open(&a, NULL)) {
		for (i = 0; i < N_ENTRIES(sets); i++) {
			kbus_put_string(&body, sets[i][0]);
			kbus_put_string(&body, sets[i][1]);
			if (bus_expect(&a, sets[i][2], KBUS_INTERFACE_PROPERTIES, "Get", "ss", &body) &&
			    !sets[i][2])
				client_done(&a);
		}
		kbus_put_string(&body, KBUS_DRIVER_INTERFACE);
		if (bus_expect(&a, NULL, KBUS_INTERFACE_PROPERTIES, "GetAll", "s", &body)) {
			EXPECT_STR("a{sv}", a.in.header.signature);
			EXPECT_EQ(0, kbus_body_validate("a{sv}", a.in.body, a.in.header.body_size,
							false));
			client_done(&a);
		}
		kbus_put_string(&body, KBUS_DRIVER_INTERFACE);
		kbus_put_string(&body, "Features");
		kbus_put_signature(&body, "s");
		kbus_put_string(&body, "x");
		bus_expect(&a, "PropertyReadOnly", KBUS_INTERFACE_PROPERTIES, "Set", "ssv", &body);
	}
	client_close(&a);
}

/* Introspect at @path, in memory of the caller's. */
static char *introspect(struct client *a, const char *path)
{
	struct kbus_fields fields = {
		.type = KBUS_METHOD_CALL, .path = path, .member = "Introspect",
		.interface = KBUS_INTERFACE_INTROSPECTABLE, .destination = KBUS_DRIVER_NAME,
	};
	const char *text;
	char *copy = NULL;

	EXPECT_EQ(0, client_send(a, &fields, NULL, NULL, 0));
	if (EXPECT_EQ(0, client_read(a))) {
		if (EXPECT_EQ(0, kbus_read_string(&a->args, &text, NULL)))
			copy = strdup(text);
		client_done(a);
	}
	return copy;
}

TEST(introspection_tells_all_methods)
{
	const struct kbus_driver_method *m;
	struct client a;
	char text[128], *xml;

	if (client_open(&a, NULL)) {
		xml = introspect(&a, KBUS_DRIVER_PATH);
		ASSERT_TRUE(xml);
		for (m = kbus_driver_methods; m->member; m++) {
			snprintf(text, sizeof(text), "<method name=\"%s\">", m->member);
			EXPECT_EQ_CASE(true, strstr(xml, text) != NULL, "%s", m->member);
			EXPECT_TRUE(kbus_signature_is_valid(m->in, strlen(m->in)));
			EXPECT_TRUE(kbus_signature_is_valid(m->out, strlen(m->out)));
		}
		EXPECT_TRUE(strstr(xml, "<signal name=\"NameOwnerChanged\">"));
		EXPECT_TRUE(strstr(xml, "<property name=\"Features\""));
		free(xml);
		xml = introspect(&a, "/");
		EXPECT_TRUE(xml && strstr(xml, "<node name=\"org\"/>"));
		free(xml);
		xml = introspect(&a, "/org/freedesktop");
		EXPECT_TRUE(xml && strstr(xml, "<node name=\"DBus\"/>"));
		free(xml);
		xml = introspect(&a, "/org/free");
		EXPECT_TRUE(xml && !strstr(xml, "<node name"));
		free(xml);
	}
	client_close(&a);
}

TEST(what_another_process_answers_without_that_process)
{
	struct kbus_writer body = {};
	struct client a;

	if (client_open(&a, NULL)) {
		bus_expect(&a, "NotSupported", KBUS_DRIVER_INTERFACE, "ReloadConfig", NULL, NULL);
		kbus_put_string(&body, "org.example.Nobody");
		kbus_put_u32(&body, 0);
		bus_expect(&a, "ServiceUnknown", KBUS_DRIVER_INTERFACE, "StartServiceByName", "su",
			   &body);
		bus_request_name(&a, NAME, 0, 1);
		kbus_put_string(&body, NAME);
		kbus_put_u32(&body, 0);
		if (bus_expect(&a, NULL, KBUS_DRIVER_INTERFACE, "StartServiceByName", "su",
			       &body)) {
			uint32_t n = 0;

			kbus_read_u32(&a.args, &n);
			EXPECT_EQ(2, n);
			client_done(&a);
		}
	}
	client_close(&a);
}

TEST(what_another_process_answers)
{
	const struct kbus_options options = { .is_driver = true };
	struct kbus_fields reply = {
		.type = KBUS_METHOD_RETURN, .serial = 1, .sender = KBUS_DRIVER_NAME,
	};
	struct client a, daemon = {};

	if (client_open(&a, NULL) &&
	    EXPECT_EQ(0, kbus_conn_open(test_bus_path(), &options, &daemon.conn))) {
		EXPECT_EQ(0, kbus_name_acquire(daemon.conn, KBUS_DRIVER_NAME, 0, NULL));
		EXPECT_EQ(0, client_call_bus(&a, KBUS_DRIVER_INTERFACE, "ReloadConfig", NULL,
					     NULL));
		ASSERT_EQ(0, client_read(&daemon));
		EXPECT_STR("ReloadConfig", daemon.in.header.member);
		EXPECT_STR(a.conn->unique, daemon.in.header.sender);
		reply.reply_serial = daemon.in.header.serial;
		reply.destination = daemon.in.header.sender;
		EXPECT_EQ(0, client_send(&daemon, &reply, NULL, NULL, 0));
		client_done(&daemon);
		/* It owns the name, so it may speak for the bus. */
		ASSERT_EQ(0, client_read(&a));
		EXPECT_STR(KBUS_DRIVER_NAME, a.in.header.sender);
		EXPECT_EQ(a.serial, a.in.header.reply_serial);
		client_done(&a);
		/* The list has the name once. */
		if (call_bus(&a, "ListNames")) {
			EXPECT_TRUE(list_has(&a, KBUS_DRIVER_NAME));
			client_done(&a);
		}
		/* Without the name it may not. */
		EXPECT_EQ(0, kbus_name_release(daemon.conn, KBUS_DRIVER_NAME));
		reply = (struct kbus_fields){ .type = KBUS_SIGNAL, .path = "/", .interface = "a.b",
					      .member = "M", .sender = KBUS_DRIVER_NAME,
					      .destination = a.conn->unique };
		EXPECT_EQ(0, client_send(&daemon, &reply, NULL, NULL, 0));
		ASSERT_EQ(0, client_read(&a));
		EXPECT_STR(daemon.conn->unique, a.in.header.sender);
		EXPECT_EQ(1, a.conn->stats.n_sender_set);
		client_done(&a);
	}
	client_close(&daemon);
	client_close(&a);
}

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

TEST(a_call_without_destination_is_for_the_bus)
{
	struct kbus_fields fields = {
		.type = KBUS_METHOD_CALL, .path = "/", .member = "Ping",
		.interface = KBUS_INTERFACE_PEER,
	};
	struct client a;

	if (client_open(&a, NULL)) {
		EXPECT_EQ(0, client_send(&a, &fields, NULL, NULL, 0));
		ASSERT_EQ(0, client_read(&a));
		EXPECT_EQ(KBUS_METHOD_RETURN, a.in.header.type);
		client_done(&a);
	}
	client_close(&a);
}
