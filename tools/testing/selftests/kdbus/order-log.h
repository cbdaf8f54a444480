/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was sent and received, by whom and when; and whether all of it could have
 * passed through one queue.
 *
 * Time is a counter that everyone advances who notes something.  A number that was
 * drawn before a command, or after it, proves that what has a smaller number was
 * over, whatever the CPUs do: the draws of one counter are in one order, and each is
 * ordered with what its thread does before and after.
 */
#ifndef KDBUS_SELFTEST_ORDER_LOG_H
#define KDBUS_SELFTEST_ORDER_LOG_H

#include "common.h"

/* whom a message is for, if not one log */
#define ORDER_TO_ALL		0xffffffffU	/* everyone who receives */
#define ORDER_TO_SOMEBODY	0xfffffffeU	/* who owns a name; or may not arrive */
#define ORDER_TO_MOVED		0xfffffffdU	/* the same, and may be put behind others */

/* In place of the number of a message: notification with this sequence number */
#define ORDER_NOTE		(1ULL << 63)

/*
 * @begin: time before SEND was called; 0: never sent
 * @end: time after it succeeded, ~0 while it has not
 * @known: time from which on somebody knew the message; the checker sets it
 * @to: number of a log, or ORDER_TO_*
 */
struct order_message {
	__u64 begin;
	__u64 end;
	__u64 known;
	__u32 to;
};

/* ASIDE is received past the queue: a reply to a synchronous call. */
enum order_kind { ORDER_SENT, ORDER_GOT, ORDER_ASIDE };

struct order_event {
	__u64 time;
	__u64 what;
	enum order_kind kind;
};

/*
 * What one thread did on one connection; nobody else received on it.
 *
 * @whole: the connection was there from the first to the last message
 * @lost: copies that RECV reported to be missing
 */
struct order_log {
	struct order_event *events;
	size_t n;
	size_t max;
	bool receives;
	bool whole;
	__u64 lost;
};

/*
 * @n: messages, numbered from 0
 * @clock: the time; 0 is before everything
 */
struct order_run {
	struct order_message *messages;
	size_t n;
	size_t max;
	struct order_log *logs;
	size_t n_logs;
	size_t max_logs;
	__u64 clock;
};

/*
 * How often each promise was broken, and where first.
 *
 * @cycle: there is no one order that all receipts, and all "received, then sent" fit into
 * @disagreements: neighbours at one receiver that another one got the other way round
 * @overtaken: messages received behind one whose SEND began after theirs had returned
 * @foretold: the same, after somebody had received them
 * @doubled: messages that one connection got twice
 * @missing: messages that had to come and did not
 * @receipts: how many there are in all
 */
struct order_verdict {
	bool cycle;
	__u64 disagreements;
	__u64 overtaken;
	__u64 foretold;
	__u64 doubled;
	__u64 missing;
	__u64 receipts;
	char first[160];
};

/* An empty run of at most @max_messages by at most @max_logs connections: 0 or -ENOMEM. */
int order_begin(struct order_run *run, size_t max_messages, size_t max_logs);
void order_end(struct order_run *run);
/* Forget everything but the time. */
void order_reset(struct order_run *run);

/* The number of a new message, or -1 if there are enough.  May run in several threads. */
__s64 order_message_new(struct order_run *run, __u32 to);
/* The number of a new log; as above. */
__s64 order_log_new(struct order_run *run, bool receives);
__u64 order_now(struct order_run *run);
/* One more event in @log, now: 0 or -ENOMEM. */
int order_note(struct order_run *run, __u64 log, enum order_kind kind, __u64 what);

/* Judge, when nobody logs any more: 0 or -ENOMEM. */
int order_check(struct order_run *run, struct order_verdict *verdict);
bool order_is_kept(const struct order_verdict *verdict);

#endif
