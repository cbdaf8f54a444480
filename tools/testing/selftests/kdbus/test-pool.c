// SPDX-License-Identifier: LGPL-2.1-or-later
/* The pool: mapping it, where slices are placed, and when it is full. */
#include "common.h"
#include "kselftest_harness.h"

#define PAGE 4096

/* payload of a message of one vector whose slice has @slice bytes */
#define PAYLOAD_OF(slice) ((slice) - sizeof(struct kdbus_msg) - 32)

FIXTURE_BUS(map)

/* abi: 2.6/not-a-connection */
TEST_F(map, file_that_is_no_connection_is_ebadfd)
{
	int control = open_at(domain_path(), "control");
	int endpoint = open_at(self->bus.dir, "bus");

	ASSERT_LE(0, control);
	ASSERT_LE(0, endpoint);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, control, 0));
	EXPECT_EQ(EBADFD, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, endpoint, 0));
	EXPECT_EQ(EBADFD, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->bus.fd, 0));
	EXPECT_EQ(EBADFD, errno);
}

/* abi: 2.6/writable */
TEST_F(map, writable_mapping_is_eperm)
{
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->a.fd, 0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, self->a.fd, 0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, self->a.fd,
				   0));
	EXPECT_EQ(EPERM, errno);
}

/* abi: 2.6/mprotect */
TEST_F(map, mapping_cannot_become_writable)
{
	void *private = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, self->a.fd, 0);

	EXPECT_EQ(-1, mprotect((void *)self->a.pool, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	ASSERT_NE(MAP_FAILED, private);
	EXPECT_EQ(-1, mprotect(private, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
}

/* abi: 2.6/too-long */
TEST_F(map, length_beyond_the_pool_is_efault)
{
	EXPECT_EQ(MAP_FAILED, mmap(NULL, POOL_SIZE + PAGE, PROT_READ, MAP_SHARED, self->a.fd, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, POOL_SIZE + 1, PROT_READ, MAP_SHARED, self->a.fd, 0));
	EXPECT_EQ(EFAULT, errno);
}

/* abi: 2.6/partial */
TEST_F(map, parts_of_the_pool_can_be_mapped_several_times)
{
	char text[3 * PAGE];
	const __u8 *part, *again;
	struct args msg;
	int i;

	for (i = 0; i < (int)sizeof(text); i++)
		text[i] = i / 7;
	args_msg(&msg, self->b.id, 1);
	args_vec(&msg, text, sizeof(text));
	ASSERT_EQ(0, msg_send(&self->a, &msg));
	ASSERT_NE(NULL, msg_next(&self->b));
	part = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->b.fd, PAGE);
	ASSERT_NE(MAP_FAILED, part);
	again = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, self->b.fd, PAGE);
	ASSERT_NE(MAP_FAILED, again);
	EXPECT_EQ(0, memcmp(self->b.pool + PAGE, part, PAGE));
	EXPECT_EQ(0, memcmp(self->b.pool + PAGE, again, 2 * PAGE));
	EXPECT_EQ(0, memcmp(text + PAGE - 96, part, PAGE));
}

/* abi: 2.6/survives-close */
TEST_F(map, mapping_survives_closing_the_file)
{
	struct args msg;

	args_msg(&msg, self->b.id, 1);
	args_vec(&msg, "payload", 7);
	ASSERT_EQ(0, msg_send(&self->a, &msg));
	ASSERT_NE(NULL, msg_next(&self->b));
	close(self->b.fd);
	self->b.fd = -1;
	EXPECT_EQ(0, memcmp("payload", self->b.pool + 96, 7));
}

FIXTURE_BUS(place)

/* Send one message of a slice of @size bytes and take it: its offset. */
static __s64 place(struct conn *from, struct conn *to, size_t size)
{
	struct kdbus_cmd_recv recv;
	int ret;

	if (size == sizeof(struct kdbus_msg))
		ret = send_plain(from, to->id, 1);
	else
		ret = send_bytes(from, to->id, 1, PAYLOAD_OF(size));
	if (ret)
		return ret;
	ret = msg_recv(to, 0, &recv);
	if (ret)
		return ret;
	return recv.msg.msg_size == A8(size) ? (__s64)recv.msg.offset : -EPROTO;
}

/* abi: 13.1/fresh */
TEST_F(place, fresh_pool_hands_out_increasing_offsets_from_0)
{
	EXPECT_EQ(0, place(&self->a, &self->b, 64));
	EXPECT_EQ(64, place(&self->a, &self->b, 104));
	EXPECT_EQ(168, place(&self->a, &self->b, 128));
	EXPECT_EQ(296, place(&self->a, &self->b, 64));
}

/* abi: 13.1/alignment, 13.4/multiple-of-8 */
TEST_F(place, slices_are_multiples_of_8)
{
	EXPECT_EQ(0, place(&self->a, &self->b, 97));
	EXPECT_EQ(104, place(&self->a, &self->b, 103));
	EXPECT_EQ(208, place(&self->a, &self->b, 104));
	EXPECT_EQ(312, place(&self->a, &self->b, 64));
}

/* abi: 13.1/best-fit, 13.1/exact-fit */
TEST_F(place, smallest_free_area_that_holds_it_is_taken)
{
	EXPECT_EQ(0, place(&self->a, &self->b, 256));
	EXPECT_EQ(256, place(&self->a, &self->b, 64));
	EXPECT_EQ(320, place(&self->a, &self->b, 128));
	EXPECT_EQ(448, place(&self->a, &self->b, 64));
	EXPECT_EQ(512, place(&self->a, &self->b, 192));
	EXPECT_EQ(704, place(&self->a, &self->b, 64));
	/* holes of 256, 128 and 192, and the rest of the pool behind 768 */
	ASSERT_EQ(0, conn_free(&self->b, 0));
	ASSERT_EQ(0, conn_free(&self->b, 320));
	ASSERT_EQ(0, conn_free(&self->b, 512));
	EXPECT_EQ(512, place(&self->a, &self->b, 192));
	EXPECT_EQ(320, place(&self->a, &self->b, 120));
	EXPECT_EQ(0, place(&self->a, &self->b, 136));
	EXPECT_EQ(136, place(&self->a, &self->b, 120));
	EXPECT_EQ(768, place(&self->a, &self->b, 104));
}

/* abi: 13.1/low-part */
TEST_F(place, low_part_of_a_larger_area_is_used)
{
	EXPECT_EQ(0, place(&self->a, &self->b, 256));
	EXPECT_EQ(256, place(&self->a, &self->b, 64));
	ASSERT_EQ(0, conn_free(&self->b, 0));
	EXPECT_EQ(0, place(&self->a, &self->b, 104));
	EXPECT_EQ(104, place(&self->a, &self->b, 152));
	EXPECT_EQ(320, place(&self->a, &self->b, 64));
}

/* abi: 13.1/merge */
TEST_F(place, freed_slices_merge_with_both_neighbours)
{
	EXPECT_EQ(0, place(&self->a, &self->b, 128));
	EXPECT_EQ(128, place(&self->a, &self->b, 128));
	EXPECT_EQ(256, place(&self->a, &self->b, 128));
	EXPECT_EQ(384, place(&self->a, &self->b, 64));
	ASSERT_EQ(0, conn_free(&self->b, 0));
	ASSERT_EQ(0, conn_free(&self->b, 256));
	ASSERT_EQ(0, conn_free(&self->b, 128));
	EXPECT_EQ(0, place(&self->a, &self->b, 384));
	EXPECT_EQ(448, place(&self->a, &self->b, 64));
	/* and with the rest of the pool */
	ASSERT_EQ(0, conn_free(&self->b, 448));
	EXPECT_EQ(448, place(&self->a, &self->b, 100000));
}

/* abi: 13.2/queue-and-user */
TEST_F(place, slice_lives_while_the_queue_or_the_user_has_it)
{
	struct kdbus_cmd_recv peek, recv;

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_PEEK, &peek));
	ASSERT_EQ(0, conn_free(&self->b, peek.msg.offset));
	/* the queue still has it */
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 2));
	ASSERT_EQ(0, msg_recv(&self->b, 0, &recv));
	EXPECT_EQ(peek.msg.offset, recv.msg.offset);
	/* now the user */
	ASSERT_EQ(0, msg_recv(&self->b, 0, &peek));
	EXPECT_NE(recv.msg.offset, peek.msg.offset);
	ASSERT_EQ(0, conn_free(&self->b, recv.msg.offset));
	ASSERT_EQ(0, conn_free(&self->b, peek.msg.offset));
	EXPECT_EQ(0, place(&self->a, &self->b, 64));
}

