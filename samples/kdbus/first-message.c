// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * first-message.c - a bus, two connections, one message: kdbus without any library
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kdbus.h>

#define DOMAIN		"/dev/kdbus"
#define POOL_SIZE	(1UL << 20)

static void check(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	if (access(DOMAIN "/control", F_OK) < 0)
		fprintf(stderr, "hint: modprobe kdbus; mkdir -p " DOMAIN
				"; mount -t kdbus kdbus " DOMAIN "\n");
	exit(EXIT_FAILURE);
}

/* [make-bus] A bus lives as long as the descriptor that made it. */
static int make_bus(const char *name)
{
	struct {
		struct kdbus_cmd cmd;
		/* Items follow the command; each has a size, a type and a payload. */
		uint64_t bloom_size, bloom_type;
		struct kdbus_bloom_parameter bloom;
		uint64_t name_size, name_type;
		char name[64];
	} make = {
		.bloom_size = 16 + sizeof(make.bloom),
		.bloom_type = KDBUS_ITEM_BLOOM_PARAMETER,
		.bloom = { .size = 64, .n_hash = 8 },
		.name_size = 16 + strlen(name) + 1,
		.name_type = KDBUS_ITEM_MAKE_NAME,
	};
	int fd;

	strcpy(make.name, name);
	make.cmd.size = sizeof(make) - sizeof(make.name) + strlen(name) + 1;
	fd = open(DOMAIN "/control", O_RDWR | O_CLOEXEC);
	check(fd >= 0, "open control");
	check(ioctl(fd, KDBUS_CMD_BUS_MAKE, &make) == 0, "BUS_MAKE");
	return fd;
}
/* [make-bus end] */

/* [hello] A connection is an endpoint file that said HELLO; its pool is mapped read-only. */
static int say_hello(const char *name, uint64_t *id, const uint8_t **pool)
{
	struct kdbus_cmd_hello hello = { .size = sizeof(hello), .pool_size = POOL_SIZE };
	char path[256];
	int fd;

	snprintf(path, sizeof(path), DOMAIN "/%s/bus", name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	check(fd >= 0, "open endpoint");
	check(ioctl(fd, KDBUS_CMD_HELLO, &hello) == 0, "HELLO");
	*pool = mmap(NULL, POOL_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	check(*pool != MAP_FAILED, "mmap");
	*id = hello.id;
	return fd;
}
/* [hello end] */

/* [send] The message says who gets it, its item where the payload is. */
static void send_text(int fd, uint64_t receiver, const char *text)
{
	struct {
		struct kdbus_msg msg;
		uint64_t vec_size, vec_type;
		struct kdbus_vec vec;
	} letter = {
		.msg = {
			.size = sizeof(letter),
			.dst_id = receiver,
			.payload_type = KDBUS_PAYLOAD_DBUS,
			.cookie = 1,
		},
		.vec_size = 16 + sizeof(letter.vec),
		.vec_type = KDBUS_ITEM_PAYLOAD_VEC,
		.vec = { .size = strlen(text) + 1, .address = (uintptr_t)text },
	};
	struct kdbus_cmd_send send = { .size = sizeof(send), .msg_address = (uintptr_t)&letter };

	check(ioctl(fd, KDBUS_CMD_SEND, &send) == 0, "SEND");
}
/* [send end] */

/* [receive] The payload lies in the pool until FREE gives its place back. */
static void receive_text(int fd, const uint8_t *pool)
{
	struct kdbus_cmd_recv recv = { .size = sizeof(recv) };
	struct kdbus_cmd_free cmd_free = { .size = sizeof(cmd_free) };
	const struct kdbus_msg *msg;
	const struct kdbus_item *item;

	check(ioctl(fd, KDBUS_CMD_RECV, &recv) == 0, "RECV");
	msg = (const void *)(pool + recv.msg.offset);
	for (item = msg->items; (const uint8_t *)item < (const uint8_t *)msg + msg->size;
	     item = (const void *)((const uint8_t *)item + ((item->size + 7) & ~7ULL)))
		if (item->type == KDBUS_ITEM_PAYLOAD_OFF)
			printf("from %llu: %s\n", (unsigned long long)msg->src_id,
			       (const char *)msg + item->vec.offset);
	cmd_free.offset = recv.msg.offset;
	check(ioctl(fd, KDBUS_CMD_FREE, &cmd_free) == 0, "FREE");
}
/* [receive end] */

int main(void)
{
	const uint8_t *alice_pool, *bob_pool;
	uint64_t alice_id, bob_id;
	int bus, alice, bob;
	char name[64];

	/* A bus is called after the user who makes it. */
	snprintf(name, sizeof(name), "%u-first", geteuid());
	bus = make_bus(name);
	alice = say_hello(name, &alice_id, &alice_pool);
	bob = say_hello(name, &bob_id, &bob_pool);

	send_text(alice, bob_id, "hello, bob");
	receive_text(bob, bob_pool);

	close(bob);
	close(alice);
	close(bus);
	return EXIT_SUCCESS;
}
