// SPDX-License-Identifier: LGPL-2.1-or-later
/* SEND and RECV as commands of io_uring. */
#include "fault.h"
#include "ring.h"

static struct ring ring = { .fd = -1 };

/*
 * A ring that has all its memory.  Its first command, which is refused, brings the places for
 * commands.
 */
static int ring_setup(struct world *world)
{
	int ret;

	ring_close(&ring);
	ret = ring_open(&ring, 8);
	if (ret)
		return ret;
	ret = ring_run(&ring, world->conn[A].fd, KDBUS_CMD_BYEBYE, &world->cmd);
	return ret == -ENOTTY ? 0 : ret ?: -EPROTO;
}

static int uring_act(struct world *world)
{
	__u64 user_data;
	__s32 result;
	int ret;

	ring_command(&ring, world->fd, world->nr, &world->cmd, 1);
	ret = ring_submit(&ring, 1);
	if (ret != 1)
		return ret < 0 ? ret : -EIO;
	ret = ring_wait(&ring, &user_data, &result);
	return ret ?: result;
}

static void uring_show(struct world *world, struct text *text)
{
	if (world->nr == KDBUS_CMD_RECV && world->cmd.recv.msg.msg_size)
		show_message(world, text, B, &world->cmd.recv.msg);
	ring_close(&ring);
}

static int send_setup(struct world *world)
{
	int ret = world_conns(world, A, 2) ?: ring_setup(world) ?:
		  world_bytes(world, world->scenario->arg);

	args_msg(&world->msg, world->conn[B].id, 7);
	args_vec(&world->msg, world->bytes, world->scenario->arg);
	return ret ?: world_send(world, A, 0);
}

static int recv_setup(struct world *world)
{
	int ret = world_conns(world, A, 2) ?: ring_setup(world) ?:
		  send_bytes(&world->conn[A], world->conn[B].id, 7, world->scenario->arg);

	world_command(world, B, KDBUS_CMD_RECV);
	args_recv(&world->cmd);
	return ret;
}

const struct scenario uring_scenarios[] = {
	{ "uring-send", "max_queued_messages=1", send_setup, uring_act, uring_show, 0, 100 },
	{ "uring-send-pages", "max_queued_messages=1", send_setup, uring_act, uring_show, 0,
	  5000 },
	{ "uring-recv", "max_queued_messages=1", recv_setup, uring_act, uring_show, 0, 100 },
	{ }
};
