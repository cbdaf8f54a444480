// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Senders whose memory does not answer: a page under userfaultfd blocks whoever
 * reads it until the test lets it go, or takes it away.  Meanwhile nobody else
 * may be held up.
 */
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.blocked"

/*
 * @page: memory that blocks; the page before it is filled with 'p'
 * @size: of one page
 */
struct trap {
	int fd;
	size_t size;
	char *page;
	pthread_t thread;
	struct args msg;
	struct conn *from;
	unsigned long nr;
	void *arg;
	int ret;
};

static int trap_set(struct trap *trap)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	char *pages;

	memset(trap, 0, sizeof(*trap));
	trap->size = sysconf(_SC_PAGESIZE);
	trap->fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (trap->fd < 0)
		return -errno;
	pages = mmap(NULL, 2 * trap->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	if (pages == MAP_FAILED)
		return -errno;
	memset(pages, 'p', trap->size);
	trap->page = pages + trap->size;
	reg.range.start = (uintptr_t)trap->page;
	reg.range.len = trap->size;
	if (ioctl(trap->fd, UFFDIO_API, &api) < 0 || ioctl(trap->fd, UFFDIO_REGISTER, &reg) < 0)
		return -errno;
	return 0;
}

/* Wait until somebody touched the page: 0 or -errno. */
static int trap_wait(struct trap *trap)
{
	struct pollfd pfd = { .fd = trap->fd, .events = POLLIN };
	struct uffd_msg event;

	if (poll_patiently(&pfd) != 1)
		return -ETIME;
	if (read(trap->fd, &event, sizeof(event)) != sizeof(event))
		return -errno;
	return event.event == UFFD_EVENT_PAGEFAULT ? 0 : -EPROTO;
}

/* Let it go: the page is @content from now on. */
static int trap_release(struct trap *trap, const void *content)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)trap->page,
		.src = (uintptr_t)content,
		.len = trap->size,
	};

	return ioctl(trap->fd, UFFDIO_COPY, &copy) < 0 ? -errno : 0;
}

/* Take it away: whoever waits for the page finds nothing there. */
static int trap_break(struct trap *trap)
{
	struct uffdio_range range = { .start = (uintptr_t)trap->page, .len = trap->size };

	if (mprotect(trap->page, trap->size, PROT_NONE) < 0)
		return -errno;
	return ioctl(trap->fd, UFFDIO_WAKE, &range) < 0 ? -errno : 0;
}

static void trap_remove(struct trap *trap)
{
	close(trap->fd);
	munmap(trap->page - trap->size, 2 * trap->size);
}

static void *trap_run(void *data)
{
	struct trap *trap = data;

	trap->ret = command(trap->from->fd, trap->nr, trap->arg);
	return NULL;
}

/* Run a command in a thread until it reads the page. */
static int trap_command(struct trap *trap, struct conn *from, unsigned long nr, void *arg)
{
	int ret;

	trap->from = from;
	trap->nr = nr;
	trap->arg = arg;
	ret = -pthread_create(&trap->thread, NULL, trap_run, trap);
	return ret ? ret : trap_wait(trap);
}

static int trap_join(struct trap *trap)
{
	pthread_join(trap->thread, NULL);
	return trap->ret;
}

/* @a is the sender whose payload is in the trap. */
FIXTURE(blocked) {
	struct bus bus;
	struct conn a;
	struct conn b;
	struct conn c;
	struct trap trap;
	struct args cmd;
	char *content;
};

FIXTURE_SETUP(blocked)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new(&self->a, &self->bus));
	ASSERT_EQ(0, conn_new(&self->b, &self->bus));
	ASSERT_EQ(0, conn_new(&self->c, &self->bus));
	ASSERT_EQ(0, trap_set(&self->trap));
	self->content = malloc(self->trap.size);
	ASSERT_NE(NULL, self->content);
	memset(self->content, 'q', self->trap.size);
}

