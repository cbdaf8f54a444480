/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands that are given at the same time, and a ledger of what has to come of
 * them: whatever SEND accepted is received once, or told to be lost, and every
 * call ends once.
 */
#ifndef KDBUS_SELFTEST_STORM_H
#define KDBUS_SELFTEST_STORM_H

#include "common.h"
#include "objects.h"

#define STORM_NAME		"org.example.storm"
/* its activator comes and goes */
#define STORM_OTHER_NAME	"org.example.storm.other"
#define STORM_POOL		(1024UL * 1024)
#define STORM_CALL_MS		5
#define LEDGER_SIZE		16384

enum { STORM_A, STORM_B, STORM_GUEST, STORM_STARTER, STORM_CONNS };

/*
 * Cookies are never used twice; those up to @base belong to the past.
 *
 * @last: cookie given out last
 * @accepted: SEND returned 0, and the message is for one receiver's queue; not of replies
 * @received: how often it was
 * @heard: the same for broadcasts, per connection
 * @calls: asynchronous call that was accepted
 * @ended: how often a call was answered, or told to have failed
 * @lost: messages that RECV reported as lost
 * @discarded: messages that were dropped on purpose
 */
struct ledger {
	unsigned int base;
	unsigned int last;
	unsigned char accepted[LEDGER_SIZE];
	unsigned char received[LEDGER_SIZE];
	unsigned char heard[STORM_CONNS][LEDGER_SIZE];
	unsigned char calls[LEDGER_SIZE];
	unsigned char ended[LEDGER_SIZE];
	unsigned int lost;
	unsigned int discarded;
};

/*
 * @conns: two connections of the owner of the bus, one through a custom endpoint, and
 *	the activator of STORM_NAME
 * @holder: policy holder
 * @peeked: offsets that PEEK has published, to be freed in the end
 * @n_messages: how many had to arrive so far
 * @n_calls: how many had to end
 * @n_lost: how many messages were reported as lost
 * @complaint: what is wrong, empty as long as nothing is
 */
struct storm {
	struct bus bus;
	struct endpoint ep;
	struct conn conns[STORM_CONNS];
	struct conn holder;
	struct ledger ledger;
	__u64 peeked[STORM_CONNS][1024];
	unsigned int n_peeked[STORM_CONNS];
	int memfd;
	char *bytes;
	unsigned int n_messages;
	unsigned int n_calls;
	unsigned int n_lost;
	char complaint[256];
};

/*
 * @run: the command, by connection @self with @peer as the other one
 * @allowed: what it may say besides 0, ended with 0
 */
struct storm_command {
	const char *name;
	int (*run)(struct storm *storm, unsigned int self, unsigned int peer);
	int allowed[8];
};

extern const struct storm_command storm_commands[];
extern const unsigned int storm_n_commands;

int storm_begin(struct storm *storm);
void storm_end(struct storm *storm);

bool storm_allows(const struct storm_command *command, int ret);

/* Write a message that has been received into the ledger, and FREE it. */
int storm_enter(struct storm *storm, unsigned int self, __u64 offset, bool answer);

/* RECV, write it into the ledger, FREE. */
int storm_take(struct storm *storm, unsigned int self, __u64 flags, bool answer);

/*
 * Nobody does anything any more: receive what is left, wait until each call has ended,
 * and judge.  @complaint is set if not all is as it must be.  Names, matches and
 * flags are as in the beginning then.
 */
void storm_settle(struct storm *storm);

/* All room of both pools can be used: nothing is charged, no slice is left. */
void storm_check_pools(struct storm *storm);

#endif /* KDBUS_SELFTEST_STORM_H */
