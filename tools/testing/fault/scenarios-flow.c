// SPDX-License-Identifier: LGPL-2.1-or-later
/* Messages that wait for room, and losses that are told where they happened. */
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "fault.h"

/* The flag and both items; what is asked for can be had at once, or is made. */
static int be_patient(struct world *world, __u64 flag, __u64 deadline_ns)
{
	int fd = world_keep_fd(world, eventfd(0, EFD_CLOEXEC));

	world->cmd.cmd.flags |= flag;
	args_u64(&world->cmd, KDBUS_ITEM_DEADLINE, deadline_ns);
	args_cancel_fd(&world->cmd, fd);
	return fd < 0 ? fd : 0;
}

static int send_patiently(struct world *world, unsigned int from, __u64 deadline_ns)
{
	return world_send(world, from, 0) ?: be_patient(world, KDBUS_SEND_WAIT, deadline_ns);
}

static int plain_setup(struct world *world)
{
	int ret = world_conns(world, A, 2) ?: world_bytes(world, 100);

	args_msg(&world->msg, world->conn[B].id, 7);
	args_vec(&world->msg, world->bytes, 100);
	return ret ?: send_patiently(world, A, ~0ULL);
}

/* ---- a queue that is full until the sender sleeps ---- */

enum { OUTSIDE, INSIDE, LOOKING, MADE, END };

/*
 * @state: INSIDE of the command, by the thread @tid; whether the other one is LOOKING at that, and MADE
 *	room: took the message that is in the way
 */
static struct room {
	pthread_t thread;
	struct conn *conn;
	pid_t tid;
	int state;
	int ret;
} room;

static bool is_asleep(pid_t tid)
{
	char path[64], line[512] = "", *state;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	file = fopen(path, "re");
	if (!file)
		return false;
	state = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
	fclose(file);
	return state && state[1] == ' ' && state[2] == 'S';
}

