// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Running a program: the lanes, the time that it has, and what must be true afterwards, which is
 * that its buses are gone and that the kernel has nothing to say.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <regex.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "world.h"

#define MILLISECOND	1000000ull
#define PATIENCE	(200 * MILLISECOND)	/* with whoever is blocked */
#define GONE_AFTER	(60000 * MILLISECOND)	/* a bus whose files are closed */
#define TURNS		512	/* more than any limit of things */
#define FAILURES	8	/* of a command that is repeated */
#define PATTERNS	64

struct shared *shared;
struct slot slots[PROG_SLOTS];
const char *run_mount;
bool run_is_concurrent;
bool run_is_apart;

static struct lane_state lanes[LANES] = {
	{ .lane = LANE_MAIN }, { .lane = LANE_THREAD }, { .lane = LANE_PROCESS },
	{ .lane = LANE_FAULT },
};

static const struct prog *current;
static unsigned int current_from;	/* where the lanes part */
static int fault_taken;
static sem_t thread_go, thread_done;
static pid_t main_pid, child;
static int first_fd, root = -1, kmsg = -1;
static regex_t patterns[PATTERNS];
static unsigned int n_patterns;

void finding(const char *format, ...)
{
	int none = 0;
	va_list args;

	if (!__atomic_compare_exchange_n(&shared->found, &none, 1, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST))
		return;
	va_start(args, format);
	vsnprintf(shared->finding, sizeof(shared->finding), format, args);
	va_end(args);
}

uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 * MILLISECOND + time.tv_nsec;
}

/* What a symbol stands for now. */
uint64_t world_value(uint64_t value)
{
	uint64_t argument = value & SYMBOL_ARGUMENT;
	const struct slot *slot = &slots[argument % PROG_SLOTS];

	switch (value >> SYMBOL_SHIFT) {
	case SYMBOL_ID:
		return slot->id;
	case SYMBOL_OFFSET:
		return slot->offset;
	case SYMBOL_NOW:
		return now_ns() + argument;
	case SYMBOL_FD:
		return (uint32_t)slot->fd;
	case SYMBOL_MEMORY:
		return (uintptr_t)memory_payload((argument >> MEMORY_SHIFT) % MEMORIES,
						 argument & ((1ull << MEMORY_SHIFT) - 1));
	case SYMBOL_SENDER:
		/* As long as nobody has sent anything: itself. */
		return slot->sender ?: slot->id;
	case SYMBOL_COOKIE:
		return slot->cookie;
	default:
		return value;
	}
}

/*
 * The last command again, until the program's time is over or it fails and fails; what varies varies
 * by the turn.
 */
static void run_again(struct lane_state *me, const struct op *op)
{
	uint64_t late = now_ns() + PATIENCE / 2, times = op->value[0] % TURNS;
	unsigned int failures = 0;
	const struct op *last = op;

	while (last > current->op && (last->lane != op->lane || last->kind >= OP_COMMANDS))
		last--;
	if (last->lane != op->lane || last->kind >= OP_COMMANDS)
		return;
	for (me->turn = 1; me->turn <= times && failures < FAILURES && now_ns() < late; me->turn++) {
		cover_mark(me->lane);
		failures = command_run(me, last) ? 0 : failures + 1;
	}
	me->turn = 0;
	__atomic_fetch_add(&shared->calls[OP_AGAIN], 1, __ATOMIC_RELAXED);
}

static void run_op(struct lane_state *me, const struct op *op)
{
	cover_mark(me->lane);
	if (op->kind < OP_COMMANDS)
		command_run(me, op);
	else if (op->kind == OP_AGAIN)
		run_again(me, op);
	else
		call_run(me, op);
}

static void run_lane(enum lane lane)
{
	unsigned int i;

	for (i = current_from; i < current->ops; i++)
		if (current->op[i].lane == lane)
			run_op(&lanes[lane], &current->op[i]);
}

static void be_root(void)
{
	syscall(SYS_setresuid, -1, 0, -1);
	syscall(SYS_setresgid, -1, 0, -1);
}

