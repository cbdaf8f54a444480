// SPDX-License-Identifier: LGPL-2.1-or-later
/* Calls, replies, deadlines. */
#include <sys/eventfd.h>

#include "fault.h"

static int pair(struct world *world)
{
	return world_conns(world, A, 2);
}

static int async_setup(struct world *world)
{
	int ret = pair(world);

	args_call(&world->msg, world->conn[B].id, 7);
	return ret ?: world_send(world, A, 0);
}

/* The activator of the name gets the call. */
static int async_by_name_setup(struct world *world)
{
	int ret = world_conn(world, A) ?:
		  conn_new_named(&world->conn[B], &world->bus, KDBUS_HELLO_ACTIVATOR,
				 "asked.fault");

	world->n_conns = 2;
	args_call(&world->msg, 0, 7);
	args_str(&world->msg, KDBUS_ITEM_DST_NAME, "asked.fault");
	return ret ?: world_send(world, A, 0);
}

static int sync_setup(struct world *world)
{
	int ret = pair(world) ?: world_bytes(world, 50);

	args_call(&world->msg, world->conn[B].id, 7);
	args_vec(&world->msg, world->bytes, 50);
	return ret ?: world_answer(world, B) ?: world_send(world, A, KDBUS_SEND_SYNC_REPLY);
}

static int sync_cancelable_setup(struct world *world)
{
	int fd, ret;

	ret = sync_setup(world);
	fd = world_keep_fd(world, eventfd(0, EFD_CLOEXEC));
	args_cancel_fd(&world->cmd, fd);
	return ret ?: fd < 0 ? fd : 0;
}

/* B has received a call of A and answers it, with @arg descriptors and a memfd. */
static int add_reply(struct world *world)
{
	int memfd, fds[2];

	args_reply(&world->msg, world->conn[A].id, 8, 7);
	if (world->scenario->arg) {
		memfd = world_keep_fd(world, memfd_new("0123456789", 10, SEALS_ALL));
		fds[0] = world_keep_fd(world, eventfd(0, EFD_CLOEXEC));
		fds[1] = world_keep_fd(world, eventfd(0, EFD_CLOEXEC));
		if (memfd < 0 || fds[0] < 0 || fds[1] < 0)
			return -EMFILE;
		args_memfd(&world->msg, memfd, 0, 10);
		args_fds(&world->msg, fds, 2);
	}
	return world_send(world, B, 0);
}

static int reply_setup(struct world *world)
{
	const struct kdbus_msg *msg;
	int ret;

	ret = pair(world) ?: send_call(&world->conn[A], world->conn[B].id, 7);
	msg = ret ? NULL : msg_next(&world->conn[B]);
	return ret ?: !msg ? -errno : msg_done(&world->conn[B], msg) ?: add_reply(world);
}

static int sync_reply_setup(struct world *world)
{
	return pair(world) ?: world_call(world, A, B, 7) ?: add_reply(world);
}

/* Monitors get a copy of the reply first. */
static int monitored_reply_setup(struct world *world)
{
	int ret = reply_setup(world) ?: world_monitor(world, C, _KDBUS_ATTACH_ALL);

	return ret ?: world_bytes(world, 2000) ?:
	       (args_vec(&world->msg, world->bytes, 2000), 0);
}

const struct scenario call_scenarios[] = {
	{ "call", "max_calls=1,max_queued_messages=1", async_setup },
	{ "call-activator", "max_calls=1,max_queued_messages=1", async_by_name_setup },
	{ "sync-call", "max_calls=1,max_queued_messages=1", sync_setup },
	{ "sync-call-cancelable", "max_calls=1", sync_cancelable_setup },
	{ "reply", "max_calls=1,max_queued_messages=1", reply_setup, NULL, NULL, USES_CALL_UP },
	{ "reply-files", "max_queued_fds=2", reply_setup, NULL, NULL, USES_CALL_UP, 2 },
	{ "reply-monitored", NULL, monitored_reply_setup, NULL, NULL,
	  USES_CALL_UP | MAY_LOSE | MAY_BE_SEEN | LARGE_MESSAGES },
	{ "reply-to-sync", "max_calls=1,max_queued_messages=1", sync_reply_setup, NULL, NULL,
	  USES_CALL_UP },
	{ "reply-to-sync-files", "max_queued_fds=2", sync_reply_setup, NULL, NULL,
	  USES_CALL_UP | MAY_LACK, 2 },
	{ }
};
