// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fuzz-policy.c - libFuzzer: XML configuration, and the reduction of what it says
 */
#include <stdint.h>
#include <stdlib.h>

#include "../busd/policy-file.h"

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
	policy_deinit(&policy);
	return 0;
}
