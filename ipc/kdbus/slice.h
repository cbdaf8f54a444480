/* SPDX-License-Identifier: GPL-2.0 */
/* How the address range of a pool is divided. */
#ifndef KDBUS_SLICE_H
#define KDBUS_SLICE_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

struct kdbus_payload;

/**
 * struct kdbus_slice - one piece of a pool, free or in use
 * @entry: link in kdbus_space.slices, by offset; no gaps
 * @rb: link in kdbus_space.free (by size, then offset) or .busy (by offset)
 * @offset: where it starts, in bytes; multiple of 8
 * @size: its length in bytes; multiple of 8, never 0
 * @free: it is in the tree of free ones
 * @held: the kernel refers to it (a queued message)
 * @published: user space refers to it, until it says FREE
 * @mapped: pages of @payload may be in page tables
 * @addr: kernel address of the page under its first byte; set by the pool when
 *        the pages are there, valid as long as the slice is in use
 * @payload: its last pages, shared with other pools; pinned; NULL if all of it is the pool's
 *
 * Owned by its space.  All members under the lock of the pool, but @offset,
 * @size, @addr and @payload do not change while the slice is in use.
 */
struct kdbus_slice {
	struct list_head entry;
	struct rb_node rb;
	size_t offset;
	size_t size;
	bool free;
	bool held;
	bool published;
	bool mapped;
	void *addr;
	struct kdbus_payload *payload;
};

/**
 * struct kdbus_space - an address range and its division into slices
 * @slices: all of them, by offset
 * @free: the free ones
 * @busy: the ones in use
 * @spare: a slice structure kept for the next division, or NULL; owned
 * @size: length of the range in bytes
 * @busy_bytes: sum of the sizes of slices in use
 * @first: the first two structures: what a range needs until its second slice is taken
 */
struct kdbus_space {
	struct list_head slices;
	struct rb_root free;
	struct rb_root busy;
	struct kdbus_slice *spare;
	size_t size;
	size_t busy_bytes;
	struct kdbus_slice first[2];
};

struct kdbus_slice *kdbus_slice_new(void);
void kdbus_slice_free(struct kdbus_slice *slice);
int kdbus_slice_cache_init(void);
void kdbus_slice_cache_deinit(void);

void kdbus_space_init(struct kdbus_space *space, size_t size);
void kdbus_space_deinit(struct kdbus_space *space);
struct kdbus_slice *kdbus_space_reserve(struct kdbus_space *space, size_t size);
bool kdbus_space_has_room(struct kdbus_space *space, size_t size);
struct kdbus_slice *kdbus_space_reserve_ending(struct kdbus_space *space, size_t size,
					       size_t align, struct kdbus_slice **extra);
void kdbus_space_release(struct kdbus_space *space, struct kdbus_slice *slice);
struct kdbus_slice *kdbus_space_find(struct kdbus_space *space, size_t offset);
struct kdbus_slice *kdbus_space_find_at(struct kdbus_space *space, size_t offset);

#endif
