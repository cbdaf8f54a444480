// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * kdbus-fuzz - runs programs of random operations against a mounted domain.
 *
 * A supervisor watches workers, which run programs, each one logged before it runs.  What reaches
 * something new is kept and changed further.  One worker with one seed and one corpus makes the
 * same sequence of programs as long as the same programs reach something new; with --frozen
 * whatever they reach.
 */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "corpus.h"
#include "report.h"
#include "world.h"

#define FEATURES	65536
#define SHRINK_RUNS	20
#define HANGS_AFTER	300	/* turns of a second at least */

static struct options {
	const char *mount;
	const char *out;
	const char *reports;
	const char *memory;
	uint64_t seed;
	uint64_t programs;
	unsigned int seconds;
	unsigned int jobs;
	unsigned int times;
	bool frozen;
	bool replay;
} options = { .mount = "/dev/kdbus", .seconds = 60, .jobs = 1, .times = 1, .seed = 1 };

static uint32_t features[FEATURES];
static int run_log = -1;

/*
 * The log is complete whatever happens to the kernel: it is written before the program runs.  Into
 * memory that the host sees where there is some: a file of the host costs more than a program.
 */
static void log_prog(unsigned int worker, const struct prog *prog)
{
	static char text[PROG_TEXT + 64];
	size_t size;

	size = sprintf(text, "program %llu\n", (unsigned long long)shared->programs[worker]);
	size += prog_print(prog, text + size, PROG_TEXT);
	if (options.memory)
		memory_log_write(worker, text, size);
	else if (run_log >= 0 && write(run_log, text, size) != (ssize_t)size)
		finding("the fuzzer: the log cannot be written");
}

/* Returns how many features were new, and puts them first. */
static unsigned int try_prog(unsigned int worker, const struct prog *prog)
{
	log_prog(worker, prog);
	__atomic_fetch_add(&shared->programs[worker], 1, __ATOMIC_RELAXED);
	run_prog(prog);
	return cover_learn(features, cover_collect(features, FEATURES));
}

static bool reaches(const uint32_t *wanted, unsigned int n_wanted)
{
	static uint8_t reached[COVER_FEATURES];
	unsigned int count = cover_collect(features, FEATURES), i;
	bool all = true;

	for (i = 0; i < count; i++)
		reached[features[i]] = 1;
	for (i = 0; i < n_wanted; i++)
		all &= reached[wanted[i]];
	for (i = 0; i < count; i++)
		reached[features[i]] = 0;
	return all;
}

/* Drops operations that are not needed for what was new.  Races do not repeat: one lane only. */
static void shrink(unsigned int worker, struct prog *prog, unsigned int n_wanted)
{
	static uint32_t wanted[FEATURES];
	static struct prog shorter;
	unsigned int at, count, runs = 0;

	for (at = 0; at < prog->ops; at++)
		if (prog->op[at].lane != LANE_MAIN)
			return;
	memcpy(wanted, features, n_wanted * sizeof(wanted[0]));
	for (count = prog->ops / 2; count; count /= 2) {
		for (at = prog->ops; at && runs < SHRINK_RUNS && !shared->found; runs++) {
			at = at > count ? at - count : 0;
			shorter = *prog;
			prog_remove(&shorter, at, count);
			log_prog(worker, &shorter);
			__atomic_fetch_add(&shared->programs[worker], 1, __ATOMIC_RELAXED);
			run_prog(&shorter);
			if (reaches(wanted, n_wanted))
				*prog = shorter;
		}
	}
}

static void choose(struct random *random, struct prog *prog)
{
	unsigned int count = corpus_count(), number;
	static struct prog other;

	if (!count || one_in(random, 4)) {
		generate_prog(random, prog);
		return;
	}
	/* Younger ones are more promising. */
	number = random_below(random, count);
	if (one_in(random, 2))
		number = count - 1 - random_below(random, (count + 7) / 8);
	corpus_get(number, prog);
	corpus_get(random_below(random, count), &other);
	mutate_prog(random, prog, &other);
}

static void try_corpus(unsigned int worker)
{
	static struct prog prog;
	unsigned int i;

	for (i = worker; i < corpus_to_try() && !shared->stop && !shared->found;
	     i += options.jobs)
		if (corpus_try(i, &prog) && prog.ops && try_prog(worker, &prog))
			corpus_add(&prog);
}

static void fuzz(unsigned int worker)
{
	struct random random = { options.seed * WORKERS_MAX + worker };
	static struct prog prog;
	unsigned int fresh;

	try_corpus(worker);
	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED) && !shared->found) {
		if (options.programs && shared->programs[worker] >= options.programs)
			break;
		choose(&random, &prog);
		fresh = try_prog(worker, &prog);
		if (!fresh || options.frozen || shared->found)
			continue;
		shrink(worker, &prog, fresh);
		corpus_add(&prog);
	}
}

