// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * edges.c - what programs do with a connection besides calling: fork, waiting, takeovers
 *
 * usage: edges SERVICE-PROGRAM
 *
 * By libsystemd, which lets one look at its descriptor.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <systemd/sd-bus.h>

#include "service.h"
#include "tap.h"

#define NAME		"org.example.Edges"
#define PATIENCE_US	(300 * 1000000ULL)
#define BUS		"org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"

static sd_bus *open_bus(void)
{
	sd_bus *bus = NULL;

	if (sd_bus_open_system(&bus) >= 0)
		sd_bus_set_method_call_timeout(bus, PATIENCE_US);
	return bus;
}

static int echo(sd_bus *bus, const char *text)
{
	sd_bus_message *reply = NULL;
	const char *back = NULL;
	int r;

	r = sd_bus_call_method(bus, NAME, SERVICE_PATH, SERVICE_INTERFACE, "Echo", NULL, &reply,
			       "s", text);
	if (r >= 0)
		r = sd_bus_message_read(reply, "s", &back);
	if (r >= 0)
		r = strcmp(back, text) == 0 ? 0 : -EBADMSG;
	sd_bus_message_unref(reply);
	return r;
}

/* Read all that the bus says to a new client: it comes before the answer to a call. */
static void settle(sd_bus *bus)
{
	sd_bus_call_method(bus, BUS, "GetId", NULL, NULL, NULL);
	while (sd_bus_process(bus, NULL) > 0)
		;
}

static void test_socket(void)
{
	sd_bus *bus = open_bus();
	int fd = sd_bus_get_fd(bus), type = 0, r;
	socklen_t size = sizeof(type);
	struct sockaddr_storage address;
	struct ucred creds = { 0 };
	struct stat st;

	r = getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
	tap(r == 0 && type == SOCK_STREAM, "edges.descriptor_is_a_stream_socket", "%d %d", r, type);
	size = sizeof(creds);
	r = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &creds, &size);
	tap(r == 0 && creds.uid == getuid(), "edges.peer_has_the_user_of_the_bus", "%d %u", r,
	    creds.uid);
	size = sizeof(address);
	r = getsockname(fd, (struct sockaddr *)&address, &size);
	tap(r == 0 && address.ss_family == AF_UNIX, "edges.family_is_unix", "%d", r);
	r = fstat(fd, &st);
	tap(r == 0 && S_ISSOCK(st.st_mode), "edges.fstat_shows_a_socket", "%d %o", r, st.st_mode);
	sd_bus_flush_close_unref(bus);
	tap(fstat(fd, &st) < 0 && errno == EBADF, "edges.closing_the_bus_closes_the_descriptor",
	    "%d", errno);
}

static void test_blocking(void)
{
	sd_bus *bus = open_bus();
	int fd = sd_bus_get_fd(bus), flags = fcntl(fd, F_GETFL);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	char c;
	int r;

	settle(bus);
	r = poll(&poll_fd, 1, 0);
	tap(flags & O_NONBLOCK && r == 0, "edges.idle_connection_is_not_readable", "%x %d", flags,
	    r);
	r = read(fd, &c, 1);
	tap(r < 0 && errno == EAGAIN, "edges.read_without_a_message_is_eagain", "%d %d", r, errno);
	fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	r = recv(fd, &c, 1, MSG_DONTWAIT);
	tap(r < 0 && errno == EAGAIN, "edges.msg_dontwait_does_not_wait", "%d %d", r, errno);
	tap(echo(bus, "blocking") == 0, "edges.calls_work_on_a_blocking_descriptor", "%d", 0);
	sd_bus_flush_close_unref(bus);
}

/* A blocking reader is woken up by what another one sends it. */
static void *reader(void *context)
{
	char *buffer = context;
	ssize_t n = read(*(int *)(buffer + 4096), buffer, 4096);

	return (void *)(intptr_t)n;
}

static void test_blocking_read(void)
{
	sd_bus *bus = open_bus(), *other = open_bus();
	char buffer[4096 + sizeof(int)] __attribute__((aligned(8)));
	const char *unique = NULL;
	sd_bus_message *m = NULL;
	int fd = sd_bus_get_fd(bus);
	pthread_t thread;
	void *n;

	sd_bus_get_unique_name(bus, &unique);
	settle(bus);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	memcpy(buffer + 4096, &fd, sizeof(fd));
	pthread_create(&thread, NULL, reader, buffer);
	sd_bus_message_new_signal(other, &m, "/", "org.example.A", "B");
	sd_bus_message_set_destination(m, unique);
	sd_bus_send(other, m, NULL);
	sd_bus_flush(other);
	pthread_join(thread, &n);
	tap((intptr_t)n > 16 && buffer[1] == SD_BUS_MESSAGE_SIGNAL,
	    "edges.blocking_read_waits_for_the_message", "%zd", (ssize_t)(intptr_t)n);
	sd_bus_message_unref(m);
	sd_bus_flush_close_unref(other);
	sd_bus_flush_close_unref(bus);
}

static void test_fork(void)
{
	sd_bus *bus = open_bus(), *own;
	int fd = sd_bus_get_fd(bus), status = 0;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		if (close(fd) < 0)
			_exit(1);
		own = open_bus();
		_exit(own && echo(own, "child") == 0 ? 0 : 2);
	}
	waitpid(pid, &status, 0);
	tap(status == 0, "edges.child_of_fork_makes_its_own_connection", "%x", status);
	tap(echo(bus, "parent") == 0, "edges.parent_goes_on_after_fork", "%d", 0);
	pid = vfork();
	if (pid == 0) {
		close(fd);
		execlp("true", "true", NULL);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	tap(status == 0 && echo(bus, "parent") == 0,
	    "edges.child_of_vfork_closes_its_copy_and_the_parent_goes_on", "%x", status);
	sd_bus_flush_close_unref(bus);
}

