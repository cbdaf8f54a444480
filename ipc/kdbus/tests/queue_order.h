/* SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later */
/* The order of a queue, said plainly: what its tests and its fuzzer compare with */
#ifndef KDBUS_QUEUE_ORDER_H
#define KDBUS_QUEUE_ORDER_H

#include "../queue.h"

static inline bool is_before(const struct kdbus_queue_node *a, const struct kdbus_queue_node *b)
{
	if (a->stamp != b->stamp)
		return a->stamp < b->stamp;
	if (!a->stage != !b->stage)
		return a->stage;
	return a->sender < b->sender;
}

static inline bool is_more_urgent(const struct kdbus_queue_node *a,
				  const struct kdbus_queue_node *b)
{
	return a->priority < b->priority || (a->priority == b->priority && is_before(a, b));
}

#endif
