// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the interface promises: the errors and the return flags of each command. */

#include <errno.h>
#include <stddef.h>

#include "world.h"

#define LIMIT 40

/* Whatever the command: the parser, the role of the file, memory, and files of other kinds. */
static const int common[LIMIT] = {
	EFAULT, EINVAL, EMSGSIZE, EBADFD, ECONNRESET, ENOTTY, ENOMEM, EOPNOTSUPP, EBADF,
};

static const int errors[OP_COMMANDS][LIMIT] = {
	[OP_BUS_MAKE] = { ESHUTDOWN, EINTR, ENAMETOOLONG, EEXIST, EMFILE },
	[OP_ENDPOINT_MAKE] = { ESHUTDOWN, EINTR, EPERM, ENAMETOOLONG, EEXIST },
	[OP_ENDPOINT_UPDATE] = { ESHUTDOWN, EEXIST },
	[OP_HELLO] = { ESHUTDOWN, EINTR, EPERM, ENAMETOOLONG, EMFILE, EEXIST },
	/* A file that owns an endpoint tells first that this is gone. */
	[OP_UPDATE] = { ESHUTDOWN, E2BIG, EEXIST },
	[OP_BYEBYE] = { ESHUTDOWN, EBUSY },
	[OP_FREE] = { ESHUTDOWN, ENXIO },
	[OP_CONN_INFO] = { ESHUTDOWN, ESRCH, ENXIO, EXFULL },
	[OP_CREATOR_INFO] = { ESHUTDOWN, EXFULL },
	[OP_LIST] = { ESHUTDOWN, EXFULL },
	[OP_SEND] = { ESHUTDOWN, EBADMSG, ENOTUNIQ, E2BIG, EMFILE, EDOM, EDESTADDRREQ, EMEDIUMTYPE,
		      ETXTBSY, ENXIO, ESRCH, EREMCHG, EADDRNOTAVAIL, EPERM, EMLINK, EBADSLT, ECOMM,
		      ENOBUFS, EXFULL, ETIMEDOUT, EPIPE, ECANCELED, EINTR, EREMOTEIO },
	[OP_RECV] = { ESHUTDOWN, EAGAIN, ENXIO, EXFULL },
	[OP_NAME_ACQUIRE] = { ESHUTDOWN, EPERM, E2BIG, EEXIST },
	[OP_NAME_RELEASE] = { ESHUTDOWN, ESRCH, EADDRINUSE },
	[OP_MATCH_ADD] = { ESHUTDOWN, EDOM, EMFILE },
	[OP_MATCH_REMOVE] = { ESHUTDOWN, EBADSLT },
	[OP_ROOM] = { ESHUTDOWN, ENXIO, ESRCH, EREMCHG, EPERM, ECOMM, ENOBUFS, EMFILE, EXFULL,
		      EAGAIN },
	[OP_EXCHANGE] = { ESHUTDOWN, EBADMSG, ENOTUNIQ, E2BIG, EMFILE, EDOM, EDESTADDRREQ,
			  EMEDIUMTYPE, ETXTBSY, ENXIO, ESRCH, EREMCHG, EADDRNOTAVAIL, EPERM, EMLINK,
			  EBADSLT, ECOMM, ENOBUFS, EXFULL, EAGAIN, ETIMEDOUT, EINTR, ECANCELED },
};

static bool contains(const int *list, int error)
{
	unsigned int i;

	for (i = 0; i < LIMIT && list[i]; i++)
		if (list[i] == error)
			return true;
	return false;
}

bool oracle_errno_is_known(unsigned int kind, int error)
{
	return contains(common, error) || contains(errors[kind], error);
}

/* The bits that return_flags of the command may have. */
uint64_t oracle_return_flags(unsigned int kind)
{
	switch (kind) {
	case OP_NAME_ACQUIRE:
		return KDBUS_NAME_ALLOW_REPLACEMENT | KDBUS_NAME_QUEUE | KDBUS_NAME_IN_QUEUE |
		       KDBUS_NAME_PRIMARY | KDBUS_NAME_ACQUIRED;
	case OP_RECV:
		return KDBUS_RECV_RETURN_DROPPED_MSGS;
	case OP_SEND:
		return KDBUS_SEND_RETURN_LOST;
	case OP_EXCHANGE:
		return KDBUS_RECV_RETURN_DROPPED_MSGS | KDBUS_EXCHANGE_RETURN_SENT |
		       KDBUS_EXCHANGE_RETURN_FREED | KDBUS_EXCHANGE_RETURN_RECEIVED |
		       KDBUS_EXCHANGE_RETURN_LOST;
	default:
		return 0;
	}
}

/* Of a message that the command delivers. */
uint64_t oracle_info_flags(unsigned int kind)
{
	uint64_t flags = KDBUS_RECV_RETURN_INCOMPLETE_FDS;

	/* Only a reply can come past others. */
	if (kind == OP_SEND)
		flags |= KDBUS_RECV_RETURN_BEHIND;
	return flags;
}
