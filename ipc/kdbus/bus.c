// SPDX-License-Identifier: GPL-2.0
/* A bus: what its connections share. */

#include <linux/bits.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/idr.h>
#include <linux/slab.h>
#include <linux/uuid.h>

#include "arg.h"
#include "bus.h"
#include "domain.h"
#include "endpoint.h"
#include "fs.h"
#include "item.h"

enum {
	MAKE_NAME,
	MAKE_BLOOM,
	MAKE_ATTACH_FLAGS,
};

const struct kdbus_arg_rules kdbus_bus_make_rules = {
	.size = sizeof(struct kdbus_cmd),
	.flags = KDBUS_MAKE_ACCESS_GROUP | KDBUS_MAKE_ACCESS_WORLD,
	.mandatory = BIT(MAKE_NAME) | BIT(MAKE_BLOOM),
	.n_items = 3,
	.items = {
		[MAKE_NAME] = { .type = KDBUS_ITEM_MAKE_NAME },
		[MAKE_BLOOM] = { .type = KDBUS_ITEM_BLOOM_PARAMETER },
		[MAKE_ATTACH_FLAGS] = { .type = KDBUS_ITEM_ATTACH_FLAGS_SEND },
	},
};

static void bus_release(struct kdbus_node *node)
{
	struct kdbus_bus *bus = container_of(node, struct kdbus_bus, node);
	struct kdbus_domain *domain = node->domain;
	unsigned long id = 0;

	WARN_ON(!list_empty(&bus->endpoints) || xa_find(&bus->conns, &id, ULONG_MAX, XA_PRESENT) ||
		!list_empty(&bus->events) || !list_empty(&bus->monitors));
	/* A HELLO that lacked memory may have left nodes that have no entries. */
	xa_destroy(&bus->conns);
	kdbus_match_index_deinit(&bus->matches);
	kdbus_policy_deinit(&bus->policy);
	kdbus_hashtab_deinit(&bus->names.by_text);
	ida_destroy(&bus->conn_slots);
	kdbus_meta_deinit(&bus->creator);
	if (bus->user)
		kdbus_user_put(bus->user);
	kfree(bus->name);
	kfree(bus);
	kdbus_domain_put(domain);
}

static struct kdbus_bus *bus_new(struct kdbus_domain *domain, const char *name, u64 flags,
				 const struct kdbus_bloom_parameter *bloom, u64 creator_mask)
{
	struct kdbus_bus *bus;

	bus = kzalloc(sizeof(*bus), GFP_KERNEL_ACCOUNT);
	if (!bus)
		return ERR_PTR(-ENOMEM);
	kdbus_node_init(&bus->node, KDBUS_NODE_BUS, kdbus_domain_get(domain), bus_release);
	kdbus_node_set_access(&bus->node, flags);
	generate_random_uuid(bus->id128);
	bus->flags = flags;
	bus->bloom = *bloom;
	bus->creator_mask = creator_mask;
	kdbus_meta_init(&bus->creator);
	mutex_init(&bus->lock);
	INIT_LIST_HEAD(&bus->endpoints);
	xa_init(&bus->conns);
	ida_init(&bus->conn_slots);
	mutex_init(&bus->names.lock);
	kdbus_hashtab_init(&bus->names.by_text);
	get_random_bytes(&bus->names.seed, sizeof(bus->names.seed));
	kdbus_policy_init(&bus->policy);
	kdbus_match_index_init(&bus->matches, bloom->size);
	init_rwsem(&bus->monitors_sem);
	INIT_LIST_HEAD(&bus->monitors);
	mutex_init(&bus->notify_lock);
	spin_lock_init(&bus->events_lock);
	INIT_LIST_HEAD(&bus->events);
	kdbus_clock_init(&bus->clock);

	bus->name = kstrdup(name, GFP_KERNEL_ACCOUNT);
	if (!bus->name) {
		kdbus_node_put(&bus->node);
		return ERR_PTR(-ENOMEM);
	}
	return bus;
}

