// SPDX-License-Identifier: GPL-2.0
/* Well-known names: who owns, who waits, who stands in. */

#include <linux/err.h>
#include <linux/jhash.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "bus.h"
#include "conn.h"
#include "delay.h"
#include "domain.h"
#include "endpoint.h"
#include "item.h"
#include "move.h"
#include "name.h"
#include "notify.h"

/**
 * DOC: Names
 *
 * Every change happens under the names lock of the bus, and its notification
 * enters the list of events under it as well, so all see the changes in the same order.
 *
 * Senders do not take that lock.  They look the name up under RCU, pin it and its
 * owner, prepare the copy in the owner's pool, and find out under the owner's
 * lock whether he still is the owner; if not, they start again.  Whoever
 * changes the owner does it under the old owner's lock.  While messages move,
 * the name has no owner, and senders wait for the names lock: so what was sent
 * before arrives before what was sent after.
 *
 * Who gets a message because he has a name must not be heard before all who want to know
 * are told that he has it.  So a name counts its new owners whose event is not delivered yet,
 * and a sender who finds any has them delivered first.
 */

static u32 name_hash(const struct kdbus_bus *bus, const char *text)
{
	return jhash(text, strlen(text), bus->names.seed);
}

static bool name_equal(const struct kdbus_hashtab_node *node, const void *key)
{
	return !strcmp(container_of(node, struct kdbus_name_entry, node)->text, key);
}

/* Under RCU or the names lock. */
static struct kdbus_name_entry *names_lookup(struct kdbus_bus *bus, const char *text)
{
	struct kdbus_hashtab_node *node;

	node = kdbus_hashtab_find(&bus->names.by_text, name_hash(bus, text), name_equal, text);
	return node ? container_of(node, struct kdbus_name_entry, node) : NULL;
}

static struct kdbus_conn *name_owner(const struct kdbus_name_entry *name,
				     const struct kdbus_bus *bus)
{
	return rcu_dereference_protected(name->owner, lockdep_is_held(&bus->names.lock));
}

/* Under RCU. */
static struct kdbus_conn *name_pin_owner(const struct kdbus_name_entry *name)
{
	/* Pairs with name_set_owner(). */
	struct kdbus_conn *owner = rcu_dereference(name->owner);

	return owner && kref_get_unless_zero(&owner->ref) ? owner : NULL;
}

/**
 * kdbus_name_pin_owner() - who gets messages sent to a name that was found before
 * @name: pinned
 *
 * Return: the primary owner, else the activator, with a reference; NULL while messages are
 *         moving, and for ever if the name is gone.
 */
struct kdbus_conn *kdbus_name_pin_owner(const struct kdbus_name_entry *name)
{
	struct kdbus_conn *owner;

	rcu_read_lock();
	owner = name_pin_owner(name);
	rcu_read_unlock();
	kdbus_delay_point();
	return owner;
}

/**
 * kdbus_name_find() - who gets messages sent to a name
 * @bus: where
 * @text: a string
 * @owner: out: the primary owner, else the activator, with a reference
 *
 * Context: May sleep.
 * Return: the name with a reference, or NULL if nobody owns it.
 */
struct kdbus_name_entry *kdbus_name_find(struct kdbus_bus *bus, const char *text,
					 struct kdbus_conn **owner)
{
	struct kdbus_name_entry *name;
	struct kdbus_conn *conn;

	for (;;) {
		rcu_read_lock();
		name = names_lookup(bus, text);
		if (!name || !kref_get_unless_zero(&name->ref)) {
			rcu_read_unlock();
			if (!name)
				return NULL;
			continue;
		}
		conn = name_pin_owner(name);
		rcu_read_unlock();
		if (conn) {
			kdbus_delay_point();
			*owner = conn;
			return name;
		}
		kdbus_name_put(name);

		kdbus_delay_point();
		/* Messages are moving, or the name is going: wait and look again. */
		mutex_lock(&bus->names.lock);
		mutex_unlock(&bus->names.lock);
	}
}

/* The event that tells of @new follows, under the same lock. */
static void name_set_owner(struct kdbus_name_entry *name, struct kdbus_conn *old,
			   struct kdbus_conn *new)
{
	if (new)
		atomic_inc(&name->n_untold);
	if (!old) {
		rcu_assign_pointer(name->owner, new);
		return;
	}
	spin_lock(&old->lock);
	rcu_assign_pointer(name->owner, new);
	if (unlikely(old->flow.n_waiters))
		kdbus_flow_name_lost_locked(old, name);
	spin_unlock(&old->lock);
}

