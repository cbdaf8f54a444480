// SPDX-License-Identifier: LGPL-2.1-or-later
/* SEND up to the point where the message is known to be right. */
#include <sys/epoll.h>
#include "commands.h"
#include "kselftest_harness.h"

FIXTURE(send) {
	struct bus bus;
	struct conn a;
	struct conn b;
	struct args msg;
};

FIXTURE_SETUP(send)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new(&self->a, &self->bus));
	ASSERT_EQ(0, conn_new(&self->b, &self->bus));
	args_msg(&self->msg, self->b.id, 1);
}

/* Whatever was refused has left nothing behind. */
FIXTURE_TEARDOWN(send)
{
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	conn_close(&self->b);
	conn_close(&self->a);
	bus_close(&self->bus);
}

static int send_cancel(struct conn *conn, const struct args *msg, int fd)
{
	struct args args;

	args_send(&args, msg);
	args_cancel_fd(&args, fd);
	return command(conn->fd, KDBUS_CMD_SEND, &args);
}

/* abi: 11.2/0 */
TEST_F(send, message_without_items_arrives)
{
	EXPECT_EQ(0, msg_send(&self->a, &self->msg));
	EXPECT_EQ(1, recv_cookie(&self->b));
}

/* abi: 11.2/self */
TEST_F(send, connection_may_address_itself)
{
	EXPECT_EQ(0, send_plain(&self->a, self->a.id, 4));
	EXPECT_EQ(4, recv_cookie(&self->a));
}

/* abi: 11.2/cookie */
TEST_F(send, cookies_may_be_0_and_repeat)
{
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 0));
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 0));
	EXPECT_EQ(0, recv_cookie(&self->b));
	EXPECT_EQ(0, recv_cookie(&self->b));
}

/* abi: 11.1/2 */
TEST_F(send, no_message_is_efault)
{
	struct args args;

	args_init(&args, sizeof(args.send));
	EXPECT_EQ(-EFAULT, command(self->a.fd, KDBUS_CMD_SEND, &args));
}

/* abi: 6.2/1, 6.2/4 */
TEST_F(send, unreadable_message_is_efault)
{
	void *hole;
	struct args args;

	args_vec(&self->msg, "x", 1);
	hole = args_before_hole(&self->msg, 64);
	ASSERT_NE(NULL, hole);
	args_send(&args, hole);
	EXPECT_EQ(-EFAULT, command(self->a.fd, KDBUS_CMD_SEND, &args));
	args_send(&args, (void *)8UL);
	EXPECT_EQ(-EFAULT, command(self->a.fd, KDBUS_CMD_SEND, &args));
	args_send(&args, (void *)((__u8 *)&self->msg + 4));
	EXPECT_EQ(-EFAULT, command(self->a.fd, KDBUS_CMD_SEND, &args));
}

/* abi: 6.2/2, 6.2/3 */
TEST_F(send, message_size_out_of_range_is_refused)
{
	__u64 size;

	for (size = 0; size < sizeof(struct kdbus_msg); size++) {
		self->msg.size = size;
		EXPECT_EQ(-EINVAL, msg_send(&self->a, &self->msg));
	}
	self->msg.size = ARGS_MAX + 1;
	EXPECT_EQ(-EMSGSIZE, msg_send(&self->a, &self->msg));
	self->msg.size = ~0ULL;
	EXPECT_EQ(-EMSGSIZE, msg_send(&self->a, &self->msg));
}

/* abi: 6.2/7 */
TEST_F(send, unknown_message_flags_are_einval)
{
	int bit;

	for (bit = 3; bit < 63; bit++) {
		if (bit >= 16 && bit < 32)
			continue;
		self->msg.msg.flags = 1ULL << bit;
		EXPECT_EQ(-EINVAL, msg_send(&self->a, &self->msg));
	}
}

/* abi: 11.1/3 */
TEST_F(send, cancel_fd_that_is_not_open_is_ebadf)
{
	EXPECT_EQ(-EBADF, send_cancel(&self->a, &self->msg, -1));
	EXPECT_EQ(-EBADF, send_cancel(&self->a, &self->msg, 1000));
}

/* abi: 11.1/4 */
TEST_F(send, cancel_fd_that_cannot_be_polled_is_einval)
{
	int file = memfd_new("x", 1, 0);

	ASSERT_LE(0, file);
	EXPECT_EQ(-EINVAL, send_cancel(&self->a, &self->msg, file));
}

