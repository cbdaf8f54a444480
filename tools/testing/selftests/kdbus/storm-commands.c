// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is done in a storm. */
#include "storm.h"

static unsigned int next_cookie(struct storm *storm)
{
	return __atomic_add_fetch(&storm->ledger.last, 1, __ATOMIC_RELAXED);
}

/* SEND a message that must arrive if it is accepted. */
static int send_entered(struct storm *storm, unsigned int self, struct args *msg)
{
	unsigned int at = msg->msg.cookie - storm->ledger.base;
	bool is_call = msg->msg.flags & KDBUS_MSG_EXPECT_REPLY;
	int ret = msg_send(&storm->conns[self], msg);

	if (ret == 0) {
		storm->ledger.accepted[at] = 1;
		storm->ledger.calls[at] = is_call;
	}
	return ret;
}

static int do_send(struct storm *storm, unsigned int self, unsigned int peer)
{
	struct args msg;

	args_msg(&msg, storm->conns[peer].id, next_cookie(storm));
	args_vec(&msg, storm->bytes, 5000);
	return send_entered(storm, self, &msg);
}

/* A little while only: the receiver may be waiting for this thread. */
static int do_send_wait(struct storm *storm, unsigned int self, unsigned int peer)
{
	struct args args, msg;
	unsigned int cookie = next_cookie(storm);
	int ret;

	args_msg(&msg, storm->conns[peer].id, cookie);
	args_vec(&msg, storm->bytes, 5000);
	args_send(&args, &msg);
	args.send.flags = KDBUS_SEND_WAIT;
	args_u64(&args, KDBUS_ITEM_DEADLINE, deadline_ms(2));
	ret = command(storm->conns[self].fd, KDBUS_CMD_SEND, &args);
	if (ret == 0)
		storm->ledger.accepted[cookie - storm->ledger.base] = 1;
	return ret;
}

static int do_send_self(struct storm *storm, unsigned int self, unsigned int peer)
{
	return do_send(storm, self, self);
}

static int do_send_files(struct storm *storm, unsigned int self, unsigned int peer)
{
	struct args msg;

	args_msg(&msg, storm->conns[peer].id, next_cookie(storm));
	args_memfd(&msg, storm->memfd, 0, 9);
	args_fds(&msg, &storm->memfd, 1);
	return send_entered(storm, self, &msg);
}

static int do_send_name(struct storm *storm, unsigned int self, unsigned int peer)
{
	struct args msg;

	args_msg_name(&msg, STORM_NAME, next_cookie(storm));
	args_vec(&msg, storm->bytes, 100);
	return send_entered(storm, self, &msg);
}

/* May vanish: its activator goes with what nobody has fetched. */
static int do_send_other_name(struct storm *storm, unsigned int self, unsigned int peer)
{
	return send_name(&storm->conns[self], STORM_OTHER_NAME, next_cookie(storm));
}

static int do_guest_sends(struct storm *storm, unsigned int self, unsigned int peer)
{
	return do_send(storm, STORM_GUEST, peer);
}

static int do_guest_sends_name(struct storm *storm, unsigned int self, unsigned int peer)
{
	return do_send_name(storm, STORM_GUEST, peer);
}

static void args_short_call(struct args *msg, __u64 dst, unsigned int cookie)
{
	args_call(msg, dst, cookie);
	msg->msg.timeout_ns = deadline_ms(STORM_CALL_MS);
}

static int do_call(struct storm *storm, unsigned int self, unsigned int peer)
{
	struct args msg;

	args_short_call(&msg, storm->conns[peer].id, next_cookie(storm));
	return send_entered(storm, self, &msg);
}

static int do_call_name(struct storm *storm, unsigned int self, unsigned int peer)
{
	struct args msg;

	args_short_call(&msg, KDBUS_DST_ID_NAME, next_cookie(storm));
	args_str(&msg, KDBUS_ITEM_DST_NAME, STORM_NAME);
	return send_entered(storm, self, &msg);
}

static int sync_call(struct storm *storm, unsigned int self, struct args *msg)
{
	struct kdbus_msg_info reply;
	int ret;

	ret = msg_send_flags(&storm->conns[self], msg, KDBUS_SEND_SYNC_REPLY, &reply);
	return ret ? ret : conn_free(&storm->conns[self], reply.offset);
}

static int do_sync(struct storm *storm, unsigned int self, unsigned int peer)
{
	struct args msg;

	args_short_call(&msg, storm->conns[peer].id, next_cookie(storm));
	return sync_call(storm, self, &msg);
}

