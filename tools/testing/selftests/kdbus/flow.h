/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of flow control share: small queues, and senders that wait in threads. */
#ifndef KDBUS_SELFTEST_FLOW_H
#define KDBUS_SELFTEST_FLOW_H

#include "objects.h"

#define FLOW_QUEUE	8	/* messages of one user that a queue takes in these domains */
#define FLOW_OPTIONS	"max_queued_messages=8"
#define FLOW_SMALL	4096	/* bytes of the smallest pool */

/*
 * A bus in a domain with small queues.
 *
 * @a, @c: send
 * @b: receives, and hears all signals, but no notifications
 */
struct flow {
	char domain[PATH_MAX];
	struct bus bus;
	struct conn a, b, c;
};

int flow_begin(struct flow *flow);
void flow_end(struct flow *flow);

int flow_match_signals(struct conn *conn);

/* Arguments of SEND that waits; no item so far. */
void args_send_wait(struct args *args, const struct args *msg);
struct kdbus_item *args_deadline(struct args *args, __u64 deadline_ns);

/* SEND that waits until @deadline_ns (0: for ever): 0 or -errno. */
int send_wait(struct conn *conn, struct args *msg, __u64 deadline_ns);
/* The same for a plain message. */
int send_plain_wait(struct conn *conn, __u64 dst_id, __u64 cookie, __u64 deadline_ns);

/* Messages from @conn until @to has no room for one more: how many, or -errno. */
int flow_fill(struct conn *conn, struct conn *to, __u64 first_cookie);

/*
 * SEND of a plain message to @dst_id that waits in a thread, once it sleeps: 0 or -errno.
 * Join it with sync_call_join().
 */
void flow_wait_init(struct sync_call *call, struct conn *conn, __u64 dst_id, __u64 cookie);
int flow_wait_start(struct sync_call *call);

#endif
