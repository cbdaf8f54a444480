// SPDX-License-Identifier: GPL-2.0
/* A snapshot as items, translated for one receiver */

#include <linux/build_bug.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/kernel.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/user_namespace.h>

#include "compat-meta.h"
#include "item.h"
#include "meta.h"
#include "meta-fake.h"
#include "meta-task.h"

/*
 * CAPS: the highest capability, then four sets, each of as many 32-bit words as
 * that number needs.
 */
#define CAPS_WORDS	(CAP_LAST_CAP / 32 + 1)
#define CAPS_SETS	4
#define CAPS_SIZE	((1 + CAPS_SETS * CAPS_WORDS) * sizeof(u32))
#define CAPS_ALL	GENMASK_ULL(CAP_LAST_CAP, 0)

/* Kinds that most receivers ask for; sized and written without a detour. */
#define META_COMMON							\
	(KDBUS_ATTACH_CREDS | KDBUS_ATTACH_PIDS | KDBUS_ATTACH_AUXGROUPS)

/* What of @kinds there is to show to @view. */
static u64 meta_shown(const struct kdbus_meta *meta,
		      const struct kdbus_view *view, u64 kinds)
{
	kinds &= meta->valid;
	if ((kinds & KDBUS_ATTACH_EXE) &&
	    !kdbus_root_equal(&meta->exe_root, &view->root))
		kinds &= ~KDBUS_ATTACH_EXE;
	return kinds;
}

/* Bytes in a pool of an item with so much payload. */
static size_t item_room(size_t payload)
{
	return KDBUS_ALIGN8(KDBUS_ITEM_HEADER_SIZE + payload);
}

static size_t groups_size(const struct cred *cred)
{
	return cred->group_info->ngroups * sizeof(u64);
}

static size_t meta_size_rest(const struct kdbus_meta *meta, u64 kinds)
{
	size_t size = 0;

	if (kinds & KDBUS_ATTACH_TID_COMM)
		size += item_room(strlen(meta->tid_comm) + 1);
	if (kinds & KDBUS_ATTACH_PID_COMM)
		size += item_room(strlen(meta->pid_comm) + 1);
	if (kinds & KDBUS_ATTACH_EXE)
		size += item_room(meta->exe->size);
	if (kinds & KDBUS_ATTACH_CMDLINE)
		size += item_room(meta->cmdline->size);
	if (kinds & KDBUS_ATTACH_CGROUP)
		size += item_room(meta->cgroup->size);
	if (kinds & KDBUS_ATTACH_CAPS)
		size += item_room(CAPS_SIZE);
	if (kinds & KDBUS_ATTACH_SECLABEL)
		size += item_room(meta->seclabel->size);
	if (kinds & KDBUS_ATTACH_AUDIT)
		size += item_room(sizeof(struct kdbus_audit));
	return size;
}

/**
 * kdbus_meta_size() - how much room the items of a snapshot need
 * @meta: a snapshot; a pinned one shows no EXE, see kdbus_meta_borrow()
 * @view: through whose eyes
 * @kinds: KDBUS_ATTACH_* kinds wanted; what @meta does not have is ignored
 *
 * Context: As @meta allows.  Does not sleep.
 * Return: bytes that kdbus_meta_write() will write for the same arguments, a
 *	multiple of 8.
 */
size_t kdbus_meta_size(const struct kdbus_meta *meta,
		       const struct kdbus_view *view, u64 kinds)
{
	size_t size = 0;

	kinds = meta_shown(meta, view, kinds);
	if (kinds & KDBUS_ATTACH_CREDS)
		size += item_room(sizeof(struct kdbus_creds));
	if (kinds & KDBUS_ATTACH_PIDS)
		size += item_room(sizeof(struct kdbus_pids));
	if (kinds & KDBUS_ATTACH_AUXGROUPS)
		size += item_room(groups_size(meta->cred));
	if (kinds & ~META_COMMON)
		size += meta_size_rest(meta, kinds);
	return size;
}

/**
 * item_open() - begin the next item
 * @pos: where; moved behind the item and its padding
 * @type: KDBUS_ITEM_*
 * @payload: bytes that the caller is about to fill
 *
 * The last 8 bytes are cleared, which covers the padding.
 *
 * Return: the item.
 */
static struct kdbus_item *item_open(void **pos, u64 type, size_t payload)
{
	struct kdbus_item *item = *pos;

	*pos += item_room(payload);
	*(u64 *)(*pos - sizeof(u64)) = 0;
	item->size = KDBUS_ITEM_HEADER_SIZE + payload;
	item->type = type;
	return item;
}

static void write_bytes(void **pos, u64 type, const char *data, size_t size)
{
	struct kdbus_item *item = item_open(pos, type, size);

	memcpy(item->data, data, size);
}

static void write_text(void **pos, u64 type, const struct kdbus_text *text)
{
	write_bytes(pos, type, text->data, text->size);
}

