// SPDX-License-Identifier: LGPL-2.1-or-later
/* Mounts, nodes, buses and endpoints. */
#include <dirent.h>
#include <sys/mount.h>
#include <sys/statfs.h>

#include "fault.h"

#define MOUNT_OPTIONS	"max_payload=65536,max_memfds=3,max_fds=4,max_queued_fds=5,"	\
			"max_queued_messages=6,max_calls=7,max_names=8,max_matches=9,"	\
			"max_connections=10,max_buses=11,attach_mask=0xff"

/* ---- mounts ---- */

static int mount_setup(struct world *world)
{
	snprintf(world->path, sizeof(world->path), "/tmp/fault-mount");
	return mkdir(world->path, 0700) && errno != EEXIST ? -errno : 0;
}

static int mount_kdbus(struct world *world)
{
	return mount("kdbus", world->path, "kdbus", 0, NULL) ? -errno : 0;
}

static int mount_kdbusfs(struct world *world)
{
	return mount("kdbus", world->path, "kdbusfs", MS_NODEV | MS_NOSUID | MS_NOEXEC, NULL) ?
	       -errno : 0;
}

static int mount_with_options(struct world *world)
{
	return mount("kdbus", world->path, "kdbus", 0, MOUNT_OPTIONS) ? -errno : 0;
}

/* What is in the directory; whatever was mounted there goes. */
static void mount_show(struct world *world, struct text *text)
{
	struct dirent *entry;
	struct statfs fs;
	struct stat st;
	DIR *dir;

	if (!statfs(world->path, &fs))
		text_add(text, TAG_FIRM, "mounted: %s", fs.f_type == 0x44427573 ? "yes" : "no");
	dir = opendir(world->path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (!fstatat(dirfd(dir), entry->d_name, &st, 0))
			text_add(text, TAG_FIRM, "%s mode %o", entry->d_name, st.st_mode);
	}
	if (dir)
		closedir(dir);
	while (umount2(world->path, 0) == 0)
		;
}

static int mounted_setup(struct world *world)
{
	return mount_setup(world) ?: mount_kdbus(world);
}

static int umount_it(struct world *world)
{
	return umount2(world->path, 0) ? -errno : 0;
}

static int statfs_it(struct world *world)
{
	struct statfs fs;

	return statfs(world->path, &fs) ? -errno : 0;
}

static int listed_setup(struct world *world)
{
	snprintf(world->path, sizeof(world->path), "%.*s", PATH_MAX - 100, world->bus.dir);
	return 0;
}

static int list_directory(struct world *world)
{
	struct dirent *entry;
	unsigned int n = 0;
	DIR *dir = opendir(world->path);

	if (!dir)
		return -errno;
	errno = 0;
	while ((entry = readdir(dir)))
		n++;
	if (!n || errno) {
		int ret = errno ? -errno : -EIO;

		closedir(dir);
		return ret;
	}
	return closedir(dir) ? -errno : n == 3 ? 0 : -ENOENT;
}

/* ---- opening ---- */

