// SPDX-License-Identifier: GPL-2.0
/* Which connections asked for a signal or a notification */

#include <linux/bug.h>
#include <linux/jhash.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "bloom.h"
#include "item.h"
#include "match.h"
#include "memo.h"
#include "rule.h"

/**
 * struct topic - entries with a common key
 * @node: link in the index's table of topics
 * @sets: the entries, by the bits they require; read under RCU, written under
 *	the index's lock
 * @n_entries: under the index's lock
 * @rcu: for freeing
 * @key: set once; its name is @name
 * @name: owned; empty unless the key is a name
 */
struct topic {
	struct kdbus_hashtab_node node;
	struct kdbus_subset_index sets;
	unsigned int n_entries;
	struct rcu_head rcu;
	struct kdbus_rule_key key;
	char name[];
};

/**
 * struct match_entry - what one MATCH_ADD made
 * @in_sets: link in @sets
 * @in_owner: link in @owner->entries
 * @owner: whose it is; stays allocated for a grace period after the entry was
 *	removed
 * @sets: where the index has it, NULL if nowhere; under the index's lock
 * @topic: borrowed, lives until its last entry is removed; NULL if @sets
 *	belongs to the index.  Under the index's lock
 * @cookie: set once
 * @rcu: for freeing
 * @rules_size: bytes of @rules; set once
 * @rules: the rules, items as they were passed in; set once
 */
struct match_entry {
	struct kdbus_subset_entry in_sets;
	struct hlist_node in_owner;
	struct kdbus_match_owner *owner;
	struct kdbus_subset_index *sets;
	struct topic *topic;
	u64 cookie;
	struct rcu_head rcu;
	size_t rules_size;
	u64 rules[];
};

/* Topics */

static u32 key_hash(const struct kdbus_rule_key *key, u32 seed)
{
	seed = jhash_2words(key->kind, key->by, seed);
	if (key->by == KDBUS_RULE_BY_NAME)
		return jhash(key->name, strlen(key->name), seed);
	return jhash_2words(lower_32_bits(key->id), upper_32_bits(key->id), seed);
}

static bool topic_equal(const struct kdbus_hashtab_node *node, const void *data)
{
	const struct topic *topic = container_of(node, struct topic, node);
	const struct kdbus_rule_key *key = data;

	return topic->key.kind == key->kind && topic->key.by == key->by &&
	       topic->key.id == key->id && !strcmp(topic->key.name, key->name);
}

/* Under RCU or the index's lock. */
static struct topic *topic_find(const struct kdbus_match_index *index,
				const struct kdbus_rule_key *key)
{
	struct kdbus_hashtab_node *node;

	/* Do not even hash when nobody asked for anything in particular. */
	if (!rcu_access_pointer(index->topics.buckets))
		return NULL;

	node = kdbus_hashtab_find(&index->topics, key_hash(key, index->seed), topic_equal, key);
	return node ? container_of(node, struct topic, node) : NULL;
}

static struct topic *topic_get(struct kdbus_match_index *index, const struct kdbus_rule_key *key)
{
	size_t name_size = strlen(key->name) + 1;
	struct topic *topic = topic_find(index, key);

	if (topic)
		return topic;

	if (kdbus_hashtab_reserve(&index->topics, 1))
		return NULL;
	topic = kzalloc(struct_size(topic, name, name_size), GFP_KERNEL_ACCOUNT);
	if (!topic)
		return NULL;

	kdbus_subset_init(&topic->sets);
	memcpy(topic->name, key->name, name_size);
	topic->key = *key;
	topic->key.name = topic->name;
	kdbus_hashtab_add(&index->topics, &topic->node, key_hash(key, index->seed));
	return topic;
}

static void topic_prune(struct kdbus_match_index *index, struct topic *topic)
{
	if (topic->n_entries)
		return;
	kdbus_hashtab_del(&index->topics, &topic->node);
	kdbus_subset_deinit(&topic->sets);
	kfree_rcu(topic, rcu);
}

/* Entries */

