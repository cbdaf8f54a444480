// SPDX-License-Identifier: LGPL-2.1-or-later
/* Programs from nothing but random numbers: mostly sensible, often slightly wrong. */

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#include "grammar.h"

/* Slots have habits, so that operations meet: control files first, then endpoints, then others. */
#define SLOT_CONTROL	0
#define SLOT_OTHER_BUS	1
#define SLOT_ENDPOINT	2
#define SLOT_CONN	3
#define SLOT_CONNS	6
#define SLOT_OBJECT	9
#define SLOT_OBJECTS	5
#define SLOT_MOUNT	14

#define PAGE		4096ULL
#define MILLISECOND	1000000ULL

static const uint64_t odd_numbers[] = {
	0, 1, 2, 7, 8, 15, 16, 17, 63, 64, 255, 256, 4095, 4096, 4097, 32767, 32768, 65536,
	2097151, 2097152, 2097153, 0x7fffffff, 0x80000000, 0xffffffff, 1ULL << 32, 1ULL << 62,
	1ULL << 63, ~0ULL, ~0ULL - 7, ~0ULL - 4095, 0x3fff, 0x4000, 0x1000, 0x2000,
};

#define N_ODD (sizeof(odd_numbers) / sizeof(odd_numbers[0]))

static unsigned int conn_slot(struct random *random)
{
	if (one_in(random, 24))
		return random_below(random, PROG_SLOTS);
	return SLOT_CONN + random_below(random, one_in(random, 12) ? SLOT_CONNS : 3);
}

