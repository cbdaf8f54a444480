// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sweep.c - see sweep.h
 *
 * What the peers cost is known from another laboratory, which had the same kernel and other
 * programs. That has to come out again here, or one of the two does not measure what it says.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sweep.h"

#define N_SIZES		7
#define TOLERANCE	0.03

/*
 * The other laboratory's smallest message was said to have no payload, but streams and Netlink
 * cannot carry nothing: it had a number in it, as eight bytes give those figures again, and none do
 * not. It copied what binder had delivered.
 *
 * Known figures are rounded to that many instructions, and cannot be better than half of it.
 */
#define ROUNDING(known)	((known) < 100e3 ? 100.0 : 1000.0)

static const struct {
	size_t bytes;
	const char *name;
} sizes[N_SIZES] = {
	{ 0, "0" }, { 8, "8" }, { 64, "64" }, { 1024, "1 Ki" }, { 6905, "6905" },
	{ 65536, "64 Ki" }, { 1 << 20, "1 Mi" },
};

/* One way of calling, and what is known of it: thousands of instructions on Debian's 6.1 */
struct swept {
	const char *id;
	const char *name;
	const struct peer *peer;
	bool exchange;
	double known[N_SIZES];	/* 0 where nothing is known */
};

static const struct swept swept[] = {
	{ "kdbus", "kdbus", &peer_kdbus },
	{ "kdbus-exchange", "kdbus, EXCHANGE", &peer_kdbus, .exchange = true },
	{ "seqpacket", "AF_UNIX seqpacket", &peer_seqpacket,
	  .known = { 0, 13.8, 13.9, 14.8, 19.3, 77.2, 861 } },
	{ "stream", "AF_UNIX stream", &peer_stream,
	  .known = { 0, 18.6, 18.7, 19.6, 26.4, 88.4, 1076 } },
	{ "pipe", "two pipes", &peer_pipe, .known = { 0, 10.4, 10.5, 11.0, 17.3, 93.7, 1396 } },
	{ "futex", "futex, shared memory", &peer_futex,
	  .known = { 0, 9.3, 9.4, 9.8, 12.0, 33.7, 403 } },
	{ "eventfd", "eventfd, shared memory", &peer_eventfd,
	  .known = { 0, 8.5, 8.6, 9.0, 11.2, 33.2, 402 } },
	{ "mq", "POSIX mq", &peer_mq, .known = { 9.3, 0, 9.9, 10.9, 16.9, 85.0, 1524 } },
	{ "netlink", "Netlink unicast", &peer_netlink,
	  .known = { 0, 14.1, 14.1, 15.0, 36.2, 95.1, 1059 } },
	{ "tipc", "TIPC seqpacket", &peer_tipc, .known = { 0, 14.5, 14.5, 15.3, 19.9, 86.9 } },
	{ "binder", "binder, raw ioctl", &peer_binder },
	{ "binder-copied", "binder, copied out", &peer_binder_copied,
	  .known = { 21.2, 0, 21.6, 22.1, 25.5, 63.2, 702 } },
	{ "zeromq", "ZeroMQ ipc REQ/REP", &peer_zeromq,
	  .known = { 0, 67.6, 68.5, 70.1, 80.6, 187, 1717 } },
};

struct cell {
	struct stats stats;
	int error;		/* 0 or -errno */
};

/* The figures are those of a certain kernel, and of counted instructions. */
static bool is_known_kernel(const struct report *report)
{
	struct utsname name;
	size_t length;

	uname(&name);
	length = strlen(name.release);
	return report->counts && strncmp(name.release, "6.1.", 4) == 0 && length > 6 &&
	       strcmp(name.release + length - 6, "-amd64") == 0;
}

/* How far a figure is from what is known, 0 if it is what was rounded. */
static double deviation(double value, double known)
{
	double slack = ROUNDING(known) / 2;

	if (fabs(value - known) <= slack)
		return 0;
	return value < known ? (value + slack) / known - 1 : (value - slack) / known - 1;
}

static void measure_cell(const struct swept *way, size_t bytes, const struct settings *settings,
			 struct cell *cell)
{
	struct peer_options options = { .size = bytes, .exchange = way->exchange };
	struct settings own = *settings;

	/* A megabyte takes as long as a hundred small messages. */
	if (bytes > 8192) {
		own.warmup = own.warmup / 10;
		own.repeats = own.repeats / 4;
		own.batch = 2;
	}
	cell->stats = (struct stats){ 0 };
	cell->error = peer_measure(way->peer, &options, &own, &cell->stats);
}

