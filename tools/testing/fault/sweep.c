// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Injected faults: the command of a scenario fails at its first allocation or copy, its
 * second, and so on, until it gets through without meeting the fault.
 *
 * Each point is run twice in fresh worlds.  In the first the command fails, and what can
 * be seen of the world afterwards has to be what is seen of one in which the command was
 * never given.  In the second it is given again after it failed, and result and world have
 * to be those of a clean run.  A command that succeeds in spite of the fault has to leave
 * the world of a clean run, but for what the scenario says may be lacking.
 *
 * Where a command survived a fault, it may have had a second way to what it needed: then
 * the next allocation fails as well, and is judged alike.
 *
 * The allocator itself needs memory from time to time, which moves the points behind: a
 * fault in a place that had one already is tried once more.
 */
#include "fault.h"

#define POINTS_MAX	2000
#define TRIES		2

/*
 * @ret: of the command, the last time
 * @first: of the command when the fault was injected
 * @hit: the fault was met
 * @said: what the command wrote in its argument is as it was
 */
struct outcome {
	int ret;
	int first;
	bool hit;
	bool spoilt;
	struct fault_trace trace;
	struct text text;
};

enum what {
	NOT_AT_ALL,
	ONCE_CLEAN,
	FAILING,
	FAILING_THEN_AGAIN,
	FAILING_TWICE,
	FAILING_TWICE_THEN_AGAIN,
};

static struct world world;
static struct args before;

/* Did a command that failed write more than its return_flags? */
static bool is_spoilt(void)
{
	before.cmd.return_flags = world.cmd.cmd.return_flags;
	return memcmp(&before, &world.cmd, A8(before.size)) != 0;
}

static void act(struct outcome *outcome, enum what what, unsigned int n)
{
	bool again = what == FAILING_THEN_AGAIN || what == FAILING_TWICE_THEN_AGAIN;

	memcpy(&before, &world.cmd, A8(world.cmd.size));
	if (what >= FAILING) {
		inject_trace(&outcome->trace);
		if (what < FAILING_TWICE)
			inject_arm(n);
		else
			inject_arm_twice(n);
		outcome->first = world_act(&world);
		outcome->hit = inject_disarm();
		inject_trace(&outcome->trace);
		outcome->ret = outcome->first;
		if (outcome->first && !world.scenario->act)
			outcome->spoilt = is_spoilt();
	}
	if (what == ONCE_CLEAN || (again && outcome->first))
		outcome->ret = world_act(&world);
}

/* A whole life of a world.  0, or the world could not be made or taken down. */
static int run(const struct scenario *scenario, const char *domain, struct outcome *outcome,
	       enum what what, unsigned int n)
{
	struct fault_trace trace;
	int ret, end;

	text_clear(&outcome->text);
	outcome->first = 0;
	outcome->ret = 0;
	outcome->hit = false;
	outcome->spoilt = false;
	ret = world_make(&world, scenario, domain);
	if (ret) {
		tell("%s: the world cannot be made: %s", scenario->name, strerror(-ret));
	} else {
		act(outcome, what, n);
		if (what != NOT_AT_ALL && !outcome->ret)
			world_show_result(&world, &outcome->text);
		world_show(&world, &outcome->text);
	}
	end = world_end(&world);
	inject_trace(&trace);
	if (trace.report[0] && !outcome->trace.report[0])
		memcpy(outcome->trace.report, trace.report, sizeof(trace.report));
	return ret ?: end;
}

static const char *const kind_names[FAULT_KINDS] = {
	[FAULT_QUIET] = "quiet", [FAULT_SLAB] = "slab", [FAULT_PAGE] = "page", [FAULT_COPY] = "copy",
};

/*
 * @untouched: of a world in which the command was not given
 * @done: of one in which it went well
 * @seen: of the one at hand
 * @sites: gets a line for each fault
 * @known: sums of the stacks that had a fault
 * @survived: points at which the command succeeded all the same
 */
