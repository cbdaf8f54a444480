// SPDX-License-Identifier: LGPL-2.1-or-later
/* driver-bus.c - methods of the bus about itself: Hello, GetId, what another process answers */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "driver-call.h"

/**
 * kbus_driver_hello() - Hello: the client learns its name
 * @call: the call
 *
 * Return: 0 or -errno.
 */
int kbus_driver_hello(struct kbus_driver_call *call)
{
	const struct kbus_fields fields = {
		.type = KBUS_METHOD_RETURN,
		.flags = KBUS_NO_REPLY_EXPECTED,
		.serial = kbus_conn_next_serial(call->conn),
		.reply_serial = call->header->serial,
		.destination = call->conn->unique,
		.sender = KBUS_DRIVER_NAME,
		.signature = "s",
	};
	uint8_t *data;
	size_t size;
	int r;

	if (call->conn->said_hello)
		return kbus_driver_fail(call, KBUS_ERROR_PREFIX "Failed",
					"Already handled an Hello message");
	call->conn->said_hello = true;
	call->is_answered = true;
	kbus_put_string(&call->reply, call->conn->unique);
	/* The answer comes before the signal. */
	r = kbus_build(&call->reply, &fields, &data, &size);
	r = r ?: kbus_conn_post(call->conn, data, size, NULL, 0);
	return r ?: kbus_driver_post_signal(call->conn, "NameAcquired", call->conn->unique);
}

/**
 * kbus_driver_get_id() - GetId: the bus's id as the kernel chose it
 * @call: the call
 *
 * Return: 0.
 */
int kbus_driver_get_id(struct kbus_driver_call *call)
{
	char text[2 * sizeof(call->conn->bus_id) + 1];
	size_t i;

	for (i = 0; i < sizeof(call->conn->bus_id); i++)
		snprintf(text + 2 * i, 3, "%02x", call->conn->bus_id[i]);
	kbus_put_string(&call->reply, text);
	return 0;
}

/* Does a process manage this bus? 1, 0 or -errno. */
static int is_managed(struct kbus_conn *conn)
{
	uint64_t owner, flags;
	int r;

	r = kbus_name_owner(conn, KBUS_DRIVER_NAME, &owner, &flags);
	if (r == -ESRCH)
		return 0;
	return r < 0 ? r : !(flags & KDBUS_HELLO_ACTIVATOR);
}

/**
 * kbus_driver_forward() - a method that the owner of the bus answers
 * @call: the call
 *
 * Return: 0 or -errno.
 */
int kbus_driver_forward(struct kbus_driver_call *call)
{
	const struct iovec body = { .iov_base = (void *)call->body,
				    .iov_len = call->header->body_size };
	int r = is_managed(call->conn);

	if (r == 0)
		return kbus_driver_fail(call, KBUS_ERROR_PREFIX "NotSupported",
					"No process manages this bus, as kdbus-busd would");
	if (r < 0)
		return r;
	call->is_answered = true;
	return kbus_forward(call->conn, call->header, &body, body.iov_len ? 1 : 0, NULL, 0);
}

/**
 * kbus_driver_start_service() - StartServiceByName: 2 if it runs, else the owner of the bus decides
 * @call: the call
 *
 * Return: 0 or -errno.
 */
int kbus_driver_start_service(struct kbus_driver_call *call)
{
	uint64_t owner, flags;
	const char *name;
	int r;

	r = kbus_read_string(&call->args, &name, NULL);
	if (r < 0)
		return r;
	if (strcmp(name, KBUS_DRIVER_NAME) != 0) {
		r = kbus_name_owner(call->conn, name, &owner, &flags);
		if (r < 0 && r != -ESRCH)
			return r;
		if (r == -ESRCH && is_managed(call->conn) == 0)
			return kbus_driver_fail(call, KBUS_ERROR_PREFIX "ServiceUnknown",
						"The name %s was not provided by any .service files",
						name);
		if (r == -ESRCH || flags & KDBUS_HELLO_ACTIVATOR)
			return kbus_driver_forward(call);
	}
	kbus_put_u32(&call->reply, 2);
	return 0;
}
