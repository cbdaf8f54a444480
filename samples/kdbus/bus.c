// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bus.c - the few ioctls that a D-Bus program needs of kdbus; bus.h is the overview
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bus.h"

/* Address space only: the kernel puts pages below it where messages lie. */
#define POOL_SIZE	(16UL << 20)

/* Items start on multiples of 8; an item's own size does not count the padding. */
#define ALIGN8(x)	(((x) + 7UL) & ~7UL)
#define ITEM_SIZE(n)	(offsetof(struct kdbus_item, data) + (n))

#define FOR_EACH_ITEM(item, head)						\
	for ((item) = (head)->items;						\
	     (const uint8_t *)(item) < (const uint8_t *)(head) + (head)->size;	\
	     (item) = (const void *)((const uint8_t *)(item) + ALIGN8((item)->size)))

/* Room for a message's fixed part and its items; the payload itself is not in here. */
union msg_buffer {
	struct kdbus_msg msg;
	uint8_t bytes[1024];
};

/**
 * bus_domain() - where kdbus is mounted
 *
 * Return: $KDBUS_DOMAIN or /dev/kdbus; never NULL.
 */
const char *bus_domain(void)
{
	const char *domain = getenv("KDBUS_DOMAIN");

	return domain && *domain ? domain : "/dev/kdbus";
}

/**
 * bus_explain() - print what failed, and how to set things right where that is known
 * @what: what was tried
 * @error: errno value, positive or negative
 */
void bus_explain(const char *what, int error)
{
	char control[256];

	error = error < 0 ? -error : error;
	fprintf(stderr, "%s: %s\n", what, strerror(error));

	snprintf(control, sizeof(control), "%s/control", bus_domain());
	if (access(control, F_OK) == 0)
		return;
	fprintf(stderr,
		"hint: there is no %s. Is the module loaded and a domain mounted?\n"
		"      modprobe kdbus && mkdir -p %s && mount -t kdbus kdbus %s\n",
		control, bus_domain(), bus_domain());
}

