// SPDX-License-Identifier: LGPL-2.1-or-later
/* bloom.c - what a signal says, summed up in a few bits that the kernel can compare */
#include <string.h>

#include "bloom.h"
#include "body.h"
#include "match.h"
#include "siphash.h"

/* Part of the contract: chosen at random once, the same on every machine. */
static const uint8_t keys[KBUS_BLOOM_KEYS][16] = {
	{ 0xb9, 0x66, 0x0b, 0xf0, 0x46, 0x70, 0x47, 0xc1,
	  0x88, 0x75, 0xc4, 0x9c, 0x54, 0xb9, 0xbd, 0x15 },
	{ 0xaa, 0xa1, 0x54, 0xa2, 0xe0, 0x71, 0x4b, 0x39,
	  0xbf, 0xe1, 0xdd, 0x2e, 0x9f, 0xc5, 0x4a, 0x3b },
	{ 0x63, 0xfd, 0xae, 0xbe, 0xcd, 0x82, 0x48, 0x12,
	  0xa1, 0x6e, 0x41, 0x26, 0xcb, 0xfa, 0xa0, 0xc8 },
	{ 0x23, 0xbe, 0x45, 0x29, 0x32, 0xd2, 0x46, 0x2d,
	  0x82, 0x03, 0x52, 0x28, 0xfe, 0x37, 0x17, 0xf5 },
	{ 0x56, 0x3b, 0xbf, 0xee, 0x5a, 0x4f, 0x43, 0x39,
	  0xaf, 0xaa, 0x94, 0x08, 0xdf, 0xf0, 0xfc, 0x10 },
	{ 0x31, 0x80, 0xc8, 0x73, 0xc7, 0xea, 0x46, 0xd3,
	  0xaa, 0x25, 0x75, 0x0f, 0x9e, 0x4c, 0x09, 0x29 },
	{ 0x7d, 0xf7, 0x18, 0x4b, 0x7b, 0xa4, 0x44, 0xd5,
	  0x85, 0x3c, 0x06, 0xe0, 0x65, 0x53, 0x96, 0x6d },
	{ 0xf2, 0x77, 0xe9, 0x6f, 0x93, 0xb5, 0x4e, 0x71,
	  0x9a, 0x0c, 0x34, 0x88, 0x39, 0x25, 0xbf, 0x35 },
};

/* Bytes of hash that make the number of one bit. */
static unsigned int index_width(const struct kbus_bloom *bloom)
{
	unsigned int bits = 0;

	while (1UL << bits < bloom->size * 8)
		bits++;
	return (bits + 7) / 8;
}

/**
 * kbus_bloom_is_valid() - can we hash like this?
 * @bloom: what HELLO said
 *
 * Return: true if the size is a power of two that the kernel knows and the keys suffice for that many
 * hashes.
 */
bool kbus_bloom_is_valid(const struct kbus_bloom *bloom)
{
	return bloom->size >= 8 && bloom->size <= KBUS_BLOOM_MAX &&
	       !(bloom->size & (bloom->size - 1)) && bloom->n_hash >= 1 &&
	       bloom->n_hash * index_width(bloom) <= KBUS_BLOOM_KEYS * 8;
}

/*
 * Sets the bits of "KEY:VALUE", or of @value alone if @key is NULL. Indices are taken from the 8
 * bytes of hash in the order in which they lie in memory, most significant first; an index may
 * begin in one hash and end in the next.
 */
static void add(const struct kbus_bloom *bloom, uint64_t *filter, const char *key,
		const void *value, size_t size)
{
	const unsigned int width = index_width(bloom), key_size = key ? strlen(key) : 0;
	const uint64_t mask = bloom->size * 8 - 1;
	unsigned int n_keys = 0, left = 0, i, j;
	struct kbus_siphash state;
	uint64_t hash = 0;

	for (i = 0; i < bloom->n_hash; i++) {
		uint64_t bit = 0;

		for (j = 0; j < width; j++) {
			if (!left) {
				kbus_siphash_init(&state, keys[n_keys++]);
				kbus_siphash_add(&state, key, key_size);
				kbus_siphash_add(&state, ":", key ? 1 : 0);
				kbus_siphash_add(&state, value, size);
				hash = kbus_siphash_end(&state);
				left = 8;
			}
			bit = bit << 8 | (hash & 0xff);
			hash >>= 8;
			left--;
		}
		bit &= mask;
		filter[bit / 64] |= 1ULL << bit % 64;
	}
}

/**
 * kbus_bloom_add() - set the bits of a text
 * @bloom: how to hash; valid
 * @filter: filter or mask, @bloom->size bytes
 * @text: what to hash
 * @size: bytes at @text
 */
void kbus_bloom_add(const struct kbus_bloom *bloom, uint64_t *filter, const void *text,
		    size_t size)
{
	add(bloom, filter, NULL, text, size);
}

