/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kdbus selftests share: thin wrappers that turn every result into
 * one value, so that a test is a list of claims.
 *
 * Functions that return int give 0 or a negative errno unless said otherwise.
 */
#ifndef KDBUS_SELFTEST_COMMON_H
#define KDBUS_SELFTEST_COMMON_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/kdbus.h>

#define A8(x)			(((x) + 7ULL) & ~7ULL)
#define ITEM_HEADER		offsetof(struct kdbus_item, data)

#define POOL_SIZE		(16UL * 1024 * 1024)
#define BLOOM_SIZE		64
#define ARGS_MAX		32768	/* bytes of an argument or message */
#define BUS_NAME_MAX		63

/* two users without any right, one group for both */
#define ALICE			61001
#define BOB			61002
#define STAFF			61100

/* longer than any answer takes, shorter than the harness waits */
#define PATIENCE_MS		20000

/* ---- domain and file system ---- */

/*
 * The domain that tests use unless they mount their own: $KDBUS_DOMAIN, or
 * /dev/kdbus; if there is none, a fresh one in a private mount namespace.
 */
const char *domain_path(void);

/* Move to a mount namespace of one's own. */
int mount_namespace_unshare(void);

/*
 * Mount a fresh domain in a new directory under /tmp; @path (PATH_MAX) is
 * written.  Call mount_namespace_unshare() first.
 */
int domain_mount(const char *type, char *path);
int domain_umount(const char *path);

int open_at(const char *dir, const char *name);		/* descriptor or -errno */

/* ---- arguments: a fixed structure and items ---- */

struct args {
	union {
		__u64 words[(ARGS_MAX + 4096) / 8];
		__u64 size;
		struct kdbus_cmd cmd;
		struct kdbus_cmd_hello hello;
		struct kdbus_cmd_free free;
		struct kdbus_cmd_info info;
		struct kdbus_cmd_list list;
		struct kdbus_cmd_match match;
		struct kdbus_cmd_send send;
		struct kdbus_cmd_recv recv;
		struct kdbus_cmd_exchange exchange;
		struct kdbus_msg msg;
	};
};

/* Zero everything, and set the size to that of the fixed structure. */
void args_init(struct args *args, size_t fixed);

#define args_cmd(a)	args_init(a, sizeof(struct kdbus_cmd))
#define args_hello(a)	args_init(a, sizeof(struct kdbus_cmd_hello))
#define args_free(a)	args_init(a, sizeof(struct kdbus_cmd_free))
#define args_info(a)	args_init(a, sizeof(struct kdbus_cmd_info))
#define args_list(a)	args_init(a, sizeof(struct kdbus_cmd_list))
#define args_recv(a)	args_init(a, sizeof(struct kdbus_cmd_recv))
#define args_exchange(a) args_init(a, sizeof(struct kdbus_cmd_exchange))
void args_match(struct args *args, __u64 cookie);
void args_send(struct args *args, const struct args *msg);

/*
 * Append an item at the next multiple of 8; size then ends with its payload,
 * without padding.  @payload NULL means zeros.  The item may be changed later.
 */
struct kdbus_item *args_item(struct args *args, __u64 type, const void *payload, size_t size);
struct kdbus_item *args_str(struct args *args, __u64 type, const char *str);
struct kdbus_item *args_u64(struct args *args, __u64 type, __u64 value);
struct kdbus_item *args_vec(struct args *args, const void *address, __u64 size);
struct kdbus_item *args_memfd(struct args *args, int fd, __u64 start, __u64 size);
struct kdbus_item *args_fds(struct args *args, const int *fds, size_t n);
struct kdbus_item *args_cancel_fd(struct args *args, int fd);
struct kdbus_item *args_bloom_parameter(struct args *args, __u64 size, __u64 n_hash);
struct kdbus_item *args_bloom_filter(struct args *args, __u64 generation, const void *data,
				     size_t size);
struct kdbus_item *args_policy(struct args *args, __u64 type, __u64 access, __u64 id);
struct kdbus_item *args_id_change(struct args *args, __u64 type, __u64 id);
/* @name NULL: rule without name */
struct kdbus_item *args_name_change(struct args *args, __u64 type, __u64 old_id, __u64 new_id,
				    const char *name);

/* ioctl(2); 0 (or what it returned) or -errno */
int command(int fd, unsigned long nr, void *arg);

/* ---- items that the kernel wrote ---- */

#define ITEM_NEXT(item) \
	((const struct kdbus_item *)((const __u8 *)(item) + A8((item)->size)))

#define ITEM_FOREACH(item, object)						\
	for ((item) = (object)->items;						\
	     (const __u8 *)(item) < (const __u8 *)(object) + (object)->size &&	\
	     (item)->size >= ITEM_HEADER;					\
	     (item) = ITEM_NEXT(item))

