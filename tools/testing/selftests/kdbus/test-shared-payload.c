// SPDX-License-Identifier: LGPL-2.1-or-later
/* Payloads that several pools share: what receivers find, whatever others do. */
#include <sys/uio.h>
#include "objects.h"
#include "shared.h"
#include "kselftest_harness.h"

#define LARGE		65536UL
#define MANY		10

FIXTURE(shared) {
	struct bus bus;
	struct conn a;
	struct conn b;
	struct conn c;
};

FIXTURE_SETUP(shared)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, trio_open(&self->bus, &self->a, &self->b, &self->c));
}

FIXTURE_TEARDOWN(shared)
{
	trio_close(&self->bus, &self->a, &self->b, &self->c);
}

static int broadcast(struct conn *conn, __u64 cookie, size_t size)
{
	return send_pattern(conn, KDBUS_DST_ID_BROADCAST, cookie, size);
}

/* ---- content ---- */

static const struct {
	size_t size;
	bool shared;
} sizes[] = {
	{ SHARE_MIN - 1, false }, { SHARE_MIN, true }, { SHARE_MIN + 1, true },
	{ SHARE_MIN + PAGE - 1, true }, { SHARE_MIN + PAGE, true }, { LARGE - 8, true },
	{ LARGE, true }, { LARGE + 3, true }, { 1000003, true }, { 2 << 20, true },
};

/* abi: shared/content, shared/threshold */
TEST_F(shared, content_is_the_same_at_every_receiver_whatever_its_size)
{
	const struct kdbus_msg *b, *c;
	unsigned int i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		ASSERT_EQ(0, broadcast(&self->a, i + 1, sizes[i].size));
		b = msg_next(&self->b);
		c = msg_next(&self->c);
		ASSERT_NE(NULL, b);
		ASSERT_NE(NULL, c);
		EXPECT_TRUE(payload_is_right(b, sizes[i].size));
		EXPECT_TRUE(payload_is_right(c, sizes[i].size));
		EXPECT_EQ(sizes[i].shared, payload_is_shared(b, c));
		EXPECT_EQ(0, msg_done(&self->b, b));
		EXPECT_EQ(0, msg_done(&self->c, c));
	}
}

/* abi: shared/image */
TEST_F(shared, payload_begins_behind_the_items_and_slice_ends_with_its_last_page)
{
	struct kdbus_cmd_recv recv;
	const struct kdbus_item *off;
	const struct kdbus_msg *msg;
	size_t at;

	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_CREDS | KDBUS_ATTACH_PIDS));
	ASSERT_EQ(0, broadcast(&self->a, 1, LARGE + 5));
	ASSERT_EQ(0, msg_recv(&self->b, 0, &recv));
	msg = (const void *)(self->b.pool + recv.msg.offset);
	off = msg_item(msg, KDBUS_ITEM_PAYLOAD_OFF);
	ASSERT_NE(NULL, off);
	EXPECT_NE(NULL, msg_item(msg, KDBUS_ITEM_CREDS));
	EXPECT_EQ(A8(msg->size), off->vec.offset);
	EXPECT_EQ(LARGE + 5, off->vec.size);
	EXPECT_EQ(0, (recv.msg.offset + off->vec.offset) % PAGE);
	EXPECT_EQ(off->vec.offset + LARGE + PAGE, recv.msg.msg_size);
	/* nothing but zeroes behind it */
	for (at = off->vec.offset + LARGE + 5; at < recv.msg.msg_size; at++)
		ASSERT_EQ(0, ((const __u8 *)msg)[at]);
}

