// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whose memory it is: pools and what else messages need, in memory cgroups and at their limits. */
#include "neighbours.h"
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.memcg"
#define LIMIT		(24UL * 1024 * 1024)
#define MESSAGE		(256UL * 1024)

/*
 * A receiver in a process and a cgroup of its own, which does what it is told by
 * a byte: 'f' fills its group nearly to the limit with memory that cannot be reclaimed, 'r'
 * gives some of that back, receives and frees everything, 'q' ends.  It answers with a byte.
 */
struct receiver {
	struct cgroup cgroup;
	pid_t pid;
	int to;
	int from;
	__u64 id;
};

#define CHUNK		(64UL * 1024)

/* Returns what it took last. */
static char *fill(const struct cgroup *cgroup)
{
	char *memory = NULL;

	while (cgroup_get(cgroup, "memory.current", NULL) < (long long)(LIMIT - 6 * CHUNK)) {
		memory = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			      -1, 0);
		if (memory == MAP_FAILED)
			child_exit(-1);
		memset(memory, 1, CHUNK);
	}
	return memory;
}

static void receiver_run(const struct cgroup *cgroup, const struct bus *bus, int from, int to)
{
	char *reserve = NULL, order;
	struct conn conn;

	if (cgroup_enter(cgroup) || conn_new(&conn, bus) || match_all(&conn, 1) ||
	    name_acquire(&conn, NAME, 0, NULL) ||
	    write(to, &conn.id, sizeof(conn.id)) != sizeof(conn.id))
		child_exit(-1);
	while (read(from, &order, 1) == 1) {
		if (order == 'f')
			reserve = fill(cgroup);
		/* to look at a message it needs memory of its own, as any program */
		if (order == 'r' && reserve)
			madvise(reserve, CHUNK, MADV_DONTNEED);
		if (order == 'r')
			recv_all(&conn);
		if (write(to, &order, 1) != 1 || order == 'q')
			break;
	}
	child_exit(0);
}

static int receiver_start(struct receiver *receiver, const struct bus *bus)
{
	int orders[2], answers[2], ret;

	ret = cgroup_new(&receiver->cgroup);
	if (ret)
		return ret;
	if (pipe2(orders, O_CLOEXEC) < 0 || pipe2(answers, O_CLOEXEC) < 0)
		return -errno;
	receiver->pid = child_fork();
	if (receiver->pid == 0) {
		close(bus->fd);
		receiver_run(&receiver->cgroup, bus, orders[0], answers[1]);
	}
	close(orders[0]);
	close(answers[1]);
	receiver->to = orders[1];
	receiver->from = answers[0];
	return read(receiver->from, &receiver->id, sizeof(receiver->id)) ==
	       sizeof(receiver->id) ? 0 : -EIO;
}

static int receiver_do(struct receiver *receiver, char order)
{
	char answer;

	if (write(receiver->to, &order, 1) != 1 || read(receiver->from, &answer, 1) != 1)
		return -EPIPE;
	return answer == order ? 0 : -EPROTO;
}

FIXTURE(memcg) {
	struct bus bus;
	struct conn sender;
	struct conn other;
	struct receiver receiver;
};

FIXTURE_SETUP(memcg)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, receiver_start(&self->receiver, &self->bus));
	ASSERT_EQ(0, conn_new(&self->sender, &self->bus));
	ASSERT_EQ(0, conn_new(&self->other, &self->bus));
	ASSERT_EQ(0, match_all(&self->other, 1));
}

FIXTURE_TEARDOWN(memcg)
{
	EXPECT_EQ(0, receiver_do(&self->receiver, 'q'));
	EXPECT_EQ(0, child_result(self->receiver.pid));
	conn_close(&self->other);
	conn_close(&self->sender);
	bus_close(&self->bus);
	EXPECT_EQ(0, cgroup_remove(&self->receiver.cgroup));
}

static long long kernel_memory(const struct cgroup *cgroup)
{
	return cgroup_get(cgroup, "memory.stat", "kernel");
}

/* abi: design/6.4 */
TEST_F(memcg, pages_of_a_pool_are_charged_to_its_owner_and_not_to_the_sender)
{
	struct cgroup senders, root = { "/sys/fs/cgroup" };
	long long before, after, sender;
	unsigned int i;

	ASSERT_EQ(0, cgroup_new(&senders));
	ASSERT_EQ(0, cgroup_enter(&senders));
	before = kernel_memory(&self->receiver.cgroup);
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, send_bytes(&self->sender, self->receiver.id, i + 1, MESSAGE));
	}
	after = kernel_memory(&self->receiver.cgroup);
	sender = kernel_memory(&senders);
	EXPECT_LE((long long)(8 * MESSAGE), after - before);
	EXPECT_GE((long long)(9 * MESSAGE), after - before);
	EXPECT_GT((long long)MESSAGE, sender);
	ASSERT_EQ(0, cgroup_enter(&root));
	EXPECT_EQ(0, cgroup_remove(&senders));
}

