// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * translate.c - match rules of D-Bus as items of the kernel's MATCH_ADD
 *
 * The kernel compares bits, ids and names, so what it lets through is a superset of what the rule
 * wants; kbus_match_test() decides on arrival. NameOwnerChanged is no message to the kernel but five
 * kinds of notifications, hence the many entries of rules that could mean it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/kdbus.h>

#include "match.h"
#include "names.h"

#define ITEM_HEADER	offsetof(struct kdbus_item, data)
#define ALIGN8(n)	(((n) + 7ULL) & ~7ULL)

/* Items of one entry; the largest has two ids, a mask and a name. */
struct items {
	uint64_t data[(KBUS_BLOOM_MAX + KBUS_NAME_MAX + 161) / 8];
	size_t size;
};

/* Append an item; its payload is 0 and for the caller to fill. */
static struct kdbus_item *add_item(struct items *items, uint64_t type, size_t payload)
{
	struct kdbus_item *item = (void *)((uint8_t *)items->data + items->size);
	const size_t size = ITEM_HEADER + payload;

	memset(item, 0, ALIGN8(size));
	item->size = size;
	item->type = type;
	items->size += ALIGN8(size);
	return item;
}

static void add_id(struct items *items, uint64_t type, uint64_t id)
{
	add_item(items, type, sizeof(uint64_t))->id = id;
}

/* The bits of all that the rule asks and senders hash. */
static void fill_mask(const struct kbus_match *m, const struct kbus_bloom *bloom, uint64_t *mask)
{
	char key[32];
	size_t i;

	if (m->type == KBUS_SIGNAL)
		kbus_bloom_add_pair(bloom, mask, "message-type", "signal", 6);
	if (m->interface)
		kbus_bloom_add_pair(bloom, mask, "interface", m->interface, strlen(m->interface));
	if (m->member)
		kbus_bloom_add_pair(bloom, mask, "member", m->member, strlen(m->member));
	if (m->path)
		kbus_bloom_add_pair(bloom, mask, "path", m->path, strlen(m->path));
	/* Everything is below "/". */
	if (m->path_namespace && m->path_namespace[1])
		kbus_bloom_add_pair(bloom, mask, "path-slash-prefix", m->path_namespace,
				    strlen(m->path_namespace));
	for (i = 0; i < m->n_args; i++) {
		if (m->args[i].kind == KBUS_ARG_PATH)
			continue;
		snprintf(key, sizeof(key), "arg%u%s", m->args[i].index,
			 m->args[i].kind == KBUS_ARG_NAMESPACE ? "-dot-prefix" : "");
		kbus_bloom_add_pair(bloom, mask, key, m->args[i].value,
				    strlen(m->args[i].value));
	}
}

/* Is this a rule for NameOwnerChanged of the bus and nothing else? No client sends that one. */
static bool is_owner_changed_only(const struct kbus_match *m)
{
	return m->sender && strcmp(m->sender, KBUS_DRIVER_NAME) == 0 && m->member &&
	       strcmp(m->member, "NameOwnerChanged") == 0;
}

/* The entry for signals that clients send. */
static int add_signals(const struct kbus_match *m, const struct kbus_bloom *bloom,
		       kbus_match_entry_fn add, void *context)
{
	struct items items = {};
	struct kdbus_item *item;
	uint64_t id;

	if (m->type && m->type != KBUS_SIGNAL)
		return 0;
	if (is_owner_changed_only(m))
		return 0;
	if (m->sender && m->sender[0] == ':') {
		if (!kbus_unique_parse(m->sender, &id))
			return 0;
		add_id(&items, KDBUS_ITEM_ID, id);
	}
	if (m->destination) {
		/* What has a destination comes without a match; only a broadcast could need one. */
		if (!kbus_unique_parse(m->destination, &id))
			return 0;
		add_id(&items, KDBUS_ITEM_DST_ID, id);
	}
	item = add_item(&items, KDBUS_ITEM_BLOOM_MASK, bloom->size);
	fill_mask(m, bloom, (uint64_t *)(void *)item->data);
	if (m->sender && m->sender[0] != ':') {
		item = add_item(&items, KDBUS_ITEM_NAME, strlen(m->sender) + 1);
		strcpy(item->str, m->sender);
	}
	return add(context, items.data, items.size);
}

/*
 * One side of a change as a rule sees it.
 * @is_asked: the rule names this side
 * @id: which owner; 0 is none, %KDBUS_MATCH_ID_ANY any
 */
struct side {
	bool is_asked;
	uint64_t id;
};

static bool parse_side(const struct kbus_match_arg *arg, struct side *side)
{
	side->is_asked = arg->kind == KBUS_ARG_EQUAL;
	side->id = KDBUS_MATCH_ID_ANY;
	if (!side->is_asked)
		return true;
	if (!*arg->value) {
		side->id = 0;
		return true;
	}
	return kbus_unique_parse(arg->value, &side->id);
}

