// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * interface.c - the sample's methods, and the richest of its calls
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interface.h"

/**
 * sample_checksum() - a checksum that depends on every byte and its place
 * @data: bytes
 * @size: how many
 *
 * Return: the checksum; no secret, just quick.
 */
uint64_t sample_checksum(const void *data, size_t size)
{
	uint64_t sum = size, word;
	const uint8_t *p = data;

	for (; size >= sizeof(word); size -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sum = (sum ^ word) * 0x9e3779b97f4a7c15ULL;
		sum ^= sum >> 29;
	}
	while (size--)
		sum = (sum ^ *p++) * 0x100000001b3ULL;
	return sum;
}

/**
 * sample_new_call() - a call of one of the service's methods, without arguments yet
 * @method: its name
 *
 * Return: a message that the caller owns, or NULL when memory is out.
 */
DBusMessage *sample_new_call(const char *method)
{
	return dbus_message_new_method_call(SAMPLE_NAME, SAMPLE_PATH, SAMPLE_NAME, method);
}

static bool append_option(DBusMessageIter *options, const char *key, int type,
			  const char *signature, const void *value)
{
	DBusMessageIter entry, variant;

	return dbus_message_iter_open_container(options, DBUS_TYPE_DICT_ENTRY, NULL, &entry) &&
	       dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key) &&
	       dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, signature, &variant) &&
	       dbus_message_iter_append_basic(&variant, type, value) &&
	       dbus_message_iter_close_container(&entry, &variant) &&
	       dbus_message_iter_close_container(options, &entry);
}

static bool append_summarise(DBusMessage *call)
{
	static const dbus_int32_t numbers[] = { 1, 2, 3, 4 };
	const dbus_int32_t *numbers_pointer = numbers;
	const char *title = "hello", *note = "over the kernel", *place = "pool";
	const char *colour = "blue";
	dbus_bool_t quick = true;
	dbus_int32_t number = 32;
	double price = 20.75;
	DBusMessageIter args, sub;

	dbus_message_iter_init_append(call, &args);
	return dbus_message_iter_append_basic(&args, DBUS_TYPE_STRING, &title) &&
	       dbus_message_iter_append_basic(&args, DBUS_TYPE_INT32, &number) &&
	       dbus_message_iter_append_basic(&args, DBUS_TYPE_DOUBLE, &price) &&
	       /* ai */
	       dbus_message_iter_open_container(&args, DBUS_TYPE_ARRAY, "i", &sub) &&
	       dbus_message_iter_append_fixed_array(&sub, DBUS_TYPE_INT32, &numbers_pointer, 4) &&
	       dbus_message_iter_close_container(&args, &sub) &&
	       /* a{sv} */
	       dbus_message_iter_open_container(&args, DBUS_TYPE_ARRAY, "{sv}", &sub) &&
	       append_option(&sub, "colour", DBUS_TYPE_STRING, "s", &colour) &&
	       append_option(&sub, "quick", DBUS_TYPE_BOOLEAN, "b", &quick) &&
	       dbus_message_iter_close_container(&args, &sub) &&
	       /* v */
	       dbus_message_iter_open_container(&args, DBUS_TYPE_VARIANT, "s", &sub) &&
	       dbus_message_iter_append_basic(&sub, DBUS_TYPE_STRING, &note) &&
	       dbus_message_iter_close_container(&args, &sub) &&
	       /* (si) */
	       dbus_message_iter_open_container(&args, DBUS_TYPE_STRUCT, NULL, &sub) &&
	       dbus_message_iter_append_basic(&sub, DBUS_TYPE_STRING, &place) &&
	       dbus_message_iter_append_basic(&sub, DBUS_TYPE_INT32, &number) &&
	       dbus_message_iter_close_container(&args, &sub);
}

/**
 * sample_new_summarise() - a complete call with arguments of many types
 *
 * Return: a message that the caller owns, or NULL when memory is out.
 */
DBusMessage *sample_new_summarise(void)
{
	DBusMessage *call = sample_new_call("Summarise");

	if (call && !append_summarise(call)) {
		dbus_message_unref(call);
		return NULL;
	}
	return call;
}

/**
 * sample_check_summary() - compare the reply to sample_new_summarise() with what it must be
 * @reply: the reply
 * @text: gets the reply's content, for people
 * @size: bytes at @text
 *
 * Return: 0, or -EBADMSG if any value is wrong.
 */
