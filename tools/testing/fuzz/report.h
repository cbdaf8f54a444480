/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Figures of a run, on the terminal and in files. */
#ifndef KDBUS_FUZZ_REPORT_H
#define KDBUS_FUZZ_REPORT_H

void report_line(unsigned int seconds, unsigned int corpus);
void report_write(const char *directory);

#endif
