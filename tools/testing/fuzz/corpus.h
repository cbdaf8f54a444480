/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs that reached something new, as text in memory that all workers share. */
#ifndef KDBUS_FUZZ_CORPUS_H
#define KDBUS_FUZZ_CORPUS_H

#include <stdbool.h>
#include <stdio.h>

#include "prog.h"

bool corpus_init(void);
bool corpus_read(const char *path);
unsigned int corpus_to_try(void);
bool corpus_try(unsigned int number, struct prog *prog);
void corpus_add(const struct prog *prog);
unsigned int corpus_count(void);
bool corpus_get(unsigned int number, struct prog *prog);
bool corpus_write(const char *path);

#endif
