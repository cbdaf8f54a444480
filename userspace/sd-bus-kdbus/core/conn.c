// SPDX-License-Identifier: LGPL-2.1-or-later
/* conn.c - the life of a connection: open, HELLO, map the pool, close */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conn.h"
#include "internal.h"
#include "names.h"
#include "query.h"
#include "judge.h"

#define DESCRIPTION_MAX	63

/* HELLO with its items: a name with policy and a description at most. */
struct hello {
	struct kdbus_cmd_hello *cmd;
	size_t capacity;
};

static struct kdbus_item *add_item(struct hello *hello, uint64_t type, size_t payload)
{
	struct kdbus_item *item = (void *)((uint8_t *)hello->cmd + hello->cmd->size);

	item->size = KBUS_ITEM_SIZE(payload);
	item->type = type;
	hello->cmd->size += KBUS_ALIGN8(item->size);
	return item;
}

/* The kernel takes letters, digits, "_", and inside "-" and "."; the rest becomes "_". */
static void add_description(struct hello *hello, const char *text)
{
	const size_t size = strnlen(text, DESCRIPTION_MAX);
	struct kdbus_item *item;
	size_t i;

	if (!size)
		return;
	item = add_item(hello, KDBUS_ITEM_CONN_DESCRIPTION, size + 1);
	for (i = 0; i < size; i++) {
		const char c = text[i];
		const bool inside = i > 0 && i + 1 < size;

		item->str[i] = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			       (c >= 'A' && c <= 'Z') || (inside && (c == '-' || c == '.')) ?
				       c : '_';
	}
}

static int make_hello(const struct kbus_options *options, struct hello *hello)
{
	size_t i;

	hello->capacity = sizeof(*hello->cmd) + KBUS_ALIGN8(KBUS_ITEM_SIZE(DESCRIPTION_MAX + 1)) +
			  KBUS_ALIGN8(KBUS_ITEM_SIZE(KBUS_NAME_MAX + 3)) +
			  options->n_policy * KBUS_ITEM_SIZE(sizeof(struct kdbus_policy_access));
	if (options->name && strlen(options->name) > KBUS_NAME_MAX + 2)
		return -EINVAL;
	hello->cmd = calloc(1, hello->capacity);
	if (!hello->cmd)
		return -ENOMEM;
	hello->cmd->size = sizeof(*hello->cmd);
	hello->cmd->flags = options->hello_flags | KDBUS_HELLO_ACCEPT_FD;
	hello->cmd->attach_flags_send = _KDBUS_ATTACH_ANY;
	hello->cmd->attach_flags_recv = options->attach_recv;
	hello->cmd->pool_size = options->pool_size ?: KBUS_POOL_SIZE;
	if (options->description)
		add_description(hello, options->description);
	if (options->name)
		strcpy(add_item(hello, KDBUS_ITEM_NAME, strlen(options->name) + 1)->str,
		       options->name);
	for (i = 0; i < options->n_policy; i++)
		add_item(hello, KDBUS_ITEM_POLICY_ACCESS,
			 sizeof(options->policy[i]))->policy_access = options->policy[i];
	return 0;
}

static int say_hello(struct kbus_conn *conn, const struct kbus_options *options)
{
	struct hello hello;
	int r;

	r = make_hello(options, &hello);
	if (r < 0)
		return r;
	r = kbus_ioctl(conn->fd, KDBUS_CMD_HELLO, hello.cmd);
	if (r < 0)
		goto out;
	conn->id = hello.cmd->id;
	conn->unique_size = kbus_unique_format(conn->unique, conn->id);
	memcpy(conn->bus_id, hello.cmd->id128, sizeof(conn->bus_id));
	conn->pool_size = hello.cmd->pool_size;
	conn->hello_offset = hello.cmd->offset;
	conn->hello_size = hello.cmd->items_size;
out:
	free(hello.cmd);
	return r;
}

/**
 * kbus_conn_have_bloom() - know how the bus hashes
 * @conn: the connection
 *
 * That stands in the slice that HELLO left in the pool, which is given back then. It is read when it is
 * needed first: many clients send no signal and ask for none.
 *
 * Return: 0 with @conn->bloom filled, -EOPNOTSUPP if we cannot hash so, -ENOMEM.
 */
int kbus_conn_have_bloom(struct kbus_conn *conn)
{
	const struct kdbus_item *item;
	struct kbus_bloom bloom = {};
	const uint8_t *start, *end;

	if (conn->bloom.size)
		return 0;
	start = kbus_pool_at(conn, conn->hello_offset, conn->hello_size);
	if (!start)
		return -ENOMEM;
	end = start + conn->hello_size;
	for (item = (const void *)start; (const uint8_t *)item < end; item = KBUS_ITEM_NEXT(item)) {
		if (item->type == KDBUS_ITEM_BLOOM_PARAMETER) {
			bloom.size = item->bloom_parameter.size;
			bloom.n_hash = item->bloom_parameter.n_hash;
		}
	}
	if (!kbus_bloom_is_valid(&bloom))
		return -EOPNOTSUPP;
	conn->bloom = bloom;
	kbus_slice_done(conn, conn->hello_offset, conn->hello_size);
	return 0;
}

