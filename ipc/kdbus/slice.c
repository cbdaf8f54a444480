// SPDX-License-Identifier: GPL-2.0
/* How the address range of a pool is divided. */

#include <linux/align.h>
#include <linux/bug.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "slice.h"

/**
 * DOC: Slices
 *
 * The whole range is covered by slices without gaps, in a list by offset.  Each
 * is in one of two trees: the free ones by size, so that a request finds the
 * smallest sufficient one (the lowest of equals); the ones in use by offset,
 * so that an offset from user space is found and nothing else passes for one.
 *
 * A request takes the low end of a free slice, so a fresh range hands out rising
 * offsets from 0 on.  One that has to end at a round offset leaves what is in front of
 * it free.  A released slice merges with free neighbours.  Dividing
 * needs a new structure and merging frees one, so one spare is kept: steady
 * traffic does not allocate.  Two structures come with the space, so neither do
 * connections that receive little.
 *
 * The space knows no lock and no page; its owner (the pool) serialises.
 */

static struct kmem_cache *slice_cache;

/**
 * kdbus_slice_cache_init() - make the slab cache of slices
 *
 * Return: 0 or -ENOMEM.
 */
int kdbus_slice_cache_init(void)
{
	slice_cache = kmem_cache_create("kdbus_slice", sizeof(struct kdbus_slice),
					0, SLAB_ACCOUNT, NULL);
	return slice_cache ? 0 : -ENOMEM;
}

/**
 * kdbus_slice_cache_deinit() - destroy the slab cache; all slices are gone
 */
void kdbus_slice_cache_deinit(void)
{
	kmem_cache_destroy(slice_cache);
}

/**
 * kdbus_slice_new() - a structure for a future slice
 *
 * Context: May sleep.
 * Return: the structure, owned by the caller until it becomes a spare; or NULL.
 */
struct kdbus_slice *kdbus_slice_new(void)
{
	return kmem_cache_zalloc(slice_cache, GFP_KERNEL);
}

/**
 * kdbus_slice_free() - free a structure that is in no space
 * @slice: the structure, or NULL
 */
void kdbus_slice_free(struct kdbus_slice *slice)
{
	if (slice)
		kmem_cache_free(slice_cache, slice);
}

static bool space_embeds(const struct kdbus_space *space, const struct kdbus_slice *slice)
{
	return slice >= space->first && slice < space->first + ARRAY_SIZE(space->first);
}

static void space_free_slice(struct kdbus_space *space, struct kdbus_slice *slice)
{
	if (!space_embeds(space, slice))
		kdbus_slice_free(slice);
}

/* If there is one already, the one that costs memory is freed. */
static void space_keep_spare(struct kdbus_space *space, struct kdbus_slice *slice)
{
	if (space->spare && space_embeds(space, slice))
		swap(space->spare, slice);
	if (space->spare)
		space_free_slice(space, slice);
	else
		space->spare = slice;
}

static void space_add_free(struct kdbus_space *space, struct kdbus_slice *slice)
{
	struct rb_node **pos = &space->free.rb_node, *parent = NULL;

	while (*pos) {
		struct kdbus_slice *other = rb_entry(*pos, struct kdbus_slice, rb);

		parent = *pos;
		if (slice->size < other->size ||
		    (slice->size == other->size && slice->offset < other->offset))
			pos = &parent->rb_left;
		else
			pos = &parent->rb_right;
	}
	rb_link_node(&slice->rb, parent, pos);
	rb_insert_color(&slice->rb, &space->free);
	slice->free = true;
}

static void space_add_busy(struct kdbus_space *space, struct kdbus_slice *slice)
{
	struct rb_node **pos = &space->busy.rb_node, *parent = NULL;

	while (*pos) {
		struct kdbus_slice *other = rb_entry(*pos, struct kdbus_slice, rb);

		parent = *pos;
		if (slice->offset < other->offset)
			pos = &parent->rb_left;
		else
			pos = &parent->rb_right;
	}
	rb_link_node(&slice->rb, parent, pos);
	rb_insert_color(&slice->rb, &space->busy);
	slice->free = false;
}

/**
 * kdbus_space_init() - a range of one free slice
 * @space: uninitialised memory
 * @size: length in bytes, a multiple of 8, not 0
 */
