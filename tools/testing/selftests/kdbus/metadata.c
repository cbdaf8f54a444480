// SPDX-License-Identifier: LGPL-2.1-or-later
/* Metadata: asking for it, finding it, and being somebody else, somewhere else. */
#include <ctype.h>
#include <sched.h>
#include <sys/socket.h>
#include "metadata.h"

#define FIRST_KIND	KDBUS_ITEM_TIMESTAMP
#define LAST_KIND	KDBUS_ITEM_CONN_DESCRIPTION

__u64 kinds_here(void)
{
	__u64 kinds = _KDBUS_ATTACH_ALL;
	char text[256];

	if (file_read("/proc/self/attr/current", text, sizeof(text)) <= 0)
		kinds &= ~KDBUS_ATTACH_SECLABEL;
	if (access("/proc/self/loginuid", F_OK) < 0)
		kinds &= ~KDBUS_ATTACH_AUDIT;
	return kinds;
}

static __u64 item_kind(const struct kdbus_item *item)
{
	if (item->type < FIRST_KIND || item->type > LAST_KIND)
		return 0;
	return 1ULL << (item->type - FIRST_KIND);
}

__u64 msg_kinds(const struct kdbus_msg *msg)
{
	const struct kdbus_item *item;
	__u64 kinds = 0;

	ITEM_FOREACH(item, msg)
		kinds |= item_kind(item);
	return kinds;
}

__u64 info_kinds(const struct kdbus_info *info)
{
	const struct kdbus_item *item;
	__u64 kinds = 0;

	ITEM_FOREACH(item, info)
		kinds |= item_kind(item);
	return kinds;
}

static void bytes_show(const char *what, const void *bytes, size_t size)
{
	const unsigned char *byte = bytes;
	size_t i;

	fprintf(stderr, "# %s %zu bytes: ", what, size);
	for (i = 0; i < size && i < 256; i++)
		fprintf(stderr, isprint(byte[i]) ? "%c" : "\\x%02x", byte[i]);
	fputc('\n', stderr);
}

bool item_is(const struct kdbus_item *item, const void *payload, size_t size)
{
	if (!item) {
		bytes_show("no item, expected", payload, size);
		return false;
	}
	if (item->size == ITEM_HEADER + size && memcmp(item->data, payload, size) == 0)
		return true;
	bytes_show("expected", payload, size);
	bytes_show("seen", item->data, item->size - ITEM_HEADER);
	return false;
}

bool item_is_text(const struct kdbus_item *item, const char *text)
{
	return item_is(item, text, strlen(text) + 1);
}

int conn_update_send(struct conn *conn, __u64 attach_flags_send)
{
	struct args args;

	args_cmd(&args);
	args_u64(&args, KDBUS_ITEM_ATTACH_FLAGS_SEND, attach_flags_send);
	return command(conn->fd, KDBUS_CMD_UPDATE, &args);
}

const struct kdbus_msg *msg_with(struct conn *from, struct conn *to, __u64 kinds)
{
	int ret;

	ret = conn_update_recv(to, kinds);
	if (ret == 0)
		ret = send_plain(from, to->id, 1);
	if (ret) {
		errno = -ret;
		return NULL;
	}
	return msg_next(to);
}

int bus_info(struct conn *conn, __u64 attach_flags, const struct kdbus_info **info)
{
	struct args args;
	int ret;

	args_info(&args);
	args.info.attach_flags = attach_flags;
	ret = command(conn->fd, KDBUS_CMD_BUS_CREATOR_INFO, &args);
	if (ret == 0)
		*info = (const void *)(conn->pool + args.info.offset);
	return ret;
}

ssize_t file_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		n = -errno;
	else
		buf[n] = '\0';
	close(fd);
	return n;
}

int file_write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		ret = -errno;
	close(fd);
	return ret;
}

int caps_read(__u64 sets[CAPS_SETS])
{
	static const char * const names[CAPS_SETS] = {
		"\nCapInh:", "\nCapPrm:", "\nCapEff:", "\nCapBnd:",
	};
	char status[8192], *line;
	ssize_t n;
	int i;

	n = file_read("/proc/self/status", status, sizeof(status));
	if (n < 0)
		return n;
	for (i = 0; i < CAPS_SETS; i++) {
		line = strstr(status, names[i]);
		if (!line)
			return -ENODATA;
		sets[i] = strtoull(line + strlen(names[i]), NULL, 16);
	}
	return 0;
}

static unsigned int cap_last(void)
{
	char text[32] = "";

	file_read("/proc/sys/kernel/cap_last_cap", text, sizeof(text));
	return atoi(text);
}

__u64 caps_all(void)
{
	return (2ULL << cap_last()) - 1;
}

