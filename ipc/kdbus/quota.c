// SPDX-License-Identifier: GPL-2.0
/* How much of a receiver each sending user may fill. */

#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/limits.h>

#include "quota.h"

/**
 * DOC: Quota
 *
 * Half of a pool is for queued messages (the other half leaves room for what was
 * received and not yet freed).  Of what the others have left of that half, and
 * its own bytes counted as free, a user may fill a third.  So no user can fill
 * the queue of a receiver alone, nor can any number of users: each further one
 * gets a third of a smaller rest.
 *
 * The kernel's notifications count as a user of their own.
 */

/**
 * kdbus_quota_init() - nothing is queued
 * @quota: uninitialised memory
 * @capacity: size of the pool in bytes
 * @max_messages: limit for each user
 * @max_fds: limit for each user
 */
void kdbus_quota_init(struct kdbus_quota *quota, size_t capacity,
		      unsigned int max_messages, unsigned int max_fds)
{
	INIT_LIST_HEAD(&quota->shares);
	quota->n_shares = 0;
	quota->capacity = capacity;
	quota->accounted = 0;
	quota->max_messages = max_messages;
	quota->max_fds = max_fds;
}

/**
 * kdbus_quota_find() - the share of a user
 * @quota: the receiver's quota
 * @user: identity
 *
 * Return: the share, or NULL if the user has none yet.
 */
struct kdbus_share *kdbus_quota_find(struct kdbus_quota *quota, const void *user)
{
	struct kdbus_share *share;

	list_for_each_entry(share, &quota->shares, entry) {
		if (share->user != user)
			continue;
		/* Who sends now is likely to send again. */
		if (!list_is_first(&share->entry, &quota->shares))
			list_move(&share->entry, &quota->shares);
		return share;
	}
	return NULL;
}

/**
 * kdbus_quota_add() - a new user
 * @quota: the receiver's quota
 * @share: memory for it, owned by @quota from now on
 * @user: identity; stays valid until the share is taken out
 */
void kdbus_quota_add(struct kdbus_quota *quota, struct kdbus_share *share, const void *user)
{
	share->user = user;
	share->bytes = 0;
	share->messages = 0;
	share->fds = 0;
	INIT_LIST_HEAD(&share->waiters);
	INIT_LIST_HEAD(&share->turn);
	share->round = 0;
	list_add(&share->entry, &quota->shares);
	quota->n_shares++;
}

/**
 * kdbus_quota_take_idle() - take out a share without charge
 * @quota: the receiver's quota
 * @keep: do nothing while there are at most so many shares
 *
 * Return: the share, owned by the caller; or NULL.
 */
struct kdbus_share *kdbus_quota_take_idle(struct kdbus_quota *quota, unsigned int keep)
{
	struct kdbus_share *share;

	if (quota->n_shares <= keep)
		return NULL;
	list_for_each_entry_reverse(share, &quota->shares, entry) {
		if (share->messages || !list_empty(&share->waiters))
			continue;
		list_del(&share->entry);
		quota->n_shares--;
		return share;
	}
	return NULL;
}

/**
 * kdbus_quota_could_ever() - would a message find room if nothing else were there?
 * @quota: the receiver's quota
 * @bytes: size of the slice
 * @fds: number of descriptors, memfds not counted
 *
 * Return: 0; -ENOBUFS or -EMFILE, as kdbus_quota_charge().
 */
int kdbus_quota_could_ever(const struct kdbus_quota *quota, size_t bytes, unsigned int fds)
{
	if (bytes > quota->capacity / 2 / 3 || bytes > U32_MAX || !quota->max_messages)
		return -ENOBUFS;
	return fds > quota->max_fds ? -EMFILE : 0;
}

/**
 * kdbus_quota_check() - is there room for a message?
 * @quota: the receiver's quota
 * @share: the sender's user in it; NULL if he has none
 * @bytes: size of the slice
 * @fds: number of descriptors, memfds not counted
 *
 * Return: 0; -ENOBUFS for bytes or messages, -EMFILE for descriptors.
 */
int kdbus_quota_check(const struct kdbus_quota *quota, const struct kdbus_share *share,
		      size_t bytes, unsigned int fds)
{
	static const struct kdbus_share empty;
	u64 avail = quota->capacity / 2;

	if (!share)
		share = &empty;
	if (avail < quota->accounted)
		return -ENOBUFS;
	avail = (avail - quota->accounted + share->bytes) / 3;
	if (avail < share->bytes || avail - share->bytes < bytes ||
	    share->bytes + bytes > U32_MAX)
		return -ENOBUFS;
	if (share->messages >= quota->max_messages)
		return -ENOBUFS;
	return share->fds + fds > quota->max_fds ? -EMFILE : 0;
}

/**
 * kdbus_quota_charge() - account a message about to be queued
 * @quota: the receiver's quota
 * @share: the sender's user in it
 * @bytes: size of the slice
 * @fds: number of descriptors, memfds not counted
 *
 * Return: as kdbus_quota_check(); nothing is charged on error.
 */
int kdbus_quota_charge(struct kdbus_quota *quota, struct kdbus_share *share,
		       size_t bytes, unsigned int fds)
{
	int ret;

	ret = kdbus_quota_check(quota, share, bytes, fds);
	if (ret)
		return ret;
	share->bytes += bytes;
	share->messages++;
	share->fds += fds;
	quota->accounted += bytes;
	return 0;
}

/**
 * kdbus_quota_uncharge() - a message left the queue
 * @quota: the receiver's quota
 * @share: as it was charged
 * @bytes: as it was charged
 * @fds: as it was charged
 */
void kdbus_quota_uncharge(struct kdbus_quota *quota, struct kdbus_share *share,
			  size_t bytes, unsigned int fds)
{
	WARN_ON_ONCE(share->bytes < bytes || !share->messages || share->fds < fds);

	share->bytes -= bytes;
	share->messages--;
	share->fds -= fds;
	quota->accounted -= bytes;
}
