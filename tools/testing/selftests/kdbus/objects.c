// SPDX-License-Identifier: LGPL-2.1-or-later
/* Endpoints, policies, lists, notifications. */
#include <sys/mount.h>
#include "objects.h"

int domain_mount_options(const char *type, const char *options, char *path)
{
	int ret;

	snprintf(path, PATH_MAX, "/tmp/kdbus-test-XXXXXX");
	if (!mkdtemp(path))
		return -errno;
	if (mount("kdbus", path, type, 0, options) < 0) {
		ret = -errno;
		rmdir(path);
		return ret;
	}
	return 0;
}

int bus_make_args(struct bus *bus, const char *domain, struct args *args)
{
	int ret;

	snprintf(bus->dir, sizeof(bus->dir), "%.*s/%s", PATH_MAX - 100, domain, bus->name);
	snprintf(bus->path, sizeof(bus->path), "%.*s/bus", PATH_MAX - 10, bus->dir);
	bus->fd = open_at(domain, "control");
	if (bus->fd < 0)
		return bus->fd;
	ret = command(bus->fd, KDBUS_CMD_BUS_MAKE, args);
	if (ret)
		bus_close(bus);
	return ret;
}

int bus_make_bloom(struct bus *bus, __u64 size)
{
	struct args args;

	bus_name_unique(bus->name);
	args_cmd(&args);
	args.cmd.flags = KDBUS_MAKE_ACCESS_WORLD;
	args_str(&args, KDBUS_ITEM_MAKE_NAME, bus->name);
	args_bloom_parameter(&args, size, 1);
	return bus_make_args(bus, domain_path(), &args);
}

int bus_make_as(struct bus *bus, uid_t uid, gid_t gid)
{
	int ret, back;

	ret = become(uid, gid);
	if (ret)
		return ret;
	ret = bus_make(bus);
	back = become_root();
	return back ? back : ret;
}

int endpoint_make(struct endpoint *ep, const struct bus *bus)
{
	struct args args;
	int ret;

	bus_name_unique(ep->name);
	snprintf(ep->path, sizeof(ep->path), "%.*s/%s", PATH_MAX - 100, bus->dir, ep->name);
	ep->fd = open(bus->path, O_RDWR | O_CLOEXEC);
	if (ep->fd < 0)
		return -errno;
	args_cmd(&args);
	args.cmd.flags = KDBUS_MAKE_ACCESS_WORLD;
	args_str(&args, KDBUS_ITEM_MAKE_NAME, ep->name);
	ret = command(ep->fd, KDBUS_CMD_ENDPOINT_MAKE, &args);
	if (ret)
		endpoint_close(ep);
	return ret;
}

int endpoint_update(struct endpoint *ep, struct args *policy)
{
	return command(ep->fd, KDBUS_CMD_ENDPOINT_UPDATE, policy);
}

int endpoint_grant(struct endpoint *ep, const char *name, __u64 access)
{
	struct args args;

	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_NAME, name);
	args_policy(&args, KDBUS_POLICY_ACCESS_WORLD, access, 0);
	return endpoint_update(ep, &args);
}

void endpoint_close(struct endpoint *ep)
{
	if (ep->fd >= 0)
		close(ep->fd);
	ep->fd = -1;
}

int conn_new_at(struct conn *conn, const char *path, uid_t uid, gid_t gid)
{
	struct args args;
	int ret, back;

	args_hello_default(&args);
	ret = uid ? become(uid, gid) : 0;
	if (ret)
		return ret;
	ret = conn_new_args(conn, path, &args);
	back = uid ? become_root() : 0;
	return back ? back : ret;
}

int conn_new_policy(struct conn *conn, const struct bus *bus, __u64 flags, const char *name,
		    __u64 type, __u64 access, __u64 id)
{
	struct args args;

	args_hello_default(&args);
	args.hello.flags = flags;
	args_str(&args, KDBUS_ITEM_NAME, name);
	args_policy(&args, type, access, id);
	return conn_new_args(conn, bus->path, &args);
}

int policy_update(struct conn *conn, const char *name, __u64 type, __u64 access, __u64 id)
{
	struct args args;

	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_NAME, name);
	args_policy(&args, type, access, id);
	return command(conn->fd, KDBUS_CMD_UPDATE, &args);
}

int send_filter(struct conn *conn, __u64 dst_id, __u64 cookie, __u64 generation,
		const void *filter, size_t size)
{
	struct args msg;

	args_msg(&msg, dst_id, cookie);
	msg.msg.flags = KDBUS_MSG_SIGNAL;
	args_bloom_filter(&msg, generation, filter, size);
	return msg_send(conn, &msg);
}

int send_signal(struct conn *conn, __u64 dst_id, __u64 cookie)
{
	return send_filter(conn, dst_id, cookie, 0, NULL, BLOOM_SIZE);
}

int list_get(struct list *list, struct conn *conn, __u64 flags)
{
	struct args args;
	int ret;

	args_list(&args);
	args.list.flags = flags;
	ret = command(conn->fd, KDBUS_CMD_LIST, &args);
	if (ret)
		return ret;
	list->conn = conn;
	list->offset = args.list.offset;
	list->size = args.list.list_size;
	list->first = (const void *)(conn->pool + list->offset);
	return 0;
}