static unsigned int object_slot(struct random *random)
{
	if (one_in(random, 12))
		return random_below(random, PROG_SLOTS);
	return SLOT_OBJECT + random_below(random, SLOT_OBJECTS);
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
static uint64_t flags(struct random *random, uint64_t mask)
{
	uint64_t value = random_next(random) & random_next(random) & mask;

	if (one_in(random, 40))
		value |= 1ULL << random_below(random, 63);
	if (one_in(random, 60))
		value |= KDBUS_FLAG_NEGOTIATE;
	return value;
}

static uint64_t attach(struct random *random)
{
	switch (random_below(random, 5)) {
	case 0:
		return _KDBUS_ATTACH_ANY;
	case 1:
		return _KDBUS_ATTACH_ALL;
	case 2:
		return 0;
	default:
		return flags(random, _KDBUS_ATTACH_ALL);
	}
}

static uint64_t any_id(struct random *random)
{
	switch (random_below(random, 12)) {
	case 0:
		return 0;
	case 1:
		return ~0ULL;
	case 2:
		return random_below(random, 12);
	default:
		return symbol(SYMBOL_ID, conn_slot(random));
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
			      (uint64_t)conn_slot(random) << 32 | random_below(random, 512));
	if (kind == MEMORY_END)
		return symbol(SYMBOL_MEMORY, (uint64_t)kind << MEMORY_SHIFT |
			      (PAGE - random_below(random, 256)));
	return symbol(SYMBOL_MEMORY, (uint64_t)kind << MEMORY_SHIFT | random_below(random, PAGE));
}

static uint64_t payload_size(struct random *random)
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

static uint64_t deadline(struct random *random)
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

static void words(struct item *item, unsigned int count, uint64_t a, uint64_t b, uint64_t c)
{
	item->words = count;
	item->word[0] = a;
	item->word[1] = b;
	item->word[2] = c;
}

static void string(struct random *random, struct item *item, unsigned int good)
{
	item->tail = TAIL_STRING;
	item->argument = good;
	if (one_in(random, 16))
		item->argument = random_below(random, STRINGS);
}

static unsigned int some_name(struct random *random)
{
	return random_below(random, one_in(random, 6) ? STRING_BUS : 4);
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
	item->word[0] = one_in(random, 2) ? ~0ULL : any_id(random);
	item->word[2] = one_in(random, 2) ? ~0ULL : any_id(random);
	if (one_in(random, 2))
		string(random, item, some_name(random));
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
		words(item, 2, payload_size(random), one_in(random, 6) ? 0 : address(random), 0);
		break;
	case KDBUS_ITEM_PAYLOAD_MEMFD:
		words(item, 3, one_in(random, 3) ? random_below(random, 5000) : 0,
		      payload_size(random), symbol(SYMBOL_FD, object_slot(random)));
		break;
	case KDBUS_ITEM_FDS:
		item->words = random_below(random, 5);
		for (i = 0; i < item->words; i++)
			item->word[i] = symbol(SYMBOL_FD, one_in(random, 4) ? conn_slot(random) :
					       object_slot(random));
		break;
	case KDBUS_ITEM_CANCEL_FD:
		words(item, 1, symbol(SYMBOL_FD, object_slot(random)), 0, 0);
		break;
	case KDBUS_ITEM_BLOOM_PARAMETER:
		words(item, 2, one_in(random, 10) ? generate_number(random) :
		      8ULL << random_below(random, 4), 1 + random_below(random, 8), 0);
		break;
	case KDBUS_ITEM_BLOOM_FILTER:
		words(item, 1, random_below(random, 3), 0, 0);
		fill(random, item, 8u << random_below(random, 4));
		break;
	case KDBUS_ITEM_BLOOM_MASK:
		fill(random, item, (8u << random_below(random, 4)) * (1 + one_in(random, 4)));
		break;
	case KDBUS_ITEM_DST_NAME:
	case KDBUS_ITEM_NAME:
		string(random, item, some_name(random));
		break;
	case KDBUS_ITEM_MAKE_NAME:
		string(random, item, STRING_BUS + random_below(random, 4));
		break;
	case KDBUS_ITEM_CONN_DESCRIPTION:
	case KDBUS_ITEM_SECLABEL:
		string(random, item, random_below(random, STRING_BUS));
		break;
	case KDBUS_ITEM_ATTACH_FLAGS_SEND:
	case KDBUS_ITEM_ATTACH_FLAGS_RECV:
		words(item, 1, attach(random), 0, 0);
		break;
	case KDBUS_ITEM_ID:
	case KDBUS_ITEM_DST_ID:
		words(item, 1, any_id(random), 0, 0);
		break;
	case KDBUS_ITEM_CREDS:
		creds(random, item);
		break;
	case KDBUS_ITEM_PIDS:
		words(item, 3, one_in(random, 2), 1, random_below(random, 300));
		break;
	case KDBUS_ITEM_POLICY_ACCESS:
		words(item, 3, 1 + random_below(random, 3), random_below(random, 3),
		      one_in(random, 2) ? 0 : 1000 + random_below(random, 3));
		break;
	case KDBUS_ITEM_NAME_ADD:
	case KDBUS_ITEM_NAME_REMOVE:
	case KDBUS_ITEM_NAME_CHANGE:
		name_change(random, item);
		break;
	case KDBUS_ITEM_ID_ADD:
	case KDBUS_ITEM_ID_REMOVE:
		words(item, 2, any_id(random), 0, 0);
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
	KDBUS_ITEM_DST_ID, KDBUS_ITEM_TIMESTAMP, KDBUS_ITEM_CREDS, KDBUS_ITEM_PIDS,
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
		      KDBUS_ITEM_CANCEL_FD },
	[OP_NAME_ACQUIRE] = { KDBUS_ITEM_NAME },
	[OP_NAME_RELEASE] = { KDBUS_ITEM_NAME },
	[OP_MATCH_ADD] = { KDBUS_ITEM_BLOOM_MASK, KDBUS_ITEM_NAME, KDBUS_ITEM_ID,
			   KDBUS_ITEM_DST_ID, KDBUS_ITEM_NAME_ADD, KDBUS_ITEM_NAME_REMOVE,
			   KDBUS_ITEM_NAME_CHANGE, KDBUS_ITEM_ID_ADD, KDBUS_ITEM_ID_REMOVE },
};

static uint64_t taken_type(struct random *random, unsigned int kind)
{
	unsigned int n;

	for (n = 0; n < 10 && taken_types[kind][n]; n++)
		;
	if (!n || one_in(random, 30))
		return every_type[random_below(random, N_EVERY)];
	return taken_types[kind][random_below(random, n)];
}

