// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * test-spawn.c - what the end of a process means to the start of its service
 */
#include <stdarg.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "activator.h"
#include "check.h"

/* What the start asks of the rest of the daemon, and what it is told. */
static struct {
	struct activator *activator;	/* owned; NULL when it was freed */
	bool has_owner;			/* the name is taken, and its activator is stale */
	unsigned int n_asked;
	char error[64];
} seen;

static void forget_activator(void)
{
	struct activator *activator = seen.activator;

	seen.activator = NULL;
	if (!activator)
		return;
	sd_event_source_disable_unref(activator->child);
	if (activator->failure >= 0)
		close(activator->failure);
	free(activator->service.exec);
	free(activator);
}

bool activator_check_owner(struct activator *activator)
{
	seen.n_asked++;
	sd_event_exit(activator->busd->event, 0);
	if (seen.has_owner)
		forget_activator();
	return seen.has_owner;
}

void activator_fail(struct activator *activator, const char *error, const char *format, ...)
{
	(void)activator;
	(void)format;
	snprintf(seen.error, sizeof(seen.error), "%s", error);
}

/* Start this command line and wait for the end of its process. */
static bool run(const char *exec, bool has_owner)
{
	struct busd busd = { .endpoint = (char *)"/nowhere" };
	sigset_t set;
	int r;

	memset(&seen, 0, sizeof(seen));
	seen.has_owner = has_owner;
	seen.activator = calloc(1, sizeof(*seen.activator));
	if (!seen.activator)
		return false;
	seen.activator->busd = &busd;
	seen.activator->failure = -1;
	seen.activator->is_starting = true;
	seen.activator->service.exec = strdup(exec);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	r = sd_event_new(&busd.event);
	if (r >= 0)
		r = spawn_start(seen.activator);
	if (r >= 0)
		r = sd_event_loop(busd.event);
	forget_activator();
	sd_event_unref(busd.event);
	return r >= 0;
}

static bool a_process_that_ends_well_may_have_left_a_child(void)
{
	CHECK(run("/bin/true", false));
	CHECK(seen.n_asked == 1);
	CHECK(!*seen.error);
	return true;
}

static bool a_process_that_fails_ends_the_start(void)
{
	CHECK(run("/bin/false", false));
	CHECK(!strcmp(seen.error, "Spawn.ChildExited"));
	CHECK(run("/bin/sh -c 'kill -9 $$'", false));
	CHECK(!strcmp(seen.error, "Spawn.ChildSignaled"));
	CHECK(run("/nowhere/at/all", false));
	CHECK(!strcmp(seen.error, "Spawn.ExecFailed"));
	return true;
}

/* The sanitizer would tell. */
static bool an_activator_that_is_freed_when_its_name_is_taken_is_not_touched(void)
{
	CHECK(run("/bin/true", true));
	CHECK(seen.n_asked == 1);
	CHECK(!*seen.error);
	CHECK(run("/bin/false", true));
	CHECK(!*seen.error);
	return true;
}

int main(void)
{
	static const struct check_test tests[] = {
		{ "a_process_that_ends_well_may_have_left_a_child",
		  a_process_that_ends_well_may_have_left_a_child },
		{ "a_process_that_fails_ends_the_start", a_process_that_fails_ends_the_start },
		{ "an_activator_that_is_freed_when_its_name_is_taken_is_not_touched",
		  an_activator_that_is_freed_when_its_name_is_taken_is_not_touched },
	};

	return check_run(tests, sizeof(tests) / sizeof(*tests));
}
