// SPDX-License-Identifier: GPL-2.0
/* The rules of a match: what satisfies them, and how to find them */

#include <linux/errno.h>
#include <linux/string.h>

#include "bloom.h"
#include "item.h"
#include "rule.h"
#include "wellknown.h"

static bool id_accepts(u64 wanted, u64 id)
{
	return wanted == KDBUS_MATCH_ID_ANY || wanted == id;
}

/* The name a NAME_* rule asks for, or NULL. */
static const char *rule_name(const struct kdbus_item *rule)
{
	if (kdbus_item_payload_size(rule) == sizeof(rule->name_change))
		return NULL;
	return rule->name_change.name;
}

static bool rule_accepts_signal(const struct kdbus_item *rule,
				const struct kdbus_match_signal *sig)
{
	switch (rule->type) {
	case KDBUS_ITEM_BLOOM_MASK:
		return kdbus_bloom_match(rule->data64, kdbus_item_payload_size(rule),
					 sig->filter->data, sig->filter->generation,
					 sig->filter_size);
	case KDBUS_ITEM_ID:
		return id_accepts(rule->id, sig->src_id);
	case KDBUS_ITEM_DST_ID:
		return id_accepts(rule->id, sig->dst_id);
	case KDBUS_ITEM_NAME:
		return sig->sends_as(sig, rule->str);
	default:
		return false;
	}
}

static bool rule_accepts_event(const struct kdbus_item *rule, const struct kdbus_match_event *ev)
{
	const char *name;

	if (rule->type != ev->type)
		return false;

	switch (ev->type) {
	case KDBUS_ITEM_ID_ADD:
		return id_accepts(rule->id_change.id, ev->new_id);
	case KDBUS_ITEM_ID_REMOVE:
		return id_accepts(rule->id_change.id, ev->old_id);
	default:
		name = rule_name(rule);
		return id_accepts(rule->name_change.old_id.id, ev->old_id) &&
		       id_accepts(rule->name_change.new_id.id, ev->new_id) &&
		       (!name || !strcmp(name, ev->name));
	}
}

/**
 * kdbus_rules_check() - check what the item parser does not know about rules
 * @items: checked items of MATCH_ADD
 * @items_size: bytes of @items
 * @bloom_size: bytes of the bus's bloom filters
 *
 * Context: Any.
 * Return: 0; for the first bad item -EDOM if it is a mask that is not one or more
 * blocks of @bloom_size, -EINVAL if it is a bad name.
 */
int kdbus_rules_check(const struct kdbus_item *items, size_t items_size, size_t bloom_size)
{
	const struct kdbus_item *item;

	KDBUS_ITEMS_FOREACH(item, items, items_size) {
		size_t size = kdbus_item_payload_size(item);

		if (item->type == KDBUS_ITEM_BLOOM_MASK && (!size || size % bloom_size))
			return -EDOM;
		if (item->type == KDBUS_ITEM_NAME &&
		    !kdbus_wellknown_is_valid(item->str, size - 1, false))
			return -EINVAL;
	}
	return 0;
}

/**
 * kdbus_rules_accept_signal() - are all rules satisfied?
 * @rules: items that passed kdbus_rules_check()
 * @rules_size: bytes of @rules
 * @sig: the signal
 *
 * Context: RCU read lock held, as the signal's callbacks want it.
 * Return: true if they are, or if there are none.
 */
bool kdbus_rules_accept_signal(const void *rules, size_t rules_size,
			       const struct kdbus_match_signal *sig)
{
	const struct kdbus_item *rule;

	KDBUS_ITEMS_FOREACH(rule, rules, rules_size)
		if (!rule_accepts_signal(rule, sig))
			return false;
	return true;
}

/**
 * kdbus_rules_accept_event() - are all rules satisfied?
 * @rules: items that passed kdbus_rules_check()
 * @rules_size: bytes of @rules
 * @ev: the notification
 *
 * Context: Any.
 * Return: true if they are, or if there are none.
 */
bool kdbus_rules_accept_event(const void *rules, size_t rules_size,
			      const struct kdbus_match_event *ev)
{
	const struct kdbus_item *rule;

	KDBUS_ITEMS_FOREACH(rule, rules, rules_size)
		if (!rule_accepts_event(rule, ev))
			return false;
	return true;
}

