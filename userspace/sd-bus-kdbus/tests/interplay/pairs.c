// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pairs.c - this program's library as the client of a service that another library made
 *
 * usage: pairs-<library> SERVICE-LIBRARY SERVICE-PROGRAM [SIZE]
 *
 * Starts the service itself. SIZE is that of the largest message, in MiB.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"
#include "service.h"
#include "tap.h"

#define PATIENCE_MS 60000	/* for what must come */

static const char *service_library;
static char service_name[128], service_unique[256];
static pid_t service_pid;

/* "sd-bus calls GDBus: CLAIM" */
static const char *claim(const char *text)
{
	static char line[256];

	snprintf(line, sizeof(line), "%s_calls_%s.%s", actor_library, service_library, text);
	return line;
}

static int call_service(struct actor *actor, const char *member, struct value value,
			struct answer *answer)
{
	struct call call = { service_name, TEST_PATH, TEST_INTERFACE, member, { value } };

	return actor_call(actor, &call, answer);
}

static int call_bus(struct actor *actor, const char *member, const char *text,
		    struct answer *answer)
{
	struct call call = { BUS_NAME, BUS_PATH, BUS_NAME, member, { STRING(text) } };

	return actor_call(actor, &call, answer);
}

static void test_strings(struct actor *actor)
{
	struct answer a;
	int r;

	r = call_service(actor, "Echo", (struct value)STRING("hello, w\303\266rld"), &a);
	tap(r == 0 && a.type == 's' && strcmp(a.text, "hello, w\303\266rld") == 0,
	    claim("a_string_comes_back"), "%d %s %s", r, a.error, a.text);
	r = call_service(actor, "Sender", (struct value){ 0 }, &a);
	tap(r == 0 && strcmp(a.text, actor_unique(actor)) == 0,
	    claim("service_sees_the_client's_unique_name"), "%d %s %s", r, a.error, a.text);
	r = call_service(actor, "Fail", (struct value)STRING("because"), &a);
	tap(r == 0 && strcmp(a.error, SERVICE_ERROR) == 0,
	    claim("error_of_the_service_arrives_by_name"), "%d %s", r, a.error);
	r = call_service(actor, "NoSuchMethod", (struct value){ 0 }, &a);
	tap(r == 0 && strcmp(a.error, NO_SUCH_METHOD) == 0,
	    claim("unknown_method_is_the_error_of_that_name"), "%d %s", r, a.error);
}

static void test_sizes(struct actor *actor, size_t largest)
{
	static const size_t sizes[] = { 0, 1, 2000, 2100, 70000, 500000, 600000, 2097152, 0 };
	size_t i, j, size;
	struct answer a;
	char text[64];
	uint8_t *data;
	int r;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size = i + 1 == sizeof(sizes) / sizeof(sizes[0]) ? largest : sizes[i];
		data = malloc(size + 1);
		for (j = 0; j < size; j++)
			data[j] = j * 7 + (j >> 12);
		r = call_service(actor, "EchoBytes", (struct value)BYTES(data, size), &a);
		snprintf(text, sizeof(text), "%zu_bytes_come_back_unchanged", size);
		tap(r == 0 && a.type == 'y' && a.size == size &&
		    (size == 0 || memcmp(a.data, data, size) == 0),
		    claim(text), "%d '%s' %zu bytes", r, a.error, a.size);
		free(a.data);
		free(data);
	}
}

static void test_descriptors(struct actor *actor)
{
	struct answer a;
	char text[256];
	int fd, r;

	fd = fd_of_text("from the client");
	r = call_service(actor, "ReadFd", (struct value)DESCRIPTOR(fd), &a);
	tap(r == 0 && strcmp(a.text, "from the client") == 0,
	    claim("service_reads_the_client's_descriptor"), "%d %s %s", r, a.error, a.text);
	close(fd);
	r = call_service(actor, "GiveFd", (struct value)STRING("from the service"), &a);
	text[0] = '\0';
	if (a.fd >= 0) {
		text_of_fd(a.fd, text, sizeof(text));
		close(a.fd);
	}
	tap(r == 0 && strcmp(text, "from the service") == 0,
	    claim("client_reads_the_service's_descriptor"), "%d %s %s", r, a.error, text);
}