FIXTURE_TEARDOWN(blocked)
{
	free(self->content);
	trap_remove(&self->trap);
	conn_close(&self->c);
	conn_close(&self->b);
	conn_close(&self->a);
	bus_close(&self->bus);
}

/* A SEND from @from with @msg plus both pages as payload, until it blocks. */
static int send_blocked(struct trap *trap, struct conn *from, struct args *cmd)
{
	args_vec(&trap->msg, trap->page - trap->size, 2 * trap->size);
	args_send(cmd, &trap->msg);
	return trap_command(trap, from, KDBUS_CMD_SEND, cmd);
}

/* What others do with the bus while a sender is blocked: 0, or what failed. */
static int others_work(const struct bus *bus, struct conn *b, struct conn *c)
{
	const struct kdbus_info *info;
	struct conn d;
	int ret;

	ret = send_plain(c, b->id, 21);
	if (ret == 0)
		ret = recv_cookie(b) == 21 ? 0 : -1001;
	if (ret == 0)
		ret = send_bytes(b, c->id, 22, 10000);
	if (ret == 0)
		ret = recv_cookie(c) == 22 ? 0 : -1002;
	if (ret == 0)
		ret = name_acquire(c, NAME, 0, NULL);
	if (ret == 0)
		ret = send_name(b, NAME, 23);
	if (ret == 0)
		ret = recv_cookie(c) == 23 ? 0 : -1003;
	if (ret == 0)
		ret = name_release(c, NAME);
	if (ret == 0)
		ret = conn_new(&d, bus);
	if (ret)
		return ret;
	ret = match_all(&d, 1);
	if (ret == 0)
		ret = send_broadcast(c, 24);
	if (ret == 0)
		ret = recv_cookie(&d) == 24 ? 0 : -1004;
	if (ret == 0)
		ret = conn_info(&d, b->id, NULL, 0, &info);
	if (ret == 0)
		ret = list_counted(&d, KDBUS_LIST_UNIQUE, c->id, NULL) == 1 ? 0 : -1005;
	conn_close(&d);
	return ret;
}

/* abi: design/4-no-lock-while-copying */
TEST_F(blocked, unicast_sender_holds_up_nobody_and_is_delivered_in_the_end)
{
	const struct kdbus_item *off;
	const struct kdbus_msg *msg;

	args_msg(&self->trap.msg, self->b.id, 11);
	ASSERT_EQ(0, send_blocked(&self->trap, &self->a, &self->cmd));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	EXPECT_EQ(0, others_work(&self->bus, &self->b, &self->c));
	/* the same connection may send from another thread */
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 12));
	EXPECT_EQ(12, recv_cookie(&self->b));
	ASSERT_EQ(0, trap_release(&self->trap, self->content));
	EXPECT_EQ(0, trap_join(&self->trap));
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(11, msg->cookie);
	off = msg_item(msg, KDBUS_ITEM_PAYLOAD_OFF);
	ASSERT_NE(NULL, off);
	EXPECT_EQ('p', ((const __u8 *)msg)[off->vec.offset]);
	EXPECT_EQ('q', ((const __u8 *)msg)[off->vec.offset + self->trap.size]);
	EXPECT_EQ('q', ((const __u8 *)msg)[off->vec.offset + 2 * self->trap.size - 1]);
}

/* abi: design/4-no-lock-while-copying, 11.5/efault */
TEST_F(blocked, memory_that_fails_in_the_middle_of_the_copy_is_efault_and_leaves_nothing)
{
	struct kdbus_cmd_recv recv;
	unsigned int i;

	args_call(&self->trap.msg, self->b.id, 11);
	ASSERT_EQ(0, send_blocked(&self->trap, &self->a, &self->cmd));
	ASSERT_EQ(0, trap_break(&self->trap));
	EXPECT_EQ(-EFAULT, trap_join(&self->trap));
	EXPECT_EQ(-EAGAIN, msg_recv(&self->b, 0, &recv));
	EXPECT_EQ(0, recv.dropped_msgs);
	EXPECT_EQ(-EBADSLT, send_reply(&self->b, self->a.id, 1, 11));
	for (i = 0; i < 256; i++) {
		ASSERT_EQ(0, send_plain(&self->a, self->b.id, i + 1));
	}
	EXPECT_EQ(256, recv_all(&self->b));
	EXPECT_EQ(0, send_bytes(&self->a, self->b.id, 1, 2 * 1024 * 1024));
}

