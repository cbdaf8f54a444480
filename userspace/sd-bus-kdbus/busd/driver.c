// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * driver.c - the part of org.freedesktop.DBus that one process answers for all
 *
 * Each client's library answers what it can by itself. What arrives here changes or tells something
 * that only the owner of the bus knows.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <linux/kdbus.h>

#include "../core/body.h"
#include "../core/build.h"
#include "../core/error.h"
#include "../core/match.h"
#include "../core/matchset.h"
#include "../core/names.h"
#include "../core/query.h"
#include "activator.h"
#include "log.h"

#define STATS_INTERFACE		"org.freedesktop.DBus.Debug.Stats"
#define START_ALREADY_RUNNING	2
#define MESSAGES_AT_ONCE	64	/* then others have their turn */

#define WATCH_RULE							\
	"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged'"

/* A method call in work. */
struct call {
	struct busd *busd;
	const struct kbus_incoming *in;
	struct kbus_reader reader;	/* at the first argument */
};


struct method {
	const char *interface;
	const char *member;
	const char *signature;
	bool privileged;		/* root and the owner of the bus only */
	int (*run)(struct call *call);
};

static int send_fields(struct busd *busd, uint64_t to, struct kbus_fields *fields,
		       struct kbus_writer *body)
{
	char destination[KBUS_UNIQUE_MAX];
	uint8_t *data;
	size_t size;
	int r;

	kbus_unique_format(destination, to);
	fields->destination = destination;
	fields->sender = KBUS_DRIVER_NAME;
	fields->flags = KBUS_NO_REPLY_EXPECTED;
	fields->serial = kbus_conn_next_serial(busd->driver);
	r = kbus_build(body, fields, &data, &size);
	if (r < 0)
		return r;
	r = kbus_conn_send_data(busd->driver, data, size);
	free(data);
	return r;
}

/**
 * driver_reply() - answer a call with a number
 * @busd: the daemon
 * @to: connection of the caller
 * @serial: of the call
 * @value: the answer
 *
 * Return: 0 or -errno.
 */
int driver_reply(struct busd *busd, uint64_t to, uint32_t serial, uint32_t value)
{
	struct kbus_fields fields = {
		.type = KBUS_METHOD_RETURN,
		.reply_serial = serial,
		.signature = "u",
	};
	struct kbus_writer body = { 0 };

	kbus_put_u32(&body, value);
	return send_fields(busd, to, &fields, &body);
}

/**
 * driver_reply_error() - answer a call with an error
 * @busd: the daemon
 * @to: connection of the caller
 * @serial: of the call
 * @name: of the error
 * @text: for people
 *
 * Return: 0 or -errno.
 */
int driver_reply_error(struct busd *busd, uint64_t to, uint32_t serial, const char *name,
		       const char *text)
{
	struct kbus_fields fields = {
		.type = KBUS_ERROR,
		.reply_serial = serial,
		.error_name = name,
		.signature = "s",
	};
	struct kbus_writer body = { 0 };

	kbus_put_string(&body, text);
	return send_fields(busd, to, &fields, &body);
}

static bool wants_reply(const struct call *call)
{
	return !(call->in->header.flags & KBUS_NO_REPLY_EXPECTED);
}

static int reply_body(struct call *call, const char *signature, struct kbus_writer *body)
{
	struct kbus_fields fields = {
		.type = KBUS_METHOD_RETURN,
		.reply_serial = call->in->header.serial,
		.signature = signature,
	};

	if (!wants_reply(call)) {
		kbus_writer_deinit(body);
		return 0;
	}
	return send_fields(call->busd, call->in->src_id, &fields, body);
}

static int refuse(struct call *call, const char *name, const char *text)
{
	if (!wants_reply(call))
		return 0;
	return driver_reply_error(call->busd, call->in->src_id, call->in->header.serial, name,
				  text);
}

/* StartServiceByName(name, flags): flags are for nothing, as in all buses. */
static int run_start(struct call *call)
{
	struct activator *activator;
	uint64_t id, flags;
	const char *name;
	int r;

	r = kbus_read_string(&call->reader, &name, NULL);
	if (r < 0)
		return r;
	r = kbus_name_owner(call->busd->driver, name, &id, &flags);
	if (!r && !(flags & KDBUS_HELLO_ACTIVATOR)) {
		if (!wants_reply(call))
			return 0;
		return driver_reply(call->busd, call->in->src_id, call->in->header.serial,
				    START_ALREADY_RUNNING);
	}
	activator = activator_find(call->busd, name);
	if (!activator)
		return refuse(call, KBUS_ERROR_PREFIX "ServiceUnknown",
			      "No .service file provides this name");
	if (wants_reply(call)) {
		r = activator_add_waiter(activator, call->in->src_id, call->in->header.serial);
		if (r < 0)
			return r;
	}
	activator_start(activator);
	return 0;
}

