// SPDX-License-Identifier: LGPL-2.1-or-later
/* Delivery of signals: who gets a copy, and what becomes of copies that fail. */
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.broadcast"
#define MANY		256
#define RECEIVERS	40

FIXTURE_BUS(broadcast)

/* abi: 11.5/a-always-0 */
TEST_F(broadcast, without_receivers_it_succeeds)
{
	EXPECT_EQ(0, send_broadcast(&self->a, 1));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 11.5/a-sender-too */
TEST_F(broadcast, sender_gets_its_own_if_it_matches)
{
	ASSERT_EQ(0, match_all(&self->a, 1));
	EXPECT_EQ(0, send_broadcast(&self->a, 1));
	EXPECT_EQ(1, recv_cookie(&self->a));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
}

/* abi: 11.5/a-ordinary-only */
TEST_F(broadcast, activators_and_policy_holders_get_none)
{
	struct conn activator;

	ASSERT_EQ(0, conn_new_named(&activator, &self->bus, KDBUS_HELLO_ACTIVATOR, NAME));
	EXPECT_EQ(0, send_broadcast(&self->a, 1));
	EXPECT_EQ(-EAGAIN, recv_cookie(&activator));
	EXPECT_EQ(POLLOUT | POLLWRNORM, conn_poll(&activator, 0));
	conn_close(&activator);
}

/* abi: 11.5/a-copies */
TEST_F(broadcast, each_matching_receiver_gets_one_complete_copy)
{
	static const char text[] = "the same for everybody";
	const struct kdbus_item *off;
	const struct kdbus_msg *msg;
	struct conn to[RECEIVERS];
	struct args args;
	unsigned int i;

	for (i = 0; i < RECEIVERS; i++) {
		ASSERT_EQ(0, conn_new_pool(&to[i], &self->bus, 65536));
	}
	for (i = 1; i < RECEIVERS; i += 2) {
		ASSERT_EQ(0, match_all(&to[i], 1));
	}
	args_signal(&args, KDBUS_DST_ID_BROADCAST, 7);
	args_vec(&args, text, sizeof(text));
	ASSERT_EQ(0, msg_send(&self->a, &args));
	for (i = 0; i < RECEIVERS; i++) {
		msg = msg_next(&to[i]);
		if (i % 2 == 0) {
			EXPECT_EQ(NULL, msg);
			continue;
		}
		ASSERT_NE(NULL, msg);
		EXPECT_EQ(7, msg->cookie);
		EXPECT_EQ(KDBUS_DST_ID_BROADCAST, msg->dst_id);
		EXPECT_EQ(self->a.id, msg->src_id);
		EXPECT_EQ(KDBUS_MSG_SIGNAL, msg->flags);
		ASSERT_NE(NULL, msg_item(msg, KDBUS_ITEM_BLOOM_FILTER));
		off = msg_item(msg, KDBUS_ITEM_PAYLOAD_OFF);
		ASSERT_NE(NULL, off);
		EXPECT_EQ(0, memcmp(text, (const __u8 *)msg + off->vec.offset, sizeof(text)));
		EXPECT_EQ(-EAGAIN, recv_cookie(&to[i]));
	}
	for (i = 0; i < RECEIVERS; i++)
		conn_close(&to[i]);
}

/* abi: 18.4/one-snapshot, 18.2/per-receiver */
TEST_F(broadcast, all_copies_have_one_timestamp_and_the_metadata_that_each_asked_for)
{
	const struct kdbus_item *first, *second;
	const struct kdbus_msg *msg, *other;

	ASSERT_EQ(0, conn_update_recv(&self->a, KDBUS_ATTACH_TIMESTAMP));
	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_TIMESTAMP | KDBUS_ATTACH_CREDS));
	ASSERT_EQ(0, match_all(&self->a, 1));
	ASSERT_EQ(0, match_all(&self->b, 1));
	ASSERT_EQ(0, send_broadcast(&self->a, 1));
	msg = msg_next(&self->a);
	other = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	ASSERT_NE(NULL, other);
	first = msg_item(msg, KDBUS_ITEM_TIMESTAMP);
	second = msg_item(other, KDBUS_ITEM_TIMESTAMP);
	ASSERT_NE(NULL, first);
	ASSERT_NE(NULL, second);
	EXPECT_EQ(0, memcmp(first, second, first->size));
	EXPECT_EQ(NULL, msg_item(msg, KDBUS_ITEM_CREDS));
	EXPECT_NE(NULL, msg_item(other, KDBUS_ITEM_CREDS));
}

