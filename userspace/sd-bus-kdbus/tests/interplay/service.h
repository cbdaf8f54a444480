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
#include <stdio.h>
#include <string.h>
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
