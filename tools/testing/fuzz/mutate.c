// SPDX-License-Identifier: LGPL-2.1-or-later
/* Small changes of programs. */

#include <string.h>

#include "grammar.h"

static void insert(struct prog *prog, unsigned int at, const struct op *op)
{
	if (prog->ops == PROG_OPS)
		prog->ops--;
	if (at > prog->ops)
		at = prog->ops;
	memmove(&prog->op[at + 1], &prog->op[at], (prog->ops - at) * sizeof(*op));
	prog->op[at] = *op;
	prog->ops++;
}

static void mutate_item(struct random *random, struct op *op)
{
	struct item *item;
	unsigned int at;

	if (!op->items || one_in(random, 5)) {
		if (op->items < PROG_ITEMS)
			generate_item(random, op, &op->item[op->items++]);
		return;
	}
	at = random_below(random, op->items);
	item = &op->item[at];
	switch (random_below(random, 9)) {
	case 0:
		memmove(item, item + 1, (op->items - at - 1) * sizeof(*item));
		op->items--;
		break;
	case 1:
		generate_item(random, op, item);
		break;
	case 2:
		item->adjust = (int)random_below(random, 65) - 32;
		break;
	case 3:
		item->repeat = 1 + random_below(random, 1u << random_below(random, 10));
		break;
	case 4:
		if (item->words)
			item->word[random_below(random, item->words)] = generate_number(random);
		break;
	case 5:
		if (item->words)
			item->word[random_below(random, item->words)] +=
				(int64_t)random_below(random, 17) - 8;
		break;
	case 6:
		if (item->tail == TAIL_STRING)
			item->argument = random_below(random, STRINGS);
		else
			item->argument = random_below(random, 1u << random_below(random, 13));
		break;
	case 7:
		item->words = random_below(random, PROG_WORDS + 1);
		break;
	case 8:
		item->tail = random_below(random, 3);
		if (item->tail == TAIL_STRING)
			item->argument %= STRINGS;
		break;
	}
}

static void mutate_op(struct random *random, struct op *op)
{
	unsigned int n;

	switch (random_below(random, 10)) {
	case 0:
		op->slot = random_below(random, PROG_SLOTS);
		break;
	case 1:
		op->place = random_below(random, PLACES);
		break;
	case 2:
		op->adjust = (int)random_below(random, 65) - 32;
		break;
	case 3:
		if (op->lane || one_in(random, 8))
			op->lane = random_below(random, LANES);
		break;
	case 4:
	case 5:
		n = random_below(random, PROG_VALUES);
		op->value[n] = generate_value(random, op->kind, n);
		break;
	case 6:
		n = random_below(random, 4);
		op->value[n] ^= 1ULL << random_below(random, 5);
		break;
	default:
		mutate_item(random, op);
	}
}

/* Everything from some operation on goes to other lanes, or back to one. */
static void mutate_lanes(struct random *random, struct prog *prog)
{
	unsigned int from = random_below(random, prog->ops), lanes = 1, i;

	if (one_in(random, 8))
		lanes = 1 + random_below(random, LANES);

	for (i = from; i < prog->ops; i++)
		prog->op[i].lane = random_below(random, lanes);
}

static void mutate_once(struct random *random, struct prog *prog, const struct prog *other)
{
	unsigned int at = random_below(random, prog->ops), from;
	struct op op;

	switch (random_below(random, 13)) {
	case 0:
		prog_remove(prog, at, 1 + random_below(random, 3));
		break;
	case 1:
		insert(prog, random_below(random, prog->ops + 1), &prog->op[at]);
		break;
	case 2:
	case 3:
	case 4:
		generate_op(random, &op);
		op.lane = prog->op[at].lane;
		insert(prog, at + 1, &op);
		break;
	case 5:
		mutate_lanes(random, prog);
		break;
	case 6:
		if (!other->ops)
			break;
		from = random_below(random, other->ops);
		while (from < other->ops && at < PROG_OPS)
			prog->op[at++] = other->op[from++];
		prog->ops = at;
		break;
	case 7:
		if (other->ops)
			insert(prog, at + 1, &other->op[random_below(random, other->ops)]);
		break;
	case 8:
		scene_insert(random, prog, at + 1);
		break;
	default:
		mutate_op(random, &prog->op[at]);
	}
}

/* @other lends operations; it may be empty. */
void mutate_prog(struct random *random, struct prog *prog, const struct prog *other)
{
	unsigned int n = 1 + random_below(random, 5);

	while (n--) {
		if (!prog->ops)
			generate_prog(random, prog);
		mutate_once(random, prog, other);
	}
	if (!one_in(random, 6))
		fit_prog(random, prog);
}
