// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-match.c - match rules: parse, compare, test messages, tell the kernel */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kdbus.h>

#include "build.h"
#include "matchset.h"
#include "test.h"

static const struct kbus_bloom usual = { .size = 64, .n_hash = 8 };

/* Parse in memory of exactly the size. */
static int parse(const char *text, struct kbus_match **ret)
{
	const size_t size = strlen(text);
	char *copy = malloc(size ?: 1);
	int r;

	memcpy(copy, text, size);
	r = kbus_match_parse(copy, size, ret);
	free(copy);
	return r;
}

static struct kbus_match *rule(const char *text)
{
	struct kbus_match *match = NULL;

	EXPECT_EQ_CASE(0, parse(text, &match), "%s", text);
	return match;
}

TEST(rules_that_are_valid)
{
	static const char *const rules[] = {
		"", " ", "type='signal'", "type=signal", "type='method_call'", "type='error'",
		"sender=':1.5'", "sender='a.b'", "interface='a.b'", "member='M'", "path='/a'",
		"path_namespace='/a'", "path_namespace='/'", "destination=':1.5'",
		"destination='a.b'", "arg0='x'", "arg63='x'", "arg0=''", "arg1path='/a/'",
		"arg0namespace='com'", "eavesdrop='true'", "eavesdrop=false",
		"type='signal',member='M'", " type ='signal'", "type='signal', member='M'",
		"type='signal',", "arg0='it'\\''s'", "arg0='a,b=c'", "arg0=\\", "arg0='\\'",
		"arg5='x',arg3='y',arg4path='/'",
	};
	struct kbus_match *match;
	size_t i;

	for (i = 0; i < N_ENTRIES(rules); i++) {
		if (EXPECT_EQ_CASE(0, parse(rules[i], &match), "%s", rules[i]))
			kbus_match_free(match);
	}
}

TEST(rules_that_are_not)
{
	static const char *const rules[] = {
		"type", "type=", "type='sgnal'", "='x'", "foo='bar'", "type='signal", "type='signal''",
		"type='signal',type='signal'", "member='a',member='b'", "sender='nodot'",
		"interface='a'", "member='9'", "path='a'", "path='/a/'", "path_namespace='a'",
		"path='/a',path_namespace='/a'", "destination='x'", "arg64='x'", "arg100='x'",
		"arg='x'", "argx='x'", "arg-1='x'", "arg0foo='x'", "arg0='a',arg0='b'",
		"arg00='x'", "arg0='a',arg0path='/'", "arg1namespace='a.b'", "arg0namespace='.a'", "arg0='\xff'",
		"eavesdrop='maybe'", "eavesdrop=true,eavesdrop=true", ",", "type='signal',,", "arg01='x'", "type= signal",
	};
	struct kbus_match *match;
	size_t i;

	for (i = 0; i < N_ENTRIES(rules); i++)
		if (!EXPECT_EQ_CASE(-EINVAL, parse(rules[i], &match), "%s", rules[i]))
			kbus_match_free(match);
	EXPECT_EQ(-EINVAL, kbus_match_parse("arg0='a\0b'", 10, &match));
}

TEST(a_rule_has_at_most_1024_bytes)
{
	char text[1026];
	struct kbus_match *match;

	memset(text, 'x', sizeof(text));
	memcpy(text, "arg0='", 6);
	text[1023] = '\'';
	EXPECT_EQ(0, kbus_match_parse(text, 1024, &match));
	kbus_match_free(match);
	EXPECT_EQ(-ENOSPC, kbus_match_parse(text, 1025, &match));
}

TEST(quotes_and_what_they_mean)
{
	static const struct {
		const char *text;
		const char *value;
	} cases[] = {
		{ "arg0='plain'", "plain" },
		{ "arg0=plain", "plain" },
		{ "arg0='a,b'", "a,b" },
		{ "arg0='it'\\''s'", "it's" },
		{ "arg0=\\'", "'" },
		{ "arg0='\\'", "\\" },
		{ "arg0=\\\\", "\\\\" },
		{ "arg0=a'b,'c", "ab,c" },
		{ "arg0=''", "" },
		{ "arg0= x ", " x " },
	};
	struct kbus_match *match;
	size_t i;

	for (i = 0; i < N_ENTRIES(cases); i++) {
		match = rule(cases[i].text);
		if (match)
			EXPECT_STR_CASE(cases[i].value, match->args[0].value, "%s", cases[i].text);
		kbus_match_free(match);
	}
}

