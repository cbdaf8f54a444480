/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sharing.h - two pairs of processes that have nothing to do with each other but the bus
 */
#ifndef KDBUS_BENCH_SHARING_H
#define KDBUS_BENCH_SHARING_H

#include <stddef.h>

int sharing_run(size_t calls, const char *wanted);

#endif /* KDBUS_BENCH_SHARING_H */
