// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * policy-file.c - read the XML configuration of a D-Bus bus; policy-file.h is the overview
 *
 * Elements that do not concern names, references or service directories are skipped: they tune
 * a daemon (sockets, authentication, limits) and the kernel has its own ways for that.
 */
#include <errno.h>
#include <expat.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy-file.h"

/* Longer than any path; longer texts are refused. */
#define TEXT_MAX	4096

struct parser {
	XML_Parser xml;
	struct policy *policy;
	policy_reference_fn reference;
	void *context;
	unsigned int depth;
	bool in_policy;			/* inside a <policy> whose context is in @scope */
	bool skip_policy;		/* its user or group does not exist here */
	struct policy_rule scope;
	bool collect;			/* the text of the element at hand matters */
	bool skip_reference;		/* an <include> for a system with SELinux */
	enum policy_reference what;
	char text[TEXT_MAX];
	size_t text_size;
	int error;
	const char *complaint;		/* static */
};

static void refuse(struct parser *parser, int error, const char *complaint)
{
	if (parser->error)
		return;
	parser->error = error;
	parser->complaint = complaint;
	XML_StopParser(parser->xml, XML_FALSE);
}

static const char *find_attribute(const char **attributes, const char *name)
{
	for (; attributes && *attributes; attributes += 2)
		if (!strcmp(attributes[0], name))
			return attributes[1];
	return NULL;
}

/* Decimal number that fits an id. */
static bool read_id(const char *text, uint32_t *id)
{
	unsigned long long value;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end || value >= UINT32_MAX)
		return false;
	*id = value;
	return true;
}

static bool find_user(const char *name, uint32_t *id)
{
	const struct passwd *user;

	if (read_id(name, id))
		return true;
	user = getpwnam(name);
	if (user)
		*id = user->pw_uid;
	return user != NULL;
}

static bool find_group(const char *name, uint32_t *id)
{
	const struct group *group;

	if (read_id(name, id))
		return true;
	group = getgrnam(name);
	if (group)
		*id = group->gr_gid;
	return group != NULL;
}

/* <policy context="" | user="" | group="" | at_console="">: exactly one of them. */
static void open_policy(struct parser *parser, const char **attributes)
{
	const char *context = find_attribute(attributes, "context");
	const char *user = find_attribute(attributes, "user");
	const char *group = find_attribute(attributes, "group");
	const char *console = find_attribute(attributes, "at_console");

	if (!!context + !!user + !!group + !!console != 1)
		return refuse(parser, -EBADMSG, "a policy with not exactly one context");
	parser->in_policy = true;
	parser->skip_policy = false;
	parser->scope = (struct policy_rule){ .context = POLICY_DEFAULT };
	if (context && !strcmp(context, "mandatory")) {
		parser->scope.context = POLICY_MANDATORY;
	} else if (context && strcmp(context, "default")) {
		refuse(parser, -EBADMSG, "a context that is neither default nor mandatory");
	} else if (user && strcmp(user, "*")) {
		parser->scope.context = POLICY_USER;
		parser->skip_policy = !find_user(user, &parser->scope.id);
	} else if (group && strcmp(group, "*")) {
		parser->scope.context = POLICY_GROUP;
		parser->skip_policy = !find_group(group, &parser->scope.id);
	} else if (console) {
		/* Who is not at the console is nobody in particular. */
		parser->scope.context = POLICY_CONSOLE;
		parser->skip_policy = strcmp(console, "true") != 0;
	}
}

/* Does the rule concern method calls at all? */
static bool concerns_calls(const char **attributes)
{
	const char *type = find_attribute(attributes, "send_type");
	const char *broadcast = find_attribute(attributes, "send_broadcast");

	if (type && strcmp(type, "*") && strcmp(type, "method_call"))
		return false;
	if (broadcast && !strcmp(broadcast, "true"))
		return false;
	return find_attribute(attributes, "send_error") == NULL;
}

/* Attributes of a send rule that the kernel cannot look at. */
static bool is_narrowed(const char **attributes)
{
	static const char * const names[] = {
		"send_interface", "send_member", "send_path", "send_requested_reply",
		"send_broadcast", "eavesdrop", "min_fds", "max_fds",
	};
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		value = find_attribute(attributes, names[i]);
		if (value && strcmp(value, "*"))
			return true;
	}
	return false;
}

/* A text that can be one word of a line. Nothing that D-Bus names looks otherwise. */
static bool is_word(const char *text)
{
	const char *c;

	for (c = text; *c > ' ' && *c < 0x7f; c++)
		;
	return c > text && !*c && c - text <= 255;
}

static bool is_one_of(const char *value, const char * const *values)
{
	for (; *values; values++)
		if (!strcmp(value, *values))
			return true;
	return false;
}

