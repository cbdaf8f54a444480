// SPDX-License-Identifier: LGPL-2.1-or-later
/* Payloads that several pools share: where there is no room, who pays, and where they move. */
#include "flow.h"
#include "neighbours.h"
#include "objects.h"
#include "shared.h"
#include "kselftest_harness.h"

#define NAME		"org.example.shared"
#define LARGE		65536UL
#define MESSAGE		(1UL << 20)

/* bytes of the slice of a broadcast of send_pattern() without its payload */
#define FRONT		(sizeof(struct kdbus_msg) + ITEM_HEADER + 8 + BLOOM_SIZE + 32)

/* @d: a third receiver, if a test makes one */
FIXTURE(limit) {
	char domain[PATH_MAX];
	struct bus bus;
	struct conn a;
	struct conn b;
	struct conn c;
	struct conn d;
};

FIXTURE_SETUP(limit)
{
	ASSERT_EQ(0, mount_namespace_unshare());
	ASSERT_EQ(0, domain_mount_options("kdbus", "max_shared_bytes=131072", self->domain));
	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, KDBUS_MAKE_ACCESS_WORLD));
	ASSERT_EQ(0, trio_open(&self->bus, &self->a, &self->b, &self->c));
	self->d.fd = -1;
}

FIXTURE_TEARDOWN(limit)
{
	if (self->d.fd >= 0)
		conn_close(&self->d);
	trio_close(&self->bus, &self->a, &self->b, &self->c);
	domain_umount(self->domain);
}

static int broadcast(struct conn *conn, __u64 cookie, size_t size)
{
	return send_pattern(conn, KDBUS_DST_ID_BROADCAST, cookie, size);
}

/* Both have got the same message: 1 if its payload is shared, 0 if it is not, or -errno. */
static int both_got(struct conn *b, struct conn *c, __u64 cookie, size_t size,
		    const struct kdbus_msg **first, const struct kdbus_msg **second)
{
	*first = msg_next(b);
	if (!*first)
		return -errno;
	*second = msg_next(c);
	if (!*second)
		return -errno;
	if ((*first)->cookie != cookie || !payload_is_right(*first, size) ||
	    (*second)->cookie != cookie || !payload_is_right(*second, size))
		return -EBADMSG;
	return payload_is_shared(*first, *second);
}

/* ---- what one user may share ---- */

/* abi: 5.4/max_shared_bytes, shared/limit */
TEST_F(limit, beyond_what_a_user_may_share_receivers_get_copies)
{
	const struct kdbus_msg *b[4], *c[4];

	ASSERT_EQ(0, broadcast(&self->a, 1, LARGE));
	ASSERT_EQ(0, broadcast(&self->a, 2, LARGE));
	ASSERT_EQ(0, broadcast(&self->a, 3, LARGE));
	EXPECT_EQ(1, both_got(&self->b, &self->c, 1, LARGE, &b[1], &c[1]));
	EXPECT_EQ(1, both_got(&self->b, &self->c, 2, LARGE, &b[2], &c[2]));
	EXPECT_EQ(0, both_got(&self->b, &self->c, 3, LARGE, &b[3], &c[3]));
	/* one receiver still has it */
	EXPECT_EQ(0, msg_done(&self->b, b[1]));
	ASSERT_EQ(0, broadcast(&self->a, 4, LARGE));
	EXPECT_EQ(0, both_got(&self->b, &self->c, 4, LARGE, &b[0], &c[0]));
	EXPECT_EQ(0, msg_done(&self->c, c[1]));
	ASSERT_EQ(0, broadcast(&self->a, 5, LARGE));
	EXPECT_EQ(1, both_got(&self->b, &self->c, 5, LARGE, &b[0], &c[0]));
	/* larger than all that may be shared */
	ASSERT_EQ(0, broadcast(&self->a, 6, 3 * LARGE));
	EXPECT_EQ(0, both_got(&self->b, &self->c, 6, 3 * LARGE, &b[0], &c[0]));
}

