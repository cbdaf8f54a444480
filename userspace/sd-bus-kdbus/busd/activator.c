// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * activator.c - start services when their name is needed; activator.h is the overview
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <linux/kdbus.h>

#include "../core/error.h"
#include "../core/query.h"
#include "activator.h"
#include "log.h"
#include "special.h"

/* More starts than this in that time, and the service is taken for broken. */
#define BURST_MAX	5
#define BURST_US	(10 * 1000000ULL)

#define STORE_PREFIX	"activator-"

/* What the reply to StartServiceByName says. */
#define START_REPLY_SUCCESS		1

static char *copy_string(const char *text, int *r)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		*r = -ENOMEM;
	return copy;
}

static int copy_service(struct service_file *to, const struct service_file *from)
{
	int r = 0;

	*to = (struct service_file){
		.name = copy_string(from->name, &r),
		.exec = copy_string(from->exec, &r),
		.user = copy_string(from->user, &r),
		.unit = copy_string(from->unit, &r),
	};
	return r;
}

/* Copy of the grants; the name is not needed. */
static int copy_policy(struct policy_entry *to, const struct policy_entry *from)
{
	*to = (struct policy_entry){ 0 };
	if (!from || !from->n_grants)
		return 0;
	to->grants = malloc(from->n_grants * sizeof(*to->grants));
	if (!to->grants)
		return -ENOMEM;
	memcpy(to->grants, from->grants, from->n_grants * sizeof(*to->grants));
	to->n_grants = from->n_grants;
	return 0;
}

/*
 * What the descriptor is kept by: whoever finds it can tell by the digest whether the kernel still
 * has the policy that the files ask for.
 */
static void store_name(const struct policy_entry *policy, const char *name, char text[300])
{
	const uint8_t *byte = policy ? (const uint8_t *)policy->grants : NULL;
	size_t n = policy ? policy->n_grants * sizeof(*policy->grants) : 0;
	uint64_t digest = 0xcbf29ce484222325;

	while (n--)
		digest = (digest ^ *byte++) * 0x100000001b3;
	snprintf(text, 300, STORE_PREFIX "%016llx-%s", (unsigned long long)digest, name);
}

/* Forget what a start under way needs. */
static void stop_waiting(struct activator *activator)
{
	activator->is_starting = false;
	activator->timer = sd_event_source_disable_unref(activator->timer);
	activator->child = sd_event_source_disable_unref(activator->child);
	activator->call = sd_bus_slot_unref(activator->call);
	if (activator->failure >= 0)
		close(activator->failure);
	activator->failure = -1;
	free(activator->job);
	free(activator->unit);
	activator->job = activator->unit = NULL;
}

static void activator_free(struct activator *activator)
{
	struct waiter *waiter;

	if (!activator)
		return;
	stop_waiting(activator);
	while ((waiter = activator->waiters)) {
		activator->waiters = waiter->next;
		free(waiter);
	}
	sd_event_source_disable_unref(activator->io);
	if (activator->fd >= 0)
		close(activator->fd);
	service_file_deinit(&activator->service);
	free(activator->policy.grants);
	free(activator);
}

/* Messages wait: start the service. We look again when that has come to an end. */
static int on_readable(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct activator *activator = userdata;

	(void)fd;
	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	if (events & (EPOLLERR | EPOLLHUP)) {
		log_error("%s: the activator was disconnected", activator->service.name);
		return 0;
	}
	activator_start(activator);
	return 0;
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct activator *activator = userdata;

	(void)source;
	(void)usec;
	activator_fail(activator, "TimedOut", "the name was not taken within %llu seconds",
		       (unsigned long long)activator->busd->start_timeout_us / 1000000);
	return 0;
}

/* Why a start failed: an error's name without %KBUS_ERROR_PREFIX, and a text for people. */
struct failure {
	struct busd *busd;
	const char *error;
	const char *text;
};

static int tell(const struct failure *failure, uint64_t id, uint32_t serial)
{
	char error[80];

	snprintf(error, sizeof(error), KBUS_ERROR_PREFIX "%s", failure->error);
	return driver_reply_error(failure->busd, id, serial, error, failure->text);
}

/* The caller of a message that is about to be dropped. The kernel's word to him comes after ours. */
static void tell_caller(void *context, const struct kdbus_msg *msg)
{
	if (msg->flags & KDBUS_MSG_EXPECT_REPLY && msg->payload_type == KDBUS_PAYLOAD_DBUS &&
	    msg->cookie <= UINT32_MAX)
		tell(context, msg->src_id, msg->cookie);
}

