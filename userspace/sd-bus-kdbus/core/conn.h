/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * conn.h - a connection to a bus in the kernel, as a D-Bus client sees it
 *
 * kbus_conn_send() takes whole D-Bus messages: those to org.freedesktop.DBus are answered in
 * process, others go to the kernel, and what fails comes back as a D-Bus error. What the bus itself
 * says (answers, NameAcquired, errors) is sent to the own id, so that it arrives in order and the
 * descriptor becomes readable. kbus_conn_peek() yields the next valid D-Bus message, whatever it was
 * made from.
 *
 * Nothing here blocks, and nothing locks: one thread at a time per connection. All functions return
 * 0 or more on success, -errno on failure.
 */
#ifndef KBUS_CONN_H
#define KBUS_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <linux/kdbus.h>

#include "bloom.h"
#include "header.h"
#include "matchset.h"
#include "repeat.h"
#include "stats.h"

#define KBUS_POOL_SIZE		(16UL << 20)	/* address space, backed where messages lie */
#define KBUS_MEMFD_THRESHOLD	(1792UL << 10)	/* larger bodies travel as memfd */
#define KBUS_MEMFD_THRESHOLD_FULL (64UL << 10)	/* the same when the pool has no room */
#define KBUS_FDS_MAX		16		/* descriptors of one message */
#define KBUS_BODY_SHORT		512		/* a body that is copied behind its header costs less */
#define KBUS_ROUTE_FILTER	64		/* bytes of a filter that is remembered */
#define KBUS_BODY_PARTS		64		/* pieces of a body that go to the kernel as they are */

/**
 * struct kbus_options - how to say HELLO; all zero is an ordinary D-Bus client
 * @hello_flags: of %KDBUS_HELLO_ACTIVATOR, POLICY_HOLDER and MONITOR at most one;
 *	ACCEPT_FD is always set
 * @attach_recv: metadata wanted with each message, of &enum kdbus_attach_flags
 * @pool_size: bytes, multiple of the page size; 0 for %KBUS_POOL_SIZE
 * @description: what others see of us, up to 63 bytes; NULL for none. Characters that the kernel
 *	refuses become "_"
 * @name: name of an activator or a policy holder, else NULL
 * @policy: who may do what with @name; borrowed for the time of the call
 * @n_policy: entries at @policy
 * @no_hello: the client need not call Hello before it sends other messages
 * @local_greeting: what the bus says to the client up to the answer of Hello stays in this process,
 *	and one message in the queue tells of it
 * @is_driver: this connection is the bus itself: it may send as org.freedesktop.DBus, and what it
 *	sends there goes to the kernel
 * @no_body_validation: leave out the check of received bodies, for clients that check each value
 *	when they read it
 * @replace_file: puts the file of another descriptor, which stays the library's, at the number of
 *	ours when the client becomes a monitor; 0 or -errno. NULL for kbus_replace_file()
 * @replace_context: handed to @replace_file
 * @log: told about each dropped message; NULL for nobody
 * @log_context: handed to @log
 */
struct kbus_options {
	uint64_t hello_flags;
	uint64_t attach_recv;
	size_t pool_size;
	const char *description;
	const char *name;
	const struct kdbus_policy_access *policy;
	size_t n_policy;
	bool no_hello;
	bool local_greeting;
	bool is_driver;
	bool no_body_validation;
	int (*replace_file)(void *context, int file);
	void *replace_context;
	kbus_log_fn log;
	void *log_context;
};

/**
 * struct kbus_route - where the last message went, for one whose header says the same
 * @head: its header as the kernel got it, with our name in it, and room for a short body
 * @head_size: bytes at @head; 0 if there is nothing to be known
 * @reply_at: where the reply serial is in @head, or 0
 * @dst_id: who got it
 * @to_name: or whoever has the name that the header says
 * @flags: as the kernel got them
 * @has_filter: of a broadcast, @filter is known
 * @filter: bits of its header, without those of its arguments
 */
struct kbus_route {
	uint8_t head[KBUS_REPEAT_MAX + KBUS_SENDER_ROOM + KBUS_BODY_SHORT]
		__attribute__((aligned(8)));
	size_t head_size;
	size_t reply_at;
	uint64_t dst_id;
	bool to_name;
	uint64_t flags;
	bool has_filter;
	uint64_t filter[KBUS_ROUTE_FILTER / 8];
};