static struct match_entry *entry_new(struct kdbus_match_owner *owner, u64 cookie,
				     const struct kdbus_item *items, size_t items_size)
{
	const struct kdbus_item *item;
	struct match_entry *entry;
	size_t size = 0;

	KDBUS_ITEMS_FOREACH(item, items, items_size)
		if (item->type != KDBUS_ITEM_NEGOTIATE)
			size += KDBUS_ALIGN8(item->size);

	entry = kvzalloc(struct_size(entry, rules, size / sizeof(u64)), GFP_KERNEL_ACCOUNT);
	if (!entry)
		return NULL;
	entry->owner = owner;
	entry->cookie = cookie;

	KDBUS_ITEMS_FOREACH(item, items, items_size) {
		if (item->type == KDBUS_ITEM_NEGOTIATE)
			continue;
		memcpy((u8 *)entry->rules + entry->rules_size, item, item->size);
		entry->rules_size += KDBUS_ALIGN8(item->size);
	}
	return entry;
}

static int census_get(struct kdbus_match_index *index)
{
	if (index->census)
		return 0;

	index->census = kzalloc(sizeof(*index->census), GFP_KERNEL_ACCOUNT);
	if (!index->census)
		return -ENOMEM;
	index->census->seed = index->seed;
	return 0;
}

/* What was found before need not be all, or not be there any more: see DOC: Memo. */
static void index_changed(struct kdbus_match_index *index)
{
	/* Pairs with search_memo(), which finds what we did before, too. */
	smp_store_release(&index->n_changes, index->n_changes + 1);
}

/* Makes the entry visible to broadcasts. */
static int entry_link(struct kdbus_match_index *index, struct match_entry *entry)
{
	struct kdbus_bits bits;
	struct kdbus_rule_key key;
	int ret;

	if (!kdbus_rules_classify(entry->rules, entry->rules_size, index->bloom_size, &key, &bits))
		return 0;

	if (memchr_inv(&bits, 0, sizeof(bits))) {
		ret = census_get(index);
		if (ret)
			return ret;
	}

	if (key.by != KDBUS_RULE_BY_NOTHING) {
		entry->topic = topic_get(index, &key);
		if (!entry->topic)
			return -ENOMEM;
		entry->sets = &entry->topic->sets;
	} else {
		entry->sets = &index->any[key.kind];
	}

	ret = kdbus_subset_add(entry->sets, index->census, &entry->in_sets, &bits);
	if (entry->topic) {
		if (!ret)
			entry->topic->n_entries++;
		topic_prune(index, entry->topic);
	}
	index_changed(index);
	return ret;
}

static unsigned int entry_size(const struct match_entry *entry)
{
	return struct_size(entry, rules, entry->rules_size / sizeof(u64));
}

static void entry_remove(struct kdbus_match_index *index, struct match_entry *entry)
{
	hlist_del_rcu(&entry->in_owner);
	entry->owner->n_entries--;
	if (entry->owner->bytes)
		atomic_sub(entry_size(entry), entry->owner->bytes);

	if (entry->sets)
		kdbus_subset_del(entry->sets, index->census, &entry->in_sets);
	if (entry->topic) {
		entry->topic->n_entries--;
		topic_prune(index, entry->topic);
	}
	index_changed(index);
	kvfree_rcu(entry, rcu);
}

static unsigned int owner_count(const struct kdbus_match_owner *owner, u64 cookie,
				unsigned int *bytes)
{
	struct match_entry *entry;
	unsigned int n = 0;

	hlist_for_each_entry(entry, &owner->entries, in_owner) {
		if (entry->cookie != cookie)
			continue;
		n++;
		*bytes += entry_size(entry);
	}
	return n;
}

/* Charge @size; @leaving of what is charged will not be so much longer. */
static bool owner_charge(struct kdbus_match_owner *owner, unsigned int size, unsigned int leaving)
{
	if (!owner->bytes)
		return true;
	if (atomic_add_return(size, owner->bytes) - (int)leaving <= (int)owner->max_bytes)
		return true;
	atomic_sub(size, owner->bytes);
	return false;
}

static void owner_remove(struct kdbus_match_index *index, struct kdbus_match_owner *owner,
			 u64 cookie)
{
	struct match_entry *entry;
	struct hlist_node *next;

	hlist_for_each_entry_safe(entry, next, &owner->entries, in_owner)
		if (entry->cookie == cookie)
			entry_remove(index, entry);
}