/* abi: shared/vectors, 13.3/null-vec */
TEST_F(shared, vectors_of_odd_sizes_and_of_zeroes_are_where_their_items_say)
{
	static const size_t parts[] = { 1, 4095, 7, 8192, 20001, 3, 33333 };
	const struct kdbus_item *item;
	const struct kdbus_msg *msg;
	struct conn *to[] = { &self->b, &self->c };
	static __u8 data[40000];
	struct args args;
	unsigned int i, j;

	pattern_fill(data, sizeof(data), 5);
	args_signal(&args, KDBUS_DST_ID_BROADCAST, 1);
	for (i = 0; i < 7; i++) {
		args_vec(&args, data + i, parts[i]);
		args_vec(&args, NULL, 1000 + i);
	}
	ASSERT_EQ(0, msg_send(&self->a, &args));
	for (i = 0; i < 2; i++) {
		msg = msg_next(to[i]);
		ASSERT_NE(NULL, msg);
		for (j = 0; j < 7; j++) {
			item = msg_item_nth(msg, KDBUS_ITEM_PAYLOAD_OFF, 2 * j);
			ASSERT_NE(NULL, item);
			EXPECT_EQ(parts[j], item->vec.size);
			EXPECT_EQ(0, memcmp(data + j, (const __u8 *)msg + item->vec.offset,
					    parts[j]));
			item = msg_item_nth(msg, KDBUS_ITEM_PAYLOAD_OFF, 2 * j + 1);
			ASSERT_NE(NULL, item);
			EXPECT_EQ(~0ULL, item->vec.offset);
			EXPECT_EQ(1000 + j, item->vec.size);
		}
		EXPECT_EQ(0, msg_done(to[i], msg));
	}
}

/* abi: shared/unicast */
TEST_F(shared, message_to_one_is_shared_with_monitors_and_copied_without)
{
	const struct kdbus_msg *first, *second;
	struct conn monitor;

	ASSERT_EQ(0, send_pattern(&self->a, self->b.id, 1, LARGE));
	first = msg_next(&self->b);
	ASSERT_NE(NULL, first);
	EXPECT_TRUE(payload_is_right(first, LARGE));
	EXPECT_NE(0, (payload_of(first, &(size_t){ 0 }) - self->b.pool) % PAGE);
	EXPECT_EQ(0, msg_done(&self->b, first));

	ASSERT_EQ(0, conn_new_flags(&monitor, &self->bus, KDBUS_HELLO_MONITOR));
	ASSERT_EQ(0, send_pattern(&self->a, self->b.id, 2, LARGE));
	first = msg_next(&self->b);
	second = msg_next(&monitor);
	ASSERT_NE(NULL, first);
	ASSERT_NE(NULL, second);
	EXPECT_TRUE(payload_is_right(first, LARGE));
	EXPECT_TRUE(payload_is_right(second, LARGE));
	EXPECT_TRUE(payload_is_shared(first, second));
	conn_close(&monitor);
}

/* abi: shared/unreadable */
TEST_F(shared, memory_that_cannot_be_read_is_lost_at_every_receiver)
{
	__u8 *data = mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kdbus_cmd_recv recv;
	struct args args;

	ASSERT_NE(MAP_FAILED, data);
	memset(data, 1, LARGE);
	ASSERT_EQ(0, mprotect(data + LARGE - PAGE, PAGE, PROT_NONE));
	args_signal(&args, KDBUS_DST_ID_BROADCAST, 1);
	args_vec(&args, data, LARGE);
	EXPECT_EQ(0, msg_send(&self->a, &args));
	EXPECT_EQ(-EAGAIN, msg_recv(&self->b, 0, &recv));
	EXPECT_EQ(1, recv.dropped_msgs);
	EXPECT_EQ(-EAGAIN, msg_recv(&self->c, 0, &recv));
	EXPECT_EQ(1, recv.dropped_msgs);
	EXPECT_EQ(0, broadcast(&self->a, 2, LARGE));
	EXPECT_EQ(2, recv_pattern(&self->b, LARGE));
	EXPECT_EQ(2, recv_pattern(&self->c, LARGE));
	munmap(data, LARGE);
}

/* ---- receivers do not see each other ---- */

/* abi: shared/independent */
TEST_F(shared, each_reads_as_long_as_it_likes_whoever_frees_first)
{
	const struct kdbus_msg *msg[MANY];
	struct conn to[MANY];
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, conn_new(&to[i], &self->bus));
		ASSERT_EQ(0, match_signals(&to[i]));
	}
	ASSERT_EQ(0, broadcast(&self->a, 7, LARGE));
	for (i = 0; i < MANY; i++) {
		msg[i] = msg_next(&to[i]);
		ASSERT_NE(NULL, msg[i]);
		/* every other one before others free theirs */
		if (i % 2)
			EXPECT_TRUE(payload_is_right(msg[i], LARGE));
	}
	for (i = 0; i < MANY; i += 3)
		EXPECT_EQ(0, msg_done(&to[i], msg[i]));
	for (i = 0; i < MANY; i++) {
		if (i % 3 == 0)
			continue;
		EXPECT_TRUE(payload_is_right(msg[i], LARGE));
		EXPECT_EQ(0, msg_done(&to[i], msg[i]));
		conn_close(&to[i]);
	}
	for (i = 0; i < MANY; i += 3)
		conn_close(&to[i]);
}

