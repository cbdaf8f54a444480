// SPDX-License-Identifier: LGPL-2.1-or-later
/* CONN_INFO, BUS_CREATOR_INFO, LIST, UPDATE. */
#include "fault.h"

/* B has names and a description. */
static int described_peer(struct world *world)
{
	struct args args;
	char name[32];
	unsigned int i;
	int ret;

	args_hello_default(&args);
	args_str(&args, KDBUS_ITEM_CONN_DESCRIPTION, "somebody");
	ret = world_conn(world, A) ?: world_conn_args(world, B, &args);
	for (i = 0; i < world->scenario->arg && !ret; i++) {
		snprintf(name, sizeof(name), "known.fault.as%u", i);
		ret = name_acquire(&world->conn[B], name, 0, NULL);
	}
	return ret;
}

static int info_setup(struct world *world)
{
	int ret = described_peer(world);

	world_command(world, A, KDBUS_CMD_CONN_INFO);
	args_info(&world->cmd);
	world->cmd.info.id = world->conn[B].id;
	world->cmd.info.attach_flags = _KDBUS_ATTACH_ALL;
	return ret;
}

static int info_by_name_setup(struct world *world)
{
	int ret = info_setup(world);

	world->cmd.info.id = 0;
	args_str(&world->cmd, KDBUS_ITEM_NAME, "known.fault.as0");
	return ret;
}

static int info_of_faked_setup(struct world *world)
{
	struct kdbus_creds creds = { .uid = 4, .euid = 5, .gid = 6, .egid = 7 };
	struct args args;
	int ret;

	args_hello_default(&args);
	args_item(&args, KDBUS_ITEM_CREDS, &creds, sizeof(creds));
	args_str(&args, KDBUS_ITEM_SECLABEL, "label");
	ret = world_conn(world, A) ?: world_conn_args(world, B, &args);
	world_command(world, A, KDBUS_CMD_CONN_INFO);
	args_info(&world->cmd);
	world->cmd.info.id = world->conn[B].id;
	world->cmd.info.attach_flags = _KDBUS_ATTACH_ALL;
	return ret;
}

static int creator_setup(struct world *world)
{
	int ret = world_conn(world, A);

	world_command(world, A, KDBUS_CMD_BUS_CREATOR_INFO);
	args_info(&world->cmd);
	world->cmd.info.attach_flags = _KDBUS_ATTACH_ALL;
	return ret;
}

static int list_setup(struct world *world)
{
	int ret = described_peer(world);

	world_command(world, A, KDBUS_CMD_LIST);
	args_list(&world->cmd);
	world->cmd.list.flags = KDBUS_LIST_UNIQUE | KDBUS_LIST_NAMES | KDBUS_LIST_ACTIVATORS |
				KDBUS_LIST_QUEUED;
	return ret;
}

static int update_flags_setup(struct world *world)
{
	int ret = world_conns(world, A, 2);

	world_command(world, A, KDBUS_CMD_UPDATE);
	args_cmd(&world->cmd);
	args_u64(&world->cmd, KDBUS_ITEM_ATTACH_FLAGS_SEND, 0);
	args_u64(&world->cmd, KDBUS_ITEM_ATTACH_FLAGS_RECV, KDBUS_ATTACH_TIMESTAMP);
	return ret;
}

/* What A gets with a message now, and gives. */
static void update_flags_show(struct world *world, struct text *text)
{
	const struct kdbus_info *info;

	text_add(text, TAG_FIRM, "SEND: %d", send_plain(&world->conn[B], world->conn[A].id, 5));
	text_add(text, TAG_FIRM, "CONN_INFO: %d",
		 conn_info(&world->conn[B], world->conn[A].id, NULL, KDBUS_ATTACH_CREDS, &info));
	text_add(text, TAG_FIRM, "%llu bytes", info->size);
	conn_free(&world->conn[B], (const __u8 *)info - world->conn[B].pool);
}

/* A policy holder for "held.fault" becomes one for "other.fault", with @arg grants. */
static int update_policy_setup(struct world *world)
{
	unsigned int i;
	int ret;

	ret = conn_new_policy(&world->conn[A], &world->bus, KDBUS_HELLO_POLICY_HOLDER,
			      "held.fault", KDBUS_POLICY_ACCESS_USER, KDBUS_POLICY_OWN, ALICE);
	world->n_conns = 1;
	world_command(world, A, KDBUS_CMD_UPDATE);
	args_cmd(&world->cmd);
	args_str(&world->cmd, KDBUS_ITEM_NAME, "other.fault");
	for (i = 0; i < world->scenario->arg; i++)
		args_policy(&world->cmd, KDBUS_POLICY_ACCESS_USER, KDBUS_POLICY_OWN, ALICE + i);
	return ret;
}

/* Which of the two names the policy lets that user have. */
static void update_policy_show(struct world *world, struct text *text)
{
	struct conn conn;
	int ret;

	ret = conn_new_as(&conn, &world->bus, ALICE, STAFF) ?: become(ALICE, STAFF);
	text_add(text, TAG_FIRM, "connecting: %d", ret);
	if (!ret) {
		text_add(text, TAG_FIRM, "before: %d",
			 name_acquire(&conn, "held.fault", 0, NULL));
		text_add(text, TAG_FIRM, "after: %d",
			 name_acquire(&conn, "other.fault", 0, NULL));
		become_root();
	}
	conn_close(&conn);
}

const struct scenario query_scenarios[] = {
	{ "info", NULL, info_setup, NULL, NULL, MAY_LACK, 2 },
	{ "info-many-names", NULL, info_setup, NULL, NULL, MAY_LACK | LARGE_MESSAGES, 60 },
	{ "info-by-name", NULL, info_by_name_setup, NULL, NULL, MAY_LACK, 1 },
	{ "info-of-faked", NULL, info_of_faked_setup },
	{ "creator-info", NULL, creator_setup, NULL, NULL, MAY_LACK },
	{ "list", NULL, list_setup },
	{ "list-long", NULL, list_setup, NULL, NULL, LARGE_MESSAGES, 120 },
	{ "update-flags", NULL, update_flags_setup, NULL, update_flags_show, NO_POINTS },
	{ "update-policy", NULL, update_policy_setup, NULL, update_policy_show, 0, 1 },
	{ "update-policy-long", NULL, update_policy_setup, NULL, update_policy_show, 0, 60 },
	{ }
};
