// SPDX-License-Identifier: GPL-2.0
/* An open node: its role, and the table of commands. */

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "arg.h"
#include "bus.h"
#include "compat-uring.h"
#include "conn.h"
#include "domain.h"
#include "endpoint.h"
#include "exchange.h"
#include "handle.h"
#include "hello.h"
#include "info.h"
#include "leave.h"
#include "list.h"
#include "node.h"
#include "pool.h"
#include "question.h"
#include "recv.h"
#include "registry.h"
#include "room.h"
#include "send.h"
#include "update.h"
#include "uring.h"

/**
 * enum handle_role - what an open node has become
 * @HANDLE_UNSET: nothing yet
 * @HANDLE_BUS: owner of a bus
 * @HANDLE_ENDPOINT: owner of a custom endpoint
 * @HANDLE_CONN: a connection
 */
enum handle_role {
	HANDLE_UNSET,
	HANDLE_BUS,
	HANDLE_ENDPOINT,
	HANDLE_CONN,
};

/**
 * struct kdbus_handle - an open node
 * @node: what was opened; pinned
 * @setup: one set-up command at a time
 * @role: written once, under @setup, after the pointer that goes with it
 * @bus: of a bus owner; pinned
 * @ep: of an endpoint owner; pinned
 * @conn: of a connection; pinned
 */
struct kdbus_handle {
	struct kdbus_node *node;
	struct mutex setup;	/* choice of the role */
	enum handle_role role;
	union {
		struct kdbus_bus *bus;
		struct kdbus_ep *ep;
		struct kdbus_conn *conn;
	};
};

/**
 * struct handle_command - a command of a connection
 * @number: ioctl number, all 32 bits of it
 * @refused: HELLO flags of connections that are refused before the argument is looked at
 * @rules: what the argument may look like
 * @run: does it; not called while negotiating, unless @negotiates
 * @negotiates: @run has more to negotiate
 */
struct handle_command {
	unsigned int number;
	u64 refused;
	const struct kdbus_arg_rules *rules;
	int (*run)(struct kdbus_conn *conn, struct kdbus_arg *arg);
	bool negotiates;
};

/* The most frequent ones first: the table is searched. */
static const struct handle_command handle_commands[] = {
	{
		.number = KDBUS_CMD_SEND,
		.refused = KDBUS_HELLO_KINDS,
		.rules = &kdbus_send_rules,
		.run = kdbus_cmd_send,
		.negotiates = true,
	}, {
		.number = KDBUS_CMD_EXCHANGE,
		.refused = KDBUS_HELLO_KINDS,
		.rules = &kdbus_exchange_rules,
		.run = kdbus_cmd_exchange,
		.negotiates = true,
	}, {
		.number = KDBUS_CMD_RECV,
		.refused = KDBUS_HELLO_POLICY_HOLDER,
		.rules = &kdbus_recv_rules,
		.run = kdbus_cmd_recv,
	}, {
		.number = KDBUS_CMD_FREE,
		.refused = KDBUS_HELLO_POLICY_HOLDER,
		.rules = &kdbus_free_rules,
		.run = kdbus_cmd_free,
	}, {
		.number = KDBUS_CMD_UPDATE,
		.rules = &kdbus_update_rules,
		.run = kdbus_cmd_update,
	}, {
		.number = KDBUS_CMD_BYEBYE,
		.refused = KDBUS_HELLO_KINDS,
		.rules = &kdbus_byebye_rules,
		.run = kdbus_cmd_byebye,
	}, {
		.number = KDBUS_CMD_CONN_INFO,
		.rules = &kdbus_conn_info_rules,
		.run = kdbus_cmd_conn_info,
	}, {
		.number = KDBUS_CMD_BUS_CREATOR_INFO,
		.rules = &kdbus_creator_info_rules,
		.run = kdbus_cmd_creator_info,
	}, {
		.number = KDBUS_CMD_LIST,
		.rules = &kdbus_list_rules,
		.run = kdbus_cmd_list,
	}, {
		.number = KDBUS_CMD_NAME_ACQUIRE,
		.refused = KDBUS_HELLO_KINDS,
		.rules = &kdbus_name_acquire_rules,
		.run = kdbus_cmd_name_acquire,
	}, {
		.number = KDBUS_CMD_NAME_RELEASE,
		.refused = KDBUS_HELLO_KINDS,
		.rules = &kdbus_name_release_rules,
		.run = kdbus_cmd_name_release,
	}, {
		.number = KDBUS_CMD_MATCH_ADD,
		.refused = KDBUS_HELLO_KINDS,
		.rules = &kdbus_match_add_rules,
		.run = kdbus_cmd_match_add,
	}, {
		.number = KDBUS_CMD_MATCH_REMOVE,
		.refused = KDBUS_HELLO_KINDS,
		.rules = &kdbus_match_remove_rules,
		.run = kdbus_cmd_match_remove,
	}, {
		.number = KDBUS_CMD_ROOM,
		.refused = KDBUS_HELLO_KINDS,
		.rules = &kdbus_room_rules,
		.run = kdbus_cmd_room,
	},
};

