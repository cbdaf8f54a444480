// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bench-main.c - time one thing on the bus at $DBUS_SYSTEM_BUS_ADDRESS, and print the median
 *
 * usage: dbus-bench [--profile MAPS] call LIBRARY SIZE REPEATS | signal RECEIVERS REPEATS |
 *                   signal-peers RECEIVERS REPEATS | connect REPEATS | connect-call REPEATS
 *
 * With --profile nothing is timed: the repeats run between the marks of profile.h, and a copy of
 * /proc/self/maps goes to the file MAPS.
 *
 * Nothing here knows which bus that is. Both ends run on one CPU.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../tools/testing/bench/measure.h"
#include "bench.h"

static const struct library *const libraries[] = {
	&library_sdbus, &library_libdbus, &library_gdbus, &library_peers,
	&library_gdbus_peers,
};

/* The service runs as soon as it is woken: see peer_preempt_clients() of the other benchmark. */
static pid_t start_service(const struct library *library)
{
	int fds[2];
	pid_t pid;
	char c;

	if (pipe(fds) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (setpriority(PRIO_PROCESS, 0, -20) == 0)
			library->serve(fds[1]);
		_exit(1);
	}
	close(fds[1]);
	if (pid > 0 && read(fds[0], &c, 1) != 1)
		pid = -EPIPE;
	close(fds[0]);
	return pid;
}

static int time_calls(const char *name, size_t size, struct settings *settings,
		      struct phase *phase)
{
	const struct library *library = NULL;
	pid_t pid;
	size_t i;
	int r;

	for (i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++)
		if (strcmp(libraries[i]->name, name) == 0)
			library = libraries[i];
	if (!library)
		return -EINVAL;
	pid = start_service(library);
	if (pid < 0)
		return pid;
	phase->run = library->call;
	r = library->attach(size);
	if (r == 0)
		r = measure(settings, phase, 1, NULL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return r;
}

static int time_signals(int (*open)(size_t n_receivers), size_t n_receivers,
			struct settings *settings, struct phase *phase)
{
	int r = open(n_receivers);

	phase->run = signal_once;
	return r < 0 ? r : measure(settings, phase, 1, NULL);
}

static int copy_maps(const char *path)
{
	FILE *from = fopen("/proc/self/maps", "re"), *to = fopen(path, "we");
	int c, r = 0;

	while (from && to && (c = fgetc(from)) != EOF)
		fputc(c, to);
	if (!from || !to || ferror(from) || ferror(to))
		r = -EIO;
	if (from)
		fclose(from);
	if (to && fclose(to) != 0)
		r = -EIO;
	return r;
}

int main(int argc, char **argv)
{
	const char *maps = NULL;
	struct settings settings = { .batch = 1 };
	struct phase phase = { .run = connect_once };
	cpu_set_t cpus;
	int r = -EINVAL;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) < 0)
		return 2;
	if (argc > 2 && strcmp(argv[1], "--profile") == 0) {
		maps = argv[2];
		argv += 2;
		argc -= 2;
	}
	if (argc < 3) {
		fprintf(stderr, "usage: dbus-bench [--profile MAPS] call LIBRARY SIZE REPEATS |"
				" signal RECEIVERS REPEATS | signal-peers RECEIVERS REPEATS |"
				" connect REPEATS | connect-call REPEATS\n");
		return 2;
	}
	settings.repeats = atoi(argv[argc - 1]);
	settings.warmup = settings.repeats / 4 + 1;
	settings.profiled = maps ? settings.repeats : 0;
	if (argc == 3 && strcmp(argv[1], "connect-call") == 0)
		phase.run = connect_and_call;
	if (argc == 5 && strcmp(argv[1], "call") == 0)
		r = time_calls(argv[2], atol(argv[3]), &settings, &phase);
	else if (argc == 4 && strcmp(argv[1], "signal") == 0)
		r = time_signals(signal_open, atol(argv[2]), &settings, &phase);
	else if (argc == 4 && strcmp(argv[1], "signal-peers") == 0)
		r = time_signals(signal_open_peers, atol(argv[2]), &settings, &phase);
	else if (argc == 3 && (strcmp(argv[1], "connect") == 0 || phase.run == connect_and_call))
		r = measure(&settings, &phase, 1, NULL);
	if (r == 0 && maps)
		r = copy_maps(maps);
	if (r < 0) {
		fprintf(stderr, "dbus-bench: %s\n", strerror(-r));
		return 1;
	}
	if (maps)
		return 0;
	printf("%.1f %.1f\n", phase.stats.p50, phase.stats.p99);
	return 0;
}