static void answer_waiters(struct activator *activator, const struct failure *failure)
{
	struct waiter *waiter;
	int r;

	while ((waiter = activator->waiters)) {
		activator->waiters = waiter->next;
		if (failure)
			r = tell(failure, waiter->id, waiter->serial);
		else
			r = driver_reply(activator->busd, waiter->id, waiter->serial,
					 START_REPLY_SUCCESS);
		if (r < 0)
			log_info("%s: :1.%llu cannot be told: %s", activator->service.name,
				 (unsigned long long)waiter->id, strerror(-r));
		free(waiter);
	}
}

/* Listen for messages again; what the configuration changed meanwhile is applied now. */
static void finish(struct activator *activator)
{
	struct busd *busd = activator->busd;

	stop_waiting(activator);
	sd_event_source_set_enabled(activator->io, SD_EVENT_ON);
	/* May free this activator: the last thing done with it. */
	if (activator->is_stale)
		busd_apply(busd);
}

static bool starts_too_often(struct activator *activator)
{
	uint64_t now;

	if (sd_event_now(activator->busd->event, CLOCK_MONOTONIC, &now) < 0)
		return false;
	if (now - activator->burst_start_us > BURST_US) {
		activator->burst_start_us = now;
		activator->burst = 0;
	}
	return ++activator->burst > BURST_MAX;
}

/**
 * activator_start() - start the service, unless that is being done
 * @activator: whose service
 *
 * Failures are handled here: callers get their errors.
 */
void activator_start(struct activator *activator)
{
	struct busd *busd = activator->busd;
	int r;

	if (activator->is_starting)
		return;
	activator->is_starting = true;
	sd_event_source_set_enabled(activator->io, SD_EVENT_OFF);
	if (starts_too_often(activator))
		return activator_fail(activator, "Spawn.Failed", "it was started too often");
	r = sd_event_add_time_relative(busd->event, &activator->timer, CLOCK_MONOTONIC,
				       busd->start_timeout_us, 0, on_timeout, activator);
	if (!r)
		r = activator->service.unit ? manager_start(activator) : -ENOTCONN;
	/* No service manager, or none that knows units: the command line is what is left. */
	if (r == -ENOTCONN && activator->service.exec)
		r = spawn_start(activator);
	if (r == -ENOTCONN)
		activator_fail(activator, "Spawn.Failed",
			       "there is no service manager for its unit, and no command line");
	else if (r == -EACCES || r == -EBADMSG)
		activator_fail(activator, "Spawn.FileInvalid", "its .service file has %s",
			       r == -EACCES ? "no User=" : "no command line in Exec=");
	else if (r < 0)
		activator_fail(activator, "Spawn.Failed", "%s", strerror(-r));
	else
		log_info("%s: starting %s", activator->service.name,
			 activator->child ? activator->service.exec : activator->service.unit);
}

/**
 * activator_fail() - the service did not start: tell all who wait
 * @activator: whose service
 * @error: name of the D-Bus error, what follows "org.freedesktop.DBus.Error."
 * @format: why, as for printf()
 */
void activator_fail(struct activator *activator, const char *error, const char *format, ...)
{
	char text[512];
	char why[256];
	const struct failure failure = {
		.busd = activator->busd,
		.error = error,
		.text = text,
	};
	va_list arguments;
	int n;

	va_start(arguments, format);
	vsnprintf(why, sizeof(why), format, arguments);
	va_end(arguments);
	snprintf(text, sizeof(text), "%s cannot be started: %s", activator->service.name, why);
	n = special_drop_messages(activator->fd, tell_caller, (void *)&failure);
	log_error("%s: did not start: %s; %d messages dropped", activator->service.name, why,
		  n < 0 ? 0 : n);
	answer_waiters(activator, &failure);
	finish(activator);
}

/**
 * activator_check_owner() - if somebody owns the name by now, the start has succeeded
 * @activator: with a start under way
 *
 * Return: whether it has; a stale activator is freed then.
 */
bool activator_check_owner(struct activator *activator)
{
	uint64_t id, flags;
	int r;

	r = kbus_name_owner(activator->busd->driver, activator->service.name, &id, &flags);
	if (r < 0 || (flags & KDBUS_HELLO_ACTIVATOR))
		return false;
	answer_waiters(activator, NULL);
	finish(activator);
	return true;
}

/**
 * activators_check_owners() - names changed their owners: look at all starts under way
 * @busd: the daemon
 */
void activators_check_owners(struct busd *busd)
{
	struct activator *activator, *next;

	for (activator = busd->activators; activator; activator = next) {
		next = activator->next;
		if (activator->is_starting)
			activator_check_owner(activator);
	}
}

/**
 * activator_add_waiter() - answer this call of StartServiceByName when the start has ended
 * @activator: whose service
 * @id: connection of the caller
 * @serial: of the call
 *
 * Return: 0 or -ENOMEM.
 */
int activator_add_waiter(struct activator *activator, uint64_t id, uint32_t serial)
{
	struct waiter *waiter = malloc(sizeof(*waiter));

	if (!waiter)
		return -ENOMEM;
	*waiter = (struct waiter){
		.next = activator->waiters,
		.id = id,
		.serial = serial,
	};
	activator->waiters = waiter;
	return 0;
}