/* abi: 11.1/cancel-unused */
TEST_F(send, cancel_fd_is_not_used_by_an_asynchronous_send)
{
	int pipes[2];

	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	ASSERT_EQ(1, write(pipes[1], "x", 1));
	EXPECT_EQ(0, send_cancel(&self->a, &self->msg, pipes[0]));
	EXPECT_EQ(1, recv_cookie(&self->b));
}

/* abi: 11.1/5 */
TEST_F(send, source_is_0_or_oneself)
{
	const struct kdbus_msg *msg;

	self->msg.msg.src_id = self->b.id;
	EXPECT_EQ(-EINVAL, msg_send(&self->a, &self->msg));
	self->msg.msg.src_id = ~0ULL;
	EXPECT_EQ(-EINVAL, msg_send(&self->a, &self->msg));
	self->msg.msg.src_id = self->a.id;
	EXPECT_EQ(0, msg_send(&self->a, &self->msg));
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(self->a.id, msg->src_id);
}

/* abi: 11.2/1 */
TEST_F(send, payload_type_of_the_kernel_is_einval)
{
	self->msg.msg.payload_type = KDBUS_PAYLOAD_KERNEL;
	EXPECT_EQ(-EINVAL, msg_send(&self->a, &self->msg));
}

/* abi: 11.2/1 */
TEST_F(send, any_other_payload_type_is_passed_through)
{
	self->msg.msg.payload_type = 1;
	EXPECT_EQ(0, msg_send(&self->a, &self->msg));
	EXPECT_EQ(1, recv_cookie(&self->b));
}

/* abi: 11.2/2 */
TEST_F(send, broadcast_without_signal_flag_is_ebadmsg)
{
	self->msg.msg.dst_id = KDBUS_DST_ID_BROADCAST;
	EXPECT_EQ(-EBADMSG, msg_send(&self->a, &self->msg));
}

/* abi: 11.2/3 */
TEST_F(send, broadcast_with_timeout_or_reply_cookie_is_enotuniq)
{
	args_signal(&self->msg, KDBUS_DST_ID_BROADCAST, 1);
	self->msg.msg.timeout_ns = 1;
	EXPECT_EQ(-ENOTUNIQ, msg_send(&self->a, &self->msg));
	self->msg.msg.flags |= KDBUS_MSG_EXPECT_REPLY;
	EXPECT_EQ(-ENOTUNIQ, msg_send(&self->a, &self->msg));
}

/* abi: 11.2/4 */
TEST_F(send, call_without_timeout_is_einval)
{
	self->msg.msg.flags = KDBUS_MSG_EXPECT_REPLY;
	EXPECT_EQ(-EINVAL, msg_send(&self->a, &self->msg));
}

/* abi: 11.2/5 */
TEST_F(send, signal_that_expects_a_reply_is_enotuniq)
{
	args_signal(&self->msg, self->b.id, 1);
	self->msg.msg.flags |= KDBUS_MSG_EXPECT_REPLY;
	self->msg.msg.timeout_ns = deadline_ms(PATIENCE_MS);
	EXPECT_EQ(-ENOTUNIQ, msg_send(&self->a, &self->msg));
}

/* abi: 11.2/6 */
TEST_F(send, synchronous_send_of_no_call_is_einval)
{
	EXPECT_EQ(-EINVAL, msg_send_flags(&self->a, &self->msg, KDBUS_SEND_SYNC_REPLY, NULL));
}

/* abi: 11.2/7 */
TEST_F(send, reply_as_signal_is_einval)
{
	args_signal(&self->msg, self->b.id, 1);
	self->msg.msg.cookie_reply = 1;
	EXPECT_EQ(-EINVAL, msg_send(&self->a, &self->msg));
}

/* abi: 11.2/8a, 5.4/vec-sum */
TEST_F(send, vectors_of_more_than_2_mib_are_emsgsize)
{
	void *bytes = mmap(NULL, 2 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, bytes);
	args_vec(&self->msg, bytes, 2 << 20);
	EXPECT_EQ(0, msg_send(&self->a, &self->msg));
	EXPECT_EQ(1, recv_cookie(&self->b));
	args_vec(&self->msg, bytes, 1);
	EXPECT_EQ(-EMSGSIZE, msg_send(&self->a, &self->msg));
	args_msg(&self->msg, self->b.id, 1);
	args_vec(&self->msg, bytes, (2 << 20) + 1);
	EXPECT_EQ(-EMSGSIZE, msg_send(&self->a, &self->msg));
}

