// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-message.c - headers and bodies: what is valid, what is not, what is rewritten */
#include <errno.h>
#include <stdlib.h>

#include "body.h"
#include "build.h"
#include "bytes.h"
#include "repeat.h"
#include "test.h"

/* A message that is being made by hand, byte by byte, so that it can be wrong. */
struct raw {
	uint8_t data[1024];
	size_t size;
	bool swap;
};

static void raw_align(struct raw *m, size_t to)
{
	while (m->size % to)
		m->data[m->size++] = 0;
}

static void raw_u32(struct raw *m, uint32_t value)
{
	raw_align(m, 4);
	kbus_store32(m->data + m->size, value, m->swap);
	m->size += 4;
}

static void raw_start(struct raw *m, uint8_t type, bool swap)
{
	*m = (struct raw){ .swap = swap, .size = 4 };
	m->data[0] = kbus_order_mark(swap);
	m->data[1] = type;
	m->data[3] = 1;
	raw_u32(m, 0);
	raw_u32(m, 1);
	raw_u32(m, 0);
}

static void raw_field(struct raw *m, uint8_t code, char type)
{
	raw_align(m, 8);
	memcpy(m->data + m->size, (uint8_t[]){ code, 1, type, 0 }, 4);
	m->size += 4;
}

static void raw_text(struct raw *m, uint8_t code, char type, const char *text)
{
	raw_field(m, code, type);
	if (type == 'g')
		m->data[m->size++] = strlen(text);
	else
		raw_u32(m, strlen(text));
	memcpy(m->data + m->size, text, strlen(text) + 1);
	m->size += strlen(text) + 1;
}

static void raw_number(struct raw *m, uint8_t code, uint32_t value)
{
	raw_field(m, code, 'u');
	raw_u32(m, value);
}

static void raw_end(struct raw *m)
{
	kbus_store32(m->data + 12, m->size - 16, m->swap);
	raw_align(m, 8);
}

/* Parse in memory of exactly that size. */
static int parse(const struct raw *m, size_t size)
{
	uint8_t *copy = malloc(size ?: 1);
	struct kbus_header header;
	int r;

	memcpy(copy, m->data, size);
	r = kbus_header_parse(&header, copy, size);
	free(copy);
	return r;
}

static void raw_signal(struct raw *m, bool swap)
{
	raw_start(m, KBUS_SIGNAL, swap);
	raw_text(m, KBUS_FIELD_PATH, 'o', "/a");
	raw_text(m, KBUS_FIELD_INTERFACE, 's', "x.y");
	raw_text(m, KBUS_FIELD_MEMBER, 's', "M");
}

TEST(both_byte_orders_are_read)
{
	struct kbus_header h;
	struct raw m;
	int swap;

	for (swap = 0; swap < 2; swap++) {
		raw_signal(&m, swap);
		raw_text(&m, KBUS_FIELD_DESTINATION, 's', ":1.5");
		raw_text(&m, KBUS_FIELD_SENDER, 's', ":1.6");
		raw_number(&m, KBUS_FIELD_UNIX_FDS, 3);
		raw_end(&m);
		ASSERT_EQ(0, kbus_header_parse(&h, m.data, m.size));
		EXPECT_EQ(m.size, h.size);
		EXPECT_EQ(swap, h.swap);
		EXPECT_EQ(1, h.serial);
		EXPECT_EQ(3, h.n_fds);
		EXPECT_STR("/a", h.path);
		EXPECT_STR("x.y", h.interface);
		EXPECT_STR("M", h.member);
		EXPECT_STR(":1.5", h.destination);
		EXPECT_STR(":1.6", h.sender);
		EXPECT_STR("", h.signature);
		EXPECT_STR(NULL, h.error_name);
		EXPECT_FALSE(h.has_unknown);
	}
}

TEST(a_header_that_ends_early_is_wrong)
{
	struct raw m;
	size_t size;

	raw_signal(&m, false);
	raw_end(&m);
	for (size = 0; size < m.size; size++)
		EXPECT_EQ_CASE(-EBADMSG, parse(&m, size), "%zu bytes", size);
	EXPECT_EQ(0, parse(&m, m.size));
}

