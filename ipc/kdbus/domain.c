// SPDX-License-Identifier: GPL-2.0
/* One mount: its limits, its ids, its accounting users. */

#include <linux/err.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "domain.h"

const struct kdbus_limits kdbus_default_limits = {
	.payload = 2 * 1024 * 1024,
	.memfds = 16,
	.fds = 16,
	.queued_fds = 16,
	.queued_messages = 256,
	.calls = 128,
	.names = 256,
	.matches = 256,
	.match_bytes = 4 * 1024 * 1024,
	.shared_bytes = 8 * 1024 * 1024,
	.connections = 1024,
	.buses = 16,
};

static void domain_node_release(struct kdbus_node *node)
{
	kdbus_domain_put(node->domain);
}

/**
 * kdbus_domain_new() - a domain without buses
 * @user_ns: whose uids name the buses; pinned by the domain
 * @limits: copied
 * @attach_mask: metadata that may travel in this domain
 * @device_nodes: nodes are character devices
 *
 * Return: the domain with one reference, or ERR_PTR(-ENOMEM).
 */
struct kdbus_domain *kdbus_domain_new(struct user_namespace *user_ns,
				      const struct kdbus_limits *limits,
				      u64 attach_mask, bool device_nodes)
{
	struct kdbus_domain *domain;

	domain = kzalloc(sizeof(*domain), GFP_KERNEL_ACCOUNT);
	if (!domain)
		return ERR_PTR(-ENOMEM);

	kref_init(&domain->ref);
	domain->user_ns = get_user_ns(user_ns);
	domain->limits = *limits;
	domain->attach_mask = attach_mask;
	domain->device_nodes = device_nodes;
	mutex_init(&domain->tree_lock);
	spin_lock_init(&domain->users_lock);
	xa_init(&domain->users);

	domain->kernel_user = kzalloc(sizeof(*domain->kernel_user), GFP_KERNEL_ACCOUNT);
	if (!domain->kernel_user) {
		kdbus_domain_put(domain);
		return ERR_PTR(-ENOMEM);
	}
	/* Part of the domain: it does not pin it, or neither would ever end. */
	kref_init(&domain->kernel_user->ref);
	domain->kernel_user->uid = INVALID_UID;

	kdbus_node_init(&domain->root, KDBUS_NODE_ROOT, kdbus_domain_get(domain),
			domain_node_release);
	kdbus_node_init(&domain->control, KDBUS_NODE_CONTROL, kdbus_domain_get(domain),
			domain_node_release);
	return domain;
}

/**
 * kdbus_domain_shutdown() - let go of the nodes that the domain itself has
 * @domain: the domain; its super block is gone or was never completed
 */
void kdbus_domain_shutdown(struct kdbus_domain *domain)
{
	kdbus_node_put(&domain->control);
	kdbus_node_put(&domain->root);
}

/**
 * kdbus_domain_get() - take a reference
 * @domain: the domain
 *
 * Return: @domain.
 */
struct kdbus_domain *kdbus_domain_get(struct kdbus_domain *domain)
{
	kref_get(&domain->ref);
	return domain;
}

static void domain_free(struct kref *ref)
{
	struct kdbus_domain *domain = container_of(ref, struct kdbus_domain, ref);
	unsigned long uid = 0;

	WARN_ON(xa_find(&domain->users, &uid, ULONG_MAX, XA_PRESENT));
	/* What lacked memory may have left nodes that have no entries. */
	xa_destroy(&domain->users);
	kfree(domain->kernel_user);
	put_user_ns(domain->user_ns);
	kfree(domain);
}

/**
 * kdbus_domain_put() - drop a reference
 * @domain: the domain
 */
void kdbus_domain_put(struct kdbus_domain *domain)
{
	kref_put(&domain->ref, domain_free);
}

/**
 * kdbus_domain_new_id() - the next bus or connection id
 * @domain: the domain
 *
 * Return: an id that was never returned before and never is again.
 */
u64 kdbus_domain_new_id(struct kdbus_domain *domain)
{
	return atomic64_inc_return(&domain->last_id);
}

