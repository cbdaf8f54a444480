// SPDX-License-Identifier: GPL-2.0
/* Who may see, talk to and own which names */

#include <linux/bug.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/jhash.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/overflow.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uidgid.h>

#include "delay.h"
#include "item.h"
#include "policy.h"
#include "wellknown.h"

/**
 * DOC: policy database
 *
 * An entry is a name, or a wildcard, with what is granted for it; what nobody
 * granted is denied.  A query for a.b.c looks for the entry of a.b.c, and only
 * if there is none for a.b.*.  Two lookups, so a writer that replaces an owner's
 * entries could be seen half way: the new entry not yet there, the old wildcard
 * no longer.  A sequence counter tells the reader to look again.
 *
 * What an entry gives depends on its grants and on effective ids and groups, and a struct cred
 * keeps these for as long as it lives.  So what the database has said holds as long as it
 * does not change, and it counts its changes.
 */

/**
 * struct grant - one POLICY_ACCESS item
 * @type: &enum kdbus_policy_access_type
 * @level: what is granted, &enum kdbus_policy_access_flags
 * @uid: to which user, if @type says so
 * @gid: to which group, if @type says so
 */
struct grant {
	u8 type;
	u8 level;
	union {
		kuid_t uid;
		kgid_t gid;
	};
};

/**
 * struct policy_entry - grants for a name
 * @node: link in the database's table of names
 * @link: link in the database's list of entries, or in a list of new ones
 * @owner: only compared; NULL never
 * @rcu: for freeing
 * @wildcard: @name is followed by exactly one element
 * @name_len: bytes of @name
 * @name: behind @grant, not terminated; without the asterisk and its dot.  Set
 *	once
 * @n_grants: number of @grant; set once
 * @grant: set once
 */
struct policy_entry {
	struct kdbus_hashtab_node node;
	struct list_head link;
	const void *owner;
	struct rcu_head rcu;
	bool wildcard;
	size_t name_len;
	char *name;
	unsigned int n_grants;
	struct grant grant[];
};

/**
 * struct entry_key - names an entry
 * @name: not necessarily terminated
 * @len: bytes of @name
 * @wildcard: as in struct policy_entry
 */
struct entry_key {
	const char *name;
	size_t len;
	bool wildcard;
};

static bool entry_equal(const struct kdbus_hashtab_node *node, const void *data)
{
	const struct policy_entry *entry = container_of(node, struct policy_entry, node);
	const struct entry_key *key = data;

	return entry->wildcard == key->wildcard && entry->name_len == key->len &&
	       !memcmp(entry->name, key->name, key->len);
}

static u32 policy_hash(const struct kdbus_policy *db, const struct entry_key *key)
{
	return jhash(key->name, key->len, db->seed + key->wildcard);
}

/* Under RCU or the database's lock. */
static struct policy_entry *entry_find(const struct kdbus_policy *db, const struct entry_key *key)
{
	struct kdbus_hashtab_node *node;

	node = kdbus_hashtab_find(&db->names, policy_hash(db, key), entry_equal, key);
	return node ? container_of(node, struct policy_entry, node) : NULL;
}

static struct entry_key entry_key(const struct policy_entry *entry)
{
	return (struct entry_key){
		.name = entry->name,
		.len = entry->name_len,
		.wildcard = entry->wildcard,
	};
}

/* Input */

static int grant_import(struct grant *grant, const struct kdbus_policy_access *access)
{
	u32 id = access->id;

	if (access->access > KDBUS_POLICY_OWN)
		return -EINVAL;
	grant->type = access->type;
	grant->level = access->access;

	switch (access->type) {
	case KDBUS_POLICY_ACCESS_USER:
		grant->uid = make_kuid(current_user_ns(), id);
		return id == access->id && uid_valid(grant->uid) ? 0 : -EINVAL;
	case KDBUS_POLICY_ACCESS_GROUP:
		grant->gid = make_kgid(current_user_ns(), id);
		return id == access->id && gid_valid(grant->gid) ? 0 : -EINVAL;
	case KDBUS_POLICY_ACCESS_WORLD:
		return 0;
	default:
		return -EINVAL;
	}
}