/* The new entry is linked before the ones it replaces go: no signal is missed. */
static int owner_add_locked(struct kdbus_match_index *index, struct kdbus_match_owner *owner,
			    struct match_entry *entry, bool replace, unsigned int max_entries)
{
	unsigned int n_kept = owner->n_entries, leaving = 0;
	int ret = 0;

	lockdep_assert_held(&index->lock);

	if (owner->dead)
		return -ECONNRESET;

	if (replace)
		n_kept -= owner_count(owner, entry->cookie, &leaving);
	if (n_kept >= max_entries || !owner_charge(owner, entry_size(entry), leaving))
		ret = -EMFILE;
	else
		ret = entry_link(index, entry);
	if (ret && ret != -EMFILE) {
		if (owner->bytes)
			atomic_sub(entry_size(entry), owner->bytes);
		return ret;
	}

	if (replace)
		owner_remove(index, owner, entry->cookie);
	if (ret)
		return ret;

	hlist_add_head_rcu(&entry->in_owner, &owner->entries);
	owner->n_entries++;
	return 0;
}

/**
 * kdbus_match_index_init() - initialise an index
 * @index: the index; costs no further memory until something is added
 * @bloom_size: bytes of the bus's bloom filters
 */
void kdbus_match_index_init(struct kdbus_match_index *index, size_t bloom_size)
{
	unsigned int i;

	mutex_init(&index->lock);
	index->bloom_size = bloom_size;
	index->seed = get_random_u32();
	index->n_changes = 1;
	index->census = NULL;
	kdbus_hashtab_init(&index->topics);
	for (i = 0; i < KDBUS_RULE_N_KINDS; i++)
		kdbus_subset_init(&index->any[i]);
}

/**
 * kdbus_match_index_deinit() - check that an index was emptied, and release it
 * @index: the index; all owners were dropped
 *
 * Context: No writer and no reader any more.
 */
void kdbus_match_index_deinit(struct kdbus_match_index *index)
{
	unsigned int i;

	for (i = 0; i < KDBUS_RULE_N_KINDS; i++)
		kdbus_subset_deinit(&index->any[i]);
	kdbus_hashtab_deinit(&index->topics);
	kfree(index->census);
	mutex_destroy(&index->lock);
}

/**
 * kdbus_match_owner_init() - initialise the matches of a connection
 * @owner: without entries, and alive
 */
void kdbus_match_owner_init(struct kdbus_match_owner *owner)
{
	INIT_HLIST_HEAD(&owner->entries);
	owner->n_entries = 0;
	owner->dead = false;
	owner->bytes = NULL;
	owner->max_bytes = 0;
}

/**
 * kdbus_match_owner_bound() - let a connection share an account of bytes
 * @owner: the connection's; without entries
 * @bytes: the account, which outlives @owner
 * @max_bytes: its largest value
 *
 * How long a broadcast looks for its receivers depends on how much there is to be compared,
 * and so does the memory of it all.
 */
void kdbus_match_owner_bound(struct kdbus_match_owner *owner, atomic_t *bytes,
			     unsigned int max_bytes)
{
	owner->bytes = bytes;
	owner->max_bytes = max_bytes;
}

/**
 * kdbus_match_owner_deinit() - check that a connection has no matches any more
 * @owner: the connection's; dropped, or never used
 */
void kdbus_match_owner_deinit(struct kdbus_match_owner *owner)
{
	WARN_ON_ONCE(owner->n_entries);
	WARN_ON_ONCE(!hlist_empty(&owner->entries));
}

/**
 * kdbus_match_add() - add an entry
 * @index: the bus's
 * @owner: the connection's
 * @cookie: by which the owner can remove it; need not be unique
 * @items: the rules, checked for MATCH_ADD, in kernel memory; copied.
 *	%KDBUS_ITEM_NEGOTIATE is ignored
 * @items_size: bytes of @items
 * @replace: remove the owner's entries with that cookie.  This happens also if
 *	the result is -EMFILE, but with no other error
 * @max_entries: that the owner may have, the new one included
 *
 * Context: Process context.  May sleep; takes the index's lock.
 * Return: 0; -EDOM for a mask that is not a multiple of the bloom size, -EINVAL
 * for a rule with a bad name, whichever comes first in @items; -ECONNRESET after
 * kdbus_match_drop(); -EMFILE for too many entries or too many bytes; -ENOMEM.
 */