int list_done(struct list *list)
{
	return conn_free(list->conn, list->offset);
}

unsigned int list_count(const struct list *list)
{
	const struct kdbus_info *info;
	unsigned int n = 0;

	LIST_FOREACH(info, list)
		n++;
	return n;
}

unsigned int list_count_of(const struct list *list, __u64 id, const char *name)
{
	const struct kdbus_info *info;
	const struct kdbus_item *item;
	unsigned int n = 0;

	LIST_FOREACH(info, list) {
		item = info_item(info, KDBUS_ITEM_OWNED_NAME);
		if (info->id != id)
			continue;
		if (!name || (item && strcmp(item->name.name, name) == 0))
			n++;
	}
	return n;
}

int list_counted(struct conn *conn, __u64 flags, __u64 id, const char *name)
{
	struct list list;
	int n, ret;

	ret = list_get(&list, conn, flags);
	if (ret)
		return ret;
	n = list_count_of(&list, id, name);
	ret = list_done(&list);
	return ret ? ret : n;
}

/* What every notification has in common, whatever it tells (abi 17). */
static bool is_notification(const struct kdbus_msg *msg, const struct kdbus_item *item,
			    __u64 type)
{
	bool for_caller = type == KDBUS_ITEM_REPLY_TIMEOUT || type == KDBUS_ITEM_REPLY_DEAD;

	return msg->src_id == KDBUS_SRC_ID_KERNEL && msg->payload_type == KDBUS_PAYLOAD_KERNEL &&
	       msg->cookie == 0 && msg->priority == 0 &&
	       msg->flags == (for_caller ? 0 : (__u64)KDBUS_MSG_SIGNAL) &&
	       (for_caller || msg->dst_id == KDBUS_DST_ID_BROADCAST) &&
	       (for_caller || msg->cookie_reply == 0) && item->type == type;
}

static void tell_other(const struct kdbus_msg *msg, const struct kdbus_item *item)
{
	fprintf(stderr, "# instead came: src %llu dst %llu flags %#llx payload type %#llx "
		"cookie %llu, item %#llx of %llu bytes\n", msg->src_id, msg->dst_id, msg->flags,
		msg->payload_type, msg->cookie, item->type, item->size);
	if (item->type >= KDBUS_ITEM_NAME_ADD && item->type <= KDBUS_ITEM_NAME_CHANGE)
		fprintf(stderr, "# name %s old {%llu, %#llx} new {%llu, %#llx}\n",
			(const char *)item->data + sizeof(item->name_change),
			item->name_change.old_id.id, item->name_change.old_id.flags,
			item->name_change.new_id.id, item->name_change.new_id.flags);
	else if (item->type == KDBUS_ITEM_ID_ADD || item->type == KDBUS_ITEM_ID_REMOVE)
		fprintf(stderr, "# id %llu flags %#llx\n", item->id_change.id,
			item->id_change.flags);
}

static int expect_done(struct conn *conn, const struct kdbus_msg *msg, bool right)
{
	int ret;

	if (!right)
		tell_other(msg, msg->items);
	ret = msg_done(conn, msg);
	return right ? ret : -EPROTO;
}

int expect_name(struct conn *conn, __u64 type, const char *name, __u64 old_id, __u64 old_flags,
		__u64 new_id, __u64 new_flags)
{
	const struct kdbus_msg *msg = msg_next(conn);
	const struct kdbus_notify_name_change *change;
	const struct kdbus_item *item;

	if (!msg)
		return -errno;
	item = msg->items;
	change = &item->name_change;
	return expect_done(conn, msg, is_notification(msg, item, type) &&
		item->size == ITEM_HEADER + sizeof(*change) + strlen(name) + 1 &&
		change->old_id.id == old_id && change->old_id.flags == old_flags &&
		change->new_id.id == new_id && change->new_id.flags == new_flags &&
		strcmp((const char *)item->data + sizeof(*change), name) == 0);
}

int expect_id(struct conn *conn, __u64 type, __u64 id, __u64 flags)
{
	const struct kdbus_msg *msg = msg_next(conn);
	const struct kdbus_item *item;

	if (!msg)
		return -errno;
	item = msg->items;
	return expect_done(conn, msg, is_notification(msg, item, type) &&
		item->size == ITEM_HEADER + sizeof(item->id_change) &&
		item->id_change.id == id && item->id_change.flags == flags);
}

int expect_reply_event(struct conn *conn, __u64 type, __u64 cookie_reply)
{
	const struct kdbus_msg *msg = msg_next(conn);

	if (!msg)
		return -errno;
	return expect_done(conn, msg, is_notification(msg, msg->items, type) &&
			   msg->items->size == ITEM_HEADER && msg->cookie_reply == cookie_reply);
}

int wait_hangup(int fd)
{
	struct pollfd pfd = { .fd = fd };
	int ret = poll_patiently(&pfd);

	if (ret < 0)
		return -errno;
	return ret == 1 && (pfd.revents & POLLHUP) ? 0 : -ETIME;
}
