/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * As much of the kernel as the tested files need, in user space
 *
 * Where the kernel has rules, breaking them ends the test: reading under RCU
 * without its read lock, sleeping under a spin lock or in a reader, WARN_ON().
 * What is freed after a grace period is freed when the test says
 * unit_grace_period(), which waits for readers in other threads; so address and
 * thread sanitizers see what they would see in the kernel.
 */
#ifndef UNIT_KERNEL_H
#define UNIT_KERNEL_H

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <linux/types.h>
#include <pthread.h>
#include <string.h>

/* Bits and numbers */

#define BIT(nr)			(1UL << (nr))
#define BIT_ULL(nr)		(1ULL << (nr))
#define ALIGN(x, a)		(((x) + (a) - 1) & ~((typeof(x))(a) - 1))
#define IS_ALIGNED(x, a)	(((x) & ((a) - 1)) == 0)
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define min_t(type, a, b)	((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define max_t(type, a, b)	((type)(a) > (type)(b) ? (type)(a) : (type)(b))
#define min(a, b)		((a) < (b) ? (a) : (b))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define swap(a, b)		\
	do { typeof(a) swap_ = (a); (a) = (b); (b) = swap_; } while (0)
#define clamp(v, lo, hi)	min(max(v, lo), hi)
#define lower_32_bits(n)	((u32)(n))
#define upper_32_bits(n)	((u32)((n) >> 32))

static inline unsigned int hweight64(u64 word)
{
	return __builtin_popcountll(word);
}

static inline unsigned int __ffs64(u64 word)
{
	return __builtin_ctzll(word);
}

static inline unsigned long roundup_pow_of_two(unsigned long n)
{
	return n <= 1 ? 1 : 1UL << (64 - __builtin_clzl(n - 1));
}

#define offsetofend(type, member)	(offsetof(type, member) + sizeof(((type *)0)->member))
#define container_of(ptr, type, member)					\
	((type *)((char *)(ptr) - offsetof(type, member)))
#define struct_size(p, member, n)					\
	(offsetof(typeof(*(p)), member) + sizeof((p)->member[0]) * (size_t)(n))
#define noinline		__attribute__((noinline))
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define likely(x)		__builtin_expect(!!(x), 1)
#define BUILD_BUG_ON(condition)	_Static_assert(!(condition), #condition)
#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define data_race(x)		READ_ONCE(x)
#define WRITE_ONCE(x, v)	__atomic_store_n(&(x), v, __ATOMIC_RELAXED)
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)

typedef struct {
	int counter;
} atomic_t;

#define atomic_read(v)		READ_ONCE((v)->counter)
#define atomic_add_return(i, v)	__atomic_add_fetch(&(v)->counter, i, __ATOMIC_SEQ_CST)
#define atomic_sub(i, v)	((void)__atomic_sub_fetch(&(v)->counter, i, __ATOMIC_RELAXED))

/* Errors */

#define IS_ERR(ptr)		((unsigned long)(ptr) >= (unsigned long)-4095)
#define ERR_PTR(error)		((void *)(long)(error))
#define PTR_ERR(ptr)		((int)(long)(ptr))

void unit_bug(const char *file, int line, const char *what);

#define WARN_ON_ONCE(condition)						\
	({								\
		bool failed_ = (condition);				\
									\
		if (failed_)						\
			unit_bug(__FILE__, __LINE__, #condition);	\
		failed_;						\
	})

/* Memory */

#define GFP_KERNEL		1U
#define GFP_KERNEL_ACCOUNT	GFP_KERNEL
#define __GFP_NOWARN		0U
#define SLAB_ACCOUNT		0U

struct kmem_cache {
	size_t size;
};

void *unit_alloc(size_t size);
void kfree(const void *object);

#define kzalloc(size, gfp)	unit_alloc(size)
#define kmalloc(size, gfp)	unit_alloc(size)
#define kvzalloc(size, gfp)	unit_alloc(size)
#define kvmalloc(size, gfp)	unit_alloc(size)
#define kvfree(object)		kfree(object)

struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align,
				     unsigned int flags, void (*ctor)(void *object));
void kmem_cache_destroy(struct kmem_cache *cache);
void kmem_cache_free(struct kmem_cache *cache, void *object);

#define kmem_cache_zalloc(cache, gfp)	unit_alloc((cache)->size)

static inline void *memchr_inv(const void *start, int c, size_t size)
{
	const u8 *byte = start;

	for (; size; byte++, size--)
		if (*byte != (u8)c)
			return (void *)byte;
	return NULL;
}

/* Hashes: good enough, and as slow as those of the kernel */

u32 jhash(const void *key, u32 size, u32 seed);

static inline u32 jhash2(const u32 *key, u32 n_words, u32 seed)
{
	return jhash(key, n_words * sizeof(*key), seed);
}

static inline u32 jhash_2words(u32 a, u32 b, u32 seed)
{
	u32 words[] = { a, b };

	return jhash2(words, 2, seed);
}

u32 get_random_u32(void);

/* Locks */

struct mutex {
	pthread_mutex_t lock;
	bool held;
};

typedef struct mutex spinlock_t;

typedef struct {
	unsigned int sequence;
	spinlock_t *lock;
} seqcount_spinlock_t;

void mutex_init(struct mutex *mutex);
void mutex_destroy(struct mutex *mutex);
void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
void spin_lock_init(spinlock_t *lock);
void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);
void seqcount_spinlock_init(seqcount_spinlock_t *seq, spinlock_t *lock);
void write_seqcount_begin(seqcount_spinlock_t *seq);
void write_seqcount_end(seqcount_spinlock_t *seq);
unsigned int read_seqcount_begin(const seqcount_spinlock_t *seq);
bool read_seqcount_retry(const seqcount_spinlock_t *seq, unsigned int start);

