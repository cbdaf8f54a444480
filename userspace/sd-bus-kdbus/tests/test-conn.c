// SPDX-License-Identifier: LGPL-2.1-or-later
/* test-conn.c - messages between clients on a bus in the kernel. Needs the module */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "internal.h"

static void reply_with_text(struct client *client, const struct kbus_header *call,
			    const char *text)
{
	struct kbus_fields fields = {
		.type = KBUS_METHOD_RETURN,
		.flags = KBUS_NO_REPLY_EXPECTED,
		.reply_serial = call->serial,
		.destination = call->sender,
		.signature = "s",
	};
	struct kbus_writer body = {};

	kbus_put_string(&body, text);
	EXPECT_EQ(0, client_send(client, &fields, &body, NULL, 0));
}

TEST(a_call_and_its_reply)
{
	struct kbus_writer body = {};
	const char *text;
	struct pair p;

	if (pair_open(&p)) {
		kbus_put_string(&body, "how are you");
		EXPECT_EQ(0, client_call(&p.a, p.b.conn->unique, "Ask", "s", &body));
		ASSERT_EQ(0, client_read(&p.b));
		EXPECT_EQ(KBUS_METHOD_CALL, p.b.in.header.type);
		EXPECT_STR("Ask", p.b.in.header.member);
		EXPECT_STR(p.a.conn->unique, p.b.in.header.sender);
		/* Our sender names itself, so nothing had to be copied. */
		EXPECT_EQ(1, p.b.in.n_parts);
		EXPECT_EQ(0, p.b.conn->stats.n_sender_set);
		EXPECT_EQ(0, kbus_read_string(&p.b.args, &text, NULL));
		EXPECT_STR("how are you", text);
		reply_with_text(&p.b, &p.b.in.header, "fine");
		client_done(&p.b);

		ASSERT_EQ(0, client_read(&p.a));
		EXPECT_EQ(KBUS_METHOD_RETURN, p.a.in.header.type);
		EXPECT_EQ(p.a.serial, p.a.in.header.reply_serial);
		EXPECT_EQ(0, kbus_read_string(&p.a.args, &text, NULL));
		EXPECT_STR("fine", text);
		client_done(&p.a);
		EXPECT_TRUE(client_has_nothing(&p.a));
		EXPECT_TRUE(client_has_nothing(&p.b));
	}
	pair_close(&p);
}

TEST(a_peeked_message_stays_until_it_is_taken)
{
	struct kbus_incoming first, again;
	struct pair p;

	if (pair_open(&p)) {
		client_signal(&p.a, p.b.conn->unique, "One", NULL, NULL);
		ASSERT_EQ(0, kbus_conn_peek(p.b.conn, &first));
		EXPECT_FALSE(first.is_taken);
		EXPECT_TRUE(client_is_readable(&p.b));
		kbus_conn_release(p.b.conn, &first);
		ASSERT_EQ(0, kbus_conn_peek(p.b.conn, &again));
		EXPECT_STR("One", again.header.member);
		EXPECT_EQ(0, kbus_conn_take(p.b.conn, &again));
		EXPECT_TRUE(again.is_taken);
		EXPECT_FALSE(client_is_readable(&p.b));
		EXPECT_STR("One", again.header.member);
		kbus_conn_release(p.b.conn, &again);
		EXPECT_TRUE(client_has_nothing(&p.b));
	}
	pair_close(&p);
}

/* A body of @size bytes that differ from place to place. */
static void put_pattern(struct kbus_writer *w, size_t size)
{
	uint8_t chunk[4096];
	size_t at, i, n;

	kbus_put_array_open(w, 'y');
	for (at = 0; at < size; at += n) {
		n = size - at < sizeof(chunk) ? size - at : sizeof(chunk);
		for (i = 0; i < n; i++)
			chunk[i] = (at + i) * 7 >> 3;
		kbus_put_bytes(w, chunk, n);
	}
	kbus_put_array_close(w);
}

