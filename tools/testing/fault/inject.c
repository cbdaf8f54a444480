// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Faults on demand: the kernel's /proc/thread-self/fail-nth, and what its log tells of
 * them.
 *
 * fail-nth counts every place that asks whether to fail: slab allocations, pages, copies
 * from and to user space.  The settings in debugfs decide which places ask at all; here,
 * all.
 */
#include <regex.h>
#include <sys/klog.h>

#include "fault.h"

#define DEBUGFS		"/sys/kernel/debug/"

static __thread int control = -1;
static __thread int choice = -1;
static __thread bool is_armed, is_chosen;
static int times_fd = -1;
static int log_fd = -1;
static regex_t reports;

static int write_setting(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		ret = -errno;
	if (fd >= 0)
		close(fd);
	if (ret)
		tell("%s: cannot write %s: %s", path, value, strerror(-ret));
	return ret;
}

static int choose_settings(void)
{
	static const char *const kinds[] = { "failslab", "fail_page_alloc", "fail_usercopy" };
	static const char *const settings[][2] = {
		{ "failslab/ignore-gfp-wait", "N" },
		{ "failslab/cache-filter", "N" },
		{ "fail_page_alloc/ignore-gfp-wait", "N" },
		{ "fail_page_alloc/ignore-gfp-highmem", "N" },
		{ "fail_page_alloc/min-order", "0" },
		/* What fails after the counted one: as often as "times" says, in who chose it. */
		{ "failslab/task-filter", "Y" },
		{ "failslab/times", "0" },
		{ "failslab/probability", "100" },
	};
	/* Chance does nothing here; each fault is told, with its stack, however many there are. */
	static const char *const common[][2] = {
		{ "probability", "0" }, { "interval", "1" }, { "times", "-1" }, { "space", "0" },
		{ "task-filter", "N" }, { "verbose", "2" }, { "verbose_ratelimit_interval_ms", "0" },
	};
	char path[PATH_MAX];
	unsigned int i, j;
	int ret;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (j = 0; j < sizeof(common) / sizeof(common[0]); j++) {
			snprintf(path, sizeof(path), DEBUGFS "%s/%s", kinds[i], common[j][0]);
			ret = write_setting(path, common[j][1]);
			if (ret)
				return ret;
		}
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		snprintf(path, sizeof(path), DEBUGFS "%s", settings[i][0]);
		ret = write_setting(path, settings[i][1]);
		if (ret)
			return ret;
	}
	return 0;
}

/*
 * The patterns that a guest's log is searched for, one per line: one expression of all of
 * them, because each line of each stack is compared.
 */
static int read_reports(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[256], all[4096] = "";
	size_t len = 0;

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file) && len < sizeof(all)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] && line[0] != '#')
			len += snprintf(all + len, sizeof(all) - len, "%s(%s)", len ? "|" : "",
					line);
	}
	fclose(file);
	if (!len || len >= sizeof(all))
		return -EINVAL;
	return regcomp(&reports, all, REG_EXTENDED | REG_NOSUB) ? -EINVAL : 0;
}

int inject_open_self(void)
{
	if (control >= 0)
		close(control);
	if (choice >= 0)
		close(choice);
	control = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	choice = open("/proc/thread-self/make-it-fail", O_RDWR | O_CLOEXEC);
	if (control < 0 || choice < 0)
		return -errno;
	/* Root of a user namespace only is not allowed to. */
	if (write(choice, "0", 1) != 1) {
		close(choice);
		choice = -1;
	}
	return 0;
}

int inject_init(const char *reports_path)
{
	int ret = choose_settings() ?:
		  write_setting("/proc/sys/kernel/printk_devkmsg", "on\n");

	if (ret)
		return ret;
	ret = read_reports(reports_path);
	if (ret) {
		tell("%s: %s", reports_path, strerror(-ret));
		return ret;
	}
	log_fd = open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (log_fd < 0 || lseek(log_fd, 0, SEEK_END) < 0) {
		tell("/dev/kmsg: %s", strerror(errno));
		return -errno;
	}
	times_fd = open(DEBUGFS "failslab/times", O_WRONLY | O_CLOEXEC);
	if (times_fd < 0)
		return -errno;
	/* Thousands of stacks on a serial line take longer than all the rest. */
	klogctl(8, NULL, 1);
	ret = inject_open_self();
	if (ret)
		tell("/proc/thread-self/fail-nth: %s", strerror(-ret));
	return ret;
}