TEST(rules_are_equal_when_they_say_the_same)
{
	static const struct {
		const char *a;
		const char *b;
		bool equal;
	} cases[] = {
		{ "type='signal',member='M'", "member=M,type=signal", true },
		{ "arg1='a',arg0='b'", "arg0='b',arg1='a'", true },
		{ "type='signal'", "", false },
		{ "member='M'", "member='N'", false },
		{ "arg0='a'", "arg1='a'", false },
		{ "arg0='/a'", "arg0path='/a'", false },
		{ "path='/a'", "path_namespace='/a'", false },
		{ "arg0='a'", "arg0='a',arg1='b'", false },
		{ "sender='a.b'", "destination='a.b'", false },
		{ "eavesdrop='true'", "", true },
	};
	struct kbus_match *a, *b;
	size_t i;

	for (i = 0; i < N_ENTRIES(cases); i++) {
		a = rule(cases[i].a);
		b = rule(cases[i].b);
		EXPECT_EQ_CASE(cases[i].equal, kbus_match_equal(a, b), "%s", cases[i].a);
		if (cases[i].equal)
			EXPECT_EQ_CASE(true, kbus_match_hash(a) == kbus_match_hash(b), "%s",
				       cases[i].a);
		kbus_match_free(a);
		kbus_match_free(b);
	}
}

/* A signal for rules to look at: arguments "com.ex.Am", "/a/b/", 7, "last". */
struct sample {
	struct kbus_header header;
	struct kbus_writer body;
	struct kbus_match_message message;
};

static bool owns_service(void *context, const char *name)
{
	(void)context;
	return strcmp(name, "com.example.Service") == 0;
}

static void sample_init(struct sample *s)
{
	*s = (struct sample){ .header = {
		.type = KBUS_SIGNAL, .path = "/a/b", .interface = "x.y", .member = "M",
		.sender = ":1.5", .signature = "ssus",
	} };
	kbus_put_string(&s->body, "com.ex.Am");
	kbus_put_string(&s->body, "/a/b/");
	kbus_put_u32(&s->body, 7);
	kbus_put_string(&s->body, "last");
	s->header.body_size = s->body.size;
	s->message = (struct kbus_match_message){ .header = &s->header, .body = s->body.data,
						  .owns_name = owns_service };
}

TEST(what_rules_want)
{
	static const struct {
		const char *rule;
		bool wanted;
	} cases[] = {
		{ "", true },
		{ "type='signal'", true }, { "type='method_call'", false },
		{ "member='M'", true }, { "member='N'", false },
		{ "interface='x.y'", true }, { "interface='x.z'", false },
		{ "path='/a/b'", true }, { "path='/a'", false },
		{ "path_namespace='/a'", true }, { "path_namespace='/a/b'", true },
		{ "path_namespace='/'", true }, { "path_namespace='/a/b/c'", false },
		{ "path_namespace='/b'", false }, { "path_namespace='/a/bb'", false },
		{ "sender=':1.5'", true }, { "sender=':1.55'", false },
		{ "sender='com.example.Service'", true }, { "sender='com.example.Other'", false },
		{ "destination=':1.5'", false },
		{ "arg0='com.ex.Am'", true }, { "arg0='com.ex'", false },
		{ "arg3='last'", true }, { "arg2='7'", false }, { "arg4='x'", false },
		{ "arg0='com.ex.Am',arg3='last'", true }, { "arg0='com.ex.Am',arg3='first'", false },
		{ "arg0namespace='com'", true }, { "arg0namespace='com.ex'", true },
		{ "arg0namespace='com.ex.Am'", true }, { "arg0namespace='com.e'", false },
		{ "arg0namespace='com.ex.Am.x'", false },
		{ "arg1path='/a/b/'", true }, { "arg1path='/a/b/c'", true },
		{ "arg1path='/a/'", true }, { "arg1path='/a/b'", false }, { "arg1path='/'", true },
		{ "arg1path='/b/'", false },
	};
	struct kbus_match *match;
	struct sample s;
	size_t i;

	sample_init(&s);
	for (i = 0; i < N_ENTRIES(cases); i++) {
		match = rule(cases[i].rule);
		EXPECT_EQ_CASE(cases[i].wanted, kbus_match_test(match, &s.message), "%s",
			       cases[i].rule);
		kbus_match_free(match);
	}
	kbus_writer_deinit(&s.body);
}

