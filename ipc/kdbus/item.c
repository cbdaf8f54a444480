// SPDX-License-Identifier: GPL-2.0
/* Items: the typed, sized records behind every structure. */

#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "domain.h"
#include "item.h"

/* Exactly one NUL, as the last byte. */
static bool is_string(const char *str, size_t size)
{
	return size >= 1 && strnlen(str, size) == size - 1;
}

static bool is_sysname_char(char c, bool inside)
{
	if (!isascii(c))
		return false;
	return isalnum(c) || c == '_' || (inside && (c == '-' || c == '.'));
}

/* A name that is safe as a file name and in a listing: see abi, item types. */
static int sysname_check(const char *name, size_t size)
{
	size_t i, len;

	if (size < 2)
		return -EINVAL;
	if (size > KDBUS_SYSNAME_MAX + 1)
		return -ENAMETOOLONG;
	if (!is_string(name, size))
		return -EINVAL;
	len = size - 1;
	for (i = 0; i < len; i++)
		if (!is_sysname_char(name[i], i > 0 && i < len - 1))
			return -EINVAL;
	return 0;
}

static int size_check(size_t payload, size_t expected)
{
	return payload == expected ? 0 : -EINVAL;
}

/**
 * kdbus_item_check_other() - the rest of kdbus_item_check()
 * @item: as there; not usual
 *
 * Return: as there.
 */
int kdbus_item_check_other(const struct kdbus_item *item)
{
	size_t payload = kdbus_item_payload_size(item);

	switch (item->type) {
	case KDBUS_ITEM_NEGOTIATE:
		return payload % sizeof(u64) ? -EINVAL : 0;
	case KDBUS_ITEM_PAYLOAD_MEMFD:
		if (payload != sizeof(item->memfd) || !item->memfd.size)
			return -EINVAL;
		return item->memfd.fd < 0 ? -EBADF : 0;
	case KDBUS_ITEM_FDS:
		return payload % sizeof(int) ? -EINVAL : 0;
	case KDBUS_ITEM_CANCEL_FD:
		return size_check(payload, sizeof(int));
	case KDBUS_ITEM_DEADLINE:
		return size_check(payload, sizeof(u64));
	case KDBUS_ITEM_BLOOM_PARAMETER:
		return size_check(payload, sizeof(item->bloom_parameter));
	case KDBUS_ITEM_BLOOM_FILTER:
		return payload < sizeof(item->bloom_filter) ? -EINVAL : 0;
	case KDBUS_ITEM_BLOOM_MASK:
		/* How large it is has to fit the bus: match.c. */
		return 0;
	case KDBUS_ITEM_MAKE_NAME:
	case KDBUS_ITEM_CONN_DESCRIPTION:
		return sysname_check(item->str, payload);
	case KDBUS_ITEM_ATTACH_FLAGS_SEND:
	case KDBUS_ITEM_ATTACH_FLAGS_RECV:
	case KDBUS_ITEM_ID:
	case KDBUS_ITEM_DST_ID:
		return size_check(payload, sizeof(u64));
	case KDBUS_ITEM_CREDS:
		return size_check(payload, sizeof(item->creds));
	case KDBUS_ITEM_PIDS:
		return size_check(payload, sizeof(item->pids));
	case KDBUS_ITEM_NAME:
	case KDBUS_ITEM_DST_NAME:
	case KDBUS_ITEM_SECLABEL:
		return is_string(item->str, payload) ? 0 : -EINVAL;
	case KDBUS_ITEM_POLICY_ACCESS:
		return size_check(payload, sizeof(item->policy_access));
	case KDBUS_ITEM_NAME_ADD:
	case KDBUS_ITEM_NAME_REMOVE:
	case KDBUS_ITEM_NAME_CHANGE:
		if (payload < sizeof(item->name_change))
			return -EINVAL;
		payload -= sizeof(item->name_change);
		return !payload || is_string(item->name_change.name, payload) ? 0 : -EINVAL;
	case KDBUS_ITEM_ID_ADD:
	case KDBUS_ITEM_ID_REMOVE:
		return size_check(payload, sizeof(item->id_change));
	default:
		return -EINVAL;
	}
}

/**
 * kdbus_item_init() - begin an item that goes to user space
 * @at: where, aligned to 8; room for the item and its padding
 * @type: its type
 * @payload_size: bytes behind the header
 *
 * Writes the header and zeroes the padding; the payload is the caller's.
 *
 * Return: the item.
 */
struct kdbus_item *kdbus_item_init(void *at, u64 type, size_t payload_size)
{
	struct kdbus_item *item = at;
	size_t size = KDBUS_ITEM_HEADER_SIZE + payload_size;

	item->size = size;
	item->type = type;
	memset((u8 *)at + size, 0, KDBUS_ALIGN8(size) - size);
	return item;
}
