/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* client.h - clients of a bus in the kernel, for tests */
#ifndef KBUS_TEST_CLIENT_H
#define KBUS_TEST_CLIENT_H

#include "body.h"
#include "build.h"
#include "conn.h"
#include "names.h"
#include "query.h"
#include "test.h"

/**
 * struct client - a client that has said Hello and read the answers
 * @conn: its connection; owned
 * @serial: of its last message
 * @in: message that it received last, until client_done()
 * @args: arguments of @in
 */
struct client {
	struct kbus_conn *conn;
	uint32_t serial;
	struct kbus_incoming in;
	struct kbus_reader args;
};

/* struct pair - two clients of one bus */
struct pair {
	struct client a;
	struct client b;
};

const char *test_bus_path(void);
bool client_open(struct client *client, const struct kbus_options *options);
void client_close(struct client *client);
bool pair_open(struct pair *pair);
void pair_close(struct pair *pair);

int client_send(struct client *client, struct kbus_fields *fields, struct kbus_writer *body,
		const int *fds, size_t n_fds);
int client_call(struct client *client, const char *destination, const char *member,
		const char *signature, struct kbus_writer *body);
int client_call_bus(struct client *client, const char *interface, const char *member,
		    const char *signature, struct kbus_writer *body);
int client_signal(struct client *client, const char *destination, const char *member,
		  const char *signature, struct kbus_writer *body);
bool client_is_readable(const struct client *client);
int client_read(struct client *client);
void client_done(struct client *client);
bool client_has_nothing(struct client *client);

/* Calls to the bus with their answers. An expected error is told by its last element. */
bool bus_expect(struct client *client, const char *error, const char *interface,
		const char *member, const char *signature, struct kbus_writer *body);
bool bus_expect_text(struct client *client, const char *error, const char *member,
		     const char *text);
bool bus_request_name(struct client *client, const char *name, uint32_t flags,
		      uint32_t expected);
bool bus_call(struct client *client, const char *member);
bool bus_list_has(struct client *client, const char *text);
bool bus_answers_text(struct client *client, const char *member, const char *arg,
		      const char *expected);
bool bus_answers_number(struct client *client, const char *member, const char *arg,
			uint32_t expected);
bool expect_signal(struct client *client, const char *member, const char *const *args);
bool expect_error(struct client *client, uint32_t reply_serial, const char *error);

#endif /* KBUS_TEST_CLIENT_H */
