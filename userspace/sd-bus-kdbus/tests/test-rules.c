// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-rules.c - who may send what to a name */
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

static bool verdict(const char *text, const struct kbus_header *header, uint32_t uid)
{
	static const char *const names[] = { "a.Other", NAME };
	static const uint32_t gids[] = { 70, 71 };
	const struct kbus_policy_question question = {
		.header = header,
		.names = names,
		.n_names = 2,
		.uid = uid,
		.gids = gids,
		.n_gids = 2,
	};
	struct kbus_policy *policy;
	bool allowed;

	if (!EXPECT_EQ_CASE(0, kbus_policy_parse(text, strlen(text), &policy), "%s", text))
		return false;
	allowed = kbus_policy_allows(policy, &question);
	kbus_policy_free(policy);
	return allowed;
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

TEST(only_rules_beyond_the_kernel_ask_for_a_verdict)
{
	static const struct {
		bool fine;
		const char *text;
	} cases[] = {
		{ false, "" },
		{ false, "deny default type=method_call\nallow default type=signal\n" },
		{ false, "allow default destination=" NAME "\n" },
		{ false, "allow default destination=b.Nobody member=X\n" },
		{ true, "allow default destination=" NAME " member=X\n" },
		{ true, "allow user 3 destination=" NAME " path=/x\n" },
		{ true, "deny default prefix=a type=signal\n" },
		{ true, "deny default interface=i.Face\n" },
		{ true, "deny default destination=" NAME " max_fds=0\n" },
	};
	struct kbus_policy *policy;
	size_t i;

	for (i = 0; i < N_ENTRIES(cases); i++) {
		ASSERT_EQ(0, kbus_policy_parse(cases[i].text, strlen(cases[i].text), &policy));
		EXPECT_EQ_CASE(cases[i].fine, kbus_policy_is_fine(policy, NAME), "%s",
			       cases[i].text);
		kbus_policy_free(policy);
	}
}

TEST(what_is_no_rule_is_refused)
{
	static const char *const texts[] = {
		"permit default\n", "allow\n", "allow everybody\n", "allow user\n", "allow user x\n",
		"allow user -1\n", "allow group 4294967296\n", "allow default member\n",
		"allow default colour=red\n", "allow default type=call\n",
		"allow default min_fds=many\n", "allow default\nnonsense\n",
	};
	struct kbus_policy *policy;
	size_t i;

	for (i = 0; i < N_ENTRIES(texts); i++)
		EXPECT_EQ_CASE(-EBADMSG, kbus_policy_parse(texts[i], strlen(texts[i]), &policy),
			       "%s", texts[i]);
	EXPECT_EQ(-EBADMSG, kbus_policy_parse("allow default\0\n", 15, &policy));
}