static int kdbus_ioctl(int fd, unsigned long command, void *argument)
{
	/* A call that a signal interrupted is taken up again, not sent twice. */
	while (ioctl(fd, command, argument) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/*
 * Append an item of @type; the caller fills the payload. The buffer is zeroed, so padding is 0.
 * Return NULL if the message is full.
 */
static struct kdbus_item *add_item(union msg_buffer *buffer, uint64_t type, size_t payload)
{
	size_t start = ALIGN8(buffer->msg.size);
	struct kdbus_item *item = (void *)(buffer->bytes + start);

	if (start + ALIGN8(ITEM_SIZE(payload)) > sizeof(*buffer))
		return NULL;
	item->size = ITEM_SIZE(payload);
	item->type = type;
	buffer->msg.size = start + item->size;
	return item;
}

/**
 * bus_make() - create a bus; it lives as long as the returned descriptor
 * @name: what the bus is called after "<uid>-"
 *
 * Return: descriptor that the caller owns, -EEXIST if there is such a bus, or -errno.
 */
int bus_make(const char *name)
{
	struct {
		struct kdbus_cmd cmd;
		uint64_t bloom_size, bloom_type;
		struct kdbus_bloom_parameter bloom;
		uint64_t name_size, name_type;
		char name[64];
	} make = {
		.bloom_size = ITEM_SIZE(sizeof(struct kdbus_bloom_parameter)),
		.bloom_type = KDBUS_ITEM_BLOOM_PARAMETER,
		/* What sd-bus uses: signals are summed up in 64 bytes, 8 bits per word. */
		.bloom = { .size = 64, .n_hash = 8 },
		.name_type = KDBUS_ITEM_MAKE_NAME,
	};
	char path[256];
	int fd, length, r;

	length = snprintf(make.name, sizeof(make.name), "%u-%s", geteuid(), name);
	if (length >= (int)sizeof(make.name))
		return -ENAMETOOLONG;
	make.name_size = ITEM_SIZE(length + 1);
	make.cmd.size = (uint8_t *)make.name + length + 1 - (uint8_t *)&make;

	snprintf(path, sizeof(path), "%s/control", bus_domain());
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = kdbus_ioctl(fd, KDBUS_CMD_BUS_MAKE, &make);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

/**
 * bus_open() - connect to a bus of our own user
 * @bus: filled on success; bus_close() it
 * @name: what the bus is called after "<uid>-"
 *
 * Return: 0 or -errno.
 */
int bus_open(struct bus *bus, const char *name)
{
	struct kdbus_cmd_hello hello = {
		.size = sizeof(hello),
		.flags = KDBUS_HELLO_ACCEPT_FD,
		.pool_size = POOL_SIZE,
	};
	struct kdbus_cmd_free cmd_free = { .size = sizeof(cmd_free) };
	char path[256];
	void *pool;
	int fd, r;

	snprintf(path, sizeof(path), "%s/%u-%s/bus", bus_domain(), geteuid(), name);
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	r = kdbus_ioctl(fd, KDBUS_CMD_HELLO, &hello);
	if (r < 0)
		goto out_close;
	/* The answer to HELLO describes the bus' signal filter, which is not needed here. */
	cmd_free.offset = hello.offset;
	r = kdbus_ioctl(fd, KDBUS_CMD_FREE, &cmd_free);
	if (r < 0)
		goto out_close;
	pool = mmap(NULL, POOL_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	if (pool == MAP_FAILED) {
		r = -errno;
		goto out_close;
	}

	bus->fd = fd;
	bus->id = hello.id;
	bus->pool = pool;
	bus->pool_size = POOL_SIZE;
	return 0;
out_close:
	close(fd);
	return r;
}

/**
 * bus_close() - disconnect; parcels that were not freed are gone with it
 * @bus: an open connection
 */
void bus_close(struct bus *bus)
{
	munmap((void *)bus->pool, bus->pool_size);
	close(bus->fd);
}

/**
 * bus_own_name() - become the owner of a well-known name
 * @bus: connection
 * @name: D-Bus name such as "org.example.Clock"
 *
 * Return: 0, -EEXIST if somebody else owns it, or -errno.
 */
int bus_own_name(struct bus *bus, const char *name)
{
	struct {
		struct kdbus_cmd cmd;
		uint64_t item_size, item_type;
		char name[256];
	} acquire = { .item_type = KDBUS_ITEM_NAME };
	size_t length = strlen(name);

	if (length >= sizeof(acquire.name))
		return -EINVAL;
	memcpy(acquire.name, name, length + 1);
	acquire.item_size = ITEM_SIZE(length + 1);
	acquire.cmd.size = sizeof(acquire.cmd) + acquire.item_size;
	return kdbus_ioctl(bus->fd, KDBUS_CMD_NAME_ACQUIRE, &acquire);
}

/* Write the message that @letter describes: a header, and an item for each thing it carries. */
static int write_msg(union msg_buffer *buffer, const struct bus_letter *letter)
{
	struct kdbus_msg *msg = &buffer->msg;
	struct kdbus_item *item;
	size_t length;

	memset(buffer, 0, sizeof(*buffer));
	msg->size = sizeof(*msg);
	msg->dst_id = letter->to_id;
	msg->payload_type = KDBUS_PAYLOAD_DBUS;
	msg->cookie = letter->cookie;
	msg->cookie_reply = letter->reply_to;

	if (letter->to_name) {
		length = strlen(letter->to_name) + 1;
		item = add_item(buffer, KDBUS_ITEM_DST_NAME, length);
		if (!item)
			return -EMSGSIZE;
		memcpy(item->str, letter->to_name, length);
	}
	if (letter->data_size) {
		item = add_item(buffer, KDBUS_ITEM_PAYLOAD_VEC, sizeof(item->vec));
		if (!item)
			return -EMSGSIZE;
		item->vec.size = letter->data_size;
		item->vec.address = (uintptr_t)letter->data;
	}
	if (letter->memfd_size) {
		item = add_item(buffer, KDBUS_ITEM_PAYLOAD_MEMFD, sizeof(item->memfd));
		if (!item)
			return -EMSGSIZE;
		item->memfd.size = letter->memfd_size;
		item->memfd.fd = letter->memfd;
	}
	if (letter->n_fds) {
		length = letter->n_fds * sizeof(int);
		item = add_item(buffer, KDBUS_ITEM_FDS, length);
		if (!item)
			return -EMSGSIZE;
		memcpy(item->fds, letter->fds, length);
	}
	return 0;
}

/* Find the parts of the message at @offset of the pool. */
static void read_msg(struct bus *bus, const struct kdbus_msg_info *info,
		     struct bus_parcel *parcel)
{
	const struct kdbus_msg *msg = (const void *)(bus->pool + info->offset);
	const struct kdbus_item *item;

	*parcel = (struct bus_parcel){
		.offset = info->offset,
		.msg = msg,
		.memfd = -1,
		.incomplete = info->return_flags & KDBUS_RECV_RETURN_INCOMPLETE_FDS,
	};
	FOR_EACH_ITEM(item, msg) {
		switch (item->type) {
		case KDBUS_ITEM_PAYLOAD_OFF:
			/* These samples send their data in one piece. */
			parcel->data = (const uint8_t *)msg + item->vec.offset;
			parcel->data_size = item->vec.size;
			break;
		case KDBUS_ITEM_PAYLOAD_MEMFD:
			parcel->memfd = item->memfd.fd;
			parcel->memfd_size = item->memfd.size;
			break;
		case KDBUS_ITEM_FDS:
			parcel->fds = item->fds;
			parcel->n_fds = (item->size - ITEM_SIZE(0)) / sizeof(int);
			break;
		default:
			/* Whatever else the kernel says about the message is not needed. */
			break;
		}
	}
}

/**
 * bus_send() - send a message and do not wait for an answer
 * @bus: connection
 * @letter: what to send
 *
 * Return: 0 when the message lies in the receiver's queue, or -errno: then nothing was sent.
 */
int bus_send(struct bus *bus, const struct bus_letter *letter)
{
	union msg_buffer buffer;
	struct kdbus_cmd_send send = {
		.size = sizeof(send),
		.msg_address = (uintptr_t)&buffer.msg,
	};
	int r;

	r = write_msg(&buffer, letter);
	if (r < 0)
		return r;
	return kdbus_ioctl(bus->fd, KDBUS_CMD_SEND, &send);
}

/**
 * bus_call() - send a message and sleep until its reply is here
 * @bus: connection
 * @letter: the call; its cookie must not be 0
 * @timeout_ms: how long to wait
 * @reply: the answer, valid until bus_free()
 *
 * Return: 0, -ETIMEDOUT, -EPIPE if the receiver died before it answered, or -errno.
 */
int bus_call(struct bus *bus, const struct bus_letter *letter, uint64_t timeout_ms,
	     struct bus_parcel *reply)
{
	union msg_buffer buffer;
	struct kdbus_cmd_send send = {
		.size = sizeof(send),
		.flags = KDBUS_SEND_SYNC_REPLY,
		.msg_address = (uintptr_t)&buffer.msg,
	};
	struct timespec now;
	int r;

	r = write_msg(&buffer, letter);
	if (r < 0)
		return r;
	/* The deadline is a point in time, so a restarted call does not wait longer. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	buffer.msg.flags = KDBUS_MSG_EXPECT_REPLY;
	buffer.msg.timeout_ns = now.tv_sec * 1000000000ULL + now.tv_nsec + timeout_ms * 1000000ULL;
	r = kdbus_ioctl(bus->fd, KDBUS_CMD_SEND, &send);
	if (r < 0)
		return r;
	read_msg(bus, &send.reply, reply);
	return 0;
}

/**
 * bus_wait() - sleep until a message can be received
 * @bus: connection
 * @timeout_ms: how long at most, -1 for ever
 *
 * Return: 1 if there is one, 0 when the time is up, or -errno.
 */
int bus_wait(struct bus *bus, int timeout_ms)
{
	struct pollfd pollfd = { .fd = bus->fd, .events = POLLIN };
	int r;

	r = poll(&pollfd, 1, timeout_ms);
	if (r < 0)
		return -errno;
	if (pollfd.revents & (POLLERR | POLLHUP))
		return -ECONNRESET;
	return r;
}

/**
 * bus_receive() - take the oldest message out of our queue
 * @bus: connection
 * @parcel: the message, valid until bus_free()
 *
 * Return: 0, -EAGAIN if there is none, or -errno.
 */
int bus_receive(struct bus *bus, struct bus_parcel *parcel)
{
	struct kdbus_cmd_recv recv = { .size = sizeof(recv) };
	int r;

	r = kdbus_ioctl(bus->fd, KDBUS_CMD_RECV, &recv);
	if (r < 0)
		return r;
	read_msg(bus, &recv.msg, parcel);
	return 0;
}

/**
 * bus_free() - give a message's place in the pool back
 * @bus: connection
 * @parcel: what bus_receive() or bus_call() yielded; its pointers are invalid from here on
 *
 * Closes the payload memfd if the message had one. Other descriptors are left to the caller.
 *
 * Return: 0 or -errno.
 */
int bus_free(struct bus *bus, struct bus_parcel *parcel)
{
	struct kdbus_cmd_free cmd_free = {
		.size = sizeof(cmd_free),
		.offset = parcel->offset,
	};

	if (parcel->memfd >= 0)
		close(parcel->memfd);
	parcel->memfd = -1;
	return kdbus_ioctl(bus->fd, KDBUS_CMD_FREE, &cmd_free);
}
