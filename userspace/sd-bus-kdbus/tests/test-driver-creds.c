// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-driver-creds.c - what the bus answers about peers and itself. Needs the module */
#define _GNU_SOURCE
#include <unistd.h>

#include "client.h"
#include "driver-call.h"

TEST(credentials)
{
	struct kbus_array array;
	struct pair p;
	const char *key;
	unsigned int n_found = 0;

	if (pair_open(&p)) {
		bus_answers_number(&p.a, "GetConnectionUnixUser", p.b.conn->unique, geteuid());
		bus_answers_number(&p.a, "GetConnectionUnixUser", KBUS_DRIVER_NAME, geteuid());
		bus_answers_number(&p.a, "GetConnectionUnixProcessID", p.b.conn->unique, getpid());
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
		if (bus_call(&p.a, "GetId") &&
		    EXPECT_EQ(0, kbus_read_string(&p.a.args, &text, NULL))) {
			EXPECT_EQ(32, strlen(text));
			snprintf(first, sizeof(first), "%s", text);
			client_done(&p.a);
		}
		if (bus_call(&p.b, "GetId") &&
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
