/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench.h - what each library does when its calls are timed
 */
#ifndef KDBUS_DBUS_BENCH_H
#define KDBUS_DBUS_BENCH_H

#include <stddef.h>

#define BENCH_NAME	"org.example.Bench"
#define BENCH_PATH	"/org/example/Bench"
#define BENCH_INTERFACE	"org.example.Bench"

/**
 * struct library - a stock D-Bus library on both ends of a call
 * @name: for the command line
 * @serve: own the name, write one byte to the descriptor, answer Echo(ay)ay for ever
 * @attach: connect a client that calls with so many bytes; 0 or -errno
 * @call: one call; checks that the answer has the bytes of the call
 */
struct library {
	const char *name;
	void (*serve)(int ready_fd);
	int (*attach)(size_t size);
	int (*call)(void *work);
};

extern const struct library library_sdbus, library_libdbus, library_gdbus, library_peers,
			    library_gdbus_peers;

/* the other things that libsystemd is timed with */
struct sd_bus;
int start_peer(struct sd_bus **ret, int fd, int is_server);
int signal_open(size_t n_receivers);
int signal_open_peers(size_t n_receivers);
int signal_once(void *work);
int connect_once(void *work);
int connect_and_call(void *work);

#endif /* KDBUS_DBUS_BENCH_H */
