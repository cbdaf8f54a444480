// SPDX-License-Identifier: LGPL-2.1-or-later
/* policy.c - who may send what to whom; policy.h is the overview */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"

enum context { DEFAULT, GROUP, USER, MANDATORY };

/* What a rule asks for that is true or not. */
enum choice { ANY, YES, NO };

/* One line. Strings lie in the text of the policy; NULL does not narrow the rule. */
struct rule {
	bool allow;
	bool receive;		/* about receiving, else about sending */
	enum context context;
	uint32_t id;		/* of a group or user */
	const char *destination;
	const char *prefix;	/* this name and all below it */
	const char *sender;
	const char *interface;
	const char *member;
	const char *path;
	const char *error;
	uint8_t type;		/* of messages; 0 for all */
	enum choice broadcast;
	enum choice requested_reply;
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

static int read_choice(const char *text, enum choice *ret)
{
	*ret = strcmp(text, "true") == 0 ? YES : NO;
	return *ret == YES || strcmp(text, "false") == 0 ? 0 : -EBADMSG;
}

static int read_condition(struct rule *rule, char *word)
{
	const struct {
		const char *key;
		const char **value;
	} texts[] = {
		{ "destination", &rule->destination },
		{ "prefix", &rule->prefix },
		{ "sender", &rule->sender },
		{ "interface", &rule->interface },
		{ "member", &rule->member },
		{ "path", &rule->path },
		{ "error", &rule->error },
	};
	char *value = strchr(word, '=');
	size_t i;

	if (!value) {
		rule->receive = true;
		return strcmp(word, "receive") == 0 ? 0 : -EBADMSG;
	}
	*value++ = '\0';
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (strcmp(word, texts[i].key) == 0) {
			*texts[i].value = value;
			return 0;
		}
	}
	if (strcmp(word, "type") == 0)
		return read_type(value, &rule->type);
	if (strcmp(word, "broadcast") == 0)
		return read_choice(value, &rule->broadcast);
	if (strcmp(word, "requested_reply") == 0)
		return read_choice(value, &rule->requested_reply);
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

static bool names_receiver(const struct rule *rule, const char *const *names, size_t n_names)
{
	size_t i;

	if (!rule->destination && !rule->prefix)
		return true;
	for (i = 0; i < n_names; i++)
		if (rule->destination ? strcmp(names[i], rule->destination) == 0 :
					is_below(names[i], rule->prefix))
			return true;
	return false;
}

static bool is_narrowed(const struct rule *rule)
{
	return rule->interface || rule->member || rule->path || rule->error || rule->sender ||
	       rule->min_fds || rule->max_fds < UINT32_MAX;
}

/*
 * Is a call or a signal to one of these names judged by the kernel alone? It knows who may talk to a
 * name. Rules that speak of no name count when they ask for an interface, a member or a path; every
 * policy has some on types alone.
 */
static bool is_fine(const struct kbus_policy *policy, const char *const *names, size_t n_names)
{
	const struct rule *rule;
	size_t i;

	for (i = 0; n_names && i < policy->n_rules; i++) {
		rule = &policy->rules[i];
		if (rule->receive || rule->broadcast == YES || !names_receiver(rule, names, n_names))
			continue;
		if (rule->interface || rule->member || rule->path)
			return true;
		if ((rule->destination || rule->prefix) && (rule->type || is_narrowed(rule)))
			return true;
	}
	return false;
}

/* Messages of one type that rules of one kind are about. */
struct traffic {
	bool receive;
	uint8_t type;
	bool is_broadcast;
};

/* Can the rule fit a message of @traffic to the owner of @names? */
static bool concerns_traffic(const struct rule *rule, const struct traffic *traffic,
			     const char *const *names, size_t n_names)
{
	const bool is_reply = traffic->type == KBUS_METHOD_RETURN || traffic->type == KBUS_ERROR;

	if (rule->receive != traffic->receive || (rule->type && rule->type != traffic->type))
		return false;
	if (rule->broadcast == (traffic->is_broadcast ? NO : YES))
		return false;
	if (is_reply && !rule->allow && rule->requested_reply != YES)
		return false;
	return names_receiver(rule, names, n_names);
}

/* Is all of it allowed, whoever sends it to whomever? */
static bool is_open(const struct kbus_policy *policy, const struct traffic *traffic,
		    const char *const *names, size_t n_names)
{
	enum context context;
	const struct rule *rule;
	bool open = false;
	size_t i;

	for (context = DEFAULT; context <= MANDATORY; context++) {
		for (i = 0; i < policy->n_rules; i++) {
			rule = &policy->rules[i];
			if (rule->context != context ||
			    !concerns_traffic(rule, traffic, names, n_names))
				continue;
			if (!rule->allow)
				open = false;
			else if (!is_narrowed(rule) && context != GROUP && context != USER)
				open = true;
		}
	}
	return open;
}

static bool asks_for_senders(const struct kbus_policy *policy)
{
	size_t i;

	for (i = 0; i < policy->n_rules; i++)
		if (policy->rules[i].sender)
			return true;
	return false;
}

/**
 * kbus_policy_needs() - which messages to the owner of these names have to be judged?
 * @policy: the policy
 * @names: well-known names
 * @n_names: entries at @names
 *
 * Return: of &enum kbus_policy_need.
 */
unsigned int kbus_policy_needs(const struct kbus_policy *policy, const char *const *names,
			       size_t n_names)
{
	static const struct {
		struct traffic traffic;
		unsigned int need;
	} table[] = {
		{ { .type = KBUS_SIGNAL }, KBUS_JUDGE_SIGNAL },
		{ { .type = KBUS_SIGNAL, .is_broadcast = true }, KBUS_JUDGE_BROADCAST },
		{ { .type = KBUS_METHOD_RETURN }, KBUS_JUDGE_REPLY },
		{ { .type = KBUS_ERROR }, KBUS_JUDGE_REPLY },
		{ { .receive = true, .type = KBUS_METHOD_CALL }, KBUS_JUDGE_RECEIVE },
		{ { .receive = true, .type = KBUS_METHOD_RETURN }, KBUS_JUDGE_RECEIVE },
		{ { .receive = true, .type = KBUS_ERROR }, KBUS_JUDGE_RECEIVE },
		{ { .receive = true, .type = KBUS_SIGNAL }, KBUS_JUDGE_RECEIVE },
	};
	unsigned int needs = 0;
	size_t i;

	if (is_fine(policy, names, n_names))
		needs |= KBUS_JUDGE_CALL | KBUS_JUDGE_SIGNAL;
	for (i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (!is_open(policy, &table[i].traffic, names, n_names))
			needs |= table[i].need;
	if (needs & KBUS_JUDGE_RECEIVE && asks_for_senders(policy))
		needs |= KBUS_JUDGE_SENDER_NAMES;
	return needs;
}

static bool is_broadcast(const struct kbus_header *header)
{
	return header->type == KBUS_SIGNAL && !header->destination;
}

/**
 * kbus_policy_need_of() - what says that rules about sending have to judge this message?
 * @header: of the message
 *
 * Return: one of &enum kbus_policy_need.
 */
enum kbus_policy_need kbus_policy_need_of(const struct kbus_header *header)
{
	if (header->type == KBUS_METHOD_RETURN || header->type == KBUS_ERROR)
		return KBUS_JUDGE_REPLY;
	if (header->type != KBUS_SIGNAL)
		return KBUS_JUDGE_CALL;
	return is_broadcast(header) ? KBUS_JUDGE_BROADCAST : KBUS_JUDGE_SIGNAL;
}

static bool concerns(const struct rule *rule, const struct kbus_policy_party *party)
{
	size_t i;

	if (rule->context == USER)
		return rule->id == party->uid;
	if (rule->context != GROUP)
		return true;
	for (i = 0; i < party->n_gids; i++)
		if (rule->id == party->gids[i])
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
	if (rule->broadcast != ANY && (rule->broadcast == YES) != is_broadcast(header))
		return false;
	/* It was requested, or it would not be here. */
	if (header->reply_serial && !rule->allow && rule->requested_reply != YES)
		return false;
	/* Calls need not name their interface; then what is denied for any is denied. */
	if (rule->interface && !header->interface && rule->allow)
		return false;
	return fits(rule->interface, header->interface) && fits(rule->member, header->member) &&
	       fits(rule->path, header->path) && fits(rule->error, header->error_name) &&
	       header->n_fds >= rule->min_fds && header->n_fds <= rule->max_fds;
}

static bool names_sender(const struct rule *rule, const struct kbus_policy_question *question)
{
	const char *sender = question->header->sender;

	if (!rule->sender)
		return true;
	if (rule->sender[0] == ':')
		return sender && strcmp(rule->sender, sender) == 0;
	return question->sender_owns(question->context, rule->sender);
}

static bool verdict(const struct kbus_policy *policy, bool receive,
		    const struct kbus_policy_party *party,
		    const struct kbus_policy_question *question)
{
	enum context context;
	const struct rule *rule;
	bool allowed = false;
	size_t i;

	for (context = DEFAULT; context <= MANDATORY; context++) {
		for (i = 0; i < policy->n_rules; i++) {
			rule = &policy->rules[i];
			if (rule->context == context && rule->receive == receive &&
			    concerns(rule, party) &&
			    names_receiver(rule, question->names, question->n_names) &&
			    fits_message(rule, question->header) && names_sender(rule, question))
				allowed = rule->allow;
		}
	}
	return allowed;
}

/**
 * kbus_policy_may_send() - what rules about sending say
 * @policy: the policy
 * @question: who sends what to whom
 *
 * Return: whether the sender may send the message to this receiver.
 */
bool kbus_policy_may_send(const struct kbus_policy *policy,
			  const struct kbus_policy_question *question)
{
	return verdict(policy, false, &question->sender, question);
}

/**
 * kbus_policy_may_receive() - what rules about receiving say
 * @policy: the policy
 * @question: who sends what to whom
 *
 * Return: whether the receiver may see the message.
 */
bool kbus_policy_may_receive(const struct kbus_policy *policy,
			     const struct kbus_policy_question *question)
{
	return verdict(policy, true, &question->receiver, question);
}
