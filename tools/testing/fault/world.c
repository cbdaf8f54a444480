// SPDX-License-Identifier: LGPL-2.1-or-later
/* Worlds: making them, running the command, taking them down. */
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include "fault.h"

/*
 * What CONN_INFO tells of the one who looks on fills a whole pool: the kernel's header, a
 * label and a name, of which only the label is part of the argument of HELLO, which may
 * not be larger than a pool.
 */
#define SMALL_POOL	(8UL * 4096)
#define LARGE_POOL	(128UL * 4096)
#define EYE_NAME_ITEM	120
#define EYE_NAME	(EYE_NAME_ITEM - ITEM_HEADER - sizeof(__u64))
#define EYE_LABEL	(SMALL_POOL - sizeof(struct kdbus_info) - EYE_NAME_ITEM - ITEM_HEADER)

/*
 * @stop: an eventfd
 * @conn: who answers
 */
struct answerer {
	pthread_t thread;
	struct conn *conn;
	int stop;
};

/* A bus of a name that is always the same: it travels in answers, whose sizes are compared. */
static int make_bus(struct world *world)
{
	struct bus *bus = &world->bus;
	struct args args;
	int ret;

	snprintf(bus->name, sizeof(bus->name), "%u-" BUS_NAME, geteuid());
	snprintf(bus->dir, sizeof(bus->dir), "%.*s/%s", PATH_MAX - 100, world->domain, bus->name);
	snprintf(bus->path, sizeof(bus->path), "%.*s/bus", PATH_MAX - 10, bus->dir);
	bus->fd = open_at(world->domain, "control");
	if (bus->fd < 0)
		return bus->fd;
	args_bus(&args, bus->name, KDBUS_MAKE_ACCESS_WORLD);
	ret = command(bus->fd, KDBUS_CMD_BUS_MAKE, &args);
	return ret;
}

int world_conn_args(struct world *world, unsigned int i, struct args *args)
{
	if (i >= world->n_conns)
		world->n_conns = i + 1;
	args->hello.pool_size = world->scenario->flags & LARGE_MESSAGES ? LARGE_POOL : SMALL_POOL;
	return conn_new_args(&world->conn[i], world->bus.path, args);
}

int world_conn_recv(struct world *world, unsigned int i, __u64 attach_flags_recv)
{
	struct args args;

	args_hello_default(&args);
	args.hello.attach_flags_recv = attach_flags_recv;
	return world_conn_args(world, i, &args);
}

int world_conn(struct world *world, unsigned int i)
{
	return world_conn_recv(world, i, 0);
}

int world_conns(struct world *world, unsigned int first, unsigned int n)
{
	unsigned int i;
	int ret = 0;

	for (i = first; i < first + n && !ret; i++)
		ret = world_conn(world, i);
	return ret;
}

int world_monitor(struct world *world, unsigned int i, __u64 attach_flags_recv)
{
	struct args args;

	args_hello_default(&args);
	args.hello.flags |= KDBUS_HELLO_MONITOR;
	args.hello.attach_flags_recv = attach_flags_recv;
	return world_conn_args(world, i, &args);
}

void world_command(struct world *world, unsigned int i, unsigned long nr)
{
	world->fd = world->conn[i].fd;
	world->nr = nr;
}

int world_send(struct world *world, unsigned int i, __u64 flags)
{
	world_command(world, i, KDBUS_CMD_SEND);
	args_send(&world->cmd, &world->msg);
	world->cmd.send.flags = flags;
	return 0;
}

int world_bytes(struct world *world, size_t size)
{
	size_t i;

	world->bytes = malloc(size);
	if (!world->bytes)
		return -ENOMEM;
	for (i = 0; i < size; i++)
		world->bytes[i] = i * 7 + (i >> 8);
	world->n_bytes = size;
	return 0;
}

int world_keep_fd(struct world *world, int fd)
{
	unsigned int i;

	if (fd < 0)
		return fd;
	for (i = 0; i < MAX_FDS; i++)
		if (world->fds[i] < 0) {
			world->fds[i] = fd;
			return fd;
		}
	close(fd);
	return -EMFILE;
}

