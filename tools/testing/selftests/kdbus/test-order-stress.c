// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Everything at once, and all of it as if there were one queue: senders that share
 * connections, receivers that react, names that move, connections that die.
 *
 * KDBUS_ORDER_MESSAGES: how many to send, instead of few; tools/check --long sends ten million.
 */
#include <sched.h>
#include "objects.h"
#include "order-log.h"
#include "kselftest_harness.h"

#define SENDERS		8
#define SHARED		2	/* connections with two senders each; the others have one */
#define SEATS		8
#define NAMES		4
#define MOVING		3	/* number of the name that has an activator */
#define ROUND		2000	/* messages between two judgements */
#define SPARE		256	/* those under way when there are enough, and replies */
#define DEEP		64	/* messages in a queue, where senders hold back */
#define SHALLOW		16	/* and where they go on */
#define MAX_HOPS	3
#define SEAT_POOL	(1024UL * 1024)

static const char *const names[NAMES] = {
	"org.example.order.a", "org.example.order.b", "org.example.order.c",
	"org.example.order.moving",
};

/*
 * A receiver and the connection it has now.
 *
 * @address: id and log of the connection, in one word for others to read
 * @depth: about how many messages wait
 * @owners: who owns each name, as notifications have told
 * @told: all notifications have come
 * @freed: offset to give back with the next RECV, or the size of the pool
 */
struct seat {
	struct world *world;
	struct conn conn;
	__s64 log;
	__u64 address;
	int depth;
	__u64 owners[NAMES];
	bool told;
	__u64 freed;
	unsigned int random;
	bool acknowledged;
	pthread_t thread;
};

struct sender {
	struct world *world;
	struct conn *conn;
	__s64 log;
	unsigned int random;
	pthread_t thread;
};

/*
 * @gate: for @shallow
 * @shallow: a queue is not deep any more
 * @quiet: nobody reacts any more
 * @n_quiet: seats that know it
 * @over: who finds its queue empty has received everything
 */
struct world {
	struct bus bus;
	struct conn activator;
	struct order_run run;
	struct conn conns[SENDERS];
	struct seat seats[SEATS];
	struct sender senders[SENDERS];
	pthread_mutex_t gate;
	pthread_cond_t shallow;
	bool quiet;
	bool over;
	unsigned int n_quiet;
	unsigned int n_untold;
	unsigned int n_deaths;
	char complaint[160];
};

static unsigned int random_below(unsigned int *state, unsigned int n)
{
	*state = *state * 1664525 + 1013904223;
	return (*state >> 8) % n;
}

