/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Metadata: asking for it, finding it, and being somebody else, somewhere else.
 *
 * As in common.h, int results are 0 or a negative errno unless said otherwise.
 */
#ifndef KDBUS_SELFTEST_METADATA_H
#define KDBUS_SELFTEST_METADATA_H

#include "common.h"

/* a receiver that asks gets these, whatever the sender's mask */
#define KINDS_IMPLICIT							\
	(KDBUS_ATTACH_TIMESTAMP | KDBUS_ATTACH_CREDS | KDBUS_ATTACH_PIDS |	\
	 KDBUS_ATTACH_AUXGROUPS | KDBUS_ATTACH_NAMES | KDBUS_ATTACH_CONN_DESCRIPTION)
/* ... and these too, if it could read them in /proc */
#define KINDS_PROC							\
	(KDBUS_ATTACH_TID_COMM | KDBUS_ATTACH_PID_COMM | KDBUS_ATTACH_EXE |	\
	 KDBUS_ATTACH_CMDLINE | KDBUS_ATTACH_CGROUP | KDBUS_ATTACH_CAPS |	\
	 KDBUS_ATTACH_SECLABEL | KDBUS_ATTACH_AUDIT)
/* what a snapshot of a process holds */
#define KINDS_PROCESS							\
	(KINDS_PROC | KDBUS_ATTACH_CREDS | KDBUS_ATTACH_PIDS | KDBUS_ATTACH_AUXGROUPS)

/* Kinds that this machine has: without a security module there are no labels. */
__u64 kinds_here(void);

/* ---- items ---- */

/* KDBUS_ATTACH_* of the metadata items in a message or info */
__u64 msg_kinds(const struct kdbus_msg *msg);
__u64 info_kinds(const struct kdbus_info *info);

/* Is the payload of @item exactly this? Says on stderr what it is if not. */
bool item_is(const struct kdbus_item *item, const void *payload, size_t size);
bool item_is_text(const struct kdbus_item *item, const char *text);

/* ---- asking ---- */

int conn_update_send(struct conn *conn, __u64 attach_flags_send);

/*
 * @to asks for these kinds, @from sends it a message, which is returned; NULL
 * and errno if that fails.
 */
const struct kdbus_msg *msg_with(struct conn *from, struct conn *to, __u64 kinds);

/* BUS_CREATOR_INFO; the record stays in the pool */
int bus_info(struct conn *conn, __u64 attach_flags, const struct kdbus_info **info);

/* ---- what /proc says about this process ---- */

/* Read a small file: its size or -errno; @buf is terminated. */
ssize_t file_read(const char *path, char *buf, size_t size);
int file_write_text(const char *path, const char *text);

enum { CAPS_INH, CAPS_PRM, CAPS_EFF, CAPS_BND, CAPS_SETS };

/* The sets of this process, in the order of the CAPS item. */
int caps_read(__u64 sets[CAPS_SETS]);
/* ... those in an item. False if it is not a CAPS item of this kernel. */
bool caps_of_item(const struct kdbus_item *item, __u64 sets[CAPS_SETS]);
/* All capabilities that this kernel knows. */
__u64 caps_all(void);

/* ---- elsewhere ---- */

/*
 * In a child call enter(arg), then in a child of that act(arg): so act() runs
 * in a pid namespace that enter() may have unshared.  Both are gone afterwards.
 * @pid (may be NULL) is the process of act() as seen from here.
 */
int run_elsewhere(int (*enter)(void *arg), int (*act)(void *arg), void *arg, pid_t *pid);

/*
 * A connection that asks for everything, made elsewhere (open and HELLO) and
 * then brought here.  Whoever made it is gone.
 */
int conn_new_elsewhere(struct conn *conn, const struct bus *bus, int (*enter)(void *arg),
		       void *arg);
/* One plain message, sent from elsewhere over a connection from here. */
int send_elsewhere(struct conn *conn, __u64 dst_id, __u64 cookie, int (*enter)(void *arg),
		   void *arg, pid_t *pid);

/* For @enter; no argument but for the last one. */
int enter_nothing(void *arg);
int enter_pid_namespace(void *arg);
/* ids 0 to 999 are ALICE to ALICE + 999 outside; root, who is here, has none */
int enter_user_namespace(void *arg);
/* chroot(2) to this path */
int enter_root(void *path);

#endif /* KDBUS_SELFTEST_METADATA_H */