/* The name item and the grants that follow it, up to the next name. */
static struct policy_entry *policy_entry_new(const void *owner, const struct kdbus_item *name_item,
					     unsigned int n_grants, bool wildcards_ok)
{
	size_t name_len = kdbus_item_payload_size(name_item) - 1;
	struct policy_entry *entry;
	bool wildcard;

	if (!kdbus_wellknown_is_valid(name_item->str, name_len, true))
		return ERR_PTR(-EINVAL);
	wildcard = kdbus_wellknown_is_wildcard(name_item->str, name_len);
	if (wildcard && !wildcards_ok)
		return ERR_PTR(-EINVAL);
	if (wildcard)
		name_len -= strlen(".*");

	entry = kzalloc(struct_size(entry, grant, n_grants) + name_len, GFP_KERNEL_ACCOUNT);
	if (!entry)
		return ERR_PTR(-ENOMEM);
	entry->owner = owner;
	entry->wildcard = wildcard;
	entry->name = (char *)&entry->grant[n_grants];
	entry->name_len = name_len;
	memcpy(entry->name, name_item->str, name_len);
	return entry;
}

static unsigned int count_grants(const struct kdbus_item *name_item, const u8 *end)
{
	const struct kdbus_item *item;
	unsigned int n = 0;

	for (item = kdbus_item_next(name_item); (const u8 *)item < end;
	     item = kdbus_item_next(item)) {
		if (item->type == KDBUS_ITEM_NAME)
			break;
		n += item->type == KDBUS_ITEM_POLICY_ACCESS;
	}
	return n;
}

static void entries_free(struct list_head *entries)
{
	struct policy_entry *entry, *next;

	list_for_each_entry_safe(entry, next, entries, link)
		kfree(entry);
}

/* On error, what was made up to there is in the list too. */
static int entries_import(struct list_head *entries, const void *owner,
			  const struct kdbus_item *items, size_t items_size,
			  unsigned int max_names, bool wildcards_ok)
{
	const u8 *end = (const u8 *)items + items_size;
	struct policy_entry *entry = NULL;
	const struct kdbus_item *item;
	unsigned int n_names = 0;
	int ret;

	KDBUS_ITEMS_FOREACH(item, items, items_size) {
		switch (item->type) {
		case KDBUS_ITEM_NAME:
			if (n_names == max_names)
				return -E2BIG;
			n_names++;
			entry = policy_entry_new(owner, item, count_grants(item, end),
						 wildcards_ok);
			if (IS_ERR(entry))
				return PTR_ERR(entry);
			list_add_tail(&entry->link, entries);
			break;
		case KDBUS_ITEM_POLICY_ACCESS:
			if (!entry)
				return -EINVAL;
			ret = grant_import(&entry->grant[entry->n_grants], &item->policy_access);
			if (ret)
				return ret;
			entry->n_grants++;
			break;
		}
	}
	return 0;
}

/*
 * Every pair is compared, by hash first: the size of a command bounds their
 * number, and no lock is held.
 */
static int entries_check_unique(const struct kdbus_policy *db, struct list_head *entries)
{
	struct policy_entry *entry, *other;

	list_for_each_entry(entry, entries, link) {
		struct entry_key key = entry_key(entry);

		entry->node.hash = policy_hash(db, &key);
		list_for_each_entry(other, entries, link) {
			if (other == entry)
				break;
			if (other->node.hash == entry->node.hash && entry_equal(&other->node, &key))
				return -EEXIST;
		}
	}
	return 0;
}

/* Does one of the names belong to somebody else? */
static int entries_check_free(const struct kdbus_policy *db, struct list_head *entries,
			      const void *owner, unsigned int *n_entries)
{
	struct policy_entry *entry, *other;

	*n_entries = 0;
	list_for_each_entry(entry, entries, link) {
		struct entry_key key = entry_key(entry);

		++*n_entries;
		other = entry_find(db, &key);
		if (other && other->owner != owner)
			return -EEXIST;
	}
	return 0;
}

