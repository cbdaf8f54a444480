// SPDX-License-Identifier: LGPL-2.1-or-later
/* EXCHANGE: send, free and receive in one command. */
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include "common.h"
#include "kselftest_harness.h"

#define SENT		KDBUS_EXCHANGE_RETURN_SENT
#define FREED		KDBUS_EXCHANGE_RETURN_FREED
#define RECEIVED	KDBUS_EXCHANGE_RETURN_RECEIVED
#define FOR_EVER	(~0ULL)

FIXTURE_BUS(exchange)

/* One exchange: @msg and @offset (NULL: nothing to free) and until when to wait. */
static int exchange(struct conn *conn, struct args *args, struct args *msg, const __u64 *offset,
		    __u64 timeout_ns)
{
	args_exchange(args);
	args->exchange.msg_address = (uintptr_t)msg;
	args->exchange.timeout_ns = timeout_ns;
	if (offset)
		args_item(args, KDBUS_ITEM_FREE, offset, sizeof(*offset));
	return command(conn->fd, KDBUS_CMD_EXCHANGE, args);
}

static const struct kdbus_msg *exchange_msg(const struct conn *conn, const struct args *args)
{
	return (const void *)(conn->pool + args->exchange.msg.offset);
}

/* An exchange in a thread */
struct waiter {
	struct conn *conn;
	struct args args;
	pid_t tid;
	pthread_t thread;
	int ret;
};

static void *waiter_run(void *data)
{
	struct waiter *waiter = data;

	__atomic_store_n(&waiter->tid, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
	waiter->ret = command(waiter->conn->fd, KDBUS_CMD_EXCHANGE, &waiter->args);
	return NULL;
}

/* Start with the arguments that are set, and wait until it sleeps. */
static int waiter_start(struct waiter *waiter, struct conn *conn)
{
	waiter->conn = conn;
	waiter->tid = 0;
	if (pthread_create(&waiter->thread, NULL, waiter_run, waiter))
		return -EAGAIN;
	while (!__atomic_load_n(&waiter->tid, __ATOMIC_ACQUIRE))
		sched_yield();
	return task_wait_sleeping(waiter->tid);
}

static int waiter_start_plain(struct waiter *waiter, struct conn *conn)
{
	args_exchange(&waiter->args);
	waiter->args.exchange.timeout_ns = FOR_EVER;
	return waiter_start(waiter, conn);
}

static int waiter_join(struct waiter *waiter)
{
	return pthread_join(waiter->thread, NULL) ? -EDEADLK : waiter->ret;
}

/* abi: exchange/number */
TEST(has_the_number_and_the_size)
{
	EXPECT_EQ(80, sizeof(struct kdbus_cmd_exchange));
	EXPECT_EQ(0xc05095c0, KDBUS_CMD_EXCHANGE);
	EXPECT_EQ(0x800, KDBUS_ITEM_FREE);
}

/* abi: exchange/reply-and-next, exchange/wait */
TEST_F(exchange, reply_is_sent_request_freed_next_request_taken)
{
	struct sync_call first, second;
	struct args args, reply;
	__u64 offset;

	sync_call_init(&first, &self->a, self->b.id, 1);
	ASSERT_EQ(0, sync_call_start(&first));
	ASSERT_EQ(0, exchange(&self->b, &args, NULL, NULL, FOR_EVER));
	EXPECT_EQ(RECEIVED, args.exchange.return_flags);
	EXPECT_EQ(1, exchange_msg(&self->b, &args)->cookie);
	offset = args.exchange.msg.offset;

	sync_call_init(&second, &self->a, self->b.id, 2);
	ASSERT_EQ(0, sync_call_start(&second));
	args_reply(&reply, self->a.id, 10, 1);
	ASSERT_EQ(0, exchange(&self->b, &args, &reply, &offset, FOR_EVER));
	EXPECT_EQ(SENT | FREED | RECEIVED, args.exchange.return_flags);
	EXPECT_EQ(2, exchange_msg(&self->b, &args)->cookie);
	EXPECT_EQ(A8(exchange_msg(&self->b, &args)->size), args.exchange.msg.msg_size);
	/* it was the first request's place that was freed */
	if (args.exchange.msg.offset != offset) {
		EXPECT_EQ(-ENXIO, conn_free(&self->b, offset));
	}
	EXPECT_EQ(0, sync_call_join(&first));
	EXPECT_EQ(10, sync_call_reply(&first)->cookie);

	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 11, 2));
	EXPECT_EQ(0, sync_call_join(&second));
	EXPECT_EQ(0, conn_free(&self->b, args.exchange.msg.offset));
}

