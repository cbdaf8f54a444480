// SPDX-License-Identifier: GPL-2.0
/* The grammar of well-known bus names */

#include <linux/compiler.h>
#include <linux/types.h>

#include "wellknown.h"

/*
 * The kernel's isalpha() also takes the letters of Latin-1, which no D-Bus name
 * may contain.
 */
static bool is_letter(char c)
{
	/* With the bit that tells them apart set, upper and lower case are one range. */
	return (u8)((c | 0x20) - 'a') < 26 || c == '_' || c == '-';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/**
 * kdbus_wellknown_is_wildcard() - does a name end in a lone asterisk?
 * @name: a name, not necessarily terminated
 * @len: its bytes, without a NUL
 *
 * Context: Any.
 * Return: true if the name ends in ".*".
 */
bool kdbus_wellknown_is_wildcard(const char *name, size_t len)
{
	return len >= 2 && name[len - 1] == '*' && name[len - 2] == '.';
}

/**
 * kdbus_wellknown_is_valid() - is this a well-known name?
 * @name: candidate, not necessarily terminated
 * @len: its bytes, without a NUL
 * @wildcard_ok: the last element may be a lone asterisk
 *
 * A name has 1 to %KDBUS_WELLKNOWN_MAX bytes: two or more elements, separated by
 * single dots, of ASCII letters, digits, '_' and '-', none starting with a
 * digit.
 *
 * Context: Any.
 * Return: true if it is.
 */
bool kdbus_wellknown_is_valid(const char *name, size_t len, bool wildcard_ok)
{
	bool element_starts = true;
	bool has_dot = false;
	size_t i;

	if (len > KDBUS_WELLKNOWN_MAX)
		return false;

	/* What remains has to be one or more elements; its dot makes it two. */
	if (wildcard_ok && kdbus_wellknown_is_wildcard(name, len)) {
		len -= 2;
		has_dot = true;
	}

	for (i = 0; i < len; i++) {
		if (likely(is_letter(name[i]))) {
			element_starts = false;
		} else if (name[i] == '.') {
			if (element_starts)
				return false;
			element_starts = true;
			has_dot = true;
		} else if (element_starts || !is_digit(name[i])) {
			return false;
		}
	}

	return has_dot && !element_starts;
}
