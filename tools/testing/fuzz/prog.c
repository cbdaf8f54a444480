// SPDX-License-Identifier: LGPL-2.1-or-later
/* Programs as text, and back. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "grammar.h"
#include "prog.h"

static const char *const place_names[PLACES] = {
	"ok", "end", "cut", "odd", "ro", "fault", "flip", "null", "kernel",
};

static const struct {
	enum symbol symbol;
	const char *name;
} symbols[] = {
	{ SYMBOL_ID, "id" },
	{ SYMBOL_OFFSET, "off" },
	{ SYMBOL_NOW, "now" },
	{ SYMBOL_FD, "fd" },
	{ SYMBOL_MEMORY, "mem" },
	{ SYMBOL_SENDER, "src" },
	{ SYMBOL_COOKIE, "cookie" },
};

#define N_SYMBOLS (sizeof(symbols) / sizeof(symbols[0]))

struct out {
	char *at;
	char *end;
};

static void put(struct out *out, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(out->at, out->end - out->at, format, args);
	va_end(args);
	if (n > 0)
		out->at += n < out->end - out->at ? n : out->end - out->at - 1;
}

static void put_value(struct out *out, uint64_t value)
{
	unsigned int i;

	for (i = 0; i < N_SYMBOLS; i++) {
		if (value >> SYMBOL_SHIFT == symbols[i].symbol) {
			put(out, "%s:%" PRIx64, symbols[i].name, value & SYMBOL_ARGUMENT);
			return;
		}
	}
	put(out, "%" PRIx64, value);
}

static void put_item(struct out *out, const struct item *item)
{
	const char *name = item_type_name(item->type);
	unsigned int i;

	if (name)
		put(out, " [%s", name);
	else
		put(out, " [#%" PRIx64, item->type);
	put(out, " %c x%u %d ", item->message ? 'm' : 'c', item->repeat, item->adjust);
	for (i = 0; i < item->words; i++) {
		put_value(out, item->word[i]);
		put(out, ",");
	}
	if (item->tail == TAIL_STRING)
		put(out, "/s%u]", item->argument);
	else if (item->tail == TAIL_FILL)
		put(out, "/f%u:%u]", item->argument, item->seed);
	else
		put(out, "/-]");
}

/* Returns the length of the text, which ends with a line feed. */
size_t prog_print(const struct prog *prog, char *text, size_t size)
{
	struct out out = { text, text + size };
	unsigned int i, j, last;

	*text = 0;
	for (i = 0; i < prog->ops; i++) {
		const struct op *op = &prog->op[i];

		put(&out, "%u %s %u %s %d", op->lane, kind_name(op->kind), op->slot,
		    place_names[op->place], op->adjust);
		for (last = PROG_VALUES; last > 0 && !op->value[last - 1]; last--)
			;
		for (j = 0; j < last; j++) {
			put(&out, " ");
			put_value(&out, op->value[j]);
		}
		for (j = 0; j < op->items; j++)
			put_item(&out, &op->item[j]);
		put(&out, "\n");
	}
	return out.at - text;
}

static bool get_value(const char **at, uint64_t *value)
{
	unsigned int i;
	char *end;

	for (i = 0; i < N_SYMBOLS; i++) {
		size_t n = strlen(symbols[i].name);

		if (!strncmp(*at, symbols[i].name, n) && (*at)[n] == ':') {
			*value = symbol(symbols[i].symbol, strtoull(*at + n + 1, &end, 16));
			*at = end;
			return true;
		}
	}
	*value = strtoull(*at, &end, 16);
	if (end == *at)
		return false;
	*at = end;
	return true;
}

static bool get_item(const char **at, struct item *item)
{
	char name[40], scope, *end;
	int adjust, used = 0;
	unsigned int repeat, argument, seed;

	memset(item, 0, sizeof(*item));
	if (sscanf(*at, "[%39s %c x%u %d %n", name, &scope, &repeat, &adjust, &used) != 4 || !used)
		return false;
	*at += used;
	if (name[0] == '#')
		item->type = strtoull(name + 1, NULL, 16);
	else if (!item_type_of_name(name, &item->type))
		return false;
	item->message = scope == 'm';
	item->repeat = repeat;
	item->adjust = adjust;
	while (**at != '/') {
		if (item->words == PROG_WORDS || !get_value(at, &item->word[item->words++]) ||
		    *(*at)++ != ',')
			return false;
	}
	++*at;
	if (sscanf(*at, "f%u:%u", &argument, &seed) == 2) {
		item->tail = TAIL_FILL;
		item->argument = argument;
		item->seed = seed;
	} else if (sscanf(*at, "s%u", &argument) == 1) {
		item->tail = TAIL_STRING;
		item->argument = argument % STRINGS;
	}
	end = strchr(*at, ']');
	if (!end)
		return false;
	*at = end + 1;
	return true;
}

static bool get_op(const char **at, struct op *op)
{
	char kind[24], place[12];
	unsigned int lane, slot, n = 0;
	int adjust, number, used = 0;

	memset(op, 0, sizeof(*op));
	if (sscanf(*at, "%u %23s %u %11s %d%n", &lane, kind, &slot, place, &adjust, &used) != 5)
		return false;
	*at += used;
	number = kind_of_name(kind);
	if (number < 0 || lane >= LANES || slot >= PROG_SLOTS)
		return false;
	op->kind = number;
	op->lane = lane;
	op->slot = slot;
	op->adjust = adjust;
	for (op->place = 0; op->place < PLACES; op->place++)
		if (!strcmp(place, place_names[op->place]))
			break;
	if (op->place == PLACES)
		return false;
	while (**at && **at != '\n') {
		if (**at == ' ') {
			++*at;
		} else if (**at == '[') {
			if (op->items == PROG_ITEMS || !get_item(at, &op->item[op->items++]))
				return false;
		} else if (n == PROG_VALUES || !get_value(at, &op->value[n++])) {
			return false;
		}
	}
	return true;
}

/*
 * Reads lines until one that says "program", an empty one or the end.  Lines that start with # or
 * // are comments.
 */
bool prog_parse(struct prog *prog, const char *text, const char **end)
{
	memset(prog, 0, sizeof(*prog));
	while (*text && *text != '\n' && strncmp(text, "program", 7)) {
		if (*text != '#' && *text != '/') {
			if (prog->ops == PROG_OPS || !get_op(&text, &prog->op[prog->ops++]))
				return false;
		}
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	if (end)
		*end = text;
	return true;
}

void prog_remove(struct prog *prog, unsigned int first, unsigned int count)
{
	if (first >= prog->ops)
		return;
	if (count > prog->ops - first)
		count = prog->ops - first;
	memmove(&prog->op[first], &prog->op[first + count],
		(prog->ops - first - count) * sizeof(prog->op[0]));
	prog->ops -= count;
}

bool prog_has_lane(const struct prog *prog, enum lane lane)
{
	unsigned int i;

	for (i = 0; i < prog->ops; i++)
		if (prog->op[i].lane == lane)
			return true;
	return false;
}
