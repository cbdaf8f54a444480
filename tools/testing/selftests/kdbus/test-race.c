// SPDX-License-Identifier: LGPL-2.1-or-later
/* Commands against each other: on one connection, on one name, on one call. */
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.race"
#define ROUNDS		25

FIXTURE_BUS(race)

/* ---- every pair of commands on one connection ---- */

struct subject {
	struct conn *conn;
	__u64 peer;
};

static int do_send(struct subject *s)
{
	return send_bytes(s->conn, s->peer, 1, 5000);
}

static int do_call(struct subject *s)
{
	return send_call(s->conn, s->peer, 1);
}

static int do_sync(struct subject *s)
{
	struct args msg;

	args_call(&msg, s->peer, 2);
	msg.msg.timeout_ns = now_ns() + 200000;
	return msg_send_flags(s->conn, &msg, KDBUS_SEND_SYNC_REPLY, NULL);
}

static int do_broadcast(struct subject *s)
{
	return send_broadcast(s->conn, 3);
}

static int do_send_self(struct subject *s)
{
	return send_bytes(s->conn, s->conn->id, 4, 100);
}

static int do_recv(struct subject *s)
{
	__s64 cookie = recv_cookie(s->conn);

	return cookie < 0 ? cookie : 0;
}

static int do_drop(struct subject *s)
{
	struct kdbus_cmd_recv recv;

	return msg_recv(s->conn, KDBUS_RECV_DROP, &recv);
}

static int do_peek(struct subject *s)
{
	struct kdbus_cmd_recv recv;
	int ret = msg_recv(s->conn, KDBUS_RECV_PEEK, &recv);

	return ret ? ret : conn_free(s->conn, recv.msg.offset);
}

static int do_list(struct subject *s)
{
	struct list list;
	int ret = list_get(&list, s->conn, KDBUS_LIST_UNIQUE | KDBUS_LIST_NAMES);

	return ret ? ret : list_done(&list);
}

static int do_info(struct subject *s)
{
	const struct kdbus_info *info;
	int ret = conn_info(s->conn, s->conn->id, NULL, _KDBUS_ATTACH_ANY, &info);

	return ret ? ret : conn_free(s->conn, (const __u8 *)info - s->conn->pool);
}

static int do_acquire(struct subject *s)
{
	return name_acquire(s->conn, NAME, KDBUS_NAME_QUEUE, NULL);
}

static int do_release(struct subject *s)
{
	return name_release(s->conn, NAME);
}

static int do_match_add(struct subject *s)
{
	return match_all(s->conn, 1);
}

static int do_match_remove(struct subject *s)
{
	return match_remove(s->conn, 1);
}

static int do_update(struct subject *s)
{
	return conn_update_recv(s->conn, KDBUS_ATTACH_TIMESTAMP);
}

/* @allowed: what the command may say besides 0, ended with 0 */
static const struct {
	const char *name;
	int (*run)(struct subject *s);
	int allowed[6];
} commands[] = {
	{ "SEND", do_send, { -ENOBUFS, -EXFULL } },
	{ "SEND a call", do_call, { -ENOBUFS, -EXFULL, -EMLINK } },
	{ "SEND and wait", do_sync, { -ENOBUFS, -EXFULL, -EMLINK, -ETIMEDOUT, -EPIPE } },
	{ "SEND a broadcast", do_broadcast, { 0 } },
	{ "SEND to itself", do_send_self, { -ENOBUFS, -EXFULL } },
	/* one reference for user space: who peeks may give back what RECV got */
	{ "RECV", do_recv, { -EAGAIN, -ENXIO } },
	{ "RECV and drop", do_drop, { -EAGAIN } },
	{ "RECV and peek", do_peek, { -EAGAIN, -ENXIO } },
	{ "LIST", do_list, { -EXFULL } },
	{ "CONN_INFO", do_info, { -EXFULL } },
	{ "NAME_ACQUIRE", do_acquire, { 0 } },
	{ "NAME_RELEASE", do_release, { -ESRCH, -EADDRINUSE } },
	{ "MATCH_ADD", do_match_add, { -EMFILE } },
	{ "MATCH_REMOVE", do_match_remove, { -EBADSLT } },
	{ "UPDATE", do_update, { 0 } },
};

struct racer {
	struct subject *subject;
	pthread_barrier_t *start;
	unsigned int command;
	int unexpected;
	pthread_t thread;
};