static bool is_pattern(const struct kbus_incoming *in, size_t size)
{
	const uint8_t *p = (const uint8_t *)in->body + 4;
	size_t i;

	if (in->header.body_size != size + 4)
		return false;
	for (i = 0; i < size; i++)
		if (p[i] != (uint8_t)(i * 7 >> 3))
			return false;
	return true;
}

TEST(bodies_of_all_sizes_arrive_whole)
{
	static const size_t sizes[] = {
		0, 1, 4091, 4096, 65536, KBUS_MEMFD_THRESHOLD - 4, KBUS_MEMFD_THRESHOLD - 3,
		1 << 20, 5 << 20, 60 << 20,
	};
	struct kbus_writer body = {};
	struct pair p;
	size_t i;

	if (pair_open(&p)) {
		for (i = 0; i < N_ENTRIES(sizes); i++) {
			const size_t size = sizes[i];

			put_pattern(&body, size);
			EXPECT_EQ_CASE(0, client_signal(&p.a, p.b.conn->unique, "Big", "ay", &body),
				       "%zu bytes", size);
			if (!EXPECT_EQ_CASE(0, client_read(&p.b), "%zu bytes", size))
				break;
			EXPECT_EQ_CASE(true, is_pattern(&p.b.in, size), "%zu bytes", size);
			EXPECT_EQ_CASE(size + 4 > KBUS_MEMFD_THRESHOLD, p.b.in.mapping != NULL,
				       "%zu bytes", size);
			client_done(&p.b);
		}
		EXPECT_TRUE(client_has_nothing(&p.b));
		EXPECT_EQ(0, p.b.conn->stats.n_dropped[KBUS_DROP_MEMORY]);
	}
	pair_close(&p);
}

TEST(a_message_in_pieces_is_one_message)
{
	const struct kbus_fields fields = {
		.type = KBUS_SIGNAL, .serial = 5, .path = "/a", .interface = "a.b", .member = "M",
		.destination = NULL, .signature = "ss",
	};
	struct kbus_fields with = fields;
	struct kbus_writer body = {};
	struct iovec parts[300];
	uint8_t *data;
	size_t size, cut, n;
	struct pair p;

	if (pair_open(&p)) {
		with.destination = p.b.conn->unique;
		kbus_put_string(&body, "first");
		kbus_put_string(&body, "second");
		ASSERT_EQ(0, kbus_build(&body, &with, &data, &size));
		/* Cuts in the fixed part, in the fields, between header and body, in the body. */
		for (cut = 0; cut <= size; cut++) {
			parts[0] = (struct iovec){ data, cut };
			parts[1] = (struct iovec){ data + cut, size - cut };
			EXPECT_EQ_CASE(0, kbus_conn_send(p.a.conn, parts, 2, NULL, 0), "cut %zu", cut);
			if (!EXPECT_EQ_CASE(0, client_read(&p.b), "cut %zu", cut))
				break;
			EXPECT_EQ_CASE(true, p.b.in.header.body_size == 23, "cut %zu", cut);
			client_done(&p.b);
		}
		/* More pieces than go to the kernel as they are. */
		for (n = 0; n < size && n < N_ENTRIES(parts); n++)
			parts[n] = (struct iovec){ data + n, 1 };
		ASSERT_EQ(size, n);
		EXPECT_EQ(0, kbus_conn_send(p.a.conn, parts, n, NULL, 0));
		EXPECT_EQ(0, client_read(&p.b));
		client_done(&p.b);
		free(data);
	}
	pair_close(&p);
}

