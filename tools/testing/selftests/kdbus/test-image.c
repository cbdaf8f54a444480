// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a receiver finds in its pool, byte by byte. */
#include "common.h"
#include "kselftest_harness.h"

#define DATA "thirteen byte"	/* 13 */
#define MORE "ten bytes."	/* 10 */

FIXTURE(image) {
	struct bus bus;
	struct conn a;
	struct conn plain;	/* wants no metadata */
	struct conn timed;	/* wants the time stamp */
	struct args msg;
	int memfd;
	int null;
};

FIXTURE_SETUP(image)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new(&self->a, &self->bus));
	ASSERT_EQ(0, conn_new(&self->plain, &self->bus));
	ASSERT_EQ(0, conn_new_recv(&self->timed, &self->bus, KDBUS_ATTACH_TIMESTAMP));
	self->memfd = memfd_new("12345", 5, SEALS_ALL);
	ASSERT_LE(0, self->memfd);
	self->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->null);
}

FIXTURE_TEARDOWN(image)
{
	conn_close(&self->timed);
	conn_close(&self->plain);
	conn_close(&self->a);
	bus_close(&self->bus);
}

/* Fill the low pages of a pool with something that is not 0, and give them back. */
static int make_dirty(struct conn *from, struct conn *to)
{
	struct args msg;
	char dirt[8192];

	memset(dirt, 0xee, sizeof(dirt));
	args_msg(&msg, to->id, 99);
	args_vec(&msg, dirt, sizeof(dirt));
	if (msg_send(from, &msg))
		return -EIO;
	return recv_cookie(to) == 99 ? 0 : -EIO;
}

static void args_example(struct args *msg, int memfd, int null)
{
	args_msg_name(msg, "a.b", 0x1122334455667788);
	args_vec(msg, DATA, 13);
	args_vec(msg, NULL, 3);
	args_memfd(msg, memfd, 0, 5);
	args_vec(msg, MORE, 10);
	args_fds(msg, &null, 1);
}

static const struct kdbus_item *item_at(const struct kdbus_msg *msg, size_t offset)
{
	return (const void *)((const __u8 *)msg + offset);
}

/* abi: 23.1/timestamp, 13.3/order */
TEST_F(image, worked_example_with_time_stamp)
{
	const __u8 zeros[8] = { 0 };
	const struct kdbus_item *item;
	const struct kdbus_msg *msg;
	struct kdbus_cmd_recv recv;
	const __u8 *bytes;

	ASSERT_EQ(0, name_acquire(&self->timed, "a.b", 0, NULL));
	ASSERT_EQ(0, make_dirty(&self->a, &self->timed));
	args_example(&self->msg, self->memfd, self->null);
	ASSERT_EQ(244ULL, self->msg.size);
	/* the padding of the last item may be told or not, and is not looked at */
	self->msg.size = 248;
	memset((__u8 *)&self->msg + 244, 0xff, 4);
	memset((__u8 *)&self->msg + 64 + 20, 0xff, 4);
	ASSERT_EQ(0, msg_send(&self->a, &self->msg));
	ASSERT_EQ(0, msg_recv(&self->timed, 0, &recv));
	EXPECT_EQ(320ULL, recv.msg.msg_size);
	EXPECT_EQ(0ULL, recv.msg.return_flags);
	bytes = self->timed.pool + recv.msg.offset;
	msg = (const void *)bytes;
	EXPECT_EQ(288ULL, msg->size);

	item = item_at(msg, 64);
	EXPECT_EQ(KDBUS_ITEM_DST_NAME, item->type);
	EXPECT_EQ(20ULL, item->size);
	EXPECT_STREQ("a.b", item->str);
	EXPECT_EQ(0, memcmp(zeros, bytes + 84, 4));
	item = item_at(msg, 88);
	EXPECT_EQ(KDBUS_ITEM_PAYLOAD_OFF, item->type);
	EXPECT_EQ(32ULL, item->size);
	EXPECT_EQ(13ULL, item->vec.size);
	EXPECT_EQ(288ULL, item->vec.offset);
	item = item_at(msg, 120);
	EXPECT_EQ(KDBUS_ITEM_PAYLOAD_OFF, item->type);
	EXPECT_EQ(3ULL, item->vec.size);
	EXPECT_EQ(~0ULL, item->vec.offset);
	item = item_at(msg, 152);
	EXPECT_EQ(KDBUS_ITEM_PAYLOAD_MEMFD, item->type);
	EXPECT_EQ(40ULL, item->size);
	EXPECT_EQ(0ULL, item->memfd.start);
	EXPECT_EQ(5ULL, item->memfd.size);
	EXPECT_LE(0, item->memfd.fd);
	EXPECT_NE(self->memfd, item->memfd.fd);
	item = item_at(msg, 192);
	EXPECT_EQ(KDBUS_ITEM_PAYLOAD_OFF, item->type);
	EXPECT_EQ(10ULL, item->vec.size);
	EXPECT_EQ(309ULL, item->vec.offset);
	item = item_at(msg, 224);
	EXPECT_EQ(KDBUS_ITEM_FDS, item->type);
	EXPECT_EQ(20ULL, item->size);
	EXPECT_LE(0, item->fds[0]);
	EXPECT_EQ(0, memcmp(zeros, bytes + 244, 4));
	item = item_at(msg, 248);
	EXPECT_EQ(KDBUS_ITEM_TIMESTAMP, item->type);
	EXPECT_EQ(40ULL, item->size);

	EXPECT_EQ(0, memcmp(DATA, bytes + 288, 13));
	EXPECT_EQ(0, memcmp(zeros, bytes + 301, 8));
	EXPECT_EQ(0, memcmp(MORE, bytes + 309, 10));
	EXPECT_EQ(0, bytes[319]);
}

