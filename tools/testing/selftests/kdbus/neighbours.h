/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes that disturb others, and memory cgroups to see and bound what they use. */
#ifndef KDBUS_SELFTEST_NEIGHBOURS_H
#define KDBUS_SELFTEST_NEIGHBOURS_H

#include "common.h"

/* ---- memory cgroups (version 2) ---- */

/* @path: its directory, empty if there is none */
struct cgroup {
	char path[PATH_MAX];
};

/* A new one with the memory controller, next to the caller's root: 0 or -errno. */
int cgroup_new(struct cgroup *cgroup);
int cgroup_enter(const struct cgroup *cgroup);
int cgroup_set(const struct cgroup *cgroup, const char *file, const char *value);
/* A number in one of its files, behind @key unless that is NULL; or -errno. */
long long cgroup_get(const struct cgroup *cgroup, const char *file, const char *key);
/* Nobody may be in it any more. */
int cgroup_remove(struct cgroup *cgroup);

/* A field of /proc/meminfo in KiB, or -errno. */
long long meminfo_get(const char *field);

/* ---- processes ---- */

/*
 * What parent and child share.
 *
 * @steps: number of steps that were done
 * @failed: -errno of the step after which it gave up, or 0
 */
struct neighbour_page {
	long steps;
	int failed;
	bool stop;
};

struct neighbour {
	pid_t pid;
	struct neighbour_page *page;
};

/*
 * A process, in @cgroup unless that is NULL, that repeats @step (0 or -errno) until it is
 * stopped.  It is killed when the parent ends.
 */
int neighbour_start(struct neighbour *neighbour, const struct cgroup *cgroup,
		    int (*step)(void *ctx), void *ctx);
long neighbour_steps(const struct neighbour *neighbour);
/* Wait until it has done so many: 0, the errno of its failure, or -ETIME. */
int neighbour_wait(const struct neighbour *neighbour, long steps);
/* Number of steps, or -errno of its failure. */
long neighbour_stop(struct neighbour *neighbour);

/* Steps that need no bus: use a CPU; read files, to fill memory with what can be given back. */
int neighbour_spins(void *ctx);
int neighbour_reads(void *ctx);

#endif /* KDBUS_SELFTEST_NEIGHBOURS_H */