/* abi: exchange/wait */
TEST_F(exchange, waits_until_a_message_comes)
{
	struct waiter waiter;

	ASSERT_EQ(0, waiter_start_plain(&waiter, &self->b));
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 7));
	EXPECT_EQ(0, waiter_join(&waiter));
	EXPECT_EQ(RECEIVED, waiter.args.exchange.return_flags);
	EXPECT_EQ(7, exchange_msg(&self->b, &waiter.args)->cookie);
}

/* abi: exchange/poll-only, exchange/eagain */
TEST_F(exchange, without_time_it_takes_what_is_queued_or_fails_with_eagain)
{
	struct args args;

	EXPECT_EQ(-EAGAIN, exchange(&self->b, &args, NULL, NULL, 0));
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	EXPECT_EQ(0, exchange(&self->b, &args, NULL, NULL, 0));
	EXPECT_EQ(1, exchange_msg(&self->b, &args)->cookie);
	EXPECT_EQ(-EAGAIN, exchange(&self->b, &args, NULL, NULL, 0));
}

/* abi: exchange/timeout */
TEST_F(exchange, ends_with_etimedout_at_the_deadline)
{
	__u64 deadline = deadline_ms(50);
	struct args args;

	EXPECT_EQ(-ETIMEDOUT, exchange(&self->b, &args, NULL, NULL, deadline));
	EXPECT_LE(deadline, now_ns());
	/* one that is past is not waited for, but what is there is taken */
	EXPECT_EQ(-ETIMEDOUT, exchange(&self->b, &args, NULL, NULL, 1));
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	EXPECT_EQ(0, exchange(&self->b, &args, NULL, NULL, 1));
	EXPECT_EQ(1, exchange_msg(&self->b, &args)->cookie);
}

static void on_signal(int number)
{
}

static int catch_signal(int flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };

	return sigaction(SIGUSR1, &action, NULL);
}

/* abi: exchange/signal */
TEST_F(exchange, signal_ends_a_wait_of_one_that_did_nothing_with_eintr)
{
	struct waiter waiter;

	ASSERT_EQ(0, catch_signal(0));
	ASSERT_EQ(0, waiter_start_plain(&waiter, &self->b));
	ASSERT_EQ(0, pthread_kill(waiter.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, waiter_join(&waiter));
}

/* abi: exchange/signal */
TEST_F(exchange, waits_on_after_a_signal_that_restarts_calls)
{
	struct waiter waiter;

	ASSERT_EQ(0, catch_signal(SA_RESTART));
	ASSERT_EQ(0, waiter_start_plain(&waiter, &self->b));
	ASSERT_EQ(0, pthread_kill(waiter.thread, SIGUSR1));
	ASSERT_EQ(0, task_wait_sleeping(waiter.tid));
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 1));
	EXPECT_EQ(0, waiter_join(&waiter));
	EXPECT_EQ(1, exchange_msg(&self->b, &waiter.args)->cookie);
}

/* abi: exchange/steps, exchange/signal */
TEST_F(exchange, signal_after_the_message_was_sent_is_success_and_sends_once)
{
	struct waiter waiter;
	struct args msg;

	ASSERT_EQ(0, catch_signal(SA_RESTART));
	args_msg(&msg, self->a.id, 1);
	args_exchange(&waiter.args);
	waiter.args.exchange.msg_address = (uintptr_t)&msg;
	waiter.args.exchange.timeout_ns = FOR_EVER;
	ASSERT_EQ(0, waiter_start(&waiter, &self->b));
	ASSERT_EQ(0, pthread_kill(waiter.thread, SIGUSR1));
	EXPECT_EQ(0, waiter_join(&waiter));
	EXPECT_EQ(SENT, waiter.args.exchange.return_flags);
	EXPECT_EQ(self->b.pool_size, waiter.args.exchange.msg.offset);
	EXPECT_EQ(0, waiter.args.exchange.msg.msg_size);
	EXPECT_EQ(1, recv_cookie(&self->a));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
}

