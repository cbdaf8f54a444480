/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * row.h - the rows of the table: what is compared with what, and where the marks are
 */
#ifndef KDBUS_BENCH_ROW_H
#define KDBUS_BENCH_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include "peer.h"

struct row_result {
	struct stats own;	/* the work that is judged */
	struct stats ruler;	/* what it is compared with; 0 if the value itself is judged */
	double floor;		/* work in both that nothing can save; 0 if not known */
	char note[160];		/* further figures, for people; may be empty */
};

struct row {
	const char *id;
	const char *title;
	const char *ruler;	/* what the ruler is; NULL if the value itself is judged */
	const char *unit;	/* of the values; NULL means what the clock counts */
	double limit;		/* never again more than this; 0 if there is none */
	double mark;		/* where the work leads; 0 if there is none */
	bool any_clock;		/* limit and mark hold whatever the clock counts */
	/* 0, -ENOTTY if the kernel lacks a command, or another -errno */
	int (*run)(const struct row *row, const struct settings *settings,
		   struct row_result *result);
	size_t size;		/* parameter of the row: bytes of payload */
	size_t count;		/* parameter of the row: how many there are of something */
	unsigned int flags;	/* parameter of the row: ROW_* */
	const char *method;	/* parameter of the row */
	const struct peer *peer;	/* parameter of the row: the ruler; NULL is seqpacket */
};

/* Parameters of calls */
#define ROW_BY_NAME	(1U << 0)
#define ROW_METADATA	(1U << 1)
#define ROW_EXCHANGE	(1U << 2)
#define ROW_POLICY	(1U << 3)	/* the client's endpoint asks a policy of its own, too */
#define ROW_TWO_CPUS	(1U << 4)	/* client and service have one each */
#define ROW_URING	(1U << 6)	/* by io_uring */
/*
 * Parameters of broadcasts: receiving counts, too; no two in a row have the same filter; all of
 * it is read, beside the same where nothing is shared and every receiver gets a copy
 */
#define ROW_DRAIN	(1U << 5)
#define ROW_FILTERS	(1U << 7)
#define ROW_COPIES	(1U << 8)

extern const struct row rows[];
extern const size_t n_rows;

int row_call(const struct row *row, const struct settings *settings, struct row_result *result);
int row_dbus(const struct row *row, const struct settings *settings, struct row_result *result);
int row_memfd(const struct row *row, const struct settings *settings, struct row_result *result);
int row_one_way(const struct row *row, const struct settings *settings,
		struct row_result *result);
int row_broadcast(const struct row *row, const struct settings *settings,
		  struct row_result *result);
int row_connect(const struct row *row, const struct settings *settings,
		struct row_result *result);
int row_crowd_connections(const struct row *row, const struct settings *settings,
			  struct row_result *result);
int row_crowd_matches(const struct row *row, const struct settings *settings,
		      struct row_result *result);
int row_idle(const struct row *row, const struct settings *settings, struct row_result *result);

#endif /* KDBUS_BENCH_ROW_H */