static enum handle_role handle_role(const struct kdbus_handle *handle)
{
	/* Pairs with handle_set_role(): then the pointer can be used. */
	return smp_load_acquire(&handle->role);
}

static void handle_set_role(struct kdbus_handle *handle, enum handle_role role)
{
	/* Pairs with handle_role(). */
	smp_store_release(&handle->role, role);
}

static int handle_open(struct inode *inode, struct file *file)
{
	struct kdbus_node *node = inode->i_private;
	struct kdbus_handle *handle;

	if (node->type == KDBUS_NODE_ENDPOINT && kdbus_ep_is_dead(kdbus_ep_of_node(node)))
		return -ESHUTDOWN;
	handle = kzalloc(sizeof(*handle), GFP_KERNEL_ACCOUNT);
	if (!handle)
		return -ENOMEM;
	handle->node = kdbus_node_get(node);
	mutex_init(&handle->setup);
	file->private_data = handle;
	return 0;
}

static int handle_release(struct inode *inode, struct file *file)
{
	struct kdbus_handle *handle = file->private_data;

	switch (handle->role) {
	case HANDLE_BUS:
		kdbus_bus_shutdown(handle->bus);
		kdbus_node_put(&handle->bus->node);
		break;
	case HANDLE_ENDPOINT:
		kdbus_ep_shutdown(handle->ep);
		kdbus_node_put(&handle->ep->node);
		break;
	case HANDLE_CONN:
		kdbus_leave(handle->conn);
		kdbus_conn_put(handle->conn);
		break;
	case HANDLE_UNSET:
		break;
	}
	kdbus_node_put(handle->node);
	kfree(handle);
	return 0;
}

static int handle_bus_make(struct kdbus_handle *handle, struct kdbus_arg *arg, void __user *user)
{
	int ret;

	ret = kdbus_arg_import(arg, user, &kdbus_bus_make_rules);
	if (ret || arg->negotiate)
		return ret;
	ret = kdbus_bus_make(handle->node->domain, arg, &handle->bus);
	if (!ret)
		handle_set_role(handle, HANDLE_BUS);
	return ret;
}

static int handle_endpoint_make(struct kdbus_handle *handle, struct file *file,
				struct kdbus_arg *arg, void __user *user)
{
	struct kdbus_ep *ep = kdbus_ep_of_node(handle->node);
	int ret;

	if (kdbus_ep_is_dead(ep))
		return -ESHUTDOWN;
	if (!kdbus_ep_is_owner(ep, file))
		return -EPERM;
	ret = kdbus_arg_import(arg, user, &kdbus_endpoint_make_rules);
	if (ret || arg->negotiate)
		return ret;
	ret = kdbus_ep_make(ep, arg, &handle->ep);
	if (!ret)
		handle_set_role(handle, HANDLE_ENDPOINT);
	return ret;
}

static int handle_hello(struct kdbus_handle *handle, struct file *file,
			struct kdbus_arg *arg, void __user *user)
{
	struct kdbus_ep *ep = kdbus_ep_of_node(handle->node);
	struct kdbus_conn *conn;
	int ret;

	if (kdbus_ep_is_dead(ep))
		return -ESHUTDOWN;
	ret = kdbus_arg_import(arg, user, &kdbus_hello_rules);
	if (ret || arg->negotiate)
		return ret;
	ret = kdbus_hello(ep, file, arg, &conn);
	if (!ret) {
		handle->conn = conn;
		handle_set_role(handle, HANDLE_CONN);
	}
	return ret;
}

/* Commands that give an open node its role, once. */
static noinline int handle_setup(struct kdbus_handle *handle, struct file *file,
				 unsigned int number, void __user *user)
{
	bool is_control = handle->node->type == KDBUS_NODE_CONTROL;
	bool makes_bus = number == KDBUS_CMD_BUS_MAKE;
	struct kdbus_arg arg __uninitialized;
	int ret;

	arg.data = arg.inline_data;
	/* Its holder may wait for memory of his own process, and that is not always ours. */
	if (mutex_lock_interruptible(&handle->setup))
		return -ERESTARTSYS;
	if (handle->role != HANDLE_UNSET || is_control != makes_bus)
		ret = -EBADFD;
	else if (makes_bus)
		ret = handle_bus_make(handle, &arg, user);
	else if (number == KDBUS_CMD_ENDPOINT_MAKE)
		ret = handle_endpoint_make(handle, file, &arg, user);
	else
		ret = handle_hello(handle, file, &arg, user);
	mutex_unlock(&handle->setup);
	kdbus_arg_release(&arg);
	return ret;
}

