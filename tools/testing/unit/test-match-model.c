// SPDX-License-Identifier: LGPL-2.1-or-later
/* The match index against a search through all entries, on random traffic */

#include "kernel.h"
#include "tests/items.h"
#include "match.h"
#include "memo.h"
#include "unit.h"

#define N_OWNERS	24
#define N_ENTRIES	400
#define MAX_PER_OWNER	40
#define MAX_RULES	3
#define MAX_BLOOM	136
#define N_IDS		6
#define N_NAMES		4
#define ANY		KDBUS_MATCH_ID_ANY

static const char *const names[N_NAMES] = { "a.b", "a.c", "a.b.c", "x.y" };

/* A rule, in the words of the interface's specification. */
struct rule {
	u64 type;
	u64 id, old_id, new_id;
	int name;		/* index, -1 for none */
	unsigned int n_blocks;
	u64 mask[2][MAX_BLOOM / 8];
};

struct entry {
	bool used;
	unsigned int owner;
	u64 cookie;
	unsigned int n_rules;
	struct rule rule[MAX_RULES];
};

static struct kdbus_match_index index_;
static struct kdbus_match_owner owners[N_OWNERS];
static struct kdbus_memo *memos[N_IDS];
static struct entry entries[N_ENTRIES];
static size_t bloom_size;
static unsigned int heard[N_OWNERS];
static unsigned int n_heard;

/* Connection i owns the names whose number is i modulo N_IDS. */
static bool owns(u64 id, int name)
{
	return id % N_IDS == (u64)name;
}

static int name_number(const char *name)
{
	int i;

	for (i = 0; i < N_NAMES; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

static bool sends_as(const struct kdbus_match_signal *sig, const char *name)
{
	return owns(sig->src_id, name_number(name));
}

static void each_name(const struct kdbus_match_signal *sig,
		      void (*fn)(const char *name, void *arg), void *arg)
{
	int i;

	for (i = 0; i < N_NAMES; i++)
		if (owns(sig->src_id, i))
			fn(names[i], arg);
}

/* The model */

static bool mask_matches(const struct rule *rule, const struct kdbus_bloom_filter *filter)
{
	u64 block = filter->generation;
	size_t i;

	if (block > rule->n_blocks - 1)
		block = rule->n_blocks - 1;
	for (i = 0; i < bloom_size / 8; i++)
		if ((filter->data[i] & rule->mask[block][i]) != rule->mask[block][i])
			return false;
	return true;
}

static bool signal_satisfies(const struct rule *rule, const struct kdbus_match_signal *sig)
{
	switch (rule->type) {
	case KDBUS_ITEM_BLOOM_MASK:
		return mask_matches(rule, sig->filter);
	case KDBUS_ITEM_ID:
		return rule->id == ANY || rule->id == sig->src_id;
	case KDBUS_ITEM_DST_ID:
		return rule->id == ANY || rule->id == sig->dst_id;
	case KDBUS_ITEM_NAME:
		return owns(sig->src_id, rule->name);
	}
	return false;
}

static bool event_satisfies(const struct rule *rule, const struct kdbus_match_event *ev)
{
	if (rule->type != ev->type)
		return false;
	if (ev->type == KDBUS_ITEM_ID_ADD)
		return rule->id == ANY || rule->id == ev->new_id;
	if (ev->type == KDBUS_ITEM_ID_REMOVE)
		return rule->id == ANY || rule->id == ev->old_id;
	return (rule->old_id == ANY || rule->old_id == ev->old_id) &&
	       (rule->new_id == ANY || rule->new_id == ev->new_id) &&
	       (rule->name < 0 || !strcmp(names[rule->name], ev->name));
}

static bool entry_satisfied(const struct entry *entry, const struct kdbus_match_signal *sig,
			    const struct kdbus_match_event *ev)
{
	unsigned int i;

	for (i = 0; i < entry->n_rules; i++)
		if (!(sig ? signal_satisfies(&entry->rule[i], sig) :
			    event_satisfies(&entry->rule[i], ev)))
			return false;
	return true;
}

static bool owner_satisfied(unsigned int owner, const struct kdbus_match_signal *sig,
			    const struct kdbus_match_event *ev)
{
	size_t i;

	for (i = 0; i < N_ENTRIES; i++)
		if (entries[i].used && entries[i].owner == owner &&
		    entry_satisfied(&entries[i], sig, ev))
			return true;
	return false;
}

static unsigned int owner_n_entries(unsigned int owner, u64 cookie, bool any_cookie)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < N_ENTRIES; i++)
		n += entries[i].used && entries[i].owner == owner &&
		     (any_cookie || entries[i].cookie == cookie);
	return n;
}

static void model_remove(unsigned int owner, u64 cookie, bool any_cookie)
{
	size_t i;

	for (i = 0; i < N_ENTRIES; i++)
		if (entries[i].owner == owner && (any_cookie || entries[i].cookie == cookie))
			entries[i].used = false;
}

