// SPDX-License-Identifier: LGPL-2.1-or-later
/* What operations, items and strings are called, and what the strings are. */

#include <stdio.h>
#include <string.h>

#include "grammar.h"

/* Distinguishes the buses of workers that run at the same time. */
char grammar_worker[16] = "f";

static const char *const kind_names[OP_KINDS] = {
	"bus_make", "endpoint_make", "endpoint_update", "hello", "update", "byebye", "free",
	"conn_info", "creator_info", "list", "send", "recv", "name_acquire", "name_release",
	"match_add", "match_remove", "exchange", "room", "ioctl", "open", "make", "close", "dup", "mmap", "munmap",
	"mprotect", "walk", "poll", "epoll", "epoll_wait", "pass", "file", "mount", "user",
	"userns", "signal", "flip", "yield", "crowd", "again",
};

static const struct {
	uint64_t type;
	const char *name;
} item_types[] = {
	{ KDBUS_ITEM_NEGOTIATE, "NEGOTIATE" },
	{ KDBUS_ITEM_PAYLOAD_VEC, "PAYLOAD_VEC" },
	{ KDBUS_ITEM_PAYLOAD_OFF, "PAYLOAD_OFF" },
	{ KDBUS_ITEM_PAYLOAD_MEMFD, "PAYLOAD_MEMFD" },
	{ KDBUS_ITEM_FDS, "FDS" },
	{ KDBUS_ITEM_CANCEL_FD, "CANCEL_FD" },
	{ KDBUS_ITEM_BLOOM_PARAMETER, "BLOOM_PARAMETER" },
	{ KDBUS_ITEM_BLOOM_FILTER, "BLOOM_FILTER" },
	{ KDBUS_ITEM_BLOOM_MASK, "BLOOM_MASK" },
	{ KDBUS_ITEM_DST_NAME, "DST_NAME" },
	{ KDBUS_ITEM_MAKE_NAME, "MAKE_NAME" },
	{ KDBUS_ITEM_ATTACH_FLAGS_SEND, "ATTACH_FLAGS_SEND" },
	{ KDBUS_ITEM_ATTACH_FLAGS_RECV, "ATTACH_FLAGS_RECV" },
	{ KDBUS_ITEM_ID, "ID" },
	{ KDBUS_ITEM_NAME, "NAME" },
	{ KDBUS_ITEM_DST_ID, "DST_ID" },
	{ KDBUS_ITEM_FREE, "FREE" },
	{ KDBUS_ITEM_LOST, "LOST" },
	{ KDBUS_ITEM_DEADLINE, "DEADLINE" },
	{ KDBUS_ITEM_TIMESTAMP, "TIMESTAMP" },
	{ KDBUS_ITEM_CREDS, "CREDS" },
	{ KDBUS_ITEM_PIDS, "PIDS" },
	{ KDBUS_ITEM_AUXGROUPS, "AUXGROUPS" },
	{ KDBUS_ITEM_OWNED_NAME, "OWNED_NAME" },
	{ KDBUS_ITEM_TID_COMM, "TID_COMM" },
	{ KDBUS_ITEM_PID_COMM, "PID_COMM" },
	{ KDBUS_ITEM_EXE, "EXE" },
	{ KDBUS_ITEM_CMDLINE, "CMDLINE" },
	{ KDBUS_ITEM_CGROUP, "CGROUP" },
	{ KDBUS_ITEM_CAPS, "CAPS" },
	{ KDBUS_ITEM_SECLABEL, "SECLABEL" },
	{ KDBUS_ITEM_AUDIT, "AUDIT" },
	{ KDBUS_ITEM_CONN_DESCRIPTION, "CONN_DESCRIPTION" },
	{ KDBUS_ITEM_POLICY_ACCESS, "POLICY_ACCESS" },
	{ KDBUS_ITEM_NAME_ADD, "NAME_ADD" },
	{ KDBUS_ITEM_NAME_REMOVE, "NAME_REMOVE" },
	{ KDBUS_ITEM_NAME_CHANGE, "NAME_CHANGE" },
	{ KDBUS_ITEM_ID_ADD, "ID_ADD" },
	{ KDBUS_ITEM_ID_REMOVE, "ID_REMOVE" },
	{ KDBUS_ITEM_REPLY_TIMEOUT, "REPLY_TIMEOUT" },
	{ KDBUS_ITEM_REPLY_DEAD, "REPLY_DEAD" },
};

#define N_TYPES (sizeof(item_types) / sizeof(item_types[0]))

static const char *const strings[STRING_BUS] = {
	"a.b", "a.c", "a.b.c", "org.example.One", "org.example.Two", "_x.y-z", "a.b.c.d.e.f",
	"b.b", "a.*", "a.b.*", "org.*", "*", "a", ".a", "a.", "a..b", "1.a", "", "a b", "-a",
	"label", "0-", "0-x", "\303\244.b",
};

const char *kind_name(unsigned int kind)
{
	return kind < OP_KINDS ? kind_names[kind] : "?";
}

int kind_of_name(const char *name)
{
	int i;

	for (i = 0; i < OP_KINDS; i++)
		if (!strcmp(name, kind_names[i]))
			return i;
	return -1;
}

const char *item_type_name(uint64_t type)
{
	size_t i;

	for (i = 0; i < N_TYPES; i++)
		if (item_types[i].type == type)
			return item_types[i].name;
	return NULL;
}

bool item_type_of_name(const char *name, uint64_t *type)
{
	size_t i;

	for (i = 0; i < N_TYPES; i++) {
		if (!strcmp(item_types[i].name, name)) {
			*type = item_types[i].type;
			return true;
		}
	}
	return false;
}

/* Some start with a user id.  Writes the string with its NUL, returns how many bytes that is. */
size_t grammar_string(unsigned int number, unsigned int uid, char *text)
{
	if (number < STRING_BUS)
		strcpy(text, strings[number]);
	else if (number < STRING_ENDPOINT)
		sprintf(text, "%u-%s-%u", uid, grammar_worker, number - STRING_BUS);
	else if (number == STRING_ENDPOINT)
		sprintf(text, "%u-ep", uid);
	else
		sprintf(text, "%u-%0250u", uid, 0);
	return strlen(text) + 1;
}
