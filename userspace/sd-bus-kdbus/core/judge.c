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

#include "judge.h"
#include "names.h"
#include "query.h"

#define N_SENDERS	16		/* that are remembered */
#define FILE_MAX	(16UL << 20)

#define HEAD	(sizeof(KBUS_POLICY_CURRENT) - 1)
#define RULES	(HEAD + sizeof(KBUS_POLICY_OPEN) - 1)	/* where they begin in the file */

/* Who a connection is. */
struct peer {
	uint64_t id;		/* 0: none */
	uint32_t uid;
	uint32_t *gids;		/* owned */
	size_t n_gids;
};

/**
 * struct kbus_judge - the policy as one connection needs it
 * @file: mapped rules, or NULL if there are none; owned
 * @file_size: bytes at @file
 * @policy: the same, parsed; NULL if there is nothing to judge; owned
 * @needs: which messages have to be judged, of &enum kbus_policy_need
 * @names: well-known names of the connection; owned, as each of them is
 * @n_names: entries at @names
 * @self: the connection itself
 * @senders: by the last digits of their id
 *
 * Belongs to its connection, and is used by one thread at a time as that is.
 */
struct kbus_judge {
	const char *file;
	size_t file_size;
	struct kbus_policy *policy;
	unsigned int needs;
	char **names;
	size_t n_names;
	struct peer self;
	struct peer senders[N_SENDERS];
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
	judge->needs = 0;
}

/* Map the file if only root can have written it. -ENOENT if there is none for this bus. */
static int map_file(const char *path, const char **ret, size_t *ret_size)
{
	struct stat st;
	void *file;
	int fd, r = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode) || st.st_uid != 0 || st.st_mode & 022 ||
		 st.st_size < (off_t)RULES || st.st_size > (off_t)FILE_MAX)
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
	return judge->file && *(const volatile char *)(judge->file + strlen("kdbus-policy 2 ")) ==
	       'c';
}

/* Do rules matter to this connection at all? 1 with the rules, 0 if not, -errno. */
static int read_rules(const struct kbus_judge *judge, const char *file, size_t size,
		      struct kbus_policy **ret)
{
	int r;

	*ret = NULL;
	if (!judge->n_names && memcmp(file + HEAD, KBUS_POLICY_OPEN, RULES - HEAD) == 0)
		return 0;
	r = kbus_policy_parse(file + RULES, size - RULES, ret);
	return r < 0 ? r : 1;
}

/* After the rules or the names are others. */
static void update_needs(struct kbus_conn *conn, struct kbus_judge *judge)
{
	uint64_t attach = conn->attach_recv;

	judge->needs = 0;
	if (judge->policy)
		judge->needs = kbus_policy_needs(judge->policy, (const char *const *)judge->names,
						 judge->n_names);
	/* Who sends to all may be gone when it is asked for. */
	if (judge->needs & (KBUS_JUDGE_BROADCAST | KBUS_JUDGE_RECEIVE))
		attach |= KDBUS_ATTACH_CREDS | KDBUS_ATTACH_AUXGROUPS;
	if (judge->needs & KBUS_JUDGE_SENDER_NAMES)
		attach |= KDBUS_ATTACH_NAMES;
	if (attach != conn->attach_recv)
		kbus_conn_set_attach(conn, attach);
}

/*
 * Have the current rules. Those that ended stay in force when there are no others: better old ones than
 * none.
 */
static int have_rules(struct kbus_conn *conn, struct kbus_judge *judge)
{
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
	r = read_rules(judge, file, size, &policy);
	if (r < 0) {
		munmap((void *)file, size);
		return r;
	}
	forget_rules(judge);
	judge->file = file;
	judge->file_size = size;
	judge->policy = policy;
	update_needs(conn, judge);
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

/* The judge of a connection, with rules. -ENOENT if the bus has none. */
static int judge_open(struct kbus_conn *conn)
{
	struct kbus_judge *judge = calloc(1, sizeof(*judge));
	int r;

	if (!judge)
		return -ENOMEM;
	r = have_rules(conn, judge);
	if (r < 0)
		kbus_judge_free(judge);
	else
		conn->judge = judge;
	return r;
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
	struct kbus_judge *judge;
	int r;

	conn->has_no_rules = false;
	r = conn->judge ? 0 : judge_open(conn);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	judge = conn->judge;
	r = have_rules(conn, judge);
	if (r < 0 && r != -ENOENT)
		return r;
	r = add_name(judge, name);
	if (r == 0 && !judge->policy)
		r = read_rules(judge, judge->file, judge->file_size, &judge->policy);
	if (r < 0) {
		kbus_judge_remove_name(conn, name);
		return r;
	}
	update_needs(conn, judge);
	return 0;
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
		update_needs(conn, judge);
		return;
	}
}

