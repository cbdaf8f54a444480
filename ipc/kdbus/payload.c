// SPDX-License-Identifier: GPL-2.0
/* The payload of one message, shared by all who receive it. */

#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "domain.h"
#include "message.h"
#include "payload.h"

/**
 * DOC: Shared payload
 *
 * A large payload is copied once, into pages that belong to no pool, and the slice of each
 * receiver ends in these pages: only header, items and metadata, which differ, are written for
 * each.  So the slice ends on a page boundary, and the payload starts on one.  Where it lies in
 * the slice is where a copy would be, right behind the metadata.  Whose pool has no room for
 * whole pages but for the bytes gets a copy.
 *
 * Who owns what: a message has a reference while it is being sent, and each slice from its
 * reservation until it is given back.  A message that moves to another queue takes one more.
 * The pages are written before any slice refers to them, never again, and freed when the last
 * reference goes.
 *
 * They are mapped when the owner of a pool touches them, in one go as far as one page table
 * reaches, and the slice is marked.  When it is neither held nor published any more, the
 * entries go before its range is used for anything else, and before its reference goes.  Both
 * sleep, so there is a mutex: pool.map_lock.  A page fault takes it, looks under pool.lock
 * whether the slice is in use and marks it, and enters the pages; who gives the slice back
 * takes it out of use under pool.lock, and then, if it is marked, takes map_lock and removes
 * the entries.  Memory for a page table is waited for before the mutex is taken, since a sender
 * who undoes a reservation may need it.
 *
 * The entries are "special": they have no part in the reference counts of the pages, nor in
 * statistics of mapped ones, which would cost the receiver more than to copy.  So nobody can
 * pin these pages (vmsplice, direct I/O and process_vm_readv() fail), and nobody has one after
 * the slice is given back.  A mapping that goes away lets go of its file after its entries, and
 * the file has the pool, which has what is published.  What goes away or moves with a mapping is
 * flushed from the TLBs before the mapping cannot be found any more: that is what VM_MIXEDMAP
 * is for, without which freed pages could be read by another CPU for a moment.
 *
 * The range that such a slice is given may have pages of the pool, from an earlier message.
 * They are removed as the trimmer does it, under pool.pages_lock.  A page fault that looked
 * before the slice was reserved, and brings a new page, looks again under that lock before it
 * adds it.
 *
 * How large is large: instructions of SEND, RECV, reading every byte and FREE, with 100
 * receivers, to those when each gets a copy, are 1.62 at 4 KiB, 1.41 at 8, 1.18 at 16, 0.97 at
 * 32 and 0.81 at 64 KiB; with 10 receivers 1.01 at 32 KiB.  A page fault for each message costs
 * the receiver as much as to copy some pages.  So it is from 32 KiB on; see
 * Documentation/kdbus/performance.rst.
 *
 * Who pays: the pages are charged to the memory cgroup of the sender.  Receivers may keep them
 * as long as they like, and there may be many who mean ill; so each user has a limit
 * (max_shared_bytes), beyond which his payloads are copied into the pools as small ones are, at
 * the expense of those who have the pools.  The quota of a receiver counts the whole slice in
 * any case.
 */

static bool payload_charge(struct kdbus_user *user, unsigned int n_pages)
{
	int limit = user->domain->limits.shared_bytes >> PAGE_SHIFT;

	if (atomic_add_return(n_pages, &user->shared_pages) <= limit)
		return true;
	atomic_sub(n_pages, &user->shared_pages);
	return false;
}

static void payload_free(struct kref *ref)
{
	struct kdbus_payload *payload = container_of(ref, struct kdbus_payload, ref);
	unsigned int i;

	/* Where memory ended, the rest is NULL. */
	for (i = 0; i < payload->n_pages && payload->pages[i]; i++)
		put_page(payload->pages[i]);
	atomic_sub(payload->n_pages, &payload->user->shared_pages);
	kdbus_user_put(payload->user);
	kvfree(payload);
}

/**
 * kdbus_payload_new() - pages for a payload, charged to the memory cgroup of current
 * @user: of the sender
 * @size: bytes, not 0
 *
 * Context: May sleep.
 * Return: uninitialised pages with one reference; -ENOMEM; -EDQUOT if the user has shared as much
 *         as he may, or the machine has no special page table entries.
 */
struct kdbus_payload *kdbus_payload_new(struct kdbus_user *user, size_t size)
{
	unsigned int i, n = DIV_ROUND_UP(size, PAGE_SIZE);
	struct kdbus_payload *payload;

	/* Page table entries could not be told from those of ordinary pages. */
	if (!IS_ENABLED(CONFIG_ARCH_HAS_PTE_SPECIAL))
		return ERR_PTR(-EDQUOT);
	if (!payload_charge(user, n))
		return ERR_PTR(-EDQUOT);
	payload = kvzalloc(struct_size(payload, pages, n), GFP_KERNEL_ACCOUNT);
	if (!payload) {
		atomic_sub(n, &user->shared_pages);
		return ERR_PTR(-ENOMEM);
	}
	kref_init(&payload->ref);
	payload->user = kdbus_user_get(user);
	payload->n_pages = n;
	for (i = 0; i < n; i++) {
		payload->pages[i] = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL |
					       __GFP_NOWARN);
		if (!payload->pages[i]) {
			kdbus_payload_put(payload);
			return ERR_PTR(-ENOMEM);
		}
	}
	return payload;
}

static int payload_fill_piece(struct kdbus_payload *payload, size_t pos,
			      const struct kdbus_piece *piece)
{
	size_t left = piece->size, chunk;
	const void __user *from = piece->addr;

	for (; left; left -= chunk, pos += chunk) {
		void *to = page_address(payload->pages[pos >> PAGE_SHIFT]) + offset_in_page(pos);

		chunk = min(left, PAGE_SIZE - offset_in_page(pos));
		if (!from) {
			memset(to, 0, chunk);
			continue;
		}
		if (copy_from_user(to, from, chunk))
			return -EFAULT;
		if (left > chunk && fatal_signal_pending(current))
			return -EFAULT;
		from += chunk;
	}
	return 0;
}

/**
 * kdbus_payload_fill() - copy what the sender has
 * @payload: new, known to nobody else
 * @pieces: what it is made of; as many bytes as @payload was made for
 * @n_pieces: number of @pieces
 *
 * Context: May sleep for as long as the memory of the sender takes.
 * Return: 0; -EFAULT if the memory cannot be read: then nobody may see @payload.
 */
int kdbus_payload_fill(struct kdbus_payload *payload, const struct kdbus_piece *pieces,
		       unsigned int n_pieces)
{
	size_t pos = 0, end = kdbus_payload_bytes(payload);
	unsigned int i;
	int ret;

	for (i = 0; i < n_pieces; i++) {
		ret = payload_fill_piece(payload, pos, &pieces[i]);
		if (ret)
			return ret;
		pos += pieces[i].size;
	}
	if (pos < end)
		memset(page_address(payload->pages[payload->n_pages - 1]) + offset_in_page(pos), 0,
		       end - pos);
	return 0;
}

/**
 * kdbus_payload_get() - take a reference
 * @payload: the pages
 *
 * Return: @payload.
 */
struct kdbus_payload *kdbus_payload_get(struct kdbus_payload *payload)
{
	kref_get(&payload->ref);
	return payload;
}

/**
 * kdbus_payload_put() - drop a reference
 * @payload: the pages, in no page table through the caller any more
 *
 * Context: May sleep.
 */
void kdbus_payload_put(struct kdbus_payload *payload)
{
	kref_put(&payload->ref, payload_free);
}