static void shape_item(struct random *random, struct op *op, struct item *item, uint64_t type)
{
	memset(item, 0, sizeof(*item));
	item->type = type;
	item->repeat = 1;
	item->message = op->kind == OP_SEND && type != KDBUS_ITEM_CANCEL_FD;
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
	uint64_t type = op->kind < OP_COMMANDS ? taken_type(random, op->kind) :
			every_type[random_below(random, N_EVERY)];

	shape_item(random, op, item, type);
}

static struct item *add(struct random *random, struct op *op, uint64_t type)
{
	struct item *item;

	if (op->items == PROG_ITEMS)
		return &op->item[0];
	item = &op->item[op->items++];
	shape_item(random, op, item, type);
	return item;
}

static void items(struct random *random, struct op *op)
{
	unsigned int n = 0;

	switch (op->kind) {
	case OP_BUS_MAKE:
		add(random, op, KDBUS_ITEM_MAKE_NAME);
		add(random, op, KDBUS_ITEM_BLOOM_PARAMETER);
		if (one_in(random, 2))
			add(random, op, KDBUS_ITEM_ATTACH_FLAGS_SEND);
		break;
	case OP_ENDPOINT_MAKE:
		string(random, add(random, op, KDBUS_ITEM_MAKE_NAME), STRING_ENDPOINT);
		break;
	case OP_NAME_ACQUIRE:
	case OP_NAME_RELEASE:
		add(random, op, KDBUS_ITEM_NAME);
		break;
	case OP_HELLO:
		if (op->value[0] & (KDBUS_HELLO_ACTIVATOR | KDBUS_HELLO_POLICY_HOLDER))
			add(random, op, KDBUS_ITEM_NAME);
		n = one_in(random, 3) * random_below(random, 4);
		break;
	case OP_ENDPOINT_UPDATE:
	case OP_MATCH_ADD:
		n = random_below(random, 5);
		break;
	case OP_UPDATE:
	case OP_CONN_INFO:
		n = random_below(random, 3);
		break;
	default:
		n = one_in(random, 40);
	}
	while (n--)
		add(random, op, taken_type(random, op->kind));
	if (one_in(random, 40))
		add(random, op, KDBUS_ITEM_NEGOTIATE);
}

/* The usual kinds of message; what is wrong with them comes later. */
static void generate_send(struct random *random, struct op *op)
{
	unsigned int n = 1 + random_below(random, 3);
	struct item *item;

	op->value[4] = KDBUS_PAYLOAD_DBUS;
	op->value[5] = 1 + random_below(random, 5);
	op->value[2] = symbol(SYMBOL_ID, conn_slot(random));
	op->value[7] = random_below(random, 3);
	switch (random_below(random, 8)) {
	case 0:
	case 1:
		op->value[1] = KDBUS_MSG_SIGNAL;
		if (!one_in(random, 4))
			op->value[2] = KDBUS_DST_ID_BROADCAST;
		add(random, op, KDBUS_ITEM_BLOOM_FILTER);
		break;
	case 2:
	case 3:
		op->value[1] = KDBUS_MSG_EXPECT_REPLY;
		op->value[0] = one_in(random, 2) ? KDBUS_SEND_SYNC_REPLY : 0;
		op->value[6] = deadline(random);
		if (one_in(random, 4))
			add(random, op, KDBUS_ITEM_CANCEL_FD);
		break;
	case 4:
	case 5:
		op->value[2] = symbol(SYMBOL_SENDER, op->slot);
		op->value[6] = symbol(SYMBOL_COOKIE, op->slot);
		break;
	}
	if (one_in(random, 4) && op->value[2] != KDBUS_DST_ID_BROADCAST) {
		if (!one_in(random, 4))
			op->value[2] = 0;
		add(random, op, KDBUS_ITEM_DST_NAME);
		if (one_in(random, 4))
			op->value[1] |= KDBUS_MSG_NO_AUTO_START;
	}
	while (n--)
		add(random, op, KDBUS_ITEM_PAYLOAD_VEC);
	if (one_in(random, 5))
		add(random, op, KDBUS_ITEM_PAYLOAD_MEMFD);
	if (one_in(random, 6)) {
		item = add(random, op, KDBUS_ITEM_FDS);
		item->message = 1;
	}
	if (one_in(random, 60))
		op->value[8] = random_below(random, PLACES);
	if (one_in(random, 60))
		op->value[9] = random_below(random, 33) - 16;
}

