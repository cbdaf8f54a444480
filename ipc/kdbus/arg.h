/* SPDX-License-Identifier: GPL-2.0 */
/* Bytes from user space become checked structures, in one place. */
#ifndef KDBUS_ARG_H
#define KDBUS_ARG_H

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/types.h>
#include <uapi/linux/kdbus.h>

/* Kinds of items that one command or message may have, NEGOTIATE included. */
#define KDBUS_ARG_MAX_KINDS 10

/**
 * struct kdbus_item_rule - one type of item that a command takes
 * @type: the type
 * @repeats: it may occur several times
 */
struct kdbus_item_rule {
	u64 type;
	bool repeats;
};

/**
 * struct kdbus_arg_rules - what an argument may look like
 * @size: bytes of the fixed structure
 * @flags: flags that mean something
 * @ignored_flags: flags that are let pass and removed
 * @is_message: a struct kdbus_msg: has no return_flags
 * @mandatory: which of @items must occur, except while negotiating; a bit each
 * @n_items: number of @items
 * @items: what may follow the structure; NEGOTIATE is not listed, it always may
 */
struct kdbus_arg_rules {
	size_t size;
	u64 flags;
	u64 ignored_flags;
	bool is_message;
	u16 mandatory;
	u16 n_items;
	struct kdbus_item_rule items[KDBUS_ARG_MAX_KINDS - 1];
};

/**
 * struct kdbus_arg - an argument of a command: the checked copy
 * @user: where it came from; aligned to 8
 * @rules: what it was checked against
 * @data: the copy; @inline_data or allocated
 * @cmd: the same, as the structure that commands have in common
 * @hello: the same, of HELLO
 * @free: the same, of FREE
 * @info: the same, of CONN_INFO and BUS_CREATOR_INFO
 * @list: the same, of LIST
 * @match: the same, of MATCH_ADD and MATCH_REMOVE
 * @send: the same, of SEND
 * @recv: the same, of RECV
 * @exchange: the same, of EXCHANGE
 * @room: the same, of ROOM
 * @msg: the same, of the message of SEND
 * @size: bytes of the copy, padding of the last item excluded or not
 * @negotiate: the caller only asks what is supported: nothing may be done
 * @present: which of @items there are; a bit each
 * @items: the first item of each type in the order of the rules, NEGOTIATE last; for
 *         kdbus_arg_item(): where the bit is not set, nothing was ever written
 * @inline_data: small arguments live here
 */
struct kdbus_arg {
	void __user *user;
	const struct kdbus_arg_rules *rules;
	union {
		void *data;
		struct kdbus_cmd *cmd;
		struct kdbus_cmd_hello *hello;
		struct kdbus_cmd_free *free;
		struct kdbus_cmd_info *info;
		struct kdbus_cmd_list *list;
		struct kdbus_cmd_match *match;
		struct kdbus_cmd_send *send;
		struct kdbus_cmd_recv *recv;
		struct kdbus_cmd_exchange *exchange;
		struct kdbus_cmd_room *room;
		struct kdbus_msg *msg;
	};
	size_t size;
	bool negotiate;
	u16 present;
	const struct kdbus_item *items[KDBUS_ARG_MAX_KINDS];
	u64 inline_data[32];
};

int kdbus_arg_import(struct kdbus_arg *arg, void __user *user,
		     const struct kdbus_arg_rules *rules);
void kdbus_arg_release(struct kdbus_arg *arg);
int kdbus_arg_write_back(const struct kdbus_arg *arg, size_t from, size_t to);
bool kdbus_arg_is_writable(const struct kdbus_arg *arg, size_t last);

/**
 * kdbus_arg_item() - the first item of a type
 * @arg: imported
 * @i: index of the type in the rules
 *
 * Return: the item, or NULL if there is none.
 */
static inline const struct kdbus_item *kdbus_arg_item(const struct kdbus_arg *arg, unsigned int i)
{
	return arg->present & BIT(i) ? arg->items[i] : NULL;
}

/**
 * kdbus_arg_items() - the items of an argument
 * @arg: imported
 * @items_size: bytes of all of them
 *
 * Return: the first one, to be used with KDBUS_ITEMS_FOREACH().
 */
static inline const struct kdbus_item *kdbus_arg_items(const struct kdbus_arg *arg,
						       size_t *items_size)
{
	*items_size = arg->size - arg->rules->size;
	return arg->data + arg->rules->size;
}

/**
 * kdbus_attach_flags_check() - sanitise metadata flags from user space
 * @flags: in: from user space, all ones for everything; out: known bits only
 *
 * Return: 0, or -EINVAL for unknown bits.
 */
static inline int kdbus_attach_flags_check(u64 *flags)
{
	if (*flags == _KDBUS_ATTACH_ANY)
		*flags = _KDBUS_ATTACH_ALL;
	return *flags & ~(u64)_KDBUS_ATTACH_ALL ? -EINVAL : 0;
}

#endif
