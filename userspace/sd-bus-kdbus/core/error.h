/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* error.h - what the kernel's errors are called in D-Bus */
#ifndef KBUS_ERROR_H
#define KBUS_ERROR_H

#include <stdbool.h>

#define KBUS_ERROR_PREFIX	"org.freedesktop.DBus.Error."

/* What becomes of a message that the kernel did not take. */
enum kbus_verdict {
	KBUS_VERDICT_ERROR,	/* the caller gets the D-Bus error */
	KBUS_VERDICT_DROP,	/* nobody is told; it is counted */
	KBUS_VERDICT_RETRY,	/* the name changed its owner meanwhile */
	KBUS_VERDICT_CLOSED,	/* the connection is gone */
};

enum kbus_verdict kbus_error_of_send(int error, bool no_auto_start, const char **ret_name,
				     const char **ret_text);
const char *kbus_error_of_errno(int error);

#endif /* KBUS_ERROR_H */
