/* SPDX-License-Identifier: GPL-2.0 */
/* How much of a receiver each sending user may fill. */
#ifndef KDBUS_QUOTA_H
#define KDBUS_QUOTA_H

#include <linux/list.h>
#include <linux/types.h>

/**
 * struct kdbus_quota - what all senders together have queued at one receiver
 * @shares: a share per sending user; owned
 * @n_shares: number of @shares
 * @capacity: size of the receiver's pool in bytes; set once
 * @accounted: sum of kdbus_share.bytes
 * @max_messages: what one user may have queued; set once
 * @max_fds: descriptors one user may have queued; set once
 *
 * Under the lock of the receiver.
 */
struct kdbus_quota {
	struct list_head shares;
	unsigned int n_shares;
	size_t capacity;
	size_t accounted;
	unsigned int max_messages;
	unsigned int max_fds;
};

/**
 * struct kdbus_share - what one user has queued at one receiver
 * @entry: link in kdbus_quota.shares
 * @user: identity of the user; only compared
 * @bytes: sizes of the slices
 * @messages: number of messages
 * @fds: number of descriptors in them, memfds not counted
 * @waiters: who waits for room, see flow.c; the share stays while there are any
 * @turn: link in kdbus_flow.turns while there are
 * @round: kdbus_flow.round in which it has gone before the user whose turn it is
 */
struct kdbus_share {
	struct list_head entry;
	const void *user;
	u64 bytes;
	unsigned int messages;
	unsigned int fds;
	struct list_head waiters;
	struct list_head turn;
	unsigned int round;
};

void kdbus_quota_init(struct kdbus_quota *quota, size_t capacity,
		      unsigned int max_messages, unsigned int max_fds);
struct kdbus_share *kdbus_quota_find(struct kdbus_quota *quota, const void *user);
void kdbus_quota_add(struct kdbus_quota *quota, struct kdbus_share *share, const void *user);
struct kdbus_share *kdbus_quota_take_idle(struct kdbus_quota *quota, unsigned int keep);
int kdbus_quota_could_ever(const struct kdbus_quota *quota, size_t bytes, unsigned int fds);
int kdbus_quota_check(const struct kdbus_quota *quota, const struct kdbus_share *share,
		      size_t bytes, unsigned int fds);
int kdbus_quota_charge(struct kdbus_quota *quota, struct kdbus_share *share,
		       size_t bytes, unsigned int fds);
void kdbus_quota_uncharge(struct kdbus_quota *quota, struct kdbus_share *share,
			  size_t bytes, unsigned int fds);

#endif
