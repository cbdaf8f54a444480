/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sweep.h - all peers side by side, over all sizes of payload
 */
#ifndef KDBUS_BENCH_SWEEP_H
#define KDBUS_BENCH_SWEEP_H

#include "report.h"

void sweep(struct report *report, const struct settings *settings);

#endif /* KDBUS_BENCH_SWEEP_H */