/* What is remembered of the last message must not get into the next one. */
TEST(messages_like_the_last_one_arrive_as_they_were_sent)
{
	struct kbus_writer body = {};
	struct client c, *to;
	struct pair p;
	size_t i, size;

	if (pair_open(&p) && client_open(&c, NULL)) {
		for (i = 0; i < 600; i++) {
			/* Runs of one, two, ... to the same; sizes from short to not short. */
			to = __builtin_popcountl(i) & 1 ? &p.b : &c;
			size = i * 37 % (2 * KBUS_BODY_SHORT);
			put_pattern(&body, size);
			EXPECT_EQ_CASE(0, client_signal(&p.a, to->conn->unique, "Again", "ay", &body),
				       "message %zu", i);
			if (!EXPECT_EQ_CASE(0, client_read(to), "message %zu", i))
				break;
			EXPECT_EQ_CASE(true, is_pattern(&to->in, size), "message %zu", i);
			EXPECT_EQ_CASE(p.a.serial, to->in.header.serial, "message %zu", i);
			EXPECT_STR_CASE(to->conn->unique, to->in.header.destination, "message %zu", i);
			EXPECT_STR_CASE(p.a.conn->unique, to->in.header.sender, "message %zu", i);
			client_done(to);
		}
		EXPECT_TRUE(client_has_nothing(&p.b));
		EXPECT_TRUE(client_has_nothing(&c));
		EXPECT_EQ(0, p.b.conn->stats.n_sender_set);
		client_close(&c);
	}
	pair_close(&p);
}

TEST(replies_like_the_last_one_answer_their_own_call)
{
	struct kbus_writer body = {};
	char text[16];
	struct pair p;
	int i;

	if (pair_open(&p)) {
		for (i = 0; i < 50; i++) {
			kbus_put_string(&body, "number?");
			EXPECT_EQ_CASE(0, client_call(&p.a, p.b.conn->unique, "Ask", "s", &body),
				       "call %d", i);
			ASSERT_EQ(0, client_read(&p.b));
			snprintf(text, sizeof(text), "%d", i);
			reply_with_text(&p.b, &p.b.in.header, text);
			client_done(&p.b);
			ASSERT_EQ(0, client_read(&p.a));
			EXPECT_EQ_CASE(p.a.serial, p.a.in.header.reply_serial, "call %d", i);
			client_done(&p.a);
		}
		EXPECT_EQ(0, p.a.conn->stats.n_dropped[KBUS_DROP_MISMATCH]);
	}
	pair_close(&p);
}

/* A call that was sent with the wait for what comes next. */
TEST(what_comes_while_a_call_is_sent_is_read_next)
{
	struct kbus_writer body = {};
	struct pair p;

	if (pair_open(&p)) {
		EXPECT_EQ(0, client_signal(&p.b, p.a.conn->unique, "First", NULL, NULL));
		EXPECT_EQ(0, client_signal(&p.b, p.a.conn->unique, "Second", NULL, NULL));
		p.a.conn->awaits_reply = true;
		kbus_put_string(&body, "?");
		EXPECT_EQ(0, client_call(&p.a, p.b.conn->unique, "Ask", "s", &body));
		EXPECT_TRUE(p.a.conn->stashed);
		EXPECT_FALSE(p.a.conn->was_interrupted);
		ASSERT_EQ(0, client_read(&p.a));
		EXPECT_STR("First", p.a.in.header.member);
		client_done(&p.a);
		ASSERT_EQ(0, client_read(&p.a));
		EXPECT_STR("Second", p.a.in.header.member);
		client_done(&p.a);
		EXPECT_EQ(0, client_read(&p.b));
		EXPECT_STR("Ask", p.b.in.header.member);
		client_done(&p.b);
		/* Nobody answers soon: that takes a moment, and is no error. */
		kbus_put_string(&body, "?");
		EXPECT_EQ(0, client_call(&p.a, p.b.conn->unique, "Ask", "s", &body));
		EXPECT_FALSE(p.a.conn->stashed);
		EXPECT_FALSE(p.a.conn->was_interrupted);
		/* What the kernel refuses is answered by the bus as ever. */
		kbus_put_string(&body, "?");
		EXPECT_EQ(0, client_call(&p.a, "org.example.Nobody", "Ask", "s", &body));
		p.a.conn->awaits_reply = false;
		EXPECT_TRUE(expect_error(&p.a, p.a.serial, "ServiceUnknown"));
	}
	pair_close(&p);
}

