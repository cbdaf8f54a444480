/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * activator.h - names that are started on demand
 *
 * DOC: Activation
 *
 * An activator holds the queue of its name while nobody owns it. The first message makes its
 * descriptor readable, and the daemon starts the service: through the service manager if the .service
 * file names a unit and there is a manager, else by the command line. When the service takes its
 * name, the kernel moves the queue to it. When it does not (the job fails, the process or the unit
 * ends, the time is up), every caller gets an error that says why, from org.freedesktop.DBus, and its
 * message is dropped.
 */
#ifndef KDBUS_BUSD_ACTIVATOR_H
#define KDBUS_BUSD_ACTIVATOR_H

#include "busd.h"

/* A caller of StartServiceByName who waits. */
struct waiter {
	struct waiter *next;
	uint64_t id;		/* its connection */
	uint32_t serial;	/* of its call */
};

/* An activatable name. */
struct activator {
	struct activator *next;
	struct busd *busd;		/* borrowed */
	struct service_file service;	/* copy of its own */
	struct policy_entry policy;	/* grants as the kernel has them; owned */
	int fd;				/* the activator; owned */
	bool is_starting;
	bool is_stale;			/* the configuration does not have it like this any more */
	sd_event_source *io;		/* owned, like all of these; NULL when not in use */
	sd_event_source *timer;
	sd_event_source *child;
	int failure;			/* where the process says why it could not run; -1 or owned */
	sd_bus_slot *call;		/* call of the service manager under way */
	char *job;			/* object path of the job; owned */
	char *unit;			/* object path of a unit that was started; owned */
	struct waiter *waiters;		/* owned list */
	uint64_t burst_start_us;	/* starts that follow each other too fast end */
	unsigned int burst;
};

size_t activators_remove_old(struct busd *busd);
int activators_add_new(struct busd *busd);
bool activators_adopt(struct busd *busd, const char *stored_name, int fd);
void activators_free(struct busd *busd);
void activators_check_owners(struct busd *busd);
struct activator *activator_find(struct busd *busd, const char *name);

int activator_add_waiter(struct activator *activator, uint64_t id, uint32_t serial);
void activator_start(struct activator *activator);
void activator_fail(struct activator *activator, const char *error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool activator_check_owner(struct activator *activator);

#endif /* KDBUS_BUSD_ACTIVATOR_H */
