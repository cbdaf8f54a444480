// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Losses that are told where they happened.
 *
 * KDBUS_LOSS_MESSAGES: how many the long test sends, instead of few.
 */
#include <sched.h>
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.loss"
#define QUEUE		8	/* messages of one user that a queue takes in these domains */
#define ROOM		"max_queued_messages=8"
#define IN_PLACE	(KDBUS_HELLO_ACCEPT_FD | KDBUS_HELLO_LOSS_IN_PLACE)

/*
 * @a: sends
 * @b: has the flag, and hears signals only
 * @c: the same without the flag
 */
FIXTURE(loss) {
	char domain[PATH_MAX];
	struct bus bus;
	struct conn a, b, c;
};

static int match_signals(struct conn *conn)
{
	struct args args;

	args_match(&args, 1);
	args_u64(&args, KDBUS_ITEM_DST_ID, KDBUS_DST_ID_BROADCAST);
	return match_add(conn, &args);
}

FIXTURE_SETUP(loss)
{
	ASSERT_EQ(0, mount_namespace_unshare());
	ASSERT_EQ(0, domain_mount_options("kdbus", ROOM, self->domain));
	ASSERT_EQ(0, bus_make_in(&self->bus, self->domain, KDBUS_MAKE_ACCESS_WORLD));
	ASSERT_EQ(0, conn_new(&self->a, &self->bus));
	ASSERT_EQ(0, conn_new_flags(&self->b, &self->bus, IN_PLACE));
	ASSERT_EQ(0, conn_new(&self->c, &self->bus));
	ASSERT_EQ(0, match_signals(&self->b));
	ASSERT_EQ(0, match_signals(&self->c));
}

FIXTURE_TEARDOWN(loss)
{
	conn_close(&self->c);
	conn_close(&self->b);
	conn_close(&self->a);
	bus_close(&self->bus);
	domain_umount(self->domain);
}

/* @n broadcasts with the cookies from @first on */
static int send_signals(struct conn *conn, __u64 first, unsigned int n)
{
	int ret = 0;

	while (n-- && !ret)
		ret = send_broadcast(conn, first++);
	return ret;
}

/* If @msg is a loss, and nothing else: how many; or 0. */
static __u64 lost_here(const struct conn *conn, const struct kdbus_msg *msg)
{
	const struct kdbus_item *item, *lost = NULL;

	if (msg->src_id != KDBUS_SRC_ID_KERNEL || msg->dst_id != conn->id ||
	    msg->payload_type != KDBUS_PAYLOAD_KERNEL || msg->cookie || msg->cookie_reply ||
	    msg->priority)
		return 0;
	ITEM_FOREACH(item, msg) {
		if (item->type == KDBUS_ITEM_TIMESTAMP)
			continue;
		if (lost || item->type != KDBUS_ITEM_LOST ||
		    item->size != ITEM_HEADER + sizeof(item->lost) || item->lost.flags)
			return 0;
		lost = item;
	}
	return lost ? lost->lost.count : 0;
}

/* Take the next message: how many are missing here, 0 if it is another one, or -errno. */
static __s64 recv_lost(struct conn *conn)
{
	const struct kdbus_msg *msg = msg_next(conn);
	__s64 lost;
	int ret;

	if (!msg)
		return -errno;
	lost = lost_here(conn, msg);
	ret = msg_done(conn, msg);
	return ret ? ret : lost;
}

/* Messages with cookies from @first on, in order. */
#define EXPECT_COOKIES(conn, first, n) do {				\
	unsigned int __i;						\
									\
	for (__i = 0; __i < (n); __i++)					\
		EXPECT_EQ((first) + __i, recv_cookie(conn));		\
} while (0)

/* abi: loss/number */
TEST(has_the_numbers_and_the_size)
{
	EXPECT_EQ(16, sizeof(struct kdbus_lost));
	EXPECT_EQ(0x801, KDBUS_ITEM_LOST);
	EXPECT_EQ(1ULL << 16, KDBUS_HELLO_LOSS_IN_PLACE);
	EXPECT_EQ(1ULL << 16, KDBUS_LOST_EARLIER);
}