/* abi: 11.5/a-lost, 12/lost, 13.5/messages */
TEST_F(broadcast, full_queue_counts_lost_copies_and_the_sender_does_not_notice)
{
	struct kdbus_cmd_recv recv;
	struct conn c;
	unsigned int i;

	ASSERT_EQ(0, conn_new(&c, &self->bus));
	ASSERT_EQ(0, match_all(&self->b, 1));
	ASSERT_EQ(0, match_all(&c, 1));
	for (i = 0; i < MANY + 5; i++) {
		ASSERT_EQ(0, send_broadcast(&self->a, i + 1));
		ASSERT_EQ(i + 1, recv_cookie(&c));
	}
	ASSERT_EQ(0, msg_recv(&self->b, 0, &recv));
	EXPECT_EQ(5, recv.dropped_msgs);
	EXPECT_EQ(KDBUS_RECV_RETURN_DROPPED_MSGS, recv.return_flags);
	ASSERT_EQ(0, msg_recv(&self->b, 0, &recv));
	EXPECT_EQ(0, recv.dropped_msgs);
	EXPECT_EQ(0, recv.return_flags);
	EXPECT_EQ(MANY - 2, recv_all(&self->b));
	conn_close(&c);
}

/* abi: 12/lost-eagain, 2.5/lost, design/6.3 */
TEST_F(broadcast, loss_with_an_empty_queue_polls_readable_and_comes_with_eagain)
{
	static const char bytes[4096];
	struct kdbus_cmd_recv recv;
	struct conn small;
	struct args args;

	ASSERT_EQ(0, conn_new_pool(&small, &self->bus, 4096));
	ASSERT_EQ(0, match_all(&small, 1));
	args_signal(&args, KDBUS_DST_ID_BROADCAST, 7);
	args_vec(&args, bytes, sizeof(bytes));
	ASSERT_EQ(0, msg_send(&self->a, &args));
	ASSERT_EQ(0, msg_send(&self->a, &args));
	EXPECT_EQ(POLLOUT | POLLWRNORM | POLLIN | POLLRDNORM, conn_poll(&small, 0));
	EXPECT_EQ(-EAGAIN, msg_recv(&small, 0, &recv));
	EXPECT_EQ(2, recv.dropped_msgs);
	EXPECT_EQ(KDBUS_RECV_RETURN_DROPPED_MSGS, recv.return_flags);
	EXPECT_EQ(small.pool_size, recv.msg.offset);
	EXPECT_EQ(0, recv.msg.msg_size);
	EXPECT_EQ(POLLOUT | POLLWRNORM, conn_poll(&small, 0));
	EXPECT_EQ(-EAGAIN, msg_recv(&small, 0, &recv));
	EXPECT_EQ(0, recv.dropped_msgs);
	EXPECT_EQ(0, recv.return_flags);
	conn_close(&small);
}

static void *poll_readable(void *data)
{
	return (void *)(intptr_t)conn_wait(data);
}

/* abi: 2.5/wake-lost */
TEST_F(broadcast, first_loss_wakes_those_who_poll)
{
	static const char bytes[4096];
	pthread_t thread;
	struct conn small;
	struct args args;
	void *result;

	ASSERT_EQ(0, conn_new_pool(&small, &self->bus, 4096));
	ASSERT_EQ(0, match_all(&small, 1));
	ASSERT_EQ(0, pthread_create(&thread, NULL, poll_readable, &small));
	args_signal(&args, KDBUS_DST_ID_BROADCAST, 7);
	args_vec(&args, bytes, sizeof(bytes));
	ASSERT_EQ(0, msg_send(&self->a, &args));
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(NULL, result);
	conn_close(&small);
}

