// SPDX-License-Identifier: LGPL-2.1-or-later
/* Users, user namespaces, child processes, passing descriptors. */
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include "common.h"

int become(uid_t uid, gid_t gid)
{
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, 0) < 0 || setresuid(uid, uid, 0) < 0)
		return -errno;
	return 0;
}

int become_root(void)
{
	if (setresuid(0, 0, 0) < 0 || setresgid(0, 0, 0) < 0 || setgroups(0, NULL) < 0)
		return -errno;
	return 0;
}

int drop_privileges(uid_t uid, gid_t gid)
{
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return -errno;
	return 0;
}

uid_t user_unique(void)
{
	return 100000 + 64 * getpid();
}

int open_as(uid_t uid, gid_t gid, const char *path)
{
	int fd, ret;

	ret = become(uid, gid);
	if (ret)
		return ret;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	ret = become_root();
	return ret ? ret : fd;
}

int conn_new_as(struct conn *conn, const struct bus *bus, uid_t uid, gid_t gid)
{
	int ret, back;

	ret = become(uid, gid);
	if (ret)
		return ret;
	ret = conn_new(conn, bus);
	back = become_root();
	return back ? back : ret;
}

pid_t child_fork(void)
{
	pid_t parent = getpid(), pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
	}
	return pid;
}

int child_result(pid_t pid)
{
	int status;

	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -1000 - WTERMSIG(status);
}

void child_exit(int result)
{
	_exit(result > 0 ? 255 : -result);
}

static int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		ret = -errno;
	close(fd);
	return ret;
}

/* Ids of others can only be mapped from outside: a helper stays behind. */
int user_namespace_unshare(const char *uid_map, const char *gid_map)
{
	pid_t target = getpid(), helper;
	int go[2], ret;
	char path[64], byte;

	if (pipe2(go, O_CLOEXEC) < 0)
		return -errno;
	helper = child_fork();
	if (helper < 0)
		return -errno;
	if (helper == 0) {
		close(go[1]);
		if (read(go[0], &byte, 1) != 1)
			child_exit(-EPIPE);
		snprintf(path, sizeof(path), "/proc/%d/gid_map", target);
		ret = file_write(path, gid_map);
		snprintf(path, sizeof(path), "/proc/%d/uid_map", target);
		child_exit(ret ? ret : file_write(path, uid_map));
	}
	close(go[0]);
	ret = unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ? -errno : 0;
	if (ret == 0 && write(go[1], "", 1) != 1)
		ret = -errno;
	close(go[1]);
	if (ret) {
		child_result(helper);
		return ret;
	}
	return child_result(helper);
}

union fd_control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int fd_pass(int socket, int fd)
{
	union fd_control control = { .header = {
		.cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	} };
	struct iovec iov = { .iov_base = "", .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(socket, &msg, 0) < 0 ? -errno : 0;
}

int fd_take(int socket)
{
	union fd_control control;
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(socket, &msg, MSG_CMSG_CLOEXEC) < 0)
		return -errno;
	if (!CMSG_FIRSTHDR(&msg) || msg.msg_flags & MSG_CTRUNC)
		return -EBADMSG;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}