/* abi: shared/survives-close */
TEST_F(shared, mapping_outlives_the_receiver_that_closes)
{
	const struct kdbus_msg *b, *c;

	ASSERT_EQ(0, broadcast(&self->a, 3, LARGE));
	b = msg_next(&self->b);
	c = msg_next(&self->c);
	ASSERT_NE(NULL, b);
	ASSERT_NE(NULL, c);
	close(self->b.fd);
	self->b.fd = -1;
	/* touched for the first time when its connection is gone */
	EXPECT_TRUE(payload_is_right(b, LARGE));
	EXPECT_TRUE(payload_is_right(c, LARGE));
	munmap((void *)self->b.pool, self->b.pool_size);
	self->b.pool = NULL;
	EXPECT_TRUE(payload_is_right(c, LARGE));
	EXPECT_EQ(0, msg_done(&self->c, c));
}

/* ---- its range is used again ---- */

/* abi: shared/reuse */
TEST_F(shared, range_that_was_freed_shows_the_next_message_whatever_its_kind)
{
	__u64 cookie = 1;
	unsigned int i;

	for (i = 0; i < 20; i++) {
		size_t size = sizes[i % 9].size;

		/* shared, in pages of the pool, both small: each where another has been read */
		EXPECT_EQ(0, broadcast(&self->a, cookie, size));
		EXPECT_EQ(cookie, recv_pattern(&self->b, size));
		EXPECT_EQ(cookie, recv_pattern(&self->c, size));
		cookie++;
		if (i % 2) {
			EXPECT_EQ(0, send_pattern(&self->a, self->b.id, cookie, LARGE + 8 * i));
			EXPECT_EQ(cookie, recv_pattern(&self->b, LARGE + 8 * i));
			cookie++;
		}
		if (i % 3) {
			EXPECT_EQ(0, send_pattern(&self->a, self->b.id, cookie, 100 * i));
			EXPECT_EQ(cookie, recv_pattern(&self->b, 100 * i));
			cookie++;
		}
	}
}

/* abi: shared/reuse */
TEST_F(shared, pool_that_was_read_to_its_end_shows_what_comes_after)
{
	volatile __u8 sum = 0;
	__u64 cookie;
	size_t at;

	for (cookie = 1; cookie < 10; cookie += 2) {
		/* pages of the pool under all that is free */
		for (at = 0; at < self->b.pool_size / 8; at += PAGE)
			sum += self->b.pool[at];
		ASSERT_EQ(0, broadcast(&self->a, cookie, LARGE));
		EXPECT_EQ(cookie, recv_pattern(&self->b, LARGE));
		EXPECT_EQ(cookie, recv_pattern(&self->c, LARGE));
		/* what is read while nobody needs it is not in the way of what comes */
		for (at = 0; at < self->b.pool_size / 8; at += PAGE)
			sum += self->b.pool[at];
		ASSERT_EQ(0, send_pattern(&self->a, self->b.id, cookie + 1, 2 * LARGE));
		EXPECT_EQ(cookie + 1, recv_pattern(&self->b, 2 * LARGE));
	}
}

/* abi: shared/reuse */
TEST_F(shared, place_that_was_shared_has_pages_when_a_copy_of_the_same_size_gets_it)
{
	const size_t front = PAGE - 184, size = LARGE + 184;
	struct kdbus_cmd_recv kept, recv;
	__u64 cookie;

	/* the slice behind it ends with a page and leaves no gap */
	ASSERT_EQ(0, send_bytes(&self->a, self->b.id, 1, front - 96));
	ASSERT_EQ(0, msg_recv(&self->b, 0, &kept));
	ASSERT_EQ(0, kept.msg.offset);
	ASSERT_EQ(front, kept.msg.msg_size);
	for (cookie = 2; cookie < 12; cookie += 2) {
		ASSERT_EQ(0, broadcast(&self->a, cookie, LARGE));
		ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_PEEK, &recv));
		ASSERT_EQ(front, recv.msg.offset);
		ASSERT_EQ(size, recv.msg.msg_size);
		EXPECT_EQ(cookie, recv_pattern(&self->b, LARGE));
		ASSERT_EQ(0, send_pattern(&self->a, self->b.id, cookie + 1, size - 96));
		ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_PEEK, &recv));
		ASSERT_EQ(front, recv.msg.offset);
		ASSERT_EQ(size, recv.msg.msg_size);
		EXPECT_EQ(cookie + 1, recv_pattern(&self->b, size - 96));
	}
}

