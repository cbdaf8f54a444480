// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * peer-shared.c - the floor: memory that both processes map, and something that wakes the other
 *
 * No bus can be cheaper: nothing is checked, nobody is identified. The payload is copied into the
 * shared memory by one side and out of it by the other.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "peer.h"

/* Who may touch the memory */
#define TURN_CLIENT	0U
#define TURN_SERVICE	1U

struct shared {
	size_t size;
	uint32_t number;
	uint32_t *turn;		/* shared: whose turn it is */
	uint8_t *payload;	/* shared */
	uint8_t *data;		/* own */
	int events[2];		/* indexed by whose turn it becomes; -1 with futexes */
};

static int shared_open(const struct peer_options *options, bool use_events, void **ret_state)
{
	struct shared *s = calloc(1, sizeof(*s));
	void *memory;

	if (!s)
		return -ENOMEM;
	s->size = options->size;
	s->data = calloc(1, s->size + 1);
	memory = mmap(NULL, s->size + 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (!s->data || memory == MAP_FAILED) {
		free(s->data);
		free(s);
		return -ENOMEM;
	}
	s->turn = memory;
	s->payload = (uint8_t *)memory + 4096;
	s->events[TURN_CLIENT] = use_events ? eventfd(0, EFD_CLOEXEC) : -1;
	s->events[TURN_SERVICE] = use_events ? eventfd(0, EFD_CLOEXEC) : -1;
	*ret_state = s;
	return 0;
}

static int futex_open(const struct peer_options *options, void **ret_state)
{
	return shared_open(options, false, ret_state);
}

static int eventfd_open(const struct peer_options *options, void **ret_state)
{
	return shared_open(options, true, ret_state);
}

/* Let the other side go on. */
static int pass_turn(struct shared *s, uint32_t turn)
{
	uint64_t one = 1;

	__atomic_store_n(s->turn, turn, __ATOMIC_RELEASE);
	if (s->events[turn] >= 0)
		return write(s->events[turn], &one, sizeof(one)) == sizeof(one) ? 0 : -errno;
	return syscall(SYS_futex, s->turn, FUTEX_WAKE, 1, NULL, NULL, 0) < 0 ? -errno : 0;
}

static int await_turn(struct shared *s, uint32_t turn)
{
	uint64_t value;

	if (s->events[turn] >= 0)
		return read(s->events[turn], &value, sizeof(value)) == sizeof(value) ? 0 : -errno;
	while (__atomic_load_n(s->turn, __ATOMIC_ACQUIRE) != turn)
		if (syscall(SYS_futex, s->turn, FUTEX_WAIT, !turn, NULL, NULL, 0) < 0 &&
		    errno != EAGAIN && errno != EINTR)
			return -errno;
	return 0;
}

static int shared_serve(void *state, int ready_fd)
{
	struct shared *s = state;
	uint32_t number = 0;
	int r;

	r = peer_ready(ready_fd, 0);
	while (r == 0) {
		r = await_turn(s, TURN_SERVICE);
		memcpy(s->data, s->payload, s->size);
		if (r == 0 && !is_stamped(s->data, s->size, ++number))
			r = -EBADMSG;
		memcpy(s->payload, s->data, s->size);
		if (r == 0)
			r = pass_turn(s, TURN_CLIENT);
	}
	return r;
}

static int shared_attach(void *state, uint64_t address)
{
	(void)state;
	(void)address;
	return 0;
}

static int shared_call(void *state)
{
	struct shared *s = state;
	int r;

	stamp(s->data, s->size, ++s->number);
	memcpy(s->payload, s->data, s->size);
	r = pass_turn(s, TURN_SERVICE);
	if (r == 0)
		r = await_turn(s, TURN_CLIENT);
	memcpy(s->data, s->payload, s->size);
	if (r == 0 && !is_stamped(s->data, s->size, s->number))
		r = -EBADMSG;
	return r;
}

static void shared_close(void *state)
{
	struct shared *s = state;

	if (s->events[0] >= 0)
		close(s->events[0]);
	if (s->events[1] >= 0)
		close(s->events[1]);
	munmap(s->turn, s->size + 4096);
	free(s->data);
	free(s);
}

const struct peer peer_futex = {
	.name = "futex",
	.open = futex_open,
	.serve = shared_serve,
	.attach = shared_attach,
	.call = shared_call,
	.close = shared_close,
};

const struct peer peer_eventfd = {
	.name = "eventfd",
	.open = eventfd_open,
	.serve = shared_serve,
	.attach = shared_attach,
	.call = shared_call,
	.close = shared_close,
};
