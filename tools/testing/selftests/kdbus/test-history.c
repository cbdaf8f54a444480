// SPDX-License-Identifier: LGPL-2.1-or-later
/* Faults that buses have had, each as what must be true instead. */
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <linux/io_uring.h>
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.history"
#define ACTIVATED	"org.example.history.activated"
#define CALLS		128

FIXTURE_BUS(history)

/* ---- one message, several receivers ---- */

static int send_parts(struct conn *conn, char (*parts)[1000], int memfd)
{
	struct args msg;
	unsigned int i;

	args_signal(&msg, KDBUS_DST_ID_BROADCAST, 7);
	for (i = 0; i < 3; i++) {
		memset(parts[i], 'a' + i, sizeof(parts[i]));
		args_vec(&msg, parts[i], sizeof(parts[i]) - i);
		if (i == 1)
			args_memfd(&msg, memfd, 0, 5);
	}
	return msg_send(conn, &msg);
}

/* All parts of the message are there, in order. */
static bool has_parts(struct conn *conn)
{
	const struct kdbus_msg *msg = msg_next(conn);
	const struct kdbus_item *item;
	unsigned int i, j;
	bool good = msg && msg->cookie == 7;

	for (i = 0; good && i < 3; i++) {
		item = msg_item_nth(msg, KDBUS_ITEM_PAYLOAD_OFF, i);
		good = item && item->vec.size == 1000 - i;
		for (j = 0; good && j < item->vec.size; j++)
			good = ((const char *)msg)[item->vec.offset + j] == (char)('a' + i);
	}
	item = good ? msg_item(msg, KDBUS_ITEM_PAYLOAD_MEMFD) : NULL;
	good = item && item->memfd.size == 5 && item->memfd.fd >= 0;
	if (good)
		close(item->memfd.fd);
	if (msg)
		msg_done(conn, msg);
	return good;
}

/* abi: 11.5/a-copies, 13.3/order */
TEST_F(history, each_receiver_of_a_multicast_gets_the_whole_payload)
{
	struct conn receivers[12], monitor;
	char parts[3][1000];
	unsigned int i;
	int memfd;

	memfd = memfd_new("12345", 5, SEALS_ALL);
	ASSERT_LE(0, memfd);
	ASSERT_EQ(0, conn_new_flags(&monitor, &self->bus, KDBUS_HELLO_MONITOR));
	for (i = 0; i < ARRAY_SIZE(receivers); i++) {
		ASSERT_EQ(0, conn_new(&receivers[i], &self->bus));
		ASSERT_EQ(0, match_all(&receivers[i], 1));
	}
	for (i = 0; i < ARRAY_SIZE(receivers); i++)
		recv_all(&receivers[i]);
	recv_all(&monitor);
	ASSERT_EQ(0, send_parts(&self->a, parts, memfd));
	EXPECT_TRUE(has_parts(&monitor));
	for (i = 0; i < ARRAY_SIZE(receivers); i++) {
		EXPECT_TRUE(has_parts(&receivers[i])) {
			TH_LOG("receiver %u", i);
		}
		conn_close(&receivers[i]);
	}
	conn_close(&monitor);
}

/* ---- what must not be known ---- */

/* What every command says of a name that is there, or is not. */
static void ask_about(struct conn *conn, const char *name, __u64 id, int said[8])
{
	const struct kdbus_info *info;
	struct args msg;
	unsigned int n = 0;

	said[n++] = conn_info(conn, 0, name, 0, &info);
	said[n++] = conn_info(conn, id, name, 0, &info);
	said[n++] = send_name(conn, name, 1);
	args_msg_name(&msg, name, 2);
	msg.msg.dst_id = id;
	said[n++] = msg_send(conn, &msg);
	args_msg_name(&msg, name, 3);
	msg.msg.flags = KDBUS_MSG_NO_AUTO_START;
	said[n++] = msg_send(conn, &msg);
	args_signal(&msg, KDBUS_DST_ID_NAME, 4);
	args_str(&msg, KDBUS_ITEM_DST_NAME, name);
	said[n++] = msg_send(conn, &msg);
	said[n++] = name_release(conn, name);
	said[n++] = name_acquire(conn, name, 0, NULL);
}

