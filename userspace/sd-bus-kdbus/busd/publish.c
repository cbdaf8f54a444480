// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * publish.c - give receivers the rules of the policy that the kernel cannot know
 *
 * core/judge.h says what the file is. A new one takes the place of the old one first, and then the
 * old one is marked: whoever sees the mark finds the new one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/judge.h"
#include "busd.h"
#include "log.h"

#define HEAD_SIZE	(sizeof(KBUS_POLICY_CURRENT KBUS_POLICY_OPEN) - 1)

/* The lines before the rules. */
static int make_head(const struct policy *policy, char head[HEAD_SIZE + 1])
{
	struct kbus_policy *rules;
	bool open;
	int r;

	r = kbus_policy_parse(policy->text ? policy->text : "", policy->text_size, &rules);
	if (r < 0)
		return r;
	open = !kbus_policy_needs(rules, NULL, 0);
	kbus_policy_free(rules);
	strcpy(head, KBUS_POLICY_CURRENT);
	strcat(head, open ? KBUS_POLICY_OPEN : KBUS_POLICY_JUDGED);
	return 0;
}

static int write_file(const char *path, const char *head, const struct policy *policy)
{
	int fd, r = 0;
	FILE *file;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	/* Whatever our mask is: everybody reads it. */
	if (fchmod(fd, 0644) < 0)
		r = -errno;
	file = fdopen(fd, "w");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	fputs(head, file);
	if (policy->text)
		fwrite(policy->text, policy->text_size, 1, file);
	if (ferror(file))
		r = r ? r : -EIO;
	if (fclose(file) && !r)
		r = -errno;
	return r;
}

/* Is the file that we would write there already? Then nobody needs to read it again. */
static bool is_published(const char *path, const char *head, const struct policy *policy)
{
	const size_t size = HEAD_SIZE + policy->text_size;
	char *seen = malloc(size + 1);
	FILE *file = fopen(path, "re");
	bool same;

	same = seen && file && fread(seen, 1, size + 1, file) == size &&
		!memcmp(seen, head, HEAD_SIZE) &&
		(!policy->text || !memcmp(seen + HEAD_SIZE, policy->text, policy->text_size));
	if (file)
		fclose(file);
	free(seen);
	return same;
}

static int replace_file(const char *path, const char *head, const struct policy *policy)
{
	char next[KBUS_POLICY_PATH_MAX + 8];
	int old, r;

	snprintf(next, sizeof(next), "%s.new", path);
	r = write_file(next, head, policy);
	if (r < 0)
		return r;
	old = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (rename(next, path) < 0)
		r = -errno;
	if (old >= 0) {
		if (!r && pwrite(old, KBUS_POLICY_STALE, strlen(KBUS_POLICY_STALE), 0) < 0)
			r = -errno;
		close(old);
	}
	return r;
}

/**
 * publish_policy() - have the current rules where receivers look for them
 * @busd: the daemon, connected to its bus
 *
 * Only root can publish rules that others believe.
 */
void publish_policy(struct busd *busd)
{
	char path[KBUS_POLICY_PATH_MAX], head[HEAD_SIZE + 1];
	const struct policy *policy = &busd->config.policy;
	int r = 0;

	if (geteuid() != 0)
		return;
	kbus_policy_path(busd->driver->bus_id, path);
	if (mkdir(KBUS_POLICY_DIR, 0755) < 0 && errno != EEXIST)
		r = -errno;
	if (!r)
		r = make_head(policy, head);
	if (!r && !is_published(path, head, policy))
		r = replace_file(path, head, policy);
	if (r < 0)
		log_error("%s: the policy cannot be published: %s", path, strerror(-r));
}
