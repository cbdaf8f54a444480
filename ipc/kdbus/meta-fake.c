// SPDX-License-Identifier: GPL-2.0
/* A snapshot of somebody else, given by a trusted connection */

#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/user_namespace.h>

#include "meta.h"
#include "meta-fake.h"
#include "meta-task.h"

/* How a faked CREDS item says that an id is not known. */
#define FAKE_ID_UNKNOWN		((u64)(uid_t)-1)

static int fake_uid(kuid_t *kuid, u64 uid)
{
	*kuid = INVALID_UID;
	if (uid == FAKE_ID_UNKNOWN)
		return 0;
	if (uid < FAKE_ID_UNKNOWN)
		*kuid = make_kuid(current_user_ns(), uid);
	return uid_valid(*kuid) ? 0 : -EINVAL;
}

static int fake_gid(kgid_t *kgid, u64 gid)
{
	*kgid = INVALID_GID;
	if (gid == FAKE_ID_UNKNOWN)
		return 0;
	if (gid < FAKE_ID_UNKNOWN)
		*kgid = make_kgid(current_user_ns(), gid);
	return gid_valid(*kgid) ? 0 : -EINVAL;
}

static int fake_creds(struct kdbus_meta *meta, const struct kdbus_creds *creds)
{
	struct kdbus_meta_fake *fake;

	fake = kzalloc(sizeof(*fake), GFP_KERNEL_ACCOUNT);
	if (!fake)
		return -ENOMEM;
	meta->fake = fake;
	meta->valid |= KDBUS_ATTACH_CREDS;
	return fake_uid(&fake->uid[0], creds->uid) ?:
	       fake_uid(&fake->uid[1], creds->euid) ?:
	       fake_uid(&fake->uid[2], creds->suid) ?:
	       fake_uid(&fake->uid[3], creds->fsuid) ?:
	       fake_gid(&fake->gid[0], creds->gid) ?:
	       fake_gid(&fake->gid[1], creds->egid) ?:
	       fake_gid(&fake->gid[2], creds->sgid) ?:
	       fake_gid(&fake->gid[3], creds->fsgid);
}

static int fake_pid(struct pid **pid, u64 nr)
{
	if (!nr)
		return 0;
	*pid = nr <= INT_MAX ? find_get_pid(nr) : NULL;
	return *pid ? 0 : -EINVAL;
}

static int fake_pids(struct kdbus_meta *meta, const struct kdbus_pids *pids)
{
	meta->valid |= KDBUS_ATTACH_PIDS;
	return fake_pid(&meta->tgid, pids->pid) ?:
	       fake_pid(&meta->tid, pids->tid) ?:
	       fake_pid(&meta->ppid, pids->ppid);
}

static int fake_seclabel(struct kdbus_meta *meta, const char *seclabel)
{
	meta->seclabel = kdbus_text_new(seclabel, strlen(seclabel));
	if (!meta->seclabel)
		return -ENOMEM;
	meta->valid |= KDBUS_ATTACH_SECLABEL;
	return 0;
}

/**
 * kdbus_meta_fake() - make a snapshot of what is claimed
 * @meta: snapshot after kdbus_meta_init(), nothing collected yet
 * @creds: ids in the user namespace of current, 0xffffffff if unknown; or NULL
 * @pids: ids in the pid namespace of current, 0 if unknown; or NULL
 * @seclabel: label; or NULL
 *
 * The snapshot knows what is given and nothing else, now and later.  It is a
 * lasting one, like that of kdbus_meta_pin().
 *
 * Context: Process context.  May sleep.
 * Return: 0; -EINVAL for a user or group id that has no mapping and for a
 *	process that does not exist; -ENOMEM.  On error too @meta has to be
 *	ended with kdbus_meta_deinit().
 */
int kdbus_meta_fake(struct kdbus_meta *meta, const struct kdbus_creds *creds,
		    const struct kdbus_pids *pids, const char *seclabel)
{
	int ret = 0;

	meta->life = KDBUS_META_PINNED;
	meta->asked = KDBUS_META_PROCESS;
	meta->cred = NULL;
	meta->tgid = NULL;
	meta->tid = NULL;
	meta->ppid = NULL;
	meta->exe_path = (struct path){};

	if (creds)
		ret = fake_creds(meta, creds);
	if (!ret && pids)
		ret = fake_pids(meta, pids);
	if (!ret && seclabel)
		ret = fake_seclabel(meta, seclabel);
	return ret;
}

/**
 * kdbus_meta_faked_uid() - the user that a snapshot claims to be
 * @meta: any snapshot
 *
 * Context: Any.
 * Return: the real uid given to kdbus_meta_fake(); INVALID_UID if none was.
 */
kuid_t kdbus_meta_faked_uid(const struct kdbus_meta *meta)
{
	return meta->fake ? meta->fake->uid[0] : INVALID_UID;
}
