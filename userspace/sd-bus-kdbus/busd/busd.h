/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * busd.h - the daemon that makes and owns a bus
 *
 * DOC: The daemon
 *
 * The kernel is the bus; what is left to a process is this:
 *
 * - somebody has to hold the descriptor that a bus lives by;
 * - names that can be started on demand need an activator each: a connection that keeps the messages
 *   for a name until its service is there;
 * - the policy files have to be told to the kernel;
 * - some methods of org.freedesktop.DBus concern all (StartServiceByName, ReloadConfig, ...).
 *
 * Bus, activators and policy are descriptors, and they are kept in the service manager's descriptor
 * store: the daemon may end, crash or be updated, and the bus goes on, with the messages that wait
 * for a service.
 */
#ifndef KDBUS_BUSD_BUSD_H
#define KDBUS_BUSD_BUSD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "../core/conn.h"
#include "config.h"

struct activator;
struct holder;

/* The daemon. One thread, one event loop; everything here is used from its callbacks. */
struct busd {
	sd_event *event;		/* owned */
	bool system;			/* system bus: for all users, with policy */
	char *domain;			/* where kdbus is mounted; owned */
	char *name;			/* of the bus, "0-system"; owned */
	char *endpoint;			/* its default endpoint; owned */
	int bus_fd;			/* what the bus lives by; owned */
	struct config_source source;	/* where the configuration is */
	struct config config;		/* as it was read last */
	struct activator *activators;	/* owned list, one per activatable name */
	struct holder *holders;		/* owned list, one per other name with a policy */
	struct kbus_conn *driver;	/* owns org.freedesktop.DBus */
	sd_event_source *driver_source;	/* owned */
	sd_bus *manager;		/* the service manager, or NULL; owned */
	char *manager_address;		/* NULL: never ask a service manager; owned */
	char *bridge;			/* library that is preloaded into services, or NULL; owned */
	uint64_t start_timeout_us;	/* how long a service may take to own its name */
	char **environment;		/* of started services, "NAME=value"; owned */
};

/* main.c */
int busd_apply(struct busd *busd);
int busd_reload(struct busd *busd);

/* store.c: descriptors that outlive the daemon */
int store_collect(void (*found)(void *context, const char *name, int fd), void *context);
void store_keep(const char *name, int fd);
void store_forget(const char *name);
void store_settle(void);

/* driver.c: org.freedesktop.DBus */
int driver_open(struct busd *busd);
void driver_close(struct busd *busd);
int driver_reply(struct busd *busd, uint64_t to, uint32_t serial, uint32_t value);
int driver_reply_error(struct busd *busd, uint64_t to, uint32_t serial, const char *name,
		       const char *text);

/* publish.c: the rules that receivers judge by */
void publish_policy(struct busd *busd);

/* manager.c: systemd starts units for us */
int manager_start(struct activator *activator);
void manager_close(struct busd *busd);
int manager_set_environment(struct busd *busd, char **assignments);

/* spawn.c: without it, we start them */
int spawn_start(struct activator *activator);

/* environment.c: what services are started with */
int environment_set(char ***environment, const char *name, const char *value);
void environment_free(char **environment);

#endif /* KDBUS_BUSD_BUSD_H */