static noinline int handle_endpoint_update(struct kdbus_handle *handle, void __user *user)
{
	struct kdbus_arg arg;
	int ret;

	ret = kdbus_arg_import(&arg, user, &kdbus_endpoint_update_rules);
	if (!ret && !arg.negotiate)
		ret = kdbus_ep_update(handle->ep, &arg);
	kdbus_arg_release(&arg);
	return ret;
}

static __always_inline int handle_run(struct kdbus_conn *conn,
				      const struct handle_command *command, void __user *user)
{
	u64 __user *return_flags = user + offsetof(struct kdbus_cmd, return_flags);
	struct kdbus_arg arg __uninitialized;
	int ret;

	if (conn->flags & command->refused)
		return -EOPNOTSUPP;
	ret = kdbus_arg_import(&arg, user, command->rules);
	if (!ret && (!arg.negotiate || command->negotiates)) {
		ret = command->run(conn, &arg);
		/* It was cleared in the beginning. */
		if (!ret && arg.cmd->return_flags &&
		    put_user(arg.cmd->return_flags, return_flags))
			ret = -EFAULT;
	}
	kdbus_arg_release(&arg);
	return ret;
}

static const struct handle_command *handle_find_command(unsigned int number)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(handle_commands); i++)
		if (handle_commands[i].number == number)
			return &handle_commands[i];
	return NULL;
}

static int handle_other_role(struct kdbus_handle *handle, enum handle_role role,
			     unsigned int number, void __user *user)
{
	if (role == HANDLE_ENDPOINT) {
		if (kdbus_ep_is_dead(handle->ep))
			return -ESHUTDOWN;
		if (number == KDBUS_CMD_ENDPOINT_UPDATE)
			return handle_endpoint_update(handle, user);
	}
	return -EBADFD;
}

/* What is no command of a connection, or comes from something else. */
static long handle_other(struct kdbus_handle *handle, struct file *file,
			 enum handle_role role, unsigned int number, void __user *user)
{
	switch (number) {
	case KDBUS_CMD_BUS_MAKE:
	case KDBUS_CMD_ENDPOINT_MAKE:
	case KDBUS_CMD_HELLO:
		return handle_setup(handle, file, number, user);
	case KDBUS_CMD_ENDPOINT_UPDATE:
		break;
	default:
		if (!handle_find_command(number))
			return -ENOTTY;
	}
	if (role != HANDLE_CONN)
		return handle_other_role(handle, role, number, user);
	return kdbus_conn_is_active(handle->conn) ? -EBADFD : -ECONNRESET;
}

static long handle_ioctl(struct file *file, unsigned int number, unsigned long address)
{
	struct kdbus_handle *handle = file->private_data;
	enum handle_role role = handle_role(handle);
	void __user *user = (void __user *)address;
	const struct handle_command *command;

	command = role == HANDLE_CONN ? handle_find_command(number) : NULL;
	if (unlikely(!command))
		return handle_other(handle, file, role, number, user);
	if (!kdbus_conn_is_active(handle->conn))
		return -ECONNRESET;
	return handle_run(handle->conn, command, user);
}

static int handle_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct kdbus_handle *handle = cmd->file->private_data;
	bool is_conn = handle_role(handle) == HANDLE_CONN;

	return kdbus_uring_cmd(is_conn ? handle->conn : NULL, cmd, issue_flags);
}

static __poll_t handle_poll(struct file *file, poll_table *table)
{
	struct kdbus_handle *handle = file->private_data;
	__poll_t mask = EPOLLOUT | EPOLLWRNORM;
	struct kdbus_question *question;
	struct kdbus_conn *conn;

	if (handle_role(handle) != HANDLE_CONN)
		return EPOLLERR | EPOLLHUP;
	conn = handle->conn;
	poll_wait(file, &conn->wait, table);
	if (!kdbus_conn_is_active(conn))
		return EPOLLERR | EPOLLHUP;
	/* A message that comes after this wakes us; pairs with kdbus_conn_wake(). */
	if (!kdbus_queue_is_empty(&conn->queue) || READ_ONCE(conn->lost))
		mask |= EPOLLIN | EPOLLRDNORM;
	/* Pairs with the exchange in kdbus_question_of(). */
	question = smp_load_acquire(&conn->question);
	if (question && READ_ONCE(question->answered))
		mask |= EPOLLPRI;
	return mask;
}

static int handle_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct kdbus_handle *handle = file->private_data;

	if (handle_role(handle) != HANDLE_CONN)
		return -EBADFD;
	return kdbus_pool_mmap(handle->conn->pool, vma);
}

const struct file_operations kdbus_handle_fops = {
	.owner = THIS_MODULE,
	.open = handle_open,
	.release = handle_release,
	.llseek = noop_llseek,
	.unlocked_ioctl = handle_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.uring_cmd = handle_uring_cmd,
	.poll = handle_poll,
	.mmap = handle_mmap,
};
