/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * kdbus: a D-Bus message bus in the kernel, binary interface of 2015.
 *
 * All structures have the same layout for 32- and 64-bit programs.  Integers
 * are in host byte order.  Sizes and offsets are bytes, times are nanoseconds.
 * "in" and "out" are seen from the kernel.
 */
#ifndef _UAPI_LINUX_KDBUS_H
#define _UAPI_LINUX_KDBUS_H

#include <linux/ioctl.h>
#include <linux/stddef.h>
#include <linux/types.h>

/*
 * An empty struct has size 1 in C++, so the form of older <linux/stddef.h>
 * would shift a flexible array there.
 */
#ifdef __cplusplus
#pragma push_macro("__DECLARE_FLEX_ARRAY")
#undef __DECLARE_FLEX_ARRAY
#define __DECLARE_FLEX_ARRAY(TYPE, NAME)	struct { TYPE NAME[0]; }
#elif !defined(__DECLARE_FLEX_ARRAY)
#define __DECLARE_FLEX_ARRAY(TYPE, NAME)		\
	struct {					\
		struct { } __empty_ ## NAME;		\
		TYPE NAME[];				\
	}
#endif

#define __KDBUS_ALIGNED8		__attribute__((__aligned__(8)))

/**
 * DOC: items
 *
 * Whatever has no fixed size travels as a list of &struct kdbus_item behind a
 * fixed structure.  Each item starts at a multiple of 8 bytes, counted from the
 * start of the enclosing structure; its own size excludes the padding up to the
 * next item.  The size of the enclosing structure may include the padding of
 * the last item, or any part of it.  Padding is ignored on input and 0 on
 * output.  Strings carry exactly one NUL, as last byte of the payload.
 */

/**
 * DOC: parser
 *
 * Every command reads its argument in the same order:
 *
 * 1. ``EFAULT``: the address is not a multiple of 8, or the first 8 bytes
 *    (the size) cannot be read.
 * 2. ``EINVAL``: the size is less than the fixed structure.
 * 3. ``EMSGSIZE``: the size is more than 32768.
 * 4. ``EFAULT``: the announced bytes cannot be read.
 * 5. ``EINVAL``: the size changed while it was read.
 * 6. ``EINVAL``: a flag is set that the command does not know.
 * 7. ``EINVAL`` (or what the item's description says): an item is cut off,
 *    has a type that the command does not take, a bad payload, or comes twice
 *    though it may come once; or the items do not fill the structure.
 * 8. ``EINVAL``: a mandatory item is missing.
 *
 * From step 6 on return_flags is stored on every way out; ``EFAULT`` if that
 * is impossible.  Commands that a kind of connection may not use fail with
 * ``EOPNOTSUPP`` before step 1.  A command on a file whose role does not offer
 * it fails with ``EBADFD``, a command on a connection that ended with
 * ``ECONNRESET``, an unknown number with ``ENOTTY``; all these before the
 * argument is looked at.
 */

/**
 * DOC: negotiation
 *
 * With %KDBUS_FLAG_NEGOTIATE in the flags, a command does nothing except to
 * replace the caller's flags by those that it supports.  A
 * %KDBUS_ITEM_NEGOTIATE item carries an array of item types (__u64); the kernel
 * overwrites with 0 those that the command does not take.  Both work on every
 * command and on the message of SEND; an argument that the parser refuses is
 * refused in a negotiation too.
 */

/* numbers of the ioctls; see the DOC blocks at the end of this file */
#define KDBUS_IOCTL_MAGIC		0x95

/**
 * enum kdbus_special_id - ids that name no connection
 * @KDBUS_SRC_ID_KERNEL: &kdbus_msg.src_id of notifications
 * @KDBUS_DST_ID_NAME: &kdbus_msg.dst_id of messages addressed by
 *	%KDBUS_ITEM_DST_NAME alone
 * @KDBUS_MATCH_ID_ANY: in a match rule: any id
 * @KDBUS_DST_ID_BROADCAST: &kdbus_msg.dst_id: everyone with a matching match
 */
enum kdbus_special_id {
	KDBUS_SRC_ID_KERNEL		= 0ULL,
	KDBUS_DST_ID_NAME		= 0ULL,
	KDBUS_MATCH_ID_ANY		= ~0ULL,
	KDBUS_DST_ID_BROADCAST		= ~0ULL,
};

/**
 * enum kdbus_common_flags - flags of all commands and of messages
 * @KDBUS_FLAG_NEGOTIATE: tell the supported flags, and do nothing else
 */
enum kdbus_common_flags {
	KDBUS_FLAG_NEGOTIATE		= 1ULL << 63,
};

/**
 * enum kdbus_payload_type - who understands the payload of a message
 * @KDBUS_PAYLOAD_KERNEL: a notification; programs cannot send it
 * @KDBUS_PAYLOAD_DBUS: a D-Bus message ("DBusDBus"); the kernel does not look
 *	into it, and passes other values through as well
 */
enum kdbus_payload_type {
	KDBUS_PAYLOAD_KERNEL		= 0ULL,
	KDBUS_PAYLOAD_DBUS		= 0x4442757344427573ULL,
};

/**
 * enum kdbus_item_type - type of an item, which is the format of its payload
 * @_KDBUS_ITEM_NULL: not a type
 * @_KDBUS_ITEM_USER_BASE: first type that commands and messages take
 * @KDBUS_ITEM_NEGOTIATE: __u64 array of item types, at most one such item; the
 *	kernel overwrites the unsupported ones with 0
 * @KDBUS_ITEM_PAYLOAD_VEC: &struct kdbus_vec, payload in the sender's memory
 * @KDBUS_ITEM_PAYLOAD_OFF: &struct kdbus_vec, payload in the receiver's pool
 * @KDBUS_ITEM_PAYLOAD_MEMFD: &struct kdbus_memfd, payload in a sealed memfd
 * @KDBUS_ITEM_FDS: array of int, at most 16 descriptors
 * @KDBUS_ITEM_CANCEL_FD: int, a descriptor that ends a synchronous call, or a
 *	wait for room, once it polls readable
 * @KDBUS_ITEM_BLOOM_PARAMETER: &struct kdbus_bloom_parameter of the bus
 * @KDBUS_ITEM_BLOOM_FILTER: &struct kdbus_bloom_filter of a signal
 * @KDBUS_ITEM_BLOOM_MASK: in a match: one or more masks of the bus's bloom
 *	size, one per generation
 * @KDBUS_ITEM_DST_NAME: string, well-known name of the destination
 * @KDBUS_ITEM_MAKE_NAME: string, name of the bus or endpoint, 2 to 63 bytes
 * @KDBUS_ITEM_ATTACH_FLAGS_SEND: __u64, &enum kdbus_attach_flags
 * @KDBUS_ITEM_ATTACH_FLAGS_RECV: __u64, &enum kdbus_attach_flags
 * @KDBUS_ITEM_ID: __u64, in a match: id of the sender
 * @KDBUS_ITEM_NAME: string, a well-known name
 * @KDBUS_ITEM_DST_ID: __u64, in a match: &kdbus_msg.dst_id
 * @_KDBUS_ITEM_EXTENSION_BASE: types that came after 2015; ask for each with
 *	%KDBUS_ITEM_NEGOTIATE
 * @KDBUS_ITEM_FREE: __u64 array of offsets, each as for FREE: the places in the
 *	pool that the command gives back
 * @KDBUS_ITEM_LOST: &struct kdbus_lost, in a message from the kernel to a
 *	connection with %KDBUS_HELLO_LOSS_IN_PLACE: here messages are missing
 * @KDBUS_ITEM_DEADLINE: __u64, CLOCK_MONOTONIC time until which to wait for
 *	room; not 0, all ones for no end
 * @_KDBUS_ITEM_ATTACH_BASE: metadata; base plus bit number of the attach flag
 * @KDBUS_ITEM_TIMESTAMP: &struct kdbus_timestamp
 * @KDBUS_ITEM_CREDS: &struct kdbus_creds
 * @KDBUS_ITEM_PIDS: &struct kdbus_pids
 * @KDBUS_ITEM_AUXGROUPS: __u64 array of supplementary group ids; may be empty
 * @KDBUS_ITEM_OWNED_NAME: &struct kdbus_name, one item per name
 * @KDBUS_ITEM_TID_COMM: string, name of the thread
 * @KDBUS_ITEM_PID_COMM: string, name of the thread group leader
 * @KDBUS_ITEM_EXE: string, path of the executable
 * @KDBUS_ITEM_CMDLINE: arguments, each one NUL-terminated
 * @KDBUS_ITEM_CGROUP: string, control group path
 * @KDBUS_ITEM_CAPS: &struct kdbus_caps
 * @KDBUS_ITEM_SECLABEL: string, label of the security module
 * @KDBUS_ITEM_AUDIT: &struct kdbus_audit
 * @KDBUS_ITEM_CONN_DESCRIPTION: string, what the connection calls itself;
 *	1 to 63 bytes
 * @_KDBUS_ITEM_POLICY_BASE: policy
 * @KDBUS_ITEM_POLICY_ACCESS: &struct kdbus_policy_access, a grant for the name
 *	of the %KDBUS_ITEM_NAME before it
 * @_KDBUS_ITEM_KERNEL_BASE: notifications; in matches and in kernel messages
 * @KDBUS_ITEM_NAME_ADD: &struct kdbus_notify_name_change, a name got its first
 *	owner
 * @KDBUS_ITEM_NAME_REMOVE: &struct kdbus_notify_name_change, a name lost its
 *	last owner
 * @KDBUS_ITEM_NAME_CHANGE: &struct kdbus_notify_name_change, the owner changed
 * @KDBUS_ITEM_ID_ADD: &struct kdbus_notify_id_change, a connection came
 * @KDBUS_ITEM_ID_REMOVE: &struct kdbus_notify_id_change, a connection went
 * @KDBUS_ITEM_REPLY_TIMEOUT: no payload; the deadline of the call whose cookie
 *	is &kdbus_msg.cookie_reply passed
 * @KDBUS_ITEM_REPLY_DEAD: no payload; who should have answered that call went,
 *	or dropped it
 */
