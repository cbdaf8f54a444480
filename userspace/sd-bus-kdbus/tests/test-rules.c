// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-rules.c - who may send what to whom */
#include <errno.h>

#include "policy.h"
#include "test.h"

#define NAME	"a.Service"

/* A call by user 7 of the groups 70 and 71, unless a case says otherwise. */
static const struct kbus_header call = {
	.type = KBUS_METHOD_CALL,
	.path = "/o",
	.interface = "i.Face",
	.member = "Method",
};

static bool is_sender_name(void *context, const char *name)
{
	return strcmp(context, name) == 0;
}

/* The receiver is user 8 of the group 80, and owns two names; the sender owns one. */
static bool verdict_of(bool (*ask)(const struct kbus_policy *policy,
				   const struct kbus_policy_question *question),
		       const char *text, const struct kbus_header *header, uint32_t uid)
{
	static const char *const names[] = { "a.Other", NAME };
	static const uint32_t gids[] = { 70, 71 }, receiver_gids[] = { 80 };
	const struct kbus_policy_question question = {
		.header = header,
		.sender = { .uid = uid, .gids = gids, .n_gids = 2 },
		.receiver = { .uid = 8, .gids = receiver_gids, .n_gids = 1 },
		.names = names,
		.n_names = 2,
		.sender_owns = is_sender_name,
		.context = "c.Sender",
	};
	struct kbus_policy *policy;
	bool allowed;

	if (!EXPECT_EQ_CASE(0, kbus_policy_parse(text, strlen(text), &policy), "%s", text))
		return false;
	allowed = ask(policy, &question);
	kbus_policy_free(policy);
	return allowed;
}

static bool verdict(const char *text, const struct kbus_header *header, uint32_t uid)
{
	return verdict_of(kbus_policy_may_send, text, header, uid);
}

static bool received(const char *text, const struct kbus_header *header)
{
	return verdict_of(kbus_policy_may_receive, text, header, 7);
}

TEST(the_last_rule_that_fits_decides)
{
	static const struct {
		bool allowed;
		const char *text;
	} cases[] = {
		{ false, "" },
		{ true, "allow default\n" },
		{ false, "allow default\ndeny default\n" },
		{ true, "deny default\nallow default destination=" NAME "\n" },
		{ true, "allow default\ndeny default destination=b.Nobody\n" },
		{ false, "allow default\ndeny default destination=a.Other\n" },
		{ false, "allow default\ndeny default prefix=a\n" },
		{ true, "allow default\ndeny default prefix=a.Serv\n" },
		{ false, "allow default\ndeny default prefix=" NAME "\n" },
		{ false, "allow default\ndeny default interface=i.Face\n" },
		{ true, "allow default\ndeny default interface=i.Face2\n" },
		{ false, "allow default\ndeny default member=Method\n" },
		{ true, "allow default\ndeny default member=method\n" },
		{ false, "allow default\ndeny default path=/o\n" },
		{ true, "allow default\ndeny default path=/o/p\n" },
		{ false, "allow default\ndeny default type=method_call\n" },
		{ true, "allow default\ndeny default type=signal\n" },
		{ true, "allow default\ndeny default min_fds=1\n" },
		{ false, "allow default\ndeny default max_fds=0\n" },
		{ true, "allow default\ndeny default interface=i.Face member=Other\n" },
		{ false, "allow default interface=i.Face member=Other\n" },
		/* Contexts in their order, whatever the order of lines. */
		{ true, "allow user 7\ndeny default\n" },
		{ false, "deny user 7\nallow group 70\n" },
		{ true, "allow group 71\ndeny default\n" },
		{ false, "allow group 72\ndeny default\n" },
		{ false, "allow user 8\ndeny default\n" },
		{ false, "deny mandatory\nallow user 7\n" },
	};
	size_t i;

	for (i = 0; i < N_ENTRIES(cases); i++)
		EXPECT_EQ_CASE(cases[i].allowed, verdict(cases[i].text, &call, 7), "%s",
			       cases[i].text);
}

TEST(a_call_without_interface_is_allowed_by_none_and_denied_by_all)
{
	const struct kbus_header bare = {
		.type = KBUS_METHOD_CALL,
		.path = "/o",
		.member = "Method",
	};

	EXPECT_FALSE(verdict("allow default interface=i.Face\n", &bare, 7));
	EXPECT_FALSE(verdict("allow default\ndeny default interface=i.Face\n", &bare, 7));
	EXPECT_TRUE(verdict("allow default member=Method\n", &bare, 7));
}

static const struct kbus_header broadcast = {
	.type = KBUS_SIGNAL,
	.path = "/o",
	.interface = "i.Face",
	.member = "Signal",
	.sender = ":1.5",
};

static const struct kbus_header unicast = {
	.type = KBUS_SIGNAL,
	.path = "/o",
	.interface = "i.Face",
	.member = "Signal",
	.sender = ":1.5",
	.destination = NAME,
};

static const struct kbus_header reply = {
	.type = KBUS_METHOD_RETURN,
	.reply_serial = 4,
	.sender = ":1.5",
	.destination = ":1.6",
};

