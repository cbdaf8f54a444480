// SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later
/* A hash table that grows under readers */

#include "../hashtab.h"
#include "suite.h"

struct item {
	struct kdbus_hashtab_node node;
	struct rcu_head rcu;
	u32 key;
};

static bool item_equal(const struct kdbus_hashtab_node *node, const void *key)
{
	return container_of(node, struct item, node)->key == *(const u32 *)key;
}

static u32 hash_of(u32 key)
{
	return jhash(&key, sizeof(key), 0);
}

static struct item *find(const struct kdbus_hashtab *tab, u32 key)
{
	struct kdbus_hashtab_node *node = kdbus_hashtab_find(tab, hash_of(key), item_equal, &key);

	return node ? container_of(node, struct item, node) : NULL;
}

static bool is_there(const struct kdbus_hashtab *tab, u32 key)
{
	struct item *item;
	bool found;

	rcu_read_lock();
	item = find(tab, key);
	found = item && item->key == key;
	rcu_read_unlock();
	return found;
}

static struct item *add(struct kdbus_hashtab *tab, u32 key)
{
	struct item *item = kzalloc(sizeof(*item), GFP_KERNEL);

	item->key = key;
	if (kdbus_hashtab_reserve(tab, 1)) {
		kfree(item);
		return NULL;
	}
	kdbus_hashtab_add(tab, &item->node, hash_of(key));
	return item;
}

static void del(struct kdbus_hashtab *tab, struct item *item)
{
	kdbus_hashtab_del(tab, &item->node);
	kfree_rcu(item, rcu);
}

#ifdef UNIT_SHIM
TEST(empty_table_costs_nothing_and_finds_nothing)
{
	struct kdbus_hashtab tab;
	long n_before = unit_n_allocated();

	kdbus_hashtab_init(&tab);
	EXPECT_FALSE(is_there(&tab, 1));
	EXPECT_EQ(n_before, unit_n_allocated());
	kdbus_hashtab_deinit(&tab);
}
#endif

#define MANY	UNIT_ROUNDS(3000)

static void check_all(const struct kdbus_hashtab *tab, struct item *const *items)
{
	u32 key;

	for (key = 0; key < MANY; key++)
		EXPECT_EQ_CASE(!!items[key], is_there(tab, key), "key %u", key);
}

static void fill_and_empty(unsigned int grace_every)
{
	static struct item *items[MANY];
	struct kdbus_hashtab tab;
	u32 i, key;

	memset(items, 0, sizeof(items));
	kdbus_hashtab_init(&tab);
	for (i = 0; i < 4 * MANY; i++) {
		key = unit_random() % MANY;
		if (items[key] && i % 3 == 0) {
			del(&tab, items[key]);
			items[key] = NULL;
		} else if (!items[key]) {
			items[key] = add(&tab, key);
		}
		if (grace_every && i % grace_every == 0)
			unit_grace_period();
		if (i % 1000 == 0)
			check_all(&tab, items);
	}
	check_all(&tab, items);
	for (key = 0; key < MANY; key++) {
		if (items[key])
			del(&tab, items[key]);
		items[key] = NULL;
	}
	check_all(&tab, items);
	EXPECT_EQ(0, tab.n);
	kdbus_hashtab_deinit(&tab);
}

TEST(contents_survive_growth_with_grace_periods_always)
{
	fill_and_empty(1);
}

TEST(contents_survive_growth_with_grace_periods_sometimes)
{
	fill_and_empty(200);
}

TEST(contents_survive_without_any_grace_period)
{
	fill_and_empty(0);
}

TEST(reader_in_old_buckets_keeps_its_node_across_growth)
{
	struct kdbus_hashtab tab;
	static struct item *items[100];
	struct item *seen;
	u32 key;

	kdbus_hashtab_init(&tab);
	for (key = 0; key < 10; key++)
		items[key] = add(&tab, key);
	unit_grace_period();

	/*
	 * A reader that started before could hold this one.  It is alone in this
	 * thread, so its critical section is only imagined: nothing is freed
	 * before unit_grace_period().
	 */
	rcu_read_lock();
	seen = find(&tab, 5);
	rcu_read_unlock();
	for (key = 10; key < 100; key++)
		items[key] = add(&tab, key);
	del(&tab, items[5]);
	EXPECT_EQ(5, seen->key);
	EXPECT_FALSE(is_there(&tab, 5));

	for (key = 0; key < 100; key++)
		if (key != 5)
			del(&tab, items[key]);
	kdbus_hashtab_deinit(&tab);
}

#ifdef UNIT_SHIM
TEST(only_the_first_reservation_can_fail)
{
	struct kdbus_hashtab tab;
	struct item *items[64];
	u32 key;

	kdbus_hashtab_init(&tab);
	unit_fail_alloc_after(0);
	EXPECT_EQ(-ENOMEM, kdbus_hashtab_reserve(&tab, 1));
	EXPECT_TRUE(unit_alloc_failed());

	EXPECT_EQ(0, kdbus_hashtab_reserve(&tab, 1));
	for (key = 0; key < 64; key++) {
		unit_grace_period();
		unit_fail_alloc_after(1);
		items[key] = add(&tab, key);
		unit_alloc_failed();
		if (!EXPECT_TRUE(items[key]))
			return;
	}
	for (key = 0; key < 64; key++)
		EXPECT_TRUE(is_there(&tab, key));
	for (key = 0; key < 64; key++)
		del(&tab, items[key]);
	kdbus_hashtab_deinit(&tab);
}
#endif

TEST(nodes_with_equal_hash_are_told_apart)
{
	struct kdbus_hashtab tab;
	struct item a = { .key = 1 }, b = { .key = 2 };
	u32 key;

	kdbus_hashtab_init(&tab);
	if (!EXPECT_EQ(0, kdbus_hashtab_reserve(&tab, 2)))
		return;
	kdbus_hashtab_add(&tab, &a.node, 7);
	kdbus_hashtab_add(&tab, &b.node, 7);
	rcu_read_lock();
	key = 1;
	EXPECT_TRUE(kdbus_hashtab_find(&tab, 7, item_equal, &key) == &a.node);
	key = 2;
	EXPECT_TRUE(kdbus_hashtab_find(&tab, 7, item_equal, &key) == &b.node);
	key = 3;
	EXPECT_TRUE(!kdbus_hashtab_find(&tab, 7, item_equal, &key));
	rcu_read_unlock();
	kdbus_hashtab_del(&tab, &a.node);
	kdbus_hashtab_del(&tab, &b.node);
	kdbus_hashtab_deinit(&tab);
}

static struct unit_case cases[] = {
	CASE(contents_survive_growth_with_grace_periods_always),
	CASE(contents_survive_growth_with_grace_periods_sometimes),
	CASE(contents_survive_without_any_grace_period),
	CASE(reader_in_old_buckets_keeps_its_node_across_growth),
	CASE(nodes_with_equal_hash_are_told_apart),
	{}
};

SUITE("kdbus-hashtab", cases);
