// SPDX-License-Identifier: LGPL-2.1-or-later
/* driver-match.c - methods of the bus about what a client hears: AddMatch, BecomeMonitor */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "driver-call.h"

/* The rule in the argument, for kbus_match_free(). */
static int read_rule(struct kbus_driver_call *call, struct kbus_match **ret)
{
	const char *text;
	size_t size;
	int r;

	r = kbus_read_string(&call->args, &text, &size);
	if (r < 0)
		return r;
	r = kbus_match_parse(text, size, ret);
	if (r == -ENOSPC)
		return kbus_driver_fail(call, KBUS_ERROR_PREFIX "LimitsExceeded",
					"Match rule text is %zu bytes, maximum is %d", size,
					KBUS_MATCH_TEXT_MAX);
	if (r == -EINVAL)
		return kbus_driver_fail(call, KBUS_ERROR_PREFIX "MatchRuleInvalid",
					"\"%.*s\" is not a match rule", KBUS_NAME_MAX, text);
	return r;
}

/*
 * Whether a sender owned a name when it sent can only be said if the kernel attaches its names; it
 * does so from the first rule on that asks.
 */
static int attach_names(struct kbus_conn *conn, const struct kbus_match *match)
{
	if (!match->sender || match->sender[0] == ':' || conn->attach_recv & KDBUS_ATTACH_NAMES)
		return 0;
	/* The bus's own signals say so themselves. */
	if (strcmp(match->sender, KBUS_DRIVER_NAME) == 0)
		return 0;
	return kbus_conn_set_attach(conn, conn->attach_recv | KDBUS_ATTACH_NAMES);
}

/* Takes over @match if that succeeds. */
static int install(struct kbus_conn *conn, struct kbus_match *match)
{
	const uint64_t cookie = conn->last_cookie + 1;
	int r;

	r = attach_names(conn, match);
	r = r ?: kbus_match_install(conn, match, cookie);
	if (r < 0)
		return r;
	r = kbus_matchset_add(conn->matches, match, cookie, NULL);
	if (r < 0) {
		kbus_match_uninstall(conn, cookie);
		return r;
	}
	conn->last_cookie = cookie;
	return 0;
}

/**
 * kbus_driver_add_match() - AddMatch; equal rules are counted
 * @call: the call
 *
 * Return: 0 or -errno.
 */
int kbus_driver_add_match(struct kbus_driver_call *call)
{
	struct kbus_match_entry *entry;
	struct kbus_match *match;
	int r;

	r = read_rule(call, &match);
	if (r < 0)
		return r;
	entry = kbus_matchset_find(call->conn->matches, match);
	if (entry) {
		entry->count++;
		kbus_match_free(match);
		return 0;
	}
	r = install(call->conn, match);
	if (r < 0)
		kbus_match_free(match);
	if (r == -EMFILE)
		return kbus_driver_fail(call, KBUS_ERROR_PREFIX "LimitsExceeded",
					"Connection \"%s\" has too many match rules",
					call->conn->unique);
	return r;
}

/**
 * kbus_driver_remove_match() - RemoveMatch
 * @call: the call
 *
 * Return: 0 or -errno.
 */
int kbus_driver_remove_match(struct kbus_driver_call *call)
{
	struct kbus_match_entry *entry;
	struct kbus_match *match;
	int r;

	r = read_rule(call, &match);
	if (r < 0)
		return r;
	entry = kbus_matchset_find(call->conn->matches, match);
	kbus_match_free(match);
	if (!entry)
		return kbus_driver_fail(call, KBUS_ERROR_PREFIX "MatchRuleNotFound",
					"The given match rule wasn't found and can't be removed");
	if (--entry->count)
		return 0;
	r = kbus_match_uninstall(call->conn, entry->cookie);
	kbus_matchset_remove(call->conn->matches, entry);
	return r;
}

/* The rules of a monitor; none means everything. */
static int read_rules(struct kbus_driver_call *call, struct kbus_matchset *set)
{
	struct kbus_array array;
	struct kbus_match *match;
	int r;

	r = kbus_read_array_open(&call->args, &array);
	while (r == 0 && kbus_read_array_next(&call->args, &array)) {
		r = read_rule(call, &match);
		if (r < 0)
			return r;
		if (kbus_matchset_find(set, match)) {
			kbus_match_free(match);
			continue;
		}
		r = kbus_matchset_add(set, match, 0, NULL);
		if (r < 0)
			kbus_match_free(match);
	}
	return r ?: kbus_read_array_close(&call->args, &array);
}

