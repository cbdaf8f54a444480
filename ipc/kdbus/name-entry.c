// SPDX-License-Identifier: GPL-2.0
/* References to names; apart from the registry, because events have some, too. */

#include <linux/slab.h>

#include "conn.h"
#include "name.h"

static void name_free(struct kref *ref)
{
	struct kdbus_name_entry *name = container_of(ref, struct kdbus_name_entry, ref);

	kfree_rcu(name, rcu);
}

/**
 * kdbus_name_get() - take a reference
 * @name: the name
 *
 * Return: @name.
 */
struct kdbus_name_entry *kdbus_name_get(struct kdbus_name_entry *name)
{
	kref_get(&name->ref);
	return name;
}

/**
 * kdbus_name_put() - drop a reference
 * @name: the name, or NULL
 */
void kdbus_name_put(struct kdbus_name_entry *name)
{
	if (name)
		kref_put(&name->ref, name_free);
}

/**
 * kdbus_name_told() - the event of a new owner is delivered
 * @name: the reference of the event is dropped
 */
void kdbus_name_told(struct kdbus_name_entry *name)
{
	/* What is sent now is queued behind the event: the locks of the receivers order them. */
	atomic_dec(&name->n_untold);
	kdbus_name_put(name);
}

/**
 * kdbus_name_is_owned_by() - may a message to @name enter the queue of @conn?
 * @name: pinned
 * @conn: its lock is held
 *
 * Return: whether; true until the lock is released.
 */
bool kdbus_name_is_owned_by(const struct kdbus_name_entry *name, const struct kdbus_conn *conn)
{
	lockdep_assert_held(&conn->lock);

	return rcu_access_pointer(name->owner) == conn;
}
