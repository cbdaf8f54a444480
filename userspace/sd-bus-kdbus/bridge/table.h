/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * table.h - which descriptors of this process are bridged
 */
#ifndef KDBUS_BRIDGE_TABLE_H
#define KDBUS_BRIDGE_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * DOC: Table
 *
 * Every function that the bridge takes over asks first whether its descriptor is bridged. For all
 * descriptors but a few the answer is no, so it must cost little: one load when nothing is bridged
 * in the process, three otherwise, and no lock.
 *
 * What the table points to is never given back to the allocator, only used again, so that a look-up
 * that lost a race against close() finds a lock that it can take, and sees under it that the
 * descriptor is another's now.
 *
 * A child made by fork() starts with an empty table: its copies of the descriptors belong to the
 * parent. A child made by vfork() shares the parent's memory, and closes the descriptors it
 * inherited; table_is_mine() tells it from the owner.
 */

struct bridge;

#define TABLE_PAGE 1024
#define TABLE_PAGES 1024

struct table_page {
	_Atomic(struct bridge *) entries[TABLE_PAGE];
};

struct table {
	atomic_uint used;
	pid_t owner;
	_Atomic(struct table_page *) pages[TABLE_PAGES];
};

extern struct table table;

/**
 * table_find() - what a descriptor is bridged by
 * @fd: any number
 *
 * The result may be outdated when it is looked at; bridge_lock() checks it.
 *
 * Return: the bridge, or NULL.
 */
static inline struct bridge *table_find(int fd)
{
	struct table_page *page;

	if (__builtin_expect(atomic_load_explicit(&table.used, memory_order_relaxed) == 0, 1))
		return NULL;
	if ((unsigned int)fd >= TABLE_PAGE * TABLE_PAGES)
		return NULL;
	page = atomic_load_explicit(&table.pages[fd / TABLE_PAGE], memory_order_acquire);
	if (!page)
		return NULL;
	return atomic_load_explicit(&page->entries[fd % TABLE_PAGE], memory_order_acquire);
}

/**
 * table_is_used() - is anything bridged in this process?
 *
 * Return: true if there is.
 */
static inline bool table_is_used(void)
{
	return __builtin_expect(atomic_load_explicit(&table.used, memory_order_relaxed) != 0, 0);
}

int table_add(int fd, struct bridge *bridge);
void table_remove(int fd);
bool table_is_mine(void);

#endif /* KDBUS_BRIDGE_TABLE_H */
