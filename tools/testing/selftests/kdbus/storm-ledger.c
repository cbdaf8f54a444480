// SPDX-License-Identifier: LGPL-2.1-or-later
/* The world of a storm, and what must be true of it afterwards. */
#include <stdarg.h>
#include "storm.h"

/* largest image that one user may have queued in a pool that holds nothing else */
#define LARGEST_SLICE	((STORM_POOL / 2 / 3) & ~7UL)
/* header and one PAYLOAD_OFF */
#define IMAGE_BASE	(sizeof(struct kdbus_msg) + 32)

static void complain(struct storm *storm, const char *format, ...)
{
	va_list arguments;

	if (storm->complaint[0])
		return;
	va_start(arguments, format);
	vsnprintf(storm->complaint, sizeof(storm->complaint), format, arguments);
	va_end(arguments);
}

static int conn_small(struct conn *conn, const char *path, __u64 flags, const char *name)
{
	struct args args;

	args_hello_default(&args);
	args.hello.pool_size = STORM_POOL;
	args.hello.flags = flags | KDBUS_HELLO_ACCEPT_FD;
	if (name)
		args_str(&args, KDBUS_ITEM_NAME, name);
	return conn_new_args(conn, path, &args);
}

int storm_begin(struct storm *storm)
{
	int ret;

	memset(storm, 0, sizeof(*storm));
	storm->bytes = mmap(NULL, LARGEST_SLICE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (storm->bytes == MAP_FAILED)
		return -errno;
	storm->memfd = memfd_new("some text", 9, SEALS_ALL);
	if (storm->memfd < 0)
		return storm->memfd;
	ret = bus_make(&storm->bus);
	if (ret == 0)
		ret = endpoint_make(&storm->ep, &storm->bus);
	if (ret == 0)
		ret = endpoint_grant(&storm->ep, STORM_NAME, KDBUS_POLICY_OWN);
	if (ret == 0)
		ret = conn_small(&storm->conns[STORM_A], storm->bus.path, 0, NULL);
	if (ret == 0)
		ret = conn_small(&storm->conns[STORM_B], storm->bus.path, 0, NULL);
	if (ret == 0)
		ret = conn_small(&storm->conns[STORM_GUEST], storm->ep.path, 0, NULL);
	if (ret == 0)
		ret = conn_small(&storm->conns[STORM_STARTER], storm->bus.path,
				 KDBUS_HELLO_ACTIVATOR, STORM_NAME);
	if (ret == 0)
		ret = conn_small(&storm->holder, storm->bus.path, KDBUS_HELLO_POLICY_HOLDER,
				 "org.example.storm.policy");
	return ret;
}

void storm_end(struct storm *storm)
{
	unsigned int i;

	conn_close(&storm->holder);
	for (i = 0; i < STORM_CONNS; i++)
		conn_close(&storm->conns[STORM_CONNS - 1 - i]);
	endpoint_close(&storm->ep);
	bus_close(&storm->bus);
	close(storm->memfd);
	munmap(storm->bytes, LARGEST_SLICE);
}

bool storm_allows(const struct storm_command *command, int ret)
{
	unsigned int i;

	if (ret == 0)
		return true;
	for (i = 0; i < 8 && command->allowed[i]; i++)
		if (command->allowed[i] == ret)
			return true;
	return false;
}

static bool in_ledger(const struct ledger *ledger, __u64 cookie)
{
	return cookie > ledger->base && cookie < ledger->base + LEDGER_SIZE;
}

static void count(unsigned char *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* What a message says about itself and about a call. */
static void ledger_enter(struct ledger *ledger, unsigned int self, const struct kdbus_msg *msg)
{
	unsigned int at = msg->cookie - ledger->base;
	bool is_kernel = msg->src_id == KDBUS_SRC_ID_KERNEL;

	if (is_kernel && msg->dst_id == KDBUS_DST_ID_BROADCAST)
		return;
	if (!is_kernel && in_ledger(ledger, msg->cookie))
		count(msg->dst_id == KDBUS_DST_ID_BROADCAST ? &ledger->heard[self][at] :
		      &ledger->received[at]);
	/* shares its place with the time-out of a call */
	if (msg->flags & (KDBUS_MSG_EXPECT_REPLY | KDBUS_MSG_SIGNAL))
		return;
	if (in_ledger(ledger, msg->cookie_reply))
		count(&ledger->ended[msg->cookie_reply - ledger->base]);
}

/*
 * A reply is not entered as accepted: it is the end of its call, and who drops it drops one
 * message, not two.
 */
static void ledger_answer(struct storm *storm, unsigned int self, __u64 dst, __u64 cookie_reply)
{
	unsigned int cookie = __atomic_add_fetch(&storm->ledger.last, 1, __ATOMIC_RELAXED);
	int ret = send_reply(&storm->conns[self], dst, cookie, cookie_reply);

	/* the caller has given up, or has no room, or is gone */
	if (ret && ret != -EBADSLT && ret != -ENOBUFS && ret != -EXFULL && ret != -ENXIO &&
	    ret != -ECONNRESET)
		complain(storm, "a reply was refused with %d", ret);
}

int storm_enter(struct storm *storm, unsigned int self, __u64 offset, bool answer)
{
	struct conn *conn = &storm->conns[self];
	const struct kdbus_msg *msg = (const void *)(conn->pool + offset);

	ledger_enter(&storm->ledger, self, msg);
	if (msg_item(msg, KDBUS_ITEM_FDS))
		close(msg_item(msg, KDBUS_ITEM_FDS)->fds[0]);
	if (msg_item(msg, KDBUS_ITEM_PAYLOAD_MEMFD))
		close(msg_item(msg, KDBUS_ITEM_PAYLOAD_MEMFD)->memfd.fd);
	if (answer && msg->flags & KDBUS_MSG_EXPECT_REPLY)
		ledger_answer(storm, self, msg->src_id, msg->cookie);
	return conn_free(conn, offset);
}

int storm_take(struct storm *storm, unsigned int self, __u64 flags, bool answer)
{
	struct kdbus_cmd_recv recv;
	int ret;

	memset(&recv, 0, sizeof(recv));
	recv.size = sizeof(recv);
	recv.flags = flags;
	recv.priority = INT64_MAX;
	ret = command(storm->conns[self].fd, KDBUS_CMD_RECV, &recv);
	if (ret == 0 || ret == -EAGAIN)
		__atomic_fetch_add(&storm->ledger.lost, recv.dropped_msgs, __ATOMIC_RELAXED);
	return ret ? ret : storm_enter(storm, self, recv.msg.offset, answer);
}

/* Messages that are missing, and calls without an end. */
static unsigned int ledger_missing(const struct ledger *ledger)
{
	unsigned int i, n = 0;

	for (i = 1; i <= ledger->last - ledger->base; i++) {
		n += ledger->accepted[i] && !ledger->received[i];
		n += ledger->calls[i] && !ledger->ended[i];
	}
	return n;
}

/* What no loss explains. */
static void ledger_judge(struct storm *storm)
{
	struct ledger *ledger = &storm->ledger;
	unsigned int i, conn, missing = ledger_missing(ledger);

	for (i = 1; i <= ledger->last - ledger->base; i++) {
		if (ledger->received[i] > 1)
			complain(storm, "message %u was received %u times", i,
				 ledger->received[i]);
		if (ledger->ended[i] > 1)
			complain(storm, "call %u ended %u times", i, ledger->ended[i]);
		for (conn = 0; conn < STORM_CONNS; conn++)
			if (ledger->heard[conn][i] > 1)
				complain(storm, "broadcast %u was received %u times", i,
					 ledger->heard[conn][i]);
	}
	if (missing > ledger->lost + ledger->discarded)
		complain(storm, "%u messages or answers are missing, %u reported as lost",
			 missing, ledger->lost);
}

static void ledger_next_page(struct storm *storm)
{
	struct ledger *ledger = &storm->ledger;
	unsigned int i, last = ledger->last;

	for (i = 1; i <= last - ledger->base; i++) {
		storm->n_messages += ledger->accepted[i];
		storm->n_calls += ledger->calls[i];
	}
	storm->n_lost += ledger->lost;
	memset(ledger, 0, sizeof(*ledger));
	ledger->base = last;
	ledger->last = last;
}

/* A message of the largest size that an empty account allows, to see that it is empty. */
static void check_account(struct storm *storm, unsigned int from, unsigned int to)
{
	struct kdbus_cmd_recv recv;
	struct args msg;
	int ret;

	args_msg(&msg, storm->conns[to].id, 1);
	args_vec(&msg, storm->bytes, LARGEST_SLICE - IMAGE_BASE);
	ret = msg_send(&storm->conns[from], &msg);
	if (ret)
		complain(storm, "the account of connection %u is not empty: %d", to, ret);
	else if (msg_recv(&storm->conns[to], 0, &recv))
		complain(storm, "the probe has not arrived");
	else if (recv.msg.msg_size != LARGEST_SLICE)
		complain(storm, "the probe has %llu bytes", recv.msg.msg_size);
	else
		conn_free(&storm->conns[to], recv.msg.offset);
}

static void restore(struct storm *storm)
{
	unsigned int self, i;

	for (self = 0; self < STORM_CONNS; self++) {
		for (i = 0; i < storm->n_peeked[self] && i < 1024; i++)
			conn_free(&storm->conns[self], storm->peeked[self][i]);
		storm->n_peeked[self] = 0;
		if (self == STORM_STARTER)
			continue;
		name_release(&storm->conns[self], STORM_NAME);
		match_remove(&storm->conns[self], 1);
		match_remove(&storm->conns[self], 2);
		conn_update_recv(&storm->conns[self], 0);
	}
	endpoint_grant(&storm->ep, STORM_NAME, KDBUS_POLICY_OWN);
}

static unsigned int drain(struct storm *storm)
{
	unsigned int self, n = 0;
	int ret;

	for (self = 0; self < STORM_CONNS; self++) {
		while ((ret = storm_take(storm, self, 0, false)) == 0)
			n++;
		if (ret != -EAGAIN)
			complain(storm, "connection %u ends with %d", self, ret);
	}
	return n;
}

/* Receive until nothing is missing that no loss explains, and call @cookie has ended. */
static void drain_until(struct storm *storm, unsigned int cookie)
{
	struct ledger *ledger = &storm->ledger;
	__u64 end = deadline_ms(PATIENCE_MS);
	struct pollfd pfds[STORM_CONNS];
	unsigned int i;

	for (i = 0; i < STORM_CONNS; i++)
		pfds[i] = (struct pollfd) { .fd = storm->conns[i].fd, .events = POLLIN };
	while (!storm->complaint[0] && now_ns() < end) {
		if (drain(storm))
			continue;
		if ((!cookie || ledger->ended[cookie - ledger->base]) &&
		    ledger_missing(ledger) <= ledger->lost + ledger->discarded)
			return;
		if (poll(pfds, STORM_CONNS, 100) < 0)
			complain(storm, "poll: %d", -errno);
	}
	complain(storm, "waited too long: %u missing, %u reported as lost, %u dropped",
		 ledger_missing(ledger), ledger->lost, ledger->discarded);
}

/*
 * The end of a call may have been dropped, or be still to come.  All calls of a
 * connection whose deadline was earlier have ended when this one has, and have been
 * told when the next one has.
 */
static void end_calls(struct storm *storm, unsigned int self, unsigned int peer)
{
	struct ledger *ledger = &storm->ledger;
	unsigned int i, cookie;
	struct args msg;
	int ret;

	for (i = 0; i < 2; i++) {
		cookie = ++ledger->last;
		args_call(&msg, storm->conns[peer].id, cookie);
		msg.msg.timeout_ns = deadline_ms(STORM_CALL_MS);
		ret = msg_send(&storm->conns[self], &msg);
		if (ret) {
			complain(storm, "the last call: %d", ret);
			return;
		}
		ledger->accepted[cookie - ledger->base] = 1;
		ledger->calls[cookie - ledger->base] = 1;
		drain_until(storm, cookie);
	}
}

void storm_settle(struct storm *storm)
{
	/* names go back first, with what waits for them */
	restore(storm);
	drain_until(storm, 0);
	if (storm->ledger.discarded || storm->ledger.lost) {
		end_calls(storm, STORM_A, STORM_B);
		end_calls(storm, STORM_B, STORM_A);
	}
	ledger_judge(storm);
	check_account(storm, STORM_A, STORM_B);
	check_account(storm, STORM_B, STORM_A);
	ledger_next_page(storm);
}

/* Fill a pool with messages that are received and not freed: their bytes. */
static size_t fill_pool(struct storm *storm, unsigned int to)
{
	size_t slice = LARGEST_SLICE, filled = 0;
	struct kdbus_cmd_recv recv;
	struct args msg;
	int ret;

	while (slice > IMAGE_BASE) {
		args_msg(&msg, storm->conns[to].id, 1);
		args_vec(&msg, storm->bytes, slice - IMAGE_BASE);
		ret = msg_send(&storm->conns[STORM_A], &msg);
		if (ret == 0)
			ret = msg_recv(&storm->conns[to], 0, &recv);
		if (ret == 0)
			filled += recv.msg.msg_size;
		else if (ret == -EXFULL)
			slice = slice / 2 & ~7UL;
		else
			complain(storm, "pool %u: %d", to, ret);
		if (ret && ret != -EXFULL)
			break;
	}
	return filled;
}

void storm_check_pools(struct storm *storm)
{
	unsigned int to;
	size_t filled;

	for (to = STORM_A; to <= STORM_B; to++) {
		filled = fill_pool(storm, to);
		/* what may be left over: ends of two areas that are too small for anything */
		if (filled > STORM_POOL || filled + 2 * IMAGE_BASE < STORM_POOL)
			complain(storm, "pool %u took %zu bytes of %lu", to, filled, STORM_POOL);
	}
}
