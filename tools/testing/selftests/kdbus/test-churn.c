// SPDX-License-Identifier: LGPL-2.1-or-later
/* Objects that come and go while others use the bus. */
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.churn"

FIXTURE_BUS(churn)

/*
 * A thread that repeats one step until told to stop, or until the step fails
 * with what it may fail with at the end.
 */
struct repeat {
	int (*step)(struct repeat *repeat);
	const struct bus *bus;
	struct conn *conn;
	__u64 peer;
	unsigned int n;
	int last;
	bool *stop;
	pthread_t thread;
};

static void *repeat_run(void *data)
{
	struct repeat *repeat = data;

	while (!__atomic_load_n(repeat->stop, __ATOMIC_RELAXED)) {
		repeat->last = repeat->step(repeat);
		if (repeat->last)
			break;
		__atomic_fetch_add(&repeat->n, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static int repeat_start(struct repeat *repeat)
{
	return -pthread_create(&repeat->thread, NULL, repeat_run, repeat);
}

static int repeat_join(struct repeat *repeat)
{
	pthread_join(repeat->thread, NULL);
	return repeat->last;
}

/* Let it get somewhere before going on. */
static void repeat_wait(struct repeat *repeat, unsigned int n)
{
	while (__atomic_load_n(&repeat->n, __ATOMIC_RELAXED) < n && !repeat->last)
		;
}

/* Connect, ask for everything, hear or say something, leave. */
static int step_visit(struct repeat *repeat)
{
	struct conn conn;
	int ret = conn_new_pool(&conn, repeat->bus, 65536);

	if (ret)
		return ret;
	ret = match_all(&conn, 1);
	if (ret == 0)
		ret = send_broadcast(&conn, 5);
	if (ret == 0)
		ret = name_acquire(&conn, NAME, KDBUS_NAME_QUEUE, NULL);
	conn_close(&conn);
	return ret;
}

static int step_match(struct repeat *repeat)
{
	__u64 mask[BLOOM_SIZE / 8] = { 1ULL << repeat->n % 64 };
	struct args args;
	int ret;

	args_match(&args, repeat->n % 16);
	if (repeat->n % 3 == 0)
		args_item(&args, KDBUS_ITEM_BLOOM_MASK, mask, sizeof(mask));
	else if (repeat->n % 3 == 1)
		args_str(&args, KDBUS_ITEM_NAME, NAME);
	else
		args_u64(&args, KDBUS_ITEM_ID, repeat->peer);
	ret = match_add(repeat->conn, &args);
	if (ret && ret != -EMFILE)
		return ret;
	ret = match_remove(repeat->conn, (repeat->n + 7) % 16);
	return ret == -EBADSLT ? 0 : ret;
}

static int step_endpoint(struct repeat *repeat)
{
	struct endpoint ep;
	struct conn conn;
	int ret = endpoint_make(&ep, repeat->bus);

	if (ret)
		return ret;
	ret = endpoint_grant(&ep, NAME, KDBUS_POLICY_TALK);
	if (ret == 0)
		ret = conn_new_at(&conn, ep.path, 0, 0);
	if (ret == 0)
		conn_close(&conn);
	endpoint_close(&ep);
	return ret;
}

static int step_hello(struct repeat *repeat)
{
	struct conn conn;
	int ret = conn_new_pool(&conn, repeat->bus, 4096);

	if (ret == 0)
		conn_close(&conn);
	return ret;
}

static int step_activator(struct repeat *repeat)
{
	struct conn conn;
	int ret = conn_new_policy(&conn, repeat->bus, KDBUS_HELLO_ACTIVATOR, NAME,
				  KDBUS_POLICY_ACCESS_WORLD, KDBUS_POLICY_TALK, 0);

	if (ret)
		return ret;
	conn_close(&conn);
	return 0;
}

/* abi: design/6.7, 11.5/a-copies */
TEST_F(churn, broadcasts_reach_those_who_stay_while_others_come_and_go)
{
	struct kdbus_cmd_recv recv;
	const struct kdbus_msg *msg;
	struct repeat visitors[2];
	bool stop = false;
	unsigned int i, expected = 1;
	struct args args;

	args_match(&args, 1);
	args_u64(&args, KDBUS_ITEM_ID, self->a.id);
	ASSERT_EQ(0, match_add(&self->b, &args));
	for (i = 0; i < 2; i++) {
		visitors[i] = (struct repeat) { step_visit, &self->bus, .stop = &stop };
		ASSERT_EQ(0, repeat_start(&visitors[i]));
	}
	for (i = 1; i <= 400; i++) {
		ASSERT_EQ(0, send_broadcast(&self->a, i));
		while (msg_recv(&self->b, 0, &recv) == 0) {
			msg = (const void *)(self->b.pool + recv.msg.offset);
			EXPECT_EQ(expected, msg->cookie);
			EXPECT_EQ(0, recv.dropped_msgs);
			expected = msg->cookie + 1;
			EXPECT_EQ(0, conn_free(&self->b, recv.msg.offset));
		}
	}
	EXPECT_EQ(401, expected);
	repeat_wait(&visitors[0], 1);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	EXPECT_EQ(0, repeat_join(&visitors[0]));
	EXPECT_EQ(0, repeat_join(&visitors[1]));
}

/* abi: design/6.7, 16.2/replace */
TEST_F(churn, entry_that_stays_is_satisfied_while_others_are_added_and_removed)
{
	struct repeat own, others;
	bool stop = false;
	struct args args;
	unsigned int i;

	args_match(&args, 99);
	args_u64(&args, KDBUS_ITEM_ID, self->a.id);
	ASSERT_EQ(0, match_add(&self->b, &args));
	own = (struct repeat) { step_match, &self->bus, &self->b, self->b.id, .stop = &stop };
	others = (struct repeat) { step_match, &self->bus, &self->a, self->b.id, .stop = &stop };
	ASSERT_EQ(0, repeat_start(&own));
	ASSERT_EQ(0, repeat_start(&others));
	for (i = 1; i <= 500; i++) {
		ASSERT_EQ(0, send_broadcast(&self->a, i));
		ASSERT_EQ(i, recv_cookie(&self->b));
		ASSERT_EQ(-EAGAIN, recv_cookie(&self->b));
		/* replacing is one step: the old or the new entry is there */
		args.match.flags = KDBUS_MATCH_REPLACE;
		ASSERT_EQ(0, match_add(&self->b, &args));
	}
	repeat_wait(&own, 1);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	EXPECT_EQ(0, repeat_join(&own));
	EXPECT_EQ(0, repeat_join(&others));
}

/* abi: 8.2/dead, 2.3/children-first, design/6.7 */
TEST(bus_may_end_while_endpoints_and_connections_are_made)
{
	int (*const steps[])(struct repeat *repeat) = {
		step_endpoint, step_hello, step_activator,
	};
	struct repeat repeats[ARRAY_SIZE(steps)];
	bool stop = false;
	unsigned int i, round;
	struct bus bus;
	int ret;

	for (round = 0; round < 15; round++) {
		ASSERT_EQ(0, bus_make(&bus));
		for (i = 0; i < ARRAY_SIZE(steps); i++) {
			repeats[i] = (struct repeat) { steps[i], &bus, .stop = &stop };
			ASSERT_EQ(0, repeat_start(&repeats[i]));
		}
		repeat_wait(&repeats[round % ARRAY_SIZE(steps)], 1 + round / 5);
		close(bus.fd);
		for (i = 0; i < ARRAY_SIZE(steps); i++) {
			ret = repeat_join(&repeats[i]);
			EXPECT_TRUE(ret == -ESHUTDOWN || ret == -ENOENT || ret == -ECONNRESET) {
				TH_LOG("step %u ended with %d", i, ret);
			}
		}
	}
}

static int step_call(struct repeat *repeat)
{
	struct args msg;
	int ret;

	args_call(&msg, repeat->peer, repeat->n + 1);
	msg.msg.timeout_ns = deadline_ms(PATIENCE_MS);
	ret = msg_send_flags(repeat->conn, &msg, KDBUS_SEND_SYNC_REPLY, NULL);
	/* replies stay in the pool: it ends with the connection anyway */
	return ret == -EXFULL || ret == -ENOBUFS ? 0 : ret;
}

static int step_reply(struct repeat *repeat)
{
	const struct kdbus_msg *msg;
	int ret = conn_wait(repeat->conn);

	if (ret)
		return ret;
	msg = msg_next(repeat->conn);
	if (!msg)
		return errno == EAGAIN ? 0 : -errno;
	ret = send_reply(repeat->conn, msg->src_id, 1, msg->cookie);
	/* the caller may have left */
	if (ret == -EBADSLT || ret == -ENXIO || ret == -ECONNRESET)
		ret = 0;
	return ret ? ret : msg_done(repeat->conn, msg);
}

/* abi: 19.5/1-sync, 19.5/6, design/6.6 */
TEST_F(churn, callers_may_leave_while_they_are_answered)
{
	struct repeat caller, replier;
	bool stop = false;
	unsigned int round;
	struct conn conn;
	int ret;

	replier = (struct repeat) { step_reply, &self->bus, &self->b, .stop = &stop };
	ASSERT_EQ(0, repeat_start(&replier));
	for (round = 0; round < 30; round++) {
		ASSERT_EQ(0, conn_new(&conn, &self->bus));
		caller = (struct repeat) { step_call, &self->bus, &conn, self->b.id,
					   .stop = &stop };
		ASSERT_EQ(0, repeat_start(&caller));
		repeat_wait(&caller, round % 4);
		ASSERT_EQ(0, conn_bye(&conn));
		ret = repeat_join(&caller);
		EXPECT_EQ(-ECONNRESET, ret);
		conn_close(&conn);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	/* one more, so that the replier looks up */
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 1));
	EXPECT_EQ(0, repeat_join(&replier));
}

/* abi: 19.5/6, 14.7/trackers, design/6.6 */
TEST_F(churn, every_call_to_a_service_that_dies_ends_for_its_caller)
{
	struct conn service;
	unsigned int i, round;
	struct args msg;
	int ret;

	for (round = 0; round < 30; round++) {
		ASSERT_EQ(0, conn_new(&service, &self->bus));
		ASSERT_EQ(0, name_acquire(&service, NAME, 0, NULL));
		for (i = 0; i < 10; i++) {
			args_call(&msg, KDBUS_DST_ID_NAME, i + 1);
			args_str(&msg, KDBUS_ITEM_DST_NAME, NAME);
			ASSERT_EQ(0, msg_send(&self->a, &msg));
		}
		/* some were read, some answered, some neither */
		for (i = 0; i < round % 8; i++) {
			ASSERT_EQ(i + 1, recv_cookie(&service));
		}
		if (round % 8) {
			ASSERT_EQ(0, send_reply(&service, self->a.id, 100, 1));
		}
		conn_close(&service);
		ret = recv_all(&self->a);
		EXPECT_EQ(10, ret);
	}
}

TEST_HARNESS_MAIN