void kdbus_space_init(struct kdbus_space *space, size_t size)
{
	struct kdbus_slice *slice = &space->first[0];

	memset(space->first, 0, sizeof(space->first));
	INIT_LIST_HEAD(&space->slices);
	space->free = RB_ROOT;
	space->busy = RB_ROOT;
	space->spare = &space->first[1];
	space->size = size;
	space->busy_bytes = 0;

	slice->offset = 0;
	slice->size = size;
	list_add(&slice->entry, &space->slices);
	space_add_free(space, slice);
}

/**
 * kdbus_space_deinit() - free the structures
 * @space: the space; slices that user space still refers to end here, no slice
 *         is held by the kernel any more
 */
void kdbus_space_deinit(struct kdbus_space *space)
{
	struct kdbus_slice *slice, *next;

	list_for_each_entry_safe(slice, next, &space->slices, entry) {
		WARN_ON_ONCE(slice->held);
		list_del(&slice->entry);
		space_free_slice(space, slice);
	}
	if (space->spare)
		space_free_slice(space, space->spare);
	space->spare = NULL;
}

/* The smallest free slice of at least @size bytes, the lowest of equals. */
static struct kdbus_slice *space_best_fit(struct kdbus_space *space, size_t size)
{
	struct rb_node *pos = space->free.rb_node;
	struct kdbus_slice *best = NULL;

	while (pos) {
		struct kdbus_slice *slice = rb_entry(pos, struct kdbus_slice, rb);

		if (slice->size < size) {
			pos = pos->rb_right;
		} else {
			best = slice;
			pos = pos->rb_left;
		}
	}
	return best;
}

/* It is the caller's now; in no tree before. */
static void space_use(struct kdbus_space *space, struct kdbus_slice *slice)
{
	slice->held = true;
	slice->published = false;
	slice->addr = NULL;
	space_add_busy(space, slice);
	space->busy_bytes += slice->size;
}

/**
 * kdbus_space_reserve() - take a slice into use
 * @space: the space
 * @size: bytes wanted, rounded up to a multiple of 8 here; not 0
 *
 * The smallest free slice that is large enough is taken whole if it fits
 * exactly, else its low part.  The result is held by the kernel and not
 * published.
 *
 * Return: the slice, owned by @space; -EXFULL if no free slice is large enough;
 *         -EAGAIN if a division needs kdbus_space.spare and there is none.
 */
struct kdbus_slice *kdbus_space_reserve(struct kdbus_space *space, size_t size)
{
	struct kdbus_slice *slice, *rest;

	if (size > space->size)
		return ERR_PTR(-EXFULL);
	size = ALIGN(size, 8);
	rest = space_best_fit(space, size);
	if (!rest)
		return ERR_PTR(-EXFULL);

	if (rest->size == size) {
		slice = rest;
		rb_erase(&slice->rb, &space->free);
	} else {
		slice = space->spare;
		if (!slice)
			return ERR_PTR(-EAGAIN);
		space->spare = NULL;

		rb_erase(&rest->rb, &space->free);
		slice->offset = rest->offset;
		slice->size = size;
		rest->offset += size;
		rest->size -= size;
		list_add_tail(&slice->entry, &rest->entry);
		space_add_free(space, rest);
	}

	space_use(space, slice);
	return slice;
}

/* Does a slice of @size bytes fit into @area so that its end is a multiple of @align? */
static bool space_fits_ending(const struct kdbus_slice *area, size_t size, size_t align)
{
	return ALIGN(area->offset + size, align) <= area->offset + area->size;
}

/* Cut @size bytes off the low end of @area, which is in no tree, into @slice. */
static void space_cut(struct kdbus_slice *area, struct kdbus_slice *slice, size_t size)
{
	slice->offset = area->offset;
	slice->size = size;
	area->offset += size;
	area->size -= size;
	list_add_tail(&slice->entry, &area->entry);
}

/* One of the structures that are there for the pieces of a division. */
static struct kdbus_slice *space_take_spare(struct kdbus_space *space, struct kdbus_slice **extra)
{
	struct kdbus_slice *slice = space->spare;

	if (slice)
		space->spare = NULL;
	else
		swap(slice, *extra);
	return slice;
}

