// SPDX-License-Identifier: LGPL-2.1-or-later
/* In which order messages come that different connections have sent. */
#include "objects.h"
#include "order-log.h"
#include "kselftest_harness.h"

#define NAME		"org.example.order"
#define MANY		200

/* a, b and c hear every signal and notification; d nothing. */
FIXTURE(order) {
	struct bus bus;
	struct conn a, b, c, d;
};

FIXTURE_SETUP(order)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new(&self->a, &self->bus));
	ASSERT_EQ(0, conn_new(&self->b, &self->bus));
	ASSERT_EQ(0, conn_new(&self->c, &self->bus));
	ASSERT_EQ(0, conn_new(&self->d, &self->bus));
	ASSERT_EQ(0, match_all(&self->a, 1));
	ASSERT_EQ(0, match_all(&self->b, 1));
	ASSERT_EQ(0, match_all(&self->c, 1));
}

FIXTURE_TEARDOWN(order)
{
	conn_close(&self->d);
	conn_close(&self->c);
	conn_close(&self->b);
	conn_close(&self->a);
	bus_close(&self->bus);
}

/* What a message is in reaction to: each kind goes another way through the kernel. */
FIXTURE(effect) {
	struct bus bus;
	struct conn a, b, c;
};

FIXTURE_VARIANT(effect)
{
	int (*send)(struct conn *from, struct conn *to);
};

static int effect_unicast(struct conn *from, struct conn *to)
{
	return send_plain(from, to->id, 2);
}

static int effect_broadcast(struct conn *from, struct conn *to)
{
	return send_broadcast(from, 2);
}

static int effect_signal(struct conn *from, struct conn *to)
{
	return send_signal(from, to->id, 2);
}

static int effect_call(struct conn *from, struct conn *to)
{
	return send_call(from, to->id, 2);
}

static int effect_reply(struct conn *from, struct conn *to)
{
	return send_reply(from, to->id, 2, 77);
}

static int effect_name(struct conn *from, struct conn *to)
{
	return send_name(from, NAME, 2);
}

static int effect_exchange(struct conn *from, struct conn *to)
{
	struct args args, msg;

	args_msg(&msg, to->id, 2);
	args_exchange(&args);
	args.exchange.msg_address = (uintptr_t)&msg;
	return command(from->fd, KDBUS_CMD_EXCHANGE, &args);
}

FIXTURE_VARIANT_ADD(effect, unicast) { effect_unicast };
FIXTURE_VARIANT_ADD(effect, broadcast) { effect_broadcast };
FIXTURE_VARIANT_ADD(effect, signal_to_one) { effect_signal };
FIXTURE_VARIANT_ADD(effect, call) { effect_call };
FIXTURE_VARIANT_ADD(effect, reply) { effect_reply };
FIXTURE_VARIANT_ADD(effect, message_to_a_name) { effect_name };
FIXTURE_VARIANT_ADD(effect, message_of_exchange) { effect_exchange };

FIXTURE_SETUP(effect)
{
	struct args args;

	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new(&self->a, &self->bus));
	ASSERT_EQ(0, conn_new(&self->b, &self->bus));
	ASSERT_EQ(0, conn_new(&self->c, &self->bus));
	ASSERT_EQ(0, name_acquire(&self->c, NAME, 0, NULL));
	/* c has a call to b under way, so that b may reply */
	ASSERT_EQ(0, send_call(&self->c, self->b.id, 77));
	ASSERT_EQ(77, recv_cookie(&self->b));
	/* all signals, but no notifications */
	args_match(&args, 1);
	args_u64(&args, KDBUS_ITEM_DST_ID, KDBUS_DST_ID_BROADCAST);
	ASSERT_EQ(0, match_add(&self->b, &args));
	ASSERT_EQ(0, match_add(&self->c, &args));
	args_match(&args, 1);
	args_u64(&args, KDBUS_ITEM_DST_ID, self->c.id);
	ASSERT_EQ(0, match_add(&self->c, &args));
}

FIXTURE_TEARDOWN(effect)
{
	conn_close(&self->c);
	conn_close(&self->b);
	conn_close(&self->a);
	bus_close(&self->bus);
}

