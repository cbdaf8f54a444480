/* SPDX-License-Identifier: GPL-2.0 */
/* Copying little from user space. */
#ifndef KDBUS_USERCOPY_H
#define KDBUS_USERCOPY_H

#include <linux/align.h>
#include <linux/errno.h>
#include <linux/types.h>
#include <linux/uaccess.h>

/* Up to here words are cheaper than copy_from_user() and its look at the destination. */
#define KDBUS_COPY_WORDS_MAX 384

/**
 * kdbus_copy_from_user() - copy memory of the calling process
 * @to: kernel memory
 * @from: from user space, anything
 * @size: bytes
 *
 * Arguments and small payloads are copied word by word: for them the general function
 * spends more on finding out what kind of memory @to is than on the copy.
 *
 * Context: May sleep for as long as the memory takes.
 * Return: 0 or -EFAULT.
 */
static inline int kdbus_copy_from_user(void *to, const void __user *from, size_t size)
{
	const u64 __user *word = from;
	const u8 __user *byte;
	u64 *dst = to;
	u8 *tail;

	if (size > KDBUS_COPY_WORDS_MAX ||
	    !IS_ALIGNED((unsigned long)from | (unsigned long)to, sizeof(u64)))
		return copy_from_user(to, from, size) ? -EFAULT : 0;

	if (!user_read_access_begin(from, size))
		return -EFAULT;
	for (; size >= 4 * sizeof(u64); size -= 4 * sizeof(u64), word += 4, dst += 4) {
		unsafe_get_user(dst[0], &word[0], out_fault);
		unsafe_get_user(dst[1], &word[1], out_fault);
		unsafe_get_user(dst[2], &word[2], out_fault);
		unsafe_get_user(dst[3], &word[3], out_fault);
	}
	for (; size >= sizeof(u64); size -= sizeof(u64), word++, dst++)
		unsafe_get_user(*dst, word, out_fault);
	byte = (const u8 __user *)word;
	tail = (u8 *)dst;
	for (; size; size--, byte++, tail++)
		unsafe_get_user(*tail, byte, out_fault);
	user_read_access_end();
	return 0;

out_fault:
	user_read_access_end();
	return -EFAULT;
}

#endif
