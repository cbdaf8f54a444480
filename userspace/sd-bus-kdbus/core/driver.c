// SPDX-License-Identifier: LGPL-2.1-or-later
/* driver.c - org.freedesktop.DBus in process: its methods, and how a call is answered */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "driver-call.h"

#define DBUS	KBUS_DRIVER_INTERFACE

const struct kbus_driver_method kbus_driver_methods[] = {
	{ DBUS, "Hello", "", "s", kbus_driver_hello },
	{ DBUS, "RequestName", "su", "u", kbus_driver_request_name },
	{ DBUS, "ReleaseName", "s", "u", kbus_driver_release_name },
	{ DBUS, "StartServiceByName", "su", "u", kbus_driver_start_service },
	{ DBUS, "UpdateActivationEnvironment", "a{ss}", "", kbus_driver_forward },
	{ DBUS, "NameHasOwner", "s", "b", kbus_driver_name_has_owner },
	{ DBUS, "ListNames", "", "as", kbus_driver_list_names },
	{ DBUS, "ListActivatableNames", "", "as", kbus_driver_list_activatable },
	{ DBUS, "AddMatch", "s", "", kbus_driver_add_match },
	{ DBUS, "RemoveMatch", "s", "", kbus_driver_remove_match },
	{ DBUS, "GetNameOwner", "s", "s", kbus_driver_get_name_owner },
	{ DBUS, "ListQueuedOwners", "s", "as", kbus_driver_list_queued },
	{ DBUS, "GetConnectionUnixUser", "s", "u", kbus_driver_get_user },
	{ DBUS, "GetConnectionUnixProcessID", "s", "u", kbus_driver_get_process },
	{ DBUS, "GetAdtAuditSessionData", "s", "ay", kbus_driver_get_audit },
	{ DBUS, "GetConnectionSELinuxSecurityContext", "s", "ay", kbus_driver_get_selinux },
	{ DBUS, "ReloadConfig", "", "", kbus_driver_forward },
	{ DBUS, "GetId", "", "s", kbus_driver_get_id },
	{ DBUS, "GetConnectionCredentials", "s", "a{sv}", kbus_driver_get_credentials },
	{ KBUS_INTERFACE_PROPERTIES, "Get", "ss", "v", kbus_driver_property_get },
	{ KBUS_INTERFACE_PROPERTIES, "GetAll", "s", "a{sv}", kbus_driver_property_get_all },
	{ KBUS_INTERFACE_PROPERTIES, "Set", "ssv", "", kbus_driver_property_set },
	{ KBUS_INTERFACE_INTROSPECTABLE, "Introspect", "", "s", kbus_driver_introspect },
	{ KBUS_INTERFACE_PEER, "Ping", "", "", kbus_driver_ping },
	{ KBUS_INTERFACE_PEER, "GetMachineId", "", "s", kbus_driver_get_machine_id },
	{ KBUS_INTERFACE_MONITORING, "BecomeMonitor", "asu", "", kbus_driver_become_monitor },
	{ KBUS_INTERFACE_STATS, "GetStats", "", "a{sv}", kbus_driver_forward },
	{ KBUS_INTERFACE_STATS, "GetConnectionStats", "s", "a{sv}", kbus_driver_forward },
	{ KBUS_INTERFACE_STATS, "GetAllMatchRules", "", "a{sas}", kbus_driver_forward },
	{},
};

const struct kbus_driver_signal kbus_driver_signals[] = {
	{ "NameOwnerChanged", "sss" },
	{ "NameLost", "s" },
	{ "NameAcquired", "s" },
	{ "ActivatableServicesChanged", "" },
	{},
};

/**
 * kbus_driver_fail() - the answer to a call is an error
 * @call: the call
 * @error: name of the error
 * @format: text for humans, as of printf()
 *
 * Return: a negative value, for the method to return.
 */
int kbus_driver_fail(struct kbus_driver_call *call, const char *error, const char *format, ...)
{
	va_list args;

	call->error = error;
	va_start(args, format);
	vsnprintf(call->text, sizeof(call->text), format, args);
	va_end(args);
	return -EPROTO;
}

/**
 * kbus_driver_post_signal() - send NameAcquired or NameLost to this client
 * @conn: the connection
 * @member: which
 * @name: the name that is meant
 *
 * Return: as kbus_conn_post().
 */
int kbus_driver_post_signal(struct kbus_conn *conn, const char *member, const char *name)
{
	const struct kbus_fields fields = {
		.type = KBUS_SIGNAL,
		.flags = KBUS_NO_REPLY_EXPECTED,
		.serial = kbus_conn_next_serial(conn),
		.path = KBUS_DRIVER_PATH,
		.interface = KBUS_DRIVER_INTERFACE,
		.member = member,
		.destination = conn->unique,
		.sender = KBUS_DRIVER_NAME,
		.signature = "s",
	};
	struct kbus_writer body = {};
	uint8_t *data;
	size_t size;
	int r;

	kbus_put_string(&body, name);
	r = kbus_build(&body, &fields, &data, &size);
	return r ?: kbus_conn_post(conn, data, size, NULL, 0);
}