static void *answer(void *arg)
{
	struct answerer *answerer = arg;
	struct pollfd pfd[2] = {
		{ .fd = answerer->conn->fd, .events = POLLIN },
		{ .fd = answerer->stop, .events = POLLIN },
	};

	while (poll(pfd, 2, -1) >= 0 && !pfd[1].revents) {
		const struct kdbus_msg *msg = msg_next(answerer->conn);
		__u64 src, cookie;

		if (!msg)
			break;
		src = msg->src_id;
		cookie = msg->cookie;
		if (msg_done(answerer->conn, msg) ||
		    send_reply(answerer->conn, src, 500, cookie))
			break;
	}
	return NULL;
}

int world_answer(struct world *world, unsigned int i)
{
	struct answerer *answerer = calloc(1, sizeof(*answerer));

	if (!answerer)
		return -ENOMEM;
	answerer->conn = &world->conn[i];
	answerer->stop = eventfd(0, EFD_CLOEXEC);
	world->answerer = answerer;
	return -pthread_create(&answerer->thread, NULL, answer, answerer);
}

static void answer_stop(struct world *world)
{
	struct answerer *answerer = world->answerer;
	__u64 one = 1;

	if (!answerer)
		return;
	if (write(answerer->stop, &one, sizeof(one)) != sizeof(one))
		abort();
	pthread_join(answerer->thread, NULL);
	close(answerer->stop);
	free(answerer);
	world->answerer = NULL;
}

int world_call(struct world *world, unsigned int from, unsigned int to, __u64 cookie)
{
	const struct kdbus_msg *msg;
	int ret;

	sync_call_init(&world->call, &world->conn[from], world->conn[to].id, cookie);
	ret = sync_call_start(&world->call);
	if (ret)
		return ret;
	world->calling = true;
	ret = conn_wait(&world->conn[to]);
	if (ret)
		return ret;
	msg = msg_next(&world->conn[to]);
	ret = msg ? msg_done(&world->conn[to], msg) : -errno;
	/* It has queued its message, and does nothing but wait from here on. */
	return ret ?: task_wait_sleeping(world->call.tid);
}

/* Whoever still waits in a call is let go: its connection leaves. */
static void call_end(struct world *world, struct text *text)
{
	struct conn *caller = world->call.conn;
	int ret;

	if (!world->calling)
		return;
	ret = conn_bye(caller);
	if (ret && ret != -ECONNRESET)
		tell("%s: BYEBYE of the caller: %d", world->scenario->name, ret);
	ret = sync_call_join(&world->call);
	world->calling = false;
	if (!text)
		return;
	text_add(text, TAG_CALL, "the call returned %d", ret);
	if (!ret)
		show_message(world, text, caller - world->conn, &world->call.cmd.send.reply);
}

static int make_eye(struct world *world)
{
	static char label[EYE_LABEL], name[EYE_NAME];
	struct args args;

	memset(label, 'l', sizeof(label) - 1);
	memset(name, 'n', sizeof(name) - 1);
	memcpy(name, "eye.", 4);
	args_hello_default(&args);
	args.hello.pool_size = LARGE_POOL;
	args_str(&args, KDBUS_ITEM_SECLABEL, label);
	return conn_new_args(&world->eye, world->bus.path, &args) ?:
	       name_acquire(&world->eye, name, 0, NULL);
}

int world_make(struct world *world, const struct scenario *scenario, const char *domain)
{
	unsigned int i;
	int ret = 0;

	memset(world, 0, offsetof(struct world, cmd));
	world->n_bytes = 0;
	world->bytes = NULL;
	world->calling = false;
	world->answerer = NULL;
	world->map = NULL;
	world->path[0] = '\0';
	world->scenario = scenario;
	world->domain = domain;
	world->bus.fd = -1;
	world->ep.fd = -1;
	world->eye.fd = -1;
	world->fd = -1;
	for (i = 0; i < MAX_CONNS; i++)
		world->conn[i].fd = -1;
	for (i = 0; i < MAX_FDS; i++)
		world->fds[i] = -1;
	args_cmd(&world->cmd);
	args_msg(&world->msg, 0, 0);
	if (!(scenario->flags & NO_BUS)) {
		ret = make_bus(world);
		if (!ret)
			ret = make_eye(world);
	}
	if (!ret && scenario->setup)
		ret = scenario->setup(world);
	return ret;
}

