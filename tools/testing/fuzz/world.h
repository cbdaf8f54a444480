/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What running programs share.  Three scopes: struct shared is the same memory for all workers and
 * their children; struct slot belongs to a process (a child has a copy); struct lane_state to
 * whoever runs operations.
 */
#ifndef KDBUS_FUZZ_WORLD_H
#define KDBUS_FUZZ_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cover.h"
#include "grammar.h"
#include "prog.h"

#define WORKERS_MAX	8
#define ERRNOS		140

/**
 * struct shared - counters and verdicts, in memory of all processes
 * @stop: no new programs
 * @seconds: since the workers were started
 * @programs: begun, by each worker; also tells that it is alive
 * @calls: operations done, by kind
 * @successes: those of them that succeeded
 * @errors: how often each kind of command failed with each error
 * @finding: the first thing that was wrong; empty if nothing was
 */
struct shared {
	int stop;
	uint64_t seconds;
	uint64_t programs[WORKERS_MAX];
	uint64_t calls[OP_KINDS];
	uint64_t successes[OP_KINDS];
	uint32_t errors[OP_KINDS][ERRNOS];
	int found;
	char finding[512];
	uint8_t seen[COVER_FEATURES];
	uint64_t features;
	uint64_t pcs;
	uint64_t pc[COVER_PCS];
};

/**
 * struct slot - a descriptor and what is known about it
 * @fd: -1 if there is none
 * @id: of the connection
 * @offset: the last that a command returned
 * @pool: size of its pool
 * @sender: source of the message received last
 * @cookie: of that message
 * @map: mapping of the pool, or NULL
 * @mapped: its size
 */
struct slot {
	int fd;
	uint64_t id;
	uint64_t offset;
	uint64_t pool;
	uint64_t sender;
	uint64_t cookie;
	unsigned char *map;
	size_t mapped;
};

/**
 * struct lane_state - who runs operations
 * @lane: which of them
 * @tid: thread
 * @turn: how often the operation has been repeated
 */
struct lane_state {
	enum lane lane;
	pid_t tid;
	unsigned int turn;
};

extern struct shared *shared;
extern struct slot slots[PROG_SLOTS];

void finding(const char *format, ...) __attribute__((format(printf, 1, 2)));
uint64_t world_value(uint64_t value);
uint64_t now_ns(void);

/* memory.c */
bool memory_init(void);
void memory_fresh(void);
void *memory_payload(enum memory kind, uint64_t offset);
unsigned char *memory_place(enum lane lane, bool message, enum place place, size_t size,
			    size_t announced, unsigned char **user);
void memory_provide(void);
void memory_flip(unsigned int times, uint64_t mask);
bool memory_next_fault(void);
void memory_resolve(void);

/* log.c */
bool memory_log_init(const char *path, unsigned int workers);
void memory_log_write(unsigned int worker, const char *text, size_t size);

/* command.c */
bool command_run(struct lane_state *me, const struct op *op);

/* oracle.c */
bool oracle_errno_is_known(unsigned int kind, int error);
uint64_t oracle_return_flags(unsigned int kind);
uint64_t oracle_info_flags(unsigned int kind);

/* calls.c */
void call_run(struct lane_state *me, const struct op *op);
void calls_clean_up(int first);

/* crowd.c */
bool crowd_come(const struct op *op);

/* run.c */
bool run_init(unsigned int worker, const char *mount, const char *reports);
bool run_prog(const struct prog *prog);
extern const char *run_mount;
extern bool run_is_concurrent;	/* more than one lane is at work */
extern bool run_is_apart;	/* in namespaces of its own */
bool run_in_namespaces(struct lane_state *me);
void run_signal(struct lane_state *me, unsigned int lane);

#endif