/* abi: exchange/steps */
TEST_F(exchange, deadline_after_something_was_done_is_success)
{
	struct args args, msg;

	args_msg(&msg, self->a.id, 1);
	EXPECT_EQ(0, exchange(&self->b, &args, &msg, NULL, 0));
	EXPECT_EQ(SENT, args.exchange.return_flags);
	EXPECT_EQ(1, recv_cookie(&self->a));
	args_msg(&msg, self->a.id, 2);
	EXPECT_EQ(0, exchange(&self->b, &args, &msg, NULL, deadline_ms(20)));
	EXPECT_EQ(SENT, args.exchange.return_flags);
	EXPECT_EQ(2, recv_cookie(&self->a));
}

/* abi: exchange/failed-send */
TEST_F(exchange, send_that_fails_frees_nothing_and_takes_nothing)
{
	const struct kdbus_msg *held;
	struct args args, msg;
	__u64 offset;

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	held = msg_next(&self->b);
	ASSERT_NE(NULL, held);
	offset = (const __u8 *)held - self->b.pool;
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 2));

	args_msg(&msg, 9999, 1);
	EXPECT_EQ(-ENXIO, exchange(&self->b, &args, &msg, &offset, FOR_EVER));
	EXPECT_EQ(0, args.exchange.return_flags);
	args_reply(&msg, self->a.id, 1, 77);
	EXPECT_EQ(-EBADSLT, exchange(&self->b, &args, &msg, &offset, FOR_EVER));
	EXPECT_EQ(0, conn_free(&self->b, offset));
	EXPECT_EQ(2, recv_cookie(&self->b));
}

/* abi: exchange/enxio */
TEST_F(exchange, place_that_is_not_there_is_enxio_before_anything_is_done)
{
	struct args args, msg;
	__u64 offset = 8;

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	args_msg(&msg, self->a.id, 1);
	EXPECT_EQ(-ENXIO, exchange(&self->b, &args, &msg, &offset, FOR_EVER));
	EXPECT_EQ(-ENXIO, exchange(&self->b, &args, NULL, &offset, FOR_EVER));
	/* a place that is taken, but was never told */
	offset = 0;
	EXPECT_EQ(-ENXIO, exchange(&self->b, &args, &msg, &offset, FOR_EVER));
	offset = self->b.pool_size + 8;
	EXPECT_EQ(-ENXIO, exchange(&self->b, &args, &msg, &offset, FOR_EVER));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	EXPECT_EQ(1, recv_cookie(&self->b));
}

/* abi: exchange/enxio */
TEST_F(exchange, one_bad_place_among_several_frees_none)
{
	const struct kdbus_msg *held;
	struct args args;
	__u64 offsets[2];

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	held = msg_next(&self->b);
	ASSERT_NE(NULL, held);
	offsets[0] = (const __u8 *)held - self->b.pool;
	offsets[1] = offsets[0] + 8;
	args_exchange(&args);
	args_item(&args, KDBUS_ITEM_FREE, offsets, sizeof(offsets));
	EXPECT_EQ(-ENXIO, command(self->b.fd, KDBUS_CMD_EXCHANGE, &args));
	EXPECT_EQ(0, conn_free(&self->b, offsets[0]));
}

/* abi: exchange/free-alone, exchange/steps, exchange/duplicate-offset */
TEST_F(exchange, frees_several_places_without_sending)
{
	const struct kdbus_msg *held;
	__u64 offsets[3];
	struct args args;
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, send_plain(&self->a, self->b.id, i + 1));
		held = msg_next(&self->b);
		ASSERT_NE(NULL, held);
		offsets[i] = (const __u8 *)held - self->b.pool;
	}
	offsets[2] = offsets[0];
	args_exchange(&args);
	args_item(&args, KDBUS_ITEM_FREE, offsets, sizeof(offsets));
	EXPECT_EQ(0, command(self->b.fd, KDBUS_CMD_EXCHANGE, &args));
	EXPECT_EQ(FREED, args.exchange.return_flags);
	EXPECT_EQ(-ENXIO, conn_free(&self->b, offsets[0]));
	EXPECT_EQ(-ENXIO, conn_free(&self->b, offsets[1]));
}

