/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What programs are made of: operations, items, strings, and how likely each is. */
#ifndef KDBUS_FUZZ_GRAMMAR_H
#define KDBUS_FUZZ_GRAMMAR_H

#include <linux/kdbus.h>

#include "prog.h"
#include "random.h"

/* Commands come first: their operations build an argument. */
enum kind {
	OP_BUS_MAKE,
	OP_ENDPOINT_MAKE,
	OP_ENDPOINT_UPDATE,
	OP_HELLO,
	OP_UPDATE,
	OP_BYEBYE,
	OP_FREE,
	OP_CONN_INFO,
	OP_CREATOR_INFO,
	OP_LIST,
	OP_SEND,
	OP_RECV,
	OP_NAME_ACQUIRE,
	OP_NAME_RELEASE,
	OP_MATCH_ADD,
	OP_MATCH_REMOVE,
	OP_EXCHANGE,
	OP_ROOM,
	OP_COMMANDS,
	OP_IOCTL = OP_COMMANDS,	/* any number; value: number */
	OP_OPEN,		/* value: enum node, bus, endpoint, flags */
	OP_MAKE,		/* some other descriptor; value: enum object, size, seals */
	OP_CLOSE,
	OP_DUP,			/* value: slot to duplicate */
	OP_MMAP,		/* value: pages, first page, protection, flags */
	OP_MUNMAP,
	OP_MPROTECT,		/* value: protection */
	OP_WALK,		/* read the mapping */
	OP_POLL,		/* value: milliseconds, events */
	OP_EPOLL,		/* value: operation, slot, events */
	OP_EPOLL_WAIT,		/* value: milliseconds */
	OP_PASS,		/* by SCM_RIGHTS; value: slot to receive into, or none */
	OP_FILE,		/* value: enum file_call */
	OP_MOUNT,		/* value: file system, option, number */
	OP_USER,		/* value: uid, which is the gid too; USER_GROUPS */
	OP_USERNS,		/* LANE_PROCESS only */
	OP_SIGNAL,		/* value: lane */
	OP_FLIP,		/* value: times, mask; without a mask: not to be written any more */
	OP_YIELD,
	OP_CROWD,		/* many connections at once; value: how many, what they match */
	OP_AGAIN,		/* the last command of the lane; value: times */
	OP_KINDS,
};

enum node {
	NODE_CONTROL,
	NODE_BUS,		/* default endpoint */
	NODE_ENDPOINT,		/* custom endpoint */
	NODE_BUS_DIR,
	NODE_ROOT,
	NODE_MOUNT_CONTROL,	/* of the mount in a slot; bus is the slot */
	NODE_MOUNT_BUS,
	NODES,
};

enum object {
	OBJECT_MEMFD,
	OBJECT_PIPE,
	OBJECT_SOCKET,
	OBJECT_EPOLL,
	OBJECT_EVENTFD,
	OBJECT_TIMERFD,
	OBJECT_NULL,
	OBJECT_PATH,
	OBJECT_DIRECTORY,
	OBJECT_PIDFD,
	OBJECT_INOTIFY,
	OBJECT_PROC,
	OBJECT_MOUNTS,
	OBJECTS,
};

enum file_call {
	FILE_READ,
	FILE_WRITE,
	FILE_LSEEK,
	FILE_STAT,
	FILE_STATFS,
	FILE_GETDENTS,
	FILE_CHMOD,
	FILE_TRUNCATE,
	FILE_ASYNC,
	FILE_LOCK,
	FILE_SYNC,
	FILE_UNLINK,
	FILE_MKDIR,
	FILE_RENAME,
	FILE_INOTIFY,
	FILE_DRAIN,
	FILE_EVENT,
	FILE_SEEK_DIR,
	FILE_LIMIT,		/* of descriptors */
	FILE_SHRINK,		/* the kernel gives up what it can do without */
	FILE_CALLS,
};

#define USER_GROUPS	(1u << 16)	/* with supplementary groups */
#define MAKE_HUGE	32		/* beside the seals of a memfd: of huge pages */
#define CROWD_MAX	24

#define STRINGS_NAMES	8	/* the first ones are good well-known names */
#define STRING_BUS	24	/* bus names that this run may use */
#define STRING_ENDPOINT	27	/* and endpoint names */
#define STRINGS		29
#define STRING_MAX	300

const char *kind_name(unsigned int kind);
int kind_of_name(const char *name);
const char *item_type_name(uint64_t type);
bool item_type_of_name(const char *name, uint64_t *type);
size_t grammar_string(unsigned int number, unsigned int uid, char *text);
extern char grammar_worker[16];

void generate_prog(struct random *random, struct prog *prog);
void generate_op(struct random *random, struct op *op);
void generate_item(struct random *random, struct op *op, struct item *item);
uint64_t generate_value(struct random *random, unsigned int kind, unsigned int n);
uint64_t generate_number(struct random *random);
void fit_prog(struct random *random, struct prog *prog);
void scene_insert(struct random *random, struct prog *prog, unsigned int at);
void mutate_prog(struct random *random, struct prog *prog, const struct prog *other);

#endif
