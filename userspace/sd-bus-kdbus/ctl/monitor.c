// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * monitor.c - kdbusctl monitor: what passes on the bus, one line for each message
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../core/matchset.h"
#include "../core/query.h"
#include "ctl.h"

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* The connection shall yield only what one of the rules wants. */
static int add_rules(struct kbus_conn *conn, char **rules, int n)
{
	struct kbus_match *match;
	int i, r;

	for (i = 0; i < n; i++) {
		r = kbus_match_parse(rules[i], strlen(rules[i]), &match);
		if (r < 0) {
			fprintf(stderr, "kdbusctl: '%s' is no match rule\n", rules[i]);
			return r;
		}
		if (kbus_matchset_find(conn->matches, match)) {
			kbus_match_free(match);
			continue;
		}
		r = kbus_matchset_add(conn->matches, match, 0, NULL);
		if (r < 0) {
			kbus_match_free(match);
			return r;
		}
	}
	return 0;
}

static void print_time(const struct kbus_incoming *in)
{
	const struct kdbus_item *item;
	struct tm tm;
	time_t seconds;
	char text[32];

	if (!in->msg)
		return;
	KBUS_FOREACH_ITEM(item, in->msg) {
		if (item->type != KDBUS_ITEM_TIMESTAMP)
			continue;
		seconds = item->timestamp.realtime_ns / 1000000000;
		localtime_r(&seconds, &tm);
		strftime(text, sizeof(text), "%H:%M:%S", &tm);
		printf("%s.%06llu ", text,
		       (unsigned long long)item->timestamp.realtime_ns % 1000000000 / 1000);
	}
}

/* TIME TYPE SERIAL[->ANSWERED] SENDER -> DESTINATION OBJECT INTERFACE.MEMBER ARGUMENTS */
static void print_line(const struct kbus_incoming *in)
{
	static const char * const types[] = { "?", "call", "return", "error", "signal" };
	const struct kbus_header *h = &in->header;

	print_time(in);
	printf("%-6s #%u", types[h->type <= KBUS_SIGNAL ? h->type : 0], h->serial);
	if (h->reply_serial)
		printf("->#%u", h->reply_serial);
	printf(" %s", h->sender ? h->sender : "-");
	if (h->destination)
		printf(" -> %s", h->destination);
	if (h->path)
		printf(" %s", h->path);
	if (h->member)
		printf(" %s%s%s", h->interface ? h->interface : "", h->interface ? "." : "",
		       h->member);
	if (h->error_name)
		printf(" %s", h->error_name);
	if (value_print(stdout, h, in->body) < 0)
		printf(" (the rest cannot be read)");
	if (h->n_fds)
		printf(" (%u descriptors)", h->n_fds);
	putchar('\n');
}

static int show(struct ctl *ctl, const struct kbus_incoming *in)
{
	if (ctl->pcap)
		return pcap_write(stdout, in);
	print_line(in);
	return fflush(stdout) ? -EIO : 0;
}

/* All that is there; returns messages shown, or -errno. */
static int drain(struct ctl *ctl, struct kbus_conn *conn, unsigned long *shown)
{
	struct kbus_incoming in;
	size_t i;
	int r = 0;

	while (!r && !stop && (!ctl->limit || *shown < ctl->limit)) {
		r = kbus_conn_recv(conn, &in);
		if (r < 0)
			return r == -EAGAIN ? 0 : r;
		r = show(ctl, &in);
		(*shown)++;
		for (i = 0; i < in.n_fds; i++)
			close(in.fds[i]);
		kbus_conn_release(conn, &in);
	}
	return r;
}

static int watch(struct ctl *ctl, struct kbus_conn *conn)
{
	struct pollfd pollfd = { .fd = conn->fd, .events = POLLIN };
	unsigned long shown = 0;
	uint64_t lost = 0;
	int r = 0;

	while (r >= 0 && !stop && (!ctl->limit || shown < ctl->limit)) {
		if (poll(&pollfd, 1, -1) < 0) {
			r = errno == EINTR ? 0 : -errno;
			continue;
		}
		if (pollfd.revents & (POLLERR | POLLHUP))
			return -ECONNRESET;
		r = drain(ctl, conn, &shown);
		if (conn->stats.n_lost > lost)
			fprintf(stderr, "kdbusctl: %llu messages came too fast and are missing\n",
				(unsigned long long)(conn->stats.n_lost - lost));
		lost = conn->stats.n_lost;
	}
	return r;
}

/**
 * ctl_monitor() - the command "monitor"
 * @ctl: options
 * @argc: number of words
 * @argv: the command's name, and match rules
 *
 * Return: exit status.
 */
int ctl_monitor(struct ctl *ctl, int argc, char **argv)
{
	/* A second one ends it at once, should messages that no rule wants come without end. */
	const struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };
	struct kbus_conn *conn;
	int r;

	conn = ctl_open(ctl, KDBUS_HELLO_MONITOR, KDBUS_ATTACH_TIMESTAMP | KDBUS_ATTACH_NAMES);
	if (!conn)
		return EXIT_FAILURE;
	if (add_rules(conn, argv + 1, argc - 1) < 0) {
		kbus_conn_free(conn);
		return EXIT_FAILURE;
	}
	conn->wants_fds = true;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	r = ctl->pcap ? pcap_begin(stdout) : 0;
	if (r >= 0)
		r = watch(ctl, conn);
	kbus_conn_free(conn);
	return r < 0 ? ctl_fail(ctl, "monitor", r) : EXIT_SUCCESS;
}