enum kdbus_item_type {
	_KDBUS_ITEM_NULL,
	_KDBUS_ITEM_USER_BASE,
	KDBUS_ITEM_NEGOTIATE = _KDBUS_ITEM_USER_BASE,
	KDBUS_ITEM_PAYLOAD_VEC,
	KDBUS_ITEM_PAYLOAD_OFF,
	KDBUS_ITEM_PAYLOAD_MEMFD,
	KDBUS_ITEM_FDS,
	KDBUS_ITEM_CANCEL_FD,
	KDBUS_ITEM_BLOOM_PARAMETER,
	KDBUS_ITEM_BLOOM_FILTER,
	KDBUS_ITEM_BLOOM_MASK,
	KDBUS_ITEM_DST_NAME,
	KDBUS_ITEM_MAKE_NAME,
	KDBUS_ITEM_ATTACH_FLAGS_SEND,
	KDBUS_ITEM_ATTACH_FLAGS_RECV,
	KDBUS_ITEM_ID,
	KDBUS_ITEM_NAME,
	KDBUS_ITEM_DST_ID,

	_KDBUS_ITEM_EXTENSION_BASE = 0x800,
	KDBUS_ITEM_FREE = _KDBUS_ITEM_EXTENSION_BASE,
	KDBUS_ITEM_LOST,
	KDBUS_ITEM_DEADLINE,

	_KDBUS_ITEM_ATTACH_BASE = 0x1000,
	KDBUS_ITEM_TIMESTAMP = _KDBUS_ITEM_ATTACH_BASE,
	KDBUS_ITEM_CREDS,
	KDBUS_ITEM_PIDS,
	KDBUS_ITEM_AUXGROUPS,
	KDBUS_ITEM_OWNED_NAME,
	KDBUS_ITEM_TID_COMM,
	KDBUS_ITEM_PID_COMM,
	KDBUS_ITEM_EXE,
	KDBUS_ITEM_CMDLINE,
	KDBUS_ITEM_CGROUP,
	KDBUS_ITEM_CAPS,
	KDBUS_ITEM_SECLABEL,
	KDBUS_ITEM_AUDIT,
	KDBUS_ITEM_CONN_DESCRIPTION,

	_KDBUS_ITEM_POLICY_BASE = 0x2000,
	KDBUS_ITEM_POLICY_ACCESS = _KDBUS_ITEM_POLICY_BASE,

	_KDBUS_ITEM_KERNEL_BASE = 0x8000,
	KDBUS_ITEM_NAME_ADD = _KDBUS_ITEM_KERNEL_BASE,
	KDBUS_ITEM_NAME_REMOVE,
	KDBUS_ITEM_NAME_CHANGE,
	KDBUS_ITEM_ID_ADD,
	KDBUS_ITEM_ID_REMOVE,
	KDBUS_ITEM_REPLY_TIMEOUT,
	KDBUS_ITEM_REPLY_DEAD,
};

/**
 * enum kdbus_make_flags - flags of BUS_MAKE and ENDPOINT_MAKE
 * @KDBUS_MAKE_ACCESS_GROUP: the group of the creator may connect
 * @KDBUS_MAKE_ACCESS_WORLD: everyone may connect
 */
enum kdbus_make_flags {
	KDBUS_MAKE_ACCESS_GROUP		= 1ULL << 0,
	KDBUS_MAKE_ACCESS_WORLD		= 1ULL << 1,
};

/**
 * enum kdbus_hello_flags - flags of HELLO; at most one of ACTIVATOR,
 * POLICY_HOLDER, MONITOR
 * @KDBUS_HELLO_ACCEPT_FD: take messages that carry file descriptors
 * @KDBUS_HELLO_ACTIVATOR: keep messages for a name that nobody owns yet
 * @KDBUS_HELLO_POLICY_HOLDER: hold the policy of a name, without messages
 * @KDBUS_HELLO_MONITOR: get a copy of everything, send nothing
 * @KDBUS_HELLO_LOSS_IN_PLACE: an extension: where broadcasts or notifications
 *	to this connection were lost, its queue has a message with
 *	%KDBUS_ITEM_LOST; not with %KDBUS_HELLO_POLICY_HOLDER
 */
enum kdbus_hello_flags {
	KDBUS_HELLO_ACCEPT_FD		= 1ULL << 0,
	KDBUS_HELLO_ACTIVATOR		= 1ULL << 1,
	KDBUS_HELLO_POLICY_HOLDER	= 1ULL << 2,
	KDBUS_HELLO_MONITOR		= 1ULL << 3,
	KDBUS_HELLO_LOSS_IN_PLACE	= 1ULL << 16,
};

/**
 * enum kdbus_attach_flags - kinds of metadata
 * @KDBUS_ATTACH_TIMESTAMP: sequence number and time of the message
 * @KDBUS_ATTACH_CREDS: user and group ids
 * @KDBUS_ATTACH_PIDS: process, thread and parent id
 * @KDBUS_ATTACH_AUXGROUPS: supplementary groups
 * @KDBUS_ATTACH_NAMES: well-known names that the connection owns
 * @KDBUS_ATTACH_TID_COMM: name of the thread
 * @KDBUS_ATTACH_PID_COMM: name of the process
 * @KDBUS_ATTACH_EXE: path of the executable
 * @KDBUS_ATTACH_CMDLINE: arguments of the process
 * @KDBUS_ATTACH_CGROUP: control group
 * @KDBUS_ATTACH_CAPS: capability sets
 * @KDBUS_ATTACH_SECLABEL: label of the security module
 * @KDBUS_ATTACH_AUDIT: audit session and login uid
 * @KDBUS_ATTACH_CONN_DESCRIPTION: what the connection calls itself
 * @_KDBUS_ATTACH_ALL: all of these
 * @_KDBUS_ATTACH_ANY: all of these, and those of later kernels
 *
 * A value with other bits than these fails with ``EINVAL``, except
 * %_KDBUS_ATTACH_ANY.
 */
