// SPDX-License-Identifier: LGPL-2.1-or-later
/* Every command with arguments that are right. */
#include "commands.h"

#define NAME "com.example.Parser"

int world_new(struct world *world)
{
	int ret;

	world->file = -1;
	ret = bus_make(&world->bus);
	if (ret)
		return ret;
	ret = conn_new(&world->a, &world->bus);
	if (ret)
		return ret;
	return conn_new(&world->b, &world->bus);
}

void world_free(struct world *world)
{
	if (world->file >= 0)
		close(world->file);
	conn_close(&world->b);
	conn_close(&world->a);
	bus_close(&world->bus);
}

static int prepare_bus_make(struct world *world, struct args *args)
{
	char name[BUS_NAME_MAX + 1];

	bus_name_unique(name);
	args_bus(args, name, 0);
	world->file = open_at(domain_path(), "control");
	return world->file;
}

static int prepare_endpoint_make(struct world *world, struct args *args)
{
	char name[BUS_NAME_MAX + 1];

	bus_name_unique(name);
	args_cmd(args);
	args_str(args, KDBUS_ITEM_MAKE_NAME, name);
	world->file = open_at(world->bus.dir, "bus");
	return world->file;
}

static int prepare_endpoint_update(struct world *world, struct args *args)
{
	int fd, ret;

	fd = prepare_endpoint_make(world, args);
	if (fd < 0)
		return fd;
	ret = command(fd, KDBUS_CMD_ENDPOINT_MAKE, args);
	args_cmd(args);
	return ret ? ret : fd;
}

static int prepare_hello(struct world *world, struct args *args)
{
	args_hello_default(args);
	world->file = open_at(world->bus.dir, "bus");
	return world->file;
}

static int prepare_nothing(struct world *world, struct args *args)
{
	args_cmd(args);
	return world->a.fd;
}

static int prepare_free(struct world *world, struct args *args)
{
	args_free(args);
	args->free.offset = world->a.pool_size;
	return world->a.fd;
}

static int prepare_conn_info(struct world *world, struct args *args)
{
	args_info(args);
	args->info.id = world->b.id;
	return world->a.fd;
}

static int prepare_bus_creator_info(struct world *world, struct args *args)
{
	args_info(args);
	return world->a.fd;
}

static int prepare_list(struct world *world, struct args *args)
{
	args_list(args);
	args->list.flags = KDBUS_LIST_UNIQUE;
	return world->a.fd;
}

static int prepare_send(struct world *world, struct args *args)
{
	args_msg(&world->msg, world->b.id, 1);
	args_send(args, &world->msg);
	return world->a.fd;
}

static int prepare_recv(struct world *world, struct args *args)
{
	int ret = send_plain(&world->b, world->a.id, 1);

	args_recv(args);
	return ret ? ret : world->a.fd;
}

static int prepare_name_acquire(struct world *world, struct args *args)
{
	args_cmd(args);
	args_str(args, KDBUS_ITEM_NAME, NAME);
	return world->a.fd;
}

static int prepare_name_release(struct world *world, struct args *args)
{
	int ret = name_acquire(&world->a, NAME, 0, NULL);

	args_cmd(args);
	args_str(args, KDBUS_ITEM_NAME, NAME);
	return ret ? ret : world->a.fd;
}

static int prepare_match_add(struct world *world, struct args *args)
{
	args_match(args, 1);
	return world->a.fd;
}

static int prepare_match_remove(struct world *world, struct args *args)
{
	int ret = match_all(&world->a, 1);

	args_match(args, 1);
	return ret ? ret : world->a.fd;
}

#define ITEMS(...) ((const __u64[]){ __VA_ARGS__ __VA_OPT__(,) 0 })

const struct command command_bus_make = {
	"BUS_MAKE", KDBUS_CMD_BUS_MAKE, sizeof(struct kdbus_cmd), 0x3, 0,
	ITEMS(KDBUS_ITEM_MAKE_NAME, KDBUS_ITEM_BLOOM_PARAMETER, KDBUS_ITEM_ATTACH_FLAGS_SEND),
	prepare_bus_make, 0,
};

const struct command command_endpoint_make = {
	"ENDPOINT_MAKE", KDBUS_CMD_ENDPOINT_MAKE, sizeof(struct kdbus_cmd), 0x3, 0,
	ITEMS(KDBUS_ITEM_MAKE_NAME), prepare_endpoint_make, 0,
};

const struct command command_endpoint_update = {
	"ENDPOINT_UPDATE", KDBUS_CMD_ENDPOINT_UPDATE, sizeof(struct kdbus_cmd), 0, 0,
	ITEMS(KDBUS_ITEM_NAME, KDBUS_ITEM_POLICY_ACCESS), prepare_endpoint_update, 0,
};