/* abi: design/4-no-lock-while-copying */
TEST_F(blocked, broadcast_sender_holds_up_nobody)
{
	ASSERT_EQ(0, match_all(&self->b, 1));
	args_signal(&self->trap.msg, KDBUS_DST_ID_BROADCAST, 11);
	ASSERT_EQ(0, send_blocked(&self->trap, &self->a, &self->cmd));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	EXPECT_EQ(0, match_remove(&self->b, 1));
	EXPECT_EQ(0, others_work(&self->bus, &self->b, &self->c));
	EXPECT_EQ(0, match_all(&self->b, 1));
	ASSERT_EQ(0, trap_release(&self->trap, self->content));
	EXPECT_EQ(0, trap_join(&self->trap));
}

/* abi: design/4-no-lock-while-copying, 21/H14 */
TEST_F(blocked, broadcast_that_fails_in_the_middle_is_lost_at_its_receivers)
{
	struct kdbus_cmd_recv recv;

	ASSERT_EQ(0, match_all(&self->b, 1));
	args_signal(&self->trap.msg, KDBUS_DST_ID_BROADCAST, 11);
	ASSERT_EQ(0, send_blocked(&self->trap, &self->a, &self->cmd));
	ASSERT_EQ(0, trap_break(&self->trap));
	EXPECT_EQ(0, trap_join(&self->trap));
	EXPECT_EQ(-EAGAIN, msg_recv(&self->b, 0, &recv));
	EXPECT_EQ(1, recv.dropped_msgs);
	EXPECT_EQ(-EAGAIN, msg_recv(&self->c, 0, &recv));
	EXPECT_EQ(0, recv.dropped_msgs);
}

/* abi: design/4-no-lock-while-copying */
TEST_F(blocked, sender_by_name_does_not_hold_the_name)
{
	struct kdbus_cmd_recv recv;
	int ret;

	ASSERT_EQ(0, name_acquire(&self->b, NAME, 0, NULL));
	args_msg_name(&self->trap.msg, NAME, 11);
	ASSERT_EQ(0, send_blocked(&self->trap, &self->a, &self->cmd));
	EXPECT_EQ(0, name_release(&self->b, NAME));
	EXPECT_EQ(0, others_work(&self->bus, &self->b, &self->c));
	ASSERT_EQ(0, trap_release(&self->trap, self->content));
	ret = trap_join(&self->trap);
	/* the old owner has it, or the sender knows that nobody has it */
	EXPECT_TRUE(ret == 0 || ret == -ESRCH);
	EXPECT_EQ(ret == 0 ? 11 : -EAGAIN, recv_cookie(&self->b));
	EXPECT_EQ(-EAGAIN, msg_recv(&self->c, 0, &recv));
}

/* abi: design/4-no-lock-while-copying, 19.5/in-progress, 19.5/1-senders */
TEST_F(blocked, receiver_may_leave_without_waiting_for_the_sender)
{
	__u64 id = self->b.id;

	ASSERT_EQ(0, match_all(&self->c, 1));
	args_msg(&self->trap.msg, id, 11);
	ASSERT_EQ(0, send_blocked(&self->trap, &self->a, &self->cmd));
	EXPECT_EQ(0, conn_bye(&self->b));
	conn_close(&self->b);
	EXPECT_EQ(0, expect_id(&self->c, KDBUS_ITEM_ID_REMOVE, id, KDBUS_HELLO_ACCEPT_FD));
	EXPECT_EQ(-ENXIO, send_plain(&self->c, id, 1));
	ASSERT_EQ(0, trap_release(&self->trap, self->content));
	EXPECT_EQ(-ECONNRESET, trap_join(&self->trap));
}

