/* SPDX-License-Identifier: GPL-2.0 */
/* The connections that get copies of a message. */
#ifndef KDBUS_RECEIVERS_H
#define KDBUS_RECEIVERS_H

#include <linux/types.h>

#include "ticket.h"

struct kdbus_bus;
struct kdbus_match_event;
struct kdbus_match_signal;

/* As many are collected without allocating. */
#define KDBUS_RECEIVERS_INLINE 16

/**
 * struct kdbus_receivers - connections and their copies of one message
 * @stages: one each; @inline_stages or allocated
 * @n: how many
 * @room: how many fit
 * @missed: some did not fit
 * @seen: set of kdbus_conn.slot; NULL while @stages is short enough to search
 * @n_slots: bits in @seen
 * @inline_stages: room for a few
 */
struct kdbus_receivers {
	struct kdbus_stage *stages;
	unsigned int n;
	unsigned int room;
	bool missed;
	unsigned long *seen;
	unsigned int n_slots;
	struct kdbus_stage inline_stages[KDBUS_RECEIVERS_INLINE];
};

void kdbus_receivers_init(struct kdbus_receivers *receivers);
int kdbus_receivers_of_signal(struct kdbus_receivers *receivers, struct kdbus_conn *src,
			      const struct kdbus_match_signal *signal);
int kdbus_receivers_of_event(struct kdbus_receivers *receivers, struct kdbus_bus *bus,
			     const struct kdbus_match_event *event);
void kdbus_receivers_add(struct kdbus_receivers *receivers, struct kdbus_conn *conn,
			 struct kdbus_entry *entry);
void kdbus_receivers_add_monitors(struct kdbus_receivers *receivers, struct kdbus_bus *bus);
void kdbus_receivers_commit(struct kdbus_receivers *receivers, struct kdbus_clock *clock,
			    struct kdbus_conn *src, u64 seen);
void kdbus_receivers_free(struct kdbus_receivers *receivers);

#endif
