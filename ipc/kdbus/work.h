/* SPDX-License-Identifier: GPL-2.0 */
/* Where work that nobody waits for is done. */
#ifndef KDBUS_WORK_H
#define KDBUS_WORK_H

#include <linux/workqueue.h>

extern struct workqueue_struct *kdbus_workqueue;

int kdbus_work_init(void);
void kdbus_work_deinit(void);

#endif