/* Each changes one thing in a valid signal. */
TEST(one_wrong_byte_in_the_fixed_part)
{
	static const struct {
		size_t at;
		uint32_t value;
		const char *what;
	} wrong[] = {
		{ 8, 0, "serial 0" },
		{ 4, 5, "body without signature" },
		{ 12, 1, "fields end in the first" },
		{ 12, (64 << 20) + 1, "fields too long" },
		{ 4, (128 << 20) + 1, "body too long" },
	};
	struct raw m;
	size_t i;

	for (i = 0; i < N_ENTRIES(wrong); i++) {
		raw_signal(&m, false);
		raw_end(&m);
		kbus_store32(m.data + wrong[i].at, wrong[i].value, false);
		EXPECT_EQ_CASE(-EBADMSG, parse(&m, m.size), "%s", wrong[i].what);
	}
	raw_signal(&m, false);
	raw_end(&m);
	m.data[0] = 'b';
	EXPECT_EQ(-EBADMSG, parse(&m, m.size));
	m.data[0] = 'l';
	m.data[1] = 0;
	EXPECT_EQ(-EBADMSG, parse(&m, m.size));
	m.data[1] = 99;
	EXPECT_EQ(0, parse(&m, m.size));
	m.data[3] = 2;
	EXPECT_EQ(-EBADMSG, parse(&m, m.size));
	m.data[3] = 1;
	m.data[2] = 0xff;
	EXPECT_EQ(0, parse(&m, m.size));
}

TEST(fields_with_wrong_values)
{
	static const struct {
		uint8_t code;
		char type;
		const char *text;
	} wrong[] = {
		{ KBUS_FIELD_PATH, 'o', "/again" },
		{ KBUS_FIELD_MEMBER, 's', "M" },
		{ KBUS_FIELD_DESTINATION, 's', "nodots" },
		{ KBUS_FIELD_DESTINATION, 'o', "/a" },
		{ KBUS_FIELD_SENDER, 's', "" },
		{ KBUS_FIELD_SENDER, 's', ":1" },
		{ KBUS_FIELD_ERROR_NAME, 's', "a" },
		{ KBUS_FIELD_SIGNATURE, 'g', "z" },
		{ KBUS_FIELD_SIGNATURE, 's', "s" },
		{ 0, 's', "x" },
		{ 77, 's', "\xff" },
		{ 77, 'o', "nopath" },
		{ 77, 'g', "a" },
	};
	struct raw m;
	size_t i;

	for (i = 0; i < N_ENTRIES(wrong); i++) {
		raw_signal(&m, false);
		raw_text(&m, wrong[i].code, wrong[i].type, wrong[i].text);
		raw_end(&m);
		EXPECT_EQ_CASE(-EBADMSG, parse(&m, m.size), "%u %c %s", wrong[i].code,
			       wrong[i].type, wrong[i].text);
	}
	raw_signal(&m, false);
	raw_number(&m, KBUS_FIELD_REPLY_SERIAL, 0);
	raw_end(&m);
	EXPECT_EQ(-EBADMSG, parse(&m, m.size));
	raw_signal(&m, false);
	raw_number(&m, KBUS_FIELD_UNIX_FDS, 0);
	raw_number(&m, KBUS_FIELD_UNIX_FDS, 1);
	raw_end(&m);
	EXPECT_EQ(-EBADMSG, parse(&m, m.size));
}

TEST(padding_is_zero)
{
	struct raw m;
	size_t at;

	raw_signal(&m, false);
	raw_end(&m);
	/* Behind "/a" and behind the last field. */
	EXPECT_EQ(0, m.data[27]);
	for (at = 27; at < 32; at++) {
		m.data[at] = 1;
		EXPECT_EQ_CASE(-EBADMSG, parse(&m, m.size), "byte %zu", at);
		m.data[at] = 0;
	}
	m.data[m.size - 1] = 1;
	EXPECT_EQ(-EBADMSG, parse(&m, m.size));
}

