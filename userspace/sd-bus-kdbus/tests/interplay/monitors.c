// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * monitors.c - who waits for a client that becomes a monitor, and for one that is hung up
 *
 * Both times another file comes to the number of the descriptor. An epoll set has to learn of it, and
 * shall have nothing of the one before.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <systemd/sd-bus.h>

#include "tap.h"

#define PATH		"/org/example/Monitors"
#define INTERFACE	"org.example.Monitors"
#define LONG_MS		60000
#define SHORT_MS	100
#define BUS		"org.freedesktop.DBus", "/org/freedesktop/DBus"
#define MARK		0x6d61726bU

static sd_bus *speaker;

static void process_all(sd_bus *bus)
{
	while (sd_bus_process(bus, NULL) > 0)
		;
}

/* Something that every monitor sees, and @to, unless it is NULL; it is in their queues then. */
static void speak(sd_bus *to)
{
	sd_bus_message *m = NULL;
	const char *name = NULL;

	if ((to && sd_bus_get_unique_name(to, &name) < 0) ||
	    sd_bus_message_new_signal(speaker, &m, PATH, INTERFACE, "Heard") < 0)
		exit(2);
	if (sd_bus_send_to(speaker, m, name, NULL) < 0 || sd_bus_flush(speaker) < 0)
		exit(2);
	sd_bus_message_unref(m);
}

static sd_bus *open_bus(void)
{
	sd_bus *bus = NULL;

	if (sd_bus_open_system(&bus) < 0 ||
	    sd_bus_call_method(bus, BUS, "org.freedesktop.DBus", "GetId", NULL, NULL, NULL) < 0)
		exit(2);
	process_all(bus);
	return bus;
}

/* With an empty queue afterwards. */
static void become_monitor(sd_bus *bus)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;

	if (sd_bus_call_method(bus, BUS, "org.freedesktop.DBus.Monitoring", "BecomeMonitor", &error,
			       NULL, "asu", 0, 0) < 0) {
		fprintf(stderr, "BecomeMonitor: %s\n", error.message);
		exit(2);
	}
	process_all(bus);
}

/* A monitor must not send, so a bus ends its connection. */
static void violate(sd_bus *monitor)
{
	sd_bus_emit_signal(monitor, PATH, INTERFACE, "Forbidden", NULL);
	sd_bus_flush(monitor);
}

static int new_set(void)
{
	int set = epoll_create1(EPOLL_CLOEXEC);

	if (set < 0)
		exit(2);
	return set;
}

static int control(int set, int operation, sd_bus *bus)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = MARK };

	return epoll_ctl(set, operation, sd_bus_get_fd(bus), &event);
}

/* The events of the descriptor in the set: 0 if there are none in that time, all ones for another's. */
static uint32_t events_in(int set, int timeout_ms)
{
	struct epoll_event event = { 0 };
	int r = epoll_wait(set, &event, 1, timeout_ms);

	if (r <= 0)
		return 0;
	return event.data.u32 == MARK ? event.events : UINT32_MAX;
}

static void test_watched(void)
{
	sd_bus *bus = open_bus();
	int set = new_set();
	uint32_t events;
	ssize_t r;
	char byte;

	control(set, EPOLL_CTL_ADD, bus);
	become_monitor(bus);
	events = events_in(set, 0);
	tap(!events, "monitors.epoll_is_quiet_when_all_is_read", "%x", events);
	speak(NULL);
	events = events_in(set, LONG_MS);
	tap(events == EPOLLIN, "monitors.epoll_tells_of_what_a_monitor_sees", "%x", events);
	process_all(bus);
	violate(bus);
	events = events_in(set, LONG_MS);
	tap(events & EPOLLHUP, "monitors.epoll_tells_that_a_monitor_is_hung_up", "%x", events);
	r = read(sd_bus_get_fd(bus), &byte, 1);
	tap(r == 0, "monitors.one_that_is_hung_up_reads_the_end", "%zd", r);
	sd_bus_unref(bus);
	close(set);
}

static void test_unwatched(void)
{
	sd_bus *bus = open_bus();
	int set = new_set();
	uint32_t events;

	control(set, EPOLL_CTL_ADD, bus);
	control(set, EPOLL_CTL_DEL, bus);
	become_monitor(bus);
	speak(NULL);
	events = events_in(set, SHORT_MS);
	tap(!events, "monitors.a_set_that_was_left_hears_nothing_of_a_monitor", "%x", events);
	violate(bus);
	events = events_in(set, SHORT_MS);
	tap(!events, "monitors.a_set_that_was_left_hears_no_hang_up", "%x", events);
	sd_bus_unref(bus);
	close(set);
}

/* Close a set, and have another one at its number. */
static void exchange_set(int set)
{
	int other = new_set();

	if (dup3(other, set, O_CLOEXEC) < 0)
		exit(2);
	close(other);
}

static void test_foreign_set(void)
{
	sd_bus *bus = open_bus();
	int set = new_set();
	uint32_t events;

	control(set, EPOLL_CTL_ADD, bus);
	exchange_set(set);
	become_monitor(bus);
	speak(NULL);
	events = events_in(set, SHORT_MS);
	tap(!events, "monitors.a_set_at_the_number_of_a_closed_one_gets_no_monitor", "%x", events);
	sd_bus_unref(bus);

	bus = open_bus();
	become_monitor(bus);
	control(set, EPOLL_CTL_ADD, bus);
	exchange_set(set);
	violate(bus);
	events = events_in(set, SHORT_MS);
	tap(!events, "monitors.a_set_at_the_number_of_a_closed_one_gets_no_hang_up", "%x", events);
	sd_bus_unref(bus);
	close(set);
}

