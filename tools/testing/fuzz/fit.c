// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Lets the operations of a program fit to each other: what an operation wants to find in a slot,
 * under a name or behind a descriptor has been put there by one before it, mostly.  What each slot
 * holds is followed as if every operation succeeded and all lanes were one.
 */

#include <string.h>

#include "choose.h"
#include "grammar.h"

#define N_NAMES		32	/* strings that names are looked for in */
#define N_BUSES		3
#define NO_SLOT		PROG_SLOTS

enum holds {
	HOLDS_NOTHING,
	HOLDS_CONTROL,
	HOLDS_BUS,
	HOLDS_FILE,		/* an endpoint, without a role yet */
	HOLDS_ENDPOINT,
	HOLDS_CONN,
	HOLDS_MEMFD,
	HOLDS_OBJECT,
	HOLDS_EPOLL,
	HOLDS_MOUNT,
};

/**
 * struct held - what is in a slot
 * @holds: its kind
 * @custom: of an endpoint that was made, not the one of the bus
 * @flags: of HELLO
 * @size: of a memfd
 * @cookie: of the match added last
 */
struct held {
	enum holds holds;
	bool custom;
	uint64_t flags;
	uint64_t size;
	uint64_t cookie;
};

/**
 * struct state - before an operation
 * @slot: what each holds
 * @bus: which buses are there
 * @endpoint: there is a custom endpoint
 * @owned: a bit for each string that is a name with an owner
 * @bloom: size of the filters of the bus that was made last
 */
struct state {
	struct held slot[PROG_SLOTS];
	bool bus[N_BUSES];
	bool endpoint;
	uint32_t owned;
	uint64_t bloom;
};

#define SPECIAL	(KDBUS_HELLO_ACTIVATOR | KDBUS_HELLO_POLICY_HOLDER | KDBUS_HELLO_MONITOR)

/* What the command or call wants in its slot; HOLDS_NOTHING if that does not matter. */
static enum holds wanted(const struct op *op)
{
	switch (op->kind) {
	case OP_BUS_MAKE:
		return HOLDS_CONTROL;
	case OP_ENDPOINT_MAKE:
	case OP_HELLO:
		return HOLDS_FILE;
	case OP_ENDPOINT_UPDATE:
		return HOLDS_ENDPOINT;
	case OP_MMAP:
	case OP_MUNMAP:
	case OP_MPROTECT:
	case OP_WALK:
		return HOLDS_CONN;
	case OP_EPOLL:
	case OP_EPOLL_WAIT:
		return HOLDS_EPOLL;
	default:
		return op->kind < OP_COMMANDS ? HOLDS_CONN : HOLDS_NOTHING;
	}
}

/* The kinds of connection that the command is not for. */
static uint64_t unwanted_flags(unsigned int kind)
{
	switch (kind) {
	case OP_SEND:
	case OP_EXCHANGE:
	case OP_ROOM:
	case OP_NAME_ACQUIRE:
	case OP_NAME_RELEASE:
	case OP_MATCH_ADD:
	case OP_MATCH_REMOVE:
	case OP_BYEBYE:
		return SPECIAL;
	case OP_FREE:
	case OP_RECV:
		return KDBUS_HELLO_POLICY_HOLDER;
	default:
		return 0;
	}
}

static bool holds(const struct held *held, enum holds kind, uint64_t unwanted)
{
	return held->holds == kind && !(held->flags & unwanted);
}

/* One of the slots that hold this. */
static unsigned int find(struct random *random, const struct state *state, enum holds kind,
			 uint64_t unwanted)
{
	unsigned int slot, n = 0, found = NO_SLOT;

	for (slot = 0; slot < PROG_SLOTS; slot++)
		if (holds(&state->slot[slot], kind, unwanted) && one_in(random, ++n))
			found = slot;
	return found;
}

static void fit_reference(struct random *random, const struct state *state, uint64_t *value)
{
	enum symbol which = *value >> SYMBOL_SHIFT;
	unsigned int slot = *value & SYMBOL_ARGUMENT;

	if (which != SYMBOL_ID && which != SYMBOL_OFFSET && which != SYMBOL_SENDER &&
	    which != SYMBOL_COOKIE)
		return;
	if (slot < PROG_SLOTS && holds(&state->slot[slot], HOLDS_CONN, 0))
		return;
	slot = find(random, state, HOLDS_CONN, KDBUS_HELLO_POLICY_HOLDER);
	if (slot != NO_SLOT)
		*value = symbol(which, slot);
}

