// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-bloom.c - hashing by the contract of 2015 */
#include <stdlib.h>

#include "bloom.h"
#include "build.h"
#include "siphash.h"
#include "test.h"

static const struct kbus_bloom usual = { .size = 64, .n_hash = 8 };

static bool has(const uint64_t *filter, unsigned int bit)
{
	return filter[bit / 64] >> bit % 64 & 1;
}

static unsigned int count(const uint64_t *filter, size_t size)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < size / 8; i++)
		n += __builtin_popcountll(filter[i]);
	return n;
}

/* All bits of @text are in @filter. */
static bool contains(const struct kbus_bloom *bloom, const uint64_t *filter, const char *text)
{
	uint64_t mask[KBUS_BLOOM_MAX / 8] = {};
	size_t i;

	kbus_bloom_add(bloom, mask, text, strlen(text));
	for (i = 0; i < bloom->size / 8; i++)
		if ((filter[i] & mask[i]) != mask[i])
			return false;
	return true;
}

TEST(siphash_has_the_value_that_its_authors_published)
{
	uint8_t key[16], text[15];
	struct kbus_siphash hash;
	size_t i;

	for (i = 0; i < 16; i++)
		key[i] = i;
	for (i = 0; i < 15; i++)
		text[i] = i;
	kbus_siphash_init(&hash, key);
	kbus_siphash_add(&hash, text, sizeof(text));
	EXPECT_EQ(0xa129ca6149be45e5ULL, kbus_siphash_end(&hash));
}

TEST(siphash_does_not_depend_on_how_the_text_comes)
{
	const char text[] = "a text that is longer than a few words of eight bytes";
	const uint8_t key[16] = { 1, 2, 3 };
	struct kbus_siphash whole, parts;
	size_t cut;

	kbus_siphash_init(&whole, key);
	kbus_siphash_add(&whole, text, sizeof(text));
	for (cut = 0; cut <= sizeof(text); cut++) {
		kbus_siphash_init(&parts, key);
		kbus_siphash_add(&parts, text, cut);
		kbus_siphash_add(&parts, text + cut, sizeof(text) - cut);
		EXPECT_EQ_CASE(kbus_siphash_end(&whole), kbus_siphash_end(&parts), "cut at %zu", cut);
	}
}

TEST(strings_set_the_bits_of_the_contract)
{
	static const struct {
		const char *key;
		const char *value;
		unsigned int bits[8];
	} vectors[] = {
		{ "message-type", "signal", { 102, 108, 132, 138, 309, 312, 383, 388 } },
		{ "interface", "org.freedesktop.DBus.Properties",
		  { 33, 91, 92, 161, 247, 251, 319, 379 } },
		{ "member", "PropertiesChanged", { 29, 155, 213, 282, 306, 372, 482, 498 } },
		{ "path", "/org/freedesktop/systemd1", { 27, 152, 216, 272, 287, 346, 430, 445 } },
		{ "arg0", "hello", { 133, 225, 259, 265, 312, 319, 403, 488 } },
	};
	size_t i, j;

	for (i = 0; i < N_ENTRIES(vectors); i++) {
		uint64_t filter[8] = {};

		kbus_bloom_add_pair(&usual, filter, vectors[i].key, vectors[i].value,
				    strlen(vectors[i].value));
		for (j = 0; j < 8; j++)
			EXPECT_EQ_CASE(true, has(filter, vectors[i].bits[j]), "%s bit %u",
				       vectors[i].key, vectors[i].bits[j]);
		EXPECT_EQ_CASE(8, count(filter, 64), "%s", vectors[i].key);
	}
}

