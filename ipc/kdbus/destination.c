// SPDX-License-Identifier: GPL-2.0
/* The name that a sender remembers. */

#include <linux/bitops.h>
#include <linux/cred.h>
#include <linux/string.h>

#include "destination.h"
#include "name.h"

/**
 * DOC: Destination
 *
 * Who sends to a name is likely to send to it again.  So each connection remembers a
 * name that it has sent to: the name itself, not its owner, and what the databases
 * of its endpoint and of the bus have said of it.  A message whose text is that of the name,
 * byte for byte, is not checked, hashed and looked up again.  What holds for how long:
 *
 * the text is valid
 *   for ever: it is that of a name that was registered.
 * it means this name
 *   as long as the name has an owner.  A name leaves the registry when nobody is associated
 *   with it any more, has no owner then, and does not come back: whoever acquires the text
 *   afterwards makes another name.  Without an owner it is looked up.
 * who owns it
 *   is not remembered, but read from the name each time; and whether he still does, and all
 *   have been told so, is asked under his lock as ever.
 * what may be done to it
 *   depends on the entries of a database, which counts its changes, and on effective user,
 *   group and groups: these are looked up for another struct cred than the one that is pinned
 *   here, which cannot change.  The user of the owner and what else he may be reached by is
 *   not remembered: see kdbus_may_talk_to_owner().
 *
 * A name takes the place of another one when it is looked up twice without a third between.
 * So whoever sends to many names in turn does not pay for each that it takes the place of the
 * last one, and of two that are used in turn every third message finds its name.
 *
 * Nobody waits for what is remembered.  It is in the hands of one thread at a time; another
 * one that sends meanwhile looks the name up as if there was nothing.  The memory that it costs
 * is that of a name which nobody has any more, until the sender sends to another one or is
 * gone, and that of a struct cred.
 */

static bool destination_try_take(struct kdbus_destination *destination)
{
	return !test_and_set_bit_lock(0, &destination->taken);
}

/* What the databases have said to somebody else is worth nothing. */
static void destination_set_cred(struct kdbus_destination *destination, const struct cred *cred)
{
	put_cred(destination->cred);
	destination->cred = get_cred(cred);
	destination->ep.n_changes = 0;
	destination->bus.n_changes = 0;
}

/**
 * kdbus_destination_take() - does a text mean the name that is remembered?
 * @destination: what the sender remembers
 * @text: terminated
 * @size: its bytes, the NUL included
 *
 * If so @destination is the caller's until kdbus_destination_give_back(), and what it says of
 * policy is for current.
 *
 * Return: whether; false also if another thread has it.
 */
bool kdbus_destination_take(struct kdbus_destination *destination, const char *text, size_t size)
{
	struct kdbus_name_entry *name;

	if (!destination_try_take(destination))
		return false;
	name = destination->name;
	if (!name || name->text_size != size || memcmp(name->text, text, size)) {
		kdbus_destination_give_back(destination);
		return false;
	}
	if (unlikely(destination->cred != current_cred()))
		destination_set_cred(destination, current_cred());
	return true;
}

/**
 * kdbus_destination_give_back() - let others take it
 * @destination: taken
 */
void kdbus_destination_give_back(struct kdbus_destination *destination)
{
	clear_bit_unlock(0, &destination->taken);
}

static void destination_set_name(struct kdbus_destination *destination,
				 struct kdbus_name_entry *name)
{
	kdbus_name_put(destination->name);
	destination->name = kdbus_name_get(name);
	destination->ep.n_changes = 0;
	destination->bus.n_changes = 0;
}

/**
 * kdbus_destination_keep() - remember another name, if it may be worth it
 * @destination: what the sender remembers; not taken by the caller
 * @name: was looked up; gets one more reference
 */
void kdbus_destination_keep(struct kdbus_destination *destination, struct kdbus_name_entry *name)
{
	if (!destination_try_take(destination))
		return;
	if (!destination->name || destination->looked_up == name->registration)
		destination_set_name(destination, name);
	destination->looked_up = name->registration;
	kdbus_destination_give_back(destination);
}

/**
 * kdbus_destination_deinit() - forget everything
 * @destination: nobody has it
 */
void kdbus_destination_deinit(struct kdbus_destination *destination)
{
	kdbus_name_put(destination->name);
	put_cred(destination->cred);
}
