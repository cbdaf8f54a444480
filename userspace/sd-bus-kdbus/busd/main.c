// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * main.c - kdbus-busd: options, start, reload, end; busd.h is the overview
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <linux/kdbus.h>

#include "../core/query.h"
#include "activator.h"
#include "holder.h"
#include "log.h"

#define DOMAIN_DEFAULT		"/dev/kdbus"
#define START_TIMEOUT_S		25
#define STORE_BUS		"bus"

static const char usage[] =
"usage: kdbus-busd [--system | --user] [OPTION...]\n"
"\n"
"Makes a bus of kdbus and owns it: starts services on demand, tells the kernel the D-Bus\n"
"policy, and answers what only a bus's owner can.\n"
"\n"
"  --system             the bus <uid>-system, for all users, with policy\n"
"  --user               the bus <uid>-user, for one user (this is the default)\n"
"  --domain=DIR         where kdbus is mounted (" DOMAIN_DEFAULT ")\n"
"  --name=NAME          call the bus <uid>-NAME\n"
"  --config=FILE        D-Bus configuration (/usr/share/dbus-1/system.conf or session.conf)\n"
"  --service-dir=DIR    look for .service files here first; may be given several times\n"
"  --manager=ADDRESS    socket of the service manager; \"none\": start all services directly\n"
"  --bridge=LIBRARY     preload this into services that are started directly\n"
"  --start-timeout=S    a service has so many seconds to take its name (25)\n"
"  --help               this text\n"
"  --version            the version\n"
"\n"
"SIGHUP and the method ReloadConfig make it read its files again. Under a service manager with a\n"
"descriptor store, the bus outlives the daemon.\n";

/* A descriptor that the service manager had kept; until we know what it is for. */
struct stored {
	struct stored *next;
	char *name;
	int fd;
};

struct options {
	const char *domain;
	const char *name;
	const char *manager;
	const char *bridge;
	const char **directories;
	size_t n_directories;
	unsigned long timeout_s;
};

static void remember_stored(void *context, const char *name, int fd)
{
	struct stored **list = context, *stored = malloc(sizeof(*stored));

	if (!stored)
		return;
	*stored = (struct stored){ .next = *list, .name = strdup(name), .fd = fd };
	*list = stored;
}

/* Take the bus out of what was stored: its descriptor, or -1. */
static int find_stored_bus(struct stored *stored)
{
	int fd;

	for (; stored; stored = stored->next) {
		if (!stored->name || strcmp(stored->name, STORE_BUS) || stored->fd < 0)
			continue;
		fd = stored->fd;
		stored->fd = -1;
		return fd;
	}
	return -1;
}

static void explain_missing(const struct busd *busd)
{
	if (access("/sys/module/kdbus", F_OK) < 0 && access("/sys/fs/kdbus", F_OK) < 0)
		log_error("the kernel module is not loaded: modprobe kdbus "
			  "(tools/install builds it)");
	else
		log_error("no domain is mounted there: mkdir -p %s && mount -t kdbus kdbus %s",
			  busd->domain, busd->domain);
}

/* The bus: the one that was kept, or a new one. */
static int have_bus(struct busd *busd, struct stored *stored)
{
	char control[4096];
	int fd;

	fd = find_stored_bus(stored);
	if (fd >= 0 && access(busd->endpoint, F_OK) == 0) {
		busd->bus_fd = fd;
		log_info("going on with the bus %s", busd->name);
		return 0;
	}
	if (fd >= 0) {
		close(fd);
		store_forget(STORE_BUS);
		store_settle();
	}
	snprintf(control, sizeof(control), "%s/control", busd->domain);
	fd = kbus_bus_make(control, busd->name, busd->system ? KDBUS_MAKE_ACCESS_WORLD : 0);
	if (fd < 0) {
		log_error("the bus %s cannot be made in %s: %s", busd->name, busd->domain,
			  strerror(-fd));
		if (fd == -ENOENT || fd == -ENOTTY)
			explain_missing(busd);
		return fd;
	}
	busd->bus_fd = fd;
	store_keep(STORE_BUS, fd);
	return 0;
}

