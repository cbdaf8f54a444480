// SPDX-License-Identifier: LGPL-2.1-or-later
/* policy.c - who may send what to a name; policy.h is the overview */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"

enum context { DEFAULT, GROUP, USER, MANDATORY };

/* One line. Strings lie in the text of the policy; NULL does not narrow the rule. */
struct rule {
	bool allow;
	enum context context;
	uint32_t id;		/* of a group or user */
	const char *destination;
	const char *prefix;	/* this name and all below it */
	const char *interface;
	const char *member;
	const char *path;
	const char *error;
	uint8_t type;		/* of messages; 0 for all */
	uint32_t min_fds, max_fds;
};

struct kbus_policy {
	char *text;		/* owned */
	struct rule *rules;	/* owned */
	size_t n_rules;
};

static int read_number(const char *text, uint32_t *ret)
{
	unsigned long long value;
	char *end;

	if (!text || *text < '0' || *text > '9')
		return -EBADMSG;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end || value > UINT32_MAX)
		return -EBADMSG;
	*ret = value;
	return 0;
}

static int read_type(const char *text, uint8_t *ret)
{
	static const char *const types[] = {
		[KBUS_METHOD_CALL] = "method_call",
		[KBUS_METHOD_RETURN] = "method_return",
		[KBUS_ERROR] = "error",
		[KBUS_SIGNAL] = "signal",
	};
	uint8_t i;

	for (i = KBUS_METHOD_CALL; i <= KBUS_SIGNAL; i++) {
		if (strcmp(text, types[i]) == 0) {
			*ret = i;
			return 0;
		}
	}
	return -EBADMSG;
}

static int read_condition(struct rule *rule, char *word)
{
	const struct {
		const char *key;
		const char **value;
	} texts[] = {
		{ "destination", &rule->destination },
		{ "prefix", &rule->prefix },
		{ "interface", &rule->interface },
		{ "member", &rule->member },
		{ "path", &rule->path },
		{ "error", &rule->error },
	};
	char *value = strchr(word, '=');
	size_t i;

	if (!value)
		return -EBADMSG;
	*value++ = '\0';
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (strcmp(word, texts[i].key) == 0) {
			*texts[i].value = value;
			return 0;
		}
	}
	if (strcmp(word, "type") == 0)
		return read_type(value, &rule->type);
	if (strcmp(word, "min_fds") == 0)
		return read_number(value, &rule->min_fds);
	if (strcmp(word, "max_fds") == 0)
		return read_number(value, &rule->max_fds);
	return -EBADMSG;
}

static int read_context(struct rule *rule, char **save)
{
	static const char *const names[] = { "default", "group", "user", "mandatory" };
	const char *word = strtok_r(NULL, " ", save);
	size_t i;

	for (i = 0; word && i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(word, names[i]) != 0)
			continue;
		rule->context = i;
		return i == GROUP || i == USER ? read_number(strtok_r(NULL, " ", save), &rule->id) :
						 0;
	}
	return -EBADMSG;
}

static int read_rule(struct rule *rule, char *line)
{
	char *save, *word = strtok_r(line, " ", &save);
	int r;

	*rule = (struct rule){ .max_fds = UINT32_MAX };
	if (!word || (strcmp(word, "allow") != 0 && strcmp(word, "deny") != 0))
		return -EBADMSG;
	rule->allow = *word == 'a';
	r = read_context(rule, &save);
	while (r == 0 && (word = strtok_r(NULL, " ", &save)))
		r = read_condition(rule, word);
	return r;
}

