// SPDX-License-Identifier: LGPL-2.1-or-later
/* driver-names.c - methods of the bus about names */
#include <errno.h>
#include <string.h>

#include "driver-call.h"
#include "notify.h"
#include "judge.h"

/* Flags of RequestName. */
enum {
	ALLOW_REPLACEMENT = 1,
	REPLACE_EXISTING = 2,
	DO_NOT_QUEUE = 4,
};

/* Answers to RequestName. */
enum {
	PRIMARY_OWNER = 1,
	IN_QUEUE = 2,
	EXISTS = 3,
	ALREADY_OWNER = 4,
};

/* Answers to ReleaseName. */
enum {
	RELEASED = 1,
	NON_EXISTENT = 2,
	NOT_OWNER = 3,
};

/* Connections that only stand for others are none to D-Bus. */
#define NO_CLIENT	(KDBUS_HELLO_ACTIVATOR | KDBUS_HELLO_POLICY_HOLDER | KDBUS_HELLO_MONITOR)

/* The name that a client wants to own or give up: well-known, and not the bus's. */
static int read_own_name(struct kbus_driver_call *call, const char *verb, const char **ret)
{
	size_t size;
	int r;

	r = kbus_read_string(&call->args, ret, &size);
	if (r < 0)
		return r;
	if (!kbus_bus_name_is_valid(*ret, size))
		return kbus_driver_fail(call, KBUS_ERROR_PREFIX "InvalidArgs",
					"Requested bus name \"%.*s\" is not valid",
					KBUS_NAME_MAX, *ret);
	if (**ret == ':')
		return kbus_driver_fail(call, KBUS_ERROR_PREFIX "InvalidArgs",
					"Cannot %s a service starting with ':' such as \"%s\"",
					verb, *ret);
	if (strcmp(*ret, KBUS_DRIVER_NAME) == 0)
		return kbus_driver_fail(call, KBUS_ERROR_PREFIX "InvalidArgs",
					"Connection \"%s\" is not allowed to %s the service \"%s\" "
					"because it is reserved for the bus",
					call->conn->unique, verb, *ret);
	return 0;
}

/**
 * kbus_driver_request_name() - RequestName
 * @call: the call
 *
 * Return: 0 or -errno.
 */
int kbus_driver_request_name(struct kbus_driver_call *call)
{
	uint64_t flags = 0, now = 0;
	uint32_t wanted, result;
	const char *name;
	int r;

	r = read_own_name(call, "acquire", &name);
	r = r ?: kbus_read_u32(&call->args, &wanted);
	r = r ?: kbus_notify_watch_names(call->conn);
	/* Before the first message to the name can arrive. */
	r = r ?: kbus_judge_add_name(call->conn, name);
	if (r < 0)
		return r;
	if (wanted & ALLOW_REPLACEMENT)
		flags |= KDBUS_NAME_ALLOW_REPLACEMENT;
	if (wanted & REPLACE_EXISTING)
		flags |= KDBUS_NAME_REPLACE_EXISTING;
	if (!(wanted & DO_NOT_QUEUE))
		flags |= KDBUS_NAME_QUEUE;
	r = kbus_name_acquire(call->conn, name, flags, &now);
	if (r < 0)
		kbus_judge_remove_name(call->conn, name);
	if (r == -EPERM)
		return kbus_driver_fail(call, KBUS_ERROR_PREFIX "AccessDenied",
					"Connection \"%s\" is not allowed to own the service \"%s\"",
					call->conn->unique, name);
	if (r < 0 && r != -EEXIST)
		return r;
	if (r == 0 && now & KDBUS_NAME_IN_QUEUE)
		result = IN_QUEUE;
	else if (r == 0 && now & KDBUS_NAME_PRIMARY)
		result = now & KDBUS_NAME_ACQUIRED ? PRIMARY_OWNER : ALREADY_OWNER;
	else
		result = EXISTS;
	kbus_put_u32(&call->reply, result);
	return 0;
}

/**
 * kbus_driver_release_name() - ReleaseName
 * @call: the call
 *
 * Return: 0 or -errno.
 */
int kbus_driver_release_name(struct kbus_driver_call *call)
{
	const char *name;
	int r;

	r = read_own_name(call, "release", &name);
	if (r < 0)
		return r;
	r = kbus_name_release(call->conn, name);
	if (r < 0 && r != -ESRCH && r != -EADDRINUSE)
		return r;
	kbus_judge_remove_name(call->conn, name);
	kbus_put_u32(&call->reply, r == 0 ? RELEASED : r == -ESRCH ? NON_EXISTENT : NOT_OWNER);
	return 0;
}

/*
 * A list of names that is being written.
 * @last_id: connection whose unique name was written last
 * @name: if not NULL, owners of this name are wanted
 * @queued: owners that wait are wanted, not the one that has it
 */
struct list {
	struct kbus_writer *writer;
	uint64_t last_id;
	const char *name;
	bool queued;
	size_t n;
};

static void put_unique(struct list *list, uint64_t id)
{
	char unique[KBUS_UNIQUE_MAX];

	kbus_unique_format(unique, id);
	kbus_put_string(list->writer, unique);
	list->n++;
}

static int put_client(void *context, uint64_t id, uint64_t hello_flags, const char *name,
		      uint64_t name_flags)
{
	struct list *list = context;

	(void)name_flags;
	if (hello_flags & NO_CLIENT)
		return 0;
	/* All records of a connection follow each other. */
	if (id != list->last_id)
		put_unique(list, id);
	list->last_id = id;
	if (name && strcmp(name, KBUS_DRIVER_NAME) != 0)
		kbus_put_string(list->writer, name);
	return 0;
}

