/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * judge.h - the receiving side of a bus's policy
 */

/**
 * DOC: Judge
 *
 * The owner of a bus for all users publishes the rules of its policy in a file, %KBUS_POLICY_DIR with
 * the bus's id. A connection that asks for a name, or gets its first message, looks whether they say more
 * than the kernel knows; if so, each message that they are about is judged before the client sees it. Who
 * sent it is asked of the kernel, once for each sender: what it was when it connected, as for a socket.
 * Where broadcasts are judged, messages bring the same with them, for a sender that is gone by then.
 * What the bus itself says is not judged.
 *
 * The first line of the file says whether it is the current one. When the owner of the bus reads its
 * configuration again, it puts a new file in its place and changes that word in the old one, which
 * everybody has mapped: to know that the rules are still those costs no system call. The second line
 * says whether a connection without names has to read on; with the policy of a stock system it has not.
 */
#ifndef KBUS_JUDGE_H
#define KBUS_JUDGE_H

#include "conn.h"
#include "policy.h"

#define KBUS_POLICY_DIR		"/run/kdbus"
#define KBUS_POLICY_CURRENT	"kdbus-policy 2 current\n"
#define KBUS_POLICY_STALE	"kdbus-policy 2 ended  \n"
#define KBUS_POLICY_OPEN	"nameless open  \n"
#define KBUS_POLICY_JUDGED	"nameless judged\n"

/* Bytes of a path of a file with rules. */
#define KBUS_POLICY_PATH_MAX	64

void kbus_policy_path(const uint8_t bus_id[16], char path[KBUS_POLICY_PATH_MAX]);

int kbus_judge_add_name(struct kbus_conn *conn, const char *name);
void kbus_judge_remove_name(struct kbus_conn *conn, const char *name);
bool kbus_judge_allows(struct kbus_conn *conn, const struct kbus_incoming *in);
void kbus_judge_free(struct kbus_judge *judge);

#endif /* KBUS_JUDGE_H */
