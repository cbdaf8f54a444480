// SPDX-License-Identifier: LGPL-2.1-or-later
/* Everything that programs do besides commands: descriptors, mappings, mounts, credentials. */

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "world.h"

#define PAGE		4096ul
#define MAP_LIMIT	(64ul << 20)

/* A mapping must not vanish, nor a descriptor be closed twice, while two lanes use the slot. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void forget_map(struct slot *slot)
{
	if (slot->map)
		munmap(slot->map, slot->mapped);
	slot->map = NULL;
	slot->mapped = 0;
}

/* The slot gets the descriptor; what it had before is closed. */
static bool set_slot(unsigned int number, int fd)
{
	struct slot *slot = &slots[number], old;

	if (fd < 0)
		return false;
	pthread_mutex_lock(&lock);
	old = *slot;
	memset(slot, 0, sizeof(*slot));
	slot->fd = fd;
	pthread_mutex_unlock(&lock);
	forget_map(&old);
	if (old.fd >= 0)
		close(old.fd);
	return true;
}

static bool close_slot(unsigned int number)
{
	int fd;

	pthread_mutex_lock(&lock);
	fd = slots[number].fd;
	slots[number].fd = -1;
	pthread_mutex_unlock(&lock);
	return fd >= 0 && !close(fd);
}

static bool open_node(const struct op *op, unsigned int uid)
{
	char path[STRING_MAX * 3], bus[STRING_MAX], endpoint[STRING_MAX];
	int flags = op->value[3] & (O_NONBLOCK | O_APPEND | O_NOFOLLOW | O_PATH | O_DIRECTORY |
				    O_CREAT | O_TRUNC | O_ACCMODE);
	int dir = AT_FDCWD;

	if (!op->value[3])
		flags = O_RDWR;
	grammar_string(STRING_BUS + op->value[1] % 3, uid, bus);
	grammar_string(STRING_ENDPOINT, uid, endpoint);
	switch (op->value[0]) {
	case NODE_CONTROL:
		snprintf(path, sizeof(path), "%s/control", run_mount);
		break;
	case NODE_BUS:
		snprintf(path, sizeof(path), "%s/%s/bus", run_mount, bus);
		break;
	case NODE_ENDPOINT:
		snprintf(path, sizeof(path), "%s/%s/%s", run_mount, bus, endpoint);
		break;
	case NODE_BUS_DIR:
		snprintf(path, sizeof(path), "%s/%s", run_mount, bus);
		flags = O_RDONLY;
		break;
	case NODE_ROOT:
		snprintf(path, sizeof(path), "%s", run_mount);
		flags = O_RDONLY;
		break;
	case NODE_MOUNT_CONTROL:
		dir = slots[op->value[2] % PROG_SLOTS].fd;
		strcpy(path, "control");
		break;
	default:
		dir = slots[op->value[2] % PROG_SLOTS].fd;
		snprintf(path, sizeof(path), "%s/bus", bus);
	}
	return set_slot(op->slot, openat(dir, path, flags | O_CLOEXEC, 0600));
}

static int one_of_two(int pair[2])
{
	close(pair[1]);
	return pair[0];
}

static bool make_object(const struct op *op)
{
	int fd = -1, pair[2];

	switch (op->value[0]) {
	case OBJECT_MEMFD:
		fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING |
				  (op->value[2] & MAKE_HUGE ? MFD_HUGETLB : 0));
		if (fd < 0 || ftruncate(fd, op->value[1] & 0xffffff) ||
		    fcntl(fd, F_ADD_SEALS, (int)op->value[2] & 31))
			break;
		break;
	case OBJECT_PIPE:
		if (!pipe2(pair, O_CLOEXEC | O_NONBLOCK))
			fd = one_of_two(pair);
		break;
	case OBJECT_SOCKET:
		if (!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
			fd = one_of_two(pair);
		break;
	case OBJECT_EPOLL:
		fd = epoll_create1(EPOLL_CLOEXEC);
		break;
	case OBJECT_EVENTFD:
		fd = eventfd(op->value[1] & 1, EFD_CLOEXEC | EFD_NONBLOCK);
		break;
	case OBJECT_TIMERFD:
		fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
		break;
	case OBJECT_NULL:
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		break;
	case OBJECT_PATH:
		fd = open("/dev/null", O_PATH | O_CLOEXEC);
		break;
	case OBJECT_DIRECTORY:
		fd = open("/proc/self", O_DIRECTORY | O_CLOEXEC);
		break;
	case OBJECT_PIDFD:
		fd = syscall(SYS_pidfd_open, getpid(), 0);
		break;
	case OBJECT_INOTIFY:
		fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		break;
	case OBJECT_MOUNTS:
		fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
		break;
	default:
		fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	}
	return set_slot(op->slot, fd);
}