TEST(other_sizes_and_numbers_of_hashes_stay_inside)
{
	static const struct kbus_bloom blooms[] = {
		{ 8, 1 }, { 32, 64 }, { 64, 32 }, { 128, 32 }, { 4096, 32 },
	};
	size_t i;

	for (i = 0; i < N_ENTRIES(blooms); i++) {
		/* Of exactly the size, so that the sanitizer sees what is beyond. */
		uint64_t *filter = calloc(1, blooms[i].size);

		EXPECT_TRUE(kbus_bloom_is_valid(&blooms[i]));
		kbus_bloom_add(&blooms[i], filter, "text", 4);
		EXPECT_TRUE(count(filter, blooms[i].size) > 0);
		EXPECT_TRUE(count(filter, blooms[i].size) <= blooms[i].n_hash);
		free(filter);
	}
}

TEST(parameters_that_nobody_can_hash_with)
{
	static const struct kbus_bloom blooms[] = {
		{ 0, 8 }, { 4, 8 }, { 24, 8 }, { 8192, 8 }, { 64, 0 }, { 64, 33 }, { 32, 65 },
	};
	size_t i;

	for (i = 0; i < N_ENTRIES(blooms); i++)
		EXPECT_EQ_CASE(false, kbus_bloom_is_valid(&blooms[i]), "%zu, %u", blooms[i].size,
			       blooms[i].n_hash);
}

/* The filter of a signal with the arguments that @put writes. */
static void make_filter(uint64_t filter[8], const char *signature, const void *body, size_t size)
{
	struct kbus_header header = {
		.type = KBUS_SIGNAL, .path = "/a/bc/d", .interface = "x.y", .member = "M",
		.signature = signature, .body_size = size,
	};

	memset(filter, 0, 64);
	kbus_bloom_add_header(&usual, filter, &header);
	kbus_bloom_add_args(&usual, filter, &header, body);
}

TEST(a_signal_says_all_that_a_rule_may_ask)
{
	static const char *const said[] = {
		"message-type:signal", "interface:x.y", "member:M", "path:/a/bc/d",
		"path-slash-prefix:/a/bc/d", "path-slash-prefix:/a/bc/", "path-slash-prefix:/a/bc",
		"path-slash-prefix:/a/", "path-slash-prefix:/a", "path-slash-prefix:/",
		"arg0:com.ex.Am", "arg0-dot-prefix:com.ex.Am", "arg0-dot-prefix:com.ex",
		"arg0-dot-prefix:com", "arg2:/p/q", "arg2-slash-prefix:/p", "arg3-has:one",
		"arg3-has:two", "arg4:last",
	};
	static const char *const unsaid[] = {
		"arg0:com", "arg1:7", "arg3:one", "member:N", "path:/a", "arg2:last",
	};
	struct kbus_writer w = {};
	uint64_t filter[8];
	size_t i;

	kbus_put_string(&w, "com.ex.Am");
	kbus_put_u32(&w, 7);
	kbus_put_string(&w, "/p/q");
	kbus_put_array_open(&w, 's');
	kbus_put_string(&w, "one");
	kbus_put_string(&w, "two");
	kbus_put_array_close(&w);
	kbus_put_string(&w, "last");
	make_filter(filter, "suoass", w.data, w.size);
	for (i = 0; i < N_ENTRIES(said); i++)
		EXPECT_EQ_CASE(true, contains(&usual, filter, said[i]), "%s", said[i]);
	/* Not sure for a bloom filter, but these texts are always the same. */
	for (i = 0; i < N_ENTRIES(unsaid); i++)
		EXPECT_EQ_CASE(false, contains(&usual, filter, unsaid[i]), "%s", unsaid[i]);
	kbus_writer_deinit(&w);
}

TEST(arguments_end_where_the_body_is_wrong)
{
	struct kbus_writer w = {};
	uint64_t filter[8];

	kbus_put_string(&w, "one");
	kbus_put_string(&w, "two");
	/* Cut in the middle of the second. */
	make_filter(filter, "ss", w.data, w.size - 2);
	EXPECT_TRUE(contains(&usual, filter, "arg0:one"));
	EXPECT_FALSE(contains(&usual, filter, "arg1:two"));
	kbus_writer_deinit(&w);
}
