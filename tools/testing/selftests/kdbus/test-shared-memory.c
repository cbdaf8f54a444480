// SPDX-License-Identifier: LGPL-2.1-or-later
/* Payloads that several pools share, and the calls by which a process manages its memory. */
#include <linux/mempolicy.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include "shared.h"
#include "kselftest_harness.h"

#define LARGE		65536UL

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif
#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC	(1 << 15)
#endif

/*
 * @view: another mapping of the pool of @b
 * @msg: a message that @b has received, in @view
 * @payload: of @msg
 */
FIXTURE(view) {
	struct bus bus;
	struct conn a;
	struct conn b;
	struct conn c;
	__u8 *view;
	const struct kdbus_msg *msg;
	__u8 *payload;
};

static int broadcast(struct conn *conn, __u64 cookie)
{
	return send_pattern(conn, KDBUS_DST_ID_BROADCAST, cookie, LARGE);
}

FIXTURE_SETUP(view)
{
	struct kdbus_cmd_recv recv;
	size_t size;

	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, trio_open(&self->bus, &self->a, &self->b, &self->c));
	self->view = mmap(NULL, POOL_SIZE, PROT_READ, MAP_SHARED, self->b.fd, 0);
	ASSERT_NE(MAP_FAILED, self->view);
	ASSERT_EQ(0, broadcast(&self->a, 1));
	ASSERT_EQ(0, msg_recv(&self->b, 0, &recv));
	self->msg = (const void *)(self->view + recv.msg.offset);
	self->payload = (__u8 *)payload_of(self->msg, &size);
	ASSERT_NE(NULL, self->payload);
	ASSERT_EQ(0, (uintptr_t)self->payload % PAGE);
	ASSERT_TRUE(payload_is_right(self->msg, LARGE));
}

FIXTURE_TEARDOWN(view)
{
	if (self->view)
		munmap(self->view, POOL_SIZE);
	trio_close(&self->bus, &self->a, &self->b, &self->c);
}

/* Free the message, and look at the next in its place: 0, -errno. */
static int next_in_place(struct conn *from, struct conn *b, const __u8 *view,
			 const struct kdbus_msg *msg, __u64 cookie)
{
	__u64 offset = (const __u8 *)msg - view;
	struct kdbus_cmd_recv recv;
	int ret;

	ret = conn_free(b, offset) ?: broadcast(from, cookie) ?: msg_recv(b, 0, &recv);
	if (ret)
		return ret;
	if (recv.msg.offset != offset)
		return -ESTALE;
	return msg->cookie == cookie && payload_is_right(msg, LARGE) ? 0 : -EBADMSG;
}

#define NEXT(self, cookie) \
	next_in_place(&(self)->a, &(self)->b, (self)->view, (self)->msg, cookie)

/* Does reading a byte end the process? */
static bool read_kills(const __u8 *at)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		(void)*(const volatile __u8 *)at;
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGSEGV;
}

/* ---- mappings ---- */

