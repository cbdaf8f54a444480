// SPDX-License-Identifier: LGPL-2.1-or-later
/* Descriptors that travel: which ones are taken, and what arrives. */
#include <sys/eventfd.h>
#include <sys/socket.h>
#include "common.h"
#include "kselftest_harness.h"

FIXTURE(import) {
	struct bus bus;
	struct conn a;
	struct conn b;
	struct args msg;
	int null;
};

FIXTURE_SETUP(import)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new(&self->a, &self->bus));
	ASSERT_EQ(0, conn_new(&self->b, &self->bus));
	self->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->null);
}

FIXTURE_TEARDOWN(import)
{
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	conn_close(&self->b);
	conn_close(&self->a);
	bus_close(&self->bus);
}

static int send_memfd(struct conn *from, struct conn *to, int fd, __u64 start, __u64 size)
{
	struct args msg;

	args_msg(&msg, to->id, 1);
	args_memfd(&msg, fd, start, size);
	return msg_send(from, &msg);
}

static int send_fd(struct conn *from, struct conn *to, int fd)
{
	struct args msg;

	args_msg(&msg, to->id, 1);
	args_fds(&msg, &fd, 1);
	return msg_send(from, &msg);
}

/* abi: 11.3/memfd-not-open */
TEST_F(import, memfd_that_is_not_open_is_ebadf)
{
	EXPECT_EQ(-EBADF, send_memfd(&self->a, &self->b, 1000, 0, 8));
}

/* abi: 11.3/memfd-not-open */
TEST_F(import, memfd_opened_as_path_is_ebadf)
{
	int memfd = memfd_new("12345678", 8, SEALS_ALL), path;
	char link[64];

	ASSERT_LE(0, memfd);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", memfd);
	path = open(link, O_PATH | O_CLOEXEC);
	ASSERT_LE(0, path);
	EXPECT_EQ(-EBADF, send_memfd(&self->a, &self->b, path, 0, 8));
}

/* abi: 11.3/memfd-medium */
TEST_F(import, file_that_cannot_be_sealed_is_emediumtype)
{
	int pipes[2], dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int proc = open("/proc/version", O_RDONLY | O_CLOEXEC);

	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	EXPECT_EQ(-EMEDIUMTYPE, send_memfd(&self->a, &self->b, self->null, 0, 8));
	EXPECT_EQ(-EMEDIUMTYPE, send_memfd(&self->a, &self->b, pipes[0], 0, 8));
	EXPECT_EQ(-EMEDIUMTYPE, send_memfd(&self->a, &self->b, dir, 0, 8));
	EXPECT_EQ(-EMEDIUMTYPE, send_memfd(&self->a, &self->b, proc, 0, 8));
	EXPECT_EQ(-EMEDIUMTYPE, send_memfd(&self->a, &self->b, self->a.fd, 0, 8));
}

/* abi: 11.3/memfd-seals */
TEST_F(import, each_missing_seal_is_etxtbsy)
{
	static const int seals[] = { F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE };
	unsigned int i;
	int memfd;

	for (i = 0; i < ARRAY_SIZE(seals); i++) {
		memfd = memfd_new("12345678", 8, SEALS_ALL & ~seals[i]);
		ASSERT_LE(0, memfd);
		EXPECT_EQ(-ETXTBSY, send_memfd(&self->a, &self->b, memfd, 0, 8)) {
			TH_LOG("without seal %x", seals[i]);
		}
	}
	memfd = memfd_new("12345678", 8, 0);
	EXPECT_EQ(-ETXTBSY, send_memfd(&self->a, &self->b, memfd, 0, 8));
	memfd = memfd_create("cannot be sealed", MFD_CLOEXEC);
	EXPECT_EQ(-ETXTBSY, send_memfd(&self->a, &self->b, memfd, 0, 8));
}

/* abi: 11.3/memfd-range */
TEST_F(import, range_beyond_the_end_of_the_memfd_is_efault)
{
	int memfd = memfd_new("12345678", 8, SEALS_ALL);

	ASSERT_LE(0, memfd);
	EXPECT_EQ(-EFAULT, send_memfd(&self->a, &self->b, memfd, 0, 9));
	EXPECT_EQ(-EFAULT, send_memfd(&self->a, &self->b, memfd, 1, 8));
	EXPECT_EQ(-EFAULT, send_memfd(&self->a, &self->b, memfd, 8, 1));
	EXPECT_EQ(-EFAULT, send_memfd(&self->a, &self->b, memfd, 1ULL << 62, 1));
	EXPECT_EQ(0, send_memfd(&self->a, &self->b, memfd, 7, 1));
	EXPECT_EQ(1, recv_cookie(&self->b));
}

