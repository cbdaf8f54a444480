// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * wait.c - sleep until the next message, and wake up with it
 *
 * One system call in place of poll() and RECV. It is split in three because nobody may hold a lock while
 * it sleeps: begin and end look at the connection, the sleep between them does not.
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <time.h>

#include "internal.h"
#include "query.h"
#include "wait.h"

/* How long a client that sends a call waits for what comes next, before it is told that nothing did. */
#define REPLY_NS	20000000ULL

/**
 * kbus_wait_begin() - may the next message be waited for?
 * @conn: the connection
 * @wait: filled on success, for kbus_wait_sleep() and then kbus_wait_end()
 *
 * Only with a slice to give back: a command that did something before it slept does not begin again when a
 * signal was handled, as poll() does not either.
 *
 * Return: 0, -EBUSY if there is a message already, somebody waits, or a message of the bus waits to be
 * sent, -EOPNOTSUPP if poll() has to be used.
 */
int kbus_wait_begin(struct kbus_conn *conn, struct kbus_wait *wait)
{
	if (conn->stashed || conn->is_waiting || conn->backlog)
		return -EBUSY;
	if (conn->no_exchange || !conn->has_unfreed)
		return -EOPNOTSUPP;
	*wait = (struct kbus_wait){ .fd = conn->fd, .unfreed = conn->unfreed };
	conn->has_unfreed = false;
	conn->is_waiting = true;
	return 0;
}

/**
 * kbus_wait_sleep() - wait
 * @wait: begun
 * @deadline_ns: of CLOCK_MONOTONIC, all ones for none
 */
void kbus_wait_sleep(struct kbus_wait *wait, uint64_t deadline_ns)
{
	struct {
		struct kdbus_cmd_exchange exchange;
		struct kbus_free_item free;
	} cmd = {
		.exchange.size = sizeof(cmd),
		.exchange.timeout_ns = deadline_ns,
		.free.size = sizeof(cmd.free),
		.free.type = KDBUS_ITEM_FREE,
		.free.offset = wait->unfreed,
	};

	wait->result = ioctl(wait->fd, KDBUS_CMD_EXCHANGE, &cmd) < 0 ? -errno : 0;
	wait->lost = cmd.exchange.return_flags & KDBUS_RECV_RETURN_DROPPED_MSGS ?
			     cmd.exchange.dropped_msgs : 0;
	wait->has_message = cmd.exchange.return_flags & KDBUS_EXCHANGE_RETURN_RECEIVED;
	wait->offset = cmd.exchange.msg.offset;
	wait->size = cmd.exchange.msg.msg_size;
}

/* What came leaves the queue, and waits here for kbus_conn_recv(). */
static void keep(struct kbus_conn *conn, uint64_t offset, uint64_t size)
{
	conn->stashed = true;
	conn->stash_offset = offset;
	conn->stash_size = size;
}

/**
 * kbus_wait_end() - keep what came for kbus_conn_recv()
 * @conn: the same connection
 * @wait: after the sleep
 *
 * Return: 1 if there is a message, 0 if not, -errno if the kernel did not wait at all.
 */
int kbus_wait_end(struct kbus_conn *conn, const struct kbus_wait *wait)
{
	conn->is_waiting = false;
	if (wait->result < 0) {
		if (wait->result == -ENOTTY || wait->result == -EINVAL)
			conn->no_exchange = true;
		kbus_slice_done(conn, wait->unfreed, 0);
		return wait->result;
	}
	conn->stats.n_lost += wait->lost;
	if (!wait->has_message)
		return 0;
	if (conn->stashed) {
		/* Another thread received at the same time, which no client may do. */
		kbus_free_slice(conn, wait->offset);
		conn->stats.n_lost++;
		return 1;
	}
	keep(conn, wait->offset, wait->size);
	return 1;
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/**
 * kbus_wait_send() - send a call of a client that reads next, and take what comes meanwhile
 * @conn: the connection; nobody else uses it
 * @msg: the call
 *
 * The sleep is short, because only the client knows for how long it wants to wait: who answers at once is
 * heard with this, others as ever. A signal ends the sleep, too, and then @conn->was_interrupted is set.
 *
 * Return: 0, the message was sent, or -errno: it was not, and SEND tells why.
 */
int kbus_wait_send(struct kbus_conn *conn, const struct kdbus_msg *msg)
{
	struct {
		struct kdbus_cmd_exchange exchange;
		struct kbus_free_item free;
	} cmd = {
		.exchange.size = sizeof(cmd.exchange),
		.exchange.msg_address = (uintptr_t)msg,
	};

	if (conn->stashed || conn->is_waiting || conn->backlog || conn->no_exchange)
		return -EBUSY;
	cmd.exchange.size += kbus_free_item_add(conn, &cmd.free);
	/* This clock lags behind by some milliseconds, which is near enough, and costs less. */
	cmd.exchange.timeout_ns = now_ns(CLOCK_MONOTONIC_COARSE) + REPLY_NS;
	if (ioctl(conn->fd, KDBUS_CMD_EXCHANGE, &cmd) < 0) {
		conn->no_exchange = errno == ENOTTY;
		return -errno;
	}
	conn->has_unfreed = false;
	if (cmd.exchange.return_flags & KDBUS_RECV_RETURN_DROPPED_MSGS)
		conn->stats.n_lost += cmd.exchange.dropped_msgs;
	if (cmd.exchange.return_flags & KDBUS_EXCHANGE_RETURN_RECEIVED)
		keep(conn, cmd.exchange.msg.offset, cmd.exchange.msg.msg_size);
	else
		conn->was_interrupted = now_ns(CLOCK_MONOTONIC) < cmd.exchange.timeout_ns;
	return 0;
}
