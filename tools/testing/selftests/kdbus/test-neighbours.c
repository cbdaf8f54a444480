// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One user does as much as he can of one thing, on a bus that somebody else
 * works on.  Measured: what the victim still gets done, how long it waits at worst, and
 * how much memory of the kernel that costs, and whom.
 */
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include "neighbours.h"
#include "objects.h"
#include "kselftest_harness.h"

#define VICTIM		"org.example.victim"
#define CROWD		"org.example.crowd"
#define MEASURE_MS	400
#define MANY_CONNS	300
#define MATCH_CONNS	8

/* ---- what he does ---- */

static struct bus bus;
static struct conn own, others[MANY_CONNS];
static char memory[65536];

static int offender_begin(void)
{
	static bool begun;
	int ret;

	if (begun)
		return 0;
	begun = true;
	ret = fd_limit(2048);
	if (ret == 0)
		ret = drop_privileges(ALICE, ALICE);
	return ret ? ret : conn_new(&own, &bus);
}

/* What a flood may be told. */
static int tolerate(int ret)
{
	return ret == -ENOBUFS || ret == -EXFULL || ret == -EMFILE || ret == -EMLINK ||
	       ret == -ENOMEM || ret == -E2BIG ? 0 : ret;
}

static int floods_messages(void *ctx)
{
	struct args msg;
	int ret = offender_begin();

	if (ret)
		return ret;
	args_msg_name(&msg, VICTIM, 1);
	args_vec(&msg, memory, sizeof(memory));
	return tolerate(msg_send(&own, &msg));
}

static int floods_files(void *ctx)
{
	struct args msg;
	int fds[16], ret = offender_begin();
	unsigned int i;

	if (ret)
		return ret;
	for (i = 0; i < 16; i++)
		fds[i] = 0;
	args_msg_name(&msg, VICTIM, 1);
	args_fds(&msg, fds, 16);
	return tolerate(msg_send(&own, &msg));
}

static int floods_memfds(void *ctx)
{
	struct args msg;
	int fd, ret = offender_begin();
	unsigned int i;

	if (ret)
		return ret;
	fd = memfd_new(memory, sizeof(memory), SEALS_ALL);
	if (fd < 0)
		return fd;
	args_msg_name(&msg, VICTIM, 1);
	for (i = 0; i < 16; i++)
		args_memfd(&msg, fd, 0, sizeof(memory));
	ret = tolerate(msg_send(&own, &msg));
	close(fd);
	return ret;
}

static int floods_names(void *ctx)
{
	static unsigned int n;
	char name[64];
	int ret = offender_begin();

	if (ret)
		return ret;
	snprintf(name, sizeof(name), CROWD ".n%u", n++ % 300);
	ret = tolerate(name_acquire(&own, name, 0, NULL));
	if (ret == 0 && n % 300 == 0)
		for (n = 0; n < 300 && ret == 0; n++) {
			snprintf(name, sizeof(name), CROWD ".n%u", n);
			ret = name_release(&own, name);
			ret = ret == -ESRCH ? 0 : ret;
		}
	return ret;
}

/* Each entry asks for all that the bus tells, many times over, and for one thing that never is. */
static int add_costly_match(struct conn *conn, __u64 cookie)
{
	static struct args args;
	static const __u64 never[BLOOM_SIZE / 8] = { ~0ULL };
	unsigned int i;

	args_match(&args, cookie);
	for (i = 0; i < 300; i++)
		if (cookie % 2)
			args_item(&args, KDBUS_ITEM_BLOOM_MASK, NULL, BLOOM_SIZE);
		else
			args_name_change(&args, KDBUS_ITEM_NAME_ADD, KDBUS_MATCH_ID_ANY,
					 KDBUS_MATCH_ID_ANY, NULL);
	if (cookie % 2) {
		/* in one generation only, so that the index learns nothing from it */
		struct kdbus_item *item = args_item(&args, KDBUS_ITEM_BLOOM_MASK, NULL,
						    2 * BLOOM_SIZE);

		memcpy(item->data, never, BLOOM_SIZE);
	} else {
		args_name_change(&args, KDBUS_ITEM_NAME_ADD, 1, KDBUS_MATCH_ID_ANY, NULL);
	}
	return match_add(conn, &args);
}

