// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * waits.c - whoever waits for a connection, in whatever way, learns that there is a message
 *
 * By libsystemd, whose waits the bridge makes into waits for a message.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <systemd/sd-bus.h>

#include "tap.h"

#define PATH		"/org/example/Waits"
#define INTERFACE	"org.example.Waits"
#define LONG_US		(120 * 1000000ULL)
#define SHORT_US	50000ULL
#define BUS		"org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"

static sd_bus *sender, *receiver;
static unsigned int n_sent, n_seen;
static bool in_order = true;

static int on_message(sd_bus_message *m, void *context, sd_bus_error *error)
{
	unsigned int number = 0;

	(void)context, (void)error;
	if (!sd_bus_message_is_signal(m, INTERFACE, "Number"))
		return 0;
	if (sd_bus_message_read(m, "u", &number) < 0 || number != ++n_seen)
		in_order = false;
	return 1;
}

/* The next number, to the receiver alone; it is in its queue when this returns. */
static int send_number(void)
{
	sd_bus_message *m = NULL;
	const char *name;
	int r;

	r = sd_bus_get_unique_name(receiver, &name);
	if (r >= 0)
		r = sd_bus_message_new_signal(sender, &m, PATH, INTERFACE, "Number");
	if (r >= 0)
		r = sd_bus_message_append(m, "u", ++n_sent);
	if (r >= 0)
		r = sd_bus_send_to(sender, m, name, NULL);
	if (r >= 0)
		r = sd_bus_flush(sender);
	sd_bus_message_unref(m);
	return r;
}

/* All that there is now. The call's answer comes behind what was sent before. */
static void drain(sd_bus *bus)
{
	sd_bus_call_method(bus, BUS, "GetId", NULL, NULL, NULL);
	while (sd_bus_process(bus, NULL) > 0)
		;
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
}

static void test_timeout(void)
{
	uint64_t before = now_us();
	int r = sd_bus_wait(receiver, SHORT_US);

	tap(r == 0 && now_us() - before >= SHORT_US, "waits.a_wait_takes_its_time", "%d", r);
}

static void test_order(void)
{
	int i, r = 0;

	for (i = 0; i < 3 && r >= 0; i++)
		r = send_number();
	r = r < 0 ? r : sd_bus_wait(receiver, LONG_US);
	tap(r > 0, "waits.a_message_ends_a_wait", "%d", r);
	drain(receiver);
	tap(n_seen == n_sent && in_order, "waits.what_a_wait_found_comes_first_and_once", "%u of %u",
	    n_seen, n_sent);
}

static void test_poll(void)
{
	struct pollfd fds[2] = { { .fd = sd_bus_get_fd(receiver), .events = POLLIN } };
	const struct timespec zero = { 0 };
	int pipe_fds[2] = { -1, -1 }, r;

	r = send_number();
	r = r < 0 ? r : sd_bus_wait(receiver, LONG_US);
	tap(r > 0, "waits.a_wait_for_one_message_ends", "%d", r);
	r = poll(fds, 1, 0);
	tap(r == 1 && fds[0].revents == POLLIN, "waits.poll_tells_of_what_a_wait_found", "%d", r);
	r = ppoll(fds, 1, NULL, NULL);
	tap(r == 1 && fds[0].revents == POLLIN, "waits.ppoll_tells_of_what_a_wait_found", "%d", r);
	if (pipe(pipe_fds) < 0)
		return;
	fds[1] = (struct pollfd){ .fd = pipe_fds[0], .events = POLLIN };
	r = ppoll(fds, 2, &zero, NULL);
	tap(r == 1 && fds[0].revents == POLLIN && !fds[1].revents,
	    "waits.ppoll_of_two_tells_of_what_a_wait_found", "%d", r);
	r = write(pipe_fds[1], "", 1) == 1 ? poll(fds, 2, -1) : -1;
	tap(r == 2 && fds[0].revents == POLLIN && fds[1].revents == POLLIN,
	    "waits.poll_tells_of_both", "%d", r);
	fds[0].events = POLLOUT;
	r = poll(fds, 1, 0);
	tap(r == 1 && fds[0].revents == POLLOUT, "waits.poll_tells_only_what_was_asked", "%d", r);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	drain(receiver);
	tap(n_seen == n_sent && in_order, "waits.the_message_is_still_there", "%u of %u", n_seen,
	    n_sent);
	fds[0].events = POLLIN;
	r = poll(fds, 1, 0);
	tap(r == 0, "waits.nothing_is_left_then", "%d", r);
}

static volatile sig_atomic_t n_alarms;

static void on_alarm(int number)
{
	(void)number;
	n_alarms++;
}

/* Also a handler that has other system calls begin again. */
static void test_signal(int flags, const char *claim)
{
	const struct itimerval soon = { .it_value = { .tv_usec = SHORT_US } }, never = { 0 };
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = flags };
	const sig_atomic_t before = n_alarms;
	uint64_t start = now_us();

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	while (n_alarms == before && now_us() - start < LONG_US)
		sd_bus_wait(receiver, LONG_US);
	setitimer(ITIMER_REAL, &never, NULL);
	tap(n_alarms > before && now_us() - start < LONG_US, claim, "%d alarms", (int)n_alarms);
}

static void test_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC), r;

	r = send_number();
	r = r < 0 ? r : sd_bus_wait(receiver, LONG_US);
	if (r > 0)
		r = epoll_ctl(epoll_fd, EPOLL_CTL_ADD, sd_bus_get_fd(receiver), &event);
	r = r < 0 ? r : epoll_wait(epoll_fd, &event, 1, 0);
	tap(r == 1, "waits.epoll_tells_of_what_a_wait_found_before", "%d", r);
	drain(receiver);
	r = epoll_wait(epoll_fd, &event, 1, 0);
	tap(r == 0, "waits.nothing_is_left_for_epoll_then", "%d", r);
	r = send_number();
	r = r < 0 ? r : sd_bus_wait(receiver, LONG_US);
	r = r < 0 ? r : epoll_wait(epoll_fd, &event, 1, 0);
	tap(r == 1, "waits.epoll_tells_of_what_a_wait_found_afterwards", "%d", r);
	drain(receiver);
	tap(n_seen == n_sent && in_order, "waits.all_messages_came_in_order", "%u of %u", n_seen,
	    n_sent);
	close(epoll_fd);
}

int main(void)
{
	if (sd_bus_open_system(&sender) < 0 || sd_bus_open_system(&receiver) < 0 ||
	    sd_bus_add_filter(receiver, NULL, on_message, NULL) < 0)
		return 2;
	drain(sender);
	drain(receiver);
	test_timeout();
	test_order();
	test_poll();
	test_signal(0, "waits.a_handled_signal_ends_a_wait");
	test_signal(SA_RESTART, "waits.a_handled_signal_ends_a_wait_that_would_begin_again");
	test_epoll();
	sd_bus_flush_close_unref(sender);
	sd_bus_flush_close_unref(receiver);
	return tap_end();
}