static struct kdbus_user *user_new(struct kdbus_domain *domain, kuid_t uid)
{
	struct kdbus_user *user = kzalloc(sizeof(*user), GFP_KERNEL_ACCOUNT);

	if (!user)
		return NULL;
	kref_init(&user->ref);
	user->domain = kdbus_domain_get(domain);
	user->uid = uid;
	return user;
}

/* The user of a uid that has one already; most connections are not the first of theirs. */
static struct kdbus_user *user_find_known(struct kdbus_domain *domain, kuid_t uid)
{
	struct kdbus_user *user;

	spin_lock(&domain->users_lock);
	user = xa_load(&domain->users, __kuid_val(uid));
	if (user)
		kref_get(&user->ref);
	spin_unlock(&domain->users_lock);
	return user;
}

/**
 * kdbus_user_find() - the accounting user of a uid, made on demand
 * @domain: the domain
 * @uid: a valid uid
 *
 * Return: the user with a reference for the caller, or ERR_PTR(-ENOMEM).
 */
struct kdbus_user *kdbus_user_find(struct kdbus_domain *domain, kuid_t uid)
{
	struct kdbus_user *user, *new;
	int ret;

	user = user_find_known(domain, uid);
	if (user)
		return user;
	new = user_new(domain, uid);
	if (!new)
		return ERR_PTR(-ENOMEM);

	/* Allocates, so outside of the lock; the loser frees his. */
	ret = xa_reserve(&domain->users, __kuid_val(uid), GFP_KERNEL_ACCOUNT);
	if (ret) {
		kdbus_domain_put(domain);
		kfree(new);
		return ERR_PTR(ret);
	}

	spin_lock(&domain->users_lock);
	user = xa_load(&domain->users, __kuid_val(uid));
	if (user) {
		kref_get(&user->ref);
	} else {
		/* Memory is reserved unless the last user of this uid left just now. */
		ret = xa_err(xa_store(&domain->users, __kuid_val(uid), new, GFP_NOWAIT));
		if (!ret)
			swap(user, new);
	}
	spin_unlock(&domain->users_lock);

	if (new) {
		kdbus_domain_put(domain);
		kfree(new);
	}
	return ret ? ERR_PTR(ret) : user;
}

/**
 * kdbus_user_new_anonymous() - an accounting user that no uid finds
 * @domain: the domain
 *
 * Return: the user with one reference, or ERR_PTR(-ENOMEM).
 */
struct kdbus_user *kdbus_user_new_anonymous(struct kdbus_domain *domain)
{
	return user_new(domain, INVALID_UID) ?: ERR_PTR(-ENOMEM);
}

/**
 * kdbus_user_get() - take a reference
 * @user: the user
 *
 * Return: @user.
 */
struct kdbus_user *kdbus_user_get(struct kdbus_user *user)
{
	kref_get(&user->ref);
	return user;
}

/**
 * kdbus_user_put() - drop a reference
 * @user: the user
 */
void kdbus_user_put(struct kdbus_user *user)
{
	bool is_last;

	/* The kernel's user is freed by its domain, which outlives every share of it. */
	if (!user->domain) {
		refcount_dec(&user->ref.refcount);
		return;
	}
	/* Under the lock: nobody can find a user that is going away. */
	spin_lock(&user->domain->users_lock);
	is_last = refcount_dec_and_test(&user->ref.refcount);
	if (is_last && uid_valid(user->uid))
		xa_erase(&user->domain->users, __kuid_val(user->uid));
	spin_unlock(&user->domain->users_lock);
	if (is_last) {
		kdbus_domain_put(user->domain);
		kfree(user);
	}
}

/**
 * kdbus_user_charge() - count one more, if allowed
 * @count: a counter of a user; goes down with atomic_dec()
 * @limit: its largest value
 *
 * Return: whether it was counted.
 */
bool kdbus_user_charge(atomic_t *count, unsigned int limit)
{
	if (atomic_inc_return(count) <= (int)limit)
		return true;
	atomic_dec(count);
	return false;
}
