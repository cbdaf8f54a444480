// SPDX-License-Identifier: LGPL-2.1-or-later
/* As much of the kernel as the tested files need, in user space */

#include <stdio.h>
#include <stdlib.h>

#include "kernel.h"
#include "unit.h"

struct user_namespace unit_user_ns = { .first = 0, .n = U32_MAX };

/* Rules */

static __thread unsigned int rcu_depth;
static __thread unsigned int spin_depth;

void unit_bug(const char *file, int line, const char *what)
{
	printf("Bail out! %s:%d: %s\n", file, line, what);
	fflush(stdout);
	abort();
}

static void assert_may_sleep(void)
{
	if (rcu_depth)
		unit_bug(__FILE__, __LINE__, "sleeps in an RCU reader");
	if (spin_depth)
		unit_bug(__FILE__, __LINE__, "sleeps under a spin lock");
}

/* Memory */

static long n_allocated;
static long fail_after = -1;

void *unit_alloc(size_t size)
{
	void *object;

	assert_may_sleep();

	if (fail_after >= 0 && !fail_after--)
		return NULL;

	object = calloc(1, size);
	if (!object)
		unit_bug(__FILE__, __LINE__, "out of memory");
	__atomic_fetch_add(&n_allocated, 1, __ATOMIC_RELAXED);
	return object;
}

void kfree(const void *object)
{
	if (!object)
		return;
	__atomic_fetch_sub(&n_allocated, 1, __ATOMIC_RELAXED);
	free((void *)object);
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align,
				     unsigned int flags, void (*ctor)(void *object))
{
	struct kmem_cache *cache = unit_alloc(sizeof(*cache));

	(void)name;
	(void)align;
	(void)flags;
	(void)ctor;
	if (cache)
		cache->size = size;
	return cache;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	kfree(cache);
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	(void)cache;
	kfree(object);
}

long unit_n_allocated(void)
{
	return __atomic_load_n(&n_allocated, __ATOMIC_RELAXED);
}

void unit_fail_alloc_after(long n)
{
	fail_after = n;
}

bool unit_alloc_failed(void)
{
	bool failed = fail_after < 0;

	fail_after = -1;
	return failed;
}

/* Hashes */

u32 jhash(const void *key, u32 size, u32 seed)
{
	const u8 *byte = key;
	u64 hash = seed ^ 0x9e3779b97f4a7c15ULL;

	for (; size; byte++, size--)
		hash = (hash ^ *byte) * 0x100000001b3ULL;
	hash ^= hash >> 29;
	hash *= 0xbf58476d1ce4e5b9ULL;
	return hash >> 32;
}

u32 get_random_u32(void)
{
	return 0x6b646275;
}

/* Locks */

void mutex_init(struct mutex *mutex)
{
	pthread_mutex_init(&mutex->lock, NULL);
	mutex->held = false;
}

void mutex_destroy(struct mutex *mutex)
{
	WARN_ON_ONCE(mutex->held);
	pthread_mutex_destroy(&mutex->lock);
}

void mutex_lock(struct mutex *mutex)
{
	assert_may_sleep();
	pthread_mutex_lock(&mutex->lock);
	mutex->held = true;
}

void mutex_unlock(struct mutex *mutex)
{
	mutex->held = false;
	pthread_mutex_unlock(&mutex->lock);
}

void spin_lock_init(spinlock_t *lock)
{
	mutex_init(lock);
}

void spin_lock(spinlock_t *lock)
{
	pthread_mutex_lock(&lock->lock);
	lock->held = true;
	spin_depth++;
}

void spin_unlock(spinlock_t *lock)
{
	spin_depth--;
	lock->held = false;
	pthread_mutex_unlock(&lock->lock);
}

void seqcount_spinlock_init(seqcount_spinlock_t *seq, spinlock_t *lock)
{
	seq->sequence = 0;
	seq->lock = lock;
}

void write_seqcount_begin(seqcount_spinlock_t *seq)
{
	lockdep_assert_held(seq->lock);
	__atomic_fetch_add(&seq->sequence, 1, __ATOMIC_SEQ_CST);
}

void write_seqcount_end(seqcount_spinlock_t *seq)
{
	__atomic_fetch_add(&seq->sequence, 1, __ATOMIC_SEQ_CST);
}

unsigned int read_seqcount_begin(const seqcount_spinlock_t *seq)
{
	unsigned int start;

	do {
		start = __atomic_load_n(&seq->sequence, __ATOMIC_SEQ_CST);
	} while (start & 1);
	return start;
}

