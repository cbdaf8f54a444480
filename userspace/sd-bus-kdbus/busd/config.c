// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * config.c - find and read the files that say what a bus shall do; config.h is the overview
 *
 * A file that cannot be read or parsed is reported and left out: a package with a broken file must
 * not keep a machine from booting.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "log.h"
#include "policy-file.h"

#define FILE_MAX	(1U << 20)	/* bytes of a configuration file */
#define NESTING_MAX	32		/* files that include files */

/* A file being read: what it names is found relative to its directory. */
struct reading {
	struct config *config;
	const struct config_source *source;
	const char *path;
	unsigned int depth;
};

static int read_policy_file(const struct reading *parent, const char *path, bool optional);

/* The whole file; the caller frees *@ret. */
static int read_file(const char *path, char **ret, size_t *ret_size)
{
	struct stat status;
	ssize_t n = 0;
	size_t size = 0;
	char *text;
	int fd, r;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	text = malloc(FILE_MAX);
	r = text ? 0 : -ENOMEM;
	if (!r && (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)))
		r = -EINVAL;
	while (!r && (n = read(fd, text + size, FILE_MAX - size)) > 0)
		size += n;
	if (!r && n < 0)
		r = -errno;
	if (!r && size == FILE_MAX)
		r = -EFBIG;
	close(fd);
	if (r) {
		free(text);
		return r;
	}
	*ret = text;
	*ret_size = size;
	return 0;
}

static bool ends_with(const char *text, const char *suffix)
{
	size_t length = strlen(text), n = strlen(suffix);

	return length > n && !strcmp(text + length - n, suffix);
}

static int select_conf(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && ends_with(entry->d_name, ".conf");
}

static int select_service(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && ends_with(entry->d_name, ".service");
}

/* Call @each for the selected files of a directory, in the order of their names. */
static int for_each_file(const char *directory, int (*select)(const struct dirent *),
			 int (*each)(void *context, const char *path), void *context)
{
	struct dirent **entries;
	char path[PATH_MAX];
	int n, i, r = 0;

	n = scandir(directory, &entries, select, alphasort);
	if (n < 0)
		return errno == ENOMEM ? -ENOMEM : 0;
	for (i = 0; i < n; i++) {
		if (!r && snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name) <
		    (int)sizeof(path))
			r = each(context, path);
		free(entries[i]);
	}
	free(entries);
	return r;
}

/* The first file that speaks of a name wins: directories are read by rank. */
static int keep_service(struct config *config, struct service_file *service)
{
	struct service_file *services;

	if (config_find(config, service->name)) {
		service_file_deinit(service);
		return 0;
	}
	services = reallocarray(config->services, config->n_services + 1, sizeof(*services));
	if (!services) {
		service_file_deinit(service);
		return -ENOMEM;
	}
	services[config->n_services++] = *service;
	config->services = services;
	return 0;
}

static int read_service(void *context, const char *path)
{
	struct config *config = context;
	struct service_file service;
	const char *why = NULL;
	size_t size;
	char *text;
	int r;

	r = read_file(path, &text, &size);
	if (!r) {
		r = service_file_parse(&service, text, size, &why);
		free(text);
	}
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		log_warning("%s: %s; left out", path, why ? why : strerror(-r));
		return 0;
	}
	return keep_service(config, &service);
}

static int read_services(struct config *config, const char *directory)
{
	return for_each_file(directory, select_service, read_service, config);
}

/* Each element of a list like $XDG_DATA_DIRS, with "/dbus-1/services" behind it. */
static int read_services_of_list(struct config *config, const char *list)
{
	char path[PATH_MAX];
	size_t length;
	int r = 0;

	while (!r && *list) {
		length = strcspn(list, ":");
		if (length && snprintf(path, sizeof(path), "%.*s/dbus-1/services", (int)length,
				       list) < (int)sizeof(path))
			r = read_services(config, path);
		list += length;
		list += *list == ':';
	}
	return r;
}

static int read_standard_session(struct config *config)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR"), *home = getenv("HOME");
	const char *data_home = getenv("XDG_DATA_HOME"), *data = getenv("XDG_DATA_DIRS");
	char path[PATH_MAX];
	int r = 0;

	if (runtime) {
		snprintf(path, sizeof(path), "%s/dbus-1/services", runtime);
		r = read_services(config, path);
	}
	if (!r && data_home)
		r = read_services_of_list(config, data_home);
	if (!r && !data_home && home) {
		snprintf(path, sizeof(path), "%s/.local/share/dbus-1/services", home);
		r = read_services(config, path);
	}
	if (!r)
		r = read_services_of_list(config, data && *data ? data :
					  "/usr/local/share:/usr/share");
	return r ? r : read_services(config, "/usr/share/dbus-1/services");
}