struct sweep {
	const struct scenario *scenario;
	const char *domain;
	struct tally *tally;
	FILE *sites;
	__u32 known[3 * POINTS_MAX];
	unsigned int n_known;
	unsigned int survived[POINTS_MAX];
	unsigned int n_survived;
	struct outcome untouched;
	struct outcome done;
	struct outcome seen;
	char ignored[8];
};

static int complain(struct sweep *sweep, unsigned int n, const char *what)
{
	struct fault_trace *trace = &sweep->seen.trace;
	unsigned int i;

	tell("%s, point %u (%s): %s; first %d, then %d", sweep->scenario->name, n,
	     kind_names[trace->kind], what, sweep->seen.first, sweep->seen.ret);
	if (trace->report[0])
		tell("  %s", trace->report);
	for (i = 0; i < trace->n_frames && i < 6; i++)
		tell("  in %s", trace->frames[i]);
	return -EPROTO;
}

static int complain_text(struct sweep *sweep, unsigned int n, const char *what,
			 const struct text *wanted, const char *tags)
{
	complain(sweep, n, what);
	text_diff(wanted, &sweep->seen.text, tags);
	return -EPROTO;
}

/* An errno that the lack of memory, or memory that faults, may cause. */
static bool errno_fits(const struct outcome *seen)
{
	switch (seen->trace.kind) {
	case FAULT_COPY:
		/* mount(2) finds nothing in what it cannot copy. */
		return seen->first == -EFAULT;
	default:
		return seen->first == -ENOMEM || seen->first == -EFAULT;
	}
}

static int judge_success(struct sweep *sweep, unsigned int n)
{
	if (text_equal(&sweep->done.text, &sweep->seen.text, sweep->ignored))
		return 0;
	return complain_text(sweep, n, "it succeeded, but left another world",
			     &sweep->done.text, sweep->ignored);
}

/*
 * SEND looks before it sends whether its answer can be written.  If it cannot after all,
 * which takes a fault that comes in between, EFAULT tells that of the answer; the reply to
 * a synchronous call is lost with it.
 */
static bool is_sent_anyway(struct sweep *sweep)
{
	const char *ignored = "rl";

	if (!world_sends(&world) || sweep->seen.first != -EFAULT || !sweep->seen.trace.n_frames ||
	    strncmp(sweep->seen.trace.frames[0], "kdbus_arg_write_back", 20))
		return false;
	if (world.nr == KDBUS_CMD_EXCHANGE)
		/* What would have been received waits in the queue. */
		ignored = "rlm~n";
	else if (world.cmd.send.flags & KDBUS_SEND_SYNC_REPLY)
		ignored = "rlm~";
	return text_equal(&sweep->done.text, &sweep->seen.text, ignored);
}

static int judge_failure(struct sweep *sweep, unsigned int n)
{
	unsigned int flags = sweep->scenario->flags;
	const char *ignored = flags & MAY_BE_SEEN ? "~mnc" : flags & USES_CALL_UP ? "c" : "";

	if (!errno_fits(&sweep->seen))
		return complain(sweep, n, "an errno that nothing explains");
	if (sweep->seen.spoilt)
		return complain(sweep, n, "it failed, and wrote a result");
	if (sweep->scenario->flags & ONCE)
		return 0;
	if (!text_equal(&sweep->untouched.text, &sweep->seen.text, ignored))
		return complain_text(sweep, n, "it failed, and changed the world",
				     &sweep->untouched.text, ignored);
	return 0;
}

static int judge_again(struct sweep *sweep, unsigned int n)
{
	const struct text *wanted = &sweep->done.text;
	const char *ignored = sweep->scenario->flags & MAY_BE_SEEN ? "~mn" : "";

	if ((sweep->scenario->flags & USES_CALL_UP) && sweep->seen.ret == -EBADSLT) {
		wanted = &sweep->untouched.text;
		ignored = sweep->scenario->flags & MAY_BE_SEEN ? "~mnc" : "c";
	} else if (sweep->seen.ret != sweep->done.ret) {
		return complain(sweep, n, "it failed, and then not as usual");
	}
	if (text_equal(wanted, &sweep->seen.text, ignored))
		return 0;
	return complain_text(sweep, n, "it failed, and the second try left another world",
			     wanted, ignored);
}

