// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * manager.c - have systemd start units
 *
 * We talk to it over its private socket, which needs no bus. A job's end is told by the signal
 * JobRemoved, and that of a unit by PropertiesChanged; they may tell of a failure long before anybody's
 * patience ends.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "activator.h"
#include "log.h"

#define MANAGER_PATH		"/org/freedesktop/systemd1"
#define MANAGER_INTERFACE	"org.freedesktop.systemd1.Manager"

#define UNIT_PREFIX		"/org/freedesktop/systemd1/unit"
#define UNIT_INTERFACE		"org.freedesktop.systemd1.Unit"

static int on_state(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct activator *activator = userdata;
	const char *state;

	(void)error;
	activator->call = sd_bus_slot_unref(activator->call);
	if (sd_bus_message_read(reply, "v", "s", &state) < 0 ||
	    (strcmp(state, "inactive") && strcmp(state, "failed")))
		return 0;
	if (!activator_check_owner(activator))
		activator_fail(activator, "Spawn.ChildExited",
			       "%s ended (%s) before it took the name", activator->service.unit,
			       state);
	return 0;
}

/* Does the unit still run, of which we wait that it takes its name? */
static void ask_for_state(struct activator *activator)
{
	/* The answer to the last question may be older than the change we heard of. */
	activator->call = sd_bus_slot_unref(activator->call);
	sd_bus_call_method_async(activator->busd->manager, &activator->call, NULL, activator->unit,
				 "org.freedesktop.DBus.Properties", "Get", on_state, activator,
				 "ss", UNIT_INTERFACE, "ActiveState");
}

/* PropertiesChanged of any object: those of our units tell that one ended. */
static int on_properties(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	const char *path = sd_bus_message_get_path(message);
	struct busd *busd = userdata;
	struct activator *activator;

	(void)error;
	for (activator = busd->activators; path && activator; activator = activator->next)
		if (activator->unit && !strcmp(activator->unit, path))
			ask_for_state(activator);
	return 0;
}

/* The unit runs, or ran; it may still be about to take its name. */
static void job_is_done(struct activator *activator, const char *unit)
{
	if (activator_check_owner(activator))
		return;
	free(activator->job);
	activator->job = NULL;
	free(activator->unit);
	if (sd_bus_path_encode(UNIT_PREFIX, unit, &activator->unit) < 0) {
		activator->unit = NULL;
		return;
	}
	ask_for_state(activator);
}

/* JobRemoved(id, job, unit, result) */
static int on_job_removed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct busd *busd = userdata;
	struct activator *activator;
	const char *job, *unit, *result;
	int r;

	(void)error;
	r = sd_bus_message_read(message, "uoss", NULL, &job, &unit, &result);
	if (r < 0)
		return 0;
	for (activator = busd->activators; activator; activator = activator->next) {
		if (!activator->job || strcmp(activator->job, job))
			continue;
		if (!strcmp(result, "done"))
			job_is_done(activator, unit);
		else
			activator_fail(activator, "Spawn.Failed",
				       "%s: the job ended with result '%s'", unit, result);
		return 0;
	}
	return 0;
}

/* The manager was restarted, or is gone: what it was asked for is uncertain, and times out. */
static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct busd *busd = userdata;

	(void)message;
	(void)error;
	log_notice("the service manager closed the connection");
	sd_bus_detach_event(busd->manager);
	busd->manager = sd_bus_unref(busd->manager);
	return 0;
}

static int open_bus(struct busd *busd)
{
	sd_bus *bus = NULL;
	int r;

	r = sd_bus_new(&bus);
	if (r >= 0)
		r = sd_bus_set_address(bus, busd->manager_address);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r >= 0)
		r = sd_bus_attach_event(bus, busd->event, 0);
	if (r >= 0)
		r = sd_bus_match_signal(bus, NULL, NULL, MANAGER_PATH, MANAGER_INTERFACE,
					"JobRemoved", on_job_removed, busd);
	if (r >= 0)
		r = sd_bus_match_signal(bus, NULL, NULL, NULL, "org.freedesktop.DBus.Properties",
					"PropertiesChanged", on_properties, busd);
	if (r >= 0)
		r = sd_bus_match_signal(bus, NULL, NULL, "/org/freedesktop/DBus/Local",
					"org.freedesktop.DBus.Local", "Disconnected",
					on_disconnected, busd);
	if (r < 0) {
		sd_bus_close(bus);
		sd_bus_unref(bus);
		return r;
	}
	busd->manager = bus;
	return 0;
}

static int have_bus(struct busd *busd)
{
	int r;

	if (!busd->manager_address)
		return -ENOTCONN;
	if (busd->manager)
		return 0;
	r = open_bus(busd);
	/* What else there is depends on whether there is a manager at all. */
	return r == -ENOENT || r == -ECONNREFUSED ? -ENOTCONN : r;
}

static int on_started(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct activator *activator = userdata;
	const sd_bus_error *failure = sd_bus_message_get_error(reply);
	const char *job;

	(void)error;
	activator->call = sd_bus_slot_unref(activator->call);
	if (failure) {
		activator_fail(activator, "ServiceUnknown", "%s: %s", activator->service.unit,
			       failure->message ? failure->message : failure->name);
		return 0;
	}
	if (sd_bus_message_read(reply, "o", &job) < 0)
		return 0;
	free(activator->job);
	activator->job = strdup(job);
	return 0;
}

/**
 * manager_start() - ask for the unit of an activator
 * @activator: its service has a unit
 *
 * The end is told to the activator later.
 *
 * Return: 0, -ENOTCONN if there is no service manager, or -errno.
 */
int manager_start(struct activator *activator)
{
	struct busd *busd = activator->busd;
	int r;

	r = have_bus(busd);
	if (r < 0)
		return r;
	r = sd_bus_call_method_async(busd->manager, &activator->call, NULL, MANAGER_PATH,
				     MANAGER_INTERFACE, "StartUnit", on_started, activator, "ss",
				     activator->service.unit, "replace");
	return r < 0 ? r : 0;
}

/**
 * manager_set_environment() - tell the manager what units shall find in their environment
 * @busd: the daemon
 * @assignments: "NAME=value", ends with NULL
 *
 * Return: 0, -ENOTCONN if there is no service manager, or -errno.
 */
int manager_set_environment(struct busd *busd, char **assignments)
{
	sd_bus_message *message = NULL;
	int r;

	r = have_bus(busd);
	if (r < 0)
		return r;
	r = sd_bus_message_new_method_call(busd->manager, &message, NULL, MANAGER_PATH,
					   MANAGER_INTERFACE, "SetEnvironment");
	if (r >= 0)
		r = sd_bus_message_append_strv(message, assignments);
	if (r >= 0)
		r = sd_bus_send(busd->manager, message, NULL);
	sd_bus_message_unref(message);
	return r < 0 ? r : 0;
}

/**
 * manager_close() - disconnect from the service manager
 * @busd: the daemon; its activators are gone already
 */
void manager_close(struct busd *busd)
{
	if (busd->manager)
		sd_bus_detach_event(busd->manager);
	busd->manager = sd_bus_flush_close_unref(busd->manager);
}