#define lockdep_assert_held(lock_)	((void)WARN_ON_ONCE(!(lock_)->held))

/* RCU */

void rcu_read_lock(void);
void rcu_read_unlock(void);
bool rcu_read_lock_held(void);
void unit_free_rcu(struct rcu_head *rcu, void *object);
unsigned long get_state_synchronize_rcu(void);
bool poll_state_synchronize_rcu(unsigned long state);

/* A benchmark counts what the kernel does, without the checks. */
#ifdef UNIT_NO_CHECKS
#define unit_assert_rcu(file, line)	((void)0)
#define RCU_LOCKDEP_WARN(c, text)	((void)0)
#else
void unit_assert_rcu(const char *file, int line);
#define RCU_LOCKDEP_WARN(c, text)	((void)WARN_ON_ONCE(c))
#endif

#define rcu_dereference(p)						\
	({								\
		unit_assert_rcu(__FILE__, __LINE__);			\
		__atomic_load_n(&(p), __ATOMIC_ACQUIRE);		\
	})
#define rcu_access_pointer(p)		READ_ONCE(p)
#define rcu_dereference_protected(p, c)	READ_ONCE(p)
#define rcu_assign_pointer(p, v)	__atomic_store_n(&(p), v, __ATOMIC_RELEASE)
#define RCU_INIT_POINTER(p, v)		WRITE_ONCE(p, v)
#define kfree_rcu(object, member)	unit_free_rcu(&(object)->member, object)
#define kvfree_rcu(object, member)	unit_free_rcu(&(object)->member, object)

/* Users */

typedef struct {
	uid_t val;
} kuid_t;

typedef struct {
	gid_t val;
} kgid_t;

/* Maps ids 0 to @n - 1 to those from @first on. */
struct user_namespace {
	u32 first;
	u32 n;
};

struct group_info {
	int ngroups;
	kgid_t gid[];
};

struct cred {
	kuid_t euid;
	kgid_t egid;
	struct group_info *group_info;
};

extern struct user_namespace unit_user_ns;

#define current_user_ns()	(&unit_user_ns)

static inline u32 unit_map_id(const struct user_namespace *ns, u32 id)
{
	return id < ns->n ? ns->first + id : U32_MAX;
}

#define make_kuid(ns, id)	((kuid_t){ unit_map_id(ns, id) })
#define make_kgid(ns, id)	((kgid_t){ unit_map_id(ns, id) })
#define uid_valid(uid)		((uid).val != U32_MAX)
#define gid_valid(gid)		((gid).val != U32_MAX)
#define uid_eq(a, b)		((a).val == (b).val)
#define gid_eq(a, b)		((a).val == (b).val)

/* User memory: one range, anything else faults */

/**
 * struct unit_user_memory - what the tested code may reach
 * @start: its first byte
 * @size: bytes that can be read
 * @read_only: writing faults
 * @is_last: behind it there are no addresses of user space
 * @after_read: called after each read, to change the memory behind its back
 */
struct unit_user_memory {
	u8 *start;
	size_t size;
	bool read_only;
	bool is_last;
	void (*after_read)(void);
};

extern struct unit_user_memory unit_user_memory;

/* Not whether it can be reached, only whether that is worth a try. */
static inline bool access_ok(const void __user *from, size_t size)
{
	const u8 *end = unit_user_memory.start + unit_user_memory.size;

	return !unit_user_memory.is_last || size <= (size_t)(end - (const u8 *)from);
}

unsigned long copy_from_user(void *to, const void __user *from, size_t size);
unsigned long copy_to_user(void __user *to, const void *from, size_t size);

#define should_fail_usercopy()			false
#define user_access_begin			access_ok
#define user_access_end()			do { } while (0)
#define user_read_access_begin			user_access_begin
#define user_read_access_end			user_access_end
#define user_write_access_begin			user_access_begin
#define user_write_access_end			user_access_end
#define unsafe_get_user(value, from, label)				\
	do {								\
		if (copy_from_user(&(value), from, sizeof(value)))	\
			goto label;					\
	} while (0)
#define unsafe_put_user(value, to, label)				\
	do {								\
		if (put_user(value, to))				\
			goto label;					\
	} while (0)
#define get_user(value, from)						\
	(copy_from_user(&(value), from, sizeof(value)) ? -EFAULT : 0)
#define put_user(value, to)						\
	({								\
		typeof(*(to)) value_ = (value);				\
									\
		copy_to_user(to, &value_, sizeof(value_)) ? -EFAULT : 0;\
	})

/* Objects that tested headers mention */

typedef struct {
	s64 counter;
} atomic64_t;

struct kref {
	atomic_t refcount;
};

struct xarray {
	void *head;
};

typedef unsigned short umode_t;

#include "collections.h"

#endif
