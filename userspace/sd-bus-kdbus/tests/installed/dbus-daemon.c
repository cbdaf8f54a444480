// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * dbus-daemon.c - plays dbus-daemon for tests that start one: a bus of its own in the kernel
 *
 * usage: dbus-daemon [OPTION...], those of the real one that tests use
 *
 * Prints the address when kdbus-busd says that the bus is ready, stays until it is ended, and takes the bus
 * with it. Each start makes another bus. KDBUS_TEST_BUILD is the build directory of
 * userspace/sd-bus-kdbus, and services that the bus starts get the bridge from there.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t daemon_pid;

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("dbus-daemon: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(1);
}

__attribute__((format(printf, 1, 2))) static char *text(const char *format, ...)
{
	va_list arguments;
	char *made;

	va_start(arguments, format);
	if (vasprintf(&made, format, arguments) < 0)
		die("no memory");
	va_end(arguments);
	return made;
}

static void end_daemon(int number)
{
	(void)number;
	kill(daemon_pid, SIGKILL);
	_exit(0);
}

/* A socket on which the daemon will say that it is ready, in the abstract name space. */
static int listen_for_notice(char **ret_address)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), n;

	n = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "kdbus-test-%d", getpid());
	if (fd < 0 || bind(fd, (struct sockaddr *)&address,
			   offsetof(struct sockaddr_un, sun_path) + 1 + n) < 0)
		die("socket: %s", strerror(errno));
	*ret_address = text("@%s", address.sun_path + 1);
	return fd;
}

/* The daemon, which ends with us. It has connections of its own, to the kernel, and wants no bridge for them. */
static void start(const char *build, const char *config, const char *notify)
{
	char *arguments[] = {
		text("%s/busd/kdbus-busd", build), "--user", text("--name=test-%d", getpid()),
		"--manager=none", text("--bridge=%s/bridge/libsd-bus-kdbus.so", build),
		config ? text("--config=%s", config) : NULL, NULL,
	};

	daemon_pid = fork();
	if (daemon_pid < 0)
		die("fork: %s", strerror(errno));
	if (daemon_pid > 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setenv("NOTIFY_SOCKET", notify, 1);
	unsetenv("LD_PRELOAD");
	dup2(STDERR_FILENO, STDOUT_FILENO);
	execv(arguments[0], arguments);
	_exit(127);
}

/* Until the daemon is ready, or has ended without. */
static void wait_until_ready(int notice_fd)
{
	struct pollfd fds[] = {
		{ .fd = notice_fd, .events = POLLIN },
		{ .fd = syscall(SYS_pidfd_open, daemon_pid, 0), .events = POLLIN },
	};
	char notice[4096];
	ssize_t n;

	if (fds[1].fd < 0)
		die("pidfd_open: %s", strerror(errno));
	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			die("poll: %s", strerror(errno));
		n = fds[0].revents ? recv(notice_fd, notice, sizeof(notice) - 1, 0) : 0;
		if (n > 0) {
			notice[n] = '\0';
			if (strstr(notice, "READY=1"))
				break;
		} else if (fds[1].revents) {
			die("kdbus-busd did not start");
		}
	}
	close(fds[1].fd);
}

static void print(int fd, const char *line)
{
	if (fd >= 0 && write(fd, line, strlen(line)) != (ssize_t)strlen(line))
		die("write: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	/* What has no meaning here is taken all the same. */
	enum { CONFIG = 1, ADDRESS_FD, PID_FD, IGNORED };
	static const struct option options[] = {
		{ "config-file", required_argument, NULL, CONFIG },
		{ "print-address", optional_argument, NULL, ADDRESS_FD },
		{ "print-pid", optional_argument, NULL, PID_FD },
		{ "address", required_argument, NULL, IGNORED },
		{ "session", no_argument, NULL, IGNORED },
		{ "systemd-activation", no_argument, NULL, IGNORED },
		{ "nofork", no_argument, NULL, IGNORED },
		{ "nopidfile", no_argument, NULL, IGNORED },
		{ "nosyslog", no_argument, NULL, IGNORED },
		{ "syslog-only", no_argument, NULL, IGNORED },
		{ NULL, 0, NULL, 0 },
	};
	const char *config = NULL, *build = getenv("KDBUS_TEST_BUILD");
	int option, address_fd = -1, pid_fd = -1, notice_fd;
	char *notify;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == CONFIG)
			config = optarg;
		else if (option == ADDRESS_FD)
			address_fd = optarg ? atoi(optarg) : STDOUT_FILENO;
		else if (option == PID_FD)
			pid_fd = optarg ? atoi(optarg) : STDOUT_FILENO;
		else if (option != IGNORED)
			return 1;
	}
	if (!build)
		die("KDBUS_TEST_BUILD is not set");
	notice_fd = listen_for_notice(&notify);
	start(build, config, notify);
	wait_until_ready(notice_fd);
	close(notice_fd);
	signal(SIGTERM, end_daemon);
	print(pid_fd, text("%d\n", getpid()));
	print(address_fd, text("unix:path=/dev/kdbus/%u-test-%d/bus\n", geteuid(), getpid()));
	while (waitpid(daemon_pid, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}
