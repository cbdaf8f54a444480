// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bench-gdbus.c - GDBus on both ends
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <gio/gio.h>

#include "bench.h"

static const char introspection[] =
	"<node><interface name='" BENCH_INTERFACE "'><method name='Echo'>"
	"<arg type='ay' direction='in'/><arg type='ay' direction='out'/>"
	"</method></interface></node>";

static struct {
	GDBusConnection *bus;
	const char *destination;
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

static void register_object(GDBusConnection *bus)
{
	GDBusNodeInfo *node = g_dbus_node_info_new_for_xml(introspection, NULL);

	g_dbus_connection_register_object(bus, BENCH_PATH, node->interfaces[0], &vtable, NULL,
					  NULL, NULL);
}

static void on_bus(GDBusConnection *bus, const char *name, gpointer context)
{
	(void)name, (void)context;
	register_object(bus);
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

static int prepare(size_t size)
{
	client.size = size;
	client.data = calloc(1, size + sizeof(client.number));
	return client.bus && client.data ? 0 : -ECONNREFUSED;
}

static int attach(size_t size)
{
	client.bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);
	client.destination = BENCH_NAME;
	return prepare(size);
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
	reply = g_dbus_connection_call_sync(client.bus, client.destination, BENCH_PATH, BENCH_INTERFACE,
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

/* Two processes and a socket pair, no bus: what GDBus itself costs. */

static int peer_fds[2];

static GDBusConnection *connect_peer(int fd, GDBusConnectionFlags flags)
{
	GSocket *socket = g_socket_new_from_fd(fd, NULL);
	GDBusConnection *bus;
	char *guid = NULL;

	if (!socket)
		return NULL;
	if (flags & G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_SERVER)
		guid = g_dbus_generate_guid();
	bus = g_dbus_connection_new_sync(
		G_IO_STREAM(g_socket_connection_factory_create_connection(socket)), guid, flags,
		NULL, NULL, NULL);
	g_free(guid);
	return bus;
}

static void serve_peer(int ready_fd)
{
	GMainLoop *loop = g_main_loop_new(NULL, FALSE);
	GDBusConnection *peer;

	close(peer_fds[0]);
	/* Before the client connects, because the conversation begins when both do. */
	if (write(ready_fd, "", 1) != 1)
		return;
	peer = connect_peer(peer_fds[1], G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_SERVER |
					 G_DBUS_CONNECTION_FLAGS_DELAY_MESSAGE_PROCESSING);
	if (!peer)
		return;
	register_object(peer);
	g_dbus_connection_start_message_processing(peer);
	g_main_loop_run(loop);
}

static int attach_peer(size_t size)
{
	client.bus = connect_peer(peer_fds[0], G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT);
	return prepare(size);
}

__attribute__((constructor)) static void make_peers(void)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, peer_fds) < 0)
		abort();
}

const struct library library_gdbus_peers = { "gdbus-peers", serve_peer, attach_peer, call };
