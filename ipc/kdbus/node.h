/* SPDX-License-Identifier: GPL-2.0 */
/* What a name in the mounted tree stands for. */
#ifndef KDBUS_NODE_H
#define KDBUS_NODE_H

#include <linux/kref.h>
#include <linux/types.h>
#include <linux/uidgid.h>

struct dentry;
struct kdbus_domain;

enum kdbus_node_type {
	KDBUS_NODE_ROOT,
	KDBUS_NODE_CONTROL,
	KDBUS_NODE_BUS,
	KDBUS_NODE_ENDPOINT,
};

/**
 * struct kdbus_node - the part of an object that the file system shows
 * @ref: references on the object that embeds it
 * @type: which object that is; set once
 * @domain: where it lives; pinned until @release; set once
 * @release: frees the object when the last reference is gone; set once
 * @uid: owner; set before it is published
 * @gid: group; likewise
 * @mode: permission bits; likewise
 * @ino: inode number, which a device shows in its minor number; 0 before publication
 * @dentry: its name in the tree, pinned; NULL before it was published and after
 *          it was removed; under kdbus_domain.tree_lock
 * @removed: it was taken out of the tree, published or not, and does not come back;
 *           likewise
 */
struct kdbus_node {
	struct kref ref;
	enum kdbus_node_type type;
	struct kdbus_domain *domain;
	void (*release)(struct kdbus_node *node);
	kuid_t uid;
	kgid_t gid;
	umode_t mode;
	unsigned int ino;
	struct dentry *dentry;
	bool removed;
};

void kdbus_node_init(struct kdbus_node *node, enum kdbus_node_type type,
		     struct kdbus_domain *domain, void (*release)(struct kdbus_node *node));
int kdbus_node_number(struct kdbus_node *node);
void kdbus_node_set_access(struct kdbus_node *node, u64 make_flags);
struct kdbus_node *kdbus_node_get(struct kdbus_node *node);
void kdbus_node_put(struct kdbus_node *node);

#endif