static int floods_matches(void *ctx)
{
	static unsigned int n;
	unsigned int conn = n / 256 % MATCH_CONNS;
	int ret = offender_begin();

	if (ret == 0 && n < 256 * MATCH_CONNS && n % 256 == 0)
		ret = conn_new_pool(&others[conn], &bus, 4096);
	if (ret)
		return ret;
	if (n++ < 256 * MATCH_CONNS)
		return tolerate(add_costly_match(&others[conn], n));
	return sched_yield();
}

static int floods_connections(void *ctx)
{
	static unsigned int n;
	unsigned int at = n++ % MANY_CONNS;
	int ret = offender_begin();

	if (ret)
		return ret;
	if (n > MANY_CONNS)
		conn_close(&others[at]);
	ret = conn_new_pool(&others[at], &bus, 65536);
	return ret ? ret : match_all(&others[at], 1);
}

static int floods_calls(void *ctx)
{
	static __u64 n;
	struct args msg;
	int ret = offender_begin();

	if (ret)
		return ret;
	args_msg_name(&msg, VICTIM, ++n);
	msg.msg.flags = KDBUS_MSG_EXPECT_REPLY;
	msg.msg.timeout_ns = deadline_ms(n % 2 ? 1 : PATIENCE_MS);
	ret = tolerate(msg_send(&own, &msg));
	recv_all(&own);
	return ret;
}

static int floods_signals(void *ctx)
{
	int ret = offender_begin();

	return ret ? ret : send_broadcast(&own, 1);
}

static int floods_lists(void *ctx)
{
	struct list list;
	int ret = offender_begin();

	if (ret == 0)
		ret = list_get(&list, &own, KDBUS_LIST_UNIQUE | KDBUS_LIST_NAMES);
	return ret ? ret : list_done(&list);
}

static int never_reads(void *ctx)
{
	static bool begun;
	int ret = offender_begin();

	if (ret == 0 && !begun)
		ret = match_all(&own, 1);
	begun = true;
	return ret ? ret : sched_yield();
}

static int never_frees(void *ctx)
{
	struct kdbus_cmd_recv recv;
	int ret = never_reads(ctx);

	if (ret)
		return ret;
	ret = msg_recv(&own, 0, &recv);
	return ret == -EAGAIN ? 0 : ret;
}

/* Root there, in namespaces of his own; the process that he was waits for him. */
static int enter_container(void)
{
	char map[64];
	pid_t pid;
	int ret;

	ret = drop_privileges(0, 0);
	snprintf(map, sizeof(map), "0 %u 1", ALICE);
	if (ret == 0)
		ret = user_namespace_unshare(map, map);
	if (ret == 0 && unshare(CLONE_NEWPID) < 0)
		ret = -errno;
	if (ret)
		return ret;
	/* not child_fork(): its parent is nobody that it could see */
	pid = fork();
	if (pid > 0)
		child_exit(child_result(pid));
	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid < 0 ? -errno : setresgid(0, 0, 0) || setresuid(0, 0, 0) ? -errno : 0;
}

/* Domains, buses and endpoints of his own, and messages to the bus outside. */
static int floods_from_a_container(void *ctx)
{
	static struct bus inner[16];
	static bool begun;
	char domain[PATH_MAX];
	struct endpoint ep;
	struct args msg;
	unsigned int i;
	int ret = 0;

	if (!begun) {
		begun = true;
		ret = enter_container();
		if (ret == 0)
			ret = domain_mount("kdbus", domain);
		for (i = 0; i < 16 && ret == 0; i++)
			ret = bus_make_in(&inner[i], domain, 0);
		if (ret == 0)
			ret = conn_new(&own, &bus);
	}
	if (ret == 0)
		ret = endpoint_make(&ep, &inner[0]);
	if (ret)
		return ret;
	endpoint_close(&ep);
	args_msg_name(&msg, VICTIM, 1);
	args_vec(&msg, memory, sizeof(memory));
	return tolerate(msg_send(&own, &msg));
}

/* ---- the victim ---- */

/*
 * @client, @service: two connections of the owner of the bus; the service owns
 *	VICTIM and hears all that is told on the bus
 */