int kdbus_match_add(struct kdbus_match_index *index, struct kdbus_match_owner *owner, u64 cookie,
		    const struct kdbus_item *items, size_t items_size, bool replace,
		    unsigned int max_entries)
{
	struct match_entry *entry;
	int ret;

	ret = kdbus_rules_check(items, items_size, index->bloom_size);
	if (ret)
		return ret;

	entry = entry_new(owner, cookie, items, items_size);
	if (!entry)
		return -ENOMEM;

	mutex_lock(&index->lock);
	ret = owner_add_locked(index, owner, entry, replace, max_entries);
	mutex_unlock(&index->lock);

	/* Nobody saw it. */
	if (ret)
		kvfree(entry);
	return ret;
}

/**
 * kdbus_match_remove() - remove entries
 * @index: the bus's
 * @owner: the connection's
 * @cookie: of the entries
 *
 * Context: Process context.  May sleep; takes the index's lock.
 * Return: 0, or -EBADSLT if there is none.
 */
int kdbus_match_remove(struct kdbus_match_index *index, struct kdbus_match_owner *owner,
		       u64 cookie)
{
	unsigned int n_before;
	int ret;

	mutex_lock(&index->lock);
	n_before = owner->n_entries;
	owner_remove(index, owner, cookie);
	ret = owner->n_entries == n_before ? -EBADSLT : 0;
	mutex_unlock(&index->lock);
	return ret;
}

/**
 * kdbus_match_drop() - remove all entries of a connection that goes away
 * @index: the bus's
 * @owner: the connection's; can have no entries from then on.  Readers may reach
 *	it for another grace period
 *
 * Context: Process context.  May sleep; takes the index's lock.
 */
void kdbus_match_drop(struct kdbus_match_index *index, struct kdbus_match_owner *owner)
{
	struct match_entry *entry;
	struct hlist_node *next;

	mutex_lock(&index->lock);
	owner->dead = true;
	hlist_for_each_entry_safe(entry, next, &owner->entries, in_owner)
		entry_remove(index, entry);
	mutex_unlock(&index->lock);
}

/**
 * kdbus_match_accepts_signal() - does a connection want a signal sent to it alone?
 * @owner: the connection's
 * @sig: the signal
 *
 * Context: RCU read lock held.
 * Return: true if one of its entries is satisfied.
 */
bool kdbus_match_accepts_signal(const struct kdbus_match_owner *owner,
				const struct kdbus_match_signal *sig)
{
	struct match_entry *entry;

	hlist_for_each_entry_rcu(entry, &owner->entries, in_owner)
		if (kdbus_rules_accept_signal(entry->rules, entry->rules_size, sig))
			return true;
	return false;
}

/* Broadcasts */

/**
 * struct search - a broadcast that looks for its receivers
 * @index: where
 * @sig: the signal, or NULL
 * @ev: the notification, or NULL
 * @bits: what the signal's filter has
 * @visit: called for each owner found
 * @ctx: for @visit
 * @found: gets each owner found, too; or NULL
 */
struct search {
	const struct kdbus_match_index *index;
	const struct kdbus_match_signal *sig;
	const struct kdbus_match_event *ev;
	struct kdbus_bits bits;
	kdbus_match_visit visit;
	void *ctx;
	struct kdbus_memo_found *found;
};

static void search_candidate(struct kdbus_subset_entry *in_sets, void *ctx)
{
	const struct match_entry *entry = container_of(in_sets, struct match_entry, in_sets);
	const struct search *search = ctx;
	bool accepted;

	if (search->sig)
		accepted = kdbus_rules_accept_signal(entry->rules, entry->rules_size, search->sig);
	else
		accepted = kdbus_rules_accept_event(entry->rules, entry->rules_size, search->ev);
	if (!accepted)
		return;
	if (search->found)
		kdbus_memo_found_add(search->found, entry->owner);
	search->visit(entry->owner, search->ctx);
}

static void search_any(struct search *search, enum kdbus_rule_kind kind)
{
	kdbus_subset_visit(&search->index->any[kind], &search->bits, search_candidate, search);
}

static void search_topic(struct search *search, enum kdbus_rule_kind kind,
			 enum kdbus_rule_by by, u64 id, const char *name)
{
	struct kdbus_rule_key key = { .kind = kind, .by = by, .id = id, .name = name };
	struct topic *topic = topic_find(search->index, &key);

