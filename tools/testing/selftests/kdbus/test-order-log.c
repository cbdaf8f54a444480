// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The judge of test-order-stress: right for what one queue gives, and not for anything
 * else.  No kernel is needed.
 */
#include "order-log.h"
#include "kselftest_harness.h"

#define LOGS		4
#define MESSAGES	400
#define MUTATIONS	200

static unsigned int random_below(unsigned int *state, unsigned int n)
{
	*state = *state * 1664525 + 1013904223;
	return (*state >> 8) % n;
}

/* What everyone gets has passed through here. */
struct simulation {
	struct order_run run;
	unsigned int random;
	__u64 queue[LOGS][MESSAGES];
	size_t put[LOGS];
	size_t got[LOGS];
};

static int simulate_send(struct simulation *sim, unsigned int from)
{
	bool to_all = random_below(&sim->random, 2);
	__s64 number = order_message_new(&sim->run, to_all ? ORDER_TO_ALL : ORDER_TO_SOMEBODY);
	struct order_message *message;
	unsigned int i;

	if (number < 0)
		return -ENOBUFS;
	message = &sim->run.messages[number];
	message->begin = order_now(&sim->run);
	for (i = 0; i < LOGS; i++)
		if (to_all || random_below(&sim->random, 2))
			sim->queue[i][sim->put[i]++] = number;
	message->end = order_now(&sim->run);
	return order_note(&sim->run, from, ORDER_SENT, number);
}

static int simulate_recv(struct simulation *sim, unsigned int by)
{
	if (sim->got[by] == sim->put[by])
		return 0;
	return order_note(&sim->run, by, ORDER_GOT, sim->queue[by][sim->got[by]++]);
}

FIXTURE(judge) {
	struct simulation sim;
	struct order_verdict verdict;
};

FIXTURE_SETUP(judge)
{
	struct simulation *sim = &self->sim;
	unsigned int i, by;
	int ret = 0;

	memset(self, 0, sizeof(*self));
	sim->random = 1;
	ASSERT_EQ(0, order_begin(&sim->run, MESSAGES, LOGS));
	for (i = 0; i < LOGS; i++) {
		ASSERT_EQ(i, order_log_new(&sim->run, true));
		sim->run.logs[i].whole = true;
	}
	while (ret == 0) {
		by = random_below(&sim->random, LOGS);
		if (random_below(&sim->random, 3))
			ret = simulate_recv(sim, by);
		else
			ret = simulate_send(sim, by);
	}
	ASSERT_EQ(-ENOBUFS, ret);
	for (by = 0; by < LOGS; by++)
		while (sim->got[by] < sim->put[by])
			ASSERT_EQ(0, simulate_recv(sim, by));
}

FIXTURE_TEARDOWN(judge)
{
	order_end(&self->sim.run);
}

/* abi: design/6.2 */
TEST_F(judge, accepts_what_has_passed_through_one_queue)
{
	ASSERT_EQ(0, order_check(&self->sim.run, &self->verdict));
	EXPECT_TRUE(order_is_kept(&self->verdict)) {
		TH_LOG("%s", self->verdict.first);
	}
	EXPECT_LT(MESSAGES, self->verdict.receipts);
}

/* Is @number received in @log? */
static bool is_got(const struct order_log *log, __u64 number)
{
	size_t i;

	for (i = 0; i < log->n; i++)
		if (log->events[i].kind == ORDER_GOT && log->events[i].what == number)
			return true;
	return false;
}

/* Two receipts of @log, one right behind the other, that @other has as well; or NULL. */
static struct order_event *neighbours(struct order_log *log, const struct order_log *other,
				      unsigned int *random)
{
	size_t i = random_below(random, log->n);

	for (; i + 1 < log->n; i++)
		if (log->events[i].kind == ORDER_GOT && log->events[i + 1].kind == ORDER_GOT &&
		    is_got(other, log->events[i].what) && is_got(other, log->events[i + 1].what))
			return &log->events[i];
	return NULL;
}

static void swap_events(struct order_event *event)
{
	__u64 what = event[0].what;

	event[0].what = event[1].what;
	event[1].what = what;
}

