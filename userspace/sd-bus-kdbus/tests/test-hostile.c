// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * test-hostile.c - a peer that sends anything at all harms only itself. Needs the module
 *
 * The peer talks to the kernel without the core's checks.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bytes.h"
#include "client.h"
#include "internal.h"

struct attack {
	struct client evil;
	struct client good;
};

static bool attack_open(struct attack *p)
{
	memset(p, 0, sizeof(*p));
	return client_open(&p->evil, NULL) && client_open(&p->good, NULL);
}

static void attack_close(struct attack *p)
{
	/* Whatever was sent, the good one can still be talked to. */
	if (p->evil.conn && p->good.conn) {
		client_signal(&p->evil, p->good.conn->unique, "Alive", NULL, NULL);
		if (EXPECT_EQ(0, client_read(&p->good))) {
			EXPECT_STR("Alive", p->good.in.header.member);
			client_done(&p->good);
		}
	}
	client_close(&p->evil);
	client_close(&p->good);
}

/* Send @e as it is, and expect the good one to drop it for @reason. */
static void expect_drop(struct attack *p, struct kbus_envelope *e, enum kbus_reason reason,
			const char *what)
{
	const uint64_t before = p->good.conn->stats.n_dropped[reason];
	int r;

	if (!e->dst_id)
		e->dst_id = p->good.conn->id;
	EXPECT_EQ_CASE(0, kbus_deliver(p->evil.conn, e), "%s", what);
	r = kbus_conn_recv(p->good.conn, &p->good.in);
	EXPECT_EQ_CASE(-EAGAIN, r, "%s", what);
	if (r == 0)
		client_done(&p->good);
	EXPECT_EQ_CASE(before + 1, p->good.conn->stats.n_dropped[reason], "%s", what);
}

/* A valid signal to the good one, without a sender, as @size bytes for free(). */
static uint8_t *make_signal(struct attack *p, struct kbus_writer *body, const char *signature,
			    size_t *size)
{
	const struct kbus_fields fields = {
		.type = KBUS_SIGNAL, .serial = 1, .path = "/", .interface = "a.b", .member = "M",
		.destination = p->good.conn->unique, .signature = signature,
	};
	uint8_t *data = NULL;

	EXPECT_EQ(0, kbus_build(body, &fields, &data, size));
	return data;
}

static struct kbus_envelope envelope(const void *data, size_t size)
{
	return (struct kbus_envelope){
		.payload_type = KDBUS_PAYLOAD_DBUS, .cookie = 1,
		.head = { .iov_base = (void *)data, .iov_len = size },
	};
}

TEST(bytes_that_are_no_message)
{
	static const uint8_t noise[200] = { 'l', 4, 0, 1, 0xff, 0xff, 0xff, 0xff };
	struct kbus_envelope e;
	struct attack p;
	size_t size;

	if (attack_open(&p)) {
		for (size = 1; size <= sizeof(noise); size += 13) {
			e = envelope(noise, size);
			expect_drop(&p, &e, KBUS_DROP_HEADER, "noise");
		}
		e = envelope(NULL, 0);
		expect_drop(&p, &e, KBUS_DROP_NOT_DBUS, "no payload");
		e = envelope(noise, 10);
		e.payload_type = 0x1234;
		expect_drop(&p, &e, KBUS_DROP_NOT_DBUS, "payload of another type");
	}
	attack_close(&p);
}

TEST(types_that_only_we_use_towards_ourselves)
{
	struct kbus_envelope e;
	struct attack p;

	if (attack_open(&p)) {
		e = envelope("OK 1234\r\n", 9);
		e.payload_type = KBUS_PAYLOAD_RAW;
		expect_drop(&p, &e, KBUS_DROP_NOT_DBUS, "raw");
		e.payload_type = KBUS_PAYLOAD_TOKEN;
		expect_drop(&p, &e, KBUS_DROP_NOT_DBUS, "token");
	}
	attack_close(&p);
}