bool read_seqcount_retry(const seqcount_spinlock_t *seq, unsigned int start)
{
	return __atomic_load_n(&seq->sequence, __ATOMIC_SEQ_CST) != start;
}

/* RCU: readers share a lock that a grace period takes alone */

/* Nested readers are counted, so the one who waits alone can go first. */
static pthread_rwlock_t readers = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static pthread_mutex_t waiting_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rcu_head *waiting;
static unsigned long n_grace_periods;

void rcu_read_lock(void)
{
	if (!rcu_depth++)
		pthread_rwlock_rdlock(&readers);
}

void rcu_read_unlock(void)
{
	if (!--rcu_depth)
		pthread_rwlock_unlock(&readers);
}

bool rcu_read_lock_held(void)
{
	return rcu_depth;
}

#ifndef UNIT_NO_CHECKS
void unit_assert_rcu(const char *file, int line)
{
	if (!rcu_depth)
		unit_bug(file, line, "rcu_dereference() without rcu_read_lock()");
}
#endif

void unit_free_rcu(struct rcu_head *rcu, void *object)
{
	rcu->object = object;
	pthread_mutex_lock(&waiting_lock);
	rcu->next = waiting;
	waiting = rcu;
	pthread_mutex_unlock(&waiting_lock);
}

unsigned long get_state_synchronize_rcu(void)
{
	return __atomic_load_n(&n_grace_periods, __ATOMIC_SEQ_CST);
}

bool poll_state_synchronize_rcu(unsigned long state)
{
	/* The one that was under way when the state was taken does not count. */
	return __atomic_load_n(&n_grace_periods, __ATOMIC_SEQ_CST) > state + 1;
}

void unit_grace_period(void)
{
	struct rcu_head *rcu, *next;

	assert_may_sleep();

	pthread_mutex_lock(&waiting_lock);
	rcu = waiting;
	waiting = NULL;
	pthread_mutex_unlock(&waiting_lock);

	__atomic_fetch_add(&n_grace_periods, 1, __ATOMIC_SEQ_CST);
	pthread_rwlock_wrlock(&readers);
	pthread_rwlock_unlock(&readers);
	__atomic_fetch_add(&n_grace_periods, 1, __ATOMIC_SEQ_CST);

	for (; rcu; rcu = next) {
		next = rcu->next;
		kfree(rcu->object);
	}
}

/* User memory */

struct unit_user_memory unit_user_memory;

static bool user_is_valid(const void *start, size_t size)
{
	uintptr_t offset = (uintptr_t)start - (uintptr_t)unit_user_memory.start;

	return offset <= unit_user_memory.size && size <= unit_user_memory.size - offset;
}

/* Like in the kernel, what cannot be read is left zero. */
unsigned long copy_from_user(void *to, const void __user *from, size_t size)
{
	if (!user_is_valid(from, size)) {
		memset(to, 0, size);
		return size;
	}
	memcpy(to, from, size);
	if (unit_user_memory.after_read)
		unit_user_memory.after_read();
	return 0;
}

unsigned long copy_to_user(void __user *to, const void *from, size_t size)
{
	if (unit_user_memory.read_only || !user_is_valid(to, size))
		return size;
	memcpy(to, from, size);
	return 0;
}

/* Search trees */

static void rb_replace(struct rb_node *node, struct rb_node *by, struct rb_root *root)
{
	if (!node->parent)
		root->rb_node = by;
	else if (node->parent->rb_left == node)
		node->parent->rb_left = by;
	else
		node->parent->rb_right = by;
	if (by)
		by->parent = node->parent;
}

void rb_erase(struct rb_node *node, struct rb_root *root)
{
	struct rb_node *next;

	if (!node->rb_left) {
		rb_replace(node, node->rb_right, root);
		return;
	}
	if (!node->rb_right) {
		rb_replace(node, node->rb_left, root);
		return;
	}

	for (next = node->rb_right; next->rb_left; next = next->rb_left)
		;
	if (next->parent != node) {
		rb_replace(next, next->rb_right, root);
		next->rb_right = node->rb_right;
		next->rb_right->parent = next;
	}
	rb_replace(node, next, root);
	next->rb_left = node->rb_left;
	next->rb_left->parent = next;
}

struct rb_node *rb_next(const struct rb_node *node)
{
	struct rb_node *next = node->rb_right;

	if (next) {
		while (next->rb_left)
			next = next->rb_left;
		return next;
	}
	for (next = node->parent; next && next->rb_right == node; next = next->parent)
		node = next;
	return next;
}