/* abi: loss/place, loss/count */
TEST_F(loss, is_told_where_it_happened_with_how_many)
{
	ASSERT_EQ(0, send_signals(&self->a, 1, QUEUE + 2));
	/* room for one: it stands behind the loss, and what is lost then behind it */
	EXPECT_EQ(1, recv_cookie(&self->b));
	ASSERT_EQ(0, send_signals(&self->a, 50, 4));
	EXPECT_COOKIES(&self->b, 2, QUEUE - 1);
	EXPECT_EQ(2, recv_lost(&self->b));
	EXPECT_EQ(50, recv_cookie(&self->b));
	EXPECT_EQ(3, recv_lost(&self->b));
	EXPECT_EQ(-EAGAIN, recv_lost(&self->b));
}

/* abi: loss/merged */
TEST_F(loss, that_follows_another_is_added_to_it)
{
	unsigned int i;

	for (i = 0; i < 100; i++)
		ASSERT_EQ(0, send_signals(&self->a, 1 + i * QUEUE, QUEUE));
	EXPECT_COOKIES(&self->b, 1, QUEUE);
	EXPECT_EQ(99 * QUEUE, recv_lost(&self->b));
	EXPECT_EQ(-EAGAIN, recv_lost(&self->b));
}

/* abi: loss/counter */
TEST_F(loss, is_counted_beside_as_it_always_was)
{
	struct kdbus_cmd_recv recv;

	ASSERT_EQ(0, send_signals(&self->a, 1, QUEUE + 3));
	ASSERT_EQ(0, msg_recv(&self->b, 0, &recv));
	EXPECT_EQ(3, recv.dropped_msgs);
	EXPECT_EQ(KDBUS_RECV_RETURN_DROPPED_MSGS, recv.return_flags);
	EXPECT_COOKIES(&self->b, 2, QUEUE - 1);
	ASSERT_EQ(0, msg_recv(&self->b, 0, &recv));
	EXPECT_EQ(0, recv.dropped_msgs);
	EXPECT_EQ(3, lost_here(&self->b, (const void *)(self->b.pool + recv.msg.offset)));
}

/* abi: loss/unasked */
TEST_F(loss, is_not_in_the_queue_of_one_who_did_not_ask)
{
	ASSERT_EQ(0, send_signals(&self->a, 1, QUEUE + 3));
	EXPECT_COOKIES(&self->c, 1, QUEUE);
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->c));
}

/* A connection of @flags with the smallest pool, in which 3 KiB are too much. */
static int conn_new_small(struct conn *conn, const struct bus *bus, __u64 flags)
{
	struct args args;

	args_hello_default(&args);
	args.hello.flags = flags;
	args.hello.pool_size = 4096;
	return conn_new_args(conn, bus->path, &args);
}

static int send_large_signal(struct conn *conn, __u64 cookie)
{
	static const char bytes[3072];
	struct args args;

	args_signal(&args, KDBUS_DST_ID_BROADCAST, cookie);
	args_vec(&args, bytes, sizeof(bytes));
	return msg_send(conn, &args);
}

/* abi: loss/poll */
TEST_F(loss, alone_in_the_queue_polls_readable_until_it_is_received)
{
	struct conn small;

	ASSERT_EQ(0, conn_new_small(&small, &self->bus, IN_PLACE));
	ASSERT_EQ(0, match_signals(&small));
	ASSERT_EQ(0, send_large_signal(&self->a, 1));
	EXPECT_EQ(POLLIN | POLLRDNORM, conn_poll(&small, 0) & (POLLIN | POLLRDNORM));
	EXPECT_EQ(-EBUSY, conn_bye(&small));
	EXPECT_EQ(1, recv_lost(&small));
	EXPECT_EQ(0, conn_poll(&small, 0) & (POLLIN | POLLRDNORM));
	EXPECT_EQ(0, conn_bye(&small));
	conn_close(&small);
}

/* abi: loss/order */
TEST_F(loss, stands_in_front_of_what_comes_of_the_message_that_is_missing)
{
	struct conn small;

	ASSERT_EQ(0, conn_new_small(&small, &self->bus, IN_PLACE));
	ASSERT_EQ(0, match_signals(&small));
	ASSERT_EQ(0, send_large_signal(&self->a, 1));
	ASSERT_EQ(1, recv_cookie(&self->b));
	ASSERT_EQ(0, send_plain(&self->b, small.id, 2));
	ASSERT_EQ(0, send_large_signal(&self->a, 3));
	ASSERT_EQ(3, recv_cookie(&self->b));
	ASSERT_EQ(0, send_plain(&self->b, small.id, 4));
	EXPECT_EQ(1, recv_lost(&small));
	EXPECT_EQ(2, recv_cookie(&small));
	EXPECT_EQ(1, recv_lost(&small));
	EXPECT_EQ(4, recv_cookie(&small));
	conn_close(&small);
}

