// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * threads N_MESSAGES - connections that send to each other at random, each in a thread of its own
 *
 * Prints "broken: PROMISE" for each promise that did not hold, at the end how much was received.
 * Status 1 if any was broken.
 */

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define N	6

/**
 * struct message - a message
 * @to: set of receivers
 * @past: of each sender, how many of its messages came before this one
 * @seq: number of its sender's message
 * @src: its sender
 */
struct message {
	unsigned int to;
	unsigned int past[N];
	unsigned int seq;
	unsigned int src;
};

/**
 * struct peer - a connection and its thread
 * @conn: its part in the order
 * @thread: the thread
 * @id: number
 * @random: state of the generator
 * @known: of each sender, how many messages it knows of
 * @next: of each sender, the first message that may still come
 * @sent: what it sent
 * @n_public: how many of its messages anybody may know of, because SEND has returned or because
 *            somebody has received them; others read and write it
 * @log: what it received, in order
 * @n_log: how many
 */
struct peer {
	struct conn conn;
	pthread_t thread;
	unsigned int id;
	unsigned int random;
	unsigned int known[N];
	unsigned int next[N];
	struct message *sent;
	atomic_uint n_public;
	const struct message **log;
	size_t n_log;
};

static struct peer peers[N];
static unsigned int n_messages;
static atomic_uint n_finished;
static atomic_bool broken[3];

enum { CAUSALITY, AGREEMENT, COMPLETE };

static const char *const promises[] = { "causality", "agreement", "complete" };

static unsigned int peer_random(struct peer *peer)
{
	peer->random = peer->random * 1103515245 + 12345;
	return peer->random >> 16;
}

/* Go to the first message of @src from @seq on, before @end, that is for @peer. */
static unsigned int next_for(const struct peer *peer, unsigned int src, unsigned int seq,
			     unsigned int end)
{
	while (seq < end && !(peers[src].sent[seq].to & 1u << peer->id))
		seq++;
	return seq;
}

static void peer_check(struct peer *peer, const struct message *message)
{
	unsigned int i;

	for (i = 0; i < N; i++) {
		peer->next[i] = next_for(peer, i, peer->next[i], message->past[i]);
		if (peer->next[i] < message->past[i])
			broken[CAUSALITY] = true;
		if (peer->known[i] < message->past[i])
			peer->known[i] = message->past[i];
	}
	if (message->seq < peer->next[message->src])
		broken[COMPLETE] = true;
	peer->next[message->src] = message->seq + 1;
	if (peer->known[message->src] < message->seq + 1)
		peer->known[message->src] = message->seq + 1;
}

/* From now on everybody may know of this message, and of those that its sender sent before. */
static void publish(const struct message *message)
{
	atomic_uint *n_public = &peers[message->src].n_public;
	unsigned int n = atomic_load(n_public);

	while (n < message->seq + 1 && !atomic_compare_exchange_weak(n_public, &n, message->seq + 1))
		;
}

static bool peer_receive(struct peer *peer)
{
	struct entry *entry = conn_receive(&peer->conn);

	if (!entry)
		return false;
	peer->log[peer->n_log++] = entry->message;
	peer_check(peer, entry->message);
	publish(entry->message);
	free(entry);
	return true;
}

static void peer_send(struct peer *peer, unsigned int seq)
{
	struct message *message = &peer->sent[seq];
	struct entry *entries[N];
	struct conn *dst[N];
	unsigned int i, at, n = 0, first = peer_random(peer);

	message->seq = seq;
	message->src = peer->id;
	message->to = peer_random(peer) % ((1u << N) - 1) + 1;
	for (i = 0; i < N; i++) {
		unsigned int n_public = atomic_load(&peers[i].n_public);

		message->past[i] = n_public > peer->known[i] ? n_public : peer->known[i];
	}
	for (i = 0; i < N; i++) {
		at = (first + i) % N;
		if (!(message->to & 1u << at))
			continue;
		dst[n] = &peers[at].conn;
		entries[n] = calloc(1, sizeof(*entries[n]));
		if (!entries[n])
			abort();
		entries[n++]->message = message;
	}
	conn_send(&peer->conn, peer->id, dst, entries, n);
	peer->known[peer->id] = seq + 1;
	publish(message);
}

static void *peer_run(void *arg)
{
	struct peer *peer = arg;
	unsigned int seq, i;

	for (seq = 0; seq < n_messages; seq++) {
		peer_send(peer, seq);
		for (i = peer_random(peer) % 16; i > 0 && peer_receive(peer); i--)
			;
	}
	atomic_fetch_add(&n_finished, 1);
	/* Everything that was sent is in a queue once all have sent. */
	for (;;) {
		bool all_sent = atomic_load(&n_finished) == N;

		if (peer_receive(peer))
			continue;
		if (all_sent)
			return NULL;
		sched_yield();
	}
}

static size_t index_of(const struct message *message)
{
	return (size_t)message->src * n_messages + message->seq;
}

/* What both got, in the order of @a, must be in the same order at @b. */
static void check_agreement(const struct peer *a, const struct peer *b, size_t *place)
{
	size_t i, last = 0;

	memset(place, 0, (size_t)N * n_messages * sizeof(*place));
	for (i = 0; i < b->n_log; i++)
		place[index_of(b->log[i])] = i + 1;
	for (i = 0; i < a->n_log; i++) {
		size_t seen = place[index_of(a->log[i])];

		if (seen && seen < last)
			broken[AGREEMENT] = true;
		if (seen)
			last = seen;
	}
}

static void check_complete(const struct peer *peer)
{
	size_t i, expected = 0;

	for (i = 0; i < (size_t)N * n_messages; i++)
		if (peers[i / n_messages].sent[i % n_messages].to & 1u << peer->id)
			expected++;
	if (expected != peer->n_log)
		broken[COMPLETE] = true;
}

static void peer_init(struct peer *peer, unsigned int id)
{
	conn_init(&peer->conn);
	peer->id = id;
	peer->random = id + 1;
	peer->sent = calloc(n_messages, sizeof(*peer->sent));
	peer->log = calloc((size_t)N * n_messages + 1, sizeof(*peer->log));
	if (!peer->sent || !peer->log)
		abort();
}

int main(int argc, char **argv)
{
	size_t total = 0, *place;
	unsigned int i, j;
	int status = 0;

	n_messages = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	if (!n_messages)
		return 2;
	for (i = 0; i < N; i++)
		peer_init(&peers[i], i);
	for (i = 0; i < N; i++)
		if (pthread_create(&peers[i].thread, NULL, peer_run, &peers[i]))
			abort();
	for (i = 0; i < N; i++)
		pthread_join(peers[i].thread, NULL);

	place = calloc((size_t)N * n_messages, sizeof(*place));
	if (!place)
		abort();
	for (i = 0; i < N; i++) {
		check_complete(&peers[i]);
		total += peers[i].n_log;
		for (j = 0; j < i; j++)
			check_agreement(&peers[i], &peers[j], place);
	}
	for (i = 0; i < 3; i++) {
		if (broken[i])
			printf("broken: %s\n", promises[i]);
		status |= broken[i];
	}
	printf("%u messages sent, %zu copies received\n", N * n_messages, total);
	free(place);
	return status;
}