/* abi: design/6.2, order/causality */
TEST_F(effect, comes_behind_its_cause_at_a_third_party)
{
	ASSERT_EQ(0, send_broadcast(&self->a, 1));
	ASSERT_EQ(1, recv_cookie(&self->b));
	ASSERT_EQ(0, variant->send(&self->b, &self->c));
	EXPECT_EQ(1, recv_cookie(&self->c));
	EXPECT_EQ(2, recv_cookie(&self->c));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->c));
}

/* abi: design/6.2, order/causality */
TEST_F(effect, comes_behind_its_cause_where_clocks_are_far_apart)
{
	unsigned int i;

	/* a and b have seen much more than c has */
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, send_plain(&self->a, self->b.id, 5));
		ASSERT_EQ(5, recv_cookie(&self->b));
		ASSERT_EQ(0, send_plain(&self->b, self->a.id, 5));
		ASSERT_EQ(5, recv_cookie(&self->a));
	}
	ASSERT_EQ(0, send_plain(&self->a, self->c.id, 3));
	ASSERT_EQ(0, send_broadcast(&self->a, 1));
	ASSERT_EQ(1, recv_cookie(&self->b));
	ASSERT_EQ(0, variant->send(&self->b, &self->c));
	/* and this one has seen nothing, but is later than all */
	ASSERT_EQ(0, send_plain(&self->c, self->c.id, 4));
	EXPECT_EQ(3, recv_cookie(&self->c));
	EXPECT_EQ(1, recv_cookie(&self->c));
	EXPECT_EQ(2, recv_cookie(&self->c));
	EXPECT_EQ(4, recv_cookie(&self->c));
}

/* abi: order/causality */
TEST_F(order, chain_through_many_third_parties_keeps_its_order)
{
	struct conn link[20];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(link); i++) {
		ASSERT_EQ(0, conn_new_pool(&link[i], &self->bus, 65536));
		ASSERT_EQ(0, match_all(&link[i], 1));
	}
	/* the news of these */
	ASSERT_EQ(ARRAY_SIZE(link), recv_all(&self->c));
	/* each one hears what the one before said, and says something itself */
	ASSERT_EQ(0, send_broadcast(&self->a, 1));
	for (i = 0; i < ARRAY_SIZE(link); i++) {
		for (j = 0; j < ARRAY_SIZE(link) - 1 - i; j++) {
			ASSERT_EQ(0, expect_id(&link[i], KDBUS_ITEM_ID_ADD, link[i + 1 + j].id,
					       KDBUS_HELLO_ACCEPT_FD));
		}
		for (j = 0; j <= i; j++) {
			ASSERT_EQ(1 + j, recv_cookie(&link[i]));
		}
		ASSERT_EQ(0, send_broadcast(&link[i], 2 + i));
	}
	for (i = 0; i <= ARRAY_SIZE(link); i++)
		EXPECT_EQ(1 + i, recv_cookie(&self->c));
	for (i = 0; i < ARRAY_SIZE(link); i++)
		conn_close(&link[i]);
}

/* abi: order/real-time */
TEST_F(order, message_comes_behind_all_whose_send_had_returned)
{
	unsigned int i;

	/* the senders know nothing of each other but the order of these calls */
	for (i = 0; i < MANY / 8; i++) {
		ASSERT_EQ(0, send_broadcast(&self->a, 8 * i + 1));
		ASSERT_EQ(0, send_plain(&self->d, self->c.id, 8 * i + 2));
		ASSERT_EQ(0, send_plain(&self->b, self->c.id, 8 * i + 3));
		ASSERT_EQ(0, send_broadcast(&self->d, 8 * i + 4));
		ASSERT_EQ(0, send_plain(&self->c, self->c.id, 8 * i + 5));
		ASSERT_EQ(0, send_broadcast(&self->b, 8 * i + 6));
		ASSERT_EQ(0, send_broadcast(&self->c, 8 * i + 7));
		ASSERT_EQ(0, send_signal(&self->a, self->c.id, 8 * i + 8));
	}
	for (i = 1; i <= 8 * (MANY / 8); i++)
		EXPECT_EQ(i, recv_cookie(&self->c));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->c));
}

