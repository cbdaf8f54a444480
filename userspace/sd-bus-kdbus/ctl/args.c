// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * args.c - arguments of a call from words of the command line, written as for busctl: values as
 * they are; an array as its number of elements and these; a variant as its signature and its value.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../core/names.h"
#include "../core/signature.h"
#include "ctl.h"

struct words {
	char **at;
	int left;
};

static int put_value(struct kbus_writer *writer, const char *type, struct words *words);

static const char *next_word(struct words *words)
{
	if (!words->left)
		return NULL;
	words->left--;
	return *words->at++;
}

/* An integer that fits @bits bits, negative ones if @is_signed. */
static int read_integer(const char *word, unsigned int bits, bool is_signed, uint64_t *ret)
{
	long long value;
	char *end;

	errno = 0;
	if (is_signed) {
		value = strtoll(word, &end, 0);
		*ret = value;
		if (bits < 64 && (value < -(1LL << (bits - 1)) || value >= 1LL << (bits - 1)))
			return -ERANGE;
	} else {
		/* strtoull() would take a minus for very large. */
		if (strchr(word, '-'))
			return -EINVAL;
		*ret = strtoull(word, &end, 0);
		if (bits < 64 && *ret >> bits)
			return -ERANGE;
	}
	if (errno)
		return -errno;
	return end == word || *end ? -EINVAL : 0;
}

static int read_bool(const char *word, uint64_t *ret)
{
	static const char * const yes[] = { "true", "yes", "on", "1" };
	static const char * const no[] = { "false", "no", "off", "0" };
	size_t i;

	for (i = 0; i < 4; i++) {
		*ret = !strcmp(word, yes[i]);
		if (*ret || !strcmp(word, no[i]))
			return 0;
	}
	return -EINVAL;
}

static int put_number(struct kbus_writer *writer, char type, const char *word)
{
	uint64_t value;
	double real;
	char *end;
	int r;

	if (type == 'd') {
		real = strtod(word, &end);
		memcpy(&value, &real, 8);
		r = end == word || *end ? -EINVAL : 0;
	} else if (type == 'b') {
		r = read_bool(word, &value);
	} else {
		r = read_integer(word, 8 * kbus_type_size(type), strchr("nix", type) != NULL,
				 &value);
	}
	if (r < 0)
		return r;
	switch (kbus_type_size(type)) {
	case 1:
		kbus_put_byte(writer, value);
		break;
	case 2:
		if (writer->size % 2)
			kbus_put_byte(writer, 0);
		kbus_put_bytes(writer, &(uint16_t){ value }, 2);
		break;
	case 4:
		kbus_put_u32(writer, value);
		break;
	default:
		kbus_put_u64(writer, value);
	}
	return 0;
}

static int put_text(struct kbus_writer *writer, char type, const char *word)
{
	size_t size = strlen(word);

	if (type == 'g') {
		if (!kbus_signature_is_valid(word, size))
			return -EINVAL;
		kbus_put_signature(writer, word);
		return 0;
	}
	if (type == 'o' ? !kbus_path_is_valid(word, size) : !kbus_utf8_is_valid(word, size))
		return -EINVAL;
	kbus_put_string(writer, word);
	return 0;
}

static int put_array(struct kbus_writer *writer, const char *element, struct words *words)
{
	const char *word = next_word(words);
	uint64_t n;
	int r;

	if (!word)
		return -ENODATA;
	r = read_integer(word, 32, false, &n);
	if (r < 0)
		return r;
	kbus_put_array_open(writer, *element);
	while (!r && n--)
		r = put_value(writer, element, words);
	kbus_put_array_close(writer);
	return r;
}

static int put_members(struct kbus_writer *writer, const char *type, struct words *words)
{
	const char *member;
	int r = 0;

	kbus_put_struct(writer);
	for (member = type + 1; !r && !strchr(")}", *member); member += kbus_type_length(member))
		r = put_value(writer, member, words);
	return r;
}

static int put_value(struct kbus_writer *writer, const char *type, struct words *words)
{
	const char *word;

	if (*type == 'a')
		return put_array(writer, type + 1, words);
	if (*type == '(' || *type == '{')
		return put_members(writer, type, words);
	word = next_word(words);
	if (!word)
		return -ENODATA;
	if (*type == 'h')
		return -EOPNOTSUPP;
	if (*type == 'v') {
		if (!kbus_signature_is_single(word, strlen(word)))
			return -EINVAL;
		kbus_put_signature(writer, word);
		return put_value(writer, word, words);
	}
	return strchr("sog", *type) ? put_text(writer, *type, word) :
		put_number(writer, *type, word);
}

/**
 * args_put() - marshal arguments
 * @writer: where to
 * @signature: their types; valid
 * @words: the words of the command line
 * @n_words: how many; all of them must be used
 *
 * Return: 0, -ENODATA for too few words, -E2BIG for too many, -EINVAL or -ERANGE for a word that is
 * no value of its type, -EOPNOTSUPP for descriptors.
 */
int args_put(struct kbus_writer *writer, const char *signature, char **words, int n_words)
{
	struct words rest = { words, n_words };
	int r = 0;

	for (; !r && *signature; signature += kbus_type_length(signature))
		r = put_value(writer, signature, &rest);
	if (!r && rest.left)
		r = -E2BIG;
	return r ? r : writer->error;
}
