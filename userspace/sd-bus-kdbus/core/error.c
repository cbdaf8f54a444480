// SPDX-License-Identifier: LGPL-2.1-or-later
/* error.c - what the kernel's errors are called in D-Bus */
#include <errno.h>
#include <stddef.h>

#include "error.h"

/* What a failed SEND means to the client. */
static const struct {
	int error;
	enum kbus_verdict verdict;
	const char *name;
	const char *text;
} send_errors[] = {
	{ ESRCH, KBUS_VERDICT_ERROR, KBUS_ERROR_PREFIX "ServiceUnknown",
	  "The name is not owned by anybody, and nobody can be started for it" },
	{ ENXIO, KBUS_VERDICT_ERROR, KBUS_ERROR_PREFIX "ServiceUnknown",
	  "There is no connection of this name" },
	{ EADDRNOTAVAIL, KBUS_VERDICT_ERROR, KBUS_ERROR_PREFIX "NameHasNoOwner",
	  "The name has no owner, and the caller does not want it to be started" },
	{ EPERM, KBUS_VERDICT_ERROR, KBUS_ERROR_PREFIX "AccessDenied",
	  "The bus does not let this sender talk to the destination" },
	{ ENOBUFS, KBUS_VERDICT_ERROR, KBUS_ERROR_PREFIX "LimitsExceeded",
	  "Too much of this user waits at the destination already" },
	{ EXFULL, KBUS_VERDICT_ERROR, KBUS_ERROR_PREFIX "LimitsExceeded",
	  "The pool of the destination is full" },
	{ EMFILE, KBUS_VERDICT_ERROR, KBUS_ERROR_PREFIX "LimitsExceeded",
	  "Too many file descriptors" },
	{ EMLINK, KBUS_VERDICT_ERROR, KBUS_ERROR_PREFIX "LimitsExceeded",
	  "Too many calls wait for their replies" },
	{ EMSGSIZE, KBUS_VERDICT_ERROR, KBUS_ERROR_PREFIX "LimitsExceeded",
	  "The message is too large" },
	{ E2BIG, KBUS_VERDICT_ERROR, KBUS_ERROR_PREFIX "LimitsExceeded",
	  "The message has too many parts" },
	{ ENOMEM, KBUS_VERDICT_ERROR, KBUS_ERROR_PREFIX "NoMemory", "Not enough memory" },
	{ ENOSPC, KBUS_VERDICT_ERROR, KBUS_ERROR_PREFIX "NoMemory", "Not enough memory" },
	{ ENFILE, KBUS_VERDICT_ERROR, KBUS_ERROR_PREFIX "LimitsExceeded",
	  "Too many open files in the system" },
	{ ECOMM, KBUS_VERDICT_ERROR, KBUS_ERROR_PREFIX "NotSupported",
	  "The destination does not take file descriptors" },
	{ EOPNOTSUPP, KBUS_VERDICT_ERROR, KBUS_ERROR_PREFIX "NotSupported",
	  "The bus does not carry file descriptors of this kind" },
	{ ENOTUNIQ, KBUS_VERDICT_ERROR, KBUS_ERROR_PREFIX "NotSupported",
	  "The bus does not carry file descriptors in broadcasts" },
	{ EREMCHG, KBUS_VERDICT_RETRY, NULL, NULL },
	{ EBADSLT, KBUS_VERDICT_DROP, NULL, "Nobody waits for this reply" },
	{ ECONNRESET, KBUS_VERDICT_CLOSED, NULL, NULL },
	{ ESHUTDOWN, KBUS_VERDICT_CLOSED, NULL, NULL },
	{ ENOTCONN, KBUS_VERDICT_CLOSED, NULL, NULL },
};

/**
 * kbus_error_of_send() - what becomes of a message that the kernel did not take
 * @error: errno of SEND, positive or negative
 * @no_auto_start: the message has %KBUS_NO_AUTO_START
 * @ret_name: name of the D-Bus error, if the verdict is an error; else NULL
 * @ret_text: what to tell humans; NULL if the verdict is to retry or that the connection is closed
 *
 * Return: the verdict.
 */
enum kbus_verdict kbus_error_of_send(int error, bool no_auto_start, const char **ret_name,
				     const char **ret_text)
{
	size_t i;

	error = error < 0 ? -error : error;
	for (i = 0; i < sizeof(send_errors) / sizeof(send_errors[0]); i++) {
		if (send_errors[i].error != error)
			continue;
		*ret_name = send_errors[i].name;
		*ret_text = send_errors[i].text;
		if (no_auto_start && (error == ESRCH || error == ENXIO))
			*ret_name = KBUS_ERROR_PREFIX "NameHasNoOwner";
		return send_errors[i].verdict;
	}
	*ret_name = KBUS_ERROR_PREFIX "Failed";
	*ret_text = "The bus did not take the message";
	return KBUS_VERDICT_ERROR;
}

/**
 * kbus_error_of_errno() - the D-Bus error for a query that failed
 * @error: errno, positive or negative
 *
 * Return: name of the error.
 */
const char *kbus_error_of_errno(int error)
{
	switch (error < 0 ? -error : error) {
	case ESRCH:
	case ENXIO:
		return KBUS_ERROR_PREFIX "NameHasNoOwner";
	case EPERM:
	case EACCES:
		return KBUS_ERROR_PREFIX "AccessDenied";
	case ENOBUFS:
	case EXFULL:
	case EMFILE:
	case EMLINK:
	case E2BIG:
		return KBUS_ERROR_PREFIX "LimitsExceeded";
	case ENOMEM:
		return KBUS_ERROR_PREFIX "NoMemory";
	case EINVAL:
	case EBADMSG:
		return KBUS_ERROR_PREFIX "InvalidArgs";
	case EOPNOTSUPP:
		return KBUS_ERROR_PREFIX "NotSupported";
	default:
		return KBUS_ERROR_PREFIX "Failed";
	}
}