/* A value for place @n of an operation, as generate_op() fills them. */
uint64_t generate_value(struct random *random, unsigned int kind, unsigned int n)
{
	if (kind == OP_SEND && n == 6)
		return deadline(random);
	if ((kind == OP_SEND || kind == OP_CONN_INFO) && (n == 1 || n == 2))
		return any_id(random);
	if (kind == OP_HELLO && n == 3)
		return PAGE * (1 + random_below(random, 300));
	if (kind == OP_FREE && n == 1)
		return symbol(SYMBOL_OFFSET, conn_slot(random));
	if (one_in(random, 3))
		return flags(random, 0xf);
	return generate_number(random);
}

static void generate_command(struct random *random, struct op *op)
{
	op->slot = conn_slot(random);
	switch (op->kind) {
	case OP_BUS_MAKE:
		op->slot = random_below(random, 2);
		op->value[0] = flags(random, 3);
		break;
	case OP_ENDPOINT_MAKE:
	case OP_ENDPOINT_UPDATE:
		op->slot = SLOT_ENDPOINT;
		op->value[0] = op->kind == OP_ENDPOINT_MAKE ? flags(random, 3) : flags(random, 0);
		break;
	case OP_HELLO:
		op->value[0] = one_in(random, 3) ? flags(random, 0xf) : KDBUS_HELLO_ACCEPT_FD;
		op->value[1] = attach(random);
		op->value[2] = attach(random);
		op->value[3] = PAGE << random_below(random, 10);
		if (one_in(random, 20))
			op->value[3] = generate_number(random);
		break;
	case OP_FREE:
		op->value[1] = symbol(SYMBOL_OFFSET, op->slot);
		break;
	case OP_CONN_INFO:
	case OP_CREATOR_INFO:
		op->value[1] = any_id(random);
		op->value[2] = attach(random);
		break;
	case OP_LIST:
		op->value[0] = flags(random, 0xf) | flags(random, 0xf);
		break;
	case OP_SEND:
		generate_send(random, op);
		break;
	case OP_RECV:
		op->value[0] = one_in(random, 3) ? flags(random, 7) : 0;
		op->value[1] = random_below(random, 3);
		break;
	case OP_NAME_ACQUIRE:
		op->value[0] = flags(random, 7);
		break;
	case OP_MATCH_ADD:
		op->value[0] = flags(random, 1);
		/* fall through */
	case OP_MATCH_REMOVE:
		op->value[1] = random_below(random, 4);
		break;
	}
	items(random, op);
	if (one_in(random, 30))
		op->place = random_below(random, PLACES);
	if (one_in(random, 40))
		op->adjust = one_in(random, 3) ? (int)generate_number(random) :
			     (int)random_below(random, 33) - 16;
	if (one_in(random, 60))
		op->value[0] |= KDBUS_FLAG_NEGOTIATE;
}

static void generate_open(struct random *random, struct op *op)
{
	op->value[0] = one_in(random, 3) ? random_below(random, NODES) : NODE_BUS;
	op->value[1] = one_in(random, 6) ? random_below(random, 3) : 0;
	op->value[3] = one_in(random, 8) ? generate_number(random) : 0;
	switch (op->value[0]) {
	case NODE_CONTROL:
		op->slot = random_below(random, 2);
		break;
	case NODE_BUS:
	case NODE_ENDPOINT:
		op->slot = one_in(random, 6) ? SLOT_ENDPOINT : conn_slot(random);
		break;
	case NODE_MOUNT_CONTROL:
	case NODE_MOUNT_BUS:
		op->slot = op->value[0] == NODE_MOUNT_CONTROL ? SLOT_OTHER_BUS : conn_slot(random);
		op->value[2] = SLOT_MOUNT;
		break;
	default:
		op->slot = object_slot(random);
	}
}

