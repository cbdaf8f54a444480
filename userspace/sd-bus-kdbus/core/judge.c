// SPDX-License-Identifier: LGPL-2.1-or-later
/* judge.c - the receiving side of a bus's policy; judge.h is the overview */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "query.h"
#include "judge.h"

#define N_SENDERS	16		/* that are remembered */
#define FILE_MAX	(16UL << 20)

/* Who a connection is. */
struct sender {
	uint64_t id;		/* 0: none */
	uint32_t uid;
	uint32_t *gids;		/* owned */
	size_t n_gids;
};

/**
 * struct kbus_judge - the policy as one connection needs it
 * @file: mapped rules, or NULL if there are none; owned
 * @file_size: bytes at @file
 * @policy: the same, parsed; owned
 * @is_fine: messages have to be judged
 * @names: well-known names of the connection; owned, as each of them is
 * @n_names: entries at @names
 * @senders: by the last digits of their id
 *
 * Belongs to its connection, and is used by one thread at a time as that is.
 */
struct kbus_judge {
	const char *file;
	size_t file_size;
	struct kbus_policy *policy;
	bool is_fine;
	char **names;
	size_t n_names;
	struct sender senders[N_SENDERS];
};

/**
 * kbus_policy_path() - where the rules of a bus are
 * @bus_id: id of the bus
 * @path: written
 */
void kbus_policy_path(const uint8_t bus_id[16], char path[KBUS_POLICY_PATH_MAX])
{
	int n = snprintf(path, KBUS_POLICY_PATH_MAX, KBUS_POLICY_DIR "/"), i;

	for (i = 0; i < 16; i++)
		n += snprintf(path + n, KBUS_POLICY_PATH_MAX - n, "%02x", bus_id[i]);
	snprintf(path + n, KBUS_POLICY_PATH_MAX - n, ".policy");
}

static void forget_rules(struct kbus_judge *judge)
{
	if (judge->file)
		munmap((void *)judge->file, judge->file_size);
	kbus_policy_free(judge->policy);
	judge->file = NULL;
	judge->policy = NULL;
	judge->is_fine = false;
}

/* Map the file if only root can have written it. -ENOENT if there is none for this bus. */
static int map_file(const char *path, const char **ret, size_t *ret_size)
{
	const size_t head = strlen(KBUS_POLICY_CURRENT);
	struct stat st;
	void *file;
	int fd, r = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode) || st.st_uid != 0 || st.st_mode & 022 ||
		 st.st_size < (off_t)head || st.st_size > (off_t)FILE_MAX)
		r = -EBADMSG;
	if (r == 0) {
		file = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
		r = file == MAP_FAILED ? -errno : 0;
	}
	close(fd);
	if (r < 0)
		return r;
	*ret = file;
	*ret_size = st.st_size;
	return 0;
}

static bool is_current(const struct kbus_judge *judge)
{
	return judge->file && *(const volatile char *)(judge->file + strlen("kdbus-policy 1 ")) ==
	       'c';
}

static void update_fineness(struct kbus_judge *judge)
{
	size_t i;

	judge->is_fine = false;
	for (i = 0; judge->policy && i < judge->n_names && !judge->is_fine; i++)
		judge->is_fine = kbus_policy_is_fine(judge->policy, judge->names[i]);
}

/*
 * Have the current rules. Those that ended stay in force when there are no others: better old ones than
 * none.
 */
static int have_rules(struct kbus_conn *conn, struct kbus_judge *judge)
{
	const size_t head = strlen(KBUS_POLICY_CURRENT);
	char path[KBUS_POLICY_PATH_MAX];
	struct kbus_policy *policy;
	const char *file = NULL;
	size_t size = 0;
	int r;

	if (is_current(judge))
		return 0;
	kbus_policy_path(conn->bus_id, path);
	r = map_file(path, &file, &size);
	if (r < 0)
		return r;
	r = kbus_policy_parse(file + head, size - head, &policy);
	if (r < 0) {
		munmap((void *)file, size);
		return r;
	}
	forget_rules(judge);
	judge->file = file;
	judge->file_size = size;
	judge->policy = policy;
	update_fineness(judge);
	return 0;
}