/* abi: exchange/no-sync, exchange/efault-message */
TEST_F(exchange, message_is_checked_as_by_send)
{
	struct args args, msg;

	args_msg(&msg, self->a.id, 1);
	msg.msg.payload_type = 0;
	EXPECT_EQ(-EINVAL, exchange(&self->b, &args, &msg, NULL, 0));
	args_exchange(&args);
	args.exchange.msg_address = 8;
	EXPECT_EQ(-EFAULT, command(self->b.fd, KDBUS_CMD_EXCHANGE, &args));
	args_exchange(&args);
	args.exchange.msg_address = (uintptr_t)&msg + 4;
	EXPECT_EQ(-EFAULT, command(self->b.fd, KDBUS_CMD_EXCHANGE, &args));
	/* a call does not wait for its reply: that comes as a message */
	args_call(&msg, self->a.id, 5);
	EXPECT_EQ(0, exchange(&self->b, &args, &msg, NULL, 0));
	EXPECT_EQ(SENT, args.exchange.return_flags);
	EXPECT_EQ(5, recv_cookie(&self->a));
	EXPECT_EQ(0, send_reply(&self->a, self->b.id, 6, 5));
	EXPECT_EQ(0, exchange(&self->b, &args, NULL, NULL, 0));
	EXPECT_EQ(5, exchange_msg(&self->b, &args)->cookie_reply);
}

/* abi: exchange/priority */
TEST_F(exchange, with_priority_it_waits_for_urgent_messages_only)
{
	struct waiter waiter;
	struct args msg;

	args_exchange(&waiter.args);
	waiter.args.exchange.flags = KDBUS_EXCHANGE_USE_PRIORITY;
	waiter.args.exchange.priority = -1;
	waiter.args.exchange.timeout_ns = FOR_EVER;
	ASSERT_EQ(0, waiter_start(&waiter, &self->b));
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 1));
	ASSERT_EQ(0, task_wait_sleeping(waiter.tid));
	args_msg(&msg, self->b.id, 2);
	msg.msg.priority = -1;
	EXPECT_EQ(0, msg_send(&self->a, &msg));
	EXPECT_EQ(0, waiter_join(&waiter));
	EXPECT_EQ(2, exchange_msg(&self->b, &waiter.args)->cookie);
	EXPECT_EQ(1, recv_cookie(&self->b));
}

/* abi: exchange/lost */
TEST_F(exchange, loss_ends_the_wait_and_is_told)
{
	struct conn tight;
	struct args args;
	int sent = 0;

	ASSERT_EQ(0, conn_new_pool(&tight, &self->bus, 4096));
	ASSERT_EQ(0, match_all(&tight, 1));
	/* more than fits */
	for (sent = 0; sent < 100; sent++)
		ASSERT_EQ(0, send_broadcast(&self->a, sent + 1));
	EXPECT_EQ(0, exchange(&tight, &args, NULL, NULL, 0));
	EXPECT_EQ(RECEIVED | KDBUS_RECV_RETURN_DROPPED_MSGS, args.exchange.return_flags);
	EXPECT_LT(0, args.exchange.dropped_msgs);
	/* told once */
	EXPECT_EQ(0, exchange(&tight, &args, NULL, NULL, 0));
	EXPECT_EQ(RECEIVED, args.exchange.return_flags);
	EXPECT_EQ(0, args.exchange.dropped_msgs);
	conn_close(&tight);
}

/* abi: exchange/disconnected */
TEST_F(exchange, end_of_the_connection_ends_the_wait)
{
	struct waiter waiter, after_send;
	struct args msg;

	ASSERT_EQ(0, waiter_start_plain(&waiter, &self->b));
	args_msg(&msg, self->a.id, 1);
	args_exchange(&after_send.args);
	after_send.args.exchange.msg_address = (uintptr_t)&msg;
	after_send.args.exchange.timeout_ns = FOR_EVER;
	ASSERT_EQ(0, waiter_start(&after_send, &self->b));
	EXPECT_EQ(0, conn_bye(&self->b));
	EXPECT_EQ(-ECONNRESET, waiter_join(&waiter));
	EXPECT_EQ(0, waiter_join(&after_send));
	EXPECT_EQ(SENT, after_send.args.exchange.return_flags);
}

