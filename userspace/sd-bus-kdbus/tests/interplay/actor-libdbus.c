// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * actor-libdbus.c - libdbus as a client
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <dbus/dbus.h>

#include "actor.h"
#include "echoes.h"

const char actor_library[] = "libdbus";

struct actor {
	DBusConnection *bus;
	struct signal queue[64];
	size_t n_queued;
};

static void copy(char *to, const char *from)
{
	strncpy(to, from ? from : "", 255);
	to[255] = '\0';
}

static DBusHandlerResult on_message(DBusConnection *bus, DBusMessage *m, void *context)
{
	struct actor *actor = context;
	const char *text = NULL;
	struct signal *signal;

	(void)bus;
	if (dbus_message_get_type(m) != DBUS_MESSAGE_TYPE_SIGNAL || actor->n_queued == 64)
		return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
	signal = &actor->queue[actor->n_queued++];
	copy(signal->sender, dbus_message_get_sender(m));
	copy(signal->path, dbus_message_get_path(m));
	copy(signal->interface, dbus_message_get_interface(m));
	copy(signal->member, dbus_message_get_member(m));
	if (!dbus_message_get_args(m, NULL, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID))
		text = "";
	copy(signal->text, text);
	return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

struct actor *actor_open(void)
{
	struct actor *actor = calloc(1, sizeof(*actor));

	if (actor)
		actor->bus = dbus_bus_get_private(DBUS_BUS_SYSTEM, NULL);
	if (!actor || !actor->bus) {
		free(actor);
		return NULL;
	}
	dbus_connection_set_exit_on_disconnect(actor->bus, FALSE);
	dbus_connection_set_max_message_size(actor->bus, 128 << 20);
	dbus_connection_add_filter(actor->bus, on_message, actor, NULL);
	return actor;
}

void actor_close(struct actor *actor)
{
	dbus_connection_close(actor->bus);
	dbus_connection_unref(actor->bus);
	free(actor);
}

const char *actor_unique(struct actor *actor)
{
	return dbus_bus_get_unique_name(actor->bus);
}

static void append(DBusMessage *m, const struct value *values)
{
	DBusMessageIter at, inner;
	size_t i;

	dbus_message_iter_init_append(m, &at);
	for (i = 0; i < 3 && values[i].type; i++) {
		switch (values[i].type) {
		case 's':
			dbus_message_iter_append_basic(&at, DBUS_TYPE_STRING, &values[i].text);
			break;
		case 'u':
			dbus_message_iter_append_basic(&at, DBUS_TYPE_UINT32, &values[i].number);
			break;
		case 'h':
			dbus_message_iter_append_basic(&at, DBUS_TYPE_UNIX_FD, &values[i].fd);
			break;
		case 'v':
			dbus_message_iter_open_container(&at, DBUS_TYPE_VARIANT, "s", &inner);
			dbus_message_iter_append_basic(&inner, DBUS_TYPE_STRING, &values[i].text);
			dbus_message_iter_close_container(&at, &inner);
			break;
		default:
			dbus_message_iter_open_container(&at, DBUS_TYPE_ARRAY, "y", &inner);
			dbus_message_iter_append_fixed_array(&inner, DBUS_TYPE_BYTE,
							     &values[i].data, values[i].size);
			dbus_message_iter_close_container(&at, &inner);
		}
	}
}

static void read_answer(DBusMessage *m, struct answer *answer)
{
	DBusMessageIter at, inner;
	const char *text = "";
	const void *data;
	dbus_bool_t flag;
	int type, n;

	if (!dbus_message_iter_init(m, &at))
		return;
	type = dbus_message_iter_get_arg_type(&at);
	answer->type = type == 'a' ? 'y' : type;
	if (type == 'v' || type == 'a')
		dbus_message_iter_recurse(&at, &inner);
	if (type == 'a') {
		dbus_message_iter_get_fixed_array(&inner, &data, &n);
		answer->data = malloc(n + 1);
		answer->size = n;
		memcpy(answer->data, data, n);
	} else if (type == 'h') {
		dbus_message_iter_get_basic(&at, &answer->fd);
	} else if (type == 'b') {
		dbus_message_iter_get_basic(&at, &flag);
		answer->number = flag;
	} else if (type == 'u') {
		dbus_message_iter_get_basic(&at, &answer->number);
	} else if (type == 's') {
		dbus_message_iter_get_basic(&at, &text);
	} else if (type == 'v' && dbus_message_iter_get_arg_type(&inner) == 's') {
		dbus_message_iter_get_basic(&inner, &text);
	}
	strncpy(answer->text, text, sizeof(answer->text) - 1);
}

int actor_call(struct actor *actor, const struct call *call, struct answer *answer)
{
	DBusPendingCall *pending = NULL;
	DBusMessage *m, *reply;

	*answer = (struct answer){ .fd = -1 };
	m = dbus_message_new_method_call(call->destination, call->path, call->interface,
					 call->member);
	append(m, call->values);
	/* Not the function that blocks: it turns error replies into something else. */
	if (!dbus_connection_send_with_reply(actor->bus, m, &pending, CALL_TIMEOUT_MS) ||
	    !pending) {
		dbus_message_unref(m);
		return -ECONNRESET;
	}
	dbus_message_unref(m);
	dbus_pending_call_block(pending);
	reply = dbus_pending_call_steal_reply(pending);
	dbus_pending_call_unref(pending);
	if (dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_ERROR)
		strncpy(answer->error, dbus_message_get_error_name(reply),
			sizeof(answer->error) - 1);
	else
		read_answer(reply, answer);
	dbus_message_unref(reply);
	return 0;
}

static void on_echo(DBusPendingCall *pending, void *context)
{
	DBusMessage *m = dbus_pending_call_steal_reply(pending);
	const char *text;

	if (!dbus_message_get_args(m, NULL, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID) ||
	    dbus_message_get_type(m) != DBUS_MESSAGE_TYPE_METHOD_RETURN)
		text = NULL;
	echo_answered(context, text);
	dbus_message_unref(m);
}

static bool echo_later(struct actor *actor, const char *destination, struct echo *echo)
{
	DBusPendingCall *pending = NULL;
	const char *text = echo->text;
	DBusMessage *m;
	bool ok;

	m = dbus_message_new_method_call(destination, TEST_PATH, TEST_INTERFACE, "Echo");
	dbus_message_append_args(m, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
	ok = dbus_connection_send_with_reply(actor->bus, m, &pending, MANY_TIMEOUT_MS) && pending;
	dbus_message_unref(m);
	if (!ok)
		return false;
	ok = dbus_pending_call_set_notify(pending, on_echo, echo, NULL);
	dbus_pending_call_unref(pending);
	return ok;
}

unsigned int actor_echo_many(struct actor *actor, const char *destination, unsigned int n)
{
	struct echoes *echoes = echoes_new(n);
	bool ok = echoes != NULL;
	unsigned int i;

	for (i = 0; i < n && ok; i++)
		ok = echo_later(actor, destination, &echoes->each[i]);
	while (ok && echoes->n_left > 0)
		ok = dbus_connection_read_write_dispatch(actor->bus, MANY_TIMEOUT_MS);
	return echoes ? echoes_end(echoes) : 0;
}

int actor_emit(struct actor *actor, const struct call *signal)
{
	DBusMessage *m = dbus_message_new_signal(signal->path, signal->interface, signal->member);

	if (signal->destination)
		dbus_message_set_destination(m, signal->destination);
	append(m, signal->values);
	dbus_connection_send(actor->bus, m, NULL);
	dbus_connection_flush(actor->bus);
	dbus_message_unref(m);
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

int actor_next_signal(struct actor *actor, int timeout_ms, struct signal *signal)
{
	int64_t end = now_ms() + timeout_ms, left;

	for (;;) {
		while (dbus_connection_dispatch(actor->bus) == DBUS_DISPATCH_DATA_REMAINS)
			;
		if (actor->n_queued > 0) {
			*signal = actor->queue[0];
			memmove(actor->queue, actor->queue + 1,
				--actor->n_queued * sizeof(*signal));
			return 1;
		}
		left = end - now_ms();
		if (left < 0)
			return 0;
		if (!dbus_connection_read_write(actor->bus, left))
			return -ECONNRESET;
	}
}
