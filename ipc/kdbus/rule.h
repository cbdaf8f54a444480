/* SPDX-License-Identifier: GPL-2.0 */
/* The rules of a match: what satisfies them, and how to find them */
#ifndef KDBUS_RULE_H
#define KDBUS_RULE_H

#include <linux/types.h>
#include <uapi/linux/kdbus.h>

#include "subset.h"

/**
 * struct kdbus_match_signal - a signal sent by a connection
 * @src_id: id of the sender
 * @dst_id: as sent: %KDBUS_DST_ID_BROADCAST, an id, or %KDBUS_DST_ID_NAME
 * @filter: borrowed, its data aligned to 8 bytes
 * @filter_size: bytes of @filter->data; equals the bus's bloom size
 * @sends_as: is the sender the primary owner of the well-known name?  Does not
 *	sleep
 * @each_name: calls @fn with each well-known name that the sender is the
 *	primary owner of.  Does not sleep
 * @ctx: for the callbacks
 */
struct kdbus_match_signal {
	u64 src_id;
	u64 dst_id;
	const struct kdbus_bloom_filter *filter;
	size_t filter_size;
	bool (*sends_as)(const struct kdbus_match_signal *sig, const char *name);
	void (*each_name)(const struct kdbus_match_signal *sig,
			  void (*fn)(const char *name, void *arg), void *arg);
	const void *ctx;
};

/**
 * struct kdbus_match_event - a broadcast notification
 * @type: item type, %KDBUS_ITEM_NAME_ADD to %KDBUS_ITEM_ID_REMOVE
 * @old_id: NAME_*: former owner or 0; ID_REMOVE: the id; ID_ADD: 0
 * @new_id: NAME_*: new owner or 0; ID_ADD: the id; ID_REMOVE: 0
 * @name: NAME_*: the name; ID_*: NULL
 */
struct kdbus_match_event {
	u64 type;
	u64 old_id;
	u64 new_id;
	const char *name;
};

/**
 * enum kdbus_rule_kind - what a broadcast is
 * @KDBUS_RULE_EVERYTHING: anything: no rule says what
 * @KDBUS_RULE_SIGNAL: a signal sent by a connection
 * @KDBUS_RULE_NAME_ADD: a notification
 * @KDBUS_RULE_NAME_REMOVE: a notification
 * @KDBUS_RULE_NAME_CHANGE: a notification
 * @KDBUS_RULE_ID_ADD: a notification
 * @KDBUS_RULE_ID_REMOVE: a notification
 * @KDBUS_RULE_N_KINDS: not a kind
 */
enum kdbus_rule_kind {
	KDBUS_RULE_EVERYTHING,
	KDBUS_RULE_SIGNAL,
	KDBUS_RULE_NAME_ADD,
	KDBUS_RULE_NAME_REMOVE,
	KDBUS_RULE_NAME_CHANGE,
	KDBUS_RULE_ID_ADD,
	KDBUS_RULE_ID_REMOVE,
	KDBUS_RULE_N_KINDS,
};

/**
 * enum kdbus_rule_by - by which property broadcasts are told apart
 * @KDBUS_RULE_BY_NOTHING: by none
 * @KDBUS_RULE_BY_OLD_ID: &kdbus_match_event.old_id
 * @KDBUS_RULE_BY_NEW_ID: &kdbus_match_event.new_id
 * @KDBUS_RULE_BY_NAME: &kdbus_match_event.name, or a name of the sender
 * @KDBUS_RULE_BY_SENDER: &kdbus_match_signal.src_id
 *
 * The most selective last.
 */
enum kdbus_rule_by {
	KDBUS_RULE_BY_NOTHING,
	KDBUS_RULE_BY_OLD_ID,
	KDBUS_RULE_BY_NEW_ID,
	KDBUS_RULE_BY_NAME,
	KDBUS_RULE_BY_SENDER,
};

/**
 * struct kdbus_rule_key - names a topic
 * @kind: what
 * @by: which of the following
 * @id: an id, or 0
 * @name: a name, or empty; borrowed
 */
struct kdbus_rule_key {
	enum kdbus_rule_kind kind;
	enum kdbus_rule_by by;
	u64 id;
	const char *name;
};

int kdbus_rules_check(const struct kdbus_item *items, size_t items_size, size_t bloom_size);
bool kdbus_rules_accept_signal(const void *rules, size_t rules_size,
			       const struct kdbus_match_signal *sig);
bool kdbus_rules_accept_event(const void *rules, size_t rules_size,
			      const struct kdbus_match_event *ev);
enum kdbus_rule_kind kdbus_rule_kind_of(u64 type);
bool kdbus_rules_classify(const void *rules, size_t rules_size, size_t bloom_size,
			  struct kdbus_rule_key *key, struct kdbus_bits *bits);

#endif
