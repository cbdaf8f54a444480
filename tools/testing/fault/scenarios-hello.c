// SPDX-License-Identifier: LGPL-2.1-or-later
/* HELLO of every kind, the mapping of a pool, polling. */
#include <sys/epoll.h>

#include "fault.h"

static int hello_on(struct world *world, const char *path)
{
	world->fd = world_keep_fd(world, open(path, O_RDWR | O_CLOEXEC));
	world->nr = KDBUS_CMD_HELLO;
	args_hello_default(&world->cmd);
	world->cmd.hello.pool_size = 16 * 4096;
	return world->fd < 0 ? world->fd : 0;
}

/* The connection that HELLO made, if it did: it can do something, and is known by its name. */
static void hello_show(struct world *world, struct text *text)
{
	int ret = command(world->fd, KDBUS_CMD_FREE,
			  &(struct kdbus_cmd_free){ .size = sizeof(struct kdbus_cmd_free) });

	text_add(text, TAG_FIRM, "FREE: %d", ret);
}

static int ordinary_setup(struct world *world)
{
	return hello_on(world, world->bus.path);
}

/* Room for telling a loss is kept from here on. */
static int loss_setup(struct world *world)
{
	int ret = hello_on(world, world->bus.path);

	world->cmd.hello.flags |= KDBUS_HELLO_LOSS_IN_PLACE;
	return ret;
}

/* The first of 64 ids needs memory in the index of ids. */
static int far_id_setup(struct world *world)
{
	struct conn conn;
	int ret;

	do {
		ret = conn_new(&conn, &world->bus);
		if (!ret)
			conn_close(&conn);
	} while (!ret && conn.id % 64 != 63);
	return ret ?: hello_on(world, world->bus.path);
}

static int described_setup(struct world *world)
{
	int ret = hello_on(world, world->bus.path);

	args_str(&world->cmd, KDBUS_ITEM_CONN_DESCRIPTION, "described-by-fault");
	return ret;
}

static int faked_setup(struct world *world)
{
	struct kdbus_creds creds = { .uid = 4, .euid = 5, .gid = 6, .egid = 7 };
	struct kdbus_pids pids = { .pid = 1 };
	int ret = hello_on(world, world->bus.path);

	args_item(&world->cmd, KDBUS_ITEM_CREDS, &creds, sizeof(creds));
	args_item(&world->cmd, KDBUS_ITEM_PIDS, &pids, sizeof(pids));
	args_str(&world->cmd, KDBUS_ITEM_SECLABEL, "a label that nobody has");
	return ret;
}

/* Notifications about it go to @arg connections. */
static int watched_setup(struct world *world)
{
	unsigned int i;
	int ret;

	ret = world_conns(world, A, world->scenario->arg);
	for (i = 0; i < world->scenario->arg && !ret; i++)
		ret = match_all(&world->conn[i], 1);
	return ret ?: hello_on(world, world->bus.path);
}

static int monitored_setup(struct world *world)
{
	return world_monitor(world, A, _KDBUS_ATTACH_ALL) ?: hello_on(world, world->bus.path);
}

static int activator_setup(struct world *world)
{
	int ret = world_conn(world, A) ?: match_all(&world->conn[A], 1) ?:
		  hello_on(world, world->bus.path);

	world->cmd.hello.flags = KDBUS_HELLO_ACTIVATOR;
	args_str(&world->cmd, KDBUS_ITEM_NAME, "activated.fault");
	args_policy(&world->cmd, KDBUS_POLICY_ACCESS_WORLD, KDBUS_POLICY_TALK, 0);
	return ret;
}

/* The name has an owner already. */
static int late_activator_setup(struct world *world)
{
	return activator_setup(world) ?:
	       name_acquire(&world->conn[A], "activated.fault", 0, NULL);
}

/* With many grants, and so with a large argument. */
static int holder_setup(struct world *world)
{
	int ret = hello_on(world, world->bus.path);
	unsigned int i;

	world->cmd.hello.flags = KDBUS_HELLO_POLICY_HOLDER;
	args_str(&world->cmd, KDBUS_ITEM_NAME,
		 world->scenario->arg > 1 ? "held.fault.*" : "held.fault");
	for (i = 0; i < world->scenario->arg; i++)
		args_policy(&world->cmd, KDBUS_POLICY_ACCESS_USER, KDBUS_POLICY_OWN, i);
	return ret;
}

static int monitor_setup(struct world *world)
{
	int ret = world_conn(world, A) ?: match_all(&world->conn[A], 1) ?:
		  hello_on(world, world->bus.path);

	world->cmd.hello.flags |= KDBUS_HELLO_MONITOR;
	return ret;
}

static int custom_setup(struct world *world)
{
	return world_conn(world, A) ?: match_all(&world->conn[A], 1) ?:
	       endpoint_make(&world->ep, &world->bus) ?: hello_on(world, world->ep.path);
}

/* The first connection of a user. */
static int user_setup(struct world *world)
{
	int ret = hello_on(world, world->bus.path);

	close(world->fd);
	world->fds[0] = open_as(user_unique(), STAFF, world->bus.path);
	world->fd = world->fds[0];
	return ret ?: world->fd < 0 ? world->fd : 0;
}

