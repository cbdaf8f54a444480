// SPDX-License-Identifier: LGPL-2.1-or-later
/* The queue against a plain array, searched through. */

#include "kernel.h"
#include "tests/queue_order.h"
#include "unit.h"
#include "reader.h"

#define NODES	32

static struct kdbus_queue queue;
static struct kdbus_queue_node nodes[NODES];
static bool queued[NODES];

static void check(s64 least)
{
	struct kdbus_queue_node *first = NULL, *urgent = NULL, *node, *last = NULL;
	unsigned int i, n = 0;

	for (i = 0; i < NODES; i++) {
		if (!queued[i])
			continue;
		n++;
		if (!first || is_before(&nodes[i], first))
			first = &nodes[i];
		if (nodes[i].priority <= least &&
		    (!urgent || is_more_urgent(&nodes[i], urgent)))
			urgent = &nodes[i];
	}
	REQUIRE(kdbus_queue_is_empty(&queue) == !n);
	REQUIRE(kdbus_queue_first(&queue) == first);
	list_for_each_entry(node, &queue.entries, entry) {
		REQUIRE(n-- && queued[node - nodes] && (!last || is_before(last, node)));
		last = node;
	}
	REQUIRE(!n);
	REQUIRE(kdbus_queue_most_urgent(&queue, least) == urgent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader reader = { data, size };
	bool was_queued[NODES] = { false };
	u64 clock = 0;

	kdbus_queue_init(&queue);
	memset(queued, 0, sizeof(queued));
	while (reader.left) {
		uint8_t what = read_u8(&reader);
		unsigned int number = what % NODES;
		struct kdbus_queue_node *node = &nodes[number];

		if (queued[number] && node->stage) {
			kdbus_queue_settle(&queue, node, node->stamp + read_u8(&reader) % 8);
			clock = max(clock, node->stamp);
		} else if (queued[number]) {
			kdbus_queue_remove(&queue, node);
			queued[number] = false;
			REQUIRE(!kdbus_queue_node_is_queued(node));
		} else if (was_queued[number] && what & 64) {
			kdbus_queue_put_back(&queue, node);
			queued[number] = true;
		} else {
			kdbus_queue_node_init(node, what & 128 ? (s64)read_u64(&reader) :
					      (int8_t)read_u8(&reader) % 4);
			node->sender = number + 1;
			if (read_u8(&reader) & 1)
				node->stage = (struct kdbus_stage *)nodes;
			kdbus_queue_append(&queue, node, ++clock);
			queued[number] = was_queued[number] = true;
		}
		check(what & 32 ? S64_MAX : (int8_t)read_u8(&reader));
	}
	return 0;
}