static void fit_descriptor(struct random *random, const struct state *state, uint64_t *value,
			   enum holds kind)
{
	unsigned int slot = *value & SYMBOL_ARGUMENT;

	if (*value >> SYMBOL_SHIFT != SYMBOL_FD)
		return;
	if (slot < PROG_SLOTS && state->slot[slot].holds == kind)
		return;
	/* Connections as descriptors are refused: seldom, but now and then. */
	if (slot < PROG_SLOTS && kind == HOLDS_OBJECT && state->slot[slot].holds != HOLDS_NOTHING &&
	    (state->slot[slot].holds == HOLDS_MEMFD || one_in(random, 12)))
		return;
	slot = find(random, state, kind, 0);
	if (slot == NO_SLOT && kind == HOLDS_OBJECT)
		slot = find(random, state, HOLDS_MEMFD, 0);
	if (slot != NO_SLOT)
		*value = symbol(SYMBOL_FD, slot);
}

static void fit_name(struct random *random, const struct state *state, struct item *item)
{
	unsigned int name, n = 0, found = item->argument;

	if (item->tail != TAIL_STRING || found >= STRINGS_NAMES || state->owned >> found & 1)
		return;
	for (name = 0; name < STRINGS_NAMES; name++)
		if (state->owned >> name & 1 && one_in(random, ++n))
			found = name;
	item->argument = found;
}

/* The range of a memfd lies inside of it. */
static void fit_range(const struct state *state, struct item *item)
{
	uint64_t size = 0;

	if (item->words == 3 && item->word[2] >> SYMBOL_SHIFT == SYMBOL_FD)
		size = state->slot[(item->word[2] & SYMBOL_ARGUMENT) % PROG_SLOTS].size;
	if (!size)
		return;
	item->word[0] %= size;
	if (item->word[1] > size - item->word[0] || !item->word[1])
		item->word[1] = size - item->word[0];
}

static void fit_item(struct random *random, const struct state *state, const struct op *op,
		     struct item *item)
{
	unsigned int i;

	for (i = 0; i < item->words; i++)
		fit_reference(random, state, &item->word[i]);
	switch (item->type) {
	case KDBUS_ITEM_PAYLOAD_MEMFD:
		if (item->words > 2)
			fit_descriptor(random, state, &item->word[2], HOLDS_MEMFD);
		if (!one_in(random, 12))
			fit_range(state, item);
		break;
	case KDBUS_ITEM_FDS:
	case KDBUS_ITEM_CANCEL_FD:
		for (i = 0; i < item->words; i++)
			fit_descriptor(random, state, &item->word[i], HOLDS_OBJECT);
		break;
	case KDBUS_ITEM_DST_NAME:
		fit_name(random, state, item);
		break;
	case KDBUS_ITEM_NAME:
		if (op->kind == OP_CONN_INFO || op->kind == OP_NAME_RELEASE || op->kind == OP_ROOM)
			fit_name(random, state, item);
		break;
	case KDBUS_ITEM_BLOOM_FILTER:
		if (state->bloom && item->tail == TAIL_FILL)
			item->argument = state->bloom;
		break;
	case KDBUS_ITEM_BLOOM_MASK:
		if (state->bloom && item->tail == TAIL_FILL && item->argument % state->bloom)
			item->argument = state->bloom * (1 + item->argument % 3);
		break;
	}
}

/* What is opened is there. */
static void fit_node(const struct state *state, struct op *op)
{
	unsigned int bus;

	if (op->value[0] == NODE_ENDPOINT && !state->endpoint)
		op->value[0] = NODE_BUS;
	if (op->value[0] != NODE_BUS || state->bus[op->value[1] % N_BUSES])
		return;
	for (bus = 0; bus < N_BUSES; bus++)
		if (state->bus[bus])
			op->value[1] = bus;
}

/* False if nothing can be made of the operation. */
static bool fit_slot(struct random *random, const struct state *state, struct op *op)
{
	enum holds kind = wanted(op);
	uint64_t unwanted = unwanted_flags(op->kind);
	unsigned int slot;

	if (op->kind == OP_CLOSE && state->slot[op->slot].holds == HOLDS_BUS)
		return one_in(random, 3);
	if (op->kind == OP_OPEN && state->slot[op->slot].holds == HOLDS_BUS) {
		op->slot = SLOT_OTHER_BUS;
		return true;
	}
	if (kind == HOLDS_NOTHING || holds(&state->slot[op->slot], kind, unwanted))
		return true;
	slot = find(random, state, kind, unwanted);
	if (slot == NO_SLOT)
		return false;
	op->slot = slot;
	return true;
}

