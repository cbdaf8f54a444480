/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * policy-file.h - read the XML configuration of a D-Bus bus
 */
#ifndef KDBUS_BUSD_POLICY_FILE_H
#define KDBUS_BUSD_POLICY_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy.h"

/* What a file refers to; the handler reads it, or does not. */
enum policy_reference {
	POLICY_INCLUDE,			/* another file, as <include> names it */
	POLICY_INCLUDE_OPTIONAL,	/* likewise, and it may be missing */
	POLICY_INCLUDE_DIRECTORY,	/* all of a directory that end in ".conf" */
	POLICY_SERVICE_DIRECTORY,	/* a directory of .service files */
	POLICY_STANDARD_SESSION,	/* the directories of session services; no path */
	POLICY_STANDARD_SYSTEM,		/* the directories of system services; no path */
};

/*
 * Called when a reference is met, so that what it adds to the policy comes in its place. @path is
 * borrowed. A negative result ends the parse with it.
 */
typedef int (*policy_reference_fn)(void *context, enum policy_reference what, const char *path);

int policy_file_parse(struct policy *policy, const char *text, size_t size,
		      policy_reference_fn reference, void *context, char *why, size_t why_size);

#endif /* KDBUS_BUSD_POLICY_FILE_H */
