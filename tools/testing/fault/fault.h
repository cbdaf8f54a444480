/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fault sweep: a table of scenarios, each a world and a command in it, and what is
 * done to each: the command fails at its first allocation or copy, its second, and so on.
 *
 * As in common.h, int results are 0 or a negative errno unless said otherwise.
 */
#ifndef KDBUS_FAULT_H
#define KDBUS_FAULT_H

#include "common.h"
#include "objects.h"

/* ---- text that grows, in lines; the first character of a line is its tag ---- */

/*
 * Tags: what may be different when a command succeeds although something failed in it.
 */
#define TAG_FIRM	'='	/* never different */
#define TAG_EXTRA	'~'	/* metadata, descriptors and what their sizes change */
#define TAG_COPY	'm'	/* one copy of a signal, or that it was lost */
#define TAG_COUNT	'n'	/* how many of these there were */
#define TAG_CALL	'c'	/* what a waiting caller was told */
#define TAG_RESULT	'r'	/* what the command wrote */
#define TAG_LOST	'l'	/* ... about a message that some have lost */

struct text {
	char *data;
	size_t size;
	size_t room;
};

void text_clear(struct text *text);
void text_free(struct text *text);
void text_add(struct text *text, char tag, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Equal but for lines with one of these @tags? */
bool text_equal(const struct text *a, const struct text *b, const char *tags);
/* Show the lines that differ, as diagnostics. */
void text_diff(const struct text *wanted, const struct text *seen, const char *tags);

/* ---- faults ---- */

/*
 * QUIET: whoever asked for memory asked for no warning, so the log does not tell what it
 * was.  That is the kernel watching itself (each object has one of kmemleak's), or memory
 * with a second way to it.
 */
enum fault_kind {
	FAULT_QUIET,
	FAULT_SLAB,
	FAULT_PAGE,
	FAULT_COPY,
	FAULT_KINDS,
};

#define FAULT_FRAMES	24

/*
 * @kind: what has failed
 * @frames: functions of the module that it happened in, innermost first, as "name+0xoffset/0xsize"
 * @report: not empty: something that the kernel complained about
 */
struct fault_trace {
	enum fault_kind kind;
	unsigned int n_frames;
	char frames[FAULT_FRAMES][96];
	char report[256];
};

/* Open the controls; 0 or -errno after telling what is missing. */
int inject_init(const char *reports);
/* Each thread that wants faults opens its own control. */
int inject_open_self(void);
/* Let the @n-th allocation or copy of the calling thread fail; 0: none. */
void inject_arm(unsigned int n);
/* Let the slab allocation that comes after it fail as well, if this thread is allowed to. */
bool inject_has_second(void);
void inject_arm_twice(unsigned int n);
/* End that; whether it has happened. */
bool inject_disarm(void);
/* What the kernel's log says since the last call. */
void inject_trace(struct fault_trace *trace);
/* Keep the mark in the log from which the guest's own scan starts. */
void inject_mark_log(void);

/* ---- worlds ---- */

#define MAX_CONNS	24
#define MAX_FDS		8
#define BUS_NAME	"fault"

enum { A, B, C, D };

struct scenario;

/*
 * @domain: where it is mounted; the same for all worlds of a scenario
 * @ep: custom endpoint, if any
 * @conn: the connections, of which @n_conns may be there; fd is -1 where none is
 * @eye: looks on, and takes part in nothing
 * @fds: closed in the end; -1 where none is
 * @fd, @nr, @cmd, @msg: the command to be tested; @msg is what SEND sends
 * @bytes: payload that @msg refers to
 * @call: a synchronous call that waits while the command is tested
 * @answerer: a thread that replies to what one connection gets
 * @path: of what open(2), mount(2) and their like are to work on
 */
struct world {
	const struct scenario *scenario;
	const char *domain;
	struct bus bus;
	struct endpoint ep;
	struct conn conn[MAX_CONNS];
	unsigned int n_conns;
	struct conn eye;
	int fds[MAX_FDS];
	int fd;
	unsigned long nr;
	struct args cmd;
	struct args msg;
	__u8 *bytes;
	size_t n_bytes;
	struct sync_call call;
	bool calling;
	struct answerer *answerer;
	char path[PATH_MAX];
	void *map;
};

/* a success in spite of a fault may lack metadata or descriptors */
#define MAY_LACK	0x01
/* ... or signals, if they are counted as lost */
#define MAY_LOSE	0x02
/* ... or what is for one, who is not told: a signal, that there will be no answer */
#define MAY_VANISH	0x100
/* a failed reply uses the call up: the next one finds none */
#define USES_CALL_UP	0x04
/* cannot be done twice, whatever it returned */
#define ONCE		0x08
/* a failure may come after others have seen something: a monitor, or who is told the opposite then */
#define MAY_BE_SEEN	0x80
/* nothing in it can fail by injection; only memory that faults */
#define NO_POINTS	0x10
/* a world that is made too slowly to look at memory as well */
#define LARGE		0x200
/* pools have more room, and are not looked at so closely */
#define LARGE_MESSAGES	0x400
/* no bus is made for it */
#define NO_BUS		0x20
/* runs in a user namespace of its own, with a mount of its own */
#define IN_USERNS	0x40

/*
 * @name: of the scenario
 * @options: mount options of its domain: limits that a leaked count would run into
 * @setup: make the world, and @fd, @nr, @cmd, @msg unless there is @act
 * @act: what is tested; NULL: the command
 * @show: write what others can see of it, beyond world_show()
 * @arg: for @setup
 */
struct scenario {
	const char *name;
	const char *options;
	int (*setup)(struct world *world);
	int (*act)(struct world *world);
	void (*show)(struct world *world, struct text *text);
	unsigned int flags;
	unsigned int arg;
};

/* Tables end with an entry without a name. */
extern const struct scenario node_scenarios[];
extern const struct scenario hello_scenarios[];
extern const struct scenario send_scenarios[];
extern const struct scenario signal_scenarios[];
extern const struct scenario flow_scenarios[];
extern const struct scenario call_scenarios[];
extern const struct scenario recv_scenarios[];
extern const struct scenario uring_scenarios[];
extern const struct scenario name_scenarios[];
extern const struct scenario match_scenarios[];
extern const struct scenario query_scenarios[];
extern const struct scenario leave_scenarios[];
extern const struct scenario *const all_scenarios[];

int world_make(struct world *world, const struct scenario *scenario, const char *domain);
/* Take everything down; complains about what does not go. */
int world_end(struct world *world);
/* Run what is tested: 0 or -errno. */
int world_act(struct world *world);
/* Is the command one that sends @msg? */
bool world_sends(const struct world *world);
/* What the command wrote, for those who succeeded. */
void world_show_result(struct world *world, struct text *text);
/* What can be seen from outside, then what is in each queue and pool: this empties them. */
void world_show(struct world *world, struct text *text);

/* ---- helpers of the scenarios; connections are made at the index given ---- */

int world_conn(struct world *world, unsigned int i);
int world_conn_args(struct world *world, unsigned int i, struct args *args);
/* ... that wants this metadata with its messages */
int world_conn_recv(struct world *world, unsigned int i, __u64 attach_flags_recv);
/* Ordinary connections from @first on. */
int world_conns(struct world *world, unsigned int first, unsigned int n);
int world_monitor(struct world *world, unsigned int i, __u64 attach_flags_recv);
/* Set @fd and @nr, which is about connection @i. */
void world_command(struct world *world, unsigned int i, unsigned long nr);
/* @msg is sent by @i with these flags of the command. */
int world_send(struct world *world, unsigned int i, __u64 flags);
/* Get @size bytes of payload with a pattern. */
int world_bytes(struct world *world, size_t size);
/* A descriptor that world_end() closes, in the first free place. */
int world_keep_fd(struct world *world, int fd);
/* Let connection @i answer each call. */
int world_answer(struct world *world, unsigned int i);
/* A synchronous call from @from to @to that waits; received there already. */
int world_call(struct world *world, unsigned int from, unsigned int to, __u64 cookie);
/* Show this message; takes its descriptors away. */
void show_message(struct world *world, struct text *text, unsigned int i,
		  const struct kdbus_msg_info *info);

/* ---- sweeps ---- */

/*
 * @swept: faults by kind
 * @second: second faults, where the command had survived the first
 * @memory: faults of memory that is not there or cannot be written
 * @moved: faults that met another place each time when they were tried again
 */
struct tally {
	unsigned int swept[FAULT_KINDS];
	unsigned int second;
	unsigned int memory;
	unsigned int moved;
};

/* All but the quiet ones. */
unsigned int tally_swept(const struct tally *tally);

/* Injected faults; 0 or -EPROTO after telling what was wrong. */
int sweep_injected(const struct scenario *scenario, const char *domain, struct tally *tally,
		   FILE *sites);
/* Memory that faults at each place of each argument. */
int sweep_memory(const struct scenario *scenario, const char *domain, struct tally *tally);

/* Loading the module, which must be loaded and is again afterwards. */
int sweep_load(const char *module, struct tally *tally, FILE *sites);

/* Diagnostic of TAP. */
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* KDBUS_FAULT_H */