static bool room_goes_on(int from, int to)
{
	return __atomic_compare_exchange_n(&room.state, &from, to, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

static int make_room(void)
{
	const struct kdbus_msg *msg = msg_next(room.conn);

	return msg ? msg_done(room.conn, msg) : -errno;
}

static void *room_main(void *unused)
{
	while (__atomic_load_n(&room.state, __ATOMIC_SEQ_CST) != END) {
		if (room_goes_on(INSIDE, LOOKING)) {
			bool asleep = is_asleep(room.tid);

			if (asleep)
				room.ret = make_room();
			room_goes_on(LOOKING, asleep ? MADE : INSIDE);
		}
		sched_yield();
	}
	return unused;
}

static int full_setup(struct world *world)
{
	int ret = world_conns(world, A, 2) ?:
		  send_plain(&world->conn[A], world->conn[B].id, 1) ?: world_bytes(world, 100);

	args_msg(&world->msg, world->conn[B].id, 7);
	args_vec(&world->msg, world->bytes, 100);
	room = (struct room){ .conn = &world->conn[B], .tid = syscall(SYS_gettid) };
	return ret ?: send_patiently(world, A, ~0ULL) ?:
	       -pthread_create(&room.thread, NULL, room_main, NULL);
}

/* Nothing here needs memory but the command itself. */
static int full_act(struct world *world)
{
	int ret;

	__atomic_store_n(&room.state, INSIDE, __ATOMIC_SEQ_CST);
	ret = ioctl(world->fd, world->nr, &world->cmd) < 0 ? -errno : 0;
	while (!room_goes_on(INSIDE, OUTSIDE) && !room_goes_on(MADE, OUTSIDE))
		sched_yield();
	return ret;
}

static void full_show(struct world *world, struct text *text)
{
	__atomic_store_n(&room.state, END, __ATOMIC_SEQ_CST);
	pthread_join(room.thread, NULL);
	text_add(text, TAG_FIRM, "taken out of the way: %d", room.ret);
}

/* ---- signals ---- */

static int signal_from(struct world *world, __u64 dst_id, __u64 deadline_ns)
{
	int ret = world_bytes(world, 100);

	args_signal(&world->msg, dst_id, 7);
	args_vec(&world->msg, world->bytes, 100);
	return ret ?: send_patiently(world, A, deadline_ns);
}

static int listeners(struct world *world, unsigned int first, unsigned int n)
{
	unsigned int i;
	int ret;

	ret = world_conns(world, first, n);
	for (i = first; i < first + n && !ret; i++)
		ret = match_all(&world->conn[i], 1);
	return ret;
}

static int signal_setup(struct world *world)
{
	return world_conn(world, A) ?: listeners(world, B, 1) ?:
	       signal_from(world, world->conn[B].id, ~0ULL);
}

/* Receivers are waited for one after the other. */
static int broadcast_setup(struct world *world)
{
	return world_conn(world, A) ?: listeners(world, B, world->scenario->arg) ?:
	       signal_from(world, KDBUS_DST_ID_BROADCAST, ~0ULL);
}

/* One of them has no room, and it is too late to wait: he loses it. */
static int late_broadcast_setup(struct world *world)
{
	return world_conn(world, A) ?: listeners(world, B, 3) ?:
	       send_plain(&world->conn[A], world->conn[C].id, 1) ?:
	       signal_from(world, KDBUS_DST_ID_BROADCAST, 1);
}

/* ---- replies ---- */

static int add_reply(struct world *world)
{
	int ret = world_bytes(world, 70);

	args_reply(&world->msg, world->conn[A].id, 8, 7);
	args_vec(&world->msg, world->bytes, 70);
	return ret ?: send_patiently(world, B, ~0ULL);
}

static int reply_setup(struct world *world)
{
	const struct kdbus_msg *msg;
	int ret;

	ret = world_conns(world, A, 2) ?: send_call(&world->conn[A], world->conn[B].id, 7);
	msg = ret ? NULL : msg_next(&world->conn[B]);
	return ret ?: !msg ? -errno : msg_done(&world->conn[B], msg) ?: add_reply(world);
}

static int sync_reply_setup(struct world *world)
{
	return world_conns(world, A, 2) ?: world_call(world, A, B, 7) ?: add_reply(world);
}

/* B answers and receives what waits. */
static int exchange_setup(struct world *world)
{
	int ret = reply_setup(world) ?: send_plain(&world->conn[A], world->conn[B].id, 2);

	world_command(world, B, KDBUS_CMD_EXCHANGE);
	args_exchange(&world->cmd);
	world->cmd.exchange.msg_address = (uintptr_t)&world->msg;
	return ret ?: be_patient(world, KDBUS_EXCHANGE_SEND_WAIT, ~0ULL);
}

/* ---- questions for room ---- */

static int room_setup(struct world *world)
{
	struct kdbus_cmd_room *room = (struct kdbus_cmd_room *)&world->cmd;
	int ret = world_conns(world, A, 2);

	world_command(world, A, KDBUS_CMD_ROOM);
	args_init(&world->cmd, sizeof(*room));
	room->dst_id = world->conn[B].id;
	room->msg_size = 100;
	return ret;
}

static int full_room_setup(struct world *world)
{
	return room_setup(world) ?: send_plain(&world->conn[A], world->conn[B].id, 1);
}

/* That there is none is the answer; later it is told when there is. */
static int full_room_act(struct world *world)
{
	int ret = ioctl(world->fd, world->nr, &world->cmd) < 0 ? -errno : 0;

	return ret == -EAGAIN ? 0 : ret ?: -EPROTO;
}

/* Its queue has been emptied when this is asked. */
static void full_room_show(struct world *world, struct text *text)
{
	struct pollfd pfd = { .fd = world->conn[A].fd, .events = POLLPRI };

	text_add(text, TAG_FIRM, "told of room: %d", poll(&pfd, 1, 0));
}

/* ---- losses in place ---- */

static int in_place(struct world *world, unsigned int i)
{
	struct args args;

	args_hello_default(&args);
	args.hello.flags |= KDBUS_HELLO_LOSS_IN_PLACE;
	return world_conn_args(world, i, &args) ?: match_all(&world->conn[i], 1);
}

/* B has a message, and so no room; @arg signals are lost behind it. */
static int lossy(struct world *world)
{
	unsigned int i;
	int ret;

	ret = world_conn(world, A) ?: in_place(world, B) ?:
	      send_plain(&world->conn[A], world->conn[B].id, 1);
	for (i = 0; i < world->scenario->arg && !ret; i++)
		ret = send_broadcast(&world->conn[A], 10 + i);
	return ret;
}

/* One more is lost, of a signal that somebody else gets. */
static int lose_setup(struct world *world)
{
	int ret = lossy(world) ?: listeners(world, C, 1);

	args_signal(&world->msg, KDBUS_DST_ID_BROADCAST, 7);
	return ret ?: world_send(world, A, 0);
}

/* What is lost is received. */
static int loss_setup(struct world *world)
{
	int ret = lossy(world) ?: send_plain(&world->conn[B], world->conn[A].id, 2);
	const struct kdbus_msg *msg = ret ? NULL : msg_next(&world->conn[B]);

	world_command(world, B, KDBUS_CMD_RECV);
	args_recv(&world->cmd);
	return ret ?: !msg ? -errno : msg_done(&world->conn[B], msg);
}

const struct scenario flow_scenarios[] = {
	{ "wait-send", "max_queued_messages=1", plain_setup },
	{ "wait-send-full", "max_queued_messages=1", full_setup, full_act, full_show },
	{ "wait-signal", "max_queued_messages=1", signal_setup },
	{ "wait-broadcast", "max_queued_messages=1", broadcast_setup, NULL, NULL, MAY_LOSE, 2 },
	{ "wait-broadcast-many", NULL, broadcast_setup, NULL, NULL, MAY_LOSE | LARGE, 17 },
	{ "wait-broadcast-late", "max_queued_messages=1", late_broadcast_setup, NULL, NULL,
	  MAY_LOSE },
	{ "wait-reply", "max_calls=1,max_queued_messages=1", reply_setup, NULL, NULL,
	  USES_CALL_UP },
	{ "wait-reply-sync", "max_calls=1,max_queued_messages=1", sync_reply_setup, NULL, NULL,
	  USES_CALL_UP },
	{ "wait-exchange", "max_calls=1,max_queued_messages=1", exchange_setup, NULL, NULL,
	  USES_CALL_UP },
	{ "room", "max_queued_messages=1", room_setup },
	{ "room-full", "max_queued_messages=1", full_room_setup, full_room_act, full_room_show },
	{ "loss-broadcast", "max_queued_messages=1", lose_setup, NULL, NULL, MAY_LOSE },
	{ "loss-broadcast-again", "max_queued_messages=1", lose_setup, NULL, NULL, MAY_LOSE, 1 },
	{ "loss-recv", "max_queued_messages=1", loss_setup, NULL, NULL, 0, 3 },
	{ }
};
