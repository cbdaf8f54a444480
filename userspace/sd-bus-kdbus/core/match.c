// SPDX-License-Identifier: LGPL-2.1-or-later
/* match.c - match rules of D-Bus: parse one, compare two, test a message */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "bytes.h"
#include "match.h"
#include "names.h"

/*
 * A rule's text while it is parsed. Values are written to @out without their quotes; they never
 * take more than the text, because each key has a "=" that makes room for a NUL.
 */
struct parser {
	const char *p;
	const char *end;
	char *out;
	struct kbus_match *match;
	bool eavesdrop_seen;
};

static bool at_space(const struct parser *s)
{
	return s->p < s->end && strchr(" \t\r\n", *s->p) && *s->p;
}

/* What stands before "=": bytes in the text. */
static int next_key(struct parser *s, const char **ret, size_t *ret_size)
{
	const char *start = s->p;

	while (s->p < s->end && *s->p != '=' && !at_space(s))
		s->p++;
	*ret = start;
	*ret_size = s->p - start;
	while (at_space(s))
		s->p++;
	if (!*ret_size || s->p == s->end || *s->p != '=')
		return -EINVAL;
	s->p++;
	return 0;
}

/* The value up to "," or the end: quoted by apostrophes, outside of them "\'" is an apostrophe. */
static int next_value(struct parser *s, const char **ret)
{
	bool quoted = false;

	*ret = s->out;
	for (; s->p < s->end && (quoted || *s->p != ','); s->p++) {
		if (!*s->p)
			return -EINVAL;
		if (*s->p == '\'') {
			quoted = !quoted;
			continue;
		}
		if (!quoted && *s->p == '\\' && s->end - s->p > 1 && s->p[1] == '\'')
			s->p++;
		*s->out++ = *s->p;
	}
	if (quoted)
		return -EINVAL;
	*s->out++ = '\0';
	if (s->p < s->end)
		s->p++;
	return 0;
}

static int set_type(struct kbus_match *m, const char *value)
{
	static const char *const types[] = {
		[KBUS_METHOD_CALL] = "method_call",
		[KBUS_METHOD_RETURN] = "method_return",
		[KBUS_ERROR] = "error",
		[KBUS_SIGNAL] = "signal",
	};
	uint8_t i;

	for (i = KBUS_METHOD_CALL; i <= KBUS_SIGNAL; i++) {
		if (strcmp(value, types[i]) == 0 && !m->type) {
			m->type = i;
			return 0;
		}
	}
	return -EINVAL;
}

/* "argN", "argNpath", "arg0namespace": which, or -EINVAL. */
static int parse_arg_key(const char *key, size_t size, struct kbus_match_arg *arg)
{
	size_t at = 3, index = 0;

	if (size < 4 || memcmp(key, "arg", 3) != 0)
		return -EINVAL;
	while (at < size && key[at] >= '0' && key[at] <= '9' && at < 5)
		index = index * 10 + key[at++] - '0';
	if (at == 3 || (at == 5 && key[3] == '0') || index >= KBUS_MATCH_ARGS)
		return -EINVAL;
	arg->index = index;
	if (at == size)
		arg->kind = KBUS_ARG_EQUAL;
	else if (size - at == 4 && memcmp(key + at, "path", 4) == 0)
		arg->kind = KBUS_ARG_PATH;
	else if (size - at == 9 && memcmp(key + at, "namespace", 9) == 0 && index == 0)
		arg->kind = KBUS_ARG_NAMESPACE;
	else
		return -EINVAL;
	return 0;
}

/* One condition for each argument, kept in their order. */
static int set_arg(struct kbus_match *m, const char *key, size_t key_size, const char *value)
{
	struct kbus_match_arg arg = { .value = value };
	size_t i = m->n_args;

	if (parse_arg_key(key, key_size, &arg) < 0)
		return -EINVAL;
	if (!kbus_utf8_is_valid(value, strlen(value)))
		return -EINVAL;
	if (arg.kind == KBUS_ARG_NAMESPACE && !kbus_namespace_is_valid(value, strlen(value)))
		return -EINVAL;
	while (i > 0 && m->args[i - 1].index > arg.index)
		i--;
	if (i > 0 && m->args[i - 1].index == arg.index)
		return -EINVAL;
	memmove(m->args + i + 1, m->args + i, (m->n_args - i) * sizeof(*m->args));
	m->args[i] = arg;
	m->n_args++;
	return 0;
}

