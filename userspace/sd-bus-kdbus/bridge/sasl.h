/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sasl.h - the server's side of how a D-Bus connection begins
 *
 * The kernel knows who opened the node, so that nothing is left to prove here: a client that says who
 * it is must say so rightly, and one that says nothing is believed as well.
 */
#ifndef KDBUS_BRIDGE_SASL_H
#define KDBUS_BRIDGE_SASL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SASL_LINE_MAX 16384
#define SASL_GUID_LENGTH 32

enum sasl_state {
	SASL_NUL,	/* the zero byte that comes first */
	SASL_AUTH,	/* a mechanism is to be chosen */
	SASL_DATA,	/* the client was asked for its identity */
	SASL_BEGIN,	/* accepted */
	SASL_DONE,	/* messages follow */
};

/**
 * struct sasl - one negotiation
 * @state: what is expected next
 * @anonymous: the mechanism that awaits data is ANONYMOUS
 * @fds: the client wants to pass descriptors
 * @uid: whom EXTERNAL may claim to be; set once
 * @guid: of the bus, hexadecimal; set once
 * @line: the line that has not ended yet; owned
 * @line_size: bytes in @line
 */
struct sasl {
	enum sasl_state state;
	bool anonymous;
	bool fds;
	uid_t uid;
	char guid[SASL_GUID_LENGTH + 1];
	char *line;
	size_t line_size;
};

/**
 * struct sasl_answer - text for the client
 * @text: not terminated
 * @size: bytes in @text
 *
 * One write of a client holds few lines; what has no room is refused as a violation.
 */
struct sasl_answer {
	char text[1024];
	size_t size;
};

void sasl_init(struct sasl *sasl, uid_t uid, const unsigned char id[16]);
void sasl_deinit(struct sasl *sasl);
ssize_t sasl_feed(struct sasl *sasl, const char *data, size_t size, struct sasl_answer *answer);

#endif /* KDBUS_BRIDGE_SASL_H */