/* Random input */

static u64 random_id(void)
{
	switch (unit_random() % 4) {
	case 0:
		return 0;
	case 1:
		return ANY;
	default:
		return 1 + unit_random() % N_IDS;
	}
}

static void random_mask(struct rule *rule)
{
	unsigned int block, n, bit;

	rule->n_blocks = 1 + unit_random() % 2;
	memset(rule->mask, 0, sizeof(rule->mask));
	for (block = 0; block < rule->n_blocks; block++) {
		for (n = unit_random() % 4; n; n--) {
			bit = unit_random() % (bloom_size * 8);
			rule->mask[block][bit / 64] |= BIT_ULL(bit % 64);
		}
	}
}

static void random_rule(struct rule *rule, bool for_signals)
{
	static const u64 signal_types[] = {
		KDBUS_ITEM_BLOOM_MASK, KDBUS_ITEM_BLOOM_MASK, KDBUS_ITEM_BLOOM_MASK,
		KDBUS_ITEM_ID, KDBUS_ITEM_DST_ID, KDBUS_ITEM_NAME,
	};
	static const u64 event_types[] = {
		KDBUS_ITEM_NAME_ADD, KDBUS_ITEM_NAME_REMOVE, KDBUS_ITEM_NAME_CHANGE,
		KDBUS_ITEM_ID_ADD, KDBUS_ITEM_ID_REMOVE,
	};

	if (for_signals)
		rule->type = signal_types[unit_random() % ARRAY_SIZE(signal_types)];
	else
		rule->type = event_types[unit_random() % ARRAY_SIZE(event_types)];
	rule->id = random_id();
	rule->old_id = random_id();
	rule->new_id = random_id();
	rule->name = (int)(unit_random() % (N_NAMES + 1)) - 1;
	if (rule->type == KDBUS_ITEM_NAME && rule->name < 0)
		rule->name = 0;
	random_mask(rule);
}

static void rule_item(struct items *items, const struct rule *rule)
{
	struct kdbus_notify_id_change id = { .id = rule->id, .flags = unit_random() };
	u64 mask[2 * MAX_BLOOM / 8];
	struct {
		struct kdbus_notify_name_change change;
		char name[16];
	} name = {
		.change = { .old_id = { rule->old_id, 1 }, .new_id = { rule->new_id, 2 } },
	};
	size_t size = sizeof(name.change);
	unsigned int block;

	switch (rule->type) {
	case KDBUS_ITEM_BLOOM_MASK:
		for (block = 0; block < rule->n_blocks; block++)
			memcpy((u8 *)mask + block * bloom_size, rule->mask[block], bloom_size);
		items_add(items, rule->type, mask, rule->n_blocks * bloom_size);
		break;
	case KDBUS_ITEM_ID:
	case KDBUS_ITEM_DST_ID:
		items_add_u64(items, rule->type, rule->id);
		break;
	case KDBUS_ITEM_NAME:
		items_add_str(items, rule->type, names[rule->name]);
		break;
	case KDBUS_ITEM_ID_ADD:
	case KDBUS_ITEM_ID_REMOVE:
		items_add(items, rule->type, &id, sizeof(id));
		break;
	default:
		if (rule->name >= 0) {
			strcpy(name.name, names[rule->name]);
			size += strlen(name.name) + 1;
		}
		items_add(items, rule->type, &name, size);
	}
}

/* One step: add, replace, remove or drop; with an allocation failing or not. */

static void step_add(unsigned int owner, u64 cookie, bool fail)
{
	static struct items items;
	bool replace = unit_random() % 3 == 0;
	bool for_signals = unit_random() % 2;
	unsigned int n_kept, i;
	struct entry *entry = NULL;
	int ret, expected = 0;

	for (i = 0; i < N_ENTRIES && !entry; i++)
		if (!entries[i].used)
			entry = &entries[i];
	if (!entry)
		return;

	items_init(&items);
	entry->owner = owner;
	entry->cookie = cookie;
	entry->n_rules = unit_random() % (MAX_RULES + 1);
	for (i = 0; i < entry->n_rules; i++) {
		/* Now and then a contradiction. */
		random_rule(&entry->rule[i], for_signals ^ (unit_random() % 16 == 0));
		rule_item(&items, &entry->rule[i]);
	}

	n_kept = owner_n_entries(owner, cookie, true);
	if (replace)
		n_kept -= owner_n_entries(owner, cookie, false);
	if (n_kept >= MAX_PER_OWNER)
		expected = -EMFILE;

	if (fail)
		unit_fail_alloc_after(unit_random() % 6);
	ret = kdbus_match_add(&index_, &owners[owner], cookie, items_first(&items), items.size,
			      replace, MAX_PER_OWNER);
	if (fail && unit_alloc_failed() && ret == -ENOMEM)
		return;
	EXPECT_EQ(expected, ret);
	if (replace)
		model_remove(owner, cookie, false);
	entry->used = !ret;
}