/* Whatever else was stored: activators and policy that are still wanted. */
static void adopt_stored(struct busd *busd, struct stored *stored)
{
	struct stored *next;
	bool forgotten = false;

	for (; stored; stored = next) {
		next = stored->next;
		if (stored->fd >= 0 && stored->name &&
		    !activators_adopt(busd, stored->name, stored->fd) &&
		    !holders_adopt(busd, stored->name, stored->fd)) {
			close(stored->fd);
			store_forget(stored->name);
			forgotten = true;
		}
		free(stored->name);
		free(stored);
	}
	if (forgotten)
		store_settle();
}

/**
 * busd_apply() - have in the kernel what the configuration asks for
 * @busd: the daemon
 *
 * Return: 0 or -ENOMEM.
 */
int busd_apply(struct busd *busd)
{
	size_t n_removed;
	int r;

	/* First: services look for it when they are started. */
	if (busd->system)
		publish_policy(busd);
	n_removed = activators_remove_old(busd);
	n_removed += holders_remove_old(busd);
	/* One name has one activator or policy holder: what takes the place of another waits. */
	if (n_removed)
		store_settle();
	r = activators_add_new(busd);
	if (!r && busd->system)
		r = holders_apply(busd);
	if (r < 0)
		return r;
	sd_notifyf(0, "STATUS=Bus %s: %zu activatable names, %zu names with policy", busd->name,
		   busd->config.n_services, busd->system ? busd->config.table.n_entries : 0);
	return 0;
}

/**
 * busd_reload() - read the configuration again and act on what changed
 * @busd: the daemon
 *
 * Return: 0 or -ENOMEM; then the old configuration stays.
 */
int busd_reload(struct busd *busd)
{
	struct config config;
	int r;

	r = config_load(&config, &busd->source);
	if (r < 0)
		return r;
	config_deinit(&busd->config);
	busd->config = config;
	if (busd->system && config.policy.n_unexpressed)
		log_info("%zu rules of the policy are beyond what the kernel can be told",
			 config.policy.n_unexpressed);
	return busd_apply(busd);
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct busd *busd = userdata;
	int r;

	(void)source;
	(void)info;
	sd_notify(0, "RELOADING=1");
	r = busd_reload(busd);
	if (r < 0)
		log_error("reload failed: %s", strerror(-r));
	sd_notify(0, "READY=1");
	return 0;
}

