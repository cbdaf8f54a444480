/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * actor.h - what a test does on a bus, whichever library does it
 *
 * One program per library is linked from the same tests and one of the actor-*.c files. The address of
 * the bus is $DBUS_SYSTEM_BUS_ADDRESS.
 */
#ifndef KDBUS_INTERPLAY_ACTOR_H
#define KDBUS_INTERPLAY_ACTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUS_NAME	"org.freedesktop.DBus"
#define BUS_PATH	"/org/freedesktop/DBus"
#define TEST_PATH	"/org/example/Interplay"
#define TEST_INTERFACE	"org.example.Interplay"
#define PROPERTIES	"org.freedesktop.DBus.Properties"
#define NO_SUCH_METHOD	"org.freedesktop.DBus.Error.UnknownMethod"
#define CALL_TIMEOUT_MS	120000
#define MANY_TIMEOUT_MS	550000

extern const char actor_library[];

/**
 * struct value - an argument
 * @type: 's' string, 'y' array of bytes, 'h' descriptor, 'u' number, 'v' variant that holds a
 *	string; 0 for none
 * @text: of a string or variant; borrowed
 * @data: of an array; borrowed
 * @size: bytes at @data
 * @fd: descriptor; the caller's
 * @number: a number
 */
struct value {
	char type;
	const char *text;
	const void *data;
	size_t size;
	int fd;
	uint32_t number;
};

#define STRING(t)	{ .type = 's', .text = (t) }
#define VARIANT(t)	{ .type = 'v', .text = (t) }
#define NUMBER(n)	{ .type = 'u', .number = (n) }
#define DESCRIPTOR(f)	{ .type = 'h', .fd = (f) }
#define BYTES(d, n)	{ .type = 'y', .data = (d), .size = (n) }

struct call {
	const char *destination, *path, *interface, *member;
	struct value values[3];
};

/**
 * struct answer - a reply, or what came instead
 * @error: D-Bus name of the error; empty if there was none
 * @type: as in &struct value, of the first value; 0 if there was none
 * @text: string
 * @data: array; owned by who asked, free it
 * @size: bytes at @data
 * @fd: descriptor; owned by who asked
 * @number: number or boolean
 */
struct answer {
	char error[256];
	char type;
	char text[1024];
	void *data;
	size_t size;
	int fd;
	uint32_t number;
};

struct signal {
	char sender[256], path[256], interface[256], member[256], text[256];
};

struct actor;

struct actor *actor_open(void);
void actor_close(struct actor *actor);
const char *actor_unique(struct actor *actor);
int actor_call(struct actor *actor, const struct call *call, struct answer *answer);
int actor_emit(struct actor *actor, const struct call *signal);
/* calls Echo @n times before it waits for any answer: how many were answered, each with its own text */
unsigned int actor_echo_many(struct actor *actor, const char *destination, unsigned int n);
/* a signal that is no business of this program alone: 1, or 0 when none came in time */
int actor_next_signal(struct actor *actor, int timeout_ms, struct signal *signal);

#endif /* KDBUS_INTERPLAY_ACTOR_H */
