/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * query.h - ask the kernel: names, owners, credentials, matches; make buses
 *
 * Thin functions, one command each. All return 0 or -errno as abi.md of the kernel interface says;
 * nothing here knows D-Bus messages.
 */
#ifndef KBUS_QUERY_H
#define KBUS_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/kdbus.h>

#include "conn.h"

/* Items that follow each other in @head, a struct of the interface that begins with its size. */
#define KBUS_ITEM_HEADER	offsetof(struct kdbus_item, data)
#define KBUS_ITEM_SIZE(n)	(KBUS_ITEM_HEADER + (n))
#define KBUS_ALIGN8(n)		(((n) + 7ULL) & ~7ULL)
#define KBUS_ITEM_NEXT(item)	((const struct kdbus_item *)((const uint8_t *)(item) +	\
							     KBUS_ALIGN8((item)->size)))
#define KBUS_FOREACH_ITEM(item, head)							\
	for ((item) = (head)->items;							\
	     (const uint8_t *)(item) < (const uint8_t *)(head) + (head)->size;		\
	     (item) = KBUS_ITEM_NEXT(item))

/**
 * struct kbus_info - what is known of a connection or of the bus; a slice of our pool
 * @info: the kernel's record; read it with KBUS_FOREACH_ITEM
 * @offset: to give back
 * @id: connection, or bus
 * @flags: flags of its HELLO; %KDBUS_HELLO_ACTIVATOR tells that nobody runs behind the name
 * @uid: effective user, or UINT64_MAX if unknown
 * @gid: effective group, or UINT64_MAX
 * @pid: process, or 0 if unknown
 * @groups: supplementary groups, or NULL if unknown
 * @n_groups: entries at @groups
 * @seclabel: label of the security module, or NULL
 * @description: what it says of itself, or NULL
 *
 * Valid until kbus_info_release().
 */
struct kbus_info {
	const struct kdbus_info *info;
	uint64_t offset;
	uint64_t id;
	uint64_t flags;
	uint64_t uid;
	uint64_t gid;
	uint64_t pid;
	const uint64_t *groups;
	size_t n_groups;
	const char *seclabel;
	const char *description;
};

/* One record of a list: a connection (@name is NULL) or a name of it. */
typedef int (*kbus_list_fn)(void *context, uint64_t id, uint64_t hello_flags, const char *name,
			    uint64_t name_flags);

int kbus_ioctl(int fd, unsigned long command, void *argument);
int kbus_free_slice(struct kbus_conn *conn, uint64_t offset);

int kbus_name_acquire(struct kbus_conn *conn, const char *name, uint64_t flags,
		      uint64_t *ret_flags);
int kbus_name_release(struct kbus_conn *conn, const char *name);
int kbus_name_owner(struct kbus_conn *conn, const char *name, uint64_t *ret_id,
		    uint64_t *ret_hello_flags);
int kbus_list(struct kbus_conn *conn, uint64_t flags, kbus_list_fn each, void *context);
int kbus_info_of_name(struct kbus_conn *conn, const char *name, uint64_t attach,
		      struct kbus_info *ret);
int kbus_info_of_id(struct kbus_conn *conn, uint64_t id, uint64_t attach, struct kbus_info *ret);
int kbus_info_of_bus(struct kbus_conn *conn, uint64_t attach, struct kbus_info *ret);
void kbus_info_release(struct kbus_conn *conn, struct kbus_info *info);

int kbus_match_install(struct kbus_conn *conn, const struct kbus_match *match, uint64_t cookie);
int kbus_match_uninstall(struct kbus_conn *conn, uint64_t cookie);
int kbus_conn_set_attach(struct kbus_conn *conn, uint64_t attach_recv);

int kbus_bus_make(const char *control, const char *name, uint64_t make_flags);

#endif /* KBUS_QUERY_H */
