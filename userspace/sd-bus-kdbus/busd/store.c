// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * store.c - the service manager keeps descriptors for us while we are not there
 *
 * Without a service manager that listens, all of this does nothing, and the bus ends with the
 * daemon.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "busd.h"
#include "log.h"

/* As much as the service manager takes for a name. */
#define STORE_NAME_MAX	255

/* How long the service manager may take to close what it should forget. */
#define SETTLE_US	(5 * 1000000ULL)

/**
 * store_collect() - get back what was kept
 * @found: called for each descriptor, which it owns from then on
 * @context: handed to @found
 *
 * Return: 0 or -errno.
 */
int store_collect(void (*found)(void *context, const char *name, int fd), void *context)
{
	char **names = NULL;
	int n, i;

	n = sd_listen_fds_with_names(1, &names);
	if (n < 0)
		return n;
	for (i = 0; i < n; i++) {
		found(context, names[i], SD_LISTEN_FDS_START + i);
		free(names[i]);
	}
	free(names);
	return 0;
}

/**
 * store_keep() - have a descriptor kept
 * @name: what to find it by
 * @fd: descriptor; stays the caller's
 */
void store_keep(const char *name, int fd)
{
	char text[STORE_NAME_MAX + 64];
	int r;

	if (strlen(name) > STORE_NAME_MAX)
		return;
	/* A bus's descriptor always looks hung up to poll(); it is to be kept all the same. */
	snprintf(text, sizeof(text), "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);
	r = sd_pid_notify_with_fds(0, 0, text, &fd, 1);
	if (r < 0)
		log_warning("%s cannot be kept over a restart: %s", name, strerror(-r));
}

/**
 * store_forget() - a descriptor needs no keeping any more
 * @name: as it was given to store_keep()
 */
void store_forget(const char *name)
{
	if (strlen(name) <= STORE_NAME_MAX)
		sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", name);
}

/**
 * store_settle() - wait until what was forgotten is closed
 *
 * The store holds a descriptor of its own; before that is gone, the kernel still has what it
 * stands for.
 */
void store_settle(void)
{
	int r;

	r = sd_notify_barrier(0, SETTLE_US);
	if (r < 0)
		log_warning("the service manager does not answer: %s", strerror(-r));
}