/* The item number @n (from 0) of this type in a message or info, or NULL. */
const struct kdbus_item *msg_item_nth(const struct kdbus_msg *msg, __u64 type, unsigned int n);
const struct kdbus_item *msg_item(const struct kdbus_msg *msg, __u64 type);
const struct kdbus_item *info_item_nth(const struct kdbus_info *info, __u64 type, unsigned int n);
const struct kdbus_item *info_item(const struct kdbus_info *info, __u64 type);

/* ---- buses ---- */

/*
 * @fd: opened control file, which keeps the bus alive
 * @name: <euid>-<unique>
 * @dir: its directory
 * @path: its default endpoint
 */
struct bus {
	int fd;
	char name[BUS_NAME_MAX + 1];
	char dir[PATH_MAX];
	char path[PATH_MAX];
};

/* Write a name that no other test uses, "<euid>-..."; at least 64 bytes. */
void bus_name_unique(char *name);

/* Arguments of BUS_MAKE with bloom size BLOOM_SIZE and owner mask ANY. */
void args_bus(struct args *args, const char *name, __u64 flags);

/* Make a bus that everybody may connect to, in domain_path() or @domain. */
int bus_make(struct bus *bus);
int bus_make_in(struct bus *bus, const char *domain, __u64 flags);
void bus_close(struct bus *bus);

/* ---- connections ---- */

/*
 * @pool: read-only mapping of the whole pool
 * @hello: what HELLO returned
 */
struct conn {
	int fd;
	__u64 id;
	size_t pool_size;
	const __u8 *pool;
	struct kdbus_cmd_hello hello;
};

/*
 * Ordinary connection that accepts descriptors, sends all metadata and wants
 * none; pool of POOL_SIZE, HELLO slice freed.
 */
int conn_new(struct conn *conn, const struct bus *bus);
int conn_new_pool(struct conn *conn, const struct bus *bus, size_t pool_size);
int conn_new_flags(struct conn *conn, const struct bus *bus, __u64 flags);
/* ... that wants this metadata with its messages */
int conn_new_recv(struct conn *conn, const struct bus *bus, __u64 attach_flags_recv);
/* ... with the arguments given (args_hello_default(), then changed at will) */
void args_hello_default(struct args *args);
int conn_new_args(struct conn *conn, const char *path, struct args *args);
/* ... on a file that is already open; @fd belongs to the connection then */
int conn_hello(struct conn *conn, int fd, struct args *args);
/* activator or policy holder (@flags) of @name, without grants */
int conn_new_named(struct conn *conn, const struct bus *bus, __u64 flags, const char *name);
void conn_close(struct conn *conn);

int conn_bye(struct conn *conn);
int conn_free(struct conn *conn, __u64 offset);
int conn_update_recv(struct conn *conn, __u64 attach_flags_recv);
int conn_poll(struct conn *conn, int timeout_ms);	/* revents, 0 or -errno */
/* Wait until something can be received: 0 or -ETIME. */
int conn_wait(struct conn *conn);
/* poll(2) of one file: 1 if something woke it, 0 if nothing did within PATIENCE_MS */
int poll_patiently(struct pollfd *pfd);

/* @flags NULL: do not care; otherwise gets return_flags */
int name_acquire(struct conn *conn, const char *name, __u64 flags, __u64 *return_flags);
int name_release(struct conn *conn, const char *name);

/* A match without rules: everything. */
int match_all(struct conn *conn, __u64 cookie);
int match_add(struct conn *conn, struct args *args);
int match_remove(struct conn *conn, __u64 cookie);

/* CONN_INFO by id or, if not NULL, by name; the record stays in the pool */
int conn_info(struct conn *conn, __u64 id, const char *name, __u64 attach_flags,
	      const struct kdbus_info **info);

/* ---- messages ---- */

/* Plain D-Bus message, no items.  Change args->msg as needed. */
void args_msg(struct args *args, __u64 dst_id, __u64 cookie);
/* ... by name alone */
void args_msg_name(struct args *args, const char *name, __u64 cookie);
/* ... that expects a reply within PATIENCE_MS */
void args_call(struct args *args, __u64 dst_id, __u64 cookie);
void args_reply(struct args *args, __u64 dst_id, __u64 cookie, __u64 cookie_reply);
/* ... signal with an empty bloom filter; @dst_id may be KDBUS_DST_ID_BROADCAST */
void args_signal(struct args *args, __u64 dst_id, __u64 cookie);

