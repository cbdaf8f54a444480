// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sending, receiving, synchronous calls. */
#include <sched.h>
#include <sys/syscall.h>
#include "common.h"

int msg_send_flags(struct conn *conn, struct args *msg, __u64 flags, struct kdbus_msg_info *reply)
{
	struct kdbus_cmd_send cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.msg_address = (uintptr_t)msg,
	};
	int ret = command(conn->fd, KDBUS_CMD_SEND, &cmd);

	if (reply)
		*reply = cmd.reply;
	return ret;
}

int msg_send(struct conn *conn, struct args *msg)
{
	return msg_send_flags(conn, msg, 0, NULL);
}

int send_plain(struct conn *conn, __u64 dst_id, __u64 cookie)
{
	struct args msg;

	args_msg(&msg, dst_id, cookie);
	return msg_send(conn, &msg);
}

int send_name(struct conn *conn, const char *name, __u64 cookie)
{
	struct args msg;

	args_msg_name(&msg, name, cookie);
	return msg_send(conn, &msg);
}

int send_call(struct conn *conn, __u64 dst_id, __u64 cookie)
{
	struct args msg;

	args_call(&msg, dst_id, cookie);
	return msg_send(conn, &msg);
}

int send_reply(struct conn *conn, __u64 dst_id, __u64 cookie, __u64 cookie_reply)
{
	struct args msg;

	args_reply(&msg, dst_id, cookie, cookie_reply);
	return msg_send(conn, &msg);
}

int send_broadcast(struct conn *conn, __u64 cookie)
{
	struct args msg;

	args_signal(&msg, KDBUS_DST_ID_BROADCAST, cookie);
	return msg_send(conn, &msg);
}

int send_bytes(struct conn *conn, __u64 dst_id, __u64 cookie, size_t size)
{
	struct args msg;
	void *bytes;
	int ret;

	bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	args_msg(&msg, dst_id, cookie);
	args_vec(&msg, bytes, size);
	ret = msg_send(conn, &msg);
	munmap(bytes, size);
	return ret;
}

int send_sync(struct conn *conn, __u64 dst_id, __u64 cookie)
{
	struct kdbus_msg_info reply;
	struct args msg;
	int ret;

	args_call(&msg, dst_id, cookie);
	ret = msg_send_flags(conn, &msg, KDBUS_SEND_SYNC_REPLY, &reply);
	return ret ? ret : conn_free(conn, reply.offset);
}

int msg_recv(struct conn *conn, __u64 flags, struct kdbus_cmd_recv *recv)
{
	memset(recv, 0, sizeof(*recv));
	recv->size = sizeof(*recv);
	recv->flags = flags;
	return command(conn->fd, KDBUS_CMD_RECV, recv);
}

const struct kdbus_msg *msg_next(struct conn *conn)
{
	struct kdbus_cmd_recv recv;
	int ret = msg_recv(conn, 0, &recv);

	if (ret) {
		errno = -ret;
		return NULL;
	}
	return (const void *)(conn->pool + recv.msg.offset);
}

int msg_done(struct conn *conn, const struct kdbus_msg *msg)
{
	return conn_free(conn, (const __u8 *)msg - conn->pool);
}

__s64 recv_cookie(struct conn *conn)
{
	struct kdbus_cmd_recv recv;
	__s64 cookie;
	int ret;

	ret = msg_recv(conn, 0, &recv);
	if (ret)
		return ret;
	cookie = ((const struct kdbus_msg *)(conn->pool + recv.msg.offset))->cookie;
	ret = conn_free(conn, recv.msg.offset);
	return ret ? ret : cookie;
}

int recv_all(struct conn *conn)
{
	int n = 0;

	while (recv_cookie(conn) >= 0)
		n++;
	return n;
}

void sync_call_init(struct sync_call *call, struct conn *conn, __u64 dst_id, __u64 cookie)
{
	memset(call, 0, sizeof(*call));
	call->conn = conn;
	args_call(&call->msg, dst_id, cookie);
	args_send(&call->cmd, &call->msg);
	call->cmd.send.flags = KDBUS_SEND_SYNC_REPLY;
}

static void *sync_call_run(void *data)
{
	struct sync_call *call = data;

	__atomic_store_n(&call->tid, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
	call->ret = command(call->conn->fd, KDBUS_CMD_SEND, &call->cmd);
	return NULL;
}

int sync_call_start(struct sync_call *call)
{
	int ret;

	call->tid = 0;
	ret = pthread_create(&call->thread, NULL, sync_call_run, call);
	if (ret)
		return -ret;
	while (!__atomic_load_n(&call->tid, __ATOMIC_ACQUIRE))
		sched_yield();
	return 0;
}

int sync_call_join(struct sync_call *call)
{
	int ret = pthread_join(call->thread, NULL);

	return ret ? -ret : call->ret;
}

const struct kdbus_msg *sync_call_reply(const struct sync_call *call)
{
	return (const void *)(call->conn->pool + call->cmd.send.reply.offset);
}

/*
 * Looks at the state in /proc until it is S: a thread that was seen to start its
 * ioctl has then gone as far as it goes by itself.
 */
int task_wait_sleeping(pid_t tid)
{
	__u64 end = deadline_ms(PATIENCE_MS);
	char path[64], line[512], *state;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", getpid(), tid);
	do {
		file = fopen(path, "re");
		if (!file)
			return -errno;
		state = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
		fclose(file);
		if (state && state[1] == ' ' && state[2] == 'S')
			return 0;
		sched_yield();
	} while (now_ns() < end);
	return -ETIME;
}
