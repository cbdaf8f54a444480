/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service.h - what the three services of the tests have in common
 *
 * Each offers the interface org.example.Interplay at /org/example/Interplay with the means of its
 * library: methods Echo(s)s, EchoBytes(ay)ay, Fail(s), ReadFd(h)s, GiveFd(s)h, Emit(s), Sender()s,
 * Never(), Die(); signal Happened(s); property Value, a string that can be written.
 */
#ifndef KDBUS_INTERPLAY_SERVICE_H
#define KDBUS_INTERPLAY_SERVICE_H

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERVICE_PATH		"/org/example/Interplay"
#define SERVICE_INTERFACE	"org.example.Interplay"
#define SERVICE_ERROR		"org.example.Error.Wanted"

/* Who started the service reads one line. */
static inline void service_is_ready(void)
{
	puts("ready");
	fflush(stdout);
}

static inline void service_stop(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Start @program as the service @name, and wait until it has that: its pid; -1 if nothing runs. */
static inline pid_t service_start(const char *program, const char *name)
{
	char line[16] = "";
	int fds[2];
	pid_t pid;

	if (pipe(fds) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		close(fds[1]);
		execl(program, program, name, NULL);
		_exit(127);
	}
	close(fds[1]);
	if (read(fds[0], line, sizeof(line) - 1) <= 0 || strcmp(line, "ready\n") != 0) {
		fprintf(stderr, "%s is not ready\n", name);
		service_stop(pid);
		pid = -1;
	}
	close(fds[0]);
	return pid;
}

/* What can be read from a descriptor, as text. */
static inline void text_of_fd(int fd, char *text, size_t size)
{
	ssize_t n = read(fd, text, size - 1);

	text[n > 0 ? n : 0] = '\0';
}

/* A descriptor from which @text can be read. */
static inline int fd_of_text(const char *text)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	if (write(fds[1], text, strlen(text)) < 0)
		perror("pipe");
	close(fds[1]);
	return fds[0];
}

#endif /* KDBUS_INTERPLAY_SERVICE_H */
