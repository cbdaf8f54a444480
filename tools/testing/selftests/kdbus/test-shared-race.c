// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Payloads that several pools share, at once in all ways: senders of many sizes, receivers that read
 * everything, by short-lived mappings and children, too, keep several and free them in any order,
 * and threads that touch the pools anywhere all the time.
 */
#include "shared.h"
#include "kselftest_harness.h"

#define RECEIVERS	3
#define SENDERS		2
#define KEPT		5
#define ROUNDS		(getenv("KDBUS_LONG") ? 20000U : 400U)

/*
 * @conn: its connection
 * @random: state
 * @seen: messages that were right
 * @lost: messages that were counted as lost
 * @error: what was wrong, or 0
 * @done: everything has been sent
 */
struct reader {
	struct conn conn;
	unsigned int random;
	unsigned int seen;
	unsigned int lost;
	int error;
	bool done;
	pthread_t thread, toucher;
};

FIXTURE(race) {
	struct bus bus;
	struct conn from[SENDERS];
	struct reader readers[RECEIVERS];
};

FIXTURE_SETUP(race)
{
	unsigned int i;

	ASSERT_EQ(0, bus_make(&self->bus));
	for (i = 0; i < SENDERS; i++)
		ASSERT_EQ(0, conn_new(&self->from[i], &self->bus));
	for (i = 0; i < RECEIVERS; i++) {
		/* small, so that the same ranges are used again */
		ASSERT_EQ(0, conn_new_pool(&self->readers[i].conn, &self->bus, 1 << 20));
		ASSERT_EQ(0, match_signals(&self->readers[i].conn));
		self->readers[i].random = i + 1;
	}
}

FIXTURE_TEARDOWN(race)
{
	unsigned int i;

	for (i = 0; i < RECEIVERS; i++)
		conn_close(&self->readers[i].conn);
	for (i = 0; i < SENDERS; i++)
		conn_close(&self->from[i]);
	bus_close(&self->bus);
}

static unsigned int random_below(unsigned int *state, unsigned int n)
{
	*state = *state * 1103515245 + 12345;
	return (*state >> 16) % n;
}

static size_t random_size(unsigned int *state)
{
	switch (random_below(state, 4)) {
	case 0:
		return 1 + random_below(state, 3000);
	case 1:
		return SHARE_MIN - 2000 + random_below(state, 4000);
	case 2:
		return 65536;
	default:
		return SHARE_MIN + random_below(state, 70000);
	}
}

static void *send_many(void *data)
{
	struct conn *conn = data;
	unsigned int i, random = conn->id;
	intptr_t ret = 0;

	for (i = 0; i < ROUNDS && !ret; i++)
		ret = send_pattern(conn, KDBUS_DST_ID_BROADCAST, i + 1, random_size(&random));
	return (void *)ret;
}

static bool is_right(const struct kdbus_msg *msg)
{
	size_t size;
	const __u8 *payload = payload_of(msg, &size);

	return payload && pattern_is(payload, size, msg->cookie);
}