/* Does what the rule says of the message itself fit NameOwnerChanged? */
static bool may_be_owner_changed(const struct kbus_match *m)
{
	if (m->type && m->type != KBUS_SIGNAL)
		return false;
	if (m->destination)
		return false;
	if (m->sender && strcmp(m->sender, KBUS_DRIVER_NAME) != 0)
		return false;
	if (m->interface && strcmp(m->interface, KBUS_DRIVER_INTERFACE) != 0)
		return false;
	if (m->member && strcmp(m->member, "NameOwnerChanged") != 0)
		return false;
	if (m->path && strcmp(m->path, KBUS_DRIVER_PATH) != 0)
		return false;
	return !m->path_namespace ||
	       strncmp(KBUS_DRIVER_PATH, m->path_namespace, strlen(m->path_namespace)) == 0;
}

/*
 * An entry for one kind of notification about names.
 * An activator counts as no owner, so "no owner" may be one on both sides of a NAME_CHANGE.
 */
static int add_name_kind(uint64_t type, const char *name, const struct side *old_side,
			 const struct side *new_side, kbus_match_entry_fn add, void *context)
{
	struct items items = {};
	struct kdbus_item *item;
	uint64_t old_id = old_side->id, new_id = new_side->id;

	if (type == KDBUS_ITEM_NAME_ADD && old_side->is_asked && old_id)
		return 0;
	if (type == KDBUS_ITEM_NAME_REMOVE && new_side->is_asked && new_id)
		return 0;
	item = add_item(&items, type, sizeof(item->name_change) + (name ? strlen(name) + 1 : 0));
	item->name_change.old_id.id = old_id ?: KDBUS_MATCH_ID_ANY;
	item->name_change.new_id.id = new_id ?: KDBUS_MATCH_ID_ANY;
	if (name)
		strcpy(item->name_change.name, name);
	return add(context, items.data, items.size);
}

static int add_id_kind(uint64_t type, uint64_t id, kbus_match_entry_fn add, void *context)
{
	struct items items = {};

	add_item(&items, type, sizeof(struct kdbus_notify_id_change))->id_change.id = id;
	return add(context, items.data, items.size);
}

/* A unique name: it comes with the id as its new owner, and goes with it as its old one. */
static int add_ids(uint64_t id, const struct side *old_side, const struct side *new_side,
		   kbus_match_entry_fn add, void *context)
{
	int r = 0;

	if (id == KDBUS_MATCH_ID_ANY && old_side->is_asked && old_side->id)
		id = old_side->id;
	if (id == KDBUS_MATCH_ID_ANY && new_side->is_asked && new_side->id)
		id = new_side->id;
	if (!(old_side->is_asked && old_side->id))
		r = add_id_kind(KDBUS_ITEM_ID_ADD, id, add, context);
	if (r == 0 && !(new_side->is_asked && new_side->id))
		r = add_id_kind(KDBUS_ITEM_ID_REMOVE, id, add, context);
	return r;
}

/* The entries for NameOwnerChanged. */
static int add_owner_changed(const struct kbus_match *m, kbus_match_entry_fn add, void *context)
{
	struct side old_side = { .id = KDBUS_MATCH_ID_ANY }, new_side = old_side;
	uint64_t id = KDBUS_MATCH_ID_ANY;
	const char *name = NULL;
	size_t i;
	int r = 0;

	for (i = 0; i < m->n_args; i++) {
		if (m->args[i].index > 2)
			return 0;
		if (m->args[i].index == 1 && !parse_side(&m->args[i], &old_side))
			return 0;
		if (m->args[i].index == 2 && !parse_side(&m->args[i], &new_side))
			return 0;
		if (m->args[i].index == 0 && m->args[i].kind == KBUS_ARG_EQUAL)
			name = m->args[i].value;
	}
	if (!name || name[0] != ':') {
		r = add_name_kind(KDBUS_ITEM_NAME_ADD, name, &old_side, &new_side, add, context);
		r = r ?: add_name_kind(KDBUS_ITEM_NAME_REMOVE, name, &old_side, &new_side, add,
				       context);
		r = r ?: add_name_kind(KDBUS_ITEM_NAME_CHANGE, name, &old_side, &new_side, add,
				       context);
	}
	if (r == 0 && (!name || kbus_unique_parse(name, &id)))
		r = add_ids(id, &old_side, &new_side, add, context);
	return r;
}

/**
 * kbus_match_translate() - a rule in the kernel's terms
 * @match: the rule
 * @bloom: how this bus hashes; valid
 * @add: called for each entry, at most %KBUS_MATCH_ENTRIES times, with items for MATCH_ADD
 * @context: for @add
 *
 * A rule that no broadcast can fulfil has no entries.
 *
 * Return: 0, or what @add returned if that was not 0.
 */
int kbus_match_translate(const struct kbus_match *match, const struct kbus_bloom *bloom,
			 kbus_match_entry_fn add, void *context)
{
	int r = add_signals(match, bloom, add, context);

	if (r == 0 && may_be_owner_changed(match))
		r = add_owner_changed(match, add, context);
	return r;
}
