/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * signal-bus.h - a bus with one sender of a signal, and receivers that want it
 */
#ifndef KDBUS_BENCH_SIGNAL_BUS_H
#define KDBUS_BENCH_SIGNAL_BUS_H

#include <stdbool.h>

#include "conn.h"

/* First argument of the signal */
#define SIGNAL_ARG0	"wanted"

struct signal_bus {
	size_t n_receivers;
	size_t size;		/* of the payload, bytes */
	bool reads;		/* receivers look at every byte, not only at both ends */
	uint32_t number;
	int bus;
	char bus_name[64];
	struct conn sender;
	struct conn *receivers;
	struct letter letter;
	struct kdbus_bloom_filter *filter;	/* of it */
	uint8_t *data;
};

int signal_open(struct signal_bus *b, size_t n, size_t size);
void signal_close(struct signal_bus *b);
int signal_match(struct conn *conn, uint64_t cookie, const char *arg0);

int signal_send(void *work);
int signal_drain(void *work);

#endif /* KDBUS_BENCH_SIGNAL_BUS_H */
