// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * client.c - D-Bus calls over kdbus: values of many types, an error, a descriptor, a big file
 *
 * Each call is checked against what the reply must be; the exit status is 0 only if all were right.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interface.h"

#define FILE_SIZE	(64UL << 20)
#define ALL_SEALS	(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

/* One line per call: what was asked, what came back, and whether it was right. */
static int report(const char *call, int r, const char *text)
{
	if (r < 0)
		printf("FAIL %-10s %s %s\n", call, strerror(-r), text);
	else
		printf("ok   %-10s %s\n", call, text);
	fflush(stdout);
	return r;
}

/* A reply that is not what it should be: if it is an error, the reader wants to know which. */
static int wrong_reply(DBusMessage *reply, char *text, size_t size)
{
	DBusError error = DBUS_ERROR_INIT;

	if (dbus_set_error_from_message(&error, reply))
		snprintf(text, size, "(%s: %s)", error.name, error.message);
	dbus_error_free(&error);
	return -EBADMSG;
}

static int call_summarise(struct bus *bus, char *text, size_t size)
{
	struct bus_parcel parcel;
	DBusMessage *call, *reply;
	int r;

	call = sample_new_summarise();
	if (!call)
		return -ENOMEM;
	r = message_call(bus, call, NULL, &parcel, &reply);
	dbus_message_unref(call);
	if (r < 0)
		return r;
	if (sample_check_summary(reply, text, size) < 0)
		r = wrong_reply(reply, text, size);
	dbus_message_unref(reply);
	bus_free(bus, &parcel);
	return r;
}

static int call_refuse(struct bus *bus, char *text, size_t size)
{
	DBusError error = DBUS_ERROR_INIT;
	struct bus_parcel parcel;
	DBusMessage *call, *reply;
	int r;

	call = sample_new_call("Refuse");
	if (!call)
		return -ENOMEM;
	r = message_call(bus, call, NULL, &parcel, &reply);
	dbus_message_unref(call);
	if (r < 0)
		return r;
	/* For the kernel an error is a reply like any other; libdbus tells them apart. */
	if (dbus_set_error_from_message(&error, reply) &&
	    dbus_error_has_name(&error, SAMPLE_ERROR))
		snprintf(text, size, "%s: %s", error.name, error.message);
	else
		r = -EBADMSG;
	dbus_error_free(&error);
	dbus_message_unref(reply);
	bus_free(bus, &parcel);
	return r;
}

/* The service gets the reading end of a pipe and reads from it what this process wrote. */
static int call_read_line(struct bus *bus, char *text, size_t size)
{
	static const char line[] = "this line went through a pipe";
	struct message_attachments with = { .n_fds = 1 };
	struct bus_parcel parcel;
	DBusMessage *call, *reply;
	dbus_uint32_t index = 0;
	const char *answer;
	int fds[2], r = -ENOMEM;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	if (write(fds[1], line, strlen(line)) != (ssize_t)strlen(line)) {
		close(fds[0]);
		close(fds[1]);
		return -EIO;
	}
	with.fds = &fds[0];
	call = sample_new_call("ReadLine");
	if (call && dbus_message_append_args(call, DBUS_TYPE_UINT32, &index, DBUS_TYPE_INVALID))
		r = message_call(bus, call, &with, &parcel, &reply);
	if (call)
		dbus_message_unref(call);
	close(fds[0]);
	close(fds[1]);
	if (r < 0)
		return r;

	if (dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &answer, DBUS_TYPE_INVALID) &&
	    strcmp(answer, line) == 0)
		snprintf(text, size, "the service read \"%s\"", answer);
	else
		r = wrong_reply(reply, text, size);
	dbus_message_unref(reply);
	bus_free(bus, &parcel);
	return r;
}

/* A memfd full of numbers that do not repeat, sealed so that a receiver can trust it. */
static int make_file(uint64_t *ret_checksum)
{
	uint64_t *data, x = 88172645463325252ULL;
	size_t i;
	int fd, r;

	fd = memfd_create("sample-file", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, FILE_SIZE) < 0)
		goto out_close;
	data = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (data == MAP_FAILED)
		goto out_close;
	for (i = 0; i < FILE_SIZE / sizeof(*data); i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		data[i] = x;
	}
	*ret_checksum = sample_checksum(data, FILE_SIZE);
	/* F_SEAL_WRITE is refused while anybody could still write through a mapping. */
	munmap(data, FILE_SIZE);
	if (fcntl(fd, F_ADD_SEALS, ALL_SEALS) < 0)
		goto out_close;
	return fd;
out_close:
	r = -errno;
	close(fd);
	return r;
}

static int call_checksum(struct bus *bus, char *text, size_t size)
{
	struct message_attachments with = { .memfd_size = FILE_SIZE };
	dbus_uint64_t file_size = FILE_SIZE, checksum, inode;
	struct bus_parcel parcel;
	DBusMessage *call, *reply;
	uint64_t expected = 0;
	struct stat st;
	int r = -ENOMEM;

	with.memfd = make_file(&expected);
	if (with.memfd < 0)
		return with.memfd;
	call = sample_new_call("Checksum");
	if (call && dbus_message_append_args(call, DBUS_TYPE_UINT64, &file_size,
					     DBUS_TYPE_INVALID))
		r = message_call(bus, call, &with, &parcel, &reply);
	if (call)
		dbus_message_unref(call);
	if (fstat(with.memfd, &st) < 0)
		st.st_ino = 0;
	close(with.memfd);
	if (r < 0)
		return r;

	if (dbus_message_get_args(reply, NULL, DBUS_TYPE_UINT64, &checksum, DBUS_TYPE_UINT64,
				  &inode, DBUS_TYPE_INVALID) &&
	    checksum == expected && inode == st.st_ino)
		snprintf(text, size, "%lu MiB, checksum %016llx on both sides, the same inode %llu",
			 FILE_SIZE >> 20, (unsigned long long)checksum, (unsigned long long)inode);
	else
		r = wrong_reply(reply, text, size);
	dbus_message_unref(reply);
	bus_free(bus, &parcel);
	return r;
}

static const struct {
	const char *method;
	int (*call)(struct bus *bus, char *text, size_t size);
} calls[] = {
	{ "Summarise", call_summarise },
	{ "Refuse", call_refuse },
	{ "ReadLine", call_read_line },
	{ "Checksum", call_checksum },
};

int main(void)
{
	int status = EXIT_SUCCESS;
	char text[256];
	struct bus bus;
	size_t i;
	int r;

	r = bus_open(&bus, SAMPLE_BUS);
	if (r < 0) {
		bus_explain("cannot connect to the bus; does the service run?", r);
		return EXIT_FAILURE;
	}
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		text[0] = '\0';
		r = calls[i].call(&bus, text, sizeof(text));
		if (report(calls[i].method, r, text) < 0)
			status = EXIT_FAILURE;
	}
	bus_close(&bus);
	return status;
}
