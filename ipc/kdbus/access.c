// SPDX-License-Identifier: GPL-2.0
/* Who may: what the policy says of two connections, or of one and a name. */

#include <linux/cred.h>
#include <linux/rculist.h>

#include "access.h"
#include "bus.h"
#include "conn.h"
#include "destination.h"
#include "endpoint.h"
#include "name.h"
#include "policy.h"

/**
 * DOC: Access
 *
 * Two databases have a say: that of the custom endpoint through which the acting
 * connection came, if it did, and that of the bus.  The first one is asked first and
 * can only take away.  @cred is who acts: the calling thread, or NULL for the
 * credentials that the connection's file was opened with.
 *
 * Rights belong to connections, not to names: what may be done to one name of a
 * peer may be done to the peer.  Nothing is remembered but what the databases have said of the
 * name that a connection remembers, see DOC: Destination.
 */

static bool has_policy(const struct kdbus_conn *conn)
{
	return conn->ep->is_custom;
}

/* Is there a name that @peer has, rather than waits for, with at least this level? */
static bool peer_reaches(struct kdbus_policy *db, const struct cred *cred,
			 struct kdbus_conn *peer, int level)
{
	struct kdbus_claim *claim;
	bool found = false;

	rcu_read_lock();
	list_for_each_entry_rcu(claim, &peer->claims, conn_entry) {
		if (kdbus_claim_is_held(claim) &&
		    kdbus_policy_level(db, cred, claim->name->text) >= level) {
			found = true;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

/**
 * kdbus_may_own() - may a name be acquired?
 * @conn: who wants it
 * @cred: see DOC: Access
 * @name: valid
 *
 * Return: whether.
 */
bool kdbus_may_own(struct kdbus_conn *conn, const struct cred *cred, const char *name)
{
	cred = cred ?: conn->view.cred;
	if (has_policy(conn) &&
	    kdbus_policy_level(&conn->ep->policy, cred, name) < KDBUS_POLICY_OWN)
		return false;
	if (conn->is_owner)
		return true;
	return kdbus_policy_level(&conn->bus->policy, cred, name) >= KDBUS_POLICY_OWN;
}

/*
 * May @peer be talked to?  If there is @verdict, that is what @db has said of @name, which @peer
 * has; it may have others.
 */
static __always_inline bool peer_is_reached(struct kdbus_policy *db, const struct cred *cred,
					    struct kdbus_conn *peer, const char *name,
					    struct kdbus_verdict *verdict)
{
	if (verdict && kdbus_policy_recall(db, cred, name, verdict) >= KDBUS_POLICY_TALK)
		return true;
	return peer_reaches(db, cred, peer, KDBUS_POLICY_TALK);
}

static __always_inline bool may_talk(struct kdbus_conn *conn, const struct cred *cred,
				     struct kdbus_conn *peer, struct kdbus_destination *to)
{
	struct kdbus_verdict *ep = to ? &to->ep : NULL, *bus = to ? &to->bus : NULL;
	const char *name = to ? to->name->text : NULL;

	/* Nobody else learns of it, and D-Bus clients put answers of the bus there. */
	if (conn == peer)
		return true;
	cred = cred ?: conn->view.cred;
	if (has_policy(conn) && !peer_is_reached(&conn->ep->policy, cred, peer, name, ep))
		return false;
	if (conn->is_owner)
		return true;
	if (uid_eq(cred->euid, peer->view.cred->uid))
		return true;
	return peer_is_reached(&conn->bus->policy, cred, peer, name, bus);
}

/**
 * kdbus_may_talk() - may a message be sent?
 * @conn: who wants to send, or to hear
 * @cred: see DOC: Access
 * @peer: to whom, or whom
 *
 * Return: whether.
 */
bool kdbus_may_talk(struct kdbus_conn *conn, const struct cred *cred, struct kdbus_conn *peer)
{
	return may_talk(conn, cred, peer, NULL);
}

/**
 * kdbus_may_talk_to_owner() - may a message be sent to who owns a name?
 * @conn: who wants to send
 * @owner: to whom
 * @to: the name, taken by the caller
 *
 * Return: whether, for current; true as long as @owner has the name.
 */
bool kdbus_may_talk_to_owner(struct kdbus_conn *conn, struct kdbus_conn *owner,
			     struct kdbus_destination *to)
{
	return may_talk(conn, to->cred, owner, to);
}

/**
 * kdbus_may_see_name() - may it be known that a name exists?
 * @conn: who asks
 * @cred: see DOC: Access
 * @name: a string
 *
 * Return: whether.
 */
bool kdbus_may_see_name(struct kdbus_conn *conn, const struct cred *cred, const char *name)
{
	if (!has_policy(conn))
		return true;
	cred = cred ?: conn->view.cred;
	return kdbus_policy_level(&conn->ep->policy, cred, name) >= KDBUS_POLICY_SEE;
}

/**
 * kdbus_may_see_destination() - may it be known that a name exists?
 * @conn: who asks
 * @to: the name, taken by the caller
 *
 * Return: whether, for current.
 */
bool kdbus_may_see_destination(struct kdbus_conn *conn, struct kdbus_destination *to)
{
	return !has_policy(conn) || kdbus_policy_recall(&conn->ep->policy, to->cred, to->name->text,
							&to->ep) >= KDBUS_POLICY_SEE;
}

/**
 * kdbus_may_see() - may it be known that a connection exists?
 * @conn: who asks
 * @cred: see DOC: Access
 * @peer: which
 *
 * Return: whether.
 */
bool kdbus_may_see(struct kdbus_conn *conn, const struct cred *cred, struct kdbus_conn *peer)
{
	if (!has_policy(conn))
		return true;
	cred = cred ?: conn->view.cred;
	return peer_reaches(&conn->ep->policy, cred, peer, KDBUS_POLICY_SEE);
}
