// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * unit.c - the unit of the service manager that a process belongs to, from its control group
 */
#include <string.h>

#include "ctl.h"

/**
 * unit_of_cgroup() - the innermost unit in the path of a control group
 * @cgroup: path as the kernel tells it, or NULL
 * @unit: set to the name of the unit, or "-"
 * @size: bytes at @unit
 */
void unit_of_cgroup(const char *cgroup, char *unit, size_t size)
{
	static const char * const suffixes[] = { ".service", ".scope" };
	const char *start, *end, *best = NULL;
	size_t length, best_length = 0, n, i;

	for (start = cgroup; start && *start; start = *end ? end + 1 : end) {
		end = start + strcspn(start, "/");
		length = end - start;
		for (i = 0; i < 2; i++) {
			n = strlen(suffixes[i]);
			if (length > n && !strncmp(end - n, suffixes[i], n)) {
				best = start;
				best_length = length;
			}
		}
	}
	if (best)
		snprintf(unit, size, "%.*s", (int)best_length, best);
	else
		snprintf(unit, size, "-");
}