static void generate_call(struct random *random, struct op *op)
{
	op->slot = conn_slot(random);
	switch (op->kind) {
	case OP_OPEN:
		generate_open(random, op);
		break;
	case OP_IOCTL:
		op->value[0] = one_in(random, 2) ? generate_number(random) :
			       0x9500 + random_below(random, 256) + ((random_next(random) & 0xff) << 24);
		break;
	case OP_MAKE:
		op->slot = object_slot(random);
		op->value[0] = one_in(random, 2) ? OBJECT_MEMFD : random_below(random, OBJECTS);
		op->value[1] = payload_size(random) & 0xfffff;
		op->value[2] = one_in(random, 4) ? random_below(random, 16) : 15;
		break;
	case OP_CLOSE:
		if (one_in(random, 4))
			op->slot = random_below(random, PROG_SLOTS);
		break;
	case OP_DUP:
	case OP_PASS:
		op->value[0] = conn_slot(random);
		break;
	case OP_MMAP:
		op->value[0] = one_in(random, 3) ? random_below(random, 40) : 0;
		op->value[1] = one_in(random, 4) ? random_below(random, 40) : 0;
		op->value[2] = one_in(random, 6) ? random_below(random, 8) : PROT_READ;
		op->value[3] = one_in(random, 3) ? MAP_PRIVATE : MAP_SHARED;
		break;
	case OP_MPROTECT:
		op->value[0] = random_below(random, 8);
		break;
	case OP_POLL:
		op->value[0] = random_below(random, 6);
		op->value[1] = one_in(random, 3) ? random_below(random, 0x400) : POLLIN;
		break;
	case OP_EPOLL:
		op->slot = object_slot(random);
		op->value[0] = 1 + random_below(random, 3);
		op->value[1] = conn_slot(random);
		op->value[2] = EPOLLIN | (one_in(random, 3) ? EPOLLET : 0);
		break;
	case OP_EPOLL_WAIT:
		op->slot = object_slot(random);
		op->value[0] = random_below(random, 4);
		break;
	case OP_FILE:
		op->slot = one_in(random, 2) ? object_slot(random) : conn_slot(random);
		op->value[0] = random_below(random, FILE_CALLS);
		op->value[1] = random_below(random, 64);
		break;
	case OP_MOUNT:
		op->slot = SLOT_MOUNT;
		op->value[0] = random_below(random, 2);
		op->value[1] = random_below(random, 13);
		op->value[2] = one_in(random, 4) ? generate_number(random) : random_below(random, 20);
		break;
	case OP_USER:
		op->value[0] = one_in(random, 2) ? 0 : 1000 + random_below(random, 2);
		break;
	case OP_SIGNAL:
		op->value[0] = random_below(random, LANES);
		break;
	case OP_FLIP:
		op->value[0] = 1 + random_below(random, 4000);
		op->value[1] = generate_number(random);
		break;
	}
}

/* How often each kind is chosen, in parts of their sum. */
static const unsigned char weights[OP_KINDS] = {
	[OP_BUS_MAKE] = 2, [OP_ENDPOINT_MAKE] = 3, [OP_ENDPOINT_UPDATE] = 4, [OP_HELLO] = 10,
	[OP_UPDATE] = 5, [OP_BYEBYE] = 2, [OP_FREE] = 10, [OP_CONN_INFO] = 7,
	[OP_CREATOR_INFO] = 2, [OP_LIST] = 4, [OP_SEND] = 40, [OP_RECV] = 24,
	[OP_NAME_ACQUIRE] = 14, [OP_NAME_RELEASE] = 6, [OP_MATCH_ADD] = 12,
	[OP_MATCH_REMOVE] = 3, [OP_IOCTL] = 1, [OP_OPEN] = 8, [OP_MAKE] = 6, [OP_CLOSE] = 5,
	[OP_DUP] = 2, [OP_MMAP] = 4, [OP_MUNMAP] = 1, [OP_MPROTECT] = 1, [OP_WALK] = 3,
	[OP_POLL] = 3, [OP_EPOLL] = 3, [OP_EPOLL_WAIT] = 2, [OP_PASS] = 2, [OP_FILE] = 4,
	[OP_MOUNT] = 1, [OP_USER] = 2, [OP_USERNS] = 1, [OP_SIGNAL] = 1, [OP_FLIP] = 2,
	[OP_YIELD] = 1,
};

