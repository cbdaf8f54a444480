/* SPDX-License-Identifier: GPL-2.0 */
/* One message gets the same place in several queues. */
#ifndef KDBUS_TICKET_H
#define KDBUS_TICKET_H

#include <linux/types.h>

struct kdbus_clock;
struct kdbus_conn;
struct kdbus_entry;
struct kdbus_receivers;

/**
 * struct kdbus_ticket - what the copies of one message share
 * @is_final: @stamp is; stored with release, loaded with acquire
 * @stamp: the largest proposal so far, then the place in all queues
 * @seen: what the sender knew
 * @clock: of the sender
 * @src: the sender; borrowed; NULL for the kernel
 *
 * On the stack of whoever sends, for as long as a queue may have a stage that points to it.
 */
struct kdbus_ticket {
	bool is_final;
	u64 stamp;
	u64 seen;
	struct kdbus_clock *clock;
	struct kdbus_conn *src;
};

/**
 * struct kdbus_stage - a receiver, and where its copy of a message stands
 * @conn: the receiver; pinned
 * @entry: the copy; owned until it is staged; NULL if there is none, or if it has got its
 *         place; under the lock of @conn while it is staged
 * @ticket: of the message; NULL until @entry is staged
 */
struct kdbus_stage {
	struct kdbus_conn *conn;
	struct kdbus_entry *entry;
	struct kdbus_ticket *ticket;
};

void kdbus_ticket_open(struct kdbus_ticket *ticket, struct kdbus_clock *clock,
		       struct kdbus_conn *src, u64 seen);
void kdbus_ticket_stage_locked(struct kdbus_ticket *ticket, struct kdbus_stage *stage);
void kdbus_ticket_stage_all(struct kdbus_ticket *ticket, struct kdbus_receivers *receivers);
void kdbus_ticket_commit(struct kdbus_ticket *ticket);

void kdbus_stage_settle_known_locked(struct kdbus_conn *conn);
void kdbus_stage_settle(struct kdbus_stage *stage);
void kdbus_stage_settle_all(struct kdbus_receivers *receivers);
void kdbus_stage_resolve_locked(struct kdbus_conn *conn, struct kdbus_entry *entry);
void kdbus_stage_forget_locked(struct kdbus_conn *conn, struct kdbus_entry *entry);

#endif
