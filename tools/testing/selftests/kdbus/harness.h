/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's harness, with more patience */
#ifndef KDBUS_SELFTEST_HARNESS_H
#define KDBUS_SELFTEST_HARNESS_H

#include "kselftest_harness.h"

/*
 * Seconds that a test may take unless it says something else.  A kernel under
 * sanitizers, with delays, in an emulated machine that shares its CPUs, is a hundred
 * times slower than the one that the harness has in mind; a test that hangs is
 * told anyway.
 */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 150

#endif
