// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * conn.c - see conn.h
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conn.h"

#define ALIGN8(x)	(((x) + 7UL) & ~7UL)
#define ITEM_SIZE(n)	(offsetof(struct kdbus_item, data) + (n))

static const char *domain(void)
{
	const char *path = getenv("KDBUS_DOMAIN");

	return path && *path ? path : "/dev/kdbus";
}

/**
 * conn_make_bus() - make a bus that nobody else has
 * @name: gets the name of its directory
 * @size: bytes at @name
 *
 * Return: descriptor that keeps the bus alive, or -errno.
 */
int conn_make_bus(char *name, size_t size)
{
	static unsigned int n_made;
	struct {
		struct kdbus_cmd cmd;
		uint64_t bloom_size, bloom_type;
		struct kdbus_bloom_parameter bloom;
		uint64_t name_size, name_type;
		char name[64];
	} make = {
		.bloom_size = ITEM_SIZE(sizeof(make.bloom)),
		.bloom_type = KDBUS_ITEM_BLOOM_PARAMETER,
		.bloom = { .size = BLOOM_SIZE, .n_hash = BLOOM_N_HASH },
		.name_type = KDBUS_ITEM_MAKE_NAME,
	};
	char path[256];
	int fd, r, length;

	length = snprintf(make.name, sizeof(make.name), "%u-bench-%d-%u", geteuid(), getpid(),
			  ++n_made);
	make.name_size = ITEM_SIZE(length + 1);
	make.cmd.size = sizeof(make) - sizeof(make.name) + length + 1;
	snprintf(name, size, "%s", make.name);

	snprintf(path, sizeof(path), "%s/control", domain());
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, KDBUS_CMD_BUS_MAKE, &make) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

/**
 * conn_open_endpoint() - open a bus' endpoint without connecting
 * @bus_name: from conn_make_bus()
 *
 * Return: descriptor or -errno.
 */
int conn_open_endpoint(const char *bus_name)
{
	return conn_open_custom(bus_name, "bus");
}

/**
 * conn_open_custom() - open any endpoint without connecting
 * @bus_name: from conn_make_bus()
 * @endpoint: name of its node
 *
 * Return: descriptor or -errno.
 */
int conn_open_custom(const char *bus_name, const char *endpoint)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s/%s", domain(), bus_name, endpoint);
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* A command with items that are appended one by one */
struct command {
	union {
		struct kdbus_cmd cmd;
		uint8_t bytes[256];
	};
};

static void command_item(struct command *command, uint64_t type, const void *data, size_t size)
{
	struct kdbus_item *item = (void *)(command->bytes + ALIGN8(command->cmd.size));

	if (ALIGN8(command->cmd.size) + ITEM_SIZE(size) > sizeof(*command))
		abort();
	item->size = ITEM_SIZE(size);
	item->type = type;
	memcpy(item->data, data, size);
	command->cmd.size = ALIGN8(command->cmd.size) + item->size;
}

/**
 * conn_make_endpoint() - make an endpoint through which everyone may talk to one name only
 * @bus_name: from conn_make_bus()
 * @endpoint: name of its node, short; begins with the uid and a hyphen
 * @name: a well-known name, short
 *
 * Return: descriptor that keeps the endpoint alive, or -errno.
 */
