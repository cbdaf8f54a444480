// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * policy.c - reduce the rules of a D-Bus policy to grants of the kernel; policy.h is the overview
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kdbus.h>

#include "../core/names.h"
#include "policy.h"

/* Everybody, one group, or one user: for whom a verdict is sought. */
struct audience {
	enum policy_context context;	/* DEFAULT stands for everybody */
	uint32_t id;
};

/**
 * policy_add() - append a rule
 * @policy: where to
 * @rule: copied, its name too
 *
 * Return: 0 or -ENOMEM.
 */
int policy_add(struct policy *policy, const struct policy_rule *rule)
{
	struct policy_rule *rules = policy->rules;
	size_t n = policy->n_allocated;
	char *name = NULL;

	if (policy->n_rules == n) {
		n = n ? 2 * n : 64;
		rules = reallocarray(rules, n, sizeof(*rules));
		if (!rules)
			return -ENOMEM;
		policy->rules = rules;
		policy->n_allocated = n;
	}
	if (rule->name) {
		name = strdup(rule->name);
		if (!name)
			return -ENOMEM;
	}
	rules[policy->n_rules] = *rule;
	rules[policy->n_rules++].name = name;
	return 0;
}

/**
 * policy_add_text() - append a rule about sending as receivers read it
 * @policy: where to
 * @scope: its context and id count
 * @allow: the rule allows, else it denies
 * @conditions: " KEY=VALUE" for each
 *
 * Who is at the console is known to nobody here: everybody may be, so only what is allowed counts.
 *
 * Return: 0 or -ENOMEM.
 */
int policy_add_text(struct policy *policy, const struct policy_rule *scope, bool allow,
		    const char *conditions)
{
	static const char * const contexts[] = {
		[POLICY_DEFAULT] = "default",
		[POLICY_GROUP] = "group",
		[POLICY_USER] = "user",
		[POLICY_CONSOLE] = "default",
		[POLICY_MANDATORY] = "mandatory",
	};
	char id[16] = "", *text;
	int size;

	if (scope->context == POLICY_CONSOLE && !allow)
		return 0;
	if (scope->context == POLICY_GROUP || scope->context == POLICY_USER)
		snprintf(id, sizeof(id), " %u", scope->id);
	size = asprintf(&text, "%s%s %s%s%s\n", policy->text ? policy->text : "",
			allow ? "allow" : "deny", contexts[scope->context], id, conditions);
	if (size < 0)
		return -ENOMEM;
	free(policy->text);
	policy->text = text;
	policy->text_size = size;
	return 0;
}

/**
 * policy_deinit() - free all rules
 * @policy: empty afterwards
 */
void policy_deinit(struct policy *policy)
{
	size_t i;

	for (i = 0; i < policy->n_rules; i++)
		free(policy->rules[i].name);
	free(policy->rules);
	free(policy->text);
	*policy = (struct policy){ 0 };
}

/*
 * Does the rule speak of @name? @name may be "a.b.*", and is covered then by rules on that prefix
 * or a shorter one.
 */
static bool rule_covers(const struct policy_rule *rule, const char *name)
{
	size_t length;

	if (!rule->name)
		return true;
	if (!rule->prefix)
		return !strcmp(rule->name, name);
	length = strlen(rule->name);
	return !strncmp(rule->name, name, length) && (!name[length] || name[length] == '.');
}

static bool rule_concerns(const struct policy_rule *rule, struct audience audience)
{
	switch (rule->context) {
	case POLICY_DEFAULT:
	case POLICY_MANDATORY:
		return true;
	case POLICY_CONSOLE:
		/* Who is at the console is nothing that the kernel knows: all may be. */
		return !rule->own && rule->allow;
	default:
		return rule->context == audience.context && rule->id == audience.id;
	}
}

/* The last rule that speaks of the name wins, contexts being taken in their order. */
static bool is_allowed(const struct policy *policy, struct audience audience, const char *name,
		       bool own)
{
	enum policy_context context;
	const struct policy_rule *rule;
	bool allowed = false;
	size_t i;

	for (context = POLICY_DEFAULT; context <= POLICY_MANDATORY; context++) {
		for (i = 0; i < policy->n_rules; i++) {
			rule = &policy->rules[i];
			if (rule->context != context || rule->own != own ||
			    !rule_concerns(rule, audience) || !rule_covers(rule, name))
				continue;
			/* A condition that the kernel cannot check is taken for met by who asks. */
			if (rule->allow || rule->exact)
				allowed = rule->allow;
		}
	}
	return allowed;
}

/* Is somebody of a narrower context denied to own what @audience may? A grant cannot except him. */
static bool has_exception(const struct policy *policy, struct audience audience, const char *name)
{
	const struct policy_rule *rule;
	size_t i;

	for (i = 0; i < policy->n_rules; i++) {
		rule = &policy->rules[i];
		if (rule->own && !rule->allow && rule->context > audience.context &&
		    rule->context < POLICY_MANDATORY && rule_covers(rule, name))
			return true;
	}
	return false;
}

/* The highest level that the audience gets: 0 for none. */
static uint64_t find_access(struct policy *policy, struct audience audience, const char *name)
{
	if (is_allowed(policy, audience, name, true)) {
		if (!has_exception(policy, audience, name))
			return KDBUS_POLICY_OWN;
		policy->n_unexpressed++;
	}
	return is_allowed(policy, audience, name, false) ? KDBUS_POLICY_TALK : 0;
}

