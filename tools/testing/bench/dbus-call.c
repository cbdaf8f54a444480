// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * dbus-call.c - build the sample's calls and check their replies, whatever carries them
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dbus-call.h"

#define FILE_SIZE	65536
#define LINE		"one line of a file"
#define ALL_SEALS	(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

/* A sealed memfd with a line of text at its start. */
static int make_file(uint64_t *ret_checksum)
{
	char *data;
	int fd, r;

	data = calloc(1, FILE_SIZE);
	if (!data)
		return -ENOMEM;
	strcpy(data, LINE "\n");
	*ret_checksum = sample_checksum(data, FILE_SIZE);
	fd = memfd_create("bench", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || write(fd, data, FILE_SIZE) != FILE_SIZE || lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS, ALL_SEALS) < 0) {
		r = -errno;
		if (fd >= 0)
			close(fd);
		fd = r;
	}
	free(data);
	return fd;
}

/**
 * dbus_call_init() - get ready for making a call many times
 * @call: to be filled; dbus_call_deinit() it, even after failure
 * @method: method of the sample service
 *
 * Return: 0 or -errno.
 */
int dbus_call_init(struct dbus_call *call, const char *method)
{
	*call = (struct dbus_call){ .method = method, .fd = -1 };
	if (strcmp(method, "Summarise") == 0 || strcmp(method, "Refuse") == 0)
		return 0;
	call->fd = make_file(&call->checksum);
	if (call->fd < 0)
		return call->fd;
	if (strcmp(method, "Checksum") == 0) {
		call->fd_size = FILE_SIZE;
		call->with.memfd = call->fd;
		call->with.memfd_size = FILE_SIZE;
	} else {
		call->with.fds = &call->fd;
		call->with.n_fds = 1;
	}
	return 0;
}

/**
 * dbus_call_deinit() - give back what dbus_call_init() got
 * @call: the call
 */
void dbus_call_deinit(struct dbus_call *call)
{
	if (call->fd >= 0)
		close(call->fd);
	call->fd = -1;
}

/**
 * dbus_call_new_message() - build the call
 * @call: from dbus_call_init()
 * @beside: descriptors travel beside the message, not in it
 *
 * Return: message that the caller owns, or NULL when memory is out.
 */
DBusMessage *dbus_call_new_message(struct dbus_call *call, bool beside)
{
	dbus_uint64_t size = call->fd_size;
	dbus_uint32_t index = 0;
	DBusMessage *message;
	bool ok = true;

	if (strcmp(call->method, "Summarise") == 0)
		return sample_new_summarise();
	message = sample_new_call(call->method);
	if (!message)
		return NULL;
	if (size)
		ok = dbus_message_append_args(message, DBUS_TYPE_UINT64, &size, DBUS_TYPE_INVALID);
	else if (call->fd >= 0 && beside)
		ok = dbus_message_append_args(message, DBUS_TYPE_UINT32, &index,
					      DBUS_TYPE_INVALID);
	if (ok && call->fd >= 0 && !beside)
		ok = dbus_message_append_args(message, DBUS_TYPE_UNIX_FD, &call->fd,
					      DBUS_TYPE_INVALID);
	if (ok)
		return message;
	dbus_message_unref(message);
	return NULL;
}

/**
 * dbus_call_check_reply() - whether the service said the right thing
 * @call: the call
 * @reply: its reply
 *
 * Return: 0 or -EBADMSG.
 */
int dbus_call_check_reply(struct dbus_call *call, DBusMessage *reply)
{
	dbus_uint64_t checksum, inode;
	const char *line;
	char text[256];
	bool ok;

	/* A line can be read once: the offset belongs to the file that both sides share. */
	if (strcmp(call->method, "ReadLine") == 0)
		lseek(call->fd, 0, SEEK_SET);
	if (strcmp(call->method, "Summarise") == 0)
		return sample_check_summary(reply, text, sizeof(text));
	if (strcmp(call->method, "Refuse") == 0)
		ok = dbus_message_is_error(reply, SAMPLE_ERROR);
	else if (call->fd_size)
		ok = dbus_message_get_args(reply, NULL, DBUS_TYPE_UINT64, &checksum,
					   DBUS_TYPE_UINT64, &inode, DBUS_TYPE_INVALID) &&
		     checksum == call->checksum;
	else
		ok = dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &line,
					   DBUS_TYPE_INVALID) &&
		     strcmp(line, LINE) == 0;
	return ok ? 0 : -EBADMSG;
}

/* What becomes of a message on its way, without the way: bytes, and a message again. */
static DBusMessage *through_bytes(DBusMessage *message)
{
	DBusMessage *parsed = NULL;
	char *data;
	int size;

	dbus_message_set_serial(message, 1);
	if (!dbus_message_marshal(message, &data, &size))
		return NULL;
	if (dbus_message_demarshal_bytes_needed(data, size) == size)
		parsed = dbus_message_demarshal(data, size, NULL);
	dbus_free(data);
	/* Whoever carries a message says in it who sent it. */
	if (parsed)
		dbus_message_set_sender(parsed, ":1.2");
	return parsed;
}

/**
 * dbus_call_alone() - all that libdbus and the service do for a call, within one process
 * @work: struct dbus_call from dbus_call_init()
 *
 * Return: 0 or -errno.
 */
int dbus_call_alone(void *work)
{
	DBusMessage *message, *received, *reply = NULL, *answer = NULL;
	struct dbus_call *call = work;
	int r = -ENOMEM;

	message = dbus_call_new_message(call, true);
	received = message ? through_bytes(message) : NULL;
	if (received)
		reply = sample_handle(received, &call->with);
	if (reply)
		answer = through_bytes(reply);
	if (answer)
		r = dbus_call_check_reply(call, answer);
	if (answer)
		dbus_message_unref(answer);
	if (reply)
		dbus_message_unref(reply);
	if (received)
		dbus_message_unref(received);
	if (message)
		dbus_message_unref(message);
	return r;
}
