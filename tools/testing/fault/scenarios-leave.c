// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Leaving: BYEBYE and close(2).  Neither may fail for want of memory; what others lose by
 * it is counted at them.
 */
#include "fault.h"

#define NAME	"left.fault"

static int bye_by(struct world *world, unsigned int i)
{
	world_command(world, i, KDBUS_CMD_BYEBYE);
	args_cmd(&world->cmd);
	return 0;
}

/* A has names, a match, owes an answer to C and waits for one of B; C watches. */
static int busy_setup(struct world *world)
{
	const struct kdbus_msg *msg;
	int ret;

	ret = world_conns(world, A, 3) ?: match_all(&world->conn[C], 1) ?:
	      name_acquire(&world->conn[A], NAME, 0, NULL) ?:
	      name_acquire(&world->conn[A], "left.fault2", 0, NULL) ?:
	      name_acquire(&world->conn[B], "left.fault2", KDBUS_NAME_QUEUE, NULL) ?:
	      send_call(&world->conn[C], world->conn[A].id, 1) ?:
	      send_call(&world->conn[A], world->conn[B].id, 2);
	msg = ret ? NULL : msg_next(&world->conn[A]);
	return ret ?: !msg ? -errno : msg_done(&world->conn[A], msg);
}

static int bye_setup(struct world *world)
{
	return world_conn(world, A) ?: bye_by(world, A);
}

static int bye_busy_setup(struct world *world)
{
	return busy_setup(world) ?: bye_by(world, A);
}

/* A synchronous caller waits for an answer of A. */
static int bye_awaited_setup(struct world *world)
{
	return world_conns(world, A, 2) ?: world_call(world, B, A, 7) ?: bye_by(world, A);
}

static int close_busy_setup(struct world *world)
{
	return busy_setup(world) ?: send_plain(&world->conn[C], world->conn[A].id, 3);
}

/* B has a name of an activator, with messages for it. */
static int close_owner_setup(struct world *world)
{
	return world_conn(world, B) ?: world_conn(world, C) ?:
	       conn_new_named(&world->conn[D], &world->bus, KDBUS_HELLO_ACTIVATOR, NAME) ?:
	       (world->n_conns = 4, name_acquire(&world->conn[B], NAME, 0, NULL)) ?:
	       send_name(&world->conn[C], NAME, 1) ?: send_name(&world->conn[C], NAME, 2);
}

static int close_conn(struct world *world, unsigned int i)
{
	int fd = world->conn[i].fd;

	world->conn[i].fd = -1;
	return close(fd) ? -errno : 0;
}

static int close_a(struct world *world)
{
	return close_conn(world, A);
}

static int close_b(struct world *world)
{
	return close_conn(world, B);
}

/* The last thing that holds a pool is its mapping. */
static int unmap_a(struct world *world)
{
	struct conn *conn = &world->conn[A];
	const void *pool = conn->pool;

	conn->pool = NULL;
	return munmap((void *)pool, conn->pool_size) ? -errno : 0;
}

static int unmap_setup(struct world *world)
{
	return world_conn(world, A) ?: close_a(world);
}

const struct scenario leave_scenarios[] = {
	{ "bye", "max_connections=2", bye_setup, NULL, NULL, NO_POINTS },
	{ "bye-busy", NULL, bye_busy_setup, NULL, NULL, MAY_LOSE | MAY_VANISH },
	{ "bye-awaited", NULL, bye_awaited_setup, NULL, NULL, NO_POINTS },
	{ "close-busy", NULL, close_busy_setup, close_a, NULL, MAY_LOSE | MAY_VANISH },
	{ "close-owner", NULL, close_owner_setup, close_b, NULL, MAY_LOSE | MAY_VANISH },
	{ "munmap", NULL, unmap_setup, unmap_a, NULL, NO_POINTS },
	{ }
};
