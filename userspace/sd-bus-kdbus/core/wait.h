/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* wait.h - sleep until the next message, and wake up with it */
#ifndef KBUS_WAIT_H
#define KBUS_WAIT_H

#include "conn.h"

/**
 * struct kbus_wait - one sleep
 * @fd: the connection's descriptor
 * @unfreed: slice that is given back
 * @result: 0 or -errno of the command
 * @has_message: a message left the queue
 * @offset: where it is
 * @size: bytes there
 * @lost: messages that were lost
 */
struct kbus_wait {
	int fd;
	uint64_t unfreed;
	int result;
	bool has_message;
	uint64_t offset;
	uint64_t size;
	uint64_t lost;
};

/*
 * begin and end: as every function of a connection. sleep: without a lock. What came is the next that
 * kbus_conn_recv() yields; until then poll() does not tell of it, but @conn->stashed does.
 */
int kbus_wait_begin(struct kbus_conn *conn, struct kbus_wait *wait);
void kbus_wait_sleep(struct kbus_wait *wait, uint64_t deadline_ns);
int kbus_wait_end(struct kbus_conn *conn, const struct kbus_wait *wait);

int kbus_wait_send(struct kbus_conn *conn, const struct kdbus_msg *msg);

#endif /* KBUS_WAIT_H */