TEST(messages_that_are_cut_or_too_long)
{
	struct kbus_writer body = {};
	struct kbus_envelope e;
	uint8_t *data, *longer;
	struct attack p;
	size_t size, cut;

	if (attack_open(&p)) {
		kbus_put_string(&body, "a text in the body");
		data = make_signal(&p, &body, "s", &size);
		ASSERT_TRUE(data);
		for (cut = 1; cut < size; cut++) {
			e = envelope(data, cut);
			e.dst_id = p.good.conn->id;
			EXPECT_EQ(0, kbus_deliver(p.evil.conn, &e));
			EXPECT_TRUE(client_has_nothing(&p.good));
		}
		EXPECT_EQ(size - 1, p.good.conn->stats.n_dropped[KBUS_DROP_HEADER] +
				    p.good.conn->stats.n_dropped[KBUS_DROP_SIZE]);
		longer = calloc(1, size + 8);
		memcpy(longer, data, size);
		e = envelope(longer, size + 8);
		expect_drop(&p, &e, KBUS_DROP_SIZE, "longer");
		free(longer);
		free(data);
	}
	attack_close(&p);
}

TEST(bodies_that_do_not_fit_their_signature)
{
	struct kbus_writer body = {};
	struct kbus_envelope e;
	uint8_t *data;
	struct attack p;
	size_t size;

	if (attack_open(&p)) {
		kbus_put_string(&body, "\xff\xfe");
		data = make_signal(&p, &body, "s", &size);
		e = envelope(data, size);
		expect_drop(&p, &e, KBUS_DROP_BODY, "no UTF-8");
		free(data);
		kbus_put_u32(&body, 2);
		data = make_signal(&p, &body, "b", &size);
		e = envelope(data, size);
		expect_drop(&p, &e, KBUS_DROP_BODY, "no boolean");
		free(data);
		kbus_put_u32(&body, 2);
		data = make_signal(&p, &body, "uu", &size);
		e = envelope(data, size);
		expect_drop(&p, &e, KBUS_DROP_BODY, "values missing");
		free(data);
	}
	attack_close(&p);
}

/* A call that is wrong is answered, so that its caller does not wait for ever. */
TEST(a_wrong_call_gets_an_error)
{
	const struct kbus_fields fields = {
		.type = KBUS_METHOD_CALL, .serial = 7, .path = "/", .member = "M", .signature = "b",
	};
	struct kbus_fields f = fields;
	struct kbus_writer body = {};
	struct kbus_envelope e;
	uint8_t *data;
	struct attack p;
	size_t size;
	int peek;

	if (attack_open(&p)) {
		for (peek = 0; peek < 2; peek++) {
			f.destination = p.good.conn->unique;
			kbus_put_u32(&body, 2);
			ASSERT_EQ(0, kbus_build(&body, &f, &data, &size));
			e = envelope(data, size);
			e.cookie = 7;
			e.flags = KDBUS_MSG_EXPECT_REPLY;
			e.dst_id = p.good.conn->id;
			EXPECT_EQ(0, kbus_deliver(p.evil.conn, &e));
			EXPECT_EQ(-EAGAIN, peek ? kbus_conn_peek(p.good.conn, &p.good.in) :
						  kbus_conn_recv(p.good.conn, &p.good.in));
			expect_error(&p.evil, 7, peek ? "NoReply" : "InvalidArgs");
			free(data);
		}
		EXPECT_EQ(2, p.good.conn->stats.n_dropped[KBUS_DROP_BODY]);
	}
	attack_close(&p);
}

/* Senders that name themselves wrongly, or not at all, are named. */
TEST(forged_and_missing_senders)
{
	static const char *const lies[] = { NULL, ":1.1", ":7.7", "org.example.Other",
					    KBUS_DRIVER_NAME };
	struct kbus_fields fields = {
		.type = KBUS_SIGNAL, .serial = 1, .path = "/", .interface = "a.b", .member = "M",
		.signature = "s",
	};
	struct kbus_writer body = {};
	struct kbus_envelope e;
	const char *text;
	uint8_t *data;
	struct attack p;
	size_t size, i;

	if (attack_open(&p)) {
		for (i = 0; i < N_ENTRIES(lies); i++) {
			fields.destination = p.good.conn->unique;
			fields.sender = lies[i];
			kbus_put_string(&body, "body");
			ASSERT_EQ(0, kbus_build(&body, &fields, &data, &size));
			e = envelope(data, size);
			e.dst_id = p.good.conn->id;
			EXPECT_EQ(0, kbus_deliver(p.evil.conn, &e));
			free(data);
			ASSERT_EQ(0, client_read(&p.good));
			EXPECT_STR(p.evil.conn->unique, p.good.in.header.sender);
			EXPECT_EQ(0, kbus_read_string(&p.good.args, &text, NULL));
			EXPECT_STR("body", text);
			EXPECT_EQ(p.good.in.size, p.good.in.parts[0].iov_len +
						  (p.good.in.n_parts > 1 ?
						   p.good.in.parts[1].iov_len : 0));
			client_done(&p.good);
		}
		EXPECT_EQ(N_ENTRIES(lies), p.good.conn->stats.n_sender_set);
	}
	attack_close(&p);
}