/**
 * kdbus_names_tell() - let everybody hear what has changed so far
 * @bus: where
 *
 * Context: Sleeps; of the locks of the bus none may be held but conn.leave.
 */
void kdbus_names_tell(struct kdbus_bus *bus)
{
	/* A change that can be seen has its event on the list when the lock is released. */
	mutex_lock(&bus->names.lock);
	mutex_unlock(&bus->names.lock);
	kdbus_notify_flush(bus);
}

/* Let @to have the name and the messages that wait for it at @from. */
static void name_move(struct kdbus_name_entry *name, struct kdbus_conn *from, struct kdbus_conn *to)
{
	name_set_owner(name, from, NULL);
	kdbus_delay_point();
	kdbus_move_messages(from, to, name->registration);
	kdbus_delay_point();
	name_set_owner(name, NULL, to);
}

static struct kdbus_name_entry *name_new(const char *text)
{
	size_t size = strlen(text) + 1;
	struct kdbus_name_entry *name;

	name = kzalloc(struct_size(name, text, size), GFP_KERNEL_ACCOUNT);
	if (!name)
		return NULL;
	kref_init(&name->ref);
	INIT_LIST_HEAD(&name->claims);
	name->text_size = size;
	memcpy(name->text, text, size);
	return name;
}

static void claim_free(struct kdbus_claim *claim)
{
	if (claim)
		kfree(claim->bye);
	kfree(claim);
}

static struct kdbus_claim *claim_new(struct kdbus_conn *conn, const char *text, u64 flags)
{
	struct kdbus_claim *claim;

	claim = kzalloc(sizeof(*claim), GFP_KERNEL_ACCOUNT);
	if (!claim)
		return NULL;
	claim->bye = kdbus_event_new(text);
	if (!claim->bye) {
		kfree(claim);
		return NULL;
	}
	claim->conn = conn;
	claim->flags = flags;
	INIT_LIST_HEAD(&claim->name_entry);
	return claim;
}

static void claim_link(struct kdbus_claim *claim, struct kdbus_name_entry *name)
{
	claim->name = kdbus_name_get(name);
	claim->conn->n_claims++;
	list_add_tail_rcu(&claim->conn_entry, &claim->conn->claims);
}

/* Off its connection; freed when readers are gone.  It is off the name already. */
static void claim_unlink(struct kdbus_claim *claim)
{
	list_del_rcu(&claim->conn_entry);
	claim->conn->n_claims--;
	kdbus_name_put(claim->name);
	kfree(claim->bye);
	kfree_rcu(claim, rcu);
}

static struct kdbus_claim *name_primary(struct kdbus_name_entry *name)
{
	return list_first_entry_or_null(&name->claims, struct kdbus_claim, name_entry);
}

static struct kdbus_claim *name_claim_of(struct kdbus_name_entry *name, struct kdbus_conn *conn)
{
	struct kdbus_claim *claim;

	if (name->activator && name->activator->conn == conn)
		return name->activator;
	list_for_each_entry(claim, &conn->claims, conn_entry)
		if (claim->name == name)
			return claim;
	return NULL;
}

static void claim_set_flags(struct kdbus_claim *claim, u64 clear, u64 set)
{
	WRITE_ONCE(claim->flags, (claim->flags & ~clear) | set);
}

/**
 * struct name_request - an acquisition, with all the memory that it may need
 * @conn: who asks
 * @flags: KDBUS_NAME_* that mean something on input
 * @saved: of them, what the association keeps
 * @return_flags: out
 * @name: the name; new if nobody is associated with it
 * @claim: a new association; NULL once it is used
 * @event: tells of the change; NULL once it is used
 */
struct name_request {
	struct kdbus_conn *conn;
	u64 flags;
	u64 saved;
	u64 return_flags;
	struct kdbus_name_entry *name;
	struct kdbus_claim *claim;
	struct kdbus_event *event;
};

static void request_notify(struct name_request *request, u64 old_id, u64 old_flags, u64 new_flags)
{
	kdbus_notify_name(request->conn, request->event, request->name, old_id, old_flags,
			  request->conn->id, new_flags);
	request->event = NULL;
}