static int answer_error(struct kbus_driver_call *call, int error)
{
	kbus_writer_deinit(&call->reply);
	if (!call->error) {
		call->error = kbus_error_of_errno(error);
		snprintf(call->text, sizeof(call->text), "%s", strerror(-error));
	}
	if (call->header->flags & KBUS_NO_REPLY_EXPECTED)
		return 0;
	return kbus_post_error(call->conn, call->header->serial, call->error, call->text);
}

static int answer(struct kbus_driver_call *call, const char *signature)
{
	const struct kbus_fields fields = {
		.type = KBUS_METHOD_RETURN,
		.flags = KBUS_NO_REPLY_EXPECTED,
		.serial = kbus_conn_next_serial(call->conn),
		.reply_serial = call->header->serial,
		.destination = call->conn->unique,
		.sender = KBUS_DRIVER_NAME,
		.signature = signature,
		.n_fds = call->n_fds,
	};
	uint8_t *data;
	size_t size;
	int r;

	if (call->header->flags & KBUS_NO_REPLY_EXPECTED) {
		kbus_writer_deinit(&call->reply);
		return 0;
	}
	r = kbus_build(&call->reply, &fields, &data, &size);
	return r ?: kbus_conn_post(call->conn, data, size, call->fds, call->n_fds);
}

static bool is_meant(const struct kbus_driver_method *m, const struct kbus_header *call)
{
	return strcmp(m->member, call->member) == 0 &&
	       (!call->interface || strcmp(m->interface, call->interface) == 0);
}

static const struct kbus_driver_method *find_method(const struct kbus_header *call)
{
	const struct kbus_driver_method *m;

	for (m = kbus_driver_methods; m->member; m++)
		if (is_meant(m, call))
			return m;
	return NULL;
}

/* Where the call is to another object than that of the bus: 0 if the method is there all the same. */
static int check_object(struct kbus_driver_call *call, const struct kbus_driver_method *m)
{
	if (strcmp(call->header->path, KBUS_DRIVER_PATH) == 0)
		return 0;
	if (strcmp(m->interface, KBUS_INTERFACE_PROPERTIES) == 0 ||
	    strcmp(m->interface, KBUS_INTERFACE_MONITORING) == 0 ||
	    strcmp(m->interface, KBUS_INTERFACE_STATS) == 0)
		return kbus_driver_fail(call, KBUS_ERROR_PREFIX "UnknownInterface",
					"%s is at %s only", m->interface, KBUS_DRIVER_PATH);
	if (strcmp(m->member, "UpdateActivationEnvironment") == 0)
		return kbus_driver_fail(call, KBUS_ERROR_PREFIX "AccessDenied",
					"%s has to be called at %s", m->member, KBUS_DRIVER_PATH);
	return 0;
}

/* Check the call, and let the method answer it. */
static int run(struct kbus_driver_call *call, const struct kbus_driver_method *m)
{
	const struct kbus_header *h = call->header;
	int r;

	if (!m)
		return kbus_driver_fail(call, KBUS_ERROR_PREFIX "UnknownMethod",
					"%s does not understand message %s", KBUS_DRIVER_NAME,
					h->member);
	r = check_object(call, m);
	if (r < 0)
		return r;
	if (strcmp(h->signature, m->in) != 0 ||
	    kbus_body_validate(h->signature, call->body, h->body_size, h->swap) < 0)
		return kbus_driver_fail(call, KBUS_ERROR_PREFIX "InvalidArgs",
					"Call to %s has wrong args (%s, expected %s)", m->member,
					h->signature, m->in);
	kbus_reader_init(&call->args, h, call->body);
	return m->run(call);
}

/**
 * kbus_driver_call() - answer a call to org.freedesktop.DBus
 * @conn: who calls
 * @header: of the call
 * @body: of the call, in one piece; need not be valid
 *
 * The answer is posted, or comes from the process that owns the name on the bus.
 *
 * Return: 0, -ECONNRESET, -ENOMEM or -EMFILE if it could not be answered.
 */
int kbus_driver_call(struct kbus_conn *conn, const struct kbus_header *header, const void *body)
{
	const struct kbus_driver_method *m = find_method(header);
	struct kbus_driver_call call = { .conn = conn, .header = header, .body = body };
	int r;

	conn->stats.n_driver++;
	r = run(&call, m);
	if (r == -ECONNRESET)
		kbus_writer_deinit(&call.reply);
	else if (r < 0)
		r = answer_error(&call, r);
	else if (!call.is_answered)
		r = answer(&call, m->out);
	while (call.n_fds)
		close(call.fds[--call.n_fds]);
	return r;
}
