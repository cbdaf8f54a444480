// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * actor-sdbus.c - libsystemd as a client
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <systemd/sd-bus.h>

#include "actor.h"
#include "echoes.h"

const char actor_library[] = "sd-bus";

struct actor {
	sd_bus *bus;
	struct signal queue[64];
	size_t n_queued;
};

static void copy(char *to, const char *from)
{
	strncpy(to, from ? from : "", 255);
	to[255] = '\0';
}

static int on_message(sd_bus_message *m, void *context, sd_bus_error *error)
{
	struct actor *actor = context;
	const char *text = NULL;
	struct signal *signal;
	uint8_t type;

	(void)error;
	if (sd_bus_message_get_type(m, &type) < 0 || type != SD_BUS_MESSAGE_SIGNAL ||
	    actor->n_queued == 64)
		return 0;
	signal = &actor->queue[actor->n_queued++];
	copy(signal->sender, sd_bus_message_get_sender(m));
	copy(signal->path, sd_bus_message_get_path(m));
	copy(signal->interface, sd_bus_message_get_interface(m));
	copy(signal->member, sd_bus_message_get_member(m));
	if (sd_bus_message_read(m, "s", &text) <= 0)
		text = "";
	copy(signal->text, text);
	return 0;
}

struct actor *actor_open(void)
{
	struct actor *actor = calloc(1, sizeof(*actor));

	if (!actor || sd_bus_open_system(&actor->bus) < 0 ||
	    sd_bus_add_filter(actor->bus, NULL, on_message, actor) < 0) {
		free(actor);
		return NULL;
	}
	return actor;
}

void actor_close(struct actor *actor)
{
	sd_bus_flush_close_unref(actor->bus);
	free(actor);
}

const char *actor_unique(struct actor *actor)
{
	const char *name = NULL;

	sd_bus_get_unique_name(actor->bus, &name);
	return name;
}

static int append(sd_bus_message *m, const struct value *values)
{
	size_t i;
	int r = 0;

	for (i = 0; i < 3 && values[i].type && r >= 0; i++) {
		switch (values[i].type) {
		case 's': r = sd_bus_message_append(m, "s", values[i].text); break;
		case 'v': r = sd_bus_message_append(m, "v", "s", values[i].text); break;
		case 'u': r = sd_bus_message_append(m, "u", values[i].number); break;
		case 'h': r = sd_bus_message_append(m, "h", values[i].fd); break;
		default:
			r = sd_bus_message_append_array(m, 'y', values[i].data, values[i].size);
		}
	}
	return r;
}

static void read_answer(sd_bus_message *m, struct answer *answer)
{
	const char *text = "", *contents;
	const void *data;
	int fd, flag;
	char type;

	if (sd_bus_message_peek_type(m, &type, &contents) <= 0)
		return;
	answer->type = type == 'a' ? 'y' : type;
	if (type == 'a' && sd_bus_message_read_array(m, 'y', &data, &answer->size) > 0) {
		answer->data = malloc(answer->size + 1);
		memcpy(answer->data, data, answer->size);
	} else if (type == 'h' && sd_bus_message_read(m, "h", &fd) > 0) {
		answer->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	} else if (type == 'b' && sd_bus_message_read(m, "b", &flag) > 0) {
		answer->number = flag;
	} else if (type == 'u') {
		sd_bus_message_read(m, "u", &answer->number);
	} else if (type == 's') {
		sd_bus_message_read(m, "s", &text);
	} else if (type == 'v' && contents[0] == 's') {
		sd_bus_message_read(m, "v", "s", &text);
	}
	strncpy(answer->text, text, sizeof(answer->text) - 1);
}

int actor_call(struct actor *actor, const struct call *call, struct answer *answer)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL, *reply = NULL;
	int r;

	*answer = (struct answer){ .fd = -1 };
	r = sd_bus_message_new_method_call(actor->bus, &m, call->destination, call->path,
					   call->interface, call->member);
	if (r >= 0)
		r = append(m, call->values);
	if (r >= 0)
		r = sd_bus_call(actor->bus, m, CALL_TIMEOUT_MS * 1000ULL, &error, &reply);
	if (r >= 0)
		read_answer(reply, answer);
	else if (error.name)
		strncpy(answer->error, error.name, sizeof(answer->error) - 1);
	sd_bus_error_free(&error);
	sd_bus_message_unref(reply);
	sd_bus_message_unref(m);
	return r < 0 && !*answer->error ? r : 0;
}

static int on_echo(sd_bus_message *m, void *context, sd_bus_error *error)
{
	const char *text;

	(void)error;
	if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "s", &text) <= 0)
		text = NULL;
	echo_answered(context, text);
	return 1;
}

static int echo_later(struct actor *actor, const char *destination, struct echo *echo)
{
	sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_method_call(actor->bus, &m, destination, TEST_PATH, TEST_INTERFACE,
					   "Echo");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", echo->text);
	if (r >= 0)
		r = sd_bus_call_async(actor->bus, NULL, m, on_echo, echo,
				      MANY_TIMEOUT_MS * 1000ULL);
	sd_bus_message_unref(m);
	return r;
}

unsigned int actor_echo_many(struct actor *actor, const char *destination, unsigned int n)
{
	struct echoes *echoes = echoes_new(n);
	unsigned int i;
	int r = 0;

	if (!echoes)
		return 0;
	for (i = 0; i < n && r >= 0; i++)
		r = echo_later(actor, destination, &echoes->each[i]);
	while (r >= 0 && echoes->n_left > 0) {
		r = sd_bus_process(actor->bus, NULL);
		if (r == 0)
			r = sd_bus_wait(actor->bus, MANY_TIMEOUT_MS * 1000ULL);
	}
	return echoes_end(echoes);
}

int actor_emit(struct actor *actor, const struct call *signal)
{
	sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_signal(actor->bus, &m, signal->path, signal->interface,
				      signal->member);
	if (r >= 0 && signal->destination)
		r = sd_bus_message_set_destination(m, signal->destination);
	if (r >= 0)
		r = append(m, signal->values);
	if (r >= 0)
		r = sd_bus_send(actor->bus, m, NULL);
	if (r >= 0)
		r = sd_bus_flush(actor->bus);
	sd_bus_message_unref(m);
	return r < 0 ? r : 0;
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
	int r;

	for (;;) {
		if (actor->n_queued > 0) {
			*signal = actor->queue[0];
			memmove(actor->queue, actor->queue + 1,
				--actor->n_queued * sizeof(*signal));
			return 1;
		}
		r = sd_bus_process(actor->bus, NULL);
		if (r < 0)
			return r;
		if (r > 0)
			continue;
		left = end - now_ms();
		if (left < 0)
			return 0;
		r = sd_bus_wait(actor->bus, left * 1000ULL);
		if (r < 0 && r != -EINTR)
			return r;
	}
}
