/* SPDX-License-Identifier: GPL-2.0 */
/* Ids of somebody else, given by a trusted connection */
#ifndef KDBUS_META_FAKE_H
#define KDBUS_META_FAKE_H

#include <linux/uidgid.h>

/**
 * struct kdbus_meta_fake - user and group ids that were given at HELLO
 * @uid: real, effective, saved, file system; INVALID_UID if unknown
 * @gid: likewise; INVALID_GID if unknown
 */
struct kdbus_meta_fake {
	kuid_t uid[4];
	kgid_t gid[4];
};

#endif