static const struct kbus_header error = {
	.type = KBUS_ERROR,
	.reply_serial = 4,
	.error_name = "e.Rror",
	.sender = ":1.5",
	.destination = ":1.6",
};

TEST(broadcasts_are_told_from_signals_to_one)
{
	static const struct {
		bool to_all, to_one;
		const char *text;
	} cases[] = {
		{ true, true, "allow default type=signal\n" },
		{ true, false, "allow default broadcast=true\n" },
		{ false, true, "allow default broadcast=false\n" },
		{ false, true, "allow default\ndeny default broadcast=true\n" },
		{ true, false, "allow default\ndeny default broadcast=false\n" },
		{ true, true, "allow default\ndeny default broadcast=true member=Other\n" },
		{ false, true, "allow default\ndeny default broadcast=true member=Signal\n" },
		/* A receiver that owns the name is none for broadcasts either. */
		{ false, false, "allow default\ndeny default destination=" NAME "\n" },
		{ true, true, "allow default\ndeny default destination=b.Nobody\n" },
	};
	size_t i;

	for (i = 0; i < N_ENTRIES(cases); i++) {
		EXPECT_EQ_CASE(cases[i].to_all, verdict(cases[i].text, &broadcast, 7), "%s",
			       cases[i].text);
		EXPECT_EQ_CASE(cases[i].to_one, verdict(cases[i].text, &unicast, 7), "%s",
			       cases[i].text);
	}
	EXPECT_FALSE(verdict("allow default broadcast=true\n", &call, 7));
	EXPECT_TRUE(verdict("allow default broadcast=false\n", &call, 7));
}

TEST(replies_were_requested)
{
	static const struct {
		bool allowed;
		const char *text;
	} cases[] = {
		{ false, "" },
		{ false, "allow default type=method_call\n" },
		{ true, "allow default type=method_return\n" },
		{ true, "allow default type=method_return requested_reply=true\n" },
		{ true, "allow default type=method_return requested_reply=false\n" },
		{ true, "allow default\ndeny default type=method_return\n" },
		{ true, "allow default\ndeny default type=method_return requested_reply=false\n" },
		{ false, "allow default\ndeny default type=method_return requested_reply=true\n" },
		{ true, "allow default\ndeny default\n" },
		{ true, "allow default\ndeny default destination=" NAME "\n" },
		{ false, "allow default\n"
		  "deny default destination=" NAME " requested_reply=true\n" },
		{ true, "allow default\ndeny default type=error requested_reply=true\n" },
	};
	size_t i;

	for (i = 0; i < N_ENTRIES(cases); i++)
		EXPECT_EQ_CASE(cases[i].allowed, verdict(cases[i].text, &reply, 7), "%s",
			       cases[i].text);
	/* A call has no use for that. */
	EXPECT_FALSE(verdict("allow default\ndeny default requested_reply=false\n", &call, 7));
	EXPECT_FALSE(verdict("allow default\ndeny default error=e.Rror requested_reply=true\n",
			     &error, 7));
	EXPECT_TRUE(verdict("allow default\ndeny default error=e.X requested_reply=true\n",
			    &error, 7));
}

TEST(rules_about_receiving_are_apart_from_those_about_sending)
{
	static const struct {
		bool allowed;
		const char *text;
	} cases[] = {
		{ false, "" },
		{ false, "allow default\n" },
		{ true, "allow default receive\n" },
		{ true, "allow default receive\ndeny default\n" },
		{ false, "allow default receive\ndeny default receive\n" },
		{ false, "allow default receive\ndeny default receive interface=i.Face\n" },
		{ true, "allow default receive\ndeny default receive interface=i.Other\n" },
		{ false, "allow default receive\ndeny default receive member=Signal\n" },
		{ false, "allow default receive\ndeny default receive path=/o\n" },
		{ true, "allow default receive\ndeny default receive path=/p\n" },
		{ false, "allow default receive\ndeny default receive type=signal\n" },
		{ true, "allow default receive\ndeny default receive type=error\n" },
		{ true, "allow default receive\ndeny default receive min_fds=1\n" },
		{ false, "allow default receive\ndeny default receive max_fds=0\n" },
		{ false, "allow default receive\ndeny default receive sender=c.Sender\n" },
		{ true, "allow default receive\ndeny default receive sender=" NAME "\n" },
		{ false, "allow default receive\ndeny default receive sender=:1.5\n" },
		{ true, "allow default receive\ndeny default receive sender=:1.6\n" },
		{ true, "allow default receive sender=c.Sender\n" },
		{ false, "allow default receive sender=c.Other\n" },
		/* Their contexts are about who receives. */
		{ true, "allow user 8 receive\n" },
		{ false, "allow user 7 receive\n" },
		{ true, "allow group 80 receive\n" },
		{ false, "allow group 70 receive\n" },
		{ false, "allow user 8 receive\ndeny mandatory receive member=Signal\n" },
	};
	size_t i;

	for (i = 0; i < N_ENTRIES(cases); i++)
		EXPECT_EQ_CASE(cases[i].allowed, received(cases[i].text, &broadcast), "%s",
			       cases[i].text);
	EXPECT_TRUE(received("allow default receive\ndeny default receive type=method_return\n",
			     &reply));
	EXPECT_FALSE(received("allow default receive\n"
			      "deny default receive type=method_return requested_reply=true\n",
			      &reply));
	EXPECT_FALSE(verdict("allow default receive\n", &broadcast, 7));
}