/**
 * kdbus_rule_kind_of() - what kind of broadcast an item stands for
 * @type: type of a rule, or of the item of a notification
 *
 * Context: Any.
 * Return: the kind; %KDBUS_RULE_SIGNAL for what is no notification.
 */
enum kdbus_rule_kind kdbus_rule_kind_of(u64 type)
{
	switch (type) {
	case KDBUS_ITEM_NAME_ADD:
		return KDBUS_RULE_NAME_ADD;
	case KDBUS_ITEM_NAME_REMOVE:
		return KDBUS_RULE_NAME_REMOVE;
	case KDBUS_ITEM_NAME_CHANGE:
		return KDBUS_RULE_NAME_CHANGE;
	case KDBUS_ITEM_ID_ADD:
		return KDBUS_RULE_ID_ADD;
	case KDBUS_ITEM_ID_REMOVE:
		return KDBUS_RULE_ID_REMOVE;
	default:
		return KDBUS_RULE_SIGNAL;
	}
}

static void key_prefer(struct kdbus_rule_key *key, enum kdbus_rule_by by, u64 id, const char *name)
{
	if (by <= key->by)
		return;
	key->by = by;
	key->id = id;
	key->name = name;
}

/* Neither any nor no connection: an id worth being a key. */
static void key_prefer_id(struct kdbus_rule_key *key, enum kdbus_rule_by by, u64 id)
{
	if (id && id != KDBUS_MATCH_ID_ANY)
		key_prefer(key, by, id, "");
}

static void key_narrow(struct kdbus_rule_key *key, const struct kdbus_item *rule)
{
	switch (rule->type) {
	case KDBUS_ITEM_ID:
		key_prefer_id(key, KDBUS_RULE_BY_SENDER, rule->id);
		break;
	case KDBUS_ITEM_NAME:
		key_prefer(key, KDBUS_RULE_BY_NAME, 0, rule->str);
		break;
	case KDBUS_ITEM_NAME_ADD:
	case KDBUS_ITEM_NAME_REMOVE:
	case KDBUS_ITEM_NAME_CHANGE:
		if (rule_name(rule))
			key_prefer(key, KDBUS_RULE_BY_NAME, 0, rule_name(rule));
		key_prefer_id(key, KDBUS_RULE_BY_OLD_ID, rule->name_change.old_id.id);
		key_prefer_id(key, KDBUS_RULE_BY_NEW_ID, rule->name_change.new_id.id);
		break;
	case KDBUS_ITEM_ID_ADD:
		key_prefer_id(key, KDBUS_RULE_BY_NEW_ID, rule->id_change.id);
		break;
	case KDBUS_ITEM_ID_REMOVE:
		key_prefer_id(key, KDBUS_RULE_BY_OLD_ID, rule->id_change.id);
		break;
	}
}

/**
 * kdbus_rules_classify() - what all broadcasts have that satisfy the rules
 * @rules: items that passed kdbus_rules_check()
 * @rules_size: bytes of @rules
 * @bloom_size: bytes of the bus's bloom filters
 * @key: the topic of such broadcasts; its name borrowed from @rules
 * @bits: in the folded filter of such broadcasts
 *
 * Context: Any.
 * Return: false if no broadcast can satisfy them; @key and @bits mean nothing then.
 */
bool kdbus_rules_classify(const void *rules, size_t rules_size, size_t bloom_size,
			  struct kdbus_rule_key *key, struct kdbus_bits *bits)
{
	const struct kdbus_item *rule;

	*key = (struct kdbus_rule_key){ .kind = KDBUS_RULE_EVERYTHING, .name = "" };
	memset(bits, 0, sizeof(*bits));

	KDBUS_ITEMS_FOREACH(rule, rules, rules_size) {
		enum kdbus_rule_kind kind = kdbus_rule_kind_of(rule->type);

		if (key->kind != KDBUS_RULE_EVERYTHING && key->kind != kind)
			return false;
		if (rule->type == KDBUS_ITEM_DST_ID &&
		    !id_accepts(rule->id, KDBUS_DST_ID_BROADCAST))
			return false;
		key->kind = kind;
		key_narrow(key, rule);
		if (rule->type == KDBUS_ITEM_BLOOM_MASK)
			kdbus_bloom_fold_mask(bits, rule->data64, kdbus_item_payload_size(rule),
					      bloom_size);
	}
	return true;
}
