/* SPDX-License-Identifier: GPL-2.0 */
/* What is known about a task: collect once, translate per receiver */
#ifndef KDBUS_META_H
#define KDBUS_META_H

#include <linux/path.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <uapi/linux/kdbus.h>

#include "view.h"

struct cred;
struct kdbus_meta_fake;
struct kdbus_text;
struct pid;

/**
 * DOC: metadata
 *
 * A snapshot is taken in global terms and becomes items once per receiver, who
 * may live in other namespaces.  There are four ways to make one:
 *
 * - kdbus_meta_collect() for one message.  The snapshot lives on the stack of
 *   the sender and borrows from current what current keeps alive during the
 *   system call: no reference is counted, and memory is allocated only for
 *   text (EXE, CMDLINE, CGROUP, SECLABEL).  Only the collecting thread may use
 *   it, and only within the same system call.
 * - kdbus_meta_pin() for a connection or a bus.  It holds references and may be
 *   read by any task, without a lock, until kdbus_meta_deinit().
 * - kdbus_meta_fake() for a connection that speaks for somebody else.
 * - kdbus_meta_borrow() to show a pinned or faked snapshot to a task: a copy on
 *   the stack with no references of its own.  It exists for EXE: the path
 *   depends on the root directory of whoever asks, and has to stay the same
 *   between size and write.
 *
 * Never does collecting fail: what is not to be had is absent.
 *
 * kdbus_meta_size() and kdbus_meta_write() see immutable data only, so they
 * agree for the same arguments, whatever other threads do.
 */

/* The kinds that are collected here; the others belong to a connection. */
#define KDBUS_META_PROCESS						\
	(KDBUS_ATTACH_CREDS | KDBUS_ATTACH_PIDS |			\
	 KDBUS_ATTACH_AUXGROUPS | KDBUS_ATTACH_TID_COMM |		\
	 KDBUS_ATTACH_PID_COMM | KDBUS_ATTACH_EXE |			\
	 KDBUS_ATTACH_CMDLINE | KDBUS_ATTACH_CGROUP |			\
	 KDBUS_ATTACH_CAPS | KDBUS_ATTACH_SECLABEL | KDBUS_ATTACH_AUDIT)

/* A receiver that asks always gets these; kdbus_meta_visible() has the rest. */
#define KDBUS_META_IMPLICIT						\
	(KDBUS_ATTACH_TIMESTAMP | KDBUS_ATTACH_CREDS |			\
	 KDBUS_ATTACH_PIDS | KDBUS_ATTACH_AUXGROUPS |			\
	 KDBUS_ATTACH_NAMES | KDBUS_ATTACH_CONN_DESCRIPTION)

/**
 * enum kdbus_meta_life - where the contents of a snapshot come from
 * @KDBUS_META_CURRENT: borrowed from current for the rest of the system call
 * @KDBUS_META_PINNED: references of its own
 * @KDBUS_META_BORROWED: borrowed from a pinned or faked snapshot
 */
enum kdbus_meta_life {
	KDBUS_META_CURRENT,
	KDBUS_META_PINNED,
	KDBUS_META_BORROWED,
};

/**
 * struct kdbus_meta - snapshot of what is known about a task
 * @asked: KDBUS_ATTACH_* kinds that were looked for
 * @valid: kinds that were found
 * @life: who keeps the rest alive
 * @cred: identity and capabilities; pinned iff @life is PINNED
 * @tgid: process; pinned, NULL in a snapshot of CURRENT (then: current)
 * @tid: thread; as @tgid
 * @ppid: process of the parent; as @tgid
 * @fake: ids given at HELLO, or NULL; owned iff @life is PINNED
 * @exe_path: executable; pinned, only if @life is PINNED
 * @exe_root: root directory that @exe is seen from
 * @exe: path of the executable as seen from @exe_root; owned
 * @cmdline: arguments, each with its NUL; owned, unless BORROWED
 * @cgroup: path in the cgroup hierarchy; owned, unless BORROWED
 * @seclabel: label of the security module; owned, unless BORROWED
 * @loginuid: audit login uid
 * @sessionid: audit session
 * @tid_comm: name of the thread
 * @pid_comm: name of the thread group leader
 *
 * A member means something only if its kind is in @valid.
 */
struct kdbus_meta {
	u64 asked;
	u64 valid;
	enum kdbus_meta_life life;
	const struct cred *cred;
	struct pid *tgid;
	struct pid *tid;
	struct pid *ppid;
	struct kdbus_meta_fake *fake;
	struct path exe_path;
	struct kdbus_root exe_root;
	struct kdbus_text *exe;
	struct kdbus_text *cmdline;
	struct kdbus_text *cgroup;
	struct kdbus_text *seclabel;
	kuid_t loginuid;
	u32 sessionid;
	char tid_comm[TASK_COMM_LEN];
	char pid_comm[TASK_COMM_LEN];
};

void kdbus_meta_init(struct kdbus_meta *meta);
void kdbus_meta_deinit(struct kdbus_meta *meta);

void kdbus_meta_collect(struct kdbus_meta *meta, u64 kinds);
void kdbus_meta_pin(struct kdbus_meta *meta);
int kdbus_meta_fake(struct kdbus_meta *meta, const struct kdbus_creds *creds,
		    const struct kdbus_pids *pids, const char *seclabel);
void kdbus_meta_borrow(struct kdbus_meta *meta, const struct kdbus_meta *from,
		       u64 kinds);

kuid_t kdbus_meta_faked_uid(const struct kdbus_meta *meta);

u64 kdbus_meta_visible(const struct kdbus_view *view);
size_t kdbus_meta_size(const struct kdbus_meta *meta,
		       const struct kdbus_view *view, u64 kinds);
size_t kdbus_meta_write(const struct kdbus_meta *meta,
			const struct kdbus_view *view, u64 kinds, void *buf);

#endif