/* Keys whose value is a string with rules. */
static const struct {
	const char *key;
	size_t member;
	bool (*is_valid)(const char *value, size_t size);
} string_keys[] = {
	{ "sender", offsetof(struct kbus_match, sender), kbus_bus_name_is_valid },
	{ "interface", offsetof(struct kbus_match, interface), kbus_interface_is_valid },
	{ "member", offsetof(struct kbus_match, member), kbus_member_is_valid },
	{ "path", offsetof(struct kbus_match, path), kbus_path_is_valid },
	{ "path_namespace", offsetof(struct kbus_match, path_namespace), kbus_path_is_valid },
	{ "destination", offsetof(struct kbus_match, destination), kbus_bus_name_is_valid },
};

static bool is_key(const char *key, size_t size, const char *name)
{
	return strlen(name) == size && memcmp(key, name, size) == 0;
}

static int set_condition(struct parser *s, const char *key, size_t size, const char *value)
{
	const char **member;
	size_t i;

	for (i = 0; i < sizeof(string_keys) / sizeof(string_keys[0]); i++) {
		if (!is_key(key, size, string_keys[i].key))
			continue;
		member = (const char **)((char *)s->match + string_keys[i].member);
		if (*member || !string_keys[i].is_valid(value, strlen(value)))
			return -EINVAL;
		*member = value;
		return 0;
	}
	if (is_key(key, size, "type"))
		return set_type(s->match, value);
	if (is_key(key, size, "eavesdrop")) {
		/* Nothing to do: the kernel lets nobody but monitors see what others get. */
		if (s->eavesdrop_seen || (strcmp(value, "true") && strcmp(value, "false")))
			return -EINVAL;
		s->eavesdrop_seen = true;
		return 0;
	}
	return set_arg(s->match, key, size, value);
}

static int parse_all(struct parser *s)
{
	const char *key, *value;
	size_t size;
	int r;

	for (;;) {
		while (at_space(s))
			s->p++;
		if (s->p == s->end)
			break;
		r = next_key(s, &key, &size);
		if (r == 0)
			r = next_value(s, &value);
		if (r == 0)
			r = set_condition(s, key, size, value);
		if (r < 0)
			return r;
	}
	return s->match->path && s->match->path_namespace ? -EINVAL : 0;
}

/**
 * kbus_match_parse() - read a match rule
 * @text: the rule as AddMatch gets it
 * @size: bytes at @text
 * @ret: the rule, for kbus_match_free(); written on success
 *
 * Return: 0, -EINVAL if this is no rule, -ENOSPC if it is too long, -ENOMEM.
 */
int kbus_match_parse(const char *text, size_t size, struct kbus_match **ret)
{
	struct parser s = { .p = text, .end = text + size };
	size_t n_args = 0, i;
	int r;

	if (size > KBUS_MATCH_TEXT_MAX)
		return -ENOSPC;
	for (i = 0; i < size && n_args < KBUS_MATCH_ARGS; i++)
		n_args += text[i] == '=';
	s.match = calloc(1, sizeof(*s.match) + n_args * sizeof(s.match->args[0]) + size + 1);
	if (!s.match)
		return -ENOMEM;
	s.out = (char *)(s.match->args + n_args);
	r = parse_all(&s);
	if (r < 0) {
		kbus_match_free(s.match);
		return r;
	}
	*ret = s.match;
	return 0;
}

/**
 * kbus_match_free() - forget a rule
 * @match: from kbus_match_parse(), or NULL
 */
void kbus_match_free(struct kbus_match *match)
{
	free(match);
}

static bool equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/**
 * kbus_match_equal() - do two rules say the same, as RemoveMatch understands it?
 * @a: one
 * @b: the other
 *
 * Return: true if they do, in whatever order and with whatever quotes they were written.
 */
bool kbus_match_equal(const struct kbus_match *a, const struct kbus_match *b)
{
	size_t i;

	if (a->type != b->type || a->n_args != b->n_args || !equal(a->sender, b->sender) ||
	    !equal(a->interface, b->interface) || !equal(a->member, b->member) ||
	    !equal(a->path, b->path) || !equal(a->path_namespace, b->path_namespace) ||
	    !equal(a->destination, b->destination))
		return false;
	for (i = 0; i < a->n_args; i++)
		if (a->args[i].index != b->args[i].index || a->args[i].kind != b->args[i].kind ||
		    strcmp(a->args[i].value, b->args[i].value) != 0)
			return false;
	return true;
}

/* FNV-1a: the rules are the client's own, nobody else chooses them. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; text && *text; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3ULL;
	return (hash ^ 0xff) * 0x100000001b3ULL;
}

/**
 * kbus_match_hash() - a number that equal rules share
 * @match: the rule
 *
 * Return: the hash.
 */
uint64_t kbus_match_hash(const struct kbus_match *match)
{
	uint64_t hash = 0xcbf29ce484222325ULL ^ match->type;
	size_t i;

	hash = hash_text(hash, match->sender);
	hash = hash_text(hash, match->interface);
	hash = hash_text(hash, match->member);
	hash = hash_text(hash, match->path);
	hash = hash_text(hash, match->path_namespace);
	hash = hash_text(hash, match->destination);
	for (i = 0; i < match->n_args; i++)
		hash = hash_text(hash ^ match->args[i].index, match->args[i].value);
	return hash;
}

