// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fuzz-policy.c - libFuzzer: XML configuration, and the reduction of what it says
 */
#include <stdint.h>
#include <stdlib.h>

#include "../busd/policy-file.h"
#include "../core/policy.h"

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
		kbus_policy_is_fine(rules, "a.b");
		kbus_policy_free(rules);
	}
	policy_deinit(&policy);
	return 0;
}
