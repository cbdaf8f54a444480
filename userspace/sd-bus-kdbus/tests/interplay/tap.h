/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tap.h - verdicts of the interplay tests, one line each
 */
#ifndef KDBUS_INTERPLAY_TAP_H
#define KDBUS_INTERPLAY_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static unsigned int tap_count, tap_failed;

/* The verdict on one claim; what was seen follows when it is false. */
__attribute__((format(printf, 3, 4)))
static inline bool tap(bool ok, const char *claim, const char *seen, ...)
{
	va_list list;

	printf("%s %u - %s\n", ok ? "ok" : "not ok", ++tap_count, claim);
	if (!ok) {
		tap_failed++;
		printf("# seen: ");
		va_start(list, seen);
		vprintf(seen, list);
		va_end(list);
		printf("\n");
	}
	fflush(stdout);
	return ok;
}

static inline int tap_end(void)
{
	printf("1..%u\n", tap_count);
	return tap_failed ? 1 : 0;
}

#endif /* KDBUS_INTERPLAY_TAP_H */