TEST(each_type_needs_its_fields)
{
	static const uint8_t needed[][4] = {
		{ KBUS_METHOD_CALL, KBUS_FIELD_PATH, KBUS_FIELD_MEMBER },
		{ KBUS_METHOD_RETURN, KBUS_FIELD_REPLY_SERIAL },
		{ KBUS_ERROR, KBUS_FIELD_REPLY_SERIAL, KBUS_FIELD_ERROR_NAME },
		{ KBUS_SIGNAL, KBUS_FIELD_PATH, KBUS_FIELD_INTERFACE, KBUS_FIELD_MEMBER },
	};
	struct raw m;
	size_t i, without, j;

	for (i = 0; i < N_ENTRIES(needed); i++) {
		/* Without each in turn, at last with all. */
		for (without = 1; without < 5; without++) {
			if (without < 4 && !needed[i][without])
				continue;
			raw_start(&m, needed[i][0], false);
			for (j = 1; j < 4; j++) {
				if (j == without || !needed[i][j])
					continue;
				if (needed[i][j] == KBUS_FIELD_REPLY_SERIAL)
					raw_number(&m, needed[i][j], 7);
				else if (needed[i][j] == KBUS_FIELD_PATH)
					raw_text(&m, needed[i][j], 'o', "/");
				else if (needed[i][j] == KBUS_FIELD_MEMBER)
					raw_text(&m, needed[i][j], 's', "M");
				else
					raw_text(&m, needed[i][j], 's', "a.b");
			}
			raw_end(&m);
			EXPECT_EQ_CASE(without == 4 ? 0 : -EBADMSG, parse(&m, m.size),
				       "type %u without field %zu", needed[i][0], without);
		}
	}
}

TEST(names_for_inside_a_library_do_not_pass)
{
	struct raw m;

	raw_start(&m, KBUS_SIGNAL, false);
	raw_text(&m, KBUS_FIELD_PATH, 'o', "/org/freedesktop/DBus/Local");
	raw_text(&m, KBUS_FIELD_INTERFACE, 's', "a.b");
	raw_text(&m, KBUS_FIELD_MEMBER, 's', "M");
	raw_end(&m);
	EXPECT_EQ(-EBADMSG, parse(&m, m.size));
	raw_start(&m, KBUS_SIGNAL, false);
	raw_text(&m, KBUS_FIELD_PATH, 'o', "/");
	raw_text(&m, KBUS_FIELD_INTERFACE, 's', "org.freedesktop.DBus.Local");
	raw_text(&m, KBUS_FIELD_MEMBER, 's', "Disconnected");
	raw_end(&m);
	EXPECT_EQ(-EBADMSG, parse(&m, m.size));
}

/* Read back what set_sender wrote. */
static void check_sender(const struct raw *m, const char *sender)
{
	struct kbus_header before, after;
	uint8_t out[2048];
	ssize_t size;

	ASSERT_EQ(0, kbus_header_parse(&before, m->data, m->size));
	EXPECT_EQ(-ENOSPC, kbus_header_set_sender(&before, sender, out, before.size));
	size = kbus_header_set_sender(&before, sender, out, before.size + KBUS_SENDER_ROOM);
	ASSERT_TRUE(size > 0);
	ASSERT_EQ(0, kbus_header_parse(&after, out, size));
	EXPECT_EQ(size, after.size);
	EXPECT_STR(sender, after.sender);
	EXPECT_STR(before.path, after.path);
	EXPECT_STR(before.interface, after.interface);
	EXPECT_STR(before.member, after.member);
	EXPECT_STR(before.destination, after.destination);
	EXPECT_STR(before.signature, after.signature);
	EXPECT_EQ(before.serial, after.serial);
	EXPECT_EQ(before.n_fds, after.n_fds);
	EXPECT_EQ(before.swap, after.swap);
	EXPECT_FALSE(after.has_unknown);
}

