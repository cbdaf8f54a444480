// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * holder.c - tell the kernel the policy of names; holder.h is the overview
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/kdbus.h>

#include "holder.h"
#include "log.h"
#include "special.h"

#define STORE_PREFIX	"policy-"

static void holder_free(struct holder *holder)
{
	if (holder->fd >= 0)
		close(holder->fd);
	free(holder->name);
	free(holder);
}

static struct holder *find(struct busd *busd, const char *name)
{
	struct holder *holder;

	for (holder = busd->holders; holder; holder = holder->next)
		if (!strcmp(holder->name, name))
			return holder;
	return NULL;
}

/* Is it for us to tell this name's policy? */
static bool is_wanted(struct busd *busd, const char *name)
{
	return busd->system && policy_table_find(&busd->config.table, name) &&
		!config_find(&busd->config, name);
}

static int add(struct busd *busd, const char *name, int fd)
{
	struct holder *holder;

	holder = malloc(sizeof(*holder));
	if (!holder)
		return -ENOMEM;
	*holder = (struct holder){ .next = busd->holders, .name = strdup(name), .fd = -1 };
	if (!holder->name) {
		holder_free(holder);
		return -ENOMEM;
	}
	holder->fd = fd;
	busd->holders = holder;
	return 0;
}

/**
 * holders_remove_old() - remove those that the configuration does not have
 * @busd: the daemon, with a configuration
 *
 * Return: how many were removed.
 */
size_t holders_remove_old(struct busd *busd)
{
	struct holder **link = &busd->holders, *holder;
	char name[300];
	size_t n = 0;

	while ((holder = *link)) {
		if (is_wanted(busd, holder->name)) {
			link = &holder->next;
			continue;
		}
		*link = holder->next;
		snprintf(name, sizeof(name), STORE_PREFIX "%s", holder->name);
		store_forget(name);
		holder_free(holder);
		n++;
	}
	return n;
}

static int open_new(struct busd *busd, const struct policy_entry *entry)
{
	char name[300];
	int fd, r;

	fd = special_open(busd->endpoint, KDBUS_HELLO_POLICY_HOLDER, entry->name, entry);
	if (fd < 0)
		return fd;
	r = add(busd, entry->name, fd);
	if (r < 0) {
		close(fd);
		return r;
	}
	snprintf(name, sizeof(name), STORE_PREFIX "%s", entry->name);
	store_keep(name, fd);
	return 0;
}

/**
 * holders_apply() - have the kernel know exactly the policy that the configuration asks for
 * @busd: the daemon, with a configuration; what is old has been removed, also of the activators
 *
 * A name whose policy is refused is reported in the log: then nobody but the bus's owner may own it
 * or talk to it.
 *
 * Return: 0 or -ENOMEM.
 */
int holders_apply(struct busd *busd)
{
	const struct policy_entry *entry;
	struct holder *holder;
	size_t i;
	int r;

	for (i = 0; i < busd->config.table.n_entries; i++) {
		entry = &busd->config.table.entries[i];
		if (!is_wanted(busd, entry->name))
			continue;
		holder = find(busd, entry->name);
		r = holder ? special_set_policy(holder->fd, entry->name, entry) :
			open_new(busd, entry);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			log_error("%s: no policy: %s", entry->name, strerror(-r));
	}
	return 0;
}

/**
 * holders_adopt() - go on with a policy holder that outlived the daemon's last run
 * @busd: the daemon, with a configuration
 * @stored_name: what the descriptor was kept by
 * @fd: the descriptor; taken over if the result is true
 *
 * Return: whether it is a policy holder that is still wanted; holders_apply() brings it up to date.
 */
bool holders_adopt(struct busd *busd, const char *stored_name, int fd)
{
	const char *name = stored_name + strlen(STORE_PREFIX);

	if (strncmp(stored_name, STORE_PREFIX, strlen(STORE_PREFIX)))
		return false;
	return is_wanted(busd, name) && !find(busd, name) && !add(busd, name, fd);
}

/**
 * holders_free() - let go of all policy holders; those in the store live on
 * @busd: the daemon
 */
void holders_free(struct busd *busd)
{
	struct holder *holder;

	while ((holder = busd->holders)) {
		busd->holders = holder->next;
		holder_free(holder);
	}
}