/* Remember who a connection is. */
static int set_peer(struct peer *peer, uint64_t id, uint32_t uid, uint32_t gid,
		    const uint64_t *groups, size_t n_groups)
{
	size_t i;

	free(peer->gids);
	peer->id = 0;
	peer->gids = malloc((n_groups + 1) * sizeof(*peer->gids));
	if (!peer->gids)
		return -ENOMEM;
	peer->id = id;
	peer->uid = uid;
	peer->gids[0] = gid;
	for (i = 0; i < n_groups; i++)
		peer->gids[i + 1] = groups[i];
	peer->n_gids = n_groups + 1;
	return 0;
}

static int ask_kernel(struct kbus_conn *conn, uint64_t id, struct peer *peer)
{
	struct kbus_info info;
	int r;

	r = kbus_info_of_id(conn, id, KDBUS_ATTACH_CREDS | KDBUS_ATTACH_AUXGROUPS, &info);
	if (r < 0)
		return r;
	r = -ENODATA;
	if (info.uid != UINT64_MAX && info.gid != UINT64_MAX)
		r = set_peer(peer, id, info.uid, info.gid, info.groups, info.n_groups);
	kbus_info_release(conn, &info);
	return r;
}

/* What came with the message, for a sender that is gone. */
static int read_message(const struct kdbus_msg *msg, struct peer *peer)
{
	const struct kdbus_item *item, *creds = NULL, *groups = NULL;

	KBUS_FOREACH_ITEM(item, msg) {
		if (item->type == KDBUS_ITEM_CREDS)
			creds = item;
		if (item->type == KDBUS_ITEM_AUXGROUPS)
			groups = item;
	}
	/* 32 bits of ones stand for "unknown". */
	if (!creds || !groups || creds->creds.euid == UINT32_MAX || creds->creds.egid == UINT32_MAX)
		return -ENXIO;
	return set_peer(peer, msg->src_id, creds->creds.euid, creds->creds.egid,
			(const uint64_t *)(const void *)groups->data64,
			(groups->size - KBUS_ITEM_HEADER) / sizeof(uint64_t));
}

/* A connection as the kernel knows it; what it said before is remembered. */
static bool know_peer(struct kbus_conn *conn, uint64_t id, const struct kbus_incoming *in,
		      struct peer *peer)
{
	return peer->id == id || ask_kernel(conn, id, peer) == 0 ||
	       (in->src_id == id && read_message(in->msg, peer) == 0);
}

static struct kbus_policy_party party_of(const struct peer *peer)
{
	return (struct kbus_policy_party){
		.uid = peer->uid, .gids = peer->gids, .n_gids = peer->n_gids,
	};
}

struct ownership {
	struct kbus_conn *conn;
	const struct kbus_incoming *in;
};

/* Names come with the message, unless it was sent before we asked for that. */
static bool sender_owns(void *context, const char *name)
{
	const struct ownership *o = context;
	uint64_t owner, flags;

	if (kbus_incoming_owns_name(o->in, NULL))
		return kbus_incoming_owns_name(o->in, name);
	return kbus_name_owner(o->conn, name, &owner, &flags) == 0 &&
	       !(flags & KDBUS_HELLO_ACTIVATOR) && owner == o->in->src_id;
}

static bool judge_message(struct kbus_conn *conn, struct kbus_judge *judge,
			  const struct kbus_incoming *in)
{
	const unsigned int need = kbus_policy_need_of(&in->header);
	struct ownership ownership = { .conn = conn, .in = in };
	struct peer *sender = &judge->senders[in->src_id % N_SENDERS];
	struct kbus_policy_question question = {
		.header = &in->header,
		.names = (const char *const *)judge->names,
		.n_names = judge->n_names,
		.sender_owns = sender_owns,
		.context = &ownership,
	};

	if (!know_peer(conn, in->src_id, in, sender) ||
	    !know_peer(conn, conn->id, in, &judge->self))
		return false;
	question.sender = party_of(sender);
	question.receiver = party_of(&judge->self);
	if (judge->needs & need && !kbus_policy_may_send(judge->policy, &question))
		return false;
	return !(judge->needs & KBUS_JUDGE_RECEIVE) ||
	       kbus_policy_may_receive(judge->policy, &question);
}

/**
 * kbus_judge_allows() - may the client see this message?
 * @conn: the connection; not one that is the bus
 * @in: a message of another connection, with its true sender in the header
 *
 * Return: false if the policy denies it or is not to be trusted, or nothing is known of the sender.
 */
bool kbus_judge_allows(struct kbus_conn *conn, const struct kbus_incoming *in)
{
	struct kbus_judge *judge;
	int r;

	if (!conn->judge) {
		r = judge_open(conn);
		conn->has_no_rules = r == -ENOENT;
		/* For want of descriptors or memory, a client without names loses no message. */
		if (r < 0)
			return r != -EBADMSG;
	}
	judge = conn->judge;
	have_rules(conn, judge);
	if (!(judge->needs & (kbus_policy_need_of(&in->header) | KBUS_JUDGE_RECEIVE)))
		return true;
	if (strcmp(in->header.sender, KBUS_DRIVER_NAME) == 0)
		return true;
	return judge_message(conn, judge, in);
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
	free(judge->self.gids);
	for (i = 0; i < N_SENDERS; i++)
		free(judge->senders[i].gids);
	free(judge);
}
