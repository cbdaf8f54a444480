// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fuzz-policy.c - libFuzzer: XML configuration, and the reduction of what it says
 */
#include <stdint.h>
#include <stdlib.h>

#include "../busd/policy-file.h"
#include "../core/policy.h"

static bool owns_all(void *context, const char *name)
{
	return true;
}

/* What does not have to be judged passes when it is judged. */
static void check_rules(const struct kbus_policy *rules)
{
	static const char *const names[] = { "a.b" };
	const struct kbus_header headers[] = {
		{ .type = KBUS_METHOD_CALL, .path = "/", .interface = "i.f", .member = "M" },
		{ .type = KBUS_SIGNAL, .path = "/", .interface = "i.f", .member = "M" },
	};
	unsigned int needs = kbus_policy_needs(rules, names, 1);
	size_t i;

	for (i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		struct kbus_policy_question question = {
			.header = &headers[i], .names = names, .n_names = 1, .sender_owns = owns_all,
		};

		if (!kbus_policy_may_receive(rules, &question) && !(needs & KBUS_JUDGE_RECEIVE))
			abort();
		if (!kbus_policy_may_send(rules, &question) && headers[i].type == KBUS_SIGNAL &&
		    !(needs & KBUS_JUDGE_BROADCAST))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int ignore(void *context, enum policy_reference what, const char *path)
{
	(void)context;
	(void)what;
	(void)path;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy policy = { 0 };
	struct policy_table table;
	struct kbus_policy *rules;
	char why[128] = "";
	size_t i;

	if (policy_file_parse(&policy, (const char *)data, size, ignore, NULL, why,
			      sizeof(why)) < 0 && !*why)
		abort();
	if (!policy_reduce(&policy, &table)) {
		/* Sorted, and each name once: the kernel refuses duplicates. */
		for (i = 0; i < table.n_entries; i++)
			if (policy_table_find(&table, table.entries[i].name) != &table.entries[i])
				abort();
		policy_table_deinit(&table);
	}
	/* Receivers understand what is written for them. */
	if (policy.text) {
		if (kbus_policy_parse(policy.text, policy.text_size, &rules) < 0)
			abort();
		check_rules(rules);
		kbus_policy_free(rules);
	}
	policy_deinit(&policy);
	return 0;
}
