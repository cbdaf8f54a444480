// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * test-service-start.c - what is left of a service that does not become ready
 */
#include <errno.h>

#include "service.h"
#include "tap.h"

/* As a service: say something else, or nothing. */
static int run_service(const char *name)
{
	if (strcmp(name, "ends") == 0)
		return 0;
	puts(strcmp(name, "ready") == 0 ? name : "other");
	fflush(stdout);
	for (;;)
		pause();
}

static bool has_child(void)
{
	return waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
}

int main(int argc, char **argv)
{
	pid_t pid;

	if (argc > 1)
		return run_service(argv[1]);
	pid = service_start(argv[0], "ready");
	tap(pid > 0 && has_child(), "service.ready_one_runs", "%d", pid);
	service_stop(pid);
	tap(!has_child(), "service.stopped_one_is_gone", "%d", pid);
	pid = service_start(argv[0], "ends");
	tap(pid == -1 && !has_child(), "service.one_that_ends_early_is_gone", "%d", pid);
	pid = service_start(argv[0], "alive");
	tap(pid == -1 && !has_child(), "service.one_that_is_not_ready_is_gone", "%d", pid);
	return tap_end();
}
