/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plugin.h - what a plugin for QEMU's emulator uses of QEMU
 *
 * The interface is part of QEMU's binary; Debian ships no header for it, so what is used here is
 * declared here, by its documentation (interface version 1).
 */
#ifndef KDBUS_BENCH_PLUGIN_H
#define KDBUS_BENCH_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "profile.h"

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;
struct qemu_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;

enum { CB_NO_REGS };
enum { INLINE_ADD_U64 };
enum { MEM_R = 1, MEM_W, MEM_RW };

typedef void (*tb_translated)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*executed)(unsigned int vcpu, void *data);
typedef void (*accessed)(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t address,
			 void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, tb_translated cb);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, executed cb, int flags,
					    void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op, void *ptr,
						uint64_t value);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, accessed cb, int flags, int rw,
				      void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t info);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(qemu_plugin_meminfo_t info, uint64_t address);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *hwaddr);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *hwaddr);

/* What QEMU looks for in a plugin */
extern int qemu_plugin_version;
int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv);

/* Whether an instruction is one of the marks of profile.h. */
static inline bool is_mark(const struct qemu_plugin_insn *insn, uint8_t which)
{
	static const uint8_t mark[] = { PROFILE_MARK_BYTES };
	const uint8_t *bytes = qemu_plugin_insn_data(insn);

	return qemu_plugin_insn_size(insn) == sizeof(mark) + 1 &&
	       !memcmp(bytes, mark, sizeof(mark)) && bytes[sizeof(mark)] == which;
}

#endif /* KDBUS_BENCH_PLUGIN_H */
