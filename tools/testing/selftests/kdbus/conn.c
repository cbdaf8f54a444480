// SPDX-License-Identifier: LGPL-2.1-or-later
/* Connections, names, matches. */
#include "common.h"

int conn_hello(struct conn *conn, int fd, struct args *args)
{
	void *pool;
	int ret;

	memset(conn, 0, sizeof(*conn));
	conn->fd = fd;
	ret = command(fd, KDBUS_CMD_HELLO, args);
	if (ret)
		goto fail;
	memcpy(&conn->hello, args, sizeof(conn->hello));
	conn->id = conn->hello.id;
	conn->pool_size = conn->hello.pool_size;
	pool = mmap(NULL, conn->pool_size, PROT_READ, MAP_SHARED, fd, 0);
	if (pool == MAP_FAILED) {
		ret = -errno;
		goto fail;
	}
	conn->pool = pool;
	return 0;
fail:
	close(fd);
	conn->fd = -1;
	return ret;
}

int conn_new_args(struct conn *conn, const char *path, struct args *args)
{
	bool policy_holder = args->hello.flags & KDBUS_HELLO_POLICY_HOLDER;
	int fd, ret;

	memset(conn, 0, sizeof(*conn));
	conn->fd = -1;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = conn_hello(conn, fd, args);
	if (ret)
		return ret;
	/* a policy holder may not free anything */
	return policy_holder ? 0 : conn_free(conn, conn->hello.offset);
}

int conn_new(struct conn *conn, const struct bus *bus)
{
	return conn_new_flags(conn, bus, KDBUS_HELLO_ACCEPT_FD);
}

int conn_new_pool(struct conn *conn, const struct bus *bus, size_t pool_size)
{
	struct args args;

	args_hello_default(&args);
	args.hello.pool_size = pool_size;
	return conn_new_args(conn, bus->path, &args);
}

int conn_new_flags(struct conn *conn, const struct bus *bus, __u64 flags)
{
	struct args args;

	args_hello_default(&args);
	args.hello.flags = flags;
	return conn_new_args(conn, bus->path, &args);
}

int conn_new_recv(struct conn *conn, const struct bus *bus, __u64 attach_flags_recv)
{
	struct args args;

	args_hello_default(&args);
	args.hello.attach_flags_recv = attach_flags_recv;
	return conn_new_args(conn, bus->path, &args);
}

int conn_new_named(struct conn *conn, const struct bus *bus, __u64 flags, const char *name)
{
	struct args args;

	args_hello_default(&args);
	args.hello.flags = flags;
	args_str(&args, KDBUS_ITEM_NAME, name);
	return conn_new_args(conn, bus->path, &args);
}

void conn_close(struct conn *conn)
{
	if (conn->pool)
		munmap((void *)conn->pool, conn->pool_size);
	conn->pool = NULL;
	if (conn->fd >= 0)
		close(conn->fd);
	conn->fd = -1;
}

int conn_bye(struct conn *conn)
{
	struct args args;

	args_cmd(&args);
	return command(conn->fd, KDBUS_CMD_BYEBYE, &args);
}

int conn_free(struct conn *conn, __u64 offset)
{
	struct kdbus_cmd_free cmd = { .size = sizeof(cmd), .offset = offset };

	return command(conn->fd, KDBUS_CMD_FREE, &cmd);
}

int conn_update_recv(struct conn *conn, __u64 attach_flags_recv)
{
	struct args args;

	args_cmd(&args);
	args_u64(&args, KDBUS_ITEM_ATTACH_FLAGS_RECV, attach_flags_recv);
	return command(conn->fd, KDBUS_CMD_UPDATE, &args);
}

int conn_poll(struct conn *conn, int timeout_ms)
{
	struct pollfd pfd = { .fd = conn->fd, .events = POLLIN | POLLOUT | POLLRDNORM |
			      POLLWRNORM };

	if (poll(&pfd, 1, timeout_ms) < 0)
		return -errno;
	return pfd.revents;
}

int poll_patiently(struct pollfd *pfd)
{
	__u64 end = deadline_ms(PATIENCE_MS);
	int ret = poll(pfd, 1, PATIENCE_MS);

	/* When the time is over poll looks once more, and would find what nobody woke it for. */
	return ret == 1 && now_ns() >= end ? 0 : ret;
}

int conn_wait(struct conn *conn)
{
	struct pollfd pfd = { .fd = conn->fd, .events = POLLIN };
	int ret = poll_patiently(&pfd);

	if (ret < 0)
		return -errno;
	return ret == 0 ? -ETIME : 0;
}

int name_acquire(struct conn *conn, const char *name, __u64 flags, __u64 *return_flags)
{
	struct args args;
	int ret;

	args_cmd(&args);
	args.cmd.flags = flags;
	args_str(&args, KDBUS_ITEM_NAME, name);
	ret = command(conn->fd, KDBUS_CMD_NAME_ACQUIRE, &args);
	if (return_flags)
		*return_flags = args.cmd.return_flags;
	return ret;
}

int name_release(struct conn *conn, const char *name)
{
	struct args args;

	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_NAME, name);
	return command(conn->fd, KDBUS_CMD_NAME_RELEASE, &args);
}

int match_all(struct conn *conn, __u64 cookie)
{
	struct args args;

	args_match(&args, cookie);
	return match_add(conn, &args);
}

int match_add(struct conn *conn, struct args *args)
{
	return command(conn->fd, KDBUS_CMD_MATCH_ADD, args);
}

int match_remove(struct conn *conn, __u64 cookie)
{
	struct args args;

	args_match(&args, cookie);
	return command(conn->fd, KDBUS_CMD_MATCH_REMOVE, &args);
}

int conn_info(struct conn *conn, __u64 id, const char *name, __u64 attach_flags,
	      const struct kdbus_info **info)
{
	struct args args;
	int ret;

	args_info(&args);
	args.info.id = id;
	args.info.attach_flags = attach_flags;
	if (name)
		args_str(&args, KDBUS_ITEM_NAME, name);
	ret = command(conn->fd, KDBUS_CMD_CONN_INFO, &args);
	if (ret == 0)
		*info = (const void *)(conn->pool + args.info.offset);
	return ret;
}
