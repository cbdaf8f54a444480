// SPDX-License-Identifier: LGPL-2.1-or-later
/* wanted.c - which messages the client's rules want, of those that the kernel let through */
#include <errno.h>

#include "internal.h"
#include "names.h"
#include "payload.h"
#include "query.h"

/**
 * struct witness - who looks at a message
 * @conn: the connection
 * @in: the message
 * @has_asked: the next two are known
 * @error: why the kernel does not tell who gets the message, or 0
 * @destination: who gets it, or 0 if nobody has that name
 */
struct witness {
	struct kbus_conn *conn;
	struct kbus_incoming *in;
	bool has_asked;
	int error;
	uint64_t destination;
};

static bool sender_owns_name(void *context, const char *name)
{
	const struct witness *witness = context;

	return kbus_incoming_owns_name(witness->in, name);
}

/* Who has this name now, 0 for nobody; or -errno if the kernel does not tell. */
static int find_owner(struct kbus_conn *conn, const char *name, uint64_t *ret)
{
	int r;

	*ret = 0;
	if (*name == ':') {
		kbus_unique_parse(name, ret);
		return 0;
	}
	r = kbus_name_owner(conn, name, ret, NULL);
	return r == -ESRCH ? 0 : r;
}

/*
 * Who calls ":1.7" calls its well-known names, and the other way round, as far as they still have
 * them. A monitor would rather see a message too many than miss one.
 */
static bool reaches(void *context, const char *name)
{
	struct witness *witness = context;
	uint64_t id;

	if (!witness->has_asked) {
		witness->error = find_owner(witness->conn, witness->in->header.destination,
					    &witness->destination);
		witness->has_asked = true;
	}
	if (witness->error)
		return true;
	if (!witness->destination)
		return false;
	return find_owner(witness->conn, name, &id) < 0 || id == witness->destination;
}

/**
 * kbus_is_wanted() - does the client want to hear this signal, or the monitor to see this message?
 * @conn: the connection
 * @in: the message
 *
 * Return: true if one of its rules wants it.
 */
bool kbus_is_wanted(struct kbus_conn *conn, struct kbus_incoming *in)
{
	struct witness witness = { .conn = conn, .in = in };
	const struct kbus_match_message message = {
		.header = &in->header,
		.body = in->body,
		.owns_name = sender_owns_name,
		/* Others get only what is for all, or for them alone. */
		.reaches = conn->is_monitor ? reaches : NULL,
		.context = &witness,
		.kind = in->kind,
	};

	return kbus_matchset_test(conn->matches, &message);
}
