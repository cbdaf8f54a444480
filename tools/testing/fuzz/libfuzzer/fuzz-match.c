// SPDX-License-Identifier: LGPL-2.1-or-later
/* The match index: rules of any kind come and go; what it finds is what a search finds. */

#include "kernel.h"
#include "item.h"
#include "match.h"
#include "memo.h"
#include "unit.h"
#include "reader.h"

#define OWNERS	6
#define ENTRIES	64
#define ROOM	1024
#define SENDERS	5

struct entry {
	bool used;
	unsigned int owner;
	u64 cookie;
	size_t size;
	u64 items[ROOM / 8];
};

static struct kdbus_match_index matches;
static struct kdbus_match_owner owners[OWNERS];
static struct entry entries[ENTRIES];
static bool heard[OWNERS];
static struct kdbus_memo *memos[SENDERS];
static size_t bloom_size;

static const char *const names[] = { "a.b", "a.c", "a.b.c", "x", "" };

static bool owns(u64 id, const char *name)
{
	return id < 3 && !strcmp(names[id], name);
}

static bool sends_as(const struct kdbus_match_signal *sig, const char *name)
{
	return owns(sig->src_id, name);
}

static void each_name(const struct kdbus_match_signal *sig,
		      void (*fn)(const char *name, void *arg), void *arg)
{
	if (sig->src_id < 3)
		fn(names[sig->src_id], arg);
}

static void hear(struct kdbus_match_owner *owner, void *unused)
{
	(void)unused;
	heard[owner - owners] = true;
}

static u64 small_id(struct reader *reader)
{
	uint8_t id = read_u8(reader);

	return id > 200 ? KDBUS_MATCH_ID_ANY : id % 5;
}

static size_t read_payload(struct reader *reader, u64 type, u64 *payload)
{
	const char *name = names[read_u8(reader) % ARRAY_SIZE(names)];
	size_t size = 0;

	switch (type) {
	case KDBUS_ITEM_BLOOM_MASK:
		/* Every fourth of a size that may be wrong. */
		size = read_u8(reader);
		size = size & 3 ? bloom_size * (1 + (size >> 2) % 3) : size;
		read_bytes(reader, payload, size);
		return size;
	case KDBUS_ITEM_NAME:
		memcpy(payload, name, strlen(name) + 1);
		return strlen(name) + 1;
	case KDBUS_ITEM_ID:
	case KDBUS_ITEM_DST_ID:
		payload[0] = small_id(reader);
		return 8;
	case KDBUS_ITEM_ID_ADD:
	case KDBUS_ITEM_ID_REMOVE:
		payload[0] = small_id(reader);
		payload[1] = 0;
		return 16;
	default:
		payload[0] = small_id(reader);
		payload[1] = 0;
		payload[2] = small_id(reader);
		payload[3] = 0;
		if (read_u8(reader) & 1)
			return 32;
		memcpy(payload + 4, name, strlen(name) + 1);
		return 32 + strlen(name) + 1;
	}
}

static void read_items(struct reader *reader, struct entry *entry)
{
	static const u64 types[] = {
		KDBUS_ITEM_BLOOM_MASK, KDBUS_ITEM_NAME, KDBUS_ITEM_ID, KDBUS_ITEM_DST_ID,
		KDBUS_ITEM_NAME_ADD, KDBUS_ITEM_NAME_REMOVE, KDBUS_ITEM_NAME_CHANGE,
		KDBUS_ITEM_ID_ADD, KDBUS_ITEM_ID_REMOVE,
	};
	unsigned int n = read_u8(reader) % 4;

	entry->size = 0;
	while (n--) {
		size_t at = KDBUS_ALIGN8(entry->size);
		struct kdbus_item *item = (void *)((u8 *)entry->items + at);

		if (at + 16 + 300 > ROOM)
			return;
		item->type = types[read_u8(reader) % ARRAY_SIZE(types)];
		item->size = 16 + read_payload(reader, item->type, item->data64);
		REQUIRE(!kdbus_item_check(item));
		entry->size = at + item->size;
	}
}

static void forget(unsigned int owner, u64 cookie, bool any)
{
	size_t i;

	for (i = 0; i < ENTRIES; i++)
		if (entries[i].owner == owner && (any || entries[i].cookie == cookie))
			entries[i].used = false;
}