static int judge_log(struct sweep *sweep, unsigned int n)
{
	if (sweep->seen.trace.report[0])
		return complain(sweep, n, "the kernel has something to report");
	return 0;
}

/* Whether it is the first fault with this stack; it is known from now on. */
static bool is_new(struct sweep *sweep)
{
	const struct fault_trace *trace = &sweep->seen.trace;
	__u32 sum = trace->kind;
	const char *at;
	unsigned int i;

	for (i = 0; i < trace->n_frames; i++)
		for (at = trace->frames[i]; *at; at++)
			sum = sum * 31 + *at;
	for (i = 0; i < sweep->n_known; i++)
		if (sweep->known[i] == sum)
			return false;
	if (sweep->n_known < sizeof(sweep->known) / sizeof(sweep->known[0]))
		sweep->known[sweep->n_known++] = sum;
	return true;
}

static void write_site(const struct sweep *sweep, unsigned int n)
{
	const struct fault_trace *trace = &sweep->seen.trace;
	unsigned int i;

	fprintf(sweep->sites, "%s %u %s", sweep->scenario->name, n, kind_names[trace->kind]);
	for (i = 0; i < trace->n_frames; i++)
		fprintf(sweep->sites, " %s", trace->frames[i]);
	fprintf(sweep->sites, "\n");
}

static bool is_same_place(const struct fault_trace *a, const struct fault_trace *b)
{
	unsigned int i;

	if (a->kind != b->kind || a->n_frames != b->n_frames)
		return false;
	for (i = 0; i < a->n_frames; i++)
		if (strcmp(a->frames[i], b->frames[i]))
			return false;
	return true;
}

/*
 * The same fault in a new world, and then the command once more.  The points may have moved: a fault in
 * another place, which may be that of an answer to what has been sent, says nothing of this one.
 *
 * Return: 0; 1 if this place was not met again; negative after telling what was wrong.
 */
static int run_again(struct sweep *sweep, unsigned int n, enum what again)
{
	const struct fault_trace first = sweep->seen.trace;
	unsigned int tries = 5;
	int ret;

	while (tries--) {
		ret = run(sweep->scenario, sweep->domain, &sweep->seen, again, n) ?: judge_log(sweep, n);
		if (ret || sweep->seen.first == sweep->done.ret ||
		    is_same_place(&first, &sweep->seen.trace))
			return ret;
	}
	sweep->tally->moved++;
	return 1;
}

/*
 * What came of a fault that was met; @again: how to look at the second try in a new world,
 * FAILING if that need not be.
 */
static int judge_point(struct sweep *sweep, unsigned int n, enum what again)
{
	int ret = judge_log(sweep, n);

	if (ret)
		return ret;
	if (sweep->seen.first == sweep->done.ret)
		return judge_success(sweep, n);
	if (is_sent_anyway(sweep))
		return 0;
	ret = judge_failure(sweep, n);
	if (ret || (sweep->scenario->flags & ONCE) || again == FAILING)
		return ret;
	ret = run_again(sweep, n, again);
	if (ret)
		return ret < 0 ? ret : 0;
	/* The points may have moved so that the command survives this time. */
	return sweep->seen.first == sweep->done.ret ? judge_success(sweep, n) :
						      judge_again(sweep, n);
}

/* Whether the point was there; @ret gets the verdict. */
static bool sweep_point(struct sweep *sweep, unsigned int n, int *ret)
{
	bool survived = false, new = false;
	unsigned int try;

	for (try = 0; try < TRIES && !new; try++) {
		*ret = run(sweep->scenario, sweep->domain, &sweep->seen, FAILING, n);
		if (*ret || !sweep->seen.hit)
			return try > 0;
		if (!try)
			sweep->tally->swept[sweep->seen.trace.kind]++;
		write_site(sweep, n);
		/* Those that the log does not tell are all alike. */
		new = is_new(sweep) || sweep->seen.trace.kind == FAULT_QUIET ||
		      (sweep->scenario->flags & LARGE);
		survived |= sweep->seen.first == sweep->done.ret;
		*ret = judge_point(sweep, n, FAILING_THEN_AGAIN);
		if (*ret)
			return true;
	}
	if (survived)
		sweep->survived[sweep->n_survived++] = n;
	return true;
}