/* abi: shared/limit */
TEST_F(limit, what_is_shared_counts_until_the_last_receiver_has_freed_it_or_gone)
{
	const struct kdbus_msg *b, *c;
	__u64 cookie;

	for (cookie = 1; cookie < 40; cookie++) {
		ASSERT_EQ(0, broadcast(&self->a, cookie, 2 * LARGE));
		ASSERT_EQ(1, both_got(&self->b, &self->c, cookie, 2 * LARGE, &b, &c));
		ASSERT_EQ(0, msg_done(&self->b, b));
		if (cookie % 2) {
			ASSERT_EQ(0, msg_done(&self->c, c));
			continue;
		}
		conn_close(&self->c);
		ASSERT_EQ(0, conn_new(&self->c, &self->bus));
		ASSERT_EQ(0, match_signals(&self->c));
	}
	/* dropped, queued at one that leaves, not received by anybody */
	ASSERT_EQ(0, broadcast(&self->a, cookie, 2 * LARGE));
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_DROP, &(struct kdbus_cmd_recv){ 0 }));
	conn_close(&self->c);
	ASSERT_EQ(0, conn_new(&self->c, &self->bus));
	ASSERT_EQ(0, match_signals(&self->c));
	ASSERT_EQ(0, broadcast(&self->a, cookie, 2 * LARGE));
	EXPECT_EQ(1, both_got(&self->b, &self->c, cookie, 2 * LARGE, &b, &c));
}

/* abi: shared/limit */
TEST_F(limit, another_user_has_a_limit_of_its_own)
{
	const struct kdbus_msg *b, *c;

	ASSERT_EQ(0, conn_new_as(&self->d, &self->bus, ALICE, ALICE));
	ASSERT_EQ(0, broadcast(&self->a, 1, 2 * LARGE));
	ASSERT_EQ(1, both_got(&self->b, &self->c, 1, 2 * LARGE, &b, &c));
	ASSERT_EQ(0, broadcast(&self->d, 2, 2 * LARGE));
	EXPECT_EQ(1, both_got(&self->b, &self->c, 2, 2 * LARGE, &b, &c));
}

/* ---- no room ---- */

/* abi: shared/loss, 12/lost */
TEST_F(limit, receiver_whose_pool_is_too_small_loses_it_and_others_do_not)
{
	struct kdbus_cmd_recv recv;

	ASSERT_EQ(0, conn_new_pool(&self->d, &self->bus, 16 * PAGE));
	ASSERT_EQ(0, match_signals(&self->d));
	ASSERT_EQ(0, broadcast(&self->a, 1, LARGE));
	ASSERT_EQ(0, broadcast(&self->a, 2, 100));
	EXPECT_EQ(1, recv_pattern(&self->b, LARGE));
	EXPECT_EQ(1, recv_pattern(&self->c, LARGE));
	ASSERT_EQ(0, msg_recv(&self->d, KDBUS_RECV_PEEK, &recv));
	EXPECT_EQ(1, recv.dropped_msgs);
	EXPECT_EQ(2, recv_pattern(&self->d, 100));
}

/* abi: shared/copy */
TEST_F(limit, who_may_take_the_bytes_but_not_whole_pages_gets_a_copy)
{
	const size_t size = SHARE_MIN + 8;
	const struct kdbus_msg *b, *d;

	ASSERT_EQ(0, conn_new_pool(&self->d, &self->bus, 50 * PAGE));
	ASSERT_EQ(0, match_signals(&self->d));
	/* a third of a half: enough for one, not for the other */
	ASSERT_LE(FRONT + size, 50 * PAGE / 6);
	ASSERT_GT(FRONT + SHARE_MIN + PAGE, 50 * PAGE / 6);
	ASSERT_EQ(0, broadcast(&self->a, 1, size));
	EXPECT_EQ(0, both_got(&self->b, &self->d, 1, size, &b, &d));
	EXPECT_EQ(1, recv_pattern(&self->c, size));
}

