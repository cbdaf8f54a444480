// SPDX-License-Identifier: LGPL-2.1-or-later
/* Matches of each kind, in indices that are empty and such that have to grow. */
#include "fault.h"

/* Rules of kind @kind; @i makes them differ. */
static void add_rules(struct args *args, unsigned int kind, unsigned int i)
{
	__u8 mask[BLOOM_SIZE] = {};
	char name[32];

	snprintf(name, sizeof(name), "match.fault%u", i);
	switch (kind) {
	case KDBUS_ITEM_BLOOM_MASK:
		/* Three bits, of which the first ones are shared by many. */
		mask[0] = 1;
		mask[(8 + i % 100) / 8] |= 1 << i % 8;
		mask[BLOOM_SIZE - 1 - i % 32] |= 2 << i % 5;
		args_item(args, kind, mask, sizeof(mask));
		break;
	case KDBUS_ITEM_NAME:
		args_str(args, kind, name);
		break;
	case KDBUS_ITEM_ID:
	case KDBUS_ITEM_DST_ID:
		args_u64(args, kind, 1000 + i);
		break;
	case KDBUS_ITEM_NAME_ADD:
	case KDBUS_ITEM_NAME_REMOVE:
	case KDBUS_ITEM_NAME_CHANGE:
		args_name_change(args, kind, KDBUS_MATCH_ID_ANY, KDBUS_MATCH_ID_ANY, name);
		break;
	case KDBUS_ITEM_ID_ADD:
	case KDBUS_ITEM_ID_REMOVE:
		args_id_change(args, kind, 1000 + i);
		break;
	}
}

/* How many entries there are before; the kind of rule is in the lower bits of arg. */
#define ENTRIES(n)	((n) << 16)

static int match_setup(struct world *world)
{
	unsigned int kind = world->scenario->arg & 0xffff, n = world->scenario->arg >> 16, i;
	struct args args;
	int ret;

	ret = world_conns(world, A, 2);
	for (i = 0; i < n && !ret; i++) {
		args_match(&args, 2);
		add_rules(&args, kind, i);
		ret = match_add(&world->conn[A], &args);
	}
	world_command(world, A, KDBUS_CMD_MATCH_ADD);
	args_match(&world->cmd, 1);
	add_rules(&world->cmd, kind, n);
	return ret;
}

/* What a broadcast with all bits finds; afterwards the new entry goes, which must be there. */
static void match_show(struct world *world, struct text *text)
{
	__u8 filter[BLOOM_SIZE];

	memset(filter, 0xff, sizeof(filter));
	text_add(text, TAG_FIRM, "broadcast: %d",
		 send_filter(&world->conn[B], KDBUS_DST_ID_BROADCAST, 9, 0, filter,
			     sizeof(filter)));
	text_add(text, TAG_FIRM, "MATCH_REMOVE: %d", match_remove(&world->conn[A], 1));
}

static int combined_setup(struct world *world)
{
	int ret = world_conns(world, A, 2);

	world_command(world, A, KDBUS_CMD_MATCH_ADD);
	args_match(&world->cmd, 1);
	add_rules(&world->cmd, KDBUS_ITEM_BLOOM_MASK, 5);
	args_u64(&world->cmd, KDBUS_ITEM_ID, world->conn[B].id);
	return ret;
}

/* An entry takes the place of three. */
static int replace_setup(struct world *world)
{
	struct args args;
	unsigned int i;
	int ret;

	ret = world_conns(world, A, 2);
	for (i = 0; i < 3 && !ret; i++) {
		args_match(&args, 1);
		add_rules(&args, KDBUS_ITEM_ID, i);
		ret = match_add(&world->conn[A], &args);
	}
	world_command(world, A, KDBUS_CMD_MATCH_ADD);
	args_match(&world->cmd, 1);
	world->cmd.match.flags = KDBUS_MATCH_REPLACE;
	add_rules(&world->cmd, KDBUS_ITEM_BLOOM_MASK, 4);
	return ret;
}

/* More than a page of rules. */
static int long_setup(struct world *world)
{
	unsigned int i;
	int ret = world_conns(world, A, 2);

	world_command(world, A, KDBUS_CMD_MATCH_ADD);
	args_match(&world->cmd, 1);
	for (i = 0; i < 120; i++)
		add_rules(&world->cmd, KDBUS_ITEM_BLOOM_MASK, i);
	return ret;
}

static int remove_setup(struct world *world)
{
	int ret = match_setup(world);

	ret = ret ?: command(world->fd, world->nr, &world->cmd);
	world->nr = KDBUS_CMD_MATCH_REMOVE;
	args_match(&world->cmd, 2);
	return ret;
}

#define MATCH(name, options, arg) \
	{ "match-" name, options, match_setup, NULL, match_show, MAY_LOSE, arg }

const struct scenario match_scenarios[] = {
	MATCH("everything", "max_matches=1", 0),
	MATCH("bloom", "max_matches=1", KDBUS_ITEM_BLOOM_MASK),
	MATCH("bloom-8", "max_matches=9", KDBUS_ITEM_BLOOM_MASK | ENTRIES(8)),
	MATCH("bloom-9", "max_matches=10", KDBUS_ITEM_BLOOM_MASK | ENTRIES(9)),
	MATCH("bloom-12", "max_matches=13", KDBUS_ITEM_BLOOM_MASK | ENTRIES(12)),
	MATCH("bloom-40", "max_matches=41", KDBUS_ITEM_BLOOM_MASK | ENTRIES(40)),
	MATCH("name", "max_matches=1", KDBUS_ITEM_NAME),
	MATCH("name-16", "max_matches=17", KDBUS_ITEM_NAME | ENTRIES(16)),
	MATCH("id", "max_matches=1", KDBUS_ITEM_ID),
	MATCH("dst-id", "max_matches=1", KDBUS_ITEM_DST_ID),
	MATCH("name-add", "max_matches=1", KDBUS_ITEM_NAME_ADD),
	MATCH("name-remove", "max_matches=1", KDBUS_ITEM_NAME_REMOVE),
	MATCH("name-change", "max_matches=1", KDBUS_ITEM_NAME_CHANGE),
	MATCH("id-add", "max_matches=1", KDBUS_ITEM_ID_ADD),
	MATCH("id-remove", "max_matches=1", KDBUS_ITEM_ID_REMOVE),
	{ "match-combined", "max_matches=1", combined_setup, NULL, match_show },
	{ "match-replace", "max_matches=3", replace_setup, NULL, match_show },
	{ "match-long", "max_matches=1", long_setup, NULL, match_show },
	{ "match-remove", "max_matches=5", remove_setup, NULL, match_show, NO_POINTS,
	  KDBUS_ITEM_BLOOM_MASK | ENTRIES(4) },
	{ }
};