/* abi: 13.2/one-user-reference */
TEST_F(place, peeking_twice_takes_one_reference)
{
	struct kdbus_cmd_recv first, second;

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_PEEK, &first));
	ASSERT_EQ(0, msg_recv(&self->b, KDBUS_RECV_PEEK, &second));
	EXPECT_EQ(first.msg.offset, second.msg.offset);
	EXPECT_EQ(0, conn_free(&self->b, first.msg.offset));
	EXPECT_EQ(-ENXIO, conn_free(&self->b, first.msg.offset));
}

/* abi: 13.4/empty */
TEST_F(place, plain_send_reports_the_empty_slice_of_its_own_pool)
{
	struct kdbus_msg_info reply = { 1, 2, 3 };
	struct args msg;

	args_msg(&msg, self->b.id, 1);
	ASSERT_EQ(0, msg_send_flags(&self->a, &msg, 0, &reply));
	EXPECT_EQ(self->a.pool_size, reply.offset);
	EXPECT_EQ(0ULL, reply.msg_size);
	EXPECT_EQ(0ULL, reply.return_flags);
}

FIXTURE(full) {
	struct bus bus;
	struct conn a;
	struct conn b;	/* pool of 8192 bytes, so that one sender may queue 1365 */
};

FIXTURE_SETUP(full)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new(&self->a, &self->bus));
	ASSERT_EQ(0, conn_new_pool(&self->b, &self->bus, 8192));
}