/* abi: design/4-no-lock-while-copying */
TEST_F(blocked, bus_may_end_without_waiting_for_the_sender)
{
	int ret;

	args_msg(&self->trap.msg, self->b.id, 11);
	ASSERT_EQ(0, send_blocked(&self->trap, &self->a, &self->cmd));
	bus_close(&self->bus);
	EXPECT_EQ(-ECONNRESET, recv_cookie(&self->b));
	EXPECT_EQ(-ECONNRESET, recv_cookie(&self->c));
	ASSERT_EQ(0, trap_release(&self->trap, self->content));
	ret = trap_join(&self->trap);
	EXPECT_EQ(-ECONNRESET, ret);
}

/* abi: design/4-no-lock-while-copying */
TEST_F(blocked, reply_that_blocks_does_not_hold_up_the_caller_beyond_its_deadline)
{
	const struct kdbus_msg *msg;
	struct sync_call call;

	sync_call_init(&call, &self->c, self->a.id, 5);
	call.msg.msg.timeout_ns = deadline_ms(200);
	ASSERT_EQ(0, sync_call_start(&call));
	ASSERT_EQ(0, conn_wait(&self->a));
	msg = msg_next(&self->a);
	ASSERT_NE(NULL, msg);
	args_reply(&self->trap.msg, self->c.id, 11, 5);
	ASSERT_EQ(0, send_blocked(&self->trap, &self->a, &self->cmd));
	EXPECT_EQ(-ETIMEDOUT, sync_call_join(&call));
	EXPECT_EQ(0, others_work(&self->bus, &self->b, &self->c));
	ASSERT_EQ(0, trap_release(&self->trap, self->content));
	trap_join(&self->trap);
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->c));
}

/* abi: design/4-no-lock-while-copying */
TEST_F(blocked, command_whose_argument_blocks_holds_up_nobody)
{
	static const unsigned long numbers[] = {
		KDBUS_CMD_SEND, KDBUS_CMD_RECV, KDBUS_CMD_MATCH_ADD, KDBUS_CMD_NAME_ACQUIRE,
		KDBUS_CMD_UPDATE, KDBUS_CMD_LIST, KDBUS_CMD_CONN_INFO,
	};
	struct kdbus_cmd *cmd;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (i) {
			trap_remove(&self->trap);
			ASSERT_EQ(0, trap_set(&self->trap));
		}
		/* the size is readable, the rest is not */
		cmd = (void *)(self->trap.page - 16);
		cmd->size = 128;
		ASSERT_EQ(0, trap_command(&self->trap, &self->a, numbers[i], cmd));
		EXPECT_EQ(0, others_work(&self->bus, &self->b, &self->c)) {
			TH_LOG("command %lx", numbers[i]);
		}
		EXPECT_EQ(0, send_plain(&self->b, self->a.id, 1));
		EXPECT_EQ(1, recv_cookie(&self->a));
		ASSERT_EQ(0, trap_break(&self->trap));
		EXPECT_EQ(-EFAULT, trap_join(&self->trap)) {
			TH_LOG("command %lx", numbers[i]);
		}
	}
}

