// SPDX-License-Identifier: LGPL-2.1-or-later
/* Numbers, references and items: mostly such as are of use. */

#include <string.h>

#include "choose.h"

static const uint64_t odd_numbers[] = {
	0, 1, 2, 7, 8, 15, 16, 17, 63, 64, 255, 256, 4095, 4096, 4097, 32767, 32768, 65536,
	2097151, 2097152, 2097153, 0x7fffffff, 0x80000000, 0xffffffff, 1ULL << 32, 1ULL << 62,
	1ULL << 63, ~0ULL, ~0ULL - 7, ~0ULL - 4095, 0x3fff, 0x4000, 0x1000, 0x2000,
};

#define N_ODD (sizeof(odd_numbers) / sizeof(odd_numbers[0]))

unsigned int choose_conn(struct random *random)
{
	if (one_in(random, 24))
		return random_below(random, PROG_SLOTS);
	return SLOT_CONN + random_below(random, one_in(random, 12) ? SLOT_CONNS : 3);
}

unsigned int choose_object(struct random *random)
{
	if (one_in(random, 12))
		return random_below(random, PROG_SLOTS);
	return SLOT_OBJECT + random_below(random, SLOT_OBJECTS);
}

unsigned int choose_memfd(struct random *random)
{
	if (one_in(random, 16))
		return choose_object(random);
	return SLOT_MEMFD + random_below(random, SLOT_MEMFDS);
}

uint64_t generate_number(struct random *random)
{
	switch (random_below(random, 4)) {
	case 0:
		return 1ULL << random_below(random, 64);
	case 1:
		return random_below(random, 16);
	default:
		return odd_numbers[random_below(random, N_ODD)];
	}
}

/* Some bits of the mask, now and then one that does not belong. */
uint64_t choose_flags(struct random *random, uint64_t mask)
{
	uint64_t value = random_next(random) & random_next(random) & mask;

	if (one_in(random, 40))
		value |= 1ULL << random_below(random, 63);
	if (one_in(random, 60))
		value |= KDBUS_FLAG_NEGOTIATE;
	return value;
}

uint64_t choose_attach(struct random *random)
{
	switch (random_below(random, 5)) {
	case 0:
		return _KDBUS_ATTACH_ANY;
	case 1:
		return _KDBUS_ATTACH_ALL;
	case 2:
		return 0;
	default:
		return choose_flags(random, _KDBUS_ATTACH_ALL);
	}
}

uint64_t choose_id(struct random *random)
{
	switch (random_below(random, 12)) {
	case 0:
		return 0;
	case 1:
		return ~0ULL;
	case 2:
		return random_below(random, 12);
	default:
		return symbol(SYMBOL_ID, choose_conn(random));
	}
}

static uint64_t address(struct random *random)
{
	unsigned int kind = MEMORY_OK;

	if (one_in(random, 5))
		kind = random_below(random, MEMORIES);
	if (one_in(random, 40))
		return generate_number(random);
	if (kind == MEMORY_POOL)
		return symbol(SYMBOL_MEMORY, (uint64_t)kind << MEMORY_SHIFT |
			      (uint64_t)choose_conn(random) << 32 | random_below(random, 512));
	if (kind == MEMORY_END)
		return symbol(SYMBOL_MEMORY, (uint64_t)kind << MEMORY_SHIFT |
			      (PAGE - random_below(random, 256)));
	return symbol(SYMBOL_MEMORY, (uint64_t)kind << MEMORY_SHIFT | random_below(random, PAGE));
}

uint64_t choose_size(struct random *random)
{
	switch (random_below(random, 8)) {
	case 0:
		return generate_number(random);
	case 1:
		return 1 + random_below(random, 100000);
	case 2:
		return PAGE * (1 + random_below(random, 64));
	default:
		return 1 + random_below(random, 300);
	}
}

uint64_t choose_deadline(struct random *random)
{
	switch (random_below(random, 10)) {
	case 0:
		return generate_number(random);
	case 1:
		return symbol(SYMBOL_NOW, 1000 * MILLISECOND);
	default:
		return symbol(SYMBOL_NOW, random_below(random, 6) * MILLISECOND);
	}
}

