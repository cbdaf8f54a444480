// SPDX-License-Identifier: GPL-2.0
/* A copy of a message on its way into one queue. */

#include <linux/err.h>
#include <linux/slab.h>

#include "conn.h"
#include "delay.h"
#include "deliver.h"
#include "domain.h"
#include "entry.h"
#include "files.h"
#include "flow.h"
#include "item.h"
#include "payload.h"
#include "pool.h"
#include "slice.h"
#include "ticket.h"

/**
 * DOC: Delivery
 *
 * Whatever enters a queue does so in three steps.  Reserve: room in the quota of
 * the sender's user and in the pool of the receiver, with pages; may fail and
 * sleep.  Write: the image is put into the slice, without any lock.  Commit: one
 * short section under the lock of the receiver makes the message visible; all
 * that can still happen is that the receiver has left.  Abort undoes a
 * reservation.
 */

/* Shares that are kept, charged or not, for users who come back. */
#define DELIVER_KEEP_SHARES 8

static void share_free(struct kdbus_share *share)
{
	if (!share)
		return;
	kdbus_user_put((struct kdbus_user *)share->user);
	kfree(share);
}

/**
 * struct deliver_shares - shares that come and go while a message is charged
 * @new: for a user who has none; owned, NULL once it is used
 * @idle: taken out to make room; owned, or NULL
 */
struct deliver_shares {
	struct kdbus_share *new;
	struct kdbus_share *idle;
};

/*
 * The share of @user; made if there is none, in place of one that is idle: shares do
 * not pile up, however many users ever sent something.
 */
static struct kdbus_share *deliver_share_locked(struct kdbus_conn *dst, struct kdbus_user *user,
						struct deliver_shares *shares)
{
	struct kdbus_share *share = kdbus_quota_find(&dst->quota, user);

	if (share)
		return share;
	shares->idle = kdbus_quota_take_idle(&dst->quota, DELIVER_KEEP_SHARES - 1);
	share = shares->new;
	shares->new = NULL;
	kdbus_quota_add(&dst->quota, share, kdbus_user_get(user));
	return share;
}

/* Charge @entry; everything that a look at the receiver can refuse. */
static __always_inline int deliver_charge_locked(struct kdbus_conn *dst,
						 struct kdbus_share *share,
						 struct kdbus_entry *entry, size_t size)
{
	int ret;

	lockdep_assert_held(&dst->lock);

	if (dst->closed)
		return -ECONNRESET;
	if (entry->n_fds && !(dst->flags & (KDBUS_HELLO_ACCEPT_FD | KDBUS_HELLO_MONITOR)))
		return -ECOMM;
	/* Others of this user were here before. */
	if (unlikely(!list_empty(&share->waiters)))
		return -ENOBUFS;
	ret = kdbus_quota_charge(&dst->quota, share, size, entry->n_fds);
	if (!ret)
		entry->share = share;
	return ret;
}

/* For a user who had no share. */
static noinline int deliver_charge_new(struct kdbus_conn *dst, struct kdbus_user *user,
				       struct kdbus_entry *entry, size_t size)
{
	struct deliver_shares shares = {};
	struct kdbus_share *share;
	int ret;

	shares.new = kmalloc(sizeof(*shares.new), GFP_KERNEL_ACCOUNT);
	if (!shares.new)
		return -ENOMEM;
	spin_lock(&dst->lock);
	share = deliver_share_locked(dst, user, &shares);
	ret = deliver_charge_locked(dst, share, entry, size);
	spin_unlock(&dst->lock);
	/* Another thread may have been here meanwhile. */
	kfree(shares.new);
	share_free(shares.idle);
	return ret;
}

static __always_inline int deliver_charge(struct kdbus_conn *dst, struct kdbus_user *user,
					  struct kdbus_entry *entry, size_t size)
{
	struct kdbus_share *share;
	int ret = 0;

	spin_lock(&dst->lock);
	share = kdbus_quota_find(&dst->quota, user);
	if (likely(share))
		ret = deliver_charge_locked(dst, share, entry, size);
	spin_unlock(&dst->lock);
	return likely(share) ? ret : deliver_charge_new(dst, user, entry, size);
}

/* Charge and slice, if there is room now; @payload, if any, is the last part of @size. */
static __always_inline int deliver_take(struct kdbus_conn *dst, struct kdbus_user *user,
					struct kdbus_entry *entry, size_t size,
					struct kdbus_payload *payload)
{
	struct kdbus_slice *slice;
	int ret;