/**
 * kbus_conn_adopt() - connect with a descriptor that somebody opened
 * @fd: an endpoint that said no HELLO yet; the connection's on success, unchanged otherwise
 * @path: the endpoint; copied
 * @options: or NULL
 * @ret: the connection, for kbus_conn_free(); written on success
 *
 * Return: 0, -ENOTTY if this is no endpoint of kdbus, -ESHUTDOWN if the bus is going, -EPERM if the
 * options need the bus's owner, -EMFILE if this user has too many connections, -ENOMEM, or what HELLO
 * returns else.
 */
int kbus_conn_adopt(int fd, const char *path, const struct kbus_options *options,
		    struct kbus_conn **ret)
{
	static const struct kbus_options no_options;
	struct kbus_conn *conn = calloc(1, sizeof(*conn));
	int r;

	if (!conn)
		return -ENOMEM;
	options = options ?: &no_options;
	conn->fd = fd;
	conn->options = *options;
	conn->options.name = conn->options.description = NULL;
	conn->options.policy = NULL;
	conn->attach_recv = options->attach_recv;
	conn->is_monitor = options->hello_flags & KDBUS_HELLO_MONITOR;
	conn->is_greeting = options->local_greeting;
	conn->backlog_tail = &conn->backlog;
	conn->path = strdup(path);
	r = conn->path ? kbus_matchset_new(&conn->matches) : -ENOMEM;
	if (r == 0)
		r = say_hello(conn, options);
	/* A monitor is told everything, from now on. */
	if (r == 0 && conn->is_monitor && !kbus_pool_at(conn, conn->hello_offset, conn->hello_size))
		r = -ENOMEM;
	if (r < 0) {
		kbus_conn_free(conn);
		return r;
	}
	conn->owns_fd = true;
	*ret = conn;
	return 0;
}

/**
 * kbus_conn_open() - connect to a bus
 * @path: the endpoint, such as "/dev/kdbus/0-system/bus"; copied
 * @options: or NULL
 * @ret: the connection, for kbus_conn_free(); written on success
 *
 * Return: as kbus_conn_adopt(), or what open() returns: -ENOENT if there is no such bus, -EACCES.
 */
int kbus_conn_open(const char *path, const struct kbus_options *options, struct kbus_conn **ret)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int r;

	if (fd < 0)
		return -errno;
	r = kbus_conn_adopt(fd, path, options, ret);
	if (r < 0)
		close(fd);
	return r;
}

/**
 * kbus_conn_set_fd() - the descriptor has another number now
 * @conn: the connection
 * @fd: refers to the same open file
 * @owns_fd: kbus_conn_free() shall close it
 */
void kbus_conn_set_fd(struct kbus_conn *conn, int fd, bool owns_fd)
{
	conn->fd = fd;
	conn->owns_fd = owns_fd;
}

/**
 * kbus_replace_file() - another file comes to the number of a descriptor
 * @fd: the number; whether reads of it wait, and whether exec closes it, stays as it was
 * @file: descriptor of the other file, which has O_NONBLOCK; stays the caller's
 *
 * Return: 0 or -errno.
 */
int kbus_replace_file(int fd, int file)
{
	const int flags = fcntl(fd, F_GETFL), fd_flags = fcntl(fd, F_GETFD);

	if (flags < 0 || fd_flags < 0 || (!(flags & O_NONBLOCK) && fcntl(file, F_SETFL, 0) < 0) ||
	    dup3(file, fd, fd_flags & FD_CLOEXEC ? O_CLOEXEC : 0) < 0)
		return -errno;
	return 0;
}

/**
 * kbus_conn_free() - disconnect
 * @conn: the connection, or NULL
 *
 * The kernel notices when the last descriptor of the open file is closed.
 *
 * Return: NULL.
 */
struct kbus_conn *kbus_conn_free(struct kbus_conn *conn)
{
	if (!conn)
		return NULL;
	kbus_backlog_free(conn);
	kbus_pool_unmap(conn);
	if (conn->owns_fd)
		close(conn->fd);
	kbus_matchset_free(conn->matches);
	kbus_judge_free(conn->judge);
	free(conn->path);
	free(conn);
	return NULL;
}

/**
 * kbus_drop() - count a message that was dropped, and tell the log
 * @conn: the connection
 * @reason: why
 * @src_id: who sent it; 0 for ourselves
 * @detail: more about it, or NULL
 */
void kbus_drop(struct kbus_conn *conn, enum kbus_reason reason, uint64_t src_id,
	       const char *detail)
{
	conn->stats.n_dropped[reason]++;
	/* Filtering is what bloom filters are for, no news. */
	if (conn->options.log && reason != KBUS_DROP_FILTERED)
		conn->options.log(conn->options.log_context, reason, src_id,
				  detail ?: kbus_reason_text(reason));
}