void item_words(struct item *item, unsigned int count, uint64_t a, uint64_t b, uint64_t c)
{
	item->words = count;
	item->word[0] = a;
	item->word[1] = b;
	item->word[2] = c;
}

void item_string(struct random *random, struct item *item, unsigned int good)
{
	item->tail = TAIL_STRING;
	item->argument = good;
	if (one_in(random, 16))
		item->argument = random_below(random, STRINGS);
}

static unsigned int some_name(struct random *random)
{
	return random_below(random, one_in(random, 8) ? STRING_BUS : one_in(random, 3) ? 6 : 2);
}

static void fill(struct random *random, struct item *item, unsigned int size)
{
	item->tail = TAIL_FILL;
	item->argument = size;
	item->seed = random_below(random, 6);
	if (one_in(random, 16))
		item->argument = random_below(random, 600) * (1 + 7 * one_in(random, 2));
}

static void name_change(struct random *random, struct item *item)
{
	item->words = 4;
	item->word[0] = one_in(random, 2) ? ~0ULL : choose_id(random);
	item->word[2] = one_in(random, 2) ? ~0ULL : choose_id(random);
	if (one_in(random, 2))
		item_string(random, item, some_name(random));
}

static void creds(struct random *random, struct item *item)
{
	unsigned int i;

	item->words = 8;
	for (i = 0; i < 8; i++)
		item->word[i] = one_in(random, 3) ? 0xffffffff : random_below(random, 1200);
}

/* A payload that fits the type; for a type that has none to offer, anything. */
static void payload(struct random *random, struct item *item)
{
	unsigned int i;

	switch (item->type) {
	case KDBUS_ITEM_PAYLOAD_VEC:
		item_words(item, 2, choose_size(random), one_in(random, 6) ? 0 : address(random), 0);
		break;
	case KDBUS_ITEM_PAYLOAD_MEMFD:
		item_words(item, 3, one_in(random, 3) ? random_below(random, 5000) : 0,
		      choose_size(random), symbol(SYMBOL_FD, choose_memfd(random)));
		break;
	case KDBUS_ITEM_FDS:
		item->words = random_below(random, 5);
		for (i = 0; i < item->words; i++)
			item->word[i] = symbol(SYMBOL_FD, one_in(random, 16) ? choose_conn(random) :
					       one_in(random, 2) ? choose_memfd(random) :
					       choose_object(random));
		break;
	case KDBUS_ITEM_DEADLINE:
		item_words(item, 1, choose_deadline(random), 0, 0);
		break;
	case KDBUS_ITEM_CANCEL_FD:
		item_words(item, 1, symbol(SYMBOL_FD, choose_object(random)), 0, 0);
		break;
	case KDBUS_ITEM_FREE:
		item->words = random_below(random, 4);
		for (i = 0; i < item->words; i++)
			item->word[i] = one_in(random, 8) ? generate_number(random) & ~7ULL :
					symbol(SYMBOL_OFFSET, choose_conn(random));
		break;
	case KDBUS_ITEM_BLOOM_PARAMETER:
		item_words(item, 2, one_in(random, 10) ? generate_number(random) :
		      8ULL << random_below(random, 4), 1 + random_below(random, 8), 0);
		break;
	case KDBUS_ITEM_BLOOM_FILTER:
		item_words(item, 1, random_below(random, 3), 0, 0);
		fill(random, item, 8u << (one_in(random, 4) * random_below(random, 4)));
		break;
	case KDBUS_ITEM_BLOOM_MASK:
		fill(random, item, (8u << (one_in(random, 4) * random_below(random, 4))) *
		     (1 + one_in(random, 4)));
		break;
	case KDBUS_ITEM_DST_NAME:
	case KDBUS_ITEM_NAME:
		item_string(random, item, some_name(random));
		break;
	case KDBUS_ITEM_MAKE_NAME:
		item_string(random, item, STRING_BUS + random_below(random, 4));
		break;
	case KDBUS_ITEM_CONN_DESCRIPTION:
	case KDBUS_ITEM_SECLABEL:
		item_string(random, item, random_below(random, STRING_BUS));
		break;
	case KDBUS_ITEM_ATTACH_FLAGS_SEND:
	case KDBUS_ITEM_ATTACH_FLAGS_RECV:
		item_words(item, 1, choose_attach(random), 0, 0);
		break;
	case KDBUS_ITEM_ID:
	case KDBUS_ITEM_DST_ID:
		item_words(item, 1, choose_id(random), 0, 0);
		break;
	case KDBUS_ITEM_CREDS:
		creds(random, item);
		break;
	case KDBUS_ITEM_PIDS:
		item_words(item, 3, one_in(random, 2), 1, random_below(random, 300));
		break;
	case KDBUS_ITEM_POLICY_ACCESS:
		item_words(item, 3, 1 + random_below(random, 3), random_below(random, 3),
		      one_in(random, 2) ? 0 : 1000 + random_below(random, 3));
		break;
	case KDBUS_ITEM_NAME_ADD:
	case KDBUS_ITEM_NAME_REMOVE:
	case KDBUS_ITEM_NAME_CHANGE:
		name_change(random, item);
		break;
	case KDBUS_ITEM_ID_ADD:
	case KDBUS_ITEM_ID_REMOVE:
		item_words(item, 2, choose_id(random), 0, 0);
		break;
	default:
		item->words = random_below(random, 4);
		for (i = 0; i < item->words; i++)
			item->word[i] = one_in(random, 2) ? random_below(random, 17) :
					generate_number(random);
	}
}