/* abi: loss/drop */
TEST_F(loss, can_be_dropped_as_other_messages)
{
	struct kdbus_cmd_recv recv;

	ASSERT_EQ(0, send_signals(&self->a, 1, QUEUE + 3));
	EXPECT_COOKIES(&self->b, 1, QUEUE);
	EXPECT_EQ(0, msg_recv(&self->b, KDBUS_RECV_DROP, &recv));
	EXPECT_EQ(-EAGAIN, recv_lost(&self->b));
}

/* abi: loss/peek */
TEST_F(loss, that_is_peeked_stays_and_grows_no_more)
{
	struct kdbus_cmd_recv recv, again;

	ASSERT_EQ(0, send_signals(&self->a, 1, QUEUE + 3));
	EXPECT_COOKIES(&self->b, 1, QUEUE);
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_PEEK, &recv));
	EXPECT_EQ(3, lost_here(&self->b, (const void *)(self->b.pool + recv.msg.offset)));
	/* the count that was shown holds: what is lost later is told apart */
	ASSERT_EQ(0, send_signals(&self->a, 30, QUEUE + 2));
	ASSERT_EQ(0, msg_recv(&self->b, 0, &again));
	EXPECT_EQ(recv.msg.offset, again.msg.offset);
	EXPECT_EQ(3, lost_here(&self->b, (const void *)(self->b.pool + again.msg.offset)));
	EXPECT_EQ(0, conn_free(&self->b, again.msg.offset));
	EXPECT_COOKIES(&self->b, 30, QUEUE);
	EXPECT_EQ(2, recv_lost(&self->b));
}

/* abi: loss/priority */
TEST_F(loss, has_priority_0)
{
	struct args args;

	ASSERT_EQ(0, send_signals(&self->a, 1, QUEUE + 3));
	args_recv(&args);
	args.recv.flags = KDBUS_RECV_USE_PRIORITY;
	args.recv.priority = -1;
	EXPECT_EQ(-EAGAIN, command(self->b.fd, KDBUS_CMD_RECV, &args));
	EXPECT_COOKIES(&self->b, 1, QUEUE);
	EXPECT_EQ(-EAGAIN, command(self->b.fd, KDBUS_CMD_RECV, &args));
	args.recv.priority = 0;
	ASSERT_EQ(0, command(self->b.fd, KDBUS_CMD_RECV, &args));
	EXPECT_EQ(3, lost_here(&self->b, (const void *)(self->b.pool + args.recv.msg.offset)));
}

/* abi: loss/exfull */
TEST_F(loss, for_which_there_is_no_room_waits_until_something_is_freed)
{
	struct kdbus_cmd_recv recv, first;
	__u64 kept[4096 / 64];
	unsigned int n = 0;
	struct conn small;

	ASSERT_EQ(0, conn_new_small(&small, &self->bus, IN_PLACE));
	ASSERT_EQ(0, match_signals(&small));
	/* fill the pool with what was received and not freed */
	while (!send_plain(&self->a, small.id, 1)) {
		ASSERT_EQ(0, msg_recv(&small, 0, &recv));
		ASSERT_GT(ARRAY_SIZE(kept), n);
		kept[n++] = recv.msg.offset;
	}
	ASSERT_EQ(-EXFULL, send_plain(&self->a, small.id, 1));
	/* room for one is kept from HELLO on */
	ASSERT_EQ(0, send_broadcast(&self->a, 2));
	ASSERT_EQ(2, recv_cookie(&self->b));
	ASSERT_EQ(0, msg_recv(&small, 0, &first));
	EXPECT_EQ(1, lost_here(&small, (const void *)(small.pool + first.msg.offset)));
	/* while that is not freed there is none */
	ASSERT_EQ(0, send_broadcast(&self->a, 3));
	ASSERT_EQ(3, recv_cookie(&self->b));
	EXPECT_EQ(POLLIN | POLLRDNORM, conn_poll(&small, 0) & (POLLIN | POLLRDNORM));
	EXPECT_EQ(-EXFULL, msg_recv(&small, 0, &recv));
	EXPECT_EQ(-EXFULL, msg_recv(&small, KDBUS_RECV_PEEK, &recv));
	EXPECT_EQ(POLLIN | POLLRDNORM, conn_poll(&small, 0) & (POLLIN | POLLRDNORM));
	ASSERT_EQ(0, conn_free(&small, kept[0]));
	ASSERT_EQ(0, conn_free(&small, kept[1]));
	EXPECT_EQ(1, recv_lost(&small));
	EXPECT_EQ(0, conn_free(&small, first.msg.offset));
	conn_close(&small);
}

