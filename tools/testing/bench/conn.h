/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * conn.h - kdbus connections for the benchmark, with messages that are written once, sent often
 *
 * All functions return 0 (or a descriptor) or -errno.
 */
#ifndef KDBUS_BENCH_CONN_H
#define KDBUS_BENCH_CONN_H

#include <stddef.h>
#include <stdint.h>

#include <linux/kdbus.h>

/* Parameters of each bus that the benchmark makes: those that sd-bus uses. */
#define BLOOM_SIZE	64
#define BLOOM_N_HASH	8

struct conn {
	int fd;
	uint64_t id;
	const uint8_t *pool;
	size_t pool_size;
};

/* A message that waits to be sent; letter_init() comes first. */
struct letter {
	union {
		struct kdbus_msg msg;
		uint8_t bytes[1024];
	};
};

int conn_make_bus(char *name, size_t size);
int conn_make_endpoint(const char *bus_name, const char *endpoint, const char *name);
int conn_open_endpoint(const char *bus_name);
int conn_open_custom(const char *bus_name, const char *endpoint);
int conn_hello(struct conn *conn, int fd, size_t pool_size, uint64_t attach_flags);
int conn_map(struct conn *conn);
int conn_open(struct conn *conn, const char *bus_name, size_t pool_size, uint64_t attach_flags);
void conn_close(struct conn *conn);
int conn_acquire(struct conn *conn, const char *name);
int conn_match(struct conn *conn, uint64_t cookie, const uint8_t *mask);

int conn_send(struct conn *conn, const struct letter *letter);
int conn_call(struct conn *conn, const struct letter *letter, struct kdbus_msg_info *reply);
int conn_call_and_free(struct conn *conn, const struct letter *letter, uint64_t offset,
		       struct kdbus_msg_info *reply);
int conn_exchange(struct conn *conn, const struct letter *letter, uint64_t offset,
		  struct kdbus_msg_info *info);
int conn_recv(struct conn *conn, struct kdbus_msg_info *info);
int conn_free(struct conn *conn, uint64_t offset);

void letter_init(struct letter *letter, uint64_t dst_id);
void letter_name(struct letter *letter, const char *name);
void letter_vec(struct letter *letter, const void *data, size_t size);
void letter_memfd(struct letter *letter, int fd, size_t size);
struct kdbus_bloom_filter *letter_signal(struct letter *letter, const uint8_t *filter);

const struct kdbus_item *msg_item(const struct kdbus_msg *msg, uint64_t type);
void bloom_add(uint8_t *filter, const char *key, const char *value);

#endif /* KDBUS_BENCH_CONN_H */