/* abi: 23.1/plain, 13.3/size-excludes-padding */
TEST_F(image, worked_example_without_metadata)
{
	const struct kdbus_msg *msg;
	struct kdbus_cmd_recv recv;

	ASSERT_EQ(0, name_acquire(&self->plain, "a.b", 0, NULL));
	args_example(&self->msg, self->memfd, self->null);
	ASSERT_EQ(0, msg_send(&self->a, &self->msg));
	ASSERT_EQ(0, msg_recv(&self->plain, 0, &recv));
	EXPECT_EQ(280ULL, recv.msg.msg_size);
	msg = (const void *)(self->plain.pool + recv.msg.offset);
	EXPECT_EQ(244ULL, msg->size);
	EXPECT_EQ(248ULL, item_at(msg, 88)->vec.offset);
	EXPECT_EQ(~0ULL, item_at(msg, 120)->vec.offset);
	EXPECT_EQ(269ULL, item_at(msg, 192)->vec.offset);
	EXPECT_EQ(0, memcmp(DATA, (const __u8 *)msg + 248, 13));
	EXPECT_EQ(0, memcmp(MORE, (const __u8 *)msg + 269, 10));
}

/* abi: 13.3/header */
TEST_F(image, header_is_as_sent_but_for_the_source)
{
	const struct kdbus_msg *msg;

	args_msg(&self->msg, self->plain.id, ~0ULL);
	self->msg.msg.flags = KDBUS_MSG_EXPECT_REPLY | KDBUS_MSG_NO_AUTO_START;
	self->msg.msg.priority = INT64_MIN;
	self->msg.msg.payload_type = 0x1234567890abcdef;
	self->msg.msg.timeout_ns = ~0ULL;
	ASSERT_EQ(0, msg_send(&self->a, &self->msg));
	msg = msg_next(&self->plain);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(sizeof(*msg), msg->size);
	EXPECT_EQ(KDBUS_MSG_EXPECT_REPLY | KDBUS_MSG_NO_AUTO_START, msg->flags);
	EXPECT_EQ(INT64_MIN, msg->priority);
	EXPECT_EQ(self->plain.id, msg->dst_id);
	EXPECT_EQ(self->a.id, msg->src_id);
	EXPECT_EQ(0x1234567890abcdefULL, msg->payload_type);
	EXPECT_EQ(~0ULL, msg->cookie);
	EXPECT_EQ(~0ULL, msg->timeout_ns);
}