TEST(the_sender_is_set_and_unknown_fields_go)
{
	char longest[256];
	struct raw m;
	int variant, swap;

	memset(longest, 'a', 255);
	longest[127] = '.';
	longest[255] = '\0';
	for (swap = 0; swap < 2; swap++) {
		for (variant = 0; variant < 4; variant++) {
			raw_signal(&m, swap);
			if (variant & 1)
				raw_text(&m, KBUS_FIELD_SENDER, 's', ":1.999");
			if (variant & 2) {
				raw_text(&m, 77, 's', "whatever");
				raw_number(&m, 78, 5);
			}
			raw_number(&m, KBUS_FIELD_UNIX_FDS, 2);
			raw_text(&m, KBUS_FIELD_DESTINATION, 's', ":1.2");
			raw_end(&m);
			check_sender(&m, ":1.7");
			check_sender(&m, ":1.18446744073709551615");
			check_sender(&m, longest);
		}
	}
}

/* Makes a body and says whether it is valid, in memory of exactly its size. */
static int check_body(const char *signature, const void *data, size_t size, bool swap)
{
	uint8_t *copy = malloc(size ?: 1);
	int r;

	memcpy(copy, data, size);
	r = kbus_body_validate(signature, copy, size, swap);
	free(copy);
	return r;
}

#define BYTES(...)	((const uint8_t[]){ __VA_ARGS__ })
#define BODY(signature, ...)	{ signature, BYTES(__VA_ARGS__), sizeof(BYTES(__VA_ARGS__)) }

struct body_case {
	const char *signature;
	const uint8_t *data;
	size_t size;
};

static void expect_same_header(const struct kbus_header *a, const struct kbus_header *b)
{
	EXPECT_TRUE(a->data == b->data);
	EXPECT_EQ(a->size, b->size);
	EXPECT_EQ(a->body_size, b->body_size);
	EXPECT_EQ(a->swap, b->swap);
	EXPECT_EQ(a->has_unknown, b->has_unknown);
	EXPECT_EQ(a->type, b->type);
	EXPECT_EQ(a->flags, b->flags);
	EXPECT_EQ(a->serial, b->serial);
	EXPECT_EQ(a->reply_serial, b->reply_serial);
	EXPECT_EQ(a->n_fds, b->n_fds);
	EXPECT_TRUE(a->path == b->path);
	EXPECT_TRUE(a->interface == b->interface);
	EXPECT_TRUE(a->member == b->member);
	EXPECT_TRUE(a->error_name == b->error_name);
	EXPECT_TRUE(a->destination == b->destination);
	EXPECT_TRUE(a->sender == b->sender);
	EXPECT_STR(a->signature, b->signature);
}

/* A reply whose reply serial is between other fields, with or without a type of its body. */
static void raw_reply(struct raw *m, bool swap, bool has_body)
{
	raw_start(m, KBUS_METHOD_RETURN, swap);
	raw_text(m, KBUS_FIELD_DESTINATION, 's', ":1.5");
	raw_number(m, KBUS_FIELD_REPLY_SERIAL, 7);
	raw_text(m, KBUS_FIELD_SENDER, 's', ":1.61");
	if (has_body)
		raw_text(m, KBUS_FIELD_SIGNATURE, 'g', "ay");
	raw_end(m);
	if (has_body)
		kbus_store32(m->data + 4, 9, swap);
}

/* Whatever single byte of @m differs from the last header, the answer is that of a fresh look. */
static void change_each_byte(struct raw *m)
{
	static const uint8_t changes[] = { 0x01, 0x02, 0x08, 0x20, 0x80, 0xff };
	struct kbus_repeat last = {};
	struct kbus_header seen, expected;
	int r, r_expected;
	size_t at, i;

	for (at = 0; at < m->size; at++) {
		for (i = 0; i < N_ENTRIES(changes); i++) {
			ASSERT_EQ(0, kbus_repeat_parse(&last, &seen, m->data, m->size));
			m->data[at] ^= changes[i];
			r_expected = kbus_header_parse(&expected, m->data, m->size);
			r = kbus_repeat_parse(&last, &seen, m->data, m->size);
			if (EXPECT_EQ_CASE(r_expected, r, "byte %zu", at) && r == 0)
				expect_same_header(&expected, &seen);
			m->data[at] ^= changes[i];
		}
	}
	for (at = 0; at < m->size; at++)
		EXPECT_EQ_CASE(-EBADMSG, kbus_repeat_parse(&last, &seen, m->data, at),
			       "%zu bytes", at);
}

