// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * main.c - run the rows and print them
 *
 * Exit status: 0 when all was measured and, with --check, no mark was missed; 1 when one was
 * missed; 2 when something could not be measured.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "row.h"

/*
 * Ratios to a socket pair of type SOCK_SEQPACKET at the same payload, unless the title says
 * otherwise. A mark is a promise, a goal is where the work leads.
 */
static const struct row rows[] = {
	{ .id = "call-64", .title = "call and reply, 64 B", .ruler = "seqpacket",
	  .mark = 1.40, .goal = 1.30, .run = row_call, .size = 64 },
	{ .id = "exchange-64", .title = "the same with EXCHANGE", .ruler = "seqpacket",
	  .goal = 0.80, .run = row_call, .size = 64, .flags = ROW_EXCHANGE },
	{ .id = "exchange-64-name", .title = "the same with EXCHANGE, by name",
	  .ruler = "seqpacket", .goal = 0.85, .run = row_call, .size = 64,
	  .flags = ROW_EXCHANGE | ROW_BY_NAME },
	{ .id = "exchange-64-metadata", .title = "the same with creds, names, time stamp",
	  .ruler = "seqpacket", .goal = 0.95, .run = row_call, .size = 64,
	  .flags = ROW_EXCHANGE | ROW_METADATA },
	{ .id = "call-64-name", .title = "call and reply, 64 B, by name", .ruler = "seqpacket",
	  .mark = 1.35, .goal = 0.85, .run = row_call, .size = 64, .flags = ROW_BY_NAME },
	{ .id = "call-64-metadata", .title = "the same with creds, names, time stamp",
	  .ruler = "seqpacket", .mark = 1.45, .goal = 0.95, .run = row_call, .size = 64,
	  .flags = ROW_METADATA },
	{ .id = "call-0", .title = "call and reply, no payload", .ruler = "seqpacket",
	  .run = row_call, .size = 0 },
	{ .id = "call-1k", .title = "call and reply, 1 KiB", .ruler = "seqpacket",
	  .run = row_call, .size = 1024 },
	{ .id = "call-6905", .title = "call and reply, 6905 B", .ruler = "seqpacket",
	  .run = row_call, .size = 6905 },
	{ .id = "call-64k", .title = "call and reply, 64 KiB", .ruler = "seqpacket",
	  .goal = 0.60, .run = row_call, .size = 64 << 10 },
	{ .id = "call-1m", .title = "call and reply, 1 MiB", .ruler = "seqpacket",
	  .goal = 0.55, .run = row_call, .size = 1 << 20 },
	{ .id = "stream-64", .title = "call and reply, 64 B", .ruler = "stream",
	  .run = row_call, .size = 64, .peer = &peer_stream },
	{ .id = "pipe-64", .title = "call and reply, 64 B", .ruler = "two pipes",
	  .run = row_call, .size = 64, .peer = &peer_pipe },
	{ .id = "futex-64", .title = "call and reply, 64 B", .ruler = "shm + futex",
	  .run = row_call, .size = 64, .peer = &peer_futex },
	{ .id = "eventfd-64", .title = "call and reply, 64 B", .ruler = "shm + eventfd",
	  .run = row_call, .size = 64, .peer = &peer_eventfd },
	{ .id = "mq-64", .title = "call and reply, 64 B", .ruler = "POSIX mq",
	  .run = row_call, .size = 64, .peer = &peer_mq },
	{ .id = "netlink-64", .title = "call and reply, 64 B", .ruler = "Netlink",
	  .run = row_call, .size = 64, .peer = &peer_netlink },
	{ .id = "tipc-64", .title = "call and reply, 64 B", .ruler = "TIPC",
	  .run = row_call, .size = 64, .peer = &peer_tipc },
	{ .id = "binder-64", .title = "call and reply, 64 B", .ruler = "binder",
	  .run = row_call, .size = 64, .peer = &peer_binder },
	{ .id = "one-way-64", .title = "send and receive in one thread, 64 B",
	  .ruler = "seqpacket", .mark = 1.60, .goal = 1.10, .run = row_one_way, .size = 64 },
	{ .id = "memfd-64m", .title = "call with a memfd of 64 MiB", .ruler = "memfd of 64 B",
	  .mark = 1.10, .goal = 1.05, .run = row_memfd, .size = 64 << 20 },
	{ .id = "broadcast-1", .title = "signal to 1 receiver, 64 B", .ruler = "1 send",
	  .run = row_broadcast, .size = 1 },
	{ .id = "broadcast-10", .title = "signal to 10 receivers, 64 B", .ruler = "10 sends",
	  .run = row_broadcast, .size = 10 },
	{ .id = "broadcast-100", .title = "signal to 100 receivers, 64 B", .ruler = "100 sends",
	  .mark = 0.90, .goal = 0.50, .run = row_broadcast, .size = 100 },
	{ .id = "crowd", .title = "signal to 1 receiver on a crowded bus",
	  .ruler = "empty bus", .mark = 1.50, .goal = 1.10, .run = row_crowd, .size = 1000 },
	{ .id = "connect", .title = "open, HELLO, mmap and close", .goal = 29229,
	  .run = row_connect },
	{ .id = "dbus-call", .title = "D-Bus call by libdbus, many types", .ruler = "dbus-daemon",
	  .run = row_dbus, .method = "Summarise" },
	{ .id = "dbus-error", .title = "D-Bus call with an error reply", .ruler = "dbus-daemon",
	  .run = row_dbus, .method = "Refuse" },
	{ .id = "dbus-fd", .title = "D-Bus call with a descriptor", .ruler = "dbus-daemon",
	  .run = row_dbus, .method = "ReadLine" },
	{ .id = "dbus-memfd", .title = "D-Bus call with a memfd, 64 KiB read",
	  .ruler = "dbus-daemon", .run = row_dbus, .method = "Checksum" },
	{ .id = "idle", .title = "kernel memory of an idle connection", .unit = "bytes",
	  .mark = 8192, .any_clock = true, .run = row_idle, .size = 1000 },
};