struct victim {
	struct conn holder;
	struct conn crowd;
	struct conn client;
	struct conn service;
	pthread_t thread;
};

/* Answer each call and take note of everything else, until a message without a cookie. */
static void *serve(void *data)
{
	struct victim *victim = data;
	const struct kdbus_item *fds, *item;
	const struct kdbus_msg *msg;
	bool end = false;

	while (!end) {
		conn_wait(&victim->service);
		msg = msg_next(&victim->service);
		if (!msg)
			continue;
		end = msg->src_id == victim->client.id && !msg->cookie;
		fds = msg_item(msg, KDBUS_ITEM_FDS);
		if (fds && (fds->size - ITEM_HEADER) / 4 == 16)
			close_range(fds->fds[0], fds->fds[15], 0);
		ITEM_FOREACH(item, msg)
			if (item->type == KDBUS_ITEM_PAYLOAD_MEMFD)
				close(item->memfd.fd);
		if (msg->src_id == victim->client.id && msg->flags & KDBUS_MSG_EXPECT_REPLY)
			send_reply(&victim->service, msg->src_id, 1, msg->cookie);
		msg_done(&victim->service, msg);
	}
	return NULL;
}

/*
 * @units: calls that were answered, each with a broadcast before it
 * @worst_ns: longest time for one
 * @cpu_ns: CPU time of both sides for all
 */
struct work {
	unsigned int units;
	__u64 worst_ns;
	__u64 cpu_ns;
};

