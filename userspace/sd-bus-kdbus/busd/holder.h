/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * holder.h - the policy of names that are not started on demand
 *
 * Each such name, or wildcard, has a policy holder: a connection that tells the kernel who may own
 * and talk. Activators bring the policy of their name themselves.
 */
#ifndef KDBUS_BUSD_HOLDER_H
#define KDBUS_BUSD_HOLDER_H

#include <stdbool.h>

#include "busd.h"

/* A name with a policy. */
struct holder {
	struct holder *next;
	char *name;	/* owned */
	int fd;		/* owned */
};

size_t holders_remove_old(struct busd *busd);
int holders_apply(struct busd *busd);
bool holders_adopt(struct busd *busd, const char *stored_name, int fd);
void holders_free(struct busd *busd);

#endif /* KDBUS_BUSD_HOLDER_H */
