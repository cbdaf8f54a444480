// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * payload.c - the payload of a message in the pool, as bytes that lie together
 *
 * Our own senders write header and body one behind the other, or the body into one memfd. Others
 * may cut as they like; then the pieces are copied together.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "payload.h"
#include "query.h"

/* One piece and nothing else, which nearly all messages are. */
static bool is_one_piece(const struct kdbus_msg *msg)
{
	const struct kdbus_item *item = msg->items;

	return msg->size == offsetof(struct kdbus_msg, items) + KBUS_ITEM_SIZE(sizeof(item->vec)) &&
	       item->type == KDBUS_ITEM_PAYLOAD_OFF && item->vec.offset != ~0ULL && item->vec.size;
}

/**
 * kbus_payload_find() - look where the payload is
 * @msg: message in the pool
 * @payload: filled
 */
void kbus_payload_find(const struct kdbus_msg *msg, struct kbus_payload *payload)
{
	const struct kdbus_item *item = msg->items;
	bool is_contiguous = true;
	uint8_t *end = NULL, *start;

	*payload = (struct kbus_payload){};
	if (is_one_piece(msg)) {
		payload->head.iov_base = (uint8_t *)msg + item->vec.offset;
		payload->head.iov_len = item->vec.size;
		payload->is_plain = true;
		return;
	}
	KBUS_FOREACH_ITEM(item, msg) {
		switch (item->type) {
		case KDBUS_ITEM_PAYLOAD_OFF:
			start = (uint8_t *)msg + item->vec.offset;
			if (item->vec.offset == ~0ULL || payload->memfd || (end && start != end)) {
				is_contiguous = false;
				break;
			}
			if (!end)
				payload->head.iov_base = start;
			payload->head.iov_len += item->vec.size;
			end = start + item->vec.size;
			break;
		case KDBUS_ITEM_PAYLOAD_MEMFD:
			if (payload->memfd)
				is_contiguous = false;
			payload->memfd = payload->memfd ?: &item->memfd;
			break;
		case KDBUS_ITEM_FDS:
			payload->fds = item->fds;
			payload->n_fds = (item->size - KBUS_ITEM_HEADER) / sizeof(int);
			break;
		}
	}
	payload->is_plain = is_contiguous && payload->head.iov_len && !payload->memfd;
	payload->is_split = is_contiguous && payload->head.iov_len && payload->memfd;
}

/* Is the range inside the file? The kernel checked, and seals keep it so; but it is a crash if not. */
static bool is_inside(const struct kdbus_memfd *memfd)
{
	struct stat st;

	return fstat(memfd->fd, &st) == 0 && memfd->start <= (uint64_t)st.st_size &&
	       memfd->size <= (uint64_t)st.st_size - memfd->start;
}

/**
 * kbus_payload_map() - map the memfd of a payload
 * @payload: has a memfd, which is installed
 * @in: @in->mapping owns the mapping on success, @in->body points into it
 *
 * Return: 0 or -errno.
 */
int kbus_payload_map(const struct kbus_payload *payload, struct kbus_incoming *in)
{
	const struct kdbus_memfd *memfd = payload->memfd;
	const uint64_t page = sysconf(_SC_PAGESIZE);
	const uint64_t skip = memfd->start % page;
	void *mapping;

	if (memfd->fd < 0 || !is_inside(memfd))
		return -EBADF;
	mapping = mmap(NULL, memfd->size + skip, PROT_READ, MAP_PRIVATE, memfd->fd,
		       memfd->start - skip);
	if (mapping == MAP_FAILED)
		return -errno;
	in->mapping = mapping;
	in->mapping_size = memfd->size + skip;
	in->body = (uint8_t *)mapping + skip;
	return 0;
}

static int read_memfd(const struct kdbus_memfd *memfd, uint8_t *out)
{
	uint64_t done = 0;
	ssize_t n;

	while (done < memfd->size) {
		n = pread(memfd->fd, out + done, memfd->size - done, memfd->start + done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EBADF;
		done += n;
	}
	return 0;
}

/* Bytes of all pieces, or a number that is too large. */
static uint64_t size_of(const struct kdbus_msg *msg)
{
	const struct kdbus_item *item;
	uint64_t size = 0, one;

	KBUS_FOREACH_ITEM(item, msg) {
		if (item->type == KDBUS_ITEM_PAYLOAD_OFF)
			one = item->vec.size;
		else if (item->type == KDBUS_ITEM_PAYLOAD_MEMFD)
			one = item->memfd.size;
		else
			continue;
		if (one > KBUS_MESSAGE_MAX || size > KBUS_MESSAGE_MAX)
			return UINT64_MAX;
		size += one;
	}
	return size;
}

/**
 * kbus_payload_gather() - copy all pieces together
 * @msg: message in the pool, its memfds installed
 * @in: @in->memory owns the copy on success
 * @ret_size: bytes of it
 *
 * Return: 0, -EMSGSIZE if D-Bus allows no message of that size, -ENODATA if there are no bytes at
 * all, -ENOMEM or -errno.
 */
int kbus_payload_gather(const struct kdbus_msg *msg, struct kbus_incoming *in, size_t *ret_size)
{
	const struct kdbus_item *item;
	uint64_t size = size_of(msg);
	uint8_t *out;
	int r = 0;

	if (size > KBUS_MESSAGE_MAX)
		return -EMSGSIZE;
	if (!size)
		return -ENODATA;
	/* Runs of zeros stay what calloc() made. */
	out = calloc(1, size);
	if (!out)
		return -ENOMEM;
	in->memory = out;
	KBUS_FOREACH_ITEM(item, msg) {
		if (item->type == KDBUS_ITEM_PAYLOAD_OFF) {
			if (item->vec.offset != ~0ULL)
				memcpy(out, (const uint8_t *)msg + item->vec.offset,
				       item->vec.size);
			out += item->vec.size;
		} else if (item->type == KDBUS_ITEM_PAYLOAD_MEMFD) {
			r = read_memfd(&item->memfd, out);
			out += item->memfd.size;
		}
		if (r < 0)
			return r;
	}
	*ret_size = size;
	return 0;
}

/**
 * kbus_payload_close() - close descriptors that RECV installed
 * @msg: message in the pool
 * @memfds_only: leave those of the FDS item open
 */
void kbus_payload_close(const struct kdbus_msg *msg, bool memfds_only)
{
	const struct kdbus_item *item;
	size_t n, i;

	KBUS_FOREACH_ITEM(item, msg) {
		if (item->type == KDBUS_ITEM_PAYLOAD_MEMFD && item->memfd.fd >= 0)
			close(item->memfd.fd);
		if (item->type != KDBUS_ITEM_FDS || memfds_only)
			continue;
		n = (item->size - KBUS_ITEM_HEADER) / sizeof(int);
		for (i = 0; i < n; i++)
			if (item->fds[i] >= 0)
				close(item->fds[i]);
	}
}

/**
 * kbus_incoming_owns_name() - did the sender own a name when it sent this?
 * @in: the message
 * @name: well-known name, or NULL for any
 *
 * Known only if the connection asks for %KDBUS_ATTACH_NAMES.
 *
 * Return: true if it did.
 */
bool kbus_incoming_owns_name(const struct kbus_incoming *in, const char *name)
{
	const struct kdbus_item *item;

	if (!in->msg)
		return false;
	KBUS_FOREACH_ITEM(item, in->msg)
		if (item->type == KDBUS_ITEM_OWNED_NAME &&
		    (!name || strcmp(item->name.name, name) == 0))
			return true;
	return false;
}