static __u64 cpu_time(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static int work(struct victim *victim, struct work *work)
{
	__u64 start = now_ns(), end = start + MEASURE_MS * 1000000ULL, now = start, before;
	__u64 cpu = cpu_time();
	int ret;

	memset(work, 0, sizeof(*work));
	while (now < end) {
		before = now;
		ret = send_broadcast(&victim->client, 1);
		if (ret == 0)
			ret = send_sync(&victim->client, victim->service.id, 2 + work->units);
		/* its own share may be full of what the service has not fetched yet */
		if (ret && ret != -ENOBUFS)
			return ret;
		now = now_ns();
		if (ret == 0)
			work->units++;
		if (now - before > work->worst_ns)
			work->worst_ns = now - before;
	}
	work->cpu_ns = cpu_time() - cpu;
	return 0;
}

static int victim_begin(struct victim *victim)
{
	int ret;

	ret = bus_make(&bus);
	if (ret == 0)
		ret = conn_new_policy(&victim->holder, &bus, KDBUS_HELLO_POLICY_HOLDER, VICTIM,
				      KDBUS_POLICY_ACCESS_WORLD, KDBUS_POLICY_TALK, 0);
	if (ret == 0)
		ret = conn_new_policy(&victim->crowd, &bus, KDBUS_HELLO_POLICY_HOLDER,
				      CROWD ".*", KDBUS_POLICY_ACCESS_WORLD, KDBUS_POLICY_OWN, 0);
	if (ret == 0)
		ret = conn_new(&victim->client, &bus);
	if (ret == 0)
		ret = conn_new(&victim->service, &bus);
	if (ret == 0)
		ret = name_acquire(&victim->service, VICTIM, 0, NULL);
	if (ret == 0)
		ret = match_all(&victim->service, 1);
	return ret ? ret : -pthread_create(&victim->thread, NULL, serve, victim);
}

static int victim_end(struct victim *victim)
{
	int ret;

	while ((ret = send_plain(&victim->client, victim->service.id, 0)) == -ENOBUFS)
		sched_yield();
	pthread_join(victim->thread, NULL);
	return ret;
}

/* ---- both ---- */

FIXTURE(offender) {
	struct victim victim;
	struct cgroup victims;
	struct cgroup offenders;
};

FIXTURE_VARIANT(offender) {
	int (*step)(void *ctx);
	long steps;
};

FIXTURE_SETUP(offender)
{
	ASSERT_EQ(0, cgroup_new(&self->victims));
	ASSERT_EQ(0, cgroup_new(&self->offenders));
	ASSERT_EQ(0, cgroup_enter(&self->victims));
	ASSERT_EQ(0, victim_begin(&self->victim));
}

FIXTURE_TEARDOWN(offender)
{
	struct cgroup root = { "/sys/fs/cgroup" };

	EXPECT_EQ(0, victim_end(&self->victim));
	conn_close(&self->victim.client);
	conn_close(&self->victim.service);
	conn_close(&self->victim.crowd);
	conn_close(&self->victim.holder);
	bus_close(&bus);
	EXPECT_EQ(0, cgroup_enter(&root));
	EXPECT_EQ(0, cgroup_remove(&self->victims));
	EXPECT_EQ(0, cgroup_remove(&self->offenders));
}

FIXTURE_VARIANT_ADD(offender, who_only_uses_a_cpu) { neighbour_spins, 1 };
FIXTURE_VARIANT_ADD(offender, who_floods_messages) { floods_messages, 300 };
FIXTURE_VARIANT_ADD(offender, who_floods_files) { floods_files, 300 };
FIXTURE_VARIANT_ADD(offender, who_floods_memfds) { floods_memfds, 300 };
FIXTURE_VARIANT_ADD(offender, who_floods_names) { floods_names, 300 };
FIXTURE_VARIANT_ADD(offender, who_floods_matches) { floods_matches, 256 * MATCH_CONNS };
FIXTURE_VARIANT_ADD(offender, who_floods_connections) { floods_connections, MANY_CONNS };
FIXTURE_VARIANT_ADD(offender, who_floods_calls) { floods_calls, 300 };
FIXTURE_VARIANT_ADD(offender, who_floods_signals) { floods_signals, 300 };
FIXTURE_VARIANT_ADD(offender, who_floods_lists) { floods_lists, 300 };
FIXTURE_VARIANT_ADD(offender, who_never_reads) { never_reads, 1 };
FIXTURE_VARIANT_ADD(offender, who_never_frees) { never_frees, 1 };
FIXTURE_VARIANT_ADD(offender, who_is_in_a_container) { floods_from_a_container, 100 };

/*
 * The bounds are wide: it is about being kept from work, not about being slowed down by
 * somebody who wants the same CPU.  The figures are in the output.
 */
/* abi: design/6.4 */
TEST_F_TIMEOUT(offender, leaves_the_victim_its_work_and_its_memory, 600)
{
	struct work alone, disturbed;
	struct neighbour neighbour;
	long long slab, mine, victims;
	long steps;

	ASSERT_EQ(0, work(&self->victim, &alone));
	ASSERT_LT(0, alone.units);
	victims = cgroup_get(&self->victims, "memory.stat", "kernel");
	slab = meminfo_get("Slab");

	ASSERT_EQ(0, neighbour_start(&neighbour, &self->offenders, variant->step, NULL));
	EXPECT_EQ(0, neighbour_wait(&neighbour, variant->steps));
	ASSERT_EQ(0, work(&self->victim, &disturbed));
	slab = meminfo_get("Slab") - slab;
	mine = cgroup_get(&self->offenders, "memory.stat", "kernel");
	victims = cgroup_get(&self->victims, "memory.stat", "kernel") - victims;
	steps = neighbour_stop(&neighbour);

	TH_LOG("calls in %u ms: %u alone, %u now; worst %llu us, %llu us; CPU per call %llu us, %llu us",
	       MEASURE_MS, alone.units, disturbed.units, alone.worst_ns / 1000,
	       disturbed.worst_ns / 1000, alone.cpu_ns / alone.units / 1000,
	       disturbed.cpu_ns / (disturbed.units ?: 1) / 1000);
	TH_LOG("kernel memory in KiB: offender %lld, victim %lld more, slab %lld more; %ld steps",
	       mine / 1024, victims / 1024, slab, steps);
	EXPECT_LT(0, steps);
	EXPECT_LT(0, disturbed.units);
	EXPECT_LE(alone.units / 500, disturbed.units);
	EXPECT_GT(5000000000ULL, disturbed.worst_ns);
	/* a third of half of the pool, and what comes with 256 messages */
	EXPECT_GT((long long)(POOL_SIZE / 6 + 1024 * 1024), victims);
	EXPECT_GT(64LL * 1024 * 1024, mine);
}

TEST_HARNESS_MAIN
