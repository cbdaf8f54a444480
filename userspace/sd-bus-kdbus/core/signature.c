// SPDX-License-Identifier: LGPL-2.1-or-later
/* signature.c - D-Bus type signatures */
#include <stdint.h>
#include <string.h>

#include "signature.h"

/* What a type is like: its alignment, and its size if that is always the same. */
struct type_kind {
	uint8_t alignment;
	uint8_t size;
};

static const struct type_kind kinds[256] = {
	['y'] = { 1, 1 },
	['b'] = { 4, 4 },
	['n'] = { 2, 2 },
	['q'] = { 2, 2 },
	['i'] = { 4, 4 },
	['u'] = { 4, 4 },
	['x'] = { 8, 8 },
	['t'] = { 8, 8 },
	['d'] = { 8, 8 },
	['h'] = { 4, 4 },
	['s'] = { 4, 0 },
	['o'] = { 4, 0 },
	['g'] = { 1, 0 },
	['v'] = { 1, 0 },
	['a'] = { 4, 0 },
	['('] = { 8, 0 },
	['{'] = { 8, 0 },
};

/* Types that a dict may have as key: all that are no container. */
static bool is_basic(char type)
{
	return kinds[(uint8_t)type].alignment && !strchr("va({", type);
}

static const char *check_type(const char *p, const char *end, unsigned int arrays,
			      unsigned int structs);

/* The inside of "{...}": a basic type and one more. */
static const char *check_entry(const char *p, const char *end, unsigned int arrays,
			       unsigned int structs)
{
	if (p == end || !is_basic(*p))
		return NULL;
	p = check_type(p + 1, end, arrays, structs);
	return p && p < end && *p == '}' ? p + 1 : NULL;
}

/* The inside of "(...)": at least one type. */
static const char *check_struct(const char *p, const char *end, unsigned int arrays,
				unsigned int structs)
{
	do {
		p = check_type(p, end, arrays, structs);
	} while (p && p < end && *p != ')');
	return p && p < end ? p + 1 : NULL;
}

/* Where the complete type at @p ends, or NULL if there is none. */
static const char *check_type(const char *p, const char *end, unsigned int arrays,
			      unsigned int structs)
{
	while (p < end && *p == 'a') {
		if (++arrays > KBUS_DEPTH_MAX)
			return NULL;
		p++;
		/* Only here may a dict's entry stand. */
		if (p < end && *p == '{')
			return structs < KBUS_DEPTH_MAX ?
				       check_entry(p + 1, end, arrays, structs + 1) : NULL;
	}
	if (p == end)
		return NULL;
	if (*p == '(')
		return structs < KBUS_DEPTH_MAX ? check_struct(p + 1, end, arrays, structs + 1) :
						  NULL;
	if (*p == '{' || !kinds[(uint8_t)*p].alignment)
		return NULL;
	return p + 1;
}

/**
 * kbus_signature_is_valid() - is this a signature: any number of complete types?
 * @signature: bytes
 * @size: bytes at @signature
 *
 * Return: true if it is, and keeps the limits of length and depth.
 */
bool kbus_signature_is_valid(const char *signature, size_t size)
{
	const char *p = signature, *end = signature + size;

	if (size > KBUS_SIGNATURE_MAX)
		return false;
	while (p && p < end)
		p = check_type(p, end, 0, 0);
	return p;
}

/**
 * kbus_signature_is_single() - is this a signature of exactly one complete type, as variants have?
 * @signature: bytes
 * @size: bytes at @signature
 *
 * Return: true if it is.
 */
bool kbus_signature_is_single(const char *signature, size_t size)
{
	return size <= KBUS_SIGNATURE_MAX &&
	       check_type(signature, signature + size, 0, 0) == signature + size;
}

/**
 * kbus_type_length() - how much of a signature its first complete type takes
 * @type: valid signature, not empty
 *
 * Return: bytes.
 */
size_t kbus_type_length(const char *type)
{
	const char *p = type;
	unsigned int open = 0;

	for (;; p++) {
		if (*p == 'a')
			continue;
		if (*p == '(' || *p == '{')
			open++;
		else if (*p == ')' || *p == '}')
			open--;
		if (!open)
			return p - type + 1;
	}
}

/**
 * kbus_type_alignment() - what the place of a value is a multiple of
 * @type: first character of the type
 *
 * Return: 1, 2, 4 or 8; 0 if there is no such type.
 */
size_t kbus_type_alignment(char type)
{
	return kinds[(uint8_t)type].alignment;
}

/**
 * kbus_type_size() - bytes of a value of a type, if all its values have the same
 * @type: first character of the type
 *
 * Return: bytes, or 0 for strings and containers.
 */
size_t kbus_type_size(char type)
{
	return kinds[(uint8_t)type].size;
}