TEST_F(judge, refutes_two_neighbours_that_one_receiver_got_the_other_way_round)
{
	struct simulation *sim = &self->sim;
	unsigned int i, one, other, n = 0;
	struct order_event *event;

	for (i = 0; i < MUTATIONS; i++) {
		one = random_below(&sim->random, LOGS);
		other = (one + 1 + random_below(&sim->random, LOGS - 1)) % LOGS;
		event = neighbours(&sim->run.logs[one], &sim->run.logs[other], &sim->random);
		if (!event)
			continue;
		n++;
		swap_events(event);
		ASSERT_EQ(0, order_check(&sim->run, &self->verdict));
		EXPECT_TRUE(self->verdict.cycle);
		EXPECT_LT(0, self->verdict.disagreements);
		swap_events(event);
	}
	EXPECT_LT(MUTATIONS / 2, n);
	ASSERT_EQ(0, order_check(&sim->run, &self->verdict));
	EXPECT_TRUE(order_is_kept(&self->verdict));
}

TEST_F(judge, refutes_what_came_twice_and_what_did_not_come)
{
	struct order_run *run = &self->sim.run;
	struct order_log *log = &run->logs[1];
	struct order_event event;
	size_t i = 0;

	while (log->events[i].kind != ORDER_GOT ||
	       run->messages[log->events[i].what].to != ORDER_TO_ALL)
		i++;
	ASSERT_EQ(0, order_note(run, 1, ORDER_GOT, log->events[i].what));
	ASSERT_EQ(0, order_check(run, &self->verdict));
	EXPECT_EQ(1, self->verdict.doubled);
	log->n--;

	event = log->events[i];
	log->events[i].kind = ORDER_SENT;
	ASSERT_EQ(0, order_check(run, &self->verdict));
	EXPECT_EQ(1, self->verdict.missing);
	/* who was told of a loss misses nothing */
	log->lost = 1;
	ASSERT_EQ(0, order_check(run, &self->verdict));
	EXPECT_EQ(0, self->verdict.missing);
	log->events[i] = event;
}

/* ---- small worlds, by hand ---- */

FIXTURE(hand) {
	struct order_run run;
	struct order_verdict verdict;
};

FIXTURE_SETUP(hand)
{
	memset(self, 0, sizeof(*self));
	ASSERT_EQ(0, order_begin(&self->run, 4, LOGS));
	while (order_log_new(&self->run, true) >= 0)
		;
}

FIXTURE_TEARDOWN(hand)
{
	order_end(&self->run);
}

/* SENDs that begin now, all at the same time */
static void begin_all(struct order_run *run)
{
	__s64 number;

	while ((number = order_message_new(run, ORDER_TO_SOMEBODY)) >= 0)
		run->messages[number].begin = order_now(run);
}

TEST_F(hand, refutes_three_receivers_that_agree_in_pairs_only)
{
	unsigned int i;

	begin_all(&self->run);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, order_note(&self->run, i, ORDER_GOT, i));
		ASSERT_EQ(0, order_note(&self->run, i, ORDER_GOT, (i + 1) % 3));
	}
	ASSERT_EQ(0, order_check(&self->run, &self->verdict));
	EXPECT_TRUE(self->verdict.cycle);
	EXPECT_EQ(0, self->verdict.disagreements);
	EXPECT_FALSE(order_is_kept(&self->verdict));
}

TEST_F(hand, refutes_an_answer_that_comes_before_what_it_answers)
{
	begin_all(&self->run);
	ASSERT_EQ(0, order_note(&self->run, 0, ORDER_GOT, 0));
	ASSERT_EQ(0, order_note(&self->run, 0, ORDER_SENT, 1));
	ASSERT_EQ(0, order_note(&self->run, 1, ORDER_GOT, 1));
	ASSERT_EQ(0, order_check(&self->run, &self->verdict));
	EXPECT_TRUE(order_is_kept(&self->verdict));
	ASSERT_EQ(0, order_note(&self->run, 1, ORDER_GOT, 0));
	ASSERT_EQ(0, order_check(&self->run, &self->verdict));
	EXPECT_TRUE(self->verdict.cycle);
}