#define N_ROWS	(sizeof(rows) / sizeof(rows[0]))

struct report {
	FILE *json;		/* NULL if not wanted */
	const char *clock;	/* what the clock counts: "instructions" or "ns" */
	bool judge;		/* whether ratios are judged by their marks */
	unsigned int n_missed, n_failed, n_unavailable;
};

static const char *verdict(struct report *report, const struct row *row, int r, double judged)
{
	if (r == -ENOTTY || r == -ENODEV) {
		if (row->mark)
			report->n_unavailable++;
		return r == -ENOTTY ? "not available" : "no such peer here";
	}
	if (r < 0) {
		report->n_failed++;
		return strerror(-r);
	}
	if (!row->mark || !(report->judge || row->any_clock))
		return "";
	if (judged <= row->mark)
		return "ok";
	report->n_missed++;
	return "MISSED";
}

/* The texts of rows contain nothing that JSON would need to have escaped. */
static void report_json(struct report *report, const struct row *row, int r,
			const struct row_result *result, double ratio, const char *state)
{
	struct utsname name;

	uname(&name);
	fprintf(report->json, "{\"row\":\"%s\",\"title\":\"%s\",\"kernel\":\"%s\",\"unit\":\"%s\"",
		row->id, row->title, name.release, row->unit ? row->unit : report->clock);
	fprintf(report->json, ",\"state\":\"%s\"", *state ? state : "measured");
	if (r == 0)
		fprintf(report->json, ",\"p50\":%.1f,\"p99\":%.1f", result->own.p50,
			result->own.p99);
	if (r == 0 && row->ruler)
		fprintf(report->json, ",\"ruler\":\"%s\",\"ruler_p50\":%.1f,\"ruler_p99\":%.1f,"
			"\"ratio\":%.4f", row->ruler, result->ruler.p50, result->ruler.p99, ratio);
	if (result->floor)
		fprintf(report->json, ",\"floor\":%.1f", result->floor);
	if (row->mark)
		fprintf(report->json, ",\"mark\":%g", row->mark);
	if (row->goal)
		fprintf(report->json, ",\"goal\":%g", row->goal);
	if (*result->note)
		fprintf(report->json, ",\"note\":\"%s\"", result->note);
	fprintf(report->json, "}\n");
	fflush(report->json);
}

