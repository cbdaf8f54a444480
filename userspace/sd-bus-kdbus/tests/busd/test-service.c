// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * test-service.c - a service for the tests of kdbus-busd: takes the name given, answers Echo, Process,
 * Variable, and ends on Die
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../core/address.h"
#include "../../core/body.h"
#include "../../core/build.h"
#include "../../core/names.h"
#include "../../core/query.h"

static int answer(struct kbus_conn *conn, const struct kbus_incoming *in)
{
	const struct kbus_header *call = &in->header;
	struct kbus_fields fields = {
		.type = KBUS_METHOD_RETURN,
		.serial = kbus_conn_next_serial(conn),
		.reply_serial = call->serial,
		.destination = call->sender,
		.signature = "s",
	};
	struct kbus_writer body = { 0 };
	struct kbus_reader reader;
	const char *text = "";
	uint8_t *data;
	size_t size;
	int r;

	kbus_reader_init(&reader, call, in->body);
	if (*call->signature == 's' && kbus_read_string(&reader, &text, NULL) < 0)
		return -EBADMSG;
	if (!strcmp(call->member, "Die"))
		exit(3);
	if (!strcmp(call->member, "Process")) {
		fields.signature = "u";
		kbus_put_u32(&body, getpid());
	} else if (!strcmp(call->member, "Variable")) {
		kbus_put_string(&body, getenv(text) ? getenv(text) : "");
	} else {
		kbus_put_string(&body, text);
	}
	r = kbus_build(&body, &fields, &data, &size);
	if (r < 0)
		return r;
	r = kbus_conn_send_data(conn, data, size);
	free(data);
	return r;
}

static int serve(struct kbus_conn *conn)
{
	struct pollfd pollfd = { .fd = conn->fd, .events = POLLIN };
	struct kbus_incoming in;
	int r;

	for (;;) {
		r = kbus_conn_recv(conn, &in);
		if (r == -EAGAIN) {
			if (poll(&pollfd, 1, -1) < 0 || (pollfd.revents & POLLHUP))
				return -ECONNRESET;
			continue;
		}
		if (r < 0)
			return r;
		if (in.header.type == KBUS_METHOD_CALL)
			r = answer(conn, &in);
		kbus_conn_release(conn, &in);
	}
}

int main(int argc, char **argv)
{
	const char *address = getenv("DBUS_STARTER_ADDRESS");
	struct kbus_conn *conn;
	char path[4096];
	int r;

	if (argc != 2 || !address || kbus_address_next(&address, path, sizeof(path)) != 1) {
		fprintf(stderr, "test-service: wrong use, or no DBUS_STARTER_ADDRESS\n");
		return 2;
	}
	/* Never takes its name, and never ends by itself. */
	if (!strcmp(argv[1], "idle"))
		return pause();
	r = kbus_conn_open(path, &(struct kbus_options){ .no_hello = true }, &conn);
	if (r >= 0)
		r = kbus_name_acquire(conn, argv[1], 0, NULL);
	if (r >= 0)
		r = serve(conn);
	fprintf(stderr, "test-service: %s\n", strerror(-r));
	return 1;
}
