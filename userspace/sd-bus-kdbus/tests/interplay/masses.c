// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * masses.c - this program's library with many calls, rules and threads, and a child
 *
 * usage: masses-<library> SERVICE-PROGRAM
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "actor.h"
#include "service.h"
#include "tap.h"

#define NAME		"org.example.Masses"
#define N_CALLS		10000U
#define N_RULES		3000U
#define N_THREADS	8U
#define N_THREAD_CALLS	50U
#define PATIENCE_MS	60000

/* "libdbus: CLAIM" */
static const char *claim(const char *text)
{
	static char line[256];

	snprintf(line, sizeof(line), "%s_masses.%s", actor_library, text);
	return line;
}

static bool echo(struct actor *actor, const char *text)
{
	struct call call = { NAME, TEST_PATH, TEST_INTERFACE, "Echo", { STRING(text) } };
	struct answer answer;

	return actor_call(actor, &call, &answer) == 0 && answer.type == 's' &&
	       strcmp(answer.text, text) == 0;
}

static void test_calls(struct actor *actor)
{
	unsigned int n = actor_echo_many(actor, NAME, N_CALLS);

	tap(n == N_CALLS, claim("10000_calls_in_flight_are_all_answered"), "%u", n);
}

static bool add_rule(struct actor *actor, unsigned int number)
{
	char rule[160];
	struct call call = { BUS_NAME, BUS_PATH, BUS_NAME, "AddMatch", { STRING(rule) } };
	struct answer answer;

	snprintf(rule, sizeof(rule), "type='signal',interface='" TEST_INTERFACE "',"
		 "member='Happened',arg0='number%u'", number);
	return actor_call(actor, &call, &answer) == 0 && !*answer.error;
}

static bool emit(struct actor *actor, const char *text)
{
	struct call call = { NAME, TEST_PATH, TEST_INTERFACE, "Emit", { STRING(text) } };
	struct answer answer;

	return actor_call(actor, &call, &answer) == 0 && !*answer.error;
}

/* The bus tells a new client of its name, too. */
static bool next_happened(struct actor *actor, struct signal *signal)
{
	int r;

	do {
		r = actor_next_signal(actor, PATIENCE_MS, signal);
	} while (r == 1 && strcmp(signal->member, "Happened") != 0);
	return r == 1;
}

/* The first rule's signal, one that no rule is for, and the last rule's. */
static void test_rules(struct actor *actor)
{
	struct signal first = { 0 }, second = { 0 };
	unsigned int i;
	bool ok = true;

	for (i = 0; i < N_RULES && ok; i++)
		ok = add_rule(actor, i);
	tap(ok, claim("3000_rules_are_taken"), "%u", i);
	ok = emit(actor, "number0") && emit(actor, "number3000") && emit(actor, "number2999");
	tap(ok && next_happened(actor, &first) && next_happened(actor, &second) &&
	    strcmp(first.text, "number0") == 0 && strcmp(second.text, "number2999") == 0,
	    claim("they_let_only_their_own_signals_through"), "%d %s %s", ok, first.text,
	    second.text);
}

static void *call_in_thread(void *context)
{
	struct actor *actor = actor_open();
	intptr_t n_failed = 0;
	char text[32];
	unsigned int i;

	for (i = 0; i < N_THREAD_CALLS && actor; i++) {
		snprintf(text, sizeof(text), "%p %u", context, i);
		n_failed += !echo(actor, text);
		if (i % 10 == 9) {
			actor_close(actor);
			actor = actor_open();
		}
	}
	if (!actor)
		return (void *)(n_failed + 1);
	actor_close(actor);
	return (void *)n_failed;
}

static void test_threads(void)
{
	pthread_t threads[N_THREADS];
	intptr_t n_failed = 0;
	void *result;
	size_t i;

	for (i = 0; i < N_THREADS; i++)
		pthread_create(&threads[i], NULL, call_in_thread, (void *)i);
	for (i = 0; i < N_THREADS; i++) {
		pthread_join(threads[i], &result);
		n_failed += (intptr_t)result;
	}
	tap(n_failed == 0, claim("threads_connect_call_and_close_at_the_same_time"), "%zd failed",
	    (ssize_t)n_failed);
}

/* The child runs another program, which connects itself: GLib allows no more to a child. */
static void test_child(struct actor *actor, const char *program)
{
	pid_t pid = service_start(program, NAME ".Child");
	struct call call = { NAME ".Child", TEST_PATH, TEST_INTERFACE, "Echo", { STRING("child") } };
	struct answer answer;
	int r;

	r = pid > 0 ? actor_call(actor, &call, &answer) : -1;
	tap(r == 0 && strcmp(answer.text, "child") == 0,
	    claim("child_makes_its_own_connection_and_the_parent_calls_it"), "%d", r);
	service_stop(pid);
	tap(echo(actor, "parent"), claim("parent_goes_on_when_the_child_is_gone"), "%d", 0);
}

int main(int argc, char **argv)
{
	struct actor *actor;
	pid_t pid;

	if (argc < 2)
		return 2;
	pid = service_start(argv[1], NAME);
	actor = pid > 0 ? actor_open() : NULL;
	if (!actor) {
		service_stop(pid);
		return 2;
	}
	test_child(actor, argv[1]);
	test_threads();
	test_rules(actor);
	test_calls(actor);
	actor_close(actor);
	service_stop(pid);
	return tap_end();
}