const struct command command_hello = {
	"HELLO", KDBUS_CMD_HELLO, sizeof(struct kdbus_cmd_hello), 0x1000f, 0,
	ITEMS(KDBUS_ITEM_NAME, KDBUS_ITEM_CREDS, KDBUS_ITEM_PIDS, KDBUS_ITEM_SECLABEL,
	      KDBUS_ITEM_CONN_DESCRIPTION, KDBUS_ITEM_POLICY_ACCESS),
	prepare_hello, 0,
};

const struct command command_update = {
	"UPDATE", KDBUS_CMD_UPDATE, sizeof(struct kdbus_cmd), 0, 0,
	ITEMS(KDBUS_ITEM_ATTACH_FLAGS_SEND, KDBUS_ITEM_ATTACH_FLAGS_RECV, KDBUS_ITEM_NAME,
	      KDBUS_ITEM_POLICY_ACCESS),
	prepare_nothing, 0,
};

const struct command command_byebye = {
	"BYEBYE", KDBUS_CMD_BYEBYE, sizeof(struct kdbus_cmd), 0, 0, ITEMS(), prepare_nothing, 0,
};

const struct command command_free = {
	"FREE", KDBUS_CMD_FREE, sizeof(struct kdbus_cmd_free), 0, 0, ITEMS(), prepare_free, 0,
};

const struct command command_conn_info = {
	"CONN_INFO", KDBUS_CMD_CONN_INFO, sizeof(struct kdbus_cmd_info), 0, 0,
	ITEMS(KDBUS_ITEM_NAME), prepare_conn_info, 0,
};

const struct command command_bus_creator_info = {
	"BUS_CREATOR_INFO", KDBUS_CMD_BUS_CREATOR_INFO, sizeof(struct kdbus_cmd_info), 0, 0,
	ITEMS(), prepare_bus_creator_info, 0,
};

const struct command command_list = {
	"LIST", KDBUS_CMD_LIST, sizeof(struct kdbus_cmd_list), 0xf, 0, ITEMS(), prepare_list, 0,
};

const struct command command_send = {
	"SEND", KDBUS_CMD_SEND, sizeof(struct kdbus_cmd_send),
	KDBUS_SEND_SYNC_REPLY | KDBUS_SEND_WAIT, 0,
	ITEMS(KDBUS_ITEM_CANCEL_FD, KDBUS_ITEM_DEADLINE), prepare_send, 0,
};

const struct command command_recv = {
	"RECV", KDBUS_CMD_RECV, sizeof(struct kdbus_cmd_recv), 0x7, 0, ITEMS(), prepare_recv, 0,
};

const struct command command_name_acquire = {
	"NAME_ACQUIRE", KDBUS_CMD_NAME_ACQUIRE, sizeof(struct kdbus_cmd), 0x7, 0x78,
	ITEMS(KDBUS_ITEM_NAME), prepare_name_acquire,
	KDBUS_NAME_PRIMARY | KDBUS_NAME_ACQUIRED,
};

const struct command command_name_release = {
	"NAME_RELEASE", KDBUS_CMD_NAME_RELEASE, sizeof(struct kdbus_cmd), 0, 0,
	ITEMS(KDBUS_ITEM_NAME), prepare_name_release, 0,
};

const struct command command_match_add = {
	"MATCH_ADD", KDBUS_CMD_MATCH_ADD, sizeof(struct kdbus_cmd_match), 0x1, 0,
	ITEMS(KDBUS_ITEM_BLOOM_MASK, KDBUS_ITEM_NAME, KDBUS_ITEM_ID, KDBUS_ITEM_DST_ID,
	      KDBUS_ITEM_NAME_ADD, KDBUS_ITEM_NAME_REMOVE, KDBUS_ITEM_NAME_CHANGE,
	      KDBUS_ITEM_ID_ADD, KDBUS_ITEM_ID_REMOVE),
	prepare_match_add, 0,
};

const struct command command_match_remove = {
	"MATCH_REMOVE", KDBUS_CMD_MATCH_REMOVE, sizeof(struct kdbus_cmd_match), 0, 0,
	ITEMS(), prepare_match_remove, 0,
};

bool command_takes(const struct command *cmd, __u64 type)
{
	const __u64 *taken;

	for (taken = cmd->items; *taken; taken++)
		if (*taken == type)
			return true;
	return type == KDBUS_ITEM_NEGOTIATE;
}

void *args_before_hole(const struct args *args, size_t readable)
{
	size_t room = (readable + 4095) & ~4095UL;
	__u8 *start = mmap(NULL, room + 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (start == MAP_FAILED || mprotect(start + room, 4096, PROT_NONE) < 0)
		return NULL;
	return memcpy(start + room - readable, args, readable);
}

void *args_read_only(const struct args *args)
{
	void *copy = mmap(NULL, sizeof(*args), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (copy == MAP_FAILED)
		return NULL;
	memcpy(copy, args, sizeof(*args));
	return mprotect(copy, sizeof(*args), PROT_READ) < 0 ? NULL : copy;
}