/* abi: shared/copy, 13.1/best-fit */
TEST_F(limit, who_has_room_that_ends_elsewhere_gets_a_copy)
{
	const size_t pool = 100 * PAGE, rest = SHARE_MIN + 1616, size = SHARE_MIN + 8;
	struct kdbus_cmd_recv recv;
	const struct kdbus_msg *b, *d;
	unsigned int i;

	ASSERT_EQ(0, conn_new_pool(&self->d, &self->bus, pool));
	ASSERT_EQ(0, match_signals(&self->d));
	for (i = 0; i < 6; i++) {
		ASSERT_EQ(0, send_bytes(&self->a, self->d.id, i + 1,
					(pool - rest) / 6 / 8 * 8 - sizeof(struct kdbus_msg) - 32));
		ASSERT_EQ(0, msg_recv(&self->d, 0, &recv));
	}
	ASSERT_EQ(0, broadcast(&self->a, 9, size));
	EXPECT_EQ(0, both_got(&self->b, &self->d, 9, size, &b, &d));
	/* and the next is lost */
	ASSERT_EQ(0, broadcast(&self->a, 10, size));
	EXPECT_EQ(-EAGAIN, msg_recv(&self->d, 0, &recv));
	EXPECT_EQ(1, recv.dropped_msgs);
}

/* abi: shared/quota, 13.5/user-alone */
TEST_F(limit, receiver_is_charged_for_whole_pages)
{
	const struct kdbus_msg *b, *d;

	ASSERT_EQ(0, conn_new_pool(&self->d, &self->bus, 196 * PAGE));
	ASSERT_EQ(0, match_signals(&self->d));
	ASSERT_EQ(0, broadcast(&self->a, 1, 15 * PAGE + 8));
	/* a third of half of the pool is 32 pages and two thirds: 16 and a bit less are left */
	EXPECT_EQ(-ENOBUFS, send_bytes(&self->a, self->d.id, 2, 17 * PAGE - 1000));
	EXPECT_EQ(0, send_bytes(&self->a, self->d.id, 2, 16 * PAGE));
	EXPECT_EQ(1, both_got(&self->b, &self->d, 1, 15 * PAGE + 8, &b, &d));
	EXPECT_EQ(0, send_bytes(&self->a, self->d.id, 3, 16 * PAGE - 1000));
}

/* abi: shared/wait, flow/fds */
TEST_F(limit, what_could_be_shared_waits_for_room_for_its_descriptors_as_a_copy_does)
{
	static __u8 data[LARGE];
	int fds[16] = { 0 };
	struct sync_call wait;
	struct conn monitor;
	struct args msg;

	ASSERT_EQ(0, conn_new_flags(&monitor, &self->bus, KDBUS_HELLO_MONITOR));
	args_msg(&msg, self->b.id, 1);
	args_fds(&msg, fds, 16);
	ASSERT_EQ(0, msg_send(&self->a, &msg));
	ASSERT_EQ(-EMFILE, msg_send(&self->a, &msg));
	pattern_fill(data, LARGE, 100);
	flow_wait_init(&wait, &self->a, self->b.id, 100);
	args_fds(&wait.msg, fds, 1);
	args_vec(&wait.msg, data, LARGE);
	ASSERT_EQ(0, flow_wait_start(&wait));
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(0, sync_call_join(&wait));
	EXPECT_EQ(100, recv_pattern(&self->b, LARGE));
	conn_close(&monitor);
}

/* ---- other ways to a pool ---- */