#define OPEN	"allow default type=signal\nallow default type=method_return\n" \
		"allow default type=error\nallow default receive\n"

TEST(only_rules_beyond_the_kernel_ask_for_a_verdict)
{
	enum {
		TALK = KBUS_JUDGE_CALL | KBUS_JUDGE_SIGNAL,
	};
	static const struct {
		unsigned int needs;
		const char *text;
	} cases[] = {
		{ 0, OPEN },
		{ 0, "deny default type=method_call\n" OPEN },
		{ 0, OPEN "allow default destination=" NAME "\n" },
		{ 0, OPEN "allow default destination=b.Nobody member=X\n" },
		{ TALK, OPEN "allow default destination=" NAME " member=X\n" },
		{ TALK, OPEN "allow user 3 destination=" NAME " path=/x\n" },
		{ TALK | KBUS_JUDGE_BROADCAST, OPEN "deny default prefix=a type=signal\n" },
		{ TALK | KBUS_JUDGE_BROADCAST, OPEN "deny default interface=i.Face\n" },
		{ TALK, OPEN "deny default broadcast=false interface=i.Face\n" },
		{ KBUS_JUDGE_BROADCAST, OPEN "deny default broadcast=true interface=i.Face\n" },
		{ TALK | KBUS_JUDGE_BROADCAST, OPEN "deny default destination=" NAME " max_fds=0\n" },
		{ KBUS_JUDGE_SIGNAL | KBUS_JUDGE_BROADCAST, OPEN "deny default type=signal\n" },
		{ 0, OPEN "deny default type=signal\nallow default type=signal\n" },
		{ KBUS_JUDGE_SIGNAL | KBUS_JUDGE_BROADCAST,
		  OPEN "deny default type=signal\nallow user 8 type=signal\n" },
		{ 0, OPEN "deny default type=error\n" },
		{ KBUS_JUDGE_REPLY, OPEN "deny default type=error requested_reply=true\n" },
		{ KBUS_JUDGE_RECEIVE, OPEN "deny default receive member=X\n" },
		{ KBUS_JUDGE_RECEIVE | KBUS_JUDGE_SENDER_NAMES,
		  OPEN "deny user 8 receive sender=b.Nobody\n" },
		{ 0, OPEN "allow default receive sender=b.Nobody\n" },
		{ 0, OPEN "deny default receive type=error\n" },
		{ KBUS_JUDGE_SIGNAL | KBUS_JUDGE_BROADCAST | KBUS_JUDGE_REPLY | KBUS_JUDGE_RECEIVE,
		  "" },
	};
	static const char *const names[] = { NAME };
	struct kbus_policy *policy;
	size_t i;

	for (i = 0; i < N_ENTRIES(cases); i++) {
		ASSERT_EQ(0, kbus_policy_parse(cases[i].text, strlen(cases[i].text), &policy));
		EXPECT_EQ_CASE(cases[i].needs, kbus_policy_needs(policy, names, 1), "%s",
			       cases[i].text);
		/* Without a name, what is said of this one does not count. */
		if (cases[i].needs == TALK && strstr(cases[i].text, NAME))
			EXPECT_EQ_CASE(0, kbus_policy_needs(policy, NULL, 0), "%s",
				       cases[i].text);
		kbus_policy_free(policy);
	}
}

TEST(what_says_that_a_message_is_judged)
{
	EXPECT_EQ(KBUS_JUDGE_CALL, kbus_policy_need_of(&call));
	EXPECT_EQ(KBUS_JUDGE_SIGNAL, kbus_policy_need_of(&unicast));
	EXPECT_EQ(KBUS_JUDGE_BROADCAST, kbus_policy_need_of(&broadcast));
	EXPECT_EQ(KBUS_JUDGE_REPLY, kbus_policy_need_of(&reply));
	EXPECT_EQ(KBUS_JUDGE_REPLY, kbus_policy_need_of(&error));
}

TEST(what_is_no_rule_is_refused)
{
	static const char *const texts[] = {
		"permit default\n", "allow\n", "allow everybody\n", "allow user\n", "allow user x\n",
		"allow user -1\n", "allow group 4294967296\n", "allow default member\n",
		"allow default colour=red\n", "allow default type=call\n",
		"allow default min_fds=many\n", "allow default\nnonsense\n",
		"allow default send\n", "allow default broadcast=maybe\n",
		"allow receive default\n", "allow default requested_reply=\n",
	};
	struct kbus_policy *policy;
	size_t i;

	for (i = 0; i < N_ENTRIES(texts); i++)
		EXPECT_EQ_CASE(-EBADMSG, kbus_policy_parse(texts[i], strlen(texts[i]), &policy),
			       "%s", texts[i]);
	EXPECT_EQ(-EBADMSG, kbus_policy_parse("allow default\0\n", 15, &policy));
}
