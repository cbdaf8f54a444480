// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * list.c - kdbusctl list: who is on the bus
 */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "../core/names.h"
#include "../core/query.h"
#include "ctl.h"

#define WANTED	(KDBUS_ATTACH_CREDS | KDBUS_ATTACH_PIDS | KDBUS_ATTACH_PID_COMM |	\
		 KDBUS_ATTACH_CGROUP | KDBUS_ATTACH_CONN_DESCRIPTION)

/* A line of the table. */
struct row {
	uint64_t id;
	uint64_t hello_flags;
	char name[KBUS_NAME_MAX + 1];
	bool is_unique;
	bool is_activatable;
};

struct rows {
	struct row *rows;	/* owned */
	size_t n;
};

/* What is known of a connection, as text. */
struct details {
	char pid[24], process[32], user[64], unit[256], description[128];
};

static int add_row(void *context, uint64_t id, uint64_t hello_flags, const char *name,
		   uint64_t name_flags)
{
	struct rows *rows = context;
	struct row *row;

	/* Who only holds a queue or a policy is nobody to talk to. */
	if (!name && (hello_flags & (KDBUS_HELLO_ACTIVATOR | KDBUS_HELLO_POLICY_HOLDER)))
		return 0;
	row = reallocarray(rows->rows, rows->n + 1, sizeof(*row));
	if (!row)
		return -ENOMEM;
	rows->rows = row;
	row += rows->n++;
	*row = (struct row){
		.id = id,
		.hello_flags = hello_flags,
		.is_unique = !name,
		.is_activatable = (name_flags & KDBUS_NAME_ACTIVATOR) != 0,
	};
	if (name)
		snprintf(row->name, sizeof(row->name), "%s", name);
	else
		kbus_unique_format(row->name, id);
	return 0;
}

/* Well-known names first, in their order; then connections by their id. */
static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->is_unique != y->is_unique)
		return x->is_unique - y->is_unique;
	if (x->is_unique)
		return (x->id > y->id) - (x->id < y->id);
	return strcmp(x->name, y->name) ?: x->is_activatable - y->is_activatable;
}

static void describe(struct kbus_conn *conn, uint64_t id, struct details *details)
{
	const struct kdbus_item *item;
	const struct passwd *user;
	const char *cgroup = NULL;
	struct kbus_info info;

	*details = (struct details){ "-", "-", "-", "-", "-" };
	if (kbus_info_of_id(conn, id, WANTED, &info) < 0)
		return;
	if (info.pid)
		snprintf(details->pid, sizeof(details->pid), "%llu", (unsigned long long)info.pid);
	if (info.uid != UINT64_MAX) {
		user = getpwuid(info.uid);
		if (user)
			snprintf(details->user, sizeof(details->user), "%s", user->pw_name);
		else
			snprintf(details->user, sizeof(details->user), "%llu",
				 (unsigned long long)info.uid);
	}
	if (info.description)
		snprintf(details->description, sizeof(details->description), "%s",
			 info.description);
	KBUS_FOREACH_ITEM(item, info.info) {
		if (item->type == KDBUS_ITEM_PID_COMM)
			snprintf(details->process, sizeof(details->process), "%s", item->str);
		else if (item->type == KDBUS_ITEM_CGROUP)
			cgroup = item->str;
	}
	unit_of_cgroup(cgroup, details->unit, sizeof(details->unit));
	kbus_info_release(conn, &info);
}

static bool is_shown(const struct ctl *ctl, const struct row *row)
{
	if (!ctl->show_unique && !ctl->show_names && !ctl->show_activatable)
		return true;
	if (row->is_unique)
		return ctl->show_unique;
	return row->is_activatable ? ctl->show_activatable : ctl->show_names;
}

/* Is the name of this activator owned by somebody? Then its line is about the same name again. */
static bool is_running(const struct rows *rows, const struct row *row)
{
	const struct row *other;

	for (other = rows->rows; other < rows->rows + rows->n; other++)
		if (!other->is_unique && !other->is_activatable && !strcmp(other->name, row->name))
			return true;
	return false;
}

static void print_row(struct kbus_conn *conn, const struct row *row)
{
	char unique[KBUS_UNIQUE_MAX] = "(activatable)";
	struct details d = { "-", "-", "-", "-", "-" };

	if (!row->is_activatable) {
		kbus_unique_format(unique, row->id);
		describe(conn, row->id, &d);
	}
	printf("%-40s %8s %-15s %-12s %-13s %-28s %s\n", row->name, d.pid, d.process, d.user,
	       unique, d.unit, d.description);
}

/**
 * ctl_list() - the command "list"
 * @ctl: options
 * @argc: 1
 * @argv: the command's name
 *
 * Return: exit status.
 */
int ctl_list(struct ctl *ctl, int argc, char **argv)
{
	struct rows rows = { 0 };
	struct kbus_conn *conn;
	size_t i;
	int r;

	(void)argc;
	(void)argv;
	conn = ctl_open(ctl, 0, 0);
	if (!conn)
		return EXIT_FAILURE;
	r = kbus_list(conn, KDBUS_LIST_UNIQUE, add_row, &rows);
	if (r >= 0)
		r = kbus_list(conn, KDBUS_LIST_NAMES | KDBUS_LIST_ACTIVATORS, add_row, &rows);
	if (r >= 0 && rows.n)
		qsort(rows.rows, rows.n, sizeof(*rows.rows), compare_rows);
	if (r >= 0 && !ctl->no_legend)
		printf("%-40s %8s %-15s %-12s %-13s %-28s %s\n", "NAME", "PID", "PROCESS", "USER",
		       "CONNECTION", "UNIT", "DESCRIPTION");
	for (i = 0; r >= 0 && i < rows.n; i++)
		if (is_shown(ctl, &rows.rows[i]) &&
		    !(rows.rows[i].is_activatable && is_running(&rows, &rows.rows[i])))
			print_row(conn, &rows.rows[i]);
	free(rows.rows);
	kbus_conn_free(conn);
	return r < 0 ? ctl_fail(ctl, "list", r) : EXIT_SUCCESS;
}
