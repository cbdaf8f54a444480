/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * policy.h - the part of a D-Bus policy that the kernel can enforce
 *
 * DOC: Policy
 *
 * The configuration of a D-Bus bus is XML: contexts (everybody, a group, a user, mandatory) with
 * lists of rules that allow or deny, the last match winning. The kernel knows something smaller: for
 * each name a list of users and groups who may own it or talk to its owner, and what is not
 * granted is denied.
 *
 * So what is handed to the kernel is a reduction. A right to talk is reduced to the most permissive
 * superset: a rule that looks at interfaces, members or paths counts as allowing when it allows, and
 * is passed over when it denies; the finer verdict belongs to the receiving side, for which the rules
 * about sending are published whole. A right to own is never widened, since nobody checks it after the
 * kernel.
 */
#ifndef KDBUS_BUSD_POLICY_H
#define KDBUS_BUSD_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which connections a rule speaks of; later ones overrule earlier ones. */
enum policy_context {
	POLICY_DEFAULT,
	POLICY_GROUP,
	POLICY_USER,
	POLICY_CONSOLE,
	POLICY_MANDATORY,
};

/* One rule about names. */
struct policy_rule {
	enum policy_context context;
	uint32_t id;		/* uid or gid of a USER or GROUP context */
	bool allow;
	bool own;		/* about owning; otherwise about talking */
	bool prefix;		/* @name and all names below it */
	bool exact;		/* no further condition narrows the rule */
	char *name;		/* owned; NULL for any name */
};

/* All rules of a configuration, in their order. */
struct policy {
	char *text;			/* those about sending, for receivers: core/policy.h; owned */
	size_t text_size;
	struct policy_rule *rules;	/* owned */
	size_t n_rules, n_allocated;
	size_t n_unexpressed;		/* rules that no grant can stand for */
};

/* Whom a grant concerns; the values are those of the kernel. */
struct policy_grant {
	uint64_t type;		/* KDBUS_POLICY_ACCESS_USER, _GROUP, _WORLD */
	uint64_t access;	/* KDBUS_POLICY_TALK, _OWN */
	uint64_t id;
};

/* What the kernel is told about one name. */
struct policy_entry {
	char *name;			/* owned; may end in ".*" */
	struct policy_grant *grants;	/* owned; none: nobody but the bus's owner */
	size_t n_grants;
};

/* The reduction; sorted by name, so that two can be compared. */
struct policy_table {
	struct policy_entry *entries;	/* owned */
	size_t n_entries;
};

int policy_add(struct policy *policy, const struct policy_rule *rule);
int policy_add_text(struct policy *policy, const struct policy_rule *scope, bool allow,
		    const char *conditions);
void policy_deinit(struct policy *policy);

int policy_reduce(struct policy *policy, struct policy_table *table);
const struct policy_entry *policy_table_find(const struct policy_table *table, const char *name);
bool policy_entry_equal(const struct policy_entry *a, const struct policy_entry *b);
void policy_table_deinit(struct policy_table *table);

#endif /* KDBUS_BUSD_POLICY_H */