/* abi: shared/mremap */
TEST_F(view, mapping_that_moves_shows_the_message_and_then_the_next)
{
	__u8 *to = mmap(NULL, POOL_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t at = (const __u8 *)self->msg - self->view;
	__u8 *old = self->view;

	ASSERT_NE(MAP_FAILED, to);
	ASSERT_EQ(to, mremap(old, POOL_SIZE, POOL_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to));
	self->view = to;
	self->msg = (const void *)(to + at);
	EXPECT_TRUE(read_kills(old + at));
	EXPECT_TRUE(payload_is_right(self->msg, LARGE));
	EXPECT_EQ(0, NEXT(self, 2));
	/* while nothing of it is in the page table */
	EXPECT_EQ(0, madvise(to, POOL_SIZE, MADV_DONTNEED));
	ASSERT_EQ(old, mremap(to, POOL_SIZE, POOL_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, old));
	self->view = old;
	self->msg = (const void *)(old + at);
	EXPECT_TRUE(payload_is_right(self->msg, LARGE));
	EXPECT_EQ(0, NEXT(self, 3));
}

/* abi: shared/munmap */
TEST_F(view, hole_in_a_mapping_leaves_the_rest)
{
	__u8 *hole = self->payload + 3 * PAGE;
	unsigned int i;

	ASSERT_EQ(0, munmap(hole, PAGE));
	for (i = 2; i < 5; i++) {
		EXPECT_TRUE(read_kills(hole));
		EXPECT_TRUE(pattern_is(self->payload, 3 * PAGE, i - 1));
		EXPECT_EQ(0, conn_free(&self->b, (const __u8 *)self->msg - self->view));
		ASSERT_EQ(0, broadcast(&self->a, i));
		ASSERT_EQ(0, msg_recv(&self->b, 0, &(struct kdbus_cmd_recv){ 0 }));
		EXPECT_TRUE(pattern_is(self->payload, 3 * PAGE, i));
	}
}

/* abi: shared/mprotect */
TEST_F(view, mapping_that_was_unreadable_for_a_while_shows_what_is_there_then)
{
	ASSERT_EQ(0, mprotect(self->view, POOL_SIZE, PROT_NONE));
	EXPECT_TRUE(read_kills(self->payload));
	ASSERT_EQ(0, mprotect(self->view, POOL_SIZE, PROT_READ));
	EXPECT_TRUE(payload_is_right(self->msg, LARGE));
	ASSERT_EQ(0, mprotect(self->view, POOL_SIZE, PROT_NONE));
	ASSERT_EQ(0, conn_free(&self->b, (const __u8 *)self->msg - self->view));
	ASSERT_EQ(0, broadcast(&self->a, 2));
	ASSERT_EQ(0, msg_recv(&self->b, 0, &(struct kdbus_cmd_recv){ 0 }));
	EXPECT_TRUE(read_kills(self->payload));
	ASSERT_EQ(0, mprotect(self->view, POOL_SIZE, PROT_READ));
	EXPECT_EQ(2, self->msg->cookie);
	EXPECT_TRUE(payload_is_right(self->msg, LARGE));
	EXPECT_EQ(0, NEXT(self, 3));
}

/* abi: shared/madvise */
TEST_F(view, pages_that_the_process_gives_up_come_back)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_COLD, MADV_PAGEOUT, MADV_POPULATE_READ, MADV_WILLNEED,
		MADV_SEQUENTIAL, MADV_HUGEPAGE, MADV_COLLAPSE, MADV_NOHUGEPAGE, MADV_MERGEABLE,
	};
	unsigned int i;

	for (i = 0; i < sizeof(advice) / sizeof(advice[0]); i++) {
		/* some kernels refuse some of it */
		if (madvise(self->view, POOL_SIZE, advice[i]))
			TH_LOG("advice %d: %s", advice[i], strerror(errno));
		EXPECT_TRUE(payload_is_right(self->msg, LARGE));
		if (madvise(self->payload + PAGE, PAGE, advice[i]))
			errno = 0;
		EXPECT_EQ(0, NEXT(self, i + 2));
	}
	EXPECT_EQ(-1, madvise(self->payload, PAGE, MADV_REMOVE));
	EXPECT_EQ(-1, madvise(self->payload, PAGE, MADV_FREE));
	EXPECT_TRUE(payload_is_right(self->msg, LARGE));
}

/* abi: shared/mlock */
TEST_F(view, locked_memory_shows_the_next_message)
{
	EXPECT_EQ(0, mlock(self->view, POOL_SIZE));
	EXPECT_TRUE(payload_is_right(self->msg, LARGE));
	EXPECT_EQ(0, NEXT(self, 2));
	EXPECT_EQ(0, munlock(self->view, POOL_SIZE));
	EXPECT_EQ(0, NEXT(self, 3));
}

/* abi: shared/fork */
TEST_F(view, child_gets_no_mapping_that_is_not_to_be_inherited)
{
	ASSERT_EQ(0, madvise(self->view, POOL_SIZE, MADV_DONTFORK));
	EXPECT_TRUE(read_kills(self->payload));
	EXPECT_TRUE(payload_is_right(self->msg, LARGE));
	EXPECT_EQ(0, NEXT(self, 2));
}