TEST_F(hand, refutes_an_answer_to_a_notification_that_comes_before_it)
{
	begin_all(&self->run);
	ASSERT_EQ(0, order_note(&self->run, 0, ORDER_GOT, ORDER_NOTE | 7));
	ASSERT_EQ(0, order_note(&self->run, 0, ORDER_SENT, 1));
	ASSERT_EQ(0, order_note(&self->run, 1, ORDER_GOT, 1));
	ASSERT_EQ(0, order_note(&self->run, 1, ORDER_GOT, ORDER_NOTE | 7));
	ASSERT_EQ(0, order_check(&self->run, &self->verdict));
	EXPECT_TRUE(self->verdict.cycle);
}

TEST_F(hand, refutes_what_a_reply_past_the_queue_has_led_to)
{
	begin_all(&self->run);
	/* log 0 gets 0 and replies with 1; log 1 has the reply and sends 2 */
	ASSERT_EQ(0, order_note(&self->run, 0, ORDER_GOT, 0));
	ASSERT_EQ(0, order_note(&self->run, 0, ORDER_SENT, 1));
	ASSERT_EQ(0, order_note(&self->run, 1, ORDER_ASIDE, 1));
	ASSERT_EQ(0, order_note(&self->run, 1, ORDER_SENT, 2));
	/* the caller itself may find 0 in his queue later */
	ASSERT_EQ(0, order_note(&self->run, 1, ORDER_GOT, 0));
	ASSERT_EQ(0, order_check(&self->run, &self->verdict));
	EXPECT_TRUE(order_is_kept(&self->verdict));
	ASSERT_EQ(0, order_note(&self->run, 2, ORDER_GOT, 2));
	ASSERT_EQ(0, order_note(&self->run, 2, ORDER_GOT, 0));
	ASSERT_EQ(0, order_check(&self->run, &self->verdict));
	EXPECT_TRUE(self->verdict.cycle);
}

TEST_F(hand, refutes_a_message_in_front_of_one_that_had_been_sent_before_it_began)
{
	struct order_message *messages = self->run.messages;

	ASSERT_EQ(0, order_message_new(&self->run, ORDER_TO_SOMEBODY));
	ASSERT_EQ(1, order_message_new(&self->run, ORDER_TO_SOMEBODY));
	messages[0].begin = order_now(&self->run);
	messages[0].end = order_now(&self->run);
	messages[1].begin = order_now(&self->run);
	ASSERT_EQ(0, order_note(&self->run, 0, ORDER_GOT, 1));
	ASSERT_EQ(0, order_note(&self->run, 0, ORDER_GOT, 0));
	ASSERT_EQ(0, order_check(&self->run, &self->verdict));
	EXPECT_FALSE(self->verdict.cycle);
	EXPECT_EQ(1, self->verdict.overtaken);
	/* but a message to a name may have been put behind */
	messages[0].to = ORDER_TO_MOVED;
	ASSERT_EQ(0, order_check(&self->run, &self->verdict));
	EXPECT_TRUE(order_is_kept(&self->verdict));
	/* and those under way at the same time may come in any order */
	messages[0].to = ORDER_TO_SOMEBODY;
	messages[0].end = ~0ULL;
	ASSERT_EQ(0, order_check(&self->run, &self->verdict));
	EXPECT_TRUE(order_is_kept(&self->verdict));
}

TEST_F(hand, refutes_a_message_in_front_of_one_that_somebody_knew_before_it_began)
{
	struct order_message *messages = self->run.messages;

	ASSERT_EQ(0, order_message_new(&self->run, ORDER_TO_SOMEBODY));
	ASSERT_EQ(1, order_message_new(&self->run, ORDER_TO_SOMEBODY));
	messages[0].begin = order_now(&self->run);
	ASSERT_EQ(0, order_note(&self->run, 1, ORDER_GOT, 0));
	messages[1].begin = order_now(&self->run);
	ASSERT_EQ(0, order_note(&self->run, 0, ORDER_GOT, 1));
	ASSERT_EQ(0, order_note(&self->run, 0, ORDER_GOT, 0));
	ASSERT_EQ(0, order_check(&self->run, &self->verdict));
	EXPECT_FALSE(self->verdict.cycle);
	EXPECT_EQ(0, self->verdict.overtaken);
	EXPECT_EQ(1, self->verdict.foretold);
}

TEST_HARNESS_MAIN
