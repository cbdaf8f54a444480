// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Loading the module: only what fails in the module's own initialisation is judged.  That
 * is the end of a load, so the points are taken from the last one backwards, until none of
 * the module's functions is part of the fault.
 */
#include <sys/mount.h>
#include <sys/syscall.h>

#include "fault.h"

#define FOREIGN_MAX	40
#define MARGIN		32
/* The rest of the kernel has not the same points in each load, so one may be stepped over. */
#define ROUNDS		4

static int load(int fd)
{
	return syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
}

static int unload(void)
{
	return syscall(SYS_delete_module, "kdbus", 0) ? -errno : 0;
}

/* What a loaded module shows, and an unloaded one must not. */
static bool is_there(void)
{
	char line[128];
	bool known = false;
	FILE *file = fopen("/proc/filesystems", "re");

	while (file && fgets(line, sizeof(line), file))
		known |= strstr(line, "kdbus") != NULL;
	if (file)
		fclose(file);
	return known || !access("/sys/fs/kdbus", F_OK) || !access("/sys/module/kdbus", F_OK) ||
	       !access("/sys/kernel/slab/kdbus_entry", F_OK);
}

/* Whether a load has an @n-th point; afterwards it is not loaded. */
static int has_point(int fd, unsigned int n, bool *has)
{
	int ret;

	inject_arm(n);
	ret = load(fd);
	*has = inject_disarm();
	return ret ? 0 : unload();
}

/* One more than the last point: doubled until there is none, then halved. */
static int count_points(int fd, unsigned int *n)
{
	unsigned int low = 0, high = 64;
	bool has = true;
	int ret = 0;

	while (!ret && has && high < 1 << 20) {
		ret = has_point(fd, high, &has);
		if (has) {
			low = high;
			high *= 2;
		}
	}
	while (!ret && high - low > 1) {
		ret = has_point(fd, (low + high) / 2, &has);
		if (has)
			low = (low + high) / 2;
		else
			high = (low + high) / 2;
	}
	*n = high;
	return ret;
}

static int sweep_point(int fd, unsigned int n, struct tally *tally, FILE *sites, bool *own)
{
	struct fault_trace trace;
	unsigned int i;
	int ret;
	bool hit;

	inject_trace(&trace);
	inject_arm(n);
	ret = load(fd);
	hit = inject_disarm();
	inject_trace(&trace);
	/* What lies behind the end is nobody's. */
	*own = trace.n_frames > 0 || !hit;
	if (!ret)
		ret = unload();
	else if (ret == -ENOMEM || (ret == -EFAULT && trace.kind == FAULT_COPY))
		ret = 0;
	if (trace.report[0])
		tell("load, point %u: %s", n, trace.report);
	if (ret || trace.report[0] || is_there()) {
		tell("load, point %u: %d%s", n, ret, is_there() ? "; something is left" : "");
		return -EPROTO;
	}
	if (!hit || !*own)
		return 0;
	tally->swept[trace.kind]++;
	fprintf(sites, "load %u %s", n, trace.kind == FAULT_SLAB ? "slab" : "page");
	for (i = 0; i < trace.n_frames; i++)
		fprintf(sites, " %s", trace.frames[i]);
	fprintf(sites, "\n");
	return 0;
}

int sweep_load(const char *module, struct tally *tally, FILE *sites)
{
	unsigned int end = 0, n, round, foreign;
	bool own;
	int fd, ret;

	fd = open(module, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	umount2("/dev/kdbus", 0);
	ret = unload();
	if (!ret && is_there())
		ret = -EEXIST;
	ret = ret ?: count_points(fd, &end);
	for (round = 0; !ret && round < ROUNDS; round++) {
		/* One load has more points than another, and the last ones are the module's. */
		n = end + MARGIN;
		foreign = 0;
		while (!ret && n && foreign < FOREIGN_MAX) {
			ret = sweep_point(fd, --n, tally, sites, &own);
			foreign = own ? 0 : foreign + 1;
		}
	}
	if (ret)
		tell("load: %s", strerror(-ret));
	ret = load(fd) ?: ret;
	close(fd);
	if (mount("kdbus", "/dev/kdbus", "kdbus", 0, NULL))
		ret = ret ?: -errno;
	return ret;
}
