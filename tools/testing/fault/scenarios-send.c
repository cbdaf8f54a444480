// SPDX-License-Identifier: LGPL-2.1-or-later
/* SEND of messages to one receiver that expect no answer. */
#include "fault.h"

#define BIG	(17 * 4096 + 100)

static int pair(struct world *world)
{
	int ret = world_conns(world, A, 2);

	args_msg(&world->msg, world->conn[B].id, 7);
	return ret;
}

static int plain_setup(struct world *world)
{
	return pair(world) ?: world_send(world, A, 0);
}

static int small_setup(struct world *world)
{
	int ret = pair(world) ?: world_bytes(world, 61);

	args_vec(&world->msg, world->bytes, 61);
	return ret ?: world_send(world, A, 0);
}

/* More pieces than fit into the kernel's own structure, with gaps. */
static int pieces_setup(struct world *world)
{
	int ret = pair(world) ?: world_bytes(world, 40 * 5);
	unsigned int i;

	for (i = 0; i < 40 && !ret; i++) {
		args_vec(&world->msg, world->bytes + i * 5, 5);
		if (i % 4 == 0)
			args_vec(&world->msg, NULL, 3);
	}
	return ret ?: world_send(world, A, 0);
}

/* Nearly all that the pool has room for, and more than the page that it starts with. */
static int pages_setup(struct world *world)
{
	int ret = pair(world) ?: world_bytes(world, 5000);

	args_vec(&world->msg, world->bytes, 5000);
	return ret ?: world_send(world, A, 0);
}

static int big_setup(struct world *world)
{
	int ret = pair(world) ?: world_bytes(world, BIG);

	args_vec(&world->msg, world->bytes, BIG);
	return ret ?: world_send(world, A, 0);
}

/* Nearly all that an argument may be. */
static int long_items_setup(struct world *world)
{
	int ret = pair(world) ?: world_bytes(world, 8);
	unsigned int i;

	for (i = 0; i < 600; i++)
		args_vec(&world->msg, NULL, 8);
	args_vec(&world->msg, world->bytes, 8);
	return ret ?: world_send(world, A, 0);
}

static int self_setup(struct world *world)
{
	int ret = world_conn(world, A);

	args_msg(&world->msg, world->conn[A].id, 7);
	return ret ?: world_send(world, A, 0);
}

static int files_setup(struct world *world)
{
	int memfd, fds[2], ret;

	ret = pair(world) ?: world_bytes(world, 24);
	memfd = world_keep_fd(world, memfd_new("01234567890", 11, SEALS_ALL));
	if (ret || memfd < 0 || pipe2(fds, O_CLOEXEC))
		return ret ?: -EMFILE;
	world_keep_fd(world, fds[0]);
	world_keep_fd(world, fds[1]);
	args_vec(&world->msg, world->bytes, 24);
	args_memfd(&world->msg, memfd, 3, 8);
	args_fds(&world->msg, fds, 2);
	return world_send(world, A, 0);
}

/* The receiver wants to know everything about the sender, who has names. */
static int metadata_setup(struct world *world)
{
	char name[32];
	unsigned int i;
	int ret;

	ret = world_conn(world, A) ?: world_conn_recv(world, B, _KDBUS_ATTACH_ALL);
	for (i = 0; i < world->scenario->arg && !ret; i++) {
		snprintf(name, sizeof(name), "sender.fault.name%u", i);
		ret = name_acquire(&world->conn[A], name, 0, NULL);
	}
	args_msg(&world->msg, world->conn[B].id, 7);
	return ret ?: world_send(world, A, 0);
}

/* The receiver never heard of the sender's user. */
static int new_user_setup(struct world *world)
{
	struct args args;
	int fd, ret;

	ret = world_conn(world, B);
	fd = open_as(user_unique(), STAFF, world->bus.path);
	if (ret || fd < 0)
		return ret ?: fd;
	args_hello_default(&args);
	args.hello.pool_size = 8 * 4096;
	ret = conn_hello(&world->conn[A], fd, &args) ?:
	      conn_free(&world->conn[A], world->conn[A].hello.offset) ?:
	      name_acquire(&world->conn[B], "open.fault", 0, NULL) ?:
	      conn_new_policy(&world->conn[C], &world->bus, KDBUS_HELLO_POLICY_HOLDER,
			      "open.fault", KDBUS_POLICY_ACCESS_WORLD, KDBUS_POLICY_TALK, 0);
	world->n_conns = 3;
	args_msg(&world->msg, world->conn[B].id, 7);
	return ret ?: world_send(world, A, 0);
}

