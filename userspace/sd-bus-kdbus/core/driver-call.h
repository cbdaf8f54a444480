/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* driver-call.h - what the parts of the in-process driver share */
#ifndef KBUS_DRIVER_CALL_H
#define KBUS_DRIVER_CALL_H

#include "body.h"
#include "build.h"
#include "driver.h"
#include "error.h"
#include "internal.h"
#include "names.h"
#include "query.h"

/**
 * struct kbus_driver_call - a call to the bus that is being answered
 * @conn: who calls
 * @header: of the call
 * @body: of the call
 * @args: its arguments; their types are as the method wants them
 * @reply: what the answer says; its types are the method's
 * @fds: descriptors that go with the answer; owned
 * @n_fds: entries at @fds
 * @error: name of the error that is the answer, or NULL
 * @text: text of that error
 * @is_answered: there is nothing more to send
 */
struct kbus_driver_call {
	struct kbus_conn *conn;
	const struct kbus_header *header;
	const void *body;
	struct kbus_reader args;
	struct kbus_writer reply;
	int fds[1];
	size_t n_fds;
	const char *error;
	char text[KBUS_NAME_MAX + 128];
	bool is_answered;
};

/**
 * struct kbus_driver_method - a method of the bus
 * @interface: its interface
 * @member: its name
 * @in: types of its arguments
 * @out: types of its results
 * @run: answers; 0, or -errno for the error of that name. Reads @args, which fit @in
 */
struct kbus_driver_method {
	const char *interface;
	const char *member;
	const char *in;
	const char *out;
	int (*run)(struct kbus_driver_call *call);
};

/**
 * struct kbus_driver_signal - a signal of the bus
 * @member: its name, in %KBUS_DRIVER_INTERFACE
 * @types: types of its arguments
 */
struct kbus_driver_signal {
	const char *member;
	const char *types;
};

#define KBUS_INTERFACE_PEER		"org.freedesktop.DBus.Peer"
#define KBUS_INTERFACE_INTROSPECTABLE	"org.freedesktop.DBus.Introspectable"
#define KBUS_INTERFACE_PROPERTIES	"org.freedesktop.DBus.Properties"
#define KBUS_INTERFACE_MONITORING	"org.freedesktop.DBus.Monitoring"
#define KBUS_INTERFACE_STATS		"org.freedesktop.DBus.Debug.Stats"

/* All methods and signals; each table ends with an entry that is all NULL. */
extern const struct kbus_driver_method kbus_driver_methods[];
extern const struct kbus_driver_signal kbus_driver_signals[];

int kbus_driver_fail(struct kbus_driver_call *call, const char *error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int kbus_driver_post_signal(struct kbus_conn *conn, const char *member, const char *name);

/* methods, by file */
int kbus_driver_hello(struct kbus_driver_call *call);
int kbus_driver_get_id(struct kbus_driver_call *call);
int kbus_driver_forward(struct kbus_driver_call *call);
int kbus_driver_start_service(struct kbus_driver_call *call);

int kbus_driver_request_name(struct kbus_driver_call *call);
int kbus_driver_release_name(struct kbus_driver_call *call);
int kbus_driver_list_names(struct kbus_driver_call *call);
int kbus_driver_list_activatable(struct kbus_driver_call *call);
int kbus_driver_list_queued(struct kbus_driver_call *call);
int kbus_driver_name_has_owner(struct kbus_driver_call *call);
int kbus_driver_get_name_owner(struct kbus_driver_call *call);

int kbus_driver_get_user(struct kbus_driver_call *call);
int kbus_driver_get_process(struct kbus_driver_call *call);
int kbus_driver_get_credentials(struct kbus_driver_call *call);
int kbus_driver_get_audit(struct kbus_driver_call *call);
int kbus_driver_get_selinux(struct kbus_driver_call *call);

int kbus_driver_add_match(struct kbus_driver_call *call);
int kbus_driver_remove_match(struct kbus_driver_call *call);
int kbus_driver_become_monitor(struct kbus_driver_call *call);

int kbus_driver_ping(struct kbus_driver_call *call);
int kbus_driver_get_machine_id(struct kbus_driver_call *call);
int kbus_driver_introspect(struct kbus_driver_call *call);
int kbus_driver_property_get(struct kbus_driver_call *call);
int kbus_driver_property_get_all(struct kbus_driver_call *call);
int kbus_driver_property_set(struct kbus_driver_call *call);

#endif /* KBUS_DRIVER_CALL_H */