	ret = deliver_charge(dst, user, entry, size);
	if (ret)
		return ret;
	kdbus_delay_point();
	if (payload)
		slice = kdbus_pool_reserve_shared(dst->pool, size - kdbus_payload_bytes(payload),
						  payload);
	else
		slice = kdbus_pool_reserve(dst->pool, size);
	if (!IS_ERR(slice)) {
		entry->slice = slice;
		return 0;
	}
	spin_lock(&dst->lock);
	kdbus_quota_uncharge(&dst->quota, entry->share, size, entry->n_fds);
	entry->share = NULL;
	if (unlikely(dst->flow.n_waiters))
		kdbus_flow_serve_locked(dst);
	spin_unlock(&dst->lock);
	return PTR_ERR(slice);
}

static __always_inline struct kdbus_entry *deliver_entry(struct kdbus_conn *dst, s64 priority,
							 const struct kdbus_files *files)
{
	struct kdbus_entry *entry = kdbus_entry_alloc(&dst->spare);

	if (entry) {
		kdbus_entry_init(entry, priority);
		entry->n_fds = files ? files->n_fds : 0;
	}
	return entry;
}

/* It has charge and slice, or @ret says why not. */
static __always_inline struct kdbus_entry *deliver_populate(struct kdbus_conn *dst,
							    struct kdbus_entry *entry, int ret,
							    struct kdbus_files *files,
							    gfp_t effort)
{
	if (ret) {
		kdbus_entry_release(entry, &dst->spare);
		return ERR_PTR(ret);
	}
	ret = kdbus_pool_populate(dst->pool, entry->slice, effort);
	if (ret) {
		kdbus_deliver_abort(dst, entry);
		return ERR_PTR(ret);
	}
	if (files)
		entry->files = kdbus_files_get(files);
	return entry;
}

static bool deliver_may_wait(int error)
{
	return error == -ENOBUFS || error == -EMFILE || error == -EXFULL;
}

/**
 * kdbus_deliver_reserve() - get room for a copy at a receiver
 * @dst: the receiver, pinned by the caller
 * @user: whom it is charged to
 * @size: bytes of the image
 * @priority: of the message
 * @files: what travels with it; the entry takes a reference; may be NULL
 * @effort: KDBUS_POOL_PATIENT, or KDBUS_POOL_HURRIED under a lock of the bus
 * @patience: how long to wait for room; NULL not to
 *
 * Context: May sleep.
 * Return: an entry whose slice is to be written, then committed or aborted;
 *         -ECONNRESET, -ECOMM, -ENOBUFS, -EMFILE, -EXFULL, checked in this order; -ENOMEM;
 *         with @patience what kdbus_flow_wait() returns.
 */
struct kdbus_entry *kdbus_deliver_reserve(struct kdbus_conn *dst, struct kdbus_user *user,
					  size_t size, s64 priority, struct kdbus_files *files,
					  gfp_t effort, const struct kdbus_patience *patience)
{
	struct kdbus_entry *entry;
	int ret;

	size = KDBUS_ALIGN8(size);
	entry = deliver_entry(dst, priority, files);
	if (!entry)
		return ERR_PTR(-ENOMEM);

	do {
		ret = deliver_take(dst, user, entry, size, NULL);
		if (unlikely(ret) && patience && deliver_may_wait(ret))
			ret = kdbus_flow_wait(dst, user, entry, size, patience);
	} while (unlikely(ret == -ESTALE));
	return deliver_populate(dst, entry, ret, files, effort);
}

/**
 * kdbus_deliver_reserve_shared() - get room for an image whose payload others have, too
 * @dst: the receiver, pinned by the caller
 * @user: whom it is charged to
 * @own: bytes of the image without payload, a multiple of 8
 * @payload: its pages; the slice takes a reference
 * @priority: of the message
 * @files: what travels with it; the entry takes a reference; may be NULL
 *
 * The receiver is charged for @own bytes and whole pages.  Where there is no room for these
 * there may be for a copy.
 *
 * Context: May sleep.
 * Return: an entry, the first @own bytes of whose slice are to be written; otherwise as
 *         kdbus_deliver_reserve() without patience.
 */