static const uint64_t every_type[] = {
	KDBUS_ITEM_NEGOTIATE, KDBUS_ITEM_PAYLOAD_VEC, KDBUS_ITEM_PAYLOAD_OFF,
	KDBUS_ITEM_PAYLOAD_MEMFD, KDBUS_ITEM_FDS, KDBUS_ITEM_CANCEL_FD, KDBUS_ITEM_BLOOM_PARAMETER,
	KDBUS_ITEM_BLOOM_FILTER, KDBUS_ITEM_BLOOM_MASK, KDBUS_ITEM_DST_NAME, KDBUS_ITEM_MAKE_NAME,
	KDBUS_ITEM_ATTACH_FLAGS_SEND, KDBUS_ITEM_ATTACH_FLAGS_RECV, KDBUS_ITEM_ID, KDBUS_ITEM_NAME,
	KDBUS_ITEM_DST_ID, KDBUS_ITEM_FREE, KDBUS_ITEM_LOST, KDBUS_ITEM_DEADLINE,
	KDBUS_ITEM_TIMESTAMP, KDBUS_ITEM_CREDS, KDBUS_ITEM_PIDS,
	KDBUS_ITEM_AUXGROUPS, KDBUS_ITEM_OWNED_NAME, KDBUS_ITEM_CMDLINE, KDBUS_ITEM_CAPS,
	KDBUS_ITEM_SECLABEL, KDBUS_ITEM_AUDIT, KDBUS_ITEM_CONN_DESCRIPTION,
	KDBUS_ITEM_POLICY_ACCESS, KDBUS_ITEM_NAME_ADD, KDBUS_ITEM_NAME_REMOVE,
	KDBUS_ITEM_NAME_CHANGE, KDBUS_ITEM_ID_ADD, KDBUS_ITEM_ID_REMOVE,
	KDBUS_ITEM_REPLY_TIMEOUT, KDBUS_ITEM_REPLY_DEAD,
};

#define N_EVERY (sizeof(every_type) / sizeof(every_type[0]))