int conn_make_endpoint(const char *bus_name, const char *endpoint, const char *name)
{
	const struct kdbus_policy_access talk = {
		.type = KDBUS_POLICY_ACCESS_WORLD,
		.access = KDBUS_POLICY_TALK,
	};
	struct command make = { .cmd.size = sizeof(make.cmd) };
	struct command update = { .cmd.size = sizeof(update.cmd) };
	int fd, r;

	command_item(&make, KDBUS_ITEM_MAKE_NAME, endpoint, strlen(endpoint) + 1);
	command_item(&update, KDBUS_ITEM_NAME, name, strlen(name) + 1);
	command_item(&update, KDBUS_ITEM_POLICY_ACCESS, &talk, sizeof(talk));
	fd = conn_open_endpoint(bus_name);
	if (fd < 0)
		return fd;
	if (ioctl(fd, KDBUS_CMD_ENDPOINT_MAKE, &make) < 0 ||
	    ioctl(fd, KDBUS_CMD_ENDPOINT_UPDATE, &update) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

/**
 * conn_hello() - turn an open endpoint file into a connection; the pool is not mapped
 * @conn: filled on success, when it also owns @fd
 * @fd: from conn_open_endpoint()
 * @pool_size: bytes of the pool, a multiple of the page size
 * @attach_flags: metadata to receive
 *
 * Return: 0 or -errno.
 */
int conn_hello(struct conn *conn, int fd, size_t pool_size, uint64_t attach_flags)
{
	struct kdbus_cmd_hello hello = {
		.size = sizeof(hello),
		.flags = KDBUS_HELLO_ACCEPT_FD,
		.pool_size = pool_size,
		.attach_flags_send = _KDBUS_ATTACH_ANY,
		.attach_flags_recv = attach_flags,
	};

	if (ioctl(fd, KDBUS_CMD_HELLO, &hello) < 0)
		return -errno;
	*conn = (struct conn){ .fd = fd, .id = hello.id, .pool_size = pool_size };
	return conn_free(conn, hello.offset);
}

/**
 * conn_map() - map the pool
 * @conn: from conn_hello()
 *
 * Return: 0 or -errno.
 */
int conn_map(struct conn *conn)
{
	void *pool = mmap(NULL, conn->pool_size, PROT_READ, MAP_SHARED, conn->fd, 0);

	if (pool == MAP_FAILED)
		return -errno;
	conn->pool = pool;
	return 0;
}

/**
 * conn_open() - connect
 * @conn: filled on success
 * @bus_name: from conn_make_bus()
 * @pool_size: bytes of the pool, a multiple of the page size
 * @attach_flags: metadata to receive
 *
 * Return: 0 or -errno.
 */
int conn_open(struct conn *conn, const char *bus_name, size_t pool_size, uint64_t attach_flags)
{
	int fd, r;

	fd = conn_open_endpoint(bus_name);
	if (fd < 0)
		return fd;
	r = conn_hello(conn, fd, pool_size, attach_flags);
	if (r == 0)
		r = conn_map(conn);
	if (r < 0)
		close(fd);
	return r;
}

/**
 * conn_close() - disconnect
 * @conn: an open connection
 */
void conn_close(struct conn *conn)
{
	if (conn->pool)
		munmap((void *)conn->pool, conn->pool_size);
	close(conn->fd);
}

/**
 * conn_acquire() - own a well-known name
 * @conn: connection
 * @name: the name
 *
 * Return: 0 or -errno.
 */
int conn_acquire(struct conn *conn, const char *name)
{
	struct {
		struct kdbus_cmd cmd;
		uint64_t item_size, item_type;
		char name[256];
	} acquire = { .item_type = KDBUS_ITEM_NAME };

	snprintf(acquire.name, sizeof(acquire.name), "%s", name);
	acquire.item_size = ITEM_SIZE(strlen(name) + 1);
	acquire.cmd.size = sizeof(acquire.cmd) + acquire.item_size;
	return ioctl(conn->fd, KDBUS_CMD_NAME_ACQUIRE, &acquire) < 0 ? -errno : 0;
}

/**
 * conn_match() - ask for the signals whose filter has all bits of a mask
 * @conn: connection
 * @cookie: names the match
 * @mask: BLOOM_SIZE bytes
 *
 * Return: 0 or -errno.
 */
int conn_match(struct conn *conn, uint64_t cookie, const uint8_t *mask)
{
	struct {
		struct kdbus_cmd_match cmd;
		uint64_t item_size, item_type;
		uint8_t mask[BLOOM_SIZE];
	} match = {
		.cmd = { .size = sizeof(match), .cookie = cookie },
		.item_size = ITEM_SIZE(BLOOM_SIZE),
		.item_type = KDBUS_ITEM_BLOOM_MASK,
	};

	memcpy(match.mask, mask, BLOOM_SIZE);
	return ioctl(conn->fd, KDBUS_CMD_MATCH_ADD, &match) < 0 ? -errno : 0;
}

/**
 * conn_send() - send without waiting for anything
 * @conn: sender
 * @letter: message
 *
 * Return: 0 or -errno.
 */
int conn_send(struct conn *conn, const struct letter *letter)
{
	struct kdbus_cmd_send send = {
		.size = sizeof(send),
		.msg_address = (uintptr_t)&letter->msg,
	};

	return ioctl(conn->fd, KDBUS_CMD_SEND, &send) < 0 ? -errno : 0;
}

/**
 * conn_call() - send and wait for the reply
 * @conn: caller
 * @letter: message; flags and timeout are the caller's to set
 * @reply: where the reply lies in the caller's pool
 *
 * Return: 0 or -errno.
 */
int conn_call(struct conn *conn, const struct letter *letter, struct kdbus_msg_info *reply)
{
	struct kdbus_cmd_send send = {
		.size = sizeof(send),
		.flags = KDBUS_SEND_SYNC_REPLY,
		.msg_address = (uintptr_t)&letter->msg,
	};

	if (ioctl(conn->fd, KDBUS_CMD_SEND, &send) < 0)
		return -errno;
	*reply = send.reply;
	return 0;
}

/* What to give back with the next command. */
struct free_item {
	uint64_t size, type, offset;
};

static struct free_item free_item(uint64_t offset)
{
	return (struct free_item){
		.size = sizeof(struct free_item),
		.type = KDBUS_ITEM_FREE,
		.offset = offset,
	};
}

/**
 * conn_call_and_free() - conn_call() that gives a place in the pool back beforehand
 * @conn: caller
 * @letter: message; flags and timeout are the caller's to set
 * @offset: the place, or the size of the pool
 * @reply: where the reply lies in the caller's pool
 *
 * Return: 0 or -errno.
 */
int conn_call_and_free(struct conn *conn, const struct letter *letter, uint64_t offset,
		       struct kdbus_msg_info *reply)
{
	struct {
		struct kdbus_cmd_send cmd;
		struct free_item free;
	} send = {
		.cmd.size = sizeof(send),
		.cmd.flags = KDBUS_SEND_SYNC_REPLY,
		.cmd.msg_address = (uintptr_t)&letter->msg,
		.free = free_item(offset),
	};

	if (ioctl(conn->fd, KDBUS_CMD_SEND, &send) < 0)
		return -errno;
	*reply = send.cmd.reply;
	return 0;
}

/**
 * conn_exchange() - send, give a place in the pool back, wait for the next message
 * @conn: service
 * @letter: message, or NULL
 * @offset: the place, or the size of the pool
 * @info: where the next message lies in the pool
 *
 * Return: 0, -EAGAIN if something else than a message came, or -errno.
 */
int conn_exchange(struct conn *conn, const struct letter *letter, uint64_t offset,
		  struct kdbus_msg_info *info)
{
	struct {
		struct kdbus_cmd_exchange cmd;
		struct free_item free;
	} exchange = {
		.cmd.size = sizeof(exchange),
		.cmd.msg_address = letter ? (uintptr_t)&letter->msg : 0,
		.cmd.timeout_ns = UINT64_MAX,
		.free = free_item(offset),
	};

	if (ioctl(conn->fd, KDBUS_CMD_EXCHANGE, &exchange) < 0)
		return -errno;
	*info = exchange.cmd.msg;
	return exchange.cmd.return_flags & KDBUS_EXCHANGE_RETURN_RECEIVED ? 0 : -EAGAIN;
}

/**
 * conn_recv() - receive the oldest message
 * @conn: receiver
 * @info: where it lies in the pool
 *
 * Return: 0, -EAGAIN if there is none, or -errno.
 */
int conn_recv(struct conn *conn, struct kdbus_msg_info *info)
{
	struct kdbus_cmd_recv recv = { .size = sizeof(recv) };

	if (ioctl(conn->fd, KDBUS_CMD_RECV, &recv) < 0)
		return -errno;
	*info = recv.msg;
	return 0;
}

/**
 * conn_free() - give a place in the pool back
 * @conn: its owner
 * @offset: the place
 *
 * Return: 0 or -errno.
 */
int conn_free(struct conn *conn, uint64_t offset)
{
	struct kdbus_cmd_free cmd = { .size = sizeof(cmd), .offset = offset };

	return ioctl(conn->fd, KDBUS_CMD_FREE, &cmd) < 0 ? -errno : 0;
}

/**
 * letter_init() - begin a message
 * @letter: becomes a message without items
 * @dst_id: receiver
 */
void letter_init(struct letter *letter, uint64_t dst_id)
{
	memset(letter, 0, sizeof(*letter));
	letter->msg.size = sizeof(letter->msg);
	letter->msg.dst_id = dst_id;
	letter->msg.payload_type = KDBUS_PAYLOAD_DBUS;
}

/* The messages of the benchmark are small enough by construction. */
static struct kdbus_item *letter_item(struct letter *letter, uint64_t type, size_t payload)
{
	size_t start = ALIGN8(letter->msg.size);
	struct kdbus_item *item = (void *)(letter->bytes + start);

	if (start + ITEM_SIZE(payload) > sizeof(*letter))
		abort();
	item->size = ITEM_SIZE(payload);
	item->type = type;
	letter->msg.size = start + item->size;
	return item;
}

/**
 * letter_name() - address the message by name
 * @letter: message
 * @name: well-known name
 */
void letter_name(struct letter *letter, const char *name)
{
	size_t size = strlen(name) + 1;

	memcpy(letter_item(letter, KDBUS_ITEM_DST_NAME, size)->str, name, size);
}

/**
 * letter_vec() - add payload that the kernel copies when the message is sent
 * @letter: message
 * @data: bytes; must stay until the message was sent for the last time
 * @size: how many, 0 adds nothing
 */
void letter_vec(struct letter *letter, const void *data, size_t size)
{
	struct kdbus_item *item;

	if (!size)
		return;
	item = letter_item(letter, KDBUS_ITEM_PAYLOAD_VEC, sizeof(item->vec));
	item->vec.size = size;
	item->vec.address = (uintptr_t)data;
}

/**
 * letter_memfd() - add payload that travels by reference
 * @letter: message
 * @fd: sealed memfd
 * @size: bytes of it
 */
void letter_memfd(struct letter *letter, int fd, size_t size)
{
	struct kdbus_item *item = letter_item(letter, KDBUS_ITEM_PAYLOAD_MEMFD,
					      sizeof(item->memfd));

	item->memfd.size = size;
	item->memfd.fd = fd;
}

/**
 * letter_signal() - make the message a signal
 * @letter: message
 * @filter: BLOOM_SIZE bytes
 *
 * Return: the copy of the filter in the message.
 */
struct kdbus_bloom_filter *letter_signal(struct letter *letter, const uint8_t *filter)
{
	struct kdbus_item *item;

	item = letter_item(letter, KDBUS_ITEM_BLOOM_FILTER,
			   sizeof(item->bloom_filter.generation) + BLOOM_SIZE);
	memcpy(item->bloom_filter.data, filter, BLOOM_SIZE);
	letter->msg.flags |= KDBUS_MSG_SIGNAL;
	return &item->bloom_filter;
}

/**
 * msg_item() - find an item of a received message
 * @msg: message in the pool
 * @type: its type
 *
 * Return: the first such item or NULL.
 */
const struct kdbus_item *msg_item(const struct kdbus_msg *msg, uint64_t type)
{
	const uint8_t *p = (const uint8_t *)msg->items;

	while (p < (const uint8_t *)msg + msg->size) {
		const struct kdbus_item *item = (const void *)p;

		if (item->type == type)
			return item;
		p += ALIGN8(item->size);
	}
	return NULL;
}

/**
 * bloom_add() - set the bits that stand for a fact about a message
 * @filter: BLOOM_SIZE bytes of a filter or mask
 * @key: what the fact is about
 * @value: the fact
 *
 * Spreads like any good hash would; the kernel does not care which one it is.
 */
void bloom_add(uint8_t *filter, const char *key, const char *value)
{
	uint64_t hash = 0xcbf29ce484222325ULL, x;
	unsigned int i, bit;
	char word[256];
	const char *c;

	snprintf(word, sizeof(word), "%s:%s", key, value);
	for (c = word; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 0x100000001b3ULL;
	for (i = 0; i < BLOOM_N_HASH; i++) {
		x = hash + (i + 1) * 0x9e3779b97f4a7c15ULL;
		x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
		x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
		bit = (x ^ (x >> 31)) % (BLOOM_SIZE * 8);
		filter[bit / 8] |= 1U << (bit % 8);
	}
}
