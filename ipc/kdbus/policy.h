/* SPDX-License-Identifier: GPL-2.0 */
/* Who may see, talk to and own which names */
#ifndef KDBUS_POLICY_H
#define KDBUS_POLICY_H

#include <linux/cred.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <uapi/linux/kdbus.h>

#include "hashtab.h"

/**
 * struct kdbus_policy - database of a bus or of a custom endpoint
 * @lock: serialises writers
 * @commit_lock: held by a writer while readers see half of its change; leaf,
 *	taken inside @lock
 * @seq: lets a reader notice that, and look again
 * @seed: makes hashes unpredictable; set once
 * @names: entries by name; read under RCU, written under @lock
 * @entries: all entries; under @lock
 * @n_changes: counts changes that readers have begun to see, from 1 on; read without lock
 */
struct kdbus_policy {
	struct mutex lock;	/* writers */
	spinlock_t commit_lock;	/* the moment of change */
	seqcount_spinlock_t seq;
	u32 seed;
	struct kdbus_hashtab names;
	struct list_head entries;
	unsigned long n_changes;
};

/**
 * struct kdbus_verdict - what a database has said
 * @n_changes: of the database, when it said that; 0 if it has not been asked
 * @level: as kdbus_policy_level() returned it
 *
 * About one name, to one struct cred: who keeps it knows of which, see kdbus_policy_recall().
 */
struct kdbus_verdict {
	unsigned long n_changes;
	int level;
};

void kdbus_policy_init(struct kdbus_policy *db);
void kdbus_policy_deinit(struct kdbus_policy *db);
int kdbus_policy_set(struct kdbus_policy *db, const void *owner, const struct kdbus_item *items,
		     size_t items_size, unsigned int max_names, bool wildcards_ok);
void kdbus_policy_drop(struct kdbus_policy *db, const void *owner);
int kdbus_policy_level(struct kdbus_policy *db, const struct cred *cred, const char *name);
int kdbus_policy_recall(struct kdbus_policy *db, const struct cred *cred, const char *name,
			struct kdbus_verdict *verdict);

#endif
