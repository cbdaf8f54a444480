// SPDX-License-Identifier: LGPL-2.1-or-later
/* Processes that disturb others, and memory cgroups. */
#include <glob.h>
#include <signal.h>
#include "neighbours.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

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

int cgroup_new(struct cgroup *cgroup)
{
	static unsigned int n;
	char file[PATH_MAX + 16];

	/* already so, or not ours to say: the new group shows it */
	file_write(CGROUP_ROOT "/cgroup.subtree_control", "+memory");
	snprintf(cgroup->path, sizeof(cgroup->path), CGROUP_ROOT "/kdbus-test-%d-%u", getpid(),
		 n++);
	if (mkdir(cgroup->path, 0755) < 0) {
		cgroup->path[0] = '\0';
		return -errno;
	}
	snprintf(file, sizeof(file), "%s/memory.max", cgroup->path);
	return access(file, W_OK) < 0 ? -errno : 0;
}

int cgroup_set(const struct cgroup *cgroup, const char *file, const char *value)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", cgroup->path, file);
	return file_write(path, value);
}

int cgroup_enter(const struct cgroup *cgroup)
{
	return cgroup_set(cgroup, "cgroup.procs", "0");
}

/* The number behind @key at the start of a line, or at the start of the file. */
static long long file_number(const char *path, const char *key)
{
	FILE *file = fopen(path, "re");
	size_t length = key ? strlen(key) : 0;
	long long number = -ENODATA;
	char line[256];

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (key && (strncmp(line, key, length) || !strchr(" :", line[length])))
			continue;
		number = strtoll(line + length + (key && line[length] == ':'), NULL, 10);
		break;
	}
	fclose(file);
	return number;
}

long long cgroup_get(const struct cgroup *cgroup, const char *file, const char *key)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", cgroup->path, file);
	return file_number(path, key);
}

int cgroup_remove(struct cgroup *cgroup)
{
	__u64 end = deadline_ms(PATIENCE_MS);
	int ret;

	if (!cgroup->path[0])
		return 0;
	/* a process that was waited for leaves its group a moment later */
	do
		ret = rmdir(cgroup->path) < 0 ? -errno : 0;
	while (ret == -EBUSY && now_ns() < end);
	cgroup->path[0] = '\0';
	return ret;
}

long long meminfo_get(const char *field)
{
	return file_number("/proc/meminfo", field);
}

static void run(struct neighbour_page *page, const struct cgroup *cgroup,
		int (*step)(void *ctx), void *ctx)
{
	int ret = cgroup ? cgroup_enter(cgroup) : 0;

	while (ret == 0 && !__atomic_load_n(&page->stop, __ATOMIC_RELAXED)) {
		ret = step(ctx);
		if (ret == 0)
			__atomic_fetch_add(&page->steps, 1, __ATOMIC_RELAXED);
	}
	page->failed = ret;
}

int neighbour_start(struct neighbour *neighbour, const struct cgroup *cgroup,
		    int (*step)(void *ctx), void *ctx)
{
	neighbour->page = mmap(NULL, sizeof(*neighbour->page), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (neighbour->page == MAP_FAILED)
		return -errno;
	neighbour->pid = child_fork();
	if (neighbour->pid < 0)
		return -errno;
	if (neighbour->pid == 0) {
		run(neighbour->page, cgroup, step, ctx);
		child_exit(0);
	}
	return 0;
}

long neighbour_steps(const struct neighbour *neighbour)
{
	return __atomic_load_n(&neighbour->page->steps, __ATOMIC_RELAXED);
}

int neighbour_wait(const struct neighbour *neighbour, long steps)
{
	__u64 end = deadline_ms(PATIENCE_MS);
	long done, before = 0;

	while ((done = neighbour_steps(neighbour)) < steps) {
		if (__atomic_load_n(&neighbour->page->failed, __ATOMIC_RELAXED))
			return neighbour->page->failed;
		if (done > before)
			end = deadline_ms(PATIENCE_MS);
		else if (now_ns() > end)
			return -ETIME;
		before = done;
		/* whoever is waited for may have no other CPU */
		poll(NULL, 0, 1);
	}
	return 0;
}

long neighbour_stop(struct neighbour *neighbour)
{
	long steps;

	__atomic_store_n(&neighbour->page->stop, true, __ATOMIC_RELAXED);
	child_result(neighbour->pid);
	steps = neighbour->page->failed ? neighbour->page->failed : neighbour->page->steps;
	munmap(neighbour->page, sizeof(*neighbour->page));
	return steps;
}

int neighbour_spins(void *ctx)
{
	volatile unsigned int i;

	for (i = 0; i < 10000; i++)
		;
	return 0;
}

int neighbour_reads(void *ctx)
{
	static char buffer[65536];
	static glob_t files;
	static size_t next;
	int fd;

	if (!files.gl_pathc && glob("/usr/lib/*/lib*.so*", 0, NULL, &files))
		return -ENOENT;
	fd = open(files.gl_pathv[next++ % files.gl_pathc], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	while (read(fd, buffer, sizeof(buffer)) > 0)
		;
	close(fd);
	return 0;
}
