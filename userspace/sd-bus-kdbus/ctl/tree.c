// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * tree.c - kdbusctl tree: the buses of a domain, their endpoints, and who made them
 */
#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../core/query.h"
#include "ctl.h"

struct totals {
	unsigned int connections, names, activatable;
	uint64_t last;
};

static int count(void *context, uint64_t id, uint64_t hello_flags, const char *name,
		 uint64_t name_flags)
{
	struct totals *totals = context;

	if (name && (name_flags & KDBUS_NAME_ACTIVATOR))
		totals->activatable++;
	else if (name)
		totals->names++;
	if (id != totals->last &&
	    !(hello_flags & (KDBUS_HELLO_ACTIVATOR | KDBUS_HELLO_POLICY_HOLDER)))
		totals->connections++;
	totals->last = id;
	return 0;
}

static const char *user_name(uid_t uid)
{
	const struct passwd *user = getpwuid(uid);

	return user ? user->pw_name : "?";
}

/* What only somebody on the bus learns; nothing, if we may not enter. */
static void print_inside(const char *endpoint)
{
	struct totals totals = { 0 };
	struct kbus_conn *conn;
	struct kbus_info info;

	if (kbus_conn_open(endpoint, &(struct kbus_options){ .description = "kdbusctl" },
			   &conn) < 0) {
		printf(" (no entry)");
		return;
	}
	if (kbus_info_of_bus(conn, KDBUS_ATTACH_PIDS, &info) >= 0) {
		if (info.pid)
			printf(", made by process %llu", (unsigned long long)info.pid);
		kbus_info_release(conn, &info);
	}
	/* We are on it too, and do not count. */
	if (kbus_list(conn, KDBUS_LIST_UNIQUE | KDBUS_LIST_NAMES | KDBUS_LIST_ACTIVATORS, count,
		      &totals) >= 0)
		printf(", %u connections, %u names, %u activatable", totals.connections - 1,
		       totals.names, totals.activatable);
	kbus_conn_free(conn);
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void print_bus(const struct ctl *ctl, const char *bus, bool is_last)
{
	struct dirent **entries;
	char path[8192];
	struct stat status;
	int n, i;

	snprintf(path, sizeof(path), "%s/%s", ctl->domain, bus);
	n = scandir(path, &entries, visible, alphasort);
	printf("%s %s", is_last ? "`-" : "|-", bus);
	if (!stat(path, &status))
		printf(" of %s", user_name(status.st_uid));
	snprintf(path, sizeof(path), "%s/%s/bus", ctl->domain, bus);
	print_inside(path);
	putchar('\n');
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s/%s", ctl->domain, bus, entries[i]->d_name);
		printf("%s %s %s", is_last ? "  " : "| ", i == n - 1 ? "`-" : "|-",
		       entries[i]->d_name);
		if (!stat(path, &status))
			printf(" (mode %03o)", status.st_mode & 0777);
		putchar('\n');
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

static int is_bus(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && entry->d_type == DT_DIR;
}

/**
 * ctl_tree() - the command "tree"
 * @ctl: options
 * @argc: 1
 * @argv: the command's name
 *
 * Return: exit status.
 */
int ctl_tree(struct ctl *ctl, int argc, char **argv)
{
	struct dirent **entries;
	char control[4200];
	struct stat status;
	int n, i;

	(void)argc;
	(void)argv;
	snprintf(control, sizeof(control), "%s/control", ctl->domain);
	if (stat(control, &status) < 0)
		return ctl_fail(ctl, ctl->domain, -errno);
	n = scandir(ctl->domain, &entries, is_bus, alphasort);
	if (n < 0)
		return ctl_fail(ctl, ctl->domain, -errno);
	printf("%s\n", ctl->domain);
	for (i = 0; i < n; i++) {
		print_bus(ctl, entries[i]->d_name, i == n - 1);
		free(entries[i]);
	}
	free(entries);
	return EXIT_SUCCESS;
}