static int read_standard_system(struct config *config)
{
	static const char * const directories[] = {
		"/etc/dbus-1/system-services", "/run/dbus-1/system-services",
		"/usr/local/share/dbus-1/system-services", "/usr/share/dbus-1/system-services",
		"/lib/dbus-1/system-services",
	};
	size_t i;
	int r = 0;

	for (i = 0; !r && i < sizeof(directories) / sizeof(*directories); i++)
		r = read_services(config, directories[i]);
	return r;
}

/* Where a path of a file leads: relative to the directory of that file. */
static int resolve(const struct reading *reading, const char *path, char ret[PATH_MAX])
{
	const char *slash = strrchr(reading->path, '/');
	int length = slash && path[0] != '/' ? (int)(slash + 1 - reading->path) : 0;

	return snprintf(ret, PATH_MAX, "%.*s%s", length, reading->path, path) < PATH_MAX ? 0 :
		-ENAMETOOLONG;
}

static int read_included(void *context, const char *path)
{
	return read_policy_file(context, path, false);
}

static int on_reference(void *context, enum policy_reference what, const char *reference)
{
	struct reading *reading = context;
	char path[PATH_MAX];
	int r = 0;

	if (reference)
		r = resolve(reading, reference, path);
	if (r < 0)
		return r;
	switch (what) {
	case POLICY_INCLUDE:
		return read_policy_file(reading, path, false);
	case POLICY_INCLUDE_OPTIONAL:
		return read_policy_file(reading, path, true);
	case POLICY_INCLUDE_DIRECTORY:
		return for_each_file(path, select_conf, read_included, reading);
	case POLICY_SERVICE_DIRECTORY:
		return read_services(reading->config, path);
	case POLICY_STANDARD_SESSION:
		return read_standard_session(reading->config);
	case POLICY_STANDARD_SYSTEM:
		return read_standard_system(reading->config);
	}
	return 0;
}

static int read_policy_file(const struct reading *parent, const char *path, bool optional)
{
	struct reading reading = *parent;
	char why[256] = "", *text;
	size_t size;
	int r;

	reading.path = path;
	reading.depth++;
	if (reading.depth > NESTING_MAX) {
		log_warning("%s: included too deep; left out", path);
		return 0;
	}
	r = read_file(path, &text, &size);
	if (r == -ENOENT && optional)
		return 0;
	if (!r) {
		r = policy_file_parse(&reading.config->policy, text, size, on_reference, &reading,
				      why, sizeof(why));
		free(text);
	}
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		log_warning("%s: %s; the rest of it is left out", path, *why ? why : strerror(-r));
	return 0;
}

static int compare_services(const void *a, const void *b)
{
	return strcmp(((const struct service_file *)a)->name,
		      ((const struct service_file *)b)->name);
}

static const char *find_file(const struct config_source *source)
{
	if (source->file)
		return source->file;
	if (!source->system)
		return "/usr/share/dbus-1/session.conf";
	return "/usr/share/dbus-1/system.conf";
}

/**
 * config_load() - read the configuration of a bus
 * @config: filled on success; config_deinit() it
 * @source: where to look
 *
 * Files that are missing or wrong are reported in the log and left out.
 *
 * Return: 0 or -ENOMEM.
 */
int config_load(struct config *config, const struct config_source *source)
{
	struct reading reading = { .config = config, .source = source, .path = "" };
	const char * const *directory;
	int r = 0;

	*config = (struct config){ 0 };
	for (directory = source->directories; !r && directory && *directory; directory++)
		r = read_services(config, *directory);
	if (!r)
		r = read_policy_file(&reading, find_file(source), false);
	if (!r)
		r = policy_reduce(&config->policy, &config->table);
	if (r < 0) {
		config_deinit(config);
		return r;
	}
	if (config->n_services)
		qsort(config->services, config->n_services, sizeof(*config->services),
		      compare_services);
	return 0;
}

/**
 * config_deinit() - free what a configuration holds
 * @config: empty afterwards
 */
void config_deinit(struct config *config)
{
	size_t i;

	for (i = 0; i < config->n_services; i++)
		service_file_deinit(&config->services[i]);
	free(config->services);
	policy_table_deinit(&config->table);
	policy_deinit(&config->policy);
	*config = (struct config){ 0 };
}

/**
 * config_find() - how a name is started
 * @config: configuration
 * @name: well-known name
 *
 * Return: the service, borrowed from the configuration, or NULL.
 */
const struct service_file *config_find(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->n_services; i++)
		if (!strcmp(config->services[i].name, name))
			return &config->services[i];
	return NULL;
}
