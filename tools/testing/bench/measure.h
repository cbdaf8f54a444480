/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * measure.h - time a piece of work many times, and sum up the times
 *
 * Under QEMU's instruction counter the guest's clock advances by one nanosecond per instruction, so
 * the same code measures instructions there and nanoseconds elsewhere.
 */
#ifndef KDBUS_BENCH_MEASURE_H
#define KDBUS_BENCH_MEASURE_H

#include <stddef.h>
#include <stdint.h>

/* How thoroughly to measure */
struct settings {
	size_t warmup;		/* runs before anything is timed */
	size_t repeats;		/* timed samples */
	size_t batch;		/* runs in a sample; its time is divided by this */
	size_t profiled;	/* runs between the marks of profile.h; nothing is timed then */
	int service_cpu;	/* where the service of a call runs; its client is on CPU 0 */
};

/* Times of one run, in ns or instructions */
struct stats {
	double p50;
	double p99;
};

/* A part of the work that is timed by itself */
struct phase {
	int (*run)(void *work);	/* 0 or -errno */
	struct stats stats;	/* out */
};

uint64_t clock_now(void);

int measure(const struct settings *settings, struct phase *phases, size_t n_phases, void *work);
double median(double *values, size_t n);

#endif /* KDBUS_BENCH_MEASURE_H */
