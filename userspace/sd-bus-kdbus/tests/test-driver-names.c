// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-driver-names.c - what the bus answers about names. Needs the module */
#include "client.h"
#include "names.h"

#define NAME	"org.example.kdbus.Test"

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
		bus_answers_number(&p.b, "ReleaseName", "org.example.Nobody", 2);
		bus_answers_text(&p.b, "GetNameOwner", NAME, p.a.conn->unique);
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
		bus_answers_number(&p.a, "ReleaseName", NAME, 3);
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
		if (bus_call(&p.a, "ListNames")) {
			EXPECT_TRUE(bus_list_has(&p.a, KBUS_DRIVER_NAME));
			EXPECT_TRUE(bus_list_has(&p.a, NAME));
			EXPECT_TRUE(bus_list_has(&p.a, p.a.conn->unique));
			EXPECT_TRUE(bus_list_has(&p.a, p.b.conn->unique));
			client_done(&p.a);
		}
		if (bus_call(&p.a, "ListActivatableNames")) {
			EXPECT_TRUE(bus_list_has(&p.a, KBUS_DRIVER_NAME));
			EXPECT_FALSE(bus_list_has(&p.a, NAME));
			client_done(&p.a);
		}
		if (bus_expect_text(&p.a, NULL, "ListQueuedOwners", NAME)) {
			EXPECT_TRUE(bus_list_has(&p.a, p.a.conn->unique));
			EXPECT_TRUE(bus_list_has(&p.a, p.b.conn->unique));
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
		bus_answers_text(&p.a, "GetNameOwner", NAME, p.b.conn->unique);
		bus_answers_text(&p.a, "GetNameOwner", p.b.conn->unique, p.b.conn->unique);
		bus_answers_text(&p.a, "GetNameOwner", KBUS_DRIVER_NAME, KBUS_DRIVER_NAME);
		bus_expect_text(&p.a, "NameHasNoOwner", "GetNameOwner", "org.example.Nobody");
		bus_expect_text(&p.a, "NameHasNoOwner", "GetNameOwner", ":1.999999");
		bus_expect_text(&p.a, "NameHasNoOwner", "GetNameOwner", "");
		bus_answers_number(&p.a, "NameHasOwner", NAME, 1);
		bus_answers_number(&p.a, "NameHasOwner", p.b.conn->unique, 1);
		bus_answers_number(&p.a, "NameHasOwner", KBUS_DRIVER_NAME, 1);
		bus_answers_number(&p.a, "NameHasOwner", "org.example.Nobody", 0);
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
		bus_answers_number(&a, "NameHasOwner", NAME, 0);
		bus_expect_text(&a, "NameHasNoOwner", "GetNameOwner", NAME);
		bus_expect_text(&a, "NameHasNoOwner", "GetConnectionUnixUser", NAME);
		if (bus_call(&a, "ListActivatableNames")) {
			EXPECT_TRUE(bus_list_has(&a, NAME));
			client_done(&a);
		}
		if (bus_call(&a, "ListNames")) {
			EXPECT_FALSE(bus_list_has(&a, NAME));
			EXPECT_FALSE(bus_list_has(&a, conn->unique));
			client_done(&a);
		}
	}
	kbus_conn_free(conn);
	client_close(&a);
}