/**
 * kbus_driver_list_names() - ListNames: unique names, and names that have an owner
 * @call: the call
 *
 * Return: 0 or -errno.
 */
int kbus_driver_list_names(struct kbus_driver_call *call)
{
	struct list list = { .writer = &call->reply };
	int r;

	kbus_put_array_open(&call->reply, 's');
	kbus_put_string(&call->reply, KBUS_DRIVER_NAME);
	r = kbus_list(call->conn, KDBUS_LIST_UNIQUE | KDBUS_LIST_NAMES, put_client, &list);
	kbus_put_array_close(&call->reply);
	return r;
}

static int put_activator(void *context, uint64_t id, uint64_t hello_flags, const char *name,
			 uint64_t name_flags)
{
	struct list *list = context;

	(void)id;
	(void)hello_flags;
	(void)name_flags;
	if (name && strcmp(name, KBUS_DRIVER_NAME) != 0)
		kbus_put_string(list->writer, name);
	return 0;
}

/**
 * kbus_driver_list_activatable() - ListActivatableNames
 * @call: the call
 *
 * Return: 0 or -errno.
 */
int kbus_driver_list_activatable(struct kbus_driver_call *call)
{
	struct list list = { .writer = &call->reply };
	int r;

	kbus_put_array_open(&call->reply, 's');
	kbus_put_string(&call->reply, KBUS_DRIVER_NAME);
	r = kbus_list(call->conn, KDBUS_LIST_ACTIVATORS, put_activator, &list);
	kbus_put_array_close(&call->reply);
	return r;
}

static int put_owner(void *context, uint64_t id, uint64_t hello_flags, const char *name,
		     uint64_t name_flags)
{
	struct list *list = context;
	const bool waits = name_flags & KDBUS_NAME_IN_QUEUE;

	if (name && !(hello_flags & NO_CLIENT) && waits == list->queued &&
	    strcmp(name, list->name) == 0)
		put_unique(list, id);
	return 0;
}

static int no_such_name(struct kbus_driver_call *call, const char *what, const char *name)
{
	return kbus_driver_fail(call, KBUS_ERROR_PREFIX "NameHasNoOwner",
				"Could not get %s of name '%.*s': no such name", what,
				KBUS_NAME_MAX, name);
}

/**
 * kbus_driver_list_queued() - ListQueuedOwners: the owner, then those who wait
 * @call: the call
 *
 * The kernel does not tell in which order they wait.
 *
 * Return: 0 or -errno.
 */
int kbus_driver_list_queued(struct kbus_driver_call *call)
{
	struct list list = { .writer = &call->reply };
	uint64_t id;
	int r;

	r = kbus_read_string(&call->args, &list.name, NULL);
	if (r < 0)
		return r;
	kbus_put_array_open(&call->reply, 's');
	if (strcmp(list.name, KBUS_DRIVER_NAME) == 0) {
		kbus_put_string(&call->reply, KBUS_DRIVER_NAME);
		list.n++;
	} else if (kbus_unique_parse(list.name, &id)) {
		struct kbus_info info;

		if (kbus_info_of_id(call->conn, id, 0, &info) == 0) {
			put_unique(&list, id);
			kbus_info_release(call->conn, &info);
		}
	} else {
		r = kbus_list(call->conn, KDBUS_LIST_NAMES, put_owner, &list);
		list.queued = true;
		r = r ?: kbus_list(call->conn, KDBUS_LIST_QUEUED, put_owner, &list);
	}
	kbus_put_array_close(&call->reply);
	if (r == 0 && !list.n)
		return no_such_name(call, "owners", list.name);
	return r;
}

/* Who has this name, unique or well-known: -ESRCH if nobody has, or only an activator. */
static int find_owner(struct kbus_conn *conn, const char *name, uint64_t *ret_id)
{
	struct kbus_info info;
	uint64_t flags;
	int r;

	if (kbus_unique_parse(name, ret_id)) {
		r = kbus_info_of_id(conn, *ret_id, 0, &info);
		if (r < 0)
			return r == -ENXIO ? -ESRCH : r;
		flags = info.flags;
		kbus_info_release(conn, &info);
	} else {
		r = kbus_name_owner(conn, name, ret_id, &flags);
		if (r < 0)
			return r;
	}
	return flags & NO_CLIENT ? -ESRCH : 0;
}

/**
 * kbus_driver_name_has_owner() - NameHasOwner
 * @call: the call
 *
 * Return: 0 or -errno.
 */
int kbus_driver_name_has_owner(struct kbus_driver_call *call)
{
	const char *name;
	uint64_t id;
	int r;

	r = kbus_read_string(&call->args, &name, NULL);
	if (r < 0)
		return r;
	r = strcmp(name, KBUS_DRIVER_NAME) == 0 ? 0 : find_owner(call->conn, name, &id);
	if (r < 0 && r != -ESRCH)
		return r;
	kbus_put_bool(&call->reply, r == 0);
	return 0;
}

/**
 * kbus_driver_get_name_owner() - GetNameOwner
 * @call: the call
 *
 * Return: 0 or -errno.
 */
int kbus_driver_get_name_owner(struct kbus_driver_call *call)
{
	struct list list = { .writer = &call->reply };
	const char *name;
	uint64_t id;
	int r;

	r = kbus_read_string(&call->args, &name, NULL);
	if (r < 0)
		return r;
	if (strcmp(name, KBUS_DRIVER_NAME) == 0) {
		kbus_put_string(&call->reply, KBUS_DRIVER_NAME);
		return 0;
	}
	r = find_owner(call->conn, name, &id);
	if (r == -ESRCH)
		return no_such_name(call, "owner", name);
	if (r == 0)
		put_unique(&list, id);
	return r;
}