/* abi: shared/migration */
TEST_F(view, kernel_that_moves_memory_about_leaves_it)
{
	void *pages[] = { self->payload, self->payload + PAGE };
	int fd, nodes[] = { 0, 0 }, status[2];
	unsigned int i;

	for (i = 2; i < 5; i++) {
		fd = open("/proc/sys/vm/compact_memory", O_WRONLY | O_CLOEXEC);
		if (fd >= 0) {
			EXPECT_EQ(1, write(fd, "1", 1));
			close(fd);
		}
		if (syscall(SYS_move_pages, 0, 2UL, pages, nodes, status, MPOL_MF_MOVE) < 0)
			TH_LOG("move_pages: %s", strerror(errno));
		if (syscall(SYS_mbind, self->view, POOL_SIZE, MPOL_DEFAULT, NULL, 0UL, MPOL_MF_MOVE))
			TH_LOG("mbind: %s", strerror(errno));
		EXPECT_TRUE(payload_is_right(self->msg, LARGE));
		EXPECT_EQ(0, NEXT(self, i));
	}
}

/* abi: shared/truncate */
TEST_F(view, file_of_the_mapping_cannot_be_opened_or_shortened)
{
	char path[100];

	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (unsigned long)self->view,
		 (unsigned long)self->view + POOL_SIZE);
	ASSERT_EQ(0, access("/proc/self/map_files", R_OK));
	EXPECT_EQ(-1, truncate(path, 0));
	EXPECT_EQ(-1, open(path, O_RDWR | O_CLOEXEC));
	EXPECT_EQ(-1, open(path, O_RDONLY | O_CLOEXEC));
	EXPECT_TRUE(payload_is_right(self->msg, LARGE));
}

/* ---- who looks at the process ---- */

/* What smaps says of the mapping that starts at @at: kB, or the line of flags in @flags. */
static long smaps_rss(const void *at, char *flags, size_t size)
{
	bool found = false;
	char line[500], start[40];
	long rss = -1;
	FILE *file = fopen("/proc/self/smaps", "re");

	if (!file)
		return -1;
	snprintf(start, sizeof(start), "%lx-", (unsigned long)at);
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, start, strlen(start)))
			found = true;
		if (found && !strncmp(line, "Rss:", 4))
			rss = strtol(line + 4, NULL, 10);
		if (found && !strncmp(line, "VmFlags:", 8)) {
			snprintf(flags, size, "%s", line);
			break;
		}
	}
	fclose(file);
	return rss;
}

/* abi: shared/smaps */
TEST_F(view, it_counts_in_no_resident_set_and_is_in_no_core_dump)
{
	char flags[500];
	long rss = smaps_rss(self->view, flags, sizeof(flags));

	TH_LOG("%ld kB of %lu, %s", rss, LARGE / 1024, flags);
	/* the page in front of it, which the pool has */
	EXPECT_EQ((long)(PAGE / 1024), rss);
	EXPECT_NE(NULL, strstr(flags, " dd"));
	EXPECT_EQ(-1, madvise(self->view, POOL_SIZE, MADV_DODUMP));
	EXPECT_EQ(NULL, strstr(flags, " mw"));
}

/* abi: shared/pin */
TEST_F(view, other_processes_cannot_copy_it_without_being_debuggers)
{
	static __u8 copy[PAGE];
	struct iovec to = { copy, PAGE }, from = { self->payload, PAGE };
	long word, *want = (long *)self->payload;
	int status;
	pid_t pid;

	EXPECT_EQ(-1, process_vm_readv(getpid(), &to, 1, &from, 1, 0));
	EXPECT_EQ(-1, process_vm_writev(getpid(), &to, 1, &from, 1, 0));
	pid = fork();
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status));
	errno = 0;
	word = ptrace(PTRACE_PEEKDATA, pid, self->payload, NULL);
	EXPECT_EQ(0, errno);
	EXPECT_EQ(*want, word);
	/* as a breakpoint would */
	EXPECT_EQ(-1, ptrace(PTRACE_POKEDATA, pid, self->payload, (void *)~word));
	EXPECT_EQ(0, ptrace(PTRACE_CONT, pid, NULL, NULL));
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(payload_is_right(self->msg, LARGE));
}