static int open_path(struct world *world)
{
	int fd = open(world->path, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : world_keep_fd(world, fd) < 0 ? -EMFILE : 0;
}

static int open_control_setup(struct world *world)
{
	snprintf(world->path, sizeof(world->path), "%.*s/control", PATH_MAX - 100, world->domain);
	return 0;
}

static int open_endpoint_setup(struct world *world)
{
	snprintf(world->path, sizeof(world->path), "%.*s", PATH_MAX - 100, world->bus.path);
	return 0;
}

/* ---- buses ---- */

/* Whether the bus can be used: others may connect, and it has its name. */
static void bus_show(struct world *world, struct text *text)
{
	struct conn conn;
	struct bus bus;

	snprintf(bus.path, sizeof(bus.path), "%.*s/%u-fresh/bus", PATH_MAX - 100, world->domain,
		 world->scenario->arg);
	text_add(text, TAG_FIRM, "connecting: %d", conn_new(&conn, &bus));
	conn_close(&conn);
}

static int bus_args(struct world *world, uid_t uid, __u64 flags)
{
	char name[BUS_NAME_MAX];

	world->fd = world_keep_fd(world, open_at(world->domain, "control"));
	if (world->fd < 0)
		return world->fd;
	world->nr = KDBUS_CMD_BUS_MAKE;
	snprintf(name, sizeof(name), "%u-fresh", uid);
	args_bus(&world->cmd, name, flags);
	return 0;
}

static int bus_setup(struct world *world)
{
	return bus_args(world, 0, KDBUS_MAKE_ACCESS_WORLD);
}

static int bus_private_setup(struct world *world)
{
	return bus_args(world, 0, 0);
}

/* The first of a user, so that the kernel has to make one to count with. */
static int bus_of_user_setup(struct world *world)
{
	return bus_args(world, ALICE, KDBUS_MAKE_ACCESS_WORLD) ?: become(ALICE, STAFF);
}

static void bus_of_user_show(struct world *world, struct text *text)
{
	text_add(text, TAG_FIRM, "back to root: %d", become_root());
	bus_show(world, text);
}

/* ---- custom endpoints ---- */

static int endpoint_setup(struct world *world)
{
	world->fd = world_keep_fd(world, open(world->bus.path, O_RDWR | O_CLOEXEC));
	if (world->fd < 0)
		return world->fd;
	world->nr = KDBUS_CMD_ENDPOINT_MAKE;
	world->cmd.cmd.flags = KDBUS_MAKE_ACCESS_WORLD;
	args_str(&world->cmd, KDBUS_ITEM_MAKE_NAME, "0-custom");
	return 0;
}

static void endpoint_show(struct world *world, struct text *text)
{
	struct conn conn;
	struct bus bus;

	snprintf(bus.path, sizeof(bus.path), "%.*s/0-custom", PATH_MAX - 100, world->bus.dir);
	text_add(text, TAG_FIRM, "connecting: %d", conn_new(&conn, &bus));
	conn_close(&conn);
}

static void add_policy(struct args *args, unsigned int i)
{
	char name[64];

	snprintf(name, sizeof(name), i % 3 ? "policy.of.fault%u" : "policy.of%u.*", i);
	args_str(args, KDBUS_ITEM_NAME, name);
	args_policy(args, KDBUS_POLICY_ACCESS_USER, KDBUS_POLICY_OWN, i);
	args_policy(args, KDBUS_POLICY_ACCESS_WORLD, KDBUS_POLICY_TALK, 0);
}

static const char *const policy_names[] = {
	"before.fault", "policy.of0.any", "policy.of.fault2", "policy.of3.any", "policy.of.fault8",
};

/* The endpoint has some policies, and gets @arg other ones. */
static int endpoint_update_setup(struct world *world)
{
	unsigned int i;
	int ret;

	ret = world_conn(world, A) ?: endpoint_make(&world->ep, &world->bus);
	for (i = 0; !ret && i < sizeof(policy_names) / sizeof(policy_names[0]); i++)
		ret = name_acquire(&world->conn[A], policy_names[i], 0, NULL);
	if (ret)
		return ret;
	args_cmd(&world->cmd);
	for (i = 0; i < 3; i++)
		add_policy(&world->cmd, i);
	args_str(&world->cmd, KDBUS_ITEM_NAME, "before.fault");
	args_policy(&world->cmd, KDBUS_POLICY_ACCESS_WORLD, KDBUS_POLICY_OWN, 0);
	ret = endpoint_update(&world->ep, &world->cmd);
	if (ret)
		return ret;
	world->fd = world->ep.fd;
	world->nr = KDBUS_CMD_ENDPOINT_UPDATE;
	args_cmd(&world->cmd);
	for (i = 0; i < world->scenario->arg; i++)
		add_policy(&world->cmd, i + 2);
	return 0;
}

/* Which of the names that there are a connection at the endpoint may see. */
static void endpoint_policy_show(struct world *world, struct text *text)
{
	const struct kdbus_info *info;
	struct conn conn;
	unsigned int i;
	int ret;

	ret = conn_new_at(&conn, world->ep.path, 3, STAFF);
	text_add(text, TAG_FIRM, "connecting: %d", ret);
	for (i = 0; !ret && i < sizeof(policy_names) / sizeof(policy_names[0]); i++)
		text_add(text, TAG_FIRM, "%s: %d", policy_names[i],
			 conn_info(&conn, 0, policy_names[i], 0, &info));
	conn_close(&conn);
}

/* ---- everything goes at once ---- */

/* The owner of the bus closes it under connections with names, matches, calls and messages. */
static int bus_close_setup(struct world *world)
{
	int ret;

	ret = world_conns(world, A, 4) ?: world_monitor(world, 4, _KDBUS_ATTACH_ALL) ?:
	      name_acquire(&world->conn[A], "closed.fault", 0, NULL) ?:
	      match_all(&world->conn[B], 1) ?: match_all(&world->conn[C], 1) ?:
	      send_call(&world->conn[A], world->conn[B].id, 7) ?:
	      send_plain(&world->conn[C], world->conn[A].id, 8);
	return ret;
}

static int bus_close_act(struct world *world)
{
	bus_close(&world->bus);
	return 0;
}

static int endpoint_close_setup(struct world *world)
{
	int ret;

	ret = world_conns(world, A, 2) ?: match_all(&world->conn[A], 1) ?:
	      endpoint_make(&world->ep, &world->bus) ?:
	      endpoint_grant(&world->ep, "closed.fault", KDBUS_POLICY_OWN);
	world->n_conns = 3;
	return ret ?: conn_new_at(&world->conn[C], world->ep.path, 0, 0);
}

static int endpoint_close_act(struct world *world)
{
	endpoint_close(&world->ep);
	return 0;
}

const struct scenario node_scenarios[] = {
	{ "mount", NULL, mount_setup, mount_kdbus, mount_show, NO_BUS },
	{ "mount-kdbusfs", NULL, mount_setup, mount_kdbusfs, mount_show, NO_BUS },
	{ "mount-options", NULL, mount_setup, mount_with_options, mount_show, NO_BUS },
	{ "mount-in-userns", NULL, mount_setup, mount_kdbus, mount_show, NO_BUS | IN_USERNS },
	{ "umount", NULL, mounted_setup, umount_it, mount_show, NO_BUS },
	{ "statfs", NULL, mounted_setup, statfs_it, mount_show, NO_BUS },
	{ "readdir", NULL, listed_setup, list_directory },
	{ "open-control", NULL, open_control_setup, open_path },
	{ "open-endpoint", NULL, open_endpoint_setup, open_path },
	{ "bus-make", "max_buses=2", bus_setup, NULL, bus_show },
	{ "bus-make-private", "max_buses=2", bus_private_setup, NULL, bus_show },
	{ "bus-make-first-of-user", "max_buses=1", bus_of_user_setup, NULL, bus_of_user_show,
	  0, ALICE },
	{ "bus-close", "max_buses=1", bus_close_setup, bus_close_act, NULL, MAY_LOSE | ONCE },
	{ "endpoint-make", NULL, endpoint_setup, NULL, endpoint_show },
	{ "endpoint-update-empty", NULL, endpoint_update_setup, NULL, endpoint_policy_show,
	  NO_POINTS, 0 },
	{ "endpoint-update-one", NULL, endpoint_update_setup, NULL, endpoint_policy_show, 0, 1 },
	{ "endpoint-update-many", NULL, endpoint_update_setup, NULL, endpoint_policy_show, 0, 8 },
	{ "endpoint-close", NULL, endpoint_close_setup, endpoint_close_act, NULL,
	  MAY_LOSE | ONCE },
	{ }
};