/*
 * Put the monitor in the place of the connection: same descriptor number, same object. The old
 * connection ends with its last descriptor, which every monitor hears of, so that the client's poll()
 * returns and it reads what was posted.
 */
static int replace(struct kbus_conn *conn, struct kbus_conn *monitor, struct kbus_matchset *set)
{
	const struct kbus_options *options = &conn->options;
	int r;

	r = options->replace_file ? options->replace_file(options->replace_context, monitor->fd) :
				    kbus_replace_file(conn->fd, monitor->fd);
	if (r < 0)
		return r;
	kbus_pool_unmap(conn);
	conn->pool = monitor->pool;
	conn->pool_size = monitor->pool_size;
	conn->pool_mapped = monitor->pool_mapped;
	conn->pool_window = monitor->pool_window;
	conn->pool_window_mapped = monitor->pool_window_mapped;
	conn->former_id = conn->id;
	conn->id = monitor->id;
	conn->is_monitor = true;
	conn->stashed = conn->second = false;
	/* What waited to be given back lay in the old pool; a monitor does not hash. */
	conn->has_unfreed = true;
	conn->unfreed = monitor->hello_offset;
	conn->is_greeting = conn->has_token = false;
	monitor->pool = monitor->pool_window = NULL;
	kbus_matchset_free(conn->matches);
	conn->matches = set;
	return 0;
}

/* The well-known names of a connection, one behind the other, each with its NUL. */
struct own_names {
	char *text;
	size_t size;
};

static int add_own_name(struct own_names *own, const char *name)
{
	const size_t size = strlen(name) + 1;
	char *longer = realloc(own->text, own->size + size);

	if (!longer)
		return -ENOMEM;
	memcpy(longer + own->size, name, size);
	own->text = longer;
	own->size += size;
	return 0;
}

/* The monitor asks: its pool is still empty. */
static int collect_own_names(struct kbus_conn *monitor, uint64_t id, struct own_names *own)
{
	const struct kdbus_item *item;
	struct kbus_info info;
	int r;

	r = kbus_info_of_id(monitor, id, KDBUS_ATTACH_NAMES, &info);
	if (r < 0)
		return r;
	KBUS_FOREACH_ITEM(item, info.info)
		if (r == 0 && item->type == KDBUS_ITEM_OWNED_NAME)
			r = add_own_name(own, item->name.name);
	kbus_info_release(monitor, &info);
	return r;
}

/* A monitor has no name, and clients wait until they are told so of each. */
static int post_losses(struct kbus_conn *conn, const struct own_names *own)
{
	size_t at;
	int r;

	r = kbus_driver_post_signal(conn, "NameLost", conn->unique);
	for (at = 0; r == 0 && at < own->size; at += strlen(own->text + at) + 1)
		r = kbus_driver_post_signal(conn, "NameLost", own->text + at);
	return r;
}

/**
 * kbus_driver_become_monitor() - BecomeMonitor
 * @call: the call
 *
 * Return: 0 or -errno.
 */
int kbus_driver_become_monitor(struct kbus_driver_call *call)
{
	const struct kbus_options options = {
		.hello_flags = KDBUS_HELLO_MONITOR,
		.attach_recv = call->conn->attach_recv | KDBUS_ATTACH_NAMES,
		.pool_size = call->conn->options.pool_size,
	};
	struct own_names own = {};
	struct kbus_conn *monitor = NULL;
	struct kbus_matchset *set;
	uint32_t flags;
	int r;

	r = kbus_matchset_new(&set);
	if (r < 0)
		return r;
	r = read_rules(call, set);
	r = r ?: kbus_read_u32(&call->args, &flags);
	if (r == 0 && flags)
		r = kbus_driver_fail(call, KBUS_ERROR_PREFIX "InvalidArgs",
				     "BecomeMonitor does not support any flags yet");
	r = r ?: kbus_conn_open(call->conn->path, &options, &monitor);
	if (r == -EPERM)
		r = kbus_driver_fail(call, KBUS_ERROR_PREFIX "AccessDenied",
				     "Only the owner of the bus may monitor it");
	r = r ?: collect_own_names(monitor, call->conn->id, &own);
	r = r ?: replace(call->conn, monitor, set);
	kbus_conn_free(monitor);
	if (r < 0)
		kbus_matchset_free(set);
	else
		r = post_losses(call->conn, &own);
	free(own.text);
	return r;
}
