// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * service-libdbus.c - the service of the tests, by libdbus
 */
#include <stdbool.h>
#include <stdlib.h>
#include <dbus/dbus.h>

#include "service.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"

static char *property_value;

static void append_variant(DBusMessageIter *at, const char *text)
{
	DBusMessageIter inner;

	dbus_message_iter_open_container(at, DBUS_TYPE_VARIANT, "s", &inner);
	dbus_message_iter_append_basic(&inner, DBUS_TYPE_STRING, &text);
	dbus_message_iter_close_container(at, &inner);
}

static void emit_changed(DBusConnection *bus)
{
	DBusMessage *m = dbus_message_new_signal(SERVICE_PATH, PROPERTIES, "PropertiesChanged");
	const char *interface = SERVICE_INTERFACE, *name = "Value";
	DBusMessageIter at, array, entry;

	dbus_message_iter_init_append(m, &at);
	dbus_message_iter_append_basic(&at, DBUS_TYPE_STRING, &interface);
	dbus_message_iter_open_container(&at, DBUS_TYPE_ARRAY, "{sv}", &array);
	dbus_message_iter_open_container(&array, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
	dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &name);
	append_variant(&entry, property_value);
	dbus_message_iter_close_container(&array, &entry);
	dbus_message_iter_close_container(&at, &array);
	dbus_message_iter_open_container(&at, DBUS_TYPE_ARRAY, "s", &array);
	dbus_message_iter_close_container(&at, &array);
	dbus_connection_send(bus, m, NULL);
	dbus_message_unref(m);
}

static void set_value(DBusConnection *bus, DBusMessage *call)
{
	DBusMessageIter at, inner;
	const char *text;

	dbus_message_iter_init(call, &at);
	dbus_message_iter_next(&at);
	dbus_message_iter_next(&at);
	dbus_message_iter_recurse(&at, &inner);
	dbus_message_iter_get_basic(&inner, &text);
	free(property_value);
	property_value = strdup(text);
	emit_changed(bus);
}

static void emit_happened(DBusConnection *bus, const char *text)
{
	DBusMessage *m = dbus_message_new_signal(SERVICE_PATH, SERVICE_INTERFACE, "Happened");

	dbus_message_append_args(m, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
	dbus_connection_send(bus, m, NULL);
	dbus_message_unref(m);
}

static void echo_bytes(DBusMessage *call, DBusMessage *reply)
{
	const void *data;
	int n;

	if (dbus_message_get_args(call, NULL, DBUS_TYPE_ARRAY, DBUS_TYPE_BYTE, &data, &n,
				  DBUS_TYPE_INVALID))
		dbus_message_append_args(reply, DBUS_TYPE_ARRAY, DBUS_TYPE_BYTE, &data, n,
					 DBUS_TYPE_INVALID);
}

static void pass_fd(DBusMessage *call, DBusMessage *reply, const char *give)
{
	char buffer[256], *text = buffer;
	int fd;

	if (give) {
		fd = fd_of_text(give);
		dbus_message_append_args(reply, DBUS_TYPE_UNIX_FD, &fd, DBUS_TYPE_INVALID);
		close(fd);
	} else if (dbus_message_get_args(call, NULL, DBUS_TYPE_UNIX_FD, &fd, DBUS_TYPE_INVALID)) {
		text_of_fd(fd, buffer, sizeof(buffer));
		close(fd);
		dbus_message_append_args(reply, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
	}
}

/* The reply to a call, or NULL if there shall be none. */
static DBusMessage *answer(DBusConnection *bus, DBusMessage *call)
{
	const char *member = dbus_message_get_member(call), *text = NULL;
	DBusMessage *reply;
	DBusMessageIter at;

	if (strcmp(member, "Never") == 0)
		return NULL;
	if (strcmp(member, "Die") == 0)
		_exit(0);
	if (strcmp(member, "Sender") == 0)
		text = dbus_message_get_sender(call);
	else
		dbus_message_get_args(call, NULL, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
	if (strcmp(member, "Fail") == 0)
		return dbus_message_new_error(call, SERVICE_ERROR, text);
	reply = dbus_message_new_method_return(call);
	if (strcmp(member, "Echo") == 0 || strcmp(member, "Sender") == 0)
		dbus_message_append_args(reply, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
	else if (strcmp(member, "EchoBytes") == 0)
		echo_bytes(call, reply);
	else if (strcmp(member, "ReadFd") == 0 || strcmp(member, "GiveFd") == 0)
		pass_fd(call, reply, text);
	else if (strcmp(member, "Emit") == 0)
		emit_happened(bus, text);
	else if (dbus_message_is_method_call(call, PROPERTIES, "Set"))
		set_value(bus, call);
	else if (dbus_message_is_method_call(call, PROPERTIES, "Get")) {
		dbus_message_iter_init_append(reply, &at);
		append_variant(&at, property_value);
	} else {
		dbus_message_unref(reply);
		return dbus_message_new_error(call, DBUS_ERROR_UNKNOWN_METHOD, "no such method");
	}
	return reply;
}

static DBusHandlerResult on_call(DBusConnection *bus, DBusMessage *call, void *context)
{
	DBusMessage *reply;

	(void)context;
	if (dbus_message_get_type(call) != DBUS_MESSAGE_TYPE_METHOD_CALL)
		return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
	reply = answer(bus, call);
	if (reply) {
		dbus_connection_send(bus, reply, NULL);
		dbus_message_unref(reply);
	}
	return DBUS_HANDLER_RESULT_HANDLED;
}

int main(int argc, char **argv)
{
	static const DBusObjectPathVTable vtable = { .message_function = on_call };
	DBusError error = DBUS_ERROR_INIT;
	DBusConnection *bus;

	property_value = strdup("first");
	bus = argc == 2 ? dbus_bus_get_private(DBUS_BUS_SYSTEM, &error) : NULL;
	if (!bus || dbus_bus_request_name(bus, argv[1], DBUS_NAME_FLAG_DO_NOT_QUEUE, &error) !=
		    DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER) {
		fprintf(stderr, "service-libdbus: %s\n", error.message);
		return 1;
	}
	dbus_connection_set_max_message_size(bus, 128 << 20);
	dbus_connection_register_object_path(bus, SERVICE_PATH, &vtable, NULL);
	service_is_ready();
	while (dbus_connection_read_write_dispatch(bus, -1))
		;
	return 0;
}