/* ---- the pool ---- */

/* HELLO without mapping. */
static int unmapped_setup(struct world *world)
{
	int ret = hello_on(world, world->bus.path);

	return ret ?: command(world->fd, world->nr, &world->cmd);
}

static int map_it(struct world *world)
{
	world->map = mmap(NULL, 16 * 4096, PROT_READ, MAP_SHARED, world->fd, 0);
	if (world->map == MAP_FAILED) {
		world->map = NULL;
		return -errno;
	}
	return 0;
}

static void map_show(struct world *world, struct text *text)
{
	const struct kdbus_item *item = world->map;

	text_add(text, TAG_FIRM, "first item: %llx", item ? item->type : 0);
	if (world->map)
		munmap(world->map, 16 * 4096);
	world->map = NULL;
}

static int mapped_setup(struct world *world)
{
	int fds[2], ret;

	ret = unmapped_setup(world) ?: map_it(world);
	if (ret)
		return ret;
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	world_keep_fd(world, fds[0]);
	world_keep_fd(world, fds[1]);
	return 0;
}

/* A second mapping, of a file that is there. */
static int map_again(struct world *world)
{
	void *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, world->fd, 0);

	if (map == MAP_FAILED)
		return -errno;
	return munmap(map, 4096) ? -errno : 0;
}

/*
 * The kernel reads a page of the pool that nothing has been written to: it comes by a
 * fault, which may fail for want of memory without an oops, and without the process's end.
 */
static int read_map(struct world *world)
{
	ssize_t n = write(world->fds[2], (__u8 *)world->map + 9 * 4096, 8);

	return n == 8 ? 0 : n < 0 ? -errno : -EIO;
}

static void read_map_show(struct world *world, struct text *text)
{
	__u64 word = 0;

	text_add(text, TAG_FIRM, "read %zd: %llx", read(world->fds[1], &word, sizeof(word)), word);
	map_show(world, text);
}

/* ---- polling ---- */

static int polled_setup(struct world *world)
{
	int fd, ret;

	ret = world_conns(world, A, 2) ?: send_plain(&world->conn[A], world->conn[B].id, 1);
	fd = epoll_create1(EPOLL_CLOEXEC);
	return ret ?: world_keep_fd(world, fd) < 0 ? -EMFILE : 0;
}

static int epoll_it(struct world *world)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (epoll_ctl(world->fds[0], EPOLL_CTL_ADD, world->conn[B].fd, &event))
		return -errno;
	return epoll_wait(world->fds[0], &event, 1, 0) == 1 ? 0 : -errno;
}

static int epoll_or_there(struct world *world)
{
	int ret = epoll_it(world);

	/* The second try finds it added if it was the wait that failed. */
	return ret == -EEXIST ? 0 : ret;
}

/* More descriptors than select(2) and poll(2) keep on their stacks. */
static int poll_many(struct world *world)
{
	struct pollfd pfd[600];
	unsigned int i;
	int ret;

	for (i = 0; i < 600; i++) {
		pfd[i].fd = world->conn[i % 2].fd;
		pfd[i].events = POLLIN | POLLOUT;
	}
	ret = poll(pfd, 600, 0);
	return ret == 600 ? 0 : ret < 0 ? -errno : -EIO;
}

#define WATCHED	(MAY_LOSE | MAY_BE_SEEN)

const struct scenario hello_scenarios[] = {
	{ "hello", "max_connections=2", ordinary_setup, NULL, hello_show },
	{ "hello-loss", "max_connections=2", loss_setup, NULL, hello_show },
	{ "hello-far-id", NULL, far_id_setup, NULL, hello_show },
	{ "hello-described", "max_connections=2", described_setup, NULL, hello_show },
	{ "hello-faked", "max_connections=2", faked_setup, NULL, hello_show },
	{ "hello-watched", "max_connections=6", watched_setup, NULL, hello_show, WATCHED, 3 },
	{ "hello-monitored", NULL, monitored_setup, NULL, hello_show, WATCHED },
	{ "hello-activator", "max_connections=3", activator_setup, NULL, hello_show, WATCHED },
	{ "hello-activator-late", NULL, late_activator_setup, NULL, hello_show, WATCHED },
	{ "hello-holder", "max_connections=2", holder_setup, NULL, NULL, 0, 1 },
	{ "hello-holder-large", NULL, holder_setup, NULL, NULL, 0, 40 },
	{ "hello-monitor", "max_connections=3", monitor_setup, NULL, hello_show },
	{ "hello-custom", "max_connections=2", custom_setup, NULL, hello_show, WATCHED },
	{ "hello-first-of-user", "max_connections=1", user_setup, NULL, hello_show },
	{ "mmap", NULL, unmapped_setup, map_it, map_show },
	{ "mmap-again", NULL, mapped_setup, map_again, map_show },
	{ "pool-fault", NULL, mapped_setup, read_map, read_map_show },
	{ "poll-many", NULL, polled_setup, poll_many },
	{ "epoll", NULL, polled_setup, epoll_or_there },
	{ }
};
