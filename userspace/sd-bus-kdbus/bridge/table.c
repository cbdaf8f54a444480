// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * table.c - which descriptors of this process are bridged
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "table.h"

struct table table;

static void forget_all(void)
{
	struct table_page *page;
	size_t i, j;

	for (i = 0; i < TABLE_PAGES; i++) {
		page = atomic_load(&table.pages[i]);
		for (j = 0; page && j < TABLE_PAGE; j++)
			atomic_store(&page->entries[j], NULL);
	}
	atomic_store(&table.used, 0);
	table.owner = getpid();
}

static void table_init(void)
{
	table.owner = getpid();
	pthread_atfork(NULL, NULL, forget_all);
}

/**
 * table_add() - let a descriptor be bridged
 * @fd: descriptor
 * @bridge: what bridges it; borrowed until table_remove()
 *
 * The caller has made sure that @fd is its own.
 *
 * Return: 0, -EMFILE for a number that is too large, -ENOMEM.
 */
int table_add(int fd, struct bridge *bridge)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct table_page *page, *fresh;

	pthread_once(&once, table_init);
	if ((unsigned int)fd >= TABLE_PAGE * TABLE_PAGES)
		return -EMFILE;
	page = atomic_load(&table.pages[fd / TABLE_PAGE]);
	if (!page) {
		fresh = calloc(1, sizeof(*fresh));
		if (!fresh)
			return -ENOMEM;
		if (atomic_compare_exchange_strong(&table.pages[fd / TABLE_PAGE], &page, fresh))
			page = fresh;
		else
			free(fresh);	/* another thread was faster, and @page is its page */
	}
	atomic_store(&page->entries[fd % TABLE_PAGE], bridge);
	atomic_fetch_add(&table.used, 1);
	return 0;
}

/**
 * table_remove() - let a descriptor be bridged no longer
 * @fd: descriptor that table_add() got
 */
void table_remove(int fd)
{
	struct table_page *page = atomic_load(&table.pages[fd / TABLE_PAGE]);

	atomic_store(&page->entries[fd % TABLE_PAGE], NULL);
	atomic_fetch_sub(&table.used, 1);
}

/**
 * table_is_mine() - whether this process made the entries of the table
 *
 * A child made by vfork() runs in its parent's memory, but closes descriptors of its own.
 *
 * Return: true unless this is such a child.
 */
bool table_is_mine(void)
{
	return getpid() == table.owner;
}