static bool is_allowed(unsigned int command, int ret)
{
	unsigned int i;

	if (ret == 0)
		return true;
	for (i = 0; commands[command].allowed[i]; i++)
		if (commands[command].allowed[i] == ret)
			return true;
	return false;
}

static void *racer_run(void *data)
{
	struct racer *racer = data;
	unsigned int i;
	int ret;

	pthread_barrier_wait(racer->start);
	for (i = 0; i < ROUNDS; i++) {
		ret = commands[racer->command].run(racer->subject);
		if (!is_allowed(racer->command, ret))
			racer->unexpected = ret;
	}
	return NULL;
}

/* Both commands at once; the first surprise or 0. */
static int race(struct subject *subject, unsigned int a, unsigned int b)
{
	struct racer racers[2];
	pthread_barrier_t start;
	unsigned int i;

	pthread_barrier_init(&start, NULL, 2);
	for (i = 0; i < 2; i++) {
		racers[i] = (struct racer) { subject, &start, i ? b : a, 0, 0 };
		if (pthread_create(&racers[i].thread, NULL, racer_run, &racers[i]))
			return -ENOMEM;
	}
	for (i = 0; i < 2; i++)
		pthread_join(racers[i].thread, NULL);
	pthread_barrier_destroy(&start);
	return racers[0].unexpected ? racers[0].unexpected : racers[1].unexpected;
}

/* abi: 2.4/concurrent, design/6.7 */
TEST_F_TIMEOUT(race, every_pair_of_commands_on_one_connection, 120)
{
	struct subject subject = { .conn = &self->a, .peer = self->b.id };
	unsigned int i, j;
	__s64 cookie;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		for (j = i; j < ARRAY_SIZE(commands); j++) {
			EXPECT_EQ(0, race(&subject, i, j)) {
				TH_LOG("%s and %s", commands[i].name, commands[j].name);
			}
			/* drain both; dropped calls answer themselves */
			recv_all(&self->b);
			recv_all(&self->a);
		}
	}
	/* the connection is as good as before */
	recv_all(&self->a);
	EXPECT_EQ(0, send_bytes(&self->b, self->a.id, 99, 2 * 1024 * 1024));
	/* a call of ours may only have timed out now */
	while ((cookie = recv_cookie(&self->a)) == 0)
		;
	EXPECT_EQ(99, cookie);
}

/* ---- commands against the end of the connection ---- */

struct user {
	struct conn *conn;
	__u64 peer;
	unsigned int command;
	int unexpected;
	pthread_t thread;
};

static void *user_run(void *data)
{
	struct user *user = data;
	struct subject subject = { user->conn, user->peer };
	int ret;

	do {
		ret = commands[user->command].run(&subject);
		if (!is_allowed(user->command, ret) && ret != -ECONNRESET)
			user->unexpected = ret;
	} while (ret != -ECONNRESET && !user->unexpected);
	return NULL;
}

/* abi: 10.2/racing, 19.5/1-commands */
TEST_F_TIMEOUT(race, every_command_ends_with_econnreset_after_bye, 120)
{
	struct conn conn;
	struct user user;
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		ASSERT_EQ(0, conn_new(&conn, &self->bus));
		user = (struct user) { &conn, self->b.id, i, 0, 0 };
		ASSERT_EQ(0, pthread_create(&user.thread, NULL, user_run, &user));
		while ((ret = conn_bye(&conn)) == -EBUSY)
			recv_all(&conn);
		EXPECT_EQ(0, ret);
		pthread_join(user.thread, NULL);
		EXPECT_EQ(0, user.unexpected) {
			TH_LOG("%s", commands[i].name);
		}
		conn_close(&conn);
		recv_all(&self->b);
	}
}

/* ---- one name, several claimants ---- */

struct claimant {
	struct conn conn;
	unsigned int rounds;
	int unexpected;
	pthread_t thread;
};

static void *claimant_run(void *data)
{
	static const __u64 flags[] = {
		0, KDBUS_NAME_QUEUE, KDBUS_NAME_REPLACE_EXISTING | KDBUS_NAME_ALLOW_REPLACEMENT,
		KDBUS_NAME_ALLOW_REPLACEMENT | KDBUS_NAME_QUEUE,
	};
	struct claimant *claimant = data;
	unsigned int i;
	int ret;

	for (i = 0; i < claimant->rounds; i++) {
		ret = name_acquire(&claimant->conn, NAME, flags[i % ARRAY_SIZE(flags)], NULL);
		if (ret && ret != -EEXIST)
			claimant->unexpected = ret;
		ret = name_release(&claimant->conn, NAME);
		if (ret && ret != -EADDRINUSE && ret != -ESRCH)
			claimant->unexpected = ret;
	}
	return NULL;
}

