/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Objects beyond a bus and its ordinary connections: domains with options,
 * custom endpoints, policies, lists; and what the kernel tells about them.
 *
 * As in common.h, int results are 0 or a negative errno unless said otherwise.
 */
#ifndef KDBUS_SELFTEST_OBJECTS_H
#define KDBUS_SELFTEST_OBJECTS_H

#include "common.h"

/* state of a name that has an ordinary owner, or only an activator */
#define OWNED			KDBUS_NAME_PRIMARY
#define ACTIVATABLE		(KDBUS_NAME_ACTIVATOR | KDBUS_NAME_PRIMARY)

/* ---- domains and buses ---- */

/* domain_mount() with mount options */
int domain_mount_options(const char *type, const char *options, char *path);

/* A bus with this bloom size, or with these arguments of BUS_MAKE. */
int bus_make_bloom(struct bus *bus, __u64 size);
int bus_make_args(struct bus *bus, const char *domain, struct args *args);
/* bus_make() of another user */
int bus_make_as(struct bus *bus, uid_t uid, gid_t gid);

/* ---- custom endpoints ---- */

struct endpoint {
	int fd;
	char name[BUS_NAME_MAX + 1];
	char path[PATH_MAX];
};

/* Everybody may open it; its policy is empty. */
int endpoint_make(struct endpoint *ep, const struct bus *bus);
int endpoint_update(struct endpoint *ep, struct args *policy);
/* The policy becomes one name with one grant to everybody. */
int endpoint_grant(struct endpoint *ep, const char *name, __u64 access);
void endpoint_close(struct endpoint *ep);

/* conn_new() on another node, as another user (0 is root) */
int conn_new_at(struct conn *conn, const char *path, uid_t uid, gid_t gid);

/* ---- policies ---- */

/* Activator or policy holder (@flags) of @name with one grant. */
int conn_new_policy(struct conn *conn, const struct bus *bus, __u64 flags, const char *name,
		    __u64 type, __u64 access, __u64 id);
/* Replace the policy of a policy holder by one name with one grant. */
int policy_update(struct conn *conn, const char *name, __u64 type, __u64 access, __u64 id);

/* ---- signals ---- */

int send_filter(struct conn *conn, __u64 dst_id, __u64 cookie, __u64 generation,
		const void *filter, size_t size);
int send_signal(struct conn *conn, __u64 dst_id, __u64 cookie);

/* ---- lists ---- */

/*
 * @first: first record in the pool of @conn
 * @size: bytes of all records
 */
struct list {
	struct conn *conn;
	__u64 offset;
	__u64 size;
	const struct kdbus_info *first;
};

int list_get(struct list *list, struct conn *conn, __u64 flags);
int list_done(struct list *list);

#define LIST_NEXT(info)		((const struct kdbus_info *)((const __u8 *)(info) + (info)->size))
#define LIST_FOREACH(info, list)						\
	for ((info) = (list)->first;						\
	     (const __u8 *)(info) < (const __u8 *)(list)->first + (list)->size;	\
	     (info) = LIST_NEXT(info))

unsigned int list_count(const struct list *list);
/* Records of this connection; with @name only those with this name. */
unsigned int list_count_of(const struct list *list, __u64 id, const char *name);
/* LIST, count as above, free: count or -errno. */
int list_counted(struct conn *conn, __u64 flags, __u64 id, const char *name);

/* ---- notifications ---- */

/*
 * Take the next message, which has to be exactly this notification: 0, the
 * errno of RECV, or -EPROTO after telling on stderr what came instead.
 */
int expect_name(struct conn *conn, __u64 type, const char *name, __u64 old_id, __u64 old_flags,
		__u64 new_id, __u64 new_flags);
int expect_id(struct conn *conn, __u64 type, __u64 id, __u64 flags);
int expect_reply_event(struct conn *conn, __u64 type, __u64 cookie_reply);

/* Wait until the descriptor has no more to tell than a hang-up: 0 or -ETIME. */
int wait_hangup(int fd);

#endif /* KDBUS_SELFTEST_OBJECTS_H */