/* Signals that are no news of the bus itself. */
static int next_signal(struct actor *actor, int timeout_ms, struct signal *s)
{
	int r;

	do {
		r = actor_next_signal(actor, timeout_ms, s);
	} while (r > 0 && strcmp(s->sender, BUS_NAME) == 0 &&
		 strcmp(s->member, "NameAcquired") == 0);
	return r;
}

static void test_properties(struct actor *actor)
{
	static const char rule[] = "type='signal',interface='" PROPERTIES "',"
				   "member='PropertiesChanged',arg0='" TEST_INTERFACE "'";
	struct call get = { service_name, TEST_PATH, PROPERTIES, "Get",
			    { STRING(TEST_INTERFACE), STRING("Value") } };
	struct call set = { service_name, TEST_PATH, PROPERTIES, "Set",
			    { STRING(TEST_INTERFACE), STRING("Value"), VARIANT("second") } };
	struct signal s = { .member = "" };
	struct answer a, b;
	int r;

	r = actor_call(actor, &get, &a);
	tap(r == 0 && a.type == 'v' && strcmp(a.text, "first") == 0,
	    claim("property_can_be_read"), "%d %s %s", r, a.error, a.text);
	r = call_bus(actor, "AddMatch", rule, &a);
	r = r ? r : actor_call(actor, &set, &b);
	tap(r == 0 && !*a.error && !*b.error, claim("property_can_be_written"), "%d %s %s", r,
	    a.error, b.error);
	r = next_signal(actor, PATIENCE_MS, &s);
	tap(r == 1 && strcmp(s.member, "PropertiesChanged") == 0 &&
	    strcmp(s.text, TEST_INTERFACE) == 0,
	    claim("change_of_a_property_is_announced"), "%d %s", r, s.member);
	r = actor_call(actor, &get, &a);
	tap(r == 0 && strcmp(a.text, "second") == 0, claim("written_property_stays_written"),
	    "%d %s %s", r, a.error, a.text);
	call_bus(actor, "RemoveMatch", rule, &a);
}

/*
 * A rule lets the signal through or not; what decides that it did not come is the reply to the call
 * that made the service emit it, which is sent later and so arrives later.
 */
static void test_match(struct actor *actor, const char *name, const char *rule, bool wanted)
{
	struct signal s = { .member = "" };
	char text[96];
	struct answer a;
	int r;

	r = call_bus(actor, "AddMatch", rule, &a);
	if (r == 0 && !*a.error)
		r = call_service(actor, "Emit", (struct value)STRING("/some/thing"), &a);
	snprintf(text, sizeof(text), "rule_with_%s_%s", name, wanted ? "matches" : "does_not_match");
	if (r < 0 || *a.error) {
		tap(false, claim(text), "%d %s", r, a.error);
		return;
	}
	r = next_signal(actor, wanted ? PATIENCE_MS : 0, &s);
	tap(wanted ? r == 1 && strcmp(s.member, "Happened") == 0 &&
		     strcmp(s.text, "/some/thing") == 0 && strcmp(s.sender, service_unique) == 0
		   : r == 0,
	    claim(text), "%d %s %s from %s", r, s.member, s.text, s.sender);
	call_bus(actor, "RemoveMatch", rule, &a);
}

static void test_matches(struct actor *actor)
{
	static const struct {
		const char *name, *rule;
		bool wanted;
	} rules[] = {
		{ "nothing", "", true },
		{ "type", "type='signal'", true },
		{ "another_type", "type='error'", false },
		{ "interface", "interface='" TEST_INTERFACE "'", true },
		{ "another_interface", "interface='org.example.Other'", false },
		{ "member", "member='Happened'", true },
		{ "another_member", "member='Other'", false },
		{ "path", "path='" TEST_PATH "'", true },
		{ "another_path", "path='/org/example'", false },
		{ "path_namespace", "path_namespace='/org/example'", true },
		{ "another_path_namespace", "path_namespace='/org/exam'", false },
		{ "arg0", "arg0='/some/thing'", true },
		{ "another_arg0", "arg0='/some'", false },
		{ "arg0path", "arg0path='/some/'", true },
		{ "another_arg0path", "arg0path='/other/'", false },
		{ "another_arg0namespace", "arg0namespace='some.thing'", false },
		{ "eavesdrop", "type='signal',eavesdrop='true'", true },
		{ "everything", "type='signal',interface='" TEST_INTERFACE "',member='Happened',"
				"path='" TEST_PATH "',arg0='/some/thing'", true },
	};
	char rule[512];
	struct answer a;
	size_t i;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		test_match(actor, rules[i].name, rules[i].rule, rules[i].wanted);
	snprintf(rule, sizeof(rule), "sender='%s'", service_unique);
	test_match(actor, "sender_by_id", rule, true);
	snprintf(rule, sizeof(rule), "sender='%s',interface='" TEST_INTERFACE "'", service_name);
	test_match(actor, "sender_by_name", rule, true);
	test_match(actor, "another_sender", "sender='org.example.Nobody'", false);
	snprintf(rule, sizeof(rule), "destination='%s'", actor_unique(actor));
	test_match(actor, "destination_of_a_broadcast", rule, false);
	call_bus(actor, "AddMatch", "no rule at all", &a);
	tap(strcmp(a.error, "org.freedesktop.DBus.Error.MatchRuleInvalid") == 0,
	    claim("bad_rule_is_refused"), "%s", a.error);
	call_bus(actor, "RemoveMatch", "type='signal',member='NeverAdded'", &a);
	tap(strcmp(a.error, "org.freedesktop.DBus.Error.MatchRuleNotFound") == 0,
	    claim("unknown_rule_cannot_be_removed"), "%s", a.error);
}