FIXTURE_TEARDOWN(full)
{
	conn_close(&self->b);
	conn_close(&self->a);
	bus_close(&self->bus);
}

/* abi: 13.1/exfull, 11.5/exfull, 13.5/received-occupies */
TEST_F(full, received_messages_that_are_not_freed_fill_the_pool)
{
	int i;

	for (i = 0; i < 8; i++) {
		EXPECT_EQ(i * 1024, place(&self->a, &self->b, 1024));
	}
	EXPECT_EQ(-EXFULL, place(&self->a, &self->b, 1024));
	EXPECT_EQ(-EXFULL, place(&self->a, &self->b, 64));
	ASSERT_EQ(0, conn_free(&self->b, 3 * 1024));
	EXPECT_EQ(3 * 1024, place(&self->a, &self->b, 1024));
	EXPECT_EQ(-EXFULL, place(&self->a, &self->b, 64));
}

/* abi: 13.1/exfull */
TEST_F(full, scattered_free_space_is_not_enough)
{
	int i;

	for (i = 0; i < 16; i++) {
		ASSERT_EQ(i * 512, place(&self->a, &self->b, 512));
	}
	for (i = 0; i < 16; i += 2) {
		ASSERT_EQ(0, conn_free(&self->b, i * 512));
	}
	EXPECT_EQ(-EXFULL, place(&self->a, &self->b, 1024));
	ASSERT_EQ(0, conn_free(&self->b, 5 * 512));
	EXPECT_EQ(4 * 512, place(&self->a, &self->b, 1024));
}

/* abi: 21/H6, 13.5/failure-leaves-counters */
TEST_F(full, refused_messages_are_not_charged)
{
	int i;

	for (i = 0; i < 8; i++) {
		ASSERT_EQ(i * 1024, place(&self->a, &self->b, 1024));
	}
	for (i = 0; i < 300; i++) {
		ASSERT_EQ(-EXFULL, place(&self->a, &self->b, 1024));
	}
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, conn_free(&self->b, i * 1024));
	}
	EXPECT_EQ(0, place(&self->a, &self->b, 1024));
	EXPECT_EQ(1024, place(&self->a, &self->b, 1024));
}

/* abi: 9/exfull, 13.4/queries */
TEST_F(full, query_of_a_full_pool_is_exfull_and_writes_nothing)
{
	struct args args;
	int i;

	for (i = 0; i < 8; i++) {
		ASSERT_EQ(i * 1024, place(&self->a, &self->b, 1024));
	}
	args_list(&args);
	args.list.flags = KDBUS_LIST_UNIQUE;
	args.list.offset = 11;
	args.list.list_size = 12;
	EXPECT_EQ(-EXFULL, command(self->b.fd, KDBUS_CMD_LIST, &args));
	EXPECT_EQ(11ULL, args.list.offset);
	EXPECT_EQ(12ULL, args.list.list_size);
	args_info(&args);
	args.info.id = self->a.id;
	args.info.offset = 11;
	args.info.info_size = 12;
	EXPECT_EQ(-EXFULL, command(self->b.fd, KDBUS_CMD_CONN_INFO, &args));
	EXPECT_EQ(-EXFULL, command(self->b.fd, KDBUS_CMD_BUS_CREATOR_INFO, &args));
	EXPECT_EQ(11ULL, args.info.offset);
	EXPECT_EQ(12ULL, args.info.info_size);
}

/* abi: 11.6/any-other-error, 13.1/exfull */
TEST_F(full, synchronous_reply_that_finds_no_room_is_exfull_for_both)
{
	struct sync_call call;
	int i;

	sync_call_init(&call, &self->b, self->a.id, 7);
	ASSERT_EQ(0, sync_call_start(&call));
	ASSERT_EQ(0, conn_wait(&self->a));
	EXPECT_EQ(7, recv_cookie(&self->a));
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(i * 1024, place(&self->a, &self->b, 1024));
	}
	EXPECT_EQ(-EXFULL, send_reply(&self->a, self->b.id, 8, 7));
	EXPECT_EQ(-EXFULL, sync_call_join(&call));
}

TEST_HARNESS_MAIN
