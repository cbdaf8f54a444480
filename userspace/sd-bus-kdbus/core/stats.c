// SPDX-License-Identifier: LGPL-2.1-or-later
/* stats.c - what a connection dropped, and why */
#include <stddef.h>

#include "stats.h"

/**
 * kbus_reason_text() - a reason for the log
 * @reason: why a message was dropped
 *
 * Return: a few words.
 */
const char *kbus_reason_text(enum kbus_reason reason)
{
	static const char *const texts[KBUS_N_REASONS] = {
		[KBUS_DROP_NOT_DBUS] = "not a D-Bus message",
		[KBUS_DROP_HEADER] = "invalid header",
		[KBUS_DROP_BODY] = "invalid body",
		[KBUS_DROP_SIZE] = "wrong size",
		[KBUS_DROP_FDS] = "wrong number of descriptors",
		[KBUS_DROP_FDS_UNWANTED] = "descriptors for a client that takes none",
		[KBUS_DROP_MISMATCH] = "header and kernel disagree",
		[KBUS_DROP_FILTERED] = "not wanted",
		[KBUS_DROP_POLICY] = "denied by the policy",
		[KBUS_DROP_MEMORY] = "out of memory",
		[KBUS_DROP_SEND] = "could not be sent",
	};

	return reason < KBUS_N_REASONS ? texts[reason] : "unknown reason";
}