	if (topic)
		kdbus_subset_visit(&topic->sets, &search->bits, search_candidate, search);
}

static void search_sender_name(const char *name, void *arg)
{
	search_topic(arg, KDBUS_RULE_SIGNAL, KDBUS_RULE_BY_NAME, 0, name);
}

/* Entries for which it does not matter who sends the signal. */
static void search_filter(struct search *search)
{
	search_any(search, KDBUS_RULE_EVERYTHING);
	search_any(search, KDBUS_RULE_SIGNAL);
}

/* The same, if the sender does not remember what that will find. */
static void search_memo(struct search *search, struct kdbus_memo *memo)
{
	const struct kdbus_bloom_filter *filter = search->sig->filter;
	struct kdbus_memo_found found;
	unsigned long n_changes;
	unsigned int i;

	/* Pairs with index_changed(). */
	n_changes = smp_load_acquire(&search->index->n_changes);
	if (kdbus_memo_recall(memo, n_changes, filter, &found)) {
		for (i = 0; i < found.n; i++)
			search->visit(found.owner[i], search->ctx);
		return;
	}
	found.n = 0;
	search->found = &found;
	search_filter(search);
	search->found = NULL;
	kdbus_memo_keep(memo, n_changes, filter, &found);
}

/**
 * kdbus_match_is_crowded() - is a search worth being remembered?
 * @index: the bus's
 *
 * Context: Any.
 * Return: whether there are more matches than are simply compared.
 */
bool kdbus_match_is_crowded(const struct kdbus_match_index *index)
{
	return rcu_access_pointer(index->any[KDBUS_RULE_SIGNAL].root);
}

/**
 * kdbus_match_signal() - find the receivers of a broadcast signal
 * @index: the bus's
 * @sig: the signal
 * @memo: what the sender's last filter has found; of this index only; NULL to search
 * @visit: called for each owner with a satisfied entry, maybe several times for
 *	one; must not sleep
 * @ctx: for @visit
 *
 * Entries added before the call are found, those removed before are not.
 *
 * Context: RCU read lock held.  Takes no lock but that of @memo, and writes no other shared memory.
 */
void kdbus_match_signal(const struct kdbus_match_index *index,
			const struct kdbus_match_signal *sig, struct kdbus_memo *memo,
			kdbus_match_visit visit, void *ctx)
{
	struct search search = { .index = index, .sig = sig, .visit = visit, .ctx = ctx };

	if (WARN_ON_ONCE(sig->filter_size != index->bloom_size))
		return;
	kdbus_bloom_fold(&search.bits, sig->filter->data, sig->filter_size);

	if (memo)
		search_memo(&search, memo);
	else
		search_filter(&search);
	if (rcu_access_pointer(index->topics.buckets)) {
		search_topic(&search, KDBUS_RULE_SIGNAL, KDBUS_RULE_BY_SENDER, sig->src_id, "");
		sig->each_name(sig, search_sender_name, &search);
	}
}

/**
 * kdbus_match_event() - find the receivers of a broadcast notification
 * @index: the bus's
 * @ev: the notification
 * @visit: called for each owner with a satisfied entry, maybe several times for
 *	one; must not sleep
 * @ctx: for @visit
 *
 * Entries added before the call are found, those removed before are not.
 *
 * Context: RCU read lock held.  Takes no lock and writes no shared memory.
 */
void kdbus_match_event(const struct kdbus_match_index *index,
		       const struct kdbus_match_event *ev, kdbus_match_visit visit, void *ctx)
{
	struct search search = { .index = index, .ev = ev, .visit = visit, .ctx = ctx };
	enum kdbus_rule_kind kind = kdbus_rule_kind_of(ev->type);

	search_any(&search, KDBUS_RULE_EVERYTHING);
	search_any(&search, kind);
	if (!rcu_access_pointer(index->topics.buckets))
		return;

	if (ev->old_id)
		search_topic(&search, kind, KDBUS_RULE_BY_OLD_ID, ev->old_id, "");
	if (ev->new_id)
		search_topic(&search, kind, KDBUS_RULE_BY_NEW_ID, ev->new_id, "");
	if (ev->name)
		search_topic(&search, kind, KDBUS_RULE_BY_NAME, 0, ev->name);
}