struct kdbus_entry *kdbus_deliver_reserve_shared(struct kdbus_conn *dst, struct kdbus_user *user,
						 size_t own, struct kdbus_payload *payload,
						 s64 priority, struct kdbus_files *files)
{
	struct kdbus_entry *entry;
	int ret;

	entry = deliver_entry(dst, priority, files);
	if (!entry)
		return ERR_PTR(-ENOMEM);
	ret = deliver_take(dst, user, entry, own + kdbus_payload_bytes(payload), payload);
	return deliver_populate(dst, entry, ret, files, KDBUS_POOL_PATIENT);
}

/**
 * kdbus_deliver_commit_locked() - make the only copy of a message visible; cannot fail
 * @dst: the receiver, its lock held, not closed
 * @entry: reserved there and written; owned by the queue afterwards
 * @seen: what the sender knows
 *
 * The caller wakes the receiver.
 */
void kdbus_deliver_commit_locked(struct kdbus_conn *dst, struct kdbus_entry *entry, u64 seen)
{
	lockdep_assert_held(&dst->lock);

	if (unlikely(dst->n_staged))
		kdbus_stage_settle_known_locked(dst);
	kdbus_queue_append(&dst->queue, &entry->node, kdbus_clock_tick(&dst->clock, seen));
}

/**
 * kdbus_deliver_commit() - make the only copy visible unless the receiver has left
 * @dst: the receiver
 * @entry: reserved there and written; consumed in any case
 * @seen: what the sender knows
 *
 * Return: 0 or -ECONNRESET.
 */
int kdbus_deliver_commit(struct kdbus_conn *dst, struct kdbus_entry *entry, u64 seen)
{
	kdbus_delay_point();
	spin_lock(&dst->lock);
	if (unlikely(dst->closed)) {
		spin_unlock(&dst->lock);
		kdbus_deliver_abort(dst, entry);
		return -ECONNRESET;
	}
	kdbus_deliver_commit_locked(dst, entry, seen);
	spin_unlock(&dst->lock);
	kdbus_conn_wake(dst);
	return 0;
}

/**
 * kdbus_entry_uncharge_locked() - an entry does not count any more
 * @dst: the receiver, its lock held
 * @entry: charged there, or a loss; in no queue
 */
void kdbus_entry_uncharge_locked(struct kdbus_conn *dst, struct kdbus_entry *entry)
{
	lockdep_assert_held(&dst->lock);

	if (unlikely(!entry->share))
		return;
	kdbus_quota_uncharge(&dst->quota, entry->share, entry->slice->size, entry->n_fds);
	entry->share = NULL;
}

/**
 * kdbus_entry_free() - free an entry and let go of its slice
 * @dst: the receiver
 * @entry: in no queue, not charged; its call has been taken out or put
 *
 * The slice stays in use if it is published.
 */
void kdbus_entry_free(struct kdbus_conn *dst, struct kdbus_entry *entry)
{
	WARN_ON_ONCE(entry->share || entry->call || kdbus_queue_node_is_queued(&entry->node));

	if (entry->slice)
		kdbus_pool_release(dst->pool, entry->slice);
	if (entry->files)
		kdbus_files_put(entry->files);
	kdbus_entry_release(entry, entry->lost ? &dst->loss.spare : &dst->spare);
}

/**
 * kdbus_deliver_abort() - undo kdbus_deliver_reserve()
 * @dst: the receiver
 * @entry: reserved there, not committed
 */
void kdbus_deliver_abort(struct kdbus_conn *dst, struct kdbus_entry *entry)
{
	spin_lock(&dst->lock);
	kdbus_entry_uncharge_locked(dst, entry);
	spin_unlock(&dst->lock);
	kdbus_entry_free(dst, entry);
	kdbus_flow_serve(dst);
}

/**
 * kdbus_deliver_image() - copy an image that lies ready in kernel memory
 * @dst: the receiver
 * @user: whom it is charged to
 * @image: header and items
 * @size: bytes
 *
 * Context: May sleep.
 * Return: an entry to be committed or aborted, or what kdbus_deliver_reserve() returns.
 */
struct kdbus_entry *kdbus_deliver_image(struct kdbus_conn *dst, struct kdbus_user *user,
					const void *image, size_t size)
{
	struct kdbus_entry *entry;

	/* The notify lock is held: nobody hears anything while one receiver reclaims memory. */
	entry = kdbus_deliver_reserve(dst, user, size, 0, NULL, KDBUS_POOL_HURRIED, NULL);
	if (!IS_ERR(entry)) {
		kdbus_pool_write(dst->pool, entry->slice, 0, image, size);
		kdbus_pool_zero(dst->pool, entry->slice, size, entry->slice->size - size);
	}
	return entry;
}