/**
 * kdbus_space_reserve_ending() - take a slice into use that ends at a round offset
 * @space: the space
 * @size: bytes wanted, rounded up to a multiple of 8 here; not 0
 * @align: its end is a multiple of this; a power of two, at least 8
 * @extra: memory for one more slice, owned by @space if it is NULL afterwards
 *
 * The smallest free slice that is large enough is taken if it has such an end, else the
 * smallest that is so large that it must have one.  What is left on either side is free.
 *
 * Return: as kdbus_space_reserve(), but up to two structures may be needed: kdbus_space.spare
 *         and @extra.
 */
struct kdbus_slice *kdbus_space_reserve_ending(struct kdbus_space *space, size_t size,
					       size_t align, struct kdbus_slice **extra)
{
	struct kdbus_slice *area, *slice;
	unsigned int needed;
	size_t gap;

	if (size > space->size)
		return ERR_PTR(-EXFULL);
	size = ALIGN(size, 8);
	area = space_best_fit(space, size);
	if (area && !space_fits_ending(area, size, align))
		area = space_best_fit(space, size + align - 8);
	if (!area)
		return ERR_PTR(-EXFULL);

	gap = ALIGN(area->offset + size, align) - size - area->offset;
	needed = (gap > 0) + (area->size > gap + size);
	if (needed > !!space->spare + !!*extra)
		return ERR_PTR(-EAGAIN);

	rb_erase(&area->rb, &space->free);
	if (gap) {
		slice = space_take_spare(space, extra);
		space_cut(area, slice, gap);
		space_add_free(space, slice);
	}
	slice = area;
	if (area->size > size) {
		slice = space_take_spare(space, extra);
		space_cut(area, slice, size);
		space_add_free(space, area);
	}
	space_use(space, slice);
	return slice;
}

/**
 * kdbus_space_has_room() - could a slice be taken into use?
 * @space: the space
 * @size: bytes wanted, not 0
 *
 * Return: whether some free slice is large enough.
 */
bool kdbus_space_has_room(struct kdbus_space *space, size_t size)
{
	return space_best_fit(space, size);
}

/* Let @slice swallow @other, its right neighbour; both are in no tree. */
static void space_merge(struct kdbus_space *space, struct kdbus_slice *slice,
			struct kdbus_slice *other)
{
	slice->size += other->size;
	list_del(&other->entry);
	space_keep_spare(space, other);
}

/**
 * kdbus_space_release() - give a slice back
 * @space: the space
 * @slice: in use, neither held nor published; invalid afterwards
 */
void kdbus_space_release(struct kdbus_space *space, struct kdbus_slice *slice)
{
	struct kdbus_slice *next, *prev;

	space->busy_bytes -= slice->size;
	rb_erase(&slice->rb, &space->busy);

	if (!list_is_last(&slice->entry, &space->slices)) {
		next = list_next_entry(slice, entry);
		if (next->free) {
			rb_erase(&next->rb, &space->free);
			space_merge(space, slice, next);
		}
	}
	if (!list_is_first(&slice->entry, &space->slices)) {
		prev = list_prev_entry(slice, entry);
		if (prev->free) {
			rb_erase(&prev->rb, &space->free);
			space_merge(space, prev, slice);
			slice = prev;
		}
	}
	space_add_free(space, slice);
}

/**
 * kdbus_space_find() - the slice in use that starts at an offset
 * @space: the space
 * @offset: bytes from the start of the range
 *
 * Return: the slice, or NULL if none in use starts exactly there.
 */
struct kdbus_slice *kdbus_space_find(struct kdbus_space *space, size_t offset)
{
	struct rb_node *pos = space->busy.rb_node;

	while (pos) {
		struct kdbus_slice *slice = rb_entry(pos, struct kdbus_slice, rb);

		if (offset == slice->offset)
			return slice;
		pos = offset < slice->offset ? pos->rb_left : pos->rb_right;
	}
	return NULL;
}

/**
 * kdbus_space_find_at() - the slice in use that an offset lies in
 * @space: the space
 * @offset: bytes from the start of the range
 *
 * Return: the slice, or NULL if what is there is free.
 */
struct kdbus_slice *kdbus_space_find_at(struct kdbus_space *space, size_t offset)
{
	struct rb_node *pos = space->busy.rb_node;

	while (pos) {
		struct kdbus_slice *slice = rb_entry(pos, struct kdbus_slice, rb);

		if (offset >= slice->offset && offset - slice->offset < slice->size)
			return slice;
		pos = offset < slice->offset ? pos->rb_left : pos->rb_right;
	}
	return NULL;
}
