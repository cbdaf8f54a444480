// SPDX-License-Identifier: LGPL-2.1-or-later
/* Large payloads that tell where they come from, and which pages they lie in. */
#include "shared.h"

static __u32 pattern_word(size_t index, unsigned int seed)
{
	return seed * 2654435761U + index;
}

void pattern_fill(void *data, size_t size, unsigned int seed)
{
	__u8 *to = data;
	__u32 word;
	size_t i;

	for (i = 0; i < size; i += sizeof(word)) {
		word = pattern_word(i / sizeof(word), seed);
		memcpy(to + i, &word, size - i < sizeof(word) ? size - i : sizeof(word));
	}
}

bool pattern_is(const void *data, size_t size, unsigned int seed)
{
	const __u8 *from = data;
	__u32 word;
	size_t i;

	for (i = 0; i < size; i += sizeof(word)) {
		word = pattern_word(i / sizeof(word), seed);
		if (memcmp(from + i, &word, size - i < sizeof(word) ? size - i : sizeof(word)))
			return false;
	}
	return true;
}

static int send_filled(struct conn *conn, struct args *msg, size_t size)
{
	void *data = malloc(size);
	int ret;

	if (!data)
		return -ENOMEM;
	pattern_fill(data, size, msg->msg.cookie);
	args_vec(msg, data, size);
	ret = msg_send(conn, msg);
	/* what a receiver sees is no part of this memory */
	memset(data, 0xff, size);
	free(data);
	return ret;
}

int send_pattern(struct conn *conn, __u64 dst_id, __u64 cookie, size_t size)
{
	struct args msg;

	if (dst_id == KDBUS_DST_ID_BROADCAST)
		args_signal(&msg, dst_id, cookie);
	else
		args_msg(&msg, dst_id, cookie);
	return send_filled(conn, &msg, size);
}

int send_pattern_name(struct conn *conn, const char *name, __u64 cookie, size_t size)
{
	struct args msg;

	args_msg_name(&msg, name, cookie);
	return send_filled(conn, &msg, size);
}

int match_signals(struct conn *conn)
{
	struct args args;

	args_match(&args, 1);
	args_u64(&args, KDBUS_ITEM_DST_ID, KDBUS_DST_ID_BROADCAST);
	return match_add(conn, &args);
}

int trio_open(struct bus *bus, struct conn *a, struct conn *b, struct conn *c)
{
	return conn_new(a, bus) ?: conn_new(b, bus) ?: conn_new(c, bus) ?:
	       match_signals(b) ?: match_signals(c);
}

void trio_close(struct bus *bus, struct conn *a, struct conn *b, struct conn *c)
{
	conn_close(c);
	conn_close(b);
	conn_close(a);
	bus_close(bus);
}

const __u8 *payload_of(const struct kdbus_msg *msg, size_t *size)
{
	const struct kdbus_item *item = msg_item(msg, KDBUS_ITEM_PAYLOAD_OFF);

	if (!item)
		return NULL;
	*size = item->vec.size;
	return (const __u8 *)msg + item->vec.offset;
}

bool payload_is_right(const struct kdbus_msg *msg, size_t size)
{
	const __u8 *payload;
	size_t got;

	payload = payload_of(msg, &got);
	return payload && got == size && pattern_is(payload, size, msg->cookie);
}

__s64 recv_pattern(struct conn *conn, size_t size)
{
	const struct kdbus_msg *msg = msg_next(conn);
	__s64 ret;

	if (!msg)
		return -errno;
	ret = payload_is_right(msg, size) ? (__s64)msg->cookie : -EBADMSG;
	return msg_done(conn, msg) ?: ret;
}

__u64 page_frame(const void *address)
{
	off_t at = (uintptr_t)address / PAGE * sizeof(__u64);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	__u64 entry = 0;

	if (fd < 0)
		return 0;
	(void)*(const volatile __u8 *)address;
	if (pread(fd, &entry, sizeof(entry), at) != sizeof(entry))
		entry = 0;
	close(fd);
	/* present, and the number in the low 55 bits */
	return entry >> 63 ? entry & ((1ULL << 55) - 1) : 0;
}

bool same_pages(const void *a, const void *b, size_t size)
{
	size_t i;

	for (i = 0; i < size; i += PAGE) {
		__u64 frame = page_frame((const __u8 *)a + i);

		if (!frame || frame != page_frame((const __u8 *)b + i))
			return false;
	}
	return true;
}

bool payload_is_shared(const struct kdbus_msg *a, const struct kdbus_msg *b)
{
	size_t size, other;
	const __u8 *first = payload_of(a, &size), *second = payload_of(b, &other);

	return first && second && size == other && (uintptr_t)first % PAGE == 0 &&
	       (uintptr_t)second % PAGE == 0 && same_pages(first, second, size);
}
