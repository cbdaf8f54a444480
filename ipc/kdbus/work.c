// SPDX-License-Identifier: GPL-2.0
/* Where work that nobody waits for is done. */

#include <linux/errno.h>

#include "work.h"

/* Deadlines of calls, and pages of idle pools. */
struct workqueue_struct *kdbus_workqueue;

/**
 * kdbus_work_init() - make the work queue
 *
 * Return: 0 or -ENOMEM.
 */
int kdbus_work_init(void)
{
	kdbus_workqueue = alloc_workqueue("kdbus", WQ_UNBOUND, 0);
	return kdbus_workqueue ? 0 : -ENOMEM;
}

/**
 * kdbus_work_deinit() - destroy it; everybody cancelled his work
 */
void kdbus_work_deinit(void)
{
	destroy_workqueue(kdbus_workqueue);
}