static void add(struct reader *reader)
{
	unsigned int owner = read_u8(reader) % OWNERS, limit = 1 + read_u8(reader) % 16;
	struct entry entry = { .owner = owner, .cookie = read_u8(reader) % 4 };
	bool replace = read_u8(reader) & 1;
	u64 *exact;
	size_t i;
	int ret;

	for (i = 0; i < ENTRIES && entries[i].used; i++)
		;
	if (i == ENTRIES)
		return;
	read_items(reader, &entry);
	/* In memory of just this size, as the parser's copy may be. */
	exact = malloc(entry.size + 1);
	memcpy(exact, entry.items, entry.size);
	ret = kdbus_match_add(&matches, &owners[owner], entry.cookie, (void *)exact, entry.size,
			      replace, limit);
	free(exact);
	/* What is to be replaced goes first, also when there is no room for the new one then. */
	if (replace && (!ret || ret == -EMFILE))
		forget(owner, entry.cookie, false);
	if (ret)
		return;
	entry.used = true;
	entries[i] = entry;
}

static void take_away(struct reader *reader)
{
	unsigned int owner = read_u8(reader) % OWNERS;
	u64 cookie = read_u8(reader) % 4;
	bool there = false;
	size_t i;

	for (i = 0; i < ENTRIES; i++)
		there |= entries[i].used && entries[i].owner == owner &&
			 entries[i].cookie == cookie;
	REQUIRE((kdbus_match_remove(&matches, &owners[owner], cookie) == 0) == there);
	forget(owner, cookie, false);
}

static void compare(const struct kdbus_match_signal *sig, const struct kdbus_match_event *ev)
{
	bool expected[OWNERS] = { false };
	size_t i;

	for (i = 0; i < ENTRIES; i++) {
		if (!entries[i].used || expected[entries[i].owner])
			continue;
		expected[entries[i].owner] =
			sig ? kdbus_rules_accept_signal(entries[i].items, entries[i].size, sig) :
			      kdbus_rules_accept_event(entries[i].items, entries[i].size, ev);
	}
	for (i = 0; i < OWNERS; i++)
		REQUIRE(heard[i] == expected[i]);
}

static void send_signal(struct reader *reader)
{
	u64 words[9];
	struct kdbus_match_signal sig = {
		.src_id = read_u8(reader) % SENDERS, .dst_id = KDBUS_DST_ID_BROADCAST,
		.filter = (void *)words, .filter_size = bloom_size,
		.sends_as = sends_as, .each_name = each_name,
	};

	words[0] = read_u8(reader);
	read_bytes(reader, words + 1, bloom_size);
	rcu_read_lock();
	kdbus_match_signal(&matches, &sig, memos[sig.src_id], hear, NULL);
	compare(&sig, NULL);
	/* What its sender remembers now, or has forgotten, does not matter. */
	memset(heard, 0, sizeof(heard));
	kdbus_match_signal(&matches, &sig, read_u8(reader) % 2 ? memos[sig.src_id] : NULL, hear,
			   NULL);
	compare(&sig, NULL);
	rcu_read_unlock();
}

static void send_event(struct reader *reader)
{
	struct kdbus_match_event ev = {
		.type = KDBUS_ITEM_NAME_ADD + read_u8(reader) % 5,
		.old_id = read_u8(reader) % 5, .new_id = read_u8(reader) % 5,
		.name = names[read_u8(reader) % 3],
	};

	if (ev.type >= KDBUS_ITEM_ID_ADD)
		ev.name = NULL;
	rcu_read_lock();
	kdbus_match_event(&matches, &ev, hear, NULL);
	compare(NULL, &ev);
	rcu_read_unlock();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader reader = { data, size };
	long before = unit_n_allocated();
	size_t i;

	bloom_size = 8 << read_u8(&reader) % 4;
	memset(entries, 0, sizeof(entries));
	kdbus_match_index_init(&matches, bloom_size);
	for (i = 0; i < OWNERS; i++)
		kdbus_match_owner_init(&owners[i]);
	for (i = 0; i < SENDERS; i++) {
		memos[i] = kdbus_memo_new(bloom_size);
		REQUIRE(memos[i]);
	}
	while (reader.left) {
		memset(heard, 0, sizeof(heard));
		switch (read_u8(&reader) % 8) {
		case 0:
		case 1:
		case 2:
			add(&reader);
			break;
		case 3:
			take_away(&reader);
			break;
		case 4:
		case 5:
			send_signal(&reader);
			break;
		case 6:
			send_event(&reader);
			break;
		default:
			unit_grace_period();
		}
	}
	for (i = 0; i < OWNERS; i++) {
		kdbus_match_drop(&matches, &owners[i]);
		kdbus_match_owner_deinit(&owners[i]);
	}
	for (i = 0; i < SENDERS; i++)
		kfree(memos[i]);
	kdbus_match_index_deinit(&matches);
	unit_grace_period();
	REQUIRE(unit_n_allocated() == before);
	return 0;
}
