/* SPDX-License-Identifier: GPL-2.0 */
/* The set of connections that get a copy of a broadcast. */
#ifndef KDBUS_RECEIVERS_H
#define KDBUS_RECEIVERS_H

#include <linux/types.h>

struct kdbus_bus;
struct kdbus_conn;
struct kdbus_match_event;
struct kdbus_match_signal;

/* As many are collected without allocating. */
#define KDBUS_RECEIVERS_INLINE 16

/**
 * struct kdbus_receivers - a set of connections
 * @conns: pinned; @inline_conns or allocated
 * @n: how many
 * @room: how many fit
 * @missed: some did not fit
 * @seen: set of kdbus_conn.slot; NULL while @conns is short enough to search
 * @n_slots: bits in @seen
 * @inline_conns: room for a few
 */
struct kdbus_receivers {
	struct kdbus_conn **conns;
	unsigned int n;
	unsigned int room;
	bool missed;
	unsigned long *seen;
	unsigned int n_slots;
	struct kdbus_conn *inline_conns[KDBUS_RECEIVERS_INLINE];
};

int kdbus_receivers_of_signal(struct kdbus_receivers *receivers, struct kdbus_bus *bus,
			      const struct kdbus_match_signal *signal);
int kdbus_receivers_of_event(struct kdbus_receivers *receivers, struct kdbus_bus *bus,
			     const struct kdbus_match_event *event);
void kdbus_receivers_free(struct kdbus_receivers *receivers);

#endif