/* INVALID_UID is a fake's way to say unknown; a task has valid ids only. */
static u64 show_uid(struct user_namespace *ns, kuid_t uid)
{
	if (ns == &init_user_ns || !uid_valid(uid))
		return __kuid_val(uid);
	return from_kuid_munged(ns, uid);
}

static u64 show_gid(struct user_namespace *ns, kgid_t gid)
{
	if (ns == &init_user_ns || !gid_valid(gid))
		return __kgid_val(gid);
	return from_kgid_munged(ns, gid);
}

static void write_creds(void **pos, const struct cred *cred,
			struct user_namespace *ns)
{
	struct kdbus_item *item = item_open(pos, KDBUS_ITEM_CREDS,
					    sizeof(struct kdbus_creds));
	struct kdbus_creds *creds = &item->creds;

	creds->uid = show_uid(ns, cred->uid);
	creds->euid = show_uid(ns, cred->euid);
	creds->suid = show_uid(ns, cred->suid);
	creds->fsuid = show_uid(ns, cred->fsuid);
	creds->gid = show_gid(ns, cred->gid);
	creds->egid = show_gid(ns, cred->egid);
	creds->sgid = show_gid(ns, cred->sgid);
	creds->fsgid = show_gid(ns, cred->fsgid);
}

static void write_faked_creds(void **pos, const struct kdbus_meta_fake *fake,
			      struct user_namespace *ns)
{
	struct kdbus_item *item = item_open(pos, KDBUS_ITEM_CREDS,
					    sizeof(struct kdbus_creds));
	struct kdbus_creds *creds = &item->creds;

	creds->uid = show_uid(ns, fake->uid[0]);
	creds->euid = show_uid(ns, fake->uid[1]);
	creds->suid = show_uid(ns, fake->uid[2]);
	creds->fsuid = show_uid(ns, fake->uid[3]);
	creds->gid = show_gid(ns, fake->gid[0]);
	creds->egid = show_gid(ns, fake->gid[1]);
	creds->sgid = show_gid(ns, fake->gid[2]);
	creds->fsgid = show_gid(ns, fake->gid[3]);
}

/* Ids that @ns does not see become 0. */
static void write_pids(void **pos, const struct kdbus_meta *meta,
		       struct pid_namespace *ns)
{
	struct kdbus_item *item = item_open(pos, KDBUS_ITEM_PIDS,
					    sizeof(struct kdbus_pids));
	struct kdbus_pids *pids = &item->pids;

	if (meta->life != KDBUS_META_CURRENT) {
		pids->pid = pid_nr_ns(meta->tgid, ns);
		pids->tid = pid_nr_ns(meta->tid, ns);
		pids->ppid = pid_nr_ns(meta->ppid, ns);
		return;
	}

	/*
	 * Current cannot lose its own ids.  Its parent may exit between two
	 * receivers of a broadcast, who then see one parent after the other: a
	 * reference to prevent that would be one more cache line to fight for,
	 * as most of a system has the same parent.
	 */
	if (ns == &init_pid_ns) {
		pids->pid = current->tgid;
		pids->tid = current->pid;
		rcu_read_lock();
		pids->ppid = rcu_dereference(current->real_parent)->tgid;
		rcu_read_unlock();
		return;
	}
	pids->pid = task_tgid_nr_ns(current, ns);
	pids->tid = task_pid_nr_ns(current, ns);
	pids->ppid = task_ppid_nr_ns(current, ns);
}

static void write_auxgroups(void **pos, const struct cred *cred,
			    struct user_namespace *ns)
{
	const struct group_info *groups = cred->group_info;
	struct kdbus_item *item = item_open(pos, KDBUS_ITEM_AUXGROUPS,
					    groups_size(cred));
	int i;

	for (i = 0; i < groups->ngroups; i++)
		item->data64[i] = show_gid(ns, groups->gid[i]);
}

/* The four sets in the order of the item. */
enum caps_set {
	CAPS_INHERITABLE,
	CAPS_PERMITTED,
	CAPS_EFFECTIVE,
	CAPS_BOUNDING,
};

/*
 * What the capabilities of @cred are worth in @ns: verbatim in its own user
 * namespace and those below it; all that count for the owner of a namespace
 * below; nothing elsewhere.
 */
static void caps_in_ns(u64 sets[CAPS_SETS], const struct cred *cred,
		       const struct user_namespace *ns)
{
	memset(sets, 0, CAPS_SETS * sizeof(*sets));
	for (;; ns = ns->parent) {
		if (ns == cred->user_ns) {
			sets[CAPS_INHERITABLE] =
				kdbus_cap_value(cred->cap_inheritable);
			sets[CAPS_PERMITTED] =
				kdbus_cap_value(cred->cap_permitted);
			sets[CAPS_EFFECTIVE] =
				kdbus_cap_value(cred->cap_effective);
			sets[CAPS_BOUNDING] = kdbus_cap_value(cred->cap_bset);
			return;
		}
		if (ns == &init_user_ns)
			return;
		if (ns->parent == cred->user_ns &&
		    uid_eq(ns->owner, cred->euid)) {
			sets[CAPS_PERMITTED] = CAPS_ALL;
			sets[CAPS_EFFECTIVE] = CAPS_ALL;
			sets[CAPS_BOUNDING] = CAPS_ALL;
			return;
		}
	}
}

