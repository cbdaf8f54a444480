/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Gives older kernels the newest shape of what metadata is asked from
 *
 * Covers Linux 6.1 to 7.x.  Where they can tell, the kernel's headers are asked
 * and not its version.  In a new tree only the last alternatives are left.
 */
#ifndef KDBUS_COMPAT_META_H
#define KDBUS_COMPAT_META_H

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/rcupdate.h>
#include <linux/security.h>
#include <linux/version.h>

/*
 * A capability set as one number.  Until 6.2 it was an array of words, which
 * announced itself by this macro.
 */
#ifdef _KERNEL_CAPABILITY_U32S
static inline u64 kdbus_cap_value(kernel_cap_t cap)
{
	return (u64)cap.cap[1] << 32 | cap.cap[0];
}
#else
static inline u64 kdbus_cap_value(kernel_cap_t cap)
{
	return cap.val;
}
#endif

/*
 * Reference to the file behind an RCU pointer; within rcu_read_lock().  Since
 * 6.7 get_file_rcu() does that, before it was a macro on the loaded pointer.
 */
#ifdef get_file_rcu
static inline struct file *kdbus_get_file_rcu(struct file __rcu **pointer)
{
	struct file *file = rcu_dereference(*pointer);

	return file && get_file_rcu(file) ? file : NULL;
}
#else
static inline struct file *kdbus_get_file_rcu(struct file __rcu **pointer)
{
	return get_file_rcu(pointer);
}
#endif

/*
 * Labels were one number until 6.12, for one security module at a time.  Stable
 * branches do not follow such changes, and no macro tells the difference.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)

struct lsm_prop {
	u32 secid;
};

struct lsm_context {
	char *context;
	u32 len;
};

static inline void security_current_getlsmprop_subj(struct lsm_prop *prop)
{
	security_current_getsecid_subj(&prop->secid);
}

static inline int kdbus_lsmprop_to_secctx(struct lsm_prop *prop,
					  struct lsm_context *context)
{
	return security_secid_to_secctx(prop->secid, &context->context,
					&context->len);
}

static inline void kdbus_release_secctx(struct lsm_context *context)
{
	security_release_secctx(context->context, context->len);
}

#else

static inline int kdbus_lsmprop_to_secctx(struct lsm_prop *prop,
					  struct lsm_context *context)
{
	return security_lsmprop_to_secctx(prop, context, LSM_ID_UNDEF);
}

static inline void kdbus_release_secctx(struct lsm_context *context)
{
	security_release_secctx(context);
}

#endif

#endif