/* abi: design/6.4 */
TEST_F(memcg, pages_of_a_pool_go_back_when_it_is_idle)
{
	__u64 end = deadline_ms(PATIENCE_MS);
	long long before, full, now;
	unsigned int i;

	ASSERT_EQ(0, receiver_do(&self->receiver, 'r'));
	before = kernel_memory(&self->receiver.cgroup);
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, send_bytes(&self->sender, self->receiver.id, i + 1, MESSAGE));
	}
	full = kernel_memory(&self->receiver.cgroup);
	ASSERT_LE((long long)(8 * MESSAGE), full - before);
	ASSERT_EQ(0, receiver_do(&self->receiver, 'r'));
	do
		now = kernel_memory(&self->receiver.cgroup);
	while (now - before >= (long long)MESSAGE && now_ns() < end);
	EXPECT_GT((long long)MESSAGE, now - before);
	/* and it can be used again */
	EXPECT_EQ(0, send_bytes(&self->sender, self->receiver.id, 1, MESSAGE));
}

static int limit(struct receiver *receiver)
{
	char text[32];
	int ret;

	snprintf(text, sizeof(text), "%lu", LIMIT);
	ret = cgroup_set(&receiver->cgroup, "memory.max", text);
	/* there is nothing that could be swapped out, here or elsewhere */
	cgroup_set(&receiver->cgroup, "memory.swap.max", "0");
	return ret ? ret : receiver_do(receiver, 'f');
}

/* abi: design/6.4, design/6.6 */
TEST_F(memcg, sender_gets_enomem_and_nobody_is_killed_when_the_receiver_is_at_its_limit)
{
	struct cgroup *cgroup = &self->receiver.cgroup;
	unsigned int i, refused = 0, sent = 0;
	int ret;

	ASSERT_EQ(0, limit(&self->receiver));
	for (i = 0; i < 40; i++) {
		ret = send_bytes(&self->sender, self->receiver.id, i + 1, MESSAGE);
		ASSERT_TRUE(ret == 0 || ret == -ENOMEM || ret == -ENOBUFS) {
			TH_LOG("SEND said %d", ret);
		}
		refused += ret == -ENOMEM;
		sent += ret == 0;
	}
	TH_LOG("%u sent, %u refused, limit reached %lld times", sent, refused,
	       cgroup_get(cgroup, "memory.events", "max"));
	EXPECT_LT(0, refused);
	EXPECT_LT(0, cgroup_get(cgroup, "memory.events", "max"));
	EXPECT_EQ(0, cgroup_get(cgroup, "memory.events", "oom_kill"));
	/* nothing is charged for what was refused: what it has it can receive */
	ASSERT_EQ(0, receiver_do(&self->receiver, 'r'));
	EXPECT_EQ(0, send_plain(&self->sender, self->receiver.id, 1));
	EXPECT_EQ(0, cgroup_get(cgroup, "memory.events", "oom_kill"));
}

/* abi: design/6.3, design/6.4 */
TEST_F_TIMEOUT(memcg, notifications_reach_others_when_one_receiver_is_at_its_limit, 300)
{
	struct cgroup *cgroup = &self->receiver.cgroup;
	long long reclaims;
	__u64 alone, start;
	unsigned int i;

	start = now_ns();
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, name_acquire(&self->sender, NAME ".moves", 0, NULL));
		ASSERT_EQ(0, name_release(&self->sender, NAME ".moves"));
	}
	alone = now_ns() - start;
	ASSERT_EQ(100, recv_all(&self->other));
	ASSERT_EQ(0, receiver_do(&self->receiver, 'r'));

	ASSERT_EQ(0, limit(&self->receiver));
	/* takes the last room there is */
	for (i = 0; i < 20; i++)
		send_bytes(&self->sender, self->receiver.id, i + 1, i < 10 ? MESSAGE : 4096);
	reclaims = cgroup_get(cgroup, "memory.events", "max");
	start = now_ns();
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, name_acquire(&self->sender, NAME ".moves", 0, NULL));
		ASSERT_EQ(0, name_release(&self->sender, NAME ".moves"));
	}
	start = now_ns() - start;
	reclaims = cgroup_get(cgroup, "memory.events", "max") - reclaims;
	TH_LOG("100 notifications: %llu us, at the limit of one receiver %llu us, %lld reclaims",
	       alone / 1000, start / 1000, reclaims);
	EXPECT_EQ(100, recv_all(&self->other));
	EXPECT_GT(5000000000ULL, start);
	/* all wait for each: memory is looked for once, not until nothing is left to try */
	EXPECT_GE(4 * 100, reclaims);
	EXPECT_EQ(0, cgroup_get(cgroup, "memory.events", "oom_kill"));
}

TEST_HARNESS_MAIN
