// SPDX-License-Identifier: LGPL-2.1-or-later
/* Domains, buses, time and files. */
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include "common.h"

#ifndef KCMP_FILE
#define KCMP_FILE 0
#endif

static char chosen_domain[PATH_MAX];

static bool is_domain(const char *path)
{
	char control[PATH_MAX + 8];

	snprintf(control, sizeof(control), "%s/control", path);
	return access(control, F_OK) == 0;
}

/*
 * Runs before the harness: all tests of a program share the domain.  Without
 * the module there is nothing to test; say so in a way that is not a pass.
 */
static void __attribute__((constructor)) domain_choose(void)
{
	const char *path = getenv("KDBUS_DOMAIN");

	if (!path || !*path)
		path = "/dev/kdbus";
	snprintf(chosen_domain, sizeof(chosen_domain), "%s", path);
	if (is_domain(chosen_domain))
		return;
	if (mount_namespace_unshare() == 0 && domain_mount("kdbus", chosen_domain) == 0)
		return;
	printf("TAP version 13\n1..0 # SKIP no kdbus domain at %s, and none can be mounted\n",
	       path);
	fflush(stdout);
	_exit(4);
}

const char *domain_path(void)
{
	return chosen_domain;
}

int mount_namespace_unshare(void)
{
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	return 0;
}

int domain_mount(const char *type, char *path)
{
	int ret;

	snprintf(path, PATH_MAX, "/tmp/kdbus-test-XXXXXX");
	if (!mkdtemp(path))
		return -errno;
	if (mount("kdbus", path, type, 0, NULL) < 0) {
		ret = -errno;
		rmdir(path);
		return ret;
	}
	return 0;
}

int domain_umount(const char *path)
{
	if (umount2(path, 0) < 0)
		return -errno;
	return rmdir(path) < 0 ? -errno : 0;
}

int open_at(const char *dir, const char *name)
{
	char path[PATH_MAX + NAME_MAX + 2];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

void bus_name_unique(char *name)
{
	static unsigned int n;

	snprintf(name, BUS_NAME_MAX + 1, "%u-t%x.%llx.%u", geteuid(), getpid(),
		 (unsigned long long)now_ns(), n++);
}

int bus_make(struct bus *bus)
{
	return bus_make_in(bus, domain_path(), KDBUS_MAKE_ACCESS_WORLD);
}

int bus_make_in(struct bus *bus, const char *domain, __u64 flags)
{
	struct args args;
	int ret;

	bus_name_unique(bus->name);
	snprintf(bus->dir, sizeof(bus->dir), "%.*s/%s", PATH_MAX - 100, domain, bus->name);
	snprintf(bus->path, sizeof(bus->path), "%.*s/bus", PATH_MAX - 10, bus->dir);
	bus->fd = open_at(domain, "control");
	if (bus->fd < 0)
		return bus->fd;
	args_bus(&args, bus->name, flags);
	ret = command(bus->fd, KDBUS_CMD_BUS_MAKE, &args);
	if (ret)
		bus_close(bus);
	return ret;
}

void bus_close(struct bus *bus)
{
	if (bus->fd >= 0)
		close(bus->fd);
	bus->fd = -1;
}

__u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

__u64 deadline_ms(__u64 ms)
{
	return now_ns() + ms * 1000000ULL;
}

int memfd_new(const void *data, size_t size, int seals)
{
	int fd, ret;

	fd = memfd_create("kdbus-test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	if (data ? pwrite(fd, data, size, 0) != (ssize_t)size : ftruncate(fd, size) < 0)
		goto fail;
	if (fcntl(fd, F_ADD_SEALS, seals) < 0)
		goto fail;
	return fd;
fail:
	ret = errno ? -errno : -EIO;
	close(fd);
	return ret;
}

bool fd_same_file(int a, int b)
{
	return syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, a, b) == 0;
}

int fd_lowest_free(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

int fd_limit(unsigned long n)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	limit.rlim_cur = n;
	if (limit.rlim_max < n)
		limit.rlim_max = n;
	return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -errno : 0;
}
