// SPDX-License-Identifier: LGPL-2.1-or-later
/* sensor.c - what the sensors have in common */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bus.h"
#include "sensor.h"

#define POOL_SIZE	(1UL << 20)

void check(bool ok, const char *what)
{
	if (ok)
		return;
	bus_explain(what, errno);
	exit(EXIT_FAILURE);
}

int sensor_bus(char *path)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "sensor-%d", getpid());
	fd = bus_make(name);
	errno = fd < 0 ? -fd : 0;
	check(fd >= 0, "BUS_MAKE");
	snprintf(path, 256, "%s/%u-%s/bus", bus_domain(), geteuid(), name);
	return fd;
}

/* Does this command of the kernel know all of @flags?  @size is that of its argument. */
static bool kernel_knows(int fd, unsigned long command, uint64_t size, uint64_t flags)
{
	uint64_t argument[32] = { size, KDBUS_FLAG_NEGOTIATE };

	return ioctl(fd, command, argument) == 0 && (argument[1] & flags) == flags;
}

void sensor_connect(struct peer *peer, const char *path, uint64_t flags)
{
	struct kdbus_cmd_hello hello = {
		.size = sizeof(hello), .flags = flags, .pool_size = POOL_SIZE,
	};

	peer->fd = open(path, O_RDWR | O_CLOEXEC);
	check(peer->fd >= 0, "open endpoint");
	if (!kernel_knows(peer->fd, KDBUS_CMD_HELLO, sizeof(hello), flags)) {
		fprintf(stderr, "this kernel's kdbus is too old\n");
		exit(EXIT_FAILURE);
	}
	check(ioctl(peer->fd, KDBUS_CMD_HELLO, &hello) == 0, "HELLO");
	peer->id = hello.id;
	peer->pool = mmap(NULL, POOL_SIZE, PROT_READ, MAP_SHARED, peer->fd, 0);
	check(peer->pool != MAP_FAILED, "mmap");
}

void sensor_listen(struct peer *listener, uint64_t sensor_id)
{
	struct {
		struct kdbus_cmd_match match;
		uint64_t size, type, id;
	} add = {
		.match = { .size = sizeof(add), .cookie = 1 },
		.size = ITEM_HEADER + sizeof(add.id),
		.type = KDBUS_ITEM_ID,
		.id = sensor_id,
	};

	check(ioctl(listener->fd, KDBUS_CMD_MATCH_ADD, &add) == 0, "MATCH_ADD");
}

void sensor_signal(struct sensor_signal *signal, uint64_t reading)
{
	*signal = (struct sensor_signal) {
		.msg = {
			.size = offsetof(struct sensor_signal, reading),
			.flags = KDBUS_MSG_SIGNAL,
			.dst_id = KDBUS_DST_ID_BROADCAST,
			.payload_type = KDBUS_PAYLOAD_DBUS,
			.cookie = reading,
		},
		.vec_size = ITEM_HEADER + sizeof(signal->vec),
		.vec_type = KDBUS_ITEM_PAYLOAD_VEC,
		.vec = { .size = sizeof(reading), .address = (uintptr_t)&signal->reading },
		.filter_size = ITEM_HEADER + 8 + sizeof(signal->filter),
		.filter_type = KDBUS_ITEM_BLOOM_FILTER,
		.reading = reading,
	};
}

void sensor_tell(struct peer *sensor, uint64_t reading)
{
	struct sensor_signal signal;
	struct kdbus_cmd_send send = { .size = sizeof(send), .msg_address = (uintptr_t)&signal };

	sensor_signal(&signal, reading);
	check(ioctl(sensor->fd, KDBUS_CMD_SEND, &send) == 0, "SEND");
}

const struct kdbus_msg *sensor_next(struct peer *listener)
{
	struct kdbus_cmd_recv recv = { .size = sizeof(recv) };

	if (ioctl(listener->fd, KDBUS_CMD_RECV, &recv) == 0)
		return (const void *)(listener->pool + recv.msg.offset);
	check(errno == EAGAIN, "RECV");
	return NULL;
}

void sensor_done(struct peer *listener, const struct kdbus_msg *msg)
{
	struct kdbus_cmd_free cmd = {
		.size = sizeof(cmd), .offset = (const uint8_t *)msg - listener->pool,
	};

	check(ioctl(listener->fd, KDBUS_CMD_FREE, &cmd) == 0, "FREE");
}

const void *sensor_item(const struct kdbus_msg *msg, uint64_t type)
{
	const uint8_t *at = (const uint8_t *)msg->items, *end = (const uint8_t *)msg + msg->size;

	while (at < end) {
		const struct kdbus_item *item = (const void *)at;

		if (item->type == type)
			return item->data;
		at += (item->size + 7) & ~7ULL;
	}
	return NULL;
}

int sensor_record(struct peer *listener)
{
	struct pollfd readable = { .fd = listener->fd, .events = POLLIN };
	const struct kdbus_msg *msg;
	uint64_t next = 1;

	while (next <= READINGS) {
		check(poll(&readable, 1, -1) > 0, "poll");
		while ((msg = sensor_next(listener))) {
			if (msg->cookie != next) {
				fprintf(stderr, "number %llu in place of %" PRIu64 "\n",
					(unsigned long long)msg->cookie, next);
				return EXIT_FAILURE;
			}
			next++;
			sensor_done(listener, msg);
			/* It is the slower of the two. */
			sched_yield();
		}
	}
	printf("%d readings recorded, none missing\n", READINGS);
	return EXIT_SUCCESS;
}

int sensor_and_recorder(int (*meter)(struct peer *sensor, uint64_t recorder_id),
			int (*record)(struct peer *listener))
{
	struct peer sensor, listener;
	int status, ret;
	char path[256];
	pid_t pid;

	sensor_bus(path);
	sensor_connect(&sensor, path, 0);
	sensor_connect(&listener, path, 0);
	sensor_listen(&listener, sensor.id);
	pid = fork();
	check(pid >= 0, "fork");
	if (pid == 0) {
		/* Then nobody waits for a recorder that has gone. */
		close(listener.fd);
		_exit(meter(&sensor, listener.id));
	}
	ret = record(&listener);
	close(listener.fd);
	check(waitpid(pid, &status, 0) == pid, "waitpid");
	return ret ?: (WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}