/* abi: 11.2/8a, 5.4/vec-sum */
TEST_F(send, runs_of_zeros_count_for_the_2_mib)
{
	args_vec(&self->msg, NULL, 2 << 20);
	EXPECT_EQ(0, msg_send(&self->a, &self->msg));
	EXPECT_EQ(1, recv_cookie(&self->b));
	args_vec(&self->msg, NULL, 1);
	EXPECT_EQ(-EMSGSIZE, msg_send(&self->a, &self->msg));
}

/* abi: 11.2/8a */
TEST_F(send, sum_of_vectors_that_overflows_is_emsgsize)
{
	args_vec(&self->msg, NULL, 8);
	args_vec(&self->msg, NULL, ~0ULL - 3);
	EXPECT_EQ(-EMSGSIZE, msg_send(&self->a, &self->msg));
	args_msg(&self->msg, self->b.id, 1);
	args_vec(&self->msg, NULL, 1ULL << 63);
	args_vec(&self->msg, NULL, 1ULL << 63);
	EXPECT_EQ(-EMSGSIZE, msg_send(&self->a, &self->msg));
}

/* abi: 11.2/8b */
TEST_F(send, vector_outside_of_user_memory_is_efault)
{
	struct kdbus_item *item = args_vec(&self->msg, "x", 16);

	item->vec.address = 0xffffffff81000000ULL;
	EXPECT_EQ(-EFAULT, msg_send(&self->a, &self->msg));
	item->vec.address = ~0ULL;
	EXPECT_EQ(-EFAULT, msg_send(&self->a, &self->msg));
	item->vec.address = ~0ULL - 15;
	EXPECT_EQ(-EFAULT, msg_send(&self->a, &self->msg));
	item->vec.address = 1ULL << 63;
	EXPECT_EQ(-EFAULT, msg_send(&self->a, &self->msg));
}

/* abi: 11.2/8c */
TEST_F(send, memfd_range_that_overflows_is_emsgsize)
{
	int memfd = memfd_new("12345678", 8, SEALS_ALL);

	ASSERT_LE(0, memfd);
	args_memfd(&self->msg, memfd, ~0ULL - 6, 8);
	EXPECT_EQ(-EMSGSIZE, msg_send(&self->a, &self->msg));
	args_msg(&self->msg, self->b.id, 1);
	args_memfd(&self->msg, memfd, 8, ~0ULL - 6);
	EXPECT_EQ(-EMSGSIZE, msg_send(&self->a, &self->msg));
}

/* abi: 11.2/8d, 5.4/memfds */
TEST_F(send, seventeenth_memfd_is_e2big)
{
	int memfd = memfd_new("12345678", 8, SEALS_ALL), i;

	ASSERT_LE(0, memfd);
	for (i = 0; i < 16; i++)
		args_memfd(&self->msg, memfd, 0, 8);
	EXPECT_EQ(0, msg_send(&self->a, &self->msg));
	EXPECT_EQ(1, recv_cookie(&self->b));
	args_memfd(&self->msg, memfd, 0, 8);
	EXPECT_EQ(-E2BIG, msg_send(&self->a, &self->msg));
}

/* abi: 5.4/header-limit */
TEST_F(send, message_of_128_memfds_is_refused_for_their_number_not_its_size)
{
	int memfd = memfd_new("12345678", 8, SEALS_ALL), i;

	ASSERT_LE(0, memfd);
	for (i = 0; i < 128; i++)
		args_memfd(&self->msg, memfd, 0, 8);
	EXPECT_EQ(-E2BIG, msg_send(&self->a, &self->msg));
}

/* abi: 11.2/8e, 5.4/fds */
TEST_F(send, seventeenth_descriptor_is_emfile)
{
	int fds[17], i;

	for (i = 0; i < 17; i++) {
		fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		ASSERT_LE(0, fds[i]);
	}
	args_fds(&self->msg, fds, 16);
	EXPECT_EQ(0, msg_send(&self->a, &self->msg));
	EXPECT_EQ(1, recv_cookie(&self->b));
	args_msg(&self->msg, self->b.id, 1);
	args_fds(&self->msg, fds, 17);
	EXPECT_EQ(-EMFILE, msg_send(&self->a, &self->msg));
}

/* abi: 11.2/8f */
TEST_F(send, bloom_filter_of_no_multiple_of_8_is_efault)
{
	unsigned int size;

	for (size = BLOOM_SIZE - 7; size < BLOOM_SIZE; size++) {
		args_msg(&self->msg, self->b.id, 1);
		self->msg.msg.flags = KDBUS_MSG_SIGNAL;
		args_bloom_filter(&self->msg, 0, NULL, size);
		EXPECT_EQ(-EFAULT, msg_send(&self->a, &self->msg));
	}
}