static int set_variables(struct call *call, char ***assignments)
{
	struct kbus_array array;
	const char *name, *value;
	int r;

	r = kbus_read_array_open(&call->reader, &array);
	while (!r && kbus_read_array_next(&call->reader, &array)) {
		r = kbus_read_struct_open(&call->reader);
		if (!r)
			r = kbus_read_string(&call->reader, &name, NULL);
		if (!r)
			r = kbus_read_string(&call->reader, &value, NULL);
		if (!r)
			r = kbus_read_struct_close(&call->reader);
		if (!r)
			r = environment_set(assignments, name, value);
		if (!r)
			r = environment_set(&call->busd->environment, name, value);
	}
	return r;
}

/* UpdateActivationEnvironment(variables) */
static int run_environment(struct call *call)
{
	struct kbus_writer none = { 0 };
	char **assignments = NULL;
	int r;

	r = set_variables(call, &assignments);
	if (!r && assignments) {
		r = manager_set_environment(call->busd, assignments);
		if (r == -ENOTCONN)
			r = 0;
	}
	environment_free(assignments);
	if (r == -EINVAL)
		return refuse(call, KBUS_ERROR_PREFIX "InvalidArgs",
			      "A variable with an impossible name");
	return r < 0 ? r : reply_body(call, "", &none);
}

static int run_reload(struct call *call)
{
	struct kbus_writer none = { 0 };
	int r;

	r = busd_reload(call->busd);
	return r < 0 ? r : reply_body(call, "", &none);
}

/* What is counted for statistics. */
struct count {
	uint64_t only_id;	/* of this connection; 0 of all */
	uint64_t last_id;
	uint32_t connections, names, activatable;
};

static int count_record(void *context, uint64_t id, uint64_t hello_flags, const char *name,
			uint64_t name_flags)
{
	struct count *count = context;

	if (count->only_id && id != count->only_id)
		return 0;
	if (hello_flags & (KDBUS_HELLO_ACTIVATOR | KDBUS_HELLO_POLICY_HOLDER)) {
		count->activatable += (hello_flags & KDBUS_HELLO_ACTIVATOR) != 0;
		return 0;
	}
	/* All records of a connection follow each other. */
	if (id != count->last_id)
		count->connections++;
	count->last_id = id;
	count->names += name && !(name_flags & KDBUS_NAME_IN_QUEUE);
	return 0;
}

static int count_all(struct call *call, struct count *count)
{
	return kbus_list(call->busd->driver, KDBUS_LIST_UNIQUE | KDBUS_LIST_NAMES |
			 KDBUS_LIST_ACTIVATORS, count_record, count);
}

static void put_number(struct kbus_writer *body, const char *key, uint32_t value)
{
	kbus_put_struct(body);
	kbus_put_string(body, key);
	kbus_put_signature(body, "u");
	kbus_put_u32(body, value);
}

static int run_stats(struct call *call)
{
	struct kbus_writer body = { 0 };
	struct count count = { 0 };
	int r;

	r = count_all(call, &count);
	if (r < 0)
		return r;
	kbus_put_array_open(&body, '{');
	put_number(&body, "ActiveConnections", count.connections);
	put_number(&body, "BusNames", count.connections + count.names);
	put_number(&body, "ActivatableNames", count.activatable);
	kbus_put_array_close(&body);
	return reply_body(call, "a{sv}", &body);
}

static int run_connection_stats(struct call *call)
{
	struct kbus_writer body = { 0 };
	struct count count = { 0 };
	char unique[KBUS_UNIQUE_MAX];
	const char *name;
	int r;

	r = kbus_read_string(&call->reader, &name, NULL);
	if (r < 0)
		return r;
	if (!kbus_unique_parse(name, &count.only_id) &&
	    kbus_name_owner(call->busd->driver, name, &count.only_id, NULL) < 0)
		count.only_id = 0;
	if (count.only_id) {
		r = count_all(call, &count);
		if (r < 0)
			return r;
	}
	if (!count.connections)
		return refuse(call, KBUS_ERROR_PREFIX "NameHasNoOwner", "Nobody has this name");
	kbus_unique_format(unique, count.only_id);
	kbus_put_array_open(&body, '{');
	kbus_put_struct(&body);
	kbus_put_string(&body, "UniqueName");
	kbus_put_signature(&body, "s");
	kbus_put_string(&body, unique);
	put_number(&body, "BusNames", count.names);
	kbus_put_array_close(&body);
	return reply_body(call, "a{sv}", &body);
}

static const struct method methods[] = {
	{ KBUS_DRIVER_INTERFACE, "StartServiceByName", "su", false, run_start },
	{ KBUS_DRIVER_INTERFACE, "UpdateActivationEnvironment", "a{ss}", true, run_environment },
	{ KBUS_DRIVER_INTERFACE, "ReloadConfig", "", true, run_reload },
	{ STATS_INTERFACE, "GetStats", "", true, run_stats },
	{ STATS_INTERFACE, "GetConnectionStats", "s", true, run_connection_stats },
};