static void test_unicast_signal(struct actor *actor)
{
	struct actor *other = actor_open();
	struct call to_other = { .destination = actor_unique(other), .path = TEST_PATH,
				 .interface = TEST_INTERFACE, .member = "Unicast",
				 .values = { STRING("for you") } };
	struct signal s = { .member = "" };
	int r;

	r = actor_emit(actor, &to_other);
	if (r == 0)
		r = next_signal(other, PATIENCE_MS, &s);
	tap(r == 1 && strcmp(s.member, "Unicast") == 0 &&
	    strcmp(s.sender, actor_unique(actor)) == 0,
	    claim("signal_to_one_connection_needs_no_rule"), "%d %s from %s", r, s.member,
	    s.sender);
	actor_close(other);
}

/* The service dies while a call waits for it; the bus tells the caller, and others about the name. */
static void test_death(struct actor *actor)
{
	char rule[512];
	struct signal s = { .member = "" };
	struct answer a;
	int r, status;

	snprintf(rule, sizeof(rule), "type='signal',sender='" BUS_NAME "',"
		 "member='NameOwnerChanged',arg0='%s'", service_name);
	call_bus(actor, "AddMatch", rule, &a);
	r = call_service(actor, "Die", (struct value){ 0 }, &a);
	tap(r == 0 && strcmp(a.error, "org.freedesktop.DBus.Error.NoReply") == 0,
	    claim("death_of_the_service_ends_the_call_with_no_reply"), "%d %s", r, a.error);
	waitpid(service_pid, &status, 0);
	r = next_signal(actor, PATIENCE_MS, &s);
	tap(r == 1 && strcmp(s.member, "NameOwnerChanged") == 0 &&
	    strcmp(s.text, service_name) == 0,
	    claim("death_of_the_service_is_announced"), "%d %s %s", r, s.member, s.text);
	r = call_service(actor, "Echo", (struct value)STRING("?"), &a);
	tap(r == 0 && strcmp(a.error, "org.freedesktop.DBus.Error.ServiceUnknown") == 0,
	    claim("a_name_without_owner_is_an_unknown_service"), "%d %s", r, a.error);
}

int main(int argc, char **argv)
{
	struct actor *actor;
	struct answer a;

	if (argc < 3)
		return 2;
	service_library = argv[1];
	snprintf(service_name, sizeof(service_name), "org.example.Pairs.p%d", getpid());
	service_pid = service_start(argv[2], service_name);
	if (service_pid < 0) {
		tap(false, claim("service_starts"), "%s", argv[2]);
		return tap_end();
	}
	actor = actor_open();
	if (!tap(actor != NULL, claim("client_connects"), "%m")) {
		service_stop(service_pid);
		return tap_end();
	}
	if (call_bus(actor, "GetNameOwner", service_name, &a) == 0)
		snprintf(service_unique, sizeof(service_unique), "%.255s", a.text);
	test_strings(actor);
	test_sizes(actor, (argc > 3 ? atoi(argv[3]) : 64) * (1UL << 20));
	test_descriptors(actor);
	test_properties(actor);
	test_matches(actor);
	test_unicast_signal(actor);
	test_death(actor);
	actor_close(actor);
	return tap_end();
}
