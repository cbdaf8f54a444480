// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libc.c - find the functions of the C library
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "libc.h"

struct libc libc_table;

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
#define FUNCTION(name) { #name, offsetof(struct libc, name) }
	FUNCTION(connect),
	FUNCTION(close),
	FUNCTION(read),
	FUNCTION(readv),
	FUNCTION(recv),
	FUNCTION(recvmsg),
	FUNCTION(write),
	FUNCTION(writev),
	FUNCTION(send),
	FUNCTION(sendmsg),
	FUNCTION(getsockopt),
	FUNCTION(setsockopt),
	FUNCTION(getsockname),
	FUNCTION(getpeername),
	FUNCTION(fstat),
	FUNCTION(fstat64),
	FUNCTION(poll),
	FUNCTION(ppoll),
	FUNCTION(epoll_ctl),
	/* last: libc_next() takes it as a sign that the others are there */
	FUNCTION(shutdown),
#undef FUNCTION
};

/* Under its own names this library comes before the C library, which is found behind it. */
#ifdef KDBUS_RENAMED
#define WHERE RTLD_DEFAULT
#else
#define WHERE RTLD_NEXT
#endif

/**
 * libc_resolve() - fill the table
 *
 * Two threads may do so at once: both store the same. A C library without one of these functions is
 * none that this library was built for, and going on would call through NULL.
 */
void libc_resolve(void)
{
	void *function;
	size_t i;

	for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		function = dlsym(WHERE, functions[i].name);
		if (!function) {
			fprintf(stderr, "kdbus bridge: the C library has no %s()\n",
				functions[i].name);
			abort();
		}
		__atomic_store_n((void **)((char *)&libc_table + functions[i].offset), function,
				 __ATOMIC_RELEASE);
	}
}

__attribute__((constructor)) static void resolve_early(void)
{
	libc_next();
}