/* The association of the caller, with the flags of this request, off the queue. */
static struct kdbus_claim *request_claim(struct name_request *request, struct kdbus_claim *claim)
{
	if (!claim) {
		claim = request->claim;
		request->claim = NULL;
		claim_link(claim, request->name);
	} else {
		list_del(&claim->name_entry);
	}
	return claim;
}

/* Nobody but perhaps an activator had it. */
static void name_grant(struct name_request *request)
{
	struct kdbus_name_entry *name = request->name;
	struct kdbus_claim *claim = request_claim(request, NULL);
	struct kdbus_claim *activator = name->activator;
	u64 old_flags;

	claim_set_flags(claim, ~0ULL, request->saved | KDBUS_NAME_PRIMARY);
	list_add(&claim->name_entry, &name->claims);
	if (activator) {
		name_move(name, activator->conn, claim->conn);
		old_flags = activator->flags;
		claim_set_flags(activator, KDBUS_NAME_PRIMARY, KDBUS_NAME_IN_QUEUE);
		request_notify(request, activator->conn->id, old_flags, claim->flags);
	} else {
		name_set_owner(name, NULL, claim->conn);
		request_notify(request, 0, 0, claim->flags);
	}
	request->return_flags = claim->flags | KDBUS_NAME_ACQUIRED;
}

/* Take it from an owner who allowed that. */
static void name_replace(struct name_request *request, struct kdbus_claim *claim,
			 struct kdbus_claim *old)
{
	struct kdbus_name_entry *name = request->name;
	u64 old_id = old->conn->id, old_flags = old->flags;

	claim = request_claim(request, claim);
	claim_set_flags(claim, ~0ULL, request->saved | KDBUS_NAME_PRIMARY);
	list_add(&claim->name_entry, &name->claims);
	name_set_owner(name, old->conn, claim->conn);
	request_notify(request, old_id, old_flags, claim->flags);

	claim_set_flags(old, KDBUS_NAME_PRIMARY, KDBUS_NAME_IN_QUEUE);
	if (!(old->flags & KDBUS_NAME_QUEUE)) {
		list_del(&old->name_entry);
		claim_unlink(old);
	}
	request->return_flags = claim->flags | KDBUS_NAME_ACQUIRED;
}

/* Somebody has it and keeps it. */
static int name_enqueue(struct name_request *request, struct kdbus_claim *claim)
{
	struct kdbus_name_entry *name = request->name;

	if (!(request->flags & KDBUS_NAME_QUEUE)) {
		if (!claim)
			return -EEXIST;
		list_del(&claim->name_entry);
		claim_unlink(claim);
		request->return_flags = request->saved;
		return 0;
	}
	request->return_flags = request->saved | KDBUS_NAME_IN_QUEUE;
	if (!claim) {
		claim = request_claim(request, NULL);
		list_add_tail(&claim->name_entry, &name->claims);
		request->return_flags |= KDBUS_NAME_ACQUIRED;
	}
	claim_set_flags(claim, ~0ULL, request->saved | KDBUS_NAME_IN_QUEUE);
	return 0;
}

static int name_request_locked(struct name_request *request)
{
	struct kdbus_claim *primary = name_primary(request->name);
	struct kdbus_claim *claim = name_claim_of(request->name, request->conn);
	unsigned int limit = request->conn->ep->node.domain->limits.names;

	if (!claim && request->conn->n_claims >= limit)
		return -E2BIG;
	if (!primary) {
		name_grant(request);
		return 0;
	}
	if (claim == primary) {
		claim_set_flags(claim, KDBUS_NAME_ALLOW_REPLACEMENT | KDBUS_NAME_QUEUE,
				request->saved);
		request->return_flags = claim->flags;
		return 0;
	}
	if ((primary->flags & KDBUS_NAME_ALLOW_REPLACEMENT) &&
	    (request->flags & KDBUS_NAME_REPLACE_EXISTING)) {
		name_replace(request, claim, primary);
		return 0;
	}
	return name_enqueue(request, claim);
}

/* Under the names lock: the name of that text, @new registered if there is none. */
static int names_get(struct kdbus_bus *bus, const char *text, struct kdbus_name_entry *new,
		     struct kdbus_name_entry **name)
{
	int ret;

	*name = names_lookup(bus, text);
	if (*name)
		return 0;
	ret = kdbus_hashtab_reserve(&bus->names.by_text, 1);
	if (ret)
		return ret;
	new->registration = ++bus->names.last_registration;
	kref_get(&new->ref);
	kdbus_hashtab_add(&bus->names.by_text, &new->node, name_hash(bus, text));
	*name = new;
	return 0;
}