/* abi: 12/lost-other-errors */
TEST_F(broadcast, losses_are_kept_over_failing_commands)
{
	static const char bytes[4096];
	struct kdbus_cmd_recv recv;
	struct conn small;
	struct args args;

	ASSERT_EQ(0, conn_new_pool(&small, &self->bus, 4096));
	ASSERT_EQ(0, match_all(&small, 1));
	args_signal(&args, KDBUS_DST_ID_BROADCAST, 7);
	args_vec(&args, bytes, sizeof(bytes));
	ASSERT_EQ(0, msg_send(&self->a, &args));
	EXPECT_EQ(-EINVAL, msg_recv(&small, KDBUS_RECV_DROP | KDBUS_RECV_USE_PRIORITY, &recv));
	EXPECT_EQ(0, recv.dropped_msgs);
	EXPECT_EQ(-EINVAL, msg_recv(&small, 0x100, &recv));
	EXPECT_EQ(-EAGAIN, msg_recv(&small, KDBUS_RECV_USE_PRIORITY, &recv));
	EXPECT_EQ(1, recv.dropped_msgs);
	conn_close(&small);
}

/* abi: 21/H14 */
TEST_F(broadcast, unreadable_payload_counts_as_lost_at_every_receiver)
{
	struct kdbus_cmd_recv recv;
	struct args args;

	ASSERT_EQ(0, match_all(&self->a, 1));
	ASSERT_EQ(0, match_all(&self->b, 1));
	args_signal(&args, KDBUS_DST_ID_BROADCAST, 7);
	args_vec(&args, (void *)8UL, 100);
	EXPECT_EQ(0, msg_send(&self->a, &args));
	EXPECT_EQ(-EAGAIN, msg_recv(&self->a, 0, &recv));
	EXPECT_EQ(1, recv.dropped_msgs);
	EXPECT_EQ(-EAGAIN, msg_recv(&self->b, 0, &recv));
	EXPECT_EQ(1, recv.dropped_msgs);
	EXPECT_EQ(0, send_broadcast(&self->a, 8));
	EXPECT_EQ(8, recv_cookie(&self->b));
}

/* abi: 11.2/11-memfds */
TEST_F(broadcast, memfds_travel_with_it)
{
	const struct kdbus_item *item;
	int fd = memfd_new("shared", 6, SEALS_ALL);
	const struct kdbus_msg *msg;
	struct args args;
	char text[6];

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, match_all(&self->a, 1));
	ASSERT_EQ(0, match_all(&self->b, 1));
	args_signal(&args, KDBUS_DST_ID_BROADCAST, 7);
	args_memfd(&args, fd, 0, 6);
	ASSERT_EQ(0, msg_send(&self->a, &args));
	msg = msg_next(&self->a);
	ASSERT_NE(NULL, msg);
	item = msg_item(msg, KDBUS_ITEM_PAYLOAD_MEMFD);
	ASSERT_NE(NULL, item);
	ASSERT_LE(0, item->memfd.fd);
	EXPECT_EQ(6, pread(item->memfd.fd, text, 6, 0));
	EXPECT_EQ(0, memcmp("shared", text, 6));
	close(item->memfd.fd);
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	item = msg_item(msg, KDBUS_ITEM_PAYLOAD_MEMFD);
	ASSERT_NE(NULL, item);
	EXPECT_TRUE(fd_same_file(fd, item->memfd.fd));
	close(item->memfd.fd);
	close(fd);
}

/* abi: 11.5/b-signal-pin */
TEST_F(broadcast, unicast_signal_reports_errors_of_its_destination)
{
	struct conn activator;
	struct args args;

	EXPECT_EQ(-ENXIO, send_signal(&self->a, ~0ULL - 1, 1));
	args_signal(&args, KDBUS_DST_ID_NAME, 1);
	args_str(&args, KDBUS_ITEM_DST_NAME, NAME);
	EXPECT_EQ(-ESRCH, msg_send(&self->a, &args));
	ASSERT_EQ(0, conn_new_named(&activator, &self->bus, KDBUS_HELLO_ACTIVATOR, NAME));
	/* an activator has no matches */
	EXPECT_EQ(0, msg_send(&self->a, &args));
	EXPECT_EQ(-EAGAIN, recv_cookie(&activator));
	args.msg.flags |= KDBUS_MSG_NO_AUTO_START;
	EXPECT_EQ(-EADDRNOTAVAIL, msg_send(&self->a, &args));
	args.msg.flags = KDBUS_MSG_SIGNAL;
	args.msg.dst_id = self->b.id;
	EXPECT_EQ(-EREMCHG, msg_send(&self->a, &args));
	conn_close(&activator);
}