/* The items that each command takes. */
static const uint64_t taken_types[OP_COMMANDS][10] = {
	[OP_BUS_MAKE] = { KDBUS_ITEM_MAKE_NAME, KDBUS_ITEM_BLOOM_PARAMETER,
			  KDBUS_ITEM_ATTACH_FLAGS_SEND },
	[OP_ENDPOINT_MAKE] = { KDBUS_ITEM_MAKE_NAME },
	[OP_ENDPOINT_UPDATE] = { KDBUS_ITEM_NAME, KDBUS_ITEM_POLICY_ACCESS,
				 KDBUS_ITEM_POLICY_ACCESS },
	[OP_HELLO] = { KDBUS_ITEM_NAME, KDBUS_ITEM_CREDS, KDBUS_ITEM_PIDS, KDBUS_ITEM_SECLABEL,
		       KDBUS_ITEM_CONN_DESCRIPTION, KDBUS_ITEM_POLICY_ACCESS },
	[OP_UPDATE] = { KDBUS_ITEM_ATTACH_FLAGS_SEND, KDBUS_ITEM_ATTACH_FLAGS_RECV,
			KDBUS_ITEM_NAME, KDBUS_ITEM_POLICY_ACCESS },
	[OP_CONN_INFO] = { KDBUS_ITEM_NAME },
	[OP_SEND] = { KDBUS_ITEM_PAYLOAD_VEC, KDBUS_ITEM_PAYLOAD_MEMFD, KDBUS_ITEM_FDS,
		      KDBUS_ITEM_BLOOM_FILTER, KDBUS_ITEM_DST_NAME, KDBUS_ITEM_PAYLOAD_VEC,
		      KDBUS_ITEM_CANCEL_FD, KDBUS_ITEM_FREE, KDBUS_ITEM_DEADLINE },
	[OP_RECV] = { KDBUS_ITEM_FREE },
	[OP_EXCHANGE] = { KDBUS_ITEM_FREE, KDBUS_ITEM_PAYLOAD_VEC, KDBUS_ITEM_PAYLOAD_VEC,
			  KDBUS_ITEM_PAYLOAD_MEMFD, KDBUS_ITEM_FDS, KDBUS_ITEM_DST_NAME,
			  KDBUS_ITEM_CANCEL_FD, KDBUS_ITEM_DEADLINE },
	[OP_ROOM] = { KDBUS_ITEM_NAME },
	[OP_NAME_ACQUIRE] = { KDBUS_ITEM_NAME },
	[OP_NAME_RELEASE] = { KDBUS_ITEM_NAME },
	[OP_MATCH_ADD] = { KDBUS_ITEM_BLOOM_MASK, KDBUS_ITEM_NAME, KDBUS_ITEM_ID,
			   KDBUS_ITEM_DST_ID, KDBUS_ITEM_NAME_ADD, KDBUS_ITEM_NAME_REMOVE,
			   KDBUS_ITEM_NAME_CHANGE, KDBUS_ITEM_ID_ADD, KDBUS_ITEM_ID_REMOVE },
};

uint64_t choose_type(struct random *random, unsigned int kind)
{
	unsigned int n;

	for (n = 0; n < 10 && taken_types[kind][n]; n++)
		;
	if (!n || one_in(random, 30))
		return every_type[random_below(random, N_EVERY)];
	return taken_types[kind][random_below(random, n)];
}

void item_init(struct random *random, struct op *op, struct item *item, uint64_t type)
{
	memset(item, 0, sizeof(*item));
	item->type = type;
	item->repeat = 1;
	item->message = (op->kind == OP_SEND || op->kind == OP_EXCHANGE) &&
			type != KDBUS_ITEM_CANCEL_FD && type != KDBUS_ITEM_FREE &&
			type != KDBUS_ITEM_DEADLINE;
	payload(random, item);
	if (one_in(random, 60))
		item->type = one_in(random, 2) ? generate_number(random) :
			     every_type[random_below(random, N_EVERY)];
	if (one_in(random, 50))
		item->adjust = (int)random_below(random, 33) - 16;
	if (one_in(random, 50))
		item->repeat = 1 + random_below(random, one_in(random, 4) ? 600 : 40);
	if (one_in(random, 60))
		item->message ^= 1;
}

/* An item for this operation: of a type that the command takes, or of any. */
void generate_item(struct random *random, struct op *op, struct item *item)
{
	uint64_t type = op->kind < OP_COMMANDS ? choose_type(random, op->kind) :
			every_type[random_below(random, N_EVERY)];

	item_init(random, op, item, type);
}