static bool map_pool(const struct op *op)
{
	struct slot *slot = &slots[op->slot];
	size_t size = op->value[0] * PAGE;
	void *map;

	if (!size)
		size = slot->pool < MAP_LIMIT ? slot->pool : MAP_LIMIT;
	map = mmap(NULL, size, (int)op->value[2] & 7, (int)op->value[3] & (MAP_SHARED | MAP_PRIVATE),
		   slot->fd, op->value[1] * PAGE);
	if (map == MAP_FAILED)
		return false;
	if (op->value[2] & PROT_WRITE && slot->pool && !run_is_concurrent)
		finding("a pool can be mapped for writing");
	/* Only a pool from its start, readable, is of use for others. */
	if (slot->pool && !op->value[1] && op->value[2] == PROT_READ && size <= slot->pool) {
		pthread_mutex_lock(&lock);
		forget_map(slot);
		slot->map = map;
		slot->mapped = size;
		pthread_mutex_unlock(&lock);
	} else {
		munmap(map, size);
	}
	return true;
}

static bool protect(const struct op *op)
{
	struct slot *slot = &slots[op->slot];
	bool success;

	pthread_mutex_lock(&lock);
	success = slot->map && !mprotect(slot->map, slot->mapped, (int)op->value[0] & 7);
	if (success)
		mprotect(slot->map, slot->mapped, PROT_READ);
	pthread_mutex_unlock(&lock);
	if (success && op->value[0] & PROT_WRITE)
		finding("a mapping of a pool becomes writable");
	return success;
}

static bool walk(const struct op *op)
{
	const struct slot *slot = &slots[op->slot];
	volatile unsigned char sum = 0;
	size_t i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < slot->mapped; i += PAGE)
		sum += slot->map[i];
	pthread_mutex_unlock(&lock);
	return i;
}

static bool unmap(const struct op *op)
{
	pthread_mutex_lock(&lock);
	forget_map(&slots[op->slot]);
	pthread_mutex_unlock(&lock);
	return true;
}

static bool pass_descriptor(const struct op *op)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	int pair[2], fd = -1;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
		return false;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(&control.header), &slots[op->slot].fd, sizeof(int));
	/* Without a slot to receive into, the descriptor ends in flight. */
	if (sendmsg(pair[0], &msg, 0) == 1 && op->value[0] < PROG_SLOTS &&
	    recvmsg(pair[1], &msg, MSG_CMSG_CLOEXEC) == 1 && msg.msg_controllen)
		memcpy(&fd, CMSG_DATA(&control.header), sizeof(int));
	close(pair[0]);
	close(pair[1]);
	return set_slot(op->value[0] % PROG_SLOTS, fd);
}

/* Nearly no descriptors more; calls_clean_up() takes that back. */
static bool limit_descriptors(unsigned int more)
{
	struct rlimit limit;
	int lowest = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);

	if (lowest < 0 || getrlimit(RLIMIT_NOFILE, &limit))
		return false;
	close(lowest);
	limit.rlim_cur = lowest + more;
	return !setrlimit(RLIMIT_NOFILE, &limit);
}

static bool shrink_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
	bool success = fd >= 0 && write(fd, "2", 1) == 1;

	close(fd);
	return success;
}

static bool file_call(const struct op *op)
{
	int fd = slots[op->slot].fd, n = op->value[1];
	char buffer[1024];
	struct statfs statfs_buffer;
	struct stat stat_buffer;

	switch (op->value[0]) {
	case FILE_READ:
		return read(fd, buffer, n) >= 0;
	case FILE_WRITE:
		return write(fd, "12345678", 8) >= 0;
	case FILE_LSEEK:
		return lseek(fd, n, SEEK_SET) >= 0;
	case FILE_STAT:
		return !fstat(fd, &stat_buffer);
	case FILE_STATFS:
		return !fstatfs(fd, &statfs_buffer);
	case FILE_GETDENTS:
		return syscall(SYS_getdents64, fd, buffer, n < 24 ? n * 8ul : sizeof(buffer)) >= 0;
	case FILE_CHMOD:
		/* Never less: others want in later. */
		return !fchmod(fd, 0666 | (n & 0111));
	case FILE_TRUNCATE:
		return !ftruncate(fd, n);
	case FILE_ASYNC:
		return !fcntl(fd, F_SETFL, O_NONBLOCK | (n & 1 ? O_ASYNC : 0));
	case FILE_LOCK:
		return !flock(fd, LOCK_NB | (n & 1 ? LOCK_EX : LOCK_UN));
	case FILE_SYNC:
		return !fsync(fd);
	case FILE_UNLINK:
		return !unlinkat(fd, n & 1 ? "bus" : "control", 0);
	case FILE_MKDIR:
		return !mkdirat(fd, "new", 0700);
	case FILE_RENAME:
		return !renameat(fd, "control", fd, "bus");
	case FILE_INOTIFY:
		return inotify_add_watch(fd, run_mount, IN_ALL_EVENTS) >= 0;
	case FILE_EVENT:
		return write(fd, "\1\0\0\0\0\0\0\0", 8) == 8;
	case FILE_LIMIT:
		return limit_descriptors(n % 4);
	case FILE_SHRINK:
		return shrink_caches();
	case FILE_SEEK_DIR:
		return lseek(fd, (off_t)n << (n % 48), SEEK_SET) >= 0;
	default:
		while (read(fd, buffer, sizeof(buffer)) > 0 && n--)
			;
		return true;
	}
}