/* A filter with all bits passes any rule in the kernel; the rule itself decides. */
TEST(broadcasts_that_pretend_to_be_what_a_rule_wants)
{
	struct kbus_fields fields = {
		.type = KBUS_SIGNAL, .serial = 1, .path = "/", .interface = "a.b", .member = "X",
	};
	struct kbus_envelope e;
	uint64_t filter[8];
	uint8_t *data;
	struct attack p;
	size_t size;

	memset(filter, 0xff, sizeof(filter));
	if (attack_open(&p)) {
		if (bus_expect_text(&p.good, NULL, "AddMatch", "sender=':1.1',member='X'"))
			client_done(&p.good);
		if (bus_expect_text(&p.good, NULL, "AddMatch", "member='Y'"))
			client_done(&p.good);
		fields.sender = ":1.1";
		ASSERT_EQ(0, kbus_build(NULL, &fields, &data, &size));
		e = envelope(data, size);
		e.dst_id = KDBUS_DST_ID_BROADCAST;
		e.flags = KDBUS_MSG_SIGNAL;
		e.filter = filter;
		expect_drop(&p, &e, KBUS_DROP_FILTERED, "forged sender");
		free(data);
		fields.sender = NULL;
		fields.member = "Z";
		ASSERT_EQ(0, kbus_build(NULL, &fields, &data, &size));
		e.head = (struct iovec){ data, size };
		expect_drop(&p, &e, KBUS_DROP_FILTERED, "another member");
		free(data);
	}
	attack_close(&p);
}

TEST(headers_that_contradict_the_kernel)
{
	struct kbus_fields reply = { .type = KBUS_METHOD_RETURN, .serial = 1, .reply_serial = 5 };
	struct kbus_fields call = { .type = KBUS_METHOD_CALL, .serial = 1, .path = "/",
				    .member = "M" };
	struct kbus_envelope e;
	uint64_t filter[8];
	uint8_t *data;
	struct attack p;
	size_t size;

	if (attack_open(&p)) {
		reply.destination = call.destination = p.good.conn->unique;
		data = make_signal(&p, NULL, NULL, &size);
		e = envelope(data, size);
		e.cookie = 2;
		expect_drop(&p, &e, KBUS_DROP_MISMATCH, "serial");
		/* A broadcast that says that it is for one. */
		memset(filter, 0xff, sizeof(filter));
		if (bus_expect_text(&p.good, NULL, "AddMatch", "type='signal'"))
			client_done(&p.good);
		e = envelope(data, size);
		e.dst_id = KDBUS_DST_ID_BROADCAST;
		e.flags = KDBUS_MSG_SIGNAL;
		e.filter = filter;
		expect_drop(&p, &e, KBUS_DROP_MISMATCH, "broadcast with destination");
		free(data);
		/* An answer to a call that was never made, or to somebody else. */
		ASSERT_EQ(0, kbus_build(NULL, &reply, &data, &size));
		e = envelope(data, size);
		expect_drop(&p, &e, KBUS_DROP_MISMATCH, "reply");
		free(data);
		/* A call that wants an answer, of which the kernel was not told. */
		ASSERT_EQ(0, kbus_build(NULL, &call, &data, &size));
		e = envelope(data, size);
		expect_drop(&p, &e, KBUS_DROP_MISMATCH, "call");
		free(data);
	}
	attack_close(&p);
}

