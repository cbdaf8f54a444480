/* SPDX-License-Identifier: GPL-2.0 */
/* The name that a sender remembers. */
#ifndef KDBUS_DESTINATION_H
#define KDBUS_DESTINATION_H

#include <linux/types.h>

#include "policy.h"

struct cred;
struct kdbus_name_entry;

/**
 * struct kdbus_destination - the name that a sender remembers
 * @taken: bit 0: the rest is in somebody's hands
 * @name: pinned; NULL if nothing is remembered
 * @looked_up: registration of the name that was looked up last; 0 if none was
 * @cred: to whom the databases have said something of @name; pinned, or NULL
 * @ep: what that of the sender's endpoint has said
 * @bus: what that of the bus has said
 */
struct kdbus_destination {
	unsigned long taken;
	struct kdbus_name_entry *name;
	u64 looked_up;
	const struct cred *cred;
	struct kdbus_verdict ep;
	struct kdbus_verdict bus;
};

bool kdbus_destination_take(struct kdbus_destination *destination, const char *text, size_t size);
void kdbus_destination_give_back(struct kdbus_destination *destination);
void kdbus_destination_keep(struct kdbus_destination *destination, struct kdbus_name_entry *name);
void kdbus_destination_deinit(struct kdbus_destination *destination);

#endif