TEST(a_header_like_the_last_one_is_read_like_a_new_one)
{
	struct raw m;
	int i;

	for (i = 0; i < 4; i++) {
		raw_reply(&m, i & 1, i & 2);
		change_each_byte(&m);
	}
	raw_signal(&m, false);
	raw_text(&m, KBUS_FIELD_DESTINATION, 's', ":1.5");
	raw_end(&m);
	change_each_byte(&m);
}

TEST(strings_of_a_repeated_header_are_in_the_new_one)
{
	struct kbus_repeat last = {};
	struct kbus_header h, expected;
	struct raw first, second;

	raw_reply(&first, false, true);
	second = first;
	kbus_store32(second.data + 8, 99, false);
	ASSERT_EQ(0, kbus_repeat_parse(&last, &h, first.data, first.size));
	memset(&first, 0xee, sizeof(first));
	ASSERT_EQ(0, kbus_repeat_parse(&last, &h, second.data, second.size));
	ASSERT_EQ(0, kbus_header_parse(&expected, second.data, second.size));
	EXPECT_EQ(99, h.serial);
	expect_same_header(&expected, &h);
}

TEST(a_renewed_header_says_what_is_new)
{
	struct kbus_header h, fresh, seen;
	size_t reply_at;
	struct raw m;
	int i;

	for (i = 0; i < 4; i++) {
		raw_reply(&m, i & 1, i & 2);
		ASSERT_EQ(0, kbus_header_parse(&h, m.data, m.size));
		reply_at = kbus_header_reply_at(&h);
		fresh = h;
		fresh.serial = 0x12345678;
		fresh.reply_serial = 0x9abcdef0;
		fresh.body_size = i & 2 ? 0x4321 : 0;
		kbus_header_renew(m.data, reply_at, &fresh);
		ASSERT_EQ(0, kbus_header_parse(&seen, m.data, m.size));
		expect_same_header(&fresh, &seen);
	}
}