/* abi: 15.5/conn-info-name, 15.5/notifications */
TEST_F(history, hidden_name_is_revealed_by_no_error_and_no_notification)
{
	int hidden[8], activated[8], absent[8];
	struct conn activator, guest;
	struct endpoint ep;
	unsigned int i;

	ASSERT_EQ(0, endpoint_make(&ep, &self->bus));
	ASSERT_EQ(0, endpoint_grant(&ep, "org.example.else", KDBUS_POLICY_TALK));
	ASSERT_EQ(0, conn_new_at(&guest, ep.path, 0, 0));
	ASSERT_EQ(0, match_all(&guest, 1));
	ASSERT_EQ(0, conn_new_named(&activator, &self->bus, KDBUS_HELLO_ACTIVATOR, ACTIVATED));
	EXPECT_EQ(1, recv_all(&guest));
	ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	EXPECT_EQ(0, recv_all(&guest));
	ask_about(&guest, NAME, self->b.id, hidden);
	ask_about(&guest, ACTIVATED, self->b.id, activated);
	ask_about(&guest, "org.example.absent", self->b.id, absent);
	for (i = 0; i < ARRAY_SIZE(absent); i++) {
		EXPECT_EQ(absent[i], hidden[i]) {
			TH_LOG("question %u", i);
		}
		EXPECT_EQ(absent[i], activated[i]) {
			TH_LOG("question %u", i);
		}
	}
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	/* nor by the move of the name, or its end */
	ASSERT_EQ(0, name_acquire(&self->a, ACTIVATED, 0, NULL));
	ASSERT_EQ(0, name_release(&self->a, ACTIVATED));
	ASSERT_EQ(0, name_release(&self->a, NAME));
	EXPECT_EQ(0, recv_all(&guest));
	conn_close(&guest);
	conn_close(&activator);
	endpoint_close(&ep);
}

/* ---- quotas ---- */

/* How many messages of 5000 bytes to a name are accepted. */
static unsigned int fill_name(struct conn *conn, const char *name)
{
	static char bytes[5000];
	struct args msg;
	unsigned int n;

	for (n = 0; n < 300; n++) {
		args_msg_name(&msg, name, n + 1);
		args_vec(&msg, bytes, sizeof(bytes));
		if (msg_send(conn, &msg))
			break;
	}
	return n;
}

/* abi: 14.7/charged-to-sender, 13.5/per-user */
TEST_F(history, quota_is_not_dodged_by_messages_that_move_to_an_owner_or_back)
{
	struct kdbus_cmd_recv recv;
	struct conn activator, owner;
	unsigned int n, round, lost = 0;
	struct args args;

	ASSERT_EQ(0, conn_new_named(&activator, &self->bus, KDBUS_HELLO_ACTIVATOR, ACTIVATED));
	args_hello_default(&args);
	args.hello.pool_size = 1024 * 1024;
	ASSERT_EQ(0, conn_new_args(&owner, self->bus.path, &args));
	n = fill_name(&self->a, ACTIVATED);
	ASSERT_EQ(256, n);
	for (round = 0; round < 4; round++) {
		ASSERT_EQ(0, name_acquire(&owner, ACTIVATED, 0, NULL));
		/* what moved is charged: a third of half of the pool is full */
		EXPECT_EQ(-ENOBUFS, send_bytes(&self->a, owner.id, 1, 5000));
		EXPECT_EQ(0, fill_name(&self->a, ACTIVATED));
		ASSERT_EQ(0, name_release(&owner, ACTIVATED));
		EXPECT_EQ(-EAGAIN, msg_recv(&owner, 0, &recv));
		lost += recv.dropped_msgs;
		/* they take their charge back along, and more fit again there */
		n = 256 - (1024 * 1024 / 6) / 5096 + fill_name(&self->a, ACTIVATED);
		EXPECT_LE(256 - (1024 * 1024 / 6) / 5096, n);
	}
	EXPECT_EQ(256, recv_all(&activator));
	EXPECT_LT(0, lost);
	conn_close(&owner);
	conn_close(&activator);
}

