// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * service-file.c - read D-Bus .service files; service-file.h is the overview
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../core/names.h"
#include "service-file.h"

/* A stretch of the text; not terminated. */
struct span {
	const char *start;
	size_t size;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct span trim(struct span span)
{
	while (span.size && is_blank(span.start[0])) {
		span.start++;
		span.size--;
	}
	while (span.size && is_blank(span.start[span.size - 1]))
		span.size--;
	return span;
}

static bool span_is(struct span span, const char *text)
{
	return span.size == strlen(text) && !memcmp(span.start, text, span.size);
}

/* Take the next line off @rest; false at the end. */
static bool next_line(struct span *rest, struct span *line)
{
	const char *end;

	if (!rest->size)
		return false;
	end = memchr(rest->start, '\n', rest->size);
	line->start = rest->start;
	line->size = end ? (size_t)(end - rest->start) : rest->size;
	rest->start += line->size + (end != NULL);
	rest->size -= line->size + (end != NULL);
	return true;
}

/* The character that \@c stands for, or 0 if there is no such escape. */
static char unescape(char c)
{
	switch (c) {
	case 's':
		return ' ';
	case 't':
		return '\t';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case '\\':
		return '\\';
	default:
		return 0;
	}
}

/* Copy of a value with its escapes resolved. Unknown ones stay: the quoting of Exec wants them. */
static int copy_value(struct span value, char **ret)
{
	size_t i, n = 0;
	char *text, c;

	text = malloc(value.size + 1);
	if (!text)
		return -ENOMEM;
	for (i = 0; i < value.size; i++) {
		c = value.start[i];
		if (c == '\\' && i + 1 < value.size && unescape(value.start[i + 1]))
			c = unescape(value.start[++i]);
		text[n++] = c;
	}
	text[n] = '\0';
	free(*ret);
	*ret = text;
	return 0;
}

/* Where the value of @key goes, or NULL for a key that does not concern us. */
static char **find_field(struct service_file *service, struct span key)
{
	if (span_is(key, "Name"))
		return &service->name;
	if (span_is(key, "Exec"))
		return &service->exec;
	if (span_is(key, "User"))
		return &service->user;
	if (span_is(key, "SystemdService"))
		return &service->unit;
	return NULL;
}

static int read_line(struct service_file *service, struct span line, bool *inside,
		     const char **why)
{
	struct span key, value;
	const char *equals;
	char **field;

	line = trim(line);
	if (!line.size || line.start[0] == '#')
		return 0;
	if (line.start[0] == '[') {
		*inside = span_is(line, "[D-BUS Service]");
		*why = "a group without its closing bracket";
		return line.start[line.size - 1] == ']' ? 0 : -EBADMSG;
	}
	equals = memchr(line.start, '=', line.size);
	if (!equals) {
		*why = "a line that is neither comment, group nor assignment";
		return -EBADMSG;
	}
	key = trim((struct span){ line.start, equals - line.start });
	value = trim((struct span){ equals + 1, line.start + line.size - equals - 1 });
	field = *inside ? find_field(service, key) : NULL;
	if (!field)
		return 0;
	if (*field) {
		*why = "a key that is given twice";
		return -EBADMSG;
	}
	return copy_value(value, field);
}

static int judge(struct service_file *service, const char **why)
{
	if (!service->name) {
		*why = "no Name= in a group [D-BUS Service]";
		return -EBADMSG;
	}
	if (!kbus_well_known_is_valid(service->name, strlen(service->name))) {
		*why = "Name= is no well-known name";
		return -EBADMSG;
	}
	if (!strcmp(service->name, "org.freedesktop.DBus")) {
		*why = "the bus itself cannot be activated";
		return -EBADMSG;
	}
	if (!service->exec && !service->unit) {
		*why = "neither Exec= nor SystemdService=";
		return -EBADMSG;
	}
	if (service->unit && (!*service->unit || strchr(service->unit, '/'))) {
		*why = "SystemdService= is no unit";
		return -EBADMSG;
	}
	return 0;
}

/**
 * service_file_parse() - read the text of a .service file
 * @service: filled on success; the caller owns it, service_file_deinit() frees its strings
 * @text: the file; need not be terminated
 * @size: bytes at @text
 * @why: on -EBADMSG set to a static text that says what is wrong
 *
 * Keys and groups that are not known are skipped, as the desktop entry format demands.
 *
 * Return: 0, -EBADMSG for a text that is no .service file, or -ENOMEM.
 */
int service_file_parse(struct service_file *service, const char *text, size_t size,
		       const char **why)
{
	struct span rest = { text, size }, line;
	bool inside = false;
	int r = 0;

	*service = (struct service_file){ 0 };
	if (memchr(text, '\0', size)) {
		*why = "a NUL byte";
		return -EBADMSG;
	}
	while (!r && next_line(&rest, &line))
		r = read_line(service, line, &inside, why);
	if (!r)
		r = judge(service, why);
	if (r)
		service_file_deinit(service);
	return r;
}

/**
 * service_file_deinit() - free the strings of a service
 * @service: what service_file_parse() filled; all NULL afterwards
 */
void service_file_deinit(struct service_file *service)
{
	free(service->name);
	free(service->exec);
	free(service->user);
	free(service->unit);
	*service = (struct service_file){ 0 };
}
