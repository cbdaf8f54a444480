// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Readers that take no lock, beside writers and the end of grace periods
 *
 * Built twice: the address sanitizer sees what is freed too early, the thread
 * sanitizer what is published without an order.
 */

#include <stdlib.h>

#include "kernel.h"
#include "tests/items.h"
#include "match.h"
#include "memo.h"
#include "policy.h"
#include "unit.h"

#define BLOOM		64
#define N_READERS	2
#define N_WRITERS	2
#define N_STEPS		4000
#define N_STEADY	32
#define N_CHURNING	16
#define ANY		KDBUS_MATCH_ID_ANY

static bool stop;

struct thread {
	pthread_t id;
	u64 random;
	unsigned int number;
	unsigned long n_rounds;
};

static struct thread readers[N_READERS], writers[N_WRITERS], reclaimer;

static u64 thread_random(struct thread *thread)
{
	thread->random = thread->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return thread->random >> 33;
}

static void *run_reclaimer(void *arg)
{
	(void)arg;
	while (!READ_ONCE(stop))
		unit_grace_period();
	return NULL;
}

static void start(struct thread *thread, unsigned int number, void *(*run)(void *))
{
	*thread = (struct thread){ .random = number + 1, .number = number };
	if (pthread_create(&thread->id, NULL, run, thread))
		abort();
}

/* Returns when the writers have done their steps and nobody runs any more. */
static void run_all(void *(*read)(void *), void *(*write)(void *))
{
	unsigned int i;

	stop = false;
	start(&reclaimer, 100, run_reclaimer);
	for (i = 0; i < N_READERS; i++)
		start(&readers[i], i, read);
	for (i = 0; i < N_WRITERS; i++)
		start(&writers[i], i, write);
	for (i = 0; i < N_WRITERS; i++)
		pthread_join(writers[i].id, NULL);
	WRITE_ONCE(stop, true);
	for (i = 0; i < N_READERS; i++) {
		pthread_join(readers[i].id, NULL);
		EXPECT_TRUE(readers[i].n_rounds > 0);
	}
	pthread_join(reclaimer.id, NULL);
}

/* Matches */

static struct kdbus_match_index index_;
static struct kdbus_match_owner steady[N_STEADY], churning[N_CHURNING];
/* Threads of one sender share it. */
static struct kdbus_memo *memo;

static bool sends_as(const struct kdbus_match_signal *sig, const char *name)
{
	(void)sig;
	return !strcmp(name, "a.b");
}

static void each_name(const struct kdbus_match_signal *sig,
		      void (*fn)(const char *name, void *arg), void *arg)
{
	(void)sig;
	fn("a.b", arg);
}

static void add_rules(struct items *items, u64 random)
{
	u64 mask[BLOOM / 8] = { 0 };
	struct {
		struct kdbus_notify_name_change change;
		char name[8];
	} rule = {
		.change = { .old_id = { ANY, 0 }, .new_id = { random % 3 ? ANY : random % 50, 0 } },
		.name = "a.b",
	};
	unsigned int i;

	if (random % 4 == 0) {
		items_add(items, KDBUS_ITEM_NAME_CHANGE, &rule,
			  sizeof(rule.change) + (random % 8 ? 0 : strlen(rule.name) + 1));
		return;
	}
	if (random % 4 == 1)
		items_add_u64(items, KDBUS_ITEM_ID, random % 100 + 1);
	if (random % 16 == 2)
		items_add_str(items, KDBUS_ITEM_NAME, random % 32 == 2 ? "a.b" : "a.c");
	for (i = 0; i < 3; i++) {
		random = random * 2862933555777941757ULL + 3037000493ULL;
		mask[(random >> 40) % 8] |= BIT_ULL((random >> 50) % 64);
	}
	items_add(items, KDBUS_ITEM_BLOOM_MASK, mask, sizeof(mask));
}

/* Entries that stay: with each of these a signal from 5 with all bits is heard. */
static void add_steady(struct items *items, unsigned int i)
{
	u64 mask[BLOOM / 8] = { 0 };

	mask[i % 8] = BIT_ULL(i) | BIT_ULL(63 - i);
	items_init(items);
	if (i % 3 == 1)
		items_add_u64(items, KDBUS_ITEM_ID, 5);
	if (i % 3 == 2)
		items_add_str(items, KDBUS_ITEM_NAME, "a.b");
	items_add(items, KDBUS_ITEM_BLOOM_MASK, mask, sizeof(mask));
	EXPECT_EQ(0, kdbus_match_add(&index_, &steady[i], 1, items_first(items), items->size,
				     false, 1));
}

static void hear(struct kdbus_match_owner *owner, void *ctx)
{
	bool *heard = ctx;

	if (owner >= steady && owner < steady + N_STEADY)
		heard[owner - steady] = true;
}

