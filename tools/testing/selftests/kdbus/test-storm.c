// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Many commands at once, on shared connections, while names move, policies change,
 * activators and connections come and go; calm, or with others who want the CPUs
 * and the memory.  What was accepted must arrive once or be reported as lost, each call
 * must end once, and nothing may stay charged.
 */
#include <sched.h>
#include "neighbours.h"
#include "storm.h"
#include "kselftest_harness.h"

#define ROUNDS		4
#define THREADS		4
#define STEPS		150
/* Slow machines do less, and say how much; each begins somewhere else. */
#define PAIRS_MS	60000
#define STORM_MS	20000

FIXTURE(storm) {
	struct storm *storm;
};

FIXTURE_SETUP(storm)
{
	self->storm = calloc(1, sizeof(*self->storm));
	ASSERT_NE(NULL, self->storm);
	ASSERT_EQ(0, storm_begin(self->storm));
}

FIXTURE_TEARDOWN(storm)
{
	storm_end(self->storm);
	free(self->storm);
}

/*
 * @command: what it repeats, or NULL: any, as @random says
 * @unexpected: what a command said that it may not say
 * @ending: the bus is being closed
 */
struct actor {
	struct storm *storm;
	unsigned int self;
	unsigned int peer;
	const struct storm_command *command;
	unsigned int rounds;
	unsigned int random;
	const struct storm_command *surprised;
	int unexpected;
	const bool *ending;
	pthread_barrier_t *start;
	pthread_t thread;
};

static unsigned int actor_random(struct actor *actor)
{
	actor->random ^= actor->random << 13;
	actor->random ^= actor->random >> 17;
	actor->random ^= actor->random << 5;
	return actor->random;
}

static void *actor_run(void *data)
{
	struct actor *actor = data;
	const struct storm_command *command = actor->command;
	unsigned int i;
	int ret;

	pthread_barrier_wait(actor->start);
	for (i = 0; i < actor->rounds; i++) {
		if (!actor->command)
			command = &storm_commands[actor_random(actor) % storm_n_commands];
		ret = command->run(actor->storm, actor->self, actor->peer);
		if (!storm_allows(command, ret)) {
			actor->unexpected = ret;
			actor->surprised = command;
		}
	}
	return NULL;
}

/* Let them act at the same time: 0 or -errno of the first surprise. */
static int act(struct actor *actors, unsigned int n)
{
	pthread_barrier_t start;
	unsigned int i;
	int ret = 0;

	pthread_barrier_init(&start, NULL, n);
	for (i = 0; i < n; i++) {
		actors[i].start = &start;
		if (pthread_create(&actors[i].thread, NULL, actor_run, &actors[i]))
			abort();
	}
	for (i = 0; i < n; i++) {
		pthread_join(actors[i].thread, NULL);
		if (actors[i].unexpected && !ret) {
			ret = actors[i].unexpected;
			printf("# %s said %d\n", actors[i].surprised->name, ret);
		}
	}
	pthread_barrier_destroy(&start);
	return ret;
}

static int act_pair(struct storm *storm, unsigned int i, unsigned int j, unsigned int second)
{
	struct actor actors[2] = {
		{
			.storm = storm,
			.self = STORM_A,
			.peer = STORM_B,
			.command = &storm_commands[i],
			.rounds = ROUNDS,
		},
		{
			.storm = storm,
			.self = second,
			.peer = second == STORM_A ? STORM_B : STORM_A,
			.command = &storm_commands[j],
			.rounds = ROUNDS,
		},
	};

	return act(actors, 2);
}

FIXTURE(pair) {
	struct storm *storm;
};

FIXTURE_VARIANT(pair) {
	unsigned int second;
};

FIXTURE_SETUP(pair)
{
	self->storm = calloc(1, sizeof(*self->storm));
	ASSERT_NE(NULL, self->storm);
	ASSERT_EQ(0, storm_begin(self->storm));
}

FIXTURE_TEARDOWN(pair)
{
	storm_end(self->storm);
	free(self->storm);
}

FIXTURE_VARIANT_ADD(pair, on_one_connection) { STORM_A };
FIXTURE_VARIANT_ADD(pair, on_two_connections) { STORM_B };