enum kdbus_attach_flags {
	KDBUS_ATTACH_TIMESTAMP		= 1ULL << 0,
	KDBUS_ATTACH_CREDS		= 1ULL << 1,
	KDBUS_ATTACH_PIDS		= 1ULL << 2,
	KDBUS_ATTACH_AUXGROUPS		= 1ULL << 3,
	KDBUS_ATTACH_NAMES		= 1ULL << 4,
	KDBUS_ATTACH_TID_COMM		= 1ULL << 5,
	KDBUS_ATTACH_PID_COMM		= 1ULL << 6,
	KDBUS_ATTACH_EXE		= 1ULL << 7,
	KDBUS_ATTACH_CMDLINE		= 1ULL << 8,
	KDBUS_ATTACH_CGROUP		= 1ULL << 9,
	KDBUS_ATTACH_CAPS		= 1ULL << 10,
	KDBUS_ATTACH_SECLABEL		= 1ULL << 11,
	KDBUS_ATTACH_AUDIT		= 1ULL << 12,
	KDBUS_ATTACH_CONN_DESCRIPTION	= 1ULL << 13,
	_KDBUS_ATTACH_ALL		= (1ULL << 14) - 1,
	_KDBUS_ATTACH_ANY		= ~0ULL,
};

/**
 * enum kdbus_msg_flags - flags of a message, delivered as they were sent
 * @KDBUS_MSG_EXPECT_REPLY: a call, to be answered before
 *	&kdbus_msg.timeout_ns
 * @KDBUS_MSG_NO_AUTO_START: fail rather than wake an activator
 * @KDBUS_MSG_SIGNAL: goes only to those with a matching match; needs
 *	%KDBUS_ITEM_BLOOM_FILTER
 */
enum kdbus_msg_flags {
	KDBUS_MSG_EXPECT_REPLY		= 1ULL << 0,
	KDBUS_MSG_NO_AUTO_START		= 1ULL << 1,
	KDBUS_MSG_SIGNAL		= 1ULL << 2,
};

/**
 * enum kdbus_send_flags - flags of SEND
 * @KDBUS_SEND_SYNC_REPLY: return with the reply; the message must have
 *	%KDBUS_MSG_EXPECT_REPLY
 * @KDBUS_SEND_WAIT: an extension: wait until there is room for the message
 */
enum kdbus_send_flags {
	KDBUS_SEND_SYNC_REPLY		= 1ULL << 0,
	KDBUS_SEND_WAIT			= 1ULL << 16,
};

/**
 * enum kdbus_send_return_flags - what SEND has to tell
 * @KDBUS_SEND_RETURN_LOST: an extension: of a broadcast that waited for room:
 *	some receiver had none by the deadline, and lost it
 */
enum kdbus_send_return_flags {
	KDBUS_SEND_RETURN_LOST		= 1ULL << 16,
};

/**
 * enum kdbus_recv_flags - flags of RECV
 * @KDBUS_RECV_PEEK: show the message, leave it in the queue, install no
 *	descriptors
 * @KDBUS_RECV_DROP: remove the message without showing it
 * @KDBUS_RECV_USE_PRIORITY: take the message with the numerically smallest
 *	priority, not the oldest; not together with DROP
 */
enum kdbus_recv_flags {
	KDBUS_RECV_PEEK			= 1ULL << 0,
	KDBUS_RECV_DROP			= 1ULL << 1,
	KDBUS_RECV_USE_PRIORITY		= 1ULL << 2,
};

/**
 * enum kdbus_recv_return_flags - what RECV, or SEND with a reply, has to tell
 * @KDBUS_RECV_RETURN_INCOMPLETE_FDS: in &kdbus_msg_info.return_flags: some
 *	descriptor could not be installed and reads -1
 * @KDBUS_RECV_RETURN_DROPPED_MSGS: in &kdbus_cmd_recv.return_flags:
 *	&kdbus_cmd_recv.dropped_msgs is not 0
 * @KDBUS_RECV_RETURN_BEHIND: an extension, in &kdbus_msg_info.return_flags of
 *	&kdbus_cmd_send.reply: the caller's queue was not empty when the reply
 *	came, so messages that are older may wait there
 */
enum kdbus_recv_return_flags {
	KDBUS_RECV_RETURN_INCOMPLETE_FDS = 1ULL << 0,
	KDBUS_RECV_RETURN_DROPPED_MSGS	= 1ULL << 1,
	KDBUS_RECV_RETURN_BEHIND	= 1ULL << 16,
};

/**
 * enum kdbus_list_flags - what LIST shows
 * @KDBUS_LIST_UNIQUE: connections that show no name
 * @KDBUS_LIST_NAMES: names with their primary owners
 * @KDBUS_LIST_ACTIVATORS: names with their activators
 * @KDBUS_LIST_QUEUED: names with those who wait for them
 */
enum kdbus_list_flags {
	KDBUS_LIST_UNIQUE		= 1ULL << 0,
	KDBUS_LIST_NAMES		= 1ULL << 1,
	KDBUS_LIST_ACTIVATORS		= 1ULL << 2,
	KDBUS_LIST_QUEUED		= 1ULL << 3,
};

/**
 * enum kdbus_match_flags - flags of MATCH_ADD
 * @KDBUS_MATCH_REPLACE: remove the matches with the same cookie first
 */
enum kdbus_match_flags {
	KDBUS_MATCH_REPLACE		= 1ULL << 0,
};

/**
 * enum kdbus_name_flags - flags of NAME_ACQUIRE and state of an ownership
 * @KDBUS_NAME_REPLACE_EXISTING: in: replace an owner that allows it
 * @KDBUS_NAME_ALLOW_REPLACEMENT: in and state: others may replace this owner
 * @KDBUS_NAME_QUEUE: in and state: wait for the name if it is taken
 * @KDBUS_NAME_IN_QUEUE: state: waits for the name
 * @KDBUS_NAME_ACTIVATOR: state: activator of the name
 * @KDBUS_NAME_PRIMARY: state: owns the name
 * @KDBUS_NAME_ACQUIRED: out: owner or queued since this very call
 */
enum kdbus_name_flags {
	KDBUS_NAME_REPLACE_EXISTING	= 1ULL << 0,
	KDBUS_NAME_ALLOW_REPLACEMENT	= 1ULL << 1,
	KDBUS_NAME_QUEUE		= 1ULL << 2,
	KDBUS_NAME_IN_QUEUE		= 1ULL << 3,
	KDBUS_NAME_ACTIVATOR		= 1ULL << 4,
	KDBUS_NAME_PRIMARY		= 1ULL << 5,
	KDBUS_NAME_ACQUIRED		= 1ULL << 6,
};

/**
 * enum kdbus_policy_access_type - whom a grant concerns
 * @_KDBUS_POLICY_ACCESS_NULL: not a type
 * @KDBUS_POLICY_ACCESS_USER: the effective uid in &kdbus_policy_access.id
 * @KDBUS_POLICY_ACCESS_GROUP: the effective or supplementary gid in
 *	&kdbus_policy_access.id
 * @KDBUS_POLICY_ACCESS_WORLD: everyone
 */
enum kdbus_policy_access_type {
	_KDBUS_POLICY_ACCESS_NULL,
	KDBUS_POLICY_ACCESS_USER,
	KDBUS_POLICY_ACCESS_GROUP,
	KDBUS_POLICY_ACCESS_WORLD,
};

