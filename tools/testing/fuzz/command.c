// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Commands: their arguments are built from operations, and what comes back is compared with what
 * the interface promises.
 */

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "world.h"

#define LIMIT		(40 * 1024)	/* bytes of an argument that are built at most */
#define WATCHED		256		/* bytes before and after that must not change */
#define WATCH_BYTE	0xa5
#define UNTOUCHED	0x5a5a5a5a5a5a5a5aULL

#define FLAGS_AT	offsetof(struct kdbus_cmd, flags)
#define RETURN_AT	offsetof(struct kdbus_cmd, return_flags)

/**
 * struct command - what is fixed about a command
 * @number: ioctl
 * @fixed: bytes before the items
 * @out: first byte that the kernel fills in, besides flags and return_flags
 * @out_end: the byte after the last one
 */
struct command {
	unsigned long number;
	uint16_t fixed;
	uint16_t out;
	uint16_t out_end;
};

#define PLAIN(n)	{ n, sizeof(struct kdbus_cmd), 0, 0 }

static const struct command commands[OP_COMMANDS] = {
	[OP_BUS_MAKE] = PLAIN(KDBUS_CMD_BUS_MAKE),
	[OP_ENDPOINT_MAKE] = PLAIN(KDBUS_CMD_ENDPOINT_MAKE),
	[OP_ENDPOINT_UPDATE] = PLAIN(KDBUS_CMD_ENDPOINT_UPDATE),
	[OP_HELLO] = { KDBUS_CMD_HELLO, sizeof(struct kdbus_cmd_hello), 40, 96 },
	[OP_UPDATE] = PLAIN(KDBUS_CMD_UPDATE),
	[OP_BYEBYE] = PLAIN(KDBUS_CMD_BYEBYE),
	[OP_FREE] = { KDBUS_CMD_FREE, sizeof(struct kdbus_cmd_free), 0, 0 },
	[OP_CONN_INFO] = { KDBUS_CMD_CONN_INFO, sizeof(struct kdbus_cmd_info), 40, 56 },
	[OP_CREATOR_INFO] = { KDBUS_CMD_BUS_CREATOR_INFO, sizeof(struct kdbus_cmd_info), 40, 56 },
	[OP_LIST] = { KDBUS_CMD_LIST, sizeof(struct kdbus_cmd_list), 24, 40 },
	[OP_SEND] = { KDBUS_CMD_SEND, sizeof(struct kdbus_cmd_send), 32, 56 },
	[OP_RECV] = { KDBUS_CMD_RECV, sizeof(struct kdbus_cmd_recv), 32, 64 },
	[OP_NAME_ACQUIRE] = PLAIN(KDBUS_CMD_NAME_ACQUIRE),
	[OP_NAME_RELEASE] = PLAIN(KDBUS_CMD_NAME_RELEASE),
	[OP_MATCH_ADD] = { KDBUS_CMD_MATCH_ADD, sizeof(struct kdbus_cmd_match), 0, 0 },
	[OP_MATCH_REMOVE] = { KDBUS_CMD_MATCH_REMOVE, sizeof(struct kdbus_cmd_match), 0, 0 },
	[OP_ROOM] = { KDBUS_CMD_ROOM, sizeof(struct kdbus_cmd_room), 0, 0 },
	[OP_EXCHANGE] = { KDBUS_CMD_EXCHANGE, sizeof(struct kdbus_cmd_exchange), 48, 80 },
};

/**
 * struct argument - bytes that a command or message consists of
 * @data: as built; as the kernel got them
 * @size: bytes
 * @announced: in the size field
 * @negotiates: there is an item that the kernel may overwrite
 * @written: where they were put, or NULL
 * @room: how many of them fit there
 * @user: the address that the kernel is told
 */
struct argument {
	union {
		unsigned char data[LIMIT];
		uint64_t word[LIMIT / 8];
	};
	size_t size;
	uint64_t announced;
	bool negotiates;
	unsigned char *written;
	size_t room;
	unsigned char *user;
};

static struct argument arguments[LANES][2];