bool world_sends(const struct world *world)
{
	/* Both have the address of the message in the same place. */
	return world->nr == KDBUS_CMD_SEND || world->nr == KDBUS_CMD_EXCHANGE;
}

int world_act(struct world *world)
{
	if (world->scenario->act)
		return world->scenario->act(world);
	return ioctl(world->fd, world->nr, &world->cmd) < 0 ? -errno : 0;
}

int world_end(struct world *world)
{
	unsigned int i;
	int ret = 0;

	answer_stop(world);
	call_end(world, NULL);
	for (i = 0; i < world->n_conns; i++)
		conn_close(&world->conn[i]);
	conn_close(&world->eye);
	if (world->ep.fd >= 0)
		endpoint_close(&world->ep);
	for (i = 0; i < MAX_FDS; i++)
		if (world->fds[i] >= 0)
			close(world->fds[i]);
	bus_close(&world->bus);
	free(world->bytes);
	world->bytes = NULL;
	if (world->domain[0] && !access(world->bus.dir, F_OK) && world->bus.dir[0]) {
		tell("%s: the bus is still there", world->scenario->name);
		ret = -EEXIST;
	}
	return ret;
}

/* ---- what can be seen ---- */

/* Which connection of the world has this id. */
static const char *who(const struct world *world, __u64 id)
{
	static char names[4][24];
	static unsigned int next;
	char *name = names[next++ % 4];
	unsigned int i;

	snprintf(name, sizeof(names[0]), "?");
	for (i = 0; i < world->n_conns; i++)
		if (world->conn[i].id == id)
			snprintf(name, sizeof(names[0]), "%u", i);
	if (id == world->eye.id)
		snprintf(name, sizeof(names[0]), "eye");
	if (id == 0 || id == KDBUS_DST_ID_BROADCAST)
		snprintf(name, sizeof(names[0]), id ? "all" : "0");
	return name;
}

static void show_names(struct world *world, struct text *text)
{
	const struct kdbus_info *info;
	struct list list;
	int ret;

	ret = list_get(&list, &world->eye, KDBUS_LIST_UNIQUE | KDBUS_LIST_NAMES |
		       KDBUS_LIST_ACTIVATORS | KDBUS_LIST_QUEUED);
	if (ret) {
		text_add(text, TAG_FIRM, "LIST: %d", ret);
		return;
	}
	LIST_FOREACH(info, &list) {
		const struct kdbus_item *item = info_item(info, KDBUS_ITEM_OWNED_NAME);

		text_add(text, TAG_FIRM, "listed %s flags %llx name %s %llx", who(world, info->id),
			 info->flags, item ? item->name.name : "-", item ? item->name.flags : 0);
	}
	list_done(&list);
}

static void show_descriptors(struct text *text)
{
	unsigned int fd, n = 0;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	text_add(text, TAG_EXTRA, "%u descriptors", n);
}

static __u32 sum_of(const __u8 *bytes, size_t size)
{
	__u32 sum = 0;

	while (size--)
		sum = sum * 31 + *bytes++;
	return sum;
}