/* Queues that hold little: a slot that is not given back is missed. */
static int tight_setup(struct world *world)
{
	int ret = small_setup(world);

	world->msg.msg.priority = -5;
	return ret;
}

static int by_name_setup(struct world *world)
{
	int ret = pair(world) ?: name_acquire(&world->conn[B], "called.fault", 0, NULL) ?:
		  world_bytes(world, 30);

	args_msg_name(&world->msg, "called.fault", 7);
	args_vec(&world->msg, world->bytes, 30);
	return ret ?: world_send(world, A, 0);
}

static int to_activator_setup(struct world *world)
{
	int ret = world_conn(world, A) ?:
		  conn_new_named(&world->conn[B], &world->bus, KDBUS_HELLO_ACTIVATOR,
				 "started.fault");

	world->n_conns = 2;
	args_msg_name(&world->msg, "started.fault", 7);
	return ret ?: world_send(world, A, 0);
}

static int custom_setup(struct world *world)
{
	int ret = world_conn(world, B) ?: endpoint_make(&world->ep, &world->bus) ?:
		  endpoint_grant(&world->ep, "called.fault", KDBUS_POLICY_TALK) ?:
		  name_acquire(&world->conn[B], "called.fault", 0, NULL) ?:
		  conn_new_at(&world->conn[A], world->ep.path, 0, 0);

	args_msg(&world->msg, world->conn[B].id, 7);
	return ret ?: world_send(world, A, 0);
}

/* Monitors want everything, the receiver nothing. */
static int monitored_setup(struct world *world)
{
	unsigned int i;
	int ret;

	ret = pair(world) ?: world_bytes(world, 5000);
	for (i = 0; i < world->scenario->arg && !ret; i++)
		ret = world_monitor(world, C + i, i ? 0 : _KDBUS_ATTACH_ALL);
	args_vec(&world->msg, world->bytes, 5000);
	return ret ?: world_send(world, A, 0);
}

#define MONITORED	(MAY_LOSE | MAY_BE_SEEN | LARGE_MESSAGES)

const struct scenario send_scenarios[] = {
	{ "send", "max_queued_messages=1", plain_setup },
	{ "send-small", "max_queued_messages=1", small_setup },
	{ "send-priority", "max_queued_messages=1", tight_setup },
	{ "send-pieces", "max_queued_messages=1", pieces_setup },
	{ "send-pages", "max_queued_messages=1", pages_setup },
	{ "send-big", "max_queued_messages=1", big_setup, NULL, NULL, LARGE_MESSAGES },
	{ "send-long-items", "max_queued_messages=1", long_items_setup, NULL, NULL,
	  LARGE_MESSAGES },
	{ "send-to-self", "max_queued_messages=1", self_setup },
	{ "send-files", "max_queued_messages=1,max_queued_fds=2", files_setup },
	{ "send-metadata", NULL, metadata_setup, NULL, NULL, MAY_LACK, 1 },
	{ "send-many-names", NULL, metadata_setup, NULL, NULL,
	  MAY_LACK | LARGE_MESSAGES, 40 },
	{ "send-new-user", "max_queued_messages=1", new_user_setup },
	{ "send-by-name", "max_queued_messages=1", by_name_setup },
	{ "send-to-activator", "max_queued_messages=1", to_activator_setup },
	{ "send-custom", "max_queued_messages=1", custom_setup },
	/* Monitors have their copies when the receiver's fails. */
	{ "send-monitored", NULL, monitored_setup, NULL, NULL, MONITORED, 1 },
	{ "send-monitored-twice", NULL, monitored_setup, NULL, NULL, MONITORED, 2 },
	{ }
};