/* abi: 13.1/best-fit, 13.1/low-part */
TEST_F(history, last_message_takes_what_it_needs_and_leaves_the_rest_of_the_pool)
{
	struct kdbus_cmd_recv recv;
	struct conn conn;
	unsigned int n, first = 0;

	ASSERT_EQ(0, conn_new_pool(&conn, &self->bus, 65536));
	/* one large area of which each takes a small part, to the very end */
	for (n = 0; send_bytes(&self->a, conn.id, n + 1, 1000) == 0; n++) {
		ASSERT_EQ(0, msg_recv(&conn, 0, &recv));
		ASSERT_EQ(1096, recv.msg.msg_size);
		first = n ? first : recv.msg.offset;
		ASSERT_EQ(first + n * 1096, recv.msg.offset);
	}
	EXPECT_EQ((65536 - first) / 1096, n);
	/* what is left is too small for that, but not for less */
	EXPECT_EQ(0, send_plain(&self->a, conn.id, 5));
	conn_close(&conn);
}

/* ---- the end of what others wait on ---- */

static void *close_soon(void *data)
{
	struct conn *conn = data;

	sched_yield();
	conn_close(conn);
	return NULL;
}

/* abi: 2.5/disconnected */
TEST_F(history, epoll_and_cancelled_calls_outlive_what_they_wait_on)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	struct sync_call call;
	pthread_t thread;
	struct conn conn;
	unsigned int i;
	int epoll;

	epoll = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_LE(0, epoll);
	for (i = 0; i < 60; i++) {
		ASSERT_EQ(0, conn_new(&conn, &self->bus));
		ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, conn.fd, &event));
		/* waits on the queue of a connection that is about to go */
		sync_call_init(&call, &self->a, self->b.id, i + 1);
		call.msg.msg.timeout_ns = deadline_ms(20);
		args_cancel_fd(&call.cmd, conn.fd);
		ASSERT_EQ(0, sync_call_start(&call));
		ASSERT_EQ(0, pthread_create(&thread, NULL, close_soon, &conn));
		epoll_wait(epoll, &event, 1, 1);
		EXPECT_EQ(0, pthread_join(thread, NULL));
		EXPECT_NE(0, sync_call_join(&call));
		recv_all(&self->b);
	}
	close(epoll);
}

/* abi: 19.5/5-trackers, design/6.7 */
TEST_F(history, timers_of_calls_end_with_their_connection)
{
	struct conn conn;
	struct args msg;
	unsigned int i, j;

	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, conn_new(&conn, &self->bus));
		for (j = 0; j < 4; j++) {
			args_call(&msg, self->b.id, j + 1);
			/* due now, or while it goes, or after */
			msg.msg.timeout_ns = now_ns() + j * i * 40000;
			ASSERT_EQ(0, msg_send(&conn, &msg));
		}
		conn_close(&conn);
		recv_all(&self->b);
	}
}

/* ---- one lock and another ---- */

struct churner {
	int (*step)(struct churner *churner, unsigned int n);
	const struct bus *bus;
	struct conn *conn;
	unsigned int rounds;
	int failed;
	pthread_t thread;
};

static void *churner_run(void *data)
{
	struct churner *churner = data;
	unsigned int n;

	for (n = 0; n < churner->rounds && !churner->failed; n++)
		churner->failed = churner->step(churner, n);
	return NULL;
}

static int churn_names(struct churner *churner, unsigned int n)
{
	int ret = name_acquire(churner->conn, NAME, 0, NULL);

	return ret ? ret : name_release(churner->conn, NAME);
}

static int churn_policy(struct churner *churner, unsigned int n)
{
	struct conn holder;
	int ret = conn_new_policy(&holder, churner->bus, KDBUS_HELLO_POLICY_HOLDER, NAME,
				  KDBUS_POLICY_ACCESS_WORLD, KDBUS_POLICY_OWN, 0);

	if (ret == 0)
		ret = policy_update(&holder, NAME, KDBUS_POLICY_ACCESS_USER, KDBUS_POLICY_TALK, n);
	if (ret == 0)
		conn_close(&holder);
	return ret;
}

static int churn_maps(struct churner *churner, unsigned int n)
{
	volatile const __u8 *pool = mmap(NULL, 65536, PROT_READ, MAP_SHARED, churner->conn->fd, 0);

	if (pool == MAP_FAILED)
		return -errno;
	/* a fault under mmap_lock */
	return munmap((void *)pool, 65536 + 0 * pool[n % 65536]) < 0 ? -errno : 0;
}