/* By a mapping that comes, moves, and goes. */
static bool is_right_in_new_mapping(const struct reader *reader, const struct kdbus_msg *msg,
				    bool moves)
{
	size_t at = (const __u8 *)msg - reader->conn.pool, size = reader->conn.pool_size;
	__u8 *view = mmap(NULL, size, PROT_READ, MAP_SHARED, reader->conn.fd, 0), *to;
	bool right;

	if (view == MAP_FAILED)
		return false;
	right = is_right((const void *)(view + at));
	if (moves) {
		to = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (mremap(view, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
			return false;
		view = to;
		right = right && is_right((const void *)(view + at));
	}
	munmap(view, size);
	return right;
}

static bool is_right_in_child(const struct kdbus_msg *msg)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		_exit(is_right(msg) ? 0 : 1);
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && !WEXITSTATUS(status);
}

/* From one of the places where it can be seen. */
static bool is_right_somewhere(struct reader *reader, const struct kdbus_msg *msg)
{
	switch (random_below(&reader->random, 32)) {
	case 0:
		return is_right_in_child(msg);
	case 1 ... 3:
		return is_right_in_new_mapping(reader, msg, false);
	case 4 ... 5:
		return is_right_in_new_mapping(reader, msg, true);
	case 6:
		madvise((void *)reader->conn.pool, reader->conn.pool_size, MADV_DONTNEED);
		return is_right(msg);
	default:
		return is_right(msg);
	}
}

static void *read_many(void *data)
{
	struct reader *reader = data;
	const struct kdbus_msg *kept[KEPT] = { NULL }, *msg;
	struct kdbus_cmd_recv recv;
	unsigned int i;
	int ret;

	while (!reader->error) {
		bool done = __atomic_load_n(&reader->done, __ATOMIC_SEQ_CST);

		ret = msg_recv(&reader->conn, 0, &recv);
		reader->lost += recv.dropped_msgs;
		if (ret == -EAGAIN && done)
			break;
		if (ret == -EAGAIN) {
			sched_yield();
			continue;
		}
		if (ret) {
			reader->error = ret;
			break;
		}
		msg = (const void *)(reader->conn.pool + recv.msg.offset);
		/* now or later, or both */
		if (random_below(&reader->random, 2) && !is_right_somewhere(reader, msg))
			reader->error = -EBADMSG;
		i = random_below(&reader->random, KEPT);
		if (kept[i]) {
			if (!is_right(kept[i]))
				reader->error = -EBADMSG;
			if (msg_done(&reader->conn, kept[i]))
				reader->error = -ENXIO;
		}
		kept[i] = msg;
		reader->seen++;
	}
	for (i = 0; i < KEPT; i++)
		if (kept[i] && !is_right(kept[i]))
			reader->error = -EBADMSG;
	for (i = 0; i < KEPT; i++)
		if (kept[i] && msg_done(&reader->conn, kept[i]))
			reader->error = -ENXIO;
	return NULL;
}

/* Bring pages into the page table where nothing is, or nothing yet, or nothing any more. */
static void *touch_many(void *data)
{
	struct reader *reader = data;
	unsigned int random = reader->conn.id;
	volatile __u8 sum = 0;

	while (!__atomic_load_n(&reader->done, __ATOMIC_SEQ_CST))
		sum += reader->conn.pool[random_below(&random, reader->conn.pool_size / 64) * 64];
	return NULL;
}

/* abi: shared/content, shared/reuse, shared/loss, shared/mremap, shared/munmap, shared/fork */
TEST_F_TIMEOUT(race, every_message_is_right_while_pools_are_touched_anywhere, 600)
{
	pthread_t senders[SENDERS];
	unsigned int i;
	void *ret;

	for (i = 0; i < RECEIVERS; i++) {
		struct reader *reader = &self->readers[i];

		ASSERT_EQ(0, pthread_create(&reader->thread, NULL, read_many, reader));
		ASSERT_EQ(0, pthread_create(&reader->toucher, NULL, touch_many, reader));
	}
	for (i = 0; i < SENDERS; i++)
		ASSERT_EQ(0, pthread_create(&senders[i], NULL, send_many, &self->from[i]));
	for (i = 0; i < SENDERS; i++) {
		ASSERT_EQ(0, pthread_join(senders[i], &ret));
		EXPECT_EQ(NULL, ret);
	}
	for (i = 0; i < RECEIVERS; i++)
		__atomic_store_n(&self->readers[i].done, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < RECEIVERS; i++) {
		struct reader *reader = &self->readers[i];

		ASSERT_EQ(0, pthread_join(reader->thread, NULL));
		ASSERT_EQ(0, pthread_join(reader->toucher, NULL));
		TH_LOG("receiver %u: %u messages, %u lost", i, reader->seen, reader->lost);
		EXPECT_EQ(0, reader->error);
		EXPECT_EQ(SENDERS * ROUNDS, reader->seen + reader->lost);
		EXPECT_LT(0, reader->seen);
	}
}

/*
 * @pool: to be looked at
 * @size: of the part of it where payloads come
 * @found: something is there
 * @stop: no more payloads come
 */
struct watcher {
	const volatile __u8 *pool;
	size_t size;
	bool found;
	bool stop;
};

static void *watch(void *data)
{
	struct watcher *watcher = data;
	size_t at;

	while (!__atomic_load_n(&watcher->stop, __ATOMIC_SEQ_CST))
		for (at = 0; at < watcher->size; at += PAGE / 2)
			if (watcher->pool[at])
				watcher->found = true;
	return NULL;
}

/* abi: shared/unseen, shared/unreadable */
TEST_F_TIMEOUT(race, receiver_sees_nothing_of_what_could_not_be_read_whole, 300)
{
	const size_t size = 65536, rounds = 500;
	struct conn *conn = &self->readers[0].conn;
	struct watcher watcher = { .pool = conn->pool + PAGE, .size = size };
	struct kdbus_cmd_recv recv;
	struct args args;
	pthread_t thread;
	unsigned int i;
	__u8 *data;

	data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, data);
	memset(data, 1, size);
	ASSERT_EQ(0, mprotect(data + size - PAGE, PAGE, PROT_NONE));
	for (i = 0; i < RECEIVERS; i++)
		ASSERT_EQ(-EAGAIN, msg_recv(&self->readers[i].conn, 0, &recv));
	ASSERT_EQ(0, pthread_create(&thread, NULL, watch, &watcher));
	for (i = 0; i < rounds; i++) {
		args_signal(&args, KDBUS_DST_ID_BROADCAST, 1);
		args_vec(&args, data, size);
		EXPECT_EQ(0, msg_send(&self->from[0], &args));
	}
	__atomic_store_n(&watcher.stop, true, __ATOMIC_SEQ_CST);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_FALSE(watcher.found);
	EXPECT_EQ(-EAGAIN, msg_recv(conn, 0, &recv));
	EXPECT_EQ(rounds, recv.dropped_msgs);
	munmap(data, size);
}

TEST_HARNESS_MAIN