static void *run_match_reader(void *arg)
{
	struct thread *thread = arg;
	u64 words[1 + BLOOM / 8];
	struct kdbus_match_signal sig = {
		.src_id = 5,
		.dst_id = KDBUS_DST_ID_BROADCAST,
		.filter = (const void *)words,
		.filter_size = BLOOM,
		.sends_as = sends_as,
		.each_name = each_name,
	};
	/* What only the first steady owner wants, and hardly anybody of those who come and go. */
	u64 few_words[1 + BLOOM / 8] = { [1] = BIT_ULL(0) | BIT_ULL(63) };
	struct kdbus_match_signal few = sig;
	unsigned int i;

	few.filter = (const void *)few_words;
	memset(words, 0xff, sizeof(words));
	while (!READ_ONCE(stop)) {
		struct kdbus_match_event ev = {
			.type = KDBUS_ITEM_NAME_CHANGE,
			.old_id = thread_random(thread) % 50,
			.new_id = thread_random(thread) % 50,
			.name = "a.b",
		};
		bool heard[N_STEADY] = { false };

		rcu_read_lock();
		kdbus_match_signal(&index_, &sig, NULL, hear, heard);
		kdbus_match_event(&index_, &ev, hear, heard);
		kdbus_match_accepts_signal(&churning[thread_random(thread) % N_CHURNING], &sig);
		rcu_read_unlock();
		for (i = 0; i < N_STEADY; i++)
			EXPECT_EQ_CASE(true, heard[i], "steady owner %u", i);

		heard[0] = false;
		rcu_read_lock();
		kdbus_match_signal(&index_, &few, memo, hear, heard);
		rcu_read_unlock();
		EXPECT_TRUE(heard[0]);
		thread->n_rounds++;
	}
	return NULL;
}

static void *run_match_writer(void *arg)
{
	struct thread *thread = arg;
	struct items *items = malloc(sizeof(*items));
	unsigned int step;

	for (step = 0; step < N_STEPS; step++) {
		/* An owner belongs to one writer, as for dropping it. */
		unsigned int i = thread_random(thread) % (N_CHURNING / N_WRITERS) * N_WRITERS +
				 thread->number;
		u64 cookie = thread_random(thread) % 40;

		if (thread_random(thread) % 256 == 0) {
			kdbus_match_drop(&index_, &churning[i]);
			churning[i].dead = false;
		} else if (thread_random(thread) % 4 == 0) {
			kdbus_match_remove(&index_, &churning[i], cookie);
		} else {
			items_init(items);
			add_rules(items, thread_random(thread));
			kdbus_match_add(&index_, &churning[i], cookie, items_first(items),
					items->size, thread_random(thread) % 2, 200);
		}
	}
	free(items);
	return NULL;
}

TEST(broadcasts_miss_no_entry_that_stays_while_others_come_and_go)
{
	static struct items items;
	unsigned int i;

	kdbus_match_index_init(&index_, BLOOM);
	for (i = 0; i < N_CHURNING; i++)
		kdbus_match_owner_init(&churning[i]);
	for (i = 0; i < N_STEADY; i++) {
		kdbus_match_owner_init(&steady[i]);
		add_steady(&items, i);
	}
	memo = kdbus_memo_new(BLOOM);

	run_all(run_match_reader, run_match_writer);

	for (i = 0; i < N_CHURNING; i++)
		kdbus_match_drop(&index_, &churning[i]);
	for (i = 0; i < N_STEADY; i++)
		kdbus_match_drop(&index_, &steady[i]);
	EXPECT_TRUE(memo->n_changes);
	kfree(memo);
	kdbus_match_index_deinit(&index_);
}

/* Policy */

static struct kdbus_policy db;
static const char policy_owners[N_WRITERS];

static void *run_policy_reader(void *arg)
{
	struct thread *thread = arg;
	struct group_info groups = { .ngroups = 0 };
	struct cred cred = { { 1 }, { 1 }, &groups };
	char name[16];

	while (!READ_ONCE(stop)) {
		unsigned int owner = thread_random(thread) % N_WRITERS;

		snprintf(name, sizeof(name), "n%c.x", 'a' + owner);
		EXPECT_EQ(KDBUS_POLICY_TALK, kdbus_policy_level(&db, &cred, name));
		thread->n_rounds++;
	}
	return NULL;
}

/* Grants the name by itself or by a wildcard, among more or less other names. */
static void set_policy(struct items *items, unsigned int owner, u64 random)
{
	struct kdbus_policy_access access = {
		.type = KDBUS_POLICY_ACCESS_WORLD,
		.access = KDBUS_POLICY_TALK,
	};
	unsigned int n = random % 8 ? 0 : random % 100;
	char name[32];

	items_init(items);
	snprintf(name, sizeof(name), "n%c.%s", 'a' + owner, random & 1 ? "x" : "*");
	items_add_str(items, KDBUS_ITEM_NAME, name);
	items_add(items, KDBUS_ITEM_POLICY_ACCESS, &access, sizeof(access));
	while (n--) {
		snprintf(name, sizeof(name), "n%c.other%u", 'a' + owner, n);
		items_add_str(items, KDBUS_ITEM_NAME, name);
	}
	EXPECT_EQ(0, kdbus_policy_set(&db, &policy_owners[owner], items_first(items), items->size,
				      UINT_MAX, true));
}

static void *run_policy_writer(void *arg)
{
	struct thread *thread = arg;
	struct items *items = malloc(sizeof(*items));
	unsigned int step;

	for (step = 0; step < N_STEPS; step++)
		set_policy(items, thread->number, thread_random(thread));
	free(items);
	return NULL;
}

TEST(policy_is_seen_either_as_before_or_as_after_a_change)
{
	static struct items items;
	unsigned int i;

	kdbus_policy_init(&db);
	for (i = 0; i < N_WRITERS; i++)
		set_policy(&items, i, 0);

	run_all(run_policy_reader, run_policy_writer);

	for (i = 0; i < N_WRITERS; i++)
		kdbus_policy_drop(&db, &policy_owners[i]);
	kdbus_policy_deinit(&db);
}
