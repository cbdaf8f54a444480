/* SPDX-License-Identifier: GPL-2.0 */
/* Copying little from and to user space. */
#ifndef KDBUS_USERCOPY_H
#define KDBUS_USERCOPY_H

#include <linux/align.h>
#include <linux/errno.h>
#include <linux/fault-inject-usercopy.h>
#include <linux/types.h>
#include <linux/uaccess.h>

/*
 * Arguments, results and small payloads are copied word by word: for them the general
 * functions spend more on finding out what kind of memory the kernel's side is than
 * on the copy.
 */

/* Up to here words are cheaper. */
#define KDBUS_COPY_WORDS_MAX 384

/* Four words, inside of a section that user_access_begin() opened. */
#define KDBUS_GET_4(to, from, label)					\
	do {								\
		u64 *__to = (to);					\
		const u64 __user *__from = (from);			\
									\
		unsafe_get_user(__to[0], &__from[0], label);		\
		unsafe_get_user(__to[1], &__from[1], label);		\
		unsafe_get_user(__to[2], &__from[2], label);		\
		unsafe_get_user(__to[3], &__from[3], label);		\
	} while (0)

/**
 * kdbus_unsafe_get_words() - copy inside of a section that user_access_begin() opened
 * @to: kernel memory, aligned to 8
 * @from: user memory inside of the section, aligned to 8
 * @size: bytes
 *
 * Some words may be read twice; what was read last counts.
 *
 * Inline always, because nothing may be called inside of such a section.
 *
 * Return: 0 or -EFAULT; the section is open still.
 */
static __always_inline int kdbus_unsafe_get_words(u64 *to, const u64 __user *from, size_t size)
{
	size_t i, all = size;

	for (; size >= 8 * sizeof(u64); size -= 8 * sizeof(u64), from += 8, to += 8) {
		KDBUS_GET_4(&to[0], &from[0], out_fault);
		KDBUS_GET_4(&to[4], &from[4], out_fault);
	}
	if (size >= 4 * sizeof(u64)) {
		KDBUS_GET_4(to, from, out_fault);
		size -= 4 * sizeof(u64);
		from += 4;
		to += 4;
	}
	/* The last four, some of them again, cost less than to count those that are left. */
	if (all >= 4 * sizeof(u64) && IS_ALIGNED(size, sizeof(u64))) {
		if (size) {
			from = (const void __user *)from - (4 * sizeof(u64) - size);
			to = (void *)to - (4 * sizeof(u64) - size);
			KDBUS_GET_4(to, from, out_fault);
		}
		return 0;
	}
	for (; size >= sizeof(u64); size -= sizeof(u64), from++, to++)
		unsafe_get_user(*to, from, out_fault);
	for (i = 0; i < size; i++)
		unsafe_get_user(((u8 *)to)[i], &((const u8 __user *)from)[i], out_fault);
	return 0;

out_fault:
	return -EFAULT;
}

/**
 * kdbus_copy_from_user() - copy memory of the calling process
 * @to: kernel memory
 * @from: from user space, anything
 * @size: bytes
 *
 * Context: May sleep for as long as the memory takes.
 * Return: 0 or -EFAULT.
 */
static inline int kdbus_copy_from_user(void *to, const void __user *from, size_t size)
{
	int ret;

	if (size > KDBUS_COPY_WORDS_MAX ||
	    !IS_ALIGNED((unsigned long)from | (unsigned long)to, sizeof(u64)))
		return copy_from_user(to, from, size) ? -EFAULT : 0;

	if (!user_read_access_begin(from, size))
		return -EFAULT;
	ret = kdbus_unsafe_get_words(to, from, size);
	user_read_access_end();
	return ret;
}

/**
 * kdbus_put_words() - tell the calling process a few numbers
 * @to: from user space; aligned to 8
 * @from: kernel memory, aligned to 8
 * @size: bytes, a multiple of 8; not many
 *
 * Context: May sleep for as long as the memory takes.
 * Return: 0 or -EFAULT; then some may have been written.
 */
static inline int kdbus_put_words(void __user *to, const void *from, size_t size)
{
	u64 __user *user = to;
	const u64 *word = from;

	/* As copy_to_user() would fail. */
	if (should_fail_usercopy() || !user_write_access_begin(to, size))
		return -EFAULT;
	for (; size; size -= sizeof(u64), word++, user++)
		unsafe_put_user(*word, user, out_fault);
	user_write_access_end();
	return 0;

out_fault:
	user_write_access_end();
	return -EFAULT;
}

#endif