static int add_name(struct kbus_judge *judge, const char *name)
{
	char **names, *copy;
	size_t i;

	for (i = 0; i < judge->n_names; i++)
		if (strcmp(judge->names[i], name) == 0)
			return 0;
	names = reallocarray(judge->names, judge->n_names + 1, sizeof(*names));
	if (!names)
		return -ENOMEM;
	judge->names = names;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	names[judge->n_names++] = copy;
	return 0;
}

/**
 * kbus_judge_add_name() - this connection is about to own a name
 * @conn: the connection
 * @name: well-known name
 *
 * A bus whose owner published no rules has none.
 *
 * Return: 0, -ENOMEM, -EBADMSG for a file of rules that cannot be trusted or read.
 */
int kbus_judge_add_name(struct kbus_conn *conn, const char *name)
{
	struct kbus_judge *judge = conn->judge;
	int r;

	if (!judge) {
		judge = calloc(1, sizeof(*judge));
		if (!judge)
			return -ENOMEM;
	}
	r = have_rules(conn, judge);
	if (r == 0)
		r = add_name(judge, name);
	if (r < 0 && !conn->judge) {
		kbus_judge_free(judge);
		return r == -ENOENT ? 0 : r;
	}
	update_fineness(judge);
	conn->judge = judge;
	return r == -ENOENT ? add_name(judge, name) : r;
}

/**
 * kbus_judge_remove_name() - this connection gave a name up, or did not get it
 * @conn: the connection
 * @name: well-known name
 */
void kbus_judge_remove_name(struct kbus_conn *conn, const char *name)
{
	struct kbus_judge *judge = conn->judge;
	size_t i;

	for (i = 0; judge && i < judge->n_names; i++) {
		if (strcmp(judge->names[i], name) != 0)
			continue;
		free(judge->names[i]);
		judge->names[i] = judge->names[--judge->n_names];
		update_fineness(judge);
		return;
	}
}

static int ask_kernel(struct kbus_conn *conn, uint64_t id, struct sender *sender)
{
	struct kbus_info info;
	size_t i;
	int r;

	r = kbus_info_of_id(conn, id, KDBUS_ATTACH_CREDS | KDBUS_ATTACH_AUXGROUPS, &info);
	if (r < 0)
		return r;
	if (info.uid == UINT64_MAX || info.gid == UINT64_MAX) {
		kbus_info_release(conn, &info);
		return -ENODATA;
	}
	free(sender->gids);
	sender->id = 0;
	sender->gids = malloc((info.n_groups + 1) * sizeof(*sender->gids));
	if (sender->gids) {
		sender->id = id;
		sender->uid = info.uid;
		sender->gids[0] = info.gid;
		for (i = 0; i < info.n_groups; i++)
			sender->gids[i + 1] = info.groups[i];
		sender->n_gids = info.n_groups + 1;
	}
	kbus_info_release(conn, &info);
	return sender->gids ? 0 : -ENOMEM;
}

/**
 * kbus_judge_allows() - may the client see this message?
 * @conn: the connection, with a policy
 * @in: a call or unicast signal of another connection
 *
 * Return: false if the policy denies it, or nothing is known of the sender.
 */
bool kbus_judge_allows(struct kbus_conn *conn, const struct kbus_incoming *in)
{
	struct kbus_judge *judge = conn->judge;
	struct kbus_policy_question question;
	struct sender *sender;

	have_rules(conn, judge);
	if (!judge->is_fine)
		return true;
	sender = &judge->senders[in->src_id % N_SENDERS];
	if (sender->id != in->src_id && ask_kernel(conn, in->src_id, sender) < 0)
		return false;
	question = (struct kbus_policy_question){
		.header = &in->header,
		.names = (const char *const *)judge->names,
		.n_names = judge->n_names,
		.uid = sender->uid,
		.gids = sender->gids,
		.n_gids = sender->n_gids,
	};
	return kbus_policy_allows(judge->policy, &question);
}

/**
 * kbus_judge_free() - free a connection's policy
 * @judge: or NULL
 */
void kbus_judge_free(struct kbus_judge *judge)
{
	size_t i;

	if (!judge)
		return;
	forget_rules(judge);
	for (i = 0; i < judge->n_names; i++)
		free(judge->names[i]);
	free(judge->names);
	for (i = 0; i < N_SENDERS; i++)
		free(judge->senders[i].gids);
	free(judge);
}
