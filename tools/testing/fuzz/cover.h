/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which parts of the module the operations of each lane have reached. */
#ifndef KDBUS_FUZZ_COVER_H
#define KDBUS_FUZZ_COVER_H

#include <stdbool.h>
#include <stdint.h>

#define COVER_FEATURES	(1u << 19)
#define COVER_PCS	(1u << 15)

bool cover_init(void);
bool cover_is_on(void);
void cover_enable(unsigned int lane);
void cover_disable(unsigned int lane);
void cover_start(void);
void cover_mark(unsigned int lane);
void cover_feature(uint64_t feature);
unsigned int cover_collect(uint32_t *features, unsigned int limit);
unsigned int cover_learn(uint32_t *features, unsigned int count);

#endif