bool caps_of_item(const struct kdbus_item *item, __u64 sets[CAPS_SETS])
{
	int i;

	if (!item || item->size != 52 || item->data32[0] != cap_last())
		return false;
	for (i = 0; i < CAPS_SETS; i++)
		sets[i] = (__u64)item->data32[2 + 2 * i] << 32 | item->data32[1 + 2 * i];
	return true;
}

int run_elsewhere(int (*enter)(void *arg), int (*act)(void *arg), void *arg, pid_t *pid)
{
	pid_t child, inner, *shared;
	int ret;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		return -errno;
	child = child_fork();
	if (child == 0) {
		ret = enter(arg);
		if (ret)
			child_exit(ret);
		/* no child_fork(): the parent may have no number in there */
		inner = fork();
		if (inner == 0)
			child_exit(act(arg));
		*shared = inner;
		child_exit(child_result(inner));
	}
	ret = child_result(child);
	if (pid)
		*pid = *shared;
	munmap(shared, sizeof(*shared));
	return ret;
}

struct elsewhere {
	int (*enter)(void *arg);
	void *arg;
	struct conn *conn;
	const char *path;
	int socket;
	__u64 dst_id;
	__u64 cookie;
};

static int elsewhere_enter(void *arg)
{
	struct elsewhere *e = arg;

	return e->enter(e->arg);
}

static int elsewhere_connect(void *arg)
{
	struct elsewhere *e = arg;
	struct args args;
	int fd, ret;

	args_hello_default(&args);
	args.hello.attach_flags_recv = _KDBUS_ATTACH_ANY;
	/* a file opened before enter() will do where none can be opened after */
	fd = e->path ? open(e->path, O_RDWR | O_CLOEXEC) : e->conn->fd;
	if (fd < 0)
		return -errno;
	ret = command(fd, KDBUS_CMD_HELLO, &args);
	if (ret)
		return ret;
	if (send(e->socket, &args.hello, sizeof(args.hello), 0) != sizeof(args.hello))
		return -errno;
	return fd_pass(e->socket, fd);
}

static int elsewhere_take(struct conn *conn, int socket)
{
	void *pool;

	memset(conn, 0, sizeof(*conn));
	conn->fd = -1;
	if (recv(socket, &conn->hello, sizeof(conn->hello), 0) != sizeof(conn->hello))
		return -EPROTO;
	conn->fd = fd_take(socket);
	if (conn->fd < 0)
		return conn->fd;
	conn->id = conn->hello.id;
	conn->pool_size = conn->hello.pool_size;
	pool = mmap(NULL, conn->pool_size, PROT_READ, MAP_SHARED, conn->fd, 0);
	if (pool == MAP_FAILED)
		return -errno;
	conn->pool = pool;
	return conn_free(conn, conn->hello.offset);
}

static bool is_root_change(int (*enter)(void *arg))
{
	return enter == enter_root;
}

int conn_new_elsewhere(struct conn *conn, const struct bus *bus, int (*enter)(void *arg),
		       void *arg)
{
	struct conn opened = { .fd = -1 };
	struct elsewhere e = { .enter = enter, .arg = arg, .path = bus->path };
	int pair[2], ret;

	if (is_root_change(enter)) {
		opened.fd = open(bus->path, O_RDWR | O_CLOEXEC);
		if (opened.fd < 0)
			return -errno;
		e.conn = &opened;
		e.path = NULL;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	e.socket = pair[1];
	ret = run_elsewhere(elsewhere_enter, elsewhere_connect, &e, NULL);
	if (ret == 0)
		ret = elsewhere_take(conn, pair[0]);
	close(pair[0]);
	close(pair[1]);
	if (opened.fd >= 0)
		close(opened.fd);
	return ret;
}

static int elsewhere_send(void *arg)
{
	struct elsewhere *e = arg;

	return send_plain(e->conn, e->dst_id, e->cookie);
}

int send_elsewhere(struct conn *conn, __u64 dst_id, __u64 cookie, int (*enter)(void *arg),
		   void *arg, pid_t *pid)
{
	struct elsewhere e = {
		.enter = enter,
		.arg = arg,
		.conn = conn,
		.dst_id = dst_id,
		.cookie = cookie,
	};

	return run_elsewhere(elsewhere_enter, elsewhere_send, &e, pid);
}

int enter_nothing(void *arg)
{
	return 0;
}

int enter_pid_namespace(void *arg)
{
	return unshare(CLONE_NEWPID) < 0 ? -errno : 0;
}

int enter_user_namespace(void *arg)
{
	char map[64];

	snprintf(map, sizeof(map), "0 %u 1000", ALICE);
	return user_namespace_unshare(map, map);
}

int enter_root(void *path)
{
	return chroot(path) < 0 || chdir("/") < 0 ? -errno : 0;
}