static void *thread_main(void *unused)
{
	lanes[LANE_THREAD].tid = syscall(SYS_gettid);
	cover_enable(LANE_THREAD);
	for (;;) {
		while (sem_wait(&thread_go) && errno == EINTR)
			;
		run_lane(LANE_THREAD);
		be_root();
		sem_post(&thread_done);
	}
	return unused;
}

/*
 * Signals for the calling thread alone, after a while and again and again.  Whoever waits for a page
 * cannot be interrupted, so no other lane could end what the one that provides it waits for.
 */
static timer_t own_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1 };
	timer_t timer = 0;

	event._sigev_un._tid = syscall(SYS_gettid);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer))
		finding("the fuzzer: timer_create: %d", errno);
	return timer;
}

static void set_own_timer(timer_t timer, bool on)
{
	struct itimerspec when = { { 0, 20 * MILLISECOND }, { 0, PATIENCE / 4 } };

	if (!on)
		memset(&when, 0, sizeof(when));
	timer_settime(timer, 0, &when, NULL);
}

static void *fault_main(void *unused)
{
	timer_t timer = own_timer();

	lanes[LANE_FAULT].tid = syscall(SYS_gettid);
	memory_provide();
	cover_enable(LANE_FAULT);
	for (;;) {
		if (!memory_next_fault())
			continue;
		if (!__atomic_exchange_n(&fault_taken, 1, __ATOMIC_SEQ_CST)) {
			set_own_timer(timer, true);
			run_lane(LANE_FAULT);
			set_own_timer(timer, false);
		}
		be_root();
		memory_resolve();
	}
	return unused;
}

static void wake(int signal)
{
	(void)signal;
}

void run_signal(struct lane_state *me, unsigned int lane)
{
	if (lane == LANE_PROCESS) {
		if (me->lane != LANE_PROCESS && child > 0)
			kill(child, SIGKILL);
	} else {
		syscall(SYS_tgkill, main_pid, lanes[lane].tid, SIGUSR1);
	}
}

/* The alarm comes again and again: who is blocked once may be blocked twice. */
static void set_alarm(bool on)
{
	struct itimerval timer = { { 0, 50000 }, { 0, PATIENCE / 1000 } };

	if (!on)
		memset(&timer, 0, sizeof(timer));
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void start_process(void)
{
	child = fork();
	if (child)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	lanes[LANE_PROCESS].tid = getpid();
	cover_enable(LANE_PROCESS);
	set_alarm(true);
	run_lane(LANE_PROCESS);
	_exit(0);
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool success = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return success;
}

/*
 * The process lane goes on in namespaces of its own.  That of processes is for children only: what is
 * left of the caller waits for the one that goes on.
 */
bool run_in_namespaces(struct lane_state *me)
{
	char map[32];
	pid_t pid;

	snprintf(map, sizeof(map), "0 %u 1", geteuid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID))
		return false;
	run_is_apart = true;
	write_file("/proc/self/uid_map", map);
	cover_disable(me->lane);
	pid = fork();
	if (pid < 0)
		return false;
	if (pid) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		_exit(0);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	me->tid = getpid();
	cover_enable(me->lane);
	set_alarm(true);
	return true;
}

/* Whoever does not end gets signals until it does; the process is killed in the end. */
static void join_lanes(bool thread)
{
	uint64_t late = now_ns() + PATIENCE;

	while (thread && sem_wait(&thread_done)) {
		if (errno == EINTR && now_ns() > late)
			syscall(SYS_tgkill, main_pid, lanes[LANE_THREAD].tid, SIGUSR1);
	}
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) {
		if (now_ns() > late + PATIENCE)
			kill(child, SIGKILL);
	}
	child = 0;
}

static void run_lanes(const struct prog *prog)
{
	bool thread = prog_has_lane(prog, LANE_THREAD);
	unsigned int i;

	for (i = 0; i < prog->ops && prog->op[i].lane == LANE_MAIN; i++)
		run_op(&lanes[LANE_MAIN], &prog->op[i]);
	current_from = i;
	if (i == prog->ops)
		return;
	run_is_concurrent = true;
	fault_taken = 0;
	if (prog_has_lane(prog, LANE_PROCESS))
		start_process();
	if (thread)
		sem_post(&thread_go);
	run_lane(LANE_MAIN);
	join_lanes(thread);
	fault_taken = 1;
	run_is_concurrent = false;
}

