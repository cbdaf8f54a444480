/* SPDX-License-Identifier: GPL-2.0 */
/* Well-known names: who owns, who waits, who stands in. */
#ifndef KDBUS_NAME_H
#define KDBUS_NAME_H

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <uapi/linux/kdbus.h>

#include "hashtab.h"

struct kdbus_bus;
struct kdbus_conn;
struct kdbus_event;

/**
 * struct kdbus_name_entry - a name while anybody is associated with it
 * @ref: the registry, claims, and messages on their way to it
 * @n_untold: new owners whose event is not delivered yet
 * @rcu: the memory lives one grace period longer
 * @node: link in kdbus_names.by_text
 * @registration: number of this incarnation; set once
 * @owner: who gets its messages: the primary owner, else the activator.  NULL
 *         while it moves and when the name is gone.  Written under the names lock and, if
 *         there was an owner, under his lock: a message is put into his queue
 *         only if he still is the owner
 * @activator: or NULL; under the names lock
 * @claims: ordinary associations, the primary owner first; under the names lock
 * @text_size: bytes of @text, its NUL included; set once
 * @text: the name
 */
struct kdbus_name_entry {
	struct kref ref;
	atomic_t n_untold;
	struct rcu_head rcu;
	struct kdbus_hashtab_node node;
	u64 registration;
	struct kdbus_conn __rcu *owner;
	struct kdbus_claim *activator;
	struct list_head claims;
	size_t text_size;
	char text[];
};

/**
 * struct kdbus_claim - a connection's association with a name
 * @rcu: the memory lives one grace period after it left the lists
 * @name: pinned; set once
 * @conn: borrowed, it gives its claims up before it ends; set once
 * @flags: KDBUS_NAME_*; written under the names lock, read with RCU
 * @name_entry: link in kdbus_name_entry.claims, if not the activator; under the names lock
 * @conn_entry: link in kdbus_conn.claims; RCU
 * @bye: tells that the name lost its owner when the claim ends; owned
 */
struct kdbus_claim {
	struct rcu_head rcu;
	struct kdbus_name_entry *name;
	struct kdbus_conn *conn;
	u64 flags;
	struct list_head name_entry;
	struct list_head conn_entry;
	struct kdbus_event *bye;
};

/* Has everybody heard who owns it?  Asked by whoever has looked for the owner before. */
static inline bool kdbus_name_is_told(const struct kdbus_name_entry *name)
{
	/* Pairs with name_set_owner(): who has seen an owner sees that he is not told yet. */
	smp_rmb();
	return !atomic_read(&name->n_untold);
}

/* Does the claim give the name to its connection, rather than a place in the queue? */
static inline bool kdbus_claim_is_held(const struct kdbus_claim *claim)
{
	return !(READ_ONCE(claim->flags) & KDBUS_NAME_IN_QUEUE);
}

struct kdbus_name_entry *kdbus_name_find(struct kdbus_bus *bus, const char *text,
					 struct kdbus_conn **owner);
struct kdbus_conn *kdbus_name_pin_owner(const struct kdbus_name_entry *name);
struct kdbus_name_entry *kdbus_name_get(struct kdbus_name_entry *name);
void kdbus_name_put(struct kdbus_name_entry *name);
void kdbus_name_told(struct kdbus_name_entry *name);
void kdbus_names_tell(struct kdbus_bus *bus);
bool kdbus_name_is_owned_by(const struct kdbus_name_entry *name, const struct kdbus_conn *conn);

int kdbus_name_acquire(struct kdbus_conn *conn, const char *text, u64 flags, u64 *return_flags);
int kdbus_name_activate(struct kdbus_conn *activator, const char *text);
int kdbus_name_release(struct kdbus_conn *conn, const char *text);
void kdbus_names_release_all(struct kdbus_conn *conn);

size_t kdbus_claim_item_size(const struct kdbus_claim *claim);
void kdbus_claim_item_write(const struct kdbus_claim *claim, void *at);
int kdbus_names_snapshot(struct kdbus_conn *conn, void **items, size_t *size);

#endif