static void show_item(struct text *text, const struct kdbus_msg *msg,
		      const struct kdbus_item *item)
{
	size_t n_fds = (item->size - ITEM_HEADER) / sizeof(int), i;
	char numbers[200] = "";

	switch (item->type) {
	case KDBUS_ITEM_PAYLOAD_OFF:
		text_add(text, TAG_COPY, "  %llu bytes, sum %x", item->vec.size,
			 item->vec.offset == ~0ULL ? 0 :
			 sum_of((const __u8 *)msg + item->vec.offset, item->vec.size));
		break;
	case KDBUS_ITEM_PAYLOAD_MEMFD:
		text_add(text, TAG_EXTRA, "  memfd of %llu: %s", item->memfd.size,
			 item->memfd.fd < 0 ? "none" : "there");
		if (item->memfd.fd >= 0)
			close(item->memfd.fd);
		break;
	case KDBUS_ITEM_FDS:
		for (i = 0; i < n_fds; i++) {
			strcat(numbers, item->fds[i] < 0 ? " none" : " there");
			if (item->fds[i] >= 0)
				close(item->fds[i]);
		}
		text_add(text, TAG_EXTRA, "  descriptors:%s", numbers);
		break;
	case KDBUS_ITEM_NAME_ADD:
	case KDBUS_ITEM_NAME_REMOVE:
	case KDBUS_ITEM_NAME_CHANGE:
		text_add(text, TAG_COPY, "  name event %llx flags %llx %llx %s", item->type,
			 item->name_change.old_id.flags, item->name_change.new_id.flags,
			 item->name_change.name);
		break;
	case KDBUS_ITEM_ID_ADD:
	case KDBUS_ITEM_ID_REMOVE:
		text_add(text, TAG_COPY, "  id event %llx", item->type);
		break;
	case KDBUS_ITEM_LOST:
		text_add(text, TAG_COPY, "  %llu lost here%s", item->lost.count,
			 item->lost.flags & KDBUS_LOST_EARLIER ? " and before" : "");
		break;
	case KDBUS_ITEM_DST_NAME:
	case KDBUS_ITEM_BLOOM_FILTER:
	case KDBUS_ITEM_REPLY_DEAD:
	case KDBUS_ITEM_REPLY_TIMEOUT:
		text_add(text, TAG_COPY, "  item %llx of %llu", item->type, item->size);
		break;
	default:
		text_add(text, TAG_EXTRA, "  item %llx of %llu", item->type, item->size);
	}
}

void show_message(struct world *world, struct text *text, unsigned int i,
		  const struct kdbus_msg_info *info)
{
	const struct kdbus_msg *msg = (const void *)(world->conn[i].pool + info->offset);
	const struct kdbus_item *item;

	text_add(text, TAG_COPY, "%u has %llu from %s to %s, flags %llx priority %lld reply %llu",
		 i, msg->cookie, who(world, msg->src_id), who(world, msg->dst_id), msg->flags,
		 msg->priority,
		 msg->flags & KDBUS_MSG_EXPECT_REPLY ? 0 : msg->cookie_reply);
	text_add(text, TAG_EXTRA, "  size %llu flags %llx", info->msg_size, info->return_flags);
	ITEM_FOREACH(item, msg)
		show_item(text, msg, item);
}

/* Is it one that tells of losses?  Those are counted without it, too. */
static bool is_loss(const struct conn *conn, const struct kdbus_msg_info *info)
{
	const struct kdbus_msg *msg = (const void *)(conn->pool + info->offset);
	const struct kdbus_item *item;

	ITEM_FOREACH(item, msg)
		if (item->type == KDBUS_ITEM_LOST)
			return true;
	return false;
}

/* Everything that is queued, which empties the queue; messages and losses make the sum. */
static void show_queue(struct world *world, struct text *text, unsigned int i)
{
	struct conn *conn = &world->conn[i];
	struct kdbus_cmd_recv recv;
	__u64 lost = 0, n = 0;
	int ret;

	for (;;) {
		ret = msg_recv(conn, 0, &recv);
		if (!ret || ret == -EAGAIN)
			lost += recv.dropped_msgs;
		if (ret)
			break;
		show_message(world, text, i, &recv.msg);
		n += !is_loss(conn, &recv.msg);
		conn_free(conn, recv.msg.offset);
	}
	if (ret != -EAGAIN)
		text_add(text, TAG_FIRM, "%u: RECV: %d", i, ret);
	if (lost)
		text_add(text, TAG_COPY, "%u has lost %llu", i, lost);
	text_add(text, TAG_COUNT, "%u: %llu queued or lost", i, n + lost);
}

