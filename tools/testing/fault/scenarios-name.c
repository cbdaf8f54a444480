// SPDX-License-Identifier: LGPL-2.1-or-later
/* Names: who gets them, who waits, who starts, and the messages that move with them. */
#include "fault.h"

#define NAME	"moving.fault"

static int acquire_by(struct world *world, unsigned int i, __u64 flags)
{
	world_command(world, i, KDBUS_CMD_NAME_ACQUIRE);
	args_cmd(&world->cmd);
	world->cmd.cmd.flags = flags;
	args_str(&world->cmd, KDBUS_ITEM_NAME, NAME);
	return 0;
}

static int release_by(struct world *world, unsigned int i)
{
	world_command(world, i, KDBUS_CMD_NAME_RELEASE);
	args_cmd(&world->cmd);
	args_str(&world->cmd, KDBUS_ITEM_NAME, NAME);
	return 0;
}

static int watcher(struct world *world, unsigned int i)
{
	return world_conn(world, i) ?: match_all(&world->conn[i], 1);
}

static int acquire_setup(struct world *world)
{
	return world_conn(world, A) ?: acquire_by(world, A, 0);
}

/* Events about the name go to many, or to a monitor. */
static int acquire_watched_setup(struct world *world)
{
	unsigned int i;
	int ret = world_conn(world, A);

	for (i = B; i < B + world->scenario->arg && !ret; i++)
		ret = watcher(world, i);
	return ret ?: acquire_by(world, A, 0);
}

static int acquire_monitored_setup(struct world *world)
{
	return world_conn(world, A) ?: world_monitor(world, B, _KDBUS_ATTACH_ALL) ?:
	       acquire_by(world, A, 0);
}

static int queue_setup(struct world *world)
{
	return world_conns(world, A, 2) ?: name_acquire(&world->conn[A], NAME, 0, NULL) ?:
	       acquire_by(world, B, KDBUS_NAME_QUEUE);
}

static int replace_setup(struct world *world)
{
	return world_conns(world, A, 2) ?: watcher(world, C) ?:
	       name_acquire(&world->conn[A], NAME, KDBUS_NAME_ALLOW_REPLACEMENT |
			    world->scenario->arg, NULL) ?:
	       acquire_by(world, B, KDBUS_NAME_REPLACE_EXISTING);
}

/* Nobody had so many names: the table of the bus grows. */
static int crowded_setup(struct world *world)
{
	unsigned int i;
	char name[32];
	int ret;

	ret = world_conn(world, A);
	for (i = 0; i < world->scenario->arg && !ret; i++) {
		snprintf(name, sizeof(name), "taken.fault%u", i);
		ret = name_acquire(&world->conn[A], name, 0, NULL);
	}
	return ret ?: acquire_by(world, A, 0);
}

/* An activator (A) of the name with messages of C, among them calls and descriptors. */
static int activator_with_queue(struct world *world)
{
	struct args msg, args;
	int fds[2], ret;

	args_hello_default(&args);
	args.hello.flags = KDBUS_HELLO_ACTIVATOR | KDBUS_HELLO_ACCEPT_FD;
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	ret = world_conn_args(world, A, &args) ?: world_conns(world, B, 2);
	if (ret || pipe2(fds, O_CLOEXEC))
		return ret ?: -errno;
	world_keep_fd(world, fds[0]);
	world_keep_fd(world, fds[1]);
	args_msg_name(&msg, NAME, 1);
	args_fds(&msg, fds, 2);
	ret = msg_send(&world->conn[C], &msg);
	args_call(&msg, 0, 2);
	args_str(&msg, KDBUS_ITEM_DST_NAME, NAME);
	return ret ?: msg_send(&world->conn[C], &msg) ?: send_name(&world->conn[C], NAME, 3);
}

static int take_over_setup(struct world *world)
{
	return activator_with_queue(world) ?: acquire_by(world, B, 0);
}

static int release_setup(struct world *world)
{
	return world_conn(world, A) ?: watcher(world, B) ?:
	       name_acquire(&world->conn[A], NAME, 0, NULL) ?: release_by(world, A);
}

static int release_to_next_setup(struct world *world)
{
	return world_conns(world, A, 2) ?: watcher(world, C) ?:
	       name_acquire(&world->conn[A], NAME, 0, NULL) ?:
	       name_acquire(&world->conn[B], NAME, KDBUS_NAME_QUEUE, NULL) ?:
	       release_by(world, A);
}

/* B owns the name, has messages for it, and gives it back to the activator. */
static int fall_back_setup(struct world *world)
{
	return activator_with_queue(world) ?: name_acquire(&world->conn[B], NAME, 0, NULL) ?:
	       release_by(world, B);
}

const struct scenario name_scenarios[] = {
	{ "name-acquire", "max_names=1", acquire_setup },
	{ "name-acquire-watched", "max_names=1", acquire_watched_setup, NULL, NULL, MAY_LOSE, 2 },
	/* If those who watch cannot even be listed, everybody has lost something. */
	{ "name-acquire-watched-by-many", NULL, acquire_watched_setup, NULL, NULL,
	  MAY_LOSE | MAY_VANISH | LARGE, 17 },
	{ "name-acquire-monitored", NULL, acquire_monitored_setup, NULL, NULL, MAY_LOSE },
	{ "name-acquire-queue", "max_names=1", queue_setup },
	{ "name-acquire-replace", "max_names=1", replace_setup, NULL, NULL, MAY_LOSE },
	{ "name-acquire-replace-queued", "max_names=1", replace_setup, NULL, NULL, MAY_LOSE,
	  KDBUS_NAME_QUEUE },
	{ "name-acquire-crowded", "max_names=17", crowded_setup, NULL, NULL, MAY_LOSE, 16 },
	{ "name-take-over", NULL, take_over_setup, NULL, NULL, MAY_LOSE | MAY_VANISH },
	{ "name-release", "max_names=1", release_setup, NULL, NULL, MAY_LOSE },
	{ "name-release-to-next", "max_names=1", release_to_next_setup, NULL, NULL, MAY_LOSE },
	{ "name-fall-back", NULL, fall_back_setup, NULL, NULL, MAY_LOSE | MAY_VANISH },
	{ }
};