/* abi: 11.3/memfd-seals, 11.3/memfd-range (order) */
TEST_F(import, seals_are_judged_before_the_range)
{
	int memfd = memfd_new("12345678", 8, 0);

	ASSERT_LE(0, memfd);
	EXPECT_EQ(-ETXTBSY, send_memfd(&self->a, &self->b, memfd, 0, 9));
}

/* abi: 11.3/memfd-content */
TEST_F(import, memfd_arrives_with_its_content_though_the_sender_closed_it)
{
	int memfd = memfd_new("content of it", 13, SEALS_ALL);
	const struct kdbus_item *item;
	const struct kdbus_msg *msg;
	char text[16] = "";

	ASSERT_LE(0, memfd);
	ASSERT_EQ(0, send_memfd(&self->a, &self->b, memfd, 3, 10));
	close(memfd);
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	item = msg_item(msg, KDBUS_ITEM_PAYLOAD_MEMFD);
	ASSERT_NE(NULL, item);
	EXPECT_EQ(3ULL, item->memfd.start);
	EXPECT_EQ(10ULL, item->memfd.size);
	EXPECT_EQ(13, pread(item->memfd.fd, text, sizeof(text), 0));
	EXPECT_STREQ("content of it", text);
	EXPECT_EQ(SEALS_ALL, fcntl(item->memfd.fd, F_GET_SEALS));
}

/* abi: 11.5/memfd-not-fd */
TEST_F(import, memfd_is_payload_that_needs_no_accept_fd)
{
	int memfd = memfd_new("12345678", 8, SEALS_ALL);
	const struct kdbus_msg *msg;
	struct conn deaf;

	ASSERT_LE(0, memfd);
	ASSERT_EQ(0, conn_new_flags(&deaf, &self->bus, 0));
	EXPECT_EQ(0, send_memfd(&self->a, &deaf, memfd, 0, 8));
	msg = msg_next(&deaf);
	ASSERT_NE(NULL, msg);
	EXPECT_LE(0, msg_item(msg, KDBUS_ITEM_PAYLOAD_MEMFD)->memfd.fd);
	conn_close(&deaf);
}

/* abi: 11.3/fd-bad */
TEST_F(import, descriptor_that_is_not_open_is_ebadf)
{
	EXPECT_EQ(-EBADF, send_fd(&self->a, &self->b, -1));
	EXPECT_EQ(-EBADF, send_fd(&self->a, &self->b, 1000));
	EXPECT_EQ(-EBADF, send_fd(&self->a, &self->b, INT_MIN));
	EXPECT_EQ(-EBADF, send_fd(&self->a, &self->b, INT_MAX));
}

/* abi: 11.3/fd-bad */
TEST_F(import, one_bad_descriptor_among_good_ones_is_ebadf)
{
	int fds[] = { self->null, self->null, 1000, self->null };

	args_msg(&self->msg, self->b.id, 1);
	args_fds(&self->msg, fds, 4);
	EXPECT_EQ(-EBADF, msg_send(&self->a, &self->msg));
}

/* abi: 11.3/fd-forbidden */
TEST_F(import, kdbus_files_are_eopnotsupp)
{
	int control = open_at(domain_path(), "control");
	int endpoint = open_at(self->bus.dir, "bus");

	ASSERT_LE(0, control);
	ASSERT_LE(0, endpoint);
	EXPECT_EQ(-EOPNOTSUPP, send_fd(&self->a, &self->b, control));
	EXPECT_EQ(-EOPNOTSUPP, send_fd(&self->a, &self->b, endpoint));
	EXPECT_EQ(-EOPNOTSUPP, send_fd(&self->a, &self->b, self->bus.fd));
	EXPECT_EQ(-EOPNOTSUPP, send_fd(&self->a, &self->b, self->a.fd));
	EXPECT_EQ(-EOPNOTSUPP, send_fd(&self->a, &self->b, self->b.fd));
}

/* abi: 11.3/fd-forbidden */
TEST_F(import, kdbus_files_of_another_domain_are_eopnotsupp)
{
	static const char * const types[] = { "kdbus", "kdbusfs" };
	char domain[PATH_MAX];
	unsigned int i;
	int control;

	ASSERT_EQ(0, mount_namespace_unshare());
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		ASSERT_EQ(0, domain_mount(types[i], domain));
		control = open_at(domain, "control");
		ASSERT_LE(0, control);
		EXPECT_EQ(-EOPNOTSUPP, send_fd(&self->a, &self->b, control));
		close(control);
		EXPECT_EQ(0, domain_umount(domain));
	}
}

