// SPDX-License-Identifier: LGPL-2.1-or-later
/* wanted.c - which messages the client's rules want, of those that the kernel let through */
#include "internal.h"
#include "names.h"
#include "payload.h"
#include "query.h"

static bool owns_name(void *context, const char *name)
{
	return kbus_incoming_owns_name(context, name);
}

/* A message that only a monitor sees, and its rules. */
struct witness {
	struct kbus_conn *conn;
	struct kbus_incoming *in;
};

static bool others_own_name(void *context, const char *name)
{
	return kbus_incoming_owns_name(((struct witness *)context)->in, name);
}

static uint64_t id_of(struct kbus_conn *conn, const char *name)
{
	uint64_t id, flags;

	if (kbus_unique_parse(name, &id))
		return id;
	return kbus_name_owner(conn, name, &id, &flags) == 0 ? id : 0;
}

/* Who calls ":1.7" calls its well-known names, and the other way round, as far as they still have them. */
static bool reaches(void *context, const char *name)
{
	const struct witness *witness = context;
	const uint64_t id = id_of(witness->conn, name);

	return id && id == id_of(witness->conn, witness->in->header.destination);
}

static bool is_witnessed(struct kbus_conn *conn, struct kbus_incoming *in)
{
	struct witness witness = { .conn = conn, .in = in };
	const struct kbus_match_message message = {
		.header = &in->header,
		.body = in->body,
		.owns_name = others_own_name,
		.reaches = reaches,
		.context = &witness,
	};

	return kbus_matchset_test(conn->matches, &message);
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
	const struct kbus_match_message message = {
		.header = &in->header,
		.body = in->body,
		.owns_name = owns_name,
		.context = in,
		.kind = in->kind,
	};

	if (__builtin_expect(conn->is_monitor, 0))
		return is_witnessed(conn, in);
	return kbus_matchset_test(conn->matches, &message);
}