static void test_failure(void)
{
	int set = new_set(), other = new_set(), r;
	sd_bus *bus = open_bus();
	uint32_t events;

	control(set, EPOLL_CTL_ADD, bus);
	r = control(other, EPOLL_CTL_MOD, bus);
	tap(r < 0 && errno == ENOENT, "monitors.epoll_ctl_fails_as_ever", "%d", r);
	become_monitor(bus);
	speak(NULL);
	events = events_in(set, LONG_MS);
	tap(events == EPOLLIN, "monitors.the_set_counts_that_took_the_descriptor", "%x", events);
	events = events_in(other, 0);
	tap(!events, "monitors.a_set_that_refused_the_descriptor_does_not_get_it", "%x", events);
	sd_bus_unref(bus);
	close(set);
	close(other);
}

/* A child that holds all files of now, for end_holder(). */
static pid_t begin_holder(void)
{
	pid_t pid = fork();

	if (pid < 0)
		exit(2);
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static void end_holder(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void test_held_client(void)
{
	sd_bus *bus = open_bus();
	int set = new_set();
	uint32_t events;
	pid_t holder;

	control(set, EPOLL_CTL_ADD, bus);
	/* What is not read before stays in the queue of the old connection. */
	speak(bus);
	holder = begin_holder();
	become_monitor(bus);
	events = events_in(set, SHORT_MS);
	tap(!events, "monitors.epoll_forgets_a_client_that_a_child_holds", "%x", events);
	speak(NULL);
	events = events_in(set, LONG_MS);
	tap(events == EPOLLIN, "monitors.epoll_tells_of_the_monitor_in_its_place", "%x", events);
	control(set, EPOLL_CTL_DEL, bus);
	events = events_in(set, SHORT_MS);
	tap(!events, "monitors.a_client_that_a_child_holds_can_leave_the_set", "%x", events);
	end_holder(holder);
	sd_bus_unref(bus);
	close(set);
}

static void test_held_monitor(void)
{
	sd_bus *bus = open_bus();
	int set = new_set();
	uint32_t events;
	pid_t holder;

	become_monitor(bus);
	control(set, EPOLL_CTL_ADD, bus);
	holder = begin_holder();
	violate(bus);
	speak(NULL);
	events = events_in(set, LONG_MS);
	tap(events & EPOLLHUP, "monitors.a_monitor_that_a_child_holds_is_hung_up", "%x", events);
	control(set, EPOLL_CTL_DEL, bus);
	events = events_in(set, SHORT_MS);
	tap(!events, "monitors.a_monitor_that_a_child_holds_can_leave_the_set", "%x", events);
	end_holder(holder);
	sd_bus_unref(bus);
	close(set);
}

static void test_flags(void)
{
	sd_bus *bus = open_bus();
	int fd = sd_bus_get_fd(bus), flags;

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	fcntl(fd, F_SETFD, 0);
	become_monitor(bus);
	flags = fcntl(fd, F_GETFL);
	tap(!(flags & O_NONBLOCK), "monitors.reads_wait_as_they_did_before", "%x", flags);
	flags = fcntl(fd, F_GETFD);
	tap(!(flags & FD_CLOEXEC), "monitors.a_descriptor_for_children_still_is_one", "%x", flags);
	sd_bus_unref(bus);
}

/* Wait for one descriptor, as long as it takes. */
static void *sleeper(void *context)
{
	poll(context, 1, -1);
	return NULL;
}

static void test_shutdown(short events, const char *claim)
{
	sd_bus *bus = open_bus();
	struct pollfd fd = { .fd = sd_bus_get_fd(bus), .events = events };
	struct timespec limit;
	pthread_t thread;
	int r;

	become_monitor(bus);
	if (pthread_create(&thread, NULL, sleeper, &fd) != 0)
		exit(2);
	poll(NULL, 0, SHORT_MS);
	shutdown(fd.fd, SHUT_RDWR);
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += 10;
	r = pthread_timedjoin_np(thread, NULL, &limit);
	tap(r == 0, claim, "%d", r);
	if (r != 0) {
		speak(NULL);
		pthread_join(thread, NULL);
	}
	sd_bus_unref(bus);
}

static void test_few_descriptors(void)
{
	struct rlimit limit, few;
	sd_bus *bus = open_bus();
	int set = new_set();
	uint32_t events;

	become_monitor(bus);
	control(set, EPOLL_CTL_ADD, bus);
	getrlimit(RLIMIT_NOFILE, &limit);
	few = limit;
	/* The lowest number that is unused becomes the highest one that may be used. */
	few.rlim_cur = fcntl(set, F_DUPFD_CLOEXEC, 0);
	close(few.rlim_cur++);
	setrlimit(RLIMIT_NOFILE, &few);
	violate(bus);
	setrlimit(RLIMIT_NOFILE, &limit);
	events = events_in(set, SHORT_MS);
	tap(events & EPOLLHUP, "monitors.one_descriptor_is_enough_to_hang_up", "%x", events);
	sd_bus_unref(bus);
	close(set);
}

int main(void)
{
	speaker = open_bus();
	test_watched();
	test_unwatched();
	test_foreign_set();
	test_failure();
	test_held_client();
	test_held_monitor();
	test_flags();
	test_shutdown(POLLIN, "monitors.shutdown_ends_a_wait_for_a_monitor");
	test_shutdown(POLLIN | POLLPRI, "monitors.shutdown_ends_a_poll_of_a_monitor");
	test_few_descriptors();
	sd_bus_flush_close_unref(speaker);
	return tap_end();
}
