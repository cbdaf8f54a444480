/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report.h - what was measured, as a table for people and as lines of JSON
 */
#ifndef KDBUS_BENCH_REPORT_H
#define KDBUS_BENCH_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "row.h"

struct report {
	FILE *json;		/* NULL if not wanted */
	bool counts;		/* the clock counts instructions: figures are judged */
	unsigned int n_exceeded, n_failed, n_unavailable;
	unsigned int n_marks, n_met;
};

const char *report_unit(const struct report *report);
void report_head(const struct report *report);
void report_row(struct report *report, const struct row *row, int r,
		const struct row_result *result);
void report_end(const struct report *report);

#endif /* KDBUS_BENCH_REPORT_H */