/* abi: shared/move */
TEST_F(limit, message_that_moves_from_an_activator_stays_shared)
{
	const struct kdbus_msg *owned, *seen;
	struct conn activator, monitor;

	ASSERT_EQ(0, conn_new_named(&activator, &self->bus, KDBUS_HELLO_ACTIVATOR, NAME));
	ASSERT_EQ(0, conn_new_flags(&monitor, &self->bus, KDBUS_HELLO_MONITOR));
	ASSERT_EQ(0, send_pattern_name(&self->a, NAME, 1, LARGE));
	/* the owner has something already, so it lies elsewhere */
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 2));
	ASSERT_EQ(0, name_acquire(&self->b, NAME, 0, NULL));
	EXPECT_EQ(2, recv_cookie(&self->b));
	owned = msg_next(&self->b);
	seen = msg_next(&monitor);
	ASSERT_NE(NULL, owned);
	ASSERT_NE(NULL, seen);
	EXPECT_EQ(1, owned->cookie);
	EXPECT_TRUE(payload_is_right(owned, LARGE));
	EXPECT_TRUE(payload_is_right(seen, LARGE));
	EXPECT_TRUE(payload_is_shared(owned, seen));
	conn_close(&activator);
	EXPECT_TRUE(payload_is_right(owned, LARGE));
	EXPECT_EQ(0, msg_done(&self->b, owned));
	conn_close(&monitor);
	/* all of it is given back */
	ASSERT_EQ(0, broadcast(&self->a, 3, 2 * LARGE));
	EXPECT_EQ(1, both_got(&self->b, &self->c, 3, 2 * LARGE, &owned, &seen));
}

/* abi: shared/move */
TEST_F(limit, message_that_moves_to_where_it_cannot_be_shared_is_copied)
{
	/* neither the start of the third nor its end is where a page ends */
	const size_t slot = 13 * PAGE - 8, size = 12 * PAGE - 200;
	const struct kdbus_msg *owned, *seen;
	struct conn activator, monitor;
	struct kdbus_cmd_recv recv;
	unsigned int i;

	ASSERT_EQ(0, conn_new_pool(&self->d, &self->bus, 100 * PAGE));
	for (i = 0; i < 7; i++) {
		ASSERT_EQ(0, send_bytes(&self->a, self->d.id, i + 1,
					slot - sizeof(struct kdbus_msg) - 32));
		ASSERT_EQ(0, msg_recv(&self->d, 0, &recv));
		ASSERT_EQ(i * slot, recv.msg.offset);
	}
	ASSERT_EQ(0, conn_free(&self->d, 2 * slot));
	ASSERT_EQ(0, conn_new_named(&activator, &self->bus, KDBUS_HELLO_ACTIVATOR, NAME));
	ASSERT_EQ(0, conn_new_flags(&monitor, &self->bus, KDBUS_HELLO_MONITOR));
	ASSERT_EQ(0, send_pattern_name(&self->a, NAME, 8, size));
	ASSERT_EQ(0, name_acquire(&self->d, NAME, 0, NULL));
	owned = msg_next(&self->d);
	seen = msg_next(&monitor);
	ASSERT_NE(NULL, owned);
	ASSERT_NE(NULL, seen);
	EXPECT_EQ(2 * slot, (const __u8 *)owned - self->d.pool);
	EXPECT_TRUE(payload_is_right(owned, size));
	EXPECT_TRUE(payload_is_right(seen, size));
	EXPECT_FALSE(payload_is_shared(owned, seen));
	conn_close(&activator);
	conn_close(&monitor);
}

static void *answer_large(void *data)
{
	struct conn *conn = data;
	const struct kdbus_msg *msg;
	struct args reply;
	__u8 *bytes;
	__s64 ret;

	ret = conn_wait(conn);
	if (ret)
		return (void *)(intptr_t)ret;
	msg = msg_next(conn);
	bytes = malloc(LARGE);
	if (!msg || !bytes)
		return (void *)(intptr_t)-ENOMEM;
	pattern_fill(bytes, LARGE, 32);
	args_reply(&reply, msg->src_id, 32, msg->cookie);
	args_vec(&reply, bytes, LARGE);
	ret = msg_send(conn, &reply);
	free(bytes);
	return (void *)(intptr_t)ret;
}

