// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * with-bus.c - make a bus, run a command, and let the bus go when the command is done
 *
 * usage: with-bus [--control FILE] NAME COMMAND [ARGUMENT...]
 *
 * NAME without the uid: the bus is <uid>-NAME, open to everyone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../core/query.h"

int main(int argc, char **argv)
{
	const char *control = "/dev/kdbus/control";
	char name[128];
	int fd, status;
	pid_t pid;

	if (argc > 2 && strcmp(argv[1], "--control") == 0) {
		control = argv[2];
		argv += 2;
		argc -= 2;
	}
	if (argc < 3) {
		fprintf(stderr, "usage: with-bus [--control FILE] NAME COMMAND [ARGUMENT...]\n");
		return 2;
	}
	snprintf(name, sizeof(name), "%u-%s", (unsigned int)geteuid(), argv[1]);
	fd = kbus_bus_make(control, name, KDBUS_MAKE_ACCESS_WORLD);
	if (fd < 0) {
		fprintf(stderr, "with-bus: %s: %s\n", name, strerror(-fd));
		return 2;
	}
	pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		perror("with-bus");
		return 2;
	}
	close(fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