/* abi: 13.3/header */
TEST_F(image, destination_stays_0_by_name_and_the_id_with_both)
{
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, name_acquire(&self->plain, "a.b", 0, NULL));
	args_msg_name(&self->msg, "a.b", 1);
	ASSERT_EQ(0, msg_send(&self->a, &self->msg));
	self->msg.msg.dst_id = self->plain.id;
	ASSERT_EQ(0, msg_send(&self->a, &self->msg));
	msg = msg_next(&self->plain);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(0ULL, msg->dst_id);
	msg = msg_next(&self->plain);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(self->plain.id, msg->dst_id);
}

/* abi: 13.3/BLOOM_FILTER */
TEST_F(image, bloom_filter_is_kept)
{
	const struct kdbus_item *item;
	const struct kdbus_msg *msg;
	__u8 filter[BLOOM_SIZE];
	int i;

	for (i = 0; i < BLOOM_SIZE; i++)
		filter[i] = i * 5;
	ASSERT_EQ(0, match_all(&self->plain, 1));
	args_msg(&self->msg, self->plain.id, 1);
	self->msg.msg.flags = KDBUS_MSG_SIGNAL;
	args_bloom_filter(&self->msg, 77, filter, sizeof(filter));
	ASSERT_EQ(0, msg_send(&self->a, &self->msg));
	msg = msg_next(&self->plain);
	ASSERT_NE(NULL, msg);
	item = msg_item(msg, KDBUS_ITEM_BLOOM_FILTER);
	ASSERT_NE(NULL, item);
	EXPECT_EQ(ITEM_HEADER + 8 + BLOOM_SIZE, item->size);
	EXPECT_EQ(77ULL, item->bloom_filter.generation);
	EXPECT_EQ(0, memcmp(filter, item->bloom_filter.data, BLOOM_SIZE));
}

/* Two vectors around a run of @hole bytes: where the second one lands. */
static __u64 offset_after_hole(struct conn *from, struct conn *to, __u64 hole, int memfd)
{
	const struct kdbus_msg *msg;
	struct args args;
	__u64 offset;

	args_msg(&args, to->id, 1);
	args_vec(&args, "x", 1);
	if (memfd >= 0)
		args_memfd(&args, memfd, 0, hole);
	else
		args_vec(&args, NULL, hole);
	args_vec(&args, "y", 1);
	if (msg_send(from, &args))
		return 0;
	msg = msg_next(to);
	if (!msg)
		return 0;
	offset = msg_item_nth(msg, KDBUS_ITEM_PAYLOAD_OFF, memfd >= 0 ? 1 : 2)->vec.offset;
	offset -= A8(msg->size);
	return msg_done(to, msg) ? 0 : offset;
}

/* abi: 13.3/null-vec, 21/H1 */
TEST_F(image, run_of_zeros_takes_its_size_modulo_8)
{
	__u64 hole;

	for (hole = 1; hole <= 17; hole++) {
		EXPECT_EQ(1 + hole % 8, offset_after_hole(&self->a, &self->plain, hole, -1));
	}
	EXPECT_EQ(1ULL, offset_after_hole(&self->a, &self->plain, 1 << 20, -1));
}

/* abi: 13.3/memfd-filler */
TEST_F(image, memfd_takes_its_size_modulo_8)
{
	int memfd = memfd_new("0123456789abcdefg", 17, SEALS_ALL);
	__u64 hole;

	ASSERT_LE(0, memfd);
	for (hole = 1; hole <= 17; hole++) {
		EXPECT_EQ(1 + hole % 8, offset_after_hole(&self->a, &self->plain, hole, memfd));
	}
}

