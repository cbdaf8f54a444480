/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that a connection's owner maps to read its messages. */
#ifndef KDBUS_POOL_H
#define KDBUS_POOL_H

#include <linux/gfp.h>
#include <linux/types.h>

/*
 * How hard pages for a slice are looked for: as long as there is hope, or once, because
 * others wait for a lock of the bus meanwhile.
 */
#define KDBUS_POOL_PATIENT	__GFP_RETRY_MAYFAIL
#define KDBUS_POOL_HURRIED	__GFP_NORETRY

struct kdbus_payload;
struct kdbus_pool;
struct kdbus_slice;
struct vm_area_struct;

struct kdbus_pool *kdbus_pool_new(size_t size);
void kdbus_pool_put(struct kdbus_pool *pool);
size_t kdbus_pool_size(const struct kdbus_pool *pool);

struct kdbus_slice *kdbus_pool_reserve(struct kdbus_pool *pool, size_t size);
struct kdbus_slice *kdbus_pool_reserve_now(struct kdbus_pool *pool, size_t size,
					   struct kdbus_slice **spare);
struct kdbus_slice *kdbus_pool_reserve_shared(struct kdbus_pool *pool, size_t own,
					      struct kdbus_payload *payload);
int kdbus_pool_populate(struct kdbus_pool *pool, struct kdbus_slice *slice, gfp_t effort);
bool kdbus_pool_has_room(struct kdbus_pool *pool, size_t size);
void kdbus_pool_release(struct kdbus_pool *pool, struct kdbus_slice *slice);
void kdbus_pool_hand_over(struct kdbus_pool *pool, struct kdbus_slice *slice);
bool kdbus_pool_publish(struct kdbus_pool *pool, struct kdbus_slice *slice);
int kdbus_pool_unpublish(struct kdbus_pool *pool, u64 offset);
bool kdbus_pool_has_published(struct kdbus_pool *pool, const u64 *offsets, size_t n);
size_t kdbus_pool_unpublish_all(struct kdbus_pool *pool, const u64 *offsets, size_t n);

void kdbus_pool_write(struct kdbus_pool *pool, const struct kdbus_slice *slice,
		      size_t pos, const void *data, size_t size);
void kdbus_pool_read(struct kdbus_pool *pool, const struct kdbus_slice *slice,
		     size_t pos, void *data, size_t size);
void kdbus_pool_zero(struct kdbus_pool *pool, const struct kdbus_slice *slice,
		     size_t pos, size_t size);
int kdbus_pool_write_user(struct kdbus_pool *pool, const struct kdbus_slice *slice,
			  size_t pos, const void __user *data, size_t size);
void kdbus_pool_write_payload(struct kdbus_pool *pool, const struct kdbus_slice *slice,
			      size_t pos, const struct kdbus_payload *payload);
void kdbus_pool_copy(struct kdbus_pool *dst_pool, const struct kdbus_slice *dst,
		     struct kdbus_pool *src_pool, const struct kdbus_slice *src);

int kdbus_pool_mmap(struct kdbus_pool *pool, struct vm_area_struct *vma);

#endif