/* Some stay wrong. */
static bool fit_op(struct random *random, const struct state *state, struct op *op)
{
	unsigned int i;

	if (!one_in(random, 24) && !fit_slot(random, state, op) && !one_in(random, 8))
		return false;
	if (one_in(random, 24))
		return true;
	if (op->kind == OP_OPEN)
		fit_node(state, op);
	for (i = 0; i < PROG_VALUES; i++)
		fit_reference(random, state, &op->value[i]);
	for (i = 0; i < op->items; i++)
		fit_item(random, state, op, &op->item[i]);
	if (op->kind == OP_MATCH_REMOVE && !one_in(random, 6))
		op->value[1] = state->slot[op->slot].cookie;
	return true;
}

static const struct item *item_of(const struct op *op, uint64_t type)
{
	unsigned int i;

	for (i = 0; i < op->items; i++)
		if (op->item[i].type == type)
			return &op->item[i];
	return NULL;
}

static unsigned int string_of(const struct op *op, uint64_t type)
{
	const struct item *item = item_of(op, type);

	return item && item->tail == TAIL_STRING ? item->argument : STRINGS;
}

static void set_owned(struct state *state, unsigned int name, bool owned)
{
	if (name < N_NAMES)
		state->owned = (state->owned & ~(1u << name)) | (uint32_t)owned << name;
}

static void forget_conns(struct state *state)
{
	unsigned int slot;

	for (slot = 0; slot < PROG_SLOTS; slot++)
		if (state->slot[slot].holds == HOLDS_CONN || state->slot[slot].holds == HOLDS_FILE)
			state->slot[slot].holds = HOLDS_NOTHING;
	memset(state->bus, 0, sizeof(state->bus));
	state->owned = 0;
	state->endpoint = false;
}

static void put_in(struct state *state, unsigned int slot, enum holds kind)
{
	bool bus = state->slot[slot].holds == HOLDS_BUS;

	if (bus)
		forget_conns(state);
	memset(&state->slot[slot], 0, sizeof(state->slot[slot]));
	state->slot[slot].holds = kind;
}

static void apply_open(struct state *state, const struct op *op)
{
	switch (op->value[0]) {
	case NODE_CONTROL:
	case NODE_MOUNT_CONTROL:
		put_in(state, op->slot, op->value[3] ? HOLDS_OBJECT : HOLDS_CONTROL);
		break;
	case NODE_BUS:
		if (state->bus[op->value[1] % N_BUSES])
			put_in(state, op->slot, op->value[3] ? HOLDS_OBJECT : HOLDS_FILE);
		break;
	case NODE_ENDPOINT:
		if (!state->endpoint)
			break;
		put_in(state, op->slot, op->value[3] ? HOLDS_OBJECT : HOLDS_FILE);
		state->slot[op->slot].custom = true;
		break;
	}
}

static void apply_make(struct state *state, const struct op *op)
{
	enum holds kind = op->value[0] == OBJECT_MEMFD ? HOLDS_MEMFD :
			  op->value[0] == OBJECT_EPOLL ? HOLDS_EPOLL : HOLDS_OBJECT;

	put_in(state, op->slot, kind);
	if (kind == HOLDS_MEMFD)
		state->slot[op->slot].size = op->value[1] & 0xffffff;
}

static void apply_bus(struct state *state, const struct op *op)
{
	const struct item *bloom = item_of(op, KDBUS_ITEM_BLOOM_PARAMETER);
	unsigned int name = string_of(op, KDBUS_ITEM_MAKE_NAME);

	if (state->slot[op->slot].holds != HOLDS_CONTROL)
		return;
	state->slot[op->slot].holds = HOLDS_BUS;
	if (name >= STRING_BUS && name < STRING_BUS + N_BUSES)
		state->bus[name - STRING_BUS] = true;
	if (bloom && bloom->words == 2 && bloom->word[0] <= 4096)
		state->bloom = bloom->word[0];
}

static void apply_hello(struct state *state, const struct op *op)
{
	struct held *held = &state->slot[op->slot];

	if (held->holds != HOLDS_FILE)
		return;
	held->holds = HOLDS_CONN;
	held->flags = op->value[0];
	if (op->value[0] & KDBUS_HELLO_ACTIVATOR)
		set_owned(state, string_of(op, KDBUS_ITEM_NAME), true);
}

