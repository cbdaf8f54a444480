// SPDX-License-Identifier: LGPL-2.1-or-later
/* Well-known names against a second reading of their grammar: an automaton. */

#include "wellknown.h"
#include "reader.h"

enum state { START, DIGITS_OK, DOT, DOTTED, WRONG };

static bool letter(uint8_t c)
{
	return (c | 32) - 'a' < 26u && (c | 32) >= 'a' ? true : c == '_' || c == '-';
}

static enum state step(enum state state, uint8_t c)
{
	bool digit = c >= '0' && c <= '9';

	switch (state) {
	case START:
		return letter(c) ? DIGITS_OK : WRONG;
	case DIGITS_OK:
		return c == '.' ? DOT : letter(c) || digit ? DIGITS_OK : WRONG;
	case DOT:
		return letter(c) ? DOTTED : WRONG;
	case DOTTED:
		return c == '.' ? DOT : letter(c) || digit ? DOTTED : WRONG;
	default:
		return WRONG;
	}
}

static enum state run(const uint8_t *name, size_t size)
{
	enum state state = START;

	while (size--)
		state = step(state, *name++);
	return state;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool wildcard = size >= 2 && data[size - 1] == '*' && data[size - 2] == '.';
	bool valid = size <= KDBUS_WELLKNOWN_MAX && run(data, size) == DOTTED;
	enum state prefix = wildcard ? run(data, size - 2) : WRONG;
	bool lax = valid || (size <= KDBUS_WELLKNOWN_MAX && (prefix == DIGITS_OK || prefix == DOTTED));

	REQUIRE(kdbus_wellknown_is_wildcard((const char *)data, size) == wildcard);
	REQUIRE(kdbus_wellknown_is_valid((const char *)data, size, false) == valid);
	REQUIRE(kdbus_wellknown_is_valid((const char *)data, size, true) == lax);
	return 0;
}