TEST(descriptors_travel_and_belong_to_the_receiver)
{
	struct kbus_fields fields = {
		.type = KBUS_METHOD_CALL, .path = "/", .member = "Take", .signature = "h",
	};
	struct kbus_writer body = {};
	struct stat sent, got;
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct pair p;

	if (pair_open(&p)) {
		fields.destination = p.b.conn->unique;
		kbus_put_u32(&body, 0);
		EXPECT_EQ(0, client_send(&p.a, &fields, &body, &fd, 1));
		/* With descriptors a peek takes, and the queue stays readable until the release. */
		ASSERT_EQ(0, kbus_conn_peek(p.b.conn, &p.b.in));
		EXPECT_TRUE(p.b.in.is_taken);
		EXPECT_TRUE(client_is_readable(&p.b));
		EXPECT_EQ(0, kbus_conn_take(p.b.conn, &p.b.in));
		ASSERT_EQ(1, p.b.in.n_fds);
		EXPECT_EQ(0, fstat(fd, &sent));
		EXPECT_EQ(0, fstat(p.b.in.fds[0], &got));
		EXPECT_EQ(sent.st_rdev, got.st_rdev);
		EXPECT_TRUE(fcntl(p.b.in.fds[0], F_GETFD) & FD_CLOEXEC);
		close(p.b.in.fds[0]);
		client_done(&p.b);
		EXPECT_TRUE(client_has_nothing(&p.b));
		EXPECT_FALSE(client_is_readable(&p.b));
	}
	close(fd);
	pair_close(&p);
}

TEST(a_client_that_takes_no_descriptors_gets_none)
{
	struct kbus_fields fields = {
		.type = KBUS_METHOD_CALL, .path = "/", .member = "Take", .signature = "h",
	};
	struct kbus_writer body = {};
	struct pair p;
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int next;

	if (pair_open(&p)) {
		p.b.conn->wants_fds = false;
		fields.destination = p.b.conn->unique;
		kbus_put_u32(&body, 0);
		next = dup(fd);
		close(next);
		EXPECT_EQ(0, client_send(&p.a, &fields, &body, &fd, 1));
		EXPECT_TRUE(client_has_nothing(&p.b));
		EXPECT_EQ(1, p.b.conn->stats.n_dropped[KBUS_DROP_FDS_UNWANTED]);
		EXPECT_EQ(0, client_read(&p.a));
		EXPECT_EQ(KBUS_ERROR, p.a.in.header.type);
		client_done(&p.a);
		/* No descriptor was left behind. */
		EXPECT_EQ(next, dup(fd));
		close(next);
	}
	close(fd);
	pair_close(&p);
}

TEST(more_descriptors_than_the_kernel_takes_are_an_error)
{
	struct kbus_fields fields = { .type = KBUS_METHOD_CALL, .path = "/", .member = "Take" };
	int fds[KBUS_FDS_MAX + 1];
	struct pair p;
	size_t i;

	for (i = 0; i < N_ENTRIES(fds); i++)
		fds[i] = STDERR_FILENO;
	if (pair_open(&p)) {
		fields.destination = p.b.conn->unique;
		EXPECT_EQ(0, client_send(&p.a, &fields, NULL, fds, N_ENTRIES(fds)));
		expect_error(&p.a, p.a.serial, "LimitsExceeded");
		EXPECT_EQ(0, client_send(&p.a, &fields, NULL, (const int[]){ p.a.conn->fd }, 1));
		expect_error(&p.a, p.a.serial, "NotSupported");
		EXPECT_EQ(-EBADF, client_send(&p.a, &fields, NULL, (const int[]){ 9999 }, 1));
		EXPECT_TRUE(client_has_nothing(&p.b));
	}
	pair_close(&p);
}