/* abi: shared/before-recv */
TEST_F(shared, mapping_that_is_read_before_recv_shows_the_message_then)
{
	volatile __u8 sum = 0;
	__u64 cookie;
	size_t at;

	for (cookie = 1; cookie < 6; cookie++) {
		ASSERT_EQ(0, broadcast(&self->a, cookie, LARGE));
		for (at = 0; at < 4 * LARGE; at += 512)
			sum += self->b.pool[at];
		EXPECT_EQ(cookie, recv_pattern(&self->b, LARGE));
		/* dropped, though it has been read */
		EXPECT_EQ(0, msg_recv(&self->c, cookie % 2 ? KDBUS_RECV_DROP : 0,
				      &(struct kdbus_cmd_recv){ 0 }));
	}
}

/* abi: shared/peek */
TEST_F(shared, message_can_be_peeked_read_freed_and_dropped)
{
	struct kdbus_cmd_recv recv;
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, broadcast(&self->a, 1, LARGE));
	ASSERT_EQ(0, broadcast(&self->a, 2, LARGE));
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_PEEK, &recv));
	msg = (const void *)(self->b.pool + recv.msg.offset);
	EXPECT_TRUE(payload_is_right(msg, LARGE));
	EXPECT_EQ(0, conn_free(&self->b, recv.msg.offset));
	/* queued still */
	EXPECT_TRUE(payload_is_right(msg, LARGE));
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_PEEK, &recv));
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_DROP, &(struct kdbus_cmd_recv){ 0 }));
	/* published still */
	EXPECT_TRUE(payload_is_right(msg, LARGE));
	EXPECT_EQ(0, conn_free(&self->b, recv.msg.offset));
	EXPECT_EQ(-ENXIO, conn_free(&self->b, recv.msg.offset));
	EXPECT_EQ(2, recv_pattern(&self->b, LARGE));
	EXPECT_EQ(1, recv_pattern(&self->c, LARGE));
	EXPECT_EQ(2, recv_pattern(&self->c, LARGE));
	ASSERT_EQ(0, broadcast(&self->a, 3, LARGE));
	EXPECT_EQ(3, recv_pattern(&self->b, LARGE));
}

/* abi: shared/mappings */
TEST_F(shared, every_mapping_and_every_process_sees_what_is_there_now)
{
	const __u8 *whole, *part;
	struct kdbus_cmd_recv recv;
	__u64 cookie;
	size_t at;
	pid_t pid;

	whole = mmap(NULL, POOL_SIZE, PROT_READ, MAP_PRIVATE, self->b.fd, 0);
	part = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, self->b.fd, 2 * PAGE);
	ASSERT_NE(MAP_FAILED, whole);
	ASSERT_NE(MAP_FAILED, part);
	for (cookie = 1; cookie < 8; cookie++) {
		ASSERT_EQ(0, broadcast(&self->a, cookie, cookie % 3 ? LARGE : 3 * PAGE));
		ASSERT_EQ(0, msg_recv(&self->b, 0, &recv));
		at = recv.msg.offset;
		EXPECT_TRUE(payload_is_right((const void *)(self->b.pool + at),
					     cookie % 3 ? LARGE : 3 * PAGE));
		EXPECT_EQ(0, memcmp(self->b.pool + 2 * PAGE, part, 4 * PAGE));
		pid = child_fork();
		if (!pid)
			child_exit(memcmp(self->b.pool + at, whole + at, recv.msg.msg_size) ? -1 : 0);
		EXPECT_EQ(0, child_result(pid));
		EXPECT_EQ(0, memcmp(self->b.pool + at, whole + at, recv.msg.msg_size));
		EXPECT_EQ(0, conn_free(&self->b, at));
	}
	munmap((void *)whole, POOL_SIZE);
	munmap((void *)part, 4 * PAGE);
}

