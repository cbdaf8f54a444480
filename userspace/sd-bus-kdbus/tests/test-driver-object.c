// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-driver-object.c - the bus as an object. Needs the module */
#define _GNU_SOURCE
#include <stdlib.h>

#include "client.h"
#include "driver-call.h"
#include "signature.h"

#define NAME	"org.example.kdbus.Test"

/* As dbus-daemon has it: the bus's own interface and that of peers are at each object, others are not. */
TEST(interfaces_of_the_bus_are_at_its_object)
{
	static const struct {
		const char *interface, *member, *signature, *error;
	} calls[] = {
		{ KBUS_DRIVER_INTERFACE, "GetId", NULL, NULL },
		{ KBUS_INTERFACE_PEER, "Ping", NULL, NULL },
		{ KBUS_INTERFACE_INTROSPECTABLE, "Introspect", NULL, NULL },
		{ KBUS_INTERFACE_PROPERTIES, "GetAll", "s", "UnknownInterface" },
		{ KBUS_INTERFACE_MONITORING, "BecomeMonitor", NULL, "UnknownInterface" },
		{ KBUS_INTERFACE_STATS, "GetStats", NULL, "UnknownInterface" },
		{ KBUS_DRIVER_INTERFACE, "UpdateActivationEnvironment", NULL, "AccessDenied" },
	};
	struct client c;
	size_t i;

	ASSERT_TRUE(client_open(&c, NULL));
	for (i = 0; i < N_ENTRIES(calls); i++) {
		struct kbus_fields fields = {
			.type = KBUS_METHOD_CALL,
			.path = "/elsewhere",
			.interface = calls[i].interface,
			.member = calls[i].member,
			.destination = KBUS_DRIVER_NAME,
			.signature = calls[i].signature,
		};
		struct kbus_writer body = {};

		if (fields.signature)
			kbus_put_string(&body, KBUS_DRIVER_INTERFACE);
		EXPECT_EQ_CASE(0, client_send(&c, &fields, &body, NULL, 0), "%s", fields.member);
		if (calls[i].error) {
			EXPECT_EQ_CASE(true, expect_error(&c, c.serial, calls[i].error), "%s",
				       fields.member);
			continue;
		}
		if (EXPECT_EQ_CASE(0, client_read(&c), "%s", fields.member))
			EXPECT_EQ_CASE(KBUS_METHOD_RETURN, c.in.header.type, "%s", fields.member);
		client_done(&c);
	}
	client_close(&c);
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
		if (bus_call(&a, "ListNames")) {
			EXPECT_TRUE(bus_list_has(&a, KBUS_DRIVER_NAME));
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