/* SEND: without items in the command, result discarded */
int msg_send(struct conn *conn, struct args *msg);
/* ... with command flags; @reply (may be NULL) gets what SEND wrote */
int msg_send_flags(struct conn *conn, struct args *msg, __u64 flags, struct kdbus_msg_info *reply);
int send_plain(struct conn *conn, __u64 dst_id, __u64 cookie);
int send_name(struct conn *conn, const char *name, __u64 cookie);
int send_call(struct conn *conn, __u64 dst_id, __u64 cookie);
int send_reply(struct conn *conn, __u64 dst_id, __u64 cookie, __u64 cookie_reply);
int send_broadcast(struct conn *conn, __u64 cookie);
/* one PAYLOAD_VEC of @size bytes of zeros */
int send_bytes(struct conn *conn, __u64 dst_id, __u64 cookie, size_t size);
/* synchronous call; 0 or -errno, the reply is freed */
int send_sync(struct conn *conn, __u64 dst_id, __u64 cookie);

/* RECV; @recv is zeroed, set up with @flags, and written */
int msg_recv(struct conn *conn, __u64 flags, struct kdbus_cmd_recv *recv);
/* Next message, or NULL and errno; give it back with msg_done(). */
const struct kdbus_msg *msg_next(struct conn *conn);
int msg_done(struct conn *conn, const struct kdbus_msg *msg);
/* Receive and free: cookie of the message, or -errno. */
__s64 recv_cookie(struct conn *conn);
/* Number of messages received and freed until the queue was empty. */
int recv_all(struct conn *conn);

/* ---- synchronous calls in a thread ---- */

/*
 * @msg: the message; change it between init and start
 * @cmd: the command; items may be added; holds the result after join
 */
struct sync_call {
	struct conn *conn;
	struct args msg;
	struct args cmd;
	int ret;
	pid_t tid;
	pthread_t thread;
};

void sync_call_init(struct sync_call *call, struct conn *conn, __u64 dst_id, __u64 cookie);
int sync_call_start(struct sync_call *call);
/* What SEND returned. */
int sync_call_join(struct sync_call *call);
/* The reply in the caller's pool; only if join returned 0. */
const struct kdbus_msg *sync_call_reply(const struct sync_call *call);
/* Wait until a thread of this process sleeps in the kernel: 0 or -ETIME. */
int task_wait_sleeping(pid_t tid);

/* ---- time and files ---- */

__u64 now_ns(void);			/* CLOCK_MONOTONIC */
__u64 deadline_ms(__u64 ms);		/* that many from now on */

#define SEALS_ALL	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

int memfd_new(const void *data, size_t size, int seals);	/* descriptor or -errno */
bool fd_same_file(int a, int b);
int fd_lowest_free(void);
/* Let this process have descriptors 0 to @n - 1. */
int fd_limit(unsigned long n);

/* ---- users and processes ---- */

/*
 * Act as another user with its own uid and @gid, no other groups, until
 * become_root().  Real and effective ids change, the saved ones stay 0.
 */
int become(uid_t uid, gid_t gid);
int become_root(void);
/* Become that user for good. */
int drop_privileges(uid_t uid, gid_t gid);

/* A user id that no other process of the tests has; so have the 63 above it. */
uid_t user_unique(void);

/* open(2) as another user: descriptor or -errno */
int open_as(uid_t uid, gid_t gid, const char *path);
/* conn_new() of another user; @uid is real and effective when opening and HELLO */
int conn_new_as(struct conn *conn, const struct bus *bus, uid_t uid, gid_t gid);

/* fork(2); the child is killed when the parent ends */
pid_t child_fork(void);
/* Negative of the child's exit status, or -1000 - signal that killed it. */
int child_result(pid_t pid);
/* End a child with a result of 0 or -errno. */
void child_exit(int result) __attribute__((noreturn));

/*
 * Move to a new user namespace (and mount namespace), with @uid_map and
 * @gid_map as in user_namespaces(7).  The caller is 0 there if mapped so.
 */
int user_namespace_unshare(const char *uid_map, const char *gid_map);

/* Pass a descriptor over a UNIX socket. */
int fd_pass(int socket, int fd);
int fd_take(int socket);		/* descriptor or -errno */

/* ---- the usual world: a bus and two connections ---- */

#define FIXTURE_BUS(fixture_name)					\
	FIXTURE(fixture_name) {						\
		struct bus bus;						\
		struct conn a;						\
		struct conn b;						\
	};								\
	FIXTURE_SETUP(fixture_name)					\
	{								\
		ASSERT_EQ(0, bus_make(&self->bus));			\
		ASSERT_EQ(0, conn_new(&self->a, &self->bus));		\
		ASSERT_EQ(0, conn_new(&self->b, &self->bus));		\
	}								\
	FIXTURE_TEARDOWN(fixture_name)					\
	{								\
		conn_close(&self->b);					\
		conn_close(&self->a);					\
		bus_close(&self->bus);					\
	}

#endif /* KDBUS_SELFTEST_COMMON_H */
