// SPDX-License-Identifier: LGPL-2.1-or-later
/* More connections than a program has slots: they match signals or notifications, and do nothing. */

#include <fcntl.h>
#include <linux/kdbus.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "world.h"

static bool match(int fd, uint64_t type, uint64_t a, uint64_t b)
{
	struct {
		struct kdbus_cmd_match cmd;
		uint64_t item[4];
	} argument = { .cmd.size = sizeof(argument), .cmd.cookie = type };

	argument.item[0] = sizeof(argument.item);
	argument.item[1] = type;
	argument.item[2] = a;
	argument.item[3] = b;
	/* A mask has the size of the bus's filters, of which 8 bytes is the most usual. */
	if (type == KDBUS_ITEM_BLOOM_MASK) {
		argument.item[0] -= 8;
		argument.cmd.size -= 8;
	}
	return !ioctl(fd, KDBUS_CMD_MATCH_ADD, &argument);
}

/*
 * value: how many; what they match: 1 all signals, 2 signals of some kind, 4 connections that come.
 * They stay until the program ends, when all descriptors are closed.
 */
bool crowd_come(const struct op *op)
{
	unsigned int n = op->value[0] % (CROWD_MAX + 1), i;
	char path[STRING_MAX * 2], bus[STRING_MAX];

	grammar_string(STRING_BUS, 0, bus);
	snprintf(path, sizeof(path), "%s/%s/bus", run_mount, bus);
	for (i = 0; i < n; i++) {
		struct kdbus_cmd_hello hello = { .size = sizeof(hello), .pool_size = 4096 };
		int fd = open(path, O_RDWR | O_CLOEXEC);

		if (fd < 0)
			return false;
		if (ioctl(fd, KDBUS_CMD_HELLO, &hello)) {
			close(fd);
			return false;
		}
		if (op->value[1] & 1)
			match(fd, KDBUS_ITEM_BLOOM_MASK, 0, 0);
		if (op->value[1] & 2)
			match(fd, KDBUS_ITEM_BLOOM_MASK, 1ull << i, 0);
		if (op->value[1] & 4)
			match(fd, KDBUS_ITEM_ID_ADD, KDBUS_MATCH_ID_ANY, 0);
	}
	return true;
}
