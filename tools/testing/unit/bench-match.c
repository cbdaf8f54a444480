// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a broadcast costs on a bus with many matches that it does not satisfy
 *
 * Instructions are counted from outside, e.g. those of 1000 signals on a bus with
 * 10,000 masks of random bits, to be compared with those on a bus with 0:
 *   valgrind --tool=callgrind --toggle-collect=kdbus_match_signal bench-match random 10000
 * callgrind_annotate shows how often visit_groups was called for them.
 */

#include <stdlib.h>

#include "tests/items.h"
#include "match.h"
#include "unit.h"

#define BLOOM		64
#define N_SIGNALS	1000
#define N_OWNERS	1000

static struct kdbus_match_index index_;
static struct kdbus_match_owner owners[N_OWNERS];

static union {
	struct kdbus_bloom_filter filter;
	u64 words[1 + BLOOM / 8];
} filter;

static unsigned int random_number(void)
{
	static unsigned long state = 1;

	state = state * 6364136223846793005UL + 1442695040888963407UL;
	return state >> 33;
}

static void set_bits(u64 *words, unsigned int n_bits)
{
	while (n_bits--) {
		unsigned int bit = random_number() % (BLOOM * 8);

		words[bit / 64] |= BIT_ULL(bit % 64);
	}
}

static bool sends_as(const struct kdbus_match_signal *sig, const char *name)
{
	(void)sig;
	(void)name;
	return false;
}

static void each_name(const struct kdbus_match_signal *sig,
		      void (*fn)(const char *name, void *arg), void *arg)
{
	(void)sig;
	fn("org.example.Sender", arg);
}

static void visit(struct kdbus_match_owner *owner, void *ctx)
{
	(void)owner;
	++*(unsigned long *)ctx;
}

/* Bits that all matches of a kind have; a filter of such a bus has them too. */
static u64 common[BLOOM / 8];

static void add_match(const char *kind, unsigned int i)
{
	static struct items items;
	u64 mask[BLOOM / 8] = { 0 };
	char name[32];

	items_init(&items);
	if (!strcmp(kind, "random")) {
		set_bits(mask, 8 + random_number() % 17);
	} else if (!strcmp(kind, "arg0")) {
		memcpy(mask, common, sizeof(mask));
		set_bits(mask, 8);
	} else if (!strcmp(kind, "equal")) {
		memcpy(mask, common, sizeof(mask));
		mask[0] |= 1;
	} else if (!strcmp(kind, "id")) {
		items_add_u64(&items, KDBUS_ITEM_ID, 1000000 + i);
	} else if (!strcmp(kind, "name")) {
		snprintf(name, sizeof(name), "org.example.Name%u", i);
		items_add_str(&items, KDBUS_ITEM_NAME, name);
	}
	if (memchr_inv(mask, 0, sizeof(mask)))
		items_add(&items, KDBUS_ITEM_BLOOM_MASK, mask, sizeof(mask));
	if (kdbus_match_add(&index_, &owners[i % N_OWNERS], i, items_first(&items), items.size,
			    false, UINT_MAX))
		abort();
	unit_grace_period();
}

int main(int argc, char **argv)
{
	struct kdbus_match_signal sig = {
		.src_id = 1,
		.dst_id = KDBUS_DST_ID_BROADCAST,
		.filter = &filter.filter,
		.filter_size = BLOOM,
		.sends_as = sends_as,
		.each_name = each_name,
	};
	unsigned long n_heard = 0;
	unsigned int i, n;

	if (argc != 3) {
		fprintf(stderr, "usage: %s random|arg0|equal|id|name N\n", argv[0]);
		return EXIT_FAILURE;
	}
	n = strtoul(argv[2], NULL, 0);

	set_bits(common, 16);
	kdbus_match_index_init(&index_, BLOOM);
	for (i = 0; i < N_OWNERS; i++)
		kdbus_match_owner_init(&owners[i]);
	for (i = 0; i < n; i++)
		add_match(argv[1], i);

	for (i = 0; i < N_SIGNALS; i++) {
		memset(&filter, 0, sizeof(filter));
		if (!strcmp(argv[1], "arg0")) {
			memcpy(filter.filter.data, common, sizeof(common));
			set_bits(filter.filter.data, 24);
		} else {
			set_bits(filter.filter.data, 40);
		}
		/* "equal" lacks one bit. */
		filter.words[1] &= ~1ULL;
		rcu_read_lock();
		kdbus_match_signal(&index_, &sig, NULL, visit, &n_heard);
		rcu_read_unlock();
	}

	printf("%s, %u matches: %u signals, %lu times heard\n", argv[1], n, N_SIGNALS, n_heard);
	for (i = 0; i < N_OWNERS; i++)
		kdbus_match_drop(&index_, &owners[i]);
	kdbus_match_index_deinit(&index_);
	return EXIT_SUCCESS;
}
