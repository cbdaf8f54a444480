/* SPDX-License-Identifier: GPL-2.0 */
/* One mount: its limits, its ids, its accounting users. */
#ifndef KDBUS_DOMAIN_H
#define KDBUS_DOMAIN_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/uidgid.h>
#include <linux/xarray.h>

#include "node.h"

struct user_namespace;

/* Size of the items and structures of one command, or of one message; bytes. */
#define KDBUS_CMD_SIZE_MAX	32768
/* Length of the name of a bus, an endpoint, and of a description. */
#define KDBUS_SYSNAME_MAX	63
/* Address space of one pool, in bytes: what a mapping can cover. */
#define KDBUS_POOL_SIZE_MAX	BIT_ULL(40)
/* Bloom fields, in bytes. */
#define KDBUS_BLOOM_SIZE_MIN	8
#define KDBUS_BLOOM_SIZE_MAX	4096

/**
 * struct kdbus_limits - what the administrator allows; mount options
 * @payload: sum of the vec sizes of one message, in bytes
 * @memfds: memfd items of one message
 * @fds: descriptors of one message
 * @queued_fds: descriptors that one user may have queued at one receiver
 * @queued_messages: messages that one user may have queued at one receiver
 * @calls: calls of one connection that wait for their reply
 * @names: names that one connection owns or waits for
 * @matches: match entries of one connection
 * @match_bytes: size of the match entries of one user
 * @shared_bytes: pages of payloads of one user that several pools share, in bytes
 * @connections: connections of one user
 * @buses: buses of one user
 */
struct kdbus_limits {
	unsigned int payload;
	unsigned int memfds;
	unsigned int fds;
	unsigned int queued_fds;
	unsigned int queued_messages;
	unsigned int calls;
	unsigned int names;
	unsigned int matches;
	unsigned int match_bytes;
	unsigned int shared_bytes;
	unsigned int connections;
	unsigned int buses;
};

extern const struct kdbus_limits kdbus_default_limits;

/**
 * struct kdbus_user - whom connections, buses and queued messages are charged to
 * @ref: who uses it
 * @domain: where it belongs; pinned
 * @uid: whom it stands for; INVALID_UID for the anonymous users of custom
 *       endpoints and for the kernel
 * @connections: how many there are
 * @buses: how many there are
 * @match_bytes: size of the match entries of all @connections
 * @shared_pages: pages of the payloads that they have sent and that pools share
 */
struct kdbus_user {
	struct kref ref;
	struct kdbus_domain *domain;
	kuid_t uid;
	atomic_t connections;
	atomic_t buses;
	atomic_t match_bytes;
	atomic_t shared_pages;
};

/**
 * struct kdbus_domain - everything that one mount holds
 * @ref: the super block, buses, users
 * @user_ns: user namespace that it was mounted in; pinned, set once
 * @limits: set once
 * @attach_mask: metadata that may travel; set once
 * @device_nodes: nodes are character devices, not regular files; set once
 * @last_id: counter of bus and connection ids
 * @tree_lock: guards creation and removal of nodes; outside inode locks
 * @root: directory node of the mount
 * @control: its control node
 * @users_lock: guards @users and the last reference of a user; leaf
 * @users: by uid; weak
 * @kernel_user: charged for notifications; owned
 */
struct kdbus_domain {
	struct kref ref;
	struct user_namespace *user_ns;
	struct kdbus_limits limits;
	u64 attach_mask;
	bool device_nodes;
	atomic64_t last_id;
	struct mutex tree_lock;	/* nodes in the tree */
	struct kdbus_node root;
	struct kdbus_node control;
	spinlock_t users_lock;	/* accounting users */
	struct xarray users;
	struct kdbus_user *kernel_user;
};

struct kdbus_domain *kdbus_domain_new(struct user_namespace *user_ns,
				      const struct kdbus_limits *limits,
				      u64 attach_mask, bool device_nodes);
void kdbus_domain_shutdown(struct kdbus_domain *domain);
struct kdbus_domain *kdbus_domain_get(struct kdbus_domain *domain);
void kdbus_domain_put(struct kdbus_domain *domain);
u64 kdbus_domain_new_id(struct kdbus_domain *domain);

struct kdbus_user *kdbus_user_find(struct kdbus_domain *domain, kuid_t uid);
struct kdbus_user *kdbus_user_new_anonymous(struct kdbus_domain *domain);
struct kdbus_user *kdbus_user_get(struct kdbus_user *user);
void kdbus_user_put(struct kdbus_user *user);
bool kdbus_user_charge(atomic_t *count, unsigned int limit);

#endif
