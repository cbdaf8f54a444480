// SPDX-License-Identifier: LGPL-2.1-or-later
/* Signals: to one, to those who match, to more than the kernel has room for on its stack. */
#include "fault.h"

#define PAYLOAD		300
/* So much is shared by those who receive it. */
#define SHARED_PAYLOAD	40000
/* So many matches are not all compared, and what a search finds is remembered. */
#define MANY_MATCHES	40

/* @msg of @from is a signal with @size bytes. */
static int large_signal_from(struct world *world, unsigned int from, __u64 dst_id, size_t size)
{
	int ret = world_bytes(world, size);

	args_signal(&world->msg, dst_id, 7);
	args_vec(&world->msg, world->bytes, size);
	return ret ?: world_send(world, from, 0);
}

/* @msg of @from is a signal with some payload. */
static int signal_from(struct world *world, unsigned int from, __u64 dst_id)
{
	return large_signal_from(world, from, dst_id, PAYLOAD);
}

static int listeners(struct world *world, unsigned int first, unsigned int n)
{
	unsigned int i;
	int ret;

	ret = world_conns(world, first, n);
	for (i = first; i < first + n && !ret; i++)
		ret = match_all(&world->conn[i], 1);
	return ret;
}

static int broadcast_setup(struct world *world)
{
	return world_conn(world, A) ?: listeners(world, B, world->scenario->arg) ?:
	       signal_from(world, A, KDBUS_DST_ID_BROADCAST);
}

static int shared_setup(struct world *world)
{
	return world_conn(world, A) ?: listeners(world, B, 2) ?:
	       large_signal_from(world, A, KDBUS_DST_ID_BROADCAST, SHARED_PAYLOAD);
}

/* One receiver may have the bytes but not whole pages, and gets a copy. */
static int partly_shared_setup(struct world *world)
{
	/* what is left of a third of half of its pool */
	return world_conn(world, A) ?: listeners(world, B, 2) ?:
	       send_bytes(&world->conn[A], world->conn[B].id, 1, 46584) ?:
	       large_signal_from(world, A, KDBUS_DST_ID_BROADCAST, SHARED_PAYLOAD);
}

/* What is for one, and seen by a monitor. */
static int shared_unicast_setup(struct world *world)
{
	return world_conn(world, A) ?: listeners(world, B, 1) ?: world_monitor(world, 5, 0) ?:
	       large_signal_from(world, A, world->conn[B].id, SHARED_PAYLOAD);
}

static int empty_broadcast_setup(struct world *world)
{
	int ret = world_conn(world, A) ?: listeners(world, B, 2);

	args_signal(&world->msg, KDBUS_DST_ID_BROADCAST, 7);
	return ret ?: world_send(world, A, 0);
}

/* One of the receivers has no room left, one has a message more than the other. */
static int crowded_setup(struct world *world)
{
	return world_conn(world, A) ?: listeners(world, B, 3) ?:
	       send_plain(&world->conn[A], world->conn[B].id, 1) ?:
	       send_plain(&world->conn[A], world->conn[B].id, 2) ?:
	       send_plain(&world->conn[A], world->conn[C].id, 3) ?:
	       signal_from(world, A, KDBUS_DST_ID_BROADCAST);
}

/* The sender remembers whom it is for, among many matches that it is not for. */
static int remembered_setup(struct world *world)
{
	__u64 mask[BLOOM_SIZE / sizeof(__u64)] = { 0 };
	struct args args;
	unsigned int i;
	int ret = world_conn(world, A) ?: listeners(world, B, 1) ?: world_conn(world, C);

	for (i = 0; i < MANY_MATCHES && !ret; i++) {
		mask[0] = 1ULL << i;
		args_match(&args, 1);
		args_item(&args, KDBUS_ITEM_BLOOM_MASK, mask, sizeof(mask));
		ret = match_add(&world->conn[C], &args);
	}
	return ret ?: signal_from(world, A, KDBUS_DST_ID_BROADCAST);
}

/* Receivers want everything about the sender, who has names, and monitors are there. */
static int described_setup(struct world *world)
{
	unsigned int i;
	int ret;

	ret = world_conn(world, A) ?: name_acquire(&world->conn[A], "loud.fault", 0, NULL);
	for (i = B; i < B + 3 && !ret; i++)
		ret = world_conn_recv(world, i, i == B ? _KDBUS_ATTACH_ALL : KDBUS_ATTACH_CREDS |
				      KDBUS_ATTACH_NAMES) ?: match_all(&world->conn[i], 1);
	return ret ?: world_monitor(world, 5, _KDBUS_ATTACH_ALL) ?:
	       signal_from(world, A, KDBUS_DST_ID_BROADCAST);
}

static int memfd_setup(struct world *world)
{
	int ret, memfd;

	ret = world_conn(world, A) ?: listeners(world, B, 2);
	memfd = world_keep_fd(world, memfd_new("0123456789", 10, SEALS_ALL));
	args_signal(&world->msg, KDBUS_DST_ID_BROADCAST, 7);
	args_memfd(&world->msg, memfd, 0, 10);
	return ret ?: memfd < 0 ? memfd : world_send(world, A, 0);
}

static int unicast_setup(struct world *world)
{
	return world_conn(world, A) ?: listeners(world, B, 1) ?:
	       signal_from(world, A, world->conn[B].id);
}

static int custom_setup(struct world *world)
{
	return endpoint_make(&world->ep, &world->bus) ?: listeners(world, B, 1) ?:
	       endpoint_grant(&world->ep, "heard.fault", KDBUS_POLICY_TALK) ?:
	       world_conn(world, A) ?: name_acquire(&world->conn[A], "heard.fault", 0, NULL) ?:
	       conn_new_at(&world->conn[C], world->ep.path, 0, 0) ?:
	       match_all(&world->conn[C], 1) ?:
	       (world->n_conns = 3, signal_from(world, A, KDBUS_DST_ID_BROADCAST));
}

const struct scenario signal_scenarios[] = {
	{ "broadcast-to-none", NULL, broadcast_setup, NULL, NULL, MAY_LOSE, 0 },
	{ "broadcast-to-one", "max_queued_messages=1", broadcast_setup, NULL, NULL, MAY_LOSE, 1 },
	{ "broadcast-empty", NULL, empty_broadcast_setup, NULL, NULL, MAY_LOSE },
	{ "broadcast-to-many", NULL, broadcast_setup, NULL, NULL, MAY_LOSE | LARGE, 17 },
	{ "broadcast-shared", NULL, shared_setup, NULL, NULL, MAY_LOSE | LARGE_MESSAGES },
	{ "broadcast-partly-shared", NULL, partly_shared_setup, NULL, NULL,
	  MAY_LOSE | LARGE_MESSAGES },
	{ "broadcast-crowded", "max_queued_messages=2", crowded_setup, NULL, NULL, MAY_LOSE },
	{ "broadcast-remembered", NULL, remembered_setup, NULL, NULL, MAY_LOSE },
	{ "broadcast-described", NULL, described_setup, NULL, NULL, MAY_LOSE | LARGE_MESSAGES },
	{ "broadcast-memfd", NULL, memfd_setup, NULL, NULL, MAY_LOSE },
	{ "broadcast-custom", NULL, custom_setup, NULL, NULL, MAY_LOSE },
	{ "signal-shared", NULL, shared_unicast_setup, NULL, NULL,
	  MAY_LOSE | MAY_VANISH | MAY_BE_SEEN | LARGE_MESSAGES },
	{ "signal-to-one", NULL, unicast_setup, NULL, NULL, MAY_LOSE | MAY_VANISH },
	{ }
};