/* Does @path lie in the tree below @root, or is it @root itself? */
static bool is_below(const char *path, const char *root, char separator)
{
	const size_t size = strlen(root);

	if (strncmp(path, root, size) != 0)
		return false;
	return !path[size] || path[size] == separator || (size && root[size - 1] == separator);
}

/* argNpath: equal, or one of them ends in "/" and the other begins with it. */
static bool path_matches(const char *a, const char *b)
{
	const size_t a_size = strlen(a), b_size = strlen(b);

	if (a_size && a[a_size - 1] == '/' && strncmp(a, b, a_size) == 0)
		return true;
	if (b_size && b[b_size - 1] == '/' && strncmp(a, b, b_size) == 0)
		return true;
	return strcmp(a, b) == 0;
}

static bool arg_matches(const struct kbus_match_arg *arg, char type, const char *value)
{
	switch (arg->kind) {
	case KBUS_ARG_EQUAL:
		return type == 's' && strcmp(arg->value, value) == 0;
	case KBUS_ARG_PATH:
		return (type == 's' || type == 'o') && path_matches(arg->value, value);
	default:
		return type == 's' && is_below(value, arg->value, '.');
	}
}

/* Is the body's first value this string? */
static bool begins_with(const struct kbus_match_message *message, const char *value)
{
	const struct kbus_header *h = message->header;
	const uint8_t *body = message->body;
	const size_t size = strlen(value);

	return *h->signature == 's' && h->body_size > 4 + size &&
	       kbus_load32(body, h->swap) == size && memcmp(body + 4, value, size + 1) == 0;
}

static bool args_match(const struct kbus_match *match, const struct kbus_match_message *message)
{
	struct kbus_reader reader;
	const char *value;
	unsigned int i = 0;
	size_t n = 0;
	char type;

	/* Nearly all rules that ask for arguments ask for this one. */
	if (match->n_args == 1 && match->args[0].index == 0 &&
	    match->args[0].kind == KBUS_ARG_EQUAL)
		return begins_with(message, match->args[0].value);
	kbus_reader_init(&reader, message->header, message->body);
	for (; n < match->n_args; i++) {
		if (i < match->args[n].index) {
			if (kbus_read_skip(&reader) < 0)
				return false;
			continue;
		}
		type = *reader.signature;
		if (kbus_read_string(&reader, &value, NULL) < 0 ||
		    !arg_matches(&match->args[n], type, value))
			return false;
		n++;
	}
	return true;
}

static bool sender_matches(const char *wanted, const struct kbus_match_message *message)
{
	if (message->header->sender && strcmp(wanted, message->header->sender) == 0)
		return true;
	return message->owns_name && message->owns_name(message->context, wanted);
}

static bool destination_matches(const char *wanted, const struct kbus_match_message *message)
{
	if (!message->header->destination)
		return false;
	return strcmp(wanted, message->header->destination) == 0 ||
	       (message->reaches && message->reaches(message->context, wanted));
}

static bool text_matches(const char *wanted, const char *seen)
{
	return !wanted || (seen && strcmp(wanted, seen) == 0);
}

/*
 * What messages with the same header may differ in: arguments, and names that others get and lose.
 * The destination is last, because the kernel may be asked for it.
 */
static bool rest_matches(const struct kbus_match *match, const struct kbus_match_message *message)
{
	return (!match->sender || sender_matches(match->sender, message)) &&
	       (!match->n_args || args_match(match, message)) &&
	       (!match->destination || destination_matches(match->destination, message));
}

/**
 * kbus_match_test() - does a rule want this message?
 * @match: the rule
 * @message: the message
 *
 * Return: true if all that the rule asks is so.
 */
bool kbus_match_test(const struct kbus_match *match, const struct kbus_match_message *message)
{
	const struct kbus_header *h = message->header;

	return (!match->type || match->type == h->type) &&
	       text_matches(match->member, h->member) &&
	       text_matches(match->interface, h->interface) &&
	       text_matches(match->path, h->path) &&
	       (!match->path_namespace ||
		(h->path && is_below(h->path, match->path_namespace, '/'))) &&
	       rest_matches(match, message);
}

/**
 * kbus_match_test_again() - does a rule want this message, of whose kind it wanted another?
 * @match: the rule
 * @message: the message; kbus_match_test() said yes to another one with the same header
 *
 * Return: true if all that the rule asks is so.
 */
bool kbus_match_test_again(const struct kbus_match *match,
			   const struct kbus_match_message *message)
{
	return rest_matches(match, message);
}