TEST(large_and_unknown_headers_are_not_remembered)
{
	struct kbus_repeat last = {};
	struct kbus_header h;
	char path[KBUS_REPEAT_MAX];
	struct raw m;

	raw_signal(&m, false);
	raw_text(&m, 200, 's', "unknown");
	raw_end(&m);
	ASSERT_EQ(0, kbus_repeat_parse(&last, &h, m.data, m.size));
	EXPECT_EQ(0, last.header.size);
	EXPECT_TRUE(h.has_unknown);

	memset(path, 'p', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	raw_start(&m, KBUS_METHOD_CALL, false);
	raw_text(&m, KBUS_FIELD_PATH, 'o', path);
	raw_text(&m, KBUS_FIELD_MEMBER, 's', "M");
	raw_end(&m);
	ASSERT_EQ(0, kbus_repeat_scan(&last, &h, m.data, m.size));
	EXPECT_EQ(0, last.header.size);
	EXPECT_STR(path, h.path);
}

TEST(bodies_that_are_valid)
{
	const struct body_case cases[] = {
		{ "", NULL, 0 },
		BODY("y", 7),
		BODY("b", 1, 0, 0, 0),
		BODY("s", 1, 0, 0, 0, 'x', 0),
		BODY("o", 1, 0, 0, 0, '/', 0),
		BODY("g", 2, 'a', 'y', 0),
		BODY("ay", 2, 0, 0, 0, 9, 9),
		BODY("at", 0, 0, 0, 0, 0, 0, 0, 0),
		BODY("v", 1, 'y', 0, 5),
		BODY("(yu)", 1, 0, 0, 0, 2, 0, 0, 0),
		BODY("a{yv}", 5, 0, 0, 0, 0, 0, 0, 0, 1, 1, 'y', 0, 9),
		BODY("ab", 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0),
		BODY("yn", 1, 0, 2, 0),
	};
	size_t i;

	for (i = 0; i < N_ENTRIES(cases); i++)
		EXPECT_EQ_CASE(0, check_body(cases[i].signature, cases[i].data ?: BYTES(0),
					     cases[i].size, false), "%s", cases[i].signature);
}

TEST(bodies_that_are_not)
{
	const struct body_case cases[] = {
		BODY("y", 7, 7),
		BODY("", 7),
		BODY("b", 2, 0, 0, 0),
		BODY("ab", 4, 0, 0, 0, 2, 0, 0, 0),
		BODY("s", 1, 0, 0, 0, 'x', 'y'),
		BODY("s", 2, 0, 0, 0, 'x', 0),
		BODY("s", 1, 0, 0, 0, 0xff, 0),
		BODY("s", 1, 0, 0, 0, 0, 0),
		BODY("s", 0xff, 0xff, 0xff, 0xff, 'x', 0),
		BODY("o", 1, 0, 0, 0, 'x', 0),
		BODY("o", 0, 0, 0, 0, 0),
		BODY("g", 1, 'a', 0),
		BODY("g", 1, 'y', 'y'),
		BODY("ay", 3, 0, 0, 0, 9, 9),
		BODY("au", 2, 0, 0, 0, 9, 9),
		BODY("au", 6, 0, 0, 0, 1, 1, 1, 1, 2, 2),
		BODY("as", 6, 0, 0, 0, 2, 0, 0, 0, 'a', 'b', 0),
		BODY("at", 0, 0, 0, 0, 0, 0, 0, 1),
		BODY("at", 0, 0, 0, 0),
		BODY("v", 0, 0, 5),
		BODY("v", 2, 'y', 'y', 0, 5, 5),
		BODY("v", 1, 'z', 0, 5),
		BODY("v", 1, 'a', 0, 5),
		BODY("v", 1, 'y'),
		BODY("(yu)", 1, 9, 0, 0, 2, 0, 0, 0),
		BODY("ay", 0xff, 0xff, 0xff, 0xff),
		BODY("yn", 1, 1, 2, 0),
	};
	size_t i, cut;

	for (i = 0; i < N_ENTRIES(cases); i++)
		EXPECT_EQ_CASE(-EBADMSG, check_body(cases[i].signature, cases[i].data,
						    cases[i].size, false), "%s, case %zu",
			       cases[i].signature, i);
	/* What is cut is wrong wherever the cut is. */
	for (cut = 0; cut < 13; cut++)
		EXPECT_EQ_CASE(-EBADMSG,
			       check_body("a{yv}", BYTES(5, 0, 0, 0, 0, 0, 0, 0, 1, 1, 'y', 0, 9),
					  cut, false), "cut at %zu", cut);
}

TEST(the_other_byte_order_is_checked_alike)
{
	EXPECT_EQ(0, check_body("s", BYTES(0, 0, 0, 1, 'x', 0), 6, true));
	EXPECT_EQ(-EBADMSG, check_body("s", BYTES(1, 0, 0, 0, 'x', 0), 6, true));
	EXPECT_EQ(-EBADMSG, check_body("b", BYTES(1, 0, 0, 0), 4, true));
}

/* Variants in variants: 64 containers are allowed. */
TEST(values_nest_64_deep)
{
	uint8_t data[512];
	size_t depth, size, i;

	for (depth = 63; depth <= 65; depth++) {
		size = 0;
		for (i = 1; i < depth; i++) {
			memcpy(data + size, (uint8_t[]){ 1, 'v', 0 }, 3);
			size += 3;
		}
		memcpy(data + size, (uint8_t[]){ 1, 'y', 0, 9 }, 4);
		size += 4;
		EXPECT_EQ_CASE(depth <= 64 ? 0 : -EBADMSG, check_body("v", data, size, false),
			       "%zu deep", depth);
	}
}

TEST(an_array_has_at_most_64_mib)
{
	const size_t limit = 64 << 20;
	uint8_t *data = calloc(1, limit + 8);
	const uint32_t sizes[] = { limit, limit + 1 };

	memcpy(data, &sizes[0], 4);
	EXPECT_EQ(0, kbus_body_validate("ay", data, limit + 4, false));
	memcpy(data, &sizes[1], 4);
	EXPECT_EQ(-EBADMSG, kbus_body_validate("ay", data, limit + 5, false));
	free(data);
}

TEST(what_is_built_can_be_read)
{
	const struct kbus_fields fields = {
		.type = KBUS_ERROR, .flags = KBUS_NO_REPLY_EXPECTED, .serial = 9, .reply_serial = 8,
		.error_name = "a.b.C", .destination = ":1.2", .sender = "org.freedesktop.DBus",
		.signature = "sa(us)bv",
	};
	struct kbus_writer w = {};
	struct kbus_reader r;
	struct kbus_header h;
	struct kbus_array a;
	const char *text;
	uint32_t number, i;
	uint8_t *data;
	size_t size;

	kbus_put_string(&w, "text");
	kbus_put_array_open(&w, '(');
	for (i = 0; i < 3; i++) {
		kbus_put_struct(&w);
		kbus_put_u32(&w, i);
		kbus_put_string(&w, "in the array");
	}
	kbus_put_array_close(&w);
	kbus_put_bool(&w, true);
	kbus_put_signature(&w, "t");
	kbus_put_u64(&w, 1);
	ASSERT_EQ(0, kbus_build(&w, &fields, &data, &size));
	EXPECT_TRUE(w.data == NULL);
	ASSERT_EQ(0, kbus_header_parse(&h, data, size));
	EXPECT_EQ(size, h.size + h.body_size);
	EXPECT_EQ(0, kbus_body_validate(h.signature, data + h.size, h.body_size, h.swap));
	EXPECT_STR("a.b.C", h.error_name);
	EXPECT_EQ(8, h.reply_serial);

	kbus_reader_init(&r, &h, data + h.size);
	EXPECT_EQ(-ENXIO, kbus_read_u32(&r, &number));
	EXPECT_EQ(0, kbus_read_string(&r, &text, NULL));
	EXPECT_STR("text", text);
	EXPECT_EQ(0, kbus_read_array_open(&r, &a));
	for (i = 0; kbus_read_array_next(&r, &a); i++) {
		EXPECT_EQ(0, kbus_read_struct_open(&r));
		EXPECT_EQ(0, kbus_read_u32(&r, &number));
		EXPECT_EQ(i, number);
		EXPECT_EQ(-ENXIO, kbus_read_struct_close(&r));
		EXPECT_EQ(0, kbus_read_string(&r, &text, NULL));
		EXPECT_EQ(0, kbus_read_struct_close(&r));
	}
	EXPECT_EQ(3, i);
	EXPECT_EQ(0, kbus_read_array_close(&r, &a));
	EXPECT_EQ(0, kbus_read_u32(&r, &number));
	EXPECT_EQ(0, kbus_read_skip(&r));
	EXPECT_EQ(-ENXIO, kbus_read_skip(&r));
	free(data);
}

TEST(a_writer_remembers_its_first_error)
{
	const struct kbus_fields fields = { .type = KBUS_SIGNAL, .serial = 1 };
	struct kbus_writer w = {};
	uint8_t *data;
	size_t size;
	int i;

	for (i = 0; i <= KBUS_WRITER_DEPTH; i++)
		kbus_put_array_open(&w, 'a');
	kbus_put_u32(&w, 1);
	EXPECT_EQ(-EINVAL, kbus_build(&w, &fields, &data, &size));
	kbus_put_array_close(&w);
	EXPECT_EQ(-EINVAL, kbus_build(&w, &fields, &data, &size));
	kbus_put_array_open(&w, 's');
	EXPECT_EQ(-EINVAL, kbus_build(&w, &fields, &data, &size));
}
