// SPDX-License-Identifier: GPL-2.0
/* All files as one translation unit. */

#include <linux/init.h>
#include <linux/module.h>

/**
 * DOC: One translation unit
 *
 * A message passes through thirty files, most of whose functions have one or two callers.
 * Compiled one by one, each is entered and left, with its registers saved and its
 * arguments where the convention wants them: 1,200 of the 4,900 instructions that a call and
 * its reply took in the module.  The compiler sees all of it here, and that nobody
 * else calls what is not a static function either.  What that saves, on kernel 6.1, in
 * instructions of a guest, kernel and program together (64 bytes):
 *
 * ================  ==========  =======  ===========
 * ..                file by     one      one unit,
 *                   file        unit     -O3
 * ================  ==========  =======  ===========
 * EXCHANGE by id    12,438      12,078   11,554
 * by name           14,132      13,678   13,152
 * one way           4,732       4,638    4,326
 * ================  ==========  =======  ===========
 *
 * File by file with -O3 it is 12,280, 13,966 and 4,620.
 *
 * What is rare is kept out of line by hand (noinline): a slice that needs memory, files,
 * metadata, somebody who waits for room.  The compiler would put a function with one caller
 * into that, and whoever passes by would save the registers that it needs, and check the
 * stack behind its arrays.  EXCHANGE by id: 335 instructions.
 *
 * The scheduler of the kernel is built from a few such units, for the same reason.  Here the list
 * of files is that of the Makefile, so names of static functions and types are
 * unique in all of the directory.  Whoever wants to see each file has
 * CONFIG_KDBUS_WHOLE off: coverage, sanitizers, KUnit, and the check that files call
 * in no circle.
 */

/* The loader calls these, and not for the compiler to see. */
#ifdef MODULE
extern __visible typeof(init_module) init_module;
extern __visible typeof(cleanup_module) cleanup_module;
#endif

#include "whole.inc"