static int set_up_signals(struct busd *busd)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	sigset_t set;
	size_t i;
	int r;

	sigemptyset(&set);
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		sigaddset(&set, numbers[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	r = sd_event_add_signal(busd->event, NULL, SIGTERM, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(busd->event, NULL, SIGINT, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(busd->event, NULL, SIGHUP, on_hangup, busd);
	return r;
}

static int run(struct busd *busd)
{
	struct stored *stored = NULL;
	int r;

	r = sd_event_default(&busd->event);
	if (r >= 0)
		r = set_up_signals(busd);
	if (r >= 0)
		r = store_collect(remember_stored, &stored);
	if (r >= 0)
		r = have_bus(busd, stored);
	if (r >= 0)
		r = config_load(&busd->config, &busd->source);
	if (r < 0)
		return r;
	adopt_stored(busd, stored);
	r = driver_open(busd);
	if (r < 0) {
		log_error("the bus %s cannot be entered: %s", busd->name, strerror(-r));
		return r;
	}
	r = busd_apply(busd);
	if (r < 0)
		return r;
	sd_event_set_watchdog(busd->event, true);
	sd_notify(0, "READY=1");
	log_info("bus %s: %zu activatable names, %zu names with policy", busd->name,
		 busd->config.n_services, busd->system ? busd->config.table.n_entries : 0);
	r = sd_event_loop(busd->event);
	sd_notify(0, "STOPPING=1");
	return r;
}

static void tear_down(struct busd *busd)
{
	activators_free(busd);
	holders_free(busd);
	driver_close(busd);
	manager_close(busd);
	config_deinit(&busd->config);
	environment_free(busd->environment);
	sd_event_unref(busd->event);
	if (busd->bus_fd >= 0)
		close(busd->bus_fd);
	free(busd->manager_address);
	free(busd->bridge);
	free(busd->endpoint);
	free(busd->name);
	free(busd->domain);
}

/* Where the service manager listens, if there may be one. */
static int find_manager(const struct busd *busd, const char *wish, char **ret)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	int r = 0;

	*ret = NULL;
	if (wish)
		r = strcmp(wish, "none") ? asprintf(ret, "%s", wish) : 0;
	else if (busd->system)
		r = asprintf(ret, "unix:path=/run/systemd/private");
	else if (runtime)
		r = asprintf(ret, "unix:path=%s/systemd/private", runtime);
	return r < 0 ? -ENOMEM : 0;
}

static int set_up(struct busd *busd, const struct options *options)
{
	const char *name = options->name;

	if (!name)
		name = busd->system ? "system" : "user";
	busd->start_timeout_us = options->timeout_s * 1000000ULL;
	busd->source.system = busd->system;
	busd->source.directories = options->directories;
	if (asprintf(&busd->domain, "%s", options->domain) < 0)
		return -ENOMEM;
	if (asprintf(&busd->name, "%u-%s", geteuid(), name) < 0)
		return -ENOMEM;
	if (asprintf(&busd->endpoint, "%s/%s/bus", busd->domain, busd->name) < 0)
		return -ENOMEM;
	if (options->bridge && asprintf(&busd->bridge, "%s", options->bridge) < 0)
		return -ENOMEM;
	return find_manager(busd, options->manager, &busd->manager_address);
}

static void bad_use(const char *text)
{
	fprintf(stderr, "kdbus-busd: %s (see --help)\n", text);
	exit(2);
}

static unsigned long read_seconds(const char *text)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || end == text || !value || value > 1000000)
		bad_use("--start-timeout wants a number of seconds");
	return value;
}

static void parse_options(struct busd *busd, struct options *options, int argc, char **argv)
{
	enum { DOMAIN = 256, NAME, CONFIG, DIRECTORY, MANAGER, BRIDGE, TIMEOUT };
	static const struct option names[] = {
		{ "system", no_argument, NULL, 's' },
		{ "user", no_argument, NULL, 'u' },
		{ "domain", required_argument, NULL, DOMAIN },
		{ "name", required_argument, NULL, NAME },
		{ "config", required_argument, NULL, CONFIG },
		{ "service-dir", required_argument, NULL, DIRECTORY },
		{ "manager", required_argument, NULL, MANAGER },
		{ "bridge", required_argument, NULL, BRIDGE },
		{ "start-timeout", required_argument, NULL, TIMEOUT },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) >= 0) {
		switch (option) {
		case 's':
		case 'u':
			busd->system = option == 's';
			break;
		case DOMAIN:
			options->domain = optarg;
			break;
		case NAME:
			options->name = optarg;
			break;
		case CONFIG:
			busd->source.file = optarg;
			break;
		case DIRECTORY:
			options->directories[options->n_directories++] = optarg;
			break;
		case MANAGER:
			options->manager = optarg;
			break;
		case BRIDGE:
			options->bridge = optarg;
			break;
		case TIMEOUT:
			options->timeout_s = read_seconds(optarg);
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		case 'v':
			puts("kdbus-busd " KDBUS_VERSION);
			exit(0);
		default:
			exit(2);
		}
	}
	if (optind < argc)
		bad_use("there is an argument that is no option");
}

int main(int argc, char **argv)
{
	struct options options = { .domain = DOMAIN_DEFAULT, .timeout_s = START_TIMEOUT_S };
	struct busd busd = { .bus_fd = -1 };
	int r;

	/* One for each argument is more than enough. */
	options.directories = calloc(argc + 1, sizeof(*options.directories));
	if (!options.directories)
		return EXIT_FAILURE;
	parse_options(&busd, &options, argc, argv);
	r = set_up(&busd, &options);
	if (r < 0)
		log_error("%s", strerror(-r));
	else
		r = run(&busd);
	tear_down(&busd);
	free(options.directories);
	return r < 0 ? EXIT_FAILURE : r;
}