TEST(args_are_strings_and_for_paths_also_object_paths)
{
	struct kbus_match *plain = rule("arg0='/a'"), *path = rule("arg0path='/a'");
	struct kbus_header header = { .type = KBUS_SIGNAL, .signature = "o" };
	struct kbus_writer w = {};
	struct kbus_match_message message = { .header = &header };

	kbus_put_string(&w, "/a");
	header.body_size = w.size;
	message.body = w.data;
	EXPECT_FALSE(kbus_match_test(plain, &message));
	EXPECT_TRUE(kbus_match_test(path, &message));
	header.signature = "s";
	EXPECT_TRUE(kbus_match_test(plain, &message));
	EXPECT_TRUE(kbus_match_test(path, &message));
	kbus_match_free(plain);
	kbus_match_free(path);
	kbus_writer_deinit(&w);
}

/* A set finds what a walk over all rules finds, whatever was added and removed before. */
TEST(a_set_wants_what_one_of_its_rules_wants)
{
	struct kbus_match_entry *entries[512] = {};
	struct kbus_matchset *set;
	unsigned int seed = 1, step, i;
	char text[128], member[8];
	struct sample s;

	ASSERT_EQ(0, kbus_matchset_new(&set));
	sample_init(&s);
	for (step = 0; step < 4000; step++) {
		bool wanted = false;

		seed = seed * 1103515245 + 12345;
		i = (seed >> 16) % N_ENTRIES(entries);
		if (entries[i]) {
			kbus_matchset_remove(set, entries[i]);
			entries[i] = NULL;
		} else {
			snprintf(text, sizeof(text), "%s%s%s%s",
				 i & 1 ? "" : "type='signal',", i & 2 ? "" : "interface='x.y',",
				 i & 4 ? "" : i & 8 ? "member='M'," : "member='Other',",
				 i & 16 ? "" : i & 32 ? "arg0='com.ex.Am'," : "arg0='other',");
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "arg1='%u'", i);
			if (i & 64)
				strcpy(strstr(text, "arg1='"), i & 128 ? "arg3='last'" : "arg3='x'");
			EXPECT_EQ(0, kbus_matchset_add(set, rule(text), i, &entries[i]));
		}
		snprintf(member, sizeof(member), "%s", step % 3 ? "M" : "Else");
		s.header.member = member;
		for (i = 0; i < N_ENTRIES(entries); i++)
			wanted |= entries[i] && kbus_match_test(entries[i]->match, &s.message);
		if (!EXPECT_EQ_CASE(wanted, kbus_matchset_test(set, &s.message), "step %u", step))
			break;
	}
	kbus_writer_deinit(&s.body);
	kbus_matchset_free(set);
}

/* Signals of few kinds, one after the other, whose arguments and whose sender's names change. */
TEST(a_set_that_knows_a_header_still_looks_at_the_rest)
{
	static const char *const rules[] = {
		"member='M',arg0='com.ex.Am'", "arg0='com.ex.Am'", "member='M',arg0='other'",
		"member='M',arg1path='/a/'", "arg0='com.ex.Am',arg3='last'",
		"member='M',sender='com.example.Service'", "sender=':1.5',arg0='other'",
		"member='Else'", "arg0=''", "arg0='com.ex.Am.'",
	};
	struct kbus_match_entry *entries[N_ENTRIES(rules)] = {};
	struct kbus_writer other = {};
	struct kbus_matchset *set;
	unsigned int seed = 1, step, i;
	struct sample s;

	ASSERT_EQ(0, kbus_matchset_new(&set));
	sample_init(&s);
	kbus_put_string(&other, "other");
	kbus_put_string(&other, "/b");
	kbus_put_u32(&other, 7);
	kbus_put_string(&other, "x");
	for (step = 0; step < 20000; step++) {
		bool wanted = false;

		seed = seed * 1103515245 + 12345;
		i = (seed >> 16) % N_ENTRIES(rules);
		if (seed >> 24 & 1 && entries[i]) {
			kbus_matchset_remove(set, entries[i]);
			entries[i] = NULL;
		} else if (seed >> 24 & 1) {
			EXPECT_EQ(0, kbus_matchset_add(set, rule(rules[i]), i, &entries[i]));
		}
		s.message.kind = seed >> 25 & 3;
		s.header.member = s.message.kind == 1 ? "Else" : "M";
		s.message.body = seed >> 27 & 1 ? s.body.data : other.data;
		s.header.body_size = seed >> 27 & 1 ? s.body.size : other.size;
		s.message.owns_name = seed >> 28 & 1 ? owns_service : NULL;
		for (i = 0; i < N_ENTRIES(rules); i++)
			wanted |= entries[i] && kbus_match_test(entries[i]->match, &s.message);
		if (!EXPECT_EQ_CASE(wanted, kbus_matchset_test(set, &s.message), "step %u", step))
			break;
	}
	kbus_writer_deinit(&other);
	kbus_writer_deinit(&s.body);
	kbus_matchset_free(set);
}

static bool reaches_if_told(void *context, const char *name)
{
	(void)name;
	return *(bool *)context;
}