/* abi: exchange/kinds */
TEST_F(exchange, only_ordinary_connections_have_it)
{
	static const __u64 kinds[] = {
		KDBUS_HELLO_ACTIVATOR, KDBUS_HELLO_POLICY_HOLDER, KDBUS_HELLO_MONITOR,
	};
	struct conn conn;
	struct args args;
	size_t i;

	for (i = 0; i < 3; i++) {
		if (kinds[i] == KDBUS_HELLO_MONITOR) {
			ASSERT_EQ(0, conn_new_flags(&conn, &self->bus, kinds[i]));
		} else {
			ASSERT_EQ(0, conn_new_named(&conn, &self->bus, kinds[i], "com.example"));
		}
		EXPECT_EQ(-EOPNOTSUPP, exchange(&conn, &args, NULL, NULL, 0));
		conn_close(&conn);
	}
}

/* abi: exchange/flags, free-item/size, free-item/empty, free-item/pool-size */
TEST_F(exchange, unknown_flags_and_bad_items_are_einval)
{
	struct args args;
	int bit;

	for (bit = 0; bit < 63; bit++) {
		if (bit == 16 || bit == 17)
			continue;
		args_exchange(&args);
		args.exchange.flags = 1ULL << bit;
		EXPECT_EQ(-EINVAL, command(self->b.fd, KDBUS_CMD_EXCHANGE, &args));
	}
	args_exchange(&args);
	args_cancel_fd(&args, 0);
	EXPECT_EQ(-EINVAL, command(self->b.fd, KDBUS_CMD_EXCHANGE, &args));
	args_exchange(&args);
	args_item(&args, KDBUS_ITEM_FREE, "1234", 4);
	EXPECT_EQ(-EINVAL, command(self->b.fd, KDBUS_CMD_EXCHANGE, &args));
	args_exchange(&args);
	args_u64(&args, KDBUS_ITEM_FREE, self->b.pool_size);
	args_u64(&args, KDBUS_ITEM_FREE, self->b.pool_size);
	EXPECT_EQ(-EINVAL, command(self->b.fd, KDBUS_CMD_EXCHANGE, &args));
	args_exchange(&args);
	args_item(&args, KDBUS_ITEM_FREE, NULL, 0);
	EXPECT_EQ(0, command(self->b.fd, KDBUS_CMD_EXCHANGE, &args));
	EXPECT_EQ(FREED, args.exchange.return_flags);
	EXPECT_EQ(0, exchange(&self->b, &args, NULL, (__u64[]){ self->b.pool_size }, 0));
}

/* abi: exchange/negotiate */
TEST_F(exchange, negotiation_tells_what_is_there_and_does_nothing)
{
	__u64 types[] = { KDBUS_ITEM_FREE, KDBUS_ITEM_DEADLINE, KDBUS_ITEM_LOST };
	struct kdbus_item *item;
	struct args args, msg;

	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	args_msg(&msg, self->a.id, 1);
	args_exchange(&args);
	args.exchange.flags = KDBUS_FLAG_NEGOTIATE;
	args.exchange.msg_address = (uintptr_t)&msg;
	args.exchange.timeout_ns = FOR_EVER;
	item = args_item(&args, KDBUS_ITEM_NEGOTIATE, types, sizeof(types));
	EXPECT_EQ(0, command(self->b.fd, KDBUS_CMD_EXCHANGE, &args));
	EXPECT_EQ(KDBUS_EXCHANGE_USE_PRIORITY | KDBUS_EXCHANGE_SEND_WAIT, args.exchange.flags);
	EXPECT_EQ(KDBUS_ITEM_FREE, item->data64[0]);
	EXPECT_EQ(KDBUS_ITEM_DEADLINE, item->data64[1]);
	EXPECT_EQ(0, item->data64[2]);
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	EXPECT_EQ(1, recv_cookie(&self->b));
}

