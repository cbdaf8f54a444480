// SPDX-License-Identifier: LGPL-2.1-or-later
/* RECV and FREE. */
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "fault.h"

static int recv_with(struct world *world, __u64 flags)
{
	world_command(world, B, KDBUS_CMD_RECV);
	args_recv(&world->cmd);
	world->cmd.recv.flags = flags;
	world->cmd.recv.priority = 100;
	return 0;
}

/* Three messages of different priority, with @arg as flags. */
static int recv_setup(struct world *world)
{
	struct args msg;
	unsigned int i;
	int ret;

	ret = world_conns(world, A, 2) ?: world_bytes(world, 100);
	for (i = 0; i < 3 && !ret; i++) {
		args_msg(&msg, world->conn[B].id, i + 1);
		msg.msg.priority = 3 - i;
		args_vec(&msg, world->bytes, 100);
		ret = msg_send(&world->conn[A], &msg);
	}
	return ret ?: recv_with(world, world->scenario->arg);
}

static int files_setup(struct world *world)
{
	int memfd, fds[3], i, ret;
	struct args msg;

	ret = world_conns(world, A, 2);
	memfd = world_keep_fd(world, memfd_new("01234567890", 11, SEALS_ALL));
	for (i = 0; i < 3; i++)
		fds[i] = world_keep_fd(world, eventfd(i, EFD_CLOEXEC));
	if (ret || memfd < 0 || fds[2] < 0)
		return ret ?: -EMFILE;
	args_msg(&msg, world->conn[B].id, 7);
	args_memfd(&msg, memfd, 0, 8);
	args_fds(&msg, fds, 3);
	return msg_send(&world->conn[A], &msg) ?: recv_with(world, world->scenario->arg);
}

/* How many descriptors the table of this process has room for. */
static int table_size(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[128];
	int size = -1;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "FDSize: %d", &size) == 1)
			break;
	if (file)
		fclose(file);
	return size;
}

static int fill_fd, fill_size;

/* The table will be full: it has to grow for the descriptor that comes. */
static int table_setup(struct world *world)
{
	struct args msg;
	int ret;

	ret = world_conns(world, A, 2);
	fill_fd = world_keep_fd(world, eventfd(0, EFD_CLOEXEC));
	if (ret || fill_fd < 0)
		return ret ?: fill_fd;
	args_msg(&msg, world->conn[B].id, 7);
	args_fds(&msg, &fill_fd, 1);
	ret = msg_send(&world->conn[A], &msg) ?: recv_with(world, 0) ?: fd_limit(1 << 16);
	fill_size = table_size();
	return ret ?: fill_size < 0 ? -EIO : 0;
}

/* As long as there is a place nothing has to be allocated for it. */
static int table_act(struct world *world)
{
	int first = -1, last, ret;

	do {
		last = fcntl(fill_fd, F_DUPFD_CLOEXEC, 0);
		if (first < 0)
			first = last;
	} while (last >= 0 && last < fill_size - 1);
	if (last < 0)
		return -errno;
	ret = ioctl(world->fd, world->nr, &world->cmd) < 0 ? -errno : 0;
	while (last >= first)
		close(last--);
	return ret;
}

static void table_show(struct world *world, struct text *text)
{
	if (world->cmd.recv.msg.msg_size)
		show_message(world, text, B, &world->cmd.recv.msg);
}

/* The message is a call; who made it learns that there will be no answer. */
static int drop_call_setup(struct world *world)
{
	return world_conns(world, A, 2) ?:
	       send_call(&world->conn[A], world->conn[B].id, 7) ?:
	       recv_with(world, KDBUS_RECV_DROP);
}

static int drop_sync_call_setup(struct world *world)
{
	int ret = world_conns(world, A, 2);

	sync_call_init(&world->call, &world->conn[A], world->conn[B].id, 7);
	ret = ret ?: sync_call_start(&world->call);
	if (ret)
		return ret;
	world->calling = true;
	return conn_wait(&world->conn[B]) ?: task_wait_sleeping(world->call.tid) ?:
	       recv_with(world, KDBUS_RECV_DROP);
}