static const char *owner_of(sd_bus *bus, const char *name, sd_bus_message **reply)
{
	const char *owner = "";

	if (sd_bus_call_method(bus, BUS, "GetNameOwner", NULL, reply, "s", name) >= 0)
		sd_bus_message_read(*reply, "s", &owner);
	return owner;
}

static void test_takeover(void)
{
	static const char name[] = "org.example.Takeover";
	sd_bus *first = open_bus(), *second = open_bus(), *third = open_bus();
	const char *unique[3] = { "", "", "" };
	sd_bus_message *reply = NULL;
	int r[4];

	sd_bus_get_unique_name(first, &unique[0]);
	sd_bus_get_unique_name(second, &unique[1]);
	sd_bus_get_unique_name(third, &unique[2]);
	r[0] = sd_bus_request_name(first, name, SD_BUS_NAME_ALLOW_REPLACEMENT);
	r[1] = sd_bus_request_name(second, name, SD_BUS_NAME_QUEUE);
	r[2] = sd_bus_request_name(third, name, 0);
	tap(r[0] > 0 && r[1] == 0 && r[2] == -EEXIST,
	    "edges.name_is_owned_waited_for_or_refused", "%d %d %d", r[0], r[1], r[2]);
	r[3] = sd_bus_request_name(third, name, SD_BUS_NAME_REPLACE_EXISTING);
	tap(r[3] > 0 && strcmp(owner_of(first, name, &reply), unique[2]) == 0,
	    "edges.name_that_allows_it_is_taken_over", "%d", r[3]);
	sd_bus_message_unref(reply);
	reply = NULL;
	sd_bus_flush_close_unref(third);
	tap(strcmp(owner_of(first, name, &reply), unique[1]) == 0,
	    "edges.name_falls_to_who_waits_for_it", "%s", "another owner");
	sd_bus_message_unref(reply);
	sd_bus_flush_close_unref(first);
	sd_bus_flush_close_unref(second);
}

/* A node that the program opened itself, and gave to libsystemd before it said anything. */
static void test_given_descriptor(void)
{
	const char *address = getenv("DBUS_SYSTEM_BUS_ADDRESS");
	char path[256];
	sd_bus *bus = NULL;
	int fd = -1, r;

	if (address && sscanf(address, "unix:path=%255[^;]", path) == 1)
		fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	r = fd < 0 ? -errno : sd_bus_new(&bus);
	if (r >= 0)
		r = sd_bus_set_fd(bus, fd, fd);
	if (r >= 0)
		r = sd_bus_set_bus_client(bus, 1);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r >= 0)
		r = echo(bus, "given");
	tap(r >= 0, "edges.node_that_the_program_opened_becomes_a_connection", "%d", r);
	sd_bus_flush_close_unref(bus);
}

static void test_socket_as_descriptor(void)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus *bus = open_bus();
	int fds[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return;
	r = sd_bus_call_method(bus, NAME, SERVICE_PATH, SERVICE_INTERFACE, "ReadFd", &error, NULL,
			       "h", fds[0]);
	tap(r < 0 && sd_bus_error_has_name(&error, "org.freedesktop.DBus.Error.NotSupported"),
	    "edges.socket_cannot_be_passed_and_the_caller_learns_it", "%d %s", r, error.name);
	tap(echo(bus, "alive") == 0, "edges.connection_survives_what_it_cannot_pass", "%d", 0);
	sd_bus_error_free(&error);
	close(fds[0]);
	close(fds[1]);
	sd_bus_flush_close_unref(bus);
}

static void test_killed_service(pid_t pid)
{
	sd_bus *bus = open_bus();
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL;
	uint64_t cookie;
	int r;

	r = sd_bus_message_new_method_call(bus, &m, NAME, SERVICE_PATH, SERVICE_INTERFACE, "Never");
	if (r >= 0)
		r = sd_bus_send(bus, m, &cookie);
	if (r >= 0)
		r = sd_bus_flush(bus);
	sd_bus_message_unref(m);
	/* The service has this call when it answers the next one. */
	if (r >= 0)
		r = echo(bus, "alive");
	tap(r >= 0, "edges.unanswered_call_holds_up_nothing", "%d", r);
	kill(pid, SIGSTOP);
	m = NULL;
	sd_bus_message_new_method_call(bus, &m, NAME, SERVICE_PATH, SERVICE_INTERFACE, "Never");
	sd_bus_send(bus, m, &cookie);
	sd_bus_message_unref(m);
	sd_bus_flush(bus);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	r = sd_bus_call_method(bus, NAME, SERVICE_PATH, SERVICE_INTERFACE, "Echo", &error, NULL,
			       "s", "dead");
	tap(r < 0 && sd_bus_error_has_name(&error, "org.freedesktop.DBus.Error.ServiceUnknown"),
	    "edges.killed_service_is_gone", "%d %s", r, error.name);
	sd_bus_error_free(&error);
	sd_bus_flush_close_unref(bus);
}

int main(int argc, char **argv)
{
	pid_t pid;

	if (argc < 2)
		return 2;
	pid = service_start(argv[1], NAME);
	if (pid < 0)
		return 2;
	test_socket();
	test_blocking();
	test_blocking_read();
	test_fork();
	test_takeover();
	test_given_descriptor();
	test_socket_as_descriptor();
	test_killed_service(pid);
	return tap_end();
}
