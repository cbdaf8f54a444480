// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * log.c - one line per message on standard error. When that is the journal, a prefix tells it the
 * priority.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "log.h"

/**
 * log_line() - write a message
 * @priority: of syslog
 * @format: as for printf(), without a line's end
 */
void log_line(int priority, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	/* In one piece: lines of several writers do not mix. */
	if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "<%d>%s\n", priority, text);
	else
		fprintf(stderr, "kdbus-busd: %s\n", text);
}
