/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random parts of operations: mostly such as are of use. */
#ifndef KDBUS_FUZZ_CHOOSE_H
#define KDBUS_FUZZ_CHOOSE_H

#include "grammar.h"

/* Slots have habits, so that operations meet. */
#define SLOT_CONTROL	0
#define SLOT_OTHER_BUS	1
#define SLOT_ENDPOINT	2
#define SLOT_CONN	3
#define SLOT_CONNS	6
#define SLOT_MEMFD	9
#define SLOT_MEMFDS	2
#define SLOT_OBJECT	11
#define SLOT_OBJECTS	2
#define SLOT_EPOLL	13
#define SLOT_MOUNT	14

#define PAGE		4096ULL
#define MILLISECOND	1000000ULL

unsigned int choose_conn(struct random *random);
unsigned int choose_memfd(struct random *random);
unsigned int choose_object(struct random *random);
uint64_t choose_flags(struct random *random, uint64_t mask);
uint64_t choose_attach(struct random *random);
uint64_t choose_id(struct random *random);
uint64_t choose_size(struct random *random);
uint64_t choose_deadline(struct random *random);
uint64_t choose_type(struct random *random, unsigned int kind);
void item_words(struct item *item, unsigned int count, uint64_t a, uint64_t b, uint64_t c);
void item_string(struct random *random, struct item *item, unsigned int good);
void item_init(struct random *random, struct op *op, struct item *item, uint64_t type);

#endif