/* abi: exchange/threads, exchange/wakes-one */
TEST_F(exchange, each_of_several_waiting_threads_gets_one_message)
{
	static struct waiter waiters[8];
	__u64 seen = 0;
	int i;

	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, waiter_start_plain(&waiters[i], &self->b));
	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, send_plain(&self->a, self->b.id, i));
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(0, waiter_join(&waiters[i]));
		seen |= 1ULL << exchange_msg(&self->b, &waiters[i].args)->cookie;
	}
	EXPECT_EQ(0xff, seen);
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* A waiter that is told to go away must not take the wake-up with it. */
/* abi: exchange/wakes-one, exchange/signal */
TEST_F(exchange, message_is_not_lost_when_the_waiter_that_it_woke_is_interrupted)
{
	static struct waiter waiters[2];
	struct args args;
	int round, i, got;

	ASSERT_EQ(0, catch_signal(0));
	for (round = 0; round < 200; round++) {
		for (i = 0; i < 2; i++)
			ASSERT_EQ(0, waiter_start_plain(&waiters[i], &self->b));
		ASSERT_EQ(0, send_plain(&self->a, self->b.id, round));
		ASSERT_EQ(0, pthread_kill(waiters[round % 2].thread, SIGUSR1));
		got = 0;
		/* Both ended, or one still waits: then the message was taken by the other. */
		i = waiter_join(&waiters[round % 2]);
		got += i == 0;
		EXPECT_TRUE(i == 0 || i == -EINTR);
		if (got) {
			ASSERT_EQ(0, send_plain(&self->a, self->b.id, round));
		}
		EXPECT_EQ(0, waiter_join(&waiters[1 - round % 2]));
		EXPECT_EQ(-EAGAIN, exchange(&self->b, &args, NULL, NULL, 0));
		for (i = 0; i < 2; i++) {
			if (waiters[i].ret)
				continue;
			ASSERT_EQ(0, conn_free(&self->b, waiters[i].args.exchange.msg.offset));
		}
	}
}

/* abi: exchange/unwritable */
TEST_F(exchange, results_that_cannot_be_stored_put_the_message_back)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct kdbus_cmd_exchange *cmd;
	__u8 *memory;

	memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, memory);
	/* the results begin in a page that can be written and end in one that cannot */
	cmd = (void *)(memory + page - offsetof(struct kdbus_cmd_exchange, msg));
	memset(cmd, 0, sizeof(*cmd));
	cmd->size = sizeof(*cmd);
	ASSERT_EQ(0, mprotect(memory + page, page, PROT_READ));
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 2));
	EXPECT_EQ(-EFAULT, command(self->b.fd, KDBUS_CMD_EXCHANGE, cmd));
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(2, recv_cookie(&self->b));
	munmap(memory, 2 * page);
}

/* abi: exchange/ioctl-size */
TEST_F(exchange, same_number_with_another_size_is_enotty)
{
	struct args args;

	args_exchange(&args);
	EXPECT_EQ(-ENOTTY, command(self->b.fd, _IOWR(0x95, 0xc0, struct kdbus_cmd), &args));
	EXPECT_EQ(-ENOTTY, command(self->b.fd, _IOWR(0x95, 0xc1, struct kdbus_cmd_exchange), &args));
}

/* Receive a message, keep it: its offset. */
static __u64 hold(struct conn *from, struct conn *to)
{
	const struct kdbus_msg *msg = NULL;

	if (!send_plain(from, to->id, 99))
		msg = msg_next(to);
	return msg ? (__u64)((const __u8 *)msg - to->pool) : ~0ULL;
}

/* abi: free-item/send, free-item/send-failed, free-item/send-enxio */
TEST_F(exchange, send_frees_once_the_message_is_sent)
{
	__u64 offset = hold(&self->a, &self->b), bad = offset + 8;
	struct args args, msg;

	args_msg(&msg, 9999, 1);
	args_send(&args, &msg);
	args_u64(&args, KDBUS_ITEM_FREE, offset);
	EXPECT_EQ(-ENXIO, command(self->b.fd, KDBUS_CMD_SEND, &args));
	args_msg(&msg, self->a.id, 1);
	args_send(&args, &msg);
	args_u64(&args, KDBUS_ITEM_FREE, bad);
	EXPECT_EQ(-ENXIO, command(self->b.fd, KDBUS_CMD_SEND, &args));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	args_send(&args, &msg);
	args_u64(&args, KDBUS_ITEM_FREE, offset);
	EXPECT_EQ(0, command(self->b.fd, KDBUS_CMD_SEND, &args));
	EXPECT_EQ(1, recv_cookie(&self->a));
	EXPECT_EQ(-ENXIO, conn_free(&self->b, offset));
}

