// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bench-gdbus.c - GDBus on both ends
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <gio/gio.h>

#include "bench.h"

static const char introspection[] =
	"<node><interface name='" BENCH_INTERFACE "'><method name='Echo'>"
	"<arg type='ay' direction='in'/><arg type='ay' direction='out'/>"
	"</method></interface></node>";

static struct {
	GDBusConnection *bus;
	guint8 *data;
	size_t size;
	guint32 number;
} client;

static void on_call(GDBusConnection *bus, const char *sender, const char *path,
		    const char *interface, const char *member, GVariant *arguments,
		    GDBusMethodInvocation *invocation, gpointer context)
{
	(void)bus, (void)sender, (void)path, (void)interface, (void)member, (void)context;
	g_dbus_method_invocation_return_value(invocation, arguments);
}

static const GDBusInterfaceVTable vtable = { on_call, NULL, NULL, { 0 } };

static void on_bus(GDBusConnection *bus, const char *name, gpointer context)
{
	GDBusNodeInfo *node = g_dbus_node_info_new_for_xml(introspection, NULL);

	(void)name, (void)context;
	g_dbus_connection_register_object(bus, BENCH_PATH, node->interfaces[0], &vtable, NULL,
					  NULL, NULL);
}

static void on_name(GDBusConnection *bus, const char *name, gpointer context)
{
	(void)bus, (void)name;
	if (write(GPOINTER_TO_INT(context), "", 1) != 1)
		_exit(1);
}

static void serve(int ready_fd)
{
	GMainLoop *loop = g_main_loop_new(NULL, FALSE);

	g_bus_own_name(G_BUS_TYPE_SYSTEM, BENCH_NAME, G_BUS_NAME_OWNER_FLAGS_NONE, on_bus, on_name,
		       NULL, GINT_TO_POINTER(ready_fd), NULL);
	g_main_loop_run(loop);
}

static int attach(size_t size)
{
	client.bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);
	client.size = size;
	client.data = calloc(1, size + sizeof(client.number));
	return client.bus && client.data ? 0 : -ECONNREFUSED;
}

static int call(void *work)
{
	GVariant *reply, *array;
	const void *data;
	int r = -EBADMSG;
	gsize size;

	(void)work;
	client.number++;
	memcpy(client.data, &client.number, sizeof(client.number));
	array = g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, client.data, client.size, 1);
	reply = g_dbus_connection_call_sync(client.bus, BENCH_NAME, BENCH_PATH, BENCH_INTERFACE,
					    "Echo", g_variant_new("(@ay)", array), NULL,
					    G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
	if (!reply)
		return -ECONNRESET;
	array = g_variant_get_child_value(reply, 0);
	data = g_variant_get_fixed_array(array, &size, 1);
	if (size == client.size && memcmp(data, client.data, size < 16 ? size : 16) == 0)
		r = 0;
	g_variant_unref(array);
	g_variant_unref(reply);
	return r;
}

const struct library library_gdbus = { "gdbus", serve, attach, call };
