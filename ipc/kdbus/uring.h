/* SPDX-License-Identifier: GPL-2.0 */
/* Commands through io_uring. */
#ifndef KDBUS_URING_H
#define KDBUS_URING_H

#include <linux/errno.h>

struct io_uring_cmd;
struct kdbus_conn;

#ifdef CONFIG_IO_URING
int kdbus_uring_cmd(struct kdbus_conn *conn, struct io_uring_cmd *cmd, unsigned int issue_flags);
#else
static inline int kdbus_uring_cmd(struct kdbus_conn *conn, struct io_uring_cmd *cmd,
				  unsigned int issue_flags)
{
	return -EOPNOTSUPP;
}
#endif

#endif
