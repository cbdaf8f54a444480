// SPDX-License-Identifier: GPL-2.0
/* What a name in the mounted tree stands for. */

#include <linux/cred.h>
#include <linux/idr.h>
#include <linux/stat.h>
#include <uapi/linux/kdbus.h>

#include "node.h"

/*
 * Small numbers, unique over all mounts: inode numbers.  What bounds them is the memory
 * of the nodes, which their makers pay for; nobody can use up those of others.
 */
static DEFINE_IDA(node_numbers);

/**
 * kdbus_node_init() - a node that is not in the tree yet
 * @node: zeroed memory inside of the object
 * @type: which object
 * @domain: where it lives; @release puts it
 * @release: called when the last reference is gone
 *
 * The first reference belongs to the creator of the object.
 */
void kdbus_node_init(struct kdbus_node *node, enum kdbus_node_type type,
		     struct kdbus_domain *domain, void (*release)(struct kdbus_node *node))
{
	kref_init(&node->ref);
	node->type = type;
	node->domain = domain;
	node->release = release;
	node->uid = GLOBAL_ROOT_UID;
	node->gid = GLOBAL_ROOT_GID;
}

/**
 * kdbus_node_number() - give the node its inode number
 * @node: the node
 *
 * Return: 0, -ENOMEM or -ENOSPC.
 */
int kdbus_node_number(struct kdbus_node *node)
{
	int number;

	if (node->ino)
		return 0;
	number = ida_alloc_min(&node_numbers, 1, GFP_KERNEL_ACCOUNT);
	if (number < 0)
		return number;
	node->ino = number;
	return 0;
}

/**
 * kdbus_node_set_access() - owner and mode of what the caller makes
 * @node: a bus or an endpoint, not published yet
 * @make_flags: KDBUS_MAKE_ACCESS_*; world includes group
 */
void kdbus_node_set_access(struct kdbus_node *node, u64 make_flags)
{
	umode_t bits = node->type == KDBUS_NODE_BUS ? 05 : 06;

	node->uid = current_euid();
	node->gid = current_egid();
	node->mode = bits << 6;
	if (make_flags & (KDBUS_MAKE_ACCESS_GROUP | KDBUS_MAKE_ACCESS_WORLD))
		node->mode |= bits << 3;
	if (make_flags & KDBUS_MAKE_ACCESS_WORLD)
		node->mode |= bits;
}

/**
 * kdbus_node_get() - take a reference
 * @node: the node
 *
 * Return: @node.
 */
struct kdbus_node *kdbus_node_get(struct kdbus_node *node)
{
	kref_get(&node->ref);
	return node;
}

static void node_release(struct kref *ref)
{
	struct kdbus_node *node = container_of(ref, struct kdbus_node, ref);

	if (node->ino)
		ida_free(&node_numbers, node->ino);
	node->release(node);
}

/**
 * kdbus_node_put() - drop a reference
 * @node: the node
 *
 * Context: May sleep.
 */
void kdbus_node_put(struct kdbus_node *node)
{
	kref_put(&node->ref, node_release);
}