/* Signals were lost before. */
static int lost_setup(struct world *world)
{
	unsigned int i;
	int ret;

	ret = world_conns(world, A, 2) ?: match_all(&world->conn[B], 1);
	for (i = 0; i < 3 && !ret; i++)
		ret = send_broadcast(&world->conn[A], i + 1);
	return ret ?: recv_with(world, 0);
}

static int free_setup(struct world *world)
{
	struct kdbus_cmd_recv recv;
	int ret;

	ret = world_conns(world, A, 2) ?: send_bytes(&world->conn[A], world->conn[B].id, 1, 100) ?:
	      msg_recv(&world->conn[B], 0, &recv);
	world_command(world, B, KDBUS_CMD_FREE);
	args_free(&world->cmd);
	world->cmd.free.offset = recv.msg.offset;
	return ret;
}

/* B has received a call of A, has another message waiting, and two places to give back. */
static int served(struct world *world, __u64 *offsets)
{
	struct kdbus_cmd_recv recv;
	unsigned int i;
	int ret;

	ret = world_conns(world, A, 2) ?: send_plain(&world->conn[A], world->conn[B].id, 1) ?:
	      send_call(&world->conn[A], world->conn[B].id, 7) ?:
	      send_plain(&world->conn[A], world->conn[B].id, 2);
	for (i = 0; i < 2 && !ret; i++) {
		ret = msg_recv(&world->conn[B], 0, &recv);
		offsets[i] = recv.msg.offset;
	}
	return ret;
}

static int recv_and_free_setup(struct world *world)
{
	__u64 offsets[2];
	int ret = served(world, offsets);

	recv_with(world, 0);
	args_item(&world->cmd, KDBUS_ITEM_FREE, offsets, sizeof(offsets));
	return ret;
}

/* B answers, gives both back, and receives what waits. */
static int exchange_setup(struct world *world)
{
	__u64 offsets[2];
	int ret = served(world, offsets) ?: world_bytes(world, 70);

	args_reply(&world->msg, world->conn[A].id, 8, 7);
	args_vec(&world->msg, world->bytes, 70);
	world_command(world, B, KDBUS_CMD_EXCHANGE);
	args_exchange(&world->cmd);
	world->cmd.exchange.msg_address = (uintptr_t)&world->msg;
	args_item(&world->cmd, KDBUS_ITEM_FREE, offsets, sizeof(offsets));
	return ret;
}

const struct scenario recv_scenarios[] = {
	{ "recv", "max_queued_messages=3", recv_setup },
	{ "recv-peek", "max_queued_messages=3", recv_setup, NULL, NULL, 0, KDBUS_RECV_PEEK },
	{ "recv-drop", "max_queued_messages=3", recv_setup, NULL, NULL, 0, KDBUS_RECV_DROP },
	{ "recv-priority", "max_queued_messages=3", recv_setup, NULL, NULL, 0,
	  KDBUS_RECV_USE_PRIORITY },
	{ "recv-files", "max_queued_fds=3", files_setup, NULL, NULL, MAY_LACK },
	{ "recv-files-table", NULL, table_setup, table_act, table_show, MAY_LACK },
	{ "recv-peek-files", "max_queued_fds=3", files_setup, NULL, NULL, 0,
	  KDBUS_RECV_PEEK },
	{ "recv-drop-call", "max_calls=1", drop_call_setup, NULL, NULL, MAY_LOSE | MAY_VANISH },
	{ "recv-drop-sync-call", "max_calls=1", drop_sync_call_setup },
	{ "recv-lost", "max_queued_messages=2", lost_setup },
	{ "recv-and-free", NULL, recv_and_free_setup },
	{ "exchange", "max_calls=1,max_queued_messages=3", exchange_setup, NULL, NULL,
	  USES_CALL_UP },
	{ "free", NULL, free_setup, NULL, NULL, NO_POINTS },
	{ }
};