int sample_check_summary(DBusMessage *reply, char *text, size_t size)
{
	const char *summary;
	dbus_int32_t sum;
	double price;
	char **names;
	int n_names, r = -EBADMSG;

	if (!dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &summary, DBUS_TYPE_INT32, &sum,
				   DBUS_TYPE_DOUBLE, &price, DBUS_TYPE_ARRAY, DBUS_TYPE_STRING,
				   &names, &n_names, DBUS_TYPE_INVALID))
		return -EBADMSG;
	if (strcmp(summary, "hello over the kernel, pool 32") == 0 && sum == 42 && price == 41.5 &&
	    n_names == 2 && strcmp(names[0], "colour") == 0 && strcmp(names[1], "quick") == 0) {
		snprintf(text, size, "\"%s\", %d, %.2f, [%s, %s]", summary, sum, price, names[0],
			 names[1]);
		r = 0;
	}
	dbus_free_string_array(names);
	return r;
}

/* Step over the arguments of Summarise, whose signature has been checked already. */
static DBusMessage *handle_summarise(DBusMessage *call)
{
	const char *title, *note, *place, *keys[16], **keys_pointer = keys;
	DBusMessageIter args, sub, entry;
	dbus_int32_t sum, value, place_number;
	DBusMessage *reply;
	char summary[256], *summary_pointer = summary;
	int n_keys = 0;
	double price;

	dbus_message_iter_init(call, &args);
	dbus_message_iter_get_basic(&args, &title);
	dbus_message_iter_next(&args);
	dbus_message_iter_get_basic(&args, &sum);
	dbus_message_iter_next(&args);
	dbus_message_iter_get_basic(&args, &price);
	dbus_message_iter_next(&args);
	dbus_message_iter_recurse(&args, &sub);
	for (; dbus_message_iter_get_arg_type(&sub) == DBUS_TYPE_INT32;
	     dbus_message_iter_next(&sub)) {
		dbus_message_iter_get_basic(&sub, &value);
		sum += value;
	}
	dbus_message_iter_next(&args);
	dbus_message_iter_recurse(&args, &sub);
	for (; n_keys < 16 && dbus_message_iter_get_arg_type(&sub) == DBUS_TYPE_DICT_ENTRY;
	     dbus_message_iter_next(&sub)) {
		dbus_message_iter_recurse(&sub, &entry);
		dbus_message_iter_get_basic(&entry, &keys[n_keys++]);
	}
	dbus_message_iter_next(&args);
	dbus_message_iter_recurse(&args, &sub);
	if (dbus_message_iter_get_arg_type(&sub) != DBUS_TYPE_STRING)
		return dbus_message_new_error(call, DBUS_ERROR_INVALID_ARGS,
					      "the note must be a string");
	dbus_message_iter_get_basic(&sub, &note);
	dbus_message_iter_next(&args);
	dbus_message_iter_recurse(&args, &sub);
	dbus_message_iter_get_basic(&sub, &place);
	dbus_message_iter_next(&sub);
	dbus_message_iter_get_basic(&sub, &place_number);

	snprintf(summary, sizeof(summary), "%.64s %.64s, %.64s %d", title, note, place,
		 place_number);
	price *= 2;
	reply = dbus_message_new_method_return(call);
	if (reply && !dbus_message_append_args(reply, DBUS_TYPE_STRING, &summary_pointer,
					       DBUS_TYPE_INT32, &sum, DBUS_TYPE_DOUBLE, &price,
					       DBUS_TYPE_ARRAY, DBUS_TYPE_STRING, &keys_pointer,
					       n_keys, DBUS_TYPE_INVALID)) {
		dbus_message_unref(reply);
		return NULL;
	}
	return reply;
}

static DBusMessage *handle_refuse(DBusMessage *call)
{
	return dbus_message_new_error(call, SAMPLE_ERROR, "This method refuses every call");
}

/*
 * The descriptor that argument number @n means: an index of the attachments, or, when the message
 * came through libdbus, the descriptor itself. Return a new descriptor, or -1.
 */