/* Does a receiver understand this? */
static bool is_value(const char *key, const char *value)
{
	static const char * const types[] = {
		"method_call", "method_return", "error", "signal", NULL
	};
	static const char * const truths[] = { "true", "false", NULL };
	uint32_t number;

	if (strstr(key, "_fds"))
		return read_id(value, &number);
	if (!strcmp(key, "type"))
		return is_one_of(value, types);
	if (!strcmp(key, "broadcast") || !strcmp(key, "requested_reply"))
		return is_one_of(value, truths);
	return is_word(value);
}

/* The conditions of a rule; the attributes are these, in this order. */
struct condition {
	const char *attribute, *key;
};

static const struct condition send_conditions[] = {
	{ "send_destination", "destination" },
	{ "send_destination_prefix", "prefix" },
	{ "send_broadcast", "broadcast" },
	{ "send_interface", "interface" },
	{ "send_member", "member" },
	{ "send_path", "path" },
	{ "send_type", "type" },
	{ "send_error", "error" },
	{ "send_requested_reply", "requested_reply" },
	{ "min_fds", "min_fds" },
	{ "max_fds", "max_fds" },
	{ NULL, NULL },
};

static const struct condition receive_conditions[] = {
	{ "receive_sender", "sender" },
	{ "receive_interface", "interface" },
	{ "receive_member", "member" },
	{ "receive_path", "path" },
	{ "receive_type", "type" },
	{ "receive_error", "error" },
	{ "receive_requested_reply", "requested_reply" },
	{ "min_fds", "min_fds" },
	{ "max_fds", "max_fds" },
	{ NULL, NULL },
};

/*
 * The rule as receivers read it. Nobody eavesdrops, for that is what monitors do, which are not judged;
 * so what is denied to eavesdroppers only is no rule.
 */
static void add_text(struct parser *parser, const char **attributes, bool allow, bool receive)
{
	const struct condition *c = receive ? receive_conditions : send_conditions;
	const char *eavesdrop = find_attribute(attributes, "eavesdrop");
	char text[11 * 280], *end = text;
	const char *value;

	if (!allow && eavesdrop && !strcmp(eavesdrop, "true"))
		return;
	end += sprintf(end, "%s", receive ? " receive" : "");
	for (; c->key; c++) {
		value = find_attribute(attributes, c->attribute);
		if (!value || !strcmp(value, "*"))
			continue;
		/* Nothing can fit it. */
		if (!is_value(c->key, value))
			return;
		end += sprintf(end, " %s=%s", c->key, value);
	}
	if (policy_add_text(parser->policy, &parser->scope, allow, text) < 0)
		refuse(parser, -ENOMEM, "out of memory");
}

static bool has_prefix(const char **attributes, const char *prefix)
{
	for (; attributes && *attributes; attributes += 2)
		if (!strncmp(attributes[0], prefix, strlen(prefix)))
			return true;
	return false;
}

static void add_rule(struct parser *parser, struct policy_rule *rule, const char *name)
{
	/* No name and "*" are the same: any. */
	rule->name = name && strcmp(name, "*") ? (char *)name : NULL;
	if (policy_add(parser->policy, rule) < 0)
		refuse(parser, -ENOMEM, "out of memory");
}

/* <allow> or <deny>: about owning a name, sending to one, or something that does not concern us. */
static void open_rule(struct parser *parser, const char **attributes, bool allow)
{
	struct policy_rule rule = parser->scope;
	const char *name, *prefix;

	if (parser->skip_policy)
		return;
	rule.allow = allow;
	name = find_attribute(attributes, "own");
	prefix = find_attribute(attributes, "own_prefix");
	if (name || prefix) {
		rule.own = true;
		rule.exact = true;
		rule.prefix = !name;
		return add_rule(parser, &rule, name ? name : prefix);
	}
	if (!has_prefix(attributes, "send_")) {
		if (has_prefix(attributes, "receive_") || find_attribute(attributes, "eavesdrop"))
			add_text(parser, attributes, allow, true);
		return;
	}
	add_text(parser, attributes, allow, false);
	if (!concerns_calls(attributes))
		return;
	name = find_attribute(attributes, "send_destination");
	prefix = find_attribute(attributes, "send_destination_prefix");
	rule.exact = !is_narrowed(attributes);
	rule.prefix = !name && prefix;
	add_rule(parser, &rule, name ? name : prefix);
}

static void open_reference(struct parser *parser, enum policy_reference what)
{
	parser->collect = true;
	parser->text_size = 0;
	parser->what = what;
	parser->skip_reference = false;
}

