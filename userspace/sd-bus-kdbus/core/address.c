// SPDX-License-Identifier: LGPL-2.1-or-later
/* address.c - bus addresses: "unix:path=/dev/kdbus/0-system/bus;unix:path=/run/..." */
#include <errno.h>
#include <string.h>

#include "address.h"

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The value at @p, up to "," or @end, with "%xx" resolved. */
static int unescape(const char *p, const char *end, char *out, size_t capacity)
{
	size_t n = 0;
	char c;

	for (; p < end && *p != ','; p++) {
		c = *p;
		if (c == '%') {
			if (end - p < 3 || hex(p[1]) < 0 || hex(p[2]) < 0)
				return -EINVAL;
			c = hex(p[1]) << 4 | hex(p[2]);
			p += 2;
		}
		if (!c)
			return -EINVAL;
		if (n + 1 >= capacity)
			return -ENAMETOOLONG;
		out[n++] = c;
	}
	if (!n)
		return -EINVAL;
	out[n] = '\0';
	return 0;
}

/* The path of "unix:path=...,guid=...", or -ENOENT if the address has none. */
static int parse_one(const char *p, const char *end, char *path, size_t capacity)
{
	if (end - p < 5 || memcmp(p, "unix:", 5) != 0)
		return -ENOENT;
	p += 5;
	while (p < end) {
		if (end - p >= 5 && memcmp(p, "path=", 5) == 0)
			return unescape(p + 5, end, path, capacity);
		p = memchr(p, ',', end - p);
		if (!p)
			break;
		p++;
	}
	return -ENOENT;
}

/**
 * kbus_address_next() - the next address of a list that has a path
 * @list: where to read; moved behind what was read
 * @path: gets the path
 * @capacity: bytes at @path
 *
 * Addresses of other kinds are passed over.
 *
 * Return: 1 if there is one, 0 at the end of the list, -EINVAL if an address is wrong,
 * -ENAMETOOLONG; in both cases @list is behind that address.
 */
int kbus_address_next(const char **list, char *path, size_t capacity)
{
	const char *start, *end;
	int r;

	while (**list) {
		start = *list;
		end = start + strcspn(start, ";");
		*list = *end ? end + 1 : end;
		r = parse_one(start, end, path, capacity);
		if (r != -ENOENT)
			return r < 0 ? r : 1;
	}
	return 0;
}

/**
 * kbus_address_resolve() - the path of the first address that has one
 * @address: list of addresses
 * @path: gets the path
 * @capacity: bytes at @path
 *
 * Return: 0, -ENOENT if there is none, -EINVAL or -ENAMETOOLONG.
 */
int kbus_address_resolve(const char *address, char *path, size_t capacity)
{
	int r = kbus_address_next(&address, path, capacity);

	return r < 0 ? r : r == 0 ? -ENOENT : 0;
}
