/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dbus-call.h - the sample service's calls, made by stock libdbus, over kdbus and over dbus-daemon
 */
#ifndef KDBUS_BENCH_DBUS_CALL_H
#define KDBUS_BENCH_DBUS_CALL_H

#include <stdbool.h>

#include "interface.h"

/* What a call needs, made once */
struct dbus_call {
	const char *method;
	int fd;				/* what the call hands over, or -1 */
	size_t fd_size;			/* bytes, if it is a memfd */
	uint64_t checksum;		/* of the memfd */
	struct message_attachments with;
};

int dbus_call_init(struct dbus_call *call, const char *method);
void dbus_call_deinit(struct dbus_call *call);
DBusMessage *dbus_call_new_message(struct dbus_call *call, bool beside);
int dbus_call_check_reply(struct dbus_call *call, DBusMessage *reply);
int dbus_call_alone(void *work);

#endif /* KDBUS_BENCH_DBUS_CALL_H */
