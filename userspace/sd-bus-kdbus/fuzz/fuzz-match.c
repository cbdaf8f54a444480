// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fuzz-match.c - libFuzzer: match rules, and what the kernel is told of them
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../core/matchset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

/* Items are whole, 8 bytes apart, and fit into a command of the kernel. */
static int check_items(void *context, const void *items, size_t size)
{
	unsigned int *n = context;
	uint64_t item_size;
	size_t at;

	require(++*n <= KBUS_MATCH_ENTRIES && size <= 8192);
	for (at = 0; at < size; at += (item_size + 7) & ~7ULL) {
		require(size - at >= 16);
		memcpy(&item_size, (const uint8_t *)items + at, sizeof(item_size));
		require(item_size >= 16 && item_size <= size - at);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct kbus_bloom bloom = { .size = 64, .n_hash = 8 };
	const struct kbus_header header = {
		.type = KBUS_SIGNAL, .path = "/a", .interface = "a.b", .member = "M",
		.signature = "", .sender = ":1.2",
	};
	const struct kbus_match_message message = { .header = &header, .body = "" };
	const struct kbus_match_message known = { .header = &header, .body = "", .kind = 1 };
	struct kbus_match *match, *again;
	struct kbus_matchset *set;
	unsigned int n = 0;

	if (kbus_match_parse((const char *)data, size, &match) < 0)
		return 0;
	kbus_match_translate(match, &bloom, check_items, &n);
	require(kbus_match_parse((const char *)data, size, &again) == 0);
	require(kbus_match_equal(match, again));
	require(kbus_match_hash(match) == kbus_match_hash(again));
	require(kbus_matchset_new(&set) == 0);
	require(kbus_matchset_add(set, again, 1, NULL) == 0);
	require(kbus_matchset_find(set, match) != NULL);
	require(kbus_matchset_test(set, &message) == kbus_match_test(match, &message));
	require(kbus_matchset_test(set, &known) == kbus_match_test(match, &message));
	require(kbus_matchset_test(set, &known) == kbus_match_test(match, &message));
	kbus_matchset_free(set);
	kbus_match_free(match);
	return 0;
}
