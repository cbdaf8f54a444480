// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * special.c - the few commands of activators and policy holders; special.h is the overview
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kdbus.h>

#include "../core/query.h"
#include "special.h"

/* Only messages of activators lie in it: it costs what lies there. */
#define POOL_SIZE	(16UL << 20)

static struct kdbus_item *add_item(uint8_t *command, uint64_t type, size_t payload)
{
	uint64_t *size = (uint64_t *)command;
	struct kdbus_item *item = (struct kdbus_item *)(command + *size);

	item->size = KBUS_ITEM_SIZE(payload);
	item->type = type;
	*size += KBUS_ALIGN8(item->size);
	return item;
}

/* A zeroed command of @fixed bytes, with the name and its grants behind it. */
static void *new_command(size_t fixed, const char *name, const struct policy_entry *policy)
{
	size_t n = policy ? policy->n_grants : 0, length = strlen(name) + 1, i;
	struct kdbus_item *item;
	uint8_t *command;

	command = calloc(1, fixed + KBUS_ALIGN8(KBUS_ITEM_SIZE(length)) +
			 n * KBUS_ITEM_SIZE(sizeof(item->policy_access)) + sizeof(*item));
	if (!command)
		return NULL;
	*(uint64_t *)command = fixed;
	item = add_item(command, KDBUS_ITEM_NAME, length);
	memcpy(item->str, name, length);
	for (i = 0; i < n; i++) {
		item = add_item(command, KDBUS_ITEM_POLICY_ACCESS, sizeof(item->policy_access));
		item->policy_access.type = policy->grants[i].type;
		item->policy_access.access = policy->grants[i].access;
		item->policy_access.id = policy->grants[i].id;
	}
	return command;
}

/**
 * special_open() - connect as an activator or policy holder
 * @endpoint: the bus's default endpoint
 * @hello_flag: %KDBUS_HELLO_ACTIVATOR or %KDBUS_HELLO_POLICY_HOLDER
 * @name: the name that it is for
 * @policy: who may do what with the name; NULL for nobody but the bus's owner
 *
 * Return: descriptor that the caller owns, -EEXIST if somebody else speaks for the name, or -errno.
 */
int special_open(const char *endpoint, uint64_t hello_flag, const char *name,
		 const struct policy_entry *policy)
{
	struct kdbus_cmd_hello *hello;
	int fd, r;

	hello = new_command(sizeof(*hello), name, policy);
	if (!hello)
		return -ENOMEM;
	hello->flags = hello_flag | KDBUS_HELLO_ACCEPT_FD;
	hello->attach_flags_send = _KDBUS_ATTACH_ANY;
	hello->pool_size = POOL_SIZE;
	fd = open(endpoint, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	r = fd < 0 ? -errno : kbus_ioctl(fd, KDBUS_CMD_HELLO, hello);
	free(hello);
	if (r < 0 && fd >= 0)
		close(fd);
	return r < 0 ? r : fd;
}

/**
 * special_set_policy() - replace what a policy holder says
 * @fd: a policy holder
 * @name: the name that it is for
 * @policy: the new grants, NULL for none
 *
 * Return: 0 or -errno; then the old ones stay in force.
 */
int special_set_policy(int fd, const char *name, const struct policy_entry *policy)
{
	struct kdbus_cmd *update;
	int r;

	update = new_command(sizeof(*update), name, policy);
	if (!update)
		return -ENOMEM;
	r = kbus_ioctl(fd, KDBUS_CMD_UPDATE, update);
	free(update);
	return r;
}

static int receive(int fd, uint64_t flags, uint64_t *ret_offset)
{
	struct kdbus_cmd_recv recv = { .size = sizeof(recv), .flags = flags };
	int r;

	r = kbus_ioctl(fd, KDBUS_CMD_RECV, &recv);
	*ret_offset = recv.msg.offset;
	return r;
}

/* Drop the oldest message, after @fn has seen it. */
static int drop_message(int fd, const uint8_t *pool, special_message_fn fn, void *context)
{
	struct kdbus_cmd_free give_back = { .size = sizeof(give_back) };
	uint64_t offset;
	int r;

	r = receive(fd, KDBUS_RECV_PEEK, &offset);
	if (r < 0)
		return r;
	give_back.offset = offset;
	fn(context, (const struct kdbus_msg *)(pool + give_back.offset));
	r = receive(fd, KDBUS_RECV_DROP, &offset);
	kbus_ioctl(fd, KDBUS_CMD_FREE, &give_back);
	return r;
}

/**
 * special_drop_messages() - throw away what waits at an activator
 * @fd: an activator
 * @fn: told about each message first
 * @context: handed to @fn
 *
 * The kernel tells each caller whose message is dropped that there will be no answer.
 *
 * Return: number of dropped messages, or -errno.
 */
int special_drop_messages(int fd, special_message_fn fn, void *context)
{
	const uint8_t *pool;
	int n = 0, r;

	pool = mmap(NULL, POOL_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	if (pool == MAP_FAILED)
		return -errno;
	while ((r = drop_message(fd, pool, fn, context)) == 0)
		n++;
	munmap((void *)pool, POOL_SIZE);
	return r == -EAGAIN ? n : r;
}
