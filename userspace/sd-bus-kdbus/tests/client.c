// SPDX-License-Identifier: LGPL-2.1-or-later
/* client.c - clients of a bus in the kernel, for tests */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "client.h"

/**
 * test_bus_path() - the bus of this test program, which is made when first asked for
 *
 * Return: path of its endpoint, or NULL, which is a failure of the running test.
 */
const char *test_bus_path(void)
{
	const char *domain = getenv("KDBUS_DOMAIN") ?: "/dev/kdbus";
	static int bus_fd = -1;
	static char path[160];
	char control[80], name[40];

	if (bus_fd >= 0)
		return path;
	snprintf(name, sizeof(name), "%u-core-test-%d", geteuid(), getpid());
	snprintf(control, sizeof(control), "%s/control", domain);
	snprintf(path, sizeof(path), "%s/%s/bus", domain, name);
	bus_fd = kbus_bus_make(control, name, 0);
	if (bus_fd < 0) {
		test_fail(__FILE__, __LINE__, "cannot make the bus %s: %s", name,
			  strerror(-bus_fd));
		return NULL;
	}
	return path;
}

/**
 * client_open() - connect, say Hello, read the answers
 * @client: filled, for client_close() in any case
 * @options: or NULL
 *
 * Return: true on success.
 */
bool client_open(struct client *client, const struct kbus_options *options)
{
	const char *path = test_bus_path();

	memset(client, 0, sizeof(*client));
	if (!path || !EXPECT_EQ(0, kbus_conn_open(path, options, &client->conn)))
		return false;
	client->conn->wants_fds = true;
	if (client_call_bus(client, KBUS_DRIVER_INTERFACE, "Hello", NULL, NULL) < 0)
		return EXPECT_TRUE(!"Hello is sent");
	if (!EXPECT_EQ(0, client_read(client)))
		return false;
	EXPECT_EQ(KBUS_METHOD_RETURN, client->in.header.type);
	client_done(client);
	return expect_signal(client, "NameAcquired",
			     (const char *const[]){ client->conn->unique, NULL });
}

/**
 * client_close() - disconnect
 * @client: the client
 */
void client_close(struct client *client)
{
	client->conn = kbus_conn_free(client->conn);
}

/**
 * pair_open() - two clients, see client_open()
 * @pair: filled, for pair_close() in any case
 *
 * Return: true on success.
 */
bool pair_open(struct pair *pair)
{
	memset(pair, 0, sizeof(*pair));
	return client_open(&pair->a, NULL) && client_open(&pair->b, NULL);
}

/**
 * pair_close() - disconnect both
 * @pair: the clients
 */
void pair_close(struct pair *pair)
{
	client_close(&pair->a);
	client_close(&pair->b);
}

/**
 * client_send() - send a message
 * @client: the client
 * @fields: its header; the serial is set here
 * @body: its body, or NULL
 * @fds: descriptors
 * @n_fds: entries at @fds
 *
 * Return: as kbus_conn_send().
 */
int client_send(struct client *client, struct kbus_fields *fields, struct kbus_writer *body,
		const int *fds, size_t n_fds)
{
	struct iovec part;
	uint8_t *data;
	size_t size;
	int r;

	fields->serial = ++client->serial;
	fields->n_fds = n_fds;
	r = kbus_build(body, fields, &data, &size);
	if (r < 0)
		return r;
	part = (struct iovec){ .iov_base = data, .iov_len = size };
	r = kbus_conn_send(client->conn, &part, 1, fds, n_fds);
	free(data);
	return r;
}

/**
 * client_call() - call a method of somebody
 * @client: the client
 * @destination: whom
 * @member: the method
 * @signature: types of its arguments, or NULL
 * @body: its arguments, or NULL
 *
 * Return: as kbus_conn_send().
 */
int client_call(struct client *client, const char *destination, const char *member,
		const char *signature, struct kbus_writer *body)
{
	struct kbus_fields fields = {
		.type = KBUS_METHOD_CALL,
		.path = "/test",
		.interface = "org.example.Test",
		.member = member,
		.destination = destination,
		.signature = signature,
	};

	return client_send(client, &fields, body, NULL, 0);
}

/**
 * client_call_bus() - call a method of the bus
 * @client: the client
 * @interface: its interface
 * @member: the method
 * @signature: types of its arguments, or NULL
 * @body: its arguments, or NULL
 *
 * Return: as kbus_conn_send().
 */
int client_call_bus(struct client *client, const char *interface, const char *member,
		    const char *signature, struct kbus_writer *body)
{
	struct kbus_fields fields = {
		.type = KBUS_METHOD_CALL,
		.path = KBUS_DRIVER_PATH,
		.interface = interface,
		.member = member,
		.destination = KBUS_DRIVER_NAME,
		.signature = signature,
	};

	return client_send(client, &fields, body, NULL, 0);
}