static int do_sync_name(struct storm *storm, unsigned int self, unsigned int peer)
{
	struct args msg;

	args_short_call(&msg, KDBUS_DST_ID_NAME, next_cookie(storm));
	args_str(&msg, KDBUS_ITEM_DST_NAME, STORM_NAME);
	return sync_call(storm, self, &msg);
}

static int do_broadcast(struct storm *storm, unsigned int self, unsigned int peer)
{
	return send_broadcast(&storm->conns[self], next_cookie(storm));
}

static int do_signal(struct storm *storm, unsigned int self, unsigned int peer)
{
	return send_signal(&storm->conns[self], storm->conns[peer].id, next_cookie(storm));
}

static int do_recv(struct storm *storm, unsigned int self, unsigned int peer)
{
	return storm_take(storm, self, 0, false);
}

static int do_recv_urgent(struct storm *storm, unsigned int self, unsigned int peer)
{
	return storm_take(storm, self, KDBUS_RECV_USE_PRIORITY, false);
}

static int do_answer(struct storm *storm, unsigned int self, unsigned int peer)
{
	return storm_take(storm, self, 0, true);
}

static int do_starter_receives(struct storm *storm, unsigned int self, unsigned int peer)
{
	return storm_take(storm, STORM_STARTER, 0, false);
}

static int do_peer_answers(struct storm *storm, unsigned int self, unsigned int peer)
{
	return storm_take(storm, peer, 0, true);
}

/* What EXCHANGE has done, or why it has not. */
static int exchange(struct storm *storm, unsigned int self, struct args *args)
{
	const struct kdbus_cmd_exchange *cmd = &args->exchange;
	int ret = command(storm->conns[self].fd, KDBUS_CMD_EXCHANGE, args);

	if (ret)
		return ret;
	if (cmd->return_flags & KDBUS_RECV_RETURN_DROPPED_MSGS)
		__atomic_fetch_add(&storm->ledger.lost, cmd->dropped_msgs, __ATOMIC_RELAXED);
	return cmd->return_flags & KDBUS_EXCHANGE_RETURN_RECEIVED ?
	       storm_enter(storm, self, cmd->msg.offset, true) : 0;
}

static int do_exchange(struct storm *storm, unsigned int self, unsigned int peer)
{
	struct args args, msg;
	unsigned int cookie = next_cookie(storm);
	int ret;

	args_msg(&msg, storm->conns[peer].id, cookie);
	args_exchange(&args);
	args.exchange.msg_address = (uintptr_t)&msg;
	args.exchange.timeout_ns = deadline_ms(1);
	ret = exchange(storm, self, &args);
	if (ret == 0)
		storm->ledger.accepted[cookie - storm->ledger.base] = 1;
	return ret;
}

static int do_exchange_wait(struct storm *storm, unsigned int self, unsigned int peer)
{
	struct args args;

	args_exchange(&args);
	args.exchange.timeout_ns = deadline_ms(2);
	return exchange(storm, self, &args);
}

static int do_drop(struct storm *storm, unsigned int self, unsigned int peer)
{
	struct kdbus_cmd_recv recv;
	int ret = msg_recv(&storm->conns[self], KDBUS_RECV_DROP, &recv);

	if (ret == 0)
		__atomic_fetch_add(&storm->ledger.discarded, 1, __ATOMIC_RELAXED);
	if (ret == 0 || ret == -EAGAIN)
		__atomic_fetch_add(&storm->ledger.lost, recv.dropped_msgs, __ATOMIC_RELAXED);
	return ret;
}

/* Who frees here might free what another thread has just received. */
static int do_peek(struct storm *storm, unsigned int self, unsigned int peer)
{
	struct kdbus_cmd_recv recv;
	unsigned int n;
	int ret = msg_recv(&storm->conns[self], KDBUS_RECV_PEEK, &recv);

	if (ret == 0 || ret == -EAGAIN)
		__atomic_fetch_add(&storm->ledger.lost, recv.dropped_msgs, __ATOMIC_RELAXED);
	if (ret)
		return ret;
	n = __atomic_fetch_add(&storm->n_peeked[self], 1, __ATOMIC_RELAXED);
	if (n < 1024)
		storm->peeked[self][n] = recv.msg.offset;
	return 0;
}

static int do_room(struct storm *storm, unsigned int self, unsigned int peer)
{
	struct kdbus_cmd_room room = {
		.size = sizeof(room), .dst_id = storm->conns[peer].id, .msg_size = 5000,
	};

	return command(storm->conns[self].fd, KDBUS_CMD_ROOM, &room);
}

static int do_list(struct storm *storm, unsigned int self, unsigned int peer)
{
	struct list list;
	int ret = list_get(&list, &storm->conns[self], KDBUS_LIST_UNIQUE | KDBUS_LIST_NAMES |
			   KDBUS_LIST_ACTIVATORS | KDBUS_LIST_QUEUED);

	return ret ? ret : list_done(&list);
}