TEST(calls_that_nobody_answers)
{
	struct kbus_fields fields = {
		.type = KBUS_METHOD_CALL, .flags = KBUS_NO_AUTO_START, .path = "/", .member = "M",
		.destination = "org.example.Nobody",
	};
	struct pair p;

	if (pair_open(&p)) {
		client_call(&p.a, "org.example.Nobody", "M", NULL, NULL);
		expect_error(&p.a, p.a.serial, "ServiceUnknown");
		client_call(&p.a, ":1.999999", "M", NULL, NULL);
		expect_error(&p.a, p.a.serial, "ServiceUnknown");
		client_call(&p.a, ":77.1", "M", NULL, NULL);
		expect_error(&p.a, p.a.serial, "ServiceUnknown");
		client_send(&p.a, &fields, NULL, NULL, 0);
		expect_error(&p.a, p.a.serial, "NameHasNoOwner");

		/* Who wants no answer gets none. */
		fields.flags = KBUS_NO_REPLY_EXPECTED;
		client_send(&p.a, &fields, NULL, NULL, 0);
		EXPECT_TRUE(client_has_nothing(&p.a));
		EXPECT_EQ(1, p.a.conn->stats.n_dropped[KBUS_DROP_SEND]);

		/* The callee reads the call and dies. */
		client_call(&p.a, p.b.conn->unique, "M", NULL, NULL);
		EXPECT_EQ(0, client_read(&p.b));
		client_done(&p.b);
		client_close(&p.b);
		expect_error(&p.a, p.a.serial, "NoReply");
	}
	pair_close(&p);
}

TEST(a_dropped_call_is_answered)
{
	struct pair p;

	if (pair_open(&p)) {
		client_call(&p.a, p.b.conn->unique, "M", NULL, NULL);
		ASSERT_EQ(0, kbus_conn_peek(p.b.conn, &p.b.in));
		EXPECT_EQ(0, kbus_conn_drop(p.b.conn, &p.b.in));
		expect_error(&p.a, p.a.serial, "NoReply");
		EXPECT_TRUE(client_has_nothing(&p.b));
	}
	pair_close(&p);
}

TEST(replies_to_no_call_are_dropped)
{
	struct kbus_fields fields = {
		.type = KBUS_METHOD_RETURN, .flags = KBUS_NO_REPLY_EXPECTED, .reply_serial = 77,
	};
	struct pair p;

	if (pair_open(&p)) {
		fields.destination = p.b.conn->unique;
		EXPECT_EQ(0, client_send(&p.a, &fields, NULL, NULL, 0));
		EXPECT_EQ(1, p.a.conn->stats.n_dropped[KBUS_DROP_SEND]);
		EXPECT_TRUE(client_has_nothing(&p.b));
	}
	pair_close(&p);
}

TEST(a_sender_cannot_lie_about_itself)
{
	struct kbus_fields fields = {
		.type = KBUS_SIGNAL, .path = "/", .interface = "a.b", .member = "M",
	};
	static const char *const lies[] = { ":1.1", "org.freedesktop.DBus", "org.example.A" };
	struct pair p;
	size_t i;

	if (pair_open(&p)) {
		fields.destination = p.b.conn->unique;
		for (i = 0; i < N_ENTRIES(lies); i++) {
			fields.sender = lies[i];
			EXPECT_EQ(0, client_send(&p.a, &fields, NULL, NULL, 0));
			ASSERT_EQ(0, client_read(&p.b));
			EXPECT_STR_CASE(p.a.conn->unique, p.b.in.header.sender, "%s", lies[i]);
			client_done(&p.b);
		}
	}
	pair_close(&p);
}

TEST(messages_that_are_none_are_refused_when_they_are_sent)
{
	static const uint8_t nonsense[64] = "this is not a message of D-Bus";
	const struct kbus_fields fields = {
		.type = KBUS_SIGNAL, .serial = 1, .path = "/", .interface = "a.b", .member = "M",
	};
	struct client a;
	uint8_t *data;
	size_t size;

	if (client_open(&a, NULL)) {
		EXPECT_EQ(-EBADMSG, kbus_conn_send_data(a.conn, nonsense, sizeof(nonsense)));
		ASSERT_EQ(0, kbus_build(NULL, &fields, &data, &size));
		EXPECT_EQ(-EBADMSG, kbus_conn_send_data(a.conn, data, size - 1));
		EXPECT_EQ(0, kbus_conn_send_data(a.conn, data, size));
		data[0] = 'x';
		EXPECT_EQ(-EBADMSG, kbus_conn_send_data(a.conn, data, size));
		free(data);
		/* The header's number of descriptors is wrong. */
		EXPECT_EQ(0, client_signal(&a, NULL, "M", NULL, NULL));
	}
	client_close(&a);
}

