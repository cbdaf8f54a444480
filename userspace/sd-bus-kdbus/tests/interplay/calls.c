// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * calls.c - sd_bus_call() with answers at once, late and never, and with other messages before them
 *
 * What it sends goes to the kernel together with a short wait, which must not be seen.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <systemd/sd-bus.h>

#include "tap.h"

#define NAME		"org.example.Calls"
#define PATH		"/org/example/Calls"
#define N_SIGNALS	3U
#define N_CALLS		200U
#define AT_ONCE		0U
#define LATE_MS		200U
#define NEVER		UINT32_MAX
#define SOON_US		5000
#define EDGE_MS		30000
#define PATIENCE_US	(120 * 1000000ULL)

static sd_bus *client;
static unsigned int n_seen;
static bool in_order = true;

/* After so many milliseconds, and that many signals to the caller, the number that came. */
static int answer(sd_bus_message *m, void *context, sd_bus_error *error)
{
	sd_bus *bus = sd_bus_message_get_bus(m);
	unsigned int delay_ms, n_signals, number, i;
	sd_bus_message *signal;
	int r;

	(void)context, (void)error;
	r = sd_bus_message_read(m, "uuu", &delay_ms, &n_signals, &number);
	for (i = 1; i <= n_signals && r >= 0; i++) {
		r = sd_bus_message_new_signal(bus, &signal, PATH, NAME, "Number");
		if (r >= 0)
			r = sd_bus_message_append(signal, "u", i);
		if (r >= 0)
			r = sd_bus_send_to(bus, signal, sd_bus_message_get_sender(m), NULL);
		sd_bus_message_unref(signal);
	}
	if (r < 0 || delay_ms == NEVER)
		return r < 0 ? r : 1;
	poll(NULL, 0, delay_ms);
	return sd_bus_reply_method_return(m, "u", number);
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Answer", "uuu", "u", answer, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END
};

static void serve(int ready_fd)
{
	sd_bus *bus = NULL;
	int r;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	r = sd_bus_open_system(&bus);
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus, NULL, PATH, NAME, vtable, NULL);
	if (r >= 0)
		r = sd_bus_request_name(bus, NAME, 0);
	if (r >= 0 && write(ready_fd, "", 1) != 1)
		r = -EPIPE;
	while (r >= 0) {
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, UINT64_MAX);
		if (r == -EINTR)
			r = 0;
	}
	_exit(1);
}

static int start_service(void)
{
	int fds[2], r;
	char c;

	if (pipe(fds) < 0)
		return -errno;
	if (fork() == 0)
		serve(fds[1]);
	close(fds[1]);
	r = read(fds[0], &c, 1) == 1 ? 0 : -EPIPE;
	close(fds[0]);
	return r;
}

static int on_message(sd_bus_message *m, void *context, sd_bus_error *error)
{
	unsigned int number = 0;

	(void)context, (void)error;
	if (!sd_bus_message_is_signal(m, NAME, "Number"))
		return 0;
	if (sd_bus_message_read(m, "u", &number) < 0 || number != n_seen % N_SIGNALS + 1)
		in_order = false;
	n_seen++;
	return 1;
}

static int call(unsigned int delay_ms, unsigned int n_signals, uint64_t timeout_us)
{
	sd_bus_message *m = NULL, *reply = NULL;
	static unsigned int number;
	unsigned int back = 0;
	int r;

	r = sd_bus_message_new_method_call(client, &m, NAME, PATH, NAME, "Answer");
	if (r >= 0)
		r = sd_bus_message_append(m, "uuu", delay_ms, n_signals, ++number);
	if (r >= 0)
		r = sd_bus_call(client, m, timeout_us, NULL, &reply);
	if (r >= 0)
		r = sd_bus_message_read(reply, "u", &back);
	if (r >= 0)
		r = back == number ? 0 : -EBADMSG;
	sd_bus_message_unref(reply);
	sd_bus_message_unref(m);
	return r;
}

static void process_all(void)
{
	while (sd_bus_process(client, NULL) > 0)
		;
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
}

static void test_many(const char *claim)
{
	unsigned int i;
	int r = 0;

	for (i = 0; i < N_CALLS && r == 0; i++)
		r = call(AT_ONCE, 0, PATIENCE_US);
	tap(r == 0, claim, "%d in call %u", r, i);
}

static void test_late(void)
{
	uint64_t before = now_us();
	int r = call(LATE_MS, 0, PATIENCE_US);

	tap(r == 0 && now_us() - before >= LATE_MS * 1000, "calls.a_late_answer_is_awaited", "%d",
	    r);
}

static void test_signals_before(void)
{
	int first, second;

	first = call(AT_ONCE, N_SIGNALS, PATIENCE_US);
	second = call(LATE_MS, N_SIGNALS, PATIENCE_US);
	process_all();
	tap(first == 0 && second == 0, "calls.an_answer_behind_signals_is_found", "%d %d", first,
	    second);
	tap(n_seen == 2 * N_SIGNALS && in_order, "calls.signals_before_an_answer_come_once_in_order",
	    "%u", n_seen);
}

