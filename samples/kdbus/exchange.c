// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * exchange.c - a service and its client with one system call per request each
 *
 * The service answers a request, gives its place in the pool back and waits for the next one, all
 * in one EXCHANGE. The client gives the last reply's place back with its next SEND, and waits for
 * the reply in it.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bus.h"

#define BUS		"exchange"
#define TEXT_MAX	256

/* What to give back: the last item of a command; the size of the pool stands for nothing */
struct free_item {
	uint64_t size, type, offset;
};

/* A message with one text */
struct letter {
	struct kdbus_msg msg;
	uint64_t vec_size, vec_type;
	struct kdbus_vec vec;
	char text[TEXT_MAX];
};

static struct free_item free_item(uint64_t offset)
{
	return (struct free_item){
		.size = sizeof(struct free_item),
		.type = KDBUS_ITEM_FREE,
		.offset = offset,
	};
}

static void write_letter(struct letter *letter, const char *text)
{
	letter->msg.size = offsetof(struct letter, text);
	letter->msg.payload_type = KDBUS_PAYLOAD_DBUS;
	letter->vec_size = offsetof(struct letter, text) - offsetof(struct letter, vec_size);
	letter->vec_type = KDBUS_ITEM_PAYLOAD_VEC;
	snprintf(letter->text, sizeof(letter->text), "%s", text);
	letter->vec.address = (uintptr_t)letter->text;
	letter->vec.size = strlen(letter->text) + 1;
}

/* The text of a message in our pool. What others sent may be anything: it is copied and ended. */
static void read_text(const struct bus *bus, uint64_t offset, char *text)
{
	const struct kdbus_msg *msg = (const void *)(bus->pool + offset);
	const struct kdbus_item *item = msg->items;
	const uint8_t *end = (const uint8_t *)msg + msg->size;

	text[0] = '\0';
	for (; (const uint8_t *)item < end;
	     item = (const void *)((const uint8_t *)item + ((item->size + 7) & ~7ULL))) {
		size_t size = item->vec.size < TEXT_MAX ? item->vec.size : TEXT_MAX - 1;

		if (item->type != KDBUS_ITEM_PAYLOAD_OFF)
			continue;
		memcpy(text, (const uint8_t *)msg + item->vec.offset, size);
		text[size] = '\0';
	}
}

/* [serve] Send what there is to be sent, give back what was read, wait for the next request. */
static int serve(struct bus *bus)
{
	struct letter reply = { 0 };
	struct {
		struct kdbus_cmd_exchange cmd;
		struct free_item free;
	} exchange = {
		.cmd.size = sizeof(exchange),
		.cmd.timeout_ns = UINT64_MAX,
		.free = free_item(bus->pool_size),
	};
	const struct kdbus_msg *request;
	char text[TEXT_MAX], *c;

	for (;;) {
		if (ioctl(bus->fd, KDBUS_CMD_EXCHANGE, &exchange) < 0 && errno != EINTR)
			return -errno;
		/* Sent and freed, but something else than a message ended the wait? */
		exchange.cmd.msg_address = 0;
		exchange.free.offset = bus->pool_size;
		if (!(exchange.cmd.return_flags & KDBUS_EXCHANGE_RETURN_RECEIVED))
			continue;

		request = (const void *)(bus->pool + exchange.cmd.msg.offset);
		read_text(bus, exchange.cmd.msg.offset, text);
		for (c = text; *c; c++)
			*c = toupper((unsigned char)*c);
		write_letter(&reply, text);
		reply.msg.dst_id = request->src_id;
		reply.msg.cookie_reply = request->cookie;
		reply.msg.cookie++;
		exchange.cmd.msg_address = (uintptr_t)&reply;
		exchange.free.offset = exchange.cmd.msg.offset;
	}
}
/* [serve end] */

/* [call] Give back the last reply, send, wait for the reply. */
static int call(struct bus *bus, uint64_t service, const char *text, uint64_t *unused)
{
	static uint64_t cookie;
	struct letter letter = { 0 };
	struct {
		struct kdbus_cmd_send cmd;
		struct free_item free;
	} send = {
		.cmd.size = sizeof(send),
		.cmd.flags = KDBUS_SEND_SYNC_REPLY,
		.cmd.msg_address = (uintptr_t)&letter,
		.free = free_item(*unused),
	};
	struct timespec now;
	char reply[TEXT_MAX];

	clock_gettime(CLOCK_MONOTONIC, &now);
	write_letter(&letter, text);
	letter.msg.dst_id = service;
	letter.msg.cookie = ++cookie;
	letter.msg.flags = KDBUS_MSG_EXPECT_REPLY;
	letter.msg.timeout_ns = (now.tv_sec + 10) * 1000000000ULL + now.tv_nsec;
	if (ioctl(bus->fd, KDBUS_CMD_SEND, &send) < 0)
		return -errno;
	read_text(bus, send.cmd.reply.offset, reply);
	printf("%s -> %s\n", text, reply);
	*unused = send.cmd.reply.offset;
	return 0;
}
/* [call end] */

int main(int argc, char **argv)
{
	static char *defaults[] = { "one", "system call", "each" };
	char **texts = argc > 1 ? argv + 1 : defaults;
	int n = argc > 1 ? argc - 1 : 3, made, i, r;
	struct bus service, client;
	uint64_t unused;
	pid_t pid;

	made = bus_make(BUS);
	if (made < 0) {
		bus_explain("cannot make a bus", made);
		return EXIT_FAILURE;
	}
	r = bus_open(&service, BUS);
	if (r == 0)
		r = bus_open(&client, BUS);
	if (r < 0) {
		bus_explain("cannot connect to the bus", r);
		return EXIT_FAILURE;
	}

	pid = fork();
	if (pid == 0) {
		/* The client ends it by leaving: then the bus ends. */
		close(made);
		bus_close(&client);
		_exit(serve(&service) == -ECONNRESET ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	unused = client.pool_size;
	for (i = 0; i < n && r == 0 && pid > 0; i++)
		r = call(&client, service.id, texts[i], &unused);
	if (r < 0)
		bus_explain("call", r);
	bus_close(&client);
	bus_close(&service);
	close(made);
	if (pid < 0 || waitpid(pid, &i, 0) < 0 || i != 0)
		return EXIT_FAILURE;
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