static size_t put_payload(unsigned char *at, const struct item *item, unsigned int turn)
{
	bool narrow = item->type == KDBUS_ITEM_FDS || item->type == KDBUS_ITEM_CANCEL_FD;
	size_t size = 0, i;
	char text[STRING_MAX];

	for (i = 0; i < item->words; i++) {
		uint64_t value = world_value(item->word[i]);

		memcpy(at + size, &value, narrow ? 4 : 8);
		size += narrow ? 4 : 8;
	}
	if (item->tail == TAIL_STRING) {
		i = grammar_string(item->argument, geteuid(), text);
		memcpy(at + size, text, i);
		size += i;
	} else if (item->tail == TAIL_FILL) {
		for (i = 0; i < item->argument; i++)
			at[size++] = item->seed == 0 ? 0 : item->seed == 1 ? 0xff :
				     ((i + turn) * item->seed * 31) >> 2 & (1u << (item->seed + turn) % 8);
	}
	return size;
}

static void put_item(struct argument *argument, const struct item *item, unsigned int turn)
{
	unsigned char *at;
	uint64_t header[2] = { 0, item->type };
	size_t start = (argument->size + 7) & ~7ul, payload;

	/* Payload has at most 8 words, a string, or as much as 16 bits can say. */
	if (start + 16 + PROG_WORDS * 8 + STRING_MAX + item->argument > LIMIT)
		return;
	at = argument->data + start;
	payload = put_payload(at + 16, item, turn);
	header[0] = 16 + payload + item->adjust;
	memcpy(at, header, sizeof(header));
	argument->size = start + 16 + payload;
	argument->negotiates |= item->type == KDBUS_ITEM_NEGOTIATE;
}

static void put_items(struct argument *argument, const struct op *op, bool message,
		      unsigned int turn)
{
	unsigned int i, j;

	for (i = 0; i < op->items; i++)
		if (op->item[i].message == message)
			for (j = 0; j < op->item[i].repeat; j++)
				put_item(argument, &op->item[i], turn);
}

static void start(struct argument *argument, size_t fixed)
{
	memset(argument->data, 0, fixed);
	argument->size = fixed;
	argument->negotiates = false;
}

/* Brings the argument to its place, between bytes that are watched. */
static void place(struct argument *argument, enum lane lane, bool message, enum place place,
		  int adjust)
{
	unsigned char *at;

	argument->announced = argument->size + (int64_t)adjust;
	argument->word[0] = argument->announced;
	at = memory_place(lane, message, place, argument->size, argument->announced,
			  &argument->user);
	argument->written = at;
	argument->room = argument->size;
	if (!at)
		return;
	if (place == PLACE_CUT && argument->room > ((argument->size / 2 + 7) & ~7ul))
		argument->room = (argument->size / 2 + 7) & ~7ul;
	if (place == PLACE_OK || place == PLACE_END)
		memset(at - WATCHED, WATCH_BYTE, WATCHED);
	memcpy(at, argument->data, argument->room);
	if (place == PLACE_OK)
		memset(at + argument->size, WATCH_BYTE, WATCHED);
}

static void build_message(struct argument *argument, struct lane_state *me, const struct op *op)
{
	struct kdbus_msg *msg = (struct kdbus_msg *)argument->data;

	start(argument, sizeof(*msg));
	msg->flags = world_value(op->value[1]);
	msg->dst_id = world_value(op->value[2]);
	msg->src_id = world_value(op->value[3]);
	msg->payload_type = world_value(op->value[4]);
	msg->cookie = world_value(op->value[5]);
	msg->timeout_ns = world_value(op->value[6]);
	msg->priority = world_value(op->value[7]);
	put_items(argument, op, true, me->turn);
	place(argument, me->lane, true, op->value[8] % PLACES, (int)op->value[9]);
}

