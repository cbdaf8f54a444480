// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * peer-binder.c - Android's binder by raw ioctls, in the way its own library uses it
 *
 * One ioctl per side and call: a buffer is given back together with the next command, and a reply
 * and the wait for the next request are one system call. Needs /dev/binder, that is
 * "modprobe binder_linux devices=binder".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/android/binder.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "peer.h"

#define DEVICE		"/dev/binder"
#define MAP_SIZE	(4UL << 20)

/* Commands to the driver: room for the largest batch that is sent here */
struct out {
	uint8_t bytes[256];
	size_t used;
};

struct binder {
	size_t size;
	bool copies;		/* what was received is copied, not looked at where it lies */
	int fd;			/* of whichever process looks at it, -1 if not open */
	void *map;
	uint32_t number;
	uint8_t *data;
	struct out out;		/* what goes along with the next ioctl */
	uint8_t in[256];	/* returns of the driver... */
	size_t in_used, in_read;	/* ...how many bytes, and how far they were read */
};

static void put(struct out *out, uint32_t command, const void *argument, size_t size)
{
	memcpy(out->bytes + out->used, &command, sizeof(command));
	if (size)
		memcpy(out->bytes + out->used + sizeof(command), argument, size);
	out->used += sizeof(command) + size;
}

static void put_transaction(struct binder *b, uint32_t command)
{
	struct binder_transaction_data t = {
		.target.handle = 0,
		.data_size = b->size,
		.data.ptr.buffer = (uintptr_t)b->data,
	};

	put(&b->out, command, &t, sizeof(t));
}

static void put_free(struct binder *b, const struct binder_transaction_data *t)
{
	binder_uintptr_t buffer = t->data.ptr.buffer;

	put(&b->out, BC_FREE_BUFFER, &buffer, sizeof(buffer));
}

static int exchange(struct binder *b)
{
	struct binder_write_read bwr = {
		.write_size = b->out.used,
		.write_buffer = (uintptr_t)b->out.bytes,
		.read_size = sizeof(b->in),
		.read_buffer = (uintptr_t)b->in,
	};

	while (ioctl(b->fd, BINDER_WRITE_READ, &bwr) < 0)
		if (errno != EINTR)
			return -errno;
	b->out.used = 0;
	b->in_used = bwr.read_consumed;
	b->in_read = 0;
	return 0;
}

/* Wait for the driver to say @wanted, which carries a transaction. */
static int await(struct binder *b, uint32_t wanted, struct binder_transaction_data *ret)
{
	uint32_t command;
	int r;

	for (;;) {
		while (b->in_read < b->in_used) {
			memcpy(&command, b->in + b->in_read, sizeof(command));
			b->in_read += sizeof(command);
			if (command == wanted)
				memcpy(ret, b->in + b->in_read, sizeof(*ret));
			b->in_read += _IOC_SIZE(command);
			if (command == wanted)
				return 0;
			if (command == BR_DEAD_REPLY || command == BR_FAILED_REPLY)
				return -EPIPE;
		}
		r = exchange(b);
		if (r < 0)
			return r;
	}
}

/* Whether what was received is what was expected. */
static bool take(struct binder *b, const struct binder_transaction_data *t, uint32_t number)
{
	const uint8_t *data = (const uint8_t *)(uintptr_t)t->data.ptr.buffer;

	if (t->data_size != b->size)
		return false;
	if (b->copies)
		data = memcpy(b->data, data, b->size);
	return is_stamped(data, b->size, number);
}

static int open_device(struct binder *b)
{
	b->fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (b->fd < 0)
		return -errno;
	b->map = mmap(NULL, MAP_SIZE, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, b->fd, 0);
	return b->map == MAP_FAILED ? -errno : 0;
}

static void binder_close(void *state)
{
	struct binder *b = state;

	if (b->map && b->map != MAP_FAILED)
		munmap(b->map, MAP_SIZE);
	if (b->fd >= 0)
		close(b->fd);
	free(b->data);
	free(b);
}

static int binder_open(const struct peer_options *options, void **ret_state)
{
	struct binder *b;

	if (access(DEVICE, F_OK) < 0)
		return -ENODEV;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->fd = -1;
	b->size = options->size;
	b->data = calloc(1, b->size + 1);
	if (!b->data) {
		free(b);
		return -ENOMEM;
	}
	*ret_state = b;
	return 0;
}

static int binder_copied_open(const struct peer_options *options, void **ret_state)
{
	int r = binder_open(options, ret_state);

	if (r == 0)
		((struct binder *)*ret_state)->copies = true;
	return r;
}

static int binder_serve(void *state, int ready_fd)
{
	struct binder_transaction_data t;
	struct binder *b = state;
	uint32_t number = 0;
	int r;

	r = open_device(b);
	if (r == 0 && ioctl(b->fd, BINDER_SET_CONTEXT_MGR, 0) < 0)
		r = -errno;
	if (r < 0)
		return r;
	put(&b->out, BC_ENTER_LOOPER, NULL, 0);
	r = peer_ready(ready_fd, 0);
	while (r == 0) {
		r = await(b, BR_TRANSACTION, &t);
		if (r < 0)
			break;
		if (!take(b, &t, ++number))
			return -EBADMSG;
		stamp(b->data, b->size, number);
		put_free(b, &t);
		put_transaction(b, BC_REPLY);
	}
	return r;
}

static int binder_attach(void *state, uint64_t address)
{
	(void)address;
	return open_device(state);
}

static int binder_call(void *state)
{
	struct binder_transaction_data t;
	struct binder *b = state;
	int r;

	stamp(b->data, b->size, ++b->number);
	put_transaction(b, BC_TRANSACTION);
	r = await(b, BR_REPLY, &t);
	if (r < 0)
		return r;
	if (!take(b, &t, b->number))
		return -EBADMSG;
	put_free(b, &t);
	return 0;
}

const struct peer peer_binder = {
	.name = "binder",
	.inherits_priority = true,
	.open = binder_open,
	.serve = binder_serve,
	.attach = binder_attach,
	.call = binder_call,
	.close = binder_close,
};

const struct peer peer_binder_copied = {
	.name = "binder, copied",
	.inherits_priority = true,
	.open = binder_copied_open,
	.serve = binder_serve,
	.attach = binder_attach,
	.call = binder_call,
	.close = binder_close,
};