/* Does the mount show a bus of ours?  Its name goes to @name. */
static bool bus_is_there(char *name, size_t size)
{
	char entries[2048] __attribute__((aligned(8))), mark[32];
	const struct dirent64 *entry;
	bool found = false;
	long n, at;

	snprintf(mark, sizeof(mark), "-%s-", grammar_worker);
	lseek(root, 0, SEEK_SET);
	while (!found && (n = syscall(SYS_getdents64, root, entries, sizeof(entries))) > 0) {
		for (at = 0; at < n && !found; at += entry->d_reclen) {
			entry = (const struct dirent64 *)(entries + at);
			found = strstr(entry->d_name, mark);
			snprintf(name, size, "%s", entry->d_name);
		}
	}
	return found;
}

static void check_buses(void)
{
	uint64_t late = now_ns() + GONE_AFTER;
	char name[256];

	while (bus_is_there(name, sizeof(name))) {
		if (now_ns() > late) {
			finding("bus %s is there after its last file was closed", name);
			return;
		}
		sched_yield();
	}
}

static void check_kernel_log(void)
{
	char record[2048], *text, *end;
	unsigned int i;
	ssize_t n;

	while (kmsg >= 0 && ((n = read(kmsg, record, sizeof(record) - 1)) > 0 || errno == EPIPE)) {
		record[n > 0 ? n : 0] = 0;
		text = strchr(record, ';');
		if (!text)
			continue;
		end = strchr(++text, '\n');
		if (end)
			*end = 0;
		for (i = 0; i < n_patterns; i++)
			if (!regexec(&patterns[i], text, 0, NULL, 0))
				finding("kernel: %s", text);
	}
}

/* False if something was wrong, now or before. */
bool run_prog(const struct prog *prog)
{
	current = prog;
	current_from = prog->ops;
	fault_taken = 1;
	memory_fresh();
	cover_start();
	set_alarm(true);
	run_lanes(prog);
	set_alarm(false);
	be_root();
	cover_mark(LANE_MAIN);
	calls_clean_up(first_fd);
	check_buses();
	check_kernel_log();
	return !__atomic_load_n(&shared->found, __ATOMIC_RELAXED);
}

static bool read_patterns(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[256];

	while (file && n_patterns < PATTERNS && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		if (line[0] && line[0] != '#' &&
		    regcomp(&patterns[n_patterns++], line, REG_EXTENDED | REG_NOSUB))
			return false;
	}
	if (file)
		fclose(file);
	return n_patterns;
}

static void catch(int number)
{
	struct sigaction action = { .sa_handler = wake };

	sigaction(number, &action, NULL);
}

/* Called once in the process that will run programs. */
bool run_init(unsigned int worker, const char *mount, const char *reports)
{
	pthread_t thread;
	sigset_t alarm;
	unsigned int i;

	snprintf(grammar_worker, sizeof(grammar_worker), "f%u", worker);
	run_mount = mount;
	main_pid = getpid();
	lanes[LANE_MAIN].tid = main_pid;
	for (i = 0; i < PROG_SLOTS; i++)
		slots[i].fd = -1;
	if (!memory_init() || !read_patterns(reports))
		return false;
	cover_init();
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	root = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (kmsg < 0 || root < 0)
		return false;
	lseek(kmsg, 0, SEEK_END);
	catch(SIGALRM);
	catch(SIGUSR1);
	sem_init(&thread_go, 0, 0);
	sem_init(&thread_done, 0, 0);
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm, NULL);
	if (pthread_create(&thread, NULL, thread_main, NULL) ||
	    pthread_create(&thread, NULL, fault_main, NULL))
		return false;
	pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
	cover_enable(LANE_MAIN);
	first_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return first_fd >= 0;
}