/* abi: order/names */
TEST_F(order, news_of_a_name_come_before_the_messages_of_its_new_owner)
{
	ASSERT_EQ(0, name_acquire(&self->d, NAME, 0, NULL));
	ASSERT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_QUEUE, NULL));
	ASSERT_EQ(0, name_release(&self->d, NAME));
	ASSERT_EQ(0, send_broadcast(&self->b, 1));
	ASSERT_EQ(0, send_name(&self->d, NAME, 2));
	EXPECT_EQ(0, expect_name(&self->c, KDBUS_ITEM_NAME_ADD, NAME, 0, 0, self->d.id, OWNED));
	EXPECT_EQ(0, expect_name(&self->c, KDBUS_ITEM_NAME_CHANGE, NAME, self->d.id, OWNED,
				 self->b.id, OWNED | KDBUS_NAME_QUEUE));
	EXPECT_EQ(1, recv_cookie(&self->c));
	/* the new owner too learns of it before anything is sent to it by that name */
	EXPECT_EQ(0, expect_name(&self->b, KDBUS_ITEM_NAME_ADD, NAME, 0, 0, self->d.id, OWNED));
	EXPECT_EQ(0, expect_name(&self->b, KDBUS_ITEM_NAME_CHANGE, NAME, self->d.id, OWNED,
				 self->b.id, OWNED | KDBUS_NAME_QUEUE));
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(2, recv_cookie(&self->b));
}

/* abi: order/ids */
TEST_F(order, connection_is_told_of_before_its_first_message_and_gone_behind_its_last)
{
	struct conn guest;
	__u64 id;

	ASSERT_EQ(0, conn_new(&guest, &self->bus));
	id = guest.id;
	ASSERT_EQ(0, send_plain(&guest, self->c.id, 1));
	ASSERT_EQ(0, send_broadcast(&guest, 2));
	conn_close(&guest);
	EXPECT_EQ(0, expect_id(&self->c, KDBUS_ITEM_ID_ADD, id, KDBUS_HELLO_ACCEPT_FD));
	EXPECT_EQ(1, recv_cookie(&self->c));
	EXPECT_EQ(2, recv_cookie(&self->c));
	EXPECT_EQ(0, expect_id(&self->c, KDBUS_ITEM_ID_REMOVE, id, KDBUS_HELLO_ACCEPT_FD));
}

/*
 * @conn: calls @id, and hears everything
 * @was_told: when the call had failed, the news that @id has gone was there
 */
struct widow {
	struct conn *conn;
	__u64 id;
	int ret;
	bool was_told;
	pthread_t thread;
};

static void *widow_run(void *data)
{
	struct widow *widow = data;
	const struct kdbus_msg *msg;
	struct kdbus_cmd_recv recv;

	widow->ret = send_sync(widow->conn, widow->id, 1);
	widow->was_told = false;
	while (msg_recv(widow->conn, 0, &recv) == 0) {
		msg = (const void *)(widow->conn->pool + recv.msg.offset);
		if (msg_item(msg, KDBUS_ITEM_ID_REMOVE))
			widow->was_told = msg_item(msg, KDBUS_ITEM_ID_REMOVE)->id_change.id ==
					  widow->id;
		conn_free(widow->conn, recv.msg.offset);
	}
	return NULL;
}

/* abi: order/replies */
TEST_F_TIMEOUT(order, end_of_the_replier_is_told_before_a_call_ends_with_epipe, 300)
{
	struct widow widow = { .conn = &self->a };
	unsigned int i, n_told = 0;
	struct conn replier;

	for (i = 0; i < MANY; i++) {
		struct pollfd pfd = { .events = POLLIN };

		ASSERT_EQ(0, conn_new(&replier, &self->bus));
		widow.id = replier.id;
		pfd.fd = replier.fd;
		ASSERT_EQ(0, pthread_create(&widow.thread, NULL, widow_run, &widow));
		ASSERT_EQ(1, poll_patiently(&pfd));
		conn_close(&replier);
		ASSERT_EQ(0, pthread_join(widow.thread, NULL));
		ASSERT_EQ(-EPIPE, widow.ret);
		n_told += widow.was_told;
	}
	EXPECT_EQ(MANY, n_told);
}

