// SPDX-License-Identifier: GPL-2.0
/* Bytes from user space become checked structures, in one place. */

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "arg.h"
#include "domain.h"
#include "item.h"
#include "usercopy.h"

/**
 * DOC: Arguments
 *
 * Every command, and the message of SEND, is copied once and checked here, in
 * this order: address, size, flags, items one by one, negotiation, mandatory items.
 * A handler sees only the copy, never a flag or an item that it does not know.
 *
 * The field return_flags is cleared in the caller's memory before anything is
 * looked at.  So an argument in memory that cannot be written is refused with
 * EFAULT before it has any effect.
 */

static_assert(sizeof(struct kdbus_cmd) == 24);
static_assert(sizeof(struct kdbus_cmd_hello) == 96);
static_assert(sizeof(struct kdbus_cmd_free) == 32);
static_assert(sizeof(struct kdbus_cmd_info) == 56);
static_assert(sizeof(struct kdbus_cmd_list) == 40);
static_assert(sizeof(struct kdbus_cmd_match) == 32);
static_assert(sizeof(struct kdbus_cmd_send) == 56);
static_assert(sizeof(struct kdbus_cmd_recv) == 64);
static_assert(sizeof(struct kdbus_cmd_exchange) == 80);
static_assert(sizeof(struct kdbus_msg) == 64);

/* Index of the rule for @type, that of NEGOTIATE behind the last; or -1. */
static int arg_find_rule(const struct kdbus_arg_rules *rules, u64 type)
{
	unsigned int i;

	for (i = 0; i < rules->n_items; i++)
		if (rules->items[i].type == type)
			return i;
	return type == KDBUS_ITEM_NEGOTIATE ? i : -1;
}

/* Index of the rule for @item. */
static int arg_check_item(const struct kdbus_arg_rules *rules, const struct kdbus_item *item,
			  size_t room)
{
	int i, ret;

	if (room < KDBUS_ITEM_HEADER_SIZE || item->size < KDBUS_ITEM_HEADER_SIZE ||
	    item->size > room)
		return -EINVAL;
	i = arg_find_rule(rules, item->type);
	if (i < 0)
		return -EINVAL;
	ret = kdbus_item_check(item);
	return ret ?: i;
}

static noinline int arg_check_items(struct kdbus_arg *arg, const struct kdbus_arg_rules *rules)
{
	const void *items = arg->data + rules->size;
	size_t items_size = arg->size - rules->size;
	unsigned int present = 0;
	size_t pos = 0;
	int i;

	while (pos < items_size) {
		const struct kdbus_item *item = items + pos;

		i = arg_check_item(rules, item, items_size - pos);
		if (i < 0)
			return i;
		if (likely(!(present & BIT(i))))
			arg->items[i] = item;
		else if (i == rules->n_items || !rules->items[i].repeats)
			return -EINVAL;
		present |= BIT(i);
		pos += KDBUS_ALIGN8(item->size);
	}
	arg->present = present;
	return pos == KDBUS_ALIGN8(items_size) ? 0 : -EINVAL;
}

/* Nearly every argument has no more than one item, of the type that is the first in its rules. */
static bool arg_has_usual_item(const struct kdbus_arg_rules *rules, const struct kdbus_item *item,
			       size_t room)
{
	return room >= KDBUS_ITEM_HEADER_SIZE && item->size >= KDBUS_ITEM_HEADER_SIZE &&
	       item->size <= room && KDBUS_ALIGN8(item->size) == KDBUS_ALIGN8(room) &&
	       item->type == rules->items[0].type && kdbus_item_is_usual(item);
}

/* Tell the caller which of the types that he listed are not known here. */
static int arg_answer_types(const struct kdbus_arg *arg, const struct kdbus_item *item)
{
	u64 __user *types = arg->user + ((void *)item->data64 - arg->data);
	size_t i, n = kdbus_item_payload_size(item) / sizeof(u64);

	for (i = 0; i < n; i++)
		if (arg_find_rule(arg->rules, item->data64[i]) < 0 &&
		    put_user(0, &types[i]))
			return -EFAULT;
	return 0;
}

/* Answer NEGOTIATE, the flag and the item; seldom is there any. */
static noinline int arg_negotiate(struct kdbus_arg *arg)
{
	const struct kdbus_item *item = kdbus_arg_item(arg, arg->rules->n_items);
	u64 __user *flags = arg->user + offsetof(struct kdbus_cmd, flags);

	static_assert(offsetof(struct kdbus_cmd, flags) == offsetof(struct kdbus_msg, flags));

	if (arg->negotiate && put_user(arg->rules->flags, flags))
		return -EFAULT;
	return item ? arg_answer_types(arg, item) : 0;
}

static u64 __user *arg_return_flags(const struct kdbus_arg *arg)
{
	return arg->user + offsetof(struct kdbus_cmd, return_flags);
}

/* An argument that is large, or whose size is wrong. */
static noinline int arg_copy_large(struct kdbus_arg *arg, u64 size)
{
	if (size < arg->rules->size)
		return -EINVAL;
	if (size > KDBUS_CMD_SIZE_MAX)
		return -EMSGSIZE;

	if (size > sizeof(arg->inline_data)) {
		arg->data = kvmalloc(KDBUS_ALIGN8(size), GFP_KERNEL_ACCOUNT);
		if (!arg->data) {
			arg->data = arg->inline_data;
			return -ENOMEM;
		}
	}
	if (kdbus_copy_from_user(arg->data, arg->user, size))
		return -EFAULT;
	if (arg->cmd->size != size)
		return -EINVAL;
	arg->size = size;
	if (arg->rules->is_message)
		return 0;
	arg->cmd->return_flags = 0;
	return put_user(0, arg_return_flags(arg)) ? -EFAULT : 0;
}