TEST(wrong_numbers_of_descriptors)
{
	struct kbus_fields fields = {
		.type = KBUS_SIGNAL, .serial = 1, .path = "/", .interface = "a.b", .member = "M",
	};
	const int fds[2] = { STDERR_FILENO, STDERR_FILENO };
	struct kbus_envelope e;
	uint8_t *data;
	struct attack p;
	size_t size, said, sent;
	int next, now;

	if (attack_open(&p)) {
		next = dup(STDERR_FILENO);
		close(next);
		fields.destination = p.good.conn->unique;
		for (said = 0; said <= 2; said++) {
			for (sent = 0; sent <= 2; sent++) {
				if (said == sent)
					continue;
				fields.n_fds = said;
				ASSERT_EQ(0, kbus_build(NULL, &fields, &data, &size));
				e = envelope(data, size);
				e.fds = fds;
				e.n_fds = sent;
				expect_drop(&p, &e, KBUS_DROP_FDS, "number of descriptors");
				free(data);
			}
		}
		/* None was left open. */
		now = dup(STDERR_FILENO);
		EXPECT_EQ(next, now);
		close(now);
	}
	attack_close(&p);
}

/* SEND with payload items as others cut them. */
static int send_pieces(struct attack *p, const struct kdbus_item *items, size_t size)
{
	struct {
		struct kdbus_msg msg;
		uint64_t items[128];
	} m = { .msg = {
		.size = sizeof(m.msg) + size, .dst_id = p->good.conn->id, .cookie = 1,
		.payload_type = KDBUS_PAYLOAD_DBUS,
	} };
	struct kdbus_cmd_send cmd = { .size = sizeof(cmd), .msg_address = (uintptr_t)&m };

	memcpy(m.items, items, size);
	return kbus_ioctl(p->evil.conn->fd, KDBUS_CMD_SEND, &cmd);
}

static size_t put_vec(uint64_t *items, size_t at, const void *data, size_t size)
{
	items[at] = 32;
	items[at + 1] = KDBUS_ITEM_PAYLOAD_VEC;
	items[at + 2] = size;
	items[at + 3] = (uintptr_t)data;
	return at + 4;
}