static void replay(unsigned int worker)
{
	static struct prog prog;
	unsigned int time, i;

	for (time = 0; time < options.times && !shared->found; time++) {
		for (i = 0; i < corpus_to_try() && !shared->found; i++) {
			if (!corpus_try(i, &prog) || !prog.ops)
				finding("program %u of the case cannot be read", i);
			else
				try_prog(worker, &prog);
		}
	}
}

static int worker_main(unsigned int worker)
{
	char path[4096];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (options.memory && !memory_log_init(options.memory, options.jobs)) {
		perror(options.memory);
		return 1;
	}
	if (options.out && !options.memory) {
		snprintf(path, sizeof(path), "%s/run.%u", options.out, worker);
		run_log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	}
	if (!run_init(worker, options.mount, options.reports)) {
		perror("kdbus-fuzz: set-up");
		return 1;
	}
	if (options.replay)
		replay(worker);
	else if (!cover_is_on())
		finding("the fuzzer: no KCOV in this kernel");
	else
		fuzz(worker);
	return 0;
}

static void write_files(void)
{
	char path[4096];

	report_write(options.out);
	snprintf(path, sizeof(path), "%s/corpus", options.out);
	if (!options.replay)
		corpus_write(path);
}

/* A file "stop" beside the others ends a session early. */
static bool asked_to_stop(void)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/stop", options.out ?: "/nowhere");
	return !access(path, F_OK);
}

/* Ends when the workers have; tells them to when time is up. */
static void watch(const pid_t *pids)
{
	uint64_t programs[WORKERS_MAX] = { 0 };
	unsigned int alive = options.jobs, still[WORKERS_MAX] = { 0 }, seconds, i;
	uint64_t start = now_ns(), told = 0, written = 0;
	int status;
	pid_t pid;

	while (alive) {
		sleep(1);
		seconds = (now_ns() - start) / 1000000000;
		shared->seconds = seconds;
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
			alive--;
			if (status)
				finding("the fuzzer: worker %d ends with %#x", pid, status);
		}
		for (i = 0; i < options.jobs; i++) {
			uint64_t now = __atomic_load_n(&shared->programs[i], __ATOMIC_RELAXED);

			/* In turns, not by the clock: that goes on while the guest gets no CPU. */
			still[i] = now == programs[i] && !kill(pids[i], 0) ? still[i] + 1 : 0;
			programs[i] = now;
			if (still[i] < HANGS_AFTER)
				continue;
			finding("worker %u is blocked for %d seconds", i, HANGS_AFTER);
			return;
		}
		if ((seconds >= options.seconds && !options.replay) || asked_to_stop())
			__atomic_store_n(&shared->stop, 1, __ATOMIC_RELAXED);
		if (options.out && seconds - written >= 10) {
			write_files();
			written = seconds;
		}
		if (!options.replay && seconds - told >= 30) {
			report_line(seconds, corpus_count());
			told = seconds;
		}
	}
}

static bool run(void)
{
	pid_t pids[WORKERS_MAX];
	unsigned int i;

	for (i = 0; i < options.jobs; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			return false;
		if (!pids[i])
			_exit(worker_main(i));
	}
	watch(pids);
	return !shared->found;
}

static bool parse(int argc, char **argv)
{
	static const struct option known[] = {
		{ "mount", required_argument, NULL, 'm' },
		{ "out", required_argument, NULL, 'o' },
		{ "reports", required_argument, NULL, 'r' },
		{ "seed", required_argument, NULL, 's' },
		{ "memory", required_argument, NULL, 'M' },
		{ "programs", required_argument, NULL, 'P' },
		{ "seconds", required_argument, NULL, 't' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "times", required_argument, NULL, 'n' },
		{ "frozen", no_argument, NULL, 'f' },
		{ "replay", no_argument, NULL, 'p' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		switch (c) {
		case 'm': options.mount = optarg; break;
		case 'o': options.out = optarg; break;
		case 'r': options.reports = optarg; break;
		case 's': options.seed = strtoull(optarg, NULL, 0); break;
		case 'M': options.memory = optarg; break;
		case 'P': options.programs = strtoull(optarg, NULL, 0); break;
		case 't': options.seconds = strtoul(optarg, NULL, 0); break;
		case 'j': options.jobs = strtoul(optarg, NULL, 0); break;
		case 'n': options.times = strtoul(optarg, NULL, 0); break;
		case 'f': options.frozen = true; break;
		case 'p': options.replay = true; break;
		default: return false;
		}
	}
	return options.reports && options.jobs && options.jobs <= WORKERS_MAX;
}

/* Exit status: 0 nothing was wrong; 1 something was, and is printed; 2 wrong use. */
int main(int argc, char **argv)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED || !corpus_init())
		return 2;
	if (!parse(argc, argv)) {
		fprintf(stderr, "usage: kdbus-fuzz --reports FILE [OPTION...] [CORPUS...]\n");
		return 2;
	}
	for (; optind < argc; optind++) {
		if (!corpus_read(argv[optind])) {
			perror(argv[optind]);
			return 2;
		}
	}
	run();
	if (options.out)
		write_files();
	if (shared->found)
		printf("FOUND: %s\n", shared->finding);
	fflush(stdout);
	return shared->found;
}