/* Point @n, where the command survived, and the allocation behind it. */
static int sweep_second(struct sweep *sweep, unsigned int n)
{
	int ret = run(sweep->scenario, sweep->domain, &sweep->seen, FAILING_TWICE, n);

	if (ret || !sweep->seen.hit)
		return ret;
	sweep->tally->second++;
	write_site(sweep, n);
	return judge_point(sweep, n, is_new(sweep) ? FAILING_TWICE_THEN_AGAIN : FAILING);
}

/* What a world is like without the command and with it; twice, so that chance shows. */
static int sweep_baseline(struct sweep *sweep)
{
	const struct scenario *scenario = sweep->scenario;
	int ret;

	ret = run(scenario, sweep->domain, &sweep->untouched, NOT_AT_ALL, 0) ?:
	      run(scenario, sweep->domain, &sweep->done, ONCE_CLEAN, 0) ?:
	      run(scenario, sweep->domain, &sweep->seen, ONCE_CLEAN, 0);
	if (ret)
		return ret;
	if (sweep->seen.ret != sweep->done.ret)
		return complain(sweep, 0, "two clean runs have two results");
	if (!text_equal(&sweep->done.text, &sweep->seen.text, ""))
		return complain_text(sweep, 0, "two clean runs leave two worlds",
				     &sweep->done.text, "");
	if (sweep->done.ret) {
		tell("%s: a clean run ends with %s", scenario->name, strerror(-sweep->done.ret));
		return -EPROTO;
	}
	return 0;
}

/* One point after the other; a few bad ones are enough to see what is wrong. */
static int sweep_points(struct sweep *sweep)
{
	unsigned int n, i, bad = 0;
	int ret, verdict = 0;

	for (n = 1; n <= POINTS_MAX; n++) {
		if (!sweep_point(sweep, n, &ret))
			break;
		if (ret) {
			verdict = ret;
			if (++bad == 4)
				return ret;
		}
	}
	if (ret)
		return ret;
	if (n > POINTS_MAX) {
		tell("%s: no end of points", sweep->scenario->name);
		return -EPROTO;
	}
	if (!verdict && n == 1 && !(sweep->scenario->flags & NO_POINTS)) {
		tell("%s: nothing in it can fail", sweep->scenario->name);
		return -EPROTO;
	}
	if (!inject_has_second())
		return verdict;
	for (i = 0; i < sweep->n_survived && bad < 4; i++) {
		ret = sweep_second(sweep, sweep->survived[i]);
		if (ret) {
			verdict = ret;
			bad++;
		}
	}
	return verdict;
}

int sweep_injected(const struct scenario *scenario, const char *domain, struct tally *tally,
		   FILE *sites)
{
	static struct sweep sweep;
	int ret;

	sweep.scenario = scenario;
	sweep.domain = domain;
	sweep.tally = tally;
	sweep.sites = sites;
	sweep.n_known = 0;
	sweep.n_survived = 0;
	snprintf(sweep.ignored, sizeof(sweep.ignored), "%s%s%s",
		 scenario->flags & (MAY_LACK | MAY_LOSE) ? "~" : "",
		 scenario->flags & MAY_LOSE ? "ml" : "",
		 scenario->flags & MAY_VANISH ? "n" : "");
	ret = sweep_baseline(&sweep) ?: sweep_points(&sweep);
	inject_mark_log();
	return ret;
}

unsigned int tally_swept(const struct tally *tally)
{
	unsigned int kind, n = 0;

	for (kind = FAULT_QUIET + 1; kind < FAULT_KINDS; kind++)
		n += tally->swept[kind];
	return n;
}