static void tell_json(const struct report *report, const struct swept *way, size_t i, int cpus,
		      const struct cell *cell, double known)
{
	struct utsname name;

	if (!report->json)
		return;
	uname(&name);
	fprintf(report->json,
		"{\"row\":\"peer-%s-%zu%s\",\"title\":\"%s, %s B\",\"peer\":\"%s\",\"size\":%zu,"
		"\"cpus\":%d,\"kernel\":\"%s\",\"unit\":\"%s\"",
		way->id, sizes[i].bytes, cpus > 1 ? "-cpus" : "", way->name, sizes[i].name,
		way->name, sizes[i].bytes, cpus, name.release, report_unit(report));
	if (cell->error)
		fprintf(report->json, ",\"state\":\"%s\"", strerror(-cell->error));
	else
		fprintf(report->json, ",\"state\":\"measured\",\"p50\":%.1f,\"p99\":%.1f",
			cell->stats.p50, cell->stats.p99);
	if (known && !cell->error)
		fprintf(report->json, ",\"known\":%.0f,\"deviation\":%.4f", known,
			cell->stats.p50 / known - 1);
	fprintf(report->json, "}\n");
	fflush(report->json);
}

/* The line of figures; p99 has one of its own where time is measured. */
static void tell_cells(const struct report *report, const struct swept *way,
		       const struct cell *cells)
{
	size_t i;

	printf("%-24s", way->name);
	for (i = 0; i < N_SIZES; i++) {
		if (cells[i].error)
			printf(" %7s", "-");
		else
			printf(" %7.1f", cells[i].stats.p50 / 1000);
	}
	printf("\n");
	if (report->counts)
		return;
	printf("%24s", "p99");
	for (i = 0; i < N_SIZES; i++) {
		if (cells[i].error)
			printf(" %7s", "-");
		else
			printf(" %7.1f", cells[i].stats.p99 / 1000);
	}
	printf("\n");
}

/* The line below it: how that fits with what is known. Returns how many figures do not. */
static unsigned int tell_deviations(const struct swept *way, const struct cell *cells)
{
	unsigned int n_off = 0;
	double off;
	size_t i;

	printf("%24s", "known from elsewhere");
	for (i = 0; i < N_SIZES; i++) {
		if (!way->known[i] || cells[i].error) {
			printf(" %7s", "");
			continue;
		}
		off = deviation(cells[i].stats.p50, way->known[i] * 1000);
		printf(" %6.1f%c", way->known[i], fabs(off) > TOLERANCE ? '!' : ' ');
		n_off += fabs(off) > TOLERANCE;
	}
	printf("\n");
	return n_off;
}

static void sweep_on(struct report *report, const struct settings *settings, int cpus)
{
	bool compare = is_known_kernel(report) && !settings->profiled;
	unsigned int n_off = 0, n_compared = 0;
	struct cell cells[N_SIZES];
	struct settings own = *settings;
	size_t i, j;

	own.service_cpu = cpus - 1;
	printf("\ncall and reply by all peers\n%-24s",
	       report->counts ? "thousands; payload:" : "microseconds; payload:");
	for (j = 0; j < N_SIZES; j++)
		printf(" %7s", sizes[j].name);
	printf("\n");
	for (i = 0; i < sizeof(swept) / sizeof(swept[0]); i++) {
		for (j = 0; j < N_SIZES; j++) {
			double known = compare ? swept[i].known[j] * 1000 : 0;

			measure_cell(&swept[i], sizes[j].bytes, &own, &cells[j]);
			tell_json(report, &swept[i], j, cpus, &cells[j], known);
			n_compared += known && !cells[j].error;
		}
		tell_cells(report, &swept[i], cells);
		if (compare && swept[i].known[2])
			n_off += tell_deviations(&swept[i], cells);
		fflush(stdout);
	}
	if (!compare)
		return;
	printf("%u of %u figures of peers within %.0f %% of what is known of them (! is not)\n",
	       n_compared - n_off, n_compared, TOLERANCE * 100);
}

/**
 * sweep() - measure and print the table of peers; where time is measured, on one and on two CPUs
 * @report: where it is told
 * @settings: how often
 */
void sweep(struct report *report, const struct settings *settings)
{
	sweep_on(report, settings, 1);
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return;
	printf("\nclient and service on a CPU each:\n");
	sweep_on(report, settings, 2);
}
