// SPDX-License-Identifier: LGPL-2.1-or-later
/* Descriptions of a world that can be compared line by line. */
#include <stdarg.h>

#include "fault.h"

void tell(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	printf("# ");
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
	fflush(stdout);
}

void text_clear(struct text *text)
{
	text->size = 0;
}

void text_free(struct text *text)
{
	free(text->data);
	memset(text, 0, sizeof(*text));
}

void text_add(struct text *text, char tag, const char *format, ...)
{
	char line[2048];
	va_list arguments;
	size_t size;

	line[0] = tag;
	va_start(arguments, format);
	vsnprintf(line + 1, sizeof(line) - 2, format, arguments);
	va_end(arguments);
	size = strlen(line);
	line[size++] = '\n';
	if (text->size + size > text->room) {
		text->room = 2 * (text->size + size);
		text->data = realloc(text->data, text->room);
		if (!text->data)
			abort();
	}
	memcpy(text->data + text->size, line, size);
	text->size += size;
}

/* The next line at or after @pos whose tag is not among @tags; its length, 0 at the end. */
static size_t next_line(const struct text *text, size_t *pos, const char *tags)
{
	while (*pos < text->size) {
		const char *line = text->data + *pos;
		size_t size = (const char *)memchr(line, '\n', text->size - *pos) - line + 1;

		if (!strchr(tags, line[0]))
			return size;
		*pos += size;
	}
	return 0;
}

bool text_equal(const struct text *a, const struct text *b, const char *tags)
{
	size_t pos_a = 0, pos_b = 0, size_a, size_b;

	do {
		size_a = next_line(a, &pos_a, tags);
		size_b = next_line(b, &pos_b, tags);
		if (size_a != size_b || memcmp(a->data + pos_a, b->data + pos_b, size_a))
			return false;
		pos_a += size_a;
		pos_b += size_b;
	} while (size_a);
	return true;
}

void text_diff(const struct text *wanted, const struct text *seen, const char *tags)
{
	size_t pos_a = 0, pos_b = 0, size_a, size_b;
	unsigned int told = 0;

	do {
		size_a = next_line(wanted, &pos_a, tags);
		size_b = next_line(seen, &pos_b, tags);
		if (size_a != size_b ||
		    memcmp(wanted->data + pos_a, seen->data + pos_b, size_a)) {
			tell("  wanted %.*s", size_a ? (int)size_a - 1 : 7,
			     size_a ? wanted->data + pos_a : "nothing");
			tell("  seen   %.*s", size_b ? (int)size_b - 1 : 7,
			     size_b ? seen->data + pos_b : "nothing");
			told++;
		}
		pos_a += size_a;
		pos_b += size_b;
	} while ((size_a || size_b) && told < 6);
}