/* abi: 11.3/fd-forbidden */
TEST_F(import, unix_sockets_are_eopnotsupp)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	unsigned int i;
	int pair[2];

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		ASSERT_EQ(0, socketpair(AF_UNIX, types[i] | SOCK_CLOEXEC, 0, pair));
		EXPECT_EQ(-EOPNOTSUPP, send_fd(&self->a, &self->b, pair[0]));
	}
}

/* abi: 11.3/path-descriptors */
TEST_F(import, path_descriptors_of_anything_pass)
{
	int path = open(self->bus.path, O_PATH | O_CLOEXEC);
	const struct kdbus_msg *msg;

	ASSERT_LE(0, path);
	ASSERT_EQ(0, send_fd(&self->a, &self->b, path));
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_TRUE(fd_same_file(path, msg_item(msg, KDBUS_ITEM_FDS)->fds[0]));
}

/* abi: 11.3/referenced */
TEST_F(import, other_files_arrive_as_the_same_open_file)
{
	const struct kdbus_item *item;
	const struct kdbus_msg *msg;
	int fds[4], i;

	fds[0] = self->null;
	fds[1] = eventfd(0, EFD_CLOEXEC);
	fds[2] = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fds[3] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fds[3] < 0)
		fds[3] = self->null;
	args_msg(&self->msg, self->b.id, 1);
	args_fds(&self->msg, fds, 4);
	ASSERT_EQ(0, msg_send(&self->a, &self->msg));
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	item = msg_item(msg, KDBUS_ITEM_FDS);
	ASSERT_NE(NULL, item);
	EXPECT_EQ(ITEM_HEADER + sizeof(fds), item->size);
	for (i = 0; i < 4; i++) {
		EXPECT_TRUE(fd_same_file(fds[i], item->fds[i]));
		EXPECT_EQ(FD_CLOEXEC, fcntl(item->fds[i], F_GETFD));
	}
}

/* abi: 11.3/referenced */
TEST_F(import, queued_file_is_kept_until_the_message_is_gone)
{
	int pipes[2];
	struct pollfd pfd;

	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	ASSERT_EQ(0, send_fd(&self->a, &self->b, pipes[1]));
	close(pipes[1]);
	/* the write end lives in the queue, so no hang-up yet */
	pfd = (struct pollfd){ .fd = pipes[0], .events = POLLIN };
	EXPECT_EQ(0, poll(&pfd, 1, 0));
	conn_close(&self->b);
	EXPECT_EQ(1, poll_patiently(&pfd));
	EXPECT_EQ(POLLHUP, pfd.revents);
	ASSERT_EQ(0, conn_new(&self->b, &self->bus));
}

/* abi: 11.3/referenced */
TEST_F(import, refused_message_keeps_no_file)
{
	struct pollfd pfd;
	int pipes[2];

	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	args_msg(&self->msg, ~0ULL - 1, 1);
	args_fds(&self->msg, &pipes[1], 1);
	EXPECT_EQ(-ENXIO, msg_send(&self->a, &self->msg));
	close(pipes[1]);
	pfd = (struct pollfd){ .fd = pipes[0], .events = POLLIN };
	EXPECT_EQ(1, poll_patiently(&pfd));
	EXPECT_EQ(POLLHUP, pfd.revents);
}

/* abi: 11.3/memfd-not-open, 11.3/fd-bad (order) */
TEST_F(import, items_are_imported_in_order)
{
	int bad = -1, unsealed = memfd_new("12345678", 8, 0);

	ASSERT_LE(0, unsealed);
	args_msg(&self->msg, self->b.id, 1);
	args_fds(&self->msg, &bad, 1);
	args_memfd(&self->msg, unsealed, 0, 8);
	EXPECT_EQ(-EBADF, msg_send(&self->a, &self->msg));
	args_msg(&self->msg, self->b.id, 1);
	args_memfd(&self->msg, unsealed, 0, 8);
	args_fds(&self->msg, &bad, 1);
	EXPECT_EQ(-ETXTBSY, msg_send(&self->a, &self->msg));
}

/* abi: 11.3/before-tracker */
TEST_F(import, reply_that_fails_here_can_be_sent_again)
{
	int bad = -1;

	ASSERT_EQ(0, send_call(&self->a, self->b.id, 5));
	EXPECT_EQ(5, recv_cookie(&self->b));
	args_reply(&self->msg, self->a.id, 6, 5);
	args_fds(&self->msg, &bad, 1);
	EXPECT_EQ(-EBADF, msg_send(&self->b, &self->msg));
	EXPECT_EQ(0, send_reply(&self->b, self->a.id, 6, 5));
	EXPECT_EQ(6, recv_cookie(&self->a));
}

TEST_HARNESS_MAIN