/* Room for the new entries has been reserved. */
static void entries_replace_locked(struct kdbus_policy *db, const void *owner,
				   struct list_head *entries)
{
	struct policy_entry *entry, *next;
	LIST_HEAD(old);

	lockdep_assert_held(&db->lock);

	list_for_each_entry_safe(entry, next, &db->entries, link)
		if (entry->owner == owner)
			list_move(&entry->link, &old);

	spin_lock(&db->commit_lock);
	write_seqcount_begin(&db->seq);
	/* First the new ones: a table that becomes empty loses what was reserved. */
	list_for_each_entry(entry, entries, link)
		kdbus_hashtab_add(&db->names, &entry->node, entry->node.hash);
	list_for_each_entry(entry, &old, link)
		kdbus_hashtab_del(&db->names, &entry->node);
	write_seqcount_end(&db->seq);
	/* Pairs with kdbus_policy_recall(): who sees the number sees the change. */
	smp_store_release(&db->n_changes, db->n_changes + 1);
	spin_unlock(&db->commit_lock);

	list_splice_init(entries, &db->entries);
	list_for_each_entry_safe(entry, next, &old, link)
		kfree_rcu(entry, rcu);
}

/* Queries */

static bool cred_has_group(const struct cred *cred, kgid_t gid)
{
	int i;

	if (gid_eq(cred->egid, gid))
		return true;
	for (i = 0; i < cred->group_info->ngroups; i++)
		if (gid_eq(cred->group_info->gid[i], gid))
			return true;
	return false;
}

static bool grant_applies(const struct grant *grant, const struct cred *cred)
{
	switch (grant->type) {
	case KDBUS_POLICY_ACCESS_USER:
		return uid_eq(cred->euid, grant->uid);
	case KDBUS_POLICY_ACCESS_GROUP:
		return cred_has_group(cred, grant->gid);
	default:
		return true;
	}
}

static int entry_level(const struct policy_entry *entry, const struct cred *cred)
{
	int level = -1;
	unsigned int i;

	for (i = 0; i < entry->n_grants; i++)
		if (entry->grant[i].level > level && grant_applies(&entry->grant[i], cred))
			level = entry->grant[i].level;
	return level;
}

/* The entry that decides about a name; there until the read-side section of the caller ends. */
static const struct policy_entry *name_find(const struct kdbus_policy *db, const char *name)
{
	const struct policy_entry *entry;
	struct entry_key key = { .name = name, .len = strlen(name) };
	const char *dot;

	/* The look-up has a section of its own, so nothing else would notice. */
	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "policy read outside of a section");
	entry = entry_find(db, &key);
	if (entry)
		return entry;

	dot = strrchr(name, '.');
	if (!dot)
		return NULL;
	key.len = dot - name;
	key.wildcard = true;
	return entry_find(db, &key);
}

/**
 * kdbus_policy_init() - initialise a database
 * @db: the database; denies everything
 */
void kdbus_policy_init(struct kdbus_policy *db)
{
	mutex_init(&db->lock);
	spin_lock_init(&db->commit_lock);
	seqcount_spinlock_init(&db->seq, &db->commit_lock);
	db->seed = get_random_u32();
	kdbus_hashtab_init(&db->names);
	INIT_LIST_HEAD(&db->entries);
	db->n_changes = 1;
}

/**
 * kdbus_policy_deinit() - check that a database was emptied, and release it
 * @db: the database; all owners were dropped
 *
 * Context: No writer and no reader any more.
 */
void kdbus_policy_deinit(struct kdbus_policy *db)
{
	WARN_ON_ONCE(!list_empty(&db->entries));
	kdbus_hashtab_deinit(&db->names);
	mutex_destroy(&db->lock);
}

