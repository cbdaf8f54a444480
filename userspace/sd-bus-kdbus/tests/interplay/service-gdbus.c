// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * service-gdbus.c - the service of the tests, by GDBus
 */
#include <stdlib.h>
#include <gio/gio.h>
#include <gio/gunixfdlist.h>

#include "service.h"

static const char introspection[] =
	"<node><interface name='" SERVICE_INTERFACE "'>"
	"<method name='Echo'><arg type='s' direction='in'/><arg type='s' direction='out'/></method>"
	"<method name='EchoBytes'><arg type='ay' direction='in'/><arg type='ay' direction='out'/>"
	"</method>"
	"<method name='Fail'><arg type='s' direction='in'/></method>"
	"<method name='ReadFd'><arg type='h' direction='in'/><arg type='s' direction='out'/></method>"
	"<method name='GiveFd'><arg type='s' direction='in'/><arg type='h' direction='out'/></method>"
	"<method name='Emit'><arg type='s' direction='in'/></method>"
	"<method name='Sender'><arg type='s' direction='out'/></method>"
	"<method name='Never'/><method name='Die'/>"
	"<signal name='Happened'><arg type='s'/></signal>"
	"<property name='Value' type='s' access='readwrite'/>"
	"</interface></node>";

static char *property_value;

static void read_fd(GDBusMethodInvocation *call)
{
	GUnixFDList *fds = g_dbus_message_get_unix_fd_list(
		g_dbus_method_invocation_get_message(call));
	int fd = fds ? g_unix_fd_list_get(fds, 0, NULL) : -1;
	char text[256];

	text_of_fd(fd, text, sizeof(text));
	close(fd);
	g_dbus_method_invocation_return_value(call, g_variant_new("(s)", text));
}

static void give_fd(GDBusMethodInvocation *call, const char *text)
{
	GUnixFDList *fds = g_unix_fd_list_new();
	int fd = fd_of_text(text);

	g_unix_fd_list_append(fds, fd, NULL);
	close(fd);
	g_dbus_method_invocation_return_value_with_unix_fd_list(call, g_variant_new("(h)", 0), fds);
	g_object_unref(fds);
}

static void on_call(GDBusConnection *bus, const char *sender, const char *path,
		    const char *interface, const char *member, GVariant *arguments,
		    GDBusMethodInvocation *call, gpointer context)
{
	const char *text = "";

	(void)path, (void)interface, (void)context;
	if (strcmp(member, "Never") == 0)
		return;
	if (strcmp(member, "Die") == 0)
		_exit(0);
	if (g_variant_is_of_type(arguments, G_VARIANT_TYPE("(s)")))
		g_variant_get(arguments, "(&s)", &text);
	if (strcmp(member, "Fail") == 0) {
		g_dbus_method_invocation_return_dbus_error(call, SERVICE_ERROR, text);
	} else if (strcmp(member, "EchoBytes") == 0) {
		g_dbus_method_invocation_return_value(call, arguments);
	} else if (strcmp(member, "ReadFd") == 0) {
		read_fd(call);
	} else if (strcmp(member, "GiveFd") == 0) {
		give_fd(call, text);
	} else if (strcmp(member, "Emit") == 0) {
		g_dbus_connection_emit_signal(bus, NULL, SERVICE_PATH, SERVICE_INTERFACE,
					      "Happened", g_variant_new("(s)", text), NULL);
		g_dbus_method_invocation_return_value(call, NULL);
	} else {
		if (strcmp(member, "Sender") == 0)
			text = sender;
		g_dbus_method_invocation_return_value(call, g_variant_new("(s)", text));
	}
}

static GVariant *get_value(GDBusConnection *bus, const char *sender, const char *path,
			   const char *interface, const char *property, GError **error,
			   gpointer context)
{
	(void)bus, (void)sender, (void)path, (void)interface, (void)property, (void)error;
	(void)context;
	return g_variant_new_string(property_value);
}

static gboolean set_value(GDBusConnection *bus, const char *sender, const char *path,
			  const char *interface, const char *property, GVariant *value,
			  GError **error, gpointer context)
{
	GVariantBuilder changed;

	(void)sender, (void)error, (void)context;
	g_free(property_value);
	property_value = g_variant_dup_string(value, NULL);
	g_variant_builder_init(&changed, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&changed, "{sv}", property, value);
	g_dbus_connection_emit_signal(bus, NULL, path, "org.freedesktop.DBus.Properties",
				      "PropertiesChanged",
				      g_variant_new("(sa{sv}as)", interface, &changed, NULL), NULL);
	return TRUE;
}

static const GDBusInterfaceVTable vtable = { on_call, get_value, set_value, { 0 } };

static void on_name(GDBusConnection *bus, const char *name, gpointer context)
{
	(void)bus, (void)name, (void)context;
	service_is_ready();
}

static void on_lost(GDBusConnection *bus, const char *name, gpointer loop)
{
	fprintf(stderr, "service-gdbus: %s: no %s\n", name, bus ? "name" : "bus");
	g_main_loop_quit(loop);
}

static void on_bus(GDBusConnection *bus, const char *name, gpointer context)
{
	GDBusNodeInfo *node = g_dbus_node_info_new_for_xml(introspection, NULL);

	(void)name, (void)context;
	g_dbus_connection_register_object(bus, SERVICE_PATH, node->interfaces[0], &vtable, NULL,
					  NULL, NULL);
}

int main(int argc, char **argv)
{
	GMainLoop *loop = g_main_loop_new(NULL, FALSE);

	if (argc != 2)
		return 1;
	property_value = g_strdup("first");
	g_bus_own_name(G_BUS_TYPE_SYSTEM, argv[1], G_BUS_NAME_OWNER_FLAGS_NONE, on_bus, on_name,
		       on_lost, loop, NULL);
	g_main_loop_run(loop);
	return 0;
}
