/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stats.h - what a connection dropped, and why
 *
 * A wrong message harms only itself: whoever receives it counts it, tells the log, and goes on.
 */
#ifndef KBUS_STATS_H
#define KBUS_STATS_H

#include <stdint.h>

enum kbus_reason {
	/* received messages that were not handed out */
	KBUS_DROP_NOT_DBUS,		/* payload type, no payload, layout of the payload */
	KBUS_DROP_HEADER,		/* header is not valid D-Bus */
	KBUS_DROP_BODY,			/* body is not valid D-Bus */
	KBUS_DROP_SIZE,			/* header and payload disagree on the size */
	KBUS_DROP_FDS,			/* header and descriptors disagree, or some were lost */
	KBUS_DROP_FDS_UNWANTED,		/* this client did not negotiate descriptors */
	KBUS_DROP_MISMATCH,		/* header and kernel disagree: serial, reply, destination */
	KBUS_DROP_FILTERED,		/* no rule wants it: the bloom filter was too coarse */
	KBUS_DROP_POLICY,		/* the policy of the bus denies it */
	KBUS_DROP_MEMORY,		/* out of memory, or a memfd could not be mapped */
	/* messages that could not be sent, of which nobody could be told */
	KBUS_DROP_SEND,
	KBUS_N_REASONS,
};

/**
 * struct kbus_stats - counters of one connection, never reset
 * @n_sent: messages that the kernel took
 * @n_received: messages that were handed out
 * @n_driver: calls that were answered in process
 * @n_lost: broadcasts that the kernel could not queue here
 * @n_sender_set: received messages whose SENDER was missing or forged
 * @n_dropped: by &enum kbus_reason
 */
struct kbus_stats {
	uint64_t n_sent;
	uint64_t n_received;
	uint64_t n_driver;
	uint64_t n_lost;
	uint64_t n_sender_set;
	uint64_t n_dropped[KBUS_N_REASONS];
};

/* One line for the log: which reason, who sent it (0: we did), and what was wrong in detail. */
typedef void (*kbus_log_fn)(void *context, enum kbus_reason reason, uint64_t src_id,
			    const char *detail);

const char *kbus_reason_text(enum kbus_reason reason);

#endif /* KBUS_STATS_H */