static int churn_argument(struct churner *churner, unsigned int n)
{
	struct kdbus_cmd_info *info = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int ret;

	/* faults while a command runs */
	if (info == MAP_FAILED)
		return -errno;
	info->size = sizeof(*info);
	info->id = churner->conn->id;
	ret = command(churner->conn->fd, KDBUS_CMD_CONN_INFO, info);
	if (ret == 0)
		ret = conn_free(churner->conn, info->offset);
	munmap(info, 4096);
	return ret;
}

/* abi: design/6.7 */
TEST_F(history, removal_of_a_policy_goes_with_release_of_names_and_with_mmap)
{
	struct churner churners[] = {
		{ .step = churn_names, .conn = &self->a },
		{ .step = churn_policy },
		{ .step = churn_maps, .conn = &self->b },
		{ .step = churn_argument, .conn = &self->b },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(churners); i++) {
		churners[i].bus = &self->bus;
		churners[i].rounds = 150;
		ASSERT_EQ(0, pthread_create(&churners[i].thread, NULL, churner_run,
					    &churners[i]));
	}
	for (i = 0; i < ARRAY_SIZE(churners); i++) {
		pthread_join(churners[i].thread, NULL);
		EXPECT_EQ(0, churners[i].failed) {
			TH_LOG("thread %u", i);
		}
	}
}

/* abi: 11.2/self, 13.5/per-user */
TEST_F(history, connection_sends_to_itself_in_every_way_that_there_is)
{
	struct args msg;
	int fd = eventfd(0, EFD_CLOEXEC);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	ASSERT_EQ(0, match_all(&self->a, 1));
	EXPECT_EQ(0, send_plain(&self->a, self->a.id, 1));
	EXPECT_EQ(0, send_name(&self->a, NAME, 2));
	EXPECT_EQ(0, send_broadcast(&self->a, 3));
	EXPECT_EQ(0, send_signal(&self->a, self->a.id, 4));
	EXPECT_EQ(0, send_call(&self->a, self->a.id, 5));
	EXPECT_EQ(0, send_reply(&self->a, self->a.id, 6, 5));
	args_msg(&msg, self->a.id, 7);
	args_fds(&msg, &fd, 1);
	EXPECT_EQ(0, msg_send(&self->a, &msg));
	args_call(&msg, self->a.id, 8);
	msg.msg.timeout_ns = deadline_ms(10);
	EXPECT_EQ(-ETIMEDOUT, msg_send_flags(&self->a, &msg, KDBUS_SEND_SYNC_REPLY, NULL));
	EXPECT_EQ(8, recv_all(&self->a));
	close(fd);
}

/* ---- what fails leaves nothing ---- */

/* Calls that cannot be delivered, each for another reason. */
static int call_in_vain(FIXTURE_DATA(history) *self, struct conn *full, unsigned int n)
{
	static char bytes[8192];
	int fd = self->bus.fd;
	struct args msg;

	args_call(&msg, n % 6 == 0 ? full->id : self->b.id, n + 1);
	switch (n % 6) {
	case 1:
		msg.msg.dst_id = 1ULL << 40;
		break;
	case 2:
		args_vec(&msg, (void *)4096, 4096);
		break;
	case 3:
		args_fds(&msg, &fd, 1);
		break;
	case 4:
		msg.msg.dst_id = KDBUS_DST_ID_NAME;
		args_str(&msg, KDBUS_ITEM_DST_NAME, "org.example.nobody");
		break;
	case 5:
		args_vec(&msg, bytes, 3000000);
		break;
	}
	return msg_send_flags(&self->a, &msg, n % 2 ? KDBUS_SEND_SYNC_REPLY : 0, NULL);
}

/* abi: 11.5/emlink, design/6.6 */
TEST_F(history, slot_of_a_call_comes_back_when_its_delivery_fails)
{
	struct conn full;
	unsigned int i;

	ASSERT_EQ(0, conn_new_pool(&full, &self->bus, 4096));
	while (send_plain(&self->a, full.id, 1) == 0)
		;
	for (i = 0; i < 3 * CALLS; i++) {
		ASSERT_NE(0, call_in_vain(self, &full, i)) {
			TH_LOG("call %u", i);
		}
	}
	for (i = 0; i < CALLS; i++) {
		ASSERT_EQ(0, send_call(&self->a, self->b.id, i + 1));
	}
	EXPECT_EQ(-EMLINK, send_call(&self->a, self->b.id, i + 1));
	conn_close(&full);
}