/**
 * struct kbus_conn - a connection
 * @fd: the endpoint's file; poll it for POLLIN. A number that the client may own, see
 *	kbus_conn_set_fd()
 * @owns_fd: kbus_conn_free() closes @fd
 * @path: the endpoint, for a second connection; owned
 * @id: our id
 * @unique: our unique name, ":1.<id>"
 * @unique_size: its length
 * @bus_id: id of the bus
 * @bloom: how this bus hashes, once kbus_conn_have_bloom() was called
 * @hello_offset: until then, the slice that tells
 * @hello_size: bytes there
 * @pool: mapped read-only: nothing, then its beginning, then all; owned
 * @pool_size: bytes of the pool
 * @pool_mapped: bytes at @pool
 * @pool_window: the mapping of the beginning, once @pool is all; owned
 * @pool_window_mapped: bytes at @pool_window
 * @said_hello: the client has called Hello
 * @is_monitor: the client became a monitor
 * @former_id: our id before that, 0 if there was none
 * @wants_fds: the client negotiated descriptors; set it when it does. False at first
 * @options: as given; strings and policy are not kept
 * @attach_recv: metadata that we asked for last
 * @matches: what the client wants to hear; owned
 * @judge: who may send what to the client, beyond what the kernel knows; NULL before the first message
 *	and if nothing is said of that; owned
 * @has_no_rules: nothing is said of that
 * @watches_names: notifications about names of ours are on
 * @last_cookie: last cookie of a match
 * @last_serial: last serial of a message that the bus made
 * @is_greeting: @backlog comes before the queue, see @kbus_options.local_greeting
 * @has_token: the queue has a message that means nothing
 * @backlog: messages of the bus that did not fit into the queue; owned
 * @backlog_tail: where the next one is linked
 * @stashed: RECV yielded a message that nobody has peeked, see kbus_conn_take()
 * @stash_offset: where it is in the pool
 * @stash_size: bytes there
 * @second: of the notification that comes next, NameOwnerChanged was handed out already
 * @has_unfreed: a slice is given back with the next command
 * @no_free_items: the kernel cannot do that
 * @is_waiting: somebody sleeps until the next message, see wait.h
 * @no_exchange: the kernel cannot do that
 * @unfreed: offset of that slice
 * @awaits_reply: the client sends a call, and reads next, see kbus_wait_send()
 * @was_interrupted: a signal ended that wait before anything came
 * @last_sent: the header that the client sent last
 * @route: where that went
 * @last_received: the header that was received last
 * @failed_serial: last call that the bus answered because its service did not start; the kernel
 *	also says that it was dropped, which is no news then
 * @stats: what happened
 *
 * Made by kbus_conn_open() or kbus_conn_adopt(). Users of the library read it, and write
 * @wants_fds, @awaits_reply and @was_interrupted; who opened a monitor may add rules to @matches,
 * without which it sees all. The rest is the library's.
 */
struct kbus_conn {
	int fd;
	bool owns_fd;
	char *path;
	uint64_t id;
	char unique[24];
	size_t unique_size;
	uint8_t bus_id[16];
	struct kbus_bloom bloom;
	uint64_t hello_offset;
	uint64_t hello_size;
	const uint8_t *pool;
	size_t pool_size;
	size_t pool_mapped;
	const uint8_t *pool_window;
	size_t pool_window_mapped;
	bool said_hello;
	bool is_monitor;
	uint64_t former_id;
	bool wants_fds;
	struct kbus_options options;
	uint64_t attach_recv;
	struct kbus_matchset *matches;
	struct kbus_judge *judge;
	bool has_no_rules;
	bool watches_names;
	uint64_t last_cookie;
	uint32_t last_serial;
	bool is_greeting;
	bool has_token;
	struct kbus_posted *backlog;
	struct kbus_posted **backlog_tail;
	bool stashed;
	uint64_t stash_offset;
	uint64_t stash_size;
	bool second;
	bool has_unfreed;
	bool no_free_items;
	bool is_waiting;
	bool no_exchange;
	uint64_t unfreed;
	bool awaits_reply;
	bool was_interrupted;
	struct kbus_repeat last_sent;
	struct kbus_route route;
	struct kbus_repeat last_received;
	uint32_t failed_serial;
	struct kbus_stats stats;
};