/* abi: shared/fork */
TEST_F(shared, child_that_was_forked_before_free_sees_the_next_message)
{
	struct kdbus_cmd_recv recv;
	int go[2], done[2];
	char byte = 0;
	pid_t pid;

	ASSERT_EQ(0, pipe2(go, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(done, O_CLOEXEC));
	ASSERT_EQ(0, broadcast(&self->a, 1, LARGE));
	ASSERT_EQ(0, msg_recv(&self->b, 0, &recv));
	ASSERT_TRUE(payload_is_right((const void *)(self->b.pool + recv.msg.offset), LARGE));
	pid = child_fork();
	if (!pid) {
		const struct kdbus_msg *msg = (const void *)(self->b.pool + recv.msg.offset);

		if (!payload_is_right(msg, LARGE) || write(done[1], &byte, 1) != 1 ||
		    read(go[0], &byte, 1) != 1)
			child_exit(-1);
		child_exit(msg->cookie == 2 && payload_is_right(msg, LARGE) ? 0 : -2);
	}
	ASSERT_EQ(1, read(done[0], &byte, 1));
	ASSERT_EQ(0, conn_free(&self->b, recv.msg.offset));
	ASSERT_EQ(0, broadcast(&self->a, 2, LARGE));
	ASSERT_EQ(1, write(go[1], &byte, 1));
	EXPECT_EQ(0, child_result(pid));
	EXPECT_EQ(2, recv_pattern(&self->b, LARGE));
}

/* ---- nobody writes, and nobody keeps ---- */

/* abi: shared/read-only */
TEST_F(shared, receiver_cannot_change_what_others_read)
{
	const struct kdbus_msg *b, *c;
	size_t size;
	__u8 *at;
	int mem;

	ASSERT_EQ(0, broadcast(&self->a, 1, LARGE));
	b = msg_next(&self->b);
	c = msg_next(&self->c);
	ASSERT_NE(NULL, b);
	ASSERT_NE(NULL, c);
	at = (__u8 *)payload_of(b, &size);
	ASSERT_TRUE(payload_is_shared(b, c));
	EXPECT_EQ(-1, mprotect(at, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, mem);
	EXPECT_EQ(-1, pwrite64(mem, "overwritten", 11, (uintptr_t)at));
	close(mem);
	EXPECT_TRUE(payload_is_right(c, LARGE));
	EXPECT_TRUE(payload_is_right(b, LARGE));
}

/* abi: shared/pin */
TEST_F(shared, pages_cannot_be_kept_beyond_free)
{
	const struct kdbus_msg *msg;
	struct iovec vec;
	int pipes[2];
	size_t size;

	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	ASSERT_EQ(0, broadcast(&self->a, 1, LARGE));
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	vec.iov_base = (void *)payload_of(msg, &size);
	vec.iov_len = PAGE;
	EXPECT_EQ(-1, vmsplice(pipes[1], &vec, 1, SPLICE_F_NONBLOCK));
	ASSERT_TRUE(payload_is_right(msg, LARGE));
	EXPECT_EQ(-1, vmsplice(pipes[1], &vec, 1, SPLICE_F_NONBLOCK));
	/* copied, as any memory */
	EXPECT_EQ(PAGE, write(pipes[1], vec.iov_base, PAGE));
	EXPECT_EQ(0, msg_done(&self->b, msg));
	close(pipes[0]);
	close(pipes[1]);
}

/* abi: shared/debugger */
TEST_F(shared, debugger_reads_it)
{
	const struct kdbus_msg *msg;
	static __u8 copy[LARGE];
	const __u8 *at;
	size_t size;
	int mem;

	ASSERT_EQ(0, broadcast(&self->a, 1, LARGE));
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	at = payload_of(msg, &size);
	mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, mem);
	EXPECT_EQ(LARGE - 100, pread64(mem, copy, LARGE - 100, (uintptr_t)at + 100));
	EXPECT_EQ(0, memcmp(copy, at + 100, LARGE - 100));
	close(mem);
}

TEST_HARNESS_MAIN