TEST(nothing_but_hello_comes_first)
{
	const char *path = test_bus_path();
	struct client a = {};

	ASSERT_TRUE(path);
	ASSERT_EQ(0, kbus_conn_open(path, NULL, &a.conn));
	EXPECT_EQ(-EACCES, client_signal(&a, NULL, "M", NULL, NULL));
	EXPECT_EQ(-EACCES, client_call(&a, "a.b", "Hello", NULL, NULL));
	EXPECT_EQ(-EACCES, client_call_bus(&a, KBUS_DRIVER_INTERFACE, "GetId", NULL, NULL));
	EXPECT_EQ(0, client_call_bus(&a, KBUS_DRIVER_INTERFACE, "Hello", NULL, NULL));
	client_close(&a);
}

TEST(raw_bytes_keep_their_place)
{
	struct client a;

	if (client_open(&a, NULL)) {
		EXPECT_EQ(0, kbus_conn_post_raw(a.conn, "DATA\r\n", 6));
		client_signal(&a, a.conn->unique, "After", NULL, NULL);
		ASSERT_EQ(0, client_read(&a));
		EXPECT_EQ(0, a.in.header.type);
		EXPECT_EQ(6, a.in.size);
		EXPECT_EQ(0, memcmp(a.in.parts[0].iov_base, "DATA\r\n", 6));
		client_done(&a);
		ASSERT_EQ(0, client_read(&a));
		EXPECT_STR("After", a.in.header.member);
		client_done(&a);
	}
	client_close(&a);
}

TEST(what_the_bus_says_waits_when_the_queue_is_full)
{
	struct client a;
	unsigned int n_sent = 0, n;
	uint32_t serial;

	if (client_open(&a, NULL)) {
		/* Fill the own queue until the kernel takes no more. */
		while (n_sent < 100000 && a.conn->stats.n_dropped[KBUS_DROP_SEND] == 0) {
			client_signal(&a, a.conn->unique, "Fill", NULL, NULL);
			n_sent++;
		}
		n_sent--;
		EXPECT_EQ(0, client_call_bus(&a, KBUS_DRIVER_INTERFACE, "GetId", NULL, NULL));
		serial = a.serial;
		EXPECT_EQ(0, client_call_bus(&a, KBUS_DRIVER_INTERFACE, "GetId", NULL, NULL));
		EXPECT_TRUE(a.conn->backlog != NULL);
		for (n = 0; n < n_sent; n++) {
			ASSERT_EQ(0, client_read(&a));
			EXPECT_STR("Fill", a.in.header.member);
			client_done(&a);
		}
		/* Both answers, in their order, and the descriptor told of them. */
		for (n = 0; n < 2; n++) {
			ASSERT_EQ(0, client_read(&a));
			EXPECT_EQ(KBUS_METHOD_RETURN, a.in.header.type);
			EXPECT_EQ(serial + n, a.in.header.reply_serial);
			client_done(&a);
		}
		EXPECT_TRUE(client_has_nothing(&a));
	}
	client_close(&a);
}

TEST(a_pool_that_was_unmapped_is_mapped_again)
{
	const struct kdbus_item *item;
	struct kbus_conn *conn;

	ASSERT_EQ(0, kbus_conn_open(test_bus_path(), NULL, &conn));
	EXPECT_TRUE(kbus_pool_at(conn, conn->hello_offset, conn->hello_size) != NULL);
	kbus_pool_unmap(conn);
	item = kbus_pool_at(conn, conn->hello_offset, conn->hello_size);
	if (EXPECT_TRUE((const uint8_t *)item >= conn->pool && conn->pool))
		EXPECT_EQ(KDBUS_ITEM_BLOOM_PARAMETER, item->type);
	kbus_conn_free(conn);
}
