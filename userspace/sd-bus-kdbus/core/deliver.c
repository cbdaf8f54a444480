// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * deliver.c - a message into the kernel: as vectors while that is cheaper, in a memfd above that
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"
#include "names.h"
#include "query.h"
#include "wait.h"

/*
 * D-Bus knows no deadline for calls, the kernel wants one: a hundred years from boot. Clients have
 * deadlines of their own.
 */
#define NO_DEADLINE	(1ULL << 61)

#define SEALS	(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

/* The kernel's message with its items. */
struct letter {
	struct kdbus_msg msg;
	uint64_t items[(KBUS_BLOOM_MAX + KBUS_BODY_PARTS * 32 + KBUS_NAME_MAX + 512) / 8];
};

/* Append an item; the caller writes all of its payload. */
static struct kdbus_item *add_item(struct letter *letter, uint64_t type, size_t payload)
{
	struct kdbus_item *item = (void *)((uint8_t *)letter + letter->msg.size);
	const size_t size = KBUS_ITEM_SIZE(payload);

	item->size = size;
	item->type = type;
	letter->msg.size += KBUS_ALIGN8(size);
	return item;
}

static void add_vec(struct letter *letter, const struct iovec *part)
{
	struct kdbus_item *item;

	if (!part->iov_len)
		return;
	item = add_item(letter, KDBUS_ITEM_PAYLOAD_VEC, sizeof(item->vec));
	item->vec.size = part->iov_len;
	item->vec.address = (uintptr_t)part->iov_base;
}

static int write_all(int fd, const struct iovec *parts, size_t n_parts)
{
	const uint8_t *p;
	size_t i, left;
	ssize_t n;

	for (i = 0; i < n_parts; i++) {
		p = parts[i].iov_base;
		for (left = parts[i].iov_len; left; left -= n, p += n) {
			n = write(fd, p, left);
			if (n < 0 && errno == EINTR)
				n = 0;
			else if (n < 0)
				return -errno;
		}
	}
	return 0;
}

/* A sealed memfd with the parts in it, or -errno. */
static int make_memfd(const struct iovec *parts, size_t n_parts)
{
	int fd = memfd_create("kdbus-body", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	if (fd < 0)
		return -errno;
	r = write_all(fd, parts, n_parts);
	if (r == 0 && fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		r = -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

/* The payload, with a body above @threshold in a memfd, which goes to @ret_memfd. */
static int add_payload(struct letter *letter, const struct kbus_envelope *e, size_t threshold,
		       int *ret_memfd)
{
	struct kdbus_item *item;
	size_t size = 0, i;
	int fd;

	add_vec(letter, &e->head);
	for (i = 0; i < e->n_rest; i++)
		size += e->rest[i].iov_len;
	if (size <= threshold && e->n_rest <= KBUS_BODY_PARTS) {
		for (i = 0; i < e->n_rest; i++)
			add_vec(letter, &e->rest[i]);
		return 0;
	}
	fd = make_memfd(e->rest, e->n_rest);
	if (fd < 0)
		return fd;
	item = add_item(letter, KDBUS_ITEM_PAYLOAD_MEMFD, sizeof(item->memfd));
	item->memfd = (struct kdbus_memfd){ .size = size, .fd = fd };
	*ret_memfd = fd;
	return 0;
}

static void add_destination(struct letter *letter, const struct kbus_envelope *e,
			    const struct kbus_bloom *bloom)
{
	struct kdbus_item *item;
	size_t size;

	if (e->dst_name) {
		size = strlen(e->dst_name) + 1;
		item = add_item(letter, KDBUS_ITEM_DST_NAME, size);
		memcpy(item->str, e->dst_name, size);
	}
	if (e->filter) {
		item = add_item(letter, KDBUS_ITEM_BLOOM_FILTER,
				sizeof(item->bloom_filter) + bloom->size);
		item->bloom_filter.generation = 0;
		memcpy(item->bloom_filter.data, e->filter, bloom->size);
	}
}

/* SEND says ECONNRESET of a destination that is just going, and of ourselves. */
static bool is_disconnected(const struct kbus_conn *conn)
{
	struct pollfd poll_fd = { .fd = conn->fd };

	return poll(&poll_fd, 1, 0) > 0 && poll_fd.revents & (POLLERR | POLLHUP);
}

static int send_letter(struct kbus_conn *conn, const struct letter *letter)
{
	struct kdbus_cmd_send cmd = { .size = sizeof(cmd), .msg_address = (uintptr_t)letter };

	if (conn->awaits_reply && letter->msg.flags & KDBUS_MSG_EXPECT_REPLY &&
	    kbus_wait_send(conn, &letter->msg) == 0)
		return 0;
	return kbus_ioctl(conn->fd, KDBUS_CMD_SEND, &cmd);
}

static int deliver(struct kbus_conn *conn, const struct kbus_envelope *envelope, size_t threshold)
{
	struct letter letter;
	struct kdbus_item *item;
	int memfd = -1, r;

	letter.msg = (struct kdbus_msg){
		.size = sizeof(letter.msg),
		.flags = envelope->flags,
		.dst_id = envelope->dst_id,
		.payload_type = envelope->payload_type,
		.cookie = envelope->cookie,
		.cookie_reply = envelope->cookie_reply,
	};
	if (envelope->flags & KDBUS_MSG_EXPECT_REPLY)
		letter.msg.timeout_ns = NO_DEADLINE;
	add_destination(&letter, envelope, &conn->bloom);
	r = add_payload(&letter, envelope, threshold, &memfd);
	if (r < 0)
		return r;
	if (envelope->n_fds) {
		item = add_item(&letter, KDBUS_ITEM_FDS, envelope->n_fds * sizeof(int));
		memcpy(item->fds, envelope->fds, envelope->n_fds * sizeof(int));
	}
	r = send_letter(conn, &letter);
	if (r == -ECONNRESET && !is_disconnected(conn))
		r = -ENXIO;
	if (memfd >= 0)
		close(memfd);
	return r;
}

/**
 * kbus_deliver() - hand a message to the kernel
 * @conn: the connection
 * @envelope: what to send; all of it is read before this returns
 *
 * A copy into the receiver's pool costs less than a memfd up to the size that the kernel takes, but
 * a memfd needs no room there.
 *
 * Return: 0, or what SEND returned; -EMFILE also if there are too many descriptors.
 */
int kbus_deliver(struct kbus_conn *conn, const struct kbus_envelope *envelope)
{
	int r;

	if (envelope->n_fds > KBUS_FDS_MAX)
		return -EMFILE;
	r = envelope->filter ? kbus_conn_have_bloom(conn) : 0;
	if (r < 0)
		return r;
	r = deliver(conn, envelope, KBUS_MEMFD_THRESHOLD);
	if (r == -ENOBUFS || r == -EXFULL || r == -EMSGSIZE)
		r = deliver(conn, envelope, KBUS_MEMFD_THRESHOLD_FULL);
	return r;
}