/* abi: free-item/send-sync, free-item/send-restart */
TEST_F(exchange, synchronous_send_frees_before_it_waits_and_once)
{
	__u64 offset = hold(&self->b, &self->a);
	struct sync_call call;

	ASSERT_EQ(0, catch_signal(SA_RESTART));
	sync_call_init(&call, &self->a, self->b.id, 1);
	args_u64(&call.cmd, KDBUS_ITEM_FREE, offset);
	ASSERT_EQ(0, sync_call_start(&call));
	ASSERT_EQ(0, conn_wait(&self->b));
	ASSERT_EQ(0, task_wait_sleeping(call.tid));
	EXPECT_EQ(-ENXIO, conn_free(&self->a, offset));
	/* what is there now is somebody else's */
	ASSERT_EQ(offset, hold(&self->b, &self->a));
	ASSERT_EQ(0, pthread_kill(call.thread, SIGUSR1));
	ASSERT_EQ(0, task_wait_sleeping(call.tid));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 2, 1));
	EXPECT_EQ(0, sync_call_join(&call));
	EXPECT_EQ(0, conn_free(&self->a, offset));
}

/* abi: free-item/send-restart */
TEST_F(exchange, interrupted_send_that_comes_back_does_not_mind_that_it_has_freed)
{
	__u64 offset = hold(&self->b, &self->a);
	struct sync_call call;

	ASSERT_EQ(0, catch_signal(SA_RESTART));
	sync_call_init(&call, &self->a, self->b.id, 1);
	args_u64(&call.cmd, KDBUS_ITEM_FREE, offset);
	ASSERT_EQ(0, sync_call_start(&call));
	ASSERT_EQ(1, ({ conn_wait(&self->b); recv_cookie(&self->b); }));
	ASSERT_EQ(0, task_wait_sleeping(call.tid));
	ASSERT_EQ(0, pthread_kill(call.thread, SIGUSR1));
	ASSERT_EQ(0, task_wait_sleeping(call.tid));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 2, 1));
	EXPECT_EQ(0, sync_call_join(&call));
}

/* abi: free-item/recv, free-item/recv-eagain, free-item/recv-enxio */
TEST_F(exchange, recv_frees_when_it_took_a_message)
{
	__u64 offset = hold(&self->a, &self->b);
	struct args args;

	args_recv(&args);
	args_u64(&args, KDBUS_ITEM_FREE, offset);
	EXPECT_EQ(-EAGAIN, command(self->b.fd, KDBUS_CMD_RECV, &args));
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	args_recv(&args);
	args_u64(&args, KDBUS_ITEM_FREE, offset + 8);
	EXPECT_EQ(-ENXIO, command(self->b.fd, KDBUS_CMD_RECV, &args));
	args_recv(&args);
	args_u64(&args, KDBUS_ITEM_FREE, offset);
	EXPECT_EQ(0, command(self->b.fd, KDBUS_CMD_RECV, &args));
	EXPECT_NE(offset, args.recv.msg.offset);
	EXPECT_EQ(-ENXIO, conn_free(&self->b, offset));
	EXPECT_EQ(0, conn_free(&self->b, args.recv.msg.offset));
}

/* abi: free-item/others */
TEST_F(exchange, other_commands_and_messages_take_no_free_item)
{
	struct args args, msg;

	args_cmd(&args);
	args_u64(&args, KDBUS_ITEM_FREE, self->b.pool_size);
	EXPECT_EQ(-EINVAL, command(self->b.fd, KDBUS_CMD_BYEBYE, &args));
	args_free(&args);
	args_u64(&args, KDBUS_ITEM_FREE, self->b.pool_size);
	EXPECT_EQ(-EINVAL, command(self->b.fd, KDBUS_CMD_FREE, &args));
	args_msg(&msg, self->a.id, 1);
	args_u64(&msg, KDBUS_ITEM_FREE, self->b.pool_size);
	EXPECT_EQ(-EINVAL, msg_send(&self->b, &msg));
}

TEST_HARNESS_MAIN