static void test_timeout(void)
{
	const uint64_t timeout_us = 1100000;
	uint64_t before = now_us(), after;
	int r = call(NEVER, 0, timeout_us);

	after = now_us();
	tap(r == -ETIMEDOUT && after - before >= timeout_us, "calls.an_answer_may_never_come", "%d %u us",
	    r, (unsigned int)(after - before));
	before = now_us();
	r = call(NEVER, 0, SOON_US);
	after = now_us();
	tap(r == -ETIMEDOUT && after - before >= SOON_US, "calls.a_short_timeout_passes_too", "%d %u us",
	    r, (unsigned int)(after - before));
}

static volatile sig_atomic_t n_alarms;

static void on_alarm(int number)
{
	(void)number;
	n_alarms++;
}

/* libsystemd of some versions goes on, of others it gives up. */
static void test_interrupted(int flags, const char *claim)
{
	const struct itimerval soon = { .it_value = { .tv_usec = SOON_US } };
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = flags };
	const sig_atomic_t before = n_alarms;
	int r;

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	r = call(LATE_MS, 0, PATIENCE_US);
	tap((r == 0 || r == -EINTR) && n_alarms == before + 1, claim, "%d, %d alarms", r,
	    (int)n_alarms);
	r = call(AT_ONCE, 0, PATIENCE_US);
	tap(r == 0, "calls.the_next_call_after_a_signal_is_answered", "%d", r);
	process_all();
	r = sd_bus_wait(client, SOON_US);
	tap(r == 0, "calls.the_next_wait_after_a_signal_is_as_ever", "%d", r);
}

static int on_answer(sd_bus_message *m, void *context, sd_bus_error *error)
{
	(void)m, (void)error;
	*(bool *)context = true;
	return 1;
}

static void test_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC), r;
	bool answered = false;

	process_all();
	r = epoll_ctl(epoll_fd, EPOLL_CTL_ADD, sd_bus_get_fd(client), &event);
	r = r < 0 ? -errno : call(AT_ONCE, 0, PATIENCE_US);
	tap(r == 0, "calls.a_watched_connection_can_call", "%d", r);
	r = epoll_wait(epoll_fd, &event, 1, 0);
	tap(r == 0, "calls.nothing_is_left_for_epoll", "%d", r);
	r = sd_bus_call_method_async(client, NULL, NAME, PATH, NAME, "Answer", on_answer, &answered,
				     "uuu", AT_ONCE, 0, 0);
	r = r < 0 ? r : epoll_wait(epoll_fd, &event, 1, PATIENCE_US / 1000);
	tap(r == 1, "calls.epoll_tells_of_the_answer_to_another_call", "%d", r);
	do {
		process_all();
	} while (!answered && epoll_wait(epoll_fd, &event, 1, PATIENCE_US / 1000) == 1);
	tap(answered, "calls.that_answer_is_there", "%d", answered);
	close(epoll_fd);
}

/* Whoever is told once reads all that there is, and must not be told that nothing is there. */
static void test_edges(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC), r;
	unsigned int i, n_missed = 0;
	bool answered;

	r = epoll_ctl(epoll_fd, EPOLL_CTL_ADD, sd_bus_get_fd(client), &event);
	for (i = 0; i < N_CALLS && r >= 0 && !n_missed; i++) {
		answered = false;
		r = sd_bus_call_method_async(client, NULL, NAME, PATH, NAME, "Answer", on_answer,
					     &answered, "uuu", AT_ONCE, 0, 0);
		while (r >= 0 && !answered) {
			r = epoll_wait(epoll_fd, &event, 1, EDGE_MS);
			n_missed += r == 0;
			process_all();
		}
	}
	tap(r >= 0 && n_missed == 0, "calls.an_edge_is_told_once_and_all_is_read", "%d, %u missed", r,
	    n_missed);
	close(epoll_fd);
}

static void *stay(void *context)
{
	char c;

	return read(*(int *)context, &c, 1) == 0 ? context : NULL;
}

static void test_threads(void)
{
	pthread_t thread;
	int fds[2];

	if (pipe(fds) < 0 || pthread_create(&thread, NULL, stay, &fds[0]) != 0) {
		tap(false, "calls.a_thread_can_be_started", "%s", strerror(errno));
		return;
	}
	test_many("calls.many_calls_are_answered_with_another_thread_around");
	close(fds[1]);
	pthread_join(thread, NULL);
	close(fds[0]);
}

int main(void)
{
	if (start_service() < 0 || sd_bus_open_system(&client) < 0 ||
	    sd_bus_add_filter(client, NULL, on_message, NULL) < 0)
		return 2;
	test_many("calls.many_calls_are_answered");
	test_late();
	test_signals_before();
	test_timeout();
	test_interrupted(0, "calls.a_signal_is_handled_while_a_call_waits");
	test_interrupted(SA_RESTART, "calls.a_signal_that_restarts_is_handled_while_a_call_waits");
	test_epoll();
	test_edges();
	test_threads();
	sd_bus_flush_close_unref(client);
	return tap_end();
}