static bool make_mount(const struct op *op)
{
	static const char *const options[] = {
		NULL, "max_payload", "max_memfds", "max_fds", "max_queued_fds",
		"max_queued_messages", "max_calls", "max_names", "max_matches",
		"max_connections", "max_buses", "max_match_bytes", "max_shared_bytes", "attach_mask",
		"nonsense",
	};
	const char *option = options[op->value[1] % (sizeof(options) / sizeof(options[0]))];
	int context = syscall(SYS_fsopen, op->value[0] ? "kdbusfs" : "kdbus", FSOPEN_CLOEXEC);
	char number[24];
	int fd;

	snprintf(number, sizeof(number), "%llu", (unsigned long long)op->value[2]);
	if (option)
		syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, option, number, 0);
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0)) {
		close(context);
		return false;
	}
	fd = syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	/* Where the machine does not see it, mountinfo may show it. */
	if (run_is_apart)
		syscall(SYS_move_mount, fd, "", AT_FDCWD, "/mnt", MOVE_MOUNT_F_EMPTY_PATH);
	if (op->value[2] & 1)
		syscall(SYS_fsconfig, context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0);
	close(context);
	return set_slot(op->slot, fd);
}

static bool change_user(struct lane_state *me, const struct op *op)
{
	gid_t gid = op->value[0] & 0xffff, groups[] = { 1000, 1001, 1002 };

	/* By system call: the C library would change all threads. */
	(void)me;
	return !syscall(SYS_setresuid, -1, 0, -1) &&
	       !syscall(SYS_setgroups, op->value[0] & USER_GROUPS ? 3 : 0, groups) &&
	       !syscall(SYS_setresgid, -1, gid, -1) &&
	       !syscall(SYS_setresuid, -1, gid, -1);
}

static bool wait_poll(const struct op *op)
{
	struct pollfd poll_fd = { .fd = slots[op->slot].fd, .events = (short)op->value[1] };

	return poll(&poll_fd, 1, op->value[0] & 15) >= 0;
}

static bool control_epoll(const struct op *op)
{
	struct epoll_event event = { .events = (uint32_t)op->value[2] };

	return !epoll_ctl(slots[op->slot].fd, (int)op->value[0],
			  slots[op->value[1] % PROG_SLOTS].fd, &event);
}

static bool do_call(struct lane_state *me, const struct op *op)
{
	struct epoll_event events[4];
	unsigned char *user;

	switch (op->kind) {
	case OP_IOCTL:
		memory_place(me->lane, false, op->place, 64, 64, &user);
		return !ioctl(slots[op->slot].fd, op->value[0] & 0xffffffff, user);
	case OP_OPEN:
		/* The bus may be one that was made before the user was changed. */
		return open_node(op, geteuid()) || (geteuid() && open_node(op, 0));
	case OP_MAKE:
		return make_object(op);
	case OP_CLOSE:
		return close_slot(op->slot);
	case OP_DUP:
		return set_slot(op->slot, fcntl(slots[op->value[0] % PROG_SLOTS].fd,
						F_DUPFD_CLOEXEC, 0));
	case OP_MMAP:
		return map_pool(op);
	case OP_MUNMAP:
		return unmap(op);
	case OP_MPROTECT:
		return protect(op);
	case OP_WALK:
		return walk(op);
	case OP_POLL:
		return wait_poll(op);
	case OP_EPOLL:
		return control_epoll(op);
	case OP_EPOLL_WAIT:
		return epoll_wait(slots[op->slot].fd, events, 4, op->value[0] & 15) >= 0;
	case OP_PASS:
		return pass_descriptor(op);
	case OP_FILE:
		return file_call(op);
	case OP_MOUNT:
		return make_mount(op);
	case OP_USER:
		return change_user(me, op);
	case OP_USERNS:
		return me->lane == LANE_PROCESS && run_in_namespaces(me);
	case OP_CROWD:
		return crowd_come(op);
	case OP_SIGNAL:
		run_signal(me, op->value[0] % LANES);
		return true;
	case OP_FLIP:
		memory_flip(op->value[0] % 8192, op->value[1]);
		return true;
	default:
		return !sched_yield();
	}
}

void call_run(struct lane_state *me, const struct op *op)
{
	bool success = do_call(me, op);

	__atomic_fetch_add(&shared->calls[op->kind], 1, __ATOMIC_RELAXED);
	if (success)
		__atomic_fetch_add(&shared->successes[op->kind], 1, __ATOMIC_RELAXED);
	if (op->kind == OP_OPEN || op->kind == OP_FILE || op->kind == OP_MOUNT)
		cover_feature((uint64_t)op->kind << 32 | op->value[0] << 16 |
			      (success ? 0 : errno));
}

/* Empties all slots; what else the program left open lies at @first or above. */
void calls_clean_up(int first)
{
	struct rlimit limit;
	unsigned int i;

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	for (i = 0; i < PROG_SLOTS; i++) {
		forget_map(&slots[i]);
		if (slots[i].fd >= 0)
			close(slots[i].fd);
		memset(&slots[i], 0, sizeof(slots[i]));
		slots[i].fd = -1;
	}
	close_range(first, ~0u, 0);
}