static void set_number(int fd, unsigned int n)
{
	char number[16];
	int size = snprintf(number, sizeof(number), "%u", n);

	/* Only the zero that ends a fault can meet it. */
	while (write(fd, number, size) != size)
		if (n || (errno != EFAULT && errno != ENOMEM))
			abort();
}

void inject_arm(unsigned int n)
{
	is_armed = true;
	set_number(control, n);
}

bool inject_has_second(void)
{
	return choice >= 0;
}

void inject_arm_twice(unsigned int n)
{
	/* A scenario that is another user by now is not allowed to, and has no second fault. */
	if (write(choice, "1", 1) != 1) {
		if (errno != EPERM)
			abort();
		return;
	}
	is_armed = true;
	is_chosen = true;
	/* The counted one counts for "times", too, if it is of slab. */
	set_number(times_fd, 2);
	set_number(control, n);
}

bool inject_disarm(void)
{
	char number[16] = "";
	bool was_armed = is_armed;
	ssize_t size;

	/*
	 * Reading copies to user space, and may itself be the place whose turn it is; then the
	 * command had fewer.  So may the copy of the zero that ends it.
	 */
	size = pread(control, number, sizeof(number) - 1, 0);
	set_number(control, 0);
	if (is_chosen) {
		set_number(choice, 0);
		set_number(times_fd, 0);
		is_chosen = false;
	}
	is_armed = false;
	return was_armed && size > 0 && atoi(number) == 0;
}

void inject_mark_log(void)
{
	/* The log is finite, and the guest's scan starts at the first such line that is left. */
	static const char mark[] = "kdbus-vm: start, marked again by the fault sweep\n";

	if (write(log_fd, mark, sizeof(mark) - 1) < 0)
		abort();
}

static void look_for_reports(struct fault_trace *trace, const char *line)
{
	if (!trace->report[0] && !regexec(&reports, line, 0, NULL, 0))
		snprintf(trace->report, sizeof(trace->report), "%.250s", line);
}

/* A line of a stack that is about the module: remember it. */
static void look_for_frame(struct fault_trace *trace, const char *line)
{
	char name[80];
	unsigned int offset, size;

	if (!strstr(line, "[kdbus]") || strchr(line, '?') || trace->n_frames == FAULT_FRAMES)
		return;
	if (sscanf(line, " %79[^+ ]+0x%x/0x%x", name, &offset, &size) == 3)
		snprintf(trace->frames[trace->n_frames++], sizeof(trace->frames[0]),
			 "%s+0x%x/0x%x", name, offset, size);
}

static void read_record(struct fault_trace *trace, const char *line)
{
	static const char *const names[FAULT_KINDS] = {
		[FAULT_QUIET] = "name of none,",
		[FAULT_SLAB] = "name failslab,",
		[FAULT_PAGE] = "name fail_page_alloc,",
		[FAULT_COPY] = "name fail_usercopy,",
	};
	unsigned int kind;

	if (strstr(line, "FAULT_INJECTION: forcing a failure.")) {
		for (kind = 0; kind < FAULT_KINDS; kind++)
			if (strstr(line, names[kind]))
				trace->kind = kind;
		/* Of two faults the second one counts. */
		trace->n_frames = 0;
		return;
	}
	if (trace->kind != FAULT_QUIET)
		look_for_frame(trace, line);
	look_for_reports(trace, line);
}

void inject_trace(struct fault_trace *trace)
{
	char record[8192], *text;
	ssize_t size;

	memset(trace, 0, sizeof(*trace));
	for (;;) {
		size = read(log_fd, record, sizeof(record) - 1);
		if (size < 0 && errno == EPIPE) {
			snprintf(trace->report, sizeof(trace->report),
				 "the kernel's log was overwritten before it was read");
			continue;
		}
		if (size <= 0)
			return;
		record[size] = '\0';
		text = strchr(record, ';');
		if (text)
			read_record(trace, text + 1);
	}
}