/* abi: 11.2/8g */
TEST_F(send, bloom_filter_of_another_size_than_the_bus_is_edom)
{
	static const size_t sizes[] = { 0, 8, BLOOM_SIZE - 8, BLOOM_SIZE + 8, 2 * BLOOM_SIZE };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		args_msg(&self->msg, self->b.id, 1);
		self->msg.msg.flags = KDBUS_MSG_SIGNAL;
		args_bloom_filter(&self->msg, 0, NULL, sizes[i]);
		EXPECT_EQ(-EDOM, msg_send(&self->a, &self->msg));
	}
}

/* abi: 11.2/8h */
TEST_F(send, invalid_destination_name_is_einval)
{
	static const char * const names[] = {
		"", "single", ".a.b", "a.b.", "a..b", "a.1b", "1a.b", "a.b*", "a.b.*", "a.b c",
		":1.5", "a.b\xe4",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		args_msg_name(&self->msg, names[i], 1);
		EXPECT_EQ(-EINVAL, msg_send(&self->a, &self->msg)) {
			TH_LOG("\"%s\"", names[i]);
		}
	}
}

/* abi: 11.2/8i */
TEST_F(send, broadcast_to_a_name_is_ebadmsg)
{
	args_signal(&self->msg, KDBUS_DST_ID_BROADCAST, 1);
	args_str(&self->msg, KDBUS_ITEM_DST_NAME, "com.example");
	EXPECT_EQ(-EBADMSG, msg_send(&self->a, &self->msg));
}

/* abi: 11.2/8j */
TEST_F(send, negotiate_item_in_a_message_to_be_sent_is_einval)
{
	struct kdbus_item *item = args_u64(&self->msg, KDBUS_ITEM_NEGOTIATE, KDBUS_ITEM_NAME);

	EXPECT_EQ(-EINVAL, msg_send(&self->a, &self->msg));
	/* it has been answered */
	EXPECT_EQ(0ULL, item->data64[0]);
}

/* abi: 11.2/9 */
TEST_F(send, signal_without_bloom_filter_is_ebadmsg)
{
	self->msg.msg.flags = KDBUS_MSG_SIGNAL;
	EXPECT_EQ(-EBADMSG, msg_send(&self->a, &self->msg));
	self->msg.msg.dst_id = KDBUS_DST_ID_BROADCAST;
	EXPECT_EQ(-EBADMSG, msg_send(&self->a, &self->msg));
}

/* abi: 11.2/9 */
TEST_F(send, bloom_filter_without_signal_flag_is_ebadmsg)
{
	args_bloom_filter(&self->msg, 0, NULL, BLOOM_SIZE);
	EXPECT_EQ(-EBADMSG, msg_send(&self->a, &self->msg));
}

/* abi: 11.2/10 */
TEST_F(send, no_destination_is_edestaddrreq)
{
	self->msg.msg.dst_id = 0;
	EXPECT_EQ(-EDESTADDRREQ, msg_send(&self->a, &self->msg));
}

/* abi: 11.2/11 */
TEST_F(send, broadcast_of_descriptors_is_enotuniq)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ASSERT_LE(0, null);
	args_signal(&self->msg, KDBUS_DST_ID_BROADCAST, 1);
	args_fds(&self->msg, &null, 1);
	EXPECT_EQ(-ENOTUNIQ, msg_send(&self->a, &self->msg));
}

/* abi: 11.2/11 */
TEST_F(send, broadcast_of_a_memfd_is_fine)
{
	int memfd = memfd_new("12345678", 8, SEALS_ALL);

	ASSERT_LE(0, memfd);
	args_signal(&self->msg, KDBUS_DST_ID_BROADCAST, 1);
	args_memfd(&self->msg, memfd, 0, 8);
	EXPECT_EQ(0, msg_send(&self->a, &self->msg));
}

/* abi: 11.1/2, 11.1/3, 11.1/4, 11.1/5, 11.1/6 (order) */
TEST_F(send, checks_ordering_of_the_command)
{
	/* message parser before the descriptor */
	self->msg.size = ARGS_MAX + 1;
	EXPECT_EQ(-EMSGSIZE, send_cancel(&self->a, &self->msg, -1));
	/* descriptor before source and payload type */
	args_msg(&self->msg, self->b.id, 1);
	self->msg.msg.src_id = self->b.id;
	self->msg.msg.payload_type = 0;
	EXPECT_EQ(-EBADF, send_cancel(&self->a, &self->msg, -1));
	/* source before validation */
	self->msg.msg.dst_id = KDBUS_DST_ID_BROADCAST;
	self->msg.msg.payload_type = KDBUS_PAYLOAD_DBUS;
	EXPECT_EQ(-EINVAL, msg_send(&self->a, &self->msg));
	self->msg.msg.src_id = 0;
	EXPECT_EQ(-EBADMSG, msg_send(&self->a, &self->msg));
}

