// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * top.c - kdbusctl top: who sends and receives how much, seen through a monitor
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../core/names.h"
#include "../core/query.h"
#include "ctl.h"

#define ROWS_SHOWN	20

/* A connection in this round. */
struct peer {
	uint64_t id;
	char name[KBUS_NAME_MAX + 1];	/* one that it owns, or its unique one */
	unsigned long sent, received;
	uint64_t bytes;			/* of both */
};

struct peers {
	struct peer *peers;	/* owned */
	size_t n;
	unsigned long messages;
	uint64_t bytes;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* The peer with this id, made if it is new; NULL without memory. */
static struct peer *find(struct peers *peers, uint64_t id)
{
	struct peer *peer;
	size_t i;

	for (i = 0; i < peers->n; i++)
		if (peers->peers[i].id == id)
			return &peers->peers[i];
	peer = reallocarray(peers->peers, peers->n + 1, sizeof(*peer));
	if (!peer)
		return NULL;
	peers->peers = peer;
	peer += peers->n++;
	*peer = (struct peer){ .id = id };
	kbus_unique_format(peer->name, id);
	return peer;
}

static void name_peers(struct peers *peers, struct kbus_conn *conn)
{
	const struct kdbus_item *item;
	struct kbus_info info;
	size_t i;

	for (i = 0; i < peers->n; i++) {
		if (kbus_info_of_id(conn, peers->peers[i].id, KDBUS_ATTACH_NAMES, &info) < 0)
			continue;
		KBUS_FOREACH_ITEM(item, info.info)
			if (item->type == KDBUS_ITEM_OWNED_NAME)
				snprintf(peers->peers[i].name, sizeof(peers->peers[i].name), "%s",
					 item->name.name);
		kbus_info_release(conn, &info);
	}
}

static void count(struct peers *peers, struct kbus_conn *conn, const struct kbus_incoming *in)
{
	uint64_t dst = in->msg->dst_id;
	struct peer *peer;

	peers->messages++;
	peers->bytes += in->size;
	peer = in->src_id == KDBUS_SRC_ID_KERNEL ? NULL : find(peers, in->src_id);
	if (peer) {
		peer->sent++;
		peer->bytes += in->size;
	}
	if (dst == KDBUS_DST_ID_BROADCAST)
		return;
	/* By name: whose it is now. */
	if (dst == KDBUS_DST_ID_NAME &&
	    (!in->header.destination ||
	     kbus_name_owner(conn, in->header.destination, &dst, NULL) < 0))
		return;
	peer = find(peers, dst);
	if (peer) {
		peer->received++;
		peer->bytes += in->size;
	}
}

static int collect(struct peers *peers, struct kbus_conn *conn, uint64_t end)
{
	struct pollfd pollfd = { .fd = conn->fd, .events = POLLIN };
	struct kbus_incoming in;
	uint64_t now;
	size_t i;
	int r;

	while ((now = now_ms()) < end) {
		r = kbus_conn_recv(conn, &in);
		if (!r) {
			if (in.msg)
				count(peers, conn, &in);
			for (i = 0; i < in.n_fds; i++)
				close(in.fds[i]);
			kbus_conn_release(conn, &in);
			continue;
		}
		if (r != -EAGAIN)
			return r;
		if (poll(&pollfd, 1, end - now) < 0 && errno != EINTR)
			return -errno;
		if (pollfd.revents & (POLLERR | POLLHUP))
			return -ECONNRESET;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct peer *x = a, *y = b;
	unsigned long n = x->sent + x->received, m = y->sent + y->received;

	return (n < m) - (n > m);
}

static void show(const struct ctl *ctl, struct peers *peers, double seconds)
{
	size_t i;

	if (peers->n)
		qsort(peers->peers, peers->n, sizeof(*peers->peers), compare);
	if (isatty(STDOUT_FILENO))
		fputs("\033[H\033[2J", stdout);
	printf("%.1f messages/s, %.1f KiB/s\n", peers->messages / seconds,
	       peers->bytes / seconds / 1024);
	if (!ctl->no_legend)
		printf("%-44s %-13s %10s %10s %12s\n", "NAME", "CONNECTION", "SENT/s", "RECEIVED/s",
		       "KiB/s");
	for (i = 0; i < peers->n && i < ROWS_SHOWN; i++)
		printf("%-44s :1.%-10llu %10.1f %10.1f %12.1f\n", peers->peers[i].name,
		       (unsigned long long)peers->peers[i].id, peers->peers[i].sent / seconds,
		       peers->peers[i].received / seconds, peers->peers[i].bytes / seconds / 1024);
	fflush(stdout);
}

/**
 * ctl_top() - the command "top"
 * @ctl: options
 * @argc: 1
 * @argv: the command's name
 *
 * Return: exit status.
 */
int ctl_top(struct ctl *ctl, int argc, char **argv)
{
	struct kbus_conn *conn;
	unsigned long round;
	uint64_t start;
	int r = 0;

	(void)argc;
	(void)argv;
	if (!ctl->interval_ms)
		ctl->interval_ms = 1000;
	conn = ctl_open(ctl, KDBUS_HELLO_MONITOR, 0);
	if (!conn)
		return EXIT_FAILURE;
	conn->wants_fds = true;
	for (round = 0; !r && (!ctl->limit || round < ctl->limit); round++) {
		struct peers peers = { 0 };

		start = now_ms();
		r = collect(&peers, conn, start + ctl->interval_ms);
		if (!r) {
			name_peers(&peers, conn);
			show(ctl, &peers, (now_ms() - start) / 1000.0);
		}
		free(peers.peers);
	}
	kbus_conn_free(conn);
	return r < 0 ? ctl_fail(ctl, "top", r) : EXIT_SUCCESS;
}