static void report_row(struct report *report, const struct row *row, int r,
		       const struct row_result *result)
{
	double ratio = r == 0 && row->ruler ? result->own.p50 / result->ruler.p50 : 0;
	const char *state = verdict(report, row, r, row->ruler ? ratio : result->own.p50);
	const char *unit = row->unit ? row->unit : report->clock;
	char own[16] = "-", ruler[16] = "-", ratio_text[16] = "-", mark[16] = "", goal[16] = "";

	if (r == 0)
		snprintf(own, sizeof(own), "%.0f", result->own.p50);
	if (row->ruler && result->ruler.p50)
		snprintf(ruler, sizeof(ruler), "%.0f", result->ruler.p50);
	if (r == 0 && row->ruler)
		snprintf(ratio_text, sizeof(ratio_text), "%.2f", ratio);
	if (row->mark && (report->judge || row->any_clock))
		snprintf(mark, sizeof(mark), row->ruler ? "%.2f" : "%.0f", row->mark);
	if (row->goal && report->judge)
		snprintf(goal, sizeof(goal), row->ruler ? "%.2f" : "%.0f", row->goal);
	printf("%-39s %9s %9s %-13s %5s %5s %5s  %s\n", row->title, own, ruler,
	       row->ruler ? row->ruler : unit, ratio_text, mark, goal, state);
	if (r == 0 && *result->note)
		printf("    (%s)\n", result->note);
	fflush(stdout);
	if (report->json)
		report_json(report, row, r, result, ratio, state);
}

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
	struct rlimit files = { .rlim_cur = 8192, .rlim_max = 8192 };
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) < 0 || setrlimit(RLIMIT_NOFILE, &files) < 0)
		return -errno;
	return 0;
}

static void usage(FILE *file)
{
	size_t i;

	fprintf(file, "usage: kdbus-bench [--icount] [--check] [--quick] [--rows ID,ID...]\n"
		      "                   [--json FILE] [--profile N]\n"
		      "  --icount  the clock counts instructions (a VM that was started so)\n"
		      "  --check   status 1 when a mark is missed, 2 when one could not be measured\n"
		      "  --quick   fewer repeats\n"
		      "  --profile N  time nothing: N runs between the marks of profile.h\n"
		      "rows:\n");
	for (i = 0; i < N_ROWS; i++)
		fprintf(file, "  %-16s  %s\n", rows[i].id, rows[i].title);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "icount", no_argument, NULL, 'i' },
		{ "check", no_argument, NULL, 'c' },
		{ "quick", no_argument, NULL, 'q' },
		{ "rows", required_argument, NULL, 'r' },
		{ "json", required_argument, NULL, 'j' },
		{ "profile", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct settings settings = { .warmup = 500, .repeats = 400, .batch = 10 };
	struct report report = { .clock = "ns" };
	const char *wanted = NULL;
	bool check = false;
	size_t i;
	int c, r;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 'i':
			report.clock = "instructions";
			report.judge = true;
			break;
		case 'c':
			check = true;
			break;
		case 'q':
			settings.warmup = 100;
			settings.repeats = 60;
			break;
		case 'r':
			wanted = optarg;
			break;
		case 'j':
			report.json = fopen(optarg, "we");
			if (!report.json) {
				perror(optarg);
				return 2;
			}
			break;
		case 'p':
			settings.profiled = strtoul(optarg, NULL, 10);
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	r = prepare();
	if (r < 0) {
		fprintf(stderr, "kdbus-bench: %s\n", strerror(-r));
		return 2;
	}

	printf("%-39s %9s %9s %-13s %5s %5s %5s\n", report.clock, "kdbus", "ruler", "", "ratio",
	       "mark", "goal");
	for (i = 0; i < N_ROWS; i++) {
		struct row_result result = { 0 };

		if (!is_wanted(wanted, rows[i].id))
			continue;
		r = rows[i].run(&rows[i], &settings, &result);
		report_row(&report, &rows[i], r, &result);
	}
	if (report.json)
		fclose(report.json);
	if (report.n_failed || (check && report.n_unavailable))
		return 2;
	return check && report.n_missed ? 1 : 0;
}