/* abi: 2.4/concurrent, design/6.1, design/6.6, design/6.7 */
TEST_F_TIMEOUT(pair, of_any_two_commands_keeps_messages_calls_and_accounts, 900)
{
	const unsigned int all = storm_n_commands * storm_n_commands;
	__u64 start = now_ns(), end = start + PAIRS_MS * 1000000ULL;
	unsigned int i, j, k, n = 0;

	/* each once: the step is a prime */
	for (k = 0; k < all && now_ns() < end; k++) {
		i = (start + k * 997ULL) % all / storm_n_commands;
		j = (start + k * 997ULL) % all % storm_n_commands;
		if (j < i)
			continue;
		EXPECT_EQ(0, act_pair(self->storm, i, j, variant->second)) {
			TH_LOG("%s and %s", storm_commands[i].name, storm_commands[j].name);
		}
		storm_settle(self->storm);
		ASSERT_STREQ("", self->storm->complaint) {
			TH_LOG("%s and %s", storm_commands[i].name, storm_commands[j].name);
		}
		n++;
	}
	storm_check_pools(self->storm);
	EXPECT_STREQ("", self->storm->complaint);
	TH_LOG("%u of %u pairs, each %u times: %u messages, %u calls, %u told to be lost", n,
	       storm_n_commands * (storm_n_commands + 1) / 2, ROUNDS, self->storm->n_messages,
	       self->storm->n_calls, self->storm->n_lost);
}

/* Everybody does anything: 0 or a surprise. */
static int act_all(struct storm *storm, unsigned int seed)
{
	struct actor actors[THREADS];
	unsigned int i;

	for (i = 0; i < THREADS; i++)
		actors[i] = (struct actor) {
			.storm = storm,
			.self = i % 2,
			.peer = 1 - i % 2,
			.rounds = STEPS,
			.random = seed * THREADS + i + 1,
		};
	return act(actors, THREADS);
}

/* abi: 2.4/concurrent, design/6.1, design/6.6, design/6.7 */
TEST_F_TIMEOUT(storm, of_all_commands_keeps_messages_calls_and_accounts, 600)
{
	__u64 end = deadline_ms(STORM_MS);
	unsigned int seed = 0;

	do {
		seed++;
		EXPECT_EQ(0, act_all(self->storm, seed));
		storm_settle(self->storm);
		ASSERT_STREQ("", self->storm->complaint) {
			TH_LOG("seed %u", seed);
		}
	} while (seed < 8 && now_ns() < end);
	storm_check_pools(self->storm);
	EXPECT_STREQ("", self->storm->complaint);
	EXPECT_LT(0, self->storm->n_messages);
	EXPECT_LT(0, self->storm->n_calls);
	TH_LOG("%u storms of %u commands: %u messages, %u calls, %u told to be lost", seed,
	       THREADS * STEPS, self->storm->n_messages, self->storm->n_calls,
	       self->storm->n_lost);
}

/* The ledger itself: two would need two drops to explain them. */
TEST_F(storm, of_one_call_misses_one_message_when_its_reply_is_dropped)
{
	struct ledger *ledger = &self->storm->ledger;
	unsigned int cookie = ++ledger->last;
	struct kdbus_cmd_recv recv;
	struct args msg;

	args_call(&msg, self->storm->conns[STORM_B].id, cookie);
	ASSERT_EQ(0, msg_send(&self->storm->conns[STORM_A], &msg));
	ledger->accepted[cookie] = 1;
	ledger->calls[cookie] = 1;
	ASSERT_EQ(0, storm_take(self->storm, STORM_B, 0, true));
	ASSERT_EQ(0, msg_recv(&self->storm->conns[STORM_A], KDBUS_RECV_DROP, &recv));
	ledger->discarded = 1;
	storm_settle(self->storm);
	EXPECT_STREQ("", self->storm->complaint);
}

/* abi: design/6.1, design/6.6 */
TEST_F_TIMEOUT(storm, on_busy_cpus_keeps_messages_calls_and_accounts, 600)
{
	struct neighbour hogs[3];
	unsigned int i, seed;

	for (i = 0; i < ARRAY_SIZE(hogs); i++) {
		ASSERT_EQ(0, neighbour_start(&hogs[i], NULL, neighbour_spins, NULL));
	}
	for (seed = 11; seed <= 12; seed++) {
		EXPECT_EQ(0, act_all(self->storm, seed));
		storm_settle(self->storm);
		EXPECT_STREQ("", self->storm->complaint);
	}
	for (i = 0; i < ARRAY_SIZE(hogs); i++) {
		EXPECT_LT(0, neighbour_stop(&hogs[i]));
	}
}

/* The storm of the test below, in a process of its own: its complaint, if it has one, is told. */
static int storm_in_cgroup(struct storm *storm, const struct cgroup *cgroup)
{
	unsigned int seed;
	int ret = cgroup_enter(cgroup);

	for (seed = 21; ret == 0 && seed <= 22; seed++) {
		ret = act_all(storm, seed);
		storm_settle(storm);
	}
	if (storm->complaint[0])
		printf("# %s\n", storm->complaint);
	return ret || storm->complaint[0] ? -1 : 0;
}

/*
 * The group is always at its limit, with memory that can be given back: each allocation may
 * have to reclaim some.
 */
