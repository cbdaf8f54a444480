// SPDX-License-Identifier: LGPL-2.1-or-later
/* query.c - ask the kernel: names, owners, credentials, matches; make buses */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"
#include "names.h"
#include "query.h"

/* A command with room for one item that holds a name. */
struct name_cmd {
	struct kdbus_cmd cmd;
	uint64_t item_size;
	uint64_t item_type;
	char name[KBUS_NAME_MAX + 9];
};

/**
 * kbus_ioctl() - a command that is taken up again when a signal interrupts it
 * @fd: control, endpoint or connection
 * @command: of the interface
 * @argument: its structure
 *
 * Return: 0 or -errno.
 */
int kbus_ioctl(int fd, unsigned long command, void *argument)
{
	while (ioctl(fd, command, argument) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/**
 * kbus_free_slice() - give a part of our pool back
 * @conn: the connection
 * @offset: as a command returned it
 *
 * Return: 0, or -ENXIO if there is nothing of ours.
 */
int kbus_free_slice(struct kbus_conn *conn, uint64_t offset)
{
	struct kdbus_cmd_free cmd = { .size = sizeof(cmd), .offset = offset };

	return kbus_ioctl(conn->fd, KDBUS_CMD_FREE, &cmd);
}

static int set_name(struct name_cmd *cmd, const char *name)
{
	const size_t size = strlen(name) + 1;

	if (size > KBUS_NAME_MAX + 1)
		return -EINVAL;
	cmd->item_size = KBUS_ITEM_SIZE(size);
	cmd->item_type = KDBUS_ITEM_NAME;
	memcpy(cmd->name, name, size);
	cmd->cmd.size = sizeof(cmd->cmd) + KBUS_ITEM_SIZE(size);
	return 0;
}

/**
 * kbus_name_acquire() - ask for a name
 * @conn: the connection
 * @name: well-known name
 * @flags: of REPLACE_EXISTING, ALLOW_REPLACEMENT, QUEUE in &enum kdbus_name_flags
 * @ret_flags: what we have now: with IN_QUEUE we wait, without ACQUIRED nothing is new. May be NULL
 *
 * Return: 0, -EEXIST if another owns it and we do not wait, -EPERM, -EINVAL, -E2BIG.
 */
int kbus_name_acquire(struct kbus_conn *conn, const char *name, uint64_t flags,
		      uint64_t *ret_flags)
{
	struct name_cmd cmd = { .cmd.flags = flags };
	int r;

	r = set_name(&cmd, name);
	if (r == 0)
		r = kbus_ioctl(conn->fd, KDBUS_CMD_NAME_ACQUIRE, &cmd);
	if (r == 0 && ret_flags)
		*ret_flags = cmd.cmd.return_flags;
	return r;
}

/**
 * kbus_name_release() - give a name up, or no longer wait for it
 * @conn: the connection
 * @name: well-known name
 *
 * Return: 0, -ESRCH if nobody has it, -EADDRINUSE if others do.
 */
int kbus_name_release(struct kbus_conn *conn, const char *name)
{
	struct name_cmd cmd = {};
	int r;

	r = set_name(&cmd, name);
	return r ?: kbus_ioctl(conn->fd, KDBUS_CMD_NAME_RELEASE, &cmd);
}

/* Credentials among the items, whatever their order. */
static void read_info(struct kbus_info *info)
{
	const struct kdbus_item *item;

	info->id = info->info->id;
	info->flags = info->info->flags;
	info->uid = info->gid = UINT64_MAX;
	KBUS_FOREACH_ITEM(item, info->info) {
		switch (item->type) {
		case KDBUS_ITEM_CREDS:
			/* 32 bits of ones stand for "unknown". */
			if (item->creds.euid != UINT32_MAX)
				info->uid = item->creds.euid;
			if (item->creds.egid != UINT32_MAX)
				info->gid = item->creds.egid;
			break;
		case KDBUS_ITEM_PIDS:
			info->pid = item->pids.pid;
			break;
		case KDBUS_ITEM_AUXGROUPS:
			info->groups = (const uint64_t *)(const void *)item->data64;
			info->n_groups = (item->size - KBUS_ITEM_HEADER) / sizeof(uint64_t);
			break;
		case KDBUS_ITEM_SECLABEL:
			info->seclabel = item->str;
			break;
		case KDBUS_ITEM_CONN_DESCRIPTION:
			info->description = item->str;
			break;
		}
	}
}

static int get_info(struct kbus_conn *conn, unsigned long command, struct kdbus_cmd_info *cmd,
		    struct kbus_info *ret)
{
	int r = kbus_ioctl(conn->fd, command, cmd);

	if (r < 0)
		return r;
	*ret = (struct kbus_info){ .info = kbus_pool_at(conn, cmd->offset, cmd->info_size),
				   .offset = cmd->offset };
	if (!ret->info) {
		kbus_free_slice(conn, cmd->offset);
		return -ENOMEM;
	}
	read_info(ret);
	return 0;
}

/**
 * kbus_info_of_name() - who owns a name, and what is known of them
 * @conn: the connection
 * @name: well-known name
 * @attach: what to know, of &enum kdbus_attach_flags
 * @ret: filled on success, for kbus_info_release()
 *
 * Return: 0, -ESRCH if nobody has the name, -EXFULL if our pool is full.
 */
int kbus_info_of_name(struct kbus_conn *conn, const char *name, uint64_t attach,
		      struct kbus_info *ret)
{
	struct {
		struct kdbus_cmd_info cmd;
		uint64_t item_size;
		uint64_t item_type;
		char name[KBUS_NAME_MAX + 9];
	} cmd = { .cmd.attach_flags = attach, .item_type = KDBUS_ITEM_NAME };
	const size_t size = strlen(name) + 1;

	if (size > KBUS_NAME_MAX + 1)
		return -ESRCH;
	memcpy(cmd.name, name, size);
	cmd.item_size = KBUS_ITEM_SIZE(size);
	cmd.cmd.size = sizeof(cmd.cmd) + KBUS_ITEM_SIZE(size);
	return get_info(conn, KDBUS_CMD_CONN_INFO, &cmd.cmd, ret);
}

/**
 * kbus_info_of_id() - what is known of a connection
 * @conn: the connection that asks
 * @id: the connection that is meant
 * @attach: what to know, of &enum kdbus_attach_flags
 * @ret: filled on success, for kbus_info_release()
 *
 * Return: 0, -ENXIO if there is no such connection, -EINVAL if @id is 0, -EXFULL.
 */
int kbus_info_of_id(struct kbus_conn *conn, uint64_t id, uint64_t attach, struct kbus_info *ret)
{
	struct kdbus_cmd_info cmd = { .size = sizeof(cmd), .id = id, .attach_flags = attach };

	return get_info(conn, KDBUS_CMD_CONN_INFO, &cmd, ret);
}

/**
 * kbus_info_of_bus() - who made the bus
 * @conn: the connection that asks
 * @attach: what to know, of &enum kdbus_attach_flags
 * @ret: filled on success, for kbus_info_release()
 *
 * Return: 0 or -EXFULL.
 */
int kbus_info_of_bus(struct kbus_conn *conn, uint64_t attach, struct kbus_info *ret)
{
	struct kdbus_cmd_info cmd = { .size = sizeof(cmd), .attach_flags = attach };

	return get_info(conn, KDBUS_CMD_BUS_CREATOR_INFO, &cmd, ret);
}

/**
 * kbus_info_release() - give back what a query returned
 * @conn: the connection
 * @info: filled by one of the functions above; invalid afterwards
 */
void kbus_info_release(struct kbus_conn *conn, struct kbus_info *info)
{
	kbus_free_slice(conn, info->offset);
	info->info = NULL;
}

/**
 * kbus_name_owner() - who owns a name
 * @conn: the connection
 * @name: well-known name
 * @ret_id: the owner
 * @ret_hello_flags: flags of its HELLO: %KDBUS_HELLO_ACTIVATOR if nobody runs yet. May be NULL
 *
 * Return: 0, or -ESRCH if nobody has the name.
 */
int kbus_name_owner(struct kbus_conn *conn, const char *name, uint64_t *ret_id,
		    uint64_t *ret_hello_flags)
{
	struct kbus_info info;
	int r;

	r = kbus_info_of_name(conn, name, 0, &info);
	if (r < 0)
		return r;
	*ret_id = info.id;
	if (ret_hello_flags)
		*ret_hello_flags = info.flags;
	kbus_info_release(conn, &info);
	return 0;
}

/* One record of a list. */
static int list_record(const struct kdbus_info *info, kbus_list_fn each, void *context)
{
	const struct kdbus_item *item;
	int r;

	if (info->size == sizeof(*info))
		return each(context, info->id, info->flags, NULL, 0);
	KBUS_FOREACH_ITEM(item, info) {
		if (item->type != KDBUS_ITEM_OWNED_NAME)
			continue;
		r = each(context, info->id, info->flags, item->name.name, item->name.flags);
		if (r)
			return r;
	}
	return 0;
}

/**
 * kbus_list() - what connections and names there are
 * @conn: the connection
 * @flags: of &enum kdbus_list_flags
 * @each: called for each; stops the walk when it does not return 0
 * @context: for @each
 *
 * Return: 0, what @each returned, or -EXFULL if our pool has no room for the list.
 */
int kbus_list(struct kbus_conn *conn, uint64_t flags, kbus_list_fn each, void *context)
{
	struct kdbus_cmd_list cmd = { .size = sizeof(cmd), .flags = flags };
	const struct kdbus_info *info;
	const uint8_t *list;
	uint64_t at;
	int r;

	r = kbus_ioctl(conn->fd, KDBUS_CMD_LIST, &cmd);
	if (r < 0)
		return r;
	list = kbus_pool_at(conn, cmd.offset, cmd.list_size);
	if (!list)
		r = -ENOMEM;
	for (at = 0; r == 0 && at < cmd.list_size; at += info->size) {
		info = (const void *)(list + at);
		r = list_record(info, each, context);
	}
	kbus_free_slice(conn, cmd.offset);
	return r;
}

/* Where the entries of a rule go. */
struct install {
	struct kbus_conn *conn;
	uint64_t cookie;
	size_t n;
};

static int install_entry(void *context, const void *items, size_t size)
{
	struct install *install = context;
	struct kdbus_cmd_match *cmd = calloc(1, sizeof(*cmd) + size);
	int r;

	if (!cmd)
		return -ENOMEM;
	cmd->size = sizeof(*cmd) + size;
	cmd->cookie = install->cookie;
	memcpy(cmd->items, items, size);
	r = kbus_ioctl(install->conn->fd, KDBUS_CMD_MATCH_ADD, cmd);
	free(cmd);
	install->n += r == 0;
	return r;
}

/**
 * kbus_match_install() - let the kernel deliver what a rule wants
 * @conn: the connection
 * @match: the rule
 * @cookie: name for kbus_match_uninstall()
 *
 * Return: 0, or -EMFILE if there are too many; then nothing of the rule is installed.
 */
int kbus_match_install(struct kbus_conn *conn, const struct kbus_match *match, uint64_t cookie)
{
	struct install install = { .conn = conn, .cookie = cookie };
	int r;

	r = kbus_conn_have_bloom(conn);
	if (r < 0)
		return r;
	r = kbus_match_translate(match, &conn->bloom, install_entry, &install);
	if (r < 0 && install.n)
		kbus_match_uninstall(conn, cookie);
	return r;
}

/**
 * kbus_match_uninstall() - the kernel shall forget a rule
 * @conn: the connection
 * @cookie: as it was installed
 *
 * Return: 0, also for rules that have no entry at the kernel; -errno.
 */
int kbus_match_uninstall(struct kbus_conn *conn, uint64_t cookie)
{
	struct kdbus_cmd_match cmd = { .size = sizeof(cmd), .cookie = cookie };
	int r = kbus_ioctl(conn->fd, KDBUS_CMD_MATCH_REMOVE, &cmd);

	return r == -EBADSLT ? 0 : r;
}

/**
 * kbus_conn_set_attach() - which metadata to get with each message from now on
 * @conn: the connection
 * @attach_recv: of &enum kdbus_attach_flags
 *
 * Return: 0 or -EINVAL.
 */
int kbus_conn_set_attach(struct kbus_conn *conn, uint64_t attach_recv)
{
	struct {
		struct kdbus_cmd cmd;
		uint64_t item_size;
		uint64_t item_type;
		uint64_t flags;
	} cmd = {
		.cmd.size = sizeof(cmd),
		.item_size = KBUS_ITEM_SIZE(sizeof(uint64_t)),
		.item_type = KDBUS_ITEM_ATTACH_FLAGS_RECV,
		.flags = attach_recv,
	};
	int r = kbus_ioctl(conn->fd, KDBUS_CMD_UPDATE, &cmd);

	if (r == 0)
		conn->attach_recv = attach_recv;
	return r;
}

/**
 * kbus_bus_make() - make a bus, which lives as long as the returned descriptor
 * @control: the domain's control file, such as "/dev/kdbus/control"
 * @name: "<uid>-<name>", with our own effective uid
 * @make_flags: of &enum kdbus_make_flags, who else may use it
 *
 * The bus hashes as D-Bus clients expect, and tells all that is known of its maker.
 *
 * Return: the descriptor, -EEXIST if there is such a bus, -EINVAL, -EMFILE, or what open() returns.
 */
int kbus_bus_make(const char *control, const char *name, uint64_t make_flags)
{
	struct {
		struct kdbus_cmd cmd;
		uint64_t bloom_size;
		uint64_t bloom_type;
		struct kdbus_bloom_parameter bloom;
		uint64_t attach_size;
		uint64_t attach_type;
		uint64_t attach;
		uint64_t name_size;
		uint64_t name_type;
		char name[72];
	} make = {
		.cmd.flags = make_flags,
		.bloom_size = KBUS_ITEM_SIZE(sizeof(struct kdbus_bloom_parameter)),
		.bloom_type = KDBUS_ITEM_BLOOM_PARAMETER,
		.bloom = { .size = 64, .n_hash = 8 },
		.attach_size = KBUS_ITEM_SIZE(sizeof(uint64_t)),
		.attach_type = KDBUS_ITEM_ATTACH_FLAGS_SEND,
		.attach = _KDBUS_ATTACH_ANY,
		.name_type = KDBUS_ITEM_MAKE_NAME,
	};
	const size_t size = strlen(name) + 1;
	int fd, r;

	if (size > sizeof(make.name))
		return -ENAMETOOLONG;
	memcpy(make.name, name, size);
	make.name_size = KBUS_ITEM_SIZE(size);
	make.cmd.size = (uint8_t *)make.name + size - (uint8_t *)&make;
	fd = open(control, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	r = kbus_ioctl(fd, KDBUS_CMD_BUS_MAKE, &make);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}