static void step(bool fail)
{
	unsigned int owner = unit_random() % N_OWNERS;
	u64 cookie = unit_random() % 5;
	int expected;

	switch (unit_random() % 16) {
	case 0:
		kdbus_match_drop(&index_, &owners[owner]);
		kdbus_match_owner_deinit(&owners[owner]);
		kdbus_match_owner_init(&owners[owner]);
		model_remove(owner, 0, true);
		break;
	case 1:
	case 2:
		expected = owner_n_entries(owner, cookie, false) ? 0 : -EBADSLT;
		EXPECT_EQ(expected, kdbus_match_remove(&index_, &owners[owner], cookie));
		model_remove(owner, cookie, false);
		break;
	default:
		step_add(owner, cookie, fail);
	}
	EXPECT_EQ(owner_n_entries(owner, 0, true), owners[owner].n_entries);
}

/* Broadcasts */

static void hear(struct kdbus_match_owner *owner, void *ctx)
{
	(void)ctx;
	heard[owner - owners]++;
}

static void compare(const struct kdbus_match_signal *sig, const struct kdbus_match_event *ev)
{
	unsigned int i;

	for (i = 0; i < N_OWNERS; i++) {
		bool expected = owner_satisfied(i, sig, ev);

		EXPECT_EQ_CASE(expected, heard[i] > 0, "owner %u", i);
		n_heard += expected;
	}
}

static void broadcast_signal(void)
{
	static u64 words[1 + MAX_BLOOM / 8];
	struct kdbus_match_signal sig = {
		.src_id = 1 + unit_random() % N_IDS,
		.dst_id = KDBUS_DST_ID_BROADCAST,
		.filter = (const void *)words,
		.filter_size = bloom_size,
		.sends_as = sends_as,
		.each_name = each_name,
	};
	unsigned int i;

	/* Every second one is as the last one was, maybe from somebody else. */
	if (unit_random() % 2) {
		words[0] = unit_random() % 3;
		for (i = 0; i < bloom_size / 8; i++)
			words[1 + i] = unit_random() | (unit_random() % 2 ? unit_random() : 0);
	}

	rcu_read_lock();
	memset(heard, 0, sizeof(heard));
	kdbus_match_signal(&index_, &sig, NULL, hear, NULL);
	compare(&sig, NULL);
	/* What is remembered, and what has just been. */
	for (i = 0; i < 2; i++) {
		memset(heard, 0, sizeof(heard));
		kdbus_match_signal(&index_, &sig, memos[sig.src_id - 1], hear, NULL);
		compare(&sig, NULL);
	}

	sig.dst_id = unit_random() % N_IDS;
	for (i = 0; i < N_OWNERS; i++)
		EXPECT_EQ(owner_satisfied(i, &sig, NULL),
			  kdbus_match_accepts_signal(&owners[i], &sig));
	rcu_read_unlock();
}

static void broadcast_event(void)
{
	struct kdbus_match_event ev = {
		.type = KDBUS_ITEM_NAME_ADD + unit_random() % 5,
		.old_id = unit_random() % (N_IDS + 1),
		.new_id = unit_random() % (N_IDS + 1),
		.name = names[unit_random() % N_NAMES],
	};

	if (ev.type == KDBUS_ITEM_ID_ADD || ev.type == KDBUS_ITEM_ID_REMOVE)
		ev.name = NULL;
	memset(heard, 0, sizeof(heard));
	rcu_read_lock();
	kdbus_match_event(&index_, &ev, hear, NULL);
	rcu_read_unlock();
	compare(NULL, &ev);
}

static void run(size_t size, bool fail)
{
	unsigned int i, round;

	bloom_size = size;
	n_heard = 0;
	memset(entries, 0, sizeof(entries));
	kdbus_match_index_init(&index_, bloom_size);
	for (i = 0; i < N_OWNERS; i++)
		kdbus_match_owner_init(&owners[i]);
	for (i = 0; i < N_IDS; i++)
		memos[i] = kdbus_memo_new(bloom_size);

	for (round = 0; round < 4000 && !unit_failed(); round++) {
		step(fail && round % 2);
		broadcast_signal();
		broadcast_event();
		if (round % 64 == 0)
			unit_grace_period();
	}
	EXPECT_TRUE(n_heard > 1000);

	for (i = 0; i < N_OWNERS; i++) {
		kdbus_match_drop(&index_, &owners[i]);
		kdbus_match_owner_deinit(&owners[i]);
	}
	for (i = 0; i < N_IDS; i++)
		kfree(memos[i]);
	kdbus_match_index_deinit(&index_);
}

TEST(index_agrees_with_search_at_bloom_size_8)
{
	run(8, false);
}

TEST(index_agrees_with_search_at_bloom_size_64)
{
	run(64, false);
}

TEST(index_agrees_with_search_at_bloom_size_136)
{
	run(136, false);
}

TEST(failing_allocations_leave_everything_as_it_was)
{
	run(64, true);
}