/* Count the bus, let it have its default endpoint, and show both. */
static int bus_publish(struct kdbus_bus *bus)
{
	struct kdbus_domain *domain = bus->node.domain;
	struct kdbus_user *user;
	struct kdbus_ep *ep;
	int ret;

	if (kdbus_fs_exists(&domain->root, bus->name))
		return -EEXIST;
	user = kdbus_user_find(domain, current_uid());
	if (IS_ERR(user))
		return PTR_ERR(user);
	bus->user = user;
	if (!kdbus_user_charge(&user->buses, domain->limits.buses))
		return -EMFILE;

	ep = kdbus_ep_new(bus, bus->flags, false);
	if (IS_ERR(ep)) {
		ret = PTR_ERR(ep);
		goto out_uncharge;
	}
	kdbus_meta_pin(&bus->creator);
	bus->id = kdbus_domain_new_id(domain);
	ret = kdbus_ep_link(ep);
	if (!ret)
		ret = kdbus_fs_add_bus(&domain->root, &bus->node, bus->name, &ep->node);
	if (ret)
		goto out_put_ep;
	bus->ep = ep;
	return 0;

out_put_ep:
	kdbus_ep_shutdown(ep);
	kdbus_node_put(&ep->node);
out_uncharge:
	atomic_dec(&user->buses);
	return ret;
}

/**
 * kdbus_bus_make() - KDBUS_CMD_BUS_MAKE
 * @domain: where
 * @arg: imported
 * @made: out: the bus, with a reference, to be shut down by kdbus_bus_shutdown()
 *
 * Return: 0 or a negative errno.
 */
int kdbus_bus_make(struct kdbus_domain *domain, const struct kdbus_arg *arg,
		   struct kdbus_bus **made)
{
	const struct kdbus_bloom_parameter *bloom =
		&kdbus_arg_item(arg, MAKE_BLOOM)->bloom_parameter;
	const char *name = kdbus_arg_item(arg, MAKE_NAME)->str;
	struct kdbus_bus *bus;
	u64 creator_mask = 0;
	int ret;

	if (bloom->size < KDBUS_BLOOM_SIZE_MIN || bloom->size > KDBUS_BLOOM_SIZE_MAX ||
	    bloom->size % 8 || bloom->n_hash < 1)
		return -EINVAL;
	if (kdbus_arg_item(arg, MAKE_ATTACH_FLAGS))
		creator_mask = kdbus_arg_item(arg, MAKE_ATTACH_FLAGS)->id;
	ret = kdbus_attach_flags_check(&creator_mask) ?: kdbus_uid_prefix_check(domain, name);
	if (ret)
		return ret;

	bus = bus_new(domain, name, arg->cmd->flags, bloom, creator_mask);
	if (IS_ERR(bus))
		return PTR_ERR(bus);
	ret = bus_publish(bus);
	if (ret) {
		kdbus_node_put(&bus->node);
		return ret;
	}
	*made = bus;
	return 0;
}

static struct kdbus_ep *bus_first_endpoint(struct kdbus_bus *bus)
{
	struct kdbus_ep *ep;

	mutex_lock(&bus->lock);
	ep = list_first_entry_or_null(&bus->endpoints, struct kdbus_ep, entry);
	if (ep)
		kdbus_node_get(&ep->node);
	mutex_unlock(&bus->lock);
	return ep;
}

/**
 * kdbus_bus_shutdown() - endpoints and connections go, then the directory
 * @bus: pinned by the caller; shut down once
 *
 * Context: Sleeps.
 */
void kdbus_bus_shutdown(struct kdbus_bus *bus)
{
	struct kdbus_ep *ep;

	mutex_lock(&bus->lock);
	bus->dead = true;
	mutex_unlock(&bus->lock);

	while ((ep = bus_first_endpoint(bus))) {
		kdbus_ep_shutdown(ep);
		kdbus_node_put(&ep->node);
	}
	kdbus_fs_remove(&bus->node);
	atomic_dec(&bus->user->buses);
	/* What is left of the default endpoint goes with its open files. */
	kdbus_node_put(&bus->ep->node);
}
