/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bus.h - talk to a kdbus bus with nothing but ioctls
 *
 * A connection is an open endpoint file that said HELLO. It owns a pool: memory that the kernel
 * fills with what others send, and that this process can only read. Receiving a message yields an
 * offset into the pool; the bytes stay there until bus_free() gives that place back.
 *
 * Every function that can fail returns 0 (or a descriptor) on success and -errno on failure.
 */
#ifndef SAMPLES_KDBUS_BUS_H
#define SAMPLES_KDBUS_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/kdbus.h>

/* One connection. Plain data, owned by the caller; valid between bus_open() and bus_close(). */
struct bus {
	int fd;			/* the endpoint file; poll() it for POLLIN */
	uint64_t id;		/* who we are: D-Bus would write ":1.<id>" */
	const uint8_t *pool;	/* our pool, mapped read-only */
	size_t pool_size;	/* bytes at @pool */
};

/*
 * What to send. All pointers are borrowed for the time of the call; leave out (as 0) what is not
 * wanted. Data is copied by the kernel; a memfd and the descriptors travel by reference.
 */
struct bus_letter {
	uint64_t to_id;		/* receiver's id, or 0 when sent by name */
	const char *to_name;	/* receiver's well-known name, or NULL */
	uint64_t cookie;	/* our number for this message; replies quote it */
	uint64_t reply_to;	/* cookie of the call that this answers, or 0 */
	const void *data;	/* the payload */
	size_t data_size;	/* bytes at @data */
	int memfd;		/* sealed memfd that is sent as further payload... */
	size_t memfd_size;	/* ...its bytes, or 0 for none */
	const int *fds;		/* descriptors that the receiver shall get */
	size_t n_fds;		/* entries at @fds, at most 16 */
};

/*
 * What was received. The pointers lead into the pool and end with bus_free(), which also closes
 * @memfd. The descriptors at @fds are ours: whoever received the message closes them.
 */
struct bus_parcel {
	uint64_t offset;		/* place in the pool, for bus_free() */
	const struct kdbus_msg *msg;	/* header: src_id, cookie, ... */
	const uint8_t *data;		/* payload that was copied, or NULL */
	size_t data_size;		/* bytes at @data */
	int memfd;			/* payload by reference, or -1 */
	size_t memfd_size;		/* bytes that count in @memfd */
	const int *fds;			/* descriptors, or NULL */
	size_t n_fds;			/* entries at @fds */
	bool incomplete;		/* some descriptor could not be installed */
};

const char *bus_domain(void);
void bus_explain(const char *what, int error);

int bus_make(const char *name);
int bus_open(struct bus *bus, const char *name);
void bus_close(struct bus *bus);

int bus_own_name(struct bus *bus, const char *name);

int bus_send(struct bus *bus, const struct bus_letter *letter);
int bus_call(struct bus *bus, const struct bus_letter *letter, uint64_t timeout_ms,
	     struct bus_parcel *reply);
int bus_wait(struct bus *bus, int timeout_ms);
int bus_receive(struct bus *bus, struct bus_parcel *parcel);
int bus_free(struct bus *bus, struct bus_parcel *parcel);

#endif /* SAMPLES_KDBUS_BUS_H */
