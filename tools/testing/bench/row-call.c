// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * row-call.c - calls between two processes: by copy, by memfd, and as D-Bus messages
 */
#include <stdio.h>

#include "dbus-call.h"
#include "peer.h"
#include "row.h"

/**
 * row_call() - a call and its reply beside the same over a socket or another peer
 * @row: size and flags say what the call is like
 * @settings: how often
 * @result: filled on success
 *
 * Return: 0 or -errno.
 */
int row_call(const struct row *row, const struct settings *settings, struct row_result *result)
{
	struct peer_options options = {
		.size = row->size,
		.policy = row->flags & ROW_POLICY,
		.by_name = row->flags & ROW_BY_NAME,
		.metadata = row->flags & ROW_METADATA,
		.exchange = row->flags & ROW_EXCHANGE,
	};
	int r;

	r = peer_measure(row->peer ? row->peer : &peer_seqpacket, &options, settings,
			 &result->ruler);
	if (r < 0)
		return r;
	return peer_measure(row->flags & ROW_URING ? &peer_uring : &peer_kdbus, &options, settings,
			    &result->own);
}

/**
 * row_memfd() - a call with a big memfd beside the same with a small one
 * @row: size of the big memfd; the small one has 64 bytes
 * @settings: how often
 * @result: filled on success
 *
 * Nobody reads the memfd: the row shows what handing it over costs.
 *
 * Return: 0 or -errno.
 */
int row_memfd(const struct row *row, const struct settings *settings, struct row_result *result)
{
	struct peer_options options = { .size = 64, .memfd_size = 64 };
	int r;

	r = peer_measure(&peer_kdbus, &options, settings, &result->ruler);
	if (r < 0)
		return r;
	options.memfd_size = row->size;
	return peer_measure(&peer_kdbus, &options, settings, &result->own);
}

/**
 * row_dbus() - a D-Bus call by libdbus over kdbus beside the same over dbus-daemon
 * @row: method of the sample service
 * @settings: how often
 * @result: filled on success
 *
 * Both are judged with all that a program does: build, marshal, send, parse, check.
 *
 * Return: 0 or -errno.
 */
int row_dbus(const struct row *row, const struct settings *settings, struct row_result *result)
{
	struct peer_options options = { .method = row->method };
	struct phase alone = { .run = dbus_call_alone };
	struct settings fewer = *settings;
	struct dbus_call call;
	int r;

	/* These calls cost ten times the others. */
	fewer.warmup = settings->warmup / 10;
	fewer.batch = 2;
	r = dbus_call_init(&call, row->method);
	if (r == 0)
		r = measure(&fewer, &alone, 1, &call);
	dbus_call_deinit(&call);
	if (r < 0)
		return r;
	result->floor = alone.stats.p50;
	snprintf(result->note, sizeof(result->note), "%.0f of both is what libdbus and service do",
		 result->floor);

	r = peer_measure(&peer_dbus_daemon, &options, &fewer, &result->ruler);
	if (r < 0)
		return r;
	return peer_measure(&peer_dbus_kdbus, &options, &fewer, &result->own);
}