/**
 * activator_find() - the activator of a name
 * @busd: the daemon
 * @name: well-known name
 *
 * Return: the activator, borrowed, or NULL.
 */
struct activator *activator_find(struct busd *busd, const char *name)
{
	struct activator *activator;

	for (activator = busd->activators; activator; activator = activator->next)
		if (!strcmp(activator->service.name, name))
			return activator;
	return NULL;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* May the descriptor stay while the configuration of its name becomes this? */
static bool is_current(const struct activator *activator, const struct service_file *service,
		       const struct policy_entry *policy)
{
	const struct service_file *old = &activator->service;

	return service && policy_entry_equal(&activator->policy, policy) &&
		same_text(old->exec, service->exec) && same_text(old->user, service->user) &&
		same_text(old->unit, service->unit);
}

static const struct policy_entry *find_policy(struct busd *busd, const char *name)
{
	/* On a bus of one user everybody is its owner. */
	return busd->system ? policy_table_find(&busd->config.table, name) : NULL;
}

/**
 * activators_remove_old() - remove those that the configuration does not have, or not like this
 * @busd: the daemon, with a configuration
 *
 * What is being started stays until that has ended.
 *
 * Return: how many were removed.
 */
size_t activators_remove_old(struct busd *busd)
{
	struct activator **link = &busd->activators, *activator;
	const struct service_file *service;
	char name[300];
	size_t n = 0;

	while ((activator = *link)) {
		service = config_find(&busd->config, activator->service.name);
		activator->is_stale = !is_current(activator, service,
						  find_policy(busd, activator->service.name));
		if (!activator->is_stale || activator->is_starting) {
			link = &activator->next;
			continue;
		}
		*link = activator->next;
		store_name(&activator->policy, activator->service.name, name);
		store_forget(name);
		activator_free(activator);
		n++;
	}
	return n;
}

static int add_activator(struct busd *busd, const struct service_file *service, int fd)
{
	const struct policy_entry *policy = find_policy(busd, service->name);
	struct activator *activator;
	char name[300];
	bool is_new = fd < 0;
	int r;

	activator = calloc(1, sizeof(*activator));
	if (!activator)
		return -ENOMEM;
	activator->busd = busd;
	activator->fd = fd;
	activator->failure = -1;
	r = copy_service(&activator->service, service);
	if (!r)
		r = copy_policy(&activator->policy, policy);
	if (!r && is_new) {
		activator->fd = special_open(busd->endpoint, KDBUS_HELLO_ACTIVATOR, service->name,
					     policy);
		r = activator->fd < 0 ? activator->fd : 0;
	}
	if (!r)
		r = sd_event_add_io(busd->event, &activator->io, activator->fd, EPOLLIN,
				    on_readable, activator);
	if (r < 0) {
		activator_free(activator);
		return r;
	}
	if (is_new) {
		store_name(&activator->policy, activator->service.name, name);
		store_keep(name, activator->fd);
	}
	activator->next = busd->activators;
	busd->activators = activator;
	return 0;
}

/**
 * activators_add_new() - have all activators that the configuration asks for
 * @busd: the daemon, with a configuration; what is old has been removed
 *
 * A name that cannot have one is reported in the log and left out.
 *
 * Return: 0 or -ENOMEM.
 */
int activators_add_new(struct busd *busd)
{
	const struct service_file *service;
	size_t i;
	int r;

	for (i = 0; i < busd->config.n_services; i++) {
		service = &busd->config.services[i];
		if (activator_find(busd, service->name))
			continue;
		r = add_activator(busd, service, -1);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			log_error("%s: no activator: %s", service->name, strerror(-r));
	}
	return 0;
}

/**
 * activators_adopt() - go on with an activator that outlived the daemon's last run
 * @busd: the daemon, with a configuration
 * @stored_name: what the descriptor was kept by
 * @fd: the descriptor; taken over if the result is true
 *
 * Return: whether it is an activator that is still wanted.
 */
bool activators_adopt(struct busd *busd, const char *stored_name, int fd)
{
	const struct service_file *service;
	char expected[300];
	size_t i;

	for (i = 0; i < busd->config.n_services; i++) {
		service = &busd->config.services[i];
		store_name(find_policy(busd, service->name), service->name, expected);
		if (!strcmp(expected, stored_name))
			return !activator_find(busd, service->name) &&
				!add_activator(busd, service, fd);
	}
	return false;
}

/**
 * activators_free() - let go of all activators; those in the store live on
 * @busd: the daemon
 */
void activators_free(struct busd *busd)
{
	struct activator *activator;

	while ((activator = busd->activators)) {
		busd->activators = activator->next;
		activator_free(activator);
	}
}