/**
 * enum kdbus_policy_access_flags - what is granted; each includes those before
 * @KDBUS_POLICY_SEE: see that the name exists
 * @KDBUS_POLICY_TALK: send to its owner
 * @KDBUS_POLICY_OWN: own it
 */
enum kdbus_policy_access_flags {
	KDBUS_POLICY_SEE,
	KDBUS_POLICY_TALK,
	KDBUS_POLICY_OWN,
};

/**
 * struct kdbus_vec - a piece of payload in memory
 * @size: bytes; not 0
 * @address: in, %KDBUS_ITEM_PAYLOAD_VEC: where the bytes are; 0 stands for a
 *	run of @size zero bytes that is not transported
 * @offset: out, %KDBUS_ITEM_PAYLOAD_OFF: where the bytes are, counted from the
 *	start of the message; ~0 for a run of zero bytes
 */
struct kdbus_vec {
	__u64 size;
	union {
		__u64 address;
		__u64 offset;
	};
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_memfd - a piece of payload in a sealed memfd
 * @start: where the payload starts in the file
 * @size: bytes; not 0, @start + @size inside the file
 * @fd: in: a memfd with the seals SEAL, SHRINK, GROW and WRITE; out: a new
 *	descriptor of the receiver, or -1
 * @__pad: ignored
 */
struct kdbus_memfd {
	__u64 start;
	__u64 size;
	int fd;
	__u32 __pad;
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_bloom_parameter - how the clients of a bus build bloom filters
 * @size: bytes of a filter; 8 to 4096, a multiple of 8
 * @n_hash: number of hash functions, at least 1; for the clients' use
 */
struct kdbus_bloom_parameter {
	__u64 size;
	__u64 n_hash;
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_bloom_filter - what a signal is about
 * @generation: selects the mask of this generation in the receivers' matches
 * @data: the filter, as many bytes as the bus's bloom size
 */
struct kdbus_bloom_filter {
	__u64 generation;
	__u64 data[];
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_creds - user and group ids of a sender or connection
 * @uid: real user id
 * @euid: effective user id
 * @suid: saved user id
 * @fsuid: file system user id
 * @gid: real group id
 * @egid: effective group id
 * @sgid: saved group id
 * @fsgid: file system group id
 *
 * Ids are those of the reader's user namespace.  In HELLO 0xffffffff stands for
 * "unknown" and is reported as such.
 */
struct kdbus_creds {
	__u64 uid;
	__u64 euid;
	__u64 suid;
	__u64 fsuid;
	__u64 gid;
	__u64 egid;
	__u64 sgid;
	__u64 fsgid;
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_pids - process ids of a sender or connection
 * @pid: process id
 * @tid: thread id
 * @ppid: process id of the parent
 *
 * Ids are those of the reader's pid namespace, 0 if it does not see them.  In
 * HELLO 0 stands for "unknown".
 */
struct kdbus_pids {
	__u64 pid;
	__u64 tid;
	__u64 ppid;
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_caps - capability sets of a sender or connection
 * @last_cap: highest capability number of the running kernel
 * @caps: inheritable, permitted, effective and bounding set, each of
 *	@last_cap / 32 + 1 words, low word first
 */
struct kdbus_caps {
	__u32 last_cap;
	__u32 caps[];
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_audit - audit identity of a sender or connection
 * @sessionid: audit session
 * @loginuid: uid at login in the reader's user namespace, or 0xffffffff
 */
struct kdbus_audit {
	__u32 sessionid;
	__u32 loginuid;
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_timestamp - when a message was sent
 * @seqnum: sequence number of the message on its bus, from 1
 * @monotonic_ns: CLOCK_MONOTONIC
 * @realtime_ns: CLOCK_REALTIME
 */
struct kdbus_timestamp {
	__u64 seqnum;
	__u64 monotonic_ns;
	__u64 realtime_ns;
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_name - a well-known name and its state
 * @flags: &enum kdbus_name_flags
 * @name: the name, NUL-terminated
 */
struct kdbus_name {
	__u64 flags;
	char name[];
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_policy_access - a grant
 * @type: whom it concerns, &enum kdbus_policy_access_type
 * @access: what it grants, &enum kdbus_policy_access_flags
 * @id: uid or gid in the caller's user namespace; ignored for WORLD
 */
struct kdbus_policy_access {
	__u64 type;
	__u64 access;
	__u64 id;
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_notify_id_change - a connection in a notification or match rule
 * @id: connection; in a rule %KDBUS_MATCH_ID_ANY for any
 * @flags: HELLO flags, or name flags in &struct kdbus_notify_name_change;
 *	ignored in rules
 */
struct kdbus_notify_id_change {
	__u64 id;
	__u64 flags;
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_notify_name_change - a change of owner, or a rule for it
 * @old_id: owner before the change, all 0 if none
 * @new_id: owner after the change, all 0 if none
 * @name: the name, NUL-terminated; absent in a rule for any name
 */
struct kdbus_notify_name_change {
	struct kdbus_notify_id_change old_id;
	struct kdbus_notify_id_change new_id;
	char name[];
} __KDBUS_ALIGNED8;

/**
 * enum kdbus_lost_flags - what is to be known about a loss
 * @KDBUS_LOST_EARLIER: some of the messages are missing elsewhere: there was no
 *	memory to note their place
 */
enum kdbus_lost_flags {
	KDBUS_LOST_EARLIER		= 1ULL << 16,
};

/**
 * struct kdbus_lost - that messages are missing where this one stands
 * @count: how many
 * @flags: &enum kdbus_lost_flags
 */
struct kdbus_lost {
	__u64 count;
	__u64 flags;
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_item - an element of the list behind a fixed structure
 * @size: bytes of header (16) and payload, without the padding to the next item
 * @type: &enum kdbus_item_type
 * @data: payload as bytes
 * @data32: payload as 32-bit words
 * @data64: payload as 64-bit words, e.g. %KDBUS_ITEM_AUXGROUPS
 * @str: payload as string
 * @fds: payload of %KDBUS_ITEM_FDS and %KDBUS_ITEM_CANCEL_FD
 * @id: payload of the types that are one __u64
 * @vec: payload of %KDBUS_ITEM_PAYLOAD_VEC and %KDBUS_ITEM_PAYLOAD_OFF
 * @creds: payload of %KDBUS_ITEM_CREDS
 * @pids: payload of %KDBUS_ITEM_PIDS
 * @audit: payload of %KDBUS_ITEM_AUDIT
 * @caps: payload of %KDBUS_ITEM_CAPS
 * @timestamp: payload of %KDBUS_ITEM_TIMESTAMP
 * @name: payload of %KDBUS_ITEM_OWNED_NAME
 * @memfd: payload of %KDBUS_ITEM_PAYLOAD_MEMFD
 * @bloom_parameter: payload of %KDBUS_ITEM_BLOOM_PARAMETER
 * @bloom_filter: payload of %KDBUS_ITEM_BLOOM_FILTER
 * @policy_access: payload of %KDBUS_ITEM_POLICY_ACCESS
 * @id_change: payload of the ID_* notifications and rules
 * @name_change: payload of the NAME_* notifications and rules
 * @lost: payload of %KDBUS_ITEM_LOST
 *
 * sizeof counts the largest payload of fixed size; the header alone is 16
 * bytes, and an item may be as short as that.
 */
struct kdbus_item {
	__u64 size;
	__u64 type;
	union {
		__DECLARE_FLEX_ARRAY(__u8, data);
		__DECLARE_FLEX_ARRAY(__u32, data32);
		__DECLARE_FLEX_ARRAY(__u64, data64);
		__DECLARE_FLEX_ARRAY(char, str);
		__DECLARE_FLEX_ARRAY(int, fds);
		__u64 id;
		struct kdbus_vec vec;
		struct kdbus_creds creds;
		struct kdbus_pids pids;
		struct kdbus_audit audit;
		struct kdbus_caps caps;
		struct kdbus_timestamp timestamp;
		struct kdbus_name name;
		struct kdbus_memfd memfd;
		struct kdbus_bloom_parameter bloom_parameter;
		struct kdbus_bloom_filter bloom_filter;
		struct kdbus_policy_access policy_access;
		struct kdbus_notify_id_change id_change;
		struct kdbus_notify_name_change name_change;
		struct kdbus_lost lost;
	};
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_msg - a message
 * @size: bytes including @items
 * @flags: &enum kdbus_msg_flags
 * @priority: only RECV with %KDBUS_RECV_USE_PRIORITY looks at it
 * @dst_id: receiver, %KDBUS_DST_ID_NAME or %KDBUS_DST_ID_BROADCAST
 * @src_id: in: 0 or the sender's id; out: the sender's id, or
 *	%KDBUS_SRC_ID_KERNEL
 * @payload_type: &enum kdbus_payload_type
 * @cookie: the sender's number of the message; replies name it
 * @timeout_ns: with %KDBUS_MSG_EXPECT_REPLY: deadline of the reply, an absolute
 *	CLOCK_MONOTONIC time; not 0
 * @cookie_reply: otherwise: cookie of the call that this message answers, 0 if
 *	it is no reply
 * @items: to be sent: %KDBUS_ITEM_PAYLOAD_VEC, %KDBUS_ITEM_PAYLOAD_MEMFD,
 *	%KDBUS_ITEM_FDS, %KDBUS_ITEM_BLOOM_FILTER, %KDBUS_ITEM_DST_NAME.
 *	Received: the same in the same order, %KDBUS_ITEM_PAYLOAD_OFF in place
 *	of %KDBUS_ITEM_PAYLOAD_VEC; then the metadata
 */
struct kdbus_msg {
	__u64 size;
	__u64 flags;
	__s64 priority;
	__u64 dst_id;
	__u64 src_id;
	__u64 payload_type;
	__u64 cookie;
	union {
		__u64 timeout_ns;
		__u64 cookie_reply;
	};
	struct kdbus_item items[];
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_msg_info - where a received message lies
 * @offset: out: start of the message in the caller's pool; size of the pool if
 *	there is none
 * @msg_size: out: bytes of the message including payload, a multiple of 8
 * @return_flags: out: %KDBUS_RECV_RETURN_INCOMPLETE_FDS,
 *	%KDBUS_RECV_RETURN_BEHIND
 */
struct kdbus_msg_info {
	__u64 offset;
	__u64 msg_size;
	__u64 return_flags;
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_info - a connection or bus, in the pool of who asked
 * @size: bytes including @items and their padding
 * @id: connection id; bus id for BUS_CREATOR_INFO
 * @flags: HELLO flags; make flags for BUS_CREATOR_INFO
 * @items: metadata
 */
struct kdbus_info {
	__u64 size;
	__u64 id;
	__u64 flags;
	struct kdbus_item items[];
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_cmd - argument of commands that need only items
 * @size: in: bytes including @items
 * @flags: in: flags of the command; out: supported flags, when negotiating
 * @return_flags: out: 0, or for NAME_ACQUIRE &enum kdbus_name_flags
 * @items: in: see the command
 */
struct kdbus_cmd {
	__u64 size;
	__u64 flags;
	__u64 return_flags;
	struct kdbus_item items[];
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_cmd_hello - argument of HELLO
 * @size: in: bytes including @items
 * @flags: in: &enum kdbus_hello_flags; out: supported flags, when negotiating
 * @return_flags: out: 0
 * @attach_flags_send: in: metadata that others may learn about this connection
 * @attach_flags_recv: in: metadata wanted with each message
 * @bus_flags: out: &enum kdbus_make_flags of the bus
 * @id: out: id of the new connection
 * @pool_size: in: bytes of the pool; not 0, a multiple of the page size
 * @offset: out: where in the pool the items about the bus are; to be freed
 * @items_size: out: bytes of these items
 * @id128: out: random id of the bus, a version 4 UUID
 * @items: in: see %KDBUS_CMD_HELLO
 */
struct kdbus_cmd_hello {
	__u64 size;
	__u64 flags;
	__u64 return_flags;
	__u64 attach_flags_send;
	__u64 attach_flags_recv;
	__u64 bus_flags;
	__u64 id;
	__u64 pool_size;
	__u64 offset;
	__u64 items_size;
	__u8 id128[16];
	struct kdbus_item items[];
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_cmd_free - argument of FREE
 * @size: in: bytes including @items
 * @flags: in: 0; out: supported flags, when negotiating
 * @return_flags: out: 0
 * @offset: in: what a command reported; the size of the pool is allowed and
 *	means nothing
 * @items: in: none
 */
struct kdbus_cmd_free {
	__u64 size;
	__u64 flags;
	__u64 return_flags;
	__u64 offset;
	struct kdbus_item items[];
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_cmd_info - argument of CONN_INFO and BUS_CREATOR_INFO
 * @size: in: bytes including @items
 * @flags: in: 0; out: supported flags, when negotiating
 * @return_flags: out: 0
 * @id: in: connection asked for; may be 0 together with %KDBUS_ITEM_NAME
 * @attach_flags: in: metadata wanted
 * @offset: out: where in the pool the &struct kdbus_info is; to be freed
 * @info_size: out: its size in bytes
 * @items: in: see the command
 */
struct kdbus_cmd_info {
	__u64 size;
	__u64 flags;
	__u64 return_flags;
	__u64 id;
	__u64 attach_flags;
	__u64 offset;
	__u64 info_size;
	struct kdbus_item items[];
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_cmd_list - argument of LIST
 * @size: in: bytes including @items
 * @flags: in: &enum kdbus_list_flags; out: supported flags, when negotiating
 * @return_flags: out: 0
 * @offset: out: where in the pool the records are; to be freed
 * @list_size: out: bytes of all &struct kdbus_info records together
 * @items: in: none
 */
struct kdbus_cmd_list {
	__u64 size;
	__u64 flags;
	__u64 return_flags;
	__u64 offset;
	__u64 list_size;
	struct kdbus_item items[];
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_cmd_match - argument of MATCH_ADD and MATCH_REMOVE
 * @size: in: bytes including @items
 * @flags: in: &enum kdbus_match_flags; out: supported flags, when negotiating
 * @return_flags: out: 0
 * @cookie: in: the caller's number of the match; need not be unique
 * @items: in: the rules, see the command
 */
struct kdbus_cmd_match {
	__u64 size;
	__u64 flags;
	__u64 return_flags;
	__u64 cookie;
	struct kdbus_item items[];
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_cmd_send - argument of SEND
 * @size: in: bytes including @items
 * @flags: in: &enum kdbus_send_flags; out: supported flags, when negotiating
 * @return_flags: out: &enum kdbus_send_return_flags
 * @msg_address: in: address of the &struct kdbus_msg
 * @reply: out: the reply to a synchronous call
 * @items: in: %KDBUS_ITEM_CANCEL_FD, %KDBUS_ITEM_FREE, %KDBUS_ITEM_DEADLINE
 */
struct kdbus_cmd_send {
	__u64 size;
	__u64 flags;
	__u64 return_flags;
	__u64 msg_address;
	struct kdbus_msg_info reply;
	struct kdbus_item items[];
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_cmd_recv - argument of RECV
 * @size: in: bytes including @items
 * @flags: in: &enum kdbus_recv_flags; out: supported flags, when negotiating
 * @return_flags: out: %KDBUS_RECV_RETURN_DROPPED_MSGS
 * @priority: in: with %KDBUS_RECV_USE_PRIORITY: take no message with a
 *	numerically larger priority
 * @dropped_msgs: out: broadcasts and notifications that were lost since the
 *	last RECV; also set when RECV fails with ``EAGAIN``
 * @msg: out: the message
 * @items: in: %KDBUS_ITEM_FREE
 */
struct kdbus_cmd_recv {
	__u64 size;
	__u64 flags;
	__u64 return_flags;
	__s64 priority;
	__u64 dropped_msgs;
	struct kdbus_msg_info msg;
	struct kdbus_item items[];
} __KDBUS_ALIGNED8;

/**
 * enum kdbus_exchange_flags - flags of EXCHANGE
 * @KDBUS_EXCHANGE_USE_PRIORITY: as %KDBUS_RECV_USE_PRIORITY, for the message
 *	waited for
 * @KDBUS_EXCHANGE_SEND_WAIT: as %KDBUS_SEND_WAIT, for the message to send
 */
enum kdbus_exchange_flags {
	KDBUS_EXCHANGE_USE_PRIORITY	= 1ULL << 16,
	KDBUS_EXCHANGE_SEND_WAIT	= 1ULL << 17,
};

/**
 * enum kdbus_exchange_return_flags - which steps of EXCHANGE were taken
 * @KDBUS_EXCHANGE_RETURN_SENT: the message was sent
 * @KDBUS_EXCHANGE_RETURN_FREED: the offsets were given back
 * @KDBUS_EXCHANGE_RETURN_RECEIVED: there is a message in
 *	&kdbus_cmd_exchange.msg
 * @KDBUS_EXCHANGE_RETURN_LOST: as %KDBUS_SEND_RETURN_LOST
 *
 * %KDBUS_RECV_RETURN_DROPPED_MSGS may be set beside them.
 */
enum kdbus_exchange_return_flags {
	KDBUS_EXCHANGE_RETURN_SENT	= 1ULL << 16,
	KDBUS_EXCHANGE_RETURN_FREED	= 1ULL << 17,
	KDBUS_EXCHANGE_RETURN_RECEIVED	= 1ULL << 18,
	KDBUS_EXCHANGE_RETURN_LOST	= 1ULL << 19,
};

/**
 * struct kdbus_cmd_exchange - argument of EXCHANGE
 * @size: in: bytes including @items
 * @flags: in: &enum kdbus_exchange_flags; out: supported flags, when
 *	negotiating
 * @return_flags: out: &enum kdbus_exchange_return_flags
 * @msg_address: in: address of the &struct kdbus_msg to send; 0 to send nothing
 * @timeout_ns: in: CLOCK_MONOTONIC time until which to wait for a message; 0
 *	not to wait, all ones to wait without end
 * @priority: in: with %KDBUS_EXCHANGE_USE_PRIORITY: take no message with a
 *	numerically larger priority
 * @dropped_msgs: out: as &kdbus_cmd_recv.dropped_msgs
 * @msg: out: the message received
 * @items: in: %KDBUS_ITEM_FREE, %KDBUS_ITEM_CANCEL_FD, %KDBUS_ITEM_DEADLINE;
 *	the last two are about the wait for room
 */
struct kdbus_cmd_exchange {
	__u64 size;
	__u64 flags;
	__u64 return_flags;
	__u64 msg_address;
	__u64 timeout_ns;
	__s64 priority;
	__u64 dropped_msgs;
	struct kdbus_msg_info msg;
	struct kdbus_item items[];
} __KDBUS_ALIGNED8;

/**
 * struct kdbus_cmd_room - argument of ROOM
 * @size: in: bytes including @items
 * @flags: in: 0; out: supported flags, when negotiating
 * @return_flags: out: 0
 * @dst_id: in: the destination; %KDBUS_DST_ID_NAME together with
 *	%KDBUS_ITEM_NAME
 * @msg_size: in: bytes of the message in the pool of the destination; not 0
 * @n_fds: in: descriptors in the %KDBUS_ITEM_FDS of the message
 * @items: in: %KDBUS_ITEM_NAME
 */
struct kdbus_cmd_room {
	__u64 size;
	__u64 flags;
	__u64 return_flags;
	__u64 dst_id;
	__u64 msg_size;
	__u64 n_fds;
	struct kdbus_item items[];
} __KDBUS_ALIGNED8;

/**
 * DOC: KDBUS_CMD_BUS_MAKE
 *
 * Make a bus: on an opened ``control`` file, which owns the bus from then on.
 * Flags: &enum kdbus_make_flags.  Items: %KDBUS_ITEM_MAKE_NAME (mandatory),
 * %KDBUS_ITEM_BLOOM_PARAMETER (mandatory), %KDBUS_ITEM_ATTACH_FLAGS_SEND
 * (what BUS_CREATOR_INFO may tell about the caller; absent: nothing).
 *
 * Errors, besides those of the parser: ``ESHUTDOWN``: the domain is gone.
 * ``EINVAL``: bloom parameters or attach flags out of range; the name does not
 * start with the caller's effective uid in decimal and ``-``.
 * ``ENAMETOOLONG``: more than 63 bytes of name.  ``EEXIST``: the name is taken.
 * ``EMFILE``: the caller's real uid has too many buses.
 */
#define KDBUS_CMD_BUS_MAKE		_IOW(KDBUS_IOCTL_MAGIC, 0x00,	\
					     struct kdbus_cmd)

/**
 * DOC: KDBUS_CMD_ENDPOINT_MAKE
 *
 * Make a custom endpoint: on an opened ``bus`` file, which owns the endpoint
 * from then on.  Flags: &enum kdbus_make_flags.  Items: %KDBUS_ITEM_MAKE_NAME
 * (mandatory).
 *
 * Errors, besides those of the parser: ``ESHUTDOWN``: the bus is gone.
 * ``EPERM``: the file was not opened by the owner of the bus, or is a custom
 * endpoint.  ``EINVAL``: the name does not start with the caller's effective
 * uid and ``-``.  ``ENAMETOOLONG``: more than 63 bytes of name.  ``EEXIST``:
 * the name is taken.
 */
#define KDBUS_CMD_ENDPOINT_MAKE		_IOW(KDBUS_IOCTL_MAGIC, 0x10,	\
					     struct kdbus_cmd)

/**
 * DOC: KDBUS_CMD_ENDPOINT_UPDATE
 *
 * Replace the policy of a custom endpoint, on the file that made it.  Flags:
 * none.  Items: groups of one %KDBUS_ITEM_NAME and the
 * %KDBUS_ITEM_POLICY_ACCESS items of that name; no items is an empty policy,
 * which denies everything.
 *
 * Errors, besides those of the parser: ``ESHUTDOWN``: the endpoint is gone.
 * ``EINVAL``: bad name or grant, or a grant before any name.  ``EEXIST``: a
 * name twice.
 */
#define KDBUS_CMD_ENDPOINT_UPDATE	_IOW(KDBUS_IOCTL_MAGIC, 0x11,	\
					     struct kdbus_cmd)

/**
 * DOC: KDBUS_CMD_HELLO
 *
 * Connect: makes an opened endpoint file a connection.  Flags: &enum
 * kdbus_hello_flags.  Items: %KDBUS_ITEM_CONN_DESCRIPTION; %KDBUS_ITEM_NAME and
 * %KDBUS_ITEM_POLICY_ACCESS for activators and policy holders;
 * %KDBUS_ITEM_CREDS, %KDBUS_ITEM_PIDS, %KDBUS_ITEM_SECLABEL to stand for
 * somebody else.
 *
 * Errors, besides those of the parser: ``ESHUTDOWN``: the endpoint is gone.
 * ``EINVAL``: bad pool size, attach flags, name, grant, or credentials; flags
 * that exclude each other; a name without need, or none with need.
 * ``EOPNOTSUPP``: a monitor on a custom endpoint.  ``EPERM``: a special kind of
 * connection, or foreign credentials, but the file was not opened by the owner
 * of the bus.  ``ENAMETOOLONG``: more than 63 bytes of description.
 * ``EMFILE``: the user has too many connections.  ``EEXIST``: the name has an
 * activator, or a policy of somebody else.  ``EFAULT``: the result cannot be
 * written.
 */
#define KDBUS_CMD_HELLO			_IOWR(KDBUS_IOCTL_MAGIC, 0x80,	\
					      struct kdbus_cmd_hello)

/**
 * DOC: KDBUS_CMD_UPDATE
 *
 * Change what HELLO set.  Flags: none.  Items: %KDBUS_ITEM_ATTACH_FLAGS_SEND,
 * %KDBUS_ITEM_ATTACH_FLAGS_RECV; for a policy holder %KDBUS_ITEM_NAME and its
 * %KDBUS_ITEM_POLICY_ACCESS items.
 *
 * Errors, besides those of the parser: ``EOPNOTSUPP``: not for this kind of
 * connection.  ``EINVAL``: bad attach flags, name or grant.  ``E2BIG``: a
 * second name.  ``EEXIST``: a policy for this name belongs to somebody else.
 */
#define KDBUS_CMD_UPDATE		_IOW(KDBUS_IOCTL_MAGIC, 0x81,	\
					     struct kdbus_cmd)

/**
 * DOC: KDBUS_CMD_BYEBYE
 *
 * Disconnect, unless messages are queued.  Flags and items: none.
 *
 * Errors, besides those of the parser: ``EOPNOTSUPP``: not an ordinary
 * connection.  ``EBUSY``: messages are queued; nothing happened.
 * ``ECONNRESET``: it was disconnected before.
 */
#define KDBUS_CMD_BYEBYE		_IOW(KDBUS_IOCTL_MAGIC, 0x82,	\
					     struct kdbus_cmd)

/**
 * DOC: KDBUS_CMD_FREE
 *
 * Give back a part of the pool that a command reported.  Flags and items: none.
 *
 * Errors, besides those of the parser: ``EOPNOTSUPP``: a policy holder.
 * ``ENXIO``: no command reported this offset, or it was given back before.
 */
#define KDBUS_CMD_FREE			_IOW(KDBUS_IOCTL_MAGIC, 0x83,	\
					     struct kdbus_cmd_free)

/**
 * DOC: KDBUS_CMD_CONN_INFO
 *
 * Ask about a connection, by &kdbus_cmd_info.id or by %KDBUS_ITEM_NAME.  Flags:
 * none.  The answer carries the metadata that both the caller asks for and the
 * connection's attach_flags_send allow.
 *
 * Errors, besides those of the parser: ``EINVAL``: bad attach flags, or neither
 * id nor name.  ``ESRCH``: no such name, or its owner is not
 * &kdbus_cmd_info.id.  ``ENXIO``: no such id.  ``EXFULL``: no room in the pool.
 */
#define KDBUS_CMD_CONN_INFO		_IOR(KDBUS_IOCTL_MAGIC, 0x84,	\
					     struct kdbus_cmd_info)

/**
 * DOC: KDBUS_CMD_BUS_CREATOR_INFO
 *
 * Ask about the bus and who made it.  Flags and items: none.  The answer starts
 * with %KDBUS_ITEM_MAKE_NAME.
 *
 * Errors, besides those of the parser: ``EINVAL``: bad attach flags.
 * ``EXFULL``: no room in the pool.
 */
#define KDBUS_CMD_BUS_CREATOR_INFO	_IOR(KDBUS_IOCTL_MAGIC, 0x85,	\
					     struct kdbus_cmd_info)

/**
 * DOC: KDBUS_CMD_LIST
 *
 * List connections and names.  Flags: &enum kdbus_list_flags.  Items: none.
 * The answer is a sequence of &struct kdbus_info records, those with a name
 * carrying a %KDBUS_ITEM_OWNED_NAME; the records of one connection are
 * adjacent.
 *
 * Errors, besides those of the parser: ``EXFULL``: no room in the pool.
 */
#define KDBUS_CMD_LIST			_IOR(KDBUS_IOCTL_MAGIC, 0x86,	\
					     struct kdbus_cmd_list)

/**
 * DOC: KDBUS_CMD_SEND
 *
 * Send a message.  Flags: &enum kdbus_send_flags.  Items:
 * %KDBUS_ITEM_CANCEL_FD, %KDBUS_ITEM_FREE, %KDBUS_ITEM_DEADLINE.  When the
 * command fails nobody has got the message, except monitors.  What is to be
 * freed is freed once the message has been sent, before a reply is waited for.
 *
 * With %KDBUS_SEND_WAIT the command waits where it would fail with
 * ``ENOBUFS``, with ``EMFILE`` of the destination or with ``EXFULL``, and
 * where a broadcast or a signal would be lost; until there is room, or
 * %KDBUS_ITEM_DEADLINE, or the deadline of a synchronous call.  Of a broadcast
 * everyone who has room gets a copy when the deadline has passed, and
 * %KDBUS_SEND_RETURN_LOST says that others have not.
 *
 * Errors, besides those of the parser, which reads the command and then the
 * message:
 *
 * - of the descriptor to cancel: ``EBADF``: not open.  ``EINVAL``: cannot be
 *   polled.
 * - of the wait for room: ``EINVAL``: a deadline of 0, or without
 *   %KDBUS_SEND_WAIT.
 * - of the message: ``EINVAL``: foreign source id, payload type 0, a call
 *   without deadline, SYNC_REPLY without EXPECT_REPLY, a reply as signal, a bad
 *   destination name.  ``EBADMSG``: a broadcast that is no signal or has a
 *   destination name, a signal without bloom filter or the reverse.
 *   ``ENOTUNIQ``: a broadcast with deadline, reply cookie or descriptors, a
 *   signal that expects a reply.  ``EMSGSIZE``: more than 2 MiB in vectors, or
 *   a memfd range that overflows.  ``E2BIG``: too many memfds.  ``EMFILE``: too
 *   many descriptors.  ``EFAULT``: payload outside of user memory, or a bloom
 *   filter whose size is not a multiple of 8.  ``EDOM``: a bloom filter that is
 *   not of the size of the bus's.  ``EDESTADDRREQ``: no destination.
 * - of what is to be freed: ``ENXIO``: as for FREE.
 * - of its files: ``EBADF``: not open.  ``EMEDIUMTYPE``: not a memfd.
 *   ``ETXTBSY``: not sealed.  ``EFAULT``: range beyond the end of the memfd.
 *   ``EOPNOTSUPP``: a kdbus file, an AF_UNIX socket, an io_uring instance.
 * - of the destination: ``ENXIO``: no such id, or it cannot be addressed.
 *   ``ESRCH``: no such name.  ``EREMCHG``: the name belongs to another id.
 *   ``EADDRNOTAVAIL``: only an activator has the name, and
 *   %KDBUS_MSG_NO_AUTO_START is set.  ``EPERM``: policy.  ``EMLINK``: too many
 *   calls of the caller wait for replies.  ``EBADSLT``: nobody waits for this
 *   reply.  ``ECONNRESET``: it is going.  ``ECOMM``: it takes no descriptors.
 *   ``ENOBUFS``: the sender's share of the pool or of the queue is used up.
 *   ``EMFILE``: its share of descriptors is.  ``EXFULL``: no room in the pool.
 *   ``EFAULT``: the payload cannot be read.
 * - with %KDBUS_SEND_WAIT in place of those about room: ``ETIMEDOUT``: the
 *   deadline passed, and it is no broadcast.  ``ECANCELED``: the descriptor to
 *   cancel became readable.  ``EINTR``: a signal came.  ``ECONNRESET``: the
 *   receiver has left, or the sender was disconnected.  ``ENOBUFS``,
 *   ``EMFILE``, ``EXFULL``: more than that destination could ever give this
 *   sender.
 * - of a synchronous call: ``ETIMEDOUT``: the deadline passed.  ``EPIPE``: who
 *   should answer went, or dropped the call.  ``ECANCELED``: the descriptor to
 *   cancel became readable.  ``EINTR``: a signal came; the same call again
 *   resumes waiting.  ``EREMOTEIO``: the reply has descriptors that the caller
 *   does not take.  ``ECONNRESET``: the caller was disconnected.
 */
#define KDBUS_CMD_SEND			_IOW(KDBUS_IOCTL_MAGIC, 0x90,	\
					     struct kdbus_cmd_send)

/**
 * DOC: KDBUS_CMD_RECV
 *
 * Take a message from the queue.  Never waits; poll() does.  Flags: &enum
 * kdbus_recv_flags.  Items: %KDBUS_ITEM_FREE; freed if the command succeeds.
 *
 * Errors, besides those of the parser: ``EOPNOTSUPP``: a policy holder.
 * ``EINVAL``: DROP together with USE_PRIORITY.  ``ENXIO``: as for FREE, of
 * what is to be freed.  ``EAGAIN``: nothing queued, or nothing of that
 * priority.  ``EXFULL``: next is a %KDBUS_ITEM_LOST, for which the pool has no
 * room.
 */
#define KDBUS_CMD_RECV			_IOR(KDBUS_IOCTL_MAGIC, 0x91,	\
					     struct kdbus_cmd_recv)

/**
 * DOC: KDBUS_CMD_NAME_ACQUIRE
 *
 * Become the owner of a well-known name, or wait for it.  Flags:
 * %KDBUS_NAME_REPLACE_EXISTING, %KDBUS_NAME_ALLOW_REPLACEMENT,
 * %KDBUS_NAME_QUEUE; the other name flags are ignored.  Items: %KDBUS_ITEM_NAME
 * (mandatory).  return_flags tells the state after the call.
 *
 * Errors, besides those of the parser: ``EOPNOTSUPP``: not an ordinary
 * connection.  ``EINVAL``: not a well-known name.  ``EPERM``: policy.
 * ``E2BIG``: the connection has too many names.  ``EEXIST``: somebody else owns
 * it.
 */
#define KDBUS_CMD_NAME_ACQUIRE		_IOW(KDBUS_IOCTL_MAGIC, 0xa0,	\
					     struct kdbus_cmd)

/**
 * DOC: KDBUS_CMD_NAME_RELEASE
 *
 * Give up a well-known name, or stop waiting for it.  Flags: none.  Items:
 * %KDBUS_ITEM_NAME (mandatory).
 *
 * Errors, besides those of the parser: ``EOPNOTSUPP``: not an ordinary
 * connection.  ``ESRCH``: nobody has the name.  ``EADDRINUSE``: others have it,
 * the caller does not.
 */
#define KDBUS_CMD_NAME_RELEASE		_IOW(KDBUS_IOCTL_MAGIC, 0xa1,	\
					     struct kdbus_cmd)

/**
 * DOC: KDBUS_CMD_MATCH_ADD
 *
 * Ask for the signals and notifications that satisfy all rules of this match.
 * Flags: &enum kdbus_match_flags.  Items, each any number of times:
 * %KDBUS_ITEM_BLOOM_MASK, %KDBUS_ITEM_NAME, %KDBUS_ITEM_ID,
 * %KDBUS_ITEM_DST_ID, the ID_* and NAME_* notifications.
 *
 * Errors, besides those of the parser: ``EOPNOTSUPP``: not an ordinary
 * connection.  ``EDOM``: a mask that is not a multiple of the bus's bloom size.
 * ``EINVAL``: a bad name.  ``EMFILE``: the connection has too many matches, or
 * its user too many bytes of them.
 */
#define KDBUS_CMD_MATCH_ADD		_IOW(KDBUS_IOCTL_MAGIC, 0xb0,	\
					     struct kdbus_cmd_match)

/**
 * DOC: KDBUS_CMD_MATCH_REMOVE
 *
 * Remove all matches with this cookie.  Flags and items: none.
 *
 * Errors, besides those of the parser: ``EOPNOTSUPP``: not an ordinary
 * connection.  ``EBADSLT``: no match has this cookie.
 */
#define KDBUS_CMD_MATCH_REMOVE		_IOW(KDBUS_IOCTL_MAGIC, 0xb1,	\
					     struct kdbus_cmd_match)

/**
 * DOC: KDBUS_CMD_EXCHANGE
 *
 * In one command, each step if it is asked for: send a message, as SEND
 * without flags or with %KDBUS_SEND_WAIT does; give places in the pool back;
 * take a message from the queue, and wait for it.  A service answers a request
 * and gets the next one with it.  Flags: &enum kdbus_exchange_flags.  Items:
 * %KDBUS_ITEM_FREE, %KDBUS_ITEM_CANCEL_FD, %KDBUS_ITEM_DEADLINE.
 *
 * The steps come in this order, and return_flags tells which were taken.  An
 * error means that none was.  Once something has been sent or freed the command
 * succeeds, whatever ends the wait: the deadline, a signal, the end of the
 * connection, or a loss, which is told in return_flags.  The next command meets
 * the same reason as an error.
 *
 * Errors, besides those of the parser: ``EOPNOTSUPP``: not an ordinary
 * connection.  Those of SEND, of the message and of the wait for room;
 * ``EINVAL`` also for a descriptor to cancel without
 * %KDBUS_EXCHANGE_SEND_WAIT.  ``ENXIO``: as for FREE, of what is to be freed.
 * If there was nothing to send or to free: ``EAGAIN``: nothing queued, and no
 * time to wait.  ``ETIMEDOUT``: the deadline passed.  ``EINTR``: a signal
 * came.  ``ECONNRESET``: the connection was ended.  ``EXFULL``: as for RECV.
 * ``EFAULT``: the results cannot be stored, so nothing was done; if their
 * memory was taken away while the command ran, what was sent or freed stays
 * so, and the message waits in the queue.
 */
#define KDBUS_CMD_EXCHANGE		_IOWR(KDBUS_IOCTL_MAGIC, 0xc0,	\
					      struct kdbus_cmd_exchange)

/**
 * DOC: KDBUS_CMD_ROOM
 *
 * Ask whether a destination has room for a message from this connection, and
 * be told when it has.  Flags: none.  Items: %KDBUS_ITEM_NAME, the destination
 * by name; with a &kdbus_cmd_room.dst_id as well the two must agree.
 *
 * &kdbus_cmd_room.msg_size is what RECV will report as
 * &kdbus_msg_info.msg_size: the message, its payload in vectors, and the
 * metadata that the destination wants.  Who does not know the last leaves it
 * out, and gets an answer that may be too hopeful: that of SEND counts.  The
 * answer holds nothing: others may take the room.
 *
 * After ``EAGAIN`` the connection polls ``POLLPRI`` from when the destination
 * has that room, or has left, or has lost the name.  Each further command
 * takes the place of the one before it, and so ends that.
 *
 * Errors, besides those of the parser: ``EOPNOTSUPP``: not an ordinary
 * connection.  ``EINVAL``: no bytes, or neither id nor name.  ``ENXIO``: no
 * such id, or it cannot be addressed.  ``ESRCH``: no such name.  ``EREMCHG``:
 * the name belongs to another id.  ``EPERM``: policy.  ``ECOMM``: it takes no
 * descriptors.  ``ENOBUFS``, ``EMFILE``: more than it could ever give this
 * sender.  ``ECONNRESET``: either side is going.  ``ENOMEM``.  ``EAGAIN``:
 * there is no room now.
 */
#define KDBUS_CMD_ROOM			_IOW(KDBUS_IOCTL_MAGIC, 0xc1,	\
					     struct kdbus_cmd_room)

#ifdef __cplusplus
#pragma pop_macro("__DECLARE_FLEX_ARRAY")
#endif

#endif /* _UAPI_LINUX_KDBUS_H */