/* abi: 11.2/1, 11.2/2, 11.2/3, 11.2/4, 11.2/5, 11.2/6 (order) */
TEST_F(send, checks_ordering_of_the_header)
{
	/* payload type before broadcast */
	self->msg.msg.dst_id = KDBUS_DST_ID_BROADCAST;
	self->msg.msg.payload_type = 0;
	EXPECT_EQ(-EINVAL, msg_send(&self->a, &self->msg));
	/* broadcast that is no signal before its timeout */
	self->msg.msg.payload_type = KDBUS_PAYLOAD_DBUS;
	self->msg.msg.timeout_ns = 1;
	EXPECT_EQ(-EBADMSG, msg_send(&self->a, &self->msg));
	/* call without timeout before call as signal */
	args_signal(&self->msg, self->b.id, 1);
	self->msg.msg.flags |= KDBUS_MSG_EXPECT_REPLY;
	EXPECT_EQ(-EINVAL, msg_send(&self->a, &self->msg));
	/* synchronous send of no call before the items */
	args_msg(&self->msg, self->b.id, 1);
	args_bloom_filter(&self->msg, 0, NULL, 8);
	EXPECT_EQ(-EINVAL, msg_send_flags(&self->a, &self->msg, KDBUS_SEND_SYNC_REPLY, NULL));
	EXPECT_EQ(-EDOM, msg_send(&self->a, &self->msg));
}

/* abi: 11.2/8, 11.2/9, 11.2/10, 11.2/11 (order) */
TEST_F(send, checks_ordering_of_the_items)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ASSERT_LE(0, null);
	/* one after the other */
	args_vec(&self->msg, NULL, (2 << 20) + 1);
	args_bloom_filter(&self->msg, 0, NULL, 8);
	EXPECT_EQ(-EMSGSIZE, msg_send(&self->a, &self->msg));
	args_msg(&self->msg, self->b.id, 1);
	args_bloom_filter(&self->msg, 0, NULL, 8);
	args_vec(&self->msg, NULL, (2 << 20) + 1);
	EXPECT_EQ(-EDOM, msg_send(&self->a, &self->msg));
	/* filter and signal before the destination */
	args_msg(&self->msg, 0, 1);
	self->msg.msg.flags = KDBUS_MSG_SIGNAL;
	EXPECT_EQ(-EBADMSG, msg_send(&self->a, &self->msg));
	/* presence of the filter before descriptors of a broadcast */
	args_msg(&self->msg, KDBUS_DST_ID_BROADCAST, 1);
	self->msg.msg.flags = KDBUS_MSG_SIGNAL;
	args_fds(&self->msg, &null, 1);
	EXPECT_EQ(-EBADMSG, msg_send(&self->a, &self->msg));
}

/* abi: 11.1/6, 11.1/7, 11.1/8 (order) */
TEST_F(send, validation_comes_before_import_and_that_before_the_destination)
{
	int bad = -1;

	self->msg.msg.dst_id = ~0ULL - 1;
	args_fds(&self->msg, &bad, 1);
	EXPECT_EQ(-EBADF, msg_send(&self->a, &self->msg));
	args_bloom_filter(&self->msg, 0, NULL, 8);
	EXPECT_EQ(-EDOM, msg_send(&self->a, &self->msg));
	args_msg(&self->msg, ~0ULL - 1, 1);
	EXPECT_EQ(-ENXIO, msg_send(&self->a, &self->msg));
}

/* abi: 11.1/9, 11.1/error-writes-nothing */
TEST_F(send, failing_send_does_not_write_the_reply)
{
	struct args args;

	self->msg.msg.dst_id = ~0ULL - 1;
	args_send(&args, &self->msg);
	args.send.reply = (struct kdbus_msg_info){ 1, 2, 3 };
	EXPECT_EQ(-ENXIO, command(self->a.fd, KDBUS_CMD_SEND, &args));
	EXPECT_EQ(1ULL, args.send.reply.offset);
	EXPECT_EQ(2ULL, args.send.reply.msg_size);
	EXPECT_EQ(3ULL, args.send.reply.return_flags);
}

TEST_HARNESS_MAIN
