// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * main.c - run the rows and print them
 *
 * Exit status: 0 when all was measured and, with --check, no limit was exceeded; 1 when one was;
 * 2 when something could not be measured.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "report.h"
#include "sharing.h"
#include "sweep.h"

/* Whether a list of ids with commas between them, or no list at all, has this one. */
static bool is_wanted(const char *list, const char *id)
{
	size_t length = strlen(id);
	const char *p = list;

	if (!list)
		return true;
	while ((p = strstr(p, id))) {
		if ((p == list || p[-1] == ',') && (p[length] == ',' || p[length] == '\0'))
			return true;
		p += length;
	}
	return false;
}

/* Both ends on one CPU: the same for all peers, and the only fair way to count a round trip. */
static int prepare(void)
{
	const struct rlimit files = { .rlim_cur = 8192, .rlim_max = 8192 };
	const struct rlimit queues = { .rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY };
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) < 0 ||
	    setrlimit(RLIMIT_NOFILE, &files) < 0 || setrlimit(RLIMIT_MSGQUEUE, &queues) < 0)
		return -errno;
	return 0;
}

static void usage(FILE *file)
{
	size_t i;

	fprintf(file, "usage: kdbus-bench [--icount] [--check] [--quick] [--rows ID,ID...]\n"
		      "                   [--json FILE] [--profile N] [--sharing N]\n"
		      "  --icount  the clock counts instructions (a VM that was started so)\n"
		      "  --check   status 1 when a limit is exceeded, 2 when a row could not be\n"
		      "            measured\n"
		      "  --quick   fewer repeats\n"
		      "  --profile N  time nothing: N runs between the marks of profile.h\n"
		      "  --sharing N  time nothing: N calls of two pairs of processes, each on\n"
		      "            a CPU of its own, between these marks\n"
		      "rows:\n");
	for (i = 0; i < n_rows; i++)
		fprintf(file, "  %-24s  %s\n", rows[i].id, rows[i].title);
	fprintf(file, "  %-24s  %s\n", "peers",
		"call and reply by all peers, payloads from nothing to 1 MiB");
}

struct options {
	struct settings settings;
	struct report report;
	const char *wanted;	/* NULL: all rows */
	bool check;
	size_t shared_calls;	/* 0: measure rows */
};

static int parse(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {
		{ "icount", no_argument, NULL, 'i' },
		{ "check", no_argument, NULL, 'c' },
		{ "quick", no_argument, NULL, 'q' },
		{ "rows", required_argument, NULL, 'r' },
		{ "json", required_argument, NULL, 'j' },
		{ "profile", required_argument, NULL, 'p' },
		{ "sharing", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 'i':
			o->report.counts = true;
			break;
		case 'c':
			o->check = true;
			break;
		case 'q':
			o->settings.warmup = 100;
			o->settings.repeats = 60;
			break;
		case 'r':
			o->wanted = optarg;
			break;
		case 'j':
			o->report.json = fopen(optarg, "we");
			if (!o->report.json) {
				perror(optarg);
				return 2;
			}
			break;
		case 'p':
			o->settings.profiled = strtoul(optarg, NULL, 10);
			break;
		case 's':
			o->shared_calls = strtoul(optarg, NULL, 10);
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	return -1;
}

static void run_rows(struct options *o)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	bool told = false;
	size_t i;
	int r;

	for (i = 0; i < n_rows; i++) {
		struct row_result result = { 0 };
		struct settings settings = o->settings;

		if (!is_wanted(o->wanted, rows[i].id))
			continue;
		if (rows[i].flags & ROW_TWO_CPUS) {
			if (cpus < 2)
				continue;
			settings.service_cpu = 1;
		}
		if (!told)
			report_head(&o->report);
		told = true;
		r = rows[i].run(&rows[i], &settings, &result);
		report_row(&o->report, &rows[i], r, &result);
	}
	if (told)
		report_end(&o->report);
}

int main(int argc, char **argv)
{
	struct options o = { .settings = { .warmup = 500, .repeats = 400, .batch = 10 } };
	struct report *report = &o.report;
	int r;

	r = parse(&o, argc, argv);
	if (r >= 0)
		return r;
	r = prepare();
	if (r == 0 && o.shared_calls)
		r = sharing_run(o.shared_calls, o.wanted);
	if (r < 0) {
		fprintf(stderr, "kdbus-bench: %s\n", strerror(-r));
		return 2;
	}
	if (o.shared_calls)
		return 0;
	run_rows(&o);
	if (is_wanted(o.wanted, "peers"))
		sweep(report, &o.settings);
	if (report->json)
		fclose(report->json);
	if (report->n_failed || (o.check && report->n_unavailable))
		return 2;
	return o.check && report->n_exceeded ? 1 : 0;
}