/* abi: design/6.1, design/6.6 */
TEST_F_TIMEOUT(storm, at_the_limit_of_its_cgroup_keeps_messages_calls_and_accounts, 600)
{
	__u64 end = deadline_ms(10 * PATIENCE_MS);
	struct neighbour readers[2];
	struct cgroup cgroup;
	unsigned int i;
	pid_t pid;

	ASSERT_EQ(0, cgroup_new(&cgroup));
	ASSERT_EQ(0, cgroup_set(&cgroup, "memory.max", "33554432"));
	for (i = 0; i < ARRAY_SIZE(readers); i++) {
		ASSERT_EQ(0, neighbour_start(&readers[i], &cgroup, neighbour_reads, NULL));
	}
	while (cgroup_get(&cgroup, "memory.events", "max") == 0)
		ASSERT_GT(end, now_ns());
	pid = child_fork();
	if (pid == 0) {
		int ret = storm_in_cgroup(self->storm, &cgroup);

		fflush(NULL);
		child_exit(ret);
	}
	EXPECT_EQ(0, child_result(pid));
	for (i = 0; i < ARRAY_SIZE(readers); i++) {
		EXPECT_LT(0, neighbour_stop(&readers[i]));
	}
	TH_LOG("limit reached %lld times", cgroup_get(&cgroup, "memory.events", "max"));
	EXPECT_EQ(0, cgroup_get(&cgroup, "memory.events", "oom_kill"));
	EXPECT_EQ(0, cgroup_remove(&cgroup));
}

/* ---- the end of the bus ---- */

static bool is_end(int ret)
{
	return ret == -ECONNRESET || ret == -ESHUTDOWN || ret == -ENOENT;
}

/* Anything, until the bus is gone; a peer may be so before. */
static void *actor_run_to_end(void *data)
{
	static const int ends[] = { -ENXIO, -ESRCH, -EPIPE, -EBADSLT };
	struct actor *actor = data;
	const struct storm_command *command;
	unsigned int i;
	bool known;
	int ret;

	pthread_barrier_wait(actor->start);
	do {
		command = &storm_commands[actor_random(actor) % storm_n_commands];
		ret = command->run(actor->storm, actor->self, actor->peer);
		known = storm_allows(command, ret) || is_end(ret) || ret == -EIO;
		for (i = 0; i < ARRAY_SIZE(ends); i++)
			known |= ret == ends[i];
		if (!known) {
			actor->unexpected = ret;
			actor->surprised = command;
		}
		actor->rounds++;
	} while (!is_end(ret) || !__atomic_load_n(actor->ending, __ATOMIC_RELAXED));
	return NULL;
}

/* Everybody does anything while the bus ends after @n commands: 0 or a surprise. */
static int act_until_end(struct storm *storm, unsigned int seed, unsigned int n)
{
	struct actor actors[THREADS] = {};
	pthread_barrier_t start;
	bool ending = false;
	unsigned int i;
	int ret = 0;

	pthread_barrier_init(&start, NULL, THREADS);
	for (i = 0; i < THREADS; i++) {
		actors[i] = (struct actor) {
			.ending = &ending,
			.storm = storm,
			.self = i % 2,
			.peer = 1 - i % 2,
			.random = seed * THREADS + i + 1,
			.start = &start,
		};
		if (pthread_create(&actors[i].thread, NULL, actor_run_to_end, &actors[i]))
			abort();
	}
	while (__atomic_load_n(&actors[seed % THREADS].rounds, __ATOMIC_RELAXED) < n)
		sched_yield();
	__atomic_store_n(&ending, true, __ATOMIC_RELAXED);
	bus_close(&storm->bus);
	for (i = 0; i < THREADS; i++) {
		pthread_join(actors[i].thread, NULL);
		if (actors[i].unexpected) {
			ret = actors[i].unexpected;
			printf("# %s said %d\n", actors[i].surprised->name, ret);
		}
	}
	pthread_barrier_destroy(&start);
	return ret;
}

FIXTURE(bus_end) {
	struct storm *storm;
};

FIXTURE_SETUP(bus_end)
{
	self->storm = calloc(1, sizeof(*self->storm));
	ASSERT_NE(NULL, self->storm);
}

FIXTURE_TEARDOWN(bus_end)
{
	free(self->storm);
}

/* abi: 2.3/children-first, 19.5/triggers, design/6.7 */
TEST_F_TIMEOUT(bus_end, may_come_in_the_middle_of_any_commands, 600)
{
	__u64 end = deadline_ms(STORM_MS);
	struct storm *storm = self->storm;
	unsigned int seed, i;

	for (seed = 1; seed <= 40 && now_ns() < end; seed++) {
		ASSERT_EQ(0, storm_begin(storm));
		EXPECT_EQ(0, act_until_end(storm, seed, 1 + seed % 20));
		for (i = 0; i < STORM_CONNS; i++) {
			EXPECT_EQ(-ECONNRESET, recv_cookie(&storm->conns[i]));
		}
		storm_end(storm);
	}
	TH_LOG("%u buses", seed - 1);
}

TEST_HARNESS_MAIN