/* abi: shared/unicast, 19.1/sync-replies */
TEST_F(limit, reply_to_a_synchronous_call_is_shared_with_monitors)
{
	const struct kdbus_msg *reply, *seen;
	struct sync_call call;
	struct conn monitor;
	pthread_t thread;
	void *answered;

	ASSERT_EQ(0, conn_new_flags(&monitor, &self->bus, KDBUS_HELLO_MONITOR));
	ASSERT_EQ(0, pthread_create(&thread, NULL, answer_large, &self->b));
	sync_call_init(&call, &self->a, self->b.id, 31);
	ASSERT_EQ(0, sync_call_start(&call));
	ASSERT_EQ(0, sync_call_join(&call));
	ASSERT_EQ(0, pthread_join(thread, &answered));
	EXPECT_EQ(NULL, answered);
	EXPECT_EQ(31, recv_cookie(&monitor));
	seen = msg_next(&monitor);
	reply = sync_call_reply(&call);
	ASSERT_NE(NULL, seen);
	EXPECT_TRUE(payload_is_right(seen, LARGE));
	EXPECT_TRUE(payload_is_right(reply, LARGE));
	EXPECT_TRUE(payload_is_shared(reply, seen));
	EXPECT_EQ(0, msg_done(&self->a, reply));
	conn_close(&monitor);
}

/* abi: shared/free-item */
TEST_F(limit, several_can_be_freed_in_one_command)
{
	const struct kdbus_msg *b[2], *c[2];
	__u64 cookie, offsets[2];
	struct args args;

	for (cookie = 1; cookie < 20; cookie += 2) {
		ASSERT_EQ(0, broadcast(&self->a, cookie, LARGE));
		ASSERT_EQ(0, broadcast(&self->a, cookie + 1, LARGE));
		ASSERT_EQ(1, both_got(&self->b, &self->c, cookie, LARGE, &b[0], &c[0]));
		ASSERT_EQ(1, both_got(&self->b, &self->c, cookie + 1, LARGE, &b[1], &c[1]));
		EXPECT_EQ(0, msg_done(&self->c, c[0]));
		EXPECT_EQ(0, msg_done(&self->c, c[1]));
		offsets[0] = (const __u8 *)b[0] - self->b.pool;
		offsets[1] = (const __u8 *)b[1] - self->b.pool;
		ASSERT_EQ(0, send_plain(&self->a, self->b.id, 100));
		args_recv(&args);
		args_item(&args, KDBUS_ITEM_FREE, offsets, sizeof(offsets));
		ASSERT_EQ(0, command(self->b.fd, KDBUS_CMD_RECV, &args));
		EXPECT_EQ(-ENXIO, conn_free(&self->b, offsets[0]));
		EXPECT_EQ(-ENXIO, conn_free(&self->b, offsets[1]));
		EXPECT_EQ(0, conn_free(&self->b, args.recv.msg.offset));
	}
}

/* ---- whose memory it is ---- */

static long long kernel_memory(const struct cgroup *cgroup)
{
	return cgroup_get(cgroup, "memory.stat", "kernel");
}

#define ROOT		{ "/sys/fs/cgroup" }

FIXTURE(shared_memcg) {
	struct cgroup senders;
	struct cgroup receivers;
	struct bus bus;
	struct conn a;
	struct conn to[4];
};

FIXTURE_SETUP(shared_memcg)
{
	unsigned int i;

	ASSERT_EQ(0, cgroup_new(&self->senders));
	ASSERT_EQ(0, cgroup_new(&self->receivers));
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, cgroup_enter(&self->receivers));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, conn_new(&self->to[i], &self->bus));
		ASSERT_EQ(0, match_signals(&self->to[i]));
	}
	ASSERT_EQ(0, cgroup_enter(&self->senders));
	ASSERT_EQ(0, conn_new(&self->a, &self->bus));
}

