// SPDX-License-Identifier: LGPL-2.1-or-later
/* Programs from nothing but random numbers: mostly sensible, often slightly wrong. */

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#include "choose.h"
#include "grammar.h"

static struct item *add(struct random *random, struct op *op, uint64_t type)
{
	struct item *item;

	if (op->items == PROG_ITEMS)
		return &op->item[0];
	item = &op->item[op->items++];
	item_init(random, op, item, type);
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
		item_string(random, add(random, op, KDBUS_ITEM_MAKE_NAME), STRING_ENDPOINT);
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
	case OP_RECV:
		n = one_in(random, 6);
		break;
	default:
		n = one_in(random, 40);
	}
	while (n--)
		add(random, op, choose_type(random, op->kind));
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
	op->value[2] = symbol(SYMBOL_ID, choose_conn(random));
	op->value[7] = random_below(random, 3);
	switch (random_below(random, 9)) {
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
		op->value[6] = choose_deadline(random);
		if (one_in(random, 4))
			add(random, op, KDBUS_ITEM_CANCEL_FD);
		break;
	case 4:
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

/* Waits for room, seldom without a deadline. */
static void generate_wait(struct random *random, struct op *op, uint64_t flag)
{
	op->value[0] |= flag;
	if (!one_in(random, 6))
		add(random, op, KDBUS_ITEM_DEADLINE);
	if (one_in(random, 8))
		add(random, op, KDBUS_ITEM_CANCEL_FD);
}

/* Answers the last message, gives it back, and waits for the next; each now and then. */
static void generate_exchange(struct random *random, struct op *op)
{
	if (one_in(random, 3))
		op->value[8] = PLACE_NULL;
	else
		generate_send(random, op);
	op->value[0] = one_in(random, 4) ? KDBUS_EXCHANGE_USE_PRIORITY : 0;
	op->value[10] = one_in(random, 3) ? 0 : choose_deadline(random);
	op->value[11] = random_below(random, 3);
	if (op->value[8] != PLACE_NULL && one_in(random, 6))
		generate_wait(random, op, KDBUS_EXCHANGE_SEND_WAIT);
	if (one_in(random, 2))
		add(random, op, KDBUS_ITEM_FREE);
}

/* A value for place @n of an operation, as generate_op() fills them. */
uint64_t generate_value(struct random *random, unsigned int kind, unsigned int n)
{
	if (((kind == OP_SEND || kind == OP_EXCHANGE) && n == 6) || n == 10)
		return choose_deadline(random);
	if ((kind == OP_SEND || kind == OP_EXCHANGE || kind == OP_CONN_INFO) && (n == 1 || n == 2))
		return choose_id(random);
	if (kind == OP_HELLO && n == 3)
		return PAGE * (1 + random_below(random, 300));
	if (kind == OP_FREE && n == 1)
		return symbol(SYMBOL_OFFSET, choose_conn(random));
	if (one_in(random, 3))
		return choose_flags(random, 0xf);
	return generate_number(random);
}

static void generate_command(struct random *random, struct op *op)
{
	op->slot = choose_conn(random);
	switch (op->kind) {
	case OP_BUS_MAKE:
		op->slot = random_below(random, 2);
		op->value[0] = choose_flags(random, 3);
		break;
	case OP_ENDPOINT_MAKE:
	case OP_ENDPOINT_UPDATE:
		op->slot = SLOT_ENDPOINT;
		op->value[0] = op->kind == OP_ENDPOINT_MAKE ? choose_flags(random, 3) : choose_flags(random, 0);
		break;
	case OP_HELLO:
		op->value[0] = one_in(random, 3) ? choose_flags(random, 0xf) : KDBUS_HELLO_ACCEPT_FD;
		if (one_in(random, 3))
			op->value[0] |= KDBUS_HELLO_LOSS_IN_PLACE;
		op->value[1] = choose_attach(random);
		op->value[2] = choose_attach(random);
		op->value[3] = PAGE << random_below(random, 10);
		if (one_in(random, 20))
			op->value[3] = generate_number(random);
		break;
	case OP_FREE:
		op->value[1] = symbol(SYMBOL_OFFSET, op->slot);
		break;
	case OP_CONN_INFO:
	case OP_CREATOR_INFO:
		op->value[1] = choose_id(random);
		op->value[2] = choose_attach(random);
		break;
	case OP_LIST:
		op->value[0] = choose_flags(random, 0xf) | choose_flags(random, 0xf);
		break;
	case OP_SEND:
		generate_send(random, op);
		if (one_in(random, 8))
			generate_wait(random, op, KDBUS_SEND_WAIT);
		break;
	case OP_EXCHANGE:
		generate_exchange(random, op);
		break;
	case OP_ROOM:
		op->value[1] = choose_id(random);
		op->value[2] = choose_size(random);
		op->value[3] = one_in(random, 3) ? random_below(random, 20) : 0;
		if (one_in(random, 3))
			add(random, op, KDBUS_ITEM_NAME);
		if (op->items && !one_in(random, 3))
			op->value[1] = 0;
		break;
	case OP_RECV:
		op->value[0] = one_in(random, 3) ? choose_flags(random, 7) : 0;
		op->value[1] = random_below(random, 3);
		break;
	case OP_NAME_ACQUIRE:
		op->value[0] = choose_flags(random, 7);
		break;
	case OP_MATCH_ADD:
		op->value[0] = choose_flags(random, 1);
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
		op->slot = one_in(random, 6) ? SLOT_ENDPOINT : choose_conn(random);
		break;
	case NODE_MOUNT_CONTROL:
	case NODE_MOUNT_BUS:
		op->slot = op->value[0] == NODE_MOUNT_CONTROL ? SLOT_OTHER_BUS : choose_conn(random);
		op->value[2] = SLOT_MOUNT;
		break;
	default:
		op->slot = choose_object(random);
	}
}

static void generate_call(struct random *random, struct op *op)
{
	op->slot = choose_conn(random);
	switch (op->kind) {
	case OP_OPEN:
		generate_open(random, op);
		break;
	case OP_IOCTL:
		op->value[0] = one_in(random, 2) ? generate_number(random) :
			       0x9500 + random_below(random, 256) + ((random_next(random) & 0xff) << 24);
		break;
	case OP_MAKE:
		op->value[0] = one_in(random, 2) ? OBJECT_MEMFD : random_below(random, OBJECTS);
		op->slot = op->value[0] == OBJECT_MEMFD ? choose_memfd(random) :
			   op->value[0] == OBJECT_EPOLL ? SLOT_EPOLL : choose_object(random);
		op->value[1] = choose_size(random) & 0xfffff;
		op->value[2] = one_in(random, 4) ? random_below(random, 64) : 15;
		break;
	case OP_CLOSE:
		if (one_in(random, 4))
			op->slot = random_below(random, PROG_SLOTS);
		break;
	case OP_DUP:
	case OP_PASS:
		op->value[0] = choose_conn(random);
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
		op->value[1] = one_in(random, 3) ? random_below(random, 0x400) : POLLIN | POLLPRI;
		break;
	case OP_EPOLL:
		op->slot = SLOT_EPOLL;
		op->value[0] = one_in(random, 3) ? 1 + random_below(random, 3) : EPOLL_CTL_ADD;
		op->value[1] = choose_conn(random);
		op->value[2] = EPOLLIN | EPOLLPRI | (one_in(random, 3) ? EPOLLET : 0);
		break;
	case OP_EPOLL_WAIT:
		op->slot = SLOT_EPOLL;
		op->value[0] = random_below(random, 4);
		break;
	case OP_FILE:
		op->slot = one_in(random, 2) ? choose_object(random) : choose_conn(random);
		op->value[0] = random_below(random, FILE_CALLS);
		op->value[1] = random_below(random, 64);
		break;
	case OP_MOUNT:
		op->slot = SLOT_MOUNT;
		op->value[0] = random_below(random, 2);
		op->value[1] = random_below(random, 14);
		op->value[2] = one_in(random, 4) ? generate_number(random) : random_below(random, 20);
		break;
	case OP_USER:
		op->value[0] = one_in(random, 2) ? 0 : 1000 + random_below(random, 2);
		if (one_in(random, 3))
			op->value[0] |= USER_GROUPS;
		break;
	case OP_SIGNAL:
		op->value[0] = random_below(random, LANES);
		break;
	case OP_AGAIN:
		op->value[0] = random_below(random, 1u << random_below(random, 9));
		break;
	case OP_FLIP:
		op->value[0] = 1 + random_below(random, 4000);
		op->value[1] = one_in(random, 4) ? 0 : generate_number(random);
		break;
	case OP_CROWD:
		op->value[0] = 1 + random_below(random, CROWD_MAX);
		op->value[1] = random_below(random, 8);
		break;
	}
}

/* How often each kind is chosen, in parts of their sum. */
static const unsigned char weights[OP_KINDS] = {
	[OP_BUS_MAKE] = 2, [OP_ENDPOINT_MAKE] = 3, [OP_ENDPOINT_UPDATE] = 4, [OP_HELLO] = 5,
	[OP_UPDATE] = 5, [OP_BYEBYE] = 2, [OP_FREE] = 10, [OP_CONN_INFO] = 7,
	[OP_CREATOR_INFO] = 2, [OP_LIST] = 4, [OP_SEND] = 40, [OP_RECV] = 24,
	[OP_NAME_ACQUIRE] = 14, [OP_NAME_RELEASE] = 6, [OP_MATCH_ADD] = 12,
	[OP_MATCH_REMOVE] = 3, [OP_EXCHANGE] = 16, [OP_ROOM] = 6, [OP_IOCTL] = 1, [OP_OPEN] = 5, [OP_MAKE] = 6,
	[OP_CLOSE] = 2,
	[OP_DUP] = 2, [OP_MMAP] = 4, [OP_MUNMAP] = 1, [OP_MPROTECT] = 1, [OP_WALK] = 3,
	[OP_POLL] = 3, [OP_EPOLL] = 3, [OP_EPOLL_WAIT] = 2, [OP_PASS] = 2, [OP_FILE] = 4,
	[OP_MOUNT] = 1, [OP_USER] = 2, [OP_USERNS] = 1, [OP_SIGNAL] = 1, [OP_FLIP] = 2,
	[OP_YIELD] = 1, [OP_CROWD] = 1, [OP_AGAIN] = 4,
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
	static const uint64_t kinds[] = {
		KDBUS_HELLO_ACTIVATOR, KDBUS_HELLO_ACTIVATOR, KDBUS_HELLO_POLICY_HOLDER,
		KDBUS_HELLO_MONITOR,
	};

	memset(op, 0, sizeof(*op));
	op->kind = OP_HELLO;
	op->value[0] = one_in(random, 4) ? 0 : KDBUS_HELLO_ACCEPT_FD;
	if (one_in(random, 4))
		op->value[0] |= KDBUS_HELLO_LOSS_IN_PLACE;
	if (one_in(random, 5))
		op->value[0] |= kinds[random_below(random, 4)];
	if (op->value[0] & (KDBUS_HELLO_ACTIVATOR | KDBUS_HELLO_POLICY_HOLDER))
		op->item[op->items++] = (struct item){ .type = KDBUS_ITEM_NAME, .repeat = 1,
						       .tail = TAIL_STRING,
						       .argument = random_below(random, 2) };
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
		item_words(&op->item[1], 2, 8ULL << (one_in(random, 4) * random_below(random, 4)), 1, 0);
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
	if (one_in(random, 2)) {
		op = append(prog, OP_MAKE, SLOT_MEMFD);
		op->value[1] = 1 + random_below(random, 3 * PAGE);
		op->value[2] = 15;
		append(prog, OP_MAKE, SLOT_OBJECT)->value[0] = OBJECT_PIPE;
	}
}

/* Scenes have several lanes: seldom, because those cost so much. */
static void one_lane(struct random *random, struct prog *prog)
{
	unsigned int i;

	if (one_in(random, 4))
		return;
	for (i = 0; i < prog->ops; i++)
		prog->op[i].lane = LANE_MAIN;
}

void generate_prog(struct random *random, struct prog *prog)
{
	unsigned int body = 4 + random_below(random, 24), lanes = 0, start, i;

	/* A bus and its end cost as much as many commands. */
	if (!one_in(random, 3))
		body += random_below(random, PROG_OPS - 40);

	memset(prog, 0, sizeof(*prog));
	if (!one_in(random, 20))
		generate_start(random, prog);
	start = prog->ops;
	/* Other lanes cost as much as ten programs, above all the process. */
	if (one_in(random, 12))
		lanes = 1 + random_below(random, LANES - 1);
	for (i = 0; i < body && prog->ops < PROG_OPS; i++) {
		struct op *op = &prog->op[prog->ops++];

		generate_op(random, op);
		if (lanes && i > body / 3)
			op->lane = random_below(random, lanes + 1);
	}
	for (i = one_in(random, 2) * random_below(random, 4); i > 0; i--)
		scene_insert(random, prog, start + random_below(random, prog->ops - start + 1));
	if (!lanes)
		one_lane(random, prog);
	if (!one_in(random, 16))
		fit_prog(random, prog);
}
