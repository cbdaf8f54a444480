// SPDX-License-Identifier: LGPL-2.1-or-later
/* Arguments under construction, and items that the kernel wrote. */
#include <sys/ioctl.h>
#include "common.h"

void args_init(struct args *args, size_t fixed)
{
	memset(args, 0, sizeof(*args));
	args->size = fixed;
}

void args_match(struct args *args, __u64 cookie)
{
	args_init(args, sizeof(args->match));
	args->match.cookie = cookie;
}

void args_send(struct args *args, const struct args *msg)
{
	args_init(args, sizeof(args->send));
	args->send.msg_address = (uintptr_t)msg;
}

struct kdbus_item *args_item(struct args *args, __u64 type, const void *payload, size_t size)
{
	size_t offset = A8(args->size);
	struct kdbus_item *item = (void *)((__u8 *)args + offset);

	if (offset + ITEM_HEADER + size > sizeof(*args)) {
		fprintf(stderr, "an item of %zu bytes does not fit in struct args\n", size);
		abort();
	}
	item->size = ITEM_HEADER + size;
	item->type = type;
	if (payload)
		memcpy(item->data, payload, size);
	args->size = offset + item->size;
	return item;
}

struct kdbus_item *args_str(struct args *args, __u64 type, const char *str)
{
	return args_item(args, type, str, strlen(str) + 1);
}

struct kdbus_item *args_u64(struct args *args, __u64 type, __u64 value)
{
	return args_item(args, type, &value, sizeof(value));
}

struct kdbus_item *args_vec(struct args *args, const void *address, __u64 size)
{
	struct kdbus_vec vec = { .size = size, .address = (uintptr_t)address };

	return args_item(args, KDBUS_ITEM_PAYLOAD_VEC, &vec, sizeof(vec));
}

struct kdbus_item *args_memfd(struct args *args, int fd, __u64 start, __u64 size)
{
	struct kdbus_memfd memfd = { .start = start, .size = size, .fd = fd };

	return args_item(args, KDBUS_ITEM_PAYLOAD_MEMFD, &memfd, sizeof(memfd));
}

struct kdbus_item *args_fds(struct args *args, const int *fds, size_t n)
{
	return args_item(args, KDBUS_ITEM_FDS, fds, n * sizeof(*fds));
}

struct kdbus_item *args_cancel_fd(struct args *args, int fd)
{
	return args_item(args, KDBUS_ITEM_CANCEL_FD, &fd, sizeof(fd));
}

struct kdbus_item *args_bloom_parameter(struct args *args, __u64 size, __u64 n_hash)
{
	struct kdbus_bloom_parameter bloom = { .size = size, .n_hash = n_hash };

	return args_item(args, KDBUS_ITEM_BLOOM_PARAMETER, &bloom, sizeof(bloom));
}

struct kdbus_item *args_bloom_filter(struct args *args, __u64 generation, const void *data,
				     size_t size)
{
	struct kdbus_item *item = args_item(args, KDBUS_ITEM_BLOOM_FILTER, NULL,
					    sizeof(generation) + size);

	item->bloom_filter.generation = generation;
	if (data)
		memcpy(item->bloom_filter.data, data, size);
	return item;
}

struct kdbus_item *args_policy(struct args *args, __u64 type, __u64 access, __u64 id)
{
	struct kdbus_policy_access grant = { .type = type, .access = access, .id = id };

	return args_item(args, KDBUS_ITEM_POLICY_ACCESS, &grant, sizeof(grant));
}

struct kdbus_item *args_id_change(struct args *args, __u64 type, __u64 id)
{
	struct kdbus_notify_id_change change = { .id = id };

	return args_item(args, type, &change, sizeof(change));
}

struct kdbus_item *args_name_change(struct args *args, __u64 type, __u64 old_id, __u64 new_id,
				    const char *name)
{
	size_t fixed = sizeof(struct kdbus_notify_name_change);
	size_t n_name = name ? strlen(name) + 1 : 0;
	struct kdbus_item *item = args_item(args, type, NULL, fixed + n_name);

	item->name_change.old_id.id = old_id;
	item->name_change.new_id.id = new_id;
	if (name)
		memcpy(item->data + fixed, name, n_name);
	return item;
}

void args_bus(struct args *args, const char *name, __u64 flags)
{
	args_cmd(args);
	args->cmd.flags = flags;
	args_str(args, KDBUS_ITEM_MAKE_NAME, name);
	args_bloom_parameter(args, BLOOM_SIZE, 1);
	args_u64(args, KDBUS_ITEM_ATTACH_FLAGS_SEND, _KDBUS_ATTACH_ANY);
}

void args_hello_default(struct args *args)
{
	args_hello(args);
	args->hello.flags = KDBUS_HELLO_ACCEPT_FD;
	args->hello.attach_flags_send = _KDBUS_ATTACH_ANY;
	args->hello.pool_size = POOL_SIZE;
}

void args_msg(struct args *args, __u64 dst_id, __u64 cookie)
{
	args_init(args, sizeof(args->msg));
	args->msg.dst_id = dst_id;
	args->msg.cookie = cookie;
	args->msg.payload_type = KDBUS_PAYLOAD_DBUS;
}

void args_msg_name(struct args *args, const char *name, __u64 cookie)
{
	args_msg(args, KDBUS_DST_ID_NAME, cookie);
	args_str(args, KDBUS_ITEM_DST_NAME, name);
}

void args_call(struct args *args, __u64 dst_id, __u64 cookie)
{
	args_msg(args, dst_id, cookie);
	args->msg.flags = KDBUS_MSG_EXPECT_REPLY;
	args->msg.timeout_ns = deadline_ms(PATIENCE_MS);
}

void args_reply(struct args *args, __u64 dst_id, __u64 cookie, __u64 cookie_reply)
{
	args_msg(args, dst_id, cookie);
	args->msg.cookie_reply = cookie_reply;
}

void args_signal(struct args *args, __u64 dst_id, __u64 cookie)
{
	args_msg(args, dst_id, cookie);
	args->msg.flags = KDBUS_MSG_SIGNAL;
	args_bloom_filter(args, 0, NULL, BLOOM_SIZE);
}

int command(int fd, unsigned long nr, void *arg)
{
	int ret = ioctl(fd, nr, arg);

	return ret < 0 ? -errno : ret;
}

const struct kdbus_item *msg_item_nth(const struct kdbus_msg *msg, __u64 type, unsigned int n)
{
	const struct kdbus_item *item;

	ITEM_FOREACH(item, msg)
		if (item->type == type && n-- == 0)
			return item;
	return NULL;
}

const struct kdbus_item *msg_item(const struct kdbus_msg *msg, __u64 type)
{
	return msg_item_nth(msg, type, 0);
}

const struct kdbus_item *info_item_nth(const struct kdbus_info *info, __u64 type, unsigned int n)
{
	const struct kdbus_item *item;

	ITEM_FOREACH(item, info)
		if (item->type == type && n-- == 0)
			return item;
	return NULL;
}

const struct kdbus_item *info_item(const struct kdbus_info *info, __u64 type)
{
	return info_item_nth(info, type, 0);
}
