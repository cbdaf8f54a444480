// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * profile-plugin.c - where a guest's instructions go, exactly
 *
 * A plugin for QEMU's emulator, loaded by tools/bench --profile. It counts how often each block of
 * guest code is run between two marks that the guest's program executes (see profile.h), and writes
 * the counts of each such stretch to a file:
 *
 *   stretch 1
 *   <address of an instruction, hex> <times>
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

int qemu_plugin_version = 1;

/* An instruction of the guest; the same address may be translated many times */
struct counter {
	struct counter *next;
	uint64_t address;
	uint64_t count;
};

#define N_BUCKETS	(1U << 16)

static struct counter *buckets[N_BUCKETS];
static FILE *out;
static unsigned int n_stretches;

static struct counter *counter_of(uint64_t address)
{
	struct counter **bucket = &buckets[(address ^ address >> 16) % N_BUCKETS], *counter;

	for (counter = *bucket; counter; counter = counter->next)
		if (counter->address == address)
			return counter;
	counter = calloc(1, sizeof(*counter));
	if (!counter)
		abort();
	counter->address = address;
	counter->next = *bucket;
	*bucket = counter;
	return counter;
}

static void stretch_begins(unsigned int vcpu, void *data)
{
	struct counter *counter;
	unsigned int i;

	for (i = 0; i < N_BUCKETS; i++)
		for (counter = buckets[i]; counter; counter = counter->next)
			counter->count = 0;
}

static void stretch_ends(unsigned int vcpu, void *data)
{
	struct counter *counter;
	unsigned int i;

	fprintf(out, "stretch %u\n", ++n_stretches);
	for (i = 0; i < N_BUCKETS; i++)
		for (counter = buckets[i]; counter; counter = counter->next)
			if (counter->count)
				fprintf(out, "%" PRIx64 " %" PRIu64 "\n", counter->address,
					counter->count);
	fflush(out);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct qemu_plugin_insn *insn;
	size_t i;

	for (i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		if (is_mark(insn, PROFILE_MARK_BEGIN))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, stretch_begins, CB_NO_REGS,
							       NULL);
		else if (is_mark(insn, PROFILE_MARK_END))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, stretch_ends, CB_NO_REGS,
							       NULL);
		else
			qemu_plugin_register_vcpu_insn_exec_inline(
				insn, INLINE_ADD_U64,
				&counter_of(qemu_plugin_insn_vaddr(insn))->count, 1);
	}
}

/* Called by QEMU; the argument is out=FILE. */
int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	if (argc != 1 || strncmp(argv[0], "out=", 4))
		return 1;
	out = fopen(argv[0] + 4, "we");
	if (!out)
		return 1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