static void open_include(struct parser *parser, const char **attributes)
{
	const char *missing = find_attribute(attributes, "ignore_missing");
	const char *selinux = find_attribute(attributes, "if_selinux_enabled");

	open_reference(parser, missing && !strcmp(missing, "yes") ? POLICY_INCLUDE_OPTIONAL :
		       POLICY_INCLUDE);
	parser->skip_reference = selinux && !strcmp(selinux, "yes");
}

static void refer(struct parser *parser, enum policy_reference what, const char *path)
{
	int r = parser->reference(parser->context, what, path);

	if (r < 0)
		refuse(parser, r, "what it refers to cannot be read");
}

static void open_top_level(struct parser *parser, const char *name, const char **attributes)
{
	if (!strcmp(name, "policy"))
		open_policy(parser, attributes);
	else if (!strcmp(name, "include"))
		open_include(parser, attributes);
	else if (!strcmp(name, "includedir"))
		open_reference(parser, POLICY_INCLUDE_DIRECTORY);
	else if (!strcmp(name, "servicedir"))
		open_reference(parser, POLICY_SERVICE_DIRECTORY);
	else if (!strcmp(name, "standard_session_servicedirs"))
		refer(parser, POLICY_STANDARD_SESSION, NULL);
	else if (!strcmp(name, "standard_system_servicedirs"))
		refer(parser, POLICY_STANDARD_SYSTEM, NULL);
}

static void on_open(void *data, const char *name, const char **attributes)
{
	struct parser *parser = data;

	parser->depth++;
	if (parser->depth == 1) {
		if (strcmp(name, "busconfig"))
			refuse(parser, -EBADMSG, "the root element is not <busconfig>");
	} else if (parser->depth == 2) {
		open_top_level(parser, name, attributes);
	} else if (parser->depth == 3 && parser->in_policy) {
		if (!strcmp(name, "allow"))
			open_rule(parser, attributes, true);
		else if (!strcmp(name, "deny"))
			open_rule(parser, attributes, false);
	}
}

static void close_reference(struct parser *parser)
{
	char *path = parser->text;

	while (parser->text_size && strchr(" \t\r\n", parser->text[parser->text_size - 1]))
		parser->text_size--;
	parser->text[parser->text_size] = '\0';
	path += strspn(path, " \t\r\n");
	parser->collect = false;
	if (!*path)
		refuse(parser, -EBADMSG, "a reference to nothing");
	else if (!parser->skip_reference)
		refer(parser, parser->what, path);
}

static void on_close(void *data, const char *name)
{
	struct parser *parser = data;

	(void)name;
	if (parser->depth == 2) {
		parser->in_policy = false;
		if (parser->collect)
			close_reference(parser);
	}
	parser->depth--;
}

static void on_text(void *data, const char *text, int size)
{
	struct parser *parser = data;

	if (!parser->collect || parser->depth != 2)
		return;
	if (parser->text_size + size >= sizeof(parser->text))
		return refuse(parser, -EBADMSG, "a path that is too long");
	memcpy(parser->text + parser->text_size, text, size);
	parser->text_size += size;
}

/**
 * policy_file_parse() - read the text of a configuration file
 * @policy: rules are appended here, also if the parse fails later
 * @text: the file
 * @size: bytes at @text
 * @reference: called for each file and directory that it names
 * @context: handed to @reference
 * @why: on failure a text that says what is wrong, and in which line
 * @why_size: bytes at @why
 *
 * Rules for users and groups that this machine does not have are left out.
 *
 * Return: 0, -EBADMSG for a text that is no such file, what @reference returned, or -ENOMEM.
 */
int policy_file_parse(struct policy *policy, const char *text, size_t size,
		      policy_reference_fn reference, void *context, char *why, size_t why_size)
{
	struct parser *parser;
	int r;

	parser = calloc(1, sizeof(*parser));
	if (!parser)
		return -ENOMEM;
	parser->xml = XML_ParserCreate(NULL);
	if (!parser->xml || size > INT32_MAX) {
		snprintf(why, why_size, "out of memory");
		r = -ENOMEM;
		goto out;
	}
	parser->policy = policy;
	parser->reference = reference;
	parser->context = context;
	XML_SetUserData(parser->xml, parser);
	XML_SetElementHandler(parser->xml, on_open, on_close);
	XML_SetCharacterDataHandler(parser->xml, on_text);
	if (XML_Parse(parser->xml, text, size, XML_TRUE) != XML_STATUS_OK && !parser->error) {
		parser->error = -EBADMSG;
		parser->complaint = XML_ErrorString(XML_GetErrorCode(parser->xml));
	}
	r = parser->error;
	if (r)
		snprintf(why, why_size, "line %lu: %s",
			 (unsigned long)XML_GetCurrentLineNumber(parser->xml), parser->complaint);
out:
	if (parser->xml)
		XML_ParserFree(parser->xml);
	free(parser);
	return r;
}