static void build(struct argument *argument, struct argument *message, struct lane_state *me,
		  const struct op *op)
{
	const struct command *command = &commands[op->kind];
	uint64_t *word = argument->word;

	start(argument, command->fixed);
	word[FLAGS_AT / 8] = world_value(op->value[0]);
	word[RETURN_AT / 8] = UNTOUCHED;
	switch (op->kind) {
	case OP_HELLO:
		word[3] = world_value(op->value[1]);
		word[4] = world_value(op->value[2]);
		word[7] = world_value(op->value[3]);
		break;
	case OP_MATCH_ADD:
	case OP_MATCH_REMOVE:
		word[3] = world_value(op->value[1]) + me->turn;
		break;
	case OP_FREE:
	case OP_RECV:
		word[3] = world_value(op->value[1]);
		break;
	case OP_CONN_INFO:
	case OP_CREATOR_INFO:
		word[3] = world_value(op->value[1]);
		word[4] = world_value(op->value[2]);
		break;
	case OP_ROOM:
		word[3] = world_value(op->value[1]);
		word[4] = world_value(op->value[2]);
		word[5] = world_value(op->value[3]);
		break;
	case OP_SEND:
		build_message(message, me, op);
		word[3] = (uintptr_t)message->user;
		break;
	case OP_EXCHANGE:
		build_message(message, me, op);
		word[3] = (uintptr_t)message->user;
		word[4] = world_value(op->value[10]);
		word[5] = world_value(op->value[11]);
		break;
	}
	put_items(argument, op, false, me->turn);
	place(argument, me->lane, false, op->place, op->adjust);
}

static bool all_bytes(const unsigned char *at, size_t size, unsigned char value)
{
	while (size--)
		if (*at++ != value)
			return false;
	return true;
}

/* The kernel may change flags in a negotiation, its own members, and zero negotiated types. */
static void check_bytes(const struct argument *argument, const struct op *op, const char *what,
			size_t fixed, size_t out, size_t out_end)
{
	bool flags = argument->word[FLAGS_AT / 8] & KDBUS_FLAG_NEGOTIATE;
	const unsigned char *now = argument->written;
	size_t i;

	for (i = 0; i < argument->size; i++) {
		if (now[i] == argument->data[i])
			continue;
		if ((i >= out && i < out_end) || (flags && i >= FLAGS_AT && i < RETURN_AT))
			continue;
		if (out_end && i >= RETURN_AT && i < RETURN_AT + 8)
			continue;
		if (i >= fixed && argument->negotiates && !now[i])
			continue;
		finding("%s of %s: byte %zu changed from %02x to %02x", what, kind_name(op->kind),
			i, argument->data[i], now[i]);
		return;
	}
}

static void check_memory(const struct argument *argument, const struct op *op, enum place place,
			 const char *what, size_t fixed, size_t out, size_t out_end)
{
	const unsigned char *at = argument->written;

	if (place != PLACE_OK && place != PLACE_END)
		return;
	if (!all_bytes(at - WATCHED, WATCHED, WATCH_BYTE))
		finding("%s of %s: written before its start", what, kind_name(op->kind));
	if (place == PLACE_OK && !all_bytes(at + argument->size, WATCHED, WATCH_BYTE))
		finding("%s of %s: written behind its end", what, kind_name(op->kind));
	check_bytes(argument, op, what, fixed, out, out_end);
}

static void check_return_flags(const struct argument *argument, const struct op *op, int error)
{
	uint64_t flags;

	if (op->place != PLACE_OK && op->place != PLACE_END)
		return;
	memcpy(&flags, argument->written + RETURN_AT, sizeof(flags));
	if (flags == UNTOUCHED) {
		if (!error && !(argument->word[FLAGS_AT / 8] & KDBUS_FLAG_NEGOTIATE))
			finding("%s succeeds without return_flags", kind_name(op->kind));
	} else if (flags & ~oracle_return_flags(op->kind)) {
		finding("%s returns flags %#llx", kind_name(op->kind), (unsigned long long)flags);
	}
}

/* The mapping may be another lane's to take away: then there is nothing to look at. */
static bool look_at(const struct slot *slot, uint64_t offset, struct kdbus_msg *msg)
{
	struct iovec to = { msg, sizeof(*msg) };
	struct iovec from = { slot->map + offset, sizeof(*msg) };

	return slot->map && offset + sizeof(*msg) <= slot->mapped &&
	       process_vm_readv(getpid(), &to, 1, &from, 1, 0) == sizeof(*msg);
}

/*
 * What was received lies in the pool; the message is looked at where it is mapped.  While others
 * are at work the slot may be another's already: then nothing can be said about it.
 */