/* The owner after this notification; ~0 if it does not fit to the owner before. */
static __u64 follow(const struct kdbus_msg *msg, __u64 owner)
{
	const struct kdbus_notify_name_change *change = &msg->items->name_change;

	if (change->old_id.id != owner)
		return ~0ULL;
	switch (msg->items->type) {
	case KDBUS_ITEM_NAME_ADD:
		return owner == 0 && change->new_id.id ? change->new_id.id : ~0ULL;
	case KDBUS_ITEM_NAME_REMOVE:
		return owner && change->new_id.id == 0 ? 0 : ~0ULL;
	case KDBUS_ITEM_NAME_CHANGE:
		return owner && change->new_id.id ? change->new_id.id : ~0ULL;
	default:
		return ~0ULL;
	}
}

/* abi: 17/order, 14.3/atomic */
TEST_F(race, notifications_about_a_contended_name_tell_one_consistent_story)
{
	struct claimant claimants[3];
	struct kdbus_cmd_recv recv;
	unsigned int i, round, told = 0;
	__u64 owner = 0;

	ASSERT_EQ(0, match_all(&self->a, 1));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, conn_new(&claimants[i].conn, &self->bus));
	}
	EXPECT_EQ(3, recv_all(&self->a));
	/* at most 3 * 12 * 4 events in a round: none is lost */
	for (round = 0; round < 20; round++) {
		for (i = 0; i < 3; i++) {
			claimants[i].rounds = 12;
			claimants[i].unexpected = 0;
			ASSERT_EQ(0, pthread_create(&claimants[i].thread, NULL, claimant_run,
						    &claimants[i]));
		}
		for (i = 0; i < 3; i++) {
			pthread_join(claimants[i].thread, NULL);
			EXPECT_EQ(0, claimants[i].unexpected);
		}
		while (msg_recv(&self->a, 0, &recv) == 0) {
			EXPECT_EQ(0, recv.dropped_msgs);
			owner = follow((const void *)(self->a.pool + recv.msg.offset), owner);
			ASSERT_NE(~0ULL, owner);
			ASSERT_EQ(0, conn_free(&self->a, recv.msg.offset));
			told++;
		}
		EXPECT_EQ(0, owner);
	}
	EXPECT_LE(2 * 20, told);
	for (i = 0; i < 3; i++)
		conn_close(&claimants[i].conn);
}

/* ---- one call, several ends ---- */

struct replier {
	struct conn *conn;
	unsigned int calls;
	unsigned int replied;
	unsigned int dropped;
	unsigned int late;
	int unexpected;
	pthread_t thread;
};

static void *replier_run(void *data)
{
	struct replier *replier = data;
	struct kdbus_cmd_recv recv;
	const struct kdbus_msg *msg;
	unsigned int i;
	int ret;

	for (i = 0; i < replier->calls; i++) {
		ret = conn_wait(replier->conn);
		if (ret == 0 && i % 3 == 0) {
			ret = msg_recv(replier->conn, KDBUS_RECV_DROP, &recv);
			replier->dropped++;
		} else if (ret == 0) {
			msg = msg_next(replier->conn);
			ret = msg ? send_reply(replier->conn, msg->src_id, 1000000 + msg->cookie,
					       msg->cookie) : -errno;
			if (ret == 0)
				replier->replied++;
			else if (ret == -EBADSLT)
				replier->late++;
			if (ret == -EBADSLT)
				ret = 0;
			if (msg)
				msg_done(replier->conn, msg);
		}
		if (ret)
			replier->unexpected = ret;
	}
	return NULL;
}