/**
 * struct kbus_incoming - a message for the client
 * @header: what the header says
 * @parts: the whole message: header, body
 * @n_parts: entries at @parts, 1 or 2
 * @size: bytes in all @parts
 * @body: the body, contiguous; @header.body_size bytes
 * @src_id: connection that sent it; %KDBUS_SRC_ID_KERNEL for notifications
 * @kind: shared by messages with the same header, see &struct kbus_repeat; 0 for others
 * @msg: the kernel's message with its metadata items; NULL for what came from the backlog
 * @fds: descriptors, once taken; the receiver owns them
 * @n_fds: entries at @fds
 * @is_taken: it is no longer in the queue, and descriptors are installed
 * @has_second: a notification that means a second message to the client, after this one
 * @offset: its slice in the pool
 * @memory: owned memory behind @parts, or NULL
 * @mapping: owned mapping of a memfd, or NULL
 * @mapping_size: bytes at @mapping
 *
 * Plain data of the caller; what it points to is valid from kbus_conn_peek() or kbus_conn_recv() to
 * kbus_conn_release().
 */
struct kbus_incoming {
	struct kbus_header header;
	struct iovec parts[2];
	unsigned int n_parts;
	size_t size;
	const void *body;
	uint64_t src_id;
	uint64_t kind;
	const struct kdbus_msg *msg;
	int fds[KBUS_FDS_MAX];
	size_t n_fds;
	bool is_taken;
	bool has_second;
	uint64_t offset;
	void *memory;
	void *mapping;
	size_t mapping_size;
};

/*
 * Life. open: @path is the endpoint ("/dev/kdbus/0-system/bus"); options may be NULL. adopt: the
 * same on a descriptor that is open but said no HELLO yet; on success the connection owns it.
 * set_fd: the descriptor was moved to another number (dup3), which the client may own. free: takes
 * NULL, returns NULL; closes the descriptor if the connection owns it.
 */
int kbus_conn_open(const char *path, const struct kbus_options *options, struct kbus_conn **ret);
int kbus_conn_adopt(int fd, const char *path, const struct kbus_options *options,
		    struct kbus_conn **ret);
void kbus_conn_set_fd(struct kbus_conn *conn, int fd, bool owns_fd);
struct kbus_conn *kbus_conn_free(struct kbus_conn *conn);

/*
 * Messages out. send: one whole message in pieces, as a client gave them to sendmsg(); all of it is
 * read before the function returns, descriptors stay the caller's. 0 also when the message could
 * not be delivered: the client then reads the error as a message, or the drop is counted. -EBADMSG:
 * not a valid message, a bus would disconnect its sender. -EACCES: a message before Hello, or
 * from a monitor; likewise. -ECONNRESET: the connection is gone. -ENOMEM: nothing was sent.
 *
 * post: a message of the bus to its own client, made by kbus_build(); consumes @data, also on error.
 * @fds stay the caller's. post_raw: bytes that are no D-Bus message but shall be handed out in
 * order, such as answers of SASL: peek yields them with @header.type 0.
 */
int kbus_conn_send(struct kbus_conn *conn, const struct iovec *parts, size_t n_parts,
		   const int *fds, size_t n_fds);
int kbus_conn_send_data(struct kbus_conn *conn, const void *data, size_t size);
int kbus_conn_post(struct kbus_conn *conn, uint8_t *data, size_t size, const int *fds,
		   size_t n_fds);
int kbus_conn_post_raw(struct kbus_conn *conn, const void *data, size_t size);
uint32_t kbus_conn_next_serial(struct kbus_conn *conn);

/*
 * Messages in. peek: the next message, which stays in the queue, so that poll() goes on to say
 * POLLIN; its descriptors are not there yet. take: remove it from the queue and install its
 * descriptors; @in stays valid. recv: both at once, one system call less. release: give its memory
 * back, whether taken or not; what was not taken will be peeked again. drop: remove it unseen; a
 * caller that waits for an answer to it learns that there will be none.
 *
 * peek and recv pass over whatever is no valid message for this client. -EAGAIN: there is none now.
 * -ECONNRESET: the connection is gone.
 *
 * A message with a memfd or with descriptors is taken by peek already, since only then it is known
 * that all of them arrived; another message in the queue keeps the descriptor readable until @in is
 * released.
 */
int kbus_conn_peek(struct kbus_conn *conn, struct kbus_incoming *in);
int kbus_conn_recv(struct kbus_conn *conn, struct kbus_incoming *in);
int kbus_conn_take(struct kbus_conn *conn, struct kbus_incoming *in);
void kbus_conn_release(struct kbus_conn *conn, struct kbus_incoming *in);
int kbus_conn_drop(struct kbus_conn *conn, struct kbus_incoming *in);
bool kbus_incoming_owns_name(const struct kbus_incoming *in, const char *name);

#endif /* KBUS_CONN_H */