/* abi: loss/exchange */
TEST_F(loss, ends_the_wait_of_exchange_as_a_message)
{
	struct conn small;
	struct args args;

	ASSERT_EQ(0, conn_new_small(&small, &self->bus, IN_PLACE));
	ASSERT_EQ(0, match_signals(&small));
	ASSERT_EQ(0, send_large_signal(&self->a, 1));
	args_exchange(&args);
	args.exchange.timeout_ns = ~0ULL;
	ASSERT_EQ(0, command(small.fd, KDBUS_CMD_EXCHANGE, &args));
	EXPECT_EQ(KDBUS_EXCHANGE_RETURN_RECEIVED | KDBUS_RECV_RETURN_DROPPED_MSGS,
		  args.exchange.return_flags);
	EXPECT_EQ(1, args.exchange.dropped_msgs);
	EXPECT_EQ(1, lost_here(&small, (const void *)(small.pool + args.exchange.msg.offset)));
	conn_close(&small);
}

/* abi: loss/kinds */
TEST_F(loss, of_a_monitor_is_told_in_place)
{
	struct conn monitor;

	ASSERT_EQ(0, conn_new_flags(&monitor, &self->bus,
				    KDBUS_HELLO_MONITOR | KDBUS_HELLO_LOSS_IN_PLACE));
	ASSERT_EQ(0, send_signals(&self->a, 1, QUEUE + 1));
	EXPECT_EQ(1, recv_cookie(&monitor));
	ASSERT_EQ(0, send_plain(&self->a, self->a.id, 50));
	EXPECT_COOKIES(&monitor, 2, QUEUE - 1);
	EXPECT_EQ(1, recv_lost(&monitor));
	EXPECT_EQ(50, recv_cookie(&monitor));
	conn_close(&monitor);
}

/* abi: loss/kinds */
TEST_F(loss, cannot_be_asked_for_by_a_policy_holder)
{
	struct conn conn;

	EXPECT_EQ(-EINVAL, conn_new_named(&conn, &self->bus, KDBUS_HELLO_POLICY_HOLDER |
					  KDBUS_HELLO_LOSS_IN_PLACE, NAME));
	ASSERT_EQ(0, conn_new_named(&conn, &self->bus, KDBUS_HELLO_ACTIVATOR |
				    KDBUS_HELLO_LOSS_IN_PLACE, NAME));
	conn_close(&conn);
}

/* abi: loss/notifications */
TEST_F(loss, of_notifications_is_told_in_place)
{
	unsigned int i;

	ASSERT_EQ(0, match_remove(&self->b, 1));
	ASSERT_EQ(0, match_all(&self->b, 1));
	for (i = 0; i < 300; i++) {
		ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
		ASSERT_EQ(0, name_release(&self->a, NAME));
	}
	ASSERT_EQ(0, send_broadcast(&self->a, 1));
	/* the kernel is one more user */
	for (i = 0; i < QUEUE / 2; i++) {
		EXPECT_EQ(0, expect_name(&self->b, KDBUS_ITEM_NAME_ADD, NAME, 0, 0, self->a.id,
					 OWNED));
		EXPECT_EQ(0, expect_name(&self->b, KDBUS_ITEM_NAME_REMOVE, NAME, self->a.id,
					 OWNED, 0, 0));
	}
	EXPECT_EQ(600 - QUEUE, recv_lost(&self->b));
	EXPECT_EQ(1, recv_cookie(&self->b));
}

