// SPDX-License-Identifier: LGPL-2.1-or-later
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "world.h"

static uint64_t sum(const uint64_t *numbers, unsigned int from, unsigned int to)
{
	uint64_t all = 0;

	while (from < to)
		all += __atomic_load_n(&numbers[from++], __ATOMIC_RELAXED);
	return all;
}

void report_line(unsigned int seconds, unsigned int corpus)
{
	printf("%5u s: %" PRIu64 " programs, %" PRIu64 " commands, %" PRIu64 " other calls, "
	       "%" PRIu64 " places, %" PRIu64 " features, corpus %u\n", seconds,
	       sum(shared->programs, 0, WORKERS_MAX), sum(shared->calls, 0, OP_IOCTL + 1),
	       sum(shared->calls, OP_IOCTL + 1, OP_AGAIN), shared->pcs, shared->features, corpus);
	fflush(stdout);
}

static uint64_t module_start(void)
{
	FILE *file = fopen("/sys/module/kdbus/sections/.text", "re");
	uint64_t start = 0;

	if (file) {
		if (fscanf(file, "0x%" SCNx64, &start) != 1)
			start = 0;
		fclose(file);
	}
	return start;
}

/* The places as offsets into the module's text; those of other sections have none. */
static void write_places(FILE *file)
{
	uint64_t start = module_start();
	unsigned int i;

	for (i = 0; i < COVER_PCS; i++)
		if (shared->pc[i] >= start && start)
			fprintf(file, "%" PRIx64 "\n", shared->pc[i] - start);
}

static void write_counts(FILE *file)
{
	unsigned int i, error;

	fprintf(file, "seconds %" PRIu64 "\n", shared->seconds);
	fprintf(file, "programs %" PRIu64 "\n", sum(shared->programs, 0, WORKERS_MAX));
	fprintf(file, "commands %" PRIu64 "\n", sum(shared->calls, 0, OP_IOCTL + 1));
	fprintf(file, "other_calls %" PRIu64 "\n", sum(shared->calls, OP_IOCTL + 1, OP_AGAIN));
	for (i = 0; i < OP_KINDS; i++) {
		fprintf(file, "%s %" PRIu64 " succeed %" PRIu64, kind_name(i), shared->calls[i],
			shared->successes[i]);
		for (error = 1; i < OP_COMMANDS && error < ERRNOS; error++)
			if (shared->errors[i][error])
				fprintf(file, " %s %u", strerrorname_np(error),
					shared->errors[i][error]);
		fprintf(file, "\n");
	}
}

static void write_file(const char *directory, const char *name, void (*write)(FILE *file))
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "we");
	if (!file)
		return;
	write(file);
	fclose(file);
}

void report_write(const char *directory)
{
	write_file(directory, "counts", write_counts);
	write_file(directory, "places", write_places);
}
