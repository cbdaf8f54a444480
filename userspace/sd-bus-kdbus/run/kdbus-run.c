// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * kdbus-run.c - start a program with the bridge library before the C library
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define LIBRARY "libsd-bus-kdbus.so"
#define EXIT_USE 125
#define EXIT_CANNOT_RUN 126
#define EXIT_NOT_FOUND 127

static const char usage_text[] =
"usage: kdbus-run [OPTION...] [--] COMMAND [ARGUMENT...]\n"
"\n"
"Runs COMMAND with the bridge library, so that its D-Bus library (libsystemd, libdbus, GDBus)\n"
"reaches a bus in the kernel where it would connect a socket. The addresses of the system bus and\n"
"of the session's bus get the kernel's bus in front; if that is not there, the program goes on to\n"
"the socket.\n"
"\n"
"  --bus PATH       use this endpoint for both: /dev/kdbus/0-system/bus\n"
"  --keep-address   leave DBUS_SYSTEM_BUS_ADDRESS and DBUS_SESSION_BUS_ADDRESS alone\n"
"  --library FILE   the bridge, if not the one that belongs to this program\n"
"  --help           this text\n"
"  --version        the version\n"
"\n"
"Programs that change their user when they start (setuid) drop the library; see kdbus-rename.\n"
"Exit status: that of COMMAND; 125 for wrong use, 126 if it cannot be run, 127 if not found.\n";

static int fail(int status, const char *what, const char *detail)
{
	fprintf(stderr, "kdbus-run: %s%s%s\n", what, detail ? ": " : "", detail ? detail : "");
	return status;
}

/* The library lies beside the program, beside it in the build, or where it was installed. */
static bool find_library(char *path, size_t size)
{
	static const char *const places[] = { "", "../bridge/", "../lib/", NULL };
	char own[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
	const char *const *place;
	char *slash;

	if (n > 0) {
		own[n] = '\0';
		slash = strrchr(own, '/');
		for (place = places; slash && *place; place++) {
			snprintf(path, size, "%.*s/%s%s", (int)(slash - own), own, *place, LIBRARY);
			if (access(path, R_OK) == 0)
				return true;
		}
	}
	snprintf(path, size, "%s/%s", KDBUS_LIBDIR, LIBRARY);
	return access(path, R_OK) == 0;
}

static int prepend(const char *variable, const char *value, char separator)
{
	const char *old = getenv(variable);
	char *all;
	int r;

	if (!old || !*old)
		return setenv(variable, value, 1);
	if (asprintf(&all, "%s%c%s", value, separator, old) < 0)
		return -1;
	r = setenv(variable, all, 1);
	free(all);
	return r;
}

/* "the kernel first, the socket second", unless the kernel's bus is in the list already. */
static int set_address(const char *variable, const char *endpoint, const char *fallback)
{
	const char *old = getenv(variable);
	char first[PATH_MAX + 16];

	snprintf(first, sizeof(first), "unix:path=%s", endpoint);
	if (old && strstr(old, first))
		return 0;
	if (!old && *fallback && setenv(variable, fallback, 1) < 0)
		return -1;
	return prepend(variable, first, ';');
}

static int set_addresses(const char *endpoint)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char user[64], fallback[PATH_MAX] = "";

	snprintf(user, sizeof(user), "/dev/kdbus/%u-user/bus", (unsigned int)getuid());
	if (runtime)
		snprintf(fallback, sizeof(fallback), "unix:path=%s/bus", runtime);
	if (set_address("DBUS_SYSTEM_BUS_ADDRESS", endpoint ? endpoint : "/dev/kdbus/0-system/bus",
			"unix:path=/run/dbus/system_bus_socket") < 0)
		return -1;
	return set_address("DBUS_SESSION_BUS_ADDRESS", endpoint ? endpoint : user, fallback);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "bus", required_argument, NULL, 'b' },
		{ "keep-address", no_argument, NULL, 'k' },
		{ "library", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	const char *endpoint = NULL, *library = NULL;
	char found[PATH_MAX + 64];
	bool keep = false;
	int c;

	while ((c = getopt_long(argc, argv, "+", options, NULL)) >= 0) {
		switch (c) {
		case 'b': endpoint = optarg; break;
		case 'k': keep = true; break;
		case 'l': library = optarg; break;
		case 'h': fputs(usage_text, stdout); return 0;
		case 'v': puts("kdbus-run " KDBUS_VERSION); return 0;
		default: return fail(EXIT_USE, "see --help", NULL);
		}
	}
	if (optind == argc)
		return fail(EXIT_USE, "no command, see --help", NULL);
	if (!library) {
		if (!find_library(found, sizeof(found)))
			return fail(EXIT_CANNOT_RUN, LIBRARY " is not here", "is it installed?");
		library = found;
	} else if (access(library, R_OK) < 0) {
		return fail(EXIT_CANNOT_RUN, library, strerror(errno));
	}
	if (prepend("LD_PRELOAD", library, ':') < 0 || (!keep && set_addresses(endpoint) < 0))
		return fail(EXIT_CANNOT_RUN, "environment", strerror(errno));
	execvp(argv[optind], argv + optind);
	return fail(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN, argv[optind],
		    strerror(errno));
}
