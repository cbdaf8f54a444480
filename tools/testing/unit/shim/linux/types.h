/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's basic types, for code of the module that is built in user space */
#ifndef UNIT_LINUX_TYPES_H
#define UNIT_LINUX_TYPES_H

#include_next <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;
typedef unsigned int gfp_t;

#define U32_MAX		UINT32_MAX
#define U64_MAX		UINT64_MAX
#define S64_MIN		INT64_MIN
#define S64_MAX		INT64_MAX

#define __rcu
#define __user
#define __must_check	__attribute__((warn_unused_result))

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

/* What waits for the end of a grace period, and where its allocation starts. */
struct rcu_head {
	struct rcu_head *next;
	void *object;
};

#endif