static void received(struct slot *slot, const struct op *op, const struct kdbus_msg_info *info)
{
	struct kdbus_msg msg;

	if (!slot->pool || info->offset == slot->pool)
		return;
	if (!run_is_concurrent &&
	    (info->offset % 8 || info->msg_size % 8 || info->offset > slot->pool ||
	     info->msg_size > slot->pool - info->offset ||
	     info->return_flags & ~oracle_info_flags(op->kind)))
		finding("%s tells a message at %#llx of %#llx bytes, flags %#llx, pool %#llx",
			kind_name(op->kind), (unsigned long long)info->offset,
			(unsigned long long)info->msg_size,
			(unsigned long long)info->return_flags, (unsigned long long)slot->pool);
	slot->offset = info->offset;
	if (!look_at(slot, info->offset, &msg))
		return;
	if (!run_is_concurrent && (msg.size < sizeof(msg) || msg.size > info->msg_size))
		finding("%s delivers a message of %llu bytes in %llu", kind_name(op->kind),
			(unsigned long long)msg.size, (unsigned long long)info->msg_size);
	slot->sender = msg.src_id;
	slot->cookie = msg.cookie;
}

static void stored(struct slot *slot, const struct op *op, uint64_t offset, uint64_t size)
{
	if (slot->pool && !run_is_concurrent && (offset > slot->pool || size > slot->pool - offset))
		finding("%s tells %#llx and %llu bytes, pool %#llx", kind_name(op->kind),
			(unsigned long long)offset, (unsigned long long)size,
			(unsigned long long)slot->pool);
	slot->offset = offset;
}

/* Remembers what later operations refer to. */
static void use_result(const struct argument *argument, const struct op *op)
{
	struct slot *slot = &slots[op->slot];
	const uint64_t *word = (const uint64_t *)argument->written;

	if (!word || argument->word[FLAGS_AT / 8] & KDBUS_FLAG_NEGOTIATE)
		return;
	if (op->place != PLACE_OK && op->place != PLACE_END)
		return;
	switch (op->kind) {
	case OP_HELLO:
		slot->id = word[6];
		slot->pool = word[7];
		stored(slot, op, word[8], word[9]);
		break;
	case OP_CONN_INFO:
	case OP_CREATOR_INFO:
		stored(slot, op, word[5], word[6]);
		break;
	case OP_LIST:
		stored(slot, op, word[3], word[4]);
		break;
	case OP_SEND:
		if (argument->word[FLAGS_AT / 8] & KDBUS_SEND_SYNC_REPLY)
			received(slot, op, (const struct kdbus_msg_info *)&word[4]);
		break;
	case OP_EXCHANGE:
		if (word[RETURN_AT / 8] & KDBUS_EXCHANGE_RETURN_RECEIVED)
			received(slot, op, (const struct kdbus_msg_info *)&word[7]);
		break;
	case OP_RECV:
		if (!(argument->word[FLAGS_AT / 8] & KDBUS_RECV_DROP))
			received(slot, op, (const struct kdbus_msg_info *)&word[5]);
		break;
	}
}

/* False if the command failed. */
bool command_run(struct lane_state *me, const struct op *op)
{
	struct argument *argument = &arguments[me->lane][0], *message = &arguments[me->lane][1];
	const struct command *command = &commands[op->kind];
	int ret, error;

	build(argument, message, me, op);
	ret = ioctl(slots[op->slot].fd, command->number, argument->user);
	error = ret ? errno : 0;
	__atomic_fetch_add(&shared->calls[op->kind], 1, __ATOMIC_RELAXED);
	cover_feature((uint64_t)op->kind << 32 | error);
	if (error < ERRNOS)
		__atomic_fetch_add(&shared->errors[op->kind][error], 1, __ATOMIC_RELAXED);
	if (ret != 0 && ret != -1)
		finding("%s returns %d", kind_name(op->kind), ret);
	if (error && !oracle_errno_is_known(op->kind, error))
		finding("%s fails with %d (%s)", kind_name(op->kind), error, strerror(error));
	check_memory(argument, op, op->place, "argument", command->fixed,
		     command->out_end ? command->out : RETURN_AT,
		     command->out_end ? command->out_end : RETURN_AT + 8);
	if (op->kind == OP_SEND || op->kind == OP_EXCHANGE)
		check_memory(message, op, op->value[8] % PLACES, "message",
			     sizeof(struct kdbus_msg), 0, 0);
	check_return_flags(argument, op, error);
	if (!ret) {
		__atomic_fetch_add(&shared->successes[op->kind], 1, __ATOMIC_RELAXED);
		use_result(argument, op);
	}
	return !ret;
}
