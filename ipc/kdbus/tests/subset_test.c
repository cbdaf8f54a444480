// SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later
/* Which of many bit sets are contained in a given one? */

#include "../subset.h"
#include "suite.h"

#define N_SETS	UNIT_ROUNDS(2000)

struct set {
	struct kdbus_subset_entry entry;
	struct rcu_head rcu;
	struct kdbus_bits bits;
	unsigned int visits;
};

static struct set *sets[N_SETS];

static void bits_random(struct kdbus_bits *bits, unsigned int n_bits, unsigned int range)
{
	while (n_bits--) {
		unsigned int bit = unit_random() % range;

		bits->word[bit / 64] |= BIT_ULL(bit % 64);
	}
}

static bool contains(const struct kdbus_bits *bits, const struct kdbus_bits *subset)
{
	size_t i;

	for (i = 0; i < KDBUS_SUBSET_WORDS; i++)
		if (subset->word[i] & ~bits->word[i])
			return false;
	return true;
}

static void visit(struct kdbus_subset_entry *entry, void *ctx)
{
	unsigned int *n_visits = ctx;

	container_of(entry, struct set, entry)->visits++;
	++*n_visits;
}

/* Exactly the contained sets are visited, each once. */
static void check(const struct kdbus_subset_index *index, const struct kdbus_bits *bits)
{
	unsigned int n_visits = 0, n_expected = 0;
	size_t i;

	for (i = 0; i < N_SETS; i++)
		if (sets[i])
			sets[i]->visits = 0;
	rcu_read_lock();
	kdbus_subset_visit(index, bits, visit, &n_visits);
	rcu_read_unlock();

	for (i = 0; i < N_SETS; i++) {
		if (!sets[i])
			continue;
		n_expected += contains(bits, &sets[i]->bits);
		EXPECT_EQ_CASE(contains(bits, &sets[i]->bits), sets[i]->visits, "set %zu", i);
	}
	EXPECT_EQ(n_expected, n_visits);
}

typedef void (*make_bits)(struct kdbus_bits *bits);

static void make_random(struct kdbus_bits *bits)
{
	bits_random(bits, unit_random() % 12, KDBUS_SUBSET_BITS);
}

static void make_dense(struct kdbus_bits *bits)
{
	bits_random(bits, unit_random() % 6, 24);
}

static void make_single(struct kdbus_bits *bits)
{
	bits_random(bits, 1, 100);
}

static void make_alike(struct kdbus_bits *bits)
{
	bits->word[0] = 0xffff;
	bits_random(bits, 2, KDBUS_SUBSET_BITS);
}

static bool toggle(struct kdbus_subset_index *index, struct kdbus_subset_census *census, size_t i,
		   make_bits make)
{
	if (sets[i]) {
		kdbus_subset_del(index, census, &sets[i]->entry);
		kfree_rcu(sets[i], rcu);
		sets[i] = NULL;
		return true;
	}

	sets[i] = kzalloc(sizeof(*sets[i]), GFP_KERNEL);
	make(&sets[i]->bits);
	/* Equal ones have to occur. */
	if (i && sets[i - 1] && i % 3 == 0)
		sets[i]->bits = sets[i - 1]->bits;
	if (!kdbus_subset_add(index, census, &sets[i]->entry, &sets[i]->bits))
		return true;
	kfree(sets[i]);
	sets[i] = NULL;
	return false;
}

static bool is_empty(const struct kdbus_subset_census *census)
{
	return !census->n_groups && !memchr_inv(census->count, 0, sizeof(census->count));
}

static void churn(make_bits make, bool fail)
{
	static struct kdbus_subset_census census;
	struct kdbus_subset_index index;
	unsigned int n_failures = 0;
	size_t i, round;

	census = (struct kdbus_subset_census){ .seed = 1 };
	kdbus_subset_init(&index);
	for (round = 0; round < 3 * N_SETS; round++) {
		struct kdbus_bits bits = { .word = { 0 } };

#ifdef UNIT_SHIM
		if (fail && round % 2)
			unit_fail_alloc_after(1 + unit_random() % 5);
#endif
		n_failures += !toggle(&index, &census, unit_random() % N_SETS, make);
#ifdef UNIT_SHIM
		unit_alloc_failed();
#endif
		if (round % 100 == 0)
			unit_grace_period();
		if (round % 50)
			continue;
		make(&bits);
		bits_random(&bits, unit_random() % 400, KDBUS_SUBSET_BITS);
		check(&index, &bits);
	}
	EXPECT_EQ(fail, n_failures > 0);

	for (i = 0; i < N_SETS; i++)
		if (sets[i])
			toggle(&index, &census, i, make);
	EXPECT_TRUE(is_empty(&census));
	kdbus_subset_deinit(&index);
}

TEST(exactly_the_contained_sets_are_found_among_random_ones)
{
	churn(make_random, false);
}

TEST(exactly_the_contained_sets_are_found_among_dense_ones)
{
	churn(make_dense, false);
}

TEST(exactly_the_contained_sets_are_found_among_single_bits)
{
	churn(make_single, false);
}

TEST(exactly_the_contained_sets_are_found_among_similar_ones)
{
	churn(make_alike, false);
}

#ifdef UNIT_SHIM
TEST(failing_allocations_change_nothing)
{
	churn(make_random, true);
	churn(make_dense, true);
}
#endif

TEST(empty_sets_need_no_census_and_are_always_found)
{
	struct kdbus_subset_index index;
	struct kdbus_bits none = { .word = { 0 } }, all;
	struct set a = { .visits = 0 }, b = { .visits = 0 };
	unsigned int n_visits = 0;

	memset(&all, 0xff, sizeof(all));
	kdbus_subset_init(&index);
	if (!EXPECT_EQ(0, kdbus_subset_add(&index, NULL, &a.entry, &none)))
		return;
	if (!EXPECT_EQ(0, kdbus_subset_add(&index, NULL, &b.entry, &none)))
		return;
	rcu_read_lock();
	kdbus_subset_visit(&index, &none, visit, &n_visits);
	EXPECT_EQ(2, n_visits);
	kdbus_subset_visit(&index, &all, visit, &n_visits);
	EXPECT_EQ(4, n_visits);
	rcu_read_unlock();
	kdbus_subset_del(&index, NULL, &a.entry);
	kdbus_subset_del(&index, NULL, &b.entry);
	kdbus_subset_deinit(&index);
}

#ifdef UNIT_SHIM
TEST(emptied_index_holds_no_memory)
{
	struct kdbus_subset_census census = { .seed = 1 };
	struct kdbus_subset_index index;
	long n_before = unit_n_allocated();
	size_t i;

	kdbus_subset_init(&index);
	for (i = 0; i < 500; i++)
		toggle(&index, &census, i, make_random);
	for (i = 0; i < 500; i++)
		toggle(&index, &census, i, make_random);
	unit_grace_period();
	EXPECT_EQ(n_before, unit_n_allocated());
	kdbus_subset_deinit(&index);
}
#endif

static struct unit_case cases[] = {
	CASE(exactly_the_contained_sets_are_found_among_random_ones),
	CASE(exactly_the_contained_sets_are_found_among_dense_ones),
	CASE(exactly_the_contained_sets_are_found_among_single_bits),
	CASE(exactly_the_contained_sets_are_found_among_similar_ones),
	CASE(empty_sets_need_no_census_and_are_always_found),
	{}
};

SUITE("kdbus-subset", cases);
