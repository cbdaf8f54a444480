// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * call.c - kdbusctl call: call a method, print what it answers
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../core/names.h"
#include "../core/signature.h"
#include "ctl.h"

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* The words of the command line are wrong in this way, or NULL. */
static const char *find_fault(char **argv, int argc)
{
	if (!kbus_bus_name_is_valid(argv[1], strlen(argv[1])))
		return "the service is no bus name";
	if (!kbus_path_is_valid(argv[2], strlen(argv[2])))
		return "the object is no path";
	if (!kbus_interface_is_valid(argv[3], strlen(argv[3])))
		return "the interface is none";
	if (!kbus_member_is_valid(argv[4], strlen(argv[4])))
		return "the method is no name of one";
	if (argc > 5 && !kbus_signature_is_valid(argv[5], strlen(argv[5])))
		return "the signature is none";
	return NULL;
}

static int send_call(struct kbus_conn *conn, int argc, char **argv, uint32_t serial)
{
	const struct kbus_fields fields = {
		.type = KBUS_METHOD_CALL,
		.serial = serial,
		.destination = argv[1],
		.path = argv[2],
		.interface = argv[3],
		.member = argv[4],
		.signature = argc > 5 ? argv[5] : "",
	};
	struct kbus_writer body = { 0 };
	uint8_t *data;
	size_t size;
	int r;

	r = argc > 5 ? args_put(&body, argv[5], argv + 6, argc - 6) : 0;
	if (r < 0) {
		kbus_writer_deinit(&body);
		fprintf(stderr, "kdbusctl: the arguments do not fit the signature '%s'\n", argv[5]);
		return r;
	}
	r = kbus_build(&body, &fields, &data, &size);
	if (r < 0)
		return r;
	r = kbus_conn_send_data(conn, data, size);
	free(data);
	return r;
}

/* Print the answer; the exit status. */
static int show_answer(const struct kbus_incoming *in)
{
	const struct kbus_header *h = &in->header;
	bool is_error = h->type == KBUS_ERROR;
	FILE *file = is_error ? stderr : stdout;

	if (is_error)
		fprintf(file, "%s:", h->error_name);
	else
		fprintf(file, "%s", h->signature);
	value_print(file, h, in->body);
	if (is_error || *h->signature)
		fputc('\n', file);
	return is_error ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Everything that comes until the answer does: 1 and the exit status, 0 if it is not there yet. */
static int look(struct kbus_conn *conn, uint32_t serial, int *status)
{
	struct kbus_incoming in;
	bool found = false;
	size_t i;
	int r;

	while (!found) {
		r = kbus_conn_recv(conn, &in);
		if (r < 0)
			return r == -EAGAIN ? 0 : r;
		found = in.header.reply_serial == serial;
		if (found)
			*status = show_answer(&in);
		for (i = 0; i < in.n_fds; i++)
			close(in.fds[i]);
		kbus_conn_release(conn, &in);
	}
	return 1;
}

static int await(struct kbus_conn *conn, uint32_t serial, uint64_t timeout_ms, int *status)
{
	struct pollfd pollfd = { .fd = conn->fd, .events = POLLIN };
	uint64_t end = now_ms() + timeout_ms, now;
	int r;

	while (!(r = look(conn, serial, status))) {
		now = now_ms();
		if (now >= end)
			return -ETIMEDOUT;
		if (poll(&pollfd, 1, end - now) < 0 && errno != EINTR)
			return -errno;
	}
	return r;
}

/**
 * ctl_call() - the command "call"
 * @ctl: options
 * @argc: number of words
 * @argv: the command's name, service, object, interface, method, signature, arguments
 *
 * Return: exit status.
 */
int ctl_call(struct ctl *ctl, int argc, char **argv)
{
	const char *fault = find_fault(argv, argc);
	struct kbus_conn *conn;
	int status = EXIT_FAILURE, r;
	uint32_t serial;

	if (fault) {
		fprintf(stderr, "kdbusctl: %s (see --help)\n", fault);
		return 2;
	}
	conn = ctl_open(ctl, 0, 0);
	if (!conn)
		return EXIT_FAILURE;
	conn->wants_fds = true;
	serial = kbus_conn_next_serial(conn);
	r = send_call(conn, argc, argv, serial);
	if (r >= 0)
		r = await(conn, serial, ctl->timeout_ms, &status);
	kbus_conn_free(conn);
	return r < 0 ? ctl_fail(ctl, "call", r) : status;
}
