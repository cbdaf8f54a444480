// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * verdicts.c - which messages does the policy of a bus let pass?
 *
 * Three connections of stock libsystemd on the system bus, wherever that is: one owns
 * org.test.V.Service, one org.test.V.Client, one owns no name and listens too. Each case is a message;
 * who got what is printed as a line, so that two buses with one policy can be compared.
 *
 * Nothing waits for a time to pass. After the message its sender says "Marker" to each of the others: what
 * did not come before that will not come.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define NAME		"org.test.V"
#define MARKER		NAME ".Marker"

enum { SERVICE, CLIENT, OTHER, N_ENDS };

/* What was seen on one connection since the case began. */
static struct end {
	sd_bus *bus;
	const char *unique;
	bool heard;
	bool marked;
	char answer[256];
} ends[N_ENDS];

enum kind { CALL, BROADCAST, UNICAST, LAST_WORDS };

/* The message goes from @from; last words are a broadcast of somebody who is gone when it is read. */
static const struct test {
	enum kind kind;
	int from;
	const char *member, *path, *interface;
} tests[] = {
	{ CALL, CLIENT, "Result", "/o", NAME },
	{ CALL, CLIENT, "DeniedCall", "/o", NAME },
	{ CALL, CLIENT, "DeniedReceive", "/o", NAME },
	{ CALL, CLIENT, "Plain", "/received/denied", NAME },
	{ CALL, CLIENT, "Plain", "/o", NAME ".Secret" },
	{ CALL, CLIENT, "Plain", "/o", NULL },
	{ CALL, CLIENT, "Error_Plain", "/o", NAME },
	{ CALL, CLIENT, "Error_Unrequested", "/o", NAME },
	{ CALL, CLIENT, "Error_Denied", "/o", NAME },
	{ CALL, CLIENT, "Error_NotReceived", "/o", NAME },
	{ CALL, CLIENT, "NotForRoot", "/o", NAME },
	{ BROADCAST, SERVICE, "Plain", "/o", NAME },
	{ BROADCAST, SERVICE, "DeniedSignal", "/o", NAME },
	{ BROADCAST, SERVICE, "UnicastOnly", "/o", NAME },
	{ BROADCAST, SERVICE, "BroadcastOnly", "/o", NAME },
	{ BROADCAST, SERVICE, "Plain", "/o", NAME ".Hidden" },
	{ BROADCAST, SERVICE, "Plain", "/denied", NAME },
	{ BROADCAST, SERVICE, "NotToClient", "/o", NAME },
	{ BROADCAST, SERVICE, "DeniedReceive", "/o", NAME },
	{ BROADCAST, SERVICE, "NotFromService", "/o", NAME },
	{ BROADCAST, OTHER, "NotFromService", "/o", NAME },
	{ BROADCAST, SERVICE, "OnlyFromClient", "/o", NAME },
	{ BROADCAST, CLIENT, "OnlyFromClient", "/o", NAME },
	{ BROADCAST, SERVICE, "Plain", "/received/denied", NAME },
	{ BROADCAST, SERVICE, "Plain", "/o", NAME ".Secret" },
	{ BROADCAST, SERVICE, "NotForRoot", "/o", NAME },
	{ BROADCAST, SERVICE, "NotByRoot", "/o", NAME },
	{ BROADCAST, SERVICE, "AllowedAtLast", "/o", NAME },
	{ LAST_WORDS, SERVICE, "Plain", "/o", NAME },
	{ LAST_WORDS, SERVICE, "DeniedReceive", "/o", NAME },
	{ LAST_WORDS, SERVICE, "NotForRoot", "/o", NAME },
	{ UNICAST, SERVICE, "Plain", "/o", NAME },
	{ UNICAST, SERVICE, "DeniedSignal", "/o", NAME },
	{ UNICAST, SERVICE, "UnicastOnly", "/o", NAME },
	{ UNICAST, SERVICE, "BroadcastOnly", "/o", NAME },
	{ UNICAST, SERVICE, "NotToClient", "/o", NAME },
	{ UNICAST, SERVICE, "DeniedReceive", "/o", NAME },
	{ UNICAST, SERVICE, "NotFromService", "/o", NAME },
	{ UNICAST, SERVICE, "Plain", "/received/denied", NAME },
};

static void require(int result, const char *what)
{
	if (result >= 0)
		return;
	fprintf(stderr, "verdicts: %s: %s\n", what, strerror(-result));
	exit(1);
}

/* A member "Error_X" is answered with the error X. */
static void answer(sd_bus_message *call)
{
	const char *member = sd_bus_message_get_member(call);
	char name[128];

	if (strncmp(member, "Error_", 6) == 0) {
		snprintf(name, sizeof(name), NAME ".Error.%s", member + 6);
		require(sd_bus_reply_method_errorf(call, name, "as wanted"), name);
	} else {
		require(sd_bus_reply_method_return(call, "s", "result"), "reply");
	}
}