/* Under the names lock: forget a name that nobody is associated with. */
static void names_forget_unused(struct kdbus_bus *bus, struct kdbus_name_entry *name)
{
	if (name->activator || !list_empty(&name->claims))
		return;
	kdbus_hashtab_del(&bus->names.by_text, &name->node);
	kdbus_name_put(name);
}

/**
 * kdbus_name_acquire() - ask for a name
 * @conn: who asks; entered
 * @text: valid
 * @flags: REPLACE_EXISTING, ALLOW_REPLACEMENT, QUEUE
 * @return_flags: out: flags of the association, written if 0 is returned
 *
 * The caller has checked the policy, and flushes the notifications.
 *
 * Return: 0, -E2BIG, -EEXIST, -ENOMEM.
 */
int kdbus_name_acquire(struct kdbus_conn *conn, const char *text, u64 flags, u64 *return_flags)
{
	struct kdbus_bus *bus = conn->bus;
	struct name_request request = {
		.conn = conn,
		.flags = flags,
		.saved = flags & (KDBUS_NAME_ALLOW_REPLACEMENT | KDBUS_NAME_QUEUE),
	};
	struct kdbus_name_entry *new;
	int ret = -ENOMEM;

	new = name_new(text);
	request.claim = claim_new(conn, text, 0);
	request.event = kdbus_event_new(text);
	if (!new || !request.claim || !request.event)
		goto out_free;

	mutex_lock(&bus->names.lock);
	ret = names_get(bus, text, new, &request.name);
	if (!ret) {
		ret = name_request_locked(&request);
		names_forget_unused(bus, request.name);
	}
	mutex_unlock(&bus->names.lock);
	if (!ret)
		*return_flags = request.return_flags;

out_free:
	kdbus_name_put(new);
	claim_free(request.claim);
	kfree(request.event);
	return ret;
}

/**
 * kdbus_name_activate() - become the activator of a name
 * @activator: the connection, not yet published to its owner
 * @text: valid
 *
 * The caller flushes the notifications.
 *
 * Return: 0; -EEXIST if there is one already; -ENOMEM.
 */
int kdbus_name_activate(struct kdbus_conn *activator, const char *text)
{
	struct kdbus_bus *bus = activator->bus;
	struct kdbus_name_entry *new, *name;
	struct kdbus_claim *claim;
	struct kdbus_event *event;
	int ret = -ENOMEM;

	new = name_new(text);
	claim = claim_new(activator, text, KDBUS_NAME_ACTIVATOR);
	event = kdbus_event_new(text);
	if (!new || !claim || !event)
		goto out_free;

	mutex_lock(&bus->names.lock);
	ret = names_get(bus, text, new, &name);
	if (ret)
		goto out_unlock;
	if (name->activator) {
		ret = -EEXIST;
		goto out_unlock;
	}
	claim_link(claim, name);
	name->activator = claim;
	if (name_primary(name)) {
		claim_set_flags(claim, 0, KDBUS_NAME_IN_QUEUE);
	} else {
		claim_set_flags(claim, 0, KDBUS_NAME_PRIMARY);
		name_set_owner(name, NULL, activator);
		kdbus_notify_name(activator, event, name, 0, 0, activator->id, claim->flags);
		event = NULL;
	}
	claim = NULL;
out_unlock:
	mutex_unlock(&bus->names.lock);
out_free:
	kdbus_name_put(new);
	claim_free(claim);
	kfree(event);
	return ret;
}

/* The owner leaves: who is next? */
static void name_pass_on(struct kdbus_name_entry *name, struct kdbus_claim *old)
{
	struct kdbus_claim *next = name_primary(name) ?: name->activator;

	if (!next) {
		name_set_owner(name, old->conn, NULL);
		kdbus_notify_name(old->conn, old->bye, name, old->conn->id, old->flags, 0, 0);
	} else {
		/* First: whoever finds him by the name finds that he has it. */
		claim_set_flags(next, KDBUS_NAME_IN_QUEUE, KDBUS_NAME_PRIMARY);
		if (next == name->activator)
			name_move(name, old->conn, next->conn);
		else
			name_set_owner(name, old->conn, next->conn);
		kdbus_notify_name(old->conn, old->bye, name, old->conn->id, old->flags,
				  next->conn->id, next->flags);
	}
	old->bye = NULL;
}