static int take_descriptor(DBusMessage *call, int n, const struct message_attachments *with)
{
	dbus_uint32_t index;
	DBusMessageIter args;
	int fd;

	dbus_message_iter_init(call, &args);
	while (n--)
		dbus_message_iter_next(&args);
	if (dbus_message_iter_get_arg_type(&args) == DBUS_TYPE_UNIX_FD) {
		dbus_message_iter_get_basic(&args, &fd);
		return fd;
	}
	if (dbus_message_iter_get_arg_type(&args) != DBUS_TYPE_UINT32)
		return -1;
	dbus_message_iter_get_basic(&args, &index);
	return with && index < with->n_fds ? dup(with->fds[index]) : -1;
}

static DBusMessage *handle_read_line(DBusMessage *call, const struct message_attachments *with)
{
	char line[128] = "", *line_pointer = line;
	DBusMessage *reply;
	ssize_t n;
	int fd;

	fd = take_descriptor(call, 0, with);
	if (fd < 0)
		return dbus_message_new_error(call, DBUS_ERROR_INVALID_ARGS,
					      "there is no such descriptor");
	n = read(fd, line, sizeof(line) - 1);
	close(fd);
	if (n < 0)
		return dbus_message_new_error(call, DBUS_ERROR_IO_ERROR, strerror(errno));
	line[strcspn(line, "\n")] = '\0';
	if (!dbus_validate_utf8(line, NULL))
		return dbus_message_new_error(call, DBUS_ERROR_IO_ERROR, "that is not text");

	reply = dbus_message_new_method_return(call);
	if (reply && !dbus_message_append_args(reply, DBUS_TYPE_STRING, &line_pointer,
					       DBUS_TYPE_INVALID)) {
		dbus_message_unref(reply);
		return NULL;
	}
	return reply;
}

/* The inode number tells the caller that both sides look at the same memory, not at a copy. */
static DBusMessage *handle_checksum(DBusMessage *call, const struct message_attachments *with)
{
	dbus_uint64_t size, checksum, inode;
	DBusMessageIter args;
	DBusMessage *reply;
	struct stat st;
	void *data;
	int fd;

	dbus_message_iter_init(call, &args);
	dbus_message_iter_get_basic(&args, &size);
	fd = with && with->memfd_size ? dup(with->memfd) : take_descriptor(call, 1, with);
	/* Without seals the sender could cut the file while we read it, and so kill us. */
	if (fd < 0 || fstat(fd, &st) < 0 || size == 0 || size > (uint64_t)st.st_size ||
	    !(fcntl(fd, F_GET_SEALS) & F_SEAL_SHRINK)) {
		if (fd >= 0)
			close(fd);
		return dbus_message_new_error(call, DBUS_ERROR_INVALID_ARGS,
					      "there is no sealed memfd of that size");
	}
	data = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (data == MAP_FAILED)
		return dbus_message_new_error(call, DBUS_ERROR_NO_MEMORY, strerror(errno));
	checksum = sample_checksum(data, size);
	inode = st.st_ino;
	munmap(data, size);

	reply = dbus_message_new_method_return(call);
	if (reply && !dbus_message_append_args(reply, DBUS_TYPE_UINT64, &checksum,
					       DBUS_TYPE_UINT64, &inode, DBUS_TYPE_INVALID)) {
		dbus_message_unref(reply);
		return NULL;
	}
	return reply;
}

static bool is_call(DBusMessage *call, const char *method, const char *signature,
		    const char *other_signature)
{
	return dbus_message_is_method_call(call, SAMPLE_NAME, method) &&
	       (dbus_message_has_signature(call, signature) ||
		(other_signature && dbus_message_has_signature(call, other_signature)));
}

/**
 * sample_handle() - carry out one call
 * @call: the call
 * @with: what came beside it, or NULL; stays the caller's
 *
 * Return: the reply, owned by the caller, or NULL when memory is out.
 */
DBusMessage *sample_handle(DBusMessage *call, const struct message_attachments *with)
{
	if (is_call(call, "Summarise", "sidaia{sv}v(si)", NULL))
		return handle_summarise(call);
	if (is_call(call, "Refuse", "", NULL))
		return handle_refuse(call);
	if (is_call(call, "ReadLine", "u", "h"))
		return handle_read_line(call, with);
	if (is_call(call, "Checksum", "t", "th"))
		return handle_checksum(call, with);
	return dbus_message_new_error(call, DBUS_ERROR_UNKNOWN_METHOD,
				      "no such method with such arguments");
}