/* abi: 13.3/null-vec */
TEST_F(image, message_of_zeros_alone_has_hardly_any_payload)
{
	const struct kdbus_item *item;
	const struct kdbus_msg *msg;
	struct kdbus_cmd_recv recv;

	args_msg(&self->msg, self->plain.id, 1);
	args_vec(&self->msg, NULL, 1 << 20);
	ASSERT_EQ(0, msg_send(&self->a, &self->msg));
	ASSERT_EQ(0, msg_recv(&self->plain, 0, &recv));
	EXPECT_EQ(96ULL, recv.msg.msg_size);
	msg = (const void *)(self->plain.pool + recv.msg.offset);
	item = msg_item(msg, KDBUS_ITEM_PAYLOAD_OFF);
	ASSERT_NE(NULL, item);
	EXPECT_EQ(1ULL << 20, item->vec.size);
	EXPECT_EQ(~0ULL, item->vec.offset);
}

/* abi: 13.3/vec */
TEST_F(image, vectors_follow_each_other_without_gap)
{
	const struct kdbus_msg *msg;
	const __u8 *bytes;
	__u64 base;

	args_msg(&self->msg, self->plain.id, 1);
	args_vec(&self->msg, "abc", 3);
	args_vec(&self->msg, "d", 1);
	args_vec(&self->msg, "efghi", 5);
	ASSERT_EQ(0, msg_send(&self->a, &self->msg));
	msg = msg_next(&self->plain);
	ASSERT_NE(NULL, msg);
	bytes = (const __u8 *)msg;
	base = A8(msg->size);
	EXPECT_EQ(base, msg_item_nth(msg, KDBUS_ITEM_PAYLOAD_OFF, 0)->vec.offset);
	EXPECT_EQ(base + 3, msg_item_nth(msg, KDBUS_ITEM_PAYLOAD_OFF, 1)->vec.offset);
	EXPECT_EQ(base + 4, msg_item_nth(msg, KDBUS_ITEM_PAYLOAD_OFF, 2)->vec.offset);
	EXPECT_EQ(0, memcmp("abcdefghi\0\0\0\0\0\0\0", bytes + base, 16));
}

/* abi: 13.3/vec, 5.4/vec-sum */
TEST_F(image, payload_of_2_mib_arrives_unchanged)
{
	const struct kdbus_msg *msg;
	__u32 *words = malloc(2 << 20);
	int i;

	ASSERT_NE(NULL, words);
	for (i = 0; i < (2 << 20) / 4; i++)
		words[i] = i * 2654435761u;
	args_msg(&self->msg, self->plain.id, 1);
	args_vec(&self->msg, words, 1000001);
	args_vec(&self->msg, (__u8 *)words + 1000001, (2 << 20) - 1000001);
	ASSERT_EQ(0, msg_send(&self->a, &self->msg));
	msg = msg_next(&self->plain);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(0, memcmp(words, (const __u8 *)msg + A8(msg->size), 2 << 20));
}

/* abi: 13.3/zero-padding */
TEST_F(image, padding_of_a_used_pool_is_zero)
{
	const __u8 zeros[8] = { 0 };
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, make_dirty(&self->a, &self->plain));
	args_msg(&self->msg, self->plain.id, 1);
	args_vec(&self->msg, "a", 1);
	args_vec(&self->msg, NULL, 5);
	ASSERT_EQ(0, msg_send(&self->a, &self->msg));
	msg = msg_next(&self->plain);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(0, memcmp(zeros, (const __u8 *)msg + A8(msg->size) + 1, 7));
}

/* abi: 13.3/no-payload */
TEST_F(image, message_without_payload_is_its_header)
{
	struct kdbus_cmd_recv recv;

	ASSERT_EQ(0, send_plain(&self->a, self->plain.id, 1));
	ASSERT_EQ(0, msg_recv(&self->plain, 0, &recv));
	EXPECT_EQ(64ULL, recv.msg.msg_size);
}

/* abi: 11.1/msg-not-modified */
TEST_F(image, message_of_the_sender_is_not_modified)
{
	struct args before;

	ASSERT_EQ(0, name_acquire(&self->plain, "a.b", 0, NULL));
	args_example(&self->msg, self->memfd, self->null);
	before = self->msg;
	ASSERT_EQ(0, msg_send(&self->a, &self->msg));
	EXPECT_EQ(0, memcmp(&before, &self->msg, sizeof(before)));
}

TEST_HARNESS_MAIN
