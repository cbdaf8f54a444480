// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * spawn.c - start a service by its command line, where no service manager does it
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "activator.h"
#include "log.h"

/* What a child says before it gives up. */
struct spawn_failure {
	int error;		/* errno */
	bool user;		/* it could not become its user; else the program could not be run */
};

static void fail_early(struct activator *activator, const struct spawn_failure *failure)
{
	if (failure->user)
		activator_fail(activator, "Spawn.FailedToSetup", "the user %s: %s",
			       activator->service.user, failure->error == ESRCH ?
			       "there is none" : strerror(failure->error));
	else
		activator_fail(activator, "Spawn.ExecFailed", "%s: %s", activator->service.exec,
			       strerror(failure->error));
}

/*
 * A process that ends before its name is taken has failed, unless it says that all is well: then it left a child
 * behind, as daemons do, which has the rest of the time to take the name.
 */
static int on_exit_of_child(sd_event_source *source, const siginfo_t *info, void *userdata)
{
	struct activator *activator = userdata;
	struct spawn_failure failure;

	(void)source;
	activator->child = sd_event_source_disable_unref(activator->child);
	if (activator_check_owner(activator))
		return 0;
	if (read(activator->failure, &failure, sizeof(failure)) == sizeof(failure))
		fail_early(activator, &failure);
	else if (info->si_code == CLD_EXITED && info->si_status == 0)
		return 0;
	else if (info->si_code == CLD_EXITED)
		activator_fail(activator, "Spawn.ChildExited", "the process ended with status %d", info->si_status);
	else
		activator_fail(activator, "Spawn.ChildSignaled",
			       "the process was ended by signal %d", info->si_status);
	return 0;
}

/* In the child: become the user. Services of a system bus always run as what their file says. */
static int become(const char *name)
{
	const struct passwd *user = getpwnam(name);

	if (!user)
		return -ESRCH;
	if (initgroups(name, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 ||
	    setuid(user->pw_uid) < 0)
		return -errno;
	return 0;
}

/* In the child: no return. @report closes when the program runs. */
static void run(const struct activator *activator, char **argv, char **environment, int report)
{
	const struct busd *busd = activator->busd;
	struct spawn_failure failure;
	sigset_t none;
	int null, r = 0;

	/* The loop blocks the signals it reads; a service starts without that. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	null = open("/dev/null", O_RDWR);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		if (null > STDERR_FILENO)
			close(null);
	}
	if (busd->system && geteuid() == 0)
		r = become(activator->service.user);
	failure.user = r != 0;
	if (r == 0) {
		execvpe(argv[0], argv, environment);
		r = -errno;
	}
	failure.error = -r;
	/* Who started us logs it; if this fails, our status is all that he knows. */
	if (write(report, &failure, sizeof(failure)) < 0)
		_exit(126);
	_exit(127);
}

/* The daemon's environment without what was meant for the daemon alone, and what buses add. */
static int make_environment(struct busd *busd, char ***ret)
{
	static const char * const addresses[] = {
		"DBUS_STARTER_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS", "DBUS_SESSION_BUS_ADDRESS",
	};
	char **list = NULL, address[512], **entry, *equals;
	int r = 0;

	for (entry = environ; !r && entry && *entry; entry++) {
		if (!strncmp(*entry, "NOTIFY_SOCKET=", 14) || !strncmp(*entry, "LISTEN_", 7) ||
		    !strncmp(*entry, "WATCHDOG_", 9) || !strchr(*entry, '='))
			continue;
		equals = strchr(*entry, '=');
		*equals = '\0';
		r = environment_set(&list, *entry, equals + 1);
		*equals = '=';
	}
	snprintf(address, sizeof(address), "unix:path=%s", busd->endpoint);
	if (!r)
		r = environment_set(&list, addresses[0], address);
	if (!r)
		r = environment_set(&list, addresses[busd->system ? 1 : 2], address);
	if (!r)
		r = environment_set(&list, "DBUS_STARTER_BUS_TYPE",
				    busd->system ? "system" : "session");
	if (!r && busd->bridge)
		r = environment_set(&list, "LD_PRELOAD", busd->bridge);
	for (entry = busd->environment; !r && entry && *entry; entry++) {
		equals = strchr(*entry, '=');
		*equals = '\0';
		r = environment_set(&list, *entry, equals + 1);
		*equals = '=';
	}
	if (r < 0) {
		environment_free(list);
		return r;
	}
	*ret = list;
	return 0;
}

/**
 * spawn_start() - run the command line of an activator's service
 * @activator: its service has one
 *
 * The end is told to the activator later.
 *
 * Return: 0, -EACCES on a system bus for a service without a user, -EBADMSG for a command line that
 * cannot be split, or -errno.
 */
int spawn_start(struct activator *activator)
{
	struct busd *busd = activator->busd;
	char **argv = NULL, **environment = NULL;
	int report[2] = { -1, -1 };
	pid_t pid;
	int r;

	if (busd->system && !activator->service.user)
		return -EACCES;
	r = command_line_split(activator->service.exec, &argv);
	if (r < 0)
		return r;
	r = make_environment(busd, &environment);
	if (!r && pipe2(report, O_CLOEXEC | O_NONBLOCK) < 0)
		r = -errno;
	if (!r) {
		activator->failure = report[0];
		pid = fork();
		if (!pid)
			run(activator, argv, environment, report[1]);
		close(report[1]);
		if (pid < 0)
			r = -errno;
		else
			r = sd_event_add_child(busd->event, &activator->child, pid, WEXITED,
					       on_exit_of_child, activator);
	}
	environment_free(environment);
	command_line_free(argv);
	return r < 0 ? r : 0;
}