/* Names come and go while headers stay the same. */
TEST(a_set_that_knows_a_header_asks_again_for_its_destination)
{
	struct kbus_matchset *set;
	bool reached = true;
	struct sample s;

	ASSERT_EQ(0, kbus_matchset_new(&set));
	sample_init(&s);
	s.header.destination = ":1.7";
	s.message.reaches = reaches_if_told;
	s.message.context = &reached;
	s.message.kind = 1;
	EXPECT_EQ(0, kbus_matchset_add(set, rule("member='M',destination='a.b'"), 1, NULL));
	EXPECT_TRUE(kbus_matchset_test(set, &s.message));
	reached = false;
	EXPECT_FALSE(kbus_matchset_test(set, &s.message));
	kbus_writer_deinit(&s.body);
	kbus_matchset_free(set);
}

TEST(a_first_argument_is_all_of_a_string_that_is_there)
{
	struct kbus_match *match = rule("arg0='ab'");
	struct kbus_header header = { .type = KBUS_SIGNAL, .signature = "s" };
	struct kbus_match_message message = { .header = &header };
	static const struct {
		uint8_t body[8];
		size_t size;
		bool is_big;
		bool wanted;
	} cases[] = {
		{ { 2, 0, 0, 0, 'a', 'b' }, 7, false, true },
		{ { 0, 0, 0, 2, 'a', 'b' }, 7, true, true },
		{ { 2, 0, 0, 0, 'a', 'b' }, 6, false, false },
		{ { 2, 0, 0, 0, 'a', 'b', 'c' }, 8, false, false },
		{ { 1, 0, 0, 0, 'a' }, 6, false, false },
		{ { 3, 0, 0, 0, 'a', 'b', 'c' }, 8, false, false },
		{ { 2 }, 3, false, false },
		{ { 0 }, 0, false, false },
	};
	size_t i;

	for (i = 0; i < N_ENTRIES(cases); i++) {
		/* Of its own size, so that the sanitizer sees who reads further. */
		uint8_t *body = malloc(cases[i].size + 1);

		memcpy(body + 1, cases[i].body, cases[i].size);
		message.body = body + 1;
		header.body_size = cases[i].size;
		header.swap = cases[i].is_big != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
		EXPECT_EQ_CASE(cases[i].wanted, kbus_match_test(match, &message), "case %zu", i);
		free(body);
	}
	kbus_match_free(match);
}

TEST(a_set_finds_equal_rules)
{
	struct kbus_match *probe = rule("member='M',type='signal'"), *other = rule("member='M'");
	struct kbus_match_entry *entry;
	struct kbus_matchset *set;

	ASSERT_EQ(0, kbus_matchset_new(&set));
	EXPECT_TRUE(kbus_matchset_find(set, probe) == NULL);
	EXPECT_EQ(0, kbus_matchset_add(set, rule("type='signal',member='M'"), 7, &entry));
	EXPECT_TRUE(kbus_matchset_find(set, probe) == entry);
	EXPECT_TRUE(kbus_matchset_find(set, other) == NULL);
	EXPECT_EQ(1, kbus_matchset_count(set));
	EXPECT_EQ(7, entry->cookie);
	kbus_matchset_remove(set, entry);
	EXPECT_TRUE(kbus_matchset_find(set, probe) == NULL);
	EXPECT_EQ(0, kbus_matchset_count(set));
	kbus_match_free(probe);
	kbus_match_free(other);
	kbus_matchset_free(set);
}

/* What kbus_match_translate() made: one letter for the type of each item, a space after each entry. */
struct entries {
	char text[128];
	uint64_t filter[8];
	bool fits;
};

static char letter(uint64_t type)
{
	switch (type) {
	case KDBUS_ITEM_ID: return 'i';
	case KDBUS_ITEM_DST_ID: return 'd';
	case KDBUS_ITEM_BLOOM_MASK: return 'b';
	case KDBUS_ITEM_NAME: return 'n';
	case KDBUS_ITEM_NAME_ADD: return 'A';
	case KDBUS_ITEM_NAME_REMOVE: return 'R';
	case KDBUS_ITEM_NAME_CHANGE: return 'C';
	case KDBUS_ITEM_ID_ADD: return '+';
	case KDBUS_ITEM_ID_REMOVE: return '-';
	default: return '?';
	}
}

