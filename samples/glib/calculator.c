// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * calculator.c - the calculator of ../sd-bus once more, with GDBus: the same name, object and
 * interface, so that clients do not notice which one they talk to
 *
 * Nothing in here knows kdbus: "kdbus-run ./gdbus-calculator" puts it onto a bus in the kernel.
 */
#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

#define CALCULATOR_NAME		"org.example.Calculator"
#define CALCULATOR_PATH		"/org/example/Calculator"
#define CALCULATOR_INTERFACE	"org.example.Calculator"

static const char interface_xml[] =
"<node><interface name='" CALCULATOR_INTERFACE "'>"
"  <method name='Add'>"
"    <arg type='x' direction='in'/><arg type='x' direction='in'/><arg type='x' direction='out'/>"
"  </method>"
"  <method name='Divide'>"
"    <arg type='x' direction='in'/><arg type='x' direction='in'/><arg type='x' direction='out'/>"
"  </method>"
"  <property name='Calculations' type='u' access='read'/>"
"  <signal name='Calculated'><arg type='s'/><arg type='x'/></signal>"
"</interface></node>";

static guint32 n_calculations;

static void finish(GDBusConnection *connection, GDBusMethodInvocation *call, gint64 result)
{
	GVariantBuilder changed;

	n_calculations++;
	g_dbus_connection_emit_signal(connection, NULL, CALCULATOR_PATH, CALCULATOR_INTERFACE,
				      "Calculated",
				      g_variant_new("(sx)",
						    g_dbus_method_invocation_get_method_name(call),
						    result), NULL);
	g_variant_builder_init(&changed, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&changed, "{sv}", "Calculations",
			      g_variant_new_uint32(n_calculations));
	g_dbus_connection_emit_signal(connection, NULL, CALCULATOR_PATH,
				      "org.freedesktop.DBus.Properties", "PropertiesChanged",
				      g_variant_new("(sa{sv}as)", CALCULATOR_INTERFACE, &changed,
						    NULL), NULL);
	g_dbus_method_invocation_return_value(call, g_variant_new("(x)", result));
}

static void on_call(GDBusConnection *connection, const char *sender, const char *path,
		    const char *interface, const char *method, GVariant *arguments,
		    GDBusMethodInvocation *call, gpointer userdata)
{
	gint64 a, b, result;

	(void)sender;
	(void)path;
	(void)interface;
	(void)userdata;
	g_variant_get(arguments, "(xx)", &a, &b);
	if (!strcmp(method, "Add")) {
		if (!__builtin_add_overflow(a, b, &result))
			return finish(connection, call, result);
	} else if (b == 0) {
		return g_dbus_method_invocation_return_dbus_error(call,
			CALCULATOR_INTERFACE ".Error.DivisionByZero",
			"Nothing can be divided by 0");
	} else if (a != G_MININT64 || b != -1) {
		return finish(connection, call, a / b);
	}
	g_dbus_method_invocation_return_dbus_error(call, CALCULATOR_INTERFACE ".Error.Overflow",
						   "The result is too large");
}

static GVariant *on_get(GDBusConnection *connection, const char *sender, const char *path,
			const char *interface, const char *property, GError **error,
			gpointer userdata)
{
	(void)connection;
	(void)sender;
	(void)path;
	(void)interface;
	(void)property;
	(void)error;
	(void)userdata;
	return g_variant_new_uint32(n_calculations);
}

static void on_bus(GDBusConnection *connection, const char *name, gpointer userdata)
{
	static const GDBusInterfaceVTable vtable = {
		.method_call = on_call,
		.get_property = on_get,
	};
	GDBusNodeInfo *node = userdata;
	GError *error = NULL;

	(void)name;
	if (!g_dbus_connection_register_object(connection, CALCULATOR_PATH, node->interfaces[0],
					       &vtable, NULL, NULL, &error))
		g_error("%s", error->message);
}

static void on_lost(GDBusConnection *connection, const char *name, gpointer userdata)
{
	(void)connection;
	(void)userdata;
	g_printerr("calculator: the name %s is not to be had\n", name);
	exit(1);
}

int main(int argc, char **argv)
{
	GDBusNodeInfo *node = g_dbus_node_info_new_for_xml(interface_xml, NULL);
	gboolean system = argc > 1 && !strcmp(argv[1], "--system");
	GMainLoop *loop = g_main_loop_new(NULL, FALSE);

	g_bus_own_name(system ? G_BUS_TYPE_SYSTEM : G_BUS_TYPE_SESSION, CALCULATOR_NAME,
		       G_BUS_NAME_OWNER_FLAGS_NONE, on_bus, NULL, on_lost, node, NULL);
	g_main_loop_run(loop);
	g_main_loop_unref(loop);
	g_dbus_node_info_unref(node);
	return 0;
}