static bool is_set(const bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static void set(bool *flag)
{
	__atomic_store_n(flag, true, __ATOMIC_RELEASE);
}

/* The first thing that should not happen; the round goes on, or it would never end. */
static void complain(struct world *world, const char *what, int ret)
{
	static char locked;

	if (!__atomic_test_and_set(&locked, __ATOMIC_ACQUIRE))
		snprintf(world->complaint, sizeof(world->complaint), "%s: %d", what, ret);
}

/* ---- sending ---- */

/* Whatever a message may meet here when its receiver is full, or gone. */
static bool is_refusal(int ret)
{
	return ret == -ENOBUFS || ret == -EXFULL || ret == -ENXIO || ret == -ECONNRESET ||
	       ret == -ESRCH;
}

static bool is_enough(struct world *world)
{
	return __atomic_load_n(&world->run.n, __ATOMIC_RELAXED) >= ROUND;
}

/* One that expects no reply. */
static void post(struct world *world, struct conn *conn, __u64 log, struct args *msg, __u32 to,
		unsigned int hop)
{
	__s64 number = order_message_new(&world->run, to);
	struct order_message *message;
	int ret;

	if (number < 0) {
		complain(world, "no number left", 0);
		return;
	}
	message = &world->run.messages[number];
	msg->msg.cookie = number + 1;
	msg->msg.priority = hop;
	message->begin = order_now(&world->run);
	ret = msg_send(conn, msg);
	if (ret == 0) {
		message->end = order_now(&world->run);
		ret = order_note(&world->run, log, ORDER_SENT, number);
	} else if (is_refusal(ret)) {
		ret = 0;
	}
	if (ret)
		complain(world, "SEND", ret);
}

static void post_broadcast(struct world *world, struct conn *conn, __u64 log, unsigned int hop)
{
	struct args msg;
	unsigned int i;

	for (i = 0; i < SEATS; i++)
		__atomic_add_fetch(&world->seats[i].depth, 1, __ATOMIC_RELAXED);
	args_signal(&msg, KDBUS_DST_ID_BROADCAST, 0);
	post(world, conn, log, &msg, ORDER_TO_ALL, hop);
}

static void post_unicast(struct world *world, struct conn *conn, __u64 log, unsigned int seat,
			unsigned int hop)
{
	__u64 address = __atomic_load_n(&world->seats[seat].address, __ATOMIC_ACQUIRE);
	struct args msg;

	__atomic_add_fetch(&world->seats[seat].depth, 1, __ATOMIC_RELAXED);
	args_msg(&msg, address >> 16, 0);
	post(world, conn, log, &msg, address & 0xffff, hop);
}

static void post_to_name(struct world *world, struct conn *conn, __u64 log, unsigned int name)
{
	struct args msg;

	args_msg_name(&msg, names[name], 0);
	post(world, conn, log, &msg, name == MOVING ? ORDER_TO_MOVED : ORDER_TO_SOMEBODY, 0);
}

/* A synchronous call: the reply comes past the queue. */
static void post_call(struct world *world, struct sender *sender, unsigned int seat)
{
	__u64 address = __atomic_load_n(&world->seats[seat].address, __ATOMIC_ACQUIRE);
	__s64 number = order_message_new(&world->run, address & 0xffff);
	struct order_message *message;
	struct kdbus_msg_info reply;
	const struct kdbus_msg *answer;
	struct args msg;
	int ret;

	if (number < 0) {
		complain(world, "no number left", 0);
		return;
	}
	message = &world->run.messages[number];
	args_call(&msg, address >> 16, number + 1);
	message->begin = order_now(&world->run);
	ret = msg_send_flags(sender->conn, &msg, KDBUS_SEND_SYNC_REPLY, &reply);
	if (ret == 0) {
		message->end = order_now(&world->run);
		answer = (const void *)(sender->conn->pool + reply.offset);
		ret = order_note(&world->run, sender->log, ORDER_SENT, number);
		if (ret == 0)
			ret = order_note(&world->run, sender->log, ORDER_ASIDE,
					 answer->cookie - 1);
		if (ret == 0)
			ret = conn_free(sender->conn, reply.offset);
	} else if (is_refusal(ret) || ret == -EPIPE) {
		ret = 0;
	}
	if (ret)
		complain(world, "SEND of a call", ret);
}

static bool is_some_queue_above(struct world *world, int depth)
{
	unsigned int i;

	for (i = 0; i < SEATS; i++)
		if (__atomic_load_n(&world->seats[i].depth, __ATOMIC_RELAXED) > depth)
			return true;
	return false;
}

/*
 * Let those who receive keep up, or most broadcasts would be lost.  Every other sender sleeps
 * meanwhile, and then has many to send: that makes long queues, and short ones.
 */
static void hold_back(struct sender *sender)
{
	struct world *world = sender->world;

	if (!is_some_queue_above(world, DEEP))
		return;
	if (sender->log % 4 == 0) {
		while (is_some_queue_above(world, DEEP))
			sched_yield();
		return;
	}
	pthread_mutex_lock(&world->gate);
	while (is_some_queue_above(world, SHALLOW))
		pthread_cond_wait(&world->shallow, &world->gate);
	pthread_mutex_unlock(&world->gate);
}

/* The queue of @seat has become shorter: it had @before messages, and has @now. */
static void let_go_on(struct seat *seat, int before, int now)
{
	struct world *world = seat->world;

	if (before <= SHALLOW || now > SHALLOW)
		return;
	pthread_mutex_lock(&world->gate);
	pthread_cond_broadcast(&world->shallow);
	pthread_mutex_unlock(&world->gate);
}

static void seat_is_empty(struct seat *seat)
{
	let_go_on(seat, __atomic_exchange_n(&seat->depth, 0, __ATOMIC_RELAXED), 0);
}

static void *sender_run(void *data)
{
	struct sender *sender = data;
	struct world *world = sender->world;

	while (!is_enough(world)) {
		unsigned int what = random_below(&sender->random, 16);

		hold_back(sender);
		if (what < 8)
			post_broadcast(world, sender->conn, sender->log, 0);
		else if (what < 14)
			post_unicast(world, sender->conn, sender->log,
				     random_below(&sender->random, SEATS), 0);
		else if (what < 15)
			post_to_name(world, sender->conn, sender->log,
				     random_below(&sender->random, NAMES));
		else
			post_call(world, sender, random_below(&sender->random, SEATS));
	}
	return NULL;
}

/* ---- receiving ---- */

/* A connection that hears everything: 0 or -errno. */
static int seat_take(struct seat *seat)
{
	struct args args;
	int ret;

	seat->log = order_log_new(&seat->world->run, true);
	if (seat->log < 0)
		return -ENOSPC;
	args_hello_default(&args);
	args.hello.pool_size = SEAT_POOL;
	args.hello.attach_flags_recv = KDBUS_ATTACH_TIMESTAMP;
	ret = conn_new_args(&seat->conn, seat->world->bus.path, &args);
	if (ret == 0)
		ret = match_all(&seat->conn, 1);
	memset(seat->owners, 0, sizeof(seat->owners));
	seat->told = true;
	seat->freed = seat->conn.pool_size;
	seat_is_empty(seat);
	__atomic_store_n(&seat->address, seat->conn.id << 16 | seat->log, __ATOMIC_RELEASE);
	return ret;
}

/* RECV that frees what came last. */
static int seat_recv(struct seat *seat, struct kdbus_cmd_recv *recv)
{
	struct {
		struct kdbus_cmd_recv recv;
		__u64 size, type, offset;
	} cmd = {
		.recv.size = sizeof(cmd),
		.size = ITEM_HEADER + sizeof(cmd.offset),
		.type = KDBUS_ITEM_FREE,
		.offset = seat->freed,
	};
	int ret = command(seat->conn.fd, KDBUS_CMD_RECV, &cmd);

	*recv = cmd.recv;
	if (ret == 0)
		seat->freed = recv->msg.offset;
	if (recv->return_flags & KDBUS_RECV_RETURN_DROPPED_MSGS) {
		seat->world->run.logs[seat->log].lost += recv->dropped_msgs;
		seat->told = false;
	}
	return ret;
}

/* A notification: who owns which name. */
static void seat_hear(struct seat *seat, const struct kdbus_msg *msg)
{
	const struct kdbus_item *item;
	unsigned int i;

	ITEM_FOREACH(item, msg) {
		if (item->type < KDBUS_ITEM_NAME_ADD || item->type > KDBUS_ITEM_NAME_CHANGE)
			continue;
		for (i = 0; i < NAMES; i++)
			if (!strcmp(names[i], item->name_change.name))
				seat->owners[i] = item->name_change.new_id.id;
	}
}

/*
 * What was sent to a name comes behind the news that it is ours, and before the news that
 * it is not.  What moves with its name comes when the name moves.
 */
static void seat_check_name(struct seat *seat, const struct kdbus_msg *msg)
{
	const struct kdbus_item *item = msg_item(msg, KDBUS_ITEM_DST_NAME);
	unsigned int i;

	for (i = 0; i < MOVING && item && seat->told; i++)
		if (!strcmp(names[i], item->str) && seat->owners[i] != seat->conn.id)
			__atomic_add_fetch(&seat->world->n_untold, 1, __ATOMIC_RELAXED);
}

static void seat_answer(struct seat *seat, const struct kdbus_msg *msg)
{
	struct args reply;

	if (!(msg->flags & KDBUS_MSG_EXPECT_REPLY))
		return;
	args_reply(&reply, msg->src_id, 0, msg->cookie);
	post(seat->world, &seat->conn, seat->log, &reply, ORDER_TO_SOMEBODY, 0);
}

static void seat_move_name(struct seat *seat)
{
	const char *name = names[random_below(&seat->random, NAMES)];
	int ret;

	if (random_below(&seat->random, 3))
		ret = name_acquire(&seat->conn, name, KDBUS_NAME_QUEUE |
				   KDBUS_NAME_ALLOW_REPLACEMENT | KDBUS_NAME_REPLACE_EXISTING,
				   NULL);
	else
		ret = name_release(&seat->conn, name);
	if (ret && ret != -ESRCH && ret != -EADDRINUSE)
		complain(seat->world, "a name", ret);
}

/* Somebody's connection ends with all that is in its queue, and he comes back as another. */
static void seat_die(struct seat *seat)
{
	int ret;

	seat->world->run.logs[seat->log].whole = false;
	conn_close(&seat->conn);
	ret = seat_take(seat);
	if (ret)
		complain(seat->world, "HELLO", ret);
	__atomic_add_fetch(&seat->world->n_deaths, 1, __ATOMIC_RELAXED);
}

/* Do something because of what was received. */
static void seat_react(struct seat *seat, unsigned int hop)
{
	struct world *world = seat->world;
	unsigned int what = random_below(&seat->random, 256);

	if (is_enough(world))
		return;
	if (what < 8 && hop < MAX_HOPS)
		post_broadcast(world, &seat->conn, seat->log, hop + 1);
	else if (what < 48 && hop < MAX_HOPS)
		post_unicast(world, &seat->conn, seat->log, random_below(&seat->random, SEATS),
			     hop + 1);
	else if (what < 54)
		seat_move_name(seat);
	else if (what < 55 && !random_below(&seat->random, 4))
		seat_die(seat);
}

static void seat_get(struct seat *seat, const struct kdbus_cmd_recv *recv)
{
	const struct kdbus_msg *msg = (const void *)(seat->conn.pool + recv->msg.offset);
	struct world *world = seat->world;
	__u64 what;
	int depth;

	if (msg->src_id == KDBUS_SRC_ID_KERNEL) {
		what = ORDER_NOTE | msg_item(msg, KDBUS_ITEM_TIMESTAMP)->timestamp.seqnum;
		seat_hear(seat, msg);
	} else {
		what = msg->cookie - 1;
		seat_check_name(seat, msg);
		depth = __atomic_sub_fetch(&seat->depth, 1, __ATOMIC_RELAXED);
		let_go_on(seat, depth + 1, depth);
	}
	if (order_note(&world->run, seat->log, ORDER_GOT, what))
		complain(world, "memory of the log", -ENOMEM);
	seat_answer(seat, msg);
	seat_react(seat, msg->src_id ? msg->priority : 0);
}

static void *seat_run(void *data)
{
	struct seat *seat = data;
	struct world *world = seat->world;
	struct kdbus_cmd_recv recv;
	struct pollfd pfd;
	bool over, quiet;
	int ret;

	for (;;) {
		over = is_set(&world->over);
		quiet = is_set(&world->quiet);
		if (quiet && !seat->acknowledged) {
			seat->acknowledged = true;
			__atomic_add_fetch(&world->n_quiet, 1, __ATOMIC_RELEASE);
		}
		ret = seat_recv(seat, &recv);
		if (ret == 0) {
			seat_get(seat, &recv);
			continue;
		}
		if (ret != -EAGAIN) {
			complain(world, "RECV", ret);
			return NULL;
		}
		seat_is_empty(seat);
		if (over)
			return NULL;
		/* a message ends this, or else the question whether it is over */
		pfd = (struct pollfd) { .fd = seat->conn.fd, .events = POLLIN };
		poll(&pfd, 1, quiet ? 0 : 20);
	}
}

/* ---- rounds ---- */

static int world_begin(struct world *world)
{
	unsigned int i;
	int ret;

	pthread_mutex_init(&world->gate, NULL);
	pthread_cond_init(&world->shallow, NULL);
	ret = bus_make(&world->bus);
	if (ret == 0)
		ret = order_begin(&world->run, ROUND + SPARE, 0xffff);
	for (i = 0; ret == 0 && i < SENDERS - SHARED; i++)
		ret = conn_new(&world->conns[i], &world->bus);
	return ret;
}

static void world_end(struct world *world)
{
	unsigned int i;

	for (i = 0; i < SENDERS - SHARED; i++)
		conn_close(&world->conns[i]);
	order_end(&world->run);
	bus_close(&world->bus);
}

/* New connections for those who receive, and some names for them. */
static int round_begin(struct world *world, unsigned int seed)
{
	unsigned int i;
	int ret;

	order_reset(&world->run);
	world->quiet = false;
	world->over = false;
	world->n_quiet = 0;
	ret = conn_new_named(&world->activator, &world->bus, KDBUS_HELLO_ACTIVATOR, names[MOVING]);
	for (i = 0; ret == 0 && i < SEATS; i++) {
		world->seats[i] = (struct seat) { .world = world, .random = seed * 31 + i };
		ret = seat_take(&world->seats[i]);
		world->run.logs[world->seats[i].log].whole = true;
	}
	for (i = 0; ret == 0 && i < MOVING; i++)
		ret = name_acquire(&world->seats[i].conn, names[i],
				   KDBUS_NAME_ALLOW_REPLACEMENT, NULL);
	for (i = 0; ret == 0 && i < SENDERS; i++)
		world->senders[i] = (struct sender) {
			.world = world,
			.conn = &world->conns[i % (SENDERS - SHARED)],
			.log = order_log_new(&world->run, false),
			.random = seed * 37 + i,
		};
	for (i = 0; ret == 0 && i < SEATS; i++)
		ret = -pthread_create(&world->seats[i].thread, NULL, seat_run, &world->seats[i]);
	for (i = 0; ret == 0 && i < SENDERS; i++)
		ret = -pthread_create(&world->senders[i].thread, NULL, sender_run,
				      &world->senders[i]);
	return ret;
}

/*
 * Nothing is sent any more once all senders have ended and all seats know that they must
 * not react; whoever then finds its queue empty has received what there was.
 */
static int round_end(struct world *world, struct order_verdict *verdict)
{
	unsigned int i;

	for (i = 0; i < SENDERS; i++)
		pthread_join(world->senders[i].thread, NULL);
	set(&world->quiet);
	while (__atomic_load_n(&world->n_quiet, __ATOMIC_ACQUIRE) < SEATS)
		sched_yield();
	set(&world->over);
	for (i = 0; i < SEATS; i++) {
		pthread_join(world->seats[i].thread, NULL);
		conn_close(&world->seats[i].conn);
	}
	conn_close(&world->activator);
	return order_check(&world->run, verdict);
}

static void verdict_add(struct order_verdict *sum, const struct order_verdict *more)
{
	sum->cycle |= more->cycle;
	sum->disagreements += more->disagreements;
	sum->overtaken += more->overtaken;
	sum->foretold += more->foretold;
	sum->doubled += more->doubled;
	sum->missing += more->missing;
	sum->receipts += more->receipts;
	if (!sum->first[0])
		memcpy(sum->first, more->first, sizeof(sum->first));
}

FIXTURE(stress) {
	struct world *world;
	struct order_verdict sum;
};

FIXTURE_SETUP(stress)
{
	memset(self, 0, sizeof(*self));
	self->world = calloc(1, sizeof(*self->world));
	ASSERT_NE(NULL, self->world);
	ASSERT_EQ(0, world_begin(self->world));
}

FIXTURE_TEARDOWN(stress)
{
	world_end(self->world);
	free(self->world);
}

/* abi: design/6.2 */
TEST_F_TIMEOUT(stress, all_could_have_passed_through_one_queue, 86400)
{
	const char *wanted = getenv("KDBUS_ORDER_MESSAGES");
	size_t i, messages = wanted && *wanted ? strtoul(wanted, NULL, 0) : 3 * ROUND, sent = 0;
	struct world *world = self->world;
	struct order_verdict verdict;
	__u64 lost = 0, started = now_ns();
	unsigned int seed = 0;

	while (sent < messages) {
		ASSERT_EQ(0, round_begin(world, seed++));
		ASSERT_EQ(0, round_end(world, &verdict));
		verdict_add(&self->sum, &verdict);
		sent += world->run.n;
		for (i = 0; i < world->run.n_logs; i++)
			lost += world->run.logs[i].lost;
	}
	printf("# %zu messages, %llu receipts, %llu lost, %u deaths, %llu ms\n", sent,
	       (unsigned long long)self->sum.receipts, (unsigned long long)lost, world->n_deaths,
	       (unsigned long long)(now_ns() - started) / 1000000);
	/* the child of the harness ends without it */
	fflush(stdout);
	EXPECT_EQ(0, world->complaint[0]) {
		TH_LOG("%s", world->complaint);
	}
	EXPECT_FALSE(self->sum.cycle);
	EXPECT_EQ(0, self->sum.disagreements);
	EXPECT_EQ(0, self->sum.overtaken);
	EXPECT_EQ(0, self->sum.foretold);
	EXPECT_EQ(0, self->sum.doubled);
	EXPECT_EQ(0, self->sum.missing);
	EXPECT_EQ(0, world->n_untold);
	EXPECT_TRUE(order_is_kept(&self->sum)) {
		TH_LOG("%s", self->sum.first);
	}
	/* something did happen */
	EXPECT_LT(sent, self->sum.receipts);
}

TEST_HARNESS_MAIN
