/* SPDX-License-Identifier: GPL-2.0 */
/* Messages follow their name from one queue to another. */
#ifndef KDBUS_MOVE_H
#define KDBUS_MOVE_H

#include <linux/types.h>

struct kdbus_conn;

void kdbus_move_messages(struct kdbus_conn *from, struct kdbus_conn *to, u64 registration);

#endif