/* abi: 11.5/b-signal-enqueue, 21/H17 */
TEST_F(broadcast, unicast_signal_that_cannot_be_queued_is_dropped_silently)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct args args;
	struct conn c;
	unsigned int i;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, conn_new_flags(&c, &self->bus, 0));
	ASSERT_EQ(0, match_all(&c, 1));
	args_signal(&args, c.id, 1);
	args_fds(&args, &fd, 1);
	EXPECT_EQ(0, msg_send(&self->a, &args));
	EXPECT_EQ(-EAGAIN, recv_cookie(&c));
	for (i = 0; i < MANY + 3; i++) {
		ASSERT_EQ(0, send_signal(&self->a, c.id, i + 1));
	}
	EXPECT_EQ(MANY, recv_all(&c));
	conn_close(&c);
	close(fd);
}

/* abi: 11.5/a-order, 19.4/one-sender */
TEST_F(broadcast, signals_and_messages_of_one_sender_arrive_in_order)
{
	unsigned int i;

	ASSERT_EQ(0, match_all(&self->b, 1));
	for (i = 1; i <= 240; i += 3) {
		ASSERT_EQ(0, send_broadcast(&self->a, i));
		ASSERT_EQ(0, send_plain(&self->a, self->b.id, i + 1));
		ASSERT_EQ(0, send_signal(&self->a, self->b.id, i + 2));
	}
	for (i = 1; i <= 240; i++) {
		ASSERT_EQ(i, recv_cookie(&self->b));
	}
}

/* abi: 12/priority */
TEST_F(broadcast, priority_travels_with_it)
{
	struct kdbus_cmd_recv recv;
	struct args args;

	ASSERT_EQ(0, match_all(&self->b, 1));
	ASSERT_EQ(0, send_broadcast(&self->a, 1));
	args_signal(&args, KDBUS_DST_ID_BROADCAST, 2);
	args.msg.priority = -10;
	ASSERT_EQ(0, msg_send(&self->a, &args));
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_USE_PRIORITY, &recv));
	EXPECT_EQ(2, ((const struct kdbus_msg *)(self->b.pool + recv.msg.offset))->cookie);
	EXPECT_EQ(1, recv_cookie(&self->b));
}

/* abi: 16.1/other-bus */
TEST_F(broadcast, other_buses_hear_nothing)
{
	struct conn elsewhere;
	struct bus bus;

	ASSERT_EQ(0, bus_make(&bus));
	ASSERT_EQ(0, conn_new(&elsewhere, &bus));
	ASSERT_EQ(0, match_all(&elsewhere, 1));
	ASSERT_EQ(0, match_all(&self->b, 1));
	EXPECT_EQ(0, send_broadcast(&self->a, 1));
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(-EAGAIN, recv_cookie(&elsewhere));
	conn_close(&elsewhere);
	bus_close(&bus);
}

/* abi: 11.5/a-large */
TEST_F(broadcast, large_payload_reaches_every_receiver_unchanged)
{
	const size_t size = 1024 * 1024 + 13;
	const struct kdbus_item *off;
	const struct kdbus_msg *msg;
	unsigned char *bytes = malloc(size);
	struct conn to[4];
	struct args args;
	unsigned int i;
	size_t n;

	ASSERT_NE(NULL, bytes);
	for (n = 0; n < size; n++)
		bytes[n] = n * 31 >> 3;
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, conn_new(&to[i], &self->bus));
	}
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, match_all(&to[i], 1));
	}
	args_signal(&args, KDBUS_DST_ID_BROADCAST, 7);
	args_vec(&args, bytes, size);
	ASSERT_EQ(0, msg_send(&self->a, &args));
	for (i = 0; i < 4; i++) {
		msg = msg_next(&to[i]);
		ASSERT_NE(NULL, msg);
		off = msg_item(msg, KDBUS_ITEM_PAYLOAD_OFF);
		ASSERT_NE(NULL, off);
		EXPECT_EQ(0, memcmp(bytes, (const __u8 *)msg + off->vec.offset, size));
		conn_close(&to[i]);
	}
	free(bytes);
}

TEST_HARNESS_MAIN