static size_t count_lines(const char *text)
{
	size_t n = 1;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/**
 * kbus_policy_parse() - read rules
 * @text: lines, see policy.h; copied
 * @size: bytes at @text
 * @ret: the policy, for kbus_policy_free()
 *
 * Return: 0, -EBADMSG for a text that is none of ours, or -ENOMEM.
 */
int kbus_policy_parse(const char *text, size_t size, struct kbus_policy **ret)
{
	struct kbus_policy *policy;
	char *line, *save;
	int r = 0;

	if (memchr(text, '\0', size))
		return -EBADMSG;
	policy = calloc(1, sizeof(*policy));
	if (!policy)
		return -ENOMEM;
	policy->text = strndup(text, size);
	if (policy->text)
		policy->rules = calloc(count_lines(policy->text), sizeof(*policy->rules));
	if (!policy->rules)
		r = -ENOMEM;
	for (line = r ? NULL : strtok_r(policy->text, "\n", &save); r == 0 && line;
	     line = strtok_r(NULL, "\n", &save))
		r = read_rule(&policy->rules[policy->n_rules++], line);
	if (r < 0) {
		kbus_policy_free(policy);
		return r;
	}
	*ret = policy;
	return 0;
}

/**
 * kbus_policy_free() - free a policy
 * @policy: or NULL
 */
void kbus_policy_free(struct kbus_policy *policy)
{
	if (!policy)
		return;
	free(policy->rules);
	free(policy->text);
	free(policy);
}

static bool is_below(const char *name, const char *prefix)
{
	const size_t size = strlen(prefix);

	return strncmp(name, prefix, size) == 0 && (!name[size] || name[size] == '.');
}

static bool names_receiver(const struct rule *rule, const struct kbus_policy_question *question)
{
	size_t i;

	if (!rule->destination && !rule->prefix)
		return true;
	for (i = 0; i < question->n_names; i++)
		if (rule->destination ? strcmp(question->names[i], rule->destination) == 0 :
					is_below(question->names[i], rule->prefix))
			return true;
	return false;
}

/**
 * kbus_policy_is_fine() - do rules about this name ask for more than who sends?
 * @policy: the policy
 * @name: well-known name
 *
 * Rules that the kernel enforces alone need no second verdict. Those that speak of no name count when
 * they ask for an interface, a member or a path; every policy has some on types alone.
 *
 * Return: whether messages to the name have to be judged.
 */
bool kbus_policy_is_fine(const struct kbus_policy *policy, const char *name)
{
	const struct kbus_policy_question question = { .names = &name, .n_names = 1 };
	const struct rule *rule;
	size_t i;

	for (i = 0; i < policy->n_rules; i++) {
		rule = &policy->rules[i];
		if (!names_receiver(rule, &question))
			continue;
		if (rule->interface || rule->member || rule->path)
			return true;
		if ((rule->destination || rule->prefix) &&
		    (rule->error || rule->type || rule->min_fds || rule->max_fds < UINT32_MAX))
			return true;
	}
	return false;
}

static bool concerns_sender(const struct rule *rule, const struct kbus_policy_question *question)
{
	size_t i;

	if (rule->context == USER)
		return rule->id == question->uid;
	if (rule->context != GROUP)
		return true;
	for (i = 0; i < question->n_gids; i++)
		if (rule->id == question->gids[i])
			return true;
	return false;
}

/* A message that does not have the field is not told from one that fits. */
static bool fits(const char *wanted, const char *seen)
{
	return !wanted || !seen || strcmp(wanted, seen) == 0;
}

static bool fits_message(const struct rule *rule, const struct kbus_header *header)
{
	if (rule->type && rule->type != header->type)
		return false;
	/* Calls need not name their interface; then what is denied for any is denied. */
	if (rule->interface && !header->interface && rule->allow)
		return false;
	return fits(rule->interface, header->interface) && fits(rule->member, header->member) &&
	       fits(rule->path, header->path) && fits(rule->error, header->error_name) &&
	       header->n_fds >= rule->min_fds && header->n_fds <= rule->max_fds;
}

/**
 * kbus_policy_allows() - the verdict
 * @policy: the policy
 * @question: who sends what to whom
 *
 * Return: whether the receiver may see the message.
 */
bool kbus_policy_allows(const struct kbus_policy *policy,
			const struct kbus_policy_question *question)
{
	enum context context;
	const struct rule *rule;
	bool allowed = false;
	size_t i;

	for (context = DEFAULT; context <= MANDATORY; context++) {
		for (i = 0; i < policy->n_rules; i++) {
			rule = &policy->rules[i];
			if (rule->context == context && concerns_sender(rule, question) &&
			    names_receiver(rule, question) && fits_message(rule, question->header))
				allowed = rule->allow;
		}
	}
	return allowed;
}
