// SPDX-License-Identifier: GPL-2.0
/* ROOM: would a message find room? */

#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>

#include "access.h"
#include "arg.h"
#include "conn.h"
#include "delay.h"
#include "question.h"
#include "room.h"
#include "unicast.h"

const struct kdbus_arg_rules kdbus_room_rules = {
	.size = sizeof(struct kdbus_cmd_room),
	.n_items = 1,
	.items = { { .type = KDBUS_ITEM_NAME } },
};

static int room_pin(struct kdbus_conn *conn, const struct kdbus_arg *arg,
		    struct kdbus_target *target)
{
	const struct kdbus_item *name = kdbus_arg_item(arg, 0);
	u64 id = arg->room->dst_id;
	int ret;

	ret = name ? kdbus_target_pin_name(conn, name->str, id, target) :
		     kdbus_target_pin_id(conn, id, target);
	if (ret)
		return ret;
	kdbus_delay_point();
	if (kdbus_may_talk(conn, current_cred(), target->conn))
		return 0;
	ret = kdbus_target_has_moved(target) ? -ESTALE : -EPERM;
	kdbus_target_unpin(target);
	return ret;
}

static int room_ask(struct kdbus_conn *conn, const struct kdbus_arg *arg,
		    struct kdbus_question *question)
{
	struct kdbus_target target;
	int ret;

	ret = room_pin(conn, arg, &target);
	if (ret)
		return ret;
	ret = -ECONNRESET;
	/* Or it would be asked after the asker has gone. */
	if (kdbus_conn_enter(conn)) {
		mutex_lock(&question->lock);
		/* Another thread may have asked meanwhile. */
		kdbus_question_end(question);
		ret = kdbus_question_ask(question, target.conn, target.name,
					 arg->room->msg_size, arg->room->n_fds);
		mutex_unlock(&question->lock);
		kdbus_conn_leave(conn);
	}
	kdbus_target_unpin(&target);
	return ret;
}

/**
 * kdbus_cmd_room() - KDBUS_CMD_ROOM
 * @conn: who asks; ordinary
 * @arg: imported
 *
 * Return: 0; -EAGAIN if there is no room; -EINVAL; what finding a destination of SEND returns,
 *         -EPERM, and what kdbus_question_ask() returns; -ENOMEM.
 */
int kdbus_cmd_room(struct kdbus_conn *conn, struct kdbus_arg *arg)
{
	struct kdbus_question *question;
	int ret;

	if (!arg->room->msg_size)
		return -EINVAL;
	if (!kdbus_arg_item(arg, 0) && arg->room->dst_id == KDBUS_DST_ID_NAME)
		return -EINVAL;
	question = kdbus_question_of(conn);
	if (!question)
		return -ENOMEM;
	mutex_lock(&question->lock);
	kdbus_question_end(question);
	mutex_unlock(&question->lock);
	do {
		ret = room_ask(conn, arg, question);
	} while (ret == -ESTALE && !fatal_signal_pending(current));
	return ret;
}