static void write_caps(void **pos, const struct cred *cred,
		       const struct user_namespace *ns)
{
	struct kdbus_item *item = item_open(pos, KDBUS_ITEM_CAPS, CAPS_SIZE);
	u64 sets[CAPS_SETS];
	u32 *word = item->data32;
	int i;

	BUILD_BUG_ON(CAPS_WORDS != 2);

	caps_in_ns(sets, cred, ns);
	*word++ = CAP_LAST_CAP;
	for (i = 0; i < CAPS_SETS; i++) {
		*word++ = lower_32_bits(sets[i] & CAPS_ALL);
		*word++ = upper_32_bits(sets[i] & CAPS_ALL);
	}
}

static void write_audit(void **pos, const struct kdbus_meta *meta,
			struct user_namespace *ns)
{
	struct kdbus_item *item = item_open(pos, KDBUS_ITEM_AUDIT,
					    sizeof(struct kdbus_audit));

	item->audit.sessionid = meta->sessionid;
	item->audit.loginuid = from_kuid(ns, meta->loginuid);
}

static void write_rest(void **pos, const struct kdbus_meta *meta,
		       const struct kdbus_view *view, u64 kinds)
{
	if (kinds & KDBUS_ATTACH_TID_COMM)
		write_bytes(pos, KDBUS_ITEM_TID_COMM, meta->tid_comm,
			    strlen(meta->tid_comm) + 1);
	if (kinds & KDBUS_ATTACH_PID_COMM)
		write_bytes(pos, KDBUS_ITEM_PID_COMM, meta->pid_comm,
			    strlen(meta->pid_comm) + 1);
	if (kinds & KDBUS_ATTACH_EXE)
		write_text(pos, KDBUS_ITEM_EXE, meta->exe);
	if (kinds & KDBUS_ATTACH_CMDLINE)
		write_text(pos, KDBUS_ITEM_CMDLINE, meta->cmdline);
	if (kinds & KDBUS_ATTACH_CGROUP)
		write_text(pos, KDBUS_ITEM_CGROUP, meta->cgroup);
	if (kinds & KDBUS_ATTACH_CAPS)
		write_caps(pos, meta->cred, view->user_ns);
	if (kinds & KDBUS_ATTACH_SECLABEL)
		write_text(pos, KDBUS_ITEM_SECLABEL, meta->seclabel);
	if (kinds & KDBUS_ATTACH_AUDIT)
		write_audit(pos, meta, view->user_ns);
}

/**
 * kdbus_meta_write() - write the items of a snapshot
 * @meta: as for kdbus_meta_size()
 * @view: as for kdbus_meta_size()
 * @kinds: as for kdbus_meta_size()
 * @buf: room for as many bytes as kdbus_meta_size() returned, 8-byte aligned
 *
 * Every byte is written, padding as zero.
 *
 * Context: As @meta allows.  Does not sleep.
 * Return: bytes written.
 */
size_t kdbus_meta_write(const struct kdbus_meta *meta,
			const struct kdbus_view *view, u64 kinds, void *buf)
{
	void *pos = buf;

	kinds = meta_shown(meta, view, kinds);
	if (kinds & KDBUS_ATTACH_CREDS) {
		if (meta->fake)
			write_faked_creds(&pos, meta->fake, view->user_ns);
		else
			write_creds(&pos, meta->cred, view->user_ns);
	}
	if (kinds & KDBUS_ATTACH_PIDS)
		write_pids(&pos, meta, view->pid_ns);
	if (kinds & KDBUS_ATTACH_AUXGROUPS)
		write_auxgroups(&pos, meta->cred, view->user_ns);
	if (kinds & ~META_COMMON)
		write_rest(&pos, meta, view, kinds);
	return pos - buf;
}

/**
 * kdbus_meta_visible() - kinds that a viewer could have read in /proc
 * @view: whose eyes
 *
 * A receiver that asks gets these of current and those of KDBUS_META_IMPLICIT,
 * whatever current is willing to send.
 *
 * Context: Any.
 * Return: KDBUS_ATTACH_* kinds, possibly none.
 */
u64 kdbus_meta_visible(const struct kdbus_view *view)
{
	if (!kdbus_view_may_read_current(view))
		return 0;
	return KDBUS_META_PROCESS & ~KDBUS_META_IMPLICIT;
}
