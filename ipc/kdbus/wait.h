/* SPDX-License-Identifier: GPL-2.0 */
/* Sleeping until something is so, or a time, a file, a signal. */
#ifndef KDBUS_WAIT_H
#define KDBUS_WAIT_H

#include <linux/types.h>
#include <linux/wait.h>

struct file;

int kdbus_wait(wait_queue_head_t *head, bool (*is_over)(const void *arg), const void *arg,
	       struct file *cancel, u64 deadline_ns);

#endif
