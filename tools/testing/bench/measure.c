// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * measure.c - see measure.h
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "measure.h"
#include "profile.h"

#define CALIBRATION_SAMPLES	1001

/**
 * clock_now() - read the clock that everything here is timed with
 *
 * Return: nanoseconds since some point, not adjusted while the program runs.
 */
uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/**
 * median() - the value in the middle
 * @values: at least one value; sorted by this call
 * @n: how many
 *
 * Return: the median.
 */
double median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare_doubles);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* What two readings of the clock in a row differ by; it is part of every sample. */
static double clock_overhead(void)
{
	static double values[CALIBRATION_SAMPLES];
	uint64_t before;
	size_t i;

	for (i = 0; i < CALIBRATION_SAMPLES; i++) {
		before = clock_now();
		values[i] = clock_now() - before;
	}
	return median(values, CALIBRATION_SAMPLES);
}

/**
 * measure() - run the phases one after the other, again and again
 * @settings: how often
 * @phases: what to do; each is timed on its own
 * @n_phases: how many; a batch greater than 1 makes sense for a single phase only
 * @work: passed to the phases
 *
 * Return: 0 with the statistics in @phases, or the first error of a phase.
 */
int measure(const struct settings *settings, struct phase *phases, size_t n_phases, void *work)
{
	double *samples, overhead;
	size_t i, j, k;
	uint64_t before;
	int r = 0;

	samples = calloc(n_phases * settings->repeats, sizeof(*samples));
	if (!samples)
		return -ENOMEM;
	for (i = 0; i < settings->warmup && r == 0; i++)
		for (j = 0; j < n_phases && r == 0; j++)
			r = phases[j].run(work);

	if (settings->profiled) {
		profile_begin();
		for (i = 0; i < settings->profiled && r == 0; i++)
			for (j = 0; j < n_phases && r == 0; j++)
				r = phases[j].run(work);
		profile_end();
		goto out_free;
	}

	overhead = clock_overhead();
	for (i = 0; i < settings->repeats && r == 0; i++) {
		for (j = 0; j < n_phases && r == 0; j++) {
			before = clock_now();
			for (k = 0; k < settings->batch && r == 0; k++)
				r = phases[j].run(work);
			samples[j * settings->repeats + i] =
				(clock_now() - before - overhead) / settings->batch;
		}
	}

	for (j = 0; j < n_phases && r == 0; j++) {
		double *own = samples + j * settings->repeats;

		phases[j].stats.p50 = median(own, settings->repeats);
		/* median() left them sorted. */
		phases[j].stats.p99 = own[(settings->repeats * 99) / 100];
	}
out_free:
	free(samples);
	return r;
}