/* abi: 8.4/15, design/6.6 */
TEST_F(history, refused_set_up_takes_and_gives_as_many_references)
{
	struct conn activator, conn;
	struct args args;
	char domain[PATH_MAX];
	struct bus bus;
	unsigned int i;

	ASSERT_EQ(0, mount_namespace_unshare());
	ASSERT_EQ(0, domain_mount("kdbus", domain));
	ASSERT_EQ(0, bus_make_in(&bus, domain, 0));
	ASSERT_EQ(0, conn_new_named(&activator, &bus, KDBUS_HELLO_ACTIVATOR, ACTIVATED));
	for (i = 0; i < 200; i++) {
		args_hello_default(&args);
		args.hello.flags = i % 2 ? KDBUS_HELLO_ACTIVATOR : KDBUS_HELLO_POLICY_HOLDER;
		args_str(&args, KDBUS_ITEM_NAME, ACTIVATED);
		ASSERT_EQ(-EEXIST, conn_new_args(&conn, bus.path, &args));
		ASSERT_EQ(-EEXIST, bus_make_args(&(struct bus) { .name = "" }, domain, ({
			args_bus(&args, bus.name, 0);
			&args;
		})));
	}
	conn_close(&activator);
	bus_close(&bus);
	/* which says EBUSY if there is one reference too many */
	EXPECT_EQ(0, domain_umount(domain));
}

/* ---- numbers ---- */

/* abi: 11.5/timeout */
TEST_F(history, deadline_beyond_all_times_is_not_in_the_past)
{
	static const __u64 deadlines[] = { 1ULL << 63, ~0ULL, (1ULL << 63) - 1 };
	struct args msg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(deadlines); i++) {
		args_call(&msg, self->b.id, i + 1);
		msg.msg.timeout_ns = deadlines[i];
		ASSERT_EQ(0, msg_send(&self->a, &msg));
	}
	/* one that passes: by then the others would have */
	args_call(&msg, self->b.id, 9);
	msg.msg.timeout_ns = deadline_ms(20);
	ASSERT_EQ(0, msg_send(&self->a, &msg));
	ASSERT_EQ(0, conn_wait(&self->a));
	EXPECT_EQ(0, expect_reply_event(&self->a, KDBUS_ITEM_REPLY_TIMEOUT, 9));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	for (i = 0; i < ARRAY_SIZE(deadlines); i++) {
		EXPECT_EQ(0, send_reply(&self->b, self->a.id, 10 + i, i + 1));
		EXPECT_EQ(10 + i, recv_cookie(&self->a));
	}
}

/* abi: 11.2/8a, 8.4/3 */
TEST_F(history, size_of_more_than_32_bits_is_neither_cut_nor_doubled)
{
	static const __u64 sizes[] = {
		1ULL << 32, (1ULL << 32) + 8, 1ULL << 33, ~0ULL, ~0ULL - 7, 1ULL << 63,
	};
	static char byte;
	struct args msg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		args_msg(&msg, self->b.id, 1);
		args_vec(&msg, &byte, sizes[i]);
		EXPECT_EQ(-EMSGSIZE, msg_send(&self->a, &msg));
		args_msg(&msg, self->b.id, 1);
		args_vec(&msg, NULL, sizes[i]);
		EXPECT_EQ(-EMSGSIZE, msg_send(&self->a, &msg));
		args_msg(&msg, self->b.id, 1);
		msg.msg.size = sizes[i];
		EXPECT_EQ(-EMSGSIZE, msg_send(&self->a, &msg));
	}
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* ---- files that would wait for themselves ---- */

/* abi: 11.3/fd-forbidden */
TEST_F(history, io_uring_cannot_be_sent)
{
	struct io_uring_params params = {};
	struct args msg;
	int ring;

	ring = syscall(SYS_io_uring_setup, 4, &params);
	if (ring < 0 && (errno == ENOSYS || errno == EPERM))
		SKIP(return, "this kernel has no io_uring");
	ASSERT_LE(0, ring);
	args_msg(&msg, self->b.id, 1);
	args_fds(&msg, &ring, 1);
	EXPECT_EQ(-EOPNOTSUPP, msg_send(&self->a, &msg));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	close(ring);
}

TEST_HARNESS_MAIN
