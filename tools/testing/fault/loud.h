/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module as the sweep loads it asks for a warning wherever it can lack memory: the log
 * names only such faults.
 */
#include <linux/gfp.h>

#undef __GFP_NOWARN
#define __GFP_NOWARN ((__force gfp_t)0)