/* What the kernel attached says who sends; a connection with faked credentials has none. */
static bool is_privileged(const struct kbus_incoming *in)
{
	const struct kdbus_item *item;

	if (!in->msg)
		return false;
	KBUS_FOREACH_ITEM(item, in->msg)
		if (item->type == KDBUS_ITEM_CREDS)
			return item->creds.euid == 0 || item->creds.euid == geteuid();
	return false;
}

static const struct method *find_method(const struct kbus_header *header)
{
	size_t i;

	for (i = 0; header->member && i < sizeof(methods) / sizeof(*methods); i++)
		if (!strcmp(methods[i].member, header->member) &&
		    (!header->interface || !strcmp(methods[i].interface, header->interface)))
			return &methods[i];
	return NULL;
}

static int dispatch(struct call *call)
{
	const struct kbus_header *header = &call->in->header;
	const struct method *method = find_method(header);
	int r;

	if (!method)
		return refuse(call, KBUS_ERROR_PREFIX "UnknownMethod",
			      "The bus has no such method");
	if (strcmp(method->signature, header->signature))
		return refuse(call, KBUS_ERROR_PREFIX "InvalidArgs",
			      "The method has other arguments");
	if (method->privileged && !is_privileged(call->in))
		return refuse(call, KBUS_ERROR_PREFIX "AccessDenied",
			      "Only root and the owner of the bus may do this");
	kbus_reader_init(&call->reader, header, call->in->body);
	r = method->run(call);
	if (r < 0)
		return refuse(call, kbus_error_of_errno(r), strerror(-r));
	return 0;
}

static void on_message(struct busd *busd, const struct kbus_incoming *in)
{
	struct call call = { .busd = busd, .in = in };
	int r;

	if (in->header.type == KBUS_SIGNAL && in->src_id == KDBUS_SRC_ID_KERNEL)
		return activators_check_owners(busd);
	if (in->header.type != KBUS_METHOD_CALL)
		return;
	r = dispatch(&call);
	if (r < 0)
		log_info(":1.%llu cannot be answered: %s", (unsigned long long)in->src_id,
			 strerror(-r));
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct busd *busd = userdata;
	struct kbus_incoming in;
	int i, r;

	(void)source;
	(void)fd;
	if (events & (EPOLLERR | EPOLLHUP)) {
		log_error("the bus is gone");
		return sd_event_exit(busd->event, EXIT_FAILURE);
	}
	for (i = 0; i < MESSAGES_AT_ONCE; i++) {
		r = kbus_conn_recv(busd->driver, &in);
		if (r == -EAGAIN)
			break;
		if (r < 0) {
			log_error("a message cannot be received: %s", strerror(-r));
			break;
		}
		on_message(busd, &in);
		kbus_conn_release(busd->driver, &in);
	}
	return 0;
}

static void on_dropped(void *context, enum kbus_reason reason, uint64_t src_id, const char *detail)
{
	(void)context;
	log_info("message of :1.%llu dropped: %s%s%s", (unsigned long long)src_id,
		 kbus_reason_text(reason), detail ? ": " : "", detail ? detail : "");
}

/* Hear of each change of an owner; it tells when a started service is there. */
static int watch_names(struct kbus_conn *conn)
{
	struct kbus_match *match;
	uint64_t cookie = ++conn->last_cookie;
	struct kbus_match_entry *entry;
	int r;

	r = kbus_match_parse(WATCH_RULE, strlen(WATCH_RULE), &match);
	if (r < 0)
		return r;
	r = kbus_match_install(conn, match, cookie);
	if (r < 0) {
		kbus_match_free(match);
		return r;
	}
	r = kbus_matchset_add(conn->matches, match, cookie, &entry);
	if (r < 0)
		kbus_match_free(match);
	return r;
}

/**
 * driver_open() - connect to the own bus as org.freedesktop.DBus
 * @busd: the daemon, whose bus exists
 *
 * Return: 0 or -errno.
 */
int driver_open(struct busd *busd)
{
	const struct kbus_options options = {
		.attach_recv = KDBUS_ATTACH_CREDS,
		.description = "kdbus-busd",
		.is_driver = true,
		.log = on_dropped,
	};
	int r;

	r = kbus_conn_open(busd->endpoint, &options, &busd->driver);
	if (r >= 0)
		r = watch_names(busd->driver);
	if (r >= 0)
		r = kbus_name_acquire(busd->driver, KBUS_DRIVER_NAME, 0, NULL);
	if (r >= 0)
		r = sd_event_add_io(busd->event, &busd->driver_source, busd->driver->fd, EPOLLIN,
				    on_readable, busd);
	if (r < 0)
		driver_close(busd);
	return r < 0 ? r : 0;
}

/**
 * driver_close() - disconnect
 * @busd: the daemon
 */
void driver_close(struct busd *busd)
{
	busd->driver_source = sd_event_source_disable_unref(busd->driver_source);
	busd->driver = kbus_conn_free(busd->driver);
}