/* abi: design/4-no-lock-while-copying, 19.5/triggers */
TEST_F(blocked, killed_sender_leaves_nothing)
{
	struct kdbus_cmd_recv recv;
	struct args cmd;
	struct trap trap;
	unsigned int i;
	struct conn d;
	int ready[2];
	pid_t pid;
	char byte;

	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	ASSERT_EQ(0, match_all(&self->c, 1));
	pid = child_fork();
	if (pid == 0) {
		if (trap_set(&trap) || conn_new(&d, &self->bus))
			child_exit(-1);
		args_msg(&trap.msg, self->b.id, 11);
		if (send_blocked(&trap, &d, &cmd) || write(ready[1], "", 1) != 1)
			child_exit(-2);
		for (;;)
			pause();
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(-1000 - SIGKILL, child_result(pid));
	EXPECT_EQ(2, recv_all(&self->c));
	EXPECT_EQ(-EAGAIN, msg_recv(&self->b, 0, &recv));
	for (i = 0; i < 256; i++) {
		ASSERT_EQ(0, send_plain(&self->a, self->b.id, i + 1));
	}
	close(ready[0]);
	close(ready[1]);
}

/* Broadcasts block at the arguments of the process from now on. */
static int send_with_blocked_arguments(struct trap *trap, struct conn *conn, struct args *cmd)
{
	int ret = trap_set(trap);

	if (ret)
		return ret;
	if (prctl(PR_SET_MM, PR_SET_MM_ARG_START, trap->page, 0, 0) < 0)
		return -errno;
	args_signal(&trap->msg, KDBUS_DST_ID_BROADCAST, 11);
	args_send(cmd, &trap->msg);
	return trap_command(trap, conn, KDBUS_CMD_SEND, cmd);
}

/* abi: design/4-no-lock-while-copying, 18.4/message */
TEST_F(blocked, arguments_of_a_sender_that_block_hold_up_nobody)
{
	struct conn d, monitor, listener;
	struct args cmd;
	struct trap trap;
	int ready[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	ASSERT_EQ(0, conn_new_recv(&listener, &self->bus, KDBUS_ATTACH_CMDLINE));
	ASSERT_EQ(0, match_all(&listener, 1));
	ASSERT_EQ(0, conn_new_flags(&monitor, &self->bus, KDBUS_HELLO_MONITOR));
	ASSERT_EQ(0, conn_update_recv(&monitor, KDBUS_ATTACH_CMDLINE));
	pid = child_fork();
	if (pid == 0) {
		/* what the parent is to end may have no other owner */
		close(self->bus.fd);
		close(monitor.fd);
		if (conn_new(&d, &self->bus) || send_with_blocked_arguments(&trap, &d, &cmd) ||
		    write(ready[1], "", 1) != 1)
			child_exit(-1);
		for (;;)
			pause();
	}
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	EXPECT_EQ(0, others_work(&self->bus, &self->b, &self->c));
	/* ends only if nothing of the bus is held */
	conn_close(&monitor);
	EXPECT_EQ(0, others_work(&self->bus, &self->b, &self->c));
	bus_close(&self->bus);
	EXPECT_EQ(-ECONNRESET, recv_cookie(&listener));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(-1000 - SIGKILL, child_result(pid));
	conn_close(&listener);
	close(ready[0]);
}

static void interrupted(int signal)
{
}

/* abi: 2.4/serialised */
TEST_F(blocked, set_up_command_that_waits_for_another_one_can_be_interrupted)
{
	struct itimerval soon = {
		.it_value.tv_usec = 50000,
		.it_interval.tv_usec = 50000,
	};
	struct sigaction action = { .sa_handler = interrupted };
	struct itimerval never = {};
	struct kdbus_cmd *cmd;
	struct args hello;
	struct conn d;

	d.fd = open(self->bus.path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, d.fd);
	cmd = (void *)(self->trap.page - 16);
	cmd->size = 128;
	ASSERT_EQ(0, trap_command(&self->trap, &d, KDBUS_CMD_HELLO, cmd));
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &soon, NULL));
	args_hello_default(&hello);
	EXPECT_EQ(-EINTR, command(d.fd, KDBUS_CMD_HELLO, &hello));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &never, NULL));
	ASSERT_EQ(0, trap_break(&self->trap));
	EXPECT_EQ(-EFAULT, trap_join(&self->trap));
	EXPECT_EQ(0, command(d.fd, KDBUS_CMD_HELLO, &hello));
	close(d.fd);
}

TEST_HARNESS_MAIN