static size_t put_memfd(uint64_t *items, size_t at, const void *data, size_t start, size_t size)
{
	struct kdbus_memfd memfd = { .start = start, .size = size };

	memfd.fd = memfd_create("test", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	EXPECT_EQ((ssize_t)size, pwrite(memfd.fd, data, size, start));
	fcntl(memfd.fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	items[at] = 40;
	items[at + 1] = KDBUS_ITEM_PAYLOAD_MEMFD;
	memcpy(items + at + 2, &memfd, sizeof(memfd));
	return at + 5;
}

/* However a valid message is cut, it is the same message. */
TEST(payload_in_any_pieces)
{
	struct kbus_writer body = {};
	uint64_t items[64];
	const char *text;
	uint8_t *data;
	struct attack p;
	size_t size, cut, n, how, header;
	int next, now;

	if (attack_open(&p)) {
		kbus_put_string(&body, "a text");
		data = make_signal(&p, &body, "s", &size);
		header = size - 11;
		next = dup(STDERR_FILENO);
		close(next);
		for (how = 0; how < 5; how++) {
			for (cut = 1; cut < size; cut += cut == header - 1 ? 1 : 7) {
				if (how == 4)
					cut = header;
				n = how == 1 || how == 3 ?
					put_memfd(items, 0, data, 5, cut) :
					put_vec(items, 0, data, cut);
				n = how == 2 || how == 3 || how == 4 ?
					put_memfd(items, n, data + cut, 4097, size - cut) :
					put_vec(items, n, data + cut, size - cut);
				EXPECT_EQ(0, send_pieces(&p, (void *)items, n * 8));
				if (how == 1 || how == 3)
					close(((struct kdbus_memfd *)(items + 2))->fd);
				if (how >= 2)
					close(((struct kdbus_memfd *)(items + n - 3))->fd);
				if (!EXPECT_EQ_CASE(0, client_read(&p.good), "how %zu, cut %zu", how,
						    cut))
					break;
				EXPECT_EQ(0, kbus_read_string(&p.good.args, &text, NULL));
				EXPECT_STR("a text", text);
				EXPECT_STR(p.evil.conn->unique, p.good.in.header.sender);
				client_done(&p.good);
				if (how == 4)
					break;
			}
		}
		now = dup(STDERR_FILENO);
		EXPECT_EQ(next, now);
		close(now);
		free(data);
	}
	attack_close(&p);
}

/* A run of zeros that is no bytes at all in the pool. */
TEST(runs_of_zeros)
{
	struct kbus_writer body = {};
	uint64_t items[64];
	uint8_t *data;
	struct attack p;
	size_t size, n, i;

	if (attack_open(&p)) {
		kbus_put_array_open(&body, 'y');
		for (i = 0; i < 1000; i++)
			kbus_put_byte(&body, 0);
		kbus_put_array_close(&body);
		data = make_signal(&p, &body, "ay", &size);
		n = put_vec(items, 0, data, size - 1000);
		n = put_vec(items, n, NULL, 1000);
		EXPECT_EQ(0, send_pieces(&p, (void *)items, n * 8));
		if (EXPECT_EQ(0, client_read(&p.good))) {
			EXPECT_EQ(1004, p.good.in.header.body_size);
			EXPECT_TRUE(kbus_is_zero((const uint8_t *)p.good.in.body + 4, 1000));
			client_done(&p.good);
		}
		free(data);
	}
	attack_close(&p);
}

TEST(a_memfd_that_claims_more_than_dbus_allows)
{
	struct kbus_fields fields = {
		.type = KBUS_SIGNAL, .serial = 1, .path = "/", .interface = "a.b", .member = "M",
	};
	struct kdbus_memfd memfd = { .size = 1ULL << 40 };
	uint64_t items[64];
	uint8_t *data;
	struct attack p;
	size_t size, n;

	if (attack_open(&p)) {
		ASSERT_EQ(0, kbus_build(NULL, &fields, &data, &size));
		n = put_vec(items, 0, data, size);
		memfd.fd = memfd_create("huge", MFD_ALLOW_SEALING | MFD_CLOEXEC);
		EXPECT_EQ(0, ftruncate(memfd.fd, memfd.size));
		fcntl(memfd.fd, F_ADD_SEALS,
		      F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
		items[n] = 40;
		items[n + 1] = KDBUS_ITEM_PAYLOAD_MEMFD;
		memcpy(items + n + 2, &memfd, sizeof(memfd));
		EXPECT_EQ(0, send_pieces(&p, (void *)items, (n + 5) * 8));
		EXPECT_TRUE(client_has_nothing(&p.good));
		EXPECT_EQ(1, p.good.conn->stats.n_dropped[KBUS_DROP_SIZE]);
		close(memfd.fd);
		free(data);
	}
	attack_close(&p);
}

TEST(random_damage_to_valid_messages)
{
	struct kbus_writer body = {};
	struct kbus_envelope e;
	uint8_t *data, *copy;
	unsigned int seed = 1, i, j;
	struct attack p;
	size_t size;

	if (attack_open(&p)) {
		kbus_put_string(&body, "a text");
		kbus_put_array_open(&body, '(');
		kbus_put_struct(&body);
		kbus_put_u32(&body, 1);
		kbus_put_signature(&body, "as");
		kbus_put_array_open(&body, 's');
		kbus_put_string(&body, "x");
		kbus_put_array_close(&body);
		kbus_put_array_close(&body);
		data = make_signal(&p, &body, "sa(uv)", &size);
		copy = malloc(size);
		ASSERT_TRUE(data && copy);
		for (i = 0; i < 2000; i++) {
			memcpy(copy, data, size);
			for (j = 0; j <= i % 3; j++) {
				seed = seed * 1103515245 + 12345;
				copy[(seed >> 16) % size] = seed >> 8;
			}
			e = envelope(copy, size);
			e.dst_id = p.good.conn->id;
			EXPECT_EQ(0, kbus_deliver(p.evil.conn, &e));
			/* Handed out or dropped, but what is handed out is valid. */
			if (kbus_conn_recv(p.good.conn, &p.good.in) == 0) {
				const struct kbus_header *h = &p.good.in.header;

				EXPECT_EQ(0, kbus_body_validate(h->signature, p.good.in.body,
								h->body_size, h->swap));
				EXPECT_STR(p.evil.conn->unique, h->sender);
				client_done(&p.good);
			}
		}
		EXPECT_TRUE(p.good.conn->stats.n_dropped[KBUS_DROP_HEADER] > 100);
		EXPECT_TRUE(p.good.conn->stats.n_dropped[KBUS_DROP_BODY] > 10);
		free(copy);
		free(data);
	}
	attack_close(&p);
}