static int on_message(sd_bus_message *m, void *context, sd_bus_error *error)
{
	struct end *end = context;
	const char *interface = sd_bus_message_get_interface(m);
	uint8_t type = 0;

	(void)error;
	sd_bus_message_get_type(m, &type);
	if (interface && strcmp(interface, MARKER) == 0) {
		end->marked = true;
	} else if (type == SD_BUS_MESSAGE_METHOD_CALL) {
		end->heard = true;
		answer(m);
		return 1;
	} else if (type == SD_BUS_MESSAGE_SIGNAL) {
		end->heard |= interface && strncmp(interface, NAME, strlen(NAME)) == 0;
	} else if (!sd_bus_message_is_method_error(m, NULL)) {
		snprintf(end->answer, sizeof(end->answer), "result");
	} else {
		snprintf(end->answer, sizeof(end->answer), "%s",
			 sd_bus_message_get_error(m)->name);
	}
	return 0;
}

static void open_end(struct end *end, const char *name)
{
	require(sd_bus_open_system(&end->bus), "connect");
	require(sd_bus_get_unique_name(end->bus, &end->unique), "unique name");
	if (name)
		require(sd_bus_request_name(end->bus, name, 0), name);
	require(sd_bus_add_match(end->bus, NULL, "type='signal',path_namespace='/'", NULL, NULL),
		"match");
	require(sd_bus_add_filter(end->bus, NULL, on_message, end), "filter");
}

static void mark(const struct end *from, struct end *to)
{
	sd_bus_message *m = NULL;

	to->marked = false;
	require(sd_bus_message_new_signal(from->bus, &m, "/", MARKER, "Marker"), "marker");
	require(sd_bus_message_set_destination(m, to->unique), "marker");
	require(sd_bus_send(from->bus, m, NULL), "marker");
	sd_bus_message_unref(m);
	require(sd_bus_flush(from->bus), "flush");
	while (!to->marked) {
		int r = sd_bus_process(to->bus, NULL);

		require(r, "process");
		if (r == 0)
			require(sd_bus_wait(to->bus, UINT64_MAX), "wait");
	}
	require(sd_bus_flush(to->bus), "flush");
}

static sd_bus_message *message_of(const struct test *t)
{
	sd_bus *bus = ends[t->from].bus;
	sd_bus_message *m = NULL;

	if (t->kind == CALL)
		require(sd_bus_message_new_method_call(bus, &m, NAME ".Service", t->path,
						       t->interface, t->member), "call");
	else
		require(sd_bus_message_new_signal(bus, &m, t->path, t->interface, t->member),
			"signal");
	if (t->kind == UNICAST)
		require(sd_bus_message_set_destination(m, ends[CLIENT].unique), "destination");
	return m;
}

/* The bus has the signal when it answers. */
static void say_last_words(const struct test *t)
{
	sd_bus *bus = NULL;

	require(sd_bus_open_system(&bus), "connect");
	require(sd_bus_emit_signal(bus, t->path, t->interface, t->member, ""), "emit");
	require(sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
				   "org.freedesktop.DBus", "GetId", NULL, NULL, NULL), "GetId");
	sd_bus_flush_close_unref(bus);
}

static void send_message(const struct test *t)
{
	sd_bus_message *m = message_of(t);
	uint64_t cookie;

	/* Who wants the cookie wants a reply. */
	require(sd_bus_send(ends[t->from].bus, m, &cookie), "send");
	sd_bus_message_unref(m);
	require(sd_bus_flush(ends[t->from].bus), "flush");
}

static const char *yes_no(bool yes)
{
	return yes ? "yes" : "no";
}

static void run(const struct test *t)
{
	static const char *const kinds[] = { "call", "broadcast", "unicast signal",
					     "last words" };
	static const char *const froms[] = { "service", "client", "other" };
	int i;

	for (i = 0; i < N_ENDS; i++) {
		ends[i].heard = false;
		ends[i].answer[0] = '\0';
	}
	if (t->kind == LAST_WORDS)
		say_last_words(t);
	else
		send_message(t);
	for (i = 0; i < N_ENDS; i++)
		if (i != t->from)
			mark(&ends[t->from], &ends[i]);
	/* What the service answered, or the bus, comes before this. */
	mark(&ends[SERVICE == t->from ? OTHER : SERVICE], &ends[t->from]);
	printf("%s of %s, %s %s %s: ", kinds[t->kind],
	       t->kind == LAST_WORDS ? "another" : froms[t->from], t->member, t->path,
	       t->interface ? t->interface : "-");
	if (t->kind == CALL)
		printf("%s\n", ends[CLIENT].answer[0] ? ends[CLIENT].answer : "no answer");
	else
		printf("service %s, client %s, other %s\n", yes_no(ends[SERVICE].heard),
		       yes_no(ends[CLIENT].heard), yes_no(ends[OTHER].heard));
}

int main(void)
{
	size_t i;

	open_end(&ends[SERVICE], NAME ".Service");
	open_end(&ends[CLIENT], NAME ".Client");
	open_end(&ends[OTHER], NULL);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		run(&tests[i]);
	return 0;
}