/* One so near to the end of the address space that a larger one would not fit there. */
static noinline int arg_copy_other(struct kdbus_arg *arg)
{
	u64 size;

	return get_user(size, (u64 __user *)arg->user) ? -EFAULT : arg_copy_large(arg, size);
}

/*
 * Nearly all arguments are small: size, the rest, and the clearing of return_flags in one
 * go, because every beginning of an access to user memory has its price.
 */
static __always_inline int arg_copy(struct kdbus_arg *arg, u64 __user *user,
				    const struct kdbus_arg_rules *rules)
{
	static const size_t at = offsetof(struct kdbus_cmd, return_flags) / sizeof(u64);
	/* Read before the section, where UBSAN may not complain about it. */
	const bool has_return_flags = !rules->is_message;
	u64 size;

	if (!IS_ALIGNED((unsigned long)user, sizeof(u64)))
		return -EFAULT;
	/* As much as a small one may have: what it does not have is not touched. */
	if (unlikely(!user_access_begin(user, sizeof(arg->inline_data))))
		return arg_copy_other(arg);
	unsafe_get_user(size, user, out_fault);
	if (unlikely(size < rules->size || size > sizeof(arg->inline_data))) {
		user_access_end();
		return arg_copy_large(arg, size);
	}
	/* Not read again: what was checked counts. */
	arg->inline_data[0] = size;
	if (kdbus_unsafe_get_words(&arg->inline_data[1], user + 1, size - sizeof(u64)))
		goto out_fault;
	if (has_return_flags) {
		arg->inline_data[at] = 0;
		unsafe_put_user(0, user + at, out_fault);
	}
	user_access_end();
	arg->size = size;
	return 0;

out_fault:
	user_access_end();
	return -EFAULT;
}

/* There are flags that the command does not have. */
static noinline int arg_check_flags(struct kdbus_arg *arg)
{
	u64 *flags = &arg->cmd->flags;

	arg->negotiate = *flags & KDBUS_FLAG_NEGOTIATE;
	*flags &= ~(KDBUS_FLAG_NEGOTIATE | arg->rules->ignored_flags);
	return *flags & ~arg->rules->flags ? -EINVAL : 0;
}

static int arg_check(struct kdbus_arg *arg, const struct kdbus_arg_rules *rules)
{
	const struct kdbus_item *item = arg->data + rules->size;
	size_t items_size = arg->size - rules->size;
	int ret;

	if (unlikely(arg->cmd->flags & ~rules->flags)) {
		ret = arg_check_flags(arg);
		if (ret)
			return ret;
	}
	if (likely(arg_has_usual_item(rules, item, items_size))) {
		arg->items[0] = item;
		arg->present = BIT(0);
	} else if (items_size) {
		ret = arg_check_items(arg, rules);
		if (ret)
			return ret;
	}
	if (unlikely(arg->negotiate || arg->present & BIT(rules->n_items))) {
		ret = arg_negotiate(arg);
		if (ret || arg->negotiate)
			return ret;
	}
	return rules->mandatory & ~arg->present ? -EINVAL : 0;
}

/**
 * kdbus_arg_import() - copy an argument from user space and check it
 * @arg: uninitialised memory; to be released also after a failure
 * @user: address from user space, anything
 * @rules: what it may look like
 *
 * Context: May sleep for as long as the caller's memory takes.
 * Return: 0; then if @arg->negotiate is set nothing else may be done.  -EFAULT,
 *         -EINVAL, -EMSGSIZE and what kdbus_item_check() returns; -ENOMEM.
 */
int kdbus_arg_import(struct kdbus_arg *arg, void __user *user,
		     const struct kdbus_arg_rules *rules)
{
	arg->user = user;
	arg->rules = rules;
	arg->data = arg->inline_data;
	arg->size = 0;
	arg->negotiate = false;
	arg->present = 0;

	return arg_copy(arg, user, rules) ?: arg_check(arg, rules);
}

/**
 * kdbus_arg_release() - free the copy
 * @arg: imported, successfully or not
 */
void kdbus_arg_release(struct kdbus_arg *arg)
{
	if (arg->data != arg->inline_data)
		kvfree(arg->data);
}

/**
 * kdbus_arg_write_back() - copy results to the caller
 * @arg: imported; the fixed structure holds the results
 * @from: offset in the structure, in bytes; a multiple of 8
 * @to: offset behind the last byte; likewise
 *
 * Return: 0 or -EFAULT.
 */
int kdbus_arg_write_back(const struct kdbus_arg *arg, size_t from, size_t to)
{
	return kdbus_put_words(arg->user + from, arg->data + from, to - from);
}

/**
 * kdbus_arg_is_writable() - can results be stored?
 * @arg: imported; return_flags, which were cleared, and @last are at most a page apart
 * @last: offset of the last u64 in the structure that results go to
 *
 * For commands whose effect cannot be undone when the caller cannot be told.
 * Writes what is there already.
 *
 * Return: whether.
 */
bool kdbus_arg_is_writable(const struct kdbus_arg *arg, size_t last)
{
	u64 __user *user = arg->user + last;

	return !put_user(*(const u64 *)(arg->data + last), user);
}
