// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * test-sasl.c - what the three libraries send, and what nobody should
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sasl.h"

#define GUID	"000102030405060708090a0b0c0d0e0f"
#define TEXT(t)	t, sizeof(t) - 1

static const struct {
	const char *claim;
	const char *data;
	size_t size;
	const char *answer;
	enum sasl_state state;
	int error;
	size_t left;		/* bytes behind BEGIN */
} cases[] = {
	{ "libsystemd_sends_all_lines_at_once",
	  TEXT("\0AUTH EXTERNAL\r\nDATA\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n"),
	  "DATA\r\nOK " GUID "\r\nAGREE_UNIX_FD\r\n", SASL_DONE, 0, 0 },
	{ "own_uid_in_hexadecimal_is_accepted",
	  TEXT("\0AUTH EXTERNAL 31303030\r\n"), "OK " GUID "\r\n", SASL_BEGIN, 0, 0 },
	{ "hexadecimal_that_is_no_uid_is_rejected",
	  TEXT("\0AUTH EXTERNAL 3130303A\r\n"), "REJECTED EXTERNAL ANONYMOUS\r\n", SASL_AUTH, 0, 0 },
	{ "another_uid_is_rejected",
	  TEXT("\0AUTH EXTERNAL 30\r\n"), "REJECTED EXTERNAL ANONYMOUS\r\n", SASL_AUTH, 0, 0 },
	{ "half_a_digit_is_rejected",
	  TEXT("\0AUTH EXTERNAL 313030303\r\n"), "REJECTED EXTERNAL ANONYMOUS\r\n", SASL_AUTH, 0,
	  0 },
	{ "anonymous_may_say_anything",
	  TEXT("\0AUTH ANONYMOUS 6d65\r\nBEGIN\r\n"), "OK " GUID "\r\n", SASL_DONE, 0, 0 },
	{ "auth_alone_lists_the_mechanisms",
	  TEXT("\0AUTH\r\n"), "REJECTED EXTERNAL ANONYMOUS\r\n", SASL_AUTH, 0, 0 },
	{ "unknown_mechanism_is_rejected_and_the_next_one_taken",
	  TEXT("\0AUTH DBUS_COOKIE_SHA1 30\r\nAUTH EXTERNAL\r\nDATA 31303030\r\n"),
	  "REJECTED EXTERNAL ANONYMOUS\r\nDATA\r\nOK " GUID "\r\n", SASL_BEGIN, 0, 0 },
	{ "cancel_goes_back_to_the_start",
	  TEXT("\0AUTH EXTERNAL\r\nCANCEL\r\n"), "DATA\r\nREJECTED EXTERNAL ANONYMOUS\r\n",
	  SASL_AUTH, 0, 0 },
	{ "descriptors_need_authentication",
	  TEXT("\0NEGOTIATE_UNIX_FD\r\n"), "ERROR \"Authenticate first\"\r\n", SASL_AUTH, 0, 0 },
	{ "unknown_command_is_an_error",
	  TEXT("\0STARTTLS\r\n"), "ERROR \"Unexpected command\"\r\n", SASL_AUTH, 0, 0 },
	{ "message_follows_begin",
	  TEXT("\0AUTH EXTERNAL 31303030\r\nBEGIN\r\nl\1\0\1"), "OK " GUID "\r\n", SASL_DONE, 0, 4 },
	{ "first_byte_must_be_zero", TEXT("AUTH EXTERNAL\r\n"), "", SASL_NUL, -EPROTO, 0 },
	{ "begin_needs_authentication", TEXT("\0BEGIN\r\n"), "", SASL_AUTH, -EPROTO, 0 },
	{ "line_must_end_in_cr_lf", TEXT("\0AUTH EXTERNAL\n"), "", SASL_AUTH, -EPROTO, 0 },
	{ "zero_byte_in_a_line_is_a_violation", TEXT("\0AUTH\0EXTERNAL\r\n"), "", SASL_AUTH,
	  -EPROTO, 0 },
};

#define N_CASES (sizeof(cases) / sizeof(cases[0]))

static unsigned int count, failed;

static void verdict(bool ok, const char *claim, const char *how)
{
	printf("%s %u - sasl.%s%s\n", ok ? "ok" : "not ok", ++count, claim, how);
	failed += !ok;
}

static void start(struct sasl *sasl)
{
	unsigned char id[16];
	int i;

	for (i = 0; i < 16; i++)
		id[i] = i;
	sasl_init(sasl, 1000, id);
}

/* The same whether the bytes come at once or one by one. */
static void test_case(size_t i, size_t chunk)
{
	struct sasl_answer answer = { .size = 0 };
	size_t done = 0, n;
	ssize_t used = 0;
	struct sasl sasl;

	start(&sasl);
	while (done < cases[i].size && used >= 0 && sasl.state != SASL_DONE) {
		n = cases[i].size - done < chunk ? cases[i].size - done : chunk;
		used = sasl_feed(&sasl, cases[i].data + done, n, &answer);
		if (used > 0)
			done += used;
	}
	verdict(cases[i].error ? used == cases[i].error
			       : used >= 0 && cases[i].size - done == cases[i].left &&
				 sasl.state == cases[i].state &&
				 answer.size == strlen(cases[i].answer) &&
				 memcmp(answer.text, cases[i].answer, answer.size) == 0,
		cases[i].claim, chunk == 1 ? "_byte_by_byte" : "");
	sasl_deinit(&sasl);
}

static void test_endless_line(void)
{
	struct sasl_answer answer = { .size = 0 };
	ssize_t used = 0, total = 0;
	struct sasl sasl;
	char block[1000];

	start(&sasl);
	memset(block, 'A', sizeof(block));
	sasl_feed(&sasl, "", 1, &answer);
	while (used >= 0 && total < 10 * SASL_LINE_MAX) {
		used = sasl_feed(&sasl, block, sizeof(block), &answer);
		total += used > 0 ? used : 0;
	}
	verdict(used == -EPROTO && total <= SASL_LINE_MAX, "line_without_end_is_a_violation", "");
	sasl_deinit(&sasl);
}

/* More commands than there is room for answers. */
static void test_flood(void)
{
	struct sasl_answer answer = { .size = 0 };
	struct sasl sasl;
	ssize_t used = 0;
	int i;

	start(&sasl);
	sasl_feed(&sasl, "", 1, &answer);
	for (i = 0; i < 1000 && used >= 0; i++)
		used = sasl_feed(&sasl, "X\r\n", 3, &answer);
	verdict(used == -EPROTO && answer.size <= sizeof(answer.text),
		"flood_of_commands_is_a_violation", "");
	sasl_deinit(&sasl);
}

int main(void)
{
	size_t i;

	for (i = 0; i < N_CASES; i++) {
		test_case(i, cases[i].size);
		test_case(i, 1);
	}
	test_endless_line();
	test_flood();
	printf("1..%u\n", count);
	return failed > 0;
}