void generate_op(struct random *random, struct op *op)
{
	unsigned int sum = 0, at, i;

	for (i = 0; i < OP_KINDS; i++)
		sum += weights[i];
	at = random_below(random, sum);
	for (i = 0; at >= weights[i]; i++)
		at -= weights[i];
	memset(op, 0, sizeof(*op));
	op->kind = i;
	if (i < OP_COMMANDS)
		generate_command(random, op);
	else
		generate_call(random, op);
}

static struct op *append(struct prog *prog, unsigned int kind, unsigned int slot)
{
	struct op *op = &prog->op[prog->ops++];

	memset(op, 0, sizeof(*op));
	op->kind = kind;
	op->slot = slot;
	return op;
}

static void plain_hello(struct random *random, struct op *op)
{
	memset(op, 0, sizeof(*op));
	op->kind = OP_HELLO;
	op->value[0] = one_in(random, 4) ? 0 : KDBUS_HELLO_ACCEPT_FD;
	op->value[1] = one_in(random, 2) ? _KDBUS_ATTACH_ANY : random_next(random) & _KDBUS_ATTACH_ALL;
	op->value[2] = one_in(random, 2) ? 0 : random_next(random) & _KDBUS_ATTACH_ALL;
	op->value[3] = PAGE << random_below(random, 10);
}

/* A bus and some connections, without which little happens. */
static void generate_start(struct random *random, struct prog *prog)
{
	unsigned int conns = 2 + random_below(random, 3), i;
	struct op *op;

	append(prog, OP_OPEN, SLOT_CONTROL)->value[0] = NODE_CONTROL;
	op = append(prog, OP_BUS_MAKE, SLOT_CONTROL);
	op->value[0] = one_in(random, 4) ? 0 : KDBUS_MAKE_ACCESS_WORLD;
	items(random, op);
	if (!one_in(random, 16)) {
		op->items = 2;
		op->item[0] = (struct item){ .type = KDBUS_ITEM_MAKE_NAME, .repeat = 1,
					     .tail = TAIL_STRING, .argument = STRING_BUS };
		op->item[1] = (struct item){ .type = KDBUS_ITEM_BLOOM_PARAMETER, .repeat = 1 };
		words(&op->item[1], 2, 8ULL << random_below(random, 3), 1, 0);
	}
	if (one_in(random, 5)) {
		append(prog, OP_OPEN, SLOT_ENDPOINT)->value[0] = NODE_BUS;
		op = append(prog, OP_ENDPOINT_MAKE, SLOT_ENDPOINT);
		op->value[0] = KDBUS_MAKE_ACCESS_WORLD;
		items(random, op);
	}
	for (i = 0; i < conns; i++) {
		append(prog, OP_OPEN, SLOT_CONN + i)->value[0] =
			one_in(random, 10) ? NODE_ENDPOINT : NODE_BUS;
		op = append(prog, OP_HELLO, SLOT_CONN + i);
		generate_command(random, op);
		if (!one_in(random, 5))
			plain_hello(random, op);
		op->slot = SLOT_CONN + i;
		op = append(prog, OP_MMAP, SLOT_CONN + i);
		op->value[2] = PROT_READ;
		op->value[3] = MAP_SHARED;
	}
}

void generate_prog(struct random *random, struct prog *prog)
{
	unsigned int body = 4 + random_below(random, 24), lanes = 0, i;

	memset(prog, 0, sizeof(*prog));
	if (!one_in(random, 20))
		generate_start(random, prog);
	/* Other lanes cost as much as ten programs, above all the process. */
	if (one_in(random, 12))
		lanes = 1 + random_below(random, LANES - 1);
	for (i = 0; i < body && prog->ops < PROG_OPS; i++) {
		struct op *op = &prog->op[prog->ops++];

		generate_op(random, op);
		if (lanes && i > body / 3)
			op->lane = random_below(random, lanes + 1);
	}
}
