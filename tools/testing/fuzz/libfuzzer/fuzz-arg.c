// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The parser on arguments as they come from user space: raw bytes in memory of just their size,
 * which may be changed between two reads.
 */

#include "kernel.h"
#include "arg.h"
#include "item.h"
#include "unit.h"
#include "reader.h"

#define MAX_SIZE	40000

#define ITEM(type_)	{ .type = KDBUS_ITEM_##type_ }
#define ITEMS(type_)	{ .type = KDBUS_ITEM_##type_, .repeats = true }

/* Tables like those of the commands, which lie in files that know a bus. */
static const struct kdbus_arg_rules tables[] = {
	{
		.size = sizeof(struct kdbus_cmd), .flags = 3, .mandatory = 3, .n_items = 3,
		.items = { ITEM(MAKE_NAME), ITEM(BLOOM_PARAMETER), ITEM(ATTACH_FLAGS_SEND) },
	}, {
		.size = sizeof(struct kdbus_cmd_hello), .flags = 15, .n_items = 6,
		.items = { ITEM(NAME), ITEM(CREDS), ITEM(PIDS), ITEM(SECLABEL),
			   ITEM(CONN_DESCRIPTION), ITEMS(POLICY_ACCESS) },
	}, {
		.size = sizeof(struct kdbus_cmd_match), .flags = 1, .n_items = 9,
		.items = { ITEMS(BLOOM_MASK), ITEMS(NAME), ITEMS(ID), ITEMS(DST_ID),
			   ITEMS(NAME_ADD), ITEMS(NAME_REMOVE), ITEMS(NAME_CHANGE), ITEMS(ID_ADD),
			   ITEMS(ID_REMOVE) },
	}, {
		.size = sizeof(struct kdbus_msg), .flags = 7, .is_message = true, .n_items = 5,
		.items = { ITEMS(PAYLOAD_VEC), ITEMS(PAYLOAD_MEMFD), ITEM(FDS),
			   ITEM(BLOOM_FILTER), ITEM(DST_NAME) },
	}, {
		.size = sizeof(struct kdbus_cmd_send), .flags = 1, .n_items = 2,
		.items = { ITEM(CANCEL_FD), ITEM(FREE) },
	}, {
		.size = sizeof(struct kdbus_cmd), .flags = 7, .ignored_flags = 0x78, .mandatory = 1,
		.n_items = 1, .items = { ITEM(NAME) },
	},
};

static struct reader changes;

/* Somebody else writes to the memory. */
static void change(void)
{
	uint8_t where = read_u8(&changes);

	if (where & 1 && unit_user_memory.size)
		unit_user_memory.start[(where >> 1) % unit_user_memory.size] = read_u8(&changes);
}

static void check_result(const struct kdbus_arg *arg, size_t allocated)
{
	const struct kdbus_item *item, *first;
	const u8 *end;
	size_t size, i;

	REQUIRE(arg->size >= arg->rules->size && arg->size <= 32768);
	first = kdbus_arg_items(arg, &size);
	end = (const u8 *)first + size;
	REQUIRE(!(arg->cmd->flags & ~(arg->rules->flags | KDBUS_FLAG_NEGOTIATE)));
	KDBUS_ITEMS_FOREACH(item, first, size) {
		REQUIRE(item->size >= KDBUS_ITEM_HEADER_SIZE);
		REQUIRE((const u8 *)item + item->size <= end);
		REQUIRE(!kdbus_item_check(item));
	}
	for (i = 0; i < arg->rules->n_items; i++) {
		if (kdbus_arg_item(arg, i))
			REQUIRE(kdbus_arg_item(arg, i)->type == arg->rules->items[i].type);
		else
			REQUIRE(arg->negotiate || !(arg->rules->mandatory & 1u << i));
	}
	REQUIRE(arg->size <= allocated);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader reader = { data, size };
	const struct kdbus_arg_rules *rules = &tables[read_u8(&reader) % ARRAY_SIZE(tables)];
	static struct kdbus_arg arg;
	uint8_t how = read_u8(&reader);
	uint8_t races[16];
	uint8_t *memory;
	long before = unit_n_allocated();
	size_t left;
	u64 first;
	int ret;

	read_bytes(&reader, races, sizeof(races));
	left = reader.left < MAX_SIZE ? reader.left : MAX_SIZE;
	memory = malloc(left + 1);
	memcpy(memory, reader.at, left);
	/* Most sizes are right, or hardly any input got further. */
	if (how & 1 && left >= 8) {
		first = left;
		memcpy(memory, &first, 8);
	}
	changes = (struct reader){ races, how & 2 ? sizeof(races) : 0 };
	unit_user_memory = (struct unit_user_memory){
		.start = memory, .size = left, .read_only = how & 4,
		.after_read = how & 2 ? change : NULL,
	};
	if (how >> 3 == 31)
		unit_fail_alloc_after(0);
	ret = kdbus_arg_import(&arg, memory + (how >> 3 == 30), rules);
	unit_alloc_failed();
	if (!ret)
		check_result(&arg, left);
	REQUIRE(ret <= 0 && ret > -4096);
	kdbus_arg_release(&arg);
	REQUIRE(unit_n_allocated() == before);
	free(memory);
	return 0;
}
