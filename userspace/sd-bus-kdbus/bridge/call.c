// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * call.c - know when libsystemd waits for the answer to what it sends
 */
/**
 * DOC: Calls
 *
 * sendmsg() does not tell whether its caller goes on to wait, or to compute for a minute. sd_bus_call() does:
 * it sends, reads, and waits until the answer is there, without a word from the program. So while it runs,
 * a call may be sent with the command that waits, too, a system call less. libsystemd's other functions that
 * wait for an answer, such as sd_bus_call_method(), call this one as a program would.
 *
 * The wait is short: who answers within 20 ms is heard with the call, for others libsystemd waits as ever. What
 * else comes meanwhile ends it, and so does a signal, which poll() reports afterwards. A call with a timeout of
 * less than a second is sent alone.
 *
 * In a process with one thread only: others might wait for the descriptor at the same time. Copies of
 * libraries call their own sd_bus_call(), which nobody sees. An answer that a service sends is not held back for
 * its next wait: what the service does before that is not known, and its caller waits.
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <sys/single_threaded.h>

#include "bridge.h"
#include "table.h"

/* A shorter wait is left to libsystemd, which knows how long it is. */
#define LEAST_US 1000000ULL

static bool is_calling;

/**
 * bridge_is_calling() - does libsystemd wait next for the answer to what it sends?
 *
 * Return: true if it does.
 */
bool bridge_is_calling(void)
{
	return is_calling && __libc_single_threaded;
}

#ifndef KDBUS_RENAMED
typedef struct sd_bus sd_bus;
typedef struct sd_bus_message sd_bus_message;
typedef struct sd_bus_error sd_bus_error;
typedef int (*call_fn)(sd_bus *bus, sd_bus_message *m, uint64_t usec, sd_bus_error *error,
		       sd_bus_message **reply);

__attribute__((visibility("default"))) int sd_bus_call(sd_bus *bus, sd_bus_message *m,
						       uint64_t usec, sd_bus_error *error,
						       sd_bus_message **reply);

/* In a library that is loaded, or in one that this needs. */
static call_fn find_in(const char *library)
{
	void *handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);
	call_fn found;

	if (!handle)
		return NULL;
	found = (call_fn)dlsym(handle, "sd_bus_call");
	dlclose(handle);
	return found;
}

/*
 * The function behind this one. A library that was loaded by dlopen(), with a libsystemd that the program
 * does not have, finds it among its own libraries.
 */
static call_fn find_next(void *caller)
{
	static call_fn next;
	struct link_map *map;
	call_fn found;
	Dl_info info;

	found = __atomic_load_n(&next, __ATOMIC_ACQUIRE);
	if (found)
		return found;
	found = (call_fn)dlsym(RTLD_NEXT, "sd_bus_call");
	if (found) {
		__atomic_store_n(&next, found, __ATOMIC_RELEASE);
		return found;
	}
	if (dladdr1(caller, &info, (void **)&map, RTLD_DL_LINKMAP))
		found = find_in(map->l_name);
	return found && found != sd_bus_call ? found : find_in("libsystemd.so.0");
}

/**
 * sd_bus_call() - libsystemd's, which sends a message and waits for the answer
 * @bus: its connection
 * @m: the message
 * @usec: how long it waits; 0 for as long as usual
 * @error: gets the error of the answer
 * @reply: gets the answer
 *
 * Return: what the function behind this one says.
 */
int sd_bus_call(sd_bus *bus, sd_bus_message *m, uint64_t usec, sd_bus_error *error,
		sd_bus_message **reply)
{
	call_fn next = find_next(__builtin_return_address(0));
	int r;

	if (!next)
		return -ENOSYS;
	if (!table_is_used() || (usec && usec < LEAST_US))
		return next(bus, m, usec, error, reply);
	is_calling = true;
	r = next(bus, m, usec, error, reply);
	is_calling = false;
	return r;
}
#endif