/* abi: 11.5/one-end, 21/H5, design/6.6 */
TEST_F(race, every_call_ends_exactly_once_by_reply_or_timeout_or_drop)
{
	enum { CALLS = 120 };
	struct replier replier = { .conn = &self->b, .calls = CALLS };
	unsigned char ends[CALLS + 1] = {};
	unsigned int i, replied = 0;
	const struct kdbus_msg *msg;
	struct args call;

	ASSERT_EQ(0, pthread_create(&replier.thread, NULL, replier_run, &replier));
	for (i = 1; i <= CALLS; i++) {
		args_call(&call, self->b.id, i);
		call.msg.timeout_ns = now_ns() + (i % 7) * 300000;
		ASSERT_EQ(0, msg_send(&self->a, &call));
	}
	for (i = 0; i < CALLS; i++) {
		ASSERT_EQ(0, conn_wait(&self->a));
		msg = msg_next(&self->a);
		ASSERT_NE(NULL, msg);
		ASSERT_LT(0, msg->cookie_reply);
		ASSERT_GE(CALLS, msg->cookie_reply);
		ends[msg->cookie_reply]++;
		replied += msg->src_id == self->b.id;
		ASSERT_EQ(0, msg_done(&self->a, msg));
	}
	pthread_join(replier.thread, NULL);
	EXPECT_EQ(0, replier.unexpected);
	EXPECT_EQ(replier.replied, replied);
	EXPECT_EQ(CALLS, replier.replied + replier.late + replier.dropped);
	for (i = 1; i <= CALLS; i++) {
		EXPECT_EQ(1, ends[i]);
	}
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
}

/* ---- one queue, several readers; one slice, several frees ---- */

struct reader {
	struct conn *conn;
	unsigned char *seen;
	unsigned int n;
	unsigned int *left;
	int unexpected;
	pthread_t thread;
};

static void *reader_run(void *data)
{
	struct reader *reader = data;
	__s64 cookie;

	while (__atomic_load_n(reader->left, __ATOMIC_RELAXED)) {
		cookie = recv_cookie(reader->conn);
		if (cookie > 0) {
			__atomic_fetch_add(&reader->seen[cookie], 1, __ATOMIC_RELAXED);
			__atomic_fetch_sub(reader->left, 1, __ATOMIC_RELAXED);
			reader->n++;
		} else if (cookie != -EAGAIN) {
			reader->unexpected = cookie;
			break;
		}
	}
	return NULL;
}

/* abi: 12/once, design/6.1 */
TEST_F(race, readers_of_one_queue_get_each_message_once)
{
	enum { MESSAGES = 1500 };
	static unsigned char seen[MESSAGES + 1];
	unsigned int i, left = MESSAGES;
	struct reader readers[2];
	int ret;

	for (i = 0; i < 2; i++) {
		readers[i] = (struct reader) { .conn = &self->b, .seen = seen, .left = &left };
		ASSERT_EQ(0, pthread_create(&readers[i].thread, NULL, reader_run, &readers[i]));
	}
	for (i = 1; i <= MESSAGES; i++) {
		while ((ret = send_plain(&self->a, self->b.id, i)) == -ENOBUFS)
			;
		ASSERT_EQ(0, ret);
	}
	for (i = 0; i < 2; i++) {
		pthread_join(readers[i].thread, NULL);
		EXPECT_EQ(0, readers[i].unexpected);
	}
	EXPECT_EQ(MESSAGES, readers[0].n + readers[1].n);
	for (i = 1; i <= MESSAGES; i++) {
		EXPECT_EQ(1, seen[i]);
	}
}

struct freer {
	struct conn *conn;
	__u64 *offsets;
	unsigned int n;
	unsigned int freed;
	int unexpected;
	pthread_t thread;
};

static void *freer_run(void *data)
{
	struct freer *freer = data;
	unsigned int i;
	int ret;

	for (i = 0; i < freer->n; i++) {
		ret = conn_free(freer->conn, freer->offsets[i]);
		if (ret == 0)
			freer->freed++;
		else if (ret != -ENXIO)
			freer->unexpected = ret;
	}
	return NULL;
}

/* abi: 10.3/once */
TEST_F(race, slice_is_freed_by_one_of_several)
{
	struct kdbus_cmd_recv recv;
	__u64 offsets[200];
	struct freer freers[3];
	unsigned int i;

	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, send_plain(&self->a, self->b.id, i + 1));
		ASSERT_EQ(0, msg_recv(&self->b, 0, &recv));
		offsets[i] = recv.msg.offset;
	}
	for (i = 0; i < 3; i++) {
		freers[i] = (struct freer) { .conn = &self->b, .offsets = offsets, .n = 200 };
		ASSERT_EQ(0, pthread_create(&freers[i].thread, NULL, freer_run, &freers[i]));
	}
	for (i = 0; i < 3; i++) {
		pthread_join(freers[i].thread, NULL);
		EXPECT_EQ(0, freers[i].unexpected);
	}
	EXPECT_EQ(200, freers[0].freed + freers[1].freed + freers[2].freed);
}

TEST_HARNESS_MAIN