static int note_entry(void *context, const void *items, size_t size)
{
	struct entries *e = context;
	const struct kdbus_item *item;
	size_t at, i, n = strlen(e->text);

	for (at = 0; at < size; at += (item->size + 7) & ~7ULL) {
		item = (const void *)((const uint8_t *)items + at);
		e->text[n++] = letter(item->type);
		for (i = 0; item->type == KDBUS_ITEM_BLOOM_MASK && i < 8; i++)
			e->fits &= (e->filter[i] & item->data64[i]) == item->data64[i];
		if (item->type == KDBUS_ITEM_BLOOM_MASK)
			EXPECT_EQ(16 + 64, item->size);
	}
	e->text[n++] = ' ';
	e->text[n] = '\0';
	return 0;
}

TEST(rules_in_the_terms_of_the_kernel)
{
	static const struct {
		const char *rule;
		const char *entries;
	} cases[] = {
		{ "", "b A R C + - " },
		{ "type='signal'", "b A R C + - " },
		{ "type='method_call'", "" },
		{ "member='M'", "b " },
		{ "sender=':1.5',member='M'", "ib " },
		{ "sender=':7.5'", "" },
		{ "sender='a.b'", "bn " },
		{ "destination=':1.9'", "db " },
		{ "sender='org.freedesktop.DBus'", "bn A R C + - " },
		{ "sender='org.freedesktop.DBus',member='NameOwnerChanged'", "A R C + - " },
		{ "sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='a.b'", "A R C " },
		{ "sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0=':1.5'", "+ - " },
		{ "sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0=':9.5'", "" },
		{ "sender='org.freedesktop.DBus',member='NameOwnerChanged',arg1=''", "A R C + - " },
		{ "sender='org.freedesktop.DBus',member='NameOwnerChanged',arg1=':1.5'", "R C - " },
		{ "sender='org.freedesktop.DBus',member='NameOwnerChanged',arg2=':1.5'", "A C + " },
		{ "sender='org.freedesktop.DBus',member='NameOwnerChanged',arg3='x'", "" },
		{ "sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0namespace='a'",
		  "A R C + - " },
		{ "interface='org.freedesktop.DBus',path='/x'", "b " },
		{ "path_namespace='/org/freedesktop'", "b A R C + - " },
		{ "path_namespace='/other'", "b " },
		{ "sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
		  "member='NameLost'", "bn " },
	};
	struct kbus_match *match;
	size_t i;

	for (i = 0; i < N_ENTRIES(cases); i++) {
		struct entries e = {};

		match = rule(cases[i].rule);
		EXPECT_EQ(0, kbus_match_translate(match, &usual, note_entry, &e));
		EXPECT_STR_CASE(cases[i].entries, e.text, "%s", cases[i].rule);
		kbus_match_free(match);
	}
}

TEST(masks_let_through_what_the_rule_wants)
{
	static const char *const rules[] = {
		"", "type='signal'", "interface='x.y'", "member='M'", "path='/a/b'",
		"path_namespace='/'", "path_namespace='/a'", "path_namespace='/a/b'",
		"arg0='com.ex.Am'", "arg0namespace='com'", "arg0namespace='com.ex.Am'", "arg3='last'",
		"arg1path='/a/'", "type='signal',interface='x.y',member='M',path='/a/b',arg3='last'",
	};
	static const char *const others[] = {
		"interface='x.z'", "member='N'", "path='/a'", "path_namespace='/b'", "arg0='x'",
	};
	struct kbus_match *match;
	struct sample s;
	size_t i;

	sample_init(&s);
	for (i = 0; i < N_ENTRIES(rules) + N_ENTRIES(others); i++) {
		const bool wanted = i < N_ENTRIES(rules);
		const char *text = wanted ? rules[i] : others[i - N_ENTRIES(rules)];
		struct entries e = { .fits = true };

		kbus_bloom_add_header(&usual, e.filter, &s.header);
		kbus_bloom_add_args(&usual, e.filter, &s.header, s.body.data);
		match = rule(text);
		EXPECT_EQ(0, kbus_match_translate(match, &usual, note_entry, &e));
		EXPECT_EQ_CASE(wanted, e.fits, "%s", text);
		kbus_match_free(match);
	}
	kbus_writer_deinit(&s.body);
}

static int refuse(void *context, const void *items, size_t size)
{
	unsigned int *left = context;

	(void)items;
	(void)size;
	return (*left)-- ? 0 : -EMFILE;
}

TEST(an_entry_that_fails_ends_the_translation)
{
	struct kbus_match *match = rule("");
	unsigned int left, n;

	for (n = 0; n < 6; n++) {
		left = n;
		EXPECT_EQ(-EMFILE, kbus_match_translate(match, &usual, refuse, &left));
	}
	left = 6;
	EXPECT_EQ(0, kbus_match_translate(match, &usual, refuse, &left));
	kbus_match_free(match);
}