/* abi: loss/moved */
TEST_F(loss, of_a_message_that_cannot_follow_its_name_is_told_in_place)
{
	struct conn starter, small;
	static const char bytes[3072];
	struct args args;

	ASSERT_EQ(0, conn_new_named(&starter, &self->bus, KDBUS_HELLO_ACTIVATOR, NAME));
	args_msg_name(&args, NAME, 1);
	args_vec(&args, bytes, sizeof(bytes));
	ASSERT_EQ(0, msg_send(&self->a, &args));
	ASSERT_EQ(0, send_name(&self->a, NAME, 2));
	ASSERT_EQ(0, conn_new_small(&small, &self->bus, IN_PLACE));
	ASSERT_EQ(0, name_acquire(&small, NAME, 0, NULL));
	EXPECT_EQ(1, recv_lost(&small));
	EXPECT_EQ(2, recv_cookie(&small));
	conn_close(&small);
	conn_close(&starter);
}

/* abi: loss/signal-to-one */
TEST_F(loss, of_a_signal_to_one_is_not_told)
{
	ASSERT_EQ(0, match_all(&self->b, 2));
	ASSERT_EQ(0, send_signals(&self->a, 1, QUEUE));
	ASSERT_EQ(0, send_signal(&self->a, self->b.id, 40));
	EXPECT_COOKIES(&self->b, 1, QUEUE);
	EXPECT_EQ(-EAGAIN, recv_lost(&self->b));
}

/* abi: loss/negotiate */
TEST_F(loss, flag_is_told_by_negotiation)
{
	struct args args;
	int fd;

	fd = open(self->bus.path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	args_hello(&args);
	args.hello.flags = KDBUS_FLAG_NEGOTIATE;
	EXPECT_EQ(0, command(fd, KDBUS_CMD_HELLO, &args));
	EXPECT_EQ(KDBUS_HELLO_LOSS_IN_PLACE, args.hello.flags & ~0xfULL);
	close(fd);
}

/* ---- a slow reader ---- */

/* @received: how much the reader has taken */
struct flood {
	struct conn *conn;
	__u64 n;
	const __u64 *received;
	int ret;
	pthread_t thread;
};

/* Half again as much as a queue takes; then let the reader come to it, so that there are many gaps. */
static void *flood_run(void *data)
{
	struct flood *flood = data;
	__u64 i, before = 0;

	for (i = 1; i <= flood->n && !flood->ret; i++) {
		if (i % (3 * QUEUE / 2) == 0) {
			while (__atomic_load_n(flood->received, __ATOMIC_RELAXED) == before)
				sched_yield();
			before = __atomic_load_n(flood->received, __ATOMIC_RELAXED);
		}
		flood->ret = send_broadcast(flood->conn, i);
	}
	return NULL;
}

/* abi: loss/adds-up, design/6.3 */
TEST_F_TIMEOUT(loss, of_a_slow_reader_adds_up_at_every_place, 86400)
{
	const char *wanted = getenv("KDBUS_LOSS_MESSAGES");
	__u64 n = wanted && *wanted ? strtoul(wanted, NULL, 0) : 10000;
	__u64 next = 1, dropped = 0, in_place = 0, places = 0, received = 0, lost;
	struct flood flood = { .conn = &self->a, .n = n, .received = &received };
	const struct kdbus_msg *msg;
	struct kdbus_cmd_recv recv;
	bool over = false;
	int ret;

	ASSERT_EQ(0, pthread_create(&flood.thread, NULL, flood_run, &flood));
	for (;;) {
		/* after the thread has ended what is queued is all there will be */
		if (!over)
			over = pthread_tryjoin_np(flood.thread, NULL) == 0;
		ret = msg_recv(&self->b, 0, &recv);
		dropped += recv.dropped_msgs;
		if (ret == -EAGAIN && over)
			break;
		if (ret == -EAGAIN)
			continue;
		ASSERT_EQ(0, ret);
		msg = (const void *)(self->b.pool + recv.msg.offset);
		lost = lost_here(&self->b, msg);
		if (lost) {
			next += lost;
			in_place += lost;
			places++;
		} else {
			ASSERT_EQ(next, msg->cookie);
			next++;
		}
		ASSERT_EQ(0, conn_free(&self->b, recv.msg.offset));
		__atomic_add_fetch(&received, 1, __ATOMIC_RELAXED);
	}
	EXPECT_EQ(0, flood.ret);
	EXPECT_EQ(n + 1, next);
	EXPECT_EQ(dropped, in_place);
	/* a reader that keeps up, or none at all, would show nothing */
	EXPECT_LT(1, places);
	TH_LOG("%llu messages, %llu lost at %llu places", n, in_place, places);
}

TEST_HARNESS_MAIN