/* abi: order/replies */
TEST_F(order, reply_comes_behind_what_was_sent_before_it)
{
	ASSERT_EQ(0, send_call(&self->c, self->d.id, 10));
	ASSERT_EQ(10, recv_cookie(&self->d));
	ASSERT_EQ(0, send_broadcast(&self->d, 1));
	ASSERT_EQ(0, send_reply(&self->d, self->c.id, 2, 10));
	EXPECT_EQ(1, recv_cookie(&self->c));
	EXPECT_EQ(2, recv_cookie(&self->c));
}

/* A call from c to d during which @n messages come to c: what the reply's flags say. */
static __s64 call_meanwhile(struct conn *c, struct conn *d, unsigned int n)
{
	struct sync_call call;
	unsigned int i;
	int ret;

	sync_call_init(&call, c, d->id, 10);
	ret = sync_call_start(&call);
	if (ret == 0)
		ret = conn_wait(d);
	if (ret)
		return ret;
	if (recv_cookie(d) != 10)
		return -EBADMSG;
	for (i = 0; i < n && ret == 0; i++)
		ret = send_plain(d, c->id, 20 + i);
	if (ret == 0)
		ret = send_reply(d, c->id, 11, 10);
	if (ret == 0)
		ret = sync_call_join(&call);
	if (ret == 0)
		ret = conn_free(c, call.cmd.send.reply.offset);
	return ret ? ret : (__s64)call.cmd.send.reply.return_flags;
}

/* abi: order/replies */
TEST_F(order, reply_past_the_queue_leaves_older_messages_there)
{
	EXPECT_LE(0, call_meanwhile(&self->c, &self->d, 2));
	/* what comes of the reply stands behind them */
	ASSERT_EQ(0, send_plain(&self->c, self->c.id, 30));
	EXPECT_EQ(20, recv_cookie(&self->c));
	EXPECT_EQ(21, recv_cookie(&self->c));
	EXPECT_EQ(30, recv_cookie(&self->c));
}

/* abi: order/replies */
TEST_F(order, effect_of_a_reply_past_the_queue_comes_behind_what_the_replier_knew)
{
	struct sync_call call;
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, send_plain(&self->a, self->d.id, 5));
		ASSERT_EQ(5, recv_cookie(&self->d));
	}
	sync_call_init(&call, &self->b, self->d.id, 10);
	ASSERT_EQ(0, sync_call_start(&call));
	ASSERT_EQ(0, conn_wait(&self->d));
	ASSERT_EQ(10, recv_cookie(&self->d));
	ASSERT_EQ(0, send_broadcast(&self->d, 1));
	ASSERT_EQ(0, send_reply(&self->d, self->b.id, 11, 10));
	ASSERT_EQ(0, sync_call_join(&call));
	ASSERT_EQ(0, send_plain(&self->b, self->c.id, 2));
	EXPECT_EQ(1, recv_cookie(&self->c));
	EXPECT_EQ(2, recv_cookie(&self->c));
}

/* abi: order/behind */
TEST_F(order, reply_past_the_queue_says_whether_messages_wait_there)
{
	EXPECT_EQ(0, call_meanwhile(&self->c, &self->d, 0));
	EXPECT_EQ(KDBUS_RECV_RETURN_BEHIND, call_meanwhile(&self->c, &self->d, 1));
	EXPECT_EQ(KDBUS_RECV_RETURN_BEHIND, call_meanwhile(&self->c, &self->d, 0));
	EXPECT_EQ(20, recv_cookie(&self->c));
	EXPECT_EQ(0, call_meanwhile(&self->c, &self->d, 0));
}

/* abi: order/behind */
TEST_F(order, other_messages_say_nothing_of_those_behind_them)
{
	struct kdbus_cmd_recv recv;
	unsigned int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, send_plain(&self->d, self->c.id, i));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, msg_recv(&self->c, 0, &recv));
		EXPECT_EQ(0, recv.msg.return_flags);
		EXPECT_EQ(0, recv.return_flags);
	}
}