static int add_grant(struct policy_entry *entry, uint64_t type, uint64_t id, uint64_t access)
{
	struct policy_grant *grants;
	size_t i;

	for (i = 0; i < entry->n_grants; i++)
		if (entry->grants[i].type == type && entry->grants[i].id == id)
			return 0;
	grants = reallocarray(entry->grants, entry->n_grants + 1, sizeof(*grants));
	if (!grants)
		return -ENOMEM;
	entry->grants = grants;
	grants[entry->n_grants++] = (struct policy_grant){
		.type = type,
		.access = access,
		.id = id,
	};
	return 0;
}

/* Fill in who gets what for the entry's name: everybody, then who gets more than everybody. */
static int fill_entry(struct policy *policy, struct policy_entry *entry)
{
	struct audience audience = { .context = POLICY_DEFAULT };
	uint64_t world, access;
	size_t i;
	int r;

	world = find_access(policy, audience, entry->name);
	if (world) {
		r = add_grant(entry, KDBUS_POLICY_ACCESS_WORLD, 0, world);
		if (r < 0)
			return r;
	}
	for (i = 0; i < policy->n_rules; i++) {
		audience.context = policy->rules[i].context;
		audience.id = policy->rules[i].id;
		if (audience.context != POLICY_GROUP && audience.context != POLICY_USER)
			continue;
		access = find_access(policy, audience, entry->name);
		if (access <= world)
			continue;
		r = add_grant(entry, audience.context == POLICY_USER ? KDBUS_POLICY_ACCESS_USER :
			      KDBUS_POLICY_ACCESS_GROUP, audience.id, access);
		if (r < 0)
			return r;
	}
	return 0;
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct policy_entry *)a)->name,
		      ((const struct policy_entry *)b)->name);
}

/* Append an entry for the name; twice the same one is removed later. */
static int add_entry(struct policy_table *table, const char *name, const char *suffix)
{
	struct policy_entry *entries;
	char *text;

	entries = reallocarray(table->entries, table->n_entries + 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	table->entries = entries;
	if (asprintf(&text, "%s%s", name, suffix) < 0)
		return -ENOMEM;
	entries[table->n_entries++] = (struct policy_entry){ .name = text };
	return 0;
}

static void remove_duplicates(struct policy_table *table)
{
	size_t i, n = 0;

	for (i = 0; i < table->n_entries; i++) {
		if (n && !strcmp(table->entries[n - 1].name, table->entries[i].name))
			free(table->entries[i].name);
		else
			table->entries[n++] = table->entries[i];
	}
	table->n_entries = n;
}

/* Collect the names that rules speak of. What is allowed for any name covers only these. */
static int collect_names(struct policy *policy, struct policy_table *table)
{
	const struct policy_rule *rule;
	size_t i;
	int r = 0;

	for (i = 0; !r && i < policy->n_rules; i++) {
		rule = &policy->rules[i];
		if (!rule->name) {
			/* Root owns the system bus and needs no grant. */
			if (rule->allow && (rule->context != POLICY_USER || rule->id))
				policy->n_unexpressed++;
			continue;
		}
		if (!kbus_well_known_is_valid(rule->name, strlen(rule->name))) {
			policy->n_unexpressed++;
			continue;
		}
		r = add_entry(table, rule->name, "");
		if (!r && rule->prefix)
			r = add_entry(table, rule->name, ".*");
	}
	return r;
}

/**
 * policy_reduce() - work out what the kernel shall grant
 * @policy: the rules; counts in n_unexpressed what is lost
 * @table: filled on success; policy_table_deinit() it
 *
 * Return: 0 or -ENOMEM.
 */
int policy_reduce(struct policy *policy, struct policy_table *table)
{
	size_t i;
	int r;

	*table = (struct policy_table){ 0 };
	r = collect_names(policy, table);
	if (!r && table->n_entries) {
		qsort(table->entries, table->n_entries, sizeof(*table->entries), compare_entries);
		remove_duplicates(table);
	}
	for (i = 0; !r && i < table->n_entries; i++)
		r = fill_entry(policy, &table->entries[i]);
	if (r)
		policy_table_deinit(table);
	return r;
}

/**
 * policy_table_find() - the entry of a name
 * @table: a reduction
 * @name: exactly as in the entry
 *
 * Return: the entry, borrowed from the table, or NULL.
 */
const struct policy_entry *policy_table_find(const struct policy_table *table, const char *name)
{
	struct policy_entry key = { .name = (char *)name };

	if (!table->n_entries)
		return NULL;
	return bsearch(&key, table->entries, table->n_entries, sizeof(key), compare_entries);
}

/**
 * policy_entry_equal() - do two entries say the same?
 * @a: an entry, or NULL for one without grants
 * @b: another
 *
 * Return: whether their grants are the same; the names are not looked at.
 */
bool policy_entry_equal(const struct policy_entry *a, const struct policy_entry *b)
{
	size_t n = a ? a->n_grants : 0;

	if (n != (b ? b->n_grants : 0))
		return false;
	return !n || !memcmp(a->grants, b->grants, n * sizeof(*a->grants));
}

/**
 * policy_table_deinit() - free a reduction
 * @table: empty afterwards
 */
void policy_table_deinit(struct policy_table *table)
{
	size_t i;

	for (i = 0; i < table->n_entries; i++) {
		free(table->entries[i].name);
		free(table->entries[i].grants);
	}
	free(table->entries);
	*table = (struct policy_table){ 0 };
}