/* Whether all of an empty pool can be had: a slice that is still there would be missed. */
static void show_pool(struct world *world, struct text *text, unsigned int i)
{
	struct conn *conn = &world->conn[i];
	const struct kdbus_info *info;
	int ret;

	if (conn->pool_size != SMALL_POOL)
		return;
	ret = conn_info(conn, world->eye.id, NULL, KDBUS_ATTACH_SECLABEL | KDBUS_ATTACH_NAMES,
			&info);
	text_add(text, TAG_FIRM, "%u: the whole pool: %d, %llu bytes", i, ret,
		 ret ? 0 : info->size);
	if (!ret)
		conn_free(conn, (const __u8 *)info - conn->pool);
}

void world_show(struct world *world, struct text *text)
{
	bool calling = world->calling;
	unsigned int i;

	answer_stop(world);
	/* A caller who has his answer may not have its descriptors yet. */
	if (!calling)
		show_descriptors(text);
	if (world->eye.fd >= 0)
		show_names(world, text);
	for (i = 0; i < world->n_conns; i++) {
		struct conn *conn = &world->conn[i];

		if (conn->fd < 0)
			continue;
		text_add(text, TAG_COUNT, "%u: poll says %x", i,
			 conn_poll(conn, 0) & (POLLIN | POLLHUP | POLLERR));
		if (conn->pool && !(conn->hello.flags & KDBUS_HELLO_POLICY_HOLDER))
			show_queue(world, text, i);
	}
	if (world->scenario->show)
		world->scenario->show(world, text);
	call_end(world, text);
	if (calling)
		show_descriptors(text);
	for (i = 0; i < world->n_conns; i++) {
		struct conn *conn = &world->conn[i];

		if (conn->fd >= 0 && conn->pool && conn_poll(conn, 0) != (POLLERR | POLLHUP) &&
		    !(conn->hello.flags & KDBUS_HELLO_POLICY_HOLDER)) {
			show_queue(world, text, i);
			if (i <= D)
				show_pool(world, text, i);
		}
	}
}

void world_show_result(struct world *world, struct text *text)
{
	unsigned int i = 0;
	__u64 flags;

	if (world->scenario->act)
		return;
	while (i < world->n_conns && world->conn[i].fd != world->fd)
		i++;
	flags = world->cmd.cmd.return_flags;
	if (world_sends(world)) {
		__u64 lost = world->nr == KDBUS_CMD_SEND ? KDBUS_SEND_RETURN_LOST :
			     KDBUS_EXCHANGE_RETURN_LOST;

		text_add(text, TAG_LOST, "lost by some: %d", !!(flags & lost));
		flags &= ~lost;
	}
	text_add(text, TAG_RESULT, "return flags %llx", flags);
	switch (world->nr) {
	case KDBUS_CMD_RECV:
		text_add(text, TAG_FIRM, "lost %llu", world->cmd.recv.dropped_msgs);
		if (world->cmd.recv.msg.msg_size) {
			show_message(world, text, i, &world->cmd.recv.msg);
			conn_free(&world->conn[i], world->cmd.recv.msg.offset);
		}
		break;
	case KDBUS_CMD_EXCHANGE:
		text_add(text, TAG_RESULT, "lost %llu", world->cmd.exchange.dropped_msgs);
		if (world->cmd.exchange.msg.msg_size) {
			show_message(world, text, i, &world->cmd.exchange.msg);
			conn_free(&world->conn[i], world->cmd.exchange.msg.offset);
		}
		break;
	case KDBUS_CMD_SEND:
		text_add(text, TAG_RESULT, "reply of %llu", world->cmd.send.reply.msg_size);
		if (world->cmd.send.reply.msg_size) {
			show_message(world, text, i, &world->cmd.send.reply);
			conn_free(&world->conn[i], world->cmd.send.reply.offset);
		}
		break;
	case KDBUS_CMD_CONN_INFO:
	case KDBUS_CMD_BUS_CREATOR_INFO:
		text_add(text, TAG_EXTRA, "info of %llu", world->cmd.info.info_size);
		conn_free(&world->conn[i], world->cmd.info.offset);
		break;
	case KDBUS_CMD_LIST:
		text_add(text, TAG_FIRM, "list of %llu", world->cmd.list.list_size);
		conn_free(&world->conn[i], world->cmd.list.offset);
		break;
	}
}