static int uffd_open(__u64 features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || !ioctl(fd, UFFDIO_API, &api))
		return fd;
	close(fd);
	return -1;
}

/* abi: shared/userfaultfd */
TEST_F(view, page_faults_are_not_left_to_the_process)
{
	struct uffdio_register range = {
		.range = { (uintptr_t)self->view, POOL_SIZE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = uffd_open(0);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, ioctl(fd, UFFDIO_REGISTER, &range));
	EXPECT_EQ(EINVAL, errno);
	range.mode = UFFDIO_REGISTER_MODE_MINOR;
	EXPECT_EQ(-1, ioctl(fd, UFFDIO_REGISTER, &range));
	range.mode = UFFDIO_REGISTER_MODE_WP;
	EXPECT_EQ(-1, ioctl(fd, UFFDIO_REGISTER, &range));
	close(fd);
	EXPECT_EQ(0, NEXT(self, 2));
}

/* abi: shared/userfaultfd */
TEST_F(view, marks_of_userfaultfd_are_in_nobodys_way)
{
	struct uffdio_register range = {
		.range = { (uintptr_t)self->view, POOL_SIZE },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_writeprotect protect = {
		.range = range.range,
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	int fd = uffd_open(UFFD_FEATURE_WP_ASYNC);

	/* older kernels refuse them for such mappings, whatever was asked for */
	if (fd < 0)
		fd = uffd_open(0);
	ASSERT_LE(0, fd);
	if (ioctl(fd, UFFDIO_REGISTER, &range)) {
		EXPECT_EQ(EINVAL, errno);
	} else {
		EXPECT_EQ(0, madvise(self->view, POOL_SIZE, MADV_DONTNEED));
		EXPECT_EQ(0, ioctl(fd, UFFDIO_WRITEPROTECT, &protect));
		EXPECT_TRUE(payload_is_right(self->msg, LARGE));
		EXPECT_EQ(0, NEXT(self, 2));
		EXPECT_EQ(0, ioctl(fd, UFFDIO_WRITEPROTECT, &protect));
	}
	EXPECT_EQ(0, NEXT(self, 3));
	close(fd);
	EXPECT_EQ(0, NEXT(self, 4));
}

/* ---- used as memory ---- */

/* abi: shared/forward */
TEST_F(view, receiver_sends_it_on_from_where_it_lies)
{
	const struct kdbus_msg *seen;
	struct args args;

	EXPECT_EQ(1, recv_pattern(&self->c, LARGE));
	ASSERT_EQ(0, match_signals(&self->a));
	args_signal(&args, KDBUS_DST_ID_BROADCAST, 1);
	args_vec(&args, self->payload, LARGE);
	ASSERT_EQ(0, msg_send(&self->b, &args));
	/* what was sent does not depend on where it came from */
	ASSERT_EQ(0, conn_free(&self->b, (const __u8 *)self->msg - self->view));
	seen = msg_next(&self->a);
	ASSERT_NE(NULL, seen);
	EXPECT_TRUE(payload_is_right(seen, LARGE));
	EXPECT_EQ(0, msg_done(&self->a, seen));
	args_msg(&args, self->a.id, 1);
	seen = msg_next(&self->c);
	ASSERT_NE(NULL, seen);
	EXPECT_TRUE(payload_is_right(seen, LARGE));
	args_vec(&args, payload_of(seen, &(size_t){ 0 }), LARGE);
	ASSERT_EQ(0, msg_send(&self->c, &args));
	EXPECT_EQ(0, msg_done(&self->c, seen));
	EXPECT_EQ(1, recv_pattern(&self->a, LARGE));
}

TEST_HARNESS_MAIN