FIXTURE_TEARDOWN(shared_memcg)
{
	struct cgroup root = ROOT;
	unsigned int i;

	EXPECT_EQ(0, cgroup_enter(&root));
	for (i = 0; i < 4; i++)
		conn_close(&self->to[i]);
	conn_close(&self->a);
	bus_close(&self->bus);
	EXPECT_EQ(0, cgroup_remove(&self->senders));
	EXPECT_EQ(0, cgroup_remove(&self->receivers));
}

/* abi: shared/who-pays */
TEST_F(shared_memcg, sender_is_charged_once_until_the_last_receiver_has_freed_it)
{
	long long before, sender, receivers, after;
	unsigned int i, n;

	/* so that all that stays is there */
	ASSERT_EQ(0, broadcast(&self->a, 1, MESSAGE));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(1, recv_pattern(&self->to[i], MESSAGE));
	before = kernel_memory(&self->senders);
	receivers = kernel_memory(&self->receivers);
	for (n = 0; n < 2; n++)
		ASSERT_EQ(0, broadcast(&self->a, n + 2, MESSAGE));
	sender = kernel_memory(&self->senders) - before;
	receivers = kernel_memory(&self->receivers) - receivers;
	TH_LOG("2 messages of 1 MiB to 4: %lld KiB of the sender, %lld KiB of the receivers",
	       sender / 1024, receivers / 1024);
	EXPECT_LE((long long)(2 * MESSAGE), sender);
	EXPECT_GE((long long)(2 * MESSAGE + MESSAGE / 2), sender);
	EXPECT_GT((long long)MESSAGE / 2, receivers);
	for (i = 0; i < 4; i++) {
		EXPECT_LE((long long)(2 * MESSAGE), kernel_memory(&self->senders) - before);
		for (n = 0; n < 2; n++)
			EXPECT_EQ(n + 2, recv_pattern(&self->to[i], MESSAGE));
	}
	after = kernel_memory(&self->senders) - before;
	EXPECT_GT((long long)MESSAGE / 2, after);
}

/* In a group of its own that has no room for the payload. */
static int send_at_limit(struct conn *conn, const struct cgroup *cgroup)
{
	char text[32];
	struct args msg;
	__u8 *data;
	int ret;

	data = mmap(NULL, MESSAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (data == MAP_FAILED)
		return -errno;
	pattern_fill(data, MESSAGE, 1);
	args_signal(&msg, KDBUS_DST_ID_BROADCAST, 1);
	args_vec(&msg, data, MESSAGE);
	snprintf(text, sizeof(text), "%lld",
		 cgroup_get(cgroup, "memory.current", NULL) + (long long)MESSAGE / 2);
	cgroup_set(cgroup, "memory.swap.max", "0");
	ret = cgroup_set(cgroup, "memory.max", text);
	return ret ? ret : msg_send(conn, &msg);
}

/* abi: shared/no-memory, design/6.4 */
TEST_F(shared_memcg, sender_at_its_limit_gets_enomem_and_nobody_is_killed)
{
	struct kdbus_cmd_recv recv;
	pid_t pid;

	pid = child_fork();
	if (!pid)
		child_exit(send_at_limit(&self->a, &self->senders));
	EXPECT_EQ(-ENOMEM, child_result(pid));
	EXPECT_EQ(0, cgroup_get(&self->senders, "memory.events", "oom_kill"));
	ASSERT_EQ(0, cgroup_set(&self->senders, "memory.max", "max"));
	EXPECT_EQ(-EAGAIN, msg_recv(&self->to[0], 0, &recv));
	EXPECT_EQ(0, recv.dropped_msgs);
	ASSERT_EQ(0, broadcast(&self->a, 2, MESSAGE));
	EXPECT_EQ(2, recv_pattern(&self->to[0], MESSAGE));
}

TEST_HARNESS_MAIN