/* abi: order/monitors */
TEST_F(order, monitor_sees_causes_before_effects_and_what_a_receiver_sees)
{
	struct conn monitor;
	unsigned int i;

	ASSERT_EQ(0, conn_new_flags(&monitor, &self->bus, KDBUS_HELLO_MONITOR));
	for (i = 0; i < MANY; i += 4) {
		ASSERT_EQ(0, send_broadcast(&self->a, i));
		ASSERT_EQ(i, recv_cookie(&self->b));
		ASSERT_EQ(0, send_plain(&self->b, self->c.id, i + 1));
		ASSERT_EQ(0, send_broadcast(&self->d, i + 2));
		ASSERT_EQ(i + 2, recv_cookie(&self->b));
		ASSERT_EQ(0, send_plain(&self->c, self->c.id, i + 3));
	}
	for (i = 0; i < MANY; i++) {
		EXPECT_EQ(i, recv_cookie(&monitor));
		EXPECT_EQ(i, recv_cookie(&self->c));
	}
	EXPECT_EQ(-EAGAIN, recv_cookie(&monitor));
	conn_close(&monitor);
}

static int send_urgent(struct conn *conn, __u64 dst_id, __u64 cookie, __s64 priority)
{
	struct args msg;

	args_msg(&msg, dst_id, cookie);
	msg.msg.priority = priority;
	return msg_send(conn, &msg);
}

static __s64 recv_urgent(struct conn *conn, __s64 priority)
{
	struct args args;
	__s64 cookie;
	int ret;

	args_recv(&args);
	args.recv.flags = KDBUS_RECV_USE_PRIORITY;
	args.recv.priority = priority;
	ret = command(conn->fd, KDBUS_CMD_RECV, &args);
	if (ret)
		return ret;
	cookie = ((const struct kdbus_msg *)(conn->pool + args.recv.msg.offset))->cookie;
	ret = conn_free(conn, args.recv.msg.offset);
	return ret ? ret : cookie;
}

/* abi: order/priorities */
TEST_F(order, priority_takes_an_effect_before_its_cause_and_equals_in_their_order)
{
	ASSERT_EQ(0, send_broadcast(&self->a, 1));
	ASSERT_EQ(1, recv_cookie(&self->b));
	ASSERT_EQ(0, send_urgent(&self->b, self->c.id, 2, -5));
	ASSERT_EQ(0, send_broadcast(&self->d, 3));
	ASSERT_EQ(0, send_urgent(&self->d, self->c.id, 4, -5));
	ASSERT_EQ(0, send_urgent(&self->a, self->c.id, 5, -6));
	EXPECT_EQ(5, recv_urgent(&self->c, 0));
	EXPECT_EQ(2, recv_urgent(&self->c, 0));
	EXPECT_EQ(4, recv_urgent(&self->c, -1));
	EXPECT_EQ(-EAGAIN, recv_urgent(&self->c, -1));
	EXPECT_EQ(1, recv_urgent(&self->c, 0));
	EXPECT_EQ(3, recv_cookie(&self->c));
}

/* abi: order/priorities */
TEST_F(order, without_priority_the_order_is_that_of_sending_whatever_priorities_are)
{
	ASSERT_EQ(0, send_urgent(&self->d, self->c.id, 1, 9));
	ASSERT_EQ(0, send_broadcast(&self->a, 2));
	ASSERT_EQ(0, send_urgent(&self->d, self->c.id, 3, -9));
	EXPECT_EQ(1, recv_cookie(&self->c));
	EXPECT_EQ(2, recv_cookie(&self->c));
	EXPECT_EQ(3, recv_cookie(&self->c));
}

/* abi: order/moved */
TEST_F(order, effect_of_a_moved_message_comes_behind_what_its_sender_knew)
{
	struct conn starter, owner;
	unsigned int i;

	ASSERT_EQ(0, conn_new_named(&starter, &self->bus, KDBUS_HELLO_ACTIVATOR, NAME));
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, send_plain(&self->a, self->d.id, 5));
		ASSERT_EQ(5, recv_cookie(&self->d));
	}
	/* what d says to the name comes of what it has heard from a */
	ASSERT_EQ(0, send_plain(&self->a, self->c.id, 1));
	ASSERT_EQ(0, send_plain(&self->a, self->d.id, 2));
	ASSERT_EQ(2, recv_cookie(&self->d));
	ASSERT_EQ(0, send_name(&self->d, NAME, 3));
	ASSERT_EQ(0, send_name(&self->a, NAME, 4));
	ASSERT_EQ(0, conn_new(&owner, &self->bus));
	ASSERT_EQ(0, name_acquire(&owner, NAME, 0, NULL));
	EXPECT_EQ(3, recv_cookie(&owner));
	EXPECT_EQ(4, recv_cookie(&owner));
	EXPECT_EQ(-EAGAIN, recv_cookie(&owner));
	ASSERT_EQ(0, send_plain(&owner, self->c.id, 6));
	EXPECT_EQ(0, expect_id(&self->c, KDBUS_ITEM_ID_ADD, starter.id, KDBUS_HELLO_ACTIVATOR));
	EXPECT_EQ(0, expect_name(&self->c, KDBUS_ITEM_NAME_ADD, NAME, 0, 0, starter.id,
				 ACTIVATABLE));
	EXPECT_EQ(1, recv_cookie(&self->c));
	EXPECT_EQ(0, expect_id(&self->c, KDBUS_ITEM_ID_ADD, owner.id, KDBUS_HELLO_ACCEPT_FD));
	EXPECT_EQ(0, expect_name(&self->c, KDBUS_ITEM_NAME_CHANGE, NAME, starter.id, ACTIVATABLE,
				 owner.id, OWNED));
	EXPECT_EQ(6, recv_cookie(&self->c));
	conn_close(&owner);
	conn_close(&starter);
}