static int ask(struct storm *storm, unsigned int self, __u64 id, const char *name)
{
	struct conn *conn = &storm->conns[self];
	const struct kdbus_info *info;
	int ret = conn_info(conn, id, name, _KDBUS_ATTACH_ANY, &info);

	return ret ? ret : conn_free(conn, (const __u8 *)info - conn->pool);
}

static int do_info(struct storm *storm, unsigned int self, unsigned int peer)
{
	return ask(storm, self, storm->conns[peer].id, NULL);
}

static int do_info_name(struct storm *storm, unsigned int self, unsigned int peer)
{
	return ask(storm, self, 0, STORM_NAME);
}

static int do_acquire(struct storm *storm, unsigned int self, unsigned int peer)
{
	return name_acquire(&storm->conns[self], STORM_NAME, KDBUS_NAME_QUEUE, NULL);
}

static int do_replace(struct storm *storm, unsigned int self, unsigned int peer)
{
	return name_acquire(&storm->conns[self], STORM_NAME, KDBUS_NAME_REPLACE_EXISTING |
			    KDBUS_NAME_ALLOW_REPLACEMENT, NULL);
}

static int do_release(struct storm *storm, unsigned int self, unsigned int peer)
{
	return name_release(&storm->conns[self], STORM_NAME);
}

static int do_guest_acquires(struct storm *storm, unsigned int self, unsigned int peer)
{
	int ret = name_acquire(&storm->conns[STORM_GUEST], STORM_NAME, 0, NULL);

	return ret ? ret : name_release(&storm->conns[STORM_GUEST], STORM_NAME);
}

static int do_match_add(struct storm *storm, unsigned int self, unsigned int peer)
{
	return match_all(&storm->conns[self], 1);
}

static int do_match_replace(struct storm *storm, unsigned int self, unsigned int peer)
{
	struct args args;

	args_match(&args, 2);
	args.match.flags = KDBUS_MATCH_REPLACE;
	args_str(&args, KDBUS_ITEM_NAME, STORM_NAME);
	return match_add(&storm->conns[self], &args);
}

static int do_match_remove(struct storm *storm, unsigned int self, unsigned int peer)
{
	return match_remove(&storm->conns[self], 1);
}

static int do_update(struct storm *storm, unsigned int self, unsigned int peer)
{
	return conn_update_recv(&storm->conns[self], KDBUS_ATTACH_NAMES | KDBUS_ATTACH_CREDS);
}

static int do_policy(struct storm *storm, unsigned int self, unsigned int peer)
{
	return policy_update(&storm->holder, STORM_NAME ".policy", KDBUS_POLICY_ACCESS_WORLD,
			     self == STORM_A ? KDBUS_POLICY_TALK : KDBUS_POLICY_OWN, 0);
}

static int do_endpoint_policy(struct storm *storm, unsigned int self, unsigned int peer)
{
	int ret = endpoint_grant(&storm->ep, STORM_NAME ".nobody", KDBUS_POLICY_SEE);

	return ret ? ret : endpoint_grant(&storm->ep, STORM_NAME, KDBUS_POLICY_OWN);
}

static int do_activator(struct storm *storm, unsigned int self, unsigned int peer)
{
	struct conn conn;
	int ret;

	ret = conn_new_named(&conn, &storm->bus, KDBUS_HELLO_ACTIVATOR | KDBUS_HELLO_ACCEPT_FD,
			     STORM_OTHER_NAME);
	if (ret)
		return ret;
	conn_close(&conn);
	return 0;
}

static int do_visitor(struct storm *storm, unsigned int self, unsigned int peer)
{
	unsigned int cookie = next_cookie(storm);
	struct conn conn;
	int ret = conn_new_pool(&conn, &storm->bus, 65536);

	if (ret)
		return ret;
	ret = match_all(&conn, 1);
	if (ret == 0)
		ret = send_broadcast(&conn, next_cookie(storm));
	if (ret == 0)
		ret = send_call(&conn, storm->conns[peer].id, cookie);
	conn_close(&conn);
	return ret;
}

static int do_monitor(struct storm *storm, unsigned int self, unsigned int peer)
{
	struct conn conn;
	int ret = conn_new_flags(&conn, &storm->bus, KDBUS_HELLO_MONITOR);

	if (ret)
		return ret;
	recv_all(&conn);
	conn_close(&conn);
	return 0;
}

