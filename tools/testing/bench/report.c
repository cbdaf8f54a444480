// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * report.c - see report.h
 */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "report.h"

/**
 * report_unit() - what the clock counts
 * @report: where it is told
 *
 * Return: a word, not to be freed.
 */
const char *report_unit(const struct report *report)
{
	return report->counts ? "instructions" : "ns";
}

/**
 * report_head() - the line above the rows
 * @report: where it is told
 */
void report_head(const struct report *report)
{
	if (report->counts)
		printf("%-39s %9s %9s %-13s %6s %5s %5s\n", "instructions", "kdbus", "ruler", "",
		       "ratio", "limit", "mark");
	else
		printf("%-39s %9s %9s %9s %9s %-13s %6s\n", "ns", "kdbus p50", "p99",
		       "ruler p50", "p99", "", "ratio");
}

/* How the row did; counted, too. */
static const char *verdict(struct report *report, const struct row *row, int r, double judged)
{
	if (r == -ENOTTY || r == -ENODEV) {
		if (row->limit || row->mark)
			report->n_unavailable++;
		return r == -ENOTTY ? "not available" : "no such peer here";
	}
	if (r < 0) {
		report->n_failed++;
		return strerror(-r);
	}
	if (!report->counts && !row->any_clock)
		return "";
	if (row->mark) {
		report->n_marks++;
		report->n_met += judged <= row->mark;
	}
	if (row->limit && judged > row->limit) {
		report->n_exceeded++;
		return "OVER LIMIT";
	}
	if (row->mark)
		return judged <= row->mark ? "met" : "not met";
	return row->limit ? "within limit" : "";
}

/* The texts of rows contain nothing that JSON would need to have escaped. */
static void report_json(struct report *report, const struct row *row, int r,
			const struct row_result *result, double ratio, const char *state)
{
	struct utsname name;

	uname(&name);
	fprintf(report->json, "{\"row\":\"%s\",\"title\":\"%s\",\"kernel\":\"%s\",\"unit\":\"%s\"",
		row->id, row->title, name.release,
		row->unit ? row->unit : report_unit(report));
	fprintf(report->json, ",\"state\":\"%s\"", *state ? state : "measured");
	if (row->count)
		fprintf(report->json, ",\"count\":%zu", row->count);
	if (row->size)
		fprintf(report->json, ",\"size\":%zu", row->size);
	if (r == 0)
		fprintf(report->json, ",\"p50\":%.1f,\"p99\":%.1f", result->own.p50,
			result->own.p99);
	if (r == 0 && row->ruler)
		fprintf(report->json, ",\"ruler\":\"%s\",\"ruler_p50\":%.1f,\"ruler_p99\":%.1f,"
			"\"ratio\":%.4f", row->ruler, result->ruler.p50, result->ruler.p99, ratio);
	if (result->floor)
		fprintf(report->json, ",\"floor\":%.1f", result->floor);
	if (row->limit)
		fprintf(report->json, ",\"limit\":%g", row->limit);
	if (row->mark)
		fprintf(report->json, ",\"mark\":%g", row->mark);
	if (*result->note)
		fprintf(report->json, ",\"note\":\"%s\"", result->note);
	fprintf(report->json, "}\n");
	fflush(report->json);
}

/* A number, or something else where there is none. */
static const char *number(char *text, size_t size, const char *format, double value,
			  const char *otherwise)
{
	if (!value)
		return otherwise;
	snprintf(text, size, format, value);
	return text;
}

/**
 * report_row() - one line, and what there is to be said about it
 * @report: where it is told
 * @row: what was measured
 * @r: whether that went well
 * @result: the figures
 */
void report_row(struct report *report, const struct row *row, int r,
		const struct row_result *result)
{
	static const struct row_result none;
	double ratio = r == 0 && row->ruler ? result->own.p50 / result->ruler.p50 : 0;
	const char *state = verdict(report, row, r, row->ruler ? ratio : result->own.p50);
	const char *beside = row->ruler ? row->ruler : row->unit ? row->unit : "";
	const char *precise = row->ruler ? "%.2f" : "%.0f";
	char text[5][16];

	if (r < 0)
		result = &none;
	printf("%-39s %9s ", row->title,
	       number(text[0], sizeof(text[0]), "%.0f", result->own.p50, "-"));
	if (!report->counts)
		printf("%9s ", number(text[0], sizeof(text[0]), "%.0f", result->own.p99, "-"));
	printf("%9s ", number(text[0], sizeof(text[0]), "%.0f", result->ruler.p50, "-"));
	if (!report->counts)
		printf("%9s ", number(text[0], sizeof(text[0]), "%.0f", result->ruler.p99, "-"));
	printf("%-13s %6s ", beside, number(text[0], sizeof(text[0]), "%.3f", ratio, "-"));
	if (report->counts)
		printf("%5s %5s  ", number(text[1], sizeof(text[1]), precise, row->limit, ""),
		       number(text[2], sizeof(text[2]), precise, row->mark, ""));
	printf("%s\n", state);
	if (*result->note)
		printf("    (%s)\n", result->note);
	fflush(stdout);
	if (report->json)
		report_json(report, row, r, result, ratio, state);
}

/**
 * report_end() - the line below the rows
 * @report: where it is told
 */
void report_end(const struct report *report)
{
	if (report->n_marks)
		printf("%u of %u marks met\n", report->n_met, report->n_marks);
	fflush(stdout);
}