static void apply(struct state *state, const struct op *op)
{
	struct held *held = &state->slot[op->slot];
	unsigned int other = op->value[0] % PROG_SLOTS;

	switch (op->kind) {
	case OP_OPEN:
		apply_open(state, op);
		break;
	case OP_MAKE:
		apply_make(state, op);
		break;
	case OP_CLOSE:
		put_in(state, op->slot, HOLDS_NOTHING);
		break;
	case OP_DUP:
		*held = state->slot[other];
		break;
	case OP_PASS:
		if (op->value[0] < PROG_SLOTS)
			state->slot[other] = *held;
		break;
	case OP_MOUNT:
		put_in(state, op->slot, HOLDS_MOUNT);
		break;
	case OP_BUS_MAKE:
		apply_bus(state, op);
		break;
	case OP_ENDPOINT_MAKE:
		if (held->holds == HOLDS_FILE && !held->custom) {
			held->holds = HOLDS_ENDPOINT;
			state->endpoint = true;
		}
		break;
	case OP_HELLO:
		apply_hello(state, op);
		break;
	case OP_BYEBYE:
		if (holds(held, HOLDS_CONN, SPECIAL))
			held->holds = HOLDS_NOTHING;
		break;
	case OP_NAME_ACQUIRE:
	case OP_NAME_RELEASE:
		if (held->holds == HOLDS_CONN)
			set_owned(state, string_of(op, KDBUS_ITEM_NAME),
				  op->kind == OP_NAME_ACQUIRE);
		break;
	case OP_MATCH_ADD:
		held->cookie = op->value[1];
		break;
	}
}

/* Is it for a file that has to be opened first?  Not in the place of a bus. */
static bool wants_file(struct random *random, const struct state *state, struct op *op)
{
	if (op->kind != OP_HELLO && op->kind != OP_BUS_MAKE && op->kind != OP_ENDPOINT_MAKE)
		return false;
	if (find(random, state, wanted(op), 0) != NO_SLOT || one_in(random, 12))
		return false;
	if (state->slot[op->slot].holds == HOLDS_BUS)
		op->slot = op->kind == OP_HELLO ? SLOT_CONN :
			   op->kind == OP_ENDPOINT_MAKE ? SLOT_ENDPOINT : SLOT_OTHER_BUS;
	return state->slot[op->slot].holds != HOLDS_BUS;
}

/* Appends an operation of this kind to the same lane. */
static void add(struct prog *prog, struct state *state, const struct op *op,
		unsigned int kind, unsigned int slot, uint64_t value)
{
	struct op *added = &prog->op[prog->ops++];

	memset(added, 0, sizeof(*added));
	added->kind = kind;
	added->lane = op->lane;
	added->slot = slot;
	added->value[0] = value;
	if (kind == OP_MAKE && value == OBJECT_MEMFD) {
		added->value[1] = 0x2345;
		added->value[2] = 15;
	}
	apply(state, added);
}

/* What the operation needs, and nothing before it has made. */
static void add_wanted(struct random *random, struct prog *prog, struct state *state,
		       struct op *op)
{
	const struct item *fds = item_of(op, KDBUS_ITEM_FDS), *memfd;

	memfd = item_of(op, KDBUS_ITEM_PAYLOAD_MEMFD);
	if (wants_file(random, state, op))
		add(prog, state, op, OP_OPEN, op->slot,
		    op->kind == OP_BUS_MAKE ? NODE_CONTROL : NODE_BUS);
	if ((memfd || (fds && fds->words)) && prog->ops < PROG_OPS &&
	    find(random, state, HOLDS_MEMFD, 0) == NO_SLOT && !one_in(random, 16))
		add(prog, state, op, OP_MAKE, SLOT_MEMFD, OBJECT_MEMFD);
	if (item_of(op, KDBUS_ITEM_CANCEL_FD) && prog->ops < PROG_OPS &&
	    find(random, state, HOLDS_OBJECT, 0) == NO_SLOT && !one_in(random, 16))
		add(prog, state, op, OP_MAKE, SLOT_OBJECT, OBJECT_EVENTFD);
}

void fit_prog(struct random *random, struct prog *prog)
{
	static struct prog before;
	struct state state = { .bloom = 0 };
	unsigned int i;

	before = *prog;
	prog->ops = 0;
	for (i = 0; i < before.ops && prog->ops < PROG_OPS; i++) {
		struct op op = before.op[i];

		add_wanted(random, prog, &state, &op);
		if (prog->ops == PROG_OPS || !fit_op(random, &state, &op))
			continue;
		prog->op[prog->ops++] = op;
		apply(&state, &op);
	}
}
