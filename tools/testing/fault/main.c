// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * main.c - the fault sweep; prints TAP.
 *
 * fault-sweep [--sites SITES] [--module MODULE] REPORTS [SCENARIO...]
 *
 * REPORTS has patterns of what the kernel's log must not show.  SITES gets a line for each
 * injected fault: scenario, point, kind, and the functions of the module that it happened
 * in.  MODULE is loaded with faults, too.  SCENARIO is a name, or the start of several;
 * without, all are run.
 */
#include <sched.h>
#include <sys/mount.h>

#include "fault.h"

static const struct scenario *const tables[] = {
	node_scenarios, hello_scenarios, send_scenarios, signal_scenarios, flow_scenarios,
	call_scenarios, recv_scenarios, uring_scenarios, name_scenarios, match_scenarios,
	query_scenarios, leave_scenarios,
};

static struct tally total;
static unsigned int n_tests;

static int domain_of(const struct scenario *scenario, char *path)
{
	snprintf(path, PATH_MAX, "/tmp/fault-XXXXXX");
	if (!mkdtemp(path))
		return -errno;
	if (mount("kdbus", path, "kdbus", 0, scenario->options) == 0)
		return 0;
	rmdir(path);
	return -errno;
}

static int sweep(const struct scenario *scenario, struct tally *tally, FILE *sites)
{
	char domain[PATH_MAX];
	int ret, end;

	ret = domain_of(scenario, domain);
	if (ret) {
		tell("%s: mount: %s", scenario->name, strerror(-ret));
		return ret;
	}
	ret = sweep_injected(scenario, domain, tally, sites) ?:
	      sweep_memory(scenario, domain, tally);
	end = domain_umount(domain);
	if (end)
		tell("%s: umount: %s", scenario->name, strerror(-end));
	return ret ?: end;
}

/* The same in a child that is root of a user namespace only; its count comes back through a pipe. */
static int sweep_in_userns(const struct scenario *scenario, struct tally *tally, FILE *sites)
{
	int fds[2], ret;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	fflush(NULL);
	pid = child_fork();
	if (pid == 0) {
		ret = user_namespace_unshare("0 0 1\n", "0 0 1\n") ?: inject_open_self() ?:
		      sweep(scenario, tally, sites);
		fflush(NULL);
		if (write(fds[1], tally, sizeof(*tally)) != sizeof(*tally))
			ret = ret ?: -EIO;
		child_exit(ret);
	}
	close(fds[1]);
	ret = pid < 0 ? -errno : 0;
	if (!ret && read(fds[0], tally, sizeof(*tally)) != sizeof(*tally))
		ret = -EIO;
	close(fds[0]);
	return pid > 0 ? child_result(pid) ?: ret : ret;
}

static bool result(int ret, const char *name, const struct tally *tally)
{
	printf("%s %u - fault.%s", ret ? "not ok" : "ok", ++n_tests, name);
	if (tally)
		printf(" # %u points: %u slab, %u pages, %u copies, %u of memory; %u quiet, %u second, %u elsewhere",
		       tally_swept(tally) + tally->memory, tally->swept[FAULT_SLAB],
		       tally->swept[FAULT_PAGE], tally->swept[FAULT_COPY], tally->memory,
		       tally->swept[FAULT_QUIET], tally->second, tally->moved);
	printf("\n");
	fflush(stdout);
	return !ret;
}

static void add_to_total(const struct tally *tally)
{
	unsigned int kind;

	for (kind = 0; kind < FAULT_KINDS; kind++)
		total.swept[kind] += tally->swept[kind];
	total.second += tally->second;
	total.memory += tally->memory;
	total.moved += tally->moved;
}

static bool run_load(const char *module, FILE *sites)
{
	struct tally tally = {};
	int ret = sweep_load(module, &tally, sites);

	add_to_total(&tally);
	return result(ret, "load", &tally);
}

static bool run_scenario(const struct scenario *scenario, FILE *sites)
{
	struct tally tally = {};
	__u64 start = now_ns();
	int ret;

	ret = scenario->flags & IN_USERNS ? sweep_in_userns(scenario, &tally, sites) :
					    sweep(scenario, &tally, sites);
	add_to_total(&tally);
	tell("%s: %llu ms", scenario->name, (now_ns() - start) / 1000000);
	return result(ret, scenario->name, &tally);
}

static bool is_wanted(const char *name, char **wanted)
{
	if (!*wanted)
		return true;
	for (; *wanted; wanted++)
		if (!strncmp(name, *wanted, strlen(*wanted)))
			return true;
	return false;
}

static bool run_all(char **wanted, FILE *sites)
{
	const struct scenario *scenario;
	bool good = true;
	unsigned int i;

	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (scenario = tables[i]; scenario->name; scenario++)
			if (is_wanted(scenario->name, wanted))
				good &= run_scenario(scenario, sites);
	return good;
}

/* Memory that is touched for the first time would count as one of the points. */
static void touch_memory(void)
{
	volatile char stack[256 * 1024];
	size_t i;

	for (i = 0; i < sizeof(stack); i += 4096)
		stack[i] = 0;
	if (mlockall(MCL_CURRENT))
		abort();
}

/* Be in a cgroup whose path is longer than what the kernel keeps room for on its stack. */
static int join_deep_cgroup(void)
{
	char path[PATH_MAX] = "/sys/fs/cgroup";
	unsigned int i;
	FILE *file;

	for (i = 0; i < 2; i++) {
		snprintf(path + strlen(path), 210, "/fault-%0200u", i);
		if (mkdir(path, 0755) && errno != EEXIST)
			return -errno;
	}
	strcat(path, "/cgroup.procs");
	file = fopen(path, "we");
	if (!file)
		return -errno;
	fprintf(file, "%d\n", getpid());
	return fclose(file) ? -errno : 0;
}

int main(int argc, char **argv)
{
	const char *sites_path = "/dev/null", *module = NULL;
	FILE *sites;
	bool good;
	int i;

	setlinebuf(stdout);
	for (i = 1; i + 1 < argc && argv[i][0] == '-'; i += 2) {
		if (!strcmp(argv[i], "--sites"))
			sites_path = argv[i + 1];
		else if (!strcmp(argv[i], "--module"))
			module = argv[i + 1];
		else
			break;
	}
	if (i >= argc || argv[i][0] == '-') {
		fprintf(stderr, "usage: fault-sweep [--sites FILE] [--module FILE] REPORTS "
			"[SCENARIO...]\n");
		return 2;
	}
	printf("TAP version 13\n");
	sites = fopen(sites_path, "we");
	if (!sites || join_deep_cgroup() || inject_init(argv[i])) {
		printf("Bail out! faults cannot be injected here\n");
		return 1;
	}
	touch_memory();
	/* Before there is a second mount namespace, in which the domain would stay mounted. */
	good = !module || run_load(module, sites);
	good &= !mount_namespace_unshare() && run_all(argv + i + 1, sites);
	printf("1..%u\n", n_tests);
	printf("# swept %u points: %u slab, %u pages, %u copies, %u of memory that faults; "
	       "not counted: %u quiet ones, %u second ones; tried again elsewhere: %u\n",
	       tally_swept(&total) + total.memory, total.swept[FAULT_SLAB],
	       total.swept[FAULT_PAGE], total.swept[FAULT_COPY], total.memory,
	       total.swept[FAULT_QUIET], total.second, total.moved);
	if (fclose(sites))
		good = false;
	return good && n_tests ? 0 : 1;
}
