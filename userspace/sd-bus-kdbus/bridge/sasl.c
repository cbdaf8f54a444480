// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sasl.c - answer the lines that a D-Bus client begins with
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sasl.h"

#define REJECTED "REJECTED EXTERNAL ANONYMOUS"

/**
 * sasl_init() - wait for a client's first byte
 * @sasl: to fill
 * @uid: whom the client may claim to be
 * @id: id of the bus, which becomes the server's GUID
 */
void sasl_init(struct sasl *sasl, uid_t uid, const unsigned char id[16])
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	*sasl = (struct sasl){ .uid = uid };
	for (i = 0; i < 16; i++) {
		sasl->guid[2 * i] = digits[id[i] >> 4];
		sasl->guid[2 * i + 1] = digits[id[i] & 15];
	}
}

/**
 * sasl_deinit() - forget a negotiation, finished or not
 * @sasl: negotiation; its memory is the caller's
 */
void sasl_deinit(struct sasl *sasl)
{
	free(sasl->line);
	sasl->line = NULL;
	sasl->line_size = 0;
}

static int answer(struct sasl_answer *to, const char *text, const char *more)
{
	size_t n = strlen(text), n_more = more ? strlen(more) : 0;
	char *at = to->text + to->size;

	if (n + n_more + 3 > sizeof(to->text) - to->size)
		return -EPROTO;
	memcpy(at, text, n);
	if (more) {
		at[n++] = ' ';
		memcpy(at + n, more, n_more);
	}
	memcpy(at + n + n_more, "\r\n", 2);
	to->size += n + n_more + 2;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Whether hexadecimal text is the own uid in decimal; empty text leaves it to the kernel. */
static bool is_own_identity(const struct sasl *sasl, const char *hex)
{
	char own[16], name[16];
	size_t n = 0;
	int high, low;

	if (!*hex)
		return true;
	for (; *hex; hex += 2) {
		high = hex_digit(hex[0]);
		low = high < 0 ? -1 : hex_digit(hex[1]);
		if (low < 0 || n + 1 >= sizeof(name))
			return false;
		name[n++] = high << 4 | low;
	}
	name[n] = '\0';
	snprintf(own, sizeof(own), "%u", (unsigned int)sasl->uid);
	return strlen(name) == n && strcmp(name, own) == 0;
}

static int identify(struct sasl *sasl, const char *hex, struct sasl_answer *to)
{
	if (!sasl->anonymous && !is_own_identity(sasl, hex)) {
		sasl->state = SASL_AUTH;
		return answer(to, REJECTED, NULL);
	}
	sasl->state = SASL_BEGIN;
	return answer(to, "OK", sasl->guid);
}

/* "MECHANISM [IDENTITY]" */
static int choose(struct sasl *sasl, char *arguments, struct sasl_answer *to)
{
	char *identity = strchr(arguments, ' ');

	if (identity)
		*identity++ = '\0';
	sasl->anonymous = strcmp(arguments, "ANONYMOUS") == 0;
	if (!sasl->anonymous && strcmp(arguments, "EXTERNAL") != 0)
		return answer(to, REJECTED, NULL);
	if (identity)
		return identify(sasl, identity, to);
	sasl->state = SASL_DATA;
	return answer(to, "DATA", NULL);
}

static int begin(struct sasl *sasl)
{
	if (sasl->state != SASL_BEGIN)
		return -EPROTO;
	sasl->state = SASL_DONE;
	return 0;
}

static int negotiate_fds(struct sasl *sasl, struct sasl_answer *to)
{
	if (sasl->state != SASL_BEGIN)
		return answer(to, "ERROR", "\"Authenticate first\"");
	sasl->fds = true;
	return answer(to, "AGREE_UNIX_FD", NULL);
}

static int handle_line(struct sasl *sasl, char *line, struct sasl_answer *to)
{
	char *arguments = strchr(line, ' ');

	if (arguments)
		*arguments++ = '\0';
	if (strcmp(line, "AUTH") == 0 && sasl->state == SASL_AUTH)
		return choose(sasl, arguments ? arguments : line + 4, to);
	if (strcmp(line, "DATA") == 0 && sasl->state == SASL_DATA)
		return identify(sasl, arguments ? arguments : line + 4, to);
	if (strcmp(line, "NEGOTIATE_UNIX_FD") == 0)
		return negotiate_fds(sasl, to);
	if (strcmp(line, "BEGIN") == 0)
		return begin(sasl);
	if (strcmp(line, "CANCEL") == 0 || strcmp(line, "ERROR") == 0) {
		sasl->state = SASL_AUTH;
		return answer(to, REJECTED, NULL);
	}
	return answer(to, "ERROR", "\"Unexpected command\"");
}

/* Append to the unfinished line; a line that never ends is a violation. */
static int keep(struct sasl *sasl, const char *data, size_t size)
{
	char *line;

	if (size > SASL_LINE_MAX - sasl->line_size)
		return -EPROTO;
	line = realloc(sasl->line, sasl->line_size + size + 1);
	if (!line)
		return -ENOMEM;
	memcpy(line + sasl->line_size, data, size);
	sasl->line = line;
	sasl->line_size += size;
	line[sasl->line_size] = '\0';
	return 0;
}

/**
 * sasl_feed() - take what the client wrote
 * @sasl: negotiation
 * @data: bytes
 * @size: of @data
 * @answer: gets the answers appended
 *
 * Return: how many bytes belonged to the negotiation, which are all unless BEGIN was among them; -EPROTO
 * when the client has to be disconnected; -ENOMEM.
 */
ssize_t sasl_feed(struct sasl *sasl, const char *data, size_t size, struct sasl_answer *answer)
{
	const char *end;
	size_t used = 0, length;
	int r;

	if (size > 0 && sasl->state == SASL_NUL) {
		if (data[0] != '\0')
			return -EPROTO;
		sasl->state = SASL_AUTH;
		used = 1;
	}
	while (used < size && sasl->state != SASL_DONE) {
		end = memchr(data + used, '\n', size - used);
		length = end ? (size_t)(end - data) + 1 - used : size - used;
		r = keep(sasl, data + used, length);
		if (r < 0)
			return r;
		used += length;
		if (!end)
			break;
		length = sasl->line_size;
		if (length < 2 || sasl->line[length - 2] != '\r' ||
		    strlen(sasl->line) != length)
			return -EPROTO;
		sasl->line[length - 2] = '\0';
		sasl->line_size = 0;
		r = handle_line(sasl, sasl->line, answer);
		if (r < 0)
			return r;
	}
	return used;
}
