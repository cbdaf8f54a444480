// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * peer-dbus-daemon.c - the same calls over a dbus-daemon of our own
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dbus-call.h"
#include "peer.h"

#define CALL_TIMEOUT_MS	25000

/* As open as a session bus: what costs time here is the daemon, not a long policy. */
static const char config[] =
	"<busconfig>"
	"<type>session</type>"
	"<listen>unix:tmpdir=/tmp</listen>"
	"<auth>EXTERNAL</auth>"
	/* Where instructions are counted, the clock leaps while the daemon waits for a file. */
	"<limit name='auth_timeout'>2000000000</limit>"
	"<policy context='default'>"
	"<allow send_destination='*'/><allow receive_sender='*'/><allow own='*'/>"
	"</policy>"
	"</busconfig>";

struct dbus_daemon {
	pid_t pid;			/* of the daemon, 0 if there is none */
	char address[256];
	DBusConnection *connection;	/* of whichever process looks at it */
	struct dbus_call call;
};

static void exec_daemon(int address_fd)
{
	char config_option[64], address_option[64];
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (peer_preempt_clients() < 0)
		_exit(1);
	fd = memfd_create("dbus-daemon.conf", 0);
	if (fd < 0 || write(fd, config, strlen(config)) != (ssize_t)strlen(config))
		_exit(1);
	snprintf(config_option, sizeof(config_option), "--config-file=/proc/self/fd/%d", fd);
	snprintf(address_option, sizeof(address_option), "--print-address=%d", address_fd);
	execlp("dbus-daemon", "dbus-daemon", config_option, address_option, "--nofork", NULL);
	_exit(1);
}

static int start_daemon(struct dbus_daemon *d)
{
	ssize_t n;
	int fds[2];
	pid_t pid;

	if (pipe(fds) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		exec_daemon(fds[1]);
	}
	close(fds[1]);
	n = pid > 0 ? read(fds[0], d->address, sizeof(d->address) - 1) : -1;
	close(fds[0]);
	if (pid > 0)
		d->pid = pid;
	if (n <= 0)
		return -ENOENT;
	d->address[n] = '\0';
	d->address[strcspn(d->address, "\n")] = '\0';
	return 0;
}

static void close_connection(struct dbus_daemon *d)
{
	if (!d->connection)
		return;
	dbus_connection_close(d->connection);
	dbus_connection_unref(d->connection);
}

static void dbus_daemon_close(void *state)
{
	struct dbus_daemon *d = state;

	close_connection(d);
	if (d->pid) {
		kill(d->pid, SIGKILL);
		waitpid(d->pid, NULL, 0);
	}
	dbus_call_deinit(&d->call);
	free(d);
}

static int dbus_daemon_open(const struct peer_options *options, void **ret_state)
{
	struct dbus_daemon *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	r = dbus_call_init(&d->call, options->method);
	if (r == 0)
		r = start_daemon(d);
	if (r < 0) {
		dbus_daemon_close(d);
		return r;
	}
	*ret_state = d;
	return 0;
}

/*
 * What dbus_bus_register() does, which waits for 25 s only: on a busy machine the clock leaps further while
 * the daemon loads what it needs for its first client.
 */
static int say_hello(DBusConnection *connection)
{
	DBusMessage *reply, *hello = dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS,
								  DBUS_INTERFACE_DBUS, "Hello");
	const char *name;
	int r = -ECONNREFUSED;

	if (!hello)
		return -ENOMEM;
	reply = dbus_connection_send_with_reply_and_block(connection, hello, DBUS_TIMEOUT_INFINITE,
							  NULL);
	dbus_message_unref(hello);
	if (!reply)
		return r;
	if (dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID))
		r = dbus_bus_set_unique_name(connection, name) ? 0 : -ENOMEM;
	dbus_message_unref(reply);
	return r;
}

static int connect_to_daemon(struct dbus_daemon *d)
{
	d->connection = dbus_connection_open_private(d->address, NULL);
	if (!d->connection)
		return -ECONNREFUSED;
	dbus_connection_set_exit_on_disconnect(d->connection, false);
	return say_hello(d->connection);
}

static int dbus_daemon_serve(void *state, int ready_fd)
{
	struct dbus_daemon *d = state;
	DBusMessage *call, *reply;
	int r;

	r = connect_to_daemon(d);
	if (r < 0)
		return r;
	if (dbus_bus_request_name(d->connection, SAMPLE_NAME, DBUS_NAME_FLAG_DO_NOT_QUEUE,
				  NULL) != DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER)
		return -EEXIST;
	r = peer_ready(ready_fd, 0);
	while (r == 0 && dbus_connection_read_write(d->connection, -1)) {
		while ((call = dbus_connection_pop_message(d->connection))) {
			if (dbus_message_get_type(call) == DBUS_MESSAGE_TYPE_METHOD_CALL) {
				reply = sample_handle(call, NULL);
				if (!reply || !dbus_connection_send(d->connection, reply, NULL))
					return -ENOMEM;
				dbus_message_unref(reply);
			}
			dbus_message_unref(call);
		}
		dbus_connection_flush(d->connection);
	}
	return r < 0 ? r : -ECONNRESET;
}

static int dbus_daemon_attach(void *state, uint64_t address)
{
	(void)address;
	return connect_to_daemon(state);
}

static int dbus_daemon_call(void *state)
{
	struct dbus_daemon *d = state;
	DBusMessage *message, *reply;
	DBusPendingCall *pending;
	int r;

	message = dbus_call_new_message(&d->call, false);
	if (!message)
		return -ENOMEM;
	/* Not the ..._and_block() variant: that turns an error reply into another thing. */
	if (!dbus_connection_send_with_reply(d->connection, message, &pending, CALL_TIMEOUT_MS) ||
	    !pending) {
		dbus_message_unref(message);
		return -ENOMEM;
	}
	dbus_message_unref(message);
	dbus_pending_call_block(pending);
	reply = dbus_pending_call_steal_reply(pending);
	dbus_pending_call_unref(pending);
	if (!reply)
		return -ETIMEDOUT;
	r = dbus_call_check_reply(&d->call, reply);
	dbus_message_unref(reply);
	return r;
}

const struct peer peer_dbus_daemon = {
	.name = "libdbus over dbus-daemon",
	.open = dbus_daemon_open,
	.serve = dbus_daemon_serve,
	.attach = dbus_daemon_attach,
	.call = dbus_daemon_call,
	.close = dbus_daemon_close,
};
