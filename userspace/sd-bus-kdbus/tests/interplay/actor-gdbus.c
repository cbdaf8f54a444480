// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * actor-gdbus.c - GDBus as a client
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <gio/gio.h>
#include <gio/gunixfdlist.h>

#include "actor.h"
#include "echoes.h"

const char actor_library[] = "GDBus";

struct actor {
	GDBusConnection *bus;
	GAsyncQueue *signals;
};

static void copy(char *to, const char *from)
{
	strncpy(to, from ? from : "", 255);
	to[255] = '\0';
}

/* Runs in the worker thread of GDBus. */
static GDBusMessage *on_message(GDBusConnection *bus, GDBusMessage *m, gboolean incoming,
				gpointer context)
{
	struct actor *actor = context;
	struct signal *signal;

	(void)bus;
	if (!incoming || g_dbus_message_get_message_type(m) != G_DBUS_MESSAGE_TYPE_SIGNAL)
		return m;
	signal = g_new0(struct signal, 1);
	copy(signal->sender, g_dbus_message_get_sender(m));
	copy(signal->path, g_dbus_message_get_path(m));
	copy(signal->interface, g_dbus_message_get_interface(m));
	copy(signal->member, g_dbus_message_get_member(m));
	copy(signal->text, g_dbus_message_get_arg0(m));
	g_async_queue_push(actor->signals, signal);
	return m;
}

struct actor *actor_open(void)
{
	struct actor *actor = g_new0(struct actor, 1);
	char *address;

	address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);
	actor->bus = g_dbus_connection_new_for_address_sync(address,
		G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
		G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION, NULL, NULL, NULL);
	g_free(address);
	if (!actor->bus) {
		g_free(actor);
		return NULL;
	}
	actor->signals = g_async_queue_new_full(g_free);
	g_dbus_connection_add_filter(actor->bus, on_message, actor, NULL);
	return actor;
}

void actor_close(struct actor *actor)
{
	g_dbus_connection_close_sync(actor->bus, NULL, NULL);
	g_object_unref(actor->bus);
	g_async_queue_unref(actor->signals);
	g_free(actor);
}

const char *actor_unique(struct actor *actor)
{
	return g_dbus_connection_get_unique_name(actor->bus);
}

static GVariant *tuple(const struct value *values, GUnixFDList *fds)
{
	GVariantBuilder builder;
	size_t i;

	g_variant_builder_init(&builder, G_VARIANT_TYPE_TUPLE);
	for (i = 0; i < 3 && values[i].type; i++) {
		switch (values[i].type) {
		case 's': g_variant_builder_add(&builder, "s", values[i].text); break;
		case 'u': g_variant_builder_add(&builder, "u", values[i].number); break;
		case 'v':
			g_variant_builder_add(&builder, "v", g_variant_new_string(values[i].text));
			break;
		case 'h':
			g_variant_builder_add(&builder, "h",
					      g_unix_fd_list_append(fds, values[i].fd, NULL));
			break;
		default:
			g_variant_builder_add_value(&builder,
				g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, values[i].data,
							  values[i].size, 1));
		}
	}
	return g_variant_builder_end(&builder);
}

static void read_answer(GVariant *reply, GUnixFDList *fds, struct answer *answer)
{
	GVariant *first, *inner = NULL;
	const char *text = "";
	const void *data;
	gsize size;

	if (g_variant_n_children(reply) == 0)
		return;
	first = g_variant_get_child_value(reply, 0);
	answer->type = *g_variant_get_type_string(first);
	switch (answer->type) {
	case 'a':
		answer->type = 'y';
		data = g_variant_get_fixed_array(first, &size, 1);
		answer->data = malloc(size + 1);
		answer->size = size;
		memcpy(answer->data, data, size);
		break;
	case 'h':
		answer->fd = g_unix_fd_list_get(fds, g_variant_get_handle(first), NULL);
		break;
	case 'b':
		answer->number = g_variant_get_boolean(first);
		break;
	case 'u':
		answer->number = g_variant_get_uint32(first);
		break;
	case 's':
		text = g_variant_get_string(first, NULL);
		break;
	case 'v':
		inner = g_variant_get_variant(first);
		if (g_variant_is_of_type(inner, G_VARIANT_TYPE_STRING))
			text = g_variant_get_string(inner, NULL);
		break;
	}
	strncpy(answer->text, text, sizeof(answer->text) - 1);
	if (inner)
		g_variant_unref(inner);
	g_variant_unref(first);
}

int actor_call(struct actor *actor, const struct call *call, struct answer *answer)
{
	GUnixFDList *fds = g_unix_fd_list_new(), *reply_fds = NULL;
	GError *error = NULL;
	GVariant *reply;
	char *name;
	int r = 0;

	*answer = (struct answer){ .fd = -1 };
	reply = g_dbus_connection_call_with_unix_fd_list_sync(actor->bus, call->destination,
		call->path, call->interface, call->member, tuple(call->values, fds), NULL,
		G_DBUS_CALL_FLAGS_NONE, CALL_TIMEOUT_MS, fds, &reply_fds, NULL, &error);
	if (reply) {
		read_answer(reply, reply_fds, answer);
		g_variant_unref(reply);
	} else {
		name = g_dbus_error_get_remote_error(error);
		if (name)
			copy(answer->error, name);
		else
			r = -ECONNRESET;
		g_free(name);
		g_error_free(error);
	}
	g_clear_object(&reply_fds);
	g_object_unref(fds);
	return r;
}

static void on_echo(GObject *bus, GAsyncResult *result, gpointer context)
{
	GVariant *reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, NULL);
	const char *text = NULL;

	if (reply && g_variant_is_of_type(reply, G_VARIANT_TYPE("(s)")))
		g_variant_get(reply, "(&s)", &text);
	echo_answered(context, text);
	g_clear_pointer(&reply, g_variant_unref);
}

unsigned int actor_echo_many(struct actor *actor, const char *destination, unsigned int n)
{
	struct echoes *echoes = echoes_new(n);
	unsigned int i;

	if (!echoes)
		return 0;
	for (i = 0; i < n; i++)
		g_dbus_connection_call(actor->bus, destination, TEST_PATH, TEST_INTERFACE, "Echo",
				       g_variant_new("(s)", echoes->each[i].text), NULL,
				       G_DBUS_CALL_FLAGS_NONE, MANY_TIMEOUT_MS, NULL, on_echo,
				       &echoes->each[i]);
	/* A call that is not answered in time is an error. */
	while (echoes->n_left > 0)
		g_main_context_iteration(NULL, TRUE);
	return echoes_end(echoes);
}

int actor_emit(struct actor *actor, const struct call *signal)
{
	GUnixFDList *fds = g_unix_fd_list_new();
	gboolean ok;

	ok = g_dbus_connection_emit_signal(actor->bus, signal->destination, signal->path,
					   signal->interface, signal->member,
					   tuple(signal->values, fds), NULL);
	g_object_unref(fds);
	if (ok)
		ok = g_dbus_connection_flush_sync(actor->bus, NULL, NULL);
	return ok ? 0 : -ECONNRESET;
}

int actor_next_signal(struct actor *actor, int timeout_ms, struct signal *signal)
{
	struct signal *next = g_async_queue_timeout_pop(actor->signals, timeout_ms * 1000ULL);

	if (!next)
		return 0;
	*signal = *next;
	g_free(next);
	return 1;
}