/* ---- two senders, two receivers, at the same time ---- */

#define CONTEST		2000

struct contestant {
	struct conn *conn;
	struct order_run *run;
	__u64 log;
	unsigned int *n_waiting;
	int ret;
	pthread_t thread;
};

static void *contest_send(void *data)
{
	struct contestant *self = data;
	__s64 number;

	while (self->ret == 0) {
		number = order_message_new(self->run, ORDER_TO_ALL);
		if (number < 0)
			break;
		/* a queue holds 256 messages of one user */
		while (__atomic_load_n(self->n_waiting, __ATOMIC_RELAXED) > 200)
			sched_yield();
		__atomic_add_fetch(self->n_waiting, 2, __ATOMIC_RELAXED);
		self->run->messages[number].begin = order_now(self->run);
		self->ret = send_broadcast(self->conn, number + 1);
		if (self->ret)
			break;
		self->run->messages[number].end = order_now(self->run);
		self->ret = order_note(self->run, self->log, ORDER_SENT, number);
	}
	return NULL;
}

static void *contest_recv(void *data)
{
	struct contestant *self = data;
	unsigned int i;
	__s64 cookie;

	for (i = 0; i < CONTEST && self->ret == 0; i++) {
		self->ret = conn_wait(self->conn);
		if (self->ret)
			break;
		cookie = recv_cookie(self->conn);
		__atomic_sub_fetch(self->n_waiting, 1, __ATOMIC_RELAXED);
		self->ret = cookie < 0 ? cookie :
			    order_note(self->run, self->log, ORDER_GOT, cookie - 1);
	}
	return NULL;
}

/* abi: design/6.2, order/agreement */
TEST_F(order, two_receivers_agree_while_two_send_at_the_same_time)
{
	struct conn *conns[4] = { &self->a, &self->d, &self->b, &self->c };
	struct contestant all[4] = {};
	struct order_verdict verdict;
	unsigned int i, n_waiting = 0;
	struct order_run run;

	ASSERT_EQ(0, match_remove(&self->a, 1));
	ASSERT_EQ(0, order_begin(&run, CONTEST, 4));
	for (i = 0; i < 4; i++) {
		all[i] = (struct contestant) {
			.conn = conns[i], .run = &run, .log = i, .n_waiting = &n_waiting,
		};
		ASSERT_EQ(i, order_log_new(&run, i >= 2));
		run.logs[i].whole = true;
		ASSERT_EQ(0, pthread_create(&all[i].thread, NULL,
					    i < 2 ? contest_send : contest_recv, &all[i]));
	}
	for (i = 0; i < 4; i++) {
		pthread_join(all[i].thread, NULL);
		EXPECT_EQ(0, all[i].ret);
	}
	ASSERT_EQ(0, order_check(&run, &verdict));
	EXPECT_EQ(2 * CONTEST, verdict.receipts);
	EXPECT_TRUE(order_is_kept(&verdict)) {
		TH_LOG("%llu disagreements, %llu overtaken, %llu foretold; %s",
		       verdict.disagreements, verdict.overtaken, verdict.foretold, verdict.first);
	}
	order_end(&run);
}

TEST_HARNESS_MAIN
