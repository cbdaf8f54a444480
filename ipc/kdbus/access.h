/* SPDX-License-Identifier: GPL-2.0 */
/* Who may: what the policy says of two connections, or of one and a name. */
#ifndef KDBUS_ACCESS_H
#define KDBUS_ACCESS_H

#include <linux/types.h>

struct cred;
struct kdbus_conn;
struct kdbus_destination;

bool kdbus_may_own(struct kdbus_conn *conn, const struct cred *cred, const char *name);
bool kdbus_may_talk(struct kdbus_conn *conn, const struct cred *cred, struct kdbus_conn *peer);
bool kdbus_may_talk_to_owner(struct kdbus_conn *conn, struct kdbus_conn *owner,
			     struct kdbus_destination *to);
bool kdbus_may_see_destination(struct kdbus_conn *conn, struct kdbus_destination *to);
bool kdbus_may_see_name(struct kdbus_conn *conn, const struct cred *cred, const char *name);
bool kdbus_may_see(struct kdbus_conn *conn, const struct cred *cred, struct kdbus_conn *peer);

#endif
