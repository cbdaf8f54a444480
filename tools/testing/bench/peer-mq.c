// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * peer-mq.c - two POSIX message queues
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "peer.h"

struct mq {
	size_t size;
	mqd_t there, back;
	uint32_t number;
	uint8_t *data;
};

/* A queue that only those know who inherit it. */
static mqd_t open_queue(const char *direction, size_t size)
{
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = size ? size : 1 };
	char name[64];
	mqd_t queue;

	snprintf(name, sizeof(name), "/kdbus-bench-%d-%s", getpid(), direction);
	queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attr);
	if (queue >= 0)
		mq_unlink(name);
	return queue;
}

static void mq_close_both(void *state)
{
	struct mq *m = state;

	if (m->there >= 0)
		mq_close(m->there);
	if (m->back >= 0)
		mq_close(m->back);
	free(m->data);
	free(m);
}

static int mq_open_both(const struct peer_options *options, void **ret_state)
{
	struct mq *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return -ENOMEM;
	m->size = options->size;
	m->data = calloc(1, m->size + 1);
	m->there = open_queue("there", m->size);
	r = -errno;
	m->back = m->there >= 0 ? open_queue("back", m->size) : -1;
	if (!m->data || m->there < 0 || m->back < 0) {
		if (m->there >= 0)
			r = m->data ? -errno : -ENOMEM;
		mq_close_both(m);
		return r == -ENOSYS ? -ENODEV : r;
	}
	*ret_state = m;
	return 0;
}

static int mq_serve(void *state, int ready_fd)
{
	struct mq *m = state;
	uint32_t number = 0;
	int r;

	r = peer_ready(ready_fd, 0);
	while (r == 0) {
		if (mq_receive(m->there, (char *)m->data, m->size + 1, NULL) != (ssize_t)m->size ||
		    !is_stamped(m->data, m->size, ++number))
			return -EBADMSG;
		if (mq_send(m->back, (char *)m->data, m->size, 0) < 0)
			return -errno;
	}
	return r;
}

static int mq_attach(void *state, uint64_t address)
{
	(void)state;
	(void)address;
	return 0;
}

static int mq_call(void *state)
{
	struct mq *m = state;

	stamp(m->data, m->size, ++m->number);
	if (mq_send(m->there, (char *)m->data, m->size, 0) < 0)
		return -errno;
	if (mq_receive(m->back, (char *)m->data, m->size + 1, NULL) != (ssize_t)m->size ||
	    !is_stamped(m->data, m->size, m->number))
		return -EBADMSG;
	return 0;
}

const struct peer peer_mq = {
	.name = "POSIX mq",
	.open = mq_open_both,
	.serve = mq_serve,
	.attach = mq_attach,
	.call = mq_call,
	.close = mq_close_both,
};