static void claim_give_up(struct kdbus_bus *bus, struct kdbus_claim *claim)
{
	struct kdbus_name_entry *name = claim->name;

	lockdep_assert_held(&bus->names.lock);

	if (name->activator == claim)
		name->activator = NULL;
	else
		list_del(&claim->name_entry);
	if (name_owner(name, bus) == claim->conn)
		name_pass_on(name, claim);
	kref_get(&name->ref);
	claim_unlink(claim);
	names_forget_unused(bus, name);
	kdbus_name_put(name);
}

/**
 * kdbus_name_release() - give up a name, or a place in its queue
 * @conn: who; entered
 * @text: a string
 *
 * The caller flushes the notifications.
 *
 * Return: 0; -ESRCH if nobody is associated with it; -EADDRINUSE if only others are.
 */
int kdbus_name_release(struct kdbus_conn *conn, const char *text)
{
	struct kdbus_bus *bus = conn->bus;
	struct kdbus_claim *claim;
	struct kdbus_name_entry *name;
	int ret = 0;

	mutex_lock(&bus->names.lock);
	name = names_lookup(bus, text);
	claim = name ? name_claim_of(name, conn) : NULL;
	if (claim)
		claim_give_up(bus, claim);
	else
		ret = name ? -EADDRINUSE : -ESRCH;
	mutex_unlock(&bus->names.lock);
	return ret;
}

/**
 * kdbus_names_release_all() - a connection leaves
 * @conn: who; acquires nothing any more
 *
 * The caller flushes the notifications.
 */
void kdbus_names_release_all(struct kdbus_conn *conn)
{
	struct kdbus_claim *claim, *next;

	mutex_lock(&conn->bus->names.lock);
	list_for_each_entry_safe(claim, next, &conn->claims, conn_entry)
		claim_give_up(conn->bus, claim);
	mutex_unlock(&conn->bus->names.lock);
}

/**
 * kdbus_claim_item_size() - bytes of the item that tells of a claim
 * @claim: of any connection; under RCU or the names lock
 *
 * Return: the size without padding.
 */
size_t kdbus_claim_item_size(const struct kdbus_claim *claim)
{
	return KDBUS_ITEM_HEADER_SIZE + offsetof(struct kdbus_name, name) +
	       claim->name->text_size;
}

/**
 * kdbus_claim_item_write() - write an OWNED_NAME item
 * @claim: of any connection; under RCU or the names lock
 * @at: room for kdbus_claim_item_size() bytes and padding
 */
void kdbus_claim_item_write(const struct kdbus_claim *claim, void *at)
{
	size_t size = claim->name->text_size;
	struct kdbus_item *item;

	item = kdbus_item_init(at, KDBUS_ITEM_OWNED_NAME,
			       offsetof(struct kdbus_name, name) + size);
	item->name.flags = READ_ONCE(claim->flags);
	memcpy((u8 *)item + KDBUS_ITEM_HEADER_SIZE + offsetof(struct kdbus_name, name),
	       claim->name->text, size);
}

/**
 * kdbus_names_snapshot() - the names that a connection has, as OWNED_NAME items
 * @conn: whose
 * @items: out: the items, padded, to be freed by kfree(); NULL if there are none
 * @size: out: bytes
 *
 * Return: 0 or -ENOMEM.
 */
int kdbus_names_snapshot(struct kdbus_conn *conn, void **items, size_t *size)
{
	struct kdbus_claim *claim;
	size_t room = 0, pos = 0, n;

	*items = NULL;
	*size = 0;
	rcu_read_lock();
	list_for_each_entry_rcu(claim, &conn->claims, conn_entry)
		if (kdbus_claim_is_held(claim))
			room += KDBUS_ALIGN8(kdbus_claim_item_size(claim));
	rcu_read_unlock();
	if (!room)
		return 0;
	*items = kmalloc(room, GFP_KERNEL_ACCOUNT);
	if (!*items)
		return -ENOMEM;

	/* One that came in between has its notification still ahead: it may be left out. */
	rcu_read_lock();
	list_for_each_entry_rcu(claim, &conn->claims, conn_entry) {
		n = KDBUS_ALIGN8(kdbus_claim_item_size(claim));
		if (!kdbus_claim_is_held(claim) || n > room - pos)
			continue;
		kdbus_claim_item_write(claim, *items + pos);
		pos += n;
	}
	rcu_read_unlock();
	*size = pos;
	return 0;
}
