// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the tests of flow control share. */
#include "flow.h"

int flow_match_signals(struct conn *conn)
{
	struct args args;

	args_match(&args, 1);
	args_u64(&args, KDBUS_ITEM_DST_ID, KDBUS_DST_ID_BROADCAST);
	return match_add(conn, &args);
}

int flow_begin(struct flow *flow)
{
	int ret;

	memset(flow, 0, sizeof(*flow));
	ret = mount_namespace_unshare();
	if (ret == 0)
		ret = domain_mount_options("kdbus", FLOW_OPTIONS, flow->domain);
	if (ret == 0)
		ret = bus_make_in(&flow->bus, flow->domain, KDBUS_MAKE_ACCESS_WORLD);
	if (ret == 0)
		ret = conn_new(&flow->a, &flow->bus);
	if (ret == 0)
		ret = conn_new(&flow->b, &flow->bus);
	if (ret == 0)
		ret = conn_new(&flow->c, &flow->bus);
	return ret ? ret : flow_match_signals(&flow->b);
}

void flow_end(struct flow *flow)
{
	conn_close(&flow->c);
	conn_close(&flow->b);
	conn_close(&flow->a);
	bus_close(&flow->bus);
	domain_umount(flow->domain);
}

void args_send_wait(struct args *args, const struct args *msg)
{
	args_send(args, msg);
	args->send.flags = KDBUS_SEND_WAIT;
}

struct kdbus_item *args_deadline(struct args *args, __u64 deadline_ns)
{
	return args_u64(args, KDBUS_ITEM_DEADLINE, deadline_ns);
}

int send_wait(struct conn *conn, struct args *msg, __u64 deadline_ns)
{
	struct args args;

	args_send_wait(&args, msg);
	if (deadline_ns)
		args_deadline(&args, deadline_ns);
	return command(conn->fd, KDBUS_CMD_SEND, &args);
}

int send_plain_wait(struct conn *conn, __u64 dst_id, __u64 cookie, __u64 deadline_ns)
{
	struct args msg;

	args_msg(&msg, dst_id, cookie);
	return send_wait(conn, &msg, deadline_ns);
}

int flow_fill(struct conn *conn, struct conn *to, __u64 first_cookie)
{
	int n = 0, ret;

	for (;;) {
		ret = send_plain(conn, to->id, first_cookie + n);
		if (ret)
			return ret == -ENOBUFS || ret == -EXFULL ? n : ret;
		n++;
	}
}

void flow_wait_init(struct sync_call *call, struct conn *conn, __u64 dst_id, __u64 cookie)
{
	memset(call, 0, sizeof(*call));
	call->conn = conn;
	args_msg(&call->msg, dst_id, cookie);
	args_send_wait(&call->cmd, &call->msg);
}

int flow_wait_start(struct sync_call *call)
{
	int ret = sync_call_start(call);

	return ret ? ret : task_wait_sleeping(call->tid);
}