/**
 * client_signal() - send a signal
 * @client: the client
 * @destination: to whom, or NULL for everybody
 * @member: which
 * @signature: types of its arguments, or NULL
 * @body: its arguments, or NULL
 *
 * Return: as kbus_conn_send().
 */
int client_signal(struct client *client, const char *destination, const char *member,
		  const char *signature, struct kbus_writer *body)
{
	struct kbus_fields fields = {
		.type = KBUS_SIGNAL,
		.path = "/test",
		.interface = "org.example.Test",
		.member = member,
		.destination = destination,
		.signature = signature,
	};

	return client_send(client, &fields, body, NULL, 0);
}

/**
 * client_is_readable() - does poll() say POLLIN?
 * @client: the client
 *
 * Return: true if it does.
 */
bool client_is_readable(const struct client *client)
{
	struct pollfd p = { .fd = client->conn->fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && p.revents & POLLIN;
}

/**
 * client_read() - wait for a message and take it
 * @client: the client; @in and @args are valid until client_done()
 *
 * Return: 0, -ETIMEDOUT after a while, or as kbus_conn_recv().
 */
int client_read(struct client *client)
{
	struct pollfd p = { .fd = client->conn->fd, .events = POLLIN };
	int r;

	do {
		if (poll(&p, 1, 20000) != 1)
			return -ETIMEDOUT;
		r = kbus_conn_recv(client->conn, &client->in);
	} while (r == -EAGAIN);
	if (r == 0)
		kbus_reader_init(&client->args, &client->in.header, client->in.body);
	return r;
}

/**
 * client_done() - give back what client_read() returned
 * @client: the client
 */
void client_done(struct client *client)
{
	kbus_conn_release(client->conn, &client->in);
}

/**
 * client_has_nothing() - is there no message for this client now?
 * @client: the client
 *
 * Return: true if there is none, else a failure of the running test.
 */
bool client_has_nothing(struct client *client)
{
	int r = kbus_conn_recv(client->conn, &client->in);

	if (r == -EAGAIN)
		return true;
	test_fail(__FILE__, __LINE__, "%s got %d: type %d, member %s, error %s",
		  client->conn->unique, r, client->in.header.type, client->in.header.member,
		  client->in.header.error_name);
	if (r == 0)
		client_done(client);
	return false;
}

/**
 * bus_expect() - call the bus and look at its answer
 * @client: the client; with a result, @args are valid until client_done()
 * @error: last element of the expected error, or NULL for a result
 * @interface: see client_call_bus()
 * @member: see client_call_bus()
 * @signature: see client_call_bus()
 * @body: see client_call_bus()
 *
 * Return: true if the answer is the expected one.
 */
bool bus_expect(struct client *client, const char *error, const char *interface,
		const char *member, const char *signature, struct kbus_writer *body)
{
	int r = client_call_bus(client, interface, member, signature, body);
	const struct kbus_header *h = &client->in.header;
	bool ok;

	if (!EXPECT_EQ_CASE(0, r, "%s", member))
		return false;
	if (error)
		return expect_error(client, client->serial, error);
	if (!EXPECT_EQ_CASE(0, client_read(client), "%s", member))
		return false;
	ok = EXPECT_EQ_CASE(KBUS_METHOD_RETURN, h->type, "%s: %s", member, h->error_name);
	ok &= EXPECT_EQ_CASE(client->serial, h->reply_serial, "%s", member);
	ok &= EXPECT_STR_CASE(KBUS_DRIVER_NAME, h->sender, "%s", member);
	ok &= EXPECT_STR_CASE(client->conn->unique, h->destination, "%s", member);
	if (!ok)
		client_done(client);
	return ok;
}

/**
 * bus_expect_text() - as bus_expect(), for a method that takes one string
 * @client: the client
 * @error: or NULL
 * @member: the method
 * @text: its argument
 *
 * Return: true if the answer is the expected one.
 */
bool bus_expect_text(struct client *client, const char *error, const char *member,
		     const char *text)
{
	struct kbus_writer body = {};

	kbus_put_string(&body, text);
	return bus_expect(client, error, KBUS_DRIVER_INTERFACE, member, "s", &body);
}

/**
 * bus_call() - as bus_expect(), for a method of the bus without arguments that has a result
 * @client: the client
 * @member: the method
 *
 * Return: true if there is a result.
 */
bool bus_call(struct client *client, const char *member)
{
	return bus_expect(client, NULL, KBUS_DRIVER_INTERFACE, member, NULL, NULL);
}

/**
 * bus_list_has() - is a text in the array of strings that the bus answered?
 * @client: the client, after bus_expect() or bus_call(); @args are left alone
 * @text: the text
 *
 * Return: true if it is.
 */
bool bus_list_has(struct client *client, const char *text)
{
	struct kbus_array array;
	struct kbus_reader r;
	const char *one;
	bool found = false;

	kbus_reader_init(&r, &client->in.header, client->in.body);
	if (kbus_read_array_open(&r, &array) < 0)
		return false;
	while (kbus_read_array_next(&r, &array) && kbus_read_string(&r, &one, NULL) == 0)
		found |= strcmp(one, text) == 0;
	return found;
}

/**
 * bus_answers_text() - a method that takes one string answers with this one
 * @client: the client
 * @member: the method
 * @arg: its argument
 * @expected: the answer
 *
 * Return: true if it does.
 */
bool bus_answers_text(struct client *client, const char *member, const char *arg,
		      const char *expected)
{
	const char *text;
	bool ok;

	if (!bus_expect_text(client, NULL, member, arg))
		return false;
	ok = EXPECT_EQ(0, kbus_read_string(&client->args, &text, NULL)) &&
	     EXPECT_STR_CASE(expected, text, "%s", arg);
	client_done(client);
	return ok;
}

/**
 * bus_answers_number() - a method that takes one string answers with this number
 * @client: the client
 * @member: the method
 * @arg: its argument
 * @expected: the answer; a boolean is 0 or 1
 *
 * Return: true if it does.
 */
bool bus_answers_number(struct client *client, const char *member, const char *arg,
			uint32_t expected)
{
	uint32_t number;
	bool ok;

	if (!bus_expect_text(client, NULL, member, arg))
		return false;
	ok = EXPECT_EQ(0, kbus_read_u32(&client->args, &number)) &&
	     EXPECT_EQ_CASE(expected, number, "%s %s", member, arg);
	client_done(client);
	return ok;
}

/**
 * bus_request_name() - RequestName; NameAcquired, if it comes, comes before and is left to read
 * @client: the client
 * @name: which
 * @flags: of RequestName
 * @expected: its answer
 *
 * With the answer 1, the signal is read here.
 *
 * Return: true if the answer is the expected one.
 */
bool bus_request_name(struct client *client, const char *name, uint32_t flags,
		      uint32_t expected)
{
	struct kbus_writer body = {};
	uint32_t result = 0;

	kbus_put_string(&body, name);
	kbus_put_u32(&body, flags);
	if (!EXPECT_EQ(0, client_call_bus(client, KBUS_DRIVER_INTERFACE, "RequestName", "su",
					  &body)))
		return false;
	if (expected == 1 &&
	    !expect_signal(client, "NameAcquired", (const char *const[]){ name, NULL }))
		return false;
	if (!EXPECT_EQ(0, client_read(client)))
		return false;
	kbus_read_u32(&client->args, &result);
	client_done(client);
	return EXPECT_EQ_CASE(expected, result, "%s", name);
}

/**
 * expect_signal() - the next message is this signal of the bus
 * @client: the client
 * @member: which
 * @args: its arguments, all strings, and NULL
 *
 * Return: true if it is.
 */
bool expect_signal(struct client *client, const char *member, const char *const *args)
{
	const struct kbus_header *h = &client->in.header;
	const char *text;
	bool ok;

	if (!EXPECT_EQ_CASE(0, client_read(client), "%s", member))
		return false;
	ok = EXPECT_EQ_CASE(KBUS_SIGNAL, h->type, "%s", member);
	ok &= EXPECT_STR(member, h->member);
	ok &= EXPECT_STR_CASE(KBUS_DRIVER_NAME, h->sender, "%s", member);
	ok &= EXPECT_STR_CASE(KBUS_DRIVER_PATH, h->path, "%s", member);
	ok &= EXPECT_STR_CASE(KBUS_DRIVER_INTERFACE, h->interface, "%s", member);
	for (; ok && *args; args++)
		ok = EXPECT_EQ_CASE(0, kbus_read_string(&client->args, &text, NULL), "%s", *args) &&
		     EXPECT_STR_CASE(*args, text, "%s", member);
	client_done(client);
	return ok;
}

/**
 * expect_error() - the next message is this error of the bus
 * @client: the client
 * @reply_serial: the call
 * @error: last element of its name
 *
 * Return: true if it is.
 */
bool expect_error(struct client *client, uint32_t reply_serial, const char *error)
{
	const struct kbus_header *h = &client->in.header;
	char name[128];
	bool ok;

	snprintf(name, sizeof(name), "org.freedesktop.DBus.Error.%s", error);
	if (!EXPECT_EQ_CASE(0, client_read(client), "%s", error))
		return false;
	ok = EXPECT_EQ_CASE(KBUS_ERROR, h->type, "%s", error);
	ok &= EXPECT_STR(name, h->error_name);
	ok &= EXPECT_EQ_CASE(reply_serial, h->reply_serial, "%s", error);
	client_done(client);
	return ok;
}
