/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commands of io_uring, in the shape of the newest kernel.
 *
 * The thresholds lie in gaps between kernels that were tried; see compat.h.
 */
#ifndef KDBUS_COMPAT_URING_H
#define KDBUS_COMPAT_URING_H

#include <linux/io_uring.h>
#include <linux/types.h>
#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#include <linux/io_uring/cmd.h>
#endif

/**
 * struct kdbus_uring_payload - the bytes of a submission that belong to the command
 * @address: the argument, as ioctl() takes it
 * @reserved: 0
 */
struct kdbus_uring_payload {
	__u64 address;
	__u64 reserved;
};

/* The submitter can change it at any time. */
static inline struct kdbus_uring_payload kdbus_uring_payload(struct io_uring_cmd *cmd)
{
	const struct kdbus_uring_payload *payload;

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	payload = cmd->cmd;
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
	payload = io_uring_sqe_cmd(cmd->sqe);
#else
	payload = io_uring_sqe_cmd(cmd->sqe, struct kdbus_uring_payload);
#endif
	return (struct kdbus_uring_payload){
		.address = READ_ONCE(payload->address),
		.reserved = READ_ONCE(payload->reserved),
	};
}

static inline void kdbus_uring_done(struct io_uring_cmd *cmd, int ret, unsigned int issue_flags)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
	io_uring_cmd_done(cmd, ret, 0, issue_flags);
#else
	io_uring_cmd_done(cmd, ret, issue_flags);
#endif
}

#ifndef IORING_URING_CMD_MASK
#define IORING_URING_CMD_MASK IORING_URING_CMD_FIXED
#endif

/* Without this a command that waits would keep its ring from going. */
#ifdef IORING_URING_CMD_CANCELABLE
#define KDBUS_URING_CAN_CANCEL true
#else
#define KDBUS_URING_CAN_CANCEL false
#define IO_URING_F_CANCEL 0

static inline void io_uring_cmd_mark_cancelable(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
}
#endif

/*
 * DEFINE_KDBUS_URING_TASK_WORK - a function that io_uring_cmd_complete_in_task() takes
 *
 * @run is called with the command and the flags for kdbus_uring_done().
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
#define DEFINE_KDBUS_URING_TASK_WORK(name, run)						\
static void name(struct io_uring_cmd *cmd, unsigned int issue_flags)			\
{											\
	run(cmd, issue_flags);								\
}
#else
#define DEFINE_KDBUS_URING_TASK_WORK(name, run)						\
static void name(struct io_tw_req tw_req, io_tw_token_t tw)				\
{											\
	run(io_uring_cmd_from_tw(tw_req), IO_URING_CMD_TASK_WORK_ISSUE_FLAGS);		\
}
#endif

#endif
