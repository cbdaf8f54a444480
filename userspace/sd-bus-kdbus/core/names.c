// SPDX-License-Identifier: LGPL-2.1-or-later
/* names.c - the strings with rules: bus names, object paths, interfaces, members, UTF-8 */
#include <string.h>

#include "names.h"

enum {
	LETTER = 1,	/* may begin an element of a name */
	DIGIT = 2,	/* may not */
	DASH = 4,	/* in bus names only */
};

static const uint8_t classes[256] = {
	['A' ... 'Z'] = LETTER,
	['a' ... 'z'] = LETTER,
	['_'] = LETTER,
	['0' ... '9'] = DIGIT,
	['-'] = DASH,
};

static uint8_t class_of(char c)
{
	return classes[(uint8_t)c];
}

/* Bytes from @at on that belong to the classes @allowed. */
static size_t span(const char *text, size_t at, size_t size, unsigned int allowed)
{
	while (at < size && class_of(text[at]) & allowed)
		at++;
	return at;
}

/*
 * Elements between single dots, each of at least one character, the first of each from @first, the
 * others from @allowed. The number of elements, or 0 if @text is not like that.
 */
static size_t count_elements(const char *text, size_t size, unsigned int first,
			     unsigned int allowed)
{
	size_t at = 0, n = 0;

	for (;;) {
		if (at == size || !(class_of(text[at]) & first))
			return 0;
		at = span(text, at + 1, size, allowed);
		n++;
		if (at == size)
			return n;
		if (text[at++] != '.')
			return 0;
	}
}

/* Bytes of the UTF-8 sequence at @p, of which @size can be read, or 0 if it is none. */
static size_t utf8_sequence(const uint8_t *p, size_t size)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t code;
	size_t n, i;

	if (p[0] < 0x80)
		return p[0] ? 1 : 0;
	if (p[0] < 0xc0 || p[0] > 0xf7)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (n > size)
		return 0;
	code = p[0] & (0x7f >> n);
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return n;
}

/* Eight bytes that are all ASCII and none of them NUL: the common case, at once. */
static bool is_plain_word(const uint8_t *p)
{
	const uint64_t low = 0x0101010101010101ULL, high = low << 7;
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return !((word | (word - low)) & high);
}

/**
 * kbus_utf8_is_valid() - may this be a string of D-Bus?
 * @text: bytes
 * @size: bytes at @text
 *
 * Return: true if it is UTF-8 without NUL, overlong forms and surrogates.
 */
bool kbus_utf8_is_valid(const char *text, size_t size)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + size;
	size_t n;

	while (p < end) {
		while (end - p >= 8 && is_plain_word(p))
			p += 8;
		/* Most strings end, or are shorter than that, in ASCII too. */
		while (p < end && *p - 1U < 0x7f)
			p++;
		if (p == end)
			break;
		n = utf8_sequence(p, end - p);
		if (!n)
			return false;
		p += n;
	}
	return true;
}

/**
 * kbus_path_is_valid() - is this the path of an object?
 * @path: bytes
 * @size: bytes at @path
 *
 * Return: true if it is.
 */
bool kbus_path_is_valid(const char *path, size_t size)
{
	size_t at = 0, next;

	if (!size || path[0] != '/')
		return false;
	if (size == 1)
		return true;
	while (at < size) {
		next = span(path, at + 1, size, LETTER | DIGIT);
		if (next == at + 1 || (next < size && path[next] != '/'))
			return false;
		at = next;
	}
	return true;
}

/**
 * kbus_interface_is_valid() - is this the name of an interface, or of an error?
 * @name: bytes
 * @size: bytes at @name
 *
 * Return: true if it is.
 */
bool kbus_interface_is_valid(const char *name, size_t size)
{
	return size <= KBUS_NAME_MAX && count_elements(name, size, LETTER, LETTER | DIGIT) >= 2;
}

/**
 * kbus_member_is_valid() - is this the name of a method, a signal or a property?
 * @name: bytes
 * @size: bytes at @name
 *
 * Return: true if it is.
 */
bool kbus_member_is_valid(const char *name, size_t size)
{
	return size && size <= KBUS_NAME_MAX && class_of(name[0]) == LETTER &&
	       span(name, 1, size, LETTER | DIGIT) == size;
}

/**
 * kbus_well_known_is_valid() - is this a well-known bus name?
 * @name: bytes
 * @size: bytes at @name
 *
 * The kernel lets elements begin with "-" as D-Bus does, but not with a digit.
 *
 * Return: true if it is.
 */
bool kbus_well_known_is_valid(const char *name, size_t size)
{
	return size <= KBUS_NAME_MAX &&
	       count_elements(name, size, LETTER | DASH, LETTER | DIGIT | DASH) >= 2;
}

/**
 * kbus_unique_is_valid() - is this the unique name of a connection, of whatever bus?
 * @name: bytes
 * @size: bytes at @name
 *
 * Return: true if it is.
 */
bool kbus_unique_is_valid(const char *name, size_t size)
{
	return size && size <= KBUS_NAME_MAX && name[0] == ':' &&
	       count_elements(name + 1, size - 1, LETTER | DIGIT | DASH,
			      LETTER | DIGIT | DASH) >= 2;
}

/**
 * kbus_bus_name_is_valid() - is this a bus name, unique or well-known?
 * @name: bytes
 * @size: bytes at @name
 *
 * Return: true if it is.
 */
bool kbus_bus_name_is_valid(const char *name, size_t size)
{
	if (size && name[0] == ':')
		return kbus_unique_is_valid(name, size);
	return kbus_well_known_is_valid(name, size);
}

/**
 * kbus_namespace_is_valid() - may this stand behind arg0namespace?
 * @name: bytes
 * @size: bytes at @name
 *
 * Return: true for a well-known name and for its first element alone.
 */
bool kbus_namespace_is_valid(const char *name, size_t size)
{
	return size <= KBUS_NAME_MAX &&
	       count_elements(name, size, LETTER | DASH, LETTER | DIGIT | DASH) >= 1;
}

/**
 * kbus_unique_parse() - the id behind a unique name of this bus
 * @name: ends in a NUL
 * @ret_id: written on success
 *
 * Return: true if @name is ":1." and an id as kbus_unique_format() writes it.
 */
bool kbus_unique_parse(const char *name, uint64_t *ret_id)
{
	uint64_t id = 0;

	if (strncmp(name, ":1.", 3) != 0)
		return false;
	name += 3;
	if (*name < '1' || *name > '9')
		return false;
	for (; *name; name++) {
		if (*name < '0' || *name > '9' || __builtin_mul_overflow(id, 10, &id) ||
		    __builtin_add_overflow(id, *name - '0', &id))
			return false;
	}
	*ret_id = id;
	return true;
}

/**
 * kbus_unique_format() - the unique name of a connection
 * @name: filled, with a NUL
 * @id: connection
 *
 * Return: bytes written, without the NUL.
 */
size_t kbus_unique_format(char name[KBUS_UNIQUE_MAX], uint64_t id)
{
	char digits[20];
	size_t n = 0, i;

	do {
		digits[n++] = '0' + id % 10;
		id /= 10;
	} while (id);
	memcpy(name, ":1.", 3);
	for (i = 0; i < n; i++)
		name[3 + i] = digits[n - 1 - i];
	name[3 + n] = '\0';
	return 3 + n;
}