/**
 * kdbus_policy_set() - replace the entries of an owner
 * @db: the database
 * @owner: whose; only compared
 * @items: checked items in kernel memory: groups of one %KDBUS_ITEM_NAME and
 *	any number of %KDBUS_ITEM_POLICY_ACCESS; other types are skipped
 * @items_size: bytes of @items
 * @max_names: allowed number of names; UINT_MAX for any
 * @wildcards_ok: names may end in ".*"
 *
 * Readers see either all of the old entries or all of the new ones.
 *
 * Context: Process context; ids are those of the current user namespace.  May
 * sleep; takes the database's lock.
 * Return: 0; or with nothing changed the error of the first bad item, -E2BIG for
 * a name too many, -EINVAL for a bad name, a bad grant or a grant before any
 * name; -EEXIST, after all items, for a name that occurs twice or belongs to
 * another owner; -ENOMEM.
 */
int kdbus_policy_set(struct kdbus_policy *db, const void *owner, const struct kdbus_item *items,
		     size_t items_size, unsigned int max_names, bool wildcards_ok)
{
	unsigned int n_entries;
	LIST_HEAD(entries);
	int ret;

	ret = entries_import(&entries, owner, items, items_size, max_names, wildcards_ok);
	if (!ret)
		ret = entries_check_unique(db, &entries);
	if (ret)
		goto out_free;

	mutex_lock(&db->lock);
	ret = entries_check_free(db, &entries, owner, &n_entries);
	if (!ret && n_entries)
		ret = kdbus_hashtab_reserve(&db->names, n_entries);
	if (!ret)
		entries_replace_locked(db, owner, &entries);
	mutex_unlock(&db->lock);

out_free:
	/* Those that got into the database are no longer listed here. */
	entries_free(&entries);
	return ret;
}

/**
 * kdbus_policy_drop() - remove the entries of an owner
 * @db: the database
 * @owner: whose
 *
 * Context: Process context.  May sleep; takes the database's lock.
 */
void kdbus_policy_drop(struct kdbus_policy *db, const void *owner)
{
	LIST_HEAD(none);

	mutex_lock(&db->lock);
	entries_replace_locked(db, owner, &none);
	mutex_unlock(&db->lock);
}

/**
 * kdbus_policy_level() - what was granted for a name
 * @db: the database
 * @cred: to whom; effective ids and groups count
 * @name: the name, terminated
 *
 * Sees each change that was complete when it was called.
 *
 * Context: Any but hard interrupts.  Takes the RCU read lock; writes no shared
 * memory.
 * Return: -1 for nothing, or the highest &enum kdbus_policy_access_flags.
 */
int kdbus_policy_level(struct kdbus_policy *db, const struct cred *cred, const char *name)
{
	const struct policy_entry *entry;
	unsigned int seq;
	int level = -1;

	/* Most endpoints and many buses grant nothing. */
	if (!rcu_access_pointer(db->names.buckets))
		return level;

	rcu_read_lock();
	do {
		seq = read_seqcount_begin(&db->seq);
		entry = name_find(db, name);
	} while (read_seqcount_retry(&db->seq, seq));
	if (entry)
		level = entry_level(entry, cred);
	rcu_read_unlock();
	return level;
}

/**
 * kdbus_policy_recall() - the same, if need be
 * @db: the database
 * @cred: to whom
 * @name: the name, terminated
 * @verdict: what @db has said of @name to @cred, or nothing; brought up to date
 *
 * Context: Process context.  @verdict is the caller's alone.
 * Return: as kdbus_policy_level().
 */
int kdbus_policy_recall(struct kdbus_policy *db, const struct cred *cred, const char *name,
			struct kdbus_verdict *verdict)
{
	/* Before the database is asked: what changes meanwhile has another number. */
	unsigned long n_changes = smp_load_acquire(&db->n_changes);

	if (likely(verdict->n_changes == n_changes))
		return verdict->level;
	verdict->level = kdbus_policy_level(db, cred, name);
	kdbus_delay_point();
	verdict->n_changes = n_changes;
	return verdict->level;
}