static int do_endpoint(struct storm *storm, unsigned int self, unsigned int peer)
{
	struct endpoint ep;
	struct conn conn;
	int ret = endpoint_make(&ep, &storm->bus);

	if (ret)
		return ret;
	ret = conn_new_at(&conn, ep.path, 0, 0);
	endpoint_close(&ep);
	if (ret == 0)
		conn_close(&conn);
	return ret;
}

static int do_map(struct storm *storm, unsigned int self, unsigned int peer)
{
	volatile const __u8 *pool;
	unsigned int i, sum = 0;

	pool = mmap(NULL, 65536, PROT_READ, MAP_SHARED, storm->conns[self].fd, 0);
	if (pool == MAP_FAILED)
		return -errno;
	for (i = 0; i < 65536; i += 4096)
		sum += pool[i];
	return munmap((void *)pool, 65536) < 0 ? -errno : 0;
}

static int do_poll(struct storm *storm, unsigned int self, unsigned int peer)
{
	int ret = conn_poll(&storm->conns[self], 0);

	return ret < 0 ? ret : ret & (POLLERR | POLLHUP) ? -EIO : 0;
}

#define FULL	-ENOBUFS, -EXFULL

const struct storm_command storm_commands[] = {
	{ "SEND", do_send, { FULL } },
	{ "SEND to itself", do_send_self, { FULL } },
	{ "SEND and wait for room", do_send_wait, { -ETIMEDOUT } },
	{ "SEND files", do_send_files, { FULL, -EMFILE } },
	{ "SEND to a name", do_send_name, { FULL, -ESRCH } },
	{ "SEND to another name", do_send_other_name, { FULL, -ESRCH, -ECONNRESET } },
	{ "SEND through an endpoint", do_guest_sends, { FULL, -EPERM } },
	{ "SEND through an endpoint to a name", do_guest_sends_name, { FULL, -EPERM, -ESRCH } },
	{ "SEND a call", do_call, { FULL, -EMLINK } },
	{ "SEND a call to a name", do_call_name, { FULL, -EMLINK, -ESRCH } },
	{ "SEND and wait", do_sync, { FULL, -EMLINK, -ETIMEDOUT, -EPIPE } },
	{ "SEND to a name and wait", do_sync_name,
	  { FULL, -EMLINK, -ETIMEDOUT, -EPIPE, -ESRCH } },
	{ "SEND a broadcast", do_broadcast, { 0 } },
	{ "SEND a signal", do_signal, { 0 } },
	{ "RECV", do_recv, { -EAGAIN } },
	{ "RECV by priority", do_recv_urgent, { -EAGAIN } },
	{ "RECV and answer", do_answer, { -EAGAIN } },
	{ "RECV by an activator", do_starter_receives, { -EAGAIN } },
	{ "RECV by the peer and answer", do_peer_answers, { -EAGAIN } },
	{ "EXCHANGE", do_exchange, { FULL } },
	{ "EXCHANGE to wait", do_exchange_wait, { -ETIMEDOUT } },
	{ "RECV and drop", do_drop, { -EAGAIN } },
	{ "RECV and peek", do_peek, { -EAGAIN } },
	{ "ROOM", do_room, { -EAGAIN } },
	{ "LIST", do_list, { -EXFULL } },
	{ "CONN_INFO", do_info, { -EXFULL } },
	{ "CONN_INFO of a name", do_info_name, { -EXFULL, -ESRCH } },
	{ "NAME_ACQUIRE", do_acquire, { 0 } },
	{ "NAME_ACQUIRE to replace", do_replace, { -EEXIST } },
	{ "NAME_RELEASE", do_release, { -ESRCH, -EADDRINUSE } },
	{ "NAME_ACQUIRE through an endpoint", do_guest_acquires,
	  { -EEXIST, -EPERM, -EADDRINUSE, -ESRCH } },
	{ "MATCH_ADD", do_match_add, { -EMFILE } },
	{ "MATCH_ADD to replace", do_match_replace, { -EMFILE } },
	{ "MATCH_REMOVE", do_match_remove, { -EBADSLT } },
	{ "UPDATE", do_update, { 0 } },
	{ "UPDATE of a policy", do_policy, { 0 } },
	{ "ENDPOINT_UPDATE", do_endpoint_policy, { 0 } },
	{ "HELLO of an activator", do_activator, { -EEXIST } },
	{ "HELLO of a visitor", do_visitor, { FULL } },
	{ "HELLO of a monitor", do_monitor, { 0 } },
	{ "ENDPOINT_MAKE", do_endpoint, { 0 } },
	{ "mmap", do_map, { 0 } },
	{ "poll", do_poll, { 0 } },
};

const unsigned int storm_n_commands = sizeof(storm_commands) / sizeof(storm_commands[0]);