/**
 * kbus_bloom_add_pair() - set the bits of "KEY:VALUE"
 * @bloom: how to hash; valid
 * @filter: filter or mask, @bloom->size bytes
 * @key: what the value is
 * @value: the value
 * @size: bytes at @value
 */
void kbus_bloom_add_pair(const struct kbus_bloom *bloom, uint64_t *filter, const char *key,
			 const char *value, size_t size)
{
	add(bloom, filter, key, value, size);
}

static void add_text(const struct kbus_bloom *bloom, uint64_t *filter, const char *key,
		     const char *value)
{
	if (value)
		add(bloom, filter, key, value, strlen(value));
}

/*
 * Sets the bits of @value and of all that it begins with, as far as that ends where @separator
 * stands: "a.b.c", "a.b", "a". With @with_separator also "a.b." and so on.
 */
static void add_prefixes(const struct kbus_bloom *bloom, uint64_t *filter, const char *key,
			 const char *value, size_t size, char separator, bool with_separator)
{
	add(bloom, filter, key, value, size);
	while (size--) {
		if (value[size] != separator)
			continue;
		if (with_separator)
			add(bloom, filter, key, value, size + 1);
		if (size)
			add(bloom, filter, key, value, size);
	}
}

/* "arg7-has" and the like; @index is below %KBUS_MATCH_ARGS. */
static void set_arg_key(char key[32], unsigned int index, const char *what)
{
	char *at = stpcpy(key, "arg");

	if (index >= 10)
		*at++ = '0' + index / 10;
	*at++ = '0' + index % 10;
	strcpy(at, what);
}

static void add_arg(const struct kbus_bloom *bloom, uint64_t *filter, unsigned int index,
		    const char *value, size_t size)
{
	char key[32];

	set_arg_key(key, index, "");
	add(bloom, filter, key, value, size);
	set_arg_key(key, index, "-dot-prefix");
	add_prefixes(bloom, filter, key, value, size, '.', false);
	set_arg_key(key, index, "-slash-prefix");
	add_prefixes(bloom, filter, key, value, size, '/', false);
}

/* The elements of an array of strings. Fails where the bytes are wrong. */
static int add_elements(const struct kbus_bloom *bloom, uint64_t *filter, unsigned int index,
			struct kbus_reader *reader)
{
	struct kbus_array array;
	const char *value;
	char key[32];
	size_t size;
	int r;

	set_arg_key(key, index, "-has");
	r = kbus_read_array_open(reader, &array);
	while (r == 0 && kbus_read_array_next(reader, &array)) {
		r = kbus_read_string(reader, &value, &size);
		if (r == 0)
			add(bloom, filter, key, value, size);
	}
	return r ?: kbus_read_array_close(reader, &array);
}

/**
 * kbus_bloom_add_args() - set the bits of what a rule may ask of a signal's arguments
 * @bloom: how to hash; valid
 * @filter: @bloom->size bytes
 * @header: of the signal
 * @body: of the signal, @header->body_size bytes. Where it is not valid, the arguments end
 */
void kbus_bloom_add_args(const struct kbus_bloom *bloom, uint64_t *filter,
			 const struct kbus_header *header, const void *body)
{
	struct kbus_reader reader;
	const char *value;
	unsigned int i;
	size_t size;
	int r = 0;

	kbus_reader_init(&reader, header, body);
	for (i = 0; r == 0 && i < KBUS_MATCH_ARGS && *reader.signature; i++) {
		const char *type = reader.signature;

		if (*type == 's' || *type == 'o' || *type == 'g') {
			r = kbus_read_string(&reader, &value, &size);
			if (r == 0)
				add_arg(bloom, filter, i, value, size);
		} else if (*type == 'a' && strchr("sog", type[1]) && type[1]) {
			r = add_elements(bloom, filter, i, &reader);
		} else {
			r = kbus_read_skip(&reader);
		}
	}
}

/**
 * kbus_bloom_add_header() - set the bits of what a rule may ask of a signal's header
 * @bloom: how to hash; valid
 * @filter: @bloom->size bytes
 * @header: of the signal
 */
void kbus_bloom_add_header(const struct kbus_bloom *bloom, uint64_t *filter,
			   const struct kbus_header *header)
{
	static const char *const types[] = { NULL, "method_call", "method_return", "error",
					     "signal" };

	if (header->type < sizeof(types) / sizeof(types[0]))
		add_text(bloom, filter, "message-type", types[header->type]);
	add_text(bloom, filter, "interface", header->interface);
	add_text(bloom, filter, "member", header->member);
	add_text(bloom, filter, "path", header->path);
	if (header->path)
		add_prefixes(bloom, filter, "path-slash-prefix", header->path,
			     strlen(header->path), '/', true);
}
