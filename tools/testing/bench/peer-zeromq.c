// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * peer-zeromq.c - ZeroMQ, REQ and REP sockets over its ipc: transport
 *
 * The library is loaded when it is there: nothing else in the tree needs it. What is used of it is
 * declared here, by its documentation (libzmq 4).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "peer.h"

#define LIBRARY		"libzmq.so.5"
#define TYPE_REQ	3
#define TYPE_REP	4
#define OPTION_LINGER	17

/* Its functions: NULL or -1 is failure, with errno set */
static struct {
	void *(*ctx_new)(void);
	void *(*socket)(void *context, int type);
	int (*setsockopt)(void *socket, int option, const void *value, size_t size);
	int (*bind)(void *socket, const char *address);
	int (*connect)(void *socket, const char *address);
	int (*send)(void *socket, const void *data, size_t size, int flags);
	int (*recv)(void *socket, void *data, size_t size, int flags);
	int (*close)(void *socket);
	int (*ctx_term)(void *context);
} zmq;

struct zeromq {
	size_t size;
	char address[64];
	void *context, *socket;	/* of whichever process looks at it */
	uint32_t number;
	uint8_t *data;
};

static int find_function(void *library, const char *name, void *ret_function)
{
	void *function = dlsym(library, name);

	if (!function)
		return -ENOSYS;
	memcpy(ret_function, &function, sizeof(function));
	return 0;
}

static int load(void)
{
	const struct {
		const char *name;
		void *function;
	} functions[] = {
		{ "zmq_ctx_new", &zmq.ctx_new }, { "zmq_socket", &zmq.socket },
		{ "zmq_setsockopt", &zmq.setsockopt },
		{ "zmq_bind", &zmq.bind }, { "zmq_connect", &zmq.connect },
		{ "zmq_send", &zmq.send }, { "zmq_recv", &zmq.recv },
		{ "zmq_close", &zmq.close }, { "zmq_ctx_term", &zmq.ctx_term },
	};
	void *library;
	size_t i;
	int r = 0;

	if (zmq.ctx_term)
		return 0;
	library = dlopen(LIBRARY, RTLD_NOW);
	if (!library)
		return -ENODEV;
	for (i = 0; i < sizeof(functions) / sizeof(functions[0]) && r == 0; i++)
		r = find_function(library, functions[i].name, functions[i].function);
	return r;
}

static int zeromq_open(const struct peer_options *options, void **ret_state)
{
	static unsigned int n_opened;
	struct zeromq *z;
	int r;

	r = load();
	if (r < 0)
		return r;
	z = calloc(1, sizeof(*z));
	if (!z)
		return -ENOMEM;
	z->size = options->size;
	z->data = calloc(1, z->size + 1);
	if (!z->data) {
		free(z);
		return -ENOMEM;
	}
	/* An abstract address: nothing is left in the file system. */
	snprintf(z->address, sizeof(z->address), "ipc://@kdbus-bench-%d-%u", getpid(),
		 ++n_opened);
	*ret_state = z;
	return 0;
}

/* The library's threads belong to the process that made them: after the fork. */
static int open_socket(struct zeromq *z, int type)
{
	const int dont_linger = 0;

	z->context = zmq.ctx_new();
	z->socket = z->context ? zmq.socket(z->context, type) : NULL;
	if (!z->socket)
		return -errno;
	/* What a dead service has not read does not hold up the end. */
	return zmq.setsockopt(z->socket, OPTION_LINGER, &dont_linger, sizeof(dont_linger)) < 0 ?
	       -errno : 0;
}

static int zeromq_serve(void *state, int ready_fd)
{
	struct zeromq *z = state;
	uint32_t number = 0;
	int r;

	r = peer_in_parts(z->size);
	if (r == 0)
		r = open_socket(z, TYPE_REP);
	if (r < 0)
		return r;
	if (zmq.bind(z->socket, z->address) < 0)
		return -errno;
	r = peer_ready(ready_fd, 0);
	while (r == 0) {
		if (zmq.recv(z->socket, z->data, z->size + 1, 0) != (int)z->size ||
		    !is_stamped(z->data, z->size, ++number))
			return -EBADMSG;
		if (zmq.send(z->socket, z->data, z->size, 0) != (int)z->size)
			return -errno;
	}
	return r;
}

static int zeromq_attach(void *state, uint64_t address)
{
	struct zeromq *z = state;
	int r;

	(void)address;
	r = peer_in_parts(z->size);
	if (r == 0)
		r = open_socket(z, TYPE_REQ);
	if (r < 0)
		return r;
	return zmq.connect(z->socket, z->address) < 0 ? -errno : 0;
}

static int zeromq_call(void *state)
{
	struct zeromq *z = state;

	stamp(z->data, z->size, ++z->number);
	if (zmq.send(z->socket, z->data, z->size, 0) != (int)z->size)
		return -errno;
	if (zmq.recv(z->socket, z->data, z->size + 1, 0) != (int)z->size ||
	    !is_stamped(z->data, z->size, z->number))
		return -EBADMSG;
	return 0;
}

static void zeromq_close(void *state)
{
	struct zeromq *z = state;

	if (z->socket)
		zmq.close(z->socket);
	if (z->context)
		zmq.ctx_term(z->context);
	free(z->data);
	free(z);
}

const struct peer peer_zeromq = {
	.name = "ZeroMQ",
	.open = zeromq_open,
	.serve = zeromq_serve,
	.attach = zeromq_attach,
	.call = zeromq_call,
	.close = zeromq_close,
};
