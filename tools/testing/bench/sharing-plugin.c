// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sharing-plugin.c - which memory two virtual CPUs share
 *
 * A plugin for QEMU's emulator, loaded by tools/bench --sharing. Between two marks that the guest's
 * program executes (see profile.h) it notes every access of the guest's kernel to memory, by
 * physical address. Of each stretch it writes the cache lines that one CPU has written and another
 * one has read or written, with all accesses to them:
 *
 *   stretch 1
 *   <address in the line, hex> <r or w> <cpu> <address of the instruction, hex> <times> <calls>
 *           <virtual address, hex>
 *
 * and in how many calls of the program on that CPU it happened: what happens by time, like a
 * tick of the clock, or in a loop, like waiting for a lock, can be told from what each call does.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "plugin.h"

#define N_CPUS		2
#define N_SLOTS		(1U << 20)
#define LINE_SHIFT	6

/* Accesses of one instruction of one CPU to one word */
struct access {
	uint64_t physical;
	uint64_t virtual;
	uint64_t instruction;	/* 0: the slot is free */
	uint64_t times;
	uint64_t calls;		/* in how many calls */
	uint64_t last_call;
	bool is_store;
};

/* Each CPU is a thread of its own and has a table of its own. */
static struct access *tables[N_CPUS];
static size_t n_used[N_CPUS];
static uint64_t calls[N_CPUS];	/* which call a CPU is in, from 1 */
static bool counting;
static FILE *out;
static unsigned int n_stretches;

static struct access *slot_of(unsigned int cpu, uint64_t physical, uint64_t instruction,
			      bool is_store)
{
	uint64_t hash = (physical ^ instruction * 3 ^ is_store) * 0x9e3779b97f4a7c15ULL;
	struct access *slot;
	size_t i = hash >> 44;

	for (;; i++) {
		slot = &tables[cpu][i % N_SLOTS];
		if (!slot->instruction) {
			/* A table that is nearly full tells nothing right any more. */
			if (++n_used[cpu] > N_SLOTS / 4 * 3)
				abort();
			slot->instruction = instruction;
			slot->physical = physical;
			slot->is_store = is_store;
			return slot;
		}
		if (slot->physical == physical && slot->instruction == instruction &&
		    slot->is_store == is_store)
			return slot;
	}
}

static void on_access(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data)
{
	struct qemu_plugin_hwaddr *hwaddr;
	struct access *slot;

	if (!__atomic_load_n(&counting, __ATOMIC_ACQUIRE) || cpu >= N_CPUS)
		return;
	hwaddr = qemu_plugin_get_hwaddr(info, address);
	if (!hwaddr || qemu_plugin_hwaddr_is_io(hwaddr))
		return;
	slot = slot_of(cpu, qemu_plugin_hwaddr_phys_addr(hwaddr), (uintptr_t)data,
		       qemu_plugin_mem_is_store(info));
	slot->virtual = address;
	slot->times++;
	if (slot->last_call != calls[cpu]) {
		slot->last_call = calls[cpu];
		slot->calls++;
	}
}

static void call_ends(unsigned int cpu, void *data)
{
	if (cpu < N_CPUS)
		calls[cpu]++;
}

static void stretch_begins(unsigned int cpu, void *data)
{
	size_t i;

	for (i = 0; i < N_CPUS; i++) {
		memset(tables[i], 0, N_SLOTS * sizeof(*tables[i]));
		n_used[i] = 0;
	}
	__atomic_store_n(&counting, true, __ATOMIC_RELEASE);
}

/* What a CPU did with a line, as bits */
enum { HAS_READ = 1, HAS_WRITTEN = 2 };

/* Lines by their number; as many as a table has slots, since each access has one line */
struct line {
	uint64_t number;
	uint8_t by[N_CPUS];	/* 0 for all: the slot is free */
};

static struct line *line_of(struct line *lines, uint64_t number)
{
	size_t i = number * 0x9e3779b97f4a7c15ULL >> 43;

	for (;; i++) {
		struct line *line = &lines[i % (N_SLOTS * 2)];

		if (line->number == number || (!line->by[0] && !line->by[1])) {
			line->number = number;
			return line;
		}
	}
}

static bool is_shared(const struct line *line)
{
	return line->by[0] && line->by[1] && ((line->by[0] | line->by[1]) & HAS_WRITTEN);
}

static void write_shared(struct line *lines)
{
	size_t cpu, i;

	for (cpu = 0; cpu < N_CPUS; cpu++) {
		for (i = 0; i < N_SLOTS; i++) {
			const struct access *a = &tables[cpu][i];

			if (a->instruction && is_shared(line_of(lines, a->physical >> LINE_SHIFT)))
				fprintf(out, "%" PRIx64 " %c %zu %" PRIx64 " %" PRIu64
					" %" PRIu64 " %" PRIx64 "\n",
					a->physical, a->is_store ? 'w' : 'r', cpu, a->instruction,
					a->times, a->calls, a->virtual);
		}
	}
}

/* The other CPU may be in the middle of an access, of which then one is not counted, or half. */
static void stretch_ends(unsigned int cpu, void *data)
{
	struct line *lines;
	size_t i, j;

	__atomic_store_n(&counting, false, __ATOMIC_RELEASE);
	lines = calloc(N_SLOTS * 2, sizeof(*lines));
	if (!lines)
		abort();
	for (i = 0; i < N_CPUS; i++) {
		for (j = 0; j < N_SLOTS; j++) {
			const struct access *a = &tables[i][j];

			if (a->instruction)
				line_of(lines, a->physical >> LINE_SHIFT)->by[i] |=
					a->is_store ? HAS_WRITTEN : HAS_READ;
		}
	}
	fprintf(out, "stretch %u\n", ++n_stretches);
	write_shared(lines);
	fflush(out);
	free(lines);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct qemu_plugin_insn *insn;
	uint64_t address;
	size_t i;

	for (i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		address = qemu_plugin_insn_vaddr(insn);
		if (is_mark(insn, PROFILE_MARK_BEGIN))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, stretch_begins, CB_NO_REGS,
							       NULL);
		else if (is_mark(insn, PROFILE_MARK_END))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, stretch_ends, CB_NO_REGS,
							       NULL);
		else if (is_mark(insn, PROFILE_MARK_CALL))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, call_ends, CB_NO_REGS, NULL);
		else if (address >> 63)
			qemu_plugin_register_vcpu_mem_cb(insn, on_access, CB_NO_REGS, MEM_RW,
							 (void *)(uintptr_t)address);
	}
}

int qemu_plugin_version = 1;

/* Called by QEMU; the argument is out=FILE. */
int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	size_t i;

	if (argc != 1 || strncmp(argv[0], "out=", 4))
		return 1;
	out = fopen(argv[0] + 4, "we");
	for (i = 0; i < N_CPUS; i++) {
		tables[i] = calloc(N_SLOTS, sizeof(*tables[i]));
		calls[i] = 1;
	}
	if (!out || !tables[0] || !tables[1])
		return 1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
